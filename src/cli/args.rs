//! What was typed: verbs and options, as words. What they mean is found in `prepare`.
//!
//! Knows the command line's grammar and its help; opens nothing, parses no certificate, judges nothing. The grammar of `batch` is in `many`.
pub(crate) mod many;

pub(crate) use many::Batch;

use clap::{Args, Parser, Subcommand, ValueEnum};
use smime::mime::part::PartNumber;
use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

/// The page that `smime --help` prints.
const HELP: &str = "\
Sign, encrypt, verify and decrypt S/MIME mail

Usage: smime VERB [OPTIONS] [MESSAGE]

  sign         sign a message
  encrypt      encrypt a message to recipients
  decrypt      remove the outer encryption layer
  open         remove every layer, outermost first, and report on each
  verify       check the outermost signature: integrity, chain, sender
  inspect      say what a message is, without keys or trust
  receipt      sign the receipt that a message asks for
  cert show    print certificates
  cert check   validate each certificate's path to a trust anchor
  cert bundle  write certificates alone into one file (.p7c)
  batch VERB   sign, encrypt, verify, decrypt or open many messages
  help TOPIC   a verb, or: rules, reasons, exit-codes, limits

MESSAGE is a file, or - (the default) for standard input: mail, or CMS in DER,
PEM or base64. The result goes to standard output, or to the file of -o, and
only if everything asked for held. The report says what was found.

  -h, --help     print this page; after a verb, its options
  -V, --version  print the version

Examples:
  smime open -i alice.p12 -t root.pem message.eml
  smime sign -i alice.p12 draft.eml | smime encrypt -r bob.pem -o sealed.eml
";

/// The order and look of a verb's help: one screen.
const VERB_HELP: &str = "{about}\n\n{usage-heading} {usage}\n\n{options}{after-help}\n";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "smime",
    // whatever its file is called
    bin_name = "smime",
    version,
    override_help = HELP,
    disable_help_subcommand = true,
    max_term_width = 100,
    subcommand_value_name = "VERB"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

// each verb's grammar is made when that verb is typed: all of them would be a fifth of the work on a small message
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    Sign(Sign),
    Encrypt(Encrypt),
    Decrypt(Decrypt),
    Open(Open),
    Verify(Verify),
    Inspect(Inspect),
    Receipt(Receipt),
    Cert(Cert),
    Batch(Batch),
    Help(Help),
}

/// A verb, by its name in reports and hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Sign,
    Encrypt,
    Decrypt,
    Open,
    Verify,
    Inspect,
    Receipt,
    CertShow,
    CertCheck,
    CertBundle,
}

impl Verb {
    pub(crate) const ALL: [Self; 10] = [
        Self::Sign,
        Self::Encrypt,
        Self::Decrypt,
        Self::Open,
        Self::Verify,
        Self::Inspect,
        Self::Receipt,
        Self::CertShow,
        Self::CertCheck,
        Self::CertBundle,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::Open => "open",
            Self::Verify => "verify",
            Self::Inspect => "inspect",
            Self::Receipt => "receipt",
            Self::CertShow => "cert show",
            Self::CertCheck => "cert check",
            Self::CertBundle => "cert bundle",
        }
    }

    /// Returns whether it writes a message rather than a report.
    pub(crate) fn is_filter(self) -> bool {
        matches!(
            self,
            Self::Sign
                | Self::Encrypt
                | Self::Decrypt
                | Self::Open
                | Self::Receipt
                | Self::CertBundle
        )
    }
}

/// Signs a message: multipart/signed, or application/pkcs7-mime with --opaque.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime sign -i alice.pem message.eml > signed.eml
  smime sign -i alice.pem --binary --detached --format der -o photo.p7s photo.jpg")]
