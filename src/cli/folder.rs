//! A directory that results are written into, and never beside: whatever their names are, and whatever links somebody put into it.
//!
//! Knows directories and names; must not know what is written. Every step down is taken from an open directory and follows no link.
use super::transaction::{Place, Transaction};
use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags},
    io::Errno,
};
use smime::crypto::{Digest, digest::digest};
use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::DirBuilder,
    io,
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, fs::DirBuilderExt},
    },
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Directories that are kept open.
const OPEN: usize = 64;

/// A directory of results.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    itself: Arc<OwnedFd>,
    open: Mutex<HashMap<PathBuf, Arc<OwnedFd>>>,
    /// whether files without names can be made in it
    unnamed: bool,
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
        let itself = Arc::new(rustix::fs::openat(CWD, path, flags, Mode::empty())?);
        let probe = Place::beneath(Arc::clone(&itself), OsStr::new("probe"));
        let unnamed = Transaction::begin(&probe)?.is_some();
        Ok(Self {
            path: path.to_owned(),
            itself,
            open: Mutex::default(),
            unnamed,
        })
    }

    /// Returns the path of a result, for people.
    pub(crate) fn shown(&self, name: &Path) -> PathBuf {
        self.path.join(name)
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
        let directory = self.directory(parent)?;
        let hash = digest(Digest::Sha256, name.as_os_str().as_bytes());
        Ok(Slot {
            place: Place::beneath(Arc::clone(&directory), file),
            unnamed: self.unnamed,
            number: hash.first_chunk().copied().unwrap_or_default(),
            directory,
            name: file.into(),
        })
    }

    fn directory(&self, path: &Path) -> io::Result<Arc<OwnedFd>> {
        if path.as_os_str().is_empty() {
            return Ok(Arc::clone(&self.itself));
        }
        let known = |open: &HashMap<PathBuf, Arc<OwnedFd>>| open.get(path).cloned();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known(&open) {
            return Ok(known);
        }
        if !is_plain(path) {
            return Err(Errno::INVAL.into());
        }
        let mut at = Arc::clone(&self.itself);
        for step in path.iter() {
            at = Arc::new(down(&at, step)?);
        }
        if open.len() >= OPEN {
            open.clear();
        }
        open.insert(path.to_owned(), Arc::clone(&at));
        Ok(at)
    }
}

impl Slot {
    /// Returns whether the result is there; takes away what a process that was killed while it replaced one left behind.
    pub(crate) fn is_done(&self) -> bool {
        let found = rustix::fs::statat(&self.directory, &*self.name, AtFlags::SYMLINK_NOFOLLOW);
        let is_file =
            found.is_ok_and(|it| FileType::from_raw_mode(it.st_mode) == FileType::RegularFile);
        if is_file {
            self.place.clean(self.number);
        }
        is_file
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
        let slot = folder.slot(Path::new(name))?;
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
            let folder = Folder {
                unnamed,
                ..Folder::open(&directory).unwrap()
            };
            for (name, length) in [
                ("a", 10),
                ("b/c/d:2,S", 10),
                ("b/large", 300_000),
                ("a", 20),
            ] {
                write(&folder, name, &vec![b'x'; length]).unwrap();
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
