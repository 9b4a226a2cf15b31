//! What the report says of header fields (RFC 9788 §4.3).
use serde_json::{Value, json};
use smime::smime::Headers;

/// Returns the keys of a message's header: `header_protection` and `headers`.
pub(super) fn all(headers: &Headers) -> [(String, Value); 2] {
    let fields = headers.fields.iter().map(|field| {
        json!({
            "name": field.name,
            "protection": field.protection.name(),
            "value": field.value,
            "outer": field.outer,
        })
    });
    let scheme = headers.scheme.map(|scheme| scheme.name());
    [
        ("header_protection".into(), scheme.into()),
        ("headers".into(), fields.collect()),
    ]
}
