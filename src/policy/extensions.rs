//! Which extensions certificates, CRLs and the entries of CRLs carry, and which of them are processed: RFC 5280 §4.2 and §5, RFC 6960 §4.2.2.2,
//! as one table in their words.
//!
//! A critical extension that is not processed refuses what carries it (§4.2). Otherwise the table says what CAs MUST do; readers need not refuse
//! where they did not, and what a breach leads to here is said in each row. How an extension is processed is x509's business.
//!
//! A trust anchor is a name and a key (§6.1.1 (d)): no row asks anything of it.
use crate::asn1::oid::Oid;

/// What carries an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// an intermediate: it issued the next certificate
    Authority,
    /// the end: the certificate of a person or mailbox
    Person,
    /// the certificate of an OCSP responder that a CA appointed
    Responder,
    /// a CRL
    Crl,
    /// an entry of a CRL
    CrlEntry,
}

/// Whether a role carries an extension; SHOULD is for issuers and leads to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// MUST be there
    Must,
    /// SHOULD be there
    Should,
    /// may be there
    May,
    /// is another role's
    No,
}

/// Whether an extension is critical; SHOULD is for issuers and leads to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criticality {
    /// MUST be critical
    Must,
    /// SHOULD be critical
    Should,
    /// may be either
    Either,
    /// SHOULD NOT be critical
    ShouldNot,
    /// MUST NOT be critical
    MustNot,
}

/// What it leads to that an extension is missing which MUST be there, or there although it is another role's. Where its criticality is not
/// as it MUST be, that is always a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// no path leads through this certificate
    Refused,
    /// a finding of the rule `certificate-profile`
    Warned,
    /// nothing: practice differs, and no answer depends on it
    Tolerated,
}

/// Whether an extension is processed, or its processing cannot change the answer, so that it may be critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processed {
    /// it is
    Yes,
    /// only where what it asks for is a condition: revocation must be known
    WithRevocation,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct ExtensionRule {
    /// its name in the RFC
    pub name: &'static str,
    /// its OID
    pub oid: Oid,
    /// by role: authority, person, responder, CRL, entry of a CRL
    presence: [Presence; 5],
    /// the same in every role
    pub criticality: Criticality,
    /// what a breach leads to
    pub breach: Breach,
    /// whether it may be critical
    pub processed: Processed,
    /// section, of RFC 5280 where none is named, and notes
    pub source: &'static str,
}

impl ExtensionRule {
    /// Returns whether this role carries it.
    pub const fn presence(&self, role: Role) -> Presence {
        let [authority, person, responder, crl, entry] = self.presence;
        match role {
            Role::Authority => authority,
            Role::Person => person,
            Role::Responder => responder,
            Role::Crl => crl,
            Role::CrlEntry => entry,
        }
    }

    /// Returns whether this role, or another of the same kind (certificate, CRL, entry), carries it.
    pub fn belongs_beside(&self, role: Role) -> bool {
        let kind: &[Role] = match role {
            Role::Authority | Role::Person | Role::Responder => {
                &[Role::Authority, Role::Person, Role::Responder]
            }
            Role::Crl => &[Role::Crl],
            Role::CrlEntry => &[Role::CrlEntry],
        };
        kind.iter().any(|role| self.presence(*role) != Presence::No)
    }

    /// Returns whether an extension, by the content octets of its OID, may be critical in what revocation is told by: it is processed there
    /// whatever else is asked for.
    pub fn may_be_critical(oid: &[u8], role: Role) -> bool {
        Self::of(oid)
            .is_some_and(|rule| rule.belongs_beside(role) && rule.processed == Processed::Yes)
    }

    /// Finds the row of an extension by the content octets of its OID.
    pub fn of(oid: &[u8]) -> Option<&'static Self> {
        EXTENSIONS.iter().find(|rule| rule.oid.as_bytes() == oid)
    }
}

macro_rules! extensions {
    ($($name:literal $oid:literal [$($presence:ident)*] $criticality:ident $breach:ident $processed:ident $source:literal;)*) => {
        /// The table.
        pub const EXTENSIONS: &[ExtensionRule] = &[$(ExtensionRule {
            name: $name,
            oid: Oid::new_unwrap($oid),
            presence: [$(Presence::$presence),*],
            criticality: Criticality::$criticality,
            breach: Breach::$breach,
            processed: Processed::$processed,
            source: $source,
        },)*];
    };
}

