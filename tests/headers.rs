//! Header protection (RFC 9788): what is written, what is read back, and what becomes of a message in which inside and outside disagree.
use crate::support::*;
use serde_json::Value;
use std::{collections::BTreeSet, ffi::OsString, path::Path};

/// Signed and dated at this time, so that nothing but the header is told of.
const AT: &str = "2026-03-01T09:00:00Z";

const FIELDS: &str = "\
From: Alice Example <alice@example.com>
To: Bob Example <bob@example.com>,
 \"Example, Carol\" <carol@example.com>
Date: Sun, 01 Mar 2026 10:00:00 +0100
Subject: =?utf-8?q?caf=C3=A9?= at noon
Keywords: lunch
Comments: none
Message-ID: <1@example.com>
X-Own: a
";

const BODY: &str = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nDear Bob\n";

fn message() -> String {
    format!("{FIELDS}{BODY}")
}

fn run(verb: &str, options: Vec<OsString>, input: impl Into<Vec<u8>>) -> Run {
    let line = join(&[&args![verb], &options]);
    smime(line).input(input).run()
}

/// What a signer needs.
fn by_alice() -> Vec<OsString> {
    join(&[
        &as_alice(),
        &args!["-c", fixture("certs/intermediate.pem"), "--at", AT],
    ])
}

fn to_bob() -> Vec<OsString> {
    join(&[
        &args![
            "-r",
            fixture("certs/bob.pem"),
            "-c",
            fixture("certs"),
            "--at",
            AT
        ],
        &trusting(),
    ])
}

fn reading() -> Vec<OsString> {
    join(&[&trusting(), &args!["--at", AT]])
}

fn as_bob() -> Vec<OsString> {
    args!["-i", fixture("identities/bob.pem")]
}

/// What a verb finds of a message: its exit status, its report and what came out.
struct Found {
    code: i32,
    report: Value,
    output: String,
}

impl Found {
    fn by(verb: &str, message: impl AsRef<[u8]>) -> Self {
        let dir = Dir::new();
        let report = dir.file("report.json");
        let mut options = args!["-q", "--report", &report, "--at", AT];
        if verb != "decrypt" {
            options.extend(trusting());
        }
        if verb != "verify" {
            options.extend(as_bob());
        }
        let run = run(verb, options, message.as_ref());
        Self {
            code: run.code,
            report: serde_json::from_slice(&dir.read("report.json")).unwrap(),
            output: run.text(),
        }
    }

    fn scheme(&self) -> &str {
        self.report["header_protection"].as_str().unwrap_or("none")
    }

    /// How a field was protected.
    fn state(&self, name: &str) -> &str {
        self.field(name)["protection"].as_str().unwrap_or("absent")
    }

    fn field(&self, name: &str) -> &Value {
        let fields = self.report["headers"].as_array();
        let found = fields.and_then(|all| all.iter().find(|f| f["name"] == name));
        found.unwrap_or(&Value::Null)
    }

    /// The rules of headers that were found anywhere.
    fn rules(&self) -> BTreeSet<String> {
        const OURS: [&str; 8] = [
            "header-mismatch",
            "unprotected-header",
            "header-protection",
            "encryption-added",
            "unsigned-from",
            "ambiguous-from",
            "sender-mismatch",
            "date-mismatch",
        ];
        let text = self.report.to_string();
        let found = |rule: &&str| text.contains(&format!("\"rule\":\"{rule}\""));
        OURS.into_iter().filter(found).map(str::to_owned).collect()
    }

    #[track_caller]
    fn has_rules(&self, rules: &[&str]) -> &Self {
        let wanted: BTreeSet<String> = rules.iter().map(ToString::to_string).collect();
        assert_eq!(self.rules(), wanted, "{:#}", self.report);
        self
    }

    #[track_caller]
    fn has_states(&self, states: &[(&str, &str)]) -> &Self {
        for (name, state) in states {
            assert_eq!(self.state(name), *state, "{name} {:#}", self.report);
        }
        self
    }

    /// Values of a field of the output's header, unfolded.
    fn came_out(&self, name: &str) -> Vec<String> {
        let (header, _) = self.output.split_once("\n\n").unwrap();
        let header = header.replace("\n ", " ");
        let named = format!("{}:", name.to_lowercase());
        let lines = header
            .lines()
            .filter(|l| l.to_lowercase().starts_with(&named));
        lines.map(|l| l[named.len()..].trim().to_owned()).collect()
    }
}

fn signed(options: Vec<OsString>) -> String {
    run(
        "sign",
        join(&[&args!["-q"], &options, &by_alice()]),
        message(),
    )
    .expect(0)
    .text()
}

fn encrypted(options: Vec<OsString>, message: &str) -> String {
    run(
        "encrypt",
        join(&[&args!["-q"], &options, &to_bob()]),
        message,
    )
    .expect(0)
    .text()
}

/// The same by somebody who has said when it is.
fn encrypted_by(options: Vec<OsString>, message: &str) -> String {
    let to = join(&[
        &args!["-r", fixture("certs/bob.pem"), "-c", fixture("certs")],
        &trusting(),
    ]);
    run("encrypt", join(&[&args!["-q"], &options, &to]), message)
        .expect(0)
        .text()
}

/// An entity that is signed as it stands, under these fields.
fn signed_as_is(outer: &str, entity: &str) -> String {
    let options = join(&[&args!["-q", "--binary", "--opaque"], &by_alice()]);
    outer.to_owned() + &without_blank(run("sign", options, entity).expect(0).text())
}

/// An entity that is encrypted as it stands, under these fields.
fn encrypted_as_is(outer: &str, entity: &str) -> String {
    let options = join(&[&args!["-q", "--binary"], &to_bob()]);
    outer.to_owned() + &without_blank(run("encrypt", options, entity).expect(0).text())
}

/// Messages of files have CRLF.
fn without_blank(message: String) -> String {
    message.replace("\r\n", "\n")
}

fn header(message: &str) -> &str {
    message.split_once("\n\n").unwrap().0
}

// ------------------------------------------------------------------------------------------------------------------ writing

