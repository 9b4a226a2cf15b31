//! The content of a message to be made, on its way: piece by piece, each in the form that is signed or encrypted, through whatever is done with it.
use super::{Outgoing, PART, Passing, clear, tree_limits};
use crate::{
    mime::{
        canonical::Canonicalizer,
        hazards::Hazards,
        seven_bit::{Outcome, Survey, Surveyor},
    },
    policy::Policy,
    smime::{
        Error,
        exit::Exit,
        relay::{ALONE, Stage, relay},
        source::FIRST,
    },
};
use std::io::{self, Read};

/// Octets of a piece: so many that to wait for a thread costs little beside what is done with it.
const PIECE: usize = 256 << 10;
/// `tests/threads.rs` makes messages larger than what one thread does alone.
const _: () = assert!(PIECE * ALONE == 4 << 20);
/// Octets of a piece that leaves by many ways, for each of which it is held: so many at least.
const LEAST: usize = 16 << 10;

/// A piece of the content.
#[derive(Default)]
pub(in crate::smime) struct Piece {
    read: Vec<u8>,
    canonical: Vec<u8>,
    form: Form,
    seen: Seen,
    /// one for each copy that is encrypted
    ciphertexts: Vec<Vec<u8>>,
    /// for each way out, what is to be written
    written: Vec<Vec<u8>>,
}

/// The form that is signed or encrypted.
#[derive(Default)]
enum Form {
    /// what was read
    #[default]
    AsRead,
    /// the canonical one; `local`: what was read is the same with lines that end in LF
    Canonical { local: bool },
}

impl Form {
    const fn of<'p>(&self, read: &'p Vec<u8>, canonical: &'p Vec<u8>) -> &'p Vec<u8> {
        match self {
            Self::AsRead => read,
            Self::Canonical { .. } => canonical,
        }
    }
}

/// What was seen in a content up to here.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::smime) struct Seen {
    /// a CR without LF in what will have canonical line ends
    pub(in crate::smime) bare_cr: bool,
    /// something that 7-bit lines have no place for, in a content that goes in clear, where that was looked for
    pub(in crate::smime) not_seven_bit: bool,
}

impl Piece {
    /// Returns the form that is signed or encrypted.
    pub(in crate::smime) fn form(&self) -> &[u8] {
        self.form.of(&self.read, &self.canonical)
    }

    /// Returns the piece with lines that end in LF, where it was read like that.
    pub(in crate::smime) fn local(&self) -> Option<&[u8]> {
        matches!(self.form, Form::Canonical { local: true }).then_some(&self.read)
    }

    /// Returns what was seen up to here.
    pub(in crate::smime) const fn seen(&self) -> Seen {
        self.seen
    }

    /// Returns the form, and room for so many ciphertexts of it.
    pub(in crate::smime) fn form_and_ciphertexts(
        &mut self,
        count: usize,
    ) -> (&[u8], &mut [Vec<u8>]) {
        self.ciphertexts.resize_with(count, Vec::new);
        self.ciphertexts.iter_mut().for_each(Vec::clear);
        let form = self.form.of(&self.read, &self.canonical);
        (form, &mut self.ciphertexts)
    }

    /// Returns its ciphertexts.
    pub(in crate::smime) fn ciphertexts(&self) -> &[Vec<u8>] {
        &self.ciphertexts
    }
}

