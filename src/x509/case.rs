//! A path to be, for tests: a root, a CA, Alice, and what she is judged for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::{
    Collection, PathBuilder, PathReport, Purpose,
    path::BudgetExceeded,
    sample::{Template, anchors, key, now},
};
use crate::{
    asn1::Time,
    policy::{Policy, Reason, Revocation, Rule},
};

/// A path to be: root 1, CA 2, Alice 3, and what she is judged for.
pub(super) struct Case {
    pub(super) root: Template,
    pub(super) ca: Template,
    pub(super) alice: Template,
    pub(super) purpose: Purpose,
    pub(super) signing_time: Option<Time>,
    pub(super) policy: Policy,
}

pub(super) fn case() -> Case {
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
    pub(super) fn judge(&self) -> Result<PathReport, BudgetExceeded> {
        let root = self.root.sign(&key(1));
        let extra = Collection {
            certificates: vec![self.ca.sign(&key(2)), self.ca.sign(&key(1))],
            ..Collection::default()
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
    pub(super) fn rules(&self) -> Vec<Rule> {
        let report = self.judge().unwrap();
        assert!(report.trusted, "{:?}", report.findings);
        report.findings.iter().map(|finding| finding.rule).collect()
    }

    /// Returns the reasons of a trusted path's findings.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        let report = self.judge().unwrap();
        assert!(report.trusted, "{:?}", report.findings);
        let objections = report.findings.iter().map(|it| it.objection.as_deref());
        objections.map(|it| it.unwrap().reason).collect()
    }

    /// Returns the text of the one finding of a trusted path.
    pub(super) fn text(&self) -> String {
        let report = self.judge().unwrap();
        assert!(report.trusted, "{:?}", report.findings);
        assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
        report.findings[0].message.clone()
    }

    /// Returns why there is no path.
    pub(super) fn refusal(&self) -> (Reason, String) {
        let report = self.judge().unwrap();
        assert!(!report.trusted);
        let finding = &report.findings[0];
        assert_eq!(finding.rule, Rule::Untrusted);
        assert_eq!(report.path.len(), 3);
        let reason = finding.objection.as_deref().unwrap().reason;
        (reason, finding.message.clone())
    }
}
