//! CCM (NIST SP 800-38C, RFC 3610), read only. Its first block holds the length of the content and the additional data comes before it, but in a
//! message both stand behind: so the ciphertext is held, and its length bounded.
use super::{ContentCipher, Error, Result, Secret};
use aes::{
    Aes128, Aes192, Aes256,
    cipher::{
        BlockCipherEncrypt, BlockSizeUser, KeyInit,
        consts::{U7, U8, U9, U10, U11, U12, U13, U16},
    },
};
use ccm::{
    Ccm,
    aead::{AeadInOut, Nonce, Tag},
};
use zeroize::Zeroizing;

/// The longest ciphertext held: what a nonce of 12 octets permits (three are left for the length, RFC 3610 §2.1). Shorter nonces permit more.
const LIMIT: u64 = (1 << 24) - 1;

pub(super) struct Held {
    cipher: ContentCipher,
    key: Secret,
    nonce: Vec<u8>,
    ciphertext: Zeroizing<Vec<u8>>,
}
impl Held {
    /// Starts; key and nonce are of the cipher's sizes.
    pub(super) fn new(cipher: ContentCipher, key: &Secret, nonce: &[u8]) -> Self {
        Self {
            cipher,
            key: Secret::new(key.expose().to_vec()),
            nonce: nonce.to_vec(),
            ciphertext: Zeroizing::default(),
        }
    }
    /// Takes ciphertext in.
    pub(super) fn hold(&mut self, chunk: &[u8]) -> Result<()> {
        let found = self.ciphertext.len().saturating_add(chunk.len());
        let found = u64::try_from(found).unwrap_or(u64::MAX);
        if found > LIMIT {
            return Err(Error::Limit {
                what: "length of AES-CCM content",
                found,
                limit: LIMIT,
            });
        }
        self.ciphertext.extend_from_slice(chunk);
        Ok(())
    }
    /// Checks the tag and appends the plaintext.
    pub(super) fn finish(mut self, aad: &[u8], tag: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match self.cipher {
            ContentCipher::Aes128Ccm => self.decrypt::<Aes128>(aad, tag)?,
            ContentCipher::Aes192Ccm => self.decrypt::<Aes192>(aad, tag)?,
            ContentCipher::Aes256Ccm => self.decrypt::<Aes256>(aad, tag)?,
            _ => return Err(Error::Unsupported(self.cipher.name().to_owned())),
        }
        out.extend_from_slice(&self.ciphertext);
        Ok(())
    }
    fn decrypt<C>(&mut self, aad: &[u8], tag: &[u8]) -> Result<()>
    where
        C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
    {
        match self.nonce.len() {
            7 => self.decrypt_with::<Ccm<C, U16, U7>>(aad, tag),
            8 => self.decrypt_with::<Ccm<C, U16, U8>>(aad, tag),
            9 => self.decrypt_with::<Ccm<C, U16, U9>>(aad, tag),
            10 => self.decrypt_with::<Ccm<C, U16, U10>>(aad, tag),
            11 => self.decrypt_with::<Ccm<C, U16, U11>>(aad, tag),
            12 => self.decrypt_with::<Ccm<C, U16, U12>>(aad, tag),
            13 => self.decrypt_with::<Ccm<C, U16, U13>>(aad, tag),
            _ => Err(Error::Decryption),
        }
    }
    fn decrypt_with<A: KeyInit + AeadInOut>(&mut self, aad: &[u8], tag: &[u8]) -> Result<()> {
        let wrong = |_| Error::Decryption;
        let ccm = A::new_from_slice(self.key.expose()).map_err(wrong)?;
        let nonce = Nonce::<A>::try_from(self.nonce.as_slice()).map_err(|_| Error::Decryption)?;
        let tag = Tag::<A>::try_from(tag).map_err(|_| Error::Decryption)?;
        let octets = self.ciphertext.as_mut_slice();
        ccm.decrypt_inout_detached(&nonce, aad, octets.into(), &tag)
            .map_err(|_| Error::Decryption)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn held(nonce: usize) -> Held {
        Held::new(
            ContentCipher::Aes128Ccm,
            &Secret::new(vec![1; 16]),
            &vec![2; nonce],
        )
    }

    #[test]
    fn the_length_limit_is_exact() {
        let mut at = held(12);
        at.hold(&vec![0; (1 << 24) - 1]).unwrap();
        assert!(matches!(at.hold(b"x"), Err(Error::Limit { .. })));
        let mut past = held(7);
        assert!(matches!(
            past.hold(&vec![0; 1 << 24]),
            Err(Error::Limit { .. })
        ));
        // 13 octets of nonce leave two for the length
        let mut longer = held(13);
        longer.hold(&vec![0; 1 << 16]).unwrap();
        let found = longer.finish(b"", &[0; 16], &mut Vec::new());
        assert!(matches!(found, Err(Error::Decryption)));
    }

    #[test]
    fn tags_and_nonces_of_other_lengths_are_refused() {
        for tag in [0, 4, 12, 15, 17] {
            let found = held(12).finish(b"", &vec![0; tag], &mut Vec::new());
            assert!(matches!(found, Err(Error::Decryption)), "{tag}");
        }
        for nonce in [0, 6, 14] {
            let found = held(nonce).finish(b"", &[0; 16], &mut Vec::new());
            assert!(matches!(found, Err(Error::Decryption)), "{nonce}");
        }
    }
}