#[test]
fn a_signature_covers_the_header() {
    for form in [
        args!["--protect-headers"],
        args!["--protect-headers", "--opaque"],
    ] {
        let message = signed(form);
        assert!(header(&message).contains("Subject: =?utf-8?q?caf=C3=A9?= at noon"));
        for verb in ["verify", "open"] {
            let found = Found::by(verb, &message);
            assert_eq!(
                (found.code, found.scheme()),
                (0, "hp-clear"),
                "{:#}",
                found.report
            );
            found.has_rules(&[]).has_states(&[
                ("Subject", "signed-only"),
                ("From", "signed-only"),
                ("X-Own", "signed-only"),
            ]);
        }
        let found = Found::by("open", &message);
        assert_eq!(found.came_out("subject"), ["=?utf-8?q?caf=C3=A9?= at noon"]);
    }
    let plain = signed(args![]);
    Found::by("verify", &plain).has_rules(&[]).has_states(&[
        ("Subject", "unprotected"),
        ("From", "unprotected"),
        ("X-Own", "absent"),
    ]);
}

#[test]
fn encryption_hides_what_the_policy_says() {
    for (policy, outside, hidden) in [
        (
            "baseline",
            "From: Alice Example <alice@example.com>\nTo: Bob Example <bob@example.com>,\n \"Example, Carol\" <carol@example.com>\nDate: Sun, 01 Mar 2026 10:00:00 +0100\nSubject: [...]\nMessage-ID: <1@example.com>\nX-Own: a\n",
            &["Subject", "Keywords", "Comments"][..],
        ),
        (
            "shy",
            "From: alice@example.com\nTo: bob@example.com, carol@example.com\nDate: Sun, 01 Mar 2026 09:00:00 +0000\nSubject: [...]\nMessage-ID: <1@example.com>\nX-Own: a\n",
            &["Subject", "Keywords", "Comments", "From", "To", "Date"],
        ),
        ("none", FIELDS, &[]),
    ] {
        let sealed = encrypted(args!["--hide-headers", policy], &message());
        assert!(sealed.starts_with(outside), "{policy}: {}", header(&sealed));
        let same = |other: String| assert_eq!(header(&other), header(&sealed));
        if policy == "baseline" {
            same(encrypted(args!["--protect-headers"], &message()));
        }
        for verb in ["decrypt", "open"] {
            let found = Found::by(verb, &sealed);
            assert_eq!(
                (found.code, found.scheme()),
                (0, "hp-cipher"),
                "{:#}",
                found.report
            );
            found.has_rules(&[]);
            for name in [
                "Subject", "Keywords", "Comments", "From", "To", "Date", "X-Own",
            ] {
                let state = match hidden.contains(&name) {
                    true => "encrypted-only",
                    false => "unprotected",
                };
                found.has_states(&[(name, state)]);
            }
            // the message that was written, and nothing about it
            for name in [
                "From", "To", "Date", "Subject", "Keywords", "Comments", "X-Own",
            ] {
                let wanted = message().replace("\n ", " ");
                let line = wanted
                    .lines()
                    .find(|l| l.starts_with(&format!("{name}:")))
                    .unwrap();
                assert_eq!(
                    found.came_out(name),
                    [line[name.len() + 1..].trim()],
                    "{policy}"
                );
            }
            assert!(found.came_out("HP-Outer").is_empty());
            assert!(!found.output.contains("hp="), "{}", found.output);
        }
    }
}

/// What a message says of its header was told by `open` and `verify` alone.
#[test]
fn inspect_tells_what_is_announced() {
    for (parameter, scheme) in [
        ("; hp=\"clear\"", "hp-clear"),
        ("; protected-headers=v1", "protected-headers-v1"),
        ("; hp=\"x\"", "none"),
        ("", "none"),
    ] {
        let entity = format!("From: alice@example.com\nContent-Type: text/plain{parameter}\n\na\n");
        let message = signed_as_is("From: alice@example.com\n", &entity);
        let told = run("inspect", args![], message.clone()).expect(0).text();
        let line = format!("said to be protected ({scheme})");
        assert_eq!(told.contains(&line), scheme != "none", "{told}");
        let told = run("inspect", args!["--json"], message).expect(0).text();
        let report: Value = serde_json::from_str(&told).unwrap();
        let found = report["header_protection"].as_str().unwrap_or("none");
        assert_eq!((found, report.get("headers")), (scheme, None), "{told}");
    }
}

/// What comes out is protected no more: with `hp` left in it a reader could take fields for the author's that anybody may have added since.
#[test]
fn what_comes_out_does_not_say_that_it_is_protected() {
    let entity =
        "From: alice@example.com\nContent-Type: text/plain; hp=\"clear\"; charset=utf-8\n\na\n";
    let clean = entity.replace(" hp=\"clear\";", "");
    for outer in ["", "From: alice@example.com\n"] {
        let found = Found::by("open", signed_as_is(outer, entity));
        assert_eq!((found.scheme(), &found.output), ("hp-clear", &clean));
    }
    // what is undefined says nothing, and what was signed is verified as it is
    let undefined = entity.replace("clear", "x");
    let found = Found::by(
        "open",
        signed_as_is("From: alice@example.com\n", &undefined),
    );
    assert_eq!(found.output, undefined);
}

