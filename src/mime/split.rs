//! Splits a multipart into its parts while it flows, with exact spans (RFC 2046 §5.1.1). A delimiter stands at the start of a line only;
//! the line end before it belongs to it.
use std::io::{self, BufRead, Read};
/// What stood around the parts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// non-blank text before the first delimiter
    pub preamble: bool,
    /// the closing delimiter was found
    pub closed: bool,
    /// non-blank text after the closing delimiter (known after `finish`)
    pub epilogue: bool,
}
/// Reads the parts of a multipart body from `R`, positioned after the header's blank line.
pub struct Splitter<R> {
    source: R,
}
impl<R: BufRead> Splitter<R> {
    /// Splits at `boundary` (1 to 70 characters; longer ones up to 998 are tolerated).
    pub fn new(source: R, _boundary: &str) -> Self {
        Self { source }
    }
    /// Goes to the next part, skipping what is left of the current one; false when there is none. Then read the part with `Read`, to its end.
    pub fn next_part(&mut self) -> io::Result<bool> {
        let _ = &self.source;
        todo!()
    }
    /// Returns the number of octets consumed from the source.
    pub fn offset(&self) -> u64 {
        todo!()
    }
    /// Reads to the end of the source and returns what stood around the parts.
    pub fn finish(self) -> io::Result<Around> {
        todo!()
    }
}
/// Octets of the current part, exactly; 0 at its end. `BufRead` so that a header can be read from a part without losing its body.
impl<R: BufRead> Read for Splitter<R> {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        todo!()
    }
}
impl<R: BufRead> BufRead for Splitter<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        todo!()
    }
    fn consume(&mut self, _amount: usize) {
        todo!()
    }
}
