//! Whether the certificates of a path are revoked: by CRLs (RFC 5280 §6.3, `lists`) and OCSP responses at rest (RFC 6960, `responses`).
//!
//! Each of them that can be relied on is a [`Statement`] of its issuer; what cannot be relied on is a [`Doubt`], and the most telling doubt
//! is reported when no statement tells. What was said once against a certificate holds: a list that is no longer current, or one from after
//! the time judged, still revokes, because only time-stamps prove that something was signed before. Only a hold is taken back, by a later word.
//! Silence counts only while it is current: a list from thisUpdate to nextUpdate, a response likewise.
mod lists;
mod responses;
#[cfg(test)]
mod tests;

use super::{
    Certificate, Crl, OcspResponse, Repository, TrustAnchor,
    crl::Revocation,
    distribution_point::Reasons,
    name::Name,
    path::{Budget, BudgetExceeded, RevocationStatus},
};
use crate::{
    asn1::Time,
    crypto::{self, SignatureAlgorithm},
    policy::{self, Finding, Level, Policy, Reason, Rule, strength::is_weak_digest},
};
use std::collections::{HashMap, HashSet};

/// Finds a valid path from a certificate to this very anchor, with nothing denied about it.
pub(super) type FindPath<'a> = dyn Fn(&Certificate, &Certificate, &mut Budget) -> Result<Option<Vec<Certificate>>, BudgetExceeded>
    + 'a;

/// Where everything is found that tells.
pub(super) struct Sources<'a> {
    /// the same anchor may have been given in another certificate, which may sign lists
    pub(super) anchors: &'a [TrustAnchor],
    pub(super) repository: &'a dyn Repository,
    /// what came with the message
    pub(super) extra: &'a dyn Repository,
    pub(super) path: &'a FindPath<'a>,
}

/// Judges a valid path, leaf first and anchor last (the anchor is not judged: it is trusted as it is).
pub(super) fn judge(
    path: &[Certificate],
    sources: &Sources<'_>,
    at: Time,
    policy: &Policy,
    budget: &mut Budget,
) -> Result<(RevocationStatus, Vec<Finding>), BudgetExceeded> {
    // An anchor alone: nobody could revoke it.
    if policy.revocation == policy::Revocation::Off || path.len() < 2 {
        return Ok((RevocationStatus::Unchecked, Vec::new()));
    }
    let mut inquiry = Inquiry::new(sources, at, policy);
    let mut worst = RevocationStatus::Good;
    let mut findings = Vec::new();
    for (number, certificate) in path.iter().enumerate().take(path.len() - 1) {
        let above = path.get(number + 1..).unwrap_or_default();
        let (reason, found) = match inquiry.status(certificate, above, budget)? {
            Status::Good => continue,
            Status::Revoked(found) => {
                worst = RevocationStatus::Revoked;
                (Reason::Revoked, found)
            }
            Status::Unknown(doubt) => {
                if worst == RevocationStatus::Good {
                    worst = RevocationStatus::Unknown;
                }
                (doubt.reason, doubt.found)
            }
        };
        findings.push(policy.object(certificate.objection(reason, found)));
    }
    findings.extend(inquiry.findings);
    Ok((worst, findings))
}

/// What is known about one certificate.
enum Status {
    Good,
    /// when, why, who says so
    Revoked(String),
    Unknown(Doubt),
}

/// What somebody who may say so said about a certificate.
struct Statement {
    said: Said,
    /// thisUpdate
    on: Time,
    /// by which list or response
    by: String,
}

enum Said {
    Revoked(Revocation),
    /// not for these reasons
    NotRevoked(Reasons),
}

/// Why something at hand does not tell.
#[derive(Debug, Clone)]
struct Doubt {
    reason: Reason,
    found: String,
}

impl Doubt {
    fn new(reason: Reason, found: impl Into<String>) -> Self {
        let found = found.into();
        Self { reason, found }
    }

    /// Returns how near it was to telling.
    fn nearness(&self) -> u8 {
        match self.reason {
            Reason::RevocationUnknown => 0,
            Reason::OcspOther => 1,
            Reason::CrlScope | Reason::CrlMalformed => 2,
            Reason::CrlCriticalExtension | Reason::OcspCriticalExtension => 3,
            Reason::CrlSignature | Reason::OcspSignature => 4,
            Reason::CrlExpired
            | Reason::CrlNotYetValid
            | Reason::CrlNoNextUpdate
            | Reason::OcspExpired
            | Reason::OcspNotYetValid
            | Reason::OcspUnknown => 7,
            Reason::DeltaBase => 8,
            Reason::CrlReasons | Reason::StatusDigest => 9,
            _ => 6,
        }
    }
}

/// Everything that was said about one certificate.
#[derive(Default)]
struct Evidence {
    statements: Vec<Statement>,
    doubt: Option<Doubt>,
}

impl Evidence {
    /// Remembers why something does not tell, if nothing was nearer to telling.
    fn doubt(&mut self, doubt: Doubt) {
        let nearness = doubt.nearness();
        if self
            .doubt
            .as_ref()
            .is_none_or(|best| best.nearness() < nearness)
        {
            self.doubt = Some(doubt);
        }
    }

    /// Returns the reasons for which it is known not to be revoked.
    fn cleared(&self) -> Reasons {
        let said = self.statements.iter();
        said.fold(Reasons::default(), |all, statement| match statement.said {
            Said::NotRevoked(reasons) => all.either(reasons),
            Said::Revoked(_) => all,
        })
    }

