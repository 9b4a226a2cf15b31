//! Where the report goes, and the exit status: the end of every command.
//!
//! Knows standard output, standard error and the file of `--report`; what it says is made in `show`, `json` and `error`.
use super::{
    Outcome,
    advice::{self, Typed},
    args::{Command, Verb},
    encrypt,
    error::{self, ENVIRONMENT, Failure},
    escape::escape,
    json,
    output::{self, Leave, Output},
    prepare::{self, Randomness},
    show, transaction,
};
use smime::smime::report::Verdict;
use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// How a command's findings are told.
pub(crate) struct Reporting {
    verb: Option<Verb>,
    typed: Option<Typed>,
    json: bool,
    quiet: bool,
    place: Place,
    file: Option<ReportFile>,
}

/// How findings about many messages are told.
pub(crate) struct Many {
    pub(crate) typed: Typed,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// that of `--report`
    pub(crate) file: Option<Output>,
}

/// The file of `--report`.
struct ReportFile {
    path: PathBuf,
    sync: bool,
    /// opened before anything is done, to know that it can be; used up by the first report
    output: Option<Output>,
}

impl ReportFile {
    fn open(path: &Path, sync: bool, rng: &mut Randomness) -> anyhow::Result<Self> {
        let output = Output::open(Some(path), Leave::AsWritten, sync, rng)?;
        Ok(Self {
            path: path.to_owned(),
            sync,
            output: Some(output),
        })
    }

    /// Writes a report, in place of an earlier one.
    fn write(&mut self, document: &str) -> anyhow::Result<()> {
        let output = match self.output.take() {
            Some(output) => output,
            None => {
                let rng = &mut prepare::randomness()?;
                Output::open(Some(&self.path), Leave::AsWritten, self.sync, rng)?
            }
        };
        write(output, document)
    }
}

/// Where the report goes.
enum Place {
    StandardOutput,
    /// the message, or what was verified, goes to standard output
    StandardError,
    /// a report verb was given `-o`
    File(Box<Output>),
}

impl Reporting {
    /// Prepares to tell what a command finds.
    pub(crate) fn of(
        command: &Command,
        typed: &[OsString],
        rng: &mut Randomness,
    ) -> anyhow::Result<Self> {
        let verb = command.verb();
        let target = command.output().and_then(|o| o.output.as_deref());
        let sync = command.output().is_some_and(|o| o.sync);
        let to_standard_output = target.is_some_and(output::is_standard_output);
        // a message may take the place of the one that it is made of; what is said of one may not
        let default = command.default_trust();
        let read: Vec<&Path> = command
            .reads()
            .into_iter()
            .chain(default.as_deref())
            .collect();
        let mut kept = read.clone();
        if verb != Some(Verb::Verify) && !verb.is_some_and(Verb::is_filter) {
            kept.extend(command.subjects());
        }
        if let Some(path) = target
            && is_one_of(path, &kept)
        {
            return Err(reads_and_writes("-o", path));
        }
        let place = match verb {
            Some(Verb::Verify) if to_standard_output => Place::StandardError,
            Some(Verb::Verify) => Place::StandardOutput,
            Some(verb) if verb.is_filter() => {
                if target.is_none() || to_standard_output {
                    Place::StandardError
                } else {
                    Place::StandardOutput
                }
            }
            _ => match target {
                Some(path) if !to_standard_output => Place::File(Box::new(Output::open(
                    Some(path),
                    Leave::AsWritten,
                    sync,
                    rng,
                )?)),
                _ => Place::StandardOutput,
            },
        };
        let common = command.common();
        let file = match common.and_then(|c| c.report.as_deref()) {
            Some(path) if is_one_of(path, &[read, command.subjects()].concat()) => {
                return Err(reads_and_writes("--report", path));
            }
            Some(path) if target.is_some_and(|target| is_copy(verb, target, path)) => {
                return Err(error::Problem::usage_with(
                    "--report: the file has the name of a copy for Bcc",
                    "--report takes a file of its own",
                )
                .into());
            }
            Some(path) if !is_of_its_own(path, target) => {
                return Err(error::Problem::usage_with(
                    "--report takes a file of its own",
                    "--json makes the report on standard output or error JSON",
                )
                .into());
            }
            Some(path) => Some(ReportFile::open(path, sync, rng)?),
            None => None,
        };
        Ok(Self {
            verb,
            typed: Typed::of(typed, command),
            json: common.is_some_and(|c| c.json),
            quiet: common.is_some_and(|c| c.quiet),
            place,
            file,
        })
    }

