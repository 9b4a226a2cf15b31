//! CompressedData (RFC 3274), read and written around a flowing content, with zlib: the one method that is defined. How much may come out is
//! decided by whoever reads.
//!
//! ```text
//! CompressedData ::= SEQUENCE {
//!   version CMSVersion,  -- always 0
//!   compressionAlgorithm CompressionAlgorithmIdentifier,
//!   encapContentInfo EncapsulatedContentInfo }
//! ```
use super::{
    Error, Result, Source, content_type, encapsulated, encapsulated::Encapsulated,
    segments::Segments,
};
use crate::{
    asn1::{
        Tag,
        oid::{self, Oid},
        stream,
        write::{self, Shell},
    },
    encoding::zlib,
};
use std::io::{self, Read, Write};

/// id-alg-zlibCompress
const ZLIB: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.3.8");

/// CompressedData while its content flows, decompressed. First the content is read to its end, then `finish`.
pub struct Reader<R> {
    /// eContentType
    pub content_type: Oid,
    content: zlib::Decoder<Compressed<R>>,
}

/// The compressed octets.
struct Compressed<R> {
    source: Source<R>,
    encapsulated: Encapsulated,
}

impl<R: Read> Read for Compressed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.encapsulated.read(&mut self.source, buf)
    }
}

impl<R: Read> Reader<R> {
    /// Reads from compressionAlgorithm up to the content.
    pub(super) fn open(mut source: Source<R>) -> Result<Self> {
        if source.algorithm()?.oid != ZLIB {
            return Err(Error::Unsupported {
                what: "another compression than zlib",
            });
        }
        let encapsulated = Encapsulated::open(&mut source)?;
        if !encapsulated.has_content {
            return Err(source.malformed("there is no compressed content"));
        }
        Ok(Self {
            content_type: encapsulated.content_type,
            content: zlib::Decoder::new(Compressed {
                source,
                encapsulated,
            }),
        })
    }

    /// Returns how many compressed octets were taken so far.
    pub fn taken(&self) -> u64 {
        self.content.taken()
    }

    /// Reads what follows the content, which must have been read to its end. Returns the rest of the source, for the caller to check that
    /// nothing follows.
    pub fn finish(self) -> Result<stream::Rest<R>> {
        let ended = self.content.has_ended();
        let Compressed {
            mut source,
            encapsulated,
        } = self.content.into_inner();
        if !ended {
            return Err(source.malformed("the content was not read to its end"));
        }
        encapsulated.finish(&mut source)?;
        source.close()
    }
}

/// Yields the content, decompressed. Until it has returned 0 none of it is known to be right.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.content.read(buf)
    }
}

/// Compresses what is written to it; what becomes small (at most 64 KiB) is DER, larger goes into an indefinite-length shell as it flows.
pub struct Writer<W> {
    shell: Shell<W>,
    content_type: Oid,
    encoder: zlib::Encoder<Vec<u8>>,
    content: Segments,
}

impl<W: Write> Writer<W> {
    /// Starts.
    pub fn new(sink: W, content_type: Oid) -> Self {
        Self {
            shell: Shell::new(sink),
            content_type,
            encoder: zlib::Encoder::new(Vec::new()),
            content: Segments::new(),
        }
    }

    /// Returns the sink.
    pub fn sink_mut(&mut self) -> &mut W {
        self.shell.sink_mut()
    }

    /// Ends the content; must be called.
    pub fn finish(mut self) -> Result<W> {
        let last = self.encoder.finish()?;
        let content_type = self.content_type;
        self.content
            .push(&last, &mut self.shell, |shell| begin(shell, &content_type))?;
        let Some(content) = self.content.finish(&mut self.shell)? else {
            // OCTET STRING, eContent, encapContentInfo, CompressedData, content, ContentInfo
            for _ in 0..6 {
                self.shell.close()?;
            }
            return Ok(self.shell.into_inner());
        };
        let data = write::sequence(&[&head(), &encapsulated::to_der(&content_type, &content)]);
        self.shell.element(&write::sequence(&[
            &oid::to_der(&content_type::COMPRESSED_DATA),
            &write::constructed(Tag::context(0), &[&data]),
        ]))?;
        Ok(self.shell.into_inner())
    }
}

/// DER of version and compressionAlgorithm, whose parameters are absent.
fn head() -> Vec<u8> {
    let algorithm = write::sequence(&[&oid::to_der(&ZLIB)]);
    [write::integer(0), algorithm].concat()
}

/// Opens the shell around flowing content.
fn begin<W: Write>(shell: &mut Shell<W>, content_type: &Oid) -> io::Result<()> {
    shell.open(Tag::SEQUENCE)?;
    shell.element(&oid::to_der(&content_type::COMPRESSED_DATA))?;
    shell.open(Tag::context(0))?;
    shell.open(Tag::SEQUENCE)?;
    shell.element(&head())?;
    encapsulated::begin(shell, content_type)
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = self.encoder.write(buf)?;
        let compressed = std::mem::take(self.encoder.sink_mut());
        let content_type = &self.content_type;
        self.content.push(&compressed, &mut self.shell, |shell| {
            begin(shell, content_type)
        })?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shell.flush()
    }
}
