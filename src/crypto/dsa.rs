//! DSA (FIPS 186-4 §4), read only, over the crate `dsa`: keys with parameters of their own or inherited ones (RFC 3279 §2.3.2).
use super::{Error, Result, parameters, rsa_scheme::unsigned};
use crate::asn1::Tag;
use ::dsa::{BoxedUint, Components, Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use spki::AlgorithmIdentifierOwned;

/// The pairs of lengths of p and q (FIPS 186-4 §4.2).
const SIZES: [(usize, usize); 4] = [(1024, 160), (2048, 224), (2048, 256), (3072, 256)];

/// A public key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PublicKey {
    /// bits of p; 0 as long as there are no parameters
    pub(super) bits: usize,
    /// the content of the INTEGER
    y: Vec<u8>,
    key: Option<VerifyingKey>,
}
impl PublicKey {
    /// Reads DSAPublicKey (an INTEGER) and Dss-Parms `SEQUENCE { p INTEGER, q INTEGER, g INTEGER }`; absent ones are the issuer's.
    pub(super) fn read(algorithm: &AlgorithmIdentifierOwned, octets: &[u8]) -> Result<Self> {
        const MALFORMED: Error = Error::Key("a malformed DSAPublicKey");
        let y = parameters::sole(octets, Tag::INTEGER).and_then(unsigned);
        let y = y.ok_or(MALFORMED)?;
        // RFC 3279 §2.3.2 says absent; NULL is meant for it by some
        if parameters::absent_or_null(algorithm, "dsa").is_ok() {
            return Ok(Self {
                bits: 0,
                y: y.to_vec(),
                key: None,
            });
        }
        let (bits, components) = components(&parameters::present(algorithm, "dsa")?)?;
        Self::join(bits, components, y)
    }
    fn join(bits: usize, components: Components, y: &[u8]) -> Result<Self> {
        const NO_KEY: Error = Error::Key("a DSA key that is not in the group of its parameters");
        if y.len() > bits / 8 {
            return Err(NO_KEY);
        }
        let precision = components.p().bits_precision();
        let number = BoxedUint::from_be_slice(y, precision).map_err(|_| NO_KEY)?;
        if number >= **components.p() {
            return Err(NO_KEY);
        }
        let key = VerifyingKey::from_components(components, number).map_err(|_| NO_KEY)?;
        Ok(Self {
            bits,
            y: y.to_vec(),
            key: Some(key),
        })
    }
    pub(super) fn needs_parameters(&self) -> bool {
        self.key.is_none()
    }
    /// Returns the key with the parameters of its issuer's.
    pub(super) fn inheriting(&self, issuer: &Self) -> Result<Self> {
        let issued = issuer.key.as_ref().ok_or(MISSING)?;
        Self::join(issuer.bits, issued.components().clone(), &self.y)
    }
    /// Returns whether a signature `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.2) holds over a hash.
    pub(super) fn verify(&self, hash: &[u8], signature: &[u8]) -> Result<bool> {
        let key = self.key.as_ref().ok_or(MISSING)?;
        // a header and two numbers of at most 33 octets
        if signature.len() > 72 {
            return Ok(false);
        }
        let signature = Signature::try_from(signature);
        Ok(signature.is_ok_and(|signature| key.verify_prehash(hash, &signature).is_ok()))
    }
}
const MISSING: Error = Error::Parameters {
    algorithm: "dsa",
    what: "they are missing, and there is no issuer to inherit them from",
};

/// Reads Dss-Parms. Sizes are checked before any arithmetic; that the numbers are prime is its owner's concern: they forge for himself only.
fn components(der: &[u8]) -> Result<(usize, Components)> {
    let bad = |what| Error::Parameters {
        algorithm: "dsa",
        what,
    };
    let malformed = || bad("malformed Dss-Parms");
    let mut fields = parameters::sole_sequence(der).ok_or_else(malformed)?;
    let mut number = || {
        let value = fields.expect(Tag::INTEGER).ok()?;
        unsigned(value.content)
    };
    let numbers = (number(), number(), number());
    let (Some(p), Some(q), Some(g)) = numbers else {
        return Err(malformed());
    };
    fields.finish().map_err(|_| malformed())?;
    let bits = |number: &[u8]| match number.first() {
        Some(0x80..) => number.len().saturating_mul(8),
        _ => 0,
    };
    let sizes = (bits(p), bits(q));
    if !SIZES.contains(&sizes) {
        return Err(bad("p and q are not of a standard size"));
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|octet| octet & 1 == 1);
    if !is_odd(p) || !is_odd(q) || g.len() > p.len() || matches!(g, [1]) {
        return Err(bad("p, q or g cannot be such numbers"));
    }
    let number = |octets: &[u8], size: usize| {
        let precision = u32::try_from(size).unwrap_or(0).next_multiple_of(64);
        BoxedUint::from_be_slice(octets, precision).map_err(|_| malformed())
    };
    let (p, q, g) = (
        number(p, sizes.0)?,
        number(q, sizes.1)?,
        number(g, sizes.0)?,
    );
    let components = Components::from_components(p, q, g);
    Ok((sizes.0, components.map_err(|_| malformed())?))
}
