//! DigestedData (RFC 5652 §7), read around a flowing content. A digest that anybody can compute tells of accidents only.
//!
//! ```text
//! DigestedData ::= SEQUENCE {
//!   version CMSVersion,
//!   digestAlgorithm DigestAlgorithmIdentifier,
//!   encapContentInfo EncapsulatedContentInfo,
//!   digest OCTET STRING }
//! ```
use super::{Result, Source, encapsulated::Encapsulated};
use crate::{
    asn1::{Tag, oid::Oid, stream},
    crypto::{self, Digest},
};
use spki::AlgorithmIdentifierOwned;
use std::io::{self, Read};

/// DigestedData while its content flows. First the content is read to its end (a detached one has none), then `finish`.
pub struct Reader<R> {
    /// digestAlgorithm as found
    pub algorithm: AlgorithmIdentifierOwned,
    /// eContentType
    pub content_type: Oid,
    /// whether eContent is present (even if empty)
    pub has_content: bool,
    content: Encapsulated,
    source: Source<R>,
}

impl<R: Read> Reader<R> {
    /// Reads from digestAlgorithm up to the content.
    pub(super) fn open(mut source: Source<R>) -> Result<Self> {
        let algorithm = source.algorithm()?;
        let content = Encapsulated::open(&mut source)?;
        Ok(Self {
            algorithm,
            content_type: content.content_type,
            has_content: content.has_content,
            content,
            source,
        })
    }

    /// Returns the digest's algorithm, or why it is not supported.
    pub fn digest(&self) -> crypto::Result<Digest> {
        Digest::from_identifier(&self.algorithm)
    }

    /// Reads the digest, which follows the content. Returns it and the rest of the source, for the caller to check that nothing follows.
    pub fn finish(self) -> Result<(Vec<u8>, stream::Rest<R>)> {
        let mut source = self.source;
        self.content.finish(&mut source)?;
        let digest = source.expect(Tag::OCTET_STRING)?;
        Ok((digest, source.close()?))
    }
}

/// Yields eContent's octets, exactly what is digested; 0 at the end, or at once when there is none.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.content.read(&mut self.source, buf)
    }
}
