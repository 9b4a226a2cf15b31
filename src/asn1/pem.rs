//! PEM (RFC 7468), tolerant: text before, between and after blocks, CRLF, any line length, PKCS#1-style header lines (RFC 1421).
//! Knows no meaning of labels.
use crate::encoding::base64;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// One block.
pub struct Block {
    /// the label between `BEGIN` and the dashes
    pub label: String,
    /// header lines such as `Proc-Type: 4,ENCRYPTED`
    pub headers: Vec<(String, String)>,
    /// decoded content
    pub der: Zeroizing<Vec<u8>>,
}

/// Why text that begins a PEM block is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// BEGIN without a matching END.
    #[error("PEM block {label} has no matching end line")]
    NoEnd {
        /// label
        label: String,
    },
    /// The content is not base64.
    #[error("PEM block {label} is not base64")]
    NotBase64 {
        /// label
        label: String,
    },
}

/// Returns every block of `text`, in order; empty if it has none.
pub fn blocks(text: &[u8]) -> Result<Vec<Block>, Error> {
    let mut lines = Lines(text);
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(label) = boundary(line, "BEGIN") {
            blocks.push(block(label, &mut lines)?);
        }
    }
    Ok(blocks)
}

/// Writes one block, lines of 64 characters.
pub fn encode(label: &str, der: &[u8]) -> String {
    let mut encoder = base64::Encoder::new(Vec::new(), "\n");
    // a Vec takes everything
    let written = encoder.write_all(der).and_then(|()| encoder.finish());
    let body = String::from_utf8(written.unwrap_or_default()).unwrap_or_default();
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

/// Reads a block whose BEGIN line was just read.
fn block(label: String, lines: &mut Lines<'_>) -> Result<Block, Error> {
    let headers = headers(lines);
    let body = lines.0;
    let mut rest = lines.0;
    while let Some(line) = lines.next() {
        match boundary(line, "END") {
            Some(end) if end == label => {
                let body = body.get(..body.len() - rest.len()).unwrap_or_default();
                let der = decode(body).ok_or_else(|| Error::NotBase64 {
                    label: label.clone(),
                })?;
                return Ok(Block {
                    label,
                    headers,
                    der,
                });
            }
            Some(_) => break,
            None => rest = lines.0,
        }
    }
    Err(Error::NoEnd { label })
}

/// Reads the lines of RFC 1421 §4.6 before the base64, if there are any, with the empty line that ends them.
fn headers(lines: &mut Lines<'_>) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut ahead = Lines(lines.0);
        let Some(line) = ahead.next() else {
            return headers;
        };
        let text = String::from_utf8_lossy(line);
        match (text.split_once(':'), headers.last_mut()) {
            (None, Some((_, value)))
                if text.starts_with([' ', '\t']) && !text.trim().is_empty() =>
            {
                value.push_str(text.trim());
            }
            (Some((name, value)), _) => {
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            (None, _) => {
                if text.trim().is_empty() {
                    *lines = ahead;
                }
                return headers;
            }
        }
        *lines = ahead;
    }
}

/// Returns the label of a BEGIN or END line.
fn boundary(line: &[u8], word: &str) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let label = text
        .strip_prefix("-----")?
        .strip_prefix(word)?
        .strip_prefix(' ')?
        .strip_suffix("-----")?;
    Some(label.trim().to_owned())
}

fn decode(body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // private keys pass through here: sized so that it never moves
    let mut der = Zeroizing::new(Vec::with_capacity(body.len() / 4 * 3 + 3));
    let mut decoder = base64::Decoder::new(body);
    decoder.read_to_end(&mut der).ok()?;
    let tolerated = decoder.tolerated();
    (!tolerated.junk && !tolerated.after_end).then_some(der)
}

/// What is left of a text, line by line, ends removed.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|&o| o == b'\n');
        let (line, rest) = match end {
            Some(end) => (self.0.get(..end)?, self.0.get(end + 1..)?),
            None => (self.0, &[][..]),
        };
        self.0 = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_among_text() {
        let text = b"subject=x\r\n-----BEGIN A-----\r\nAQI=\r\n-----END A-----\r\nbetween\n  -----BEGIN B C-----  \nProc-Type: 4,ENCRYPTED\nDEK-Info: DES,\n AB\n\nAQ\nID\n\n-----END B C-----";
        let blocks = blocks(text).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!(
            (blocks[0].label.as_str(), blocks[0].der.as_slice()),
            ("A", &[1, 2][..])
        );
        assert!(blocks[0].headers.is_empty());
        assert_eq!(
            (blocks[1].label.as_str(), blocks[1].der.as_slice()),
            ("B C", &[1, 2, 3][..])
        );
        assert_eq!(
            blocks[1].headers,
            [("Proc-Type", "4,ENCRYPTED"), ("DEK-Info", "DES,AB")]
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn no_blocks_is_no_error() {
        assert!(blocks(b"").unwrap().is_empty());
        assert!(blocks(b"nothing\n-----END A-----\n").unwrap().is_empty());
    }

    #[test]
    fn broken_blocks() {
        for text in [
            "-----BEGIN A-----\nAQI=\n",
            "-----BEGIN A-----\nAQI=\n-----END B-----\n",
        ] {
            assert!(matches!(blocks(text.as_bytes()), Err(Error::NoEnd { label }) if label == "A"));
        }
        let text = "-----BEGIN A-----\nA!!!I=\n-----END A-----\n";
        assert!(matches!(
            blocks(text.as_bytes()),
            Err(Error::NotBase64 { .. })
        ));
    }

    proptest! {
        #[test]
        fn round_trip(der in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = encode("X Y", &der);
            prop_assert!(text.lines().all(|line| line.len() <= 64));
            let blocks = blocks(text.as_bytes()).unwrap();
            prop_assert_eq!(blocks.len(), 1);
            prop_assert_eq!(blocks[0].der.as_slice(), &der[..]);
        }

        #[test]
        fn no_text_panics(text in "(-----(BEGIN|END) A-----|[a-zA-Z:=+ \r\n-]){0,20}") {
            let _ = blocks(text.as_bytes());
        }
    }
}
