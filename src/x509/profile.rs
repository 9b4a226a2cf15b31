//! A certificate against the profile: the extensions of its role by the table of `policy/extensions`, and what RFC 5280 §4.1 and §4.2 ask of who
//! issues it. Refuses what the table says; everything else is tolerated and found. Looks at one certificate at a time.
use super::{
    Certificate,
    extension::KeyUsage,
    validate::{Question, Refusal, refuse},
};
use crate::policy::{
    Finding, Level, Reason, Revocation, Rule,
    extensions::{Breach, Criticality, EXTENSIONS, ExtensionRule, Presence, Processed, Role},
};
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

/// The longest serial number, in octets (RFC 5280 §4.1.2.2).
const SERIAL_OCTETS: usize = 20;

/// Checks the extensions of a certificate by the table (§4.2, §6.1.4 (o), §6.1.5 (f)), and reports what is not as it should have been issued.
pub(super) fn check(
    certificate: &Certificate,
    role: Role,
    question: Question<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), Refusal> {
    critical(certificate, role, question)?;
    // A certificate of version 1 or 2 cannot carry any; that it issues none, `validate` says.
    if certificate.version() < 3 {
        return Ok(());
    }
    let mut found = Vec::new();
    for rule in EXTENSIONS {
        presence(certificate, rule, role, &mut found)?;
    }
    fields(certificate, role, &mut found);
    let objections = found.into_iter().map(|(reason, found, wanted)| {
        let objection = certificate.objection(reason, found);
        question.policy.object(match wanted {
            Some(wanted) => objection.wanting(wanted),
            None => objection,
        })
    });
    findings.extend(objections);
    Ok(())
}

/// Reason, what was found, what was wanted where that is not what the reason says.
type Found = (Reason, String, Option<String>);

/// Refuses critical extensions that are not processed.
fn critical(certificate: &Certificate, role: Role, question: Question<'_>) -> Result<(), Refusal> {
    for extension in certificate.extensions().filter(|it| it.critical) {
        let found = || format!("the extension {} is critical", extension.name());
        match ExtensionRule::of(extension.oid).filter(|rule| rule.belongs_beside(role)) {
            Some(rule) if rule.processed == Processed::Yes => {}
            Some(_) if is_revocation_a_condition(question) => {}
            Some(_) => {
                let wanted = "it is processed only where unknown revocation is denied";
                let objection = certificate.objection(Reason::UnknownCritical, found());
                return Err(objection.wanting(wanted).into());
            }
            None => return refuse(certificate, Reason::UnknownCritical, found()),
        }
    }
    Ok(())
}

/// Returns whether nothing passes whose revocation is unknown.
fn is_revocation_a_condition(question: Question<'_>) -> bool {
    question.policy.revocation != Revocation::Off
        && question.policy.level(Rule::RevocationUnknown) == Level::Deny
}

/// Looks for one extension: whether it is there as it MUST, and as critical as it MUST.
fn presence(
    certificate: &Certificate,
    rule: &ExtensionRule,
    role: Role,
    found: &mut Vec<Found>,
) -> Result<(), Refusal> {
    let extension = certificate
        .extensions()
        .find(|extension| extension.oid == rule.oid.as_bytes());
    let name = rule.name;
    let Some(extension) = extension else {
        match (rule.presence(role), rule.breach) {
            (Presence::Must, Breach::Refused) => {
                let found = format!("it has no {name}");
                return refuse(certificate, Reason::MissingExtension, found);
            }
            (Presence::Must, Breach::Warned) => {
                found.push((Reason::Profile, format!("it has no {name}"), None));
            }
            _ => {}
        }
        return Ok(());
    };
    if rule.presence(role) == Presence::No && rule.breach != Breach::Tolerated {
        let wanted = format!("{name} belongs elsewhere ({})", section(rule));
        found.push((Reason::Profile, format!("it has {name}"), Some(wanted)));
    }
    // basicConstraints of a person MAY be either (§4.2.1.9)
    let binds = rule.presence(role) == Presence::Must || rule.breach != Breach::Refused;
    let (is, must) = match (rule.criticality, extension.critical) {
        (Criticality::Must, false) if binds => ("not critical", "be critical"),
        (Criticality::MustNot, true) => ("critical", "not be critical"),
        _ => return Ok(()),
    };
    found.push((
        Reason::Profile,
        format!("its {name} is {is}"),
        Some(format!("{name} must {must} ({})", section(rule))),
    ));
    Ok(())
}

/// Returns where an extension is defined: the first section of its row.
fn section(rule: &ExtensionRule) -> String {
    let section = rule.source.split([',', ':']).next().unwrap_or_default();
    match section.starts_with('§') {
        true => format!("RFC 5280 {section}"),
        false => section.to_owned(),
    }
}

