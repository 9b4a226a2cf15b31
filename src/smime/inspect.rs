//! Inspecting: what a message is, layer by layer, without keys or trust.
use super::{
    Error, Report, Source,
    peel::{Goal, Peeler},
};
use crate::policy::Policy;

/// Says what a message is. Nothing is judged: signatures are `undetermined`, `unchecked`. A message without any protection has no layers.
pub fn inspect(source: Source<'_>, policy: &Policy) -> Result<Report, Error> {
    let mut sink = std::io::sink();
    let mut peeler = Peeler::new(Goal::Inspect, policy, &mut sink);
    peeler.walk(source)?;
    let mut report = peeler.report;
    report.parts = peeler.tree;
    report.headers = peeler.headers.announced();
    report.described = true;
    Ok(report)
}
