//! Countersignatures and time-stamps, good ones and every kind of bad one, made with keys and certificates of the tests' own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::{
    asn1::{Tag, oid, write},
    cms::{attribute::Written, signed_data, signer_info, time_stamp},
    crypto::{SoftwareKey, digest::digest},
    policy::{Level, Revocation},
    smime::{
        digests::ContentDigests,
        report::{Layer, Report, SignedLayer, TimeStamp, Verdict},
    },
    x509::sample::{
        Template, anchors, crl, extended_key_usage, extension, key, key_usage, now, parsed, time,
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::io::Write;

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nhello\r\n";
const ECDSA: SignatureAlgorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);
const EXTENDED_KEY_USAGE: Oid = Oid::new_unwrap("2.5.29.37");
const KEY_USAGE: Oid = Oid::new_unwrap("2.5.29.15");
const TIME_STAMPING: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.8");
const EMAIL_PROTECTION: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.4");
const TIME_STAMP_TOKEN: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// Somebody who signs.
struct Person {
    key: SoftwareKey,
    certificate: Certificate,
}

fn root() -> Certificate {
    Template::ca("CN=Root", &key(1), "CN=Root").sign(&key(1))
}

fn tsa_root() -> Certificate {
    Template::ca("CN=Time", &key(5), "CN=Time").sign(&key(5))
}

fn person(name: &str, seed: u64) -> Person {
    let certificate = Template::new(name, &key(seed), "CN=Root")
        .serial(&[u8::try_from(seed).unwrap()])
        .with(key_usage(0x80))
        .sign(&key(1));
    Person {
        key: key(seed),
        certificate,
    }
}

fn alice() -> Person {
    person("CN=Alice", 3)
}

/// A time-stamping authority, with this extKeyUsage.
fn authority(usage: Option<Vec<u8>>) -> Person {
    let mut template = Template::new("CN=Clock", &key(6), "CN=Time").serial(&[6]);
    template.extensions.extend(usage);
    Person {
        key: key(6),
        certificate: template.sign(&key(5)),
    }
}

fn purposes(critical: bool, purposes: &[Oid]) -> Vec<u8> {
    let list: Vec<Vec<u8>> = purposes.iter().map(oid::to_der).collect();
    let list: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
    extension(&EXTENDED_KEY_USAGE, critical, &write::sequence(&list))
}

fn clock() -> Person {
    authority(Some(purposes(true, &[TIME_STAMPING])))
}

/// Signs attributes as they are.
fn sign_set(by: &Person, set: &[u8]) -> Vec<u8> {
    let sid = signer_info::issuer_serial(&by.certificate);
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    signer_info::sign(&by.key, &sid, Digest::Sha256, &ECDSA, set, rng).unwrap()
}

fn sign(by: &Person, content_type: Option<Oid>, content: &[u8], at: Time) -> Vec<u8> {
    let set = Written {
        content_type,
        message_digest: &digest(Digest::Sha256, content),
        signing_time: at,
        certificate: &by.certificate,
        capabilities: &[],
        digest: Digest::Sha256,
        signature: &ECDSA,
        besides: &[],
    };
    sign_set(by, &set.to_set().unwrap())
}

/// Alice's signature over the content.
fn signed() -> Vec<u8> {
    sign(&alice(), Some(content_type::DATA), CONTENT, now())
}

fn value(signer: &[u8]) -> Vec<u8> {
    SignerInfo::parse(signer, 64).unwrap().signature
}

fn attribute(oid: &Oid, values: &[Vec<u8>]) -> Vec<u8> {
    write::sequence(&[&oid::to_der(oid), &write::set_of(values)])
}

fn with(signer: &[u8], attribute: &[u8]) -> Vec<u8> {
    signer_info::with_unsigned(signer, 64, attribute).unwrap()
}

/// What a message is judged by.
struct Bench {
    policy: Policy,
    at: Time,
    time_stamps: bool,
    certificates: Vec<Certificate>,
    crls: Vec<Crl>,
}

