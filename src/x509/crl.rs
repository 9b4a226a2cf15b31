//! Certificate revocation lists (RFC 5280 §5): parsed here; what they say of a path is `revocation`'s.
use super::{
    Error,
    certificate::{octets_of_bits, signature_algorithm, time},
    extension::Extension,
    name::Name,
};
use crate::{
    asn1::{Tag, Time, cursor::Cursor},
    crypto::{self, PublicKey, SignatureAlgorithm, public_key::Signed},
};
use std::{collections::BTreeSet, sync::Arc};

/// A CRL as received; cheap to clone.
#[derive(Debug, Clone)]
pub struct Crl {
    inner: Arc<Inner>,
}

/// ```text
/// TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate OPTIONAL,
///      revokedCertificates SEQUENCE OF SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL } OPTIONAL,
///      crlExtensions [0] OPTIONAL }
/// ```
#[derive(Debug)]
struct Inner {
    der: Box<[u8]>,
    tbs: Box<[u8]>,
    algorithm: Box<[u8]>,
    signature: Box<[u8]>,
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    revoked: BTreeSet<Box<[u8]>>,
    critical: bool,
}

impl Crl {
    /// Parses one CRL.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut outer = Cursor::new(der, 0);
        let mut list = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let tbs = list.expect(Tag::SEQUENCE)?;
        let algorithm = list.expect(Tag::SEQUENCE)?;
        let signature = octets_of_bits(list.expect(Tag::BIT_STRING)?)?;
        list.finish()?;

        let mut fields = tbs.inside();
        match fields.optional(Tag::INTEGER)?.map(|value| value.content) {
            None | Some([0 | 1]) => {}
            Some(_) => return Err(Error::Malformed("the version of the CRL is unknown")),
        }
        if fields.expect(Tag::SEQUENCE)?.raw != algorithm.raw {
            return Err(Error::Malformed(
                "the two signature algorithms of the CRL differ",
            ));
        }
        let issuer = Name::from_der(fields.expect(Tag::SEQUENCE)?.raw)?;
        let this_update = time(fields.any()?)?;
        let next_update = match fields.peek() {
            Some(Tag(0x17 | 0x18)) => Some(time(fields.any()?)?),
            _ => None,
        };
        let mut revoked = BTreeSet::new();
        let mut critical = false;
        if fields.peek() == Some(Tag::SEQUENCE) {
            let mut entries = fields.enter(Tag::SEQUENCE)?;
            while !entries.is_empty() {
                let mut entry = entries.enter(Tag::SEQUENCE)?;
                revoked.insert(entry.expect(Tag::INTEGER)?.content.into());
                time(entry.any()?)?;
                if !entry.is_empty() {
                    critical |= any_critical(entry.enter(Tag::SEQUENCE)?)?;
                }
                entry.finish()?;
            }
        }
        if !fields.is_empty() {
            let mut explicit = fields.enter(Tag::context(0))?;
            critical |= any_critical(explicit.enter(Tag::SEQUENCE)?)?;
            explicit.finish()?;
        }
        fields.finish()?;

        Ok(Self {
            inner: Arc::new(Inner {
                tbs: tbs.raw.into(),
                algorithm: algorithm.raw.into(),
                signature: signature.into(),
                issuer,
                this_update,
                next_update,
                revoked,
                critical,
                der: der.into(),
            }),
        })
    }

    /// Returns the CRL as received.
    pub fn der(&self) -> &[u8] {
        &self.inner.der
    }

    /// Returns who issued it.
    pub fn issuer(&self) -> &Name {
        &self.inner.issuer
    }

    /// Returns how many certificates it lists.
    pub fn entries(&self) -> usize {
        self.inner.revoked.len()
    }

    /// Returns thisUpdate.
    pub fn this_update(&self) -> Time {
        self.inner.this_update
    }

    /// Returns nextUpdate.
    pub fn next_update(&self) -> Option<Time> {
        self.inner.next_update
    }

    /// Returns whether it lists the certificate with this serial number.
    pub fn lists(&self, serial: &[u8]) -> bool {
        self.inner.revoked.contains(serial)
    }

    /// Returns whether it, or an entry, has a critical extension. None is understood yet, and one may change what every entry means
    /// (issuingDistributionPoint, deltaCRLIndicator, certificateIssuer; RFC 5280 §5.2, §5.3).
    pub fn has_critical_extension(&self) -> bool {
        self.inner.critical
    }

    /// Parses the algorithm of the issuer's signature.
    pub fn signature_algorithm(&self) -> crypto::Result<SignatureAlgorithm> {
        signature_algorithm(&self.inner.algorithm)
    }

    /// Returns whether the signature over the received tbsCertList is `issuer`'s. Err: the algorithm is unknown or does not fit the key.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> crypto::Result<bool> {
        issuer.verify(
            &self.signature_algorithm()?,
            Signed::Message(&self.inner.tbs),
            &self.inner.signature,
        )
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.inner.der == other.inner.der
    }
}
impl Eq for Crl {}

/// Returns whether any of a list of extensions is critical.
fn any_critical(mut list: Cursor<'_>) -> Result<bool, Error> {
    let mut critical = false;
    while !list.is_empty() {
        critical |= Extension::read(&mut list)?.critical;
    }
    Ok(critical)
}
