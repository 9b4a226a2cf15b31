//! S/MIME capabilities (RFC 8551 §2.5.2): what a sender can read, best first.
use crate::{asn1::oid::Oid, crypto::ContentCipher};
/// One capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// algorithm
    pub oid: Oid,
    /// DER of the parameters, if any
    pub parameters: Option<Vec<u8>>,
}
/// Returns the DER of SMIMECapabilities for these ciphers, in this order, and, last, RSAES-OAEP if `oaep`.
pub fn encode(_ciphers: &[ContentCipher], _oaep: bool) -> Vec<u8> {
    todo!()
}
/// Parses the DER of SMIMECapabilities.
pub fn decode(_der: &[u8]) -> Option<Vec<Capability>> {
    todo!()
}
