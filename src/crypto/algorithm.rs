//! THE TABLE: every algorithm by name, OID, parameters, sizes and standard.
//!
//! Names are the lower-case ones of options, reports and JSON (`sha-256`, `rsa-pss`, `aes-256-gcm`, `ecdh-x963-sha256`).
//! A new algorithm is a variant, a row here and an arm in the file of its mathematics; `match` finds what was forgotten.
//! How parameters are encoded is in `parameters`; `listing` is the whole of the table as one list; this file knows no cipher crate.
mod listing;
pub use listing::{Algorithm, Line, Other};

use super::{Error, Result, ml_dsa::MlDsa, parameters, slh_dsa::SlhDsa};
use crate::asn1::oid::Oid;
use spki::AlgorithmIdentifierOwned;

/// rsaEncryption (RFC 8017 appendix C): a key, RSAES-PKCS1-v1_5, or a signature whose digest is named elsewhere.
pub(super) const RSA_ENCRYPTION: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
/// id-RSASSA-PSS (RFC 4055 §3.1)
pub(super) const RSASSA_PSS: Oid = Oid::new_unwrap("1.2.840.113549.1.1.10");
/// id-RSASSA-PSS-SHAKE128 and 256 (RFC 8692 §3)
const RSASSA_PSS_SHAKE128: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.6.30");
const RSASSA_PSS_SHAKE256: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.6.31");
/// id-rsa-kem-spki (RFC 9690 §2.3)
pub(super) const RSA_KEM_SPKI: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.3.14");
/// id-RSAES-OAEP (RFC 4055 §4.1)
const RSAES_OAEP: Oid = Oid::new_unwrap("1.2.840.113549.1.1.7");
/// id-ecPublicKey (RFC 5480 §2.1.1)
pub(super) const EC_PUBLIC_KEY: Oid = Oid::new_unwrap("1.2.840.10045.2.1");
/// id-Ed25519 (RFC 8410 §3)
pub(super) const ED25519: Oid = Oid::new_unwrap("1.3.101.112");
/// id-Ed448 (RFC 8410 §3)
pub(super) const ED448: Oid = Oid::new_unwrap("1.3.101.113");
/// id-dsa (RFC 3279 §2.3.2): a key, or a signature whose digest is named elsewhere
pub(super) const DSA: Oid = Oid::new_unwrap("1.2.840.10040.4.1");
/// id-shake256-len (RFC 8419 §2.3)
const SHAKE256_LEN: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.18");
/// sha1WithRSASignature and dsaWithSHA1 of the OIW, which old programs write
const OIW_SHA1_RSA: Oid = Oid::new_unwrap("1.3.14.3.2.29");
const OIW_SHA1_DSA: Oid = Oid::new_unwrap("1.3.14.3.2.27");

/// A row that is made while this is compiled: an object identifier is not read from its digits each time that one is looked up.
macro_rules! row {
    ($($field:expr),*) => { const { row($($field),*) } };
}
macro_rules! schemes {
    ($($oid:expr),*) => { const { schemes($($oid),*) } };
}

/// What the table says of an algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// its name
    pub name: &'static str,
    /// its object identifier
    pub oid: Oid,
    /// octets: of a digest, or of the key of a cipher
    pub size: usize,
    /// whether it is written; otherwise it is only read
    pub written: bool,
    /// security strength in bits (SP 800-57 part 1 §5.6.1; of a digest against collisions); `None`: that of the key it is used with
    pub strength: Option<u16>,
    /// the standards that define it and its use
    pub standard: &'static str,
}
pub(super) const fn row(
    name: &'static str,
    oid: &'static str,
    size: usize,
    written: bool,
    strength: Option<u16>,
    standard: &'static str,
) -> Row {
    Row {
        name,
        oid: Oid::new_unwrap(oid),
        size,
        written,
        strength,
        standard,
    }
}

