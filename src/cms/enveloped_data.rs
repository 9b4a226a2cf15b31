//! EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083), read and written around a flowing content. Knows the structure; who may open
//! it and which ciphers are acceptable is decided elsewhere.
//!
//! ```text
//! EnvelopedData ::= SEQUENCE {
//!   version CMSVersion,
//!   originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
//!   recipientInfos SET SIZE (1..MAX) OF RecipientInfo,
//!   encryptedContentInfo SEQUENCE {
//!     contentType OBJECT IDENTIFIER,
//!     contentEncryptionAlgorithm ContentEncryptionAlgorithmIdentifier,
//!     encryptedContent [0] IMPLICIT OCTET STRING OPTIONAL },
//!   unprotectedAttrs [1] IMPLICIT UnprotectedAttributes OPTIONAL }
//! AuthEnvelopedData ::= SEQUENCE {
//!   version, originatorInfo, recipientInfos, authEncryptedContentInfo (as above),
//!   authAttrs [1] IMPLICIT AuthAttributes OPTIONAL,
//!   mac OCTET STRING,
//!   unauthAttrs [2] IMPLICIT UnauthAttributes OPTIONAL }
//! ```
use super::{
    Result, Source, algorithm_to_der,
    attribute::{self, SignedAttributes},
    check_limit, content_type,
    recipient_info::{self, Recipient},
    segments::Segments,
};
use crate::{
    asn1::{
        Tag,
        cursor::Cursor,
        oid::{self, Oid},
        stream,
        write::{self, Shell},
    },
    crypto::{self, ContentCipher, Secret, content::Encryption},
};
use spki::AlgorithmIdentifierOwned;
use std::io::{self, Read, Write};

/// The head, then ciphertext flows: `Read` yields encryptedContent's octets (ciphertext); to decrypt, hand them to `crypto::content::Decryption`; then `finish`.
pub struct Reader<R> {
    /// AuthEnvelopedData rather than EnvelopedData
    pub authenticated: bool,
    /// the recipients, in order; at least one (none is an error of `open`)
    pub recipients: Vec<Recipient>,
    /// contentType inside
    pub content_type: Oid,
    /// contentEncryptionAlgorithm as found
    pub algorithm: AlgorithmIdentifierOwned,
    /// whether encryptedContent is present
    pub has_content: bool,
    source: Source<R>,
}

impl<R: Read> Reader<R> {
    /// Reads from originatorInfo up to the content.
    pub(super) fn open(mut source: Source<R>, authenticated: bool) -> Result<Self> {
        skip(&mut source, Tag::context(0))?;
        let limit = source.limits.recipients;
        let mut recipients = Vec::new();
        source.reader.enter(Tag::SET)?;
        let depth = source.reader.depth_left();
        while source.reader.peek()?.is_some() {
            let received = source.received()?;
            recipients.extend(recipient_info::parse(&received, depth, limit)?);
            check_limit(recipients.len(), limit, "recipients")?;
        }
        source.reader.leave()?;
        if recipients.is_empty() {
            return Err(source.malformed("recipientInfos is empty"));
        }
        source.reader.enter(Tag::SEQUENCE)?;
        let content_type = source.oid()?;
        let algorithm = source.algorithm()?;
        let has_content = source.reader.peek()?.is_some();
        if has_content {
            source.reader.begin_octets(Tag::context_primitive(0))?;
        }
        Ok(Self {
            authenticated,
            recipients,
            content_type,
            algorithm,
            has_content,
            source,
        })
    }

    /// Returns the cipher and its IV, or why it is not supported. Does not judge whether it belongs in this container.
    pub fn cipher(&self) -> crypto::Result<(ContentCipher, Vec<u8>)> {
        ContentCipher::from_identifier(&self.algorithm)
    }

    /// Reads what follows the ciphertext, which must have been read to its end. Returns the rest of the source, for the caller to check
    /// that nothing follows.
    pub fn finish(self) -> Result<(Tail, stream::Rest<R>)> {
        let mut source = self.source;
        source.reader.leave()?;
        let mut tail = Tail::default();
        if self.authenticated {
            if source.reader.peek()? == Some(Tag::context(1)) {
                let offset = source.reader.offset();
                let der = source.der()?;
                let value = Cursor::new(&der, offset).any()?;
                let attributes = SignedAttributes::parse(der.clone(), &value)?;
                tail.authenticated_content_type =
                    attribute::authenticated_content_type(&attributes)
                        .map_err(|_| source.malformed("the authenticated attribute contentType"))?;
                // RFC 5083 §2.2: the DER of the SET OF, however it was received
                tail.aad = attributes.der;
            }
            tail.mac = source.expect(Tag::OCTET_STRING)?;
            skip(&mut source, Tag::context(2))?;
        } else {
            skip(&mut source, Tag::context(1))?;
        }
        Ok((tail, source.close()?))
    }
}

/// Reads over an optional value that nothing may rest on.
fn skip<R: Read>(source: &mut Source<R>, tag: Tag) -> Result<()> {
    if source.reader.peek()? == Some(tag) {
        source.der()?;
    }
    Ok(())
}

/// Yields encryptedContent's octets; 0 at the end, or at once when there is none.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.source.reader.read_octets(buf)
    }
}