#[test]
fn signed_then_encrypted_every_field_is_both() {
    let sealed = encrypted(args![], &signed(args!["--protect-headers"]));
    // hp="clear" inside: whoever signed did not say that it would be encrypted
    Found::by("open", &sealed)
        .has_rules(&["encryption-added"])
        .has_states(&[("Subject", "signed-only"), ("From", "signed-only")]);

    let inner = format!(
        "{FIELDS}HP-Outer: Subject: [...]\nHP-Outer: From: Alice Example <alice@example.com>\nContent-Type: text/plain; hp=\"cipher\"\n\ntext\n"
    );
    let outer = "Subject: [...]\nFrom: Alice Example <alice@example.com>\n";
    let signed = signed_as_is("", &inner);
    let sealed = encrypted_as_is(outer, &signed);
    let found = Found::by("open", &sealed);
    assert_eq!(found.code, 0, "{:#}", found.report);
    found.has_rules(&[]).has_states(&[
        ("Subject", "signed-and-encrypted"),
        ("Keywords", "signed-and-encrypted"),
        ("From", "signed-only"),
    ]);
    assert_eq!(found.field("Subject")["outer"], "[...]");
    // the same in one go
    for how in [
        args!["--sign"],
        args!["--sign", "--opaque"],
        args!["--triple-wrap"],
    ] {
        let options = join(&[&how, &args!["--protect-headers"], &by_alice()]);
        let found = Found::by("open", encrypted_by(options, &message()));
        assert_eq!(
            (found.code, found.scheme()),
            (0, "hp-cipher"),
            "{:#}",
            found.report
        );
        found.has_rules(&[]).has_states(&[
            ("Subject", "signed-and-encrypted"),
            ("Keywords", "signed-and-encrypted"),
            ("From", "signed-only"),
        ]);
        assert_eq!(found.field("Subject")["outer"], "[...]");
        assert!(found.output.contains("hp-legacy-display"));
    }
    // taken out of its envelope and sent on: still signed, and no more
    let opened = Found::by("decrypt", &sealed);
    assert_eq!(opened.scheme(), "none");
    let found = Found::by(
        "verify",
        opened.output.replace("Subject: [...]", "Subject: x"),
    );
    found
        .has_rules(&["header-mismatch", "header-protection"])
        .has_states(&[("Subject", "signed-only"), ("Keywords", "signed-only")]);
}

#[test]
fn what_only_transports_and_few_may_read_is_not_copied() {
    let carried = format!(
        "Received: from a by b\nDKIM-Signature: v=1\nReturn-Path: <a@example.com>\nBcc: eve@example.com\nHP-Outer: Subject: old\n{}",
        message()
    );
    let sealed = encrypted(args!["--protect-headers"], &carried);
    assert!(!header(&sealed).contains("Bcc"));
    assert!(!header(&sealed).contains("HP-Outer"));
    let found = Found::by("decrypt", &sealed);
    found.has_rules(&[]);
    for name in ["Received", "DKIM-Signature", "Return-Path", "Bcc"] {
        let stays = usize::from(name != "Bcc");
        assert_eq!(found.came_out(name).len(), stays, "{name}");
        let protected = found.report["headers"].as_array().unwrap().iter();
        assert!(
            protected.filter(|f| f["name"] == name).count() == 0,
            "{name}"
        );
    }
    let signed = run(
        "sign",
        join(&[&args!["-q", "--protect-headers"], &by_alice()]),
        carried,
    );
    let signed = signed.expect(0).text();
    let (outer, rest) = signed.split_once("\n\n").unwrap();
    for name in ["Received", "DKIM-Signature", "Return-Path", "Bcc"] {
        assert!(outer.contains(&format!("{name}: ")) && !rest.contains(&format!("{name}: ")));
    }
}

#[test]
fn odd_fields_come_back() {
    let long = "x".repeat(990);
    for field in [
        "Subject:nothing before it",
        "Subject: \t blanks  between",
        "Subject:",
        "Subject :obsolete",
        "Subject:\n folded\n\ttwice",
        "Subject: J\u{f6}rg <b>&",
        "SUBJECT: one\nsubject: two",
        &format!("Subject: {long}"),
        &format!("X-{}: a", "x".repeat(70)),
    ] {
        let message = format!("From: alice@example.com\n{field}\n{BODY}");
        for policy in ["baseline", "shy", "none"] {
            let sealed = encrypted(args!["--hide-headers", policy], &message);
            let found = Found::by("decrypt", &sealed);
            found.has_rules(&[]);
            let all = found.report["headers"].as_array().unwrap();
            assert_eq!(
                all.len(),
                1 + field
                    .lines()
                    .filter(|l| !l.starts_with([' ', '\t']))
                    .count()
            );
            for field in all
                .iter()
                .filter(|f| f["name"].as_str().unwrap().eq_ignore_ascii_case("Subject"))
            {
                let hidden = policy != "none";
                let wanted = if hidden {
                    "encrypted-only"
                } else {
                    "unprotected"
                };
                assert_eq!(field["protection"], wanted, "{policy} {:#}", found.report);
            }
        }
        let options = join(&[&args!["-q", "--protect-headers", "--opaque"], &by_alice()]);
        let signed = run("sign", options, message).expect(0).stdout;
        Found::by("verify", signed).has_rules(&[]);
    }
    // octets that are no text
    let raw = [
        &b"From: alice@example.com\nSubject: \xff\xfe\n"[..],
        BODY.as_bytes(),
    ]
    .concat();
    let options = join(&[&args!["-q", "--protect-headers"], &to_bob()]);
    let sealed = run("encrypt", options, raw).expect(0).stdout;
    let options = join(&[&args!["-q"], &as_bob()]);
    let out = run("decrypt", options, sealed).expect(0).stdout;
    assert!(memchr_in(&out, b"Subject: \xff\xfe\n"));
}

