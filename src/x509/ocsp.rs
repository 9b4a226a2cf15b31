//! OCSP responses at rest (RFC 6960 §4.2): parsed here; whose word they are and what they say of a path is `revocation`'s. Nothing is asked
//! over a network.
use super::{
    Certificate, Error,
    certificate::{octets_of_bits, position, public_key_octets, signature_algorithm, time},
    crl::{CrlReason, Revocation},
    extension::{Extension, oid_name},
    name::Name,
};
use crate::{
    asn1::{
        Tag, Time,
        cursor::{Cursor, Value},
    },
    crypto::{self, Digest, PublicKey, SignatureAlgorithm, digest::digest, public_key::Signed},
    policy::Limits,
};
use const_oid::{
    ObjectIdentifier as Oid,
    db::{
        rfc5280::{ID_CE_CRL_REASONS, ID_CE_INVALIDITY_DATE},
        rfc6960::{
            ID_PKIX_OCSP_ARCHIVE_CUTOFF, ID_PKIX_OCSP_BASIC, ID_PKIX_OCSP_CRL,
            ID_PKIX_OCSP_EXTENDED_REVOKE, ID_PKIX_OCSP_NONCE,
        },
    },
};
use spki::{AlgorithmIdentifierOwned, der::Decode as _};
use std::{ops::Range, sync::Arc};

/// The extensions of a response, or of one answer in it, that cannot change the answer, so that they may be critical (§4.4): a nonce (for
/// who asked), a reference to a CRL, an archive cutoff, extended revocation; reasonCode and invalidityDate of a CRL entry.
const UNDERSTOOD: [Oid; 6] = [
    ID_PKIX_OCSP_NONCE,
    ID_PKIX_OCSP_CRL,
    ID_PKIX_OCSP_ARCHIVE_CUTOFF,
    ID_PKIX_OCSP_EXTENDED_REVOKE,
    ID_CE_CRL_REASONS,
    ID_CE_INVALIDITY_DATE,
];

/// A response as received, with answers in it; cheap to clone. Two are equal if their octets are, wherever they came from.
#[derive(Clone)]
pub struct OcspResponse {
    inner: Arc<Inner>,
    origin: Option<Arc<str>>,
}

/// ```text
/// OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT SEQUENCE { OID, OCTET STRING } OPTIONAL }
/// BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING, certs [0] EXPLICIT SEQUENCE OF OPTIONAL }
/// ResponseData ::= SEQUENCE { version [0], responderID, producedAt, responses SEQUENCE OF SingleResponse, responseExtensions [1] }
/// SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] OPTIONAL, singleExtensions [1] OPTIONAL }
/// ```
/// Ranges are those of `der`.
struct Inner {
    der: Box<[u8]>,
    tbs: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    responder: Responder,
    produced_at: Time,
    answers: Vec<Answer>,
    certificates: Vec<Certificate>,
    unknown: Option<String>,
}

/// Who signed: ResponderID ::= CHOICE { byName \[1\] Name, byKey \[2\] KeyHash }
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Responder {
    /// whose certificate has this subject
    Name(Name),
    /// whose key has this SHA-1
    Key(Box<[u8]>),
}

impl Responder {
    /// Returns whether this is the responder.
    pub fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Name(name) => certificate.subject() == name,
            Self::Key(hash) => public_key_octets(certificate.spki())
                .is_some_and(|key| *digest(Digest::Sha1, key) == **hash),
        }
    }
}

/// What is said of one certificate.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `None`: an algorithm that is not known
    digest: Option<Digest>,
    issuer_name: Box<[u8]>,
    issuer_key: Box<[u8]>,
    serial: Box<[u8]>,
    /// good, revoked or unknown
    pub status: CertStatus,
    /// thisUpdate
    pub this_update: Time,
    /// nextUpdate
    pub next_update: Option<Time>,
    /// a critical extension that is not understood
    pub unknown: Option<String>,
}

/// CertStatus (§4.2.1)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertStatus {
    /// not revoked
    Good,
    /// revoked
    Revoked(Revocation),
    /// the responder does not know the certificate
    Unknown,
}

impl Answer {
    /// Returns whether it is about this certificate of this issuer, by all four fields of CertID (§4.1.1): the digests of the issuer's name, as the
    /// certificate or the issuer's own writes it, and of its key, and the serial number.
    pub fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let (Some(algorithm), Some(key)) = (self.digest, public_key_octets(issuer.spki())) else {
            return false;
        };
        let is_name = |name: &Name| *digest(algorithm, name.der()) == *self.issuer_name;
        *self.serial == *certificate.serial()
            && certificate.issuer() == issuer.subject()
            && *digest(algorithm, key) == *self.issuer_key
            && (is_name(certificate.issuer()) || is_name(issuer.subject()))
    }
}

