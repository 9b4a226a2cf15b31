//! The content of a message to be made: which fields stay outside, what goes inside, in canonical form (RFC 8551 §3.1).
mod flow;

pub(super) use flow::Piece;

use super::{
    Content, Error, HeaderProtection, Source,
    content::HEAD,
    headers::write::{PARAMETERS, protect, says_protected, unprotected},
    layer::{self, Announced},
    source::{self, CHUNK, Opened, Reader},
};
use crate::{
    cms::{compressed_data, content_type},
    encoding::base64,
    mime::{
        LineEnd,
        canonical::{Canonicalizer, LineEnds},
        compose,
        header::{self, Field, Header},
        legacy_display::LegacyDisplay,
        seven_bit::{Outcome, SevenBit, Survey},
        transfer::TransferEncoding,
        tree,
    },
    policy::{Finding, Level, Limits, Policy, Rule},
};
use std::io::{self, BufRead, Cursor, Read, Write};

/// A message to be made.
pub(super) struct Outgoing<'r> {
    /// the fields that stay outside
    pub(super) outer: Vec<Field>,
    /// the header that was read, for From and the recipients
    pub(super) header: Option<Header>,
    /// line ends of the output
    pub(super) line_end: LineEnd,
    /// what will be encoded for the transport, and what cannot be, where that could be looked at before
    pub(super) ahead: Option<Outcome>,
    content: Passing<'r>,
    /// whether the content has still to be brought to CRLF
    canonicalize: bool,
    /// whether to look for what 7-bit lines have no place for: where nobody has surveyed it, or it is denied and may have changed since
    look: bool,
    /// two threads may carry it
    overlap: bool,
    /// no part may be written otherwise than it is
    keep: bool,
}

/// The number of a clear-signed content among the parts of the signed message: what is signed stands first in it.
pub(super) const PART: &str = "1.1";

/// How text must be written to get through: as it is inside CMS, 7-bit safe where it stands in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Clear,
    Wrapped,
}

/// The content on its way.
enum Passing<'r> {
    AsIs(Box<dyn Read + Send + 'r>),
    SevenBit(Box<SevenBit<Box<dyn Read + Send + 'r>>>),
}

impl Read for Passing<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::AsIs(content) => content.read(buf),
            Self::SevenBit(content) => content.read(buf),
        }
    }
}

impl<'r> Outgoing<'r> {
    /// Reads the header of a message, or makes one for text. Protected, the header is in the content, and outside stands only what may.
    pub(super) fn new(
        source: &'r mut Source<'_>,
        kind: Content,
        transport: Transport,
        protection: Option<HeaderProtection>,
        policy: &Policy,
    ) -> Result<Self, Error> {
        match kind {
            Content::Message => Self::message(source, transport, protection, policy),
            _ if protection.is_some() => {
                Err(Error::Unsuitable("only a message has a header to protect"))
            }
            Content::Text => Self::text(source, transport, policy),
            Content::Binary => Ok(Self::binary(source, transport, policy)),
        }
    }

    fn message(
        source: &'r mut Source<'_>,
        transport: Transport,
        protection: Option<HeaderProtection>,
        policy: &Policy,
    ) -> Result<Self, Error> {
        let limits = &policy.limits;
        let beginning = match transport {
            Transport::Clear => source.beginning().map_err(Error::Read)?,
            Transport::Wrapped => None,
        };
        let mut survey = None;
        if let Some(beginning) = beginning {
            let (header, mut reader) = opened(source, limits)?;
            let Divided { head, hidden, .. } = Divided::of(&header, protection)?;
            let content = Cursor::new(head).chain(&mut reader);
            let content = showing(content, &hidden, limits);
            survey = Some(flow::survey(content, policy)?);
            source.go_back(beginning).map_err(Error::Read)?;
        }
        let (header, mut reader) = opened(source, limits)?;
        let Divided {
            head,
            outer,
            hidden,
        } = Divided::of(&header, protection)?;
        let is_binary = header.transfer_encoding()? == TransferEncoding::Binary;
        let mut held = Vec::new();
        if transport == Transport::Clear && survey.is_none() {
            survey = hold(&mut reader, &mut held, &head, &hidden, limits)?;
        }
        let ahead = survey.as_ref().map(|survey| survey.outcome.clone());
        ahead.as_ref().map_or(Ok(()), clear)?;
        let reader = Cursor::new(head).chain(Cursor::new(held)).chain(reader);
        let content = showing(reader, &hidden, limits);
        let content = match transport {
            Transport::Wrapped => Passing::AsIs(content),
            Transport::Clear => seven_bit(content, survey, limits),
        };
        // under lines that end in LF a binary content, or a CR that stands alone, could not be told from a line end
        let exact = match &ahead {
            None => is_binary && transport == Transport::Wrapped,
            Some(outcome) => outcome.left.iter().any(|left| left.hazards.bare_cr),
        };
        let line_end = if exact {
            LineEnd::CrLf
        } else {
            header.line_end
        };
        let denied = policy.level(Rule::NotSevenBit) == Level::Deny;
        let look = transport == Transport::Clear && (ahead.is_none() || denied);
        Ok(Self {
            outer: outer
                .into_iter()
                .map(|f| with_line_end(f, line_end))
                .collect(),
            header: Some(header),
            line_end,
            ahead,
            content,
            canonicalize: transport == Transport::Clear || !is_binary,
            look,
            overlap: policy.overlap,
            keep: policy.level(Rule::ReEncoded) == Level::Deny,
        })
    }

