//! Key encapsulation: ML-KEM (FIPS 203; private keys as RFC 9935 §6 has them) and the key derivation of KEM recipients (RFC 9629 §5). The mathematics
//! of RSA-KEM is in `rsa_scheme`.
//!
//! Knows nothing of messages and certificates.
use super::{
    CryptoRng, Digest, Error, Hasher, Kem, KeyWrap, PublicKey, Result, Secret,
    algorithm::{Kdf3, KemKdf, unsupported},
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
        (Key::Rsa { key, pss: None } | Key::RsaKem { key, .. }, Kem::Rsa { kdf, size }) => {
            let (ciphertext, number) = rsa_scheme::encapsulate(key, rng)?;
            Ok((ciphertext, rsa_secret(kdf, &number, size)))
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

/// Returns the shared secret that RSA-KEM makes of its number (RFC 9690 §1.3).
pub(super) fn rsa_secret(kdf: Kdf3, number: &Secret, size: Option<usize>) -> Secret {
    kdf3(kdf.0, number, b"", size.unwrap_or(kdf.0.size()))
}

/// KDF3 of ANSI X9.44, the one-step KDF of NIST SP 800-56C: digests of counter, secret and info, one after the other.
fn kdf3(digest: Digest, secret: &Secret, info: &[u8], size: usize) -> Secret {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::key_wrap;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn rsa_kem_is_that_of_rfc_9690() {
        // appendix C: the number z, the shared secret, the key-encryption key by its effect, the content key
        let number = Secret::new(hex(
            "9c126102a5c1c0354672a3c2f19fc9ddea988f815e1da812c7bd4f8eb082bdd14f85a7f7c2f1af11d5333e0d6bcb375bf855f208da72ba27e6fb0655f2825aa62b93b1f9bbd3491fed58f0380fa0de36430e3a144d569600bd362609be5b94810875990b614e406fa6dff500043cbca95968faba61f795096a7fb3687a51078c4ca2cb663366b0bea0cd9cccac72a25f3f4ed03deb68b4453bba44b943f4367b67d6cd10c8ace53f545aac50968fc3c6ecc80f3224b64e37038504e2d2c0e2b29d45e46c62826d96331360e4c17ea3ef89a9efc5fac99eda830e81450b6534dc0bdf042b8f3b706649c631fe51fc2445cc8d447203ec2f41f79cdfea16de1ce6abdfdc1e2ef2e5d5d8a65e645f397240ef5a26f5e4ff715de782e30ecf477293e89e13171405909a8e04dd31d21d0c57935fc1ceea8e1033e31e1bc8c56da0f3d79510f3f380ff58e5a61d361f2f18e99fbae5663172e8cd1f21deaddc5bbbea060d55f1842b93d1a9c888d0bf85d0af9947fe51acf940c7e7577eb79cabecb3",
        ));
        let Kem::Rsa { kdf, size } = Kem::RSA.for_key_of(16) else {
            unreachable!("RSA-KEM is one of RSA");
        };
        let shared = rsa_secret(kdf, &number, size);
        assert_eq!(shared.expose(), hex("3cf82ec41b54ed4d37402bbd8f805a52"));
        let null = parameters::with_null(kdf.0.row().oid);
        let kdf = parameters::with_key_wrap(crate::crypto::algorithm::KDF3, &null);
        let wrap = KeyWrap::Aes128;
        let kek = derive(&kdf, &wrap.identifier(), &shared, None).unwrap();
        let wrapped = hex("28782e5d3d794a7616b863fbcfc719b78f12de08cf286e09");
        let key = key_wrap::unwrap(wrap, &kek, &wrapped).unwrap();
        assert_eq!(key.expose(), hex("77f2a84640304be7bd42670a84a1258b"));
    }

    #[test]
    fn the_user_keying_material_changes_the_key() {
        let shared = Secret::new(vec![1; 32]);
        for kdf in [
            KemKdf::Hkdf(Digest::Sha256),
            KemKdf::Hkdf(Digest::Sha384),
            KemKdf::Hkdf(Digest::Sha512),
            KemKdf::Kdf3(Kdf3(Digest::Sha512)),
        ] {
            assert_eq!(KemKdf::from_identifier(&kdf.identifier()).unwrap(), kdf);
            let key = |wrap: KeyWrap, ukm: Option<&[u8]>| {
                let key = derive(&kdf.identifier(), &wrap.identifier(), &shared, ukm).unwrap();
                assert_eq!(key.expose().len(), wrap.key_size());
                key.expose().to_vec()
            };
            let keys = [
                key(KeyWrap::Aes256, None),
                key(KeyWrap::Aes256, Some(b"")),
                key(KeyWrap::Aes256, Some(b"x")),
            ];
            let [a, b, c] = &keys;
            assert!(a != b && b != c && a != c);
            assert!(!a.starts_with(&key(KeyWrap::Aes128, None)));
        }
    }
}
