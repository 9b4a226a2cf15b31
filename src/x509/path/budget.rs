//! What the building of one path may cost: signature checks, steps, comparisons of names, and time; and what the paths of a message may together.
//!
//! The numbers are the policy's limits; whoever passes one is told its name and value. The library reads no clock: a [`Watch`] does, if one is given.
use crate::policy::Limits;
use std::{fmt, sync::Arc, time::Duration};

/// Tells how much time has passed since some moment that never changes.
pub trait Watch: Send + Sync {
    /// Returns the time since that moment.
    fn elapsed(&self) -> Duration;
}

/// A limit of path building was passed (exit 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("building the certificate path took more than {limit} {what}")]
pub struct BudgetExceeded {
    /// "signature checks", "steps", "name comparisons", "nodes of a policy graph", "milliseconds", "certificates"
    pub what: &'static str,
    /// its value
    pub limit: u32,
}

/// What the paths of one message may still cost together; what one costs the next lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// signature checks
    pub signatures: u32,
    comparisons: u32,
    time: Duration,
}

impl Allowance {
    /// Returns that of a whole message.
    pub fn new(limits: &Limits) -> Self {
        Self {
            signatures: limits.message_signatures,
            ..Self::of_one_path(limits)
        }
    }

    /// Returns one that leaves a path its own limits.
    pub(super) fn of_one_path(limits: &Limits) -> Self {
        Self {
            signatures: u32::MAX,
            comparisons: limits.name_comparisons,
            time: Duration::from_millis(limits.path_milliseconds.into()),
        }
    }
}

/// The watch is asked once in so many cheap operations.
const TICKS: u32 = 1024;

/// What one judgement may still cost.
pub(in crate::x509) struct Budget {
    pub(super) signatures: u32,
    steps: u32,
    comparisons: u32,
    time: Duration,
    nodes: u32,
    pub(super) limits: Limits,
    watch: Option<(Arc<dyn Watch>, Duration)>,
    ticks: u32,
}

impl Budget {
    /// Returns a full one that no watch is kept on.
    pub(in crate::x509) fn new(limits: Limits) -> Self {
        Self {
            signatures: limits.path_signatures,
            steps: limits.path_steps,
            comparisons: limits.name_comparisons,
            time: Duration::from_millis(limits.path_milliseconds.into()),
            nodes: limits.policy_nodes,
            limits,
            watch: None,
            ticks: TICKS,
        }
    }

    /// Returns one with a tenth of the comparisons, for guesses.
    pub(super) fn tenth(mut self) -> Self {
        self.comparisons /= 10;
        self
    }

    /// Keeps time from now on.
    pub(super) fn watched(mut self, watch: Option<&Arc<dyn Watch>>) -> Self {
        self.watch = watch.map(|watch| (Arc::clone(watch), watch.elapsed()));
        self
    }

    /// Grants no more than this.
    pub(super) fn within(mut self, allowance: &Allowance) -> Self {
        self.signatures = self.signatures.min(allowance.signatures);
        self.comparisons = self.comparisons.min(allowance.comparisons);
        self.time = self.time.min(allowance.time);
        self
    }

    /// Takes what was spent since `granted` out of an allowance.
    pub(super) fn settle(&self, granted: u32, allowance: &mut Allowance) {
        let spent = granted.saturating_sub(self.signatures);
        allowance.signatures = allowance.signatures.saturating_sub(spent);
        allowance.comparisons = allowance.comparisons.min(self.comparisons);
        allowance.time = allowance.time.saturating_sub(self.spent());
    }

    fn spent(&self) -> Duration {
        let spent =
            |(watch, start): &(Arc<dyn Watch>, Duration)| watch.elapsed().saturating_sub(*start);
        self.watch.as_ref().map(spent).unwrap_or_default()
    }

    /// Pays for one check of a signature.
    pub(in crate::x509) fn check_signature(&mut self) -> Result<(), BudgetExceeded> {
        self.check_time()?;
        let limit = self.limits.path_signatures;
        spend(&mut self.signatures, "signature checks", limit)
    }

    /// Pays for one candidate looked at.
    pub(super) fn step(&mut self) -> Result<(), BudgetExceeded> {
        self.tick()?;
        spend(&mut self.steps, "steps", self.limits.path_steps)
    }

    /// Pays for one comparison of a name with a name constraint.
    pub(in crate::x509) fn compare_names(&mut self) -> Result<(), BudgetExceeded> {
        self.tick()?;
        let limit = self.limits.name_comparisons;
        spend(&mut self.comparisons, "name comparisons", limit)
    }

