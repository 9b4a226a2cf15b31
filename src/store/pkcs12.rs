//! PKCS#12 files (RFC 7292) as OpenSSL, Windows and others write them.
use crate::{crypto::SoftwareKey, policy::Limits};
/// What a PKCS#12 file holds, in the order of the file.
#[derive(Debug, Default)]
pub struct Contents {
    /// private keys
    pub keys: Vec<SoftwareKey>,
    /// certificates, DER as found (not parsed here)
    pub certificates: Vec<Vec<u8>>,
}
/// Why a PKCS#12 file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is malformed, or damaged after its MAC was checked.
    #[error("not a valid PKCS#12 file: {0}")]
    Malformed(&'static str),
    /// The MAC does not match: the password is wrong.
    #[error("the password does not open the file")]
    WrongPassword,
    /// A key in it cannot be used, an algorithm is unknown or a cost above its limit.
    #[error(transparent)]
    Crypto(#[from] crate::crypto::Error),
}
/// Returns whether `octets` begin as a PKCS#12 file in BER or DER does: SEQUENCE, version 3, contentInfo. Cheap, and says nothing about the rest.
pub fn looks_like_pkcs12(_octets: &[u8]) -> bool {
    todo!()
}
/// Opens a PKCS#12 file, BER or DER, of at most `limits.key_file_bytes` (the caller's care); costs are capped by `limits.key_iterations`.
/// `None` for `password` tries the two encodings of no password; a file that needs one is then `Error::WrongPassword`.
pub fn open(_octets: &[u8], _password: Option<&str>, _limits: &Limits) -> Result<Contents, Error> {
    todo!()
}