    /// Text becomes a text/plain part.
    fn text(
        source: &'r mut Source<'_>,
        transport: Transport,
        policy: &Policy,
    ) -> Result<Self, Error> {
        let limits = &policy.limits;
        let beginning = source.beginning().map_err(Error::Read)?;
        let most = match beginning {
            Some(_) => CHUNK,
            None => limits.held_bytes,
        };
        let mut text = Vec::new();
        let whole = read_up_to(source, most, &mut text).map_err(Error::Read)?;
        let broken = |e: std::str::Utf8Error| !whole_or_cut(&e, whole);
        if std::str::from_utf8(&text).err().is_some_and(broken) {
            return Err(Error::NotUtf8);
        }
        let line_end = match LineEnds::of(&text) {
            LineEnds {
                crlf: true,
                lf: false,
            } => LineEnd::CrLf,
            _ => LineEnd::Lf,
        };
        let head = part_header(compose::text_part(
            TransferEncoding::EightBit,
            LineEnd::CrLf,
        ));
        let content = match transport {
            Transport::Wrapped => {
                let content = Cursor::new(head).chain(Cursor::new(text)).chain(source);
                Passing::AsIs(Box::new(content))
            }
            Transport::Clear => {
                let mut survey = None;
                if whole || beginning.is_some() {
                    let mut content = (&*head).chain(&*text).chain(&mut *source);
                    survey = Some(Survey::of(&mut content, PART, tree_limits(limits))?);
                }
                if let Some(beginning) = beginning {
                    let read = u64::try_from(text.len()).unwrap_or(u64::MAX);
                    let after = beginning.saturating_add(read);
                    source.go_back(after).map_err(Error::Read)?;
                }
                let content = Cursor::new(head).chain(Cursor::new(text)).chain(source);
                seven_bit(content, survey, limits)
            }
        };
        Ok(Self {
            outer: Vec::new(),
            header: None,
            line_end,
            ahead: None,
            content,
            canonicalize: true,
            look: transport == Transport::Clear,
            overlap: policy.overlap,
            keep: false,
        })
    }

    /// A file is taken as it is; in clear it must be a part that gets through. Its message has CRLF, so that `decrypt` has nothing to convert.
    fn binary(source: &'r mut Source<'_>, transport: Transport, policy: &Policy) -> Self {
        let content = match transport {
            Transport::Wrapped => Passing::AsIs(Box::new(source)),
            Transport::Clear => {
                let head = part_header(compose::binary_part(LineEnd::CrLf));
                let content = Cursor::new(head).chain(source);
                seven_bit(content, Some(Survey::base64()), &policy.limits)
            }
        };
        Self {
            outer: Vec::new(),
            header: None,
            line_end: LineEnd::CrLf,
            ahead: None,
            content,
            canonicalize: false,
            look: transport == Transport::Clear,
            overlap: policy.overlap,
            keep: false,
        }
    }

