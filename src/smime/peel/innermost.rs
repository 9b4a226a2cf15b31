//! What comes out when the last layer is peeled: the innermost entity under the outer fields, with the line ends of the outermost header.
use super::{Goal, Peeler, Remembered, passing::Passing};
use crate::{
    mime::{
        LineEnd,
        canonical::Localizer,
        header::{Field, Header, merge},
        transfer::{self, TransferEncoding},
    },
    policy::Rule,
    smime::{
        Error,
        headers::write::{OF_THE_HEADER, unprotected},
        layer::{self, Announced},
        sender,
        source::Buffered,
    },
};
use std::io::{self, BufRead, Read, Write};

impl Peeler<'_> {
    /// Gives out the innermost entity, or the message in it where that is the one that was protected (RFC 8551 §3.1).
    pub(super) fn payload(
        &mut self,
        root: &Header,
        fields: Vec<Field>,
        octets: Vec<u8>,
        reader: &mut dyn BufRead,
    ) -> Result<(), Error> {
        // `decrypt` leaves a signed entity as it is, and what is in that is not known
        if matches!(layer::announced(root), Ok(announced) if announced != Announced::Nothing) {
            return self.give_out(Some((root, fields)), &octets, reader);
        }
        let mut body = Remembered::new(reader);
        if let Some(mut inside) = message_inside(root, &mut body) {
            let mut block = Remembered::new(&mut inside);
            let message = match Header::read(&mut block, self.header_limits()) {
                Ok(header) => Some(header),
                Err(error) => match Error::from(error) {
                    // what has no header is no message, whatever is said of it
                    Error::Mime(_) => None,
                    error => return Err(error),
                },
            };
            let block = block.octets;
            self.headers.reach(root, message.as_ref());
            let wrapped = self.headers.payload.as_ref().is_some_and(|it| it.wrapped);
            if let Some(message) = message.filter(|_| wrapped && self.goal != Goal::Inspect) {
                let entity = Some((&message, message.fields.clone()));
                return self.below(1, |this| this.give_out(entity, &block, &mut inside));
            }
        } else {
            self.headers.reach(root, None);
        }
        let mut whole = io::Cursor::new(body.octets).chain(reader);
        self.give_out(Some((root, fields)), &octets, &mut whole)
    }

    /// Writes the innermost entity under the outer fields. `entity`: its header, and of that the fields that take the place of outer ones.
    /// `octets` were read already: the header block, or the beginning of what has none.
    pub(super) fn give_out(
        &mut self,
        entity: Option<(&Header, Vec<Field>)>,
        octets: &[u8],
        rest: &mut dyn BufRead,
    ) -> Result<(), Error> {
        let (header, mut inner) = match entity {
            Some((header, fields)) => (Some(header), fields),
            None => (None, Vec::new()),
        };
        if self.goal == Goal::Inspect {
            return self.parts(header, rest);
        }
        let survives = |f: &&Field| !f.is_mime() && self.headers.survives(f);
        let outer: Vec<Field> = self.outer.iter().filter(survives).cloned().collect();
        let whole = inner.clone();
        inner = self.without_trace(inner);
        // what comes out is protected no more
        if let Some(header) = header.filter(|_| self.headers.was_protected()) {
            inner = unprotected(inner, &OF_THE_HEADER, header.line_end);
        }
        let as_it_is = outer.is_empty() && inner == whole;
        let mut lines = Lines::following(self.line_end, header);
        let merged = merge(&outer, &inner);
        self.doubt_from(&merged);
        match header {
            Some(header) if !as_it_is => {
                let fields: Vec<u8> = merged.into_iter().flat_map(|f| f.raw).collect();
                lines.write(&fields, self.sink())?;
                lines.write(header.line_end.as_str().as_bytes(), self.sink())?;
            }
            None if !outer.is_empty() => {
                for field in &outer {
                    self.sink().write_all(&field.raw).map_err(Error::Write)?;
                }
                let blank = self.line_end.unwrap_or(LineEnd::Lf).as_str();
                self.sink()
                    .write_all(blank.as_bytes())
                    .map_err(Error::Write)?;
                lines.write(octets, self.sink())?;
            }
            _ => lines.write(octets, self.sink())?,
        }
        let mut output = self.hold_output();
        let mut passing = Passing::new(rest, |chunk| lines.write(chunk, output.get()));
        let read = self.parts(header, &mut passing);
        self.output = output;
        read?;
        lines.finish(self.sink())
    }

    /// Tells of a header that comes out and names no one sender.
    pub(super) fn doubt_from(&mut self, fields: &[Field]) {
        if let Some(why) = sender::ambiguity(fields) {
            let finding = self.policy.finding(Rule::AmbiguousFrom, why);
            self.report.findings.push(finding);
        }
    }
}

/// Returns the message that an entity is the envelope of, decoded: it must not be encoded (RFC 2046 §5.2.1), but some are.
pub(super) fn message_inside<R: Read>(
    entity: &Header,
    body: R,
) -> Option<Buffered<transfer::Decoder<R>>> {
    let is_message = matches!(entity.content_type(), Ok(Some(t)) if t.is("message", "rfc822"));
    let encoding = entity.transfer_encoding().ok().filter(|_| is_message)?;
    let decoder = transfer::Decoder::new(encoding, body);
    Some(Buffered::new(decoder))
}

/// The line ends of the output follow the outermost header: a text whose header ends its lines in CRLF is given out with LF under a header with LF.
enum Lines {
    AsTheyAre,
    Local(Localizer, Vec<u8>),
}

impl Lines {
    fn following(outer: Option<LineEnd>, inner: Option<&Header>) -> Self {
        let text = inner.is_some_and(|h| {
            h.line_end == LineEnd::CrLf
                && h.terminated
                && !matches!(h.transfer_encoding(), Ok(TransferEncoding::Binary))
        });
        if outer == Some(LineEnd::Lf) && text {
            Self::Local(Localizer::new(), Vec::new())
        } else {
            Self::AsTheyAre
        }
    }

    fn write(&mut self, chunk: &[u8], sink: &mut dyn Write) -> Result<(), Error> {
        match self {
            Self::AsTheyAre => sink.write_all(chunk),
            Self::Local(localizer, buffer) => {
                buffer.clear();
                localizer.push(chunk, buffer);
                sink.write_all(buffer)
            }
        }
        .map_err(Error::Write)
    }

    fn finish(self, sink: &mut dyn Write) -> Result<(), Error> {
        let Self::Local(mut localizer, mut buffer) = self else {
            return Ok(());
        };
        buffer.clear();
        localizer.finish(&mut buffer);
        sink.write_all(&buffer).map_err(Error::Write)
    }
}
