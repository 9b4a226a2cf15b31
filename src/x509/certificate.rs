//! A certificate: owns its DER as received, hands out typed views (RFC 5280 §4.1).
//!
//! Parsing reads the frame and refuses what is no certificate; extensions are read when they are asked for, so that a malformed one is
//! reported by whom it concerns. Nothing here knows who may be trusted.
use super::{
    Error,
    extension::{self, BasicConstraints, Extension, KeyUsage},
    general_name::{self, GeneralName},
    name::Name,
};
use crate::{
    asn1::{
        Tag, Time,
        cursor::{Cursor, Value},
    },
    crypto::{self, Digest, PublicKey, SignatureAlgorithm, public_key::Signed},
    encoding::hex,
    mime::mailbox::Address,
    policy::{Concerned, Limits, Objection, Reason},
};
use const_oid::{
    ObjectIdentifier as Oid,
    db::rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS,
        ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER,
        ID_PE_AUTHORITY_INFO_ACCESS,
    },
};
use spki::{AlgorithmIdentifierOwned, der::Decode as _};
use std::{borrow::Cow, collections::BTreeSet, ops::Range, sync::Arc};

/// A certificate; cheap to clone. Nothing of it is ever re-encoded. Two are equal if their octets are, wherever they came from.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
    origin: Option<Arc<str>>,
    /// the key of its issuer, if its own takes parameters from there
    issuer_key: Option<Arc<PublicKey>>,
}

/// ```text
/// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
/// TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject,
///      subjectPublicKeyInfo, issuerUniqueID [1], subjectUniqueID [2], extensions [3] }
/// ```
/// Ranges are those of `der`.
struct Inner {
    der: Box<[u8]>,
    tbs: Range<usize>,
    version: u8,
    serial: Range<usize>,
    issuer: Name,
    not_before: Time,
    not_after: Time,
    subject: Name,
    spki: Range<usize>,
    extensions: Vec<ExtensionRange>,
    algorithm: Range<usize>,
    signature: Range<usize>,
}

struct ExtensionRange {
    oid: Range<usize>,
    critical: bool,
    value: Range<usize>,
}

impl Certificate {
    /// Parses one certificate; BER is refused. Strict where RFC 5280 is and practice agrees; duplicates of an extension are refused.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let at = |part: &[u8]| position(der, part);
        let mut outer = Cursor::new(der, 0);
        let mut certificate = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let tbs = certificate.expect(Tag::SEQUENCE)?;
        let algorithm = certificate.expect(Tag::SEQUENCE)?;
        let signature = octets_of_bits(certificate.expect(Tag::BIT_STRING)?)?;
        certificate.finish()?;

        let mut fields = tbs.inside();
        let version = version(&mut fields)?;
        let serial = fields.expect(Tag::INTEGER)?.content;
        if serial.is_empty() {
            return Err(Error::Malformed("the serial number is empty"));
        }
        // RFC 5280 §4.1.1.2: both MUST be the same; else one of them would be unsigned.
        if fields.expect(Tag::SEQUENCE)?.raw != algorithm.raw {
            return Err(Error::Malformed(
                "the two signature algorithms of the certificate differ",
            ));
        }
        let issuer = Name::from_der(fields.expect(Tag::SEQUENCE)?.raw)?;
        if issuer.is_empty() {
            return Err(Error::Malformed("the issuer is empty"));
        }
        let mut validity = fields.enter(Tag::SEQUENCE)?;
        let not_before = time(validity.any()?)?;
        let not_after = time(validity.any()?)?;
        validity.finish()?;
        let subject = Name::from_der(fields.expect(Tag::SEQUENCE)?.raw)?;
        let spki = fields.expect(Tag::SEQUENCE)?.raw;
        fields.optional(Tag::context_primitive(1))?;
        fields.optional(Tag::context_primitive(2))?;
        let mut extensions = Vec::new();
        if fields.peek() == Some(Tag::context(3)) {
            if version != 3 {
                return Err(Error::Malformed("extensions need version 3"));
            }
            let mut explicit = fields.enter(Tag::context(3))?;
            let mut list = explicit.enter(Tag::SEQUENCE)?;
            explicit.finish()?;
            let mut seen = BTreeSet::new();
            while !list.is_empty() {
                let extension = Extension::read(&mut list)?;
                if !seen.insert(extension.oid) {
                    return Err(Error::Malformed("an extension is there twice"));
                }
                extensions.push(ExtensionRange {
                    oid: at(extension.oid),
                    critical: extension.critical,
                    value: at(extension.value),
                });
            }
        }
        fields.finish()?;

