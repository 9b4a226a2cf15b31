//! Faults that were found and mended, one case each; the first line of a case says what went wrong.
use crate::support::*;
use std::ffi::OsString;

fn signed_by_openssl(dir: &Dir, content: &[u8], options: &[&str]) -> Option<Vec<u8>> {
    if !have(&[Peer::Openssl], "a message signed by OpenSSL") {
        return None;
    }
    let input = dir.write("content", content);
    let mut line = args![
        "cms",
        "-sign",
        "-in",
        input,
        "-signer",
        fixture("certs/alice.pem"),
        "-inkey",
        fixture("keys/alice.pem"),
        "-certfile",
        fixture("certs/intermediate.pem")
    ];
    line.extend(options.iter().map(Into::into));
    let message = openssl(Peer::Openssl, line).run().expect(0).stdout;
    Some([&b"From: alice@example.com\n"[..], &message].concat())
}

/// `verify -o` wrote CRLF where the signature held only over the LF that was received.
#[test]
fn what_comes_out_is_what_was_signed() {
    let dir = Dir::new();
    let content = b"Content-Type: application/octet-stream\n\n\x00\x01\xff\n\r\nx\ny\n";
    let Some(message) = signed_by_openssl(&dir, content, &["-binary"]) else {
        return;
    };
    let file = dir.write("message", &message);
    let out = dir.file("out");
    let line = join(&[&args!["verify", "-q", "-o", &out], &trusting()]);
    smime(join(&[&line, &args![&file]])).run().expect(0);
    assert_eq!(dir.read("out"), content);
    // a pipe is not read twice: an error, and nothing written
    std::fs::remove_file(&out).unwrap();
    let run = smime(line).input(message).run();
    assert_eq!(run.code, 2, "{run:?}");
    assert!(!out.exists());
}

/// What was hashed was not what was written: a CR before CRLF, and binary content, under a header with LF.
#[test]
fn what_is_signed_verifies() {
    for (encoding, body) in [
        ("7bit", &b"a\r\r\nb\n"[..]),
        ("7bit", b"a\rb\n"),
        ("7bit", b"\r"),
        ("binary", b"a\r\nb\nc\r\r\n\x00\xff"),
        ("8bit", b"\xff\n"),
        ("7bit", b""),
    ] {
        let head = format!("From: alice@example.com\nContent-Transfer-Encoding: {encoding}\n\n");
        let message = [head.as_bytes(), body].concat();
        let dir = Dir::new();
        let file = dir.write("message", &message);
        let sign = join(&[&args!["sign", "-q"], &as_alice()]);
        let verify = join(&[&args!["verify", "-q"], &trusting()]);
        let signed = smime(join(&[&sign, &args![file]])).run().expect(0).stdout;
        smime(verify.clone()).input(signed).run().expect(0);
        // from a pipe either it verifies, or it is an error
        let run = smime(sign).input(message).run();
        match run.code {
            0 => drop(smime(verify).input(run.stdout).run().expect(0)),
            code => assert_eq!(code, 3, "{run:?}"),
        }
    }
}

/// Of CR CR LF in what is signed, `decrypt` under a header with LF left CR LF, and the signature inside did not hold any more.
#[test]
fn what_comes_out_of_encryption_is_what_was_signed() {
    let dir = Dir::new();
    let content = b"Content-Type: text/plain\r\n\r\none\r\r\ntwo\r\r\r\n\r\n";
    let Some(message) = signed_by_openssl(&dir, content, &["-binary"]) else {
        return;
    };
    let alice = args!["-r", fixture("certs/alice.pem"), "--allow", "untrusted"];
    let encrypt = join(&[&args!["encrypt", "-q"], &alice, &trusting()]);
    let encrypted = smime(encrypt).input(message).run().expect(0).stdout;
    let decrypt = join(&[&args!["decrypt", "-q"], &as_alice()]);
    let decrypted = smime(decrypt).input(encrypted).run().expect(0).stdout;
    let verify = join(&[&args!["verify", "-q"], &trusting()]);
    smime(verify).input(decrypted).run().expect(0);
}

/// `--deny not-7bit` said no after the message had been written.
#[test]
fn what_is_denied_is_denied_before_the_first_byte() {
    let dir = Dir::new();
    let text = "plain text\n".repeat(40_000);
    for (rule, content_type) in [("not-7bit", "message/rfc822"), ("re-encoded", "text/plain")] {
        let message =
            format!("From: alice@example.com\nContent-Type: {content_type}\n\n{text}caf\u{e9}\n");
        let file = dir.write("message", &message);
        let line = join(&[&args!["sign", "--deny", rule, &file], &as_alice()]);
        let run = smime(line).run();
        assert_eq!((run.code, run.stdout.len()), (1, 0), "{rule}: {run:?}");
        assert!(run.stderr.contains(rule), "{}", run.stderr);
        smime(join(&[&args!["sign", "-q", file], &as_alice()]))
            .run()
            .expect(0);
    }
}

