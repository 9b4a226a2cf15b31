//! RecipientInfo (RFC 5652 §6.2, RFC 9629): to whom the content key goes and how. Which recipient is ours and which methods are acceptable is
//! decided elsewhere. Here they are parsed; `open` recovers content keys, `seal` writes.
//!
//! ```text
//! RecipientInfo ::= CHOICE {
//!   ktri KeyTransRecipientInfo, kari [1] KeyAgreeRecipientInfo, kekri [2] KEKRecipientInfo,
//!   pwri [3] PasswordRecipientInfo, ori [4] OtherRecipientInfo }
//! ```
mod open;
mod seal;

pub use seal::{Method, Naming, ToRsa, seal, seal_under_key, seal_under_password};

use super::{Error, Result, algorithm, check_limit, signer_info::CertificateId};
use crate::asn1::{
    Tag,
    cursor::{Cursor, Value},
    normal,
    oid::Oid,
    write,
};
use cms::enveloped_data::{OriginatorPublicKey, OtherRecipientInfo};
use der::Decode;
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
    /// keyEncryptionAlgorithm as found (of an OtherRecipientInfo its type, of a KEM the KEM)
    pub algorithm: AlgorithmIdentifierOwned,
    /// the encrypted content key
    pub encrypted_key: Vec<u8>,
    /// key agreement: the originator
    pub originator: Option<Originator>,
    /// key agreement and encapsulation: user keying material
    pub ukm: Option<Vec<u8>>,
    /// KEK: the name of the key
    pub kek_identifier: Option<Vec<u8>>,
    /// password: keyDerivationAlgorithm as found
    pub derivation: Option<AlgorithmIdentifierOwned>,
    /// KEM: what stands beside `algorithm`
    pub encapsulation: Option<Encapsulation>,
}

/// The fields of KEMRecipientInfo (RFC 9629 §3) that other recipients have not.
#[derive(Debug, Clone)]
pub struct Encapsulation {
    /// kemct: the shared secret, encapsulated
    pub ciphertext: Vec<u8>,
    /// kdf as found
    pub kdf: AlgorithmIdentifierOwned,
    /// kekLength, content octets
    pub kek_length: Vec<u8>,
    /// wrap as found
    pub wrap: AlgorithmIdentifierOwned,
}

/// The originator of a key agreement.
#[derive(Debug, Clone)]
pub enum Originator {
    /// OriginatorPublicKey: algorithm as found (parameters may be absent, the curve is the recipient's) and the public key's bits
    PublicKey {
        /// algorithm
        algorithm: AlgorithmIdentifierOwned,
        /// bits
        key: Vec<u8>,
    },
    /// by certificate: static-static, not supported
    Certificate,
}

/// Parses one RecipientInfo (BER or DER): one or, for key agreement, several recipients, but not more than `limit`.
pub fn parse(ber: &[u8], max_depth: usize, limit: usize) -> Result<Vec<Recipient>> {
    let der = normal::to_der(ber, max_depth)?;
    let value = Cursor::new(&der, 0).any()?;
    match value.tag {
        Tag::SEQUENCE => Ok(vec![key_transport(&value)?]),
        Tag(0xa1) => key_agreement(&value, limit),
        Tag(0xa2) => Ok(vec![kek(&value)?]),
        Tag(0xa3) => Ok(vec![password(&value)?]),
        Tag(0xa4) => Ok(vec![other(&value)?]),
        _ => Err(Error::Malformed {
            what: "an unknown kind of RecipientInfo",
            offset: value.offset,
        }),
    }
}

/// `KeyTransRecipientInfo ::= SEQUENCE { version, rid RecipientIdentifier, keyEncryptionAlgorithm, encryptedKey OCTET STRING }`
fn key_transport(value: &Value<'_>) -> Result<Recipient> {
    let mut fields = value.inside();
    fields.expect(Tag::INTEGER)?;
    let rid = CertificateId::from_value(&fields.any()?)?;
    let algorithm = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
    let encrypted_key = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
    fields.finish()?;
    Ok(Recipient {
        rid: Some(rid),
        ..unopened(Kind::KeyTransport, algorithm, encrypted_key)
    })
}

