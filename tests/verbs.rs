//! The program as scripts see it: what each verb does, exit statuses, what is written and what is not, help, reports.
use crate::{matrix::denied_rules, support::*};
use std::{
    ffi::OsString,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const IDENTITIES: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "frank", "gina"];

fn message(name: &str) -> PathBuf {
    fixture(&format!("messages/{name}.eml"))
}

fn identity(who: &str) -> Vec<OsString> {
    args!["-i", fixture(&format!("identities/{who}.pem"))]
}

fn certificate(who: &str) -> PathBuf {
    fixture(&format!("certs/{who}.pem"))
}

/// `verify` of a message of the fixtures, under their anchor.
fn verify(name: &str, more: Vec<OsString>) -> Run {
    smime(join(&[
        &args!["verify", "--json"],
        &trusting(),
        &more,
        &args![message(name)],
    ]))
    .run()
}

/// The options under which the fixtures' certificates are encrypted to.
fn to(who: &[&str]) -> Vec<OsString> {
    let mut options = join(&[&args!["-c", fixture("certs/intermediate.pem")], &trusting()]);
    for who in who {
        options.extend(args!["-r", certificate(who)]);
    }
    options
}

/// The entity inside messages/plain.eml: its Content-* fields and its body.
fn plain_entity() -> Vec<u8> {
    let text = String::from_utf8(fixture_bytes("messages/plain.eml")).unwrap();
    let (_, entity) = text.split_once("MIME-Version: 1.0\n").unwrap();
    entity.as_bytes().to_vec()
}

/// A message with only the header that matters.
fn mail(from: &str, body: &str) -> Vec<u8> {
    format!(
        "From: {from}\nTo: bob@example.com\nSubject: test\nContent-Type: text/plain\n\n{body}\n"
    )
    .into_bytes()
}

// ------------------------------------------------------------------------------------------------------------------ verify

#[test]
fn verify_answers_for_every_message() {
    for name in [
        "clear",
        "clear-crlf",
        "opaque",
        "opaque-stream",
        "clear-keyid",
        "clear-pss",
        "clear-ed25519",
    ] {
        let who = if name == "clear-ed25519" {
            args!["--signer", "erin@example.com"]
        } else {
            args![]
        };
        let report = verify(name, who).expect(0).json();
        assert_eq!(report["verdict"], "pass", "{name}");
        let signature = &report["layers"][0]["signatures"][0];
        assert_eq!(signature["integrity"], "intact", "{name}");
        assert_eq!(signature["trust"], "trusted", "{name}");
        // Erin was expected, and From names Alice
        let sender = if name == "clear-ed25519" {
            "mismatch"
        } else {
            "match"
        };
        assert_eq!(signature["sender"], sender, "{name}");
        let form = if name.starts_with("clear") {
            "clear"
        } else {
            "opaque"
        };
        assert_eq!(report["layers"][0]["form"], form, "{name}");
    }
}

#[test]
fn verify_refuses_with_the_rule_that_was_broken() {
    for (name, rule) in [
        ("clear-expired", "expired"),
        ("clear-no-email-eku", "key-usage"),
        ("clear-other-address", "sender-mismatch"),
        ("clear-p256", "sender-mismatch"), // Carol's signature, From Alice
        ("clear-weak-key", "weak-key"),
        ("clear-sha1", "weak-digest"),
        ("clear-noattr", "no-signed-attributes"),
        ("clear-nocerts", "signer-certificate"),
        ("clear-two-signers", "sender-mismatch"),
        ("plain", "not-signed"),
        ("encrypted-rsa-cbc", "not-signed"),
    ] {
        let dir = Dir::new();
        let out = dir.file("content");
        let run = verify(name, args!["-o", &out]).expect(1);
        let report = run.json();
        assert_eq!(report["verdict"], "fail", "{name}");
        assert_eq!(report["exit"], 1, "{name}");
        assert!(
            denied_rules(&report).contains(&rule.to_owned()),
            "{name}: {rule} is not among {:?}",
            denied_rules(&report)
        );
        assert!(dir.entries().is_empty(), "{name}: {:?}", dir.entries());
    }
}

#[test]
fn verify_takes_a_rule_s_level_from_the_options() {
    verify("clear-weak-key", args!["--allow", "weak-key"]).expect(0);
    verify("clear-weak-key", args!["--warn", "weak-key"]).expect(0);
    verify("clear-sha1", args!["--allow", "weak-digest"]).expect(0);
    verify("clear-sha1", args!["--policy", "archive"]).expect(0);
    verify("clear-expired", args!["--policy", "archive"]).expect(0);
    verify("clear-expired", args!["--at", "2020-07-01T00:00:00Z"]).expect(0);
    verify("clear-other-address", args!["--allow", "sender-mismatch"]).expect(0);
    verify(
        "clear-other-address",
        args!["--signer", "mallory@example.net"],
    )
    .expect(0);
    verify("clear", args!["--signer", "mallory@example.net"]).expect(1);
    verify(
        "clear-two-signers",
        args![
            "--signer",
            "alice@example.com",
            "--signer",
            "carol@example.com"
        ],
    )
    .expect(0);
    verify("clear-nocerts", args!["-c", fixture("certs")]).expect(0);
    verify(
        "clear-nocerts",
        args![
            "-c",
            certificate("alice"),
            "-c",
            certificate("intermediate")
        ],
    )
    .expect(0);
    verify("clear", args!["--deny", "revocation-unknown"]).expect(1);
    verify(
        "clear",
        args!["--revocation", "off", "--deny", "revocation-unknown"],
    )
    .expect(0);
    verify("clear", args!["--at", "2019-07-01T00:00:00Z"]).expect(1);
    // what mathematics says has no level
    verify("clear", args!["--allow", "digest-mismatch"]).expect(2);
    verify("clear", args!["--allow", "no-such-rule"]).expect(2);
}

