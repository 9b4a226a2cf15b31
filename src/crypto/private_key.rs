//! Private keys: the joint `PrivateKey` (smart cards and key servers plug in here) and the keys held in memory.
use super::{CryptoRng, KeyTransport, PublicKey, Result, Secret, SignatureAlgorithm};
/// Who can sign, decrypt content keys and agree on them. An implementation never shows the key.
pub trait PrivateKey: Send + Sync {
    /// Returns the public half.
    fn public_key(&self) -> &PublicKey;
    /// Signs `message` (at most a few kilobytes: the DER of signed attributes).
    fn sign(
        &self,
        algorithm: &SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>>;
    /// Decrypts a content key sent by RSA. For PKCS#1 v1.5 bad padding, or a key that is not `expected_size` octets long, yields a
    /// pseudo-random key of `expected_size` (implicit rejection), so that the caller cannot tell; `Err(Decryption)` only for what is public (ciphertext length)
    /// and for OAEP.
    fn decrypt_key(
        &self,
        algorithm: KeyTransport,
        encrypted_key: &[u8],
        expected_size: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Secret>;
    /// Agrees on a shared secret with an ephemeral public key of the same curve: the X coordinate, or X25519's output (all-zero refused).
    fn agree(&self, peer: &PublicKey) -> Result<Secret>;
}
/// A key in memory, zeroized when dropped.
pub struct SoftwareKey {
    public: PublicKey,
}
impl SoftwareKey {
    /// Parses PKCS#8 `PrivateKeyInfo` / `OneAsymmetricKey` DER (RFC 5958).
    pub fn from_pkcs8(_der: &[u8]) -> Result<Self> {
        todo!()
    }
    /// Makes an ephemeral key of the same kind (EC or X25519) as `like`.
    pub fn ephemeral(_like: &PublicKey, _rng: &mut dyn CryptoRng) -> Result<Self> {
        todo!()
    }
}
impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SoftwareKey(…)")
    }
}
impl PrivateKey for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }
    fn sign(
        &self,
        _algorithm: &SignatureAlgorithm,
        _message: &[u8],
        _rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>> {
        todo!()
    }
    fn decrypt_key(
        &self,
        _algorithm: KeyTransport,
        _encrypted_key: &[u8],
        _expected_size: usize,
        _rng: &mut dyn CryptoRng,
    ) -> Result<Secret> {
        todo!()
    }
    fn agree(&self, _peer: &PublicKey) -> Result<Secret> {
        todo!()
    }
}
