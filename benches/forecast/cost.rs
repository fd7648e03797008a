//! What an estimate with a forecast costs as the number of open tasks grows.

#[path = "../../core/benches/process/mod.rs"]
mod process;

use mcoda_core::{EstimateOptions, Workspace};
use process::{memory, processor_time};

use crate::kinds::{KINDS, Kind, Workers};
use crate::random::Random;
use crate::simulator::{Task, simulate};
use crate::{record, time};

/// Tasks that are completed before.
const COMPLETED: usize = 300;
const ROUNDS: usize = 9;

/// Prints the median of the processor time of an estimate, and the peak of its memory above that of the idle handle.
pub fn print() {
    println!("| open tasks | | trials | tasks simulated as one | processor time, ms | MiB |");
    println!("|---|---|---|---|---|---|");
    for (open, waits) in [(1_000, false), (10_000, false), (100_000, false), (10_000, true), (100_000, true)]
    {
        // In review wait all, if all are implemented at once.
        let usual = *KINDS.iter().find(|kind| kind.name.starts_with("parallel")).unwrap();
        let kind = if waits { Kind { workers: Workers::Lanes([open, 1, 1]), ..usual } } else { usual };
        let tasks = simulate(&kind, open + COMPLETED, &mut Random::new(1));
        let mut completions: Vec<f64> = tasks.iter().map(Task::completed).collect();
        completions.sort_by(f64::total_cmp);
        let cut = completions[COMPLETED - 1];
        let workspace = Workspace::open_db(":memory:").unwrap();
        record(&workspace, &tasks, cut);
        drop(tasks);
        let options = EstimateOptions { now: Some(time(cut)), ..EstimateOptions::default() };
        // From here on the peak is that of the estimates, where the system can forget the one before.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let idle = memory("VmRSS");
        let mut times = Vec::new();
        let mut forecast = None;
        for _ in 0..ROUNDS {
            let before = processor_time();
            forecast = workspace.estimate(&options).unwrap().forecast;
            times.push((processor_time() - before) * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let (found, millis, peak) = (forecast.unwrap(), times[ROUNDS / 2], memory("VmHWM") - idle);
        let place = if waits { "in review" } else { "in the backlog" };
        let group = found.tasks_per_job.unwrap_or(1);
        println!("| {open} | {place} | {} | {group} | {millis:.0} | {peak:.0} |", found.trials);
    }
}
