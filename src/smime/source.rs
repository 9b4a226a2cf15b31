//! Where a message is read from.
use std::io::{self, Read, Seek};
/// A message: something to read, and to read again where it can be.
pub enum Source<'a> {
    /// a pipe: read once
    Stream(&'a mut dyn Read),
    /// a file: a second pass is possible
    Seekable(&'a mut dyn ReadSeek),
}
/// Read and Seek.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}
impl Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stream(s) => s.read(buf),
            Self::Seekable(s) => s.read(buf),
        }
    }
}
