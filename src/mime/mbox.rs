//! Many messages in one file: mbox (RFC 4155) as mboxo and mboxrd write it.
//!
//! A message begins after a line `From ` that stands first or after a blank line, and looks as one that was written for that: with a time in it, or
//! nothing (Thunderbird). The blank line before the next one is the mbox's, too. Where a message had a line that begins with `From `, a `>` was put
//! before it; mboxrd does that to lines that begin with `>From ` as well, and so can be undone. Which of them wrote a file, it does not say:
//! [`Quoting`]. Knows lines; content flows through it, and of a line no more is held than tells what it is.
use memchr::memchr;
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};

/// What begins the line before a message.
const FROM: &[u8] = b"From ";
/// Octets of a line that are looked at; the longest that were seen have 100.
pub const LINE: usize = 512;

/// Returns whether a file that begins like this is an mbox.
pub fn is_mbox(head: &[u8]) -> bool {
    let end = memchr(b'\n', head).unwrap_or(head.len());
    is_from_line(head.get(..end).unwrap_or(head))
}

/// Returns whether a line, of which [`LINE`] octets are enough, is one that stands before a message: `From ` and a time (`HH:MM`), or nothing.
pub fn is_from_line(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(FROM) else {
        return false;
    };
    let is_time = |it: &[u8]| matches!(it, [a, b, b':', c, d] if [a, b, c, d].iter().all(|it| it.is_ascii_digit()));
    rest.trim_ascii().is_empty() || rest.windows(5).any(is_time)
}

/// Returns whether a line may be one that an mbox quoted.
fn is_quoted(line: &[u8]) -> bool {
    let marks = line.iter().take_while(|octet| **octet == b'>').count();
    marks > 0 && line.get(marks..).is_some_and(|it| it.starts_with(FROM))
}

/// Where a message stands in its mbox, without the `From ` line before and the blank line after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// its first octet
    pub start: u64,
    /// its octets
    pub length: u64,
    /// some of its lines may be quoted: how it is read makes a difference
    pub quoted: bool,
}

/// Finds the messages of an mbox, one after the other. What stands before the first `From ` line is a message, too.
pub struct Messages<R> {
    source: R,
    /// octets read
    offset: u64,
    /// where the message begins
    start: u64,
    /// no `From ` line was met yet
    first: bool,
    done: bool,
    line: Line,
}

/// What is known of the line that is being read.
#[derive(Default)]
struct Line {
    head: Vec<u8>,
    length: u64,
}

impl<R: BufRead> Messages<R> {
    /// Reads an mbox from its beginning.
    pub fn new(source: R) -> Self {
        Self {
            source,
            offset: 0,
            start: 0,
            first: true,
            done: false,
            line: Line::default(),
        }
    }

    /// Reads one line; false at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.head.clear();
        self.line.length = 0;
        loop {
            let buffer = match self.source.fill_buf() {
                Ok(buffer) => buffer,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            let (part, ended) = match memchr(b'\n', buffer) {
                Some(at) => (buffer.get(..=at).unwrap_or(buffer), true),
                None => (buffer, buffer.is_empty()),
            };
            let room = LINE.saturating_sub(self.line.head.len());
            let kept = part.get(..room).unwrap_or(part);
            self.line.head.extend_from_slice(kept);
            let length = part.len();
            self.source.consume(length);
            self.line.length += length as u64;
            self.offset += length as u64;
            if ended {
                return Ok(self.line.length > 0);
            }
        }
    }

    fn find(&mut self) -> io::Result<Option<Span>> {
        let mut quoted = false;
        // octets of the blank line before this one
        let mut blank = None;
        while self.read_line()? {
            let at = self.offset - self.line.length;
            let line = self.line.head.as_slice();
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let separates = at == 0 || blank.is_some() || (at == self.start && !self.first);
            if separates && is_from_line(line) {
                let start = std::mem::replace(&mut self.start, self.offset);
                if !std::mem::take(&mut self.first) || at > 0 {
                    let length = (at - start) - blank.unwrap_or(0);
                    return Ok(Some(Span {
                        start,
                        length,
                        quoted,
                    }));
                }
                blank = None;
                continue;
            }
            quoted |= is_quoted(line);
            blank = line.is_empty().then_some(self.line.length);
        }
        self.done = true;
        let length = (self.offset - self.start) - blank.unwrap_or(0);
        let is_there = !self.first || length > 0;
        Ok(is_there.then_some(Span {
            start: self.start,
            length,
            quoted,
        }))
    }
}

impl<R: BufRead> Iterator for Messages<R> {
    type Item = io::Result<Span>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let found = self.find();
        self.done |= found.is_err();
        found.transpose()
    }
}

/// How an mbox quoted the lines of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// `From ` and `>From ` and `>>From `, …: one `>` is taken away from each
    Mboxrd,
    /// `From ` alone: a `>` is taken away from `>From ` only
    Mboxo,
    /// nothing: every line is as it was
    None,
}

/// Reads a message of an mbox with its lines as they were before. It can be read again from its beginning.
pub struct Unquoted<R> {
    source: R,
    quoting: Quoting,
    state: State,
    /// octets that are decided upon, and how many of them have left
    ready: Vec<u8>,
    left: usize,
    position: u64,
}

