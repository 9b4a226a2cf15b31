//! Private keys: the joint `PrivateKey` (smart cards and key servers plug in here) and the keys held in memory.
//!
//! RFC 5958 (PKCS#8), RFC 8017 appendix A.1.2, RFC 5915, RFC 8410 §7. How files enclose them is in `key_file`.
use super::{
    CryptoRng, Error, Kem, KeySize, KeyTransport, MlDsa, PublicKey, Result, Secret,
    SignatureAlgorithm, SlhDsa,
    algorithm::{DSA, EC_PUBLIC_KEY, ED448, ED25519, RSA_ENCRYPTION, RSA_KEM_SPKI, RSASSA_PSS},
    bp512::BrainpoolP512r1,
    curve,
    digest::digest,
    ec_key::EcKey,
    ed448, kem, ml_dsa, parameters,
    public_key::{
        self, BRAINPOOL_P256, BRAINPOOL_P384, BRAINPOOL_P512, Key, P256, P384, P521, X448, X25519,
    },
    rsa_scheme, slh_dsa,
};
use crate::asn1::{Tag, oid::Oid, write};
use bp256::BrainpoolP256r1;
use bp384::BrainpoolP384r1;
use ed25519_dalek::ed25519::signature::Signer;
use elliptic_curve::{Curve, CurveArithmetic, FieldBytesSize, array::typenum::Unsigned};
use p256::NistP256;
use p384::NistP384;
use p521::NistP521;
use spki::AlgorithmIdentifierOwned;
use spki::der::{Any, asn1::ObjectIdentifier};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Who can sign, decrypt content keys and agree on them. An implementation never shows the key.
pub trait PrivateKey: Send + Sync {
    /// Returns the public half.
    fn public_key(&self) -> &PublicKey;
    /// Signs `message` (at most a few kilobytes: the DER of signed attributes).
    fn sign(
        &self,
        algorithm: &SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>>;
    /// Decrypts a content key sent by RSA. For PKCS#1 v1.5 bad padding, or a key that is not of `size`, yields a
    /// pseudo-random key of that size (implicit rejection), so that the caller cannot tell; `Err(Decryption)` only for what is public (ciphertext length)
    /// and for OAEP.
    fn decrypt_key(
        &self,
        algorithm: &KeyTransport,
        encrypted_key: &[u8],
        size: KeySize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Secret>;
    /// Agrees on a shared secret with an ephemeral public key of the same curve: the X coordinate, or X25519's output (all-zero refused).
    fn agree(&self, peer: &PublicKey) -> Result<Secret>;
    /// Returns the shared secret in the ciphertext of a key encapsulation. A ciphertext of the right length that nobody made gives a pseudo-random
    /// secret (implicit rejection); `Err(Decryption)` only for what is public. Keys that decapsulate nothing need not say so.
    fn decapsulate(&self, kem: Kem, ciphertext: &[u8], rng: &mut dyn CryptoRng) -> Result<Secret> {
        let _ = (kem, ciphertext, rng);
        Err(cannot(
            self.public_key(),
            "take part in this key encapsulation",
        ))
    }
}

/// A key in memory, zeroized when dropped.
pub struct SoftwareKey {
    public: PublicKey,
    secret: SecretKey,
}
/// Each of these zeroizes itself.
enum SecretKey {
    Rsa(Box<rsa_scheme::PrivateKey>),
    P256(EcKey<NistP256>),
    P384(EcKey<NistP384>),
    P521(EcKey<NistP521>),
    BrainpoolP256(EcKey<BrainpoolP256r1>),
    BrainpoolP384(EcKey<BrainpoolP384r1>),
    BrainpoolP512(EcKey<BrainpoolP512r1>),
    Ed25519(ed25519_dalek::SigningKey),
    X25519(x25519_dalek::StaticSecret),
    X448(x448::StaticSecret),
    MlKem(kem::SecretMlKem),
    Ed448(Box<ed448_goldilocks::SigningKey>),
    MlDsa(ml_dsa::PrivateKey),
    SlhDsa(slh_dsa::PrivateKey),
}

impl SoftwareKey {
    /// Parses PKCS#8 `PrivateKeyInfo` / `OneAsymmetricKey` DER (RFC 5958). A public key that stands beside the private one must be its own.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        const MALFORMED: Error = Error::Key("a malformed PrivateKeyInfo");
        let mut fields = parameters::sole_sequence(der).ok_or(MALFORMED)?;
        let version = fields.expect(Tag::INTEGER).map_err(|_| MALFORMED)?;
        let algorithm = fields.expect(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
        let key = fields.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        let attributes = fields.optional(Tag::context(0));
        attributes.map_err(|_| MALFORMED)?;
        let public = fields.optional(Tag::context_primitive(1));
        let public = public.map_err(|_| MALFORMED)?;
        fields.finish().map_err(|_| MALFORMED)?;
        if !matches!(version.content, [0 | 1]) {
            return Err(Error::Key("a PrivateKeyInfo of unknown version"));
        }
        let algorithm = parameters::algorithm_identifier(algorithm.raw).ok_or(MALFORMED)?;
        let key = Self::from_algorithm(&algorithm, key.content)?;
        match public {
            Some(public) => key.check_public(public.content),
            None => Ok(key),
        }
    }
    fn from_algorithm(algorithm: &AlgorithmIdentifierOwned, octets: &[u8]) -> Result<Self> {
        let oid = &algorithm.oid;
        if [RSA_ENCRYPTION, RSASSA_PSS, RSA_KEM_SPKI].contains(oid) {
            Self::from_rsa(algorithm, octets)
        } else if *oid == EC_PUBLIC_KEY {
            let named = parameters::present(algorithm, "id-ecPublicKey")?;
            Self::from_sec1(octets, Some(curve::curve(&named)?))
        } else if *oid == ED25519 || *oid == X25519 {
            // CurvePrivateKey (RFC 8410 §7): an OCTET STRING in the OCTET STRING
            let octets = parameters::sole(octets, Tag::OCTET_STRING)
                .and_then(|octets| <&[u8; 32]>::try_from(octets).ok())
                .ok_or(WRONG_LENGTH)?;
            if *oid == ED25519 {
                let secret = ed25519_dalek::SigningKey::from_bytes(octets);
                let public = secret.verifying_key().to_bytes();
                Self::join(algorithm, &public, SecretKey::Ed25519(secret))
            } else {
                Self::from_x25519(x25519_dalek::StaticSecret::from(*octets))
            }
        } else if *oid == X448 {
            let octets = parameters::sole(octets, Tag::OCTET_STRING)
                .and_then(|octets| <[u8; 56]>::try_from(octets).ok())
                .ok_or(WRONG_LENGTH)?;
            Self::from_x448(x448::StaticSecret::from(octets))
        } else if *oid == ED448 {
            let octets = parameters::sole(octets, Tag::OCTET_STRING)
                .and_then(|octets| <&[u8; ed448::SIZE]>::try_from(octets).ok())
                .ok_or(WRONG_LENGTH)?;
            let secret = Box::new(ed448::private_key(octets));
            let public = secret.verifying_key().to_bytes();
            Self::join(algorithm, &public, SecretKey::Ed448(secret))
        } else if let Some(set) = MlDsa::of(oid) {
            let (secret, public) = ml_dsa::PrivateKey::parse(set, octets)?;
            Self::join(algorithm, &public, SecretKey::MlDsa(secret))
        } else if let Some(set) = SlhDsa::of(oid) {
            let (secret, public) = slh_dsa::PrivateKey::parse(set, octets)?;
            Self::join(algorithm, &public, SecretKey::SlhDsa(secret))
        } else if *oid == DSA {
            Err(Error::Key(
                "a DSA key, which would only sign what is not written",
            ))
        } else {
            let secret = kem::SecretMlKem::from_der(kem::of_key(algorithm)?, octets)?;
            let public = secret.public_octets();
            Self::join(algorithm, &public, SecretKey::MlKem(secret))
        }
    }
    /// Parses RSAPrivateKey (PKCS#1).
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self> {
        Self::from_rsa(&parameters::with_null(RSA_ENCRYPTION), der)
    }
    /// RSAPrivateKey (RFC 8017 appendix A.1.2) of two primes; that they and both exponents belong together is checked.
    fn from_rsa(algorithm: &AlgorithmIdentifierOwned, der: &[u8]) -> Result<Self> {
        const MALFORMED: Error = Error::Key("a malformed RSAPrivateKey");
        let mut fields = parameters::sole_sequence(der).ok_or(MALFORMED)?;
        let mut integer = || fields.expect(Tag::INTEGER).map_err(|_| MALFORMED);
        let (_version, modulus, exponent) = (integer()?, integer()?, integer()?);
        // The public half is checked first: its sizes bound the arithmetic on the private one.
        let public = write::sequence(&[modulus.raw, exponent.raw]);
        let public = PublicKey::from_parts(algorithm, &public)?;
        let secret = rsa_scheme::PrivateKey::from_pkcs1_der(der)?;
        Ok(Self {
            public,
            secret: SecretKey::Rsa(Box::new(secret)),
        })
    }
    /// Parses ECPrivateKey (RFC 5915 §3): `SEQUENCE { version 1, privateKey OCTET STRING, parameters [0] OPTIONAL, publicKey [1] BIT STRING OPTIONAL }`.
    /// The curve is `curve` or that of the parameters inside, which must agree.
    pub(super) fn from_sec1(der: &[u8], curve: Option<Oid>) -> Result<Self> {
        const MALFORMED: Error = Error::Key("a malformed ECPrivateKey");
        let mut fields = parameters::sole_sequence(der).ok_or(MALFORMED)?;
        let version = fields.expect(Tag::INTEGER).map_err(|_| MALFORMED)?;
        let scalar = fields.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        let inner = fields.optional(Tag::context(0)).map_err(|_| MALFORMED)?;
        let public = fields.optional(Tag::context(1)).map_err(|_| MALFORMED)?;
        fields.finish().map_err(|_| MALFORMED)?;
        if version.content != [1] {
            return Err(MALFORMED);
        }
        let inner = inner.map(|inner| curve::curve(inner.content));
        let inner = inner.transpose()?;
        let curve = match (curve, inner) {
            (Some(outer), Some(inner)) if outer != inner => {
                return Err(Error::Key("an EC key that names two curves"));
            }
            (outer, inner) => outer
                .or(inner)
                .ok_or(Error::Key("an EC key that names no curve"))?,
        };
        let key = Self::from_scalar(&curve, scalar.content)?;
        match public {
            None => Ok(key),
            Some(public) => {
                let bits = parameters::sole(public.content, Tag::BIT_STRING);
                key.check_public(bits.ok_or(MALFORMED)?)
            }
        }
    }
    fn from_scalar(curve: &Oid, scalar: &[u8]) -> Result<Self> {
        const OUT_OF_RANGE: Error = Error::Key("an EC key that is out of range");
        /// Takes a scalar in as many octets as the field has: leading zeros may be missing or too many.
        fn sized<C: Curve>(scalar: &[u8]) -> Result<elliptic_curve::SecretKey<C>> {
            let size = FieldBytesSize::<C>::USIZE;
            let surplus = scalar.len().saturating_sub(size);
            let (zeros, scalar) = scalar.split_at_checked(surplus).ok_or(OUT_OF_RANGE)?;
            if zeros.iter().any(|octet| *octet != 0) {
                return Err(OUT_OF_RANGE);
            }
            let missing = size.saturating_sub(scalar.len());
            let mut octets = Zeroizing::new(Vec::with_capacity(size));
            octets.resize(missing, 0);
            octets.extend_from_slice(scalar);
            elliptic_curve::SecretKey::from_slice(&octets).map_err(|_| OUT_OF_RANGE)
        }
        match *curve {
            P256 => Self::on_curve(P256, EcKey::new(sized(scalar)?), SecretKey::P256),
            P384 => Self::on_curve(P384, EcKey::new(sized(scalar)?), SecretKey::P384),
            P521 => Self::on_curve(P521, EcKey::new(sized(scalar)?), SecretKey::P521),
            BRAINPOOL_P256 => Self::on_curve(
                BRAINPOOL_P256,
                EcKey::new(sized(scalar)?),
                SecretKey::BrainpoolP256,
            ),
            BRAINPOOL_P384 => Self::on_curve(
                BRAINPOOL_P384,
                EcKey::new(sized(scalar)?),
                SecretKey::BrainpoolP384,
            ),
            BRAINPOOL_P512 => Self::on_curve(
                BRAINPOOL_P512,
                EcKey::new(sized(scalar)?),
                SecretKey::BrainpoolP512,
            ),
            _ => Err(Error::Unsupported(format!("curve {curve}"))),
        }
    }
    fn on_curve<C: CurveArithmetic>(
        curve: Oid,
        key: EcKey<C>,
        keep: fn(EcKey<C>) -> SecretKey,
    ) -> Result<Self> {
        let point = key.public_point().to_vec();
        Self::join(&on(curve), &point, keep(key))
    }
    fn from_x25519(secret: x25519_dalek::StaticSecret) -> Result<Self> {
        let public = x25519_dalek::PublicKey::from(&secret);
        let algorithm = parameters::without(X25519);
        Self::join(&algorithm, public.as_bytes(), SecretKey::X25519(secret))
    }
    fn from_x448(secret: x448::StaticSecret) -> Result<Self> {
        let public = x448::PublicKey::from(&secret);
        let algorithm = parameters::without(X448);
        Self::join(&algorithm, public.as_bytes(), SecretKey::X448(secret))
    }
    fn join(
        algorithm: &AlgorithmIdentifierOwned,
        public: &[u8],
        secret: SecretKey,
    ) -> Result<Self> {
        let public = PublicKey::from_parts(algorithm, public)?;
        Ok(Self { public, secret })
    }
    /// Requires that the content of a BIT STRING is this key's public half.
    fn check_public(self, bits: &[u8]) -> Result<Self> {
        let der = parameters::sole_sequence(self.public.spki());
        let algorithm = der.and_then(|mut fields| fields.any().ok());
        let algorithm = algorithm.and_then(|value| parameters::algorithm_identifier(value.raw));
        let stated = match (algorithm, bits.split_first()) {
            (Some(algorithm), Some((0, octets))) => PublicKey::from_parts(&algorithm, octets).ok(),
            _ => None,
        };
        match stated {
            Some(stated) if stated.is_same_key(&self.public) => Ok(self),
            _ => Err(Error::Key("a private key beside the public key of another")),
        }
    }
    /// Makes an ephemeral key of the same kind (EC or X25519) as `like`.
    pub fn ephemeral(like: &PublicKey, rng: &mut dyn CryptoRng) -> Result<Self> {
        match like.key() {
            Key::P256(_) => Self::on_curve(P256, EcKey::generate(rng), SecretKey::P256),
            Key::P384(_) => Self::on_curve(P384, EcKey::generate(rng), SecretKey::P384),
            Key::P521(_) => Self::on_curve(P521, EcKey::generate(rng), SecretKey::P521),
            Key::BrainpoolP256(_) => Self::on_curve(
                BRAINPOOL_P256,
                EcKey::generate(rng),
                SecretKey::BrainpoolP256,
            ),
            Key::BrainpoolP384(_) => Self::on_curve(
                BRAINPOOL_P384,
                EcKey::generate(rng),
                SecretKey::BrainpoolP384,
            ),
            Key::BrainpoolP512(_) => Self::on_curve(
                BRAINPOOL_P512,
                EcKey::generate(rng),
                SecretKey::BrainpoolP512,
            ),
            Key::X25519(_) => Self::from_x25519(x25519_dalek::StaticSecret::random_from_rng(rng)),
            Key::X448(_) => Self::from_x448(x448::StaticSecret::random_from_rng(rng)),
            Key::Rsa { .. }
            | Key::RsaKem { .. }
            | Key::MlKem(_)
            | Key::Ed25519(_)
            | Key::Ed448(_)
            | Key::MlDsa(..)
            | Key::SlhDsa(..)
            | Key::Dsa(_) => Err(cannot(like, "agree on a secret")),
        }
    }
}
const WRONG_LENGTH: Error = Error::Key("a private key of the wrong length");
/// Returns the AlgorithmIdentifier of keys on a named curve.
fn on(curve: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: EC_PUBLIC_KEY,
        parameters: Some(Any::from(curve)),
    }
}
fn cannot(key: &PublicKey, what: &'static str) -> Error {
    Error::KeyType {
        key: key.kind().name(),
        what,
    }
}

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SoftwareKey(…)")
    }
}

