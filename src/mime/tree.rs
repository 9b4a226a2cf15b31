//! The tree of parts of an entity, octet for octet, while it flows (RFC 2045, RFC 2046 §5.1).
//!
//! Knows which octets are header, body, and text around the parts; a delimiter is what [`super::split`] takes for one, an outer one before an
//! inner one. Nothing is changed, nothing lost: what is handed out, in order, is what was put in. Does not know what is done with a part.
use super::header::{self, Header};
use memchr::{memchr, memmem::Finder};

/// White space that may follow a boundary, as in [`super::split`].
const PADDING: usize = 998;
/// The longest line that can be a delimiter: two hyphens before and after a boundary of 994, padding, a line end.
const LONGEST: usize = 2 + 994 + 2 + PADDING + 2;

/// Bounds of the tree.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// of the header block of a part
    pub header: header::Limits,
    /// parts; what is past the limit is not looked into
    pub parts: usize,
    /// multiparts within one another; what is past the limit is not looked into
    pub depth: usize,
}

/// A part, as its header says.
#[derive(Debug)]
pub struct Part {
    /// `1`, `1.2`, …
    pub number: String,
    /// the octets of the header with the blank line after it
    pub block: Vec<u8>,
    /// the same, parsed; `None` if it cannot be, or not without losing an octet
    pub header: Option<Header>,
    /// what it is
    pub nature: Nature,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nature {
    /// its parts come next
    Multipart {
        /// between them
        boundary: String,
        /// whether what is in it is a message where nothing else is said (RFC 2046 §5.1.5)
        digest: bool,
    },
    /// text of any kind; `wide`: in a charset whose line ends are no octets
    Text {
        /// UTF-16 or UTF-32
        wide: bool,
    },
    /// any other leaf
    Other,
    /// a part whose body is not to be changed
    Whole(Whole),
}

/// Why the body of a part is not to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// message/…, which permits no encoding (RFC 2046 §5.2.1)
    Message,
    /// multipart/signed: a signature is over its octets
    Signed,
    /// a header that cannot be read for certain
    Unclear,
    /// past a limit
    Deep,
}

