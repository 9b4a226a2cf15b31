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
