//! What a contentEncryptionAlgorithm says: the cipher, its IV or nonce, and whether its key is the content key or derived from it (RFC 9709).
use super::{
    ContentCipher, Digest, Error, Result, Secret, algorithm::unsupported, key_agreement, parameters,
};
use crate::asn1::oid::Oid;
use spki::AlgorithmIdentifierOwned;

/// id-alg-cek-hkdf-sha256 (RFC 9709 §3)
const CEK_HKDF_SHA256: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.3.31");

/// A cipher with everything but its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentEncryption {
    /// the cipher
    pub cipher: ContentCipher,
    /// its IV or nonce
    pub iv: Vec<u8>,
    /// DER of the AlgorithmIdentifier that its key is bound to
    bound_to: Option<Vec<u8>>,
}
impl ContentEncryption {
    /// What says in capabilities that keys may be bound (RFC 9709 §4).
    pub const BOUND: Oid = CEK_HKDF_SHA256;

    /// Joins a cipher and its IV or nonce; `bound`: the key is derived from the content key and this AlgorithmIdentifier.
    pub fn new(cipher: ContentCipher, iv: Vec<u8>, bound: bool) -> Self {
        let bound_to = bound.then(|| parameters::encoded(&cipher.identifier(&iv)));
        Self {
            cipher,
            iv,
            bound_to,
        }
    }
    /// Reads an AlgorithmIdentifier: a cipher's, or an id-alg-cek-hkdf-sha256 whose parameters are a cipher's.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        if identifier.oid != CEK_HKDF_SHA256 {
            let (cipher, iv) = ContentCipher::from_identifier(identifier)?;
            return Ok(Self::new(cipher, iv, false));
        }
        let der = parameters::present(identifier, "cek-hkdf-sha256")?;
        let inner = parameters::algorithm_identifier(&der).ok_or(Error::Parameters {
            algorithm: "cek-hkdf-sha256",
            what: "malformed ContentEncryptionAlgorithmIdentifier",
        })?;
        if inner.oid == CEK_HKDF_SHA256 {
            return Err(unsupported(&inner));
        }
        let (cipher, iv) = ContentCipher::from_identifier(&inner)?;
        Ok(Self {
            cipher,
            iv,
            bound_to: Some(der),
        })
    }
    /// Returns the AlgorithmIdentifier.
    pub fn identifier(&self) -> AlgorithmIdentifierOwned {
        let inner = self.cipher.identifier(&self.iv);
        match self.bound_to {
            Some(_) => parameters::with_key_wrap(CEK_HKDF_SHA256, &inner),
            None => inner,
        }
    }
    /// Returns whether the key is derived (RFC 9709).
    pub fn is_bound(&self) -> bool {
        self.bound_to.is_some()
    }
    /// Returns the cipher's key: the content key, or what CMS_CEK_HKDF_SHA256 (RFC 9709 §2) makes of it, which is as long.
    pub fn key(&self, content_key: &Secret) -> Result<Secret> {
        let salt = b"The Cryptographic Message Syntax";
        let octets = content_key.expose();
        match &self.bound_to {
            None => Ok(Secret::new(octets.to_vec())),
            Some(info) => {
                key_agreement::hkdf(Digest::Sha256, Some(salt), content_key, info, octets.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use spki::der::{Any, Decode, Encode};

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }
    fn bound(inner: &[u8]) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned {
            oid: CEK_HKDF_SHA256,
            parameters: Some(Any::from_der(inner).unwrap()),
        }
    }

    #[test]
    fn keys_are_those_of_rfc_9709() {
        let content_key = Secret::new(hex("c702e7d0a9e064b09ba55245fb733cf3"));
        // appendix B.2
        let inner = hex("301d06096086480165030401020410651f722ffd512c52fe072e507d72b377");
        let read = ContentEncryption::from_identifier(&bound(&inner)).unwrap();
        assert_eq!(read.cipher, ContentCipher::Aes128Cbc);
        assert!(read.is_bound());
        let key = read.key(&content_key).unwrap();
        assert_eq!(key.expose(), hex("9cd102c52f1e19ece8729b35bfeceb50"));
        // appendix B.1, whose tag of 12 octets we do not read
        let inner = hex("301b0609608648016503040106300e040c5c79058ba2f43447639d29e2");
        assert!(ContentEncryption::from_identifier(&bound(&inner)).is_err());
        let by_hand = ContentEncryption {
            bound_to: Some(inner),
            ..read
        };
        let key = by_hand.key(&content_key).unwrap();
        assert_eq!(key.expose(), hex("2124ffb29fac4e0fbbc7d5d87492bff3"));
    }

    #[test]
    fn it_comes_back_as_written() {
        for cipher in ContentCipher::ALL {
            for is_bound in [false, true] {
                let iv = vec![7; cipher.iv_size()];
                let made = ContentEncryption::new(cipher, iv, is_bound);
                let read = ContentEncryption::from_identifier(&made.identifier()).unwrap();
                assert_eq!(read, made);
                let key = Secret::new(vec![1; cipher.key_size()]);
                let same = read.key(&key).unwrap().expose() == key.expose();
                assert_eq!(same, !is_bound);
            }
        }
    }

    #[test]
    fn what_is_bound_is_a_cipher_and_nothing_else() {
        let inner = ContentCipher::Aes128Gcm.identifier(&[1; 12]);
        let inner = bound(&inner.to_der().unwrap());
        assert!(ContentEncryption::from_identifier(&inner).is_ok());
        let twice = bound(&inner.to_der().unwrap());
        assert!(ContentEncryption::from_identifier(&twice).is_err());
        for refused in [&[5, 0][..], &[4, 1, 0], &[0x30, 0]] {
            assert!(ContentEncryption::from_identifier(&bound(refused)).is_err());
        }
        let absent = AlgorithmIdentifierOwned {
            oid: CEK_HKDF_SHA256,
            parameters: None,
        };
        assert!(ContentEncryption::from_identifier(&absent).is_err());
    }

    #[test]
    fn another_nonce_is_another_key() {
        let key = |iv: u8| {
            let made = ContentEncryption::new(ContentCipher::Aes256Gcm, vec![iv; 12], true);
            let key = made.key(&Secret::new(vec![9; 32])).unwrap();
            key.expose().to_vec()
        };
        assert_ne!(key(1), key(2));
    }
}
