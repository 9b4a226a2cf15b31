//! What the extensions of a certificate say, in words: every one that is known, the rest by number. Judges nothing; a malformed extension is
//! shown as such.
//!
//! Texts are as received: nothing in them is escaped yet.
use super::{
    Certificate, Error,
    extension::{
        self, BasicConstraints, Extension, KeyUsage, PolicyConstraints, oid_name, oid_number,
    },
    general_name::GeneralName,
};
use crate::{
    asn1::{Tag, cursor::Cursor},
    encoding::hex,
};
use const_oid::{ObjectIdentifier as Oid, db::rfc5280};

/// SMIMECapabilities (RFC 8551 §2.5.2), in a certificate by RFC 4262.
const SMIME_CAPABILITIES: Oid = Oid::new_unwrap("1.2.840.113549.1.9.15");
/// Octets of an unknown extension that are shown.
const SHOWN: usize = 64;

/// One extension, described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// its name in the standards, or its number
    pub name: String,
    /// its OID in decimal
    pub oid: String,
    /// whether who does not know it must refuse the certificate
    pub critical: bool,
    /// whether it is one that is described here
    pub known: bool,
    /// what it says, one statement each; or why it cannot be read
    pub says: Result<Vec<String>, String>,
}

impl Certificate {
    /// Describes every extension, in order.
    pub fn describe(&self) -> Vec<Description> {
        self.extensions().map(|it| describe(&it)).collect()
    }
}

fn describe(extension: &Extension<'_>) -> Description {
    let known = Oid::from_bytes(extension.oid).ok().and_then(|oid| {
        let row = KNOWN.iter().find(|(known, ..)| *known == oid)?;
        Some((row.1, row.2))
    });
    let says = match known {
        Some((_, read)) => read(extension.value),
        None => {
            let shown = extension.value.get(..SHOWN).unwrap_or(extension.value);
            let more = extension.value.len().saturating_sub(shown.len());
            let more = match more {
                0 => String::new(),
                n => format!("… ({n} bytes more)"),
            };
            Ok(vec![format!("{}{more}", hex::encode(shown))])
        }
    };
    Description {
        name: known.map_or_else(|| oid_name(extension.oid), |(name, _)| name.to_owned()),
        oid: oid_number(extension.oid),
        critical: extension.critical,
        known: known.is_some(),
        says: says.map_err(|error| error.to_string()),
    }
}

type Words = Result<Vec<String>, Error>;

