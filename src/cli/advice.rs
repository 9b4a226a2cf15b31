//! What may help where the answer is no: for each reason and rule the option or file that would change it, as a command to be pasted.
//!
//! Knows every reason, every rule and every option; judges nothing. Advice on errors is in `error`.
use super::{args::Command, args::Verb};
use smime::policy::{Concerned, Finding, Level, Objection, Part, Reason, Rule};
use std::{collections::HashSet, ffi::OsString, path::Path};

/// Characters of a command line that is given back whole.
const LENGTH: usize = 400;
/// Inputs of `batch` that are given back with it.
const INPUTS: usize = 8;

/// Options that may be given once.
const SINGLE: [&str; 6] = [
    "--at",
    "--bcc",
    "--part",
    "--policy",
    "--purpose",
    "--revocation",
];

/// The command line as it was typed, to be given back with an option more.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    verb: Verb,
    /// `batch ` before the verb, or nothing
    before: &'static str,
    /// what follows the verb
    words: Vec<String>,
    message: Option<String>,
}

impl Typed {
    /// Remembers what was typed; `None` for what is no verb.
    pub(crate) fn of(typed: &[OsString], command: &Command) -> Option<Self> {
        let verb = command.verb()?;
        let (before, inputs) = match command {
            Command::Batch(batch) => ("batch ", batch.inputs.as_slice()),
            _ => ("", &[][..]),
        };
        let skipped = 1 + format!("{before}{}", verb.name()).split(' ').count();
        // of many inputs none is repeated
        let hidden = inputs.iter().filter(|_| inputs.len() > INPUTS);
        let hidden: HashSet<_> = hidden.map(|it| it.as_os_str()).collect();
        let is_shown = |word: &&OsString| !hidden.contains(word.as_os_str());
        let words = typed.iter().skip(skipped).filter(is_shown);
        let message = command.message().filter(|path| *path != Path::new("-"));
        Some(Self {
            verb,
            before,
            words: words.map(|w| w.to_string_lossy().into_owned()).collect(),
            message: message.map(|path| path.display().to_string()),
        })
    }

    /// Stands for a command line of which only the verb counts.
    pub(crate) fn bare(verb: Verb) -> Self {
        Self {
            verb,
            before: "",
            words: Vec::new(),
            message: None,
        }
    }

    pub(crate) fn verb(&self) -> Verb {
        self.verb
    }

    /// Of many messages, this one.
    pub(crate) fn about(&self, message: &Path) -> Self {
        Self {
            message: Some(message.display().to_string()),
            ..self.clone()
        }
    }

    /// The command with this option more: `smime verify -c FILE -t root.pem mail.eml`. What it contradicts is left out.
    pub(crate) fn with(&self, option: &str, value: &str) -> String {
        let added = match value {
            "" => option.to_owned(),
            "FILE" | "PATH" | "ADDRESS" => format!("{option} {value}"),
            // it is no option
            _ if value.starts_with('-') => format!("{option}={}", quoted(value)),
            _ => format!("{option} {}", quoted(value)),
        };
        // who signed one message is not who must have signed the others
        if self.is_many() && option == "--signer" {
            return self.alone(&added);
        }
        let kept = if SINGLE.contains(&option) || option == "--signer" {
            self.without_words(&[option], None)
        } else if matches!(option, "--warn" | "--allow") {
            self.without_words(&["--allow", "--warn", "--deny"], Some(value))
        } else {
            self.words.clone()
        };
        self.command(&added, &kept)
    }

    pub(crate) fn is_many(&self) -> bool {
        !self.before.is_empty()
    }

    /// Of many messages this one by itself, with an option more.
    pub(crate) fn alone(&self, added: &str) -> String {
        let message = quoted(self.message.as_deref().unwrap_or("MESSAGE"));
        format!("smime {} {added} … {message}", self.verb.name())
    }

    /// The command without this option.
    fn without(&self, option: &str, value: Option<&str>) -> String {
        self.command("", &self.without_words(&[option], value))
    }

