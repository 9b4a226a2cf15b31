//! Streaming codecs, tolerant in, strict out: base64, quoted-printable (RFC 2045 §6), hexadecimal, zlib (RFC 1950).
//!
//! Knows no message around the text it is given.

pub mod base64;
pub mod hex;
pub mod quoted_printable;
pub mod zlib;

#[cfg(test)]
pub(crate) mod chaos {
    #![allow(clippy::indexing_slicing)]
    use std::io::{self, Read};

    /// Hands out octets in pieces of random sizes, as pipes and networks do.
    pub(crate) struct ChaosReader<'a> {
        octets: &'a [u8],
        state: u64,
    }

    impl<'a> ChaosReader<'a> {
        pub(crate) fn new(octets: &'a [u8], seed: u64) -> Self {
            Self {
                octets,
                state: seed,
            }
        }
    }

    impl Read for ChaosReader<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.state = self
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let [kind, size, ..] = self.state.to_be_bytes();
            let length = match kind % 16 {
                0..=7 => usize::from(size) % 4 + 1,
                8..=13 => usize::from(size) + 1,
                _ => usize::MAX,
            };
            let length = length.min(buf.len());
            self.octets.read(&mut buf[..length])
        }
    }
}
