//! A certificate: owns its DER as received, hands out typed views (RFC 5280 §4.1).
use super::{Error, name::Name};
use crate::{
    asn1::Time,
    crypto::{self, PublicKey},
    mime::mailbox::Address,
};
use std::sync::Arc;
/// A certificate; cheap to clone. Nothing of it is ever re-encoded.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<[u8]>,
}
impl Certificate {
    /// Parses one certificate; BER is refused. Strict where RFC 5280 is and practice agrees; duplicates of an extension are refused.
    pub fn from_der(_der: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// Returns the certificate as received.
    pub fn der(&self) -> &[u8] {
        &self.inner
    }
    /// Returns the subject.
    pub fn subject(&self) -> &Name {
        todo!()
    }
    /// Returns the issuer.
    pub fn issuer(&self) -> &Name {
        todo!()
    }
    /// Returns the content octets of the serial number as received.
    pub fn serial(&self) -> &[u8] {
        todo!()
    }
    /// Returns the SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        todo!()
    }
    /// Parses the public key.
    pub fn public_key(&self) -> crypto::Result<PublicKey> {
        todo!()
    }
    /// Returns the subjectKeyIdentifier extension.
    pub fn key_identifier(&self) -> Option<&[u8]> {
        todo!()
    }
    /// Returns the addresses it names: rfc822Name and SmtpUTF8Mailbox of the SAN; emailAddress of the subject only when there is no SAN (RFC 8550 §3).
    /// Malformed addresses are left out.
    pub fn addresses(&self) -> Vec<Address> {
        todo!()
    }
    /// Returns notBefore.
    pub fn not_before(&self) -> Time {
        todo!()
    }
    /// Returns notAfter.
    pub fn not_after(&self) -> Time {
        todo!()
    }
    /// Returns the SHA-256 of the certificate.
    pub fn sha256(&self) -> [u8; 32] {
        todo!()
    }
    /// Returns whether issuer and serial are these (serial: content octets of the INTEGER), names compared by bytes first, then by RFC 5280 §7.1.
    pub fn is(&self, _issuer: &Name, _serial: &[u8]) -> bool {
        todo!()
    }
}
impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}
impl Eq for Certificate {}
impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}
