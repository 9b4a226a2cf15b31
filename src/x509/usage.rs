//! The judgement of one certificate by itself: validity, use and strength (RFC 5280 §4.1.2.5, §4.2.1.3, §4.2.1.12; RFC 8550 §4.4).
//!
//! Everything here is a finding, for policy to weigh; what makes a path no path is `validate`'s. Knows nothing of other certificates.
use super::{Certificate, extension::KeyUsage, path::Purpose, validate::Question};
use crate::{
    asn1::Time,
    crypto::public_key::KeyKind,
    policy::{
        Finding, Policy, Reason,
        strength::{RSA_BITS, RSA_EXPONENT, is_weak_algorithm, is_weak_digest, is_weak_key},
    },
};

/// Judges the last certificate of a path by itself: validity, use and strength. `issued`: its signature is one to rely on.
pub(super) fn judge_leaf(leaf: &Certificate, question: Question<'_>, issued: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    time(leaf, question, &mut findings);
    usage(leaf, question, &mut findings);
    strength(leaf, question.policy, &mut findings);
    if issued {
        digest(leaf, question.policy, &mut findings);
    }
    findings
}

/// Judges validity (§6.1.3 (a) (2)).
pub(super) fn time(certificate: &Certificate, question: Question<'_>, findings: &mut Vec<Finding>) {
    let Question { at, policy, .. } = question;
    let (from, to) = (certificate.not_before(), certificate.not_after());
    if at < from {
        let objection = certificate.objection(
            Reason::NotYetValid,
            format!("it is not valid before {from}"),
        );
        findings.push(policy.object(objection.wanting(valid_at(at))));
    } else if to < at {
        let signed = question
            .signing_time
            .filter(|signed| certificate.is_valid_at(*signed));
        findings.push(match signed {
            Some(signed) => {
                let found = format!(
                    "it was valid when it is said to have signed, at {signed}, and expired at {to}"
                );
                policy.object(certificate.objection(Reason::ExpiredSinceSigning, found))
            }
            None => {
                let expired = certificate.objection(Reason::Expired, format!("it expired at {to}"));
                policy.object(expired.wanting(valid_at(at)))
            }
        });
    }
}

/// Notes an anchor that is not valid at the time judged: RFC 5280 §6.1.1 (d) has no validity among what an anchor is.
pub(super) fn anchor_time(
    anchor: &Certificate,
    question: Question<'_>,
    findings: &mut Vec<Finding>,
) {
    let Question { at, policy, .. } = question;
    let found = if at < anchor.not_before() {
        format!("it is an anchor from {} on", anchor.not_before())
    } else if anchor.not_after() < at {
        format!("it was an anchor until {}", anchor.not_after())
    } else {
        return;
    };
    findings.push(policy.object(anchor.objection(Reason::AnchorExpired, found)));
}

fn valid_at(at: Time) -> String {
    format!("it must be valid at the time judged, {at}")
}

/// Judges keyUsage, extKeyUsage and key type of a person's certificate (RFC 8550 §4.4.2, §4.4.4). Malformed extensions permit nothing.
fn usage(leaf: &Certificate, question: Question<'_>, findings: &mut Vec<Finding>) {
    let mut object = |reason: Reason, found: String| {
        findings.push(question.policy.object(leaf.objection(reason, found)));
    };
    let kind = match leaf.public_key() {
        Ok(key) => key.kind(),
        Err(error) => {
            return object(
                Reason::UnusableKey,
                format!("its key cannot be used: {error}"),
            );
        }
    };
    let Some(needed) = needed(question.purpose, kind) else {
        return;
    };
    let (wanted, lacking) = match needed {
        Ok(needed) => needed,
        Err(cannot) => return object(cannot, format!("its key is {}", kind.name())),
    };
    match leaf.key_usage() {
        Ok(None) => {}
        // RFC 5280 §4.2.1.3: decipherOnly keeps others from enciphering for this key
        Ok(Some(usage)) if usage.permits(wanted) && !forbids_enciphering(usage, wanted) => {}
        Ok(Some(usage)) => object(lacking, format!("its keyUsage is {usage}")),
        Err(_) => object(
            Reason::MalformedUsage,
            "its keyUsage is malformed".to_owned(),
        ),
    }
    match leaf.permits_email() {
        _ if question.purpose == Purpose::TimeStamp => {
            if !leaf.is_for_time_stamping() {
                let found = format!("extended key usage is {}", purposes(leaf));
                object(Reason::NotForTimeStamping, found);
            }
        }
        Ok(None | Some(true)) => {}
        Ok(Some(false)) => object(
            Reason::NoEmailProtection,
            format!("extended key usage is {}", purposes(leaf)),
        ),
        Err(_) => object(
            Reason::MalformedUsage,
            "its extKeyUsage is malformed".to_owned(),
        ),
    }
    match leaf.basic_constraints() {
        Ok(Some(basic)) if basic.ca && !is_a_persons_too(leaf, wanted) => {
            object(
                Reason::CaAsPerson,
                "its basicConstraints say that it is a CA's".to_owned(),
            );
        }
        Ok(_) => {}
        Err(_) => object(
            Reason::MalformedUsage,
            "its basicConstraints are malformed".to_owned(),
        ),
    }
}

