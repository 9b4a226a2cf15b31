//! The Content-Type field, strictly (RFC 2045 §5.1, RFC 2231): a verdict rests on it.
//!
//! Knows the grammar and what a boundary may be (RFC 2046 §5.1.1), not what a media type means.
use super::{
    Error, Result,
    lexer::{Lexer, is_token},
};
use mail_parser::decoders::charsets::map::charset_decoder;
use std::collections::HashMap;

/// The longest boundary taken: a line of RFC 5322 §2.1.1 holds no longer delimiter. RFC 2046 §5.1.1 allows 70.
const BOUNDARY: usize = 998 - 4;

/// A media type with its parameters; names are lower case, values unquoted and RFC 2231 continuations joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// `multipart`
    pub kind: String,
    /// `signed`
    pub subtype: String,
    /// in order; a repeated parameter name is an error at parsing
    pub parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Parses an unfolded value. A `;` at the end is tolerated, nothing else that the grammar does not have.
    pub fn parse(value: &[u8]) -> Result<Self> {
        let mut lexer = Lexer::new(value).ok_or(malformed("it has control characters"))?;
        let (kind, subtype) = media_type(&mut lexer).ok_or(malformed("it has no media type"))?;
        let mut parameters = Parameters::default();
        while !lexer.is_at_end() {
            lexer
                .expect(b';')
                .ok_or(malformed("something stands where `;` should"))?;
            lexer.skip_cfws().ok_or(malformed(COMMENT))?;
            if lexer.is_at_end() {
                break;
            }
            let (name, section) =
                section(&mut lexer).ok_or(malformed("a parameter is malformed"))?;
            lexer.skip_cfws().ok_or(malformed(COMMENT))?;
            parameters.add(name, section);
        }
        let parameters = parameters
            .in_order
            .into_iter()
            .map(|(name, sections)| Ok((name, join(sections)?)))
            .collect::<Result<Vec<_>>>()?;
        let content_type = Self {
            kind,
            subtype,
            parameters,
        };
        match content_type.parameter("boundary") {
            Some(b) if b.is_empty() || b.ends_with([' ', '\t']) => {
                Err(malformed("the boundary is empty or ends in white space"))
            }
            Some(b) if b.len() > BOUNDARY => Err(malformed("the boundary is too long")),
            _ => Ok(content_type),
        }
    }

    /// Returns whether this is `kind/subtype`, e.g. `is("multipart", "signed")`.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// Returns a parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|p| p.0 == name)
            .map(|p| p.1.as_str())
    }
}

const COMMENT: &str = "a comment is not closed or nested too deep";

fn malformed(what: &'static str) -> Error {
    Error::Malformed {
        name: "Content-Type",
        what,
    }
}

/// Parses `type "/" subtype` with the comments around them.
fn media_type(lexer: &mut Lexer<'_>) -> Option<(String, String)> {
    lexer.skip_cfws()?;
    let kind = lexer.run(is_token)?;
    lexer.skip_cfws()?;
    lexer.expect(b'/')?;
    lexer.skip_cfws()?;
    let subtype = lexer.run(is_token)?;
    lexer.skip_cfws()?;
    Some((lower_case(kind), lower_case(subtype)))
}

/// A parameter, or a piece of one that RFC 2231 §3 splits.
struct Section {
    /// `None` if the parameter is not split
    number: Option<usize>,
    /// whether the value is percent-encoded (RFC 2231 §4)
    extended: bool,
    value: Vec<u8>,
}