    fn command(&self, added: &str, words: &[String]) -> String {
        let mut command = format!("smime {}{}", self.before, self.verb.name());
        if !added.is_empty() {
            command.push(' ');
            command.push_str(added);
        }
        let rest: String = words.iter().map(|w| format!(" {}", quoted(w))).collect();
        if rest.chars().count() > LENGTH {
            command.push_str(" …");
        } else {
            command.push_str(&rest);
        }
        command
    }

    /// The same, done by `open`, which removes any layer.
    fn opening(&self) -> Self {
        Self {
            verb: Verb::Open,
            ..self.clone()
        }
    }

    /// The same with an option more.
    fn and(mut self, option: &str, value: &str) -> Self {
        self.words
            .splice(0..0, [option.to_owned(), value.to_owned()]);
        self
    }

    /// The command with its result in a file.
    fn to_file(&self, file: &str) -> String {
        let words = self.without_words(&["-o", "--output"], None);
        self.command(&format!("-o {file}"), &words)
    }

    /// The same of another message, its result where it comes to.
    fn on(&self, message: &str) -> Self {
        let mut words = self.without_words(&["-o", "--output"], None);
        let typed = self.message.as_deref().unwrap_or("-");
        match words.iter_mut().rfind(|word| *word == typed) {
            Some(word) => message.clone_into(word),
            None => words.push(message.to_owned()),
        }
        Self {
            words,
            message: Some(message.to_owned()),
            ..self.clone()
        }
    }

    fn has(&self, option: &str, value: &str) -> bool {
        self.without_words(&[option], Some(value)).len() < self.words.len()
    }

    /// What was typed without these options; with `only`, where that is their value.
    fn without_words(&self, options: &[&str], only: Option<&str>) -> Vec<String> {
        let mut kept = Vec::with_capacity(self.words.len());
        let mut words = self.words.iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                kept.push(word.clone());
                kept.extend(words.by_ref().cloned());
                break;
            }
            let fits = |value: &str| only.is_none_or(|only| only == value);
            let joined = word.split_once('=').filter(|(o, _)| options.contains(o));
            if joined.is_some_and(|(_, value)| fits(value)) {
                continue;
            }
            if options.contains(&word.as_str()) {
                if word.starts_with("--require-") || word.starts_with("--inhibit-") {
                    continue;
                }
                if words.peek().is_some_and(|value| fits(value)) {
                    words.next();
                    continue;
                }
            }
            kept.push(word.clone());
        }
        kept
    }

    /// The file that the password came from, if it was given.
    pub(crate) fn password_file(&self) -> Option<&str> {
        const OPTION: &str = "--password-file";
        let options = self.words.iter().take_while(|word| *word != "--");
        let values = self.words.iter().skip(1);
        let joined = |word: &'_ String| word.starts_with("--password-file=");
        match options.clone().find(|word| joined(word)) {
            Some(word) => word.split_once('=').map(|(_, path)| path),
            None => options
                .zip(values)
                .find(|(option, _)| *option == OPTION)
                .map(|(_, path)| path.as_str()),
        }
    }

    /// Advice on a file that cannot be used: another one in its place, or out of the directory of anchors with it.
    pub(crate) fn instead_of(&self, path: &Path) -> Option<String> {
        let shown = path.display().to_string();
        let mut words = self.words.clone();
        if let Some(word) = words.iter_mut().find(|word| **word == shown) {
            "FILE".clone_into(word);
            let command = self.command("", &words);
            return Some(format!("give one that can be used: {command}"));
        }
        let options = self.words.iter().zip(self.words.iter().skip(1));
        let mut directories = options.filter(|(option, _)| *option == "-t" || *option == "--trust");
        let is_default = super::prepare::trust_directory().is_some_and(|it| path.starts_with(it));
        (is_default || directories.any(|(_, directory)| path.starts_with(directory)))
            .then(|| {
                let shown = quoted(&shown);
                format!("in a directory of trust anchors every file must hold some: move {shown} elsewhere, or hide it by a name that begins with a dot")
            })
    }

    /// `smime inspect mail.eml`
    pub(crate) fn inspect(&self) -> String {
        let message = self.message.as_deref();
        let message = message.map_or_else(String::new, |path| format!(" {}", quoted(path)));
        format!("smime inspect{message}")
    }
}

