//! Digests, several in one pass, and the one place where a [`Digest`] becomes a type of the cipher crates.
use super::Digest;
use sha2::digest::Digest as _;

/// Evaluates an expression with `$type` standing for the implementation of a [`Digest`].
macro_rules! with_digest {
    ($digest:expr, $type:ident => $body:expr) => {
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
        }
    };
}
pub(super) use with_digest;

/// A digest of flowing content; `Clone` forks it.
#[derive(Clone)]
pub struct Hasher(State);
#[derive(Clone)]
enum State {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
}
impl Hasher {
    /// Starts.
    pub fn new(digest: Digest) -> Self {
        Self(match digest {
            Digest::Md5 => State::Md5(md5::Md5::new()),
            Digest::Sha1 => State::Sha1(sha1::Sha1::new()),
            Digest::Sha224 => State::Sha224(sha2::Sha224::new()),
            Digest::Sha256 => State::Sha256(sha2::Sha256::new()),
            Digest::Sha384 => State::Sha384(sha2::Sha384::new()),
            Digest::Sha512 => State::Sha512(sha2::Sha512::new()),
        })
    }
    /// Returns which digest this is.
    pub fn digest(&self) -> Digest {
        match self.0 {
            State::Md5(_) => Digest::Md5,
            State::Sha1(_) => Digest::Sha1,
            State::Sha224(_) => Digest::Sha224,
            State::Sha256(_) => Digest::Sha256,
            State::Sha384(_) => Digest::Sha384,
            State::Sha512(_) => Digest::Sha512,
        }
    }
    /// Takes octets in.
    pub fn update(&mut self, octets: &[u8]) {
        match &mut self.0 {
            State::Md5(state) => state.update(octets),
            State::Sha1(state) => state.update(octets),
            State::Sha224(state) => state.update(octets),
            State::Sha256(state) => state.update(octets),
            State::Sha384(state) => state.update(octets),
            State::Sha512(state) => state.update(octets),
        }
    }
    /// Returns the digest.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(state) => state.finalize().to_vec(),
            State::Sha1(state) => state.finalize().to_vec(),
            State::Sha224(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
        }
    }
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
