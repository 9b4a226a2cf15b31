//! SignerInfo (RFC 5652 §5.3): its bytes as received, the mathematics of verifying and signing. Whose certificate it takes and whether it
//! is trusted is decided elsewhere.
//!
//! ```text
//! SignerInfo ::= SEQUENCE {
//!   version CMSVersion,
//!   sid CHOICE { IssuerAndSerialNumber, subjectKeyIdentifier [0] OCTET STRING },
//!   digestAlgorithm DigestAlgorithmIdentifier,
//!   signedAttrs [0] IMPLICIT SET SIZE (1..MAX) OF Attribute OPTIONAL,
//!   signatureAlgorithm SignatureAlgorithmIdentifier,
//!   signature OCTET STRING,
//!   unsignedAttrs [1] IMPLICIT SET SIZE (1..MAX) OF Attribute OPTIONAL }
//! ```
use super::{
    Error, Result, algorithm,
    attribute::{Attribute, SignedAttributes},
    encode, issuer_serial, unwritable,
};
use crate::{
    asn1::{
        Tag,
        cursor::{Cursor, Value},
        normal, write,
    },
    crypto::{
        self, CryptoRng, Digest, PrivateKey, PublicKey, SignatureAlgorithm, public_key::Signed,
    },
    x509::{Certificate, certificate::public_key_octets, name::Name},
};
use cms::{
    content_info::CmsVersion,
    signed_data::{SignerIdentifier, SignerInfo as Structure},
};
use der::{Decode, Encode, asn1::OctetString};
use spki::AlgorithmIdentifierOwned;
use std::borrow::Cow;
use x509_cert::{attr::Attributes, ext::pkix::SubjectKeyIdentifier};

/// Which certificate is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateId {
    /// issuerAndSerialNumber; serial: content octets of the INTEGER
    IssuerSerial {
        /// issuer
        issuer: Name,
        /// content octets
        serial: Vec<u8>,
    },
    /// subjectKeyIdentifier
    KeyIdentifier(Vec<u8>),
}

impl CertificateId {
    /// Returns whether `certificate` is the one meant (key identifier: its extension, or, when it has none, SHA-1 of its key).
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerSerial { issuer, serial } => certificate.is(issuer, serial),
            Self::KeyIdentifier(identifier) => match certificate.key_identifier() {
                Some(extension) => extension == identifier,
                None => public_key_octets(certificate.spki())
                    .is_some_and(|key| crypto::digest::digest(Digest::Sha1, key) == *identifier),
            },
        }
    }

    /// Reads a SignerIdentifier or RecipientIdentifier.
    pub(super) fn from_value(value: &Value<'_>) -> Result<Self> {
        match value.tag {
            Tag::SEQUENCE => {
                let mut fields = value.inside();
                let issuer = fields.any()?;
                let serial = fields.expect(Tag::INTEGER)?.content.to_vec();
                fields.finish()?;
                let malformed = |what| Error::Malformed {
                    what,
                    offset: issuer.offset,
                };
                let issuer =
                    Name::from_der(issuer.raw).map_err(|_| malformed("an issuer is no Name"))?;
                match serial.is_empty() {
                    true => Err(malformed("a serial number without octets")),
                    false => Ok(Self::IssuerSerial { issuer, serial }),
                }
            }
            tag if tag.primitive() == Tag::context_primitive(0) => {
                Ok(Self::KeyIdentifier(normal::octets(value)?.into_owned()))
            }
            _ => Err(Error::Malformed {
                what: "neither issuerAndSerialNumber nor subjectKeyIdentifier",
                offset: value.offset,
            }),
        }
    }
}

/// Returns the issuerAndSerialNumber of a certificate.
pub fn issuer_serial(certificate: &Certificate) -> CertificateId {
    CertificateId::IssuerSerial {
        issuer: certificate.issuer().clone(),
        serial: certificate.serial().to_vec(),
    }
}

