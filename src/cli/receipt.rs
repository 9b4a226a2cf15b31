//! `smime receipt`.
use super::{
    Outcome, args, conclude,
    judging::Judging,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::smime::{
    Content, Encoding, Include, SignOptions, Signer,
    report::{Form, Verdict},
};

/// Verifies a message and signs the receipt that it asks for.
pub(crate) fn run(receipt: &args::Receipt, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let ground = prepare::ground(&receipt.common, Some(&receipt.trust))?;
    let certs = &receipt.common.certs;
    let judging = Judging::of(&receipt.trust, &receipt.signers, certs, &ground, false)?;
    let Ground { policy, at } = ground;
    let Keys {
        identities,
        findings,
    } = prepare::keys(&receipt.keys, certs, &policy)?;
    if let Some(outcome) = refused(&findings) {
        return Ok(outcome);
    }
    let message = &receipt.message.message;
    let mut input = Input::open(message, receipt.common.is_silent())?;
    let leave = Leave::AsWritten;
    let mut output = Output::open(
        receipt.output.output.as_deref(),
        leave,
        receipt.output.sync,
        rng,
    )?;
    prepare::not_to_people(receipt.format, &output)?;
    let verified = judging
        .verifier(&policy, None)
        .verify(input.source(), None, &mut std::io::sink(), at)
        .with_context(|| prepare::at(message))?;
    if verified.verdict() == Verdict::Fail {
        return Ok(conclude(verified, findings, output));
    }
    let options = SignOptions {
        form: Form::Opaque,
        content: Content::Binary,
        encoding: match receipt.format {
            args::Format::Smime => Encoding::Smime,
            args::Format::Der => Encoding::Der,
            args::Format::Pem => Encoding::Pem,
        },
        digest: None,
        pss: false,
        include: Include::Chain,
        request_receipt: None,
        compress: false,
        protect_headers: None,
    };
    let report = Signer::new(&identities, &policy, options)
        .receipt(&verified, &mut output, at, rng)
        .with_context(|| prepare::at(message))?;
    Ok(conclude(report, findings, output))
}