/// Text behind a PEM block was not read.
#[test]
fn nothing_follows_a_pem_block() {
    let line = join(&[&args!["sign", "-q", "--format", "pem"], &as_alice()]);
    let pem = smime(line)
        .input(fixture_bytes("messages/plain.eml"))
        .run()
        .expect(0)
        .stdout;
    let verify = join(&[&args!["verify", "-q"], &trusting()]);
    let with = |more: &str| {
        let text = [&pem, more.as_bytes()].concat();
        smime(verify.clone()).input(text).run().code
    };
    assert_eq!(with(""), 0);
    assert_eq!(with("\n\n"), 0);
    assert_eq!(with("more\n"), 3);
    assert_eq!(with(std::str::from_utf8(&pem).unwrap()), 3);
}

/// A CR alone in another field hid a second From from the comparison, not from other readers.
#[test]
fn no_field_hides_another() {
    let clear = String::from_utf8(fixture_bytes("messages/clear.eml")).unwrap();
    let verify = join(&[&args!["verify", "--json"], &trusting()]);
    for hidden in [
        "X-Spam: no\rFrom: ceo@victim.example\n",
        "X-Spam: no\0From: ceo@victim.example\n",
    ] {
        let message = format!("{hidden}{clear}");
        let run = smime(verify.clone()).input(message).run();
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.text().contains("sender-mismatch"));
    }
}

/// A signature around a signature around ciphertext was shown as the content's, and satisfied `--signer`.
#[test]
fn an_envelope_is_seen_through_signatures() {
    let sealed = fixture_bytes("messages/encrypted-rsa-gcm.eml");
    let sign = |message: Vec<u8>, how: &[&str]| {
        let mut line = join(&[&args!["sign", "-q"], &as_alice()]);
        line.extend(how.iter().map(Into::into));
        smime(line).input(message).run().expect(0).stdout
    };
    let open = |message: &[u8], options: &[&str]| {
        let mut line = join(&[
            &args![
                "open",
                "--json",
                "-i",
                fixture("identities/bob.pem"),
                "-o",
                "/dev/null"
            ],
            &trusting(),
        ]);
        line.extend(options.iter().map(Into::into));
        smime(line).input(message).run()
    };
    for (inner, outer) in [
        (&[][..], &[][..]),
        (&["--opaque"], &[]),
        (&[], &["--opaque"]),
        (&["--opaque"], &["--opaque"]),
    ] {
        let message = sign(sign(sealed.clone(), inner), outer);
        let run = open(&message, &[]).expect(0);
        assert_eq!(run.text().matches("covers-ciphertext").count(), 2);
        let run = open(&message, &["--signer", "alice@example.com"]);
        assert_eq!(run.code, 1, "{run:?}");
    }
}

/// The From of a plaintext whose tag was wrong came out in the report.
#[test]
fn what_is_not_proven_is_not_reported() {
    let line = join(&[
        &args![
            "encrypt",
            "-q",
            "--cipher",
            "aes-256-gcm",
            "--binary",
            "--format",
            "der",
            "-r",
            fixture("certs/bob.pem"),
            "-c",
            fixture("certs")
        ],
        &trusting(),
    ]);
    let secret = "From: secret-source@hidden.example\n\ntext\n";
    let mut der = smime(line).input(secret).run().expect(0).stdout;
    let last = der.len() - 1;
    der[last] ^= 1;
    let text = data_encoding::BASE64_MIME.encode(&der);
    let entity = format!(
        "From: alice@example.com\nContent-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n{text}"
    );
    let line = join(&[&args!["sign", "-q"], &as_alice()]);
    let message = smime(line).input(entity).run().expect(0).stdout;
    let line = join(&[
        &args!["open", "--json", "-i", fixture("identities/bob.pem")],
        &trusting(),
    ]);
    let run = smime(line).input(message).run();
    assert_eq!(run.code, 1);
    assert!(!run.text().contains("hidden.example") && !run.stderr.contains("hidden.example"));
}

/// Latin-1 was labelled UTF-8.
#[test]
fn text_is_utf_8() {
    let line = join(&[&args!["sign", "--text", "--allow", "no-from"], &as_alice()]);
    let run = smime(line.clone()).input(&b"caf\xe9\n"[..]).run();
    assert_eq!((run.code, run.stdout.len()), (3, 0));
    smime(line).input("café\n").run().expect(0);
}

