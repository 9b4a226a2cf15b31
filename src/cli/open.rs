//! `smime open`.
use super::{
    Outcome, args, conclude, learn,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused,
};
use anyhow::Context;
use smime::{smime::Opener, x509::Catalogue};

/// Removes every layer.
pub(crate) fn run(open: &args::Open, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let Ground { policy, at } = prepare::ground(&open.common, Some(&open.trust))?;
    let signers = prepare::signers(&open.signers)?;
    // What is only encrypted needs no anchor: the library asks for one at the first signature.
    let anchors = prepare::anchors_if_any(&open.trust, &policy.limits)?;
    let time_stamping = prepare::time_stamp_anchors(&open.signers, &policy.limits)?;
    let repository = prepare::repository(&open.common.certs, &open.trust.crls, &policy.limits)?;
    let repository = Catalogue::from(repository);
    let Keys {
        identities,
        mut findings,
    } = prepare::decryption_keys(&open.keys, &open.shared, &open.common.certs, &policy)?;
    let secret_key = prepare::secret_key(&open.secret_key, &policy, &mut findings)?;
    if let Some(outcome) = refused(&findings) {
        return Ok(outcome);
    }
    let message = &open.message.message;
    let mut input = Input::open(message, open.common.is_silent())?;
    let mut output = Output::open(
        open.output.output.as_deref(),
        Leave::OnCommit {
            held: policy.limits.held_bytes,
        },
        open.output.sync,
        rng,
    )?;
    let mut opener = Opener::new(&identities, &anchors, &repository, &policy, &signers)
        .watched(prepare::watch());
    if let Some(anchors) = &time_stamping {
        opener = opener.time_stamped_under(anchors);
    }
    if let Some(signatures) = open.signers.require {
        opener = opener.requiring(signatures.get());
    }
    if let Some(key) = &secret_key {
        opener = opener.secret_key(key);
    }
    if let Some(part) = &open.part.part {
        opener = opener.part(part.clone());
    }
    let mut report = opener
        .open(input.source(), &mut output, at, rng)
        .with_context(|| prepare::at(message))?;
    if let Some(directory) = &open.learn {
        learn::learn(directory, &mut report, at, &policy, rng)?;
    }
    Ok(conclude(report, findings, output))
}
