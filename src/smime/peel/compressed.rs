//! Compressed layers: CompressedData (RFC 8551 §3.6, RFC 3274), how much comes out of them bounded.
use super::{Goal, Peeler, Wire};
use crate::{
    cms::compressed_data,
    policy::Limits,
    smime::{
        Error,
        layer::Label,
        report::{CompressedLayer, Layer},
        source::Buffered,
    },
};
use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

/// What all compressed layers of the message come to, those of its parts too, so that many of them are bounded as one is.
#[derive(Default)]
pub(super) struct Inflated {
    /// octets that came out
    given: Cell<u64>,
    /// octets taken of the layers that no other is around: what is in those was counted there
    taken: Cell<u64>,
}

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
        let is_outermost = !std::mem::replace(&mut self.in_compressed, true);
        let mut content = Bounded {
            reader,
            given: 0,
            before: is_outermost.then(|| self.inflated.taken.get()),
            all: Rc::clone(&self.inflated),
            limits: self.policy.limits,
        };
        self.inside(&content_type, &mut Buffered::new(&mut content))?;
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

/// A content under its limits. The ratio is that of all layers together, so that neither layers in layers nor layers beside layers multiply it; it
/// does not matter for what is small enough to be held in memory. Past it nothing more is decompressed, of whichever layer.
struct Bounded<R> {
    reader: compressed_data::Reader<R>,
    /// octets that came out
    given: u64,
    /// octets taken of others before, where no other is around this one
    before: Option<u64>,
    all: Rc<Inflated>,
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
        let taken = self.all.taken.get();
        let most = taken.saturating_mul(limits.compression_ratio);
        if self.all.given.get() > free.max(most) {
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
        self.check().map_err(io::Error::other)?;
        let n = self.reader.read(buf)?;
        self.given = self.given.saturating_add(n as u64);
        let given = self.all.given.get().saturating_add(n as u64);
        self.all.given.set(given);
        if let Some(before) = self.before {
            let taken = before.saturating_add(self.reader.taken());
            self.all.taken.set(taken);
        }
        Ok(n)
    }
}