        Ok(Self {
            origin: None,
            issuer_key: None,
            inner: Arc::new(Inner {
                tbs: at(tbs.raw),
                version,
                serial: at(serial),
                issuer,
                not_before,
                not_after,
                subject,
                spki: at(spki),
                extensions,
                algorithm: at(algorithm.raw),
                signature: at(signature),
                der: der.into(),
            }),
        })
    }

    /// Remembers where it came from, for people: a file, or `the message`.
    #[must_use]
    pub fn from_origin(mut self, origin: &Arc<str>) -> Self {
        self.origin = Some(Arc::clone(origin));
        self
    }

    /// Returns where it came from, if that is known.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Returns an objection to this certificate; what was wanted is as the table of reasons says.
    pub fn objection(&self, reason: Reason, found: impl Into<String>) -> Objection {
        Objection {
            reason,
            certificate: self.concerned(),
            found: found.into(),
            wanted: Cow::Borrowed(reason.wanted()),
        }
    }

    /// Returns how findings name it.
    pub fn concerned(&self) -> Concerned {
        // serials are 20 octets at most (RFC 5280 §4.1.2.2); longer ones are cut for people
        let serial = self.serial();
        let shown = serial.get(..32).unwrap_or(serial);
        let more = if shown.len() < serial.len() {
            "…"
        } else {
            ""
        };
        Concerned {
            subject: self.subject().to_string(),
            issuer: self.issuer().to_string(),
            address: self.some_addresses(1).first().map(Address::to_string),
            validity: Some((self.not_before(), self.not_after())),
            crl: self.crl_locations().into_iter().next(),
            issuer_location: self.issuer_locations().into_iter().next(),
            serial: format!("{}{more}", serial_text(shown)),
            sha256: hex::encode(&self.sha256()),
            origin: self.origin.as_deref().map(str::to_owned),
        }
    }

    /// Returns the certificate as received.
    pub fn der(&self) -> &[u8] {
        &self.inner.der
    }

    /// Returns the version as people count it: 1, 2 or 3.
    pub fn version(&self) -> u8 {
        self.inner.version
    }

    /// Returns the subject.
    pub fn subject(&self) -> &Name {
        &self.inner.subject
    }

    /// Returns the issuer.
    pub fn issuer(&self) -> &Name {
        &self.inner.issuer
    }

    /// Returns whether issuer and subject are the same name (RFC 5280 §6.1).
    pub fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }

    /// Returns the content octets of the serial number as received.
    pub fn serial(&self) -> &[u8] {
        self.octets(&self.inner.serial)
    }

    /// Returns notBefore.
    pub fn not_before(&self) -> Time {
        self.inner.not_before
    }

    /// Returns notAfter.
    pub fn not_after(&self) -> Time {
        self.inner.not_after
    }

    /// Returns whether `at` lies in the validity period, its ends included (RFC 5280 §4.1.2.5).
    pub fn is_valid_at(&self, at: Time) -> bool {
        self.not_before() <= at && at <= self.not_after()
    }

    /// Returns the SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        self.octets(&self.inner.spki)
    }

    /// Parses the public key. A DSA key without parameters has them only in the certificates of a path that was found.
    pub fn public_key(&self) -> crypto::Result<PublicKey> {
        let key = PublicKey::from_spki(self.spki())?;
        match &self.issuer_key {
            Some(issuer) => key.inheriting(issuer),
            None => Ok(key),
        }
    }
    /// Lets the key take the parameters that it lacks from its issuer's (RFC 3279 §2.3.2).
    pub(super) fn inheriting(mut self, issuer: PublicKey) -> Self {
        self.issuer_key = Some(Arc::new(issuer));
        self
    }

    /// Returns whether its key is all in it, and takes nothing from its issuer's.
    pub(super) fn has_whole_key(&self) -> bool {
        self.issuer_key.is_none()
    }

    /// Parses the algorithm of the issuer's signature.
    pub fn signature_algorithm(&self) -> crypto::Result<SignatureAlgorithm> {
        signature_algorithm(self.octets(&self.inner.algorithm))
    }

    /// Returns whether the signature over the received tbsCertificate is `issuer`'s. Err: the algorithm is unknown or does not fit the key.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> crypto::Result<bool> {
        issuer.verify(
            &self.signature_algorithm()?,
            Signed::Message(self.octets(&self.inner.tbs)),
            self.octets(&self.inner.signature),
        )
    }

    /// Returns every extension in order.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        self.inner.extensions.iter().map(|range| Extension {
            oid: self.octets(&range.oid),
            critical: range.critical,
            value: self.octets(&range.value),
        })
    }

    /// Returns the value of the extension with this OID.
    pub fn extension(&self, oid: &Oid) -> Option<&[u8]> {
        self.extensions()
            .find(|extension| extension.oid == oid.as_bytes())
            .map(|extension| extension.value)
    }

    /// Returns the basicConstraints extension.
    pub fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Error> {
        self.extension(&ID_CE_BASIC_CONSTRAINTS)
            .map(BasicConstraints::read)
            .transpose()
    }

    /// Returns the keyUsage extension.
    pub fn key_usage(&self) -> Result<Option<KeyUsage>, Error> {
        self.extension(&ID_CE_KEY_USAGE)
            .map(KeyUsage::read)
            .transpose()
    }

    /// Returns whether the extKeyUsage extension, if there is one, permits mail (RFC 8550 §4.4.4).
    pub fn permits_email(&self) -> Result<Option<bool>, Error> {
        self.extension(&ID_CE_EXT_KEY_USAGE)
            .map(extension::permits_email)
            .transpose()
    }

    /// Returns whether the extKeyUsage extension, if there is one, permits time-stamping.
    pub(super) fn permits_time_stamping(&self) -> Result<Option<bool>, Error> {
        self.extension(&ID_CE_EXT_KEY_USAGE)
            .map(extension::permits_time_stamping)
            .transpose()
    }

    /// Returns whether the extKeyUsage extension is critical and permits time-stamping alone (RFC 3161 §2.3).
    pub fn is_for_time_stamping(&self) -> bool {
        self.extensions()
            .find(|extension| extension.oid == ID_CE_EXT_KEY_USAGE.as_bytes())
            .is_some_and(|it| {
                it.critical && matches!(extension::is_for_time_stamping(it.value), Ok(true))
            })
    }

    /// Returns the names of the purposes in the extKeyUsage extension; empty without one.
    pub fn purposes(&self) -> Result<Vec<String>, Error> {
        let purposes = self
            .extension(&ID_CE_EXT_KEY_USAGE)
            .map(extension::purposes);
        let purposes = purposes.transpose()?.unwrap_or_default();
        Ok(purposes
            .iter()
            .map(|oid| extension::oid_name(oid))
            .collect())
    }

    /// Returns the subjectKeyIdentifier extension.
    pub fn key_identifier(&self) -> Option<&[u8]> {
        extension::key_identifier(self.extension(&ID_CE_SUBJECT_KEY_IDENTIFIER)?).ok()
    }

    /// Returns the keyIdentifier of the authorityKeyIdentifier extension.
    pub fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        extension::authority_key_identifier(self.extension(&ID_CE_AUTHORITY_KEY_IDENTIFIER)?)
            .ok()
            .flatten()
    }

    /// Returns the URIs at which the cRLDistributionPoints extension says that CRLs are; empty without one, or with a malformed one.
    pub fn crl_locations(&self) -> Vec<String> {
        self.extension(&ID_CE_CRL_DISTRIBUTION_POINTS)
            .and_then(|der| extension::crl_locations(der).ok())
            .unwrap_or_default()
    }

    /// Returns the URIs at which the authorityInfoAccess extension says that its issuer's certificates are; empty as above.
    pub fn issuer_locations(&self) -> Vec<String> {
        self.extension(&ID_PE_AUTHORITY_INFO_ACCESS)
            .and_then(|der| extension::issuer_locations(der).ok())
            .unwrap_or_default()
    }

    /// Returns the subjectAltName extension.
    pub fn alternative_names(&self) -> Result<Option<Vec<GeneralName<'_>>>, Error> {
        self.extension(&ID_CE_SUBJECT_ALT_NAME)
            .map(extension::alternative_names)
            .transpose()
    }

    /// Fails if the subjectAltName has more names than the limit, for a certificate that somebody sent. A malformed one is nothing of that: it
    /// is reported by whom it concerns.
    pub fn check_size(&self, limits: &Limits) -> Result<(), Error> {
        let names = self.extension(&ID_CE_SUBJECT_ALT_NAME);
        match names.map(|der| extension::at_most(der, limits.certificate_names, "names")) {
            Some(Err(error @ Error::TooMany { .. })) => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns the addresses it names: rfc822Name and SmtpUTF8Mailbox of the SAN; emailAddress of the subject only where the SAN has no mail
    /// name, not even a malformed one (RFC 8550 §3). Malformed addresses are left out.
    pub fn addresses(&self) -> Vec<Address> {
        self.some_addresses(usize::MAX)
    }

    fn some_addresses(&self, most: usize) -> Vec<Address> {
        let Ok(names) = self.alternative_names() else {
            return Vec::new();
        };
        let names = names.unwrap_or_default();
        if names.iter().any(GeneralName::is_mail) {
            let addresses = names.iter().filter_map(GeneralName::address);
            return addresses.take(most).collect();
        }
        let addresses = self.subject().email_addresses();
        let addresses = addresses.iter().map(String::as_bytes);
        let addresses = addresses.filter_map(general_name::mailbox);
        addresses.take(most).collect()
    }

    /// Returns the SHA-256 of the certificate.
    pub fn sha256(&self) -> [u8; 32] {
        let digest = crypto::digest::digest(Digest::Sha256, self.der());
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// Returns whether issuer and serial are these (serial: content octets of the INTEGER), names compared by bytes first, then by RFC 5280 §7.1.
    pub fn is(&self, issuer: &Name, serial: &[u8]) -> bool {
        self.serial() == serial && self.issuer() == issuer
    }

    fn octets(&self, range: &Range<usize>) -> &[u8] {
        self.inner.der.get(range.clone()).unwrap_or_default()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.der == other.inner.der
    }
}
impl Eq for Certificate {}

impl std::hash::Hash for Certificate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.inner.der.hash(state);
    }
}

