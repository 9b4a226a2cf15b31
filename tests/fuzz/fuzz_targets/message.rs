//! Parsing of messages: header, Content-Type, mailboxes, multiparts, transfer encodings, canonical form, and inspect over all of them.
//! Nothing depends on how the octets arrive, and what is written is read again.
#![no_main]
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smime::{
    encoding::{base64, quoted_printable, zlib},
    mime::{
        LineEnd,
        canonical::{CanonicalReader, Canonicalizer, Localizer},
        content_type::ContentType,
        header::{self, Header},
        mailbox::{self, Address},
        split::{Around, Splitter},
        transfer::{Decoder, TransferEncoding},
    },
    smime::{Source, inspect, looks_like_mail},
};
use smime_fuzz::{Trickle, bounds::within, choice, mutate, piece, read, reports, world::world};
use std::io::{BufReader, Cursor, Read, Write};

const LIMITS: header::Limits = header::Limits {
    block: 1 << 20,
    line: 64 << 10,
    fields: 1000,
};

fn header(input: &[u8], step: usize) {
    let mut whole = input;
    let first = Header::read(&mut whole, LIMITS);
    let mut pieces = BufReader::with_capacity(step, input);
    let second = Header::read(&mut pieces, LIMITS);
    assert_eq!(
        first.is_ok(),
        second.is_ok(),
        "a header depends on how it arrives"
    );
    let (Ok(first), Ok(second)) = (first, second) else {
        return;
    };
    let raw = |header: &Header| {
        header
            .fields
            .iter()
            .flat_map(|f| f.raw.clone())
            .collect::<Vec<u8>>()
    };
    assert_eq!(raw(&first), raw(&second));
    // the fields are the octets before the body, none lost: but for what may stand in front of a message, and the blank line
    let consumed = &input[..input.len() - whole.len()];
    let blank = if first.terminated { 2 } else { 0 };
    let found = raw(&first);
    let at = consumed
        .len()
        .saturating_sub(blank)
        .saturating_sub(found.len());
    assert!(
        (at..=at + 2).any(|at| consumed
            .get(at..)
            .is_some_and(|rest| rest.starts_with(&found))),
        "a field is not as received"
    );
    for field in &first.fields {
        let value = field.value();
        assert!(!value.contains(&b'\n'), "a value with a line end");
        assert!(field.raw.starts_with(field.name().as_bytes()));
        let _ = (field.is_mime(), mailbox::list(&value));
        let _ = first.display(field.name());
    }
    let _ = (
        first.content_type().is_ok(),
        first.transfer_encoding().is_ok(),
        mailbox::sole_from(&first),
    );
    let merged = header::merge(&first.fields, &first.fields);
    assert!(merged.len() <= first.fields.len());
}

fn content_type(input: &[u8]) {
    let Ok(parsed) = ContentType::parse(input) else {
        return;
    };
    assert!(parsed.is(&parsed.kind, &parsed.subtype));
    let mut text = format!("{}/{}", parsed.kind, parsed.subtype);
    for (name, value) in &parsed.parameters {
        assert!(parsed.parameter(name).is_some(), "{name:?} is not found");
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        text.push_str(&format!("; {name}=\"{quoted}\""));
    }
    // what can be written in one line is read again
    if parsed
        .parameters
        .iter()
        .all(|(_, value)| value.bytes().all(|o| (b' '..=b'~').contains(&o)))
        && let Ok(again) = ContentType::parse(text.as_bytes())
    {
        assert_eq!(
            (&again.kind, &again.subtype),
            (&parsed.kind, &parsed.subtype)
        );
        for (name, value) in &again.parameters {
            assert_eq!(parsed.parameter(name), Some(value.as_str()), "{text}");
        }
    }
}

