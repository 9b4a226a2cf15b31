//! Tag and length octets of BER (X.690 §8.1.2, §8.1.3): the one place where they are read. Knows nothing of what follows them.
use super::{Error, Result, Tag};

/// Identifier and length octets of one value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) tag: Tag,
    /// length of the content octets, `None` for the indefinite form
    pub(super) length: Option<u64>,
    /// how many octets the header itself has
    pub(super) size: usize,
    /// whether the length octets are those of DER
    pub(super) minimal: bool,
}

/// Octets of the longest header: a tag, a length of lengths and eight lengths.
pub(super) const LONGEST: usize = 10;

/// Returns how many octets the header that begins with `first` and `second` has.
pub(super) fn size(second: u8) -> usize {
    match second {
        0x81..=0x88 => 2 + usize::from(second & 0x7f),
        _ => 2,
    }
}

/// Reads the header that `input` begins with; `offset` is where `input` stands, for errors.
pub(super) fn parse(input: &[u8], offset: u64) -> Result<Header> {
    let invalid = |what| Error::Invalid { what, offset };
    let (&first, rest) = input.split_first().ok_or(Error::Truncated { offset })?;
    let tag = tag(first, offset)?;
    let (&second, rest) = rest.split_first().ok_or(Error::Truncated { offset })?;
    let (length, minimal) = match second {
        0..=0x7f => (Some(u64::from(second)), true),
        0x80 if tag.is_constructed() => (None, false),
        0x80 => return Err(invalid("a primitive value of indefinite length")),
        0x81..=0x88 => {
            let octets = rest
                .get(..usize::from(second & 0x7f))
                .ok_or(Error::Truncated { offset })?;
            let length = octets.iter().fold(0, |sum, &o| sum << 8 | u64::from(o));
            let minimal = octets.first() != Some(&0) && length > 0x7f;
            (Some(length), minimal)
        }
        0x89.. => return Err(invalid("a length of more than eight octets")),
    };
    Ok(Header {
        tag,
        length,
        size: size(second),
        minimal,
    })
}

/// Judges an identifier octet: no high-tag form, no end-of-contents where a value must stand.
pub(super) fn tag(octet: u8, offset: u64) -> Result<Tag> {
    match octet {
        0x00 => Err(Error::Invalid {
            what: "end-of-contents octets where a value should be",
            offset,
        }),
        _ if octet & 0x1f == 0x1f => Err(Error::Invalid {
            what: "a tag number above 30",
            offset,
        }),
        _ => Ok(Tag(octet)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn length(input: &[u8]) -> Option<Option<u64>> {
        parse(input, 0).ok().map(|h| h.length)
    }

    #[test]
    fn every_form_of_length() {
        assert_eq!(length(&[4, 0]), Some(Some(0)));
        assert_eq!(length(&[4, 0x7f]), Some(Some(127)));
        assert_eq!(length(&[4, 0x81, 0x80]), Some(Some(128)));
        assert_eq!(
            length(&[4, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Some(Some(u64::MAX))
        );
        assert_eq!(length(&[0x24, 0x80]), Some(None));
        assert_eq!(length(&[4, 0x80]), None, "primitive and indefinite");
        assert_eq!(length(&[4, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!(length(&[4, 0xff]), None, "reserved by X.690 §8.1.3.5");
        assert_eq!(length(&[0x1f, 0x20, 0]), None, "high tag");
        assert_eq!(length(&[0, 0]), None, "end of contents");
        assert_eq!(length(&[4, 0x82, 1]), None, "cut short");
        assert_eq!(length(&[]), None);
    }

    #[test]
    fn minimal_as_der_wants_it() {
        for (input, minimal) in [
            (&[4, 5][..], true),
            (&[4, 0x81, 5], false),
            (&[4, 0x81, 0x80], true),
            (&[4, 0x82, 0, 0x80], false),
            (&[4, 0x82, 1, 0], true),
        ] {
            assert_eq!(parse(input, 0).unwrap().minimal, minimal, "{input:?}");
        }
    }
}