/// `certificate CN=Alice (serial 0a1b, from alice.pem)`
impl std::fmt::Display for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.concerned().fmt(f)
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({self})")
    }
}

/// Returns a serial number for people: hexadecimal, without the octet that only keeps the INTEGER positive.
pub fn serial_text(serial: &[u8]) -> String {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => hex::encode(rest),
        _ => hex::encode(serial),
    }
}

/// Returns the octets of the subjectPublicKey in a SubjectPublicKeyInfo, without algorithm and unused bits: what RFC 5280 §4.2.1.2 (1) hashes.
pub fn public_key_octets(spki: &[u8]) -> Option<&[u8]> {
    let mut fields = extension::sequence(spki).ok()?;
    fields.expect(Tag::SEQUENCE).ok()?;
    octets_of_bits(fields.expect(Tag::BIT_STRING).ok()?).ok()
}

/// Parses the DER of a signature's AlgorithmIdentifier.
pub(super) fn signature_algorithm(der: &[u8]) -> crypto::Result<SignatureAlgorithm> {
    let identifier = AlgorithmIdentifierOwned::from_der(der)
        .map_err(|_| crypto::Error::Unsupported("with a malformed identifier".to_owned()))?;
    SignatureAlgorithm::from_identifier(&identifier, None)
}