fn addresses(input: &[u8]) {
    let again = |address: &Address| {
        let text = address.to_string();
        let again = Address::parse(&text);
        assert!(
            again.is_some_and(|again| again.same_as(address)),
            "{text:?} is not read again"
        );
        assert!(!text.contains(['\r', '\n', '\0']));
    };
    if let Some(address) = std::str::from_utf8(input).ok().and_then(Address::parse) {
        again(&address);
    }
    for address in mailbox::list(input).unwrap_or_default() {
        again(&address);
    }
    let message = [b"From: ", input, b"\n\n"].concat();
    if let Ok(header) = Header::read(&mut &message[..], LIMITS)
        && let Ok(Some(address)) = mailbox::sole_from(&header)
    {
        again(&address);
        let domain = address.domain.as_bytes();
        let at = |text: &[u8], what: &[u8]| {
            text.windows(what.len())
                .any(|w| w.eq_ignore_ascii_case(what))
        };
        // an address that nobody wrote is nobody's: labels that are ASCII stand there as they are
        if input.is_ascii() && !input.contains(&b'(') && !input.iter().any(u8::is_ascii_whitespace)
        {
            assert!(at(input, domain), "{address} was not written");
        }
    }
}

/// A multipart split at once: the parts, and what stood around them. Line by line, as RFC 2046 has it; nothing of the library's.
fn split_simply(body: &[u8], boundary: &str) -> (Vec<Vec<u8>>, Around) {
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut around = Around::default();
    let mut inside = false;
    let blank = |line: &[u8]| {
        line.iter()
            .all(|o| matches!(o, b' ' | b'\t' | b'\r' | b'\n'))
    };
    for line in body.split_inclusive(|o| *o == b'\n') {
        let after = line.strip_prefix(&delimiter[..]).filter(|_| !around.closed);
        // white space and the line end: a CR elsewhere is neither
        let ends = |text: &&[u8]| {
            let text = text
                .strip_suffix(b"\n")
                .map_or(*text, |line| line.strip_suffix(b"\r").unwrap_or(line));
            text.iter().all(|o| matches!(o, b' ' | b'\t'))
        };
        let closing = after.and_then(|a| a.strip_prefix(b"--")).filter(ends);
        let opening = after.filter(ends);
        if opening.is_some() || closing.is_some() {
            if inside && let Some(part) = parts.last_mut() {
                // the line end before it is its own
                if part.ends_with(b"\n") {
                    part.pop();
                    if part.ends_with(b"\r") {
                        part.pop();
                    }
                }
            }
            inside = opening.is_some();
            around.closed = closing.is_some();
            if inside {
                parts.push(Vec::new());
            }
        } else if inside {
            parts.last_mut().expect("a part").extend_from_slice(line);
        } else if parts.is_empty() && !around.closed {
            around.preamble |= !blank(line);
        } else {
            around.epilogue |= !blank(line);
        }
    }
    (parts, around)
}

fn split(source: impl Read, capacity: usize, boundary: &str) -> (Vec<Vec<u8>>, Around) {
    let mut splitter = Splitter::new(BufReader::with_capacity(capacity, source), boundary);
    let mut parts = Vec::new();
    while splitter.next_part().expect("no source fails here") {
        parts.push(read(&mut splitter).0);
    }
    (parts, splitter.finish().expect("no source fails here"))
}

fn multipart(input: &[u8], step: usize) {
    let (boundary, body) = piece(input);
    let boundary: String = boundary
        .iter()
        .take(70)
        .map(|o| char::from(b'!' + o % 93))
        .collect();
    if boundary.is_empty() {
        return;
    }
    let simply = split_simply(body, &boundary);
    // so much white space after a boundary is content to the library (a line has 998 octets)
    if body.split(|o| *o == b'\n').any(|line| line.len() > 900) {
        return;
    }
    assert_eq!(split(body, 8192, &boundary), simply, "{boundary:?}");
    assert_eq!(
        split(Trickle(body, step), step, &boundary),
        simply,
        "{boundary:?} in pieces"
    );
}

