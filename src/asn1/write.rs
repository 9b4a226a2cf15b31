//! DER of small values, and BER shells of indefinite length around flowing content (X.690 §8.1.3.6, §10). Does not check what it is
//! given: parts are encodings already.
use super::Tag;
use std::io::{self, Write};

/// Returns tag, minimal length and `content`.
pub fn tlv(tag: Tag, content: &[u8]) -> Vec<u8> {
    of_parts(tag, &[content])
}

/// Returns tag and minimal length, for `length` content octets that follow.
pub fn header(tag: Tag, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER);
    push_header(tag, length, &mut out);
    out
}

/// Octets of a tag, of the count of length octets, and of those: a usize has eight.
const HEADER: usize = 10;

fn push_header(tag: Tag, length: usize, out: &mut Vec<u8>) {
    let octets = length.to_be_bytes();
    let zeros = octets.iter().take_while(|&&o| o == 0).count();
    let significant = octets.get(zeros..).unwrap_or_default();
    out.push(tag.0);
    match (significant, significant.len()) {
        ([], _) => out.push(0),
        (&[short @ 0..=0x7f], _) => out.push(short),
        // at most eight octets of a usize
        (_, count) => {
            out.push(0x80 | (count as u8));
            out.extend_from_slice(significant);
        }
    }
}

/// Returns tag, minimal length and the parts of the content.
fn of_parts(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(HEADER.saturating_add(length));
    push_header(tag, length, &mut out);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// Returns a constructed value of the given encodings.
pub fn constructed(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    of_parts(tag.constructed(), parts)
}

/// Returns a SEQUENCE of the given encodings.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    constructed(Tag::SEQUENCE, parts)
}

/// Returns a SET OF the given encodings in DER order (X.690 §11.6).
pub fn set_of(parts: &[Vec<u8>]) -> Vec<u8> {
    // the order of X.690 pads the shorter with zeros; no encoding is a prefix of another, so plain comparison is the same
    let mut sorted: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    constructed(Tag::SET, &sorted)
}

/// Returns an INTEGER of a small number.
pub fn integer(value: u32) -> Vec<u8> {
    let octets = u64::from(value).to_be_bytes();
    let mut content = octets.as_slice();
    while let [0, rest @ ..] = content
        && rest.first().is_some_and(|&o| o < 0x80)
    {
        content = rest;
    }
    tlv(Tag::INTEGER, content)
}

/// Returns the same value under another tag (IMPLICIT tagging, X.690 §8.14).
pub fn retag(tag: Tag, mut encoding: Vec<u8>) -> Vec<u8> {
    if let Some(first) = encoding.first_mut() {
        *first = tag.0;
    }
    encoding
}

/// Writes constructed values of indefinite length (X.690 §8.1.3.6).
pub struct Shell<W> {
    sink: W,
}

impl<W: Write> Shell<W> {
    /// Writes to `sink`.
    pub fn new(sink: W) -> Self {
        Self { sink }
    }

    /// Opens a constructed value.
    pub fn open(&mut self, tag: Tag) -> io::Result<()> {
        self.sink.write_all(&[tag.constructed().0, 0x80])
    }

    /// Writes a finished encoding.
    pub fn element(&mut self, der: &[u8]) -> io::Result<()> {
        self.sink.write_all(der)
    }

    /// Writes one chunk as a primitive OCTET STRING inside an open constructed one.
    pub fn octets(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.sink
            .write_all(&header(Tag::OCTET_STRING, chunk.len()))?;
        self.sink.write_all(chunk)
    }

    /// Closes the innermost open value with end-of-contents octets.
    pub fn close(&mut self) -> io::Result<()> {
        self.sink.write_all(&[0, 0])
    }

    /// Flushes the sink.
    pub fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }

    /// Returns the sink.
    pub fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Gives the sink back.
    pub fn into_inner(self) -> W {
        self.sink
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal() {
        assert_eq!(header(Tag::OCTET_STRING, 0), [4, 0]);
        assert_eq!(header(Tag::OCTET_STRING, 127), [4, 127]);
        assert_eq!(header(Tag::OCTET_STRING, 128), [4, 0x81, 128]);
        assert_eq!(header(Tag::OCTET_STRING, 256), [4, 0x82, 1, 0]);
        assert_eq!(header(Tag::OCTET_STRING, 1 << 24), [4, 0x84, 1, 0, 0, 0]);
    }

    #[test]
    fn integers_are_minimal() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(u32::MAX), [2, 5, 0, 255, 255, 255, 255]);
    }

    #[test]
    fn set_of_is_sorted() {
        let parts = [integer(300), integer(2), vec![1, 1, 0xff]];
        assert_eq!(
            set_of(&parts),
            [0x31, 10, 1, 1, 0xff, 2, 1, 2, 2, 2, 1, 0x2c]
        );
        assert_eq!(sequence(&[]), [0x30, 0]);
    }

    #[test]
    fn shell() {
        let mut shell = Shell::new(Vec::new());
        shell.open(Tag::SEQUENCE).unwrap_or_default();
        shell.open(Tag::OCTET_STRING).unwrap_or_default();
        shell.octets(b"ab").unwrap_or_default();
        shell.close().unwrap_or_default();
        shell.close().unwrap_or_default();
        assert_eq!(
            shell.into_inner(),
            [0x30, 0x80, 0x24, 0x80, 4, 2, b'a', b'b', 0, 0, 0, 0]
        );
    }
}
