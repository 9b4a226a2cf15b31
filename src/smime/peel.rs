//! Peels a message, layer by layer, while it flows: the walk that verify, decrypt, open and inspect share.
//!
//! A layer hands its content on as something to read, and what is inside is peeled from that; nothing is held but structures. Only the root of
//! an entity counts: protection of a sub-part is neither opened nor credited (RFC 9787 §4).
mod authenticated;
mod compressed;
mod digested;
mod encrypted;
mod explain;
mod innermost;
mod mailbox;
mod parts;
mod passing;
pub(super) mod signed;

use self::{compressed::Inflated, mailbox::OneMessage, passing::Passing};
use super::{
    error::Error,
    headers::{is_added_in_transit, read::Seen},
    layer::{self, Announced, Label},
    part::Part,
    report::{Container, Report},
    sender::Froms,
    signature::Judge,
    source::{self, Opened, Source},
};
use crate::{
    asn1::{self, oid::Oid, stream::Rest},
    cms,
    crypto::{CryptoRng, Digest, Secret},
    mime::{
        LineEnd,
        header::{self, Field, Header, merge},
        mailbox::Address,
        part::PartNumber,
        transfer,
    },
    policy::{Finding, Limits, Policy, Rule},
    store::Identities,
};
use std::{
    io::{self, BufRead, Read, Write},
    rc::Rc,
};

/// Names of fields left out that are told.
const SHOWN: usize = 8;

/// What is wanted of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// the outermost signature judged, its content given
    Verify,
    /// the outermost encryption removed
    Decrypt,
    /// every layer peeled
    Open,
    /// every layer that needs no key described
    Inspect,
}

/// Keys, and the randomness that their use needs.
pub(super) struct Keys<'a> {
    pub(super) identities: &'a Identities,
    /// of EncryptedData
    pub(super) secret_key: Option<&'a Secret>,
    pub(super) rng: &'a mut dyn CryptoRng,
}

/// The walk through one message.
pub(super) struct Peeler<'a> {
    pub(super) goal: Goal,
    pub(super) policy: &'a Policy,
    pub(super) judge: Option<Judge<'a>>,
    pub(super) keys: Option<Keys<'a>>,
    output: Output<'a>,
    /// the content of a detached signature
    pub(super) detached: Option<Source<'a>>,
    /// a detached signature is judged by its attributes where its content is not at hand
    pub(super) without_content_too: bool,
    /// what was found
    pub(super) report: Report,
    /// every From field passed
    pub(super) froms: Froms,
    /// what the headers said of their protection
    pub(super) headers: Seen,
    /// whom the certificate names whose key opened a layer
    pub(super) opened_by: Vec<Address>,
    /// fields of the headers passed, as they will stand in the output
    outer: Vec<Field>,
    /// line ends of the outermost header
    line_end: Option<LineEnd>,
    /// layers entered
    depth: usize,
    /// a signature covers what is read now, and no ciphertext stands between
    covered: bool,
    /// what is read now stands inside a compressed layer
    in_compressed: bool,
    /// what the compressed layers of the message come to
    inflated: Rc<Inflated>,
    /// bytes and fields of the headers passed
    headers_passed: (usize, usize),
    /// the content of a clear-signed message is given out, and must be signed, as it was received
    pub(super) as_received: bool,
    /// digests that micalg does not announce and a signer uses all the same
    unannounced: Vec<Digest>,
    /// a signature, of the outermost layer, whose content is another
    suspected: Option<explain::Suspect>,
    /// SHA-256 of the content of the outermost layer, where it is clear-signed
    fingerprint: Option<Vec<u8>>,
    /// the part to be taken for the message
    pub(super) named: Option<PartNumber>,
    /// the part where the walk is
    here: PartNumber,
    /// the content of the innermost layer
    content: PartNumber,
    /// what is read now stands inside a CMS object
    in_object: bool,
    /// the part that was named is of a message inside the message
    forwarded: bool,
    /// parts met
    parts: usize,
    /// layers met that do not count
    errant: usize,
    /// what stands in the part where the walk is, so far, where it is only described
    pub(super) tree: Vec<Part>,
}

/// Where what is peeled goes.
enum Output<'a> {
    To(&'a mut dyn Write),
    /// it was written in the first pass, or is elsewhere
    Nowhere(io::Sink),
}

