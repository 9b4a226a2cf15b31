//! Public keys out of SubjectPublicKeyInfo, and what they verify. Named curves only; explicit parameters are refused.
use super::{Digest, Result, SignatureAlgorithm};
/// What a signature is over.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// the message itself
    Message(&'a [u8]),
    /// its digest, already computed (not for Ed25519)
    Prehash(Digest, &'a [u8]),
}
/// A public key.
#[derive(Debug, Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
}
/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of so many bits; `restricted_to_pss` when the key's OID is id-RSASSA-PSS
    Rsa {
        /// modulus bits
        bits: usize,
        /// id-RSASSA-PSS
        restricted_to_pss: bool,
    },
    /// P-256
    P256,
    /// P-384
    P384,
    /// P-521
    P521,
    /// Ed25519
    Ed25519,
    /// X25519
    X25519,
}
impl KeyKind {
    /// Returns `RSA`, `P-256`, `Ed25519`, …
    pub fn name(self) -> &'static str {
        todo!()
    }
}
impl PublicKey {
    /// Parses SubjectPublicKeyInfo DER. Sizes are checked before any arithmetic: RSA 512 to 16384 bits, exponent odd, 3 to 2^64; EC points on the curve, not infinity.
    pub fn from_spki(_der: &[u8]) -> Result<Self> {
        todo!()
    }
    /// Returns the SubjectPublicKeyInfo as given.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }
    /// Returns the kind.
    pub fn kind(&self) -> KeyKind {
        todo!()
    }
    /// Returns whether `signature` is this key's over `signed`. Err: the algorithm does not fit the key or the parameters are unusable.
    /// RSA PKCS#1 v1.5 by encode-and-compare (NULL and absent DigestInfo parameters both tried); ECDSA strict DER; EdDSA strict.
    pub fn verify(
        &self,
        _algorithm: &SignatureAlgorithm,
        _signed: Signed<'_>,
        _signature: &[u8],
    ) -> Result<bool> {
        todo!()
    }
}
