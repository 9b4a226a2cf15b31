//! Octets that must not be seen: zeroized when dropped, never printed, no `Clone`.
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
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}