    /// Puts the content, in the form in which it would be signed or encrypted, into an entity of CompressedData (RFC 8551 §3.6, §3.7).
    pub(super) fn compressed(self) -> Self {
        let head = part_header(compose::pkcs7_mime("compressed-data", LineEnd::CrLf));
        let body = Compressing {
            content: Box::new(self.content),
            canonicalizer: self.canonicalize.then(Canonicalizer::new),
            writer: Some(compressed_data::Writer::new(
                base64::Encoder::new(Vec::new(), "\r\n"),
                content_type::DATA,
            )),
            ready: Cursor::default(),
        };
        Self {
            content: Passing::AsIs(Box::new(Cursor::new(head).chain(body))),
            canonicalize: true,
            ..self
        }
    }

    /// Tells of a draft that says its header is protected, where it will not be: that was left out.
    pub(super) fn doubt_protection(
        &self,
        protection: Option<HeaderProtection>,
        policy: &Policy,
    ) -> Option<Finding> {
        let header = self.header.as_ref().filter(|_| protection.is_none())?;
        says_protected(header).then(|| {
            policy.finding(
                Rule::HeaderProtection,
                "the draft says that its header is protected, and it is not: left out (HP-Outer, hp)",
            )
        })
    }

    /// Looks at the beginning of a content that is taken as it is; nothing of another.
    pub(super) fn head(&mut self) -> Result<Vec<u8>, Error> {
        let mut head = Vec::new();
        if let Passing::AsIs(content) = &mut self.content {
            let mut whole = std::mem::replace(content, Box::new(io::empty()));
            let most = u64::try_from(HEAD).unwrap_or(u64::MAX);
            whole.by_ref().take(most).read_to_end(&mut head)?;
            *content = Box::new(Cursor::new(head.clone()).chain(whole));
        }
        Ok(head)
    }
}

impl Passing<'_> {
    fn has_changed(&self) -> bool {
        match self {
            Passing::SevenBit(content) => content.has_changed(),
            Passing::AsIs(_) => false,
        }
    }
}

/// Reads the header of a message.
fn opened<'s, 'r>(
    source: &'s mut Source<'r>,
    limits: &Limits,
) -> Result<(Header, Reader<'s, 'r>), Error> {
    let Opened::Mime(mut reader) = source::open(source)? else {
        return Err(Error::NotAMessage);
    };
    match Header::read(&mut reader, limits.header()) {
        Err(crate::mime::Error::NotAField { offset: 0 }) => Err(Error::NotAMessage),
        header => {
            let header = header?;
            // of two each program shows another, and all would be told that it was signed
            header.content_type()?;
            header.transfer_encoding()?;
            Ok((header, reader))
        }
    }
}

/// A part of which programs would show different things must not be signed.
fn clear(outcome: &Outcome) -> Result<(), Error> {
    match &outcome.unclear {
        Some(part) => Err(Error::UnclearPart(part.clone())),
        None => Ok(()),
    }
}

/// A header, divided.
struct Divided {
    /// that of the content, with the line that ends it
    head: Vec<u8>,
    /// the fields that stay outside
    outer: Vec<Field>,
    /// fields shown to people that do not, and are shown in the text
    hidden: Vec<Field>,
}

impl Divided {
    fn of(header: &Header, protection: Option<HeaderProtection>) -> Result<Self, Error> {
        let (inner, outer, hidden): (Vec<Field>, Vec<Field>, Vec<Field>) = match protection {
            None => {
                let fields = unprotected(header.fields.clone(), &PARAMETERS, header.line_end);
                let (inner, outer) = fields.into_iter().partition(Field::is_mime);
                (inner, outer, Vec::new())
            }
            // the root of what was signed or encrypted already cannot be changed, and is not what would be marked (RFC 9788 §2.1.1)
            Some(_) if layer::announced(header)? != Announced::Nothing => {
                return Err(Error::AlreadyProtected);
            }
            Some(how) => {
                let made = protect(header, how)?;
                (made.inner, made.outer, made.hidden)
            }
        };
        let mut head: Vec<u8> = inner.into_iter().flat_map(|f| f.raw).collect();
        head.extend_from_slice(header.line_end.as_str().as_bytes());
        Ok(Self {
            head,
            outer,
            hidden,
        })
    }
}