/// A digest (RFC 5754, RFC 8702; MD5, SHA-1 and those of 224 bits are read only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// md5
    Md5,
    /// sha-1
    Sha1,
    /// sha-224
    Sha224,
    /// sha-256
    Sha256,
    /// sha-384
    Sha384,
    /// sha-512
    Sha512,
    /// sha3-224
    Sha3_224,
    /// sha3-256
    Sha3_256,
    /// sha3-384
    Sha3_384,
    /// sha3-512
    Sha3_512,
    /// shake128, with 256 bits of output
    Shake128,
    /// shake256, with 512 bits of output
    Shake256,
}
/// What the OIDs of schemes say that fix a digest; `None`: there is no such scheme.
#[derive(Clone, Copy)]
struct Schemes {
    /// with RSASSA-PKCS1-v1_5 (RFC 8017 appendix A.2.4, RFC 9688 §3.1)
    rsa: Option<Oid>,
    /// with ECDSA (RFC 5758 §3.2, RFC 8702 §3.2, RFC 9688 §3.2)
    ecdsa: Option<Oid>,
    /// dhSinglePass-stdDH with the X9.63 KDF (RFC 5753 §7.1.4)
    standard_dh: Option<Oid>,
    /// dhSinglePass-cofactorDH with the X9.63 KDF (RFC 5753 §7.1.4)
    cofactor_dh: Option<Oid>,
    /// dhSinglePass-stdDH with HKDF (RFC 8418 §2.2)
    hkdf: Option<Oid>,
}
const fn schemes(
    rsa: Option<&'static str>,
    ecdsa: Option<&'static str>,
    standard_dh: Option<&'static str>,
    cofactor_dh: Option<&'static str>,
    hkdf: Option<&'static str>,
) -> Schemes {
    const fn oid(text: Option<&'static str>) -> Option<Oid> {
        match text {
            Some(text) => Some(Oid::new_unwrap(text)),
            None => None,
        }
    }
    Schemes {
        rsa: oid(rsa),
        ecdsa: oid(ecdsa),
        standard_dh: oid(standard_dh),
        cofactor_dh: oid(cofactor_dh),
        hkdf: oid(hkdf),
    }
}
impl Digest {
    /// Every digest.
    pub const ALL: [Self; 12] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Shake128,
        Self::Shake256,
    ];
    /// Returns its row of the table.
    #[rustfmt::skip]
    pub const fn row(self) -> Row {
        match self {
            Self::Md5 => row!("md5", "1.2.840.113549.2.5", 16, false, Some(18), "RFC 1321, RFC 3370 §2.2"),
            Self::Sha1 => row!("sha-1", "1.3.14.3.2.26", 20, false, Some(61), "FIPS 180-4, RFC 3370 §2.1"),
            Self::Sha224 => row!("sha-224", "2.16.840.1.101.3.4.2.4", 28, false, Some(112), "FIPS 180-4, RFC 5754 §2.1"),
            Self::Sha256 => row!("sha-256", "2.16.840.1.101.3.4.2.1", 32, true, Some(128), "FIPS 180-4, RFC 5754 §2.2"),
            Self::Sha384 => row!("sha-384", "2.16.840.1.101.3.4.2.2", 48, true, Some(192), "FIPS 180-4, RFC 5754 §2.3"),
            Self::Sha512 => row!("sha-512", "2.16.840.1.101.3.4.2.3", 64, true, Some(256), "FIPS 180-4, RFC 5754 §2.4"),
            Self::Sha3_224 => row!("sha3-224", "2.16.840.1.101.3.4.2.7", 28, false, Some(112), "FIPS 202, RFC 9688 §2"),
            Self::Sha3_256 => row!("sha3-256", "2.16.840.1.101.3.4.2.8", 32, true, Some(128), "FIPS 202, RFC 9688 §2"),
            Self::Sha3_384 => row!("sha3-384", "2.16.840.1.101.3.4.2.9", 48, true, Some(192), "FIPS 202, RFC 9688 §2"),
            Self::Sha3_512 => row!("sha3-512", "2.16.840.1.101.3.4.2.10", 64, true, Some(256), "FIPS 202, RFC 9688 §2"),
            Self::Shake128 => row!("shake128", "2.16.840.1.101.3.4.2.11", 32, true, Some(128), "FIPS 202, RFC 8702 §3.1"),
            Self::Shake256 => row!("shake256", "2.16.840.1.101.3.4.2.12", 64, true, Some(256), "FIPS 202, RFC 8702 §3.1, RFC 8419 §2.3"),
        }
    }
    #[rustfmt::skip]
    const fn schemes(self) -> Schemes {
        match self {
            Self::Md5 => schemes!(Some("1.2.840.113549.1.1.4"), None, None, None, None),
            Self::Sha1 => schemes!(Some("1.2.840.113549.1.1.5"), Some("1.2.840.10045.4.1"),
                Some("1.3.133.16.840.63.0.2"), Some("1.3.133.16.840.63.0.3"), None),
            Self::Sha224 => schemes!(Some("1.2.840.113549.1.1.14"), Some("1.2.840.10045.4.3.1"),
                Some("1.3.132.1.11.0"), Some("1.3.132.1.14.0"), None),
            Self::Sha256 => schemes!(Some("1.2.840.113549.1.1.11"), Some("1.2.840.10045.4.3.2"),
                Some("1.3.132.1.11.1"), Some("1.3.132.1.14.1"), Some("1.2.840.113549.1.9.16.3.19")),
            Self::Sha384 => schemes!(Some("1.2.840.113549.1.1.12"), Some("1.2.840.10045.4.3.3"),
                Some("1.3.132.1.11.2"), Some("1.3.132.1.14.2"), Some("1.2.840.113549.1.9.16.3.20")),
            Self::Sha512 => schemes!(Some("1.2.840.113549.1.1.13"), Some("1.2.840.10045.4.3.4"),
                Some("1.3.132.1.11.3"), Some("1.3.132.1.14.3"), Some("1.2.840.113549.1.9.16.3.21")),
            Self::Sha3_224 => schemes!(Some("2.16.840.1.101.3.4.3.13"), Some("2.16.840.1.101.3.4.3.9"), None, None, None),
            Self::Sha3_256 => schemes!(Some("2.16.840.1.101.3.4.3.14"), Some("2.16.840.1.101.3.4.3.10"), None, None, None),
            Self::Sha3_384 => schemes!(Some("2.16.840.1.101.3.4.3.15"), Some("2.16.840.1.101.3.4.3.11"), None, None, None),
            Self::Sha3_512 => schemes!(Some("2.16.840.1.101.3.4.3.16"), Some("2.16.840.1.101.3.4.3.12"), None, None, None),
            Self::Shake128 => schemes!(None, Some("1.3.6.1.5.5.7.6.32"), None, None, None),
            Self::Shake256 => schemes!(None, Some("1.3.6.1.5.5.7.6.33"), None, None, None),
        }
    }
    /// Returns the OID of DSA with this digest (RFC 3279 §2.2.2, RFC 5758 §3.1), and of those that the NIST registers besides.
    fn with_dsa(self) -> Option<Oid> {
        Some(match self {
            Self::Sha1 => const { Oid::new_unwrap("1.2.840.10040.4.3") },
            Self::Sha224 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.1") },
            Self::Sha256 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.2") },
            Self::Sha384 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.3") },
            Self::Sha512 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.4") },
            Self::Sha3_224 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.5") },
            Self::Sha3_256 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.6") },
            Self::Sha3_384 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.7") },
            Self::Sha3_512 => const { Oid::new_unwrap("2.16.840.1.101.3.4.3.8") },
            Self::Md5 | Self::Shake128 | Self::Shake256 => return None,
        })
    }
    /// Returns the OID of RSASSA-PSS with this digest as mask generation function too, which SHAKE alone has (RFC 8702 §3.2.1).
    fn with_pss(self) -> Option<Oid> {
        match self {
            Self::Shake128 => Some(RSASSA_PSS_SHAKE128),
            Self::Shake256 => Some(RSASSA_PSS_SHAKE256),
            _ => None,
        }
    }
    /// Returns `sha-256` and the like.
    pub fn name(self) -> &'static str {
        self.row().name
    }
    /// Returns the length of a digest in octets.
    pub fn size(self) -> usize {
        self.row().size
    }
    /// Finds a digest by its name, as `micalg` spells it too (`sha256`, `sha-256`, `rsa-sha1`, any case).
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = |name: &str| name.to_ascii_lowercase().replace('-', "");
        let wanted = plain(name);
        let wanted = wanted.strip_prefix("rsa").unwrap_or(&wanted);
        Self::ALL.into_iter().find(|d| plain(d.name()) == wanted)
    }
    /// Reads an AlgorithmIdentifier; parameters absent or NULL, but for id-shake256-len, which tells 512 bits of output (RFC 8419 §2.3).
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        if identifier.oid == SHAKE256_LEN {
            parameters::shake256_len(identifier)?;
            return Ok(Self::Shake256);
        }
        let found = Self::ALL
            .into_iter()
            .find(|d| d.row().oid == identifier.oid);
        let digest = found.ok_or_else(|| unsupported(identifier))?;
        parameters::absent_or_null(identifier, digest.name())?;
        Ok(digest)
    }
    /// Returns the AlgorithmIdentifier, parameters absent (RFC 5754 §2).
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        parameters::without(self.row().oid)
    }
    /// Returns the digest that an OID of RSASSA-PSS with SHAKE names.
    pub(super) fn of_pss(oid: &Oid) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|d| d.with_pss().as_ref() == Some(oid))
    }
    fn by(scheme: impl Fn(Schemes) -> Option<Oid>, oid: &Oid) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|d| scheme(d.schemes()).as_ref() == Some(oid))
    }
}