/// What a key must have in its keyUsage, if there is one: any of these bits, or else that reason; `Err`: it is no key for this.
type Needed = Result<(KeyUsage, Reason), Reason>;

/// Returns what a purpose needs of a key of this kind; `None`: nothing.
fn needed(purpose: Purpose, kind: KeyKind) -> Option<Needed> {
    match purpose {
        Purpose::Any => None,
        Purpose::Sign | Purpose::TimeStamp => Some(match kind {
            // RFC 8550 §4.4.2
            KeyKind::Rsa { .. }
            | KeyKind::P256
            | KeyKind::P384
            | KeyKind::P521
            | KeyKind::BrainpoolP256
            | KeyKind::BrainpoolP384
            | KeyKind::BrainpoolP512
            | KeyKind::Ed25519
            | KeyKind::Ed448
            | KeyKind::MlDsa(_)
            | KeyKind::SlhDsa(_)
            | KeyKind::Dsa { .. } => Ok((
                KeyUsage(KeyUsage::DIGITAL_SIGNATURE.0 | KeyUsage::NON_REPUDIATION.0),
                Reason::NoDigitalSignature,
            )),
            KeyKind::RsaKem { .. } | KeyKind::X25519 | KeyKind::X448 | KeyKind::MlKem(_) => {
                Err(Reason::KeyCannotSign)
            }
        }),
        Purpose::Encrypt => Some(match kind {
            // RFC 3279 §2.3.1, RFC 4055 §1.2
            KeyKind::Rsa {
                restricted_to_pss: false,
                ..
            }
            // RFC 9690 §2.3
            | KeyKind::RsaKem { .. }
            // RFC 9935 §5
            | KeyKind::MlKem(_) => Ok((KeyUsage::KEY_ENCIPHERMENT, Reason::NoKeyEncipherment)),
            // RFC 5480 §3, RFC 8410 §5
            KeyKind::P256
            | KeyKind::P384
            | KeyKind::P521
            | KeyKind::BrainpoolP256
            | KeyKind::BrainpoolP384
            | KeyKind::BrainpoolP512
            | KeyKind::X25519
            | KeyKind::X448 => Ok((KeyUsage::KEY_AGREEMENT, Reason::NoKeyAgreement)),
            KeyKind::Rsa {
                restricted_to_pss: true,
                ..
            }
            | KeyKind::Ed25519
            | KeyKind::Ed448
            | KeyKind::MlDsa(_)
            | KeyKind::SlhDsa(_)
            | KeyKind::Dsa { .. } => Err(Reason::KeyCannotEncrypt),
        }),
    }
}

/// Returns whether a key that agrees on keys may only decipher with them.
fn forbids_enciphering(usage: KeyUsage, wanted: KeyUsage) -> bool {
    wanted == KeyUsage::KEY_AGREEMENT && usage.permits(KeyUsage::DECIPHER_ONLY)
}

