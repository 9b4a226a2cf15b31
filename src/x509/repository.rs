//! Where certificates and CRLs are found: the joint `Repository` (a directory server or key server plugs in here).
use super::{Certificate, Crl, name::Name};
/// Finds certificates and CRLs.
pub trait Repository: Send + Sync {
    /// Returns certificates whose subject is this name.
    fn by_subject(&self, subject: &Name) -> Vec<Certificate>;
    /// Returns certificates that a message may name by issuer and serial or by key identifier.
    fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Vec<Certificate>;
    /// Returns certificates with this subjectKeyIdentifier.
    fn by_key_identifier(&self, identifier: &[u8]) -> Vec<Certificate>;
    /// Returns certificates that name this address.
    fn by_address(&self, address: &crate::mime::mailbox::Address) -> Vec<Certificate>;
    /// Returns CRLs issued under this name.
    fn crls(&self, issuer: &Name) -> Vec<Crl>;
}
/// Certificates and CRLs in memory, duplicates removed.
#[derive(Debug, Default, Clone)]
pub struct Collection {
    /// certificates
    pub certificates: Vec<Certificate>,
    /// CRLs
    pub crls: Vec<Crl>,
}
impl Repository for Collection {
    fn by_subject(&self, _subject: &Name) -> Vec<Certificate> {
        todo!()
    }
    fn by_issuer_serial(&self, _issuer: &Name, _serial: &[u8]) -> Vec<Certificate> {
        todo!()
    }
    fn by_key_identifier(&self, _identifier: &[u8]) -> Vec<Certificate> {
        todo!()
    }
    fn by_address(&self, _address: &crate::mime::mailbox::Address) -> Vec<Certificate> {
        todo!()
    }
    fn crls(&self, _issuer: &Name) -> Vec<Crl> {
        todo!()
    }
}
