//! The Content-Type field, strictly (RFC 2045 §5.1, RFC 2231): a verdict rests on it.
use super::Result;
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
    /// Parses an unfolded value.
    pub fn parse(_value: &[u8]) -> Result<Self> {
        todo!()
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
