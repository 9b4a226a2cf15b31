//! Holds content back until it is proven: in memory up to a limit, then in a file encrypted under a key that lives only here.
use std::io::{self, Read, Seek, Write};
/// Anything that can hold the encrypted octets: an unlinked temporary file made by the caller.
pub trait Holding: Read + Write + Seek + Send {}
impl<T: Read + Write + Seek + Send> Holding for T {}
/// Makes the holding file, once memory is full.
pub type MakeHolding = Box<dyn FnMut() -> io::Result<Box<dyn Holding>> + Send>;
/// Content held back. Write to it, then `release` it to where it should go (any number of times: `rewind`), or drop it.
pub struct Spool {
    memory: Vec<u8>,
}
impl Spool {
    /// Holds up to `limit` octets in memory; beyond that, in the file that `make` makes, AES-256-GCM per chunk of 64 KiB under `key` (32 random octets used for nothing else).
    pub fn new(_limit: usize, _key: crate::crypto::Secret, _make: MakeHolding) -> Self {
        Self { memory: Vec::new() }
    }
    /// Copies everything held to `sink`.
    pub fn release(&mut self, _sink: &mut dyn Write) -> io::Result<()> {
        let _ = &self.memory;
        todo!()
    }
    /// Returns the number of octets held.
    pub fn len(&self) -> u64 {
        todo!()
    }
    /// Returns whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
impl Write for Spool {
    fn write(&mut self, _buf: &[u8]) -> io::Result<usize> {
        todo!()
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
