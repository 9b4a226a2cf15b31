//! Where the octets of a CMS object are written: as they are (DER or BER), as PEM (RFC 7468 §9), or as the base64 body of a message (RFC 8551 §3.2).
//!
//! Knows how an object is wrapped; must not know what is in it.
use super::Encoding;
use crate::{
    encoding::base64,
    mime::{LineEnd, compose, header::Field},
};
use std::io::{self, Write};

/// Where the octets of a CMS object are written to: as they are, as PEM, or as the base64 body of a message.
pub(super) enum CmsSink<W: Write> {
    Der(W),
    Base64 {
        encoder: base64::Encoder<W>,
        end: String,
    },
}

impl<W: Write> CmsSink<W> {
    /// Begins the output: header fields (for a message), PEM's first line, or nothing.
    pub(super) fn begin(
        mut sink: W,
        encoding: Encoding,
        outer: &[Field],
        smime_type: &str,
        line_end: LineEnd,
    ) -> io::Result<Self> {
        match encoding {
            Encoding::Der => Ok(Self::Der(sink)),
            Encoding::Pem => {
                sink.write_all(b"-----BEGIN CMS-----\n")?;
                Ok(Self::Base64 {
                    encoder: base64::Encoder::new(sink, "\n"),
                    end: "-----END CMS-----\n".to_owned(),
                })
            }
            Encoding::Smime => {
                for field in outer
                    .iter()
                    .chain(&compose::pkcs7_mime(smime_type, line_end))
                {
                    sink.write_all(&field.raw)?;
                }
                sink.write_all(line_end.as_str().as_bytes())?;
                Ok(Self::Base64 {
                    encoder: base64::Encoder::new(sink, line_end.as_str()),
                    end: String::new(),
                })
            }
        }
    }

    /// Ends the output.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Der(mut sink) => sink.flush(),
            Self::Base64 { encoder, end } => {
                let mut sink = encoder.finish()?;
                sink.write_all(end.as_bytes())?;
                sink.flush()
            }
        }
    }
}

impl<W: Write> Write for CmsSink<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Der(sink) => sink.write(buf),
            Self::Base64 { encoder, .. } => encoder.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
