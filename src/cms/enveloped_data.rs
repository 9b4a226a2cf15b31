//! EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083), read and written around a flowing content.
use super::{Result, recipient_info::Recipient};
use crate::{
    asn1::{oid::Oid, stream},
    crypto::{self, ContentCipher, Secret},
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
    source: stream::Reader<R>,
}
impl<R: Read> Reader<R> {
    /// Returns the cipher and its IV, or why it is not supported. Does not judge whether it belongs in this container.
    pub fn cipher(&self) -> crypto::Result<(ContentCipher, Vec<u8>)> {
        todo!()
    }
    /// Reads what follows the ciphertext, which must have been read to its end. Returns the source.
    pub fn finish(self) -> Result<(Tail, R)> {
        let _ = &self.source;
        todo!()
    }
}
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        todo!()
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
    sink: W,
}
impl<W: Write> Writer<W> {
    /// Starts; `recipients` are DERs of RecipientInfo from `recipient_info::seal`.
    pub fn new(
        sink: W,
        _recipients: &[Vec<u8>],
        _content_type: Oid,
        _cipher: ContentCipher,
        _key: &Secret,
        _iv: &[u8],
    ) -> Result<Self> {
        Ok(Self { sink })
    }
    /// Ends the content; must be called.
    pub fn finish(self) -> Result<W> {
        Ok(self.sink)
    }
}
impl<W: Write> Write for Writer<W> {
    fn write(&mut self, _buf: &[u8]) -> io::Result<usize> {
        todo!()
    }
    fn flush(&mut self) -> io::Result<()> {
        todo!()
    }
}