    /// Returns that a path would be longer than any may be.
    pub(super) fn too_long(&self) -> BudgetExceeded {
        BudgetExceeded {
            what: "certificates",
            limit: u32::try_from(self.limits.path_length).unwrap_or(u32::MAX),
        }
    }

    /// Pays for so many nodes or edges of a policy graph.
    pub(in crate::x509) fn policy_nodes(&mut self, number: usize) -> Result<(), BudgetExceeded> {
        self.tick()?;
        let limit = self.limits.policy_nodes;
        let what = "nodes of a policy graph";
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.nodes = self
            .nodes
            .checked_sub(number)
            .ok_or(BudgetExceeded { what, limit })?;
        Ok(())
    }

    fn tick(&mut self) -> Result<(), BudgetExceeded> {
        self.ticks = self.ticks.saturating_sub(1);
        if self.ticks > 0 {
            return Ok(());
        }
        self.ticks = TICKS;
        self.check_time()
    }

    /// Fails when the time is over.
    pub(super) fn check_time(&self) -> Result<(), BudgetExceeded> {
        let limit = self.limits.path_milliseconds;
        match self.spent() > self.time {
            true => Err(BudgetExceeded {
                what: "milliseconds",
                limit,
            }),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("signatures", &self.signatures)
            .field("steps", &self.steps)
            .field("comparisons", &self.comparisons)
            .field("nodes", &self.nodes)
            .finish_non_exhaustive()
    }
}

fn spend(left: &mut u32, what: &'static str, limit: u32) -> Result<(), BudgetExceeded> {
    *left = left.checked_sub(1).ok_or(BudgetExceeded { what, limit })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// A watch that is set by hand.
    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Watch for Hand {
        fn elapsed(&self) -> Duration {
            Duration::from_millis(self.0.load(Relaxed))
        }
    }

    #[test]
    fn time_is_counted_from_when_the_budget_was_made() {
        let hand = Arc::new(Hand(AtomicU64::new(7_000)));
        let watch: Arc<dyn Watch> = hand.clone();
        let mut budget = Budget::new(Limits::default()).watched(Some(&watch));
        hand.0.store(8_500, Relaxed);
        assert_eq!(budget.check_signature(), Ok(()));
        hand.0.store(8_501, Relaxed);
        let exceeded = budget.check_signature().unwrap_err();
        assert_eq!((exceeded.what, exceeded.limit), ("milliseconds", 1_500));
        assert_eq!(
            exceeded.to_string(),
            "building the certificate path took more than 1500 milliseconds"
        );
    }

    /// The limits hold for the paths of a message together: at them, and not one past.
    #[test]
    fn what_one_path_costs_the_next_lacks() {
        let hand = Arc::new(Hand::default());
        let watch: Arc<dyn Watch> = hand.clone();
        let limits = Limits::default();
        let mut allowance = Allowance::new(&limits);
        let budget = |allowance: &Allowance| {
            let budget = Budget::new(limits).watched(Some(&watch));
            budget.within(allowance)
        };
        let mut first = budget(&allowance);
        let granted = first.signatures;
        first.check_signature().unwrap();
        (0..249_999).for_each(|_| first.compare_names().unwrap());
        hand.0.store(1_000, Relaxed);
        first.settle(granted, &mut allowance);
        assert_eq!(allowance.signatures, limits.message_signatures - 1);
        let mut next = budget(&allowance);
        next.compare_names().unwrap();
        assert_eq!(next.compare_names().unwrap_err().what, "name comparisons");
        hand.0.store(1_500, Relaxed);
        assert_eq!(next.check_time(), Ok(()));
        hand.0.store(1_501, Relaxed);
        assert_eq!(next.check_time().unwrap_err().what, "milliseconds");
        // what one path may cost is not more for what a message may
        assert_eq!(next.signatures, limits.path_signatures);
    }

    #[test]
    fn cheap_operations_look_at_the_watch_too() {
        let watch: Arc<dyn Watch> = Arc::new(Hand::default());
        for pay in [Budget::step, Budget::compare_names] {
            let mut limits = Limits::default();
            let mut budget = Budget::new(limits).watched(Some(&watch));
            assert!((0..5_000).all(|_| pay(&mut budget).is_ok()));
            // a watch that stands still at the limit is not past it; one past it is seen within so many ticks
            limits.path_milliseconds = 0;
            let hand = Arc::new(Hand::default());
            let watch: Arc<dyn Watch> = hand.clone();
            let mut budget = Budget::new(limits).watched(Some(&watch));
            hand.0.store(1, Relaxed);
            let paid = (0..5_000).take_while(|_| pay(&mut budget).is_ok()).count();
            assert!(paid < 1_025, "{paid}");
        }
    }
}