/// Returns a word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// What may help against a finding, not yet escaped.
pub(crate) fn hint_for(finding: &Finding, typed: &Typed) -> Option<String> {
    let name = finding.rule.name();
    if finding.level == Level::Allow {
        return None;
    }
    if finding.level == Level::Deny && typed.has("--deny", name) && !finding.rule.is_fixed() {
        let command = typed.without("--deny", Some(name));
        return Some(format!("without --deny {name} it would pass: {command}"));
    }
    let specific = match (&finding.objection, &finding.part) {
        (Some(objection), _) => of_reason(objection, typed),
        (None, Some(part)) if finding.rule == Rule::ErrantLayer => of_part(part, typed),
        (None, _) => of_rule(finding.rule, typed),
    };
    match specific {
        Advice::Is(hint) => Some(hint),
        Advice::None => None,
        Advice::Issuer => {
            let certificate = &finding.objection.as_ref()?.certificate;
            Some(format!(
                "only its issuer can mend that: ask {} for another certificate of {}",
                named(&certificate.issuer),
                who(certificate)
            ))
        }
        Advice::Override if finding.level == Level::Deny && !finding.rule.is_fixed() => {
            Some(all_the_same(name, typed))
        }
        Advice::Override => None,
    }
}

fn all_the_same(rule: &str, typed: &Typed) -> String {
    let command = typed.with("--warn", rule);
    format!("to go on all the same, at your own risk: {command}")
}

/// What there is to say.
enum Advice {
    Is(String),
    /// to ask the issuer
    Issuer,
    /// only to set the rule's level
    Override,
    /// nothing would help
    None,
}

fn of_reason(objection: &Objection, typed: &Typed) -> Advice {
    let certificate = &objection.certificate;
    let who = who(certificate);
    let reads = matches!(typed.verb, Verb::Verify | Verb::Open | Verb::Decrypt);
    let checks = typed.verb == Verb::CertCheck;
    Advice::Is(match objection.reason {
        Reason::NoIssuer => {
            let at = place(&certificate.issuer_location);
            let give = typed.with("-c", "FILE");
            format!(
                "give the certificate of {}{at}, with -t instead if you trust it as a root: {give}",
                named(&certificate.issuer)
            )
        }
        Reason::NotAnchored => match &certificate.origin {
            Some(file) if file != "the message" => {
                format!(
                    "if you trust {who} (sha256 {}) and all else in that file: {}",
                    certificate.sha256,
                    typed.with("-t", file)
                )
            }
            _ => format!(
                "if you trust {who} (sha256 {}), get its certificate from its owner, not from a message: {}",
                certificate.sha256,
                typed.with("-t", "FILE")
            ),
        },
        Reason::Signature => format!(
            "another certificate of {} may fit: {}",
            named(&certificate.issuer),
            typed.with("-c", "FILE")
        ),
        Reason::NoPolicy if typed.words.iter().any(|w| w.starts_with("--policy-oid")) => {
            let command = typed.without("--policy-oid", None);
            format!("if another policy will do: {command}")
        }
        Reason::NoPolicy if typed.words.iter().any(|w| w == "--require-explicit-policy") => {
            let command = typed.without("--require-explicit-policy", None);
            format!("if any policy will do: {command}")
        }
        Reason::NotYetValid => match certificate.validity {
            Some((from, _)) => format!(
                "if the clock is wrong, set it; to judge as of its first day: {}",
                typed.with("--at", &from.to_string())
            ),
            None => return Advice::Override,
        },
        Reason::Expired => match certificate.validity {
            Some((_, to)) if reads || checks => format!(
                "to judge as of its last day: {}",
                typed.with("--at", &to.to_string())
            ),
            _ if typed.verb == Verb::Sign => {
                "get a new certificate, and give it with -i".to_owned()
            }
            _ => format!("ask {who} for a new certificate"),
        },
        Reason::ExpiredSinceSigning
        | Reason::WeakAlgorithm
        | Reason::WeakDigest
        | Reason::WeakKey
            if reads || checks =>
        {
            format!(
                "to judge it as old mail: {}",
                typed.with("--policy", "archive")
            )
        }
        Reason::Revoked if reads => return Advice::None,
        Reason::Revoked => format!("ask {who} for a new certificate"),
        // no list of that issuer would do
        Reason::NoCrlSign => return Advice::Override,
        reason if reason.rule() == Rule::RevocationUnknown => {
            let at = place(&certificate.crl);
            let give = typed.with("--crls", "FILE");
            let issuer = named(&certificate.issuer);
            format!("give a current revocation list of {issuer}{at}: {give}")
        }
        Reason::KeyCannotSign | Reason::NoDigitalSignature if checks => format!(
            "to check it for encryption: {}",
            typed.with("--purpose", "encrypt")
        ),
        Reason::KeyCannotEncrypt | Reason::NoKeyEncipherment | Reason::NoKeyAgreement if checks => {
            format!(
                "to check it for signing: {}",
                typed.with("--purpose", "sign")
            )
        }
        Reason::NoEmailProtection | Reason::CaAsPerson if checks => format!(
            "to check it for any use: {}",
            typed.with("--purpose", "any")
        ),
        Reason::KeyCannotSign | Reason::UnusableKey => return Advice::None,
        Reason::KeyCannotEncrypt => format!("ask {who} for a certificate that can be encrypted to"),
        Reason::SenderMismatch => match &certificate.address {
            // an address in another script may look like the sender's
            Some(address) if !address.is_ascii() => return Advice::None,
            // nothing that the message brings is filled in: who sends it chose that
            Some(_) => format!(
                "if you know that somebody else may sign for the sender: {}",
                typed.with("--signer", "ADDRESS")
            ),
            None => return Advice::Override,
        },
        Reason::SenderAbsent => format!(
            "if you know that the certificate is the sender's: {}",
            typed.with("--signer", &format!("sha256:{}", certificate.sha256))
        ),
        Reason::SignerUnexpected => {
            let signer = match &certificate.address {
                Some(_) => "ADDRESS".to_owned(),
                None => format!("sha256:{}", certificate.sha256),
            };
            format!(
                "if you know that who did sign may: {}",
                typed.with("--signer", &signer)
            )
        }
        Reason::MalformedUsage => return Advice::Issuer,
        // to allow the rule for one certificate's fault is to allow all that nobody vouches for
        reason if reason.rule() == Rule::Untrusted => return Advice::Issuer,
        _ => return Advice::Override,
    })
}

