//! Key encapsulation: ML-KEM (FIPS 203; private keys as RFC 9935 §6 has them) and the key derivation of KEM recipients (RFC 9629 §5). The mathematics
//! of RSA-KEM is in `rsa_scheme`.
//!
//! Knows nothing of messages and certificates.
use super::{
    CryptoRng, Digest, Error, Hasher, Kem, KeyWrap, PublicKey, Result, Secret,
    algorithm::{KemKdf, unsupported},
    key_agreement, parameters,
    public_key::Key,
    rsa_scheme,
};
use crate::asn1::{Tag, cursor::Cursor, write};
use ml_kem::{
    Ciphertext, Decapsulate, DecapsulationKey, Encapsulate, EncapsulationKey, KeyExport, MlKem512,
    MlKem768, MlKem1024, Seed,
    array::{Array, ArraySize},
};
use spki::AlgorithmIdentifierOwned;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Makes a shared secret for a key, and the ciphertext that carries it.
pub fn encapsulate(to: &PublicKey, kem: Kem, rng: &mut dyn CryptoRng) -> Result<(Vec<u8>, Secret)> {
    match (to.key(), kem) {
        (Key::MlKem(key), kem) if key.kem() == kem => Ok(key.encapsulate(rng)),
        (Key::Rsa { key, pss: None }, Kem::Rsa { kdf, size }) => {
            let (ciphertext, number) = rsa_scheme::encapsulate(key, rng)?;
            Ok((ciphertext, kdf3(kdf.0, &number, b"", size)))
        }
        _ => Err(Error::KeyType {
            key: to.kind().name(),
            what: "take part in this key encapsulation",
        }),
    }
}

/// Derives the key-encryption key from a shared secret.
/// `info` is CMSORIforKEMOtherInfo (RFC 9629 §5): `SEQUENCE { wrap AlgorithmIdentifier, kekLength INTEGER, ukm [0] EXPLICIT OCTET STRING OPTIONAL }`.
pub fn derive(
    kdf: &AlgorithmIdentifierOwned,
    wrap: &AlgorithmIdentifierOwned,
    shared: &Secret,
    ukm: Option<&[u8]>,
) -> Result<Secret> {
    let kdf = KemKdf::from_identifier(kdf)?;
    let size = KeyWrap::from_identifier(wrap)?.key_size();
    let ukm = ukm.map(|ukm| write::tlv(Tag::context(0), &write::tlv(Tag::OCTET_STRING, ukm)));
    let info = write::sequence(&[
        &parameters::encoded(wrap),
        &write::integer(u32::try_from(size).unwrap_or(0)),
        &ukm.unwrap_or_default(),
    ]);
    match kdf {
        // RFC 9936 §2.2.1: the salt is the empty string
        KemKdf::Hkdf(digest) => key_agreement::hkdf(digest, None, shared, &info, size),
        KemKdf::Kdf3(kdf) => Ok(kdf3(kdf.0, shared, &info, size)),
    }
}

/// KDF3 of ANSI X9.44, the one-step KDF of NIST SP 800-56C: digests of counter, secret and info, one after the other.
pub(super) fn kdf3(digest: Digest, secret: &Secret, info: &[u8], size: usize) -> Secret {
    let mut key = Zeroizing::new(Vec::with_capacity(size.saturating_add(digest.size())));
    for counter in 1_u32.. {
        if key.len() >= size {
            break;
        }
        let mut hasher = Hasher::new(digest);
        hasher.update(&counter.to_be_bytes());
        hasher.update(secret.expose());
        hasher.update(info);
        key.extend_from_slice(&Zeroizing::new(hasher.finish()));
    }
    key.truncate(size);
    Secret::new(std::mem::take(&mut *key))
}