pub(crate) struct Sign {
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) signature: Signature,
    /// With --format der or pem: the signature alone
    #[arg(long)]
    pub(crate) detached: bool,
    /// Add a signature to a signed message
    #[arg(long, conflicts_with_all = ["countersign", "opaque", "detached", "text", "binary", "request_receipt"])]
    pub(crate) add: bool,
    /// Sign the signatures of a signed message
    #[arg(long, conflicts_with_all = ["opaque", "detached", "text", "binary", "request_receipt"])]
    pub(crate) countersign: bool,
    /// With --add: the content of a detached CMS signature
    #[arg(long, value_name = "FILE")]
    pub(crate) content: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) headers: Headers,
    #[command(flatten)]
    pub(crate) made: Made,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// Encrypts a message to recipients: to every one, or to none.
#[derive(Debug, Args)]
#[command(mut_arg("password_file", |o| o.help("Opens encrypted keys, or is the message's password")))]
#[command(help_template = VERB_HELP, after_help = "\
With -o mail.eml those in Bcc get mail.bcc-1.eml, mail.bcc-2.eml, …

Examples:
  smime encrypt --sign -i alice.pem -r bob.pem -t root.pem message.eml > sealed.eml
  smime encrypt --to-header -c certs -t root.pem -o encrypted.eml message.eml")]
pub(crate) struct Encrypt {
    /// A certificate file, or an address found in --certs
    #[arg(short, long, value_name = "WHO")]
    pub(crate) recipient: Vec<String>,
    /// Also to everyone in To, Cc and Bcc
    #[arg(long)]
    pub(crate) to_header: bool,
    /// Copies for those in Bcc: each, group or refuse
    #[arg(
        long,
        value_name = "HOW",
        default_value = "each",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) bcc: Bcc,
    #[command(flatten)]
    pub(crate) shared: Shared,
    /// As aes-256-cbc, aes-256-gcm, chacha20-poly1305
    #[arg(long, value_name = "NAME")]
    pub(crate) cipher: Option<String>,
    /// RSAES-OAEP with SHA-256 for RSA recipients
    #[arg(long, conflicts_with = "rsa_kem")]
    pub(crate) oaep: bool,
    /// RSA-KEM (RFC 9690) for RSA recipients
    #[arg(long)]
    pub(crate) rsa_kem: bool,
    /// Name recipients by key identifier
    #[arg(long)]
    pub(crate) key_identifier: bool,
    /// Sign, then encrypt; -i and what follows say how
    #[arg(long)]
    pub(crate) sign: bool,
    /// Sign, encrypt, and sign that
    #[arg(long, conflicts_with = "sign")]
    pub(crate) triple_wrap: bool,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) signature: Signature,
    #[command(flatten)]
    pub(crate) headers: Headers,
    #[command(flatten)]
    pub(crate) made: Made,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// Removes the outer encryption layer.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime decrypt -i alice.pem encrypted.eml
  smime decrypt -i alice.p12 --password-file password -o message.eml encrypted.eml")]
pub(crate) struct Decrypt {
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(flatten)]
    pub(crate) secret_key: SecretKey,
    #[command(flatten)]
    pub(crate) part: Part,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// Removes every layer, outermost first, and reports on each.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime open -i alice.pem -t root.pem encrypted.eml
  smime open -t root.pem --learn known -o message.eml signed.eml")]
pub(crate) struct Open {
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(flatten)]
    pub(crate) secret_key: SecretKey,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) signers: Signers,
    /// Keep a passing sender's certificates in DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) learn: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) part: Part,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// Checks the outermost signature: integrity, chain, sender.
#[derive(Debug, Args)]
#[command(mut_arg("output", |o| o.help("Also write what was verified to FILE")))]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime verify -t root.pem signed.eml
  smime verify -t root.pem --json -o message.eml signed.eml")]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) signers: Signers,
    /// Keep a passing sender's certificates in DIR
    #[arg(long, value_name = "DIR", conflicts_with = "receipt_for")]
    pub(crate) learn: Option<PathBuf>,
    /// The content of a detached CMS signature
    #[arg(long, value_name = "FILE", conflicts_with = "part")]
    pub(crate) content: Option<PathBuf>,
    /// MESSAGE is the signed receipt for this message
    #[arg(long, value_name = "ORIGINAL", conflicts_with_all = ["content", "output", "part"])]
    pub(crate) receipt_for: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) part: Part,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// Says what a message is, layer by layer, without keys or trust.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime inspect encrypted.eml
  smime inspect --json < signed.eml")]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// Verifies a message and signs the receipt that it asks for.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
