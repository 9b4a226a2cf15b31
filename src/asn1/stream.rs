//! A pull reader of BER over any `Read` (X.690 §8): structures are held, content flows. Depth and lengths are bounded here and
//! believed nowhere else. Knows no type but OCTET STRING; what values mean is the caller's.
use super::{
    Error, Result, Tag,
    header::{self, Header},
};
use std::io::{self, Read};

/// Octets read ahead: so many at first, and twice as many whenever there were as many, up to so many.
const FIRST: usize = 8 << 10;
const BUFFER: usize = 64 << 10;
/// Reads of content at least this long go past the buffer when it is empty.
const DIRECT: usize = 16 << 10;

/// What follows a value: octets that were read ahead, then the source.
pub type Rest<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// Reads BER from `R`, value by value. Nothing is allocated by a declared length.
pub struct Reader<R> {
    source: R,
    buffer: Vec<u8>,
    /// the octets of `buffer` that were read but not consumed
    ahead: std::ops::Range<usize>,
    offset: u64,
    max_depth: usize,
    /// the constructed values that are open, innermost last
    open: Vec<Open>,
    octets: Option<Octets>,
}

/// A constructed value whose content is being read.
#[derive(Clone, Copy)]
struct Open {
    /// where it ends, `None` for the indefinite form
    end: Option<u64>,
    /// the end of the innermost value of definite length around or at it; nothing inside goes further
    bound: u64,
}

/// An OCTET STRING whose content flows.
struct Octets {
    /// how many constructed values are open around it
    around: usize,
    /// what is left of the current primitive segment
    segment: u64,
}

impl<R: Read> Reader<R> {
    /// Starts at the first octet of `source`; nesting deeper than `max_depth` is an error.
    pub fn new(source: R, max_depth: usize) -> Self {
        Self {
            source,
            buffer: vec![0; FIRST],
            ahead: 0..0,
            offset: 0,
            max_depth,
            open: Vec::new(),
            octets: None,
        }
    }

    /// Returns how many octets were consumed.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns how many more levels a value read now may have.
    pub fn depth_left(&self) -> usize {
        self.max_depth.saturating_sub(self.open.len())
    }

    /// Returns the next tag inside the current constructed value, `None` at its end (or at the end of input on the outermost level).
    pub fn peek(&mut self) -> Result<Option<Tag>> {
        if self.octets.is_some() {
            return Err(self.invalid("the content of an OCTET STRING was not read to its end"));
        }
        self.next_tag()
    }

    /// Opens the constructed value that comes next, definite or indefinite.
    pub fn enter(&mut self, tag: Tag) -> Result<()> {
        let found = self.present()?;
        if found != tag {
            return Err(self.unexpected(found, tag));
        }
        let header = self.header()?;
        self.consume(header.size);
        self.push(header)
    }

    /// Closes the innermost open value, which must be at its end.
    pub fn leave(&mut self) -> Result<()> {
        match self.peek()? {
            None => self.pop(),
            Some(_) => Err(Error::TrailingData {
                offset: self.offset,
            }),
        }
    }

    /// Reads the whole next value, as received (BER), at most `limit` octets.
    pub fn element(&mut self, limit: usize) -> Result<Vec<u8>> {
        self.present()?;
        let around = self.open.len();
        let mut out = Vec::new();
        loop {
            if self.next_tag()?.is_some() {
                let header = self.header()?;
                self.take(header.size.try_into().unwrap_or(u64::MAX), limit, &mut out)?;
                match header.length {
                    // what is inside is checked by whoever reads the element
                    Some(length) => self.take(length, limit, &mut out)?,
                    None => self.push(header)?,
                }
            } else {
                // only values of indefinite length are opened here
                self.take(2, limit, &mut out)?;
                self.open.pop();
            }
            if self.open.len() == around {
                return Ok(out);
            }
        }
    }

    /// Opens the OCTET STRING that comes next, under `tag` (`Tag::OCTET_STRING` or an implicit `[n]`; primitive or constructed form accepted),
    /// to flow: call `read_octets` until it returns 0, then go on.
    pub fn begin_octets(&mut self, tag: Tag) -> Result<()> {
        let found = self.present()?;
        if found.primitive() != tag.primitive() {
            return Err(self.unexpected(found, tag));
        }
        let around = self.open.len();
        let header = self.header()?;
        self.consume(header.size);
        let mut segment = 0;
        if found.is_constructed() {
            self.push(header)?;
        } else {
            segment = header.length.unwrap_or_default();
        }
        self.octets = Some(Octets { around, segment });
        Ok(())
    }

