//! Names, keys and mathematics: the only room that names cipher crates.
//!
//! Randomness is an argument (`&mut dyn CryptoRng`); secrets are [`secret::Secret`], zeroized and never printed.
pub mod algorithm;
mod bp512;
mod ccm;
mod chacha20_poly1305;
pub mod chunk;
pub mod content;
pub mod content_encryption;
mod curve;
pub mod digest;
mod dsa;
mod ec_key;
mod ecdsa_scheme;
mod ed448;
mod engine;
mod gcm;
pub mod kem;
pub mod key_agreement;
pub mod key_file;
pub mod key_transport;
pub mod key_wrap;
pub mod mac;
pub mod ml_dsa;
mod parameters;
pub mod password;
pub mod password_wrap;
pub mod private_key;
pub mod public_key;
mod rsa_scheme;
mod scrypt;
pub mod secret;
pub mod slh_dsa;
#[cfg(test)]
pub(crate) use dsa::tests::signer as dsa_signer;
#[cfg(test)]
mod wycheproof;

pub use algorithm::{
    ContentCipher, Digest, Kem, KeyAgreement, KeyEncryption, KeyTransport, KeyWrap,
    SignatureAlgorithm,
};
pub use content_encryption::ContentEncryption;
pub use digest::Hasher;
pub use mac::{Mac, MacAlgorithm};
pub use ml_dsa::MlDsa;
pub use private_key::{PrivateKey, SoftwareKey};
pub use public_key::PublicKey;
pub use rand::CryptoRng;
pub use secret::{KeySize, Secret};
pub use slh_dsa::SlhDsa;

/// Why a cryptographic operation could not be done. A signature that does not verify is no error but an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The algorithm is not known here, or not for this use.
    #[error("unsupported algorithm {0}")]
    Unsupported(String),
    /// The parameters of an algorithm are malformed or not allowed (explicit curves, a trailer of PSS, a GCM nonce that is not 12 bytes, …).
    #[error("the parameters of {algorithm} are not acceptable: {what}")]
    Parameters {
        /// name
        algorithm: &'static str,
        /// what is wrong
        what: &'static str,
    },
    /// The key is malformed, or too large (RSA above 16384 bits), or its pair is inconsistent.
    #[error("the key is unusable: {0}")]
    Key(&'static str),
    /// The key cannot do what was asked (sign with X25519, …).
    #[error("a key of type {key} cannot {what}")]
    KeyType {
        /// "RSA", "P-256", …
        key: &'static str,
        /// "sign with rsa-pss", …
        what: &'static str,
    },
    /// Decryption, unwrapping or authentication failed: one error for every reason, on purpose.
    #[error("decryption failed")]
    Decryption,
    /// A password is needed, or does not open the key.
    #[error("the password does not open the key")]
    Password,
    /// The key is encrypted and no password was given.
    #[error("the key is encrypted and no password was given")]
    PasswordNeeded,
    /// A cost or size is above its limit (KDF iterations, AES-GCM length, …).
    #[error("{what} of {found} is above the limit of {limit}")]
    Limit {
        /// what
        what: &'static str,
        /// found
        found: u64,
        /// limit
        limit: u64,
    },
}
/// The result of a cryptographic operation.
pub type Result<T> = std::result::Result<T, Error>;
