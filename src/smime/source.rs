//! Where a message is read from, and in which of its forms: MIME, DER or BER, PEM, bare base64. Found out, never asked.
//!
//! Knows first octets; what an entity means is known by `layer`.
use super::Error;
use crate::{cms, encoding::base64};
use std::{
    io::{self, BufRead, Chain, Cursor, Read, Seek, SeekFrom},
    ops::Range,
};

/// A message: something to read, and to read again where it can be.
pub enum Source<'a> {
    /// a pipe: read once
    Stream(&'a mut (dyn Read + Send)),
    /// a file: a second pass is possible
    Seekable(&'a mut dyn ReadSeek),
}

/// Read and Seek, on any thread.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Source<'_> {
    /// Returns where the message begins, if it can be gone back to. What stands before in the same file is someone else's.
    pub(super) fn beginning(&mut self) -> io::Result<Option<u64>> {
        match self {
            Self::Stream(_) => Ok(None),
            Self::Seekable(s) => s.stream_position().map(Some),
        }
    }

    /// Goes back to the beginning.
    pub(super) fn go_back(&mut self, beginning: u64) -> io::Result<()> {
        match self {
            Self::Stream(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Seekable(s) => s.seek(SeekFrom::Start(beginning)).map(drop),
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stream(s) => s.read(buf),
            Self::Seekable(s) => s.read(buf),
        }
    }
}

/// Returns whether something begins as a mail message or MIME entity does.
pub fn looks_like_mail(source: &mut dyn Read) -> bool {
    let mut head = Vec::new();
    let read = source.take(SNIFFED as u64).read_to_end(&mut head);
    read.is_ok() && matches!(form_of(&head), Ok(Form::Mime))
}

/// How many octets tell the form of the input.
const SNIFFED: usize = 1024;

/// A source whose first octets were looked at and put back.
pub(super) type Reader<'r, 's> = Buffered<Chain<Cursor<Vec<u8>>, &'r mut Source<'s>>>;

/// The form of an input, ready to read.
pub(super) enum Opened<'r, 's> {
    /// a mail message or MIME entity
    Mime(Reader<'r, 's>),
    /// the octets of a CMS object
    Cms(Box<dyn BufRead + 'r>, Form),
}

/// Looks at the first octets of a source and says what it is.
pub(super) fn open<'r, 's>(source: &'r mut Source<'s>) -> Result<Opened<'r, 's>, Error> {
    let mut head = Vec::with_capacity(SNIFFED);
    source
        .by_ref()
        .take(SNIFFED as u64)
        .read_to_end(&mut head)
        .map_err(Error::Read)?;
    let form = form_of(&head)?;
    let reader = Buffered::new(Cursor::new(head).chain(source));
    Ok(match form {
        Form::Mime => Opened::Mime(reader),
        Form::Der => Opened::Cms(Box::new(reader), Form::Der),
        Form::Pem => Opened::Cms(decoded(Armor::new(reader)), Form::Pem),
        Form::Base64 => Opened::Cms(decoded(reader), Form::Base64),
    })
}

/// Returns the octets of the CMS object that a content is, in whichever form but MIME; `Err`: the content as it is, for it is none. An entity
/// is never taken for one: no header field begins as a ContentInfo does, nor as its base64 or PEM.
pub(super) fn object_inside<'r>(
    content: &'r mut dyn BufRead,
) -> io::Result<Result<Box<dyn BufRead + 'r>, impl BufRead + 'r>> {
    let mut head = Vec::with_capacity(SNIFFED);
    content.take(SNIFFED as u64).read_to_end(&mut head)?;
    let form = object_form(&head);
    let content = Cursor::new(head).chain(content);
    Ok(match form {
        Some(Form::Der) => Ok(Box::new(content)),
        Some(Form::Pem) => Ok(decoded(Armor::new(content))),
        Some(Form::Base64) => Ok(decoded(content)),
        Some(Form::Mime) | None => Err(content),
    })
}

/// Returns the form of the CMS object that begins like this.
fn object_form(head: &[u8]) -> Option<Form> {
    if cms::is_content_info(head) {
        return Some(Form::Der);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // an empty line ends an empty header: what follows is text
    if text.starts_with(b"\n") || text.starts_with(b"\r\n") {
        return None;
    }
    let text = text.trim_ascii_start();
    let (form, text) = match text.strip_prefix(b"-----BEGIN ") {
        Some(rest) => {
            let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            (Form::Pem, rest.get(line..).unwrap_or_default())
        }
        None if is_base64(first_line(text)) => (Form::Base64, text),
        None => return None,
    };
    let mut beginning = Vec::new();
    // what is cut off ends in an error, after what there is of it
    let _ = base64::Decoder::new(text).read_to_end(&mut beginning);
    cms::is_content_info(&beginning).then_some(form)
}

fn decoded<'r>(text: impl Read + 'r) -> Box<dyn BufRead + 'r> {
    Box::new(base64::Decoder::new(text))
}

