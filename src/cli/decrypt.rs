//! `smime decrypt`.
use super::{
    Outcome, args, conclude,
    output::{Destination, Leave},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::{
    crypto::Secret,
    mime::part::PartNumber,
    policy::{Finding, Policy},
    smime::Decryptor,
    store::Identities,
};
use std::path::Path;

/// Removes the outer encryption layer.
pub(crate) fn run(decrypt: &args::Decrypt, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let ready = Ready::of(decrypt)?;
    if let Some(outcome) = refused(&ready.findings) {
        return Ok(outcome);
    }
    let message = &decrypt.message.message;
    let mut input = Input::open(message, decrypt.common.is_silent())?;
    let to = Destination::of(&decrypt.output, &decrypt.common);
    ready.perform(message, &mut input, &to, rng)
}

/// Everything that is needed to decrypt, for one message or many.
pub(crate) struct Ready {
    pub(crate) policy: Policy,
    identities: Identities,
    secret_key: Option<Secret>,
    part: Option<PartNumber>,
    pub(crate) findings: Vec<Finding>,
}

impl Ready {
    /// Reads keys and certificates.
    pub(crate) fn of(typed: &args::Decrypt) -> anyhow::Result<Self> {
        let Ground { policy, at: _ } = prepare::ground(&typed.common, None)?;
        let Keys {
            identities,
            mut findings,
        } = prepare::decryption_keys(&typed.keys, &typed.shared, &typed.common.certs, &policy)?;
        let secret_key = prepare::secret_key(&typed.secret_key, &policy, &mut findings)?;
        Ok(Self {
            policy,
            identities,
            secret_key,
            part: typed.part.part.clone(),
            findings,
        })
    }

    /// Decrypts one message.
    pub(crate) fn perform(
        &self,
        message: &Path,
        input: &mut Input,
        to: &Destination<'_>,
        rng: &mut Randomness,
    ) -> anyhow::Result<Outcome> {
        let leave = Leave::OnCommit {
            held: self.policy.limits.held_bytes,
        };
        let mut output = to.open(leave, rng)?;
        let mut decryptor = Decryptor::new(&self.identities, &self.policy);
        if let Some(key) = &self.secret_key {
            decryptor = decryptor.secret_key(key);
        }
        if let Some(part) = &self.part {
            decryptor = decryptor.part(part.clone());
        }
        let report = decryptor
            .decrypt(input.source(), &mut output, rng)
            .with_context(|| prepare::at(message))?;
        Ok(conclude(report, self.findings.clone(), output))
    }
}