/// One signer.
#[derive(Debug)]
pub struct SignerInfo {
    /// whose certificate
    pub sid: CertificateId,
    /// digestAlgorithm as found
    pub digest_algorithm: AlgorithmIdentifierOwned,
    /// signatureAlgorithm as found
    pub signature_algorithm: AlgorithmIdentifierOwned,
    /// as received; `None` when absent
    pub signed_attributes: Option<SignedAttributes>,
    /// signature octets
    pub signature: Vec<u8>,
    /// the unsigned attributes: nothing rests on them
    pub unsigned_attributes: Vec<Attribute>,
    /// the whole as received, but for the unsigned attributes
    pub received: Vec<u8>,
}

/// How a signature held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// over the signed attributes as received (the usual, DER), or over the content when there are none
    AsReceived,
    /// only over their DER form: what was received is not DER
    OverDer,
    /// not at all
    No,
}

impl SignerInfo {
    /// Parses one SignerInfo (BER or DER, as received) with no more than a hundred attributes.
    pub fn parse(ber: &[u8], max_depth: usize) -> Result<Self> {
        Self::parse_within(ber, max_depth, 100)
    }

    /// Parses one SignerInfo with at most so many attributes and values on either side.
    pub fn parse_within(ber: &[u8], max_depth: usize, attributes: usize) -> Result<Self> {
        let der = normal::to_der(ber, max_depth)?;
        let mut fields = Cursor::new(&der, 0).enter(Tag::SEQUENCE)?;
        // the version follows from the sid; nothing rests on it
        fields.expect(Tag::INTEGER)?;
        let sid = CertificateId::from_value(&fields.any()?)?;
        let digest_algorithm = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
        let signed_attributes = match fields.optional(Tag::context(0))? {
            Some(value) => {
                let received = match der {
                    Cow::Borrowed(_) => value.raw.to_vec(),
                    Cow::Owned(_) => attributes_as_received(ber, max_depth, value.raw)?,
                };
                Some(SignedAttributes::parse(received, &value, attributes)?)
            }
            None => None,
        };
        let signature_algorithm = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
        let signature = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
        let unsigned_attributes = match fields.optional(Tag::context(1))? {
            Some(value) => Attribute::all(value.inside(), attributes)?,
            None => Vec::new(),
        };
        fields.finish()?;
        let received = match unsigned_attributes.is_empty() {
            true => ber.to_vec(),
            false => without_unsigned(ber, max_depth)?,
        };
        Ok(Self {
            sid,
            digest_algorithm,
            signature_algorithm,
            signed_attributes,
            signature,
            unsigned_attributes,
            received,
        })
    }

    /// Returns the digest algorithm; unknown: an error.
    pub fn digest(&self) -> crypto::Result<Digest> {
        Digest::from_identifier(&self.digest_algorithm)
    }

    /// Returns the signature algorithm, checked against the digest: its own digest must be the same (RFC 5754, RFC 8933),
    /// Ed25519 goes with SHA-512 and Ed448 with SHAKE256 (RFC 8419 §3.1).
    pub fn algorithm(&self) -> crypto::Result<SignatureAlgorithm> {
        let digest = self.digest()?;
        let algorithm =
            SignatureAlgorithm::from_identifier(&self.signature_algorithm, Some(digest))?;
        if !algorithm.permits_message_digest(digest) {
            return Err(crypto::Error::Parameters {
                algorithm: algorithm.name(),
                what: "its digest is not the digestAlgorithm",
            });
        }
        Ok(algorithm)
    }

    /// Checks the signature with `key`: over the signed attributes, or when there are none over `content_digest` (of this signer's digest algorithm).
    /// Those that sign the message itself are then over `content` (RFC 8419 §3.2, RFC 9882 §3.3): an error where that has gone by.
    pub fn check_signature(
        &self,
        key: &PublicKey,
        content_digest: &[u8],
        content: Option<&[u8]>,
    ) -> crypto::Result<Held> {
        let algorithm = self.algorithm()?;
        let holds = |signed| key.verify(&algorithm, signed, &self.signature);
        let Some(attributes) = &self.signed_attributes else {
            let signed = match (algorithm.digest(), content) {
                (Some(digest), _) => Signed::Prehash(digest, content_digest),
                (None, Some(content)) => Signed::Message(content),
                (None, None) => {
                    let name = algorithm.name();
                    return Err(crypto::Error::Unsupported(format!(
                        "{name} without signed attributes, over a content too large to be held"
                    )));
                }
            };
            return Ok(match holds(signed)? {
                true => Held::AsReceived,
                false => Held::No,
            });
        };
        if holds(Signed::Message(&attributes.received))? {
            return Ok(Held::AsReceived);
        }
        let is_der = attributes.received == attributes.der;
        if !is_der && holds(Signed::Message(&attributes.der))? {
            return Ok(Held::OverDer);
        }
        Ok(Held::No)
    }
}