fn bench() -> Bench {
    let mut policy = Policy::default();
    policy.revocation = Revocation::Off;
    Bench {
        policy,
        at: now(),
        time_stamps: true,
        certificates: vec![
            alice().certificate,
            person("CN=Carol", 4).certificate,
            clock().certificate,
        ],
        crls: Vec::new(),
    }
}

impl Bench {
    fn judge(&self, signer: &[u8]) -> Result<Signature, Error> {
        let signer = SignerInfo::parse_within(signer, 64, self.policy.limits.attributes)?;
        let (trusted, clocks) = (anchors(&[&root()]), anchors(&[&tsa_root()]));
        let repository = Collection::default();
        let judge = Judge {
            anchors: &trusted,
            repository: &repository,
            time_stamp_anchors: self.time_stamps.then_some(&clocks),
            policy: &self.policy,
            watch: None,
            at: self.at,
            allowance: Allowance::new(&self.policy.limits).into(),
        };
        let mut digests = ContentDigests::new(&[Digest::Sha256], false);
        digests.update(CONTENT);
        let digests = digests.finish();
        let digested = Digested {
            digests: &digests,
            content_type: Some(content_type::DATA),
            form: Form::Opaque,
            as_received: false,
            head: CONTENT,
        };
        let in_message = Collection {
            certificates: self.certificates.clone(),
            crls: self.crls.clone(),
            ..Collection::default()
        };
        judge.judge(&signer, &digested, &in_message)
    }

    fn judged(&self, signer: &[u8]) -> Signature {
        self.judge(signer).unwrap()
    }
}

fn has(signature: &Signature, rule: Rule) -> bool {
    signature.findings.iter().any(|f| f.rule == rule)
}

// ------------------------------------------------------------------------------------------------------- countersignatures

fn countersign(signer: &[u8], by: &Person) -> Vec<u8> {
    let over = sign(by, None, &value(signer), now());
    with(signer, &crate::cms::attribute::countersignature(&over))
}

#[test]
fn a_countersignature_is_judged_below_the_signature_it_is_over() {
    let carol = person("CN=Carol", 4);
    let signature = bench().judged(&countersign(&signed(), &carol));
    assert_eq!(signature.verdict(), Verdict::Pass);
    assert!(!has(&signature, Rule::Countersignature));
    let [over] = signature.countersignatures.as_slice() else {
        unreachable!("one countersignature");
    };
    assert_eq!(
        (over.verdict(), over.trust),
        (Verdict::Pass, Trust::Trusted)
    );
    assert_eq!(over.signer.as_ref(), Some(&carol.certificate));
}

#[test]
fn countersignatures_may_be_countersigned() {
    let (alice, carol) = (alice(), person("CN=Carol", 4));
    let signer = signed();
    let over = sign(&carol, None, &value(&signer), now());
    let over = countersign(&over, &alice);
    let signer = with(&signer, &crate::cms::attribute::countersignature(&over));
    let signature = bench().judged(&signer);
    let inner = &signature.countersignatures[0];
    assert_eq!(inner.countersignatures[0].verdict(), Verdict::Pass);
    assert_eq!(inner.countersignatures[0].signer, Some(alice.certificate));
}

