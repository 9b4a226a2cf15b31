//! Why there is no path: of all attempts, the one that says most (cf. RFC 4158 §7.5).
//!
//! A path that reaches an anchor and is not valid says more than a signature that does not hold, and that more than an issuer that is not known.
//! Nothing is said about certificates that are not proven to belong together: the signatures of an attempt are checked before it is reported.
use super::{
    budget::{Budget, BudgetExceeded},
    graph::{Announced, Checked, Fit, Graph, Node, complete},
};
use crate::{
    policy::{Objection, Reason},
    x509::Certificate,
};
use std::rc::Rc;

/// The most attempts that are remembered of each kind.
const REMEMBERED: usize = 16;

/// What the search remembers of attempts that came to nothing.
#[derive(Default)]
pub(super) struct Failures {
    /// paths that reach an anchor and are not valid, the likeliest first
    invalid: Vec<(Vec<Rc<Node>>, Objection)>,
    /// paths that lead nowhere
    dead_ends: Vec<DeadEnd>,
    /// paths whose last signature does not hold, with its supposed maker
    mismatches: Vec<(Vec<Rc<Node>>, Rc<Node>)>,
}

/// A path that nobody's certificate goes on.
struct DeadEnd {
    /// how much speaks against it: contradictions first, then that it is short
    against: (u32, usize),
    path: Vec<Rc<Node>>,
    /// those who might go on stand in the path already
    circle: bool,
}

/// What is wrong at the end of a path.
enum End {
    /// nobody of the issuer's name is known
    NoIssuer,
    /// only those who stand in it already
    Circle,
    /// this one's key did not make the signature
    Mismatch(Rc<Node>),
}

/// The one that is reported.
pub(super) struct Failure {
    pub(super) objection: Objection,
    /// leaf first, as far as it came
    pub(super) path: Vec<Certificate>,
}

/// How much a failure says, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The path ends after so many signatures that hold: the next issuer is not known, or (`true`) those known have another key.
    Ends(usize, bool),
    /// The signature is not that of the issuer who is named, or who is an anchor.
    Mismatch(usize),
}

impl Failures {
    /// Remembers a path that reaches an anchor and is not valid.
    pub(super) fn invalid(&mut self, path: Vec<Rc<Node>>, objection: Objection) {
        if self.invalid.len() < REMEMBERED {
            self.invalid.push((path, objection));
        }
    }

    /// Remembers a path that nobody's certificate goes on; `doubts`: how often it goes against what its certificates announce.
    pub(super) fn dead_end(
        &mut self,
        doubts: u32,
        length: usize,
        circle: bool,
        path: impl FnOnce() -> Vec<Rc<Node>>,
    ) {
        let against = (doubts, usize::MAX.saturating_sub(length));
        let ends = &mut self.dead_ends;
        let at = ends.partition_point(|other| other.against <= against);
        if at < REMEMBERED {
            let path = path();
            ends.insert(
                at,
                DeadEnd {
                    against,
                    path,
                    circle,
                },
            );
            ends.truncate(REMEMBERED);
        }
    }

    /// Remembers a signature that does not hold: that of the last certificate of `path`.
    pub(super) fn mismatch(&mut self, path: Vec<Rc<Node>>, issuer: Rc<Node>) {
        if self.mismatches.len() < REMEMBERED {
            self.mismatches.push((path, issuer));
        }
    }

    /// Returns the failure that says most; what the budget no longer allows to check counts as not proven.
    pub(super) fn most_specific(
        mut self,
        graph: &mut Graph<'_>,
        budget: &mut Budget,
    ) -> Option<Failure> {
        for (path, objection) in std::mem::take(&mut self.invalid) {
            if let Ok(None) = self.prove(&path, graph, budget) {
                let path = complete(&path);
                return Some(Failure { objection, path });
            }
        }
        let mut best: Option<(Rank, Vec<Rc<Node>>, End)> = None;
        let mut offer = |rank, path: Vec<Rc<Node>>, end| {
            if best.as_ref().is_none_or(|(other, ..)| *other < rank) {
                best = Some((rank, path, end));
            }
        };
        for DeadEnd { path, circle, .. } in std::mem::take(&mut self.dead_ends) {
            let end = match circle {
                true => End::Circle,
                false => End::NoIssuer,
            };
            match self.prove(&path, graph, budget) {
                Ok(None) => offer(Rank::Ends(path.len(), false), path, end),
                Ok(Some(())) => {}
                // nothing is proven but that the certificate is there
                Err(_) => offer(
                    Rank::Ends(0, false),
                    path.into_iter().take(1).collect(),
                    end,
                ),
            }
        }
        for (path, issuer) in self.mismatches {
            let Some(child) = path.last() else { continue };
            // whoever made the signature is known: that another did not says nothing
            if graph.is_signed(child) {
                continue;
            }
            let fit = Announced::by(&child.certificate).fit(&issuer);
            let identified = fit == Fit::Named || (fit == Fit::Silent && issuer.anchor.is_some());
            let rank = match identified {
                true => Rank::Mismatch(path.len()),
                false => Rank::Ends(path.len(), true),
            };
            let end = End::Mismatch(issuer);
            offer(rank, path, end);
        }
        let (_, path, end) = best?;
        let child = path.last()?;
        let objection = match end {
            End::NoIssuer if child.certificate.is_self_issued() => not_anchored(child),
            End::NoIssuer => no_issuer(child),
            End::Circle => not_anchored(child),
            End::Mismatch(issuer) => mismatch(child, &issuer, graph),
        };
        let path = complete(&path);
        Some(Failure { objection, path })
    }

    /// Checks the signatures of a path from its end on; `Some`: one does not hold, and is remembered.
    fn prove(
        &mut self,
        path: &[Rc<Node>],
        graph: &mut Graph<'_>,
        budget: &mut Budget,
    ) -> Result<Option<()>, BudgetExceeded> {
        for (index, (child, issuer)) in path.iter().zip(path.iter().skip(1)).enumerate() {
            if graph.check(child, issuer, budget)? != Checked::Holds {
                let below = path.iter().take(index + 1).cloned().collect();
                self.mismatch(below, Rc::clone(issuer));
                return Ok(Some(()));
            }
        }
        Ok(None)
    }
}

fn mismatch(child: &Node, issuer: &Node, graph: &Graph<'_>) -> Objection {
    let by = issuer.certificate.subject();
    match graph.known(child, issuer.key) {
        Some(Checked::Unknown(error)) => {
            let found = format!("its signature cannot be checked with the key of {by}: {error}");
            let reason = Reason::SignatureAlgorithm;
            child.certificate.objection(reason, found)
        }
        _ => {
            let found = format!("its signature does not verify with the key of {by}");
            child.certificate.objection(Reason::Signature, found)
        }
    }
}

fn not_anchored(last: &Node) -> Objection {
    let found = match last.certificate.is_self_issued() {
        true => "it is self-issued and not among the trust anchors",
        false => "its issuers lead back to itself and are not among the trust anchors",
    };
    last.certificate.objection(Reason::NotAnchored, found)
}

fn no_issuer(last: &Node) -> Objection {
    let issuer = last.certificate.issuer();
    let found = format!("no certificate of its issuer is known: {issuer}");
    last.certificate.objection(Reason::NoIssuer, found)
}
