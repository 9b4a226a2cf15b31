//! Certificate revocation lists (RFC 5280 §5): parsed here; §6.3 joins later.
/// A CRL as received.
#[derive(Debug, Clone)]
pub struct Crl {
    der: Vec<u8>,
}
impl Crl {
    /// Parses one CRL.
    pub fn from_der(_der: &[u8]) -> Result<Self, super::Error> {
        todo!()
    }
    /// Returns the CRL as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}