/// A signature algorithm with all its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2)
    RsaPkcs1(Digest),
    /// RSASSA-PSS (RFC 4056): digest, MGF1 digest, salt length in octets
    RsaPss {
        /// digest of the message
        digest: Digest,
        /// digest of MGF1
        mgf: Digest,
        /// salt octets
        salt: usize,
    },
    /// ECDSA (RFC 5753 §7): the curve is the key's
    Ecdsa(Digest),
    /// DSA (RFC 3370 §3.1), read only
    Dsa(Digest),
    /// Ed25519 (RFC 8419)
    Ed25519,
    /// Ed448 (RFC 8419)
    Ed448,
    /// ML-DSA (RFC 9882), pure, without context
    MlDsa(MlDsa),
    /// SLH-DSA (RFC 9814), pure, without context
    SlhDsa(SlhDsa),
}
impl SignatureAlgorithm {
    /// Returns `rsa-pkcs1`, `rsa-pss`, `ecdsa`, `dsa`, `ed25519`, `ed448`, `ml-dsa-65`, `slh-dsa-sha2-128s`, ….
    pub fn name(&self) -> &'static str {
        match self {
            Self::RsaPkcs1(_) => "rsa-pkcs1",
            Self::RsaPss { .. } => "rsa-pss",
            Self::Ecdsa(_) => "ecdsa",
            Self::Dsa(_) => "dsa",
            Self::Ed25519 => "ed25519",
            Self::Ed448 => "ed448",
            Self::MlDsa(set) => set.row().name,
            Self::SlhDsa(set) => set.row().name,
        }
    }
    /// Returns the digest that is signed, `None` for those that sign the message itself (EdDSA, ML-DSA, SLH-DSA).
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::RsaPkcs1(digest)
            | Self::RsaPss { digest, .. }
            | Self::Ecdsa(digest)
            | Self::Dsa(digest) => Some(*digest),
            Self::Ed25519 | Self::Ed448 | Self::MlDsa(_) | Self::SlhDsa(_) => None,
        }
    }
    /// Returns the digest of the content that a SignerInfo with signed attributes has by default: its own, or for those that sign the message itself
    /// SHA-512 (Ed25519, RFC 8419 §2.3; ML-DSA, RFC 9882 §3.3), SHAKE256 (Ed448) and the one inside of SLH-DSA (RFC 9814 §4).
    pub fn message_digest(&self) -> Digest {
        match self {
            Self::RsaPkcs1(digest)
            | Self::RsaPss { digest, .. }
            | Self::Ecdsa(digest)
            | Self::Dsa(digest) => *digest,
            Self::Ed25519 | Self::MlDsa(_) => Digest::Sha512,
            Self::Ed448 => Digest::Shake256,
            Self::SlhDsa(set) => set.message_digest(),
        }
    }
    /// Returns whether a SignerInfo with signed attributes may have this digest of the content. ML-DSA and SLH-DSA may have any
    /// (RFC 9882 §3.3, RFC 9814 §4): whether one is too weak is judged elsewhere.
    pub fn permits_message_digest(&self, digest: Digest) -> bool {
        match self {
            Self::MlDsa(_) | Self::SlhDsa(_) => true,
            _ => digest == self.message_digest(),
        }
    }
    /// Returns whether a digest of the content is as strong as the signature over the attributes (RFC 9882 §3.3 table 1, RFC 9814 §4): what is
    /// written must be.
    pub fn is_matched_by(&self, digest: Digest) -> bool {
        match self {
            Self::MlDsa(set) => digest.row().written && digest.size() >= set.digest_size(),
            Self::SlhDsa(set) => digest.row().written && digest.size() >= set.digest_size(),
            _ => digest == self.message_digest(),
        }
    }
    /// Returns the digestAlgorithm of a SignerInfo with signed attributes: that of the digest, but for Ed448 id-shake256-len (RFC 8419 §3.1).
    pub fn digest_identifier(&self, digest: Digest) -> AlgorithmIdentifierOwned {
        match self {
            Self::Ed448 => parameters::with_number(SHAKE256_LEN, 512),
            _ => digest.identifier(),
        }
    }
    /// Reads the signatureAlgorithm of a SignerInfo or certificate. `rsaEncryption` (RFC 3370 §3.2) takes its digest from `digest_hint`;
    /// so do `id-dsa` and `id-ecPublicKey`, which some write for DSA and ECDSA.
    pub fn from_identifier(
        identifier: &AlgorithmIdentifierOwned,
        digest_hint: Option<Digest>,
    ) -> Result<Self> {
        let oid = &identifier.oid;
        if *oid == RSASSA_PSS {
            let pss = parameters::pss(identifier)?;
            return Ok(Self::RsaPss {
                digest: pss.digest,
                mgf: pss.mgf,
                salt: pss.salt,
            });
        }
        if let Some(found) = Self::without_parameters(oid) {
            parameters::absent(identifier, found.name())?;
            return Ok(found);
        }
        let hint = || digest_hint.ok_or_else(|| unsupported(identifier));
        let found = if let Some(digest) = Digest::by(|s| s.rsa, oid) {
            Self::RsaPkcs1(digest)
        } else if let Some(digest) = Digest::by(|s| s.ecdsa, oid) {
            Self::Ecdsa(digest)
        } else if let Some(digest) = Digest::ALL.into_iter().find(|d| d.with_dsa() == Some(*oid)) {
            Self::Dsa(digest)
        } else {
            match *oid {
                RSA_ENCRYPTION => Self::RsaPkcs1(hint()?),
                EC_PUBLIC_KEY => Self::Ecdsa(hint()?),
                DSA => Self::Dsa(hint()?),
                OIW_SHA1_RSA => Self::RsaPkcs1(Digest::Sha1),
                OIW_SHA1_DSA => Self::Dsa(Digest::Sha1),
                _ => return Err(unsupported(identifier)),
            }
        };
        // RFC 5754 §3.2 says NULL with RSA, §3.3 says absent with ECDSA; both occur with both.
        parameters::absent_or_null(identifier, found.name())?;
        Ok(found)
    }
    /// Finds those whose parameters must be absent (RFC 8410 §3, RFC 8702 §3.2, RFC 9881 §2, RFC 9909 §3).
    fn without_parameters(oid: &Oid) -> Option<Self> {
        let shake = Digest::of_pss(oid).map(|digest| Self::RsaPss {
            digest,
            mgf: digest,
            salt: digest.size(),
        });
        match *oid {
            ED25519 => Some(Self::Ed25519),
            ED448 => Some(Self::Ed448),
            _ => shake
                .or_else(|| MlDsa::of(oid).map(Self::MlDsa))
                .or_else(|| SlhDsa::of(oid).map(Self::SlhDsa)),
        }
    }
    /// Returns the AlgorithmIdentifier that is written: `sha256WithRSAEncryption` style with NULL, PSS with full parameters, all others without any.
    pub fn identifier(&self) -> AlgorithmIdentifierOwned {
        match *self {
            // No OID joins SHAKE and PKCS #1 v1.5, MD5 and ECDSA or DSA; the nearest truth is the key's own.
            Self::RsaPkcs1(digest) => {
                parameters::with_null(digest.schemes().rsa.unwrap_or(RSA_ENCRYPTION))
            }
            Self::RsaPss { digest, mgf, salt } => match digest.with_pss() {
                Some(oid) => parameters::without(oid),
                None => parameters::Pss { digest, mgf, salt }.identifier(RSASSA_PSS),
            },
            Self::Ecdsa(digest) => {
                parameters::without(digest.schemes().ecdsa.unwrap_or(EC_PUBLIC_KEY))
            }
            Self::Dsa(digest) => parameters::without(digest.with_dsa().unwrap_or(DSA)),
            Self::Ed25519 => parameters::without(ED25519),
            Self::Ed448 => parameters::without(ED448),
            Self::MlDsa(set) => parameters::without(set.row().oid),
            Self::SlhDsa(set) => parameters::without(set.row().oid),
        }
    }
}

/// RSA key transport (RFC 3370 §4.2.1, RFC 3560).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTransport {
    /// RSAES-PKCS1-v1_5
    RsaPkcs1,
    /// RSAES-OAEP
    RsaOaep {
        /// digest
        digest: Digest,
        /// digest of MGF1
        mgf: Digest,
        /// the label (pSpecified); only read, empty in what is written
        label: Vec<u8>,
    },
}

/// Key wrap under a derived key (RFC 3394; 3DES of RFC 3217 is read only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWrap {
    /// aes-128-wrap
    Aes128,
    /// aes-192-wrap
    Aes192,
    /// aes-256-wrap
    Aes256,
    /// 3des-wrap
    TripleDes,
}
impl KeyWrap {
    /// Every key wrap.
    pub const ALL: [Self; 4] = [Self::Aes128, Self::Aes192, Self::Aes256, Self::TripleDes];
    /// Returns its row of the table.
    #[rustfmt::skip]
    pub const fn row(self) -> Row {
        match self {
            Self::Aes128 => row!("aes-128-wrap", "2.16.840.1.101.3.4.1.5", 16, true, Some(128), "RFC 3394, RFC 3565 §2.3.2"),
            Self::Aes192 => row!("aes-192-wrap", "2.16.840.1.101.3.4.1.25", 24, true, Some(192), "RFC 3394, RFC 3565 §2.3.2"),
            Self::Aes256 => row!("aes-256-wrap", "2.16.840.1.101.3.4.1.45", 32, true, Some(256), "RFC 3394, RFC 3565 §2.3.2"),
            Self::TripleDes => row!("3des-wrap", "1.2.840.113549.1.9.16.3.6", 24, false, Some(112), "RFC 3217 §3, RFC 3370 §4.3.1"),
        }
    }
    /// Reads an AlgorithmIdentifier; parameters absent or NULL.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        let found = Self::ALL
            .into_iter()
            .find(|w| w.row().oid == identifier.oid);
        let wrap = found.ok_or_else(|| unsupported(identifier))?;
        parameters::absent_or_null(identifier, wrap.name())?;
        Ok(wrap)
    }
    /// Returns the AlgorithmIdentifier: AES without parameters (RFC 3565 §2.3.2), 3DES with NULL (RFC 3370 §4.3.1).
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => parameters::without(self.row().oid),
            Self::TripleDes => parameters::with_null(self.row().oid),
        }
    }
}

/// Key derivation of a key agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementKdf {
    /// ANSI X9.63 (RFC 5753 §7.1.4, RFC 8418 §2.1)
    X963(Digest),
    /// HKDF (RFC 8418 §2.2)
    Hkdf(Digest),
}
/// Ephemeral-static (cofactor) Diffie-Hellman: scheme, derivation, wrap. The curve is the key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyAgreement {
    /// derivation
    pub kdf: AgreementKdf,
    /// cofactor scheme OID (the same mathematics on curves of cofactor 1)
    pub cofactor: bool,
    /// wrap
    pub wrap: KeyWrap,
}
impl KeyAgreement {
    /// Returns the OID of the scheme. MD5, and HKDF over SHA-1 and SHA-224, have none: nothing reads or makes them, and what stands for them no one understands.
    fn scheme(&self) -> Oid {
        let scheme = match (self.kdf, self.cofactor) {
            (AgreementKdf::X963(digest), false) => digest.schemes().standard_dh,
            (AgreementKdf::X963(digest), true) => digest.schemes().cofactor_dh,
            (AgreementKdf::Hkdf(digest), _) => digest.schemes().hkdf,
        };
        scheme.unwrap_or(EC_PUBLIC_KEY)
    }
    fn kdf_of(oid: &Oid) -> Option<(AgreementKdf, bool)> {
        let standard = Digest::by(|s| s.standard_dh, oid).map(|d| (AgreementKdf::X963(d), false));
        let cofactor = || Digest::by(|s| s.cofactor_dh, oid).map(|d| (AgreementKdf::X963(d), true));
        let hkdf = || Digest::by(|s| s.hkdf, oid).map(|d| (AgreementKdf::Hkdf(d), false));
        standard.or_else(cofactor).or_else(hkdf)
    }
}

