//! Why a clear-signed content is not what was signed: a file is read again for it.
use super::{Goal, Peeler};
use crate::{
    cms::signed_data::SignedData,
    crypto::Digest,
    mime::{header::Header, split::Splitter},
    policy::{Finding, Rule},
    smime::{
        Error, Source,
        layer::{self, Announced},
        outgoing::{PART, tree_limits},
        report::Layer,
        source::{self, Opened},
        transit,
    },
};

/// A signature whose content is another.
pub(super) struct Suspect {
    /// place of its layer in the report
    slot: usize,
    digest: Digest,
    signed: Vec<u8>,
}

impl Peeler<'_> {
    /// Remembers the first signer whose content is another, to look into it later.
    pub(super) fn suspect(&mut self, slot: usize, signed: &SignedData) {
        let Some(Layer::Signed(layer)) = self.report.layers.get(slot) else {
            return;
        };
        let is_other = |finding: &Finding| finding.rule == Rule::DigestMismatch;
        let signatures = layer.signatures.iter().zip(&signed.signers);
        self.suspected = signatures
            .filter(|(signature, _)| signature.findings.iter().any(is_other))
            .find_map(|(_, signer)| {
                let attributes = signer.signed_attributes.as_ref()?;
                Some(Suspect {
                    slot,
                    digest: signer.digest().ok()?,
                    signed: attributes.message_digest().ok()?.to_vec(),
                })
            });
    }

    /// Reads the message again, from its beginning, to say what was done to its content.
    pub(super) fn explain(&mut self, source: &mut Source<'_>) -> Result<(), Error> {
        let Some(suspect) = self.suspected.take().filter(|_| self.goal != Goal::Inspect) else {
            return Ok(());
        };
        let Opened::Mime(mut reader) = source::open(source)? else {
            return Ok(());
        };
        let header = Header::read(&mut reader, self.header_limits())?;
        let Announced::ClearSigned { boundary, .. } = layer::announced(&header)? else {
            return Ok(());
        };
        let mut splitter = Splitter::new(&mut reader, &boundary);
        if !splitter.next_part()? {
            return Ok(());
        }
        let limits = tree_limits(&self.policy.limits);
        let what = transit::examine(&mut splitter, PART, limits, suspect.digest, &suspect.signed)?;
        if let (Some(what), Some(Layer::Signed(layer))) =
            (what, self.report.layers.get_mut(suspect.slot))
        {
            let finding = self.policy.finding(Rule::ChangedInTransit, what);
            layer.findings.push(finding);
        }
        Ok(())
    }
}
