//! `smime sign`.
use super::{
    Outcome,
    args::{self, HideHeaders, Include},
    conclude,
    error::Problem,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::{
    crypto::Digest,
    mime::mailbox::Address,
    smime::{Addition, Encoding, HeaderProtection, SignOptions, Signer, report::Form},
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
    let addition = match (sign.add, sign.countersign) {
        (true, _) => Some(Addition::Signature),
        (_, true) => Some(Addition::Countersignatures),
        _ => None,
    };
    // Whether what is there holds is known at its end.
    let leave = match addition {
        Some(_) => Leave::OnCommit {
            held: policy.limits.held_bytes,
        },
        None => Leave::AsWritten,
    };
    let mut output = Output::open(sign.output.output.as_deref(), leave, sign.output.sync, rng)?;
    prepare::not_to_people(sign.made.format, &output)?;
    let signer = Signer::new(&identities, &policy, options);
    let report = match addition {
        None => signer.sign(input.source(), &mut output, at, rng),
        Some(what) => {
            let mut content = match &sign.content {
                Some(path) => Some(Input::open(path, sign.common.is_silent())?),
                None => None,
            };
            let content = content.as_mut().map(Input::source);
            signer.add(what, input.source(), content, &mut output, at, rng)
        }
    };
    let report = report.with_context(|| prepare::at(message))?;
    Ok(conclude(report, findings, output))
}

fn options(sign: &args::Sign) -> anyhow::Result<SignOptions> {
    let adds = sign.add || sign.countersign;
    if sign.content.is_some() && !adds {
        return Err(Problem::usage_with(
            "--content goes with --add and --countersign",
            "the message to sign is MESSAGE: smime sign --detached --format der FILE",
        )
        .into());
    }
    let protect_headers = match sign.headers.hide_headers {
        Some(HideHeaders::Baseline | HideHeaders::Shy) => {
            return Err(Problem::usage_with(
                "--hide-headers: a signature hides nothing",
                "only encryption hides: smime encrypt --hide-headers shy -r FILE MESSAGE",
            )
            .into());
        }
        Some(HideHeaders::None) => true,
        None => sign.headers.protect_headers,
    };
    if protect_headers && adds {
        return Err(Problem::usage_with(
            "--protect-headers does not go with --add and --countersign",
            "what is signed already cannot be changed: protect the header with the first signature",
        )
        .into());
    }
    let encoding = prepare::encoding(sign.made.format);
    let form = match (sign.signature.opaque, sign.detached) {
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
    Ok(SignOptions {
        protect_headers: protect_headers.then_some(HeaderProtection::Clear),
        ..signing(&sign.signature, &sign.made, form)?
    })
}

/// Understands how a signature is to be made.
pub(super) fn signing(
    signature: &args::Signature,
    made: &args::Made,
    form: Form,
) -> anyhow::Result<SignOptions> {
    let request_receipt = match &signature.request_receipt {
        None => None,
        Some(text) => Some(Address::parse(text).ok_or_else(|| {
            Problem::usage_with(
                format!("--request-receipt: '{text}' is no mail address"),
                "an address is written --request-receipt alice@example.com",
            )
        })?),
    };
    let digest = match signature.digest.as_deref() {
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
    let (content, encoding) = prepare::made(made);
    Ok(SignOptions {
        form,
        content,
        encoding,
        digest,
        pss: signature.pss,
        compress: made.compress,
        include: match signature.include {
            Include::Leaf => smime::smime::Include::Leaf,
            Include::Chain => smime::smime::Include::Chain,
            Include::All => smime::smime::Include::All,
            Include::None => smime::smime::Include::None,
        },
        request_receipt,
        protect_headers: None,
    })
}