/// How a content key reaches a recipient: the keyEncryptionAlgorithm of a RecipientInfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEncryption {
    /// to an RSA key
    Transport(KeyTransport),
    /// with an EC or X25519 key
    Agreement(KeyAgreement),
    /// under a symmetric key
    Wrap(KeyWrap),
    /// under a password
    Password(PasswordWrap),
    /// with a key encapsulation mechanism
    Kem(Kem),
}
impl KeyEncryption {
    /// Returns `rsa-pkcs1`, `rsa-oaep`, `ecdh-x963-sha256`, `ecdh-hkdf-sha256`, `aes-256-wrap`, …
    pub fn name(&self) -> String {
        let digest_name = |digest: Digest| digest.name().replace('-', "");
        match self {
            Self::Transport(KeyTransport::RsaPkcs1) => "rsa-pkcs1".to_owned(),
            Self::Transport(KeyTransport::RsaOaep { .. }) => "rsa-oaep".to_owned(),
            Self::Agreement(agreement) => match agreement.kdf {
                AgreementKdf::X963(digest) => format!("ecdh-x963-{}", digest_name(digest)),
                AgreementKdf::Hkdf(digest) => format!("ecdh-hkdf-{}", digest_name(digest)),
            },
            Self::Wrap(wrap) => wrap.name().to_owned(),
            Self::Password(_) => "pwri-kek".to_owned(),
            Self::Kem(kem) => kem.name().to_owned(),
        }
    }
    /// Reads an AlgorithmIdentifier, parameters and all; malformed OAEP parameters are an error, never another algorithm.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        let oid = &identifier.oid;
        if *oid == RSA_ENCRYPTION {
            parameters::absent_or_null(identifier, "rsa-pkcs1")?;
            Ok(Self::Transport(KeyTransport::RsaPkcs1))
        } else if *oid == RSAES_OAEP {
            let (digest, mgf, label) = parameters::oaep(identifier)?;
            Ok(Self::Transport(KeyTransport::RsaOaep {
                digest,
                mgf,
                label,
            }))
        } else if let Some((kdf, cofactor)) = KeyAgreement::kdf_of(oid) {
            let wrap = KeyWrap::from_identifier(&parameters::key_wrap(identifier)?)?;
            Ok(Self::Agreement(KeyAgreement {
                kdf,
                cofactor,
                wrap,
            }))
        } else if *oid == PWRI_KEK {
            PasswordWrap::from_identifier(identifier).map(Self::Password)
        } else if let Some(kem) = Kem::from_identifier(identifier) {
            kem.map(Self::Kem)
        } else {
            KeyWrap::from_identifier(identifier).map(Self::Wrap)
        }
    }
    /// Returns the AlgorithmIdentifier.
    pub fn identifier(&self) -> AlgorithmIdentifierOwned {
        match self {
            Self::Transport(KeyTransport::RsaPkcs1) => parameters::with_null(RSA_ENCRYPTION),
            Self::Transport(KeyTransport::RsaOaep { digest, mgf, label }) => {
                parameters::oaep_identifier(RSAES_OAEP, *digest, *mgf, label)
            }
            Self::Agreement(agreement) => {
                parameters::with_key_wrap(agreement.scheme(), &agreement.wrap.identifier())
            }
            Self::Wrap(wrap) => wrap.identifier(),
            Self::Password(wrap) => wrap.identifier(),
            Self::Kem(kem) => kem.identifier(),
        }
    }
}

/// Key wrap under a password's key (RFC 3211 §2.3): a block cipher in CBC mode, twice over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordWrap {
    /// the block cipher
    pub cipher: ContentCipher,
    /// its IV
    pub iv: Vec<u8>,
}
/// id-alg-PWRI-KEK (RFC 3211 §2.2)
const PWRI_KEK: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.3.9");
impl PasswordWrap {
    /// Reads an id-alg-PWRI-KEK, whose parameters are the AlgorithmIdentifier of a block cipher: no stream of key bits will do
    /// (RFC 3211 §2.2), nor will a key of fewer than 128 bits or RC2.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        let bad = |what| Error::Parameters {
            algorithm: "pwri-kek",
            what,
        };
        let der = parameters::present(identifier, "pwri-kek")?;
        let inner = parameters::algorithm_identifier(&der);
        let inner = inner.ok_or_else(|| bad("malformed parameters"))?;
        let (cipher, iv) = ContentCipher::from_identifier(&inner)?;
        match cipher {
            ContentCipher::Aes128Cbc | ContentCipher::Aes192Cbc | ContentCipher::Aes256Cbc => {}
            // the one that RFC 3211 §2.2 says everybody has
            ContentCipher::TripleDesCbc => {}
            _ => {
                return Err(bad(
                    "a key-encryption cipher that is not AES or 3DES in CBC mode",
                ));
            }
        }
        Ok(Self { cipher, iv })
    }
    /// Returns the AlgorithmIdentifier.
    pub fn identifier(&self) -> AlgorithmIdentifierOwned {
        parameters::with_key_wrap(PWRI_KEK, &self.cipher.identifier(&self.iv))
    }
}

/// A key encapsulation mechanism (RFC 9629).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kem {
    /// ml-kem-512
    MlKem512,
    /// ml-kem-768
    MlKem768,
    /// ml-kem-1024
    MlKem1024,
    /// rsa-kem
    Rsa {
        /// derives the shared secret from the number that was encrypted
        kdf: Kdf3,
        /// octets of the shared secret; `None`: as many as the key-encryption key has
        size: Option<usize>,
    },
}
/// What an id-rsa-kem-spki key demands of the recipients it is in (GenericHybridParameters, RFC 9690 §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RsaKemComponents {
    /// derivation
    pub kdf: Kdf3,
    /// wrap, whose key is as long as keyLength says
    pub wrap: KeyWrap,
}
/// KDF3 of ANSI X9.44 (RFC 9690): digests of counter, secret and info.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kdf3(pub Digest);
impl Kem {
    /// The parameter sets of ML-KEM.
    pub const ML_KEM: [Self; 3] = [Self::MlKem512, Self::MlKem768, Self::MlKem1024];
    /// Returns its row of the table; the size is that of the shared secret.
    #[rustfmt::skip]
    pub const fn row(self) -> Row {
        match self {
            Self::MlKem512 => row!("ml-kem-512", "2.16.840.1.101.3.4.4.1", 32, true, Some(128), "FIPS 203, RFC 9936"),
            Self::MlKem768 => row!("ml-kem-768", "2.16.840.1.101.3.4.4.2", 32, true, Some(192), "FIPS 203, RFC 9936"),
            Self::MlKem1024 => row!("ml-kem-1024", "2.16.840.1.101.3.4.4.3", 32, true, Some(256), "FIPS 203, RFC 9936"),
            Self::Rsa { .. } => row!("rsa-kem", "1.0.18033.2.2.4", 32, true, None, "ISO/IEC 18033-2 §11.5, RFC 9690"),
        }
    }
    /// Returns `ml-kem-768` and the like.
    pub fn name(self) -> &'static str {
        self.row().name
    }
    /// Reads an AlgorithmIdentifier; `None` if it is no KEM's. ML-KEM has no parameters (RFC 9936 §3), RSA-KEM has RsaKemParameters or, as in
    /// the example of RFC 9690 appendix C, none.
    fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Option<Result<Self>> {
        let ml_kem = Self::ML_KEM.into_iter();
        if let Some(kem) = ml_kem.into_iter().find(|k| k.row().oid == identifier.oid) {
            return Some(parameters::absent(identifier, kem.name()).map(|()| kem));
        }
        (identifier.oid == Self::RSA.row().oid).then(|| parameters::rsa_kem(identifier))
    }
    /// RSA-KEM without parameters, as it is written: KDF3 with SHA-256 makes a shared secret as long as the key-encryption key
    /// (RFC 9690 appendix C).
    pub const RSA: Self = Self::Rsa {
        kdf: Kdf3(Digest::Sha256),
        size: None,
    };
    /// Returns the mechanism for a key-encryption key of so many octets.
    pub fn for_key_of(self, octets: usize) -> Self {
        match self {
            Self::Rsa { kdf, size: None } => Self::Rsa {
                kdf,
                size: Some(octets),
            },
            other => other,
        }
    }
    /// Returns the AlgorithmIdentifier.
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        match self {
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => {
                parameters::without(self.row().oid)
            }
            Self::Rsa { size: None, .. } => parameters::without(self.row().oid),
            Self::Rsa {
                kdf,
                size: Some(size),
            } => parameters::with_rsa_kem(self.row().oid, kdf, size),
        }
    }
}

