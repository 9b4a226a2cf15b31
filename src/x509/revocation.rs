//! Whether the certificates of a path are revoked (RFC 5280 §6.3), as far as full CRLs of the issuer tell.
//!
//! A CRL is used if the issuer's key signed it, the issuer may sign CRLs, it is of now, and no critical extension changes its meaning;
//! any other is as good as none. Scopes (issuingDistributionPoint), delta CRLs and OCSP will join here.
use super::{
    Certificate, Crl,
    extension::KeyUsage,
    path::{Budget, BudgetExceeded, RevocationStatus},
};
use crate::{
    asn1::Time,
    policy::{Finding, Level, Policy, Reason, Revocation, Rule, strength::is_weak_digest},
};

/// Judges a valid path, leaf first and anchor last (the anchor is not judged). `crls` finds those issued by a certificate's subject.
pub(super) fn judge(
    path: &[Certificate],
    crls: impl Fn(&Certificate) -> Vec<Crl>,
    at: Time,
    policy: &Policy,
    budget: &mut Budget,
) -> Result<(RevocationStatus, Vec<Finding>), BudgetExceeded> {
    let mut findings = Vec::new();
    // An anchor alone: nobody could revoke it.
    if policy.revocation == Revocation::Off || path.len() < 2 {
        return Ok((RevocationStatus::Unchecked, findings));
    }
    let mut worst = RevocationStatus::Good;
    for (certificate, issuer) in path.iter().zip(path.iter().skip(1)) {
        match status(certificate, issuer, &crls(issuer), at, policy, budget)? {
            RevocationStatus::Revoked => {
                worst = RevocationStatus::Revoked;
                let found = "its issuer revoked it";
                findings.push(policy.object(certificate.objection(Reason::Revoked, found)));
            }
            RevocationStatus::Good => {}
            RevocationStatus::Unknown | RevocationStatus::Unchecked => {
                if worst == RevocationStatus::Good {
                    worst = RevocationStatus::Unknown;
                }
                let found = "nothing at hand tells whether it is revoked";
                findings
                    .push(policy.object(certificate.objection(Reason::RevocationUnknown, found)));
            }
        }
    }
    Ok((worst, findings))
}

