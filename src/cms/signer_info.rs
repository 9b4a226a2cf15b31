//! SignerInfo (RFC 5652 §5.3): its bytes as received, the mathematics of verifying and signing.
use super::{Result, attribute::SignedAttributes};
use crate::{
    crypto::{self, CryptoRng, Digest, PrivateKey, PublicKey, SignatureAlgorithm},
    x509::{Certificate, name::Name},
};
use spki::AlgorithmIdentifierOwned;
/// Which certificate is meant.
#[derive(Debug, Clone)]
pub enum CertificateId {
    /// issuerAndSerialNumber; serial: content octets of the INTEGER
    IssuerSerial {
        /// issuer
        issuer: Name,
        /// content octets
        serial: Vec<u8>,
    },
    /// subjectKeyIdentifier
    KeyIdentifier(Vec<u8>),
}
impl CertificateId {
    /// Returns whether `certificate` is the one meant (key identifier: its extension, or, when it has none, SHA-1 of its key).
    pub fn names(&self, _certificate: &Certificate) -> bool {
        todo!()
    }
}
/// One signer.
#[derive(Debug)]
pub struct SignerInfo {
    /// whose certificate
    pub sid: CertificateId,
    /// digest as found; `Err` text for an unknown one
    pub digest_algorithm: AlgorithmIdentifierOwned,
    /// as found
    pub signature_algorithm: AlgorithmIdentifierOwned,
    /// as received; `None` when absent
    pub signed_attributes: Option<SignedAttributes>,
    /// signature octets
    pub signature: Vec<u8>,
    /// the unsigned attributes, each as received (DER of Attribute)
    pub unsigned_attributes: Vec<Vec<u8>>,
}
/// How a signature held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// over the signed attributes as received (the usual, DER), or over the content when there are none
    AsReceived,
    /// only over their DER form: what was received is not DER
    OverDer,
    /// not at all
    No,
}
impl SignerInfo {
    /// Parses one SignerInfo (BER or DER, as received).
    pub fn parse(_ber: &[u8], _max_depth: usize) -> Result<Self> {
        todo!()
    }
    /// Returns the digest algorithm; unknown: an error.
    pub fn digest(&self) -> crypto::Result<Digest> {
        todo!()
    }
    /// Returns the signature algorithm, checked against the digest (its own digest must be the same; RFC 5754, RFC 8933).
    pub fn algorithm(&self) -> crypto::Result<SignatureAlgorithm> {
        todo!()
    }
    /// Checks the signature with `key`: over the signed attributes, or over `content_digest` (of this signer's digest algorithm) when there are none
    /// (not possible for Ed25519: an error).
    pub fn check_signature(
        &self,
        _key: &PublicKey,
        _content_digest: &[u8],
    ) -> crypto::Result<Held> {
        todo!()
    }
}
/// Makes a SignerInfo's DER: signs the DER of `attributes` (a SET OF, from `attribute::encode_set`).
pub fn sign(
    _key: &dyn PrivateKey,
    _sid: &CertificateId,
    _digest: Digest,
    _algorithm: &SignatureAlgorithm,
    _attributes: &[u8],
    _rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    todo!()
}
/// Returns the issuerAndSerialNumber of a certificate.
pub fn issuer_serial(_certificate: &Certificate) -> CertificateId {
    todo!()
}
