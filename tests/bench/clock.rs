//! How fast something is, by the processor time of the thread that does it: what others do on the machine counts little.
use std::{
    thread,
    time::{Duration, Instant},
};

/// Returns how often `work` is done in a second, tried for so long.
pub(crate) fn rate(wall: Duration, work: &mut dyn FnMut()) -> f64 {
    let (begun, start, mut calls) = (Instant::now(), processor_time(), 0_u32);
    while begun.elapsed() < wall {
        work();
        calls += 1;
    }
    let spent = match (start, processor_time()) {
        (Some(start), Some(end)) => end - start,
        _ => begun.elapsed().as_secs_f64(),
    };
    f64::from(calls) / spent
}

/// Linux alone tells it in a file, up to when the thread last rested.
fn processor_time() -> Option<f64> {
    thread::sleep(Duration::from_millis(1));
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
