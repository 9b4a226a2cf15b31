//! The validation of one path (RFC 5280 §6.1). Signatures and the chaining of names were checked when the path was built (`path`);
//! everything else that decides about a path is here, and so is what its certificates are judged by one at a time.
//!
//! What makes a path no path is a [`Refusal`]; what concerns time, use and strength is a finding, for policy to weigh.
//! Certificate policies are [`policies`](super::policies)', name constraints [`constraints`](super::constraints)'.
use super::{
    Certificate, Error,
    constraints::{NameConstraints, Violation},
    extension::KeyUsage,
    general_name::GeneralName,
    path::{Budget, BudgetExceeded, Purpose},
    policies::{PolicyState, Position, ValidPolicies},
    profile, usage,
};
use crate::{
    asn1::Time,
    policy::{Finding, Objection, Policy, Reason, extensions::Role},
};
use const_oid::db::rfc5280::{ID_CE_CERTIFICATE_POLICIES, ID_CE_NAME_CONSTRAINTS};

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

/// What is known of a valid path.
#[derive(Debug)]
pub(super) struct Valid {
    /// about its intermediates, and how the last one was issued
    pub(super) findings: Vec<Finding>,
    /// what it is valid for
    pub(super) policies: ValidPolicies,
}

/// Validates a path, leaf first and anchor last.
///
/// The anchor counts as a name and a key (§6.1.1 (d)): its validity, strength and use are not judged. Its nameConstraints and
/// pathLenConstraint bind all the same, and a certificate that says it is no CA's issues nothing (RFC 5937 §3).
pub(super) fn validate(
    path: &[Certificate],
    question: Question<'_>,
    budget: &mut Budget,
) -> Result<Valid, Refusal> {
    let mut findings = Vec::new();
    let Some((leaf, above)) = path.split_first() else {
        return Ok(Valid {
            findings,
            policies: ValidPolicies::default(),
        });
    };
    let inputs = &question.policy.certificate_policies;
    // n of §6.1: the anchor does not count, but where it is the end too
    let mut policies = PolicyState::new(inputs, above.len().max(1));
    let mut state = State::default();
    if let Some((anchor, intermediates)) = above.split_last() {
        may_issue(anchor, Anchored::Itself)?;
        state.issuer(anchor)?;
        // RFC 5280 takes an anchor as it is; but whoever can compute its key can issue under it
        usage::strength(anchor, question.policy, &mut findings);
        usage::anchor_time(anchor, question, &mut findings);
        for certificate in intermediates.iter().rev() {
            may_issue(certificate, Anchored::ByAnother)?;
            profile::check(certificate, Role::Authority, question, &mut findings)?;
            for_purpose(certificate, question.purpose)?;
            if !certificate.is_self_issued() {
                state.names(certificate, budget)?;
                state.room = state.room.checked_sub(1).ok_or_else(|| {
                    let found = "a pathLenConstraint above it permits no further issuer";
                    certificate.objection(Reason::PathLength, found)
                })?;
            }
            policies.certificate(certificate, Position::Above, budget)?;
            policies.issuer(certificate, budget)?;
            state.issuer(certificate)?;
            usage::time(certificate, question, &mut findings);
            usage::strength(certificate, question.policy, &mut findings);
            usage::digest(certificate, question.policy, &mut findings);
        }
    }
    profile::check(leaf, Role::Person, question, &mut findings)?;
    read(leaf, "basicConstraints", leaf.basic_constraints())?;
    read(leaf, "keyUsage", leaf.key_usage())?;
    read(leaf, "extKeyUsage", leaf.permits_email())?;
    state.names(leaf, budget)?;
    policies.certificate(leaf, Position::Last, budget)?;
    let policies = policies.wrap_up(leaf)?;
    Ok(Valid { findings, policies })
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
    let explicit = question.policy.certificate_policies.require_explicit;
    let has_policies = || certificate.extension(&ID_CE_CERTIFICATE_POLICIES).is_some();
    if explicit && place != Place::Anchor && !has_policies() {
        return refuse(certificate, Reason::NoPolicy, "no policies");
    }
    match place {
        Place::Leaf => {
            profile::check(certificate, Role::Person, question, &mut findings)?;
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
            profile::check(certificate, Role::Authority, question, &mut findings)?;
            for_purpose(certificate, question.purpose)?;
            let names = certificate.alternative_names();
            read(certificate, "subjectAltName", names)?;
            usage::time(certificate, question, &mut findings);
            usage::digest(certificate, question.policy, &mut findings);
        }
        Place::Anchor => {
            may_issue(certificate, Anchored::Itself)?;
            usage::anchor_time(certificate, question, &mut findings);
        }
    }
    usage::strength(certificate, question.policy, &mut findings);
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

/// Checks that an issuer with an extended key usage may issue for this purpose: what is permitted below must be permitted all the way down.
fn for_purpose(certificate: &Certificate, purpose: Purpose) -> Result<(), Refusal> {
    let (permits, wanted) = match purpose {
        Purpose::Any => return Ok(()),
        Purpose::Sign | Purpose::Encrypt => (certificate.permits_email(), None),
        // RFC 3161 asks it of the authority alone; a CA that is bound to mail may not make one all the same
        Purpose::TimeStamp => (
            certificate.permits_time_stamping(),
            Some("an issuer with an extended key usage needs timeStamping in it"),
        ),
    };
    if read(certificate, "extKeyUsage", permits)? != Some(false) {
        return Ok(());
    }
    let found = format!("extended key usage is {}", usage::purposes(certificate));
    let objection = certificate.objection(Reason::IssuerEku, found);
    Err(match wanted {
        Some(wanted) => objection.wanting(wanted),
        None => objection,
    }
    .into())
}

/// Makes a malformed extension a refusal.
pub(super) fn read<T>(
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

pub(super) fn refuse<T>(
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
        policy::Limits,
        x509::{
            case::case,
            sample::{
                self, Template, alternative_names, basic_constraints, extended_key_usage,
                extension, key, key_usage, name_constraints, now,
            },
        },
    };
    use const_oid::{ObjectIdentifier as Oid, db::rfc5280 as oids};

    #[test]
    fn a_plain_path_has_no_findings() {
        assert_eq!(case().rules(), []);
    }

    #[test]
    fn an_issuer_must_be_a_ca() {
        let with = |extensions: &[Vec<u8>]| {
            let mut case = case();
            case.ca.extensions = extensions.to_vec();
            case
        };
        let (reason, text) = with(&[]).refusal();
        assert_eq!(reason, Reason::NoBasicConstraints);
        assert!(
            text.contains("CN=CA (serial 01): it issued another but has no basicConstraints"),
            "{text}"
        );
        let refusal = with(&[key_usage(0x04)]).refusal();
        assert_eq!(refusal.0, Reason::NoBasicConstraints);
        let refusal = with(&[basic_constraints(false, None), key_usage(0x04)]).refusal();
        assert_eq!(refusal.0, Reason::NotCa);
        let (reason, text) = with(&[basic_constraints(true, None), key_usage(0x82)]).refusal();
        assert_eq!(reason, Reason::NoKeyCertSign);
        assert!(
            text.contains("its keyUsage is digitalSignature, cRLSign"),
            "{text}"
        );
        assert_eq!(with(&[basic_constraints(true, None)]).rules(), []);
        let good = with(&[basic_constraints(true, None), key_usage(0x04)]);
        assert_eq!(good.rules(), []);
        let broken = extension(&oids::ID_CE_BASIC_CONSTRAINTS, true, &[5, 0]);
        let (reason, text) = with(&[broken]).refusal();
        assert_eq!(reason, Reason::MalformedExtension);
        assert!(text.contains("its basicConstraints is malformed"), "{text}");
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
            let (reason, text) = old.refusal();
            assert_eq!(reason, Reason::OldVersion);
            assert!(
                text.contains(&format!("its version is {version}")),
                "{text}"
            );
        }
    }

    #[test]
    fn an_anchor_that_is_no_cas_issues_nothing() {
        let mut case = case();
        case.root.extensions = vec![basic_constraints(false, None)];
        let (reason, text) = case.refusal();
        assert_eq!(reason, Reason::NotCa);
        assert!(text.contains("CN=Root (serial 01)"), "{text}");
        case.root.extensions = vec![basic_constraints(true, None), key_usage(0x80)];
        assert_eq!(case.refusal().0, Reason::NoKeyCertSign);
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
        let (reason, text) = with(Some(0), None).refusal();
        assert_eq!(reason, Reason::PathLength);
        assert!(text.contains("certificate CN=CA (serial 01): "), "{text}");
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
                let (reason, text) = of_ca.refusal();
                assert_eq!(reason, Reason::IssuerEku);
                assert!(text.contains("extended key usage is serverAuth"), "{text}");
                assert_eq!(of_alice.reasons(), [Reason::NoEmailProtection]);
                assert_eq!(
                    of_alice.text(),
                    "certificate CN=Alice (serial 01): extended key usage is serverAuth; S/MIME needs emailProtection"
                );
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
        assert_eq!(empty.refusal().0, Reason::MalformedExtension);
    }

    #[test]
    fn every_issuer_must_permit_mail_and_one_any_will_do() {
        let (email, any) = (oids::ID_KP_EMAIL_PROTECTION, oids::ANY_EXTENDED_KEY_USAGE);
        let with = |template: Template, all: &[Oid]| match all {
            [] => template.unsigned(),
            all => template.with(extended_key_usage(all)).unsigned(),
        };
        let judged = |upper: &[Oid], lower: &[Oid], purpose| {
            let root = Template::ca("CN=Root", &key(1), "CN=Root").unsigned();
            let upper = with(Template::ca("CN=Upper", &key(2), "CN=Root"), upper);
            let lower = with(Template::ca("CN=Lower", &key(4), "CN=Upper"), lower);
            let alice = Template::new("CN=Alice", &key(3), "CN=Lower").unsigned();
            let policy = Policy::default();
            let question = Question {
                purpose,
                at: now(),
                signing_time: None,
                policy: &policy,
            };
            let path = [alice, lower, upper, root];
            validate(&path, question, &mut Budget::new(Limits::default())).is_ok()
        };
        for purpose in [Purpose::Sign, Purpose::Encrypt] {
            assert!(judged(&[], &[], purpose));
            assert!(judged(&[email], &[any], purpose));
            assert!(judged(&[any], &[email, oids::ID_KP_CLIENT_AUTH], purpose));
            assert!(!judged(&[oids::ID_KP_CLIENT_AUTH], &[email], purpose));
            assert!(!judged(&[email], &[oids::ID_KP_CLIENT_AUTH], purpose));
        }
        assert!(judged(&[oids::ID_KP_CLIENT_AUTH], &[], Purpose::Any));
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
        let (reason, text) = with(permitted, &[], alice, &["email:a@example.org"]).refusal();
        assert_eq!(reason, Reason::NameNotPermitted);
        assert_eq!(
            text,
            "certificate CN=Alice (serial 01): rfc822Name a@example.org is a name that CN=CA does not permit by its nameConstraints; \
             every name must lie in a subtree that nameConstraints above permit"
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
        let refusal = with(&[], excluded, alice, &["email:a@EXAMPLE.org"]).refusal();
        assert_eq!(refusal.0, Reason::NameExcluded);
        let directory = &["dir:O=Example"][..];
        assert_eq!(with(directory, &[], "O=Example,CN=Alice", &[]).rules(), []);
        // no name at all lies in no excluded subtree; that subjectAltName should then be critical is another matter
        let nameless = with(directory, &[], "", &["dns:x"]);
        assert_eq!(nameless.reasons(), [Reason::Profile]);
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
        assert_eq!(case.refusal().0, Reason::MalformedExtension);
        case.ca.extensions.pop();
        let names = extension(&oids::ID_CE_SUBJECT_ALT_NAME, false, b"example.com");
        case.alice.extensions.push(names);
        assert_eq!(case.refusal().0, Reason::MalformedExtension);
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

    #[test]
    fn two_thousand_constraints_end_soon() {
        let list = |make: fn(usize) -> String| (0..2_048).map(make).collect::<Vec<_>>();
        let names = list(|n| format!("dir:O=Example,CN={n}"));
        let bases = list(|n| format!("dir:O=Example,CN=x{n}"));
        let mut case = case();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let bases: Vec<_> = bases.iter().map(String::as_str).collect();
        let permitted = &["dir:O=Example"][..];
        case.ca.extensions.push(name_constraints(permitted, &bases));
        case.alice.extensions.push(alternative_names(&names));
        let start = std::time::Instant::now();
        let exceeded = case.judge().unwrap_err();
        assert_eq!(
            exceeded.to_string(),
            "building the certificate path took more than 250000 name comparisons"
        );
        assert!(start.elapsed() < std::time::Duration::from_secs(2));
    }
}
