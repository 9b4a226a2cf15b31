//! Certificate revocation lists (RFC 5280 §5): parsed here; what they say of a path is `revocation`'s.
//!
//! A list may hold a million entries, so nothing is made of them: they are walked once when it is parsed, to know that all are well-formed,
//! and once for each certificate that is looked up.
use super::{
    Error,
    certificate::{octets_of_bits, position, serial_text, signature_algorithm, time},
    distribution_point::Scope,
    extension::{Extension, oid_name},
    general_name::GeneralName,
    name::Name,
};
use crate::{
    asn1::{Tag, Time, cursor::Cursor},
    crypto::{self, Digest, PublicKey, SignatureAlgorithm, public_key::Signed},
    policy::extensions::{ExtensionRule, Role},
};
use const_oid::{
    ObjectIdentifier as Oid,
    db::rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CERTIFICATE_ISSUER, ID_CE_CRL_NUMBER,
        ID_CE_CRL_REASONS, ID_CE_DELTA_CRL_INDICATOR, ID_CE_INVALIDITY_DATE,
        ID_CE_ISSUING_DISTRIBUTION_POINT,
    },
};
use std::{
    cmp::Ordering,
    collections::BTreeSet,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// A CRL as received; cheap to clone. Two are equal if their octets are, wherever they came from.
#[derive(Clone)]
pub struct Crl {
    inner: Arc<Inner>,
    origin: Option<Arc<str>>,
}

/// ```text
/// CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
/// TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate OPTIONAL,
///      revokedCertificates SEQUENCE OF SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL } OPTIONAL,
///      crlExtensions [0] OPTIONAL }
/// ```
/// Ranges are those of `der`.
struct Inner {
    der: Box<[u8]>,
    tbs: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    entries: Range<usize>,
    extensions: Vec<ExtensionRange>,
    /// the critical extension that is not understood
    unknown: Option<String>,
    /// that of an entry
    unknown_of_entry: Option<String>,
    sha256: OnceLock<[u8; 32]>,
}

struct ExtensionRange {
    oid: Range<usize>,
    value: Range<usize>,
}

impl Crl {
    /// Parses one CRL.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let at = |part: &[u8]| position(der, part);
        let mut outer = Cursor::new(der, 0);
        let mut list = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let tbs = list.expect(Tag::SEQUENCE)?;
        let algorithm = list.expect(Tag::SEQUENCE)?;
        let signature = octets_of_bits(list.expect(Tag::BIT_STRING)?)?;
        list.finish()?;

        let mut fields = tbs.inside();
        let version = fields.optional(Tag::INTEGER)?.map(|value| value.content);
        if !matches!(version, None | Some([0 | 1])) {
            return Err(Error::Crl("its version is unknown"));
        }
        // §5.1.1.2: both MUST be the same; else one of them would be unsigned
        if fields.expect(Tag::SEQUENCE)?.raw != algorithm.raw {
            return Err(Error::Crl("its two signature algorithms differ"));
        }
        let issuer = Name::from_der(fields.expect(Tag::SEQUENCE)?.raw)?;
        if issuer.is_empty() {
            return Err(Error::Crl("its issuer is empty"));
        }
        let this_update = time(fields.any()?)?;
        let next_update = match fields.peek() {
            Some(Tag(0x17 | 0x18)) => Some(time(fields.any()?)?),
            _ => None,
        };
        let entries = fields.optional(Tag::SEQUENCE)?;
        let entries = entries.map(|entries| entries.content).unwrap_or_default();
        let unknown_of_entry = check_entries(entries)?;
        let mut unknown = None;
        let mut extensions = Vec::new();
        if !fields.is_empty() {
            let mut explicit = fields.enter(Tag::context(0))?;
            let mut list = explicit.enter(Tag::SEQUENCE)?;
            explicit.finish()?;
            let mut seen = BTreeSet::new();
            while !list.is_empty() {
                let extension = Extension::read(&mut list)?;
                if !seen.insert(extension.oid) {
                    return Err(Error::Crl("an extension is there twice"));
                }
                if extension.critical && !ExtensionRule::may_be_critical(extension.oid, Role::Crl) {
                    unknown.get_or_insert_with(|| oid_name(extension.oid));
                }
                extensions.push(ExtensionRange {
                    oid: at(extension.oid),
                    value: at(extension.value),
                });
            }
        }
        fields.finish()?;

        Ok(Self {
            origin: None,
            inner: Arc::new(Inner {
                tbs: at(tbs.raw),
                algorithm: at(algorithm.raw),
                signature: at(signature),
                issuer,
                this_update,
                next_update,
                entries: at(entries),
                extensions,
                unknown,
                unknown_of_entry,
                der: der.into(),
                sha256: OnceLock::new(),
            }),
        })
    }

    /// Returns the SHA-256 of the list.
    pub(super) fn sha256(&self) -> [u8; 32] {
        let digest = || {
            let digest = crypto::digest::digest(Digest::Sha256, self.der());
            digest.first_chunk().copied().unwrap_or_default()
        };
        *self.inner.sha256.get_or_init(digest)
    }

    /// Remembers where it came from, for people: a file, or `the message`.
    #[must_use]
    pub fn from_origin(mut self, origin: &Arc<str>) -> Self {
        self.origin = Some(Arc::clone(origin));
        self
    }

    /// Returns the CRL as received.
    pub fn der(&self) -> &[u8] {
        &self.inner.der
    }

    /// Returns who issued it.
    pub fn issuer(&self) -> &Name {
        &self.inner.issuer
    }

    /// Returns how many entries it has.
    pub fn entries(&self) -> usize {
        let mut entries = Cursor::new(self.octets(&self.inner.entries), 0);
        std::iter::from_fn(|| entries.enter(Tag::SEQUENCE).ok()).count()
    }

    /// Returns thisUpdate.
    pub fn this_update(&self) -> Time {
        self.inner.this_update
    }

    /// Returns nextUpdate.
    pub fn next_update(&self) -> Option<Time> {
        self.inner.next_update
    }

    /// Returns its critical extension that is not understood: then it MUST NOT be used (§5.2).
    pub fn unknown_critical_extension(&self) -> Option<&str> {
        self.inner.unknown.as_deref()
    }

    /// Returns the critical extension of an entry that is not understood: then, too, it MUST NOT be used (§5.3).
    pub fn unknown_critical_entry_extension(&self) -> Option<&str> {
        self.inner.unknown_of_entry.as_deref()
    }

    /// Returns the keyIdentifier of authorityKeyIdentifier and all of its value.
    pub(super) fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.extension(&ID_CE_AUTHORITY_KEY_IDENTIFIER)
    }

    /// Reads issuingDistributionPoint (§5.2.5).
    pub(super) fn scope(&self) -> Result<Scope<'_>, Error> {
        match self.issuing_distribution_point() {
            Some(der) => Scope::read(der, self.issuer()),
            None => Ok(Scope::default()),
        }
    }

    /// Returns the value of issuingDistributionPoint.
    pub(super) fn issuing_distribution_point(&self) -> Option<&[u8]> {
        self.extension(&ID_CE_ISSUING_DISTRIBUTION_POINT)
    }

    /// Returns cRLNumber (§5.2.3), if it has one that can be read.
    pub fn number(&self) -> Option<Number> {
        Number::read(self.extension(&ID_CE_CRL_NUMBER)?)
    }

    /// Returns whether it is a delta CRL (§5.2.4).
    pub fn is_delta(&self) -> bool {
        self.extension(&ID_CE_DELTA_CRL_INDICATOR).is_some()
    }

    /// Returns the BaseCRLNumber of a delta CRL.
    pub fn base(&self) -> Option<Number> {
        Number::read(self.extension(&ID_CE_DELTA_CRL_INDICATOR)?)
    }

    /// Returns what it says of the certificate with this serial number of this issuer; of several entries the gravest.
    pub fn entry(&self, issuer: &Name, serial: &[u8]) -> Option<Revocation> {
        let entries = self.octets(&self.inner.entries);
        // among a million entries, whose octets are not there at all is sooner known so
        memchr::memmem::find(entries, serial)?;
        let mut entries = Cursor::new(entries, 0);
        let mut gravest: Option<Revocation> = None;
        // §5.3.3: an entry without certificateIssuer is of the issuer of the one before; the first of the CRL's
        let mut theirs = self.issuer() == issuer;
        while let Ok(mut entry) = entries.enter(Tag::SEQUENCE) {
            let (number, date) = (entry.expect(Tag::INTEGER).ok()?, entry.any().ok()?);
            let extensions = entry.enter(Tag::SEQUENCE).ok();
            if let Some(extensions) = &extensions
                && let Some(names) = find(extensions.clone(), &ID_CE_CERTIFICATE_ISSUER)
            {
                let names = GeneralName::read_all(names).ok()?;
                let of = |name: &GeneralName<'_>| matches!(name, GeneralName::Directory(name) if name == issuer);
                theirs = names.iter().any(of);
            }
            if theirs && number.content == serial {
                let found = Revocation::read(time(date).ok()?, extensions);
                if gravest.is_none_or(|worst| worst.weight() < found.weight()) {
                    gravest = Some(found);
                }
            }
        }
        gravest
    }

    /// Parses the algorithm of the issuer's signature.
    pub fn signature_algorithm(&self) -> crypto::Result<SignatureAlgorithm> {
        signature_algorithm(self.octets(&self.inner.algorithm))
    }

    /// Returns whether the signature over the received tbsCertList is `issuer`'s. Err: the algorithm is unknown or does not fit the key.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> crypto::Result<bool> {
        issuer.verify(
            &self.signature_algorithm()?,
            Signed::Message(self.octets(&self.inner.tbs)),
            self.octets(&self.inner.signature),
        )
    }

    fn extension(&self, oid: &Oid) -> Option<&[u8]> {
        let mut extensions = self.inner.extensions.iter();
        let found = extensions.find(|it| self.octets(&it.oid) == oid.as_bytes())?;
        Some(self.octets(&found.value))
    }

    fn octets(&self, range: &Range<usize>) -> &[u8] {
        self.inner.der.get(range.clone()).unwrap_or_default()
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.der == other.inner.der
    }
}
impl Eq for Crl {}

