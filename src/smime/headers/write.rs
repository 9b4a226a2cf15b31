//! The header of a message to be made, protected (RFC 9788 §5.2.1): what goes inside, and what is left outside.
//!
//! All that the composer wrote is copied inside as it stands. What transports added stays outside alone, and so does Bcc: not everybody may
//! read it (§11.2.1).
use super::{HP_OUTER, HeaderProtection, USER_FACING, is_added_in_transit, is_blind, is_one_of};
use crate::mime::{
    LineEnd, Result,
    content_type::ContentType,
    header::{Field, Header},
    parameters::{with_parameter, without_parameter},
};

/// A header that was taken apart.
#[derive(Debug)]
pub(in crate::smime) struct Protected {
    /// of the payload's root, `hp` set
    pub(in crate::smime) inner: Vec<Field>,
    /// what stands outside
    pub(in crate::smime) outer: Vec<Field>,
    /// fields shown to people that are not, or not as they are, outside: of the legacy display element (§5.2.1, step 2)
    pub(in crate::smime) hidden: Vec<Field>,
}

/// Protects the header of a message or MIME entity.
pub(in crate::smime) fn protect(header: &Header, how: HeaderProtection) -> Result<Protected> {
    let line_end = header.line_end;
    // the strict parser has the last word about what is there once
    header.content_type()?;
    let mut made = Protected {
        inner: Vec::with_capacity(header.fields.len()),
        outer: Vec::with_capacity(header.fields.len()),
        hidden: Vec::new(),
    };
    let mut said = Vec::new();
    for field in header.fields.iter().filter(|f| !f.is_mime()) {
        let field = field.clone().ended(line_end);
        if is_added_in_transit(&field) || is_blind(&field) {
            made.outer.push(field);
            continue;
        }
        // what it says of an older message is not true of this one
        if field.is(HP_OUTER) {
            continue;
        }
        let HeaderProtection::Cipher(policy) = how else {
            made.outer.push(field.clone());
            made.inner.push(field);
            continue;
        };
        let outside = policy.outside(&field, line_end);
        let hidden = outside
            .as_ref()
            .is_none_or(|it| it.value() != field.value());
        if hidden && is_one_of(&field, USER_FACING) {
            made.hidden.push(field.clone());
        }
        if let Some(outside) = outside {
            said.push(outer_said(&outside, line_end));
            made.outer.push(outside);
        }
        made.inner.push(field);
    }
    made.inner.extend(said);
    made.inner.extend(structural(header, how)?);
    Ok(made)
}

/// Returns the fields of a header that is not protected, or not any more, without what they still say of protection, in HP-Outer and in these
/// parameters: readers would believe it, and leave out what stands outside.
pub(in crate::smime) fn unprotected(
    fields: Vec<Field>,
    parameters: &[&str],
    line_end: LineEnd,
) -> Vec<Field> {
    let silent = |field: Field| match field.is("Content-Type") {
        true => parameters.iter().fold(field, |field, name| {
            let says =
                ContentType::parse(&field.value()).is_ok_and(|it| it.parameter(name).is_some());
            match says {
                true => without_parameter(&field, name, line_end).unwrap_or(field),
                false => field,
            }
        }),
        false => field,
    };
    let fields = fields.into_iter().filter(|f| !f.is(HP_OUTER));
    fields.map(silent).collect()
}

/// Returns whether a header says that it is protected.
pub(in crate::smime) fn says_protected(header: &Header) -> bool {
    let named = |it: &ContentType| PARAMETERS.iter().any(|name| it.parameter(name).is_some());
    header.fields.iter().any(|f| f.is(HP_OUTER))
        || matches!(header.content_type(), Ok(Some(it)) if named(&it))
}

/// The parameters of the root that speak of protection (RFC 9788 §2.1), and the older one.
pub(in crate::smime) const PARAMETERS: [&str; 3] = ["hp", "protected-headers", "hp-legacy-display"];

/// That of RFC 9788 which speaks of the header. The last speaks of a text, which does not change when the protection is gone; and what the older one
/// stands in was never taken out of its message by anybody: it is as it was written.
pub(in crate::smime) const OF_THE_HEADER: [&str; 1] = ["hp"];

/// MIME-Version and Content-*, the media type with `hp`; without one it is what RFC 2045 §5.2 says it is.
fn structural(header: &Header, how: HeaderProtection) -> Result<Vec<Field>> {
    let line_end = header.line_end;
    let hp = match how {
        HeaderProtection::Clear => "clear",
        HeaderProtection::Cipher(_) => "cipher",
    };
    let mut fields = Vec::new();
    let mut typed = false;
    for field in header.fields.iter().filter(|f| f.is_mime()) {
        if field.is("Content-Type") {
            typed = true;
            fields.push(with_parameter(field, "hp", hp, line_end)?);
        } else {
            fields.push(field.clone().ended(line_end));
        }
    }
    if !typed {
        let plain = Field::new("Content-Type", "text/plain", line_end);
        fields.push(with_parameter(&plain, "hp", hp, line_end)?);
    }
    Ok(fields)
}

/// `HP-Outer: NAME: VALUE` (RFC 9788 §2.2.1); where its first line would be longer than mail permits, it is folded before the name.
fn outer_said(outside: &Field, line_end: LineEnd) -> Field {
    let value = outside.folded().trim_ascii_start();
    let first = memchr::memchr(b'\n', value).unwrap_or(value.len());
    let fits = HP_OUTER.len() + outside.name().len() + ": : ".len() + first <= LINE;
    let fold = if fits { "" } else { line_end.as_str() };
    let before = format!("{fold} {}: ", outside.name());
    Field::of(HP_OUTER, &[before.as_bytes(), value].concat(), line_end)
}

/// Octets of a line (RFC 5322 §2.1.1).
const LINE: usize = 998;
