//! The judgement of SignedData: for each signer, is the content intact, who vouches (RFC 5652 §5.4 to 5.6, RFC 8550).
//! The sender is compared in `sender`, when every header is known.
mod countersignature;
#[cfg(test)]
mod over;
mod time_stamp;

use super::{
    content::HEAD,
    digests::{ContentForm, Finished},
    error::Error,
    report::{Essence, Form, Integrity, Sender, Signature, Trust},
};
use std::{cell::Cell, sync::Arc};

use crate::{
    asn1::{Time, oid::Oid},
    cms::{
        attribute::{
            AttributeError, SignedAttributes, check_placement, looks_like_signed_attributes,
        },
        content_type,
        ess::{self, Service},
        signed_data::SignedData,
        signer_info::{CertificateId, Held, SignerInfo},
    },
    crypto::{Digest, SignatureAlgorithm},
    encoding::hex,
    mime::canonical::Canonicalizer,
    policy::{Finding, Policy, Rule, strength},
    x509::{
        Allowance, Certificate, Collection, Crl, OcspResponse, PathBuilder, PathReport, Purpose,
        Repository, RevocationStatus, TrustAnchors, Watch, certificate::serial_text, ocsp,
    },
};

/// Clocks differ: a signing time this many seconds ahead is no finding (five minutes, as Kerberos allows, RFC 4120 §7.5).
const CLOCK_SKEW: i64 = 300;

/// What is said of a signature around ciphertext.
pub(super) const COVERS_CIPHERTEXT: &str =
    "the signature is around ciphertext: it does not say who wrote the content";

/// What signers are judged with.
pub(super) struct Judge<'a> {
    pub(super) anchors: &'a TrustAnchors,
    pub(super) repository: &'a dyn Repository,
    /// for time-stamping authorities; `None`: their tokens are not judged
    pub(super) time_stamp_anchors: Option<&'a TrustAnchors>,
    pub(super) policy: &'a Policy,
    pub(super) at: Time,
    /// keeps the time that a path may take
    pub(super) watch: Option<Arc<dyn Watch>>,
    /// what this message may still cost
    pub(super) allowance: Cell<Allowance>,
}

/// What was digested.
pub(super) struct Digested<'a> {
    pub(super) digests: &'a Finished,
    /// eContentType; `None`: it is a signature value, whose countersignature names no type (RFC 5652 §11.4)
    pub(super) content_type: Option<Oid>,
    pub(super) form: Form,
    /// only the content as received counts
    pub(super) as_received: bool,
    /// the first octets of the content as received, to tell signed attributes from content
    pub(super) head: &'a [u8],
}

impl Digested<'_> {
    /// Returns the content itself in the first of its forms, if it is so small that the whole of it was remembered.
    fn whole(&self) -> Option<Vec<u8>> {
        if self.head.len() >= HEAD {
            return None;
        }
        let is_canonical = self.forms().0.first() == Some(&ContentForm::Canonical);
        Some(match is_canonical {
            true => canonical(self.head),
            false => self.head.to_vec(),
        })
    }

    /// Returns whether the content is taken as it was received, and no other form of it was signed.
    fn only_as_received(&self, digest: Digest, signed: &[u8]) -> bool {
        self.as_received && self.digests.of(digest, ContentForm::Canonical) != Some(signed)
    }

    /// The forms of the content that a signature may be over, the right one first (RFC 8551 §3.1.1), and whether another than the first deserves a finding.
    const fn forms(&self) -> (&'static [ContentForm], bool) {
        match self.form {
            Form::Clear if self.as_received => (&[ContentForm::Received], true),
            Form::Clear => (&[ContentForm::Canonical, ContentForm::Received], true),
            Form::Opaque => (&[ContentForm::Received], false),
            Form::Detached => (&[ContentForm::Received, ContentForm::Canonical], false),
        }
    }
}

