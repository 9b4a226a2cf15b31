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
    policy::{Finding, Policy, Revocation, Rule, strength::is_weak_digest},
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
        match status(certificate, issuer, &crls(issuer), at, budget)? {
            RevocationStatus::Revoked => {
                worst = RevocationStatus::Revoked;
                let message = format!("{certificate} is revoked by its issuer");
                findings.push(policy.finding(Rule::Revoked, message));
            }
            RevocationStatus::Good => {}
            RevocationStatus::Unknown | RevocationStatus::Unchecked => {
                if worst == RevocationStatus::Good {
                    worst = RevocationStatus::Unknown;
                }
                let message = format!("nothing at hand tells whether {certificate} is revoked");
                findings.push(policy.finding(Rule::RevocationUnknown, message));
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
        let weak = crl
            .signature_algorithm()
            .is_ok_and(|it| it.digest().is_some_and(is_weak_digest));
        if !weak {
            status = RevocationStatus::Good;
        }
    }
    Ok(status)
}
