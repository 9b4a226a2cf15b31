//! One bounded BER element to DER (X.690 §8, §10): the one place where leniency about encodings lives.
//! Knows only what universal tags tell: under a context-specific tag a constructed value is taken for a structure, and the order of
//! a SET OF is left as it is.
use super::{Error, Result, Tag, cursor::Value, header, write};
use std::borrow::Cow;

/// Returns the same value with definite minimal lengths, strings joined and BOOLEAN true as 0xff;
/// the order of SET OF is kept. Borrowed when `ber` needed no change. `max_depth` bounds nesting.
/// Fails if bytes follow the element.
pub fn to_der(ber: &[u8], max_depth: usize) -> Result<Cow<'_, [u8]>> {
    let whole = Normaliser { max_depth }.value(ber, 0, 0)?;
    match ber.len() - whole.size {
        0 => Ok(whole.der),
        _ => Err(Error::TrailingData {
            offset: whole.size as u64,
        }),
    }
}

/// Returns the values directly inside the constructed value `ber`, each as received.
pub fn children(ber: &[u8], max_depth: usize) -> Result<Vec<&[u8]>> {
    let header = header::parse(ber, 0)?;
    let mut inside = Inside::new(ber, header, 0)?;
    let normaliser = Normaliser { max_depth };
    let mut children = Vec::new();
    while let Some((rest, offset)) = inside.next()? {
        let size = normaliser.value(rest, offset, 1)?.size;
        children.push(rest.get(..size).unwrap_or_default());
        inside.skip(size);
    }
    Ok(children)
}

/// Returns the content of an OCTET STRING under an implicit tag, whose segments `to_der` could not join because only the
/// caller knows its type.
pub fn octets<'a>(value: &Value<'a>) -> Result<Cow<'a, [u8]>> {
    if !value.tag.is_constructed() {
        return Ok(Cow::Borrowed(value.content));
    }
    let mut cursor = value.inside();
    let mut joined = Vec::new();
    while !cursor.is_empty() {
        joined.extend_from_slice(cursor.expect(Tag::OCTET_STRING)?.content);
    }
    Ok(Cow::Owned(joined))
}

struct Normaliser {
    max_depth: usize,
}

/// One value in DER and how many octets of BER it was.
struct Normal<'a> {
    der: Cow<'a, [u8]>,
    size: usize,
}

impl Normaliser {
    /// Normalises the value that `input` begins with; `depth` constructed values are open around it.
    fn value<'a>(&self, input: &'a [u8], offset: u64, depth: usize) -> Result<Normal<'a>> {
        let header = header::parse(input, offset)?;
        let tag = header.tag;
        if !tag.is_constructed() {
            return primitive(input, header, offset);
        }
        self.check_depth(depth, offset)?;
        let mut inside = Inside::new(input, header, offset)?;
        match form(tag) {
            Form::Structure => {
                let content = self.structure(&mut inside, depth)?;
                let size = inside.position;
                let der = match content {
                    Cow::Borrowed(_) if header.minimal => {
                        Cow::Borrowed(input.get(..size).unwrap_or_default())
                    }
                    content => Cow::Owned(write::tlv(tag, &content)),
                };
                Ok(Normal { der, size })
            }
            Form::String => {
                let mut joined = Joined::default();
                self.join(tag.primitive(), &mut inside, depth, &mut joined)?;
                Ok(Normal {
                    der: Cow::Owned(joined.to_der(tag.primitive())),
                    size: inside.position,
                })
            }
            Form::Primitive => Err(Error::Invalid {
                what: "a primitive type in constructed form",
                offset,
            }),
        }
    }

    /// Normalises the content of a structure.
    fn structure<'a>(&self, inside: &mut Inside<'a>, depth: usize) -> Result<Cow<'a, [u8]>> {
        let first = inside.position;
        let mut changed: Option<Vec<u8>> = None;
        let mut last = first;
        while let Some((rest, offset)) = inside.next()? {
            let child = self.value(rest, offset, depth + 1)?;
            if let Cow::Owned(_) = child.der {
                changed.get_or_insert_with(|| {
                    inside.input.get(first..last).unwrap_or_default().to_vec()
                });
            }
            if let Some(changed) = &mut changed {
                changed.extend_from_slice(&child.der);
            }
            inside.skip(child.size);
            last = inside.position;
        }
        Ok(match changed {
            Some(changed) => Cow::Owned(changed),
            None => Cow::Borrowed(inside.input.get(first..last).unwrap_or_default()),
        })
    }

    /// Joins the segments of a string (X.690 §8.7.3, §8.6.4, §8.23.6): OCTET STRINGs, or values of the string's own type.
    fn join(
        &self,
        tag: Tag,
        inside: &mut Inside<'_>,
        depth: usize,
        joined: &mut Joined,
    ) -> Result<()> {
        while let Some((rest, offset)) = inside.next()? {
            let header = header::parse(rest, offset)?;
            let found = header.tag.primitive();
            if found != tag && (found != Tag::OCTET_STRING || tag == Tag::BIT_STRING) {
                return Err(Error::UnexpectedTag {
                    found: header.tag,
                    wanted: tag,
                    offset,
                });
            }
            let mut segment = Inside::new(rest, header, offset)?;
            if header.tag.is_constructed() {
                self.check_depth(depth + 1, offset)?;
                self.join(tag, &mut segment, depth + 1, joined)?;
                inside.skip(segment.position);
            } else {
                joined.push(tag, segment.content(), offset)?;
                inside.skip(segment.input.len());
            }
        }
        Ok(())
    }

    fn check_depth(&self, depth: usize, offset: u64) -> Result<()> {
        if depth >= self.max_depth {
            return Err(Error::Depth {
                limit: self.max_depth,
                offset,
            });
        }
        Ok(())
    }
}

