//! Bytes and ASN.1 (X.690): BER in, DER out. Leniency about encodings lives in `normal`, nowhere else.
pub mod cursor;
mod header;
pub mod normal;
pub mod oid;
pub mod pem;
pub mod stream;
pub mod time;
pub mod write;

pub use time::Time;

/// Why bytes are not the ASN.1 they should be; every variant that can carries the offset of the octet it concerns,
/// counted from the start of the outermost value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source could not be read.
    #[error(transparent)]
    Io(std::io::Error),
    /// A value is nested deeper than the limit.
    #[error("ASN.1 is nested deeper than {limit} levels")]
    Depth {
        /// the limit
        limit: usize,
        /// where
        offset: u64,
    },
    /// An element that must be held in memory is longer than the limit.
    #[error("an ASN.1 value is longer than {limit} bytes")]
    TooLong {
        /// the limit
        limit: usize,
        /// where
        offset: u64,
    },
    /// The input ends inside a value.
    #[error("ASN.1 is cut short")]
    Truncated {
        /// where
        offset: u64,
    },
    /// Bytes follow where the value has ended.
    #[error("unexpected bytes follow the end of the ASN.1 value")]
    TrailingData {
        /// where
        offset: u64,
    },
    /// Another tag was expected.
    #[error("ASN.1 tag {found} where {wanted} was expected")]
    UnexpectedTag {
        /// found
        found: Tag,
        /// wanted
        wanted: Tag,
        /// where
        offset: u64,
    },
    /// The octets are no valid encoding.
    #[error("invalid ASN.1 encoding: {what}")]
    Invalid {
        /// what is wrong, in a few words of X.690
        what: &'static str,
        /// where
        offset: u64,
    },
}

impl From<Error> for std::io::Error {
    /// Wraps all but an I/O error, which stays itself, as `InvalidData`.
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => Self::new(std::io::ErrorKind::InvalidData, error),
        }
    }
}

impl From<std::io::Error> for Error {
    /// Takes back what was wrapped.
    fn from(error: std::io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Io)
    }
}

/// The result of reading ASN.1.
pub type Result<T> = std::result::Result<T, Error>;

/// A tag: class, constructed bit and number (X.690 §8.1.2). `number` above 30 (high-tag form) is refused everywhere: CMS and X.509 have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub u8);
impl Tag {
    /// BOOLEAN
    pub const BOOLEAN: Self = Self(0x01);
    /// INTEGER
    pub const INTEGER: Self = Self(0x02);
    /// BIT STRING, primitive
    pub const BIT_STRING: Self = Self(0x03);
    /// OCTET STRING, primitive
    pub const OCTET_STRING: Self = Self(0x04);
    /// NULL
    pub const NULL: Self = Self(0x05);
    /// OBJECT IDENTIFIER
    pub const OID: Self = Self(0x06);
    /// SEQUENCE
    pub const SEQUENCE: Self = Self(0x30);
    /// SET
    pub const SET: Self = Self(0x31);
    /// `[n]`, constructed
    pub const fn context(number: u8) -> Self {
        Self(0xa0 | number)
    }
    /// `[n]`, primitive
    pub const fn context_primitive(number: u8) -> Self {
        Self(0x80 | number)
    }
    /// Returns whether the constructed bit is set.
    pub const fn is_constructed(self) -> bool {
        self.0 & 0x20 != 0
    }
    /// Returns the same tag with the constructed bit cleared.
    pub const fn primitive(self) -> Self {
        Self(self.0 & !0x20)
    }
    /// Returns the same tag with the constructed bit set.
    pub const fn constructed(self) -> Self {
        Self(self.0 | 0x20)
    }
}
impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{:02x}", self.0)
    }
}
