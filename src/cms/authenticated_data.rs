//! AuthenticatedData (RFC 5652 §9), read around a flowing content. Whoever can check the MAC can make it: it is no signature.
//!
//! ```text
//! AuthenticatedData ::= SEQUENCE {
//!   version CMSVersion,
//!   originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
//!   recipientInfos RecipientInfos,
//!   macAlgorithm MessageAuthenticationCodeAlgorithm,
//!   digestAlgorithm [1] DigestAlgorithmIdentifier OPTIONAL,
//!   encapContentInfo EncapsulatedContentInfo,
//!   authAttrs [2] IMPLICIT AuthAttributes OPTIONAL,
//!   mac MessageAuthenticationCode,
//!   unauthAttrs [3] IMPLICIT UnauthAttributes OPTIONAL }
//! ```
use super::{
    Result, Source, algorithm,
    attribute::{SignedAttributes, looks_like_signed_attributes},
    content_type,
    encapsulated::Encapsulated,
    enveloped_data::{recipients, skip},
    recipient_info::Recipient,
};
use crate::{
    asn1::{Tag, cursor::Cursor, oid::Oid, stream, write},
    crypto::{self, Digest, Hasher, Mac, MacAlgorithm, Secret},
};
use spki::AlgorithmIdentifierOwned;
use std::io::{self, Read};

/// AuthenticatedData while its content flows. First the content is read to its end (a detached one has none), then `finish`.
pub struct Reader<R> {
    /// the recipients, in order; at least one
    pub recipients: Vec<Recipient>,
    /// macAlgorithm as found
    pub algorithm: AlgorithmIdentifierOwned,
    /// digestAlgorithm as found: there if the MAC is over authenticated attributes
    digest_algorithm: Option<AlgorithmIdentifierOwned>,
    /// eContentType
    pub content_type: Oid,
    /// whether eContent is present (even if empty)
    pub has_content: bool,
    content: Encapsulated,
    source: Source<R>,
}

impl<R: Read> Reader<R> {
    /// Reads from originatorInfo up to the content.
    pub(super) fn open(mut source: Source<R>) -> Result<Self> {
        let recipients = recipients(&mut source)?;
        let algorithm_found = source.algorithm()?;
        let mut digest_algorithm = None;
        if source.reader.peek()? == Some(Tag::context(1)) {
            let offset = source.reader.offset();
            // an implicit tag around a SEQUENCE
            let der = write::retag(Tag::SEQUENCE, source.der()?);
            digest_algorithm = Some(algorithm(&Cursor::new(&der, offset).any()?)?);
        }
        let content = Encapsulated::open(&mut source)?;
        Ok(Self {
            recipients,
            algorithm: algorithm_found,
            digest_algorithm,
            content_type: content.content_type,
            has_content: content.has_content,
            content,
            source,
        })
    }

    /// Returns the algorithm of the MAC, or why it is not supported.
    pub fn mac_algorithm(&self) -> crypto::Result<MacAlgorithm> {
        MacAlgorithm::from_identifier(&self.algorithm)
    }

    /// Returns the digest of the content that the authenticated attributes hold, if there are any, or why it is not supported.
    pub fn digest(&self) -> crypto::Result<Option<Digest>> {
        let algorithm = self.digest_algorithm.as_ref();
        algorithm.map(Digest::from_identifier).transpose()
    }

    /// Returns what takes the content in and then tells whether the MAC under `key` holds.
    pub fn check(&self, key: &Secret) -> crypto::Result<Check> {
        let digest = self.digest()?;
        Ok(Check {
            mac: Mac::new(self.mac_algorithm()?, key)?,
            content_type: self.content_type,
            digest: digest.map(Hasher::new),
            head: Vec::new(),
        })
    }

    /// Reads what follows the content. Returns the rest of the source, for the caller to check that nothing follows.
    pub fn finish(self) -> Result<(Tail, stream::Rest<R>)> {
        let mut source = self.source;
        self.content.finish(&mut source)?;
        let mut attributes = None;
        if source.reader.peek()? == Some(Tag::context(2)) {
            let offset = source.reader.offset();
            let der = source.der()?;
            let value = Cursor::new(&der, offset).any()?;
            let limit = source.limits.attributes;
            attributes = Some(SignedAttributes::parse(der.clone(), &value, limit)?);
        }
        // RFC 5652 §9.1: one is there if the other is
        if attributes.is_some() != self.digest_algorithm.is_some() {
            return Err(source.malformed("one of digestAlgorithm and authAttrs is missing"));
        }
        let mac = source.expect(Tag::OCTET_STRING)?;
        skip(&mut source, Tag::context(3))?;
        Ok((Tail { attributes, mac }, source.close()?))
    }
}

