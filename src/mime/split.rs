//! Splits a multipart into its parts while it flows, with exact spans (RFC 2046 §5.1.1).
//!
//! A delimiter stands at the start of a line only: after a LF (a bare CR ends no line) or at the start of the body. It is
//! `--` and the boundary, then perhaps `--`, then nothing but white space to the end of its line. The line end before it
//! belongs to it. Whatever else begins like one is content. Knows boundaries, not what is in the parts; a part that is a
//! multipart itself is split by another splitter over this one.
use memchr::memmem::Finder;
use std::io::{self, BufRead, Read};

/// Octets held, besides what it takes to recognise a delimiter.
const CHUNK: usize = 64 << 10;
/// White space that may follow a boundary; with more (RFC 5322 §2.1.1 allows a line 998 octets in all) the line is content.
const PADDING: usize = 998;

/// What stood around the parts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// non-blank text before the first delimiter
    pub preamble: bool,
    /// the closing delimiter was found
    pub closed: bool,
    /// non-blank text after the closing delimiter (known after `finish`)
    pub epilogue: bool,
}

/// Reads the parts of a multipart body from `R`, positioned after the header's blank line.
pub struct Splitter<R> {
    source: R,
    /// Finds LF, `--` and the boundary.
    finder: Finder<'static>,
    buffer: Vec<u8>,
    /// Octets of `buffer` before this one are consumed.
    start: usize,
    /// Octets of `buffer` from this one on are not filled.
    end: usize,
    /// How many octets from `start` on belong to the stretch for certain.
    clear: usize,
    /// The delimiter at `start`, which ends the stretch.
    found: Option<Delimiter>,
    /// Whether `start` is the start of a line whose LF is not in this stretch.
    line_start: bool,
    /// Whether the source has no more.
    ended: bool,
    stretch: Stretch,
    around: Around,
    offset: u64,
}

/// What the octets before the next delimiter are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    Preamble,
    Part,
    Epilogue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Delimiter {
    /// Octets with the line ends around it.
    length: usize,
    closing: bool,
}

impl<R: BufRead> Splitter<R> {
    /// Splits at `boundary` (1 to 70 characters; longer ones up to 998 are tolerated).
    pub fn new(source: R, boundary: &str) -> Self {
        let delimiter = [b"\n--", boundary.as_bytes()].concat();
        Self {
            source,
            buffer: vec![0; CHUNK + delimiter.len() + PADDING],
            finder: Finder::new(&delimiter).into_owned(),
            start: 0,
            end: 0,
            clear: 0,
            found: None,
            line_start: true,
            ended: false,
            stretch: Stretch::Preamble,
            around: Around::default(),
            offset: 0,
        }
    }

