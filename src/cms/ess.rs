//! Enhanced Security Services (RFC 2634, RFC 5035): what the signer says about the content, its identifier, its label and the receipts
//! that are wanted. Parsed strictly, written as DER; what is to be done about it is decided elsewhere.
use super::{Error, Result, attribute::Attribute, signer_info::CertificateId};
use crate::{
    asn1::{
        self, Tag, Time,
        cursor::{Cursor, Value},
        oid::{self, Oid},
        write,
    },
    x509::general_name::GeneralName,
};

/// id-aa-receiptRequest
const RECEIPT_REQUEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.1");
/// id-aa-securityLabel
const SECURITY_LABEL: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.2");
/// id-aa-mlExpandHistory
const EXPANSION_HISTORY: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.3");
/// id-aa-contentHint
const CONTENT_HINTS: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.4");
/// id-aa-msgSigDigest
const MESSAGE_SIGNATURE_DIGEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.5");
/// id-aa-contentIdentifier
const CONTENT_IDENTIFIER: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.7");
/// id-aa-equivalentLabels
const EQUIVALENT_LABELS: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.9");
/// id-aa-contentReference
const CONTENT_REFERENCE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.10");
/// id-aa-encrypKeyPref (RFC 8551 §2.5.3)
const ENCRYPTION_KEY_PREFERENCE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.11");

/// ub-receiptsTo (RFC 2634 appendix A)
const RECEIPTS_TO: usize = 16;
/// ub-security-categories
const CATEGORIES: usize = 64;
/// ub-ml-expansion-history
const EXPANSIONS: usize = 64;
/// ub-privacy-mark-length
const PRIVACY_MARK: usize = 128;
/// ub-integer-options
const CLASSIFICATION: u32 = 256;

/// What one of these attributes says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// contentHints (RFC 2634 §2.9)
    ContentHints {
        /// contentDescription, not escaped
        description: Option<String>,
        /// contentType
        content_type: Oid,
    },
    /// contentIdentifier (§2.7)
    ContentIdentifier(Vec<u8>),
    /// contentReference (§2.11)
    ContentReference {
        /// contentType
        content_type: Oid,
        /// signedContentIdentifier
        identifier: Vec<u8>,
        /// originatorSignatureValue
        signature: Vec<u8>,
    },
    /// encrypKeyPref (RFC 8551 §2.5.3)
    EncryptionKeyPreference(CertificateId),
    /// equivalentLabels (RFC 2634 §3.4)
    EquivalentLabels(Vec<SecurityLabel>),
    /// mlExpansionHistory (§4.2)
    ExpansionHistory(Vec<Expansion>),
    /// receiptRequest (§2.7)
    ReceiptRequest(ReceiptRequest),
    /// eSSSecurityLabel (§3.2)
    SecurityLabel(SecurityLabel),
}

/// ```text
/// ReceiptRequest ::= SEQUENCE {
///   signedContentIdentifier OCTET STRING,
///   receiptsFrom CHOICE { allOrFirstTier [0] INTEGER { allReceipts (0), firstTierRecipients (1) },
///                         receiptList [1] SEQUENCE OF GeneralNames },
///   receiptsTo SEQUENCE SIZE (1..16) OF GeneralNames }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRequest {
    /// signedContentIdentifier
    pub identifier: Vec<u8>,
    /// receiptsFrom
    pub from: ReceiptsFrom,
    /// receiptsTo: the names of each, not escaped
    pub to: Vec<Vec<String>>,
}

/// From whom receipts are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptsFrom {
    /// everybody
    All,
    /// everybody who got it not from a mailing list
    FirstTier,
    /// these: the names of each, not escaped
    List(Vec<Vec<String>>),
}