fn memchr_in(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

#[test]
fn readers_of_old_see_what_is_hidden() {
    let body = "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\ntext\n--a\nContent-Type: text/html\n\n<body>text</body>\n--a--\n--m\nContent-Type: text/plain\nContent-Disposition: attachment\n\nattached\n--m--\n";
    let message = format!("{FIELDS}{body}");
    let out = |policy: &str| {
        Found::by(
            "decrypt",
            encrypted(args!["--hide-headers", policy], &message),
        )
        .output
    };
    let shown = "hp-legacy-display=\"1\"\nContent-Transfer-Encoding: 8bit\n\nSubject: caf\u{e9} at noon\nKeywords: lunch\nComments: none\n\ntext\n";
    let baseline = out("baseline");
    assert!(baseline.contains(shown), "{baseline}");
    assert!(baseline.contains(
        "<body>\n<div class=\"header-protection-legacy-display\"><pre>Subject: caf&#233; at noon\n"
    ));
    assert_eq!(baseline.matches("hp-legacy-display").count(), 2);
    assert!(out("shy").contains("From: Alice Example <alice@example.com>\nTo: Bob"));
    // what hides nothing shows nothing twice
    assert!(!out("none").contains("hp-legacy-display"));
    let signed = run(
        "sign",
        join(&[&args!["-q", "--protect-headers"], &by_alice()]),
        message.clone(),
    );
    assert!(!signed.expect(0).text().contains("hp-legacy-display"));
}

#[test]
fn openssl_reads_what_is_written() {
    if !have(&[Peer::Openssl], "protected headers read by OpenSSL") {
        return;
    }
    let dir = Dir::new();
    let sealed = dir.write(
        "sealed.eml",
        encrypted(args!["--protect-headers"], &message()),
    );
    let line = args![
        "cms",
        "-decrypt",
        "-in",
        sealed,
        "-recip",
        fixture("identities/bob.pem")
    ];
    let entity = without_blank(openssl(Peer::Openssl, line).run().expect(0).text());
    let own = &FIELDS[..FIELDS.find("X-Own").unwrap()];
    assert!(entity.starts_with(own), "{entity}");
    assert!(entity.contains("\nHP-Outer: Subject: [...]\n") && entity.contains("hp=\"cipher\""));
    assert!(!entity.contains("HP-Outer: Keywords"));
    let message = dir.write("signed.eml", signed(args!["--protect-headers"]));
    let anchors: Vec<_> = std::fs::read_dir(fixture("trust")).unwrap().collect();
    let anchor = anchors[0].as_ref().unwrap().path();
    let line = args![
        "cms",
        "-verify",
        "-in",
        message,
        "-CAfile",
        anchor,
        "-attime",
        "1772355600"
    ];
    let run = openssl(Peer::Openssl, line).run().expect(0);
    assert!(without_blank(run.text()).starts_with(FIELDS));
}

#[test]
fn what_cannot_be_protected_is_refused() {
    let dir = Dir::new();
    let output = dir.file("out.eml");
    let refused = |verb: &str, options: Vec<OsString>, input: &str, code: i32, says: &str| {
        let who = if verb == "sign" { by_alice() } else { to_bob() };
        let run = run(verb, join(&[&options, &who, &args!["-o", &output]]), input).expect(code);
        assert!(run.stderr.contains(says), "{run:?}");
        assert!(!output.exists());
    };
    let (plain, signed) = (message(), signed(args![]));
    for verb in ["sign", "encrypt"] {
        refused(verb, args!["--protect-headers"], &signed, 3, "already");
        for other in ["--text", "--binary", "--compress"] {
            refused(
                verb,
                args!["--protect-headers", other],
                &plain,
                2,
                "cannot be used",
            );
        }
        let twice = format!("Content-Type: text/plain; a=b; a=c\n{}", "\ntext\n");
        refused(
            verb,
            args!["--protect-headers"],
            &(FIELDS.to_owned() + &twice),
            3,
            "malformed",
        );
    }
    refused(
        "encrypt",
        args!["--protect-headers", "--format", "der"],
        &plain,
        2,
        "--format",
    );
    refused(
        "encrypt",
        args!["--hide-headers", "all"],
        &plain,
        2,
        "--hide-headers",
    );
    refused(
        "sign",
        args!["--hide-headers", "shy"],
        &plain,
        2,
        "hides nothing",
    );
    refused(
        "sign",
        args!["--protect-headers", "--add"],
        &signed,
        2,
        "--add",
    );
    // what is signed alone may be a file, and hides nothing
    run(
        "sign",
        join(&[&args!["-q", "--hide-headers", "none"], &by_alice()]),
        plain.as_str(),
    )
    .expect(0);
}

// ------------------------------------------------------------------------------------------------------------------ reading

#[test]
fn outside_is_compared_with_what_was_protected() {
    let message = signed(args!["--protect-headers"]);
    let changed = |from: &str, to: &str| {
        let (outer, rest) = message.split_once("\n\n").unwrap();
        assert!(outer.contains(from), "{from}");
        format!("{}\n\n{rest}", outer.replacen(from, to, 1))
    };
    for (from, to, code, rules) in [
        (
            "Subject: =?utf-8?q?caf=C3=A9?= at noon",
            "Subject: pay at noon",
            0,
            &["header-mismatch"][..],
        ),
        // folded anew, it says the same
        (
            "Subject: =?utf-8?q?caf=C3=A9?= at noon",
            "Subject:\n =?utf-8?q?caf=C3=A9?=\n at noon",
            0,
            &[],
        ),
        (
            "Date: Sun, 01 Mar",
            "Date: Mon, 02 Mar",
            0,
            &["header-mismatch"],
        ),
        ("To: Bob", "To: Bobby", 0, &["header-mismatch"]),
        (
            "Message-ID: <1@",
            "Message-ID: <2@",
            0,
            &["header-mismatch"],
        ),
        ("X-Own: a", "X-Own: b", 0, &[]),
        ("Keywords: lunch\n", "", 0, &["header-mismatch"]),
        ("From: Alice Example", "From: CEO", 0, &["header-mismatch"]),
        (
            "<alice@example.com>",
            "<bob@example.com>",
            1,
            &["header-mismatch", "sender-mismatch"],
        ),
        (
            "X-Own: a",
            "Reply-To: eve@example.com",
            0,
            &["unprotected-header"],
        ),
        (
            "X-Own: a",
            "Cc: eve@example.com",
            0,
            &["unprotected-header"],
        ),
        (
            "X-Own: a",
            "HP-Outer: Subject: x\nList-Id: <l.example.com>\nReceived: x",
            0,
            &[],
        ),
        ("X-Own: a", "Subject: another", 0, &["header-mismatch"]),
    ] {
        for verb in ["verify", "open"] {
            let found = Found::by(verb, changed(from, to));
            assert_eq!(found.code, code, "{to}: {:#}", found.report);
            found.has_rules(rules);
            if code == 0 && verb == "open" {
                // inside is what counts, and what anybody may have put there is left out
                assert_eq!(
                    found.came_out("Subject"),
                    ["=?utf-8?q?caf=C3=A9?= at noon"],
                    "{to}"
                );
                assert_eq!(
                    found.came_out("From"),
                    ["Alice Example <alice@example.com>"]
                );
                for name in ["Reply-To", "Cc", "HP-Outer"] {
                    assert!(found.came_out(name).is_empty(), "{to}");
                }
                assert_eq!(
                    found.came_out("List-Id").len(),
                    usize::from(to.contains("List-Id"))
                );
            }
        }
    }
    let run = run(
        "verify",
        join(&[&args!["--deny", "header-mismatch"], &reading()]),
        changed("To: Bob", "To: B"),
    );
    run.expect(1);
}

#[test]
fn what_the_payload_says_is_checked() {
    const OUTER: &str = "From: Alice Example <alice@example.com>\nSubject: [...]\n";
    const INNER: &str = "From: Alice Example <alice@example.com>\nSubject: real\n";
    const SAID: &str =
        "HP-Outer: From: Alice Example <alice@example.com>\nHP-Outer: Subject: [...]\n";
    let entity = |fields: &str, media: &str| format!("{fields}Content-Type: {media}\n\ntext\n");
    let part = format!(
        "multipart/mixed; boundary=b\n\n--b\nSubject: x\nContent-Type: text/plain; hp=\"cipher\"\n\n{}",
        "--b--"
    );
    for (name, fields, media, scheme, subject, rules) in [
        (
            "as it should be",
            format!("{INNER}{SAID}"),
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            "encrypted-only",
            &[][..],
        ),
        (
            "not quoted",
            format!("{INNER}{SAID}"),
            "text/plain; HP=cipher",
            "hp-cipher",
            "encrypted-only",
            &[],
        ),
        (
            "HP-Outer is missing",
            INNER.into(),
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            "encrypted-only",
            &["header-mismatch"],
        ),
        (
            "HP-Outer says that it was seen",
            format!("{INNER}{}", SAID.replace("[...]", "real")),
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            "unprotected",
            &["header-mismatch"],
        ),
        (
            "HP-Outer says another From, and so does the message",
            INNER.replace("alice@", "bob@") + SAID,
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            "encrypted-only",
            &["unsigned-from"],
        ),
        (
            "signed alone, it says",
            INNER.into(),
            "text/plain; hp=\"clear\"",
            "hp-clear",
            "unprotected",
            &["encryption-added", "header-mismatch"],
        ),
        (
            "no such value",
            format!("{INNER}{SAID}"),
            "text/plain; hp=\"secret\"",
            "none",
            "unprotected",
            &["header-protection"],
        ),
        (
            "no such case",
            format!("{INNER}{SAID}"),
            "text/plain; hp=\"CIPHER\"",
            "none",
            "unprotected",
            &["header-protection"],
        ),
        (
            "empty",
            format!("{INNER}{SAID}"),
            "text/plain; hp=\"\"",
            "none",
            "unprotected",
            &["header-protection"],
        ),
        (
            "twice",
            format!("{INNER}{SAID}"),
            "text/plain; hp=\"cipher\"; hp=\"cipher\"",
            "none",
            "unprotected",
            &["header-protection"],
        ),
        (
            "not at the root",
            INNER.into(),
            &part,
            "none",
            "unprotected",
            &[],
        ),
        (
            "in a comment",
            INNER.into(),
            "text/plain (; hp=\"cipher\")",
            "none",
            "unprotected",
            &[],
        ),
        (
            "no parameter",
            INNER.into(),
            "text/plain",
            "none",
            "unprotected",
            &[],
        ),
        (
            "two From",
            format!("From: eve@example.com\n{INNER}{SAID}"),
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            "encrypted-only",
            &["ambiguous-from", "unsigned-from"],
        ),
        (
            "no Subject inside",
            format!(
                "From: Alice Example <alice@example.com>\n{}",
                SAID.lines().next().unwrap().to_owned() + "\n"
            ),
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            "unprotected",
            &["unprotected-header"],
        ),
        (
            "old",
            INNER.into(),
            "text/plain; protected-headers=\"v1\"",
            "protected-headers-v1",
            "encrypted-only",
            &[],
        ),
        (
            "old, of another version",
            INNER.into(),
            "text/plain; protected-headers=\"v2\"",
            "none",
            "unprotected",
            &[],
        ),
        (
            "malformed HP-Outer",
            format!("{INNER}{SAID}HP-Outer: x\nHP-Outer:\n"),
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            "encrypted-only",
            &[],
        ),
    ] {
        let found = Found::by("decrypt", encrypted_as_is(OUTER, &entity(&fields, media)));
        assert_eq!(found.scheme(), scheme, "{name} {:#}", found.report);
        assert_eq!(
            found.rules(),
            rules.iter().map(ToString::to_string).collect(),
            "{name} {:#}",
            found.report
        );
        found.has_states(&[("Subject", subject)]);
        assert_eq!(
            found.code,
            i32::from(rules.contains(&"ambiguous-from")),
            "{name}"
        );
        if found.code == 0 {
            let from = "Alice Example <alice@example.com>";
            assert_eq!(
                found.came_out("From"),
                [from],
                "{name}: what nobody signed takes no From's place"
            );
            assert!(found.came_out("Subject").len() < 2, "{name}");
        }
    }
    // without encryption nothing was hidden
    for (media, scheme, rules) in [
        (
            "text/plain; hp=\"cipher\"",
            "hp-cipher",
            &["header-protection"][..],
        ),
        ("text/plain; hp=\"clear\"", "hp-clear", &["header-mismatch"]),
        (
            "text/plain; protected-headers=\"v1\"",
            "protected-headers-v1",
            &["header-mismatch"],
        ),
        (
            "text/plain; hp=\"x\"; protected-headers=\"v1\"",
            "none",
            &["header-protection"],
        ),
        (
            "text/plain; hp=clear; hp=clear",
            "none",
            &["header-protection"],
        ),
    ] {
        let message = signed_as_is(OUTER, &entity(&format!("{INNER}{SAID}"), media));
        let found = Found::by("verify", &message);
        assert_eq!(
            (found.code, found.scheme()),
            (0, scheme),
            "{media} {:#}",
            found.report
        );
        found.has_rules(rules);
        let state = if scheme == "none" {
            "unprotected"
        } else {
            "signed-only"
        };
        found.has_states(&[("Subject", state)]);
    }
}

/// A broken signature protects nothing; neither does one around the ciphertext.
#[test]
fn only_signatures_that_hold_count() {
    let message = signed(args!["--protect-headers"]).replacen("Dear Bob", "Dear Eve", 1);
    let found = Found::by("verify", &message);
    assert_eq!(found.code, 1);
    found.has_states(&[("Subject", "unprotected"), ("From", "unprotected")]);

    let sealed = encrypted(args!["--protect-headers"], &self::message());
    let around = run("sign", join(&[&args!["-q"], &by_alice()]), sealed)
        .expect(0)
        .text();
    let found = Found::by("open", &around);
    assert_eq!(found.code, 0, "{:#}", found.report);
    found.has_states(&[("Subject", "encrypted-only"), ("From", "unprotected")]);
}

/// RFC 8551 §3.1, as RFC 9788 §4.10 reads it.
#[test]
fn a_message_in_an_envelope_of_its_own() {
    let outer = "From: alice@example.com\nSubject: [...]\nX-Own: b\n";
    let wrapper = "Content-Type: message/rfc822\n\n";
    let wrapped = format!("{wrapper}{}", message());
    let found = Found::by("open", signed_as_is(outer, &wrapped));
    assert_eq!(
        (found.code, found.scheme()),
        (0, "rfc8551"),
        "{:#}",
        found.report
    );
    found
        .has_rules(&["header-mismatch"])
        .has_states(&[("Subject", "signed-only")]);
    assert_eq!(found.came_out("Subject"), ["=?utf-8?q?caf=C3=A9?= at noon"]);
    assert_eq!(
        found.came_out("Content-Type"),
        ["text/plain; charset=utf-8"]
    );
    assert!(found.output.ends_with("\n\nDear Bob\n"));
    for verb in ["decrypt", "open"] {
        let found = Found::by(verb, encrypted_as_is(outer, &wrapped));
        assert_eq!(
            (found.code, found.scheme()),
            (0, "rfc8551"),
            "{:#}",
            found.report
        );
        found
            .has_rules(&[])
            .has_states(&[("Subject", "encrypted-only"), ("From", "encrypted-only")]);
        assert!(found.output.ends_with("\n\nDear Bob\n"));
    }
    // in base64, which is not allowed (RFC 2046 §5.2.1), it is the same to every verb
    let lines = data_encoding::BASE64_MIME.encode(message().as_bytes());
    let encoded = format!(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{}",
        lines.replace('\r', "")
    );
    for (verb, message) in [
        ("verify", signed_as_is(outer, &encoded)),
        ("open", signed_as_is(outer, &encoded)),
        ("open", encrypted_as_is(outer, &encoded)),
        ("decrypt", encrypted_as_is(outer, &encoded)),
    ] {
        let found = Found::by(verb, message);
        let scheme = (found.code, found.scheme());
        assert_eq!(scheme, (0, "rfc8551"), "{verb} {:#}", found.report);
        if verb != "verify" {
            assert!(found.output.ends_with("\n\nDear Bob\n"), "{}", found.output);
        }
    }
    // forwarded, or not what it must be: the entity as it is
    for (name, outer, entity) in [
        (
            "from another",
            outer.replace("alice@", "bob@"),
            wrapped.clone(),
        ),
        (
            "no From outside",
            "Subject: [...]\n".to_owned(),
            wrapped.clone(),
        ),
        (
            "marked",
            outer.to_owned(),
            wrapped.replace("charset=utf-8", "hp=\"clear\""),
        ),
        (
            "root marked",
            outer.to_owned(),
            wrapped.replacen("message/rfc822", "message/rfc822; hp=\"cypher\"", 1),
        ),
        (
            "not encoded as it says",
            outer.to_owned(),
            wrapped.replacen("\n\n", "\nContent-Transfer-Encoding: base64\n\n", 1),
        ),
        (
            "a layer",
            outer.to_owned(),
            format!("{wrapper}{}", signed(args![])),
        ),
        (
            "no message",
            outer.to_owned(),
            format!("{wrapper}no header\n"),
        ),
    ] {
        let found = Found::by("decrypt", encrypted_as_is(&outer, &entity));
        assert_eq!(
            (found.code, found.scheme()),
            (0, "none"),
            "{name} {:#}",
            found.report
        );
        assert!(
            found.came_out("Content-Type")[0].starts_with("message/rfc822"),
            "{name}"
        );
        assert_eq!(found.came_out("Subject"), ["[...]"], "{name}");
        assert!(
            found.output.ends_with(entity.split_once("\n\n").unwrap().1),
            "{name}"
        );
    }
}

#[test]
fn date_and_signing_time_are_compared() {
    for (date, rules) in [
        ("Sun, 01 Mar 2026 10:00:00 +0100", &[][..]),
        ("Sat, 28 Feb 2026 09:00:00 +0000", &[]),
        ("Sat, 28 Feb 2026 08:59:59 +0000", &["date-mismatch"]),
        ("Mon, 02 Mar 2026 09:00:00 +0000", &[]),
        ("Mon, 02 Mar 2026 09:00:01 +0000", &["date-mismatch"]),
        ("once", &[]),
    ] {
        let message = message().replace("Sun, 01 Mar 2026 10:00:00 +0100", date);
        for options in [args!["-q"], args!["-q", "--protect-headers"]] {
            let signed = run("sign", join(&[&options, &by_alice()]), message.as_str()).expect(0);
            for verb in ["verify", "open"] {
                let found = Found::by(verb, &signed.stdout);
                assert_eq!(found.code, 0);
                found.has_rules(rules);
            }
        }
    }
}

#[test]
fn who_opens_it_is_addressed_or_not() {
    for (to, denied) in [
        ("To: bob@example.com", 0),
        ("To: x@example.com\nCc: B <bob@example.com>", 0),
        ("To: carol@example.com", 1),
        ("X: y", 0),
        ("To: undisclosed recipients: ;", 1),
        ("To: (malformed", 0),
    ] {
        let message = format!("From: alice@example.com\n{to}\n{BODY}");
        for options in [args![], args!["--protect-headers"]] {
            let sealed = encrypted(options, &message);
            run("decrypt", join(&[&args!["-q"], &as_bob()]), sealed.as_str()).expect(0);
            let strict = join(&[&args!["-q", "--deny", "recipient-absent"], &as_bob()]);
            let code = run("decrypt", strict, sealed.as_str()).code;
            assert_eq!(code, denied, "{to}");
        }
    }
}

/// The protected header is what counts, whatever stands outside.
#[test]
fn an_envelope_addressed_anew_is_told() {
    let message = format!("From: alice@example.com\nTo: carol@example.com\n{BODY}");
    let sealed = encrypted(args!["--protect-headers"], &message);
    let sealed = sealed.replacen("To: carol@", "To: bob@", 1);
    let strict = join(&[&args!["-q", "--deny", "recipient-absent"], &as_bob()]);
    run("decrypt", strict, sealed.as_str()).expect(1);
    Found::by("decrypt", &sealed).has_rules(&["header-mismatch"]);
}

#[test]
fn one_line_says_it() {
    let sealed = encrypted(args!["--protect-headers"], &message());
    let dir = Dir::new();
    let read = |verb: &str, message: &str| {
        let mut options = join(&[&as_bob(), &args!["--at", AT, "-o", dir.file("out")]]);
        if verb == "open" {
            options.extend(trusting());
        }
        run(verb, options, message).expect(0).text()
    };
    let text = read("decrypt", &sealed);
    assert!(
        text.contains(
            "\n  headers  encrypted: Subject, Keywords, Comments; NOT protected: From, To, Date\n"
        ),
        "{text}"
    );
    let text = read("open", &signed(args!["--protect-headers"]));
    assert!(
        text.contains("\n  headers  signed: From, To, Date, Subject, Keywords, Comments\n"),
        "{text}"
    );
    assert!(!read("open", &signed(args![])).contains("\n  headers  "));
}

/// Every field was compared with every other.
#[test]
fn as_many_fields_as_are_read_cost_little() {
    let many = |name: &str| format!("{name}: y\n").repeat(700);
    let inner = format!(
        "From: alice@example.com\n{}HP-Outer: From: alice@example.com\n{}Content-Type: text/plain; hp=\"cipher\"\n\ntext\n",
        many("X"),
        "HP-Outer: X: z\n".repeat(400),
    );
    let outer = format!("From: alice@example.com\n{}", many("To"));
    let sealed = encrypted_as_is(&outer, &inner);
    let begun = std::time::Instant::now();
    let found = Found::by("decrypt", sealed);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert_eq!(found.code, 0, "{:#}", found.report["findings"]);
    found.has_rules(&["unprotected-header"]);
}

/// The examples of others, where they are.
#[test]
fn the_examples_of_the_older_draft_and_of_rfc_9788() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpora = ["../shared/corpora", "../../shared/corpora"].map(|dir| root.join(dir));
    let Some(corpora) = corpora.into_iter().find(|dir| dir.join("run.py").exists()) else {
        return left_out(
            "examples of protected headers",
            "there is no ../shared/corpora",
        );
    };
    let old = |name: &str| corpora.join("protected-headers").join(name);
    let dir = Dir::new();
    let password = dir.write("password", "bob\n");
    let report = dir.file("report.json");
    for (verb, file, scheme, subject, from) in [
        (
            "verify",
            old("smime-multipart-signed.eml"),
            "protected-headers-v1",
            "signed-only",
            "signed-only",
        ),
        (
            "verify",
            old("smime-onepart-signed.eml"),
            "protected-headers-v1",
            "signed-only",
            "signed-only",
        ),
        (
            "open",
            old("smime-sign+enc.eml"),
            "protected-headers-v1",
            "signed-and-encrypted",
            "signed-only",
        ),
        (
            "open",
            old("smime-sign+enc+legacy-disp.eml"),
            "protected-headers-v1",
            "signed-and-encrypted",
            "signed-only",
        ),
        (
            "decrypt",
            old("smime-enc+legacy-disp.eml"),
            "protected-headers-v1",
            "encrypted-only",
            "unprotected",
        ),
        (
            "verify",
            corpora.join("rfc9788-9216/smime-one-part-hp.eml"),
            "hp-clear",
            "signed-only",
            "signed-only",
        ),
    ] {
        let mut options = args![
            "-q",
            "--policy",
            "archive",
            "--report",
            &report,
            "--at",
            "2021-03-01T00:00:00Z"
        ];
        if verb != "decrypt" {
            let trust = match scheme {
                "hp-clear" => corpora.join("rfc9788-9216/lamps-rsa-ca.pem"),
                _ => old("sample-ca.pem"),
            };
            options.extend(args!["-t", trust]);
        }
        if verb != "verify" {
            options.extend(args!["-i", old("bob.p12"), "--password-file", &password]);
        }
        options.extend(args![&file]);
        run(verb, options, "").expect(0);
        let report = serde_json::from_slice(&dir.read("report.json")).unwrap();
        let found = Found {
            code: 0,
            report,
            output: String::new(),
        };
        assert_eq!(found.scheme(), scheme, "{}", file.display());
        found
            .has_rules(&[])
            .has_states(&[("Subject", subject), ("From", from)]);
    }
}

