//! Where an entity is written: outermost under the fields of the message, or as the content of another layer.
use super::Encoding;
use crate::mime::{LineEnd, header::Field};
use std::io::{self, Write};

/// A sink, and how an entity is written to it.
pub(super) struct Place<'s> {
    pub(super) sink: &'s mut (dyn Write + Send),
    /// as a MIME entity or as bare CMS
    pub(super) encoding: Encoding,
    /// the fields that stay outside
    pub(super) outer: &'s [Field],
    pub(super) line_end: LineEnd,
}

impl<'s> Place<'s> {
    /// Returns the place of an entity that is the content of another layer: in canonical form, with no field but its own.
    pub(super) fn inside(sink: &'s mut (dyn Write + Send)) -> Self {
        Self {
            sink,
            encoding: Encoding::Smime,
            outer: &[],
            line_end: LineEnd::CrLf,
        }
    }
}

/// Writes these fields and the line that ends a header.
pub(super) fn write_header(
    sink: &mut dyn Write,
    fields: &[Field],
    line_end: LineEnd,
) -> io::Result<()> {
    for field in fields {
        sink.write_all(&field.raw)?;
    }
    sink.write_all(line_end.as_str().as_bytes())
}