/// What a message's SignedData carries besides signers: certificates that could be read, and findings for those that could not.
pub(super) fn certificates(signed: &SignedData, policy: &Policy) -> (Collection, Vec<Finding>) {
    let mut found = Collection::default();
    let mut findings = Vec::new();
    let origin: Arc<str> = Arc::from("the message");
    for der in &signed.certificates {
        let read = Certificate::from_der(der).and_then(|certificate| {
            certificate.check_size(&policy.limits)?;
            Ok(certificate)
        });
        match read {
            Ok(certificate) => found.certificates.push(certificate.from_origin(&origin)),
            Err(error) => findings.push(policy.finding(
                Rule::UnreadableCertificate,
                format!("a certificate in the message was left out: {error}"),
            )),
        }
    }
    if signed.has_ber_certificates() {
        findings.push(policy.finding(
            Rule::CertificateProfile,
            "a certificate in the message is BER, not the DER that its issuer signed (RFC 5280 §4.1), and was read all the same",
        ));
    }
    for der in &signed.crls {
        match Crl::from_der(der) {
            Ok(crl) => found.crls.push(crl.from_origin(&origin)),
            Err(error) => findings.push(policy.finding(
                Rule::UnreadableCertificate,
                format!("a revocation list in the message was left out: {error}"),
            )),
        }
    }
    let responses = signed.other_revocation.iter();
    for der in responses.filter_map(|der| ocsp::in_revocation_info(der)) {
        match OcspResponse::from_der(der, &policy.limits) {
            Ok(response) => found.ocsp_responses.push(response.from_origin(&origin)),
            Err(error) => findings.push(policy.finding(
                Rule::UnreadableCertificate,
                format!("an OCSP response in the message was left out: {error}"),
            )),
        }
    }
    (found, findings)
}

