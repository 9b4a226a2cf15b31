//! Identities: private keys with their certificates, paired by public key.
use crate::{
    crypto::PrivateKey,
    x509::{Certificate, name::Name},
};
use std::sync::Arc;
/// A private key, its certificate, and other certificates that came with it (for the chain).
#[derive(Clone)]
pub struct Identity {
    /// the key
    pub key: Arc<dyn PrivateKey>,
    /// its certificate
    pub certificate: Certificate,
}
/// All keys and certificates given, pooled.
#[derive(Default)]
pub struct Identities {
    keys: Vec<Arc<dyn PrivateKey>>,
    certificates: Vec<Certificate>,
}
impl Identities {
    /// Adds a key.
    pub fn add_key(&mut self, key: Arc<dyn PrivateKey>) {
        self.keys.push(key)
    }
    /// Adds a certificate (a duplicate is left out).
    pub fn add_certificate(&mut self, certificate: Certificate) {
        self.certificates.push(certificate)
    }
    /// Returns every pair of key and certificate, by SubjectPublicKeyInfo.
    pub fn pairs(&self) -> Vec<Identity> {
        todo!()
    }
    /// Returns all certificates given.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
    /// Returns all keys given, certificates or not.
    pub fn keys(&self) -> &[Arc<dyn PrivateKey>] {
        &self.keys
    }
    /// Returns the identity with this issuer and serial.
    pub fn by_issuer_serial(&self, _issuer: &Name, _serial: &[u8]) -> Option<Identity> {
        todo!()
    }
    /// Returns the identity with this subjectKeyIdentifier (of its certificate, or SHA-1 of its public key when the certificate has none).
    pub fn by_key_identifier(&self, _identifier: &[u8]) -> Option<Identity> {
        todo!()
    }
}
