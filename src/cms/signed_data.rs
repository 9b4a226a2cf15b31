//! SignedData (RFC 5652 §5.1), read and written around a flowing content. Knows the structure; signatures are `signer_info`'s.
//!
//! ```text
//! SignedData ::= SEQUENCE {
//!   version CMSVersion,
//!   digestAlgorithms SET OF DigestAlgorithmIdentifier,
//!   encapContentInfo SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING OPTIONAL },
//!   certificates [0] IMPLICIT CertificateSet OPTIONAL,
//!   crls [1] IMPLICIT RevocationInfoChoices OPTIONAL,
//!   signerInfos SET OF SignerInfo }
//! ```
use super::{
    Error, Result, Source, algorithm_to_der, check_limit, content_type, segments::Segments,
    signer_info::SignerInfo,
};
use crate::{
    asn1::{
        self, Tag,
        cursor::Cursor,
        normal,
        oid::{self, Oid},
        stream,
        write::{self, Shell},
    },
    crypto::Digest,
};
use std::io::{self, Read, Write};

/// SignedData while its content flows. First the content is read to its end (a detached one has none), then `finish`.
pub struct Reader<R> {
    /// the digests announced (those that are known)
    pub digest_algorithms: Vec<Digest>,
    /// eContentType
    pub content_type: Oid,
    /// whether eContent is present (even if empty)
    pub has_content: bool,
    /// whether digestAlgorithms has any member, known or not
    announced: bool,
    /// what is left of eContent in the form of PKCS#7 v1.5, which is held
    structure: io::Cursor<Vec<u8>>,
    source: Source<R>,
}

impl<R: Read> Reader<R> {
    /// Reads from digestAlgorithms up to the content.
    pub(super) fn open(mut source: Source<R>) -> Result<Self> {
        let mut digest_algorithms = Vec::new();
        let mut announced = false;
        source.reader.enter(Tag::SET)?;
        while source.reader.peek()?.is_some() {
            announced = true;
            if let Ok(digest) = Digest::from_identifier(&source.algorithm()?)
                && !digest_algorithms.contains(&digest)
            {
                digest_algorithms.push(digest);
            }
        }
        source.reader.leave()?;
        source.reader.enter(Tag::SEQUENCE)?;
        let content_type = source.oid()?;
        let has_content = source.reader.peek()?.is_some();
        let mut structure = Vec::new();
        if has_content {
            source.reader.enter(Tag::context(0))?;
            match source.reader.peek()? {
                // RFC 5652 §5.2.1: in PKCS#7 v1.5 the content is ANY; what is digested are its content octets
                Some(tag) if tag.primitive() != Tag::OCTET_STRING => {
                    let der = source.der()?;
                    structure = Cursor::new(&der, 0).any()?.content.to_vec();
                }
                _ => source.reader.begin_octets(Tag::OCTET_STRING)?,
            }
        }
        Ok(Self {
            digest_algorithms,
            content_type,
            has_content,
            announced,
            structure: io::Cursor::new(structure),
            source,
        })
    }

    /// Reads what follows the content; the content must have been read to its end. Returns the rest of the source, for the caller to
    /// check that nothing follows.
    pub fn finish(self) -> Result<(SignedData, stream::Rest<R>)> {
        let mut source = self.source;
        if self.structure.position() < self.structure.get_ref().len() as u64 {
            return Err(source.malformed("the content was not read to its end"));
        }
        if self.has_content {
            source.reader.leave()?;
        }
        source.reader.leave()?;
        let mut data = SignedData {
            certificates: Vec::new(),
            crls: Vec::new(),
            other_revocation: Vec::new(),
            signers: Vec::new(),
        };
        let limits = source.limits;
        each(
            &mut source,
            Tag::context(0),
            |tag, received, depth, count| {
                check_limit(count, limits.certificates, "certificates")?;
                match tag {
                    Tag::SEQUENCE => data.certificates.push(der_if_possible(received, depth)),
                    // extendedCertificate, v1AttrCert, v2AttrCert, other
                    Tag(0xa0..=0xa3) => {}
                    _ => return Ok(false),
                }
                Ok(true)
            },
        )?;
        each(
            &mut source,
            Tag::context(1),
            |tag, received, depth, count| {
                check_limit(count, limits.certificates, "CRLs")?;
                match tag {
                    Tag::SEQUENCE => data.crls.push(der_if_possible(received, depth)),
                    Tag(0xa1) => data.other_revocation.push(received),
                    _ => return Ok(false),
                }
                Ok(true)
            },
        )?;
        if source.reader.peek()? != Some(Tag::SET) {
            return Err(source.malformed("signerInfos are missing"));
        }
        each(&mut source, Tag::SET, |tag, received, depth, count| {
            check_limit(count, limits.signers, "signers")?;
            if tag == Tag::SEQUENCE {
                data.signers.push(SignerInfo::parse(&received, depth)?);
            }
            Ok(tag == Tag::SEQUENCE)
        })?;
        // certificates alone need no digest
        if !self.announced && !data.signers.is_empty() {
            return Err(source.malformed("digestAlgorithms is empty"));
        }
        Ok((data, source.close()?))
    }
}

