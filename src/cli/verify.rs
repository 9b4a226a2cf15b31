//! `smime verify`.
use super::{
    Outcome, args, conclude,
    error::Problem,
    learn,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Randomness},
};
use anyhow::Context;
use smime::{policy::Rule, smime::report::Verdict, x509::Catalogue};
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
    if message == dash && verify.receipt_for.as_deref() == Some(dash) {
        return Err(
            Problem::usage("MESSAGE and --receipt-for cannot both be standard input").into(),
        );
    }
    let anchors = prepare::anchors(&verify.trust, &policy)?;
    let time_stamping = prepare::time_stamp_anchors(&verify.signers, &policy.limits)?;
    let repository = prepare::repository(&verify.common.certs, &verify.trust.crls, &policy.limits)?;
    let repository = Catalogue::from(repository);
    let quiet = verify.common.is_silent();
    let mut input = Input::open(message, quiet)?;
    let mut content = match &verify.content {
        Some(path) => Some(Input::open(path, quiet)?),
        None => None,
    };
    let leave = Leave::OnCommit {
        held: policy.limits.held_bytes,
    };
    let mut to = || match &verify.output.output {
        Some(path) => Output::open(Some(path), leave, verify.output.sync, rng),
        None => Ok(Output::nowhere()),
    };
    let mut output = to()?;
    let mut verifier = prepare::verifier(
        &anchors,
        &repository,
        &policy,
        &signers,
        &verify.signers,
        time_stamping.as_ref(),
    );
    if let Some(part) = &verify.part.part {
        verifier = verifier.part(part.clone());
    }
    if let Some(original) = &verify.receipt_for {
        let mut original = Input::open(original, quiet)?;
        let report = verifier
            .verify_receipt(input.source(), original.source(), at)
            .with_context(|| prepare::at(message))?;
        return Ok(conclude(report, Vec::new(), output));
    }
    let mut report = verifier
        .verify(
            input.source(),
            content.as_mut().map(Input::source),
            &mut output,
            at,
        )
        .with_context(|| prepare::at(message))?;
    // what was signed is not the canonical form that was written: write what was
    let otherwise = report.all_findings().any(|f| f.rule == Rule::LineEnds);
    if otherwise && verify.output.output.is_some() && report.verdict() == Verdict::Pass {
        if !input.again() {
            return Err(Problem::usage_with(
                "the content was signed with the line ends as received; from a pipe it cannot be written so",
                "give the message as a file: smime verify -o FILE MESSAGE",
            )
            .into());
        }
        output = to()?;
        report = verifier
            .as_received()
            .verify(input.source(), None, &mut output, at)
            .with_context(|| prepare::at(message))?;
    }
    if let Some(directory) = &verify.learn {
        learn::learn(directory, &mut report, at, &policy, rng)?;
    }
    Ok(conclude(report, Vec::new(), output))
}
