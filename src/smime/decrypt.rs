//! Decrypting the outermost layer (RFC 8551 §2.7, RFC 5652 §6, RFC 5083).
use super::{
    Error, Report, Source, headers,
    peel::{Goal, Keys, Peeler},
};
use crate::{
    crypto::{CryptoRng, Secret},
    mime::part::PartNumber,
    policy::Policy,
    store::Identities,
};
use std::io::Write;

/// Decrypts messages.
pub struct Decryptor<'a> {
    identities: &'a Identities,
    policy: &'a Policy,
    secret_key: Option<&'a Secret>,
    part: Option<PartNumber>,
}

impl<'a> Decryptor<'a> {
    /// Decrypts with those of these identities that the message names.
    pub fn new(identities: &'a Identities, policy: &'a Policy) -> Self {
        Self {
            identities,
            policy,
            secret_key: None,
            part: None,
        }
    }

    /// Decrypts EncryptedData with this key, which was agreed on elsewhere.
    #[must_use]
    pub fn secret_key(mut self, key: &'a Secret) -> Self {
        self.secret_key = Some(key);
        self
    }

    /// Takes this part for the message: the layers at its root count, and only it comes out.
    #[must_use]
    pub fn part(mut self, part: PartNumber) -> Self {
        self.part = Some(part);
        self
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
            secret_key: self.secret_key,
            rng,
        });
        peeler.named = self.part.clone();
        peeler.walk(source)?;
        let mut report = peeler.report;
        headers::judge::judge(&mut report, &peeler.headers, &peeler.opened_by, self.policy);
        Ok(report)
    }
}
