//! What is written when there is a choice.
use super::PolicyName;
use crate::crypto::{ContentCipher, Digest};

/// Choices for signing and encrypting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// digest of signatures, unless the key demands another
    pub digest: Digest,
    /// RSASSA-PSS instead of PKCS#1 v1.5
    pub pss: bool,
    /// RSAES-OAEP instead of PKCS#1 v1.5
    pub oaep: bool,
    /// the cipher's key derived from the content key and bound to the cipher (RFC 9709)
    pub bound_content_key: bool,
    /// iterations that make a key of a password recipient's password
    pub password_iterations: u32,
    /// content cipher
    pub cipher: ContentCipher,
    /// S/MIME capabilities announced, best first (RFC 8551 §2.5.2)
    pub capabilities: Vec<ContentCipher>,
}

impl Preferences {
    /// Returns the preferences of a named policy.
    pub fn of(name: PolicyName) -> Self {
        let modern = name == PolicyName::Modern;
        Self {
            digest: Digest::Sha256,
            pss: modern,
            oaep: modern,
            bound_content_key: modern,
            // OWASP's Password Storage Cheat Sheet for PBKDF2 with HMAC-SHA-256 (2023)
            password_iterations: 600_000,
            cipher: if modern {
                ContentCipher::Aes256Gcm
            } else {
                ContentCipher::Aes256Cbc
            },
            capabilities: vec![
                ContentCipher::Aes256Gcm,
                ContentCipher::Aes128Gcm,
                ContentCipher::Aes256Cbc,
                ContentCipher::Aes192Cbc,
                ContentCipher::Aes128Cbc,
            ],
        }
    }
}