fn transfer(input: &[u8], step: usize) {
    for encoding in [TransferEncoding::Base64, TransferEncoding::QuotedPrintable] {
        let mut whole = Decoder::new(encoding, input);
        let (decoded, failed) = read(&mut whole);
        let mut pieces = Decoder::new(encoding, Trickle(input, step));
        assert_eq!(
            read(&mut pieces),
            (decoded, failed),
            "{encoding:?} in pieces"
        );
        assert_eq!(whole.tolerated(), pieces.tolerated());
        for line_end in ["\n", "\r\n"] {
            let written = match encoding {
                TransferEncoding::Base64 => {
                    let mut encoder = base64::Encoder::new(Vec::new(), line_end);
                    encoder.write_all(input).expect("a vector takes it");
                    encoder.finish()
                }
                _ => {
                    let mut encoder = quoted_printable::Encoder::new(Vec::new(), line_end);
                    encoder.write_all(input).expect("a vector takes it");
                    encoder.finish()
                }
            }
            .expect("a vector takes it");
            assert!(
                written
                    .iter()
                    .all(|o| matches!(o, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
            );
            assert!(
                written.split(|o| *o == b'\n').all(|line| line.len() <= 77),
                "a line too long"
            );
            // in canonical form, as it is signed: else a CR that was encoded would meet a LF that was not
            let sent = canonical(&written);
            let mut again = Decoder::new(encoding, &sent[..]);
            let (read_again, _) = read(&mut again);
            let text = encoding == TransferEncoding::QuotedPrintable;
            let same = if text {
                canonical(&read_again) == canonical(input)
            } else {
                read_again == input
            };
            assert!(
                same,
                "{encoding:?} does not come back: {input:?} {read_again:?}"
            );
            assert!(!again.tolerated(), "our own {encoding:?} is irregular");
        }
    }
    // bombs: never more at once than what is asked for
    let mut bounded = zlib::Decoder::new(input).take(1 << 20);
    let (out, failed) = read(&mut bounded);
    let mut pieces = zlib::Decoder::new(Trickle(input, step)).take(1 << 20);
    assert_eq!(read(&mut pieces), (out, failed));
}

fn canonical(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut canonicalizer = Canonicalizer::new();
    canonicalizer.push(input, &mut out);
    out
}

fn canonical_form(input: &[u8], step: usize) {
    let once = canonical(input);
    assert_eq!(canonical(&once), once, "the canonical form is not its own");
    let bare = |octets: &[u8]| {
        octets
            .iter()
            .filter(|o| **o != b'\r' && **o != b'\n')
            .count()
    };
    assert_eq!(
        bare(&once),
        bare(input),
        "the canonical form is more than line ends"
    );
    let mut pieces = Vec::new();
    let mut canonicalizer = Canonicalizer::new();
    for chunk in input.chunks(step) {
        canonicalizer.push(chunk, &mut pieces);
    }
    assert_eq!(pieces, once, "the canonical form depends on how it arrives");
    assert_eq!(
        read(CanonicalReader::new(Trickle(input, step))),
        (once.clone(), false)
    );
    let mut local = Vec::new();
    let mut localizer = Localizer::new();
    for chunk in once.chunks(step) {
        localizer.push(chunk, &mut local);
    }
    localizer.finish(&mut local);
    if !input.contains(&b'\r') {
        assert_eq!(local, input, "line ends do not come back");
    }
    assert_eq!(canonical(&local), once);
    let _ = LineEnd::Lf;
}

/// The report is the same whether there is a way back in the source or none.
fn whole(input: &[u8]) {
    let mut cursor = Cursor::new(input);
    let seekable = inspect(Source::Seekable(&mut cursor), &world().policy);
    let mut stream = Trickle(input, 3);
    let streamed = inspect(Source::Stream(&mut stream), &world().policy);
    assert_eq!(
        seekable.is_ok(),
        streamed.is_ok(),
        "inspect depends on how a message arrives"
    );
    if let (Ok(a), Ok(b)) = (&seekable, &streamed) {
        assert_eq!(format!("{a:?}"), format!("{b:?}"));
    }
    let _ = looks_like_mail(&mut &input[..]);
    reports::check("inspect", seekable);
}

fn one(data: &[u8]) {
    let Some((how, rest)) = choice(data) else {
        return;
    };
    let step = 1 + how / 8;
    match how % 8 {
        0 => header(rest, step),
        1 => content_type(rest),
        2 => addresses(rest),
        3 => multipart(rest, step),
        4 => transfer(rest, step),
        5 => canonical_form(rest, step),
        _ => whole(rest),
    }
}

fuzz_target!(init: { world(); }, |data: &[u8]| within(|| one(data)));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed, 1)
});
