//! Is the signer the sender? From against the certificate (RFC 8550 §3, RFC 9598).
use crate::mime::mailbox::Address;

/// Who must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedSigner {
    /// someone whose certificate names this address
    Address(Address),
    /// the holder of the certificate with this SHA-256
    Certificate([u8; 32]),
}
