//! The validation of one path (RFC 5280 §6.1). Signatures and the chaining of names were checked when the path was built (`path`);
//! everything else that decides about a path is here, and so is what its certificates are judged by one at a time.
//!
//! What makes a path no path is a [`Refusal`]; what concerns time, use and strength is a finding, for policy to weigh.
//! Policies (RFC 9618) will join as one more state beside [`constraints`](super::constraints).
use super::{
    Certificate, Error,
    constraints::{NameConstraints, Violation},
    extension::KeyUsage,
    general_name::GeneralName,
    path::{Budget, BudgetExceeded, Purpose},
};
use crate::{
    asn1::Time,
    crypto::public_key::KeyKind,
    policy::{
        Finding, Policy, Rule,
        extensions::{EXTENSIONS, ExtensionRule, Presence, Role},
        strength::{RSA_BITS, is_weak_digest, is_weak_key},
    },
};
use const_oid::db::rfc5280::ID_CE_NAME_CONSTRAINTS;

/// What a path is judged for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// the use
    pub(super) purpose: Purpose,
    /// the time
    pub(super) at: Time,
    /// the time that the signer claims
    pub(super) signing_time: Option<Time>,
    /// what is acceptable
    pub(super) policy: &'a Policy,
}

/// Why a path is none.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It breaks a rule of RFC 5280 §6.1: which one, and where.
    Invalid(String),
    /// Comparing names took too long.
    Budget(BudgetExceeded),
}

impl From<BudgetExceeded> for Refusal {
    fn from(exceeded: BudgetExceeded) -> Self {
        Self::Budget(exceeded)
    }
}

/// Validates a path, leaf first and anchor last, and returns the findings about its intermediates.
///
/// The anchor counts as a name and a key (§6.1.1 (d)): its validity, strength and use are not judged. Its nameConstraints and
/// pathLenConstraint bind all the same, and a certificate that says it is no CA's issues nothing (RFC 5937 §3).
pub(super) fn validate(
    path: &[Certificate],
    question: Question<'_>,
    budget: &mut Budget,
) -> Result<Vec<Finding>, Refusal> {
    let mut findings = Vec::new();
    let Some((leaf, above)) = path.split_first() else {
        return Ok(findings);
    };
    let mut state = State {
        constraints: Vec::new(),
        room: u64::MAX,
    };
    if let Some((anchor, intermediates)) = above.split_last() {
        may_issue(anchor, Anchored::Itself)?;
        state.issuer(anchor)?;
        for certificate in intermediates.iter().rev() {
            understood(certificate, Role::Authority)?;
            may_issue(certificate, Anchored::ByAnother)?;
            if question.purpose != Purpose::Any
                && read(certificate, "extKeyUsage", certificate.permits_email())? == Some(false)
            {
                return invalid(format!(
                    "{certificate} may not issue for mail: its extKeyUsage lacks emailProtection"
                ));
            }
            if !certificate.is_self_issued() {
                state.names(certificate, budget)?;
                state.room = state.room.checked_sub(1).ok_or_else(|| {
                    Refusal::Invalid(format!(
                        "{certificate} stands deeper than the pathLenConstraint above it permits"
                    ))
                })?;
            }
            state.issuer(certificate)?;
            time(certificate, question, &mut findings);
            strength(certificate, question.policy, &mut findings);
            digest(certificate, question.policy, &mut findings);
        }
    }
    understood(leaf, Role::Person)?;
    read(leaf, "basicConstraints", leaf.basic_constraints())?;
    read(leaf, "keyUsage", leaf.key_usage())?;
    read(leaf, "extKeyUsage", leaf.permits_email())?;
    state.names(leaf, budget)?;
    Ok(findings)
}

/// Judges the last certificate of a path by itself: validity, use and strength. `issued`: its signature is one to rely on.
pub(super) fn judge_leaf(leaf: &Certificate, question: Question<'_>, issued: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    time(leaf, question, &mut findings);
    usage(leaf, question, &mut findings);
    strength(leaf, question.policy, &mut findings);
    if issued {
        digest(leaf, question.policy, &mut findings);
    }
    findings
}

/// What certificates further up impose on those below.
struct State<'a> {
    /// constraints with the certificate that made them
    constraints: Vec<(&'a Certificate, NameConstraints<'a>)>,
    /// max_path_length
    room: u64,
}

