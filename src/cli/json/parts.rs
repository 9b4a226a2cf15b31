//! The parts of a message in the report for programs, one in the other.
use super::{extend, layer};
use crate::cli::advice::Typed;
use serde_json::{Value, json};
use smime::smime::part::{Part, Protection};

/// Returns a part with all that stand in it. A layer of the message is among `layers`, at the place named; one that does not count is here.
pub(super) fn part(typed: &Typed, it: &Part) -> Value {
    let mut object = json!({
        "part": it.number.to_string(),
        "content_type": it.media_type,
        "name": it.name,
        "encoding": it.encoding,
        "size": it.size,
    });
    let [mut place, mut errant, mut unreadable] = [None, None, None];
    match &it.protection {
        Protection::None => {}
        Protection::Layer(at) => place = Some((*at).into()),
        Protection::Errant(of_its_own) => errant = Some(layer(typed, of_its_own)),
        Protection::Unreadable(why) => unreadable = Some(why.as_str().into()),
    }
    let parts = it.parts.iter().map(|it| part(typed, it)).collect();
    let more = [
        ("layer", place),
        ("errant_layer", errant),
        ("unreadable", unreadable),
        ("parts", Some(parts)),
    ];
    extend(&mut object, more);
    object
}
