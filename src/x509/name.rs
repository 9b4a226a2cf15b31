//! Distinguished names: compared by RFC 5280 §7.1, shown by RFC 4514. Knows nothing of certificates.
//!
//! A name is compared often and read rarely, so its canonical form is made once, when it is parsed.
use super::Error;
use crate::asn1::{
    Tag,
    cursor::{Cursor, Value},
    oid::{self, Oid},
};
use std::fmt::{self, Write as _};

/// The most RDNs that are shown.
const SHOWN_RDNS: usize = 64;
/// The most octets that are shown.
const SHOWN_OCTETS: usize = 4096;
/// OID of emailAddress (PKCS #9).
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

const UTF8_STRING: Tag = Tag(0x0c);
const NUMERIC_STRING: Tag = Tag(0x12);
const PRINTABLE_STRING: Tag = Tag(0x13);
const T61_STRING: Tag = Tag(0x14);
const IA5_STRING: Tag = Tag(0x16);
const VISIBLE_STRING: Tag = Tag(0x1a);
const UNIVERSAL_STRING: Tag = Tag(0x1c);
const BMP_STRING: Tag = Tag(0x1e);

/// A name as received. `Display` is RFC 4514 (`CN=Alice,O=Example`), bounded and linear in time; untrusted characters are not yet escaped for a terminal.
#[derive(Debug, Clone)]
pub struct Name {
    der: Vec<u8>,
    /// One entry an RDN, in order: its attributes, normalized and sorted.
    canonical: Vec<Box<[u8]>>,
}

impl Name {
    /// Takes the DER of a Name.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut outer = Cursor::new(der, 0);
        let mut rdns = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let mut canonical = Vec::new();
        while !rdns.is_empty() {
            let attributes = attributes(&mut rdns)?;
            let mut normalized: Vec<Vec<u8>> =
                attributes.iter().map(Attribute::canonical).collect();
            normalized.sort_unstable();
            canonical.push(normalized.concat().into_boxed_slice());
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

    /// Returns whether this name lies in the subtree below `base`: the RDNs of `base` are its first ones (RFC 5280 §4.2.1.10).
    pub fn is_within(&self, base: &Self) -> bool {
        self.canonical.starts_with(&base.canonical)
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
            while let Ok(attributes) = attributes(&mut rdns) {
                found.push(attributes);
            }
        }
        found
    }
}

impl PartialEq for Name {
    /// Bytes first, then RFC 5280 §7.1: case folded, white space compressed, string types set aside.
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
                if index == SHOWN_RDNS {
                    return Err(fmt::Error);
                }
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

/// Reads one RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue.
fn attributes<'a>(rdns: &mut Cursor<'a>) -> Result<Vec<Attribute<'a>>, Error> {
    let mut set = rdns.enter(Tag::SET)?;
    let mut attributes = Vec::new();
    while !set.is_empty() {
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
    /// Returns type, form and value, each with its length, so that no two different attributes are alike.
    fn canonical(&self) -> Vec<u8> {
        let (form, value) = match text(self.value.tag, self.value.content) {
            Some(text) => (UTF8_STRING.0, fold(&text).into_bytes()),
            None => (self.value.tag.0, self.value.content.to_vec()),
        };
        let mut out = Vec::with_capacity(self.kind.len() + value.len() + 17);
        out.extend_from_slice(&self.kind.len().to_be_bytes());
        out.extend_from_slice(self.kind);
        out.push(form);
        out.extend_from_slice(&value.len().to_be_bytes());
        out.extend_from_slice(&value);
        out
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

/// Folds case, trims, and makes one space of every run of white space (RFC 5280 §7.1).
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
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