impl Output<'_> {
    fn get(&mut self) -> &mut dyn Write {
        match self {
            Self::To(sink) => sink,
            Self::Nowhere(sink) => sink,
        }
    }
}

/// The octets of a CMS object: of a body, or of a file.
enum Wire<'r> {
    Body(transfer::Decoder<&'r mut dyn BufRead>),
    Bare(&'r mut dyn BufRead),
}

impl Wire<'_> {
    fn tolerated(&self) -> bool {
        match self {
            Self::Body(decoder) => decoder.tolerated(),
            Self::Bare(_) => false,
        }
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Body(r) => r.read(buf),
            Self::Bare(r) => r.read(buf),
        }
    }
}

/// Returns the bounds of CMS objects among those of a policy.
pub(super) fn cms_limits(limits: &Limits) -> cms::Limits {
    cms::Limits {
        asn1_depth: limits.asn1_depth,
        structure_bytes: limits.structure_bytes,
        certificates: limits.certificates,
        signers: limits.signers,
        attributes: limits.attributes,
        recipients: limits.recipients,
    }
}

impl<'a> Peeler<'a> {
    pub(super) fn new(goal: Goal, policy: &'a Policy, sink: &'a mut dyn Write) -> Self {
        Self {
            goal,
            policy,
            judge: None,
            keys: None,
            output: Output::To(sink),
            detached: None,
            without_content_too: false,
            report: Report::default(),
            froms: Froms::default(),
            headers: Seen::default(),
            opened_by: Vec::new(),
            outer: Vec::new(),
            line_end: None,
            depth: 0,
            covered: false,
            in_compressed: false,
            inflated: Rc::default(),
            headers_passed: (0, 0),
            as_received: false,
            unannounced: Vec::new(),
            suspected: None,
            fingerprint: None,
            named: None,
            here: PartNumber::message(),
            content: PartNumber::message(),
            in_object: false,
            forwarded: false,
            parts: 0,
            errant: 0,
            tree: Vec::new(),
        }
    }

    /// Walks through the message. A file is read again where a signer of a clear-signed message uses a digest that micalg does not announce, and
    /// to find out what was done to a content that is not what was signed.
    pub(super) fn walk(&mut self, mut source: Source<'_>) -> Result<(), Error> {
        let beginning = source.beginning().map_err(Error::Read)?;
        self.pass(&mut source)?;
        let Some(beginning) = beginning else {
            return Ok(());
        };
        if !self.unannounced.is_empty() {
            source.go_back(beginning).map_err(Error::Read)?;
            self.pass_again(&mut source)?;
        }
        if self.suspected.is_some() {
            source.go_back(beginning).map_err(Error::Read)?;
            self.explain(&mut source)?;
        }
        Ok(())
    }

    /// Walks through the message a second time, with the digests that the first found to be needed; that both saw the same content is checked.
    fn pass_again(&mut self, source: &mut Source<'_>) -> Result<(), Error> {
        let before = self.fingerprint.take();
        self.report = Report::default();
        self.froms = Froms::default();
        self.headers = Seen::default();
        self.opened_by.clear();
        self.outer.clear();
        self.depth = 0;
        self.covered = false;
        self.in_compressed = false;
        self.inflated = Rc::default();
        self.headers_passed = (0, 0);
        self.in_object = false;
        self.parts = 0;
        self.errant = 0;
        self.tree.clear();
        self.suspected = None;
        self.output = Output::Nowhere(io::sink());
        self.pass(source)?;
        if self.fingerprint == before {
            Ok(())
        } else {
            Err(Error::Read(io::Error::other(
                "it changed while it was read",
            )))
        }
    }

    fn pass(&mut self, source: &mut Source<'_>) -> Result<(), Error> {
        self.peel(source).map_err(Error::but_in_message)
    }

    fn peel(&mut self, source: &mut Source<'_>) -> Result<(), Error> {
        match source::open(source)? {
            Opened::Mime(mut reader) => match OneMessage::of(reader.fill_buf()?) {
                Some(mut file) => {
                    let mut reader = Passing::new(&mut reader, |octets| file.update(octets));
                    self.mail(&mut reader)?;
                    // what follows the message may be another
                    passing::drain(&mut reader)
                }
                None => self.mail(&mut reader),
            },
            Opened::Cms(mut octets, _) => match &self.named {
                Some(part) if !part.is_message() => Err(Error::NoPart(part.to_string())),
                _ => self.noted(None, 0, &mut octets, |this, octets| {
                    this.cms(Wire::Bare(octets), None)
                }),
            },
        }
    }

