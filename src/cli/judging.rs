//! Whom to believe: what `verify`, `open` and `receipt` judge signatures by, loaded once.
use super::{
    args,
    prepare::{self, Ground},
};
use smime::{
    mime::part::PartNumber,
    policy::Policy,
    smime::{ExpectedSigner, Verifier},
    x509::{Catalogue, TrustAnchors},
};
use std::{num::NonZeroUsize, path::PathBuf};

/// Anchors, certificates and revocation lists, and who must have signed.
pub(crate) struct Judging {
    signers: Vec<ExpectedSigner>,
    anchors: TrustAnchors,
    time_stamping: Option<TrustAnchors>,
    repository: Catalogue,
    required: Option<NonZeroUsize>,
}

impl Judging {
    /// Reads them. Without an anchor that is an error, unless `anchors_if_any`: the library asks for one at the first signature.
    pub(crate) fn of(
        trust: &args::Trust,
        signers: &args::Signers,
        certs: &[PathBuf],
        Ground { policy, .. }: &Ground,
        anchors_if_any: bool,
    ) -> anyhow::Result<Self> {
        let limits = &policy.limits;
        Ok(Self {
            signers: prepare::signers(signers)?,
            anchors: match anchors_if_any {
                true => prepare::anchors_if_any(trust, limits)?,
                false => prepare::anchors(trust, policy)?,
            },
            time_stamping: prepare::time_stamp_anchors(signers, limits)?,
            required: signers.require,
            repository: prepare::repository(certs, &trust.crls, limits)?.into(),
        })
    }

    /// Makes a verifier of the message or of one part of it.
    pub(crate) fn verifier<'a>(
        &'a self,
        policy: &'a Policy,
        part: Option<&PartNumber>,
    ) -> Verifier<'a> {
        let (anchors, repository) = (&self.anchors, &self.repository);
        let mut verifier = Verifier::new(anchors, repository, policy, &self.signers);
        if let Some(anchors) = &self.time_stamping {
            verifier = verifier.time_stamped_under(anchors);
        }
        if let Some(signatures) = self.required {
            verifier = verifier.requiring(signatures.get());
        }
        if let Some(part) = part {
            verifier = verifier.part(part.clone());
        }
        verifier.watched(prepare::watch())
    }
}
