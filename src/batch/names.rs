//! What was named, made into messages: files, directories and all below them, Maildirs, lists of those on standard input.
//!
//! Knows directories and names, and which of them are messages; opens no message. The name of a message is that of its result below DIR:
//! an INPUT's file name, in a directory what follows it; a path in a list as it stands there, from its root on. Of a directory at a time, no more
//! than its names are held, in the order of their octets.
use crate::cli::prepare;
use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Component, Path, PathBuf},
    sync::Arc,
    vec,
};

/// What was named.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    /// on the command line
    Arguments(Vec<PathBuf>),
    /// in a list, each ended by this octet
    List(Arc<[u8]>, u8),
}

/// A message, or what stands where one should be.
#[derive(Debug)]
pub(crate) enum Found {
    File {
        path: PathBuf,
        name: PathBuf,
        /// a file of which only its octets tell whether it is an mbox
        may_be_mbox: bool,
    },
    Unreadable {
        path: PathBuf,
        name: PathBuf,
        error: io::Error,
    },
    /// the results below this name are a Maildir
    Maildir { name: PathBuf },
}

/// Goes through everything that was named.
pub(crate) struct Walk {
    roots: Roots,
    levels: Vec<Level>,
    /// what is neither a file nor a directory, and was left out
    pub(crate) left_out: u64,
}

enum Roots {
    Arguments(vec::IntoIter<PathBuf>),
    List { list: Arc<[u8]>, at: usize, end: u8 },
}

/// A directory on the way.
struct Level {
    path: PathBuf,
    name: PathBuf,
    is_maildir_part: bool,
    entries: Entries,
}

impl Named {
    /// Understands the inputs; `-` alone is a list, which `read` reads.
    pub(crate) fn of(
        inputs: &[PathBuf],
        null: bool,
        read: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> io::Result<Self> {
        match inputs {
            [only] if only == Path::new("-") => {
                let end = if null { 0 } else { b'\n' };
                Ok(Self::List(read()?.into(), end))
            }
            _ => Ok(Self::Arguments(inputs.to_vec())),
        }
    }

    /// Goes through it from the beginning.
    pub(crate) fn walk(&self) -> Walk {
        let roots = match self {
            Self::Arguments(paths) => Roots::Arguments(paths.clone().into_iter()),
            Self::List(list, end) => Roots::List {
                list: Arc::clone(list),
                at: 0,
                end: *end,
            },
        };
        Walk {
            roots,
            levels: Vec::new(),
            left_out: 0,
        }
    }

    /// Returns a name that two results would have, or that would be a file and a directory at once. Below a single directory there is none.
    pub(crate) fn conflict(&self) -> Option<PathBuf> {
        if matches!(self, Self::Arguments(paths) if paths.len() == 1) {
            return None;
        }
        let (mut files, mut directories) = (HashSet::new(), HashSet::new());
        for found in self.walk() {
            let (Found::File { name, .. } | Found::Unreadable { name, .. }) = found else {
                continue;
            };
            let mark = |name: &Path| mark(name.as_os_str().as_bytes());
            if !files.insert(mark(&name)) || directories.contains(&mark(&name)) {
                return Some(name);
            }
            for above in name.ancestors().skip(1) {
                if files.contains(&mark(above)) {
                    return Some(name);
                }
                if !directories.insert(mark(above)) {
                    break;
                }
            }
        }
        None
    }

    /// Returns a directory that was named and holds this file or directory, there yet or not; or the file itself.
    pub(crate) fn around(&self, directory: &Path) -> Option<PathBuf> {
        let mut roots = self.walk().roots;
        let mut paths = std::iter::from_fn(|| roots.next().map(|(path, _)| path));
        paths.find(|path| is_within(directory, path))
    }

    /// Returns a name whose result, below this directory, would take the place of what is read: of what was named, or of one of `others`; it
    /// may lie in a directory among them.
    pub(crate) fn read_there(&self, directory: &Path, others: &[&Path]) -> Option<PathBuf> {
        // in a directory that is not there nothing is read
        let directory = fs::canonicalize(directory).ok()?;
        let mut roots = self.walk().roots;
        let roots = std::iter::from_fn(|| roots.next().map(|(path, _)| path));
        let below = |path: PathBuf| {
            let path = fs::canonicalize(path).ok()?;
            let name = path.strip_prefix(&directory).ok()?;
            Some(mark(name.as_os_str().as_bytes()))
        };
        // of a directory that lies elsewhere, or around DIR, the files that are read
        let others = others.iter().flat_map(|path| {
            prepare::members(path)
                .into_iter()
                .chain([path.to_path_buf()])
        });
        let read: HashSet<_> = roots.chain(others).filter_map(below).collect();
        if read.is_empty() {
            return None;
        }
        let is_read = |name: &Path| read.contains(&mark(name.as_os_str().as_bytes()));
        self.walk().find_map(|found| match found {
            Found::File { name, .. } | Found::Unreadable { name, .. } => {
                name.ancestors().any(is_read).then_some(name)
            }
            Found::Maildir { .. } => None,
        })
    }

    /// Returns a path in the list that has no place below DIR: one that leads up.
    pub(crate) fn astray(&self) -> Option<PathBuf> {
        let Self::List(..) = self else { return None };
        let mut roots = self.walk().roots;
        let leads_up = |path: &PathBuf| path.components().any(|it| it == Component::ParentDir);
        std::iter::from_fn(|| roots.next().map(|(path, _)| path)).find(leads_up)
    }
}

/// 128 bits that stand for a name: nobody finds two names that share them.
fn mark(name: &[u8]) -> [u8; 16] {
    use smime::crypto::{Digest, digest::digest};
    let digest = digest(Digest::Sha256, name);
    digest.first_chunk().copied().unwrap_or_default()
}

impl Roots {
    /// Returns the next path, and the name of its result.
    fn next(&mut self) -> Option<(PathBuf, PathBuf)> {
        match self {
            Self::Arguments(paths) => {
                let path = paths.next()?;
                let name = path.file_name().unwrap_or_default().into();
                Some((path, name))
            }
            Self::List { list, at, end } => loop {
                let rest = list.get(*at..).filter(|rest| !rest.is_empty())?;
                let length = memchr::memchr(*end, rest).unwrap_or(rest.len());
                let line = rest.get(..length).unwrap_or(rest);
                *at += length + 1;
                let line = match *end {
                    b'\n' => line.strip_suffix(b"\r").unwrap_or(line),
                    _ => line,
                };
                if !line.is_empty() {
                    let path = PathBuf::from(OsStr::from_bytes(line));
                    let steps = path.components();
                    let name = steps
                        .filter(|it| matches!(it, Component::Normal(_)))
                        .collect();
                    return Some((path, name));
                }
            },
        }
    }

