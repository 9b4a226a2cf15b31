//! Public keys out of SubjectPublicKeyInfo, and what they verify. A curve is one of those that have names; a SubjectPublicKeyInfo that has all its
//! numbers instead is told from others.
//!
//! RFC 5280 §4.1.2.7, RFC 3279, RFC 4055, RFC 5480, RFC 5639, RFC 8410, RFC 8692, RFC 9881, RFC 9909. Knows nothing of certificates.
use super::{
    Digest, Error, Kem, Result, SignatureAlgorithm,
    algorithm::{
        DSA, EC_PUBLIC_KEY, ED448, ED25519, RSA_ENCRYPTION, RSA_KEM_SPKI, RSASSA_PSS,
        RsaKemComponents,
    },
    bp512::BrainpoolP512r1,
    curve,
    digest::digest,
    dsa, ecdsa_scheme, ed448, kem,
    ml_dsa::{self, MlDsa},
    parameters, rsa_scheme,
    slh_dsa::{self, SlhDsa},
};
use crate::asn1::{Tag, cursor::Cursor, oid::Oid, write};
use bp256::BrainpoolP256r1;
use bp384::BrainpoolP384r1;
use spki::AlgorithmIdentifierOwned;

/// id-X25519 (RFC 8410 §3)
pub(super) const X25519: Oid = Oid::new_unwrap("1.3.101.110");
/// id-X448 (RFC 8410 §3)
pub(super) const X448: Oid = Oid::new_unwrap("1.3.101.111");
/// The named curves (RFC 5480 §2.1.1.1).
pub(super) const P256: Oid = Oid::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P384: Oid = Oid::new_unwrap("1.3.132.0.34");
pub(super) const P521: Oid = Oid::new_unwrap("1.3.132.0.35");
/// The named curves of RFC 5639 §4.1.
pub(super) const BRAINPOOL_P256: Oid = Oid::new_unwrap("1.3.36.3.3.2.8.1.1.7");
pub(super) const BRAINPOOL_P384: Oid = Oid::new_unwrap("1.3.36.3.3.2.8.1.1.11");
pub(super) const BRAINPOOL_P512: Oid = Oid::new_unwrap("1.3.36.3.3.2.8.1.1.13");

/// What a signature is over.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// the message itself
    Message(&'a [u8]),
    /// its digest, already computed (not for those that sign the message itself)
    Prehash(Digest, &'a [u8]),
}
/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of so many bits; `restricted_to_pss` when the key's OID is id-RSASSA-PSS
    Rsa {
        /// modulus bits
        bits: usize,
        /// id-RSASSA-PSS
        restricted_to_pss: bool,
    },
    /// RSA of so many bits that takes part in RSA-KEM and in nothing else: the key's OID is id-rsa-kem-spki
    RsaKem {
        /// modulus bits
        bits: usize,
    },
    /// P-256
    P256,
    /// P-384
    P384,
    /// P-521
    P521,
    /// brainpoolP256r1
    BrainpoolP256,
    /// brainpoolP384r1
    BrainpoolP384,
    /// brainpoolP512r1
    BrainpoolP512,
    /// Ed25519
    Ed25519,
    /// X25519
    X25519,
    /// X448
    X448,
    /// ML-KEM of this parameter set
    MlKem(Kem),
    /// Ed448
    Ed448,
    /// ML-DSA of a parameter set
    MlDsa(MlDsa),
    /// SLH-DSA of a parameter set
    SlhDsa(SlhDsa),
    /// DSA with p of so many bits, 0 when its parameters are the issuer's
    Dsa {
        /// bits of p
        bits: usize,
    },
}
impl KeyKind {
    /// Returns `RSA`, `P-256`, `Ed25519`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::RsaKem { .. } => "RSA-KEM",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::BrainpoolP256 => "brainpoolP256r1",
            Self::BrainpoolP384 => "brainpoolP384r1",
            Self::BrainpoolP512 => "brainpoolP512r1",
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
            Self::X448 => "X448",
            Self::MlKem(Kem::MlKem512) => "ML-KEM-512",
            Self::MlKem(Kem::MlKem768) => "ML-KEM-768",
            Self::MlKem(_) => "ML-KEM-1024",
            Self::Ed448 => "Ed448",
            Self::MlDsa(set) => set.standard_name(),
            Self::SlhDsa(set) => set.standard_name(),
            Self::Dsa { .. } => "DSA",
        }
    }
    /// Returns the size in bits: of the modulus or the field, or of the whole key where neither says anything of it.
    pub fn bits(self) -> usize {
        match self {
            Self::Rsa { bits, .. } | Self::RsaKem { bits } | Self::Dsa { bits } => bits,
            Self::P256 | Self::BrainpoolP256 => 256,
            Self::P384 | Self::BrainpoolP384 => 384,
            Self::BrainpoolP512 => 512,
            Self::P521 => 521,
            Self::Ed25519 | Self::X25519 => 255,
            Self::Ed448 | Self::X448 => 448,
            Self::MlKem(Kem::MlKem512) => 800 * 8,
            Self::MlKem(Kem::MlKem768) => 1184 * 8,
            Self::MlKem(_) => 1568 * 8,
            Self::MlDsa(set) => set.row().size * 8,
            Self::SlhDsa(set) => set.row().size * 8,
        }
    }
}
/// A public key.
#[derive(Debug, Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    key: Key,
    explicit_curve: bool,
}
#[derive(Debug, Clone)]
pub(super) enum Key {
    Rsa {
        key: Box<rsa_scheme::PublicKey>,
        pss: Option<PssRestriction>,
    },
    RsaKem {
        key: Box<rsa_scheme::PublicKey>,
        components: Option<RsaKemComponents>,
    },
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    P521(p521::PublicKey),
    BrainpoolP256(elliptic_curve::PublicKey<BrainpoolP256r1>),
    BrainpoolP384(elliptic_curve::PublicKey<BrainpoolP384r1>),
    BrainpoolP512(elliptic_curve::PublicKey<BrainpoolP512r1>),
    Ed25519(ed25519_dalek::VerifyingKey),
    X25519(x25519_dalek::PublicKey),
    X448(x448::PublicKey),
    MlKem(kem::PublicMlKem),
    Ed448(Box<ed448_goldilocks::VerifyingKey>),
    MlDsa(MlDsa, Vec<u8>),
    SlhDsa(SlhDsa, Vec<u8>),
    Dsa(Box<dsa::PublicKey>),
}
/// What an id-RSASSA-PSS key demands of its signatures (RFC 4055 §1.2); the salt is a minimum (§3.3).
#[derive(Debug, Clone, Copy)]
pub(super) enum PssRestriction {
    AnyParameters,
    Parameters(parameters::Pss),
}