/// Returns whether a CA's certificate is meant for a person's use all the same.
///
/// RFC 5280 permits such certificates where keyUsage says so, and NIST's tests have them (PKITS 4.6.8, 4.6.14, 4.8.6). digitalSignature alone
/// does not say it: CAs have it for what they sign besides certificates and CRLs, such as OCSP responses. Who signs a certificate for himself
/// is a CA by the defaults of most programs, which set no keyUsage: that tells the real ones.
fn is_a_persons_too(certificate: &Certificate, wanted: KeyUsage) -> bool {
    match certificate.key_usage() {
        Ok(None) => certificate.is_self_issued(),
        Ok(Some(usage)) => usage.permits(KeyUsage(wanted.0 & !KeyUsage::DIGITAL_SIGNATURE.0)),
        Err(_) => false,
    }
}

/// Names the purposes of a certificate's extKeyUsage: `serverAuth, clientAuth`.
pub(super) fn purposes(certificate: &Certificate) -> String {
    certificate.purposes().unwrap_or_default().join(", ")
}

/// Judges kind and size of the key.
pub(super) fn strength(certificate: &Certificate, policy: &Policy, findings: &mut Vec<Finding>) {
    let Ok(key) = certificate.public_key() else {
        return;
    };
    let (kind, name, bits) = (key.kind(), key.kind().name(), key.kind().bits());
    if is_weak_key(kind) {
        let found = format!("its {name} key has {bits} bits");
        let weak = certificate.objection(Reason::WeakKey, found);
        findings.push(policy.object(weak.wanting(format!("{RSA_BITS} are needed to be safe"))));
    }
    if let Some(exponent) = key.rsa_exponent().filter(|it| *it < RSA_EXPONENT) {
        let found = format!("the public exponent of its {name} key is {exponent}");
        findings.push(policy.object(certificate.objection(Reason::SmallExponent, found)));
    }
    if key.has_explicit_curve() {
        let found = format!("its key spells out the numbers of {name}");
        findings.push(policy.object(certificate.objection(Reason::ExplicitCurve, found)));
    }
    if is_weak_algorithm(kind) {
        let found = format!("its key is a {name} key");
        findings.push(policy.object(certificate.objection(Reason::WeakAlgorithm, found)));
    }
}

