//! `smime sign`.
use super::{
    Outcome,
    args::{self, Include},
    conclude,
    error::Problem,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::{
    crypto::Digest,
    smime::{Encoding, SignOptions, Signer, report::Form},
};

/// Signs a message.
pub(crate) fn run(sign: &args::Sign, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let options = options(sign)?;
    let Ground { policy, at } = prepare::ground(&sign.common, None)?;
    let Keys {
        identities,
        findings,
    } = prepare::keys(&sign.keys, &sign.common.certs, &policy)?;
    if let Some(outcome) = refused(&findings) {
        return Ok(outcome);
    }
    let message = &sign.message.message;
    let mut input = Input::open(message, sign.common.is_silent())?;
    let mut output = Output::open(
        sign.output.output.as_deref(),
        Leave::AsWritten,
        sign.output.sync,
        rng,
    )?;
    prepare::not_to_people(sign.made.format, &output)?;
    let report = Signer::new(&identities, &policy, options)
        .sign(input.source(), &mut output, at, rng)
        .with_context(|| prepare::at(message))?;
    Ok(conclude(report, findings, output))
}

fn options(sign: &args::Sign) -> anyhow::Result<SignOptions> {
    let (content, encoding) = prepare::made(&sign.made);
    let form = match (sign.opaque, sign.detached) {
        (true, true) => {
            return Err(Problem::usage("--opaque and --detached contradict each other").into());
        }
        (false, true) if encoding == Encoding::Smime => {
            return Err(Problem::usage_with(
                "--detached makes a signature without its content: a file, no message",
                "add --format der or --format pem; a clear-signed message needs no option",
            )
            .into());
        }
        (_, true) => Form::Detached,
        (true, _) => Form::Opaque,
        // A bare CMS object has its content inside, unless asked otherwise.
        (false, false) if encoding != Encoding::Smime => Form::Opaque,
        (false, false) => Form::Clear,
    };
    let digest = match sign.digest.as_deref() {
        None => None,
        Some(name) => match Digest::from_name(name).filter(|digest| digest.row().written) {
            Some(digest) => Some(digest),
            None => {
                return Err(Problem::usage_with(
                    format!("--digest: '{name}' is no digest to sign with"),
                    "--digest takes sha-256, sha-384 or sha-512, sha3-256, sha3-384 or sha3-512, shake128 or shake256",
                )
                .into());
            }
        },
    };
    Ok(SignOptions {
        form,
        content,
        encoding,
        digest,
        pss: sign.pss,
        compress: sign.made.compress,
        include: match sign.include {
            Include::Leaf => smime::smime::Include::Leaf,
            Include::Chain => smime::smime::Include::Chain,
            Include::All => smime::smime::Include::All,
            Include::None => smime::smime::Include::None,
        },
    })
}
