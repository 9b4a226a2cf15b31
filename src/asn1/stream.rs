//! A pull reader of BER over any `Read`: structures are held, content flows. Depth and lengths are bounded here and believed nowhere else.
use super::{Result, Tag};
use std::io::{self, Read};
/// Reads BER from `R`, value by value. Nothing is allocated by a declared length.
pub struct Reader<R> {
    source: R,
}
impl<R: Read> Reader<R> {
    /// Starts at the first octet of `source`; nesting deeper than `max_depth` is an error.
    pub fn new(source: R, _max_depth: usize) -> Self {
        Self { source }
    }
    /// Returns how many octets were consumed.
    pub fn offset(&self) -> u64 {
        todo!()
    }
    /// Returns the next tag inside the current constructed value, `None` at its end (or at the end of input on the outermost level).
    pub fn peek(&mut self) -> Result<Option<Tag>> {
        todo!()
    }
    /// Opens the constructed value that comes next, definite or indefinite.
    pub fn enter(&mut self, _tag: Tag) -> Result<()> {
        todo!()
    }
    /// Closes the innermost open value, which must be at its end.
    pub fn leave(&mut self) -> Result<()> {
        todo!()
    }
    /// Reads the whole next value, as received (BER), at most `limit` octets.
    pub fn element(&mut self, _limit: usize) -> Result<Vec<u8>> {
        todo!()
    }
    /// Opens the OCTET STRING that comes next, under `tag` (`Tag::OCTET_STRING` or an implicit `[n]`; primitive or constructed form accepted),
    /// to flow: call `read_octets` until it returns 0, then go on.
    pub fn begin_octets(&mut self, _tag: Tag) -> Result<()> {
        todo!()
    }
    /// Reads content octets of the open OCTET STRING, chunk headers removed; 0 at its end, which is then closed.
    /// A malformed encoding is an `io::Error` of kind `InvalidData` that wraps [`super::Error`].
    pub fn read_octets(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        todo!()
    }
    /// Ends reading on the outermost level; returns the source, positioned right after the value.
    pub fn into_inner(self) -> R {
        self.source
    }
}
