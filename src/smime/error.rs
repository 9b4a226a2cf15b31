//! Why there is no answer.
use super::report::RecipientSummary;
use crate::{
    asn1, cms, crypto,
    encoding::zlib,
    mime::{self, mailbox::Address, part::PartNumber},
    policy::Concerned,
};
use std::io;

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
    Read(#[source] io::Error),
    /// The output could not be written.
    #[error("cannot write the output: {0}")]
    Write(#[source] io::Error),
    /// The input is none of the forms that are read.
    #[error("the input is neither a mail message nor CMS in DER, PEM or base64")]
    NotAMessage,
    /// The input is empty.
    #[error("the input is empty")]
    Empty,
    /// Malformed MIME.
    #[error(transparent)]
    Mime(mime::Error),
    /// Malformed CMS.
    #[error(transparent)]
    Cms(cms::Error),
    /// Malformed compressed data.
    #[error(transparent)]
    Compressed(zlib::Error),
    /// Octets follow the CMS object, or text the block that holds it.
    #[error("bytes follow the end of the CMS object")]
    TrailingData {
        /// where, counted in decoded octets
        offset: u64,
    },
    /// A part that is to be signed has a field twice that says what it is, or one that is malformed.
    #[error(
        "the Content-Type or Content-Transfer-Encoding field of part {0} is repeated or malformed: programs would show different things"
    )]
    UnclearPart(String),
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
    Crypto(crypto::Error),
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
    #[error("several certificates with different keys name {address}: {}", listed(.candidates))]
    AmbiguousRecipient {
        /// whose
        address: Address,
        /// the certificates
        candidates: Vec<Concerned>,
    },
    /// Another encryption was asked for than a recipient's key is for.
    #[error("the key of {0} is for RSA-KEM alone")]
    OnlyRsaKem(Box<Concerned>),
    /// There is no recipient.
    #[error("no recipient was named")]
    NoRecipient,
    /// Everyone who could read the message is in Bcc, and gets a copy.
    #[error("every recipient is in Bcc: nobody could read the message itself")]
    OnlyBlindRecipients,
    /// Text that is to become a `text/plain; charset=utf-8` part is not.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A CR without LF cannot be kept in a message whose lines end in LF.
    #[error("the content has a CR without LF, which line ends of LF cannot keep apart")]
    BareCr,
    /// What the policy denies was met when the output had begun.
    #[error("the content is not 7-bit safe")]
    NotSevenBit,
    /// A part would be written otherwise than it is, which the policy denies, when the output had begun.
    #[error("a part of the content must be re-encoded to be 7-bit safe")]
    ReEncoded,
    /// A detached signature needs its content.
    #[error("the signature is detached and its content was not given")]
    NoContent,
    /// Content was given beside a message that has its own.
    #[error("the message has its own content; --content does not apply")]
    ContentNotWanted,
    /// There are no trust anchors.
    #[error("no trust anchor was given")]
    NoTrustAnchor,
    /// What is signed is no content of mail.
    #[error("the signed content is {0}, not the id-data of mail: no signature is added to it")]
    NotOfMail(String),
    /// The header of a message can be protected only when that is signed or encrypted for the first time.
    #[error("the message is signed or encrypted already: its header cannot be protected any more")]
    AlreadyProtected,
    /// The input is a file of many messages (RFC 4155).
    #[error("the input is a mailbox of several messages")]
    SeveralMessages,
    /// The message has no part of the number that was named.
    #[error("the message has no part {0}")]
    NoPart(String),
    /// What is wrong is wrong in a part of the message.
    #[error("{error}")]
    InPart {
        /// its number
        part: String,
        /// what is wrong
        error: Box<Self>,
    },
    /// What is to be signed would pass for something that was signed already.
    #[error("the content is the signed attributes of a message, not something that one signs")]
    PassesForAttributes,
    /// What was asked for cannot be combined with what was found.
    #[error("{0}")]
    Unsuitable(&'static str),
}

/// Candidates that are named before the rest is counted.
const SHOWN: usize = 4;