    /// Reads content octets of the open OCTET STRING, chunk headers removed; 0 at its end, which is then closed.
    /// A malformed encoding is an `io::Error` of kind `InvalidData` that wraps [`super::Error`].
    pub fn read_octets(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(octets) = &self.octets {
            let (around, segment) = (octets.around, octets.segment);
            if segment == 0 {
                self.octets = self.next_segment(around)?;
                continue;
            }
            let wanted = usize::try_from(segment)
                .unwrap_or(usize::MAX)
                .min(buf.len());
            let got = self.read(buf.get_mut(..wanted).unwrap_or_default())?;
            if got == 0 {
                return Err(self.truncated().into());
            }
            self.octets = Some(Octets {
                around,
                segment: segment - got as u64,
            });
            return Ok(got);
        }
        Ok(0)
    }

    /// Ends reading on the outermost level; returns what follows.
    pub fn into_inner(self) -> Rest<R> {
        let ahead = self.buffer.get(self.ahead).unwrap_or_default().to_vec();
        io::Cursor::new(ahead).chain(self.source)
    }

    /// Finds the next primitive segment that is not empty; `None` at the end of the OCTET STRING.
    fn next_segment(&mut self, around: usize) -> Result<Option<Octets>> {
        while self.open.len() > around {
            let Some(found) = self.next_tag()? else {
                self.pop()?;
                continue;
            };
            if found.primitive() != Tag::OCTET_STRING {
                return Err(self.unexpected(found, Tag::OCTET_STRING));
            }
            let header = self.header()?;
            self.consume(header.size);
            match header.length {
                Some(segment) if !found.is_constructed() => {
                    if segment > 0 {
                        return Ok(Some(Octets { around, segment }));
                    }
                }
                _ => self.push(header)?,
            }
        }
        Ok(None)
    }

    /// Returns the next tag, which must be there.
    fn present(&mut self) -> Result<Tag> {
        match self.peek()? {
            Some(tag) => Ok(tag),
            None if self.open.is_empty() => Err(self.truncated()),
            None => Err(self.invalid("a value is missing")),
        }
    }

    fn next_tag(&mut self) -> Result<Option<Tag>> {
        let innermost = self.open.last().copied();
        if innermost.is_some_and(|open| open.end == Some(self.offset)) {
            return Ok(None);
        }
        let Some(first) = self.ahead(1)?.first().copied() else {
            return match innermost {
                None => Ok(None),
                Some(_) => Err(self.truncated()),
            };
        };
        match innermost {
            Some(Open { end: None, bound }) if first == 0 => {
                match self.ahead(2)?.get(1) {
                    None => return Err(self.truncated()),
                    Some(0) => {}
                    Some(_) => return Err(self.invalid("end-of-contents octets with a length")),
                }
                if bound - self.offset < 2 {
                    return Err(self.invalid(OUTGROWS));
                }
                Ok(None)
            }
            _ => header::tag(first, self.offset).map(Some),
        }
    }

    /// Reads ahead the header of the next value and checks that it stays inside what is open; consumes nothing.
    fn header(&mut self) -> Result<Header> {
        let offset = self.offset;
        let size = self.ahead(2)?.get(1).map_or(2, |&o| header::size(o));
        let header = header::parse(self.ahead(size)?, offset)?;
        let bound = self.bound();
        let end = (header.size as u64)
            .checked_add(header.length.unwrap_or_default())
            .and_then(|whole| offset.checked_add(whole));
        match end {
            Some(end) if end <= bound => Ok(header),
            _ => Err(self.invalid(OUTGROWS)),
        }
    }

    /// Opens a constructed value whose header was just consumed.
    fn push(&mut self, header: Header) -> Result<()> {
        if self.open.len() >= self.max_depth {
            return Err(Error::Depth {
                limit: self.max_depth,
                offset: self.offset,
            });
        }
        let end = header.length.map(|length| self.offset + length);
        let bound = end.unwrap_or(self.bound());
        self.open.push(Open { end, bound });
        Ok(())
    }

    /// Closes the innermost value, whose end was seen; its end-of-contents octets are ahead.
    fn pop(&mut self) -> Result<()> {
        match self.open.pop() {
            Some(Open { end: None, .. }) => self.consume(2),
            Some(_) => {}
            None => return Err(self.invalid("no value is open")),
        }
        Ok(())
    }

    fn bound(&self) -> u64 {
        self.open.last().map_or(u64::MAX, |open| open.bound)
    }

