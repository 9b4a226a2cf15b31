//! Why there is no answer, told to people: exit status, one line, and every hint to it. Advice on findings is in `advice`.
//!
//! Knows every error type and every option; judges nothing, prints nothing.
use super::{advice::Typed, args::Verb};
use smime::{smime::error::Class, store};
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Usage (exit 2).
pub(crate) const USAGE: u8 = 2;
/// The input is not what it should be (exit 3).
const INPUT: u8 = 3;
/// A key, certificate, anchor or password is missing or unusable (exit 4).
const KEY: u8 = 4;
/// Reading or writing failed (exit 5).
pub(crate) const ENVIRONMENT: u8 = 5;

/// What the program itself finds wrong, before or beside the library.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The command line is wrong.
    #[error("{message}")]
    Usage { message: String, hints: Vec<String> },
    /// A file to be read does not open.
    #[error("cannot read {}: {}", .path.display(), reason(.source))]
    Open { path: PathBuf, source: io::Error },
    /// An output cannot be made.
    #[error("cannot write {}: {}", shown_output(.path), reason(.source))]
    Output { path: PathBuf, source: io::Error },
    /// There is no standard output for the message.
    #[error("cannot write the message: standard output is closed")]
    Closed,
    /// The file of the password cannot be used.
    #[error("cannot read the password from {}: {}", .path.display(), reason(.source))]
    Password { path: PathBuf, source: io::Error },
    /// The password of a message is needed.
    #[error("the password of the message is needed")]
    PasswordNeeded,
    /// A recipient is neither a file nor an address.
    #[error("cannot read the certificate {who}: no such file, and not a mail address")]
    NoSuchRecipient { who: String },
    /// A recipient's signed message cannot be relied on.
    #[error("{0}")]
    Refused(String),
    /// A file of `cert show` or `cert check` is not what it should be.
    #[error(transparent)]
    Certificates(store::Error),
    /// The operating system's store of trust anchors is not there or empty.
    #[error("the system's store holds no trust anchor{}", match .0 { Some(why) => format!(": {why}"), None => String::new() })]
    NoSystemStore(Option<String>),
    /// One message of many brought a fault of the program to light.
    #[error("this is a fault of the program ({0})")]
    Fault(String),
    /// The system gives no randomness.
    #[error("the system gives no randomness: {0}")]
    Randomness(String),
}

impl Problem {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hints: Vec::new(),
        }
    }

    pub(crate) fn usage_with(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hints: vec![hint.into()],
        }
    }
}

fn shown_output(path: &Path) -> String {
    if path == Path::new("-") {
        "to standard output".to_owned()
    } else {
        path.display().to_string()
    }
}

/// The files that an operation works on, as context of its error.
#[derive(Debug)]
pub(crate) struct At {
    pub(crate) message: Option<PathBuf>,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(path) => write!(f, "while working on {}", path.display()),
            None => f.write_str("while working on standard input"),
        }
    }
}

/// An error, ready to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: u8,
    /// stable, for JSON
    pub(crate) code: &'static str,
    /// one line, lower case, no full stop; not yet escaped
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    pub(crate) part: Option<String>,
    pub(crate) offset: Option<u64>,
    pub(crate) file: Option<PathBuf>,
}

impl Failure {
    /// Understands an error.
    pub(crate) fn of(error: &anyhow::Error, typed: Option<&Typed>) -> Self {
        let mut failure = if let Some(problem) = error.downcast_ref::<Problem>() {
            Self::of_problem(problem, typed)
        } else if let Some(error) = error.downcast_ref::<smime::smime::Error>() {
            Self::of_operation(error, typed)
        } else if let Some(error) = error.downcast_ref::<store::Error>() {
            Self::of_store(error, typed)
        } else {
            // Every error is one of the above; whatever else comes is the environment's.
            Self::new(ENVIRONMENT, "environment", format!("{error:#}"))
        };
        if let Some(At { message }) = error.downcast_ref::<At>()
            && failure.file.is_none()
            && !matches!(
                error.downcast_ref(),
                Some(smime::smime::Error::NoTrustAnchor)
            )
            && failure.code != "write"
        {
            failure.file = message.clone();
        }
        failure
    }

    fn new(exit: u8, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code,
            message: message.into(),
            hints: Vec::new(),
            part: None,
            offset: None,
            file: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    fn file(mut self, path: &Path) -> Self {
        self.file = Some(path.to_owned());
        self
    }

    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>, hints: Vec<String>) -> Self {
        Self {
            hints,
            ..Self::new(USAGE, "usage", message)
        }
    }

