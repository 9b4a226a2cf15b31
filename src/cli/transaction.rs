//! A file that appears whole or not at all.
//!
//! Knows directories, links, modes and renames; must not know what is written. The octets go to a file without a name (`O_TMPFILE`) in the
//! target's directory, which vanishes with the process, however that ends; [`Transaction::commit`] gives it its name.
use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags},
    io::Errno,
};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions},
    io::{self, Seek, Write},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::{
            ffi::OsStringExt,
            fs::{FileTypeExt, MetadataExt, PermissionsExt},
        },
    },
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// Symbolic links that are followed, as Linux does.
const LINKS: usize = 40;

/// What a path leads to, before anything is written.
pub(crate) enum Target {
    /// a regular file, or nothing yet
    File(Place),
    /// a FIFO, a device, a socket: written to as a pipe is
    Pipe(File),
}

/// Where a file is to appear.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// the open directory that the paths below are relative to; else they are the process's
    base: Option<Arc<OwnedFd>>,
    /// the real path, symbolic links followed
    path: PathBuf,
    directory: PathBuf,
    mode: u32,
}

impl Target {
    /// Finds what a path leads to.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(Errno::ISDIR.into()),
            Ok(found) if found.is_file() => {
                let mode = found.permissions().mode() & 0o777;
                Place::new(fs::canonicalize(path)?, mode).map(Self::File)
            }
            Ok(_) => OpenOptions::new().write(true).open(path).map(Self::Pipe),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Place::new(follow(path)?, 0o600).map(Self::File)
            }
            Err(e) => Err(e),
        }
    }
}

impl Place {
    fn new(path: PathBuf, mode: u32) -> io::Result<Self> {
        if path.file_name().is_none() {
            return Err(Errno::INVAL.into());
        }
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        if !directory.is_dir() {
            return Err(Errno::NOENT.into());
        }
        Ok(Self {
            base: None,
            path,
            directory,
            mode,
        })
    }

    /// Returns the place of this name in an open directory. Whatever has the name, it is not followed.
    pub(crate) fn beneath(directory: Arc<OwnedFd>, name: &OsStr) -> Self {
        Self {
            base: Some(directory),
            path: name.into(),
            directory: ".".into(),
            mode: 0o600,
        }
    }

    fn base(&self) -> BorrowedFd<'_> {
        self.base.as_ref().map_or(CWD, |it| it.as_fd())
    }

    /// Returns the mode of the file that is to be replaced, where it was not looked at before.
    fn old_mode(&self) -> Option<u32> {
        let base = self.base.as_ref()?;
        let old = rustix::fs::statat(base, &self.path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_file = FileType::from_raw_mode(old.st_mode) == FileType::RegularFile;
        is_file.then_some(old.st_mode & 0o777)
    }

    /// Takes away what a process that was killed left behind under the name that `random` makes.
    pub(crate) fn clean(&self, random: [u8; 8]) {
        let temporary = temporary_name(&self.directory, random);
        let _ = rustix::fs::unlinkat(self.base(), &temporary, AtFlags::empty());
    }

    fn rename(&self, temporary: &Path) -> io::Result<()> {
        let renamed = rustix::fs::renameat(self.base(), temporary, self.base(), &self.path);
        Ok(renamed.inspect_err(|_| {
            let _ = rustix::fs::unlinkat(self.base(), temporary, AtFlags::empty());
        })?)
    }

    fn sync_directory(&self) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(self.base(), &self.directory, flags, Mode::empty())?;
        File::from(directory).sync_all()
    }
}

/// Whether two paths lead to one file, be it there yet or not. A device is not one place: what two write to it does not overwrite.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => {
            !one.file_type().is_char_device()
                && (one.dev(), one.ino()) == (other.dev(), other.ino())
        }
        (Err(_), Err(_)) => {
            let real = |path| {
                let place = Place::new(follow(path).ok()?, 0).ok()?;
                let directory = fs::canonicalize(&place.directory).ok()?;
                Some(directory.join(place.path.file_name()?))
            };
            real(one).is_some_and(|one| Some(one) == real(other))
        }
        _ => false,
    }
}

