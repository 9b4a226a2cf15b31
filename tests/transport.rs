//! Round trips of generated messages: whatever is signed or encrypted comes out as it went in, by us and by OpenSSL, and what is signed in clear
//! is safe for a transport of 7-bit lines.
//!
//! `SMIME_ROUND_TRIPS=2000` sets how many; OpenSSL reads every tenth, or with `SMIME_ROUND_TRIPS_OPENSSL=1` all.
use crate::support::*;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use smime::{
    asn1::Time,
    cms::recipient_info::Naming,
    mime::mailbox::Address,
    policy::{Limits, Policy, Revocation, Rule},
    smime::{
        BlindCopies, Content, Decryptor, Encoding, EncryptOptions, Encryptor, Include, Recipient,
        Report, SignOptions, Signer, Source, Verifier,
        report::{Form, Verdict},
    },
    store::{Identities, files},
    x509::{Collection, TrustAnchors},
};
use std::{ffi::OsString, io::Cursor, sync::OnceLock};

/// 2026-12-01T00:00:00Z
const AT: Time = Time(1_796_083_200);

/// An entity, and what readers must find in it.
enum Node {
    Leaf {
        kind: &'static str,
        encoding: &'static str,
        /// as it stands in the entity
        body: Vec<u8>,
        /// what it means; lines end in CRLF
        content: Vec<u8>,
    },
    Multipart {
        subtype: &'static str,
        label: &'static str,
        boundary: String,
        preamble: &'static str,
        epilogue: &'static str,
        closed: bool,
        parts: Vec<Node>,
    },
    /// what is not to be changed, its header with it
    Whole { octets: Vec<u8>, safe: bool },
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.0.next_u64() % n as u64).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Lines of text, ended in CRLF; the last perhaps not.
    fn text(&mut self, hard: bool) -> Vec<u8> {
        const EASY: &[&str] = &[
            "",
            "plain",
            "a = b",
            "Fromage",
            ">From here",
            "..",
            "--x",
            "=",
            "=20",
            "\tindented",
            "Subject: no header",
        ];
        const HARD: &[&str] = &[
            "Größe",
            "привет, мир",
            "日本語",
            "From here",
            "From ",
            "trailing ",
            "tab\t",
            "-- ",
            "a\0b",
            "bare\rCR",
            "\x1b[0m ",
        ];
        let mut text = Vec::new();
        for _ in 0..self.below(12) {
            let line = match hard && self.below(3) == 0 {
                true => self.one(HARD),
                false => self.one(EASY),
            };
            text.extend_from_slice(line.as_bytes());
            if hard && self.below(12) == 0 {
                text.extend(std::iter::repeat_n(b'x', 900 + self.below(3000)));
            }
            text.extend_from_slice(b"\r\n");
        }
        if self.below(4) == 0 {
            text.extend_from_slice(b"end");
        }
        text
    }

    fn leaf(&mut self, hard: bool) -> Node {
        let kind = self.one(&[
            "",
            "text/plain",
            "text/plain; charset=utf-8",
            "text/html; charset=\"utf-8\"",
            "text/calendar; method=REQUEST; charset=UTF-8",
            "text/plain;\r\n charset=utf-8;\r\n format=flowed",
        ]);
        match self.below(6) {
            0 => {
                let octets = noise(self.0.next_u64(), self.below(3000));
                let mut body = data_encoding::BASE64_MIME.encode(&octets).into_bytes();
                if hard && self.below(3) == 0 {
                    body.retain(|octet| !octet.is_ascii_whitespace());
                }
                leaf("application/pdf; name=\"a b.pdf\"", "base64", body, octets)
            }
            1 if hard => {
                let octets = noise(self.0.next_u64(), self.below(3000));
                leaf("application/octet-stream", "binary", octets.clone(), octets)
            }
            2 => {
                let from = self.one(&["From here=20\r\n", "", "soft =\r\nFrom=\r\n x\r\n"]);
                let body = format!("{}caf=C3=A9 =\r\n=3D\r\n", if hard { from } else { "" });
                let content = unquoted(body.as_bytes());
                leaf(kind, "quoted-printable", body.into_bytes(), content)
            }
            _ => {
                let text = self.text(hard);
                let encoding = match hard {
                    true => self.one(&["", "7bit", "8bit", "8BIT"]),
                    false => self.one(&["", "7bit", "7BIT"]),
                };
                leaf(kind, encoding, text.clone(), text)
            }
        }
    }

    fn whole(&mut self, hard: bool) -> Node {
        if self.below(3) == 0 {
            let inner = b"Content-Type: text/plain\r\n\r\nsigned by itself\r\n";
            let octets = sign(inner, Form::Clear, &mut self.0, false).0;
            return Node::Whole { octets, safe: true };
        }
        let text = self.text(hard);
        let safe = is_seven_bit(&text);
        let head =
            "Content-Type: message/rfc822\r\n\r\nFrom: x@example.org\r\nSubject: forwarded\r\n\r\n";
        let octets = [head.as_bytes(), &text].concat();
        Node::Whole { octets, safe }
    }

    fn node(&mut self, hard: bool, depth: usize) -> Node {
        match self.below(5) {
            0 | 1 if depth < 5 => Node::Multipart {
                subtype: self.one(&["mixed", "alternative", "related", "x-unknown"]),
                label: match hard {
                    true => self.one(&["", "8bit", "7bit"]),
                    false => self.one(&["", "7bit"]),
                },
                boundary: format!(
                    "{}{depth}{}",
                    self.one(&["b", "=_", "a b", "--", "'()+_,-./:=?"]),
                    "x".repeat(self.below(40))
                ),
                preamble: self.one(&["", "This is MIME.\r\n", "\r\n"]),
                epilogue: self.one(&["", "\r\n", "\r\nthe end\r\n"]),
                closed: self.below(8) > 0,
                parts: (0..self.below(4))
                    .map(|_| self.node(hard, depth + 1))
                    .collect(),
            },
            2 if depth > 0 => self.whole(hard),
            _ => self.leaf(hard),
        }
    }
}