/// ```text
/// ESSSecurityLabel ::= SET {
///   security-policy-identifier OBJECT IDENTIFIER,
///   security-classification INTEGER (0..256) OPTIONAL,
///   privacy-mark CHOICE { PrintableString (SIZE (1..128)), UTF8String (SIZE (1..MAX)) } OPTIONAL,
///   security-categories SET SIZE (1..64) OF SEQUENCE { type [0] OBJECT IDENTIFIER, value [1] ANY } OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityLabel {
    /// security-policy-identifier
    pub policy: Oid,
    /// security-classification
    pub classification: Option<u32>,
    /// privacy-mark, not escaped
    pub privacy_mark: Option<String>,
    /// the types of security-categories
    pub categories: Vec<Oid>,
}

/// One mailing list that a message went through (MLData).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// mailListIdentifier
    pub list: CertificateId,
    /// expansionTime
    pub time: Time,
    /// mlReceiptPolicy
    pub policy: Option<ReceiptPolicy>,
}

/// What a mailing list does about receipts (MLReceiptPolicy): the names of each who gets them, not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptPolicy {
    /// none are to be sent
    Nobody,
    /// to these instead of those who asked
    InsteadOf(Vec<Vec<String>>),
    /// to these besides
    InAdditionTo(Vec<Vec<String>>),
}

impl Service {
    /// Returns what a signed attribute says; `None` for one that is none of these.
    pub fn read(attribute: &Attribute) -> Option<Result<Self>> {
        let parse: fn(&Value<'_>) -> Result<Self> = match attribute.oid {
            CONTENT_HINTS => content_hints,
            CONTENT_IDENTIFIER => |value| octets(value).map(Self::ContentIdentifier),
            CONTENT_REFERENCE => |value| {
                let mut fields = inside(value, Tag::SEQUENCE)?;
                let content_type = oid::from_value(&fields.any()?)?;
                let identifier = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
                let signature = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
                fields.finish()?;
                Ok(Self::ContentReference {
                    content_type,
                    identifier,
                    signature,
                })
            },
            ENCRYPTION_KEY_PREFERENCE => {
                |value| key_preference(value).map(Self::EncryptionKeyPreference)
            }
            EQUIVALENT_LABELS => |value| {
                let labels = each(inside(value, Tag::SEQUENCE)?, usize::MAX, |value| {
                    SecurityLabel::parse(&value)
                })?;
                Ok(Self::EquivalentLabels(labels))
            },
            EXPANSION_HISTORY => |value| {
                let history = each(inside(value, Tag::SEQUENCE)?, EXPANSIONS, |value| {
                    Expansion::parse(&value)
                })?;
                Ok(Self::ExpansionHistory(history))
            },
            RECEIPT_REQUEST => |value| ReceiptRequest::parse(value).map(Self::ReceiptRequest),
            SECURITY_LABEL => |value| SecurityLabel::parse(value).map(Self::SecurityLabel),
            _ => return None,
        };
        let [value] = attribute.values.as_slice() else {
            return Some(Err(malformed("an attribute has not exactly one value", 0)));
        };
        Some(single(value).and_then(|value| parse(&value)))
    }

    /// Returns the name of an attribute of these, as the standards spell it.
    pub fn attribute_name(oid: &Oid) -> Option<&'static str> {
        Some(match *oid {
            CONTENT_HINTS => "contentHints",
            CONTENT_IDENTIFIER => "contentIdentifier",
            CONTENT_REFERENCE => "contentReference",
            ENCRYPTION_KEY_PREFERENCE => "encryptionKeyPreference",
            EQUIVALENT_LABELS => "equivalentLabels",
            EXPANSION_HISTORY => "mlExpansionHistory",
            RECEIPT_REQUEST => "receiptRequest",
            SECURITY_LABEL => "securityLabel",
            _ => return None,
        })
    }
}

