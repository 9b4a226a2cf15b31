//! A private key on a curve: its scalar, and the same for the other engine where that knows the curve. RFC 5915 §3 is read in `private_key`.
use super::{CryptoRng, Secret, ecdsa_scheme, engine};
use ecdsa::{DigestAlgorithm, EcdsaCurve, der};
use elliptic_curve::{
    CurveArithmetic, FieldBytesSize, Generate, PublicKey, Scalar, SecretKey,
    array::ArraySize,
    ops::Invert,
    pkcs8::AssociatedOid,
    sec1::{ModulusSize, ToSec1Point},
    subtle::CtOption,
};
use std::ops::Add;
use zeroize::Zeroizing;

/// Both halves wipe themselves.
pub(super) struct EcKey<C: CurveArithmetic> {
    scalar: SecretKey<C>,
    engine: Option<engine::EcKey>,
    point: Vec<u8>,
}
impl<C: CurveArithmetic> EcKey<C> {
    /// Returns the public point, uncompressed.
    pub(super) fn public_point(&self) -> &[u8] {
        &self.point
    }
}
impl<C> EcKey<C>
where
    C: AssociatedOid + CurveArithmetic + DigestAlgorithm + EcdsaCurve,
    FieldBytesSize<C>: ModulusSize,
    PublicKey<C>: ToSec1Point<C>,
    Scalar<C>: Invert<Output = CtOption<Scalar<C>>>,
    der::MaxSize<C>: ArraySize,
    <FieldBytesSize<C> as Add>::Output: Add<der::MaxOverhead> + ArraySize,
{
    pub(super) fn new(scalar: SecretKey<C>) -> Self {
        let octets = Zeroizing::new(scalar.to_bytes());
        let engine = engine::EcKey::new(&C::OID, &octets);
        let point = engine.as_ref().and_then(engine::EcKey::public_point);
        Self {
            point: point.unwrap_or_else(|| ecdsa_scheme::uncompressed(&scalar.public_key())),
            scalar,
            engine,
        }
    }
    pub(super) fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self::new(SecretKey::generate_from_rng(rng))
    }
    /// Signs a hash by ECDSA; the signature is DER.
    pub(super) fn sign(&self, hash: &[u8], rng: &mut dyn CryptoRng) -> Option<Vec<u8>> {
        let octets = Zeroizing::new(self.scalar.to_bytes());
        let engine = self.engine.as_ref();
        let signature = engine.and_then(|key| key.sign(&octets, &self.point, hash));
        signature.or_else(|| ecdsa_scheme::sign(&self.scalar, hash, rng))
    }
    /// ECDH (SEC 1 §3.3.1): the X coordinate of the product.
    pub(super) fn agree(&self, peer: &PublicKey<C>) -> Secret {
        let engine = self.engine.as_ref();
        let shared = engine.and_then(|key| key.agree(&ecdsa_scheme::uncompressed(peer)));
        shared.unwrap_or_else(|| {
            let own = self.scalar.to_nonzero_scalar();
            let shared = elliptic_curve::ecdh::diffie_hellman(own, peer.as_affine());
            Secret::new(shared.raw_secret_bytes().to_vec())
        })
    }
}
