//! Why a certificate or its path is objected to: one row per reason, with the rule it falls under, the standard's section and what that wants.
//!
//! A reason is what the mechanism found, to the letter; the [`Rule`] is what policy weighs. Advice on what to do about it is the program's.
use super::{Finding, Policy, Rule};
use crate::asn1::Time;
use std::borrow::Cow;

/// A certificate that an objection is about, in words: what names it to people, and what advice may need of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concerned {
    /// its subject; may be empty
    pub subject: String,
    /// its issuer
    pub issuer: String,
    /// its serial number in hexadecimal
    pub serial: String,
    /// its SHA-256 in hexadecimal
    pub sha256: String,
    /// where it came from: a file, or `the message`; `None`: not known
    pub origin: Option<String>,
    /// the first mail address that it names
    pub address: Option<String>,
    /// notBefore and notAfter
    pub validity: Option<(Time, Time)>,
    /// where it says that its issuer's CRL is
    pub crl: Option<String>,
    /// where it says that its issuer's certificate is
    pub issuer_location: Option<String>,
}

/// `certificate CN=Alice (serial 0a1b, from alice.pem)`
impl std::fmt::Display for Concerned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("certificate ")?;
        if !self.subject.is_empty() {
            write!(f, "{} ", self.subject)?;
        }
        write!(f, "(serial {}", self.serial)?;
        match &self.origin {
            Some(origin) => write!(f, ", from {origin})"),
            None => f.write_str(")"),
        }
    }
}

/// What was found against a certificate. Untrusted text in it is not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// why
    pub reason: Reason,
    /// the certificate it is about
    pub certificate: Concerned,
    /// what was found: `extended key usage is serverAuth`
    pub found: String,
    /// what was wanted: `S/MIME needs emailProtection`
    pub wanted: Cow<'static, str>,
}

impl Objection {
    /// Says more exactly what was wanted than the table of reasons does.
    #[must_use]
    pub fn wanting(mut self, wanted: impl Into<String>) -> Self {
        self.wanted = Cow::Owned(wanted.into());
        self
    }
}

/// One line: whom it is about, what was found, what was wanted.
impl std::fmt::Display for Objection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.certificate, self.found, self.wanted)
    }
}

impl Policy {
    /// Grades an objection.
    pub fn object(&self, objection: Objection) -> Finding {
        let mut finding = self.finding(objection.reason.rule(), objection.to_string());
        finding.objection = Some(Box::new(objection));
        finding
    }
}

macro_rules! reasons {
    ($($variant:ident $name:literal $rule:ident $source:literal $wanted:literal;)*) => {
        /// Why a certificate is objected to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason { $(#[doc = $wanted] $variant,)* }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name that reports use.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }

            /// Returns the rule it falls under.
            pub const fn rule(self) -> Rule { match self { $(Self::$variant => Rule::$rule,)* } }

            /// Returns the standard and section that wants otherwise.
            pub const fn source(self) -> &'static str { match self { $(Self::$variant => $source,)* } }

            /// Returns what is wanted, in general.
            pub const fn wanted(self) -> &'static str { match self { $(Self::$variant => $wanted,)* } }
        }
    };
}

