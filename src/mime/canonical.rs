//! The canonical form of text, CRLF line ends (RFC 8551 §3.1.1), and what stands in a mail transport's way (§3.1.2).
/// What was seen in a text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// a LF without CR: the canonical form differs from what was received
    pub bare_lf: bool,
    /// a CR without LF
    pub bare_cr: bool,
    /// a NUL octet
    pub nul: bool,
    /// an octet above 127
    pub eight_bit: bool,
    /// a line longer than 998 octets
    pub long_line: bool,
    /// a CRLF
    pub crlf: bool,
}
/// Turns line ends into CRLF, chunk by chunk; a CR at a chunk's end is carried over.
#[derive(Debug, Default)]
pub struct Canonicalizer {
    seen: Seen,
}
impl Canonicalizer {
    /// Starts at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }
    /// Appends the canonical form of `chunk` to `out`.
    pub fn push(&mut self, _chunk: &[u8], _out: &mut Vec<u8>) {
        todo!()
    }
    /// Appends what is held back at the end.
    pub fn finish(&mut self, _out: &mut Vec<u8>) {
        todo!()
    }
    /// Returns what was seen so far.
    pub fn seen(&self) -> Seen {
        self.seen
    }
}
/// Turns CRLF into LF, chunk by chunk (for output that follows a message with LF line ends); lone CR and LF pass.
#[derive(Debug, Default)]
pub struct Localizer {
    held_cr: bool,
}
impl Localizer {
    /// Starts at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }
    /// Appends the local form of `chunk` to `out`.
    pub fn push(&mut self, _chunk: &[u8], _out: &mut Vec<u8>) {
        let _ = self.held_cr;
        todo!()
    }
    /// Appends what is held back at the end.
    pub fn finish(&mut self, _out: &mut Vec<u8>) {
        todo!()
    }
}
/// A `Read` adaptor over [`Canonicalizer`].
pub struct CanonicalReader<R> {
    source: R,
}
impl<R: std::io::Read> CanonicalReader<R> {
    /// Reads `source` in canonical form.
    pub fn new(source: R) -> Self {
        Self { source }
    }
    /// Returns what was seen so far.
    pub fn seen(&self) -> Seen {
        let _ = &self.source;
        todo!()
    }
}
impl<R: std::io::Read> std::io::Read for CanonicalReader<R> {
    fn read(&mut self, _buf: &mut [u8]) -> std::io::Result<usize> {
        todo!()
    }
}