    /// Guesses how to tell that the command line is not understood.
    pub(crate) fn guess(typed: &[OsString]) -> Self {
        let words = typed.iter().skip(1).filter_map(|w| w.to_str());
        let mut words: Vec<&str> = words.collect();
        if words.first() == Some(&"batch") {
            words.remove(0);
        }
        let verb = Verb::ALL.into_iter().find(|verb| {
            let name: Vec<&str> = verb.name().split(' ').collect();
            words.starts_with(&name)
        });
        let target = value(&words, "--output", Some("-o")).map(Path::new);
        let to_file = target.is_some_and(|target| !output::is_standard_output(target));
        let place = if verb.is_some_and(Verb::is_filter) && !to_file {
            Place::StandardError
        } else {
            Place::StandardOutput
        };
        let report = value(&words, "--report", None).map(Path::new);
        let file = report
            .filter(|path| is_of_its_own(path, target) && !is_named_besides(path, &words))
            .filter(|path| !target.is_some_and(|target| is_copy(verb, target, path)))
            .and_then(|path| {
                let rng = &mut prepare::randomness().ok()?;
                ReportFile::open(path, false, rng).ok()
            });
        Self {
            typed: verb.map(Typed::bare),
            verb,
            json: words.contains(&"--json"),
            quiet: false,
            place,
            file,
        }
    }

    /// Tells that the command line is not understood.
    pub(crate) fn usage(self, error: &clap::Error) -> ExitCode {
        self.failed(&usage_failure(error))
    }

    /// Tells what was found, or why nothing was, and returns the exit status. If everything holds, this lets the output out.
    pub(crate) fn tell(self, result: anyhow::Result<Outcome>) -> ExitCode {
        match result {
            Ok(outcome) => self.answered(outcome),
            Err(e) => {
                let failure = Failure::of(&e, self.typed.as_ref());
                self.failed(&failure)
            }
        }
    }

    /// Goes on to tell of many messages, each in a line.
    pub(crate) fn of_many(self) -> Option<Many> {
        Some(Many {
            typed: self.typed?,
            json: self.json,
            quiet: self.quiet,
            file: self.file.and_then(|file| file.output),
        })
    }

    /// Leaves the file of `--report` as it is.
    pub(crate) fn without_file(self) -> Self {
        Self { file: None, ..self }
    }

    fn answered(mut self, outcome: Outcome) -> ExitCode {
        let Outcome { answer, outputs } = outcome;
        let answer = &answer;
        let Some(typed) = self.typed.clone() else {
            return ExitCode::from(error::USAGE);
        };
        let verb = typed.verb();
        let exit = match answer.verdict() {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
        };
        let is_wanted = self.json || self.file.is_some();
        let document = is_wanted.then(|| json::answer(&typed, answer, exit));
        let document = document.unwrap_or_default();
        // The report is on its way before the message leaves: nobody gets the one who asked for both and cannot have the other. What can still
        // go wrong then takes the report's place.
        let mut done = self.file_it(&document);
        if done.is_ok() && exit == 0 {
            done = Output::commit_all(outputs);
        }
        if let Err(e) = done {
            let failure = Failure::of(&e, self.typed.as_ref());
            return self.failed(&failure);
        }
        let report = if self.json {
            document
        } else if self.quiet {
            String::new()
        } else {
            show::text(verb, answer)
        };
        let json = self.json;
        if let Err(e) = self.print(&report) {
            let failure = Failure::of(&e, None);
            errors(&failure.line(), &failure.hints);
            return ExitCode::from(failure.exit);
        }
        if exit != 0 && !json {
            let mut hints: Vec<String> = Vec::new();
            for finding in answer.denied().chain(answer.errant_layers()) {
                if let Some(hint) = advice::hint_for(finding, &typed)
                    && !hints.contains(&hint)
                {
                    hints.push(hint);
                }
            }
            errors(&show::denial(verb, answer), &hints);
        }
        ExitCode::from(exit)
    }