impl Judge<'_> {
    /// Judges one signer of a digested content; `in_message` are the certificates that came with it.
    pub(super) fn judge(
        &self,
        signer: &SignerInfo,
        digested: &Digested<'_>,
        in_message: &Collection,
    ) -> Result<Signature, Error> {
        let mut signature = describe(signer);
        let checked = self.check(signer, digested, in_message, &mut signature)?;
        signature.integrity = checked.integrity;
        signature.findings = checked.findings;
        self.judge_time_stamps(signer, in_message, &mut signature)?;
        self.judge_countersignatures(signer, in_message, &mut signature)?;
        services(signer, self.policy, &mut signature);
        let Some(certificate) = checked.certificate else {
            return Ok(signature);
        };
        self.judge_path(&certificate, signer, in_message, &mut signature)?;
        signature.signer = Some(certificate);
        Ok(signature)
    }

    /// Judges the path of the signer's certificate: at the time of a time-stamp that holds, else at the time given.
    ///
    /// What is stamped existed then, so that a certificate that has expired since was valid when it was used (RFC 3161 §1, RFC 5126 §4.4).
    /// Revocation is looked at now, since a key may be known to be lost only later, and also then, since a list of today need not name
    /// certificates that have expired (RFC 5280 §3.3).
    fn judge_path(
        &self,
        certificate: &Certificate,
        signer: &SignerInfo,
        in_message: &Collection,
        signature: &mut Signature,
    ) -> Result<(), Error> {
        let at = signature
            .proven_time
            .map_or(self.at, |proven| proven.min(self.at));
        let judge = |at| {
            let mut allowance = self.allowance.get();
            let paths = PathBuilder::new(self.anchors, self.repository, self.policy);
            let path = paths.watched(self.watch.clone()).judge_within(
                certificate,
                in_message,
                Purpose::Sign,
                at,
                signature.signing_time,
                &mut allowance,
            );
            self.allowance.set(allowance);
            path
        };
        let mut path = judge(at)?;
        if at < self.at && path.trusted {
            look_again(&mut path, judge(self.at)?, self.at);
        }
        signature.trust = if path.trusted {
            Trust::Trusted
        } else {
            Trust::Untrusted
        };
        signature.revocation = path.revocation;
        signature.path = path.path;
        signature.anchor = path.anchor;
        signature.findings.extend(path.findings);
        let issuers = signature.path.get(1..).unwrap_or_default();
        let others = issuers.split_last().map(|(_, others)| others);
        if let (Some(attributes), Some(others)) = (&signer.signed_attributes, others)
            && let Some(other) = others.iter().find(|it| !attributes.permits_in_path(it))
        {
            let message = format!("the signed attributes do not permit {other} in the path");
            let finding = self.policy.finding(Rule::SigningCertificate, message);
            signature.findings.push(finding);
        }
        Ok(())
    }

    /// Checks whether a signature is intact, whoever made it; the findings say why not.
    pub(super) fn integrity(
        &self,
        signer: &SignerInfo,
        digested: &Digested<'_>,
        in_message: &Collection,
    ) -> Result<(Integrity, Vec<Finding>), Error> {
        let checked = self.check(signer, digested, in_message, &mut describe(signer))?;
        Ok((checked.integrity, checked.findings))
    }

    /// Checks digest, attributes and signature, in this order: what fails first is the answer.
    fn check(
        &self,
        signer: &SignerInfo,
        digested: &Digested<'_>,
        in_message: &Collection,
        signature: &mut Signature,
    ) -> Result<Checked, Error> {
        let mut checked = Checked {
            integrity: Integrity::Undetermined,
            findings: Vec::new(),
            certificate: None,
        };
        let candidates = self.candidates(&signer.sid, in_message).into_iter();
        let candidates = candidates
            .map(|certificate| self.complete(certificate, in_message))
            .collect::<Result<Vec<_>, _>>()?;
        checked.certificate = candidates.first().cloned();
        let digest = match (signer.digest(), signer.algorithm()) {
            (Ok(digest), Ok(algorithm)) => {
                signature.digest = digest.name().to_owned();
                signature.algorithm = algorithm.name().to_owned();
                self.grade_digests(digest, &algorithm, &mut checked.findings);
                let wanted = algorithm.digest_identifier(digest).oid;
                if signer.signed_attributes.is_some() && signer.digest_algorithm.oid != wanted {
                    let message = format!(
                        "the digest of {} is not identified as RFC 8419 wants it",
                        algorithm.name()
                    );
                    checked.find(self.policy, Rule::DigestAlgorithm, message);
                }
                digest
            }
            (Err(error), _) | (_, Err(error)) => {
                checked.find(self.policy, Rule::SignatureAlgorithm, error.to_string());
                return Ok(checked);
            }
        };
        let Some(content_digest) = self.content_digest(signer, digest, digested, &mut checked)
        else {
            return Ok(checked);
        };
        let placed = check_placement(
            signer.signed_attributes.as_ref(),
            &signer.unsigned_attributes,
        );
        if let Err(error) = placed {
            checked.find(self.policy, Rule::SignedAttributes, error.to_string());
        }
        // what most signatures are over is their attributes
        let content = match &signer.signed_attributes {
            None => digested.whole(),
            Some(_) => None,
        };
        self.check_signature(
            signer,
            &candidates,
            (&content_digest, content.as_deref()),
            signature,
            &mut checked,
        )?;
        Ok(checked)
    }

    /// Finds the certificate whose key made the signature. Two may bear one name or key identifier, or one key: the signed attributes decide.
    fn check_signature(
        &self,
        signer: &SignerInfo,
        candidates: &[Certificate],
        (content_digest, content): (&[u8], Option<&[u8]>),
        signature: &Signature,
        checked: &mut Checked,
    ) -> Result<(), Error> {
        if candidates.is_empty() {
            let id = &signature.signer_id;
            let message = format!("the certificate of the signer ({id}) is not in the message");
            checked.find(self.policy, Rule::SignerCertificate, message);
            return Ok(());
        }
        let mut verifying = Vec::new();
        let mut unusable = None;
        for certificate in candidates {
            self.spend()?;
            let key = certificate.public_key();
            match key.and_then(|key| signer.check_signature(&key, content_digest, content)) {
                Ok(Held::No) => {}
                Ok(held) => verifying.push((certificate, held)),
                Err(error) => unusable = Some(error),
            }
        }
        let attributes = signer.signed_attributes.as_ref();
        let is_named = |certificate: &Certificate| {
            attributes.is_some_and(|a| a.signing_certificate_is(certificate) == Ok(Some(true)))
        };
        let named = verifying
            .iter()
            .find(|(certificate, _)| is_named(certificate));
        let Some((certificate, held)) = named.or(verifying.first()) else {
            checked.integrity = Integrity::Broken;
            match unusable {
                Some(error) => {
                    checked.find(self.policy, Rule::SignatureAlgorithm, error.to_string());
                }
                None => checked.find(
                    self.policy,
                    Rule::SignatureInvalid,
                    "the signature does not verify with the signer's key".to_owned(),
                ),
            }
            return Ok(());
        };
        checked.integrity = Integrity::Intact;
        let which = match held {
            Held::OverDer => Some("over their DER form"),
            _ if attributes.is_some_and(|a| a.received != a.der) => Some("over them as received"),
            _ => None,
        };
        if let Some(which) = which {
            let message = format!("the signed attributes are not DER; the signature is {which}");
            checked.find(self.policy, Rule::UnorderedAttributes, message);
        }
        if let Some(attributes) = attributes {
            self.check_attributes(attributes, signer, certificate, signature, checked);
        }
        checked.certificate = Some((*certificate).clone());
        Ok(())
    }

    /// Pays for one check of a signature.
    fn spend(&self) -> Result<(), Error> {
        let limit = self.policy.limits.message_signatures;
        let mut left = self.allowance.get();
        left.signatures = left.signatures.checked_sub(1).ok_or(Error::Limit {
            name: "message-signatures",
            what: "signature checks",
            limit: u64::from(limit),
        })?;
        self.allowance.set(left);
        Ok(())
    }

    /// Lets a DSA key without parameters take those of its issuer on the path to an anchor (RFC 3279 §2.3.2): anybody else's would verify anything.
    fn complete(
        &self,
        certificate: Certificate,
        in_message: &Collection,
    ) -> Result<Certificate, Error> {
        let key = certificate.public_key();
        if !key.is_ok_and(|key| key.needs_parameters()) {
            return Ok(certificate);
        }
        let mut allowance = self.allowance.get();
        let paths = PathBuilder::new(self.anchors, self.repository, self.policy);
        let path = paths.watched(self.watch.clone()).judge_within(
            &certificate,
            in_message,
            Purpose::Sign,
            self.at,
            None,
            &mut allowance,
        )?;
        self.allowance.set(allowance);
        let complete = path.path.into_iter().next().filter(|_| path.trusted);
        Ok(complete.unwrap_or(certificate))
    }

    /// Every certificate that the identifier names, those of the message first.
    fn candidates(&self, sid: &CertificateId, in_message: &Collection) -> Vec<Certificate> {
        let elsewhere = match sid {
            CertificateId::IssuerSerial { issuer, serial } => {
                self.repository.by_issuer_serial(issuer, serial)
            }
            CertificateId::KeyIdentifier(identifier) => {
                self.repository.by_key_identifier(identifier)
            }
        };
        let mut found: Vec<Certificate> = Vec::new();
        for certificate in in_message.certificates.iter().cloned().chain(elsewhere) {
            if sid.names(&certificate) && !found.contains(&certificate) {
                found.push(certificate);
            }
        }
        found
    }

    fn grade_digests(
        &self,
        digest: Digest,
        algorithm: &SignatureAlgorithm,
        findings: &mut Vec<Finding>,
    ) {
        for weak in [Some(digest), algorithm.digest()]
            .into_iter()
            .flatten()
            .filter(|d| strength::is_weak_digest(*d))
            .take(1)
        {
            findings.push(self.policy.finding(
                Rule::WeakDigest,
                format!("the signature is made over {}", weak.name()),
            ));
        }
    }

    /// Returns the digest that the signature must hold for, having compared it with messageDigest; `None` when the answer is already no.
    fn content_digest(
        &self,
        signer: &SignerInfo,
        digest: Digest,
        digested: &Digested<'_>,
        checked: &mut Checked,
    ) -> Option<Vec<u8>> {
        let (forms, irregular) = digested.forms();
        let computed: Vec<(ContentForm, &[u8])> = forms
            .iter()
            .filter_map(|form| {
                digested
                    .digests
                    .of(digest, *form)
                    .map(|value| (*form, value))
            })
            .collect();
        let Some((_, first)) = computed.first() else {
            checked.find(
                self.policy,
                Rule::SignatureAlgorithm,
                format!(
                    "the message does not announce {}, the digest of this signature",
                    digest.name()
                ),
            );
            return None;
        };
        let Some(attributes) = &signer.signed_attributes else {
            return self.without_attributes(digested, checked, first);
        };
        let unique = attributes.check_unique().and_then(|()| {
            let named = match (attributes.content_type(), digested.content_type) {
                (Err(AttributeError::Missing(_)), None) => None,
                (_, None) => return Err(AttributeError::Misplaced("contentType")),
                (named, Some(_)) => Some(named?),
            };
            Ok((named, attributes.message_digest()?))
        });
        let (named, message_digest) = match unique {
            Ok(both) => both,
            Err(error) => {
                checked.integrity = Integrity::Broken;
                checked.find(self.policy, Rule::SignedAttributes, error.to_string());
                return None;
            }
        };
        if named != digested.content_type {
            checked.integrity = Integrity::Broken;
            let name = |oid: Option<Oid>| oid.map_or_else(String::new, |oid| oid.to_string());
            checked.find(
                self.policy,
                Rule::SignedAttributes,
                format!(
                    "the signed content type is {}, the content's is {}",
                    name(named),
                    name(digested.content_type)
                ),
            );
            return None;
        }
        match computed
            .iter()
            .position(|(_, value)| *value == message_digest)
        {
            Some(0) if !digested.only_as_received(digest, message_digest) => {}
            Some(1..) if !irregular => {}
            Some(_) => checked.find(
                self.policy,
                Rule::LineEnds,
                "the signature holds over the line ends as received, not over CRLF".to_owned(),
            ),
            None => {
                checked.integrity = Integrity::Broken;
                checked.find(
                    self.policy,
                    Rule::DigestMismatch,
                    "the content was changed after it was signed".to_owned(),
                );
                return None;
            }
        }
        Some(message_digest.to_vec())
    }

    /// A signature over the content itself: other content could pass for its signed attributes and the reverse (RFC 5652 §5.3 MUST, security of RFC 8551 §2.5).
    fn without_attributes(
        &self,
        digested: &Digested<'_>,
        checked: &mut Checked,
        first: &[u8],
    ) -> Option<Vec<u8>> {
        checked.find(
            self.policy,
            Rule::NoSignedAttributes,
            "the signature has no signed attributes".to_owned(),
        );
        if digested
            .content_type
            .is_some_and(|it| it != content_type::DATA)
        {
            checked.find(
                self.policy,
                Rule::SignedAttributes,
                "signed attributes are missing around a content that is not id-data".to_owned(),
            );
            return None;
        }
        if may_be_signed_attributes(digested.head) {
            checked.find(
                self.policy,
                Rule::SignedAttributes,
                "the content is the signed attributes of another message".to_owned(),
            );
            return None;
        }
        Some(first.to_vec())
    }

    fn check_attributes(
        &self,
        attributes: &SignedAttributes,
        signer: &SignerInfo,
        certificate: &Certificate,
        signature: &Signature,
        checked: &mut Checked,
    ) {
        match attributes.signing_certificate_is(certificate) {
            Ok(None | Some(true)) => {}
            Ok(Some(false)) => checked.find(
                self.policy,
                Rule::SigningCertificate,
                "the signed attributes name another certificate as the signer's".to_owned(),
            ),
            Err(error) => checked.find(self.policy, Rule::SignedAttributes, error.to_string()),
        }
        match attributes
            .algorithm_protection_matches(&signer.digest_algorithm, &signer.signature_algorithm)
        {
            Ok(None | Some(true)) => {}
            Ok(Some(false)) => checked.find(
                self.policy,
                Rule::AlgorithmProtection,
                "the algorithms were exchanged after signing".to_owned(),
            ),
            Err(error) => checked.find(self.policy, Rule::SignedAttributes, error.to_string()),
        }
        match attributes.signing_time_is_der() {
            Ok(None | Some(true)) => {}
            Ok(Some(false)) => checked.find(
                self.policy,
                Rule::SigningTime,
                "the claimed signing time is not written as RFC 5652 §11.3 wants it".to_owned(),
            ),
            Err(error) => checked.find(self.policy, Rule::SignedAttributes, error.to_string()),
        }
        if let Some(time) = signature
            .signing_time
            .filter(|time| time.0.saturating_sub(CLOCK_SKEW) > self.at.0)
        {
            checked.find(
                self.policy,
                Rule::SigningTime,
                format!("the claimed signing time {time} lies in the future"),
            );
        }
    }
}

