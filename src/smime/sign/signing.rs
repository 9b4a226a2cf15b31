//! A signature while its content flows: what is written to it is digested and passed on, clear or inside SignedData (RFC 8551 §3.5).
use super::{Prepared, Signer, finish, micalg};
use crate::{
    asn1::Time,
    cms::{content_type, signed_data},
    crypto::{CryptoRng, Hasher},
    encoding::base64,
    mime::{LineEnd, canonical::Localizer, compose},
    smime::{
        Error,
        cms_sink::CmsSink,
        outgoing::Piece,
        place::{Place, write_header},
        report::{Form, Signature},
    },
};
use std::io::{self, Write};

/// Takes a content in canonical form. Without [`Signing::finish`] nothing was signed.
pub(in crate::smime) struct Signing<'s> {
    hasher: Hasher,
    shape: Shape<'s>,
}

pub(super) enum Shape<'s> {
    Clear(Clear<'s>),
    Opaque(Wrapped<'s>),
    Detached(Wrapped<'s>),
}

type Wrapped<'s> = signed_data::Writer<CmsSink<&'s mut (dyn Write + Send)>>;

/// multipart/signed: the bytes hashed and the bytes written are the same.
pub(super) struct Clear<'s> {
    sink: &'s mut (dyn Write + Send),
    boundary: String,
    line_end: LineEnd,
    /// where lines end in LF, and what is on its way there
    local: Option<(Localizer, Vec<u8>)>,
}

impl<'s> Signing<'s> {
    /// Writes what stands before the content.
    pub(in crate::smime) fn begin(
        prepared: &Prepared,
        form: Form,
        place: Place<'s>,
        rng: &mut dyn CryptoRng,
    ) -> io::Result<Self> {
        let hasher = Hasher::new(prepared.digest);
        let shape = match form {
            Form::Clear => Shape::Clear(Clear::begin(prepared, place, rng)?),
            Form::Opaque => Shape::Opaque(wrapped(prepared, place, false)?),
            Form::Detached => Shape::Detached(wrapped(prepared, place, true)?),
        };
        Ok(Self { hasher, shape })
    }

    /// Returns the form of the signature.
    pub(in crate::smime) const fn form(&self) -> Form {
        match self.shape {
            Shape::Clear(_) => Form::Clear,
            Shape::Opaque(_) => Form::Opaque,
            Shape::Detached(_) => Form::Detached,
        }
    }

    /// Returns whether a CR that stands alone could not be told from a line end.
    pub(super) fn has_local_lines(&self) -> bool {
        matches!(&self.shape, Shape::Clear(clear) if clear.local.is_some())
    }

    /// Signs, and writes what stands after the content.
    pub(in crate::smime) fn finish(
        self,
        signer: &Signer<'_>,
        prepared: &Prepared,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Signature, Error> {
        let digest = self.hasher.finish();
        let signed = Some(content_type::DATA);
        let mut sign = || signer.signature(prepared, signed, &digest, at, rng);
        match self.shape {
            Shape::Clear(mut clear) => {
                clear.end_content().map_err(Error::Write)?;
                let (signature, signer) = sign()?;
                clear.finish(prepared, signer)?;
                Ok(signature)
            }
            Shape::Opaque(writer) | Shape::Detached(writer) => {
                let (signature, signer) = sign()?;
                finish(writer, prepared, signer)?
                    .finish()
                    .map_err(Error::Write)?;
                Ok(signature)
            }
        }
    }
}

impl<'s> Signing<'s> {
    /// Returns what digests the content, and what passes it on.
    pub(super) const fn halves(&mut self) -> (&mut Hasher, &mut Shape<'s>) {
        (&mut self.hasher, &mut self.shape)
    }
}

impl Shape<'_> {
    /// Passes a piece of the content on.
    pub(super) fn take(&mut self, piece: &Piece) -> io::Result<()> {
        match (self, piece.local()) {
            (Self::Clear(clear), Some(local)) if clear.local.is_some() => {
                clear.sink.write_all(local)
            }
            (shape, _) => shape.write(piece.form()),
        }
    }

    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        match self {
            Self::Clear(clear) => clear.write_content(content),
            Self::Opaque(writer) => writer.write_all(content),
            Self::Detached(_) => Ok(()),
        }
    }
}

impl Write for Signing<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.hasher.update(buf);
        self.shape.write(buf)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'s> Clear<'s> {
    fn begin(prepared: &Prepared, place: Place<'s>, rng: &mut dyn CryptoRng) -> io::Result<Self> {
        let Place {
            sink,
            outer,
            line_end,
            ..
        } = place;
        let mut random = [0; 24];
        rng.fill_bytes(&mut random);
        let boundary = compose::boundary(&random);
        let mut fields = outer.to_vec();
        let digest = micalg(prepared.digest);
        fields.extend(compose::multipart_signed(digest, &boundary, line_end));
        write_header(sink, &fields, line_end)?;
        write!(sink, "--{boundary}{}", line_end.as_str())?;
        Ok(Self {
            sink,
            boundary,
            line_end,
            local: (line_end == LineEnd::Lf).then(|| (Localizer::new(), Vec::new())),
        })
    }

    fn write_content(&mut self, chunk: &[u8]) -> io::Result<()> {
        match &mut self.local {
            None => self.sink.write_all(chunk),
            Some((localizer, buffer)) => {
                buffer.clear();
                localizer.push(chunk, buffer);
                self.sink.write_all(buffer)
            }
        }
    }

    fn end_content(&mut self) -> io::Result<()> {
        if let Some((mut localizer, mut buffer)) = self.local.take() {
            buffer.clear();
            localizer.finish(&mut buffer);
            self.sink.write_all(&buffer)?;
        }
        Ok(())
    }

    fn finish(self, prepared: &Prepared, signer: Vec<u8>) -> Result<(), Error> {
        let Self {
            sink,
            boundary,
            line_end,
            ..
        } = self;
        let eol = line_end.as_str();
        write!(sink, "{eol}--{boundary}{eol}").map_err(Error::Write)?;
        write_header(sink, &compose::signature_part(line_end), line_end).map_err(Error::Write)?;
        let writer = signed_data::Writer::new(
            base64::Encoder::new(&mut *sink, eol),
            &[prepared.digest],
            content_type::DATA,
            true,
        );
        finish(writer, prepared, signer)?
            .finish()
            .map_err(Error::Write)?;
        write!(sink, "{eol}--{boundary}--{eol}").map_err(Error::Write)?;
        sink.flush().map_err(Error::Write)
    }
}

/// SignedData with its content inside, or without it.
fn wrapped<'s>(prepared: &Prepared, place: Place<'s>, detached: bool) -> io::Result<Wrapped<'s>> {
    let Place {
        sink,
        encoding,
        outer,
        line_end,
    } = place;
    let to = CmsSink::begin(sink, encoding, outer, "signed-data", line_end)?;
    let digests = [prepared.digest];
    let content = content_type::DATA;
    Ok(signed_data::Writer::new(to, &digests, content, detached))
}