    fn failed(mut self, failure: &Failure) -> ExitCode {
        let document = json::failure(self.verb, failure);
        // The error that led here counts; that it cannot be filed too does not.
        let _ = self.file_it(&document);
        if !self.json {
            errors(&failure.line(), &failure.hints);
        } else if matches!(self.place, Place::StandardError) {
            output::to_standard_error(&document);
        } else if output::to_standard_output(&document).is_err() {
            errors(&failure.line(), &failure.hints);
        }
        ExitCode::from(failure.exit)
    }

    fn file_it(&mut self, document: &str) -> anyhow::Result<()> {
        match &mut self.file {
            Some(file) => file.write(document),
            None => Ok(()),
        }
    }

    fn print(self, report: &str) -> anyhow::Result<()> {
        match self.place {
            Place::StandardOutput => print(report),
            Place::StandardError => {
                output::to_standard_error(report);
                Ok(())
            }
            Place::File(file) => write(*file, report),
        }
    }
}

/// Whether a file can take the report: neither standard output nor what the message goes to, by whatever name.
fn is_of_its_own(report: &Path, target: Option<&Path>) -> bool {
    !output::is_standard_output(report)
        && !target.is_some_and(|target| transaction::is_same(report, target))
}

/// Whether a path leads to one of these, or to a file in one that is a directory.
fn is_one_of(path: &Path, others: &[&Path]) -> bool {
    let same = |other: &Path| transaction::is_same(path, other);
    let within = |other: &Path| prepare::members(other).iter().any(|it| same(it));
    others
        .iter()
        .any(|it| same(it) || (path.exists() && it.is_dir() && within(it)))
}

/// Whether a report would have the name of a copy for Bcc.
fn is_copy(verb: Option<Verb>, target: &Path, report: &Path) -> bool {
    verb == Some(Verb::Encrypt) && encrypt::copies::is_copy(target, report)
}

fn reads_and_writes(option: &str, path: &Path) -> anyhow::Error {
    let message = format!("{option}: {} is read, too", path.display());
    error::Problem::usage_with(message, format!("{option} takes a file of its own")).into()
}

/// Whether a command line that is not understood names the file of its report elsewhere, or a directory that holds it: what that is for is anybody's guess, and a key or a
/// message must not be written over.
fn is_named_besides(report: &Path, words: &[&str]) -> bool {
    let real = fs::canonicalize(report).ok();
    let holds = |path: &Path| {
        let directory = fs::canonicalize(path).ok().filter(|it| it.is_dir());
        let (Some(real), Some(directory)) = (&real, directory) else {
            return false;
        };
        real.starts_with(directory)
    };
    let named = |word: &&str| {
        let value = word.rsplit_once(['=', ':']).map(|(_, value)| value);
        let short = word.strip_prefix('-').and_then(|it| it.get(1..));
        let mut paths = [Some(*word), value, short].into_iter().flatten();
        paths.any(|it| {
            let it = Path::new(it);
            it.exists() && (is_one_of(report, &[it]) || holds(it))
        })
    };
    let default = prepare::trust_directory();
    default.is_some_and(|it| is_one_of(report, &[&it]))
        || words.iter().filter(|word| named(word)).count() > 1
}

/// Finds an option's value in a command line that is not understood.
fn value<'a>(words: &[&'a str], long: &str, short: Option<&str>) -> Option<&'a str> {
    let mut words = words.iter().copied().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let found = if word == long || Some(word) == short {
            words.next().filter(|w| *w == "-" || !w.starts_with('-'))
        } else {
            let of_long = word.strip_prefix(long).and_then(|w| w.strip_prefix('='));
            of_long.or_else(|| word.strip_prefix(short?))
        };
        if let Some(found) = found.filter(|f| !f.is_empty()) {
            return Some(found);
        }
    }
    None
}

