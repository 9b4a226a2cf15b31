//! Header fields in order with their exact bytes (RFC 5322 §2.2).
//!
//! Knows lines, names and folds; what a value means is left to `content_type`, `transfer` and `mailbox`, or for people to mail-parser.
use super::{Error, LineEnd, Result, content_type::ContentType, transfer::TransferEncoding};
use memchr::memchr;
use std::{
    collections::{HashMap, HashSet},
    io::BufRead,
};

/// One field: name, and the exact bytes from the name through the last line end, folds included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// exact bytes
    pub raw: Vec<u8>,
    name: String,
}

impl Field {
    /// Makes a new field with this line end; `value` must already be folded and safe.
    pub fn new(name: &str, value: &str, line_end: LineEnd) -> Self {
        Self {
            raw: format!("{name}: {value}{}", line_end.as_str()).into_bytes(),
            name: name.to_owned(),
        }
    }

    /// Makes a field of its name and what stands after the colon, folds included; a line end is added where there is none.
    pub fn of(name: &str, folded: &[u8], line_end: LineEnd) -> Self {
        let field = Self {
            raw: [name.as_bytes(), b":", folded].concat(),
            name: name.to_owned(),
        };
        field.ended(line_end)
    }

    /// Returns the field with a line end: one at the very end of the input may lack it.
    #[must_use]
    pub fn ended(mut self, line_end: LineEnd) -> Self {
        if !self.raw.ends_with(b"\n") {
            self.raw.extend_from_slice(line_end.as_str().as_bytes());
        }
        self
    }

    /// Returns the name as written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the name is `name`, ASCII case ignored.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Returns whether this is MIME-Version or Content-*.
    pub fn is_mime(&self) -> bool {
        const PREFIX: &str = "Content-";
        self.is("MIME-Version")
            || self
                .name
                .get(..PREFIX.len())
                .is_some_and(|p| p.eq_ignore_ascii_case(PREFIX))
    }

    /// Returns the octets after the colon, folds and line end included.
    pub fn folded(&self) -> &[u8] {
        let colon = memchr(b':', &self.raw).unwrap_or(0);
        self.raw.get(colon + 1..).unwrap_or_default()
    }

    /// Returns the value for people: RFC 2047 decoded by mail-parser, control characters not yet escaped.
    pub fn text(&self) -> String {
        decoded(self.value())
    }

    /// Returns the unfolded value, white space around it removed.
    pub fn value(&self) -> Vec<u8> {
        let folded = self.folded();
        let mut value = Vec::with_capacity(folded.len());
        for line in folded.split_inclusive(|o| *o == b'\n') {
            value.extend_from_slice(without_line_end(line));
        }
        let end = value
            .iter()
            .rposition(|o| !is_blank(o))
            .map_or(0, |i| i + 1);
        value.truncate(end);
        let start = value.iter().take_while(|o| is_blank(o)).count();
        value.drain(..start);
        value
    }
}

/// A header block.
#[derive(Debug, Clone)]
pub struct Header {
    /// the fields in order
    pub fields: Vec<Field>,
    /// of the first line end (LF when there is none)
    pub line_end: LineEnd,
    /// whether a blank line ended the block; false if the input ended before one
    pub terminated: bool,
}

/// Limits of a header block.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// bytes of the whole block
    pub block: usize,
    /// bytes of one physical line, with its line end
    pub line: usize,
    /// fields: each costs more than its bytes
    pub fields: usize,
}

impl Header {
    /// Reads the fields through the blank line. A byte order mark and an mbox `From ` line before the first field are skipped
    /// (the latter also `>From `). Consumes nothing of the body. If the input does not begin with a field (so it is no MIME entity), fails
    /// with `NotAField`.
    pub fn read<R: BufRead + ?Sized>(source: &mut R, limits: Limits) -> Result<Self> {
        let mut fields: Vec<Field> = Vec::new();
        let mut first_line_end = None;
        let mut offset = 0_usize;
        let mut terminated = false;
        loop {
            let mut line = read_line(source, limits, offset)?;
            if line.is_empty() {
                break;
            }
            let start = offset;
            offset += line.len();
            if start == 0
                && let Some(rest) = line.strip_prefix(BYTE_ORDER_MARK)
            {
                line = rest.to_vec();
            }
            if first_line_end.is_none() {
                first_line_end = line_end_of(&line);
            }
            if line.first().is_some_and(is_blank)
                && let Some(field) = fields.last_mut()
            {
                field.raw.extend_from_slice(&line);
            } else if matches!(line.as_slice(), b"\n" | b"\r\n") {
                terminated = true;
                break;
            } else if let Some(name) = field_name(&line) {
                if fields.len() >= limits.fields {
                    let limit = limits.fields;
                    return Err(Error::TooManyFields { limit });
                }
                fields.push(Field {
                    name: name.to_owned(),
                    raw: line,
                });
            } else if !(fields.is_empty() && is_mbox_line(&line)) {
                return Err(Error::NotAField {
                    offset: into_offset(start),
                });
            }
        }
        Ok(Self {
            fields,
            line_end: first_line_end.unwrap_or(LineEnd::Lf),
            terminated,
        })
    }