impl ReceiptRequest {
    fn parse(value: &Value<'_>) -> Result<Self> {
        let mut fields = inside(value, Tag::SEQUENCE)?;
        let identifier = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
        let from = fields.any()?;
        let from = match from.tag {
            Tag(0x80) => match from.content {
                [0] => ReceiptsFrom::All,
                [1] => ReceiptsFrom::FirstTier,
                _ => {
                    return Err(malformed(
                        "receiptsFrom is neither all nor first",
                        from.offset,
                    ));
                }
            },
            Tag(0xa1) => ReceiptsFrom::List(each(from.inside(), usize::MAX, names)?),
            _ => return Err(malformed("receiptsFrom has an unknown form", from.offset)),
        };
        let to = each(fields.enter(Tag::SEQUENCE)?, RECEIPTS_TO, names)?;
        fields.finish()?;
        Ok(Self {
            identifier,
            from,
            to,
        })
    }

    /// Returns the DER of a signed attribute that asks everybody for a receipt to `address`, under this identifier.
    pub fn to_attribute(identifier: &[u8], address: &str) -> Vec<u8> {
        let name = write::sequence(&[&GeneralName::mail(address)]);
        attribute(
            &RECEIPT_REQUEST,
            &write::sequence(&[
                &write::tlv(Tag::OCTET_STRING, identifier),
                &write::tlv(Tag::context_primitive(0), &[0]),
                &write::sequence(&[&name]),
            ]),
        )
    }
}

impl SecurityLabel {
    fn parse(value: &Value<'_>) -> Result<Self> {
        let mut fields = inside(value, Tag::SET)?;
        let (mut policy, mut classification, mut privacy_mark) = (None, None, None);
        let mut categories = None;
        while !fields.is_empty() {
            let field = fields.any()?;
            let wrong = |what| malformed(what, field.offset);
            let twice = match field.tag {
                Tag::OID => policy.replace(oid::from_value(&field)?).is_some(),
                Tag::INTEGER => {
                    let number = small(field.content)
                        .filter(|number| *number <= CLASSIFICATION)
                        .ok_or_else(|| wrong("a security classification is out of range"))?;
                    classification.replace(number).is_some()
                }
                Tag(0x13 | 0x0c) => {
                    let text = text(field.content)
                        .filter(|text| field.tag == Tag(0x0c) || is_printable(text))
                        .ok_or_else(|| wrong("a privacy mark is no text of 1 to 128 characters"))?;
                    privacy_mark.replace(text).is_some()
                }
                Tag::SET => {
                    let found = each(field.inside(), CATEGORIES, |category| {
                        let mut fields = inside(&category, Tag::SEQUENCE)?;
                        let kind = fields.expect(Tag::context_primitive(0))?;
                        let kind = Oid::from_bytes(kind.content).map_err(|_| {
                            malformed("the type of a security category", kind.offset)
                        })?;
                        let mut value = fields.enter(Tag::context(1))?;
                        value.any()?;
                        value.finish()?;
                        fields.finish()?;
                        Ok(kind)
                    })?;
                    categories.replace(found).is_some()
                }
                _ => return Err(wrong("an unknown field of a security label")),
            };
            if twice {
                return Err(wrong("a field of a security label stands twice"));
            }
        }
        Ok(Self {
            policy: policy.ok_or_else(|| malformed("a security label without a policy", 0))?,
            classification,
            privacy_mark,
            categories: categories.unwrap_or_default(),
        })
    }

    /// Returns the name of the basic classification (RFC 2634 §3.2), where it has one.
    pub fn classification_name(&self) -> Option<&'static str> {
        Some(match self.classification? {
            0 => "unmarked",
            1 => "unclassified",
            2 => "restricted",
            3 => "confidential",
            4 => "secret",
            5 => "top-secret",
            _ => return None,
        })
    }
}

