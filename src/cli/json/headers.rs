//! What the report says of header fields (RFC 9788 §4.3).
use serde_json::{Value, json};
use smime::smime::Headers;

/// Returns how the header was protected, or says that it is.
pub(super) fn scheme(headers: &Headers) -> Value {
    headers.scheme.map(|scheme| scheme.name()).into()
}

/// Returns how each field was.
pub(super) fn fields(headers: &Headers) -> Value {
    let fields = headers.fields.iter().map(|field| {
        json!({
            "name": field.name,
            "protection": field.protection.name(),
            "value": field.value,
            "outer": field.outer,
        })
    });
    fields.collect()
}
