//! What happens to octets while they are read through: they are counted, or passed on to somebody else, too.
//!
//! Knows readers; what the octets are is not known here.
use crate::smime::Error;
use std::io::{self, BufRead, Read};

/// Reads to the end.
pub(super) fn drain(source: &mut dyn BufRead) -> Result<(), Error> {
    loop {
        let n = source.fill_buf()?.len();
        if n == 0 {
            return Ok(());
        }
        source.consume(n);
    }
}

/// Counts what is read through it.
pub(super) struct Counted<'r> {
    source: &'r mut dyn BufRead,
    pub(super) octets: u64,
}

impl<'r> Counted<'r> {
    pub(super) fn new(source: &'r mut dyn BufRead, octets: u64) -> Self {
        Self { source, octets }
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buf)?;
        self.octets = self.octets.saturating_add(length as u64);
        Ok(length)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.octets = self.octets.saturating_add(amount as u64);
        self.source.consume(amount);
    }
}

/// Passes on what is read through it, octet by octet once.
pub(super) struct Passing<'r, F> {
    source: &'r mut dyn BufRead,
    pass: F,
    /// octets of what the source holds that were passed on
    passed: usize,
}

impl<'r, F: FnMut(&[u8]) -> Result<(), Error>> Passing<'r, F> {
    pub(super) fn new(source: &'r mut dyn BufRead, pass: F) -> Self {
        Self {
            source,
            pass,
            passed: 0,
        }
    }
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> Read for Passing<'_, F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buf)?;
        self.consume(length);
        Ok(length)
    }
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> BufRead for Passing<'_, F> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let held = self.source.fill_buf()?;
        if let Some(new) = held.get(self.passed..).filter(|new| !new.is_empty()) {
            (self.pass)(new).map_err(io::Error::other)?;
            self.passed = held.len();
        }
        Ok(held)
    }

    fn consume(&mut self, amount: usize) {
        self.passed = self.passed.saturating_sub(amount);
        self.source.consume(amount);
    }
}
