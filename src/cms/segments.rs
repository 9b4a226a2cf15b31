//! The content of a written object: held while it is small, so that the whole becomes DER, then flowing as segments of a
//! constructed OCTET STRING. Knows nothing of what is around it.
use crate::asn1::write::Shell;
use std::io::{self, Write};

/// Content up to this length is held and written as DER.
const SMALL: usize = 64 << 10;
/// Octets of a segment.
const SEGMENT: usize = 32 << 10;

/// Octets on their way to a sink.
pub(super) struct Segments {
    held: Vec<u8>,
    flowing: bool,
}

impl Segments {
    pub(super) fn new() -> Self {
        Self {
            held: Vec::new(),
            flowing: false,
        }
    }

    /// Takes octets; when they become too many to be held, has `begin` write what stands before the first segment.
    pub(super) fn push<W: Write>(
        &mut self,
        octets: &[u8],
        shell: &mut Shell<W>,
        begin: impl FnOnce(&mut Shell<W>) -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.flowing {
            if self.held.len() + octets.len() <= SMALL {
                self.held.extend_from_slice(octets);
                return Ok(());
            }
            begin(shell)?;
            self.flowing = true;
            let held = std::mem::take(&mut self.held);
            self.flow(&held, shell)?;
        }
        self.flow(octets, shell)
    }

    /// Ends: returns all octets if they were held, or writes the last segment.
    pub(super) fn finish<W: Write>(self, shell: &mut Shell<W>) -> io::Result<Option<Vec<u8>>> {
        if !self.flowing {
            return Ok(Some(self.held));
        }
        if !self.held.is_empty() {
            shell.octets(&self.held)?;
        }
        Ok(None)
    }

    fn flow<W: Write>(&mut self, octets: &[u8], shell: &mut Shell<W>) -> io::Result<()> {
        let missing = SEGMENT - self.held.len();
        let Some((first, rest)) = octets.split_at_checked(missing) else {
            self.held.extend_from_slice(octets);
            return Ok(());
        };
        self.held.extend_from_slice(first);
        shell.octets(&self.held)?;
        self.held.clear();
        let mut segments = rest.chunks_exact(SEGMENT);
        for segment in &mut segments {
            shell.octets(segment)?;
        }
        self.held.extend_from_slice(segments.remainder());
        Ok(())
    }
}
