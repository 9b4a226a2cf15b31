//! The element itself: hidden fields as lines of text, in the characters and the encoding of the part that they are put into.
use crate::{
    encoding::{base64, quoted_printable},
    mime::{LineEnd, header::Field, transfer::TransferEncoding},
};
use std::io::{Read, Write};

/// What is shown.
pub(super) struct Element {
    fields: Vec<Shown>,
}

struct Shown {
    name: String,
    /// for people
    text: String,
    /// as it was written
    raw: String,
}

impl Element {
    pub(super) fn new(hidden: &[Field]) -> Self {
        let shown = |field: &Field| Shown {
            name: field.name().to_owned(),
            text: one_line(&field.text()),
            raw: one_line(&String::from_utf8_lossy(&field.value())),
        };
        Self {
            fields: hidden.iter().map(shown).collect(),
        }
    }

    /// Returns what stands before a text/plain (RFC 9788 §5.2.2).
    pub(super) fn text(
        &self,
        charset: Option<&str>,
        encoding: TransferEncoding,
        line_end: LineEnd,
    ) -> Option<Vec<u8>> {
        let characters = Characters::of(charset)?;
        let seven_bit = encoding == TransferEncoding::SevenBit;
        let is_base64 = encoding == TransferEncoding::Base64;
        // what is encoded is in canonical form
        let eol = if encoding.is_identity() {
            line_end
        } else {
            LineEnd::CrLf
        }
        .as_str();
        let lines = |padding: usize| {
            let mut text = Vec::new();
            for (place, field) in self.fields.iter().enumerate() {
                let padding = if place == 0 { padding } else { 0 };
                text.extend_from_slice(
                    format!("{}: {}", field.name, " ".repeat(padding)).as_bytes(),
                );
                text.extend(characters.express(field, seven_bit));
                text.extend_from_slice(eol.as_bytes());
            }
            text.extend_from_slice(eol.as_bytes());
            text
        };
        let text = lines(0);
        match encoding {
            // whole quanta: the base64 that follows begins one
            TransferEncoding::Base64 => encoded(&lines(missing(text.len())), is_base64, line_end),
            TransferEncoding::QuotedPrintable => encoded(&text, is_base64, line_end),
            _ => Some(text),
        }
    }

    /// Returns the beginning of a text/html, or all of it (`whole`), with the element in it (§5.2.3); `None` if it has no place for it.
    pub(super) fn html(
        &self,
        html: &[u8],
        whole: bool,
        charset: Option<&str>,
        encoding: TransferEncoding,
        line_end: LineEnd,
    ) -> Option<Vec<u8>> {
        Characters::of(charset)?;
        match encoding {
            TransferEncoding::Base64 => {
                let cut = if whole {
                    html.len()
                } else {
                    whole_quanta(html)
                };
                let (head, rest) = html.split_at_checked(cut)?;
                let mut text = Vec::new();
                base64::Decoder::new(head).read_to_end(&mut text).ok()?;
                let at = place(&text, whole)?;
                let mut division = self.division(LineEnd::CrLf);
                if !whole {
                    division = " ".repeat(missing(text.len() + division.len())) + &division;
                }
                let text = spliced(&text, at, division.as_bytes());
                Some([encoded(&text, true, line_end)?, rest.to_vec()].concat())
            }
            TransferEncoding::QuotedPrintable => {
                let (text, places) = quoted(html);
                let at = place(&text, whole)?;
                let at = places.get(at).copied().unwrap_or(html.len());
                let division = encoded(self.division(LineEnd::CrLf).as_bytes(), false, line_end)?;
                Some(spliced(html, at, &division))
            }
            _ => {
                let at = place(html, whole)?;
                Some(spliced(html, at, self.division(line_end).as_bytes()))
            }
        }
    }

    /// Every character that is not plain ASCII is written by its number, so that no charset matters.
    fn division(&self, line_end: LineEnd) -> String {
        let eol = line_end.as_str();
        let line = |field: &Shown| format!("{}: {}", field.name, escaped(&field.text));
        let lines = self.fields.iter().map(line).collect::<Vec<_>>().join(eol);
        format!(
            "{eol}<div class=\"header-protection-legacy-display\"><pre>{lines}</pre></div>{eol}"
        )
    }
}

/// Which characters a text may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Characters {
    Ascii,
    Latin1,
    Unicode,
}

impl Characters {
    /// `None` where not even ASCII means what it does elsewhere.
    fn of(charset: Option<&str>) -> Option<Self> {
        let charset = charset.unwrap_or("us-ascii").to_ascii_lowercase();
        let like_ascii = [
            "iso-8859-",
            "windows-",
            "koi8-",
            "euc-",
            "gb",
            "big5",
            "us-ascii",
        ];
        match charset.as_str() {
            "utf-8" => Some(Self::Unicode),
            "iso-8859-1" | "windows-1252" => Some(Self::Latin1),
            other => like_ascii
                .iter()
                .any(|it| other.starts_with(it))
                .then_some(Self::Ascii),
        }
    }

