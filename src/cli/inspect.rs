//! `smime inspect`.
use super::{
    Answer, args,
    prepare::{self, Ground, Input},
};
use anyhow::Context;
use smime::{
    policy::{Finding, Level},
    smime::{
        part::{Part, Protection},
        report::Layer,
    },
};

/// Says what a message is.
pub(crate) fn run(inspect: &args::Inspect) -> anyhow::Result<Answer> {
    let Ground { policy, at: _ } = prepare::ground(&inspect.common, None)?;
    let message = &inspect.message.message;
    let mut input = Input::open(message, inspect.common.is_silent())?;
    let mut report =
        smime::smime::inspect(input.source(), &policy).with_context(|| prepare::at(message))?;
    let layers = report.layers.iter_mut().flat_map(in_layer);
    report.findings.iter_mut().chain(layers).for_each(only_warn);
    report.parts.iter_mut().for_each(only_warn_in);
    Ok(Answer::Message(report))
}

/// Whoever only looks is refused nothing: what another verb would deny is a warning here.
fn only_warn(finding: &mut Finding) {
    finding.level = finding.level.min(Level::Warn);
}

fn only_warn_in(part: &mut Part) {
    if let Protection::Errant(layer) = &mut part.protection {
        in_layer(layer).for_each(only_warn);
    }
    part.parts.iter_mut().for_each(only_warn_in);
}

/// Returns the findings of a layer and its signatures.
fn in_layer(layer: &mut Layer) -> impl Iterator<Item = &mut Finding> {
    let (of_layer, signatures) = match layer {
        Layer::Signed(layer) => (&mut layer.findings[..], &mut layer.signatures[..]),
        other => (
            other
                .own_findings_mut()
                .map_or(Default::default(), |f| &mut f[..]),
            Default::default(),
        ),
    };
    of_layer
        .iter_mut()
        .chain(signatures.iter_mut().flat_map(|s| s.findings.iter_mut()))
}
