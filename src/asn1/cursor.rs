//! Walks DER in memory: borrowed values, received bytes kept. Strict about tags and lengths (X.690 §10.1); what content means is
//! the caller's. BER goes through [`super::normal`] first.
use super::{Error, Result, Tag, header};

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

impl<'a> Value<'a> {
    /// Returns a cursor over the content, whose offsets go on from here.
    pub fn inside(&self) -> Cursor<'a> {
        let header = self.raw.len() - self.content.len();
        Cursor::new(self.content, self.offset + header as u64)
    }
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

    /// Returns the offset of the next value in the outermost input.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the tag of the next value, `None` at the end.
    pub fn peek(&self) -> Option<Tag> {
        self.rest.first().map(|&b| Tag(b))
    }

    /// Reads the next value whatever its tag.
    pub fn any(&mut self) -> Result<Value<'a>> {
        let offset = self.offset;
        let header = header::parse(self.rest, offset)?;
        let length = match header.length {
            Some(length) if header.minimal => length,
            Some(_) => return Err(self.invalid("a length that is not minimal in DER")),
            None => return Err(self.invalid("an indefinite length in DER")),
        };
        let (raw, rest) = usize::try_from(length)
            .ok()
            .and_then(|length| header.size.checked_add(length))
            .and_then(|size| self.rest.split_at_checked(size))
            .ok_or(Error::Truncated { offset })?;
        self.rest = rest;
        self.offset += raw.len() as u64;
        Ok(Value {
            tag: header.tag,
            content: raw.get(header.size..).unwrap_or_default(),
            raw,
            offset,
        })
    }

    /// Reads the next value, which must have this tag.
    pub fn expect(&mut self, tag: Tag) -> Result<Value<'a>> {
        let offset = self.offset;
        match self.peek() {
            None => Err(self.invalid("a value is missing")),
            Some(found) if found == tag => self.any(),
            Some(found) => Err(Error::UnexpectedTag {
                found,
                wanted: tag,
                offset,
            }),
        }
    }

    /// Reads the next value if it has this tag.
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Value<'a>>> {
        match self.peek() {
            Some(found) if found == tag => self.any().map(Some),
            _ => Ok(None),
        }
    }

    /// Enters the next value, which must have this (constructed) tag.
    pub fn enter(&mut self, tag: Tag) -> Result<Cursor<'a>> {
        self.expect(tag).map(|value| value.inside())
    }

    /// Returns whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Fails if anything is left.
    pub fn finish(self) -> Result<()> {
        match self.rest {
            [] => Ok(()),
            _ => Err(Error::TrailingData {
                offset: self.offset,
            }),
        }
    }

    fn invalid(&self, what: &'static str) -> Error {
        Error::Invalid {
            what,
            offset: self.offset,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn walks_and_counts() {
        let der = [0x30, 7, 2, 1, 5, 0xa0, 2, 5, 0];
        let mut outer = Cursor::new(&der, 100);
        let mut inner = outer.enter(Tag::SEQUENCE).unwrap();
        assert_eq!(inner.optional(Tag::BOOLEAN).unwrap().map(|v| v.tag), None);
        assert_eq!(inner.expect(Tag::INTEGER).unwrap().content, [5]);
        assert!(inner.clone().finish().is_err());
        let context = inner.optional(Tag::context(0)).unwrap().unwrap();
        assert_eq!((context.raw, context.offset), (&der[5..], 105));
        assert_eq!(context.inside().any().unwrap().offset, 107);
        assert!(matches!(
            inner.expect(Tag::NULL),
            Err(Error::Invalid { offset: 109, .. })
        ));
        inner.finish().unwrap();
        outer.finish().unwrap();
    }

    #[test]
    fn strict_about_lengths() {
        for bad in [
            &[4, 0x81, 1, 0][..],
            &[0x30, 0x80, 0, 0],
            &[4, 2, 0],
            &[4, 0x82, 0, 1, 0],
            &[4],
        ] {
            assert!(Cursor::new(bad, 0).any().is_err(), "{bad:?}");
        }
        assert!(matches!(
            Cursor::new(&[4, 0], 0).expect(Tag::NULL),
            Err(Error::UnexpectedTag {
                found: Tag::OCTET_STRING,
                wanted: Tag::NULL,
                offset: 0
            })
        ));
    }

    proptest! {
        #[test]
        fn no_input_panics(input in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut cursor = Cursor::new(&input, u64::MAX / 2);
            while let Ok(value) = cursor.any() {
                let _ = value.inside().any();
            }
        }
    }
}
