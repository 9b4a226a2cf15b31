//! Digested layers: DigestedData (RFC 5652 §7). The digest is checked, and vouches for nobody.
use super::{Goal, Peeler, Watched, Wire};
use crate::{
    asn1,
    cms::{self, digested_data},
    crypto::Hasher,
    policy::Rule,
    smime::{
        Error,
        layer::Label,
        report::{DigestedLayer, Integrity, Layer},
        source::Buffered,
    },
};
use std::io;

impl Peeler<'_> {
    pub(super) fn digested(
        &mut self,
        mut reader: digested_data::Reader<Wire<'_>>,
        label: Option<Label>,
    ) -> Result<(), Error> {
        if matches!(self.goal, Goal::Verify | Goal::Decrypt) {
            self.absent();
            return Ok(());
        }
        let slot = self.report.layers.len();
        let mut findings = Vec::from_iter(self.contradicted(label, "digested"));
        let (content_type, algorithm) = (reader.content_type, reader.digest());
        if self.goal == Goal::Open && !reader.has_content {
            return Err(Error::Cms(cms::Error::Malformed {
                what: "there is no digested content",
                offset: 0,
            }));
        }
        let mut hasher = match algorithm {
            Ok(digest) => Some(Hasher::new(digest)),
            Err(_) if self.goal == Goal::Inspect => None,
            Err(error) => return Err(Error::Crypto(error)),
        };
        let has_content = reader.has_content;
        let mut content = Watched {
            source: &mut reader,
            watch: |octets: &[u8]| hasher.iter_mut().for_each(|h| h.update(octets)),
        };
        let inside = match has_content {
            true => self.inside(&content_type, &mut Buffered::new(&mut content)),
            false => Ok(()),
        };
        if let Err(error) = io::copy(&mut content, &mut io::sink()) {
            inside?;
            return Err(error.into());
        }
        let name = match &hasher {
            Some(hasher) => hasher.digest().name().to_owned(),
            None => asn1::oid::name(&reader.algorithm.oid),
        };
        let (digest, wire) = reader.finish()?;
        findings.extend(self.nothing_follows(wire)?);
        findings.extend(self.not_opened(content_type));
        let right = hasher.filter(|_| has_content).map(|h| h.finish() == digest);
        let integrity = match right {
            None => Integrity::Undetermined,
            Some(true) => Integrity::Intact,
            Some(false) => Integrity::Broken,
        };
        if integrity == Integrity::Broken {
            findings.push(
                self.policy
                    .finding(Rule::DigestMismatch, "the content is not what was digested"),
            );
        } else {
            // what was wrong inside may be because of that, and is not the answer then
            inside?;
        }
        let layer = DigestedLayer {
            digest: name,
            integrity,
            findings,
        };
        self.report.layers.insert(slot, Layer::Digested(layer));
        Ok(())
    }
}
