//! Content types with every peer that has them, both directions where there are two; and objects inside objects, with nothing of MIME between.
//!
//! OpenSSL makes DigestedData, EncryptedData and plain data (Debian's is built without zlib), Bouncy Castle CompressedData and AuthenticatedData.
use crate::support::*;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Runs `tests/peers/bouncycastle/Content.java`; `None` where Java or Bouncy Castle is not here.
fn bouncy_castle(args: Vec<OsString>) -> Option<Call> {
    static CLASSES: OnceLock<Option<(OsString, tempfile::TempDir)>> = OnceLock::new();
    let (classpath, _) = CLASSES.get_or_init(compile).as_ref()?;
    let line = [args!["-Xshare:auto", "-cp", classpath, "Content"], args].concat();
    Some(Call::new("java", line))
}

fn compile() -> Option<(OsString, tempfile::TempDir)> {
    let jars =
        ["bcprov", "bcpkix", "bcutil", "bcmail"].map(|jar| format!("/usr/share/java/{jar}.jar"));
    if !jars.iter().all(|jar| Path::new(jar).exists()) {
        return None;
    }
    let classes = tempfile::tempdir().unwrap();
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/bouncycastle/Content.java");
    let line = args!["-cp", jars.join(":"), "-d", classes.path(), source];
    let made = std::process::Command::new("javac")
        .args(line)
        .output()
        .ok()?;
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let classpath = format!("{}:{}", jars.join(":"), classes.path().display());
    Some((classpath.into(), classes))
}

/// What Bouncy Castle makes of an input, or that it is not here.
fn made(args: Vec<OsString>, input: &[u8], what: &str) -> Option<Vec<u8>> {
    let Some(call) = bouncy_castle(args) else {
        left_out(what, "Bouncy Castle is not here");
        return None;
    };
    Some(call.input(input).run().expect(0).stdout)
}

fn plain() -> Vec<u8> {
    fixture_bytes("messages/plain.eml")
}

fn as_bob() -> Vec<OsString> {
    args!["-i", fixture("identities/bob.pem")]
}

/// `open` with everything that any of the messages here needs.
fn open(message: &[u8], more: Vec<OsString>) -> Run {
    let dir = Dir::new();
    let out = dir.file("out");
    let line = join(&[
        &args!["open", "--json", "-o", out.clone()],
        &as_bob(),
        &trusting(),
        &more,
    ]);
    let mut run = smime(line).input(message).run();
    assert_eq!(out.exists(), run.code == 0, "{}", run.text());
    if run.code == 0 {
        run.stderr = String::from_utf8(std::fs::read(out).unwrap()).unwrap();
    }
    run
}

/// Opens, and returns what came out and the kinds of the layers.
#[track_caller]
fn opens(message: &[u8], more: Vec<OsString>) -> (Vec<u8>, Vec<String>) {
    let run = open(message, more).expect(0);
    let kinds = run.json()["layers"].as_array().unwrap().clone();
    let kinds = kinds.iter().map(|l| l["kind"].as_str().unwrap().to_owned());
    (run.stderr.clone().into_bytes(), kinds.collect())
}

/// Is denied by this rule, nothing written.
#[track_caller]
fn denied(message: &[u8], more: Vec<OsString>, rule: &str) {
    let run = open(message, more).expect(1);
    assert!(
        run.text().contains(&format!("\"{rule}\"")),
        "{}",
        run.text()
    );
}

fn find(octets: &[u8], what: &[u8]) -> usize {
    octets.windows(what.len()).position(|w| w == what).unwrap()
}