#[test]
fn verify_by_the_fingerprint_of_a_certificate() {
    let report = verify("clear", args![]).expect(0).json();
    let fingerprint = report["layers"][0]["signatures"][0]["signer"]["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(fingerprint.len(), 64);
    verify("clear", args!["--signer", format!("sha256:{fingerprint}")]).expect(0);
    verify(
        "clear",
        args!["--signer", format!("sha256:{}", "0".repeat(64))],
    )
    .expect(1);
    verify("clear", args!["--signer", "sha256:12"]).expect(2);
}

#[test]
fn verify_writes_exactly_what_was_signed() {
    let dir = Dir::new();
    for name in ["clear", "clear-crlf", "opaque", "opaque-stream"] {
        let out = dir.file(name);
        verify(name, args!["-o", &out]).expect(0);
        assert_eq!(dir.read(name), with_cr(&plain_entity()), "{name}");
        let mode = std::fs::metadata(&out).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

#[test]
fn verify_does_not_trust_what_the_message_brings() {
    let other = Dir::new();
    other.write("anchor.pem", fixture_bytes("certs/weak-key.pem")); // an anchor, but nobody's
    let run = smime(args![
        "verify",
        "--json",
        "-t",
        other.path(),
        message("clear")
    ])
    .run()
    .expect(1);
    assert!(denied_rules(&run.json()).contains(&"untrusted".to_owned()));
    // an anchor need not be self-signed
    smime(args![
        "verify",
        "-t",
        certificate("intermediate"),
        message("clear")
    ])
    .run()
    .expect(0);
    // no anchor at all is no answer
    smime(args!["verify", message("clear")]).run().expect(4);
    smime(args!["verify", "--allow", "untrusted", message("clear")])
        .run()
        .expect(0);
}

#[test]
fn verify_of_a_revoked_signer() {
    verify("clear-revoked", args![]).expect(0); // nothing at hand tells
    verify("clear-revoked", args!["--revocation", "hard"]).expect(1);
    let run = verify("clear-revoked", args!["--crls", fixture("crls")]).expect(1);
    assert!(denied_rules(&run.json()).contains(&"revoked".to_owned()));
    let run = verify(
        "clear",
        args!["--crls", fixture("crls"), "--warn", "revocation-unknown"],
    )
    .expect(0);
    assert_eq!(
        run.json()["layers"][0]["signatures"][0]["integrity"],
        "intact"
    );
}

#[test]
fn the_default_trust_directory_is_used() {
    let config = Dir::new();
    let trust = config.file("smime/trust");
    std::fs::create_dir_all(&trust).unwrap();
    std::fs::copy(fixture("trust/root.pem"), trust.join("root.pem")).unwrap();
    let call = || smime(args!["verify", message("clear")]).env("XDG_CONFIG_HOME", config.path());
    call().run().expect(0);
    std::fs::write(
        trust.join("broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    call().run().expect(4); // an unreadable file in it is an error
}

// -------------------------------------------------------------------------------------------------- what the input may be

#[test]
fn the_kind_of_input_is_found_out() {
    let dir = Dir::new();
    let clear = fixture_bytes("messages/clear.eml");
    let opaque = String::from_utf8(fixture_bytes("messages/opaque.eml")).unwrap();
    let base64 = opaque.split("\n\n").nth(1).unwrap().to_owned();
    let der = data_encoding::BASE64
        .decode(base64.replace('\n', "").as_bytes())
        .unwrap();
    let pem = |label: &str| {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into_bytes()
    };
    for (name, bytes) in [
        (
            "with an mbox line",
            [
                b"From alice@example.com Thu Jan  2 09:00:00 2025\n",
                &clear[..],
            ]
            .concat(),
        ),
        (
            "with a byte order mark",
            [b"\xef\xbb\xbf", &clear[..]].concat(),
        ),
        ("with CRLF", with_cr(&clear)),
        ("der", der.clone()),
        ("pem CMS", pem("CMS")),
        ("pem PKCS7", pem("PKCS7")),
        ("base64", base64.clone().into_bytes()),
        ("base64 with CRLF", with_cr(base64.as_bytes())),
        ("base64 in one line", base64.replace('\n', "").into_bytes()),
    ] {
        let file = dir.write("message", &bytes);
        let out = dir.file("content");
        let line =
            |input: OsString| join(&[&args!["verify"], &trusting(), &args!["-o", &out, input]]);
        let run = smime(line(file.into())).run();
        assert_eq!(run.code, 0, "{name}: {run:?}");
        assert_eq!(dir.read("content"), with_cr(&plain_entity()), "{name}");
        // and from a pipe
        let run = smime(line("-".into())).input(bytes).run();
        assert_eq!(run.code, 0, "{name}, pipe: {run:?}");
        assert_eq!(
            dir.read("content"),
            with_cr(&plain_entity()),
            "{name}, pipe"
        );
    }
}

#[test]
fn what_is_not_what_it_should_be_is_exit_3() {
    let dir = Dir::new();
    let opaque = String::from_utf8(fixture_bytes("messages/opaque.eml")).unwrap();
    let base64 = opaque.split("\n\n").nth(1).unwrap().replace('\n', "");
    let der = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    for (name, bytes) in [
        ("noise", noise(3, 2000)),
        ("nothing", Vec::new()),
        ("der, cut short", der[..der.len() - 1].to_vec()),
        ("der, and then some", [&der[..], b"x"].concat()),
        ("der of something else", fixture_bytes("certs/alice.der")),
    ] {
        let out = dir.file("content");
        for verb in ["verify", "open", "decrypt"] {
            let mut line = args![verb, "-q", "-o", &out];
            if verb != "verify" {
                line.extend(identity("bob"));
            }
            if verb != "decrypt" {
                line.extend(trusting());
            }
            let run = smime(line).input(bytes.clone()).run();
            assert!(matches!(run.code, 1 | 3), "{verb} of {name}: {run:?}");
            assert!(
                !run.stderr.contains("panicked"),
                "{verb} of {name}: {run:?}"
            );
            assert!(run.stdout.is_empty() && !out.exists(), "{verb} of {name}");
            if name == "noise" || name.starts_with("der,") && verb != "decrypt" {
                assert_eq!(run.code, 3, "{verb} of {name}: {run:?}");
            }
        }
    }
}

#[test]
fn inspect_reads_every_message() {
    for entry in std::fs::read_dir(fixture("messages")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let report = smime(args!["inspect", "--json", &file])
            .run()
            .expect(0)
            .json();
        let kind = &report["layers"][0]["kind"];
        match name.split('-').next().unwrap() {
            "clear" | "opaque" => assert_eq!(kind, "signed", "{name}"),
            "encrypted" => {
                assert_eq!(kind, "encrypted", "{name}");
                let layer = &report["layers"][0];
                let authenticated = name.ends_with("gcm");
                assert_eq!(layer["authenticated"], authenticated, "{name}");
                assert_eq!(
                    layer["container"],
                    if authenticated {
                        "auth-enveloped"
                    } else {
                        "enveloped"
                    },
                    "{name}"
                );
                let recipients = layer["recipients"].as_array().unwrap().len();
                assert_eq!(
                    recipients,
                    if name == "encrypted-three" { 3 } else { 1 },
                    "{name}"
                );
            }
            _ => assert!(
                report["layers"].as_array().is_none_or(Vec::is_empty),
                "{name}"
            ),
        }
        smime(args!["inspect", &file]).run().expect(0);
    }
    smime(args!["inspect", fixture("certs/chain.p7c")])
        .run()
        .expect(0);
}

// ------------------------------------------------------------------------------------------------------------ decrypt, open

#[test]
fn decrypt_opens_what_openssl_made() {
    let dir = Dir::new();
    let header = String::from_utf8(fixture_bytes("messages/plain.eml")).unwrap();
    let header = header
        .split_once("MIME-Version")
        .unwrap()
        .0
        .as_bytes()
        .to_vec();
    let expected = [header, plain_entity()].concat();
    for (name, who, options) in [
        ("rsa-cbc", "bob", args![]),
        ("rsa-cbc-stream", "bob", args![]),
        ("rsa-gcm", "bob", args![]),
        ("rsa-keyid", "bob", args![]),
        ("oaep", "bob", args![]),
        ("p256-cbc", "carol", args![]),
        ("p256-gcm", "carol", args![]),
        ("three", "bob", args![]),
        ("three", "carol", args![]),
        ("three", "dave", args![]),
        ("x25519-hkdf-sha256", "frank", args![]),
        ("x25519-x963-sha256", "frank", args![]),
        ("3des", "bob", args!["--policy", "archive"]),
        ("rc2", "bob", args!["--policy", "archive"]),
        ("rc2-40", "bob", args!["--policy", "archive"]),
    ] {
        let input = message(&format!("encrypted-{name}"));
        let out = dir.file("out");
        let line = join(&[
            &args!["decrypt", "-q"],
            &identity(who),
            &options,
            &args!["-o", &out, &input],
        ]);
        smime(line).run().expect(0);
        assert_eq!(without_cr(&dir.read("out")), expected, "{name}");
        // pipe to pipe
        let line = join(&[&args!["decrypt", "-q"], &identity(who), &options]);
        let run = smime(line)
            .input(std::fs::read(&input).unwrap())
            .run()
            .expect(0);
        assert_eq!(without_cr(&run.stdout), expected, "{name}, pipe");
    }
}

#[test]
fn decrypt_says_no_the_same_way_and_writes_nothing() {
    let dir = Dir::new();
    let out = dir.write("out", "old");
    let refuse = |name: &str, who: &str, codes: &[i32]| {
        let line = join(&[
            &args!["decrypt", "-q"],
            &identity(who),
            &args!["-o", &out, message(name)],
        ]);
        let run = smime(line).run();
        assert!(codes.contains(&run.code), "{name} for {who}: {run:?}");
        assert!(run.stdout.is_empty(), "{name}");
        assert_eq!(dir.read("out"), b"old", "{name}");
        assert_eq!(dir.entries(), ["out"], "{name}");
    };
    refuse("encrypted-3des", "bob", &[1]); // weak-cipher
    refuse("encrypted-rc2", "bob", &[1]);
    refuse("encrypted-rsa-cbc", "alice", &[1, 4]);
    refuse("encrypted-rsa-cbc", "carol", &[1, 4]);
    refuse("plain", "bob", &[1]);
    refuse("clear", "bob", &[1]);
    // a message whose ciphertext was changed, and one whose key was: one failure, one text
    let text = String::from_utf8(fixture_bytes("messages/encrypted-rsa-cbc.eml")).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    let der = data_encoding::BASE64
        .decode(body.replace('\n', "").as_bytes())
        .unwrap();
    let outcome = |at: usize| {
        let mut der = der.clone();
        der[at] ^= 0x40;
        let file = dir.write(
            "changed",
            format!("{head}\n\n{}\n", data_encoding::BASE64.encode(&der)),
        );
        let line = join(&[
            &args!["decrypt", "-q"],
            &identity("bob"),
            &args!["-o", &out, file],
        ]);
        let run = smime(line).run();
        assert_eq!(dir.read("out"), b"old");
        (run.code, run.stderr)
    };
    let key = der.len() - 400; // inside the encrypted key or the ciphertext of 3072 bits of RSA
    let (code, text) = outcome(key);
    assert_eq!(code, 1, "{text}");
    assert_eq!(outcome(der.len() - 1), (code, text)); // the padding
}

#[test]
fn open_asks_for_an_anchor_where_there_is_a_signature() {
    let open = |input: PathBuf| {
        smime(join(&[
            &args!["open", "-q"],
            &identity("bob"),
            &args![input],
        ]))
        .run()
    };
    open(message("encrypted-rsa-cbc")).expect(0);
    for signed in [message("clear"), fixture("welcome.eml")] {
        let run = open(signed).expect(4);
        assert!(run.stdout.is_empty(), "{run:?}");
        assert!(run.stderr.contains("no trust anchor"), "{run:?}");
    }
}

#[test]
fn open_peels_every_layer() {
    let dir = Dir::new();
    let line = |more: Vec<OsString>| {
        join(&[
            &args!["open"],
            &trusting(),
            &args![
                "-i",
                fixture("identities/bob.p12"),
                "--password-file",
                fixture("password")
            ],
            &more,
            &args![fixture("welcome.eml")],
        ])
    };
    let run = smime(line(args![])).run().expect(0);
    let text = run.text();
    assert!(
        text.contains("Subject: Welcome to S/MIME") && text.contains("Dear Bob,"),
        "{text}"
    );
    assert_eq!(
        text.to_lowercase().matches("\nfrom:").count() + usize::from(text.starts_with("From:")),
        1,
        "{text}"
    );
    assert!(!run.stderr.is_empty(), "a report goes to standard error");
    let out = dir.file("out");
    let report = smime(line(args!["--json", "-o", &out]))
        .run()
        .expect(0)
        .json();
    assert_eq!(report["command"], "open");
    assert_eq!(report["layers"][0]["kind"], "encrypted");
    assert_eq!(report["layers"][0]["cipher"], "aes-256-gcm");
    assert_eq!(report["layers"][0]["opened_by"], 0);
    assert_eq!(report["layers"][1]["kind"], "signed");
    assert_eq!(report["layers"][1]["signatures"][0]["sender"], "match");
    assert_eq!(without_cr(&dir.read("out")), without_cr(&run.stdout));
    // signed only, and neither
    smime(join(&[
        &args!["open", "-q"],
        &trusting(),
        &args![message("clear")],
    ]))
    .run()
    .expect(0);
    let run = smime(join(&[
        &args!["open", "-q"],
        &trusting(),
        &args![message("plain")],
    ]))
    .run()
    .expect(1);
    assert!(run.stdout.is_empty());
    // one layer that fails fails the whole
    let run = smime(join(&[
        &args!["open", "-q"],
        &trusting(),
        &args![message("clear-other-address")],
    ]))
    .run()
    .expect(1);
    assert!(run.stdout.is_empty());
    let run = smime(join(&[
        &args!["open", "-q"],
        &args!["-t", certificate("weak-key")],
        &identity("bob"),
        &args![fixture("welcome.eml")],
    ]))
    .run()
    .expect(1);
    assert!(run.stdout.is_empty());
}

// -------------------------------------------------------------------------------------------------------------------- sign

#[test]
fn sign_and_verify_with_every_identity_in_every_form() {
    let dir = Dir::new();
    for who in IDENTITIES.iter().filter(|w| **w != "frank") {
        let input = mail(&format!("{who}@example.com"), "hello");
        let plain = dir.write("plain", &input);
        for options in [args![], args!["--opaque"]] {
            let line = join(&[&args!["sign", "-q"], &identity(who), &options]);
            let signed = smime(line).input(input.clone()).run().expect(0).stdout;
            let out = dir.file("content");
            let line = join(&[&args!["verify", "--json", "-o", &out], &trusting()]);
            let report = smime(line).input(signed).run().expect(0).json();
            assert_eq!(report["layers"][0]["signatures"][0]["sender"], "match");
            assert_eq!(
                dir.read("content"),
                b"Content-Type: text/plain\r\n\r\nhello\r\n",
                "{who}"
            );
        }
        for format in ["der", "pem"] {
            let signature = dir.file("signature");
            let line = join(&[
                &args![
                    "sign",
                    "-q",
                    "--detached",
                    "--binary",
                    "--format",
                    format,
                    "-o",
                    &signature
                ],
                &identity(who),
                &args![&plain],
            ]);
            smime(line).run().expect(0);
            let line = join(&[
                &args!["verify", "--content", &plain],
                &trusting(),
                &args![&signature],
            ]);
            smime(line.clone()).run().expect(0);
            let other = dir.write("other", mail(who, "hallo"));
            let line = join(&[
                &args!["verify", "--content", other],
                &trusting(),
                &args![&signature],
            ]);
            smime(line).run().expect(1);
        }
    }
    let run = smime(join(&[&args!["sign", "-q"], &identity("frank")]))
        .input(mail("frank@example.com", "x"))
        .run();
    assert!(
        matches!(run.code, 1 | 4),
        "an X25519 key cannot sign: {run:?}"
    );
    assert!(run.stdout.is_empty());
}

#[test]
fn sign_keeps_the_outer_header_and_the_line_ends() {
    let head = "Received: from a\n\tby b\nFROM:  Alice <alice@example.com>\nTo: bob@example.com\nSubject: =?utf-8?q?caf=C3=A9?=\n";
    let content = "MIME-Version: 1.0\nContent-Type: text/plain;\n charset=us-ascii\nContent-Language: en\n\nbody \n.\n\n";
    for crlf in [false, true] {
        let input = format!("{head}{content}").into_bytes();
        let input = if crlf { with_cr(&input) } else { input };
        for options in [args![], args!["--opaque"]] {
            let signed = smime(join(&[&args!["sign", "-q"], &as_alice(), &options]))
                .input(input.clone())
                .run()
                .expect(0)
                .stdout;
            assert_eq!(signed.windows(2).any(|w| w == b"\r\n"), crlf);
            let lone = signed
                .iter()
                .enumerate()
                .filter(|(i, b)| **b == b'\n' && (*i == 0 || signed[i - 1] != b'\r'))
                .count();
            assert_eq!(lone == 0, crlf, "line ends are mixed");
            let text = String::from_utf8(without_cr(&signed)).unwrap();
            let (outer, _) = text.split_once("\n\n").unwrap();
            assert!(outer.contains(head.trim_end()), "{outer}");
            assert!(!outer.contains("Content-Language"), "{outer}");
            assert_eq!(
                outer.to_lowercase().matches("mime-version").count(),
                1,
                "{outer}"
            );
            assert!(signed.split(|b| *b == b'\n').all(|l| l.len() < 1000));
        }
    }
}

#[test]
fn sign_makes_text_and_files_into_messages() {
    let dir = Dir::new();
    let signed = smime(join(&[&args!["sign", "-q", "--text"], &as_alice()]))
        .input("Grüße\nvon Alice\n")
        .run()
        .expect(0)
        .stdout;
    assert!(
        signed.is_ascii(),
        "what is signed must survive mail servers"
    );
    let out = dir.file("content");
    smime(join(&[&args!["verify", "-q", "-o", &out], &trusting()]))
        .input(signed)
        .run()
        .expect(0);
    let text = String::from_utf8(dir.read("content"))
        .unwrap()
        .to_lowercase();
    assert!(
        text.contains("text/plain") && text.contains("utf-8"),
        "{text}"
    );
    let octets = noise(7, 5000);
    let file = dir.write("file", &octets);
    let line = join(&[
        &args!["sign", "-q", "--binary", "--format", "der"],
        &as_alice(),
        &args![file],
    ]);
    let signed = smime(line).run().expect(0).stdout;
    smime(join(&[&args!["verify", "-q", "-o", &out], &trusting()]))
        .input(signed)
        .run()
        .expect(0);
    assert_eq!(dir.read("content"), octets);
}

#[test]
fn sign_refuses_who_must_not_sign() {
    let dir = Dir::new();
    let out = dir.file("out");
    for (who, codes) in [
        ("expired", &[1][..]),
        ("other-address", &[1, 4]),
        ("no-email-eku", &[1]),
        ("carol", &[1, 4]),
    ] {
        let line = join(&[&args!["sign", "-q", "-o", &out], &identity(who)]);
        let run = smime(line).input(mail("alice@example.com", "x")).run();
        assert!(codes.contains(&run.code), "{who}: {run:?}");
        assert!(!out.exists() && run.stdout.is_empty(), "{who}");
    }
    let two = [
        mail("alice@example.com", "x"),
        mail("carol@example.com", "x"),
    ];
    for input in two {
        // of several, the one that From names
        let line = join(&[&args!["sign", "-q"], &identity("alice"), &identity("carol")]);
        let signed = smime(line).input(input).run().expect(0).stdout;
        smime(join(&[&args!["verify", "-q"], &trusting()]))
            .input(signed)
            .run()
            .expect(0);
    }
    smime(args!["sign", "-i", fixture("keys/alice.pem")])
        .input(mail("alice@example.com", "x"))
        .run()
        .expect(4); // no certificate
    smime(args!["sign", "-i", certificate("alice")])
        .input(mail("alice@example.com", "x"))
        .run()
        .expect(4); // no key
    smime(args!["sign"])
        .input(mail("alice@example.com", "x"))
        .run();
}

#[test]
fn sign_includes_the_certificates_asked_for() {
    let dir = Dir::new();
    let root = fixture("trust/root.pem");
    for (include, verdict) in [("leaf", 1), ("chain", 0), ("all", 0), ("none", 1)] {
        let line = join(&[
            &args!["sign", "-q", "--include", include, "-c", &root],
            &as_alice(),
        ]);
        let signed = dir.write(
            "signed",
            smime(line)
                .input(mail("alice@example.com", "x"))
                .run()
                .expect(0)
                .stdout,
        );
        smime(join(&[
            &args!["verify", "-q"],
            &trusting(),
            &args![&signed],
        ]))
        .run()
        .expect(verdict);
        smime(join(&[
            &args!["verify", "-q", "-c", fixture("certs")],
            &trusting(),
            &args![&signed],
        ]))
        .run()
        .expect(0);
    }
    smime(join(&[
        &args!["sign", "--include", "everything"],
        &as_alice(),
    ]))
    .run()
    .expect(2);
}

#[test]
fn keys_in_every_form_that_they_come_in() {
    let password = args!["--password-file", fixture("password")];
    for (files, who) in [
        (args!["-i", fixture("keys/alice.pem")], "alice"),
        (args!["-i", fixture("keys/alice.der")], "alice"),
        (args!["-i", fixture("keys/alice.pkcs1.pem")], "alice"),
        (args!["-i", fixture("keys/alice.pkcs1.der")], "alice"),
        (args!["-i", fixture("keys/alice.encrypted.pem")], "alice"),
        (args!["-i", fixture("keys/alice.encrypted.der")], "alice"),
        (args!["-i", fixture("keys/carol.sec1.pem")], "carol"),
        (args!["-i", fixture("keys/carol.sec1.der")], "carol"),
        (args!["-i", fixture("identities/alice.p12")], "alice"),
        (
            args!["-i", fixture("identities/alice-windows.p12")],
            "alice",
        ),
        (args!["-i", fixture("identities/carol.p12")], "carol"),
        (args!["-i", fixture("identities/carol-3des.p12")], "carol"),
        (args!["-i", fixture("identities")], "alice"), // a directory: the one whose certificate names From
    ] {
        let mut line = join(&[&args!["sign", "-q"], &files, &password]);
        if !files[1].to_string_lossy().contains("identities") {
            line.extend(args![
                "-i",
                certificate(who),
                "-c",
                certificate("intermediate")
            ]);
        }
        let run = smime(line)
            .input(mail(&format!("{who}@example.com"), "x"))
            .run();
        assert_eq!(run.code, 0, "{files:?}: {run:?}");
        let run = smime(join(&[&args!["verify", "-q"], &trusting()]))
            .input(run.stdout)
            .run();
        assert_eq!(run.code, 0, "{files:?}: {run:?}");
    }
}

#[test]
fn passwords() {
    let dir = Dir::new();
    let wrong = dir.write("wrong", "wrong\n");
    let sign = |more: Vec<OsString>| {
        let line = join(&[
            &args!["sign", "-q", "-i", fixture("identities/alice.p12")],
            &more,
        ]);
        // in a session of its own there is no terminal to ask on
        let mut call = Call::new("setsid", join(&[&args!["-w", SMIME], &line]))
            .input(mail("alice@example.com", "x"));
        call.command.current_dir(dir.path());
        call.run()
    };
    assert!(sign(args![]).expect(4).stdout.is_empty());
    assert!(
        sign(args!["--password-file", &wrong])
            .expect(4)
            .stdout
            .is_empty()
    );
    sign(args!["--password-file", dir.file("missing")]).expect(4);
    sign(args!["--password-file", fixture("password")]).expect(0);
    sign(args!["--password", "correct horse battery staple"]).expect(2);
    let with_cr = dir.write(
        "with-cr",
        [
            fixture_bytes("password").trim_ascii_end(),
            b"\r\nsecond line\n",
        ]
        .concat(),
    );
    sign(args!["--password-file", with_cr]).expect(0);
    for encrypted in [
        "keys/alice.encrypted.pem",
        "keys/alice.encrypted.der",
        "identities/alice-windows.p12",
    ] {
        let line = args![
            "sign",
            "-q",
            "-i",
            fixture(encrypted),
            "-i",
            certificate("alice"),
            "--password-file",
            &wrong
        ];
        smime(line)
            .input(mail("alice@example.com", "x"))
            .run()
            .expect(4);
    }
    // from a file descriptor
    let script = format!(
        "exec {SMIME} sign -q -i {} --password-file /dev/fd/3 3<{}",
        fixture("identities/alice.p12").display(),
        fixture("password").display()
    );
    Call::new("sh", args!["-c", script])
        .input(mail("alice@example.com", "x"))
        .run()
        .expect(0);
}

// ----------------------------------------------------------------------------------------------------------------- encrypt

#[test]
fn encrypt_and_decrypt_for_every_recipient_and_cipher() {
    for who in ["bob", "carol", "dave", "frank", "gina"] {
        for cipher in [
            "aes-128-cbc",
            "aes-192-cbc",
            "aes-256-cbc",
            "aes-128-gcm",
            "aes-256-gcm",
        ] {
            let input = mail("alice@example.com", "secret words");
            let line = join(&[&args!["encrypt", "-q", "--cipher", cipher], &to(&[who])]);
            let encrypted = smime(line).input(input.clone()).run().expect(0).stdout;
            assert!(!encrypted.windows(6).any(|w| w == b"secret"));
            let head = String::from_utf8_lossy(&encrypted).to_lowercase();
            let label = if cipher.ends_with("gcm") {
                "authenveloped-data"
            } else {
                "enveloped-data"
            };
            assert!(
                head.contains(&format!("smime-type={label}"))
                    || head.contains(&format!("smime-type=\"{label}\"")),
                "{head}"
            );
            let run = smime(join(&[&args!["decrypt", "-q"], &identity(who)]))
                .input(encrypted)
                .run()
                .expect(0);
            assert_eq!(run.stdout, input, "{who} {cipher}");
        }
    }
    let octets = noise(9, 70_000);
    for format in ["der", "pem"] {
        let line = join(&[
            &args!["encrypt", "-q", "--binary", "--oaep", "--format", format],
            &to(&["bob", "carol"]),
        ]);
        let encrypted = smime(line).input(octets.clone()).run().expect(0).stdout;
        for who in ["bob", "carol"] {
            let run = smime(join(&[&args!["decrypt", "-q"], &identity(who)]))
                .input(encrypted.clone())
                .run()
                .expect(0);
            assert_eq!(run.stdout, octets, "{who} {format}");
        }
    }
}

#[test]
fn encrypt_is_to_all_or_to_none() {
    let dir = Dir::new();
    let out = dir.file("out");
    let input = mail("alice@example.com", "secret");
    let refuse = |more: Vec<OsString>, codes: &[i32]| {
        let line = join(&[&args!["encrypt", "-q", "-o", &out], &to(&["bob"]), &more]);
        let run = smime(line).input(input.clone()).run();
        assert!(codes.contains(&run.code), "{more:?}: {run:?}");
        assert!(
            run.stdout.is_empty() && dir.entries().is_empty(),
            "{more:?}"
        );
    };
    refuse(args!["-r", certificate("expired")], &[1]);
    refuse(args!["-r", certificate("no-email-eku")], &[1]);
    refuse(args!["-r", certificate("erin")], &[1, 4]); // a key that only signs
    refuse(args!["-r", certificate("weak-key")], &[1]);
    refuse(args!["-r", "nobody@example.com"], &[4]);
    refuse(args!["-r", dir.file("missing.pem")], &[4, 5]);
    refuse(args!["--cipher", "rc2"], &[2, 3]);
    refuse(args!["--cipher", "3des-cbc"], &[2, 3]);
    // no recipient, no anchor
    let line = join(&[&args!["encrypt", "-q", "-o", &out], &to(&[])]);
    assert!(matches!(smime(line).input(input.clone()).run().code, 2 | 4));
    let line = args!["encrypt", "-o", &out, "-r", certificate("bob")];
    smime(line).input(input.clone()).run().expect(4);
    let line = args![
        "encrypt",
        "-o",
        &out,
        "-r",
        certificate("bob"),
        "-t",
        certificate("weak-key")
    ];
    smime(line).input(input.clone()).run().expect(1);
    assert!(dir.entries().is_empty());
}

#[test]
fn encrypt_to_addresses_and_to_the_header() {
    let certs = Dir::new();
    for who in ["bob", "carol", "dave", "intermediate"] {
        std::fs::copy(certificate(who), certs.file(&format!("{who}.pem"))).unwrap();
    }
    let base = join(&[&args!["encrypt", "-q", "-c", certs.path()], &trusting()]);
    let decrypts = |encrypted: &[u8], who: &str| {
        smime(join(&[&args!["decrypt", "-q"], &identity(who)]))
            .input(encrypted)
            .run()
            .code
            == 0
    };
    let line = join(&[&base, &args!["-r", "BOB@EXAMPLE.COM"]]);
    let run = smime(line).input(mail("alice@example.com", "x")).run();
    assert!(matches!(run.code, 0 | 4), "{run:?}"); // the case of the local part is the host's own matter
    let line = join(&[&base, &args!["-r", "carol@Example.com"]]);
    let encrypted = smime(line)
        .input(mail("alice@example.com", "x"))
        .run()
        .expect(0)
        .stdout;
    assert!(decrypts(&encrypted, "carol") && !decrypts(&encrypted, "bob"));
    let input = b"From: alice@example.com\nTo: Bob <bob@example.com>, \"C.\" <carol@example.com>\nCc: dave@example.com\n\nx\n";
    let encrypted = smime(join(&[&base, &args!["--to-header"]]))
        .input(&input[..])
        .run()
        .expect(0)
        .stdout;
    for who in ["bob", "carol", "dave"] {
        assert!(decrypts(&encrypted, who), "{who}");
    }
    let input = b"From: alice@example.com\nTo: bob@example.com, gina@example.com\n\nx\n";
    let run = smime(join(&[&base, &args!["--to-header"]]))
        .input(&input[..])
        .run()
        .expect(4);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("gina@example.com"),
        "{run:?}"
    );
}

#[test]
fn an_address_is_no_file() {
    // somebody put Dave's certificate where Bob's address leads
    let dir = Dir::new();
    std::fs::copy(certificate("dave"), dir.file("bob@example.com")).unwrap();
    let encrypt = |who: &str, more: Vec<OsString>| {
        smime(join(&[
            &args!["encrypt", "-q", "-r", who],
            &args!["-c", certificate("intermediate")],
            &trusting(),
            &more,
        ]))
        .dir(dir.path())
        .input(mail("alice@example.com", "x"))
        .run()
    };
    let opens = |who: &str, encrypted: &Run| {
        smime(join(&[&args!["decrypt", "-q"], &identity(who)]))
            .input(encrypted.stdout.clone())
            .run()
            .code
            == 0
    };
    let run = encrypt("bob@example.com", args![]).expect(4);
    assert!(run.stderr.contains("no certificate was found"), "{run:?}");
    let run = encrypt("bob@example.com", args!["-c", certificate("bob")]).expect(0);
    assert!(opens("bob", &run) && !opens("dave", &run));
    let run = encrypt("./bob@example.com", args![]).expect(0);
    assert!(opens("dave", &run) && !opens("bob", &run));
}

// -------------------------------------------------------------------------------------------------------------------- cert

#[test]
fn cert_show_and_check() {
    let text = smime(args![
        "cert",
        "show",
        certificate("alice"),
        certificate("bob")
    ])
    .run()
    .expect(0)
    .text();
    assert!(
        text.contains("alice@example.com") && text.contains("bob@example.com"),
        "{text}"
    );
    smime(args![
        "cert",
        "show",
        "--json",
        fixture("certs/alice.der"),
        fixture("certs/chain.p7c"),
        fixture("identities/alice.pem")
    ])
    .run()
    .expect(0)
    .json();
    let check = |files: &[&str], more: Vec<OsString>| {
        let mut line = join(&[
            &args!["cert", "check", "--json", "-c", certificate("intermediate")],
            &trusting(),
            &more,
        ]);
        line.extend(files.iter().map(|f| certificate(f).into_os_string()));
        smime(line).run()
    };
    let report = check(&["alice", "bob", "carol", "dave", "erin", "gina"], args![])
        .expect(0)
        .json();
    assert_eq!(report["command"], "cert check");
    assert_eq!(report["certificates"].as_array().unwrap().len(), 6);
    assert_eq!(report["certificates"][0]["verdict"], "pass");
    assert_eq!(
        report["certificates"][0]["path"].as_array().unwrap().len(),
        3
    );
    check(&["alice", "expired"], args![]).expect(1);
    check(&["expired"], args!["--at", "2020-07-01T00:00:00Z"]).expect(0);
    check(&["no-email-eku"], args![]).expect(1);
    check(&["no-email-eku"], args!["--purpose", "any"]).expect(0);
    check(&["frank"], args!["--purpose", "encrypt"]).expect(0);
    check(&["frank"], args!["--purpose", "sign"]).expect(1);
    check(&["erin"], args!["--purpose", "encrypt"]).expect(1);
    check(&["weak-key"], args![]).expect(1);
    check(&["intermediate"], args![]).expect(1); // a CA's certificate is nobody's
    check(&["alice"], args!["--purpose", "fun"]).expect(2);
    smime(args![
        "cert",
        "check",
        "-t",
        fixture("trust"),
        certificate("alice")
    ])
    .run()
    .expect(1); // no intermediate
    smime(args!["cert", "show", fixture("messages/plain.eml")])
        .run()
        .expect(3);
    smime(args!["cert", "show"]).run().expect(2);
    smime(args!["cert", "show", fixture("missing.pem")]).run();
}

#[test]
fn cert_check_believes_no_name() {
    let dir = Dir::new();
    let check = |name: &str, files: &[Vec<u8>]| {
        let file = dir.write(name, files.concat());
        smime(join(&[
            &args!["cert", "check", "--json"],
            &args!["-c", certificate("intermediate")],
            &trusting(),
            &args![file],
        ]))
        .run()
    };
    let of = |who: &str| std::fs::read(certificate(who)).unwrap();
    let denied = |run: &Run| run.json()["certificates"][0]["findings"].to_string();
    // an issuer of its file is judged as such
    check("chain.pem", &[of("intermediate"), of("alice")]).expect(0);
    let run = check("alone.pem", &[of("no-email-eku")]).expect(1);
    assert!(denied(&run).contains("key-usage"), "{run:?}");
    if !have(&[Peer::Openssl], "certificates that name a false issuer") {
        return;
    }
    // a certificate of the same name, by its own key or by another, makes no issuer
    for (who, key) in [
        ("no-email-eku", "no-email-eku"),
        ("no-email-eku", "carol"),
        ("intermediate", "bob"),
    ] {
        let namesake = openssl(
            Peer::Openssl,
            args![
                "x509",
                "-in",
                certificate(who),
                "-signkey",
                fixture(&format!("keys/{key}.pem"))
            ],
        )
        .run()
        .expect(0)
        .stdout;
        let run = check("namesake.pem", &[of(who), namesake]).expect(1);
        assert!(denied(&run).contains("key-usage"), "{who}, {key}: {run:?}");
    }
}

// ----------------------------------------------------------------------------------------------------------------- outputs

#[test]
fn a_file_may_be_read_and_replaced_at_once() {
    let dir = Dir::new();
    let file = dir.write("m.eml", mail("alice@example.com", "the same file"));
    let whole = |options: Vec<OsString>| {
        smime(join(&[&options, &args!["-o", &file, &file]]))
            .run()
            .expect(0)
    };
    whole(join(&[&args!["sign", "-q"], &as_alice()]));
    whole(join(&[&args!["encrypt", "-q"], &to(&["bob"])]));
    whole(join(&[&args!["decrypt", "-q"], &identity("bob")]));
    whole(join(&[&args!["verify"], &trusting()]));
    assert_eq!(
        dir.read("m.eml"),
        b"Content-Type: text/plain\r\n\r\nthe same file\r\n"
    );
    assert_eq!(dir.entries(), ["m.eml"]);
}

#[test]
fn an_old_file_stays_until_success_and_keeps_its_mode() {
    let dir = Dir::new();
    let out = dir.write("out", "old");
    std::fs::set_permissions(&out, PermissionsExt::from_mode(0o640)).unwrap();
    let sign = |who: &str| {
        smime(join(&[&args!["sign", "-q", "-o", &out], &identity(who)]))
            .input(mail("alice@example.com", "x"))
            .run()
    };
    sign("expired").expect(1);
    assert_eq!(dir.read("out"), b"old");
    sign("alice").expect(0);
    assert_ne!(dir.read("out"), b"old");
    let mode = |name: &str| {
        std::fs::metadata(dir.file(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("out"), 0o640);
    let new = dir.file("new");
    smime(join(&[
        &args!["sign", "-q", "--sync", "-o", &new],
        &as_alice(),
    ]))
    .input(mail("alice@example.com", "x"))
    .run()
    .expect(0);
    assert_eq!(mode("new"), 0o600);
    assert_eq!(dir.entries(), ["new", "out"]);
}

#[test]
fn where_nothing_can_be_written_is_exit_5() {
    let dir = Dir::new();
    let input = mail("alice@example.com", "x");
    let sign = |out: &Path| {
        smime(join(&[&args!["sign", "-q", "-o", out], &as_alice()]))
            .input(input.clone())
            .run()
    };
    sign(&dir.file("missing/out")).expect(5);
    sign(dir.path()).expect(5); // a directory
    sign(Path::new("/dev/full")).expect(5);
    smime(join(&[
        &args!["verify"],
        &trusting(),
        &args![dir.file("missing")],
    ]))
    .run()
    .expect(5);
    let full = |options: Vec<OsString>, bytes: Vec<u8>| {
        let mut child = Command::new(SMIME)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(
                std::fs::OpenOptions::new()
                    .write(true)
                    .open("/dev/full")
                    .unwrap(),
            )
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &bytes).unwrap();
        child.wait().unwrap().code()
    };
    assert_eq!(
        full(join(&[&args!["sign", "-q"], &as_alice()]), input.clone()),
        Some(5)
    );
    assert_eq!(
        full(
            join(&[&args!["decrypt", "-q"], &identity("bob")]),
            fixture_bytes("messages/encrypted-rsa-cbc.eml")
        ),
        Some(5)
    );
    assert_eq!(
        full(args!["inspect"], fixture_bytes("messages/clear.eml")),
        Some(5)
    );
    assert!(dir.entries().is_empty());
}

#[test]
fn devices_and_fifos_are_pipes() {
    let dir = Dir::new();
    let line = |out: &Path| {
        join(&[
            &args!["decrypt", "-q", "-o", out],
            &identity("bob"),
            &args![message("encrypted-rsa-cbc")],
        ])
    };
    smime(line(Path::new("/dev/null"))).run().expect(0);
    let fifo = dir.file("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || std::fs::read(fifo).unwrap()
    });
    smime(line(&fifo)).run().expect(0);
    assert!(String::from_utf8_lossy(&reader.join().unwrap()).contains("Dear Bob"));
    assert!(
        std::os::unix::fs::FileTypeExt::is_fifo(&std::fs::metadata(&fifo).unwrap().file_type()),
        "the FIFO was replaced"
    );
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let closed = |options: Vec<OsString>, input: &Path| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(SMIME)
            .args(options)
            .stdin(std::fs::File::open(input).unwrap())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
        output.status.code()
    };
    assert_eq!(
        closed(
            join(&[&args!["sign", "-q"], &as_alice()]),
            &message("plain")
        ),
        Some(5)
    );
    assert_eq!(
        closed(
            join(&[&args!["decrypt", "-q"], &identity("bob")]),
            &message("encrypted-rsa-cbc")
        ),
        Some(5)
    );
    assert_eq!(
        closed(
            join(&[&args!["verify", "--json"], &trusting()]),
            &message("clear")
        ),
        Some(0)
    );
    assert_eq!(
        closed(args!["inspect", "--json"], &message("clear")),
        Some(0)
    );
    assert_eq!(closed(args!["help", "rules"], &message("clear")), Some(0));
}

#[test]
fn no_message_without_its_report() {
    let dir = Dir::new();
    let decrypt = |more: Vec<OsString>| {
        let line = join(&[
            &args!["decrypt", "-q"],
            &identity("bob"),
            &more,
            &args![message("encrypted-rsa-cbc")],
        ]);
        smime(line).dir(dir.path()).run()
    };
    // the message does not leave if the report cannot be written
    let run = decrypt(args!["--report", "/dev/full"]).expect(5);
    assert!(run.stdout.is_empty(), "{run:?}");
    decrypt(args!["--report", "/dev/full", "-o", "out"]).expect(5);
    assert!(dir.entries().is_empty());
    // a report of success does not stay if the message cannot be written
    decrypt(args!["--report", "report", "-o", "/dev/full"]).expect(5);
    let report: serde_json::Value = serde_json::from_slice(&dir.read("report")).unwrap();
    assert_eq!(
        (&report["verdict"], &report["exit"]),
        (&"error".into(), &5.into())
    );
    assert_eq!(dir.entries(), ["report"]);
    decrypt(args!["--report", "report", "-o", "out"]).expect(0);
    let report: serde_json::Value = serde_json::from_slice(&dir.read("report")).unwrap();
    assert_eq!(report["verdict"], "pass");
    // one file is not both, by whatever name
    std::os::unix::fs::symlink("new", dir.file("link")).unwrap();
    std::os::unix::fs::symlink("out", dir.file("old-link")).unwrap();
    let before = dir.entries();
    let absolute = dir.file("new");
    for (output, report) in [
        ("new", "new"),
        ("new", "./new"),
        ("new", "link"),
        ("link", "new"),
        ("new", absolute.to_str().unwrap()),
        ("out", "old-link"),
        ("-", "-"),
        ("-", "/dev/stdout"),
        ("/dev/stdout", "/dev/stdout"),
    ] {
        let run = decrypt(args!["-o", output, "--report", report]);
        assert_eq!(run.code, 2, "{output} {report}: {run:?}");
        assert!(run.stdout.is_empty(), "{run:?}");
    }
    assert_eq!(dir.entries(), before);
    decrypt(args!["-o", "/dev/null", "--report", "/dev/null"]).expect(0);
}

#[test]
fn standard_output_by_another_name() {
    let line = |out: &str| {
        join(&[
            &args!["decrypt", "-o", out],
            &identity("bob"),
            &args![message("encrypted-rsa-cbc")],
        ])
    };
    let plain = smime(line("-")).run().expect(0);
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let run = smime(line(name)).run().expect(0);
        assert_eq!((&run.stdout, &run.stderr), (&plain.stdout, &plain.stderr));
    }
    // what stands in a file already stays there
    let dir = Dir::new();
    dir.write("log", "before\n");
    let append = || {
        let mut options = std::fs::OpenOptions::new();
        options.append(true).open(dir.file("log")).unwrap()
    };
    for name in ["/dev/stdout", "log"] {
        let mut command = Command::new(SMIME);
        command.args(line(name)).current_dir(dir.path());
        let status = command.stdout(append()).stderr(Stdio::null()).status();
        assert!(status.unwrap().success());
    }
    let expected = [b"before\n", &plain.stdout[..], &plain.stdout].concat();
    assert_eq!(dir.read("log"), expected);
}

#[test]
fn der_is_not_written_to_a_terminal() {
    let there = Command::new("script")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success());
    if !there {
        return left_out("DER to a terminal", "script (util-linux) is not here");
    }
    let on_terminal = |format: &str| {
        let line = format!(
            "{SMIME} sign -q --binary --format {format} -i {} {}",
            fixture("identities/alice.pem").display(),
            message("plain").display()
        );
        Call::new("script", args!["-qec", line, "/dev/null"]).run()
    };
    let run = on_terminal("der").expect(2);
    assert!(
        run.text().contains("--format pem") || run.text().contains("-o"),
        "{}",
        run.text()
    );
    assert!(
        !run.stdout.windows(4).any(|w| w[0] == 0x30 && w[1] >= 0x80),
        "DER came out"
    );
    assert!(on_terminal("pem").expect(0).text().contains("-----BEGIN"));
}

#[test]
fn what_strangers_wrote_is_escaped() {
    let mut outputs = Vec::new();
    for line in [
        join(&[
            &args!["verify"],
            &trusting(),
            &args![message("clear-hostile")],
        ]),
        args!["inspect", message("clear-hostile")],
        args!["cert", "show", certificate("hostile")],
        join(&[
            &args!["cert", "check"],
            &trusting(),
            &args![certificate("hostile")],
        ]),
        args!["verify", "\u{1b}[2Jno\u{202e}such\nfile"],
        args!["verify", "-t", "\u{1b}[2J\r"],
        args!["verify", "--allow", "\u{1b}[2J"],
    ] {
        let run = smime(line).run();
        outputs.push(run.stdout);
        outputs.push(run.stderr.into_bytes());
    }
    // a sender who is not Alice, with a display name that says verified
    let evil = b"From: \"\x1b[32mverified\xe2\x80\xae\" <mallory@example.com>\nSubject: \x07\x1b]0;x\x07\n";
    let clear = fixture_bytes("messages/clear.eml");
    let at = clear
        .windows(12)
        .position(|w| w == b"MIME-Version")
        .unwrap();
    let run = smime(join(&[&args!["verify"], &trusting()]))
        .input([&evil[..], &clear[at..]].concat())
        .run()
        .expect(1);
    outputs.push(run.stdout);
    outputs.push(run.stderr.into_bytes());
    for output in outputs {
        let text = String::from_utf8(output).expect("output is UTF-8");
        let bad = text.chars().find(|c| {
            (c.is_control() && *c != '\n' && *c != '\t')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
        });
        assert_eq!(bad, None, "{text:?}");
    }
}

#[test]
fn a_signature_around_ciphertext_is_not_called_good() {
    let sealed = smime(join(&[&args!["encrypt", "-q"], &to(&["bob"])]))
        .input(mail("alice@example.com", "x"))
        .run()
        .expect(0);
    let signed = smime(join(&[&args!["sign", "-q"], &as_alice()]))
        .input(sealed.stdout)
        .run()
        .expect(0);
    let text = smime(join(&[&args!["verify"], &trusting()]))
        .input(signed.stdout)
        .run()
        .expect(0)
        .text();
    let headline = "signature around ciphertext, by alice@example.com\n";
    assert!(text.starts_with(headline), "{text}");
}

// ----------------------------------------------------------------------------------------------------------- words and help

#[test]
fn usage_is_exit_2() {
    for line in [
        args![],
        args!["frobnicate"],
        args!["verify", "--frobnicate"],
        args!["verify", "a", "b"],
        args!["verify", "--at", "yesterday"],
        args!["verify", "--policy", "lax"],
        args!["verify", "--revocation", "maybe"],
        args!["verify", "--deny", "no-such-rule"],
        args!["sign", "--format", "xml"],
        args!["sign", "--text", "--binary"],
        args!["sign", "--digest", "sha-3"],
        args!["sign", "--digest", "md5"],
        args!["sign", "--digest", "sha-224"],
        args!["help", "nothing"],
        args!["cert"],
    ] {
        let run = smime(line.clone()).run();
        assert_eq!(run.code, 2, "{line:?}: {run:?}");
        assert!(run.stdout.is_empty(), "{line:?}");
    }
}

#[test]
fn what_does_not_go_with_the_key_is_usage() {
    for (who, options) in [
        ("carol", &["--pss"][..]),
        ("erin", &["--pss"]),
        ("erin", &["--digest", "sha-256"]),
    ] {
        let mut line = join(&[&args!["sign", "-q"], &identity(who)]);
        line.extend(options.iter().map(OsString::from));
        let from = format!("{who}@example.com");
        let run = smime(line).input(mail(&from, "x")).run().expect(2);
        assert!(run.stdout.is_empty(), "{run:?}");
        assert!(run.stderr.contains("smime: hint: "), "{run:?}");
    }
}

#[test]
fn cms_is_no_message_to_protect() {
    let dir = Dir::new();
    for format in ["der", "pem"] {
        let cms = dir.file(format);
        let line = args![
            "sign",
            "-q",
            "--format",
            format,
            "-o",
            &cms,
            message("plain")
        ];
        smime(join(&[&line, &as_alice()])).run().expect(0);
        for (options, verb) in [(as_alice(), "sign"), (to(&["bob"]), "encrypt")] {
            let run = smime(join(&[&args![verb, "-q"], &options, &args![&cms]]))
                .run()
                .expect(3);
            let says = "the input is not a mail message or MIME entity";
            assert!(run.stderr.contains(says), "{run:?}");
            assert!(run.stderr.contains("--binary"), "{run:?}");
            let line = args![verb, "-q", "--binary", &cms];
            let line = join(&[&line, &options]);
            smime(line).run().expect(0);
        }
    }
}

#[test]
fn errors_have_one_form() {
    for line in [
        args!["verify", "--frobnicate"],
        args!["verify", "-t", fixture("trust"), "/no/such/file"],
        args!["verify", message("clear")],
        args![
            "decrypt",
            "-i",
            fixture("identities/alice.p12"),
            "--password-file",
            "/dev/null",
            message("encrypted-rsa-cbc")
        ],
        args!["verify", "-t", fixture("trust"), fixture("certs/alice.der")],
    ] {
        let run = smime(line.clone()).run();
        assert!(run.code > 1, "{line:?}");
        let mut lines = run.stderr.lines();
        let first = lines.next().unwrap_or_default();
        let text = first
            .strip_prefix("smime: error: ")
            .unwrap_or_else(|| panic!("{line:?}: {}", run.stderr));
        assert!(
            !text.ends_with('.') && !text.starts_with(char::is_uppercase),
            "{first}"
        );
        for line in lines {
            assert!(line.starts_with("smime: hint: "), "{}", run.stderr);
        }
    }
}

#[test]
fn help_pages() {
    let text = smime(args!["--help"]).run().expect(0).text();
    assert!(
        text.lines().count() <= 40,
        "smime --help does not fit a screen"
    );
    assert!(text.lines().all(|l| l.chars().count() <= 100));
    for verb in [
        "sign", "encrypt", "decrypt", "open", "verify", "inspect", "cert",
    ] {
        assert!(text.contains(verb), "{verb}");
    }
    smime(args!["--version"]).run().expect(0);
    let rules = smime(args!["help", "rules"]).run().expect(0).text();
    for rule in smime::policy::Rule::ALL {
        assert!(rules.contains(rule.name()), "{}", rule.name());
    }
    assert!(rules.contains("RFC 5280"));
    let codes = smime(args!["help", "exit-codes"]).run().expect(0).text();
    for code in ["0", "1", "2", "3", "4", "5", "75"] {
        assert!(
            codes
                .lines()
                .any(|l| l.split_whitespace().next() == Some(code)),
            "{code}: {codes}"
        );
    }
    let limits = smime(args!["help", "limits"]).run().expect(0).text();
    for limit in ["signers", "recipients", "path-length", "held-bytes"] {
        assert!(limits.contains(limit), "{limit}");
    }
}

/// Runs the examples that every page of help ends with, each in a directory that has the files they name.
#[test]
fn the_examples_of_the_help_work() {
    for verb in [
        &[][..],
        &["sign"],
        &["encrypt"],
        &["decrypt"],
        &["open"],
        &["verify"],
        &["inspect"],
        &["cert", "show"],
        &["cert", "check"],
    ] {
        let mut line: Vec<OsString> = verb.iter().map(OsString::from).collect();
        line.push("--help".into());
        let text = smime(line).run().expect(0).text();
        let examples: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| {
                l.starts_with("smime ") && l.contains(" -")
                    || l.starts_with("smime inspect ")
                    || l.starts_with("smime cert show ")
            })
            .collect();
        let examples = &examples[examples.len().saturating_sub(2)..];
        assert_eq!(examples.len(), 2, "{verb:?}: {text}");
        for example in examples {
            let dir = Dir::new();
            let copy = |from: &str, to: &str| drop(dir.write(to, fixture_bytes(from)));
            // what a file holds is found out: the name is the example's
            for who in ["alice", "bob"] {
                copy(&format!("identities/{who}.pem"), &format!("{who}.pem"));
                copy(&format!("identities/{who}.pem"), &format!("{who}.p12"));
            }
            copy("trust/root.pem", "root.pem");
            copy("password", "password");
            copy("messages/plain.eml", "photo.jpg");
            copy("messages/plain.eml", "draft.eml");
            copy("messages/clear.eml", "signed.eml");
            let line = join(&[
                &args![
                    "encrypt",
                    "-q",
                    "-r",
                    certificate("alice"),
                    "-c",
                    certificate("intermediate")
                ],
                &trusting(),
                &args![message("clear")],
            ]);
            dir.write("encrypted.eml", smime(line).run().expect(0).stdout);
            copy(
                if verb.is_empty() {
                    "messages/clear.eml"
                } else {
                    "messages/plain.eml"
                },
                "message.eml",
            );
            std::fs::create_dir(dir.file("certs")).unwrap();
            for who in ["bob", "intermediate"] {
                copy(&format!("certs/{who}.pem"), &format!("certs/{who}.pem"));
            }
            std::fs::create_dir_all(dir.file("config/smime/trust")).unwrap();
            copy("trust/root.pem", "config/smime/trust/root.pem");
            let path = format!(
                "{}:{}",
                Path::new(SMIME).parent().unwrap().display(),
                std::env::var("PATH").unwrap()
            );
            let call = Call::new("bash", args!["-ec", format!("set -o pipefail; {example}")]);
            let run = call
                .dir(dir.path())
                .env("PATH", path)
                .env("XDG_CONFIG_HOME", dir.file("config"))
                .run();
            assert_eq!(run.code, 0, "{example}: {run:?}");
        }
    }
}