#[test]
fn a_countersignature_that_does_not_hold_is_a_warning() {
    let (signer, carol) = (signed(), person("CN=Carol", 4));
    let stranger = Person {
        certificate: Template::new("CN=Stranger", &key(9), "CN=Stranger").sign(&key(9)),
        key: key(9),
    };
    let no_digest = attribute(&Oid::new_unwrap("1.2.840.113549.1.9.5"), &[now().to_der()]);
    let mut flipped = sign(&carol, None, &value(&signer), now());
    *flipped.last_mut().unwrap() ^= 1;
    let cases = [
        (
            "another value",
            sign(&carol, None, b"another", now()),
            Integrity::Broken,
        ),
        (
            "the content",
            sign(&carol, None, CONTENT, now()),
            Integrity::Broken,
        ),
        (
            "a content type",
            sign(&carol, Some(content_type::DATA), &value(&signer), now()),
            Integrity::Broken,
        ),
        (
            "no messageDigest",
            sign_set(&carol, &write::set_of(&[no_digest])),
            Integrity::Broken,
        ),
        ("a flipped bit", flipped, Integrity::Broken),
        (
            "nobody's certificate",
            sign(&stranger, None, &value(&signer), now()),
            Integrity::Undetermined,
        ),
    ];
    for (what, over, integrity) in cases {
        let signer = with(&signer, &crate::cms::attribute::countersignature(&over));
        let signature = bench().judged(&signer);
        assert_eq!(signature.verdict(), Verdict::Pass, "{what}");
        assert!(has(&signature, Rule::Countersignature), "{what}");
        assert_eq!(
            signature.countersignatures[0].integrity, integrity,
            "{what}"
        );
        let mut strict = bench();
        strict
            .policy
            .set(Rule::Countersignature, Level::Deny)
            .unwrap();
        assert_eq!(strict.judged(&signer).verdict(), Verdict::Fail, "{what}");
    }
    let malformed = crate::cms::attribute::countersignature(&[0x30, 0]);
    let signature = bench().judged(&with(&signer, &malformed));
    assert!(has(&signature, Rule::Countersignature) && signature.countersignatures.is_empty());
    // known, but not trusted
    let over = sign(&stranger, None, &value(&signer), now());
    let mut known = bench();
    known.certificates.push(stranger.certificate);
    let signer = with(&signer, &crate::cms::attribute::countersignature(&over));
    let signature = known.judged(&signer);
    assert!(has(&signature, Rule::Countersignature));
    assert_eq!(signature.countersignatures[0].trust, Trust::Untrusted);
}

#[test]
fn a_countersignature_makes_nothing_better() {
    let carol = person("CN=Carol", 4);
    let signer = sign(
        &alice(),
        Some(content_type::DATA),
        b"another content",
        now(),
    );
    let signature = bench().judged(&countersign(&signer, &carol));
    assert_eq!(signature.integrity, Integrity::Broken);
    assert_eq!(signature.countersignatures[0].verdict(), Verdict::Pass);
    let report = Report {
        layers: vec![Layer::Signed(SignedLayer::new(
            Form::Opaque,
            vec![signature],
            Vec::new(),
        ))],
        ..Report::default()
    };
    assert_eq!(report.verdict(), Verdict::Fail);
}

#[test]
fn countersignatures_have_a_number_and_a_depth() {
    let (alice, carol) = (alice(), person("CN=Carol", 4));
    let limits = Policy::default().limits;
    let beside = |count: usize| (0..count).fold(signed(), |signer, _| countersign(&signer, &carol));
    let most = limits.countersignatures;
    let signature = bench().judged(&beside(most));
    assert_eq!(signature.countersignatures.len(), most);
    let past = bench().judge(&beside(most + 1));
    assert!(matches!(
        past,
        Err(Error::Limit {
            name: "countersignatures",
            ..
        })
    ));
    let deep = |depth: usize| {
        // from the innermost value outwards, each over the one around it
        fn over(signer: &[u8], by: [&Person; 2], depth: usize) -> Vec<u8> {
            if depth == 0 {
                return signer.to_vec();
            }
            let inner = sign(by[0], None, &value(signer), now());
            let inner = over(&inner, [by[1], by[0]], depth - 1);
            with(signer, &crate::cms::attribute::countersignature(&inner))
        }
        over(&signed(), [&carol, &alice], depth)
    };
    let most = limits.countersignature_depth;
    assert_eq!(bench().judged(&deep(most)).verdict(), Verdict::Pass);
    let past = bench().judge(&deep(most + 1));
    assert!(matches!(
        past,
        Err(Error::Limit {
            name: "countersignature-depth",
            ..
        })
    ));
    let described = |signer: &[u8]| {
        let signer = SignerInfo::parse(signer, 64).unwrap();
        describe_all(&signer, &Collection::default(), &Policy::default()).map(drop)
    };
    assert!(described(&deep(most)).is_ok() && described(&deep(most + 1)).is_err());
}

