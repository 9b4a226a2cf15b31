//! The Cryptographic Message Syntax (RFC 5652, RFC 5083) around a flowing content. Mechanism only: reports facts, decides nothing
//! (imports no policy), knows no mail (imports no mime).
//!
//! Reading: [`open`] reads the head, the content flows out of the returned reader, its `finish` reads what follows. Structures come
//! as BER, are brought to DER by `asn1::normal` and walked by `asn1::cursor`; what a signature covers keeps its received bytes, which the
//! types of crate `cms` would not do (they sort SETs and re-encode names), so those serve for leaves only.
//!
//! Writing: SignerInfo, RecipientInfo and attributes are those types; around the content stand shells of `asn1::write`.
pub mod attribute;
pub mod authenticated_data;
pub mod capabilities;
pub mod compressed_data;
pub mod data;
pub mod digested_data;
pub mod enveloped_data;
pub mod ess;
mod issuer_serial;
pub mod recipient_info;
pub mod signed_data;
pub mod signer_info;
pub mod time_stamp;

mod encapsulated;
mod segments;

use crate::asn1::{
    self, Tag,
    cursor::{Cursor, Value},
    normal,
    oid::{self, Oid},
    stream,
};
use der::{Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use std::io::Read;

/// Why bytes are not the CMS they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not the ASN.1 it should be.
    #[error(transparent)]
    Asn1(asn1::Error),
    /// The source or sink failed.
    #[error(transparent)]
    Io(std::io::Error),
    /// Well-formed ASN.1, but not what RFC 5652 wants.
    #[error("malformed CMS: {what}")]
    Malformed {
        /// what is wrong
        what: &'static str,
        /// where
        offset: u64,
    },
    /// More of something than its limit.
    #[error("more than {limit} {what}")]
    Limit {
        /// "certificates", "signers", "recipients"
        what: &'static str,
        /// limit
        limit: usize,
    },
    /// A content type that is not read (yet).
    #[error("unsupported CMS content type {0}")]
    ContentType(Oid),
    /// The version or form is not read.
    #[error("unsupported CMS: {what}")]
    Unsupported {
        /// what
        what: &'static str,
    },
    /// Cryptography failed on the writing side.
    #[error(transparent)]
    Crypto(#[from] crate::crypto::Error),
}
impl From<asn1::Error> for Error {
    fn from(error: asn1::Error) -> Self {
        match error {
            asn1::Error::Io(error) => Self::Io(error),
            error => Self::Asn1(error),
        }
    }
}

impl From<std::io::Error> for Error {
    /// Takes back what `Read` and `Write` here had to wrap: malformed encodings and failures of cryptography.
    fn from(error: std::io::Error) -> Self {
        match error.downcast() {
            Ok(error) => Self::Crypto(error),
            Err(error) => asn1::Error::from(error).into(),
        }
    }
}

/// The result of reading or writing CMS.
pub type Result<T> = std::result::Result<T, Error>;

/// Bounds, as plain numbers (the caller's policy has the reasons).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// nesting of ASN.1
    pub asn1_depth: usize,
    /// bytes held of all structures of one object together
    pub structure_bytes: usize,
    /// certificates (and CRLs)
    pub certificates: usize,
    /// signers
    pub signers: usize,
    /// attributes of a signer, and their values
    pub attributes: usize,
    /// recipients
    pub recipients: usize,
}

/// Content types (RFC 5652 §3 to 9, RFC 5083, RFC 3274).
pub mod content_type {
    use crate::asn1::oid::Oid;
    /// id-data
    pub const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
    /// id-signedData
    pub const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
    /// id-digestedData
    pub const DIGESTED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.5");
    /// id-encryptedData
    pub const ENCRYPTED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.6");
    /// id-ct-authData
    pub const AUTHENTICATED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.2");
    /// id-envelopedData
    pub const ENVELOPED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.3");
    /// id-ct-authEnvelopedData
    pub const AUTH_ENVELOPED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.23");
    /// id-ct-receipt (RFC 2634 §2.8)
    pub const RECEIPT: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.1");
    /// id-ct-compressedData
    pub const COMPRESSED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.9");
}

