//! An entity taken apart and made 7-bit safe: no octet is lost on the way, what comes out is safe but for what is said to be left, and says what
//! it said before.
#![no_main]
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smime::mime::{
    canonical::Canonicalizer,
    header,
    seven_bit::{SevenBit, Survey},
    transfer::{Decoder, TransferEncoding},
    tree::{Event, Limits, Nature, Tree},
};
use smime_fuzz::{Trickle, bounds::within, choice, mutate, read, world::world};

const LIMITS: Limits = Limits {
    header: header::Limits {
        block: 1 << 20,
        line: 64 << 10,
        fields: 1000,
    },
    parts: 100,
    depth: 8,
};

/// A part as the tree has it, its body whole.
#[derive(Debug)]
struct Leaf {
    number: String,
    nature: Nature,
    encoding: Option<TransferEncoding>,
    block: Vec<u8>,
    body: Vec<u8>,
}

/// The parts in order, and the text around them. What the tree hands out is what was put in.
fn taken_apart(entity: &[u8], step: usize) -> (Vec<Leaf>, Vec<u8>) {
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut around = Vec::new();
    let mut again = Vec::new();
    let mut open = 0_usize;
    let mut each = |event: Event<'_>| match event {
        Event::Begin(part) => {
            open += 1;
            again.extend_from_slice(&part.block);
            let encoding = part
                .header
                .as_ref()
                .and_then(|h| h.transfer_encoding().ok());
            leaves.push(Leaf {
                number: part.number.clone(),
                nature: part.nature.clone(),
                encoding,
                block: part.block.clone(),
                body: Vec::new(),
            });
        }
        Event::Body(octets) => {
            again.extend_from_slice(octets);
            leaves
                .last_mut()
                .expect("a part has begun")
                .body
                .extend_from_slice(octets);
        }
        Event::Around(octets) => {
            again.extend_from_slice(octets);
            around.extend_from_slice(octets);
        }
        Event::End => open = open.checked_sub(1).expect("a part has begun"),
    };
    let mut tree = Tree::new("1", LIMITS);
    for chunk in entity.chunks(step) {
        tree.push(chunk, &mut each);
    }
    tree.finish(&mut each);
    assert_eq!(again, entity, "the tree loses octets");
    assert_eq!(open, 0, "a part does not end");
    (leaves, around)
}

fn canonical(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut canonicalizer = Canonicalizer::new();
    canonicalizer.push(input, &mut out);
    out
}

/// The fields of a header but the one that says how the body is encoded.
fn unlabelled(mut block: &[u8]) -> Vec<u8> {
    let header = header::Header::read(&mut block, LIMITS.header).ok();
    let fields = header.into_iter().flat_map(|header| header.fields);
    let others = fields.filter(|field| !field.is("Content-Transfer-Encoding"));
    others.flat_map(|field| field.raw).collect()
}

/// Decoded, quoted-printable in canonical form, as it is sent: else a CR on a line of its own would meet the LF after it.
fn decoded(leaf: &Leaf) -> Vec<u8> {
    match leaf.encoding {
        Some(TransferEncoding::QuotedPrintable) => {
            let body = canonical(&leaf.body);
            read(Decoder::new(TransferEncoding::QuotedPrintable, &body[..])).0
        }
        Some(encoding) => read(Decoder::new(encoding, &leaf.body[..])).0,
        None => leaf.body.clone(),
    }
}

/// What a transport of 7-bit lines does not change.
fn is_safe(octets: &[u8]) -> bool {
    let bare_cr =
        octets.windows(2).any(|w| w[0] == b'\r' && w[1] != b'\n') || octets.ends_with(b"\r");
    let long = octets
        .split(|o| *o == b'\n')
        .any(|line| line.strip_suffix(b"\r").unwrap_or(line).len() > 998);
    octets.is_ascii() && !octets.contains(&0) && !bare_cr && !long
}

fn one(data: &[u8]) {
    let Some((how, entity)) = choice(data) else {
        return;
    };
    let step = 1 + how % 64;
    let (before, around) = taken_apart(entity, 4096);
    let (trickled, _) = taken_apart(entity, step);
    assert_eq!(
        format!("{before:?}"),
        format!("{trickled:?}"),
        "the tree depends on how octets arrive"
    );

    let survey = Survey::of(&mut &entity[..], "1", LIMITS).expect("no source fails here");
    let outcome = survey.outcome.clone();
    let (out, failed) = read(SevenBit::new(
        Trickle(entity, step),
        Some(survey),
        "1",
        LIMITS,
    ));
    assert!(!failed);
    let mut late = SevenBit::new(entity, None, "1", LIMITS);
    let (unsurveyed, failed) = read(&mut late);
    assert!(!failed);
    let late = late.outcome();
    if outcome.left.is_empty() && late.left.is_empty() {
        // else the label of a multipart may promise what one of its parts does not keep
        assert_eq!(unsurveyed, out, "a small entity needs no survey");
    }
    if outcome.changed.is_empty() {
        assert_eq!(out, entity, "changed, and not said");
    }
    if outcome.left.is_empty() {
        assert!(
            is_safe(&out),
            "not safe, and not said: {:?}",
            String::from_utf8_lossy(&out)
        );
    }

    let (after, around_after) = taken_apart(&out, 4096);
    assert_eq!(around, around_after, "what is around parts is changed");
    assert_eq!(before.len(), after.len(), "other parts");
    for (was, is) in before.iter().zip(&after) {
        assert_eq!((&was.number, &was.nature), (&is.number, &is.nature));
        let changed = outcome
            .changed
            .iter()
            .any(|change| change.part == was.number);
        if !changed {
            assert_eq!(was.block, is.block, "part {} is changed", was.number);
        }
        // of a message or a signed part that is safe the label may say so: its octets are not ours
        if !changed || matches!(was.nature, Nature::Whole(_)) {
            assert_eq!(was.body, is.body, "part {} is changed", was.number);
            assert_eq!(unlabelled(&was.block), unlabelled(&is.block));
        }
        let (one, other) = (decoded(was), decoded(is));
        assert!(
            one == other || canonical(&one) == canonical(&other),
            "part {} says something else: {one:?} {other:?}",
            was.number
        );
    }
    let survey = Survey::of(&mut &out[..], "1", LIMITS).expect("no source fails here");
    assert!(
        survey.outcome.changed.is_empty(),
        "what was made safe is changed again: {:?}",
        survey.outcome
    );
}

fuzz_target!(init: { world(); }, |data: &[u8]| within(|| one(data)));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed, 1)
});
