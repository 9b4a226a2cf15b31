//! Quoted-printable of RFC 2045 §6.7 as streams.
use std::io::{self, Read, Write};
/// Decodes while it is read; malformed `=XY` is passed through as it stands (RFC 2045 §6.7 note) and remembered.
pub struct Decoder<R> {
    source: R,
}
impl<R: Read> Decoder<R> {
    /// Reads quoted-printable from `source`.
    pub fn new(source: R) -> Self {
        Self { source }
    }
    /// Returns whether malformed escapes were passed through.
    pub fn tolerated(&self) -> bool {
        todo!()
    }
}
impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        todo!()
    }
}
/// Encodes text: line ends in the input (LF or CRLF) become `line_end`, everything unsafe is escaped, lines are at most 76 long.
pub struct Encoder<W: Write> {
    sink: W,
}
impl<W: Write> Encoder<W> {
    /// Writes quoted-printable to `sink`.
    pub fn new(sink: W, _line_end: &'static str) -> Self {
        Self { sink }
    }
    /// Writes what is held back; must be called.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.sink)
    }
}
impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, _buf: &[u8]) -> io::Result<usize> {
        todo!()
    }
    fn flush(&mut self) -> io::Result<()> {
        todo!()
    }
}
