//! Writing RecipientInfos: to certificates, under a key-encryption key, under a password.
use super::KEM;
use crate::{
    asn1::{Tag, oid, write},
    cms::{Result, algorithm_to_der, issuer_serial::encode_within, unwritable},
    crypto::{
        self, ContentCipher, CryptoRng, Digest, Kem, KeyAgreement, KeyEncryption, KeyTransport,
        KeyWrap, PrivateKey, PublicKey, Secret, SoftwareKey,
        algorithm::{AgreementKdf, Kdf3, KemKdf, PasswordWrap, RsaKemComponents},
        kem, key_agreement, key_transport, key_wrap, password_wrap,
        public_key::KeyKind,
    },
    x509::Certificate,
};
use cms::{
    content_info::CmsVersion,
    enveloped_data::{
        KeyAgreeRecipientIdentifier, KeyAgreeRecipientInfo, KeyTransRecipientInfo,
        OriginatorIdentifierOrKey, OriginatorPublicKey, RecipientEncryptedKey, RecipientIdentifier,
        RecipientInfo, RecipientKeyIdentifier,
    },
};
use der::{Decode, Encode, asn1::OctetString};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

/// How to encrypt to a key: transport or encapsulation for RSA, agreement for EC, X25519 and X448, encapsulation for ML-KEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// RSA
    Transport(KeyTransport),
    /// EC, X25519, X448
    Agreement(KeyAgreement),
    /// ML-KEM, RSA-KEM
    Encapsulation {
        /// mechanism
        kem: Kem,
        /// derivation
        kdf: KemKdf,
        /// wrap
        wrap: KeyWrap,
    },
}

/// How to encrypt to an RSA key that is restricted to none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToRsa {
    /// RSAES-PKCS1-v1_5
    Pkcs1,
    /// RSAES-OAEP with SHA-256
    Oaep,
    /// RSA-KEM (RFC 9690)
    Kem,
}

impl Method {
    /// Returns the default for a key: RSA as `rsa` says unless the key does, P-256: X9.63 SHA-256, P-384: SHA-384, P-521: SHA-512, X25519: HKDF-SHA-256, X448: HKDF-SHA-512; wrap as long as the content key (RFC 5753 §8, RFC 8418). ML-KEM: HKDF with SHA-256, and the wrap that RFC 9936 §2.1
    /// says everybody must know.
    pub fn for_key(key: &PublicKey, rsa: ToRsa, content_key_size: usize) -> crypto::Result<Self> {
        let wrap = match content_key_size {
            ..=16 => KeyWrap::Aes128,
            17..=24 => KeyWrap::Aes192,
            _ => KeyWrap::Aes256,
        };
        let kdf = match key.kind() {
            KeyKind::Rsa { .. } => return Ok(Self::to_rsa(rsa, wrap)),
            KeyKind::RsaKem { .. } => {
                return Ok(match key.rsa_kem_components() {
                    None => Self::to_rsa(ToRsa::Kem, wrap),
                    Some(components) => Self::rsa_kem_with(components),
                });
            }
            KeyKind::P256 | KeyKind::BrainpoolP256 => AgreementKdf::X963(Digest::Sha256),
            KeyKind::P384 | KeyKind::BrainpoolP384 => AgreementKdf::X963(Digest::Sha384),
            KeyKind::P521 | KeyKind::BrainpoolP512 => AgreementKdf::X963(Digest::Sha512),
            KeyKind::X25519 => AgreementKdf::Hkdf(Digest::Sha256),
            KeyKind::X448 => AgreementKdf::Hkdf(Digest::Sha512),
            KeyKind::MlKem(kem) => {
                return Ok(Self::Encapsulation {
                    kem,
                    kdf: KemKdf::Hkdf(Digest::Sha256),
                    wrap: match (kem, wrap) {
                        (Kem::MlKem512, KeyWrap::Aes128) => wrap,
                        _ => KeyWrap::Aes256,
                    },
                });
            }
            KeyKind::Ed25519
            | KeyKind::Ed448
            | KeyKind::MlDsa(_)
            | KeyKind::SlhDsa(_)
            | KeyKind::Dsa { .. } => {
                return Err(crypto::Error::KeyType {
                    key: key.kind().name(),
                    what: "encrypt",
                });
            }
        };
        Ok(Self::Agreement(KeyAgreement {
            kdf,
            cofactor: false,
            wrap,
        }))
    }
}