// ------------------------------------------------------------------------------------------------------------- time-stamps

/// A TSTInfo to be.
struct Stamp {
    algorithm: Digest,
    imprint: Vec<u8>,
    time: &'static str,
    /// what follows genTime
    rest: Vec<u8>,
}

fn stamp(over: &[u8]) -> Stamp {
    Stamp {
        algorithm: Digest::Sha256,
        imprint: digest(Digest::Sha256, &value(over)),
        time: "20261101000000Z",
        rest: Vec::new(),
    }
}

impl Stamp {
    fn der(&self) -> Vec<u8> {
        let algorithm = write::sequence(&[&oid::to_der(&self.algorithm.row().oid)]);
        let imprint = write::tlv(Tag::OCTET_STRING, &self.imprint);
        write::sequence(&[
            &write::integer(1),
            &oid::to_der(&Oid::new_unwrap("1.2.3.4")),
            &write::sequence(&[&algorithm, &imprint]),
            &write::integer(77),
            &write::tlv(Tag(0x18), self.time.as_bytes()),
            &self.rest,
        ])
    }

    fn signed_by(&self, by: &Person) -> Vec<u8> {
        let der = self.der();
        let signer = sign(by, Some(time_stamp::CONTENT_TYPE), &der, now());
        token(&der, time_stamp::CONTENT_TYPE, &[by], &[signer])
    }
}

fn token(content: &[u8], content_type: Oid, by: &[&Person], signers: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = signed_data::Writer::new(Vec::new(), &[Digest::Sha256], content_type, false);
    writer.write_all(content).unwrap();
    let certificates: Vec<&[u8]> = by.iter().map(|it| it.certificate.der()).collect();
    writer.finish(&certificates, signers).unwrap()
}

fn stamped(signer: &[u8], token: Vec<u8>) -> Vec<u8> {
    with(signer, &attribute(&TIME_STAMP_TOKEN, &[token]))
}

/// Alice signed while her certificate was valid; now it is not.
fn later() -> Bench {
    let mut later = bench();
    let mut template = Template::new("CN=Alice", &key(3), "CN=Root").serial(&[3]);
    template = template
        .with(key_usage(0x80))
        .valid("2026-10-01", "2026-11-15");
    later.certificates[0] = template.sign(&key(1));
    later.at = time("2027-06-01");
    later
}

/// Alice's signature by the certificate of [`later`].
fn signed_then() -> Vec<u8> {
    let alice = Person {
        key: key(3),
        certificate: later().certificates[0].clone(),
    };
    sign(&alice, Some(content_type::DATA), CONTENT, now())
}

#[test]
fn a_time_stamp_that_holds_is_the_time_to_judge_at() {
    let signer = signed_then();
    assert!(has(&later().judged(&signer), Rule::ExpiredSinceSigning));
    let signer = stamped(&signer, stamp(&signer).signed_by(&clock()));
    let signature = later().judged(&signer);
    assert_eq!(
        signature.verdict(),
        Verdict::Pass,
        "{:?}",
        signature.findings
    );
    assert_eq!(signature.proven_time, Some(now()));
    let [stamp] = signature.time_stamps.as_slice() else {
        unreachable!("one time-stamp");
    };
    assert!(stamp.judged && stamp.holds());
    assert_eq!(stamp.token.trust, Trust::Trusted);
    // nobody was named to trust for it
    let mut shown = later();
    shown.time_stamps = false;
    let signature = shown.judged(&signer);
    assert_eq!(signature.proven_time, None);
    assert!(has(&signature, Rule::ExpiredSinceSigning));
    assert!(!has(&signature, Rule::TimeStamp));
    assert!(!signature.time_stamps[0].holds());
}

