//! Inspecting: what a message is, layer by layer, without keys or trust.
use super::{Error, Report, Source};
use crate::policy::Policy;

/// Says what a message is. Nothing is judged: signatures are `undetermined`, `unchecked`. A message without any protection has no layers.
pub fn inspect(_source: Source<'_>, _policy: &Policy) -> Result<Report, Error> {
    todo!()
}