/// A signed message took, without a word, the place of a certificate that was given for the same address.
#[test]
fn a_message_takes_no_certificate_s_place() {
    let dir = Dir::new();
    let signed = dir.file("alice.eml");
    let sign = join(&[&args!["sign", "-q", "-o", &signed], &as_alice()]);
    let message = fixture("messages/plain.eml");
    smime(join(&[&sign, &args![&message]])).run().expect(0);
    let intermediate = fixture("certs/intermediate.pem");
    let base = join(&[&args!["encrypt", "-c", intermediate], &trusting()]);
    let to = |more: Vec<OsString>| smime(join(&[&base, &more, &args![&message]])).run();
    let (own, other) = (fixture("certs/alice.pem"), fixture("certs/hostile.pem"));
    let address = args!["-r", "alice@example.com"];
    to(join(&[&address, &args!["-c", &signed]])).expect(0);
    to(join(&[&address, &args!["-c", &signed, "-c", &own]])).expect(0);
    let run = to(join(&[&address, &args!["-c", &other, "-c", &signed]])).expect(4);
    assert!(run.stdout.is_empty(), "{run:?}");
    for file in [&signed, &other] {
        let hint = format!("-r {}", file.display());
        assert!(run.stderr.contains(&hint), "{hint}: {run:?}");
    }
    // so do two messages
    let second = dir.file("second.eml");
    let identity = fixture("identities/hostile.pem");
    let sign = args!["sign", "-q", "-o", &second, "-i", identity, &message];
    smime(sign).run().expect(0);
    let both = args!["-c", &second, "-c", &signed];
    let run = to(join(&[&address, &both])).expect(4);
    assert!(run.stderr.contains("several certificates"), "{run:?}");
    to(join(&[&args!["-r", &signed], &both])).expect(0);
}

/// `sign --add` co-signed receipts, time-stamp tokens and whatever else was signed; a countersignature is over a signature.
#[test]
fn what_is_no_mail_is_not_co_signed() {
    let signed = smime(join(&[
        &args!["sign", "-q", "--opaque", "--format", "der"],
        &as_alice(),
        &args![fixture("messages/plain.eml")],
    ]))
    .run()
    .expect(0)
    .stdout;
    let data = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1][..];
    let add = |message: &[u8]| {
        let line = join(&[&args!["sign", "-q", "--add"], &as_alice()]);
        smime(line).input(message).run()
    };
    add(&signed).expect(0);
    // id-envelopedData, and a type that nobody knows
    for arc in [3, 99] {
        let mut other = signed.clone();
        for at in 0..other.len() - data.len() {
            if other[at..].starts_with(data) {
                other[at + data.len() - 1] = arc;
            }
        }
        assert_ne!(other, signed);
        let run = add(&other).expect(3);
        assert!(run.stdout.is_empty(), "{run:?}");
        assert!(run.stderr.contains("not the id-data of mail"), "{run:?}");
    }
}

/// `-o` and `--report` wrote over the key that they were made with.
#[test]
fn what_is_read_is_not_written_over() {
    let dir = Dir::new();
    let key = fixture_bytes("identities/alice.pem");
    let identity = dir.write("alice.pem", &key);
    let root = dir.write("root.pem", fixture_bytes("trust/root.pem"));
    let message = dir.write("m.eml", fixture_bytes("messages/clear.eml"));
    std::os::unix::fs::symlink(&identity, dir.file("link")).unwrap();
    let before = dir.entries();
    let link = dir.file("link");
    for line in [
        args!["sign", "-i", &identity, "-o", &identity, &message],
        args!["sign", "-i", &identity, "-o", &link, &message],
        args!["sign", "-i", &identity, "--report", &link, &message],
        args!["sign", "-i", &identity, "--report", &message, &message],
        args!["sign", "-c", &root, "-i", &identity, "-o", &root, &message],
        args!["verify", "-t", &root, "-o", &root, &message],
        args!["verify", "-t", &root, "--report", &message, &message],
        args!["verify", "-t", &root, "--report", &root, &message],
        args!["cert", "show", "--report", &root, &root],
        args!["cert", "show", "-o", &root, &root],
        args!["cert", "check", "-t", &identity, "-o", &root, &root],
        args!["inspect", "-o", &message, &message],
        // what is not understood writes its report no elsewhere
        args!["sign", "--nonsense", "-i", &identity, "--report", &identity],
    ] {
        let run = smime(line).run().expect(2);
        assert!(run.stdout.is_empty(), "{run:?}");
        assert_eq!(dir.read("alice.pem"), key, "{run:?}");
        assert_eq!(dir.read("root.pem"), fixture_bytes("trust/root.pem"));
        assert_eq!(dir.read("m.eml"), fixture_bytes("messages/clear.eml"));
        assert_eq!(dir.entries(), before);
    }
}

/// A wrong password was answered with advice to give another file; a usage line redirected when it was pasted.
#[test]
fn advice_is_about_what_was_wrong() {
    let dir = Dir::new();
    let password = dir.write("wrong", "not this one\n");
    let identity = fixture("identities/alice.p12");
    let message = fixture("messages/plain.eml");
    for option in [
        args!["--password-file", &password],
        args![format!("--password-file={}", password.display())],
    ] {
        let line = join(&[&args!["sign", "-i", &identity], &option, &args![&message]]);
        let run = smime(line).run().expect(4);
        let hint = format!("the first line of {}", password.display());
        assert!(run.stderr.contains(&hint), "{run:?}");
        assert!(!run.stderr.contains("-i FILE"), "{run:?}");
    }
    let run = smime(args!["verify", "--polic", "modern"]).run().expect(2);
    let hints = run.stderr.lines().filter(|it| it.contains("hint:"));
    let hints: Vec<&str> = hints.collect();
    assert!(hints.iter().any(|it| it.contains("--policy")), "{run:?}");
    assert!(!hints.iter().any(|it| it.contains(['<', '>'])), "{run:?}");
}

