//! Base64 of RFC 2045 §6.8 as streams, tolerant in and strict out.
//!
//! Knows octets and characters, nothing of MIME or PEM around them. Whatever the decoder tolerates it remembers; whether
//! that matters is decided above. Both directions work on blocks of many lines, with buffers that never move and are
//! wiped when dropped, since PEM carries private keys through here.
use base64_simd::{AsOut, STANDARD, STANDARD_NO_PAD};
use memchr::memchr;
use std::io::{self, BufRead, Read, Write};
use zeroize::Zeroizing;

/// What a decoder tolerated; each becomes a finding above.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tolerated {
    /// Characters outside the alphabet were skipped (other than white space), a misplaced `=` among them.
    pub junk: bool,
    /// The last quantum had no padding, or not enough.
    pub unpadded: bool,
    /// Non-blank text after the padding was ignored.
    pub after_end: bool,
    /// Bits of the last character that belong to no octet were not zero (RFC 4648 §3.5).
    pub trailing_bits: bool,
}

/// Characters taken from the source at a time: so many at first, and twice as many whenever it gave as many, up to so many. What is wiped must be
/// touched, and most of what comes through here is a key or a certificate.
const FIRST_TEXT: usize = 4 << 10;
const TEXT: usize = 32 << 10;

/// Decodes base64 from `R` while it is read.
pub struct Decoder<R> {
    source: R,
    text: Zeroizing<Vec<u8>>,
    /// Characters of the alphabet that do not make a quantum yet; never more than three between two reads.
    digits: Zeroizing<Vec<u8>>,
    octets: Zeroizing<Vec<u8>>,
    /// How many of `octets` have been handed out.
    taken: usize,
    /// The `=` that may still follow, once the first was seen.
    padding: Option<usize>,
    tolerated: Tolerated,
    /// The source gave as much as was asked for.
    plenty: bool,
}

impl<R: Read> Decoder<R> {
    /// Reads base64 from `source`.
    pub fn new(source: R) -> Self {
        Self {
            source,
            text: Zeroizing::new(vec![0; FIRST_TEXT]),
            digits: room(FIRST_TEXT + 4),
            octets: room(FIRST_TEXT / 4 * 3 + 3),
            plenty: false,
            taken: 0,
            padding: None,
            tolerated: Tolerated::default(),
        }
    }

    /// Returns what was tolerated so far (final once `read` returned 0).
    pub fn tolerated(&self) -> Tolerated {
        self.tolerated
    }

    /// Gives the source back.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Decodes the next piece of the source; false at its end.
    fn refill(&mut self) -> io::Result<bool> {
        self.octets.clear();
        self.taken = 0;
        if self.plenty && self.text.len() < TEXT {
            self.grow();
        }
        let length = self.source.read(&mut self.text)?;
        self.plenty = length == self.text.len();
        let text = self.text.get(..length).unwrap_or_default();
        if text.is_empty() {
            return Ok(self.end_without_padding());
        }
        if self.padding.is_some() {
            check_after_end(&mut self.padding, &mut self.tolerated, text);
            return Ok(true);
        }
        join_lines(text, &mut self.digits);
        if !self.decode_quanta() {
            self.sift();
            self.decode_quanta();
            if self.padding.is_some() {
                self.decode_last();
            }
        }
        Ok(true)
    }

    /// Makes room for twice as much; no buffer that is left behind stays unwiped.
    fn grow(&mut self) {
        let size = self.text.len().saturating_mul(2).min(TEXT);
        self.text = Zeroizing::new(vec![0; size]);
        self.octets = room(size / 4 * 3 + 3);
        let mut digits = room(size + 4);
        digits.extend_from_slice(&self.digits);
        self.digits = digits;
    }

    /// Decodes as many whole quanta as there are before an `=`; false if that or anything but the alphabet is among them, which is left for [`Self::sift`].
    fn decode_quanta(&mut self) -> bool {
        let padding = memchr(b'=', &self.digits);
        let whole = padding.unwrap_or(self.digits.len()) / 4 * 4;
        let before = self.octets.len();
        self.octets.resize(before + whole / 4 * 3, 0);
        let (Some(quanta), Some(octets)) =
            (self.digits.get(..whole), self.octets.get_mut(before..))
        else {
            return true;
        };
        if STANDARD_NO_PAD.decode(quanta, octets.as_out()).is_err() {
            self.octets.truncate(before);
            return false;
        }
        self.digits.drain(..whole);
        padding.is_none()
    }