/// What is known of the line that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// nothing was read of it
    Start,
    /// one `>` is held back, and so many octets of `From `
    Held(usize),
    /// it stays as it is
    Rest,
}

impl<R: BufRead + Seek> Unquoted<R> {
    /// Reads a message from its beginning on.
    pub fn new(source: R, quoting: Quoting) -> Self {
        Self {
            source,
            quoting,
            state: State::Start,
            ready: Vec::with_capacity(8),
            left: 0,
            position: 0,
        }
    }

    /// Reads it once more, otherwise quoted.
    pub fn again(&mut self, quoting: Quoting) -> io::Result<()> {
        self.source.seek(SeekFrom::Start(0))?;
        self.state = State::Start;
        self.ready.clear();
        (self.quoting, self.left, self.position) = (quoting, 0, 0);
        Ok(())
    }

    /// Decides upon one octet of what may be the beginning of a quoted line.
    fn decide(&mut self, matched: usize, octet: u8) {
        if matched == 0 && octet == b'>' {
            match self.quoting {
                // all of them are alike: the one that is held back is as good as the last
                Quoting::Mboxrd => self.ready.push(octet),
                _ => {
                    self.ready.extend_from_slice(b">>");
                    self.state = State::Rest;
                }
            }
            return;
        }
        if FROM.get(matched) == Some(&octet) {
            if matched + 1 == FROM.len() {
                self.ready.extend_from_slice(FROM);
                self.state = State::Rest;
            } else {
                self.state = State::Held(matched + 1);
            }
            return;
        }
        self.release(matched);
        self.ready.push(octet);
        self.state = if octet == b'\n' {
            State::Start
        } else {
            State::Rest
        };
    }

    /// Lets go what was held back.
    fn release(&mut self, matched: usize) {
        self.ready.push(b'>');
        let held = FROM.get(..matched).unwrap_or_default();
        self.ready.extend_from_slice(held);
    }
}

impl<R: BufRead + Seek> Read for Unquoted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.quoting == Quoting::None {
            let read = self.source.read(buf)?;
            self.position += read as u64;
            return Ok(read);
        }
        loop {
            let decided = self.ready.get(self.left..).unwrap_or_default();
            if !decided.is_empty() {
                let part = decided.get(..buf.len()).unwrap_or(decided);
                let length = part.len();
                if let Some(place) = buf.get_mut(..length) {
                    place.copy_from_slice(part);
                }
                self.left += length;
                self.position += length as u64;
                return Ok(length);
            }
            self.ready.clear();
            self.left = 0;
            let source = self.source.fill_buf()?;
            let Some(&octet) = source.first() else {
                let State::Held(matched) = self.state else {
                    return Ok(0);
                };
                self.release(matched);
                self.state = State::Rest;
                continue;
            };
            match self.state {
                State::Held(matched) => {
                    self.decide(matched, octet);
                    self.source.consume(1);
                }
                State::Start if octet == b'>' => {
                    self.state = State::Held(0);
                    self.source.consume(1);
                }
                State::Start | State::Rest => {
                    // all that is certain: up to a line that begins with `>`
                    let room = source.get(..buf.len()).unwrap_or(source);
                    let end = memchr::memmem::find(room, b"\n>").map_or(room.len(), |at| at + 1);
                    let part = room.get(..end).unwrap_or(room);
                    if let Some(place) = buf.get_mut(..part.len()) {
                        place.copy_from_slice(part);
                    }
                    self.state = match part.last() {
                        Some(b'\n') => State::Start,
                        Some(_) => State::Rest,
                        None => self.state,
                    };
                    let length = part.len();
                    self.source.consume(length);
                    self.position += length as u64;
                    return Ok(length);
                }
            }
        }
    }
}

impl<R: BufRead + Seek> Seek for Unquoted<R> {
    /// Tells where it is, and goes back to the beginning.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.position),
            SeekFrom::Start(0) => self.again(self.quoting).map(|()| 0),
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::io::{BufReader, Cursor};

    const ALICE: &str = "From alice@example.com Thu Nov 26 00:07:38 2026\n";

    /// The messages, found in chunks of every size.
    fn split(text: &str) -> Vec<(&str, bool)> {
        let found = |size| -> Vec<_> {
            let source = BufReader::with_capacity(size, text.as_bytes());
            let spans = Messages::new(source).map(io::Result::unwrap);
            let of = |it: Span| {
                let start = usize::try_from(it.start).unwrap();
                let end = start + usize::try_from(it.length).unwrap();
                (&text[start..end], it.quoted)
            };
            spans.map(of).collect()
        };
        let all = found(1 << 16);
        for size in [1, 2, 3, 5, 7, 64] {
            assert_eq!(found(size), all, "{size}");
        }
        all
    }

