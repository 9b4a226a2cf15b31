//! The canonical form of text, CRLF line ends (RFC 8551 §3.1.1), and back.
//!
//! Knows lines and octets, not headers or parts. A bare CR is no line end: it is kept.
use memchr::memchr_iter;
use std::io::{self, Read};

/// Octets read at a time.
const CHUNK: usize = 64 << 10;

/// The line ends seen in a text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct LineEnds {
    /// a CRLF
    pub crlf: bool,
    /// a LF without CR: the canonical form differs from what was received
    pub lf: bool,
}

impl LineEnds {
    /// Looks at a whole text.
    pub fn of(text: &[u8]) -> Self {
        let mut canonicalizer = Canonicalizer::new();
        canonicalizer.look(text);
        canonicalizer.seen
    }
}

/// Turns line ends into CRLF, chunk by chunk.
#[derive(Debug, Default)]
pub struct Canonicalizer {
    seen: LineEnds,
    /// Whether the last octet was a CR.
    after_cr: bool,
    bare_cr: bool,
    /// Whether a CR stands in the last chunk, or right before it.
    cr: bool,
}

impl Canonicalizer {
    /// Starts at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the canonical form of `chunk` into `form`; false, and `form` is as it was: it is the chunk itself, whose lines all end in CRLF.
    pub fn convert(&mut self, chunk: &[u8], form: &mut Vec<u8>) -> bool {
        let after_cr = self.after_cr;
        let is_other = self.look(chunk);
        if is_other {
            form.clear();
            expand(chunk, after_cr, form);
        }
        is_other
    }

    /// Returns the canonical form of `chunk`: the chunk itself, or what is made of it in `room`.
    pub fn form<'t>(&mut self, chunk: &'t [u8], room: &'t mut Vec<u8>) -> &'t [u8] {
        match self.convert(chunk, room) {
            true => room,
            false => chunk,
        }
    }

    /// Appends the canonical form of `chunk` to `out`. Nothing is held back: there is no end to be told of.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let after_cr = self.after_cr;
        if self.look(chunk) {
            expand(chunk, after_cr, out);
        } else {
            out.extend_from_slice(chunk);
        }
    }

    /// Takes a chunk in; returns whether its canonical form is another. Every pair of octets is looked at
    /// without a branch: the compiler takes many at once.
    fn look(&mut self, chunk: &[u8]) -> bool {
        let Some(last) = chunk.last() else {
            return false;
        };
        let after_cr = std::mem::replace(&mut self.after_cr, *last == b'\r');
        let (mut crlf, mut lf, mut bare_cr) = (0, 0, 0);
        for (a, b) in chunk.iter().zip(chunk.get(1..).unwrap_or_default()) {
            let (cr, end) = (u8::from(*a == b'\r'), u8::from(*b == b'\n'));
            crlf |= cr & end;
            lf |= !cr & end;
            bare_cr |= cr & !end;
        }
        let begins = chunk.starts_with(b"\n");
        self.bare_cr |= bare_cr != 0 || after_cr && !begins;
        self.cr = crlf != 0 || bare_cr != 0 || after_cr || self.after_cr;
        self.seen.crlf |= crlf != 0 || begins && after_cr;
        let is_other = lf != 0 || begins && !after_cr;
        self.seen.lf |= is_other;
        is_other
    }

    /// Returns the line ends seen so far.
    pub fn seen(&self) -> LineEnds {
        self.seen
    }

    /// Returns whether a CR stands in the chunk that was taken in last, or right before it: without one its lines end in LF alone.
    pub fn last_has_cr(&self) -> bool {
        self.cr
    }

    /// Ends the text: a CR that was last stands alone.
    pub fn finish(&mut self) {
        self.bare_cr |= std::mem::take(&mut self.after_cr);
    }

    /// Returns whether a CR that stands alone was seen; of the last octet [`Self::finish`] decides.
    pub fn has_bare_cr(&self) -> bool {
        self.bare_cr
    }
}

