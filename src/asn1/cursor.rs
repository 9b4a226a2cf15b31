//! Walks DER in memory: borrowed values, received bytes kept.
use super::{Result, Tag};
/// One value: its tag, its content octets and the whole encoding.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    /// the tag
    pub tag: Tag,
    /// content octets
    pub content: &'a [u8],
    /// tag, length and content as received
    pub raw: &'a [u8],
    /// offset of `raw` in the outermost input
    pub offset: u64,
}
/// Reads values one after the other from DER.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    offset: u64,
}
impl<'a> Cursor<'a> {
    /// Starts at the first octet of `der`; `offset` is where it stands in the outermost input.
    pub fn new(der: &'a [u8], offset: u64) -> Self {
        Self { rest: der, offset }
    }
    /// Returns the tag of the next value, `None` at the end.
    pub fn peek(&self) -> Option<Tag> {
        self.rest.first().map(|&b| Tag(b))
    }
    /// Reads the next value whatever its tag.
    pub fn any(&mut self) -> Result<Value<'a>> {
        let _ = self.offset;
        todo!()
    }
    /// Reads the next value, which must have this tag.
    pub fn expect(&mut self, _tag: Tag) -> Result<Value<'a>> {
        todo!()
    }
    /// Reads the next value if it has this tag.
    pub fn optional(&mut self, _tag: Tag) -> Result<Option<Value<'a>>> {
        todo!()
    }
    /// Enters the next value, which must have this (constructed) tag.
    pub fn enter(&mut self, _tag: Tag) -> Result<Cursor<'a>> {
        todo!()
    }
    /// Returns whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
    /// Fails if anything is left.
    pub fn finish(self) -> Result<()> {
        todo!()
    }
}
