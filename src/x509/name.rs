//! Distinguished names: compared by RFC 5280 §7.1, shown by RFC 4514. Knows nothing of certificates.
//!
//! A name is compared often and read rarely, so its canonical form is made once, when it is parsed.
use super::{Error, preparation::prepared};
use crate::{
    asn1::{
        Tag,
        cursor::{Cursor, Value},
        oid::{self, Oid},
    },
    policy::Limits,
};
use std::fmt::{self, Write as _};

/// The most octets that are shown.
const SHOWN_OCTETS: usize = 4096;
/// OID of emailAddress (PKCS #9).
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

/// Stands for text that string preparation prohibits: no type of ASN.1 has this tag.
const OTHER_TEXT: u8 = 0xff;

const UTF8_STRING: Tag = Tag(0x0c);
const NUMERIC_STRING: Tag = Tag(0x12);
const PRINTABLE_STRING: Tag = Tag(0x13);
const T61_STRING: Tag = Tag(0x14);
const IA5_STRING: Tag = Tag(0x16);
const VISIBLE_STRING: Tag = Tag(0x1a);
const UNIVERSAL_STRING: Tag = Tag(0x1c);
const BMP_STRING: Tag = Tag(0x1e);
const STRINGS: [Tag; 8] = [
    UTF8_STRING,
    NUMERIC_STRING,
    PRINTABLE_STRING,
    T61_STRING,
    IA5_STRING,
    VISIBLE_STRING,
    UNIVERSAL_STRING,
    BMP_STRING,
];

/// A name as received. `Display` is RFC 4514 (`CN=Alice,O=Example`), bounded and linear in time; untrusted characters are not yet escaped for a terminal.
#[derive(Debug, Clone)]
pub struct Name {
    der: Vec<u8>,
    /// One entry an RDN, in order.
    canonical: Vec<Canonical>,
}

/// An RDN as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Canonical {
    /// its attributes, normalized and sorted
    attributes: Box<[u8]>,
    /// whether there is text in it that cannot be compared but to the letter
    is_vague: bool,
}

impl Name {
    /// Takes the DER of a Name. One with more attributes than the limit's default is refused, wherever it stands: each is made canonical.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut outer = Cursor::new(der, 0);
        let mut rdns = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let mut room = Limits::default().name_attributes;
        let mut canonical = Vec::new();
        while !rdns.is_empty() {
            let attributes = attributes(&mut rdns, room)?;
            room = room.saturating_sub(attributes.len());
            let normalized = attributes.iter().map(Attribute::canonical);
            let (mut normalized, vague): (Vec<Vec<u8>>, Vec<bool>) = normalized.unzip();
            normalized.sort_unstable();
            canonical.push(Canonical {
                attributes: normalized.concat().into_boxed_slice(),
                is_vague: vague.contains(&true),
            });
        }
        Ok(Self {
            der: der.to_vec(),
            canonical,
        })
    }

    /// Returns the DER as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns whether there is no RDN.
    pub fn is_empty(&self) -> bool {
        self.canonical.is_empty()
    }

    /// Returns whether this name lies in the subtree below `base`: the RDNs of `base` are its first ones (RFC 5280 §4.2.1.10). `None`: that
    /// depends on text that string preparation prohibits (RFC 4518 §2.4), such as letters younger than Unicode 3.2, or that is malformed.
    pub fn is_within(&self, base: &Self) -> Option<bool> {
        let mut pairs = self.canonical.iter().zip(&base.canonical);
        let differs = |(own, other): &(&Canonical, &Canonical)| {
            own != other && !(own.is_vague && other.is_vague)
        };
        if self.canonical.len() < base.canonical.len() || pairs.clone().any(|it| differs(&it)) {
            return Some(false);
        }
        pairs.all(|(own, other)| own == other).then_some(true)
    }

    /// Returns the values of the emailAddress attributes, as far as they are text (RFC 5280 §4.1.2.6).
    pub fn email_addresses(&self) -> Vec<String> {
        self.rdns()
            .into_iter()
            .flatten()
            .filter(|attribute| attribute.kind == EMAIL_ADDRESS)
            .filter_map(|attribute| text(attribute.value.tag, attribute.value.content))
            .collect()
    }

    /// Returns the RDNs in order, each with its attributes; `from_der` has proven that they parse.
    fn rdns(&self) -> Vec<Vec<Attribute<'_>>> {
        let mut found = Vec::with_capacity(self.canonical.len());
        if let Ok(mut rdns) = Cursor::new(&self.der, 0).enter(Tag::SEQUENCE) {
            while let Ok(attributes) = attributes(&mut rdns, usize::MAX) {
                found.push(attributes);
            }
        }
        found
    }
}

