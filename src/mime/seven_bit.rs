//! An entity made safe for a transport of 7-bit lines, leaf by leaf, while it flows (RFC 8551 §3.1.3, RFC 2045 §6, RFC 2049 §4).
//!
//! What is safe stays as it is, octet for octet; so do messages and signed parts, whose octets are not ours to change (RFC 2046 §5.2.1, RFC 1847
//! §2.1), and headers. A text that is mostly ASCII becomes quoted-printable, everything else base64; a label that no longer fits is
//! changed with it. Knows parts and encodings, not what the entity is for.
//!
//! Whether a leaf is safe is known at its end: an entity that can be read twice is surveyed first. Of one that cannot, the beginning of each leaf
//! is held; a leaf that goes on is encoded in any case.
mod codec;

use super::{
    hazards::Hazards,
    header::{Field, Header},
    transfer::TransferEncoding,
    tree::{Event, Limits, Nature, Part, Tree, Whole},
};
use codec::Codec;
use std::io::{self, Read};

const FIELD: &str = "Content-Transfer-Encoding";
/// How much of a leaf is held to decide about it, where there was no survey.
const HELD: usize = 64 << 10;
/// Octets read at a time.
const CHUNK: usize = 64 << 10;
/// Text of which one octet of so many needs an escape, or fewer, stays legible in quoted-printable (as western languages do in UTF-8), and is not
/// much longer than in base64.
const ESCAPED: u64 = 4;

/// What was, or will be, done.
#[derive(Debug, Default, Clone)]
pub struct Outcome {
    /// parts that are written otherwise than they were, in order
    pub changed: Vec<Change>,
    /// what is not 7-bit safe and stays so
    pub left: Vec<Left>,
    /// the first part whose header says in two ways, or in none that is understood, what it is
    pub unclear: Option<String>,
}

/// A part that is written otherwise.
#[derive(Debug, Clone)]
pub struct Change {
    /// its number
    pub part: String,
    /// its encoding before
    pub was: TransferEncoding,
    /// its encoding now
    pub is: TransferEncoding,
    /// why; nothing, if it is the label alone that is changed
    pub hazards: Hazards,
    order: usize,
}

/// Something that is not 7-bit safe and cannot be made so.
#[derive(Debug, Clone)]
pub struct Left {
    /// the number of the part
    pub part: String,
    /// why not
    pub why: Why,
    /// what stands in it
    pub hazards: Hazards,
}

/// Why something cannot be made 7-bit safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// it is the header of the part
    Header,
    /// it is text around the parts of a multipart
    Around,
    /// it is a body that is not to be changed
    Whole(Whole),
    /// it is encoded, and not as its encoding must be, or by one that is not known
    Encoded,
    /// it was seen too late
    Late,
}

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Keep,
    /// the label changed, the body kept
    Label,
    QuotedPrintable,
    /// `lines`: line ends are written as CRLF first
    Base64 {
        lines: bool,
    },
    /// quoted-printable with what has no place in it escaped
    Mend,
    /// base64 in lines of the right length
    Rewrap,
}

/// What a survey found.
#[derive(Debug, Default)]
pub struct Survey {
    steps: Vec<Step>,
    /// what will be done
    pub outcome: Outcome,
}

/// A survey while the entity flows.
pub struct Surveyor {
    tree: Tree,
    ledger: Ledger,
    steps: Vec<Step>,
}

impl Surveyor {
    /// Begins at the header of an entity, the part of this number.
    pub fn new(number: &str, limits: Limits) -> Self {
        Self {
            tree: Tree::new(number, limits),
            ledger: Ledger::default(),
            steps: Vec::new(),
        }
    }

    /// Takes the next octets in.
    pub fn push(&mut self, octets: &[u8]) {
        let Self {
            tree,
            ledger,
            steps,
        } = self;
        tree.push(octets, &mut |event| note(event, ledger, steps));
    }

    /// Ends the entity.
    pub fn finish(self) -> Survey {
        let Self {
            tree,
            mut ledger,
            mut steps,
        } = self;
        tree.finish(&mut |event| note(event, &mut ledger, &mut steps));
        Survey {
            steps,
            outcome: ledger.outcome(),
        }
    }
}