fn of_rule(rule: Rule, typed: &Typed) -> Advice {
    let reads = matches!(typed.verb, Verb::Verify | Verb::Open | Verb::Decrypt);
    Advice::Is(match rule {
        Rule::SenderMismatch if typed.words.iter().any(|w| w.starts_with("--signer")) => {
            return Advice::None;
        }
        Rule::SenderMismatch if matches!(typed.verb, Verb::Sign | Verb::Encrypt) => {
            format!(
                "give the key and certificate of the sender: {}",
                typed.with("-i", "FILE")
            )
        }
        Rule::SenderMismatch | Rule::NoFrom if matches!(typed.verb, Verb::Verify | Verb::Open) => {
            format!(
                "say yourself who must have signed: {}",
                typed.with("--signer", "ADDRESS")
            )
        }
        Rule::SignerCertificate => {
            format!(
                "give the signer's certificate: {}",
                typed.with("-c", "FILE")
            )
        }
        Rule::WeakAlgorithm
        | Rule::WeakKey
        | Rule::WeakDigest
        | Rule::WeakCipher
        | Rule::NoSignedAttributes
            if reads =>
        {
            format!(
                "to judge it as old mail: {}",
                typed.with("--policy", "archive")
            )
        }
        Rule::NotSigned if typed.verb == Verb::Verify => format!(
            "{} says what the message is; smime open removes encryption first",
            typed.inspect()
        ),
        Rule::NotEncrypted => format!(
            "{} says what the message is; smime verify checks a signature",
            typed.inspect()
        ),
        Rule::BlindCopy if typed.has("--bcc", "refuse") => {
            format!(
                "to write each of them a copy of his own: {}",
                typed.with("--bcc", "each")
            )
        }
        Rule::BlindCopy if typed.is_many() => format!(
            "batch has no place for copies; by itself, with the same options: {}",
            typed.alone("-o FILE")
        ),
        Rule::PossibleBlindCopy => {
            "name who is in Bcc by address, with the certificate that names it: -c FILE -r ADDRESS"
                .to_owned()
        }
        Rule::BlindCopy => format!(
            "a copy for each of them is written beside a FILE, not to a pipe: {}",
            typed.with("-o", "FILE")
        ),
        Rule::NotSevenBit if typed.verb == Verb::Sign => format!(
            "inside the signature nothing needs to be 7-bit safe: {}",
            typed.with("--opaque", "")
        ),
        Rule::NotProtected => format!("{} says what the message is", typed.inspect()),
        Rule::KeyFileReadable => "chmod 600 makes a key file private".to_owned(),
        _ => return Advice::Override,
    })
}