#[test]
fn the_earliest_time_that_is_proven_counts_with_its_accuracy() {
    let signer = signed_then();
    let mut first = stamp(&signer);
    // 1 s, 500 ms: to the next full second
    let accuracy = [write::integer(1), write::tlv(Tag(0x80), &[1, 0xf4])].concat();
    first.rest = write::tlv(Tag::SEQUENCE, &accuracy);
    let mut second = stamp(&signer);
    second.time = "20261102000000.5Z";
    let two = stamped(&signer, second.signed_by(&clock()));
    assert_eq!(
        later().judged(&two).proven_time,
        Some(Time(time("2026-11-02").0 + 1))
    );
    let two = stamped(&two, first.signed_by(&clock()));
    let signature = later().judged(&two);
    assert_eq!(signature.time_stamps.len(), 2);
    assert_eq!(signature.proven_time, Some(Time(now().0 + 2)));
}

#[test]
fn a_time_stamp_after_the_end_of_the_certificate_does_not_help() {
    let signer = signed_then();
    let mut late = stamp(&signer);
    late.time = "20261201000000Z";
    let signature = later().judged(&stamped(&signer, late.signed_by(&clock())));
    assert!(signature.time_stamps[0].holds());
    assert_eq!(signature.verdict(), Verdict::Fail);
    assert!(has(&signature, Rule::ExpiredSinceSigning));
}

#[test]
fn whoever_lost_his_key_is_not_saved_by_a_time_stamp() {
    let signer = signed_then();
    let signer = stamped(&signer, stamp(&signer).signed_by(&clock()));
    let mut revoked = later();
    revoked.policy.revocation = Revocation::Soft;
    let list =
        |serials: &[&[u8]], from: &str, to: &str| crl("CN=Root", &key(1), from, to, serials, &[]);
    // listed today
    revoked.crls = vec![list(&[&[3]], "2027-05-20", "2027-06-20")];
    assert!(has(&revoked.judged(&signer), Rule::Revoked));
    // listed then, and no longer today: the certificate has expired
    revoked.crls = vec![
        list(&[&[3]], "2026-10-20", "2026-11-10"),
        list(&[], "2027-05-20", "2027-06-20"),
    ];
    assert!(has(&revoked.judged(&signer), Rule::Revoked));
    // today's silence says nothing about a certificate that has expired
    revoked.crls = vec![list(&[], "2027-05-20", "2027-06-20")];
    assert!(has(&revoked.judged(&signer), Rule::RevocationUnknown));
    // what was said then does
    revoked.crls = vec![list(&[], "2026-10-20", "2026-11-10")];
    let signature = revoked.judged(&signer);
    assert_eq!(signature.revocation, RevocationStatus::Good);
    assert_eq!(signature.verdict(), Verdict::Pass);
}

/// Two ways lead to the root: by CAs that are revoked, and by CAs that were not valid yet at the time of the stamp and are not all valid now.
#[test]
fn what_is_said_now_of_another_path_does_not_clear_this_one() {
    let alice = Person {
        key: key(3),
        certificate: Template::new("CN=Alice", &key(3), "CN=CA")
            .with(key_usage(0x80))
            .sign(&key(7)),
    };
    let ca = |name: &str, seed, issuer: &str, signer, serial| {
        let ca = Template::ca(name, &key(seed), issuer).serial(&[serial]);
        (ca, key(signer))
    };
    let (by_x, x) = (
        ca("CN=CA", 7, "CN=X", 8, 21),
        ca("CN=X", 8, "CN=Root", 1, 22),
    );
    let (by_y, y) = (
        ca("CN=CA", 7, "CN=Y", 9, 23),
        ca("CN=Y", 9, "CN=Root", 1, 24),
    );
    let later =
        |(ca, signer): (Template, SoftwareKey), to| ca.valid("2026-12-01", to).sign(&signer);
    let mut bench = bench();
    bench.policy.revocation = Revocation::Soft;
    bench.at = time("2027-06-01");
    bench.certificates = vec![
        alice.certificate.clone(),
        clock().certificate,
        by_x.0.sign(&by_x.1),
        x.0.sign(&x.1),
        later(by_y, "2027-03-01"),
        later(y, "2030-01-01"),
    ];
    let (from, to) = ("2027-05-20", "2027-06-20");
    bench.crls = vec![
        crl("CN=X", &key(8), from, to, &[&[21]], &[]),
        crl("CN=Root", &key(1), from, to, &[&[22]], &[]),
    ];
    let signer = sign(&alice, Some(content_type::DATA), CONTENT, now());
    assert_eq!(bench.judged(&signer).verdict(), Verdict::Fail);
    let signer = stamped(&signer, stamp(&signer).signed_by(&clock()));
    let signature = bench.judged(&signer);
    assert_eq!(signature.proven_time, Some(now()));
    assert_eq!(signature.verdict(), Verdict::Fail);
    assert!(has(&signature, Rule::Revoked), "{:?}", signature.findings);
    assert_eq!(signature.revocation, RevocationStatus::Revoked);
}

