//! ECDSA (FIPS 186-5 §6, RFC 5753 §7) on every curve: one scheme over the arithmetic of the crates, or the other engine's where it knows the curve.
use super::{CryptoRng, engine};
use ecdsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
use ecdsa::{DigestAlgorithm, EcdsaCurve, Signature, SigningKey, VerifyingKey, der};
use elliptic_curve::{
    CurveArithmetic, FieldBytesSize, PublicKey, Scalar, SecretKey,
    array::ArraySize,
    ops::Invert,
    pkcs8::AssociatedOid,
    sec1::{ModulusSize, ToSec1Point},
    subtle::CtOption,
};
use std::ops::Add;

/// Returns whether a signature in strict DER (`SEQUENCE { r INTEGER, s INTEGER }`, RFC 5480 appendix A) holds. One that is not DER,
/// or whose integers are out of range, is simply not this key's.
pub(super) fn verify<C>(key: &PublicKey<C>, hash: &[u8], signature: &[u8]) -> bool
where
    C: AssociatedOid + EcdsaCurve + CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    PublicKey<C>: ToSec1Point<C>,
    der::MaxSize<C>: ArraySize,
    <FieldBytesSize<C> as Add>::Output: Add<der::MaxOverhead> + ArraySize,
{
    if let Some(verdict) = engine::verify_ecdsa(&C::OID, &uncompressed(key), hash, signature) {
        return verdict;
    }
    let key = VerifyingKey::from(key);
    Signature::<C>::from_der(signature)
        .is_ok_and(|signature| key.verify_prehash(hash, &signature).is_ok())
}
/// Returns a point as SEC 1 §2.3.3 has it, uncompressed.
pub(super) fn uncompressed<C>(key: &PublicKey<C>) -> Vec<u8>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    PublicKey<C>: ToSec1Point<C>,
{
    key.to_sec1_point(false).as_bytes().to_vec()
}

/// Signs a hash. RFC 6979 with `rng` mixed in: neither a bad generator nor a disturbed computation gives the key away.
pub(super) fn sign<C>(key: &SecretKey<C>, hash: &[u8], rng: &mut dyn CryptoRng) -> Option<Vec<u8>>
where
    C: EcdsaCurve + CurveArithmetic + DigestAlgorithm,
    Scalar<C>: Invert<Output = CtOption<Scalar<C>>>,
    der::MaxSize<C>: ArraySize,
    <FieldBytesSize<C> as Add>::Output: Add<der::MaxOverhead> + ArraySize,
{
    let signature = SigningKey::<C>::from(key).sign_prehash_with_rng(rng, hash);
    let signature: Signature<C> = signature.ok()?;
    Some(signature.to_der().as_bytes().to_vec())
}
