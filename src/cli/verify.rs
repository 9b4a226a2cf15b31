//! `smime verify`.
use super::{
    Outcome, args, conclude,
    error::Problem,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Randomness},
};
use anyhow::Context;
use smime::smime::Verifier;
use std::path::Path;

/// Checks the outermost signature.
pub(crate) fn run(verify: &args::Verify, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let Ground { policy, at } = prepare::ground(&verify.common, Some(&verify.trust))?;
    let signers = prepare::signers(&verify.signers)?;
    let message = &verify.message.message;
    let dash = Path::new("-");
    if message == dash && verify.content.as_deref() == Some(dash) {
        return Err(Problem::usage("MESSAGE and --content cannot both be standard input").into());
    }
    let anchors = prepare::anchors(&verify.trust, &policy)?;
    let repository = prepare::repository(&verify.common.certs, &verify.trust.crls, &policy.limits)?;
    let quiet = verify.common.is_silent();
    let mut input = Input::open(message, quiet)?;
    let mut content = match &verify.content {
        Some(path) => Some(Input::open(path, quiet)?),
        None => None,
    };
    let mut output = match &verify.output.output {
        Some(path) => Output::open(
            Some(path),
            Leave::OnCommit {
                held: policy.limits.held_bytes,
            },
            verify.output.sync,
            rng,
        )?,
        None => Output::nowhere(),
    };
    let report = Verifier::new(&anchors, &repository, &policy, &signers)
        .verify(
            input.source(),
            content.as_mut().map(Input::source),
            &mut output,
            at,
        )
        .with_context(|| prepare::at(message))?;
    Ok(conclude(report, Vec::new(), output))
}
