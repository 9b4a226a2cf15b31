//! Path building: likeliest issuer first, inside a budget (RFC 5280 §6.1, RFC 4158).
//!
//! Building checks that names chain and signatures hold, and stops at an anchor; whether the path found is a valid one says `validate`.
//! A path that fails there is forgotten but for its reason, and the search goes on.
use super::{
    Certificate, Collection, Repository, TrustAnchor, TrustAnchors,
    name::Name,
    policies::ValidPolicies,
    revocation, usage,
    validate::{self, Question, Refusal, Valid},
};
use crate::{
    asn1::Time,
    policy::{Finding, Limits, Objection, Policy, Reason},
};
use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
    mem,
    rc::Rc,
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
}

/// A limit of path building was passed (exit 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("building the certificate path took more than {limit} {what}")]
pub struct BudgetExceeded {
    /// "signature checks", "steps", "name comparisons", "nodes of a policy graph", "certificates"
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
        leaf: &Certificate,
        extra: &Collection,
        purpose: Purpose,
        at: Time,
        signing_time: Option<Time>,
    ) -> Result<PathReport, BudgetExceeded> {
        let mut allowance = u32::MAX;
        self.judge_within(leaf, extra, purpose, at, signing_time, &mut allowance)
    }

    /// As [`Self::judge`], paying for signature checks out of an allowance that several paths share.
    pub fn judge_within(
        &self,
        leaf: &Certificate,
        extra: &Collection,
        purpose: Purpose,
        at: Time,
        signing_time: Option<Time>,
        allowance: &mut u32,
    ) -> Result<PathReport, BudgetExceeded> {
        let question = Question {
            purpose,
            at,
            signing_time,
            policy: self.policy,
        };
        let mut search = Search::new(self, extra, question);
        let granted = search.budget.signatures.min(*allowance);
        search.budget.signatures = granted;
        let report = self.conclude(&mut search, leaf, extra);
        *allowance -= granted
            .saturating_sub(search.budget.signatures)
            .min(*allowance);
        report
    }

    fn conclude(
        &self,
        search: &mut Search<'_>,
        leaf: &Certificate,
        extra: &Collection,
    ) -> Result<PathReport, BudgetExceeded> {
        let question = search.question;
        match search.run(leaf) {
            // A budget that ran out while a better path was looked for takes nothing from the one at hand.
            Err(exceeded) if search.found.is_none() => return Err(exceeded),
            _ => {}
        }
        let Some(found) = search.found.take() else {
            return match search.too_long {
                Some(exceeded) => Err(exceeded),
                None => Ok(untrusted(leaf, search.failure.take(), question)),
            };
        };
        let mut findings = usage::judge_leaf(leaf, question, found.path.len() > 1);
        findings.extend(found.findings);
        let path = |of: &Certificate, anchor: &Certificate, budget: &mut Budget| {
            self.path_to(of, anchor, extra, question.at, budget)
        };
        let sources = revocation::Sources {
            repository: self.repository,
            extra,
            path: &path,
        };
        let budget = &mut search.budget;
        let (revocation, objections) =
            revocation::judge(&found.path, &sources, question.at, self.policy, budget)?;
        findings.extend(objections);
        Ok(PathReport {
            trusted: true,
            policies: found.policies,
            path: found.path,
            revocation,
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
        extra: &Collection,
        at: Time,
        budget: &mut Budget,
    ) -> Result<Option<Vec<Certificate>>, BudgetExceeded> {
        let same = |it: &&TrustAnchor| {
            it.certificate.subject() == anchor.subject() && it.certificate.spki() == anchor.spki()
        };
        let anchors = self.anchors.anchors.iter().filter(same).cloned().collect();
        let (anchors, question) = (
            TrustAnchors { anchors },
            Question {
                purpose: Purpose::Any,
                at,
                signing_time: None,
                policy: self.policy,
            },
        );
        let builder = PathBuilder::new(&anchors, self.repository, self.policy);
        let mut search = Search::new(&builder, extra, question);
        mem::swap(&mut search.budget, budget);
        let outcome = search.run(certificate);
        mem::swap(&mut search.budget, budget);
        let found = match (outcome, search.found) {
            (Err(exceeded), None) => return Err(exceeded),
            (_, found) => found,
        };
        Ok(found.and_then(|found| {
            let mut findings = usage::judge_leaf(certificate, question, found.path.len() > 1);
            findings.extend(found.findings);
            (!Policy::denies(&findings)).then_some(found.path)
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

/// What one judgement may still cost.
#[derive(Debug)]
pub(super) struct Budget {
    signatures: u32,
    steps: u32,
    comparisons: u32,
    nodes: u32,
    limits: Limits,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            signatures: limits.path_signatures,
            steps: limits.path_steps,
            comparisons: limits.name_comparisons,
            nodes: limits.policy_nodes,
            limits,
        }
    }

    /// Pays for one check of a signature.
    pub(super) fn check_signature(&mut self) -> Result<(), BudgetExceeded> {
        let limit = self.limits.path_signatures;
        spend(&mut self.signatures, "signature checks", limit)
    }

    /// Pays for one candidate looked at.
    fn step(&mut self) -> Result<(), BudgetExceeded> {
        spend(&mut self.steps, "steps", self.limits.path_steps)
    }

    /// Pays for so many nodes or edges of a policy graph.
    pub(super) fn policy_nodes(&mut self, number: usize) -> Result<(), BudgetExceeded> {
        let limit = self.limits.policy_nodes;
        let what = "nodes of a policy graph";
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.nodes = self
            .nodes
            .checked_sub(number)
            .ok_or(BudgetExceeded { what, limit })?;
        Ok(())
    }

    /// Pays for one comparison of a name with a name constraint.
    pub(super) fn compare_names(&mut self) -> Result<(), BudgetExceeded> {
        let limit = self.limits.name_comparisons;
        spend(&mut self.comparisons, "name comparisons", limit)
    }
}

fn spend(left: &mut u32, what: &'static str, limit: u32) -> Result<(), BudgetExceeded> {
    *left = left.checked_sub(1).ok_or(BudgetExceeded { what, limit })?;
    Ok(())
}

/// A certificate met in the search. Keys are numbered, so that equal ones are told at a glance.
#[derive(Debug)]
struct Node {
    certificate: Certificate,
    key: usize,
    /// where it came from, if it is an anchor
    anchor: Option<String>,
    /// whether its key takes parameters from its issuer's, so that it verifies nothing before the path above is known
    inherits: bool,
    /// how likely it is an issuer, by itself: an anchor, valid now, a CA
    merit: (bool, bool, bool),
}

/// A path that holds.
struct Found {
    path: Vec<Certificate>,
    source: String,
    policies: ValidPolicies,
    findings: Vec<Finding>,
}

/// A path that does not; the one that came furthest is reported.
struct Failure {
    /// how far it came: certificates whose signatures hold, and how near the last step was to succeed
    progress: (bool, usize, Step),
    objection: Objection,
    path: Vec<Certificate>,
}

/// The last step of a failed attempt, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// nobody of the issuer's name is known
    NoIssuer,
    /// somebody is, but the key is another
    Signature,
    /// a whole path is there, but it is not valid
    Invalid,
}

/// One depth-first search for a path.
struct Search<'a> {
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    extra: &'a Collection,
    question: Question<'a>,
    budget: Budget,
    keys: HashMap<Box<[u8]>, usize>,
    issuers: HashMap<Name, Rc<[Rc<Node>]>>,
    /// by certificate and key: whether the signature holds, or why it cannot be told
    checked: HashMap<(Certificate, usize), Result<bool, String>>,
    found: Option<Found>,
    failure: Option<Failure>,
    too_long: Option<BudgetExceeded>,
}

/// Whether to search on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    GoOn,
}

impl<'a> Search<'a> {
    fn new(builder: &PathBuilder<'a>, extra: &'a Collection, question: Question<'a>) -> Self {
        Self {
            anchors: builder.anchors,
            repository: builder.repository,
            extra,
            question,
            budget: Budget::new(builder.policy.limits),
            keys: HashMap::new(),
            issuers: HashMap::new(),
            checked: HashMap::new(),
            found: None,
            failure: None,
            too_long: None,
        }
    }

    /// Searches; what was found is in `found` and `failure`.
    fn run(&mut self, leaf: &Certificate) -> Result<(), BudgetExceeded> {
        // The very certificate is trusted. Name and key alone would not do here: what else it says is relied on too.
        let anchors = &self.anchors.anchors;
        let itself = anchors.iter().find(|it| it.certificate == *leaf);
        let mut path = vec![self.node(leaf.clone(), itself.map(|anchor| anchor.source.clone()))];
        if itself.is_some() {
            self.arrive(&path)?;
            return Ok(());
        }
        self.extend(&mut path).map(|_| ())
    }

    /// Tries every issuer of the last certificate of `path`.
    fn extend(&mut self, path: &mut Vec<Rc<Node>>) -> Result<Progress, BudgetExceeded> {
        let Some(child) = path.last().cloned() else {
            return Ok(Progress::GoOn);
        };
        let mut tried = false;
        for issuer in self.candidates(&child.certificate) {
            self.budget.step()?;
            let is_loop = |node: &Rc<Node>| {
                node.key == issuer.key && node.certificate.subject() == issuer.certificate.subject()
            };
            if issuer.anchor.is_none() && path.iter().any(is_loop) {
                continue;
            }
            let limit = self.budget.limits.path_length;
            if path.len() >= limit {
                self.too_long = Some(BudgetExceeded {
                    what: "certificates",
                    limit: u32::try_from(limit).unwrap_or(u32::MAX),
                });
                continue;
            }
            tried = true;
            let by = issuer.certificate.subject();
            let of = &child.certificate;
            match self.is_signed_by(&child, &issuer)? {
                Ok(true) => {}
                Ok(false) => {
                    let found = format!("its signature does not verify with the key of {by}");
                    let objection = of.objection(Reason::Signature, found);
                    self.fail(path, Step::Signature, objection);
                    continue;
                }
                Err(error) => {
                    let found =
                        format!("its signature cannot be checked with the key of {by}: {error}");
                    let objection = of.objection(Reason::SignatureAlgorithm, found);
                    self.fail(path, Step::Signature, objection);
                    continue;
                }
            }
            path.push(issuer);
            let progress = match path.last().map(|node| node.anchor.is_some()) {
                Some(true) => self.arrive(path)?,
                _ => self.extend(path)?,
            };
            path.pop();
            if progress == Progress::Done {
                return Ok(Progress::Done);
            }
        }
        if !tried {
            let of = &child.certificate;
            let objection = if of.is_self_issued() {
                of.objection(
                    Reason::NotAnchored,
                    "it is self-issued and not among the trust anchors",
                )
            } else {
                let found = format!("no certificate of its issuer is known: {}", of.issuer());
                of.objection(Reason::NoIssuer, found)
            };
            self.fail(path, Step::NoIssuer, objection);
        }
        Ok(Progress::GoOn)
    }

    /// Validates a path that has reached an anchor; done if nothing about its intermediates is denied.
    fn arrive(&mut self, path: &[Rc<Node>]) -> Result<Progress, BudgetExceeded> {
        let certificates = match self.complete(path)? {
            Ok(certificates) => certificates,
            Err(objection) => {
                self.fail(path, Step::Signature, objection);
                return Ok(Progress::GoOn);
            }
        };
        match validate::validate(&certificates, self.question, &mut self.budget) {
            Ok(Valid { findings, policies }) => {
                let progress = match Policy::denies(&findings) {
                    true => Progress::GoOn,
                    false => Progress::Done,
                };
                if self.found.is_none() || progress == Progress::Done {
                    let anchor = path.last().and_then(|node| node.anchor.clone());
                    self.found = Some(Found {
                        path: certificates,
                        source: anchor.unwrap_or_default(),
                        policies,
                        findings,
                    });
                }
                Ok(progress)
            }
            Err(Refusal::Invalid(objection)) => {
                self.fail(path, Step::Invalid, *objection);
                Ok(Progress::GoOn)
            }
            Err(Refusal::Budget(exceeded)) => Err(exceeded),
        }
    }

    /// Hands the parameters of DSA keys down a path, and checks the signatures that waited for them (RFC 5280 §6.1.4 (d) to (f)).
    fn complete(
        &mut self,
        path: &[Rc<Node>],
    ) -> Result<Result<Vec<Certificate>, Objection>, BudgetExceeded> {
        if !path.iter().any(|node| node.inherits) {
            return Ok(Ok(certificates(path)));
        }
        let mut complete: Vec<Certificate> = Vec::new();
        let mut issuer: Option<&Rc<Node>> = None;
        for node in path.iter().rev() {
            let mut certificate = node.certificate.clone();
            if let (Some(issuer), Some(above)) = (issuer, complete.last()) {
                let key = above.public_key();
                if issuer.inherits {
                    self.budget.check_signature()?;
                    let holds = key.as_ref().map(|key| certificate.is_signed_by(key));
                    if !matches!(holds, Ok(Ok(true))) {
                        let by = issuer.certificate.subject();
                        let found = format!("its signature does not verify with the key of {by}");
                        return Ok(Err(certificate.objection(Reason::Signature, found)));
                    }
                }
                if let (true, Ok(key)) = (node.inherits, key) {
                    certificate = certificate.inheriting(key);
                }
            }
            complete.push(certificate);
            issuer = Some(node);
        }
        complete.reverse();
        Ok(Ok(complete))
    }

    /// Remembers why an attempt failed, if none came further.
    fn fail(&mut self, path: &[Rc<Node>], step: Step, objection: Objection) {
        let progress = (step == Step::Invalid, path.len(), step);
        if self
            .failure
            .as_ref()
            .is_none_or(|best| best.progress < progress)
        {
            self.failure = Some(Failure {
                progress,
                objection,
                path: certificates(path),
            });
        }
    }

    /// Returns who may have issued a certificate, likeliest first: key identifier as announced, an anchor, valid now, a CA.
    fn candidates(&mut self, child: &Certificate) -> Vec<Rc<Node>> {
        let name = child.issuer();
        let nodes = match self.issuers.get(name) {
            Some(nodes) => Rc::clone(nodes),
            None => {
                let nodes = self.look_up(name);
                self.issuers.insert(name.clone(), Rc::clone(&nodes));
                nodes
            }
        };
        let announced = child.authority_key_identifier();
        let mut candidates = nodes.to_vec();
        candidates.sort_by_cached_key(|node| {
            let identified = match (announced.as_deref(), node.certificate.key_identifier()) {
                (Some(announced), Some(own)) if announced == own => 2,
                (Some(_), Some(_)) => 0,
                _ => 1,
            };
            Reverse((identified, node.merit))
        });
        candidates
    }

    /// Finds all certificates of a name, anchors and others, each once.
    fn look_up(&mut self, name: &Name) -> Rc<[Rc<Node>]> {
        let mut nodes: HashMap<Certificate, Option<String>> = HashMap::new();
        let mut order = Vec::new();
        let anchors = &self.anchors.anchors;
        let trusted = anchors
            .iter()
            .filter(|anchor| anchor.certificate.subject() == name)
            .map(|anchor| (anchor.certificate.clone(), Some(anchor.source.clone())));
        let others = self.repository.by_subject(name).into_iter();
        let others = others.chain(self.extra.by_subject(name));
        for (certificate, anchor) in trusted.chain(others.map(|certificate| (certificate, None))) {
            if let Entry::Vacant(entry) = nodes.entry(certificate) {
                order.push((entry.key().clone(), anchor.clone()));
                entry.insert(anchor);
            }
        }
        order
            .into_iter()
            .map(|(certificate, anchor)| self.node(certificate, anchor))
            .collect()
    }

    fn node(&mut self, certificate: Certificate, anchor: Option<String>) -> Rc<Node> {
        let next = self.keys.len();
        let key = *self.keys.entry(certificate.spki().into()).or_insert(next);
        let ca = matches!(certificate.basic_constraints(), Ok(Some(basic)) if basic.ca);
        let valid = certificate.is_valid_at(self.question.at);
        let inherits = certificate
            .public_key()
            .is_ok_and(|key| key.needs_parameters());
        Rc::new(Node {
            merit: (anchor.is_some(), valid, ca),
            inherits,
            certificate,
            key,
            anchor,
        })
    }

    /// Checks a signature, or remembers. One by a key that lacks parameters is taken as good until the whole path is there: see `complete`.
    fn is_signed_by(
        &mut self,
        child: &Node,
        issuer: &Node,
    ) -> Result<Result<bool, String>, BudgetExceeded> {
        if issuer.inherits {
            return Ok(Ok(true));
        }
        let entry = match self.checked.entry((child.certificate.clone(), issuer.key)) {
            Entry::Occupied(known) => return Ok(known.get().clone()),
            Entry::Vacant(entry) => entry,
        };
        self.budget.check_signature()?;
        let key = issuer.certificate.public_key();
        let answer = key.and_then(|key| child.certificate.is_signed_by(&key));
        Ok(entry
            .insert(answer.map_err(|error| error.to_string()))
            .clone())
    }
}

fn certificates(path: &[Rc<Node>]) -> Vec<Certificate> {
    path.iter().map(|node| node.certificate.clone()).collect()
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
    fn a_thousand_certificates_of_one_name_and_key_exhaust_it_too() {
        let (root, _, alice) = chain();
        let template = Template::ca("CN=CA", &key(2), "CN=CA");
        let namesakes: Vec<Certificate> = (0..1000_u16)
            .map(|serial| {
                let template = template.clone();
                template.serial(&serial.to_be_bytes()).unsigned()
            })
            .collect();
        let start = Instant::now();
        let exceeded = judge(&alice, &[&root], &collection(&namesakes)).unwrap_err();
        assert_eq!((exceeded.what, exceeded.limit), ("steps", 200_000));
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