/// How much is read at once.
pub(super) const CHUNK: usize = 64 << 10;
/// How much is read at first.
pub(super) const FIRST: usize = 8 << 10;

/// Returns how much to read after so much was: twice as much, up to a chunk.
pub(super) fn more(size: usize) -> usize {
    size.saturating_mul(2).clamp(FIRST, CHUNK)
}

/// What `BufReader` is, with a buffer that is as large as what it holds needs it: small mail passes through several of these.
pub(super) struct Buffered<R> {
    source: R,
    buffer: Vec<u8>,
    ahead: Range<usize>,
}

impl<R: Read> Buffered<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            ahead: 0..0,
        }
    }
}

impl<R: Read> BufRead for Buffered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ahead.is_empty() {
            // it was full
            if self.ahead.end == self.buffer.len() && self.ahead.end < CHUNK {
                self.buffer = vec![0; more(self.buffer.len())];
            }
            self.ahead = 0..0;
            self.ahead.end = self.source.read(&mut self.buffer)?;
        }
        Ok(self.buffer.get(self.ahead.clone()).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.ahead.start = self.ahead.start.saturating_add(amount).min(self.ahead.end);
    }
}

impl<R: Read> Read for Buffered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() && buf.len() >= CHUNK {
            return self.source.read(buf);
        }
        let length = self.fill_buf()?.read(buf)?;
        self.consume(length);
        Ok(length)
    }
}

/// How an input is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Mime,
    Der,
    Pem,
    Base64,
}

fn form_of(head: &[u8]) -> Result<Form, Error> {
    if head.is_empty() {
        return Err(Error::Empty);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.first() == Some(&0x30) && !looks_like_text(head) {
        return Ok(Form::Der);
    }
    let line = first_line(text.trim_ascii_start());
    if line.starts_with(b"-----BEGIN ") {
        return Ok(Form::Pem);
    }
    if text.starts_with(b"From ")
        || text.starts_with(b">From ")
        || is_field(first_line(text))
        || text.starts_with(b"\n")
        || text.starts_with(b"\r\n")
    {
        return Ok(Form::Mime);
    }
    if is_base64(line) {
        return Ok(Form::Base64);
    }
    // text before the armour, as `openssl pkcs7 -text` writes it
    if find(text, b"\n-----BEGIN ") {
        return Ok(Form::Pem);
    }
    Err(Error::NotAMessage)
}

/// `0` (0x30) may begin a header field; a DER SEQUENCE goes on with its length and a tag.
fn looks_like_text(head: &[u8]) -> bool {
    is_field(first_line(head))
        && first_line(head)
            .iter()
            .all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
}

fn first_line(text: &[u8]) -> &[u8] {
    let line = text.split(|&b| b == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn is_base64(line: &[u8]) -> bool {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b);
    line.len() >= 4 && line.iter().all(is_digit)
}

/// RFC 5322 §2.2: printable US-ASCII except colon, then a colon.
fn is_field(line: &[u8]) -> bool {
    let name: &[u8] = line.split(|&b| b == b':').next().unwrap_or_default();
    let name = name.trim_ascii_end();
    name.len() < line.len()
        && !name.is_empty()
        && line.contains(&b':')
        && name.iter().all(u8::is_ascii_graphic)
}

fn find(text: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(text, what).is_some()
}

/// The text between the BEGIN and END lines of a PEM block, while it is read (RFC 7468).
pub(super) struct Armor<R> {
    source: R,
    line: Cursor<Vec<u8>>,
    state: ArmorState,
}

#[derive(PartialEq, Eq)]
enum ArmorState {
    Before,
    Inside,
    After,
}

/// The longest line of a PEM block that is read; RFC 7468 writes 64 characters, some programs everything on one line.
const ARMOR_LINE: u64 = 1 << 20;

impl<R: BufRead> Armor<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            line: Cursor::default(),
            state: ArmorState::Before,
        }
    }

    /// After the block only blank lines may come: what else there is would be left unread.
    fn nothing_follows(&mut self) -> io::Result<()> {
        loop {
            let rest = self.source.fill_buf()?;
            if rest.is_empty() {
                return Ok(());
            }
            if !rest.trim_ascii().is_empty() {
                let error = Error::TrailingData { offset: 0 };
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
            let n = rest.len();
            self.source.consume(n);
        }
    }

    /// Reads the next line that belongs to the block, or ends it.
    fn next_line(&mut self) -> io::Result<()> {
        loop {
            self.line.set_position(0);
            let line = self.line.get_mut();
            line.clear();
            if self
                .source
                .by_ref()
                .take(ARMOR_LINE)
                .read_until(b'\n', line)?
                == 0
            {
                return match self.state {
                    ArmorState::After => Ok(()),
                    _ => Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        Error::NotAMessage,
                    )),
                };
            }
            match self.state {
                ArmorState::Before if line.starts_with(b"-----BEGIN ") => {
                    self.state = ArmorState::Inside;
                }
                ArmorState::Inside => {
                    // the end may follow the last characters on their line
                    if let Some(end) = memchr::memmem::find(line, b"-----END ") {
                        line.truncate(end);
                        self.state = ArmorState::After;
                    }
                    return Ok(());
                }
                ArmorState::Before => {}
                ArmorState::After => {
                    line.clear();
                    return Ok(());
                }
            }
        }
    }
}