impl PrivateKey for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }
    fn sign(
        &self,
        algorithm: &SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>> {
        const UNSIGNED: Error = Error::Key("an EC key that does not sign");
        match (&self.secret, algorithm) {
            (SecretKey::Rsa(key), SignatureAlgorithm::RsaPkcs1(kind)) => {
                if !matches!(self.public.key(), Key::Rsa { pss: None, .. }) {
                    return Err(cannot(&self.public, "sign with rsa-pkcs1"));
                }
                rsa_scheme::sign_pkcs1(key, *kind, &digest(*kind, message), rng)
            }
            (
                SecretKey::Rsa(key),
                &SignatureAlgorithm::RsaPss {
                    digest: kind,
                    mgf,
                    salt,
                },
            ) => {
                let pss = parameters::Pss {
                    digest: kind,
                    mgf,
                    salt,
                };
                let Key::Rsa { pss: demanded, .. } = self.public.key() else {
                    return Err(cannot(&self.public, "sign with rsa-pss"));
                };
                public_key::check_restriction(*demanded, pss)?;
                rsa_scheme::sign_pss(key, pss, &digest(kind, message), rng)
            }
            (SecretKey::P256(key), SignatureAlgorithm::Ecdsa(kind)) => {
                key.sign(&digest(*kind, message), rng).ok_or(UNSIGNED)
            }
            (SecretKey::P384(key), SignatureAlgorithm::Ecdsa(kind)) => {
                key.sign(&digest(*kind, message), rng).ok_or(UNSIGNED)
            }
            (SecretKey::P521(key), SignatureAlgorithm::Ecdsa(kind)) => {
                key.sign(&digest(*kind, message), rng).ok_or(UNSIGNED)
            }
            (SecretKey::BrainpoolP256(key), SignatureAlgorithm::Ecdsa(kind)) => {
                key.sign(&digest(*kind, message), rng).ok_or(UNSIGNED)
            }
            (SecretKey::BrainpoolP384(key), SignatureAlgorithm::Ecdsa(kind)) => {
                key.sign(&digest(*kind, message), rng).ok_or(UNSIGNED)
            }
            (SecretKey::BrainpoolP512(key), SignatureAlgorithm::Ecdsa(kind)) => {
                key.sign(&digest(*kind, message), rng).ok_or(UNSIGNED)
            }
            (SecretKey::Ed25519(key), SignatureAlgorithm::Ed25519) => {
                Ok(key.sign(message).to_bytes().to_vec())
            }
            (SecretKey::Ed448(key), SignatureAlgorithm::Ed448) => {
                Ok(key.sign_raw(message).to_bytes().to_vec())
            }
            (SecretKey::MlDsa(key), SignatureAlgorithm::MlDsa(set)) if key.set == *set => {
                key.sign(message, rng)
            }
            (SecretKey::SlhDsa(key), SignatureAlgorithm::SlhDsa(set)) if key.set == *set => {
                key.sign(message, rng)
            }
            _ => Err(cannot(
                &self.public,
                match algorithm {
                    SignatureAlgorithm::RsaPkcs1(_) => "sign with rsa-pkcs1",
                    SignatureAlgorithm::RsaPss { .. } => "sign with rsa-pss",
                    SignatureAlgorithm::Ecdsa(_) => "sign with ecdsa",
                    SignatureAlgorithm::Dsa(_) => "sign with dsa",
                    SignatureAlgorithm::Ed25519 => "sign with ed25519",
                    SignatureAlgorithm::Ed448 => "sign with ed448",
                    SignatureAlgorithm::MlDsa(_) => "sign with this ml-dsa",
                    SignatureAlgorithm::SlhDsa(_) => "sign with this slh-dsa",
                },
            )),
        }
    }
    fn decrypt_key(
        &self,
        algorithm: &KeyTransport,
        encrypted_key: &[u8],
        size: KeySize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Secret> {
        match (&self.secret, self.public.key()) {
            (SecretKey::Rsa(key), Key::Rsa { pss: None, .. }) => {
                rsa_scheme::decrypt(key, algorithm, encrypted_key, size, rng)
            }
            _ => Err(cannot(&self.public, "receive content keys by RSA")),
        }
    }
    fn agree(&self, peer: &PublicKey) -> Result<Secret> {
        match (&self.secret, peer.key()) {
            (SecretKey::P256(key), Key::P256(peer)) => Ok(key.agree(peer)),
            (SecretKey::P384(key), Key::P384(peer)) => Ok(key.agree(peer)),
            (SecretKey::P521(key), Key::P521(peer)) => Ok(key.agree(peer)),
            (SecretKey::BrainpoolP256(key), Key::BrainpoolP256(peer)) => Ok(key.agree(peer)),
            (SecretKey::BrainpoolP384(key), Key::BrainpoolP384(peer)) => Ok(key.agree(peer)),
            (SecretKey::BrainpoolP512(key), Key::BrainpoolP512(peer)) => Ok(key.agree(peer)),
            (SecretKey::X25519(key), Key::X25519(peer)) => {
                let shared = key.diffie_hellman(peer);
                // RFC 8418 §2: a peer of small order makes the secret zero, whatever our key.
                if !shared.was_contributory() {
                    return Err(Error::Decryption);
                }
                Ok(Secret::new(shared.as_bytes().to_vec()))
            }
            (SecretKey::X448(key), Key::X448(peer)) => {
                let shared = key.diffie_hellman(peer);
                // RFC 8418 §2: the same, for which RFC 7748 §6.2 looks at the result
                if bool::from(shared.as_bytes().as_slice().ct_eq(&[0; 56])) {
                    return Err(Error::Decryption);
                }
                Ok(Secret::new(shared.as_bytes().to_vec()))
            }
            _ => Err(cannot(&self.public, "agree on a secret with this key")),
        }
    }
    fn decapsulate(&self, kem: Kem, ciphertext: &[u8], rng: &mut dyn CryptoRng) -> Result<Secret> {
        match (&self.secret, self.public.key(), kem) {
            (SecretKey::MlKem(key), _, kem) if key.kem() == kem => key.decapsulate(ciphertext),
            (
                SecretKey::Rsa(key),
                Key::Rsa { pss: None, .. } | Key::RsaKem { .. },
                Kem::Rsa { kdf, size },
            ) => {
                let number = rsa_scheme::decapsulate(key, ciphertext, rng)?;
                Ok(kem::rsa_secret(kdf, &number, size))
            }
            _ => Err(cannot(&self.public, "take part in this key encapsulation")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::crypto::{ContentCipher, Digest, key_file, key_transport, public_key::Signed};
    use key_file::tests::key;
    use rand::SeedableRng;

    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::from_seed([3; 32])
    }
    /// RFC 9690 §2.3: the key of the file, of which its identifier says that RSA-KEM is all that it is for.
    #[test]
    fn a_key_kept_for_rsa_kem_does_nothing_else() {
        let free = key("rsa-pkcs1");
        let der = key_file::tests::block("rsa-pkcs1").der;
        let kept = SoftwareKey::from_rsa(&parameters::without(RSA_KEM_SPKI), &der).unwrap();
        assert!(kept.public_key().is_same_key(free.public_key()));
        assert!(free.public_key().is_same_key(kept.public_key()));
        let refused = |error| matches!(error, Some(Error::KeyType { key: "RSA-KEM", .. }));
        let (message, mut rng) = (Signed::Message(b"message"), rng());
        for algorithm in algorithms() {
            assert!(refused(kept.sign(&algorithm, b"message", &mut rng).err()));
            let verified = kept.public_key().verify(&algorithm, message, &[0; 256]);
            assert!(refused(verified.err()), "{algorithm:?}");
        }
        let content_key = Secret::new(vec![7; 32]);
        let oaep = KeyTransport::RsaOaep {
            digest: Digest::Sha256,
            mgf: Digest::Sha256,
            label: Vec::new(),
        };
        for transport in [KeyTransport::RsaPkcs1, oaep] {
            let sent = |to: &SoftwareKey, rng: &mut rand_chacha::ChaCha20Rng| {
                key_transport::encrypt_key(to.public_key(), &transport, &content_key, rng)
            };
            assert!(refused(sent(&kept, &mut rng).err()));
            let encrypted = sent(&free, &mut rng).unwrap();
            let size = KeySize::Exactly(32);
            let opened = kept.decrypt_key(&transport, &encrypted, size, &mut rng);
            assert!(refused(opened.err()));
            let opened = free.decrypt_key(&transport, &encrypted, size, &mut rng);
            assert_eq!(opened.unwrap().expose(), content_key.expose());
        }
        let kem = Kem::RSA.for_key_of(32);
        let (ciphertext, shared) = kem::encapsulate(kept.public_key(), kem, &mut rng).unwrap();
        for key in [&kept, &free] {
            let opened = key.decapsulate(kem, &ciphertext, &mut rng).unwrap();
            assert_eq!(opened.expose(), shared.expose());
        }
    }
    fn algorithms() -> Vec<SignatureAlgorithm> {
        let mut all = vec![SignatureAlgorithm::Ed25519, SignatureAlgorithm::Ed448];
        all.extend(MlDsa::ALL.map(SignatureAlgorithm::MlDsa));
        all.extend([SlhDsa::Sha2_128f, SlhDsa::Shake256f].map(SignatureAlgorithm::SlhDsa));
        for digest in Digest::ALL {
            all.push(SignatureAlgorithm::RsaPkcs1(digest));
            all.push(SignatureAlgorithm::Ecdsa(digest));
            all.push(SignatureAlgorithm::Dsa(digest));
            all.push(SignatureAlgorithm::RsaPss {
                digest,
                mgf: digest,
                salt: digest.size(),
            });
        }
        all
    }
    fn fits(key: &SoftwareKey, algorithm: &SignatureAlgorithm) -> bool {
        use crate::crypto::public_key::KeyKind;
        match (key.public_key().kind(), algorithm) {
            (
                KeyKind::Rsa {
                    restricted_to_pss: false,
                    ..
                },
                SignatureAlgorithm::RsaPkcs1(_),
            ) => true,
            (
                KeyKind::Rsa {
                    restricted_to_pss: false,
                    ..
                },
                SignatureAlgorithm::RsaPss { .. },
            ) => true,
            (KeyKind::Rsa { .. }, SignatureAlgorithm::RsaPss { digest, .. }) => {
                *digest == Digest::Sha256
            }
            (KeyKind::P256 | KeyKind::P384 | KeyKind::P521, SignatureAlgorithm::Ecdsa(_)) => true,
            (
                KeyKind::BrainpoolP256 | KeyKind::BrainpoolP384 | KeyKind::BrainpoolP512,
                SignatureAlgorithm::Ecdsa(_),
            ) => true,
            (KeyKind::Ed25519, SignatureAlgorithm::Ed25519) => true,
            (KeyKind::Ed448, SignatureAlgorithm::Ed448) => true,
            (KeyKind::MlDsa(set), SignatureAlgorithm::MlDsa(other)) => set == *other,
            (KeyKind::SlhDsa(set), SignatureAlgorithm::SlhDsa(other)) => set == *other,
            _ => false,
        }
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        for name in [
            "rsa",
            "rsa-pss",
            "p256",
            "p384",
            "p521",
            "brainpool-p256",
            "brainpool-p384",
            "brainpool-p512",
            "ed25519",
            "ed448",
            "ml-dsa-44-seed-only",
            "ml-dsa-65-priv-only",
            "ml-dsa-87-seed-priv",
            "slh-dsa-sha2-128f",
            "slh-dsa-shake-256f",
            "x25519",
        ] {
            let key = key(name);
            for algorithm in algorithms() {
                let signed = key.sign(&algorithm, b"message", &mut rng());
                if !fits(&key, &algorithm) {
                    assert!(signed.is_err(), "{name} {algorithm:?}");
                    let verified =
                        key.public_key()
                            .verify(&algorithm, Signed::Message(b"message"), b"");
                    assert!(verified.is_err(), "{name} {algorithm:?}");
                    continue;
                }
                let signature = signed.unwrap();
                let verify = |message, signature: &[u8]| {
                    key.public_key()
                        .verify(&algorithm, Signed::Message(message), signature)
                        .unwrap()
                };
                assert!(verify(b"message", &signature), "{name} {algorithm:?}");
                assert!(!verify(b"massage", &signature), "{name} {algorithm:?}");
                assert!(!verify(b"message", b""), "{name} {algorithm:?}");
                let longer = [signature.as_slice(), &[0]].concat();
                assert!(!verify(b"message", &longer), "{name} {algorithm:?}");
                let mut altered = signature;
                altered[10] ^= 1;
                assert!(!verify(b"message", &altered), "{name} {algorithm:?}");
            }
        }
    }

    #[test]
    fn what_openssl_signed_verifies() {
        for (name, key, algorithm) in [
            (
                "brainpool-p256",
                "",
                SignatureAlgorithm::Ecdsa(Digest::Sha256),
            ),
            (
                "brainpool-p384",
                "",
                SignatureAlgorithm::Ecdsa(Digest::Sha384),
            ),
            (
                "brainpool-p512",
                "",
                SignatureAlgorithm::Ecdsa(Digest::Sha512),
            ),
            ("ed448", "", SignatureAlgorithm::Ed448),
            (
                "ml-dsa-44",
                "-priv-only",
                SignatureAlgorithm::MlDsa(MlDsa::MlDsa44),
            ),
            (
                "ml-dsa-65",
                "-seed-only",
                SignatureAlgorithm::MlDsa(MlDsa::MlDsa65),
            ),
            (
                "ml-dsa-87",
                "-seed-priv",
                SignatureAlgorithm::MlDsa(MlDsa::MlDsa87),
            ),
            (
                "slh-dsa-sha2-128s",
                "",
                SignatureAlgorithm::SlhDsa(SlhDsa::Sha2_128s),
            ),
            (
                "slh-dsa-shake-128s",
                "",
                SignatureAlgorithm::SlhDsa(SlhDsa::Shake128s),
            ),
        ] {
            let signature = key_file::tests::signature(name);
            let key = self::key(&format!("{name}{key}"));
            let verify = |message, signature: &[u8]| {
                let signed = Signed::Message(message);
                key.public_key().verify(&algorithm, signed, signature)
            };
            assert!(verify(b"message", &signature).unwrap(), "{name}");
            assert!(!verify(b"massage", &signature).unwrap(), "{name}");
            for size in [0, 1, signature.len() - 1] {
                assert!(!verify(b"message", &signature[..size]).unwrap(), "{name}");
            }
        }
    }

    #[test]
    fn every_form_of_a_post_quantum_key_is_the_same_key() {
        for level in [44, 65, 87] {
            let spki = |form| {
                let key = key(&format!("ml-dsa-{level}-{form}"));
                key.public_key().spki().to_vec()
            };
            assert_eq!(spki("seed-only"), spki("priv-only"));
            assert_eq!(spki("seed-only"), spki("seed-priv"));
        }
        for set in SlhDsa::ALL
            .iter()
            .filter(|set| set.row().name.ends_with('f'))
        {
            let key = key(set.row().name).public_key().kind();
            assert_eq!(key, public_key::KeyKind::SlhDsa(*set));
        }
    }

    #[test]
    fn post_quantum_keys_whose_parts_differ_are_refused() {
        let refused = |der: &[u8]| SoftwareKey::from_pkcs8(der).is_err();
        let fits = |name: &str| key_file::tests::block(name).der.to_vec();
        for (name, places) in [
            // the seed, then rho, tr, s1, s2 and t0 of the expanded key
            (
                "ml-dsa-44-seed-priv",
                &[40_usize, 80, 150, 220, 700, 2000][..],
            ),
            // rho, K is anything, tr, s1, s2, t0
            ("ml-dsa-65-priv-only", &[40, 130, 200, 1000, 2000, 4050]),
            // SK.seed, SK.prf is anything, PK.seed, PK.root
            ("slh-dsa-sha2-128f", &[24, 58, 76]),
        ] {
            let der = fits(name);
            assert!(!refused(&der), "{name}");
            for at in places {
                let mut altered = der.clone();
                altered[*at] ^= 0x10;
                assert!(refused(&altered), "{name} {at}");
            }
            assert!(refused(&der[..der.len() - 1]), "{name}");
        }
        // all bits of s1 and s2 set: no coefficient there is
        let mut altered = fits("ml-dsa-44-priv-only");
        let length = altered.len();
        altered[length - 2560 + 128..length - 2560 + 896].fill(0xff);
        assert!(refused(&altered));
    }

    #[test]
    fn a_restricted_key_demands_its_parameters() {
        let key = key("rsa-pss");
        let pss = |digest, mgf, salt| SignatureAlgorithm::RsaPss { digest, mgf, salt };
        let sha256 = Digest::Sha256;
        assert!(key.sign(&pss(sha256, sha256, 40), b"", &mut rng()).is_ok());
        for other in [
            pss(sha256, sha256, 31),
            pss(sha256, Digest::Sha1, 32),
            pss(Digest::Sha512, sha256, 32),
        ] {
            assert!(key.sign(&other, b"", &mut rng()).is_err());
            assert!(
                key.public_key()
                    .verify(&other, Signed::Message(b""), b"")
                    .is_err()
            );
        }
        let transport = key.decrypt_key(
            &KeyTransport::RsaPkcs1,
            &[0; 128],
            KeySize::Exactly(16),
            &mut rng(),
        );
        assert!(matches!(transport, Err(Error::KeyType { .. })));
        let sent = key_transport::encrypt_key(
            key.public_key(),
            &KeyTransport::RsaPkcs1,
            &Secret::new(vec![1]),
            &mut rng(),
        );
        assert!(matches!(sent, Err(Error::KeyType { .. })));
    }

    #[test]
    fn a_prehash_is_as_good_as_the_message_if_it_is_the_right_one() {
        let key = key("p256");
        let algorithm = SignatureAlgorithm::Ecdsa(Digest::Sha512);
        let signature = key.sign(&algorithm, b"message", &mut rng()).unwrap();
        let hash = digest(Digest::Sha512, b"message");
        let verify = |kind, hash| {
            key.public_key()
                .verify(&algorithm, Signed::Prehash(kind, hash), &signature)
        };
        assert!(verify(Digest::Sha512, &hash).unwrap());
        assert!(verify(Digest::Sha384, &hash[..48]).is_err());
        assert!(verify(Digest::Sha512, &hash[1..]).is_err());
    }

    #[test]
    fn content_keys_reach_rsa_keys() {
        let key = key("rsa");
        let content_key = Secret::random(ContentCipher::Aes256Cbc.key_size(), &mut rng());
        let mut all = vec![KeyTransport::RsaPkcs1];
        for digest in [Digest::Sha1, Digest::Sha224, Digest::Sha256, Digest::Sha512] {
            for mgf in [digest, Digest::Sha256] {
                let labels = [&b""[..], b"label"].map(<[u8]>::to_vec);
                all.extend(labels.map(|label| KeyTransport::RsaOaep { digest, mgf, label }));
            }
        }
        for algorithm in all {
            let sent =
                key_transport::encrypt_key(key.public_key(), &algorithm, &content_key, &mut rng())
                    .unwrap();
            let decrypt = |sent: &[u8], size| {
                let size = KeySize::Exactly(size);
                key.decrypt_key(&algorithm, sent, size, &mut rng())
            };
            assert_eq!(decrypt(&sent, 32).unwrap().expose(), content_key.expose());
            assert!(matches!(decrypt(&sent[1..], 32), Err(Error::Decryption)));
            assert!(matches!(
                decrypt(&[sent.as_slice(), &[0]].concat(), 32),
                Err(Error::Decryption)
            ));
            let mut altered = sent.clone();
            altered[100] ^= 1;
            if algorithm == KeyTransport::RsaPkcs1 {
                // implicit rejection: always a key, always the same, for bad padding and for a size that was not expected
                for (sent, size) in [(&altered, 32), (&sent, 16), (&sent, 24), (&altered, 16)] {
                    let stand_in = decrypt(sent, size).unwrap();
                    assert_eq!(stand_in.expose().len(), size);
                    assert_eq!(stand_in.expose(), decrypt(sent, size).unwrap().expose());
                    assert!(!content_key.expose().starts_with(stand_in.expose()));
                }
            } else {
                assert!(matches!(decrypt(&altered, 32), Err(Error::Decryption)));
                assert!(matches!(decrypt(&sent, 16), Err(Error::Decryption)));
            }
            if let KeyTransport::RsaOaep { digest, mgf, label } = &algorithm {
                let other = KeyTransport::RsaOaep {
                    digest: *digest,
                    mgf: *mgf,
                    label: [label, &b"x"[..]].concat(),
                };
                let opened = key.decrypt_key(&other, &sent, KeySize::Exactly(32), &mut rng());
                assert!(matches!(opened, Err(Error::Decryption)));
            }
        }
        let elsewhere = key_transport::encrypt_key(
            self::key("p256").public_key(),
            &KeyTransport::RsaPkcs1,
            &content_key,
            &mut rng(),
        );
        assert!(matches!(elsewhere, Err(Error::KeyType { .. })));
    }

    #[test]
    fn two_keys_of_a_curve_agree() {
        for name in ["p256", "p384", "p521", "x25519"] {
            let key = key(name);
            let ephemeral = SoftwareKey::ephemeral(key.public_key(), &mut rng()).unwrap();
            assert_eq!(ephemeral.public_key().kind(), key.public_key().kind());
            let ours = ephemeral.agree(key.public_key()).unwrap();
            let theirs = key.agree(ephemeral.public_key()).unwrap();
            assert_eq!(ours.expose(), theirs.expose());
            let other = self::key(if name == "p256" { "p384" } else { "p256" });
            assert!(matches!(
                key.agree(other.public_key()),
                Err(Error::KeyType { .. })
            ));
        }
        for name in ["rsa", "ed25519"] {
            let key = key(name);
            assert!(SoftwareKey::ephemeral(key.public_key(), &mut rng()).is_err());
            assert!(key.agree(key.public_key()).is_err());
        }
        let zero = PublicKey::from_parts(&parameters::without(X25519), &[0; 32]).unwrap();
        assert!(matches!(key("x25519").agree(&zero), Err(Error::Decryption)));
    }

    #[test]
    fn nothing_secret_is_printed() {
        assert_eq!(format!("{:?}", key("p256")), "SoftwareKey(…)");
    }
}
