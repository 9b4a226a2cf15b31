//! Why there is no answer.
use super::report::RecipientSummary;
use crate::mime::mailbox::Address;

/// Whose matter an error is; decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// the input is not what it should be, not supported, or over a limit
    Input,
    /// a key or certificate is missing or unusable
    Key,
    /// reading or writing failed
    Environment,
}

/// Why an operation has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The message could not be read.
    #[error("cannot read the message: {0}")]
    Read(#[source] std::io::Error),
    /// The output could not be written.
    #[error("cannot write the output: {0}")]
    Write(#[source] std::io::Error),
    /// The input is none of the forms that are read.
    #[error("the input is neither a mail message nor CMS in DER, PEM or base64")]
    NotAMessage,
    /// The input is empty.
    #[error("the input is empty")]
    Empty,
    /// Malformed MIME; `part` as in `1.2`, empty for the root.
    #[error(transparent)]
    Mime(crate::mime::Error),
    /// Malformed CMS.
    #[error(transparent)]
    Cms(crate::cms::Error),
    /// The text around the CMS object is irregular beyond tolerance.
    #[error("bytes follow the end of the CMS object")]
    TrailingData {
        /// where, counted in decoded octets
        offset: u64,
    },
    /// Something is over a limit of `smime help limits`.
    #[error("{what} exceed the limit of {limit}")]
    Limit {
        /// name of the limit
        name: &'static str,
        /// what there is too much of, in the plural
        what: &'static str,
        /// its value
        limit: u64,
    },
    /// The building of a certificate path is over its budget.
    #[error(transparent)]
    Budget(#[from] crate::x509::path::BudgetExceeded),
    /// An algorithm is not supported, or its parameters are not.
    #[error(transparent)]
    Crypto(crate::crypto::Error),
    /// None of the keys given is for this message.
    #[error("none of the keys given can open this message")]
    NoKey {
        /// for whom it is
        recipients: Vec<RecipientSummary>,
    },
    /// No identity with a certificate was given, or none names the sender.
    #[error("{}", match .from { Some(a) => format!("no certificate given with a key names the sender {a}"), None => "no key with a certificate was given".to_owned() })]
    NoIdentity {
        /// the address in From
        from: Option<Address>,
    },
    /// Several identities fit and nothing decides between them.
    #[error("{count} identities fit; the message does not say which is to sign")]
    AmbiguousIdentity {
        /// how many
        count: usize,
    },
    /// No certificate was found for a recipient.
    #[error("no certificate was found for {0}")]
    NoRecipientCertificate(Address),
    /// Several certificates with different keys fit a recipient.
    #[error("several certificates fit {0}")]
    AmbiguousRecipient(Address),
    /// There is no recipient.
    #[error("no recipient was named")]
    NoRecipient,
    /// A detached signature needs its content.
    #[error("the signature is detached and its content was not given")]
    NoContent,
    /// Content was given beside a message that has its own.
    #[error("the message has its own content; --content does not apply")]
    ContentNotWanted,
    /// There are no trust anchors.
    #[error("no trust anchor was given")]
    NoTrustAnchor,
    /// What was asked for cannot be combined with what was found.
    #[error("{0}")]
    Unsuitable(&'static str),
}

impl Error {
    /// Returns a stable code for the JSON report (`trailing-data`, `limit`, `no-key`, …).
    pub fn code(&self) -> &'static str {
        todo!()
    }

    /// Returns whose matter it is.
    pub fn class(&self) -> Class {
        todo!()
    }

    /// Returns the offset in the input, where one is known.
    pub fn offset(&self) -> Option<u64> {
        todo!()
    }
}