    /// Leaves only the alphabet in `digits`, up to the padding.
    fn sift(&mut self) {
        let digits = self.digits.as_mut_slice();
        let (mut seen, mut kept) = (0, 0);
        while let Some(&octet) = digits.get(seen) {
            seen += 1;
            match octet {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                    if let Some(place) = digits.get_mut(kept) {
                        *place = octet;
                    }
                    kept += 1;
                }
                b'=' if kept % 4 >= 2 => {
                    self.padding = Some(3 - kept % 4);
                    break;
                }
                _ => self.tolerated.junk |= !is_blank(octet),
            }
        }
        if self.padding.is_some() {
            let after = digits.get(seen..).unwrap_or_default();
            check_after_end(&mut self.padding, &mut self.tolerated, after);
        }
        self.digits.truncate(kept);
    }

    /// Decodes the one to three characters of the last quantum.
    fn decode_last(&mut self) {
        let count = match self.digits.len() {
            2 => 1,
            3 => 2,
            _ => 0,
        };
        let mut quantum = *b"AAAA";
        for (place, digit) in quantum.iter_mut().zip(self.digits.iter()) {
            *place = *digit;
        }
        let mut octets = [0; 3];
        // only the alphabet is left, so this cannot fail
        if STANDARD_NO_PAD
            .decode(&quantum, octets.as_mut_slice().as_out())
            .is_ok()
            && let Some((octets, bits)) = octets.split_at_checked(count)
        {
            self.octets.extend_from_slice(octets);
            self.tolerated.trailing_bits |= bits.iter().any(|b| *b != 0);
        }
        self.digits.clear();
    }

    /// Settles what is open when the source ends; true if that gave octets.
    fn end_without_padding(&mut self) -> bool {
        if self.padding.is_none() {
            self.sift();
        }
        let missing = self.padding.take().unwrap_or(self.digits.len() % 4);
        self.tolerated.unpadded |= missing > 0;
        if self.digits.is_empty() {
            return false;
        }
        self.decode_last();
        true
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let length = self.fill_buf()?.read(buf)?;
        self.consume(length);
        Ok(length)
    }
}

/// Appends a text without its line ends.
fn join_lines(text: &[u8], digits: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr(b'\n', rest) {
        let (line, after) = rest.split_at_checked(at + 1).unwrap_or((rest, b""));
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        digits.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        // lines are as long as the one before, and of the two lengths that programs write: then copying one is a few moves
        rest = match line.len() {
            64 => join_equal::<64, 65>(after, b"\n", digits),
            65 => join_equal::<64, 66>(after, b"\r\n", digits),
            76 => join_equal::<76, 77>(after, b"\n", digits),
            77 => join_equal::<76, 78>(after, b"\r\n", digits),
            _ => after,
        };
    }
    digits.extend_from_slice(rest);
}

/// Appends the lines of `L` characters that a text begins with, `N` with their line ends; returns what follows them. A line end among the
/// characters does no harm: it is white space.
fn join_equal<'t, const L: usize, const N: usize>(
    text: &'t [u8],
    end: &[u8],
    digits: &mut Vec<u8>,
) -> &'t [u8] {
    let (lines, _) = text.as_chunks::<N>();
    let mut joined = 0;
    for line in lines {
        match line.split_first_chunk::<L>() {
            Some((line, ended)) if ended == end => {
                digits.extend_from_slice(line);
            }
            _ => break,
        }
        joined += N;
    }
    text.get(joined..).unwrap_or_default()
}

impl<R: Read> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.taken >= self.octets.len() && self.refill()? {}
        Ok(self.octets.get(self.taken..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.taken = self.taken.saturating_add(amount).min(self.octets.len());
    }
}

/// Returns an empty buffer for so many octets, to be filled with no more.
fn room(size: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(size))
}

fn check_after_end(padding: &mut Option<usize>, tolerated: &mut Tolerated, text: &[u8]) {
    for &octet in text {
        match (octet, *padding) {
            (b'=', Some(due @ 1..)) => *padding = Some(due - 1),
            _ if is_blank(octet) => (),
            _ => tolerated.after_end = true,
        }
    }
}

fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t'..=b'\r')
}