/// ```text
/// KeyAgreeRecipientInfo ::= SEQUENCE {
///   version CMSVersion,
///   originator [0] EXPLICIT OriginatorIdentifierOrKey,
///   ukm [1] EXPLICIT OCTET STRING OPTIONAL,
///   keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
///   recipientEncryptedKeys SEQUENCE OF RecipientEncryptedKey }
/// RecipientEncryptedKey ::= SEQUENCE { rid KeyAgreeRecipientIdentifier, encryptedKey OCTET STRING }
/// ```
fn key_agreement(value: &Value<'_>, limit: usize) -> Result<Vec<Recipient>> {
    let mut fields = value.inside();
    fields.expect(Tag::INTEGER)?;
    let mut explicit = fields.enter(Tag::context(0))?;
    let originator = originator(&explicit.any()?)?;
    explicit.finish()?;
    let ukm = explicit_octets(&mut fields, Tag::context(1))?;
    let algorithm = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
    // what the recipients share is copied to each of them
    const SHARED: u64 = 4 << 10;
    if fields.offset() - value.offset > SHARED {
        return Err(Error::Unsupported {
            what: "a key agreement with more than 4096 bytes of parameters",
        });
    }
    let mut keys = fields.enter(Tag::SEQUENCE)?;
    fields.finish()?;
    let mut recipients = Vec::new();
    while !keys.is_empty() {
        check_limit(recipients.len() + 1, limit, "recipients")?;
        let mut key = keys.enter(Tag::SEQUENCE)?;
        let rid = agreement_rid(&key.any()?)?;
        let encrypted_key = key.expect(Tag::OCTET_STRING)?.content.to_vec();
        key.finish()?;
        recipients.push(Recipient {
            rid: Some(rid),
            originator: Some(originator.clone()),
            ukm: ukm.clone(),
            ..unopened(Kind::KeyAgreement, algorithm.clone(), encrypted_key)
        });
    }
    if recipients.is_empty() {
        return Err(Error::Malformed {
            what: "a key agreement without recipients",
            offset: value.offset,
        });
    }
    Ok(recipients)
}

/// Reads an optional `[n] EXPLICIT OCTET STRING`.
fn explicit_octets(fields: &mut Cursor<'_>, tag: Tag) -> Result<Option<Vec<u8>>> {
    let Some(value) = fields.optional(tag)? else {
        return Ok(None);
    };
    let mut explicit = value.inside();
    let octets = explicit.expect(Tag::OCTET_STRING)?.content.to_vec();
    explicit.finish()?;
    Ok(Some(octets))
}

/// ```text
/// KEKRecipientInfo ::= SEQUENCE { version, kekid KEKIdentifier, keyEncryptionAlgorithm, encryptedKey OCTET STRING }
/// KEKIdentifier ::= SEQUENCE { keyIdentifier OCTET STRING, date GeneralizedTime OPTIONAL, other OtherKeyAttribute OPTIONAL }
/// ```
fn kek(value: &Value<'_>) -> Result<Recipient> {
    let mut fields = value.inside();
    fields.expect(Tag::INTEGER)?;
    let mut identifier = fields.enter(Tag::SEQUENCE)?;
    let name = identifier.expect(Tag::OCTET_STRING)?.content.to_vec();
    let algorithm = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
    let encrypted_key = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
    fields.finish()?;
    Ok(Recipient {
        kek_identifier: Some(name),
        ..unopened(Kind::Kek, algorithm, encrypted_key)
    })
}

/// `PasswordRecipientInfo ::= SEQUENCE { version, keyDerivationAlgorithm [0] IMPLICIT OPTIONAL, keyEncryptionAlgorithm, encryptedKey OCTET STRING }`
fn password(value: &Value<'_>) -> Result<Recipient> {
    let mut fields = value.inside();
    fields.expect(Tag::INTEGER)?;
    let derivation = match fields.optional(Tag::context(0))? {
        Some(value) => Some(leaf(&value, "a KeyDerivationAlgorithmIdentifier")?),
        None => None,
    };
    let algorithm = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
    let encrypted_key = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
    fields.finish()?;
    Ok(Recipient {
        derivation,
        ..unopened(Kind::Password, algorithm, encrypted_key)
    })
}