#[test]
fn a_time_stamp_that_does_not_hold_does_not_count() {
    let signer = signed_then();
    let good = || stamp(&signer);
    let edited = |edit: fn(&mut Stamp)| {
        let mut stamp = good();
        edit(&mut stamp);
        stamp.signed_by(&clock())
    };
    let by = |usage: Option<Vec<u8>>| good().signed_by(&authority(usage));
    let stamping = TIME_STAMPING;
    let dated = |from: &str, to: &str| {
        let usage = purposes(true, &[stamping]);
        let template = Template::new("CN=Clock", &key(6), "CN=Time").with(usage);
        good().signed_by(&Person {
            key: key(6),
            certificate: template.valid(from, to).sign(&key(5)),
        })
    };
    let self_made = {
        let usage = purposes(true, &[stamping]);
        let template = Template::new("CN=Clock", &key(8), "CN=Root").with(usage);
        good().signed_by(&Person {
            key: key(8),
            certificate: template.sign(&key(1)),
        })
    };
    let der = good().der();
    let bare_set = write::set_of(&[
        attribute(
            &Oid::new_unwrap("1.2.840.113549.1.9.3"),
            &[oid::to_der(&time_stamp::CONTENT_TYPE)],
        ),
        attribute(
            &Oid::new_unwrap("1.2.840.113549.1.9.4"),
            &[write::tlv(Tag::OCTET_STRING, &digest(Digest::Sha256, &der))],
        ),
    ]);
    let unnamed = token(
        &der,
        time_stamp::CONTENT_TYPE,
        &[&clock()],
        &[sign_set(&clock(), &bare_set)],
    );
    let broken = {
        let mut signer = sign(&clock(), Some(time_stamp::CONTENT_TYPE), &der, now());
        *signer.last_mut().unwrap() ^= 1;
        token(&der, time_stamp::CONTENT_TYPE, &[&clock()], &[signer])
    };
    let other_content = {
        let signer = sign(&clock(), Some(time_stamp::CONTENT_TYPE), b"else", now());
        token(&der, time_stamp::CONTENT_TYPE, &[&clock()], &[signer])
    };
    let cases = [
        (
            "imprint",
            edited(|s| s.imprint[0] ^= 1),
            Rule::TimeStampToken,
        ),
        (
            "short imprint",
            edited(|s| s.imprint.truncate(31)),
            Rule::TimeStampToken,
        ),
        (
            "imprint over the content",
            edited(|s| s.imprint = digest(Digest::Sha256, CONTENT)),
            Rule::TimeStampToken,
        ),
        (
            "future",
            edited(|s| s.time = "20270601000600Z"),
            Rule::TimeStampToken,
        ),
        (
            "critical extension",
            edited(|s| {
                s.rest = write::retag(
                    Tag::context(1),
                    write::sequence(&[&extension(&KEY_USAGE, true, &[5, 0])]),
                );
            }),
            Rule::TimeStampToken,
        ),
        (
            "another authority's name",
            edited(|s| {
                let name = write::constructed(Tag::context(4), &[parsed("CN=Other").der()]);
                s.rest = write::constructed(Tag::context(0), &[&name]);
            }),
            Rule::TimeStampToken,
        ),
        ("no extKeyUsage", by(None), Rule::KeyUsage),
        (
            "extKeyUsage not critical",
            by(Some(purposes(false, &[stamping]))),
            Rule::KeyUsage,
        ),
        (
            "extKeyUsage for mail too",
            by(Some(purposes(true, &[stamping, EMAIL_PROTECTION]))),
            Rule::KeyUsage,
        ),
        (
            "extKeyUsage for mail",
            by(Some(extended_key_usage(&[EMAIL_PROTECTION]))),
            Rule::KeyUsage,
        ),
        (
            "expired authority",
            dated("2026-01-01", "2027-01-01"),
            Rule::Expired,
        ),
        (
            "authority not yet valid",
            dated("2026-12-01", "2030-01-01"),
            Rule::TimeStampToken,
        ),
        ("an anchor for mail", self_made, Rule::Untrusted),
        ("certificate not named", unnamed, Rule::TimeStampToken),
        ("broken signature", broken, Rule::SignatureInvalid),
        (
            "another content signed",
            other_content,
            Rule::DigestMismatch,
        ),
    ];
    for (what, token, rule) in cases {
        let signature = later().judged(&stamped(&signer, token));
        let stamp: &TimeStamp = &signature.time_stamps[0];
        let found = stamp.token.findings.iter().find(|f| f.rule == rule);
        assert!(
            found.is_some_and(|f| f.level == Level::Deny),
            "{what}: {:?}",
            stamp.token.findings
        );
        assert!(!stamp.holds(), "{what}");
        assert_eq!(signature.proven_time, None, "{what}");
        assert!(has(&signature, Rule::TimeStamp), "{what}");
        assert!(has(&signature, Rule::ExpiredSinceSigning), "{what}");
    }
    let weak = {
        let mut weak = good();
        weak.algorithm = Digest::Sha1;
        weak.imprint = digest(Digest::Sha1, &value(&signer));
        weak.signed_by(&clock())
    };
    let signature = later().judged(&stamped(&signer, weak));
    assert!(has(&signature.time_stamps[0].token, Rule::WeakDigest));
    assert_eq!(signature.proven_time, None);
}

