//! Many messages: each verb of the program, done to files, directories, Maildirs and mboxes by as many threads as there are cores.
//!
//! A guest beside `cli`, whose verbs it calls and whose outputs it fills; knows messages by their names, and neither keys nor verdicts. What a
//! verb needs is read once. A message is done by one thread, and leaves nothing that could change what becomes of another; one that fails,
//! or brings a fault of the program to light, stops none.
//!
//! | file | subject |
//! | --- | --- |
//! | `names` | which messages there are, and what their results are called |
//! | `inputs` | one message after the other |
//! | `telling` | lines, summary, exit status, progress |
mod inputs;
mod names;
mod telling;

use crate::cli::{
    Answer, Outcome, advice,
    args::{Batch, Command, Common},
    decrypt, encrypt,
    error::{ENVIRONMENT, Failure, Problem},
    folder::{self, FileId, Folder},
    json::{self, OneOfMany},
    open,
    output::{self, Destination, Output},
    prepare::{self, Input, Randomness},
    refused,
    reporting::Reporting,
    show, sign, verify,
};
use inputs::{Inputs, Message};
use names::{Found, Named};
use smime::{
    mime::mbox::Quoting,
    policy::{Finding, Policy, Rule},
    smime::report::{Integrity, Layer, Verdict},
};
use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    fs,
    io::{self, Read},
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
};
use telling::{Line, Telling};

/// Does a verb to one message: where it is, what it is, where its result goes.
type Perform<'a> = dyn Fn(&Path, &mut Input, &Destination<'_>, &mut Randomness) -> anyhow::Result<Outcome>
    + Sync
    + 'a;

/// Goes on with what was found about keys and the like, and with what they make possible.
type Then<'a> = dyn FnMut(&[Finding], &Policy, &Perform<'_>) -> anyhow::Result<Ended> + 'a;

/// How it ended.
enum Ended {
    /// no message was looked at
    Refused(Box<Outcome>),
    Done(ExitCode),
}

/// Does a verb to many messages, and returns the exit status.
pub(crate) fn run(batch: &Batch, reporting: Reporting, rng: &mut Randomness) -> ExitCode {
    let mut reporting = Some(reporting);
    let named = named(batch).and_then(|named| report_apart(batch, &named).map(|()| named));
    if named.is_err() {
        // what is wrong may be that the report would take the place of a message
        reporting = reporting.map(Reporting::without_file);
    }
    let ended = named.and_then(|named| {
        check(batch)?;
        ready(batch, &mut |findings, policy, perform| {
            if let Some(outcome) = refused(findings) {
                return Ok(Ended::Refused(outcome.into()));
            }
            let work = Work::new(batch, named.clone(), policy, perform, rng, &mut reporting)?;
            Ok(Ended::Done(work.done()))
        })
    });
    match (ended, reporting) {
        (Ok(Ended::Done(exit)), _) => exit,
        (Ok(Ended::Refused(outcome)), Some(reporting)) => reporting.tell(Ok(*outcome)),
        (Err(error), Some(reporting)) => reporting.tell(Err(error)),
        (_, None) => ExitCode::from(ENVIRONMENT),
    }
}

/// Refuses what is about one message, or about no directory.
fn check(batch: &Batch) -> anyhow::Result<()> {
    let one = match &*batch.command {
        Command::Sign(typed) if typed.content.is_some() => Some("--content"),
        Command::Verify(typed) if typed.content.is_some() => Some("--content"),
        Command::Verify(typed) if typed.receipt_for.is_some() => Some("--receipt-for"),
        _ => None,
    };
    if let Some(option) = one {
        let verb = batch.command.verb().map_or("", |verb| verb.name());
        return Err(Problem::usage_with(
            format!("{option} is about one message, batch takes many"),
            format!("without batch: smime {verb} {option} FILE MESSAGE"),
        )
        .into());
    }
    let dash = Path::new("-");
    if batch.inputs.len() > 1 && batch.inputs.iter().any(|it| it == dash) {
        return Err(Problem::usage_with(
            "- is a list of all inputs, and stands alone",
            "put the other inputs into the list, or name it ./-",
        )
        .into());
    }
    if directory(batch).is_none() {
        return Err(Problem::usage("-o takes a directory, not standard output").into());
    }
    Ok(())
}

