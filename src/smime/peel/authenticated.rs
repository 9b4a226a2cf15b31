//! Authenticated layers: AuthenticatedData (RFC 5652 §9). Everyone who can check the MAC could have made it, so nobody signed.
use super::{Goal, Peeler, Watched, Wire, encrypted::summary};
use crate::{
    asn1,
    cms::{self, authenticated_data},
    policy::{Policy, Rule},
    smime::{
        Error,
        layer::Label,
        report::{AuthenticatedLayer, Integrity, Layer},
        source::Buffered,
    },
};
use std::io;

impl Peeler<'_> {
    pub(super) fn authenticated(
        &mut self,
        mut reader: authenticated_data::Reader<Wire<'_>>,
        label: Option<Label>,
    ) -> Result<(), Error> {
        if matches!(self.goal, Goal::Verify | Goal::Decrypt) {
            self.absent();
            return Ok(());
        }
        let slot = self.report.layers.len();
        let content_type = reader.content_type;
        let has_content = reader.has_content;
        let algorithm = reader.mac_algorithm();
        let mut layer = AuthenticatedLayer {
            mac: match &algorithm {
                Ok(algorithm) => algorithm.name(),
                Err(_) => asn1::oid::name(&reader.algorithm.oid),
            },
            integrity: Integrity::Undetermined,
            recipients: reader.recipients.iter().map(summary).collect(),
            opened_by: None,
            findings: Vec::from_iter(self.contradicted(label, "authenticated by a MAC")),
        };
        self.grade_key_encryption(&reader.recipients, &mut layer.findings);
        let mut check = None;
        if self.goal == Goal::Open {
            if Policy::denies(&layer.findings) {
                self.report.layers.push(Layer::Authenticated(layer));
                return Ok(());
            }
            // the algorithms are judged before a private key is used
            let size = algorithm.map_err(Error::Crypto)?.key_size();
            reader.digest().map_err(Error::Crypto)?;
            if !has_content {
                return Err(Error::Cms(cms::Error::Malformed {
                    what: "there is no authenticated content",
                    offset: 0,
                }));
            }
            let found = self.content_key(&reader.recipients, size, &layer.recipients)?;
            layer.opened_by = Some(found.recipient);
            check = Some(reader.check(&found.key).map_err(Error::Crypto)?);
        }
        let mut content = Watched {
            source: &mut reader,
            watch: |octets: &[u8]| check.iter_mut().for_each(|c| c.update(octets)),
        };
        let inside = match has_content {
            true => self.inside(&content_type, &mut Buffered::new(&mut content)),
            false => Ok(()),
        };
        if let Err(error) = io::copy(&mut content, &mut io::sink()) {
            inside?;
            return Err(error.into());
        }
        let (tail, wire) = reader.finish()?;
        layer.findings.extend(self.nothing_follows(wire)?);
        layer.findings.extend(self.not_opened(content_type));
        layer.integrity = match check.map(|check| check.holds(&tail)) {
            None => Integrity::Undetermined,
            Some(true) => Integrity::Intact,
            Some(false) => Integrity::Broken,
        };
        if layer.integrity == Integrity::Broken {
            layer.opened_by = None;
            layer.findings.push(self.policy.finding(
                Rule::MacInvalid,
                "the content is not what was authenticated, or the key is wrong",
            ));
        } else {
            // what was wrong inside may be because of that, and is not the answer then
            inside?;
        }
        self.report.layers.insert(slot, Layer::Authenticated(layer));
        Ok(())
    }
}
