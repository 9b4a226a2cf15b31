//! Who reads which copy: everyone in the open reads the message, each blind recipient a copy of his own (RFC 5322 §3.6.3), and for each of them
//! a certificate is found and judged.
use super::{BlindCopies, Encryptor, Judged, Recipient};
use crate::{
    asn1::Time,
    mime::{
        self,
        header::Header,
        mailbox::{self, Address},
    },
    policy::{Finding, Policy, Rule},
    smime::{
        Error,
        headers::{BLIND, is_blind},
        sender::{self, names},
    },
    x509::{Certificate, Collection, PathBuilder, Purpose},
};
use std::sync::PoisonError;

/// Those who read one copy, and see each other in it.
#[derive(Debug, Default)]
pub(super) struct Circle {
    /// for whom in Bcc it is; nobody: it is the message itself
    pub(super) addresses: Vec<Address>,
    pub(super) certificates: Vec<Certificate>,
    /// whether who has a shared key or password reads it, too
    pub(super) shared: bool,
}

/// All who read a message.
pub(super) struct Circles {
    pub(super) open: Circle,
    pub(super) blind: Vec<Circle>,
    pub(super) findings: Vec<Finding>,
}

impl Circles {
    /// Returns all, those in the open first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Circle> {
        std::iter::once(&self.open).chain(&self.blind)
    }
}

/// Recipients before there are certificates for them.
struct Wanted {
    open: Vec<Recipient>,
    blind: Vec<(Address, Vec<Recipient>)>,
    /// in Bcc, and no recipients
    left_out: Vec<Address>,
    /// certificates given that name nobody in the header
    strangers: Vec<Certificate>,
}

