//! A file that begins as a mailbox does (RFC 4155) holds one message, or is refused: of two, which is meant is anybody's guess.
//!
//! What separates messages, and splitting mailboxes at it, is known to `mime::mbox`.
use crate::{
    mime::mbox::{LINE, is_from_line},
    smime::Error,
};
use memchr::memchr;

/// Looks for a second message while the file is read.
pub(super) struct OneMessage {
    /// the beginning of the line that is being read
    line: Vec<u8>,
    /// the line before it was blank
    after_blank: bool,
}

impl OneMessage {
    /// Returns one if the file begins as a mailbox does.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        head.starts_with(b"From ").then_some(Self {
            line: Vec::new(),
            after_blank: false,
        })
    }

    /// Reads on.
    pub(super) fn update(&mut self, mut octets: &[u8]) -> Result<(), Error> {
        while !octets.is_empty() {
            let end = memchr(b'\n', octets);
            let (part, rest) = octets.split_at(end.map_or(octets.len(), |at| at + 1));
            let room = LINE.saturating_sub(self.line.len());
            self.line
                .extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            if end.is_some() {
                if self.after_blank && is_from_line(&self.line) {
                    return Err(Error::SeveralMessages);
                }
                self.after_blank = self.line.trim_ascii().is_empty();
                self.line.clear();
            }
            octets = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn holds_one(text: &str) -> bool {
        (1..7).all(|size| {
            let mut file = OneMessage::of(text.as_bytes()).unwrap();
            let mut chunks = text.as_bytes().chunks(size);
            chunks.all(|chunk| file.update(chunk).is_ok())
        })
    }

    #[test]
    fn a_second_message_is_seen() {
        let first = "From a@b.example Thu Nov 26 09:00:00 2026\nSubject: x\n\nbody\n";
        assert!(holds_one(first));
        assert!(holds_one(&format!("{first}\n")));
        assert!(!holds_one(&format!("{first}\n{first}")));
        assert!(!holds_one(&format!("{first}\r\n{first}")));
        assert!(holds_one(&format!("{first}\n>{first}")));
        assert!(holds_one(&format!("{first}{first}")));
        assert!(!holds_one(&format!("{first}\nFrom \nSubject: y\n")));
        assert!(!holds_one("From \nSubject: x\n\nbody\n\nFrom \r\n"));
        assert!(holds_one(&format!("{first}\nFrom here on it is prose\n")));
        assert!(OneMessage::of(b"Subject: x\n\nFrom a 09:00").is_none());
    }
}
