//! A directory that results are written into, and never beside: whatever their names are, and whatever links somebody put into it.
//!
//! Knows directories and names; must not know what is written. Every step down is taken from an open directory and follows no link.
use super::transaction::{Place, Transaction};
use rustix::{
    fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat, flock},
    io::Errno,
};
use smime::crypto::{Digest, digest::digest};
use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::{DirBuilder, File},
    io,
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, fs::DirBuilderExt},
    },
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Directories that are kept open.
const OPEN: usize = 64;

/// Between two attempts at a lock.
const PAUSE: Duration = Duration::from_millis(20);

/// A directory of results.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    itself: Directory,
    open: Mutex<HashMap<PathBuf, Directory>>,
}

/// An open directory.
#[derive(Debug, Clone)]
struct Directory {
    itself: Arc<OwnedFd>,
    /// whether files without names can be made in it; the one below may lie on another file system
    unnamed: bool,
}

/// What makes a file the same by whatever name: its file system, and its number there.
pub(crate) type FileId = (u64, u64);

/// Returns which file a path leads to.
pub(crate) fn file_id(path: &Path) -> Option<FileId> {
    rustix::fs::stat(path).ok().map(|it| (it.st_dev, it.st_ino))
}

/// Where one result goes.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) place: Place,
    /// whether a file without a name can be made there
    pub(crate) unnamed: bool,
    /// made of the name: who takes the place of a process that was killed finds what that left behind
    pub(crate) number: [u8; 8],
    directory: Arc<OwnedFd>,
    name: Box<OsStr>,
}

impl Folder {
    /// Opens it, made where it is not there yet.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        // it is named by the user: a link to it will do
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let itself = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        Ok(Self {
            path: path.to_owned(),
            itself: Directory::of(itself)?,
            open: Mutex::default(),
        })
    }

    /// Returns the path of a result, for people.
    pub(crate) fn shown(&self, name: &Path) -> PathBuf {
        self.path.join(name)
    }

    /// Keeps others who ask out while it is open.
    pub(crate) fn lock(&self, patience: Duration) -> io::Result<()> {
        let since = Instant::now();
        loop {
            match flock(
                &self.itself.itself,
                FlockOperation::NonBlockingLockExclusive,
            ) {
                Err(Errno::WOULDBLOCK) if since.elapsed() < patience => {
                    std::thread::sleep(PAUSE);
                }
                Err(Errno::WOULDBLOCK) => {
                    let why = "another process keeps it locked";
                    return Err(io::Error::new(io::ErrorKind::TimedOut, why));
                }
                locked => return Ok(locked?),
            }
        }
    }

    /// Makes a directory, and those above it.
    pub(crate) fn make(&self, directory: &Path) -> io::Result<()> {
        self.directory(directory).map(drop)
    }

    /// Returns where the result of this name goes; the directories above it are made. A name that leads outside is refused.
    pub(crate) fn slot(&self, name: &Path) -> io::Result<Slot> {
        let (Some(file), Some(parent)) = (name.file_name(), name.parent()) else {
            return Err(Errno::INVAL.into());
        };
        if !is_plain(name) {
            return Err(Errno::INVAL.into());
        }
        let Directory { itself, unnamed } = self.directory(parent)?;
        let hash = digest(Digest::Sha256, name.as_os_str().as_bytes());
        Ok(Slot {
            place: Place::beneath(Arc::clone(&itself), file),
            unnamed,
            number: hash.first_chunk().copied().unwrap_or_default(),
            directory: itself,
            name: file.into(),
        })
    }

    fn directory(&self, path: &Path) -> io::Result<Directory> {
        if path.as_os_str().is_empty() {
            return Ok(self.itself.clone());
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.get(path) {
            return Ok(known.clone());
        }
        if !is_plain(path) {
            return Err(Errno::INVAL.into());
        }
        let mut at = Arc::clone(&self.itself.itself);
        for step in path.iter() {
            at = Arc::new(down(&at, step)?);
        }
        let at = Directory::of(at)?;
        if open.len() >= OPEN {
            open.clear();
        }
        open.insert(path.to_owned(), at.clone());
        Ok(at)
    }
}

impl Directory {
    fn of(itself: impl Into<Arc<OwnedFd>>) -> io::Result<Self> {
        let itself = itself.into();
        let probe = Place::beneath(Arc::clone(&itself), OsStr::new("probe"));
        let unnamed = Transaction::begin(&probe)?.is_some();
        Ok(Self { itself, unnamed })
    }
}

impl Slot {
    /// Returns whether this very file has the name of the result.
    pub(crate) fn holds(&self, file: &Path) -> bool {
        self.file().is_some_and(|it| Some(it) == file_id(file))
    }

    /// Returns which file has the name of the result.
    pub(crate) fn file(&self) -> Option<FileId> {
        self.found().ok().map(|it| (it.st_dev, it.st_ino))
    }

    /// Returns whether the result is there; takes away what a process that was killed while it replaced one left behind.
    pub(crate) fn is_done(&self) -> bool {
        let is_file = |it: Stat| FileType::from_raw_mode(it.st_mode) == FileType::RegularFile;
        let is_done = self.found().is_ok_and(is_file);
        if is_done {
            self.place.clean(self.number);
        }
        is_done
    }