/// Yields eContent's octets, exactly what is authenticated; 0 at the end, or at once when there is none.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.content.read(&mut self.source, buf)
    }
}

/// What follows the content.
#[derive(Debug)]
pub struct Tail {
    attributes: Option<SignedAttributes>,
    mac: Vec<u8>,
}

/// Takes the content in.
pub struct Check {
    mac: Mac,
    content_type: Oid,
    digest: Option<Hasher>,
    /// the first octets of a content without attributes
    head: Vec<u8>,
}

/// Attributes are shorter than this: a longer content is none.
const HEAD: usize = 64 << 10;

impl Check {
    /// Takes octets of the content in.
    pub fn update(&mut self, octets: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(octets);
            return;
        }
        self.mac.update(octets);
        let room = HEAD.saturating_sub(self.head.len()).min(octets.len());
        self.head
            .extend_from_slice(octets.get(..room).unwrap_or_default());
    }

    /// Returns whether the MAC holds over what was taken in, and everything RFC 5652 §9.2 and §11 want of the attributes does.
    pub fn holds(mut self, tail: &Tail) -> bool {
        match (self.digest, &tail.attributes) {
            (Some(digest), Some(attributes)) => {
                let right = attributes.check_unique().is_ok()
                    && attributes.content_type() == Ok(self.content_type)
                    && attributes.message_digest() == Ok(&digest.finish());
                self.mac.update(&attributes.der);
                self.mac.matches(&tail.mac) && right
            }
            // without attributes the MAC of a message that has some would hold over a content that is these attributes
            (None, None) => {
                self.content_type == content_type::DATA
                    && self.mac.matches(&tail.mac)
                    && !looks_like_signed_attributes(&self.head)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::{
        super::{Object, open, specimen::*},
        *,
    };
    use crate::asn1::oid;

    const KEY: &[u8] = b"the key that all recipients share";
    const SIGNED_DATA: Oid = content_type::SIGNED_DATA;

    /// What an object is made of.
    struct Made {
        content_type: Oid,
        content: Vec<u8>,
        digest: bool,
        /// `[2]` and what is in it, or nothing
        attributes: Vec<u8>,
        mac: Vec<u8>,
    }

    fn attribute(kind: u8, values: &[Vec<u8>]) -> Vec<u8> {
        let kind = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, kind];
        write::sequence(&[&write::tlv(Tag::OID, &kind), &write::set_of(values)])
    }

    fn content_type_attribute(content_type: &Oid) -> Vec<u8> {
        attribute(3, &[oid::to_der(content_type)])
    }

    fn digest_attribute(content: &[u8]) -> Vec<u8> {
        let digest = crypto::digest::digest(Digest::Sha256, content);
        attribute(4, &[write::tlv(Tag::OCTET_STRING, &digest)])
    }

    /// RFC 2104 §2, for a key shorter than a block.
    fn mac(over: &[u8]) -> Vec<u8> {
        let padded = |with: u8| -> Vec<u8> {
            let key = KEY.iter().copied().chain(std::iter::repeat(0)).take(64);
            key.map(|octet| octet ^ with).collect()
        };
        let sha_256 = |octets: &[u8]| crypto::digest::digest(Digest::Sha256, octets);
        let inner = sha_256(&[&padded(0x36)[..], over].concat());
        sha_256(&[padded(0x5c), inner].concat())
    }

    impl Made {
        /// With these attributes, which the MAC is over.
        fn with(attributes: &[Vec<u8>]) -> Self {
            let set = write::set_of(attributes);
            Self {
                content_type: content_type::DATA,
                content: CONTENT.to_vec(),
                digest: true,
                mac: mac(&set),
                attributes: write::retag(Tag::context(2), set),
            }
        }

        fn without() -> Self {
            Self {
                content_type: content_type::DATA,
                content: CONTENT.to_vec(),
                digest: false,
                attributes: Vec::new(),
                mac: mac(CONTENT),
            }
        }

        /// Whether it can be read, and whether it holds.
        fn holds(&self) -> Result<bool> {
            let specimen = octets(AUTHENTICATED);
            let mut fields = Cursor::new(&specimen, 0).enter(Tag::SEQUENCE).unwrap();
            let kind = fields.any().unwrap();
            let mut fields = fields.enter(Tag::context(0)).unwrap();
            let mut fields = fields.enter(Tag::SEQUENCE).unwrap();
            let (version, recipients) = (fields.any().unwrap(), fields.any().unwrap());
            let algorithm = fields.any().unwrap();
            let digest = match self.digest {
                true => fields.any().unwrap().raw,
                false => &[],
            };
            let content = super::super::encapsulated::to_der(&self.content_type, &self.content);
            let data = write::sequence(&[
                version.raw,
                recipients.raw,
                algorithm.raw,
                digest,
                &content,
                &self.attributes,
                &write::tlv(Tag::OCTET_STRING, &self.mac),
            ]);
            let whole = write::sequence(&[kind.raw, &write::tlv(Tag::context(0), &data)]);
            let Object::Authenticated(mut reader) = open(&whole[..], LIMITS)? else {
                panic!("no AuthenticatedData");
            };
            let mut check = reader.check(&Secret::new(KEY.to_vec()))?;
            let mut content = Vec::new();
            reader.read_to_end(&mut content)?;
            content.chunks(5).for_each(|chunk| check.update(chunk));
            let (tail, _) = reader.finish()?;
            Ok(check.holds(&tail))
        }
    }

    fn right() -> [Vec<u8>; 2] {
        [
            content_type_attribute(&content_type::DATA),
            digest_attribute(CONTENT),
        ]
    }

    #[test]
    fn a_mac_over_attributes_or_the_content() {
        assert!(Made::with(&right()).holds().unwrap());
        assert!(Made::without().holds().unwrap());
        let [kind, digest] = right();
        let time = attribute(5, &[write::tlv(Tag(0x17), b"260101000000Z")]);
        assert!(Made::with(&[kind, time, digest]).holds().unwrap());
    }

    #[test]
    fn everything_that_must_be_there_is_looked_at() {
        let [kind, digest] = right();
        let other = content_type_attribute(&SIGNED_DATA);
        for attributes in [
            vec![kind.clone()],
            vec![digest.clone()],
            vec![other, digest.clone()],
            vec![kind.clone(), digest_attribute(b"other content")],
            vec![kind.clone(), digest.clone(), digest.clone()],
            vec![kind.clone(), kind.clone(), digest.clone()],
            vec![kind.clone(), attribute(4, &[])],
        ] {
            let made = Made::with(&attributes);
            assert!(!matches!(made.holds(), Ok(true)), "{attributes:?}");
        }
        for damage in [0, 31] {
            for mut made in [Made::with(&right()), Made::without()] {
                made.mac[damage] ^= 1;
                assert!(!made.holds().unwrap());
            }
        }
        for length in [0, 16, 31] {
            for mut made in [Made::with(&right()), Made::without()] {
                made.mac.truncate(length);
                assert!(!made.holds().unwrap(), "a MAC cut short is none");
            }
        }
        for mut made in [Made::with(&right()), Made::without()] {
            made.content[0] ^= 1;
            assert!(!made.holds().unwrap());
        }
    }

    #[test]
    fn digest_algorithm_and_attributes_go_together() {
        let mut made = Made::with(&right());
        made.digest = false;
        assert!(made.holds().is_err());
        let mut made = Made::without();
        made.digest = true;
        assert!(made.holds().is_err());
    }

    #[test]
    fn attributes_are_no_content() {
        // the MAC of a message with attributes, whose attributes are made the content of one without
        let set = write::set_of(&right());
        let mut made = Made::without();
        made.mac = mac(&set);
        made.content = set;
        assert!(!made.holds().unwrap());
    }

    #[test]
    fn another_type_than_data_wants_attributes() {
        let mut made = Made::without();
        made.content_type = SIGNED_DATA;
        assert!(!made.holds().unwrap());
        let kind = content_type_attribute(&SIGNED_DATA);
        let mut made = Made::with(&[kind, digest_attribute(CONTENT)]);
        made.content_type = SIGNED_DATA;
        assert!(made.holds().unwrap());
    }
}
