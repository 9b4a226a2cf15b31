//! CRLs (RFC 5280 §6.3.3): which of them cover a certificate, whose word they are, and what they say of it.
//!
//! Lists that name the certificate come first, then the newest; a signature is checked only where the answer depends on it, so that of a
//! thousand lists of one issuer the newest is enough.
use super::{Doubt, Evidence, Inquiry, Said, Statement, Status};
use crate::{
    policy::Reason,
    x509::{
        Certificate, Crl,
        crl::Revocation,
        distribution_point::{DistributionPoint, Reasons},
        extension::{self, KeyUsage},
        memory::Memory,
        path::{Budget, BudgetExceeded},
    },
};
use std::cmp::Reverse;

/// A list that covers the certificate.
struct Candidate {
    crl: Crl,
    reasons: Reasons,
    entry: Option<Revocation>,
}

impl Candidate {
    /// Takes a list that covers a certificate and may be used (§6.3.3 (b), (d), §5.2, §5.3).
    fn new(
        crl: Crl,
        certificate: &Certificate,
        points: &[DistributionPoint<'_>],
    ) -> Result<Self, Doubt> {
        let scope = crl.scope().map_err(|error| {
            let found = format!("the scope of {crl} cannot be read: {error}");
            Doubt::new(Reason::CrlMalformed, found)
        })?;
        let reasons = scope
            .covers(certificate, points, crl.issuer())
            .map_err(|outside| Doubt::new(Reason::CrlScope, format!("{crl} {}", outside.text())))?;
        if let Some(extension) = crl.unknown_critical_extension() {
            let found = format!("{crl} has the critical extension {extension}");
            return Err(Doubt::new(Reason::CrlCriticalExtension, found));
        }
        let entry = crl.entry(certificate.issuer(), certificate.serial());
        let candidate = Self {
            crl,
            reasons,
            entry,
        };
        // The MUST NOT of §5.3 is kept for what such a list does not say: one extension that nobody knows, in the entry of anybody, would else
        // take back every revocation that it holds.
        match candidate.crl.unknown_critical_entry_extension() {
            Some(extension) if candidate.against().is_none() => {
                let crl = &candidate.crl;
                let found = format!("an entry of {crl} has the critical extension {extension}");
                Err(Doubt::new(Reason::CrlCriticalExtension, found))
            }
            _ => Ok(candidate),
        }
    }

    /// Returns what it says against the certificate. Only a delta takes a revocation back (§5.3.1): whom a complete list names is revoked.
    fn against(&self) -> Option<Revocation> {
        self.entry
            .filter(|entry| !(self.crl.is_delta() && entry.is_removal()))
    }

    /// Returns whether it is a delta that brings the complete list `base` up to date (§5.2.4, §6.3.3 (c)).
    fn updates(&self, base: &Crl) -> bool {
        let numbers = (self.crl.base(), base.number(), self.crl.number());
        let (Some(from), Some(number), Some(to)) = numbers else {
            return false;
        };
        self.fits(base) && from <= number && number < to
    }

    /// Returns whether it is of the same issuer, scope and key as another.
    fn fits(&self, base: &Crl) -> bool {
        self.crl.issuer() == base.issuer()
            && self.crl.issuing_distribution_point() == base.issuing_distribution_point()
            && self.crl.authority_key_identifier() == base.authority_key_identifier()
    }
}

impl Inquiry<'_> {
    /// Asks every list at hand that covers the certificate.
    pub(super) fn ask_lists(
        &mut self,
        certificate: &Certificate,
        above: &[Certificate],
        evidence: &mut Evidence,
        budget: &mut Budget,
    ) -> Result<(), BudgetExceeded> {
        let points = DistributionPoint::all(certificate);
        let mut crls = self.crls(certificate.issuer());
        let named = points.iter().flat_map(DistributionPoint::crl_issuers);
        for issuer in named.filter(|issuer| *issuer != certificate.issuer()) {
            for crl in self.crls(issuer) {
                if !crls.contains(&crl) {
                    crls.push(crl);
                }
            }
        }
        let (mut deltas, mut complete) = (Vec::new(), Vec::new());
        for crl in crls {
            match Candidate::new(crl, certificate, &points) {
                Ok(candidate) if candidate.crl.is_delta() => deltas.push(candidate),
                Ok(candidate) => complete.push(candidate),
                Err(doubt) => evidence.doubt(doubt),
            }
        }
        for candidates in [&mut deltas, &mut complete] {
            candidates.sort_by_key(|it| (it.against().is_none(), Reverse(it.crl.this_update())));
        }
        for candidate in &complete {
            self.weigh(candidate, &deltas, certificate, above, evidence, budget)?;
        }
        for delta in &deltas {
            // §5.2.4: whom it lists is revoked, whichever list it updates
            match delta.against() {
                Some(revocation) => match self.signer(&delta.crl, above, budget)? {
                    Ok(_) => evidence.statements.push(Statement {
                        said: Said::Revoked(revocation),
                        on: delta.crl.this_update(),
                        by: delta.crl.to_string(),
                    }),
                    Err(doubt) => evidence.doubt(doubt),
                },
                // one that updates a list at hand was considered with it, if it is current
                None if complete.iter().any(|list| delta.updates(&list.crl)) => {
                    if let Some(doubt) = self.untimely(&delta.crl) {
                        evidence.doubt(doubt);
                    }
                }
                None => evidence.doubt(without_base(delta, &complete)),
            }
        }
        Ok(())
    }

