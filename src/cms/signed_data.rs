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
    Error, Result, Source, algorithm_to_der, check_limit, content_type, encapsulated,
    encapsulated::Encapsulated, segments::Segments, signer_info::SignerInfo,
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
use der::Decode;
use spki::AlgorithmIdentifierOwned;
use std::io::{self, Read, Write};

/// SignedData while its content flows. First the content is read to its end (a detached one has none), then `finish`.
pub struct Reader<R> {
    /// the digests announced (those that are known)
    pub digest_algorithms: Vec<Digest>,
    /// digestAlgorithms, known or not, DER each
    pub announced: Vec<Vec<u8>>,
    /// eContentType
    pub content_type: Oid,
    /// whether eContent is present (even if empty)
    pub has_content: bool,
    content: Encapsulated,
    source: Source<R>,
}

impl<R: Read> Reader<R> {
    /// Reads from digestAlgorithms up to the content.
    pub(super) fn open(mut source: Source<R>) -> Result<Self> {
        let mut digest_algorithms = Vec::new();
        let mut announced = Vec::new();
        source.reader.enter(Tag::SET)?;
        while source.reader.peek()?.is_some() {
            let identifier = source.algorithm()?;
            if let Ok(digest) = Digest::from_identifier(&identifier)
                && !digest_algorithms.contains(&digest)
            {
                digest_algorithms.push(digest);
            }
            announced.push(algorithm_to_der(&identifier));
        }
        source.reader.leave()?;
        let content = Encapsulated::open(&mut source)?;
        Ok(Self {
            digest_algorithms,
            content_type: content.content_type,
            has_content: content.has_content,
            announced,
            content,
            source,
        })
    }

    /// Returns whether eContent is in the form of PKCS#7 v1.5, a structure instead of octets.
    pub fn is_structure(&self) -> bool {
        self.content.is_structure()
    }

    /// Returns whether a content type was found as octet 13 made 10 leaves it, and was read as what it was.
    pub fn was_damaged(&self) -> bool {
        self.source.damaged
    }

    /// Reads what follows the content; the content must have been read to its end. Returns the rest of the source, for the caller to
    /// check that nothing follows.
    pub fn finish(self) -> Result<(SignedData, stream::Rest<R>)> {
        let mut source = self.source;
        self.content.finish(&mut source)?;
        let mut data = SignedData {
            certificates: Vec::new(),
            crls: Vec::new(),
            other_revocation: Vec::new(),
            signers: Vec::new(),
            received: Tail::default(),
            unreadable_signers: Vec::new(),
        };
        let limits = source.limits;
        each(
            &mut source,
            Tag::context(0),
            |tag, received, depth, count| {
                check_limit(count, limits.certificates, "certificates")?;
                data.received.certificates.push(received.clone());
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
                data.received.revocation.push(received.clone());
                match tag {
                    Tag::SEQUENCE => data.crls.push(der_if_possible(received, depth)),
                    Tag(0xa1) => data.other_revocation.push(der_if_possible(received, depth)),
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
                match SignerInfo::parse_within(&received, depth, limits.attributes) {
                    Ok(info) => data.signers.push(info),
                    Err(error @ (Error::Asn1(asn1::Error::Depth { .. }) | Error::Limit { .. })) => {
                        return Err(error);
                    }
                    Err(error) => data.unreadable_signers.push(error),
                }
                data.received.signers.push(received);
            }
            Ok(tag == Tag::SEQUENCE)
        })?;
        // certificates alone need no digest
        if self.announced.is_empty() && !data.certificates_only() {
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
        self.content.read(&mut self.source, buf)
    }
}

/// What follows the content.
#[derive(Debug)]
pub struct SignedData {
    /// certificates as received (BER brought to DER); attribute certificates and other forms are left out
    pub certificates: Vec<Vec<u8>>,
    /// CRLs as received (BER brought to DER)
    pub crls: Vec<Vec<u8>>,
    /// other revocation info (RFC 5940), its tag included (BER brought to DER)
    pub other_revocation: Vec<Vec<u8>>,
    /// signers, in order
    pub signers: Vec<SignerInfo>,
    /// why others cannot be read
    pub unreadable_signers: Vec<Error>,
    /// the same octet for octet, for a message to which something is added
    pub received: Tail,
}

/// What stands after the content: the octets of each member.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    /// certificates, of any form
    pub certificates: Vec<Vec<u8>>,
    /// crls, of any form
    pub revocation: Vec<Vec<u8>>,
    /// signerInfos
    pub signers: Vec<Vec<u8>>,
}