#[test]
fn compressed_data() {
    let large = [
        plain(),
        noise(3, 300_000)
            .iter()
            .flat_map(|o| format!("{o:02x}\r\n").into_bytes())
            .collect(),
    ]
    .concat();
    for content in [plain(), large] {
        let Some(theirs) = made(args!["compress"], &content, "CompressedData") else {
            return;
        };
        let (out, kinds) = opens(&theirs, args![]);
        assert!(out == content && kinds == ["compressed"]);
        for at in [theirs.len() / 2, theirs.len() - 1] {
            open(&theirs[..at], args![]).expect(3);
        }
        // in the Adler-32, and in what it is over
        let at = theirs.len() - if theirs[1] == 0x80 { 14 } else { 1 };
        for at in [at, theirs.len() / 2] {
            let mut damaged = theirs.clone();
            damaged[at] ^= 1;
            open(&damaged, args![]).expect(3);
        }

        let line = join(&[&args!["sign", "--compress"], &as_alice()]);
        let ours = smime(line).input(content.clone()).run().expect(0).text();
        let (_, part) = ours.split_once("smime.p7z\"\n\n").unwrap();
        let (object, _) = part.split_once("\n--").unwrap();
        let object = smime::encoding::base64::Decoder::new(object.as_bytes());
        let object: Vec<u8> = std::io::Read::bytes(object)
            .collect::<Result<_, _>>()
            .unwrap();
        let back = made(args!["uncompress"], &object, "CompressedData").unwrap();
        let text = String::from_utf8(with_cr(&content)).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let back = String::from_utf8(back).unwrap();
        assert!(back.contains("\r\nContent-Type: text/plain"), "{back:.100}");
        assert!(back.split_once("\r\n\r\n").unwrap().1 == body);
        assert!(opens(ours.as_bytes(), args![]).1 == ["signed", "compressed"]);
        agreed("content types", "CompressedData", JAVA, &BOTH);
    }
}

