//! Holds content back until it is proven: in memory up to a limit, then in a file encrypted under a key that lives only here.
//!
//! Knows chunks, nonces and tags; must not know where the file lies or who makes it (its maker is handed in), nor what the content is.
//! The file is chunks of 64 KiB, each sealed with AES-256-GCM (RFC 5116 §5.2) under its number as nonce, its tag behind it. A chunk is
//! neither written twice nor read without its tag, so what is released is what was held, in order.
use crate::crypto::{
    Secret,
    chunk::{self, TAG},
};
use std::io::{self, Read, Seek, SeekFrom, Write};
use zeroize::Zeroizing;

/// Plaintext octets of a sealed chunk.
const CHUNK: usize = 64 << 10;
/// Octets of a sealed chunk.
const SEALED: u64 = (CHUNK + TAG) as u64;

/// Anything that can hold the encrypted octets: an unlinked temporary file made by the caller.
pub trait Holding: Read + Write + Seek + Send {}
impl<T: Read + Write + Seek + Send> Holding for T {}

/// Makes the holding file, once memory is full.
pub type MakeHolding = Box<dyn FnMut() -> io::Result<Box<dyn Holding>> + Send>;

/// Content held back. Write to it, then `release` it to where it should go (any number of times), or drop it.
pub struct Spool {
    limit: usize,
    key: Secret,
    make: MakeHolding,
    /// everything, until the file is made; after that what does not fill a chunk yet
    memory: Zeroizing<Vec<u8>>,
    file: Option<Box<dyn Holding>>,
    /// sealed chunks in the file
    chunks: u64,
}

impl Spool {
    /// Holds up to `limit` octets in memory; beyond that, in the file that `make` makes, AES-256-GCM per chunk of 64 KiB under `key` (32 random octets used for nothing else).
    pub fn new(limit: usize, key: Secret, make: MakeHolding) -> Self {
        Self {
            limit,
            key,
            make,
            memory: Zeroizing::default(),
            file: None,
            chunks: 0,
        }
    }

    /// Copies everything held to `sink`.
    ///
    /// `InvalidData`: the file does not hold what was written to it; what reached `sink` before is genuine, but not all.
    pub fn release(&mut self, sink: &mut dyn Write) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(0))?;
            let mut buffer = Zeroizing::new(Vec::with_capacity(CHUNK + TAG));
            for number in 0..self.chunks {
                buffer.resize(CHUNK + TAG, 0);
                file.read_exact(&mut buffer)?;
                chunk::open(&self.key, &nonce(number), &mut buffer).map_err(|_| {
                    let message = "the temporary file was changed by someone else";
                    io::Error::new(io::ErrorKind::InvalidData, message)
                })?;
                sink.write_all(&buffer)?;
            }
        }
        sink.write_all(&self.memory)
    }

    /// Returns the number of octets held.
    pub fn len(&self) -> u64 {
        self.chunks * CHUNK as u64 + self.memory.len() as u64
    }

    /// Returns whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves every full chunk from memory to the file.
    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert((self.make)()?),
        };
        file.seek(SeekFrom::Start(self.chunks * SEALED))?;
        let mut sealed = Zeroizing::new(Vec::with_capacity(CHUNK + TAG));
        let full = self.memory.chunks_exact(CHUNK);
        let rest = full.remainder().len();
        for chunk in full {
            sealed.clear();
            sealed.extend_from_slice(chunk);
            chunk::seal(&self.key, &nonce(self.chunks), &mut sealed).map_err(io::Error::other)?;
            file.write_all(&sealed)?;
            self.chunks += 1;
        }
        let done = self.memory.len() - rest;
        self.memory.drain(..done);
        Ok(())
    }
}