fn leaf(kind: &'static str, encoding: &'static str, body: Vec<u8>, content: Vec<u8>) -> Node {
    Node::Leaf {
        kind,
        encoding,
        body,
        content,
    }
}

impl Node {
    fn octets(&self) -> Vec<u8> {
        let field = |name: &str, value: &str| match value {
            "" => String::new(),
            _ => format!("{name}: {value}\r\n"),
        };
        match self {
            Self::Whole { octets, .. } => octets.clone(),
            Self::Leaf {
                kind,
                encoding,
                body,
                ..
            } => {
                let header = field("Content-Type", kind)
                    + &field("Content-Transfer-Encoding", encoding)
                    + "\r\n";
                [header.as_bytes(), body].concat()
            }
            Self::Multipart {
                subtype,
                label,
                boundary,
                preamble,
                epilogue,
                closed,
                parts,
            } => {
                let kind = format!("multipart/{subtype}; boundary=\"{boundary}\"");
                let header =
                    field("Content-Type", &kind) + &field("Content-Transfer-Encoding", label);
                let mut octets = format!("{header}\r\n{preamble}").into_bytes();
                for part in parts {
                    octets.extend(format!("\r\n--{boundary}\r\n").into_bytes());
                    octets.extend(part.octets());
                }
                if *closed {
                    octets.extend(format!("\r\n--{boundary}--\r\n{epilogue}").into_bytes());
                }
                octets
            }
        }
    }

    fn is_binary(&self) -> bool {
        match self {
            Self::Leaf { encoding, .. } => *encoding == "binary",
            Self::Multipart { parts, .. } => parts.iter().any(Self::is_binary),
            Self::Whole { .. } => false,
        }
    }

    /// Everything in it can be made 7-bit safe.
    fn can_be_safe(&self) -> bool {
        match self {
            Self::Leaf { .. } => true,
            Self::Multipart { parts, .. } => parts.iter().all(Self::can_be_safe),
            Self::Whole { safe, .. } => *safe,
        }
    }