    /// Takes down what a complete list says, brought up to date by the newest delta that fits it.
    fn weigh(
        &mut self,
        list: &Candidate,
        deltas: &[Candidate],
        certificate: &Certificate,
        above: &[Certificate],
        evidence: &mut Evidence,
        budget: &mut Budget,
    ) -> Result<(), BudgetExceeded> {
        let crl = &list.crl;
        let untimely = self.untimely(crl);
        let mut updates: Vec<&Candidate> = deltas
            .iter()
            .filter(|delta| delta.updates(crl) && self.untimely(&delta.crl).is_none())
            .collect();
        updates.sort_by_key(|delta| Reverse(delta.crl.this_update()));
        if list.against().is_none() {
            // newer ones have said it already
            if evidence.cleared().covers(list.reasons) {
                return Ok(());
            }
            if let (Some(doubt), true) = (&untimely, updates.is_empty()) {
                evidence.doubt(doubt.clone());
                return Ok(());
            }
        }
        let signer = match self.signer(crl, above, budget)? {
            Ok(signer) => signer,
            Err(doubt) => {
                evidence.doubt(doubt);
                return Ok(());
            }
        };
        let mut update = None;
        for delta in updates {
            if self.is_signed_by(&delta.crl, &signer, budget)? {
                update = Some(delta);
                break;
            }
        }
        // §6.3.3 (i), (j), (k)
        let updated = update.filter(|delta| delta.entry.is_some());
        let current = update.map_or(crl, |delta| &delta.crl);
        let said = match updated.unwrap_or(list).against() {
            Some(revocation) => Said::Revoked(revocation),
            None => {
                if let (Some(doubt), None) = (untimely, update) {
                    evidence.doubt(doubt);
                    return Ok(());
                }
                for silent in [Some(crl), update.map(|delta| &delta.crl)]
                    .into_iter()
                    .flatten()
                {
                    let algorithm = silent.signature_algorithm();
                    if let Some(doubt) =
                        self.is_too_weak(algorithm, certificate, &silent.to_string())
                    {
                        evidence.doubt(doubt);
                        return Ok(());
                    }
                }
                Said::NotRevoked(list.reasons)
            }
        };
        evidence.statements.push(Statement {
            said,
            on: current.this_update(),
            by: match list.entry.is_some() && updated.is_none() {
                true => crl.to_string(),
                false => current.to_string(),
            },
        });
        Ok(())
    }

    /// Returns why the silence of a list says nothing at the time judged.
    fn untimely(&self, crl: &Crl) -> Option<Doubt> {
        if crl.this_update() > self.latest() {
            let found = format!(
                "{crl} was issued at {}, after the time judged",
                crl.this_update()
            );
            return Some(Doubt::new(Reason::CrlNotYetValid, found));
        }
        match crl.next_update() {
            // RFC 5280 leaves open what a CRL without it means (§5.1.2.5): it does not say for how long it holds
            None => {
                let found = format!("{crl} has no nextUpdate");
                Some(Doubt::new(Reason::CrlNoNextUpdate, found))
            }
            Some(next) if next < self.at => {
                let found = format!("{crl} expired at {next}");
                Some(Doubt::new(Reason::CrlExpired, found))
            }
            Some(_) => None,
        }
    }

