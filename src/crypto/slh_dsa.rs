//! SLH-DSA (FIPS 205), pure and without context, as RFC 9814 and RFC 9909 use it, over the crate `slh-dsa`.
use super::{
    CryptoRng, Digest, Error, Result, Secret,
    algorithm::{Row, row},
};
use crate::asn1::oid::Oid;
use ::slh_dsa::{
    Sha2_128f, Sha2_128s, Sha2_192f, Sha2_192s, Sha2_256f, Sha2_256s, Shake128f, Shake128s,
    Shake192f, Shake192s, Shake256f, Shake256s, Signature, SigningKey, VerifyingKey,
    signature::{Keypair as _, RandomizedSigner as _, Verifier as _},
};
use zeroize::Zeroizing;

macro_rules! sets {
    ($($set:ident $name:literal $standard_name:literal $oid:literal $size:literal;)*) => {
        /// A parameter set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are those of FIPS 205 §11")]
        #[allow(non_camel_case_types)]
        pub enum SlhDsa { $($set,)* }
        impl SlhDsa {
            /// Every set.
            pub const ALL: &'static [Self] = &[$(Self::$set,)*];
            /// Returns its row of the table; the size is that of a public key.
            pub const fn row(self) -> Row {
                match self { $(Self::$set => const { row($name, $oid, $size, true, Some($size * 4), "FIPS 205, RFC 9814, RFC 9909") },)* }
            }
            /// Returns `SLH-DSA-SHA2-128s` and the like, as the standard writes it.
            pub fn standard_name(self) -> &'static str {
                match self { $(Self::$set => $standard_name,)* }
            }
        }
        /// Evaluates an expression with `$parameters` standing for the type of a set.
        macro_rules! with_set {
            ($chosen:expr, $parameters:ident => $body:expr) => {
                match $chosen { $(SlhDsa::$set => { type $parameters = $set; $body })* }
            };
        }
    };
}
sets! {
    Sha2_128s "slh-dsa-sha2-128s" "SLH-DSA-SHA2-128s" "2.16.840.1.101.3.4.3.20" 32;
    Sha2_128f "slh-dsa-sha2-128f" "SLH-DSA-SHA2-128f" "2.16.840.1.101.3.4.3.21" 32;
    Sha2_192s "slh-dsa-sha2-192s" "SLH-DSA-SHA2-192s" "2.16.840.1.101.3.4.3.22" 48;
    Sha2_192f "slh-dsa-sha2-192f" "SLH-DSA-SHA2-192f" "2.16.840.1.101.3.4.3.23" 48;
    Sha2_256s "slh-dsa-sha2-256s" "SLH-DSA-SHA2-256s" "2.16.840.1.101.3.4.3.24" 64;
    Sha2_256f "slh-dsa-sha2-256f" "SLH-DSA-SHA2-256f" "2.16.840.1.101.3.4.3.25" 64;
    Shake128s "slh-dsa-shake-128s" "SLH-DSA-SHAKE-128s" "2.16.840.1.101.3.4.3.26" 32;
    Shake128f "slh-dsa-shake-128f" "SLH-DSA-SHAKE-128f" "2.16.840.1.101.3.4.3.27" 32;
    Shake192s "slh-dsa-shake-192s" "SLH-DSA-SHAKE-192s" "2.16.840.1.101.3.4.3.28" 48;
    Shake192f "slh-dsa-shake-192f" "SLH-DSA-SHAKE-192f" "2.16.840.1.101.3.4.3.29" 48;
    Shake256s "slh-dsa-shake-256s" "SLH-DSA-SHAKE-256s" "2.16.840.1.101.3.4.3.30" 64;
    Shake256f "slh-dsa-shake-256f" "SLH-DSA-SHAKE-256f" "2.16.840.1.101.3.4.3.31" 64;
}
impl SlhDsa {
    pub(super) fn of(oid: &Oid) -> Option<Self> {
        Self::ALL.iter().copied().find(|set| set.row().oid == *oid)
    }
    /// Returns twice the security strength in octets (RFC 9814 §4), which is also the length of a public key (FIPS 205 §9.1).
    pub(super) fn digest_size(self) -> usize {
        self.row().size
    }
    /// Returns the digest of the content: the hash function inside, as RFC 9814 §4 pairs them.
    pub(super) fn message_digest(self) -> Digest {
        let is_shake = self >= Self::Shake128s;
        match (is_shake, self.digest_size()) {
            (false, ..=32) => Digest::Sha256,
            (false, _) => Digest::Sha512,
            (true, ..=32) => Digest::Shake128,
            (true, _) => Digest::Shake256,
        }
    }
}

/// Returns whether a signature holds.
pub(super) fn verify(set: SlhDsa, public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    with_set!(set, P => {
        let public = VerifyingKey::<P>::try_from(public);
        let signature = Signature::<P>::try_from(signature);
        matches!((public, signature), (Ok(public), Ok(signature)) if public.verify(message, &signature).is_ok())
    })
}

/// A private key: `SK.seed || SK.prf || PK.seed || PK.root` (RFC 9909 §6).
pub(super) struct PrivateKey {
    pub(super) set: SlhDsa,
    octets: Secret,
}
impl PrivateKey {
    /// Takes a key and returns it with its public key. That PK.root follows from the rest is checked: a signature under another root gives the key away
    /// when it is found out by trying.
    pub(super) fn parse(set: SlhDsa, octets: &[u8]) -> Result<(Self, Vec<u8>)> {
        const MALFORMED: Error = Error::Key("a malformed SLH-DSA private key");
        let size = set.row().size / 2;
        let mut parts = octets.chunks_exact(size);
        let (Some(seed), Some(prf), Some(public_seed), Some(_root), None, []) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.remainder(),
        ) else {
            return Err(MALFORMED);
        };
        let public = with_set!(set, P => {
            let made = SigningKey::<P>::slh_keygen_internal(seed, prf, public_seed);
            if Zeroizing::new(made.to_vec()).as_slice() != octets {
                return Err(Error::Key("an SLH-DSA key whose parts do not belong together"));
            }
            made.verifying_key().to_vec()
        });
        let octets = Secret::new(octets.to_vec());
        Ok((Self { set, octets }, public))
    }
    /// Signs, with randomness mixed in (FIPS 205 §9.2: hedged).
    pub(super) fn sign(&self, message: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>> {
        let signature = with_set!(self.set, P => {
            let key = SigningKey::<P>::try_from(self.octets.expose());
            key.and_then(|key| key.try_sign_with_rng(rng, message)).map(|made| made.to_vec())
        });
        signature.map_err(|_| Error::Key("an SLH-DSA key that does not sign"))
    }
}