impl Tail {
    /// Adds a certificate, unless it is there already.
    pub fn add_certificate(&mut self, der: &[u8]) {
        if !self.certificates.iter().any(|known| known == der) {
            self.certificates.push(der.to_vec());
        }
    }

    /// Returns their encoding. Members keep their octets; sets are put in order.
    fn encode(&self) -> Vec<u8> {
        let mut tail = Vec::new();
        for (number, members) in [(0, &self.certificates), (1, &self.revocation)] {
            if !members.is_empty() {
                tail.extend(write::retag(Tag::context(number), write::set_of(members)));
            }
        }
        tail.extend(write::set_of(&self.signers));
        tail
    }

    /// Returns the version by RFC 5652 §5.1.
    fn version(&self, content: &Oid) -> u32 {
        let has = |members: &[Vec<u8>], tag: u8| {
            members.iter().any(|member| member.first() == Some(&tag))
        };
        if has(&self.certificates, 0xa3) || has(&self.revocation, 0xa1) {
            5
        } else if has(&self.certificates, 0xa2) {
            4
        } else if has(&self.certificates, 0xa1)
            || *content != content_type::DATA
            || self.signers.iter().any(|signer| is_version_3(signer))
        {
            3
        } else {
            1
        }
    }
}

impl SignedData {
    /// Returns whether a certificate had to be brought to DER.
    pub fn has_ber_certificates(&self) -> bool {
        let received = &self.received.certificates;
        self.certificates.iter().any(|der| !received.contains(der))
    }

    /// Returns whether nobody signed, not even somebody who cannot be read.
    pub fn certificates_only(&self) -> bool {
        self.signers.is_empty() && self.unreadable_signers.is_empty()
    }
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
        Self::extending(sink, &[], digests, content_type, detached)
    }

    /// Starts with digestAlgorithms that were `announced` (DER each) and `digests` besides.
    pub fn extending(
        sink: W,
        announced: &[Vec<u8>],
        digests: &[Digest],
        content_type: Oid,
        detached: bool,
    ) -> Self {
        let known: Vec<Digest> = announced
            .iter()
            .filter_map(|der| AlgorithmIdentifierOwned::from_der(der).ok())
            .filter_map(|identifier| Digest::from_identifier(&identifier).ok())
            .collect();
        let new = digests.iter().filter(|digest| !known.contains(digest));
        let digests: std::collections::BTreeSet<Vec<u8>> = new
            .map(|digest| algorithm_to_der(&digest.identifier()))
            .chain(announced.iter().cloned())
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
    pub fn finish(self, certificates: &[&[u8]], signers: &[Vec<u8>]) -> Result<W> {
        self.finish_with(&Tail {
            certificates: certificates.iter().map(|c| c.to_vec()).collect(),
            revocation: Vec::new(),
            signers: signers.to_vec(),
        })
    }

    /// Ends the content and writes what follows it.
    pub fn finish_with(mut self, tail: &Tail) -> Result<W> {
        let encoded = tail.encode();
        let Some(content) = self.content.finish(&mut self.shell)? else {
            // OCTET STRING, eContent, encapContentInfo
            for _ in 0..3 {
                self.shell.close()?;
            }
            self.shell.element(&encoded)?;
            for _ in 0..3 {
                self.shell.close()?;
            }
            return Ok(self.shell.into_inner());
        };
        let encapsulated = match self.detached {
            true => write::sequence(&[&oid::to_der(&self.content_type)]),
            false => encapsulated::to_der(&self.content_type, &content),
        };
        let data = write::sequence(&[
            &write::integer(tail.version(&self.content_type)),
            &self.digests,
            &encapsulated,
            &encoded,
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
            shell.element(&write::integer(Tail::default().version(content_type)))?;
            shell.element(digests)?;
            encapsulated::begin(shell, content_type)
        })?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shell.flush()
    }
}