fn listed(candidates: &[Concerned]) -> String {
    let mut text: Vec<String> = candidates
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    let more = candidates.len().saturating_sub(SHOWN);
    if more > 0 {
        text.push(format!("{more} more"));
    }
    text.join(", ")
}

impl Error {
    /// Returns the error of what is over a limit.
    pub(super) fn over(name: &'static str, what: &'static str, limit: usize) -> Self {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        Self::Limit { name, what, limit }
    }

    /// Returns a stable code for the JSON report (`trailing-data`, `limit`, `no-key`, …).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Write(_) => "write",
            Self::NotAMessage => "not-a-message",
            Self::Empty => "empty",
            Self::Mime(mime::Error::TooLong { .. } | mime::Error::TooManyFields { .. }) => "limit",
            Self::Mime(_) | Self::UnclearPart(_) => "malformed-mime",
            Self::Cms(cms::Error::Asn1(asn1::Error::Truncated { .. })) => "truncated",
            Self::Cms(cms::Error::Asn1(asn1::Error::TrailingData { .. }))
            | Self::TrailingData { .. } => "trailing-data",
            Self::Cms(
                cms::Error::Asn1(asn1::Error::Depth { .. } | asn1::Error::TooLong { .. })
                | cms::Error::Limit { .. },
            ) => "limit",
            Self::Cms(cms::Error::ContentType(_) | cms::Error::Unsupported { .. }) => "unsupported",
            Self::Compressed(zlib::Error::Truncated) => "truncated",
            Self::Compressed(zlib::Error::TrailingData) => "trailing-data",
            Self::Compressed(zlib::Error::Malformed) => "malformed-compressed",
            Self::Cms(_) => "malformed-cms",
            Self::Limit { .. } | Self::Budget(_) | Self::Crypto(crypto::Error::Limit { .. }) => {
                "limit"
            }
            Self::Crypto(crypto::Error::Unsupported(_)) => "unsupported",
            Self::Crypto(crypto::Error::Parameters { .. }) => "algorithm-parameters",
            Self::Crypto(crypto::Error::Key(_) | crypto::Error::KeyType { .. }) => "unusable-key",
            Self::Crypto(_) => "cryptography",
            Self::NoKey { .. } => "no-key",
            Self::NoIdentity { .. } => "no-identity",
            Self::AmbiguousIdentity { .. } => "ambiguous-identity",
            Self::NoRecipientCertificate(_) => "no-recipient-certificate",
            Self::AmbiguousRecipient { .. } => "ambiguous-recipient",
            Self::OnlyRsaKem(_) => "only-rsa-kem",
            Self::NoRecipient => "no-recipient",
            Self::OnlyBlindRecipients => "only-blind-recipients",
            Self::NotUtf8 => "not-utf8",
            Self::BareCr => "bare-cr",
            Self::NotSevenBit => "not-7bit",
            Self::ReEncoded => "re-encoded",
            Self::NoContent => "no-content",
            Self::ContentNotWanted => "content-not-wanted",
            Self::NoTrustAnchor => "no-trust-anchor",
            Self::NotOfMail(_) => "unsupported",
            Self::PassesForAttributes => "signed-attributes",
            Self::AlreadyProtected => "already-protected",
            Self::SeveralMessages => "several-messages",
            Self::NoPart(_) => "no-part",
            Self::InPart { error, .. } => error.code(),
            Self::Unsuitable(_) => "unsuitable",
        }
    }

    /// Returns whether it is something over a limit.
    pub(super) fn is_of_a_limit(&self) -> bool {
        self.code() == "limit"
    }

    /// Returns whose matter it is.
    pub fn class(&self) -> Class {
        match self {
            Self::InPart { error, .. } => error.class(),
            Self::Read(_) | Self::Write(_) => Class::Environment,
            Self::Crypto(
                crypto::Error::Key(_)
                | crypto::Error::KeyType { .. }
                | crypto::Error::Password
                | crypto::Error::PasswordNeeded,
            )
            | Self::NoKey { .. }
            | Self::NoIdentity { .. }
            | Self::AmbiguousIdentity { .. }
            | Self::NoRecipientCertificate(_)
            | Self::AmbiguousRecipient { .. }
            | Self::OnlyRsaKem(_)
            | Self::NoRecipient
            | Self::OnlyBlindRecipients
            | Self::NoTrustAnchor
            | Self::Unsuitable(_) => Class::Key,
            _ => Class::Input,
        }
    }

    /// Says in which part the input is not what it should be, unless that is said already.
    pub(super) fn within(self, part: &PartNumber) -> Self {
        let placed = matches!(
            self,
            Self::InPart { .. } | Self::NoPart(_) | Self::SeveralMessages
        );
        if placed || self.class() != Class::Input {
            return self;
        }
        Self::InPart {
            part: part.to_string(),
            error: Box::new(self),
        }
    }

    /// What is wrong with the message itself is wrong in no part.
    pub(super) fn but_in_message(self) -> Self {
        match self {
            Self::InPart { part, error } if part == PartNumber::message().to_string() => *error,
            other => other,
        }
    }

    /// Returns the part of the message that is not what it should be, where one is known, and what is wrong with it.
    pub fn in_part(&self) -> (Option<&str>, &Self) {
        match self {
            Self::InPart { part, error } => (Some(part), error),
            other => (None, other),
        }
    }

    /// Returns the offset in the part, decoded, where one is known.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::InPart { error, .. } => error.offset(),
            Self::TrailingData { offset }
            | Self::Mime(mime::Error::TooLong { offset, .. } | mime::Error::NotAField { offset })
            | Self::Cms(cms::Error::Malformed { offset, .. }) => Some(*offset),
            Self::Cms(cms::Error::Asn1(error)) => match error {
                asn1::Error::Depth { offset, .. }
                | asn1::Error::TooLong { offset, .. }
                | asn1::Error::Truncated { offset }
                | asn1::Error::TrailingData { offset }
                | asn1::Error::UnexpectedTag { offset, .. }
                | asn1::Error::Invalid { offset, .. } => Some(*offset),
                asn1::Error::Io(_) => None,
            },
            _ => None,
        }
        .filter(|offset| *offset > 0)
    }
}