impl PublicKey {
    /// What says in capabilities that RSA-KEM is read (RFC 9690 §2.4).
    pub const RSA_KEM: Oid = RSA_KEM_SPKI;

    /// Parses SubjectPublicKeyInfo DER. Sizes are checked before any arithmetic: RSA 512 to 16384 bits, exponent odd, 3 to 2^64; EC points on the curve, not infinity.
    pub fn from_spki(der: &[u8]) -> Result<Self> {
        const MALFORMED: Error = Error::Key("a malformed SubjectPublicKeyInfo");
        let mut fields = parameters::sole_sequence(der).ok_or(MALFORMED)?;
        let algorithm = fields.expect(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
        let bits = fields.expect(Tag::BIT_STRING).map_err(|_| MALFORMED)?;
        fields.finish().map_err(|_| MALFORMED)?;
        let algorithm = parameters::algorithm_identifier(algorithm.raw).ok_or(MALFORMED)?;
        let Some((0, octets)) = bits.content.split_first() else {
            return Err(MALFORMED);
        };
        let named = named_curve(&algorithm);
        let key = Key::from_bits(named.as_ref().unwrap_or(&algorithm), octets)?;
        Ok(Self {
            spki: der.to_vec(),
            key,
            explicit_curve: named.is_some(),
        })
    }
    /// Joins an algorithm and the octets of its key.
    pub(super) fn from_parts(algorithm: &AlgorithmIdentifierOwned, octets: &[u8]) -> Result<Self> {
        let bits = write::tlv(Tag::BIT_STRING, &[&[0], octets].concat());
        let key = Self::from_spki(&write::sequence(&[&parameters::encoded(algorithm), &bits]))?;
        match key.explicit_curve {
            true => Err(UNNAMED),
            false => Ok(key),
        }
    }
    /// Returns the SubjectPublicKeyInfo as given.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }
    /// Returns the kind.
    pub fn kind(&self) -> KeyKind {
        match &self.key {
            Key::Rsa { key, pss } => KeyKind::Rsa {
                bits: key.bits(),
                restricted_to_pss: pss.is_some(),
            },
            Key::RsaKem { key, .. } => KeyKind::RsaKem { bits: key.bits() },
            Key::P256(_) => KeyKind::P256,
            Key::P384(_) => KeyKind::P384,
            Key::P521(_) => KeyKind::P521,
            Key::BrainpoolP256(_) => KeyKind::BrainpoolP256,
            Key::BrainpoolP384(_) => KeyKind::BrainpoolP384,
            Key::BrainpoolP512(_) => KeyKind::BrainpoolP512,
            Key::Ed25519(_) => KeyKind::Ed25519,
            Key::X25519(_) => KeyKind::X25519,
            Key::X448(_) => KeyKind::X448,
            Key::MlKem(key) => KeyKind::MlKem(key.kem()),
            Key::Ed448(_) => KeyKind::Ed448,
            Key::MlDsa(set, _) => KeyKind::MlDsa(*set),
            Key::SlhDsa(set, _) => KeyKind::SlhDsa(*set),
            Key::Dsa(key) => KeyKind::Dsa { bits: key.bits },
        }
    }
    /// Returns the public exponent of an RSA key, which has eight octets at most.
    pub fn rsa_exponent(&self) -> Option<u64> {
        let (Key::Rsa { key, .. } | Key::RsaKem { key, .. }) = &self.key else {
            return None;
        };
        let octets = key.exponent().iter();
        Some(octets.fold(0, |number, octet| (number << 8) | u64::from(*octet)))
    }
    /// Returns whether the numbers of its curve stand where RFC 5480 §2.1.1 wants the name. They are those of a curve that has one.
    pub fn has_explicit_curve(&self) -> bool {
        self.explicit_curve
    }
    /// Returns what a key restricted to RSA-KEM demands besides, if anything.
    pub fn rsa_kem_components(&self) -> Option<RsaKemComponents> {
        match self.key {
            Key::RsaKem { components, .. } => components,
            _ => None,
        }
    }
    /// Returns whether both are the same key, however each is encoded (compressed point or not, rsaEncryption or one of its restrictions).
    pub fn is_same_key(&self, other: &Self) -> bool {
        match (&self.key, &other.key) {
            (
                Key::Rsa { key: a, .. } | Key::RsaKem { key: a, .. },
                Key::Rsa { key: b, .. } | Key::RsaKem { key: b, .. },
            ) => a == b,
            (Key::P256(a), Key::P256(b)) => a == b,
            (Key::P384(a), Key::P384(b)) => a == b,
            (Key::P521(a), Key::P521(b)) => a == b,
            (Key::BrainpoolP256(a), Key::BrainpoolP256(b)) => a == b,
            (Key::BrainpoolP384(a), Key::BrainpoolP384(b)) => a == b,
            (Key::BrainpoolP512(a), Key::BrainpoolP512(b)) => a == b,
            (Key::Ed25519(a), Key::Ed25519(b)) => a == b,
            (Key::X25519(a), Key::X25519(b)) => a == b,
            (Key::X448(a), Key::X448(b)) => a == b,
            (Key::MlKem(a), Key::MlKem(b)) => a == b,
            (Key::Ed448(a), Key::Ed448(b)) => a == b,
            (Key::MlDsa(one, a), Key::MlDsa(other, b)) => one == other && a == b,
            (Key::SlhDsa(one, a), Key::SlhDsa(other, b)) => one == other && a == b,
            (Key::Dsa(a), Key::Dsa(b)) => a == b,
            _ => false,
        }
    }
    pub(super) fn key(&self) -> &Key {
        &self.key
    }
    /// Returns whether `signature` is this key's over `signed`. Err: the algorithm does not fit the key or the parameters are unusable.
    /// RSA PKCS#1 v1.5 by encode-and-compare (NULL and absent DigestInfo parameters both tried); ECDSA strict DER; EdDSA strict.
    pub fn verify(
        &self,
        algorithm: &SignatureAlgorithm,
        signed: Signed<'_>,
        signature: &[u8],
    ) -> Result<bool> {
        match (&self.key, algorithm) {
            (Key::Rsa { key, pss: None }, SignatureAlgorithm::RsaPkcs1(kind)) => {
                let hash = signed.hash(*kind)?;
                Ok(rsa_scheme::verify_pkcs1(key, *kind, &hash, signature))
            }
            (Key::Rsa { key, pss }, SignatureAlgorithm::RsaPss { digest, mgf, salt }) => {
                let found = parameters::Pss {
                    digest: *digest,
                    mgf: *mgf,
                    salt: *salt,
                };
                check_restriction(*pss, found)?;
                let hash = signed.hash(*digest)?;
                Ok(rsa_scheme::verify_pss(key, found, &hash, signature))
            }
            (Key::P256(key), SignatureAlgorithm::Ecdsa(kind)) => {
                let hash = signed.hash(*kind)?;
                Ok(ecdsa_scheme::verify(key, &hash, signature))
            }
            (Key::P384(key), SignatureAlgorithm::Ecdsa(kind)) => {
                let hash = signed.hash(*kind)?;
                Ok(ecdsa_scheme::verify(key, &hash, signature))
            }
            (Key::P521(key), SignatureAlgorithm::Ecdsa(kind)) => {
                let hash = signed.hash(*kind)?;
                Ok(ecdsa_scheme::verify(key, &hash, signature))
            }
            (Key::BrainpoolP256(key), SignatureAlgorithm::Ecdsa(kind)) => {
                let hash = signed.hash(*kind)?;
                Ok(ecdsa_scheme::verify(key, &hash, signature))
            }
            (Key::BrainpoolP384(key), SignatureAlgorithm::Ecdsa(kind)) => {
                let hash = signed.hash(*kind)?;
                Ok(ecdsa_scheme::verify(key, &hash, signature))
            }
            (Key::BrainpoolP512(key), SignatureAlgorithm::Ecdsa(kind)) => {
                let hash = signed.hash(*kind)?;
                Ok(ecdsa_scheme::verify(key, &hash, signature))
            }
            (Key::Dsa(key), SignatureAlgorithm::Dsa(kind)) => {
                key.verify(&signed.hash(*kind)?, signature)
            }
            (Key::Ed25519(key), SignatureAlgorithm::Ed25519) => {
                let message = signed.message(algorithm)?;
                let signature = ed25519_dalek::Signature::from_slice(signature);
                Ok(signature.is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()))
            }
            (Key::Ed448(key), SignatureAlgorithm::Ed448) => {
                Ok(ed448::verify(key, signed.message(algorithm)?, signature))
            }
            (Key::MlDsa(set, key), SignatureAlgorithm::MlDsa(wanted)) if set == wanted => {
                let message = signed.message(algorithm)?;
                Ok(ml_dsa::verify(*set, key, message, signature))
            }
            (Key::SlhDsa(set, key), SignatureAlgorithm::SlhDsa(wanted)) if set == wanted => {
                let message = signed.message(algorithm)?;
                Ok(slh_dsa::verify(*set, key, message, signature))
            }
            _ => Err(Error::KeyType {
                key: self.kind().name(),
                what: match algorithm {
                    SignatureAlgorithm::RsaPkcs1(_) => "verify rsa-pkcs1",
                    SignatureAlgorithm::RsaPss { .. } => "verify rsa-pss",
                    SignatureAlgorithm::Ecdsa(_) => "verify ecdsa",
                    SignatureAlgorithm::Dsa(_) => "verify dsa",
                    SignatureAlgorithm::Ed25519 => "verify ed25519",
                    SignatureAlgorithm::Ed448 => "verify ed448",
                    SignatureAlgorithm::MlDsa(_) => "verify this ml-dsa",
                    SignatureAlgorithm::SlhDsa(_) => "verify this slh-dsa",
                },
            }),
        }
    }
    /// Returns whether this is a DSA key without parameters, which are its issuer's (RFC 3279 §2.3.2): it verifies nothing until it inherits them.
    pub fn needs_parameters(&self) -> bool {
        matches!(&self.key, Key::Dsa(key) if key.needs_parameters())
    }
    /// Returns this key with the parameters of its issuer's, if it needs any.
    pub fn inheriting(self, issuer: &Self) -> Result<Self> {
        match (&self.key, &issuer.key) {
            (Key::Dsa(key), Key::Dsa(issuer)) if key.needs_parameters() => Ok(Self {
                key: Key::Dsa(Box::new(key.inheriting(issuer)?)),
                ..self
            }),
            _ => Ok(self),
        }
    }
}
impl<'a> Signed<'a> {
    fn message(self, algorithm: &SignatureAlgorithm) -> Result<&'a [u8]> {
        match self {
            Self::Message(message) => Ok(message),
            Self::Prehash(..) => Err(Error::Parameters {
                algorithm: algorithm.name(),
                what: "it signs the message, not a digest of it",
            }),
        }
    }
    fn hash(self, wanted: Digest) -> Result<std::borrow::Cow<'a, [u8]>> {
        match self {
            Self::Message(message) => Ok(digest(wanted, message).into()),
            Self::Prehash(kind, hash) if kind == wanted && hash.len() == wanted.size() => {
                Ok(hash.into())
            }
            Self::Prehash(..) => Err(Error::Parameters {
                algorithm: wanted.name(),
                what: "the digest given is another",
            }),
        }
    }
}
/// Requires that a signature's parameters are those of the key, with a salt at least as long.
pub(super) fn check_restriction(
    restriction: Option<PssRestriction>,
    found: parameters::Pss,
) -> Result<()> {
    match restriction {
        Some(PssRestriction::Parameters(wanted))
            if wanted.digest != found.digest
                || wanted.mgf != found.mgf
                || wanted.salt > found.salt =>
        {
            Err(Error::Parameters {
                algorithm: "rsa-pss",
                what: "they are not those that the key demands",
            })
        }
        _ => Ok(()),
    }
}