/// Shows hidden fields in the text of a content.
fn showing<'r>(
    content: impl BufRead + Send + 'r,
    hidden: &[Field],
    limits: &Limits,
) -> Box<dyn Read + Send + 'r> {
    if hidden.is_empty() {
        return Box::new(content);
    }
    let limits = limits.header();
    // each field stands there twice, and what is added besides is short
    let block = limits.block.saturating_mul(3);
    let fields = limits.fields.saturating_mul(3);
    Box::new(LegacyDisplay::new(
        content,
        hidden,
        header::Limits {
            block,
            fields,
            ..limits
        },
    ))
}

/// Holds the beginning of what can be read once, and surveys it if that is all of it.
fn hold(
    reader: &mut dyn Read,
    held: &mut Vec<u8>,
    head: &[u8],
    hidden: &[Field],
    limits: &Limits,
) -> Result<Option<Survey>, Error> {
    if !read_up_to(reader, limits.held_bytes, held)? {
        return Ok(None);
    }
    let mut content = showing(head.chain(&**held), hidden, limits);
    let survey = Survey::of(&mut content, PART, tree_limits(limits))?;
    Ok(Some(survey))
}

/// Reads so many octets; returns whether there are no more.
fn read_up_to(reader: &mut dyn Read, most: usize, into: &mut Vec<u8>) -> io::Result<bool> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(into)?;
    Ok(into.len() < most)
}

fn seven_bit<'r>(
    content: impl Read + Send + 'r,
    survey: Option<Survey>,
    limits: &Limits,
) -> Passing<'r> {
    let content: Box<dyn Read + Send + 'r> = Box::new(content);
    if survey.as_ref().is_some_and(Survey::keeps_all) {
        return Passing::AsIs(content);
    }
    let content = SevenBit::new(content, survey, PART, tree_limits(limits));
    Passing::SevenBit(Box::new(content))
}

/// Returns the bounds of the tree of parts among those of a policy.
pub(super) fn tree_limits(limits: &Limits) -> tree::Limits {
    tree::Limits {
        header: limits.header(),
        parts: limits.parts,
        depth: limits.part_depth,
    }
}

/// A character may be cut at the end of what was looked at.
fn whole_or_cut(error: &std::str::Utf8Error, whole: bool) -> bool {
    !whole && error.error_len().is_none()
}

fn with_line_end(mut field: Field, line_end: LineEnd) -> Field {
    if line_end == LineEnd::CrLf && !field.raw.ends_with(b"\r\n") {
        let mut raw = Vec::with_capacity(field.raw.len() + 2);
        let mut canonicalizer = Canonicalizer::new();
        canonicalizer.push(&field.raw, &mut raw);
        field.raw = raw;
    }
    field
}

fn part_header(fields: Vec<Field>) -> Vec<u8> {
    let mut head: Vec<u8> = fields.into_iter().flat_map(|f| f.raw).collect();
    head.extend_from_slice(b"\r\n");
    head
}

/// Compresses a content while it is read: the base64 of CompressedData.
struct Compressing<'r> {
    content: Box<dyn Read + Send + 'r>,
    canonicalizer: Option<Canonicalizer>,
    writer: Option<compressed_data::Writer<base64::Encoder<Vec<u8>>>>,
    ready: Cursor<Vec<u8>>,
}

impl Compressing<'_> {
    fn advance(
        &mut self,
        writer: &mut compressed_data::Writer<base64::Encoder<Vec<u8>>>,
    ) -> io::Result<bool> {
        let (mut chunk, mut canonical) = (vec![0; CHUNK], Vec::new());
        let n = self.content.read(&mut chunk)?;
        let read = chunk.get(..n).unwrap_or_default();
        match &mut self.canonicalizer {
            None => writer.write_all(read)?,
            Some(canonicalizer) => {
                writer.write_all(canonicalizer.form(read, &mut canonical))?;
            }
        }
        self.ready = Cursor::new(std::mem::take(writer.sink_mut().sink_mut()));
        Ok(n > 0)
    }
}

impl Read for Compressing<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.ready.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            let Some(mut writer) = self.writer.take() else {
                return Ok(0);
            };
            if self.advance(&mut writer)? {
                self.writer = Some(writer);
            } else {
                let wrapped = |e| io::Error::new(io::ErrorKind::InvalidData, e);
                let rest = writer.finish().map_err(wrapped)?.finish()?;
                let mut last = std::mem::take(self.ready.get_mut());
                last.extend(rest);
                self.ready = Cursor::new(last);
            }
        }
    }
}