/// Returns the path without links, as far as it is there.
pub(crate) fn real(path: &Path) -> PathBuf {
    let path = follow(path).unwrap_or_else(|_| path.to_owned());
    let absolute = std::path::absolute(&path).unwrap_or(path);
    for there in absolute.ancestors() {
        if let (Ok(found), Ok(missing)) = (fs::canonicalize(there), absolute.strip_prefix(there)) {
            return missing.components().fold(found, |mut at, step| {
                match step {
                    Component::ParentDir => drop(at.pop()),
                    step => at.push(step),
                }
                at
            });
        }
    }
    absolute
}

/// A file without a name yet.
pub(crate) struct Transaction {
    place: Place,
    file: File,
}

impl Transaction {
    /// Starts; `None` where the file system knows no files without names.
    pub(crate) fn begin(place: &Place) -> io::Result<Option<Self>> {
        match unnamed(place.base(), &place.directory, OFlags::empty()) {
            Ok(file) if descriptor(&file).exists() => Ok(Some(Self {
                place: place.clone(),
                file,
            })),
            Ok(_) => Ok(None),
            Err(e) if is_unsupported(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Starts where it is known that there can be files without names.
    pub(crate) fn begin_unnamed(place: &Place) -> io::Result<Self> {
        Ok(Self {
            file: unnamed(place.base(), &place.directory, OFlags::empty())?,
            place: place.clone(),
        })
    }

    /// Gives the file its name, in place of an old one. `random` keeps the names of two processes apart; with `sync` all of it is on the disk first.
    pub(crate) fn commit(mut self, random: [u8; 8], sync: bool) -> io::Result<()> {
        self.file
            .set_permissions(fs::Permissions::from_mode(self.place.mode))?;
        if sync {
            self.file.sync_all()?;
        }
        let source = descriptor(&self.file);
        let link = |to: &Path| -> io::Result<()> {
            let base = self.place.base();
            let flags = AtFlags::SYMLINK_FOLLOW;
            Ok(rustix::fs::linkat(CWD, &source, base, to, flags)?)
        };
        match link(&self.place.path) {
            Ok(()) => {}
            // A link replaces nothing, and only a name can be renamed: killed between these two calls, the process leaves the temporary
            // name behind, with all of the message and the old file untouched. No system call closes that window.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                if let Some(mode) = self.place.old_mode() {
                    let mode = fs::Permissions::from_mode(mode);
                    self.file.set_permissions(mode)?;
                }
                let temporary = temporary_name(&self.place.directory, random);
                link(&temporary).or_else(|e| {
                    // what a process that was killed left behind, if it had the same number
                    if e.kind() != io::ErrorKind::AlreadyExists || self.place.base.is_none() {
                        return Err(e);
                    }
                    self.place.clean(random);
                    link(&temporary)
                })?;
                self.place.rename(&temporary)?;
            }
            // No hard links on this file system, none for us, or no /proc: by copy.
            Err(e)
                if is_one_of(
                    &e,
                    &[Errno::XDEV, Errno::PERM, Errno::OPNOTSUPP, Errno::NOENT],
                ) =>
            {
                self.file.rewind()?;
                let from = &mut self.file;
                return copy(
                    &self.place,
                    &mut |to| io::copy(from, to).map(|_| ()),
                    random,
                    sync,
                );
            }
            Err(e) => return Err(e),
        }
        if sync {
            self.place.sync_directory()?;
        }
        Ok(())
    }

    /// Gives the file a temporary name, so that nothing but a rename is left to do.
    pub(crate) fn stage(mut self, random: [u8; 8], sync: bool) -> io::Result<Staged> {
        self.file
            .set_permissions(fs::Permissions::from_mode(self.place.mode))?;
        if sync {
            self.file.sync_all()?;
        }
        let temporary = temporary_name(&self.place.directory, random);
        let source = descriptor(&self.file);
        let base = self.place.base();
        match rustix::fs::linkat(CWD, &source, base, &temporary, AtFlags::SYMLINK_FOLLOW) {
            Ok(()) => Ok(Staged {
                temporary: Some(temporary),
                place: self.place,
                sync,
            }),
            Err(Errno::XDEV | Errno::PERM | Errno::OPNOTSUPP | Errno::NOENT) => {
                self.file.rewind()?;
                let from = &mut self.file;
                let content = &mut |to: &mut File| io::copy(from, to).map(|_| ());
                stage_copy(&self.place, content, random, sync)
            }
            Err(e) => Err(e.into()),
        }
    }
}

/// A whole file under a temporary name. Dropped without [`Staged::settle`], it is gone.
pub(crate) struct Staged {
    temporary: Option<PathBuf>,
    place: Place,
    sync: bool,
}

impl Staged {
    /// Gives the file its own name, in place of an old one.
    pub(crate) fn settle(mut self) -> io::Result<()> {
        if let Some(temporary) = self.temporary.take() {
            self.place.rename(&temporary)?;
        }
        if self.sync {
            self.place.sync_directory()?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = rustix::fs::unlinkat(self.place.base(), temporary, AtFlags::empty());
        }
    }
}

impl Write for Transaction {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a file at once: to a name of its own, then renamed. For file systems that know no files without names.
pub(crate) fn copy(
    place: &Place,
    content: &mut dyn FnMut(&mut File) -> io::Result<()>,
    random: [u8; 8],
    sync: bool,
) -> io::Result<()> {
    stage_copy(place, content, random, sync)?.settle()
}

/// Writes a file at once, to a temporary name.
pub(crate) fn stage_copy(
    place: &Place,
    content: &mut dyn FnMut(&mut File) -> io::Result<()>,
    random: [u8; 8],
    sync: bool,
) -> io::Result<Staged> {
    let temporary = temporary_name(&place.directory, random);
    if place.base.is_some() {
        place.clean(random);
    }
    let mut file = create(place.base(), &temporary, OFlags::WRONLY)?;
    let staged = Staged {
        temporary: Some(temporary),
        place: place.clone(),
        sync,
    };
    content(&mut file)?;
    let mode = place.old_mode().unwrap_or(place.mode);
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    if sync {
        file.sync_all()?;
    }
    Ok(staged)
}

/// Makes a file that nobody can find, to hold encrypted octets until this process ends.
pub(crate) fn holding(directory: &Path, random: [u8; 8]) -> io::Result<File> {
    match unnamed(CWD, directory, OFlags::EXCL) {
        Err(e) if is_unsupported(&e) => {
            let path = temporary_name(directory, random);
            let file = create(CWD, &path, OFlags::RDWR)?;
            fs::remove_file(&path)?;
            Ok(file)
        }
        made => made,
    }
}

fn unnamed(base: BorrowedFd<'_>, directory: &Path, flags: OFlags) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC | flags;
    let made = rustix::fs::openat(base, directory, flags, Mode::RUSR | Mode::WUSR)?;
    Ok(File::from(made))
}

fn create(base: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | flags;
    let made = rustix::fs::openat(base, path, flags, Mode::RUSR | Mode::WUSR)?;
    Ok(File::from(made))
}

/// A file system without `O_TMPFILE` says `EOPNOTSUPP`, a kernel without it `EISDIR`, some network file systems `EINVAL`.
fn is_unsupported(error: &io::Error) -> bool {
    let unsupported = [Errno::OPNOTSUPP, Errno::ISDIR, Errno::INVAL, Errno::NOSYS];
    is_one_of(error, &unsupported)
}

fn is_one_of(error: &io::Error, numbers: &[Errno]) -> bool {
    numbers
        .iter()
        .any(|e| error.raw_os_error() == Some(e.raw_os_error()))
}

fn descriptor(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn temporary_name(directory: &Path, random: [u8; 8]) -> PathBuf {
    directory.join(format!(".smime-{}", smime::encoding::hex::encode(&random)))
}

/// Follows symbolic links to where nothing is yet.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // A path that ends in a slash names a directory, and there is none.
    let name: Vec<u8> = OsString::from(path.clone()).into_vec();
    if name.ends_with(b"/") {
        return Err(Errno::NOENT.into());
    }
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(to) => {
                let directory = path.parent().unwrap_or(Path::new("")).to_owned();
                path = directory.join(to);
            }
            Err(_) => return Ok(path),
        }
    }
    Err(Errno::LOOP.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use std::os::unix::fs::symlink;

    fn write(path: &Path, content: &[u8]) {
        let Target::File(place) = Target::of(path).unwrap() else {
            panic!("not a file")
        };
        match Transaction::begin(&place).unwrap() {
            Some(mut transaction) => {
                transaction.write_all(content).unwrap();
                transaction.commit([1; 8], true).unwrap();
            }
            None => copy(&place, &mut |f| f.write_all(content), [1; 8], true).unwrap(),
        }
    }
    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }
    fn names(directory: &Path) -> usize {
        fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn a_new_file_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        write(&path, b"text");
        assert_eq!(fs::read(&path).unwrap(), b"text");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(names(directory.path()), 1);
    }