#[test]
fn compressed_and_signed_or_encrypted() {
    let dir = Dir::new();
    let message = fixture("messages/plain.eml");
    for (options, layers) in [
        (args!["sign", "--compress"], &["signed", "compressed"][..]),
        (
            args!["sign", "--compress", "--opaque"],
            &["signed", "compressed"],
        ),
        (
            args!["sign", "--compress", "--opaque", "--format", "der"],
            &["signed", "compressed"],
        ),
        (args!["encrypt", "--compress"], &["encrypted", "compressed"]),
        (
            args![
                "encrypt",
                "--compress",
                "--cipher",
                "aes-256-gcm",
                "--format",
                "pem"
            ],
            &["encrypted", "compressed"],
        ),
    ] {
        let who = if options[0] == "sign" {
            as_alice()
        } else {
            args![
                "-r",
                fixture("certs/bob.pem"),
                "-c",
                fixture("certs"),
                "-t",
                fixture("trust")
            ]
        };
        let out = dir.file("out");
        let line = join(&[
            &options,
            &who,
            &args!["--json", "-o", out.clone(), message.clone()],
        ]);
        let report = smime(line).run().expect(0).json();
        let kinds: Vec<_> = report["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["kind"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, layers);
        let (text, found) = opens(&std::fs::read(&out).unwrap(), args![]);
        assert_eq!(found, layers);
        let text = String::from_utf8(without_cr(&text)).unwrap();
        assert!(text.contains("lunch at noon?") && text.contains("Content-Type: text/plain"));
    }
    // any file, exactly
    let octets = [&b"\r\n\n\r"[..], &noise(5, 100_000)].concat();
    let line = join(&[
        &args![
            "sign",
            "--compress",
            "--binary",
            "--opaque",
            "--format",
            "der"
        ],
        &as_alice(),
    ]);
    let signed = smime(line).input(octets.clone()).run().expect(0).stdout;
    let line = join(&[&args!["open"], &trusting()]);
    assert!(smime(line).input(signed).run().expect(0).stdout == octets);
}

#[test]
fn digested_data() {
    if !have(&[Peer::Openssl], "DigestedData") {
        return;
    }
    for digest in ["sha1", "sha256", "sha512"] {
        for more in [args![], args!["-stream"]] {
            let line = join(&[
                &args![
                    "cms",
                    "-digest_create",
                    "-md",
                    digest,
                    "-outform",
                    "DER",
                    "-binary"
                ],
                &more,
            ]);
            let theirs = openssl(Peer::Openssl, line)
                .input(plain())
                .run()
                .expect(0)
                .stdout;
            let (out, kinds) = opens(&theirs, args![]);
            assert!(out == plain() && kinds == ["digested"]);
            let mut damaged = theirs.clone();
            let at = find(&theirs, b"lunch at");
            damaged[at] ^= 1;
            denied(&damaged, args![], "digest-mismatch");
            damaged = theirs.clone();
            *damaged.last_mut().unwrap() ^= 1;
            if damaged[1] != 0x80 {
                denied(&damaged, args![], "digest-mismatch");
            }
            open(&[&theirs[..], b"x"].concat(), args![]).expect(3);
        }
        let row = format!("DigestedData, {digest}");
        agreed(
            "content types",
            &row,
            Peer::Openssl.column(),
            &[Way::Theirs],
        );
    }
    let line = args!["cms", "-data_create", "-outform", "DER", "-binary"];
    let data = openssl(Peer::Openssl, line)
        .input(plain())
        .run()
        .expect(0)
        .stdout;
    denied(&data, args![], "not-protected");
    let run = smime(args!["inspect", "--json"])
        .input(data)
        .run()
        .expect(0);
    assert!(run.json()["layers"].as_array().unwrap().is_empty());
}

#[test]
fn encrypted_data() {
    if !have(&[Peer::Openssl], "EncryptedData") {
        return;
    }
    let dir = Dir::new();
    for (cipher, size) in [
        ("aes-128-cbc", 16),
        ("aes-192-cbc", 24),
        ("aes-256-cbc", 32),
        ("des-ede3-cbc", 24),
    ] {
        let key: String = noise(size, usize::try_from(size).unwrap())
            .iter()
            .map(|o| format!("{o:02x}"))
            .collect();
        let octets = noise(size, usize::try_from(size).unwrap());
        let policy = args!["--policy", "archive"];
        for more in [args![], args!["-stream"]] {
            let line = join(&[
                &args![
                    "cms",
                    "-EncryptedData_encrypt",
                    "-secretkey",
                    &key,
                    format!("-{cipher}"),
                    "-outform",
                    "DER",
                    "-binary"
                ],
                &more,
            ]);
            let theirs = openssl(Peer::Openssl, line)
                .input(plain())
                .run()
                .expect(0)
                .stdout;
            for file in [
                dir.write("hex", format!("{key}\n")),
                dir.write("octets", &octets),
            ] {
                let with_key = join(&[&policy, &args!["--secret-key", file]]);
                let (out, kinds) = opens(&theirs, with_key.clone());
                assert!(out == plain() && kinds == ["encrypted"]);
                let line = join(&[&args!["decrypt"], &with_key]);
                assert!(smime(line).input(theirs.clone()).run().expect(0).stdout == plain());
            }
            let mut other = octets.clone();
            other[3] ^= 2;
            let wrong = dir.write("wrong", other);
            denied(
                &theirs,
                join(&[&policy, &args!["--secret-key", wrong]]),
                "decryption-failed",
            );
            let short = dir.write("short", &octets[1..]);
            open(&theirs, join(&[&policy, &args!["--secret-key", short]])).expect(4);
            let none = open(&theirs, policy.clone()).expect(4);
            assert!(none.text().contains("--secret-key"), "{}", none.text());
            let row = format!("EncryptedData, {cipher}");
            agreed(
                "content types",
                &row,
                Peer::Openssl.column(),
                &[Way::Theirs],
            );
        }
    }
}

/// hMAC-SHA1; hmacWithSHA1, -SHA224, -SHA256, -SHA384, -SHA512. Bouncy Castle's keys are as long as the digest, but of hmacWithSHA1 as a block.
const MACS: [&str; 6] = [
    "1.3.6.1.5.5.8.1.2",
    "1.2.840.113549.2.7",
    "1.2.840.113549.2.8",
    "1.2.840.113549.2.9",
    "1.2.840.113549.2.10",
    "1.2.840.113549.2.11",
];

#[test]
fn authenticated_data() {
    for mac in MACS {
        for attributes in ["attributes", "none"] {
            let line = args!["authenticate", fixture("certs/bob.pem"), mac, attributes];
            let Some(theirs) = made(line, &plain(), "AuthenticatedData") else {
                return;
            };
            let (out, kinds) = opens(&theirs, args![]);
            assert!(out == plain() && kinds == ["authenticated"]);
            let run = open(&theirs, args![]).json();
            assert_eq!(run["layers"][0]["integrity"], "intact");
            assert_eq!(run["layers"][0]["opened_by"], 0);
            // in the content, in the encrypted key
            let near = |what: &[u8]| find(&theirs, what);
            let encrypted_key = near(&[4, 0x82, 1, 0x80]) + 40;
            for at in [near(b"lunch at"), encrypted_key] {
                let mut damaged = theirs.clone();
                damaged[at] ^= 1;
                denied(&damaged, args![], "mac-invalid");
            }
            let other = args![
                "open",
                "-i",
                fixture("identities/alice.pem"),
                "-t",
                fixture("trust")
            ];
            assert!(
                smime(other)
                    .input(theirs.clone())
                    .run()
                    .expect(4)
                    .stdout
                    .is_empty()
            );
            // it is no signature, and not encrypted either
            let line = join(&[&args!["verify"], &trusting()]);
            smime(line).input(theirs.clone()).run().expect(1);
            smime(join(&[&args!["decrypt"], &as_bob()]))
                .input(theirs.clone())
                .run()
                .expect(1);
            let run = smime(args!["inspect", "--json"])
                .input(theirs)
                .run()
                .expect(0)
                .json();
            assert_eq!(run["layers"][0]["integrity"], "undetermined");
            assert_eq!(run["layers"][0]["recipients"].as_array().unwrap().len(), 1);
            let row = format!(
                "AuthenticatedData, {}",
                run["layers"][0]["mac"].as_str().unwrap()
            );
            agreed("content types", &row, JAVA, &[Way::Theirs]);
        }
    }
}

/// Wraps an object once more. `form`: the value alone, or with its ContentInfo.
fn nest(kind: &str, object: &[u8], form: &str) -> Option<Vec<u8>> {
    let line = match kind {
        "signed" => args!["nest-sign", fixture("identities/alice.pem"), form],
        "encrypted" => args!["nest-encrypt", fixture("certs/bob.pem"), form],
        _ => args!["nest-compress", form],
    };
    made(line, object, "objects in objects")
}

#[test]
fn objects_in_objects() {
    let Some(innermost) = made(args!["compress"], &plain(), "objects in objects") else {
        return;
    };
    let kinds = ["signed", "encrypted", "compressed"];
    let orders: Vec<Vec<&str>> = kinds
        .iter()
        .flat_map(|a| kinds.iter().flat_map(move |b| [vec![*a, *b]]))
        .chain([vec!["signed", "encrypted", "signed"]])
        .collect();
    let work = |order: &Vec<&str>| {
        // some write the one, some the other; each start of Java takes a second
        let both = order[0] != order[1];
        for form in ["value", "whole"].into_iter().take(1 + usize::from(both)) {
            let message = order.iter().rev().fold(innermost.clone(), |object, kind| {
                nest(kind, &object, form).unwrap()
            });
            let (out, found) = opens(&message, args![]);
            assert!(out == plain(), "{order:?}");
            let expected: Vec<&str> = order.iter().copied().chain(["compressed"]).collect();
            assert_eq!(found, expected);
            let report = open(&message, args![]).json();
            for (place, kind) in order
                .iter()
                .enumerate()
                .filter(|(_, kind)| **kind == "signed")
            {
                let around = order[place..].contains(&"encrypted");
                let layer = &report["layers"][place];
                assert_eq!(layer["signatures"][0]["verdict"], "pass", "{kind}");
                assert_eq!(
                    layer["findings"].to_string().contains("covers-ciphertext"),
                    around,
                    "{order:?}"
                );
            }
            let text = smime(args!["inspect"])
                .input(message.clone())
                .run()
                .expect(0)
                .text();
            assert!(!text.is_empty());
            let row = "objects in objects, nothing of MIME between";
            agreed("content types", row, JAVA, &[Way::Theirs]);
            let mut short = message.clone();
            short.truncate(message.len() - 3);
            assert!(open(&short, args![]).code != 0);
        }
    };
    parallel(&orders, work);
}

#[test]
fn a_signature_belongs_to_what_it_covers_however_deep() {
    let Some(innermost) = made(args!["compress"], &plain(), "objects in objects") else {
        return;
    };
    // damaged inside a signature that was made over the damage: the outer holds, the inner does not
    let signed = nest("signed", &innermost, "value").unwrap();
    let mut damaged = signed.clone();
    let at = find(&signed, &[0x78, 0x9c]) + 20;
    damaged[at] ^= 1;
    let message = nest("signed", &damaged, "value").unwrap();
    let run = open(&message, args![]);
    assert!(run.code == 3 || run.code == 1, "{}", run.text());
    // a content that is of another type than it is said to be
    let lie = nest("encrypted", &signed, "whole").unwrap();
    opens(&lie, args![]);
    let mut other = signed.clone();
    let at = find(&signed, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]);
    other[at + 8] = 5;
    assert_eq!(
        at,
        find(&other, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 5])
    );
    let message = nest("encrypted", &other, "value").unwrap();
    // in CBC: that the decryption failed is all that is told
    open(&message, args![]).expect(1);
}