impl OcspResponse {
    /// Parses an OCSPResponse, which must be successful and basic, and no larger than `ocsp-bytes`.
    pub fn from_der(der: &[u8], limits: &Limits) -> Result<Self, Error> {
        if der.len() > limits.ocsp_bytes {
            let limit = limits.ocsp_bytes;
            return Err(Error::OcspTooLarge { limit });
        }
        let at = |part: &[u8]| position(der, part);
        let mut outer = Cursor::new(der, 0);
        let mut response = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let status = response.expect(Tag(0x0a))?.content;
        successful(status)?;
        let mut explicit = response.enter(Tag::context(0))?;
        response.finish()?;
        let mut bytes = explicit.enter(Tag::SEQUENCE)?;
        explicit.finish()?;
        if bytes.expect(Tag::OID)?.content != ID_PKIX_OCSP_BASIC.as_bytes() {
            return Err(Error::Ocsp("its type is unknown"));
        }
        let basic = bytes.expect(Tag::OCTET_STRING)?;
        bytes.finish()?;

        let mut outer = basic.inside();
        let mut basic = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let tbs = basic.expect(Tag::SEQUENCE)?;
        let algorithm = basic.expect(Tag::SEQUENCE)?;
        let signature = octets_of_bits(basic.expect(Tag::BIT_STRING)?)?;
        let certificates = match basic.is_empty() {
            true => Vec::new(),
            false => certificates(basic.enter(Tag::context(0))?)?,
        };
        basic.finish()?;

        let mut fields = tbs.inside();
        if let Some(version) = fields.optional(Tag::context(0))? {
            let mut explicit = version.inside();
            if explicit.expect(Tag::INTEGER)?.content != [0] {
                return Err(Error::Ocsp("its version is unknown"));
            }
            explicit.finish()?;
        }
        let responder = responder(fields.any()?)?;
        let produced_at = generalized(fields.any()?)?;
        let mut list = fields.enter(Tag::SEQUENCE)?;
        let mut answers = Vec::new();
        while !list.is_empty() {
            answers.push(answer(list.enter(Tag::SEQUENCE)?)?);
        }
        let (unknown, _) = extensions(&mut fields)?;
        fields.finish()?;

        Ok(Self {
            origin: None,
            inner: Arc::new(Inner {
                tbs: at(tbs.raw),
                algorithm: at(algorithm.raw),
                signature: at(signature),
                responder,
                produced_at,
                answers,
                certificates,
                unknown,
                der: der.into(),
            }),
        })
    }

    /// Remembers where it came from, for people: a file, or `the message`.
    #[must_use]
    pub fn from_origin(mut self, origin: &Arc<str>) -> Self {
        self.origin = Some(Arc::clone(origin));
        self
    }

    /// Returns the response as received.
    pub fn der(&self) -> &[u8] {
        &self.inner.der
    }

    /// Returns who signed, as it says.
    pub fn responder(&self) -> &Responder {
        &self.inner.responder
    }

    /// Returns producedAt.
    pub fn produced_at(&self) -> Time {
        self.inner.produced_at
    }

    /// Returns the answers in it, in order.
    pub fn answers(&self) -> &[Answer] {
        &self.inner.answers
    }

    /// Returns the certificates that came with it.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate> {
        let certificates = self.inner.certificates.iter().cloned();
        certificates.map(|certificate| match &self.origin {
            Some(origin) => certificate.from_origin(origin),
            None => certificate,
        })
    }

    /// Returns whether any answer is for a certificate with this serial number.
    pub fn is_about_serial(&self, serial: &[u8]) -> bool {
        self.answers()
            .iter()
            .any(|answer| *answer.serial == *serial)
    }

    /// Returns the critical extension that is not understood.
    pub fn unknown_critical_extension(&self) -> Option<&str> {
        self.inner.unknown.as_deref()
    }

    /// Parses the algorithm of the responder's signature.
    pub fn signature_algorithm(&self) -> crypto::Result<SignatureAlgorithm> {
        signature_algorithm(self.octets(&self.inner.algorithm))
    }

    /// Returns whether the signature over the received tbsResponseData is by this key. Err: the algorithm is unknown or does not fit the key.
    pub fn is_signed_by(&self, key: &PublicKey) -> crypto::Result<bool> {
        key.verify(
            &self.signature_algorithm()?,
            Signed::Message(self.octets(&self.inner.tbs)),
            self.octets(&self.inner.signature),
        )
    }

    fn octets(&self, range: &Range<usize>) -> &[u8] {
        self.inner.der.get(range.clone()).unwrap_or_default()
    }
}

impl PartialEq for OcspResponse {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.der == other.inner.der
    }
}
impl Eq for OcspResponse {}

impl std::hash::Hash for OcspResponse {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.inner.der.hash(state);
    }
}