    fn texts(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn messages_are_told_apart() {
        let text = format!("{ALICE}A: 1\n\none\n\n{ALICE}B: 2\n\ntwo\n\n");
        assert_eq!(texts(&text), ["A: 1\n\none\n", "B: 2\n\ntwo\n"]);
        // a blank line of their own stays theirs, and the last may lack the mbox's
        let text = format!("{ALICE}A: 1\n\none\n\n\n{ALICE}B: 2\n\ntwo");
        assert_eq!(texts(&text), ["A: 1\n\none\n\n", "B: 2\n\ntwo"]);
        let text = text.replace('\n', "\r\n");
        assert_eq!(texts(&text), ["A: 1\r\n\r\none\r\n\r\n", "B: 2\r\n\r\ntwo"]);
        // Thunderbird's
        assert_eq!(texts("From \r\nA: 1\r\n\r\n"), ["A: 1\r\n"]);
        assert_eq!(
            texts("From - Thu Nov 26 00:07:38 2026\nA: 1\n\n"),
            ["A: 1\n"]
        );
    }

    #[test]
    fn what_only_looks_like_it_separates_nothing() {
        for line in [
            "From here to 12:30 there is no blank line before",
            "\nFrom here on it is text",
            "\n>From x 12:30",
            "\nFrom: x 12:30",
            "\n From x 12:30",
            "\nFrom",
            "\nFrom 1:30, 12:3",
        ] {
            let text = format!("{ALICE}A: 1\n\ntext\n{line}\nmore\n");
            assert_eq!(split(&text).len(), 1, "{line}");
        }
        assert!(is_mbox(ALICE.as_bytes()) && is_mbox(b"From \n"));
        for head in ["From: a@example.com\n", "From here\n", "", "From"] {
            assert!(!is_mbox(head.as_bytes()), "{head}");
        }
    }

    #[test]
    fn nothing_is_lost() {
        assert_eq!(texts(""), [""; 0]);
        assert_eq!(texts(ALICE), [""]);
        assert_eq!(
            texts(&format!("{ALICE}{ALICE}\n{ALICE}A: 1\n")),
            ["", "", "A: 1\n"]
        );
        // before the first line
        let text = format!("A: 1\n\none\n\n{ALICE}B: 2\n");
        assert_eq!(texts(&text), ["A: 1\n\none\n", "B: 2\n"]);
        let long = "x".repeat(3 * LINE);
        let text = format!("{ALICE}{long}\n\n{ALICE}B: 2\n");
        assert_eq!(texts(&text), [&format!("{long}\n"), "B: 2\n"]);
    }

    #[test]
    fn what_may_be_quoted_is_known() {
        for (line, quoted) in [
            (">From me", true),
            (">>>From me", true),
            ("> From me", false),
            (">Fromage", false),
            ("x >From me", false),
        ] {
            let text = format!("{ALICE}A: 1\n\n{line}\n\n{ALICE}B: 2\n");
            let found: Vec<bool> = split(&text).into_iter().map(|it| it.1).collect();
            assert_eq!(found, [quoted, false], "{line}");
        }
    }

    /// What is read, in chunks of every size, and once more.
    fn read(text: &str, quoting: Quoting) -> String {
        let mut all = None;
        for (inner, outer) in [(1, 1), (1, 100), (3, 2), (7, 5), (1 << 16, 1 << 16)] {
            let source = BufReader::with_capacity(inner, Cursor::new(text.as_bytes().to_vec()));
            let mut reader = Unquoted::new(source, quoting);
            for _ in 0..2 {
                assert_eq!(reader.stream_position().unwrap(), 0);
                let mut found = Vec::new();
                let mut chunk = vec![0; outer];
                loop {
                    match reader.read(&mut chunk).unwrap() {
                        0 => break,
                        n => found.extend_from_slice(&chunk[..n]),
                    }
                }
                assert_eq!(reader.stream_position().unwrap(), found.len() as u64);
                let found = String::from_utf8(found).unwrap();
                assert_eq!(all.get_or_insert(found.clone()), &found);
                reader.rewind().unwrap();
            }
        }
        all.unwrap()
    }

    #[test]
    fn quoting_is_undone_as_it_was_done() {
        let text = ">From a\n>>From b\nx\n>Fro\n>\n>>\n> From c\n>From\n>>>From d\r\n>Fr";
        assert_eq!(
            read(text, Quoting::Mboxrd),
            "From a\n>From b\nx\n>Fro\n>\n>>\n> From c\n>From\n>>From d\r\n>Fr"
        );
        assert_eq!(
            read(text, Quoting::Mboxo),
            "From a\n>>From b\nx\n>Fro\n>\n>>\n> From c\n>From\n>>>From d\r\n>Fr"
        );
        assert_eq!(read(text, Quoting::None), text);
        for text in ["", ">", ">From ", "\n\n", "x"] {
            let expected = if text == ">From " { "From " } else { text };
            assert_eq!(read(text, Quoting::Mboxrd), expected);
            assert_eq!(read(text, Quoting::Mboxo), expected);
        }
    }

    #[test]
    fn it_goes_back_to_the_beginning_only() {
        let mut reader = Unquoted::new(Cursor::new(b"text".to_vec()), Quoting::Mboxrd);
        assert!(reader.seek(SeekFrom::Start(1)).is_err());
        assert!(reader.seek(SeekFrom::End(0)).is_err());
    }
}
