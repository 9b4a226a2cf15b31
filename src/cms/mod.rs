//! The Cryptographic Message Syntax (RFC 5652, RFC 5083) around a flowing content. Mechanism only: reports facts, decides nothing
//! (imports no policy), knows no mail (imports no mime).
pub mod attribute;
pub mod capabilities;
pub mod enveloped_data;
pub mod recipient_info;
pub mod signed_data;
pub mod signer_info;

use crate::asn1::{self, oid::Oid, stream};
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
    /// bytes of a structure held
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

/// Reads the ContentInfo and the head of what it holds.
pub fn open<R: Read>(source: R, limits: Limits) -> Result<Object<R>> {
    let _ = stream::Reader::new(source, limits.asn1_depth);
    todo!()
}
