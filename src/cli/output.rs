//! Where messages and reports go: nothing comes out before it may, nothing half a file.
//!
//! Knows standard output, files, pipes and the terminal; must not know what is written. The one place that writes to standard output and error.
use super::{
    args,
    behind::Behind,
    error::Problem,
    folder::Slot,
    prepare::Randomness,
    transaction::{self, Staged, Target, Transaction},
};
use rand::Rng;
use rustix::fs::{FileType, Stat};
use smime::{crypto::Secret, store::Spool};
use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    mem,
    os::fd::AsFd,
    path::{Path, PathBuf},
};

/// Octets gathered before they are written.
const BUFFER: usize = 64 << 10;

/// Octets gathered for a thread of its own: so many that to wake it costs little beside writing them.
const LARGE: usize = 256 << 10;

/// Buffers after which a thread of its own is worth what it costs.
const ALONE: usize = 16;

/// Octets that the results of small mail have.
const SMALL: usize = 16 << 10;

/// When octets may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// as they are written: cut short they are of no use to anybody (`sign`, `encrypt`)
    AsWritten,
    /// after [`Output::commit`] only: they are not proven before
    OnCommit {
        /// octets held in memory before the encrypted temporary file is used
        held: usize,
    },
}

/// Where a message's result is to go; nothing is opened yet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Destination<'a> {
    /// nobody wants it
    Nowhere,
    /// what `-o` says, else standard output
    Path {
        path: Option<&'a Path>,
        sync: bool,
        /// what is large may be written on a thread of its own
        overlap: bool,
    },
    /// a result among others
    Slot {
        slot: &'a Slot,
        /// its path, for people
        shown: &'a Path,
        sync: bool,
    },
}

impl<'a> Destination<'a> {
    /// Returns where `-o` says.
    pub(crate) fn of(typed: &'a args::Output, common: &args::Common) -> Self {
        Self::Path {
            path: typed.output.as_deref(),
            sync: typed.sync,
            overlap: common.overlap(),
        }
    }

    /// Opens it.
    pub(crate) fn open(&self, leave: Leave, rng: &mut Randomness) -> anyhow::Result<Output> {
        match *self {
            Self::Nowhere => Ok(Output::nowhere()),
            Self::Path {
                path,
                sync,
                overlap,
            } => {
                let mut output = Output::open(path, leave, sync, rng)?;
                // who makes messages carries octets here on two threads already
                output.overlap = overlap && leave != Leave::AsWritten;
                Ok(output)
            }
            Self::Slot { slot, shown, sync } => {
                let place = slot.place.clone();
                let kind = match slot.unnamed {
                    true => Kind::Begun(place),
                    false => Kind::Copied(spool(leave.held(), rng), place),
                };
                Ok(Output::of(kind, Some(shown.to_owned()), slot.number, sync))
            }
        }
    }
}

/// A place for octets. Dropped without [`Output::commit`], a file does not appear, and what was held back is gone.
pub(crate) struct Output {
    /// what was written last, and has not left the process: thrown away unless committed
    buffer: Vec<u8>,
    kind: Kind,
    path: Option<PathBuf>,
    random: [u8; 8],
    sync: bool,
    /// a thread of its own may write, once so much was written
    overlap: bool,
    passed: usize,
}

enum Kind {
    /// nobody wants it
    Nowhere,
    /// a pipe, written to at once
    Pipe(File),
    /// a pipe, written to on commit
    Held(Spool, File),
    /// a file that is made when the buffer is full, or at the end
    Begun(transaction::Place),
    /// a file without a name yet
    File(Transaction),
    /// a file on a file system that knows no files without names
    Copied(Spool, transaction::Place),
    /// any of these, while it is written to by a thread of its own
    Behind(Behind<Box<Kind>>),
}

impl Output {
    /// Takes octets and forgets them.
    pub(crate) fn nowhere() -> Self {
        Self::of(Kind::Nowhere, None, [0; 8], false)
    }