/// `OriginatorIdentifierOrKey ::= CHOICE { IssuerAndSerialNumber, subjectKeyIdentifier [0], originatorKey [1] OriginatorPublicKey }`
fn originator(value: &Value<'_>) -> Result<Originator> {
    match value.tag {
        Tag::SEQUENCE | Tag(0x80 | 0xa0) => Ok(Originator::Certificate),
        Tag(0xa1) => {
            let key: OriginatorPublicKey = leaf(value, "an OriginatorPublicKey")?;
            match key.public_key.as_bytes() {
                Some(bits) => Ok(Originator::PublicKey {
                    algorithm: key.algorithm,
                    key: bits.to_vec(),
                }),
                None => Err(Error::Malformed {
                    what: "a public key with unused bits",
                    offset: value.offset,
                }),
            }
        }
        _ => Err(Error::Malformed {
            what: "an unknown kind of originator",
            offset: value.offset,
        }),
    }
}

/// ```text
/// KeyAgreeRecipientIdentifier ::= CHOICE { IssuerAndSerialNumber, rKeyId [0] IMPLICIT RecipientKeyIdentifier }
/// RecipientKeyIdentifier ::= SEQUENCE { subjectKeyIdentifier OCTET STRING, date OPTIONAL, other OPTIONAL }
/// ```
/// Crate `cms` takes `other` for an Attribute, which it is not.
fn agreement_rid(value: &Value<'_>) -> Result<CertificateId> {
    if value.tag != Tag::context(0) {
        return CertificateId::from_value(value);
    }
    let identifier = value.inside().expect(Tag::OCTET_STRING)?;
    Ok(CertificateId::KeyIdentifier(identifier.content.to_vec()))
}

/// id-ori-kem (RFC 9629)
const KEM: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.13.3");

/// ```text
/// OtherRecipientInfo ::= SEQUENCE { oriType OBJECT IDENTIFIER, oriValue ANY }
/// KEMRecipientInfo ::= SEQUENCE {
///   version, rid RecipientIdentifier, kem AlgorithmIdentifier, kemct OCTET STRING, kdf AlgorithmIdentifier,
///   kekLength INTEGER, ukm [0] EXPLICIT OPTIONAL, wrap AlgorithmIdentifier, encryptedKey OCTET STRING }
/// ```
fn other(value: &Value<'_>) -> Result<Recipient> {
    let info: OtherRecipientInfo = leaf(value, "an OtherRecipientInfo")?;
    if info.ori_type != KEM {
        let algorithm = AlgorithmIdentifierOwned {
            oid: info.ori_type,
            parameters: None,
        };
        return Ok(unopened(Kind::Other, algorithm, Vec::new()));
    }
    if der::Tagged::tag(&info.ori_value) != der::Tag::Sequence {
        return Err(Error::Malformed {
            what: "a KEMRecipientInfo",
            offset: value.offset,
        });
    }
    let mut fields = Cursor::new(info.ori_value.value(), value.offset);
    fields.expect(Tag::INTEGER)?;
    let rid = CertificateId::from_value(&fields.any()?)?;
    let kem = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
    let ciphertext = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
    let kdf = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
    let kek_length = fields.expect(Tag::INTEGER)?.content.to_vec();
    let ukm = explicit_octets(&mut fields, Tag::context(0))?;
    let wrap = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
    let encrypted_key = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
    fields.finish()?;
    Ok(Recipient {
        rid: Some(rid),
        ukm,
        encapsulation: Some(Encapsulation {
            ciphertext,
            kdf,
            kek_length,
            wrap,
        }),
        ..unopened(Kind::Kem, kem, encrypted_key)
    })
}

fn unopened(kind: Kind, algorithm: AlgorithmIdentifierOwned, encrypted_key: Vec<u8>) -> Recipient {
    Recipient {
        kind,
        rid: None,
        algorithm,
        encrypted_key,
        originator: None,
        ukm: None,
        kek_identifier: None,
        derivation: None,
        encapsulation: None,
    }
}

