//! The canonical form of text, CRLF line ends (RFC 8551 §3.1.1), and what stands in a mail transport's way (§3.1.2).
//!
//! Knows lines and octets, not headers or parts. A bare CR is no line end: it is kept, and remembered.
use memchr::memchr;
use std::io::{self, Read};

/// The longest line that RFC 5322 §2.1.1 allows, in octets without its line end.
const LINE: usize = 998;
/// Octets read at a time.
const CHUNK: usize = 64 << 10;

/// What was seen in a text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// a LF without CR: the canonical form differs from what was received
    pub bare_lf: bool,
    /// a CR without LF
    pub bare_cr: bool,
    /// a NUL octet
    pub nul: bool,
    /// an octet above 127
    pub eight_bit: bool,
    /// a line longer than 998 octets
    pub long_line: bool,
    /// a CRLF
    pub crlf: bool,
}

impl Seen {
    /// Returns whether the text gets through any mail transport unchanged (RFC 8551 §3.1.2).
    pub const fn is_seven_bit(self) -> bool {
        !(self.eight_bit || self.nul || self.bare_cr || self.long_line)
    }
}

/// Turns line ends into CRLF, chunk by chunk.
#[derive(Debug, Default)]
pub struct Canonicalizer {
    seen: Seen,
    /// Whether the last octet was a CR.
    after_cr: bool,
    /// Octets since the last LF, that CR not counted.
    line: usize,
}

impl Canonicalizer {
    /// Starts at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the canonical form of `chunk` to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if chunk.is_empty() {
            return;
        }
        self.seen.nul = self.seen.nul || memchr(0, chunk).is_some();
        self.seen.eight_bit = self.seen.eight_bit || !chunk.is_ascii();
        // `chunk` from `copied` on is not in `out` yet: all of it is copied at once unless there is a bare LF
        let mut copied = 0;
        let mut from = 0;
        while let Some(rest) = chunk.get(from..)
            && let Some(length) = memchr(b'\n', rest)
        {
            self.push_line(rest.get(..length).unwrap_or_default());
            from += length + 1;
            if self.after_cr {
                self.seen.crlf = true;
            } else {
                self.seen.bare_lf = true;
                out.extend_from_slice(chunk.get(copied..from - 1).unwrap_or_default());
                out.extend_from_slice(b"\r\n");
                copied = from;
            }
            self.after_cr = false;
            self.line = 0;
        }
        self.push_line(chunk.get(from..).unwrap_or_default());
        out.extend_from_slice(chunk.get(copied..).unwrap_or_default());
    }

    /// Settles what is open at the end; appends nothing, since nothing is held back.
    pub fn finish(&mut self, _out: &mut Vec<u8>) {
        self.settle_cr();
    }

    /// Returns what was seen so far (final after `finish`).
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Takes note of octets of one line, without its LF.
    fn push_line(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        self.settle_cr();
        self.after_cr = text.ends_with(b"\r");
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        self.seen.bare_cr = self.seen.bare_cr || memchr(b'\r', text).is_some();
        self.lengthen(text.len());
    }

    /// Takes note that no LF follows the CR that was last, if one was.
    fn settle_cr(&mut self) {
        if std::mem::take(&mut self.after_cr) {
            self.seen.bare_cr = true;
            self.lengthen(1);
        }
    }

    fn lengthen(&mut self, octets: usize) {
        self.line = self.line.saturating_add(octets);
        self.seen.long_line |= self.line > LINE;
    }
}

/// Turns CRLF into LF, chunk by chunk (for output that follows a message with LF line ends); lone CR and LF pass.
///
/// A CRLF behind another CR stays as it is, since LF alone would make one line end of that CR: what is signed keeps its canonical form.
#[derive(Debug, Default)]
pub struct Localizer {
    held_cr: bool,
    /// Whether the last octet before `held_cr` was a CR.
    after_cr: bool,
}

impl Localizer {
    /// Starts at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the local form of `chunk` to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if chunk.is_empty() {
            return;
        }
        if std::mem::take(&mut self.held_cr) {
            self.push_cr(chunk.first(), out);
        }
        let mut rest = chunk;
        while let Some(at) = memchr(b'\r', rest) {
            let (text, from_cr) = rest.split_at_checked(at).unwrap_or((rest, b""));
            self.push_text(text, out);
            rest = from_cr.get(1..).unwrap_or_default();
            self.push_cr(rest.first(), out);
        }
        self.push_text(rest, out);
    }

    fn push_text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.after_cr &= text.is_empty();
        out.extend_from_slice(text);
    }

    fn push_cr(&mut self, next: Option<&u8>, out: &mut Vec<u8>) {
        match next {
            None => self.held_cr = true,
            Some(b'\n') if !self.after_cr => {}
            Some(_) => {
                self.after_cr = true;
                out.push(b'\r');
            }
        }
    }

    /// Appends what is held back at the end.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.held_cr) {
            out.push(b'\r');
        }
    }
}

/// A `Read` adaptor over [`Canonicalizer`].
pub struct CanonicalReader<R> {
    source: R,
    canonicalizer: Canonicalizer,
    chunk: Vec<u8>,
    canonical: Vec<u8>,
    /// How many octets of `canonical` have been handed out.
    taken: usize,
}