// ------------------------------------------------------------------------------------------------------------------ reports

#[test]
fn the_report_has_its_shape() {
    let report = verify("clear", args!["--at", "2026-11-24T00:00:00Z"])
        .expect(0)
        .json();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["command"], "verify");
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["exit"], 0);
    assert!(report["findings"].is_array());
    let signature = &report["layers"][0]["signatures"][0];
    for (key, value) in [
        ("verdict", "pass"),
        ("integrity", "intact"),
        ("trust", "trusted"),
        ("sender", "match"),
        ("revocation", "unknown"),
        ("digest", "sha-256"),
        ("algorithm", "rsa-pkcs1"),
    ] {
        assert_eq!(signature[key], value, "{key}");
    }
    let signer = &signature["signer"];
    assert_eq!(signer["emails"][0], "alice@example.com");
    assert!(
        signer["subject"]
            .as_str()
            .unwrap()
            .contains("CN=Alice Example"),
        "{signer}"
    );
    assert!(
        signer["issuer"]
            .as_str()
            .unwrap()
            .contains("CN=Fixtures Intermediate CA"),
        "{signer}"
    );
    assert!(signer["serial"].as_str().unwrap().starts_with('5'));
    assert_eq!(signature["path"].as_array().unwrap().len(), 3);
    assert_eq!(signature["path"][0], signer["sha256"]);
    assert!(signature["signing_time"].as_str().unwrap().ends_with('Z'));
    let finding = &signature["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["level"]),
        (&"revocation-unknown".into(), &"warn".into())
    );
    assert!(finding["message"].is_string());
    let report = verify("clear", args!["--revocation", "off"])
        .expect(0)
        .json();
    assert_eq!(
        report["layers"][0]["signatures"][0]["revocation"],
        "unchecked"
    );
}