/// Returns whether a SignerInfo is of version 3, which names its signer by key identifier.
fn is_version_3(signer: &[u8]) -> bool {
    let version = Cursor::new(signer, 0)
        .enter(Tag::SEQUENCE)
        .and_then(|mut fields| fields.expect(Tag::INTEGER));
    version.is_ok_and(|version| version.content == [3])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::{
        super::{
            Object, attribute, open,
            signer_info::{self, Held},
            specimen::*,
        },
        *,
    };
    use crate::{
        asn1::Time,
        crypto::{PrivateKey, SignatureAlgorithm, digest::digest},
    };
    use rand::SeedableRng;

    fn read(input: &[u8]) -> Result<(Reader<&[u8]>, Vec<u8>)> {
        let Object::Signed(mut reader) = open(input, LIMITS)? else {
            panic!("no SignedData");
        };
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        Ok((reader, content))
    }

    fn finish(input: &[u8]) -> Result<SignedData> {
        Ok(read(input)?.0.finish()?.0)
    }

    /// Signs with an identity, as the writer is used.
    fn signer(of: (&str, &str), algorithm: &SignatureAlgorithm, content: &[u8]) -> Vec<u8> {
        let identity = identity(of);
        let hash = algorithm.digest().unwrap_or(Digest::Sha512);
        let attributes = attribute::Written {
            content_type: Some(content_type::DATA),
            message_digest: &digest(hash, content),
            signing_time: Time(1_800_000_000),
            certificate: &identity.certificate,
            capabilities: &[],
            digest: hash,
            signature: algorithm,
            besides: &[],
        }
        .to_set()
        .unwrap();
        let sid = signer_info::issuer_serial(&identity.certificate);
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        signer_info::sign(&identity.key, &sid, hash, algorithm, &attributes, &mut rng).unwrap()
    }

    #[test]
    fn openssl_opaque_in_der_and_ber() {
        for specimen in [OPAQUE, OPAQUE_STREAM] {
            let input = octets(specimen);
            let (reader, content) = read(&input).unwrap();
            assert_eq!(content, CONTENT);
            assert!(reader.has_content);
            assert_eq!(reader.content_type, content_type::DATA);
            assert_eq!(reader.digest_algorithms, [Digest::Sha256]);
            let (data, _) = reader.finish().unwrap();
            let signer = &identity(P256);
            assert_eq!(data.certificates, [signer.certificate.der()]);
            assert!(data.signers[0].sid.names(&signer.certificate));
            let held = data.signers[0].check_signature(signer.key.public_key(), &[], None);
            assert_eq!(held.unwrap(), Held::AsReceived);
        }
    }

    #[test]
    fn detached_has_no_content() {
        let input = octets(DETACHED);
        let (reader, content) = read(&input).unwrap();
        assert!(!reader.has_content && content.is_empty());
        assert_eq!(reader.finish().unwrap().0.signers.len(), 1);
    }

    #[test]
    fn certificates_alone_need_no_digest_but_signers_do() {
        let data = finish(&octets(CERTSONLY)).unwrap();
        assert_eq!((data.certificates.len(), data.signers.len()), (1, 0));
        let algorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);
        let signer = signer(P256, &algorithm, CONTENT);
        let write = |digests: &[Digest]| {
            let writer = Writer::new(Vec::new(), digests, content_type::DATA, true);
            writer.finish(&[], std::slice::from_ref(&signer)).unwrap()
        };
        assert!(finish(&write(&[Digest::Sha256])).is_ok());
        assert!(matches!(
            finish(&write(&[])),
            Err(Error::Malformed {
                what: "digestAlgorithms is empty",
                ..
            })
        ));
    }

    #[test]
    fn content_must_be_read_before_finish() {
        let input = octets(OPAQUE);
        let Ok(Object::Signed(reader)) = open(&input[..], LIMITS) else {
            panic!();
        };
        assert!(reader.finish().is_err());
    }

    #[test]
    fn what_is_written_is_read() {
        let rsa = SignatureAlgorithm::RsaPkcs1(Digest::Sha256);
        let pss = SignatureAlgorithm::RsaPss {
            digest: Digest::Sha384,
            mgf: Digest::Sha384,
            salt: 48,
        };
        for (of, algorithm) in [
            (RSA, rsa),
            (RSA, pss),
            (P256, SignatureAlgorithm::Ecdsa(Digest::Sha256)),
            (P384, SignatureAlgorithm::Ecdsa(Digest::Sha384)),
            (P521, SignatureAlgorithm::Ecdsa(Digest::Sha512)),
            (ED25519, SignatureAlgorithm::Ed25519),
        ] {
            let hash = algorithm.digest().unwrap_or(Digest::Sha512);
            for size in [0, 1, 64 << 10, (64 << 10) + 1, 200_000] {
                let content: Vec<u8> = (0..size).map(|n: u32| n as u8).collect();
                let mut writer = Writer::new(Vec::new(), &[hash, hash], content_type::DATA, false);
                for chunk in content.chunks(50_001) {
                    writer.write_all(chunk).unwrap();
                }
                let certificate = identity(of).certificate;
                let signer = signer(of, &algorithm, &content);
                let out = writer.finish(&[certificate.der()], &[signer]).unwrap();
                let is_der = matches!(
                    normal::to_der(&out, 64).unwrap(),
                    std::borrow::Cow::Borrowed(_)
                );
                assert_eq!(is_der, size <= 64 << 10, "{size}");
                let (reader, read) = read(&out).unwrap();
                assert!(read == content && reader.has_content);
                assert_eq!(reader.digest_algorithms, [hash]);
                let (data, mut rest) = reader.finish().unwrap();
                assert_eq!(rest.read(&mut [0]).unwrap(), 0);
                let info = &data.signers[0];
                assert!(info.sid.names(&certificate));
                assert_eq!(info.algorithm().unwrap(), algorithm);
                let held = info
                    .check_signature(&certificate.public_key().unwrap(), &[], None)
                    .unwrap();
                assert_eq!(held, Held::AsReceived, "{algorithm:?}");
                let attributes = info.signed_attributes.as_ref().unwrap();
                assert_eq!(attributes.message_digest().unwrap(), digest(hash, &content));
            }
        }
    }

    #[test]
    fn a_detached_writer_takes_no_content() {
        let mut writer = Writer::new(Vec::new(), &[], content_type::DATA, true);
        assert!(writer.write_all(b"x").is_err());
    }

    #[test]
    fn pkcs7_content_of_any_type() {
        let oid = Oid::new_unwrap("1.3.6.1.4.1.311.2.1.4");
        let any = write::sequence(&[&write::integer(5), &write::tlv(Tag::NULL, &[])]);
        let data = write::sequence(&[
            &write::integer(1),
            &write::set_of(&[]),
            &write::sequence(&[
                &oid::to_der(&oid),
                &write::constructed(Tag::context(0), &[&any]),
            ]),
            &write::set_of(&[]),
        ]);
        let whole = write::sequence(&[
            &oid::to_der(&content_type::SIGNED_DATA),
            &write::constructed(Tag::context(0), &[&data]),
        ]);
        for input in [whole.clone(), indefinite(&whole)] {
            let (reader, content) = read(&input).unwrap();
            assert_eq!((content, reader.content_type), (any[2..].to_vec(), oid));
            assert!(reader.finish().unwrap().0.signers.is_empty());
        }
        let Ok(Object::Signed(unread)) = open(&whole[..], LIMITS) else {
            panic!();
        };
        assert!(unread.finish().is_err());
    }

    /// A SignedData without content, `after` in place of what follows it.
    fn with(after: &[u8]) -> Vec<u8> {
        let data = write::sequence(&[
            &write::integer(1),
            &write::set_of(&[]),
            &write::sequence(&[&oid::to_der(&content_type::DATA)]),
            after,
        ]);
        write::sequence(&[
            &oid::to_der(&content_type::SIGNED_DATA),
            &write::constructed(Tag::context(0), &[&data]),
        ])
    }

    #[test]
    fn other_forms_are_left_out_and_strangers_refused() {
        let signers = write::set_of(&[]);
        let certificates =
            |members: &[u8]| [&write::tlv(Tag::context(0), members), signers.as_slice()].concat();
        let data = finish(&with(&certificates(&[
            0xa2, 0, 0x30, 2, 5, 0, 0xa3, 0, 0xa1, 0,
        ])))
        .unwrap();
        assert_eq!(data.certificates, [[0x30, 2, 5, 0]]);
        // a certificate that cannot be DER takes no other with it
        let data = finish(&with(&certificates(&[0x30, 2, 5, 9, 0x30, 0]))).unwrap();
        assert_eq!(data.certificates, [&[0x30, 2, 5, 9][..], &[0x30, 0]]);
        assert!(finish(&with(&certificates(&[4, 0]))).is_err());
        let crls =
            |members: &[u8]| [&write::tlv(Tag::context(1), members), signers.as_slice()].concat();
        let data = finish(&with(&crls(&[0x30, 0, 0xa1, 2, 5, 0]))).unwrap();
        assert_eq!(
            (data.crls, data.other_revocation),
            (vec![vec![0x30, 0]], vec![vec![0xa1, 2, 5, 0]])
        );
        assert!(finish(&with(&crls(&[0xa2, 0]))).is_err());
        assert!(finish(&with(&signers)).is_ok());
        assert!(finish(&with(&[])).is_err(), "no signerInfos");
        assert!(finish(&with(&[signers.as_slice(), &[5, 0]].concat())).is_err());
        assert!(finish(&with(&write::tlv(Tag::SET, &[4, 0]))).is_err());
    }
}