/// Judges the digest of the issuer's signature.
pub(super) fn digest(certificate: &Certificate, policy: &Policy, findings: &mut Vec<Finding>) {
    if let Ok(algorithm) = certificate.signature_algorithm()
        && let Some(digest) = algorithm.digest()
        && is_weak_digest(digest)
    {
        let found = format!("its issuer signed it over {}", digest.name());
        findings.push(policy.object(certificate.objection(Reason::WeakDigest, found)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        policy::{Level, Rule},
        x509::{
            Collection, PathBuilder,
            case::case,
            sample::{self, Template, anchors, basic_constraints, key, key_usage, now},
        },
    };
    use const_oid::db::rfc5280 as oids;

    #[test]
    fn validity() {
        let with = |from: &str, to: &str| {
            let mut case = case();
            case.alice = case.alice.valid(from, to);
            case
        };
        assert_eq!(with("2026-11-01", "2026-11-01").rules(), []);
        assert_eq!(
            with("2020-11-01", "2026-10-31T23:59:59Z").rules(),
            [Rule::Expired]
        );
        assert_eq!(
            with("2026-11-01T00:00:01Z", "2030-11-01").rules(),
            [Rule::NotYetValid]
        );
        let mut expired = with("2025-01-01", "2026-01-01");
        expired.signing_time = Some(sample::time("2025-06-01"));
        assert_eq!(expired.reasons(), [Reason::ExpiredSinceSigning]);
        assert!(expired.text().contains(
            "it was valid when it is said to have signed, at 2025-06-01T00:00:00Z, and expired at 2026-01-01T00:00:00Z"
        ));
        expired.signing_time = Some(sample::time("2024-06-01"));
        assert_eq!(expired.rules(), [Rule::Expired]);
    }

    #[test]
    fn an_intermediates_validity_counts_and_an_anchors_does_not() {
        let mut case = case();
        case.root = case.root.valid("2020-01-01", "2021-01-01");
        assert_eq!(case.reasons(), [Reason::AnchorExpired]);
        assert_eq!(case.judge().unwrap().findings[0].level, Level::Allow);
        case.root = case.root.valid("2020-01-01", "2031-01-01");
        case.ca = case.ca.valid("2020-01-01", "2021-01-01");
        assert_eq!(case.reasons(), [Reason::Expired]);
        assert!(
            case.text()
                .starts_with("certificate CN=CA (serial 01): it expired at 2021-01-01T00:00:00Z")
        );
    }

    #[test]
    fn key_usage_by_purpose() {
        let with = |bits: u8, purpose: Purpose| {
            let mut case = case();
            case.alice.extensions.push(key_usage(bits));
            case.purpose = purpose;
            case.rules()
        };
        assert_eq!(with(0x80, Purpose::Sign), []);
        assert_eq!(with(0x40, Purpose::Sign), []);
        assert_eq!(with(0x28, Purpose::Sign), [Rule::KeyUsage]);
        assert_eq!(with(0x08, Purpose::Encrypt), []);
        assert_eq!(
            with(0x20, Purpose::Encrypt),
            [Rule::KeyUsage],
            "keyEncipherment is RSA's"
        );
        assert_eq!(with(0xc0, Purpose::Encrypt), [Rule::KeyUsage]);
        assert_eq!(with(0x20, Purpose::Any), []);
    }

    #[test]
    fn the_ends_of_validity_count_to_the_second() {
        for (from, to, last, after) in [
            (
                "2021-11-01",
                "2026-12-31T23:59:59Z",
                "2026-12-31T23:59:59Z",
                "2027-01-01",
            ),
            // the last second of UTCTime, the first of GeneralizedTime, and the one that means no end (RFC 5280 §4.1.2.5)
            (
                "2021-11-01",
                "2049-12-31T23:59:59Z",
                "2049-12-31T23:59:59Z",
                "2050-01-01",
            ),
            (
                "2021-11-01",
                "2050-01-01",
                "2050-01-01",
                "2050-01-01T00:00:01Z",
            ),
            (
                "1950-01-01",
                "9999-12-31T23:59:59Z",
                "9999-12-31T23:59:59Z",
                "",
            ),
        ] {
            let template = Template::new("CN=Alice", &key(3), "CN=CA").valid(from, to);
            let alice = template.unsigned();
            let policy = Policy::default();
            let reasons = |at: &str| {
                let question = Question {
                    purpose: Purpose::Sign,
                    at: sample::time(at),
                    signing_time: Some(sample::time(from)),
                    policy: &policy,
                };
                let findings = judge_leaf(&alice, question, true);
                let objections = findings.into_iter().filter_map(|it| it.objection);
                objections.map(|it| it.reason).collect::<Vec<_>>()
            };
            assert_eq!(reasons(from), [], "{from}");
            assert_eq!(reasons(last), [], "{last}");
            if !after.is_empty() {
                assert_eq!(reasons(after), [Reason::ExpiredSinceSigning], "{after}");
            }
            if from != "1950-01-01" {
                assert_eq!(reasons("2021-10-31T23:59:59Z"), [Reason::NotYetValid]);
            }
        }
    }

    #[test]
    fn a_validity_that_ends_before_it_begins_is_never() {
        let mut never = case();
        never.alice = never.alice.valid("2027-01-01", "2026-01-01");
        assert_eq!(never.reasons(), [Reason::NotYetValid]);
        never.alice = never.alice.valid("2026-10-31", "2026-10-30");
        assert_eq!(never.reasons(), [Reason::Expired]);
    }

    #[test]
    fn a_key_usage_without_any_bit_permits_nothing() {
        let mut empty = case();
        empty.alice.extensions.push(key_usage(0));
        for (purpose, reason) in [
            (Purpose::Sign, Reason::NoDigitalSignature),
            (Purpose::Encrypt, Reason::NoKeyAgreement),
        ] {
            empty.purpose = purpose;
            assert_eq!(empty.reasons(), [reason, Reason::Profile]);
        }
    }

    #[test]
    fn who_agrees_on_keys_may_be_held_to_one_direction() {
        let with = |octets: [u8; 2]| {
            let mut case = case();
            let value = [&[3, 3, 7][..], &octets].concat();
            let usage = sample::extension(&oids::ID_CE_KEY_USAGE, true, &value);
            case.alice.extensions.push(usage);
            case.purpose = Purpose::Encrypt;
            case.reasons()
        };
        assert_eq!(with([0x08, 0x00]), []);
        assert_eq!(with([0x09, 0x00]), [], "encipherOnly");
        assert_eq!(with([0x08, 0x80]), [Reason::NoKeyAgreement], "decipherOnly");
        assert_eq!(
            with([0x09, 0x80]),
            [Reason::NoKeyAgreement],
            "neither is left"
        );
        assert_eq!(with([0x01, 0x00]), [Reason::NoKeyAgreement]);
    }

    #[test]
    fn each_kind_of_key_has_its_uses() {
        let rsa = |restricted_to_pss| KeyKind::Rsa {
            bits: 2048,
            restricted_to_pss,
        };
        let enciphers = Some(Ok((KeyUsage::KEY_ENCIPHERMENT, Reason::NoKeyEncipherment)));
        let agrees = Some(Ok((KeyUsage::KEY_AGREEMENT, Reason::NoKeyAgreement)));
        let cannot = Some(Err(Reason::KeyCannotEncrypt));
        for (kind, signs, encrypts) in [
            (rsa(false), true, &enciphers),
            (rsa(true), true, &cannot),
            (KeyKind::RsaKem { bits: 2048 }, false, &enciphers),
            (KeyKind::P256, true, &agrees),
            (KeyKind::P384, true, &agrees),
            (KeyKind::P521, true, &agrees),
            (KeyKind::BrainpoolP256, true, &agrees),
            (KeyKind::Ed25519, true, &cannot),
            (KeyKind::Ed448, true, &cannot),
            (KeyKind::Dsa { bits: 2048 }, true, &cannot),
            (KeyKind::X25519, false, &agrees),
            (KeyKind::X448, false, &agrees),
        ] {
            let signing = needed(Purpose::Sign, kind).unwrap();
            assert_eq!(signing.is_ok(), signs, "{kind:?}");
            assert_eq!(&needed(Purpose::Encrypt, kind), encrypts, "{kind:?}");
            assert_eq!(needed(Purpose::Any, kind), None);
        }
    }

    #[test]
    fn a_ca_is_a_person_where_its_key_usage_says_so() {
        let with = |bits: u8, purpose: Purpose| {
            let mut case = case();
            case.alice.extensions = vec![basic_constraints(true, None), key_usage(bits)];
            case.purpose = purpose;
            case.reasons()
        };
        // keyCertSign, cRLSign and more: nonRepudiation, keyAgreement, digitalSignature
        assert_eq!(with(0xc6, Purpose::Sign), []);
        assert_eq!(with(0x46, Purpose::Sign), []);
        assert_eq!(with(0x86, Purpose::Sign), [Reason::CaAsPerson]);
        assert_eq!(
            with(0x06, Purpose::Sign),
            [Reason::NoDigitalSignature, Reason::CaAsPerson]
        );
        assert_eq!(with(0x0e, Purpose::Encrypt), []);
        assert_eq!(
            with(0xc6, Purpose::Encrypt),
            [Reason::NoKeyAgreement, Reason::CaAsPerson]
        );
    }

    #[test]
    fn a_cas_certificate_is_no_persons() {
        let mut case = case();
        case.alice.extensions.push(basic_constraints(true, None));
        assert_eq!(case.reasons(), [Reason::CaAsPerson]);
        assert_eq!(case.judge().unwrap().findings[0].level, Level::Deny);
        case.purpose = Purpose::Any;
        assert_eq!(case.rules(), []);
    }

    #[test]
    fn who_signs_a_certificate_for_himself_is_no_ca_unless_key_usage_says_so() {
        let judged = |extensions: &[Vec<u8>]| {
            let mut template = Template::new("CN=Alice", &key(3), "CN=Alice");
            template.extensions = extensions.to_vec();
            let (alice, policy) = (template.sign(&key(3)), Policy::default());
            let (anchors, repository) = (anchors(&[&alice]), Collection::default());
            let builder = PathBuilder::new(&anchors, &repository, &policy);
            let report = builder
                .judge(&alice, &repository, Purpose::Sign, now(), None)
                .unwrap();
            assert!(report.trusted);
            report.findings.len()
        };
        assert_eq!(judged(&[basic_constraints(true, None)]), 0);
        assert_eq!(judged(&[basic_constraints(true, None), key_usage(0x86)]), 1);
    }
}
