//! The extensions of a certificate, typed (RFC 5280 §4.2): read by the types of crate `x509-cert` where those take what is found and
//! lose nothing. Only reads; what they mean for a path is `validate`'s.
use super::{Error, general_name::GeneralName};
use crate::asn1::{
    Tag,
    cursor::{Cursor, Value},
};
use const_oid::{
    ObjectIdentifier as Oid,
    db::rfc5280::{
        ANY_EXTENDED_KEY_USAGE, ID_AD_CA_ISSUERS, ID_KP_EMAIL_PROTECTION, ID_KP_TIME_STAMPING,
    },
};
use spki::der::{Decode as _, asn1::OctetStringRef};
use x509_cert::ext::pkix;

/// One extension as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// content octets of its OID
    pub oid: &'a [u8],
    /// whether who does not know it must refuse the certificate
    pub critical: bool,
    /// the DER in extnValue
    pub value: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Reads Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }.
    pub(super) fn read(list: &mut Cursor<'a>) -> Result<Self, Error> {
        let mut fields = list.enter(Tag::SEQUENCE)?;
        let oid = fields.expect(Tag::OID)?.content;
        let critical = boolean(&mut fields)?;
        let value = fields.expect(Tag::OCTET_STRING)?.content;
        fields.finish()?;
        Ok(Self {
            oid,
            critical,
            value,
        })
    }

    /// Returns the name people know, or the OID in decimal or hexadecimal.
    pub fn name(&self) -> String {
        oid_name(self.oid)
    }
}

/// Returns the name people know for the content octets of an OID, or the OID in decimal or hexadecimal.
pub(super) fn oid_name(octets: &[u8]) -> String {
    match Oid::from_bytes(octets) {
        Ok(oid) => crate::asn1::oid::name(&oid),
        Err(_) => crate::encoding::hex::encode(octets),
    }
}

/// Returns the content octets of an OID as numbers with dots, or, where crate `const-oid` cannot hold them, in hexadecimal.
pub(super) fn oid_number(octets: &[u8]) -> String {
    match Oid::from_bytes(octets) {
        Ok(oid) => oid.to_string(),
        Err(_) => crate::encoding::hex::encode(octets),
    }
}

/// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL } (§4.2.1.9)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BasicConstraints {
    /// whether the key may sign certificates
    pub ca: bool,
    /// how many intermediates may follow, self-issued ones not counted
    pub path_length: Option<u64>,
}

impl BasicConstraints {
    /// Reads the extension's value; not by crate `x509-cert`, where a path length is an octet and FALSE is not explicit.
    pub(super) fn read(der: &[u8]) -> Result<Self, Error> {
        let mut fields = sequence(der)?;
        let ca = boolean(&mut fields)?;
        let path_length = fields.optional(Tag::INTEGER)?.map(count).transpose()?;
        fields.finish()?;
        Ok(Self { ca, path_length })
    }
}

/// PolicyConstraints ::= SEQUENCE { requireExplicitPolicy \[0\] SkipCerts OPTIONAL, inhibitPolicyMapping \[1\] SkipCerts OPTIONAL } (§4.2.1.11)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyConstraints {
    /// after how many certificates the path needs a policy
    pub require_explicit_policy: Option<u64>,
    /// after how many certificates policies may no longer be mapped
    pub inhibit_policy_mapping: Option<u64>,
}

impl PolicyConstraints {
    /// Reads the extension's value. An empty one, which CAs MUST NOT issue, constrains nothing: RFC 5280 leaves it to the reader.
    pub(super) fn read(der: &[u8]) -> Result<Self, Error> {
        let mut fields = sequence(der)?;
        let mut skip = |number| {
            let value = fields.optional(Tag::context_primitive(number))?;
            value.map(count).transpose()
        };
        let constraints = Self {
            require_explicit_policy: skip(0)?,
            inhibit_policy_mapping: skip(1)?,
        };
        fields.finish()?;
        Ok(constraints)
    }
}

/// Reads certificatePolicies ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { policyIdentifier OBJECT IDENTIFIER, policyQualifiers SEQUENCE OPTIONAL }
/// (§4.2.1.4) and returns the content octets of each policy. Qualifiers are passed over: RFC 9618 §5.5 recommends not to return them.
pub(super) fn certificate_policies(der: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut list = sequence(der)?;
    if list.is_empty() {
        return Err(Error::Malformed("certificatePolicies is empty"));
    }
    let mut policies = Vec::new();
    while !list.is_empty() {
        let mut information = list.enter(Tag::SEQUENCE)?;
        policies.push(information.expect(Tag::OID)?.content);
        information.optional(Tag::SEQUENCE)?;
        information.finish()?;
    }
    Ok(policies)
}