    fn is_list(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

impl Walk {
    fn root(&mut self, path: PathBuf, name: PathBuf) -> Option<Found> {
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                let name = if self.roots.is_list() {
                    name
                } else {
                    PathBuf::new()
                };
                self.enter(path, name, false)
            }
            Ok(found) if found.is_file() => Some(Found::File {
                may_be_mbox: may_be_mbox(&path),
                path,
                name,
            }),
            Ok(_) => {
                let error = io::Error::other("neither a file nor a directory");
                Some(Found::Unreadable { path, name, error })
            }
            Err(error) => Some(Found::Unreadable { path, name, error }),
        }
    }

    fn enter(&mut self, path: PathBuf, name: PathBuf, is_maildir_part: bool) -> Option<Found> {
        let is_maildir = !is_maildir_part && is_maildir(&path);
        match Entries::of(&path, is_maildir, is_maildir_part, &mut self.left_out) {
            Ok(entries) => {
                let found = is_maildir.then(|| Found::Maildir { name: name.clone() });
                self.levels.push(Level {
                    path,
                    name,
                    is_maildir_part,
                    entries,
                });
                found
            }
            Err(error) => {
                let name = match name.as_os_str().is_empty() {
                    true => path.clone(),
                    false => name,
                };
                Some(Found::Unreadable { path, name, error })
            }
        }
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let Some(level) = self.levels.last_mut() else {
                let (path, name) = self.roots.next()?;
                if let Some(found) = self.root(path, name) {
                    return Some(found);
                }
                continue;
            };
            let Some((entry, kind)) = level.entries.next() else {
                self.levels.pop();
                continue;
            };
            let (path, name) = (level.path.join(&entry), level.name.join(&entry));
            match kind {
                Kind::File => {
                    return Some(Found::File {
                        may_be_mbox: !level.is_maildir_part && may_be_mbox(&path),
                        path,
                        name,
                    });
                }
                Kind::Directory | Kind::MaildirPart => {
                    let part = matches!(kind, Kind::MaildirPart);
                    if let Some(found) = self.enter(path, name, part) {
                        return Some(found);
                    }
                }
            }
        }
    }
}

/// By its name, a file may be many messages: `.eml` is the name of one.
fn may_be_mbox(path: &Path) -> bool {
    !path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("eml"))
}

/// What a Maildir consists of.
pub(crate) const MAILDIR: [&str; 3] = ["cur", "new", "tmp"];

fn is_maildir(path: &Path) -> bool {
    MAILDIR.iter().all(|part| path.join(part).is_dir())
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    File,
    Directory,
    /// `cur` or `new` of a Maildir: each file in it is one message, whatever it is called
    MaildirPart,
}