    /// Compares it with what came out, by means of the test's own.
    fn check(&self, out: &[u8]) {
        let (header, body) = match out.strip_prefix(b"\r\n") {
            Some(body) => (&b""[..], body),
            None => {
                let at = find(out, b"\r\n\r\n").unwrap();
                (&out[..at], &out[at + 4..])
            }
        };
        match self {
            Self::Whole { octets, .. } => assert_eq!(text(out), text(octets)),
            Self::Leaf { content, .. } => {
                let header = String::from_utf8(header.to_ascii_lowercase()).unwrap();
                let decoded = if header.contains("content-transfer-encoding: base64") {
                    let digits: Vec<u8> = body
                        .iter()
                        .copied()
                        .filter(|o| !o.is_ascii_whitespace())
                        .collect();
                    data_encoding::BASE64.decode(&digits).unwrap()
                } else if header.contains("content-transfer-encoding: quoted-printable") {
                    unquoted(body)
                } else {
                    body.to_vec()
                };
                assert_eq!(text(&decoded), text(content));
            }
            Self::Multipart {
                boundary,
                preamble,
                epilogue,
                closed,
                parts,
                ..
            } => {
                let delimiter = format!("\r\n--{boundary}\r\n");
                let closing = format!("\r\n--{boundary}--\r\n");
                let (body, rest) = match find(body, closing.as_bytes()) {
                    Some(at) => (&body[..at], Some(&body[at + closing.len()..])),
                    None => (body, None),
                };
                assert_eq!(rest, closed.then_some(epilogue.as_bytes()));
                let mut found = Vec::new();
                let mut rest = body;
                while let Some(at) = find(rest, delimiter.as_bytes()) {
                    found.push(&rest[..at]);
                    rest = &rest[at + delimiter.len()..];
                }
                found.push(rest);
                assert_eq!(found[0], preamble.as_bytes());
                assert_eq!(found.len(), parts.len() + 1);
                for (part, out) in parts.iter().zip(&found[1..]) {
                    part.check(out);
                }
            }
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn text(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

/// Decodes quoted-printable whose lines end in CRLF.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        rest = match (octet, after) {
            (b'=', [b'\r', b'\n', after @ ..]) => after,
            (b'=', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                octets.push(u8::from_str_radix(digits, 16).unwrap());
                after
            }
            (octet, after) => {
                octets.push(*octet);
                after
            }
        };
    }
    octets
}

fn is_seven_bit(text: &[u8]) -> bool {
    text.split(|o| *o == b'\n').all(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() <= 998 && line.iter().all(|o| (1..128).contains(o) && *o != b'\r')
    })
}

/// Keys, certificates and rules.
struct World {
    carol: Identities,
    bob: Identities,
    anchors: TrustAnchors,
    repository: Collection,
    policy: Policy,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let limits = Limits::default();
        let identities = |who: &str| {
            let mut pool = Identities::default();
            let path = fixture(&format!("identities/{who}.pem"));
            files::identities(&path, &limits, &mut |_| None, &mut pool).unwrap();
            pool
        };
        let mut policy = Policy::default();
        policy.revocation = Revocation::Off;
        World {
            carol: identities("carol"),
            bob: identities("bob"),
            anchors: files::trust_anchors(&fixture("trust"), &limits).unwrap(),
            repository: files::certificates(&fixture("certs"), &limits).unwrap(),
            policy,
        }
    })
}

/// A file, or a pipe, which cannot be read twice.
fn source<'a>(input: &'a mut Cursor<&[u8]>, pipe: bool) -> Source<'a> {
    match pipe {
        true => Source::Stream(input),
        false => Source::Seekable(input),
    }
}

fn sign(message: &[u8], form: Form, rng: &mut ChaCha8Rng, pipe: bool) -> (Vec<u8>, Report) {
    let options = SignOptions {
        request_receipt: None,
        form,
        content: Content::Message,
        encoding: Encoding::Smime,
        digest: None,
        pss: false,
        include: Include::Chain,
        compress: false,
        protect_headers: None,
    };
    let mut out = Vec::new();
    let report = Signer::new(&world().carol, &world().policy, options)
        .sign(source(&mut Cursor::new(message), pipe), &mut out, AT, rng)
        .unwrap();
    assert_eq!(report.verdict(), Verdict::Pass);
    (out, report)
}