impl PartialEq for Name {
    /// Bytes first, then RFC 5280 §7.1: prepared by RFC 4518, string types set aside, the order within an RDN too. What is prohibited or no
    /// text is the same only to the letter. Every type counts as one whose rule ignores case, as those that are found do.
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der || self.canonical == other.canonical
    }
}
impl Eq for Name {}
impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rdns = self.rdns();
        let mut out = Bounded {
            room: SHOWN_OCTETS,
            f,
        };
        let mut write = || -> fmt::Result {
            for (index, attributes) in rdns.iter().rev().enumerate() {
                for (position, attribute) in attributes.iter().enumerate() {
                    match (index, position) {
                        (0, 0) => {}
                        (_, 0) => out.write_char(',')?,
                        _ => out.write_char('+')?,
                    }
                    attribute.show(&mut out)?;
                }
            }
            Ok(())
        };
        match write() {
            Ok(()) => Ok(()),
            Err(fmt::Error) => f.write_str("…"),
        }
    }
}

/// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
struct Attribute<'a> {
    kind: &'a [u8],
    value: Value<'a>,
}

/// Reads one RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue, of so many attributes at most.
fn attributes<'a>(rdns: &mut Cursor<'a>, most: usize) -> Result<Vec<Attribute<'a>>, Error> {
    let mut set = rdns.enter(Tag::SET)?;
    let mut attributes = Vec::new();
    while !set.is_empty() {
        if attributes.len() >= most {
            return Err(Error::TooMany {
                what: "attributes in a name",
                limit: Limits::default().name_attributes,
            });
        }
        let mut pair = set.enter(Tag::SEQUENCE)?;
        let kind = pair.expect(Tag::OID)?.content;
        let value = pair.any()?;
        pair.finish()?;
        attributes.push(Attribute { kind, value });
    }
    if attributes.is_empty() {
        return Err(Error::Malformed(
            "a name has a component without attributes",
        ));
    }
    Ok(attributes)
}

impl Attribute<'_> {
    /// Returns type, form and value, each with its length, so that no two different attributes are alike; and whether the value is text that
    /// cannot be compared.
    fn canonical(&self) -> (Vec<u8>, bool) {
        let (form, value, is_vague) = match text(self.value.tag, self.value.content) {
            Some(text) => match prepared(&text) {
                Some(text) => (UTF8_STRING.0, text.into_bytes(), false),
                None => (OTHER_TEXT, text.into_bytes(), true),
            },
            None => {
                let is_text = STRINGS.contains(&self.value.tag);
                (self.value.tag.0, self.value.content.to_vec(), is_text)
            }
        };
        let mut out = Vec::with_capacity(self.kind.len() + value.len() + 17);
        out.extend_from_slice(&self.kind.len().to_be_bytes());
        out.extend_from_slice(self.kind);
        out.push(form);
        out.extend_from_slice(&value.len().to_be_bytes());
        out.extend_from_slice(&value);
        (out, is_vague)
    }

    /// Writes `type=value` (RFC 4514 §2.3, §2.4); hexadecimal where the type has no name or the value is no text.
    fn show(&self, out: &mut Bounded<'_, '_>) -> fmt::Result {
        let kind = short_name(self.kind);
        match kind {
            Some(kind) => out.write_str(kind)?,
            None => match Oid::from_bytes(self.kind) {
                Ok(oid) => out.write_str(&oid::name(&oid))?,
                Err(_) => hexadecimal(self.kind, out)?,
            },
        }
        out.write_char('=')?;
        match (kind, text(self.value.tag, self.value.content)) {
            (Some(_), Some(text)) => escaped(&text, out),
            _ => hexadecimal(self.value.raw, out),
        }
    }
}

/// Returns the text of a string type; `None` for other types and for octets that are not of the type.
fn text(tag: Tag, content: &[u8]) -> Option<String> {
    match tag {
        UTF8_STRING => std::str::from_utf8(content).ok().map(str::to_owned),
        NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING => content
            .is_ascii()
            .then(|| content.iter().copied().map(char::from).collect()),
        // T.61 proper is found in no certificate: those who write TeletexString mean Latin-1.
        T61_STRING => Some(content.iter().copied().map(char::from).collect()),
        BMP_STRING => {
            let (units, rest) = content.as_chunks::<2>();
            let units = units.iter().copied().map(u16::from_be_bytes);
            rest.is_empty()
                .then(|| char::decode_utf16(units).collect::<Result<_, _>>().ok())?
        }
        UNIVERSAL_STRING => {
            let (units, rest) = content.as_chunks::<4>();
            let mut units = units.iter().copied().map(u32::from_be_bytes);
            rest.is_empty().then(|| {
                units.try_fold(String::new(), |mut text, unit| {
                    text.push(char::from_u32(unit)?);
                    Some(text)
                })
            })?
        }
        _ => None,
    }
}

