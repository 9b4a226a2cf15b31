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
use super::{Error, Result, algorithm, algorithm_to_der, attribute::SignedAttributes};
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
use spki::AlgorithmIdentifierOwned;
use std::borrow::Cow;

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

    /// Returns the DER of a SignerIdentifier or RecipientIdentifier.
    pub(super) fn to_der(&self) -> Vec<u8> {
        match self {
            Self::IssuerSerial { issuer, serial } => {
                write::sequence(&[issuer.der(), &write::tlv(Tag::INTEGER, serial)])
            }
            Self::KeyIdentifier(identifier) => write::tlv(Tag::context_primitive(0), identifier),
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
    /// the unsigned attributes, each as received (DER of Attribute)
    pub unsigned_attributes: Vec<Vec<u8>>,
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
    /// Parses one SignerInfo (BER or DER, as received).
    pub fn parse(ber: &[u8], max_depth: usize) -> Result<Self> {
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
                Some(SignedAttributes::parse(received, &value)?)
            }
            None => None,
        };
        let signature_algorithm = algorithm(&fields.expect(Tag::SEQUENCE)?)?;
        let signature = fields.expect(Tag::OCTET_STRING)?.content.to_vec();
        let mut unsigned_attributes = Vec::new();
        if let Some(value) = fields.optional(Tag::context(1))? {
            let mut attributes = value.inside();
            while !attributes.is_empty() {
                unsigned_attributes.push(attributes.expect(Tag::SEQUENCE)?.raw.to_vec());
            }
        }
        fields.finish()?;
        Ok(Self {
            sid,
            digest_algorithm,
            signature_algorithm,
            signed_attributes,
            signature,
            unsigned_attributes,
        })
    }

    /// Returns the digest algorithm; unknown: an error.
    pub fn digest(&self) -> crypto::Result<Digest> {
        Digest::from_identifier(&self.digest_algorithm)
    }

    /// Returns the signature algorithm, checked against the digest: its own digest must be the same (RFC 5754, RFC 8933), and
    /// Ed25519 goes with SHA-512 (RFC 8419 §3.1).
    pub fn algorithm(&self) -> crypto::Result<SignatureAlgorithm> {
        let digest = self.digest()?;
        let algorithm =
            SignatureAlgorithm::from_identifier(&self.signature_algorithm, Some(digest))?;
        if digest != algorithm.digest().unwrap_or(Digest::Sha512) {
            return Err(crypto::Error::Parameters {
                algorithm: algorithm.name(),
                what: "its digest is not the digestAlgorithm",
            });
        }
        Ok(algorithm)
    }

    /// Checks the signature with `key`: over the signed attributes, or over `content_digest` (of this signer's digest algorithm) when there are none
    /// (not possible for Ed25519: an error).
    pub fn check_signature(&self, key: &PublicKey, content_digest: &[u8]) -> crypto::Result<Held> {
        let algorithm = self.algorithm()?;
        let holds = |signed| key.verify(&algorithm, signed, &self.signature);
        let Some(attributes) = &self.signed_attributes else {
            let Some(digest) = algorithm.digest() else {
                return Err(crypto::Error::Parameters {
                    algorithm: algorithm.name(),
                    what: "a signature without signed attributes",
                });
            };
            return Ok(match holds(Signed::Prehash(digest, content_digest))? {
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

/// Makes a SignerInfo's DER: signs the DER of `attributes` (a SET OF, from `attribute::encode_set`).
pub fn sign(
    key: &dyn PrivateKey,
    sid: &CertificateId,
    digest: Digest,
    algorithm: &SignatureAlgorithm,
    attributes: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let signature = key.sign(algorithm, attributes, rng)?;
    let version = match sid {
        CertificateId::IssuerSerial { .. } => 1,
        CertificateId::KeyIdentifier(_) => 3,
    };
    Ok(write::sequence(&[
        &write::integer(version),
        &sid.to_der(),
        &algorithm_to_der(&digest.identifier()),
        &write::retag(Tag::context(0), attributes.to_vec()),
        &algorithm_to_der(&algorithm.identifier()),
        &write::tlv(Tag::OCTET_STRING, &signature),
    ]))
}