impl Key {
    fn from_bits(algorithm: &AlgorithmIdentifierOwned, octets: &[u8]) -> Result<Self> {
        let oid = &algorithm.oid;
        if *oid == RSA_ENCRYPTION {
            parameters::absent_or_null(algorithm, "rsaEncryption")?;
            Self::rsa(octets, None)
        } else if *oid == RSASSA_PSS {
            let restriction = match algorithm.parameters {
                None => PssRestriction::AnyParameters,
                Some(_) => PssRestriction::Parameters(parameters::pss(algorithm)?),
            };
            Self::rsa(octets, Some(restriction))
        } else if *oid == RSA_KEM_SPKI {
            let components = match algorithm.parameters {
                None => None,
                Some(_) => Some(parameters::rsa_kem_components(algorithm)?),
            };
            let key = Self::rsa_numbers(octets)?;
            Ok(Self::RsaKem { key, components })
        } else if *oid == EC_PUBLIC_KEY {
            Self::ec(&curve(algorithm)?, octets)
        } else if *oid == ED25519 {
            parameters::absent(algorithm, "Ed25519")?;
            let octets = octets.try_into().map_err(|_| WRONG_LENGTH)?;
            let key = ed25519_dalek::VerifyingKey::from_bytes(octets);
            let key = key.map_err(|_| Error::Key("an Ed25519 point that is not on the curve"))?;
            // A point of small order verifies anything.
            if key.is_weak() {
                return Err(Error::Key("an Ed25519 point of small order"));
            }
            Ok(Self::Ed25519(key))
        } else if *oid == X25519 {
            parameters::absent(algorithm, "X25519")?;
            let octets = <[u8; 32]>::try_from(octets).map_err(|_| WRONG_LENGTH)?;
            Ok(Self::X25519(octets.into()))
        } else if *oid == X448 {
            parameters::absent(algorithm, "X448")?;
            // A point of small order, which would make the secret zero, is no key but is told apart only when it is used: as with X25519.
            x448::PublicKey::from_bytes_unchecked(octets)
                .map(Self::X448)
                .ok_or(WRONG_LENGTH)
        } else if *oid == ED448 {
            parameters::absent(algorithm, "Ed448")?;
            Ok(Self::Ed448(Box::new(ed448::public_key(octets)?)))
        } else if *oid == DSA {
            Ok(Self::Dsa(Box::new(dsa::PublicKey::read(
                algorithm, octets,
            )?)))
        } else if let Some(digest) = Digest::of_pss(oid) {
            // RFC 8692 §4.2: the identifier says all
            parameters::absent(algorithm, "rsa-pss")?;
            let (mgf, salt) = (digest, digest.size());
            let demanded = parameters::Pss { digest, mgf, salt };
            Self::rsa(octets, Some(PssRestriction::Parameters(demanded)))
        } else if let Some(set) = MlDsa::of(oid) {
            let octets = of_size(algorithm, octets, set.standard_name(), set.row().size)?;
            Ok(Self::MlDsa(set, octets))
        } else if let Some(set) = SlhDsa::of(oid) {
            let octets = of_size(algorithm, octets, set.standard_name(), set.row().size)?;
            Ok(Self::SlhDsa(set, octets))
        } else {
            kem::PublicMlKem::from_octets(kem::of_key(algorithm)?, octets).map(Self::MlKem)
        }
    }
    fn rsa(octets: &[u8], pss: Option<PssRestriction>) -> Result<Self> {
        let key = Self::rsa_numbers(octets)?;
        Ok(Self::Rsa { key, pss })
    }
    /// RSAPublicKey (RFC 8017 appendix A.1.1): `SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
    fn rsa_numbers(octets: &[u8]) -> Result<Box<rsa_scheme::PublicKey>> {
        const MALFORMED: Error = Error::Key("a malformed RSAPublicKey");
        let read = |fields: &mut Cursor<'_>| {
            let modulus = fields.expect(Tag::INTEGER).map_err(|_| MALFORMED)?;
            let exponent = fields.expect(Tag::INTEGER).map_err(|_| MALFORMED)?;
            rsa_scheme::PublicKey::new(modulus.content, exponent.content)
        };
        let mut fields = parameters::sole_sequence(octets).ok_or(MALFORMED)?;
        let key = Box::new(read(&mut fields)?);
        fields.finish().map_err(|_| MALFORMED)?;
        Ok(key)
    }
    /// ECPoint (RFC 5480 §2.2), uncompressed or compressed.
    fn ec(curve: &Oid, octets: &[u8]) -> Result<Self> {
        const NO_POINT: Error = Error::Key("an EC point that is not on its curve");
        // SEC 1 §2.3.4: 2 and 3 compressed, 4 uncompressed. Infinity (0) and hybrid (6, 7) forms are no keys (RFC 5480 §2.2).
        if !matches!(octets.first(), Some(2..=4)) {
            return Err(NO_POINT);
        }
        match *curve {
            P256 => p256::PublicKey::from_sec1_bytes(octets).map(Self::P256),
            P384 => p384::PublicKey::from_sec1_bytes(octets).map(Self::P384),
            P521 => p521::PublicKey::from_sec1_bytes(octets).map(Self::P521),
            BRAINPOOL_P256 => {
                elliptic_curve::PublicKey::from_sec1_bytes(octets).map(Self::BrainpoolP256)
            }
            BRAINPOOL_P384 => {
                elliptic_curve::PublicKey::from_sec1_bytes(octets).map(Self::BrainpoolP384)
            }
            BRAINPOOL_P512 => {
                elliptic_curve::PublicKey::from_sec1_bytes(octets).map(Self::BrainpoolP512)
            }
            _ => return Err(Error::Unsupported(format!("curve {curve}"))),
        }
        .map_err(|_| NO_POINT)
    }
}
const WRONG_LENGTH: Error = Error::Key("a public key of the wrong length");
/// Takes a key that is nothing but its octets, without parameters (RFC 9881 §4, RFC 9909 §5).
fn of_size(
    algorithm: &AlgorithmIdentifierOwned,
    octets: &[u8],
    name: &'static str,
    size: usize,
) -> Result<Vec<u8>> {
    parameters::absent(algorithm, name)?;
    if octets.len() != size {
        return Err(WRONG_LENGTH);
    }
    Ok(octets.to_vec())
}

