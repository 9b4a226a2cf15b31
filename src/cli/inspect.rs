//! `smime inspect`.
use super::{
    Answer, args,
    prepare::{self, Ground, Input},
};
use anyhow::Context;

/// Says what a message is.
pub(crate) fn run(inspect: &args::Inspect) -> anyhow::Result<Answer> {
    let Ground { policy, at: _ } = prepare::ground(&inspect.common, None)?;
    let message = &inspect.message.message;
    let mut input = Input::open(message, inspect.common.is_silent())?;
    let report =
        smime::smime::inspect(input.source(), &policy).with_context(|| prepare::at(message))?;
    Ok(Answer::Message(report))
}
