//! Content-Transfer-Encodings (RFC 2045 §6) applied to flowing bodies.
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
/// Decodes a body while it is read.
pub enum Decoder<R> {
    /// identity encodings
    Plain(R),
    /// base64
    Base64(crate::encoding::base64::Decoder<R>),
    /// quoted-printable
    QuotedPrintable(crate::encoding::quoted_printable::Decoder<R>),
}
impl<R: Read> Decoder<R> {
    /// Reads a body encoded so.
    pub fn new(_encoding: TransferEncoding, _source: R) -> Self {
        todo!()
    }
    /// Returns whether anything irregular was tolerated.
    pub fn tolerated(&self) -> bool {
        todo!()
    }
}
impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        todo!()
    }
}
