//! What happened to a signed content on its way, as far as undoing it brings the signed digest back.
//!
//! Mail servers encode 8-bit bodies, write `>` before `From `, break long lines, add footers. Each such change is undone on a content that is
//! not what was signed; where its digest then is the signed one, that is what happened, for certain. The verdict stays what it was: nobody
//! signed what arrived. Knows contents and digests, no signer.
use crate::{
    crypto::{Digest, Hasher},
    mime::{
        canonical::{CanonicalReader, Canonicalizer},
        header::{Field, Header},
        transfer::{Decoder, TransferEncoding},
        tree::{Event, Limits, Nature, Part, Tree},
    },
};
use std::io::{self, Read};

/// A content larger than this is not looked into.
const LARGEST: u64 = 32 << 20;
/// The largest encoded part that is decoded to see whether it was encoded on the way.
const HELD: usize = 1 << 20;
/// The longest piece of a line that is looked at.
const LINE: usize = 2048;
/// Places in a text that are looked at as the beginning of a footer.
const FOOTERS: usize = 16;
/// Line ends that are held back.
const ENDS: usize = 4;
/// Octets read at a time.
const CHUNK: usize = 64 << 10;
const FIELD: &str = "Content-Transfer-Encoding";
/// Sendmail's note of what it did.
const AUTOCONVERTED: &str = "X-MIME-Autoconverted";

/// Reads a content, the part of this number, and says what was done to it; `None`: nothing that is known. `signed`: its digest.
pub(super) fn examine(
    content: &mut dyn Read,
    number: &str,
    limits: Limits,
    digest: Digest,
    signed: &[u8],
) -> io::Result<Option<String>> {
    let mut lines = Lines::new(digest, signed);
    let mut parts = Parts::new(digest, signed);
    let mut tree = Tree::new(number, limits);
    let mut canonicalizer = Canonicalizer::new();
    let (mut chunk, mut canonical) = (vec![0; CHUNK], Vec::new());
    let mut source = content.take(LARGEST + 1);
    loop {
        let n = source.read(&mut chunk)?;
        let Some(octets) = chunk.get(..n).filter(|octets| !octets.is_empty()) else {
            break;
        };
        let form = canonicalizer.form(octets, &mut canonical);
        lines.push(form);
        tree.push(form, &mut |event| parts.event(event));
    }
    if source.limit() == 0 {
        return Ok(None);
    }
    tree.finish(&mut |event| parts.event(event));
    Ok(lines.finish().or_else(|| parts.finish()))
}

/// A content as it may have been, digested.
#[derive(Clone)]
struct Trial {
    /// `None`: so far it is as it arrived
    hasher: Option<Hasher>,
}

/// What arrived, digested, and with it what may have been.
struct Bench {
    arrived: Hasher,
    trials: Vec<Trial>,
}

impl Bench {
    fn new(digest: Digest, trials: usize) -> Self {
        Self {
            arrived: Hasher::new(digest),
            trials: vec![Trial { hasher: None }; trials],
        }
    }

    /// Octets that were the same in every trial, but those for which `instead` knows better.
    fn update(&mut self, octets: &[u8], mut instead: impl FnMut(usize) -> Option<Vec<u8>>) {
        for (at, trial) in self.trials.iter_mut().enumerate() {
            match (instead(at), &mut trial.hasher) {
                (None, None) => {}
                (None, Some(hasher)) => hasher.update(octets),
                (Some(other), None) if other == octets => {}
                (Some(other), hasher) => {
                    hasher
                        .get_or_insert_with(|| self.arrived.clone())
                        .update(&other);
                }
            }
        }
        self.arrived.update(octets);
    }

    /// Returns the first trial that has this digest.
    fn matching(self, signed: &[u8]) -> Option<usize> {
        let mut trials = self.trials.into_iter();
        trials.position(|trial| trial.hasher.is_some_and(|hasher| hasher.finish() == signed))
    }
}