/// Enters what passes into the ledger, and what is decided of a part among the steps.
fn note(event: Event<'_>, ledger: &mut Ledger, steps: &mut Vec<Step>) {
    match event {
        Event::Begin(part) => {
            if ledger.begin(part) {
                steps.push(Step::Keep);
            }
        }
        Event::Body(octets) | Event::Around(octets) => ledger.octets(octets),
        Event::End => {
            let (order, step) = ledger.end();
            if let Some(place) = order.and_then(|order| steps.get_mut(order)) {
                *place = step;
            }
        }
    }
}

impl Survey {
    /// Reads an entity, the part of this number, to its end.
    pub fn of(source: &mut dyn Read, number: &str, limits: Limits) -> io::Result<Self> {
        let mut surveyor = Surveyor::new(number, limits);
        let mut chunk = vec![0; CHUNK];
        loop {
            let n = read(source, &mut chunk)?;
            let Some(octets) = chunk.get(..n).filter(|octets| !octets.is_empty()) else {
                return Ok(surveyor.finish());
            };
            surveyor.push(octets);
        }
    }

    /// Returns whether everything stays as it is.
    pub fn keeps_all(&self) -> bool {
        self.steps.iter().all(|step| *step == Step::Keep)
    }

    /// Encodes a single leaf as base64, whatever is in it.
    pub fn base64() -> Self {
        Self {
            steps: vec![Step::Base64 { lines: false }],
            outcome: Outcome::default(),
        }
    }
}

/// An entity made safe while it is read.
pub struct SevenBit<R> {
    source: R,
    tree: Option<Tree>,
    writer: Writer,
    chunk: Vec<u8>,
    taken: usize,
}

impl<R: Read> SevenBit<R> {
    /// Reads the entity, the part of this number, whose survey this is, if there was one.
    pub fn new(source: R, survey: Option<Survey>, number: &str, limits: Limits) -> Self {
        let plan = match survey {
            Some(survey) => Plan::Known(survey.steps.into_iter()),
            None => Plan::Unknown(Ledger::default()),
        };
        Self {
            source,
            tree: Some(Tree::new(number, limits)),
            writer: Writer {
                plan,
                codec: Codec::Keep,
                held: None,
                out: Vec::new(),
            },
            chunk: vec![0; CHUNK],
            taken: 0,
        }
    }

    /// Returns whether a part was written otherwise than it was, as far as this was not known before.
    pub fn has_changed(&self) -> bool {
        match &self.writer.plan {
            Plan::Known(_) => false,
            Plan::Unknown(ledger) => ledger.has_changed,
        }
    }

    /// Returns what was done, as far as this was not known before (final once `read` returned 0).
    pub fn outcome(self) -> Outcome {
        match self.writer.plan {
            Plan::Known(_) => Outcome::default(),
            Plan::Unknown(ledger) => ledger.outcome(),
        }
    }
}

impl<R: Read> Read for SevenBit<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            let mut ready = self.writer.out.get(self.taken..).unwrap_or_default();
            if !ready.is_empty() {
                let n = ready.read(buf)?;
                self.taken += n;
                return Ok(n);
            }
            self.writer.out.clear();
            self.taken = 0;
            let Some(mut tree) = self.tree.take() else {
                return Ok(0);
            };
            let writer = &mut self.writer;
            match read(&mut self.source, &mut self.chunk) {
                Ok(0) => tree.finish(&mut |event| writer.event(event)),
                Ok(n) => {
                    let octets = self.chunk.get(..n).unwrap_or_default();
                    tree.push(octets, &mut |event| writer.event(event));
                    self.tree = Some(tree);
                }
                Err(error) => {
                    self.tree = Some(tree);
                    return Err(error);
                }
            }
        }
    }
}

