//! The content of a signed layer on its way: digested, its first octets remembered.
use super::digests::{ContentDigests, Finished};
use crate::crypto::Digest;
use std::io::{self, Read};

/// How many first octets are remembered in any case: enough to see what kind of object a content is.
pub(super) const HEAD: usize = 64 << 10;

/// A content that is being digested.
pub(super) struct Content {
    digests: ContentDigests,
    head: Vec<u8>,
    /// how far the head may grow as long as its header block has not ended
    head_limit: usize,
}

impl Content {
    /// Computes these digests, of the canonical form too if `both_forms`; the header block at its start is remembered up to `header_limit` octets.
    pub(super) fn new(digests: &[Digest], both_forms: bool, header_limit: usize) -> Self {
        Self {
            digests: ContentDigests::new(digests, both_forms),
            head: Vec::new(),
            head_limit: header_limit.max(HEAD),
        }
    }

    /// Takes a chunk in; returns it in canonical form (as it is, if only the received form is wanted).
    pub(super) fn update<'c>(&'c mut self, chunk: &'c [u8]) -> &'c [u8] {
        if self.head.len() < HEAD
            || (self.head.len() < self.head_limit && !has_blank_line(&self.head))
        {
            let room = self
                .head_limit
                .saturating_sub(self.head.len())
                .min(chunk.len());
            self.head
                .extend_from_slice(chunk.get(..room).unwrap_or_default());
        }
        self.digests.update(chunk)
    }

    /// Ends the content: its digests and its first octets.
    pub(super) fn finish(self) -> (Finished, Vec<u8>) {
        (self.digests.finish(), self.head)
    }
}

fn has_blank_line(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"\n\n").is_some() || memchr::memmem::find(head, b"\n\r\n").is_some()
}

/// Digests what is read through it.
pub(super) struct Digesting<'c, R> {
    source: R,
    content: &'c mut Content,
}

impl<'c, R: Read> Digesting<'c, R> {
    pub(super) const fn new(source: R, content: &'c mut Content) -> Self {
        Self { source, content }
    }
}

impl<R: Read> Read for Digesting<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        self.content.update(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}