impl<'a> State<'a> {
    /// Takes in what an issuer imposes (§6.1.4 (g), (m)).
    fn issuer(&mut self, certificate: &'a Certificate) -> Result<(), Refusal> {
        let constraints = certificate
            .extension(&ID_CE_NAME_CONSTRAINTS)
            .map(NameConstraints::read)
            .transpose();
        if let Some(constraints) = read(certificate, "nameConstraints", constraints)? {
            self.constraints.push((certificate, constraints));
        }
        let basic = read(
            certificate,
            "basicConstraints",
            certificate.basic_constraints(),
        )?;
        if let Some(length) = basic.and_then(|basic| basic.path_length) {
            self.room = self.room.min(length);
        }
        Ok(())
    }

    /// Judges the names of a certificate by the constraints in force (§6.1.3 (b), (c)): subject, subjectAltName, and the addresses in
    /// the subject, which RFC 5280 only wants where there is no subjectAltName.
    fn names(&self, certificate: &Certificate, budget: &mut Budget) -> Result<(), Refusal> {
        let alternative = certificate.alternative_names();
        let mut names = read(certificate, "subjectAltName", alternative)?.unwrap_or_default();
        if self.constraints.is_empty() {
            return Ok(());
        }
        let subject = certificate.subject();
        let addresses = subject.email_addresses();
        names.extend(
            addresses
                .iter()
                .map(|it| GeneralName::Rfc822(it.as_bytes())),
        );
        if !subject.is_empty() {
            names.push(GeneralName::Directory(subject.clone()));
        }
        for (issuer, constraints) in &self.constraints {
            for name in &names {
                let how = match constraints.judge(name, budget)? {
                    None => continue,
                    Some(Violation::Excluded) => "excludes",
                    Some(Violation::NotPermitted) => "does not permit",
                };
                let form = name.form();
                return invalid(format!(
                    "a {form} of {certificate} is one that {issuer} {how} by its nameConstraints"
                ));
            }
        }
        Ok(())
    }
}

/// Whose word stands for an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchored {
    /// It is the anchor.
    Itself,
    /// It was issued by another.
    ByAnother,
}

/// Checks that a certificate is a CA's (§6.1.4 (k), (n)).
fn may_issue(certificate: &Certificate, anchored: Anchored) -> Result<(), Refusal> {
    if certificate.version() < 3 {
        // §6.1.4 (k) leaves it to other knowledge whether an old certificate is a CA's: that it was given as an anchor is such.
        return match anchored {
            Anchored::Itself => Ok(()),
            Anchored::ByAnother => invalid(format!(
                "{certificate} may not issue certificates: it is of version {} and cannot say that it is a CA's",
                certificate.version()
            )),
        };
    }
    let basic = certificate.basic_constraints();
    match read(certificate, "basicConstraints", basic)? {
        Some(basic) if basic.ca => {}
        Some(_) => {
            return invalid(format!(
                "{certificate} may not issue certificates: its basicConstraints say that it is no CA's"
            ));
        }
        None => {
            return invalid(format!(
                "{certificate} may not issue certificates: it has no basicConstraints"
            ));
        }
    }
    match read(certificate, "keyUsage", certificate.key_usage())? {
        Some(usage) if !usage.permits(KeyUsage::KEY_CERT_SIGN) => invalid(format!(
            "{certificate} may not issue certificates: its keyUsage lacks keyCertSign"
        )),
        _ => Ok(()),
    }
}

/// Checks the extensions of a certificate by the table of its role (§4.2, §6.1.4 (o), §6.1.5 (f)).
fn understood(certificate: &Certificate, role: Role) -> Result<(), Refusal> {
    for extension in certificate.extensions().filter(|it| it.critical) {
        if !ExtensionRule::of(extension.oid).is_some_and(|rule| rule.understood) {
            return invalid(format!(
                "{certificate} has a critical extension that is not understood: {}",
                extension.name()
            ));
        }
    }
    // A certificate of version 1 or 2 cannot carry any; `may_issue` says more clearly what that means.
    if certificate.version() == 3 {
        for rule in EXTENSIONS {
            if rule.presence(role) == Presence::Must && certificate.extension(&rule.oid).is_none() {
                return invalid(format!("{certificate} has no {}", rule.name));
            }
        }
    }
    Ok(())
}

