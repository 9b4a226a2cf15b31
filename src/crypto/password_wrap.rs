//! Content keys under a password (RFC 3211): PBKDF2 (RFC 8018) makes a key of it, a block cipher wraps with that.
//!
//! Costs are compared with their limit before any work.
use super::{
    CryptoRng, Error, KeySize, Result, Secret,
    algorithm::PasswordWrap,
    content, parameters,
    password::{Kdf, PBKDF2},
};
use crate::asn1::{Tag, cursor::Cursor, oid::Oid, write};
use spki::AlgorithmIdentifierOwned;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// How a key is made of a password.
pub struct Derivation(Kdf);
impl Derivation {
    /// Reads a keyDerivationAlgorithm, which must be PBKDF2 of at most `max_iterations`.
    pub fn from_identifier(
        identifier: &AlgorithmIdentifierOwned,
        max_iterations: u32,
    ) -> Result<Self> {
        let der = parameters::encoded(identifier);
        Kdf::read(&mut Cursor::new(&der, 0), max_iterations).map(Self)
    }
    /// Returns how much work it is.
    pub fn iterations(&self) -> u32 {
        self.0.iterations()
    }
    /// Makes the key of a wrap. A keyLength, if there is one, must be the cipher's.
    pub fn key(&self, password: &[u8], wrap: &PasswordWrap) -> Result<Secret> {
        let size = wrap.cipher.key_size();
        match self.0.key_length() {
            Some(other) if other != size => Err(Error::Parameters {
                algorithm: "pbkdf2",
                what: "a key length that is not the cipher's",
            }),
            _ => self.0.derive(password, size),
        }
    }
}

/// id-hmacWithSHA256 (RFC 8018 appendix B.1.2)
const HMAC_SHA256: Oid = Oid::new_unwrap("1.2.840.113549.2.9");
/// Returns the AlgorithmIdentifier of PBKDF2 with HMAC-SHA-256, as it is written, with a salt of 16 new octets.
pub fn derivation(iterations: u32, rng: &mut dyn CryptoRng) -> AlgorithmIdentifierOwned {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let parameters = write::sequence(&[
        &write::tlv(Tag::OCTET_STRING, &salt),
        &write::integer(iterations),
        &parameters::encoded(&parameters::with_null(HMAC_SHA256)),
    ]);
    parameters::with(PBKDF2, &parameters)
}

/// Octets of count and check value before the key (RFC 3211 §2.3.1).
const HEAD: usize = 4;

/// Wraps a content key (RFC 3211 §2.3.1): count, check value, key and random padding, encrypted twice without a new IV.
pub fn wrap(
    algorithm: &PasswordWrap,
    kek: &Secret,
    key: &Secret,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    const UNFIT: Error = Error::Key("a key of a size that cannot be wrapped");
    let key = key.expose();
    let block = algorithm.cipher.iv_size();
    let size = key.len().saturating_add(HEAD).max(block.saturating_add(1));
    let mut octets = Zeroizing::new(vec![0; size.next_multiple_of(block)]);
    rng.fill_bytes(&mut octets);
    let count = u8::try_from(key.len()).map_err(|_| UNFIT)?;
    let [a, b, c, ..] = key else {
        return Err(UNFIT);
    };
    let head = [count, !a, !b, !c];
    for (place, octet) in octets.iter_mut().zip(head.iter().chain(key)) {
        *place = *octet;
    }
    content::encrypt_blocks(algorithm.cipher, kek, &algorithm.iv, &mut octets)?;
    let start = octets.len().saturating_sub(block);
    let iv = octets.get(start..).unwrap_or_default().to_vec();
    content::encrypt_blocks(algorithm.cipher, kek, &iv, &mut octets)?;
    Ok(octets.to_vec())
}

