//! `smime open`.
use super::{
    Outcome, args, conclude,
    judging::Judging,
    learn,
    output::{Destination, Leave},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::{asn1::Time, crypto::Secret, policy::Finding, smime::Opener, store::Identities};
use std::path::Path;

/// Removes every layer.
pub(crate) fn run(open: &args::Open, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let ready = Ready::of(open)?;
    if let Some(outcome) = refused(&ready.findings) {
        return Ok(outcome);
    }
    let message = &open.message.message;
    let mut input = Input::open(message, open.common.is_silent())?;
    let to = Destination::of(&open.output, &open.common);
    ready.perform(message, &mut input, &to, ready.ground.at, rng)
}

/// Everything that is needed to open, for one message or many.
pub(crate) struct Ready<'a> {
    typed: &'a args::Open,
    pub(crate) ground: Ground,
    judging: Judging,
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
        let certs = &typed.common.certs;
        // What is only encrypted needs no anchor.
        let judging = Judging::of(&typed.trust, &typed.signers, certs, &ground, true)?;
        let Keys {
            identities,
            mut findings,
        } = prepare::decryption_keys(&typed.keys, &typed.shared, certs, policy)?;
        let secret_key = prepare::secret_key(&typed.secret_key, policy, &mut findings)?;
        Ok(Self {
            typed,
            judging,
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
        let part = self.typed.part.part.as_ref();
        let verifier = self.judging.verifier(policy, part);
        let mut opener = Opener::new(&self.identities, verifier);
        if let Some(key) = &self.secret_key {
            opener = opener.secret_key(key);
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
