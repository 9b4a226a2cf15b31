//! Content encryption of a stream: CBC with PKCS#7 padding (RFC 5652 §6.3), GCM (RFC 5084) under its length limit of 2^36-32 octets.
//! What `Decryption` yields is not proven before `finish` returned Ok.
use super::{ContentCipher, Result, Secret};
/// Encrypts flowing content.
pub struct Encryption {
    cipher: ContentCipher,
}
impl Encryption {
    /// Starts; `aad` (authenticated attributes, DER SET) must be empty for CBC.
    pub fn new(_cipher: ContentCipher, _key: &Secret, _iv: &[u8], _aad: &[u8]) -> Result<Self> {
        todo!()
    }
    /// Appends to `out` the ciphertext that `chunk` completes.
    pub fn update(&mut self, _chunk: &[u8], _out: &mut Vec<u8>) -> Result<()> {
        let _ = self.cipher;
        todo!()
    }
    /// Appends the last block; returns the tag (empty for CBC).
    pub fn finish(self, _out: &mut Vec<u8>) -> Result<Vec<u8>> {
        todo!()
    }
}
/// Decrypts flowing content.
pub struct Decryption {
    cipher: ContentCipher,
}
impl Decryption {
    /// Starts; a key of the wrong size is an error of the caller.
    pub fn new(_cipher: ContentCipher, _key: &Secret, _iv: &[u8]) -> Result<Self> {
        todo!()
    }
    /// Appends to `out` the plaintext that `chunk` completes (CBC holds the last block back).
    pub fn update(&mut self, _chunk: &[u8], _out: &mut Vec<u8>) -> Result<()> {
        let _ = self.cipher;
        todo!()
    }
    /// Checks padding (constant time) or tag (16 octets, constant time) and appends what was held back. In AuthEnvelopedData the authenticated
    /// attributes, GCM's AAD, stand after the content, so they are given here: GHASH is linear, their share is GHASH(aad) times H to the number
    /// of ciphertext blocks. For CBC both `aad` and `tag` are empty.
    pub fn finish(self, _aad: &[u8], _tag: &[u8], _out: &mut Vec<u8>) -> Result<()> {
        todo!()
    }
}