/// Finds signedAttrs in a SignerInfo that is not DER. Of an indefinite length nothing could have been signed as it is, so that
/// `normal`, the form with definite lengths, is taken.
fn attributes_as_received(ber: &[u8], max_depth: usize, normal: &[u8]) -> Result<Vec<u8>> {
    // after version, sid and digestAlgorithm
    let children = normal::children(ber, max_depth)?;
    let received = children.get(3);
    Ok(match received {
        Some(received) if received.get(1) != Some(&0x80) => received.to_vec(),
        _ => normal.to_vec(),
    })
}

/// Makes a SignerInfo's DER: signs the DER of `attributes` (a SET OF, from `attribute::Written`).
pub fn sign(
    key: &dyn PrivateKey,
    sid: &CertificateId,
    digest: Digest,
    algorithm: &SignatureAlgorithm,
    attributes: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    // what is signed must be what stands there in the end, so that a set which would come out otherwise is refused
    let signed_attrs = Attributes::from_der(attributes)
        .ok()
        .filter(|set| !set.is_empty() && set.to_der().is_ok_and(|der| der == attributes))
        .ok_or(Error::Malformed {
            what: "the attributes to sign are not DER",
            offset: 0,
        })?;
    let signature = OctetString::new(key.sign(algorithm, attributes, rng)?).map_err(unwritable)?;
    let structure = |version, sid| Structure {
        version,
        sid,
        digest_alg: algorithm.digest_identifier(digest),
        signed_attrs: Some(signed_attrs),
        signature_algorithm: algorithm.identifier(),
        signature,
        unsigned_attrs: None,
    };
    match sid {
        CertificateId::IssuerSerial { issuer, serial } => {
            issuer_serial::encode_within(&[1], issuer, serial, |id| {
                structure(CmsVersion::V1, SignerIdentifier::IssuerAndSerialNumber(id))
            })
        }
        CertificateId::KeyIdentifier(identifier) => {
            let identifier = OctetString::new(identifier.as_slice()).map_err(unwritable)?;
            encode(&structure(
                CmsVersion::V3,
                SignerIdentifier::SubjectKeyIdentifier(SubjectKeyIdentifier(identifier)),
            ))
        }
    }
}

/// Returns a SignerInfo (as received) without its unsigned attributes.
fn without_unsigned(received: &[u8], max_depth: usize) -> Result<Vec<u8>> {
    let mut fields = normal::children(received, max_depth)?;
    fields.pop_if(|last| last.first() == Some(&0xa1));
    Ok(write::sequence(&fields))
}

