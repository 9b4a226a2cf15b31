//! A ContentInfo of type id-data (RFC 5652 §4): octets that nothing protects.
use super::{Result, Source};
use crate::asn1::{Tag, stream};
use std::io::{self, Read};

/// The content, flowing. First it is read to its end, then `finish`.
pub struct Reader<R> {
    source: Source<R>,
}

impl<R: Read> Reader<R> {
    pub(super) fn open(mut source: Source<R>) -> Result<Self> {
        source.reader.begin_octets(Tag::OCTET_STRING)?;
        Ok(Self { source })
    }

    /// Reads what follows the content. Returns the rest of the source, for the caller to check that nothing follows.
    pub fn finish(self) -> Result<stream::Rest<R>> {
        self.source.close()
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.source.reader.read_octets(buf)
    }
}
