//! Signing (RFC 8551 §3.5): clear, opaque, detached.
use super::{Content, Encoding, Error, Report, Source, report::Form};
use crate::{
    asn1::Time,
    crypto::{CryptoRng, Digest},
    policy::Policy,
    store::Identities,
};
use std::io::Write;

/// Which certificates go into the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Include {
    /// the signer's
    Leaf,
    /// the signer's and its issuers, without the root
    #[default]
    Chain,
    /// the same with the root
    All,
    /// none
    None,
}

/// What is to be made.
#[derive(Debug, Clone)]
pub struct SignOptions {
    /// clear, opaque or detached
    pub form: Form,
    /// what the input is
    pub content: Content,
    /// how the output is written
    pub encoding: Encoding,
    /// the digest asked for
    pub digest: Option<Digest>,
    /// RSASSA-PSS asked for
    pub pss: bool,
    /// certificates to put in
    pub include: Include,
}

/// Signs messages.
pub struct Signer<'a> {
    identities: &'a Identities,
    policy: &'a Policy,
    options: SignOptions,
}

impl<'a> Signer<'a> {
    /// Signs with one of these identities: the one whose certificate names the From address, or the only one. Issuers for the chain come from
    /// the identities' other certificates and from `certificates`.
    pub fn new(identities: &'a Identities, policy: &'a Policy, options: SignOptions) -> Self {
        Self {
            identities,
            policy,
            options,
        }
    }

    /// Signs one message. A certificate that must not sign (expired, key usage, …) is a failing report, and nothing was written.
    pub fn sign(
        &self,
        _source: Source<'_>,
        _sink: &mut dyn Write,
        _at: Time,
        _rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let _ = (self.identities, self.policy, &self.options);
        todo!()
    }
}
