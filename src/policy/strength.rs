//! Where weakness begins: the thresholds behind `weak-key`, `weak-digest` and `weak-cipher`.
use crate::crypto::{ContentCipher, Digest, KeyEncryption, KeyWrap, public_key::KeyKind};

/// The smallest RSA modulus that is not weak, in bits (RFC 8551 §4.3).
pub const RSA_BITS: usize = 2048;

/// Returns whether a key is too small. The size of a DSA key that inherits its parameters is not known.
pub fn is_weak_key(kind: KeyKind) -> bool {
    match kind {
        KeyKind::Rsa { bits, .. } => bits < RSA_BITS,
        KeyKind::Dsa { bits } => (1..RSA_BITS).contains(&bits),
        _ => false,
    }
}

/// Returns whether keys of a kind belong to the past, whatever their size.
pub fn is_weak_algorithm(kind: KeyKind) -> bool {
    matches!(kind, KeyKind::Dsa { .. })
}

/// Returns whether a digest no longer resists collisions.
pub fn is_weak_digest(digest: Digest) -> bool {
    matches!(digest, Digest::Md5 | Digest::Sha1)
}

/// Returns whether a cipher is too old.
pub fn is_weak_cipher(cipher: ContentCipher) -> bool {
    matches!(
        cipher,
        ContentCipher::TripleDesCbc | ContentCipher::DesCbc | ContentCipher::Rc2Cbc { .. }
    )
}

/// Returns whether a content key is sent by a cipher that is too old.
pub fn is_weak_key_encryption(encryption: &KeyEncryption) -> bool {
    match encryption {
        KeyEncryption::Agreement(agreement) => agreement.wrap == KeyWrap::TripleDes,
        KeyEncryption::Wrap(wrap) => *wrap == KeyWrap::TripleDes,
        KeyEncryption::Password(wrap) => is_weak_cipher(wrap.cipher),
        KeyEncryption::Transport(_) | KeyEncryption::Kem(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_under_2048_bits_are_weak_and_so_is_dsa() {
        let rsa = |bits| KeyKind::Rsa {
            bits,
            restricted_to_pss: false,
        };
        for (kind, small, old) in [
            (rsa(2047), true, false),
            (rsa(2048), false, false),
            (KeyKind::Dsa { bits: 1024 }, true, true),
            (KeyKind::Dsa { bits: 2048 }, false, true),
            (KeyKind::Dsa { bits: 0 }, false, true),
            (KeyKind::Ed448, false, false),
        ] {
            assert_eq!(
                (is_weak_key(kind), is_weak_algorithm(kind)),
                (small, old),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn digests_below_112_bits_of_collision_resistance_are_weak() {
        let weak = Digest::ALL.into_iter().filter(|d| is_weak_digest(*d));
        assert!(weak.eq([Digest::Md5, Digest::Sha1]));
    }
}
