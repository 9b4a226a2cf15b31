//! `smime verify`.
use super::{
    Outcome, args, conclude,
    error::Problem,
    judging::Judging,
    learn,
    output::{Destination, Leave},
    prepare::{self, Ground, Input, Randomness},
};
use anyhow::Context;
use smime::{asn1::Time, policy::Rule, smime::report::Verdict};
use std::path::Path;

/// Checks the outermost signature.
pub(crate) fn run(verify: &args::Verify, rng: &mut Randomness) -> anyhow::Result<Outcome> {
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
    let ready = Ready::of(verify)?;
    let mut input = Input::open(message, verify.common.is_silent())?;
    let to = match &verify.output.output {
        Some(_) => Destination::of(&verify.output, &verify.common),
        None => Destination::Nowhere,
    };
    ready.perform(message, &mut input, &to, ready.ground.at, rng)
}

/// Everything that is needed to verify, for one message or many.
pub(crate) struct Ready<'a> {
    typed: &'a args::Verify,
    pub(crate) ground: Ground,
    judging: Judging,
}

impl<'a> Ready<'a> {
    /// Reads certificates, anchors and revocation lists.
    pub(crate) fn of(typed: &'a args::Verify) -> anyhow::Result<Self> {
        learn::is_apart(typed.learn.as_deref(), &typed.trust, &typed.signers)?;
        let ground = prepare::ground(&typed.common, Some(&typed.trust))?;
        let (trust, certs) = (&typed.trust, &typed.common.certs);
        let judging = Judging::of(trust, &typed.signers, certs, &ground, false)?;
        Ok(Self {
            typed,
            ground,
            judging,
        })
    }

    /// Verifies one message.
    pub(crate) fn perform(
        &self,
        message: &Path,
        input: &mut Input,
        to: &Destination<'_>,
        at: Time,
        rng: &mut Randomness,
    ) -> anyhow::Result<Outcome> {
        let quiet = self.typed.common.is_silent();
        let mut content = match &self.typed.content {
            Some(path) => Some(Input::open(path, quiet)?),
            None => None,
        };
        let leave = Leave::OnCommit {
            held: self.ground.policy.limits.held_bytes,
        };
        let mut output = to.open(leave, rng)?;
        let part = self.typed.part.part.as_ref();
        let verifier = self.judging.verifier(&self.ground.policy, part);
        if let Some(original) = &self.typed.receipt_for {
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
        if otherwise && !output.is_nowhere() && report.verdict() == Verdict::Pass {
            if !input.again() {
                return Err(Problem::usage_with(
                    "the content was signed with the line ends as received; from a pipe it cannot be written so",
                    "give the message as a file: smime verify -o FILE MESSAGE",
                )
                .into());
            }
            output = to.open(leave, rng)?;
            report = verifier
                .as_received()
                .verify(input.source(), None, &mut output, at)
                .with_context(|| prepare::at(message))?;
        }
        if let Some(directory) = &self.typed.learn {
            learn::learn(directory, &mut report, at, &self.ground.policy, rng)?;
        }
        Ok(conclude(report, Vec::new(), output))
    }
}
