//! Parts (RFC 2046 §5): the one that is named is found and taken for the message; in those of a content, layers are told of.
//!
//! Only the layers at the root of a message count. One further down, an errant layer (RFC 9787 §4.5), is neither opened nor credited: what it
//! says is about its part alone, and whoever reads the whole would take it for more.
use super::{
    Goal, Peeler,
    passing::{Counted, drain},
};
use crate::{
    cms::{self, content_type},
    mime::{
        header::Header,
        part::PartNumber,
        split::Splitter,
        transfer::{self, TransferEncoding},
    },
    policy::{Finding, Part, Rule},
    smime::{
        self, Error,
        error::Class,
        layer::{self, Announced, Label},
        part::Protection,
        sender::Froms,
        source::Buffered,
    },
};
use std::{
    io::{self, BufRead, Read},
    rc::Rc,
};

/// Errant layers that are told of one by one.
const TOLD: usize = 16;

/// Octets of a CMS object that tell its content type.
const HEAD: u64 = 64;

/// What an entity that is no layer consists of.
enum Structure {
    /// parts between boundaries
    Multipart {
        boundary: String,
        /// its parts are messages, unless they say otherwise (RFC 2046 §5.1.5)
        digest: bool,
    },
    /// a message
    Message(TransferEncoding),
    /// nothing that has parts
    Single,
}

impl Structure {
    /// What cannot be understood has no parts. `in_digest`: it stands in a multipart/digest.
    fn of(header: &Header, in_digest: bool) -> Self {
        let encoding = header.transfer_encoding();
        let encoding = encoding.unwrap_or(TransferEncoding::SevenBit);
        let content_type = match header.content_type() {
            Ok(Some(content_type)) => content_type,
            Ok(None) if in_digest => return Self::Message(encoding),
            _ => return Self::Single,
        };
        let boundary = content_type.parameter("boundary");
        match (content_type.kind.as_str(), content_type.subtype.as_str()) {
            ("multipart", subtype) if boundary.is_some() => Self::Multipart {
                boundary: boundary.unwrap_or_default().to_owned(),
                digest: subtype == "digest",
            },
            ("message", "rfc822" | "global") => Self::Message(encoding),
            _ => Self::Single,
        }
    }
}