    /// Peels a mail message or MIME entity.
    fn mail(&mut self, reader: &mut dyn BufRead) -> Result<(), Error> {
        let header = Header::read(reader, self.header_limits())?;
        match self.named.clone().filter(|part| !part.is_message()) {
            Some(part) => {
                self.froms.add(&header);
                self.go_to(&part, header, reader)
            }
            None => self.root(&header, reader),
        }
    }

    /// Peels the message, or what is taken for it.
    fn root(&mut self, header: &Header, body: &mut dyn BufRead) -> Result<(), Error> {
        self.line_end = Some(header.line_end);
        let outer = header.fields.iter().filter(|f| !f.is_mime());
        let outer: Vec<Field> = outer.cloned().collect();
        // a part has no header of a message, unless it is one
        let is_message = self.report.part.is_none() || !outer.is_empty();
        self.headers.outer = Some(outer).filter(|_| is_message);
        let announced = layer::announced(header)?;
        self.noted(Some(header), 0, body, |this, body| match announced {
            Announced::Nothing => {
                this.absent();
                this.parts(Some(header), body)
            }
            announced => this.layer(announced, header, body),
        })
    }

    /// The root has no layer of the kind asked for.
    fn absent(&mut self) {
        let (rule, is_not) = match self.goal {
            Goal::Verify => (Rule::NotSigned, "is not signed"),
            Goal::Decrypt => (Rule::NotEncrypted, "is not encrypted"),
            Goal::Open => (Rule::NotProtected, "is neither signed nor encrypted"),
            Goal::Inspect => return,
        };
        let message = match &self.report.part {
            Some(part) => format!("part {part} {is_not}"),
            None => format!("the message {is_not}"),
        };
        let finding = self.policy.finding(rule, message);
        self.report.findings.push(finding);
    }

    fn sink(&mut self) -> &mut dyn Write {
        self.output.get()
    }

