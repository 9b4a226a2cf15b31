//! Where weakness begins: the thresholds behind `weak-key`, `small-exponent`, `weak-digest`, `weak-algorithm` and `weak-cipher`.
use crate::crypto::{
    ContentCipher, Digest, KeyEncryption, KeyWrap, SignatureAlgorithm, algorithm::Algorithm,
    public_key::KeyKind,
};

/// The smallest RSA modulus that is not weak, in bits (RFC 8551 §4.3).
pub const RSA_BITS: usize = 2048;

/// The smallest public exponent of RSA that new keys may have (FIPS 186-5 §A.1.1).
pub const RSA_EXPONENT: u64 = 65537;

/// Returns whether a key is too small. The size of a DSA key that inherits its parameters is not known.
pub fn is_weak_key(kind: KeyKind) -> bool {
    match kind {
        KeyKind::Rsa { bits, .. } | KeyKind::RsaKem { bits } => bits < RSA_BITS,
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

/// Security strength below which an algorithm is weak, in bits (SP 800-131A §1.2.1).
pub const STRENGTH: u16 = 112;

/// Returns whether an algorithm of the table is weak. Of those that have no rule (what protects key files) that is said and no more.
pub fn is_weak(algorithm: &Algorithm) -> bool {
    let strength = algorithm.line().strength;
    needs_archive(algorithm) || strength.is_some_and(|bits| bits < STRENGTH)
}

/// Returns whether an algorithm of the table is read under the archive policy alone, unless its rule is allowed.
pub fn needs_archive(algorithm: &Algorithm) -> bool {
    match algorithm {
        Algorithm::Digest(digest) => is_weak_digest(*digest),
        Algorithm::Key(kind) => is_weak_key(*kind) || is_weak_algorithm(*kind),
        Algorithm::Signature(scheme) => matches!(scheme, SignatureAlgorithm::Dsa(_)),
        Algorithm::KeyEncryption(encryption) => is_weak_key_encryption(encryption),
        Algorithm::Cipher(cipher) => is_weak_cipher(*cipher),
        // HMAC and the derivations ask no resistance to collisions of their digests (RFC 6151 §2.3)
        Algorithm::Mac(_) | Algorithm::KemKdf(_) => false,
        Algorithm::Other(_) => false,
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
    fn what_is_weak_is_not_written() {
        for algorithm in Algorithm::all() {
            let line = algorithm.line();
            assert!(!(is_weak(&algorithm) && line.written), "{}", line.name);
            let has_rule = line.family != "key file";
            assert_eq!(
                needs_archive(&algorithm),
                is_weak(&algorithm) && has_rule,
                "{}",
                line.name
            );
        }
    }

    #[test]
    fn digests_below_112_bits_of_collision_resistance_are_weak() {
        let weak = Digest::ALL.into_iter().filter(|d| is_weak_digest(*d));
        assert!(weak.eq([Digest::Md5, Digest::Sha1]));
    }
}