impl Peeler<'_> {
    /// Walks through what stands in a place of the part where the walk is.
    pub(super) fn below<T>(
        &mut self,
        place: usize,
        walk: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let limit = self.policy.limits.part_depth;
        if self.here.depth() >= limit {
            return Err(Error::over("part-depth", "parts in parts", limit));
        }
        self.here.enter(place);
        let result = walk(self).map_err(|error| error.within(&self.here));
        self.here.leave();
        result
    }

    /// Goes on from an entity to the part that is to be taken for the message, and takes it so.
    pub(super) fn go_to(
        &mut self,
        part: &PartNumber,
        header: Header,
        body: &mut dyn BufRead,
    ) -> Result<(), Error> {
        let structure = Structure::of(&header, false);
        self.go_on(part, header, structure, body)
    }

    fn go_on(
        &mut self,
        part: &PartNumber,
        header: Header,
        structure: Structure,
        body: &mut dyn BufRead,
    ) -> Result<(), Error> {
        let place = part.places().get(self.here.depth()).copied();
        // of the headers on the way none is held but the last
        let header = place.is_none().then_some(header);
        match (structure, place) {
            // whoever names the part that a message stands in means that message
            (Structure::Message(encoding), None | Some(1)) => self.below(1, |this| {
                let decoder = transfer::Decoder::new(encoding, body);
                let mut message = Buffered::new(decoder);
                let header = Header::read(&mut message, this.header_limits())?;
                // it is from whom it says; who sent it on is another
                this.froms = Froms::default();
                this.forwarded = true;
                this.froms.add(&header);
                this.go_to(part, header, &mut message)?;
                drain(&mut message)
            }),
            (_, None) => match header {
                Some(header) => self.taken_for_the_message(&header, body),
                None => Err(no_part(part)),
            },
            (Structure::Multipart { boundary, digest }, Some(place)) => {
                let mut splitter = Splitter::new(body, &boundary);
                for _ in 0..place {
                    self.count_part()?;
                    if !splitter.next_part()? {
                        return Err(no_part(part));
                    }
                }
                self.below(place, |this| {
                    let header = Header::read(&mut splitter, this.header_limits())?;
                    let structure = Structure::of(&header, digest);
                    this.go_on(part, header, structure, &mut splitter)
                })?;
                splitter.finish()?;
                Ok(())
            }
            (Structure::Message(_) | Structure::Single, Some(_)) => Err(no_part(part)),
        }
    }

    /// The part was found.
    fn taken_for_the_message(
        &mut self,
        header: &Header,
        body: &mut dyn BufRead,
    ) -> Result<(), Error> {
        let from = match self.forwarded {
            true => "the From of the forwarded message that it is of",
            false => "the From of the message",
        };
        let number = self.here.to_string();
        let message = format!(
            "part {number} alone was judged, under {from}: nothing else is protected by it"
        );
        let part = Part {
            number: number.clone(),
            inside: None,
            encrypted: false,
        };
        let finding = self.policy.finding(Rule::Partial, message).about(part);
        self.report.part = Some(number);
        self.report.findings.push(finding);
        self.root(header, body)
    }

    /// Reads an entity that is no layer to its end, and tells of the layers in its parts.
    pub(super) fn parts(
        &mut self,
        header: Option<&Header>,
        body: &mut dyn BufRead,
    ) -> Result<(), Error> {
        self.content = self.here.clone();
        if let Some(header) = header {
            self.ambiguous(header);
        }
        let structure = match header {
            // a layer that is not to be peeled is one all the same
            Some(header) if matches!(layer::announced(header), Ok(Announced::Nothing)) => {
                Structure::of(header, false)
            }
            _ => Structure::Single,
        };
        self.parts_of(structure, body)
    }

    fn parts_of(&mut self, structure: Structure, body: &mut dyn BufRead) -> Result<(), Error> {
        match structure {
            Structure::Multipart { boundary, digest } => {
                let mut splitter = Splitter::new(&mut *body, &boundary);
                let mut place = 0;
                while splitter.next_part()? {
                    place += 1;
                    self.below(place, |this| this.part(digest, &mut splitter))?;
                }
                splitter.finish()?;
            }
            Structure::Message(encoding) => self.below(1, |this| {
                let decoder = transfer::Decoder::new(encoding, &mut *body);
                let mut message = Buffered::new(decoder);
                this.part(false, &mut message)?;
                drain(&mut message)
            })?,
            Structure::Single => {}
        }
        drain(body)
    }

    /// Tells of the first header that does not say for certain what stands under it: what was judged is not what every program shows.
    fn ambiguous(&mut self, header: &Header) {
        let Err(error) = header.content_type() else {
            return;
        };
        let told = |it: &Finding| it.rule == Rule::AmbiguousContentType;
        if self.goal != Goal::Inspect && !self.report.findings.iter().any(told) {
            let message = format!(
                "part {}: {error}: programs may show different things",
                self.here
            );
            let finding = self.policy.finding(Rule::AmbiguousContentType, message);
            self.report.findings.push(finding);
        }
    }

    fn part(&mut self, in_digest: bool, source: &mut dyn BufRead) -> Result<(), Error> {
        self.count_part()?;
        let header = match Header::read(source, self.header_limits()) {
            Ok(header) => header,
            Err(crate::mime::Error::Io(error)) => return Err(error.into()),
            // what has no header is text, whatever it looks like
            Err(_) => return drain(source),
        };
        match layer::announced(&header) {
            Ok(Announced::Nothing) | Err(_) => {
                self.ambiguous(&header);
                let structure = Structure::of(&header, in_digest);
                let part = smime::part::Part::new(&self.here, Some(&header), 0);
                // those of parts in parts are not held all at once
                drop(header);
                self.noted_as(part, source, |this, body| this.parts_of(structure, body))
            }
            Ok(announced) if self.goal == Goal::Inspect => {
                self.described(announced, &header, source)
            }
            Ok(announced) => {
                self.errant(&announced, source)?;
                drain(source)
            }
        }
    }

    /// Walks through a part, of which so many octets were read already; where the message is only described, it joins the tree.
    pub(super) fn noted(
        &mut self,
        header: Option<&Header>,
        read: usize,
        body: &mut dyn BufRead,
        walk: impl FnOnce(&mut Self, &mut dyn BufRead) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        let part = smime::part::Part::new(&self.here, header, read);
        self.noted_as(part, body, walk)
    }

    fn noted_as(
        &mut self,
        mut part: smime::part::Part,
        body: &mut dyn BufRead,
        walk: impl FnOnce(&mut Self, &mut dyn BufRead) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.goal != Goal::Inspect {
            return walk(self, body);
        }
        let before = std::mem::take(&mut self.tree);
        let depth = self.depth;
        let mut counted = Counted::new(body, part.size);
        let walked = walk(self, &mut counted);
        let parts = std::mem::replace(&mut self.tree, before);
        walked?;
        drain(&mut counted)?;
        part.size = counted.octets;
        part.parts = parts;
        if self.depth > depth {
            part.protection = Protection::Layer(depth);
        }
        self.tree.push(part);
        Ok(())
    }

    /// Describes a layer that counts for nothing. That it cannot be read is no reason not to describe the rest.
    fn described(
        &mut self,
        announced: Announced,
        header: &Header,
        source: &mut dyn BufRead,
    ) -> Result<(), Error> {
        let mut counted = Counted::new(source, 0);
        let mut sink = io::sink();
        let mut apart = Peeler::new(Goal::Inspect, self.policy, &mut sink);
        apart.here = self.here.clone();
        apart.parts = self.parts;
        apart.headers_passed = self.headers_passed;
        apart.in_compressed = self.in_compressed;
        apart.inflated = Rc::clone(&self.inflated);
        let walked = apart.noted(Some(header), 0, &mut counted, |this, body| {
            this.layer(announced, header, body)
        });
        self.parts = apart.parts;
        let mut layers: Vec<_> = apart.report.layers.into_iter().map(Some).collect();
        let part = match (walked, apart.tree.pop()) {
            (Ok(()), Some(mut part)) => {
                part.adopt(&mut layers);
                part
            }
            (Err(error), _) if error.class() != Class::Input || bounds_the_walk(&error) => {
                return Err(error);
            }
            (walked, _) => {
                drain(&mut counted)?;
                let mut part = smime::part::Part::new(&self.here, Some(header), counted.octets);
                let why = walked.map_or_else(|error| error.to_string(), |()| String::new());
                part.protection = Protection::Unreadable(why);
                part
            }
        };
        self.tree.push(part);
        Ok(())
    }

    fn count_part(&mut self) -> Result<(), Error> {
        let limit = self.policy.limits.parts;
        if self.parts >= limit {
            return Err(Error::over("parts", "parts of the message", limit));
        }
        self.parts += 1;
        Ok(())
    }

    /// Tells of a layer that counts for nothing.
    fn errant(&mut self, announced: &Announced, source: &mut dyn BufRead) -> Result<(), Error> {
        self.errant += 1;
        if self.errant > TOLD + 1 {
            return Ok(());
        }
        if self.errant > TOLD {
            let message = "more parts than are told of are signed or encrypted for themselves";
            let finding = self.policy.finding(Rule::ErrantLayer, message);
            self.report.findings.push(finding);
            return Ok(());
        }
        let kind = kind(announced, source)?;
        let message = format!(
            "part {} is {kind} for itself: it was not opened, and does not count",
            self.here
        );
        let finding = self.policy.finding(Rule::ErrantLayer, message).about(Part {
            number: self.here.to_string(),
            inside: self
                .here
                .from(&self.content)
                .filter(|_| self.in_object)
                .map(|it| it.to_string()),
            encrypted: kind == ENCRYPTED,
        });
        self.report.findings.push(finding);
        Ok(())
    }
}