#[test]
fn the_cas_of_an_authority_must_permit_time_stamping() {
    let signer = signed_then();
    let under = |purpose: Option<Oid>| {
        let mut ca = Template::ca("CN=Clocks", &key(7), "CN=Time").serial(&[7]);
        ca.extensions
            .extend(purpose.map(|it| purposes(false, &[it])));
        let clock = Template::new("CN=Clock", &key(6), "CN=Clocks")
            .serial(&[6])
            .with(purposes(true, &[TIME_STAMPING]));
        let clock = Person {
            key: key(6),
            certificate: clock.sign(&key(7)),
        };
        let mut later = later();
        later.certificates.push(ca.sign(&key(5)));
        later.judged(&stamped(&signer, stamp(&signer).signed_by(&clock)))
    };
    let any = Oid::new_unwrap("2.5.29.37.0");
    for purpose in [None, Some(TIME_STAMPING), Some(any)] {
        assert_eq!(under(purpose).verdict(), Verdict::Pass, "{purpose:?}");
    }
    let signature = under(Some(EMAIL_PROTECTION));
    assert!(has(&signature, Rule::TimeStamp) && has(&signature, Rule::ExpiredSinceSigning));
}

#[test]
fn what_is_no_token_is_left_out() {
    let signer = signed_then();
    let der = stamp(&signer).der();
    let one = || sign(&clock(), Some(time_stamp::CONTENT_TYPE), &der, now());
    let of = |content_type, signers: &[Vec<u8>]| token(&der, content_type, &[&clock()], signers);
    let trailing = [of(time_stamp::CONTENT_TYPE, &[one()]), vec![5, 0]].concat();
    for (what, token) in [
        ("no signer", of(time_stamp::CONTENT_TYPE, &[])),
        (
            "two signers",
            of(
                time_stamp::CONTENT_TYPE,
                &[
                    one(),
                    sign(&alice(), Some(time_stamp::CONTENT_TYPE), &der, now()),
                ],
            ),
        ),
        ("another content type", of(content_type::DATA, &[one()])),
        (
            "no TSTInfo",
            token(b"hello", time_stamp::CONTENT_TYPE, &[&clock()], &[one()]),
        ),
        ("no CMS", vec![0x30, 0]),
    ] {
        let signature = later().judged(&stamped(&signer, token));
        assert!(signature.time_stamps.is_empty(), "{what}");
        assert!(has(&signature, Rule::TimeStamp), "{what}");
        assert!(has(&signature, Rule::ExpiredSinceSigning), "{what}");
    }
    // what follows a token is another value, and no token
    let signature = later().judged(&stamped(&signer, trailing));
    assert_eq!(signature.time_stamps.len(), 1);
    assert!(has(&signature, Rule::TimeStamp));
}

