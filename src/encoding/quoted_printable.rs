//! Quoted-printable of RFC 2045 §6.7 as streams, tolerant in and strict out. Knows no message around the text.
use memchr::memchr2;
use std::io::{self, Read, Write};

/// Characters taken from the source at a time.
const TEXT: usize = 32 << 10;
/// White space, or an escape, that is held back until what follows decides about it. RFC 2045 has no lines longer than
/// 76, so more than this is no white space that a transport added, and passes.
const HELD: usize = 1000;

/// Decodes while it is read; malformed `=XY` is passed through as it stands (RFC 2045 §6.7 note) and remembered.
///
/// White space before a line end is dropped, as §6.7 rule 3 demands. Line ends stay what they are.
pub struct Decoder<R> {
    source: R,
    /// What was read and not decoded; its end may wait for what follows.
    text: Vec<u8>,
    octets: Vec<u8>,
    /// How many of `octets` have been handed out.
    taken: usize,
    ended: bool,
    tolerated: bool,
}

impl<R: Read> Decoder<R> {
    /// Reads quoted-printable from `source`.
    pub fn new(source: R) -> Self {
        Self {
            source,
            text: Vec::with_capacity(TEXT + HELD),
            octets: Vec::with_capacity(TEXT + HELD),
            taken: 0,
            ended: false,
            tolerated: false,
        }
    }

    /// Returns whether malformed escapes were passed through.
    pub fn tolerated(&self) -> bool {
        self.tolerated
    }

    /// Reads the next piece of the source and decodes what can be.
    fn refill(&mut self) -> io::Result<()> {
        let held = self.text.len();
        self.text.resize(held + TEXT, 0);
        let result = self
            .source
            .read(self.text.get_mut(held..).unwrap_or_default());
        self.text
            .truncate(held + result.as_ref().copied().unwrap_or(0));
        self.ended = result? == 0;
        self.octets.clear();
        self.taken = 0;
        let undecided = self.decode();
        self.text.drain(..self.text.len() - undecided);
        Ok(())
    }