impl Expansion {
    fn parse(value: &Value<'_>) -> Result<Self> {
        let mut fields = inside(value, Tag::SEQUENCE)?;
        let list = match fields.peek() {
            Some(Tag::OCTET_STRING) => CertificateId::KeyIdentifier(fields.any()?.content.to_vec()),
            _ => CertificateId::from_value(&fields.expect(Tag::SEQUENCE)?)?,
        };
        let time = fields.expect(Tag(0x18))?;
        let time = Time::from_asn1(time.tag, time.content)
            .ok_or_else(|| malformed("expansionTime is no time", time.offset))?;
        let policy = match fields.is_empty() {
            true => None,
            false => {
                let policy = fields.any()?;
                Some(match (policy.tag, policy.content) {
                    (Tag(0x80), []) => ReceiptPolicy::Nobody,
                    (Tag(0xa1), _) => {
                        ReceiptPolicy::InsteadOf(each(policy.inside(), usize::MAX, names)?)
                    }
                    (Tag(0xa2), _) => {
                        ReceiptPolicy::InAdditionTo(each(policy.inside(), usize::MAX, names)?)
                    }
                    _ => return Err(malformed("an unknown receipt policy", policy.offset)),
                })
            }
        };
        fields.finish()?;
        Ok(Self { list, time, policy })
    }
}

/// What a signed receipt says (RFC 2634 §2.8).
///
/// ```text
/// Receipt ::= SEQUENCE {
///   version INTEGER { v1 (1) }, contentType OBJECT IDENTIFIER,
///   signedContentIdentifier OCTET STRING, originatorSignatureValue OCTET STRING }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// the content type of the message
    pub content_type: Oid,
    /// the identifier that was in its receipt request
    pub identifier: Vec<u8>,
    /// its signature value
    pub signature: Vec<u8>,
}

impl Receipt {
    /// Parses the content of a signed receipt.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let mut fields = inside(&single(der)?, Tag::SEQUENCE)?;
        let version = fields.expect(Tag::INTEGER)?;
        if version.content != [1] {
            return Err(malformed("a receipt of another version", version.offset));
        }
        let content_type = oid::from_value(&fields.any()?)?;
        let identifier = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
        let signature = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
        fields.finish()?;
        Ok(Self {
            content_type,
            identifier,
            signature,
        })
    }

    /// Returns its DER.
    pub fn to_der(&self) -> Vec<u8> {
        write::sequence(&[
            &write::integer(1),
            &oid::to_der(&self.content_type),
            &write::tlv(Tag::OCTET_STRING, &self.identifier),
            &write::tlv(Tag::OCTET_STRING, &self.signature),
        ])
    }
}

/// Returns the msgSigDigest of a receipt's signer (RFC 2634 §2.10): the digest of the signed attributes of the message; `None` without any.
pub fn message_signature_digest(attributes: &[Attribute]) -> Option<Result<Vec<u8>>> {
    let mut found = attributes
        .iter()
        .filter(|it| it.oid == MESSAGE_SIGNATURE_DIGEST);
    Some(match (found.next()?.values.as_slice(), found.next()) {
        ([value], None) => single(value).and_then(|value| octets(&value)),
        _ => Err(malformed("msgSigDigest does not stand once", 0)),
    })
}

/// Returns the DER of a msgSigDigest attribute.
pub fn message_signature_digest_attribute(digest: &[u8]) -> Vec<u8> {
    attribute(
        &MESSAGE_SIGNATURE_DIGEST,
        &write::tlv(Tag::OCTET_STRING, digest),
    )
}

/// Returns the DER of an encrypKeyPref attribute that names a certificate by issuer and serial number.
pub fn key_preference_attribute(issuer: &crate::x509::name::Name, serial: &[u8]) -> Vec<u8> {
    attribute(
        &ENCRYPTION_KEY_PREFERENCE,
        &write::constructed(
            Tag::context(0),
            &[issuer.der(), &write::tlv(Tag::INTEGER, serial)],
        ),
    )
}

/// Returns the DER of an attribute with one value.
fn attribute(oid: &Oid, value: &[u8]) -> Vec<u8> {
    write::sequence(&[&oid::to_der(oid), &write::constructed(Tag::SET, &[value])])
}