    fn of_problem(problem: &Problem, typed: Option<&Typed>) -> Self {
        let message = problem.to_string();
        match problem {
            Problem::Usage { message, hints } => Self::usage(message, hints.clone()),
            Problem::Open { path, .. } => Self::new(ENVIRONMENT, "read", message).file(path),
            Problem::Output { path, source } => {
                let mut failure = Self::new(ENVIRONMENT, "write", message);
                failure.file = Some(path.clone()).filter(|p| p != Path::new("-"));
                failure.room(source)
            }
            Problem::Closed => Self::new(ENVIRONMENT, "write", message)
                .hint("-o FILE writes the message to a file; to throw it away: -o /dev/null"),
            Problem::Password { path, .. } => Self::new(KEY, "password", message).file(path),
            Problem::PasswordNeeded => Self::new(KEY, "password-needed", message).hint(
                "--password-file PATH gives it (its first line; /dev/fd/N works); without it, it is asked on the terminal",
            ),
            Problem::NoSuchRecipient { .. } => Self::new(KEY, "no-recipient-certificate", message)
                .hint("-r takes a certificate file, or an address whose certificate -c PATH holds"),
            Problem::Refused(_) => Self::new(KEY, "unusable-recipient", message).hint(
                "smime verify says what is wrong with the message; -r also takes a certificate file",
            ),
            Problem::Certificates(error) => {
                let mut failure = Self::of_store(error, typed);
                failure.exit = match error {
                    store::Error::Io { .. } => ENVIRONMENT,
                    store::Error::PasswordNeeded { .. } | store::Error::WrongPassword { .. } => KEY,
                    _ => INPUT,
                };
                failure
            }
            Problem::NoSystemStore(_) => Self::new(KEY, "no-system-store", message)
                .hint("-t PATH takes the trust anchors from a file or directory; SSL_CERT_FILE and SSL_CERT_DIR name another store"),
            Problem::Fault(_) => Self::new(ENVIRONMENT, "fault", message).hint("please report it"),
            Problem::Randomness(_) => Self::new(ENVIRONMENT, "randomness", message),
        }
    }

    fn of_store(error: &store::Error, typed: Option<&Typed>) -> Self {
        use store::Error as E;
        let (code, path) = match error {
            E::Io { path, .. } => ("read", path),
            E::TooLarge { path, .. } => ("limit", path),
            E::Nothing { path, .. } => ("nothing-in-file", path),
            E::Certificate { path, .. } => ("certificate", path),
            E::Key { path, .. } => ("key", path),
            E::Pkcs12 { path, .. } => ("pkcs12", path),
            E::PasswordNeeded { path } => ("password-needed", path),
            E::WrongPassword { path } => ("wrong-password", path),
            E::Pem { path, .. } => ("pem", path),
            E::TooDeep { path, .. } => ("limit", path),
            _ => return Self::new(KEY, "key", error.to_string()),
        };
        let message = match error {
            E::Io { path, source } => {
                format!("cannot read {}: {}", path.display(), reason(source))
            }
            _ => error.to_string(),
        };
        let failure = Self::new(KEY, code, message).file(path);
        match error {
            E::TooLarge { name, .. } => {
                failure.hint(format!("smime help limits lists the limits ({name})"))
            }
            E::WrongPassword { .. } => failure.hint(match typed.and_then(Typed::password_file) {
                Some(file) => format!("the password is the first line of {file}: check it"),
                None => "give the password that the file was encrypted under".to_owned(),
            }),
            E::PasswordNeeded { .. } => failure.hint(
                "there is no terminal to ask for the password on: --password-file PATH (its first line; /dev/fd/N works)",
            ),
            _ => match typed.and_then(|typed| typed.instead_of(path)) {
                Some(hint) => failure.hint(hint),
                None => failure,
            },
        }
    }

