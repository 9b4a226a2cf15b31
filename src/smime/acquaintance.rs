//! What is known of those to whom mail is encrypted: from mail that they signed (RFC 8551 §2.5.2, §2.5.3, §2.7) and from their certificates
//! (RFC 4262), and which cipher follows from it.
//!
//! Only a message whose whole verdict is `pass`, or its record, teaches anything: whoever can make another's capabilities or certificate up chooses what is
//! encrypted, and to whom. Nothing that is said leads below the ciphers that are announced ourselves.
use super::{
    Error, Report, Source, Verifier,
    error::Class,
    report::{Layer, Signature, SignedLayer, Verdict},
};
use crate::{
    asn1::Time,
    cms::{capabilities::Capabilities, ess::Service, signer_info::CertificateId},
    crypto::ContentCipher,
    mime::mailbox::Address,
    policy::{Policy, Preferences},
    x509::{Certificate, Collection, PathBuilder, Purpose},
};
/// Somebody from whom there is signed mail.
#[derive(Debug, Clone)]
pub struct Acquaintance {
    /// the certificate that he signs with
    pub signer: Certificate,
    /// the certificate to encrypt to, as far as it came with the message
    pub recipient: Option<Certificate>,
    /// what he can read, if he says so
    pub capabilities: Option<Capabilities>,
    /// when he signed
    pub signed: Option<Time>,
    /// the certificates that came with the message: intermediates
    pub certificates: Vec<Certificate>,
}

/// What a file tells.
#[derive(Debug)]
pub enum Learned {
    /// it is no signed message
    Nothing,
    /// it is one, but not to be believed
    Refused(Report),
    /// who signed it
    Acquaintances(Vec<Acquaintance>),
}

impl Verifier<'_> {
    /// Verifies a message, or the record of one, and learns from it, if its verdict is `pass`.
    pub fn learn(&self, source: Source<'_>, at: Time) -> Result<Learned, Error> {
        let report = match self.verify_record(source, at) {
            Ok(report) => report,
            // a certificate, a key, a picture: what is no signed message is none of our business here
            Err(error) if error.class() == Class::Input => return Ok(Learned::Nothing),
            Err(error) => return Err(error),
        };
        let learned = match report.layers.first() {
            Some(Layer::Signed(layer)) if report.verdict() == Verdict::Pass => {
                let known = layer
                    .counted()
                    .filter_map(|it| self.acquaintance(it, layer, at));
                Learned::Acquaintances(known.collect())
            }
            Some(Layer::Signed(_)) => Learned::Refused(report),
            _ => Learned::Nothing,
        };
        Ok(learned)
    }

    fn acquaintance(
        &self,
        signature: &Signature,
        layer: &SignedLayer,
        at: Time,
    ) -> Option<Acquaintance> {
        let signer = signature.signer.clone()?;
        Some(Acquaintance {
            recipient: recipient(&signer, signature, layer, at, self.policy()),
            signer,
            capabilities: signature.capabilities.clone(),
            signed: signature.signing_time,
            certificates: layer.certificates.clone(),
        })
    }
}

/// Chooses the certificate to encrypt to (RFC 8551 §2.5.3.1): the one that the signer prefers, else his own, else another that came with the message;
/// each must name an address of his, and be for encrypting.
pub(super) fn recipient(
    signer: &Certificate,
    signature: &Signature,
    layer: &SignedLayer,
    at: Time,
    policy: &Policy,
) -> Option<Certificate> {
    let encrypts = |it: &&Certificate| {
        let found = PathBuilder::judge_alone(it, Purpose::Encrypt, at, policy);
        shares_address(it, signer) && !Policy::denies(&found)
    };
    let preferred = signature.services.iter().find_map(|service| match service {
        Service::EncryptionKeyPreference(id) => Some(id),
        _ => None,
    });
    let by_id = |id: &CertificateId| {
        let mut found = layer.certificates.iter();
        found.find(|it| id.names(it)).filter(encrypts)
    };
    let own = || Some(signer).filter(encrypts);
    let other = || layer.certificates.iter().find(encrypts);
    preferred
        .and_then(by_id)
        .or_else(own)
        .or_else(other)
        .cloned()
}

fn shares_address(one: &Certificate, other: &Certificate) -> bool {
    let addresses = other.addresses();
    one.addresses()
        .iter()
        .any(|it| addresses.iter().any(|address| address.same_as(it)))
}

/// Why a message is encrypted with the cipher that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// it was asked for
    AskedFor,
    /// every recipient is known to read it
    KnownToAll,
    /// this recipient is not known to read a better one
    Default {
        /// subject of the first such certificate
        unknown: String,
        /// whether his capabilities are known, and none of them is a cipher that is written
        other: bool,
    },
}

impl Choice {
    /// Returns the name that reports use.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AskedFor => "asked-for",
            Self::KnownToAll => "known-to-all",
            Self::Default { .. } => "default",
        }
    }
}