/// What follows the content of AuthEnvelopedData (all empty for EnvelopedData).
#[derive(Debug, Default)]
pub struct Tail {
    /// DER of authAttrs as a SET OF, the AAD (RFC 5083 §2.2); empty when absent
    pub aad: Vec<u8>,
    /// contentType among authAttrs, if there are any (must equal the content type unless id-data)
    pub authenticated_content_type: Option<Oid>,
    /// mac
    pub mac: Vec<u8>,
}

/// Encrypts what is written to it; small content (at most 64 KiB) as DER, larger in an indefinite-length shell as it flows.
/// AEAD ciphers make AuthEnvelopedData, CBC makes EnvelopedData.
pub struct Writer<W> {
    shell: Shell<W>,
    head: Head,
    /// DER of authAttrs as a SET OF, or empty
    aad: Vec<u8>,
    encryption: Encryption,
    /// ciphertext on its way
    pending: Vec<u8>,
    content: Segments,
}

/// What stands before the content.
struct Head {
    authenticated: bool,
    version: Vec<u8>,
    /// DER of recipientInfos
    recipients: Vec<u8>,
    /// DER of contentType and contentEncryptionAlgorithm
    content: Vec<u8>,
}

impl Head {
    fn container(&self) -> Vec<u8> {
        oid::to_der(match self.authenticated {
            true => &content_type::AUTH_ENVELOPED_DATA,
            false => &content_type::ENVELOPED_DATA,
        })
    }

    /// Opens the shell around flowing content.
    fn write<W: Write>(&self, shell: &mut Shell<W>) -> io::Result<()> {
        shell.open(Tag::SEQUENCE)?;
        shell.element(&self.container())?;
        shell.open(Tag::context(0))?;
        shell.open(Tag::SEQUENCE)?;
        shell.element(&self.version)?;
        shell.element(&self.recipients)?;
        shell.open(Tag::SEQUENCE)?;
        shell.element(&self.content)?;
        shell.open(Tag::context(0))
    }
}

impl<W: Write> Writer<W> {
    /// Starts; `recipients` are DERs of RecipientInfo from `recipient_info::seal`.
    pub fn new(
        sink: W,
        recipients: &[Vec<u8>],
        content_type: Oid,
        cipher: ContentCipher,
        key: &Secret,
        iv: &[u8],
    ) -> Result<Self> {
        let authenticated = cipher.is_aead();
        // RFC 5083 §2.1: contentType must be authenticated unless it is id-data
        let aad = match authenticated && content_type != content_type::DATA {
            true => attribute::content_type_set(content_type),
            false => Vec::new(),
        };
        // RFC 5652 §6.1: 0 if all are key transport to issuer and serial; seal makes nothing else of version 0
        let transport_only = recipients
            .iter()
            .all(|recipient| recipient.first() == Some(&Tag::SEQUENCE.0));
        let version = if authenticated || transport_only {
            0
        } else {
            2
        };
        let algorithm = algorithm_to_der(&cipher.identifier(iv));
        Ok(Self {
            shell: Shell::new(sink),
            head: Head {
                authenticated,
                version: write::integer(version),
                recipients: write::set_of(recipients),
                content: [oid::to_der(&content_type), algorithm].concat(),
            },
            encryption: Encryption::new(cipher, key, iv, &aad)?,
            aad,
            pending: Vec::new(),
            content: Segments::new(),
        })
    }

    /// Ends the content; must be called.
    pub fn finish(mut self) -> Result<W> {
        self.pending.clear();
        let mac = self.encryption.finish(&mut self.pending)?;
        let head = &self.head;
        self.content
            .push(&self.pending, &mut self.shell, |shell| head.write(shell))?;
        let mut tail = Vec::new();
        if head.authenticated {
            if !self.aad.is_empty() {
                tail = write::retag(Tag::context(1), self.aad);
            }
            tail.extend(write::tlv(Tag::OCTET_STRING, &mac));
        }
        let Some(content) = self.content.finish(&mut self.shell)? else {
            // encryptedContent, encryptedContentInfo
            for _ in 0..2 {
                self.shell.close()?;
            }
            self.shell.element(&tail)?;
            for _ in 0..3 {
                self.shell.close()?;
            }
            return Ok(self.shell.into_inner());
        };
        let encrypted = write::tlv(Tag::context_primitive(0), &content);
        let data = write::sequence(&[
            &head.version,
            &head.recipients,
            &write::sequence(&[&head.content, &encrypted]),
            &tail,
        ]);
        self.shell.element(&write::sequence(&[
            &head.container(),
            &write::constructed(Tag::context(0), &[&data]),
        ]))?;
        Ok(self.shell.into_inner())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        /// Octets encrypted at once, so that a large `buf` is never held twice.
        const STEP: usize = 64 << 10;
        let step = buf.get(..STEP).unwrap_or(buf);
        self.pending.clear();
        self.encryption
            .update(step, &mut self.pending)
            .map_err(io::Error::other)?;
        let head = &self.head;
        self.content
            .push(&self.pending, &mut self.shell, |shell| head.write(shell))?;
        Ok(step.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shell.flush()
    }
}
