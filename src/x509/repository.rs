//! Where certificates and CRLs are found: the joint `Repository` (a directory server or key server plugs in here).
use super::{Certificate, Crl, name::Name};
use crate::mime::mailbox::Address;

/// Finds certificates and CRLs.
pub trait Repository: Send + Sync {
    /// Returns certificates whose subject is this name.
    fn by_subject(&self, subject: &Name) -> Vec<Certificate>;
    /// Returns certificates that a message may name by issuer and serial.
    fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Vec<Certificate>;
    /// Returns certificates with this subjectKeyIdentifier.
    fn by_key_identifier(&self, identifier: &[u8]) -> Vec<Certificate>;
    /// Returns certificates that name this address.
    fn by_address(&self, address: &Address) -> Vec<Certificate>;
    /// Returns CRLs issued under this name.
    fn crls(&self, issuer: &Name) -> Vec<Crl>;
}

/// Certificates and CRLs in memory. `add_certificate`, `add_crl` and `extend` leave duplicates out.
#[derive(Debug, Default, Clone)]
pub struct Collection {
    /// certificates
    pub certificates: Vec<Certificate>,
    /// CRLs
    pub crls: Vec<Crl>,
}

impl Collection {
    /// Adds a certificate, unless it is there already.
    pub fn add_certificate(&mut self, certificate: Certificate) {
        if !self.certificates.contains(&certificate) {
            self.certificates.push(certificate);
        }
    }

    /// Adds a CRL, unless it is there already.
    pub fn add_crl(&mut self, crl: Crl) {
        if !self.crls.contains(&crl) {
            self.crls.push(crl);
        }
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        for certificate in other.certificates {
            self.add_certificate(certificate);
        }
        for crl in other.crls {
            self.add_crl(crl);
        }
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.crls.is_empty()
    }

    fn those(&self, wanted: impl Fn(&Certificate) -> bool) -> Vec<Certificate> {
        let found = self.certificates.iter().filter(|it| wanted(it));
        found.cloned().collect()
    }
}

impl Repository for Collection {
    fn by_subject(&self, subject: &Name) -> Vec<Certificate> {
        self.those(|certificate| certificate.subject() == subject)
    }

    fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Vec<Certificate> {
        self.those(|certificate| certificate.is(issuer, serial))
    }

    fn by_key_identifier(&self, identifier: &[u8]) -> Vec<Certificate> {
        self.those(|certificate| certificate.key_identifier() == Some(identifier))
    }

    fn by_address(&self, address: &Address) -> Vec<Certificate> {
        self.those(|certificate| {
            let addresses = certificate.addresses();
            addresses.iter().any(|named| named.same_as(address))
        })
    }

    fn crls(&self, issuer: &Name) -> Vec<Crl> {
        let found = self.crls.iter().filter(|crl| crl.issuer() == issuer);
        found.cloned().collect()
    }
}