/// What the certificate of a message says does not make who signed it its sender.
#[test]
fn who_was_expected_to_sign_is_not_therefore_the_sender() {
    for (from, told) in [
        ("Alice <alice@example.com>", false),
        ("The Boss <boss@example.com>", true),
    ] {
        let own = signed(args![]).replace("Alice Example <alice@example.com>", from);
        let line = join(&[&args!["--signer", "alice@example.com"], &reading()]);
        let run_with =
            |options: Vec<OsString>| run("verify", join(&[&line, &options]), own.clone());
        let text = run_with(args!["-o", "/dev/null"]).expect(0);
        let json = run_with(args!["--json"]).expect(0).text();
        assert_eq!(json.contains("signer-not-sender"), told, "{json}");
        assert_eq!(json.contains("\"sender\": \"mismatch\""), told, "{json}");
        let shown = text.text() + &text.stderr;
        assert_eq!(
            shown.contains("but not shown to be the sender's"),
            told,
            "{shown}"
        );
        let denied = run_with(args!["--deny", "signer-not-sender"]);
        assert_eq!(denied.code, i32::from(told), "{denied:?}");
        // the command that is advised fills in nothing that the message brings
        if told {
            let refused = run("verify", reading(), own.clone()).expect(1);
            assert!(refused.stderr.contains("--signer ADDRESS"), "{refused:?}");
            assert!(!refused.stderr.contains("--signer alice"), "{refused:?}");
        }
    }
}