/// Prints a page of help to standard output.
pub(crate) fn page(text: &str) -> ExitCode {
    match print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            errors(&e.to_string(), &[]);
            ExitCode::from(ENVIRONMENT)
        }
    }
}

/// Prints to standard output. When nobody reads on, what was to be told is told.
fn print(text: &str) -> anyhow::Result<()> {
    match output::to_standard_output(text) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
            let path = "-".into();
            Err(error::Problem::Output { path, source }.into())
        }
        _ => Ok(()),
    }
}

fn write(mut file: Output, text: &str) -> anyhow::Result<()> {
    file.write_all(text.as_bytes())?;
    file.commit()
}

pub(crate) fn errors(line: &str, hints: &[String]) {
    let mut text = format!("smime: error: {}\n", escape(line));
    for hint in hints {
        text.push_str(&format!("smime: hint: {}\n", escape(hint)));
    }
    output::to_standard_error(&text);
}

/// Says in our manner what clap found: its first paragraph is the error, its tips and its usage line are hints.
fn usage_failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage(
            "a verb is missing",
            vec!["smime --help lists the verbs".to_owned()],
        );
    }
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let message = words.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let mut hints = Vec::new();
    for line in paragraphs.flat_map(str::lines).map(str::trim) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            // to be pasted: a shell takes <NAME> for files to read and to write
            let usage = usage.replace(['<', '>'], "");
            hints.push(format!("usage: {usage}"));
        }
    }
    let help = text
        .lines()
        .filter_map(|l| l.strip_prefix("Usage: "))
        .map(|usage| {
            let words = usage.split(' ');
            let command: Vec<&str> = words
                .take_while(|w| w.chars().all(|c| c.is_ascii_lowercase()))
                .collect();
            command.join(" ")
        })
        .next()
        .unwrap_or_else(|| "smime".to_owned());
    hints.push(format!("{help} --help lists the options"));
    Failure::usage(message.trim_end_matches("..."), hints)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::args::Arguments;
    use clap::Parser;

    fn told(arguments: &[&str]) -> Failure {
        let error = Arguments::try_parse_from(["smime"].iter().chain(arguments)).unwrap_err();
        usage_failure(&error)
    }

    #[test]
    fn usage_errors_are_in_our_manner() {
        let failure = told(&["verify", "--nonsense"]);
        assert_eq!(failure.message, "unexpected argument '--nonsense' found");
        assert!(
            failure
                .hints
                .contains(&"smime verify --help lists the options".to_owned()),
            "{failure:?}"
        );
        let failure = told(&["sign", "--format", "x"]);
        assert!(
            failure
                .message
                .starts_with("invalid value 'x' for '--format <FORMAT>'")
        );
        assert_eq!(told(&[]).message, "a verb is missing");
        assert!(told(&["sing"]).message.contains("sing"));
        for arguments in [&["cert", "show"][..], &["sign", "--text", "--binary"]] {
            let failure = told(arguments);
            assert_eq!(failure.exit, 2);
            assert!(!failure.message.contains('\n') && !failure.message.ends_with('.'));
        }
    }

    #[test]
    fn what_was_typed_is_guessed() {
        let guess = |words: &[&str]| {
            let typed: Vec<OsString> = ["smime"].iter().chain(words).map(Into::into).collect();
            Reporting::guess(&typed)
        };
        let found = guess(&["cert", "check", "--json", "--x"]);
        assert_eq!((found.verb, found.json), (Some(Verb::CertCheck), true));
        assert!(matches!(found.place, Place::StandardOutput));
        assert!(matches!(guess(&["sign"]).place, Place::StandardError));
        assert!(matches!(
            guess(&["sign", "-o", "-"]).place,
            Place::StandardError
        ));
        for words in [
            &["sign", "-o", "x"][..],
            &["sign", "-ox"],
            &["sign", "--output=x"],
        ] {
            assert!(matches!(guess(words).place, Place::StandardOutput));
        }
        assert_eq!(guess(&["nonsense"]).verb, None);
    }
}