/// Returns whether a content, or its canonical form, would pass for signed attributes. `head` may be its beginning only: octets that begin as a
/// long SET OF and go on beyond it count, since no text begins so.
pub(super) fn may_be_signed_attributes(head: &[u8]) -> bool {
    let cut = head.len() >= HEAD && matches!(head, [0x31, 0x80..=0x88, ..]);
    cut || looks_like_signed_attributes(head) || looks_like_signed_attributes(&canonical(head))
}

fn canonical(octets: &[u8]) -> Vec<u8> {
    let mut canonicalizer = Canonicalizer::new();
    let mut canonical = Vec::with_capacity(octets.len());
    canonicalizer.push(octets, &mut canonical);
    canonical
}

/// Takes what is known of revocation `now` into a path that was judged at an earlier time.
///
/// It replaces what was known then only where it is about the same certificates, none of which has expired since; about others it can
/// only make things worse.
fn look_again(path: &mut PathReport, now: PathReport, at: Time) {
    let of_revocation = |f: &Finding| matches!(f.rule, Rule::Revoked | Rule::RevocationUnknown);
    let revoked = now.revocation == RevocationStatus::Revoked;
    let expired = path.path.iter().any(|it| it.not_after() < at);
    if !now.trusted || (expired && !revoked) {
        return;
    }
    if now.path == path.path {
        path.findings.retain(|f| !of_revocation(f));
    }
    if now.path == path.path || path.revocation != RevocationStatus::Revoked {
        path.revocation = now.revocation;
    }
    let found = now.findings.into_iter().filter(of_revocation);
    path.findings.extend(found);
}