/// Parses `attribute "=" value`.
fn section(lexer: &mut Lexer<'_>) -> Option<(String, Section)> {
    let attribute = lower_case(lexer.run(is_token)?);
    lexer.skip_cfws()?;
    lexer.expect(b'=')?;
    lexer.skip_cfws()?;
    let quoted = lexer.peek() == Some(b'"');
    let value = if quoted {
        lexer.quoted_string()?
    } else {
        lexer.run(is_token)?.to_vec()
    };
    let (attribute, extended) = match attribute.strip_suffix('*') {
        Some(attribute) => (attribute, true),
        None => (attribute.as_str(), false),
    };
    let (name, number) = match attribute.split_once('*') {
        Some((name, number)) => (name, Some(section_number(number)?)),
        None => (attribute, None),
    };
    if name.is_empty() || extended && quoted {
        return None;
    }
    let section = Section {
        number,
        extended,
        value,
    };
    Some((name.to_owned(), section))
}

/// Parses a decimal number without leading zeros.
fn section_number(text: &str) -> Option<usize> {
    let number: usize = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Parameters by name, in order of their first sections.
#[derive(Default)]
struct Parameters {
    in_order: Vec<(String, Vec<Section>)>,
    index: HashMap<String, usize>,
}

impl Parameters {
    fn add(&mut self, name: String, section: Section) {
        let index = *self
            .index
            .entry(name.clone())
            .or_insert(self.in_order.len());
        match self.in_order.get_mut(index) {
            Some((_, sections)) => sections.push(section),
            None => self.in_order.push((name, vec![section])),
        }
    }
}

/// Joins the sections of one parameter, in whatever order they came, and decodes the result.
fn join(mut sections: Vec<Section>) -> Result<String> {
    const REPEATED: &str = "a parameter is repeated or a section of it is missing";
    const EXTENDED: &str = "a parameter value is not encoded as RFC 2231 has it";
    let split = sections.len() > 1;
    sections.sort_by_key(|s| s.number);
    let mut charset: Option<Vec<u8>> = None;
    let mut value = Vec::new();
    for (expected, section) in sections.into_iter().enumerate() {
        match section.number {
            Some(number) if number == expected => (),
            None if !split => (),
            _ => return Err(malformed(REPEATED)),
        }
        if !section.extended {
            value.extend(section.value);
            continue;
        }
        let mut encoded = section.value.as_slice();
        if expected == 0 {
            // charset, language, text
            let mut parts = section.value.splitn(3, |o| *o == b'\'');
            charset = parts.next().map(<[u8]>::to_ascii_lowercase);
            encoded = parts.nth(1).ok_or(malformed(EXTENDED))?;
        } else if charset.is_none() {
            return Err(malformed(EXTENDED));
        }
        value.extend(percent_decoded(encoded).ok_or(malformed(EXTENDED))?);
    }
    let text = match charset.as_deref() {
        None | Some(b"" | b"utf-8" | b"us-ascii") => String::from_utf8(value).ok(),
        Some(charset) => charset_decoder(charset).map(|decode| decode(&value)),
    };
    text.filter(|t| !t.contains(char::is_control))
        .ok_or(malformed("a parameter value is not text"))
}

fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if *octet != b'%' {
            octets.push(*octet);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        let is_octet = digits.bytes().all(|d| d.is_ascii_hexdigit());
        octets.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_octet)?);
        rest = after;
    }
    Some(octets)
}

