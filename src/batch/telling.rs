//! What became of each message, told in the order of the inputs, however they end; then how many there were, and the worst exit status.
//!
//! Knows lines, the terminal and the bar of progress; judges nothing. What waits for its turn is bounded: whoever is too far ahead waits too.
use crate::cli::{
    error::{ENVIRONMENT, Failure},
    escape::escape,
    output::{self, Output},
    reporting::{self, Many},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Octets of lines that wait for their turn; some twenty thousand lines of text.
const WAITING: usize = 4 << 20;
/// Octets of lines that are written at once.
const BUFFER: usize = 32 << 10;
/// What is written is not older than this, while more comes.
const DELAY: Duration = Duration::from_millis(200);
/// Hints that are given at the end.
const HINTS: usize = 3;
/// What a line may need besides its text.
const OVERHEAD: usize = 128;

/// What became of a message.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// for standard output, ended
    pub(super) text: String,
    /// its JSON, if that goes to a file besides
    pub(super) filed: String,
    /// what may help, if the answer is no
    pub(super) hints: Vec<String>,
    pub(super) exit: u8,
    /// its result was there
    pub(super) was_done: bool,
}

impl Line {
    fn size(&self) -> usize {
        self.text.len() + self.filed.len() + OVERHEAD
    }
}

/// Tells.
pub(super) struct Telling {
    state: Mutex<State>,
    /// a line was told
    room: Condvar,
    pub(super) manner: Manner,
}

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) json: bool,
    pub(super) quiet: bool,
    pub(super) filed: bool,
}

struct State {
    next: u64,
    waiting: BTreeMap<u64, Line>,
    held: usize,
    buffer: String,
    written: Instant,
    to_terminal: bool,
    closed: Option<io::Error>,
    file: Option<Output>,
    file_failed: Option<anyhow::Error>,
    bar: Option<ProgressBar>,
    hints: Vec<String>,
    count: Count,
    json: bool,
    quiet: bool,
}

/// How many there were.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    passed: u64,
    failed: u64,
    errors: u64,
    done: u64,
    worst: u8,
}

impl Telling {
    /// Prepares to tell of so many messages, as far as that is known.
    pub(super) fn new(many: Many, messages: impl FnOnce() -> u64) -> Self {
        let shown = !many.json && !many.quiet && io::stderr().is_terminal();
        let bar = shown.then(|| bar(messages()));
        Self {
            manner: Manner {
                json: many.json,
                quiet: many.quiet,
                filed: many.file.is_some(),
            },
            room: Condvar::new(),
            state: Mutex::new(State {
                next: 0,
                waiting: BTreeMap::new(),
                held: 0,
                buffer: String::new(),
                written: Instant::now(),
                to_terminal: io::stdout().is_terminal(),
                closed: None,
                file: many.file,
                file_failed: None,
                bar,
                hints: Vec::new(),
                count: Count::default(),
                json: many.json,
                quiet: many.quiet,
            }),
        }
    }