    fn of_operation(error: &smime::smime::Error, typed: Option<&Typed>) -> Self {
        let verb = typed.map(Typed::verb);
        let with = |option: &str, value: &str| match typed {
            Some(typed) => typed.with(option, value),
            None => format!("{option} {value}"),
        };
        use smime::smime::Error as E;
        let (part, error) = error.in_part();
        let exit = match error.class() {
            // Options that do not go together, or not with the key.
            _ if matches!(error, E::Unsuitable(_) | E::OnlyRsaKem(_)) => USAGE,
            Class::Input => INPUT,
            Class::Key => KEY,
            Class::Environment => ENVIRONMENT,
        };
        let makes = matches!(verb, Some(Verb::Sign | Verb::Encrypt));
        let message = match error {
            E::Read(source) => format!("cannot read the message: {}", reason(source)),
            E::Write(source) => format!("cannot write the output: {}", reason(source)),
            E::Cms(smime::cms::Error::Asn1(source)) => format!("malformed CMS: {source}"),
            // CMS may well be what it is, but that is not what these verbs take.
            E::NotAMessage if makes => "the input is not a mail message or MIME entity".to_owned(),
            other => other.to_string(),
        };
        let mut failure = Self::new(exit, error.code(), message);
        failure.part = part.map(str::to_owned);
        failure.offset = error.offset();
        let verb_name = verb.map_or("", Verb::name);
        match error {
            E::Write(source) => {
                failure.code = "write";
                failure.room(source)
            }
            E::NotAMessage if makes => {
                failure.hint("for text that is no message: --text; for any other file: --binary")
            }
            E::Limit { .. } | E::Budget(_) => {
                failure.hint("smime help limits lists the limits and why they are so")
            }
            E::NoKey { recipients } if recipients.is_empty() => failure.hint(format!(
                "its key was agreed on elsewhere: smime {verb_name} --secret-key FILE"
            )),
            E::NoKey { recipients } => {
                let mut failure = failure;
                for (place, recipient) in recipients.iter().enumerate().take(SHOWN_RECIPIENTS) {
                    failure = failure.hint(format!(
                        "recipient {} is {}",
                        place + 1,
                        super::show::recipient(recipient)
                    ));
                }
                let give = with("-i", "FILE");
                failure.hint(format!("give the key of one of the recipients: {give}"))
            }
            E::NoIdentity { from: Some(_) } => failure
                .hint("smime cert show FILE prints the addresses that a certificate names")
                .hint("-i PATH takes the key and certificate of the sender"),
            E::NoIdentity { from: None } => failure.hint(format!(
                "give a private key and its certificate: {}",
                with("-i", "FILE")
            )),
            E::AmbiguousIdentity { .. } => failure.hint("give one identity only with -i PATH"),
            E::NoRecipientCertificate(address) => {
                let give = with("-c", "FILE");
                failure.hint(format!("give a certificate that names {address}: {give}"))
            }
            E::AmbiguousRecipient { candidates, .. } => {
                let mut failure = failure;
                for one in candidates.iter().take(SHOWN_RECIPIENTS) {
                    let file = one.origin.as_deref().unwrap_or("FILE");
                    // a bare name that reads as an address would be one
                    let file = match file.contains('/') || !file.contains('@') {
                        true => file.to_owned(),
                        false => format!("./{file}"),
                    };
                    failure = failure.hint(format!(
                        "if the certificate {} is meant: {}",
                        one.serial,
                        with("-r", &file)
                    ));
                }
                failure
            }
            E::NoRecipient => {
                failure.hint("name recipients with -r FILE, -r ADDRESS or --to-header")
            }
            E::OnlyBlindRecipients => failure.hint(format!(
                "name yourself, to keep the message itself: {}",
                with("-r", "FILE")
            )),
            E::OnlyRsaKem(_) => failure.hint("without --oaep such a recipient gets RSA-KEM"),
            E::AlreadyProtected if verb == Some(Verb::Encrypt) => failure.hint(
                "sign and encrypt at once: smime encrypt --sign --protect-headers -i FILE -r WHO MESSAGE",
            ),
            E::AlreadyProtected => {
                failure.hint("leave --protect-headers out, or sign the message as it was before")
            }
            E::Unsuitable(_) => failure
                .hint("without --pss and --digest the key's own algorithm and digest are used"),
            E::SeveralMessages => failure.hint(format!(
                "each of them by itself: smime batch {verb_name} -o DIRECTORY FILE"
            )),
            E::NoPart(_) => failure.hint(match typed {
                Some(typed) => format!("the parts are listed by: {}", typed.inspect()),
                None => "smime inspect lists the parts".to_owned(),
            }),
            E::NoContent if typed.is_some_and(Typed::is_many) => failure.hint(format!(
                "by itself, with what was signed: {}",
                typed.map_or_else(String::new, |it| it.alone("--content FILE"))
            )),
            E::NoContent => failure.hint("--content FILE takes what was signed"),
            E::ContentNotWanted => failure.hint("leave --content out"),
            E::NoTrustAnchor => failure
                .hint(format!(
                    "give the root certificate that you trust: {}",
                    with("-t", "FILE")
                ))
                .hint(match super::prepare::trust_directory() {
                    Some(directory) => {
                        format!("or keep it for good: put it into {}", directory.display())
                    }
                    None => "or keep it for good in ~/.config/smime/trust".to_owned(),
                }),
            E::Crypto(smime::crypto::Error::Unsupported(_))
                if verb_name == "verify" || verb_name == "open" || verb_name == "decrypt" =>
            {
                failure.hint("smime inspect shows which algorithms the message uses")
            }
            _ => failure,
        }
    }