struct Checked {
    integrity: Integrity,
    findings: Vec<Finding>,
    certificate: Option<Certificate>,
}

impl Checked {
    fn find(&mut self, policy: &Policy, rule: Rule, message: String) {
        self.findings.push(policy.finding(rule, message));
    }
}

/// Returns what a SignerInfo says of itself, nothing judged.
pub(super) fn describe(signer: &SignerInfo) -> Signature {
    Signature {
        integrity: Integrity::Undetermined,
        trust: Trust::Unchecked,
        sender: Sender::Unchecked,
        is_from: false,
        address: None,
        revocation: RevocationStatus::Unchecked,
        signer: None,
        signer_id: certificate_id(&signer.sid),
        digest: signer.digest().map_or_else(
            |_| signer.digest_algorithm.oid.to_string(),
            |d| d.name().to_owned(),
        ),
        algorithm: signer.algorithm().map_or_else(
            |_| signer.signature_algorithm.oid.to_string(),
            |a| a.name().to_owned(),
        ),
        signing_time: signer
            .signed_attributes
            .as_ref()
            .and_then(|a| a.signing_time().ok().flatten()),
        path: Vec::new(),
        anchor: None,
        services: Vec::new(),
        capabilities: None,
        countersignatures: Vec::new(),
        time_stamps: Vec::new(),
        proven_time: None,
        essence: essence(signer),
        findings: Vec::new(),
    }
}

