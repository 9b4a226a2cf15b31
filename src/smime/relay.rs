//! Pieces of a content carried through stages, by one thread or two: each carries a piece the whole way (read, digested, enciphered, encoded,
//! written) while its octets are at hand, and the other follows with the next. Knows stages and whose turn it is; must not know what a piece is.
//!
//! Every stage takes the pieces in their order, one at a time, whatever the number of threads: what comes out is the same.
use super::Error;
use std::{
    hint,
    panic::resume_unwind,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread,
};

/// Pieces after which a second thread is worth what it costs: 4 MiB, of 256 KiB each. Until it has found a processor of its own, milliseconds pass.
pub(super) const ALONE: usize = 16;
/// How often to look whether it is one's turn before one sleeps: some 100 µs, which is what a stage takes, and twice what it takes to be woken in a
/// virtual machine. Clear signing takes an eighth less time by it.
const LOOKS: u32 = 2500;

/// Makes the next piece, in one that was used before; false: there are no more.
pub(super) type Make<'s, P> = &'s mut (dyn FnMut(&mut P) -> Result<bool, Error> + Send);
/// Does its part with a piece.
pub(super) type Stage<'s, P> = &'s mut (dyn FnMut(&mut P) -> Result<(), Error> + Send);

/// Carries every piece through all stages; with `overlap`, what is large on two threads. Of two failures that of the earlier piece is told.
pub(super) fn relay<P: Default + Send>(
    overlap: bool,
    make: Make<'_, P>,
    stages: &mut [Stage<'_, P>],
) -> Result<(), Error> {
    let mut piece = P::default();
    let mut carried = 0;
    while carried < ALONE || !overlap {
        if !carry(make, stages, &mut piece)? {
            return Ok(());
        }
        carried += 1;
    }
    let together = {
        let (first, second) = carriers(make, stages);
        thread::scope(|scope| {
            let follow = || second.run(P::default());
            let second = thread::Builder::new().spawn_scoped(scope, follow).ok()?;
            let first = first.run(piece);
            Some(match (first, second.join()) {
                (_, Err(fault)) => resume_unwind(fault),
                // with as many done, the first had the earlier piece
                (Err(first), Ok(Err(second))) if second.done < first.done => Err(second.error),
                (Err(failed), _) | (Ok(()), Ok(Err(failed))) => Err(failed.error),
                (Ok(()), Ok(Ok(()))) => Ok(()),
            })
        })
    };
    // where there can be no more threads, one does it
    together.unwrap_or_else(|| {
        let mut piece = P::default();
        while carry(make, stages, &mut piece)? {}
        Ok(())
    })
}

/// Makes a piece and carries it through all stages; false: there are no more.
fn carry<P>(
    make: &mut (dyn FnMut(&mut P) -> Result<bool, Error> + Send),
    stages: &mut [Stage<'_, P>],
    piece: &mut P,
) -> Result<bool, Error> {
    let more = make(piece)?;
    if more {
        for stage in stages {
            stage(piece)?;
        }
    }
    Ok(more)
}

/// One of two who carry pieces in turn.
struct Carrier<'s, P> {
    make: Turn<Make<'s, P>>,
    stages: Vec<Turn<Stage<'s, P>>>,
}

/// Something that one of two has at a time: who has used it gives it to the other, and has it again when the other has used it.
struct Turn<T> {
    take: Receiver<T>,
    give: SyncSender<T>,
}

/// Why one of the two ended.
struct Failed {
    /// pieces that it had carried before
    done: usize,
    error: Error,
}

/// Returns two who share all stages; the first begins.
fn carriers<'s, P>(
    make: Make<'s, P>,
    stages: &'s mut [Stage<'_, P>],
) -> (Carrier<'s, P>, Carrier<'s, P>) {
    let (first, second) = turns(make);
    let stages = stages.iter_mut().map(|stage| turns::<Stage<'s, P>>(stage));
    let (firsts, seconds) = stages.unzip();
    let first = Carrier {
        make: first,
        stages: firsts,
    };
    let second = Carrier {
        make: second,
        stages: seconds,
    };
    (first, second)
}

fn turns<T>(thing: T) -> (Turn<T>, Turn<T>) {
    let (to_first, first) = sync_channel(1);
    let (to_second, second) = sync_channel(1);
    // there is room for it
    let _ = to_first.send(thing);
    let first = Turn {
        take: first,
        give: to_second,
    };
    let second = Turn {
        take: second,
        give: to_first,
    };
    (first, second)
}

impl<T> Turn<T> {
    /// Waits until it is here; `None`: whoever had it has ended, and will not give it back.
    fn take(&self) -> Option<T> {
        for _ in 0..LOOKS {
            match self.take.try_recv() {
                Ok(thing) => return Some(thing),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => hint::spin_loop(),
            }
        }
        self.take.recv().ok()
    }

    fn give(&self, thing: T) {
        // whoever has ended needs nothing more
        let _ = self.give.send(thing);
    }
}

impl<P> Carrier<'_, P> {
    /// Carries pieces in turn, until there are no more, or the other has ended before they could come here.
    fn run(self, mut piece: P) -> Result<(), Failed> {
        let mut done = 0;
        while self
            .carry(&mut piece)
            .map_err(|error| Failed { done, error })?
        {
            done += 1;
        }
        Ok(())
    }

    /// Carries one piece. What fails is not given on: the other ends there.
    fn carry(&self, piece: &mut P) -> Result<bool, Error> {
        let Some(make) = self.make.take() else {
            return Ok(false);
        };
        if !make(piece)? {
            return Ok(false);
        }
        self.make.give(make);
        for turn in &self.stages {
            let Some(stage) = turn.take() else {
                return Ok(false);
            };
            stage(piece)?;
            turn.give(stage);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;
    use std::io;

    fn failed(number: usize) -> Error {
        Error::Read(io::Error::other(number.to_string()))
    }

    /// Makes so many numbers, fails to make one, or to take one in some stage; returns what the last stage took, and the error.
    fn run(
        overlap: bool,
        count: usize,
        make_fails: Option<usize>,
        stage_fails: Option<(usize, usize)>,
    ) -> (Vec<usize>, Option<String>) {
        let mut next = 0;
        let mut make = |piece: &mut Vec<usize>| {
            if make_fails == Some(next) {
                return Err(failed(next));
            }
            piece.clear();
            piece.push(next);
            next += 1;
            Ok(next <= count)
        };
        let mut before: [Vec<usize>; 3] = Default::default();
        let mut stages = Vec::new();
        for (number, taken) in before.iter_mut().enumerate() {
            stages.push(move |piece: &mut Vec<usize>| {
                assert_eq!(piece.len(), number + 1, "every stage before had it");
                if stage_fails == Some((number, piece[0])) {
                    return Err(failed(piece[0]));
                }
                taken.push(piece[0]);
                piece.push(0);
                Ok(())
            });
        }
        let [a, b, c] = &mut stages[..] else { panic!() };
        let result = relay(overlap, &mut make, &mut [a, b, c]);
        let [_, _, last] = before;
        (last, result.err().map(|e| e.to_string()))
    }

    #[test]
    fn one_thread_or_two_make_no_difference() {
        for count in [0, 1, ALONE - 1, ALONE, ALONE + 1, 1000] {
            for fails in [None, Some(0), Some(5), Some(ALONE), Some(500), Some(501)] {
                let whole: Vec<usize> = (0..count.min(fails.unwrap_or(count))).collect();
                for overlap in [false, true] {
                    let (taken, error) = run(overlap, count, fails, None);
                    assert_eq!(taken, whole);
                    assert_eq!(error.is_some(), fails.is_some_and(|at| at <= count));
                    for stage in 0..3 {
                        let at = fails.map(|at| (stage, at));
                        let (taken, error) = run(overlap, count, None, at);
                        assert_eq!(taken, whole, "{overlap} {count} {at:?}");
                        assert_eq!(error.is_some(), fails.is_some_and(|at| at < count));
                    }
                }
            }
        }
    }

    #[test]
    fn what_fails_first_is_told() {
        for at in [50, 51] {
            for later in [at + 1, at + 2] {
                for stage in 0..3 {
                    for overlap in [false, true] {
                        let (_, error) = run(overlap, 100, Some(later), Some((stage, at)));
                        assert!(error.unwrap().ends_with(&at.to_string()));
                    }
                }
            }
        }
    }

    #[test]
    fn a_fault_is_not_lost() {
        for at in [100, 101] {
            for stage in 0..2 {
                let mut made = 0;
                let mut make = |piece: &mut usize| {
                    assert!(stage != 0 || made < at, "a fault");
                    *piece = made;
                    made += 1;
                    Ok(true)
                };
                let mut take = |piece: &mut usize| {
                    assert!(stage != 1 || *piece < at, "a fault");
                    Ok(())
                };
                let fault = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    relay(true, &mut make, &mut [&mut take])
                }));
                assert!(fault.is_err());
            }
        }
    }
}
