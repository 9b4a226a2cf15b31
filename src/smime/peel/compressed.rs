//! Compressed layers: CompressedData (RFC 8551 §3.6, RFC 3274), how much comes out of them bounded.
use super::{Goal, Peeler, Wire};
use crate::{
    cms::compressed_data,
    policy::Limits,
    smime::{
        Error,
        layer::Label,
        report::{CompressedLayer, Layer},
        source::CHUNK,
    },
};
use std::{
    cell::Cell,
    io::{self, BufReader, Read},
    rc::Rc,
};

impl Peeler<'_> {
    pub(super) fn compressed(
        &mut self,
        reader: compressed_data::Reader<Wire<'_>>,
        label: Option<Label>,
    ) -> Result<(), Error> {
        if matches!(self.goal, Goal::Verify | Goal::Decrypt) {
            self.absent();
            return Ok(());
        }
        let slot = self.report.layers.len();
        let mut findings = Vec::from_iter(self.mislabelled(label, Label::Compressed));
        let content_type = reader.content_type;
        let is_outermost = self.compressed.is_none();
        let mut content = Bounded {
            reader,
            given: 0,
            taken: Rc::clone(self.compressed.get_or_insert_default()),
            is_outermost,
            limits: self.policy.limits,
        };
        self.inside(
            &content_type,
            &mut BufReader::with_capacity(CHUNK, &mut content),
        )?;
        // only its end tells whether it was whole
        io::copy(&mut content, &mut io::sink())?;
        findings.extend(self.nothing_follows(content.reader.finish()?)?);
        findings.extend(self.not_opened(content_type));
        let algorithm = "zlib";
        let layer = CompressedLayer {
            algorithm,
            findings,
        };
        self.report.layers.insert(slot, Layer::Compressed(layer));
        Ok(())
    }
}

/// A content under its limits. The ratio is that to the outermost compressed layer, so that layers in layers do not multiply it; it does not
/// matter for what is small enough to be held in memory.
struct Bounded<R> {
    reader: compressed_data::Reader<R>,
    /// octets that came out
    given: u64,
    /// octets taken of the outermost compressed layer
    taken: Rc<Cell<u64>>,
    is_outermost: bool,
    limits: Limits,
}

impl<R: Read> Bounded<R> {
    fn check(&self) -> Result<(), Error> {
        let limits = &self.limits;
        let free = u64::try_from(limits.held_bytes).unwrap_or(u64::MAX);
        if self.given > limits.uncompressed_bytes {
            return Err(Error::Limit {
                name: "uncompressed-bytes",
                what: "bytes of a compressed content",
                limit: limits.uncompressed_bytes,
            });
        }
        let most = self.taken.get().saturating_mul(limits.compression_ratio);
        if self.given > free.max(most) {
            return Err(Error::Limit {
                name: "compression-ratio",
                what: "bytes from one compressed byte",
                limit: limits.compression_ratio,
            });
        }
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buf)?;
        self.given = self.given.saturating_add(n as u64);
        if self.is_outermost {
            self.taken.set(self.reader.taken());
        }
        self.check().map_err(io::Error::other)?;
        Ok(n)
    }
}