fn read(source: &mut dyn Read, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Writes the parts as was decided, or decides.
struct Writer {
    plan: Plan,
    codec: Codec,
    /// the leaf about which nothing is decided yet
    held: Option<Held>,
    out: Vec<u8>,
}

enum Plan {
    Known(std::vec::IntoIter<Step>),
    Unknown(Ledger),
}

struct Held {
    block: Vec<u8>,
    header: Option<Header>,
    body: Vec<u8>,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Begin(part) => self.begin(part),
            Event::Body(octets) => self.body(octets),
            Event::Around(octets) => {
                self.out.extend_from_slice(octets);
                if let Plan::Unknown(ledger) = &mut self.plan {
                    ledger.octets(octets);
                }
            }
            Event::End => {
                if let Plan::Unknown(ledger) = &mut self.plan {
                    let (_, step) = ledger.end();
                    self.decided(step);
                }
                self.codec.finish(&mut self.out);
                self.codec = Codec::Keep;
            }
        }
    }

    fn begin(&mut self, part: &Part) {
        let step = match &mut self.plan {
            Plan::Known(_) if part.nature == Nature::Whole(Whole::Deep) => Some(Step::Keep),
            Plan::Known(steps) => Some(steps.next().unwrap_or(Step::Keep)),
            Plan::Unknown(ledger) => {
                ledger.begin(part);
                ledger.foreseen()
            }
        };
        match step {
            Some(step) => self.write_header(step, &part.block, part.header.as_ref()),
            None => {
                self.held = Some(Held {
                    block: part.block.clone(),
                    header: part.header.clone(),
                    body: Vec::new(),
                });
            }
        }
    }

    fn body(&mut self, octets: &[u8]) {
        if let Plan::Unknown(ledger) = &mut self.plan {
            ledger.octets(octets);
        }
        let Some(held) = &mut self.held else {
            self.codec.push(octets, &mut self.out);
            return;
        };
        held.body.extend_from_slice(octets);
        if held.body.len() > HELD
            && let Plan::Unknown(ledger) = &mut self.plan
        {
            let step = ledger.settle();
            self.decided(step);
        }
    }

    /// Writes what was held of a leaf.
    fn decided(&mut self, step: Step) {
        if let Some(held) = self.held.take() {
            self.write_header(step, &held.block, held.header.as_ref());
            self.codec.push(&held.body, &mut self.out);
        }
    }

    fn write_header(&mut self, step: Step, block: &[u8], header: Option<&Header>) {
        match (step.label(), header) {
            (Some(encoding), Some(header)) => relabel(block, header, encoding, &mut self.out),
            _ => self.out.extend_from_slice(block),
        }
        self.codec = Codec::of(step);
    }
}

impl Step {
    /// The encoding that the header must name from now on, as RFC 2045 §6.1 writes it.
    const fn label(self) -> Option<TransferEncoding> {
        match self {
            Self::Keep => None,
            Self::Label => Some(TransferEncoding::SevenBit),
            Self::QuotedPrintable | Self::Mend => Some(TransferEncoding::QuotedPrintable),
            Self::Base64 { .. } | Self::Rewrap => Some(TransferEncoding::Base64),
        }
    }
}

/// Writes a header block with another Content-Transfer-Encoding, in the place of the old one.
fn relabel(block: &[u8], header: &Header, encoding: TransferEncoding, out: &mut Vec<u8>) {
    let mut fields = 0;
    let mut written = false;
    for field in &header.fields {
        fields += field.raw.len();
        if field.is(FIELD) {
            out.extend(Field::new(field.name(), encoding.name(), header.line_end).raw);
            written = true;
        } else {
            out.extend_from_slice(&field.raw);
        }
    }
    if !written {
        out.extend(Field::new(FIELD, encoding.name(), header.line_end).raw);
    }
    out.extend_from_slice(block.get(fields..).unwrap_or_default());
}

/// What is known of the parts that are open, and what was done.
#[derive(Debug, Default)]
struct Ledger {
    open: Vec<Open>,
    begun: usize,
    has_changed: bool,
    outcome: Outcome,
}

/// A part that has begun and not ended.
#[derive(Debug)]
struct Open {
    number: String,
    nature: Nature,
    /// `None`: by one that is not known
    encoding: Option<TransferEncoding>,
    /// its place among the parts; `None` past the limits
    order: Option<usize>,
    /// of its body, or of what is around its parts
    hazards: Hazards,
    /// everything in it is 7-bit safe, or will be
    safe: bool,
    step: Option<Step>,
}

impl Ledger {
    /// A part begins; returns whether it has a place.
    fn begin(&mut self, part: &Part) -> bool {
        let deep = part.nature == Nature::Whole(Whole::Deep);
        let order = (!deep).then_some(self.begun);
        self.begun += usize::from(!deep);
        let mut hazards = Hazards::default();
        hazards.push(&part.block);
        hazards.finish();
        let encoding = part.header.as_ref().map(Header::transfer_encoding);
        let unclear = |it: &Header| it.content_type().is_err() || it.sole(FIELD).is_err();
        if part.header.as_ref().is_some_and(unclear) && self.outcome.unclear.is_none() {
            self.outcome.unclear = Some(part.number.clone());
        }
        self.open.push(Open {
            number: part.number.clone(),
            nature: part.nature.clone(),
            encoding: encoding.and_then(Result::ok),
            order,
            hazards: Hazards::default(),
            safe: hazards.is_seven_bit(),
            step: None,
        });
        if !hazards.is_seven_bit() {
            self.leave(&part.number, Why::Header, hazards);
        }
        order.is_some()
    }