/// One of PolicyMappings: the content octets of two OIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PolicyMapping<'a> {
    /// issuerDomainPolicy
    pub(super) issuer: &'a [u8],
    /// subjectDomainPolicy
    pub(super) subject: &'a [u8],
}

/// Reads PolicyMappings ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { issuerDomainPolicy, subjectDomainPolicy } (§4.2.1.5).
pub(super) fn policy_mappings(der: &[u8]) -> Result<Vec<PolicyMapping<'_>>, Error> {
    let mut list = sequence(der)?;
    if list.is_empty() {
        return Err(Error::Malformed("policyMappings is empty"));
    }
    let mut mappings = Vec::new();
    while !list.is_empty() {
        let mut pair = list.enter(Tag::SEQUENCE)?;
        let issuer = pair.expect(Tag::OID)?.content;
        let subject = pair.expect(Tag::OID)?.content;
        pair.finish()?;
        mappings.push(PolicyMapping { issuer, subject });
    }
    Ok(mappings)
}

/// Reads InhibitAnyPolicy ::= SkipCerts (§4.2.1.14).
pub(super) fn inhibit_any_policy(der: &[u8]) -> Result<u64, Error> {
    let mut outer = Cursor::new(der, 0);
    let value = outer.expect(Tag::INTEGER)?;
    outer.finish()?;
    count(value)
}

/// Reads INTEGER (0..MAX). A number beyond eight octets limits nothing that exists.
fn count(value: Value<'_>) -> Result<u64, Error> {
    match value.content {
        [] | [0x80..=0xff, ..] => Err(Error::Malformed("a number of certificates is negative")),
        octets => Ok(octets.iter().fold(0_u64, |number, octet| {
            number.saturating_mul(256).saturating_add(u64::from(*octet))
        })),
    }
}

/// KeyUsage ::= BIT STRING (§4.2.1.3): the first sixteen bits, the first bit highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// digitalSignature (0)
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// nonRepudiation, or contentCommitment (1)
    pub const NON_REPUDIATION: Self = Self(0x4000);
    /// keyEncipherment (2)
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// keyAgreement (4)
    pub const KEY_AGREEMENT: Self = Self(0x0800);
    /// keyCertSign (5)
    pub const KEY_CERT_SIGN: Self = Self(0x0400);
    /// cRLSign (6)
    pub const CRL_SIGN: Self = Self(0x0200);

    /// decipherOnly (8)
    pub const DECIPHER_ONLY: Self = Self(0x0080);

    /// Reads the extension's value.
    pub(super) fn read(der: &[u8]) -> Result<Self, Error> {
        let usage = pkix::KeyUsage::from_der(der)
            .map_err(|_| Error::Malformed("keyUsage is no BIT STRING of known bits"))?;
        // there the first bit is the lowest
        Ok(Self(usage.0.bits().reverse_bits()))
    }

    /// Every bit by its name, in order (RFC 5280 §4.2.1.3).
    pub const NAMES: [(Self, &'static str); 9] = [
        (Self::DIGITAL_SIGNATURE, "digitalSignature"),
        (Self::NON_REPUDIATION, "nonRepudiation"),
        (Self::KEY_ENCIPHERMENT, "keyEncipherment"),
        (Self(0x1000), "dataEncipherment"),
        (Self::KEY_AGREEMENT, "keyAgreement"),
        (Self::KEY_CERT_SIGN, "keyCertSign"),
        (Self::CRL_SIGN, "cRLSign"),
        (Self(0x0100), "encipherOnly"),
        (Self::DECIPHER_ONLY, "decipherOnly"),
    ];

    /// Returns whether any of the bits of `wanted` is set.
    pub const fn permits(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }
}

/// `digitalSignature, keyEncipherment`, or `empty`
impl std::fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = Self::NAMES.iter().filter(|(bit, _)| self.permits(*bit));
        let names: Vec<_> = set.map(|(_, name)| *name).collect();
        f.write_str(match names.is_empty() {
            true => "empty",
            false => return f.write_str(&names.join(", ")),
        })
    }
}

/// Reads ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF OBJECT IDENTIFIER (§4.2.1.12) and returns whether it permits mail:
/// emailProtection, or anyExtendedKeyUsage (RFC 8550 §4.4.4). Not by crate `x509-cert`, which refuses purposes with an arc of more than
/// 32 bits, as below 2.25 (UUIDs, X.667).
pub(super) fn permits_email(der: &[u8]) -> Result<bool, Error> {
    permits(der, &ID_KP_EMAIL_PROTECTION)
}

/// As [`permits_email`], of time-stamping.
pub(super) fn permits_time_stamping(der: &[u8]) -> Result<bool, Error> {
    permits(der, &ID_KP_TIME_STAMPING)
}

