//! `smime open`.
use super::{
    Outcome, args, conclude, learn,
    output::{Destination, Leave},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::{
    asn1::Time,
    crypto::Secret,
    policy::Finding,
    smime::{ExpectedSigner, Opener},
    store::Identities,
    x509::{Catalogue, TrustAnchors},
};
use std::path::Path;

/// Removes every layer.
pub(crate) fn run(open: &args::Open, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let ready = Ready::of(open)?;
    if let Some(outcome) = refused(&ready.findings) {
        return Ok(outcome);
    }
    let message = &open.message.message;
    let mut input = Input::open(message, open.common.is_silent())?;
    let to = Destination::of(&open.output);
    ready.perform(message, &mut input, &to, ready.ground.at, rng)
}

/// Everything that is needed to open, for one message or many.
pub(crate) struct Ready<'a> {
    typed: &'a args::Open,
    pub(crate) ground: Ground,
    signers: Vec<ExpectedSigner>,
    anchors: TrustAnchors,
    time_stamping: Option<TrustAnchors>,
    repository: Catalogue,
    identities: Identities,
    secret_key: Option<Secret>,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Ready<'a> {
    /// Reads keys, certificates, anchors and revocation lists.
    pub(crate) fn of(typed: &'a args::Open) -> anyhow::Result<Self> {
        learn::is_apart(typed.learn.as_deref(), &typed.trust, &typed.signers)?;
        let ground = prepare::ground(&typed.common, Some(&typed.trust))?;
        let policy = &ground.policy;
        let signers = prepare::signers(&typed.signers)?;
        // What is only encrypted needs no anchor: the library asks for one at the first signature.
        let anchors = prepare::anchors_if_any(&typed.trust, &policy.limits)?;
        let time_stamping = prepare::time_stamp_anchors(&typed.signers, &policy.limits)?;
        let certs = &typed.common.certs;
        let repository = prepare::repository(certs, &typed.trust.crls, &policy.limits)?;
        let Keys {
            identities,
            mut findings,
        } = prepare::decryption_keys(&typed.keys, &typed.shared, certs, policy)?;
        let secret_key = prepare::secret_key(&typed.secret_key, policy, &mut findings)?;
        Ok(Self {
            typed,
            signers,
            anchors,
            time_stamping,
            repository: Catalogue::from(repository),
            identities,
            secret_key,
            findings,
            ground,
        })
    }

    /// Opens one message.
    pub(crate) fn perform(
        &self,
        message: &Path,
        input: &mut Input,
        to: &Destination<'_>,
        at: Time,
        rng: &mut Randomness,
    ) -> anyhow::Result<Outcome> {
        let policy = &self.ground.policy;
        let leave = Leave::OnCommit {
            held: policy.limits.held_bytes,
        };
        let mut output = to.open(leave, rng)?;
        let mut opener = Opener::new(
            &self.identities,
            &self.anchors,
            &self.repository,
            policy,
            &self.signers,
        )
        .watched(prepare::watch());
        if let Some(anchors) = &self.time_stamping {
            opener = opener.time_stamped_under(anchors);
        }
        if let Some(signatures) = self.typed.signers.require {
            opener = opener.requiring(signatures.get());
        }
        if let Some(key) = &self.secret_key {
            opener = opener.secret_key(key);
        }
        if let Some(part) = &self.typed.part.part {
            opener = opener.part(part.clone());
        }
        let mut report = opener
            .open(input.source(), &mut output, at, rng)
            .with_context(|| prepare::at(message))?;
        if let Some(directory) = &self.typed.learn {
            learn::learn(directory, &mut report, at, policy, rng)?;
        }
        Ok(conclude(report, self.findings.clone(), output))
    }
}
