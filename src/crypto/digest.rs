//! Digests, several in one pass, and the one place where a [`Digest`] becomes a type of the cipher crates.
use super::Digest;
use sha2::digest::Digest as _;

/// Evaluates an expression with `$type` standing for the implementation of a [`Digest`] that HMAC and OAEP are defined over here: up to SHA-512.
/// For the others, SHA-3 and SHAKE, it is `$other`.
macro_rules! with_digest {
    ($digest:expr, $type:ident => $body:expr, else $other:expr) => {
        match $digest {
            $crate::crypto::Digest::Md5 => {
                type $type = md5::Md5;
                $body
            }
            $crate::crypto::Digest::Sha1 => {
                type $type = sha1::Sha1;
                $body
            }
            $crate::crypto::Digest::Sha224 => {
                type $type = sha2::Sha224;
                $body
            }
            $crate::crypto::Digest::Sha256 => {
                type $type = sha2::Sha256;
                $body
            }
            $crate::crypto::Digest::Sha384 => {
                type $type = sha2::Sha384;
                $body
            }
            $crate::crypto::Digest::Sha512 => {
                type $type = sha2::Sha512;
                $body
            }
            $crate::crypto::Digest::Sha3_224
            | $crate::crypto::Digest::Sha3_256
            | $crate::crypto::Digest::Sha3_384
            | $crate::crypto::Digest::Sha3_512
            | $crate::crypto::Digest::Shake128
            | $crate::crypto::Digest::Shake256 => $other,
        }
    };
}
pub(super) use with_digest;

/// A digest of flowing content; `Clone` forks it.
#[derive(Clone)]
pub struct Hasher(State);
macro_rules! hashers {
    ($($kind:ident $type:ty;)*) => {
        #[derive(Clone)]
        enum State { $($kind($type),)* }
        impl Hasher {
            /// Starts.
            pub fn new(digest: Digest) -> Self {
                Self(match digest { $(Digest::$kind => State::$kind(<$type>::new()),)* })
            }
            /// Returns which digest this is.
            pub fn digest(&self) -> Digest {
                match self.0 { $(State::$kind(_) => Digest::$kind,)* }
            }
            /// Takes octets in.
            pub fn update(&mut self, octets: &[u8]) {
                match &mut self.0 { $(State::$kind(state) => state.update(octets),)* }
            }
            /// Returns the digest.
            pub fn finish(self) -> Vec<u8> {
                match self.0 { $(State::$kind(state) => state.finalize().to_vec(),)* }
            }
        }
    };
}
hashers! {
    Md5 md5::Md5;
    Sha1 sha1::Sha1;
    Sha224 sha2::Sha224;
    Sha256 sha2::Sha256;
    Sha384 sha2::Sha384;
    Sha512 sha2::Sha512;
    Sha3_224 sha3::Sha3_224;
    Sha3_256 sha3::Sha3_256;
    Sha3_384 sha3::Sha3_384;
    Sha3_512 sha3::Sha3_512;
    Shake128 Shake<168, 32>;
    Shake256 Shake<136, 64>;
}
/// SHAKE as a digest: with an output of one length (RFC 8702 §3.1).
#[derive(Clone)]
struct Shake<const RATE: usize, const SIZE: usize>(shake::Shake<RATE>);
impl<const RATE: usize, const SIZE: usize> Shake<RATE, SIZE> {
    fn new() -> Self {
        Self(shake::Shake::default())
    }
    fn update(&mut self, octets: &[u8]) {
        shake::Update::update(&mut self.0, octets);
    }
    fn finalize(self) -> [u8; SIZE] {
        let mut out = [0; SIZE];
        shake::ExtendableOutput::finalize_xof_into(self.0, &mut out);
        out
    }
}

/// Returns so many octets of SHAKE, if `digest` is one (RFC 8702 §2: the mask generation function of RSASSA-PSS).
pub(super) fn extended(digest: Digest, octets: &[u8], size: usize) -> Option<Vec<u8>> {
    use shake::{ExtendableOutput as _, Update as _};
    let mut out = vec![0; size];
    match digest {
        Digest::Shake128 => shake::Shake128::default()
            .chain(octets)
            .finalize_xof_into(&mut out),
        Digest::Shake256 => shake::Shake256::default()
            .chain(octets)
            .finalize_xof_into(&mut out),
        _ => return None,
    }
    Some(out)
}
/// Returns the digest of octets in memory.
pub fn digest(digest: Digest, octets: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::new(digest);
    hasher.update(octets);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        let hex = |d: Digest| {
            let octets = digest(d, b"abc");
            assert_eq!(octets.len(), d.size());
            octets
                .iter()
                .take(4)
                .map(|b| format!("{b:02x}"))
                .collect::<String>()
        };
        assert_eq!(hex(Digest::Md5), "90015098");
        assert_eq!(hex(Digest::Sha1), "a9993e36");
        assert_eq!(hex(Digest::Sha224), "23097d22");
        assert_eq!(hex(Digest::Sha256), "ba7816bf");
        assert_eq!(hex(Digest::Sha384), "cb00753f");
        assert_eq!(hex(Digest::Sha512), "ddaf35a1");
        assert_eq!(hex(Digest::Sha3_224), "e642824c");
        assert_eq!(hex(Digest::Sha3_256), "3a985da7");
        assert_eq!(hex(Digest::Sha3_384), "ec014982");
        assert_eq!(hex(Digest::Sha3_512), "b751850b");
        assert_eq!(hex(Digest::Shake128), "5881092d");
        assert_eq!(hex(Digest::Shake256), "48336660");
    }

    #[test]
    fn chunks_and_forks_do_not_matter() {
        for kind in Digest::ALL {
            let mut whole = Hasher::new(kind);
            assert_eq!(whole.digest(), kind);
            whole.update(b"ab");
            let mut fork = whole.clone();
            fork.update(b"x");
            whole.update(b"");
            whole.update(b"c");
            assert_eq!(whole.finish(), digest(kind, b"abc"));
            assert_eq!(fork.finish(), digest(kind, b"abx"));
        }
    }
}