    /// Returns the fields named `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> + 'a {
        self.fields.iter().filter(move |f| f.is(name))
    }

    /// Returns the only field named `name`; an error if it is repeated.
    pub fn sole(&self, name: &'static str) -> Result<Option<&Field>> {
        let mut fields = self.all(name);
        let field = fields.next();
        if fields.next().is_some() {
            return Err(Error::Repeated { name });
        }
        Ok(field)
    }

    /// Returns the media type; `None` without a Content-Type field. Repeated or malformed: an error.
    pub fn content_type(&self) -> Result<Option<ContentType>> {
        self.sole("Content-Type")?
            .map(|f| ContentType::parse(&f.value()))
            .transpose()
    }

    /// Returns the Content-Transfer-Encoding, `7bit` without one; comments are allowed.
    pub fn transfer_encoding(&self) -> Result<TransferEncoding> {
        const NAME: &str = "Content-Transfer-Encoding";
        let Some(field) = self.sole(NAME)? else {
            return Ok(TransferEncoding::SevenBit);
        };
        TransferEncoding::parse(&field.value()).ok_or(Error::Malformed {
            name: NAME,
            what: "it names no encoding of RFC 2045",
        })
    }

    /// Returns the text of the first field of this name.
    pub fn display(&self, name: &str) -> Option<String> {
        self.all(name).next().map(Field::text)
    }
}

/// Returns text in which encoded words (RFC 2047) are decoded; control characters are not escaped.
pub fn decoded_words(text: &str) -> String {
    match text.contains("=?") {
        true => decoded(text.as_bytes().to_vec()),
        false => text.to_owned(),
    }
}

fn decoded(mut value: Vec<u8>) -> String {
    // mail-parser ends a value at its line end
    value.push(b'\n');
    let text = mail_parser::parsers::MessageStream::new(&value).parse_unstructured();
    text.into_text().unwrap_or_default().into_owned()
}

/// Merges an inner header under an outer one (the rule of decrypt and open): outer fields except MIME-Version and Content-*,
/// an inner field replacing its outer namesake, then the remaining inner fields.
pub fn merge(outer: &[Field], inner: &[Field]) -> Vec<Field> {
    let mut namesakes: HashMap<String, Vec<&Field>> = HashMap::new();
    for field in inner {
        let name = field.name.to_ascii_lowercase();
        namesakes.entry(name).or_default().push(field);
    }
    let mut replaced = HashSet::new();
    let mut merged: Vec<Field> = Vec::with_capacity(outer.len() + inner.len());
    for field in outer.iter().filter(|f| !f.is_mime()) {
        let name = field.name.to_ascii_lowercase();
        match namesakes.get(&name) {
            None => merged.push(field.clone()),
            Some(fields) if replaced.insert(name) => {
                merged.extend(fields.iter().copied().cloned());
            }
            Some(_) => (),
        }
    }
    let is_replaced = |f: &&Field| replaced.contains(&f.name.to_ascii_lowercase());
    merged.extend(inner.iter().filter(|f| !is_replaced(f)).cloned());
    // a field at the very end of the input may lack its line end, and is not the last any more
    let line_end = merged
        .iter()
        .find_map(|f| line_end_of(&f.raw))
        .unwrap_or(LineEnd::Lf);
    for field in merged.iter_mut().filter(|f| !f.raw.ends_with(b"\n")) {
        field.raw.extend_from_slice(line_end.as_str().as_bytes());
    }
    merged
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a line with its line end; empty at the end of the source.
fn read_line<R: BufRead + ?Sized>(
    source: &mut R,
    limits: Limits,
    offset: usize,
) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    loop {
        let available = match source.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let end = memchr(b'\n', available).map(|at| at + 1);
        let length = end.unwrap_or(available.len());
        let total = line.len().saturating_add(length);
        let exceeded = if total > limits.line {
            Some(("header line", limits.line))
        } else if offset.saturating_add(total) > limits.block {
            Some(("header block", limits.block))
        } else {
            None
        };
        if let Some((what, limit)) = exceeded {
            // binary input has long lines, too, and is no header at all
            line.extend(available.iter().take(limit));
            let offset = into_offset(offset);
            return Err(if offset == 0 && field_name(&line).is_none() {
                Error::NotAField { offset }
            } else {
                Error::TooLong {
                    what,
                    limit,
                    offset,
                }
            });
        }
        line.extend(available.iter().take(length));
        source.consume(length);
        if end.is_some() || length == 0 {
            return Ok(line);
        }
    }
}