impl Encryptor<'_> {
    /// Finds and judges a certificate for everyone; `apart`: whether copies have a place of their own.
    pub(super) fn circles(
        &self,
        header: Option<&Header>,
        apart: bool,
        at: Time,
    ) -> Result<Circles, Error> {
        let Wanted {
            mut open,
            mut blind,
            left_out,
            strangers,
        } = self.wanted(header)?;
        let mut findings = Vec::new();
        if let Some(why) = header.and_then(|header| sender::ambiguity(&header.fields)) {
            findings.push(self.policy.finding(Rule::AmbiguousFrom, why));
        }
        if let Some(one) = left_out.first() {
            let message = format!(
                "Bcc names {one}, who is no recipient and gets no copy; the field does not go out"
            );
            findings.push(self.policy.finding(Rule::BlindCopyLeftOut, message));
            // his certificate may be among those given, and not name the address
            if let Some(stranger) = strangers.first() {
                let message = format!(
                    "the certificate of {} names nobody in To or Cc, and may be that of {one} in Bcc, whom all others would see",
                    stranger.subject()
                );
                findings.push(self.policy.finding(Rule::PossibleBlindCopy, message));
            }
        }
        if (!apart || self.options.blind == BlindCopies::Refuse)
            && let Some((one, _)) = blind.first()
        {
            findings.push(self.sees_blind_copies(one));
            let seen = std::mem::take(&mut blind).into_iter();
            open.extend(seen.flat_map(|(_, recipients)| recipients));
        }
        let open = self.circle(&open, Vec::new(), at, &mut findings)?;
        let mut circles = Vec::new();
        if self.options.blind == BlindCopies::Group && !blind.is_empty() {
            let (addresses, recipients): (Vec<_>, Vec<_>) = blind.into_iter().unzip();
            circles.push(self.circle(&recipients.concat(), addresses, at, &mut findings)?);
        } else {
            for (address, recipients) in blind {
                circles.push(self.circle(&recipients, vec![address], at, &mut findings)?);
            }
        }
        self.check_numbers(&open, &circles)?;
        Ok(Circles {
            open,
            blind: circles,
            findings,
        })
    }

    /// Tells those in the open from those in Bcc. Who is in To or Cc, too, is not hidden.
    fn wanted(&self, header: Option<&Header>) -> Result<Wanted, Error> {
        let to_header = self.options.to_header;
        let named = match addressees(header, &["To", "Cc"]) {
            // nobody asked for them
            Err(_) if !to_header => Vec::new(),
            named => named?,
        };
        let is_named = |address: &Address| named.iter().any(|it| it.same_as(address));
        let mut hidden: Vec<Address> = Vec::new();
        let in_bcc = addressees(header, BLIND)?;
        // each is compared with all
        if !in_bcc.is_empty() && in_bcc.len().max(named.len()) > self.policy.limits.recipients {
            return Err(Error::over(
                "recipients",
                "recipients",
                self.policy.limits.recipients,
            ));
        }
        for address in in_bcc {
            if !is_named(&address) && !hidden.iter().any(|it| it.same_as(&address)) {
                hidden.push(address);
            }
        }
        let is = |recipient: &Recipient, address: &Address| match recipient {
            Recipient::Address(it) => it.same_as(address),
            Recipient::Certificate(it) => names(it, address) && !named.iter().any(|n| names(it, n)),
            Recipient::SharedKey(_) | Recipient::Password(_) => false,
        };
        let is_open = |it: &&Recipient| !hidden.iter().any(|address| is(it, address));
        let mut open: Vec<Recipient> = self.recipients.iter().filter(is_open).cloned().collect();
        // who sends may encrypt to himself as well
        let sender = addressees(header, &["From"]).unwrap_or_default();
        let is_named_by = |it: &Certificate| named.iter().chain(&sender).any(|n| names(it, n));
        let strangers = open.iter().filter_map(|recipient| match recipient {
            Recipient::Certificate(it) if !is_named_by(it) => Some(it),
            _ => None,
        });
        let strangers = strangers.cloned().collect();
        let (mut blind, mut left_out) = (Vec::new(), Vec::new());
        for address in &hidden {
            let given = self.recipients.iter().filter(|it| is(it, address));
            let mut recipients: Vec<Recipient> = given.cloned().collect();
            if recipients.is_empty() && to_header {
                recipients.push(Recipient::Address(address.clone()));
            }
            match recipients.is_empty() {
                true => left_out.push(address.clone()),
                false => blind.push((address.clone(), recipients)),
            }
        }
        if to_header {
            open.extend(named.into_iter().map(Recipient::Address));
        }
        Ok(Wanted {
            open,
            blind,
            left_out,
            strangers,
        })
    }

    fn circle(
        &self,
        recipients: &[Recipient],
        addresses: Vec<Address>,
        at: Time,
        findings: &mut Vec<Finding>,
    ) -> Result<Circle, Error> {
        let mut circle = Circle {
            shared: addresses.is_empty(),
            addresses,
            certificates: Vec::new(),
        };
        for recipient in recipients {
            let (certificate, found) = match recipient {
                Recipient::Certificate(certificate) => {
                    (certificate.clone(), self.judge(certificate, at)?)
                }
                Recipient::Address(address) => self.by_address(address, at)?,
                Recipient::SharedKey(_) | Recipient::Password(_) => continue,
            };
            if !circle.certificates.contains(&certificate) {
                circle.certificates.push(certificate);
                findings.extend(found);
            }
        }
        Ok(circle)
    }

    fn check_numbers(&self, open: &Circle, blind: &[Circle]) -> Result<(), Error> {
        let limits = &self.policy.limits;
        if blind.len() > limits.blind_copies {
            return Err(Error::over(
                "blind-copies",
                "copies for those in Bcc",
                limits.blind_copies,
            ));
        }
        let others = self.recipients.iter().filter(|it| !it.has_certificate());
        let readers = open.certificates.len() + others.count();
        let most = blind.iter().map(|it| it.certificates.len()).max();
        match readers {
            0 if !blind.is_empty() => Err(Error::OnlyBlindRecipients),
            0 => Err(Error::NoRecipient),
            n if n.max(most.unwrap_or(0)) > limits.recipients => {
                Err(Error::over("recipients", "recipients", limits.recipients))
            }
            _ => Ok(()),
        }
    }

    /// Every recipient can read for whom a message is encrypted, and so who got it as a blind copy.
    fn sees_blind_copies(&self, one: &Address) -> Finding {
        let message = format!("Bcc names {one}: every recipient would see a recipient more");
        self.policy.finding(Rule::BlindCopy, message)
    }

    /// Of the certificates that name an address, one that was given as a recipient's, else the valid one; two valid ones with different keys
    /// leave the choice to the user, wherever they are from: a signed message must not take the place of a certificate that was given.
    fn by_address(
        &self,
        address: &Address,
        at: Time,
    ) -> Result<(Certificate, Vec<Finding>), Error> {
        for recipient in self.recipients {
            if let Recipient::Certificate(certificate) = recipient
                && names(certificate, address)
            {
                return Ok((certificate.clone(), self.judge(certificate, at)?));
            }
        }
        let mut judged = Vec::new();
        let mut named = Collection::default();
        let given = self.repository.by_address(address).into_iter();
        let given = given.filter(|it| names(it, address));
        for certificate in given.chain(self.known.recipients(address).cloned()) {
            named.add_certificate(certificate);
        }
        for certificate in named.certificates {
            let findings = self.judge(&certificate, at)?;
            judged.push((certificate, findings));
        }
        let (mut valid, refused): (Vec<_>, Vec<_>) = judged
            .into_iter()
            .partition(|(_, findings)| !Policy::denies(findings));
        if valid
            .iter()
            .any(|(c, _)| valid.iter().any(|(other, _)| c.spki() != other.spki()))
        {
            return Err(Error::AmbiguousRecipient {
                address: address.clone(),
                candidates: valid.iter().map(|(c, _)| c.concerned()).collect(),
            });
        }
        // one key, several certificates: the one that lasts longest
        valid.sort_by_key(|(c, _)| c.not_after());
        valid
            .pop()
            .or_else(|| refused.into_iter().next())
            .ok_or_else(|| Error::NoRecipientCertificate(address.clone()))
    }

    /// Judges a certificate, once for all messages of one time.
    fn judge(&self, certificate: &Certificate, at: Time) -> Result<Vec<Finding>, Error> {
        let judged = || self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |it: &&Judged| it.at == at && it.origin.as_deref() == certificate.origin();
        if let Some(known) = judged().get(certificate).filter(is_it) {
            return Ok(known.findings.clone());
        }
        let paths = PathBuilder::new(self.anchors, self.repository, self.policy);
        let paths = paths.watched(self.watch.clone());
        let report = paths.judge(certificate, &self.met, Purpose::Encrypt, at, None)?;
        let known = Judged {
            at,
            origin: certificate.origin().map(str::to_owned),
            findings: report.findings.clone(),
        };
        judged().insert(certificate.clone(), known);
        Ok(report.findings)
    }
}

/// Everyone in these fields.
fn addressees(header: Option<&Header>, fields: &[&'static str]) -> Result<Vec<Address>, Error> {
    let mut all = Vec::new();
    for &name in fields {
        for field in header.into_iter().flat_map(|h| h.all(name)) {
            let value = field.value();
            // Bcc may name nobody (RFC 5322 §3.6.3)
            if value.is_empty() && is_blind(field) {
                continue;
            }
            let list = mailbox::list(&value).ok_or(Error::Mime(mime::Error::Malformed {
                name,
                what: "it is no list of addresses",
            }))?;
            all.extend(list);
        }
    }
    Ok(all)
}
