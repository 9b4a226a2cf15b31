//! How the body of a part is written: as it is, encoded, or its encoding mended.
use super::Step;
use crate::{
    encoding::{base64, quoted_printable},
    mime::canonical::Canonicalizer,
};
use std::io::Write as _;

const LINE_END: &str = "\r\n";

/// Writes a body, chunk by chunk.
pub(super) enum Codec {
    Keep,
    QuotedPrintable(Box<quoted_printable::Encoder<Vec<u8>>>),
    Base64 {
        /// where line ends become CRLF first
        lines: Option<(Canonicalizer, Vec<u8>)>,
        encoder: Box<base64::Encoder<Vec<u8>>>,
    },
    Mend(Mend),
    Rewrap(Rewrap),
}

impl Codec {
    pub(super) fn of(step: Step) -> Self {
        match step {
            Step::Keep | Step::Label => Self::Keep,
            Step::QuotedPrintable => Self::QuotedPrintable(Box::new(
                quoted_printable::Encoder::new(Vec::new(), LINE_END),
            )),
            Step::Base64 { lines } => Self::Base64 {
                lines: lines.then(|| (Canonicalizer::new(), Vec::new())),
                encoder: Box::new(base64::Encoder::new(Vec::new(), LINE_END)),
            },
            Step::Mend => Self::Mend(Mend::default()),
            Step::Rewrap => Self::Rewrap(Rewrap::default()),
        }
    }

    pub(super) fn push(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        // nothing fails: a Vec takes everything
        match self {
            Self::Keep => out.extend_from_slice(octets),
            Self::QuotedPrintable(encoder) => {
                let _ = encoder.write_all(octets);
                out.append(encoder.sink_mut());
            }
            Self::Base64 { lines, encoder } => {
                let octets = match lines {
                    None => octets,
                    Some((canonicalizer, canonical)) => canonicalizer.form(octets, canonical),
                };
                let _ = encoder.write_all(octets);
                out.append(encoder.sink_mut());
            }
            Self::Mend(mend) => octets.iter().for_each(|octet| mend.push(*octet, out)),
            Self::Rewrap(rewrap) => octets.iter().for_each(|octet| rewrap.push(*octet, out)),
        }
    }

    /// Writes what is held back.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(self, Self::Keep) {
            Self::Keep | Self::Rewrap(_) => {}
            Self::QuotedPrintable(encoder) => out.extend(encoder.finish().unwrap_or_default()),
            Self::Base64 { encoder, .. } => out.extend(encoder.finish().unwrap_or_default()),
            Self::Mend(mend) => mend.finish(out),
        }
    }
}

/// The longest line of quoted-printable that is left as it is. RFC 2045 §6.7 (5) allows 76; shorter ones than this get through.
const LONG: usize = 900;
/// White space that is held back until what follows decides about it.
const BLANKS: usize = 1000;

/// Quoted-printable in which what has no place in it is escaped, and white space at the end of lines removed: a decoder would ignore it (RFC
/// 2045 §6.7 (3)). A well-formed body stays as it is.
#[derive(Default)]
pub(super) struct Mend {
    /// of the line begun
    length: usize,
    /// the line, as far as it is short enough to be one of those that a transport takes for its own
    start: Vec<u8>,
    blanks: Vec<u8>,
    /// what of an escape was seen before them
    escape: Escape,
    after_cr: bool,
    /// the line was begun here, by a soft line end
    soft: bool,
}

/// What was seen of an escape.
#[derive(Clone, Copy, Default)]
enum Escape {
    #[default]
    None,
    /// `=`
    Sign,
    /// `=` and one hexadecimal digit
    Digit(u8),
}