    /// Tells of a message when its turn has come.
    pub(super) fn tell(&self, number: u64, line: Line) {
        let mut state = self.state();
        // whoever has the next line never waits
        while state.next != number && state.held > WAITING {
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.held += line.size();
        state.waiting.insert(number, line);
        let mut moved = false;
        while let Some(line) = {
            let next = state.next;
            state.waiting.remove(&next)
        } {
            state.held = state.held.saturating_sub(line.size());
            state.next += 1;
            state.take(line);
            moved = true;
        }
        if moved {
            self.room.notify_all();
        }
    }

    /// Returns whether hints are still wanted.
    pub(super) fn wants_hints(&self) -> bool {
        !self.manner.json && self.state().hints.len() < HINTS
    }

    /// Returns a line: the verdict, the name of the message, and why; of those that ask for quiet, errors alone.
    pub(super) fn text(&self, exit: u8, name: &Path, why: &str) -> String {
        match (self.manner.quiet, exit) {
            (false, _) => text(exit, name, why),
            (true, 0) => String::new(),
            (true, _) => {
                let name = name.display().to_string();
                format!("smime: error: {}: {}\n", escape(&name), escape(why))
            }
        }
    }

    /// Tells how many there were, and returns the worst exit status.
    pub(super) fn finish(self, left_out: u64) -> ExitCode {
        let mut state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        state.flush();
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
        state.conclude(left_out);
        ExitCode::from(state.count.worst)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, line: Line) {
        self.count.add(&line);
        if let Some(bar) = &self.bar {
            bar.inc(1);
            // how many an mbox holds is not known before
            if bar.length().is_some_and(|length| length < bar.position()) {
                bar.set_length(bar.position());
            }
        }
        for hint in line.hints {
            if self.hints.len() < HINTS && !self.hints.contains(&hint) {
                self.hints.push(hint);
            }
        }
        if let Some(file) = &mut self.file
            && self.file_failed.is_none()
        {
            let written = file.write_all(line.filed.as_bytes());
            self.file_failed = written.err().map(anyhow::Error::from);
        }
        self.buffer.push_str(&line.text);
        let is_due = self.to_terminal || self.written.elapsed() > DELAY;
        if is_due || self.buffer.len() > BUFFER {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.written = Instant::now();
        let text = std::mem::take(&mut self.buffer);
        if text.is_empty() || self.closed.is_some() {
            return;
        }
        // in quiet manner there are errors alone
        let write = || match self.quiet {
            true => {
                output::to_standard_error(&text);
                Ok(())
            }
            false => output::to_standard_output(&text),
        };
        let written = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
        self.closed = written.err();
    }

    fn conclude(&mut self, left_out: u64) {
        let closed = self.closed.take();
        if let Some(error) = closed.filter(|it| it.kind() != io::ErrorKind::BrokenPipe) {
            self.environment(&error.into());
        }
        let filed = self.file_failed.take();
        let filed = filed.or_else(|| self.file.take()?.commit().err());
        if let Some(error) = filed {
            self.environment(&error);
        }
        let count = self.count;
        if self.json {
            output::to_standard_error(&count.json(left_out));
        } else if !self.quiet {
            let summary = count.text(left_out);
            let _ = output::to_standard_output(&format!("{summary}\n"));
        }
        if count.worst > 0 && !self.json {
            let (bad, all) = (count.failed + count.errors, count.all());
            if bad > 0 {
                let line = format!("{bad} of {all} messages have no result");
                reporting::errors(&line, &self.hints);
            }
        }
    }

    fn environment(&mut self, error: &anyhow::Error) {
        let failure = Failure::of(error, None);
        reporting::errors(&failure.line(), &failure.hints);
        self.count.meet(ENVIRONMENT);
    }
}

impl Count {
    fn add(&mut self, line: &Line) {
        match line.exit {
            _ if line.was_done => self.done += 1,
            0 => self.passed += 1,
            1 => self.failed += 1,
            _ => self.errors += 1,
        }
        self.meet(line.exit);
    }

    fn meet(&mut self, exit: u8) {
        if severity(exit) > severity(self.worst) {
            self.worst = exit;
        }
    }

    fn all(&self) -> u64 {
        self.passed + self.failed + self.errors + self.done
    }

    fn text(&self, left_out: u64) -> String {
        let all = self.all();
        let plural = if all == 1 { "" } else { "s" };
        let mut text = format!("{all} message{plural}");
        let parts = [
            (self.passed, "pass"),
            (self.failed, "fail"),
            (self.errors, "error"),
            (self.done, "done before"),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<_> = parts.map(|(n, what)| format!("{n} {what}")).collect();
        if !parts.is_empty() {
            text.push_str(&format!(": {}", parts.join(", ")));
        }
        if left_out > 0 {
            text.push_str(&format!(
                "; {left_out} left out (links, and what is no file)"
            ));
        }
        text
    }

    fn json(&self, left_out: u64) -> String {
        let summary = serde_json::json!({
            "messages": self.all(),
            "pass": self.passed,
            "fail": self.failed,
            "error": self.errors,
            "done_before": self.done,
            "left_out": left_out,
            "exit": self.worst,
        });
        format!("{summary}\n")
    }
}

/// How bad an exit status is. The less is known, the worse: 1 is an answer; with 3 there is none, and none to be had; with 4 there is one to be had
/// with another key, with 75 later; with 5 this machine does not do what it should.
fn severity(exit: u8) -> u8 {
    match exit {
        0 => 0,
        1 => 1,
        3 => 2,
        4 => 3,
        75 => 4,
        _ => 5,
    }
}

fn bar(messages: u64) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(5);
    let bar = ProgressBar::with_draw_target(Some(messages), target);
    match ProgressStyle::with_template("{wide_bar} {pos}/{len}, {per_sec}, {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Returns a line of text: the verdict, the name of the message, and why.
fn text(exit: u8, name: &Path, why: &str) -> String {
    let verdict = match exit {
        0 => "pass",
        1 => "fail",
        _ => "error",
    };
    let name = escape(&name.display().to_string());
    match why {
        "" => format!("{verdict:5} {name}\n"),
        _ => format!("{verdict:5} {name}: {}\n", escape(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{advice::Typed, args::Verb};

    #[test]
    fn whoever_is_too_far_ahead_waits() {
        let telling = Telling::new(
            Many {
                typed: Typed::bare(Verb::Verify),
                json: false,
                quiet: true,
                file: None,
            },
            || 0,
        );
        let most = u64::try_from(WAITING / OVERHEAD).unwrap_or_default() + 1;
        let told = |number| telling.tell(number, Line::default());
        std::thread::scope(|scope| {
            let ahead = scope.spawn(|| (1..2 * most).for_each(told));
            std::thread::sleep(Duration::from_millis(300));
            assert!(!ahead.is_finished());
            let waiting = telling.state().waiting.len();
            assert!(u64::try_from(waiting).is_ok_and(|it| it <= most));
            told(0);
        });
        assert_eq!(telling.state().count.passed, 2 * most);
        assert_eq!(telling.state().held, 0);
    }

    #[test]
    fn the_worst_is_what_tells_least() {
        for (met, worst) in [
            (&[][..], 0),
            (&[0, 1, 0], 1),
            (&[3, 1], 3),
            (&[4, 3], 4),
            (&[4, 75], 75),
            (&[75, 5, 1], 5),
        ] {
            let mut count = Count::default();
            met.iter().for_each(|exit| count.meet(*exit));
            assert_eq!(count.worst, worst, "{met:?}");
        }
    }

    #[test]
    fn what_there_was_is_counted() {
        let mut count = Count::default();
        assert_eq!(count.text(0), "0 messages");
        count.add(&Line::default());
        assert_eq!(count.text(0), "1 message: 1 pass");
        for (exit, was_done) in [(1, false), (3, false), (5, false), (0, true)] {
            count.add(&Line {
                exit,
                was_done,
                ..Line::default()
            });
        }
        assert_eq!(
            count.text(2),
            "5 messages: 1 pass, 1 fail, 2 error, 1 done before; 2 left out (links, and what is no file)"
        );
        assert_eq!(count.worst, 5);
    }

    #[test]
    fn names_are_escaped_and_stay_in_their_line() {
        let line = text(1, Path::new("a\nb\u{202e}c"), "x\ny");
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.starts_with("fail  a"), "{line}");
        assert!(!line.contains('\u{202e}'));
        assert_eq!(text(0, Path::new("a"), ""), "pass  a\n");
    }
}
