//! What is wrong with a signer, row by row: the right answer, soon, and nothing comes out. The counterpart of `recipients`.
//!
//! A message of ours is taken apart, altered and put together again; the library judges it in this process. Each row names the rule that denies.
use crate::{
    recipients::{Node, SOON, altered, oid},
    support::*,
};
use smime::{
    asn1::{Tag, Time, write},
    policy::{Level, Limits, Policy},
    smime::{Source, Verifier, report::Verdict},
    store::files,
    x509::{Collection, TrustAnchors},
};
use std::{
    io::Cursor,
    time::{Duration, Instant},
};

const AT: Time = Time(1_800_000_000);
/// Ways into a SignedData with one signer.
const DIGESTS: &[usize] = &[1, 0, 1];
const SIGNER: &[usize] = &[1, 0, 4, 0];
const DIGEST: usize = 2;
const ATTRIBUTES: usize = 3;
const ALGORITHM: usize = 4;
const SIGNATURE: usize = 5;
fn of_signer(field: usize, inside: &[usize]) -> Vec<usize> {
    [SIGNER, &[field], inside].concat()
}

struct Judging {
    anchors: TrustAnchors,
    repository: Collection,
    policy: Policy,
}
impl Judging {
    fn new() -> Self {
        let limits = Limits::default();
        Self {
            anchors: files::trust_anchors(&fixture("trust"), &limits).unwrap(),
            repository: files::certificates(&fixture("certs"), &limits).unwrap(),
            policy: Policy::default(),
        }
    }
    /// The rules that deny, or `pass`, or `malformed`; at its quickest of three it must be soon.
    fn judge(&self, message: &[u8]) -> Vec<String> {
        let verifier = Verifier::new(&self.anchors, &self.repository, &self.policy, &[]);
        let mut best = Duration::MAX;
        let mut answer = Vec::new();
        for _ in 0..3 {
            let start = Instant::now();
            let mut source = Cursor::new(message);
            let source = Source::Seekable(&mut source);
            let result = verifier.verify(source, None, &mut std::io::sink(), AT);
            best = best.min(start.elapsed());
            answer = match result {
                Ok(report) if report.verdict() == Verdict::Pass => vec!["pass".to_owned()],
                Ok(report) => report
                    .all_findings()
                    .filter(|finding| finding.level == Level::Deny)
                    .map(|finding| finding.rule.name().to_owned())
                    .collect(),
                Err(_) => vec!["malformed".to_owned()],
            };
        }
        assert!(best < SOON, "{best:?}: {answer:?}");
        answer.dedup();
        answer
    }
}

fn signed(who: &str, more: &[&str]) -> Vec<u8> {
    let mut line = args!["sign", "-q", "--binary", "--opaque", "--format", "der"];
    line.extend(args!["-i", fixture(&format!("identities/{who}.pem"))]);
    line.extend(more.iter().map(Into::into));
    smime(line).input("lunch at noon?").run().expect(0).stdout
}

fn identifier(dotted: &str, parameters: &[u8]) -> Node {
    let oid = write::tlv(Tag::OID, &oid(dotted));
    Node::read(&write::sequence(&[&oid, parameters]))
}
const NULL: &[u8] = &[5, 0];
const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
const SHA_384: &str = "2.16.840.1.101.3.4.2.2";
const MD2: &str = "1.2.840.113549.2.2";
const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_SHA_384: &str = "1.2.840.113549.1.1.12";
const PSS: &str = "1.2.840.113549.1.1.10";
const ECDSA_SHA_256: &str = "1.2.840.10045.4.3.2";
const ED25519: &str = "1.3.101.112";
const ED448: &str = "1.3.101.113";
const ML_DSA_44: &str = "2.16.840.1.101.3.4.3.17";
const SLH_DSA: &str = "2.16.840.1.101.3.4.3.20";
const DSA: &str = "2.16.840.1.101.3.4.3.2";

#[test]
fn what_is_not_altered_passes() {
    let judging = Judging::new();
    for (who, more) in [
        ("alice", &[][..]),
        ("alice", &["--pss"]),
        ("carol", &[]),
        ("erin", &[]),
    ] {
        let message = signed(who, more);
        assert_eq!(judging.judge(&message), ["pass"], "{who}");
        assert_eq!(Node::read(&message).write(), message);
    }
}

