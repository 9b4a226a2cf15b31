//! HMAC (RFC 2104) of a stream: the MAC of AuthenticatedData (RFC 3370 §3.1, RFC 5754) and of PKCS#12, and what passwords are stretched with.
//!
//! Must not know where keys come from.
use super::{
    Digest, Error, KeySize, Result, Secret, algorithm::unsupported, digest::with_digest, parameters,
};
use crate::asn1::oid::Oid;
use hmac::{EagerHash, Hmac, KeyInit, Mac as _};
use spki::AlgorithmIdentifierOwned;
use subtle::ConstantTimeEq;

/// HMAC with a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacAlgorithm(pub Digest);

/// hMAC-SHA1 (RFC 3370 §3.1), and the identifiers of RFC 8018 appendix B.1.2.
const HMACS: [(Oid, Digest); 6] = [
    (Oid::new_unwrap("1.3.6.1.5.5.8.1.2"), Digest::Sha1),
    (Oid::new_unwrap("1.2.840.113549.2.7"), Digest::Sha1),
    (Oid::new_unwrap("1.2.840.113549.2.8"), Digest::Sha224),
    (Oid::new_unwrap("1.2.840.113549.2.9"), Digest::Sha256),
    (Oid::new_unwrap("1.2.840.113549.2.10"), Digest::Sha384),
    (Oid::new_unwrap("1.2.840.113549.2.11"), Digest::Sha512),
];

/// Returns the digests that there is an HMAC of, each once.
pub(super) fn digests() -> impl Iterator<Item = Digest> {
    // SHA-1 has two identifiers
    HMACS.iter().skip(1).map(|(_, digest)| *digest)
}

impl MacAlgorithm {
    /// Reads an AlgorithmIdentifier; parameters absent or NULL.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        let known = HMACS.iter().find(|(oid, _)| *oid == identifier.oid);
        let (_, digest) = known.ok_or_else(|| unsupported(identifier))?;
        parameters::absent_or_null(identifier, "hmac")?;
        Ok(Self(*digest))
    }

    /// Returns `hmac-sha-256` and the like.
    pub fn name(self) -> String {
        format!("hmac-{}", self.0.name())
    }

    /// Returns how many octets a key may have: those of a block (RFC 2104 §2). Longer ones stand for their digests; nothing sends them.
    pub fn key_size(self) -> KeySize {
        KeySize::UpTo(match self.0.size() {
            ..=32 => 64,
            _ => 128,
        })
    }
}

/// A MAC of flowing content.
pub struct Mac(Box<dyn State>);

trait State: Send {
    fn update(&mut self, octets: &[u8]);
    fn finish(self: Box<Self>) -> Vec<u8>;
}

impl<D: EagerHash> State for Hmac<D>
where
    Self: hmac::Mac + Send,
{
    fn update(&mut self, octets: &[u8]) {
        hmac::Mac::update(self, octets);
    }
    fn finish(self: Box<Self>) -> Vec<u8> {
        self.finalize().into_bytes().to_vec()
    }
}

impl Mac {
    /// Starts, with a key of any length.
    pub fn new(algorithm: MacAlgorithm, key: &Secret) -> Result<Self> {
        with_digest!(algorithm.0, D => {
            let state = Hmac::<D>::new_from_slice(key.expose());
            // an HMAC takes keys of any length
            let state = state.map_err(|_| Error::Key("a key that HMAC does not take"))?;
            Ok(Self(Box::new(state)))
        }, else Err(no_hmac(algorithm.0)))
    }

    /// Takes octets in.
    pub fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// Returns whether this is the MAC of what was taken in, in constant time; one of another length is not.
    pub fn matches(self, mac: &[u8]) -> bool {
        self.0.finish().as_slice().ct_eq(mac).into()
    }
}

/// There is no HMAC with a SHAKE.
pub(super) fn no_hmac(digest: Digest) -> Error {
    Error::Unsupported(format!("hmac with {}", digest.name()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::encoding::hex;

    fn matches(digest: Digest, key: &[u8], data: &[&[u8]], mac: &str) -> bool {
        let key = Secret::new(key.to_vec());
        let mut state = Mac::new(MacAlgorithm(digest), &key).unwrap();
        data.iter().for_each(|part| state.update(part));
        state.matches(&hex::decode(mac).unwrap())
    }

    /// RFC 2202 §3 test case 1, RFC 4231 §4.3 test case 2.
    #[test]
    fn vectors_of_the_rfcs() {
        let sha_1 = "b617318655057264e28bc0b6fb378c8ef146be00";
        assert!(matches(
            Digest::Sha1,
            &[0x0b; 20],
            &[b"Hi ", b"There"],
            sha_1
        ));
        let data: [&[u8]; 1] = [b"what do ya want for nothing?"];
        let sha_256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(matches(Digest::Sha256, b"Jefe", &data, sha_256));
        assert!(!matches(Digest::Sha256, b"jefe", &data, sha_256));
        let (short, _) = sha_256.split_at(32);
        assert!(!matches(Digest::Sha256, b"Jefe", &data, short), "cut short");
    }
}