/// The command that looks at a part alone. What stands inside a CMS object has its number in what comes out of that.
fn of_part(part: &Part, typed: &Typed) -> Advice {
    let does = match (part.encrypted, typed.verb) {
        (false, Verb::Verify) | (true, Verb::Decrypt) | (_, Verb::Open) => typed.clone(),
        _ => typed.opening(),
    };
    let has_key = does
        .words
        .iter()
        .any(|w| w.starts_with("-i") || w.starts_with("--identity"));
    let does = match part.encrypted && !has_key {
        true => does.and("-i", "FILE"),
        false => does,
    };
    Advice::Is(match &part.inside {
        None => format!(
            "to take that part alone: {}",
            does.with("--part", &part.number)
        ),
        Some(number) => {
            let first = typed.to_file("FILE");
            let then = does.on("FILE").with("--part", number);
            format!("to take that part alone: {first} && {then}")
        }
    })
}

/// The subject, or else what names the certificate.
fn who(certificate: &Concerned) -> String {
    if certificate.subject.is_empty() {
        format!("the holder of the certificate {}", certificate.serial)
    } else {
        named(&certificate.subject)
    }
}

/// Characters of a name that advice gives.
const NAME: usize = 160;

/// Sets a name apart from our words: it may read like advice. A quotation mark inside it has a backslash (RFC 4514 §2.4).
fn named(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("\"{}…\"", name.get(..end).unwrap_or_default()),
        None => format!("\"{name}\""),
    }
}