/// Returns the name of an attribute type (RFC 4514 §3, RFC 4519, RFC 5280 appendix A).
fn short_name(kind: &[u8]) -> Option<&'static str> {
    const UID: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01];
    const DC: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19];
    Some(match kind {
        [0x55, 0x04, 3] => "CN",
        [0x55, 0x04, 4] => "SN",
        [0x55, 0x04, 5] => "SERIALNUMBER",
        [0x55, 0x04, 6] => "C",
        [0x55, 0x04, 7] => "L",
        [0x55, 0x04, 8] => "ST",
        [0x55, 0x04, 9] => "STREET",
        [0x55, 0x04, 10] => "O",
        [0x55, 0x04, 11] => "OU",
        [0x55, 0x04, 12] => "T",
        [0x55, 0x04, 13] => "DESCRIPTION",
        [0x55, 0x04, 17] => "POSTALCODE",
        [0x55, 0x04, 42] => "GN",
        [0x55, 0x04, 43] => "INITIALS",
        [0x55, 0x04, 44] => "GENERATION",
        [0x55, 0x04, 46] => "DNQ",
        [0x55, 0x04, 65] => "PSEUDONYM",
        [0x55, 0x04, 97] => "ORGID",
        kind if kind == UID => "UID",
        kind if kind == DC => "DC",
        kind if kind == EMAIL_ADDRESS => "E",
        _ => return None,
    })
}

/// Writes text with the escapes of RFC 4514 §2.4.
fn escaped(text: &str, out: &mut Bounded<'_, '_>) -> fmt::Result {
    let end = text.len();
    for (position, character) in text.char_indices() {
        let edge = position == 0 || position + character.len_utf8() == end;
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.write_char('\\')?,
            '#' if position == 0 => out.write_char('\\')?,
            ' ' if edge => out.write_char('\\')?,
            '\0' => {
                out.write_str("\\00")?;
                continue;
            }
            _ => {}
        }
        out.write_char(character)?;
    }
    Ok(())
}

/// Writes `#` and hexadecimal, without making more of it than fits.
fn hexadecimal(octets: &[u8], out: &mut Bounded<'_, '_>) -> fmt::Result {
    out.write_char('#')?;
    octets
        .iter()
        .try_for_each(|octet| write!(out, "{octet:02x}"))
}