/// Of two From fields under a signature nobody knows which is read, whoever was expected to sign.
#[test]
fn two_from_fields_do_not_come_out_of_verify() {
    for (second, code) in [("", 0), ("From: boss@example.com\n", 1)] {
        let entity = format!(
            "From: alice@example.com\n{second}Content-Type: text/plain; hp=\"clear\"\n\na\n"
        );
        let message = signed_as_is("From: alice@example.com\n", &entity);
        let dir = Dir::new();
        let options = args![
            "--signer",
            "alice@example.com",
            "-o",
            dir.path().join("out")
        ];
        let run = run("verify", join(&[&options, &reading()]), message).expect(code);
        assert_eq!(run.stderr.contains("ambiguous-from"), code == 1, "{run:?}");
        assert_eq!(dir.path().join("out").exists(), code == 0);
    }
}

/// What the recipient's own server says of a mail cannot be said inside.
#[test]
fn what_is_added_in_transit_is_taken_from_outside_only() {
    let outer =
        "Authentication-Results: mx; dkim=fail\nX-Spam-Flag: YES\nFrom: alice@example.com\n";
    let forged = "authentication-results: mx; dkim=pass\nReturn-Path: <boss@example.com>\nX-Received: by mx\nX-SPAM-Flag: NO\n";
    for hp in ["", "; hp=\"cipher\""] {
        for (inner, told) in [("X-Own: b\n", false), (forged, true)] {
            let entity =
                format!("From: alice@example.com\n{inner}Content-Type: text/plain{hp}\n\na\n");
            for found in [
                Found::by("open", encrypted_as_is(outer, &entity)),
                Found::by("decrypt", encrypted_as_is(outer, &entity)),
                Found::by("open", signed_as_is(outer, &entity)),
            ] {
                assert_eq!(found.code, 0);
                let report = found.report.to_string();
                assert_eq!(report.contains("trace-inside"), told, "{report}");
                assert_eq!(found.came_out("Authentication-Results"), ["mx; dkim=fail"]);
                assert_eq!(found.came_out("X-Spam-Flag"), ["YES"]);
                assert!(found.came_out("Return-Path").is_empty());
                assert!(found.came_out("X-Received").is_empty());
                assert_eq!(found.came_out("X-Own").len(), usize::from(!told));
            }
        }
    }
    // a file that was encrypted whole comes back whole
    let whole = format!("{forged}From: alice@example.com\nContent-Type: text/plain\n\na\n");
    assert_eq!(Found::by("open", encrypted_as_is("", &whole)).output, whole);
}