    /// Returns whether somebody later said that a hold is over.
    fn lifts(&self, hold: &Statement) -> bool {
        self.statements.iter().any(|statement| {
            matches!(statement.said, Said::NotRevoked(reasons) if reasons.covers(Reasons::HOLD))
                && statement.on > hold.on
        })
    }

    /// Draws the conclusion.
    fn conclude(self, at: Time) -> Status {
        let against = self.statements.iter().find_map(|statement| {
            let Said::Revoked(revocation) = statement.said else {
                return None;
            };
            let over = revocation.is_hold() && self.lifts(statement);
            (!over).then_some((revocation, &statement.by))
        });
        if let Some((revocation, by)) = against {
            let later = match revocation.date > at {
                true => ": after the time judged, but nothing proves that it was used before",
                false => "",
            };
            return Status::Revoked(format!("{revocation}, says {by}{later}"));
        }
        let cleared = self.cleared();
        if cleared.covers(Reasons::ALL) {
            return Status::Good;
        } else if !cleared.is_empty() {
            let found = format!("the CRLs at hand cover only {cleared}");
            return Status::Unknown(Doubt::new(Reason::CrlReasons, found));
        }
        Status::Unknown(self.doubt.unwrap_or_else(|| {
            let found = "no CRL of its issuer and no OCSP response for it is at hand";
            Doubt::new(Reason::RevocationUnknown, found)
        }))
    }
}

/// Who may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Everybody,
    /// the certificates of OCSP responders: no other response vouches for them
    ListsOnly,
}

/// A check of a CRL's signature: where its octets stand (the CRL is kept, so that they stay there), and the key.
type Check = (usize, Box<[u8]>);

/// One judgement under way.
struct Inquiry<'a> {
    sources: &'a Sources<'a>,
    at: Time,
    policy: &'a Policy,
    /// certificates whose status is being looked for: what it depends on cannot depend on it
    open: Vec<Certificate>,
    /// certificates known to be good
    good: HashSet<Certificate>,
    /// signatures checked
    checked: HashMap<Check, (Crl, bool)>,
    findings: Vec<Finding>,
}

impl<'a> Inquiry<'a> {
    fn new(sources: &'a Sources<'a>, at: Time, policy: &'a Policy) -> Self {
        Self {
            sources,
            at,
            policy,
            open: Vec::new(),
            good: HashSet::new(),
            checked: HashMap::new(),
            findings: Vec::new(),
        }
    }

    /// Finds out about a certificate; `above` leads from its issuer to the anchor.
    fn status(
        &mut self,
        certificate: &Certificate,
        above: &[Certificate],
        budget: &mut Budget,
    ) -> Result<Status, BudgetExceeded> {
        self.ask(certificate, above, Ask::Everybody, budget)
    }

    fn ask(
        &mut self,
        certificate: &Certificate,
        above: &[Certificate],
        whom: Ask,
        budget: &mut Budget,
    ) -> Result<Status, BudgetExceeded> {
        if self.good.contains(certificate) {
            return Ok(Status::Good);
        }
        if self.open.contains(certificate) {
            let found = format!("what tells of {certificate} depends on itself");
            return Ok(Status::Unknown(Doubt::new(Reason::RevocationLoop, found)));
        }
        if self.open.len() > self.policy.limits.crl_issuers {
            let limit = u32::try_from(self.policy.limits.crl_issuers).unwrap_or(u32::MAX);
            return Err(BudgetExceeded {
                what: "issuers of CRLs that depend on one another",
                limit,
            });
        }
        self.open.push(certificate.clone());
        let mut evidence = Evidence::default();
        if whom == Ask::Everybody {
            self.ask_responders(certificate, above, &mut evidence, budget)?;
        }
        self.ask_lists(certificate, above, &mut evidence, budget)?;
        self.open.pop();
        let status = evidence.conclude(self.at);
        if matches!(status, Status::Good) {
            self.good.insert(certificate.clone());
        }
        Ok(status)
    }

    /// Returns whether the digest of a signature is too weak to rely on silence; what a policy permits all the same is a finding.
    fn is_too_weak(
        &mut self,
        algorithm: crypto::Result<SignatureAlgorithm>,
        certificate: &Certificate,
        by: &str,
    ) -> Option<Doubt> {
        let digest = algorithm.ok()?.digest().filter(|it| is_weak_digest(*it))?;
        let found = format!("{by} is signed over {}", digest.name());
        if self.policy.level(Rule::WeakDigest) == Level::Deny {
            return Some(Doubt::new(Reason::StatusDigest, found));
        }
        let objection = certificate.objection(Reason::WeakStatusDigest, found);
        let finding = self.policy.object(objection);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
        None
    }

    /// Returns the time up to which thisUpdate may lie.
    fn latest(&self) -> Time {
        Time(
            self.at
                .0
                .saturating_add(i64::from(self.policy.limits.clock_skew)),
        )
    }

    fn certificates(&self, subject: &Name) -> Vec<Certificate> {
        let mut found = self.sources.repository.by_subject(subject);
        found.extend(self.sources.extra.by_subject(subject));
        let anchors = self.sources.anchors.iter().map(|it| &it.certificate);
        found.extend(anchors.filter(|it| it.subject() == subject).cloned());
        found
    }

    fn crls(&self, issuer: &Name) -> Vec<Crl> {
        let mut found = self.sources.repository.crls(issuer);
        found.extend(self.sources.extra.crls(issuer));
        found
    }

    fn responses(&self, serial: &[u8]) -> Vec<OcspResponse> {
        let mut found = self.sources.repository.ocsp_responses(serial);
        found.extend(self.sources.extra.ocsp_responses(serial));
        found
    }
}
