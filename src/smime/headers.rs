//! Header protection (RFC 9788): which fields of a message's header its signature and encryption cover.
//!
//! Knows which fields there are and who writes them; how the header of a message to be made is protected is in `write`, what of it stays
//! outside in `confidentiality`. Knows no keys: whether a signature holds is the report's.
mod confidentiality;
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

/// Fields that transports add (RFC 5322 §3.6.7, RFC 6376, RFC 8601, RFC 8617): whoever composes a message does not know them, so they are
/// neither protected nor missed inside (RFC 9788 §7).
const ADDED_IN_TRANSIT: &[&str] = &[
    "ARC-Authentication-Results",
    "ARC-Message-Signature",
    "ARC-Seal",
    "Authentication-Results",
    "Delivered-To",
    "DKIM-Signature",
    "DomainKey-Signature",
    "Received",
    "Received-SPF",
    "Return-Path",
    "X-Original-To",
];

/// The field that says inside what stands outside (RFC 9788 §2.2).
const HP_OUTER: &str = "HP-Outer";

/// Fields that no recipient but one may see (RFC 5322 §3.6.3): never put where all can read them (RFC 9788 §11.2.1, §11.4).
const BLIND: &[&str] = &["Bcc", "Resent-Bcc"];

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
    "Resent-From",
    "Resent-To",
    "Resent-Cc",
    "Resent-Date",
    "Resent-Sender",
    "Keywords",
    "Comments",
];

fn is_one_of(field: &Field, names: &[&str]) -> bool {
    names.iter().any(|name| field.is(name))
}
