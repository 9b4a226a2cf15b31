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
    crypto::{self, ContentEncryption, Secret, content::Encryption},
};
use spki::AlgorithmIdentifierOwned;
use std::io::{self, Read, Write};

/// The head, then ciphertext flows: `Read` yields encryptedContent's octets (ciphertext); to decrypt, hand them to `crypto::content::Decryption`; then `finish`.
pub struct Reader<R> {
    /// AuthEnvelopedData rather than EnvelopedData
    pub authenticated: bool,
    /// the recipients, in order; at least one, but of EncryptedData, which has none
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
        let recipients = recipients(&mut source)?;
        Self::content(source, authenticated, recipients)
    }

    /// Reads EncryptedData (RFC 5652 §8), which is EnvelopedData for nobody in particular: `SEQUENCE { version, encryptedContentInfo,
    /// unprotectedAttrs [1] IMPLICIT UnprotectedAttributes OPTIONAL }`, up to the content.
    pub(super) fn open_encrypted(source: Source<R>) -> Result<Self> {
        Self::content(source, false, Vec::new())
    }

    /// Reads encryptedContentInfo up to the content.
    fn content(
        mut source: Source<R>,
        authenticated: bool,
        recipients: Vec<Recipient>,
    ) -> Result<Self> {
        source.reader.enter(Tag::SEQUENCE)?;
        let content_type = source.content_type()?;
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
    pub fn encryption(&self) -> crypto::Result<ContentEncryption> {
        ContentEncryption::from_identifier(&self.algorithm)
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
                let attributes =
                    SignedAttributes::parse(der.clone(), &value, source.limits.attributes)?;
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

/// Reads originatorInfo, on which nothing rests, and recipientInfos.
pub(super) fn recipients<R: Read>(source: &mut Source<R>) -> Result<Vec<Recipient>> {
    skip(source, Tag::context(0))?;
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
    Ok(recipients)
}

/// Reads over an optional value that nothing may rest on.
pub(super) fn skip<R: Read>(source: &mut Source<R>, tag: Tag) -> Result<()> {
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
    encryption: Encryption,
    /// ciphertext on its way
    pending: Vec<u8>,
    framing: Framing<W>,
    /// DER of authAttrs as a SET OF, or empty
    aad: Vec<u8>,
}

/// Writes ciphertext, and before it what stands before the content.
pub struct Framing<W> {
    shell: Shell<W>,
    head: Head,
    content: Segments,
}

impl<W: Write> Framing<W> {
    /// Takes the next octets of the ciphertext.
    pub fn push(&mut self, ciphertext: &[u8]) -> io::Result<()> {
        let head = &self.head;
        self.content
            .push(ciphertext, &mut self.shell, |shell| head.write(shell))
    }
}

/// Returns the version of an EnvelopedData without originatorInfo and attributes (RFC 5652 §6.1): 3 if there is a password or another recipient,
/// else 0 if all are of version 0, which is key transport to issuer and serial as `seal` makes it, else 2.
fn version_of(recipients: &[Vec<u8>]) -> u32 {
    let mut tags = recipients
        .iter()
        .map(|recipient| recipient.first().map(|tag| Tag(*tag)));
    if tags
        .clone()
        .any(|tag| matches!(tag, Some(Tag(0xa3 | 0xa4))))
    {
        3
    } else if tags.all(|tag| tag == Some(Tag::SEQUENCE)) {
        0
    } else {
        2
    }
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
        encryption: &ContentEncryption,
        content_key: &Secret,
    ) -> Result<Self> {
        let cipher = encryption.cipher;
        let authenticated = cipher.is_aead();
        // RFC 5083 §2.1: contentType must be authenticated unless it is id-data
        let aad = match authenticated && content_type != content_type::DATA {
            true => attribute::content_type_set(content_type)?,
            false => Vec::new(),
        };
        let version = match authenticated {
            // RFC 5083 §2.1
            true => 0,
            false => version_of(recipients),
        };
        let algorithm = algorithm_to_der(&encryption.identifier());
        let key = encryption.key(content_key)?;
        Ok(Self {
            encryption: Encryption::new(cipher, &key, &encryption.iv, &aad)?,
            pending: Vec::new(),
            framing: Framing {
                shell: Shell::new(sink),
                head: Head {
                    authenticated,
                    version: write::integer(version),
                    recipients: write::set_of(recipients),
                    content: [oid::to_der(&content_type), algorithm].concat(),
                },
                content: Segments::new(),
            },
            aad,
        })
    }

    /// Returns the two things that are done with content, one after the other, for two threads: [`Encryption::update`] makes ciphertext, which
    /// [`Framing::push`] writes.
    pub const fn halves(&mut self) -> (&mut Encryption, &mut Framing<W>) {
        (&mut self.encryption, &mut self.framing)
    }

    /// Ends the content; must be called.
    pub fn finish(mut self) -> Result<W> {
        self.pending.clear();
        let mac = self.encryption.finish(&mut self.pending)?;
        self.framing.push(&self.pending)?;
        let Framing {
            mut shell,
            head,
            content,
        } = self.framing;
        let mut tail = Vec::new();
        if head.authenticated {
            if !self.aad.is_empty() {
                tail = write::retag(Tag::context(1), self.aad);
            }
            tail.extend(write::tlv(Tag::OCTET_STRING, &mac));
        }
        let Some(content) = content.finish(&mut shell)? else {
            // encryptedContent, encryptedContentInfo
            for _ in 0..2 {
                shell.close()?;
            }
            shell.element(&tail)?;
            for _ in 0..3 {
                shell.close()?;
            }
            return Ok(shell.into_inner());
        };
        let encrypted = write::tlv(Tag::context_primitive(0), &content);
        let data = write::sequence(&[
            &head.version,
            &head.recipients,
            &write::sequence(&[&head.content, &encrypted]),
            &tail,
        ]);
        shell.element(&write::sequence(&[
            &head.container(),
            &write::constructed(Tag::context(0), &[&data]),
        ]))?;
        Ok(shell.into_inner())
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
        self.framing.push(&self.pending)?;
        Ok(step.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.framing.shell.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::{
        super::{
            Error, Object, open,
            recipient_info::{Kind, Method, Naming, seal},
            specimen::*,
        },
        *,
    };
    use crate::crypto::{ContentCipher, KeySize, PrivateKey, content::Decryption};
    use rand::SeedableRng;

    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::seed_from_u64(1)
    }

    fn reader(input: &[u8]) -> Result<Reader<&[u8]>> {
        match open(input, LIMITS)? {
            Object::Enveloped(reader) => Ok(reader),
            _ => panic!("no EnvelopedData"),
        }
    }

    /// Decrypts for one identity, as the reader is used.
    fn decrypt(input: &[u8], of: &Identity) -> Result<Vec<u8>> {
        let mut reader = reader(input)?;
        let encryption = reader.encryption()?;
        let cipher = encryption.cipher;
        assert_eq!(cipher.is_aead(), reader.authenticated);
        let names = |r: &&Recipient| r.rid.as_ref().is_some_and(|rid| rid.names(&of.certificate));
        let recipient = reader.recipients.iter().find(names).unwrap();
        let key =
            recipient.content_key(&of.key, KeySize::Exactly(cipher.key_size()), &mut rng())?;
        let key = encryption.key(&key)?;
        let mut decryption = Decryption::new(cipher, &key, &encryption.iv)?;
        let (mut chunk, mut out) = (vec![0; 10_000], Vec::new());
        loop {
            match reader.read(&mut chunk)? {
                0 => break,
                got => decryption.update(&chunk[..got], &mut out)?,
            }
        }
        let (tail, mut rest) = reader.finish()?;
        assert_eq!(rest.read(&mut [0])?, 0);
        decryption.finish(&tail.aad, &tail.mac, &mut out)?;
        Ok(out)
    }

    #[test]
    fn openssl_messages_open() {
        for (specimen, of) in [
            (KARI, P256),
            (AUTH_STREAM, P256),
            (AUTH_STREAM, RSA),
            (KEYID, P256),
            (KEYID, P384),
            (KEYID, P521),
            (COFACTOR, P384),
            (OAEP, RSA),
        ] {
            assert_eq!(decrypt(&octets(specimen), &identity(of)).unwrap(), CONTENT);
        }
    }

    #[test]
    fn other_kinds_are_listed() {
        for (specimen, kind) in [(KEK, Kind::Kek), (PWRI, Kind::Password)] {
            let input = octets(specimen);
            let reader = reader(&input).unwrap();
            assert_eq!(reader.recipients.len(), 1);
            assert_eq!(reader.recipients[0].kind, kind);
            assert!(reader.recipients[0].rid.is_none());
        }
    }

    fn write(cipher: ContentCipher, inner: Oid, to: &[Identity], content: &[u8]) -> Vec<u8> {
        let key = Secret::random(cipher.key_size(), &mut rng());
        let recipients: Vec<Vec<u8>> = to
            .iter()
            .map(|to| {
                let method = Method::for_key(
                    to.key.public_key(),
                    recipient_info::ToRsa::Pkcs1,
                    cipher.key_size(),
                )
                .unwrap();
                seal(&to.certificate, Naming::default(), method, &key, &mut rng()).unwrap()
            })
            .collect();
        let iv = vec![3; cipher.iv_size()];
        let encryption = ContentEncryption::new(cipher, iv, false);
        let mut writer = Writer::new(Vec::new(), &recipients, inner, &encryption, &key).unwrap();
        for chunk in content.chunks(99_999) {
            writer.write_all(chunk).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let to = [identity(P256), identity(X25519)];
        for cipher in [
            ContentCipher::Aes128Cbc,
            ContentCipher::Aes256Cbc,
            ContentCipher::Aes128Gcm,
            ContentCipher::Aes256Gcm,
        ] {
            for size in [0, 1, 16, 65_519, 65_520, 65_536, 65_537, 300_000] {
                let content: Vec<u8> = (0..size).map(|n: u32| n as u8).collect();
                let out = write(cipher, content_type::DATA, &to, &content);
                let is_der = matches!(
                    crate::asn1::normal::to_der(&out, 64).unwrap(),
                    std::borrow::Cow::Borrowed(_)
                );
                assert_eq!(
                    is_der,
                    size < if cipher.is_aead() { 65_537 } else { 65_536 },
                    "{size}"
                );
                for of in &to {
                    assert!(decrypt(&out, of).unwrap() == content, "{cipher:?} {size}");
                }
            }
        }
    }

    #[test]
    fn content_types_are_authenticated() {
        let to = [identity(P256)];
        let inner = content_type::SIGNED_DATA;
        let out = write(ContentCipher::Aes256Gcm, inner, &to, CONTENT);
        assert_eq!(decrypt(&out, &to[0]).unwrap(), CONTENT);
        let mut reader = reader(&out).unwrap();
        io::copy(&mut reader, &mut io::sink()).unwrap();
        assert_eq!(reader.content_type, inner);
        let (tail, _) = reader.finish().unwrap();
        assert_eq!(tail.authenticated_content_type, Some(inner));
        assert_eq!(tail.aad, attribute::content_type_set(inner).unwrap());
    }

    #[test]
    fn no_flipped_bit_is_accepted() {
        let to = [identity(P256)];
        let out = write(ContentCipher::Aes128Gcm, content_type::DATA, &to, CONTENT);
        let content = out.len() - 16 - 2 - CONTENT.len();
        for at in (content..content + CONTENT.len()).chain(out.len() - 16..out.len()) {
            let mut damaged = out.clone();
            damaged[at] ^= 1;
            let opened = decrypt(&damaged, &to[0]);
            assert!(
                matches!(opened, Err(Error::Crypto(crypto::Error::Decryption))),
                "{at}"
            );
        }
    }

    #[test]
    fn recipients_are_needed() {
        let out = write(ContentCipher::Aes128Cbc, content_type::DATA, &[], CONTENT);
        assert!(matches!(
            reader(&out),
            Err(Error::Malformed {
                what: "recipientInfos is empty",
                ..
            })
        ));
    }

    #[test]
    fn versions() {
        let version = |cipher, to: &[Identity]| {
            let out = write(cipher, content_type::DATA, to, CONTENT);
            let mut info = Cursor::new(&out, 0).enter(Tag::SEQUENCE).unwrap();
            info.any().unwrap();
            let mut data = info
                .enter(Tag::context(0))
                .unwrap()
                .enter(Tag::SEQUENCE)
                .unwrap();
            data.any().unwrap().content.to_vec()
        };
        assert_eq!(version(ContentCipher::Aes128Cbc, &[identity(RSA)]), [0]);
        assert_eq!(
            version(ContentCipher::Aes128Cbc, &[identity(RSA), identity(P256)]),
            [2]
        );
        assert_eq!(version(ContentCipher::Aes128Gcm, &[identity(P256)]), [0]);
    }
}