    /// Appends `count` octets to `out`, as they come.
    fn take(&mut self, mut count: u64, limit: usize, out: &mut Vec<u8>) -> Result<()> {
        let room = limit.saturating_sub(out.len()) as u64;
        if count > room {
            return Err(Error::TooLong {
                limit,
                offset: self.offset,
            });
        }
        while count > 0 {
            let ahead = self.ahead(1)?;
            let wanted = usize::try_from(count).unwrap_or(usize::MAX);
            let part = ahead.get(..wanted).unwrap_or(ahead);
            if part.is_empty() {
                return Err(self.truncated());
            }
            out.extend_from_slice(part);
            let taken = part.len();
            count -= taken as u64;
            self.consume(taken);
        }
        Ok(())
    }

    /// Reads octets, at least one unless the source has ended.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() && buf.len() >= DIRECT {
            let got = read_some(&mut self.source, buf)?;
            self.offset += got as u64;
            return Ok(got);
        }
        let got = self.ahead(1)?.read(buf)?;
        self.consume(got);
        Ok(got)
    }

    /// Returns what was read ahead, after reading until it is at least `wanted` octets (at most [`header::LONGEST`]) or the source ends.
    fn ahead(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.ahead.len() < wanted {
            if self.ahead.is_empty() {
                if self.ahead.end == self.buffer.len() && self.ahead.end < BUFFER {
                    self.buffer = vec![0; self.buffer.len().saturating_mul(2)];
                }
                self.ahead = 0..0;
            } else if self.buffer.len() - self.ahead.end < header::LONGEST {
                self.buffer.copy_within(self.ahead.clone(), 0);
                self.ahead = 0..self.ahead.len();
            }
            let free = self.buffer.get_mut(self.ahead.end..).unwrap_or_default();
            match read_some(&mut self.source, free)? {
                0 => break,
                got => self.ahead.end += got,
            }
        }
        Ok(self.buffer.get(self.ahead.clone()).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.ahead.start += count;
        self.offset += count as u64;
    }

    fn truncated(&self) -> Error {
        Error::Truncated {
            offset: self.offset,
        }
    }

    fn invalid(&self, what: &'static str) -> Error {
        Error::Invalid {
            what,
            offset: self.offset,
        }
    }

    fn unexpected(&self, found: Tag, wanted: Tag) -> Error {
        Error::UnexpectedTag {
            found,
            wanted,
            offset: self.offset,
        }
    }
}

const OUTGROWS: &str = "a value is longer than the one around it";

