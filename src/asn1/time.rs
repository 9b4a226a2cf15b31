//! Points in time, whole seconds (RFC 5280 §4.1.2.5, RFC 3339).
/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);
impl Time {
    /// Parses RFC 3339, with any offset; a date alone is midnight UTC.
    pub fn from_rfc3339(_text: &str) -> Option<Self> {
        todo!()
    }
    /// Parses the content octets of UTCTime (tag 0x17, years 1950 to 2049) or GeneralizedTime (tag 0x18), in the forms of RFC 5280 §4.1.2.5
    /// and, tolerantly, without seconds or with an offset (BER).
    pub fn from_asn1(_tag: super::Tag, _content: &[u8]) -> Option<Self> {
        todo!()
    }
    /// Returns DER: UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5, RFC 5652 §11.3).
    pub fn to_der(self) -> Vec<u8> {
        todo!()
    }
}
impl std::fmt::Display for Time {
    /// RFC 3339 in UTC, `2026-11-01T09:00:00Z`.
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
