//! Every bit of the reference messages under fixtures/flips flipped: which flips pass is exactly what the maps beside them say, each for a reason.
//!
//! A flip that passes must leave the content as it was. The one exception is ciphertext without integrity (CBC) that no signature covers: the report
//! says so. All bits are flipped in a build for release or with SMIME_ALL_BITS=1; else a sample of them. SMIME_BLESS=1 makes the maps anew.
use crate::{support::*, tamper::*};
use smime::{
    policy::Rule,
    smime::{Report, report::Layer},
};
use std::{collections::BTreeMap, fmt::Write as _};

/// What was wrong to be accepted, by the beginning of its class: why it is all the same.
const REASONS: &[(&str, &str)] = &[
    (
        "outer header",
        "no signature or tag covers the outer header; of it only From is compared with the signer",
    ),
    (
        "preamble",
        "text before the first part is no part; a finding says that nobody signed it",
    ),
    (
        "epilogue",
        "white space after the last boundary, or text, which is no part; a finding says that nobody signed it",
    ),
    ("delimiter", "white space after a boundary"),
    (
        "closing delimiter",
        "the CR before it, which base64 skips as it does all that is no digit of it",
    ),
    (
        "label",
        "what the part with the signature is called and how it is shown",
    ),
    (
        "base64: between",
        "line ends, padding and bits that no octet has: the same octets all the same",
    ),
    (
        "signature: 0.1.0.0 ",
        "the version of SignedData: what is there tells more",
    ),
    (
        "signature: 0.1.0.1.",
        "digestAlgorithms: a hint for one pass; the signer's own is signed",
    ),
    (
        "signature: 0.1.0.3.0.0.7.0.0.1 ",
        "TRUE in a certificate: in BER any octet but 0. It is brought to DER like all of SignedData, and then it is what the CA signed",
    ),
    ("signature: 0.1.0.4.0.0 ", "the version of SignerInfo"),
    (
        "signature: 0.1.0.4.0.1.0.",
        "the issuer in the signer's identifier: compared without regard to case and kind of string; the serial number is not here",
    ),
    (
        "signature: 0.1.0.4.0.2.",
        "parameters of the digest algorithm, absent or NULL",
    ),
    ("encrypted: 0.1.0.0 ", "the version of (Auth)EnvelopedData"),
    ("encrypted: 0.1.0.1.0.0 ", "the version of RecipientInfo"),
    (
        "encrypted: 0.1.0.1.0.2.0 ",
        "ECDH with the cofactor: the same on curves whose cofactor is 1",
    ),
    (
        "encrypted: 0.1.0.1.0.3.0.0.0.",
        "the issuer in the recipient's identifier: compared without regard to case and kind of string",
    ),
    (
        "encrypted: 0.1.0.2.0 ",
        "the content type, which nothing authenticates without attributes",
    ),
    (
        "encrypted: 0.1.0.2.1.1 ",
        "the initialisation vector, by which the first block is changed: it has no integrity in CBC",
    ),
    (
        "encrypted: 0.1.0.2.2 ",
        "ciphertext, which has no integrity in CBC; where the signature inside is no longer seen, none is reported",
    ),
];

/// What a message is found to be, where it passes, and what comes out.
type Judge = Box<dyn Fn(&[u8]) -> Option<(Report, Vec<u8>)> + Sync>;

/// A reference message.
struct Reference {
    name: &'static str,
    judge: Judge,
    /// how what comes out ends: the content, whatever outer fields stand before it
    content: Vec<u8>,
    /// its ciphertext has no integrity; what is signed inside has, as long as it is seen to be signed
    malleable: bool,
}

fn references() -> Vec<Reference> {
    let text = "\r\nLunch at noon? The round place, as always.\r\n\r\nCarol\r\n";
    let entity = format!("Content-Type: text/plain; charset=utf-8\r\n{text}").into_bytes();
    let verify = || -> Judge {
        let verifying = Verifying::knowing("certs/intermediate.pem");
        Box::new(move |m| verifying.passing(m))
    };
    let decrypt = || -> Judge {
        let decrypting = Decrypting::new("carol");
        Box::new(move |m| decrypting.passing(m))
    };
    let open = || -> Judge {
        let (verifying, decrypting) = (
            Verifying::knowing("certs/intermediate.pem"),
            Decrypting::new("carol"),
        );
        Box::new(move |m| verifying.opened(&decrypting, m))
    };
    let protected =
        format!("Content-Type: text/plain; charset=utf-8; hp=\"clear\"\r\n{text}").into_bytes();
    let reference = |name, judge, content: &[u8]| Reference {
        name,
        judge,
        content: content.to_vec(),
        malleable: name.ends_with("enveloped") && !name.contains("auth"),
    };
    vec![
        reference("clear", verify(), &entity),
        reference("opaque", verify(), &entity),
        reference("enveloped", decrypt(), &entity),
        reference("auth-enveloped", decrypt(), &entity),
        reference("signed-enveloped", open(), &entity),
        reference("signed-auth-enveloped", open(), &entity),
        reference("header-protected", verify(), &protected),
        reference("header-protected-encrypted", open(), &entity),
    ]
}

