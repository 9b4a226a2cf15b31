//! Header fields in order with their exact bytes (RFC 5322 §2.2).
use super::{LineEnd, Result};
use std::io::BufRead;
/// One field: name, and the exact bytes from the name through the last line end, folds included.
#[derive(Debug, Clone)]
pub struct Field {
    /// exact bytes
    pub raw: Vec<u8>,
    name: String,
}
impl Field {
    /// Makes a new field with this line end; `value` must already be folded and safe.
    pub fn new(_name: &str, _value: &str, _line_end: LineEnd) -> Self {
        todo!()
    }
    /// Returns the name as written.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Returns whether the name is `name`, ASCII case ignored.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
    /// Returns whether this is MIME-Version or Content-*.
    pub fn is_mime(&self) -> bool {
        todo!()
    }
    /// Returns the unfolded value, white space around it removed.
    pub fn value(&self) -> Vec<u8> {
        todo!()
    }
}
/// A header block.
#[derive(Debug, Clone)]
pub struct Header {
    /// the fields in order
    pub fields: Vec<Field>,
    /// of the first line end (LF when there is none)
    pub line_end: LineEnd,
    /// whether a blank line ended the block (or the input ended)
    pub terminated: bool,
}
/// Limits of a header block, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// whole block
    pub block: usize,
    /// one physical line
    pub line: usize,
}
impl Header {
    /// Reads the fields through the blank line. A byte order mark and an mbox `From ` line before the first field are skipped
    /// (the latter also `>From `). Consumes nothing of the body. If the input does not begin with a field (so it is no MIME entity), fails
    /// with `NotAField`.
    pub fn read<R: BufRead + ?Sized>(_source: &mut R, _limits: Limits) -> Result<Self> {
        todo!()
    }
    /// Returns the fields named `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> + 'a {
        self.fields.iter().filter(move |f| f.is(name))
    }
    /// Returns the only field named `name`; an error if it is repeated.
    pub fn sole(&self, _name: &'static str) -> Result<Option<&Field>> {
        todo!()
    }
    /// Returns the media type; `None` without a Content-Type field. Repeated or malformed: an error.
    pub fn content_type(&self) -> Result<Option<super::content_type::ContentType>> {
        todo!()
    }
    /// Returns the Content-Transfer-Encoding, `7bit` without one; comments are allowed.
    pub fn transfer_encoding(&self) -> Result<super::transfer::TransferEncoding> {
        todo!()
    }
    /// Returns a field's text for people: RFC 2047 decoded by mail-parser, control characters not yet escaped.
    pub fn display(&self, _name: &str) -> Option<String> {
        todo!()
    }
}
/// Merges an inner header under an outer one (the rule of decrypt and open): outer fields except MIME-Version and Content-*,
/// an inner field replacing its outer namesake, then the remaining inner fields.
pub fn merge(_outer: &[Field], _inner: &[Field]) -> Vec<Field> {
    todo!()
}
