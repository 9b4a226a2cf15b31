//! Legacy display elements (RFC 9788 §5.2.2, §5.2.3): what an encrypted message hides of its header, put into its text while that flows, for
//! readers who know nothing of protected headers.
//!
//! Knows main body parts (§5.2.4): text/plain and text/html at the root, in any part of multipart/alternative, in the first of multipart/mixed
//! and multipart/related. No other part is changed, and no octet that was there. Where the text cannot be put in safely it is left out.
mod element;

use super::{
    content_type::ContentType,
    header::{Field, Header, Limits},
    parameters::with_parameter,
    transfer::TransferEncoding,
};
use element::Element;
use std::io::{self, BufRead, Cursor, Read};

/// How deep multiparts are followed; mail has three levels.
const DEPTH: usize = 16;
/// Octets of a line, or of the beginning of an HTML text, that are held.
const HELD: u64 = 64 << 10;

/// An entity, header and all, with the hidden fields put into its main body parts as it is read.
pub struct LegacyDisplay<R> {
    source: R,
    element: Element,
    limits: Limits,
    /// multiparts that may have another main body part, outermost first
    frames: Vec<Frame>,
    state: State,
    /// the next octet begins a line
    line_start: bool,
    ready: Cursor<Vec<u8>>,
}

/// A multipart on the way to a main body part.
struct Frame {
    delimiter: Vec<u8>,
    /// all parts are main body parts, and not only the first
    alternative: bool,
    parts: usize,
}

enum State {
    /// in the header of a part that may be a main body part
    Head(Vec<u8>),
    /// at the beginning of a text/html part
    Html {
        header: Header,
        head: Vec<u8>,
        body: Vec<u8>,
    },
    /// in what is not changed, up to a delimiter
    Body,
    /// in what is not changed, to the end
    Rest,
}

impl<R: BufRead> LegacyDisplay<R> {
    /// Puts `hidden` into the entity that is read from `source`.
    pub fn new(source: R, hidden: &[Field], limits: Limits) -> Self {
        Self {
            source,
            element: Element::new(hidden),
            limits,
            frames: Vec::new(),
            state: State::Head(Vec::new()),
            line_start: true,
            ready: Cursor::default(),
        }
    }

    /// Reads on until there is something to give out, or the end; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let mut line = Vec::new();
        self.source
            .by_ref()
            .take(HELD)
            .read_until(b'\n', &mut line)?;
        let starts = std::mem::replace(&mut self.line_start, line.ends_with(b"\n"));
        let delimiter = if starts { self.delimiter(&line) } else { None };
        let ended = line.is_empty();
        let out = match std::mem::replace(&mut self.state, State::Body) {
            State::Head(head) if ended || delimiter.is_some() => head,
            State::Head(mut head) => {
                head.extend_from_slice(&line);
                let blank = starts && matches!(line.as_slice(), b"\n" | b"\r\n");
                if blank {
                    self.part(head)
                } else if head.len() > self.limits.block {
                    head
                } else {
                    self.state = State::Head(head);
                    Vec::new()
                }
            }
            State::Html {
                header,
                head,
                mut body,
            } => {
                let held = u64::try_from(body.len()).unwrap_or(u64::MAX);
                if ended || delimiter.is_some() || held >= HELD {
                    let whole = ended || delimiter.is_some();
                    let mut out = self.html(&header, head, body, whole);
                    if delimiter.is_none() {
                        out.extend_from_slice(&line);
                    }
                    out
                } else {
                    body.extend_from_slice(&line);
                    self.state = State::Html { header, head, body };
                    Vec::new()
                }
            }
            State::Body if delimiter.is_none() => std::mem::take(&mut line),
            state => {
                self.state = state;
                Vec::new()
            }
        };
        self.ready = Cursor::new(out);
        if let Some((frame, closing)) = delimiter {
            self.ready.get_mut().extend_from_slice(&line);
            self.go_on(frame, closing);
        }
        if self.frames.is_empty() && matches!(self.state, State::Body) {
            self.state = State::Rest;
        }
        Ok(!ended)
    }

    /// Returns which multipart a line delimits, and whether it closes it.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let mut frames = self.frames.iter().enumerate().rev();
        frames.find_map(|(place, frame)| {
            let rest = line.strip_prefix(frame.delimiter.as_slice())?;
            let closing = rest.starts_with(b"--");
            let rest = rest.strip_prefix(b"--").unwrap_or(rest);
            rest.trim_ascii().is_empty().then_some((place, closing))
        })
    }

    /// Goes to the next part of a multipart, or past it.
    fn go_on(&mut self, place: usize, closing: bool) {
        self.frames.truncate(place + 1);
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        frame.parts += 1;
        if !closing && (frame.alternative || frame.parts == 1) {
            self.state = State::Head(Vec::new());
        } else {
            self.frames.pop();
            self.state = State::Body;
        }
    }

    /// Takes in the header block of a part, and returns what stands in its place.
    fn part(&mut self, head: Vec<u8>) -> Vec<u8> {
        let Ok(header) = Header::read(&mut head.as_slice(), self.limits) else {
            return head;
        };
        let (Ok(media), Ok(encoding)) = (header.content_type(), header.transfer_encoding()) else {
            return head;
        };
        let plain = ContentType {
            kind: "text".into(),
            subtype: "plain".into(),
            parameters: Vec::new(),
        };
        let media = media.unwrap_or(plain);
        if is_attachment(&header) || encoding == TransferEncoding::Binary {
            return head;
        }
        match (media.kind.as_str(), media.subtype.as_str()) {
            ("text", "plain") => {
                let charset = media.parameter("charset");
                let text = self.element.text(charset, encoding, header.line_end);
                let marked = text.and_then(|text| Some([marked(&header)?, text].concat()));
                marked.unwrap_or(head)
            }
            ("text", "html") => {
                let body = Vec::new();
                self.state = State::Html { header, head, body };
                Vec::new()
            }
            ("multipart", subtype @ ("alternative" | "mixed" | "related")) => {
                if let Some(boundary) = media.parameter("boundary")
                    && encoding.is_identity()
                    && self.frames.len() < DEPTH
                {
                    self.frames.push(Frame {
                        delimiter: format!("--{boundary}").into_bytes(),
                        alternative: subtype == "alternative",
                        parts: 0,
                    });
                }
                head
            }
            _ => head,
        }
    }

    /// Returns a text/html part, or the beginning of it, with the element in it if there is a place for it.
    fn html(&self, header: &Header, head: Vec<u8>, body: Vec<u8>, whole: bool) -> Vec<u8> {
        let charset = header.content_type().ok().flatten();
        let charset = charset.as_ref().and_then(|it| it.parameter("charset"));
        let encoding = header
            .transfer_encoding()
            .unwrap_or(TransferEncoding::Binary);
        let shown = self
            .element
            .html(&body, whole, charset, encoding, header.line_end);
        match (shown, marked(header)) {
            (Some(shown), Some(marked)) => [marked, shown].concat(),
            _ => [head, body].concat(),
        }
    }
}