/// The entries of a directory, one behind the other in as little memory as they need.
struct Entries {
    names: Vec<u8>,
    /// where each begins and ends
    places: vec::IntoIter<(u32, u32, Kind)>,
}

impl Entries {
    /// Lists a directory. What is hidden is left out, except the subfolders of a Maildir, which begin with a dot; of a Maildir, everything but
    /// `cur`, `new` and its subfolders. Links are not followed: what they lead to has its own name.
    fn of(
        path: &Path,
        is_maildir: bool,
        is_maildir_part: bool,
        left_out: &mut u64,
    ) -> io::Result<Self> {
        let mut names: Vec<u8> = Vec::new();
        let mut places = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let octets = name.as_bytes();
            let is_hidden = octets.starts_with(b".");
            let kind = if kind.is_dir() {
                let is_part = MAILDIR.iter().any(|part| octets == part.as_bytes());
                match (is_maildir, is_part) {
                    _ if is_maildir_part => continue,
                    (true, true) if octets == b"tmp" => continue,
                    (true, true) => Kind::MaildirPart,
                    (true, false) if is_hidden && !self::is_maildir(&entry.path()) => continue,
                    (false, _) if is_hidden => continue,
                    _ => Kind::Directory,
                }
            } else if is_hidden || is_maildir {
                continue;
            } else if kind.is_file() {
                Kind::File
            } else {
                *left_out += 1;
                continue;
            };
            let start = names.len();
            names.extend_from_slice(octets);
            let place = |at: usize| u32::try_from(at).map_err(io::Error::other);
            places.push((place(start)?, place(names.len())?, kind));
        }
        let of = |place: &(u32, u32, Kind)| slice(&names, *place);
        places.sort_unstable_by(|one, other| of(one).cmp(of(other)));
        names.shrink_to_fit();
        places.shrink_to_fit();
        Ok(Self {
            names,
            places: places.into_iter(),
        })
    }
}

fn slice(names: &[u8], (start, end, _): (u32, u32, Kind)) -> &[u8] {
    let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
    names.get(place(start)..place(end)).unwrap_or_default()
}

impl Iterator for Entries {
    type Item = (OsString, Kind);

    fn next(&mut self) -> Option<Self::Item> {
        let place = self.places.next()?;
        let name = slice(&self.names, place).to_vec();
        Some((OsString::from_vec(name), place.2))
    }
}

