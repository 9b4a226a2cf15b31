//! `smime sign`.
use super::{
    Outcome,
    args::{self, HideHeaders, Include},
    conclude,
    error::Problem,
    output::{Destination, Leave},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::{
    asn1::Time,
    crypto::Digest,
    mime::mailbox::Address,
    policy::Finding,
    smime::{Addition, Encoding, HeaderProtection, SignOptions, Signer, report::Form},
    store::Identities,
};
use std::path::Path;

/// Signs a message.
pub(crate) fn run(sign: &args::Sign, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let ready = Ready::of(sign)?;
    if let Some(outcome) = refused(&ready.findings) {
        return Ok(outcome);
    }
    let message = &sign.message.message;
    let mut input = Input::open(message, sign.common.is_silent())?;
    let to = Destination::of(&sign.output, &sign.common);
    ready.perform(message, &mut input, &to, ready.ground.at, rng)
}

/// Everything that is needed to sign, for one message or many.
pub(crate) struct Ready<'a> {
    typed: &'a args::Sign,
    pub(crate) ground: Ground,
    options: SignOptions,
    identities: Identities,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Ready<'a> {
    /// Reads keys and certificates.
    pub(crate) fn of(typed: &'a args::Sign) -> anyhow::Result<Self> {
        let options = options(typed)?;
        let ground = prepare::ground(&typed.common, None)?;
        let Keys {
            identities,
            findings,
        } = prepare::keys(&typed.keys, &typed.common.certs, &ground.policy)?;
        Ok(Self {
            typed,
            ground,
            options,
            identities,
            findings,
        })
    }

    /// Signs one message.
    pub(crate) fn perform(
        &self,
        message: &Path,
        input: &mut Input,
        to: &Destination<'_>,
        at: Time,
        rng: &mut Randomness,
    ) -> anyhow::Result<Outcome> {
        let (sign, policy) = (self.typed, &self.ground.policy);
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
        let mut output = to.open(leave, rng)?;
        prepare::not_to_people(sign.made.format, &output)?;
        let signer = Signer::new(&self.identities, policy, self.options.clone());
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
        Ok(conclude(report, self.findings.clone(), output))
    }
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