#[test]
fn errors_live_in_the_report_too() {
    for (line, exit) in [
        (args!["verify", "--json", message("clear")], 4),
        (
            args!["verify", "--json", "-t", fixture("trust"), "/no/such/file"],
            5,
        ),
        (
            args![
                "verify",
                "--json",
                "-t",
                fixture("trust"),
                fixture("certs/alice.der")
            ],
            3,
        ),
        (
            args![
                "cert",
                "check",
                "--json",
                "-t",
                fixture("trust"),
                message("plain")
            ],
            3,
        ),
    ] {
        let run = smime(line.clone()).run().expect(exit);
        let report = run.json();
        assert_eq!(report["verdict"], "error", "{line:?}");
        assert_eq!(report["exit"], exit, "{line:?}");
        assert!(
            report["error"]["code"].is_string() && report["error"]["message"].is_string(),
            "{report}"
        );
        assert!(report["error"]["hints"].is_array(), "{report}");
        assert_eq!(run.stderr, "", "no text lines then");
    }
}

#[test]
fn where_reports_go() {
    let dir = Dir::new();
    // standard output, when the message does not
    let run = verify_text(args![]);
    assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{run:?}");
    assert!(verify_text(args!["-q"]).stdout.is_empty());
    // standard error otherwise
    let line = join(&[
        &args!["decrypt"],
        &identity("bob"),
        &args![message("encrypted-rsa-cbc")],
    ]);
    let run = smime(line.clone()).run().expect(0);
    assert!(!run.stderr.is_empty());
    let json = smime(join(&[&line, &args!["--json"]])).run().expect(0);
    assert!(
        serde_json::from_str::<serde_json::Value>(&json.stderr).is_ok(),
        "{}",
        json.stderr
    );
    assert_eq!(json.stdout, run.stdout);
    // and in a file besides
    let file = dir.file("report.json");
    let run = smime(join(&[&line, &args!["-q", "--report", &file]]))
        .run()
        .expect(0);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    let report: serde_json::Value = serde_json::from_slice(&dir.read("report.json")).unwrap();
    assert_eq!(report["command"], "decrypt");
    assert_eq!(
        report["layers"][0]["recipients"][0]["kind"],
        "key-transport"
    );
    assert_eq!(
        report["layers"][0]["recipients"][0]["algorithm"],
        "rsa-pkcs1"
    );
    let run = smime(join(&[
        &args!["verify", "-q", "--report", &file],
        &trusting(),
        &args![message("clear-other-address")],
    ]))
    .run()
    .expect(1);
    drop(run);
    let report: serde_json::Value = serde_json::from_slice(&dir.read("report.json")).unwrap();
    assert_eq!(report["verdict"], "fail");
}