/// Judges validity (§6.1.3 (a) (2)).
fn time(certificate: &Certificate, question: Question<'_>, findings: &mut Vec<Finding>) {
    let Question { at, policy, .. } = question;
    let (from, to) = (certificate.not_before(), certificate.not_after());
    if at < from {
        let message = format!("{certificate} is not valid before {from}; judged at {at}");
        findings.push(policy.finding(Rule::NotYetValid, message));
    } else if to < at {
        let signed = question
            .signing_time
            .filter(|signed| certificate.is_valid_at(*signed));
        findings.push(match signed {
            Some(signed) => policy.finding(
                Rule::ExpiredSinceSigning,
                format!(
                    "{certificate} was valid when it is said to have signed, at {signed}, and expired at {to}"
                ),
            ),
            None => policy.finding(
                Rule::Expired,
                format!("{certificate} expired at {to}; judged at {at}"),
            ),
        });
    }
}

/// Judges keyUsage, extKeyUsage and key type of a person's certificate (RFC 8550 §4.4.2, §4.4.4). Malformed extensions permit nothing.
fn usage(leaf: &Certificate, question: Question<'_>, findings: &mut Vec<Finding>) {
    let mut object = |what: &str| {
        let message = format!("{leaf} {what}");
        findings.push(question.policy.finding(Rule::KeyUsage, message));
    };
    let kind = match leaf.public_key() {
        Ok(key) => key.kind(),
        Err(error) => return object(&format!("has a key that cannot be used: {error}")),
    };
    let (wanted, name) = match (question.purpose, kind) {
        (Purpose::Any, _) => return,
        (Purpose::Sign, KeyKind::X25519) => return object("has an X25519 key, which cannot sign"),
        (Purpose::Sign, _) => (
            KeyUsage(KeyUsage::DIGITAL_SIGNATURE.0 | KeyUsage::NON_REPUDIATION.0),
            "signing: its keyUsage lacks digitalSignature and nonRepudiation",
        ),
        (
            Purpose::Encrypt,
            KeyKind::Ed25519
            | KeyKind::Rsa {
                restricted_to_pss: true,
                ..
            },
        ) => return object("has a key that can only sign"),
        (Purpose::Encrypt, KeyKind::Rsa { .. }) => (
            KeyUsage::KEY_ENCIPHERMENT,
            "encrypting: its keyUsage lacks keyEncipherment",
        ),
        (Purpose::Encrypt, _) => (
            KeyUsage::KEY_AGREEMENT,
            "encrypting: its keyUsage lacks keyAgreement",
        ),
    };
    match leaf.key_usage() {
        Ok(None) => {}
        Ok(Some(usage)) if usage.permits(wanted) => {}
        Ok(Some(_)) => object(&format!("is not for {name}")),
        Err(_) => object("has a malformed keyUsage"),
    }
    match leaf.permits_email() {
        Ok(None | Some(true)) => {}
        Ok(Some(false)) => object("is not for mail: its extKeyUsage lacks emailProtection"),
        Err(_) => object("has a malformed extKeyUsage"),
    }
    match leaf.basic_constraints() {
        Ok(Some(basic)) if basic.ca => object("is a CA's, not a person's"),
        Ok(_) => {}
        Err(_) => object("has malformed basicConstraints"),
    }
}

/// Judges the size of the key.
fn strength(certificate: &Certificate, policy: &Policy, findings: &mut Vec<Finding>) {
    if let Ok(key) = certificate.public_key()
        && let KeyKind::Rsa { bits, .. } = key.kind()
        && is_weak_key(key.kind())
    {
        let message = format!("{certificate} has an RSA key of {bits} bits, under {RSA_BITS}");
        findings.push(policy.finding(Rule::WeakKey, message));
    }
}

/// Judges the digest of the issuer's signature.
fn digest(certificate: &Certificate, policy: &Policy, findings: &mut Vec<Finding>) {
    if let Ok(algorithm) = certificate.signature_algorithm()
        && let Some(digest) = algorithm.digest()
        && is_weak_digest(digest)
    {
        let message = format!("{certificate} is signed over {}", digest.name());
        findings.push(policy.finding(Rule::WeakDigest, message));
    }
}

/// Makes a malformed extension a refusal.
fn read<T>(
    certificate: &Certificate,
    extension: &str,
    value: Result<T, Error>,
) -> Result<T, Refusal> {
    value.map_err(|_| Refusal::Invalid(format!("{certificate} has a malformed {extension}")))
}

fn invalid<T>(message: String) -> Result<T, Refusal> {
    Err(Refusal::Invalid(message))
}