    /// Says where room is missing.
    fn room(self, error: &io::Error) -> Self {
        let holding = error
            .get_ref()
            .is_some_and(|e| e.is::<super::output::HoldingFailed>());
        if holding {
            self.hint(
                "TMPDIR names the directory for the temporary file; with -o FILE none is needed",
            )
        } else {
            self
        }
    }

    /// The line, with everything that is known: `message (part 1.2, byte 3107, file)`.
    pub(crate) fn line(&self) -> String {
        let mut places = Vec::new();
        if let Some(part) = self.part.as_deref().filter(|p| !p.is_empty()) {
            places.push(format!("part {part}"));
        }
        if let Some(offset) = self.offset {
            places.push(format!("byte {offset}"));
        }
        if let Some(file) = &self.file {
            let file = file.display().to_string();
            if !self.message.contains(&file) {
                places.push(file);
            }
        }
        if places.is_empty() {
            self.message.clone()
        } else {
            format!("{} ({})", self.message, places.join(", "))
        }
    }
}

/// Recipients that the hint for a missing key names.
const SHOWN_RECIPIENTS: usize = 5;

/// The reason of an input or output error, without the number that std appends.
fn reason(error: &io::Error) -> String {
    let text = match error.raw_os_error() {
        Some(_) => {
            let text = error.to_string();
            match text.rfind(" (os error ") {
                Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
                None => text,
            }
        }
        None => match error.get_ref().and_then(|e| e.source()) {
            // "no temporary file in /tmp: no space left on device"
            Some(source) => match source.downcast_ref::<io::Error>() {
                Some(inner) => {
                    let outer = error.to_string();
                    let outer = outer.strip_suffix(&inner.to_string()).unwrap_or(&outer);
                    return format!("{outer}{}", reason(inner));
                }
                None => error.to_string(),
            },
            None => error.to_string(),
        },
    };
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn problems_have_their_status() {
        let io = || io::Error::from(io::ErrorKind::NotFound);
        let path = PathBuf::from("x.pem");
        for (problem, exit) in [
            (Problem::usage("no"), 2),
            (
                Problem::Open {
                    path: path.clone(),
                    source: io(),
                },
                5,
            ),
            (
                Problem::Output {
                    path: path.clone(),
                    source: io(),
                },
                5,
            ),
            (
                Problem::Password {
                    path: path.clone(),
                    source: io(),
                },
                4,
            ),
            (Problem::NoSuchRecipient { who: "x".into() }, 4),
            (
                Problem::Certificates(store::Error::Io {
                    path: path.clone(),
                    source: io(),
                }),
                5,
            ),
            (
                Problem::Certificates(store::Error::Nothing {
                    path: path.clone(),
                    wanted: "x",
                    held: None,
                }),
                3,
            ),
        ] {
            let failure = Failure::of(&problem.into(), Some(&Typed::bare(Verb::Verify)));
            assert_eq!(failure.exit, exit, "{failure:?}");
            assert!(!failure.message.ends_with('.'));
        }
    }

    #[test]
    fn keys_are_four() {
        let path = PathBuf::from("alice.p12");
        let error = anyhow::Error::from(store::Error::PasswordNeeded { path: path.clone() });
        let failure = Failure::of(&error, Some(&Typed::bare(Verb::Sign)));
        assert_eq!((failure.exit, failure.code), (4, "password-needed"));
        assert!(failure.hints.first().unwrap().contains("--password-file"));
        assert_eq!(failure.file, Some(path));
        assert_eq!(failure.line(), "alice.p12 is encrypted");
    }

    #[test]
    fn the_line_names_places() {
        let mut failure = Failure::new(3, "x", "the multipart has no part");
        failure.part = Some("1.2".into());
        failure.offset = Some(3107);
        failure.file = Some("m.eml".into());
        assert_eq!(
            failure.line(),
            "the multipart has no part (part 1.2, byte 3107, m.eml)"
        );
    }

    #[test]
    fn reasons_are_plain() {
        let full = io::Error::from_raw_os_error(28);
        assert_eq!(reason(&full), "no space left on device");
        assert_eq!(reason(&io::ErrorKind::NotFound.into()), "entity not found");
    }
}
