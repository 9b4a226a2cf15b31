//! Attributes (RFC 5652 §5.3, §11), signed ones kept as received.
use crate::{
    asn1::{Time, oid::Oid},
    crypto::{Digest, KeyEncryption, SignatureAlgorithm},
    x509::Certificate,
};
/// One attribute: its type and the DER of each value.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// type
    pub oid: Oid,
    /// values, DER each
    pub values: Vec<Vec<u8>>,
}
/// signedAttrs.
#[derive(Debug, Clone)]
pub struct SignedAttributes {
    /// the octets as received, with the tag SET OF (0x31) in place of [0]
    pub received: Vec<u8>,
    /// their DER form, values sorted
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
}
impl SignedAttributes {
    /// Returns contentType, which must be there exactly once (RFC 5652 §11.1).
    pub fn content_type(&self) -> Result<Oid, AttributeError> {
        todo!()
    }
    /// Returns messageDigest, likewise (§11.2).
    pub fn message_digest(&self) -> Result<&[u8], AttributeError> {
        todo!()
    }
    /// Returns signingTime if it is there (§11.3).
    pub fn signing_time(&self) -> Result<Option<Time>, AttributeError> {
        todo!()
    }
    /// Returns whether the first certificate named by signingCertificate (RFC 2634 §5.4) or signingCertificateV2 (RFC 5035 §3) is `certificate` by hash; `None` if neither is there.
    pub fn signing_certificate_is(
        &self,
        _certificate: &Certificate,
    ) -> Result<Option<bool>, AttributeError> {
        todo!()
    }
    /// Returns whether CMSAlgorithmProtection (RFC 6211), if present, equals the SignerInfo's algorithms.
    pub fn algorithm_protection_matches(
        &self,
        _digest: &spki::AlgorithmIdentifierOwned,
        _signature: &spki::AlgorithmIdentifierOwned,
    ) -> Result<Option<bool>, AttributeError> {
        todo!()
    }
    /// Returns the S/MIME capabilities if present (RFC 8551 §2.5.2), as OIDs with their parameters' DER.
    pub fn capabilities(
        &self,
    ) -> Result<Option<Vec<super::capabilities::Capability>>, AttributeError> {
        todo!()
    }
    /// Fails if an attribute type stands more than once (any type).
    pub fn check_unique(&self) -> Result<(), AttributeError> {
        todo!()
    }
}
/// Returns the DER SET OF of the attributes that are written: contentType, messageDigest, signingTime, signingCertificateV2, sMIMECapabilities, CMSAlgorithmProtection.
pub fn encode_set(
    _content_type: Oid,
    _message_digest: &[u8],
    _signing_time: Time,
    _certificate: &Certificate,
    _capabilities: &[u8],
    _digest: Digest,
    _signature: &SignatureAlgorithm,
) -> Vec<u8> {
    todo!()
}
/// Returns whether octets would pass for signed attributes (a DER SET OF or SEQUENCE-less run of Attribute with contentType and messageDigest): content that must not be accepted without signed attributes, nor ever be signed.
pub fn looks_like_signed_attributes(_content: &[u8]) -> bool {
    todo!()
}
/// keeps imports of the contract
pub type _Unused = KeyEncryption;
