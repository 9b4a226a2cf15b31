//! What the fuzz targets share: bounds of time and memory, a PKI, what stands fixed in the seeds, a mutator that knows DER, and the
//! reports as people and programs get them.
//!
//! An input of a target is one octet, which chooses what is done with the rest, and the rest.
pub mod bounds;
pub mod decrypt;
pub mod der;
pub mod mutate;
pub mod reports;
pub mod samples;
pub mod seal;
pub mod world;

// The program's reports are made by the program, not by its library.
#[allow(dead_code)]
#[path = "../../../src/cli/mod.rs"]
mod cli;

use std::io::Read;

/// Splits what chooses from the rest.
pub fn choice(data: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((usize::from(*first), rest))
}

/// Splits off a first piece, whose length stands before it in two octets (and is taken modulo what there is).
pub fn piece(data: &[u8]) -> (&[u8], &[u8]) {
    let [a, b, rest @ ..] = data else {
        return (&[], data);
    };
    let length = usize::from(u16::from_be_bytes([*a, *b]));
    rest.split_at(length.min(rest.len()))
}

/// The opposite of [`piece`].
pub fn pieces(first: &[u8], rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(first.len()).expect("a piece under 64 KiB");
    [&length.to_be_bytes(), first, rest].concat()
}

/// Reads at most so many octets at once: whether what is read in pieces is what is read at once.
pub struct Trickle<R>(pub R, pub usize);

impl<R: Read> Read for Trickle<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let most = buf.len().min(self.1.max(1));
        self.0.read(&mut buf[..most])
    }
}

/// Reads all of it; what came before an error, and whether there was one.
pub fn read(mut source: impl Read) -> (Vec<u8>, bool) {
    let mut octets = Vec::new();
    let failed = source.read_to_end(&mut octets).is_err();
    (octets, failed)
}
