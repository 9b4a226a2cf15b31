//! The messages, one after the other: files opened, mboxes taken apart, those of other shares left to others.
//!
//! Knows what is one message and what is many; must not know what becomes of them.
use super::names::{Found, MAILDIR, Walk};
use crate::cli::{args::many::Shard, folder::Folder, prepare::Input};
use smime::{
    crypto::{Digest, digest::digest},
    mime::mbox::{self, Messages, Quoting, Span},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

/// Octets read from an mbox at once.
const BUFFER: usize = 256 << 10;
/// Octets that tell whether a file is an mbox.
const HEAD: usize = 256;

/// A message to be worked on.
#[derive(Debug)]
pub(crate) struct Message {
    /// the file that it is in
    pub(crate) path: PathBuf,
    /// of its result, below DIR
    pub(crate) name: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// a file, opened already or not
    File(Option<(File, u64)>),
    Mbox {
        file: Arc<File>,
        number: u64,
        span: Span,
    },
    /// it cannot be read
    Nowhere(Option<io::Error>),
}

impl Message {
    /// Returns why it cannot be read, if that is known already.
    pub(crate) fn unreadable(&mut self) -> Option<io::Error> {
        match &mut self.place {
            Place::Nowhere(error) => error.take(),
            _ => None,
        }
    }

    /// Opens it. A named pipe that somebody put in its place is not waited for.
    pub(crate) fn open(&mut self) -> io::Result<Input> {
        match &mut self.place {
            Place::File(file) => {
                let (file, size) = match file.take() {
                    Some(opened) => opened,
                    None => open(&self.path)?,
                };
                Ok(Input::regular(file, size))
            }
            Place::Mbox { file, span, .. } => {
                Ok(Input::part(Arc::clone(file), *span, Quoting::Mboxrd))
            }
            Place::Nowhere(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Opens it as it would be if its mbox had quoted otherwise; `None` where that makes no difference.
    pub(crate) fn unlike(&self, quoting: Quoting) -> Option<Input> {
        match &self.place {
            Place::Mbox { file, span, .. } if span.quoted => {
                Some(Input::part(Arc::clone(file), *span, quoting))
            }
            _ => None,
        }
    }

    /// Returns its number in its mbox, from one on.
    pub(crate) fn number(&self) -> Option<u64> {
        match self.place {
            Place::Mbox { number, .. } => Some(number),
            _ => None,
        }
    }
}

/// Opens a file, and tells its size.
fn open(path: &Path) -> io::Result<(File, u64)> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    let flags = i32::try_from(flags).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    let found = file.metadata()?;
    match found.is_file() {
        true => Ok((file, found.len())),
        false => Err(io::Error::other("no file")),
    }
}

/// All messages of this share, in the order in which they were named.
pub(crate) struct Inputs<'a> {
    walk: Walk,
    folder: &'a Folder,
    shard: Option<Shard>,
    mbox: Option<Mbox>,
}

/// An mbox on the way.
struct Mbox {
    path: PathBuf,
    name: PathBuf,
    file: Arc<File>,
    messages: Messages<BufReader<File>>,
    number: u64,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(walk: Walk, folder: &'a Folder, shard: Option<Shard>) -> Self {
        Self {
            walk,
            folder,
            shard,
            mbox: None,
        }
    }

    /// Returns how much was left out, for it is neither file nor directory.
    pub(crate) fn left_out(&self) -> u64 {
        self.walk.left_out
    }

    fn any(&mut self) -> Option<Message> {
        loop {
            if let Some(mbox) = &mut self.mbox {
                match mbox.next() {
                    Some(message) => return Some(message),
                    None => self.mbox = None,
                }
            }
            match self.walk.next()? {
                Found::Maildir { name } => {
                    for part in MAILDIR {
                        // if that cannot be, each message in it says so
                        let _ = self.folder.make(&name.join(part));
                    }
                }
                Found::Unreadable { path, name, error } => {
                    let place = Place::Nowhere(Some(error));
                    return Some(Message { path, name, place });
                }
                Found::File {
                    path,
                    name,
                    may_be_mbox,
                } => match may_be_mbox.then(|| opened(&path)).transpose() {
                    Err(error) => {
                        let place = Place::Nowhere(Some(error));
                        return Some(Message { path, name, place });
                    }
                    Ok(Some(Opened::Mbox(file, copy))) => {
                        let messages = Messages::new(BufReader::with_capacity(BUFFER, copy));
                        self.mbox = Some(Mbox {
                            path,
                            name,
                            file: file.into(),
                            messages,
                            number: 0,
                        });
                    }
                    Ok(Some(Opened::Message(file, size))) => {
                        let place = Place::File(Some((file, size)));
                        return Some(Message { path, name, place });
                    }
                    Ok(None) => {
                        let place = Place::File(None);
                        return Some(Message { path, name, place });
                    }
                },
            }
        }
    }
}

/// A file, its beginning looked at.
enum Opened {
    Message(File, u64),
    /// twice, to be read in two ways
    Mbox(File, File),
}

fn opened(path: &Path) -> io::Result<Opened> {
    let (file, size) = open(path)?;
    let mut head = [0; HEAD];
    let read = file.read_at(&mut head, 0)?;
    let head = head.get(..read).unwrap_or_default();
    match mbox::is_mbox(head) {
        true => Ok(Opened::Mbox(open(path)?.0, file)),
        false => Ok(Opened::Message(file, size)),
    }
}

impl Mbox {
    fn next(&mut self) -> Option<Message> {
        let found = self.messages.next()?;
        self.number += 1;
        Some(Message {
            path: self.path.clone(),
            name: self.name.join(format!("{:06}.eml", self.number)),
            place: match found {
                Ok(span) => Place::Mbox {
                    file: Arc::clone(&self.file),
                    number: self.number,
                    span,
                },
                Err(error) => Place::Nowhere(Some(error)),
            },
        })
    }
}

impl Iterator for Inputs<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        loop {
            let message = self.any()?;
            if has(self.shard, &message.name) {
                return Some(message);
            }
        }
    }
}

