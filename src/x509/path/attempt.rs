//! An attempt at a path: what a search has put together so far, from the end of the path up, and how much speaks against it.
use super::graph::{Node, Refusals};
use std::{cell::RefCell, cmp::Ordering, rc::Rc};

/// How much speaks against an attempt; the least is looked at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weight {
    /// reasons that make it no path
    pub(super) flaws: u32,
    /// findings that are denied
    pub(super) denials: u32,
    /// how long and unlikely it is
    pub(super) cost: u32,
}

/// The last certificate of an attempt, and the attempt below it.
pub(super) struct Attempt {
    pub(super) node: Rc<Node>,
    pub(super) below: Option<Rc<Attempt>>,
    pub(super) length: usize,
    pub(super) weight: Weight,
    /// certificates that count for path lengths, the end of the path not among them
    pub(super) counted: u64,
    /// how often it goes against what its certificates announce
    pub(super) doubts: u32,
    /// the constraints that refuse a name in it, as of when so many were met
    pub(super) refusals: RefCell<(usize, Refusals)>,
}

impl Attempt {
    /// Returns its certificates from the last one down to the end of the path.
    pub(super) fn down(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |attempt| attempt.below.as_deref())
    }

    /// Returns its certificates, the end of the path first.
    pub(super) fn path(&self) -> Vec<Rc<Node>> {
        let mut path: Vec<_> = self.down().map(|it| Rc::clone(&it.node)).collect();
        path.reverse();
        path
    }
}

/// An attempt in the queue; the first that came is the first of those that weigh the same.
pub(super) struct Queued {
    pub(super) attempt: Rc<Attempt>,
    pub(super) number: usize,
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |it: &Self| (it.attempt.weight, it.number);
        rank(other).cmp(&rank(self))
    }
}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Queued {}
