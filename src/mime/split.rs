//! Splits a multipart into its parts while it flows, with exact spans (RFC 2046 §5.1.1).
//!
//! A delimiter stands at the start of a line only, after a LF (a bare CR ends no line) or at the start of the body; it is
//! `--` and the boundary, then perhaps `--`, then nothing but white space to the end of its line. The line end before it
//! belongs to it. Whatever else begins like one is content. Knows boundaries, not what is in the parts; a part that is a
//! multipart itself is split by another splitter over this one.
use memchr::memmem::Finder;
use std::io::{self, BufRead, Read};

/// Octets held, besides what it takes to recognise a delimiter.
const CHUNK: usize = 64 << 10;
/// White space that may follow a boundary; a line with more (RFC 5322 §2.1.1 allows 998 octets in all) is content.
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
    /// LF, `--` and the boundary.
    delimiter: Finder<'static>,
    buffer: Vec<u8>,
    /// Octets of `buffer` before this one are consumed.
    start: usize,
    /// Octets of `buffer` from `start` that belong to the current stretch for certain.
    clear: usize,
    /// Whether `start` stands at the start of a line without a LF before it in this stretch.
    line_start: bool,
    ended: bool,
    stretch: Stretch,
    around: Around,
    offset: u64,
}

/// What the octets at `start` belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    Preamble,
    Part,
    /// Before a delimiter that is consumed already and was not the closing one.
    BetweenParts,
    Epilogue,
}

impl<R: BufRead> Splitter<R> {
    /// Splits at `boundary` (1 to 70 characters; longer ones up to 998 are tolerated).
    pub fn new(source: R, boundary: &str) -> Self {
        let delimiter = [b"\n--", boundary.as_bytes()].concat();
        Self {
            source,
            buffer: Vec::with_capacity(CHUNK + delimiter.len() + PADDING),
            delimiter: Finder::new(&delimiter).into_owned(),
            start: 0,
            clear: 0,
            line_start: true,
            ended: false,
            stretch: Stretch::Preamble,
            around: Around::default(),
            offset: 0,
        }
    }

    /// Goes to the next part, skipping what is left of the current one; false when there is none. Then read the part with `Read`, to its end.
    pub fn next_part(&mut self) -> io::Result<bool> {
        loop {
            match self.stretch {
                Stretch::Epilogue => return Ok(false),
                Stretch::BetweenParts => {
                    self.stretch = Stretch::Part;
                    return Ok(true);
                }
                Stretch::Part | Stretch::Preamble => {
                    let text = self.stretch()?;
                    let length = text.len();
                    if self.stretch == Stretch::Preamble {
                        self.around.preamble |= !is_blank(self.ready());
                    }
                    self.skip(length);
                }
            }
        }
    }

    /// Returns the offset, from where the splitter began, of the next octet to read: after `next_part` that of the part's
    /// first octet, after its last octet was read that of the line end before the delimiter or, once `read` returned 0, that after the delimiter.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}