/// An ML-KEM public key, whose coefficients are in range (FIPS 203 §7.2).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PublicMlKem {
    K512(Box<EncapsulationKey<MlKem512>>),
    K768(Box<EncapsulationKey<MlKem768>>),
    K1024(Box<EncapsulationKey<MlKem1024>>),
}
/// Evaluates an expression for the key inside.
macro_rules! each {
    ($type:ident, $value:expr, $key:ident => $body:expr) => {
        match $value {
            $type::K512($key) => $body,
            $type::K768($key) => $body,
            $type::K1024($key) => $body,
        }
    };
}
const WRONG_LENGTH: Error = Error::Key("an ML-KEM key of the wrong length");
const INVALID: Error = Error::Key("an ML-KEM key whose numbers are out of range");

fn array<N: ArraySize>(octets: &[u8]) -> Result<&Array<u8, N>> {
    <&Array<u8, N>>::try_from(octets).map_err(|_| WRONG_LENGTH)
}

impl PublicMlKem {
    pub(super) fn from_octets(kem: Kem, octets: &[u8]) -> Result<Self> {
        let invalid = |_| INVALID;
        match kem {
            Kem::MlKem512 => EncapsulationKey::new(array(octets)?)
                .map(|key| Self::K512(Box::new(key)))
                .map_err(invalid),
            Kem::MlKem768 => EncapsulationKey::new(array(octets)?)
                .map(|key| Self::K768(Box::new(key)))
                .map_err(invalid),
            Kem::MlKem1024 => EncapsulationKey::new(array(octets)?)
                .map(|key| Self::K1024(Box::new(key)))
                .map_err(invalid),
            Kem::Rsa { .. } => Err(Error::Unsupported(kem.name().to_owned())),
        }
    }
    pub(super) fn kem(&self) -> Kem {
        match self {
            Self::K512(_) => Kem::MlKem512,
            Self::K768(_) => Kem::MlKem768,
            Self::K1024(_) => Kem::MlKem1024,
        }
    }
    fn encapsulate(&self, rng: &mut dyn CryptoRng) -> (Vec<u8>, Secret) {
        each!(Self, self, key => {
            let (ciphertext, shared) = key.encapsulate_with_rng(rng);
            (ciphertext.to_vec(), Secret::new(shared.to_vec()))
        })
    }
}

