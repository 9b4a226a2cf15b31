//! Password-based encryption of keys: PBES2 (RFC 8018) and the schemes of PKCS#12 (RFC 7292 appendix B: PBE with 3DES and RC2, its KDF and MAC).
use super::{Result, Secret};
/// Decrypts by the given EncryptionAlgorithm (PBES2 or a PKCS#12 PBE). `max_iterations` caps the cost that the file may ask for.
/// A wrong password is `Error::Password`.
pub fn decrypt(
    _algorithm: &spki::AlgorithmIdentifierOwned,
    _password: &str,
    _ciphertext: &[u8],
    _max_iterations: u32,
) -> Result<Secret> {
    todo!()
}
/// Returns whether a PKCS#12 MAC over `content` is right.
pub fn pkcs12_mac_matches(
    _digest: super::Digest,
    _password: &str,
    _salt: &[u8],
    _iterations: u32,
    _content: &[u8],
    _mac: &[u8],
) -> Result<bool> {
    todo!()
}