A receipt is verified with: smime verify --receipt-for ORIGINAL RECEIPT

Examples:
  smime receipt -i bob.pem -t root.pem -o receipt.eml signed.eml
  smime receipt -i bob.pem -t root.pem --format der signed.eml > receipt.p7m")]
pub(crate) struct Receipt {
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) signers: Signers,
    /// Write smime, der or pem
    #[arg(
        long,
        default_value = "smime",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// Prints certificates, and validates their paths.
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    disable_help_subcommand = true,
    subcommand_value_name = "VERB",
    override_help = "\
Prints certificates, and validates their paths

Usage: smime cert VERB [OPTIONS] FILE...

  show    print certificates
  check   validate each certificate's path to a trust anchor
  bundle  write certificates alone into one file

Examples:
  smime cert show alice.pem
  smime cert check -t root.pem -c certs alice.pem
"
)]
pub(crate) struct Cert {
    #[command(subcommand)]
    pub(crate) command: CertCommand,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum CertCommand {
    Show(CertShow),
    Check(CertCheck),
    Bundle(CertBundle),
}

/// Prints certificates.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime cert show alice.pem bob.pem
  smime cert show --json alice.pem")]
pub(crate) struct CertShow {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Files of certificates
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Validates each certificate's path to a trust anchor.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime cert check -t root.pem -c certs alice.pem
  smime cert check -t root.pem -c certs --purpose encrypt --json bob.pem")]
pub(crate) struct CertCheck {
    /// What it is for: sign, encrypt or any
    #[arg(
        long,
        default_value = "sign",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) purpose: Purpose,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Files of certificates
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Writes certificates alone into one file.
#[derive(Debug, Args)]
#[command(help_template = VERB_HELP, after_help = "\
Examples:
  smime cert bundle -o chain.p7c alice.pem
  smime cert bundle --format smime alice.pem bob.pem > certificates.eml")]
pub(crate) struct CertBundle {
    /// Write smime, der or pem
    #[arg(
        long,
        default_value = "der",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Files of certificates
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Prints a page of help.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Help {
    pub(crate) topic: Vec<String>,
}

/// The message to read.
#[derive(Debug, Args)]
pub(crate) struct Message {
    /// The message, or - for standard input
    #[arg(value_name = "MESSAGE", default_value = "-", hide_default_value = true)]
    pub(crate) message: PathBuf,
}

/// The part to read in place of the message.
#[derive(Debug, Args)]
pub(crate) struct Part {
    /// Take part N, as 1.2, for the message; see: smime inspect
    #[arg(long, value_name = "N")]
    pub(crate) part: Option<PartNumber>,
}

/// Where the result goes; without FILE: to standard output, except that `verify` writes no content.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Write to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Flush the output to the disk before ending
    #[arg(long)]
    pub(crate) sync: bool,
}

/// What every verb takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Other certificates: a file or directory
    #[arg(short, long, value_name = "PATH")]
    pub(crate) certs: Vec<PathBuf>,
    /// The time to judge and to sign at (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// standard, modern or archive (old mail)
    #[arg(
        long,
        value_name = "NAME",
        default_value = "standard",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) policy: PolicyName,
    /// Do not mind this rule; see: smime help rules
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<String>,
    /// Warn of what breaks this rule
    #[arg(long, value_name = "RULE")]
    pub(crate) warn: Vec<String>,
    /// Refuse what breaks this rule
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<String>,
    /// Report as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the JSON report to FILE besides
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// No text report; errors are still told
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Threads of batch; 1: one for a large message, too
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

impl Common {
    /// Returns whether a second thread may help with a message.
    pub(crate) fn overlap(&self) -> bool {
        self.threads.is_none_or(|threads| threads.get() > 1)
    }

