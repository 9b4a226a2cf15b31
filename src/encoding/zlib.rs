//! zlib (RFC 1950) as streams, exact in both directions: the data end where their checksum does, or they are no zlib data.
//!
//! Knows octets. How much may come out is for whoever reads to say: they come in small pieces, however little is read for them.
use flate2::{Compression, Decompress, FlushDecompress, Status, write::ZlibEncoder};
use std::{
    io::{self, Read, Write},
    ops::Range,
};
use zeroize::Zeroizing;

/// Octets taken from the source at a time.
const INPUT: usize = 16 << 10;

/// Why octets are no zlib data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another format, or damaged: the Adler-32 included.
    #[error("the compressed data are damaged or not zlib's")]
    Malformed,
    /// They end too early.
    #[error("the compressed data are cut short")]
    Truncated,
    /// They go on where they have ended.
    #[error("bytes follow the end of the compressed data")]
    TrailingData,
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Decompresses `R` while it is read. Only when it has returned 0 is what came out known to be whole.
pub struct Decoder<R> {
    source: R,
    state: Decompress,
    input: Zeroizing<Vec<u8>>,
    /// the octets of `input` that were not taken yet
    ahead: Range<usize>,
    ended: bool,
}

impl<R: Read> Decoder<R> {
    /// Reads zlib data from `source`.
    pub fn new(source: R) -> Self {
        Self {
            source,
            state: Decompress::new(true),
            input: Zeroizing::new(vec![0; INPUT]),
            ahead: 0..0,
            ended: false,
        }
    }

    /// Returns how many compressed octets were taken so far.
    pub fn taken(&self) -> u64 {
        self.state.total_in()
    }

    /// Returns whether all was read, and was whole.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Gives the source back; nothing of it is held once the data have ended.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Reads ahead if nothing is; returns whether there is anything.
    fn fill(&mut self) -> io::Result<bool> {
        while self.ahead.is_empty() {
            match self.source.read(&mut self.input) {
                Ok(0) => return Ok(false),
                Ok(n) => self.ahead = 0..n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Decompresses into `buf`; returns how many octets came out.
    fn step(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let more = self.fill()?;
        let input = self.input.get(self.ahead.clone()).unwrap_or_default();
        let before = (self.state.total_in(), self.state.total_out());
        let status = self
            .state
            .decompress(input, buf, FlushDecompress::None)
            .map_err(|_| Error::Malformed)?;
        let count = |total: u64, before: u64| usize::try_from(total - before).unwrap_or(usize::MAX);
        let taken = count(self.state.total_in(), before.0);
        let given = count(self.state.total_out(), before.1);
        self.ahead.start += taken;
        if status == Status::StreamEnd {
            self.ended = true;
            if self.fill()? {
                return Err(Error::TrailingData.into());
            }
        } else if taken == 0 && given == 0 {
            return Err(if more {
                Error::Malformed
            } else {
                Error::Truncated
            }
            .into());
        }
        Ok(given)
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buf.is_empty() {
            let given = self.step(buf)?;
            if given > 0 {
                return Ok(given);
            }
        }
        Ok(0)
    }
}

/// Compresses what is written to it.
pub struct Encoder<W: Write>(ZlibEncoder<W>);

impl<W: Write> Encoder<W> {
    /// Writes zlib data to `sink`.
    pub fn new(sink: W) -> Self {
        Self(ZlibEncoder::new(sink, Compression::default()))
    }

    /// Returns the sink.
    pub fn sink_mut(&mut self) -> &mut W {
        self.0.get_mut()
    }

    /// Ends the data; must be called.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        // what is flushed early is compressed badly; nothing needs it
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::encoding::chaos::ChaosReader;
    use proptest::prelude::*;

    fn compress(octets: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    fn decompress(octets: &[u8], piece: usize) -> io::Result<Vec<u8>> {
        let mut decoder = Decoder::new(ChaosReader::new(octets, 7));
        let (mut out, mut buf) = (Vec::new(), vec![0; piece]);
        loop {
            match decoder.read(&mut buf)? {
                0 => break,
                n => out.extend_from_slice(&buf[..n]),
            }
        }
        assert!(decoder.has_ended());
        assert_eq!(decoder.taken(), octets.len() as u64);
        Ok(out)
    }

    fn refusal(octets: &[u8]) -> Error {
        let error = decompress(octets, 100).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        error.downcast().unwrap()
    }

    /// Python's `zlib.compress(b"hello, hello, hello\n")`
    const HELLO: &[u8] =
        b"\x78\x9c\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\xb8\x00\x4b\x07\x06\xdf";

    #[test]
    fn data_of_others_are_read() {
        assert_eq!(decompress(HELLO, 3).unwrap(), b"hello, hello, hello\n");
        // stored, and with an empty block after it
        let stored = b"\x78\x01\x00\x01\x00\xfe\xffx\x01\x00\x00\xff\xff\x00\x79\x00\x79";
        assert_eq!(decompress(stored, 3).unwrap(), b"x");
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        for end in 0..HELLO.len() {
            assert_eq!(refusal(&HELLO[..end]), Error::Truncated, "{end}");
        }
        assert_eq!(refusal(&[HELLO, b"\0"].concat()), Error::TrailingData);
        for octet in 1..=4 {
            let mut altered = HELLO.to_vec();
            let at = altered.len() - octet;
            altered[at] ^= 1;
            assert_eq!(refusal(&altered), Error::Malformed, "Adler-32");
        }
        // raw deflate, gzip, a preset dictionary, another method
        for other in [
            &HELLO[2..],
            b"\x1f\x8b\x08\x00\0\0\0\0\0\x03",
            b"\x78\xbb\0\0\0\0\0",
            b"\x79\x9b\x03\0",
        ] {
            assert_eq!(refusal(other), Error::Malformed, "{other:?}");
        }
    }

    #[test]
    fn octets_come_in_small_pieces_whatever_is_in_few() {
        let zeros = compress(&vec![0; 10 << 20]);
        assert!(zeros.len() < 11_000);
        let mut decoder = Decoder::new(&zeros[..]);
        let mut buf = [1; 1000];
        assert_eq!(decoder.read(&mut buf).unwrap(), 1000);
        assert_eq!(buf, [0; 1000]);
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_out(octets in proptest::collection::vec(0_u8..4, 0..100_000), piece in 1_usize..70_000) {
            prop_assert_eq!(decompress(&compress(&octets), piece).unwrap(), octets);
        }

        #[test]
        fn any_change_is_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), octet: u8) {
            let mut altered = compress(&octets);
            let at = at.index(altered.len());
            altered[at] = octet;
            match decompress(&altered, 64) {
                // the level in the header says nothing of the content
                Ok(out) => prop_assert_eq!(&out, &octets),
                Err(error) => prop_assert_eq!(error.kind(), io::ErrorKind::InvalidData),
            }
            let _ = decompress(&octets, 64);
        }
    }
}
