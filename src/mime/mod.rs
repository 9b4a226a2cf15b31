//! Bytes and MIME (RFC 5322, 2045, 2046, 1847). Knows no cryptography.
//!
//! What a verdict rests on (From, Content-Type, part boundaries) is parsed here strictly and byte-exactly;
//! mail-parser serves only what is shown.
pub mod canonical;
pub mod compose;
pub mod content_type;
pub mod hazards;
pub mod header;
pub mod legacy_display;
mod lexer;
pub mod mailbox;
pub mod mbox;
pub mod parameters;
pub mod part;
pub mod seven_bit;
pub mod split;
pub mod transfer;
pub mod tree;

/// Why bytes are not the MIME they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The header block, or a line, is longer than its limit.
    #[error("the {what} is longer than {limit} bytes")]
    TooLong {
        /// "header block", "header line", …
        what: &'static str,
        /// the limit
        limit: usize,
        /// where
        offset: u64,
    },
    /// The header has more fields than its limit.
    #[error("the header has more than {limit} fields")]
    TooManyFields {
        /// the limit
        limit: usize,
    },
    /// A line of the header block is no field.
    #[error("a line of the header block is not a header field")]
    NotAField {
        /// where
        offset: u64,
    },
    /// A field that must not be repeated is.
    #[error("the header has more than one {name} field")]
    Repeated {
        /// field name
        name: &'static str,
    },
    /// A field's value does not follow its grammar.
    #[error("the {name} field is malformed: {what}")]
    Malformed {
        /// field name
        name: &'static str,
        /// what is wrong
        what: &'static str,
    },
    /// The multipart has another structure than required.
    #[error("the multipart {what}")]
    Structure {
        /// "has no part", "has more than two parts", …
        what: &'static str,
    },
}
/// The result of reading MIME.
pub type Result<T> = std::result::Result<T, Error>;

/// Line ends of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}
impl LineEnd {
    /// Returns the octets.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}
