//! Parts: layers below the root are told of and count for nothing; `--part N` takes one for the message, and nothing else with it.
use crate::support::*;
use smime::policy::Limits;
use std::ffi::OsString;

const SECRET: &str = "The secret recipe";

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
