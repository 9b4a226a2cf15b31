//! Decrypting the outermost layer (RFC 8551 §2.7, RFC 5652 §6, RFC 5083).
use super::{
    Error, Report, Source,
    peel::{Goal, Keys, Peeler},
};
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
        source: Source<'_>,
        sink: &mut dyn Write,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let mut peeler = Peeler::new(Goal::Decrypt, self.policy, sink);
        peeler.keys = Some(Keys {
            identities: self.identities,
            rng,
        });
        peeler.walk(source)?;
        Ok(peeler.report)
    }
}
