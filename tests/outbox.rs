//! What goes out in one pass: signed and encrypted, wrapped three times, with copies for those in Bcc; and what is kept of senders for it.
use crate::{
    matrix::Homes,
    matrix_attributes::{CONFIGURATION, Clock},
    support::*,
};
use proptest::prelude::*;
use smime::encoding::base64;
use std::{
    ffi::OsString,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

const BODY: &str = "Dear Bob,\n\nlunch at noon? The cafe round the corner, as always.\n";

fn certificate(who: &str) -> PathBuf {
    fixture(&format!("certs/{who}.pem"))
}

fn identity(who: &str) -> Vec<OsString> {
    args!["-i", fixture(&format!("identities/{who}.pem"))]
}

fn mail(header: &str) -> Vec<u8> {
    format!("From: alice@example.com\n{header}Subject: lunch\nContent-Type: text/plain\n\n{BODY}")
        .into_bytes()
}

/// `encrypt` with everything that it needs but recipients.
fn encrypt(more: &[OsString]) -> Call {
    let base = args!["encrypt", "--json", "-c", fixture("certs")];
    smime(join(&[&base, &trusting(), more]))
}

/// The same, signed by Alice.
fn seal(how: &str, more: &[OsString]) -> Call {
    encrypt(&join(&[&args![how], &as_alice(), more]))
}

fn open_as(who: &str, message: &[u8]) -> Run {
    let base = args!["open", "--json", "-o", "/dev/null"];
    smime(join(&[&base, &trusting(), &identity(who)]))
        .input(message)
        .run()
}

/// What comes out for somebody.
fn opened(who: &str, message: &[u8]) -> Vec<u8> {
    let base = args!["open", "-q"];
    let run = smime(join(&[&base, &trusting(), &identity(who)]))
        .input(message)
        .run();
    run.expect(0).stdout
}

fn can_decrypt(who: &str, message: &[u8]) -> bool {
    let run = smime(join(&[&args!["decrypt", "-q"], &identity(who)]))
        .input(message)
        .run();
    assert!(run.code == 0 || run.stdout.is_empty());
    run.code == 0
}

fn kinds(report: &serde_json::Value) -> Vec<String> {
    let layers = report["layers"].as_array().unwrap().iter();
    let kind = |layer: &serde_json::Value| match layer["form"].as_str() {
        Some(form) => form.to_owned(),
        None => layer["kind"].as_str().unwrap().to_owned(),
    };
    layers.map(kind).collect()
}

/// All that was said, wherever.
fn said(run: &Run) -> String {
    format!("{}{}", run.text(), run.stderr)
}

fn rules(report: &serde_json::Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|f| f["rule"].as_str().unwrap().to_owned())
        .collect()
}

/// The octets of the base64 body of an entity.
fn body(entity: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(without_cr(entity)).unwrap();
    let (_, body) = text.split_once("\n\n").unwrap();
    let mut octets = Vec::new();
    base64::Decoder::new(body.as_bytes())
        .read_to_end(&mut octets)
        .unwrap();
    octets
}

fn is_in(what: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(text, what).is_some()
}

// ------------------------------------------------------------------------------------------------- signed, then encrypted

#[test]
fn signed_and_encrypted_in_one_pass() {
    let bob = args!["-r", "bob@example.com"];
    let input = mail("To: bob@example.com\n");
    for (more, expected) in [
        (args![], &["encrypted", "clear"][..]),
        (args!["--opaque"], &["encrypted", "opaque"]),
        (args!["--compress"], &["encrypted", "clear", "compressed"]),
        (
            args!["--pss", "--digest", "sha-512", "--include", "all"],
            &["encrypted", "clear"],
        ),
        (
            args!["--cipher", "aes-256-gcm", "--opaque", "--compress"],
            &["encrypted", "opaque", "compressed"],
        ),
    ] {
        let dir = Dir::new();
        let out = dir.file("out.eml");
        let run = seal("--sign", &join(&[&bob, &more, &args!["-o", &out]]))
            .input(input.clone())
            .run()
            .expect(0);
        assert_eq!(kinds(&run.json()), expected, "{more:?}");
        let sealed = dir.read("out.eml");
        assert!(!is_in(b"\r", &sealed), "line ends are those of the input");
        let report = open_as("bob", &sealed).expect(0).json();
        assert_eq!(kinds(&report), expected, "{more:?}");
        let signature = &report["layers"][1]["signatures"][0];
        assert_eq!(signature["sender"], "match");
        if more.contains(&"--pss".into()) {
            assert_eq!(signature["algorithm"], "rsa-pss");
            assert_eq!(signature["digest"], "sha-512");
        }
        let content = without_cr(&opened("bob", &sealed));
        assert!(content.ends_with(BODY.as_bytes()), "{more:?}");
        assert!(is_in(b"Subject: lunch\n", &content));
        assert!(!can_decrypt("carol", &sealed));
    }
}

/// Two programs in a pipe sign and encrypt the same octets.
#[test]
fn the_content_is_that_of_a_pipe() {
    let dir = Dir::new();
    let input = dir.write("in.eml", mail("To: bob@example.com\n"));
    let at = args!["--at", "2026-11-01T09:00:00Z"];
    for form in [args![], args!["--opaque"]] {
        let base = join(&[&args!["-q", "-c", fixture("certs")], &at]);
        let signed = smime(join(&[
            &args!["sign"],
            &base,
            &as_alice(),
            &form,
            &args![&input],
        ]))
        .run()
        .expect(0)
        .stdout;
        let pipe = encrypt(&join(&[&args!["-r", "bob@example.com", "-q"], &at]))
            .input(signed)
            .run()
            .expect(0)
            .stdout;
        let more = join(&[
            &args!["-r", "bob@example.com", "-q"],
            &at,
            &form,
            &args![&input],
        ]);
        let once = seal("--sign", &more).run().expect(0).stdout;
        let decrypted = |message: Vec<u8>| {
            let line = join(&[&args!["decrypt", "-q"], &identity("bob")]);
            let entity = smime(line).input(message).run().expect(0).stdout;
            // boundaries are random
            let text = String::from_utf8(without_cr(&entity)).unwrap();
            let random = text.split("=_").nth(1).and_then(|it| it.get(..48));
            random.map_or(text.clone(), |random| text.replace(random, ""))
        };
        assert_eq!(decrypted(once), decrypted(pipe));
    }
}