impl<R: BufRead> Read for LegacyDisplay<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.ready.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            if matches!(self.state, State::Rest) {
                return self.source.read(buf);
            }
            if !self.advance()? && self.ready.get_ref().is_empty() {
                self.state = State::Rest;
            }
        }
    }
}

/// Returns a header block that says of its part that it has such an element.
fn marked(header: &Header) -> Option<Vec<u8>> {
    let line_end = header.line_end;
    let mut block = Vec::new();
    let mut typed = false;
    let mark = |field: &Field| with_parameter(field, "hp-legacy-display", "1", line_end).ok();
    for field in &header.fields {
        if field.is("Content-Type") {
            typed = true;
            block.extend_from_slice(&mark(field)?.raw);
        } else {
            block.extend_from_slice(&field.raw);
        }
    }
    if !typed {
        let plain = Field::new("Content-Type", "text/plain", line_end);
        block.extend_from_slice(&mark(&plain)?.raw);
    }
    block.extend_from_slice(line_end.as_str().as_bytes());
    Some(block)
}

/// RFC 9788 §5.2.4.
fn is_attachment(header: &Header) -> bool {
    header.all("Content-Disposition").any(|field| {
        let value = field.value();
        let word = value.split(|o| *o == b';').next().unwrap_or_default();
        word.trim_ascii().eq_ignore_ascii_case(b"attachment")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{encoding::chaos::ChaosReader, mime::LineEnd};
    use std::io::BufReader;

    const LIMITS: Limits = Limits {
        block: 100_000,
        line: 10_000,
        fields: 1000,
    };

    fn hidden() -> Vec<Field> {
        vec![Field::new(
            "Subject",
            "=?utf-8?q?caf=C3=A9?= <b>",
            LineEnd::Lf,
        )]
    }

    fn inserted(entity: &str) -> String {
        let mut out = Vec::new();
        LegacyDisplay::new(entity.as_bytes(), &hidden(), LIMITS)
            .read_to_end(&mut out)
            .unwrap();
        let mut again = Vec::new();
        let chaos = BufReader::with_capacity(7, ChaosReader::new(entity.as_bytes(), 5));
        LegacyDisplay::new(chaos, &hidden(), LIMITS)
            .read_to_end(&mut again)
            .unwrap();
        assert_eq!(out, again);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_at_the_root() {
        let plain =
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\ntext\n";
        assert_eq!(
            inserted(plain),
            "Content-Type: text/plain; charset=utf-8;\n hp-legacy-display=\"1\"\nContent-Transfer-Encoding: 8bit\n\nSubject: café <b>\n\ntext\n"
        );
        // what cannot be said in its characters stays as it was written
        assert_eq!(
            inserted("Content-Type: text/plain\n\ntext\n"),
            "Content-Type: text/plain;\n hp-legacy-display=\"1\"\n\nSubject: =?utf-8?q?caf=C3=A9?= <b>\n\ntext\n"
        );
        assert_eq!(
            inserted(
                "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\na=3D\n"
            ),
            "Content-Type: text/plain; charset=utf-8;\n hp-legacy-display=\"1\"\nContent-Transfer-Encoding: quoted-printable\n\nSubject: caf=C3=A9 <b>\n\na=3D\n"
        );
        assert!(inserted("Content-Type: text/html\n\n<BODY class='>'>x").ends_with(
            "<BODY class='>'>\n<div class=\"header-protection-legacy-display\"><pre>Subject: caf&#233; &lt;b&gt;</pre></div>\nx"
        ));
    }

    #[test]
    fn base64_goes_on_where_it_was() {
        use crate::encoding::base64;
        let decoded = |entity: &str| {
            let out = inserted(entity);
            let (head, body) = out.split_once("\n\n").unwrap();
            let mut text = String::new();
            base64::Decoder::new(body.as_bytes())
                .read_to_string(&mut text)
                .unwrap();
            (head.to_owned(), text)
        };
        let (head, text) = decoded(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n",
        );
        assert!(head.contains("hp-legacy-display=\"1\""));
        assert_eq!(
            text.replace("Subject:  ", "Subject: ")
                .replace("Subject:  ", "Subject: "),
            "Subject: café <b>\r\n\r\nhello"
        );
        // <html><body>hello
        let (head, text) = decoded(
            "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPGh0bWw+PGJv\nZHk+aGVsbG8=\n",
        );
        assert!(head.contains("hp-legacy-display=\"1\""));
        assert!(
            text.starts_with("<html><body>")
                && text.ends_with("hello")
                && text.contains("&lt;b&gt;"),
            "{text}"
        );
    }

    #[test]
    fn only_main_body_parts() {
        let leaf = |media: &str, more: &str| format!("Content-Type: {media}\n{more}\ntext\n");
        let plain = leaf("text/plain", "");
        let multi = |subtype: &str, parts: &[&str]| {
            let body: String = parts
                .iter()
                .map(|part| format!("--{subtype}\n{part}"))
                .collect();
            format!(
                "Content-Type: multipart/{subtype}; boundary={subtype}\n\n{body}--{subtype}--\n"
            )
        };
        let html = leaf("text/html", "");
        let attached = leaf(
            "text/plain",
            "Content-Disposition: attachment; filename=x\n",
        );
        let alternative = multi("alternative", &[&plain, &html]);
        let related = multi("related", &[&alternative, &plain]);
        for (entity, marks) in [
            (plain.clone(), 1),
            (attached.clone(), 0),
            (leaf("text/calendar", ""), 0),
            (alternative.clone(), 2),
            (multi("mixed", &[&plain, &plain]), 1),
            (multi("mixed", &[&attached, &plain]), 0),
            (multi("mixed", &[&alternative, &html, &plain]), 2),
            (multi("mixed", &[&related, &alternative]), 2),
            (
                multi(
                    "alternative",
                    &[&plain, &multi("related", &[&html, &plain])],
                ),
                2,
            ),
            (multi("signed", &[&plain, &plain]), 0),
            (multi("report", &[&plain, &plain]), 0),
            (multi("mixed", &["\ntext\n", &plain]), 1),
            (multi("mixed", &[]), 0),
            (
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain".into(),
                0,
            ),
            ("Content-Type: text/plain; charset=utf-16\n\nx".into(), 0),
            (
                "Content-Type: text/plain\nContent-Transfer-Encoding: binary\n\nx".into(),
                0,
            ),
            (
                "Content-Type: text/html\n\n<html><!-- <body> --><style><body></style><title>x</title>"
                    .into(),
                0,
            ),
        ] {
            let out = inserted(&entity);
            assert_eq!(
                out.matches("hp-legacy-display=\"1\"").count(),
                marks,
                "{out}"
            );
            let shown = out.matches("Subject: ").count();
            assert_eq!(shown, marks, "{out}");
            if marks == 0 {
                assert_eq!(out, entity);
            }
        }
    }
}