    /// Takes the output away, to be written to by what reads.
    fn hold_output(&mut self) -> Output<'a> {
        std::mem::replace(&mut self.output, Output::Nowhere(io::sink()))
    }

    fn header_limits(&self) -> header::Limits {
        self.policy.limits.header()
    }

    fn cms_limits(&self) -> cms::Limits {
        cms_limits(&self.policy.limits)
    }

    /// Peels an entity whose header announces a layer.
    fn layer(
        &mut self,
        announced: Announced,
        header: &Header,
        body: &mut dyn BufRead,
    ) -> Result<(), Error> {
        let fields = self.passed(header);
        let fields = self.without_trace(fields);
        self.count_header(header)?;
        self.outer = merge(&self.outer, &fields);
        match announced {
            Announced::ClearSigned { boundary, micalg } => {
                self.clear_signed(&boundary, micalg.as_deref(), body)
            }
            Announced::Cms { label, encoding } => {
                self.cms(Wire::Body(transfer::Decoder::new(encoding, body)), label)
            }
            Announced::Nothing => Ok(()),
        }
    }

    /// Counts the header of a layer: it is held until the walk ends.
    fn count_header(&mut self, header: &Header) -> Result<(), Error> {
        let (bytes, fields) = &mut self.headers_passed;
        *bytes += header.fields.iter().map(|f| f.raw.len()).sum::<usize>();
        *fields += header.fields.len();
        let limits = &self.policy.limits;
        if *bytes > limits.header_bytes {
            let what = "bytes of all layers' headers";
            return Err(Error::over("header-bytes", what, limits.header_bytes));
        }
        if *fields > limits.header_fields {
            let what = "fields of all layers' headers";
            return Err(Error::over("header-fields", what, limits.header_fields));
        }
        Ok(())
    }

    /// Takes in the From of a header, and returns its fields, which take the place of outer ones. Another From that nobody signed for does not:
    /// the outer one is all that the mail was sent under (RFC 9788 §4.4.3).
    fn passed(&mut self, header: &Header) -> Vec<Field> {
        let replaced = match self.depth {
            // the outermost header itself
            0 => None,
            _ => self.froms.replaced_by(header),
        };
        self.froms.add(header);
        let (Some((outer, inner)), false, Goal::Open | Goal::Decrypt) =
            (replaced, self.covered, self.goal)
        else {
            return header.fields.clone();
        };
        let message = match &outer {
            Some(outer) => format!(
                "the outer From field names {outer}, the one inside, which no signature covers, {inner}"
            ),
            None => format!(
                "there is no From field outside, and no signature covers the one inside, which names {inner}"
            ),
        };
        let finding = self.policy.finding(Rule::UnsignedFrom, message);
        self.report.findings.push(finding);
        // of several nobody knows which would be read
        let sole = outer.is_some() && header.all("From").count() == 1;
        let stays = |f: &&Field| !(sole && f.is("From"));
        header.fields.iter().filter(stays).cloned().collect()
    }

    /// Leaves out of an inner header what only those who carried the message may say. Under the header of a mail that would pass for their word.
    fn without_trace(&mut self, fields: Vec<Field>) -> Vec<Field> {
        if self.outer.iter().all(Field::is_mime) {
            return fields;
        }
        let (trace, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(is_added_in_transit);
        if !trace.is_empty() {
            let mut names: Vec<&str> = trace.iter().map(Field::name).collect();
            names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
            names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
            names.truncate(SHOWN);
            let message = format!(
                "inside, where no mail server writes, and left out: {}",
                names.join(", ")
            );
            let finding = self.policy.finding(Rule::TraceInside, message);
            self.report.findings.push(finding);
        }
        fields
    }

    fn cms(&mut self, wire: Wire<'_>, label: Option<Label>) -> Result<(), Error> {
        let object = cms::open(wire, self.cms_limits())?;
        self.object(object, label)
    }

    fn object(&mut self, object: cms::Object<Wire<'_>>, label: Option<Label>) -> Result<(), Error> {
        self.go_deeper()?;
        self.in_object = true;
        match object {
            cms::Object::Data(reader) => self.data(reader),
            cms::Object::Signed(reader) => self.signed(reader, label),
            cms::Object::Enveloped(reader) => {
                let container = if reader.authenticated {
                    Container::AuthEnveloped
                } else {
                    Container::Enveloped
                };
                self.encrypted(reader, container, label)
            }
            cms::Object::Encrypted(reader) => self.encrypted(reader, Container::Encrypted, label),
            cms::Object::Compressed(reader) => self.compressed(reader, label),
            cms::Object::Digested(reader) => self.digested(reader, label),
            cms::Object::Authenticated(reader) => self.authenticated(reader, label),
        }
    }

    /// An object that protects nothing. Its octets are no message that somebody sent: what is in them is not looked at.
    fn data(&mut self, mut reader: cms::data::Reader<Wire<'_>>) -> Result<(), Error> {
        if self.depth > 1 {
            let message = "the content is not a message but id-data, which was not opened";
            let finding = self.policy.finding(Rule::NestedProtection, message);
            self.report.findings.push(finding);
        } else {
            self.absent();
        }
        io::copy(&mut reader, &mut io::sink())?;
        let finding = self.nothing_follows(reader.finish()?)?;
        self.report.findings.extend(finding);
        Ok(())
    }

    /// The label says one thing and the object is another.
    fn mislabelled(&self, label: Option<Label>, is: Label) -> Option<Finding> {
        self.contradicted(label.filter(|l| *l != is), is.says()?)
    }

    /// The object is something that no label says.
    fn contradicted(&self, label: Option<Label>, is: &'static str) -> Option<Finding> {
        let says = label?.says()?;
        let message = format!("the label says {says}, but the message is {is}");
        Some(self.policy.finding(Rule::SmimeType, message))
    }

    /// Counts a layer on the way in; it joins the report on the way out.
    fn go_deeper(&mut self) -> Result<(), Error> {
        let limit = self.policy.limits.layers;
        if self.depth >= limit {
            return Err(Error::over("layers", "layers of protection", limit));
        }
        self.depth += 1;
        Ok(())
    }

    /// Peels what is inside a layer, or gives it out when it is the last.
    fn inside(&mut self, content_type: &Oid, reader: &mut dyn BufRead) -> Result<(), Error> {
        let mut reader = Placed {
            source: reader,
            part: self.here.clone(),
        };
        self.below(1, |this| this.content(content_type, &mut reader))
    }

    fn content(&mut self, content_type: &Oid, reader: &mut dyn BufRead) -> Result<(), Error> {
        let opened = matches!(self.goal, Goal::Open | Goal::Inspect);
        if opened && cms::is_object(content_type) {
            return self.noted(None, 0, reader, |this, octets| {
                let wire = Wire::Bare(octets);
                let object = cms::open_content(wire, *content_type, this.cms_limits())?;
                this.object(object, None)
            });
        }
        if !opened {
            return self.entity(reader);
        }
        match source::object_inside(reader)? {
            Ok(mut octets) => self.noted(None, 0, &mut octets, |this, octets| {
                this.cms(Wire::Bare(octets), None)
            }),
            Err(mut content) => self.entity(&mut content),
        }
    }

    /// Peels what is inside a layer and no bare object.
    fn entity(&mut self, reader: &mut dyn BufRead) -> Result<(), Error> {
        let mut remembered = Remembered::new(reader);
        let header = match Header::read(&mut remembered, self.header_limits()) {
            Ok(header) => Some(header),
            Err(crate::mime::Error::Io(error)) => return Err(error.into()),
            // any octets may be encrypted or signed; what has no header is given out as it is
            Err(_) => None,
        };
        let octets = std::mem::take(&mut remembered.octets);
        let announced = match (&header, self.goal) {
            (Some(header), Goal::Open | Goal::Inspect) => layer::announced(header)?,
            _ => Announced::Nothing,
        };
        let Some(header) = header else {
            return self.noted(None, octets.len(), reader, |this, rest| {
                this.give_out(None, &octets, rest)
            });
        };
        self.noted(Some(&header), 0, reader, |this, body| match announced {
            Announced::Nothing => {
                let fields = this.passed(&header);
                this.payload(&header, fields, octets, body)
            }
            announced => this.layer(announced, &header, body),
        })
    }

    /// `open` promises every layer: a content of a type that is not known is one it does not peel.
    fn not_opened(&self, content_type: Oid) -> Option<Finding> {
        let plain = [cms::content_type::DATA, cms::content_type::RECEIPT];
        let opened = self.goal != Goal::Open
            || plain.contains(&content_type)
            || cms::is_object(&content_type);
        let name = || asn1::oid::name(&content_type);
        (!opened).then(|| {
            self.policy.finding(
                Rule::NestedProtection,
                format!(
                    "the content is not a message but {}, which was not opened",
                    name()
                ),
            )
        })
    }

    /// The object has ended; so must its wire. White space after base64 is no octet.
    fn nothing_follows(&self, mut rest: Rest<Wire<'_>>) -> Result<Option<Finding>, Error> {
        let mut one = [0];
        if rest.read(&mut one)? > 0 {
            return Err(Error::TrailingData { offset: 0 });
        }
        Ok(rest.get_ref().1.tolerated().then(|| {
            self.policy.finding(
                Rule::TransferEncoding,
                "the base64 text of the message is irregular",
            )
        }))
    }
}