/// What one flip came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flip {
    Refused,
    /// passes, and the content is what it was
    Harmless,
    /// passes with other content, which the report says is not authenticated
    Malleable,
    Wrong,
}

impl Reference {
    fn flip(&self, message: &[u8], bit: usize) -> Flip {
        match (self.judge)(&flipped(message, bit)) {
            None => Flip::Refused,
            Some((_, out)) if ends_with(&out, &self.content) => Flip::Harmless,
            Some((report, _)) if self.malleable && vouches_for_nothing(&report) => Flip::Malleable,
            Some(_) => Flip::Wrong,
        }
    }
}

/// Whether what comes out ends with the content: in LF, if that is how the header's first line ends now.
fn ends_with(out: &[u8], content: &[u8]) -> bool {
    let lf = || String::from_utf8_lossy(content).replace("\r\n", "\n");
    out.ends_with(content) || out.ends_with(lf().as_bytes())
}

/// Whether a report says that the ciphertext is not authenticated, and credits no signature.
fn vouches_for_nothing(report: &Report) -> bool {
    let said = |f: &smime::policy::Finding| f.rule == Rule::UnauthenticatedCiphertext;
    let signed = |layer: &Layer| matches!(layer, Layer::Signed(_));
    report.all_findings().any(said) && !report.layers.iter().any(signed)
}

/// The regions of a message in CRLF: name of each, and where it ends.
fn regions(message: &[u8]) -> Vec<(String, usize)> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let mut regions = Vec::new();
    let head = text.find("\r\n\r\n").unwrap() + 4;
    let mut end = 0;
    for line in text[..head].split_inclusive("\r\n") {
        end += line.len();
        let name = line.split(':').next().unwrap().trim_end();
        regions.push((
            format!("outer header: {name}")
                .trim_end_matches(": ")
                .to_owned(),
            end,
        ));
    }
    let Some(boundary) = text[..head].split("boundary=\"").nth(1) else {
        let kind = if text[..head].contains("smime-type=signed-data") {
            "signature"
        } else {
            "encrypted"
        };
        regions.push((kind.to_owned(), message.len()));
        return regions;
    };
    let delimiter = format!("--{}", boundary.split('"').next().unwrap());
    let at = |from: usize, what: &str| from + text[from..].find(what).unwrap();
    let first = at(head, &delimiter);
    let content = first + delimiter.len() + 2;
    let second = at(content, &format!("\r\n{delimiter}"));
    let label = second + 2 + delimiter.len() + 2;
    let signature = at(label, "\r\n\r\n") + 4;
    let last = at(signature, &format!("\r\n{delimiter}"));
    for (name, end) in [
        ("preamble", first),
        ("delimiter", content),
        ("content", second),
        ("delimiter", label),
        ("label", signature),
        ("signature", last),
        ("closing delimiter", last + 2 + delimiter.len() + 2),
        ("epilogue", message.len()),
    ] {
        regions.push((name.to_owned(), end));
    }
    regions
}

/// The class of a bit: its region, and within base64 the path to the value of DER that it belongs to.
fn class(message: &[u8], regions: &[(String, usize)], bit: usize) -> String {
    let at = bit / 8;
    let index = regions.iter().position(|(_, end)| at < *end).unwrap();
    let (region, end) = &regions[index];
    if !matches!(region.as_str(), "signature" | "encrypted") {
        return region.clone();
    }
    let start = regions[index - 1].1;
    let der = decode(&message[start..*end]);
    if !is_alphabet(message[at]) || decode(&flipped(message, bit)[start..*end]) == der {
        return "base64: between".to_owned();
    }
    let digits = message[start..at]
        .iter()
        .filter(|b| is_alphabet(**b))
        .count();
    // the octet that has this bit: six bits a digit
    let octet = (digits * 6 / 8).min(der.len() - 1);
    format!("{region}: {}", field(&der, octet))
}

fn reason(class: &str) -> Option<&'static str> {
    let found = REASONS
        .iter()
        .filter(|(prefix, _)| class.starts_with(prefix));
    found.map(|(_, reason)| *reason).next()
}

/// Accepted bits of each octet, by class.
type Accepted = BTreeMap<String, BTreeMap<usize, u8>>;