/// Whether a name falls to a share: the same everywhere and always, whatever else there is.
pub(super) fn has(shard: Option<Shard>, name: &Path) -> bool {
    let Some(shard) = shard else { return true };
    let digest = digest(Digest::Sha256, name.as_os_str().as_bytes());
    let number = digest.first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(number) % shard.of.get() == shard.number - 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::batch::names::Named;
    use smime::smime::Source;
    use std::fs;

    fn text(mut input: Input) -> String {
        let mut text = String::new();
        match input.source() {
            Source::Seekable(source) => source.read_to_string(&mut text).unwrap(),
            Source::Stream(source) => source.read_to_string(&mut text).unwrap(),
        };
        text
    }

    #[test]
    fn an_mbox_is_taken_apart() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let from = "From a@example.com Thu Nov 26 00:07:38 2026\n";
        let all = format!("{from}A: 1\n\n>From me\n\n{from}B: 2\n");
        fs::write(at("all"), &all).unwrap();
        fs::write(at("one.eml"), &all).unwrap();
        fs::write(at("other"), "C: 3\n").unwrap();
        let folder = Folder::open(&at("out")).unwrap();
        let names = ["all", "one.eml", "other", "none"];
        let named = Named::Arguments(names.map(at).to_vec());
        let mut inputs = Inputs::new(named.walk(), &folder, None);
        let mut next = || {
            let mut message = inputs.next().unwrap();
            let name = message.name.display().to_string();
            let content = message.open().map(text);
            (name, message.number(), content.ok(), message)
        };
        let (name, number, content, message) = next();
        assert_eq!((name.as_str(), number), ("all/000001.eml", Some(1)));
        assert_eq!(content.as_deref(), Some("A: 1\n\nFrom me\n"));
        let raw = message.unlike(Quoting::None).map(text);
        assert_eq!(raw.as_deref(), Some("A: 1\n\n>From me\n"));
        let (name, number, content, message) = next();
        assert_eq!((name.as_str(), number), ("all/000002.eml", Some(2)));
        assert_eq!(content.as_deref(), Some("B: 2\n"));
        assert!(message.unlike(Quoting::None).is_none());
        let (name, number, content, _) = next();
        assert_eq!((name.as_str(), number), ("one.eml", None));
        assert_eq!(content, Some(all));
        let (_, _, content, _) = next();
        assert_eq!(content.as_deref(), Some("C: 3\n"));
        let (name, _, content, _) = next();
        assert_eq!((name.as_str(), content), ("none", None));
        assert!(inputs.next().is_none());
    }

    #[test]
    fn every_name_falls_to_one_share() {
        for of in [1, 2, 7] {
            let mut sizes = [0; 7];
            for name in 0..1_000 {
                let name = format!("cur/{name}:2,S");
                let shares = (1..=of).filter(|number| {
                    let shard = format!("{number}/{of}").parse().unwrap();
                    has(Some(shard), Path::new(&name))
                });
                let shares: Vec<usize> = shares.collect();
                assert_eq!(shares.len(), 1);
                for share in shares {
                    *sizes.get_mut(share - 1).unwrap() += 1;
                }
            }
            assert!(sizes.iter().take(of).all(|size| *size > 100));
        }
        // it must stay so: other machines have run already
        let shard = Some("2/3".parse().unwrap());
        let names = ["a", "b", "c", "d", "e", "f"];
        let found: Vec<_> = names
            .into_iter()
            .filter(|it| has(shard, Path::new(it)))
            .collect();
        assert_eq!(found, ["a", "b"]);
    }
}