impl<R: Read> CanonicalReader<R> {
    /// Reads `source` in canonical form.
    pub fn new(source: R) -> Self {
        Self {
            source,
            canonicalizer: Canonicalizer::new(),
            chunk: vec![0; CHUNK],
            canonical: Vec::with_capacity(CHUNK),
            taken: 0,
        }
    }

    /// Returns what was seen so far (final once `read` returned 0).
    pub fn seen(&self) -> Seen {
        self.canonicalizer.seen()
    }
}

impl<R: Read> Read for CanonicalReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut ready = self.canonical.get(self.taken..).unwrap_or_default();
        if ready.is_empty() && !buf.is_empty() {
            let length = self.source.read(&mut self.chunk)?;
            self.canonical.clear();
            self.taken = 0;
            if length == 0 {
                self.canonicalizer.finish(&mut self.canonical);
            } else {
                self.canonicalizer.push(
                    self.chunk.get(..length).unwrap_or_default(),
                    &mut self.canonical,
                );
            }
            ready = &self.canonical;
        }
        let length = ready.read(buf)?;
        self.taken += length;
        Ok(length)
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
    use crate::encoding::chaos::ChaosReader;
    use proptest::prelude::*;

    fn canonical(text: &[u8]) -> (Vec<u8>, Seen) {
        let mut canonicalizer = Canonicalizer::new();
        let mut out = Vec::new();
        canonicalizer.push(text, &mut out);
        canonicalizer.finish(&mut out);
        (out, canonicalizer.seen())
    }

    fn local(chunks: &[&[u8]]) -> Vec<u8> {
        let mut localizer = Localizer::new();
        let mut out = Vec::new();
        for chunk in chunks {
            localizer.push(chunk, &mut out);
        }
        localizer.finish(&mut out);
        out
    }

    #[test]
    fn writes_crlf_and_remembers() {
        let none = Seen::default();
        for (text, form, seen) in [
            (&b""[..], &b""[..], none),
            (b"a\r\nb", b"a\r\nb", Seen { crlf: true, ..none }),
            (
                b"\na\n\nb\n",
                b"\r\na\r\n\r\nb\r\n",
                Seen {
                    bare_lf: true,
                    ..none
                },
            ),
            (
                b"a\rb\r\r\n",
                b"a\rb\r\r\n",
                Seen {
                    bare_cr: true,
                    crlf: true,
                    ..none
                },
            ),
            (
                b"a\r",
                b"a\r",
                Seen {
                    bare_cr: true,
                    ..none
                },
            ),
            (
                b"a\0\xff",
                b"a\0\xff",
                Seen {
                    nul: true,
                    eight_bit: true,
                    ..none
                },
            ),
        ] {
            assert_eq!(canonical(text), (form.to_vec(), seen));
        }
    }

    #[test]
    fn finds_lines_that_are_too_long() {
        for (length, line_end, long) in [
            (998, "\r\n", false),
            (999, "\r\n", true),
            (998, "\n", false),
            (999, "\n", true),
            (998, "", false),
            (998, "\r", true),
            (998, "\rx", true),
            (999, "", true),
        ] {
            let text = format!("x\n{}{line_end}", "x".repeat(length));
            assert_eq!(
                canonical(text.as_bytes()).1.long_line,
                long,
                "{length} {line_end:?}"
            );
        }
    }

    #[test]
    fn writes_lf() {
        assert_eq!(
            local(&[b"a\r\nb\rc\nd\r", b"\ne\r", b"\r", b"", b"\nf\r"]),
            b"a\nb\rc\nd\ne\r\r\nf\r"
        );
        assert_eq!(local(&[b"\r\r\n\r"]), b"\r\r\n\r");
    }

    proptest! {
        #[test]
        fn does_not_depend_on_chunks(text in "([\r\n\0é]|[a-z]{0,3}|[a-z]{990,1000})*", seed in any::<u64>()) {
            let mut reader = CanonicalReader::new(ChaosReader::new(text.as_bytes(), seed));
            let mut form = Vec::new();
            reader.read_to_end(&mut form).unwrap();
            let (whole, seen) = canonical(text.as_bytes());
            prop_assert_eq!(&form, &whole);
            prop_assert_eq!(reader.seen(), seen);
            prop_assert_eq!(seen.bare_lf, text.as_bytes() != whole);
            // once canonical, always canonical
            let (again, seen) = canonical(&whole);
            prop_assert_eq!(&again, &whole);
            prop_assert!(!seen.bare_lf);
        }

        #[test]
        fn local_form_of_canonical_text_is_the_text(text in "[\na-c]{0,50}", at in 0..50usize) {
            let (form, _) = canonical(text.as_bytes());
            let (head, tail) = form.split_at(at.min(form.len()));
            prop_assert_eq!(local(&[head, tail]), text.into_bytes());
        }

        #[test]
        fn canonical_form_of_local_text_is_the_text(text in "[\r\na]{0,12}", at in 0..12usize) {
            let (form, _) = canonical(text.as_bytes());
            let (head, tail) = form.split_at(at.min(form.len()));
            prop_assert_eq!(canonical(&local(&[head, tail])).0, form);
        }
    }
}