#[test]
fn text_files_and_bare_objects() {
    let bob = args!["-r", "bob@example.com"];
    for (more, input) in [
        (args!["--text"], "lunch at noon".as_bytes().to_vec()),
        (args!["--binary"], noise(1, 3000)),
        (args!["--binary", "--opaque"], noise(2, 200_000)),
        (args!["--text", "--opaque"], b"lunch".to_vec()),
    ] {
        for format in ["smime", "der", "pem"] {
            let format = args!["--format", format, "-q"];
            let sealed = seal("--sign", &join(&[&bob, &more, &format]))
                .input(input.clone())
                .run()
                .expect(0)
                .stdout;
            let report = open_as("bob", &sealed).expect(0).json();
            assert_eq!(report["layers"][1]["signatures"][0]["integrity"], "intact");
            let triple = seal("--triple-wrap", &join(&[&bob, &more, &format]))
                .input(input.clone())
                .run()
                .expect(0)
                .stdout;
            assert_eq!(
                open_as("bob", &triple).expect(0).json()["layers"]
                    .as_array()
                    .unwrap()
                    .len(),
                3
            );
        }
    }
}

#[test]
fn nothing_is_written_unless_both_can_be_done() {
    let bob = args!["-r", "bob@example.com"];
    let input = mail("To: bob@example.com\n");
    let wrong = |who: &str, code: i32, rule: &str| {
        for how in ["--sign", "--triple-wrap"] {
            let dir = Dir::new();
            let more = join(&[&args![how, "-o", dir.file("out")], &identity(who), &bob]);
            let run = encrypt(&more).input(input.clone()).run().expect(code);
            assert!(dir.entries().is_empty(), "{who}");
            assert!(said(&run).contains(rule), "{who}: {}", said(&run));
        }
    };
    wrong("bob", 1, "sender-mismatch");
    wrong("expired", 1, "expired");
    wrong("no-email-eku", 1, "key-usage");
    wrong("weak-key", 1, "weak-key");
    // a recipient that cannot be encrypted to
    for (recipient, code) in [("erin@example.com", 1), ("nobody@example.com", 4)] {
        let dir = Dir::new();
        let more = join(&[&bob, &args!["-r", recipient, "-o", dir.file("out")]]);
        seal("--sign", &more)
            .input(input.clone())
            .run()
            .expect(code);
        assert!(dir.entries().is_empty());
    }
    for more in [
        join(&[&args!["--sign"], &bob]),
        join(&[&args!["--triple-wrap"], &bob]),
    ] {
        let run = encrypt(&more).input(input.clone()).run().expect(4);
        assert!(said(&run).contains("-i "), "{}", said(&run));
    }
}

#[test]
fn options_of_signing_go_with_signing() {
    let bob = args!["-r", "bob@example.com"];
    for more in [
        args!["--opaque"],
        args!["--pss"],
        args!["--digest", "sha-512"],
        args!["--include", "none"],
        args!["--request-receipt", "alice@example.com"],
        as_alice(),
    ] {
        let run = encrypt(&join(&[&bob, &more]))
            .input(mail(""))
            .run()
            .expect(2);
        assert!(said(&run).contains("--sign"), "{}", said(&run));
    }
    for more in [
        args!["--sign", "--triple-wrap"],
        args!["--sign", "--digest", "md5"],
        args!["--sign", "--request-receipt", "nobody"],
        args!["--sign", "--detached"],
    ] {
        let more = join(&[&bob, &as_alice(), &more]);
        encrypt(&more).input(mail("")).run().expect(2);
    }
}