/// OID, name and reader.
type Row = (Oid, &'static str, fn(&[u8]) -> Words);

/// Each extension that is put in words.
const KNOWN: &[Row] = &[
    (rfc5280::ID_CE_BASIC_CONSTRAINTS, "basicConstraints", basic),
    (rfc5280::ID_CE_KEY_USAGE, "keyUsage", key_usage),
    (rfc5280::ID_CE_EXT_KEY_USAGE, "extKeyUsage", purposes),
    (rfc5280::ID_CE_SUBJECT_ALT_NAME, "subjectAltName", names),
    (rfc5280::ID_CE_ISSUER_ALT_NAME, "issuerAltName", names),
    (
        rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER,
        "subjectKeyIdentifier",
        key_identifier,
    ),
    (
        rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER,
        "authorityKeyIdentifier",
        authority,
    ),
    (
        rfc5280::ID_CE_CERTIFICATE_POLICIES,
        "certificatePolicies",
        policies,
    ),
    (rfc5280::ID_CE_POLICY_MAPPINGS, "policyMappings", mappings),
    (
        rfc5280::ID_CE_POLICY_CONSTRAINTS,
        "policyConstraints",
        policy_constraints,
    ),
    (
        rfc5280::ID_CE_INHIBIT_ANY_POLICY,
        "inhibitAnyPolicy",
        inhibit_any,
    ),
    (
        rfc5280::ID_CE_NAME_CONSTRAINTS,
        "nameConstraints",
        name_constraints,
    ),
    (
        rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS,
        "cRLDistributionPoints",
        extension::crl_locations,
    ),
    (
        rfc5280::ID_CE_FRESHEST_CRL,
        "freshestCRL",
        extension::crl_locations,
    ),
    (
        rfc5280::ID_PE_AUTHORITY_INFO_ACCESS,
        "authorityInfoAccess",
        access,
    ),
    (
        rfc5280::ID_PE_SUBJECT_INFO_ACCESS,
        "subjectInfoAccess",
        access,
    ),
    (SMIME_CAPABILITIES, "smimeCapabilities", capabilities),
];

fn basic(der: &[u8]) -> Words {
    let basic = BasicConstraints::read(der)?;
    let mut words = vec![if basic.ca { "CA" } else { "no CA" }.to_owned()];
    words.extend(
        basic
            .path_length
            .map(|n| format!("at most {n} issuers below")),
    );
    Ok(words)
}

fn key_usage(der: &[u8]) -> Words {
    Ok(vec![KeyUsage::read(der)?.to_string()])
}

fn purposes(der: &[u8]) -> Words {
    Ok(extension::purposes(der)?
        .into_iter()
        .map(oid_name)
        .collect())
}

fn names(der: &[u8]) -> Words {
    let names = GeneralName::read_all(der)?;
    Ok(names.iter().map(ToString::to_string).collect())
}

fn key_identifier(der: &[u8]) -> Words {
    Ok(vec![hex::encode(extension::key_identifier(der)?)])
}

/// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0], authorityCertIssuer [1] GeneralNames, authorityCertSerialNumber [2] }, all OPTIONAL
fn authority(der: &[u8]) -> Words {
    let mut fields = extension::sequence(der)?;
    let mut words = Vec::new();
    if let Some(identifier) = fields.optional(Tag::context_primitive(0))? {
        words.push(hex::encode(identifier.content));
    }
    if let Some(issuer) = fields.optional(Tag::context(1))? {
        let mut issuer = issuer.inside();
        while !issuer.is_empty() {
            words.push(format!("issued by {}", GeneralName::read(&mut issuer)?));
        }
    }
    if let Some(serial) = fields.optional(Tag::context_primitive(2))? {
        let serial = super::certificate::serial_text(serial.content);
        words.push(format!("serial {serial}"));
    }
    fields.finish()?;
    Ok(words)
}

fn policies(der: &[u8]) -> Words {
    let policies = extension::certificate_policies(der)?;
    Ok(policies.into_iter().map(policy).collect())
}

fn policy(oid: &[u8]) -> String {
    match oid == rfc5280::ANY_POLICY.as_bytes() {
        true => "anyPolicy".to_owned(),
        false => oid_number(oid),
    }
}

fn mappings(der: &[u8]) -> Words {
    let mappings = extension::policy_mappings(der)?;
    let mappings = mappings.into_iter();
    Ok(mappings
        .map(|it| format!("{} is {} below", policy(it.issuer), policy(it.subject)))
        .collect())
}

fn policy_constraints(der: &[u8]) -> Words {
    let constraints = PolicyConstraints::read(der)?;
    let mut words = Vec::new();
    if let Some(n) = constraints.require_explicit_policy {
        words.push(format!("a policy is required after {n} certificates"));
    }
    if let Some(n) = constraints.inhibit_policy_mapping {
        words.push(format!("no mapping after {n} certificates"));
    }
    Ok(words)
}

fn inhibit_any(der: &[u8]) -> Words {
    let n = extension::inhibit_any_policy(der)?;
    Ok(vec![format!(
        "anyPolicy does not count after {n} certificates"
    )])
}

/// NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }, each SEQUENCE OF { base GeneralName, minimum, maximum }
fn name_constraints(der: &[u8]) -> Words {
    let mut fields = extension::sequence(der)?;
    let mut words = Vec::new();
    for (number, word) in [(0, "permits"), (1, "excludes")] {
        let Some(subtrees) = fields.optional(Tag::context(number))? else {
            continue;
        };
        let mut subtrees = subtrees.inside();
        while !subtrees.is_empty() {
            let mut subtree = subtrees.enter(Tag::SEQUENCE)?;
            words.push(format!("{word} {}", GeneralName::read(&mut subtree)?));
        }
    }
    fields.finish()?;
    Ok(words)
}

fn access(der: &[u8]) -> Words {
    let descriptions = extension::access_descriptions(der)?;
    let descriptions = descriptions.into_iter();
    Ok(descriptions
        .map(|(method, location)| format!("{}: {location}", oid_name(method)))
        .collect())
}

/// SMIMECapabilities ::= SEQUENCE OF SEQUENCE { capabilityID OBJECT IDENTIFIER, parameters ANY OPTIONAL }
fn capabilities(der: &[u8]) -> Words {
    let mut list = extension::sequence(der)?;
    let mut words = Vec::new();
    while !list.is_empty() {
        let mut capability: Cursor<'_> = list.enter(Tag::SEQUENCE)?;
        words.push(oid_name(capability.expect(Tag::OID)?.content));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::x509::sample::{
        Template, alternative_names, authority_key_identifier, basic_constraints, extension, key,
        key_identifier, key_usage,
    };

    fn described(extensions: &[Vec<u8>]) -> Vec<String> {
        let mut template = Template::new("CN=x", &key(1), "CN=CA");
        template.extensions = extensions.to_vec();
        let descriptions = template.sign(&key(2)).describe();
        let words = descriptions.into_iter().map(|it| {
            let critical = if it.critical { " critical" } else { "" };
            let says = it
                .says
                .map_or_else(|e| format!("MALFORMED {e}"), |s| s.join(", "));
            format!("{}{critical} ({}): {says}", it.name, it.known)
        });
        words.collect()
    }

    #[test]
    fn every_extension_in_words() {
        let of = |oid: &Oid, value: &[u8]| extension(oid, false, value);
        assert_eq!(
            described(&[
                basic_constraints(true, Some(2)),
                key_usage(0x84),
                alternative_names(&["email:a@b.example", "dns:b.example"]),
                key_identifier(&[1, 2]),
                authority_key_identifier(&[3, 4]),
                of(
                    &rfc5280::ID_CE_EXT_KEY_USAGE,
                    b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x04"
                ),
                of(
                    &rfc5280::ID_CE_CERTIFICATE_POLICIES,
                    b"\x30\x0e\x30\x06\x06\x04\x55\x1d\x20\x00\x30\x04\x06\x02\x2a\x03"
                ),
                of(
                    &rfc5280::ID_CE_POLICY_MAPPINGS,
                    b"\x30\x0a\x30\x08\x06\x02\x2a\x03\x06\x02\x2a\x04"
                ),
                of(
                    &rfc5280::ID_CE_POLICY_CONSTRAINTS,
                    b"\x30\x06\x80\x01\x00\x81\x01\x01"
                ),
                of(&rfc5280::ID_CE_INHIBIT_ANY_POLICY, b"\x02\x01\x03"),
                of(
                    &rfc5280::ID_CE_NAME_CONSTRAINTS,
                    b"\x30\x0e\xa0\x05\x30\x03\x81\x01a\xa1\x05\x30\x03\x82\x01b"
                ),
                of(
                    &rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS,
                    b"\x30\x0b\x30\x09\xa0\x07\xa0\x05\x86\x03u:x"
                ),
                of(
                    &rfc5280::ID_PE_AUTHORITY_INFO_ACCESS,
                    b"\x30\x11\x30\x0f\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x03u:y"
                ),
                of(
                    &SMIME_CAPABILITIES,
                    b"\x30\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a"
                ),
            ]),
            [
                "basicConstraints critical (true): CA, at most 2 issuers below",
                "keyUsage critical (true): digitalSignature, keyCertSign",
                "subjectAltName (true): rfc822Name a@b.example, dNSName b.example",
                "subjectKeyIdentifier (true): 0102",
                "authorityKeyIdentifier (true): 0304",
                "extKeyUsage (true): emailProtection",
                "certificatePolicies (true): anyPolicy, 1.2.3",
                "policyMappings (true): 1.2.3 is 1.2.4 below",
                "policyConstraints (true): a policy is required after 0 certificates, no mapping after 1 certificates",
                "inhibitAnyPolicy (true): anyPolicy does not count after 3 certificates",
                "nameConstraints (true): permits rfc822Name a, excludes dNSName b",
                "cRLDistributionPoints (true): u:x",
                "authorityInfoAccess (true): id-ad-caIssuers: uniformResourceIdentifier u:y",
                "smimeCapabilities (true): id-aes256-CBC",
            ]
        );
    }

    #[test]
    fn what_is_unknown_or_malformed_is_shown_as_such() {
        let unknown = Oid::new_unwrap("1.2.3.4");
        let long = [7; SHOWN + 2];
        let words = described(&[
            extension(&unknown, true, &[5, 0]),
            extension(&Oid::new_unwrap("1.2.3.5"), false, &long),
        ]);
        assert_eq!(words[0], "1.2.3.4 critical (false): 0500");
        assert!(words[1].ends_with("07… (2 bytes more)"), "{}", words[1]);
        for (oid, ..) in KNOWN {
            let words = described(&[extension(oid, false, &[1, 2, 3])]);
            assert!(words[0].contains("MALFORMED "), "{}", words[0]);
        }
    }
}