/// `open --require 1` was content with a message that nobody signed.
#[test]
fn who_is_required_must_have_signed() {
    let open = |message: &str, more: &[&str]| {
        let line = join(&[
            &args!["open", "--json", "-i", fixture("identities/bob.pem")],
            &trusting(),
        ]);
        let more: Vec<_> = more.iter().map(Into::into).collect();
        let message = fixture_bytes(message);
        smime(join(&[&line, &more])).input(message).run()
    };
    let encrypted = "messages/encrypted-rsa-gcm.eml";
    open(encrypted, &[]).expect(0);
    let run = open(encrypted, &["--require", "1"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("too-few-signers"), "{run:?}");
    open("messages/clear.eml", &["--require", "1"]).expect(0);
}

/// Encrypts these octets, which are no message, to Bob.
fn encrypted_to_bob(content: &[u8]) -> Vec<u8> {
    let line = join(&[
        &args!["encrypt", "-q", "--binary", "-r", fixture("certs/bob.pem")],
        &args!["-c", fixture("certs")],
        &trusting(),
    ]);
    smime(line).input(content).run().expect(0).stdout
}

fn opened_by_bob(message: &[u8], more: &[&str]) -> Run {
    let mut line = join(&[
        &args!["open", "--json", "-i", fixture("identities/bob.pem")],
        &trusting(),
    ]);
    line.extend(more.iter().map(Into::into));
    smime(line).input(message).run()
}

/// `open` gave a CMS object out as the innermost content: a broken signature in it was not looked at.
#[test]
fn a_bare_object_is_a_layer() {
    let signed = |format: &str| {
        let line = args!["sign", "-q", "--opaque", "--format", format];
        let plain = fixture_bytes("messages/plain.eml");
        let line = join(&[&line, &as_alice()]);
        smime(line).input(plain).run().expect(0).stdout
    };
    let der = signed("der");
    let mut broken = der.clone();
    *broken.last_mut().unwrap() ^= 1;
    let base64 = |der: &[u8]| data_encoding::BASE64_MIME.encode(der).into_bytes();
    for (content, code, layers) in [
        (der.clone(), 0, 2),
        (broken.clone(), 1, 2),
        (signed("pem"), 0, 2),
        (base64(&der), 0, 2),
        (base64(&broken), 1, 2),
        // an empty header, so this is text
        ([&b"\n"[..], &signed("pem")].concat(), 0, 1),
        // base64 and PEM of something else
        (b"aGVsbG8sIHdvcmxkIQ==\n".to_vec(), 0, 1),
        (b"-----BEGIN X-----\naGVsbG8=\n".to_vec(), 0, 1),
    ] {
        let run = opened_by_bob(&encrypted_to_bob(&content), &["--allow", "no-from"]);
        assert_eq!(run.code, code, "{run:?}");
        let kinds = run.stderr.matches("\"kind\": \"signed\"").count();
        assert_eq!(kinds + 1, layers, "{run:?}");
    }
    // id-data around it is none that is peeled
    let data = der_of_data(&der);
    let run = opened_by_bob(&encrypted_to_bob(&data), &["--allow", "no-from"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("nested-protection"), "{run:?}");
}

/// ContentInfo of id-data.
fn der_of_data(content: &[u8]) -> Vec<u8> {
    let tlv = |tag: u8, value: &[u8]| {
        let length = u32::try_from(value.len()).unwrap().to_be_bytes();
        [&[tag, 0x84][..], &length, value].concat()
    };
    let oid = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 1];
    let octets = tlv(0xa0, &tlv(4, content));
    tlv(0x30, &[&oid[..], &octets].concat())
}

/// A signature around a bare object that is encrypted was called good.
#[test]
fn a_signature_around_a_bare_ciphertext_says_so() {
    if !have(&[Peer::Openssl], "a message signed by OpenSSL") {
        return;
    }
    let line = join(&[
        &args![
            "encrypt",
            "-q",
            "--format",
            "der",
            "-r",
            fixture("certs/bob.pem")
        ],
        &args!["-c", fixture("certs")],
        &trusting(),
    ]);
    let sealed = smime(line)
        .input(fixture_bytes("messages/plain.eml"))
        .run()
        .expect(0)
        .stdout;
    for content in [
        sealed.clone(),
        data_encoding::BASE64_MIME.encode(&sealed).into_bytes(),
    ] {
        let dir = Dir::new();
        let file = dir.write("content", &content);
        let signed = openssl(
            Peer::Openssl,
            args![
                "cms",
                "-sign",
                "-binary",
                "-nodetach",
                "-outform",
                "DER",
                "-in",
                file,
                "-signer",
                fixture("certs/alice.pem"),
                "-inkey",
                fixture("keys/alice.pem"),
                "-certfile",
                fixture("certs/intermediate.pem")
            ],
        );
        let signed = signed.run().expect(0).stdout;
        let line = args!["verify", "--json", "--signer", "alice@example.com"];
        let run = smime(join(&[&line, &trusting()])).input(signed).run();
        assert!(run.text().contains("covers-ciphertext"), "{run:?}");
    }
}

/// Two From fields came out where the inner header had two, and an inner one nobody signed replaced the outer one without a word.
#[test]
fn the_from_inside_is_one_and_not_silent() {
    let opened = |inner: &str| {
        let content = format!("{inner}Content-Type: text/plain\n\ntext\n");
        let sealed = encrypted_to_bob(content.as_bytes());
        let sealed = String::from_utf8(sealed).unwrap();
        let own = |line: &&str| !line.starts_with("From:");
        let sealed: Vec<_> = sealed.lines().filter(own).collect();
        let message = format!("From: Eve <eve@example.com>\n{}\n", sealed.join("\n"));
        opened_by_bob(message.as_bytes(), &[])
    };
    for (inner, code, rule) in [
        ("", 0, None),
        ("From: eve@example.com\n", 0, None),
        ("From: ceo@example.com\n", 0, Some("unsigned-from")),
        ("From:\n ceo@example.com\n", 0, Some("unsigned-from")),
        (
            "From: eve@example.com\nFrom: ceo@example.com\n",
            1,
            Some("ambiguous-from"),
        ),
        (
            "From: eve@example.com\nFROM : ceo@example.com\n",
            1,
            Some("ambiguous-from"),
        ),
        (
            "X: a\rFrom: ceo@example.com\nFrom: eve@example.com\n",
            1,
            Some("ambiguous-from"),
        ),
    ] {
        let run = opened(inner);
        assert_eq!(run.code, code, "{inner:?} {run:?}");
        assert_eq!(run.stdout.is_empty(), code == 1, "{run:?}");
        for name in ["unsigned-from", "ambiguous-from"] {
            let found = run.stderr.contains(name);
            let wanted = rule == Some(name);
            assert!(found == wanted || code == 1, "{inner:?} {name} {run:?}");
        }
        assert!(rule.is_none_or(|rule| run.stderr.contains(rule)), "{run:?}");
    }
    // what the signature covers is compared with the signer, not warned of
    let line = join(&[&args!["sign", "-q"], &as_alice()]);
    let signed = smime(line)
        .input(fixture_bytes("messages/plain.eml"))
        .run()
        .expect(0)
        .stdout;
    let run = opened_by_bob(&signed, &[]).expect(0);
    assert!(!run.stderr.contains("unsigned-from"));
}

/// The answer named the first address of the signer's certificate, not the one that From has.
#[test]
fn the_answer_names_the_address_that_matched() {
    if !have(&[Peer::Openssl], "a certificate made by OpenSSL") {
        return;
    }
    let dir = Dir::new();
    let (key, certificate) = (dir.file("key.pem"), dir.file("certificate.pem"));
    let names = "subjectAltName=email:ceo@example.com,email:alice@example.com,email:a2@example.com";
    let line = args![
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "3650",
        "-subj",
        "/CN=Alice",
        "-addext",
        names,
        "-keyout",
        &key,
        "-out",
        &certificate
    ];
    openssl(Peer::Openssl, line).run().expect(0);
    let plain = dir.write("plain", fixture_bytes("messages/plain.eml"));
    let line = args![
        "cms",
        "-sign",
        "-in",
        plain,
        "-signer",
        &certificate,
        "-inkey",
        &key
    ];
    let signed = openssl(Peer::Openssl, line).run().expect(0).stdout;
    let message = [&b"From: alice@example.com\n"[..], &signed].concat();
    let headline = |more: &[&str]| {
        let mut line = args!["verify", "-t", &certificate];
        line.extend(more.iter().map(Into::into));
        let run = smime(line).input(message.clone()).run().expect(0);
        let text = format!("{}{}", run.text(), run.stderr);
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(headline(&[]), "good signature of alice@example.com");
    assert_eq!(
        headline(&["--signer", "a2@example.com"]),
        "good signature of a2@example.com"
    );
}

/// A second message after the bare `From ` line that Thunderbird writes was read as the end of the first.
#[test]
fn a_mailbox_is_no_message() {
    let message = fixture_bytes("messages/clear.eml");
    let two = |line: &[u8]| [b"From \n", &message[..], b"\n", line, b"\n", &message].concat();
    let verify = |message: Vec<u8>| {
        smime(join(&[&args!["verify", "--json"], &trusting()]))
            .input(message)
            .run()
    };
    for line in [
        &b"From "[..],
        b"From \r",
        b"From - Thu Nov 26 09:00:00 2026",
    ] {
        let run = verify(two(line)).expect(3);
        assert!(run.text().contains("several-messages"), "{run:?}");
    }
    verify([b"From \n", &message[..]].concat()).expect(0);
    // a message that does not stand in a mailbox may say what it likes
    let sign = join(&[&args!["sign", "-q"], &as_alice()]);
    let prose = "From: alice@example.com\n\nx\n\nFrom \n\nFrom me at 09:00\n";
    verify(smime(sign).input(prose).run().expect(0).stdout).expect(0);
}

/// A boundary inside a line of the preamble hid from `verify` that the signed content is nothing but ciphertext.
#[test]
fn a_preamble_does_not_hide_ciphertext() {
    let sign = |message: &[u8]| {
        let line = join(&[&args!["sign", "-q", "--opaque"], &as_alice()]);
        smime(line).input(message).run().expect(0).stdout
    };
    let sealed = fixture_bytes("messages/encrypted-rsa-gcm.eml");
    let line = join(&[&args!["sign", "-q"], &as_alice()]);
    let inner = smime(line).input(sealed).run().expect(0).text();
    let (_, after) = inner.split_once("boundary=").unwrap();
    let boundary: String = after
        .trim_start_matches('"')
        .chars()
        .take_while(|c| !matches!(c, '"' | ';' | '\n'))
        .collect();
    let (header, body) = inner.split_once("\n\n").unwrap();
    for preamble in [
        String::new(),
        format!("x--{boundary}\nContent-Type: text/plain\n\n"),
        format!("--{boundary}x\nContent-Type: text/plain\n\n"),
    ] {
        let message = sign(format!("{header}\n\n{preamble}\n{body}").as_bytes());
        let line = join(&[&args!["verify", "--json"], &trusting()]);
        let run = smime(line).input(message).run();
        assert!(run.text().contains("covers-ciphertext"), "{run:?}");
    }
}

/// A key whose public exponent is 3 was taken as any other.
#[test]
fn a_small_exponent_is_told() {
    if !have(&[Peer::Openssl], "keys with a small exponent") {
        return;
    }
    let dir = Dir::new();
    for (exponent, told) in [("3", true), ("17", true), ("65537", false)] {
        let [key, certificate] = ["key", "certificate"].map(|name| dir.file(name));
        let line = args![
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            key,
            "-out",
            &certificate,
            "-pkeyopt",
            format!("rsa_keygen_pubexp:{exponent}"),
            "-subj",
            "/CN=Ann",
            "-days",
            "30",
            "-addext",
            "subjectAltName=email:ann@example.com"
        ];
        openssl(Peer::Openssl, line).run().expect(0);
        let line = args!["cert", "check", "--json", "-t", &certificate, &certificate];
        let run = smime(line).run().expect(i32::from(told));
        assert_eq!(run.text().contains("small-exponent"), told, "{run:?}");
        assert_eq!(
            run.text().contains(&format!("key is {exponent};")),
            told,
            "{run:?}"
        );
    }
}

/// Ciphertext under a signature was not known where its recipients, which anybody can add, take more than the first octets that are looked at.
#[test]
fn many_recipients_do_not_hide_ciphertext() {
    let dir = Dir::new();
    let kek = dir.write("kek", [7; 32]);
    let named = |number: usize| format!("{number:0150}:{}", kek.display());
    let sealed = |format: &str, count: usize| {
        let recipients = (0..count).flat_map(|it| args!["--kek", named(it)]);
        let line = args![
            "encrypt",
            "-q",
            "--cipher",
            "aes-256-gcm",
            "--format",
            format
        ];
        let message = "From: alice@example.com\nContent-Type: text/plain\n\na\n";
        let line: Vec<OsString> = line.into_iter().chain(recipients).collect();
        smime(line).input(message).run().expect(0).stdout
    };
    let sign = |message: &[u8], options: &[&str]| {
        let mut line = join(&[&args!["sign", "-q"], &as_alice()]);
        line.extend(options.iter().map(Into::into));
        smime(line).input(message).run().expect(0).stdout
    };
    let labelled = String::from_utf8(sealed("smime", 500)).unwrap();
    let mislabelled = labelled.replace(
        "smime-type=\"authEnveloped-data\"",
        "smime-type=signed-data",
    );
    assert_ne!(labelled, mislabelled);
    let inner = String::from_utf8(sign(labelled.as_bytes(), &[])).unwrap();
    let (header, body) = inner.split_once("\n\n").unwrap();
    let preamble = format!("{header}\n\n{}\n{body}", "a line\n".repeat(10_000));
    let part = inner.replacen(
        "\nMIME-Version",
        &format!("\nX-A: {}\nMIME-Version", "x ".repeat(20_000)),
        1,
    );
    let mut signed = vec![
        sign(mislabelled.as_bytes(), &[]),
        sign(mislabelled.as_bytes(), &["--opaque"]),
        sign(preamble.as_bytes(), &["--opaque"]),
        sign(part.as_bytes(), &["--opaque"]),
    ];
    signed.extend(signed_by_openssl(
        &dir,
        &sealed("der", 500),
        &["-binary", "-nodetach"],
    ));
    for message in signed {
        let line = join(&[&args!["verify", "--json"], &trusting()]);
        let run = smime(line).input(message.clone()).run();
        assert!(run.text().contains("covers-ciphertext"), "{run:?}");
        let line = args![
            "open",
            "--json",
            "-o",
            "/dev/null",
            "--allow",
            "smime-type",
            "--kek",
            named(0)
        ];
        let run = smime(join(&[&line, &trusting()])).input(message).run();
        assert!(run.text().contains("covers-ciphertext"), "{run:?}");
    }
    // a header that is longer than the limits, in fields, in one line and in octets
    let short = String::from_utf8(sealed("smime", 1)).unwrap();
    for before in [
        "X-A: b\n".repeat(2_001),
        format!("X-A: {}\n", "x ".repeat(40_000)),
        format!("X-A:{}\n", "\n  x".repeat(400_000)),
    ] {
        let content = before + &short;
        let Some(message) = signed_by_openssl(&dir, content.as_bytes(), &["-nodetach"]) else {
            break;
        };
        let line = join(&[&args!["verify", "--json"], &trusting()]);
        let run = smime(line).input(message).run();
        assert!(run.text().contains("covers-ciphertext"), "{run:?}");
    }
    // what is only long is not hidden
    let text = format!("From: alice@example.com\n\n{}", "a line\n".repeat(20_000));
    for options in [&[][..], &["--opaque"]] {
        let inner = sign(text.as_bytes(), options);
        let line = join(&[&args!["verify", "--json"], &trusting()]);
        let run = smime(line)
            .input(sign(&inner, &["--opaque"]))
            .run()
            .expect(0);
        assert!(!run.text().contains("covers-ciphertext"), "{run:?}");
    }
}

/// A finding named a part of a clear-signed message by a number that `--part` took for another.
#[test]
fn a_finding_names_the_part_that_is_meant() {
    let message = "From: alice@example.com\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\n\nplain\n--b\nContent-Type: text/html; charset=utf-8\n\ncaf\u{e9}\n--b--\n";
    let dir = Dir::new();
    let file = dir.file("signed.eml");
    let line = join(&[&args!["sign", "--json", "-o", &file], &as_alice()]);
    let report = smime(line).input(message).run().expect(0).text();
    let named = "part 1.1.2 is base64 now";
    assert!(report.contains(named), "{report}");
    let tree = smime(args!["inspect", &file]).run().expect(0).text();
    let line = tree.lines().find(|line| line.contains("1.1.2 "));
    assert!(
        line.is_some_and(|line| line.contains("text/html")),
        "{tree}"
    );
}

/// A certificate whose TRUE is not DER's is the one that was signed once it is DER, and that is told.
#[test]
fn a_certificate_in_ber_is_told() {
    let dir = Dir::new();
    let sign = args![
        "sign",
        "-q",
        "--format",
        "der",
        "-o",
        dir.file("signed.der")
    ];
    smime(join(&[
        &sign,
        &as_alice(),
        &args![fixture("messages/plain.eml")],
    ]))
    .run()
    .expect(0);
    let der = std::fs::read(dir.file("signed.der")).unwrap();
    let verify = |bytes: &[u8]| {
        let base = args![
            "verify",
            "--json",
            "-t",
            fixture("trust"),
            "--allow",
            "no-from"
        ];
        smime(base).input(bytes).run().expect(0).json().to_string()
    };
    assert!(!verify(&der).contains("is BER"));
    let critical = der.windows(3).position(|it| it == [1, 1, 0xff]).unwrap();
    let mut ber = der;
    ber[critical + 2] = 1;
    let report = verify(&ber);
    assert!(
        report.contains("\"certificate-profile\"") && report.contains("is BER"),
        "{report}"
    );
}

/// A file in a directory that is read was written over; so was a copy for Bcc by the report.
#[test]
fn what_is_read_in_a_directory_is_not_written_over() {
    let dir = Dir::new();
    let at = |name: &str| dir.file(name);
    for name in ["ids/below", "td", "in", "config/smime/trust"] {
        std::fs::create_dir_all(at(name)).unwrap();
    }
    for (from, to) in [
        ("identities/alice.pem", "ids/below/alice.pem"),
        ("trust/root.pem", "td/root.pem"),
        ("trust/root.pem", "config/smime/trust/root.pem"),
        ("messages/plain.eml", "m.eml"),
        ("messages/clear.eml", "s.eml"),
    ] {
        dir.write(to, fixture_bytes(from));
    }
    std::fs::hard_link(at("ids/below/alice.pem"), at("hard")).unwrap();
    std::os::unix::fs::symlink(at("td/root.pem"), at("soft")).unwrap();
    let sign = args!["sign", "-i", at("ids"), at("m.eml")];
    let verify = args!["verify", "-t", at("td"), at("s.eml")];
    let by_default = args!["verify", at("s.eml")];
    let bob = fixture("certs/bob.pem");
    let encrypt = args![
        "encrypt",
        "-r",
        bob,
        "-c",
        at("td"),
        "-t",
        at("td"),
        at("m.eml")
    ];
    for (line, option, path) in [
        (&sign, "-o", "ids/below/alice.pem"),
        (&sign, "-o", "hard"),
        (&sign, "--report", "ids/below/alice.pem"),
        (&verify, "-o", "td/root.pem"),
        (&verify, "-o", "soft"),
        (&verify, "--report", "soft"),
        (&by_default, "-o", "config/smime/trust/root.pem"),
        (&by_default, "--report", "config/smime/trust/root.pem"),
        (&encrypt, "-o", "td/root.pem"),
        (&encrypt, "--report", "td/root.pem"),
    ] {
        let before = dir.read(path);
        let call = || {
            let line = join(&[line, &args![option, at(path)]]);
            smime(line).env("XDG_CONFIG_HOME", at("config"))
        };
        let run = call().run().expect(2);
        assert!(run.stderr.contains("is read, too"), "{}", run.stderr);
        assert!(dir.read(path) == before, "{option} {path}");
    }
    let copies = join(&[
        &encrypt,
        &args!["--warn", "blind-recipient", "-o", at("q.eml")],
    ]);
    for report in ["q.bcc-1.eml", "q.bcc.eml", "td/../q.bcc-2.eml"] {
        let run = smime(join(&[&copies, &args!["--report", at(report)]])).run();
        assert!(run.expect(2).stderr.contains("copy for Bcc"));
        assert!(!at(report).exists() && !at("q.eml").exists());
    }
    // nor by one of many results
    let below = at("ids/below");
    let message = dir.write("in/alice.pem", fixture_bytes("messages/plain.eml"));
    let before = std::fs::read(below.join("alice.pem")).unwrap();
    let many = args!["batch", "sign", "-i", at("ids"), "-o", &below, message];
    let run = smime(many).run().expect(2);
    assert!(run.stderr.contains("the place of what is read"), "{run:?}");
    assert!(std::fs::read(below.join("alice.pem")).unwrap() == before);
    // beside what is read there is room
    let fine = args!["-o", at("ids/new.eml"), "--report", at("ids/report.json")];
    smime(join(&[&sign, &fine])).run().expect(0);
}

/// A hint lacked the name of a program whose file was called otherwise.
#[test]
fn hints_name_the_program() {
    let dir = Dir::new();
    let program = dir.file("smime-1.2");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_smime"), &program).unwrap();
    for (line, hint) in [
        (&["sign", "--no-such"][..], "hint: smime sign --help lists"),
        (&["--no-such"], "hint: smime --help lists"),
    ] {
        let run = std::process::Command::new(&program).args(line).output();
        let text = String::from_utf8(run.unwrap().stderr).unwrap();
        assert!(text.contains(hint), "{text}");
    }
}

/// A message of which programs show different parts was signed without a word, and its signature called good.
#[test]
fn what_a_message_is_is_said_once() {
    let body = "\n--a\nContent-Type: text/plain\n\nHarmless\n\n--b\nContent-Type: text/plain\n\nI owe Eve 10000 EUR\n--b--\n--a--\n";
    let twice = "Content-Type: multipart/mixed; boundary=a\nContent-Type: multipart/alternative; boundary=b\n";
    let two_boundaries = "Content-Type: multipart/mixed; boundary=a; boundary=b\n";
    let in_a_part =
        format!("Content-Type: multipart/mixed; boundary=c\n\n--c\n{twice}{body}--c--\n");
    let dir = Dir::new();
    let sign = join(&[&args!["sign", "--json"], &as_alice()]);
    let opaque = join(&[&sign, &args!["--opaque"]]);
    let encrypt = join(&[
        &args!["encrypt", "--json", "-r", fixture("certs/bob.pem")],
        &args!["-c", fixture("certs")],
        &trusting(),
    ]);
    for (head, refusing) in [
        (format!("{twice}{body}"), &[&sign, &opaque, &encrypt][..]),
        (
            format!("{two_boundaries}{body}"),
            &[&sign, &opaque, &encrypt],
        ),
        (in_a_part, &[&sign][..]),
    ] {
        let message = format!("From: alice@example.com\nTo: bob@example.com\n{head}");
        for line in refusing {
            let run = smime(line.to_vec()).input(message.clone()).run().expect(3);
            assert!(format!("{run:?}").contains("malformed-mime"), "{run:?}");
        }
        // what others signed all the same
        let Some(signed) = signed_by_openssl(&dir, head.as_bytes(), &[]) else {
            continue;
        };
        let verify = join(&[&args!["verify", "--json"], &trusting()]);
        let run = smime(verify).input(signed).run().expect(0);
        let report = run.json().to_string();
        let told = report.matches("\"ambiguous-content-type\"").count();
        assert_eq!(told, 1, "{report}");
    }
    // harmless: MIME-Version twice
    let harmless = "From: alice@example.com\nMIME-Version: 1.0\nMIME-Version: 1.0\n\nx\n";
    smime(sign).input(harmless).run().expect(0);
}