/// A CMS object whose head has been read and whose content is about to flow.
pub enum Object<R> {
    /// id-data: no protection
    Data(data::Reader<R>),
    /// SignedData
    Signed(signed_data::Reader<R>),
    /// EnvelopedData or AuthEnvelopedData
    Enveloped(enveloped_data::Reader<R>),
    /// EncryptedData
    Encrypted(enveloped_data::Reader<R>),
    /// DigestedData
    Digested(digested_data::Reader<R>),
    /// AuthenticatedData
    Authenticated(authenticated_data::Reader<R>),
    /// CompressedData
    Compressed(compressed_data::Reader<R>),
}

/// The content types of an [`Object`] that protects something.
const OBJECTS: &[Oid] = &[
    content_type::SIGNED_DATA,
    content_type::ENVELOPED_DATA,
    content_type::AUTH_ENVELOPED_DATA,
    content_type::ENCRYPTED_DATA,
    content_type::DIGESTED_DATA,
    content_type::AUTHENTICATED_DATA,
    content_type::COMPRESSED_DATA,
];

/// Returns whether a content of this type is itself an [`Object`] that protects something.
pub fn is_object(content_type: &Oid) -> bool {
    OBJECTS.contains(content_type)
}

/// Returns whether octets begin as a ContentInfo with a content type of ours does (RFC 5652 §3).
pub fn is_content_info(head: &[u8]) -> bool {
    content_type_at(head).is_some()
}

/// Returns the content type of the ContentInfo that octets begin as, if it is one of ours.
pub fn content_type_at(head: &[u8]) -> Option<Oid> {
    let limits = Limits {
        asn1_depth: 2,
        structure_bytes: head.len(),
        certificates: 0,
        signers: 0,
        attributes: 0,
        recipients: 0,
    };
    let mut source = Source::new(head, limits);
    source.reader.enter(Tag::SEQUENCE).ok()?;
    let content_type = source.content_type().ok()?;
    let is_ours = content_type == content_type::DATA || is_object(&content_type);
    is_ours.then_some(content_type)
}

/// Reads the ContentInfo (RFC 5652 §3) and the head of what it holds.
pub fn open<R: Read>(source: R, limits: Limits) -> Result<Object<R>> {
    let mut source = Source::new(source, limits);
    source.reader.enter(Tag::SEQUENCE)?;
    let content_type = source.content_type()?;
    source.reader.enter(Tag::context(0))?;
    source.levels = 2;
    if content_type == content_type::DATA {
        return Ok(Object::Data(data::Reader::open(source)?));
    }
    source.reader.enter(Tag::SEQUENCE)?;
    source.levels = 3;
    object(content_type, source)
}

/// Reads the head of a content that another object says is of this type (RFC 5652 §5.2): the value of that type, as the standard has it; its
/// content octets alone, as PKCS#7 v1.5 has it (§5.2.1); or, as some write it, a ContentInfo of the same type around it.
pub fn open_content<R: Read>(source: R, content_type: Oid, limits: Limits) -> Result<Object<R>> {
    let mut source = Source::new(source, limits);
    if source.reader.peek()? == Some(Tag::SEQUENCE) {
        source.reader.enter(Tag::SEQUENCE)?;
        source.levels = 1;
        if source.reader.peek()? == Some(Tag::OID) {
            if source.content_type()? != content_type {
                return Err(
                    source.malformed("the content is of another type than it is said to be")
                );
            }
            source.reader.enter(Tag::context(0))?;
            source.reader.enter(Tag::SEQUENCE)?;
            source.levels = 3;
        }
    }
    object(content_type, source)
}

