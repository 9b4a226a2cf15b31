//! Attributes (RFC 5652 §5.3, §11), signed ones kept as received. Reports what they say; whether that is acceptable is decided elsewhere.
use super::{Error, Result, capabilities::Capabilities, unwritable};
use crate::{
    asn1::{
        Tag, Time,
        cursor::{Cursor, Value},
        normal,
        oid::{self, Oid},
        write,
    },
    crypto::{Digest, SignatureAlgorithm, digest::digest},
    x509::{Certificate, general_name::GeneralName},
};
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{ContextSpecific, OctetString, SetOfVec},
};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute as Structure;

/// id-contentType
const CONTENT_TYPE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.3");
/// id-messageDigest
const MESSAGE_DIGEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.4");
/// id-signingTime
const SIGNING_TIME: Oid = Oid::new_unwrap("1.2.840.113549.1.9.5");
/// id-countersignature
const COUNTERSIGNATURE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.6");
/// id-smimeCapabilities
const CAPABILITIES: Oid = Oid::new_unwrap("1.2.840.113549.1.9.15");
/// id-aa-signingCertificate
const SIGNING_CERTIFICATE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// id-aa-signingCertificateV2
const SIGNING_CERTIFICATE_V2: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// id-aa-CMSAlgorithmProtection
const ALGORITHM_PROTECTION: Oid = Oid::new_unwrap("1.2.840.113549.1.9.52");

/// One attribute: its type and the DER of each value.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// type
    pub oid: Oid,
    /// values, DER each
    pub values: Vec<Vec<u8>>,
}

impl Attribute {
    /// `Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue }`
    fn from_value(value: &Value<'_>) -> Result<Self> {
        let mut fields = value.inside();
        let oid = oid::from_value(&fields.expect(Tag::OID)?)?;
        let mut set = fields.enter(Tag::SET)?;
        fields.finish()?;
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.any()?.raw.to_vec());
        }
        Ok(Self { oid, values })
    }

    /// Reads the attributes that `cursor` stands at, to its end: with their values, at most `limit`.
    pub(super) fn all(mut cursor: Cursor<'_>, limit: usize) -> Result<Vec<Self>> {
        let mut attributes = Vec::new();
        let mut count = 0;
        while !cursor.is_empty() {
            let value = cursor.expect(Tag::SEQUENCE)?;
            count += 1 + Self::count_values(&value, limit)?;
            if count > limit {
                return Err(Error::Limit {
                    what: "attributes",
                    limit,
                });
            }
            attributes.push(Self::from_value(&value)?);
        }
        Ok(attributes)
    }

    /// Counts the values of an attribute before any is kept; stops past `limit`.
    fn count_values(value: &Value<'_>, limit: usize) -> Result<usize> {
        let mut fields = value.inside();
        fields.expect(Tag::OID)?;
        let mut set = fields.enter(Tag::SET)?;
        let mut count = 0;
        while !set.is_empty() && count <= limit {
            set.any()?;
            count += 1;
        }
        Ok(count)
    }

    /// Returns the DER, values sorted.
    fn to_der(&self) -> Vec<u8> {
        write::sequence(&[&oid::to_der(&self.oid), &write::set_of(&self.values)])
    }
}

/// signedAttrs.
#[derive(Debug, Clone)]
pub struct SignedAttributes {
    /// the octets as received, with the tag SET OF (0x31) in place of `[0]`
    pub received: Vec<u8>,
    /// their DER form, attributes and their values sorted
    pub der: Vec<u8>,
    /// the attributes in the order received
    pub attributes: Vec<Attribute>,
}