    fn octets(&mut self, octets: &[u8]) {
        if let Some(open) = self.open.last_mut() {
            open.hazards.push(octets);
        }
    }

    /// What becomes of the part that began, where that does not depend on what comes.
    fn foreseen(&mut self) -> Option<Step> {
        let open = self.open.last_mut()?;
        open.step = match &open.nature {
            Nature::Multipart { .. } => Some(open.labelled()),
            _ => None,
        };
        open.step
    }

    /// Decides about a leaf before its end.
    fn settle(&mut self) -> Step {
        let Some(open) = self.open.last_mut() else {
            return Step::Keep;
        };
        let step = open.leaf(false);
        open.step = Some(step);
        self.has_changed |= step != Step::Keep;
        step
    }

    /// The part that began last ends.
    fn end(&mut self) -> (Option<usize>, Step) {
        let Some(mut open) = self.open.pop() else {
            return (None, Step::Keep);
        };
        open.hazards.finish();
        let safe = open.safe && open.hazards.is_seven_bit();
        let step = open.step.unwrap_or_else(|| match open.nature {
            Nature::Multipart { .. } if safe => open.labelled(),
            Nature::Multipart { .. } => Step::Keep,
            _ => open.leaf(true),
        });
        if open.stays_unsafe(step) {
            open.safe = false;
            self.leave(&open.number, open.why(), open.hazards);
        }
        if step != Step::Keep {
            self.change(&open, step);
        }
        if let Some(around) = self.open.last_mut() {
            around.safe &= open.safe;
        }
        (open.order, step)
    }

    fn change(&mut self, open: &Open, step: Step) {
        self.has_changed = true;
        let was = open.encoding.unwrap_or(TransferEncoding::SevenBit);
        self.outcome.changed.push(Change {
            part: open.number.clone(),
            was,
            is: step.label().unwrap_or(was),
            hazards: match step {
                Step::Label => Hazards::default(),
                _ => open.hazards,
            },
            order: open.order.unwrap_or(usize::MAX),
        });
    }

    /// Past the limits everything is one.
    fn leave(&mut self, part: &str, why: Why, hazards: Hazards) {
        let deep = Why::Whole(Whole::Deep);
        if why != deep || self.outcome.left.iter().all(|left| left.why != deep) {
            self.outcome.left.push(Left {
                part: part.to_owned(),
                why,
                hazards,
            });
        }
    }

    fn outcome(mut self) -> Outcome {
        self.outcome.changed.sort_by_key(|change| change.order);
        self.outcome
    }
}

impl Open {
    /// What becomes of a part that is safe: its label must say so (RFC 2045 §6.4), or a transport will encode it all the same.
    fn labelled(&self) -> Step {
        match self.encoding {
            Some(TransferEncoding::EightBit | TransferEncoding::Binary) => Step::Label,
            _ => Step::Keep,
        }
    }

    /// Decides about a leaf, of which the whole or the beginning was seen.
    fn leaf(&self, whole: bool) -> Step {
        let is_text = match self.nature {
            Nature::Text { .. } => true,
            Nature::Other => false,
            Nature::Whole(Whole::Message | Whole::Signed)
                if whole && self.hazards.is_seven_bit() =>
            {
                return self.labelled();
            }
            Nature::Whole(_) | Nature::Multipart { .. } => return Step::Keep,
        };
        let safe = whole && self.hazards.is_safe();
        match self.encoding {
            None => Step::Keep,
            Some(TransferEncoding::Base64) if safe || !whole && self.hazards.is_safe() => {
                Step::Keep
            }
            Some(TransferEncoding::Base64) if self.hazards.is_ascii_lines() => Step::Rewrap,
            Some(TransferEncoding::Base64) => Step::Keep,
            Some(TransferEncoding::QuotedPrintable) if safe => Step::Keep,
            Some(TransferEncoding::QuotedPrintable) => Step::Mend,
            Some(encoding) => self.identity(encoding == TransferEncoding::Binary, is_text, whole),
        }
    }

