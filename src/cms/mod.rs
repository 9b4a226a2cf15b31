//! The Cryptographic Message Syntax (RFC 5652, RFC 5083) around a flowing content. Mechanism only: reports facts, decides nothing
//! (imports no policy), knows no mail (imports no mime).
//!
//! Reading: [`open`] reads the head, the content flows out of the returned reader, its `finish` reads what follows. Structures come
//! as BER, are brought to DER by `asn1::normal` and walked by `asn1::cursor`; what a signature covers keeps its received bytes, which the
//! types of crate `cms` would not do (they sort SETs and re-encode names), so those serve for leaves only.
pub mod attribute;
pub mod capabilities;
pub mod enveloped_data;
pub mod recipient_info;
pub mod signed_data;
pub mod signer_info;

mod segments;
#[cfg(test)]
mod specimen;

use crate::asn1::{
    self, Tag,
    cursor::{Cursor, Value},
    normal,
    oid::{self, Oid},
    stream,
};
use der::{Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use std::io::Read;

/// Why bytes are not the CMS they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not the ASN.1 it should be.
    #[error(transparent)]
    Asn1(#[from] asn1::Error),
    /// The source or sink failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Well-formed ASN.1, but not what RFC 5652 wants.
    #[error("malformed CMS: {what}")]
    Malformed {
        /// what is wrong
        what: &'static str,
        /// where
        offset: u64,
    },
    /// More of something than its limit.
    #[error("more than {limit} {what}")]
    Limit {
        /// "certificates", "signers", "recipients"
        what: &'static str,
        /// limit
        limit: usize,
    },
    /// A content type that is not read (yet).
    #[error("unsupported CMS content type {0}")]
    ContentType(Oid),
    /// The version or form is not read.
    #[error("unsupported CMS: {what}")]
    Unsupported {
        /// what
        what: &'static str,
    },
    /// Cryptography failed on the writing side.
    #[error(transparent)]
    Crypto(#[from] crate::crypto::Error),
}
/// The result of reading or writing CMS.
pub type Result<T> = std::result::Result<T, Error>;

/// Bounds, as plain numbers (the caller's policy has the reasons).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// nesting of ASN.1
    pub asn1_depth: usize,
    /// bytes held of all structures of one object together
    pub structure_bytes: usize,
    /// certificates (and CRLs)
    pub certificates: usize,
    /// signers
    pub signers: usize,
    /// recipients
    pub recipients: usize,
}

/// Content types (RFC 5652 §3 to 9, RFC 5083, RFC 3274).
pub mod content_type {
    use crate::asn1::oid::Oid;
    /// id-data
    pub const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
    /// id-signedData
    pub const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
    /// id-envelopedData
    pub const ENVELOPED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.3");
    /// id-ct-authEnvelopedData
    pub const AUTH_ENVELOPED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.23");
    /// id-ct-compressedData
    pub const COMPRESSED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.9");
}

/// A CMS object whose head has been read and whose content is about to flow.
pub enum Object<R> {
    /// SignedData
    Signed(signed_data::Reader<R>),
    /// EnvelopedData or AuthEnvelopedData
    Enveloped(enveloped_data::Reader<R>),
}

/// Reads the ContentInfo (RFC 5652 §3) and the head of what it holds.
pub fn open<R: Read>(source: R, limits: Limits) -> Result<Object<R>> {
    let mut source = Source {
        reader: stream::Reader::new(source, limits.asn1_depth),
        limits,
        room: limits.structure_bytes,
    };
    source.reader.enter(Tag::SEQUENCE)?;
    let content_type = source.oid()?;
    let authenticated = content_type == content_type::AUTH_ENVELOPED_DATA;
    let signed = content_type == content_type::SIGNED_DATA;
    if !signed && !authenticated && content_type != content_type::ENVELOPED_DATA {
        return Err(Error::ContentType(content_type));
    }
    source.reader.enter(Tag::context(0))?;
    source.reader.enter(Tag::SEQUENCE)?;
    // the version is not believed: what is there tells more
    source.expect(Tag::INTEGER)?;
    Ok(if signed {
        Object::Signed(signed_data::Reader::open(source)?)
    } else {
        Object::Enveloped(enveloped_data::Reader::open(source, authenticated)?)
    })
}

/// The stream of one object, and how much of it may still be held in memory.
struct Source<R> {
    reader: stream::Reader<R>,
    limits: Limits,
    room: usize,
}

impl<R: Read> Source<R> {
    /// Reads the next value, as received.
    fn received(&mut self) -> Result<Vec<u8>> {
        let element = self
            .reader
            .element(self.room)
            .map_err(|error| match error {
                asn1::Error::TooLong { offset, .. } => asn1::Error::TooLong {
                    limit: self.limits.structure_bytes,
                    offset,
                },
                other => other,
            })?;
        self.room -= element.len();
        Ok(element)
    }

    /// Reads the next value and brings it to DER.
    fn der(&mut self) -> Result<Vec<u8>> {
        let depth = self.reader.depth_left();
        let received = self.received()?;
        Ok(normal::to_der(&received, depth)?.into_owned())
    }

    /// Reads the next value, which must have this tag, and returns its content octets.
    fn expect(&mut self, tag: Tag) -> Result<Vec<u8>> {
        let offset = self.reader.offset();
        let der = self.der()?;
        let value = Cursor::new(&der, offset).expect(tag)?;
        Ok(value.content.to_vec())
    }

    fn oid(&mut self) -> Result<Oid> {
        let offset = self.reader.offset();
        let der = self.der()?;
        Ok(oid::from_value(&Cursor::new(&der, offset).any()?)?)
    }

    fn algorithm(&mut self) -> Result<AlgorithmIdentifierOwned> {
        let offset = self.reader.offset();
        let der = self.der()?;
        algorithm(&Cursor::new(&der, offset).any()?)
    }

    /// Closes the object and its ContentInfo.
    fn close(mut self) -> Result<stream::Rest<R>> {
        for _ in 0..3 {
            self.reader.leave()?;
        }
        Ok(self.reader.into_inner())
    }

    fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed {
            what,
            offset: self.reader.offset(),
        }
    }
}

/// Returns that there is more of something than its limit, if there is.
fn check_limit(count: usize, limit: usize, what: &'static str) -> Result<()> {
    if count > limit {
        return Err(Error::Limit { what, limit });
    }
    Ok(())
}

/// Reads an AlgorithmIdentifier.
fn algorithm(value: &Value<'_>) -> Result<AlgorithmIdentifierOwned> {
    AlgorithmIdentifierOwned::from_der(value.raw).map_err(|_| Error::Malformed {
        what: "an AlgorithmIdentifier",
        offset: value.offset,
    })
}

/// Returns the DER of an AlgorithmIdentifier of ours, which cannot fail: it is far from the lengths that crate `der` refuses.
fn algorithm_to_der(algorithm: &AlgorithmIdentifierOwned) -> Vec<u8> {
    algorithm.to_der().unwrap_or_default()
}