/// Appends the canonical form of a chunk; `after_cr`: it follows a CR.
fn expand(chunk: &[u8], mut after_cr: bool, out: &mut Vec<u8>) {
    // lines of mail are some 30 to 80 octets
    out.reserve(chunk.len() + chunk.len() / 30 + LINE);
    let mut from = 0;
    for at in memchr_iter(b'\n', chunk) {
        let text = chunk.get(from..).unwrap_or_default();
        let length = at - from;
        append(text, length, out);
        after_cr = match length {
            0 => after_cr && from == 0,
            _ => text.get(length - 1) == Some(&b'\r'),
        };
        match after_cr {
            true => out.push(b'\n'),
            false => out.extend_from_slice(b"\r\n"),
        }
        from = at + 1;
    }
    out.extend_from_slice(chunk.get(from..).unwrap_or_default());
}

/// Lines of mail are up to 80 octets.
const LINE: usize = 96;

/// Appends the first octets of a text, a line. A short one is copied with what follows it, which is cut off again: so many octets are always a few moves,
/// where a call and a branch that nobody can foresee take longer.
#[inline]
fn append(text: &[u8], length: usize, out: &mut Vec<u8>) {
    match text.first_chunk::<LINE>() {
        Some(block) if length <= LINE => {
            let end = out.len() + length;
            out.extend_from_slice(block);
            out.truncate(end);
        }
        _ => out.extend_from_slice(text.get(..length).unwrap_or_default()),
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
        out.reserve(chunk.len() + LINE);
        let mut from = 0;
        for at in memchr_iter(b'\r', chunk) {
            self.after_cr &= at == from;
            append(chunk.get(from..).unwrap_or_default(), at - from, out);
            from = at + 1;
            self.push_cr(chunk.get(from), out);
        }
        let rest = chunk.get(from..).unwrap_or_default();
        self.after_cr &= rest.is_empty();
        out.extend_from_slice(rest);
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

    /// Returns the line ends seen so far.
    pub fn seen(&self) -> LineEnds {
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
            self.canonicalizer.push(
                self.chunk.get(..length).unwrap_or_default(),
                &mut self.canonical,
            );
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

    fn canonical(text: &[u8]) -> (Vec<u8>, LineEnds) {
        let mut canonicalizer = Canonicalizer::new();
        let mut out = Vec::new();
        canonicalizer.push(text, &mut out);
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
        for (text, form, crlf, lf) in [
            (&b""[..], &b""[..], false, false),
            (b"a", b"a", false, false),
            (b"a\r\nb", b"a\r\nb", true, false),
            (b"\na\n\nb\n", b"\r\na\r\n\r\nb\r\n", false, true),
            (b"a\rb\r\r\n", b"a\rb\r\r\n", true, false),
            (b"a\r\n\n", b"a\r\n\r\n", true, true),
            (b"\r\n\r", b"\r\n\r", true, false),
            (b"a\0\xff\r", b"a\0\xff\r", false, false),
            (&[b'\n'; 200], &b"\r\n".repeat(200), false, true),
        ] {
            assert_eq!(canonical(text), (form.to_vec(), LineEnds { crlf, lf }));
        }
    }

    /// As long as what is copied at once, and around it; followed by enough for that, or not.
    #[test]
    fn lines_of_any_length() {
        for length in [0, 1, LINE - 1, LINE, LINE + 1, 3 * LINE] {
            for after in [0, 1, LINE, 2 * LINE] {
                let (line, rest) = (vec![b'a'; length], vec![b'b'; after]);
                for (end, form) in [(&b"\n"[..], &b"\r\n"[..]), (b"\r\n", b"\r\n")] {
                    let text = [b"\n", line.as_slice(), end, &rest].concat();
                    let wanted = [b"\r\n", line.as_slice(), form, &rest].concat();
                    assert!(canonical(&text).0 == wanted, "{length} {after} {end:?}");
                }
            }
        }
    }

    #[test]
    fn knows_each_cr() {
        for (chunks, last_has_cr, bare) in [
            (&[&b"a\n"[..]][..], false, false),
            (&[b"a\r\n"], true, false),
            (&[b"a\r", b"\n"], true, false),
            (&[b"a\r\n", b"b\n"], false, false),
            (&[b"a\r", b"b\n"], true, true),
            (&[b"a\r"], true, true),
            (&[b"a\rb", b"c"], false, true),
            (&[b"\r\r\n"], true, true),
            (&[b""], false, false),
        ] {
            let mut canonicalizer = Canonicalizer::new();
            for chunk in chunks {
                canonicalizer.push(chunk, &mut Vec::new());
            }
            assert_eq!(canonicalizer.last_has_cr(), last_has_cr, "{chunks:?}");
            canonicalizer.finish();
            assert_eq!(canonicalizer.has_bare_cr(), bare, "{chunks:?}");
        }
    }

    #[test]
    fn what_is_canonical_is_not_copied() {
        let mut canonicalizer = Canonicalizer::new();
        let mut room = b"before".to_vec();
        assert_eq!(canonicalizer.form(b"a\r\nb\r", &mut room), b"a\r\nb\r");
        assert_eq!(canonicalizer.form(b"\nc", &mut room), b"\nc");
        assert_eq!(room, b"before");
        assert_eq!(canonicalizer.form(b"\nd", &mut room), b"\r\nd");
    }

    #[test]
    fn writes_lf() {
        assert_eq!(
            local(&[b"a\r\nb\rc\nd\r", b"\ne\r", b"\r", b"", b"\nf\r"]),
            b"a\nb\rc\nd\ne\r\r\nf\r"
        );
        assert_eq!(local(&[b"\r\r\n\r"]), b"\r\r\n\r");
    }

    /// Octet by octet.
    fn plain(text: &[u8], mut before: u8) -> Vec<u8> {
        let mut out = Vec::new();
        for octet in text {
            if *octet == b'\n' && before != b'\r' {
                out.push(b'\r');
            }
            out.push(*octet);
            before = *octet;
        }
        out
    }

    proptest! {
        /// Whatever stands before it, and whatever the room held.
        #[test]
        fn is_what_it_is_octet_by_octet(
            texts in prop::collection::vec("([\r\n]{1,3}|[ -~]{0,3}|[ -~]{60,110}|[ -~]{300,400}){0,12}", 1..6),
        ) {
            let (mut pusher, mut converter) = (Canonicalizer::new(), Canonicalizer::new());
            let (mut all, mut wanted) = (Vec::new(), Vec::new());
            let mut room = vec![b'?'; 500];
            let mut before = 0;
            for text in texts.iter().map(String::as_bytes) {
                let form = plain(text, before);
                before = *text.last().unwrap_or(&before);
                wanted.extend_from_slice(&form);
                pusher.push(text, &mut all);
                prop_assert!(all == wanted);
                let found = if converter.convert(text, &mut room) { &room } else { text };
                prop_assert!(found == form);
            }
        }

        #[test]
        fn does_not_depend_on_chunks(text in "([\r\n\0é]|[a-z]{0,3}|[a-z]{90,100}|[a-z]{990,1000})*", seed in any::<u64>()) {
            let mut reader = CanonicalReader::new(ChaosReader::new(text.as_bytes(), seed));
            let mut form = Vec::new();
            reader.read_to_end(&mut form).unwrap();
            let (whole, seen) = canonical(text.as_bytes());
            prop_assert_eq!(&form, &whole);
            prop_assert_eq!(reader.seen(), seen);
            prop_assert_eq!(seen.lf, text.as_bytes() != whole);
            // once canonical, always canonical
            let (again, seen) = canonical(&whole);
            prop_assert_eq!(&again, &whole);
            prop_assert!(!seen.lf);
        }

        #[test]
        fn local_form_of_canonical_text_is_the_text(text in "([\na-c]{0,50}|[a-z]{90,100}){0,6}", at in 0..300usize) {
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