impl Mend {
    fn push(&mut self, octet: u8, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) && octet != b'\n' {
            self.release(out);
            self.escaped(b'\r', out);
        }
        match (self.escape, octet) {
            (Escape::Sign, _) if octet.is_ascii_hexdigit() && self.blanks.is_empty() => {
                self.escape = Escape::Digit(octet);
                return;
            }
            (Escape::Digit(digit), _) if octet.is_ascii_hexdigit() => {
                self.escape = Escape::None;
                for octet in [b'=', digit, octet] {
                    self.literal(octet, out);
                }
                return;
            }
            (Escape::Digit(_), _) => self.release(out),
            (Escape::Sign | Escape::None, _) => {}
        }
        match octet {
            b'\n' => {
                self.blanks.clear();
                // a soft line end
                if let Escape::Sign = std::mem::take(&mut self.escape) {
                    self.literal(b'=', out);
                }
                self.end_line(out);
                self.soft = false;
            }
            b'\r' => self.after_cr = true,
            b' ' | b'\t' => {
                if self.blanks.len() >= BLANKS {
                    self.release(out);
                }
                self.blanks.push(octet);
            }
            b'=' => {
                self.release(out);
                self.escape = Escape::Sign;
            }
            b'!'..=b'~' => {
                self.release(out);
                self.literal(octet, out);
            }
            _ => {
                self.release(out);
                self.escaped(octet, out);
            }
        }
    }

    fn finish(mut self, out: &mut Vec<u8>) {
        if self.after_cr {
            self.release(out);
            self.escaped(b'\r', out);
        }
        match self.escape {
            // at the very end it may be a soft line end
            Escape::Sign => self.literal(b'=', out),
            Escape::Digit(_) => self.release(out),
            Escape::None => {}
        }
        out.append(&mut self.start);
    }

    /// Writes what is held, as content follows: a `=` that begins no escape is one that decoders read differently, and is escaped.
    fn release(&mut self, out: &mut Vec<u8>) {
        match std::mem::take(&mut self.escape) {
            Escape::None => {}
            Escape::Sign => self.escaped(b'=', out),
            Escape::Digit(digit) => {
                self.escaped(b'=', out);
                self.literal(digit, out);
            }
        }
        for blank in std::mem::take(&mut self.blanks) {
            self.literal(blank, out);
        }
    }

    fn literal(&mut self, octet: u8, out: &mut Vec<u8>) {
        // an escape must not be divided
        self.make_room(if octet == b'=' { 3 } else { 1 }, out);
        match (self.start.as_slice(), octet) {
            (b"From", b' ') => self.replace(b"=46rom ", out),
            (b"-", b'-') if self.soft => self.replace(b"=2D-", out),
            _ => self.put(octet, out),
        }
    }

    fn escaped(&mut self, octet: u8, out: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.make_room(3, out);
        self.put(b'=', out);
        for digit in [octet >> 4, octet & 15] {
            let digit = DIGITS.get(usize::from(digit)).copied();
            self.put(digit.unwrap_or(b'0'), out);
        }
    }

    fn make_room(&mut self, characters: usize, out: &mut Vec<u8>) {
        if self.length + characters > LONG {
            self.put(b'=', out);
            self.end_line(out);
            self.soft = true;
        }
    }

    /// Writes an octet, the first few of a line only when there are enough of them.
    fn put(&mut self, octet: u8, out: &mut Vec<u8>) {
        self.length += 1;
        if self.length <= 5 {
            self.start.push(octet);
        } else {
            out.append(&mut self.start);
            out.push(octet);
        }
    }

    fn replace(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.start.clear();
        out.extend_from_slice(text);
        self.length = text.len().max(6);
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.start);
        out.extend_from_slice(LINE_END.as_bytes());
        self.length = 0;
    }
}

/// Characters of a line of base64 (RFC 2045 §6.8).
const LINE: usize = 76;

/// Base64 in lines of the right length, without white space.
#[derive(Default)]
pub(super) struct Rewrap {
    length: usize,
}

impl Rewrap {
    fn push(&mut self, octet: u8, out: &mut Vec<u8>) {
        if matches!(octet, b' ' | b'\t' | b'\r' | b'\n') {
            return;
        }
        if self.length == LINE {
            out.extend_from_slice(LINE_END.as_bytes());
            self.length = 0;
        }
        out.push(octet);
        self.length += 1;
    }
}
