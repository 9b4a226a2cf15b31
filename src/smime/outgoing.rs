//! The content of a message to be made: which fields stay outside, what goes inside, in canonical form (RFC 8551 §3.1).
use super::{
    Content, Encoding, Error, HeaderProtection, Source,
    content::HEAD,
    headers::write::protect,
    layer::{self, Announced},
    source::{self, CHUNK, Opened},
};
use crate::{
    cms::{compressed_data, content_type},
    encoding::{base64, quoted_printable},
    mime::{
        LineEnd,
        canonical::{Canonicalizer, Seen},
        compose,
        header::{self, Field, Header},
        transfer::TransferEncoding,
    },
    policy::Policy,
};
use std::io::{self, BufRead, BufReader, Cursor, Read, Write};

/// A message to be made.
pub(super) struct Outgoing<'r> {
    /// the fields that stay outside
    pub(super) outer: Vec<Field>,
    /// the header that was read, for From and the recipients
    pub(super) header: Option<Header>,
    /// line ends of the output
    pub(super) line_end: LineEnd,
    /// what stands in the content, where that could be looked at before
    pub(super) ahead: Option<Seen>,
    content: Box<dyn Read + 'r>,
    /// whether the content has still to be brought to CRLF
    canonicalize: bool,
}

/// How text must be written to get through: as it is inside CMS, 7-bit safe where it stands in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Clear,
    Wrapped,
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
            Content::Text => Self::text(source, transport),
            Content::Binary => Ok(Self::binary(source, transport)),
        }
    }

    fn message(
        source: &'r mut Source<'_>,
        transport: Transport,
        protection: Option<HeaderProtection>,
        policy: &Policy,
    ) -> Result<Self, Error> {
        let ahead = match transport {
            Transport::Clear => look_ahead(source)?,
            Transport::Wrapped => None,
        };
        let Opened::Mime(mut reader) = source::open(source)? else {
            return Err(Error::NotAMessage);
        };
        let limits = header::Limits {
            block: policy.limits.header_bytes,
            line: policy.limits.header_line_bytes,
        };
        let header = match Header::read(&mut reader, limits) {
            Err(crate::mime::Error::NotAField { offset: 0 }) => return Err(Error::NotAMessage),
            header => header?,
        };
        let (inner, outer) = match protection {
            None => header.fields.iter().cloned().partition(Field::is_mime),
            // the root of what was signed or encrypted already cannot be changed, and is not what would be marked (RFC 9788 §2.1.1)
            Some(_) if layer::announced(&header)? != Announced::Nothing => {
                return Err(Error::AlreadyProtected);
            }
            Some(how) => {
                let made = protect(&header, how)?;
                (made.inner, made.outer)
            }
        };
        let mut head: Vec<u8> = inner.into_iter().flat_map(|f| f.raw).collect();
        head.extend_from_slice(header.line_end.as_str().as_bytes());
        let canonicalize = header.transfer_encoding()? != TransferEncoding::Binary;
        // under lines that end in LF a binary content, or a CR that stands alone, could not be told from a line end
        let exact = !canonicalize || ahead.is_some_and(|seen| seen.bare_cr);
        let line_end = if exact {
            LineEnd::CrLf
        } else {
            header.line_end
        };
        Ok(Self {
            outer: outer
                .into_iter()
                .map(|f| with_line_end(f, line_end))
                .collect(),
            header: Some(header),
            line_end,
            ahead,
            content: Box::new(Cursor::new(head).chain(reader)),
            canonicalize,
        })
    }

    /// Text becomes a text/plain part. Whether it is 7-bit safe is known when it is short; a longer one is quoted in any case.
    fn text(source: &'r mut Source<'_>, transport: Transport) -> Result<Self, Error> {
        let mut head = Vec::new();
        let chunk = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        source
            .by_ref()
            .take(chunk)
            .read_to_end(&mut head)
            .map_err(Error::Read)?;
        let whole = head.len() < CHUNK;
        let broken = |e: std::str::Utf8Error| !whole_or_cut(&e, whole);
        if std::str::from_utf8(&head).err().is_some_and(broken) {
            return Err(Error::NotUtf8);
        }
        let mut look = Canonicalizer::new();
        look.push(&head, &mut Vec::new());
        look.finish(&mut Vec::new());
        let line_end = if look.seen().crlf && !look.seen().bare_lf {
            LineEnd::CrLf
        } else {
            LineEnd::Lf
        };
        let encoding = match transport {
            Transport::Wrapped => TransferEncoding::EightBit,
            Transport::Clear if whole && is_seven_bit(look.seen()) => TransferEncoding::SevenBit,
            Transport::Clear => TransferEncoding::QuotedPrintable,
        };
        let text = Cursor::new(head).chain(source);
        let body: Box<dyn Read + 'r> = match encoding {
            TransferEncoding::QuotedPrintable => Box::new(Encoded::new(
                text,
                Codec::QuotedPrintable(quoted_printable::Encoder::new(Vec::new(), "\r\n")),
            )),
            _ => Box::new(text),
        };
        let head = part_header(compose::text_part(encoding, LineEnd::CrLf));
        Ok(Self {
            outer: Vec::new(),
            header: None,
            line_end,
            ahead: None,
            content: Box::new(Cursor::new(head).chain(body)),
            canonicalize: true,
        })
    }

    /// A file is taken as it is; in clear it must be a part that gets through. Its message has CRLF, so that `decrypt` has nothing to convert.
    fn binary(source: &'r mut Source<'_>, transport: Transport) -> Self {
        let content: Box<dyn Read + 'r> = match transport {
            Transport::Wrapped => Box::new(source),
            Transport::Clear => {
                let head = part_header(compose::binary_part(LineEnd::CrLf));
                Box::new(Cursor::new(head).chain(Encoded::new(
                    source,
                    Codec::Base64(base64::Encoder::new(Vec::new(), "\r\n")),
                )))
            }
        };
        Self {
            outer: Vec::new(),
            header: None,
            line_end: LineEnd::CrLf,
            ahead: None,
            content,
            canonicalize: false,
        }
    }

    /// Puts the content, in the form in which it would be signed or encrypted, into an entity of CompressedData (RFC 8551 §3.6, §3.7).
    pub(super) fn compressed(self) -> Self {
        let head = part_header(compose::pkcs7_mime("compressed-data", LineEnd::CrLf));
        let body = Compressing {
            content: self.content,
            canonicalizer: self.canonicalize.then(Canonicalizer::new),
            writer: Some(compressed_data::Writer::new(
                base64::Encoder::new(Vec::new(), "\r\n"),
                content_type::DATA,
            )),
            ready: Cursor::default(),
        };
        Self {
            // it is base64, whatever is in it
            ahead: self.ahead.map(|_| Seen::default()),
            content: Box::new(Cursor::new(head).chain(body)),
            canonicalize: true,
            ..self
        }
    }

    /// Looks at the beginning of the content.
    pub(super) fn head(&mut self) -> Result<Vec<u8>, Error> {
        let mut head = Vec::new();
        let most = u64::try_from(HEAD).unwrap_or(u64::MAX);
        let mut content = std::mem::replace(&mut self.content, Box::new(io::empty()));
        content.by_ref().take(most).read_to_end(&mut head)?;
        self.content = Box::new(Cursor::new(head.clone()).chain(content));
        Ok(head)
    }

    /// Passes the content on, chunk by chunk, in the form that is signed or encrypted, with what was seen in it so far.
    pub(super) fn flow(
        mut self,
        mut each: impl FnMut(&[u8], Seen) -> Result<(), Error>,
    ) -> Result<Seen, Error> {
        let mut canonicalizer = Canonicalizer::new();
        let (mut chunk, mut canonical) = (vec![0; CHUNK], Vec::new());
        loop {
            let n = self.content.read(&mut chunk)?;
            let Some(read) = chunk.get(..n).filter(|c| !c.is_empty()) else {
                break;
            };
            canonical.clear();
            canonicalizer.push(read, &mut canonical);
            let form = if self.canonicalize { &canonical } else { read };
            each(form, canonicalizer.seen())?;
        }
        canonical.clear();
        canonicalizer.finish(&mut canonical);
        each(&canonical, canonicalizer.seen())?;
        Ok(canonicalizer.seen())
    }
}