/// Refuses a report that would take the place of a message or a result, or be taken for one later.
fn report_apart(batch: &Batch, named: &Named) -> anyhow::Result<()> {
    let Some(report) = batch.command.common().and_then(|it| it.report.as_deref()) else {
        return Ok(());
    };
    let results = directory(batch).filter(|it| names::is_within(report, it));
    let place = match (named.around(report), results) {
        (Some(input), _) => format!("in the input {}", input.display()),
        (None, Some(directory)) => format!("among the results in {}", directory.display()),
        (None, None) => return Ok(()),
    };
    Err(Problem::usage_with(
        format!("--report: {} lies {place}", report.display()),
        "give a file elsewhere, so that no report is taken for a message",
    )
    .into())
}

/// Returns DIR.
fn directory(batch: &Batch) -> Option<&Path> {
    let directory = batch.command.output()?.output.as_deref()?;
    (!output::is_standard_output(directory)).then_some(directory)
}

/// Reads what the verb needs, once, and hands it on with what was found about it.
fn ready(batch: &Batch, then: &mut Then<'_>) -> anyhow::Result<Ended> {
    // each message is judged at the time at which it is looked at
    let moment = |common: &Common, given| prepare::moment(common, given);
    match &*batch.command {
        Command::Sign(typed) => {
            let mut ready = sign::Ready::of(typed)?;
            // each thread has a message of its own
            ready.ground.policy.overlap = false;
            let ground = &ready.ground;
            then(&ready.findings, &ground.policy, &|path, input, to, rng| {
                let at = moment(&typed.common, ground.at);
                ready.perform(path, input, to, at, rng)
            })
        }
        Command::Encrypt(typed) => {
            let mut ready = encrypt::Ready::of(typed)?;
            ready.ground.policy.overlap = false;
            let signer = ready.signer();
            let encryptor = ready.encryptor(signer.as_ref());
            let ground = &ready.ground;
            then(&ready.findings, &ground.policy, &|path, input, to, rng| {
                let at = moment(&typed.common, ground.at);
                ready.perform(&encryptor, path, input, to, at, rng)
            })
        }
        Command::Decrypt(typed) => {
            let ready = decrypt::Ready::of(typed)?;
            then(&ready.findings, &ready.policy, &|path, input, to, rng| {
                ready.perform(path, input, to, rng)
            })
        }
        Command::Open(typed) => {
            let ready = open::Ready::of(typed)?;
            let ground = &ready.ground;
            then(&ready.findings, &ground.policy, &|path, input, to, rng| {
                let at = moment(&typed.common, ground.at);
                ready.perform(path, input, to, at, rng)
            })
        }
        Command::Verify(typed) => {
            let ready = verify::Ready::of(typed)?;
            let ground = &ready.ground;
            then(&[], &ground.policy, &|path, input, to, rng| {
                let at = moment(&typed.common, ground.at);
                ready.perform(path, input, to, at, rng)
            })
        }
        _ => Err(Problem::usage("batch does not know this verb").into()),
    }
}

/// All that is to be done.
struct Work<'a> {
    batch: &'a Batch,
    policy: &'a Policy,
    perform: &'a Perform<'a>,
    typed: advice::Typed,
    named: Named,
    folder: Folder,
    /// what no result may take the place of, by whatever name it was found
    read: HashSet<FileId>,
    sync: bool,
    /// the system's, which every thread may ask
    rng: Randomness,
    telling: Telling,
}