/// Reads version [0] EXPLICIT INTEGER DEFAULT v1. An explicit v1 is no DER, but is found and means the same.
fn version(fields: &mut Cursor<'_>) -> Result<u8, Error> {
    if fields.peek() != Some(Tag::context(0)) {
        return Ok(1);
    }
    let mut explicit = fields.enter(Tag::context(0))?;
    let version = explicit.expect(Tag::INTEGER)?.content;
    explicit.finish()?;
    match version {
        [version @ 0..=2] => Ok(version + 1),
        _ => Err(Error::Malformed("the version is unknown")),
    }
}

/// Reads Time in the forms of RFC 5280 §4.1.2.5: seconds present, no fraction, in UTC. GeneralizedTime before 2050 is found and accepted.
pub(super) fn time(value: Value<'_>) -> Result<Time, Error> {
    let length = match value.tag {
        Tag(0x17) => 13,
        Tag(0x18) => 15,
        _ => return Err(Error::Malformed("a date is no Time")),
    };
    if value.content.len() != length || value.content.last() != Some(&b'Z') {
        return Err(Error::Malformed("a date is not in the form of RFC 5280"));
    }
    Time::from_asn1(value.tag, value.content).ok_or(Error::Malformed("a date does not exist"))
}

/// Returns the octets of a BIT STRING that has no unused bits.
pub(super) fn octets_of_bits<'a>(value: Value<'a>) -> Result<&'a [u8], Error> {
    match value.content.split_first() {
        Some((0, octets)) => Ok(octets),
        _ => Err(Error::Malformed("a BIT STRING is not made of whole octets")),
    }
}