impl From<cms::Error> for Error {
    fn from(error: cms::Error) -> Self {
        match error {
            cms::Error::Io(error) | cms::Error::Asn1(asn1::Error::Io(error)) => error.into(),
            cms::Error::Crypto(error) => Self::Crypto(error),
            other => Self::Cms(other),
        }
    }
}

impl From<mime::Error> for Error {
    fn from(error: mime::Error) -> Self {
        match error {
            mime::Error::Io(error) => error.into(),
            other => Self::Mime(other),
        }
    }
}

/// Layers pass their errors on as `io::Error`, since they are read through; here they are what they were.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_none() {
            return if error.kind() == io::ErrorKind::UnexpectedEof {
                Self::Cms(cms::Error::Asn1(asn1::Error::Truncated { offset: 0 }))
            } else {
                Self::Read(error)
            };
        }
        let kind = error.kind();
        let Some(inner) = error.into_inner() else {
            return Self::Read(kind.into());
        };
        let inner = match inner.downcast::<Self>() {
            Ok(own) => return *own,
            Err(inner) => inner,
        };
        let inner = match inner.downcast::<cms::Error>() {
            Ok(error) => return (*error).into(),
            Err(inner) => inner,
        };
        let inner = match inner.downcast::<asn1::Error>() {
            Ok(error) => return cms::Error::Asn1(*error).into(),
            Err(inner) => inner,
        };
        let inner = match inner.downcast::<mime::Error>() {
            Ok(error) => return (*error).into(),
            Err(inner) => inner,
        };
        let inner = match inner.downcast::<zlib::Error>() {
            Ok(error) => return Self::Compressed(*error),
            Err(inner) => inner,
        };
        match inner.downcast::<crypto::Error>() {
            Ok(error) => Self::Crypto(*error),
            Err(inner) => Self::Read(io::Error::new(kind, inner)),
        }
    }
}