/// Returns the name that `line` begins with; white space before the colon is obsolete (RFC 5322 §4.5) and accepted.
fn field_name(line: &[u8]) -> Option<&str> {
    let colon = memchr(b':', line)?;
    let name = line.get(..colon)?;
    let blanks = name.iter().rev().take_while(|o| is_blank(o)).count();
    let name = name.get(..colon - blanks)?;
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(name).ok().filter(|_| is_name)
}

/// Tells whether `line` is what separates messages in an mbox file (RFC 4155), perhaps quoted.
fn is_mbox_line(line: &[u8]) -> bool {
    line.strip_prefix(b">")
        .unwrap_or(line)
        .starts_with(b"From ")
}

fn is_blank(octet: &u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

fn line_end_of(line: &[u8]) -> Option<LineEnd> {
    match line.strip_suffix(b"\n")?.last() {
        Some(b'\r') => Some(LineEnd::CrLf),
        _ => Some(LineEnd::Lf),
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}

fn into_offset(offset: usize) -> u64 {
    u64::try_from(offset).unwrap_or(u64::MAX)
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
    use std::io::{BufReader, Read};

    const LIMITS: Limits = Limits {
        block: 1000,
        line: 100,
        fields: 50,
    };

    fn read(text: &[u8]) -> Result<Header> {
        Header::read(&mut &text[..], LIMITS)
    }

    fn field(text: &str) -> Field {
        read(text.as_bytes()).unwrap().fields.remove(0)
    }

    #[test]
    fn keeps_exact_bytes_and_leaves_the_body() {
        let mut source = &b"A: b\r\nX-Long:\r\n\t folded \n  on\nC : d\r\n\r\n\r\nbody"[..];
        let header = Header::read(&mut source, LIMITS).unwrap();
        assert_eq!(source, b"\r\nbody");
        let raw: Vec<_> = header.fields.iter().map(|f| f.raw.as_slice()).collect();
        assert_eq!(
            raw,
            [
                &b"A: b\r\n"[..],
                b"X-Long:\r\n\t folded \n  on\n",
                b"C : d\r\n"
            ]
        );
        assert_eq!(header.line_end, LineEnd::CrLf);
        assert!(header.terminated);
        assert_eq!(header.fields[1].value(), b"folded   on");
        assert_eq!(header.fields[2].name(), "C");
    }

    #[test]
    fn skips_what_mailboxes_put_before() {
        for before in [
            "",
            "\u{feff}",
            "From alice@example.com Mon Jan  1 12:00:00 2024\n",
            ">From a\n",
            "\u{feff}From a\nFrom b\n",
        ] {
            let header = read(format!("{before}A: b\n\n").as_bytes()).unwrap();
            assert_eq!(header.fields[0].raw, b"A: b\n", "{before}");
        }
        // this is a field, with obsolete white space
        assert_eq!(field("From : a@b\n").name(), "From");
        assert!(matches!(
            read(b"A: b\nFrom c\n\n"),
            Err(Error::NotAField { offset: 5 })
        ));
    }

    #[test]
    fn may_be_empty_or_cut_off() {
        for (text, fields, terminated) in [
            (&b""[..], 0, false),
            (b"\nbody", 0, true),
            (b"\r\nbody", 0, true),
            (b"A: b", 1, false),
            (b"A: b\r\n c", 1, false),
        ] {
            let header = read(text).unwrap();
            assert_eq!(
                (header.fields.len(), header.terminated),
                (fields, terminated)
            );
        }
    }

    #[test]
    fn refuses_what_is_no_field() {
        for (text, offset) in [
            (&b"no field\n"[..], 0),
            (b" A: b\n", 0),
            (b"\x30\x82\x01\x00", 0),
            (b": b\n", 0),
            (b"A\r: b\n", 0),
            (b"A b: c\n", 0),
            (b"\xc3\xa9: c\n", 0),
            (b"A: b\nno field\n", 5),
            (b"A: b\n\r\r\n", 5),
            (b"-----BEGIN CMS-----\n", 0),
        ] {
            match read(text) {
                Err(Error::NotAField { offset: found }) => assert_eq!(found, offset),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(matches!(read(&[0x30; 5000]), Err(Error::NotAField { .. })));
    }

    #[test]
    fn is_bounded() {
        let line = |n: usize| format!("A: {}\n", "x".repeat(n - 4)).into_bytes();
        assert!(read(&line(100)).is_ok());
        assert!(matches!(
            read(&line(101)),
            Err(Error::TooLong {
                what: "header line",
                limit: 100,
                offset: 0
            })
        ));
        let block = |n| [line(100).repeat(9), line(n)].concat();
        assert!(read(&block(100)).is_ok());
        let block = [block(100), b"\n".to_vec()].concat();
        assert!(matches!(
            read(&block),
            Err(Error::TooLong {
                what: "header block",
                limit: 1000,
                offset: 1000
            })
        ));
    }

    #[test]
    fn has_so_many_fields() {
        let block = |fields: usize| "a:\n b\n".repeat(fields) + "\n";
        assert_eq!(read(block(50).as_bytes()).unwrap().fields.len(), 50);
        assert!(matches!(
            read(block(51).as_bytes()),
            Err(Error::TooManyFields { limit: 50 })
        ));
    }

    #[test]
    fn finds_fields() {
        let header = read(
            b"Subject: =?utf-8?q?caf=C3=A9?=\r\n au lait\nTo: a\nto: b\nContent-transfer-encoding: (x) BASE64\n\n",
        )
        .unwrap();
        assert_eq!(header.display("subject").unwrap(), "café au lait");
        assert_eq!(header.display("Date"), None);
        assert_eq!(header.all("TO").count(), 2);
        assert!(matches!(
            header.sole("To"),
            Err(Error::Repeated { name: "To" })
        ));
        assert!(header.sole("From").unwrap().is_none());
        assert_eq!(
            header.transfer_encoding().unwrap(),
            TransferEncoding::Base64
        );
        assert!(header.content_type().unwrap().is_none());
        let header = read(b"Content-Transfer-Encoding: rot13\n\n").unwrap();
        assert!(matches!(
            header.transfer_encoding(),
            Err(Error::Malformed { .. })
        ));
        assert!(
            read(b"Content-Type: a/b\nCONTENT-TYPE: a/b\n\n")
                .unwrap()
                .content_type()
                .is_err()
        );
    }

    #[test]
    fn tells_mime_fields() {
        for (name, is_mime) in [
            ("mime-version", true),
            ("Content-Type", true),
            ("CONTENT-X", true),
            ("Content", false),
            ("X-Content-Type", false),
            ("From", false),
        ] {
            assert_eq!(Field::new(name, "x", LineEnd::Lf).is_mime(), is_mime);
        }
    }

    #[test]
    fn merges_by_name() {
        let read = |text: &str| read(text.as_bytes()).unwrap().fields;
        let outer = read(
            "Received: 1\nReceived: 2\nFrom: outer\nSubject: ...\nMIME-Version: 1.0\nContent-Type: a/b\nFrom: second\nTo: x",
        );
        let inner = read("content-type: c/d\nfrom: inner\nSubject: real\nX: y\n\n");
        let merged: Vec<_> = merge(&outer, &inner).into_iter().map(|f| f.raw).collect();
        assert_eq!(
            String::from_utf8(merged.concat()).unwrap(),
            "Received: 1\nReceived: 2\nfrom: inner\nSubject: real\nTo: x\ncontent-type: c/d\nX: y\n"
        );
    }

    proptest! {
        #[test]
        fn merging_keeps_every_inner_field_once(
            outer in "((A|b|From|Content-X): [x\n]?\n){0,6}(A: end)?",
            inner in "((a|B|FROM|content-x|C): y\n){0,6}(d: end)?",
        ) {
            let fields = |text: &str| read(text.replace("\n\n", "\n \n").as_bytes()).unwrap().fields;
            let (outer, inner) = (fields(&outer), fields(&inner));
            let merged = merge(&outer, &inner);
            for field in &inner {
                let count = |fields: &[Field]| fields.iter().filter(|f| f.is(field.name())).count();
                prop_assert_eq!(count(&merged), count(&inner));
            }
            for field in outer.iter().filter(|o| !o.is_mime() && !inner.iter().any(|i| i.is(o.name()))) {
                prop_assert!(merged.iter().any(|f| f.raw.starts_with(&field.raw)));
            }
            prop_assert!(merged.iter().all(|f| f.raw.ends_with(b"\n")));
            let from_inner = merged.iter().filter(|f| f.is_mime()).count();
            prop_assert_eq!(from_inner, inner.iter().filter(|f| f.is_mime()).count());
        }

        #[test]
        fn never_panics_nor_depends_on_chunks(text in "([A: \t\r\n]|Content-Type: |From |[\\PC]){0,60}", seed in any::<u64>()) {
            let whole = read(text.as_bytes());
            let mut source = BufReader::with_capacity(1 << (seed % 6), ChaosReader::new(text.as_bytes(), seed));
            let piecewise = Header::read(&mut source, LIMITS);
            prop_assert_eq!(format!("{whole:?}"), format!("{piecewise:?}"));
            if let Ok(header) = whole {
                for field in &header.fields {
                    let _ = (field.value(), header.display(field.name()), header.content_type(), header.transfer_encoding());
                }
                let mut body = Vec::new();
                source.read_to_end(&mut body).unwrap();
                prop_assert!(text.as_bytes().ends_with(&body));
            }
        }
    }
}