/// Returns where `part`, a slice of `whole`, stands in it.
pub(super) fn position(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start.saturating_add(part.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::write,
        crypto::PrivateKey as _,
        x509::sample::{
            Template, alternative_names, authority_key_identifier, basic_constraints, key,
            key_identifier, key_usage, name, parsed, time as at,
        },
    };
    use proptest::prelude::*;
    use std::sync::LazyLock;

    fn template() -> Template {
        Template::new("O=Example,CN=Alice", &key(1), "CN=Example CA")
    }

    #[test]
    fn hands_out_what_it_was_made_of() {
        let der = template()
            .serial(&[0x0a, 0x1b])
            .with(key_identifier(&[1, 2]))
            .with(authority_key_identifier(&[3, 4]))
            .with(basic_constraints(true, Some(300)))
            .with(key_usage(0x84))
            .with(alternative_names(&["email:alice@example.com"]))
            .der(&key(2));
        let alice = Certificate::from_der(&der).unwrap();
        assert_eq!(alice.der(), der);
        assert_eq!(alice.version(), 3);
        assert_eq!(alice.subject(), &parsed("O=Example,CN=Alice"));
        assert_eq!(alice.issuer(), &parsed("CN=Example CA"));
        assert_eq!(alice.serial(), [0x0a, 0x1b]);
        assert_eq!(alice.spki(), key(1).public_key().spki());
        assert_eq!(alice.key_identifier(), Some(&[1, 2][..]));
        assert_eq!(alice.authority_key_identifier(), Some(vec![3, 4]));
        let basic = alice.basic_constraints().unwrap().unwrap();
        assert_eq!((basic.ca, basic.path_length), (true, Some(300)));
        let usage = alice.key_usage().unwrap().unwrap();
        assert!(
            usage.permits(KeyUsage::KEY_CERT_SIGN) && usage.permits(KeyUsage::DIGITAL_SIGNATURE)
        );
        assert!(!usage.permits(KeyUsage::CRL_SIGN));
        assert_eq!(alice.permits_email().unwrap(), None);
        assert!(alice.is_valid_at(at("2021-11-01")) && alice.is_valid_at(at("2031-11-01")));
        assert!(!alice.is_valid_at(at("2021-10-31T23:59:59Z")));
        assert!(!alice.is_valid_at(at("2031-11-01T00:00:01Z")));
        assert!(alice.is(&parsed("CN=EXAMPLE ca"), &[0x0a, 0x1b]));
        assert!(!alice.is(&parsed("CN=EXAMPLE ca"), &[0x0a]));
        assert!(!alice.is(&parsed("CN=Other CA"), &[0x0a, 0x1b]));
        assert_eq!(
            alice.to_string(),
            "certificate CN=Alice,O=Example (serial 0a1b)"
        );
    }

    #[test]
    fn verifies_the_issuers_signature_over_received_bytes() {
        // an explicit `critical FALSE` would vanish if anything were encoded again
        let oid = write::tlv(Tag::OID, ID_CE_KEY_USAGE.as_bytes());
        let value = write::tlv(Tag::OCTET_STRING, &[3, 2, 7, 0x80]);
        let explicit = write::sequence(&[&oid, &[1, 1, 0], &value]);
        let alice = template().with(explicit).sign(&key(2));
        assert!(alice.is_signed_by(key(2).public_key()).unwrap());
        assert!(!alice.is_signed_by(key(3).public_key()).unwrap());
        let mut der = alice.der().to_vec();
        let octet = alice.inner.spki.end - 1;
        der[octet] ^= 1;
        let forged = Certificate::from_der(&der).unwrap();
        assert!(!forged.is_signed_by(key(2).public_key()).unwrap());
    }

    #[test]
    fn so_many_alternative_names_and_not_one_more() {
        let limits = Limits::default();
        let names = |number: usize| {
            let names = alternative_names(&vec!["email:a@b.example"; number]);
            let template = Template::new("CN=Alice", &key(1), "CN=CA").with(names);
            template.sign(&key(2)).check_size(&limits)
        };
        assert!(names(limits.certificate_names).is_ok());
        let error = names(limits.certificate_names + 1).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 1000 names");
    }

    #[test]
    fn takes_addresses_from_the_alternative_names_and_else_from_the_subject() {
        let of = |subject: &str, extensions: &[Vec<u8>]| {
            let mut template = Template::new(subject, &key(1), "CN=CA");
            template.extensions = extensions.to_vec();
            let addresses = template.sign(&key(2)).addresses();
            addresses
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        let names = [
            "email:a@example.com",
            "dns:example.com",
            "email:broken@",
            "utf8:ä@example.com",
        ];
        assert_eq!(of("E=x@example.org", &[alternative_names(&names)]).len(), 2);
        assert_eq!(
            of("E=x@example.org", &[alternative_names(&names)])[0],
            "a@example.com"
        );
        assert_eq!(of("CN=x,E=x@example.org", &[]), ["x@example.org"]);
        let beside = |name: &str| of("E=x@example.org", &[alternative_names(&[name])]);
        assert_eq!(beside("dns:example.org"), ["x@example.org"]);
        assert!(beside("email:broken@").is_empty());
        assert!(
            of(
                "E=x@example.org,CN=y@example.org",
                &[alternative_names(&["email:y@"])]
            )
            .is_empty()
        );
        assert!(of("CN=x@example.org", &[]).is_empty());
    }

    #[test]
    fn a_malformed_list_of_names_names_nobody() {
        let broken =
            super::super::sample::extension(&ID_CE_SUBJECT_ALT_NAME, false, b"example.com");
        let alice = Template::new("E=x@example.org", &key(1), "CN=CA").with(broken);
        assert!(alice.sign(&key(2)).addresses().is_empty());
    }

    #[test]
    fn refuses_what_rfc_5280_refuses() {
        let refused = |template: Template| Certificate::from_der(&template.der(&key(2))).is_err();
        assert!(!refused(template()));
        let usage = key_usage(0x80);
        assert!(
            refused(template().with(usage.clone()).with(usage.clone())),
            "duplicate extension"
        );
        assert!(
            refused(Template {
                version: 1,
                ..template().with(usage.clone())
            }),
            "extensions in version 1"
        );
        assert!(
            refused(Template {
                version: 2,
                ..template().with(usage)
            }),
            "extensions in version 2"
        );
        assert!(!refused(Template {
            version: 1,
            ..template()
        }));
        assert!(
            refused(Template {
                version: 4,
                ..template()
            }),
            "version 4"
        );
        assert!(
            refused(Template {
                issuer: name(""),
                ..template()
            }),
            "no issuer"
        );
        assert!(!refused(Template {
            subject: name(""),
            ..template()
        }));
        assert!(refused(template().serial(&[])), "empty serial");
        assert!(!refused(template().serial(&[0])) && !refused(template().serial(&[0xff; 21])));
        let other = write::sequence(&[&write::tlv(Tag::OID, &[0x2a, 3])]);
        assert!(
            refused(Template {
                inner_algorithm: Some(other),
                ..template()
            }),
            "two algorithms"
        );
        let mut der = template().der(&key(2));
        der.push(0);
        assert!(Certificate::from_der(&der).is_err(), "trailing data");
    }

    #[test]
    fn dates_have_one_form() {
        let read = |tag: u8, text: &[u8]| {
            let der = write::tlv(Tag(tag), text);
            time(Cursor::new(&der, 0).any().unwrap()).ok()
        };
        assert_eq!(read(0x17, b"261101000000Z"), Some(at("2026-11-01")));
        assert_eq!(read(0x18, b"20261101000000Z"), Some(at("2026-11-01")));
        assert_eq!(read(0x17, b"2611010000Z"), None);
        assert_eq!(read(0x17, b"261101000000+0000"), None);
        assert_eq!(read(0x18, b"20261101000000.5Z"), None);
        assert_eq!(read(0x17, b"261301000000Z"), None);
        assert_eq!(read(0x0c, b"261101000000Z"), None);
    }

    #[test]
    fn long_serials_are_cut_for_people() {
        let long = template().serial(&[0x11; 40]).sign(&key(2)).to_string();
        assert!(long.ends_with(&format!("{}…)", "11".repeat(32))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn never_panics_and_keeps_what_it_takes(position in 0_usize..400, octet: u8, cut in 0_usize..400) {
            static DER: LazyLock<Vec<u8>> = LazyLock::new(|| {
                let names = alternative_names(&["email:alice@example.com"]);
                template().with(names).with(basic_constraints(false, None)).der(&key(2))
            });
            let mut der = DER.clone();
            let length = der.len();
            der[position % length] = octet;
            if cut < 100 {
                der.truncate(length - cut);
            }
            if let Ok(certificate) = Certificate::from_der(&der) {
                prop_assert_eq!(certificate.der(), &der);
                let _ = (certificate.to_string(), certificate.addresses(), certificate.public_key());
                let _ = (certificate.basic_constraints(), certificate.key_usage(), certificate.permits_email());
            }
        }
    }
}