/// Checks and normalises a primitive value.
fn primitive(input: &[u8], header: header::Header, offset: u64) -> Result<Normal<'_>> {
    let whole = Inside::new(input, header, offset)?;
    let (content, size) = (whole.content(), whole.input.len());
    let der = match (header.tag, content) {
        (Tag::BOOLEAN, [0 | 0xff]) => None,
        (Tag::BOOLEAN, [_]) => Some(write::tlv(Tag::BOOLEAN, &[0xff])),
        (Tag::BOOLEAN, _) => {
            return Err(Error::Invalid {
                what: "a BOOLEAN that is not one octet",
                offset,
            });
        }
        (tag, _) if tag.constructed() == Tag::SEQUENCE || tag.constructed() == Tag::SET => {
            return Err(Error::Invalid {
                what: "a constructed type in primitive form",
                offset,
            });
        }
        _ => None,
    };
    let der = match der {
        Some(der) => Cow::Owned(der),
        None if header.minimal => Cow::Borrowed(whole.input),
        None => Cow::Owned(write::tlv(header.tag, content)),
    };
    Ok(Normal { der, size })
}

/// What the constructed bit means under a tag.
enum Form {
    /// values inside values
    Structure,
    /// a string in segments
    String,
    /// not allowed
    Primitive,
}

fn form(tag: Tag) -> Form {
    match tag.primitive().0 {
        // BIT STRING, OCTET STRING, UTF8String; the other character strings, UTCTime, GeneralizedTime
        0x03 | 0x04 | 0x0c | 0x12..=0x1c | 0x1e => Form::String,
        // BOOLEAN, INTEGER, NULL, OBJECT IDENTIFIER, REAL, ENUMERATED, RELATIVE-OID
        0x01 | 0x02 | 0x05 | 0x06 | 0x09 | 0x0a | 0x0d => Form::Primitive,
        _ => Form::Structure,
    }
}

/// The content of a string whose segments are being joined.
#[derive(Default)]
struct Joined {
    content: Vec<u8>,
    unused_bits: u8,
}

impl Joined {
    fn push(&mut self, tag: Tag, segment: &[u8], offset: u64) -> Result<()> {
        if tag != Tag::BIT_STRING {
            self.content.extend_from_slice(segment);
            return Ok(());
        }
        // X.690 §8.6.4: only the last segment may have unused bits
        match segment.split_first() {
            Some((&unused, bits)) if self.unused_bits == 0 && unused < 8 => {
                self.unused_bits = unused;
                self.content.extend_from_slice(bits);
                Ok(())
            }
            _ => Err(Error::Invalid {
                what: "a BIT STRING with unused bits where it cannot have any",
                offset,
            }),
        }
    }