/// An ML-KEM private key; zeroized when dropped.
pub(super) enum SecretMlKem {
    K512(Box<DecapsulationKey<MlKem512>>),
    K768(Box<DecapsulationKey<MlKem768>>),
    K1024(Box<DecapsulationKey<MlKem1024>>),
}
impl SecretMlKem {
    /// ML-KEM-512-PrivateKey and its like (RFC 9935 §6):
    /// `CHOICE { seed [0] OCTET STRING (SIZE (64)), expandedKey OCTET STRING, both SEQUENCE { seed OCTET STRING, expandedKey OCTET STRING } }`.
    pub(super) fn from_der(kem: Kem, der: &[u8]) -> Result<Self> {
        const MALFORMED: Error = Error::Key("a malformed ML-KEM private key");
        let mut choice = Cursor::new(der, 0);
        let value = choice.any().map_err(|_| MALFORMED)?;
        choice.finish().map_err(|_| MALFORMED)?;
        if value.tag == Tag::context_primitive(0) {
            return Self::from_seed(kem, value.content);
        }
        if value.tag == Tag::OCTET_STRING {
            return Self::from_expanded(kem, value.content);
        }
        if value.tag != Tag::SEQUENCE {
            return Err(MALFORMED);
        }
        let mut both = value.inside();
        let seed = both.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        let expanded = both.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        both.finish().map_err(|_| MALFORMED)?;
        let key = Self::from_seed(kem, seed.content)?;
        // RFC 9935 §8: who has both checks that they belong together
        match key.expanded().ct_eq(expanded.content).into() {
            true => Ok(key),
            false => Err(Error::Key(
                "an ML-KEM private key whose seed and expanded form are of two keys",
            )),
        }
    }
    fn from_seed(kem: Kem, seed: &[u8]) -> Result<Self> {
        let seed: Seed = *array(seed)?;
        Ok(match kem {
            Kem::MlKem512 => Self::K512(Box::new(DecapsulationKey::from_seed(seed))),
            Kem::MlKem768 => Self::K768(Box::new(DecapsulationKey::from_seed(seed))),
            Kem::MlKem1024 => Self::K1024(Box::new(DecapsulationKey::from_seed(seed))),
            Kem::Rsa { .. } => return Err(Error::Unsupported(kem.name().to_owned())),
        })
    }
    /// The crate checks what FIPS 203 §7.3 asks for: the hash of the public half. That private and public half belong together is tried out.
    #[allow(
        deprecated,
        reason = "RFC 9935 §6: keys in expanded form are out there, whatever one thinks of them"
    )]
    fn from_expanded(kem: Kem, octets: &[u8]) -> Result<Self> {
        let invalid = |_| INVALID;
        let key = match kem {
            Kem::MlKem512 => DecapsulationKey::from_expanded(array(octets)?)
                .map(|key| Self::K512(Box::new(key)))
                .map_err(invalid)?,
            Kem::MlKem768 => DecapsulationKey::from_expanded(array(octets)?)
                .map(|key| Self::K768(Box::new(key)))
                .map_err(invalid)?,
            Kem::MlKem1024 => DecapsulationKey::from_expanded(array(octets)?)
                .map(|key| Self::K1024(Box::new(key)))
                .map_err(invalid)?,
            Kem::Rsa { .. } => return Err(Error::Unsupported(kem.name().to_owned())),
        };
        let agrees = each!(Self, &key, key => {
            let (ciphertext, shared) = key.encapsulation_key().encapsulate_deterministic(&[0x5a; 32].into());
            bool::from(key.decapsulate(&ciphertext).as_slice().ct_eq(shared.as_slice()))
        });
        match agrees {
            true => Ok(key),
            false => Err(Error::Key(
                "an ML-KEM private key whose halves do not belong together",
            )),
        }
    }
    #[allow(deprecated, reason = "see from_expanded")]
    fn expanded(&self) -> Zeroizing<Vec<u8>> {
        use ml_kem::ExpandedKeyEncoding;
        each!(Self, self, key => Zeroizing::new(key.to_expanded_bytes().to_vec()))
    }
    pub(super) fn public_octets(&self) -> Vec<u8> {
        each!(Self, self, key => key.encapsulation_key().to_bytes().to_vec())
    }
    /// Returns the shared secret in a ciphertext, which must be as long as they are. One that nobody made gives a secret that nobody knows.
    pub(super) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret> {
        fn sized<K: ml_kem::Kem>(octets: &[u8]) -> Result<&Ciphertext<K>> {
            <&Ciphertext<K>>::try_from(octets).map_err(|_| Error::Decryption)
        }
        let shared = match self {
            Self::K512(key) => key.decapsulate(sized::<MlKem512>(ciphertext)?),
            Self::K768(key) => key.decapsulate(sized::<MlKem768>(ciphertext)?),
            Self::K1024(key) => key.decapsulate(sized::<MlKem1024>(ciphertext)?),
        };
        Ok(Secret::new(shared.to_vec()))
    }
    pub(super) fn kem(&self) -> Kem {
        match self {
            Self::K512(_) => Kem::MlKem512,
            Self::K768(_) => Kem::MlKem768,
            Self::K1024(_) => Kem::MlKem1024,
        }
    }
}

/// Returns the parameter set that the algorithm of a key names.
pub(super) fn of_key(algorithm: &AlgorithmIdentifierOwned) -> Result<Kem> {
    let found = Kem::ML_KEM
        .into_iter()
        .find(|kem| kem.row().oid == algorithm.oid);
    let kem = found.ok_or_else(|| unsupported(algorithm))?;
    parameters::absent(algorithm, kem.name())?;
    Ok(kem)
}
