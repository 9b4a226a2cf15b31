//! The content of a message to be made, on its way: piece by piece, each in the form that is signed or encrypted, made ready ahead where that helps.
use super::{Outgoing, PART, Passing, Transport, clear, tree_limits};
use crate::{
    mime::{
        canonical::Canonicalizer,
        hazards::Hazards,
        seven_bit::{Outcome, Survey, Surveyor},
    },
    policy::Policy,
    smime::{Error, ahead::ahead},
};
use memchr::memchr;
use std::io::{self, Read};

/// Octets of a piece: so many that to wake a thread for it costs little beside what is done with it.
const PIECE: usize = 256 << 10;

/// A piece of the content.
#[derive(Default)]
pub(in crate::smime) struct Piece {
    read: Vec<u8>,
    canonical: Vec<u8>,
    form: Form,
    hazards: Hazards,
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

impl Piece {
    /// Returns the form that is signed or encrypted.
    pub(in crate::smime) fn form(&self) -> &[u8] {
        match self.form {
            Form::AsRead => &self.read,
            Form::Canonical { .. } => &self.canonical,
        }
    }

    /// Returns the piece with lines that end in LF, where it was read like that.
    pub(in crate::smime) fn local(&self) -> Option<&[u8]> {
        matches!(self.form, Form::Canonical { local: true }).then_some(&self.read)
    }

    /// Returns what was seen up to here of a content that goes in clear.
    pub(in crate::smime) const fn hazards(&self) -> &Hazards {
        &self.hazards
    }
}

impl Outgoing<'_> {
    /// Passes the content on, piece by piece, in the form that is signed or encrypted; returns what was encoded, where that was not known before.
    pub(in crate::smime) fn flow(
        mut self,
        each: impl FnMut(&Piece) -> Result<(), Error>,
    ) -> Result<Outcome, Error> {
        let (content, keep) = (&mut self.content, self.keep);
        let mut canonicalizer = self.canonicalize.then(Canonicalizer::new);
        let mut hazards = (self.transport == Transport::Clear).then(Hazards::default);
        let mut after_cr = false;
        let mut ended = false;
        // the last piece is empty: what stood open at the end is known with it
        let make = |piece: &mut Piece| {
            if ended {
                return Ok(false);
            }
            let n = fill(content, &mut piece.read)?;
            if keep && content.has_changed() {
                return Err(Error::ReEncoded);
            }
            if let Some(hazards) = &mut hazards {
                hazards.push(&piece.read);
                if n == 0 {
                    hazards.finish();
                }
                piece.hazards = *hazards;
            }
            if let Some(canonicalizer) = &mut canonicalizer {
                let is_other = canonicalizer.convert(&piece.read, &mut piece.canonical);
                let has_cr = after_cr || memchr(b'\r', &piece.read).is_some();
                piece.form = match is_other {
                    true => Form::Canonical { local: !has_cr },
                    false => Form::AsRead,
                };
                after_cr = piece.read.ends_with(b"\r");
            }
            ended = n == 0;
            Ok(true)
        };
        ahead(self.overlap, make, each)?;
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
    let make = |piece: &mut Vec<u8>| Ok(fill(&mut content, piece)? > 0);
    ahead(policy.overlap, make, |piece| {
        surveyor.push(piece);
        Ok(())
    })?;
    Ok(surveyor.finish())
}

/// Reads a piece, whole unless the content ends, whatever the source gives at a time.
fn fill(content: &mut dyn Read, piece: &mut Vec<u8>) -> io::Result<usize> {
    piece.clear();
    let most = u64::try_from(PIECE).unwrap_or(u64::MAX);
    content.take(most).read_to_end(piece)
}