/// Shows what is read through it to somebody.
struct Watched<'r, F> {
    source: &'r mut dyn Read,
    watch: F,
}

impl<F: FnMut(&[u8])> Read for Watched<'_, F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        (self.watch)(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

/// What is read through it is wrong, if it is, in that part and in none that stands in it.
struct Placed<'r> {
    source: &'r mut dyn BufRead,
    part: PartNumber,
}

impl Read for Placed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buf);
        read.map_err(|error| placed(error, &self.part))
    }
}

impl BufRead for Placed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let Self { source, part } = self;
        source.fill_buf().map_err(|error| placed(error, part))
    }

    fn consume(&mut self, amount: usize) {
        self.source.consume(amount);
    }
}

fn placed(error: io::Error, part: &PartNumber) -> io::Error {
    if error.kind() == io::ErrorKind::Interrupted {
        return error;
    }
    match Error::from(error) {
        Error::Read(error) => error,
        other => io::Error::other(other.within(part)),
    }
}

/// Remembers what is consumed of a reader, so that what turns out to be no header is not lost.
struct Remembered<'r> {
    source: &'r mut dyn BufRead,
    octets: Vec<u8>,
}

impl<'r> Remembered<'r> {
    fn new(source: &'r mut dyn BufRead) -> Self {
        let octets = Vec::new();
        Self { source, octets }
    }
}

impl Read for Remembered<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        self.octets
            .extend_from_slice(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl BufRead for Remembered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(octets) = self
            .source
            .fill_buf()
            .ok()
            .and_then(|buffer| buffer.get(..amount))
        {
            self.octets.extend_from_slice(octets);
        }
        self.source.consume(amount);
    }
}