impl<R: BufRead> Read for Armor<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.line.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            if self.state == ArmorState::After {
                return self.nothing_follows().map(|()| 0);
            }
            self.next_line()?;
        }
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

    #[test]
    fn a_buffer_grows_with_what_it_holds() {
        for size in [0, 1, FIRST, FIRST + 1, 3 * CHUNK + 5] {
            let content: Vec<u8> = (0..size).map(|at| at as u8).collect();
            for step in [7, CHUNK] {
                let mut buffered = Buffered::new(&content[..]);
                let (mut found, mut piece) = (Vec::new(), vec![0; step]);
                // by both ways
                while !buffered.fill_buf().unwrap().is_empty() {
                    found.push(buffered.fill_buf().unwrap()[0]);
                    buffered.consume(1);
                    let read = buffered.read(&mut piece).unwrap();
                    found.extend_from_slice(&piece[..read]);
                }
                assert!(found == content, "{size} {step}");
                assert!(buffered.buffer.len() <= CHUNK);
                assert!(size > FIRST || buffered.buffer.len() <= 2 * FIRST);
            }
        }
    }

    #[test]
    fn forms_are_told_apart() {
        assert_eq!(form_of(b"From: a@b\n\nx").unwrap(), Form::Mime);
        assert_eq!(form_of(b"\xef\xbb\xbfFrom: a@b\n\nx").unwrap(), Form::Mime);
        assert_eq!(form_of(b"From a@b Mon Jan 1\nTo: x\n").unwrap(), Form::Mime);
        assert_eq!(form_of(b"\x30\x80\x06\x09").unwrap(), Form::Der);
        assert_eq!(form_of(b"\n\n-----BEGIN CMS-----\n").unwrap(), Form::Pem);
        assert_eq!(
            form_of(b"some words here\n-----BEGIN PKCS7-----\n").unwrap(),
            Form::Pem
        );
        assert_eq!(
            form_of(b"MIAGCSqGSIb3DQEHAqCA\nMIAC").unwrap(),
            Form::Base64
        );
        assert!(matches!(form_of(b""), Err(Error::Empty)));
        assert!(matches!(
            form_of(b"hello there, no field"),
            Err(Error::NotAMessage)
        ));
    }

    #[test]
    fn an_object_is_told_from_an_entity() {
        let der = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x82";
        let ber = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80";
        let other = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x03\xa0\x80";
        assert_eq!(object_form(der), Some(Form::Der));
        assert_eq!(object_form(ber), Some(Form::Der));
        assert_eq!(object_form(other), None);
        let base64 = "MIAGCSqGSIb3DQEHAqCA\nMIAC\n";
        for (before, form) in [
            ("", Some(Form::Base64)),
            ("\u{feff}", Some(Form::Base64)),
            ("  ", Some(Form::Base64)),
            ("-----BEGIN PKCS7-----\n", Some(Form::Pem)),
            ("-----BEGIN CMS-----\r\n", Some(Form::Pem)),
            ("\n", None),
            ("\r\n", None),
            ("\n-----BEGIN CMS-----\n", None),
            ("From: ", None),
            ("Content-Type: text/plain\n\n", None),
            ("MIIB: ", None),
        ] {
            let text = [before, base64].concat();
            assert_eq!(object_form(text.as_bytes()), form, "{text}");
        }
        assert_eq!(object_form(b""), None);
        assert_eq!(object_form(b"aGVsbG8sIHdvcmxkIQ==\n"), None);
    }

    #[test]
    fn armour_gives_what_is_inside() {
        let text = b"before\n-----BEGIN CMS-----\nQUJD\nREVG\n-----END CMS-----\n\n";
        let mut out = String::new();
        Armor::new(&text[..]).read_to_string(&mut out).unwrap();
        assert_eq!(out, "QUJD\nREVG\n");
        let more = b"-----BEGIN CMS-----\nQUJD\n-----END CMS-----\nmore\n";
        assert!(Armor::new(&more[..]).read_to_string(&mut out).is_err());
        let cut = b"-----BEGIN CMS-----\nQUJD\n";
        assert!(Armor::new(&cut[..]).read_to_string(&mut out).is_err());
    }
}
