//! Opening: every layer, outermost first (RFC 8551 §3.7).
use super::{
    Error, Report, Source,
    peel::{Goal, Keys, Peeler},
    sender::{self, ExpectedSigner},
    signature::Judge,
    verify::require_anchor,
};
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
        source: Source<'_>,
        sink: &mut dyn Write,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let mut peeler = Peeler::new(Goal::Open, self.policy, sink);
        peeler.judge = Some(Judge {
            anchors: self.anchors,
            repository: self.repository,
            policy: self.policy,
            at,
            allowance: self.policy.limits.message_signatures.into(),
        });
        peeler.keys = Some(Keys {
            identities: self.identities,
            rng,
        });
        peeler.walk(source)?;
        let (mut report, froms) = (peeler.report, peeler.froms);
        if report
            .layers
            .iter()
            .any(|layer| matches!(layer, super::report::Layer::Signed(_)))
        {
            require_anchor(self.anchors, self.policy)?;
        }
        sender::judge(&mut report, &froms, self.signers, self.policy);
        Ok(report)
    }
}