    /// Decides about a leaf that is not encoded.
    fn identity(&self, is_binary: bool, is_text: bool, whole: bool) -> Step {
        let hazards = &self.hazards;
        if whole && hazards.is_safe() && !(is_binary && hazards.bare_lf) {
            return self.labelled();
        }
        // what says that it has lines and has octets that no line has is binary, unless it is text (RFC 2045 §2.7 to 2.9)
        let is_exact = is_binary
            || self.nature == Nature::Text { wide: true }
            || !is_text && (hazards.nul || hazards.bare_cr);
        let is_mostly_ascii = hazards.escaped.saturating_mul(ESCAPED) <= hazards.octets;
        let is_legible = is_text || whole && hazards.is_ascii_lines();
        if !is_exact && is_mostly_ascii && is_legible {
            Step::QuotedPrintable
        } else {
            Step::Base64 { lines: !is_exact }
        }
    }

    /// Returns whether there is something in it, as it is written, that is not 7-bit safe.
    fn stays_unsafe(&self, step: Step) -> bool {
        match step {
            Step::Keep | Step::Label => !self.hazards.is_seven_bit(),
            Step::Rewrap => !self.hazards.is_ascii_lines(),
            Step::QuotedPrintable | Step::Base64 { .. } | Step::Mend => false,
        }
    }