    /// Opens standard output (no path, or `-`) or what the path leads to.
    pub(crate) fn open(
        path: Option<&Path>,
        leave: Leave,
        sync: bool,
        rng: &mut Randomness,
    ) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|p| !is_standard_output(p)) else {
            let pipe = standard_output().map_err(|_| Problem::Closed)?;
            let kind = Kind::pipe(pipe, leave, rng);
            return Ok(Self::of(kind, None, rng.next_u64().to_ne_bytes(), false));
        };
        let failed = |source| Problem::Output {
            path: path.to_owned(),
            source,
        };
        let kind = match Target::of(path).map_err(failed)? {
            Target::Pipe(pipe) => Kind::pipe(pipe, leave, rng),
            Target::File(place) => match Transaction::begin(&place).map_err(failed)? {
                Some(transaction) => Kind::File(transaction),
                None => Kind::Copied(spool(leave.held(), rng), place),
            },
        };
        Ok(Self::of(
            kind,
            Some(path.to_owned()),
            rng.next_u64().to_ne_bytes(),
            sync,
        ))
    }

    fn of(kind: Kind, path: Option<PathBuf>, random: [u8; 8], sync: bool) -> Self {
        Self {
            buffer: Vec::new(),
            kind,
            path,
            random,
            sync,
            overlap: false,
            passed: 0,
        }
    }

    /// Returns whether octets are forgotten.
    pub(crate) fn is_nowhere(&self) -> bool {
        matches!(self.kind, Kind::Nowhere)
    }

    /// Returns whether it is a file, beside which others can be.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File(_) | Kind::Copied(..))
    }

    /// Returns whether people would see the octets.
    pub(crate) fn is_terminal(&self) -> bool {
        match &self.kind {
            Kind::Pipe(pipe) | Kind::Held(_, pipe) => pipe.is_terminal(),
            _ => false,
        }
    }

    /// Lets everything out: the one way that leads to a file, or to what was held back leaving.
    pub(crate) fn commit(mut self) -> anyhow::Result<()> {
        let path = self.path.take().unwrap_or_else(|| "-".into());
        self.finish()
            .map_err(|source| Problem::Output { path, source }.into())
    }

    fn finish(mut self) -> io::Result<()> {
        self.pass_on()?;
        match self.kind.settled()? {
            Kind::Nowhere | Kind::Pipe(_) | Kind::Begun(_) | Kind::Behind(_) => Ok(()),
            Kind::Held(mut spool, mut pipe) => spool.release(&mut pipe),
            Kind::File(transaction) => transaction.commit(self.random, self.sync),
            Kind::Copied(mut spool, place) => {
                let content = &mut |file: &mut File| spool.release(file);
                transaction::copy(&place, content, self.random, self.sync)
            }
        }
    }

    /// Lets several out together. Every one is whole before the first has its name, and the last one has it last: where that is, all are.
    pub(crate) fn commit_all(mut outputs: Vec<Self>) -> anyhow::Result<()> {
        if outputs.len() < 2 {
            return outputs.pop().map_or(Ok(()), Self::commit);
        }
        let mut staged = Vec::with_capacity(outputs.len());
        for mut output in outputs {
            let path = output.path.take().unwrap_or_else(|| "-".into());
            match output.stage() {
                Ok(file) => staged.push((path, file)),
                Err(source) => return Err(Problem::Output { path, source }.into()),
            }
        }
        for (path, file) in staged {
            file.map_or(Ok(()), Staged::settle)
                .map_err(|source| Problem::Output { path, source })?;
        }
        Ok(())
    }

    /// Makes a file whole, but for its name; `None`: it is no file, and all of it is out.
    fn stage(mut self) -> io::Result<Option<Staged>> {
        self.pass_on()?;
        self.kind = self.kind.settled()?;
        match self.kind {
            Kind::File(transaction) => transaction.stage(self.random, self.sync).map(Some),
            Kind::Copied(mut spool, place) => {
                let content = &mut |file: &mut File| spool.release(file);
                transaction::stage_copy(&place, content, self.random, self.sync).map(Some)
            }
            Kind::Nowhere | Kind::Pipe(_) | Kind::Begun(_) | Kind::Held(..) | Kind::Behind(_) => {
                self.finish().map(|()| None)
            }
        }
    }

    /// Returns whether octets that fill buffers need not be gathered in one.
    const fn writes_at_once(&self) -> bool {
        matches!(self.kind, Kind::Pipe(_) | Kind::File(_)) && !self.overlap
    }

    /// Passes the buffer on.
    fn pass_on(&mut self) -> io::Result<()> {
        if let Kind::Begun(place) = &self.kind {
            self.kind = Kind::File(Transaction::begin_unnamed(place)?);
        }
        self.passed = self.passed.saturating_add(1);
        if self.overlap && self.passed == ALONE {
            let kind = Box::new(mem::replace(&mut self.kind, Kind::Nowhere));
            self.kind = match Behind::begin(kind, |kind, octets| kind.write(octets)) {
                Ok(behind) => Kind::Behind(behind),
                // where there can be no more threads, one does it
                Err(kind) => *kind,
            };
        }
        let passed = match &mut self.kind {
            Kind::Behind(behind) => behind.write(&mut self.buffer),
            kind => kind.write(&self.buffer),
        };
        self.buffer.clear();
        passed
    }
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if matches!(self.kind, Kind::Nowhere) {
            return Ok(buf.len());
        }
        let most = match self.kind {
            Kind::Behind(_) => LARGE,
            _ => BUFFER,
        };
        if self.buffer.is_empty() && self.writes_at_once() {
            let whole = buf.len() - buf.len() % most;
            if let Some(buffers) = buf.get(..whole).filter(|it| !it.is_empty()) {
                self.kind.write(buffers)?;
                return Ok(whole);
            }
        }
        if self.buffer.is_empty() {
            let small = matches!(self.kind, Kind::Begun(_));
            self.buffer.reserve_exact(if small { SMALL } else { most });
        }
        let room = most.saturating_sub(self.buffer.len());
        let part = buf.get(..room).unwrap_or(buf);
        self.buffer.extend_from_slice(part);
        if self.buffer.len() >= most {
            self.pass_on()?;
        }
        Ok(part.len())
    }

    /// Does nothing: who writes does not decide when octets leave.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kind {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        match self {
            Self::Nowhere | Self::Begun(_) | Self::Behind(_) => Ok(()),
            Self::Pipe(pipe) => pipe.write_all(octets),
            Self::File(transaction) => transaction.write_all(octets),
            Self::Held(spool, _) | Self::Copied(spool, _) => {
                spool.write_all(octets).map_err(|source| {
                    let directory = std::env::temp_dir();
                    io::Error::new(source.kind(), HoldingFailed { directory, source })
                })
            }
        }
    }

    /// Waits until all is written that a thread of its own writes.
    fn settled(self) -> io::Result<Self> {
        match self {
            Self::Behind(behind) => behind.settle().map(|kind| *kind),
            kind => Ok(kind),
        }
    }

    fn pipe(pipe: File, leave: Leave, rng: &mut Randomness) -> Self {
        match leave {
            Leave::AsWritten => Self::Pipe(pipe),
            Leave::OnCommit { held } => Self::Held(spool(held, rng), pipe),
        }
    }
}