impl<'a> Work<'a> {
    /// Looks at what was named before anything is done; takes over the reporting if that is all right.
    fn new(
        batch: &'a Batch,
        named: Named,
        policy: &'a Policy,
        perform: &'a Perform<'a>,
        rng: &Randomness,
        reporting: &mut Option<Reporting>,
    ) -> anyhow::Result<Self> {
        let directory = directory(batch).unwrap_or(Path::new("."));
        if let Some(input) = named.around(directory) {
            return Err(Problem::usage_with(
                format!(
                    "-o: {} lies in the input {}",
                    directory.display(),
                    input.display()
                ),
                "give a directory elsewhere, so that no result is taken for a message",
            )
            .into());
        }
        let trusted = prepare::trust_directory();
        let mut reads = batch.command.reads();
        reads.extend(trusted.as_deref());
        if let Some(name) = named.read_there(directory, &reads) {
            return Err(Problem::usage_with(
                format!(
                    "-o: the result {} would take the place of what is read",
                    directory.join(name).display()
                ),
                "give a directory elsewhere, so that no result is taken for a message",
            )
            .into());
        }
        if let Some(name) = named.conflict() {
            return Err(Problem::usage_with(
                format!("two results would be {}", directory.join(name).display()),
                "name the directory above both, or run batch for each with a DIR of its own",
            )
            .into());
        }
        let folder = Folder::open(directory).map_err(|source| Problem::Output {
            path: directory.to_owned(),
            source,
        })?;
        let many = reporting.take().and_then(Reporting::of_many);
        let many = many.ok_or_else(|| Problem::usage("batch does not know this verb"))?;
        let typed = many.typed.clone();
        let is_message = |it: &Found| match it {
            Found::File { name, .. } | Found::Unreadable { name, .. } => {
                inputs::has(batch.how.shard, name)
            }
            Found::Maildir { .. } => false,
        };
        let count = || named.walk().filter(is_message).map(|_| 1).sum();
        Ok(Self {
            batch,
            policy,
            perform,
            typed,
            telling: Telling::new(many, count),
            named,
            folder,
            read: reads.iter().flat_map(|path| files_of(path)).collect(),
            rng: *rng,
            sync: batch.command.output().is_some_and(|it| it.sync),
        })
    }