/// Octets and characters of a line, and lines written at a time.
const LINE: usize = 48;
const LINE_CHARACTERS: usize = LINE / 3 * 4;
const LINES: usize = 512;

/// Encodes to lines of 64 characters ended by `line_end` (what OpenSSL and most mailers write; RFC 2045 allows 76).
pub struct Encoder<W: Write> {
    sink: W,
    line_end: &'static str,
    /// The octets of the line begun, fewer than [`LINE`].
    held: Zeroizing<Vec<u8>>,
    characters: Zeroizing<Vec<u8>>,
    lines: Zeroizing<Vec<u8>>,
}

impl<W: Write> Encoder<W> {
    /// Writes lines of base64 to `sink`, each ended by `line_end` ("\n" or "\r\n").
    pub fn new(sink: W, line_end: &'static str) -> Self {
        Self {
            sink,
            line_end,
            held: room(LINE),
            characters: Zeroizing::default(),
            lines: Zeroizing::default(),
        }
    }

    /// Returns the sink, to take out what was encoded so far.
    pub fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes the last quantum and line end; must be called.
    pub fn finish(mut self) -> io::Result<W> {
        let held = std::mem::take(&mut self.held);
        self.write_lines(&held)?;
        Ok(self.sink)
    }

    /// Writes `octets` as lines, the last of which may be short.
    fn write_lines(&mut self, octets: &[u8]) -> io::Result<()> {
        for block in octets.chunks(LINES * LINE) {
            let size = STANDARD.encoded_length(block.len());
            if self.characters.capacity() < size {
                self.characters = room(size);
                self.lines = room(size + size.div_ceil(LINE_CHARACTERS) * self.line_end.len());
            }
            self.characters.resize(size, 0);
            let _ = STANDARD.encode(block, self.characters.as_mut_slice().as_out());
            self.lines.clear();
            // the length of a line is known while this is compiled: copying one is two moves
            let (lines, last) = self.characters.as_chunks::<LINE_CHARACTERS>();
            match self.line_end {
                "\r\n" => lines
                    .iter()
                    .for_each(|line| end_line(line, b"\r\n", &mut self.lines)),
                _ => lines
                    .iter()
                    .for_each(|line| end_line(line, b"\n", &mut self.lines)),
            }
            if !last.is_empty() {
                self.lines.extend_from_slice(last);
                self.lines.extend_from_slice(self.line_end.as_bytes());
            }
            self.sink.write_all(&self.lines)?;
        }
        Ok(())
    }
}