impl Outgoing<'_> {
    /// Passes the content on, piece by piece, in the form that is signed or encrypted, through these stages; what the last of them writes leaves by
    /// these ways. Returns what was encoded, where that was not known before.
    pub(in crate::smime) fn flow(
        mut self,
        before: &mut [Stage<'_, Piece>],
        last: Stage<'_, Piece>,
        exits: &mut [Exit<'_>],
    ) -> Result<Outcome, Error> {
        let (content, keep) = (&mut self.content, self.keep);
        let mut canonicalizer = self.canonicalize.then(Canonicalizer::new);
        let mut hazards = self.look.then(Hazards::default);
        let size = (PIECE / exits.len().max(1)).max(LEAST);
        let mut ended = false;
        // the last piece is empty: what stood open at the end is known with it
        let mut make = |piece: &mut Piece| {
            if ended {
                return Ok(false);
            }
            let n = fill(content, &mut piece.read, size)?;
            ended = n == 0;
            if keep && content.has_changed() {
                return Err(Error::ReEncoded);
            }
            if let Some(hazards) = &mut hazards {
                hazards.push(&piece.read);
                if ended {
                    hazards.finish();
                }
                piece.seen.not_seven_bit = !hazards.is_seven_bit();
            }
            if let Some(canonicalizer) = &mut canonicalizer {
                let is_other = canonicalizer.convert(&piece.read, &mut piece.canonical);
                piece.form = match is_other {
                    true => Form::Canonical {
                        local: !canonicalizer.last_has_cr(),
                    },
                    false => Form::AsRead,
                };
                if ended {
                    canonicalizer.finish();
                }
                piece.seen.bare_cr = canonicalizer.has_bare_cr();
            }
            Ok(true)
        };
        let entrances: Vec<_> = exits.iter().map(Exit::entrance).collect();
        let mut gather = |piece: &mut Piece| {
            last(piece)?;
            piece.written.resize_with(entrances.len(), Vec::new);
            for (entrance, written) in entrances.iter().zip(&mut piece.written) {
                entrance.take(written);
            }
            Ok(())
        };
        let mut leave = |piece: &mut Piece| {
            for (exit, written) in exits.iter_mut().zip(&piece.written) {
                exit.let_out(written).map_err(Error::Write)?;
            }
            Ok(())
        };
        let mut all: Vec<Stage<'_, Piece>> = Vec::with_capacity(before.len() + 2);
        for stage in before {
            all.push(stage);
        }
        all.push(&mut gather);
        all.push(&mut leave);
        relay(self.overlap, &mut make, &mut all)?;
        let outcome = match self.content {
            Passing::SevenBit(content) => content.outcome(),
            Passing::AsIs(_) => Outcome::default(),
        };
        clear(&outcome)?;
        Ok(outcome)
    }
}

/// Surveys a content that will be read again.
pub(super) fn survey(
    mut content: Box<dyn Read + Send + '_>,
    policy: &Policy,
) -> Result<Survey, Error> {
    let mut surveyor = Surveyor::new(PART, tree_limits(&policy.limits));
    let mut make = |piece: &mut Vec<u8>| Ok(fill(&mut content, piece, PIECE)? > 0);
    let mut look = |piece: &mut Vec<u8>| {
        surveyor.push(piece);
        Ok(())
    };
    relay(policy.overlap, &mut make, &mut [&mut look])?;
    Ok(surveyor.finish())
}

/// Reads a piece, whole unless the content ends, whatever the source gives at a time. What is there of the piece before it is written over, and not
/// cleared first.
fn fill(content: &mut dyn Read, piece: &mut Vec<u8>, size: usize) -> io::Result<usize> {
    let mut filled = 0;
    while filled < size {
        if filled == piece.len() {
            piece.resize(filled.saturating_mul(2).clamp(FIRST.min(size), size), 0);
        }
        match content.read(piece.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    piece.truncate(filled);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::encoding::chaos::ChaosReader;

    /// Gives one octet in two reads, the first of which is interrupted.
    struct Interrupted<'t>(&'t [u8], bool);
    impl Read for Interrupted<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match self.1 {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => self.0.read(buf.get_mut(..1).unwrap()),
            }
        }
    }

    #[test]
    fn pieces_are_whole_and_hold_nothing_of_those_before() {
        let content: Vec<u8> = (0..=255).cycle().take(3 * FIRST + 5).collect();
        for size in [1, 100, FIRST, 2 * FIRST, 4 * FIRST] {
            let sources: [Box<dyn Read>; 3] = [
                Box::new(content.as_slice()),
                Box::new(ChaosReader::new(&content, 7)),
                Box::new(Interrupted(&content, false)),
            ];
            for mut source in sources {
                let mut piece = Vec::new();
                for wanted in content.chunks(size).chain([&[][..], &[]]) {
                    let length = fill(&mut source, &mut piece, size).unwrap();
                    assert_eq!(length, wanted.len());
                    assert!(piece == wanted, "{size}");
                }
            }
        }
    }
}