impl std::hash::Hash for Crl {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.inner.der.hash(state);
    }
}

/// `the CRL of CN=CA (number 07, from crls.pem)`
impl std::fmt::Display for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.is_delta() { "delta CRL" } else { "CRL" };
        write!(f, "the {kind} of {}", self.issuer())?;
        match (self.number(), &self.origin) {
            (Some(number), Some(origin)) => write!(f, " (number {number}, from {origin})"),
            (Some(number), None) => write!(f, " (number {number})"),
            (None, Some(origin)) => write!(f, " (from {origin})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crl({self})")
    }
}

/// CRLNumber ::= INTEGER (0..MAX), of at most 20 octets (§5.2.3). Ordered as numbers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<[u8]>);

impl Number {
    /// Reads the DER of an INTEGER.
    fn read(der: &[u8]) -> Option<Self> {
        let mut outer = Cursor::new(der, 0);
        let octets = outer.expect(Tag::INTEGER).ok()?.content;
        outer.finish().ok()?;
        match octets {
            [] | [0x80..=0xff, ..] => None,
            // twenty octets, and one that keeps the first bit free
            _ if octets.len() > 21 => None,
            _ => {
                let zeros = octets.iter().take_while(|octet| **octet == 0).count();
                Some(Self(octets.get(zeros..)?.into()))
            }
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Decimal where it is no larger than people read, else hexadecimal.
impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.len() {
            0..=8 => {
                let add = |number: u64, octet: &u8| (number << 8) | u64::from(*octet);
                write!(f, "{}", self.0.iter().fold(0, add))
            }
            _ => write!(f, "0x{}", serial_text(&self.0)),
        }
    }
}

/// CRLReason ::= ENUMERATED (§5.3.1)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrlReason {
    /// no reason, or one that is not known
    Unspecified,
    /// keyCompromise (1)
    KeyCompromise,
    /// cACompromise (2)
    CaCompromise,
    /// affiliationChanged (3)
    AffiliationChanged,
    /// superseded (4)
    Superseded,
    /// cessationOfOperation (5)
    CessationOfOperation,
    /// certificateHold (6): may be lifted
    CertificateHold,
    /// removeFromCRL (8): no longer revoked
    RemoveFromCrl,
    /// privilegeWithdrawn (9)
    PrivilegeWithdrawn,
    /// aACompromise (10)
    AaCompromise,
}

