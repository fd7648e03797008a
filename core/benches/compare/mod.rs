//! Measuring a call beside a peer: in turn, so that a machine that slows down slows both.

#[path = "../process/mod.rs"]
mod process;

use std::time::Instant;

use process::processor_time;

const ROUNDS: usize = 7;

/// Medians of the time and of the processor time that one call took, in microseconds.
pub struct Medians {
    pub ours: f64,
    pub peer: f64,
    pub ours_cpu: f64,
    pub peer_cpu: f64,
}

/// Runs `ours` and `peer` in turn, each of which makes `calls` calls.
pub fn compare(calls: usize, mut ours: impl FnMut(), mut peer: impl FnMut()) -> Medians {
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for (first, work) in [&mut ours as &mut dyn FnMut(), &mut peer].into_iter().enumerate() {
            let (start, processor) = (Instant::now(), processor_time());
            work();
            let spent = [start.elapsed().as_secs_f64(), processor_time() - processor];
            for (kind, time) in spent.into_iter().enumerate() {
                times[2 * kind + first].push(time * 1e6 / calls as f64);
            }
        }
    }
    let [ours, peer, ours_cpu, peer_cpu] = times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    Medians { ours, peer, ours_cpu, peer_cpu }
}