    fn why(&self) -> Why {
        match (&self.nature, self.encoding) {
            (Nature::Multipart { .. }, _) => Why::Around,
            (Nature::Whole(whole), _) => Why::Whole(*whole),
            (_, Some(encoding)) if encoding.is_identity() => Why::Late,
            _ => Why::Encoded,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used
    )]
    use super::*;
    use crate::{
        encoding::chaos::ChaosReader,
        mime::{canonical::CanonicalReader, header, transfer::Decoder},
    };
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        header: header::Limits {
            block: 10_000,
            line: 2000,
            fields: 1000,
        },
        parts: 100,
        depth: 10,
    };

    fn made_safe(text: &[u8]) -> (Vec<u8>, Outcome) {
        let survey = Survey::of(&mut &text[..], "1", LIMITS).unwrap();
        let outcome = survey.outcome.clone();
        let mut out = Vec::new();
        SevenBit::new(text, Some(survey), "1", LIMITS)
            .read_to_end(&mut out)
            .unwrap();
        (out, outcome)
    }

    fn in_one_pass(text: &[u8], seed: u64) -> (Vec<u8>, Outcome) {
        let mut reader = SevenBit::new(ChaosReader::new(text, seed), None, "1", LIMITS);
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        let changed = reader.has_changed();
        let outcome = reader.outcome();
        assert_eq!(changed, !outcome.changed.is_empty());
        (out, outcome)
    }

    fn text(text: &str) -> String {
        String::from_utf8(made_safe(text.as_bytes()).0).unwrap()
    }

    /// The leaves as a reader takes them: number and what is in them, in canonical form.
    fn leaves(text: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut open = Vec::new();
        let mut found = Vec::new();
        let mut tree = Tree::new("1", LIMITS);
        let mut each = |event: Event<'_>| match event {
            Event::Begin(part) => {
                let encoding = part.header.as_ref().map(Header::transfer_encoding);
                let leaf = matches!(part.nature, Nature::Text { .. } | Nature::Other);
                let encoding = encoding.and_then(Result::ok).filter(|_| leaf);
                open.push((part.number.clone(), encoding, Vec::new()));
            }
            Event::Body(octets) => open.last_mut().unwrap().2.extend_from_slice(octets),
            Event::Around(_) => {}
            Event::End => {
                let (number, encoding, body) = open.pop().unwrap();
                let mut content = Vec::new();
                match encoding {
                    None => content = body,
                    Some(encoding) => {
                        // in canonical form, as it is sent: a CR before blanks that are ignored would meet the LF after them
                        let mut sent = body;
                        if encoding == TransferEncoding::QuotedPrintable {
                            let mut form = Vec::new();
                            CanonicalReader::new(&sent[..])
                                .read_to_end(&mut form)
                                .unwrap();
                            sent = form;
                        }
                        Decoder::new(encoding, &sent[..])
                            .read_to_end(&mut content)
                            .unwrap();
                    }
                }
                let mut canonical = Vec::new();
                CanonicalReader::new(&content[..])
                    .read_to_end(&mut canonical)
                    .unwrap();
                found.push((number, canonical));
            }
        };
        tree.push(text, &mut each);
        tree.finish(&mut each);
        found
    }

    #[test]
    fn leaves_what_is_safe_as_it_is() {
        for entity in [
            "",
            "\n",
            "\nplain\ntext\n",
            "Content-Type: text/plain\r\nContent-Transfer-Encoding: 7BIT\r\n\r\nplain\r\n",
            "Content-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 =\n x=\n",
            "Content-Transfer-Encoding: base64\n\nY2Fmw6k=\n",
            "Content-Transfer-Encoding: x-odd\n\nplain \n",
            "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b \n\nx\n--b\nContent-Type: message/rfc822\n\nA: b \n\nFrom x\n--b--\nepilogue\n",
        ] {
            let (out, outcome) = made_safe(entity.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), entity);
            assert!(
                outcome.changed.is_empty() && outcome.left.is_empty(),
                "{outcome:?}"
            );
            assert_eq!(in_one_pass(entity.as_bytes(), 1).0, entity.as_bytes());
        }
    }

    #[test]
    fn encodes_what_is_not() {
        assert_eq!(
            text(
                "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nun café\n"
            ),
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nun caf=C3=A9\r\n"
        );
        assert_eq!(
            text("\ncafé du coin\n"),
            "Content-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 du coin\r\n"
        );
        assert_eq!(
            text("\nFrom x\n"),
            "Content-Transfer-Encoding: quoted-printable\n\n=46rom x\r\n"
        );
        assert_eq!(
            text("A: b\r\n\r\n-- \r\n"),
            "A: b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=2D-=20\r\n"
        );
        assert_eq!(
            text("content-transfer-encoding: 8bit\n\nplain\n"),
            "content-transfer-encoding: 7bit\n\nplain\n"
        );
        assert_eq!(
            text("Content-Type: text/plain\n\nпривет\n"),
            "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n0L/RgNC40LLQtdGCDQo=\r\n"
        );
        assert_eq!(
            text("Content-Type: image/png\n\né\n"),
            "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nw6kNCg==\r\n"
        );
        assert_eq!(
            text("Content-Type: image/png\nContent-Transfer-Encoding: binary\n\né\n"),
            "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nw6kK\r\n"
        );
        // a leaf that is said to be of lines and is not
        assert_eq!(
            text("Content-Type: image/png\n\na\0\n"),
            "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nYQAK\r\n"
        );
        // but text has lines, unless its line ends are no octets
        assert_eq!(
            text("\nvery plain\0\n"),
            "Content-Transfer-Encoding: quoted-printable\n\nvery plain=00\r\n"
        );
        assert_eq!(
            text("Content-Type: text/plain; charset=utf-16be\n\n\0a\0\n"),
            "Content-Type: text/plain; charset=utf-16be\nContent-Transfer-Encoding: base64\n\nAGEACg==\r\n"
        );
        assert_eq!(
            text("Content-Transfer-Encoding: binary\n\nplain\r\n"),
            "Content-Transfer-Encoding: 7bit\n\nplain\r\n"
        );
        // lines of ASCII remain legible
        assert_eq!(
            text("Content-Type: application/json\n\n{ \n}"),
            "Content-Type: application/json\nContent-Transfer-Encoding: quoted-printable\n\n{=20\r\n}"
        );
        let long = format!("\n{}\n", "x".repeat(999));
        assert!(text(&long).starts_with("Content-Transfer-Encoding: quoted-printable\n\nxxx"));
    }

    #[test]
    fn mends_what_is_encoded() {
        let quoted = |body: &str| {
            text(&format!(
                "Content-Transfer-Encoding: quoted-printable\n\n{body}"
            ))
        };
        let body = |text: String| text.split_once("\n\n").unwrap().1.to_owned();
        assert_eq!(
            body(quoted("From x\nFrom=20y \nend=\t\n")),
            "=46rom x\r\nFrom=20y\r\nend=\r\n"
        );
        assert_eq!(
            body(quoted("é=C3=A9 a \n b\r c\n")),
            "=C3=A9=C3=A9 a\r\n b=0D c\r\n"
        );
        let long = format!("{}=3D--b \n", "x".repeat(898));
        assert_eq!(
            body(quoted(&long)),
            format!("{}=\r\n=3D--b\r\n", "x".repeat(898))
        );
        let long = format!("{}--b \n", "x".repeat(900));
        assert_eq!(
            body(quoted(&long)),
            format!("{}=\r\n=2D-b\r\n", "x".repeat(900))
        );
        let base64 = |body: &str| text(&format!("Content-Transfer-Encoding: base64\n\n{body}"));
        let line = "TWFu".repeat(19);
        assert_eq!(
            body(base64(&line.repeat(20))),
            [line.as_str(); 20].join("\r\n")
        );
        assert_eq!(body(base64("TWFu \nTWFu\n")), "TWFuTWFu");
    }

    #[test]
    fn multiparts_are_labelled_after_their_parts() {
        let entity = |inner: &str| {
            format!(
                "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\n{inner}\n\nun café\n--b--\n"
            )
        };
        let (out, outcome) = made_safe(entity("").as_bytes());
        assert!(
            String::from_utf8(out)
                .unwrap()
                .contains("boundary=b\nContent-Transfer-Encoding: 7bit\n")
        );
        let changed: Vec<_> = outcome
            .changed
            .iter()
            .map(|c| (c.part.as_str(), c.is))
            .collect();
        assert_eq!(
            changed,
            [
                ("1", TransferEncoding::SevenBit),
                ("1.1", TransferEncoding::QuotedPrintable)
            ]
        );
        assert!(outcome.left.is_empty());
        for (inner, why) in [
            ("Content-Type: message/rfc822\n", Why::Whole(Whole::Message)),
            (
                "Content-Type: multipart/signed; boundary=c\n",
                Why::Whole(Whole::Signed),
            ),
            ("Content-Type: multipart/mixed; boundary=c\n", Why::Around),
            ("Content-Transfer-Encoding: base64\n", Why::Encoded),
            ("Content-Transfer-Encoding: x-other\n", Why::Encoded),
            (
                "Content-Type: multipart/mixed\n",
                Why::Whole(Whole::Unclear),
            ),
        ] {
            let entity = entity(inner);
            let (out, outcome) = made_safe(entity.as_bytes());
            assert_eq!(
                String::from_utf8(out).unwrap(),
                entity,
                "the label of what stays 8bit stays"
            );
            assert!(outcome.changed.is_empty());
            let left: Vec<_> = outcome
                .left
                .iter()
                .map(|l| (l.part.as_str(), l.why))
                .collect();
            assert_eq!(left, [("1.1", why)]);
        }
        let (_, outcome) = made_safe(entity("Subject: é\n").as_bytes());
        assert_eq!(
            (outcome.left[0].part.as_str(), outcome.left[0].why),
            ("1.1", Why::Header)
        );
    }

    #[test]
    fn what_cannot_be_read_twice_is_encoded_where_it_is_long() {
        let long = "plain text\r\n".repeat(HELD / 12 + 1);
        for (label, begins) in [
            (
                "Content-Type: text/plain\r\n",
                "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nplain text\r\n",
            ),
            (
                "Content-Type: image/svg\r\n",
                "Content-Type: image/svg\r\nContent-Transfer-Encoding: base64\r\n\r\ncGxhaW4gdGV4dA0K",
            ),
            (
                "Content-Transfer-Encoding: quoted-printable\r\n",
                "Content-Transfer-Encoding: quoted-printable\r\n\r\nplain text\r\n",
            ),
            (
                "Content-Transfer-Encoding: base64\r\n",
                "Content-Transfer-Encoding: base64\r\n\r\nplain text\r\n",
            ),
        ] {
            let entity = format!("{label}\r\n{long}");
            let (out, _) = in_one_pass(entity.as_bytes(), 7);
            assert!(out.starts_with(begins.as_bytes()), "{label}");
            assert_eq!(leaves(&out), leaves(entity.as_bytes()));
            assert_eq!(made_safe(entity.as_bytes()).0, entity.as_bytes());
        }
        // what comes too late is told
        let entity = format!("Content-Transfer-Encoding: base64\r\n\r\n{long}é");
        assert_eq!(
            in_one_pass(entity.as_bytes(), 7).1.left[0].why,
            Why::Encoded
        );
    }

    fn header() -> impl Strategy<Value = String> {
        let media = prop_oneof![
            Just(""),
            Just("Content-Type: text/plain; charset=utf-8\n"),
            Just("Content-Type: application/octet-stream\r\n"),
            Just("Content-Type: text/calendar; charset=utf-16\n"),
            Just("Content-Type: message/rfc822\n"),
            Just("Content-Type: multipart/mixed; boundary=b\r\n"),
            Just("Content-Type: multipart/digest; boundary=b-\n"),
            Just("Content-Type: multipart/signed; boundary=s\n"),
        ];
        let encoding = prop_oneof![
            Just(""),
            Just("Content-Transfer-Encoding: 8bit\n"),
            Just("Content-Transfer-Encoding: binary\r\n"),
            Just("Content-Transfer-Encoding: quoted-printable\n"),
            Just("Content-Transfer-Encoding: base64\n"),
        ];
        (media, encoding).prop_map(|(media, encoding)| format!("{media}{encoding}\n"))
    }

    fn entity() -> impl Strategy<Value = Vec<u8>> {
        let text = prop_oneof![
            "([a-z=]{0,80}|From |[ \r\0é.]|--b|TWFu)",
            "[a-z -]{60,1100}",
            Just("\r\n".to_owned()),
            Just("\n".to_owned()),
        ];
        let text = proptest::collection::vec(text, 0..12).prop_map(|pieces| pieces.concat());
        let piece = prop_oneof![
            2 => header(),
            3 => text,
            2 => Just("\r\n--b\r\n".to_owned()),
            1 => Just("\n--b--\n".to_owned()),
            1 => Just("\n--b-\n".to_owned()),
        ];
        (header(), proptest::collection::vec(piece, 0..12))
            .prop_map(|(header, pieces)| (header + &pieces.concat()).into_bytes())
    }

    #[test]
    fn a_sign_that_begins_no_escape_is_escaped() {
        for (before, after) in [
            (&b"=\xa35"[..], &b"=3D=A35"[..]),
            (b"\xa3= x==4=\r5=4g=", b"=A3=3D x=3D=3D4=3D=0D5=3D4g="),
            (b"\xa3=e9=E9= \t\nx=e", b"=A3=e9=E9=\r\nx=3De"),
            // a CR before blanks that are ignored: in canonical form, as it is sent, it is not of the line end
            (b"\xa3\r \nx", b"=A3=0D\r\nx"),
            (b"\xa3\r\t\r\nx", b"=A3=0D\r\nx"),
            (b"\xa3\r\r \nx", b"=A3=0D=0D\r\nx"),
            (b"\xa3\r x", b"=A3=0D x"),
            (b"\xa3\r ", b"=A3=0D"),
        ] {
            let entity = [
                b"Content-Transfer-Encoding: QUOTED-PRINTABLE (c)\n\n",
                before,
            ]
            .concat();
            let expected = [b"Content-Transfer-Encoding: quoted-printable\n\n", after].concat();
            let (out, _) = made_safe(&entity);
            assert_eq!(
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(&expected)
            );
        }
    }

    proptest! {
        /// No two decoders read it differently: none has anything to tolerate.
        #[test]
        fn what_is_mended_is_regular(body in "([=é0aG\r]|=\n|= |=3D|\t|\n|--|From ){0,40}") {
            // with LF alone a CR before it could not be told from the line end's
            let entity = format!("Content-Transfer-Encoding: quoted-printable\n\né{body}").replace('\n', "\r\n");
            let (out, _) = made_safe(entity.as_bytes());
            prop_assert_eq!(leaves(&out), leaves(entity.as_bytes()));
            let at = memchr::memmem::find(&out, b"\r\n\r\n").unwrap() + 4;
            let mut decoder = crate::encoding::quoted_printable::Decoder::new(&out[at..]);
            decoder.read_to_end(&mut Vec::new()).unwrap();
            prop_assert!(!decoder.tolerated(), "{}", String::from_utf8_lossy(&out));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn is_the_same_to_readers_and_safe_for_good(entity in entity(), seed in any::<u64>()) {
            let (out, outcome) = made_safe(&entity);
            prop_assert_eq!(leaves(&out), leaves(&entity));
            // nothing is left to do, and what is left is told
            let (again, later) = made_safe(&out);
            prop_assert_eq!(&again, &out);
            prop_assert!(later.changed.is_empty(), "{:?}", later);
            prop_assert_eq!(later.left.len(), outcome.left.len());
            if outcome.left.is_empty() {
                let mut hazards = Hazards::default();
                hazards.push(&out);
                hazards.finish();
                prop_assert!(hazards.is_seven_bit());
            }
            if outcome.changed.is_empty() {
                prop_assert_eq!(&out, &entity);
            }
            let (once, _) = in_one_pass(&entity, seed);
            prop_assert_eq!(leaves(&once), leaves(&entity));
        }
    }
}
