//! Path building: from a certificate to an anchor that vouches for it, inside a budget (RFC 5280 §6.1, RFC 4158).
//!
//! This is its public face: a question, and a report. A search (`search`) over the certificates at hand (`graph`) looks for a path that is valid, and
//! remembers why those that are not are none (`failure`); what a valid path is says `validate`, who is revoked `revocation`, what the end of
//! the path may be used for neither.
mod attempt;
mod budget;
mod failure;
mod graph;
mod search;

pub(super) use budget::Budget;
pub use budget::{Allowance, BudgetExceeded, Watch};

use super::{
    Certificate, Repository, TrustAnchor, TrustAnchors, policies::ValidPolicies, revocation, usage,
    validate::Question,
};
use crate::{
    asn1::Time,
    policy::{Finding, Policy, Reason},
};
use failure::Failure;
use graph::Graph;
use search::{Found, Search};
use std::sync::Arc;

/// What a certificate is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// verify a person's signature
    Sign,
    /// encrypt to a person
    Encrypt,
    /// either, EKU not looked at
    Any,
    /// verify a time-stamping authority's signature (RFC 3161 §2.3)
    TimeStamp,
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
    /// the certificate policies it is valid for; none when not trusted
    pub policies: ValidPolicies,
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
    watch: Option<Arc<dyn Watch>>,
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
            watch: None,
        }
    }

    /// Keeps the limit of time as well, which takes a watch.
    #[must_use]
    pub fn watched(mut self, watch: Option<Arc<dyn Watch>>) -> Self {
        self.watch = watch;
        self
    }

    /// Judges `leaf` for `purpose` at the time `at`. `extra` holds the certificates from the message: intermediates only, never anchors.
    /// `signing_time` is the time the signer claims: it only chooses between `expired` and `expired-since-signing`.
    pub fn judge(
        &self,
        leaf: &Certificate,
        extra: &dyn Repository,
        purpose: Purpose,
        at: Time,
        signing_time: Option<Time>,
    ) -> Result<PathReport, BudgetExceeded> {
        let mut allowance = Allowance::of_one_path(&self.policy.limits);
        self.judge_within(leaf, extra, purpose, at, signing_time, &mut allowance)
    }

    /// As [`Self::judge`], paying for signature checks, comparisons and time out of an allowance that several paths share.
    pub fn judge_within(
        &self,
        leaf: &Certificate,
        extra: &dyn Repository,
        purpose: Purpose,
        at: Time,
        signing_time: Option<Time>,
        allowance: &mut Allowance,
    ) -> Result<PathReport, BudgetExceeded> {
        let question = Question {
            purpose,
            at,
            signing_time,
            policy: self.policy,
        };
        let budget = Budget::new(self.policy.limits).watched(self.watch.as_ref());
        let mut budget = budget.within(allowance);
        let granted = budget.signatures;
        budget.check_time()?;
        let report = self.conclude(leaf, extra, question, &mut budget);
        budget.settle(granted, allowance);
        report
    }

    fn conclude(
        &self,
        leaf: &Certificate,
        extra: &dyn Repository,
        question: Question<'_>,
        budget: &mut Budget,
    ) -> Result<PathReport, BudgetExceeded> {
        let revocations = |path: &[Certificate], budget: &mut Budget| {
            let find = |of: &Certificate, anchor: &Certificate, budget: &mut Budget| {
                self.path_to(of, anchor, extra, question.at, budget)
            };
            let sources = revocation::Sources {
                anchors: &self.anchors.anchors,
                repository: self.repository,
                extra,
                path: &find,
            };
            revocation::judge(path, &sources, question.at, self.policy, budget)
        };
        let repositories = [self.repository, extra];
        let watch = self.watch.as_ref();
        let graph = Graph::new(&self.anchors.anchors, repositories, question, watch);
        let mut search = Search::new(graph, question, &revocations);
        let Some(found) = search.run(leaf, budget)? else {
            let Search {
                failures,
                mut graph,
                ..
            } = search;
            let failure = failures.most_specific(&mut graph, budget);
            return Ok(untrusted(leaf, failure, question));
        };
        // its key may have its parameters from the path
        let leaf = found.path.first().unwrap_or(leaf);
        let mut findings = usage::judge_leaf(leaf, question, found.path.len() > 1);
        findings.extend(found.findings);
        Ok(PathReport {
            trusted: true,
            path: found.path,
            revocation: found.revocation,
            policies: found.policies,
            findings,
            anchor: Some(found.source),
        })
    }

    /// Finds a path from a certificate that is no person's, but signs CRLs, to this very anchor (RFC 5280 §6.3.3 (f)), out of the same budget;
    /// `None`: there is none about which nothing is denied. Revocation is not looked at.
    fn path_to(
        &self,
        certificate: &Certificate,
        anchor: &Certificate,
        extra: &dyn Repository,
        at: Time,
        budget: &mut Budget,
    ) -> Result<Option<Vec<Certificate>>, BudgetExceeded> {
        let same = |it: &&TrustAnchor| {
            it.certificate.subject() == anchor.subject() && it.certificate.spki() == anchor.spki()
        };
        let anchors: Vec<_> = self.anchors.anchors.iter().filter(same).cloned().collect();
        let question = Question {
            purpose: Purpose::Any,
            at,
            signing_time: None,
            policy: self.policy,
        };
        let unchecked =
            |_: &[Certificate], _: &mut Budget| Ok((RevocationStatus::Unchecked, Vec::new()));
        let watch = self.watch.as_ref();
        let graph = Graph::new(&anchors, [self.repository, extra], question, watch);
        let found = Search::new(graph, question, &unchecked).run(certificate, budget)?;
        Ok(found.and_then(|Found { path, findings, .. }| {
            let leaf = path.first().unwrap_or(certificate);
            let of_leaf = usage::judge_leaf(leaf, question, path.len() > 1);
            let denied = Policy::denies(&findings) || Policy::denies(&of_leaf);
            (!denied).then_some(path)
        }))
    }

    /// Judges keyUsage, EKU and strength of a certificate alone, without a path (for `sign`, which builds none), and its validity at `at`.
    pub fn judge_alone(
        leaf: &Certificate,
        purpose: Purpose,
        at: Time,
        policy: &Policy,
    ) -> Vec<Finding> {
        let question = Question {
            purpose,
            at,
            signing_time: None,
            policy,
        };
        usage::judge_leaf(leaf, question, !leaf.is_self_issued())
    }
}