/// Returns what CRLs say of one certificate. A stale CRL still says who was revoked; its silence says nothing.
fn status(
    certificate: &Certificate,
    issuer: &Certificate,
    crls: &[Crl],
    at: Time,
    policy: &Policy,
    budget: &mut Budget,
) -> Result<RevocationStatus, BudgetExceeded> {
    let may_sign = match issuer.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.permits(KeyUsage::CRL_SIGN)),
        Err(_) => false,
    };
    let Some(key) = issuer.public_key().ok().filter(|_| may_sign) else {
        return Ok(RevocationStatus::Unknown);
    };
    let mut status = RevocationStatus::Unknown;
    for crl in crls {
        let fresh = crl.next_update().is_some_and(|next| at <= next);
        let listed = crl.lists(certificate.serial());
        if crl.has_critical_extension() || at < crl.this_update() || !(fresh || listed) {
            continue;
        }
        budget.check_signature()?;
        if !matches!(crl.is_signed_by(&key), Ok(true)) {
            continue;
        }
        if listed {
            return Ok(RevocationStatus::Revoked);
        }
        let digest = crl.signature_algorithm().ok().and_then(|it| it.digest());
        // all is well only on a signature that the policy would take for a certificate's
        if !(digest.is_some_and(is_weak_digest) && policy.level(Rule::WeakDigest) == Level::Deny) {
            status = RevocationStatus::Good;
        }
    }
    Ok(status)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::x509::{
        Collection, PathBuilder, PathReport, Purpose,
        sample::{Template, anchors, basic_constraints, crl, extension, key, key_usage, now},
    };
    use RevocationStatus::{Good, Revoked, Unchecked, Unknown};

    const DAYS: (&str, &str) = ("2026-10-20", "2026-11-20");

    /// Judges Alice, serial 02, issued by the root, with these CRLs at hand.
    fn judged(crls: Vec<Crl>, revocation: Revocation, root_usage: u8) -> PathReport {
        let root = Template::new("CN=Root", &key(1), "CN=Root")
            .with(basic_constraints(true, None))
            .with(key_usage(root_usage))
            .sign(&key(1));
        let alice = Template::new("CN=Alice", &key(3), "CN=Root")
            .serial(&[2])
            .sign(&key(1));
        let mut policy = Policy::default();
        policy.revocation = revocation;
        let (anchors, repository) = (anchors(&[&root]), Collection::default());
        let extra = Collection {
            certificates: Vec::new(),
            crls,
        };
        let builder = PathBuilder::new(&anchors, &repository, &policy);
        builder
            .judge(&alice, &extra, Purpose::Sign, now(), None)
            .unwrap()
    }

    fn status(crls: Vec<Crl>) -> RevocationStatus {
        judged(crls, Revocation::Soft, 0x06).revocation
    }

    #[test]
    fn says_good_revoked_and_unknown() {
        let list = |serials: &[&[u8]]| vec![crl("CN=Root", &key(1), DAYS.0, DAYS.1, serials, &[])];
        assert_eq!(status(list(&[])), Good);
        assert_eq!(status(list(&[&[3], &[2, 2]])), Good);
        assert_eq!(status(list(&[&[3], &[2]])), Revoked);
        assert_eq!(status(vec![]), Unknown);
        let report = judged(list(&[&[2]]), Revocation::Soft, 0x06);
        assert!(report.trusted);
        let finding = report.findings.first().unwrap();
        assert_eq!((finding.rule, finding.level), (Rule::Revoked, Level::Deny));
        let objection = finding.objection.as_deref().unwrap();
        assert_eq!(objection.reason, Reason::Revoked);
        assert_eq!(objection.certificate.serial, "02");
    }

    #[test]
    fn silence_weighs_as_the_policy_says() {
        let of = |revocation| {
            let report = judged(vec![], revocation, 0x06);
            (
                report.revocation,
                report.findings.first().map(|finding| finding.level),
            )
        };
        assert_eq!(of(Revocation::Off), (Unchecked, None));
        assert_eq!(of(Revocation::Soft), (Unknown, Some(Level::Warn)));
        assert_eq!(of(Revocation::Hard), (Unknown, Some(Level::Deny)));
    }

    #[test]
    fn only_the_issuers_word_counts() {
        let listed: &[&[u8]] = &[&[2]];
        assert_eq!(
            status(vec![crl("CN=Root", &key(9), DAYS.0, DAYS.1, listed, &[])]),
            Unknown
        );
        assert_eq!(
            status(vec![crl("CN=Other", &key(1), DAYS.0, DAYS.1, listed, &[])]),
            Unknown
        );
        let list = vec![crl("CN=Root", &key(1), DAYS.0, DAYS.1, listed, &[])];
        assert_eq!(
            judged(list, Revocation::Soft, 0x04).revocation,
            Unknown,
            "cRLSign is missing"
        );
    }

    #[test]
    fn a_stale_list_is_silent_but_not_forgotten() {
        let stale = |serials: &[&[u8]]| {
            vec![crl(
                "CN=Root",
                &key(1),
                "2026-01-01",
                "2026-10-31",
                serials,
                &[],
            )]
        };
        assert_eq!(status(stale(&[])), Unknown);
        assert_eq!(status(stale(&[&[2]])), Revoked);
        let future = crl("CN=Root", &key(1), "2026-11-02", "2026-12-01", &[&[2]], &[]);
        assert_eq!(status(vec![future]), Unknown);
    }

    #[test]
    fn a_critical_extension_makes_a_list_unusable() {
        let point = const_oid::db::rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT;
        for (critical, wanted) in [(true, Unknown), (false, Good)] {
            let scope = [extension(&point, critical, &[0x30, 0])];
            let list = crl("CN=Root", &key(1), DAYS.0, DAYS.1, &[], &scope);
            assert_eq!(status(vec![list]), wanted);
        }
    }
}
