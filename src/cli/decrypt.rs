//! `smime decrypt`.
use super::{
    Outcome, args, conclude,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::smime::Decryptor;

/// Removes the outer encryption layer.
pub(crate) fn run(decrypt: &args::Decrypt, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let Ground { policy, at: _ } = prepare::ground(&decrypt.common, None)?;
    let Keys {
        identities,
        mut findings,
    } = prepare::decryption_keys(
        &decrypt.keys,
        &decrypt.shared,
        &decrypt.common.certs,
        &policy,
    )?;
    let secret_key = prepare::secret_key(&decrypt.secret_key, &policy, &mut findings)?;
    if let Some(outcome) = refused(&findings) {
        return Ok(outcome);
    }
    let message = &decrypt.message.message;
    let mut input = Input::open(message, decrypt.common.is_silent())?;
    let mut output = Output::open(
        decrypt.output.output.as_deref(),
        Leave::OnCommit {
            held: policy.limits.held_bytes,
        },
        decrypt.output.sync,
        rng,
    )?;
    let mut decryptor = Decryptor::new(&identities, &policy);
    if let Some(key) = &secret_key {
        decryptor = decryptor.secret_key(key);
    }
    if let Some(part) = &decrypt.part.part {
        decryptor = decryptor.part(part.clone());
    }
    let report = decryptor
        .decrypt(input.source(), &mut output, rng)
        .with_context(|| prepare::at(message))?;
    Ok(conclude(report, findings, output))
}