fn end_line<const N: usize>(line: &[u8; LINE_CHARACTERS], end: &[u8; N], lines: &mut Vec<u8>) {
    lines.extend_from_slice(line);
    lines.extend_from_slice(end);
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut rest = buf;
        if !self.held.is_empty() {
            let missing = LINE.saturating_sub(self.held.len()).min(rest.len());
            let (head, tail) = rest.split_at_checked(missing).unwrap_or((rest, b""));
            self.held.extend_from_slice(head);
            rest = tail;
            if self.held.len() < LINE {
                return Ok(buf.len());
            }
            let mut held = std::mem::take(&mut self.held);
            self.write_lines(&held)?;
            held.clear();
            self.held = held;
        }
        let whole = rest.len() / LINE * LINE;
        let (whole, tail) = rest.split_at_checked(whole).unwrap_or((rest, b""));
        self.write_lines(whole)?;
        self.held.clear();
        self.held.extend_from_slice(tail);
        Ok(buf.len())
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

    fn decode(text: &[u8]) -> (Vec<u8>, Tolerated) {
        let mut decoder = Decoder::new(text);
        let mut octets = Vec::new();
        decoder.read_to_end(&mut octets).unwrap();
        (octets, decoder.tolerated())
    }

    fn encode(octets: &[u8], line_end: &'static str) -> String {
        let mut encoder = Encoder::new(Vec::new(), line_end);
        encoder.write_all(octets).unwrap();
        String::from_utf8(encoder.finish().unwrap()).unwrap()
    }

    #[test]
    fn encodes_lines_of_64() {
        assert_eq!(encode(b"", "\r\n"), "");
        assert_eq!(encode(b"M", "\r\n"), "TQ==\r\n");
        let text = encode(&[0; 97], "\n");
        let lines: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(lines, [64, 64, 4]);
        assert_eq!(encode(&[0; 48], "\n"), format!("{}\n", "A".repeat(64)));
    }

    #[test]
    fn buffers_grow_to_their_bound_and_lose_nothing() {
        for size in [3000, 3073, 9000, 50_000, 200_001] {
            let octets: Vec<u8> = (0..size).map(|at| (at * 7 / 3) as u8).collect();
            let text = encode(&octets, "\r\n");
            let mut decoder = Decoder::new(text.as_bytes());
            let mut found = Vec::new();
            decoder.read_to_end(&mut found).unwrap();
            assert!(found == octets, "{size}");
            assert_eq!(decoder.tolerated(), Tolerated::default());
            assert!(decoder.text.len() <= TEXT && decoder.digits.capacity() >= TEXT.min(size));
            // something that is not of it, before the padding
            let junk = text.replacen("\r\n", "\r\n!", size / 48);
            assert_eq!(decode(junk.as_bytes()).0, octets);
        }
    }

    #[test]
    fn decodes_regular_text_without_remark() {
        for (text, octets) in [
            (&b""[..], &b""[..]),
            (b"TWFu", b"Man"),
            (b"TWE=\r\n", b"Ma"),
            (b"T\nQ=\r=\n\n \t", b"M"),
            (b" TW Fu\r\n\r\nTWFu\n", b"ManMan"),
        ] {
            assert_eq!(decode(text), (octets.to_vec(), Tolerated::default()));
        }
    }

    #[test]
    fn remembers_what_it_tolerates() {
        let none = Tolerated::default();
        for (text, octets, tolerated) in [
            (
                &b"TW!F\0u"[..],
                &b"Man"[..],
                Tolerated { junk: true, ..none },
            ),
            (b"TWFu=TWFu", b"ManMan", Tolerated { junk: true, ..none }),
            (b"TWFuT=WFu", b"ManMan", Tolerated { junk: true, ..none }),
            (
                b"TWFuTQ",
                b"ManM",
                Tolerated {
                    unpadded: true,
                    ..none
                },
            ),
            (
                b"TWFuT",
                b"Man",
                Tolerated {
                    unpadded: true,
                    trailing_bits: true,
                    ..none
                },
            ),
            (
                b"TQ=",
                b"M",
                Tolerated {
                    unpadded: true,
                    ..none
                },
            ),
            (
                b"TQ==TQ==",
                b"M",
                Tolerated {
                    after_end: true,
                    ..none
                },
            ),
            (
                b"TWE==",
                b"Ma",
                Tolerated {
                    after_end: true,
                    ..none
                },
            ),
            (
                b"TWE=\n--\n",
                b"Ma",
                Tolerated {
                    after_end: true,
                    ..none
                },
            ),
            (
                b"TR==",
                b"M",
                Tolerated {
                    trailing_bits: true,
                    ..none
                },
            ),
            (
                b"T_W-E",
                b"Ma",
                Tolerated {
                    junk: true,
                    unpadded: true,
                    ..none
                },
            ),
        ] {
            let text_shown = String::from_utf8_lossy(text);
            assert_eq!(decode(text), (octets.to_vec(), tolerated), "{text_shown}");
        }
    }

    proptest! {
        #[test]
        fn returns_what_was_written(octets in proptest::collection::vec(any::<u8>(), 0..4000), seed in any::<u64>(), crlf in any::<bool>()) {
            let mut encoder = Encoder::new(Vec::new(), if crlf { "\r\n" } else { "\n" });
            io::copy(&mut ChaosReader::new(&octets, seed), &mut encoder).unwrap();
            let text = encoder.finish().unwrap();
            prop_assert_eq!(&text, &encode(&octets, if crlf { "\r\n" } else { "\n" }).into_bytes());
            let mut decoder = Decoder::new(ChaosReader::new(&text, seed));
            let mut back = Vec::new();
            decoder.read_to_end(&mut back).unwrap();
            prop_assert_eq!(back, octets);
            prop_assert_eq!(decoder.tolerated(), Tolerated::default());
        }

        #[test]
        fn does_not_depend_on_chunks(text in "[A-D=\r\n !]{0,200}", seed in any::<u64>()) {
            let mut decoder = Decoder::new(ChaosReader::new(text.as_bytes(), seed));
            let mut octets = Vec::new();
            decoder.read_to_end(&mut octets).unwrap();
            prop_assert_eq!((octets, decoder.tolerated()), decode(text.as_bytes()));
        }
    }
}
