//! The search for a path, best first, from its end up to an anchor (RFC 4158 §2.4.2, §3.5).
//!
//! What is cheap is asked first. A path grows by names alone; what speaks against it (a certificate that may issue nothing, constraints that refuse
//! a name below, a path that is too long for its pathLenConstraint, findings that are denied) only puts it further back in the queue. So the first
//! that arrives is the best by all that could be foreseen. It is then judged in earnest: `validate` has the last word, every signature is checked,
//! revocation is looked at; and what this teaches is remembered. If nothing valid is left, the next to arrive is the one nearest to being valid,
//! and its flaw is the answer.
//!
//! *Why this ends.* Of two attempts that stand at the same certificate, the one that can do nothing which the other cannot is dropped: every rule
//! of RFC 5280 §6.1 but those for policies refuses a path with more in it if it refuses one with less. Where something was learned that this did not
//! foresee, what was dropped is taken up again; where policies refused a path, nothing is dropped any more. The budget bounds all of it.
use super::{
    RevocationStatus,
    attempt::{Attempt, Queued, Weight},
    budget::{Budget, BudgetExceeded},
    failure::Failures,
    graph::{Announced, Checked, Fit, Graph, Node, Refusals, complete},
};
use crate::{
    encoding::hex,
    policy::{Finding, Level, Reason},
    x509::{
        Certificate,
        policies::ValidPolicies,
        validate::{self, Question, Refusal, Valid},
    },
};
use std::{
    collections::{BinaryHeap, HashMap},
    rc::Rc,
};

/// A path that holds.
pub(super) struct Found {
    pub(super) path: Vec<Certificate>,
    /// where the anchor came from
    pub(super) source: String,
    pub(super) revocation: RevocationStatus,
    /// what it is valid for
    pub(super) policies: ValidPolicies,
    /// about its intermediates, and revocation
    pub(super) findings: Vec<Finding>,
}

/// Finds out about revocation; which CRLs there are is the caller's matter.
pub(super) type Revocations<'a> =
    &'a dyn Fn(
        &[Certificate],
        &mut Budget,
    ) -> Result<(RevocationStatus, Vec<Finding>), BudgetExceeded>;

/// What a link costs by itself.
const LINK: u32 = 2;
/// The most attempts at one certificate that a new one is compared with.
const COMPARED: usize = 32;

pub(super) struct Search<'a> {
    question: Question<'a>,
    revocations: Revocations<'a>,
    pub(super) graph: Graph<'a>,
    pub(super) failures: Failures,
    queue: BinaryHeap<Queued>,
    queued: usize,
    /// attempts that were queued, by their last certificate
    seen: HashMap<usize, Vec<Rc<Attempt>>>,
    /// attempts that others did as well as
    dropped: Vec<Rc<Attempt>>,
    /// something was learned that might have kept it
    learned: bool,
    /// a path was refused for what could not be foreseen
    surprised: bool,
    /// drop nothing
    thorough: bool,
    /// all paths without a flaw were looked at
    diagnosing: bool,
    /// denials for revocation, by certificate and issuer; issuer 0: whoever it is
    revocation: HashMap<(usize, usize), u32>,
    /// who is revoked, by any path
    revoked: HashMap<usize, Finding>,
    /// the best so far that holds, and how many of its findings are denied
    best: Option<(u32, Found)>,
    too_long: bool,
}