fn permits(der: &[u8], purpose: &Oid) -> Result<bool, Error> {
    let wanted = [purpose.as_bytes(), ANY_EXTENDED_KEY_USAGE.as_bytes()];
    Ok(purposes(der)?.iter().any(|it| wanted.contains(it)))
}

/// Reads ExtKeyUsageSyntax and returns the content octets of each KeyPurposeId.
pub(super) fn purposes(der: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut list = sequence(der)?;
    if list.is_empty() {
        return Err(Error::Malformed("extKeyUsage is empty"));
    }
    let mut purposes = Vec::new();
    while !list.is_empty() {
        purposes.push(list.expect(Tag::OID)?.content);
    }
    Ok(purposes)
}

/// Returns whether ExtKeyUsageSyntax permits time-stamping and nothing else (RFC 3161 §2.3).
pub(super) fn is_for_time_stamping(der: &[u8]) -> Result<bool, Error> {
    Ok(purposes(der)? == [ID_KP_TIME_STAMPING.as_bytes()])
}

/// Reads SubjectKeyIdentifier ::= OCTET STRING (§4.2.1.2); borrowed, which the type of crate `x509-cert` is not.
pub(super) fn key_identifier(der: &[u8]) -> Result<&[u8], Error> {
    <&OctetStringRef>::from_der(der)
        .map(OctetStringRef::as_bytes)
        .map_err(|_| Error::Malformed("subjectKeyIdentifier is no OCTET STRING"))
}

/// Reads the keyIdentifier of AuthorityKeyIdentifier (§4.2.1.1).
pub(super) fn authority_key_identifier(der: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let authority = pkix::AuthorityKeyIdentifier::from_der(der)
        .map_err(|_| Error::Malformed("authorityKeyIdentifier is malformed"))?;
    Ok(authority
        .key_identifier
        .map(|identifier| identifier.into_bytes().into()))
}

/// Reads CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint (§4.2.1.13) and returns the URIs of their full names.
pub(super) fn crl_locations(der: &[u8]) -> Result<Vec<String>, Error> {
    let mut points = sequence(der)?;
    let mut locations = Vec::new();
    while !points.is_empty() {
        let mut point = points.enter(Tag::SEQUENCE)?;
        // distributionPoint [0] { fullName [0] GeneralNames | nameRelativeToCRLIssuer [1] }
        let Some(name) = point.optional(Tag::context(0))? else {
            continue;
        };
        let Some(names) = name.inside().optional(Tag::context(0))? else {
            continue;
        };
        let mut names = names.inside();
        while !names.is_empty() {
            if let GeneralName::Uri(uri) = GeneralName::read(&mut names)? {
                locations.push(String::from_utf8_lossy(uri).into_owned());
            }
        }
    }
    Ok(locations)
}

/// Reads AuthorityInfoAccessSyntax ::= SEQUENCE SIZE (1..MAX) OF AccessDescription { accessMethod, accessLocation } (§4.2.2.1) and returns
/// each method with its location.
pub(super) fn access_descriptions(der: &[u8]) -> Result<Vec<(&[u8], GeneralName<'_>)>, Error> {
    let mut list = sequence(der)?;
    let mut found = Vec::new();
    while !list.is_empty() {
        let mut description = list.enter(Tag::SEQUENCE)?;
        let method = description.expect(Tag::OID)?.content;
        found.push((method, GeneralName::read(&mut description)?));
        description.finish()?;
    }
    Ok(found)
}

/// Returns the URIs of the issuer's certificates in AuthorityInfoAccessSyntax.
pub(super) fn issuer_locations(der: &[u8]) -> Result<Vec<String>, Error> {
    let locations = access_descriptions(der)?;
    let issuers = locations
        .into_iter()
        .filter_map(|(method, name)| match name {
            GeneralName::Uri(uri) if method == ID_AD_CA_ISSUERS.as_bytes() => {
                Some(String::from_utf8_lossy(uri).into_owned())
            }
            _ => None,
        });
    Ok(issuers.collect())
}

/// Reads SubjectAltName ::= GeneralNames (§4.2.1.6); not by crate `x509-cert`, which keeps no octets of names and knows no x400Address.
pub(super) fn alternative_names(der: &[u8]) -> Result<Vec<GeneralName<'_>>, Error> {
    GeneralName::read_all(der)
}

/// Fails if a SEQUENCE, or what should be one, has more than so many members: they are counted, not read.
pub(super) fn at_most(der: &[u8], limit: usize, what: &'static str) -> Result<(), Error> {
    let mut list = sequence(der)?;
    for _ in 0..limit {
        if list.is_empty() {
            return Ok(());
        }
        list.any()?;
    }
    match list.is_empty() {
        true => Ok(()),
        false => Err(Error::TooMany { what, limit }),
    }
}