/// A draft that was opened, and is sent on without protection, does not say that it has any.
#[test]
fn what_a_draft_says_of_protection_is_left_out_without_it() {
    let draft = "From: alice@example.com\nTo: bob@example.com\nSubject: Lunch\nHP-Outer: Bcc: carol@example.com\n\
         MIME-Version: 1.0\nContent-Type: text/plain; hp=\"cipher\";\n protected-headers=v1; charset=us-ascii\n\na\n";
    let clean = "From: alice@example.com\nTo: bob@example.com\nSubject: Lunch\n\
         MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\na\n";
    for (verb, options) in [("sign", by_alice()), ("encrypt", to_bob())] {
        for (message, told) in [(draft, true), (clean, false)] {
            let made = run(verb, options.clone(), message).expect(0);
            assert_eq!(made.stderr.contains("header-protection"), told, "{made:?}");
            assert!(!made.text().contains("carol"), "{}", made.text());
            let opened = Found::by("open", made.text());
            assert_eq!(opened.code, 0, "{}", opened.report);
            assert_eq!(opened.scheme(), "none");
            assert_eq!(opened.output, clean);
        }
    }
}

/// Where there is no From outside, one inside that nobody signed is as good as forged.
#[test]
fn a_from_that_stands_inside_alone_is_told() {
    for (outer, inner, told) in [
        ("To: bob@example.com\n", "From: boss@example.com\n", true),
        ("To: bob@example.com\n", "X-Own: a\n", false),
        (
            "From: alice@example.com\n",
            "From: alice@example.com\n",
            false,
        ),
    ] {
        let entity = format!("{inner}Content-Type: text/plain\n\na\n");
        let found = Found::by("open", encrypted_as_is(outer, &entity));
        assert_eq!(found.code, 0);
        assert_eq!(
            found.rules().contains("unsigned-from"),
            told,
            "{}",
            found.report
        );
    }
    let entity = "From: alice@example.com\nContent-Type: text/plain\n\na\n";
    let found = Found::by("open", signed_as_is("To: bob@example.com\n", entity));
    assert!(!found.rules().contains("unsigned-from"), "{}", found.report);
}

