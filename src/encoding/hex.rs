//! Hexadecimal for people: fingerprints and serial numbers. Knows nothing of what the octets mean.
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// Returns lower-case hexadecimal.
pub fn encode(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Parses hexadecimal of either case, with optional `:` or spaces between octets; `None` if it is none.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 2);
    for group in text.split([':', ' ']) {
        octets.extend(HEXLOWER_PERMISSIVE.decode(group.as_bytes()).ok()?);
    }
    Some(octets)
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

    #[test]
    fn reads_what_people_write() {
        for text in ["0aFF10", "0a:ff:10", "0A FF 10", "0aff 10"] {
            assert_eq!(decode(text).unwrap(), [0x0a, 0xff, 0x10], "{text}");
        }
        assert_eq!(decode("").unwrap(), b"");
        assert_eq!(encode(&[0x0a, 0xff, 0x10]), "0aff10");
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["0", "0g", "0:a", "0x0a", "0a-ff", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