/// Returns the same algorithm with the name of its curve, where all numbers of a curve that has one stand instead.
fn named_curve(algorithm: &AlgorithmIdentifierOwned) -> Option<AlgorithmIdentifierOwned> {
    if algorithm.oid != EC_PUBLIC_KEY {
        return None;
    }
    let parameters = parameters::present(algorithm, "id-ecPublicKey").ok()?;
    let curve = curve::spelled_out(&parameters)?;
    Some(AlgorithmIdentifierOwned {
        oid: EC_PUBLIC_KEY,
        parameters: Some((&curve).into()),
    })
}

/// Returns the named curve of ECParameters (RFC 5480 §2.1.1); explicit and inherited ones are refused, or anybody could choose a generator to match a CA's key.
fn curve(algorithm: &AlgorithmIdentifierOwned) -> Result<Oid> {
    let der = parameters::present(algorithm, "id-ecPublicKey")?;
    parameters::sole(&der, Tag::OID)
        .and_then(|content| Oid::from_bytes(content).ok())
        .ok_or(UNNAMED)
}
const UNNAMED: Error = Error::Parameters {
    algorithm: "id-ecPublicKey",
    what: "the curve is not named",
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::crypto::{PrivateKey, key_file::tests::key};
    use proptest::prelude::*;

    fn named(curve: Oid) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned {
            oid: EC_PUBLIC_KEY,
            parameters: Some(curve.into()),
        }
    }
    fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey> {
        let integer = |octets: &[u8]| write::tlv(Tag::INTEGER, octets);
        let key = write::sequence(&[&integer(modulus), &integer(exponent)]);
        PublicKey::from_parts(&parameters::with_null(RSA_ENCRYPTION), &key)
    }
    fn modulus(bits: usize) -> Vec<u8> {
        let mut octets = vec![0xff; bits.div_ceil(8)];
        octets[0] = 0xff >> ((8 - bits % 8) % 8);
        if octets[0] >= 0x80 {
            octets.insert(0, 0);
        }
        octets
    }

    #[test]
    fn sizes_of_rsa_have_bounds() {
        const E: &[u8] = &[1, 0, 1];
        for bits in [512, 513, 1023, 2048, 4097, 16384] {
            let key = rsa(&modulus(bits), E).unwrap();
            assert_eq!(
                key.kind(),
                KeyKind::Rsa {
                    bits,
                    restricted_to_pss: false
                }
            );
        }
        for bits in [8, 511, 16385, 1 << 20] {
            assert!(rsa(&modulus(bits), E).is_err(), "{bits}");
        }
        let n = modulus(1024);
        for exponent in [
            &[3][..],
            &[1, 0, 1],
            &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(rsa(&n, exponent).is_ok(), "{exponent:?}");
        }
        for exponent in [
            &[][..],
            &[0],
            &[1],
            &[2],
            &[0x83],
            &[0, 3],
            &[1, 0, 0],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1],
        ] {
            assert!(rsa(&n, exponent).is_err(), "{exponent:?}");
        }
        let mut even = n.clone();
        *even.last_mut().unwrap() = 0xfe;
        assert!(rsa(&even, E).is_err());
        assert!(rsa(&n[1..], E).is_err(), "a negative modulus");
    }

    #[test]
    fn points_are_on_named_curves() {
        let p256 = key("p256");
        let spki = p256.public_key().spki().to_vec();
        let point = &spki[spki.len() - 65..];
        let curve = |parameters| AlgorithmIdentifierOwned {
            oid: EC_PUBLIC_KEY,
            parameters,
        };
        let on = |oid: Oid| curve(Some(oid.into()));
        let parse = |algorithm: &AlgorithmIdentifierOwned, octets: &[u8]| {
            PublicKey::from_parts(algorithm, octets)
        };
        assert_eq!(parse(&on(P256), point).unwrap().spki(), spki);
        let sign = 2 + (point[64] & 1);
        let compressed = parse(&on(P256), &[&[sign], &point[1..33]].concat()).unwrap();
        assert!(compressed.is_same_key(p256.public_key()));
        let opposite = parse(&on(P256), &[&[5 - sign], &point[1..33]].concat()).unwrap();
        assert!(!opposite.is_same_key(p256.public_key()));
        for (bad, why) in [
            (vec![], "nothing"),
            (vec![0], "infinity"),
            (point[..64].to_vec(), "cut short"),
            ([&[6 + (point[64] & 1)], &point[1..]].concat(), "hybrid"),
            ([&[5], &point[1..33]].concat(), "compact"),
            (
                [&point[..64], &[point[64] ^ 1]].concat(),
                "beside the curve",
            ),
            ([&[4], &[0xff; 64][..]].concat(), "beyond the field"),
        ] {
            assert!(parse(&on(P256), &bad).is_err(), "{why}");
        }
        assert!(parse(&on(P384), point).is_err());
        // secp256k1, implicit, missing
        let unknown = parse(&on(Oid::new_unwrap("1.3.132.0.10")), point);
        assert!(matches!(unknown, Err(Error::Unsupported(_))));
        for parameters in [None, Some(der::Any::null())] {
            assert!(matches!(
                parse(&curve(parameters), point),
                Err(Error::Parameters { .. })
            ));
        }
    }

    #[test]
    fn brainpool_points_are_on_their_curve() {
        for (name, curve, size) in [
            ("brainpool-p256", BRAINPOOL_P256, 32),
            ("brainpool-p384", BRAINPOOL_P384, 48),
            ("brainpool-p512", BRAINPOOL_P512, 64),
        ] {
            let (key, on) = (key(name), named(curve));
            let spki = key.public_key().spki();
            let point = &spki[spki.len() - 2 * size - 1..];
            let parse = |octets: &[u8]| PublicKey::from_parts(&on, octets);
            assert!(parse(point).unwrap().is_same_key(key.public_key()));
            let last = point[2 * size];
            let sign = 2 + (last & 1);
            let compressed = parse(&[&[sign], &point[1..=size]].concat()).unwrap();
            assert!(compressed.is_same_key(key.public_key()), "{name}");
            for (bad, why) in [
                (vec![], "nothing"),
                (vec![0], "infinity"),
                (point[..2 * size].to_vec(), "cut short"),
                ([&[6 + (last & 1)], &point[1..]].concat(), "hybrid"),
                (
                    [&point[..2 * size], &[last ^ 1]].concat(),
                    "beside the curve",
                ),
                (
                    [&[4], vec![0xff; 2 * size].as_slice()].concat(),
                    "beyond the field",
                ),
                ([&[4], vec![0; 2 * size].as_slice()].concat(), "zeros"),
            ] {
                assert!(matches!(parse(&bad), Err(Error::Key(_))), "{name}: {why}");
            }
            // the point of another curve, and the twisted curves, which nobody uses
            assert!(PublicKey::from_parts(&named(P256), point).is_err());
        }
        let twisted = named(Oid::new_unwrap("1.3.36.3.3.2.8.1.1.8"));
        let parsed = PublicKey::from_parts(&twisted, &[4; 65]);
        assert!(matches!(parsed, Err(Error::Unsupported(_))));
    }

    #[test]
    fn keys_that_are_only_octets_have_one_length_and_no_parameters() {
        let sets = MlDsa::ALL.map(|set| set.row()).into_iter();
        let sets = sets.chain(SlhDsa::ALL.iter().map(|set| set.row()));
        for row in sets.chain([crate::crypto::algorithm::Row {
            name: "ed448",
            oid: ED448,
            size: 57,
            written: true,
            strength: None,
            standard: "",
        }]) {
            let right = match row.name {
                "ed448" => key("ed448").public_key().spki()[12..].to_vec(),
                _ => vec![7; row.size],
            };
            let parse =
                |octets: &[u8]| PublicKey::from_parts(&parameters::without(row.oid), octets);
            assert!(parse(&right).is_ok(), "{}", row.name);
            for size in [0, row.size - 1, row.size + 1, 1 << 16] {
                assert!(
                    matches!(parse(&vec![7; size]), Err(Error::Key(_))),
                    "{} {size}",
                    row.name
                );
            }
            let null = PublicKey::from_parts(&parameters::with_null(row.oid), &right);
            assert!(
                matches!(null, Err(Error::Parameters { .. })),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn ed448_keys_have_one_encoding_and_a_large_order() {
        let right = key("ed448").public_key().spki()[12..].to_vec();
        let parse = |octets: &[u8]| PublicKey::from_parts(&parameters::without(ED448), octets);
        assert!(parse(&right).is_ok());
        let with = |at: usize, octet: u8| {
            let mut octets = [0; 57];
            octets[at] = octet;
            octets
        };
        let mut prime = [0xff; 57];
        (prime[28], prime[56]) = (0xfe, 0);
        let mut minus_one = prime;
        minus_one[0] = 0xfe;
        let mut spare = right.clone();
        spare[56] |= 1;
        for (bad, why) in [
            (with(0, 1).to_vec(), "identity, of order 1"),
            (minus_one.to_vec(), "of order 2"),
            (with(0, 0).to_vec(), "of order 4"),
            (with(56, 0x80).to_vec(), "of order 4 too"),
            (prime.to_vec(), "Y is the prime"),
            (vec![0xff; 57], "all ones"),
            (spare, "a bit that is none of Y"),
        ] {
            assert!(matches!(parse(&bad), Err(Error::Key(_))), "{why}");
        }
    }

    #[test]
    fn edwards_keys_are_points_of_large_order() {
        let parse = |octets: &[u8]| PublicKey::from_parts(&parameters::without(ED25519), octets);
        let mut one = [0; 32];
        one[0] = 1;
        assert!(parse(&one).is_err());
        assert!(parse(&[0; 31]).is_err());
        let spki = key("ed25519").public_key().spki().to_vec();
        assert!(parse(&spki[12..]).is_ok());
        let signed = Signed::Prehash(Digest::Sha512, &[0; 64]);
        let verified =
            key("ed25519")
                .public_key()
                .verify(&SignatureAlgorithm::Ed25519, signed, &[0; 64]);
        assert!(verified.is_err());
    }

    #[test]
    fn signatures_of_another_digest_or_size_do_not_verify() {
        let key = key("rsa");
        let mut rng = <rand_chacha::ChaCha20Rng as rand::SeedableRng>::from_seed([1; 32]);
        let algorithm = SignatureAlgorithm::RsaPkcs1(Digest::Sha256);
        let signature = key.sign(&algorithm, b"m", &mut rng).unwrap();
        for other in [Digest::Md5, Digest::Sha1, Digest::Sha384, Digest::Sha512] {
            let other = SignatureAlgorithm::RsaPkcs1(other);
            assert!(
                !key.public_key()
                    .verify(&other, Signed::Message(b"m"), &signature)
                    .unwrap()
            );
        }
        for size in [0, 1, 255, 257, 1 << 20] {
            let verified =
                key.public_key()
                    .verify(&algorithm, Signed::Message(b"m"), &vec![0xff; size]);
            assert!(!verified.unwrap(), "{size}");
        }
        assert!(
            !key.public_key()
                .verify(&algorithm, Signed::Message(b"m"), &[0xff; 256])
                .unwrap()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_octets_are_a_key_or_not(octets in prop::collection::vec(any::<u8>(), 0..100), at in 0_usize..500, octet in any::<u8>()) {
            let _ = PublicKey::from_spki(&octets);
            for name in ["rsa-pss", "p256", "ed25519", "x25519"] {
                let mut spki = key(name).public_key().spki().to_vec();
                let at = at % spki.len();
                spki[at] = octet;
                if let Ok(key) = PublicKey::from_spki(&spki) {
                    prop_assert_eq!(key.spki(), spki);
                    let _ = key.verify(&SignatureAlgorithm::Ecdsa(Digest::Sha256), Signed::Message(b""), &octets);
                }
            }
        }
    }
}