#[test]
fn time_stamps_have_a_number() {
    let signer = signed_then();
    let token = stamp(&signer).signed_by(&clock());
    let many = |count: usize| {
        with(
            &signer,
            &attribute(&TIME_STAMP_TOKEN, &vec![token.clone(); count]),
        )
    };
    let most = Policy::default().limits.time_stamps;
    assert_eq!(later().judged(&many(most)).time_stamps.len(), most);
    let past = later().judge(&many(most + 1));
    assert!(matches!(
        past,
        Err(Error::Limit {
            name: "time-stamps",
            ..
        })
    ));
    // so many are refused before any is looked at
    let tiny = attribute(&TIME_STAMP_TOKEN, &vec![vec![0x30, 0]; 100_000]);
    assert!(later().judge(&with(&signer, &tiny)).is_err());
}

#[test]
fn the_signed_attributes_may_limit_the_path() {
    let ca = Template::ca("CN=CA", &key(2), "CN=Root").sign(&key(1));
    let leaf = Template::new("CN=Alice", &key(3), "CN=CA")
        .with(key_usage(0x80))
        .sign(&key(2));
    let alice = Person {
        key: key(3),
        certificate: leaf,
    };
    let id = |certificate: &Certificate| {
        write::sequence(&[&write::tlv(Tag::OCTET_STRING, &certificate.sha256())])
    };
    let judged = |ids: &[Vec<u8>]| {
        let ids: Vec<&[u8]> = ids.iter().map(Vec::as_slice).collect();
        let named = write::sequence(&[&write::sequence(&ids)]);
        let set = write::set_of(&[
            attribute(
                &Oid::new_unwrap("1.2.840.113549.1.9.3"),
                &[oid::to_der(&content_type::DATA)],
            ),
            attribute(
                &Oid::new_unwrap("1.2.840.113549.1.9.4"),
                &[write::tlv(
                    Tag::OCTET_STRING,
                    &digest(Digest::Sha256, CONTENT),
                )],
            ),
            attribute(&Oid::new_unwrap("1.2.840.113549.1.9.16.2.47"), &[named]),
        ]);
        let mut bench = bench();
        bench.certificates = vec![alice.certificate.clone(), ca.clone()];
        bench.judged(&sign_set(&alice, &set))
    };
    let own = id(&alice.certificate);
    let fine = judged(std::slice::from_ref(&own));
    assert_eq!(fine.verdict(), Verdict::Pass, "{:?}", fine.findings);
    assert_eq!(judged(&[own.clone(), id(&ca)]).verdict(), Verdict::Pass);
    let other = judged(&[own.clone(), id(&root())]);
    assert!(has(&other, Rule::SigningCertificate));
    assert_eq!(other.verdict(), Verdict::Fail);
    assert!(has(&judged(&[id(&ca), own]), Rule::SigningCertificate));
}
