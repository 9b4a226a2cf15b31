//! How long something takes by the processor time of the thread that does it: what others do on the machine counts little.
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Returns the processor time of this thread so far.
pub(crate) fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// Returns how often `work` is done in a second, tried for so long.
#[allow(dead_code)]
pub(crate) fn rate(time: Duration, work: &mut dyn FnMut()) -> f64 {
    let (start, mut calls) = (now(), 0_u32);
    loop {
        work();
        calls += 1;
        let spent = now() - start;
        if spent >= time {
            return f64::from(calls) / spent.as_secs_f64();
        }
    }
}