#[test]
fn a_line_that_is_not_understood_is_reported_in_the_file_too() {
    let dir = Dir::new();
    for (place, report) in [
        &args!["--report", "report"][..],
        &args!["--report=report"],
        &args!["-o", "out", "--report", "report"],
    ]
    .into_iter()
    .enumerate()
    {
        let line = join(&[&args!["sign"], report, &args!["--frobnicate"]]);
        smime(line).dir(dir.path()).run().expect(2);
        let report: serde_json::Value = serde_json::from_slice(&dir.read("report")).unwrap();
        assert_eq!(report["exit"], 2, "{place}");
        assert_eq!(report["error"]["code"], "usage", "{place}");
        std::fs::remove_file(dir.file("report")).unwrap();
    }
    for report in [
        args!["--report", "-"],
        args!["--report"],
        args!["-o", "x", "--report", "./x"],
        args!["--", "--report", "x"],
    ] {
        let line = join(&[&args!["sign", "--frobnicate"], &report]);
        smime(line).dir(dir.path()).run().expect(2);
    }
    assert!(dir.entries().is_empty(), "{:?}", dir.entries());
}

fn verify_text(more: Vec<OsString>) -> Run {
    smime(join(&[
        &args!["verify"],
        &trusting(),
        &more,
        &args![message("clear")],
    ]))
    .run()
    .expect(0)
}