/// Enters the one SEQUENCE that `der` must be.
pub(super) fn sequence(der: &[u8]) -> Result<Cursor<'_>, Error> {
    let mut outer = Cursor::new(der, 0);
    let fields = outer.enter(Tag::SEQUENCE)?;
    outer.finish()?;
    Ok(fields)
}

/// Reads BOOLEAN DEFAULT FALSE. An explicit FALSE is no DER, but is found and means the same.
pub(super) fn boolean(fields: &mut Cursor<'_>) -> Result<bool, Error> {
    let value = fields.optional(Tag::BOOLEAN)?;
    value.map_or(Ok(false), |value| boolean_content(value.content))
}

/// Reads the content octets of a BOOLEAN, under whatever tag it stands.
pub(super) fn boolean_content(content: &[u8]) -> Result<bool, Error> {
    match content {
        [0x00] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(Error::Malformed("a BOOLEAN is neither TRUE nor FALSE")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// CN=a
    const NAME: [u8; 14] = *b"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01a";

    #[test]
    fn basic_constraints() {
        let read = |der: &[u8]| BasicConstraints::read(der).ok();
        let is = |ca, path_length| Some(BasicConstraints { ca, path_length });
        assert_eq!(read(&[0x30, 0]), is(false, None));
        assert_eq!(read(&[0x30, 3, 1, 1, 0xff]), is(true, None));
        assert_eq!(read(&[0x30, 3, 1, 1, 0]), is(false, None));
        assert_eq!(read(&[0x30, 6, 1, 1, 0xff, 2, 1, 3]), is(true, Some(3)));
        assert_eq!(read(&[0x30, 3, 2, 1, 0]), is(false, Some(0)));
        let huge = [&[0x30, 13, 2, 11][..], &[0x7f; 11]].concat();
        assert_eq!(read(&huge), is(false, Some(u64::MAX)));
        for bad in [
            &[0x30, 3, 1, 1, 1][..],
            &[0x30, 3, 2, 1, 0x80],
            &[0x30, 2, 2, 0],
            &[0x30, 0, 0],
            &[0x30, 6, 2, 1, 3, 1, 1, 0xff],
            &[],
        ] {
            assert_eq!(read(bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn key_usage() {
        let read = |der: &[u8]| KeyUsage::read(der).ok();
        assert_eq!(read(&[3, 2, 7, 0x80]), Some(KeyUsage::DIGITAL_SIGNATURE));
        assert_eq!(read(&[3, 3, 7, 0, 0x80]), Some(KeyUsage(0x80)));
        assert_eq!(read(&[3, 1, 0]), Some(KeyUsage(0)));
        // bits that are not used say nothing
        assert_eq!(read(&[3, 2, 7, 0xff]), Some(KeyUsage::DIGITAL_SIGNATURE));
        for bad in [
            &[3, 0][..],
            &[3, 2, 8, 0],
            &[4, 2, 7, 0x80],
            &[3, 2, 7, 0x80, 0],
            &[3, 4, 0, 0x80, 0, 0],
        ] {
            assert_eq!(read(bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn extended_key_usage() {
        let any = [0x30, 6, 6, 4, 0x55, 0x1d, 0x25, 0];
        let email = [0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 4];
        let server = [0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
        assert!(permits_email(&any).unwrap());
        assert!(permits_email(&email).unwrap());
        assert!(!permits_email(&server).unwrap());
        let uuid = [&[6, 20, 0x69], &[0x83; 18][..], &[0x13]].concat();
        let email_too = [&[0x30, 32], &uuid[..], &email[2..]].concat();
        assert!(permits_email(&email_too).unwrap());
        assert!(permits_email(&[0x30, 0]).is_err());
        assert!(permits_email(&[0x30, 2, 5, 0]).is_err());
    }

    #[test]
    fn key_identifiers() {
        assert_eq!(key_identifier(&[4, 1, 7]).unwrap(), [7]);
        assert!(key_identifier(&[4, 1, 7, 0]).is_err());
        assert_eq!(
            authority_key_identifier(&[0x30, 3, 0x80, 1, 7]).unwrap(),
            Some(vec![7])
        );
        assert_eq!(authority_key_identifier(&[0x30, 0]).unwrap(), None);
        assert!(authority_key_identifier(&[4, 0]).is_err());
        let issuer = [
            &[0x30, 24, 0x80, 1, 7, 0xa1, 16, 0xa4, 14],
            &NAME[..],
            &[0x82, 1, 5],
        ];
        assert_eq!(
            authority_key_identifier(&issuer.concat()).unwrap(),
            Some(vec![7])
        );
    }
}
