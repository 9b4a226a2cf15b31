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
        Finding, Objection, Policy, Reason,
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
    Invalid(Box<Objection>),
    /// Comparing names took too long.
    Budget(BudgetExceeded),
}

impl From<Objection> for Refusal {
    fn from(objection: Objection) -> Self {
        Self::Invalid(Box::new(objection))
    }
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
    let mut state = State::default();
    if let Some((anchor, intermediates)) = above.split_last() {
        may_issue(anchor, Anchored::Itself)?;
        state.issuer(anchor)?;
        // RFC 5280 takes an anchor as it is; but whoever can compute its key can issue under it
        strength(anchor, question.policy, &mut findings);
        for certificate in intermediates.iter().rev() {
            understood(certificate, Role::Authority)?;
            may_issue(certificate, Anchored::ByAnother)?;
            if question.purpose != Purpose::Any
                && read(certificate, "extKeyUsage", certificate.permits_email())? == Some(false)
            {
                let found = format!("extended key usage is {}", purposes(certificate));
                return refuse(certificate, Reason::IssuerEku, found);
            }
            if !certificate.is_self_issued() {
                state.names(certificate, budget)?;
                state.room = state.room.checked_sub(1).ok_or_else(|| {
                    let found = "a pathLenConstraint above it permits no further issuer";
                    certificate.objection(Reason::PathLength, found)
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

/// Where a certificate stands in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// at its end
    Leaf,
    /// between
    Intermediate,
    /// at its beginning
    Anchor,
}

/// Judges what a certificate brings to every path that it stands in at this place, whatever the others are: an answer that the search
/// for a path has in advance. [`validate`] has the last word.
pub(super) fn alone(
    certificate: &Certificate,
    place: Place,
    question: Question<'_>,
) -> Result<Vec<Finding>, Refusal> {
    let mut findings = Vec::new();
    match place {
        Place::Leaf => {
            understood(certificate, Role::Person)?;
            read(
                certificate,
                "basicConstraints",
                certificate.basic_constraints(),
            )?;
            read(certificate, "keyUsage", certificate.key_usage())?;
            read(certificate, "extKeyUsage", certificate.permits_email())?;
            read(
                certificate,
                "subjectAltName",
                certificate.alternative_names(),
            )?;
            return Ok(findings);
        }
        Place::Intermediate => {
            may_issue(certificate, Anchored::ByAnother)?;
            understood(certificate, Role::Authority)?;
            let usage = read(certificate, "extKeyUsage", certificate.permits_email())?;
            if question.purpose != Purpose::Any && usage == Some(false) {
                return refuse(certificate, Reason::IssuerEku, "no mail");
            }
            let names = certificate.alternative_names();
            read(certificate, "subjectAltName", names)?;
            time(certificate, question, &mut findings);
            digest(certificate, question.policy, &mut findings);
        }
        Place::Anchor => may_issue(certificate, Anchored::Itself)?,
    }
    strength(certificate, question.policy, &mut findings);
    State::default().issuer(certificate)?;
    Ok(findings)
}

/// Judges the names of a certificate by the constraints of one further up, for the search as [`alone`] does.
pub(super) fn constrain(
    issuer: &Certificate,
    certificate: &Certificate,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    let mut state = State::default();
    state.issuer(issuer)?;
    state.names(certificate, budget)
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

impl Default for State<'_> {
    fn default() -> Self {
        Self {
            constraints: Vec::new(),
            room: u64::MAX,
        }
    }
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
                let (reason, how) = match constraints.judge(name, budget)? {
                    None => continue,
                    Some(Violation::Excluded) => (Reason::NameExcluded, "excludes"),
                    Some(Violation::NotPermitted) => (Reason::NameNotPermitted, "does not permit"),
                };
                let by = issuer.subject();
                let found = format!("{name} is a name that {by} {how} by its nameConstraints");
                return refuse(certificate, reason, found);
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
            Anchored::ByAnother => {
                let found = format!("its version is {}", certificate.version());
                refuse(certificate, Reason::OldVersion, found)
            }
        };
    }
    let basic = certificate.basic_constraints();
    match read(certificate, "basicConstraints", basic)? {
        Some(basic) if basic.ca => {}
        Some(_) => {
            let found = "its basicConstraints say that it is no CA's";
            return refuse(certificate, Reason::NotCa, found);
        }
        None => {
            let found = "it issued another but has no basicConstraints";
            return refuse(certificate, Reason::NoBasicConstraints, found);
        }
    }
    match read(certificate, "keyUsage", certificate.key_usage())? {
        Some(usage) if !usage.permits(KeyUsage::KEY_CERT_SIGN) => refuse(
            certificate,
            Reason::NoKeyCertSign,
            format!("its keyUsage is {usage}"),
        ),
        _ => Ok(()),
    }
}

/// Checks the extensions of a certificate by the table of its role (§4.2, §6.1.4 (o), §6.1.5 (f)).
fn understood(certificate: &Certificate, role: Role) -> Result<(), Refusal> {
    for extension in certificate.extensions().filter(|it| it.critical) {
        if !ExtensionRule::of(extension.oid).is_some_and(|rule| rule.understood) {
            let found = format!("the extension {} is critical", extension.name());
            return refuse(certificate, Reason::UnknownCritical, found);
        }
    }
    // A certificate of version 1 or 2 cannot carry any; `may_issue` says more clearly what that means.
    if certificate.version() == 3 {
        for rule in EXTENSIONS {
            if rule.presence(role) == Presence::Must && certificate.extension(&rule.oid).is_none() {
                let found = format!("it has no {}", rule.name);
                return refuse(certificate, Reason::MissingExtension, found);
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
        let objection = certificate.objection(
            Reason::NotYetValid,
            format!("it is not valid before {from}"),
        );
        findings.push(policy.object(objection.wanting(valid_at(at))));
    } else if to < at {
        let signed = question
            .signing_time
            .filter(|signed| certificate.is_valid_at(*signed));
        findings.push(match signed {
            Some(signed) => {
                let found = format!(
                    "it was valid when it is said to have signed, at {signed}, and expired at {to}"
                );
                policy.object(certificate.objection(Reason::ExpiredSinceSigning, found))
            }
            None => {
                let expired = certificate.objection(Reason::Expired, format!("it expired at {to}"));
                policy.object(expired.wanting(valid_at(at)))
            }
        });
    }
}

fn valid_at(at: Time) -> String {
    format!("it must be valid at the time judged, {at}")
}

/// Judges keyUsage, extKeyUsage and key type of a person's certificate (RFC 8550 §4.4.2, §4.4.4). Malformed extensions permit nothing.
fn usage(leaf: &Certificate, question: Question<'_>, findings: &mut Vec<Finding>) {
    let mut object = |reason: Reason, found: String| {
        findings.push(question.policy.object(leaf.objection(reason, found)));
    };
    let kind = match leaf.public_key() {
        Ok(key) => key.kind(),
        Err(error) => return object(Reason::UnusableKey, format!("its key is {error}")),
    };
    let (wanted, lacking) = match (question.purpose, kind) {
        (Purpose::Any, _) => return,
        (Purpose::Sign, KeyKind::X25519) => {
            return object(Reason::KeyCannotSign, "its key is X25519".to_owned());
        }
        (Purpose::Sign, _) => (
            KeyUsage(KeyUsage::DIGITAL_SIGNATURE.0 | KeyUsage::NON_REPUDIATION.0),
            Reason::NoDigitalSignature,
        ),
        (
            Purpose::Encrypt,
            KeyKind::Ed25519
            | KeyKind::Rsa {
                restricted_to_pss: true,
                ..
            },
        ) => {
            return object(
                Reason::KeyCannotEncrypt,
                format!("its key is {}", kind.name()),
            );
        }
        (Purpose::Encrypt, KeyKind::Rsa { .. }) => {
            (KeyUsage::KEY_ENCIPHERMENT, Reason::NoKeyEncipherment)
        }
        (Purpose::Encrypt, _) => (KeyUsage::KEY_AGREEMENT, Reason::NoKeyAgreement),
    };
    match leaf.key_usage() {
        Ok(None) => {}
        Ok(Some(usage)) if usage.permits(wanted) => {}
        Ok(Some(usage)) => object(lacking, format!("its keyUsage is {usage}")),
        Err(_) => object(
            Reason::MalformedUsage,
            "its keyUsage is malformed".to_owned(),
        ),
    }
    match leaf.permits_email() {
        Ok(None | Some(true)) => {}
        Ok(Some(false)) => object(
            Reason::NoEmailProtection,
            format!("extended key usage is {}", purposes(leaf)),
        ),
        Err(_) => object(
            Reason::MalformedUsage,
            "its extKeyUsage is malformed".to_owned(),
        ),
    }
    match leaf.basic_constraints() {
        // who signs a certificate for himself is a CA by the defaults of most programs; keyUsage tells the real ones
        Ok(Some(basic))
            if basic.ca && !(leaf.is_self_issued() && matches!(leaf.key_usage(), Ok(None))) =>
        {
            object(
                Reason::CaAsPerson,
                "its basicConstraints say that it is a CA's".to_owned(),
            );
        }
        Ok(_) => {}
        Err(_) => object(
            Reason::MalformedUsage,
            "its basicConstraints are malformed".to_owned(),
        ),
    }
}

/// Names the purposes of a certificate's extKeyUsage: `serverAuth, clientAuth`.
fn purposes(certificate: &Certificate) -> String {
    certificate.purposes().unwrap_or_default().join(", ")
}

/// Judges the size of the key.
fn strength(certificate: &Certificate, policy: &Policy, findings: &mut Vec<Finding>) {
    if let Ok(key) = certificate.public_key()
        && let KeyKind::Rsa { bits, .. } = key.kind()
        && is_weak_key(key.kind())
    {
        let weak = certificate.objection(Reason::WeakKey, format!("its RSA key has {bits} bits"));
        findings.push(policy.object(weak.wanting(format!("{RSA_BITS} are needed to be safe"))));
    }
}

/// Judges the digest of the issuer's signature.
fn digest(certificate: &Certificate, policy: &Policy, findings: &mut Vec<Finding>) {
    if let Ok(algorithm) = certificate.signature_algorithm()
        && let Some(digest) = algorithm.digest()
        && is_weak_digest(digest)
    {
        let found = format!("its issuer signed it over {}", digest.name());
        findings.push(policy.object(certificate.objection(Reason::WeakDigest, found)));
    }
}

/// Makes a malformed extension a refusal.
fn read<T>(
    certificate: &Certificate,
    extension: &str,
    value: Result<T, Error>,
) -> Result<T, Refusal> {
    value.map_err(|_| {
        let found = format!("its {extension} is malformed");
        certificate
            .objection(Reason::MalformedExtension, found)
            .into()
    })
}

fn refuse<T>(
    certificate: &Certificate,
    reason: Reason,
    found: impl Into<String>,
) -> Result<T, Refusal> {
    Err(certificate.objection(reason, found).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        policy::{Level, Limits, Revocation, Rule},
        x509::{
            Collection, PathBuilder, PathReport,
            sample::{
                self, Template, alternative_names, anchors, basic_constraints, extended_key_usage,
                extension, key, key_usage, name_constraints, now,
            },
        },
    };
    use const_oid::{ObjectIdentifier as Oid, db::rfc5280 as oids};

    /// A path to be: root 1, CA 2, Alice 3, and what she is judged for.
    struct Case {
        root: Template,
        ca: Template,
        alice: Template,
        purpose: Purpose,
        signing_time: Option<Time>,
        policy: Policy,
    }

    fn case() -> Case {
        let mut policy = Policy::default();
        policy.revocation = Revocation::Off;
        Case {
            root: Template::ca("CN=Root", &key(1), "CN=Root"),
            ca: Template::ca("CN=CA", &key(2), "CN=Root"),
            alice: Template::new("CN=Alice", &key(3), "CN=CA"),
            purpose: Purpose::Sign,
            signing_time: None,
            policy,
        }
    }

    impl Case {
        fn judge(&self) -> Result<PathReport, BudgetExceeded> {
            let root = self.root.sign(&key(1));
            let extra = Collection {
                certificates: vec![self.ca.sign(&key(2)), self.ca.sign(&key(1))],
                crls: Vec::new(),
            };
            let (anchors, alice) = (anchors(&[&root]), self.alice.sign(&key(2)));
            let repository = Collection::default();
            PathBuilder::new(&anchors, &repository, &self.policy).judge(
                &alice,
                &extra,
                self.purpose,
                now(),
                self.signing_time,
            )
        }

        /// Returns the rules of a trusted path's findings.
        fn rules(&self) -> Vec<Rule> {
            let report = self.judge().unwrap();
            assert!(report.trusted, "{:?}", report.findings);
            report.findings.iter().map(|finding| finding.rule).collect()
        }

        /// Returns why there is no path.
        fn refusal(&self) -> String {
            let report = self.judge().unwrap();
            assert!(!report.trusted);
            assert_eq!(report.findings[0].rule, Rule::Untrusted);
            assert_eq!(report.path.len(), 3);
            report.findings[0].message.clone()
        }
    }

    #[test]
    fn a_plain_path_has_no_findings() {
        assert_eq!(case().rules(), []);
    }

    #[test]
    fn validity() {
        let with = |from: &str, to: &str| {
            let mut case = case();
            case.alice = case.alice.valid(from, to);
            case
        };
        assert_eq!(with("2026-11-01", "2026-11-01").rules(), []);
        assert_eq!(
            with("2020-11-01", "2026-10-31T23:59:59Z").rules(),
            [Rule::Expired]
        );
        assert_eq!(
            with("2026-11-01T00:00:01Z", "2030-11-01").rules(),
            [Rule::NotYetValid]
        );
        let mut expired = with("2025-01-01", "2026-01-01");
        expired.signing_time = Some(sample::time("2025-06-01"));
        let report = expired.judge().unwrap();
        assert_eq!(report.findings[0].rule, Rule::ExpiredSinceSigning);
        assert_eq!(
            report.findings[0].message,
            "certificate CN=Alice (serial 01) was valid when it is said to have signed, at 2025-06-01T00:00:00Z, and expired at 2026-01-01T00:00:00Z"
        );
        expired.signing_time = Some(sample::time("2024-06-01"));
        assert_eq!(expired.rules(), [Rule::Expired]);
    }

    #[test]
    fn an_intermediates_validity_counts_and_an_anchors_does_not() {
        let mut case = case();
        case.root = case.root.valid("2020-01-01", "2021-01-01");
        assert_eq!(case.rules(), []);
        case.ca = case.ca.valid("2020-01-01", "2021-01-01");
        assert_eq!(case.rules(), [Rule::Expired]);
        let report = case.judge().unwrap();
        assert!(
            report.findings[0]
                .message
                .starts_with("certificate CN=CA (serial 01) expired at")
        );
    }

    #[test]
    fn an_issuer_must_be_a_ca() {
        let with = |extensions: &[Vec<u8>]| {
            let mut case = case();
            case.ca.extensions = extensions.to_vec();
            case
        };
        assert!(with(&[]).refusal().ends_with("has no basicConstraints"));
        assert!(
            with(&[key_usage(0x04)])
                .refusal()
                .ends_with("has no basicConstraints")
        );
        let no = with(&[basic_constraints(false, None), key_usage(0x04)]).refusal();
        assert!(
            no.ends_with("its basicConstraints say that it is no CA's"),
            "{no}"
        );
        let no = with(&[basic_constraints(true, None), key_usage(0x82)]).refusal();
        assert!(no.ends_with("its keyUsage lacks keyCertSign"), "{no}");
        assert_eq!(with(&[basic_constraints(true, None)]).rules(), []);
        assert_eq!(
            with(&[basic_constraints(true, None), key_usage(0x04)]).rules(),
            []
        );
        let broken = extension(&oids::ID_CE_BASIC_CONSTRAINTS, true, &[5, 0]);
        assert!(
            with(&[broken])
                .refusal()
                .ends_with("has a malformed basicConstraints")
        );
    }

    #[test]
    fn an_old_certificate_issues_only_as_an_anchor() {
        let mut old = case();
        old.root = Template {
            version: 1,
            ..Template::new("CN=Root", &key(1), "CN=Root")
        };
        assert_eq!(old.rules(), []);
        for version in [1, 2] {
            let mut old = case();
            old.ca = Template {
                version,
                ..Template::new("CN=CA", &key(2), "CN=Root")
            };
            let message = old.refusal();
            assert!(
                message.contains(&format!("it is of version {version}")),
                "{message}"
            );
        }
    }

    #[test]
    fn an_anchor_that_is_no_cas_issues_nothing() {
        let mut case = case();
        case.root.extensions = vec![basic_constraints(false, None)];
        assert!(case.refusal().contains("CN=Root (serial 01) may not issue"));
        case.root.extensions = vec![basic_constraints(true, None), key_usage(0x80)];
        assert!(case.refusal().contains("CN=Root (serial 01) may not issue"));
    }

    #[test]
    fn path_length() {
        let with = |root: Option<u32>, ca: Option<u32>| {
            let mut case = case();
            case.root.extensions = vec![basic_constraints(true, root)];
            case.ca.extensions = vec![basic_constraints(true, ca)];
            case
        };
        assert_eq!(with(Some(1), Some(0)).rules(), []);
        assert_eq!(with(None, Some(0)).rules(), []);
        assert_eq!(with(Some(1), Some(7)).rules(), []);
        let message = with(Some(0), None).refusal();
        assert!(
            message.contains("CN=CA (serial 01) stands deeper"),
            "{message}"
        );
    }

    #[test]
    fn self_issued_certificates_do_not_count_for_path_length() {
        let mut case = case();
        case.root.extensions = vec![basic_constraints(true, Some(0))];
        // the root's new key, certified by the old one
        case.ca = Template::ca("CN=Root", &key(2), "CN=Root");
        case.alice.issuer = sample::name("CN=Root");
        assert_eq!(case.rules(), []);
    }

    #[test]
    fn critical_extensions_must_be_understood() {
        let unknown = Oid::new_unwrap("1.3.6.1.4.1.55738.666.1");
        let constraints = oids::ID_CE_POLICY_CONSTRAINTS;
        for (oid, name) in [(unknown, "1.3.6.1.4.1.55738.666.1"), (constraints, "")] {
            for critical in [true, false] {
                let with = |change: fn(&mut Case, Vec<u8>)| {
                    let mut case = case();
                    change(&mut case, extension(&oid, critical, &[0x30, 0]));
                    case
                };
                let (ca, alice) = (
                    with(|case, extension| case.ca.extensions.push(extension)),
                    with(|case, extension| case.alice.extensions.push(extension)),
                );
                if critical {
                    for (case, who) in [(ca, "CN=CA"), (alice, "CN=Alice")] {
                        let message = case.refusal();
                        assert!(
                            message.contains(who) && message.contains("critical"),
                            "{message}"
                        );
                        assert!(message.ends_with(name), "{message}");
                    }
                } else {
                    assert_eq!(ca.rules(), []);
                    assert_eq!(alice.rules(), []);
                }
            }
        }
    }

    #[test]
    fn mail_must_be_permitted_all_the_way_down() {
        let email = oids::ID_KP_EMAIL_PROTECTION;
        let server = oids::ID_KP_SERVER_AUTH;
        let any = oids::ANY_EXTENDED_KEY_USAGE;
        for (purposes, permitted) in [
            (vec![email], true),
            (vec![server, email], true),
            (vec![any], true),
            (vec![server], false),
        ] {
            let mut of_ca = case();
            of_ca.ca.extensions.push(extended_key_usage(&purposes));
            let mut of_alice = case();
            of_alice
                .alice
                .extensions
                .push(extended_key_usage(&purposes));
            if permitted {
                assert_eq!(of_ca.rules(), []);
                assert_eq!(of_alice.rules(), []);
            } else {
                assert!(
                    of_ca
                        .refusal()
                        .ends_with("its extKeyUsage lacks emailProtection")
                );
                assert_eq!(of_alice.rules(), [Rule::KeyUsage]);
                of_ca.purpose = Purpose::Any;
                of_alice.purpose = Purpose::Any;
                assert_eq!(of_ca.rules(), []);
                assert_eq!(of_alice.rules(), []);
            }
        }
        let mut of_root = case();
        of_root.root.extensions.push(extended_key_usage(&[server]));
        assert_eq!(of_root.rules(), []);
        let mut empty = case();
        empty.alice.extensions.push(extended_key_usage(&[]));
        assert!(empty.refusal().ends_with("has a malformed extKeyUsage"));
    }

    #[test]
    fn key_usage_by_purpose() {
        let with = |bits: u8, purpose: Purpose| {
            let mut case = case();
            case.alice.extensions.push(key_usage(bits));
            case.purpose = purpose;
            case.rules()
        };
        assert_eq!(with(0x80, Purpose::Sign), []);
        assert_eq!(with(0x40, Purpose::Sign), []);
        assert_eq!(with(0x28, Purpose::Sign), [Rule::KeyUsage]);
        assert_eq!(with(0x00, Purpose::Sign), [Rule::KeyUsage]);
        assert_eq!(with(0x08, Purpose::Encrypt), []);
        assert_eq!(
            with(0x20, Purpose::Encrypt),
            [Rule::KeyUsage],
            "keyEncipherment is RSA's"
        );
        assert_eq!(with(0xc0, Purpose::Encrypt), [Rule::KeyUsage]);
        assert_eq!(with(0x00, Purpose::Any), []);
    }

    #[test]
    fn a_cas_certificate_is_no_persons() {
        let mut case = case();
        case.alice.extensions.push(basic_constraints(true, None));
        assert_eq!(case.rules(), [Rule::KeyUsage]);
        let report = case.judge().unwrap();
        assert_eq!(
            report.findings[0].message,
            "certificate CN=Alice (serial 01) is a CA's, not a person's"
        );
        assert_eq!(report.findings[0].level, Level::Deny);
        case.purpose = Purpose::Any;
        assert_eq!(case.rules(), []);
    }

    #[test]
    fn who_signs_a_certificate_for_himself_is_no_ca_unless_key_usage_says_so() {
        let judged = |extensions: &[Vec<u8>]| {
            let mut template = Template::new("CN=Alice", &key(3), "CN=Alice");
            template.extensions = extensions.to_vec();
            let (alice, policy) = (template.sign(&key(3)), Policy::default());
            let (anchors, repository) = (anchors(&[&alice]), Collection::default());
            let builder = PathBuilder::new(&anchors, &repository, &policy);
            let report = builder
                .judge(&alice, &repository, Purpose::Sign, now(), None)
                .unwrap();
            assert!(report.trusted);
            report.findings.len()
        };
        assert_eq!(judged(&[basic_constraints(true, None)]), 0);
        assert_eq!(judged(&[basic_constraints(true, None), key_usage(0x86)]), 1);
    }

    #[test]
    fn name_constraints_bind_alternative_names_and_subjects() {
        let with = |permitted: &[&str], excluded: &[&str], subject: &str, names: &[&str]| {
            let mut case = case();
            case.ca
                .extensions
                .push(name_constraints(permitted, excluded));
            case.alice.subject = sample::name(subject);
            if !names.is_empty() {
                case.alice.extensions.push(alternative_names(names));
            }
            case
        };
        let (permitted, alice) = (&["email:example.com"][..], "CN=Alice");
        assert_eq!(
            with(permitted, &[], alice, &["email:a@example.com"]).rules(),
            []
        );
        assert_eq!(with(permitted, &[], alice, &[]).rules(), []);
        assert_eq!(
            with(permitted, &[], alice, &["dns:example.org"]).rules(),
            []
        );
        let message = with(permitted, &[], alice, &["email:a@example.org"]).refusal();
        assert_eq!(
            message,
            "a rfc822Name of certificate CN=Alice (serial 01) is one that certificate CN=CA (serial 01) does not permit by its nameConstraints"
        );
        with(
            permitted,
            &[],
            alice,
            &["email:a@example.com", "email:a@example.org"],
        )
        .refusal();
        with(permitted, &[], alice, &["utf8:ä@example.org"]).refusal();
        with(permitted, &[], "CN=Alice,E=a@example.org", &[]).refusal();
        with(permitted, &[], "CN=Alice,E=broken", &[]).refusal();
        assert_eq!(
            with(permitted, &[], "CN=Alice,E=a@example.com", &[]).rules(),
            []
        );
        let excluded = &["email:example.org"][..];
        assert_eq!(
            with(&[], excluded, alice, &["email:a@example.com"]).rules(),
            []
        );
        let message = with(&[], excluded, alice, &["email:a@EXAMPLE.org"]).refusal();
        assert!(message.contains(" excludes "), "{message}");
        let directory = &["dir:O=Example"][..];
        assert_eq!(with(directory, &[], "O=Example,CN=Alice", &[]).rules(), []);
        assert_eq!(with(directory, &[], "", &["dns:x"]).rules(), []);
        with(directory, &[], "O=Other,CN=Alice", &[]).refusal();
        with(&[], directory, "O=example,CN=Alice", &[]).refusal();
        with(directory, &[], "O=Example,CN=Alice", &["dir:O=Other"]).refusal();
    }

    #[test]
    fn constraints_of_every_issuer_add_up() {
        let mut case = case();
        case.root
            .extensions
            .push(name_constraints(&["email:example.com"], &[]));
        case.ca
            .extensions
            .push(name_constraints(&["email:example.org"], &[]));
        for name in ["email:a@example.com", "email:a@example.org"] {
            case.alice.extensions = vec![alternative_names(&[name])];
            case.refusal();
        }
        case.ca.extensions.pop();
        case.alice.extensions = vec![alternative_names(&["email:a@example.com"])];
        assert_eq!(case.rules(), []);
    }

    #[test]
    fn constraints_pass_over_self_issued_intermediates_but_not_over_the_leaf() {
        let constrained = || {
            let mut case = case();
            case.root
                .extensions
                .push(name_constraints(&["dir:O=Example"], &[]));
            case.ca = Template::ca("CN=Root", &key(2), "CN=Root");
            case.alice = Template::new("O=Example,CN=Alice", &key(3), "CN=Root");
            case
        };
        assert_eq!(constrained().rules(), []);
        let mut leaf = constrained();
        leaf.alice.subject = sample::name("CN=Root");
        leaf.refusal();
    }

    #[test]
    fn malformed_constraints_and_names_refuse() {
        let mut case = case();
        case.ca
            .extensions
            .push(extension(&ID_CE_NAME_CONSTRAINTS, true, &[5, 0]));
        assert!(case.refusal().ends_with("has a malformed nameConstraints"));
        case.ca.extensions.pop();
        let names = extension(&oids::ID_CE_SUBJECT_ALT_NAME, false, b"example.com");
        case.alice.extensions.push(names);
        assert!(case.refusal().ends_with("has a malformed subjectAltName"));
    }

    #[test]
    fn names_times_constraints_have_a_budget() {
        let names: Vec<String> = (0..600)
            .map(|n| format!("email:a@h{n}.example.com"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let bases: Vec<String> = (0..600)
            .map(|n| format!("email:x{n}.example.com"))
            .collect();
        let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
        let mut case = case();
        case.ca.extensions.push(name_constraints(&[], &bases));
        case.alice.extensions.push(alternative_names(&names));
        let exceeded = case.judge().unwrap_err();
        assert_eq!(exceeded.what, "name comparisons");
        assert_eq!(exceeded.limit, Limits::default().name_comparisons);
    }
}