/// Looks through a message that can be read again for what decides how it is written.
fn look_ahead(source: &mut Source<'_>) -> Result<Option<Seen>, Error> {
    let Some(beginning) = source.beginning().map_err(Error::Read)? else {
        return Ok(None);
    };
    let mut canonicalizer = Canonicalizer::new();
    let (mut chunk, mut canonical) = (vec![0; CHUNK], Vec::new());
    loop {
        let n = source.read(&mut chunk).map_err(Error::Read)?;
        let Some(read) = chunk.get(..n).filter(|c| !c.is_empty()) else {
            break;
        };
        canonical.clear();
        canonicalizer.push(read, &mut canonical);
    }
    canonicalizer.finish(&mut canonical);
    source.go_back(beginning).map_err(Error::Read)?;
    Ok(Some(canonicalizer.seen()))
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

/// Returns whether a text gets through any mail transport unchanged (RFC 8551 §3.1.2).
pub(super) const fn is_seven_bit(seen: Seen) -> bool {
    !(seen.eight_bit || seen.nul || seen.bare_cr || seen.long_line)
}

fn part_header(fields: Vec<Field>) -> Vec<u8> {
    let mut head: Vec<u8> = fields.into_iter().flat_map(|f| f.raw).collect();
    head.extend_from_slice(b"\r\n");
    head
}

/// Encodes while it is read.
struct Encoded<R> {
    source: BufReader<R>,
    codec: Option<Codec>,
    ready: Cursor<Vec<u8>>,
}

enum Codec {
    Base64(base64::Encoder<Vec<u8>>),
    QuotedPrintable(quoted_printable::Encoder<Vec<u8>>),
}

impl<R: Read> Encoded<R> {
    fn new(source: R, codec: Codec) -> Self {
        Self {
            source: BufReader::with_capacity(CHUNK, source),
            codec: Some(codec),
            ready: Cursor::default(),
        }
    }

    fn advance(&mut self) -> io::Result<()> {
        let chunk = self.source.fill_buf()?;
        let n = chunk.len();
        if n == 0 {
            let last = match self.codec.take() {
                Some(Codec::Base64(encoder)) => encoder.finish()?,
                Some(Codec::QuotedPrintable(encoder)) => encoder.finish()?,
                None => Vec::new(),
            };
            self.ready = Cursor::new(last);
            return Ok(());
        }
        match &mut self.codec {
            Some(Codec::Base64(encoder)) => {
                encoder.write_all(chunk)?;
                self.ready = Cursor::new(std::mem::take(encoder.sink_mut()));
            }
            Some(Codec::QuotedPrintable(encoder)) => {
                encoder.write_all(chunk)?;
                self.ready = Cursor::new(std::mem::take(encoder.sink_mut()));
            }
            None => {}
        }
        self.source.consume(n);
        Ok(())
    }
}

impl<R: Read> Read for Encoded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.ready.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            if self.codec.is_none() {
                return Ok(0);
            }
            self.advance()?;
        }
    }
}

