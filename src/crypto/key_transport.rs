//! RSA key transport, the sending side (the receiving side is `PrivateKey::decrypt_key`).
use super::{
    CryptoRng, Error, KeyTransport, PublicKey, Result, Secret, public_key::Key, rsa_scheme,
};
/// Encrypts a content key to an RSA key.
pub fn encrypt_key(
    to: &PublicKey,
    algorithm: &KeyTransport,
    key: &Secret,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    match to.key() {
        Key::Rsa {
            key: rsa,
            pss: None,
        } => rsa_scheme::encrypt(rsa, algorithm, key, rng),
        _ => Err(Error::KeyType {
            key: to.kind().name(),
            what: "receive content keys by RSA",
        }),
    }
}