/// The map as it is committed.
fn map(name: &str, message: &[u8], accepted: &Accepted) -> String {
    let count: u32 = accepted
        .values()
        .flat_map(|bits| bits.values())
        .map(|mask| mask.count_ones())
        .sum();
    let mut text = format!(
        "{name}.eml: {} bits, {count} flips pass. Octets, and which bits of each (a mask).\n",
        message.len() * 8
    );
    for (class, octets) in accepted {
        let _ = writeln!(
            text,
            "\n{class}\n  {}",
            reason(class).unwrap_or("NO REASON")
        );
        let mut octets = octets.iter().peekable();
        while let Some((first, mask)) = octets.next() {
            let mut last = *first;
            while let Some((next, _)) =
                octets.next_if(|(next, it)| **next == last + 1 && *it == mask)
            {
                last = *next;
            }
            let _ = match last == *first {
                true => writeln!(text, "{first} {mask:02x}"),
                false => writeln!(text, "{first}-{last} {mask:02x}"),
            };
        }
    }
    text
}

/// The bits that a map accepts.
fn read_map(text: &str) -> Vec<usize> {
    let mut bits = Vec::new();
    for line in text.lines().skip(1) {
        let Some((octets, mask)) = line.split_once(' ') else {
            continue;
        };
        let (first, last) = octets.split_once('-').unwrap_or((octets, octets));
        let (Ok(first), Ok(last), Ok(mask)) = (
            first.parse::<usize>(),
            last.parse::<usize>(),
            u8::from_str_radix(mask, 16),
        ) else {
            continue;
        };
        for octet in first..=last {
            let set = (0..8).filter(|bit| mask & 1 << bit != 0);
            bits.extend(set.map(|bit: usize| octet * 8 + bit));
        }
    }
    bits
}

fn check(reference: &Reference) -> Result<(), String> {
    let name = reference.name;
    let message = fixture_bytes(&format!("flips/{name}.eml"));
    let file = fixture(&format!("flips/{name}.map"));
    let untouched = (reference.judge)(&message);
    if !untouched.is_some_and(|(_, out)| out.ends_with(&reference.content)) {
        return Err(format!("{name} does not pass untouched"));
    }
    let bless = std::env::var_os("SMIME_BLESS").is_some();
    let all = bless || !cfg!(debug_assertions) || std::env::var_os("SMIME_ALL_BITS").is_some();
    // a prime, so that every bit of an octet has its turn
    let bits: Vec<usize> = (0..message.len() * 8)
        .step_by(if all { 1 } else { 53 })
        .collect();
    let flips = parallel(&bits, |bit| reference.flip(&message, *bit));
    let regions = regions(&message);
    let mut accepted = Accepted::new();
    let mut wrong = String::new();
    for (bit, flip) in bits.iter().zip(&flips) {
        if *flip == Flip::Refused {
            continue;
        }
        let mut class = class(&message, &regions, *bit);
        let ciphertext = class.starts_with("encrypted: 0.1.0.2.2")
            || class.starts_with("encrypted: 0.1.0.2.1.1");
        if *flip == Flip::Malleable {
            class.push_str(", other content");
        }
        if *flip == Flip::Wrong
            || (*flip == Flip::Malleable && !ciphertext)
            || reason(&class).is_none()
        {
            let _ = writeln!(
                wrong,
                "{name}: octet {}, bit {}: {flip:?}, {class}",
                bit / 8,
                bit % 8
            );
        }
        *accepted
            .entry(class)
            .or_default()
            .entry(bit / 8)
            .or_default() |= 1 << (bit % 8);
    }
    let found = map(name, &message, &accepted);
    if bless {
        std::fs::write(&file, &found).unwrap();
    }
    let known = std::fs::read_to_string(&file).unwrap();
    if all && found != known {
        let _ = writeln!(
            wrong,
            "{name}: other flips pass than its map says:\n{found}"
        );
    }
    let known = read_map(&known);
    for (bit, flip) in bits.iter().zip(&flips) {
        if (*flip != Flip::Refused) != known.contains(bit) {
            let _ = writeln!(
                wrong,
                "{name}: octet {}, bit {}: {flip:?}, and the map says otherwise",
                bit / 8,
                bit % 8
            );
        }
    }
    say(&format!(
        "{name}: {} of {} bits flipped, {} pass",
        bits.len(),
        message.len() * 8,
        flips.iter().filter(|flip| **flip != Flip::Refused).count()
    ));
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

#[test]
fn what_passes_is_what_the_maps_say() {
    let wrong: Vec<String> = references()
        .iter()
        .filter_map(|it| check(it).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A map tells what it was made of.
#[test]
fn a_map_is_read_as_it_was_written() {
    let mut accepted = Accepted::new();
    for (octet, mask) in [(0, 0xff), (1, 0xff), (2, 0x20), (7, 0x81)] {
        accepted
            .entry("preamble".into())
            .or_default()
            .insert(octet, mask);
    }
    let text = map("some", &[0; 8], &accepted);
    let mut bits: Vec<usize> = (0..16).collect();
    bits.extend([21, 56, 63]);
    assert_eq!(read_map(&text), bits, "{text}");
}