/// Compresses a content while it is read: the base64 of CompressedData.
struct Compressing<'r> {
    content: Box<dyn Read + 'r>,
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
                canonicalizer.push(read, &mut canonical);
                if n == 0 {
                    canonicalizer.finish(&mut canonical);
                }
                writer.write_all(&canonical)?;
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

/// Where the octets of a CMS object are written to: as they are, as PEM, or as the base64 body of a message.
pub(super) enum CmsSink<'s> {
    Der(&'s mut dyn Write),
    Base64 {
        encoder: base64::Encoder<&'s mut dyn Write>,
        end: String,
    },
}

impl<'s> CmsSink<'s> {
    /// Begins the output: header fields (for a message), PEM's first line, or nothing.
    pub(super) fn begin(
        sink: &'s mut dyn Write,
        encoding: Encoding,
        outer: &[Field],
        smime_type: &str,
        line_end: LineEnd,
    ) -> io::Result<Self> {
        match encoding {
            Encoding::Der => Ok(Self::Der(sink)),
            Encoding::Pem => {
                sink.write_all(b"-----BEGIN CMS-----\n")?;
                Ok(Self::Base64 {
                    encoder: base64::Encoder::new(sink, "\n"),
                    end: "-----END CMS-----\n".to_owned(),
                })
            }
            Encoding::Smime => {
                for field in outer
                    .iter()
                    .chain(&compose::pkcs7_mime(smime_type, line_end))
                {
                    sink.write_all(&field.raw)?;
                }
                sink.write_all(line_end.as_str().as_bytes())?;
                Ok(Self::Base64 {
                    encoder: base64::Encoder::new(sink, line_end.as_str()),
                    end: String::new(),
                })
            }
        }
    }

    /// Ends the output.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Der(sink) => sink.flush(),
            Self::Base64 { encoder, end } => {
                let sink = encoder.finish()?;
                sink.write_all(end.as_bytes())?;
                sink.flush()
            }
        }
    }
}

impl Write for CmsSink<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Der(sink) => sink.write(buf),
            Self::Base64 { encoder, .. } => encoder.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