fn verify(message: &[u8]) -> Vec<u8> {
    let World {
        anchors,
        repository,
        policy,
        ..
    } = world();
    let mut content = Vec::new();
    let mut message = Cursor::new(message);
    let report = Verifier::new(anchors, repository, policy, &[])
        .verify(Source::Seekable(&mut message), None, &mut content, AT)
        .unwrap();
    assert_eq!(report.verdict(), Verdict::Pass, "{report:#?}");
    content
}

fn encrypt(message: &[u8], rng: &mut ChaCha8Rng, pipe: bool) -> Vec<u8> {
    let World {
        anchors,
        repository,
        policy,
        ..
    } = world();
    let options = EncryptOptions {
        content: Content::Message,
        encoding: Encoding::Smime,
        cipher: None,
        rsa: None,
        naming: Naming::default(),
        to_header: false,
        blind: BlindCopies::Each,
        compress: false,
        protect_headers: None,
    };
    let bob = [Recipient::Address(
        Address::parse("bob@example.com").unwrap(),
    )];
    let mut out = Vec::new();
    let report = Encryptor::new(&bob, anchors, repository, policy, options)
        .encrypt(source(&mut Cursor::new(message), pipe), &mut out, AT, rng)
        .unwrap();
    assert_eq!(report.verdict(), Verdict::Pass);
    out
}

fn decrypt(message: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut out = Vec::new();
    let mut message = Cursor::new(message);
    let report = Decryptor::new(&world().bob, &world().policy)
        .decrypt(Source::Seekable(&mut message), &mut out, rng)
        .unwrap();
    assert_eq!(report.verdict(), Verdict::Pass);
    out
}

fn has(report: &Report, rule: Rule) -> bool {
    report.all_findings().any(|finding| finding.rule == rule)
}

const OUTER: &str = "From: carol@example.com\r\nSubject: a round trip\r\n";

/// Sends one message in every way, and has OpenSSL read it, too.
fn round_trip(seed: u64, by_openssl: bool) {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let hard = dice.below(4) > 0;
    let mut node = dice.node(hard, 0);
    let is_binary = node.is_binary();
    if let Node::Multipart { label, .. } = &mut node
        && is_binary
    {
        *label = "binary";
    }
    let entity = node.octets();
    let message = [OUTER.as_bytes(), &entity].concat();
    // what is binary has no other line ends
    let message = match dice.below(2) == 0 || is_binary {
        true => message,
        false => without_cr(&message),
    };
    let pipe = dice.below(2) == 0;
    let rng = &mut dice.0;

    let (clear, report) = sign(&message, Form::Clear, rng, pipe);
    let content = verify(&clear);
    node.check(&content);
    assert_eq!(is_seven_bit(&clear), node.can_be_safe());
    assert_eq!(has(&report, Rule::NotSevenBit), !node.can_be_safe());
    if !hard {
        assert_eq!(text(&content), text(&entity));
    }
    assert_eq!(has(&report, Rule::ReEncoded), content != entity);

    let (opaque, report) = sign(&message, Form::Opaque, rng, pipe);
    assert!(!has(&report, Rule::ReEncoded) && is_seven_bit(&opaque));
    assert_eq!(text(&verify(&opaque)), text(&entity));

    let encrypted = encrypt(&message, rng, pipe);
    assert!(is_seven_bit(&encrypted));
    assert_eq!(text(&decrypt(&encrypted, rng)), text(&message));

    let both = encrypt(&clear, rng, pipe);
    assert_eq!(text(&decrypt(&both, rng)), text(&clear));

    if by_openssl {
        let dir = Dir::new();
        let output = dir.file("out");
        let read = |octets: &[u8], how: &[OsString]| {
            let file = dir.write("message", octets);
            let line = join(&[&args!["cms", "-binary", "-in", file, "-out", &output], how]);
            openssl(Peer::Openssl, line).run().expect(0);
            dir.read("out")
        };
        let checks = args![
            "-verify",
            "-CAfile",
            fixture("trust/root.pem"),
            "-purpose",
            "any"
        ];
        let opens = args![
            "-decrypt",
            "-recip",
            fixture("certs/bob.pem"),
            "-inkey",
            fixture("keys/bob.pem")
        ];
        assert_eq!(text(&read(&opaque, &checks)), text(&entity));
        assert_eq!(text(&read(&encrypted, &opens)), text(&entity));
        if node.can_be_safe() {
            // without -binary it brings lines to CRLF, as they were signed
            let file = dir.write("message", &clear);
            let line = join(&[&args!["cms", "-in", file, "-out", &output], &checks]);
            openssl(Peer::Openssl, line).run().expect(0);
            assert_eq!(text(&with_cr(&dir.read("out"))), text(&with_cr(&content)));
        }
    }
}

