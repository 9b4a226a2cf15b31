//! The copies for those in Bcc: files of their own beside the message, never in place of others.
use crate::cli::{
    args,
    error::Problem,
    output::{Leave, Output},
    prepare, transaction,
};
use smime::smime::Copies;
use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Files beside the one of the message: `mail.bcc-1.eml`, `mail.bcc-2.eml`, … beside `mail.eml`; `mail.bcc.eml` for a group.
pub(super) struct Beside<'a> {
    file: &'a Path,
    group: bool,
    sync: bool,
    places: Vec<String>,
    outputs: Vec<Output>,
    failure: Option<anyhow::Error>,
}

impl<'a> Beside<'a> {
    /// Refuses a message with which the copies of an older one would be taken for its own, even if it has none: whatever was not sent on or moved
    /// away begins with the first.
    pub(super) fn new(file: &'a Path, encrypt: &'a args::Encrypt) -> anyhow::Result<Self> {
        let first = ["bcc", "bcc-1"].map(|label| beside(file, label));
        match first.into_iter().find(|it| it.symlink_metadata().is_ok()) {
            Some(old) => Err(is_there(&old)),
            None => Ok(Self {
                file,
                group: encrypt.bcc == args::Bcc::Group,
                sync: encrypt.output.sync,
                places: Vec::new(),
                outputs: Vec::new(),
                failure: None,
            }),
        }
    }

    /// Returns the files, what they are called, and why there is none.
    pub(super) fn made(self) -> (Vec<Output>, Vec<String>, Option<anyhow::Error>) {
        (self.outputs, self.places, self.failure)
    }

    fn open(&mut self, copies: usize) -> anyhow::Result<()> {
        let found = old(self.file).map_err(|source| Problem::Output {
            path: beside(self.file, "bcc-1"),
            source,
        })?;
        if let Some(old) = found {
            return Err(is_there(&old));
        }
        for number in 1..=copies {
            let label = match self.group {
                true => "bcc".to_owned(),
                false => format!("bcc-{number}"),
            };
            let path = beside(self.file, &label);
            let rng = &mut prepare::randomness()?;
            let output = Output::open(Some(&path), Leave::AsWritten, self.sync, rng)?;
            self.outputs.push(output);
            self.places.push(path.display().to_string());
        }
        Ok(())
    }
}

impl Copies for Beside<'_> {
    fn places(&mut self, copies: usize) -> io::Result<Vec<&mut (dyn Write + Send)>> {
        if let Err(failure) = self.open(copies) {
            self.failure = Some(failure);
            return Err(io::ErrorKind::Other.into());
        }
        let outputs = self.outputs.iter_mut();
        Ok(outputs.map(|it| it as &mut (dyn Write + Send)).collect())
    }
}

/// Whether a path leads to where a copy would be.
pub(in crate::cli) fn is_copy(file: &Path, path: &Path) -> bool {
    let [real, beside] = [path, &file.with_file_name("x")].map(transaction::real);
    let name = real.file_name().unwrap_or_default();
    real.parent() == beside.parent() && is_name(file, name.as_bytes())
}

/// Whether this is a name for a copy.
fn is_name(file: &Path, name: &[u8]) -> bool {
    let (stem, extension) = around_label(file);
    let label = name.strip_prefix(stem.as_bytes());
    let label = label.and_then(|it| it.strip_suffix(extension.as_bytes()));
    label.is_some_and(|label| {
        let number = label.strip_prefix(b"bcc-");
        label == b"bcc"
            || number.is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_digit))
    })
}

/// Returns what has the name of a copy already.
fn old(file: &Path) -> io::Result<Option<PathBuf>> {
    let directory = file.parent().filter(|it| !it.as_os_str().is_empty());
    for entry in fs::read_dir(directory.unwrap_or(Path::new(".")))? {
        let name = entry?.file_name();
        if is_name(file, name.as_bytes()) {
            return Ok(Some(file.with_file_name(name)));
        }
    }
    Ok(None)
}

fn is_there(old: &Path) -> anyhow::Error {
    let message = format!("{} is there already, a copy for Bcc", old.display());
    let hint = "move it away with all others of its message, or give another FILE with -o";
    Problem::usage_with(message, hint).into()
}

/// Puts a label before the extension of a file's name.
fn beside(file: &Path, label: &str) -> PathBuf {
    let (mut name, extension) = around_label(file);
    name.push(label);
    name.push(extension);
    file.with_file_name(name)
}

/// What stands before and behind the label.
fn around_label(file: &Path) -> (OsString, OsString) {
    let mut stem = OsString::from(file.file_stem().unwrap_or_default());
    stem.push(".");
    let mut end = OsString::new();
    if let Some(extension) = file.extension() {
        end.push(".");
        end.push(extension);
    }
    (stem, end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_beside_the_message() {
        for (file, name) in [
            ("mail.eml", "mail.bcc-1.eml"),
            ("out/mail", "out/mail.bcc-1"),
            ("/a.b/mail.tar.p7m", "/a.b/mail.tar.bcc-1.p7m"),
            (".eml", ".eml.bcc-1"),
        ] {
            assert_eq!(beside(Path::new(file), "bcc-1"), Path::new(name));
        }
    }

    #[test]
    fn old_copies_are_known_by_their_names() {
        for (file, name, is_copy) in [
            ("m.eml", "m.bcc-1.eml", true),
            ("m.eml", "m.bcc-17.eml", true),
            ("m.eml", "m.bcc.eml", true),
            ("m", "m.bcc-2", true),
            ("m.eml", "m.eml", false),
            ("m.eml", "m.bcc-1", false),
            ("m.eml", "m.bcc-.eml", false),
            ("m.eml", "m.bcc-x.eml", false),
            ("m.eml", "mm.bcc-1.eml", false),
            ("m", "m.bcc-2.eml", false),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join(name);
            fs::write(&path, "").unwrap();
            let found = old(&directory.path().join(file)).unwrap();
            assert_eq!(found, is_copy.then_some(path), "{file}, {name}");
        }
        assert!(old(Path::new("/nowhere/m.eml")).is_err());
    }
}
