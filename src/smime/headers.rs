//! Header protection (RFC 9788): which fields of a message's header its signature and encryption cover.
//!
//! Knows which fields there are and who writes them; how the header of a message to be made is protected is in `write`, what of it stays
//! outside in `confidentiality`; what a received one says in `read`, what that is worth in `judge`. Knows no keys: whether a signature holds is
//! the report's.
mod confidentiality;
pub(super) mod judge;
pub(super) mod read;
pub(super) mod write;

pub use confidentiality::HeaderConfidentiality;

use crate::mime::header::Field;

/// How the header of a message to be made is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderProtection {
    /// by a signature alone: `hp="clear"`
    Clear,
    /// by encryption, whether or not there is a signature inside: `hp="cipher"`, and outside what the policy leaves there. A signature made with
    /// this must be encrypted: RFC 9788 §2.1.1 has no such message in clear
    Cipher(HeaderConfidentiality),
}

/// How a header was protected, by its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderScheme {
    /// RFC 9788, signed only: `hp="clear"`
    Clear,
    /// RFC 9788, encrypted: `hp="cipher"`
    Cipher,
    /// the older `protected-headers="v1"`
    Autocrypt,
    /// RFC 8551 §3.1: the message is inside of a message/rfc822 part
    Rfc8551,
}

impl HeaderScheme {
    /// Returns its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "hp-clear",
            Self::Cipher => "hp-cipher",
            Self::Autocrypt => "protected-headers-v1",
            Self::Rfc8551 => "rfc8551",
        }
    }
}

/// How one header field was protected (RFC 9788 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// anybody may have written it
    Unprotected,
    /// under a signature that holds, and to be read on the way
    SignedOnly,
    /// hidden on the way, by whomever
    EncryptedOnly,
    /// hidden on the way, and under a signature that holds
    SignedAndEncrypted,
}

impl Protection {
    /// Every state, the best first.
    pub const ALL: [Self; 4] = [
        Self::SignedAndEncrypted,
        Self::SignedOnly,
        Self::EncryptedOnly,
        Self::Unprotected,
    ];

    /// Returns its name in RFC 9788.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unprotected => "unprotected",
            Self::SignedOnly => "signed-only",
            Self::EncryptedOnly => "encrypted-only",
            Self::SignedAndEncrypted => "signed-and-encrypted",
        }
    }
}

/// One header field.
#[derive(Debug, Clone)]
pub struct HeaderField {
    /// as written
    pub name: String,
    /// unfolded, not decoded: the protected value, where there is one
    pub value: String,
    /// how it was protected
    pub protection: Protection,
    /// what its namesake outside said
    pub outer: Option<String>,
}

/// The header of a received message.
#[derive(Debug, Clone)]
pub struct Headers {
    /// how it was protected; `None`: it was not, and only what people see or answer to is listed
    pub scheme: Option<HeaderScheme>,
    /// the fields inside, in order, then those that stand outside alone
    pub fields: Vec<HeaderField>,
}

impl Headers {
    /// Returns the names of the fields that people see and that were protected in this way, each once.
    pub fn shown(&self, protection: Protection) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for field in self.fields.iter().filter(|f| f.protection == protection) {
            let is = |name: &&str| field.name.eq_ignore_ascii_case(name);
            if USER_FACING.iter().any(is) && !names.iter().any(is) {
                names.push(&field.name);
            }
        }
        names
    }
}

/// Fields that transports add (RFC 5322 §3.6.7, RFC 6376, RFC 8601, RFC 8617), and what servers say of a message to those behind them: whoever
/// composes a message does not know them, so they are neither protected nor missed inside (RFC 9788 §7), and inside they count for nothing.
const ADDED_IN_TRANSIT: &[&str] = &[
    "Authentication-Results",
    "Authentication-Results-Original",
    "Delivered-To",
    "DomainKey-Signature",
    "Envelope-To",
    "Received",
    "Received-SPF",
    "Return-Path",
    "X-Envelope-From",
    "X-Envelope-To",
    "X-Google-DKIM-Signature",
    "X-Original-To",
    "X-Received",
];

/// The same, by how their names begin.
const ADDED_IN_TRANSIT_AS: &[&str] = &[
    "ARC-",
    "DKIM-",
    "X-Forefront-",
    "X-Microsoft-Antispam",
    "X-MS-Exchange-",
    "X-Rspamd-",
    "X-Spam",
    "X-Virus-",
];

/// Returns whether a field is of those that transports add.
pub(super) fn is_added_in_transit(field: &Field) -> bool {
    let name = field.name().as_bytes();
    let begins = |with: &&str| {
        let beginning = name.get(..with.len());
        beginning.is_some_and(|it| it.eq_ignore_ascii_case(with.as_bytes()))
    };
    is_one_of(field, ADDED_IN_TRANSIT) || ADDED_IN_TRANSIT_AS.iter().any(begins)
}

/// The field that says inside what stands outside (RFC 9788 §2.2).
const HP_OUTER: &str = "HP-Outer";

/// Fields that no recipient but one may see (RFC 5322 §3.6.3): never put where all can read them (RFC 9788 §11.2.1, §11.4).
pub(super) const BLIND: &[&str] = &["Bcc", "Resent-Bcc"];

/// Fields that are shown to people (RFC 9787 §1.1.2), and the informational ones, which RFC 9788 §1.9 shows with them.
const USER_FACING: &[&str] = &[
    "Subject",
    "From",
    "To",
    "Cc",
    "Date",
    "Reply-To",
    "Followup-To",
    "Sender",
    "Keywords",
    "Comments",
];

/// Fields that people do not see and that steer what an answer says and where it goes, or where it belongs (RFC 9788 §4.6, §6.2).
const STEERING: &[&str] = &[
    "Message-ID",
    "In-Reply-To",
    "References",
    "Mail-Followup-To",
    "Mail-Reply-To",
    "Disposition-Notification-To",
];

/// Returns whether a field names those whom nobody else shall know of.
pub(super) fn is_blind(field: &Field) -> bool {
    is_one_of(field, BLIND)
}

fn is_one_of(field: &Field, names: &[&str]) -> bool {
    names.iter().any(|name| field.is(name))
}