impl CrlReason {
    /// Reads the content octets of the ENUMERATED. One that is not known is still a reason.
    pub(super) fn from_content(content: &[u8]) -> Self {
        match content {
            [1] => Self::KeyCompromise,
            [2] => Self::CaCompromise,
            [3] => Self::AffiliationChanged,
            [4] => Self::Superseded,
            [5] => Self::CessationOfOperation,
            [6] => Self::CertificateHold,
            [8] => Self::RemoveFromCrl,
            [9] => Self::PrivilegeWithdrawn,
            [10] => Self::AaCompromise,
            _ => Self::Unspecified,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }
}

/// That, when and why a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// revocationDate
    pub date: Time,
    /// reasonCode
    pub reason: CrlReason,
    /// invalidityDate: since when the key is suspected
    pub invalid_since: Option<Time>,
}

impl Revocation {
    /// Reads the extensions of an entry; a reason or date that cannot be read leaves the entry as grave as one without.
    pub(super) fn read(date: Time, extensions: Option<Cursor<'_>>) -> Self {
        let value = |oid, tag| {
            let mut outer = Cursor::new(find(extensions.clone()?, oid)?, 0);
            let value = outer.expect(tag).ok()?;
            outer.finish().ok().map(|()| value)
        };
        let reason = value(&ID_CE_CRL_REASONS, Tag(0x0a));
        let invalid_since = value(&ID_CE_INVALIDITY_DATE, Tag(0x18));
        Self {
            date,
            reason: reason.map_or(CrlReason::Unspecified, |reason| {
                CrlReason::from_content(reason.content)
            }),
            invalid_since: invalid_since.and_then(|date| time(date).ok()),
        }
    }