/// Returns what a SignerInfo says of itself and what stands with it, nothing judged.
pub(super) fn describe_all(
    signer: &SignerInfo,
    in_message: &Collection,
    policy: &Policy,
) -> Result<Signature, Error> {
    let mut described = describe(signer);
    let mut certificates = in_message.certificates.iter();
    described.signer = certificates.find(|c| signer.sid.names(c)).cloned();
    services(signer, policy, &mut described);
    countersignature::describe_within(signer, in_message, policy, &mut described)?;
    time_stamp::describe_within(signer, policy, &mut described)?;
    Ok(described)
}

fn essence(signer: &SignerInfo) -> Essence {
    let attributes = signer.signed_attributes.as_ref();
    Essence {
        signature: signer.signature.clone(),
        attributes: attributes.map(|it| it.der.clone()).unwrap_or_default(),
        content_type: attributes.and_then(|it| it.content_type().ok()),
        digest: signer.digest().ok(),
        message_signature_digest: attributes
            .and_then(|it| ess::message_signature_digest(&it.attributes)?.ok()),
        signer_info: signer.received.clone(),
    }
}

/// Reads what the signed attributes say besides: services and capabilities.
fn services(signer: &SignerInfo, policy: &Policy, signature: &mut Signature) {
    let Some(attributes) = &signer.signed_attributes else {
        return;
    };
    let mut left_out = |name: &str, why: String| {
        let finding = policy.finding(Rule::MalformedAttribute, format!("{name}: {why}"));
        signature.findings.push(finding);
    };
    for attribute in &attributes.attributes {
        match Service::read(attribute) {
            None => {}
            Some(Ok(service)) => signature.services.push(service),
            Some(Err(error)) => {
                let name = Service::attribute_name(&attribute.oid).unwrap_or("an attribute");
                left_out(name, error.to_string());
            }
        }
    }
    match attributes.capabilities() {
        Ok(capabilities) => signature.capabilities = capabilities,
        Err(error) => left_out("sMIMECapabilities", error.to_string()),
    }
}

