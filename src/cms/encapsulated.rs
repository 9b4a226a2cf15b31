//! EncapsulatedContentInfo (RFC 5652 §5.2), as SignedData, DigestedData, AuthenticatedData and CompressedData hold it, while its content flows.
//!
//! ```text
//! EncapsulatedContentInfo ::= SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING OPTIONAL }
//! ```
use super::{Result, Source, content_type};
use crate::asn1::{
    Tag,
    cursor::Cursor,
    oid::{self, Oid},
    write::{self, Shell},
};
use std::io::{self, Read, Write};

/// The head of an EncapsulatedContentInfo, and what of its content is held.
pub(super) struct Encapsulated {
    /// eContentType
    pub(super) content_type: Oid,
    /// whether eContent is present (even if empty)
    pub(super) has_content: bool,
    /// what is left of eContent in the form of PKCS#7 v1.5, which is held
    structure: io::Cursor<Vec<u8>>,
}

impl Encapsulated {
    /// Reads up to the content.
    pub(super) fn open<R: Read>(source: &mut Source<R>) -> Result<Self> {
        source.reader.enter(Tag::SEQUENCE)?;
        let content_type = source.content_type()?;
        let has_content = source.reader.peek()?.is_some();
        let mut structure = Vec::new();
        if has_content {
            source.reader.enter(Tag::context(0))?;
            match source.reader.peek()? {
                // RFC 5652 §5.2.1: in PKCS#7 v1.5 the content is ANY; what is digested are its content octets
                Some(tag)
                    if tag.primitive() != Tag::OCTET_STRING
                        && content_type != content_type::DATA =>
                {
                    let der = source.der()?;
                    structure = Cursor::new(&der, 0).any()?.content.to_vec();
                }
                _ => source.reader.begin_octets(Tag::OCTET_STRING)?,
            }
        }
        Ok(Self {
            content_type,
            has_content,
            structure: io::Cursor::new(structure),
        })
    }

    /// Returns whether eContent is a structure instead of octets.
    pub(super) fn is_structure(&self) -> bool {
        !self.structure.get_ref().is_empty()
    }

    /// Yields eContent's octets, exactly what is digested; 0 at the end, or at once when there is none.
    pub(super) fn read<R: Read>(
        &mut self,
        source: &mut Source<R>,
        buf: &mut [u8],
    ) -> io::Result<usize> {
        match self.structure.read(buf)? {
            0 => source.reader.read_octets(buf),
            held => Ok(held),
        }
    }

    /// Closes it; the content must have been read to its end.
    pub(super) fn finish<R: Read>(self, source: &mut Source<R>) -> Result<()> {
        if self.structure.position() < self.structure.get_ref().len() as u64 {
            return Err(source.malformed("the content was not read to its end"));
        }
        if self.has_content {
            source.reader.leave()?;
        }
        Ok(source.reader.leave()?)
    }
}

/// Returns the DER of one with this content.
pub(super) fn to_der(content_type: &Oid, content: &[u8]) -> Vec<u8> {
    let content = write::constructed(Tag::context(0), &[&write::tlv(Tag::OCTET_STRING, content)]);
    write::sequence(&[&oid::to_der(content_type), &content])
}

/// Opens the shell of one around flowing content: three levels, the last the OCTET STRING.
pub(super) fn begin<W: Write>(shell: &mut Shell<W>, content_type: &Oid) -> io::Result<()> {
    shell.open(Tag::SEQUENCE)?;
    shell.element(&oid::to_der(content_type))?;
    shell.open(Tag::context(0))?;
    shell.open(Tag::OCTET_STRING)
}