    /// Does it all.
    fn done(self) -> ExitCode {
        remember_faults();
        let inputs = Inputs::new(self.named.walk(), &self.folder, self.batch.how.shard);
        let inputs = Mutex::new((inputs, 0));
        let threads = self.batch.command.common().and_then(|it| it.threads);
        let threads = threads.or_else(|| thread::available_parallelism().ok());
        let threads = threads.map_or(1, NonZeroUsize::get);
        let next = || {
            let mut inputs = inputs.lock().unwrap_or_else(PoisonError::into_inner);
            let message = inputs.0.next()?;
            inputs.1 += 1;
            Some((message, inputs.1 - 1))
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                // where there can be no more threads, fewer do it
                let spawned = thread::Builder::new().spawn_scoped(scope, || self.some(&next));
                if spawned.is_err() {
                    break;
                }
            }
            self.some(&next);
        });
        let (inputs, _) = inputs.into_inner().unwrap_or_else(PoisonError::into_inner);
        let left_out = inputs.left_out();
        self.telling.finish(left_out)
    }

    /// Does one message after the other, until there are no more.
    fn some(&self, next: &dyn Fn() -> Option<(Message, u64)>) {
        let mut rng = self.rng;
        while let Some((mut message, number)) = next() {
            let line = self.one(&mut message, &mut rng);
            self.telling.tell(number, line);
        }
    }

    /// Does one message. What goes wrong with it is its own affair.
    fn one(&self, message: &mut Message, rng: &mut Randomness) -> Line {
        // of two closures one at a time has it
        let message = RefCell::new(message);
        let done = || {
            let message = &mut *message.borrow_mut();
            match self.attempt(message, rng) {
                Ok(None) => Line {
                    was_done: true,
                    ..Line::default()
                },
                Ok(Some((answer, output))) => self.answered(message, &answer, output.as_deref()),
                Err(error) => self.failed(message, &error),
            }
        };
        whatever_happens(done, |fault| self.failed(&message.borrow(), fault))
    }

    /// Returns what was found, and where the result is if there is one; `None` if it was there before.
    fn attempt(
        &self,
        message: &mut Message,
        rng: &mut Randomness,
    ) -> anyhow::Result<Option<(Answer, Option<PathBuf>)>> {
        let shown = self.folder.shown(&message.name);
        let failed = |source| Problem::Output {
            path: shown.clone(),
            source,
        };
        let path = message.path.clone();
        let unread = |source| Problem::Open { path, source };
        if let Some(error) = message.unreadable() {
            return Err(unread(error).into());
        }
        let slot = self.folder.slot(&message.name).map_err(failed)?;
        if slot.holds(&message.path) {
            return Err(failed(io::Error::other("it is the message itself")).into());
        }
        if slot.file().is_some_and(|file| self.read.contains(&file)) {
            return Err(failed(io::Error::other("it is read, too")).into());
        }
        if self.batch.how.resume && slot.is_done() {
            return Ok(None);
        }
        let mut input = message.open().map_err(unread)?;
        let to = Destination::Slot {
            slot: &slot,
            shown: &shown,
            sync: self.sync,
        };
        let mut result = (self.perform)(&message.path, &mut input, &to, rng);
        drop(input);
        if result.as_ref().is_ok_and(is_broken) {
            for quoting in [Quoting::None, Quoting::Mboxo] {
                let Some(mut input) = message.unlike(quoting) else {
                    break;
                };
                let other = (self.perform)(&message.path, &mut input, &to, rng);
                if let Ok(mut other) = other
                    && other.answer.verdict() == Verdict::Pass
                {
                    if let Answer::Message(report) = &mut other.answer {
                        let found = self.policy.finding(Rule::MboxQuoting, otherwise(quoting));
                        report.findings.push(found);
                    }
                    result = Ok(other);
                    break;
                }
            }
        }
        let Outcome { answer, outputs } = result?;
        match answer.verdict() {
            Verdict::Pass => {
                Output::commit_all(outputs)?;
                Ok(Some((answer, Some(shown))))
            }
            Verdict::Fail => Ok(Some((answer, None))),
        }
    }

    fn answered(&self, message: &Message, answer: &Answer, output: Option<&Path>) -> Line {
        let exit = match answer.verdict() {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
        };
        let mut line = Line {
            exit,
            ..Line::default()
        };
        let manner = self.telling.manner;
        let about = (exit != 0).then(|| self.typed.about(&message.path));
        let typed = about.as_ref().unwrap_or(&self.typed);
        if manner.json || manner.filed {
            let one = one_of_many(message, output);
            line.filed = json::answer_line(typed, answer, exit, &one);
        }
        if manner.json {
            line.text.clone_from(&line.filed);
            return line;
        }
        let why = match exit {
            0 => String::new(),
            _ => show::denial(typed.verb(), answer),
        };
        if exit != 0 && self.telling.wants_hints() {
            let hints = answer.denied().filter_map(|it| advice::hint_for(it, typed));
            line.hints = hints.collect();
        }
        line.text = self.telling.text(exit, &message.name, &why);
        line
    }

    fn failed(&self, message: &Message, error: &anyhow::Error) -> Line {
        let typed = self.typed.about(&message.path);
        let mut failure = Failure::of(error, Some(&typed));
        let mut line = Line {
            exit: failure.exit,
            ..Line::default()
        };
        let manner = self.telling.manner;
        if manner.json || manner.filed {
            let one = one_of_many(message, None);
            line.filed = json::failure_line(Some(typed.verb()), &failure, &one);
        }
        if manner.json {
            line.text.clone_from(&line.filed);
            return line;
        }
        if failure.file.as_ref() == Some(&message.path) {
            failure.file = None;
        }
        line.text = self
            .telling
            .text(failure.exit, &message.name, &failure.line());
        line.hints = failure.hints;
        line
    }
}

fn one_of_many<'a>(message: &'a Message, output: Option<&'a Path>) -> OneOfMany<'a> {
    OneOfMany {
        input: &message.path,
        number: message.number(),
        output,
    }
}

