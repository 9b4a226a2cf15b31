//! Sets a parameter of a Content-Type field (RFC 2045 §5.1), every other octet as it was.
//!
//! Knows where parameters begin and end, not what they mean. The result is read back with the strict parser: what it does not understand is
//! not changed.
use super::{
    Error, LineEnd, Result,
    content_type::ContentType,
    header::Field,
    lexer::{Lexer, is_token},
};

/// Returns the field with this parameter, which takes the place of any of its name. The value must be a token.
pub fn with_parameter(field: &Field, name: &str, value: &str, line_end: LineEnd) -> Result<Field> {
    changed(field, name, Some(value), line_end)
}

/// Returns the field without this parameter.
pub fn without_parameter(field: &Field, name: &str, line_end: LineEnd) -> Result<Field> {
    changed(field, name, None, line_end)
}

fn changed(field: &Field, name: &str, value: Option<&str>, line_end: LineEnd) -> Result<Field> {
    let before = ContentType::parse(&field.value())?;
    let segments = segments(field.folded());
    let mut kept = segments
        .into_iter()
        .filter(|segment| !is_named(segment, name))
        .collect::<Vec<_>>();
    // a `;` at the end begins no parameter
    if kept.len() > 1 && kept.last().is_some_and(|last| last.trim_ascii().is_empty()) {
        kept.pop();
    }
    let mut written = kept.join(&b';');
    written.truncate(written.trim_ascii_end().len());
    let eol = line_end.as_str();
    if let Some(value) = value {
        written.extend_from_slice(format!(";{eol} {name}=\"{value}\"").as_bytes());
    }
    let changed = Field::of(field.name(), &written, line_end);

    let mut wanted = before.parameters;
    wanted.retain(|it| it.0 != name);
    wanted.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    let after = ContentType::parse(&changed.value())?;
    if after.parameters != wanted || (after.kind, after.subtype) != (before.kind, before.subtype) {
        return Err(Error::Malformed {
            name: "Content-Type",
            what: "where its parameters end is not clear",
        });
    }
    Ok(changed)
}

/// Splits at each `;` that stands in no quoted string and no comment.
fn segments(value: &[u8]) -> Vec<&[u8]> {
    let (mut quoted, mut depth, mut escaped) = (false, 0_usize, false);
    value
        .split(|octet| {
            let literal = std::mem::take(&mut escaped);
            match octet {
                _ if literal => {}
                b'\\' if quoted || depth > 0 => escaped = true,
                b'"' if depth == 0 => quoted = !quoted,
                b'(' if !quoted => depth += 1,
                b')' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            *octet == b';' && !literal && !quoted && depth == 0
        })
        .collect()
}

/// Returns whether a segment is this parameter, or a piece of it (RFC 2231).
fn is_named(segment: &[u8], name: &str) -> bool {
    let unfolded: Vec<u8> = segment
        .iter()
        .copied()
        .filter(|octet| !matches!(octet, b'\r' | b'\n'))
        .collect();
    let attribute = Lexer::new(&unfolded).and_then(|mut lexer| {
        lexer.skip_cfws()?;
        lexer.run(is_token)
    });
    let attribute = attribute.unwrap_or_default().split(|o| *o == b'*').next();
    attribute.is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn set(value: &str, name: &str, to: &str) -> Result<String> {
        let field = Field::new("Content-Type", value, LineEnd::Lf);
        with_parameter(&field, name, to, LineEnd::Lf)
            .map(|field| String::from_utf8(field.value()).unwrap())
    }

    #[test]
    fn is_added_or_replaced() {
        for (value, result) in [
            ("text/plain", "text/plain; hp=\"clear\""),
            ("text/plain;", "text/plain; hp=\"clear\""),
            (
                "text/plain; charset=x ; ",
                "text/plain; charset=x; hp=\"clear\"",
            ),
            (
                "text/plain; hp=\"cipher\"; a=b",
                "text/plain; a=b; hp=\"clear\"",
            ),
            (
                "text/plain; a=b; HP=cipher",
                "text/plain; a=b; hp=\"clear\"",
            ),
            (
                "text/plain; (c) hp (d) =cipher (e)",
                "text/plain; hp=\"clear\"",
            ),
            ("text/plain; hp*0=ci; hp*1=pher", "text/plain; hp=\"clear\""),
            (
                "text/plain; a=\"; hp=x\"; hp-legacy-display=\"1\"",
                "text/plain; a=\"; hp=x\"; hp-legacy-display=\"1\"; hp=\"clear\"",
            ),
            (
                "text/plain (; hp=x \\)) ; a=\"\\\";\"",
                "text/plain (; hp=x \\)) ; a=\"\\\";\"; hp=\"clear\"",
            ),
        ] {
            assert_eq!(set(value, "hp", "clear").unwrap(), result, "{value}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_changed() {
        for value in [
            "text",
            "text/plain; hp=a; hp=b",
            "text/plain; a=\"",
            "text/plain (",
            "text/plain;;",
        ] {
            assert!(set(value, "hp", "clear").is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn the_others_stay(value in "text/plain(; ?(hp|a|b|\\(;\\))( ?)=(\"[;\\\\\"=a-c ()]{0,5}\"|[a-c]{1,3})){0,4};?") {
            if let Ok(set) = set(&value, "hp", "clear") {
                let (before, after) = (
                    ContentType::parse(value.as_bytes()).unwrap(),
                    ContentType::parse(set.as_bytes()).unwrap(),
                );
                prop_assert_eq!(after.parameter("hp"), Some("clear"));
                for (name, value) in before.parameters.iter().filter(|p| p.0 != "hp") {
                    prop_assert_eq!(after.parameter(name), Some(value.as_str()));
                }
            }
        }
    }
}