/// Reads the members of a SET OF under `tag`, if it comes next. `member` takes the tag, the received octets, the depth that is left and
/// how many there are so far; it tells whether the tag may stand here.
fn each<R: Read>(
    source: &mut Source<R>,
    tag: Tag,
    mut member: impl FnMut(Tag, Vec<u8>, usize, usize) -> Result<bool>,
) -> Result<()> {
    if source.reader.peek()? != Some(tag) {
        return Ok(());
    }
    source.reader.enter(tag)?;
    let depth = source.reader.depth_left();
    let mut count = 0;
    while let Some(found) = source.reader.peek()? {
        let offset = source.reader.offset();
        count += 1;
        let received = source.received()?;
        if !member(found, received, depth, count)? {
            return Err(Error::Asn1(asn1::Error::UnexpectedTag {
                found,
                wanted: Tag::SEQUENCE,
                offset,
            }));
        }
    }
    Ok(source.reader.leave()?)
}

/// Brings a certificate or CRL to DER; one that cannot be stays as it is, for whoever parses it to refuse: it must not take the
/// others with it.
fn der_if_possible(received: Vec<u8>, depth: usize) -> Vec<u8> {
    match normal::to_der(&received, depth) {
        Ok(std::borrow::Cow::Owned(der)) => der,
        _ => received,
    }
}

/// Yields eContent's octets, exactly what is digested; 0 at the end, or at once when there is none.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.structure.read(buf)? {
            0 => self.source.reader.read_octets(buf),
            held => Ok(held),
        }
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
    shell: Shell<W>,
    /// DER of digestAlgorithms
    digests: Vec<u8>,
    content_type: Oid,
    detached: bool,
    content: Segments,
}

impl<W: Write> Writer<W> {
    /// Starts; `digests` become digestAlgorithms. `detached`: no eContent will be written (`write` fails).
    pub fn new(sink: W, digests: &[Digest], content_type: Oid, detached: bool) -> Self {
        let digests: std::collections::BTreeSet<Vec<u8>> = digests
            .iter()
            .map(|digest| algorithm_to_der(&digest.identifier()))
            .collect();
        Self {
            shell: Shell::new(sink),
            digests: write::set_of(&Vec::from_iter(digests)),
            content_type,
            detached,
            content: Segments::new(),
        }
    }

    /// Ends the content and writes certificates (DER each, sorted as a SET OF), and signers (each the DER of a SignerInfo).
    pub fn finish(mut self, certificates: &[&[u8]], signers: &[Vec<u8>]) -> Result<W> {
        let mut tail = Vec::new();
        if !certificates.is_empty() {
            let certificates: Vec<Vec<u8>> = certificates.iter().map(|c| c.to_vec()).collect();
            tail = write::retag(Tag::context(0), write::set_of(&certificates));
        }
        tail.extend(write::set_of(signers));
        let Some(content) = self.content.finish(&mut self.shell)? else {
            // OCTET STRING, eContent, encapContentInfo
            for _ in 0..3 {
                self.shell.close()?;
            }
            self.shell.element(&tail)?;
            for _ in 0..3 {
                self.shell.close()?;
            }
            return Ok(self.shell.into_inner());
        };
        let key_identifiers = signers.iter().any(|signer| is_version_3(signer));
        let encapsulated = match self.detached {
            true => Vec::new(),
            false => {
                write::constructed(Tag::context(0), &[&write::tlv(Tag::OCTET_STRING, &content)])
            }
        };
        let data = write::sequence(&[
            &version(&self.content_type, key_identifiers),
            &self.digests,
            &write::sequence(&[&oid::to_der(&self.content_type), &encapsulated]),
            &tail,
        ]);
        self.shell.element(&write::sequence(&[
            &oid::to_der(&content_type::SIGNED_DATA),
            &write::constructed(Tag::context(0), &[&data]),
        ]))?;
        Ok(self.shell.into_inner())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.detached {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a detached SignedData has no content",
            ));
        }
        let (digests, content_type) = (&self.digests, &self.content_type);
        self.content.push(buf, &mut self.shell, |shell| {
            shell.open(Tag::SEQUENCE)?;
            shell.element(&oid::to_der(&content_type::SIGNED_DATA))?;
            shell.open(Tag::context(0))?;
            shell.open(Tag::SEQUENCE)?;
            // RFC 5652 §5.1 wants 3 if a signer is named by key identifier; the signers are not known yet
            shell.element(&version(content_type, false))?;
            shell.element(digests)?;
            shell.open(Tag::SEQUENCE)?;
            shell.element(&oid::to_der(content_type))?;
            shell.open(Tag::context(0))?;
            shell.open(Tag::OCTET_STRING)
        })?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shell.flush()
    }
}

/// Returns the version by RFC 5652 §5.1 for what is written here: no attribute certificates, no other forms.
fn version(content: &Oid, key_identifiers: bool) -> Vec<u8> {
    write::integer(match *content == content_type::DATA && !key_identifiers {
        true => 1,
        false => 3,
    })
}

/// Returns whether a SignerInfo is of version 3, which names its signer by key identifier.
fn is_version_3(signer: &[u8]) -> bool {
    let version = Cursor::new(signer, 0)
        .enter(Tag::SEQUENCE)
        .and_then(|mut fields| fields.expect(Tag::INTEGER));
    version.is_ok_and(|version| version.content == [3])
}
