//! The copies for those in Bcc: files of their own beside the message.
use crate::cli::{
    args,
    error::Problem,
    output::{Leave, Output},
    prepare, transaction,
};
use smime::smime::Copies;
use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Files beside the one of the message: `mail.bcc-1.eml`, `mail.bcc-2.eml`, … beside `mail.eml`; `mail.bcc.eml` for a group.
pub(super) struct Beside<'a> {
    file: &'a Path,
    group: bool,
    sync: bool,
    /// what must not be written over
    reads: Vec<&'a Path>,
    places: Vec<String>,
    outputs: Vec<Output>,
    failure: Option<anyhow::Error>,
}

impl<'a> Beside<'a> {
    pub(super) fn new(file: &'a Path, encrypt: &'a args::Encrypt, reads: &[&'a Path]) -> Self {
        let message = encrypt.message.message.as_path();
        Self {
            file,
            group: encrypt.bcc == args::Bcc::Group,
            sync: encrypt.output.sync,
            reads: [reads, &[message]].concat(),
            places: Vec::new(),
            outputs: Vec::new(),
            failure: None,
        }
    }

    /// Returns the files, what they are called, and why there is none.
    pub(super) fn made(self) -> (Vec<Output>, Vec<String>, Option<anyhow::Error>) {
        (self.outputs, self.places, self.failure)
    }

    fn open(&self, path: &Path) -> anyhow::Result<Output> {
        if self.reads.iter().any(|it| transaction::is_same(path, it)) {
            let message = format!(
                "the copy for Bcc would be {}, which is read",
                path.display()
            );
            let hint = "give another FILE with -o";
            return Err(Problem::usage_with(message, hint).into());
        }
        let output = Output::open(
            Some(path),
            Leave::AsWritten,
            self.sync,
            &mut prepare::randomness()?,
        )?;
        match output.is_file() {
            true => Ok(output),
            false => Err(Problem::Output {
                path: path.to_owned(),
                source: io::ErrorKind::AlreadyExists.into(),
            }
            .into()),
        }
    }
}

impl Copies for Beside<'_> {
    fn places(&mut self, copies: usize) -> io::Result<Vec<&mut dyn Write>> {
        for number in 1..=copies {
            let label = match self.group {
                true => "bcc".to_owned(),
                false => format!("bcc-{number}"),
            };
            let path = beside(self.file, &label);
            match self.open(&path) {
                Ok(output) => self.outputs.push(output),
                Err(failure) => {
                    self.failure = Some(failure);
                    return Err(io::ErrorKind::Other.into());
                }
            }
            self.places.push(path.display().to_string());
        }
        let outputs = self.outputs.iter_mut();
        Ok(outputs.map(|it| it as &mut dyn Write).collect())
    }
}

/// Puts a label before the extension of a file's name.
fn beside(file: &Path, label: &str) -> PathBuf {
    let mut name = OsString::from(file.file_stem().unwrap_or_default());
    name.push(".");
    name.push(label);
    if let Some(extension) = file.extension() {
        name.push(".");
        name.push(extension);
    }
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
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
}