    fn to_der(&self, tag: Tag) -> Vec<u8> {
        if tag != Tag::BIT_STRING {
            return write::tlv(tag, &self.content);
        }
        write::tlv(
            tag,
            &[&[self.unused_bits], self.content.as_slice()].concat(),
        )
    }
}

/// A place inside a value: at one of the values in it, or at its end.
struct Inside<'a> {
    /// from the value's first octet to its last, if the length is definite, or to whatever follows
    input: &'a [u8],
    /// where the content begins
    begin: usize,
    /// how far it was walked; at last the size of the whole value
    position: usize,
    definite: bool,
    offset: u64,
}

impl<'a> Inside<'a> {
    fn new(input: &'a [u8], header: header::Header, offset: u64) -> Result<Self> {
        let input = match header.length {
            None => input,
            Some(length) => usize::try_from(length)
                .ok()
                .and_then(|length| header.size.checked_add(length))
                .and_then(|size| input.get(..size))
                .ok_or(Error::Truncated { offset })?,
        };
        Ok(Self {
            input,
            begin: header.size,
            position: header.size,
            definite: header.length.is_some(),
            offset,
        })
    }

    /// Returns the content octets of a value of definite length.
    fn content(&self) -> &'a [u8] {
        self.input.get(self.begin..).unwrap_or_default()
    }

    /// Returns what begins with the next value, and its offset; `None` at the end.
    fn next(&mut self) -> Result<Option<(&'a [u8], u64)>> {
        let rest = self.input.get(self.position..).unwrap_or_default();
        if !self.definite && rest.starts_with(&[0, 0]) {
            self.position += 2;
            return Ok(None);
        }
        let offset = self.offset + self.position as u64;
        match (rest.is_empty(), self.definite) {
            (false, _) => Ok(Some((rest, offset))),
            (true, true) => Ok(None),
            (true, false) => Err(Error::Truncated { offset }),
        }
    }

    fn skip(&mut self, size: usize) {
        self.position += size;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn der(ber: &[u8]) -> Vec<u8> {
        to_der(ber, 64).unwrap().into_owned()
    }

    #[test]
    fn der_is_borrowed() {
        for input in [
            &[5, 0][..],
            &[0x30, 0],
            &[0x30, 3, 1, 1, 0xff],
            &[0x31, 5, 2, 1, 9, 5, 0],
            &[0xa0, 3, 2, 1, 0x80],
            &[0x80, 2, 0xff, 0xff],
        ] {
            assert!(matches!(to_der(input, 64), Ok(Cow::Borrowed(same)) if same == input));
        }
    }

    #[test]
    fn lengths_become_definite_and_minimal() {
        assert_eq!(der(&[0x30, 0x80, 5, 0, 0, 0]), [0x30, 2, 5, 0]);
        assert_eq!(der(&[0x30, 0x81, 2, 5, 0]), [0x30, 2, 5, 0]);
        assert_eq!(der(&[0x30, 3, 5, 0x81, 0]), [0x30, 2, 5, 0]);
        assert_eq!(
            der(&[0xa1, 0x80, 0x30, 0x80, 2, 1, 1, 0, 0, 2, 1, 2, 0, 0]),
            [0xa1, 8, 0x30, 3, 2, 1, 1, 2, 1, 2]
        );
        assert_eq!(
            der(&[0x30, 9, 2, 1, 1, 0x30, 0x80, 5, 0, 0, 0]),
            [0x30, 7, 2, 1, 1, 0x30, 2, 5, 0]
        );
    }

    #[test]
    fn booleans_become_ff() {
        assert_eq!(der(&[0x30, 3, 1, 1, 1]), [0x30, 3, 1, 1, 0xff]);
        assert_eq!(der(&[1, 1, 0]), [1, 1, 0]);
        assert!(to_der(&[1, 0], 64).is_err());
        assert!(to_der(&[1, 2, 0, 0], 64).is_err());
    }

    #[test]
    fn strings_are_joined() {
        assert_eq!(
            der(&[0x24, 0x80, 4, 1, 1, 0x24, 3, 4, 1, 2, 0, 0]),
            [4, 2, 1, 2]
        );
        assert_eq!(
            der(&[0x2c, 0x80, 4, 1, b'a', 0x0c, 1, b'b', 0, 0]),
            [0x0c, 2, b'a', b'b']
        );
        assert_eq!(der(&[0x37, 4, 4, 2, b'2', b'6']), [0x17, 2, b'2', b'6']);
        assert_eq!(
            der(&[0x23, 0x80, 3, 2, 0, 0xaa, 3, 2, 4, 0xf0, 0, 0]),
            [3, 3, 4, 0xaa, 0xf0]
        );
        assert_eq!(der(&[0x24, 0]), [4, 0]);
        assert_eq!(der(&[0x23, 0x80, 0, 0]), [3, 1, 0]);
    }

    #[test]
    fn malformed_strings_are_refused() {
        for input in [
            &[0x24, 3, 2, 1, 1][..],
            &[0x23, 8, 3, 2, 4, 0xf0, 3, 2, 0, 0xaa],
            &[0x23, 2, 3, 0],
            &[0x23, 4, 3, 2, 8, 0],
            &[0x23, 3, 4, 1, 0],
            &[0x21, 3, 1, 1, 0],
            &[0x22, 3, 2, 1, 0],
            &[0x26, 3, 6, 1, 0],
            &[0x10, 0],
            &[0x11, 2, 5, 0],
        ] {
            assert!(to_der(input, 64).is_err(), "{input:?}");
        }
    }

    #[test]
    fn sets_keep_their_order() {
        let set = [0x31, 6, 2, 1, 9, 2, 1, 1];
        assert_eq!(der(&set), set);
    }

    #[test]
    fn ends_are_checked() {
        assert!(matches!(
            to_der(&[5, 0, 0], 64),
            Err(Error::TrailingData { offset: 2 })
        ));
        assert!(matches!(
            to_der(&[0x30, 0x80, 5, 0, 0], 64),
            Err(Error::Invalid { .. } | Error::Truncated { .. })
        ));
        assert!(matches!(
            to_der(&[0x30, 4, 5, 0], 64),
            Err(Error::Truncated { .. })
        ));
        assert!(to_der(&[0x30, 2, 4, 1, 0], 64).is_err());
        assert!(to_der(&[0x30, 4, 5, 0, 0, 0], 64).is_err());
        assert!(to_der(&[], 64).is_err());
    }

    #[test]
    fn depth_is_bounded() {
        for (levels, fine) in [(64, true), (65, false), (20_000, false)] {
            for tag in [0x30, 0x24] {
                let mut ber = [tag, 0x80].repeat(levels);
                ber.extend([0, 0].repeat(levels));
                assert_eq!(to_der(&ber, 64).is_ok(), fine, "{levels} {tag}");
            }
        }
    }

    #[test]
    fn children_as_received() {
        let parts = children(
            &[0x30, 0x80, 0xa0, 0x80, 5, 0, 0, 0, 2, 0x81, 1, 7, 0, 0],
            64,
        )
        .unwrap();
        assert_eq!(parts, [&[0xa0, 0x80, 5, 0, 0, 0][..], &[2, 0x81, 1, 7]]);
    }

    #[test]
    fn implicit_octet_strings_are_joined_by_who_knows() {
        let der = der(&[0xa0, 0x80, 4, 1, 1, 4, 1, 2, 0, 0]);
        let value = super::super::cursor::Cursor::new(&der, 0).any().unwrap();
        assert_eq!(octets(&value).unwrap().as_ref(), [1, 2]);
    }

    proptest! {
        #[test]
        fn no_input_panics_and_der_stays(input in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(vec![0, 0x30, 0x80, 0x24, 0x23, 4, 3, 1, 2])], 0..60)) {
            let _ = children(&input, 8);
            if let Ok(der) = to_der(&input, 8) {
                let again = to_der(&der, 8).unwrap();
                prop_assert!(matches!(again, Cow::Borrowed(_)));
                prop_assert_eq!(&again, &der);
                let mut cursor = super::super::cursor::Cursor::new(&der, 0);
                prop_assert_eq!(cursor.any().unwrap().raw, &der[..]);
                prop_assert!(cursor.is_empty());
            }
        }
    }
}
