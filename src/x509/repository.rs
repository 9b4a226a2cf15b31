//! Where certificates, CRLs and OCSP responses are found: the joint `Repository` (a directory server or key server plugs in here).
use super::{Certificate, Crl, OcspResponse, name::Name};
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
    /// Returns OCSP responses with an answer for a certificate of this serial number.
    fn ocsp_responses(&self, _serial: &[u8]) -> Vec<OcspResponse> {
        Vec::new()
    }
}

/// Certificates, CRLs and OCSP responses in memory. The methods that add leave duplicates out.
#[derive(Debug, Default, Clone)]
pub struct Collection {
    /// certificates
    pub certificates: Vec<Certificate>,
    /// CRLs
    pub crls: Vec<Crl>,
    /// OCSP responses
    pub ocsp_responses: Vec<OcspResponse>,
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

    /// Adds an OCSP response, unless it is there already.
    pub fn add_ocsp_response(&mut self, response: OcspResponse) {
        if !self.ocsp_responses.contains(&response) {
            self.ocsp_responses.push(response);
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
        for response in other.ocsp_responses {
            self.add_ocsp_response(response);
        }
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.crls.is_empty() && self.ocsp_responses.is_empty()
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

    fn ocsp_responses(&self, serial: &[u8]) -> Vec<OcspResponse> {
        let found = self.ocsp_responses.iter();
        let found = found.filter(|response| response.is_about_serial(serial));
        found.cloned().collect()
    }
}