/// Passes on what fits and fails at what does not, so that the cost of showing is bounded too.
struct Bounded<'a, 'b> {
    room: usize,
    f: &'a mut fmt::Formatter<'b>,
}
impl fmt::Write for Bounded<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.room = self.room.checked_sub(text.len()).ok_or(fmt::Error)?;
        self.f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::write,
        x509::sample::{name, parsed, rdn},
    };
    use const_oid::db::rfc4519;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn of(rdns: &[Vec<u8>]) -> Name {
        Name::from_der(&write::tlv(Tag::SEQUENCE, &rdns.concat())).unwrap()
    }

    fn cn(tag: u8, value: &[u8]) -> Name {
        of(&[rdn(&rfc4519::CN, tag, value)])
    }

    #[test]
    fn shows_names_in_the_order_of_rfc_4514() {
        assert_eq!(
            parsed("O=Example,CN=Alice").to_string(),
            "CN=Alice,O=Example"
        );
        assert_eq!(parsed("").to_string(), "");
        assert!(parsed("").is_empty());
        assert!(!parsed("CN=Alice").is_empty());
        let pairs = ["UID", "CN"].map(|kind| {
            let oid = if kind == "CN" {
                rfc4519::CN
            } else {
                rfc4519::UID
            };
            let oid = write::tlv(Tag::OID, oid.as_bytes());
            write::sequence(&[&oid, &write::tlv(UTF8_STRING, b"x")])
        });
        assert_eq!(of(&[write::set_of(&pairs)]).to_string(), "CN=x+UID=x");
    }

    #[test]
    fn escapes_what_rfc_4514_reserves() {
        let shown = |value: &str| cn(UTF8_STRING.0, value.as_bytes()).to_string();
        assert_eq!(
            shown("a,b+c\"d\\e<f>g;h"),
            "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h"
        );
        assert_eq!(shown("#1"), "CN=\\#1");
        assert_eq!(shown("a#1"), "CN=a#1");
        assert_eq!(shown(" a b "), "CN=\\ a b\\ ");
        assert_eq!(shown(" "), "CN=\\ ");
        assert_eq!(shown("a\0b"), "CN=a\\00b");
        assert_eq!(shown(""), "CN=");
    }

    #[test]
    fn shows_odd_types_and_values_in_hexadecimal() {
        assert_eq!(cn(0x04, b"ab").to_string(), "CN=#04026162");
        assert_eq!(cn(UTF8_STRING.0, &[0xff]).to_string(), "CN=#0c01ff");
        let odd = of(&[rdn(&Oid::new_unwrap("1.2.3.4"), UTF8_STRING.0, b"x")]);
        assert_eq!(odd.to_string(), "1.2.3.4=#0c0178");
    }

    #[test]
    fn shows_no_more_than_people_read() {
        let long = cn(UTF8_STRING.0, "x".repeat(5000).as_bytes());
        assert_eq!(long.to_string().chars().count(), SHOWN_OCTETS + 1);
        let just = of(&vec![rdn(&rfc4519::CN, 0x0c, b"x"); 64]);
        assert!(!just.to_string().ends_with('…'));
    }

    #[test]
    fn a_name_of_a_mebibyte_is_no_burden() {
        let start = Instant::now();
        let long = |letter: &str| rdn(&rfc4519::CN, 0x0c, letter.repeat(16 << 10).as_bytes());
        let one = of(&vec![long("x"); 64]);
        let other = of(&vec![long("X"); 64]);
        assert_eq!(one, other);
        assert!(one.to_string().len() < SHOWN_OCTETS + 8);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn compares_as_rfc_5280_says() {
        let alice = cn(UTF8_STRING.0, b"Alice Example");
        for same in [
            cn(PRINTABLE_STRING.0, b"ALICE example"),
            cn(UTF8_STRING.0, b"  alice \t  example "),
            cn(T61_STRING.0, b"Alice Example"),
            cn(IA5_STRING.0, b"Alice Example"),
            cn(BMP_STRING.0, &utf16("Alice Example")),
            cn(UNIVERSAL_STRING.0, &utf32("Alice Example")),
        ] {
            assert_eq!(alice, same);
        }
        for other in [
            cn(UTF8_STRING.0, b"AliceExample"),
            cn(UTF8_STRING.0, b"Alice Example\xef\xbf\xbd"),
            cn(0x04, b"Alice Example"),
            of(&[rdn(&rfc4519::O, UTF8_STRING.0, b"Alice Example")]),
            parsed("CN=Alice Example,CN=Alice Example"),
            parsed(""),
        ] {
            assert_ne!(alice, other);
        }
        assert_ne!(parsed("O=a,CN=b"), parsed("CN=b,O=a"));
        assert_eq!(
            cn(UTF8_STRING.0, "ÄÖ".as_bytes()),
            cn(T61_STRING.0, &[0xe4, 0xf6])
        );
    }

    #[test]
    fn what_is_no_text_is_compared_by_its_octets() {
        assert_eq!(cn(UTF8_STRING.0, &[0xff]), cn(UTF8_STRING.0, &[0xff]));
        assert_ne!(cn(UTF8_STRING.0, &[0xff]), cn(UTF8_STRING.0, &[0xfe]));
        assert_ne!(cn(UTF8_STRING.0, &[0xff]), cn(PRINTABLE_STRING.0, &[0xff]));
        assert_ne!(cn(BMP_STRING.0, &[0xd8, 0]), cn(BMP_STRING.0, &[0xd8, 1]));
    }

    #[test]
    fn the_order_within_an_rdn_does_not_matter() {
        let pair = |oid: &Oid, value: &[u8]| {
            write::sequence(&[
                &write::tlv(Tag::OID, oid.as_bytes()),
                &write::tlv(UTF8_STRING, value),
            ])
        };
        let (one, two) = (pair(&rfc4519::CN, b"a"), pair(&rfc4519::O, b"b"));
        let forth = of(&[write::tlv(Tag::SET, &[one.clone(), two.clone()].concat())]);
        let back = of(&[write::tlv(Tag::SET, &[two, one].concat())]);
        assert_eq!(forth, back);
    }

    #[test]
    fn subtrees_begin_with_their_base() {
        let alice = parsed("O=Example,CN=Alice");
        assert_eq!(alice.is_within(&parsed("O=EXAMPLE")), Some(true));
        assert_eq!(alice.is_within(&alice), Some(true));
        assert_eq!(alice.is_within(&parsed("")), Some(true));
        assert_eq!(alice.is_within(&parsed("CN=Alice")), Some(false));
        assert_eq!(parsed("O=Example").is_within(&alice), Some(false));
    }

    #[test]
    fn so_many_attributes_and_not_one_more() {
        let limit = Limits::default().name_attributes;
        let pair: &[u8] = b"\x30\x08\x06\x03\x55\x04\x03\x0c\x01a";
        let set = |number: usize| write::constructed(Tag::SET, &vec![pair; number]);
        let single = set(1);
        let rdns = |number: usize| Name::from_der(&write::sequence(&vec![&single[..]; number]));
        assert!(rdns(limit).is_ok());
        let past = rdns(limit + 1);
        assert!(matches!(past, Err(Error::TooMany { limit: 64, .. })));
        // within one RDN too
        assert!(Name::from_der(&write::sequence(&[&set(limit)])).is_ok());
        assert!(Name::from_der(&write::sequence(&[&set(limit + 1)])).is_err());
    }

    #[test]
    fn finds_addresses() {
        assert_eq!(
            parsed("O=x,E=a@b.example").email_addresses(),
            ["a@b.example"]
        );
        assert!(parsed("O=x").email_addresses().is_empty());
    }

    #[test]
    fn refuses_what_is_no_name() {
        let good = name("CN=Alice");
        assert!(Name::from_der(&good).is_ok());
        assert!(Name::from_der(&[good.as_slice(), &[0]].concat()).is_err());
        assert!(Name::from_der(&good[..good.len() - 1]).is_err());
        assert!(Name::from_der(&[0x30, 2, 0x31, 0]).is_err());
        assert!(Name::from_der(&[0x31, 0]).is_err());
    }

    #[test]
    fn prohibited_text_is_the_same_only_to_the_letter() {
        let private = "Alice \u{e000}";
        let one = cn(UTF8_STRING.0, private.as_bytes());
        assert_eq!(one, cn(BMP_STRING.0, &utf16(private)));
        assert_ne!(one, cn(UTF8_STRING.0, "alice \u{e000}".as_bytes()));
        assert_ne!(one, cn(UTF8_STRING.0, b"Alice"));
    }

    fn hash(name: &Name) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish()
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    }

    fn utf32(text: &str) -> Vec<u8> {
        text.chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect()
    }

    proptest! {
        #[test]
        fn never_panics(der in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(name) = Name::from_der(&der) {
                let _ = name.to_string();
            }
        }

        #[test]
        fn the_same_name_in_other_words_is_equal_and_has_the_same_hash(
            words in proptest::collection::vec("[a-zA-ZäöüßÉéΣσﬁ]{1,5}", 1..4),
            spaces in proptest::collection::vec("[ \t\u{a0}\u{3000}]{1,3}", 3),
        ) {
            let plain = words.join(" ");
            let upper: String = plain.to_uppercase();
            let spaced: String = words.iter().zip(spaces.iter().cycle()).map(|(word, space)| format!("{space}{word}")).collect();
            let one = cn(UTF8_STRING.0, plain.as_bytes());
            for other in [
                cn(UTF8_STRING.0, upper.as_bytes()),
                cn(UTF8_STRING.0, spaced.as_bytes()),
                cn(BMP_STRING.0, &utf16(&spaced)),
                cn(UNIVERSAL_STRING.0, &utf32(&upper)),
            ] {
                prop_assert_eq!(&one, &other);
                prop_assert_eq!(&other, &one);
                prop_assert_eq!(hash(&one), hash(&other));
            }
            let longer = cn(UTF8_STRING.0, format!("{plain} x").as_bytes());
            prop_assert_ne!(&one, &longer);
        }

        #[test]
        fn equality_is_an_equivalence(values in proptest::collection::vec("[aAbB \t\0ß]{0,3}", 3), tags in proptest::collection::vec(proptest::sample::select(vec![0x0c_u8, 0x13, 0x14, 0x16, 0x04]), 3)) {
            let names: Vec<Name> = values.iter().zip(&tags).map(|(value, tag)| cn(*tag, value.as_bytes())).collect();
            let (a, b, c) = (&names[0], &names[1], &names[2]);
            prop_assert_eq!(a, a);
            prop_assert_eq!(a == b, b == a);
            prop_assert!(!(a == b && b == c) || a == c);
            prop_assert!(a != b || hash(a) == hash(b));
        }

        #[test]
        fn any_value_is_shown_and_equals_itself(tag in 1_u8..0x1f, value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let name = cn(tag, &value);
            prop_assert_eq!(&name, &name.clone());
            let _ = name.to_string();
        }
    }
}