/// Changes of lines, in the order of their trials.
const CHANGES: [&str; 7] = [
    "lines that begin with \"From \" were given a \">\" in transit",
    "dots at the beginning of lines were doubled in transit",
    "the blank after the \"--\" that begins a signature was removed in transit",
    "lines over 998 octets were broken in transit",
    "a line end was added at the end in transit",
    "a line end was removed at the end in transit",
    "a blank line was added at the end in transit",
];

/// Trials of lines.
struct Lines {
    signed: Vec<u8>,
    bench: Bench,
    /// what is read of a line whose end is not
    line: Vec<u8>,
    /// octets of the line that were passed on already
    passed: usize,
    /// octets of the line before, without its end
    before: usize,
    /// line ends held back, since they may be the last, or not have been
    ends: usize,
    footers: Vec<Hasher>,
}

impl Lines {
    fn new(digest: Digest, signed: &[u8]) -> Self {
        Self {
            signed: signed.to_vec(),
            bench: Bench::new(digest, CHANGES.len()),
            line: Vec::new(),
            passed: 0,
            before: 0,
            ends: 0,
            footers: Vec::new(),
        }
    }

    fn push(&mut self, octets: &[u8]) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.ends_with(b"\r\n") {
                self.line.truncate(self.line.len() - 2);
                self.pass();
                self.end_line();
            } else if self.line.len() > LINE && !self.line.ends_with(b"\r") {
                // a CR at its end may be half a line end
                self.pass();
            }
        }
    }

    fn end_line(&mut self) {
        self.before = std::mem::take(&mut self.passed);
        self.ends += 1;
        if self.ends > ENDS {
            self.bench.update(b"\r\n", |_| None);
            self.ends -= 1;
        }
    }

    /// Passes on what is read of the line.
    fn pass(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        let begins = self.passed == 0;
        if begins && self.footers.len() < FOOTERS && begins_a_footer(&line) {
            self.look_at_footer();
        }
        let broken = begins && self.ends == 1 && (990..=998).contains(&self.before);
        let ends = "\r\n".repeat(std::mem::take(&mut self.ends));
        let unbroken = broken.then(|| line.strip_prefix(b" ")).flatten();
        self.bench.update(ends.as_bytes(), |trial| {
            (trial == 3 && unbroken.is_some()).then(Vec::new)
        });
        self.bench.update(&line, |trial| match trial {
            0 if begins && is_quoted_from(&line) => line.get(1..).map(<[u8]>::to_vec),
            1 if begins && line.starts_with(b"..") => line.get(1..).map(<[u8]>::to_vec),
            2 if begins && line == b"--" => Some(b"-- ".to_vec()),
            3 => unbroken.map(<[u8]>::to_vec),
            _ => None,
        });
        self.passed += line.len();
    }

    /// The content may have ended before this line.
    fn look_at_footer(&mut self) {
        for ends in 0..=self.ends {
            let mut hasher = self.bench.arrived.clone();
            hasher.update("\r\n".repeat(ends).as_bytes());
            self.footers.push(hasher);
        }
    }

    fn finish(mut self) -> Option<String> {
        self.pass();
        let ends = |n: usize| Some("\r\n".repeat(n).into_bytes());
        let n = self.ends;
        self.bench
            .update("\r\n".repeat(n).as_bytes(), |trial| match trial {
                4 => ends(n.saturating_sub(1)),
                5 => ends(n + 1),
                6 => ends(n.saturating_sub(2)),
                _ => None,
            });
        let footer = |hasher: Hasher| hasher.finish() == self.signed;
        if self.footers.into_iter().any(footer) {
            return Some("a footer was added to the text in transit, by whomever".to_owned());
        }
        let found = self.bench.matching(&self.signed)?;
        CHANGES.get(found).map(|change| (*change).to_owned())
    }
}

/// mboxrd writes a `>` before those that have one, too.
fn is_quoted_from(line: &[u8]) -> bool {
    let arrows = line.iter().take_while(|octet| **octet == b'>').count();
    arrows > 0
        && line
            .get(arrows..)
            .is_some_and(|it| it.starts_with(b"From "))
}