/// Unwraps a content key of this size (RFC 3211 §2.3.2); anything wrong is `Error::Decryption`. Inputs of any length are safe.
pub fn unwrap(
    algorithm: &PasswordWrap,
    kek: &Secret,
    wrapped: &[u8],
    size: KeySize,
) -> Result<Secret> {
    /// Octets of the longest wrapped key: its count is one octet.
    const LONGEST: usize = HEAD + 255 + 16;
    let (cipher, block) = (algorithm.cipher, algorithm.cipher.iv_size());
    let whole = wrapped.len().checked_rem(block) == Some(0);
    if !whole || wrapped.len() < block.saturating_mul(2) || wrapped.len() > LONGEST {
        return Err(Error::Decryption);
    }
    let mut octets = Zeroizing::new(wrapped.to_vec());
    // the last block first, whose IV is the one before it; then, with that as their IV, the others
    let at = wrapped.len().saturating_sub(block);
    let before = at.saturating_sub(block);
    let iv = wrapped.get(before..at).ok_or(Error::Decryption)?;
    let (others, last) = octets.split_at_mut_checked(at).ok_or(Error::Decryption)?;
    content::decrypt_blocks(cipher, kek, iv, last)?;
    content::decrypt_blocks(cipher, kek, last, others)?;
    content::decrypt_blocks(cipher, kek, &algorithm.iv, &mut octets)?;
    let (head, rest) = octets.split_at_checked(HEAD).ok_or(Error::Decryption)?;
    let ([count, check @ ..], [a, b, c, ..]) = (head, rest) else {
        return Err(Error::Decryption);
    };
    let key = rest.get(..usize::from(*count)).unwrap_or_default();
    match bool::from(check.ct_eq(&[!a, !b, !c])) {
        true => size.fit(key).ok_or(Error::Decryption),
        false => Err(Error::Decryption),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::crypto::{ContentCipher, Digest};
    use proptest::prelude::*;
    use rand::SeedableRng;

    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::from_seed([4; 32])
    }
    fn aes(bits: usize) -> PasswordWrap {
        let cipher = match bits {
            128 => ContentCipher::Aes128Cbc,
            192 => ContentCipher::Aes192Cbc,
            _ => ContentCipher::Aes256Cbc,
        };
        let iv = vec![8; 16];
        PasswordWrap { cipher, iv }
    }
    fn kek(wrap: &PasswordWrap) -> Secret {
        Secret::new(vec![6; wrap.cipher.key_size()])
    }

    #[test]
    fn what_is_wrapped_is_unwrapped() {
        for bits in [128, 192, 256] {
            let wrapping = aes(bits);
            for size in [3, 8, 16, 24, 32, 255] {
                let key = Secret::new((0..size).map(|i| u8::try_from(i).unwrap()).collect());
                let wrapped = wrap(&wrapping, &kek(&wrapping), &key, &mut rng()).unwrap();
                assert!(wrapped.len() >= 32 && wrapped.len().is_multiple_of(16));
                let unwrapped =
                    unwrap(&wrapping, &kek(&wrapping), &wrapped, KeySize::Exactly(size)).unwrap();
                assert_eq!(unwrapped.expose(), key.expose());
                for other in [size - 1, size + 1] {
                    assert!(
                        unwrap(
                            &wrapping,
                            &kek(&wrapping),
                            &wrapped,
                            KeySize::Exactly(other)
                        )
                        .is_err()
                    );
                }
                let mut altered = wrapped.clone();
                altered[0] ^= 1;
                assert!(
                    unwrap(&wrapping, &kek(&wrapping), &altered, KeySize::Exactly(size)).is_err()
                );
            }
        }
        let wrapping = aes(128);
        for size in [0, 1, 2, 256] {
            let key = Secret::new(vec![0; size]);
            assert!(wrap(&wrapping, &kek(&wrapping), &key, &mut rng()).is_err());
        }
    }

    #[test]
    fn the_wrap_is_that_of_rfc_3211() {
        // §3, second set: PBKDF2 with 500 iterations, 3DES
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let wrapping = PasswordWrap {
            cipher: ContentCipher::TripleDesCbc,
            iv: hex("baf1ca7931213c4e"),
        };
        let kek = Secret::new(hex("6a8970bf68c92caea84a8df28510858607126380cc47ab2d"));
        let wrapped =
            hex("c03c514abdb9e2c5aac038572b5e24553876b377aafb82eca5a9d73f8ab143d9ec74e6cad7db260c");
        let key = unwrap(&wrapping, &kek, &wrapped, KeySize::Exactly(32)).unwrap();
        assert_eq!(
            key.expose(),
            hex("8c637d887223a2f965b566eb014b0fa5d52300a3f7ea40fffc577203c71baf3b")
        );
        let derivation = Derivation(Kdf::for_test(&hex("1234567878563412"), 500, Digest::Sha1));
        let password =
            b"All n-entities must communicate with other n-entities via n-1 entiteeheehees";
        let derived = derivation.key(password, &wrapping).unwrap();
        assert_eq!(derived.expose(), kek.expose());
    }

    #[test]
    fn derivations_come_back_as_written() {
        let written = derivation(1000, &mut rng());
        let read = Derivation::from_identifier(&written, 1000).unwrap();
        assert_eq!(read.iterations(), 1000);
        let past = Derivation::from_identifier(&written, 999);
        assert!(matches!(past, Err(Error::Limit { .. })));
        let key = read.key(b"password", &aes(256)).unwrap();
        assert_eq!(key.expose().len(), 32);
        let other = derivation(1000, &mut rand_chacha::ChaCha20Rng::from_seed([5; 32]));
        assert_ne!(written, other);
    }

    #[test]
    fn only_block_ciphers_in_cbc_mode_wrap() {
        for cipher in ContentCipher::ALL {
            let iv = vec![1; cipher.iv_size()];
            let made = PasswordWrap { cipher, iv };
            let read = PasswordWrap::from_identifier(&made.identifier());
            let allowed = matches!(
                cipher,
                ContentCipher::Aes128Cbc
                    | ContentCipher::Aes192Cbc
                    | ContentCipher::Aes256Cbc
                    | ContentCipher::TripleDesCbc
            );
            assert_eq!(read.is_ok(), allowed, "{}", cipher.name());
        }
    }

    proptest! {
        #[test]
        fn any_input_is_refused_quietly(wrapped in prop::collection::vec(any::<u8>(), 0..400), size in 0_usize..300) {
            let wrapping = aes(128);
            let refused = matches!(unwrap(&wrapping, &kek(&wrapping), &wrapped, KeySize::Exactly(size)), Err(Error::Decryption));
            prop_assert!(refused);
        }
    }
}
