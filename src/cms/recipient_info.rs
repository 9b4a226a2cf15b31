//! RecipientInfo (RFC 5652 §6.2): to whom the content key goes and how.
use super::{Result, signer_info::CertificateId};
use crate::{
    crypto::{
        self, CryptoRng, KeyAgreement, KeyEncryption, KeyTransport, PrivateKey, PublicKey, Secret,
    },
    x509::Certificate,
};
use spki::AlgorithmIdentifierOwned;
/// The kind, as reports name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// KeyTransRecipientInfo
    KeyTransport,
    /// KeyAgreeRecipientInfo
    KeyAgreement,
    /// KEKRecipientInfo
    Kek,
    /// PasswordRecipientInfo
    Password,
    /// KEMRecipientInfo (RFC 9629)
    Kem,
    /// OtherRecipientInfo of another type
    Other,
}
/// One recipient (each RecipientEncryptedKey of a KeyAgreeRecipientInfo is one).
#[derive(Debug, Clone)]
pub struct Recipient {
    /// kind
    pub kind: Kind,
    /// whose certificate; `None` for KEK, password, other
    pub rid: Option<CertificateId>,
    /// keyEncryptionAlgorithm as found
    pub algorithm: AlgorithmIdentifierOwned,
    /// the encrypted content key
    pub encrypted_key: Vec<u8>,
    /// key agreement: the originator's ephemeral public key (SPKI rebuilt when parameters are absent needs the recipient's curve: kept raw)
    pub originator: Option<Originator>,
    /// key agreement: user keying material
    pub ukm: Option<Vec<u8>>,
}
/// The originator of a key agreement.
#[derive(Debug, Clone)]
pub enum Originator {
    /// OriginatorPublicKey: algorithm as found (parameters may be absent) and the public key's bits
    PublicKey {
        /// algorithm
        algorithm: AlgorithmIdentifierOwned,
        /// bits
        key: Vec<u8>,
    },
    /// by certificate: static-static, not supported
    Certificate,
}
/// Parses one RecipientInfo (BER or DER): one or, for key agreement, several recipients.
pub fn parse(_ber: &[u8], _max_depth: usize) -> Result<Vec<Recipient>> {
    todo!()
}
impl Recipient {
    /// Returns the key-encryption algorithm, or why it is not supported.
    pub fn key_encryption(&self) -> crypto::Result<KeyEncryption> {
        todo!()
    }
    /// Recovers the content key of `expected_size` octets with the recipient's private key. For RSA PKCS#1 v1.5 never fails on padding (implicit rejection).
    /// Everything secret that goes wrong is `crypto::Error::Decryption`.
    pub fn content_key(
        &self,
        _key: &dyn PrivateKey,
        _expected_size: usize,
        _rng: &mut dyn CryptoRng,
    ) -> crypto::Result<Secret> {
        todo!()
    }
}
/// How to encrypt to a key: transport for RSA, agreement for EC and X25519.
#[derive(Debug, Clone, Copy)]
pub enum Method {
    /// RSA
    Transport(KeyTransport),
    /// EC, X25519
    Agreement(KeyAgreement),
}
impl Method {
    /// Returns the default for a key: RSA PKCS#1 v1.5 (or OAEP with SHA-256), P-256: X9.63 SHA-256, P-384: SHA-384, P-521: SHA-512, X25519: HKDF-SHA-256; wrap as long as the content key (RFC 5753 §8, RFC 8418).
    pub fn for_key(
        _key: &PublicKey,
        _oaep: bool,
        _content_key_size: usize,
    ) -> crypto::Result<Self> {
        todo!()
    }
}
/// Makes the DER of one RecipientInfo, recipient named by issuer and serial.
pub fn seal(
    _to: &Certificate,
    _method: Method,
    _content_key: &Secret,
    _rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    todo!()
}