/// Mailing lists draw a line before what they add.
fn begins_a_footer(line: &[u8]) -> bool {
    const DRAWN: usize = 8;
    let drawn = |octet: u8| line.iter().take_while(|it| **it == octet).count() >= DRAWN;
    line == b"-- " || line == b"--" || [b'_', b'-', b'=', b'*', b'~'].into_iter().any(drawn)
}

/// How parts may have been before they were encoded.
#[derive(Debug, Clone, Copy)]
struct Before {
    /// only those parts were encoded whose Content-Transfer-Encoding is the last field, as Postfix and Sendmail write it
    last: bool,
    place: Place,
    /// multiparts that are labelled 7bit were labelled 8bit
    multiparts: bool,
}

/// Where the field was that said 8bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    AfterContentType,
    First,
    Nowhere,
}

const PLACES: [Place; 4] = [
    Place::Here,
    Place::AfterContentType,
    Place::First,
    Place::Nowhere,
];

/// Trials of parts.
struct Parts {
    signed: Vec<u8>,
    bench: Bench,
    before: Vec<Before>,
    /// the part that was perhaps encoded
    encoded: Option<Encoded>,
    /// those that were, if they all were, and whether their label is the last field
    undone: Vec<(String, bool)>,
    /// one of them is too large
    too_large: bool,
}

struct Encoded {
    encoding: TransferEncoding,
    last: bool,
    body: Vec<u8>,
}

impl Parts {
    fn new(digest: Digest, signed: &[u8]) -> Self {
        let mut before = Vec::new();
        for last in [true, false] {
            for place in PLACES {
                for multiparts in [false, true] {
                    before.push(Before {
                        last,
                        place,
                        multiparts,
                    });
                }
            }
        }
        Self {
            signed: signed.to_vec(),
            bench: Bench::new(digest, before.len()),
            before,
            encoded: None,
            undone: Vec::new(),
            too_large: false,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Begin(part) => self.begin(part),
            Event::Around(octets) => self.bench.update(octets, |_| None),
            Event::Body(octets) => match &mut self.encoded {
                Some(encoded) if encoded.body.len() + octets.len() <= HELD => {
                    encoded.body.extend_from_slice(octets);
                }
                Some(encoded) => {
                    self.too_large = true;
                    let held = std::mem::take(&mut encoded.body);
                    self.encoded = None;
                    self.bench.update(&held, |_| None);
                    self.bench.update(octets, |_| None);
                }
                None => self.bench.update(octets, |_| None),
            },
            Event::End => {
                if let Some(encoded) = self.encoded.take() {
                    self.end(&encoded);
                }
            }
        }
    }

    fn begin(&mut self, part: &Part) {
        let encoding = part.header.as_ref().map(Header::transfer_encoding);
        let encoding = encoding.and_then(Result::ok);
        let (Some(header), Some(encoding)) = (&part.header, encoding) else {
            self.bench.update(&part.block, |_| None);
            return;
        };
        let last = header.fields.iter().rfind(|field| !field.is(AUTOCONVERTED));
        let last = last.is_some_and(|field| field.is(FIELD));
        let is_leaf = matches!(part.nature, Nature::Text { .. } | Nature::Other);
        let is_encoded = is_leaf && !encoding.is_identity();
        if is_encoded {
            self.undone.push((part.number.clone(), last));
            self.encoded = Some(Encoded {
                encoding,
                last,
                body: Vec::new(),
            });
        }
        let is_labelled = matches!(part.nature, Nature::Multipart { .. })
            && encoding == TransferEncoding::SevenBit
            && header.all(FIELD).next().is_some();
        let before = &self.before;
        self.bench.update(&part.block, |trial| {
            let before = before.get(trial)?;
            let changed = match is_labelled {
                true => before.multiparts,
                false => is_encoded && (last || !before.last),
            };
            changed.then(|| as_before(part, header, before.place))
        });
    }