    /// Returns whether the issuer may take it back (§5.3.1).
    pub fn is_hold(&self) -> bool {
        self.reason == CrlReason::CertificateHold
    }

    /// Returns whether it is none, but the end of one.
    pub fn is_removal(&self) -> bool {
        self.reason == CrlReason::RemoveFromCrl
    }

    fn weight(&self) -> u8 {
        match self.reason {
            CrlReason::RemoveFromCrl => 0,
            CrlReason::CertificateHold => 1,
            _ => 2,
        }
    }
}

/// `it was revoked on 2026-01-01T00:00:00Z (keyCompromise; the key is suspected since 2025-12-01T00:00:00Z)`
impl std::fmt::Display for Revocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.reason {
            CrlReason::CertificateHold => "it was put on hold",
            _ => "it was revoked",
        };
        write!(f, "{what} on {} ({}", self.date, self.reason.name())?;
        match self.invalid_since {
            Some(since) => write!(f, "; its key is suspected since {since})"),
            None => f.write_str(")"),
        }
    }
}

/// Walks all entries: each must be well-formed, however few are ever looked at. Returns a critical extension that is not understood.
fn check_entries(entries: &[u8]) -> Result<Option<String>, Error> {
    let mut entries = Cursor::new(entries, 0);
    let mut unknown = None;
    while !entries.is_empty() {
        let mut entry = entries.enter(Tag::SEQUENCE)?;
        entry.expect(Tag::INTEGER)?;
        time(entry.any()?)?;
        if !entry.is_empty() {
            let mut extensions = entry.enter(Tag::SEQUENCE)?;
            while !extensions.is_empty() {
                let extension = Extension::read(&mut extensions)?;
                if extension.oid == ID_CE_CERTIFICATE_ISSUER.as_bytes() {
                    GeneralName::read_all(extension.value)?;
                }
                if extension.critical
                    && !ExtensionRule::may_be_critical(extension.oid, Role::CrlEntry)
                {
                    unknown.get_or_insert_with(|| oid_name(extension.oid));
                }
            }
        }
        entry.finish()?;
    }
    Ok(unknown)
}