impl Write for Spool {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // At most a chunk at a time, so that memory stays near its bound whatever the writer brings.
        let part = buf.get(..CHUNK).unwrap_or(buf);
        let bound = if self.file.is_some() {
            CHUNK - 1
        } else {
            self.limit
        };
        self.memory.extend_from_slice(part);
        if self.memory.len() > bound {
            self.spill()?;
        }
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The nonce of a chunk: its number. A key is used for one spool, and a number for one chunk.
fn nonce(number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    if let Some(counter) = nonce.last_chunk_mut() {
        *counter = number.to_be_bytes();
    }
    nonce
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A file in memory whose octets the test can see and change.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<io::Cursor<Vec<u8>>>>);
    impl Read for Shared {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.lock().unwrap().read(buf)
        }
    }
    impl Write for Shared {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Seek for Shared {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.lock().unwrap().seek(to)
        }
    }
    impl Shared {
        fn octets(&self) -> Vec<u8> {
            self.0.lock().unwrap().get_ref().clone()
        }
    }

    fn spool(limit: usize) -> (Spool, Shared) {
        let file = Shared::default();
        let made = file.clone();
        let make: MakeHolding = Box::new(move || Ok(Box::new(made.clone())));
        (Spool::new(limit, Secret::new(vec![7; 32]), make), file)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i / 7 % 251) as u8).collect()
    }

    #[test]
    fn holds_and_releases() {
        for limit in [0, 10, CHUNK, 3 * CHUNK] {
            for length in [
                0,
                1,
                10,
                11,
                CHUNK - 1,
                CHUNK,
                CHUNK + 1,
                3 * CHUNK,
                5 * CHUNK + 9,
            ] {
                let (mut spool, _) = spool(limit);
                let content = content(length);
                for piece in content.chunks(1000) {
                    spool.write_all(piece).unwrap();
                }
                assert_eq!(spool.len(), length as u64);
                for _ in 0..2 {
                    let mut out = Vec::new();
                    spool.release(&mut out).unwrap();
                    assert!(out == content, "limit {limit}, length {length}");
                }
                spool.write_all(&content).unwrap();
                let mut out = Vec::new();
                spool.release(&mut out).unwrap();
                assert!(out == [&content[..], &content[..]].concat());
            }
        }
    }

    #[test]
    fn memory_alone_up_to_the_limit() {
        let (mut at, file) = spool(3 * CHUNK);
        at.write_all(&content(3 * CHUNK)).unwrap();
        assert!(at.file.is_none() && file.octets().is_empty());
        at.write_all(b"x").unwrap();
        assert!(at.file.is_some());
        assert_eq!(file.octets().len(), 3 * (CHUNK + TAG));
    }

    #[test]
    fn the_file_shows_nothing() {
        let (mut spool, file) = spool(0);
        spool.write_all(&vec![b'A'; 2 * CHUNK]).unwrap();
        let octets = file.octets();
        assert!(!octets.windows(16).any(|w| w == [b'A'; 16]));
        // two equal chunks, two different seals
        assert_ne!(octets[..CHUNK], octets[CHUNK + TAG..2 * CHUNK + TAG]);
    }

    #[test]
    fn changes_are_found() {
        let length = CHUNK + TAG;
        type Change = fn(&mut Vec<u8>);
        let changes: [Change; 4] = [
            |file| file[5] ^= 1,
            |file| file[CHUNK + 3] ^= 0x80,
            |file| file.truncate(2 * (CHUNK + TAG) - 1),
            |file| {
                let (a, b) = file.split_at_mut(CHUNK + TAG);
                a.swap_with_slice(&mut b[..CHUNK + TAG]);
            },
        ];
        for change in changes {
            let (mut spool, file) = spool(0);
            spool.write_all(&content(2 * CHUNK + 5)).unwrap();
            assert_eq!(file.octets().len(), 2 * length);
            spool.release(&mut io::sink()).unwrap();
            change(file.0.lock().unwrap().get_mut());
            assert!(spool.release(&mut io::sink()).is_err());
        }
    }

    #[test]
    fn a_failing_file_is_an_error() {
        let mut spool = Spool::new(
            4,
            Secret::new(vec![7; 32]),
            Box::new(|| Err(io::ErrorKind::StorageFull.into())),
        );
        spool.write_all(b"four").unwrap();
        assert_eq!(
            spool.write_all(b"!").unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
    }
}
