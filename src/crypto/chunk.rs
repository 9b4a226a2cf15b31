//! A bounded buffer under AES-256-GCM, sealed and opened in place (RFC 5116 §5.2). Content that flows is `content`'s.
use super::{Error, Result, Secret, engine};
use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut as _, KeyInit as _},
};

/// Octets of the tag that sealing adds.
pub const TAG: usize = 16;

/// Encrypts `buffer` in place and appends the tag. A nonce serves once under a key of 32 octets.
pub fn seal(key: &Secret, nonce: &[u8; 12], buffer: &mut Vec<u8>) -> Result<()> {
    if let Some(()) = engine(key).and_then(|engine| engine.seal(nonce, buffer)) {
        return Ok(());
    }
    cipher(key)?
        .encrypt_in_place(&(*nonce).into(), &[], buffer)
        .map_err(|_| Error::Key("it cannot seal so much"))
}

/// Checks and removes the tag and decrypts in place; nothing is left decrypted if the tag is wrong.
pub fn open(key: &Secret, nonce: &[u8; 12], buffer: &mut Vec<u8>) -> Result<()> {
    if let Some(opened) = engine(key).and_then(|engine| engine.open(nonce, buffer)) {
        return opened.then_some(()).ok_or(Error::Decryption);
    }
    cipher(key)?
        .decrypt_in_place(&(*nonce).into(), &[], buffer)
        .map_err(|_| Error::Decryption)
}

fn engine(key: &Secret) -> Option<engine::Gcm> {
    engine::Gcm::new(key).filter(|_| key.expose().len() == 32)
}
fn cipher(key: &Secret) -> Result<Aes256Gcm> {
    Aes256Gcm::new_from_slice(key.expose()).map_err(|_| Error::Key("it is not 32 octets long"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn opens_what_was_sealed_and_nothing_else() {
        let key = Secret::new(vec![1; 32]);
        let mut sealed = b"content".to_vec();
        seal(&key, &[0; 12], &mut sealed).unwrap();
        assert_eq!(sealed.len(), 7 + TAG);
        let mut opened = sealed.clone();
        open(&key, &[0; 12], &mut opened).unwrap();
        assert_eq!(opened, b"content");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, &[0; 12], &mut changed).is_err());
        }
        assert!(open(&key, &[1; 12], &mut sealed.clone()).is_err());
        assert!(open(&key, &[0; 12], &mut Vec::new()).is_err());
        assert!(seal(&Secret::new(vec![1; 16]), &[0; 12], &mut Vec::new()).is_err());
    }
}
