//! The plaintext of an encrypted layer while it is read. What flows is not proven before [`Plaintext::end`] returned [`End::Proven`].
use super::source::{CHUNK, FIRST, more};
use crate::{
    asn1::stream::Rest,
    cms::{self, content_type, enveloped_data::Reader},
    crypto::{self, ContentEncryption, Secret, content::Decryption},
};
use std::io::{self, Read};
use zeroize::Zeroize;

/// Decrypts the content of `R` as it is read.
pub(super) struct Plaintext<R> {
    state: State<R>,
    ciphertext: Vec<u8>,
    /// of a tag after the ciphertext, what could be it so far
    tail: Option<Vec<u8>>,
    /// the key is known to be no one's
    hopeless: bool,
    plain: io::Cursor<Vec<u8>>,
}

/// Octets of a tag.
const TAG: usize = 16;

enum State<R> {
    Flowing(Box<Reader<R>>, Box<Decryption>),
    Ended(Rest<R>, bool),
    Failed,
    Broken,
}

/// How a plaintext ended.
pub(super) enum End<R> {
    /// tag or padding are right
    Proven {
        /// the source, positioned after the object
        rest: Rest<R>,
        /// whether the content type is as protected as RFC 5083 §2.1 wants it: in AuthEnvelopedData it is authenticated, or id-data
        type_is_safe: bool,
    },
    /// they are not, or the key is wrong: one answer for every reason
    Failed,
    /// the source broke off or is malformed; `None`: `read` has returned the error
    Broken(Option<io::Error>),
}

impl<R: Read> Plaintext<R> {
    pub(super) fn new(
        reader: Reader<R>,
        encryption: &ContentEncryption,
        content_key: &Secret,
    ) -> crypto::Result<Self> {
        let key = encryption.key(content_key)?;
        let decryption = Decryption::new(encryption.cipher, &key, &encryption.iv)?;
        let misplaced = encryption.cipher.is_aead() && !reader.authenticated;
        let state = State::Flowing(Box::new(reader), Box::new(decryption));
        Ok(Self {
            state,
            ciphertext: vec![0; FIRST],
            tail: misplaced.then(Vec::new),
            hopeless: false,
            plain: io::Cursor::new(Vec::with_capacity(FIRST + TAG)),
        })
    }

    /// Does the same work, and comes to no in the end.
    pub(super) fn without_hope_if(mut self, hopeless: bool) -> Self {
        self.hopeless = hopeless;
        self
    }

    /// Decrypts the next chunk, or ends the content.
    fn advance(&mut self) -> io::Result<()> {
        self.plain.set_position(0);
        let plain = self.plain.get_mut();
        plain.clear();
        // what is left behind is wiped, so it must not grow by itself
        if plain.capacity() < self.ciphertext.len().saturating_add(TAG) {
            plain.zeroize();
            plain.reserve_exact(self.ciphertext.len().saturating_add(TAG));
        }
        let State::Flowing(mut reader, mut decryption) =
            std::mem::replace(&mut self.state, State::Broken)
        else {
            return Ok(());
        };
        let n = reader.read(&mut self.ciphertext)?;
        if n > 0 {
            let chunk = self.ciphertext.get(..n).unwrap_or_default();
            match &mut self.tail {
                None => decryption.update(chunk, plain),
                Some(tail) => {
                    tail.extend_from_slice(chunk);
                    let whole = tail.len().saturating_sub(TAG);
                    let ciphertext: Vec<u8> = tail.drain(..whole).collect();
                    decryption.update(&ciphertext, plain)
                }
            }
            .map_err(io::Error::other)?;
            if n == self.ciphertext.len() && n < CHUNK {
                self.ciphertext = vec![0; more(n)];
            }
            self.state = State::Flowing(reader, decryption);
            return Ok(());
        }
        let content_type = reader.content_type;
        let is_authenticated = reader.authenticated;
        let (tail, rest) = reader.finish().map_err(invalid)?;
        // RFC 5083 §2.1: the content type among the authenticated attributes is that of the content
        let attributes_fit = tail
            .authenticated_content_type
            .is_none_or(|named| named == content_type);
        let mac = self.tail.as_ref().unwrap_or(&tail.mac);
        let fits = decryption.finish(&tail.aad, mac, plain).is_ok();
        let proven = fits && attributes_fit && !self.hopeless;
        if !proven {
            plain.clear();
            self.state = State::Failed;
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                crypto::Error::Decryption,
            ));
        }
        let type_is_safe = !is_authenticated
            || content_type == content_type::DATA
            || tail.authenticated_content_type.is_some();
        self.state = State::Ended(rest, type_is_safe);
        Ok(())
    }

    /// Reads what was not read and says how the content ended.
    pub(super) fn end(mut self) -> End<R> {
        let mut broken = None;
        while matches!(self.state, State::Flowing(..)) {
            broken = self.advance().err();
        }
        match std::mem::replace(&mut self.state, State::Broken) {
            State::Ended(rest, type_is_safe) => End::Proven { rest, type_is_safe },
            State::Failed => End::Failed,
            State::Flowing(..) | State::Broken => End::Broken(broken),
        }
    }
}

fn invalid(error: cms::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<R: Read> Read for Plaintext<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.plain.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            match self.state {
                State::Flowing(..) => self.advance()?,
                State::Ended(..) => return Ok(0),
                State::Failed | State::Broken => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        crypto::Error::Decryption,
                    ));
                }
            }
        }
    }
}

impl<R> Drop for Plaintext<R> {
    fn drop(&mut self) {
        self.plain.get_mut().zeroize();
    }
}