fn content_hints(value: &Value<'_>) -> Result<Service> {
    let mut fields = inside(value, Tag::SEQUENCE)?;
    let description = match fields.optional(Tag(0x0c))? {
        None => None,
        Some(found) => Some(
            std::str::from_utf8(found.content)
                .ok()
                .filter(|text| !text.is_empty())
                .ok_or_else(|| malformed("contentDescription is no text", found.offset))?
                .to_owned(),
        ),
    };
    let content_type = oid::from_value(&fields.expect(Tag::OID)?)?;
    fields.finish()?;
    Ok(Service::ContentHints {
        description,
        content_type,
    })
}

/// `SMIMEEncryptionKeyPreference ::= CHOICE { [0] IssuerAndSerialNumber, [1] RecipientKeyIdentifier, [2] SubjectKeyIdentifier }`
fn key_preference(value: &Value<'_>) -> Result<CertificateId> {
    let key_identifier = |octets: &[u8]| CertificateId::KeyIdentifier(octets.to_vec());
    match value.tag {
        Tag(0xa0) => {
            let sequence = write::retag(Tag::SEQUENCE, value.raw.to_vec());
            CertificateId::from_value(&Cursor::new(&sequence, value.offset).any()?)
        }
        // RecipientKeyIdentifier ::= SEQUENCE { subjectKeyIdentifier, date OPTIONAL, other OPTIONAL }
        Tag(0xa1) => {
            let mut fields = value.inside();
            let identifier = fields.expect(Tag::OCTET_STRING)?.content;
            fields.optional(Tag(0x18))?;
            fields.optional(Tag::SEQUENCE)?;
            fields.finish()?;
            Ok(key_identifier(identifier))
        }
        Tag(0x82) => Ok(key_identifier(value.content)),
        _ => Err(malformed("an unknown form of encrypKeyPref", value.offset)),
    }
}

fn malformed(what: &'static str, offset: u64) -> Error {
    Error::Malformed { what, offset }
}

/// Reads the one value that `der` must be.
fn single(der: &[u8]) -> Result<Value<'_>> {
    let mut cursor = Cursor::new(der, 0);
    let value = cursor.any()?;
    cursor.finish()?;
    Ok(value)
}

/// Enters a value that must have this tag.
fn inside<'a>(value: &Value<'a>, tag: Tag) -> Result<Cursor<'a>> {
    match value.tag == tag {
        true => Ok(value.inside()),
        false => Err(Error::Asn1(asn1::Error::UnexpectedTag {
            found: value.tag,
            wanted: tag,
            offset: value.offset,
        })),
    }
}

fn octets(value: &Value<'_>) -> Result<Vec<u8>> {
    Ok(Cursor::new(value.raw, value.offset)
        .expect(Tag::OCTET_STRING)?
        .content
        .to_vec())
}

/// Reads a list of 1 to `limit` values.
fn each<'a, T>(
    mut list: Cursor<'a>,
    limit: usize,
    mut parse: impl FnMut(Value<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    while !list.is_empty() {
        if found.len() >= limit {
            return Err(malformed("a list is longer than its bound", list.offset()));
        }
        found.push(parse(list.any()?)?);
    }
    if found.is_empty() {
        return Err(malformed("a list is empty", list.offset()));
    }
    Ok(found)
}

fn names(value: Value<'_>) -> Result<Vec<String>> {
    let names = GeneralName::read_all(value.raw)
        .map_err(|_| malformed("a list of names is malformed", value.offset))?;
    Ok(names.iter().map(GeneralName::text).collect())
}

/// Returns the value of an INTEGER of 0 to 32,767.
fn small(content: &[u8]) -> Option<u32> {
    match content {
        [only @ 0..=0x7f] => Some(u32::from(*only)),
        [first @ 0..=0x7f, second] if *first > 0 || *second > 0x7f => {
            Some(u32::from(*first) << 8 | u32::from(*second))
        }
        _ => None,
    }
}

fn text(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    (1..=PRIVACY_MARK)
        .contains(&text.chars().count())
        .then(|| text.to_owned())
}

