//! Key wrap: AES (RFC 3394), 3DES (RFC 3217, unwrap only).
use super::{Digest, Error, KeyWrap, Result, Secret, content, digest};
use crate::crypto::ContentCipher;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit, consts::U16};
use aes_kw::AesKw;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

impl KeyWrap {
    /// Returns the length of the wrapping key in octets.
    pub fn key_size(self) -> usize {
        self.row().size
    }
    /// Returns `aes-128-wrap` and the like.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}
/// Wraps a content key.
pub fn wrap(algorithm: KeyWrap, kek: &Secret, key: &Secret) -> Result<Vec<u8>> {
    match algorithm {
        KeyWrap::Aes128 => wrap_aes::<aes::Aes128>(kek, key),
        KeyWrap::Aes192 => wrap_aes::<aes::Aes192>(kek, key),
        KeyWrap::Aes256 => wrap_aes::<aes::Aes256>(kek, key),
        KeyWrap::TripleDes => Err(Error::Unsupported(format!(
            "{} for writing",
            algorithm.name()
        ))),
    }
}
/// Unwraps a content key; anything wrong is `Error::Decryption`. Inputs of any length (0 to 64 KiB) are safe.
pub fn unwrap(algorithm: KeyWrap, kek: &Secret, wrapped: &[u8]) -> Result<Secret> {
    match algorithm {
        KeyWrap::Aes128 => unwrap_aes::<aes::Aes128>(kek, wrapped),
        KeyWrap::Aes192 => unwrap_aes::<aes::Aes192>(kek, wrapped),
        KeyWrap::Aes256 => unwrap_aes::<aes::Aes256>(kek, wrapped),
        KeyWrap::TripleDes => unwrap_triple_des(kek, wrapped),
    }
}

/// Key data is n 64-bit blocks, n at least 2 (RFC 3394 §2); integrity check value and one block come on top.
const AES_BLOCK: usize = 8;
fn wrap_aes<C>(kek: &Secret, key: &Secret) -> Result<Vec<u8>>
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let (kek, key) = (kek.expose(), key.expose());
    let cipher = AesKw::<C>::new_from_slice(kek)
        .map_err(|_| Error::Key("a wrapping key of the wrong size"))?;
    let too_short = key.len() < 2 * AES_BLOCK;
    let mut out = vec![0; key.len().saturating_add(AES_BLOCK)];
    let wrapped = cipher.wrap_key(key, &mut out);
    match wrapped {
        Ok(_) if !too_short => Ok(out),
        _ => Err(Error::Key("a key of a size that cannot be wrapped")),
    }
}
fn unwrap_aes<C>(kek: &Secret, wrapped: &[u8]) -> Result<Secret>
where
    C: KeyInit + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
{
    let cipher = AesKw::<C>::new_from_slice(kek.expose()).map_err(|_| Error::Decryption)?;
    let size = wrapped.len().checked_sub(AES_BLOCK);
    let size = size
        .filter(|size| *size >= 2 * AES_BLOCK)
        .ok_or(Error::Decryption)?;
    let mut key = Zeroizing::new(vec![0; size]);
    cipher
        .unwrap_key(wrapped, &mut key)
        .map_err(|_| Error::Decryption)?;
    Ok(Secret::new(std::mem::take(&mut *key)))
}

/// Unwraps a 3DES key (RFC 3217 §3.2). The parity of its octets is not looked at: there are writers that do not set it.
fn unwrap_triple_des(kek: &Secret, wrapped: &[u8]) -> Result<Secret> {
    const IV: [u8; 8] = [0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05];
    if wrapped.len() != 40 {
        return Err(Error::Decryption);
    }
    let decrypt = |iv: &[u8], octets: &[u8]| -> Result<Zeroizing<Vec<u8>>> {
        let mut out = Zeroizing::new(octets.to_vec());
        content::decrypt_blocks(ContentCipher::TripleDesCbc, kek, iv, &mut out)?;
        Ok(out)
    };
    let mut reversed = decrypt(&IV, wrapped)?;
    reversed.reverse();
    let (iv, rest) = reversed.split_at_checked(8).ok_or(Error::Decryption)?;
    let key_and_checksum = decrypt(iv, rest)?;
    let (key, checksum) = key_and_checksum
        .split_at_checked(24)
        .ok_or(Error::Decryption)?;
    let wanted = digest::digest(Digest::Sha1, key);
    let good = wanted.get(..8).unwrap_or_default().ct_eq(checksum);
    if bool::from(good) {
        Ok(Secret::new(key.to_vec()))
    } else {
        Err(Error::Decryption)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .unwrap()
    }

    #[test]
    fn aes_wrap_is_that_of_rfc_3394() {
        // §4.6: 256 bits of key data with a 256-bit key
        let kek = Secret::new(hex(
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
        ));
        let key = Secret::new(hex(
            "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
        ));
        let wrapped =
            hex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
        assert_eq!(wrap(KeyWrap::Aes256, &kek, &key).unwrap(), wrapped);
        assert_eq!(
            unwrap(KeyWrap::Aes256, &kek, &wrapped).unwrap().expose(),
            key.expose()
        );
    }

    #[test]
    fn triple_des_unwrap_is_that_of_rfc_3217() {
        // §3.4
        let kek = Secret::new(hex("255e0d1c07b646dfb3134cc843ba8aa71f025b7c0838251f"));
        let mut wrapped =
            hex("690107618ef092b3b48ca1796b234ae9fa33ebb4159604037db5d6a84eb3aac2768c632775a467d4");
        let key = unwrap(KeyWrap::TripleDes, &kek, &wrapped).unwrap();
        assert_eq!(
            key.expose(),
            hex("2923bf85e06dd6ae529149f1f1bae9eab3a7da3d860d3e98")
        );
        wrapped[39] ^= 1;
        assert!(matches!(
            unwrap(KeyWrap::TripleDes, &kek, &wrapped),
            Err(Error::Decryption)
        ));
        assert!(wrap(KeyWrap::TripleDes, &kek, &key).is_err());
    }

    #[test]
    fn keys_of_odd_sizes_are_refused() {
        let kek = Secret::new(vec![1; 16]);
        for size in [0, 1, 7, 8, 15, 17, 31] {
            assert!(
                wrap(KeyWrap::Aes128, &kek, &Secret::new(vec![0; size])).is_err(),
                "{size}"
            );
        }
        assert!(wrap(KeyWrap::Aes256, &kek, &Secret::new(vec![0; 16])).is_err());
    }

    proptest! {
        #[test]
        fn any_input_is_refused_quietly(wrapped in prop::collection::vec(any::<u8>(), 0..100)) {
            for algorithm in KeyWrap::ALL {
                let kek = Secret::new(vec![7; algorithm.key_size()]);
                let refused = matches!(unwrap(algorithm, &kek, &wrapped), Err(Error::Decryption));
                prop_assert!(refused);
            }
        }
    }
}
