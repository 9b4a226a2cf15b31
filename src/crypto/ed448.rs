//! Ed448 (RFC 8032 §5.2), pure and without context, over the crate `ed448-goldilocks`, which leaves some of the checks to its caller.
use super::{Error, Result};
use ed448_goldilocks::{SigningKey, VerifyingKey};

/// The octets of a point, of a private key, and of half a signature.
pub(super) const SIZE: usize = 57;
/// The order of the group (RFC 8032 §5.2), little end first.
const ORDER: [u8; SIZE] = [
    0xf3, 0x44, 0x58, 0xab, 0x92, 0xc2, 0x78, 0x23, 0x55, 0x8f, 0xc5, 0x8d, 0x72, 0xc2, 0x6c, 0x21,
    0x90, 0x36, 0xd6, 0xae, 0x49, 0xdb, 0x4e, 0xc4, 0xe9, 0x23, 0xca, 0x7c, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0x00,
];
/// The prime of the field (RFC 8032 §5.2), little end first.
const PRIME: [u8; SIZE] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
];

/// Parses a public key: a point of the large group, in its one encoding. The crate refuses points of small order, which would verify anything.
pub(super) fn public_key(octets: &[u8]) -> Result<VerifyingKey> {
    const NO_POINT: Error = Error::Key("an Ed448 point that is not on the curve");
    let octets = <&[u8; SIZE]>::try_from(octets);
    let octets = octets.map_err(|_| Error::Key("a public key of the wrong length"))?;
    if !is_canonical(octets) {
        return Err(NO_POINT);
    }
    VerifyingKey::from_bytes(octets).map_err(|_| NO_POINT)
}
/// Returns whether a signature holds (RFC 8032 §5.2.7). S must be below the order and R in its one encoding, or a signature would have others that hold too.
pub(super) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    let Some((point, scalar)) = signature.split_at_checked(SIZE) else {
        return false;
    };
    if scalar.len() != SIZE || !is_below(scalar, &ORDER) || !is_canonical(point) {
        return false;
    }
    let signature = ed448_goldilocks::Signature::try_from(signature);
    signature.is_ok_and(|signature| key.verify_raw(&signature, message).is_ok())
}
/// Returns whether Y is below the prime. The uppermost bit is the sign of X.
fn is_canonical(point: &[u8]) -> bool {
    let Some((last, rest)) = point.split_last() else {
        return false;
    };
    last & 0x7f == 0 && is_below(&[rest, &[0]].concat(), &PRIME)
}
fn is_below(number: &[u8], bound: &[u8; SIZE]) -> bool {
    number.iter().rev().lt(bound.iter().rev())
}
/// Makes a private key of its 57 octets.
pub(super) fn private_key(octets: &[u8; SIZE]) -> SigningKey {
    SigningKey::from(ed448_goldilocks::SecretKey::from(*octets))
}
