//! Countersignatures (RFC 5652 §11.4): signatures over a signature's value, in its unsigned attributes. Whoever passes a message on can add
//! them or take them away, so that nothing rests on them: one that does not hold is a warning of the signature it is over.
use super::{Digested, Judge, describe, services};
use crate::{
    cms::{attribute::countersignatures, signer_info::SignerInfo},
    crypto::Digest,
    policy::{Finding, Policy, Rule},
    smime::{
        Error,
        digests::ContentDigests,
        report::{Form, Integrity, Signature, Verdict},
    },
    x509::Collection,
};

/// How many and how deep they may still be.
struct Room<'p> {
    policy: &'p Policy,
    count: usize,
}

impl<'p> Room<'p> {
    const fn new(policy: &'p Policy) -> Self {
        Self { policy, count: 0 }
    }

    /// Parses the countersignatures of a signer at this depth, 0 for those of the message's own signatures. A malformed one is a finding.
    fn parse(
        &mut self,
        signer: &SignerInfo,
        depth: usize,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<SignerInfo>, Error> {
        let limits = &self.policy.limits;
        let limit = |name, what, limit: usize| Error::Limit {
            name,
            what,
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        };
        let mut parsed = Vec::new();
        for der in countersignatures(&signer.unsigned_attributes) {
            if depth >= limits.countersignature_depth {
                let what = "levels of countersignatures";
                let most = limits.countersignature_depth;
                return Err(limit("countersignature-depth", what, most));
            }
            self.count += 1;
            if self.count > limits.countersignatures {
                let most = limits.countersignatures;
                return Err(limit("countersignatures", "countersignatures", most));
            }
            match SignerInfo::parse_within(der, limits.asn1_depth, limits.attributes) {
                Ok(info) => parsed.push(info),
                Err(error) => findings.push(self.policy.finding(
                    Rule::Countersignature,
                    format!("a countersignature was left out: {error}"),
                )),
            }
        }
        Ok(parsed)
    }
}

impl Judge<'_> {
    /// Judges the countersignatures over a signature, and those over them.
    pub(super) fn judge_countersignatures(
        &self,
        signer: &SignerInfo,
        in_message: &Collection,
        signature: &mut Signature,
    ) -> Result<(), Error> {
        let room = &mut Room::new(self.policy);
        self.countersignatures_within(signer, in_message, signature, 0, room)
    }

    fn countersignatures_within(
        &self,
        signer: &SignerInfo,
        in_message: &Collection,
        signature: &mut Signature,
        depth: usize,
        room: &mut Room<'_>,
    ) -> Result<(), Error> {
        for info in room.parse(signer, depth, &mut signature.findings)? {
            let digest = info.digest().unwrap_or(Digest::Sha256);
            let mut digests = ContentDigests::new(&[digest], false);
            digests.update(&signer.signature);
            let digests = digests.finish();
            let digested = Digested {
                digests: &digests,
                content_type: None,
                form: Form::Opaque,
                as_received: false,
                head: &signer.signature,
            };
            let mut over = describe(&info);
            let checked = self.check(&info, &digested, in_message, &mut over)?;
            over.integrity = checked.integrity;
            over.findings = checked.findings;
            services(&info, self.policy, &mut over);
            self.countersignatures_within(&info, in_message, &mut over, depth + 1, room)?;
            if let Some(certificate) = checked.certificate {
                self.judge_path(&certificate, &info, in_message, &mut over)?;
                over.signer = Some(certificate);
            }
            if over.verdict() == Verdict::Fail {
                let what = match over.integrity {
                    Integrity::Broken => "does not hold",
                    _ => "is not accepted",
                };
                let message = format!("the countersignature of {} {what}", over.signer_id);
                let finding = self.policy.finding(Rule::Countersignature, message);
                signature.findings.push(finding);
            }
            signature.countersignatures.push(over);
        }
        Ok(())
    }
}

/// Says what countersignatures are over a signature, nothing judged.
pub(super) fn describe_within(
    signer: &SignerInfo,
    in_message: &Collection,
    policy: &Policy,
    described: &mut Signature,
) -> Result<(), Error> {
    describe_at(signer, in_message, described, 0, &mut Room::new(policy))
}

fn describe_at(
    signer: &SignerInfo,
    in_message: &Collection,
    described: &mut Signature,
    depth: usize,
    room: &mut Room<'_>,
) -> Result<(), Error> {
    for info in room.parse(signer, depth, &mut described.findings)? {
        let mut over = describe(&info);
        let mut certificates = in_message.certificates.iter();
        over.signer = certificates.find(|it| info.sid.names(it)).cloned();
        services(&info, room.policy, &mut over);
        describe_at(&info, in_message, &mut over, depth + 1, room)?;
        described.countersignatures.push(over);
    }
    Ok(())
}