/// Returns the value of an extension in a list of them.
fn find<'a>(mut extensions: Cursor<'a>, oid: &Oid) -> Option<&'a [u8]> {
    while let Ok(extension) = Extension::read(&mut extensions) {
        if extension.oid == oid.as_bytes() {
            return Some(extension.value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::write,
        x509::sample::{CrlTemplate, extension, key, parsed, reason},
    };

    fn list() -> CrlTemplate {
        CrlTemplate::new("CN=CA", "2026-10-20", "2026-11-20").number(5)
    }

    #[test]
    fn says_what_it_is() {
        let crl = list().sign(&key(1));
        assert_eq!(crl.to_string(), "the CRL of CN=CA (number 5)");
        let delta = list().base(4).sign(&key(1)).from_origin(&"d.crl".into());
        assert_eq!(
            delta.to_string(),
            "the delta CRL of CN=CA (number 5, from d.crl)"
        );
        assert!(delta.is_delta() && delta.base() < delta.number());
        assert_eq!(delta, list().base(4).sign(&key(1)));
    }

    #[test]
    fn numbers_are_ordered_as_numbers() {
        let number = |octets: &[u8]| Number::read(&write::tlv(Tag::INTEGER, octets));
        let small = number(&[0x7f]).unwrap();
        let larger = number(&[0, 0x80]).unwrap();
        let huge = number(&[0x7f; 20]).unwrap();
        assert!(small < larger && larger < huge);
        assert_eq!(larger.to_string(), "128");
        assert_eq!(number(&[0]).unwrap().to_string(), "0");
        assert!(huge.to_string().starts_with("0x7f7f"));
        assert!(number(&[[0].as_slice(), &[0xff; 20]].concat()).is_some());
        for bad in [&[][..], &[0x80], &[1; 22]] {
            assert_eq!(number(bad), None);
        }
    }

    #[test]
    fn of_several_entries_the_gravest_counts() {
        let entry = |list: CrlTemplate, code: u8| list.entry(&[2], "2026-10-01", &[reason(code)]);
        let of = |codes: &[u8]| {
            let list = codes.iter().fold(list(), |list, code| entry(list, *code));
            let found = list.sign(&key(1)).entry(&parsed("CN=CA"), &[2]);
            found.map(|revocation| revocation.reason)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[8, 6, 1]), Some(CrlReason::KeyCompromise));
        assert_eq!(of(&[1, 6, 8]), Some(CrlReason::KeyCompromise));
        assert_eq!(of(&[8, 6]), Some(CrlReason::CertificateHold));
        assert_eq!(of(&[8]), Some(CrlReason::RemoveFromCrl));
        // what is not known is a reason all the same
        assert_eq!(of(&[7]), Some(CrlReason::Unspecified));
        assert_eq!(of(&[99, 6]), Some(CrlReason::Unspecified));
    }

    #[test]
    fn is_well_formed_or_none() {
        let twice = list().number(6).der(&key(1));
        assert!(matches!(Crl::from_der(&twice), Err(Error::Crl(_))));
        let mut nameless = list();
        nameless.issuer = vec![0x30, 0];
        assert!(Crl::from_der(&nameless.der(&key(1))).is_err());
        for entry in [&[0x30, 0][..], &[5, 0], &[0x30, 3, 2, 1, 1]] {
            let mut broken = list();
            broken.entries = entry.to_vec();
            assert!(Crl::from_der(&broken.der(&key(1))).is_err(), "{entry:x?}");
        }
        let issuer = extension(&ID_CE_CERTIFICATE_ISSUER, true, &[5, 0]);
        let broken = list().entry(&[1], "2026-10-01", &[issuer]).der(&key(1));
        assert!(Crl::from_der(&broken).is_err());
        let der = list().der(&key(1));
        for end in 0..der.len() {
            assert!(Crl::from_der(&der[..end]).is_err());
        }
        assert!(Crl::from_der(&[&der[..], &[0]].concat()).is_err());
        // RUSTSEC-2026-0104: an empty BIT STRING
        let reasons = list().scope(&[&[0x83, 0]]).sign(&key(1));
        assert!(reasons.scope().is_err());
    }
}
