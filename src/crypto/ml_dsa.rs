//! ML-DSA (FIPS 204), pure and without context, as RFC 9881 and RFC 9882 use it, over the crate `ml-dsa`.
//!
//! Public keys and signatures are checked for their length alone before the mathematics; private keys are checked whole, for the crate trusts them.
use super::{
    CryptoRng, Digest, Error, Result, Secret,
    algorithm::{Row, row},
    digest, parameters,
};
use crate::asn1::{Tag, oid::Oid};
use ::ml_dsa::{
    ExpandedSigningKey, ExpandedSigningKeyBytes, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Seed,
    Signature, VerifyingKey,
};
use zeroize::Zeroizing;

/// A parameter set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MlDsa {
    /// ML-DSA-44
    MlDsa44,
    /// ML-DSA-65
    MlDsa65,
    /// ML-DSA-87
    MlDsa87,
}
/// Evaluates an expression with `$parameters` standing for the type of a set.
macro_rules! with_set {
    ($set:expr, $parameters:ident => $body:expr) => {
        match $set {
            MlDsa::MlDsa44 => {
                type $parameters = MlDsa44;
                $body
            }
            MlDsa::MlDsa65 => {
                type $parameters = MlDsa65;
                $body
            }
            MlDsa::MlDsa87 => {
                type $parameters = MlDsa87;
                $body
            }
        }
    };
}
impl MlDsa {
    /// Every set.
    pub const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];
    /// Returns its row of the table; the size is that of a public key.
    #[rustfmt::skip]
    pub const fn row(self) -> Row {
        match self {
            Self::MlDsa44 => row("ml-dsa-44", "2.16.840.1.101.3.4.3.17", 1312, true, "FIPS 204, RFC 9881, RFC 9882"),
            Self::MlDsa65 => row("ml-dsa-65", "2.16.840.1.101.3.4.3.18", 1952, true, "FIPS 204, RFC 9881, RFC 9882"),
            Self::MlDsa87 => row("ml-dsa-87", "2.16.840.1.101.3.4.3.19", 2592, true, "FIPS 204, RFC 9881, RFC 9882"),
        }
    }
    /// Returns `ML-DSA-65` and the like, as the standard writes it.
    pub fn standard_name(self) -> &'static str {
        match self {
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }
    pub(super) fn of(oid: &Oid) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.row().oid == *oid)
    }
    /// Returns 2λ (RFC 9882 §3.3) in octets: a digest of the content that is shorter weakens the signature.
    pub(super) fn digest_size(self) -> usize {
        match self {
            Self::MlDsa44 => 32,
            Self::MlDsa65 => 48,
            Self::MlDsa87 => 64,
        }
    }
    /// Returns the largest value of an encoded coefficient of s1 and s2, 2η, and its length in bits (FIPS 204 §4 table 1, algorithm 25).
    fn coefficients(self) -> (u32, u32) {
        match self {
            Self::MlDsa44 | Self::MlDsa87 => (4, 3),
            Self::MlDsa65 => (8, 4),
        }
    }
    /// Returns the length of s1 and s2 in polynomials, k + l.
    fn polynomials(self) -> usize {
        match self {
            Self::MlDsa44 => 8,
            Self::MlDsa65 => 11,
            Self::MlDsa87 => 15,
        }
    }
}

/// Returns whether a signature holds.
pub(super) fn verify(set: MlDsa, public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    with_set!(set, P => {
        let (Ok(public), Ok(signature)) = (public.try_into(), Signature::<P>::try_from(signature)) else {
            return false;
        };
        VerifyingKey::<P>::decode(&public).verify_with_context(message, &[], &signature)
    })
}

/// A private key: the seed, or the expanded key where there is no seed.
pub(super) struct PrivateKey {
    pub(super) set: MlDsa,
    octets: Secret,
}
const SEED_SIZE: usize = 32;
const MALFORMED: Error = Error::Key("a malformed ML-DSA private key");
const INCONSISTENT: Error = Error::Key("an ML-DSA key whose parts do not belong together");