#[test]
fn whatever_is_sent_arrives() {
    let count: u64 = match std::env::var("SMIME_ROUND_TRIPS") {
        Ok(count) => count.parse().unwrap(),
        Err(_) => 200,
    };
    let all = std::env::var_os("SMIME_ROUND_TRIPS_OPENSSL").is_some_and(|it| it == "1");
    let peer = have(
        &[Peer::Openssl],
        "what is signed and encrypted, read by OpenSSL",
    );
    let seeds: Vec<u64> = (0..count).collect();
    let failed: Vec<u64> = parallel(&seeds, |seed| {
        let by_openssl = peer && (all || seed % 10 == 0);
        std::panic::catch_unwind(|| round_trip(*seed, by_openssl))
            .err()
            .map(|_| *seed)
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(failed.is_empty(), "of {count} messages failed: {failed:?}");
}

/// One for each thing that is said, as people see it.
#[test]
fn what_was_encoded_is_told() {
    let message = "From: alice@example.com\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n\
        --b\n\ncaf\u{e9} du coin\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\n\u{1}\0\n--b--\n";
    let run = smime(join(&[
        &args!["sign", "--json", "-o", "/dev/null"],
        &as_alice(),
    ]))
    .input(message)
    .run()
    .expect(0);
    let report = run.json();
    let findings = report["layers"][0]["signatures"][0]["findings"]
        .as_array()
        .unwrap()
        .clone();
    let told: Vec<_> = findings
        .iter()
        .filter(|finding| finding["rule"] == "re-encoded")
        .map(|finding| finding["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "part 1.1 is labelled 7bit now, not 8bit",
            "part 1.1.1 is quoted-printable now: it has 8-bit octets",
            "part 1.1.2 is base64 now: it has NUL octets",
        ]
    );
    let run = smime(join(&[&args!["sign", "-o", "/dev/null"], &as_alice()]))
        .input(message)
        .run()
        .expect(0);
    assert!(
        run.text()
            .contains("  encoded  part 1.1 is labelled 7bit now, not 8bit (and 2 more)\n"),
        "{}",
        run.text()
    );

    let forwarded =
        "From: alice@example.com\nContent-Type: message/rfc822\n\nSubject: x\n\ncaf\u{e9}\n";
    let run = smime(join(&[&args!["sign", "-o", "/dev/null"], &as_alice()]))
        .input(forwarded)
        .run()
        .expect(0);
    assert!(
        run.text()
            .contains("warning  not-7bit: part 1.1 has 8-bit octets and is a message"),
        "{}",
        run.text()
    );
    let run = smime(join(&[&args!["sign", "--deny", "not-7bit"], &as_alice()]))
        .input(forwarded)
        .run()
        .expect(1);
    assert!(run.stdout.is_empty());
}

/// What is too long to be held is encoded as it comes, and arrives all the same.
#[test]
fn long_messages_from_a_pipe() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let plain = "a line of text, long enough to be one\r\n".repeat(40_000);
    let caf = "un caf\u{e9} au coin de la rue \r\n".repeat(60_000);
    for (kind, body) in [
        ("text/plain", &plain),
        ("text/plain; charset=utf-8", &caf),
        ("application/json", &plain),
    ] {
        let entity =
            format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}");
        let message = format!("From: carol@example.com\r\n{entity}");
        let (clear, report) = sign(message.as_bytes(), Form::Clear, rng, true);
        assert!(is_seven_bit(&clear) && has(&report, Rule::ReEncoded));
        let content = verify(&clear);
        leaf("", "", Vec::new(), body.clone().into_bytes()).check(&content);
        // a file is read twice, and what is safe in it stays
        let (clear, _) = sign(message.as_bytes(), Form::Clear, rng, false);
        let kept = String::from_utf8(verify(&clear)).unwrap();
        assert_eq!(kept == entity.replace("8bit", "7bit"), body == &plain);
    }
}
