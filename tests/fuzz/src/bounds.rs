//! Time and memory of one input: a second of this thread's processor time, and 64 MiB above what was there before.
use cap::Cap;
use rustix::time::{ClockId, clock_gettime};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Octets that one input may make the library hold.
const MEMORY: usize = 64 << 20;
/// Nanoseconds that one input may take.
const TIME: i64 = 1_000_000_000;

fn now() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Runs it within the bounds; beyond them it panics, or ends for want of memory.
pub fn within(run: impl FnOnce()) {
    let start = now();
    let _ = ALLOCATOR.set_limit(ALLOCATOR.allocated() + MEMORY);
    run();
    let _ = ALLOCATOR.set_limit(usize::MAX);
    let taken = now() - start;
    assert!(taken < TIME, "took {} ms", taken / 1_000_000);
}