#[test]
fn verify_sees_ciphertext_through_other_layers() {
    let Some(innermost) = made(args!["compress"], &plain(), "objects in objects") else {
        return;
    };
    let encrypted = nest("encrypted", &innermost, "value").unwrap();
    for (content, covers) in [(innermost, false), (encrypted, true)] {
        let compressed = nest("compressed", &content, "whole").unwrap();
        let message = nest("signed", &compressed, "value").unwrap();
        let line = join(&[&args!["verify", "--json"], &trusting()]);
        let report = smime(line).input(message).run().expect(0).text();
        assert_eq!(report.contains("covers-ciphertext"), covers, "{report}");
    }
}

#[test]
fn certificates_alone() {
    if !have(&[Peer::Openssl, Peer::Nss], "certificates alone") {
        return;
    }
    let dir = Dir::new();
    let ours = dir.file("ours.p7c");
    let line = args![
        "cert",
        "bundle",
        "-o",
        ours.clone(),
        fixture("certs/alice.pem"),
        fixture("certs/alice.der"),
        fixture("certs/bob.pem")
    ];
    let found = smime(line).run().expect(0).text();
    assert!(found.contains("2 certificates"), "{found}");
    let line = args![
        "pkcs7",
        "-inform",
        "DER",
        "-print_certs",
        "-noout",
        "-in",
        ours.clone()
    ];
    let printed = openssl(Peer::Openssl, line).run().expect(0).text();
    assert_eq!(printed.matches("subject=").count(), 2);
    let line = args![
        "cms",
        "-cmsout",
        "-print",
        "-inform",
        "DER",
        "-in",
        ours.clone()
    ];
    assert!(
        openssl(Peer::Openssl, line)
            .run()
            .expect(0)
            .text()
            .contains("signerInfos")
    );
    agreed(
        "content types",
        "certificates alone",
        Peer::Openssl.column(),
        &BOTH,
    );
    let theirs = dir.file("theirs.p7c");
    let line = args![
        "crl2pkcs7",
        "-nocrl",
        "-certfile",
        fixture("identities/alice.pem"),
        "-outform",
        "DER",
        "-out",
        theirs.clone()
    ];
    openssl(Peer::Openssl, line).run().expect(0);
    for file in [ours.clone(), theirs] {
        let shown = smime(args!["cert", "show", file.clone()])
            .run()
            .expect(0)
            .text();
        assert_eq!(shown.matches("subject ").count(), 2, "{shown}");
        let run = smime(args!["inspect", "--json", file.clone()])
            .run()
            .expect(0)
            .json();
        assert_eq!(run["layers"][0]["kind"], "certificates");
        denied(&std::fs::read(&file).unwrap(), args![], "no-signer");
    }
    for format in ["smime", "pem"] {
        let line = args![
            "cert",
            "bundle",
            "--format",
            format,
            fixture("certs/alice.pem"),
            fixture("certs/intermediate.pem")
        ];
        let written = smime(line).run().expect(0).stdout;
        let file = dir.write("written", &written);
        let shown = smime(args!["cert", "show", file.clone()])
            .run()
            .expect(0)
            .text();
        assert_eq!(shown.matches("subject ").count(), 2, "{shown}");
        // and serves as a source of certificates
        let line = args![
            "verify",
            "-t",
            fixture("trust"),
            "-c",
            file,
            fixture("messages/clear-nocerts.eml")
        ];
        smime(line).run().expect(0);
    }
    smime(args![
        "cert",
        "bundle",
        "-o",
        dir.file("none"),
        fixture("keys/alice.pem")
    ])
    .run()
    .expect(3);
    assert!(!dir.file("none").exists());
}

