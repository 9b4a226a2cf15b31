//! What a user asks of certificate policies: the inputs (c), (e), (f) and (g) of RFC 5280 §6.1.1. Certificates' own wishes are x509's business.
use crate::asn1::oid::Oid;

/// The inputs; by default any policy will do, and none is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyInputs {
    /// user-initial-policy-set (c): the policies that will do; empty: any-policy
    pub policies: Vec<Oid>,
    /// initial-policy-mapping-inhibit (e): no certificate may map policies
    pub inhibit_mapping: bool,
    /// initial-explicit-policy (f): the path must be valid for one of `policies`. Without it, and unless a certificate of the path requires
    /// a policy, `policies` refuses nothing (§6.1.5): it only says which policies are reported.
    pub require_explicit: bool,
    /// initial-any-policy-inhibit (g): anyPolicy in a certificate stands for nothing
    pub inhibit_any: bool,
}
