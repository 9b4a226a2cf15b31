//! Hexadecimal for people: fingerprints and serial numbers.

/// Returns lower-case hexadecimal.
pub fn encode(_bytes: &[u8]) -> String {
    todo!()
}
/// Parses hexadecimal of either case, with optional `:` or spaces between octets; `None` if it is none.
pub fn decode(_text: &str) -> Option<Vec<u8>> {
    todo!()
}