    /// Opens what has the name of the result, if it is a file: no link is followed, and no pipe waited for.
    pub(crate) fn read(&self) -> io::Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.directory, &*self.name, flags, Mode::empty()) {
            // nothing, a link, a socket
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => Ok(None),
            opened => {
                let file = File::from(opened?);
                Ok(file.metadata()?.is_file().then_some(file))
            }
        }
    }

    fn found(&self) -> Result<Stat, Errno> {
        rustix::fs::statat(&self.directory, &*self.name, AtFlags::SYMLINK_NOFOLLOW)
    }
}

/// Whether a relative path goes down at every step.
pub(crate) fn is_plain(path: &Path) -> bool {
    path.components()
        .all(|it| matches!(it, Component::Normal(_)))
}

/// Opens a directory in another one, made where it is not there yet.
fn down(from: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || rustix::fs::openat(from, name, flags, Mode::empty());
    match open() {
        Err(Errno::NOENT) => {
            match rustix::fs::mkdirat(from, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e.into()),
            }
            Ok(open()?)
        }
        opened => Ok(opened?),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::{
        output::{Destination, Leave},
        prepare,
    };
    use std::{fs, io::Write, os::unix::fs::symlink};

    fn write(folder: &Folder, name: &str, content: &[u8]) -> anyhow::Result<()> {
        put(folder.slot(Path::new(name))?, name, content)
    }

    fn put(slot: Slot, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let to = Destination::Slot {
            slot: &slot,
            shown: Path::new(name),
            sync: false,
        };
        let mut output = to.open(Leave::AsWritten, &mut prepare::randomness()?)?;
        output.write_all(content)?;
        output.commit()
    }

    #[test]
    fn results_go_down_only() {
        let outside = tempfile::tempdir().unwrap();
        let directory = outside.path().join("new/folder");
        for unnamed in [true, false] {
            let folder = Folder::open(&directory).unwrap();
            for (name, length) in [
                ("a", 10),
                ("b/c/d:2,S", 10),
                ("b/large", 300_000),
                ("a", 20),
            ] {
                let slot = folder.slot(Path::new(name)).unwrap();
                let unnamed = slot.unnamed && unnamed;
                put(Slot { unnamed, ..slot }, name, &vec![b'x'; length]).unwrap();
                assert_eq!(fs::read(directory.join(name)).unwrap().len(), length);
                assert!(folder.slot(Path::new(name)).unwrap().is_done());
            }
            for name in ["../x", "b/../../x", "/x", "..", "", ".", "b/.."] {
                assert!(folder.slot(Path::new(name)).is_err(), "{name}");
            }
            assert!(!folder.slot(Path::new("nothing")).unwrap().is_done());
            assert!(!folder.slot(Path::new("b")).unwrap().is_done());
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
    }

    #[test]
    fn each_directory_is_asked_what_its_file_system_can() {
        let directory = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(directory.path()).unwrap();
        let unnamed = |folder: &Folder, name| folder.slot(Path::new(name)).unwrap().unnamed;
        let expected = unnamed(&folder, "below/x");
        folder.itself.unnamed = !expected;
        assert_eq!(unnamed(&folder, "x"), !expected);
        assert_eq!(unnamed(&folder, "other/deep/x"), expected);
    }

    #[test]
    fn a_result_that_is_the_message_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let folder = Folder::open(directory.path()).unwrap();
        fs::write(at("a"), "").unwrap();
        fs::write(at("b"), "").unwrap();
        fs::hard_link(at("a"), at("hard")).unwrap();
        symlink("a", at("soft")).unwrap();
        for (name, file, holds) in [
            ("a", "a", true),
            ("a", "soft", true),
            ("a", "hard", true),
            ("hard", "a", true),
            // a link is replaced, and not what it leads to
            ("soft", "a", false),
            ("b", "a", false),
            ("a", "none", false),
            ("none", "a", false),
        ] {
            let slot = folder.slot(Path::new(name)).unwrap();
            assert_eq!(slot.holds(&at(file)), holds, "{name}, {file}");
        }
    }

    #[test]
    fn links_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        let directory = outside.path().join("folder");
        let folder = Folder::open(&directory).unwrap();
        fs::create_dir(outside.path().join("other")).unwrap();
        fs::write(outside.path().join("other/file"), "old").unwrap();
        symlink("../other", directory.join("link")).unwrap();
        symlink("../other/file", directory.join("file")).unwrap();
        symlink("../other/new", directory.join("new")).unwrap();
        assert!(write(&folder, "link/x", b"x").is_err());
        // a link has the name of a result: the result takes its place
        assert!(!folder.slot(Path::new("file")).unwrap().is_done());
        for name in ["file", "new"] {
            write(&folder, name, b"new").unwrap();
            assert!(!directory.join(name).is_symlink());
        }
        let other = outside.path().join("other");
        assert_eq!(fs::read(other.join("file")).unwrap(), b"old");
        assert_eq!(fs::read_dir(other).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_taken_away() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        let slot = folder.slot(Path::new("a")).unwrap();
        let left = format!(".smime-{}", smime::encoding::hex::encode(&slot.number));
        let left = directory.path().join(left);
        for replaced in [false, true] {
            fs::write(&left, "left").unwrap();
            write(&folder, "a", b"new").unwrap();
            assert_eq!(left.exists(), !replaced);
            assert!(slot.is_done() && !left.exists());
        }
        let content = fs::read(directory.path().join("a")).unwrap();
        assert_eq!(content, b"new");
    }
}