impl Leave {
    fn held(self) -> usize {
        match self {
            Self::AsWritten => BUFFER,
            Self::OnCommit { held } => held,
        }
    }
}

/// Holds back in memory, then in an encrypted file without a name in `$TMPDIR`.
fn spool(held: usize, rng: &mut Randomness) -> Spool {
    let key = Secret::random(32, rng);
    let random = rng.next_u64().to_ne_bytes();
    let make = Box::new(move || {
        let file = transaction::holding(&std::env::temp_dir(), random)?;
        Ok(Box::new(file) as Box<dyn smime::store::spool::Holding>)
    });
    Spool::new(held, key, make)
}

/// Why content cannot be held back.
#[derive(Debug, thiserror::Error)]
#[error("the temporary file in {}: {source}", .directory.display())]
pub(crate) struct HoldingFailed {
    directory: PathBuf,
    source: io::Error,
}

/// Writes text or JSON to standard output, at once.
pub(crate) fn to_standard_output(text: &str) -> io::Result<()> {
    standard_output()?.write_all(text.as_bytes())
}

/// Writes text or JSON to standard error; there is nobody to tell if that fails.
pub(crate) fn to_standard_error(text: &str) {
    let _ = duplicate(rustix::stdio::stderr()).map(|mut e| e.write_all(text.as_bytes()));
}

/// Whether a path is `-`, or leads to where standard output does (`/dev/stdout`, or the same pipe or file).
pub(crate) fn is_standard_output(path: &Path) -> bool {
    let stats = || {
        let there = rustix::fs::stat(path).ok()?;
        let here = rustix::fs::fstat(rustix::stdio::stdout()).ok()?;
        let same = (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino);
        Some(same && !is_null(&here))
    };
    let named = ["-", "/dev/stdout"]
        .iter()
        .any(|name| path == Path::new(name));
    named || stats().unwrap_or(false)
}

fn is_null(stat: &Stat) -> bool {
    rustix::fs::stat("/dev/null")
        .is_ok_and(|null| (stat.st_mode, stat.st_rdev) == (null.st_mode, null.st_rdev))
}

fn standard_output() -> io::Result<File> {
    duplicate(rustix::stdio::stdout())
}

/// Takes a stream past std's buffers, which would look for line ends in it.
fn duplicate(stream: impl AsFd) -> io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}

/// Returns standard input.
pub(crate) fn standard_input() -> io::Result<File> {
    duplicate(rustix::stdio::stdin())
}