/// Looks at fields that depend on one another, as far as they are well-formed; what is not is found by whom it concerns.
fn fields(certificate: &Certificate, role: Role, found: &mut Vec<Found>) {
    let mut note = |what: &str, wanted: &str| {
        found.push((Reason::Profile, what.to_owned(), Some(wanted.to_owned())));
    };
    let usage = certificate.key_usage().ok().flatten();
    if usage.is_some_and(|usage| usage.0 == 0) {
        note(
            "its keyUsage is empty",
            "at least one bit must be set (RFC 5280 §4.2.1.3)",
        );
    }
    let basic = certificate.basic_constraints().ok().flatten();
    let basic = basic.unwrap_or_default();
    let signs = usage.is_some_and(|usage| usage.permits(KeyUsage::KEY_CERT_SIGN));
    if signs && !basic.ca {
        note(
            "its keyUsage includes keyCertSign and its basicConstraints do not say that it is a CA's",
            "keyCertSign belongs to CAs (RFC 5280 §4.2.1.9)",
        );
    }
    if basic.path_length.is_some() && !basic.ca {
        note(
            "it has a pathLenConstraint and is no CA's",
            "a pathLenConstraint belongs to CAs (RFC 5280 §4.2.1.9)",
        );
    }
    match certificate.serial() {
        // the octet that keeps the INTEGER positive does not count
        [0, rest @ ..] if !rest.is_empty() && rest.len() <= SERIAL_OCTETS => {}
        [0] | [0x80..=0xff, ..] => note(
            "its serial number is not positive",
            "a serial number must be positive (RFC 5280 §4.1.2.2)",
        ),
        serial if serial.len() > SERIAL_OCTETS => note(
            "its serial number has more than 20 octets",
            "a serial number must have 20 octets at most (RFC 5280 §4.1.2.2)",
        ),
        _ => {}
    }
    if certificate.subject().is_empty() {
        let oid = ID_CE_SUBJECT_ALT_NAME.as_bytes();
        let named = certificate.extensions().find(|it| it.oid == oid);
        match (role, named.map(|it| it.critical)) {
            (Role::Authority, _) => note(
                "its subject is empty",
                "a CA must have a name (RFC 5280 §4.1.2.6)",
            ),
            (_, Some(true)) => {}
            _ => note(
                "its subject is empty and it has no critical subjectAltName",
                "a critical subjectAltName must take the place of an empty subject (RFC 5280 §4.1.2.6)",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        policy::Level,
        x509::{
            case::{Case, case},
            path::Purpose,
            sample::{
                alternative_names, basic_constraints, extended_key_usage, extension, key_usage,
                name, name_constraints,
            },
        },
    };
    use const_oid::{
        ObjectIdentifier as Oid,
        db::rfc5280::{self as oids, ID_KP_EMAIL_PROTECTION},
    };

    /// Asserts that a case passes with one warning that says this.
    fn warns(case: &Case, who: &str, found: &str) {
        assert_eq!(case.reasons(), [Reason::Profile], "{found}");
        let text = case.text();
        assert!(text.contains(who) && text.contains(found), "{text}");
        assert_eq!(case.judge().unwrap().findings[0].level, Level::Warn);
    }

    fn alice(extension: Vec<u8>) -> Case {
        let mut case = case();
        case.alice.extensions.push(extension);
        case
    }

    fn ca(extension: Vec<u8>) -> Case {
        let mut case = case();
        case.ca.extensions.push(extension);
        case
    }

    #[test]
    fn critical_extensions_must_be_processed() {
        let unknown = Oid::new_unwrap("1.3.6.1.4.1.55738.666.1");
        let of_persons = Oid::new_unwrap("2.5.29.9");
        let of_lists = Oid::new_unwrap("2.5.29.28");
        for (oid, name) in [
            (unknown, "1.3.6.1.4.1.55738.666.1"),
            (of_persons, "subjectDirectoryAttributes"),
            (of_lists, "issuingDistributionPoint"),
        ] {
            for (who, with) in [("CN=CA", ca as fn(Vec<u8>) -> Case), ("CN=Alice", alice)] {
                let (reason, text) = with(extension(&oid, true, &[0x30, 0])).refusal();
                assert_eq!(reason, Reason::UnknownCritical);
                assert!(text.contains(who), "{text}");
                assert!(text.to_lowercase().contains(&name.to_lowercase()), "{text}");
            }
        }
        for oid in [unknown, of_persons] {
            for case in [ca, alice].map(|with| with(extension(&oid, false, &[0x30, 0]))) {
                assert_eq!(case.rules(), []);
            }
        }
    }

    #[test]
    fn critical_distribution_points_ask_for_their_lists() {
        let point = || extension(&oids::ID_CE_CRL_DISTRIBUTION_POINTS, true, &[0x30, 0]);
        let mut case = alice(point());
        assert_eq!(case.refusal().0, Reason::UnknownCritical);
        case.policy.revocation = Revocation::Soft;
        assert_eq!(case.refusal().0, Reason::UnknownCritical);
        case.policy.revocation = Revocation::Hard;
        let report = case.judge().unwrap();
        assert!(report.trusted);
        assert!(
            report
                .findings
                .iter()
                .all(|it| it.rule == Rule::RevocationUnknown)
        );
        assert!(!report.findings.is_empty());
    }

    #[test]
    fn criticality_that_differs_is_tolerated_and_found() {
        let basic = |critical| {
            extension(
                &oids::ID_CE_BASIC_CONSTRAINTS,
                critical,
                &[0x30, 3, 1, 1, 0xff],
            )
        };
        let mut loose = case();
        loose.ca.extensions = vec![basic(false)];
        warns(
            &loose,
            "CN=CA",
            "its basicConstraints is not critical; basicConstraints must be critical (RFC 5280 §4.2.1.9)",
        );
        loose.ca.extensions = vec![basic(true)];
        assert_eq!(loose.rules(), []);
        let person = extension(&oids::ID_CE_BASIC_CONSTRAINTS, false, &[0x30, 0]);
        assert_eq!(alice(person).rules(), []);

        let identifier =
            |critical| extension(&oids::ID_CE_SUBJECT_KEY_IDENTIFIER, critical, &[4, 1, 7]);
        warns(
            &alice(identifier(true)),
            "CN=Alice",
            "its subjectKeyIdentifier is critical",
        );
        assert_eq!(alice(identifier(false)).rules(), []);
        let constraints = |critical| {
            let value = crate::x509::sample::constraints(&["dns:example.com"], &[]);
            extension(&oids::ID_CE_NAME_CONSTRAINTS, critical, &value)
        };
        warns(
            &ca(constraints(false)),
            "CN=CA",
            "its nameConstraints is not critical",
        );
        assert_eq!(ca(constraints(true)).rules(), []);
    }

    #[test]
    fn extensions_of_another_role_are_tolerated_and_found() {
        let constraints = name_constraints(&["dns:example.com"], &[]);
        warns(&alice(constraints), "CN=Alice", "it has nameConstraints");
        let mapping = extension(&oids::ID_CE_POLICY_MAPPINGS, false, &[0x30, 0]);
        warns(&alice(mapping), "CN=Alice", "it has policyMappings");
    }

    #[test]
    fn fields_that_contradict_are_tolerated_and_found() {
        let mut empty = alice(key_usage(0));
        empty.purpose = Purpose::Any;
        warns(&empty, "CN=Alice", "its keyUsage is empty");
        warns(
            &alice(key_usage(0x84)),
            "CN=Alice",
            "its keyUsage includes keyCertSign",
        );
        let length = basic_constraints(false, Some(0));
        warns(&alice(length), "CN=Alice", "it has a pathLenConstraint");
    }

    #[test]
    fn serial_numbers() {
        let with = |serial: &[u8]| {
            let mut case = case();
            case.alice = case.alice.serial(serial);
            case
        };
        for good in [&[1_u8][..], &[0x7f; 20], &[&[0][..], &[0xff; 20]].concat()] {
            assert_eq!(with(good).rules(), [], "{good:?}");
        }
        for (bad, found) in [
            (&[0][..], "not positive"),
            (&[0xff], "not positive"),
            (&[0x7f; 21], "more than 20 octets"),
        ] {
            warns(&with(bad), "CN=Alice", found);
        }
    }

    #[test]
    fn an_empty_subject_needs_another_name() {
        let with = |extensions: &[Vec<u8>]| {
            let mut case = case();
            case.alice.subject = name("");
            case.alice.extensions = extensions.to_vec();
            case
        };
        let alternative = &["email:alice@example.com"];
        let value = crate::x509::sample::general_names(alternative);
        let critical = extension(&ID_CE_SUBJECT_ALT_NAME, true, &value);
        assert_eq!(with(&[critical]).rules(), []);
        warns(
            &with(&[alternative_names(alternative)]),
            "(serial 01)",
            "its subject is empty",
        );
        warns(&with(&[]), "(serial 01)", "its subject is empty");
    }

    #[test]
    fn what_practice_leaves_out_is_not_mentioned() {
        // no key identifiers, no CRL, no keyUsage at the CA
        let mut plain = case();
        plain.ca.extensions = vec![basic_constraints(true, None)];
        plain.alice.extensions = vec![extended_key_usage(&[ID_KP_EMAIL_PROTECTION])];
        assert_eq!(plain.rules(), []);
    }
}