fn labelled(smime_type: &str, object: &[u8]) -> Vec<u8> {
    let mut out = smime::encoding::base64::Encoder::new(Vec::new(), "\n");
    std::io::Write::write_all(&mut out, object).unwrap();
    let body = String::from_utf8(out.finish().unwrap()).unwrap();
    format!("From: alice@example.com\nContent-Type: application/pkcs7-mime; smime-type={smime_type}\nContent-Transfer-Encoding: base64\n\n{body}").into_bytes()
}

#[test]
fn labels() {
    let Some(compressed) = made(args!["compress"], &plain(), "labels") else {
        return;
    };
    let line = join(&[&args!["sign", "--opaque", "--format", "der"], &as_alice()]);
    let signed = smime(line).input(plain()).run().expect(0).stdout;
    let line = args![
        "encrypt",
        "--format",
        "der",
        "-r",
        fixture("certs/bob.pem"),
        "-c",
        fixture("certs"),
        "-t",
        fixture("trust")
    ];
    let encrypted = smime(line).input(plain()).run().expect(0).stdout;
    for (object, right) in [
        (&compressed, &["compressed-data", "x-unknown"][..]),
        (&signed, &["signed-data", "signed-receipt", "x-unknown"]),
        (
            &encrypted,
            &["enveloped-data", "authEnveloped-data", "x-unknown"],
        ),
    ] {
        for label in [
            "compressed-data",
            "signed-data",
            "signed-receipt",
            "enveloped-data",
            "authEnveloped-data",
            "certs-only",
            "x-unknown",
        ] {
            let message = labelled(label, object);
            if right.contains(&label) {
                open(&message, args![]).expect(0);
            } else {
                denied(&message, args![], "smime-type");
                open(&message, args!["--policy", "archive"]).expect(0);
            }
        }
    }
}

/// Where a test keeps what is no longer needed: nothing of it may be left.
#[test]
fn nothing_is_left_of_what_is_refused() {
    let dir = Dir::new();
    let line = join(&[&args!["sign", "--compress"], &as_alice()]);
    let message = smime(line).input(plain()).run().expect(0).text();
    let damaged: PathBuf = dir.write("damaged.eml", message.replacen("MIHZBg", "MIHZBh", 1));
    let line = join(&[&args!["open", "-o", dir.file("out"), damaged], &trusting()]);
    assert!(smime(line).run().code != 0);
    assert_eq!(dir.entries(), ["damaged.eml"]);
}
