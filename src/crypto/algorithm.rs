//! THE TABLE: every algorithm by name, OID, parameters, sizes and standard.
//!
//! Names are the lower-case ones of options, reports and JSON (`sha-256`, `rsa-pss`, `aes-256-gcm`, `ecdh-x25519-hkdf-sha256`).
use super::Result;
use spki::AlgorithmIdentifierOwned;

/// A digest (RFC 5754; MD5 and SHA-1 are read only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// md5
    Md5,
    /// sha-1
    Sha1,
    /// sha-256
    Sha256,
    /// sha-384
    Sha384,
    /// sha-512
    Sha512,
}
impl Digest {
    /// Returns `sha-256` and the like.
    pub fn name(self) -> &'static str {
        todo!()
    }
    /// Returns the length of a digest in octets.
    pub fn size(self) -> usize {
        todo!()
    }
    /// Finds a digest by its name, as `micalg` spells it too (`sha256`, `sha-256`, any case).
    pub fn from_name(_name: &str) -> Option<Self> {
        todo!()
    }
    /// Reads an AlgorithmIdentifier; parameters absent or NULL.
    pub fn from_identifier(_identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        todo!()
    }
    /// Returns the AlgorithmIdentifier, parameters absent (RFC 5754 §2).
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        todo!()
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
    /// Ed25519 (RFC 8419)
    Ed25519,
}
impl SignatureAlgorithm {
    /// Returns `rsa-pkcs1`, `rsa-pss`, `ecdsa`, `ed25519`.
    pub fn name(&self) -> &'static str {
        todo!()
    }
    /// Returns the digest that is signed, `None` for Ed25519 (which signs the message itself; its CMS digest is SHA-512, RFC 8419 §3.1).
    pub fn digest(&self) -> Option<Digest> {
        todo!()
    }
    /// Reads the signatureAlgorithm of a SignerInfo or certificate. `rsaEncryption` (RFC 3370 §3.2) takes its digest from `digest_hint`.
    pub fn from_identifier(
        _identifier: &AlgorithmIdentifierOwned,
        _digest_hint: Option<Digest>,
    ) -> Result<Self> {
        todo!()
    }
    /// Returns the AlgorithmIdentifier that is written: `sha256WithRSAEncryption` style with NULL, PSS with full parameters, ECDSA and EdDSA without any.
    pub fn identifier(&self) -> AlgorithmIdentifierOwned {
        todo!()
    }
}
/// RSA key transport (RFC 3370 §4.2.1, RFC 3560).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTransport {
    /// RSAES-PKCS1-v1_5
    RsaPkcs1,
    /// RSAES-OAEP with an empty label
    RsaOaep {
        /// digest
        digest: Digest,
        /// digest of MGF1
        mgf: Digest,
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
/// How a content key reaches a recipient: the keyEncryptionAlgorithm of a RecipientInfo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEncryption {
    /// to an RSA key
    Transport(KeyTransport),
    /// with an EC or X25519 key
    Agreement(KeyAgreement),
    /// under a symmetric key
    Wrap(KeyWrap),
}
impl KeyEncryption {
    /// Returns `rsa-pkcs1`, `rsa-oaep`, `ecdh-x963-sha256`, `ecdh-hkdf-sha256`, `aes-256-wrap`, …
    pub fn name(&self) -> String {
        todo!()
    }
    /// Reads an AlgorithmIdentifier, parameters and all; malformed OAEP parameters are an error, never another algorithm.
    pub fn from_identifier(_identifier: &AlgorithmIdentifierOwned) -> Result<Self> {
        todo!()
    }
    /// Returns the AlgorithmIdentifier.
    pub fn identifier(&self) -> AlgorithmIdentifierOwned {
        todo!()
    }
}
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
    /// 3des-cbc (read)
    TripleDesCbc,
    /// rc2-cbc with this effective key length in bits (read)
    Rc2Cbc {
        /// bits
        effective_bits: u16,
    },
}
impl ContentCipher {
    /// Returns `aes-256-cbc` and the like.
    pub fn name(self) -> &'static str {
        todo!()
    }
    /// Finds a cipher that may be written by its name.
    pub fn from_name(_name: &str) -> Option<Self> {
        todo!()
    }
    /// Returns the key length in octets (for RC2 from the effective bits: 5, 8, 16).
    pub fn key_size(self) -> usize {
        todo!()
    }
    /// Returns whether it authenticates (AuthEnvelopedData) or not (EnvelopedData).
    pub fn is_aead(self) -> bool {
        todo!()
    }
    /// Reads a contentEncryptionAlgorithm: the cipher and its IV or nonce. GCM: nonce exactly 12 octets, ICVlen exactly 16 (an absent one means 12 and is refused).
    pub fn from_identifier(_identifier: &AlgorithmIdentifierOwned) -> Result<(Self, Vec<u8>)> {
        todo!()
    }
    /// Returns the AlgorithmIdentifier with this IV or nonce.
    pub fn identifier(self, _iv: &[u8]) -> AlgorithmIdentifierOwned {
        todo!()
    }
    /// Returns the length of IV or nonce in octets.
    pub fn iv_size(self) -> usize {
        todo!()
    }
}
