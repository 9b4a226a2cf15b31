//! The `smime` command: what people type, made into calls of the library, and what it found, told to them.
//!
//! Knows people: files, terminals, options, exit statuses, words. Must not know cryptography, ASN.1 or MIME beyond the library's types.
//!
//! | file | subject |
//! | --- | --- |
//! | `args` | what was typed |
//! | `prepare`, `judging`, `password` | what it means |
//! | `sign` … `cert` | one verb each |
//! | `learn` | what is kept of senders |
//! | `output`, `transaction`, `folder` | where results go, whole or not at all |
//! | `reporting` | where the report goes, and the exit status |
//! | `show`, `json`, `certificate`, `escape` | what the report says |
//! | `error` | every error line and its hints |
//! | `advice` | what may help where the answer is no |
//! | `help` | pages made from tables |
//! | `told` | for fuzz targets: all that is told of an answer |
//!
//! `batch`, which does to many messages what a verb does to one, lives beside this room and is handed to [`run`].
pub(crate) mod advice;
pub(crate) mod args;
mod behind;
mod cert;
mod certificate;
pub(crate) mod decrypt;
pub(crate) mod encrypt;
pub(crate) mod error;
pub(crate) mod escape;
pub(crate) mod folder;
mod help;
mod inspect;
pub(crate) mod json;
mod judging;
mod learn;
pub(crate) mod open;
pub(crate) mod output;
mod password;
pub(crate) mod prepare;
mod receipt;
pub(crate) mod reporting;
#[cfg(test)]
mod samples;
pub(crate) mod show;
pub(crate) mod sign;
#[cfg(fuzzing)]
pub(crate) mod told;
mod transaction;
pub(crate) mod verify;

use args::{Arguments, Batch, CertCommand, Command};
use clap::{Parser, error::ErrorKind};
use output::Output;
use prepare::Randomness;
use reporting::Reporting;
use smime::{
    policy::{Finding, Level, Policy, Rule},
    smime::{Report, report::Verdict},
    x509::{Certificate, Crl, PathReport},
};
use std::{env, ffi::OsString, path::PathBuf, process::ExitCode};

/// What a verb found.
pub(crate) enum Answer {
    /// about a message
    Message(Report),
    /// certificates and CRLs, to be shown
    Certificates {
        certificates: Vec<Named>,
        crls: Vec<(PathBuf, Crl)>,
    },
    /// certificates, judged
    Paths(Vec<Checked>),
}

/// What a verb found, and what may leave once that is reported.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    /// the message last
    pub(crate) outputs: Vec<Output>,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        let outputs = Vec::new();
        Self { answer, outputs }
    }
}

/// A certificate and the file it is from.
pub(crate) struct Named {
    file: PathBuf,
    certificate: Certificate,
}

/// A certificate and what became of its path.
pub(crate) struct Checked {
    named: Named,
    report: PathReport,
}

impl Checked {
    fn verdict(&self) -> Verdict {
        if Policy::denies(&self.report.findings) {
            Verdict::Fail
        } else {
            Verdict::Pass
        }
    }
}

/// Errant layers that a hint leads to.
const ERRANT_HINTS: usize = 3;

impl Answer {
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Message(report) => report.verdict(),
            Self::Certificates { .. } => Verdict::Pass,
            Self::Paths(paths) if paths.iter().all(|c| c.verdict() == Verdict::Pass) => {
                Verdict::Pass
            }
            Self::Paths(_) => Verdict::Fail,
        }
    }

    /// Returns every finding that makes the answer no.
    pub(crate) fn denied(&self) -> impl Iterator<Item = &Finding> {
        let findings: Box<dyn Iterator<Item = &Finding>> = match self {
            Self::Message(report) => Box::new(report.all_findings()),
            Self::Certificates { .. } => Box::new(std::iter::empty()),
            Self::Paths(paths) => Box::new(paths.iter().flat_map(|c| &c.report.findings)),
        };
        findings.filter(|f| f.level == Level::Deny)
    }

    /// Returns the findings on layers that do not count, which may be what was asked for.
    fn errant_layers(&self) -> impl Iterator<Item = &Finding> {
        let findings: &[Finding] = match self {
            Self::Message(report) => &report.findings,
            Self::Certificates { .. } | Self::Paths(_) => &[],
        };
        let is_errant = |f: &&Finding| f.rule == Rule::ErrantLayer && f.level == Level::Warn;
        findings.iter().filter(is_errant).take(ERRANT_HINTS)
    }
}

/// Does a verb to many messages, and returns the exit status.
pub(crate) type Guest = fn(&Batch, Reporting, &mut Randomness) -> ExitCode;

/// Does what the command line asks, and returns the exit status.
pub(crate) fn run(many: Guest) -> ExitCode {
    keep_secrets();
    let typed: Vec<OsString> = env::args_os().collect();
    let command = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments.command,
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return reporting::page(&e.render().to_string());
        }
        Err(e) => return Reporting::guess(&typed).usage(&e),
    };
    if let Command::Help(help) = &command {
        return match help::page(&help.topic) {
            Ok(page) => reporting::page(&page),
            Err(e) => Reporting::guess(&typed).tell(Err(e)),
        };
    }
    let mut rng = match prepare::randomness() {
        Ok(rng) => rng,
        Err(e) => return Reporting::guess(&typed).tell(Err(e)),
    };
    match Reporting::of(&command, &typed, &mut rng) {
        Ok(reporting) => match &command {
            Command::Batch(batch) => many(batch, reporting, &mut rng),
            _ => {
                let outcome = perform(&command, &mut rng);
                reporting.tell(outcome)
            }
        },
        Err(e) => Reporting::guess(&typed).tell(Err(e)),
    }
}

fn perform(command: &Command, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    match command {
        Command::Sign(verb) => sign::run(verb, rng),
        Command::Encrypt(verb) => encrypt::run(verb, rng),
        Command::Decrypt(verb) => decrypt::run(verb, rng),
        Command::Open(verb) => open::run(verb, rng),
        Command::Verify(verb) => verify::run(verb, rng),
        Command::Receipt(verb) => receipt::run(verb, rng),
        Command::Inspect(verb) => inspect::run(verb).map(Outcome::from),
        Command::Cert(cert) => match &cert.command {
            CertCommand::Show(verb) => cert::show(verb).map(Outcome::from),
            CertCommand::Check(verb) => cert::check(verb).map(Outcome::from),
            CertCommand::Bundle(verb) => cert::bundle(verb, rng),
        },
        Command::Batch(_) | Command::Help(_) => Ok(Answer::Message(Report::default()).into()),
    }
}

/// Adds what was found beside the message. The output leaves when the report is on its way, and only if everything holds.
fn conclude(mut report: Report, findings: Vec<Finding>, output: Output) -> Outcome {
    report.findings.extend(findings);
    Outcome {
        answer: Answer::Message(report),
        outputs: vec![output],
    }
}

/// Returns the answer if it is no before the message is looked at.
pub(crate) fn refused(findings: &[Finding]) -> Option<Outcome> {
    Policy::denies(findings).then(|| {
        Outcome::from(Answer::Message(Report {
            layers: Vec::new(),
            findings: findings.to_vec(),
            ..Report::default()
        }))
    })
}

/// Lets no secret out by a core dump, a debugger or the text of a panic.
fn keep_secrets() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Best effort: where the system forbids it, it has its own rules.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
        output::to_standard_error(&format!(
            "smime: error: this is a fault of the program{place}\nsmime: hint: please report it\n"
        ));
        std::process::abort();
    }));
}
