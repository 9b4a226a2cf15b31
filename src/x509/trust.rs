//! Trust anchors: a name and a key (RFC 5280 §6.1.1 (d)), taken from certificates that the user trusts; never from a message.
use super::Certificate;
/// An anchor.
#[derive(Debug, Clone)]
pub struct TrustAnchor {
    /// the certificate it was given as
    pub certificate: Certificate,
    /// where it came from, for people
    pub source: String,
}
/// The anchors in force.
#[derive(Debug, Default, Clone)]
pub struct TrustAnchors {
    /// all of them
    pub anchors: Vec<TrustAnchor>,
}
