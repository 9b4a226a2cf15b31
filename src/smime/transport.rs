//! What is said of a content that a mail transport must not change: what was encoded for its sake, and what could not be (RFC 8551 §3.1.3).
use crate::{
    mime::{
        hazards::Hazards,
        seven_bit::{Change, Left, Outcome, Why},
        tree::Whole,
    },
    policy::{Finding, Policy, Rule},
};

/// Returns a finding for each part that was encoded, and for each that is not safe.
pub(super) fn findings(outcome: &Outcome, policy: &Policy) -> Vec<Finding> {
    let changed = outcome.changed.iter().map(changed);
    let changed = changed.map(|message| policy.finding(Rule::ReEncoded, message));
    let left = outcome.left.iter().map(left);
    let left = left.map(|message| policy.finding(Rule::NotSevenBit, message));
    changed.chain(left).collect()
}

fn changed(change: &Change) -> String {
    let Change { part, was, is, .. } = change;
    match seen(&change.hazards) {
        None if was == is => format!("part {part} is regular {} now", is.name()),
        None => format!(
            "part {part} is labelled {} now, not {}",
            is.name(),
            was.name()
        ),
        Some(seen) if was == is => {
            format!("part {part} is regular {} now: it had {seen}", is.name())
        }
        Some(seen) => format!("part {part} is {} now: it has {seen}", is.name()),
    }
}

fn left(left: &Left) -> String {
    let seen = seen(&left.hazards).unwrap_or_default();
    let part = &left.part;
    let (what, why) = match left.why {
        Why::Header => (format!("the header of part {part}"), "is not changed"),
        Why::Around => (
            format!("the text around the parts of part {part}"),
            "cannot be encoded",
        ),
        Why::Whole(Whole::Message) => (
            format!("part {part}"),
            "is a message, which must not be encoded",
        ),
        Why::Whole(Whole::Signed) => (
            format!("part {part}"),
            "is signed, which encoding would break",
        ),
        Why::Whole(Whole::Unclear) => (
            format!("part {part}"),
            "has a header that does not say for certain what it is",
        ),
        Why::Whole(Whole::Deep) => (
            format!("part {part}"),
            "is past the limits of what is looked into",
        ),
        Why::Encoded => (
            format!("part {part}"),
            "has an encoding that is not known, or not kept to",
        ),
        Why::Late => (format!("part {part}"), "was written before that was seen"),
    };
    let what = format!("{what} has {seen} and {why}");
    match left.hazards.bare_cr && left.why == Why::Whole(Whole::Message) {
        true => format!("{what}: other programs will call the signature broken"),
        false => format!("{what}: a mail server may change it and break the signature"),
    }
}

fn seen(hazards: &Hazards) -> Option<String> {
    let words = hazards.in_words();
    let (last, others) = words.split_last()?;
    Some(match others {
        [] => (*last).to_owned(),
        _ => format!("{} and {last}", others.join(", ")),
    })
}