const ENCRYPTED: &str = "encrypted";

/// Returns what a layer does: as its first octets say or, where they do not, its label.
fn kind(announced: &Announced, source: &mut dyn BufRead) -> Result<&'static str, Error> {
    let (label, encoding) = match announced {
        Announced::Cms { label, encoding } => (label, *encoding),
        Announced::ClearSigned { .. } | Announced::Nothing => return Ok("signed"),
    };
    let mut head = Vec::new();
    let octets = transfer::Decoder::new(encoding, source)
        .take(HEAD)
        .read_to_end(&mut head);
    match octets.map_err(Error::from) {
        Ok(_) | Err(Error::Mime(_)) => {}
        Err(error) => return Err(error),
    }
    use content_type::*;
    Ok(match (cms::content_type_at(&head), label) {
        (Some(SIGNED_DATA), Some(Label::Certificates)) => "a bag of certificates",
        (Some(SIGNED_DATA), _) => "signed",
        (Some(ENVELOPED_DATA | AUTH_ENVELOPED_DATA | ENCRYPTED_DATA), _) => ENCRYPTED,
        (Some(COMPRESSED_DATA), _) => "compressed",
        (Some(_), _) => "a CMS object",
        (None, Some(label)) => label.says().unwrap_or("a CMS object"),
        (None, None) => "a CMS object",
    })
}

/// Whether it is the walk through all parts that is over a limit.
fn bounds_the_walk(error: &Error) -> bool {
    matches!(
        error.in_part(),
        (
            _,
            Error::Limit {
                name: "parts" | "part-depth",
                ..
            }
        )
    )
}

fn no_part(part: &PartNumber) -> Error {
    Error::NoPart(part.to_string())
}