    /// Goes to the next part, skipping what is left of the current one; false when there is none. Then read the part with `Read`, to its end.
    pub fn next_part(&mut self) -> io::Result<bool> {
        while self.stretch != Stretch::Epilogue {
            self.look_ahead()?;
            if self.clear > 0 {
                if self.stretch == Stretch::Preamble {
                    self.around.preamble |= !is_blank(self.window(self.clear));
                }
                self.skip(self.clear);
                continue;
            }
            self.stretch = match self.found.take() {
                Some(delimiter) => {
                    self.advance(delimiter.length);
                    self.line_start = true;
                    self.around.closed = delimiter.closing;
                    if delimiter.closing {
                        Stretch::Epilogue
                    } else {
                        Stretch::Part
                    }
                }
                None => Stretch::Epilogue,
            };
            if self.stretch == Stretch::Part {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the offset, in octets from where the splitter began, of the next octet: after `next_part` that of the part's
    /// first, and once the part is read to its end, where it ends.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads to the end of the source and returns what stood around the parts.
    pub fn finish(mut self) -> io::Result<Around> {
        while self.next_part()? {}
        loop {
            self.look_ahead()?;
            if self.clear == 0 {
                return Ok(self.around);
            }
            self.around.epilogue |= !is_blank(self.window(self.clear));
            self.skip(self.clear);
        }
    }

    /// Reads until some octets are clear, or the delimiter that ends the stretch is found, or the source has ended.
    fn look_ahead(&mut self) -> io::Result<()> {
        while self.clear == 0 && self.found.is_none() {
            match self.look() {
                Sight::Clear(length) => self.clear = length,
                Sight::Delimiter(delimiter) => self.found = Some(delimiter),
                Sight::Nothing if self.ended => break,
                Sight::Nothing => {
                    // what is moved is less than a delimiter
                    self.buffer.copy_within(self.start..self.end, 0);
                    self.end -= self.start;
                    self.start = 0;
                    let length = self
                        .source
                        .read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
                    self.end += length;
                    self.ended = length == 0;
                }
            }
        }
        Ok(())
    }

    /// Tells what is at `start`; nothing only if more must be read, or the source ended there.
    fn look(&self) -> Sight {
        let window = self.window(self.end - self.start);
        if self.stretch == Stretch::Epilogue {
            return Sight::of_clear(window.len());
        }
        let delimiter = self.finder.needle();
        if self.line_start {
            let boundary = delimiter.strip_prefix(b"\n").unwrap_or(delimiter);
            match window.strip_prefix(boundary).map(|t| tail(t, self.ended)) {
                Some(Tail::Delimiter { length, closing }) => {
                    return Sight::Delimiter(Delimiter {
                        length: boundary.len() + length,
                        closing,
                    });
                }
                Some(Tail::Undecided) => return Sight::Nothing,
                None if !self.ended && boundary.starts_with(window) => return Sight::Nothing,
                Some(Tail::Content) | None => (),
            }
        }
        let mut from = 0;
        while let Some(rest) = window.get(from..)
            && let Some(at) = self.finder.find(rest)
        {
            let before = rest.get(..at).unwrap_or_default();
            let carriage_return = before.ends_with(b"\r");
            let content = from + at - usize::from(carriage_return);
            let after = from + at + delimiter.len();
            match tail(window.get(after..).unwrap_or_default(), self.ended) {
                Tail::Content => from += at + 1,
                _ if content > 0 => return Sight::Clear(content),
                Tail::Undecided => return Sight::Nothing,
                Tail::Delimiter { length, closing } => {
                    return Sight::Delimiter(Delimiter {
                        length: after + length,
                        closing,
                    });
                }
            }
        }
        // the end may be a CR and all of a delimiter but its last octet
        let doubtful = if self.ended { 0 } else { delimiter.len() };
        Sight::of_clear(window.len().saturating_sub(doubtful))
    }

    fn window(&self, length: usize) -> &[u8] {
        self.buffer
            .get(self.start..self.start + length)
            .unwrap_or_default()
    }

    fn skip(&mut self, length: usize) {
        let length = length.min(self.clear);
        self.clear -= length;
        self.line_start &= length == 0;
        self.advance(length);
    }

    fn advance(&mut self, length: usize) {
        self.start += length;
        self.offset = self
            .offset
            .saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }
}

/// Octets of the current part, exactly; 0 at its end. `BufRead` so that a header can be read from a part without losing its body.
impl<R: BufRead> Read for Splitter<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buf)?;
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Splitter<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.stretch != Stretch::Part {
            return Ok(&[]);
        }
        self.look_ahead()?;
        Ok(self.window(self.clear))
    }

    fn consume(&mut self, amount: usize) {
        self.skip(amount);
    }
}

enum Sight {
    Clear(usize),
    Delimiter(Delimiter),
    Nothing,
}

impl Sight {
    fn of_clear(length: usize) -> Self {
        if length == 0 {
            Self::Nothing
        } else {
            Self::Clear(length)
        }
    }
}

/// What text after `--` and the boundary makes of them.
enum Tail {
    Delimiter { length: usize, closing: bool },
    Content,
    Undecided,
}