    /// Returns whether no text may be written but errors.
    pub(crate) fn is_silent(&self) -> bool {
        self.json || self.quiet
    }
}

/// Private keys.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// Private keys and certificates: PKCS#12, PEM, DER
    #[arg(short, long, value_name = "PATH")]
    pub(crate) identity: Vec<PathBuf>,
    /// The first line opens encrypted keys
    #[arg(long, value_name = "PATH")]
    pub(crate) password_file: Option<PathBuf>,
}

/// How a signature is made.
#[derive(Debug, Args)]
pub(crate) struct Signature {
    /// Sign opaquely: content inside the signature
    #[arg(long)]
    pub(crate) opaque: bool,
    /// sha-256, sha-384 or sha-512
    #[arg(long, value_name = "NAME")]
    pub(crate) digest: Option<String>,
    /// Sign with RSASSA-PSS
    #[arg(long)]
    pub(crate) pss: bool,
    /// Certificates put in: leaf, chain, all or none
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "chain",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) include: Include,
    /// Ask for signed receipts to ADDRESS
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) request_receipt: Option<String>,
}

impl Signature {
    /// Returns the first of these options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given = [
            (self.opaque, "--opaque"),
            (self.digest.is_some(), "--digest"),
            (self.pss, "--pss"),
            (self.include != Include::Chain, "--include"),
            (self.request_receipt.is_some(), "--request-receipt"),
        ];
        given
            .into_iter()
            .find_map(|(given, name)| given.then_some(name))
    }
}

/// Secrets that sender and recipients share.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// A shared key by its name; FILE holds it, raw or in hex
    #[arg(long, value_name = "NAME:FILE")]
    pub(crate) kek: Vec<String>,
    /// Whoever knows the password; see --password-file
    #[arg(long)]
    pub(crate) password_recipient: bool,
}

/// A key without a certificate.
#[derive(Debug, Args)]
pub(crate) struct SecretKey {
    /// The key of EncryptedData: its octets, or in hexadecimal
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_key: Option<PathBuf>,
}

/// Whether the header is protected, too.
#[derive(Debug, Args)]
pub(crate) struct Headers {
    /// Protect Subject, To, Date, ..., too (RFC 9788)
    #[arg(long, conflicts_with_all = ["text", "binary", "compress"])]
    pub(crate) protect_headers: bool,
    /// The same; what encryption hides: baseline, shy or none
    #[arg(
        long,
        value_name = "WHAT",
        conflicts_with_all = ["text", "binary", "compress"],
        hide_possible_values = true
    )]
    pub(crate) hide_headers: Option<HideHeaders>,
}

/// How the output of `sign` and `encrypt` is made.
#[derive(Debug, Args)]
pub(crate) struct Made {
    /// Compress the content first (zlib)
    #[arg(long)]
    pub(crate) compress: bool,
    /// The input is text, not a message
    #[arg(long, conflicts_with = "binary")]
    pub(crate) text: bool,
    /// The input is any file, taken as it is
    #[arg(long)]
    pub(crate) binary: bool,
    /// Write smime, der or pem
    #[arg(
        long,
        default_value = "smime",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) format: Format,
}

/// Whom to trust.
#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// Trust anchors: a file or directory
    #[arg(short, long, value_name = "PATH")]
    pub(crate) trust: Vec<PathBuf>,
    /// Trust the operating system's anchors too
    #[arg(long)]
    pub(crate) trust_system: bool,
    /// Revocation lists, OCSP responses: a file or directory
    #[arg(long, value_name = "PATH")]
    pub(crate) crls: Vec<PathBuf>,
    /// off, soft or hard
    #[arg(
        long,
        value_name = "HOW",
        default_value = "soft",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) revocation: Revocation,
    /// A certificate policy that will do where one is required
    #[arg(long, value_name = "OID")]
    pub(crate) policy_oid: Vec<String>,
    /// A path must be valid for a policy
    #[arg(long)]
    pub(crate) require_explicit_policy: bool,
    /// Issuers may not map policies
    #[arg(long)]
    pub(crate) inhibit_policy_mapping: bool,
    /// anyPolicy does not count
    #[arg(long)]
    pub(crate) inhibit_any_policy: bool,
}