/// What passes.
#[derive(Debug)]
pub enum Event<'e> {
    /// a part begins, its header read
    Begin(&'e Part),
    /// octets of the body of the part that began last
    Body(&'e [u8]),
    /// the part that began last and has not ended ends
    End,
    /// octets of a multipart around its parts: preamble, delimiters with the line ends that belong to them, epilogue
    Around(&'e [u8]),
}

/// Takes an entity apart.
pub struct Tree {
    limits: Limits,
    levels: Vec<Level>,
    state: State,
    /// the header block of the part that begins
    block: Vec<u8>,
    number: String,
    parts: usize,
    /// what was put in and is not decided yet
    held: Vec<u8>,
    line_start: bool,
    /// finds a LF and two hyphens
    finder: Finder<'static>,
}

/// An open multipart.
struct Level {
    number: String,
    boundary: String,
    digest: bool,
    count: usize,
    /// its closing delimiter has passed
    closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Body,
    Around,
}

#[derive(Debug, Clone, Copy)]
struct Delimiter {
    level: usize,
    closing: bool,
    length: usize,
}

enum Sight {
    Content,
    Delimiter(Delimiter),
    Undecided,
}

impl Tree {
    /// Begins at the header of an entity, which is the part of this number.
    pub fn new(number: &str, limits: Limits) -> Self {
        Self {
            limits,
            levels: Vec::new(),
            state: State::Header,
            block: Vec::new(),
            number: number.to_owned(),
            parts: 0,
            held: Vec::new(),
            line_start: true,
            finder: Finder::new(b"\n--").into_owned(),
        }
    }

    /// Takes a chunk in and hands out what is decided.
    pub fn push(&mut self, chunk: &[u8], each: &mut dyn FnMut(Event<'_>)) {
        if self.held.is_empty() {
            let taken = self.take_in(chunk, false, each);
            self.held
                .extend_from_slice(chunk.get(taken..).unwrap_or_default());
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(chunk);
        let taken = self.take_in(&held, false, each);
        held.drain(..taken);
        self.held = held;
    }

    /// Ends the entity; must be called.
    pub fn finish(mut self, each: &mut dyn FnMut(Event<'_>)) {
        let held = std::mem::take(&mut self.held);
        self.take_in(&held, true, each);
        if self.state == State::Header {
            self.begin(each);
        }
        self.end_within(0, each);
        for _ in 0..self.levels.len().min(1) {
            each(Event::End);
        }
    }

    /// Takes in what can be decided; returns how much.
    fn take_in(&mut self, text: &[u8], ended: bool, each: &mut dyn FnMut(Event<'_>)) -> usize {
        let mut taken = 0;
        while let Some(rest) = text.get(taken..).filter(|rest| !rest.is_empty()) {
            let step = match self.state {
                State::Header => self.header(rest, ended, each),
                State::Body | State::Around => self.stretch(rest, ended, each),
            };
            match step {
                Some(step) => taken += step,
                None => break,
            }
        }
        taken
    }

    /// Takes in a line of a header, or the delimiter that ends it; `None`: more must be known.
    fn header(
        &mut self,
        text: &[u8],
        ended: bool,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Option<usize> {
        match self.delimiter(text, ended) {
            Sight::Undecided => return None,
            Sight::Content => {}
            Sight::Delimiter(delimiter) => {
                self.begin(each);
                self.cross(delimiter, text, each);
                return Some(delimiter.length);
            }
        }
        let line = match memchr(b'\n', text) {
            Some(end) => text.get(..=end)?,
            None if ended => text,
            None if self.block.len() + text.len() > self.limits.header.block => text,
            None => return None,
        };
        self.block.extend_from_slice(line);
        let ends = matches!(line, b"\n" | b"\r\n");
        if ends || self.block.len() > self.limits.header.block {
            self.line_start = line.ends_with(b"\n");
            self.begin(each);
        }
        Some(line.len())
    }

    /// Takes in octets of a body or around the parts, or a delimiter.
    fn stretch(
        &mut self,
        text: &[u8],
        ended: bool,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Option<usize> {
        if self.line_start {
            match self.delimiter(text, ended) {
                Sight::Undecided => return None,
                Sight::Content => {}
                Sight::Delimiter(delimiter) => {
                    self.cross(delimiter, text, each);
                    return Some(delimiter.length);
                }
            }
        }
        let mut from = 0;
        while !self.levels.is_empty()
            && let Some(rest) = text.get(from..)
            && let Some(at) = self.finder.find(rest).map(|at| from + at)
        {
            let before = text.get(..at).unwrap_or_default();
            let content = at - usize::from(before.ends_with(b"\r"));
            let line = text.get(at + 1..).unwrap_or_default();
            match self.delimiter(line, ended) {
                Sight::Content => from = at + 1,
                _ if content > 0 => return Some(self.hand_out(text, content, each)),
                Sight::Undecided => return None,
                Sight::Delimiter(delimiter) => {
                    let length = at + 1 + delimiter.length;
                    self.cross(
                        Delimiter {
                            length,
                            ..delimiter
                        },
                        text,
                        each,
                    );
                    return Some(length);
                }
            }
        }
        let doubtful = if ended { 0 } else { doubtful(text) };
        match text.len() - doubtful {
            0 => None,
            clear => Some(self.hand_out(text, clear, each)),
        }
    }

    fn hand_out(&mut self, text: &[u8], length: usize, each: &mut dyn FnMut(Event<'_>)) -> usize {
        let octets = text.get(..length).unwrap_or_default();
        each(match self.state {
            State::Around => Event::Around(octets),
            State::Header | State::Body => Event::Body(octets),
        });
        self.line_start = octets.ends_with(b"\n");
        length
    }

    /// Tells whether a delimiter stands at the start of a line.
    fn delimiter(&self, text: &[u8], ended: bool) -> Sight {
        const HYPHENS: &[u8] = b"--";
        if self.levels.is_empty() {
            return Sight::Content;
        }
        let Some(after) = text.strip_prefix(HYPHENS) else {
            return match HYPHENS.starts_with(text) && !ended {
                true => Sight::Undecided,
                false => Sight::Content,
            };
        };
        let line = after.get(..LONGEST - 2).unwrap_or(after);
        let (line, length) = match memchr(b'\n', line) {
            Some(end) => {
                let line = line.get(..end).unwrap_or_default();
                (line.strip_suffix(b"\r").unwrap_or(line), 2 + end + 1)
            }
            None if ended && line.len() == after.len() => (line, text.len()),
            None if line.len() < after.len() => return Sight::Content,
            None => return Sight::Undecided,
        };
        let blanks = line.iter().rev().take_while(|o| matches!(o, b' ' | b'\t'));
        let blanks = blanks.count();
        let name = line.get(..line.len() - blanks).unwrap_or_default();
        let found = self.levels.iter().enumerate().find_map(|(level, open)| {
            let tail = name.strip_prefix(open.boundary.as_bytes())?;
            let closing = match tail {
                b"" => false,
                b"--" => true,
                _ => return None,
            };
            (!open.closed && blanks <= PADDING).then_some(Delimiter {
                level,
                closing,
                length,
            })
        });
        found.map_or(Sight::Content, Sight::Delimiter)
    }

    /// Passes a delimiter at the beginning of `text`: what is open inside its multipart ends.
    fn cross(&mut self, delimiter: Delimiter, text: &[u8], each: &mut dyn FnMut(Event<'_>)) {
        self.end_within(delimiter.level, each);
        each(Event::Around(
            text.get(..delimiter.length).unwrap_or_default(),
        ));
        self.line_start = true;
        self.state = State::Around;
        let Some(level) = self.levels.get_mut(delimiter.level) else {
            return;
        };
        level.closed = delimiter.closing;
        if !delimiter.closing {
            level.count += 1;
            self.number = format!("{}.{}", level.number, level.count);
            self.state = State::Header;
        }
    }

    /// Ends what is open inside a multipart.
    fn end_within(&mut self, level: usize, each: &mut dyn FnMut(Event<'_>)) {
        if self.state == State::Body {
            each(Event::End);
        }
        self.state = State::Around;
        while self.levels.len() > level + 1 {
            self.levels.pop();
            each(Event::End);
        }
    }

    /// A part begins: its header has ended, or will have no end.
    fn begin(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        let block = std::mem::take(&mut self.block);
        self.parts += 1;
        let deep = self.parts > self.limits.parts;
        let in_digest = self.levels.last().is_some_and(|level| level.digest);
        let header = if deep {
            None
        } else {
            exact(&block, self.limits.header)
        };
        let nature = match &header {
            _ if deep => Nature::Whole(Whole::Deep),
            None => Nature::Whole(Whole::Unclear),
            Some(header) => match nature(header, in_digest) {
                Nature::Multipart { .. } if self.levels.len() >= self.limits.depth => {
                    Nature::Whole(Whole::Deep)
                }
                nature => nature,
            },
        };
        let part = Part {
            number: std::mem::take(&mut self.number),
            block,
            header,
            nature,
        };
        each(Event::Begin(&part));
        self.state = State::Body;
        if let Nature::Multipart { boundary, digest } = part.nature {
            self.state = State::Around;
            self.levels.push(Level {
                number: part.number,
                boundary,
                digest,
                count: 0,
                closed: false,
            });
        }
    }
}

/// Parses a header block, if its fields and the blank line are all that is in it.
fn exact(block: &[u8], limits: header::Limits) -> Option<Header> {
    let header = Header::read(&mut &*block, limits).ok()?;
    let fields: usize = header.fields.iter().map(|field| field.raw.len()).sum();
    let rest = block.get(fields..)?;
    matches!(rest, b"" | b"\n" | b"\r\n").then_some(header)
}

fn nature(header: &Header, in_digest: bool) -> Nature {
    let media_type = match header.content_type() {
        Ok(Some(media_type)) => media_type,
        Ok(None) if in_digest => return Nature::Whole(Whole::Message),
        Ok(None) => return Nature::Text { wide: false },
        // others may read in it what is not read here
        Err(_) => return Nature::Whole(Whole::Unclear),
    };
    match (media_type.kind.as_str(), media_type.subtype.as_str()) {
        ("multipart", "signed") => Nature::Whole(Whole::Signed),
        ("multipart", subtype) => match media_type.parameter("boundary") {
            // composite types permit no encoding (RFC 2045 §6.4)
            Some(boundary) if header.transfer_encoding().is_ok_and(|it| it.is_identity()) => {
                Nature::Multipart {
                    boundary: boundary.to_owned(),
                    digest: subtype == "digest",
                }
            }
            _ => Nature::Whole(Whole::Unclear),
        },
        ("message", _) => Nature::Whole(Whole::Message),
        ("text", _) => {
            let charset = media_type.parameter("charset").unwrap_or_default();
            let charset = charset.to_ascii_lowercase();
            let wide = ["utf-16", "utf-32", "utf16", "utf32", "ucs", "iso-10646-ucs"];
            Nature::Text {
                wide: wide.iter().any(|name| charset.starts_with(name)),
            }
        }
        _ => Nature::Other,
    }
}

/// How many of the last octets may belong to a delimiter.
fn doubtful(text: &[u8]) -> usize {
    let hyphen = usize::from(text.ends_with(b"-"));
    let rest = text.get(..text.len() - hyphen).unwrap_or_default();
    if rest.ends_with(b"\r\n") {
        2 + hyphen
    } else if rest.ends_with(b"\n") {
        1 + hyphen
    } else if hyphen == 0 && rest.ends_with(b"\r") {
        1
    } else {
        0
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
    use crate::mime::split::Splitter;
    use proptest::prelude::*;
    use std::io::{BufRead, BufReader};

    /// Number, nature, octets.
    type Taken = (String, Nature, Vec<u8>);

    const LIMITS: Limits = Limits {
        header: header::Limits {
            block: 4000,
            line: 2000,
            fields: 1000,
        },
        parts: 100,
        depth: 10,
    };

    /// The parts, the leaves with their octets, and everything that passed.
    fn taken_apart(chunks: &[&[u8]], limits: Limits) -> (Vec<Taken>, Vec<u8>) {
        let (mut parts, mut open, mut all) = (Vec::new(), Vec::new(), Vec::new());
        let mut tree = Tree::new("1", limits);
        let mut each = |event: Event<'_>| match event {
            Event::Begin(part) => {
                all.extend_from_slice(&part.block);
                open.push((parts.len(), part.block.len()));
                let octets = match part.nature {
                    Nature::Multipart { .. } => Vec::new(),
                    _ => part.block.clone(),
                };
                parts.push((part.number.clone(), part.nature.clone(), octets));
            }
            Event::Body(octets) => {
                all.extend_from_slice(octets);
                parts[open.last().unwrap().0].2.extend_from_slice(octets);
            }
            Event::Around(octets) => all.extend_from_slice(octets),
            Event::End => {
                let (place, block) = open.pop().unwrap();
                let octets: &mut Vec<u8> = &mut parts[place].2;
                if octets.len() == block {
                    *octets = without_line_ends(octets).to_vec();
                }
            }
        };
        for chunk in chunks {
            tree.push(chunk, &mut each);
        }
        tree.finish(&mut each);
        assert!(open.is_empty());
        (parts, all)
    }

    /// The same by splitters within splitters.
    fn split(number: &str, source: &mut dyn BufRead, in_digest: bool, into: &mut Vec<Taken>) {
        let mut octets = Vec::new();
        source.read_to_end(&mut octets).unwrap();
        let mut rest = &octets[..];
        let header = Header::read(&mut rest, LIMITS.header).ok();
        let header = header.filter(|h| {
            let fields: usize = h.fields.iter().map(|f| f.raw.len()).sum();
            octets.len() - rest.len() - fields <= 2
        });
        let nature = header.map_or(Nature::Whole(Whole::Unclear), |h| nature(&h, in_digest));
        let place = into.len();
        into.push((number.to_owned(), nature.clone(), Vec::new()));
        if let Nature::Multipart { boundary, digest } = nature {
            let mut splitter = Splitter::new(rest, &boundary);
            let mut count = 0;
            while splitter.next_part().unwrap() {
                count += 1;
                split(
                    &format!("{number}.{count}"),
                    &mut BufReader::new(&mut splitter),
                    digest,
                    into,
                );
            }
        } else {
            let lines = octets.split_inclusive(|o| *o == b'\n');
            let head = lines.take_while(|line| !matches!(line, [b'\n'] | [b'\r', b'\n']));
            let head = head.map(<[u8]>::len).sum::<usize>();
            into[place].2 = match &octets[head..] {
                b"" | b"\n" | b"\r\n" => without_line_ends(&octets).to_vec(),
                _ => octets,
            };
        }
    }

    /// Where there is no body, a splitter takes the last line end of the header for a part of the delimiter.
    fn without_line_ends(octets: &[u8]) -> &[u8] {
        let rest = octets
            .strip_suffix(b"\n")
            .map(|it| it.strip_suffix(b"\r").unwrap_or(it));
        rest.map_or(octets, without_line_ends)
    }

    #[test]
    fn takes_a_tree_apart() {
        let text = b"Content-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n--a\r\n\r\nfirst\r\n--a \t\r\n\
            Content-Type: multipart/alternative; boundary=\"a b\"\r\n\r\n--a b\r\n\r\n--not\r\n--a b\r\nContent-Type: image/png\r\n\r\nimage\r\n--a b--\r\nepilogue\r\n\
            --a\nContent-Type: message/rfc822\n\nSubject: x\n\nbody\n--a--\nepilogue\n--a\n";
        let (parts, all) = taken_apart(&[text], LIMITS);
        assert_eq!(all, text);
        let summary: Vec<_> = parts
            .iter()
            .map(|(number, _, body)| (number.as_str(), std::str::from_utf8(body).unwrap()))
            .collect();
        assert_eq!(
            summary,
            [
                ("1", ""),
                ("1.1", "\r\nfirst"),
                ("1.2", ""),
                ("1.2.1", "\r\n--not"),
                ("1.2.2", "Content-Type: image/png\r\n\r\nimage"),
                ("1.3", "Content-Type: message/rfc822\n\nSubject: x\n\nbody")
            ]
        );
        assert_eq!(parts[5].1, Nature::Whole(Whole::Message));
        assert_eq!(parts[4].1, Nature::Other);
    }

    #[test]
    fn knows_what_is_not_to_be_changed() {
        for (header, nature) in [
            ("", Nature::Text { wide: false }),
            (
                "Content-Type: text/plain; charset=UTF-16LE\n",
                Nature::Text { wide: true },
            ),
            (
                "Content-Type: multipart/signed; boundary=x\n",
                Nature::Whole(Whole::Signed),
            ),
            (
                "Content-Type: message/partial\n",
                Nature::Whole(Whole::Message),
            ),
            ("Content-Type: application/pkcs7-mime\n", Nature::Other),
            (
                "Content-Type: multipart/mixed\n",
                Nature::Whole(Whole::Unclear),
            ),
            (
                "Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n",
                Nature::Whole(Whole::Unclear),
            ),
            (
                "Content-Type: text/plain; name=caf\u{e9}\n",
                Nature::Whole(Whole::Unclear),
            ),
            (
                "Content-Type: text/plain\nContent-Type: text/html\n",
                Nature::Whole(Whole::Unclear),
            ),
            ("no field\n", Nature::Whole(Whole::Unclear)),
        ] {
            let text = format!("{header}\nbody");
            let (parts, _) = taken_apart(&[text.as_bytes()], LIMITS);
            assert_eq!(parts[0].1, nature, "{header}");
        }
        let digest = b"Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: y\n\n--x--\n";
        assert_eq!(
            taken_apart(&[digest], LIMITS).0[1].1,
            Nature::Whole(Whole::Message)
        );
    }

    #[test]
    fn looks_no_further_than_its_limits() {
        let nested = |depth: usize| {
            let mut text = String::new();
            for level in 0..depth {
                text.push_str(&format!(
                    "Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
                ));
            }
            text + "\ninnermost"
        };
        let at = taken_apart(&[nested(10).as_bytes()], LIMITS).0;
        assert_eq!((at.len(), &at[10].1), (11, &Nature::Text { wide: false }));
        let past = taken_apart(&[nested(11).as_bytes()], LIMITS).0;
        assert_eq!((past.len(), &past[10].1), (11, &Nature::Whole(Whole::Deep)));

        let many = |parts: usize| {
            format!(
                "Content-Type: multipart/mixed; boundary=b\n\n{}",
                "--b\n\nx\n".repeat(parts)
            )
        };
        let at = taken_apart(&[many(99).as_bytes()], LIMITS).0;
        assert_eq!(at[99].1, Nature::Text { wide: false });
        let past = taken_apart(&[many(100).as_bytes()], LIMITS).0;
        assert_eq!(
            (&past[99].1, &past[100].1),
            (&Nature::Text { wide: false }, &Nature::Whole(Whole::Deep))
        );

        let long = |length: usize| format!("A: {}\n\nbody", "x\n ".repeat(length / 3));
        let at = taken_apart(&[long(3900).as_bytes()], LIMITS);
        assert_eq!(at.0[0].1, Nature::Text { wide: false });
        let past = taken_apart(&[long(4100).as_bytes()], LIMITS);
        assert_eq!(past.0[0].1, Nature::Whole(Whole::Unclear));
        assert_eq!(past.1, long(4100).as_bytes());
    }

    fn entity() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(&b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"[..]),
            Just(&b"Content-Type: multipart/digest; boundary=\"b c\"\n\n"[..]),
            Just(&b"Content-Type: multipart/mixed; boundary=bb\n\n"[..]),
            Just(&b"Content-Type: text/html\r\n"[..]),
            Just(&b"\r\n--b\r\n"[..]),
            Just(&b"\n--b\n"[..]),
            Just(&b"--b"[..]),
            Just(&b"--b c\r\n"[..]),
            Just(&b"\r\n--bb\r\n"[..]),
            Just(&b"--b--"[..]),
            Just(&b"\n--b c-- \t\n"[..]),
            Just(&b"\r\n"[..]),
            Just(&b"\n"[..]),
            Just(&b"\r"[..]),
            Just(&b"-"[..]),
            Just(&b" "[..]),
            Just(&b"text"[..]),
            Just(&b"\n\n"[..]),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn is_what_splitters_find_and_loses_nothing(text in entity(), sizes in proptest::collection::vec(1usize..30, 1..20)) {
            let (mut rest, mut chunks, mut sizes) = (&text[..], Vec::new(), sizes.iter().cycle());
            while !rest.is_empty() {
                let (chunk, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            let (parts, all) = taken_apart(&chunks, LIMITS);
            prop_assert_eq!(&all, &text);
            let mut expected = Vec::new();
            split("1", &mut &text[..], false, &mut expected);
            prop_assert_eq!(parts, expected);
        }
    }
}