    fn end(&mut self, encoded: &Encoded) {
        let mut decoded = Vec::new();
        let decoder = Decoder::new(encoded.encoding, encoded.body.as_slice());
        if CanonicalReader::new(decoder)
            .read_to_end(&mut decoded)
            .is_err()
        {
            decoded.clone_from(&encoded.body);
        }
        let before = &self.before;
        self.bench.update(&encoded.body, |trial| {
            let changed = encoded.last || !before.get(trial)?.last;
            changed.then(|| decoded.clone())
        });
    }

    fn finish(self) -> Option<String> {
        if self.too_large {
            return None;
        }
        let before = self.before.get(self.bench.matching(&self.signed)?)?;
        let undone = self.undone.iter().filter(|(_, last)| *last || !before.last);
        let numbers: Vec<&str> = undone.map(|(number, _)| number.as_str()).collect();
        Some(match numbers.as_slice() {
            [] => "the label of a part was changed in transit: it said 8bit".to_owned(),
            [one] => format!("the body was re-encoded in transit: part {one} was 8bit"),
            _ => format!(
                "the body was re-encoded in transit: parts {} were 8bit",
                numbers.join(", ")
            ),
        })
    }
}

/// The header of a part as it was when it said 8bit, or nothing, of its encoding.
fn as_before(part: &Part, header: &Header, place: Place) -> Vec<u8> {
    let label = Field::new(FIELD, TransferEncoding::EightBit.name(), header.line_end).raw;
    let mut block = Vec::with_capacity(part.block.len());
    let mut fields = 0;
    if place == Place::First {
        block.extend_from_slice(&label);
    }
    for field in &header.fields {
        fields += field.raw.len();
        if field.is(FIELD) {
            if place == Place::Here {
                block.extend_from_slice(&label);
            }
        } else if !field.is(AUTOCONVERTED) {
            block.extend_from_slice(&field.raw);
            if place == Place::AfterContentType && field.is("Content-Type") {
                block.extend_from_slice(&label);
            }
        }
    }
    block.extend_from_slice(part.block.get(fields..).unwrap_or_default());
    block
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{crypto::digest::digest, encoding::chaos::ChaosReader, mime::header};

    const LIMITS: Limits = Limits {
        header: header::Limits {
            block: 10_000,
            line: 1000,
            fields: 1000,
        },
        parts: 100,
        depth: 10,
    };

    /// What is said of a content that was this and arrived as that.
    fn said(was: &str, arrived: &str) -> Option<String> {
        let mut canonical = Vec::new();
        CanonicalReader::new(was.as_bytes())
            .read_to_end(&mut canonical)
            .unwrap();
        let signed = digest(Digest::Sha256, &canonical);
        let said =
            |source: &mut dyn Read| examine(source, "1", LIMITS, Digest::Sha256, &signed).unwrap();
        let whole = said(&mut arrived.as_bytes());
        for seed in 0..5 {
            assert_eq!(said(&mut ChaosReader::new(arrived.as_bytes(), seed)), whole);
        }
        whole
    }

    #[test]
    fn changes_of_lines_are_found() {
        let long = "x".repeat(1500);
        let broken = format!("{}\n {}", "x".repeat(998), "x".repeat(502));
        let long = format!("\n{long}\n..\n");
        let broken = format!("\n{broken}\n..\n");
        for (was, arrived, change) in [
            ("\nFrom x\n>From y\n", "\n>From x\n>>From y\n", CHANGES[0]),
            ("\n.\n..x\n", "\n..\n...x\n", CHANGES[1]),
            ("\ntext\n-- \nme\n", "\ntext\n--\nme\n", CHANGES[2]),
            (&long, &broken, CHANGES[3]),
            ("\ntext", "\ntext\n", CHANGES[4]),
            ("\ntext\n\n", "\ntext\n", CHANGES[5]),
            ("\ntext\n", "\ntext\n\n\n", CHANGES[6]),
            (
                "\ntext\n--\nme\n",
                "\ntext\n--\nme\n\n_______________________________________________\nlist\n",
                "a footer was added to the text in transit, by whomever",
            ),
            (
                "\ntext",
                "\ntext\n-- \nlist\n",
                "a footer was added to the text in transit, by whomever",
            ),
        ] {
            assert_eq!(said(was, arrived).as_deref(), Some(change), "{arrived}");
        }
    }

    #[test]
    fn other_changes_are_not() {
        for (was, arrived) in [
            ("\nFrom x\n", "\n>From y\n"),
            ("\nlunch\n", "\ndinner\n"),
            ("\ntext\n", "\ntext"),
            ("\ntext\n", "\ntext\nmore\n"),
            ("\nFrom x\n..\n", "\n>From x\n...\n"),
            ("\n-- \n", ""),
            ("", "\n"),
        ] {
            let expected = (was == "\ntext\n" && arrived == "\ntext").then_some(CHANGES[5]);
            let expected = expected.or((was.is_empty()).then_some(CHANGES[4]));
            assert_eq!(said(was, arrived).as_deref(), expected, "{arrived}");
        }
    }

    #[test]
    fn encoded_parts_are_found() {
        let text = "Content-Type: text/plain; charset=utf-8\n";
        let quoted = "Content-Transfer-Encoding: quoted-printable\n";
        let one = "the body was re-encoded in transit: part 1 was 8bit";
        for (was, arrived) in [
            // in its place, as the last field, where there was none
            (
                format!("Content-Transfer-Encoding: 8bit\n{text}\ncafé \n"),
                format!("{quoted}{text}\ncaf=C3=A9=20\n"),
            ),
            (
                format!("Content-Transfer-Encoding: 8bit\n{text}\ncafé \n"),
                format!("{text}{quoted}\ncaf=C3=A9=20\n"),
            ),
            (
                format!("{text}Content-Transfer-Encoding: 8bit\nX: y\n\ncafé\n"),
                format!("{text}X: y\n{quoted}X-MIME-Autoconverted: from 8bit\n\ncaf=C3=A9\n"),
            ),
            (
                format!("{text}\ncafé\n"),
                format!("{text}{quoted}\ncaf=C3=A9\n"),
            ),
            (
                format!("{text}\ncafé\n"),
                format!("{text}Content-Transfer-Encoding: base64\n\nY2Fmw6kN\nCg==\n"),
            ),
        ] {
            assert_eq!(said(&was, &arrived).as_deref(), Some(one), "{arrived}");
        }
        let tree = |label: &str, first: &str, second: &str| {
            format!(
                "Content-Type: multipart/mixed; boundary=b\n{label}\n--b\n{first}\n--b\n{second}\n--b\nContent-Transfer-Encoding: base64\nX: y\n\nTWFu\n--b--\n"
            )
        };
        let was = tree(
            "Content-Transfer-Encoding: 8bit\n",
            &format!("{text}Content-Transfer-Encoding: 8bit\n\ncafé\n"),
            "Content-Transfer-Encoding: 8bit\n\nthé",
        );
        let arrived = tree(
            "Content-Transfer-Encoding: 7bit\n",
            &format!("{text}{quoted}\ncaf=C3=A9\n"),
            &format!("{quoted}\nth=C3=A9"),
        );
        assert_eq!(
            said(&was, &arrived).as_deref(),
            Some("the body was re-encoded in transit: parts 1.1, 1.2 were 8bit")
        );
        // what was changed besides is not what was signed
        assert_eq!(said(&was, &arrived.replace("caf", "cav")), None);
        let large = "é\n".repeat(HELD / 4);
        let encoded = "=C3=A9\n".repeat(HELD / 4);
        assert_eq!(
            said(
                &format!("{text}\n{large}"),
                &format!("{text}{quoted}\n{encoded}")
            ),
            None
        );
    }
}
