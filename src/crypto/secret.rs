//! Octets that must not be seen: zeroized when dropped, never printed, no `Clone`.
use subtle::{Choice, ConstantTimeEq, ConstantTimeGreater};
use zeroize::Zeroizing;
/// Secret octets.
pub struct Secret(Zeroizing<Vec<u8>>);
impl Secret {
    /// Takes the octets over.
    pub fn new(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
    /// Returns `length` random octets.
    pub fn random(length: usize, rng: &mut dyn super::CryptoRng) -> Self {
        let mut v = vec![0; length];
        rng.fill_bytes(&mut v);
        Self::new(v)
    }
    /// Returns the octets, for as long as they are needed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}
/// How many octets a content key must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySize {
    /// as many as its cipher takes
    Exactly(usize),
    /// one to so many; a shorter one is handed on with zeros after it, as HMAC has it itself (RFC 2104 §2), so that nothing tells its length
    UpTo(usize),
}
impl KeySize {
    /// Returns the octets of a key that is handed on.
    pub const fn octets(self) -> usize {
        match self {
            Self::Exactly(octets) | Self::UpTo(octets) => octets,
        }
    }
    /// Returns whether a key of so many octets is one.
    pub fn takes(self, octets: usize) -> Choice {
        let [octets, most] = [octets, self.octets()].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
        match self {
            Self::Exactly(_) => octets.ct_eq(&most),
            Self::UpTo(_) => !octets.ct_gt(&most) & !octets.ct_eq(&0),
        }
    }
    /// Returns a key as it is handed on, `None` if it is not of this size.
    pub fn fit(self, key: &[u8]) -> Option<Secret> {
        let filled = key.iter().copied().chain(std::iter::repeat(0));
        bool::from(self.takes(key.len())).then(|| Secret::new(filled.take(self.octets()).collect()))
    }
}
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}