    /// What cannot be said in these characters stays as it was written, in encoded words.
    fn express(self, field: &Shown, seven_bit: bool) -> Vec<u8> {
        let latin = |c: char| c.is_ascii() || ('\u{a0}'..='\u{ff}').contains(&c);
        match self {
            _ if field.text.is_ascii() => field.text.clone().into_bytes(),
            Self::Unicode if !seven_bit => field.text.clone().into_bytes(),
            Self::Latin1 if !seven_bit && field.text.chars().all(latin) => {
                let octets = field.text.chars().map(|c| u8::try_from(u32::from(c)));
                octets.map(|octet| octet.unwrap_or(b'?')).collect()
            }
            _ => {
                let plain = |c: char| if c.is_ascii() { c } else { '?' };
                field
                    .raw
                    .chars()
                    .map(plain)
                    .collect::<String>()
                    .into_bytes()
            }
        }
    }
}

/// RFC 9788 §10.3: no line end, or what else controls, may end the element early.
fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            '&' => escaped.push_str("&amp;"),
            c if c.is_ascii() => escaped.push(c),
            c => escaped.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    escaped
}

/// Octets that are missing to a whole quantum of base64.
const fn missing(length: usize) -> usize {
    (3 - length % 3) % 3
}

fn spliced(text: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, b""));
    [before, with, after].concat()
}

fn encoded(text: &[u8], is_base64: bool, line_end: LineEnd) -> Option<Vec<u8>> {
    if is_base64 {
        let mut encoder = base64::Encoder::new(Vec::new(), line_end.as_str());
        encoder.write_all(text).ok()?;
        return encoder.finish().ok();
    }
    let mut encoder = quoted_printable::Encoder::new(Vec::new(), line_end.as_str());
    encoder.write_all(text).ok()?;
    encoder.finish().ok()
}

/// Returns the length of the most lines of base64 that are whole quanta.
fn whole_quanta(text: &[u8]) -> usize {
    let (mut digits, mut cut) = (0_usize, 0);
    for (place, octet) in text.iter().enumerate() {
        match octet {
            b'\n' if digits.is_multiple_of(4) => cut = place + 1,
            // what follows padding begins anew: nothing is known of it
            b'=' => break,
            octet if octet.is_ascii_whitespace() => {}
            _ => digits += 1,
        }
    }
    cut
}

/// Decodes quoted-printable, with the place of each octet in what was written.
fn quoted(text: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut octets, mut places) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let digit = |place: usize| char::from(rest.get(place).copied().unwrap_or(0)).to_digit(16);
        let (octet, length) = match (rest, digit(1), digit(2)) {
            ([b'=', b'\n', ..], ..) => (None, 2),
            ([b'=', b'\r', b'\n', ..], ..) => (None, 3),
            ([b'=', ..], Some(high), Some(low)) => (u8::try_from(16 * high + low).ok(), 3),
            ([octet, ..], ..) => (Some(*octet), 1),
            ([], ..) => break,
        };
        if let Some(octet) = octet {
            octets.push(octet);
            places.push(at);
        }
        at += length;
    }
    (octets, places)
}

/// Returns where the element stands best: as the first child of `body`, after the head of a document that leaves `body` out, at the start of what is
/// no document. `None`: not in this beginning of a document.
fn place(html: &[u8], whole: bool) -> Option<usize> {
    let text = html.to_ascii_lowercase();
    let (mut at, mut head_ends, mut is_document) = (0, None, false);
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        at += found;
        let rest = text.get(at..).unwrap_or_default();
        if is_tag(rest, b"<body") {
            return Some(at + tag_length(rest)?);
        }
        if is_tag(rest, b"</head") {
            head_ends = Some(at + tag_length(rest)?);
        }
        is_document |=
            rest.starts_with(b"<!doctype") || is_tag(rest, b"<html") || is_tag(rest, b"<head");
        at += skipped(rest)?;
    }
    match (whole, head_ends, is_document) {
        (false, ..) => None,
        (true, Some(end), _) => Some(end),
        (true, None, false) => Some(0),
        (true, None, true) => None,
    }
}

/// Octets from one `<` that hold no tag of interest: a comment, or a text in which nothing is a tag.
fn skipped(rest: &[u8]) -> Option<usize> {
    let past = |end: &[u8]| memchr::memmem::find(rest, end).map(|at| at + end.len());
    if rest.starts_with(b"<!--") {
        return past(b"-->");
    }
    for (begin, end) in [
        (&b"<script"[..], &b"</script"[..]),
        (b"<style", b"</style"),
        (b"<title", b"</title"),
        (b"<textarea", b"</textarea"),
    ] {
        if is_tag(rest, begin) {
            return past(end);
        }
    }
    Some(1)
}

fn is_tag(rest: &[u8], name: &[u8]) -> bool {
    let after = rest.strip_prefix(name).and_then(|it| it.first());
    after.is_some_and(|o| o.is_ascii_whitespace() || matches!(o, b'>' | b'/'))
}

/// Returns the length of a tag, in whose quoted values a `>` may stand.
fn tag_length(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    tag.iter()
        .position(|octet| {
            match (quote, octet) {
                (None, b'"' | b'\'') => quote = Some(*octet),
                (Some(open), octet) if open == *octet => quote = None,
                (None, b'>') => return true,
                _ => {}
            }
            false
        })
        .map(|at| at + 1)
}
