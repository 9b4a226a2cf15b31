//! Verifying the outermost signature: integrity, chain, sender (RFC 8551 §2.6, RFC 8550).
use super::{Error, Report, Source, sender::ExpectedSigner};
use crate::{
    asn1::Time,
    policy::Policy,
    x509::{Repository, TrustAnchors},
};
use std::io::Write;

/// Verifies messages.
pub struct Verifier<'a> {
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    policy: &'a Policy,
    signers: &'a [ExpectedSigner],
}

impl<'a> Verifier<'a> {
    /// Trusts these anchors, finds certificates that are not in the message in `repository`. `signers`: who must have signed, in place of
    /// the comparison with From; may be empty.
    pub fn new(
        anchors: &'a TrustAnchors,
        repository: &'a dyn Repository,
        policy: &'a Policy,
        signers: &'a [ExpectedSigner],
    ) -> Self {
        Self {
            anchors,
            repository,
            policy,
            signers,
        }
    }

    /// Verifies one message; writes to `sink` exactly the entity that was digested. `content` is the content of a detached CMS signature.
    pub fn verify(
        &self,
        _source: Source<'_>,
        _content: Option<Source<'_>>,
        _sink: &mut dyn Write,
        _at: Time,
    ) -> Result<Report, Error> {
        let _ = (self.anchors, self.repository, self.policy, self.signers);
        todo!()
    }
}