#[test]
fn headers_are_protected_inside_the_signature() {
    let bob = args!["-r", "bob@example.com", "-q", "--protect-headers"];
    let input = mail("To: bob@example.com\nBcc: carol@example.com\n");
    for how in ["--sign", "--triple-wrap"] {
        for form in [args![], args!["--opaque"]] {
            let sealed = seal(how, &join(&[&bob, &form]))
                .input(input.clone())
                .run()
                .expect(0)
                .stdout;
            let (outer, _) = std::str::from_utf8(&sealed)
                .unwrap()
                .split_once("\n\n")
                .unwrap();
            assert!(outer.contains("Subject: [...]\n") && outer.contains("To: bob@"));
            assert!(!is_in(b"lunch", outer.as_bytes()) && !is_in(b"Bcc:", outer.as_bytes()));
            let report = open_as("bob", &sealed).expect(0).json();
            assert_eq!(report["header_protection"], "hp-cipher");
            let headers = report["headers"].as_array().unwrap();
            let subject = headers.iter().find(|it| it["name"] == "Subject").unwrap();
            assert_eq!(subject["protection"], "signed-and-encrypted");
            assert_eq!(subject["value"], "lunch");
            let to = headers.iter().find(|it| it["name"] == "To").unwrap();
            assert_eq!(to["protection"], "signed-only");
            let content = without_cr(&opened("bob", &sealed));
            assert!(is_in(b"Subject: lunch\n", &content));
            assert!(!is_in(b"Bcc:", &content) && !is_in(b"carol@", &content));
            if how == "--sign" && form.is_empty() {
                let decrypt = join(&[&args!["decrypt", "-q"], &identity("bob")]);
                let inner = smime(decrypt).input(sealed).run().expect(0).stdout;
                let (_, payload) = std::str::from_utf8(&inner)
                    .unwrap()
                    .split_once("--=_")
                    .unwrap();
                for field in ["hp=\"cipher\"", "HP-Outer: Subject: [...]\n"] {
                    assert!(payload.contains(field), "{field}");
                }
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------------------- wrapped thrice

#[test]
fn a_triple_wrap_is_signed_encrypted_signed() {
    let bob = args!["-r", "bob@example.com"];
    let input = mail("To: bob@example.com\n");
    for (more, expected) in [
        (args![], &["clear", "encrypted", "clear"][..]),
        (args!["--opaque"], &["opaque", "encrypted", "opaque"]),
        (
            args!["--compress"],
            &["clear", "encrypted", "clear", "compressed"],
        ),
        (args!["--format", "der"], &["opaque", "encrypted", "clear"]),
    ] {
        let dir = Dir::new();
        let out = dir.file("out");
        let run = seal("--triple-wrap", &join(&[&bob, &more, &args!["-o", &out]]))
            .input(input.clone())
            .run()
            .expect(0);
        assert_eq!(kinds(&run.json()), expected, "{more:?}");
        let sealed = dir.read("out");
        let report = open_as("bob", &sealed).expect(0).json();
        assert_eq!(kinds(&report), expected, "{more:?}");
        let covers = |layer: usize| {
            let findings = report["layers"][layer]["findings"].as_array().unwrap();
            findings.iter().any(|f| f["rule"] == "covers-ciphertext")
        };
        assert!(covers(0) && !covers(2));
        // anybody can check who sent it
        let verify = join(&[&args!["verify", "-q"], &trusting()]);
        smime(verify).input(sealed.clone()).run().expect(0);
        assert!(!can_decrypt("bob", &sealed), "its root is signed");
    }
}

#[test]
fn a_changed_wrap_is_refused() {
    let more = args!["-r", "bob@example.com", "-q", "--cipher", "aes-256-gcm"];
    let sealed = seal("--triple-wrap", &more)
        .input(mail("To: bob@example.com\n"))
        .run()
        .expect(0)
        .stdout;
    let text = String::from_utf8(sealed).unwrap();
    let begin = text.find("smime.p7m\"\n\n").unwrap();
    let line = text[begin..].split('\n').nth(4).unwrap();
    let changed = text.replace(line, &line.chars().rev().collect::<String>());
    assert_ne!(changed, text);
    for verb in ["open", "verify"] {
        let options = match verb {
            "open" => identity("bob"),
            _ => args![],
        };
        let line = join(&[&args![verb, "-q"], &trusting(), &options]);
        let run = smime(line).input(changed.clone()).run();
        assert!(run.code != 0 && run.stdout.is_empty(), "{verb}");
    }
    // the outer signature is over the ciphertext: without it the inner one counts alone
    let line = join(&[&args!["verify", "-q", "-o", "-"], &trusting()]);
    let inside = smime(line).input(text).run().expect(0).stdout;
    let report = open_as("bob", &inside).expect(0).json();
    assert_eq!(kinds(&report), ["encrypted", "clear"]);
}

/// RFC 2634 §1.3.4: a receipt is asked for inside alone.
#[test]
fn a_receipt_is_asked_for_inside() {
    let more = args![
        "-r",
        "bob@example.com",
        "-q",
        "--request-receipt",
        "alice@example.com"
    ];
    let sealed = seal("--triple-wrap", &more)
        .input(mail("To: bob@example.com\n"))
        .run()
        .expect(0)
        .stdout;
    let report = open_as("bob", &sealed).expect(0).json();
    let asks = |layer: usize| {
        report["layers"][layer]["signatures"][0]["attributes"]["receipt_request"].is_object()
    };
    assert!(!asks(0) && asks(2), "{report:#}");
}

#[test]
fn openssl_opens_what_we_make() {
    if !have(&[Peer::Openssl], "sign+encrypt and triple wrap") {
        return;
    }
    let (bob, key) = (certificate("bob"), fixture("keys/bob.pem"));
    for form in [args![], args!["--opaque"]] {
        let dir = Dir::new();
        let run =
            |args: Vec<OsString>| openssl(Peer::Openssl, args).dir(dir.path()).run().expect(0);
        let verify = |from: &str, to: &str| {
            run(args![
                "cms",
                "-verify",
                "-in",
                from,
                "-out",
                to,
                "-CAfile",
                fixture("trust/root.pem")
            ]);
        };
        let decrypt = |from: &str, to: &str| {
            run(args![
                "cms", "-decrypt", "-in", from, "-out", to, "-recip", &bob, "-inkey", &key
            ]);
        };
        let make = |how: &str, name: &str| {
            let more = args!["-r", &bob, "-q", "-o", dir.file(name)];
            seal(how, &join(&[&more, &form]))
                .input(mail("To: bob@example.com\n"))
                .run()
                .expect(0);
        };
        make("--sign", "both");
        decrypt("both", "inner");
        verify("inner", "content");
        assert!(without_cr(&dir.read("content")).ends_with(BODY.as_bytes()));
        make("--triple-wrap", "triple");
        verify("triple", "encrypted");
        decrypt("encrypted", "inner");
        verify("inner", "content");
        assert!(without_cr(&dir.read("content")).ends_with(BODY.as_bytes()));
    }
}

#[test]
fn gpgsm_opens_what_we_make() {
    if !have(&[Peer::Openssl, Peer::Gpgsm], "sign+encrypt with gpgsm") {
        return;
    }
    let homes = Homes::new();
    let dir = Dir::new();
    let make = |how: &str, name: &str| {
        let more = args![
            "-r",
            certificate("bob"),
            "-q",
            "--opaque",
            "--format",
            "der",
            "-o",
            dir.file(name)
        ];
        seal(how, &more)
            .input(mail("To: bob@example.com\n"))
            .run()
            .expect(0);
    };
    let gpgsm = |what: &str, from: &Path, to: &str| -> Vec<u8> {
        let out = dir.file(to);
        homes.gpgsm(args!["--output", &out, what, from]).unwrap();
        dir.read(to)
    };
    make("--sign", "both");
    let entity = gpgsm("--decrypt", &dir.file("both"), "entity");
    let signed = dir.write("signed", body(&entity));
    let content = gpgsm("--verify", &signed, "content");
    assert!(without_cr(&content).ends_with(BODY.as_bytes()));
    make("--triple-wrap", "triple");
    let entity = gpgsm("--verify", &dir.file("triple"), "outer");
    let encrypted = dir.write("encrypted", body(&entity));
    let entity = gpgsm("--decrypt", &encrypted, "middle");
    let signed = dir.write("signed", body(&entity));
    let content = gpgsm("--verify", &signed, "content");
    assert!(without_cr(&content).ends_with(BODY.as_bytes()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Nowhere in what leaves do sixteen octets of the content stand, in any copy, be it read as it is or out of base64.
    #[test]
    fn no_window_of_the_content_is_written(seed in any::<u64>(), length in 16usize..20_000, wrap in any::<bool>()) {
        let dir = Dir::new();
        let mut input = mail("To: bob@example.com\nBcc: dave@example.com\n");
        input.truncate(input.len() - BODY.len());
        let text: Vec<u8> = noise(seed, length).iter().flat_map(|b| format!("{b:02x} ").into_bytes()).collect();
        for line in text.chunks(60) {
            input.extend_from_slice(line);
            input.push(b'\n');
        }
        let how = if wrap { "--triple-wrap" } else { "--sign" };
        let more = args!["--to-header", "-q", "-o", dir.file("m.eml")];
        seal(how, &more).input(input).run().expect(0);
        prop_assert_eq!(dir.entries(), ["m.bcc-1.eml", "m.eml"]);
        for name in dir.entries() {
            let message = dir.read(&name);
            let text = String::from_utf8_lossy(&message);
            let mut octets = Vec::new();
            for block in text.split("\n\n").filter(|it| it.lines().all(|line| !line.contains(' ') && !line.contains(':'))) {
                let _ = base64::Decoder::new(block.as_bytes()).read_to_end(&mut octets);
            }
            prop_assert!(octets.len() > length, "{}", octets.len());
            for window in windows(seed, length) {
                prop_assert!(!is_in(&window, &message) && !is_in(&window, &octets));
            }
        }
    }
}

/// Windows of the content, all over it.
fn windows(seed: u64, length: usize) -> Vec<Vec<u8>> {
    let text: Vec<u8> = noise(seed, length)
        .iter()
        .flat_map(|b| format!("{b:02x} ").into_bytes())
        .collect();
    let windows = text.chunks(60).filter_map(|line| line.get(..16));
    windows.map(<[u8]>::to_vec).collect()
}

// --------------------------------------------------------------------------------------------------------- blind recipients

const BLIND: &str =
    "To: bob@example.com\nCc: carol@example.com\nBcc: dave@example.com, frank@example.com\n";

/// The serial numbers of those for whom a message is encrypted.
fn recipients(message: &[u8]) -> Vec<String> {
    let report = smime(args!["inspect", "--json"])
        .input(message)
        .run()
        .expect(0)
        .json();
    let layers = report["layers"].as_array().unwrap();
    let encrypted = layers.iter().find(|it| it["kind"] == "encrypted").unwrap();
    let all = encrypted["recipients"].as_array().unwrap().iter();
    all.map(|it| it["serial"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_blind_recipient_gets_a_copy_of_his_own() {
    for how in [
        args![],
        join(&[&args!["--sign"], &as_alice()]),
        join(&[&args!["--triple-wrap"], &as_alice()]),
    ] {
        let dir = Dir::new();
        let more = join(&[&how, &args!["--to-header", "-o", dir.file("m.eml")]]);
        let run = encrypt(&more).input(mail(BLIND)).run().expect(0);
        assert_eq!(dir.entries(), ["m.bcc-1.eml", "m.bcc-2.eml", "m.eml"]);
        let report = run.json();
        let copies = report["copies"].as_array().unwrap();
        let told: Vec<_> = copies
            .iter()
            .map(|it| {
                (
                    &it["for"][0],
                    it["file"]
                        .as_str()
                        .unwrap()
                        .rsplit('/')
                        .next()
                        .unwrap()
                        .to_owned(),
                )
            })
            .collect();
        assert_eq!(told[0].0, "dave@example.com");
        assert_eq!(told[1].0, "frank@example.com");
        assert_eq!(told[1].1, "m.bcc-2.eml");
        let [first, second, message] =
            ["m.bcc-1.eml", "m.bcc-2.eml", "m.eml"].map(|it| dir.read(it));
        for (file, readers) in [
            (&message, &["bob", "carol"][..]),
            (&first, &["dave"]),
            (&second, &["frank"]),
        ] {
            assert_eq!(recipients(file).len(), readers.len());
            for who in ["bob", "carol", "dave", "frank"] {
                let run = smime(join(&[&args!["open", "-q"], &trusting(), &identity(who)]))
                    .input(file.clone())
                    .run();
                assert_eq!(run.code == 0, readers.contains(&who), "{who}");
                if run.code == 0 {
                    assert!(without_cr(&run.stdout).ends_with(BODY.as_bytes()));
                    assert!(!is_in(b"Bcc:", &run.stdout) && !is_in(b"dave@", &run.stdout));
                }
            }
            // nothing tells one of another
            for hidden in ["Bcc:", "dave@", "frank@"] {
                assert!(!is_in(hidden.as_bytes(), file), "{hidden}");
            }
            assert!(is_in(b"To: bob@example.com\nCc: carol@example.com\n", file));
        }
        let mode = std::fs::metadata(dir.file("m.bcc-1.eml"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_group_gets_one_copy() {
    let dir = Dir::new();
    let more = args!["--to-header", "--bcc", "group", "-o", dir.file("m")];
    let report = encrypt(&more).input(mail(BLIND)).run().expect(0).json();
    assert_eq!(dir.entries(), ["m", "m.bcc"]);
    assert_eq!(report["copies"][0]["for"].as_array().unwrap().len(), 2);
    let (message, copy) = (dir.read("m"), dir.read("m.bcc"));
    for who in ["dave", "frank"] {
        assert!(
            can_decrypt(who, &copy) && !can_decrypt(who, &message),
            "{who}"
        );
    }
    assert!(can_decrypt("bob", &message) && !can_decrypt("bob", &copy));
}

#[test]
fn blind_recipients_are_refused_where_they_would_be_seen() {
    let dir = Dir::new();
    for more in [
        args![],
        args!["-o", "-"],
        args!["-o", "/dev/null"],
        args!["--bcc", "group"],
        args!["--bcc", "refuse", "-o", dir.file("m.eml")],
    ] {
        let run = encrypt(&join(&[&args!["--to-header"], &more]))
            .input(mail(BLIND))
            .run()
            .expect(1);
        let text = format!("{}{}", run.text(), run.stderr);
        assert!(
            text.contains("\"blind-copy\"") && text.contains("dave@example.com"),
            "{text}"
        );
        assert!(!text.contains("BEGIN") && !text.contains("pkcs7-mime"));
        let hint = if more.contains(&"refuse".into()) {
            "--bcc each"
        } else {
            "-o FILE"
        };
        assert!(text.contains(hint), "{text}");
    }
    assert!(dir.entries().is_empty());
    // if all may know
    let more = args![
        "--to-header",
        "--bcc",
        "refuse",
        "--allow",
        "blind-copy",
        "-q"
    ];
    let message = encrypt(&more).input(mail(BLIND)).run().expect(0).stdout;
    assert_eq!(recipients(&message).len(), 4);
    assert!(!is_in(b"Bcc:", &message));
}

/// A certificate that names nobody in the header may be that of somebody in Bcc, whom all would see: he is named by address, or it is allowed.
#[test]
fn a_certificate_without_the_address_in_bcc_is_not_seen() {
    let dir = Dir::new();
    let (bob, stranger) = (certificate("bob"), certificate("other-address"));
    let named = args!["-r", &bob, "-r", &stranger, "-o", dir.file("m.eml")];
    let header = "To: bob@example.com\nBcc: secret@example.com\n";
    let run = encrypt(&named).input(mail(header)).run().expect(1);
    assert!(rules(&run.json()).contains(&"possible-blind-copy".to_owned()));
    assert!(dir.entries().is_empty());
    let open = "To: bob@example.com\n";
    encrypt(&named).input(mail(open)).run().expect(0);
}

/// Whoever is named with -r and stands in Bcc is as blind as with --to-header; who is in To as well is not.
#[test]
fn recipients_that_bcc_names_are_blind() {
    let dir = Dir::new();
    let out = args!["-o", dir.file("m.eml")];
    let (dave, bob) = (certificate("dave"), certificate("bob"));
    for named in [
        args!["-r", &dave, "-r", &bob],
        args!["-r", "dave@example.com", "-r", "bob@example.com"],
    ] {
        let report = encrypt(&join(&[&named, &out]))
            .input(mail(BLIND))
            .run()
            .expect(0)
            .json();
        assert_eq!(dir.entries(), ["m.bcc-1.eml", "m.eml"]);
        assert!(
            can_decrypt("dave", &dir.read("m.bcc-1.eml"))
                && !can_decrypt("dave", &dir.read("m.eml"))
        );
        // frank gets nothing, and that is said
        assert!(
            rules(&report).contains(&"blind-copy-left-out".to_owned()),
            "{report:#}"
        );
        std::fs::remove_file(dir.file("m.bcc-1.eml")).unwrap();
    }
    let both = "To: bob@example.com, dave@example.com\nBcc: dave@example.com\n";
    let report = encrypt(&join(&[&args!["--to-header"], &out]))
        .input(mail(both))
        .run()
        .expect(0)
        .json();
    assert_eq!(dir.entries(), ["m.eml"]);
    assert!(
        report["copies"].is_null() && !rules(&report).contains(&"blind-copy-left-out".to_owned())
    );
    assert!(can_decrypt("dave", &dir.read("m.eml")));
    // nobody is blind where nobody is named
    for header in [
        "To: bob@example.com\nBcc: \n",
        "To: bob@example.com\nBCC:\n",
    ] {
        encrypt(&join(&[&args!["--to-header"], &out]))
            .input(mail(header))
            .run()
            .expect(0);
        assert_eq!(dir.entries(), ["m.eml"]);
        assert!(!is_in(b"bcc:", &dir.read("m.eml").to_ascii_lowercase()));
    }
}

#[test]
fn all_copies_or_none() {
    // one of the blind has no certificate that can be used
    for (blind, code) in [
        ("erin@example.com", 1),
        ("nobody@example.com", 4),
        ("not an address", 3),
    ] {
        let dir = Dir::new();
        let header = format!("To: bob@example.com\nBcc: dave@example.com, {blind}\n");
        let more = args!["--to-header", "-o", dir.file("m.eml")];
        encrypt(&more).input(mail(&header)).run().expect(code);
        assert!(dir.entries().is_empty(), "{blind}");
    }
    // nobody but the blind
    let dir = Dir::new();
    let more = args!["--to-header", "-o", dir.file("m.eml")];
    let run = encrypt(&more)
        .input(mail("Bcc: dave@example.com\n"))
        .run()
        .expect(4);
    assert!(
        run.text().contains("only-blind-recipients"),
        "{}",
        run.text()
    );
    assert!(dir.entries().is_empty());
    // a place that cannot be had
    std::fs::create_dir(dir.file("m.bcc-2.eml")).unwrap();
    let run = encrypt(&more).input(mail(BLIND)).run().expect(2);
    assert!(run.text().contains("m.bcc-2.eml"), "{}", run.text());
    assert_eq!(dir.entries(), ["m.bcc-2.eml"]);
    // what is read is not written over
    let dir = Dir::new();
    let input = dir.write("m.bcc-1.eml", mail(BLIND));
    let more = args!["--to-header", "-o", dir.file("m.eml"), &input];
    encrypt(&more).run().expect(2);
    assert_eq!(dir.read("m.bcc-1.eml"), mail(BLIND));
    assert_eq!(dir.entries(), ["m.bcc-1.eml"]);
}

/// A file that nobody named is not written over, and no copy of an older message lies beside a new one.
#[test]
fn old_copies_are_neither_replaced_nor_left_beside_a_new_message() {
    let one = "To: bob@example.com\nBcc: dave@example.com\n";
    let none = "To: bob@example.com\n";
    for (old, header, group) in [
        ("m.bcc-1.eml", BLIND, false),
        ("m.bcc-2.eml", BLIND, false),
        ("m.bcc-2.eml", one, false),
        ("m.bcc-1.eml", none, false),
        ("m.bcc.eml", BLIND, false),
        ("m.bcc.eml", none, true),
        ("m.bcc.eml", BLIND, true),
        ("m.bcc-3.eml", BLIND, true),
    ] {
        let dir = Dir::new();
        for name in ["m.eml", old] {
            dir.write(name, "old");
        }
        let how = if group { "group" } else { "each" };
        let more = args!["--to-header", "--bcc", how, "-o", dir.file("m.eml")];
        let run = encrypt(&more).input(mail(header)).run().expect(2);
        let text = run.text();
        assert!(text.contains(&format!("{old} is there already")), "{text}");
        assert!(text.contains("another FILE with -o"), "{text}");
        assert_eq!(dir.entries().len(), 2);
        assert!(["m.eml", old].iter().all(|it| dir.read(it) == b"old"));
        // what was sent on is moved away, and the file that was named is replaced
        std::fs::remove_file(dir.file(old)).unwrap();
        encrypt(&more).input(mail(header)).run().expect(0);
        assert_ne!(dir.read("m.eml"), b"old");
    }
}

/// Whenever it is killed: no file is there in part, and where the message is new its copies are.
#[test]
fn killed_with_copies() {
    let work = Dir::new();
    let mut input = mail(BLIND);
    input.extend(BODY.repeat(40_000).into_bytes());
    let input = work.write("in.eml", input);
    let dir = Dir::new();
    let line = join(&[
        &args![
            "encrypt",
            "-q",
            "--to-header",
            "-c",
            fixture("certs"),
            "-o",
            dir.file("m.eml")
        ],
        &trusting(),
        &args![&input],
    ]);
    let start = std::time::Instant::now();
    smime(line.clone()).run().expect(0);
    let whole = start.elapsed();
    let names = ["m.bcc-1.eml", "m.bcc-2.eml", "m.eml"];
    let is_there = |name: &str| dir.file(name).exists();
    let sizes = names.map(|name| dir.read(name).len());
    let (mut old, mut new) = (0, 0);
    for share in [0.2, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 1.0, 1.02] {
        for name in names.into_iter().filter(|it| is_there(it)) {
            std::fs::remove_file(dir.file(name)).unwrap();
        }
        dir.write("m.eml", "old");
        let mut child = std::process::Command::new(SMIME)
            .args(&line)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole.mul_f64(share));
        let _ = child.kill();
        child.wait().unwrap();
        let is_new: Vec<bool> = names
            .iter()
            .zip(sizes)
            .map(|(name, size)| {
                if !is_there(name) {
                    return false;
                }
                let length = dir.read(name).len();
                let is_old = *name == "m.eml" && length == 3;
                assert!(length == size || is_old, "{name} is there in part");
                length == size
            })
            .collect();
        assert!(!is_new[2] || is_new.iter().all(|it| *it), "{is_new:?}");
        old += usize::from(!is_new[2]);
        new += usize::from(is_new[2]);
    }
    say(&format!(
        "killed with copies: {old} times before, {new} after"
    ));
    assert!(old > 0);
}

#[test]
fn so_many_copies_and_not_one_more() {
    if !have(&[Peer::Openssl], "a certificate of many addresses") {
        return;
    }
    let limit = smime::policy::Limits::default().blind_copies;
    let address = |n: usize| format!("a{n}@example.com");
    let names: Vec<String> = (0..=limit + 1)
        .map(|n| format!("email:{}", address(n)))
        .collect();
    let clock = Clock::new();
    let dir = &clock.dir;
    let many = format!(
        "\n[many]\nkeyUsage = keyAgreement\nsubjectAltName = {}\n",
        names.join(",")
    );
    dir.write("conf", [CONFIGURATION, &many].concat());
    clock.issue("many", "many", "30");
    for (number, code) in [(limit, 0), (limit + 1, 3)] {
        let out = Dir::new();
        let blind: Vec<String> = (1..=number).map(address).collect();
        let input = mail(&format!("To: {}\nBcc: {}\n", address(0), blind.join(", ")));
        let line = |file: &str, more: &[OsString]| {
            let base = args![
                "encrypt",
                "--json",
                "--to-header",
                "-c",
                dir.file("many.pem")
            ];
            let rest = args!["-t", dir.file("ca.pem"), "-o", out.file(file)];
            smime(join(&[&base, &rest, more]))
                .input(input.clone())
                .run()
        };
        let run = line("m.eml", &[]).expect(code);
        assert_eq!(out.entries().len(), if code == 0 { limit + 1 } else { 0 });
        if code != 0 {
            assert!(said(&run).contains(&format!("the limit of {limit}")));
        }
        line("group.eml", &args!["--bcc", "group"]).expect(0);
    }
}

// ------------------------------------------------------------------------------------------------------ what is kept of senders

/// A message that somebody signed at some time.
fn signed(who: &str, at: &str, more: &[OsString]) -> Vec<u8> {
    let from = format!("From: {who}@example.com\nTo: bob@example.com\nSubject: x\n\nhello\n");
    let base = args!["sign", "-q", "--at", at];
    smime(join(&[&base, &identity(who), more]))
        .input(from)
        .run()
        .expect(0)
        .stdout
}

fn learns(verb: &str, directory: &Path, message: &[u8], more: &[OsString]) -> Run {
    let base = args![verb, "--json", "--learn", directory];
    let out = match verb {
        "open" => join(&[&args!["-o", "/dev/null"], &identity("bob")]),
        _ => args![],
    };
    smime(join(&[&base, &trusting(), &out, more]))
        .input(message)
        .run()
}

fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_passing_sender_is_learned_and_encrypted_to() {
    let message = signed("carol", "2026-11-01T09:00:00Z", &[]);
    let sealed = encrypt(&args!["-r", "bob@example.com", "-q"])
        .input(message.clone())
        .run()
        .expect(0)
        .stdout;
    for (verb, message) in [("verify", &message), ("open", &message), ("open", &sealed)] {
        let dir = Dir::new();
        let known = dir.file("deep/known");
        let report = learns(verb, &known, message, &[]).expect(0).json();
        assert_eq!(report["learned"][0]["new"], true);
        assert_eq!(
            report["learned"][0]["signer"]["emails"][0],
            "carol@example.com"
        );
        let [name] = names(&known).try_into().unwrap();
        assert!(name.len() == 68 && name.ends_with(".pem"), "{name}");
        assert!(
            report["learned"][0]["file"]
                .as_str()
                .unwrap()
                .ends_with(&name)
        );
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&known), mode(&known.join(&name))), (0o700, 0o600));
        let text = std::fs::read_to_string(known.join(&name)).unwrap();
        assert!(
            !text.contains("hello") && !text.contains("aGVsbG8"),
            "the content is not kept"
        );
        // learned: encrypted to, by address, with what she reads
        let line = join(&[
            &args![
                "encrypt",
                "--json",
                "-o",
                dir.file("out"),
                "-r",
                "carol@example.com",
                "-c",
                &known
            ],
            &trusting(),
        ]);
        let report = smime(line).input(mail("")).run().expect(0).json();
        assert_eq!(report["layers"][0]["cipher_choice"], "known-to-all");
        assert_eq!(report["layers"][0]["cipher"], "aes-256-gcm");
        assert_eq!(report["layers"][0]["bound_key"], true, "she announces it");
        assert!(can_decrypt("carol", &dir.read("out")));
        // under no anchor it is nothing
        let other = fixture("reasons/ca.pem");
        if other.exists() {
            let line = args![
                "encrypt",
                "-q",
                "-r",
                "carol@example.com",
                "-c",
                &known,
                "-t",
                other
            ];
            let run = smime(line).input(mail("")).run();
            assert!(run.code != 0 && run.stdout.is_empty());
        }
    }
}

#[test]
fn nothing_is_learned_from_what_does_not_pass() {
    let message = signed("carol", "2026-11-01T09:00:00Z", &[]);
    let text = String::from_utf8(message.clone()).unwrap();
    let dir = Dir::new();
    let known = dir.file("known");
    let changed = text.replace("hello", "hullo").into_bytes();
    let from_bob = text.replace("From: carol@", "From: bob@").into_bytes();
    let expired = fixture_bytes("messages/clear-expired.eml");
    for message in [&changed, &from_bob, &expired] {
        learns("verify", &known, message, &[]).expect(1);
        assert!(names(&known).is_empty());
    }
    // it passes, but not as the mail of a sender whom an anchor vouches for
    let no_from = text
        .replacen("From: carol@example.com\n", "", 1)
        .into_bytes();
    let opaque = signed("carol", "2026-11-01T09:00:00Z", &args!["--opaque"]);
    let ciphertext = encrypt(&args!["-r", "bob@example.com", "-q"])
        .input(mail(""))
        .run()
        .expect(0)
        .stdout;
    let envelope = smime(join(&[&args!["sign", "-q"], &as_alice()]))
        .input(ciphertext.clone())
        .run()
        .expect(0)
        .stdout;
    let future = signed("carol", "2039-11-01T09:00:00Z", &[]);
    let at = args!["--at", "2026-11-01T10:00:00Z"];
    // sent on by somebody else, and signed all the same
    let forwarded = format!(
        "From: mallory@example.com\nContent-Type: multipart/mixed; boundary=forwarded\n\n\
         --forwarded\nContent-Type: message/rfc822\n\n{text}\n--forwarded--\n"
    )
    .into_bytes();
    for (verb, message, more) in [
        ("verify", &forwarded, args!["--part", "1.1"]),
        ("open", &forwarded, args!["--part", "1.1"]),
        ("verify", &from_bob, args!["--signer", "carol@example.com"]),
        (
            "verify",
            &message,
            args!["--allow", "untrusted", "-t", certificate("bob")],
        ),
        ("verify", &no_from, args![]),
        ("verify", &envelope, args![]),
        ("open", &envelope, args![]),
        ("open", &ciphertext, args![]),
        ("verify", &future, at.clone()),
    ] {
        let untrusted = more.contains(&"untrusted".into());
        let run = match untrusted {
            // none of the fixtures' anchors
            true => smime(join(&[
                &args!["verify", "--json", "--learn", &known],
                &more,
            ]))
            .input(message.clone())
            .run(),
            false => learns(verb, &known, message, &more),
        };
        let report = run.expect(0).json();
        assert!(
            rules(&report).contains(&"not-learned".to_owned()),
            "{report:#}"
        );
        assert!(names(&known).is_empty() && report["learned"].is_null());
        if !untrusted {
            let denied = join(&[&more, &args!["--deny", "not-learned"]]);
            learns(verb, &known, message, &denied).expect(1);
        }
    }
    // and not under the eyes of --signer, if From says the same
    learns(
        "verify",
        &known,
        &opaque,
        &args!["--signer", "carol@example.com"],
    )
    .expect(0);
    assert_eq!(names(&known).len(), 1);
}

#[test]
fn only_what_is_newer_takes_the_place() {
    let dir = Dir::new();
    let known = dir.file("known");
    let at = |day: u32| signed("carol", &format!("2026-11-{day:02}T09:00:00Z"), &[]);
    let (old, middle, new) = (at(1), at(2), at(3));
    let mut kept = Vec::new();
    for (message, is_new) in [
        (&middle, true),
        (&old, false),
        (&middle, false),
        (&new, true),
        (&middle, false),
    ] {
        let report = learns("verify", &known, message, &[]).expect(0).json();
        assert_eq!(report["learned"][0]["new"], is_new);
        let [name] = names(&known).try_into().unwrap();
        let text = std::fs::read(known.join(name)).unwrap();
        assert_eq!(text != kept, is_new);
        kept = text;
    }
    // another sender has a file of his own, and what is no record is replaced
    learns(
        "verify",
        &known,
        &signed("gina", "2026-11-01T09:00:00Z", &[]),
        &[],
    )
    .expect(0);
    assert_eq!(names(&known).len(), 2);
    for name in names(&known) {
        std::fs::write(
            known.join(name),
            "-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n",
        )
        .unwrap();
    }
    learns("verify", &known, &old, &[]).expect(0);
    // a directory that cannot be made, or is none
    let file = dir.write("file", "x");
    for directory in [file.clone(), file.join("in")] {
        let run = learns("open", &directory, &old, &[]).expect(5);
        assert!(run.text().contains("file"), "{}", run.text());
    }
    assert_eq!(std::fs::read(file).unwrap(), b"x");
}

#[test]
fn a_changed_record_teaches_nothing() {
    let dir = Dir::new();
    let known = dir.file("known");
    learns(
        "verify",
        &known,
        &signed("carol", "2026-11-01T09:00:00Z", &[]),
        &[],
    )
    .expect(0);
    let [name] = names(&known).try_into().unwrap();
    let path = known.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once("-----BEGIN CMS-----\n").unwrap();
    let base64 = rest.split("-----END").next().unwrap();
    let mut der = Vec::new();
    base64::Decoder::new(base64.as_bytes())
        .read_to_end(&mut der)
        .unwrap();
    let write = |der: &[u8]| {
        use std::io::Write as _;
        let mut encoder = base64::Encoder::new(Vec::new(), "\n");
        encoder.write_all(der).unwrap();
        let base64 = String::from_utf8(encoder.finish().unwrap()).unwrap();
        std::fs::write(
            &path,
            format!("{head}-----BEGIN CMS-----\n{base64}-----END CMS-----\n"),
        )
        .unwrap();
    };
    let choose = || {
        let line = join(&[
            &args![
                "encrypt",
                "--json",
                "-o",
                dir.file("out"),
                "-r",
                "carol@example.com",
                "-c",
                &known
            ],
            &trusting(),
        ]);
        smime(line).input(mail("")).run()
    };
    write(&der);
    choose().expect(0);
    // the signing time is among what is signed
    let time = memchr::memmem::find(&der, b"261101090000Z").unwrap();
    let mut changed = der.clone();
    changed[time + 1] = b'7';
    write(&changed);
    choose().expect(4);
    // a record of nobody's: certificates alone are certificates that were given
    let certificates = args![
        "encrypt",
        "--json",
        "-o",
        dir.file("out"),
        "-r",
        "carol@example.com",
        "-c",
        certificate("carol"),
        "-c",
        certificate("intermediate")
    ];
    let report = smime(join(&[&certificates, &trusting()]))
        .input(mail(""))
        .run()
        .expect(0)
        .json();
    assert_eq!(report["layers"][0]["cipher_choice"], "default");
}

#[test]
fn many_learn_at_once() {
    let dir = Dir::new();
    let known = dir.file("known");
    let messages: Vec<Vec<u8>> = (1..=6)
        .map(|day| signed("carol", &format!("2026-11-{day:02}T09:00:00Z"), &[]))
        .collect();
    let runs = parallel(&messages, |message| {
        learns("verify", &known, message, &[]).code
    });
    assert!(runs.iter().all(|code| *code == 0));
    assert_eq!(
        names(&known).len(),
        1,
        "one whole file and nothing beside it"
    );
    // the newest has it
    let report = learns("verify", &known, &messages[5], &[]).expect(0).json();
    assert_eq!(report["learned"][0]["new"], false);
    let line = join(&[
        &args!["encrypt", "-q", "-r", "carol@example.com", "-c", &known],
        &trusting(),
    ]);
    smime(line).input(mail("")).run().expect(0);
}

/// Names in certificates and messages become no paths, nor anything on the terminal.
#[test]
fn hostile_names_stay_names() {
    let dir = Dir::new();
    let known = dir.file("known");
    let base = args!["verify", "--learn", &known];
    let message = fixture("messages/clear-hostile.eml");
    let run = smime(join(&[&base, &trusting(), &args![message]]))
        .run()
        .expect(0);
    assert!(run.text().contains("learned"), "{}", run.text());
    assert!(run.text().chars().all(|c| c == '\n' || !c.is_control()));
    let [name] = names(&known).try_into().unwrap();
    assert!(
        name.strip_suffix(".pem")
            .unwrap()
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
    );
    assert_eq!(dir.entries(), ["known"]);
}

/// The certificates in a signed message count as far as it verifies, opaque or clear.
#[test]
fn certificates_of_a_message_that_fails_are_not_given() {
    let dir = Dir::new();
    let opaque = signed("carol", "2026-11-01T09:00:00Z", &args!["--opaque"]);
    let good = dir.write("good.eml", &opaque);
    let text = String::from_utf8(opaque).unwrap();
    let bad = dir.write("bad.eml", text.replace("From: carol@", "From: bob@"));
    let to = |file: &Path| {
        let line = args![
            "encrypt",
            "--json",
            "-o",
            dir.file("out"),
            "-r",
            "carol@example.com",
            "-c",
            file,
            "-c",
            certificate("intermediate")
        ];
        smime(join(&[&line, &trusting()])).input(mail("")).run()
    };
    let report = to(&good).expect(0).json();
    assert_eq!(report["layers"][0]["cipher_choice"], "known-to-all");
    to(&bad).expect(4);
}

/// RFC 8551 §2.7.1: what a signer reads is said of his key, not of everybody who has his address.
#[test]
fn capabilities_belong_to_a_key() {
    if !have(&[Peer::Openssl], "two certificates of one address") {
        return;
    }
    let clock = Clock::new();
    let dir = &clock.dir;
    let both = "\n[both]\nkeyUsage = digitalSignature, keyAgreement\nsubjectAltName = email:alice@example.com\n";
    dir.write("conf", [CONFIGURATION, both].concat());
    clock.issue("one", "both", "30");
    clock.issue("other", "both", "30");
    let identity = dir.write(
        "identity.pem",
        [dir.read("one.key"), dir.read("one.pem")].concat(),
    );
    let signed = dir.file("signed.eml");
    smime(args!["sign", "-q", "-i", identity, "-o", &signed])
        .input(mail(""))
        .run()
        .expect(0);
    for (recipient, choice) in [("one.pem", "known-to-all"), ("other.pem", "default")] {
        let line = args![
            "encrypt",
            "--json",
            "-o",
            dir.file("out"),
            "-t",
            dir.file("ca.pem"),
            "-r",
            dir.file(recipient),
            "-c",
            &signed
        ];
        let report = smime(line).input(mail("")).run().expect(0).json();
        let layer = &report["layers"][0];
        assert_eq!(layer["cipher_choice"], choice, "{recipient}");
        let bound = layer["bound_key"] == true;
        assert_eq!(bound, choice == "known-to-all", "{recipient}");
    }
}

/// What is never signed by `sign` is not signed on the way to being encrypted either.
#[test]
fn signed_attributes_are_not_signed_as_a_content() {
    let attributes = fixture("negative/cases/e8-attributes.der");
    let how = args![
        "--opaque",
        "--binary",
        "-r",
        certificate("bob"),
        &attributes
    ];
    let run = seal("--sign", &how).run().expect(3);
    let report = String::from_utf8(run.stderr.clone().into()).unwrap();
    assert!(
        report.contains("\"signed-attributes\"") && run.stdout.is_empty(),
        "{report}"
    );
    let attributes = std::fs::read(&attributes).unwrap();
    let other = [&attributes[..], b"."].concat();
    let how = args!["--opaque", "--binary", "-r", certificate("bob"), "-"];
    seal("--sign", &how).input(other).run().expect(0);
}