    #[test]
    fn an_old_file_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("old");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write(&path, b"new");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), 0o640);
        assert_eq!(names(directory.path()), 1);
    }

    #[test]
    fn without_commit_nothing_appears() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("old");
        fs::write(&path, "old").unwrap();
        let Target::File(place) = Target::of(&path).unwrap() else {
            panic!("not a file")
        };
        if let Some(mut transaction) = Transaction::begin(&place).unwrap() {
            transaction.write_all(b"new").unwrap();
            assert_eq!(names(directory.path()), 1);
        }
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn what_is_staged_appears_when_it_is_settled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("old");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let staged = |settle: bool| {
            let Target::File(place) = Target::of(&path).unwrap() else {
                panic!("not a file")
            };
            let random = [5; 8];
            let staged = match Transaction::begin(&place).unwrap() {
                Some(mut transaction) => {
                    transaction.write_all(b"new").unwrap();
                    transaction.stage(random, true).unwrap()
                }
                None => stage_copy(&place, &mut |f| f.write_all(b"new"), random, true).unwrap(),
            };
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(names(directory.path()), 2);
            if settle {
                staged.settle().unwrap();
            }
        };
        staged(false);
        assert_eq!(
            (fs::read(&path).unwrap(), names(directory.path())),
            (b"old".to_vec(), 1)
        );
        staged(true);
        assert_eq!(
            (fs::read(&path).unwrap(), names(directory.path())),
            (b"new".to_vec(), 1)
        );
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_failing_copy_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let Target::File(place) = Target::of(&directory.path().join("new")).unwrap() else {
            panic!("not a file")
        };
        let failing = &mut |_: &mut File| Err(io::ErrorKind::StorageFull.into());
        assert!(copy(&place, failing, [2; 8], false).is_err());
        assert_eq!(names(directory.path()), 0);
        copy(&place, &mut |f| f.write_all(b"x"), [2; 8], false).unwrap();
        assert_eq!(names(directory.path()), 1);
    }

    #[test]
    fn what_cannot_be_linked_for_other_reasons_is_not_copied() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::new(directory.path().join("x".repeat(300)), 0o600).unwrap();
        let Some(transaction) = Transaction::begin(&place).unwrap() else {
            return;
        };
        let error = transaction.commit([4; 8], false).unwrap_err();
        assert!(is_one_of(&error, &[Errno::NAMETOOLONG]));
        assert_eq!(names(directory.path()), 0);
    }

    #[test]
    fn one_file_has_many_names() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("old"), "").unwrap();
        fs::hard_link(path("old"), path("hard")).unwrap();
        symlink("old", path("soft")).unwrap();
        symlink("new", path("dangling")).unwrap();
        for (one, other, same) in [
            ("old", "./old", true),
            ("old", "hard", true),
            ("soft", "old", true),
            ("dangling", "new", true),
            ("new", "./new", true),
            ("old", "new", false),
            ("new", "newer", false),
        ] {
            assert_eq!(is_same(&path(one), &path(other)), same, "{one} {other}");
        }
        let null = Path::new("/dev/null");
        assert!(!is_same(null, null));
    }

    #[test]
    fn links_are_followed_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("real")).unwrap();
        for (link, to) in [("a", "real/a"), ("b", "real/b"), ("c", "b")] {
            symlink(to, directory.path().join(link)).unwrap();
        }
        fs::write(directory.path().join("real/a"), "old").unwrap();
        write(&directory.path().join("a"), b"new a");
        write(&directory.path().join("c"), b"new b");
        for (name, content) in [("real/a", "new a"), ("real/b", "new b"), ("c", "new b")] {
            let found = fs::read_to_string(directory.path().join(name)).unwrap();
            assert_eq!(found, content);
        }
        assert!(directory.path().join("c").is_symlink());
        symlink("loop", directory.path().join("loop")).unwrap();
        assert!(Target::of(&directory.path().join("loop")).is_err());
    }

    #[test]
    fn what_is_no_file_is_a_pipe_or_an_error() {
        assert!(matches!(
            Target::of(Path::new("/dev/null")).unwrap(),
            Target::Pipe(_)
        ));
        for path in ["/", "/nowhere/at/all", "nowhere/", "."] {
            assert!(Target::of(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn a_holding_file_has_no_name() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = holding(directory.path(), [3; 8]).unwrap();
        file.write_all(b"x").unwrap();
        assert_eq!(names(directory.path()), 0);
    }
}
