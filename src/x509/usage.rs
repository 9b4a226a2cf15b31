//! The judgement of one certificate by itself: validity, use and strength (RFC 5280 §4.1.2.5, §4.2.1.3, §4.2.1.12; RFC 8550 §4.4).
//!
//! Everything here is a finding, for policy to weigh; what makes a path no path is `validate`'s. Knows nothing of other certificates.
use super::{Certificate, extension::KeyUsage, path::Purpose, validate::Question};
use crate::{
    asn1::Time,
    crypto::public_key::KeyKind,
    policy::{
        Finding, Policy, Reason,
        strength::{RSA_BITS, is_weak_digest, is_weak_key},
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
        Err(error) => return object(Reason::UnusableKey, format!("its key is {error}")),
    };
    let (wanted, lacking) = match (question.purpose, kind) {
        (Purpose::Any, _) => return,
        (Purpose::Sign, KeyKind::X25519) => {
            return object(Reason::KeyCannotSign, "its key is X25519".to_owned());
        }
        (Purpose::Sign, _) => (
            KeyUsage(KeyUsage::DIGITAL_SIGNATURE.0 | KeyUsage::NON_REPUDIATION.0),
            Reason::NoDigitalSignature,
        ),
        (
            Purpose::Encrypt,
            KeyKind::Ed25519
            | KeyKind::Rsa {
                restricted_to_pss: true,
                ..
            },
        ) => {
            return object(
                Reason::KeyCannotEncrypt,
                format!("its key is {}", kind.name()),
            );
        }
        (Purpose::Encrypt, KeyKind::Rsa { .. }) => {
            (KeyUsage::KEY_ENCIPHERMENT, Reason::NoKeyEncipherment)
        }
        (Purpose::Encrypt, _) => (KeyUsage::KEY_AGREEMENT, Reason::NoKeyAgreement),
    };
    match leaf.key_usage() {
        Ok(None) => {}
        Ok(Some(usage)) if usage.permits(wanted) => {}
        Ok(Some(usage)) => object(lacking, format!("its keyUsage is {usage}")),
        Err(_) => object(
            Reason::MalformedUsage,
            "its keyUsage is malformed".to_owned(),
        ),
    }
    match leaf.permits_email() {
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
        // who signs a certificate for himself is a CA by the defaults of most programs; keyUsage tells the real ones
        Ok(Some(basic))
            if basic.ca && !(leaf.is_self_issued() && matches!(leaf.key_usage(), Ok(None))) =>
        {
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

/// Names the purposes of a certificate's extKeyUsage: `serverAuth, clientAuth`.
pub(super) fn purposes(certificate: &Certificate) -> String {
    certificate.purposes().unwrap_or_default().join(", ")
}

/// Judges the size of the key.
pub(super) fn strength(certificate: &Certificate, policy: &Policy, findings: &mut Vec<Finding>) {
    if let Ok(key) = certificate.public_key()
        && let KeyKind::Rsa { bits, .. } = key.kind()
        && is_weak_key(key.kind())
    {
        let weak = certificate.objection(Reason::WeakKey, format!("its RSA key has {bits} bits"));
        findings.push(policy.object(weak.wanting(format!("{RSA_BITS} are needed to be safe"))));
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
        assert_eq!(case.rules(), []);
        case.ca = case.ca.valid("2020-01-01", "2021-01-01");
        assert_eq!(case.rules(), [Rule::Expired]);
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
        assert_eq!(with(0x00, Purpose::Sign), [Rule::KeyUsage]);
        assert_eq!(with(0x08, Purpose::Encrypt), []);
        assert_eq!(
            with(0x20, Purpose::Encrypt),
            [Rule::KeyUsage],
            "keyEncipherment is RSA's"
        );
        assert_eq!(with(0xc0, Purpose::Encrypt), [Rule::KeyUsage]);
        assert_eq!(with(0x00, Purpose::Any), []);
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