/// Returns the report of a certificate without a path: why, and what can be said of it all the same.
fn untrusted(leaf: &Certificate, failure: Option<Failure>, question: Question<'_>) -> PathReport {
    let (objection, path) = match failure {
        Some(failure) => (failure.objection, failure.path),
        None => (
            leaf.objection(Reason::NoIssuer, "no path was found"),
            vec![leaf.clone()],
        ),
    };
    let mut findings = vec![question.policy.object(objection)];
    findings.extend(usage::judge_leaf(leaf, question, !leaf.is_self_issued()));
    PathReport {
        trusted: false,
        path,
        revocation: RevocationStatus::Unchecked,
        policies: ValidPolicies::default(),
        findings,
        anchor: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::write,
        crypto::SoftwareKey,
        policy::{Level, PolicyName, Rule},
        x509::sample::{
            self, Template, anchors, authority_key_identifier, basic_constraints, key,
            key_identifier, now,
        },
    };
    use crate::{policy::Limits, x509::Collection};
    use std::time::{Duration, Instant};

    fn collection<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Collection {
        Collection {
            certificates: certificates.into_iter().cloned().collect(),
            ..Collection::default()
        }
    }

    fn policy() -> Policy {
        let mut policy = Policy::default();
        policy.revocation = crate::policy::Revocation::Off;
        policy
    }

    fn judge(
        leaf: &Certificate,
        trusted: &[&Certificate],
        extra: &Collection,
    ) -> Result<PathReport, BudgetExceeded> {
        let (anchors, repository, policy) = (anchors(trusted), Collection::default(), policy());
        let builder = PathBuilder::new(&anchors, &repository, &policy);
        builder.judge(leaf, extra, Purpose::Sign, now(), None)
    }

    /// Why there is no path, and whom that is about.
    fn refusal(report: &PathReport) -> (Reason, &str) {
        assert!(!report.trusted);
        assert_eq!(report.findings[0].rule, Rule::Untrusted);
        let objection = report.findings[0].objection.as_deref().unwrap();
        (objection.reason, &objection.certificate.subject)
    }

    /// Root 1, CA 2, Alice 3.
    fn chain() -> (Certificate, Certificate, Certificate) {
        let root = Template::ca("CN=Root", &key(1), "CN=Root").sign(&key(1));
        let ca = Template::ca("CN=CA", &key(2), "CN=Root").sign(&key(1));
        let alice = Template::new("CN=Alice", &key(3), "CN=CA").sign(&key(2));
        (root, ca, alice)
    }

    #[test]
    fn finds_the_path_and_says_where_the_anchor_came_from() {
        let (root, ca, alice) = chain();
        let report = judge(&alice, &[&root], &collection([&ca])).unwrap();
        assert!(report.trusted);
        assert_eq!(report.findings, []);
        assert_eq!(report.path, [alice, ca, root]);
        assert_eq!(report.anchor.as_deref(), Some("anchor-0.pem"));
        assert_eq!(report.revocation, RevocationStatus::Unchecked);
    }

    #[test]
    fn finds_intermediates_in_the_repository_too() {
        let (root, ca, alice) = chain();
        let (anchors, repository, policy) = (anchors(&[&root]), collection([&ca]), policy());
        let builder = PathBuilder::new(&anchors, &repository, &policy);
        let report = builder.judge(&alice, &Collection::default(), Purpose::Sign, now(), None);
        assert!(report.unwrap().trusted);
    }

    #[test]
    fn certificates_of_the_message_are_no_anchors() {
        let (root, ca, alice) = chain();
        let report = judge(&alice, &[], &collection([&root, &ca])).unwrap();
        assert_eq!(refusal(&report), (Reason::NotAnchored, "CN=Root"));
        assert_eq!(report.path, [alice, ca, root]);
        assert_eq!(report.anchor, None);
    }

    #[test]
    fn an_intermediate_may_be_an_anchor_and_so_may_the_leaf() {
        let (_, ca, alice) = chain();
        let report = judge(&alice, &[&ca], &Collection::default()).unwrap();
        assert_eq!(report.path, [alice.clone(), ca]);
        let report = judge(&alice, &[&alice], &Collection::default()).unwrap();
        assert!(report.trusted);
        assert_eq!(report.path, [alice]);
    }

    #[test]
    fn who_shares_name_and_key_with_a_trusted_person_is_not_that_person() {
        let person = Template::new("CN=Alice", &key(3), "CN=Alice").sign(&key(3));
        let other = Template::new("CN=Alice", &key(3), "CN=Alice")
            .serial(&[2])
            .sign(&key(3));
        let report = judge(&other, &[&person], &Collection::default()).unwrap();
        assert_eq!(refusal(&report), (Reason::NoBasicConstraints, "CN=Alice"));
        // but a CA may renew its own certificate
        let (root, ..) = chain();
        let renewed = Template::ca("CN=Root", &key(1), "CN=Root")
            .serial(&[2])
            .sign(&key(1));
        let report = judge(&renewed, &[&root], &Collection::default()).unwrap();
        assert_eq!(report.path, [renewed, root]);
    }

    #[test]
    fn says_what_is_missing() {
        let (root, ca, alice) = chain();
        let report = judge(&alice, &[&root], &Collection::default()).unwrap();
        assert_eq!(refusal(&report), (Reason::NoIssuer, "CN=Alice"));
        assert_eq!(
            report.findings[0].message,
            "certificate CN=Alice (serial 01): no certificate of its issuer is known: CN=CA; \
         a path needs the certificate of every issuer up to a trust anchor"
        );
        assert_eq!(report.path, std::slice::from_ref(&alice));
        let report = judge(&alice, &[], &collection([&ca])).unwrap();
        assert_eq!(refusal(&report), (Reason::NoIssuer, "CN=CA"));
    }

    #[test]
    fn says_that_the_signature_is_anothers() {
        let (root, _, _) = chain();
        let forged = Template::new("CN=Mallory", &key(4), "CN=Root").sign(&key(5));
        let report = judge(&forged, &[&root], &Collection::default()).unwrap();
        assert_eq!(refusal(&report), (Reason::Signature, "CN=Mallory"));
    }

    #[test]
    fn reports_the_attempt_that_came_furthest() {
        let (root, ca, alice) = chain();
        let stranger = Template::ca("CN=CA", &key(7), "CN=Nobody").sign(&key(8));
        let not_ca = Template::new("CN=CA", &key(2), "CN=Root")
            .with(basic_constraints(false, None))
            .with(sample::key_usage(0x06))
            .sign(&key(1));
        for extra in [
            collection([&stranger, &not_ca]),
            collection([&not_ca, &stranger]),
        ] {
            let report = judge(&alice, &[&root], &extra).unwrap();
            assert_eq!(refusal(&report), (Reason::NotCa, "CN=CA"));
        }
        // and a valid path beats all
        let extra = collection([&stranger, &not_ca, &ca]);
        assert!(judge(&alice, &[&root], &extra).unwrap().trusted);
    }

    #[test]
    fn key_identifiers_order_candidates_and_refuse_none() {
        let root = Template::ca("CN=Root", &key(1), "CN=Root")
            .with(key_identifier(&[1]))
            .sign(&key(1));
        for announced in [1, 9] {
            let alice = Template::new("CN=Alice", &key(3), "CN=Root")
                .with(authority_key_identifier(&[announced]))
                .sign(&key(1));
            assert!(
                judge(&alice, &[&root], &Collection::default())
                    .unwrap()
                    .trusted
            );
        }
    }

    #[test]
    fn prefers_a_path_whose_certificates_are_valid() {
        let (root, _, alice) = chain();
        let expired = Template::ca("CN=CA", &key(2), "CN=Root")
            .valid("2020-01-01", "2021-01-01")
            .with(key_identifier(&[1]))
            .sign(&key(1));
        let valid = Template::ca("CN=CA", &key(2), "CN=Root")
            .serial(&[2])
            .sign(&key(1));
        let report = judge(&alice, &[&root], &collection([&expired, &valid])).unwrap();
        assert_eq!(report.findings, []);
        assert_eq!(report.path[1], valid);
        // likewise where the key identifier speaks for the expired one
        let alice = Template::new("CN=Alice", &key(3), "CN=CA")
            .with(authority_key_identifier(&[1]))
            .sign(&key(2));
        let report = judge(&alice, &[&root], &collection([&expired, &valid])).unwrap();
        assert_eq!(report.findings, []);
        // and if there is nothing better, the path stands with its finding
        let report = judge(&alice, &[&root], &collection([&expired])).unwrap();
        assert!(report.trusted);
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].rule, Rule::Expired);
    }

    #[test]
    fn crossed_signatures_are_no_endless_loop() {
        let (root, ca, alice) = chain();
        let mut crossed = Vec::new();
        // five CAs that all sign each other
        for subject in 10..15 {
            for issuer in 10..15 {
                let names = (format!("CN=X{subject}"), format!("CN=X{issuer}"));
                crossed.push(Template::ca(&names.0, &key(subject), &names.1).sign(&key(issuer)));
            }
        }
        let lost = Template::new("CN=Lost", &key(3), "CN=X10").sign(&key(10));
        let report = judge(&lost, &[&root], &collection(&crossed)).unwrap();
        assert!(!report.trusted);
        // a way out is found
        let out = Template::ca("CN=X14", &key(14), "CN=CA").sign(&key(2));
        crossed.extend([out, ca]);
        assert!(
            judge(&lost, &[&root], &collection(&crossed))
                .unwrap()
                .trusted
        );
        assert!(
            judge(&alice, &[&root], &collection(&crossed))
                .unwrap()
                .trusted
        );
    }

    #[test]
    fn a_thousand_namesakes_exhaust_the_budget_soon() {
        let (root, ca, _) = chain();
        let alice = Template::new("CN=Alice", &key(3), "CN=CA")
            .with(authority_key_identifier(&[1]))
            .sign(&key(2));
        // only the keys that the budget allows to look at need to be any
        let namesakes: Vec<Certificate> = (0..1000_u32)
            .map(|number| {
                let seed = 100 + u64::from(number.min(150));
                let mut template = Template::ca("CN=CA", &key(seed), "CN=Root");
                if number > 150 {
                    template.spki = write::sequence(&[&write::integer(number)]);
                }
                template.unsigned()
            })
            .collect();
        let start = Instant::now();
        let exceeded = judge(&alice, &[&root], &collection(&namesakes)).unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
        assert_eq!((exceeded.what, exceeded.limit), ("signature checks", 100));
        assert_eq!(
            exceeded.to_string(),
            "building the certificate path took more than 100 signature checks"
        );
        // the right one among them is found by its key identifier
        let right = Template::ca("CN=CA", &key(2), "CN=Root")
            .with(key_identifier(&[1]))
            .sign(&key(1));
        let extra = collection(namesakes.iter().chain([&ca, &right]));
        assert!(judge(&alice, &[&root], &extra).unwrap().trusted);
    }

    #[test]
    fn a_thousand_certificates_of_one_name_and_key_are_soon_looked_through() {
        let (root, _, alice) = chain();
        let template = Template::ca("CN=CA", &key(2), "CN=CA");
        let namesakes: Vec<Certificate> = (0..1000_u16)
            .map(|serial| {
                let template = template.clone();
                template.serial(&serial.to_be_bytes()).unsigned()
            })
            .collect();
        let start = Instant::now();
        let report = judge(&alice, &[&root], &collection(&namesakes)).unwrap();
        assert_eq!(refusal(&report), (Reason::NotAnchored, "CN=CA"));
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
    }

    /// Returns a root, `length - 2` CAs and a leaf.
    fn long(length: usize) -> Vec<Certificate> {
        let keys: Vec<SoftwareKey> = (0..length as u64).map(|seed| key(seed + 1)).collect();
        let mut path = vec![Template::ca("CN=0", &keys[0], "CN=0").sign(&keys[0])];
        for (index, pair) in keys.windows(2).enumerate() {
            let names = (format!("CN={}", index + 1), format!("CN={index}"));
            let template = if index + 2 == length {
                Template::new(&names.0, &pair[1], &names.1)
            } else {
                Template::ca(&names.0, &pair[1], &names.1)
            };
            path.push(template.sign(&pair[0]));
        }
        path
    }

    #[test]
    fn the_length_of_a_path_has_a_limit() {
        let path = long(64);
        let report = judge(&path[63], &[&path[0]], &collection(&path)).unwrap();
        assert!(report.trusted);
        let path = long(65);
        let exceeded = judge(&path[64], &[&path[0]], &collection(&path)).unwrap_err();
        assert_eq!((exceeded.what, exceeded.limit), ("certificates", 64));
    }

    #[test]
    fn each_budget_holds_at_its_limit_and_not_one_past_it() {
        let (root, ca, alice) = chain();
        let run = |change: fn(&mut Limits, u32), value: u32| {
            let (anchors, repository, mut policy) =
                (anchors(&[&root]), collection([&ca]), policy());
            change(&mut policy.limits, value);
            let builder = PathBuilder::new(&anchors, &repository, &policy);
            builder.judge(&alice, &Collection::default(), Purpose::Sign, now(), None)
        };
        let signatures: fn(&mut Limits, u32) = |limits, value| limits.path_signatures = value;
        assert!(run(signatures, 2).unwrap().trusted);
        assert_eq!(run(signatures, 1).unwrap_err().what, "signature checks");
        let steps: fn(&mut Limits, u32) = |limits, value| limits.path_steps = value;
        assert!(run(steps, 2).unwrap().trusted);
        assert_eq!(run(steps, 1).unwrap_err().what, "steps");
    }

    #[test]
    fn keys_may_roll_over() {
        let (root, ..) = chain();
        let new_with_old = Template::ca("CN=Root", &key(21), "CN=Root").sign(&key(1));
        let alice = Template::new("CN=Alice", &key(3), "CN=Root").sign(&key(21));
        let report = judge(&alice, &[&root], &collection([&new_with_old])).unwrap();
        assert_eq!(report.path, [alice, new_with_old, root]);
    }

    #[test]
    fn names_that_differ_in_case_chain() {
        let root = Template::ca("CN=Example  ROOT", &key(1), "CN=Example Root").sign(&key(1));
        let alice = Template::new("CN=Alice", &key(3), "CN=example root").sign(&key(1));
        assert!(
            judge(&alice, &[&root], &Collection::default())
                .unwrap()
                .trusted
        );
    }

    #[test]
    fn dsa_parameters_come_down_the_path() {
        let (sign_1, whole_1, lacking_1) = crate::crypto::dsa_signer("dsa-private-1");
        let (sign_2, _, lacking_2) = crate::crypto::dsa_signer("dsa-private-2");
        let of = |spki: &[u8], mut template: Template| {
            template.spki = spki.to_vec();
            template
        };
        let ca = |subject, issuer| Template::ca(subject, &key(1), issuer);
        let root = ca("CN=Root", "CN=Root").sign(&key(1));
        let first = of(&whole_1, ca("CN=First", "CN=Root")).sign(&key(1));
        let second = of(&lacking_2, ca("CN=Second", "CN=First")).sign_dsa(&sign_1);
        let alice = |sign: &dyn Fn(&[u8]) -> Vec<u8>| {
            Template::new("CN=Alice", &key(3), "CN=Second").sign_dsa(sign)
        };
        let person = of(&lacking_1, Template::new("CN=Alice", &key(3), "CN=Second"));
        let judge = |leaf: &Certificate, certificates: &[&Certificate], name| {
            let mut policy = Policy::named(name);
            policy.revocation = crate::policy::Revocation::Off;
            let (anchors, repository) = (anchors(&[&root]), Collection::default());
            let extra = collection(certificates.iter().copied());
            PathBuilder::new(&anchors, &repository, &policy)
                .judge(leaf, &extra, Purpose::Sign, now(), None)
                .unwrap()
        };
        let (standard, archive) = (PolicyName::Standard, PolicyName::Archive);
        // whom the second CA certifies, with a key of her own or one that inherits twice over
        for leaf in [alice(&sign_2), person.sign_dsa(&sign_2)] {
            let report = judge(&leaf, &[&first, &second], archive);
            assert!(report.trusted, "{:?}", report.findings);
            for certificate in &report.path {
                assert!(!certificate.public_key().unwrap().needs_parameters());
            }
            assert!(
                report
                    .findings
                    .iter()
                    .any(|it| it.rule == Rule::WeakAlgorithm)
            );
            let report = judge(&leaf, &[&first, &second], standard);
            let denied = |it: &Finding| it.rule == Rule::WeakAlgorithm && it.level == Level::Deny;
            assert!(report.findings.iter().any(denied));
        }
        // signed by another key of the group
        let report = judge(&alice(&sign_1), &[&first, &second], archive);
        assert_eq!(refusal(&report).0, Reason::Signature);
        // nobody above has parameters
        let orphan = of(&lacking_2, ca("CN=Second", "CN=Root")).sign(&key(1));
        let report = judge(&alice(&sign_2), &[&orphan], archive);
        assert_eq!(refusal(&report).0, Reason::Signature);
        // the parameters of a namesake off the path are not taken
        let namesake = of(&whole_1, ca("CN=First", "CN=First")).sign_dsa(&sign_1);
        let report = judge(&alice(&sign_2), &[&namesake, &second], archive);
        assert!(!report.trusted);
    }

    #[test]
    fn what_can_be_said_without_a_path_is_said() {
        let (root, ..) = chain();
        let alice = Template::new("CN=Alice", &key(3), "CN=Nobody")
            .valid("2020-01-01", "2021-01-01")
            .with(sample::key_usage(0x20))
            .sign(&key(9));
        let report = judge(&alice, &[&root], &Collection::default()).unwrap();
        let rules: Vec<Rule> = report.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::Untrusted, Rule::Expired, Rule::KeyUsage]);
        let alone = PathBuilder::judge_alone(&alice, Purpose::Sign, now(), &policy());
        assert_eq!(alone[..], report.findings[1..]);
    }
}