// name, OID, [in the certificate of an authority, of a person, of a responder, in a CRL, in an entry], critical, breach, processed, source
extensions! {
    // NOTE: CAs MUST put both key identifiers into what they issue (but for the first into their own), and many do not. They only order the
    // candidates for an issuer here, and refuse none.
    "authorityKeyIdentifier" "2.5.29.35" [Must Must Must Must No] MustNot Tolerated Yes "§4.2.1.1, §5.2.1";
    "subjectKeyIdentifier" "2.5.29.14" [Must Should Should No No] MustNot Tolerated Yes "§4.2.1.2";
    // NOTE: MUST be in a CA's certificate. Without it every use is permitted (§6.1.4 (n) "if present"), which old roots rely on.
    "keyUsage" "2.5.29.15" [Must May May No No] Should Tolerated Yes "§4.2.1.3, §6.1.4 (n)";
    "certificatePolicies" "2.5.29.32" [May May May No No] Either Warned Yes "§4.2.1.4, §6.1.3 (d)";
    "policyMappings" "2.5.29.33" [May No No No No] Should Warned Yes "§4.2.1.5, §6.1.4 (b)";
    // NOTE: MUST be critical where the subject is empty: x509's business, as it depends on another field.
    "subjectAltName" "2.5.29.17" [May May May No No] Either Warned Yes "§4.2.1.6";
    "issuerAltName" "2.5.29.18" [May May May May No] ShouldNot Warned Yes "§4.2.1.7, §5.2.2: not processed in path validation";
    // NOTE: MUST be critical in a CA's certificate, MAY be either in a person's: only the former is looked at.
    "basicConstraints" "2.5.29.19" [Must May May No No] Must Refused Yes "§4.2.1.9, §6.1.4 (k)";
    // NOTE: in the last certificate they bind nobody, and are read all the same by §6.1's silence.
    "nameConstraints" "2.5.29.30" [May No No No No] Must Warned Yes "§4.2.1.10, §6.1.4 (g)";
    // NOTE: MUST be critical. NIST's tests have it either way.
    "policyConstraints" "2.5.29.36" [May May May No No] Must Warned Yes "§4.2.1.11, §6.1.4 (i), §6.1.5 (b)";
    "extKeyUsage" "2.5.29.37" [May May Must No No] Either Warned Yes "§4.2.1.12, RFC 8550 §4.4.4, RFC 6960 §4.2.2.2";
    // NOTE: critical, it forbids use without the CRLs it points to (X.509 §9.6.2.2).
    "cRLDistributionPoints" "2.5.29.31" [Should Should May No No] ShouldNot Warned WithRevocation "§4.2.1.13, §6.3";
    "inhibitAnyPolicy" "2.5.29.54" [May No No No No] Must Warned Yes "§4.2.1.14, §6.1.4 (j)";
    "freshestCRL" "2.5.29.46" [May May May May No] MustNot Warned WithRevocation "§4.2.1.15, §5.2.6, §6.3";
    // what tells where to look, which nobody does who needs no network
    "authorityInfoAccess" "1.3.6.1.5.5.7.1.1" [May May May May No] MustNot Warned Yes "§4.2.2.1, §5.2.7";
    "subjectInfoAccess" "1.3.6.1.5.5.7.1.11" [May May May No No] MustNot Warned Yes "§4.2.2.2";
    "id-pkix-ocsp-nocheck" "1.3.6.1.5.5.7.48.1.5" [No No May No No] ShouldNot Tolerated Yes "RFC 6960 §4.2.2.2.1";
    // CRLs
    // NOTE: MUST be in every CRL, and says nothing without a delta CRL.
    "cRLNumber" "2.5.29.20" [No No No Must No] MustNot Tolerated Yes "§5.2.3";
    "deltaCRLIndicator" "2.5.29.27" [No No No May No] Must Warned Yes "§5.2.4";
    "issuingDistributionPoint" "2.5.29.28" [No No No May No] Must Warned Yes "§5.2.5";
    "reasonCode" "2.5.29.21" [No No No No Should] MustNot Warned Yes "§5.3.1";
    "invalidityDate" "2.5.29.24" [No No No No May] MustNot Warned Yes "§5.3.2";
    "certificateIssuer" "2.5.29.29" [No No No No May] Must Warned Yes "§5.3.3";
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
            assert!(rule.source.contains('§'), "{}", rule.name);
        }
        assert!(ExtensionRule::of(&[0x55, 0x1d, 0x7f]).is_none());
    }

    #[test]
    fn a_ca_must_say_so_and_a_person_need_not() {
        let rule = ExtensionRule::of(&[0x55, 0x1d, 19]).unwrap();
        assert_eq!(rule.presence(Role::Authority), Presence::Must);
        assert_eq!(rule.presence(Role::Person), Presence::May);
        assert_eq!(rule.presence(Role::Crl), Presence::No);
        assert_eq!(rule.breach, Breach::Refused);
    }

    #[test]
    fn certificates_and_lists_are_told_apart() {
        let rule = |last| ExtensionRule::of(&[0x55, 0x1d, last]).unwrap();
        assert_eq!(rule(28).presence(Role::Crl), Presence::May);
        assert_eq!(rule(28).presence(Role::Person), Presence::No);
        assert_eq!(rule(29).presence(Role::CrlEntry), Presence::May);
        assert_eq!(rule(30).presence(Role::Person), Presence::No);
        assert_eq!(rule(37).presence(Role::Responder), Presence::Must);
    }
}