impl PrivateKey {
    /// Parses ML-DSA-PrivateKey (RFC 9881 §6):
    /// `CHOICE { seed [0] IMPLICIT OCTET STRING, expandedKey OCTET STRING, both SEQUENCE { seed OCTET STRING, expandedKey OCTET STRING } }`,
    /// and returns it with its public key.
    pub(super) fn parse(set: MlDsa, der: &[u8]) -> Result<(Self, Vec<u8>)> {
        if let Some(seed) = parameters::sole(der, Tag::context_primitive(0)) {
            return Self::from_seed(set, seed);
        }
        if let Some(expanded) = parameters::sole(der, Tag::OCTET_STRING) {
            return Self::from_expanded(set, expanded);
        }
        let mut fields = parameters::sole_sequence(der).ok_or(MALFORMED)?;
        let seed = fields.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        let expanded = fields.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        fields.finish().map_err(|_| MALFORMED)?;
        let (key, public) = Self::from_seed(set, seed.content)?;
        // RFC 9881 §6: who reads both should check them
        if key.expanded()?.as_slice() != expanded.content {
            return Err(INCONSISTENT);
        }
        Ok((key, public))
    }
    fn from_seed(set: MlDsa, seed: &[u8]) -> Result<(Self, Vec<u8>)> {
        if seed.len() != SEED_SIZE {
            return Err(MALFORMED);
        }
        let key = Self {
            set,
            octets: Secret::new(seed.to_vec()),
        };
        let public = with_set!(set, P => key.open::<P>()?.verifying_key().encode().to_vec());
        Ok((key, public))
    }
    /// Takes a key of the form `rho || K || tr || s1 || s2 || t0` (FIPS 204 algorithm 24). That the hash inside is of the public key which follows from
    /// the rest, and that it signs, is all that can be checked, and is.
    fn from_expanded(set: MlDsa, expanded: &[u8]) -> Result<(Self, Vec<u8>)> {
        const HASH: std::ops::Range<usize> = 64..128;
        let (largest, bits) = set.coefficients();
        let octets = usize::try_from(bits).map_or(0, |bits| bits * 32 * set.polynomials());
        let secrets = expanded.get(HASH.end..).and_then(|rest| rest.get(..octets));
        let secrets = secrets.ok_or(MALFORMED)?;
        if !all_up_to(largest, bits, secrets) {
            return Err(INCONSISTENT);
        }
        let key = Self {
            set,
            octets: Secret::new(expanded.to_vec()),
        };
        let public = with_set!(set, P => key.open::<P>()?.verifying_key().encode().to_vec());
        let hash = digest::digest(Digest::Shake256, &public);
        if expanded.get(HASH) != Some(hash.as_slice()) {
            return Err(INCONSISTENT);
        }
        let tried = with_set!(set, P => {
            key.open::<P>()?.sign_deterministic(b"", &[]).map(|made| made.encode().to_vec())
        });
        match tried {
            Ok(signature) if verify(set, &public, b"", &signature) => Ok((key, public)),
            _ => Err(INCONSISTENT),
        }
    }
    #[allow(
        deprecated,
        reason = "checked in `from_expanded`, of which the crate warns"
    )]
    fn open<P: MlDsaParams>(&self) -> Result<Box<ExpandedSigningKey<P>>> {
        let octets = self.octets.expose();
        if let Ok(seed) = Seed::try_from(octets) {
            return Ok(Box::new(ExpandedSigningKey::from_seed(&seed)));
        }
        let octets = ExpandedSigningKeyBytes::<P>::try_from(octets).map_err(|_| MALFORMED)?;
        let octets = Zeroizing::new(octets);
        Ok(Box::new(ExpandedSigningKey::from_expanded(&octets)))
    }
    #[allow(deprecated, reason = "RFC 9881 §6 has the form")]
    fn expanded(&self) -> Result<Zeroizing<Vec<u8>>> {
        let octets = with_set!(self.set, P => self.open::<P>()?.to_expanded().to_vec());
        Ok(Zeroizing::new(octets))
    }
    /// Signs, with randomness mixed in (FIPS 204 §3.4: hedged).
    pub(super) fn sign(&self, message: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>> {
        let signature = with_set!(self.set, P => {
            let signature = self.open::<P>()?.sign_randomized(message, &[], rng);
            signature.map(|made| made.encode().to_vec())
        });
        signature.map_err(|_| Error::Key("an ML-DSA key that does not sign"))
    }
}
/// Returns whether numbers packed in so many bits each (FIPS 204 algorithm 17) are all at most `largest`.
fn all_up_to(largest: u32, bits: u32, packed: &[u8]) -> bool {
    let mask = (1_u32 << bits) - 1;
    let mut pending = (0_u32, 0_u32);
    for octet in packed {
        pending = (pending.0 | u32::from(*octet) << pending.1, pending.1 + 8);
        while pending.1 >= bits {
            if pending.0 & mask > largest {
                return false;
            }
            pending = (pending.0 >> bits, pending.1 - bits);
        }
    }
    true
}