/// ` (it may be had at http://…)`, where that is plainly an address and nothing else.
fn place(location: &Option<String>) -> String {
    let is_plain = |at: &&str| {
        let scheme = ["http://", "https://", "ldap://", "ldaps://"];
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(c);
        at.len() <= NAME && scheme.iter().any(|s| at.starts_with(s)) && at.chars().all(is_plain)
    };
    let location = location.as_deref().filter(is_plain);
    location.map_or_else(String::new, |at| format!(" (it may be had at {at})"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::args::Arguments;
    use clap::Parser;

    fn typed(line: &[&str]) -> Typed {
        let words: Vec<OsString> = ["smime"].iter().chain(line).map(Into::into).collect();
        let parsed = Arguments::try_parse_from(&words).unwrap();
        Typed::of(&words, &parsed.command).unwrap()
    }

    #[test]
    fn the_command_is_given_back_with_an_option_more() {
        let verify = typed(&["verify", "-t", "my root.pem", "mail.eml"]);
        assert_eq!(
            verify.with("-c", "FILE"),
            "smime verify -c FILE -t 'my root.pem' mail.eml"
        );
        assert_eq!(verify.inspect(), "smime inspect mail.eml");
        let check = typed(&["cert", "check", "it's.pem"]);
        assert_eq!(
            check.with("--purpose", "any"),
            "smime cert check --purpose any 'it'\\''s.pem'"
        );
        assert_eq!(typed(&["verify", "-"]).inspect(), "smime inspect");
        let long = "x".repeat(LENGTH);
        assert_eq!(
            typed(&["verify", &long]).with("-t", "FILE"),
            "smime verify -t FILE …"
        );
    }

    #[test]
    fn what_the_new_option_contradicts_is_left_out() {
        let line = typed(&[
            "verify",
            "--at",
            "2026-01-01",
            "--deny=expired",
            "--warn",
            "no-from",
            "--signer",
            "a@b.example",
            "--policy=modern",
            "-t",
            "x",
            "--",
            "--at",
        ]);
        assert_eq!(
            line.with("--at", "2025-01-01"),
            "smime verify --at 2025-01-01 --deny=expired --warn no-from --signer a@b.example --policy=modern -t x -- --at"
        );
        assert!(line.has("--deny", "expired") && !line.has("--deny", "no-from"));
        assert!(!line.with("--warn", "expired").contains("--deny"));
        assert!(!line.with("--signer", "c@d.example").contains("a@b.example"));
        let dash = line.with("--signer", "-x@d.example");
        assert!(dash.contains(" --signer=-x@d.example "), "{dash}");
        assert!(!line.with("--policy", "archive").contains("modern"));
        let explicit = typed(&["verify", "--require-explicit-policy", "-t", "x"]);
        assert_eq!(
            explicit.without("--require-explicit-policy", None),
            "smime verify -t x"
        );
    }

    #[test]
    fn what_others_wrote_cannot_pass_for_advice() {
        assert_eq!(named("CN=x\\\": rm"), "\"CN=x\\\": rm\"");
        assert_eq!(named(&"x".repeat(NAME + 1)).chars().count(), NAME + 3);
        let at = |location: &str| place(&Some(location.to_owned()));
        assert_eq!(
            at("http://a.example/x.crl"),
            " (it may be had at http://a.example/x.crl)"
        );
        for hostile in [
            "http://a/x: smime verify -t evil.pem",
            "file:///etc",
            "http://a/\u{202e}",
            "http://a/'",
        ] {
            assert_eq!(at(hostile), "");
        }
        assert_eq!(quoted("$(rm)"), "'$(rm)'");
        assert_eq!(quoted("a'b"), "'a'\\''b'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_part_is_taken_by_a_verb_that_can() {
        let hint = |line: &[&str], encrypted, inside: Option<&str>| {
            let policy = smime::policy::Policy::default();
            let finding = policy.finding(Rule::ErrantLayer, "x").about(Part {
                number: "1.1.2".to_owned(),
                inside: inside.map(str::to_owned),
                encrypted,
            });
            let hint = hint_for(&finding, &typed(line)).unwrap();
            hint.rsplit_once(": ").unwrap().1.to_owned()
        };
        let verify = ["verify", "-t", "x", "m.eml"];
        assert_eq!(
            hint(&verify, false, None),
            "smime verify --part 1.1.2 -t x m.eml"
        );
        assert_eq!(
            hint(&verify, true, None),
            "smime open --part 1.1.2 -i FILE -t x m.eml"
        );
        assert_eq!(
            hint(&verify, false, Some("1.2")),
            "smime verify -o FILE -t x m.eml && smime verify --part 1.2 -t x FILE"
        );
        assert_eq!(
            hint(
                &["decrypt", "-i", "k", "--part", "1.1", "-o", "f"],
                true,
                None
            ),
            "smime decrypt --part 1.1.2 -i k -o f"
        );
        assert_eq!(
            hint(&["decrypt", "-i", "k", "-o", "f"], false, Some("1.2")),
            "smime decrypt -o FILE -i k && smime open --part 1.2 -i k FILE"
        );
    }

    #[test]
    fn every_rule_that_can_be_allowed_has_advice() {
        let typed = typed(&["verify", "x"]);
        let policy = smime::policy::Policy::default();
        for rule in Rule::ALL {
            let finding = policy.finding(*rule, "x");
            if finding.level == Level::Deny && !rule.is_fixed() {
                assert!(hint_for(&finding, &typed).is_some(), "{}", rule.name());
            }
        }
        let denied = typed_denying();
        let mut strict = smime::policy::Policy::default();
        strict.set(Rule::NoFrom, Level::Deny).unwrap();
        assert_eq!(
            hint_for(&strict.finding(Rule::NoFrom, "x"), &denied).unwrap(),
            "without --deny no-from it would pass: smime verify x"
        );
    }

    fn typed_denying() -> Typed {
        typed(&["verify", "--deny", "no-from", "x"])
    }
}