/// PrintableString (X.680 §41.4)
fn is_printable(text: &str) -> bool {
    text.bytes()
        .all(|octet| octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::x509::sample::{general_name, parsed};
    use proptest::prelude::*;

    const POLICY: Oid = Oid::new_unwrap("1.2.3");

    fn read(oid: Oid, value: &[u8]) -> Result<Service> {
        let values = vec![value.to_vec()];
        Service::read(&Attribute { oid, values }).unwrap()
    }

    fn octets(content: &[u8]) -> Vec<u8> {
        write::tlv(Tag::OCTET_STRING, content)
    }

    fn names(texts: &[&str]) -> Vec<u8> {
        let names: Vec<Vec<u8>> = texts.iter().map(|it| general_name(it)).collect();
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        write::sequence(&names)
    }

    fn utf8(text: &str) -> Vec<u8> {
        write::tlv(Tag(0x0c), text.as_bytes())
    }

    #[test]
    fn what_is_written_is_read() {
        let der = ReceiptRequest::to_attribute(b"one", "alice@example.com");
        let mut fields = Cursor::new(&der, 0).enter(Tag::SEQUENCE).unwrap();
        let oid = oid::from_value(&fields.any().unwrap()).unwrap();
        let value = fields.enter(Tag::SET).unwrap().any().unwrap();
        let Service::ReceiptRequest(request) = read(oid, value.raw).unwrap() else {
            panic!();
        };
        assert_eq!(request.identifier, b"one");
        assert_eq!(request.from, ReceiptsFrom::All);
        assert_eq!(request.to, [["alice@example.com"]]);
        let receipt = Receipt {
            content_type: POLICY,
            identifier: vec![1],
            signature: vec![2, 3],
        };
        assert_eq!(Receipt::from_der(&receipt.to_der()).unwrap(), receipt);
        let preference = key_preference_attribute(&parsed("CN=CA"), &[7]);
        let mut fields = Cursor::new(&preference, 0).enter(Tag::SEQUENCE).unwrap();
        fields.any().unwrap();
        let value = fields.enter(Tag::SET).unwrap().any().unwrap();
        let wanted = CertificateId::IssuerSerial {
            issuer: parsed("CN=CA"),
            serial: vec![7],
        };
        assert_eq!(
            read(ENCRYPTION_KEY_PREFERENCE, value.raw).unwrap(),
            Service::EncryptionKeyPreference(wanted)
        );
    }

    #[test]
    fn receipt_requests() {
        let to = |count: usize| {
            let one = names(&["email:a@example.com"]);
            write::sequence(&vec![one.as_slice(); count])
        };
        let request = |from: &[u8], to: &[u8]| {
            read(
                RECEIPT_REQUEST,
                &write::sequence(&[&octets(b"1"), from, to]),
            )
        };
        let all: &[u8] = &[0x80, 1, 0];
        assert!(request(all, &to(1)).is_ok() && request(&[0x80, 1, 1], &to(1)).is_ok());
        let list = write::constructed(
            Tag::context(1),
            &[&names(&["email:b@example.com", "dir:CN=B"])],
        );
        let Ok(Service::ReceiptRequest(listed)) = request(&list, &to(1)) else {
            panic!();
        };
        let wanted = vec![vec!["b@example.com".to_owned(), "CN=B".to_owned()]];
        assert_eq!(listed.from, ReceiptsFrom::List(wanted));
        assert!(request(all, &to(RECEIPTS_TO)).is_ok());
        for (from, to) in [
            (all, to(RECEIPTS_TO + 1)),
            (all, to(0)),
            (all, write::sequence(&[&write::sequence(&[])])),
            (all, [to(1), vec![5, 0]].concat()),
            (&[0x80, 1, 2], to(1)),
            (&[0x80, 0], to(1)),
            (&[0xa1, 0], to(1)),
            (&[0x82, 1, 0], to(1)),
        ] {
            assert!(request(from, &to).is_err(), "{from:?} {to:?}");
        }
    }

    #[test]
    fn security_labels() {
        let policy = oid::to_der(&POLICY);
        let category = |value: &[u8]| {
            let kind = write::tlv(Tag(0x80), POLICY.as_bytes());
            write::sequence(&[&kind, &write::constructed(Tag::context(1), &[value])])
        };
        let label = |fields: &[&[u8]]| read(SECURITY_LABEL, &write::constructed(Tag::SET, fields));
        let categories = |count: usize| write::set_of(&vec![category(&[5, 0]); count]);
        let Ok(Service::SecurityLabel(full)) = label(&[
            &write::integer(4),
            &policy,
            &utf8("eyes only"),
            &categories(2),
        ]) else {
            panic!();
        };
        assert_eq!(full.classification_name(), Some("secret"));
        assert_eq!(full.privacy_mark.as_deref(), Some("eyes only"));
        assert_eq!((full.policy, full.categories.len()), (POLICY, 2));
        assert!(label(&[&policy]).is_ok(), "the policy alone");
        assert!(label(&[&policy, &write::integer(256)]).is_ok());
        assert!(label(&[&policy, &utf8(&"x".repeat(128))]).is_ok());
        assert!(label(&[&policy, &categories(64)]).is_ok());
        let printable = |text: &str| write::tlv(Tag(0x13), text.as_bytes());
        assert!(label(&[&policy, &printable("NATO (x)")]).is_ok());
        for fields in [
            &[&write::integer(1)[..]][..],
            &[],
            &[&policy, &policy],
            &[&policy, &write::integer(1), &write::integer(2)],
            &[&policy, &write::integer(257)],
            &[&policy, &[2, 1, 0xff]],
            &[&policy, &[2, 2, 0, 1]],
            &[&policy, &utf8("")],
            &[&policy, &utf8(&"x".repeat(129))],
            &[&policy, &printable("caf\u{e9}")],
            &[&policy, &printable("a@b")],
            &[&policy, &categories(0)],
            &[&policy, &categories(65)],
            &[&policy, &write::set_of(&[vec![5, 0]])],
            &[&policy, &[5, 0]],
        ] {
            assert!(label(fields).is_err(), "{fields:?}");
        }
        let labels = write::sequence(&[&write::constructed(Tag::SET, &[&policy])]);
        assert!(read(EQUIVALENT_LABELS, &labels).is_ok());
        assert!(read(EQUIVALENT_LABELS, &write::sequence(&[])).is_err());
    }

    #[test]
    fn expansion_histories() {
        let time = write::tlv(Tag(0x18), b"20261101000000Z");
        let list = octets(b"list");
        let history = |count: usize, fields: &[&[u8]]| {
            let one = write::sequence(fields);
            read(
                EXPANSION_HISTORY,
                &write::sequence(&vec![one.as_slice(); count]),
            )
        };
        let nobody: &[u8] = &[0x80, 0];
        let instead = write::constructed(Tag::context(1), &[&names(&["email:a@example.com"])]);
        let besides = write::retag(Tag::context(2), instead.clone());
        for policy in [&[][..], nobody, &instead, &besides] {
            let Ok(Service::ExpansionHistory(read)) = history(1, &[&list, &time, policy]) else {
                panic!("{policy:?}");
            };
            assert_eq!(read.first().unwrap().policy.is_some(), !policy.is_empty());
        }
        let id = write::sequence(&[parsed("CN=List").der(), &write::integer(1)]);
        assert!(history(1, &[&id, &time]).is_ok());
        assert!(history(EXPANSIONS, &[&list, &time]).is_ok());
        assert!(history(EXPANSIONS + 1, &[&list, &time]).is_err());
        assert!(history(0, &[]).is_err());
        let utc = write::tlv(Tag(0x17), b"261101000000Z");
        for fields in [
            &[&list[..]][..],
            &[&time, &list],
            &[&list, &utc],
            &[&list, &time, &[0x80, 1, 0]],
            &[&list, &time, &[0xa1, 0]],
            &[&list, &time, &[0xa3, 0]],
            &[&list, &time, nobody, nobody],
        ] {
            assert!(history(1, fields).is_err(), "{fields:?}");
        }
    }

    #[test]
    fn identifiers_hints_and_references() {
        let kind = oid::to_der(&POLICY);
        let hint = |fields: &[&[u8]]| read(CONTENT_HINTS, &write::sequence(fields));
        assert!(hint(&[&kind]).is_ok() && hint(&[&utf8("a text"), &kind]).is_ok());
        for fields in [
            &[&utf8("a text")[..]][..],
            &[&utf8(""), &kind],
            &[&write::tlv(Tag(0x0c), &[0xff]), &kind],
            &[&kind, &kind],
        ] {
            assert!(hint(fields).is_err());
        }
        assert!(read(CONTENT_IDENTIFIER, &octets(b"1")).is_ok());
        assert!(read(CONTENT_IDENTIFIER, &[2, 1, 1]).is_err());
        let reference = |fields: &[&[u8]]| read(CONTENT_REFERENCE, &write::sequence(fields));
        assert!(reference(&[&kind, &octets(b"1"), &octets(b"2")]).is_ok());
        assert!(reference(&[&kind, &octets(b"1")]).is_err());
        let key = write::tlv(Tag(0x82), b"key");
        let long = write::constructed(Tag::context(1), &[&octets(b"key")]);
        for id in [key, long] {
            assert_eq!(
                read(ENCRYPTION_KEY_PREFERENCE, &id).unwrap(),
                Service::EncryptionKeyPreference(CertificateId::KeyIdentifier(b"key".to_vec()))
            );
        }
        assert!(read(ENCRYPTION_KEY_PREFERENCE, &[0x83, 0]).is_err());
    }

    #[test]
    fn exactly_one_value() {
        for values in [vec![], vec![octets(b"1"), octets(b"2")]] {
            let oid = CONTENT_IDENTIFIER;
            assert!(Service::read(&Attribute { oid, values }).unwrap().is_err());
        }
        let oid = POLICY;
        let other = Attribute {
            oid,
            values: vec![],
        };
        assert!(Service::read(&other).is_none());
        let digest = |values: Vec<Vec<u8>>, times: usize| {
            let oid = MESSAGE_SIGNATURE_DIGEST;
            message_signature_digest(&vec![Attribute { oid, values }; times])
        };
        assert_eq!(digest(vec![octets(b"1")], 1).unwrap().unwrap(), b"1");
        assert!(digest(vec![octets(b"1")], 0).is_none());
        assert!(digest(vec![octets(b"1")], 2).unwrap().is_err());
        assert!(digest(vec![], 1).unwrap().is_err());
        assert!(digest(vec![vec![5, 0]], 1).unwrap().is_err());
    }

    #[test]
    fn receipts_are_strict() {
        let kind = oid::to_der(&POLICY);
        let of = |fields: &[&[u8]]| Receipt::from_der(&write::sequence(fields));
        let (one, id, value) = (write::integer(1), octets(b"i"), octets(b"s"));
        assert!(of(&[&one, &kind, &id, &value]).is_ok());
        for fields in [
            &[&write::integer(2)[..], &kind, &id, &value][..],
            &[&kind, &id, &value],
            &[&one, &kind, &id],
            &[&one, &kind, &id, &value, &value],
        ] {
            assert!(of(fields).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(input in proptest::collection::vec(any::<u8>(), 0..60), at in 0..8usize) {
            let oid = [RECEIPT_REQUEST, SECURITY_LABEL, EXPANSION_HISTORY, CONTENT_HINTS, CONTENT_IDENTIFIER, EQUIVALENT_LABELS, CONTENT_REFERENCE, ENCRYPTION_KEY_PREFERENCE][at];
            let _ = Service::read(&Attribute { oid, values: vec![input.clone()] });
            let _ = Receipt::from_der(&input);
        }
    }
}
