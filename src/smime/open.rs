//! Opening: every layer, outermost first (RFC 8551 §3.7).
use super::{Error, Report, Source, sender::ExpectedSigner};
use crate::{
    asn1::Time,
    crypto::CryptoRng,
    policy::Policy,
    store::Identities,
    x509::{Repository, TrustAnchors},
};
use std::io::Write;

/// Opens messages.
pub struct Opener<'a> {
    identities: &'a Identities,
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    policy: &'a Policy,
    signers: &'a [ExpectedSigner],
}

impl<'a> Opener<'a> {
    /// Decrypts with these identities, verifies under these anchors.
    pub fn new(
        identities: &'a Identities,
        anchors: &'a TrustAnchors,
        repository: &'a dyn Repository,
        policy: &'a Policy,
        signers: &'a [ExpectedSigner],
    ) -> Self {
        Self {
            identities,
            anchors,
            repository,
            policy,
            signers,
        }
    }

    /// Opens one message: what is left when every layer is peeled goes to `sink`.
    pub fn open(
        &self,
        _source: Source<'_>,
        _sink: &mut dyn Write,
        _at: Time,
        _rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let _ = (
            self.identities,
            self.anchors,
            self.repository,
            self.policy,
            self.signers,
        );
        todo!()
    }
}