/// Those from whom there is signed mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a>(pub(super) &'a [Acquaintance]);

impl Known<'_> {
    /// Returns what the holder of a key can read: as his latest message says, which is signed with it or wants to be encrypted to it
    /// (RFC 8551 §2.7.1), else as his certificate does.
    pub(super) fn capabilities(&self, of: &Certificate) -> Option<Capabilities> {
        let is_of = |it: &&Acquaintance| {
            let own = it.recipient.iter().chain([&it.signer]);
            own.map(Certificate::spki).any(|key| key == of.spki())
        };
        let latest = self
            .0
            .iter()
            .filter(is_of)
            .filter(|it| it.capabilities.is_some())
            .max_by_key(|it| it.signed);
        latest
            .and_then(|it| it.capabilities.clone())
            .or_else(|| Capabilities::of_certificate(of))
    }

    /// Returns the certificates to which the holders of an address want to be encrypted: one of each who signed mail.
    pub(super) fn recipients(&self, address: &Address) -> impl Iterator<Item = &Certificate> {
        let recipients = self.0.iter().filter_map(|it| it.recipient.as_ref());
        recipients.filter(|it| super::sender::names(it, address))
    }

    /// Returns what came with their mail, to lead from a certificate to an anchor.
    pub(super) fn met(&self) -> Collection {
        let mut met = Collection::default();
        for known in self.0 {
            met.certificates.push(known.signer.clone());
            met.certificates.extend_from_slice(&known.certificates);
        }
        met.remove_duplicates();
        met
    }

    /// Returns whether every recipient is known to read content keys that are bound to their cipher (RFC 9709 §4).
    pub(super) fn all_read_bound_keys(&self, recipients: &[Certificate]) -> bool {
        let mut known = recipients.iter().map(|it| self.capabilities(it));
        known.all(|it| it.is_some_and(|it| it.reads_bound_keys()))
    }

    /// Chooses the cipher: the one asked for, else the best of ours that every recipient is known to read, else the default.
    pub(super) fn cipher(
        &self,
        recipients: &[Certificate],
        shared_secret: bool,
        asked: Option<ContentCipher>,
        preferences: &Preferences,
    ) -> (ContentCipher, Choice) {
        if let Some(cipher) = asked {
            return (cipher, Choice::AskedFor);
        }
        let known: Vec<Option<Capabilities>> =
            recipients.iter().map(|it| self.capabilities(it)).collect();
        let reads = |capabilities: &Option<Capabilities>, cipher| {
            capabilities.as_ref().is_some_and(|it| it.reads(cipher))
        };
        let best = preferences
            .capabilities
            .iter()
            .find(|cipher| known.iter().all(|it| reads(it, **cipher)))
            .filter(|_| !shared_secret);
        if let Some(cipher) = best {
            return (*cipher, Choice::KnownToAll);
        }
        let any = |it: &Option<Capabilities>| {
            preferences
                .capabilities
                .iter()
                .any(|cipher| reads(it, *cipher))
        };
        let silent = recipients.iter().zip(&known).find(|(_, it)| !any(it));
        let other = !shared_secret && silent.is_some_and(|(_, known)| known.is_some());
        let unknown = silent.map(|(it, _)| it).or(recipients.first());
        let unknown = unknown.filter(|_| !shared_secret);
        let unknown = unknown.map_or_else(
            || "a shared key or password".to_owned(),
            |it| it.subject().to_string(),
        );
        (preferences.cipher, Choice::Default { unknown, other })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        asn1::{Tag, oid::Oid, write},
        x509::sample::{Template, key},
    };

    #[test]
    fn the_limit_of_capabilities_is_the_one_that_is_kept() {
        let limits = crate::policy::Limits::default();
        assert_eq!(limits.capabilities, crate::cms::capabilities::MOST);
    }

    #[test]
    fn capabilities_without_a_cipher_that_is_written_are_known() {
        let preferences = &Policy::default().preferences;
        let chosen = |capabilities| {
            let signer = Template::new("CN=Bob", &key(1), "CN=CA").unsigned();
            let known = [Acquaintance {
                signer: signer.clone(),
                recipient: None,
                capabilities,
                signed: None,
                certificates: Vec::new(),
            }];
            Known(&known).cipher(&[signer], false, None, preferences).1
        };
        let default = |other| Choice::Default {
            unknown: "CN=Bob".to_owned(),
            other,
        };
        assert_eq!(chosen(None), default(false));
        // DES-EDE3-CBC alone
        let old = Oid::new_unwrap("1.2.840.113549.3.7");
        let old = write::sequence(&[&write::tlv(Tag::OID, old.as_bytes())]);
        let old = Capabilities::from_der(&write::sequence(&[&old]));
        assert_eq!(chosen(Some(old.unwrap())), default(true));
    }
}