/// How far the content of a CBC ciphertext could be read says which step failed: what is malformed in it is answered as a padding that is wrong.
#[test]
fn what_cbc_made_of_a_ciphertext_is_no_oracle() {
    let multipart = "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\n\n--b\n\na\n";
    let cms = |base64: &str| {
        format!(
            "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n{base64}\n"
        )
    };
    let opened = |malformed: &str, cipher| {
        let options = join(&[&args!["-q", "--binary", "--cipher", cipher], &to_bob()]);
        let sealed = run("encrypt", options, malformed).expect(0).text();
        let options = join(&[&args!["--json"], &as_bob(), &reading()]);
        let run = run("open", options, sealed);
        (run.code, run.text() + &run.stderr)
    };
    let answer = opened("Content-Type: text/plain; =\n\na\n", "aes-128-cbc");
    assert!(answer.1.contains("decryption-failed"), "{}", answer.1);
    for malformed in [
        "Content-Type: text/plain; =\n\na\n",
        "Content-Type: text/plain\nContent-Type: text/plain\n\na\n",
        multipart,
        &format!("{multipart}--b--\n"),
        &cms("MIIB"),
        // SignedData and no more of it; SignedData with something else in it; an object of no type that is known
        &cms("MIAGCSqGSIb3DQEHAqCA"),
        &cms("MA0GCSqGSIb3DQEHAqAA"),
        &cms("MAsGCSqGSIb3DQEHFQ=="),
        &cms("MIAGAyoDBKCABAAAAAAA"),
    ] {
        assert_eq!(opened(malformed, "aes-128-cbc"), answer, "{malformed}");
        let (code, told) = opened(malformed, "aes-128-gcm");
        assert_eq!(code, 3, "{malformed}: {told}");
    }
}
