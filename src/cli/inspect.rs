//! `smime inspect`.
use super::{
    Answer, args,
    prepare::{self, Ground, Input},
};
use anyhow::Context;
use smime::{
    policy::{Finding, Level},
    smime::{Report, report::Layer},
};

/// Says what a message is.
pub(crate) fn run(inspect: &args::Inspect) -> anyhow::Result<Answer> {
    let Ground { policy, at: _ } = prepare::ground(&inspect.common, None)?;
    let message = &inspect.message.message;
    let mut input = Input::open(message, inspect.common.is_silent())?;
    let mut report =
        smime::smime::inspect(input.source(), &policy).with_context(|| prepare::at(message))?;
    findings(&mut report).for_each(|finding| finding.level = finding.level.min(Level::Warn));
    Ok(Answer::Message(report))
}

/// Returns every finding. Whoever only looks is refused nothing: what another verb would deny is a warning here.
fn findings(report: &mut Report) -> impl Iterator<Item = &mut Finding> {
    let in_layers = report.layers.iter_mut().flat_map(|layer| {
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
    });
    report.findings.iter_mut().chain(in_layers)
}