/// Returns whether a file can be read twice: a regular one, at its beginning.
pub(crate) fn is_seekable(file: &File) -> bool {
    let regular = rustix::fs::fstat(file)
        .is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::RegularFile);
    regular && rustix::fs::tell(file).is_ok_and(|position| position == 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::{io::Read, os::fd::OwnedFd};

    fn rng() -> Randomness {
        crate::cli::prepare::randomness().unwrap()
    }

    /// Writes these to a pipe; returns what came out, with and without commit.
    fn piped(leave: Leave, overlap: bool, parts: &[&[u8]]) -> [Vec<u8>; 2] {
        [true, false].map(|commit| {
            let (mut reader, writer) = io::pipe().unwrap();
            let reading = std::thread::spawn(move || {
                let mut found = Vec::new();
                reader.read_to_end(&mut found).map(|_| found)
            });
            let pipe = File::from(OwnedFd::from(writer));
            let kind = Kind::pipe(pipe, leave, &mut rng());
            let mut output = Output::of(kind, None, [0; 8], false);
            output.overlap = overlap;
            for part in parts {
                output.write_all(part).unwrap();
            }
            if commit {
                output.commit().unwrap();
            } else {
                drop(output);
            }
            reading.join().unwrap().unwrap()
        })
    }

    #[test]
    fn what_is_not_proven_is_held_back() {
        for held in [0, 100, 1 << 20] {
            for length in [0, 99, BUFFER, 3 * BUFFER + 7, 30 * BUFFER + 7] {
                let content = vec![b'x'; length];
                for overlap in [false, true] {
                    let leave = Leave::OnCommit { held };
                    let [committed, dropped] = piped(leave, overlap, &[&content]);
                    assert!(committed == content && dropped.is_empty());
                }
            }
        }
    }

    #[test]
    fn what_may_leave_leaves_by_the_buffer() {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(5 * BUFFER + 12).collect();
        let (first, rest) = content.split_at(7);
        let (many, last) = rest.split_at(3 * BUFFER - 2);
        for parts in [&[&content[..]][..], &[first, many, last]] {
            let [committed, dropped] = piped(Leave::AsWritten, false, parts);
            assert!(committed == content);
            assert!(dropped == content[..5 * BUFFER]);
        }
        // what says no at once has written nothing
        let [committed, dropped] = piped(Leave::AsWritten, false, &[b"short"]);
        assert!(committed == b"short" && dropped.is_empty());
    }

    #[test]
    fn a_file_appears_on_commit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        for commit in [false, true] {
            let mut output =
                Output::open(Some(&path), Leave::AsWritten, false, &mut rng()).unwrap();
            assert!(!output.is_terminal());
            output.write_all(b"text").unwrap();
            if commit {
                output.commit().unwrap();
            }
            assert_eq!(path.exists(), commit);
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
    }

    #[test]
    fn several_files_appear_together_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let made = |names: &[&str]| -> Vec<Output> {
            let open = |name: &&str| {
                let path = directory.path().join(name);
                let mut output =
                    Output::open(Some(&path), Leave::AsWritten, false, &mut rng()).unwrap();
                output.write_all(b"text").unwrap();
                output
            };
            names.iter().map(open).collect()
        };
        let count = || std::fs::read_dir(directory.path()).unwrap().count();
        // one of them has no name that a file can have
        let long = "x".repeat(300);
        let mut outputs = made(&["one", "two"]);
        let Target::File(place) = Target::of(&directory.path().join("three")).unwrap() else {
            unreachable!()
        };
        let failing = Kind::Copied(spool(10, &mut rng()), place);
        outputs.push(Output::of(failing, Some(long.into()), [7; 8], false));
        std::fs::write(directory.path().join(".smime-0707070707070707"), "").unwrap();
        assert!(Output::commit_all(outputs).is_err());
        assert_eq!(count(), 1);
        Output::commit_all(made(&["one", "two", "three"])).unwrap();
        assert_eq!(count(), 4);
        Output::commit_all(Vec::new()).unwrap();
    }

    #[test]
    fn a_file_is_copied_where_files_must_have_names() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        for commit in [false, true] {
            let Target::File(place) = Target::of(&path).unwrap() else {
                unreachable!()
            };
            let kind = Kind::Copied(spool(10, &mut rng()), place);
            let mut output = Output::of(kind, Some(path.clone()), [9; 8], true);
            output.write_all(&vec![b'x'; 3 * BUFFER]).unwrap();
            if commit {
                output.commit().unwrap();
            }
            let entries = std::fs::read_dir(directory.path()).unwrap().count();
            assert_eq!(entries, usize::from(commit));
        }
        assert_eq!(std::fs::read(&path).unwrap(), vec![b'x'; 3 * BUFFER]);
    }
}