    /// Decodes `text`, except for an end that waits for what follows, whose length it returns.
    fn decode(&mut self) -> usize {
        let mut text = self.text.as_slice();
        loop {
            let at = memchr2(b'=', b'\n', text).unwrap_or(text.len());
            let (plain, rest) = text.split_at_checked(at).unwrap_or((text, b""));
            match rest.split_first() {
                None => {
                    let line = if self.ended {
                        plain
                    } else {
                        plain.strip_suffix(b"\r").unwrap_or(plain)
                    };
                    let kept = without_trailing_blanks(line).len();
                    let kept = if self.ended || plain.len() - kept <= HELD {
                        kept
                    } else {
                        plain.len()
                    };
                    self.octets.extend(plain.iter().take(kept));
                    return if self.ended { 0 } else { plain.len() - kept };
                }
                Some((b'=', after)) => {
                    self.octets.extend_from_slice(plain);
                    text = match escape(after, self.ended) {
                        Escape::Octet(octet, after) => {
                            self.octets.push(octet);
                            after
                        }
                        Escape::SoftLineEnd(after) => after,
                        Escape::Malformed => {
                            self.tolerated = true;
                            self.octets.push(b'=');
                            after
                        }
                        Escape::Undecided => return rest.len(),
                    };
                }
                Some((_, after)) => {
                    let carriage_return = plain.strip_suffix(b"\r");
                    self.octets.extend_from_slice(without_trailing_blanks(
                        carriage_return.unwrap_or(plain),
                    ));
                    self.octets.extend_from_slice(match carriage_return {
                        Some(_) => b"\r\n",
                        None => b"\n",
                    });
                    text = after;
                }
            }
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            let mut ready = self.octets.get(self.taken..).unwrap_or_default();
            if !ready.is_empty() {
                let length = ready.read(buf)?;
                self.taken += length;
                return Ok(length);
            }
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
    }
}

enum Escape<'a> {
    Octet(u8, &'a [u8]),
    SoftLineEnd(&'a [u8]),
    Malformed,
    Undecided,
}

/// Tells what the text after a `=` makes of it.
fn escape(text: &[u8], ended: bool) -> Escape<'_> {
    if let Some((&[high, low], after)) = text.split_first_chunk()
        && let (Some(high), Some(low)) = (hexadecimal(high), hexadecimal(low))
    {
        return Escape::Octet(high << 4 | low, after);
    }
    let blanks = text.iter().take_while(|o| is_blank(**o)).count();
    match text.get(blanks..).unwrap_or_default() {
        [b'\n', after @ ..] | [b'\r', b'\n', after @ ..] => Escape::SoftLineEnd(after),
        [] if ended => Escape::SoftLineEnd(b""),
        [] | [b'\r'] if !ended && blanks <= HELD => Escape::Undecided,
        [digit] if !ended && blanks == 0 && hexadecimal(*digit).is_some() => Escape::Undecided,
        _ => Escape::Malformed,
    }
}

/// Returns the value of a digit of either case: RFC 2045 §6.7 (1) lets robust decoders recognise the lower one.
fn hexadecimal(octet: u8) -> Option<u8> {
    char::from(octet)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

fn without_trailing_blanks(line: &[u8]) -> &[u8] {
    let blanks = line.iter().rev().take_while(|o| is_blank(**o)).count();
    line.get(..line.len() - blanks).unwrap_or_default()
}

/// Characters of a line, without its soft line end (RFC 2045 §6.7 (5): at most 76 with it).
const LINE: usize = 75;
/// Characters written at a time.
const BLOCK: usize = 16 << 10;

/// Encodes text: line ends in the input (LF or CRLF) become `line_end`, everything unsafe is escaped, lines are at most 76 long.
///
/// Escapes also what old mailers change: `From ` and a lone dot at the start of a line; and two hyphens there, since a line that is cut here might
/// else become a delimiter of the multipart around it (RFC 2046 §5.1.1).
pub struct Encoder<W: Write> {
    sink: W,
    line_end: &'static str,
    /// Finished lines, and after `line_start` the one begun.
    lines: Vec<u8>,
    line_start: usize,
    /// A blank or CR that waits: a LF after it decides how it is written.
    held: Option<u8>,
}

impl<W: Write> Encoder<W> {
    /// Writes quoted-printable to `sink`.
    pub fn new(sink: W, line_end: &'static str) -> Self {
        Self {
            sink,
            line_end,
            lines: Vec::with_capacity(BLOCK + 2 * LINE),
            line_start: 0,
            held: None,
        }
    }

    /// Returns the sink, to take out what was encoded so far.
    pub fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes what is held back; must be called.
    pub fn finish(mut self) -> io::Result<W> {
        self.release(true);
        self.guard();
        self.sink.write_all(&self.lines)?;
        Ok(self.sink)
    }

    fn push(&mut self, octet: u8) {
        match octet {
            b'\n' => {
                if self.held == Some(b'\r') {
                    self.held = None;
                }
                self.release(true);
                self.end_line();
            }
            b'\r' => {
                // it may be half a line end, before which no blank may stand as it is
                self.release(true);
                self.held = Some(octet);
            }
            b' ' | b'\t' => {
                self.release(false);
                self.held = Some(octet);
            }
            b'!'..=b'<' | b'>'..=b'~' => {
                self.release(false);
                self.literal(octet);
            }
            _ => {
                self.release(false);
                self.escaped(octet);
            }
        }
    }

    /// Writes the octet that waited, a CR always escaped, a blank if a line end may follow.
    fn release(&mut self, before_line_end: bool) {
        match self.held.take() {
            Some(octet) if before_line_end || octet == b'\r' => self.escaped(octet),
            Some(octet) => self.literal(octet),
            None => (),
        }
    }

    fn literal(&mut self, octet: u8) {
        self.make_room(1);
        if octet == b' ' && self.line() == b"From" {
            self.lines.truncate(self.line_start);
            self.lines.extend_from_slice(b"=46rom");
        } else if octet == b'-' && self.line() == b"-" {
            self.lines.truncate(self.line_start);
            self.lines.extend_from_slice(b"=2D");
        }
        self.lines.push(octet);
    }

    fn escaped(&mut self, octet: u8) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.make_room(3);
        self.lines.push(b'=');
        for digit in [octet >> 4, octet & 15] {
            self.lines.extend(DIGITS.get(usize::from(digit)));
        }
    }

    fn make_room(&mut self, characters: usize) {
        if self.line().len() + characters > LINE {
            self.lines.push(b'=');
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.guard();
        self.lines.extend_from_slice(self.line_end.as_bytes());
        self.line_start = self.lines.len();
    }

    /// Escapes a dot that is a whole line: it ends the message in SMTP (RFC 5321 §4.5.2) where a mailer forgets to double it.
    fn guard(&mut self) {
        if self.line() == b"." {
            self.lines.truncate(self.line_start);
            self.lines.extend_from_slice(b"=2E");
        }
    }

    fn line(&self) -> &[u8] {
        self.lines.get(self.line_start..).unwrap_or_default()
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let part = buf.get(..BLOCK / 3).unwrap_or(buf);
        for &octet in part {
            self.push(octet);
        }
        self.sink
            .write_all(self.lines.get(..self.line_start).unwrap_or_default())?;
        self.lines.drain(..self.line_start);
        self.line_start = 0;
        Ok(part.len())
    }

    /// Flushes the sink; a line begun stays here until it is whole or the text is finished.
    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
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

    fn decode(text: &[u8]) -> (Vec<u8>, bool) {
        let mut decoder = Decoder::new(text);
        let mut octets = Vec::new();
        decoder.read_to_end(&mut octets).unwrap();
        (octets, decoder.tolerated())
    }

    fn encode(octets: &[u8]) -> String {
        let mut encoder = Encoder::new(Vec::new(), "\r\n");
        encoder.write_all(octets).unwrap();
        String::from_utf8(encoder.finish().unwrap()).unwrap()
    }

    #[test]
    fn decodes_regular_text() {
        for (text, octets) in [
            (&b""[..], &b""[..]),
            (b"a=3Db", b"a=b"),
            (b"a=3db", b"a=b"),
            (b"soft=\r\n line", b"soft line"),
            (b"soft= \t\r\nline", b"softline"),
            (b"soft=\nline=", b"softline"),
            (
                b"blank \t\r\nblank \nkept=20\r\nend  ",
                b"blank\r\nblank\nkept \r\nend",
            ),
            (b"a b\tc \rd\r", b"a b\tc \rd\r"),
        ] {
            assert_eq!(decode(text), (octets.to_vec(), false));
        }
    }

    #[test]
    fn passes_malformed_escapes() {
        for text in [
            &b"a=b"[..],
            b"a==b",
            b"=\r",
            b"= x",
            b"=4",
            b"=zz\r\n",
            b"=\rx",
        ] {
            assert_eq!(decode(text), (text.to_vec(), true));
        }
        assert_eq!(decode(b"==41"), (b"=A".to_vec(), true));
    }

    #[test]
    fn does_not_hold_endless_white_space() {
        let mut text = b"a".to_vec();
        text.resize(1 << 20, b' ');
        text.push(b'b');
        assert_eq!(decode(&text), (text.clone(), false));
    }

    #[test]
    fn encodes_what_must_be() {
        for (octets, text) in [
            (&b"plain text\n"[..], "plain text\r\n"),
            (b"a=b\r\n", "a=3Db\r\n"),
            (b"blank \ntab\t\r\nend ", "blank=20\r\ntab=09\r\nend=20"),
            (b"a\rb \r", "a=0Db=20=0D"),
            (b"\xc3\xa9\0", "=C3=A9=00"),
            (
                b"From here\nnot From there\n",
                "=46rom here\r\nnot From there\r\n",
            ),
            (b".\n..\n.", "=2E\r\n..\r\n=2E"),
            (
                b"-\n-- \n---x\n--b\n",
                "-\r\n=2D-=20\r\n=2D--x\r\n=2D-b\r\n",
            ),
        ] {
            assert_eq!(encode(octets), text);
        }
        // where a line is cut, no delimiter begins
        let text = ["x".repeat(LINE).as_bytes(), b"--b\n"].concat();
        assert_eq!(encode(&text), format!("{}=\r\n=2D-b\r\n", "x".repeat(LINE)));
    }

    proptest! {
        #[test]
        fn returns_what_was_written(octets in "([ -~\t\r\né]|[a-z ]{60,90})*", seed in any::<u64>()) {
            let mut encoder = Encoder::new(Vec::new(), "\r\n");
            io::copy(&mut ChaosReader::new(octets.as_bytes(), seed), &mut encoder).unwrap();
            let text = String::from_utf8(encoder.finish().unwrap()).unwrap();
            prop_assert_eq!(&text, &encode(octets.as_bytes()));
            for line in text.split("\r\n") {
                prop_assert!(line.len() <= 76 && !line.ends_with([' ', '\t']), "{}", line);
                prop_assert!(line.bytes().all(|o| matches!(o, b' '..=b'~' | b'\t')), "{}", line);
            }
            let mut decoder = Decoder::new(ChaosReader::new(text.as_bytes(), seed));
            let mut back = Vec::new();
            decoder.read_to_end(&mut back).unwrap();
            let canonical = octets.replace("\r\n", "\n").replace('\n', "\r\n");
            prop_assert_eq!(back, canonical.into_bytes());
            prop_assert!(!decoder.tolerated());
        }

        #[test]
        fn does_not_depend_on_chunks(text in "[=4A \t\r\nx]{0,100}", seed in any::<u64>()) {
            let mut decoder = Decoder::new(ChaosReader::new(text.as_bytes(), seed));
            let mut octets = Vec::new();
            decoder.read_to_end(&mut octets).unwrap();
            prop_assert_eq!((octets, decoder.tolerated()), decode(text.as_bytes()));
        }
    }
}
