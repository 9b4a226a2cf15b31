//! Time-stamps over a signature (RFC 3161, RFC 5816): tokens in its unsigned attributes. One counts only under an anchor that the user gave
//! for time-stamping authorities; it then says when the signature existed. One that does not hold says nothing, which is a warning.
use super::{CLOCK_SKEW, Checked, Digested, Judge, certificates, describe};
use crate::{
    cms::{
        self, Object,
        signed_data::SignedData,
        signer_info::SignerInfo,
        time_stamp::{self, TstInfo},
    },
    crypto::digest::digest,
    policy::{Level, Policy, Rule, strength},
    smime::{
        Error,
        digests::ContentDigests,
        peel::cms_limits,
        report::{Form, Signature, TimeStamp, Trust},
    },
    x509::{Collection, PathBuilder, Purpose, TrustAnchors},
};
use std::{collections::BTreeSet, io::Read};

/// A token, parsed.
struct Token {
    content: Vec<u8>,
    info: TstInfo,
    signed: SignedData,
    /// digestAlgorithms
    digests: Vec<crate::crypto::Digest>,
}

impl Token {
    fn parse(der: &[u8], policy: &Policy) -> Result<Self, Error> {
        let Object::Signed(mut reader) = cms::open(der, cms_limits(&policy.limits))? else {
            return Err(malformed("a time-stamp token is no SignedData"));
        };
        if reader.content_type != time_stamp::CONTENT_TYPE {
            return Err(malformed("a time-stamp token has another content"));
        }
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        let digests = reader.digest_algorithms.clone();
        let (signed, mut rest) = reader.finish()?;
        if rest.read(&mut [0])? > 0 {
            return Err(malformed("something follows a time-stamp token"));
        }
        let info = TstInfo::from_der(&content)?;
        Ok(Self {
            content,
            info,
            signed,
            digests,
        })
    }