/// Returns how a message names a certificate, for people.
pub(super) fn certificate_id(id: &CertificateId) -> String {
    match id {
        CertificateId::IssuerSerial { issuer, serial } => {
            format!("serial {} of {issuer}", serial_text(serial))
        }
        CertificateId::KeyIdentifier(identifier) => {
            format!("key identifier {}", hex::encode(identifier))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::asn1::{Tag, oid, write};

    /// The limit of signature checks for one message holds, and not one past it.
    #[test]
    fn a_message_has_one_allowance() {
        let (anchors, repository) = (TrustAnchors::default(), Collection::default());
        let policy = Policy::default();
        let judge = Judge {
            anchors: &anchors,
            repository: &repository,
            time_stamp_anchors: None,
            policy: &policy,
            watch: None,
            at: Time(0),
            allowance: Allowance::new(&policy.limits).into(),
        };
        for _ in 0..policy.limits.message_signatures {
            judge.spend().unwrap();
        }
        let past = judge.spend();
        assert!(matches!(past, Err(Error::Limit { limit: 300, .. })));
    }

    /// Signed attributes whose digest has a CRLF in it, sent with LF in its place, pass as received for text and in canonical form for attributes.
    #[test]
    fn signed_attributes_are_known_in_either_form() {
        let attribute = |oid: &str, value: &[u8]| {
            let oid = oid::to_der(&Oid::new(oid).unwrap());
            write::sequence(&[&oid, &write::constructed(Tag::SET, &[value])])
        };
        let digest = write::tlv(Tag::OCTET_STRING, b"0123456789\r\n01234567890123456789");
        let set = write::set_of(&[
            attribute("1.2.840.113549.1.9.3", &oid::to_der(&content_type::DATA)),
            attribute("1.2.840.113549.1.9.4", &digest),
        ]);
        assert!(may_be_signed_attributes(&set));
        let at = memchr::memmem::find(&set, b"\r\n").unwrap();
        let mut disguised = set.clone();
        disguised.remove(at);
        assert!(may_be_signed_attributes(&disguised));
        assert!(!may_be_signed_attributes(b"1. Hello\r\n2. World\r\n"));
        // a set too long to be remembered whole
        let long = [&[0x31, 0x83, 1, 0, 0][..], &vec![0; HEAD]].concat();
        assert!(may_be_signed_attributes(&long));
        assert!(!may_be_signed_attributes(&long[..100]));
        assert!(!may_be_signed_attributes(&[b'1'; HEAD]));
    }
}