impl Method {
    /// RSA-KEM is written as in RFC 9690 appendix C: KDF3 with SHA-256 for both derivations, which §2.1 says everybody must know.
    fn to_rsa(rsa: ToRsa, wrap: KeyWrap) -> Self {
        match rsa {
            ToRsa::Pkcs1 => Self::Transport(KeyTransport::RsaPkcs1),
            ToRsa::Oaep => Self::Transport(KeyTransport::RsaOaep {
                digest: Digest::Sha256,
                mgf: Digest::Sha256,
                label: Vec::new(),
            }),
            ToRsa::Kem => Self::Encapsulation {
                kem: Kem::RSA,
                kdf: KemKdf::Kdf3(Kdf3(Digest::Sha256)),
                wrap,
            },
        }
    }
    /// Returns the only method that a key demands with its parameters (RFC 9690 §2.4).
    fn rsa_kem_with(RsaKemComponents { kdf, wrap }: RsaKemComponents) -> Self {
        Self::Encapsulation {
            kem: Kem::Rsa {
                kdf,
                size: Some(wrap.key_size()),
            },
            kdf: KemKdf::Kdf3(kdf),
            wrap,
        }
    }
    /// Returns the keyEncryptionAlgorithm; of an encapsulation the KEM.
    pub fn key_encryption(&self) -> KeyEncryption {
        match self {
            Self::Transport(transport) => KeyEncryption::Transport(transport.clone()),
            Self::Agreement(agreement) => KeyEncryption::Agreement(*agreement),
            Self::Encapsulation { kem, .. } => KeyEncryption::Kem(*kem),
        }
    }
}

/// How a RecipientInfo names its recipient (RFC 5652 §6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Naming {
    /// issuerAndSerialNumber
    #[default]
    IssuerAndSerialNumber,
    /// subjectKeyIdentifier, which a renewed certificate of the same key has too
    SubjectKeyIdentifier,
}

/// Makes the DER of one RecipientInfo.
pub fn seal(
    to: &Certificate,
    naming: Naming,
    method: Method,
    content_key: &Secret,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let key = to.public_key()?;
    let octets = |octets: &[u8]| OctetString::new(octets).map_err(unwritable);
    let identifier = match naming {
        Naming::IssuerAndSerialNumber => None,
        Naming::SubjectKeyIdentifier => Some(to.key_identifier().ok_or(NO_IDENTIFIER)?),
    };
    match method {
        Method::Transport(transport) => {
            let enc_key = key_transport::encrypt_key(&key, &transport, content_key, rng)?;
            let enc_key = octets(&enc_key)?;
            let info = |version, rid| KeyTransRecipientInfo {
                version,
                rid,
                key_enc_alg: KeyEncryption::Transport(transport).identifier(),
                enc_key,
            };
            let Some(identifier) = identifier else {
                return encode_within(&[1], to.issuer(), to.serial(), |id| {
                    info(
                        CmsVersion::V0,
                        RecipientIdentifier::IssuerAndSerialNumber(id),
                    )
                });
            };
            let identifier = SubjectKeyIdentifier(octets(identifier)?);
            let rid = RecipientIdentifier::SubjectKeyIdentifier(identifier);
            info(CmsVersion::V2, rid).to_der().map_err(unwritable)
        }
        Method::Agreement(agreement) => {
            let ephemeral = SoftwareKey::ephemeral(&key, rng)?;
            let shared = ephemeral.agree(&key)?;
            let key_enc_alg = KeyEncryption::Agreement(agreement).identifier();
            let kek = key_agreement::derive(&key_enc_alg, &shared, None)?;
            let enc_key = octets(&key_wrap::wrap(agreement.wrap, &kek, content_key)?)?;
            let originator = originator_key(ephemeral.public_key())?;
            let info = |rid| {
                RecipientInfo::Kari(KeyAgreeRecipientInfo {
                    version: CmsVersion::V3,
                    originator: OriginatorIdentifierOrKey::OriginatorKey(originator),
                    ukm: None,
                    key_enc_alg,
                    recipient_enc_keys: vec![RecipientEncryptedKey { rid, enc_key }],
                })
            };
            let Some(identifier) = identifier else {
                let first_rid = [3, 0, 0];
                return encode_within(&first_rid, to.issuer(), to.serial(), |id| {
                    info(KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(id))
                });
            };
            let rid = KeyAgreeRecipientIdentifier::RKeyId(RecipientKeyIdentifier {
                subject_key_identifier: SubjectKeyIdentifier(octets(identifier)?),
                date: None,
                other: None,
            });
            info(rid).to_der().map_err(unwritable)
        }
        Method::Encapsulation { kem, kdf, wrap } => {
            let resolved = kem.for_key_of(wrap.key_size());
            let (ciphertext, shared) = kem::encapsulate(&key, resolved, rng)?;
            let (kdf, wrap_algorithm) = (kdf.identifier(), wrap.identifier());
            let kek = kem::derive(&kdf, &wrap_algorithm, &shared, None)?;
            let encrypted_key = key_wrap::wrap(wrap, &kek, content_key)?;
            let kek_length = u32::try_from(wrap.key_size()).unwrap_or(0);
            let serial = write::tlv(Tag::INTEGER, to.serial());
            let rid = match identifier {
                None => write::sequence(&[to.issuer().der(), &serial]),
                Some(identifier) => write::tlv(Tag::context_primitive(0), identifier),
            };
            let info = write::sequence(&[
                &write::integer(0),
                &rid,
                &algorithm_to_der(&kem.identifier()),
                &write::tlv(Tag::OCTET_STRING, &ciphertext),
                &algorithm_to_der(&kdf),
                &write::integer(kek_length),
                &algorithm_to_der(&wrap_algorithm),
                &write::tlv(Tag::OCTET_STRING, &encrypted_key),
            ]);
            let kind = oid::to_der(&KEM);
            Ok(write::constructed(Tag::context(4), &[&kind, &info]))
        }
    }
}

