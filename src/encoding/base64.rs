//! Base64 of RFC 2045 §6.8 as streams.
use std::io::{self, Read, Write};

/// What a decoder tolerated; each becomes a finding above.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tolerated {
    /// Characters outside the alphabet were skipped (other than white space).
    pub junk: bool,
    /// The last quantum had no padding.
    pub unpadded: bool,
    /// Non-blank text after the padding was ignored.
    pub after_end: bool,
}

/// Decodes base64 from `R` while it is read.
pub struct Decoder<R> {
    source: R,
}
impl<R: Read> Decoder<R> {
    /// Reads base64 from `source`.
    pub fn new(source: R) -> Self {
        Self { source }
    }
    /// Returns what was tolerated so far (final once `read` returned 0).
    pub fn tolerated(&self) -> Tolerated {
        todo!()
    }
    /// Gives the source back.
    pub fn into_inner(self) -> R {
        self.source
    }
}
impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        todo!()
    }
}

/// Encodes to lines of 64 characters ended by `line_end` (what OpenSSL and most mailers write; RFC 2045 allows 76).
pub struct Encoder<W: Write> {
    sink: W,
}
impl<W: Write> Encoder<W> {
    /// Writes lines of base64 to `sink`, each ended by `line_end` ("\n" or "\r\n").
    pub fn new(sink: W, _line_end: &'static str) -> Self {
        Self { sink }
    }
    /// Writes the last quantum and line end; must be called.
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