fn lower_case(token: &[u8]) -> String {
    String::from_utf8_lossy(token).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used
    )]
    use super::*;
    use proptest::prelude::*;

    fn parse(value: &str) -> Result<ContentType> {
        ContentType::parse(value.as_bytes())
    }

    fn parameters(value: &str) -> Vec<(String, String)> {
        parse(value).unwrap().parameters
    }

    #[test]
    fn parses_what_the_grammar_has() {
        let media_type = parse("Multipart/SIGNED; Protocol=\"application/pkcs7-signature\";\t micalg=sha-256 ; boundary=\"a b\\\"c\"").unwrap();
        assert!(media_type.is("multipart", "signed"));
        assert_eq!(
            media_type.parameter("protocol"),
            Some("application/pkcs7-signature")
        );
        assert_eq!(media_type.parameter("micalg"), Some("sha-256"));
        assert_eq!(media_type.parameter("boundary"), Some("a b\"c"));
        assert_eq!(media_type.parameter("charset"), None);
        for value in [
            "text/plain",
            "text/plain;",
            "text/plain; ",
            " (c (c)) text (c) / (c) plain (\\)) ; (c) ",
        ] {
            let media_type = parse(value).unwrap();
            assert!(media_type.is("text", "plain") && media_type.parameters.is_empty());
        }
        assert_eq!(
            parameters("a/b; (c) C (c) = (c) d (c); e=\"\""),
            [("c".into(), "d".into()), ("e".into(), String::new())]
        );
    }

    #[test]
    fn refuses_what_it_has_not() {
        for value in [
            "",
            "text",
            "text/",
            "/plain",
            "text/plain charset=x",
            "text/plain;;",
            "text/plain; a",
            "text/plain; a=",
            "text/plain; =b",
            "text/plain; a=b c",
            "text/plain; a=b@c",
            "text/plain; a=\"b",
            "text/plain; a=\"b\\",
            "text/plain; a=\"b\"c",
            "text/plain; a=é",
            "text/plain (",
            "text/plain; a=b; A=c",
            "text/plain; a=b; a*=''c",
            "text/plain; a=b; a*0=c",
            "text/plain\0",
            "text/plain; a=\"b\rc\"",
            "multipart/mixed; boundary=\"\"",
            "multipart/mixed; boundary=\"a \"",
            "multipart/mixed; boundary*=''a%0D%0Ab",
        ] {
            assert!(parse(value).is_err(), "{value:?}");
        }
        assert!(ContentType::parse(b"text/plain; a=\"\xff\"").is_err());
    }

    #[test]
    fn bounds_boundary_and_comments() {
        let boundary = |n| parse(&format!("multipart/mixed; boundary={}", "b".repeat(n)));
        assert!(boundary(BOUNDARY).is_ok());
        assert!(boundary(BOUNDARY + 1).is_err());
        let comment = |n| parse(&format!("text/plain {}{}", "(".repeat(n), ")".repeat(n)));
        assert!(comment(16).is_ok());
        assert!(comment(17).is_err());
    }

    #[test]
    fn joins_and_decodes_sections() {
        for (value, joined) in [
            ("a*0=b; a*1=c", "bc"),
            ("a*1=c; a*0=\"b \"", "b c"),
            ("a*='en'b%20c", "b c"),
            ("a*=utf-8''caf%C3%A9", "café"),
            ("a*=ISO-8859-1''caf%e9", "café"),
            ("a*0*=UTF-8''caf%C3; a*1*=%A9; a*2=\"%41\"", "café%41"),
        ] {
            let value = format!("text/plain; {value}");
            assert_eq!(parameters(&value), [("a".into(), joined.into())], "{value}");
        }
    }

    #[test]
    fn refuses_sections_that_do_not_fit() {
        for value in [
            "a*1=b",
            "a*0=b; a*2=c",
            "a*0=b; a*0=c",
            "a*0=b; a*00=c",
            "a*0=b; a*01=c",
            "a*x=b",
            "a**=b",
            "a*0=b; a*1*=c",
            "a*=b",
            "a*='b",
            "a*=\"''b\"",
            "a*=''b%4",
            "a*=''b%::",
            "a*=''b%+1",
            "a*=utf-8''%ff",
            "a*=nonsense''b",
        ] {
            assert!(parse(&format!("text/plain; {value}")).is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(value in "[a-c/;=\"\\\\()*'%0-2 \t,é]{0,40}") {
            if let Ok(media_type) = parse(&value) {
                prop_assert!(!media_type.kind.is_empty() && !media_type.subtype.is_empty());
            }
        }

        #[test]
        fn never_panics_on_octets(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = ContentType::parse(&[b"text/plain; a*=", value.as_slice()].concat());
        }

        #[test]
        fn returns_quoted_values(text in "[ -~é]{0,60}") {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            prop_assert_eq!(&parameters(&format!("text/plain; a=\"{quoted}\""))[0].1, &text);
        }
    }
}
