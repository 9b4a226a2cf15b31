//! Verifying the outermost signature: integrity, chain, sender (RFC 8551 §2.6, RFC 8550).
use super::{
    Error, Report, Source, headers,
    peel::{Goal, Peeler},
    report::{Form, Layer},
    sender::{self, ExpectedSigner},
    signature::Judge,
};
use crate::{
    asn1::Time,
    mime::part::PartNumber,
    policy::{Level, Policy, Rule},
    x509::{Allowance, Repository, TrustAnchors, Watch},
};
use std::{
    io::{self, Write},
    sync::Arc,
};

/// Verifies messages.
pub struct Verifier<'a> {
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    policy: &'a Policy,
    signers: &'a [ExpectedSigner],
    as_received: bool,
    watch: Option<Arc<dyn Watch>>,
    time_stamp_anchors: Option<&'a TrustAnchors>,
    required: Option<usize>,
    part: Option<PartNumber>,
}

impl<'a> Verifier<'a> {
    /// Trusts these anchors, finds certificates that are not in the message in `repository`. `signers`: who must have signed, in place of
    /// the comparison with From; may be empty.
    pub fn new(
        anchors: &'a TrustAnchors,
        repository: &'a dyn Repository,
        policy: &'a Policy,
        signers: &'a [ExpectedSigner],
    ) -> Self {
        Self {
            anchors,
            repository,
            policy,
            signers,
            as_received: false,
            watch: None,
            time_stamp_anchors: None,
            required: None,
            part: None,
        }
    }

    /// Judges time-stamps over signatures under these anchors. One that holds says when the signature existed, and its signer's path is judged
    /// at that time.
    #[must_use]
    pub fn time_stamped_under(mut self, anchors: &'a TrustAnchors) -> Self {
        self.time_stamp_anchors = Some(anchors);
        self
    }

    /// Is content with so many passing signatures of each signed layer (at least one), instead of wanting every one to pass.
    #[must_use]
    pub fn requiring(mut self, signatures: usize) -> Self {
        self.required = Some(signatures.max(1));
        self
    }

    /// Takes the content of a clear-signed message as it was received, line ends and all, instead of in canonical form: for a message whose
    /// report has the finding `line-ends`, which says that this is what was signed.
    #[must_use]
    pub fn as_received(mut self) -> Self {
        self.as_received = true;
        self
    }

    /// Takes this part for the message: the layers at its root count, and only it comes out.
    #[must_use]
    pub fn part(mut self, part: PartNumber) -> Self {
        self.part = Some(part);
        self
    }

    /// Keeps the limit of time for each certificate path, too: the library reads no clock by itself.
    #[must_use]
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = Some(watch);
        self
    }

    pub(super) const fn policy(&self) -> &Policy {
        self.policy
    }

    /// Verifies one message; writes to `sink` exactly the entity that was digested. `content` is the content of a detached CMS signature.
    pub fn verify<'c>(
        &self,
        source: Source<'_>,
        content: Option<Source<'c>>,
        sink: &'c mut dyn Write,
        at: Time,
    ) -> Result<Report, Error>
    where
        'a: 'c,
    {
        self.require_anchor()?;
        let mut peeler = self.peeler(Goal::Verify, sink, at);
        peeler.detached = content;
        peeler.as_received = self.as_received;
        peeler.walk(source)?;
        // there is a signature, and it had its content with it
        if peeler.detached.is_some() && !peeler.report.layers.is_empty() {
            return Err(Error::ContentNotWanted);
        }
        Ok(self.judged(peeler))
    }

    /// Returns the walk in which signatures are judged.
    pub(super) fn peeler<'c>(&self, goal: Goal, sink: &'c mut dyn Write, at: Time) -> Peeler<'c>
    where
        'a: 'c,
    {
        let mut peeler = Peeler::new(goal, self.policy, sink);
        peeler.judge = Some(self.judge(at));
        peeler.named.clone_from(&self.part);
        peeler
    }

    /// Returns the report of a walk that has ended: what is known only then is who it is from.
    pub(super) fn judged(&self, peeler: Peeler<'_>) -> Report {
        let (mut report, froms) = (peeler.report, peeler.froms);
        let (seen, opened_by) = (peeler.headers, peeler.opened_by);
        report.require(self.required);
        sender::judge(&mut report, &froms, self.signers, self.policy);
        headers::judge::judge(&mut report, &seen, &opened_by, self.policy);
        report.find_too_few_signers(self.required, self.policy);
        report
    }

    /// Without any anchor nothing can be trusted: said at once, unless that is allowed.
    pub(super) fn require_anchor(&self) -> Result<(), Error> {
        require_anchor(self.anchors, self.policy)
    }

    /// Verifies a message without giving its content out, or the record of one: a signature whose content is not at hand, of which the signed
    /// attributes are judged and nothing else.
    pub(super) fn verify_record(&self, source: Source<'_>, at: Time) -> Result<Report, Error> {
        self.require_anchor()?;
        let mut sink = io::sink();
        let mut peeler = self.peeler(Goal::Verify, &mut sink, at);
        peeler.without_content_too = true;
        peeler.walk(source)?;
        let (mut report, froms) = (peeler.report, peeler.froms);
        let is_record = |it: &Layer| matches!(it, Layer::Signed(it) if it.form == Form::Detached);
        if !report.layers.iter().any(is_record) {
            sender::judge(&mut report, &froms, self.signers, self.policy);
        }
        Ok(report)
    }

    fn judge(&self, at: Time) -> Judge<'a> {
        Judge {
            anchors: self.anchors,
            repository: self.repository,
            time_stamp_anchors: self.time_stamp_anchors,
            policy: self.policy,
            at,
            watch: self.watch.clone(),
            allowance: Allowance::new(&self.policy.limits).into(),
        }
    }
}

/// Without any anchor nothing can be trusted: said at once, unless that is allowed.
pub(super) fn require_anchor(anchors: &TrustAnchors, policy: &Policy) -> Result<(), Error> {
    if anchors.anchors.is_empty() && policy.level(Rule::Untrusted) == Level::Deny {
        Err(Error::NoTrustAnchor)
    } else {
        Ok(())
    }
}
