//! The digests of a flowing content, in its canonical form and, where that differs, as it was received (RFC 8551 §3.1.1).
//!
//! One pass: both forms are the same until the first line that ends in LF alone; there the hashers fork.
use crate::{
    crypto::{Digest, Hasher},
    mime::canonical::Canonicalizer,
};

/// Which form of the content a digest is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentForm {
    /// as received
    Received,
    /// with CRLF line ends
    Canonical,
}

/// Takes content in, chunk by chunk.
pub(super) struct ContentDigests {
    received: Vec<Hasher>,
    canonical: Option<Canonical>,
}

struct Canonical {
    canonicalizer: Canonicalizer,
    hashers: Option<Vec<Hasher>>,
    buffer: Vec<u8>,
}

impl ContentDigests {
    /// Computes these digests; `both_forms`: of the canonical form too.
    pub(super) fn new(digests: &[Digest], both_forms: bool) -> Self {
        let mut unique: Vec<Digest> = Vec::new();
        for digest in digests {
            if !unique.contains(digest) {
                unique.push(*digest);
            }
        }
        Self {
            received: unique.into_iter().map(Hasher::new).collect(),
            canonical: both_forms.then(|| Canonical {
                canonicalizer: Canonicalizer::new(),
                hashers: None,
                buffer: Vec::new(),
            }),
        }
    }

    /// Takes a chunk in and returns it in canonical form (as it is, if only the received form is wanted).
    pub(super) fn update<'c>(&'c mut self, chunk: &'c [u8]) -> &'c [u8] {
        let Some(canonical) = &mut self.canonical else {
            self.received.iter_mut().for_each(|h| h.update(chunk));
            return chunk;
        };
        let form = canonical.canonicalizer.form(chunk, &mut canonical.buffer);
        if canonical.hashers.is_none() && canonical.canonicalizer.seen().lf {
            // up to here both were the same
            canonical.hashers = Some(self.received.clone());
        }
        if let Some(hashers) = &mut canonical.hashers {
            hashers.iter_mut().for_each(|h| h.update(form));
        }
        self.received.iter_mut().for_each(|h| h.update(chunk));
        form
    }

    /// Ends the content.
    pub(super) fn finish(self) -> Finished {
        let ends = |hashers: Vec<Hasher>| {
            hashers
                .into_iter()
                .map(|h| (h.digest(), h.finish()))
                .collect::<Vec<_>>()
        };
        let canonical = self.canonical.and_then(|canonical| canonical.hashers);
        Finished {
            received: ends(self.received),
            canonical: canonical.map(ends),
        }
    }
}

/// The digests of a content that has ended.
pub(super) struct Finished {
    received: Vec<(Digest, Vec<u8>)>,
    canonical: Option<Vec<(Digest, Vec<u8>)>>,
}

impl Finished {
    /// Stands for a content that is not at hand, with the digest that is claimed of it.
    pub(super) fn claimed(digest: Digest, value: &[u8]) -> Self {
        Self {
            received: vec![(digest, value.to_vec())],
            canonical: None,
        }
    }

    /// Returns the digest of one form; the canonical form is the received one where they do not differ. `None`: not computed.
    pub(super) fn of(&self, digest: Digest, form: ContentForm) -> Option<&[u8]> {
        let all = match (form, &self.canonical) {
            (ContentForm::Canonical, Some(canonical)) => canonical,
            _ => &self.received,
        };
        all.iter()
            .find(|(d, _)| *d == digest)
            .map(|(_, v)| v.as_slice())
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used
    )]
    use super::*;
    use crate::crypto::digest::digest;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_forms_in_any_chunks(text in "[ab\r\n]{0,40}", sizes in proptest::collection::vec(1usize..5, 1..20)) {
            let text = text.into_bytes();
            let mut whole = Canonicalizer::new();
            let mut canonical = Vec::new();
            whole.push(&text, &mut canonical);
            let mut digests = ContentDigests::new(&[Digest::Sha256, Digest::Sha256], true);
            let mut out = Vec::new();
            let (mut rest, mut sizes) = (&text[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (chunk, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                out.extend_from_slice(digests.update(chunk));
                rest = tail;
            }
            let finished = digests.finish();
            prop_assert_eq!(&out, &canonical);
            prop_assert_eq!(finished.of(Digest::Sha256, ContentForm::Canonical).unwrap(), digest(Digest::Sha256, &canonical));
            prop_assert_eq!(finished.of(Digest::Sha256, ContentForm::Received).unwrap(), digest(Digest::Sha256, &text));
        }
    }
}