#[test]
fn algorithms_that_are_others_or_with_other_parameters() {
    let judging = Judging::new();
    let algorithm = of_signer(ALGORITHM, &[]);
    let digest = of_signer(DIGEST, &[]);
    for (who, place, to, rule) in [
        // swapped: of another digest, of another key, of none
        (
            "alice",
            &algorithm,
            identifier(RSA_SHA_384, NULL),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(ECDSA_SHA_256, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(ED25519, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(ED448, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(ML_DSA_44, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(SLH_DSA, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(DSA, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(SHA_256, &[]),
            "signature-algorithm",
        ),
        (
            "carol",
            &algorithm,
            identifier(RSA, NULL),
            "signature-algorithm",
        ),
        (
            "erin",
            &algorithm,
            identifier(ED448, &[]),
            "signature-algorithm",
        ),
        // parameters: where none may be, none where some must be, of another type
        (
            "erin",
            &algorithm,
            identifier(ED25519, NULL),
            "signature-algorithm",
        ),
        (
            "carol",
            &algorithm,
            identifier(ECDSA_SHA_256, &[4, 1, 0]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(PSS, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(PSS, NULL),
            "signature-algorithm",
        ),
        // a salt that is negative, longer than any key; another trailer
        (
            "alice",
            &algorithm,
            identifier(PSS, &[0x30, 5, 0xa2, 3, 2, 1, 0xff]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(PSS, &[0x30, 7, 0xa2, 5, 2, 3, 1, 0, 0]),
            "signature-algorithm",
        ),
        (
            "alice",
            &algorithm,
            identifier(PSS, &[0x30, 5, 0xa3, 3, 2, 1, 2]),
            "signature-algorithm",
        ),
        // the digest
        (
            "alice",
            &digest,
            identifier(SHA_384, &[]),
            "signature-algorithm",
        ),
        (
            "alice",
            &digest,
            identifier(MD2, NULL),
            "signature-algorithm",
        ),
        (
            "alice",
            &digest,
            identifier(SHA_256, &[4, 1, 0]),
            "signature-algorithm",
        ),
        (
            "erin",
            &digest,
            identifier(SHA_256, &[]),
            "signature-algorithm",
        ),
    ] {
        let message = altered(&signed(who, &[]), place, |node| *node = to.clone());
        let found = judging.judge(&message);
        assert!(found.contains(&rule.to_owned()), "{who} {to:?}: {found:?}");
    }
    // the digest is not announced
    let message = altered(&signed("alice", &[]), DIGESTS, |digests| {
        digests.children = vec![identifier(SHA_384, &[])];
    });
    assert_eq!(judging.judge(&message), ["signature-algorithm"]);
}

#[test]
fn signatures_that_are_none() {
    let judging = Judging::new();
    let place = of_signer(SIGNATURE, &[]);
    let with = |who, signature: Vec<u8>| {
        let message = altered(&signed(who, &[]), &place, |node| node.content = signature);
        let found = judging.judge(&message);
        assert_eq!(found, ["signature-invalid"], "{who}");
    };
    let of = |who| Node::read(&signed(who, &[])).at(&place).content.clone();
    // of RSA: none, short, long, zero, one, beyond the modulus
    let rsa = of("alice");
    let size = rsa.len();
    let one = [&vec![0; size - 1][..], &[1]].concat();
    for signature in [
        vec![],
        vec![0],
        rsa[1..].to_vec(),
        rsa[..size - 1].to_vec(),
        [&[0], &rsa[..]].concat(),
        [&rsa[..], &[0]].concat(),
        vec![0; size],
        one,
        vec![0xff; size],
        vec![7; 1 << 16],
    ] {
        with("alice", signature);
    }
    // of ECDSA: r or s zero, negative, the order; not DER; something after; both as octets
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = smime::encoding::hex::decode(order).unwrap();
    let number = |octets: &[u8]| write::tlv(Tag::INTEGER, octets);
    let order = number(&[&[0], &order[..]].concat());
    let (zero, one, negative) = (number(&[0]), number(&[1]), number(&[0xff]));
    let good = of("carol");
    for signature in [
        vec![],
        write::sequence(&[&zero, &one]),
        write::sequence(&[&one, &zero]),
        write::sequence(&[&order, &one]),
        write::sequence(&[&one, &order]),
        write::sequence(&[&negative, &one]),
        write::sequence(&[&number(&[0, 1]), &one]),
        write::sequence(&[&one]),
        write::sequence(&[&one, &one, &one]),
        [&good[..], &[0]].concat(),
        [&[0x30, 0x81, good[1]], &good[2..]].concat(),
        vec![1; 64],
        vec![0x30; 1 << 16],
    ] {
        with("carol", signature);
    }
    // of Ed25519: of another length, S not below the order (RFC 8032 §5.1.7), R of small order
    let good = of("erin");
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order = smime::encoding::hex::decode(order).unwrap();
    let mut carry = 0_u16;
    let beyond: Vec<u8> = good[32..]
        .iter()
        .zip(&order)
        .map(|(a, b)| {
            carry += u16::from(*a) + u16::from(*b);
            let octet = u8::try_from(carry & 0xff).unwrap();
            carry >>= 8;
            octet
        })
        .collect();
    let small = [&[1][..], &[0; 63]].concat();
    for signature in [
        vec![],
        good[..63].to_vec(),
        [&good[..], &[0]].concat(),
        [&good[..32], &beyond].concat(),
        [&good[..32], &order].concat(),
        small,
        vec![0; 64],
    ] {
        with("erin", signature);
    }
}

#[test]
fn attributes_that_are_missing_or_twice() {
    let judging = Judging::new();
    let place = of_signer(ATTRIBUTES, &[]);
    let with = |change: &dyn Fn(&mut Node)| {
        let message = altered(&signed("alice", &[]), &place, |node| change(node));
        judging.judge(&message)
    };
    let is = |node: &Node, name: &str| node.children[0].content == oid(name);
    for name in ["1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"] {
        for change in [
            &(|all: &mut Node| all.children.retain(|a| !is(a, name))) as &dyn Fn(&mut Node),
            &|all| {
                let twin = all.children.iter().find(|a| is(a, name)).unwrap().clone();
                all.children.push(twin);
            },
            &|all| {
                let one = all.children.iter_mut().find(|a| is(a, name)).unwrap();
                one.children[1].children.clear();
            },
            &|all| {
                let one = all.children.iter_mut().find(|a| is(a, name)).unwrap();
                let twin = one.children[1].children[0].clone();
                one.children[1].children.push(twin);
            },
            &|all| {
                let one = all.children.iter_mut().find(|a| is(a, name)).unwrap();
                one.children[1].children[0] = Node::read(NULL);
            },
        ] {
            let found = with(change);
            assert!(
                found.contains(&"signed-attributes".to_owned()),
                "{name}: {found:?}"
            );
        }
    }
    // all of them gone, or an empty set
    let none = altered(&signed("alice", &[]), SIGNER, |signer| {
        signer.children.remove(ATTRIBUTES);
    });
    assert_eq!(
        judging.judge(&none),
        ["no-signed-attributes", "signature-invalid"]
    );
    let empty = with(&|all| all.children.clear());
    assert!(!empty.contains(&"pass".to_owned()), "{empty:?}");
}

/// Every field of the object and of its signer left out in turn.
#[test]
fn fields_that_are_missing() {
    let judging = Judging::new();
    let message = signed("alice", &[]);
    for (place, optional) in [
        (&[][..], &[][..]),
        (&[1, 0], &[3]),
        (&[1, 0, 2], &[]),
        (SIGNER, &[ATTRIBUTES]),
    ] {
        let fields = Node::read(&message).at(place).children.len();
        for field in 0..fields {
            let without = altered(&message, place, |node| {
                node.children.remove(field);
            });
            let found = judging.judge(&without);
            assert!(
                !found.contains(&"pass".to_owned()) || optional.contains(&field),
                "{place:?} {field}"
            );
        }
    }
}

/// Parameters of a curve that are spelt out are denied (RFC 5480 §2.1.1) even where they are a known curve's: CVE-2020-0601.
#[test]
fn explicit_curves() {
    let dir = Dir::new();
    let (certificate, identity) = (
        fixture("recipients/explicit-p256.crt"),
        fixture("recipients/explicit-p256.pem"),
    );
    let message = args!["-o", dir.file("out"), fixture("messages/plain.eml")];
    for line in [
        join(&[&args!["encrypt", "-r", certificate], &trusting()]),
        args!["sign", "--binary", "-i", identity],
    ] {
        let start = Instant::now();
        let run = smime(join(&[&line, &message])).run().expect(1);
        assert!(start.elapsed() < SOON);
        let error = run.stderr.lines().last().unwrap_or_default();
        assert!(run.stderr.contains("explicit-curve"), "{error}");
        assert!(dir.entries().is_empty());
    }
}
