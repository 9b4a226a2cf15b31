//! Opening: every layer, outermost first (RFC 8551 §3.7).
use super::{
    Error, Report, Source, headers,
    peel::{Goal, Keys, Peeler},
    report::Layer,
    sender::{self, ExpectedSigner},
    signature::{COVERS_CIPHERTEXT, Judge},
    verify::require_anchor,
};
use crate::{
    asn1::Time,
    crypto::{CryptoRng, Secret},
    mime::part::PartNumber,
    policy::{Policy, Rule},
    store::Identities,
    x509::{Allowance, Repository, TrustAnchors, Watch},
};
use std::{io::Write, sync::Arc};

/// Opens messages.
pub struct Opener<'a> {
    identities: &'a Identities,
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    policy: &'a Policy,
    signers: &'a [ExpectedSigner],
    time_stamp_anchors: Option<&'a TrustAnchors>,
    required: Option<usize>,
    secret_key: Option<&'a Secret>,
    watch: Option<Arc<dyn Watch>>,
    part: Option<PartNumber>,
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
            time_stamp_anchors: None,
            required: None,
            secret_key: None,
            watch: None,
            part: None,
        }
    }

    /// Judges time-stamps as [`Verifier::time_stamped_under`](super::Verifier::time_stamped_under) does.
    #[must_use]
    pub fn time_stamped_under(mut self, anchors: &'a TrustAnchors) -> Self {
        self.time_stamp_anchors = Some(anchors);
        self
    }

    /// Is content with so many passing signatures of each signed layer (at least one), instead of wanting every one to pass.
    #[must_use]
    pub fn requiring(mut self, signatures: usize) -> Self {
        self.required = Some(signatures.max(1));
        self
    }

    /// Opens EncryptedData with this key, which was agreed on elsewhere.
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

    /// Keeps the limit of time for each certificate path, too: the library reads no clock by itself.
    #[must_use]
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = Some(watch);
        self
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
            time_stamp_anchors: self.time_stamp_anchors,
            policy: self.policy,
            at,
            watch: self.watch.clone(),
            allowance: Allowance::new(&self.policy.limits).into(),
        });
        peeler.keys = Some(Keys {
            identities: self.identities,
            secret_key: self.secret_key,
            rng,
        });
        peeler.named = self.part.clone();
        peeler.walk(source)?;
        let (mut report, froms) = (peeler.report, peeler.froms);
        let (seen, opened_by) = (peeler.headers, peeler.opened_by);
        if report
            .layers
            .iter()
            .any(|layer| matches!(layer, Layer::Signed(_)))
        {
            require_anchor(self.anchors, self.policy)?;
        }
        mark_envelopes(&mut report.layers, self.policy);
        report.require(self.required);
        sender::judge(&mut report, &froms, self.signers, self.policy);
        headers::judge::judge(&mut report, &seen, &opened_by, self.policy);
        report.find_too_few_signers(self.required, self.policy);
        Ok(report)
    }
}

/// A signature with nothing but signatures between it and an encrypted layer is around ciphertext.
fn mark_envelopes(layers: &mut [Layer], policy: &Policy) {
    let mut inside_is_encrypted = false;
    for layer in layers.iter_mut().rev() {
        match layer {
            Layer::Encrypted(_) => inside_is_encrypted = true,
            Layer::Certificates(_) => inside_is_encrypted = false,
            Layer::Compressed(_) | Layer::Digested(_) | Layer::Authenticated(_) => {}
            Layer::Signed(signed) => {
                let known = signed
                    .findings
                    .iter()
                    .any(|f| f.rule == Rule::CoversCiphertext);
                if inside_is_encrypted && !known {
                    signed
                        .findings
                        .push(policy.finding(Rule::CoversCiphertext, COVERS_CIPHERTEXT));
                }
            }
        }
    }
}