/// The key derivation of a KEM recipient (RFC 9629 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KemKdf {
    /// HKDF (RFC 8619)
    Hkdf(Digest),
    /// KDF3 (RFC 9690)
    Kdf3(Kdf3),
}
impl KemKdf {
    /// Reads an AlgorithmIdentifier.
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        if identifier.oid == KDF3 {
            return parameters::kdf3(identifier).map(Self::Kdf3);
        }
        let hkdf = HKDF.iter().find(|(_, oid)| *oid == identifier.oid);
        let (digest, _) = hkdf.ok_or_else(|| unsupported(identifier))?;
        // RFC 8619 §2: the parameters are absent
        parameters::absent(identifier, "hkdf")?;
        Ok(Self::Hkdf(*digest))
    }
    /// Returns the AlgorithmIdentifier.
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        match self {
            Self::Kdf3(kdf) => kdf.identifier(),
            Self::Hkdf(digest) => {
                let found = HKDF.iter().find(|(known, _)| *known == digest);
                // No other digest has an OID: nothing makes one.
                parameters::without(found.map_or(KDF3, |(_, oid)| *oid))
            }
        }
    }
}
impl Kdf3 {
    /// Returns the AlgorithmIdentifier: the digest is its parameter.
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        parameters::with_key_wrap(KDF3, &self.0.identifier())
    }
}
/// id-kdf-kdf3 (RFC 9690 appendix A)
pub(super) const KDF3: Oid = Oid::new_unwrap("1.3.133.16.840.9.44.1.2");
/// id-alg-hkdf-with-sha256, -sha384, -sha512 (RFC 8619 §2)
const HKDF: [(Digest, Oid); 3] = [
    (
        Digest::Sha256,
        Oid::new_unwrap("1.2.840.113549.1.9.16.3.28"),
    ),
    (
        Digest::Sha384,
        Oid::new_unwrap("1.2.840.113549.1.9.16.3.29"),
    ),
    (
        Digest::Sha512,
        Oid::new_unwrap("1.2.840.113549.1.9.16.3.30"),
    ),
];

/// A content cipher; which container it belongs in is `is_aead`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCipher {
    /// aes-128-cbc
    Aes128Cbc,
    /// aes-192-cbc
    Aes192Cbc,
    /// aes-256-cbc
    Aes256Cbc,
    /// aes-128-gcm
    Aes128Gcm,
    /// aes-192-gcm (read)
    Aes192Gcm,
    /// aes-256-gcm
    Aes256Gcm,
    /// aes-128-ccm (read)
    Aes128Ccm,
    /// aes-192-ccm (read)
    Aes192Ccm,
    /// aes-256-ccm (read)
    Aes256Ccm,
    /// chacha20-poly1305
    ChaCha20Poly1305,
    /// 3des-cbc (read)
    TripleDesCbc,
    /// des-cbc (read)
    DesCbc,
    /// rc2-cbc with this effective key length in bits (read)
    Rc2Cbc {
        /// bits: 40, 64 or 128
        effective_bits: u16,
    },
}
impl ContentCipher {
    /// Every cipher.
    pub const ALL: [Self; 15] = [
        Self::Aes128Cbc,
        Self::Aes192Cbc,
        Self::Aes256Cbc,
        Self::Aes128Gcm,
        Self::Aes192Gcm,
        Self::Aes256Gcm,
        Self::Aes128Ccm,
        Self::Aes192Ccm,
        Self::Aes256Ccm,
        Self::ChaCha20Poly1305,
        Self::TripleDesCbc,
        Self::DesCbc,
        Self::Rc2Cbc { effective_bits: 40 },
        Self::Rc2Cbc { effective_bits: 64 },
        Self::Rc2Cbc {
            effective_bits: 128,
        },
    ];
    /// Returns its row of the table.
    #[rustfmt::skip]
    pub const fn row(self) -> Row {
        match self {
            Self::Aes128Cbc => row!("aes-128-cbc", "2.16.840.1.101.3.4.1.2", 16, true, Some(128), "RFC 3565 §4.1"),
            Self::Aes192Cbc => row!("aes-192-cbc", "2.16.840.1.101.3.4.1.22", 24, true, Some(192), "RFC 3565 §4.1"),
            Self::Aes256Cbc => row!("aes-256-cbc", "2.16.840.1.101.3.4.1.42", 32, true, Some(256), "RFC 3565 §4.1"),
            Self::Aes128Gcm => row!("aes-128-gcm", "2.16.840.1.101.3.4.1.6", 16, true, Some(128), "RFC 5084 §3.2"),
            Self::Aes192Gcm => row!("aes-192-gcm", "2.16.840.1.101.3.4.1.26", 24, false, Some(192), "RFC 5084 §3.2"),
            Self::Aes256Gcm => row!("aes-256-gcm", "2.16.840.1.101.3.4.1.46", 32, true, Some(256), "RFC 5084 §3.2"),
            Self::Aes128Ccm => row!("aes-128-ccm", "2.16.840.1.101.3.4.1.7", 16, false, Some(128), "RFC 5084 §3.1"),
            Self::Aes192Ccm => row!("aes-192-ccm", "2.16.840.1.101.3.4.1.27", 24, false, Some(192), "RFC 5084 §3.1"),
            Self::Aes256Ccm => row!("aes-256-ccm", "2.16.840.1.101.3.4.1.47", 32, false, Some(256), "RFC 5084 §3.1"),
            Self::ChaCha20Poly1305 => row!("chacha20-poly1305", "1.2.840.113549.1.9.16.3.18", 32, true, Some(256), "RFC 8439, RFC 8103"),
            Self::TripleDesCbc => row!("3des-cbc", "1.2.840.113549.3.7", 24, false, Some(112), "RFC 3370 §5.1"),
            Self::DesCbc => row!("des-cbc", "1.3.14.3.2.7", 8, false, Some(56), "FIPS 46-3, RFC 8018 appendix B.2.1"),
            Self::Rc2Cbc { effective_bits } => {
                let (size, bits) = match effective_bits { 40 => (5, 40), 64 => (8, 64), _ => (16, 128) };
                row("rc2-cbc", "1.2.840.113549.3.2", size, false, Some(bits), "RFC 2268, RFC 3370 §5.2")
            }
        }
    }
    /// Returns `aes-256-cbc` and the like.
    pub fn name(self) -> &'static str {
        self.row().name
    }
    /// Finds a cipher that may be written by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |row: Row| row.written && row.name == name;
        Self::ALL.into_iter().find(|c| named(c.row()))
    }
    /// Returns the key length in octets (for RC2 from the effective bits: 5, 8, 16).
    pub fn key_size(self) -> usize {
        self.row().size
    }
    /// Returns its mode of operation.
    pub fn mode(self) -> Mode {
        match self {
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => Mode::Cbc,
            Self::TripleDesCbc | Self::DesCbc | Self::Rc2Cbc { .. } => Mode::Cbc,
            Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm => Mode::Gcm,
            Self::Aes128Ccm | Self::Aes192Ccm | Self::Aes256Ccm => Mode::Ccm,
            Self::ChaCha20Poly1305 => Mode::ChaCha20Poly1305,
        }
    }
    /// Returns whether it authenticates (AuthEnvelopedData) or not (EnvelopedData).
    pub fn is_aead(self) -> bool {
        self.mode() != Mode::Cbc
    }
    /// Reads a contentEncryptionAlgorithm: the cipher and its IV or nonce. GCM and CCM: ICVlen exactly 16 (an absent one means 12 and is refused).
    /// GCM: nonce exactly 12 octets, CCM: 7 to 13 (RFC 5084 §3.1).
    pub fn from_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<(Self, Vec<u8>)> {
        let found = Self::ALL
            .into_iter()
            .find(|c| c.row().oid == identifier.oid);
        let cipher = found.ok_or_else(|| unsupported(identifier))?;
        if let Self::Rc2Cbc { .. } = cipher {
            let (effective_bits, iv) = parameters::rc2(identifier)?;
            return Ok((Self::Rc2Cbc { effective_bits }, iv));
        }
        let name = cipher.name();
        let iv = match cipher.mode() {
            Mode::Cbc => parameters::iv(identifier, name, cipher.iv_size())?,
            Mode::Gcm => parameters::nonce_and_tag(identifier, name, 12..=12)?,
            Mode::Ccm => parameters::nonce_and_tag(identifier, name, CCM_NONCE)?,
            // AEADChaCha20Poly1305Nonce ::= OCTET STRING (SIZE(12)) (RFC 8103 §5): the tag has one size
            Mode::ChaCha20Poly1305 => parameters::iv(identifier, name, cipher.iv_size())?,
        };
        Ok((cipher, iv))
    }
    /// Returns the AlgorithmIdentifier with this IV or nonce.
    pub fn identifier(self, iv: &[u8]) -> AlgorithmIdentifierOwned {
        let oid = self.row().oid;
        match (self, self.mode()) {
            (Self::Rc2Cbc { effective_bits }, _) => parameters::with_rc2(oid, effective_bits, iv),
            (_, Mode::Cbc | Mode::ChaCha20Poly1305) => parameters::with_iv(oid, iv),
            (_, Mode::Gcm | Mode::Ccm) => parameters::with_nonce_and_tag(oid, iv),
        }
    }
    /// Returns the length of IV or nonce in octets, as it is written.
    pub fn iv_size(self) -> usize {
        match self {
            Self::TripleDesCbc | Self::DesCbc | Self::Rc2Cbc { .. } => 8,
            _ => match self.mode() {
                Mode::Cbc => 16,
                Mode::Gcm | Mode::Ccm | Mode::ChaCha20Poly1305 => 12,
            },
        }
    }
    /// Returns whether an IV or nonce of so many octets is one of this cipher.
    pub fn takes_iv_of(self, size: usize) -> bool {
        match self.mode() {
            Mode::Ccm => CCM_NONCE.contains(&size),
            _ => size == self.iv_size(),
        }
    }
}
/// Octets of a CCM nonce (RFC 5084 §3.1).
const CCM_NONCE: std::ops::RangeInclusive<usize> = 7..=13;
/// A mode of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// cipher block chaining with padding (RFC 5652 §6.3)
    Cbc,
    /// Galois/counter mode
    Gcm,
    /// counter with CBC-MAC
    Ccm,
    /// a stream cipher and Poly1305
    ChaCha20Poly1305,
}