/// Who must have signed.
#[derive(Debug, Args)]
pub(crate) struct Signers {
    /// Who must have signed: an address or sha256:HEX
    #[arg(long, value_name = "WHO")]
    pub(crate) signer: Vec<String>,
    /// Signers whose signature must pass, instead of all
    #[arg(long, value_name = "N")]
    pub(crate) require: Option<NonZeroUsize>,
    /// Trust anchors of time-stamping authorities
    #[arg(long, value_name = "PATH")]
    pub(crate) timestamp_trust: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Include {
    Leaf,
    Chain,
    All,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bcc {
    Each,
    Group,
    Refuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HideHeaders {
    Baseline,
    Shy,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Smime,
    Der,
    Pem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyName {
    Standard,
    Modern,
    Archive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Revocation {
    Off,
    Soft,
    Hard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    Sign,
    Encrypt,
    Any,
}

impl Command {
    /// Returns the verb; `None` for help.
    pub(crate) fn verb(&self) -> Option<Verb> {
        Some(match self {
            Self::Sign(_) => Verb::Sign,
            Self::Encrypt(_) => Verb::Encrypt,
            Self::Decrypt(_) => Verb::Decrypt,
            Self::Open(_) => Verb::Open,
            Self::Verify(_) => Verb::Verify,
            Self::Inspect(_) => Verb::Inspect,
            Self::Receipt(_) => Verb::Receipt,
            Self::Cert(cert) => match cert.command {
                CertCommand::Show(_) => Verb::CertShow,
                CertCommand::Check(_) => Verb::CertCheck,
                CertCommand::Bundle(_) => Verb::CertBundle,
            },
            Self::Batch(batch) => return batch.command.verb(),
            Self::Help(_) => return None,
        })
    }

    /// Returns the options that every verb takes; `None` for help.
    pub(crate) fn common(&self) -> Option<&Common> {
        Some(match self {
            Self::Sign(v) => &v.common,
            Self::Encrypt(v) => &v.common,
            Self::Decrypt(v) => &v.common,
            Self::Open(v) => &v.common,
            Self::Verify(v) => &v.common,
            Self::Inspect(v) => &v.common,
            Self::Receipt(v) => &v.common,
            Self::Cert(cert) => match &cert.command {
                CertCommand::Show(v) => &v.common,
                CertCommand::Check(v) => &v.common,
                CertCommand::Bundle(v) => &v.common,
            },
            Self::Batch(batch) => return batch.command.common(),
            Self::Help(_) => return None,
        })
    }

    /// Returns the message to read; `None` for verbs that read none.
    pub(crate) fn message(&self) -> Option<&Path> {
        Some(match self {
            Self::Sign(v) => &v.message.message,
            Self::Encrypt(v) => &v.message.message,
            Self::Decrypt(v) => &v.message.message,
            Self::Open(v) => &v.message.message,
            Self::Verify(v) => &v.message.message,
            Self::Inspect(v) => &v.message.message,
            Self::Receipt(v) => &v.message.message,
            Self::Cert(_) | Self::Batch(_) | Self::Help(_) => return None,
        })
    }

    /// Returns the files that are read for keys, certificates and secrets: what must not be written over.
    pub(crate) fn reads(&self) -> Vec<&Path> {
        let mut read: Vec<&Path> = Vec::new();
        let (keys, trust, shared, signers) = match self {
            Self::Sign(v) => (Some(&v.keys), None, None, None),
            Self::Encrypt(v) => {
                read.extend(v.recipient.iter().map(Path::new));
                (Some(&v.keys), Some(&v.trust), Some(&v.shared), None)
            }
            Self::Decrypt(v) => {
                read.extend(v.secret_key.secret_key.as_deref());
                (Some(&v.keys), None, Some(&v.shared), None)
            }
            Self::Open(v) => {
                read.extend(v.secret_key.secret_key.as_deref());
                let (trust, signers) = (Some(&v.trust), Some(&v.signers));
                (Some(&v.keys), trust, Some(&v.shared), signers)
            }
            Self::Verify(v) => (None, Some(&v.trust), None, Some(&v.signers)),
            Self::Receipt(v) => (Some(&v.keys), Some(&v.trust), None, Some(&v.signers)),
            Self::Cert(Cert {
                command: CertCommand::Check(v),
            }) => (None, Some(&v.trust), None, None),
            Self::Batch(batch) => return batch.command.reads(),
            Self::Inspect(_) | Self::Cert(_) | Self::Help(_) => (None, None, None, None),
        };
        let lists = [
            keys.map(|it| &it.identity),
            trust.map(|it| &it.trust),
            trust.map(|it| &it.crls),
            signers.map(|it| &it.timestamp_trust),
            self.common().map(|it| &it.certs),
        ];
        read.extend(lists.into_iter().flatten().flatten().map(PathBuf::as_path));
        read.extend(keys.and_then(|it| it.password_file.as_deref()));
        let keks = shared.map(|it| it.kek.iter()).into_iter().flatten();
        read.extend(keks.filter_map(|it| it.split_once(':').map(|(_, file)| Path::new(file))));
        read
    }

    /// Returns the default directory of trust anchors, if they are read from it.
    pub(crate) fn default_trust(&self) -> Option<PathBuf> {
        let trust = match self {
            Self::Encrypt(v) => &v.trust,
            Self::Open(v) => &v.trust,
            Self::Verify(v) => &v.trust,
            Self::Receipt(v) => &v.trust,
            Self::Cert(Cert {
                command: CertCommand::Check(v),
            }) => &v.trust,
            _ => return None,
        };
        let is_named = !trust.trust.is_empty() || trust.trust_system;
        super::prepare::trust_directory().filter(|_| !is_named)
    }

    /// Returns the message and what belongs to it: what is made of that may take its place, but no report.
    pub(crate) fn subjects(&self) -> Vec<&Path> {
        let (besides, files): (_, &[PathBuf]) = match self {
            Self::Sign(v) => ([v.content.as_deref(), None], &[]),
            Self::Verify(v) => ([v.content.as_deref(), v.receipt_for.as_deref()], &[]),
            Self::Cert(cert) => match &cert.command {
                CertCommand::Show(v) => ([None; 2], &v.files),
                CertCommand::Check(v) => ([None; 2], &v.files),
                CertCommand::Bundle(v) => ([None; 2], &v.files),
            },
            Self::Batch(batch) => ([None; 2], &batch.inputs),
            _ => ([None; 2], &[]),
        };
        let message = self.message().filter(|it| *it != Path::new("-"));
        let besides = besides.into_iter().flatten();
        let files = files.iter().map(PathBuf::as_path);
        message.into_iter().chain(besides).chain(files).collect()
    }

    /// Returns where the result goes; `None` for help.
    pub(crate) fn output(&self) -> Option<&Output> {
        Some(match self {
            Self::Sign(v) => &v.output,
            Self::Encrypt(v) => &v.output,
            Self::Decrypt(v) => &v.output,
            Self::Open(v) => &v.output,
            Self::Verify(v) => &v.output,
            Self::Inspect(v) => &v.output,
            Self::Receipt(v) => &v.output,
            Self::Cert(cert) => match &cert.command {
                CertCommand::Show(v) => &v.output,
                CertCommand::Check(v) => &v.output,
                CertCommand::Bundle(v) => &v.output,
            },
            Self::Batch(batch) => return batch.command.output(),
            Self::Help(_) => return None,
        })
    }
}
