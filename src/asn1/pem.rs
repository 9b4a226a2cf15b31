//! PEM (RFC 7468), tolerant: text before, between and after blocks, CRLF, any line length, PKCS#1-style header lines.
/// One block.
pub struct Block {
    /// the label between `BEGIN` and the dashes
    pub label: String,
    /// header lines such as `Proc-Type: 4,ENCRYPTED`
    pub headers: Vec<(String, String)>,
    /// decoded content
    pub der: zeroize::Zeroizing<Vec<u8>>,
}
/// Why text that begins a PEM block is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// BEGIN without a matching END.
    #[error("PEM block {label} has no matching end line")]
    NoEnd {
        /// label
        label: String,
    },
    /// The content is not base64.
    #[error("PEM block {label} is not base64")]
    NotBase64 {
        /// label
        label: String,
    },
}
/// Returns every block of `text`, in order; empty if it has none.
pub fn blocks(_text: &[u8]) -> Result<Vec<Block>, Error> {
    todo!()
}
/// Writes one block, lines of 64 characters.
pub fn encode(_label: &str, _der: &[u8]) -> String {
    todo!()
}