/// Decodes a SEQUENCE under an implicit tag by its type in crate `cms`; only where that loses no received bytes that matter.
fn leaf<T: for<'a> Decode<'a>>(value: &Value<'_>, what: &'static str) -> Result<T> {
    let der = write::retag(Tag::SEQUENCE, value.raw.to_vec());
    T::from_der(&der).map_err(|_| Error::Malformed {
        what,
        offset: value.offset,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::{super::specimen::*, open::algorithm_of, *};
    use crate::crypto::{
        self, Digest, KeyAgreement, KeyEncryption, KeySize, KeyTransport, KeyWrap, PrivateKey,
        Secret, algorithm::AgreementKdf,
    };
    use proptest::prelude::*;
    use rand::SeedableRng;

    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::seed_from_u64(1)
    }

    fn key() -> Secret {
        Secret::new((0..32).collect())
    }

    fn sealed(of: &Identity, rsa: ToRsa) -> Vec<u8> {
        let method = Method::for_key(of.key.public_key(), rsa, 32).unwrap();
        seal(
            &of.certificate,
            Naming::default(),
            method,
            &key(),
            &mut rng(),
        )
        .unwrap()
    }

    #[test]
    fn a_key_identifier_names_who_has_one() {
        for (of, version) in [(RSA, 2), (P256, 3)] {
            let of = identity(of);
            let method = Method::for_key(of.key.public_key(), ToRsa::Pkcs1, 32).unwrap();
            let by = Naming::SubjectKeyIdentifier;
            let der = seal(&of.certificate, by, method.clone(), &key(), &mut rng()).unwrap();
            let recipient = &parse(&der, 64, 1).unwrap()[0];
            let rid = recipient.rid.as_ref().unwrap();
            assert!(matches!(rid, CertificateId::KeyIdentifier(_)));
            assert!(rid.names(&of.certificate));
            assert!(der.windows(3).any(|octets| octets == [2, 1, version]));

            let whole = of.certificate.der();
            let mut parts = normal::children(whole, 64).unwrap();
            let mut fields = normal::children(parts[0], 64).unwrap();
            fields.pop().unwrap();
            let tbs = write::sequence(&fields);
            parts[0] = &tbs;
            let bare = crate::x509::Certificate::from_der(&write::sequence(&parts)).unwrap();
            assert!(seal(&bare, by, method, &key(), &mut rng()).is_err());
        }
    }

    #[test]
    fn what_is_sealed_is_opened() {
        for (of, rsa) in [
            (RSA, ToRsa::Pkcs1),
            (RSA, ToRsa::Oaep),
            (RSA, ToRsa::Kem),
            (P256, ToRsa::Pkcs1),
            (P384, ToRsa::Pkcs1),
            (P521, ToRsa::Pkcs1),
            (X25519, ToRsa::Pkcs1),
        ] {
            let of = identity(of);
            let der = sealed(&of, rsa);
            for ber in [der.clone(), indefinite(&der)] {
                let recipient = &parse(&ber, 64, 1).unwrap()[0];
                assert!(recipient.rid.as_ref().unwrap().names(&of.certificate));
                let opened = recipient
                    .content_key(&of.key, KeySize::Exactly(32), &mut rng())
                    .unwrap();
                assert_eq!(opened.expose(), key().expose());
            }
        }
    }

    #[test]
    fn a_certificate_is_named_as_it_names_itself() {
        let agreement = Method::for_key(identity(P256).key.public_key(), ToRsa::Pkcs1, 32).unwrap();
        for certificate in odd_certificates() {
            let (issuer, serial) = (certificate.issuer().der(), certificate.serial());
            let named = write::sequence(&[issuer, &write::tlv(Tag::INTEGER, serial)]);
            let sealed = seal(
                &certificate,
                Naming::default(),
                agreement.clone(),
                &key(),
                &mut rng(),
            )
            .unwrap();
            let recipient = parse(&sealed, 64, 1).unwrap().remove(0);
            assert!(recipient.rid.unwrap().names(&certificate));
            let fields = normal::children(&sealed, 64).unwrap();
            assert_eq!(fields.len(), 4);
            let wrapped = write::tlv(Tag::OCTET_STRING, &recipient.encrypted_key);
            let recipients = write::sequence(&[&write::sequence(&[&named, &wrapped])]);
            assert_eq!(fields[3], recipients);
        }
    }

    #[test]
    fn a_label_is_read_but_not_written() {
        let of = identity(RSA);
        for labelled in [false, true] {
            let method = match labelled {
                false => Method::for_key(of.key.public_key(), ToRsa::Oaep, 32).unwrap(),
                true => Method::Transport(KeyTransport::RsaOaep {
                    digest: Digest::Sha224,
                    mgf: Digest::Sha1,
                    label: b"label".to_vec(),
                }),
            };
            let der = seal(
                &of.certificate,
                Naming::default(),
                method,
                &key(),
                &mut rng(),
            )
            .unwrap();
            let mut recipient = parse(&der, 64, 1).unwrap().remove(0);
            let KeyEncryption::Transport(KeyTransport::RsaOaep { digest, mgf, label }) =
                recipient.key_encryption().unwrap()
            else {
                panic!();
            };
            assert_eq!(!label.is_empty(), labelled);
            let opened = recipient
                .content_key(&of.key, KeySize::Exactly(32), &mut rng())
                .unwrap();
            assert_eq!(opened.expose(), key().expose());
            let other = KeyTransport::RsaOaep {
                digest,
                mgf,
                label: b"lapel".to_vec(),
            };
            recipient.algorithm = KeyEncryption::Transport(other).identifier();
            let opened = recipient.content_key(&of.key, KeySize::Exactly(32), &mut rng());
            assert!(matches!(opened, Err(crypto::Error::Decryption)));
            // malformed: neither without label nor by another scheme
            recipient.algorithm.parameters = Some(der::Any::null());
            let opened = recipient.content_key(&of.key, KeySize::Exactly(32), &mut rng());
            assert!(matches!(opened, Err(crypto::Error::Parameters { .. })));
        }
    }

    #[test]
    fn a_key_of_another_size_is_no_key() {
        for (of, rsa) in [
            (RSA, ToRsa::Oaep),
            (RSA, ToRsa::Kem),
            (P256, ToRsa::Pkcs1),
            (X25519, ToRsa::Pkcs1),
        ] {
            let of = identity(of);
            let recipient = &parse(&sealed(&of, rsa), 64, 1).unwrap()[0];
            let opened = recipient.content_key(&of.key, KeySize::Exactly(16), &mut rng());
            assert!(matches!(opened, Err(crypto::Error::Decryption)));
        }
        // implicit rejection: some key, but not that one
        let of = identity(RSA);
        let recipient = &parse(&sealed(&of, ToRsa::Pkcs1), 64, 1).unwrap()[0];
        let opened = recipient
            .content_key(&of.key, KeySize::Exactly(16), &mut rng())
            .unwrap();
        assert_ne!(opened.expose(), &key().expose()[..16]);
        assert_eq!(opened.expose().len(), 16);
    }

    #[test]
    fn a_peer_must_be_on_the_recipients_curve() {
        let of = identity(P256);
        let mut recipient = parse(&sealed(&of, ToRsa::Pkcs1), 64, 1).unwrap().remove(0);
        let Some(Originator::PublicKey { algorithm, key }) = recipient.originator.clone() else {
            panic!();
        };
        let mut open = |algorithm, key| {
            recipient.originator = Some(Originator::PublicKey { algorithm, key });
            recipient
                .content_key(&of.key, KeySize::Exactly(32), &mut rng())
                .map(|_| ())
        };
        let with = |parameters| AlgorithmIdentifierOwned {
            parameters,
            ..algorithm.clone()
        };
        assert!(open(algorithm.clone(), key.clone()).is_ok());
        assert!(open(with(Some(der::Any::null())), key.clone()).is_ok());
        assert!(open(algorithm_of(of.key.public_key()).unwrap(), key.clone()).is_ok());
        let other_curve = algorithm_of(identity(P384).key.public_key()).unwrap();
        let mut off = key.clone();
        *off.last_mut().unwrap() ^= 1;
        for (algorithm, key) in [
            (algorithm.clone(), off),
            (algorithm.clone(), vec![]),
            (algorithm.clone(), vec![0]),
            (algorithm.clone(), vec![4; 97]),
            (other_curve, key.clone()),
            (
                algorithm_of(identity(X25519).key.public_key()).unwrap(),
                key.clone(),
            ),
        ] {
            assert!(matches!(
                open(algorithm, key),
                Err(crypto::Error::Decryption)
            ));
        }
        recipient.originator = Some(Originator::Certificate);
        let opened = recipient.content_key(&of.key, KeySize::Exactly(32), &mut rng());
        assert!(matches!(opened, Err(crypto::Error::Unsupported(_))));
    }

    #[test]
    fn damaged_wrapped_keys_are_one_error() {
        let of = identity(P256);
        let mut recipient = parse(&sealed(&of, ToRsa::Pkcs1), 64, 1).unwrap().remove(0);
        for length in 0..50 {
            recipient.encrypted_key = vec![7; length];
            let opened = recipient.content_key(&of.key, KeySize::Exactly(32), &mut rng());
            assert!(matches!(opened, Err(crypto::Error::Decryption)), "{length}");
        }
    }

    #[test]
    fn methods_for_keys() {
        let method =
            |of, size| Method::for_key(identity(of).key.public_key(), ToRsa::Pkcs1, size).unwrap();
        assert!(matches!(
            method(RSA, 16),
            Method::Transport(KeyTransport::RsaPkcs1)
        ));
        assert!(matches!(
            method(P384, 16),
            Method::Agreement(KeyAgreement {
                kdf: AgreementKdf::X963(Digest::Sha384),
                wrap: KeyWrap::Aes128,
                ..
            })
        ));
        assert!(matches!(
            method(X25519, 24),
            Method::Agreement(KeyAgreement {
                kdf: AgreementKdf::Hkdf(Digest::Sha256),
                wrap: KeyWrap::Aes192,
                ..
            })
        ));
        assert!(Method::for_key(identity(ED25519).key.public_key(), ToRsa::Pkcs1, 16).is_err());
    }

    #[test]
    fn many_recipients_of_one_agreement() {
        let of = identity(P256);
        let der = sealed(&of, ToRsa::Pkcs1);
        let children = normal::children(&der, 64).unwrap();
        let keys = normal::children(children[3], 64).unwrap();
        let by_key = write::sequence(&[
            &write::constructed(Tag::context(0), &[&[4, 2, 1, 2]]),
            &[4, 1, 9],
        ]);
        let all = write::sequence(&[keys[0], &by_key]);
        let whole = write::constructed(
            Tag::context(1),
            &[children[0], children[1], children[2], &all],
        );
        let recipients = parse(&whole, 64, 2).unwrap();
        assert_eq!(recipients.len(), 2);
        assert_eq!(
            recipients[1].rid,
            Some(CertificateId::KeyIdentifier(vec![1, 2]))
        );
        assert!(
            recipients[0]
                .content_key(&of.key, KeySize::Exactly(32), &mut rng())
                .is_ok()
        );
        assert!(matches!(
            parse(&whole, 64, 1),
            Err(Error::Limit {
                what: "recipients",
                limit: 1
            })
        ));
        let ukm = write::constructed(
            Tag::context(1),
            &[&write::tlv(Tag::OCTET_STRING, &[0; 5000])],
        );
        let long = write::constructed(
            Tag::context(1),
            &[children[0], children[1], &ukm, children[2], &all],
        );
        assert!(matches!(
            parse(&long, 64, 2),
            Err(Error::Unsupported { .. })
        ));
        let none = write::constructed(
            Tag::context(1),
            &[children[0], children[1], children[2], &[0x30, 0]],
        );
        assert!(parse(&none, 64, 2).is_err());
    }

    #[test]
    fn other_recipients_are_listed() {
        let other = [0xa4, 7, 6, 3, 0x2a, 3, 4, 5, 0];
        let recipient = parse(&other, 64, 1).unwrap().remove(0);
        assert_eq!(
            (recipient.kind, recipient.rid.is_none()),
            (Kind::Other, true)
        );
        assert!(
            recipient
                .content_key(&identity(P256).key, KeySize::Exactly(16), &mut rng())
                .is_err()
        );
        let certificate = identity(P256).certificate;
        let serial = write::tlv(Tag::INTEGER, certificate.serial());
        let sid = write::sequence(&[certificate.issuer().der(), &serial]);
        let unknown = [0x30, 3, 6, 1, 0x2a];
        let kem = write::sequence(&[
            &write::integer(0),
            &sid,
            &unknown,
            &[4, 0],
            &unknown,
            &[2, 1, 16],
            &unknown,
            &[4, 0],
        ]);
        let kem = write::constructed(Tag::context(4), &[&crate::asn1::oid::to_der(&KEM), &kem]);
        let recipient = parse(&kem, 64, 1).unwrap().remove(0);
        assert_eq!((recipient.kind, recipient.rid.is_some()), (Kind::Kem, true));
        assert!(parse(&[0xa5, 0], 64, 1).is_err());
    }

    proptest! {
        #[test]
        fn no_damage_panics(ec in any::<bool>(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let of = identity(if ec { P256 } else { X25519 });
            let mut der = sealed(&of, ToRsa::Pkcs1);
            let at = at.index(der.len());
            der[at] = value;
            for recipient in parse(&der, 64, 9).unwrap_or_default() {
                let _ = recipient.content_key(&of.key, KeySize::Exactly(32), &mut rng());
            }
        }
    }
}
