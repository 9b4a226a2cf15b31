//! Object identifiers and their names. Knows no meaning: what an algorithm or attribute is, is told elsewhere.
use super::{Error, Result, Tag, cursor::Value, write};
pub use const_oid::ObjectIdentifier as Oid;

/// Returns the name people know (`id-signedData`, `emailProtection`), or dotted decimal.
pub fn name(oid: &Oid) -> String {
    match const_oid::db::DB.by_oid(oid) {
        Some(name) => name.strip_prefix("id-kp-").unwrap_or(name).to_owned(),
        None => oid.to_string(),
    }
}

/// Reads an OBJECT IDENTIFIER.
pub fn from_value(value: &Value<'_>) -> Result<Oid> {
    if value.tag != Tag::OID {
        return Err(Error::UnexpectedTag {
            found: value.tag,
            wanted: Tag::OID,
            offset: value.offset,
        });
    }
    Oid::from_bytes(value.content).map_err(|_| Error::Invalid {
        what: "an OBJECT IDENTIFIER that is malformed or too long",
        offset: value.offset,
    })
}

/// Returns the DER of an OBJECT IDENTIFIER.
pub fn to_der(oid: &Oid) -> Vec<u8> {
    write::tlv(Tag::OID, oid.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_people_know() {
        for (oid, wanted) in [
            ("1.2.840.113549.1.7.2", "id-signedData"),
            ("1.3.6.1.5.5.7.3.4", "emailProtection"),
            ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
            ("1.2.3.4.5.6.7", "1.2.3.4.5.6.7"),
        ] {
            assert_eq!(name(&Oid::new_unwrap(oid)), wanted);
        }
    }

    #[test]
    fn malformed_content_is_refused() {
        let value = |content| Value {
            tag: Tag::OID,
            content,
            raw: &[],
            offset: 0,
        };
        assert!(from_value(&value(&[0x2a, 0x03])).is_ok());
        for content in [&[][..], &[0x2a, 0x83], &[0x80; 60]] {
            assert!(from_value(&value(content)).is_err(), "{content:?}");
        }
    }
}