// variant, name, rule, source, what is wanted
reasons! {
    // the path's end
    NoIssuer "no-issuer" Untrusted "RFC 5280 §6.1" "a path needs the certificate of every issuer up to a trust anchor";
    NotAnchored "not-anchored" Untrusted "RFC 5280 §6.1" "a path must end at a trust anchor, and only those given as such are";
    Signature "signature" Untrusted "RFC 5280 §6.1.3 (a)(1)" "it must verify with the issuer's key";
    SignatureAlgorithm "certificate-signature-algorithm" Untrusted "RFC 5280 §4.1.1.2" "its signature must be of an algorithm that is known and fits the issuer's key";
    // what an issuer must be
    OldVersion "old-version" Untrusted "RFC 5280 §6.1.4 (k)" "an issuer needs a certificate of version 3, which says that it is a CA's";
    NoBasicConstraints "no-basic-constraints" Untrusted "RFC 5280 §6.1.4 (k)" "an issuer's certificate must say in basicConstraints that it is a CA's";
    NotCa "not-a-ca" Untrusted "RFC 5280 §6.1.4 (k)" "only a CA may issue certificates";
    NoKeyCertSign "no-key-cert-sign" Untrusted "RFC 5280 §6.1.4 (n)" "an issuer's keyUsage must include keyCertSign";
    PathLength "path-length" Untrusted "RFC 5280 §6.1.4 (l)" "the path may be no longer than the pathLenConstraint above permits";
    IssuerEku "issuer-eku" Untrusted "RFC 8550 §4.4.4" "an issuer with an extended key usage needs emailProtection in it";
    // what extensions must be
    UnknownCritical "unknown-critical-extension" Untrusted "RFC 5280 §4.2" "a critical extension must be understood";
    MissingExtension "missing-extension" Untrusted "RFC 5280 §4.2" "it must be there";
    MalformedExtension "malformed-extension" Untrusted "RFC 5280 §4.2" "an extension must be well-formed";
    Profile "profile" CertificateProfile "RFC 5280 §4" "its issuer must keep to the profile of certificates";
    // names
    NameExcluded "name-excluded" Untrusted "RFC 5280 §4.2.1.10" "no name may lie in a subtree that nameConstraints above exclude";
    NameNotPermitted "name-not-permitted" Untrusted "RFC 5280 §4.2.1.10" "every name must lie in a subtree that nameConstraints above permit";
    // policies
    PolicyMapping "policy-mapping" Untrusted "RFC 5280 §6.1.4 (a)" "anyPolicy may be neither side of a policy mapping";
    NoPolicy "no-policy" Untrusted "RFC 5280 §6.1.5 (g)" "the path must be valid for a certificate policy that is asked for";
    // time
    NotYetValid "not-yet-valid" NotYetValid "RFC 5280 §6.1.3 (a)(2)" "it must be valid at the time judged";
    Expired "expired" Expired "RFC 5280 §6.1.3 (a)(2)" "it must be valid at the time judged";
    ExpiredSinceSigning "expired-since-signing" ExpiredSinceSigning "RFC 5280 §6.1.3 (a)(2)" "it must be valid at the time judged, which the claimed signing time is not";
    AnchorExpired "anchor-expired" AnchorExpired "RFC 5280 §6.1.1 (d)" "an anchor that is still renewed would be better";
    // revocation
    Revoked "revoked" Revoked "RFC 5280 §6.3" "it must not be revoked";
    RevocationUnknown "revocation-unknown" RevocationUnknown "RFC 5280 §6.3" "a current CRL of its issuer, or an OCSP response, would tell";
    CrlScope "crl-scope" RevocationUnknown "RFC 5280 §6.3.3 (b)" "a CRL must cover the certificate";
    CrlReasons "crl-reasons" RevocationUnknown "RFC 5280 §6.3.3 (d)" "CRLs must cover every reason for revocation";
    CrlExpired "crl-expired" RevocationUnknown "RFC 5280 §6.3.3 (a)" "a CRL tells who is not revoked until its nextUpdate";
    CrlNotYetValid "crl-not-yet-valid" RevocationUnknown "RFC 5280 §5.1.2.4" "a CRL tells who is not revoked from its thisUpdate on";
    CrlNoNextUpdate "crl-no-next-update" RevocationUnknown "RFC 5280 §5.1.2.5" "a CRL must say in nextUpdate how long it tells";
    CrlCriticalExtension "crl-critical-extension" RevocationUnknown "RFC 5280 §5.2, §5.3" "a critical extension of a CRL or an entry must be understood";
    CrlMalformed "crl-malformed" RevocationUnknown "RFC 5280 §5.2.5" "the scope of a CRL must be well-formed";
    CrlSignature "crl-signature" RevocationUnknown "RFC 5280 §6.3.3 (g)" "a CRL must verify with its issuer's key";
    CrlIssuer "crl-issuer" RevocationUnknown "RFC 5280 §6.3.3 (f)" "the issuer of a CRL needs a valid path to the same trust anchor";
    NoCrlSign "no-crl-sign" RevocationUnknown "RFC 5280 §6.3.3 (f)" "the keyUsage of who issues a CRL must include cRLSign";
    RevocationLoop "revocation-loop" RevocationUnknown "RFC 5280 §6.3.3 (f)" "who issues a CRL cannot vouch for itself";
    DeltaBase "delta-base" RevocationUnknown "RFC 5280 §5.2.4" "a delta CRL tells only together with the complete CRL that it updates";
    OcspOther "ocsp-other-certificate" RevocationUnknown "RFC 6960 §4.1.1" "an OCSP response must be for the certificate, by all four fields of CertID";
    OcspUnknown "ocsp-unknown" RevocationUnknown "RFC 6960 §2.2" "an OCSP responder must know the certificate";
    OcspExpired "ocsp-expired" RevocationUnknown "RFC 6960 §3.2" "an OCSP response tells who is not revoked until its nextUpdate";
    OcspNotYetValid "ocsp-not-yet-valid" RevocationUnknown "RFC 6960 §3.2" "an OCSP response tells who is not revoked from its thisUpdate on";
    OcspCriticalExtension "ocsp-critical-extension" RevocationUnknown "RFC 6960 §4.4" "a critical extension of an OCSP response must be understood";
    OcspSignature "ocsp-signature" RevocationUnknown "RFC 6960 §3.2" "an OCSP response must verify with its responder's key";
    OcspResponder "ocsp-responder" RevocationUnknown "RFC 6960 §4.2.2.2" "the issuer must sign an OCSP response, or to whom it issued a certificate for OCSPSigning itself";
    StatusDigest "status-digest" RevocationUnknown "RFC 8551 §B.1" "who is not revoked must be signed over a digest that resists collisions";
    WeakStatusDigest "weak-status-digest" WeakDigest "RFC 8551 §B.1" "who is not revoked must be signed over a digest that resists collisions";
    // use
    UnusableKey "unusable-key" KeyUsage "RFC 5280 §4.1.2.7" "its key must be of a known kind";
    KeyCannotSign "key-cannot-sign" KeyUsage "RFC 8550 §4.4.2" "a signer needs a key that signs";
    KeyCannotEncrypt "key-cannot-encrypt" KeyUsage "RFC 8550 §4.4.2" "a recipient needs a key that encrypts";
    NoDigitalSignature "no-digital-signature" KeyUsage "RFC 8550 §4.4.2" "a signer's keyUsage must include digitalSignature or nonRepudiation";
    NoKeyEncipherment "no-key-encipherment" KeyUsage "RFC 8550 §4.4.2" "an RSA recipient's keyUsage must include keyEncipherment";
    NoKeyAgreement "no-key-agreement" KeyUsage "RFC 8550 §4.4.2" "an elliptic-curve recipient's keyUsage must include keyAgreement";
    NotForTimeStamping "not-for-time-stamping" KeyUsage "RFC 3161 §2.3" "a time-stamping authority's must be critical and timeStamping alone";
    NoEmailProtection "no-email-protection" KeyUsage "RFC 8550 §4.4.4" "S/MIME needs emailProtection";
    CaAsPerson "ca-as-person" KeyUsage "RFC 5280 §4.2.1.9" "a person's certificate is wanted";
    MalformedUsage "malformed-usage" KeyUsage "RFC 5280 §4.2.1" "what says its use must be well-formed";
    // the sender
    SenderMismatch "sender-mismatch" SenderMismatch "RFC 8550 §3" "the signer's certificate must name the address in From";
    SenderAbsent "sender-absent" SenderAbsent "RFC 8550 §3" "the signer's certificate must name the address in From";
    SignerUnexpected "signer-unexpected" SenderMismatch "RFC 8550 §3" "those who were named must have signed";
    // strength
    WeakKey "weak-key" WeakKey "RFC 8551 §4.3" "its key must be large enough to be safe";
    SmallExponent "small-exponent" SmallExponent "FIPS 186-5 §A.1.1" "its public exponent should be 65537 or more";
    WeakAlgorithm "weak-algorithm" WeakAlgorithm "RFC 8551 §B.2" "its key must be of a kind that is still used";
    ExplicitCurve "explicit-curve" ExplicitCurve "RFC 5480 §2.1.1" "its key must name its curve";
    WeakDigest "weak-digest" WeakDigest "RFC 8551 §B.1" "its signature must be over a digest that resists collisions";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_names_and_texts_are_texts() {
        let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), Reason::ALL.len(), "a name is there twice");
        for reason in Reason::ALL {
            let name = reason.name();
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{name}"
            );
            assert!(reason.source().contains('§'), "{name}");
            assert!(!reason.wanted().ends_with('.'), "{name}");
        }
    }

    #[test]
    fn an_objection_is_one_line_and_keeps_its_parts() {
        let objection = Objection {
            reason: Reason::NoEmailProtection,
            certificate: Concerned {
                subject: "CN=Alice".into(),
                serial: "0a1b".into(),
                origin: Some("alice.pem".into()),
                ..Concerned::default()
            },
            found: "extended key usage is serverAuth".into(),
            wanted: Cow::Borrowed(Reason::NoEmailProtection.wanted()),
        };
        let finding = Policy::default().object(objection.clone());
        assert_eq!(
            finding.message,
            "certificate CN=Alice (serial 0a1b, from alice.pem): extended key usage is serverAuth; S/MIME needs emailProtection"
        );
        assert_eq!(finding.rule, Rule::KeyUsage);
        assert_eq!(finding.objection.as_deref(), Some(&objection));
    }
}
