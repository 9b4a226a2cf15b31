//! Which extensions a certificate carries in each role, and which of them are understood: RFC 5280 §4.2 as a table.
//!
//! A critical extension that is not understood refuses the certificate (§4.2). How each is processed is x509's business.
use crate::asn1::oid::Oid;

/// What a certificate is in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// an intermediate: it issued the next certificate
    Authority,
    /// the end: the certificate of a person or mailbox
    Person,
}

/// Whether a role carries an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// MUST be there
    Must,
    /// may be there
    May,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct ExtensionRule {
    /// its name in RFC 5280
    pub name: &'static str,
    /// its OID
    pub oid: Oid,
    /// in a CA's certificate
    pub authority: Presence,
    /// in a person's certificate
    pub person: Presence,
    /// whether it is processed (or its processing cannot change the answer), so that it may be critical
    pub understood: bool,
    /// section of RFC 5280, and why
    pub source: &'static str,
}

impl ExtensionRule {
    /// Returns whether certificates in this role carry it.
    pub const fn presence(&self, role: Role) -> Presence {
        match role {
            Role::Authority => self.authority,
            Role::Person => self.person,
        }
    }

    /// Finds the row of an extension by the content octets of its OID.
    pub fn of(oid: &[u8]) -> Option<&'static Self> {
        EXTENSIONS.iter().find(|rule| rule.oid.as_bytes() == oid)
    }
}

macro_rules! extensions {
    ($($name:literal $oid:literal $authority:ident $person:ident $understood:literal $source:literal;)*) => {
        /// The table.
        pub const EXTENSIONS: &[ExtensionRule] = &[$(ExtensionRule {
            name: $name,
            oid: Oid::new_unwrap($oid),
            authority: Presence::$authority,
            person: Presence::$person,
            understood: $understood,
            source: $source,
        },)*];
    };
}

// name, OID, in a CA's certificate, in a person's, understood, source
extensions! {
    "authorityKeyIdentifier" "2.5.29.35" May May true "§4.2.1.1: orders the candidates for the issuer, refuses none";
    "subjectKeyIdentifier" "2.5.29.14" May May true "§4.2.1.2";
    "keyUsage" "2.5.29.15" May May true "§4.2.1.3, §6.1.4 (n): where it is, keyCertSign must be set to issue";
    "certificatePolicies" "2.5.29.32" May May true "§4.2.1.4: §6.1.3 (d)";
    "policyMappings" "2.5.29.33" May May true "§4.2.1.5";
    "subjectAltName" "2.5.29.17" May May true "§4.2.1.6";
    "issuerAltName" "2.5.29.18" May May true "§4.2.1.7: not processed in path validation";
    "basicConstraints" "2.5.29.19" Must May true "§4.2.1.9, §6.1.4 (k)";
    "nameConstraints" "2.5.29.30" May May true "§4.2.1.10: of no effect in the last certificate";
    "policyConstraints" "2.5.29.36" May May true "§4.2.1.11";
    "extKeyUsage" "2.5.29.37" May May true "§4.2.1.12, RFC 8550 §4.4.4";
    "cRLDistributionPoints" "2.5.29.31" May May false "§4.2.1.13: critical, it forbids use without its CRLs";
    "inhibitAnyPolicy" "2.5.29.54" May May true "§4.2.1.14";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_extension_has_one_row() {
        for rule in EXTENSIONS {
            let found = EXTENSIONS.iter().filter(|other| other.oid == rule.oid);
            assert_eq!(found.count(), 1, "{}", rule.name);
            assert_eq!(
                ExtensionRule::of(rule.oid.as_bytes()).unwrap().name,
                rule.name
            );
        }
        assert!(ExtensionRule::of(&[0x55, 0x1d, 0x7f]).is_none());
    }

    #[test]
    fn a_ca_must_say_so_and_a_person_need_not() {
        let rule = ExtensionRule::of(&[0x55, 0x1d, 19]).unwrap();
        assert_eq!(rule.presence(Role::Authority), Presence::Must);
        assert_eq!(rule.presence(Role::Person), Presence::May);
    }
}
