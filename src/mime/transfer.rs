//! Content-Transfer-Encodings (RFC 2045 §6) applied to flowing bodies. Knows their names; the codecs are [`crate::encoding`]'s.
use super::lexer::{Lexer, is_token};
use crate::encoding::{base64, quoted_printable};
use std::io::{self, Read};

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferEncoding {
    /// 7bit
    SevenBit,
    /// 8bit
    EightBit,
    /// binary
    Binary,
    /// base64
    Base64,
    /// quoted-printable
    QuotedPrintable,
}

impl TransferEncoding {
    const ALL: [Self; 5] = [
        Self::SevenBit,
        Self::EightBit,
        Self::Binary,
        Self::Base64,
        Self::QuotedPrintable,
    ];

    /// Returns the name that the field has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
        }
    }

    /// Returns whether the octets are as they are.
    pub const fn is_identity(self) -> bool {
        matches!(self, Self::SevenBit | Self::EightBit | Self::Binary)
    }

    /// Parses an unfolded value, in which comments are allowed; `None` if it is malformed or no encoding of RFC 2045.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut lexer = Lexer::new(value)?;
        lexer.skip_cfws()?;
        let name = lexer.run(is_token)?;
        lexer.skip_cfws()?;
        Self::ALL
            .into_iter()
            .find(|e| lexer.is_at_end() && e.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

/// Decodes a body while it is read.
pub enum Decoder<R> {
    /// identity encodings
    Plain(R),
    /// base64
    Base64(base64::Decoder<R>),
    /// quoted-printable
    QuotedPrintable(quoted_printable::Decoder<R>),
}

impl<R: Read> Decoder<R> {
    /// Reads a body encoded so.
    pub fn new(encoding: TransferEncoding, source: R) -> Self {
        match encoding {
            TransferEncoding::SevenBit | TransferEncoding::EightBit | TransferEncoding::Binary => {
                Self::Plain(source)
            }
            TransferEncoding::Base64 => Self::Base64(base64::Decoder::new(source)),
            TransferEncoding::QuotedPrintable => {
                Self::QuotedPrintable(quoted_printable::Decoder::new(source))
            }
        }
    }

    /// Returns whether anything irregular was tolerated (final once `read` returned 0).
    pub fn tolerated(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Base64(decoder) => decoder.tolerated() != base64::Tolerated::default(),
            Self::QuotedPrintable(decoder) => decoder.tolerated(),
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(buf),
            Self::Base64(decoder) => decoder.read(buf),
            Self::QuotedPrintable(decoder) => decoder.read(buf),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used
    )]
    use super::*;

    #[test]
    fn parses_names() {
        for encoding in TransferEncoding::ALL {
            let name = encoding.name();
            assert_eq!(TransferEncoding::parse(name.as_bytes()), Some(encoding));
        }
        assert_eq!(
            TransferEncoding::parse(b" (a (b\\)) ) BASE64 (c) "),
            Some(TransferEncoding::Base64)
        );
        for value in [
            &b""[..],
            b"base64 8bit",
            b"base64;",
            b"\"base64\"",
            b"base-64",
            b"x-uuencode",
            b"base64 (",
            b"base64\0",
            b"base64\r",
        ] {
            assert_eq!(TransferEncoding::parse(value), None);
        }
    }

    #[test]
    fn decodes_each() {
        let decode = |encoding, body: &[u8]| {
            let mut decoder = Decoder::new(encoding, body);
            let mut octets = Vec::new();
            decoder.read_to_end(&mut octets).unwrap();
            (octets, decoder.tolerated())
        };
        use TransferEncoding::*;
        assert_eq!(decode(EightBit, b"=3D"), (b"=3D".to_vec(), false));
        assert_eq!(decode(QuotedPrintable, b"=3D"), (b"=".to_vec(), false));
        assert_eq!(decode(QuotedPrintable, b"="), (b"".to_vec(), false));
        assert_eq!(decode(QuotedPrintable, b"=x"), (b"=x".to_vec(), true));
        assert_eq!(decode(Base64, b"TQ=="), (b"M".to_vec(), false));
        assert_eq!(decode(Base64, b"TQ"), (b"M".to_vec(), true));
    }
}