fn tail(text: &[u8], ended: bool) -> Tail {
    let closing = text.starts_with(b"--");
    let dashes = if closing { 2 } else { 0 };
    let padding = text
        .iter()
        .skip(dashes)
        .take(PADDING + 1)
        .take_while(|o| matches!(o, b' ' | b'\t'))
        .count();
    let line_end = match text.get(dashes + padding..).unwrap_or_default() {
        _ if padding > PADDING => return Tail::Content,
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        [] if ended => 0,
        [] | [b'\r'] if !ended => return Tail::Undecided,
        [b'-'] if !ended && dashes + padding == 0 => return Tail::Undecided,
        _ => return Tail::Content,
    };
    Tail::Delimiter {
        length: dashes + padding + line_end,
        closing,
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.iter()
        .all(|o| matches!(o, b' ' | b'\t' | b'\r' | b'\n'))
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
    use std::io::BufReader;

    /// Parts with their offsets, and what is around them.
    type Outcome = (Vec<(u64, Vec<u8>)>, Around);

    fn split<R: Read>(source: R, capacity: usize, boundary: &str) -> Outcome {
        let mut splitter = Splitter::new(BufReader::with_capacity(capacity, source), boundary);
        let mut parts = Vec::new();
        while splitter.next_part().unwrap() {
            let offset = splitter.offset();
            let mut part = Vec::new();
            splitter.read_to_end(&mut part).unwrap();
            assert_eq!(splitter.offset() - offset, part.len() as u64);
            parts.push((offset, part));
        }
        (parts, splitter.finish().unwrap())
    }

    /// The same, line by line over the whole text.
    fn naive(text: &[u8], boundary: &str) -> Outcome {
        let mut parts: Vec<(u64, Vec<u8>)> = Vec::new();
        let (mut preamble, mut epilogue) = (Vec::new(), Vec::new());
        let mut closed = false;
        let mut offset = 0;
        for line in text.split_inclusive(|o| *o == b'\n') {
            offset += line.len() as u64;
            let bare = line
                .strip_suffix(b"\r\n")
                .or(line.strip_suffix(b"\n"))
                .unwrap_or(line);
            let after = bare.strip_prefix([b"--", boundary.as_bytes()].concat().as_slice());
            let is_padding = |t: &[u8]| t.iter().all(|o| *o == b' ' || *o == b'\t');
            let closing = after
                .and_then(|t| t.strip_prefix(b"--"))
                .is_some_and(is_padding);
            if closed || !(closing || after.is_some_and(is_padding)) {
                match parts.last_mut() {
                    _ if closed => epilogue.extend_from_slice(line),
                    None => preamble.extend_from_slice(line),
                    Some((_, part)) => part.extend_from_slice(line),
                }
                continue;
            }
            if let Some((_, part)) = parts.last_mut()
                && part.pop_if(|o| *o == b'\n').is_some()
            {
                part.pop_if(|o| *o == b'\r');
            }
            if closing {
                closed = true;
            } else {
                parts.push((offset, Vec::new()));
            }
        }
        let around = Around {
            preamble: !is_blank(&preamble),
            closed,
            epilogue: !is_blank(&epilogue),
        };
        (parts, around)
    }

    fn contents(text: &[u8], boundary: &str) -> Vec<String> {
        let (parts, _) = split(text, 8, boundary);
        assert_eq!(split(text, 8192, boundary).0, parts);
        assert_eq!(naive(text, boundary).0, parts);
        parts
            .into_iter()
            .map(|p| String::from_utf8(p.1).unwrap())
            .collect()
    }

    #[test]
    fn returns_parts_exactly() {
        let text = b"\r\n--B\r\nA: b\r\n\r\none\r\n--B \t\r\n\r\ntwo\r\n\r\n--B--\r\n";
        assert_eq!(contents(text, "B"), ["A: b\r\n\r\none", "\r\ntwo\r\n"]);
        assert_eq!(
            split(&text[..], 8, "B").1,
            Around {
                closed: true,
                ..Around::default()
            }
        );
        assert_eq!(contents(b"--B\none\n--B\ntwo\n--B--", "B"), ["one", "two"]);
        assert_eq!(contents(b"--B\n--B\n\n--B--", "B"), ["", ""]);
    }

    #[test]
    fn leaves_content_that_resembles_a_delimiter() {
        for line in [
            "--Bxyz", "--B x", "--B--x", "--B-", "--B-- -", " --B", "x--B", "-B", "--b", "--B\rx",
            "\r--B", "--B \r",
        ] {
            let text = format!("--B\r\nbefore\r\n{line}\r\nafter\r\n--B--\r\n");
            assert_eq!(
                contents(text.as_bytes(), "B"),
                [format!("before\r\n{line}\r\nafter")],
                "{line:?}"
            );
        }
    }

    #[test]
    fn tells_what_is_around() {
        let around = |text: &[u8]| split(text, 8, "B").1;
        let closed = Around {
            closed: true,
            ..Around::default()
        };
        assert_eq!(around(b" \r\n\t\n--B\n\n--B--\n \r\n"), closed);
        assert_eq!(
            around(b"pre\n--B\n\n--B--\n"),
            Around {
                preamble: true,
                ..closed
            }
        );
        assert_eq!(
            around(b"--B\n\n--B--\n\n--B\npost\n"),
            Around {
                epilogue: true,
                ..closed
            }
        );
        assert_eq!(around(b"--B\n\nnever closed"), Around::default());
        assert_eq!(around(b"--B--"), closed);
        assert_eq!(around(b""), Around::default());
    }

    #[test]
    fn lets_the_last_part_run_to_the_end_without_a_closing_delimiter() {
        assert_eq!(contents(b"--B\none\n--B-\n", "B"), ["one\n--B-\n"]);
        assert_eq!(contents(b"--B\none\n--B--\r", "B"), ["one\n--B--\r"]);
        assert_eq!(contents(b"--B\none\n--", "B"), ["one\n--"]);
    }

    #[test]
    fn bounds_the_padding() {
        let padded = |n: usize| format!("--B\none\n--B{}\ntwo", " ".repeat(n)).into_bytes();
        assert_eq!(contents(&padded(PADDING), "B"), ["one", "two"]);
        let (parts, _) = split(&padded(PADDING + 1)[..], 8, "B");
        assert_eq!(parts.len(), 1);
    }

    #[test]
    fn splits_nested_multiparts() {
        let text = b"--B\n\n--Bx\n\ninner\n--Bx--\n\n--B\n\nsecond\n--B--\n";
        let mut outer = Splitter::new(&text[..], "B");
        assert!(outer.next_part().unwrap());
        let mut inner = Splitter::new(&mut outer, "Bx");
        assert!(inner.next_part().unwrap());
        let mut part = String::new();
        inner.read_to_string(&mut part).unwrap();
        assert_eq!(part, "\ninner");
        assert!(inner.finish().unwrap().closed);
        assert!(outer.next_part().unwrap());
        // an inner multipart that is never closed ends with the part around it
        assert!(!Splitter::new(&mut outer, "none").finish().unwrap().closed);
        assert!(outer.finish().unwrap().closed);
    }

    #[test]
    fn skips_what_is_left_of_a_part() {
        let text = [b"--B\n", "x\n".repeat(100_000).as_bytes(), b"\n--B\ntwo"].concat();
        let mut splitter = Splitter::new(&text[..], "B");
        assert!(splitter.next_part().unwrap());
        splitter.read_exact(&mut [0; 3]).unwrap();
        assert!(splitter.next_part().unwrap());
        let mut part = String::new();
        splitter.read_to_string(&mut part).unwrap();
        assert_eq!(part, "two");
        assert!(!splitter.next_part().unwrap());
        assert!(!splitter.next_part().unwrap());
        assert_eq!(splitter.read(&mut [0; 3]).unwrap(), 0);
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_splitter(
            text in proptest::collection::vec(
                proptest::sample::select(vec![
                    "\n", "\r\n", "\r", "--B", "--B--", "\n--B", "\r\n--B\r\n", "\n--B--\n", "-", "B", " ", "text", "\t", "--Bx",
                ]), 0..40),
            long in 0..3usize,
            seed in any::<u64>(),
        ) {
            let filler = ["", "a line of text\r\n", "unbroken "][long].repeat(if long > 0 { 6000 } else { 0 });
            let mut text = text;
            text.insert(text.len() / 2, &filler);
            let text = text.concat();
            prop_assert_eq!(
                split(ChaosReader::new(text.as_bytes(), seed), 1 << (seed % 16), "B"),
                naive(text.as_bytes(), "B")
            );
        }
    }
}
