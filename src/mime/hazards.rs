//! What stands in a text that a mail transport may change on its way (RFC 8551 §3.1.2 to 3.1.4, RFC 2045 §2.7).
//!
//! Knows lines and octets, not parts.
use memchr::{memchr, memmem, memrchr};

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
        self.octets = self.octets.saturating_add(count(chunk.len()));
        let escaped: u64 = chunk.chunks(COUNTED).map(escaped).sum();
        self.escaped = self.escaped.saturating_add(escaped);
        // what is neither escaped nor a line end is none of what is looked for here
        if escaped > 0 {
            self.look(chunk);
        }
        // the lines that begin and end in the chunk, all at once; what is before and after them
        let Some((first, last)) = memchr(b'\n', chunk).zip(memrchr(b'\n', chunk)) else {
            return self.text(chunk);
        };
        let (before, whole) = chunk.split_at_checked(first + 1).unwrap_or((chunk, b""));
        let (whole, after) = whole.split_at_checked(last - first).unwrap_or((b"", whole));
        self.text(before.strip_suffix(b"\n").unwrap_or(before));
        self.end_line();
        self.lines(whole);
        self.text(after);
    }

    /// Sees which octets there are, however lines are divided.
    fn look(&mut self, chunk: &[u8]) {
        self.eight_bit = self.eight_bit || !chunk.is_ascii();
        self.nul = self.nul || memchr(0, chunk).is_some();
    }

    /// Takes in whole lines, each with its LF. Every pair of octets is looked at without a branch: the compiler takes many at once.
    fn lines(&mut self, lines: &[u8]) {
        let Some(first) = lines.first() else {
            return;
        };
        self.bare_lf |= *first == b'\n';
        self.from_line |= lines.starts_with(FROM);
        let after = lines.get(1..).unwrap_or_default();
        let pairs = lines.iter().zip(after);
        let (mut bare_lf, mut bare_cr, mut blank, mut f) = (0, 0, 0, 0);
        for (a, b) in pairs.clone() {
            let (cr, lf) = (u8::from(*a == b'\r'), u8::from(*b == b'\n'));
            bare_lf |= lf & !cr;
            bare_cr |= cr & !lf;
            blank |= u8::from(is_blank(*a)) & lf;
            f |= u8::from(*a == b'\n') & u8::from(*b == b'F');
        }
        if memchr(b'\r', lines).is_some() {
            for ((before, a), b) in pairs.zip(after.get(1..).unwrap_or_default()) {
                blank |=
                    u8::from(is_blank(*before)) & u8::from(*a == b'\r') & u8::from(*b == b'\n');
            }
        }
        self.bare_lf |= bare_lf != 0;
        self.bare_cr |= bare_cr != 0;
        self.trailing_blank |= blank != 0;
        self.from_line = self.from_line || f != 0 && memmem::find(lines, b"\nFrom ").is_some();
        self.long_line = self.long_line || has_long_line(lines);
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
            self.line.blank = is_blank(*last);
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

/// Returns whether one of these whole lines is too long, going on by as many as can be.
fn has_long_line(lines: &[u8]) -> bool {
    let mut rest = lines;
    while rest.len() > LINE {
        let window = rest.get(..LINE + 2).unwrap_or(rest);
        let (line_end, before) = match memrchr(b'\n', window) {
            None => return true,
            Some(at) => (at, window.get(..at).unwrap_or_default()),
        };
        // the last may be that of a line as long as the window
        let next = match memrchr(b'\n', before) {
            Some(at) if line_end > LINE => at,
            None if line_end > LINE && !before.ends_with(b"\r") => return true,
            _ => line_end,
        };
        rest = rest.get(next + 1..).unwrap_or_default();
    }
    false
}

/// How many octets are counted at a time: a count of so many is an octet.
const COUNTED: usize = 255;

/// Counts the octets to be escaped among so many.
fn escaped(octets: &[u8]) -> u64 {
    let escaped = |sum: u8, octet: &u8| sum.wrapping_add(u8::from(is_escaped(*octet)));
    u64::from(octets.iter().fold(0, escaped))
}

const fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
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
    use proptest::prelude::*;

    fn look(text: &[u8]) -> Hazards {
        let mut hazards = Hazards::default();
        hazards.push(text);
        hazards.finish();
        hazards
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
            for (before, after) in [("x\n", ""), ("", ""), ("x\n\ny\r\n", "z\n"), ("\n", "\n\n")] {
                // what follows is another line
                let after = if line_end.ends_with('\n') { after } else { "" };
                let text = format!("{before}{}{line_end}{after}", "x".repeat(length));
                assert_eq!(
                    look(text.as_bytes()).long_line,
                    long,
                    "{length} {line_end:?}"
                );
            }
        }
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
            let mut hazards = Hazards::default();
            let (mut rest, mut sizes) = (text.as_bytes(), sizes.iter().cycle());
            while !rest.is_empty() {
                let (chunk, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                hazards.push(chunk);
                rest = tail;
            }
            hazards.finish();
            prop_assert_eq!(hazards, look(text.as_bytes()));
            // as RFC 5322 §2.1.1 and RFC 2045 §2.7 have it, octet by octet
            let lines: Vec<&str> = text.split('\n').collect();
            let (last, ended) = lines.split_last().unwrap();
            let bare = |line: &str| line.contains('\r');
            let body = |line: &'_ str| line.strip_suffix('\r').unwrap_or(line).to_owned();
            prop_assert_eq!(hazards.bare_cr, bare(last) || ended.iter().any(|line| bare(&body(line))));
            prop_assert_eq!(hazards.bare_lf, ended.iter().any(|line| !line.ends_with('\r')));
            prop_assert_eq!(hazards.long_line, last.len() > LINE || ended.iter().any(|line| body(line).len() > LINE));
            let blank = |line: &str| line.ends_with([' ', '\t']);
            prop_assert_eq!(hazards.trailing_blank, blank(last) || ended.iter().any(|line| blank(&body(line))));
            prop_assert_eq!(hazards.from_line, lines.iter().any(|line| line.starts_with("From ")));
            prop_assert_eq!(hazards.escaped, text.bytes().filter(|o| is_escaped(*o)).count() as u64);
        }
    }
}