/// Returns the error for an algorithm that the table does not hold.
pub(super) fn unsupported(identifier: &AlgorithmIdentifierOwned) -> Error {
    Error::Unsupported(crate::asn1::oid::name(&identifier.oid))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use proptest::prelude::*;
    use spki::der::{Any, Decode, Encode};

    fn identifier(oid: Oid, parameters: Option<&str>) -> AlgorithmIdentifierOwned {
        let der = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
        AlgorithmIdentifierOwned {
            oid,
            parameters: parameters.map(|hex| Any::from_der(&der(hex)).unwrap()),
        }
    }
    fn hex(identifier: &AlgorithmIdentifierOwned) -> String {
        data_encoding::HEXLOWER.encode(&identifier.to_der().unwrap())
    }
    fn agreements() -> impl Iterator<Item = KeyAgreement> {
        // MD5 to SHA-512: the others have no scheme of key agreement
        let digests = Digest::ALL.into_iter().take(6);
        let x963 = digests.clone().skip(1).map(AgreementKdf::X963);
        let hkdf = digests.skip(3).map(AgreementKdf::Hkdf);
        let standard = x963.clone().chain(hkdf).map(|kdf| (kdf, false));
        let schemes = standard.chain(x963.map(|kdf| (kdf, true)));
        schemes.flat_map(|(kdf, cofactor)| {
            KeyWrap::ALL.into_iter().map(move |wrap| KeyAgreement {
                kdf,
                cofactor,
                wrap,
            })
        })
    }

    #[test]
    fn names_and_oids_are_told_apart() {
        let lines: Vec<Line> = Algorithm::all().iter().map(Algorithm::line).collect();
        for (i, line) in lines.iter().enumerate() {
            let other = |other: &Line| (other.family, &other.name) == (line.family, &line.name);
            assert!(!lines[i + 1..].iter().any(other), "{}", line.name);
            assert!(!line.standard.is_empty());
        }
        let rows: Vec<Row> = Digest::ALL
            .iter()
            .map(|d| d.row())
            .chain(MlDsa::ALL.iter().map(|s| s.row()))
            .chain(SlhDsa::ALL.iter().map(|s| s.row()))
            .chain(KeyWrap::ALL.iter().map(|w| w.row()))
            .chain(ContentCipher::ALL.iter().take(13).map(|c| c.row()))
            .collect();
        for (i, row) in rows.iter().enumerate() {
            assert!(lines.iter().any(|line| line.name.starts_with(row.name)));
            assert!(row.standard.contains("RFC") && row.size > 0);
            for other in &rows[i + 1..] {
                assert!(
                    row.name != other.name && row.oid != other.oid,
                    "{}",
                    row.name
                );
            }
        }
    }

    #[test]
    fn digests_are_found_by_every_spelling() {
        for (name, digest) in [
            ("sha-256", Some(Digest::Sha256)),
            ("SHA256", Some(Digest::Sha256)),
            ("Sha-512", Some(Digest::Sha512)),
            ("sha1", Some(Digest::Sha1)),
            ("rsa-sha1", Some(Digest::Sha1)),
            ("md5", Some(Digest::Md5)),
            ("rsa-md5", Some(Digest::Md5)),
            ("sha-224", Some(Digest::Sha224)),
            ("sha-512/224", None),
            ("sha3-256", Some(Digest::Sha3_256)),
            ("SHA3-512", Some(Digest::Sha3_512)),
            ("shake128", Some(Digest::Shake128)),
            ("SHAKE-256", Some(Digest::Shake256)),
            ("shake", None),
            ("", None),
            ("rsa", None),
            ("sha-256 ", None),
        ] {
            assert_eq!(Digest::from_name(name), digest, "{name}");
        }
        for digest in Digest::ALL {
            assert_eq!(
                Digest::from_identifier(&digest.identifier()).unwrap(),
                digest
            );
            let null = identifier(digest.row().oid, Some("0500"));
            assert_eq!(Digest::from_identifier(&null).unwrap(), digest);
            let other = identifier(digest.row().oid, Some("020101"));
            assert!(matches!(
                Digest::from_identifier(&other),
                Err(Error::Parameters { .. })
            ));
        }
    }

    #[test]
    fn signature_algorithms_come_back_as_written() {
        let mut all = vec![SignatureAlgorithm::Ed25519, SignatureAlgorithm::Ed448];
        all.extend(MlDsa::ALL.map(SignatureAlgorithm::MlDsa));
        all.extend(
            SlhDsa::ALL
                .iter()
                .map(|set| SignatureAlgorithm::SlhDsa(*set)),
        );
        let is_shake = |digest: Digest| digest.with_pss().is_some();
        for digest in Digest::ALL {
            if digest != Digest::Md5 {
                all.push(SignatureAlgorithm::Ecdsa(digest));
            }
            if digest != Digest::Md5 && !is_shake(digest) {
                all.push(SignatureAlgorithm::Dsa(digest));
            }
            if is_shake(digest) {
                all.push(SignatureAlgorithm::RsaPss {
                    digest,
                    mgf: digest,
                    salt: digest.size(),
                });
                continue;
            }
            all.push(SignatureAlgorithm::RsaPkcs1(digest));
            for mgf in Digest::ALL.into_iter().filter(|mgf| !is_shake(*mgf)) {
                for salt in [0, 20, 32, 222, 478] {
                    all.push(SignatureAlgorithm::RsaPss { digest, mgf, salt });
                }
            }
        }
        for algorithm in all {
            let written = algorithm.identifier();
            assert_eq!(
                SignatureAlgorithm::from_identifier(&written, None).unwrap(),
                algorithm
            );
        }
        // as OpenSSL writes them
        let sha256 = SignatureAlgorithm::RsaPkcs1(Digest::Sha256);
        assert_eq!(hex(&sha256.identifier()), "300d06092a864886f70d01010b0500");
        let pss = SignatureAlgorithm::RsaPss {
            digest: Digest::Sha256,
            mgf: Digest::Sha256,
            salt: 32,
        };
        assert_eq!(
            hex(&pss.identifier()),
            "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
        );
        assert_eq!(
            hex(&SignatureAlgorithm::Ed25519.identifier()),
            "300506032b6570"
        );
    }

    #[test]
    fn sha_224_is_read_but_not_written() {
        assert!(!Digest::Sha224.row().written);
        let read = |oid| {
            SignatureAlgorithm::from_identifier(&identifier(Oid::new_unwrap(oid), None), None)
        };
        let rsa = SignatureAlgorithm::RsaPkcs1(Digest::Sha224);
        assert_eq!(read("1.2.840.113549.1.1.14").unwrap(), rsa);
        let ecdsa = SignatureAlgorithm::Ecdsa(Digest::Sha224);
        assert_eq!(read("1.2.840.10045.4.3.1").unwrap(), ecdsa);
        // sha512-224WithRSAEncryption is another
        assert!(read("1.2.840.113549.1.1.15").is_err());
        let wrap = Some("300b0609608648016503040105");
        let read =
            |oid| KeyEncryption::from_identifier(&identifier(Oid::new_unwrap(oid), wrap)).unwrap();
        for (oid, cofactor) in [("1.3.132.1.11.0", false), ("1.3.132.1.14.0", true)] {
            let agreement = KeyEncryption::Agreement(KeyAgreement {
                kdf: AgreementKdf::X963(Digest::Sha224),
                cofactor,
                wrap: KeyWrap::Aes128,
            });
            assert_eq!(read(oid), agreement);
            assert_eq!(agreement.name(), "ecdh-x963-sha224");
        }
    }

    #[test]
    fn shake256_of_ed448_tells_its_length() {
        let read = |parameters| Digest::from_identifier(&identifier(SHAKE256_LEN, parameters));
        assert_eq!(read(Some("02020200")).unwrap(), Digest::Shake256);
        for bad in [
            None,
            Some("0500"),
            Some("02020100"),
            Some("020100"),
            Some("0202fe00"),
            Some("3000"),
        ] {
            assert!(
                matches!(read(bad), Err(Error::Parameters { .. })),
                "{bad:?}"
            );
        }
        let ed448 = SignatureAlgorithm::Ed448;
        let written = ed448.digest_identifier(ed448.message_digest());
        assert_eq!(hex(&written), "300f060960864801650304021202020200");
        assert_eq!(read(Some("02020200")).unwrap(), ed448.message_digest());
    }

    #[test]
    fn what_has_no_parameters_is_refused_with_any() {
        let mut all = vec![ED25519, ED448, RSASSA_PSS_SHAKE128, RSASSA_PSS_SHAKE256];
        all.extend(MlDsa::ALL.map(|set| set.row().oid));
        all.extend(SlhDsa::ALL.iter().map(|set| set.row().oid));
        for oid in all {
            let read = |parameters| {
                SignatureAlgorithm::from_identifier(
                    &identifier(oid, parameters),
                    Some(Digest::Sha256),
                )
            };
            assert!(read(None).is_ok());
            for bad in ["0500", "3000", "020120"] {
                assert!(
                    matches!(read(Some(bad)), Err(Error::Parameters { .. })),
                    "{oid}"
                );
            }
        }
        // the mask of SHAKE is no MGF1 (RFC 8702 §3.2.1)
        for shake in [
            "300fa00d300b060960864801650304020b",
            "300fa00d300b060960864801650304020c",
        ] {
            let read =
                SignatureAlgorithm::from_identifier(&identifier(RSASSA_PSS, Some(shake)), None);
            assert!(matches!(read, Err(Error::Parameters { .. })));
        }
    }

    #[test]
    fn digests_of_content_go_with_signatures() {
        let ml = |set| SignatureAlgorithm::MlDsa(set);
        let slh = |set| SignatureAlgorithm::SlhDsa(set);
        for (algorithm, natural, written, unwritten, unread) in [
            (
                SignatureAlgorithm::Ed25519,
                Digest::Sha512,
                vec![],
                vec![Digest::Sha256, Digest::Shake256],
                vec![Digest::Sha256, Digest::Shake256],
            ),
            (
                SignatureAlgorithm::Ed448,
                Digest::Shake256,
                vec![],
                vec![Digest::Sha512],
                vec![Digest::Sha512],
            ),
            (
                SignatureAlgorithm::Ecdsa(Digest::Sha384),
                Digest::Sha384,
                vec![],
                vec![Digest::Sha512],
                vec![Digest::Sha512],
            ),
            (
                ml(MlDsa::MlDsa44),
                Digest::Sha512,
                vec![Digest::Sha256, Digest::Shake128, Digest::Sha3_256],
                vec![Digest::Sha224, Digest::Sha1],
                vec![],
            ),
            (
                ml(MlDsa::MlDsa65),
                Digest::Sha512,
                vec![Digest::Sha384, Digest::Shake256],
                vec![Digest::Sha256, Digest::Shake128],
                vec![],
            ),
            (
                ml(MlDsa::MlDsa87),
                Digest::Sha512,
                vec![Digest::Sha3_512, Digest::Shake256],
                vec![Digest::Sha384, Digest::Sha3_384],
                vec![],
            ),
            (
                slh(SlhDsa::Sha2_128f),
                Digest::Sha256,
                vec![Digest::Sha512],
                vec![Digest::Sha1],
                vec![],
            ),
            (
                slh(SlhDsa::Sha2_192s),
                Digest::Sha512,
                vec![Digest::Sha384],
                vec![Digest::Sha256],
                vec![],
            ),
            (
                slh(SlhDsa::Shake128s),
                Digest::Shake128,
                vec![Digest::Sha256],
                vec![Digest::Sha3_224],
                vec![],
            ),
            (
                slh(SlhDsa::Shake256f),
                Digest::Shake256,
                vec![Digest::Sha512],
                vec![Digest::Sha384, Digest::Shake128],
                vec![],
            ),
        ] {
            assert_eq!(algorithm.message_digest(), natural);
            assert!(algorithm.is_matched_by(natural) && algorithm.permits_message_digest(natural));
            assert!(
                written
                    .iter()
                    .all(|d| algorithm.is_matched_by(*d) && algorithm.permits_message_digest(*d)),
                "{algorithm:?}"
            );
            assert!(
                !unwritten.iter().any(|d| algorithm.is_matched_by(*d)),
                "{algorithm:?}"
            );
            assert!(
                !unread.iter().any(|d| algorithm.permits_message_digest(*d)),
                "{algorithm:?}"
            );
        }
    }

    #[test]
    fn a_digest_named_elsewhere_is_taken_from_there() {
        let key = identifier(RSA_ENCRYPTION, Some("0500"));
        let read = SignatureAlgorithm::from_identifier(&key, Some(Digest::Sha384));
        assert_eq!(read.unwrap(), SignatureAlgorithm::RsaPkcs1(Digest::Sha384));
        let read = SignatureAlgorithm::from_identifier(&key, None);
        assert!(matches!(read, Err(Error::Unsupported(_))));
        let key = identifier(EC_PUBLIC_KEY, None);
        let read = SignatureAlgorithm::from_identifier(&key, Some(Digest::Sha256));
        assert_eq!(read.unwrap(), SignatureAlgorithm::Ecdsa(Digest::Sha256));
        // a digest in the signature's own OID wins
        let own = SignatureAlgorithm::RsaPkcs1(Digest::Sha256);
        let read = SignatureAlgorithm::from_identifier(&own.identifier(), Some(Digest::Md5));
        assert_eq!(read.unwrap(), own);
    }

    #[test]
    fn pss_parameters_are_strict() {
        let read = |parameters| {
            SignatureAlgorithm::from_identifier(&identifier(RSASSA_PSS, parameters), None)
        };
        let defaults = SignatureAlgorithm::RsaPss {
            digest: Digest::Sha1,
            mgf: Digest::Sha1,
            salt: 20,
        };
        assert_eq!(read(Some("3000")).unwrap(), defaults);
        // defaults written out, trailer 1, hash without parameters
        assert_eq!(read(Some("300aa203020114a303020101")).unwrap(), defaults);
        assert_eq!(read(Some("300ba009300706052b0e03021a")).unwrap(), defaults);
        for (bad, why) in [
            (None, "absent"),
            (Some("0500"), "null"),
            (Some("3005a303020102"), "trailer 2"),
            (Some("3005a2030201ff"), "negative salt"),
            (Some("3006a20402020014"), "padded salt"),
            (Some("3006a20402020801"), "a salt of 2049"),
            (Some("3002a200"), "empty salt"),
            (Some("300aa303020101a203020114"), "out of order"),
            (Some("3005a403020101"), "unknown field"),
            (Some("300da20b300906052b0e03021a0500"), "hash for a salt"),
            (Some("3002a000"), "empty hash"),
            (Some("300ba109300706052b0e03021a"), "a mask that is a hash"),
        ] {
            assert!(read(bad).is_err(), "{why}");
        }
    }

    #[test]
    fn key_encryption_comes_back_as_written() {
        let mut all = vec![KeyEncryption::Transport(KeyTransport::RsaPkcs1)];
        all.extend(KeyWrap::ALL.map(KeyEncryption::Wrap));
        all.extend(agreements().map(KeyEncryption::Agreement));
        // RFC 8702 gives SHAKE to signatures only
        let shake = |d: &Digest| matches!(d, Digest::Shake128 | Digest::Shake256);
        let digests = || Digest::ALL.into_iter().filter(|d| !shake(d));
        for digest in digests() {
            for mgf in digests() {
                let labels = [&b""[..], b"A"].map(<[u8]>::to_vec);
                all.extend(labels.map(|label| {
                    KeyEncryption::Transport(KeyTransport::RsaOaep { digest, mgf, label })
                }));
            }
        }
        for encryption in all {
            assert_eq!(
                KeyEncryption::from_identifier(&encryption.identifier()).unwrap(),
                encryption
            );
        }
        let agreement = KeyAgreement {
            kdf: AgreementKdf::X963(Digest::Sha256),
            cofactor: false,
            wrap: KeyWrap::Aes128,
        };
        assert_eq!(
            hex(&KeyEncryption::Agreement(agreement).identifier()),
            "301506062b8104010b01300b0609608648016503040105"
        );
        assert_eq!(
            KeyEncryption::Agreement(agreement).name(),
            "ecdh-x963-sha256"
        );
        let agreement = KeyAgreement {
            kdf: AgreementKdf::Hkdf(Digest::Sha512),
            ..agreement
        };
        assert_eq!(
            KeyEncryption::Agreement(agreement).name(),
            "ecdh-hkdf-sha512"
        );
        assert_eq!(KeyEncryption::Wrap(KeyWrap::Aes256).name(), "aes-256-wrap");
    }

    #[test]
    fn oaep_parameters_are_strict() {
        let read = |parameters| KeyEncryption::from_identifier(&identifier(RSAES_OAEP, parameters));
        let defaults = KeyEncryption::Transport(KeyTransport::RsaOaep {
            digest: Digest::Sha1,
            mgf: Digest::Sha1,
            label: Vec::new(),
        });
        assert_eq!(read(Some("3000")).unwrap(), defaults);
        assert_eq!(
            read(Some("3011a20f300d06092a864886f70d0101090400")).unwrap(),
            defaults
        );
        let labelled = KeyEncryption::Transport(KeyTransport::RsaOaep {
            digest: Digest::Sha1,
            mgf: Digest::Sha1,
            label: b"A".to_vec(),
        });
        let read_label = read(Some("3012a210300e06092a864886f70d010109040141"));
        assert_eq!(read_label.unwrap(), labelled);
        for (bad, why) in [
            (None, "absent"),
            (Some("0500"), "null"),
            (
                Some("3012a210300e06092a864886f70d010109020141"),
                "a number for a label",
            ),
            (
                Some("3014a212301006092a864886f70d0101090401410500"),
                "something after the label",
            ),
            (
                Some("300fa20d300b06092a864886f70d010109"),
                "a source without its label",
            ),
            (
                Some("3011a20f300d06092a864886f70d0101080400"),
                "another source",
            ),
            (Some("3002a000"), "empty hash"),
            (Some("3005a003020101"), "a number for a hash"),
            (Some("3005a303020101"), "unknown field"),
        ] {
            assert!(read(bad).is_err(), "{why}");
        }
        for agreement in ["1.3.132.1.11.1", "1.2.840.113549.1.9.16.3.19"] {
            for bad in [None, Some("0500"), Some("3000"), Some("300706052b0e03021a")] {
                let read =
                    KeyEncryption::from_identifier(&identifier(Oid::new_unwrap(agreement), bad));
                assert!(read.is_err(), "{agreement} {bad:?}");
            }
        }
    }

    #[test]
    fn ciphers_come_back_as_written() {
        for cipher in ContentCipher::ALL {
            let iv: Vec<u8> = (0..cipher.iv_size())
                .map(|i| u8::try_from(i).unwrap())
                .collect();
            let read = ContentCipher::from_identifier(&cipher.identifier(&iv));
            assert_eq!(read.unwrap(), (cipher, iv.clone()));
            for wrong in [&iv[..6], &[iv.as_slice(), &[0; 2]].concat(), &[]] {
                let read = ContentCipher::from_identifier(&cipher.identifier(wrong));
                assert!(
                    matches!(read, Err(Error::Parameters { .. })),
                    "{}",
                    cipher.name()
                );
            }
            let absent = identifier(cipher.row().oid, None);
            assert!(ContentCipher::from_identifier(&absent).is_err());
            let written = ContentCipher::from_name(cipher.name());
            assert_eq!(written, cipher.row().written.then_some(cipher));
        }
        assert_eq!(ContentCipher::from_name("AES-256-CBC"), None);
    }

    #[test]
    fn gcm_has_the_one_nonce_and_tag_size() {
        let oid = ContentCipher::Aes256Gcm.row().oid;
        let read = |parameters| ContentCipher::from_identifier(&identifier(oid, Some(parameters)));
        assert!(read("3011040c000102030405060708090a0b020110").is_ok());
        for (bad, why) in [
            ("300e040c000102030405060708090a0b", "the default tag of 12"),
            ("3011040c000102030405060708090a0b02010c", "a tag of 12"),
            ("3011040c000102030405060708090a0b020101", "a tag of 1"),
            ("3011040c000102030405060708090a0b020190", "a negative tag"),
            (
                "3012040c000102030405060708090a0b02020010",
                "a padded number",
            ),
            ("3010040b000102030405060708090a020110", "a nonce of 11"),
            (
                "3013040c000102030405060708090a0b0201100500",
                "something after",
            ),
            ("040c000102030405060708090a0b", "the nonce alone"),
        ] {
            assert!(read(bad).is_err(), "{why}");
        }
        let rc2 = Oid::new_unwrap("1.2.840.113549.3.2");
        let read = |parameters| ContentCipher::from_identifier(&identifier(rc2, Some(parameters)));
        assert_eq!(
            read("300e020200a004080102030405060708").unwrap().0,
            ContentCipher::Rc2Cbc { effective_bits: 40 }
        );
        assert!(
            read("300e0202010004080102030405060708").is_err(),
            "256 bits"
        );
        assert!(
            read("300c02013a040701020304050607").is_err() && read("04080102030405060708").is_err()
        );
    }

    proptest! {
        #[test]
        fn any_parameters_are_read_or_refused(der in prop::collection::vec(any::<u8>(), 0..80), tag in 0_u8..=255) {
            let oids = Digest::ALL.into_iter().flat_map(|d| [d.schemes().rsa, d.schemes().ecdsa, d.with_dsa(), d.with_pss()]).flatten()
                .chain(MlDsa::ALL.map(|s| s.row().oid))
                .chain(SlhDsa::ALL.iter().map(|s| s.row().oid))
                .chain(ContentCipher::ALL.map(|c| c.row().oid))
                .chain([RSASSA_PSS, RSAES_OAEP, RSA_KEM_SPKI, Kem::RSA.row().oid, ED25519, ED448, DSA, SHAKE256_LEN, Oid::new_unwrap("1.3.132.1.11.1")]);
            let parameters = [crate::asn1::write::tlv(crate::asn1::Tag(tag & !0x1f | 16), &der), der];
            for oid in oids {
                for parameters in &parameters {
                    let parameters = Any::from_der(parameters).ok();
                    let identifier = AlgorithmIdentifierOwned { oid, parameters };
                    let _ = Digest::from_identifier(&identifier);
                    let _ = SignatureAlgorithm::from_identifier(&identifier, Some(Digest::Sha256));
                    let _ = KeyEncryption::from_identifier(&identifier);
                    let _ = parameters::rsa_kem_components(&identifier);
                    let _ = ContentCipher::from_identifier(&identifier);
                }
            }
        }
    }
}
