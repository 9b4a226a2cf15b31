//! Content made ready ahead: read and brought to its canonical form on a thread of its own, while what came before is digested, enciphered and
//! written. Knows pieces and two threads; must not know what a piece is.
//!
//! The same pieces come in the same order whatever the number of threads. Where one is not taken, that is told once the next is made.
use super::Error;
use std::{
    sync::mpsc::{channel, sync_channel},
    thread,
};

/// Pieces after which a second thread is worth what it costs: a MiB, of 256 KiB each.
const ALONE: usize = 4;
/// Pieces that may wait: enough that neither thread stands still for a page fault of the other.
const WAITING: usize = 4;

/// Hands to `each` what `make` makes, until `make` returns false; with `overlap`, of what is large the most is made on another thread. A piece is
/// made in one that was used before.
pub(super) fn ahead<P: Default + Send>(
    overlap: bool,
    mut make: impl FnMut(&mut P) -> Result<bool, Error> + Send,
    mut each: impl FnMut(&P) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut piece = P::default();
    let mut made = 0;
    while made < ALONE || !overlap {
        if !make(&mut piece)? {
            return Ok(());
        }
        each(&piece)?;
        made += 1;
    }
    let done = thread::scope(|scope| {
        let (made, pieces) = sync_channel(WAITING);
        let (used, again) = channel();
        let make = &mut make;
        let making = move || {
            loop {
                let mut piece = again.try_recv().unwrap_or_default();
                if !make(&mut piece)? || made.send(piece).is_err() {
                    return Ok(());
                }
            }
        };
        let maker = thread::Builder::new().spawn_scoped(scope, making).ok()?;
        let mut taken = Ok(());
        for piece in pieces {
            taken = each(&piece);
            if taken.is_err() {
                break;
            }
            // whoever made it may have ended
            let _ = used.send(piece);
        }
        Some(match maker.join() {
            // what came first counts
            Ok(made) => taken.and(made),
            Err(fault) => std::panic::resume_unwind(fault),
        })
    });
    match done {
        Some(result) => result,
        // where there can be no more threads, one does it
        None => {
            while make(&mut piece)? {
                each(&piece)?;
            }
            Ok(())
        }
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

    /// Makes so many numbers, fails to make one, or to take one; returns what was taken.
    fn run(
        overlap: bool,
        count: usize,
        make_fails: Option<usize>,
        each_fails: Option<usize>,
    ) -> (Vec<usize>, Option<String>) {
        let (mut next, mut taken) = (0, Vec::new());
        let result = ahead(
            overlap,
            |piece: &mut Vec<usize>| {
                if make_fails == Some(next) {
                    return Err(failed(next));
                }
                piece.clear();
                piece.push(next);
                next += 1;
                Ok(next <= count)
            },
            |piece| {
                if each_fails == Some(piece[0]) {
                    return Err(failed(piece[0]));
                }
                taken.extend_from_slice(piece);
                Ok(())
            },
        );
        (taken, result.err().map(|e| e.to_string()))
    }

    #[test]
    fn one_thread_or_two_make_no_difference() {
        for count in [0, 1, ALONE - 1, ALONE, ALONE + 1, 1000] {
            for fails in [None, Some(0), Some(5), Some(ALONE), Some(500)] {
                let whole: Vec<usize> = (0..count.min(fails.unwrap_or(count))).collect();
                for overlap in [false, true] {
                    let (taken, error) = run(overlap, count, fails, None);
                    assert_eq!(taken, whole);
                    assert_eq!(error.is_some(), fails.is_some_and(|at| at <= count));
                    let (taken, error) = run(overlap, count, None, fails);
                    assert_eq!(taken, whole);
                    assert_eq!(error.is_some(), fails.is_some_and(|at| at < count));
                }
            }
        }
    }

    #[test]
    fn what_fails_first_is_told() {
        for overlap in [false, true] {
            let (_, error) = run(overlap, 100, Some(60), Some(50));
            assert!(error.unwrap().ends_with("50"));
        }
    }

    #[test]
    #[should_panic(expected = "a fault")]
    fn a_fault_is_not_lost() {
        let mut next = 0;
        let make = |_: &mut ()| {
            next += 1;
            assert!(next < 100, "a fault");
            Ok(true)
        };
        let _ = ahead(true, make, |()| Ok(()));
    }
}