/// Returns a SignerInfo (as received) with one more unsigned attribute, the DER `attribute`. What was there keeps its octets; only the lengths
/// around are written anew.
pub fn with_unsigned(received: &[u8], max_depth: usize, attribute: &[u8]) -> Result<Vec<u8>> {
    let mut fields = normal::children(received, max_depth)?;
    let last = fields.pop().filter(|last| last.first() == Some(&0xa1));
    let mut members = Vec::new();
    match last {
        Some(unsigned) => members = normal::children(unsigned, max_depth)?,
        // the signature again
        None => fields = normal::children(received, max_depth)?,
    }
    members.push(attribute);
    let members: Vec<Vec<u8>> = members.into_iter().map(<[u8]>::to_vec).collect();
    let unsigned = write::retag(Tag::context(1), write::set_of(&members));
    fields.push(&unsigned);
    Ok(write::sequence(&fields))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::{
        super::{algorithm_to_der, attribute, content_type, specimen::*},
        *,
    };
    use crate::{asn1::Time, crypto::digest::digest};
    use rand::SeedableRng;

    fn attributes(of: &Identity, hash: Digest, algorithm: &SignatureAlgorithm) -> Vec<u8> {
        let content = digest(hash, CONTENT);
        let at = Time(1_800_000_000);
        attribute::Written {
            content_type: Some(content_type::DATA),
            message_digest: &content,
            signing_time: at,
            certificate: &of.certificate,
            capabilities: &[],
            digest: hash,
            signature: algorithm,
            besides: &[],
        }
        .to_set()
        .unwrap()
    }

    fn info(
        of: &Identity,
        hash: Digest,
        algorithm: &SignatureAlgorithm,
        attributes: &[u8],
    ) -> Vec<u8> {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        sign(
            &of.key,
            &issuer_serial(&of.certificate),
            hash,
            algorithm,
            attributes,
            &mut rng,
        )
        .unwrap()
    }

    /// Signs attributes that are not DER, which `sign` refuses.
    fn info_of(of: &Identity, attributes: &[u8]) -> Vec<u8> {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let sid = issuer_serial(&of.certificate);
        let refused = sign(&of.key, &sid, Digest::Sha256, &ECDSA, attributes, &mut rng);
        assert!(matches!(refused, Err(Error::Malformed { .. })));
        let signature = of.key.sign(&ECDSA, attributes, &mut rng).unwrap();
        let der = self::attributes(of, Digest::Sha256, &ECDSA);
        let der = info(of, Digest::Sha256, &ECDSA, &der);
        let mut fields = normal::children(&der, 64).unwrap();
        let attributes = write::retag(Tag::context(0), attributes.to_vec());
        let signature = write::tlv(Tag::OCTET_STRING, &signature);
        (fields[3], fields[5]) = (&attributes, &signature);
        write::sequence(&fields)
    }

    fn check(info: &[u8], of: &Identity) -> Held {
        let info = SignerInfo::parse(info, 64).unwrap();
        info.check_signature(of.key.public_key(), &[], None)
            .unwrap()
    }

    const ECDSA: SignatureAlgorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);

    #[test]
    fn signed_attributes_in_der_and_ber() {
        let of = identity(P256);
        let attributes = attributes(&of, Digest::Sha256, &ECDSA);
        let der = info(&of, Digest::Sha256, &ECDSA, &attributes);
        assert_eq!(check(&der, &of), Held::AsReceived);
        assert_eq!(check(&indefinite(&der), &of), Held::AsReceived);
        let parsed = SignerInfo::parse(&der, 64).unwrap();
        assert_eq!(parsed.signed_attributes.unwrap().received, attributes);
    }

    #[test]
    fn what_is_signed_is_what_is_written() {
        let of = identity(P256);
        let attributes = attributes(&of, Digest::Sha256, &ECDSA);
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let key_identifier = CertificateId::KeyIdentifier(vec![7, 8]);
        let mut sids = vec![(1, issuer_serial(&of.certificate)), (3, key_identifier)];
        let odd = odd_certificates();
        sids.extend(odd.iter().map(|odd| (1, issuer_serial(odd))));
        for (version, sid) in sids {
            let written = sign(&of.key, &sid, Digest::Sha256, &ECDSA, &attributes, &mut rng);
            let written = written.unwrap();
            let parsed = SignerInfo::parse(&written, 64).unwrap();
            assert_eq!(parsed.sid, sid);
            let named = match &sid {
                CertificateId::IssuerSerial { issuer, serial } => {
                    write::sequence(&[issuer.der(), &write::tlv(Tag::INTEGER, serial)])
                }
                CertificateId::KeyIdentifier(_) => vec![0x80, 2, 7, 8],
            };
            let whole = write::sequence(&[
                &write::integer(version),
                &named,
                &algorithm_to_der(&Digest::Sha256.identifier()),
                &write::retag(Tag::context(0), attributes.clone()),
                &algorithm_to_der(&ECDSA.identifier()),
                &write::tlv(Tag::OCTET_STRING, &parsed.signature),
            ]);
            assert_eq!(written, whole);
            assert_eq!(check(&written, &of), Held::AsReceived);
        }
        for none in [&[][..], &[0x31, 0], &[5, 0]] {
            let sid = issuer_serial(&of.certificate);
            assert!(sign(&of.key, &sid, Digest::Sha256, &ECDSA, none, &mut rng).is_err());
        }
    }

    #[test]
    fn unsorted_attributes_signed_as_they_are_or_as_der() {
        let of = identity(P256);
        let sorted = attributes(&of, Digest::Sha256, &ECDSA);
        let mut members = Vec::new();
        let mut cursor = Cursor::new(&sorted, 0).enter(Tag::SET).unwrap();
        while !cursor.is_empty() {
            members.push(cursor.any().unwrap().raw);
        }
        members.reverse();
        let unsorted = write::constructed(Tag::SET, &members);
        assert_ne!(sorted, unsorted);
        let as_they_are = info_of(&of, &unsorted);
        assert_eq!(check(&as_they_are, &of), Held::AsReceived);
        // the same SignerInfo, whose signature is over the DER
        let over_der = info(&of, Digest::Sha256, &ECDSA, &sorted);
        let at = over_der
            .windows(sorted.len() - 1)
            .position(|w| w == &sorted[1..])
            .unwrap();
        let mut swapped = over_der.clone();
        swapped[at..at + sorted.len() - 1].copy_from_slice(&unsorted[1..]);
        assert_eq!(check(&swapped, &of), Held::OverDer);
    }

    #[test]
    fn attributes_of_a_length_that_is_not_minimal_are_hashed_as_received() {
        let of = identity(P256);
        let sorted = attributes(&of, Digest::Sha256, &ECDSA);
        let content = Cursor::new(&sorted, 0).any().unwrap().content;
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let long = [&[0x31, 0x83, 0], &length[..], content].concat();
        let signed = info_of(&of, &long);
        let parsed = SignerInfo::parse(&signed, 64).unwrap();
        let attributes = parsed.signed_attributes.as_ref().unwrap();
        assert_eq!((&attributes.received, &attributes.der), (&long, &sorted));
        assert_eq!(check(&signed, &of), Held::AsReceived);
    }

    #[test]
    fn openssl_without_attributes_by_key_identifier() {
        let input = octets(NOATTR_KEYID);
        let Ok(super::super::Object::Signed(mut reader)) = super::super::open(&input[..], LIMITS)
        else {
            panic!();
        };
        std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
        let data = reader.finish().unwrap().0;
        let info = &data.signers[0];
        let of = identity(P256);
        assert!(matches!(info.sid, CertificateId::KeyIdentifier(_)));
        assert!(info.sid.names(&of.certificate));
        assert!(!info.sid.names(&identity(P384).certificate));
        let content = digest(Digest::Sha256, CONTENT);
        assert_eq!(
            info.check_signature(of.key.public_key(), &content, None)
                .unwrap(),
            Held::AsReceived
        );
        let other = digest(Digest::Sha256, b"other");
        assert_eq!(
            info.check_signature(of.key.public_key(), &other, None)
                .unwrap(),
            Held::No
        );
    }

    /// RFC 8419 §3.2: without signed attributes Ed25519 signs the content itself.
    #[test]
    fn without_attributes_a_pure_scheme_signs_the_content() {
        let of = identity(ED25519);
        let algorithm = SignatureAlgorithm::Ed25519;
        let der = info(
            &of,
            Digest::Sha512,
            &algorithm,
            &attributes(&of, Digest::Sha512, &algorithm),
        );
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let signature = of.key.sign(&algorithm, CONTENT, &mut rng).unwrap();
        let signature = write::tlv(Tag::OCTET_STRING, &signature);
        let mut fields = normal::children(&der, 64).unwrap();
        fields[5] = &signature;
        fields.remove(3);
        let parsed = SignerInfo::parse(&write::sequence(&fields), 64).unwrap();
        let of_it = digest(Digest::Sha512, CONTENT);
        let check = |content| parsed.check_signature(of.key.public_key(), &of_it, content);
        assert_eq!(check(Some(CONTENT)).unwrap(), Held::AsReceived);
        assert_eq!(check(Some(&of_it)).unwrap(), Held::No);
        assert!(matches!(check(None), Err(crypto::Error::Unsupported(_))));
    }

    #[test]
    fn wrong_signatures_do_not_hold() {
        let of = identity(P256);
        let attributes = attributes(&of, Digest::Sha256, &ECDSA);
        let mut der = info(&of, Digest::Sha256, &ECDSA, &attributes);
        let at = der
            .windows(5)
            .position(|w| w == [0x30, 0x1c, 6, 9, 0x2a])
            .unwrap_or(200);
        der[at + 20] ^= 1;
        if let Ok(parsed) = SignerInfo::parse(&der, 64) {
            assert!(!matches!(
                parsed.check_signature(of.key.public_key(), &[], None),
                Ok(Held::AsReceived | Held::OverDer)
            ));
        }
        assert!(!issuer_serial(&of.certificate).names(&identity(RSA).certificate));
    }

    #[test]
    fn digests_must_agree() {
        let of = identity(P256);
        let attributes = attributes(&of, Digest::Sha256, &ECDSA);
        let der = info(&of, Digest::Sha384, &ECDSA, &attributes);
        let parsed = SignerInfo::parse(&der, 64).unwrap();
        assert!(matches!(
            parsed.algorithm(),
            Err(crypto::Error::Parameters { .. })
        ));
        assert!(
            parsed
                .check_signature(of.key.public_key(), &[], None)
                .is_err()
        );
        let of = identity(ED25519);
        for (hash, fine) in [(Digest::Sha512, true), (Digest::Sha256, false)] {
            let der = info(&of, hash, &SignatureAlgorithm::Ed25519, &attributes);
            assert_eq!(
                SignerInfo::parse(&der, 64).unwrap().algorithm().is_ok(),
                fine
            );
        }
    }

    #[test]
    fn structure_is_checked() {
        let of = identity(P256);
        let der = info(
            &of,
            Digest::Sha256,
            &ECDSA,
            &attributes(&of, Digest::Sha256, &ECDSA),
        );
        let fields: Vec<&[u8]> = normal::children(&der, 64).unwrap();
        let with = |parts: &[&[u8]]| SignerInfo::parse(&write::sequence(parts), 64);
        assert!(with(&fields).is_ok());
        let unsigned = write::tlv(
            Tag::context(1),
            &write::sequence(&[&[6, 1, 0x2a], &[0x31, 0]]),
        );
        let parsed = with(&[&fields[..], &[&unsigned]].concat()).unwrap();
        assert_eq!(parsed.unsigned_attributes.len(), 1);
        let mut without = fields.clone();
        without.remove(3);
        assert!(with(&without).unwrap().signed_attributes.is_none());
        for missing in [0, 1, 2, 4, 5] {
            let mut fewer = fields.clone();
            fewer.remove(missing);
            assert!(with(&fewer).is_err(), "{missing}");
        }
        assert!(
            with(&[&fields[..], &[&[5, 0]]].concat()).is_err(),
            "trailing"
        );
        let mut empty = fields.clone();
        empty[3] = &[0xa0, 0];
        assert!(with(&empty).is_err(), "empty signedAttrs");
        let mut no_serial = fields.clone();
        let sid = write::sequence(&[of.certificate.issuer().der(), &[2, 0]]);
        no_serial[1] = &sid;
        assert!(with(&no_serial).is_err());
    }

    #[test]
    fn a_constructed_key_identifier_is_joined() {
        let der = [0xa0, 6, 4, 1, 7, 4, 1, 8];
        let value = Cursor::new(&der, 0).any().unwrap();
        let id = CertificateId::from_value(&value).unwrap();
        assert_eq!(id, CertificateId::KeyIdentifier(vec![7, 8]));
    }
}