/// `the OCSP response of CN=Responder (from ocsp.der)`
impl std::fmt::Display for OcspResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the OCSP response")?;
        match self.responder() {
            Responder::Name(name) => write!(f, " of {name}")?,
            Responder::Key(hash) => {
                write!(f, " of the key {}", crate::encoding::hex::encode(hash))?;
            }
        }
        match &self.origin {
            Some(origin) => write!(f, " (from {origin})"),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for OcspResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OcspResponse({self})")
    }
}

/// Returns the OCSPResponse in an OtherRevocationInfoFormat of CMS, its tag included (RFC 5652 §10.2.1, RFC 5940 §3).
///
/// ```text
/// RevocationInfoChoice ::= CHOICE { crl CertificateList, other [1] IMPLICIT SEQUENCE { otherRevInfoFormat OID, otherRevInfo ANY } }
/// ```
pub fn in_revocation_info(der: &[u8]) -> Option<&[u8]> {
    /// id-ri-ocsp-response
    const OCSP_RESPONSE: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.16.2");
    let mut outer = Cursor::new(der, 0);
    let mut fields = outer.enter(Tag::context(1)).ok()?;
    outer.finish().ok()?;
    let format = fields.expect(Tag::OID).ok()?.content;
    let response = fields.any().ok()?.raw;
    fields.finish().ok()?;
    (format == OCSP_RESPONSE.as_bytes()).then_some(response)
}

/// OCSPResponseStatus ::= ENUMERATED: anything but successful has no answers.
fn successful(status: &[u8]) -> Result<(), Error> {
    Err(match status {
        [0] => return Ok(()),
        [1] => Error::NoAnswer("malformedRequest"),
        [2] => Error::NoAnswer("internalError"),
        [3] => Error::NoAnswer("tryLater"),
        [5] => Error::NoAnswer("sigRequired"),
        [6] => Error::NoAnswer("unauthorized"),
        _ => Error::Ocsp("its status is unknown"),
    })
}

/// Reads certs; one that is no certificate may not be the responder's, so it is left out.
fn certificates(mut explicit: Cursor<'_>) -> Result<Vec<Certificate>, Error> {
    let mut list = explicit.enter(Tag::SEQUENCE)?;
    explicit.finish()?;
    let mut found = Vec::new();
    while !list.is_empty() {
        found.extend(Certificate::from_der(list.expect(Tag::SEQUENCE)?.raw));
    }
    Ok(found)
}

fn responder(value: Value<'_>) -> Result<Responder, Error> {
    let mut explicit = value.inside();
    let responder = match value.tag {
        Tag(0xa1) => Responder::Name(Name::from_der(explicit.expect(Tag::SEQUENCE)?.raw)?),
        Tag(0xa2) => Responder::Key(explicit.expect(Tag::OCTET_STRING)?.content.into()),
        _ => return Err(Error::Ocsp("its responder has another form")),
    };
    explicit.finish()?;
    Ok(responder)
}

/// Reads GeneralizedTime in the form of RFC 5280 §4.1.2.5.2, as §4.2.2.1 wants it.
fn generalized(value: Value<'_>) -> Result<Time, Error> {
    match value.tag {
        Tag(0x18) => time(value),
        _ => Err(Error::Ocsp("a date is no GeneralizedTime")),
    }
}

/// Reads the inside of a SingleResponse.
fn answer(mut fields: Cursor<'_>) -> Result<Answer, Error> {
    let mut id = fields.enter(Tag::SEQUENCE)?;
    let algorithm = AlgorithmIdentifierOwned::from_der(id.expect(Tag::SEQUENCE)?.raw);
    let algorithm = algorithm.map_err(|_| Error::Ocsp("a digest algorithm is malformed"))?;
    let issuer_name = id.expect(Tag::OCTET_STRING)?.content.into();
    let issuer_key = id.expect(Tag::OCTET_STRING)?.content.into();
    let serial = id.expect(Tag::INTEGER)?.content.into();
    id.finish()?;
    let status = fields.any()?;
    let this_update = generalized(fields.any()?)?;
    let next_update = match fields.optional(Tag::context(0))? {
        Some(explicit) => {
            let mut explicit = explicit.inside();
            let next = generalized(explicit.any()?)?;
            explicit.finish()?;
            Some(next)
        }
        None => None,
    };
    let (unknown, list) = extensions(&mut fields)?;
    fields.finish()?;
    Ok(Answer {
        digest: Digest::from_identifier(&algorithm).ok(),
        issuer_name,
        issuer_key,
        serial,
        status: cert_status(status, list)?,
        this_update,
        next_update,
        unknown,
    })
}