/// Whether to search on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    GoOn,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        graph: Graph<'a>,
        question: Question<'a>,
        revocations: Revocations<'a>,
    ) -> Self {
        Self {
            question,
            revocations,
            graph,
            failures: Failures::default(),
            queue: BinaryHeap::new(),
            queued: 0,
            seen: HashMap::new(),
            dropped: Vec::new(),
            learned: false,
            surprised: false,
            thorough: false,
            diagnosing: false,
            revocation: HashMap::new(),
            revoked: HashMap::new(),
            best: None,
            too_long: false,
        }
    }

    /// Searches. A budget that runs out while a better path, or a better reason, is looked for takes nothing from the one at hand.
    pub(super) fn run(
        &mut self,
        leaf: &Certificate,
        budget: &mut Budget,
    ) -> Result<Option<Found>, BudgetExceeded> {
        let node = self.graph.leaf(leaf);
        let (flaws, denials) = (node.flawed.into(), node.denials);
        self.push(Rc::new(Attempt {
            node,
            below: None,
            length: 1,
            weight: Weight {
                flaws,
                denials,
                cost: 0,
            },
            counted: 0,
            doubts: 0,
            refusals: Default::default(),
        }));
        match self.sweep(budget) {
            Err(exceeded) if self.best.is_none() && !self.diagnosing => return Err(exceeded),
            _ => {}
        }
        match self.best.take() {
            Some((_, found)) => Ok(Some(found)),
            None if self.too_long => Err(budget.too_long()),
            None => Ok(None),
        }
    }

    /// Takes up attempt after attempt, the best first, until there is an answer.
    fn sweep(&mut self, budget: &mut Budget) -> Result<(), BudgetExceeded> {
        let mut level = (0, 0);
        loop {
            let next = self.queue.peek().map(|next| next.attempt.weight);
            let next = next.map(|weight| (weight.flaws, weight.denials));
            if next.is_none_or(|next| next > level) {
                if self.revive(level, budget)? {
                    continue;
                }
                let Some(next) = next else { return Ok(()) };
                if matches!(self.best, Some((best, _)) if next.0 > 0 || next.1 >= best) {
                    return Ok(());
                }
                self.diagnosing |= next.0 > 0;
                level = next;
            }
            let Some(Queued { attempt, .. }) = self.queue.pop() else {
                return Ok(());
            };
            if !self.may_hold(&attempt) {
                continue;
            }
            let denials = self.denials(&attempt);
            if denials > attempt.weight.denials {
                self.requeue(&attempt, denials);
                continue;
            }
            let progress = match attempt.node.anchor {
                Some(_) => self.arrive(&attempt, budget)?,
                None => self.extend(&attempt, budget)?,
            };
            if progress == Progress::Done {
                return Ok(());
            }
        }
    }

    /// Takes up again what was dropped, where what was learned since may change that; returns whether any is no worse than what was looked at.
    fn revive(&mut self, level: (u32, u32), budget: &mut Budget) -> Result<bool, BudgetExceeded> {
        if !self.learned && self.surprised && !self.thorough && !self.diagnosing {
            self.thorough = true;
        } else if !self.learned {
            return Ok(false);
        }
        self.learned = false;
        let mut seen = std::mem::take(&mut self.seen);
        for attempts in seen.values_mut() {
            attempts.retain(|it| self.may_hold(it) && self.denials(it) <= it.weight.denials);
        }
        self.seen = seen;
        for attempt in std::mem::take(&mut self.dropped) {
            budget.step()?;
            if self.may_hold(&attempt) {
                self.push(attempt);
            }
        }
        let next = self.queue.peek().map(|next| next.attempt.weight);
        Ok(next.is_some_and(|next| (next.flaws, next.denials) <= level))
    }

    /// Returns whether no signature of an attempt is known not to hold.
    fn may_hold(&self, attempt: &Attempt) -> bool {
        let pairs = attempt.down().skip(1).zip(attempt.down());
        pairs.into_iter().all(|(child, issuer)| {
            matches!(
                self.graph.known(&child.node, issuer.node.key),
                None | Some(Checked::Holds)
            )
        })
    }

    /// Returns how many findings about an attempt would be denied, by what is known now.
    fn denials(&self, attempt: &Attempt) -> u32 {
        if self.revocation.is_empty() {
            return attempt.weight.denials;
        }
        let links = attempt.down().skip(1).zip(attempt.down());
        let links = links.map(|(child, issuer)| self.denials_of_link(&child.node, &issuer.node));
        let end = attempt.down().last().map_or(0, |end| end.node.denials);
        links.fold(end, u32::saturating_add)
    }

    /// Returns the share of one link: what its issuer brings, and what revocation says of the other.
    fn denials_of_link(&self, child: &Node, issuer: &Node) -> u32 {
        let of = |by| self.revocation.get(&(child.id, by)).copied();
        let revocation = of(issuer.id).unwrap_or(0) + of(0).unwrap_or(0);
        issuer.denials.saturating_add(revocation)
    }

    fn requeue(&mut self, attempt: &Attempt, denials: u32) {
        self.enqueue(Rc::new(Attempt {
            node: Rc::clone(&attempt.node),
            below: attempt.below.clone(),
            weight: Weight {
                denials,
                ..attempt.weight
            },
            refusals: attempt.refusals.clone(),
            ..*attempt
        }));
    }

    fn enqueue(&mut self, attempt: Rc<Attempt>) {
        self.queued += 1;
        let number = self.queued;
        self.queue.push(Queued { attempt, number });
    }

    /// Queues every way to go on from an attempt.
    fn extend(
        &mut self,
        attempt: &Rc<Attempt>,
        budget: &mut Budget,
    ) -> Result<Progress, BudgetExceeded> {
        let child = Rc::clone(&attempt.node);
        let name = child.certificate.issuer();
        let announced = Announced::by(&child.certificate);
        let constraining = self.graph.constraining.len();
        let groups = self.graph.named(name);
        self.learned |= self.graph.constraining.len() > constraining;
        let (mut open, mut circle) = (false, false);
        for group in &*groups {
            let known = self.graph.known(&child, group.key);
            if !matches!(known, None | Some(Checked::Holds)) {
                budget.step()?;
                continue;
            }
            // a name and key that stands in the path already brings nothing new, unless it is trusted
            let stands = attempt
                .down()
                .any(|it| it.node.key == group.key && it.node.certificate.subject() == name);
            for issuer in &group.members {
                budget.step()?;
                if stands && issuer.anchor.is_none() {
                    circle = true;
                    break;
                }
                open = true;
                if attempt.length < budget.limits.path_length {
                    let next = self.onward(attempt, issuer, &announced);
                    self.push(next);
                } else {
                    self.too_long |= attempt.weight.flaws == 0;
                }
            }
        }
        if !open {
            let (doubts, length) = (attempt.doubts, attempt.length);
            let path = || attempt.path();
            self.failures.dead_end(doubts, length, circle, path);
        }
        Ok(Progress::GoOn)
    }

    /// Returns an attempt with one more issuer.
    fn onward(
        &mut self,
        attempt: &Rc<Attempt>,
        issuer: &Rc<Node>,
        announced: &Announced<'_>,
    ) -> Rc<Attempt> {
        let child = &attempt.node;
        let holds = self.graph.known(child, issuer.key).is_some();
        let fit = match announced.fit(issuer) {
            _ if holds => Fit::Named,
            fit => fit,
        };
        let mut cost = match fit {
            Fit::Named => 0,
            Fit::Silent => 2,
            Fit::Another => 6,
        };
        if !announced.may_be_of(issuer) {
            cost += 8;
        }
        if issuer.anchor.is_none() {
            cost += LINK;
        }
        let too_deep = issuer.path_length.is_some_and(|it| it < attempt.counted);
        let refused = issuer.constraints.is_some() && {
            let bound = |it: &&Attempt| it.node.counts || it.below.is_none();
            let graph = &mut self.graph;
            let mut bound = attempt.down().filter(bound);
            bound.any(|below| graph.refuses(issuer, &below.node) == Some(true))
        };
        let flaws = u32::from(issuer.flawed) + u32::from(too_deep) + u32::from(refused);
        let denials = self.denials_of_link(child, issuer);
        Rc::new(Attempt {
            node: Rc::clone(issuer),
            below: Some(Rc::clone(attempt)),
            length: attempt.length + 1,
            weight: Weight {
                flaws: attempt.weight.flaws + flaws,
                denials: attempt.weight.denials.saturating_add(denials),
                cost: attempt.weight.cost + cost,
            },
            counted: attempt.counted + u64::from(issuer.counts),
            doubts: attempt.doubts + u32::from(fit == Fit::Another),
            refusals: Default::default(),
        })
    }

    /// Queues an attempt, unless another one at the same certificate can do all that this one can. What has arrived is all looked at.
    fn push(&mut self, attempt: Rc<Attempt>) {
        let id = attempt.node.id;
        let droppable = match attempt.weight.flaws {
            0 => attempt.node.anchor.is_none() && !self.thorough,
            _ => true,
        };
        if droppable {
            let latest = self
                .seen
                .get(&id)
                .map(|seen| seen.iter().rev().take(COMPARED));
            let latest: Vec<_> = latest.into_iter().flatten().cloned().collect();
            if latest
                .iter()
                .any(|other| self.does_as_well(other, &attempt))
            {
                self.dropped.push(attempt);
                return;
            }
        }
        self.seen.entry(id).or_default().push(Rc::clone(&attempt));
        self.enqueue(attempt);
    }

    /// Returns whether `other` is bound by no more than `attempt` is, at the same certificate. For paths that have a flaw anyhow, one is enough.
    fn does_as_well(&mut self, other: &Attempt, attempt: &Attempt) -> bool {
        if attempt.weight.flaws > 0 {
            return true;
        }
        other.weight.flaws == 0
            && other.weight.denials <= attempt.weight.denials
            && other.length <= attempt.length
            && other.counted <= attempt.counted
            && (self.graph.constraining.is_empty()
                || self.refusals(other).is_within(&self.refusals(attempt)))
    }

    /// Returns the constraints that would refuse a name of an attempt's intermediates, were they further up.
    fn refusals(&mut self, attempt: &Attempt) -> Refusals {
        let met = self.graph.constraining.len();
        match &*attempt.refusals.borrow() {
            (then, known) if *then == met => return known.clone(),
            _ => {}
        }
        let mut refusals = match &attempt.below {
            Some(below) => self.refusals(below),
            None => Refusals::default(),
        };
        if attempt.node.counts {
            refusals.add(&self.graph.refusals(&attempt.node));
        }
        attempt.refusals.replace((met, refusals.clone()));
        refusals
    }

    /// Judges a path that has reached an anchor.
    fn arrive(
        &mut self,
        attempt: &Attempt,
        budget: &mut Budget,
    ) -> Result<Progress, BudgetExceeded> {
        let path = attempt.path();
        let certificates = complete(&path);
        let judged = match validate::validate(&certificates, self.question, budget) {
            Ok(valid) => Ok(valid),
            Err(Refusal::Budget(exceeded)) => return Err(exceeded),
            Err(Refusal::Invalid(objection)) if attempt.weight.flaws == 0 => {
                self.surprised = true;
                self.failures.invalid(path, *objection);
                return Ok(Progress::GoOn);
            }
            Err(Refusal::Invalid(objection)) => Err(*objection),
        };
        if !self.is_signed(&path, &certificates, budget)? {
            return Ok(Progress::GoOn);
        }
        match judged {
            Ok(valid) => self.weigh(attempt, &path, certificates, valid, budget),
            Err(objection) => {
                self.failures.invalid(path, objection);
                Ok(Progress::Done)
            }
        }
    }

    /// Checks every signature of a path, from its end on; the first that does not hold is remembered.
    fn is_signed(
        &mut self,
        path: &[Rc<Node>],
        complete: &[Certificate],
        budget: &mut Budget,
    ) -> Result<bool, BudgetExceeded> {
        for (index, (child, issuer)) in path.iter().zip(path.iter().skip(1)).enumerate() {
            let holds = match complete.get(index..index + 2) {
                // what its key is, this path alone says: another may say otherwise
                Some([child, by]) if issuer.inherits => {
                    self.surprised = true;
                    budget.check_signature()?;
                    let key = by.public_key();
                    matches!(key.and_then(|key| child.is_signed_by(&key)), Ok(true))
                }
                _ => self.graph.check(child, issuer, budget)? == Checked::Holds,
            };
            if !holds {
                let below = path.iter().take(index + 1).cloned().collect();
                self.failures.mismatch(below, Rc::clone(issuer));
                self.learned = true;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at revocation on a path that holds, and takes it if there is none better.
    fn weigh(
        &mut self,
        attempt: &Attempt,
        path: &[Rc<Node>],
        certificates: Vec<Certificate>,
        valid: Valid,
        budget: &mut Budget,
    ) -> Result<Progress, BudgetExceeded> {
        let Valid {
            mut findings,
            policies,
        } = valid;
        let (mut revocation, said) = (self.revocations)(&certificates, budget)?;
        self.learn(path, &said);
        findings.extend(said);
        // who is revoked by one path is so by all: another issuer's silence does not change that
        for finding in path.iter().filter_map(|node| self.revoked.get(&node.id)) {
            if !findings.contains(finding) {
                findings.push(finding.clone());
                revocation = RevocationStatus::Revoked;
            }
        }
        let denied = findings.iter().filter(|it| it.level == Level::Deny).count();
        let denied = u32::try_from(denied).unwrap_or(u32::MAX);
        let anchor = path.last().and_then(|node| node.anchor.clone());
        let found = Found {
            path: certificates,
            source: anchor.unwrap_or_default(),
            revocation,
            policies,
            findings,
        };
        if self.best.as_ref().is_none_or(|(best, _)| denied < *best) {
            self.best = Some((denied, found));
        }
        let end_is_revoked = path
            .first()
            .is_some_and(|leaf| self.revoked.contains_key(&leaf.id));
        // all that is left in the queue is no better than this one was expected to be
        Ok(match denied <= attempt.weight.denials || end_is_revoked {
            true => Progress::Done,
            false => Progress::GoOn,
        })
    }

    /// Remembers what is said about revocation and denied, for other paths through the same certificates.
    fn learn(&mut self, path: &[Rc<Node>], said: &[Finding]) {
        for finding in said.iter().filter(|it| it.level == Level::Deny) {
            let Some(objection) = &finding.objection else {
                continue;
            };
            for (child, issuer) in path.iter().zip(path.iter().skip(1)) {
                if hex::encode(&child.certificate.sha256()) != objection.certificate.sha256 {
                    continue;
                }
                let by = match objection.reason {
                    Reason::Revoked => {
                        self.revoked.insert(child.id, finding.clone());
                        0
                    }
                    _ => issuer.id,
                };
                self.learned |= self.revocation.insert((child.id, by), 1).is_none();
            }
        }
    }
}