fn read_some(source: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buf) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;
    use crate::asn1::{normal, write};
    use proptest::prelude::*;

    /// Yields a few octets at a time.
    struct Trickle<'a>(&'a [u8], usize);
    impl Read for Trickle<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let step = self.1.min(buf.len());
            self.0.read(&mut buf[..step])
        }
    }

    fn octets_of(input: &[u8], tag: Tag) -> io::Result<Vec<u8>> {
        let mut reader = Reader::new(input, 64);
        reader.begin_octets(tag)?;
        let mut out = Vec::new();
        read_all(&mut reader, &mut out)?;
        if reader.peek()?.is_some() {
            return Err(Error::TrailingData { offset: 0 }.into());
        }
        Ok(out)
    }

    fn read_all<R: Read>(reader: &mut Reader<R>, out: &mut Vec<u8>) -> io::Result<()> {
        let mut chunk = [0; 7];
        loop {
            match reader.read_octets(&mut chunk)? {
                0 => return Ok(()),
                got => out.extend_from_slice(&chunk[..got]),
            }
        }
    }

    #[test]
    fn octet_strings_of_every_form() {
        for input in [
            &[4, 2, 1, 2][..],
            &[4, 0x81, 2, 1, 2],
            &[4, 0x88, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2],
            &[0x24, 0x80, 4, 1, 1, 4, 0, 4, 1, 2, 0, 0],
            &[0x24, 6, 4, 1, 1, 4, 1, 2],
            &[
                0x24, 0x80, 0x24, 3, 4, 1, 1, 0x24, 0x80, 0x24, 0, 4, 1, 2, 0, 0, 0, 0,
            ],
        ] {
            assert_eq!(
                octets_of(input, Tag::OCTET_STRING).unwrap(),
                [1, 2],
                "{input:?}"
            );
        }
        assert_eq!(
            octets_of(&[0x80, 2, 1, 2], Tag::context_primitive(0)).unwrap(),
            [1, 2]
        );
        assert_eq!(
            octets_of(&[0xa0, 0x80, 4, 2, 1, 2, 0, 0], Tag::context_primitive(0)).unwrap(),
            [1, 2]
        );
        assert_eq!(
            octets_of(&[0xa0, 0x80, 0, 0], Tag::context(0)).unwrap(),
            b""
        );
        assert_eq!(octets_of(&[4, 0], Tag::OCTET_STRING).unwrap(), b"");
    }

    #[test]
    fn malformed_octet_strings() {
        for input in [
            &[][..],
            &[4],
            &[4, 3, 1, 2],
            &[4, 0x80, 1, 2, 0, 0],
            &[4, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2],
            &[4, 0x88, 255, 255, 255, 255, 255, 255, 255, 255, 1],
            &[0x24, 0x80, 4, 1, 1],
            &[0x24, 0x80, 4, 1, 1, 0],
            &[0x24, 0x80, 4, 1, 1, 0, 1],
            &[0x24, 0x80, 2, 1, 1, 0, 0],
            &[0x24, 6, 4, 2, 1, 2, 0, 0],
            &[0x24, 3, 4, 2, 1, 2],
            &[0x24, 4, 0x24, 0x80, 4, 0, 0, 0],
            &[0x24, 5, 0x24, 0x80, 4, 0, 0, 0],
            &[0, 0],
            &[0x1f, 4, 2, 1, 2],
            &[2, 2, 1, 2],
        ] {
            assert!(octets_of(input, Tag::OCTET_STRING).is_err(), "{input:?}");
        }
    }

    #[test]
    fn a_declared_length_is_not_believed() {
        let mut reader = Reader::new(
            &[
                0x30, 0x84, 0x7f, 0xff, 0xff, 0xf0, 4, 0x84, 0x7f, 0, 0, 0, 1,
            ][..],
            64,
        );
        reader.enter(Tag::SEQUENCE).unwrap();
        assert!(matches!(
            reader.element(100),
            Err(Error::TooLong { limit: 100, .. })
        ));
        let mut reader = Reader::new(&[4, 0x84, 0x7f, 0, 0, 0, 1][..], 64);
        assert!(matches!(
            reader.element(usize::MAX),
            Err(Error::Truncated { offset: 7 })
        ));
    }

    #[test]
    fn an_outer_length_beyond_the_input_is_noticed() {
        let mut reader = Reader::new(&[0x30, 0x10, 4, 1, 1][..], 64);
        reader.enter(Tag::SEQUENCE).unwrap();
        assert_eq!(reader.element(10).unwrap(), [4, 1, 1]);
        assert!(matches!(reader.peek(), Err(Error::Truncated { .. })));
        assert!(matches!(reader.leave(), Err(Error::Truncated { .. })));
    }

    #[test]
    fn walks_structures_and_gives_back_the_rest() {
        let input = [0x30, 0x80, 2, 1, 5, 0x31, 3, 4, 1, 9, 0, 0, 0xde, 0xad];
        let mut reader = Reader::new(&input[..], 64);
        reader.enter(Tag::SEQUENCE).unwrap();
        assert_eq!(reader.depth_left(), 63);
        assert_eq!(reader.element(3).unwrap(), [2, 1, 5]);
        assert!(matches!(
            reader.enter(Tag::SEQUENCE),
            Err(Error::UnexpectedTag {
                found: Tag::SET,
                ..
            })
        ));
        assert!(matches!(
            reader.leave(),
            Err(Error::TrailingData { offset: 5 })
        ));
        assert!(matches!(reader.element(4), Err(Error::TooLong { .. })));
        let mut reader = Reader::new(&input[..], 64);
        reader.enter(Tag::SEQUENCE).unwrap();
        reader.element(3).unwrap();
        assert_eq!(reader.element(5).unwrap(), [0x31, 3, 4, 1, 9]);
        assert_eq!(reader.peek().unwrap(), None);
        reader.leave().unwrap();
        assert_eq!(reader.offset(), 12);
        let mut rest = Vec::new();
        reader.into_inner().read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [0xde, 0xad]);
    }

    #[test]
    fn indefinite_elements_are_kept_as_received() {
        let input = [0x30, 0x80, 0xa0, 0x80, 2, 1, 5, 0, 0, 0x30, 2, 5, 0, 0, 0];
        let mut reader = Reader::new(&input[..], 64);
        assert_eq!(reader.element(100).unwrap(), input);
        assert_eq!(reader.peek().unwrap(), None);
        assert!(Reader::new(&input[..], 64).element(14).is_err());
        assert!(Reader::new(&input[..], 1).element(100).is_err());
    }

    #[test]
    fn depth_is_counted() {
        for (levels, fine) in [(64, true), (65, false), (20_000, false)] {
            let mut indefinite = [0x30, 0x80].repeat(levels);
            indefinite.extend([0, 0].repeat(levels));
            assert_eq!(
                Reader::new(&indefinite[..], 64).element(1 << 20).is_ok(),
                fine
            );
            let mut octets = [0x24, 0x80].repeat(levels);
            octets.extend([0, 0].repeat(levels));
            assert_eq!(octets_of(&octets, Tag::OCTET_STRING).is_ok(), fine);
            let mut reader = Reader::new(&indefinite[..], 64);
            let entered = (0..levels).try_for_each(|_| reader.enter(Tag::SEQUENCE));
            assert_eq!(entered.is_ok(), fine);
        }
    }

    #[test]
    fn content_must_be_read_before_going_on() {
        let mut reader = Reader::new(&[4, 2, 1, 2, 5, 0][..], 64);
        reader.begin_octets(Tag::OCTET_STRING).unwrap();
        assert!(reader.peek().is_err());
        assert_eq!(reader.read_octets(&mut [0; 9]).unwrap(), 2);
        assert_eq!(reader.read_octets(&mut [0; 9]).unwrap(), 0);
        assert_eq!(reader.read_octets(&mut [0; 9]).unwrap(), 0);
        assert_eq!(reader.element(9).unwrap(), [5, 0]);
    }

    #[test]
    fn large_content_passes_by_the_buffer() {
        let content: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
        let mut input = write::tlv(Tag::OCTET_STRING, &content);
        input.push(0x77);
        let mut reader = Reader::new(&input[..], 64);
        reader.begin_octets(Tag::OCTET_STRING).unwrap();
        let mut out = Vec::new();
        let mut chunk = vec![0; 100_000];
        loop {
            match reader.read_octets(&mut chunk).unwrap() {
                0 => break,
                got => out.extend_from_slice(&chunk[..got]),
            }
        }
        assert!(out == content);
        assert_eq!(reader.offset(), input.len() as u64 - 1);
        let mut rest = Vec::new();
        reader.into_inner().read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [0x77]);
    }

    /// BER of an OCTET STRING in segments, nested at random, and its content.
    fn segmented() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let leaf = proptest::collection::vec(any::<u8>(), 0..300)
            .prop_map(|content| (write::tlv(Tag::OCTET_STRING, &content), content));
        leaf.prop_recursive(4, 32, 5, |inner| {
            (proptest::collection::vec(inner, 0..5), any::<bool>()).prop_map(|(parts, definite)| {
                let ber: Vec<u8> = parts.iter().flat_map(|p| p.0.clone()).collect();
                let content = parts.iter().flat_map(|p| p.1.clone()).collect();
                let ber = if definite {
                    write::tlv(Tag::OCTET_STRING.constructed(), &ber)
                } else {
                    [&[0x24, 0x80], &ber[..], &[0, 0]].concat()
                };
                (ber, content)
            })
        })
    }

    proptest! {
        #[test]
        fn agrees_with_normal((ber, content) in segmented(), step in 1usize..50) {
            let mut reader = Reader::new(Trickle(&ber, step), 64);
            reader.begin_octets(Tag::OCTET_STRING).unwrap();
            let mut out = Vec::new();
            read_all(&mut reader, &mut out).unwrap();
            prop_assert_eq!(&out, &content);
            prop_assert_eq!(reader.peek().unwrap(), None);
            prop_assert_eq!(normal::to_der(&ber, 64).unwrap().into_owned(), write::tlv(Tag::OCTET_STRING, &content));
            prop_assert_eq!(Reader::new(Trickle(&ber, step), 64).element(1 << 20).unwrap(), ber);
        }

        #[test]
        fn cut_short_is_noticed((ber, _) in segmented(), cut in any::<prop::sample::Index>()) {
            let cut = &ber[..cut.index(ber.len())];
            prop_assert!(octets_of(cut, Tag::OCTET_STRING).is_err());
            prop_assert!(Reader::new(cut, 64).element(1 << 20).is_err());
            prop_assert!(normal::to_der(cut, 64).is_err());
        }

        #[test]
        fn no_input_panics(input in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(vec![0, 0x30, 0x80, 0x24, 4, 0x88])], 0..80), step in 1usize..9) {
            let mut reader = Reader::new(Trickle(&input, step), 8);
            for turn in 0..100 {
                let went = match turn % 5 {
                    0 => reader.enter(Tag::SEQUENCE).is_ok(),
                    1 => reader.begin_octets(Tag::OCTET_STRING).is_ok(),
                    2 => reader.read_octets(&mut [0; 5]).is_ok(),
                    3 => reader.element(30).is_ok(),
                    _ => reader.leave().is_ok(),
                };
                let _ = went;
            }
            prop_assert!(reader.offset() <= input.len() as u64);
        }
    }
}