    /// Finds who signed a list and may (§6.3.3 (f), (g)): an issuer further up the path, or another certificate of the same name with a
    /// valid path of its own to the same anchor, none of it revoked.
    fn signer(
        &mut self,
        crl: &Crl,
        above: &[Certificate],
        budget: &mut Budget,
    ) -> Result<Result<Certificate, Doubt>, BudgetExceeded> {
        let is_issuer = |certificate: &&Certificate| certificate.subject() == crl.issuer();
        let own = above.iter().filter(is_issuer).cloned();
        let announced = crl
            .authority_key_identifier()
            .and_then(|der| extension::authority_key_identifier(der).ok().flatten());
        let mut others = self.certificates(crl.issuer());
        others.retain(|certificate| !above.contains(certificate));
        others
            .sort_by_cached_key(|certificate| certificate.key_identifier() != announced.as_deref());
        let others = others.into_iter().map(|certificate| (certificate, false));
        let mut nearest = Evidence::default();
        for (certificate, in_path) in own.map(|certificate| (certificate, true)).chain(others) {
            let may_sign = match certificate.key_usage() {
                Ok(Some(usage)) => usage.permits(KeyUsage::CRL_SIGN),
                // §6.3.3 (f) asks nothing then; but §4.2.1.3 wants it of whoever signs CRLs, and a person of the CA's name is not the CA
                Ok(None) => in_path || is_authority(&certificate),
                Err(_) => false,
            };
            if !may_sign {
                let found = format!("{certificate}, which issued {crl}, may not sign CRLs");
                nearest.doubt(Doubt::new(Reason::NoCrlSign, found));
            } else if !self.is_signed_by(crl, &certificate, budget)? {
                let found = format!("{crl} does not verify with the key of {certificate}");
                nearest.doubt(Doubt::new(Reason::CrlSignature, found));
            } else if in_path {
                return Ok(Ok(certificate));
            } else {
                match self.vouched(&certificate, above, crl, budget)? {
                    None => return Ok(Ok(certificate)),
                    Some(doubt) => nearest.doubt(doubt),
                }
            }
        }
        Ok(Err(nearest.doubt.unwrap_or_else(|| {
            let found = format!("no certificate of who issued {crl} is at hand");
            Doubt::new(Reason::CrlIssuer, found)
        })))
    }

    /// Returns what is wrong with the path of who signed a list.
    fn vouched(
        &mut self,
        signer: &Certificate,
        above: &[Certificate],
        crl: &Crl,
        budget: &mut Budget,
    ) -> Result<Option<Doubt>, BudgetExceeded> {
        let Some(anchor) = above.last() else {
            return Ok(None);
        };
        if self.open.contains(signer) {
            let found = format!("only {crl} tells, which its own key signed");
            return Ok(Some(Doubt::new(Reason::RevocationLoop, found)));
        }
        let Some(path) = (self.sources.path)(signer, anchor, budget)? else {
            let found = format!(
                "{signer}, which issued {crl}, has no valid path to the anchor {}",
                anchor.subject()
            );
            return Ok(Some(Doubt::new(Reason::CrlIssuer, found)));
        };
        for (number, certificate) in path.iter().enumerate().take(path.len().saturating_sub(1)) {
            let beyond = path.get(number + 1..).unwrap_or_default();
            let doubt = match self.status(certificate, beyond, budget)? {
                Status::Good => continue,
                Status::Revoked(found) => Doubt::new(
                    Reason::CrlIssuer,
                    format!("{certificate}, on which {crl} depends, is revoked: {found}"),
                ),
                Status::Unknown(doubt) => Doubt::new(
                    match doubt.reason {
                        Reason::RevocationLoop => Reason::RevocationLoop,
                        _ => Reason::CrlIssuer,
                    },
                    format!(
                        "it is not known whether {certificate}, on which {crl} depends, is revoked: {}",
                        doubt.found
                    ),
                ),
            };
            return Ok(Some(doubt));
        }
        Ok(None)
    }

    /// Checks a signature, or remembers.
    fn is_signed_by(
        &mut self,
        crl: &Crl,
        signer: &Certificate,
        budget: &mut Budget,
    ) -> Result<bool, BudgetExceeded> {
        let entry = (crl.der().as_ptr().addr(), signer.spki().into());
        if let Some((_, holds)) = self.checked.get(&entry) {
            return Ok(*holds);
        }
        budget.check_signature()?;
        let memory = self.sources.repository.memory();
        let holds = matches!(Memory::crl(memory, crl, signer), Ok(true));
        self.checked.insert(entry, (crl.clone(), holds));
        Ok(holds)
    }
}

fn is_authority(certificate: &Certificate) -> bool {
    matches!(certificate.basic_constraints(), Ok(Some(basic)) if basic.ca)
}

/// Says why a delta does not help.
fn without_base(delta: &Candidate, complete: &[Candidate]) -> Doubt {
    let crl = &delta.crl;
    let fitting = complete.iter().filter(|list| delta.fits(&list.crl));
    let found = match (
        fitting.filter_map(|list| list.crl.number()).max(),
        crl.base(),
    ) {
        (_, None) => format!("{crl} does not say in whole numbers which CRL it updates"),
        (None, Some(base)) => {
            format!("{crl} updates the CRL number {base}, and no CRL that it fits is at hand")
        }
        (Some(number), Some(base)) => {
            format!("{crl} updates CRLs from number {base} on; the one at hand is number {number}")
        }
    };
    Doubt::new(Reason::DeltaBase, found)
}