/// Returns whether `directory`, there yet or not, is `other` or lies in it.
pub(crate) fn is_within(directory: &Path, other: &Path) -> bool {
    fn real(path: &Path) -> Option<PathBuf> {
        if let Ok(found) = fs::canonicalize(path) {
            return Some(found);
        }
        let above = path.parent()?;
        let above = match above.as_os_str().is_empty() {
            true => Path::new("."),
            false => above,
        };
        Some(real(above)?.join(path.file_name()?))
    }
    match (real(directory), fs::canonicalize(other)) {
        (Some(directory), Ok(other)) => directory.starts_with(other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match file.ends_with('/') {
                true => fs::create_dir_all(path).unwrap(),
                false => fs::write(path, "").unwrap(),
            }
        }
        directory
    }

    fn names(named: &Named) -> Vec<String> {
        let name = |found| match found {
            Found::File { name, .. } => name.display().to_string(),
            Found::Unreadable { name, .. } => format!("! {}", name.display()),
            Found::Maildir { name } => format!("{}/", name.display()),
        };
        named.walk().map(name).collect()
    }

    fn arguments(directory: &Path, names: &[&str]) -> Named {
        Named::Arguments(names.iter().map(|name| directory.join(name)).collect())
    }

    #[test]
    fn directories_are_gone_through_in_order() {
        let tree = tree(&[
            "b/x.eml", "b/a/z", "a.eml", "c", ".hidden", ".h/x", "b.eml", "empty/",
        ]);
        symlink("c", tree.path().join("link")).unwrap();
        symlink("b", tree.path().join("directory")).unwrap();
        let named = arguments(tree.path(), &[""]);
        assert_eq!(names(&named), ["a.eml", "b/a/z", "b/x.eml", "b.eml", "c"]);
        let mut walk = named.walk();
        walk.by_ref().for_each(drop);
        assert_eq!(walk.left_out, 2);
        let named = arguments(tree.path(), &["c", "b", "link", "nothing", "directory"]);
        assert_eq!(
            names(&named),
            ["c", "a/z", "x.eml", "link", "! nothing", "a/z", "x.eml"]
        );
    }

    #[test]
    fn of_a_maildir_only_messages_are_read() {
        let tree = tree(&[
            "cur/1:2,S",
            "new/2",
            "tmp/3",
            "dovecot.index",
            ".Sent/cur/4:2,",
            ".Sent/new/",
            ".Sent/tmp/5",
            ".other/6",
            "cur/.hidden",
            "cur/folder/7",
            "Sub/cur/8",
            "Sub/new/",
            "Sub/tmp/",
        ]);
        let named = arguments(tree.path(), &[""]);
        assert_eq!(
            names(&named),
            [
                "/",
                ".Sent/",
                ".Sent/cur/4:2,",
                "Sub/",
                "Sub/cur/8",
                "cur/1:2,S",
                "new/2"
            ]
        );
        let is_many = |found| {
            matches!(
                found,
                Found::File {
                    may_be_mbox: true,
                    ..
                }
            )
        };
        assert!(!named.walk().any(is_many));
    }

    #[test]
    fn a_list_has_a_path_a_line() {
        let tree = tree(&["d/a.eml", "d/b", "c"]);
        let root = tree.path().display().to_string();
        let list = |text: &str, end| Named::List(text.as_bytes().into(), end);
        let under = root.trim_start_matches('/');
        let text = format!("{root}/c\n\n{root}/./d\r\n{root}/none");
        let expected = [
            format!("{under}/c"),
            format!("{under}/d/a.eml"),
            format!("{under}/d/b"),
            format!("! {under}/none"),
        ];
        assert_eq!(names(&list(&text, b'\n')), expected);
        let text = format!("{root}/c\0{root}/d\0{root}/none\0");
        assert_eq!(names(&list(&text, 0)), expected);
        assert_eq!(list("a\n./b\n/c/d", b'\n').astray(), None);
        for up in ["..", "a/../b", "/../x"] {
            let found = list(&format!("a\n{up}\n"), b'\n').astray();
            assert_eq!(found, Some(up.into()));
        }
    }

    #[test]
    fn two_results_of_one_name_are_seen_before() {
        let tree = tree(&["one/a/x", "two/a/x", "two/b", "three/a", "a/y"]);
        let conflict = |names: &[&str]| {
            let found = arguments(tree.path(), names).conflict();
            found.map(|it| it.display().to_string())
        };
        assert_eq!(conflict(&["one"]), None);
        assert_eq!(conflict(&["one", "two"]).as_deref(), Some("a/x"));
        assert_eq!(conflict(&["one/a/x", "two/a/x"]).as_deref(), Some("x"));
        assert_eq!(conflict(&["two/b", "two/b"]).as_deref(), Some("b"));
        // a file where the other has a directory, in either order
        assert_eq!(conflict(&["one", "three"]).as_deref(), Some("a"));
        assert_eq!(conflict(&["three", "one"]).as_deref(), Some("a/x"));
        assert_eq!(conflict(&["one", "two/b", "a"]), None);
    }

    #[test]
    fn results_in_the_place_of_what_is_read_are_seen_before() {
        let tree = tree(&["mail/x", "mail/mail/x", "mail/certs/x", "x", "certs/c", "y"]);
        symlink("mail", tree.path().join("link")).unwrap();
        let at = |name: &str| tree.path().join(name);
        let found = |directory: &str, inputs: &[&str], others: &[&str]| {
            let others: Vec<_> = others.iter().map(|it| at(it)).collect();
            let others: Vec<_> = others.iter().map(PathBuf::as_path).collect();
            let found = arguments(tree.path(), inputs).read_there(&at(directory), &others);
            found.map(|it| it.display().to_string())
        };
        for directory in ["mail", "mail/../mail", "link"] {
            assert_eq!(found(directory, &["mail/x"], &[]).as_deref(), Some("x"));
            assert_eq!(found(directory, &["link/x"], &[]).as_deref(), Some("x"));
        }
        // the result of one, the other
        assert_eq!(found("", &["mail/x", "x"], &[]).as_deref(), Some("x"));
        assert_eq!(found("", &["mail"], &[]).as_deref(), Some("mail/x"));
        assert_eq!(found("", &["mail"], &["certs"]).as_deref(), Some("certs/x"));
        assert_eq!(found("", &["mail/x"], &["x"]).as_deref(), Some("x"));
        for (directory, inputs, others) in [
            ("new", &["mail/x"][..], &["x"][..]),
            ("", &["mail/x", "y/z"], &["y"]),
            ("mail", &["x"], &["certs"]),
            ("certs", &["mail"], &["mail/x"]),
        ] {
            assert_eq!(found(directory, inputs, others), None, "{directory}");
        }
    }

    #[test]
    fn a_directory_within_another_is_known() {
        let tree = tree(&["a/b/", "ab/"]);
        let at = |name: &str| tree.path().join(name);
        for (directory, other, within) in [
            ("a", "a", true),
            ("a/b", "a", true),
            ("a/new/deep", "a", true),
            ("a/../a/x", "a", true),
            ("ab", "a", false),
            ("a", "a/b", false),
            ("new", "a", false),
        ] {
            assert_eq!(is_within(&at(directory), &at(other)), within, "{directory}");
        }
    }
}