const NO_IDENTIFIER: crypto::Error =
    crypto::Error::Key("a certificate without a subjectKeyIdentifier to name it by");

/// Makes the DER of a KEKRecipientInfo under a key of 16, 24 or 32 octets; returns its key wrap, too.
pub fn seal_under_key(
    name: &[u8],
    kek: &Secret,
    content_key: &Secret,
) -> Result<(Vec<u8>, KeyWrap)> {
    let wrap = match kek.expose().len() {
        16 => KeyWrap::Aes128,
        24 => KeyWrap::Aes192,
        32 => KeyWrap::Aes256,
        _ => {
            return Err(crypto::Error::Key(
                "a key-encryption key that is not 16, 24 or 32 bytes long",
            )
            .into());
        }
    };
    let encrypted_key = key_wrap::wrap(wrap, kek, content_key)?;
    let sealed = write::constructed(
        Tag::context(2),
        &[
            &write::integer(4),
            &write::sequence(&[&write::tlv(Tag::OCTET_STRING, name)]),
            &algorithm_to_der(&wrap.identifier()),
            &write::tlv(Tag::OCTET_STRING, &encrypted_key),
        ],
    );
    Ok((sealed, wrap))
}

/// Makes the DER of a PasswordRecipientInfo: PBKDF2 with HMAC-SHA-256, AES-256-CBC.
pub fn seal_under_password(
    password: &[u8],
    iterations: u32,
    content_key: &Secret,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let mut iv = vec![0; 16];
    rng.fill_bytes(&mut iv);
    let wrap = PasswordWrap {
        cipher: ContentCipher::Aes256Cbc,
        iv,
    };
    let derivation = password_wrap::derivation(iterations, rng);
    let kdf = password_wrap::Derivation::from_identifier(&derivation, iterations)?;
    let kek = kdf.key(password, &wrap)?;
    let encrypted_key = password_wrap::wrap(&wrap, &kek, content_key, rng)?;
    Ok(write::constructed(
        Tag::context(3),
        &[
            &write::integer(0),
            &write::retag(Tag::context(0), algorithm_to_der(&derivation)),
            &algorithm_to_der(&wrap.identifier()),
            &write::tlv(Tag::OCTET_STRING, &encrypted_key),
        ],
    ))
}

/// Returns an originatorKey, parameters absent as OpenSSL writes it and RFC 8418 §2 (X25519) demands.
fn originator_key(key: &PublicKey) -> Result<OriginatorPublicKey> {
    let spki = spki::SubjectPublicKeyInfoOwned::from_der(key.spki())
        .map_err(|_| crypto::Error::Key("the SubjectPublicKeyInfo is malformed"))?;
    Ok(OriginatorPublicKey {
        algorithm: AlgorithmIdentifierOwned {
            oid: spki.algorithm.oid,
            parameters: None,
        },
        public_key: spki.subject_public_key,
    })
}
