//! Where weakness begins: the thresholds behind `weak-key`, `weak-digest` and `weak-cipher`.
use crate::crypto::{ContentCipher, Digest, public_key::KeyKind};

/// The smallest RSA modulus that is not weak, in bits (RFC 8551 §4.3).
pub const RSA_BITS: usize = 2048;

/// Returns whether a key is too small.
pub fn is_weak_key(kind: KeyKind) -> bool {
    matches!(kind, KeyKind::Rsa { bits, .. } if bits < RSA_BITS)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_below_112_bits_of_collision_resistance_are_weak() {
        let weak = Digest::ALL.into_iter().filter(|d| is_weak_digest(*d));
        assert!(weak.eq([Digest::Md5, Digest::Sha1]));
    }
}
