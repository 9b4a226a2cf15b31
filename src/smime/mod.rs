//! The operations on messages (RFC 8551), one file each; those that read share `peel`, the walk through a
//! message's layers, those that write share `outgoing`, the content of a message to be made.
//!
//! Each is made from what stays the same between messages and called with what changes; each may be shared by threads.
//! A negative answer is a value in the [`Report`]; an [`Error`] means that there is no answer. What was written to a sink counts only if the call
//! returned `Ok` with a passing verdict.
pub mod acquaintance;
pub mod bundle;
mod cms_sink;
mod content;
pub mod decrypt;
mod digests;
pub mod encrypt;
pub mod error;
mod exit;
pub mod headers;
pub mod inspect;
mod layer;
pub mod open;
mod outgoing;
pub mod part;
mod peel;
mod place;
mod plaintext;
mod receipt;
pub mod record;
mod relay;
pub mod report;
pub mod sender;
pub mod sign;
mod signature;
pub mod source;
mod transit;
mod transport;
pub mod verify;

pub use acquaintance::{Acquaintance, Learned};
pub use bundle::bundle;
pub use decrypt::Decryptor;
pub use encrypt::{BlindCopies, Copies, EncryptOptions, Encryptor, Recipient};
pub use error::Error;
pub use headers::{
    HeaderConfidentiality, HeaderField, HeaderProtection, HeaderScheme, Headers, Protection,
};
pub use inspect::inspect;
pub use open::Opener;
pub use record::Record;
pub use report::Report;
pub use sender::ExpectedSigner;
pub use sign::{Addition, Include, SignOptions, Signer};
pub use source::{Source, looks_like_mail};
pub use verify::Verifier;

/// What the input of `sign` and `encrypt` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Content {
    /// a message or MIME entity
    #[default]
    Message,
    /// text, which becomes a `text/plain; charset=utf-8` part
    Text,
    /// any file, taken as it is
    Binary,
}

/// How the output of `sign` and `encrypt` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// as a MIME entity, the outer header kept
    #[default]
    Smime,
    /// bare CMS
    Der,
    /// bare CMS in PEM
    Pem,
}