/// Reads CertStatus ::= CHOICE { good [0] NULL, revoked [1] SEQUENCE { revocationTime, revocationReason [0] EXPLICIT OPTIONAL }, unknown [2] NULL }
fn cert_status(value: Value<'_>, extensions: Option<Cursor<'_>>) -> Result<CertStatus, Error> {
    match (value.tag, value.content) {
        (Tag(0x80), []) => Ok(CertStatus::Good),
        (Tag(0x82), []) => Ok(CertStatus::Unknown),
        (Tag(0xa1), _) => {
            let mut fields = value.inside();
            let mut revocation = Revocation::read(generalized(fields.any()?)?, extensions);
            if let Some(explicit) = fields.optional(Tag::context(0))? {
                let mut explicit = explicit.inside();
                let reason = explicit.expect(Tag(0x0a))?.content;
                explicit.finish()?;
                revocation.reason = CrlReason::from_content(reason);
            }
            // revoked is revoked: there is nothing here that it could be removed from
            if revocation.is_removal() {
                revocation.reason = CrlReason::Unspecified;
            }
            fields.finish()?;
            Ok(CertStatus::Revoked(revocation))
        }
        _ => Err(Error::Ocsp("a status has another form")),
    }
}

/// Reads Extensions under [1], if there are any: a critical one that is not understood, and all of them.
fn extensions<'a>(fields: &mut Cursor<'a>) -> Result<(Option<String>, Option<Cursor<'a>>), Error> {
    let Some(explicit) = fields.optional(Tag::context(1))? else {
        return Ok((None, None));
    };
    let mut explicit = explicit.inside();
    let list = explicit.enter(Tag::SEQUENCE)?;
    explicit.finish()?;
    let mut unknown = None;
    let mut rest = list.clone();
    while !rest.is_empty() {
        let extension = Extension::read(&mut rest)?;
        let understood = UNDERSTOOD.iter().any(|it| it.as_bytes() == extension.oid);
        if extension.critical && !understood {
            unknown.get_or_insert_with(|| oid_name(extension.oid));
        }
    }
    Ok((unknown, Some(list)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::write,
        x509::sample::{OcspTemplate, Template, key},
    };

    fn response(answers: usize) -> Vec<u8> {
        let ca = Template::ca("CN=CA", &key(2), "CN=Root").unsigned();
        let id = OcspTemplate::id(Digest::Sha1, &ca, &[2]);
        let mut response = OcspTemplate::new("CN=CA");
        for _ in 0..answers {
            response = response.answer(&id, &OcspTemplate::GOOD, "2026-10-31", None, &[]);
        }
        response.der(&key(2))
    }

    #[test]
    fn is_no_larger_than_the_limit() {
        let der = response(3);
        let read = |limit| {
            let limits = Limits {
                ocsp_bytes: limit,
                ..Limits::default()
            };
            OcspResponse::from_der(&der, &limits)
        };
        assert_eq!(read(der.len()).unwrap().answers().len(), 3);
        let error = read(der.len() - 1).unwrap_err();
        assert!(matches!(error, Error::OcspTooLarge { limit } if limit == der.len() - 1));
        let huge = OcspResponse::from_der(&response(1_000), &Limits::default());
        assert!(matches!(huge, Err(Error::OcspTooLarge { limit: 65_536 })));
    }

    #[test]
    fn only_a_successful_one_answers() {
        let limits = Limits::default();
        for (status, text) in [
            (1, "malformedRequest"),
            (2, "internalError"),
            (3, "tryLater"),
            (5, "sigRequired"),
            (6, "unauthorized"),
        ] {
            let error = OcspResponse::from_der(&[0x30, 3, 0x0a, 1, status], &limits).unwrap_err();
            assert!(error.to_string().ends_with(text), "{error}");
        }
        for bad in [
            &[0x30, 3, 0x0a, 1, 4][..],
            &[0x30, 3, 0x0a, 1, 0],
            &[0x30, 0],
            &[],
        ] {
            assert!(OcspResponse::from_der(bad, &limits).is_err());
        }
        let der = response(1);
        for end in 0..der.len() {
            assert!(OcspResponse::from_der(&der[..end], &limits).is_err());
        }
    }

    #[test]
    fn is_found_in_revocation_information() {
        let info = |oid: &[u8], rest: &[u8]| {
            let oid = write::tlv(Tag::OID, oid);
            write::constructed(Tag::context(1), &[&oid, &response(1), rest])
        };
        let known = [0x2b, 6, 1, 5, 5, 7, 16, 2];
        assert_eq!(
            in_revocation_info(&info(&known, &[])),
            Some(&response(1)[..])
        );
        assert_eq!(in_revocation_info(&info(&known, &[5, 0])), None);
        assert_eq!(
            in_revocation_info(&info(&[0x2b, 6, 1, 5, 5, 7, 16, 4], &[])),
            None
        );
        assert_eq!(in_revocation_info(&response(1)), None);
    }
}
