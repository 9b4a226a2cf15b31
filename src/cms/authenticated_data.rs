//! AuthenticatedData (RFC 5652 §9), read around a flowing content. Whoever can check the MAC can make it: it is no signature.
//!
//! ```text
//! AuthenticatedData ::= SEQUENCE {
//!   version CMSVersion,
//!   originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
//!   recipientInfos RecipientInfos,
//!   macAlgorithm MessageAuthenticationCodeAlgorithm,
//!   digestAlgorithm [1] DigestAlgorithmIdentifier OPTIONAL,
//!   encapContentInfo EncapsulatedContentInfo,
//!   authAttrs [2] IMPLICIT AuthAttributes OPTIONAL,
//!   mac MessageAuthenticationCode,
//!   unauthAttrs [3] IMPLICIT UnauthAttributes OPTIONAL }
//! ```
use super::{
    Result, Source, algorithm,
    attribute::{SignedAttributes, looks_like_signed_attributes},
    content_type,
    encapsulated::Encapsulated,
    enveloped_data::{recipients, skip},
    recipient_info::Recipient,
};
use crate::{
    asn1::{Tag, cursor::Cursor, oid::Oid, stream, write},
    crypto::{self, Digest, Hasher, Mac, MacAlgorithm, Secret},
};
use spki::AlgorithmIdentifierOwned;
use std::io::{self, Read};

/// AuthenticatedData while its content flows. First the content is read to its end (a detached one has none), then `finish`.
pub struct Reader<R> {
    /// the recipients, in order; at least one
    pub recipients: Vec<Recipient>,
    /// macAlgorithm as found
    pub algorithm: AlgorithmIdentifierOwned,
    /// digestAlgorithm as found: there if the MAC is over authenticated attributes
    digest_algorithm: Option<AlgorithmIdentifierOwned>,
    /// eContentType
    pub content_type: Oid,
    /// whether eContent is present (even if empty)
    pub has_content: bool,
    content: Encapsulated,
    source: Source<R>,
}

impl<R: Read> Reader<R> {
    /// Reads from originatorInfo up to the content.
    pub(super) fn open(mut source: Source<R>) -> Result<Self> {
        let recipients = recipients(&mut source)?;
        let algorithm_found = source.algorithm()?;
        let mut digest_algorithm = None;
        if source.reader.peek()? == Some(Tag::context(1)) {
            let offset = source.reader.offset();
            // an implicit tag around a SEQUENCE
            let der = write::retag(Tag::SEQUENCE, source.der()?);
            digest_algorithm = Some(algorithm(&Cursor::new(&der, offset).any()?)?);
        }
        let content = Encapsulated::open(&mut source)?;
        Ok(Self {
            recipients,
            algorithm: algorithm_found,
            digest_algorithm,
            content_type: content.content_type,
            has_content: content.has_content,
            content,
            source,
        })
    }

    /// Returns the algorithm of the MAC, or why it is not supported.
    pub fn mac_algorithm(&self) -> crypto::Result<MacAlgorithm> {
        MacAlgorithm::from_identifier(&self.algorithm)
    }

    /// Returns what takes the content in and then tells whether the MAC under `key` holds.
    pub fn check(&self, key: &Secret) -> crypto::Result<Check> {
        let digest = self
            .digest_algorithm
            .as_ref()
            .map(Digest::from_identifier)
            .transpose()?;
        Ok(Check {
            mac: Mac::new(self.mac_algorithm()?, key)?,
            content_type: self.content_type,
            digest: digest.map(Hasher::new),
            head: Vec::new(),
        })
    }

    /// Reads what follows the content. Returns the rest of the source, for the caller to check that nothing follows.
    pub fn finish(self) -> Result<(Tail, stream::Rest<R>)> {
        let mut source = self.source;
        self.content.finish(&mut source)?;
        let mut attributes = None;
        if source.reader.peek()? == Some(Tag::context(2)) {
            let offset = source.reader.offset();
            let der = source.der()?;
            let value = Cursor::new(&der, offset).any()?;
            let limit = source.limits.attributes;
            attributes = Some(SignedAttributes::parse(der.clone(), &value, limit)?);
        }
        // RFC 5652 §9.1: one is there if the other is
        if attributes.is_some() != self.digest_algorithm.is_some() {
            return Err(source.malformed("one of digestAlgorithm and authAttrs is missing"));
        }
        let mac = source.expect(Tag::OCTET_STRING)?;
        skip(&mut source, Tag::context(3))?;
        Ok((Tail { attributes, mac }, source.close()?))
    }
}

/// Yields eContent's octets, exactly what is authenticated; 0 at the end, or at once when there is none.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.content.read(&mut self.source, buf)
    }
}

/// What follows the content.
#[derive(Debug)]
pub struct Tail {
    attributes: Option<SignedAttributes>,
    mac: Vec<u8>,
}

/// Takes the content in.
pub struct Check {
    mac: Mac,
    content_type: Oid,
    digest: Option<Hasher>,
    /// the first octets of a content without attributes
    head: Vec<u8>,
}

/// Attributes are shorter than this: a longer content is none.
const HEAD: usize = 64 << 10;

impl Check {
    /// Takes octets of the content in.
    pub fn update(&mut self, octets: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(octets);
            return;
        }
        self.mac.update(octets);
        let room = HEAD.saturating_sub(self.head.len()).min(octets.len());
        self.head
            .extend_from_slice(octets.get(..room).unwrap_or_default());
    }

    /// Returns whether the MAC holds over what was taken in, and everything RFC 5652 §9.2 and §11 want of the attributes does.
    pub fn holds(mut self, tail: &Tail) -> bool {
        match (self.digest, &tail.attributes) {
            (Some(digest), Some(attributes)) => {
                let right = attributes.check_unique().is_ok()
                    && attributes.content_type() == Ok(self.content_type)
                    && attributes.message_digest() == Ok(&digest.finish());
                self.mac.update(&attributes.der);
                self.mac.matches(&tail.mac) && right
            }
            // without attributes the MAC of a message that has some would hold over a content that is these attributes
            (None, None) => {
                self.content_type == content_type::DATA
                    && self.mac.matches(&tail.mac)
                    && !looks_like_signed_attributes(&self.head)
            }
            _ => false,
        }
    }
}
