//! SignedData (RFC 5652 §5.1), read and written around a flowing content.
use super::{Result, signer_info::SignerInfo};
use crate::{
    asn1::{oid::Oid, stream},
    crypto::Digest,
};
use std::io::{self, Read, Write};
/// SignedData while its content flows. First `content`-read to the end (a detached one has none), then `finish`.
pub struct Reader<R> {
    /// the digests announced (those that are known); an empty SET is an error of `open`
    pub digest_algorithms: Vec<Digest>,
    /// eContentType
    pub content_type: Oid,
    /// whether eContent is present (even if empty)
    pub has_content: bool,
    source: stream::Reader<R>,
}
impl<R: Read> Reader<R> {
    /// Reads what follows the content; the content must have been read to its end. Returns the source, for the caller to check that nothing follows.
    pub fn finish(self) -> Result<(SignedData, R)> {
        let _ = &self.source;
        todo!()
    }
}
/// eContent's octets, exactly what is digested; 0 at the end, or at once when there is none.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        todo!()
    }
}
/// What follows the content.
#[derive(Debug)]
pub struct SignedData {
    /// certificates as received (BER brought to DER); attribute certificates and other forms are left out
    pub certificates: Vec<Vec<u8>>,
    /// CRLs as received
    pub crls: Vec<Vec<u8>>,
    /// other revocation info (RFC 5940), as received
    pub other_revocation: Vec<Vec<u8>>,
    /// signers, in order; each malformed one is an error of `finish`
    pub signers: Vec<SignerInfo>,
}
/// Writes SignedData: small content (at most 64 KiB, or detached) as DER, larger in an indefinite-length shell as it flows.
pub struct Writer<W> {
    sink: W,
}
impl<W: Write> Writer<W> {
    /// Starts; `digests` become digestAlgorithms. `detached`: no eContent will be written (`Write` must not be called).
    pub fn new(sink: W, _digests: &[Digest], _content_type: Oid, _detached: bool) -> Self {
        Self { sink }
    }
    /// Ends the content and writes certificates (DER each, sorted as a SET OF), and signers (each the DER of a SignerInfo).
    pub fn finish(self, _certificates: &[&[u8]], _signers: &[Vec<u8>]) -> Result<W> {
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
