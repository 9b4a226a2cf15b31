//! RSA key transport, the sending side (the receiving side is `PrivateKey::decrypt_key`).
use super::{CryptoRng, KeyTransport, PublicKey, Result, Secret};
/// Encrypts a content key to an RSA key.
pub fn encrypt_key(
    _to: &PublicKey,
    _algorithm: KeyTransport,
    _key: &Secret,
    _rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    todo!()
}