/// Returns what is read: the file, or those in the directory, wherever links lead.
fn files_of(path: &Path) -> Vec<FileId> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path()).chain([path.to_owned()]);
    files.filter_map(|file| folder::file_id(&file)).collect()
}

/// Understands the inputs, and refuses names that lead up.
fn named(batch: &Batch) -> anyhow::Result<Named> {
    let read = || {
        let mut list = Vec::new();
        output::standard_input()?.read_to_end(&mut list)?;
        Ok(list)
    };
    let named = Named::of(&batch.inputs, batch.how.null, read);
    let named = named.map_err(|source| Problem::Open {
        path: "-".into(),
        source,
    })?;
    match named.astray() {
        None => Ok(named),
        Some(path) => Err(Problem::usage_with(
            format!("{} in the list has no place below DIR", path.display()),
            "give paths without .. in them",
        )
        .into()),
    }
}

/// Whether a signature does not fit what was read.
fn is_broken(outcome: &Outcome) -> bool {
    let Answer::Message(report) = &outcome.answer else {
        return false;
    };
    let signed = report.layers.iter().filter_map(|layer| match layer {
        Layer::Signed(signed) => Some(&signed.signatures),
        _ => None,
    });
    signed.flatten().any(|it| it.integrity == Integrity::Broken)
}

fn otherwise(quoting: Quoting) -> &'static str {
    match quoting {
        Quoting::None => "the signature holds with the lines of the mbox as they stand in it",
        _ => "the signature holds with one > taken away from >From alone",
    }
}

thread_local! {
    /// whether a fault is that of a message
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static FAULT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a fault of the program in work on one message is remembered, not told at once.
fn remember_faults() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |fault| {
        if !GUARDED.get() {
            return before(fault);
        }
        let place = fault.location();
        let place = place.map_or_else(String::new, |it| format!("{}:{}", it.file(), it.line()));
        FAULT.with(|it| it.replace(place));
    }));
}

/// Returns a line, even if a fault of the program comes to light in work on the message, or while its line is made: others wait for that.
fn whatever_happens(
    done: impl FnOnce() -> Line,
    failed: impl FnOnce(&anyhow::Error) -> Line,
) -> Line {
    guarded(|| Ok(done()))
        .or_else(|fault| guarded(|| Ok(failed(&fault))))
        .unwrap_or_else(|_| Line {
            exit: ENVIRONMENT,
            hints: vec!["a message has no line by a fault of the program: please report it".into()],
            ..Line::default()
        })
}

/// Makes a fault of the program an error.
fn guarded<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    GUARDED.set(true);
    // what it shares with others are locks, none of which is held while a message is read
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    done.unwrap_or_else(|_| {
        let place = FAULT.with(|it| it.take());
        Err(Problem::Fault(place).into())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_fault_is_the_affair_of_one_message() {
        remember_faults();
        let failing = || -> anyhow::Result<()> { panic!("never shown") };
        let error = guarded(failing).unwrap_err();
        let failure = Failure::of(&error, None);
        assert_eq!((failure.exit, failure.code), (ENVIRONMENT, "fault"));
        assert!(failure.message.contains("src/batch/mod.rs:"), "{failure:?}");
        assert!(!failure.message.contains("never shown"));
        assert_eq!(guarded(|| Ok(1)).unwrap(), 1);
    }

    #[test]
    fn every_message_has_a_line() {
        remember_faults();
        let line = |exit| Line {
            exit,
            ..Line::default()
        };
        assert_eq!(whatever_happens(|| line(1), |_| panic!()).exit, 1);
        let told = whatever_happens(
            || panic!(),
            |fault| line(Failure::of(fault, None).exit + 10),
        );
        assert_eq!(told.exit, ENVIRONMENT + 10);
        let told = whatever_happens(|| panic!(), |_| panic!());
        assert_eq!((told.exit, told.hints.len()), (ENVIRONMENT, 1));
    }
}
