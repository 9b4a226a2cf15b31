//! What stands in a text that a mail transport may change on its way (RFC 8551 §3.1.2 to 3.1.4, RFC 2045 §2.7).
//!
//! Knows lines and octets, not parts.
use memchr::memchr;

/// The longest line that RFC 5322 §2.1.1 allows, in octets without its line end.
const LINE: usize = 998;
/// What some transports write a `>` before, at the start of a line.
const FROM: &[u8; 5] = b"From ";

/// Looks at a text, chunk by chunk.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Hazards {
    /// an octet above 127
    pub eight_bit: bool,
    /// a NUL octet
    pub nul: bool,
    /// a CR without LF
    pub bare_cr: bool,
    /// a LF without CR: no hazard where line ends are converted
    pub bare_lf: bool,
    /// a line longer than 998 octets
    pub long_line: bool,
    /// a line that begins with `From `
    pub from_line: bool,
    /// a line that ends in a blank
    pub trailing_blank: bool,
    /// octets in all
    pub octets: u64,
    /// those that quoted-printable must escape
    pub escaped: u64,
    line: Line,
}

/// The line begun.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Line {
    /// octets, a CR at its end not counted
    length: usize,
    /// how much of `From ` it is; more than all: it is not
    from: usize,
    /// its last octet, before a CR, is a blank
    blank: bool,
    after_cr: bool,
}

impl Hazards {
    /// Takes a chunk in.
    pub fn push(&mut self, chunk: &[u8]) {
        self.eight_bit = self.eight_bit || !chunk.is_ascii();
        self.nul = self.nul || memchr(0, chunk).is_some();
        self.octets = self.octets.saturating_add(count(chunk.len()));
        let escaped = chunk.iter().filter(|o| is_escaped(**o)).count();
        self.escaped = self.escaped.saturating_add(count(escaped));
        let mut rest = chunk;
        while let Some(end) = memchr(b'\n', rest) {
            let (text, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
            self.text(text);
            self.end_line();
            rest = after.get(1..).unwrap_or_default();
        }
        self.text(rest);
    }

    /// Settles what is open at the end.
    pub fn finish(&mut self) {
        self.settle_cr();
        self.trailing_blank |= self.line.blank;
    }

    /// Returns whether it is 7bit data of RFC 2045 §2.7, line ends aside.
    pub const fn is_seven_bit(&self) -> bool {
        !(self.eight_bit || self.nul || self.bare_cr || self.long_line)
    }

    /// Returns whether it consists of lines of ASCII, however long.
    pub const fn is_ascii_lines(&self) -> bool {
        !(self.eight_bit || self.nul || self.bare_cr)
    }

    /// Returns what was seen, in words; a bare LF is not told.
    pub fn in_words(&self) -> Vec<&'static str> {
        let words = [
            (self.eight_bit, "8-bit octets"),
            (self.nul, "NUL octets"),
            (self.bare_cr, "CR without LF"),
            (self.long_line, "lines over 998 octets"),
            (self.from_line, "lines that begin with \"From \""),
            (self.trailing_blank, "white space at the end of lines"),
        ];
        let seen = words.into_iter().filter(|(seen, _)| *seen);
        seen.map(|(_, words)| words).collect()
    }

    /// Returns whether nothing in it gives a transport cause to change it.
    pub const fn is_safe(&self) -> bool {
        self.is_seven_bit() && !self.from_line && !self.trailing_blank
    }

    /// Takes in octets of one line, without its LF.
    fn text(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        self.settle_cr();
        for octet in text.iter().take(FROM.len().saturating_sub(self.line.from)) {
            self.line.from = match FROM.get(self.line.from) {
                Some(expected) if expected == octet => self.line.from + 1,
                _ => FROM.len() + 1,
            };
        }
        self.from_line |= self.line.from == FROM.len();
        let body = text.strip_suffix(b"\r").unwrap_or(text);
        self.line.after_cr = body.len() < text.len();
        self.bare_cr = self.bare_cr || memchr(b'\r', body).is_some();
        if let Some(last) = body.last() {
            self.line.blank = matches!(last, b' ' | b'\t');
        }
        self.lengthen(body.len());
    }

    fn end_line(&mut self) {
        self.trailing_blank |= self.line.blank;
        self.bare_lf |= !self.line.after_cr;
        self.line = Line::default();
    }

    /// No LF follows the CR that was last, if one was.
    fn settle_cr(&mut self) {
        if std::mem::take(&mut self.line.after_cr) {
            self.bare_cr = true;
            self.line.blank = false;
            self.lengthen(1);
        }
    }

    fn lengthen(&mut self, octets: usize) {
        self.line.length = self.line.length.saturating_add(octets);
        self.long_line |= self.line.length > LINE;
    }
}

/// RFC 2045 §6.7 (2), (3): all but these may stand as they are, blanks at the end of a line aside.
const fn is_escaped(octet: u8) -> bool {
    !matches!(octet, b' '..=b'<' | b'>'..=b'~' | b'\t' | b'\r' | b'\n')
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::mime::canonical::Canonicalizer;
    use proptest::prelude::*;

    fn look(text: &[u8]) -> Hazards {
        let mut hazards = Hazards::default();
        hazards.push(text);
        hazards.finish();
        hazards
    }

    #[test]
    fn sees_what_a_transport_may_change() {
        type Seen = fn(&Hazards) -> bool;
        let cases: [(&[u8], Seen); 10] = [
            (b"caf\xc3\xa9", |h| h.eight_bit),
            (b"a\0b", |h| h.nul),
            (b"a\rb\r\n", |h| h.bare_cr),
            (b"a\r", |h| h.bare_cr),
            (b"From here\r\n", |h| h.from_line),
            (b"x\nFrom \n", |h| h.from_line),
            (b"x \r\ny", |h| h.trailing_blank),
            (b"x\t\ny", |h| h.trailing_blank),
            (b"-- ", |h| h.trailing_blank),
            (b"\r\n \r\n", |h| h.trailing_blank),
        ];
        for (text, seen) in cases {
            let hazards = look(text);
            assert!(seen(&hazards) && !hazards.is_safe(), "{text:?}");
        }
        for text in [
            &b""[..],
            b"plain\r\n text\r\n",
            b"From\r\nfrom here\r\n From here\r\n>From here\r\nxFrom here",
            b"a\nb\n",
            b".\r\n..\r\n",
        ] {
            assert!(look(text).is_safe(), "{text:?}");
        }
        assert_eq!(look(b"a=b\xff").escaped, 2);
        assert_eq!(look(b"a=b\xff").octets, 4);
    }

    proptest! {
        #[test]
        fn does_not_depend_on_chunks(text in "([ \r\n\0é]|From |[a-z]{0,3}|[a-z]{990,1000})*", sizes in proptest::collection::vec(1usize..9, 1..20)) {
            let text = text.as_bytes();
            let mut hazards = Hazards::default();
            let (mut rest, mut sizes) = (text, sizes.iter().cycle());
            while !rest.is_empty() {
                let (chunk, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                hazards.push(chunk);
                rest = tail;
            }
            hazards.finish();
            prop_assert_eq!(hazards, look(text));
            let mut canonicalizer = Canonicalizer::new();
            canonicalizer.push(text, &mut Vec::new());
            canonicalizer.finish(&mut Vec::new());
            let seen = canonicalizer.seen();
            prop_assert_eq!(
                (seen.eight_bit, seen.nul, seen.bare_cr, seen.bare_lf, seen.long_line),
                (hazards.eight_bit, hazards.nul, hazards.bare_cr, hazards.bare_lf, hazards.long_line)
            );
        }
    }
}