/// Reads the head of an object, its version first, which is not believed: what is there tells more.
fn object<R: Read>(content_type: Oid, mut source: Source<R>) -> Result<Object<R>> {
    use content_type::*;
    if !is_object(&content_type) {
        return Err(Error::ContentType(content_type));
    }
    source.expect(Tag::INTEGER)?;
    Ok(match content_type {
        SIGNED_DATA => Object::Signed(signed_data::Reader::open(source)?),
        ENCRYPTED_DATA => Object::Encrypted(enveloped_data::Reader::open_encrypted(source)?),
        DIGESTED_DATA => Object::Digested(digested_data::Reader::open(source)?),
        AUTHENTICATED_DATA => Object::Authenticated(authenticated_data::Reader::open(source)?),
        COMPRESSED_DATA => Object::Compressed(compressed_data::Reader::open(source)?),
        _ => {
            let authenticated = content_type == AUTH_ENVELOPED_DATA;
            Object::Enveloped(enveloped_data::Reader::open(source, authenticated)?)
        }
    })
}

/// The stream of one object, and how much of it may still be held in memory.
struct Source<R> {
    reader: stream::Reader<R>,
    limits: Limits,
    room: usize,
    /// how many values are open around what the object holds
    levels: usize,
    /// a content type had an octet 10 for 13
    damaged: bool,
}

impl<R: Read> Source<R> {
    fn new(source: R, limits: Limits) -> Self {
        Self {
            reader: stream::Reader::new(source, limits.asn1_depth),
            limits,
            room: limits.structure_bytes,
            levels: 0,
            damaged: false,
        }
    }

    /// Reads the next value, as received.
    fn received(&mut self) -> Result<Vec<u8>> {
        let element = self
            .reader
            .element(self.room)
            .map_err(|error| match error {
                asn1::Error::TooLong { offset, .. } => asn1::Error::TooLong {
                    limit: self.limits.structure_bytes,
                    offset,
                },
                other => other,
            })?;
        self.room -= element.len();
        Ok(element)
    }

    /// Reads the next value and brings it to DER.
    fn der(&mut self) -> Result<Vec<u8>> {
        let depth = self.reader.depth_left();
        let received = self.received()?;
        Ok(normal::to_der(&received, depth)?.into_owned())
    }

    /// Reads the next value, which must have this tag, and returns its content octets.
    fn expect(&mut self, tag: Tag) -> Result<Vec<u8>> {
        let offset = self.reader.offset();
        let der = self.der()?;
        let value = Cursor::new(&der, offset).expect(tag)?;
        Ok(value.content.to_vec())
    }

    fn oid(&mut self) -> Result<Oid> {
        let offset = self.reader.offset();
        let der = self.der()?;
        Ok(oid::from_value(&Cursor::new(&der, offset).any()?)?)
    }

    /// Reads a content type. Where a transfer as text has made LF of every CR, PKCS#7's 1.2.840.113549 has become 1.2.840.113546; what it was
    /// is known, so it is read and remembered.
    fn content_type(&mut self) -> Result<Oid> {
        let found = self.oid()?;
        let was = match found.as_bytes() {
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0a, rest @ ..] => {
                Oid::from_bytes(&[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d], rest].concat()).ok()
            }
            _ => None,
        };
        self.damaged |= was.is_some();
        Ok(was.unwrap_or(found))
    }

    fn algorithm(&mut self) -> Result<AlgorithmIdentifierOwned> {
        let offset = self.reader.offset();
        let der = self.der()?;
        algorithm(&Cursor::new(&der, offset).any()?)
    }

    /// Closes the object and its ContentInfo, as far as there are any around it.
    fn close(mut self) -> Result<stream::Rest<R>> {
        for _ in 0..self.levels {
            self.reader.leave()?;
        }
        Ok(self.reader.into_inner())
    }

    fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed {
            what,
            offset: self.reader.offset(),
        }
    }
}

/// Returns that there is more of something than its limit, if there is.
fn check_limit(count: usize, limit: usize, what: &'static str) -> Result<()> {
    if count > limit {
        return Err(Error::Limit { what, limit });
    }
    Ok(())
}