/// Why an attribute that must be there exactly once with one value of its type is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributeError {
    /// absent
    #[error("the signed attribute {0} is missing")]
    Missing(&'static str),
    /// two of the same type
    #[error("the signed attribute {0} stands more than once")]
    Repeated(&'static str),
    /// no value or several
    #[error("the signed attribute {0} does not have exactly one value")]
    Values(&'static str),
    /// another ASN.1 type
    #[error("the signed attribute {0} is malformed")]
    Malformed(&'static str),
    /// unsigned, or signed, where the other is required
    #[error("the attribute {0} stands on the wrong side of the signature")]
    Misplaced(&'static str),
}

impl SignedAttributes {
    /// Takes attributes (at least one) under any constructed tag: `received` as they came, `normal` with lengths as in DER.
    pub(super) fn parse(received: Vec<u8>, normal: &Value<'_>, limit: usize) -> Result<Self> {
        let attributes = Attribute::all(normal.inside(), limit)?;
        if attributes.is_empty() {
            return Err(Error::Malformed {
                what: "a set of attributes is empty",
                offset: normal.offset,
            });
        }
        let members: Vec<Vec<u8>> = attributes.iter().map(Attribute::to_der).collect();
        Ok(Self {
            received: write::retag(Tag::SET, received),
            der: write::set_of(&members),
            attributes,
        })
    }

    /// Returns contentType, which must be there exactly once (RFC 5652 §11.1).
    pub fn content_type(&self) -> std::result::Result<Oid, AttributeError> {
        let name = "contentType";
        let value = self.single(CONTENT_TYPE, name)?;
        let value = typed(value.ok_or(AttributeError::Missing(name))?, Tag::OID);
        value
            .and_then(|value| oid::from_value(&value).ok())
            .ok_or(AttributeError::Malformed(name))
    }

    /// Returns messageDigest, likewise (§11.2).
    pub fn message_digest(&self) -> std::result::Result<&[u8], AttributeError> {
        let name = "messageDigest";
        let value = self.single(MESSAGE_DIGEST, name)?;
        typed(
            value.ok_or(AttributeError::Missing(name))?,
            Tag::OCTET_STRING,
        )
        .map(|value| value.content)
        .ok_or(AttributeError::Malformed(name))
    }

    /// Returns signingTime if it is there (§11.3).
    pub fn signing_time(&self) -> std::result::Result<Option<Time>, AttributeError> {
        self.parsed(SIGNING_TIME, "signingTime", |value| {
            Time::from_asn1(value.tag, value.content)
        })
    }

    /// Returns whether signingTime, if it is there, has the form that §11.3 wants: others are read all the same.
    pub fn signing_time_is_der(&self) -> std::result::Result<Option<bool>, AttributeError> {
        self.parsed(SIGNING_TIME, "signingTime", |value| {
            Some(Time::from_asn1(value.tag, value.content)?.to_der() == value.raw)
        })
    }

    /// Returns whether the first certificate named by signingCertificate (RFC 2634 §5.4) or signingCertificateV2 (RFC 5035 §3) is `certificate`, by hash
    /// and, where they are there, issuer and serial number (if both attributes are there, both must be right); `None` if neither is there.
    pub fn signing_certificate_is(
        &self,
        certificate: &Certificate,
    ) -> std::result::Result<Option<bool>, AttributeError> {
        let lists = self.signing_certificates()?;
        let is = |list: &Vec<EssCertId>| list.first().is_some_and(|id| id.names(certificate));
        Ok((!lists.is_empty()).then(|| lists.iter().all(is)))
    }

    /// Returns whether `certificate` may stand in the signer's path: the certificates that follow the signer's own in these attributes, if
    /// any do, are the only ones (RFC 5035 §5.4).
    pub fn permits_in_path(&self, certificate: &Certificate) -> bool {
        let lists = self.signing_certificates().unwrap_or_default();
        let permits =
            |list: &Vec<EssCertId>| list.len() < 2 || list.iter().any(|id| id.names(certificate));
        lists.iter().all(permits)
    }

    /// Reads signingCertificate and signingCertificateV2, those that are there.
    fn signing_certificates(&self) -> std::result::Result<Vec<Vec<EssCertId>>, AttributeError> {
        let first = self.parsed(SIGNING_CERTIFICATE, "signingCertificate", |value| {
            EssCertId::all(value, Digest::Sha1)
        })?;
        let second = self.parsed(SIGNING_CERTIFICATE_V2, "signingCertificateV2", |value| {
            EssCertId::all(value, Digest::Sha256)
        })?;
        Ok(first.into_iter().chain(second).collect())
    }

    /// Returns whether CMSAlgorithmProtection (RFC 6211), if present, equals the SignerInfo's algorithms.
    pub fn algorithm_protection_matches(
        &self,
        digest: &AlgorithmIdentifierOwned,
        signature: &AlgorithmIdentifierOwned,
    ) -> std::result::Result<Option<bool>, AttributeError> {
        let name = "CMSAlgorithmProtection";
        let protected = self.parsed(ALGORITHM_PROTECTION, name, |value| {
            AlgorithmProtection::from_der(value.raw).ok()
        })?;
        // RFC 6211 §3: a default is the same as what it stands for, and so is an absent parameter as NULL, by our choice
        Ok(protected.map(|protected| {
            let hint = Digest::from_identifier(digest).ok();
            let read = |a| SignatureAlgorithm::from_identifier(a, hint).ok();
            let same_digest = protected.digest == *digest
                || (hint.is_some() && Digest::from_identifier(&protected.digest).ok() == hint);
            let same_signature = protected.signature == *signature
                || (protected.signature.oid == signature.oid
                    && read(signature).is_some()
                    && read(&protected.signature) == read(signature));
            same_digest && same_signature
        }))
    }

    /// Returns the S/MIME capabilities if present (RFC 8551 §2.5.2).
    pub fn capabilities(&self) -> std::result::Result<Option<Capabilities>, AttributeError> {
        self.parsed(CAPABILITIES, "sMIMECapabilities", |value| {
            Capabilities::from_der(value.raw)
        })
    }

    /// Fails if an attribute type stands more than once (any type).
    pub fn check_unique(&self) -> std::result::Result<(), AttributeError> {
        let mut types: Vec<&Oid> = self.attributes.iter().map(|a| &a.oid).collect();
        types.sort_unstable();
        let twice = types.iter().zip(types.iter().skip(1)).find(|(a, b)| a == b);
        match twice {
            None => Ok(()),
            Some((oid, _)) => Err(AttributeError::Repeated(known_name(oid))),
        }
    }

    /// Returns the only value of an attribute that may stand once.
    fn single(
        &self,
        oid: Oid,
        name: &'static str,
    ) -> std::result::Result<Option<&[u8]>, AttributeError> {
        let mut found = self.attributes.iter().filter(|a| a.oid == oid);
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(AttributeError::Repeated(name)),
            (Some(attribute), None) => match attribute.values.as_slice() {
                [value] => Ok(Some(value)),
                _ => Err(AttributeError::Values(name)),
            },
        }
    }

    /// Returns what `parse` makes of the only value of an attribute, if that is there.
    fn parsed<T>(
        &self,
        oid: Oid,
        name: &'static str,
        parse: impl FnOnce(Value<'_>) -> Option<T>,
    ) -> std::result::Result<Option<T>, AttributeError> {
        let Some(der) = self.single(oid, name)? else {
            return Ok(None);
        };
        let value = Cursor::new(der, 0).any().ok().and_then(parse);
        value.map(Some).ok_or(AttributeError::Malformed(name))
    }
}

/// Fails if an attribute that must be signed is not, or a countersignature is (RFC 5652 §11).
pub fn check_placement(
    signed: Option<&SignedAttributes>,
    unsigned: &[Attribute],
) -> std::result::Result<(), AttributeError> {
    let must_be_signed = [
        (CONTENT_TYPE, "contentType"),
        (MESSAGE_DIGEST, "messageDigest"),
        (SIGNING_TIME, "signingTime"),
    ];
    for (oid, name) in must_be_signed {
        if unsigned.iter().any(|a| a.oid == oid) {
            return Err(AttributeError::Misplaced(name));
        }
    }
    let countersigned = |a: &Attribute| a.oid == COUNTERSIGNATURE;
    if signed.is_some_and(|s| s.attributes.iter().any(countersigned)) {
        return Err(AttributeError::Misplaced("countersignature"));
    }
    Ok(())
}

/// Returns the value if it has this tag.
fn typed(der: &[u8], tag: Tag) -> Option<Value<'_>> {
    Cursor::new(der, 0).expect(tag).ok()
}

/// Returns a cursor in a SEQUENCE.
fn cursor_in(value: Value<'_>) -> Option<Cursor<'_>> {
    (value.tag == Tag::SEQUENCE).then(|| value.inside())
}

/// `ESSCertID` or `ESSCertIDv2`: which certificate is meant.
struct EssCertId {
    /// `None`: an unknown algorithm
    hash_algorithm: Option<Digest>,
    hash: Vec<u8>,
    /// GeneralNames, and the content octets of the serial number
    issuer_serial: Option<(Vec<u8>, Vec<u8>)>,
}

impl EssCertId {
    /// Reads SigningCertificate or SigningCertificateV2: `SEQUENCE { certs SEQUENCE OF …, policies SEQUENCE OF PolicyInformation OPTIONAL }`. The
    /// policies only suggest what a path may be judged by (RFC 5035 §5.4).
    fn all(value: Value<'_>, default: Digest) -> Option<Vec<Self>> {
        let mut fields = cursor_in(value)?;
        let mut list = fields.enter(Tag::SEQUENCE).ok()?;
        if let Some(policies) = fields.optional(Tag::SEQUENCE).ok()? {
            let mut policies = policies.inside();
            while !policies.is_empty() {
                let mut policy = policies.enter(Tag::SEQUENCE).ok()?;
                policy.expect(Tag::OID).ok()?;
                policy.optional(Tag::SEQUENCE).ok()?;
                policy.finish().ok()?;
            }
        }
        fields.finish().ok()?;
        let mut found = Vec::new();
        while !list.is_empty() {
            found.push(Self::read(list.enter(Tag::SEQUENCE).ok()?, default)?);
        }
        (!found.is_empty()).then_some(found)
    }

    fn read(mut fields: Cursor<'_>, default: Digest) -> Option<Self> {
        let hash_algorithm = match fields.optional(Tag::SEQUENCE).ok()? {
            None => Some(default),
            // ESSCertID has no algorithm
            Some(_) if default == Digest::Sha1 => return None,
            Some(found) => {
                let found = AlgorithmIdentifierOwned::from_der(found.raw).ok()?;
                Digest::from_identifier(&found).ok()
            }
        };
        let hash = fields.expect(Tag::OCTET_STRING).ok()?.content.to_vec();
        let issuer_serial = match fields.optional(Tag::SEQUENCE).ok()? {
            None => None,
            Some(value) => {
                let mut value = value.inside();
                let issuer = value.expect(Tag::SEQUENCE).ok()?.raw.to_vec();
                let serial = value.expect(Tag::INTEGER).ok()?.content.to_vec();
                value.finish().ok()?;
                Some((issuer, serial))
            }
        };
        fields.finish().ok()?;
        Some(Self {
            hash_algorithm,
            hash,
            issuer_serial,
        })
    }

    /// Returns whether this is `certificate`. An unknown hash proves nothing.
    fn names(&self, certificate: &Certificate) -> bool {
        let hashed = self
            .hash_algorithm
            .is_some_and(|algorithm| digest(algorithm, certificate.der()) == self.hash);
        hashed
            && self.issuer_serial.as_ref().is_none_or(|(issuer, serial)| {
                let names = GeneralName::read_all(issuer).unwrap_or_default();
                matches!(names.as_slice(), [GeneralName::Directory(name)] if certificate.is(name, serial))
            })
    }
}

/// Returns the countersignatures among unsigned attributes, each a SignerInfo in DER (RFC 5652 §11.4).
pub fn countersignatures(unsigned: &[Attribute]) -> impl Iterator<Item = &Vec<u8>> {
    unsigned
        .iter()
        .filter(|attribute| attribute.oid == COUNTERSIGNATURE)
        .flat_map(|attribute| &attribute.values)
}

/// Returns the DER of an unsigned attribute that holds one countersignature, the DER of a SignerInfo.
pub fn countersignature(signer: &[u8]) -> Vec<u8> {
    write::sequence(&[
        &oid::to_der(&COUNTERSIGNATURE),
        &write::constructed(Tag::SET, &[signer]),
    ])
}

fn known_name(oid: &Oid) -> &'static str {
    match *oid {
        CONTENT_TYPE => "contentType",
        MESSAGE_DIGEST => "messageDigest",
        SIGNING_TIME => "signingTime",
        CAPABILITIES => "sMIMECapabilities",
        SIGNING_CERTIFICATE => "signingCertificate",
        SIGNING_CERTIFICATE_V2 => "signingCertificateV2",
        ALGORITHM_PROTECTION => "CMSAlgorithmProtection",
        _ => const_oid::db::DB
            .by_oid(oid)
            .unwrap_or("of an unknown type"),
    }
}

/// The attributes that are written.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// contentType; a countersignature has none
    pub content_type: Option<Oid>,
    /// messageDigest
    pub message_digest: &'a [u8],
    /// signingTime
    pub signing_time: Time,
    /// whose signingCertificateV2
    pub certificate: &'a Certificate,
    /// DER of sMIMECapabilities, from `capabilities::encode`; empty: left out
    pub capabilities: &'a [u8],
    /// digestAlgorithm of CMSAlgorithmProtection
    pub digest: Digest,
    /// signatureAlgorithm of CMSAlgorithmProtection
    pub signature: &'a SignatureAlgorithm,
    /// further attributes, DER each
    pub besides: &'a [Vec<u8>],
}

impl Written<'_> {
    /// Returns their DER SET OF.
    pub fn to_set(&self) -> Result<Vec<u8>> {
        let protection = AlgorithmProtection {
            digest: self.signature.digest_identifier(self.digest),
            signature: self.signature.identifier(),
        };
        let members = || {
            let signing_certificate = SigningCertificateV2::of(self.certificate)?;
            let mut attributes = vec![
                attribute(
                    MESSAGE_DIGEST,
                    Any::new(der::Tag::OctetString, self.message_digest)?,
                )?,
                attribute(SIGNING_TIME, Any::from_der(&self.signing_time.to_der())?)?,
                attribute(
                    SIGNING_CERTIFICATE_V2,
                    Any::encode_from(&signing_certificate)?,
                )?,
                attribute(ALGORITHM_PROTECTION, Any::encode_from(&protection)?)?,
            ];
            if let Some(content_type) = &self.content_type {
                attributes.push(attribute(CONTENT_TYPE, Any::from(content_type))?);
            }
            if !self.capabilities.is_empty() {
                attributes.push(attribute(CAPABILITIES, Any::from_der(self.capabilities)?)?);
            }
            attributes
                .iter()
                .map(Encode::to_der)
                .collect::<der::Result<Vec<Vec<u8>>>>()
        };
        let mut members = members().map_err(unwritable)?;
        members.extend_from_slice(self.besides);
        Ok(write::set_of(&members))
    }
}

/// Returns the DER SET OF that holds contentType alone: the authenticated attributes of AuthEnvelopedData around anything but
/// id-data (RFC 5083 §2.1).
pub(super) fn content_type_set(content_type: Oid) -> Result<Vec<u8>> {
    attribute(CONTENT_TYPE, Any::from(&content_type))
        .and_then(|attribute| SetOfVec::try_from([attribute])?.to_der())
        .map_err(unwritable)
}

/// Returns an attribute with one value.
fn attribute(oid: Oid, value: Any) -> der::Result<Structure> {
    let values = SetOfVec::try_from([value])?;
    Ok(Structure { oid, values })
}

/// `SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies OPTIONAL }`, as it is written (RFC 5035 §3)
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

/// `ESSCertIDv2 ::= SEQUENCE { hashAlgorithm DEFAULT sha256, certHash OCTET STRING, issuerSerial OPTIONAL }`, of the default
#[derive(Sequence)]
struct EssCertIdV2 {
    cert_hash: OctetString,
    issuer_serial: IssuerSerial,
}

/// `IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber INTEGER }`; both are held as they stand in the certificate.
#[derive(Sequence)]
struct IssuerSerial {
    issuer: Vec<ContextSpecific<Any>>,
    serial_number: Any,
}

impl SigningCertificateV2 {
    fn of(certificate: &Certificate) -> der::Result<Self> {
        // a GeneralName whose tag is explicit, as Name is a CHOICE
        let directory_name = ContextSpecific {
            tag_number: der::TagNumber(4),
            tag_mode: der::TagMode::Explicit,
            value: Any::from_der(certificate.issuer().der())?,
        };
        let id = EssCertIdV2 {
            cert_hash: OctetString::new(certificate.sha256())?,
            issuer_serial: IssuerSerial {
                issuer: vec![directory_name],
                serial_number: Any::new(der::Tag::Integer, certificate.serial())?,
            },
        };
        Ok(Self { certs: vec![id] })
    }
}

/// `CMSAlgorithmProtection ::= SEQUENCE { digestAlgorithm, signatureAlgorithm [1] IMPLICIT }`; for a MAC, which is no S/MIME, it is
/// another (RFC 6211 §2).
#[derive(Sequence)]
struct AlgorithmProtection {
    digest: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    signature: AlgorithmIdentifierOwned,
}

/// Returns whether octets would pass for signed attributes: a SET OF Attribute (under any tag of a constructed value, or without one)
/// with contentType and messageDigest. Such content must not be accepted without signed attributes, nor ever be signed
/// (draft-ietf-lamps-cms-euf-cma-signeddata). `content` is the whole content; one too large to be held is no set of attributes.
pub fn looks_like_signed_attributes(content: &[u8]) -> bool {
    // attributes are less deep than this
    const DEPTH: usize = 64;
    const LIMIT: usize = 10_000;
    let has_both = |run: &[u8]| {
        let whole = write::tlv(Tag::SET, run);
        let Ok(der) = normal::to_der(&whole, DEPTH) else {
            return false;
        };
        let attributes = Cursor::new(&der, 0)
            .enter(Tag::SET)
            .map_err(Error::from)
            .and_then(|cursor| Attribute::all(cursor, LIMIT));
        attributes.is_ok_and(|attributes| {
            [CONTENT_TYPE, MESSAGE_DIGEST]
                .iter()
                .all(|wanted| attributes.iter().any(|a| a.oid == *wanted))
        })
    };
    let inside = || {
        let der = normal::to_der(content, DEPTH).ok()?;
        let value = Cursor::new(&der, 0).any().ok()?;
        Some(value.tag.is_constructed() && has_both(value.content))
    };
    has_both(content) || inside() == Some(true)
}

/// Returns the content type among authenticated attributes (RFC 5083 §2.1), which are there.
pub(super) fn authenticated_content_type(
    attributes: &SignedAttributes,
) -> std::result::Result<Option<Oid>, AttributeError> {
    match attributes.content_type() {
        Ok(oid) => Ok(Some(oid)),
        Err(AttributeError::Missing(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::{
        super::{capabilities, content_type, specimen::*},
        *,
    };
    use crate::crypto::ContentCipher;
    use proptest::prelude::*;

    const PSS: SignatureAlgorithm = SignatureAlgorithm::RsaPss {
        digest: Digest::Sha256,
        mgf: Digest::Sha256,
        salt: 32,
    };

    fn written() -> Vec<u8> {
        let capabilities = capabilities::encode(&[ContentCipher::Aes256Gcm], true).unwrap();
        Written {
            content_type: Some(content_type::DATA),
            message_digest: &[7; 32],
            signing_time: Time(1_800_000_000),
            certificate: &identity(P256).certificate,
            capabilities: &capabilities,
            digest: Digest::Sha256,
            signature: &PSS,
            besides: &[],
        }
        .to_set()
        .unwrap()
    }

    fn parse(der: &[u8]) -> SignedAttributes {
        SignedAttributes::parse(der.to_vec(), &Cursor::new(der, 0).any().unwrap(), 100).unwrap()
    }

    /// A set of attributes, each a type and its values.
    fn set(attributes: &[(Oid, &[&[u8]])]) -> SignedAttributes {
        let members: Vec<Vec<u8>> = attributes
            .iter()
            .map(|(oid, values)| {
                let values = write::constructed(Tag::SET, values);
                write::sequence(&[&oid::to_der(oid), &values])
            })
            .collect();
        parse(&write::set_of(&members))
    }

    #[test]
    fn attributes_and_values_are_counted() {
        let values: Vec<&[u8]> = vec![&[5, 0]; 9];
        let one = write::sequence(&[
            &oid::to_der(&SIGNING_TIME),
            &write::constructed(Tag::SET, &values),
        ]);
        let read = |limit| Attribute::all(Cursor::new(&one, 0), limit);
        assert_eq!(read(10).unwrap().len(), 1);
        assert!(matches!(read(9), Err(Error::Limit { limit: 9, .. })));
        assert!(matches!(read(3), Err(Error::Limit { limit: 3, .. })));
    }

    #[test]
    fn attributes_stand_on_their_side_of_the_signature() {
        let attribute = |oid| Attribute {
            oid,
            values: Vec::new(),
        };
        let signed = set(&[(COUNTERSIGNATURE, &[])]);
        assert!(check_placement(None, &[attribute(COUNTERSIGNATURE)]).is_ok());
        assert!(check_placement(Some(&signed), &[]).is_err());
        for oid in [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME] {
            assert!(check_placement(None, &[attribute(oid)]).is_err());
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let der = written();
        let attributes = parse(&der);
        assert_eq!(attributes.received, attributes.der, "DER is written");
        assert_eq!(attributes.content_type(), Ok(content_type::DATA));
        assert_eq!(attributes.message_digest(), Ok(&[7; 32][..]));
        assert_eq!(attributes.signing_time(), Ok(Some(Time(1_800_000_000))));
        assert_eq!(
            attributes.signing_certificate_is(&identity(P256).certificate),
            Ok(Some(true))
        );
        assert_eq!(
            attributes.signing_certificate_is(&identity(RSA).certificate),
            Ok(Some(false))
        );
        assert_eq!(attributes.capabilities().unwrap().unwrap().names().len(), 4);
        assert_eq!(attributes.check_unique(), Ok(()));
        let matches = |digest: Digest, signature: &SignatureAlgorithm| {
            attributes.algorithm_protection_matches(&digest.identifier(), &signature.identifier())
        };
        assert_eq!(matches(Digest::Sha256, &PSS), Ok(Some(true)));
        assert_eq!(matches(Digest::Sha384, &PSS), Ok(Some(false)));
        assert_eq!(
            matches(
                Digest::Sha256,
                &SignatureAlgorithm::RsaPkcs1(Digest::Sha256)
            ),
            Ok(Some(false))
        );
        let mut null = Digest::Sha256.identifier();
        null.parameters = Some(Any::null());
        assert_eq!(
            attributes.algorithm_protection_matches(&null, &PSS.identifier()),
            Ok(Some(true))
        );
    }

    #[test]
    fn a_certificate_is_named_as_it_names_itself() {
        for certificate in odd_certificates() {
            let (issuer, serial) = (certificate.issuer().der(), certificate.serial());
            let hash = write::tlv(Tag::OCTET_STRING, &certificate.sha256());
            let name = write::sequence(&[&write::constructed(Tag::context(4), &[issuer])]);
            let serial = write::tlv(Tag::INTEGER, serial);
            let id = write::sequence(&[&hash, &write::sequence(&[&name, &serial])]);
            let wanted = write::sequence(&[&write::sequence(&[&id])]);
            let written = SigningCertificateV2::of(&certificate).unwrap();
            assert_eq!(written.to_der().unwrap(), wanted);
        }
    }

    #[test]
    fn exactly_once_with_one_value_of_its_type() {
        let digest = [4, 1, 7];
        let missing = set(&[(SIGNING_TIME, &[&[5, 0]])]);
        assert_eq!(
            missing.message_digest(),
            Err(AttributeError::Missing("messageDigest"))
        );
        assert_eq!(
            missing.content_type(),
            Err(AttributeError::Missing("contentType"))
        );
        assert_eq!(
            missing.signing_time(),
            Err(AttributeError::Malformed("signingTime"))
        );
        assert_eq!(
            missing.signing_certificate_is(&identity(P256).certificate),
            Ok(None)
        );
        assert_eq!(missing.capabilities(), Ok(None));
        let twice = set(&[(MESSAGE_DIGEST, &[&digest]), (MESSAGE_DIGEST, &[&digest])]);
        assert_eq!(
            twice.message_digest(),
            Err(AttributeError::Repeated("messageDigest"))
        );
        assert_eq!(
            twice.check_unique(),
            Err(AttributeError::Repeated("messageDigest"))
        );
        let none = set(&[(MESSAGE_DIGEST, &[])]);
        assert_eq!(
            none.message_digest(),
            Err(AttributeError::Values("messageDigest"))
        );
        let two = set(&[(MESSAGE_DIGEST, &[&digest, &[4, 1, 8]])]);
        assert_eq!(
            two.message_digest(),
            Err(AttributeError::Values("messageDigest"))
        );
        let typed = set(&[
            (MESSAGE_DIGEST, &[&[3, 2, 0, 7]]),
            (CONTENT_TYPE, &[&[4, 1, 0x2a]]),
        ]);
        assert_eq!(
            typed.message_digest(),
            Err(AttributeError::Malformed("messageDigest"))
        );
        assert_eq!(
            typed.content_type(),
            Err(AttributeError::Malformed("contentType"))
        );
        let fine = set(&[(MESSAGE_DIGEST, &[&digest])]);
        assert_eq!(fine.message_digest(), Ok(&[7][..]));
    }

    #[test]
    fn both_forms_of_signing_certificate_must_be_right() {
        let certificate = identity(P256).certificate;
        let v1 = |hash: &[u8]| {
            let id = write::sequence(&[&write::tlv(Tag::OCTET_STRING, hash)]);
            write::sequence(&[&write::sequence(&[&id])])
        };
        let v2 = SigningCertificateV2::of(&certificate).unwrap();
        let v2 = v2.to_der().unwrap();
        let right = v1(&digest(Digest::Sha1, certificate.der()));
        let wrong = v1(&[0; 20]);
        let is =
            |attributes: &[(Oid, &[&[u8]])]| set(attributes).signing_certificate_is(&certificate);
        assert_eq!(is(&[(SIGNING_CERTIFICATE, &[&right])]), Ok(Some(true)));
        assert_eq!(
            is(&[
                (SIGNING_CERTIFICATE, &[&right]),
                (SIGNING_CERTIFICATE_V2, &[&v2])
            ]),
            Ok(Some(true))
        );
        assert_eq!(
            is(&[
                (SIGNING_CERTIFICATE, &[&wrong]),
                (SIGNING_CERTIFICATE_V2, &[&v2])
            ]),
            Ok(Some(false))
        );
        let empty = write::sequence(&[&write::sequence(&[])]);
        assert!(is(&[(SIGNING_CERTIFICATE_V2, &[&empty])]).is_err());
        // an unknown hash algorithm
        let hash = write::tlv(Tag::OCTET_STRING, &[0; 20]);
        let id = write::sequence(&[&write::sequence(&[&[6, 1, 0x2a]]), &hash]);
        let unknown = write::sequence(&[&write::sequence(&[&id])]);
        assert_eq!(
            is(&[(SIGNING_CERTIFICATE_V2, &[&unknown])]),
            Ok(Some(false))
        );
    }

    #[test]
    fn every_part_of_a_signing_certificate_must_be_right() {
        let certificate = identity(P256).certificate;
        let (issuer, serial) = (certificate.issuer().der(), certificate.serial());
        let name =
            |issuer: &[u8]| write::sequence(&[&write::constructed(Tag::context(4), &[issuer])]);
        let issuer_serial = |issuer: &[u8], serial: &[u8]| {
            write::sequence(&[&name(issuer), &write::tlv(Tag::INTEGER, serial)])
        };
        let right = issuer_serial(issuer, serial);
        let hash = |algorithm: Digest| {
            write::tlv(Tag::OCTET_STRING, &digest(algorithm, certificate.der()))
        };
        let named = |id: &[&[u8]], rest: &[u8]| {
            write::sequence(&[&write::sequence(&[&write::sequence(id)]), rest])
        };
        let is =
            |oid: Oid, value: &[u8]| set(&[(oid, &[value])]).signing_certificate_is(&certificate);
        let sha256 = hash(Digest::Sha256);
        for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
            let algorithm = write::sequence(&[&oid::to_der(&digest.row().oid)]);
            let id = named(&[&algorithm, &hash(digest), &right], &[]);
            assert_eq!(is(SIGNING_CERTIFICATE_V2, &id), Ok(Some(true)));
            let wrong = named(&[&algorithm, &sha256[..10], &right], &[]);
            assert!(is(SIGNING_CERTIFICATE_V2, &wrong) != Ok(Some(true)));
        }
        let sha384 = write::sequence(&[&oid::to_der(&Digest::Sha384.row().oid)]);
        let other = identity(RSA).certificate;
        let policies = write::sequence(&[&write::sequence(&[&oid::to_der(&CONTENT_TYPE)])]);
        for (value, wanted) in [
            (named(&[&sha256], &[]), Some(true)),
            (named(&[&sha256, &right], &[]), Some(true)),
            (named(&[&sha256, &right], &policies), Some(true)),
            (named(&[&sha384, &sha256], &[]), Some(false)),
            (named(&[&hash(Digest::Sha384)], &[]), Some(false)),
            (
                named(&[&sha256, &issuer_serial(issuer, &[1])], &[]),
                Some(false),
            ),
            (
                named(
                    &[&sha256, &issuer_serial(other.issuer().der(), serial)],
                    &[],
                ),
                Some(false),
            ),
        ] {
            assert_eq!(is(SIGNING_CERTIFICATE_V2, &value), Ok(wanted));
        }
        let dns = write::sequence(&[&[0x82, 1, b'a'][..]]);
        let dns = write::sequence(&[&dns, &write::tlv(Tag::INTEGER, serial)]);
        assert_eq!(
            is(SIGNING_CERTIFICATE_V2, &named(&[&sha256, &dns], &[])),
            Ok(Some(false))
        );
        for malformed in [
            named(&[&sha256, &right, &right], &[]),
            named(&[&sha256, &write::sequence(&[&name(issuer)])], &[]),
            named(&[&sha256], &[5, 0]),
            named(&[&sha256], &write::sequence(&[&[5, 0]])),
            named(&[&right], &[]),
        ] {
            assert!(is(SIGNING_CERTIFICATE_V2, &malformed).is_err());
        }
        // version 1 has no algorithm
        let sha1 = write::sequence(&[&oid::to_der(&Digest::Sha1.row().oid)]);
        let value = named(&[&sha1, &hash(Digest::Sha1)], &[]);
        assert!(is(SIGNING_CERTIFICATE, &value).is_err());
        let twice = [named(&[&sha256], &[]), named(&[&sha256], &[])];
        let attributes = set(&[(SIGNING_CERTIFICATE_V2, &[&twice[0], &twice[1]])]);
        assert!(attributes.signing_certificate_is(&certificate).is_err());
    }

    #[test]
    fn algorithm_protection_is_of_a_signature() {
        let (digest, signature) = (Digest::Sha256.identifier(), PSS.identifier());
        let protects = |value: &[u8]| {
            set(&[(ALGORITHM_PROTECTION, &[value])])
                .algorithm_protection_matches(&digest, &signature)
        };
        let (of_digest, of_signature) = (
            digest.to_der().unwrap(),
            write::retag(Tag::context(1), signature.to_der().unwrap()),
        );
        let fine = write::sequence(&[&of_digest, &of_signature]);
        assert_eq!(protects(&fine), Ok(Some(true)));
        let mac = write::retag(Tag::context(2), signature.to_der().unwrap());
        for malformed in [
            write::sequence(&[&of_digest]),
            write::sequence(&[&of_signature]),
            write::sequence(&[&of_digest, &mac]),
            write::sequence(&[&of_digest, &of_signature, &mac]),
        ] {
            assert!(protects(&malformed).is_err());
        }
        let two = set(&[(ALGORITHM_PROTECTION, &[&fine, &fine])]);
        assert!(
            two.algorithm_protection_matches(&digest, &signature)
                .is_err()
        );
    }

    #[test]
    fn forged_attributes_are_recognised() {
        let der = written();
        assert!(looks_like_signed_attributes(&der));
        assert!(looks_like_signed_attributes(&write::retag(
            Tag::context(0),
            der.clone()
        )));
        let content = Cursor::new(&der, 0).any().unwrap().content;
        assert!(looks_like_signed_attributes(content));
        assert!(looks_like_signed_attributes(&indefinite(&der)));
        assert!(!looks_like_signed_attributes(CONTENT));
        assert!(!looks_like_signed_attributes(&[]));
        let content_type_alone = content_type_set(content_type::DATA).unwrap();
        assert!(!looks_like_signed_attributes(&content_type_alone));
    }

    proptest! {
        #[test]
        fn no_input_panics(input in proptest::collection::vec(any::<u8>(), 0..60), at in 0..8usize) {
            looks_like_signed_attributes(&input);
            let oid = [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, CAPABILITIES, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2, ALGORITHM_PROTECTION, Oid::new_unwrap("1.2.3")][at];
            let attributes = SignedAttributes {
                received: Vec::new(),
                der: Vec::new(),
                attributes: vec![Attribute { oid, values: vec![input] }],
            };
            let digest = Digest::Sha256.identifier();
            let _ = (attributes.content_type(), attributes.message_digest(), attributes.signing_time(), attributes.capabilities());
            let _ = attributes.signing_certificate_is(&identity(P256).certificate);
            let _ = attributes.algorithm_protection_matches(&digest, &digest);
        }
    }
}