    /// RFC 3161 §2.4.2: no signatures other than the authority's.
    fn signer(&self) -> Option<&SignerInfo> {
        match self.signed.signers.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

fn malformed(what: &'static str) -> Error {
    Error::Cms(cms::Error::Malformed { what, offset: 0 })
}

/// Parses the tokens of a signer; a malformed one, or one with several signers, is a finding.
fn tokens(
    signer: &SignerInfo,
    policy: &Policy,
    signature: &mut Signature,
) -> Result<Vec<Token>, Error> {
    let limit = policy.limits.time_stamps;
    if time_stamp::tokens(&signer.unsigned_attributes).count() > limit {
        return Err(Error::Limit {
            name: "time-stamps",
            what: "time-stamps",
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        });
    }
    let mut parsed = Vec::new();
    for der in time_stamp::tokens(&signer.unsigned_attributes) {
        match Token::parse(der, policy) {
            Ok(token) if token.signer().is_some() => parsed.push(token),
            Ok(_) => signature.findings.push(policy.finding(
                Rule::TimeStamp,
                "a time-stamp token without exactly one signer was left out",
            )),
            Err(error) => signature.findings.push(policy.finding(
                Rule::TimeStamp,
                format!("a time-stamp token was left out: {error}"),
            )),
        }
    }
    Ok(parsed)
}

/// Says what time-stamps are over a signature, nothing judged.
pub(super) fn describe_within(
    signer: &SignerInfo,
    policy: &Policy,
    described: &mut Signature,
) -> Result<(), Error> {
    for token in tokens(signer, policy, described)? {
        let Some(signer) = token.signer() else {
            continue;
        };
        let mut authority = describe(signer);
        let (in_token, _) = certificates(&token.signed, policy);
        let mut certificates = in_token.certificates.iter();
        authority.signer = certificates.find(|it| signer.sid.names(it)).cloned();
        described.time_stamps.push(TimeStamp {
            info: token.info,
            token: authority,
            judged: false,
        });
    }
    Ok(())
}

impl Judge<'_> {
    /// Judges the time-stamps over a signature, and takes the earliest time that one proves.
    pub(super) fn judge_time_stamps(
        &self,
        signer: &SignerInfo,
        in_message: &Collection,
        signature: &mut Signature,
    ) -> Result<(), Error> {
        let Some(anchors) = self.time_stamp_anchors else {
            return describe_within(signer, self.policy, signature);
        };
        for token in tokens(signer, self.policy, signature)? {
            let stamp = self.judge_token(token, signer, anchors, in_message)?;
            if stamp.holds() {
                let proven = stamp.info.latest();
                let earlier = signature.proven_time.map_or(proven, |it| it.min(proven));
                signature.proven_time = Some(earlier);
            } else {
                let rules: BTreeSet<_> = stamp
                    .token
                    .findings
                    .iter()
                    .filter(|finding| finding.level == Level::Deny)
                    .map(|finding| finding.rule.name())
                    .collect();
                let why = Vec::from_iter(rules).join(", ");
                let time = stamp.info.time;
                let message = format!("the time-stamp of {time} does not count: {why}");
                let finding = self.policy.finding(Rule::TimeStamp, message);
                signature.findings.push(finding);
            }
            signature.time_stamps.push(stamp);
        }
        Ok(())
    }

    fn judge_token(
        &self,
        token: Token,
        over: &SignerInfo,
        anchors: &TrustAnchors,
        in_message: &Collection,
    ) -> Result<TimeStamp, Error> {
        let mut in_token = certificates(&token.signed, self.policy).0;
        let info = token.info.clone();
        let Some(signer) = token.signer() else {
            return Err(malformed("a time-stamp token without exactly one signer"));
        };
        let mut authority = describe(signer);
        let mut digests = ContentDigests::new(&token.digests, false);
        digests.update(&token.content);
        let digests = digests.finish();
        let digested = Digested {
            digests: &digests,
            content_type: Some(time_stamp::CONTENT_TYPE),
            form: Form::Opaque,
            as_received: false,
            head: &token.content,
        };
        // certReq may have been false: then the authority's certificate is wherever others are
        in_token.extend(in_message.clone());
        let mut checked = self.check(signer, &digested, &in_token, &mut authority)?;
        self.check_info(&info, signer, over, &mut checked);
        authority.integrity = checked.integrity;
        authority.findings = checked.findings;
        if let Some(certificate) = checked.certificate {
            let mut allowance = self.allowance.get();
            let paths = PathBuilder::new(anchors, self.repository, self.policy);
            let path = paths.watched(self.watch.clone()).judge_within(
                &certificate,
                &in_token,
                Purpose::TimeStamp,
                self.at,
                None,
                &mut allowance,
            )?;
            self.allowance.set(allowance);
            authority.trust = if path.trusted {
                Trust::Trusted
            } else {
                Trust::Untrusted
            };
            authority.revocation = path.revocation;
            authority.path = path.path;
            authority.anchor = path.anchor;
            authority.findings.extend(path.findings);
            authority.signer = Some(certificate);
        }
        Ok(TimeStamp {
            info,
            token: authority,
            judged: true,
        })
    }

    /// Compares what a token says with the signature it is over, with its certificate and with the time.
    fn check_info(
        &self,
        info: &TstInfo,
        signer: &SignerInfo,
        over: &SignerInfo,
        checked: &mut Checked,
    ) {
        let mut wrong = Vec::new();
        match info.digest() {
            Ok(algorithm) if digest(algorithm, &over.signature) != info.imprint => {
                wrong.push("the imprint is not that of the signature".to_owned());
            }
            Ok(algorithm) if strength::is_weak_digest(algorithm) => {
                let message = format!("the time-stamp is over {}", algorithm.name());
                checked.find(self.policy, Rule::WeakDigest, message);
            }
            Ok(_) => {}
            Err(error) => wrong.push(format!("the imprint: {error}")),
        }
        let attributes = signer.signed_attributes.as_ref();
        let certificate = checked.certificate.as_ref();
        // RFC 3161 §2.4.2: the certificate identifier MUST be a signed attribute; a wrong one was found out already
        let named = certificate.and_then(|it| Some(attributes?.signing_certificate_is(it)));
        for (is_so, what) in [
            (
                info.critical,
                "it has a critical extension, which is not understood",
            ),
            (
                info.time.0.saturating_sub(CLOCK_SKEW) > self.at.0,
                "its time lies in the future",
            ),
            (
                certificate.is_some_and(|it| !info.names(it)),
                "it names another authority than its certificate",
            ),
            (
                certificate.is_some_and(|it| !it.is_valid_at(info.time)),
                "its certificate was not valid at its time",
            ),
            (
                matches!(named, None | Some(Ok(None))),
                "its signed attributes do not name its certificate",
            ),
        ] {
            if is_so {
                wrong.push(what.to_owned());
            }
        }
        for what in wrong {
            checked.find(self.policy, Rule::TimeStampToken, what);
        }
    }
}
