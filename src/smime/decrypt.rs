//! Decrypting the outermost layer (RFC 8551 §2.7, RFC 5652 §6, RFC 5083).
use super::{Error, Report, Source};
use crate::{crypto::CryptoRng, policy::Policy, store::Identities};
use std::io::Write;

/// Decrypts messages.
pub struct Decryptor<'a> {
    identities: &'a Identities,
    policy: &'a Policy,
}

impl<'a> Decryptor<'a> {
    /// Decrypts with those of these identities that the message names.
    pub fn new(identities: &'a Identities, policy: &'a Policy) -> Self {
        Self { identities, policy }
    }

    /// Decrypts one message: the outer fields except MIME-Version and Content-*, then the inner entity, go to `sink`.
    pub fn decrypt(
        &self,
        _source: Source<'_>,
        _sink: &mut dyn Write,
        _rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let _ = (self.identities, self.policy);
        todo!()
    }
}
