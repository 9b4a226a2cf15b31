//! Key wrap: AES (RFC 3394), 3DES (RFC 3217, unwrap only).
use super::{KeyWrap, Result, Secret};
impl KeyWrap {
    /// Returns the length of the wrapping key in octets.
    pub fn key_size(self) -> usize {
        todo!()
    }
    /// Returns `aes-128-wrap` and the like.
    pub fn name(self) -> &'static str {
        todo!()
    }
}
/// Wraps a content key.
pub fn wrap(_algorithm: KeyWrap, _kek: &Secret, _key: &Secret) -> Result<Vec<u8>> {
    todo!()
}
/// Unwraps a content key; anything wrong is `Error::Decryption`. Inputs of any length (0 to 64 KiB) are safe.
pub fn unwrap(_algorithm: KeyWrap, _kek: &Secret, _wrapped: &[u8]) -> Result<Secret> {
    todo!()
}
