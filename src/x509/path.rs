//! Path building: likeliest issuer first, inside a budget (RFC 5280 §6.1, RFC 4158).
use super::{Certificate, Repository, TrustAnchors};
use crate::{
    asn1::Time,
    policy::{Finding, Policy},
};
/// What a certificate is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// verify a person's signature
    Sign,
    /// encrypt to a person
    Encrypt,
    /// either, EKU not looked at
    Any,
}
/// What is known about revocation of the whole path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationStatus {
    /// every certificate is known not to be revoked
    Good,
    /// one is revoked
    Revoked,
    /// nothing at hand to tell
    Unknown,
    /// not looked at
    Unchecked,
}
/// What became of a certificate's path.
#[derive(Debug, Clone)]
pub struct PathReport {
    /// whether a path to an anchor holds, apart from what the findings say of time, use and strength
    pub trusted: bool,
    /// leaf first, anchor last; the best attempt when not trusted
    pub path: Vec<Certificate>,
    /// revocation
    pub revocation: RevocationStatus,
    /// graded; each names the certificate it concerns
    pub findings: Vec<Finding>,
    /// where the anchor came from
    pub anchor: Option<String>,
}
/// Builds and validates paths. Made once, used for many certificates.
pub struct PathBuilder<'a> {
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    policy: &'a Policy,
}
/// A limit of path building was passed (exit 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("building the certificate path took more than {limit} {what}")]
pub struct BudgetExceeded {
    /// "signature checks", "steps", "name comparisons"
    pub what: &'static str,
    /// its value
    pub limit: u32,
}
impl<'a> PathBuilder<'a> {
    /// Uses these anchors, finds issuers in `repository`, grades by `policy`.
    pub fn new(
        anchors: &'a TrustAnchors,
        repository: &'a dyn Repository,
        policy: &'a Policy,
    ) -> Self {
        Self {
            anchors,
            repository,
            policy,
        }
    }
    /// Judges `leaf` for `purpose` at the time `at`. `extra` are certificates from the message: intermediates only, never anchors.
    /// `signing_time` is the time the signer claims: it only chooses between `expired` and `expired-since-signing`.
    pub fn judge(
        &self,
        _leaf: &Certificate,
        _extra: &super::Collection,
        _purpose: Purpose,
        _at: Time,
        _signing_time: Option<Time>,
    ) -> Result<PathReport, BudgetExceeded> {
        let _ = (self.anchors, self.repository, self.policy);
        todo!()
    }
    /// Judges keyUsage, EKU and strength of a certificate alone, without a path (for `sign`, which builds none), and its validity at `at`.
    pub fn judge_alone(
        _leaf: &Certificate,
        _purpose: Purpose,
        _at: Time,
        _policy: &Policy,
    ) -> Vec<Finding> {
        todo!()
    }
}
