//! OCSP responses (RFC 6960 §3.2): which answer is for a certificate, whose word it is, and what it says.
use super::{Ask, Doubt, Evidence, Inquiry, Said, Statement, Status};
use crate::{
    asn1::Time,
    policy::{
        Level, Reason,
        extensions::{ExtensionRule, Role},
    },
    x509::{
        Certificate, OcspResponse,
        distribution_point::Reasons,
        extension::{self, KeyUsage},
        ocsp::{Answer, CertStatus, Responder},
        path::{Budget, BudgetExceeded},
        usage,
    },
};
use const_oid::db::{
    rfc5280::ID_CE_EXT_KEY_USAGE, rfc5280::ID_KP_OCSP_SIGNING, rfc6960::ID_PKIX_OCSP_NOCHECK,
};

impl Inquiry<'_> {
    /// Takes down what every response at hand answers for the certificate.
    pub(super) fn ask_responders(
        &mut self,
        certificate: &Certificate,
        above: &[Certificate],
        evidence: &mut Evidence,
        budget: &mut Budget,
    ) -> Result<(), BudgetExceeded> {
        let Some(issuer) = above.first() else {
            return Ok(());
        };
        for response in self.responses(certificate.serial()) {
            let mut any = false;
            for answer in response.answers() {
                if !answer.is_about(certificate, issuer) {
                    continue;
                }
                any = true;
                match self.answered(&response, answer, certificate, above, budget)? {
                    Ok(said) => evidence.statements.push(Statement {
                        said,
                        on: answer.this_update,
                        by: response.to_string(),
                    }),
                    Err(doubt) => evidence.doubt(doubt),
                }
            }
            if !any {
                let found = format!(
                    "{response} has an answer for its serial number, but of another issuer"
                );
                evidence.doubt(Doubt::new(Reason::OcspOther, found));
            }
        }
        Ok(())
    }

    /// Returns what an answer says, if it is to be relied on.
    fn answered(
        &mut self,
        response: &OcspResponse,
        answer: &Answer,
        certificate: &Certificate,
        above: &[Certificate],
        budget: &mut Budget,
    ) -> Result<Result<Said, Doubt>, BudgetExceeded> {
        let mut critical = [
            response.unknown_critical_extension(),
            answer.unknown.as_deref(),
        ]
        .into_iter()
        .flatten();
        if let Some(extension) = critical.next() {
            let found = format!("{response} has the critical extension {extension}");
            return Ok(Err(Doubt::new(Reason::OcspCriticalExtension, found)));
        }
        let said = match answer.status {
            CertStatus::Revoked(revocation) => Said::Revoked(revocation),
            CertStatus::Good => Said::NotRevoked(Reasons::ALL),
            CertStatus::Unknown => {
                let found = format!("{response} does not know it");
                return Ok(Err(Doubt::new(Reason::OcspUnknown, found)));
            }
        };
        if matches!(said, Said::NotRevoked(_))
            && let Some(doubt) = self.outdated(response, answer)
        {
            return Ok(Err(doubt));
        }
        if let Err(doubt) = self.responder(response, above, budget)? {
            return Ok(Err(doubt));
        }
        if matches!(said, Said::NotRevoked(_)) {
            let algorithm = response.signature_algorithm();
            if let Some(doubt) = self.is_too_weak(algorithm, certificate, &response.to_string()) {
                return Ok(Err(doubt));
            }
        }
        Ok(Ok(said))
    }

    /// Returns why an answer that is not against the certificate says nothing at the time judged (§3.2 (5), (6), §4.2.2.1).
    fn outdated(&self, response: &OcspResponse, answer: &Answer) -> Option<Doubt> {
        let issued = answer.this_update.max(response.produced_at());
        if issued > self.latest() {
            let found = format!("{response} was issued at {issued}, after the time judged");
            return Some(Doubt::new(Reason::OcspNotYetValid, found));
        }
        let age = i64::from(self.policy.limits.ocsp_age);
        let until = match answer.next_update {
            Some(next) => next,
            None => Time(answer.this_update.0.saturating_add(age)),
        };
        (until < self.at).then(|| {
            let found = match answer.next_update {
                Some(next) => format!("{response} expired at {next}"),
                None => format!(
                    "{response} has no nextUpdate, and is of {}: more than {age} seconds ago",
                    answer.this_update
                ),
            };
            Doubt::new(Reason::OcspExpired, found)
        })
    }

    /// Checks that a response is by the issuer itself, or by whom it authorized (§4.2.2.2).
    fn responder(
        &mut self,
        response: &OcspResponse,
        above: &[Certificate],
        budget: &mut Budget,
    ) -> Result<Result<(), Doubt>, BudgetExceeded> {
        let Some(issuer) = above.first() else {
            return Ok(Ok(()));
        };
        let mut nearest = Evidence::default();
        let mut candidates: Vec<Certificate> = response.certificates().collect();
        candidates.extend(match response.responder() {
            Responder::Name(name) => self.certificates(name),
            // what RFC 5280 §4.2.1.2 (1) makes of the key is what ResponderID has
            Responder::Key(hash) => self.sources.repository.by_key_identifier(hash),
        });
        candidates.retain(|candidate| candidate != issuer && response.responder().is(candidate));
        if response.responder().is(issuer) {
            candidates.insert(0, issuer.clone());
        }
        for candidate in candidates {
            if candidate != *issuer
                && let Some(why) = self.unauthorized(&candidate, issuer)
            {
                let found = format!("{candidate}, which signed {response}, {why}");
                nearest.doubt(Doubt::new(Reason::OcspResponder, found));
                continue;
            }
            budget.check_signature()?;
            let key = candidate.public_key();
            if !matches!(key.and_then(|key| response.is_signed_by(&key)), Ok(true)) {
                let found = format!("{response} does not verify with the key of {candidate}");
                nearest.doubt(Doubt::new(Reason::OcspSignature, found));
            } else if candidate == *issuer {
                return Ok(Ok(()));
            } else {
                match self.delegated(&candidate, above, response, budget)? {
                    None => return Ok(Ok(())),
                    Some(doubt) => nearest.doubt(doubt),
                }
            }
        }
        Ok(Err(nearest.doubt.unwrap_or_else(|| {
            let found = format!("no certificate of who signed {response} is at hand");
            Doubt::new(Reason::OcspResponder, found)
        })))
    }

    /// Returns why a certificate, by what it says, is not that of a responder authorized by `issuer`.
    fn unauthorized(&self, responder: &Certificate, issuer: &Certificate) -> Option<String> {
        if responder.issuer() != issuer.subject() {
            return Some(format!("was not issued by {}", issuer.subject()));
        }
        let purposes = responder
            .extension(&ID_CE_EXT_KEY_USAGE)
            .map(extension::purposes);
        let is_responder = matches!(purposes, Some(Ok(purposes))
            if purposes.contains(&ID_KP_OCSP_SIGNING.as_bytes()));
        if !is_responder {
            return Some("has no extended key usage of OCSPSigning".to_owned());
        }
        match responder.key_usage() {
            Ok(None) => {}
            Ok(Some(usage)) if usage.permits(KeyUsage::DIGITAL_SIGNATURE) => {}
            _ => return Some("may not sign by its keyUsage".to_owned()),
        }
        if !responder.is_valid_at(self.at) {
            return Some("is not valid at the time judged".to_owned());
        }
        let unknown = responder.extensions().find(|extension| {
            extension.critical && !ExtensionRule::may_be_critical(extension.oid, Role::Responder)
        });
        unknown.map(|extension| format!("has the critical extension {}", extension.name()))
    }

    /// Returns what is wrong with a responder's certificate: the issuer's key must have signed it, and it must not be revoked, by CRLs, unless the
    /// issuer says that nobody need look (id-pkix-ocsp-nocheck, §4.2.2.2.1).
    fn delegated(
        &mut self,
        responder: &Certificate,
        above: &[Certificate],
        response: &OcspResponse,
        budget: &mut Budget,
    ) -> Result<Option<Doubt>, BudgetExceeded> {
        let Some(issuer) = above.first() else {
            return Ok(None);
        };
        let object = |why: String| {
            let found = format!("{responder}, which signed {response}, {why}");
            Some(Doubt::new(Reason::OcspResponder, found))
        };
        budget.check_signature()?;
        let key = issuer.public_key();
        if !matches!(key.and_then(|key| responder.is_signed_by(&key)), Ok(true)) {
            return Ok(object(format!("was not signed by {issuer}")));
        }
        let by = responder.to_string();
        if let Some(doubt) = self.is_too_weak(responder.signature_algorithm(), responder, &by) {
            return Ok(Some(doubt));
        }
        // the path's own certificates are judged with the path; whoever can compute this key can say of anybody that he is good
        let mut weak = Vec::new();
        usage::strength(responder, self.policy, &mut weak);
        let denied = weak.iter().find(|it| it.level == Level::Deny);
        if let Some(objection) = denied.and_then(|it| it.objection.as_ref()) {
            return Ok(object(format!(
                "is not to be relied on: {}",
                objection.found
            )));
        }
        self.findings.extend(weak);
        if responder.extension(&ID_PKIX_OCSP_NOCHECK).is_some() {
            return Ok(None);
        }
        Ok(match self.ask(responder, above, Ask::ListsOnly, budget)? {
            Status::Good => None,
            Status::Revoked(found) => object(format!("is revoked: {found}")),
            Status::Unknown(doubt) => {
                object(format!("is not known not to be revoked: {}", doubt.found))
            }
        })
    }
}