/// Reads an AlgorithmIdentifier.
fn algorithm(value: &Value<'_>) -> Result<AlgorithmIdentifierOwned> {
    AlgorithmIdentifierOwned::from_der(value.raw).map_err(|_| Error::Malformed {
        what: "an AlgorithmIdentifier",
        offset: value.offset,
    })
}

/// Returns the DER of a structure that is written.
fn encode(value: &impl Encode) -> Result<Vec<u8>> {
    value.to_der().map_err(unwritable)
}

/// Returns what it means that crate `der` does not write something: it has no values of 256 MiB.
fn unwritable(_: der::Error) -> Error {
    Error::Unsupported {
        what: "a structure too long to be written",
    }
}

/// Returns the DER of an AlgorithmIdentifier of ours, which cannot fail: it is far from the lengths that crate `der` refuses.
fn algorithm_to_der(algorithm: &AlgorithmIdentifierOwned) -> Vec<u8> {
    algorithm.to_der().unwrap_or_default()
}

#[cfg(test)]
mod specimen;

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::print_stdout
    )]
    use super::{specimen::*, *};
    use crate::asn1::write;
    use proptest::prelude::*;

    /// Reads to the end; the content, if all went well.
    fn read(input: &[u8], limits: Limits) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        let mut rest = match open(input, limits)? {
            Object::Signed(mut reader) => {
                reader.read_to_end(&mut content)?;
                reader.finish()?.1
            }
            Object::Enveloped(mut reader) | Object::Encrypted(mut reader) => {
                reader.read_to_end(&mut content)?;
                reader.finish()?.1
            }
            Object::Data(mut reader) => {
                reader.read_to_end(&mut content)?;
                reader.finish()?
            }
            Object::Digested(mut reader) => {
                reader.read_to_end(&mut content)?;
                reader.finish()?.1
            }
            Object::Authenticated(mut reader) => {
                reader.read_to_end(&mut content)?;
                reader.finish()?.1
            }
            Object::Compressed(mut reader) => {
                reader.read_to_end(&mut content)?;
                reader.finish()?
            }
        };
        match rest.read(&mut [0])? {
            0 => Ok(content),
            _ => Err(asn1::Error::TrailingData { offset: 0 }.into()),
        }
    }

    const ALL: [&str; 18] = [
        DATA,
        COMPRESSED,
        AUTHENTICATED,
        DIGESTED,
        ENCRYPTED,
        OPAQUE,
        OPAQUE_STREAM,
        NOATTR_KEYID,
        DETACHED,
        PSS,
        CERTSONLY,
        KARI,
        AUTH_STREAM,
        KEYID,
        COFACTOR,
        OAEP,
        KEK,
        PWRI,
    ];

    #[test]
    fn every_specimen_is_read() {
        for specimen in ALL {
            let input = octets(specimen);
            let content = read(&input, LIMITS).unwrap();
            let longer = [&input[..], &[0]].concat();
            assert!(read(&longer, LIMITS).is_err());
            if specimen != OPAQUE_STREAM && specimen != AUTH_STREAM {
                assert_eq!(read(&indefinite(&input), LIMITS).unwrap(), content);
            }
        }
    }

    #[test]
    fn no_prefix_is_read() {
        for specimen in ALL {
            let input = octets(specimen);
            for end in 0..input.len() {
                assert!(read(&input[..end], LIMITS).is_err(), "{end}");
            }
        }
    }

    #[test]
    fn an_object_is_a_content_in_three_forms() {
        for specimen in ALL {
            let info = octets(specimen);
            if info[1] == 0x80 {
                continue;
            }
            let mut fields = Cursor::new(&info, 0).enter(Tag::SEQUENCE).unwrap();
            let content_type = oid::from_value(&fields.any().unwrap()).unwrap();
            let value = fields.enter(Tag::context(0)).unwrap().any().unwrap();
            if !is_object(&content_type) {
                continue;
            }
            for form in [value.content, value.raw, &info] {
                assert!(open_content(form, content_type, LIMITS).is_ok());
            }
            let other = match content_type {
                content_type::SIGNED_DATA => content_type::COMPRESSED_DATA,
                _ => content_type::SIGNED_DATA,
            };
            for form in [value.raw, &info] {
                assert!(open_content(form, other, LIMITS).is_err());
            }
            assert!(open_content(&info[..], content_type::DATA, LIMITS).is_err());
        }
    }

    #[test]
    fn a_content_type_after_a_transfer_as_text_is_known() {
        let whole = octets(OPAQUE);
        let mut damaged = whole.clone();
        let arc = [0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7];
        for at in 0..damaged.len() - arc.len() {
            if damaged[at..].starts_with(&arc) {
                damaged[at + 5] = 10;
            }
        }
        for (input, damage) in [(&whole, false), (&damaged, true)] {
            match open(&input[..], LIMITS).unwrap() {
                Object::Signed(reader) => {
                    assert_eq!(reader.was_damaged(), damage);
                    assert_eq!(reader.content_type, content_type::DATA);
                }
                _ => panic!("no SignedData"),
            }
        }
    }

    #[test]
    fn other_content_types_are_named() {
        let other = write::sequence(&[
            &oid::to_der(&Oid::new_unwrap("1.2.840.113549.1.9.16.1.4")),
            &write::tlv(Tag::context(0), &write::sequence(&[])),
        ]);
        assert!(matches!(
            open(&other[..], LIMITS),
            Err(Error::ContentType(_))
        ));
        assert!(matches!(open(&[][..], LIMITS), Err(Error::Asn1(_))));
    }

    #[test]
    fn what_flows_fails_with_its_own_error() {
        let mut input = octets(OPAQUE);
        input.truncate(60);
        let Ok(Object::Signed(mut reader)) = open(&input[..], LIMITS) else {
            panic!();
        };
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
        assert!(matches!(
            Error::from(error),
            Error::Asn1(asn1::Error::Truncated { .. })
        ));
        let failed = || std::io::Error::other("disk");
        assert!(matches!(Error::from(failed()), Error::Io(_)));
        assert!(matches!(
            Error::from(asn1::Error::from(failed())),
            Error::Io(_)
        ));
        let wrapped = std::io::Error::other(crate::crypto::Error::Decryption);
        assert!(matches!(
            Error::from(wrapped),
            Error::Crypto(crate::crypto::Error::Decryption)
        ));
    }

    #[test]
    fn limits_hold_at_and_past_them() {
        let signed = octets(OPAQUE);
        let with = |change: fn(&mut Limits)| {
            let mut limits = LIMITS;
            change(&mut limits);
            limits
        };
        assert!(read(&signed, with(|l| l.signers = 1)).is_ok());
        let past = read(&signed, with(|l| l.signers = 0));
        assert!(matches!(
            past,
            Err(Error::Limit {
                what: "signers",
                limit: 0
            })
        ));
        assert!(read(&signed, with(|l| l.certificates = 1)).is_ok());
        let past = read(&signed, with(|l| l.certificates = 0));
        assert!(matches!(
            past,
            Err(Error::Limit {
                what: "certificates",
                limit: 0
            })
        ));
        let enveloped = octets(KEYID);
        assert!(read(&enveloped, with(|l| l.recipients = 3)).is_ok());
        let past = read(&enveloped, with(|l| l.recipients = 2));
        assert!(matches!(
            past,
            Err(Error::Limit {
                what: "recipients",
                limit: 2
            })
        ));
        let past = read(&enveloped, with(|l| l.structure_bytes = 300));
        assert!(matches!(
            past,
            Err(Error::Asn1(asn1::Error::TooLong { limit: 300, .. }))
        ));
        assert!(read(&enveloped, with(|l| l.asn1_depth = 4)).is_err());
    }

    #[test]
    fn corpora() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
        if !root.is_dir() {
            println!("left out: no corpora at {}", root.display());
            return;
        }
        let mut signed = 0;
        for (file, holds) in [
            ("bc-cms/PSSSignDataSHA256Enc.sig", true),
            ("bc-cms/PSSSignDataSHA512Enc.sig", true),
            ("bc-cms/PSSSignDataSHA1Enc.sig", true),
            ("bc-cms/bc1639test.p7m", true),
            ("bc-cms/rawsha256nonull.p7m", true),
            ("bc-cms/counterSig.p7m", false),
            ("rfc4134/4.2.bin", true),
            ("rfc4134/4.11.bin", false),
            ("nss/pkcs7bday.ber", false),
            ("nss/pkcs7news.ber", false),
            ("nss/pkcs7.ber", false),
            ("nss/pkcs7cnet.ber", false),
            ("asn1crypto/fixtures/cms-signed.der", true),
            // its content was made anonymous
            (
                "asn1crypto/fixtures/cms-signed-indefinite-length.der",
                false,
            ),
        ] {
            let input = std::fs::read(root.join(file)).unwrap();
            let mut limits = LIMITS;
            limits.certificates = 64;
            let Object::Signed(mut reader) = open(&input[..], limits).unwrap() else {
                panic!("{file}");
            };
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            let (data, _) = reader.finish().unwrap_or_else(|e| panic!("{file}: {e}"));
            signed += 1;
            if !holds {
                continue;
            }
            for signer in &data.signers {
                let certificate = data
                    .certificates
                    .iter()
                    .filter_map(|der| crate::x509::Certificate::from_der(der).ok())
                    .find(|certificate| signer.sid.names(certificate))
                    .unwrap_or_else(|| panic!("{file}"));
                let digest = crate::crypto::digest::digest(signer.digest().unwrap(), &content);
                if let Some(attributes) = &signer.signed_attributes {
                    assert_eq!(attributes.message_digest().unwrap(), digest, "{file}");
                }
                let key = certificate.public_key().unwrap();
                let held = signer.check_signature(&key, &digest, Some(&content));
                assert!(
                    held.is_ok_and(|held| held != signer_info::Held::No),
                    "{file}"
                );
            }
        }
        assert_eq!(signed, 14);
        for file in std::fs::read_dir(root.join("nss/interop-openssl")).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|e| e == "env") {
                let input = std::fs::read(&file).unwrap();
                read(&input, LIMITS).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            }
        }
    }

    #[test]
    fn a_depth_bomb_in_a_structure_is_refused() {
        let mut bomb = [0x30, 0x80].repeat(20_000);
        bomb.extend([0, 0].repeat(20_000));
        let data = write::sequence(&[&write::integer(1), &write::constructed(Tag::SET, &[&bomb])]);
        let whole = write::sequence(&[
            &oid::to_der(&content_type::SIGNED_DATA),
            &write::constructed(Tag::context(0), &[&data]),
        ]);
        assert!(matches!(
            open(&whole[..], LIMITS),
            Err(Error::Asn1(asn1::Error::Depth { limit: 64, .. }))
        ));
    }

    proptest! {
        #[test]
        fn no_damage_panics(which in 0..ALL.len(), damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let mut input = octets(ALL[which]);
            for (at, value) in damage {
                let at = at.index(input.len());
                input[at] = value;
            }
            let _ = read(&input, LIMITS);
        }

        #[test]
        fn no_input_panics(input in proptest::collection::vec(any::<u8>(), 0..60), content_type in prop::sample::select(OBJECTS)) {
            let _ = read(&input, LIMITS);
            for version in [&[][..], &write::integer(0)] {
                let value = [version, &input[..]].concat();
                let _ = open_content(&value[..], content_type, LIMITS);
                let _ = open_content(&write::sequence(&[&value])[..], content_type, LIMITS);
            }
            let whole = write::sequence(&[
                &oid::to_der(&content_type),
                &write::constructed(Tag::context(0), &[&write::sequence(&[&write::integer(0), &input])]),
            ]);
            let _ = read(&whole, LIMITS);
        }
    }
}
