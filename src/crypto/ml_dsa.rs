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
            Self::MlDsa44 => const { row("ml-dsa-44", "2.16.840.1.101.3.4.3.17", 1312, true, Some(128), "FIPS 204, RFC 9881, RFC 9882") },
            Self::MlDsa65 => const { row("ml-dsa-65", "2.16.840.1.101.3.4.3.18", 1952, true, Some(192), "FIPS 204, RFC 9881, RFC 9882") },
            Self::MlDsa87 => const { row("ml-dsa-87", "2.16.840.1.101.3.4.3.19", 2592, true, Some(256), "FIPS 204, RFC 9881, RFC 9882") },
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
    fn coefficients(self) -> (u64, usize) {
        match self {
            Self::MlDsa44 | Self::MlDsa87 => (4, 3),
            Self::MlDsa65 => (8, 4),
        }
    }
    /// Returns k and l, the rows and columns of the matrix (FIPS 204 §4 table 1).
    fn dimensions(self) -> (usize, usize) {
        match self {
            Self::MlDsa44 => (4, 4),
            Self::MlDsa65 => (6, 5),
            Self::MlDsa87 => (8, 7),
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
    /// Takes a key of the form `rho || K || tr || s1 || s2 || t0` (FIPS 204 algorithm 24), of which all but K follows from rho, s1 and s2.
    fn from_expanded(set: MlDsa, expanded: &[u8]) -> Result<(Self, Vec<u8>)> {
        let parts = Parts::of(set, expanded).ok_or(MALFORMED)?;
        if !parts.are_in_range(set) {
            return Err(INCONSISTENT);
        }
        let key = Self {
            set,
            octets: Secret::new(expanded.to_vec()),
        };
        let public = with_set!(set, P => key.open::<P>()?.verifying_key().encode().to_vec());
        let hash = digest::digest(Digest::Shake256, &public);
        if parts.hash != hash || parts.are_of(set, &public) != Some(true) {
            return Err(INCONSISTENT);
        }
        Ok((key, public))
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

/// The parts of an expanded key that can be told to belong together or not.
struct Parts<'a> {
    rho: &'a [u8],
    hash: &'a [u8],
    s1: &'a [u8],
    s2: &'a [u8],
    t0: &'a [u8],
}
/// The prime, and the root of unity modulo it (FIPS 204 §4 table 1, §2.5).
const Q: u64 = 8_380_417;
const ZETA: u64 = 1753;
/// The coefficients of a polynomial.
const N: usize = 256;
/// The bits of t that are in t0 (FIPS 204 §4 table 1).
const D: usize = 13;
/// Coefficients, of one polynomial after the other.
type Numbers = Zeroizing<Vec<u64>>;

impl<'a> Parts<'a> {
    fn of(set: MlDsa, expanded: &'a [u8]) -> Option<Self> {
        let (rows, columns) = set.dimensions();
        let (_, bits) = set.coefficients();
        let (rho, rest) = expanded.split_at_checked(32)?;
        let (_, rest) = rest.split_at_checked(32)?;
        let (hash, rest) = rest.split_at_checked(64)?;
        let (s1, rest) = rest.split_at_checked(columns.checked_mul(bits)?.checked_mul(N / 8)?)?;
        let (s2, t0) = rest.split_at_checked(rows.checked_mul(bits)?.checked_mul(N / 8)?)?;
        let whole = t0.len() == rows.checked_mul(D * N / 8)?;
        whole.then_some(Self {
            rho,
            hash,
            s1,
            s2,
            t0,
        })
    }
    /// Returns whether the coefficients of s1 and s2 are such numbers: the crate does not look.
    fn are_in_range(&self, set: MlDsa) -> bool {
        let (largest, bits) = set.coefficients();
        let fits = |packed| {
            unpacked(packed, bits)
                .iter()
                .all(|number| *number <= largest)
        };
        fits(self.s1) && fits(self.s2)
    }
    /// Returns whether A s1 + s2 = t1 2^d + t0 (FIPS 204 algorithm 6), computed at each root: no transformation back is needed, nor a fast one.
    fn are_of(&self, set: MlDsa, public: &[u8]) -> Option<bool> {
        let (rows, columns) = set.dimensions();
        let (largest, bits) = set.coefficients();
        // algorithms 17 and 18: what is packed is the distance from the largest
        let small =
            |packed| transformed(unpacked(packed, bits).iter().map(|x| largest / 2 + Q - x));
        let (s1, s2) = (small(self.s1), small(self.s2));
        let high = unpacked(public.get(32..)?, 10);
        let low = unpacked(self.t0, D);
        let t = high.iter().zip(low.iter());
        let t = transformed(t.map(|(high, low)| (high << D) + (1 << (D - 1)) + Q - low));
        let mut differs = false;
        for row in 0..rows {
            let mut sums = Zeroizing::new(s2.chunks_exact(N).nth(row)?.to_vec());
            for (column, secret) in s1.chunks_exact(N).take(columns).enumerate() {
                let entry = matrix_entry(self.rho, row, column)?;
                for ((sum, a), s) in sums.iter_mut().zip(entry).zip(secret) {
                    *sum = (*sum + a * s) % Q;
                }
            }
            differs |= t.chunks_exact(N).nth(row)? != sums.as_slice();
        }
        Some(!differs)
    }
}
/// Reads numbers packed in so many bits each, the lowest first (FIPS 204 algorithm 18).
fn unpacked(packed: &[u8], bits: usize) -> Numbers {
    let mut numbers = Zeroizing::new(Vec::with_capacity(packed.len() * 8 / bits));
    let (mut pending, mut count) = (0_u64, 0);
    for octet in packed {
        pending |= u64::from(*octet) << count;
        count += 8;
        while count >= bits {
            numbers.push(pending & ((1 << bits) - 1));
            pending >>= bits;
            count -= bits;
        }
    }
    numbers
}
/// Evaluates polynomials at the roots, in the order of NTT (FIPS 204 §2.5).
fn transformed(coefficients: impl Iterator<Item = u64>) -> Numbers {
    let coefficients: Numbers = Zeroizing::new(coefficients.collect());
    let powers: Vec<u64> = std::iter::successors(Some(1), |power| Some(power * ZETA % Q))
        .take(2 * N)
        .collect();
    let roots = (0..=u8::MAX).map(|i| 2 * usize::from(i.reverse_bits()) + 1);
    let roots: Vec<u64> = roots.filter_map(|i| powers.get(i).copied()).collect();
    let mut values = Zeroizing::new(Vec::with_capacity(coefficients.len()));
    for polynomial in coefficients.chunks_exact(N) {
        for root in &roots {
            let horner = |value: u64, coefficient: &u64| (value * root + coefficient) % Q;
            values.push(polynomial.iter().rfold(0, horner));
        }
    }
    values
}
/// Samples an entry of the matrix (FIPS 204 algorithms 30 and 32).
fn matrix_entry(rho: &[u8], row: usize, column: usize) -> Option<Vec<u64>> {
    let place = [u8::try_from(column).ok()?, u8::try_from(row).ok()?];
    // 768 octets would do were none refused, of which one in a thousand is
    let stream = digest::extended(Digest::Shake128, &[rho, &place].concat(), 1024)?;
    let numbers = stream.chunks_exact(3).filter_map(|octets| match octets {
        [low, middle, high] => {
            Some(u64::from(*low) | u64::from(*middle) << 8 | u64::from(high & 0x7f) << 16)
        }
        _ => None,
    });
    let entry: Vec<u64> = numbers.filter(|number| *number < Q).take(N).collect();
    (entry.len() == N).then_some(entry)
}
