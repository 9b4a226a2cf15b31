//! DER of small values, and BER shells of indefinite length around flowing content.
use super::Tag;
use std::io::{self, Write};
/// Returns tag, minimal length and `content`.
pub fn tlv(_tag: Tag, _content: &[u8]) -> Vec<u8> {
    todo!()
}
/// Returns a SEQUENCE of the given encodings.
pub fn sequence(_parts: &[&[u8]]) -> Vec<u8> {
    todo!()
}
/// Returns a SET OF the given encodings in DER order (X.690 §11.6).
pub fn set_of(_parts: &[Vec<u8>]) -> Vec<u8> {
    todo!()
}
/// Returns an INTEGER of a small number.
pub fn integer(_value: u32) -> Vec<u8> {
    todo!()
}
/// Writes constructed values of indefinite length (X.690 §8.1.3.6).
pub struct Shell<W> {
    sink: W,
}
impl<W: Write> Shell<W> {
    /// Writes to `sink`.
    pub fn new(sink: W) -> Self {
        Self { sink }
    }
    /// Opens a constructed value.
    pub fn open(&mut self, _tag: Tag) -> io::Result<()> {
        todo!()
    }
    /// Writes a finished encoding.
    pub fn element(&mut self, _der: &[u8]) -> io::Result<()> {
        todo!()
    }
    /// Writes one chunk as a primitive OCTET STRING inside an open constructed one.
    pub fn octets(&mut self, _chunk: &[u8]) -> io::Result<()> {
        todo!()
    }
    /// Closes the innermost open value with end-of-contents octets.
    pub fn close(&mut self) -> io::Result<()> {
        todo!()
    }
    /// Gives the sink back.
    pub fn into_inner(self) -> W {
        self.sink
    }
}
