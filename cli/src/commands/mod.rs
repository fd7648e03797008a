//! One file per command: from its flags to its output.

mod completions;
mod demo;
pub mod doctor;
pub mod economics;
pub mod estimate;
pub mod export;
pub mod forecast;
mod init;
pub mod job;
pub mod record;
mod record_from;
pub mod status;
pub mod telemetry;
pub mod tokens;
pub mod transition;
mod velocity;
pub mod workspaces;

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::out::Out;

/// Runs the command and prints its output.
pub fn run(args: &Args, out: &mut Out) -> Result<(), Failure> {
    let global = &args.global;
    let output = match &args.command {
        Command::Tokens(tokens) => return tokens.run(global, out),
        Command::Estimate(estimate) => return estimate.run(global, out),
        Command::Forecast(forecast) => return forecast.run(global, out),
        Command::Export(export) => return export.run(global, out),
        Command::Doctor(doctor) => return doctor.run(global, out),
        Command::Checkpoint => doctor::checkpoint(global),
        Command::Init => init::run(global),
        Command::Workspaces => workspaces::list(global),
        Command::Relocate(relocate) => relocate.run(global),
        Command::Record(record) => record.run(global),
        Command::Transition(transition) => transition.run(global),
        Command::Job(job) => job.run(global),
        Command::Telemetry(telemetry) => telemetry.run(global),
        Command::Status(status) => status.run(global),
        Command::Economics(economics) => economics.run(global),
        Command::Velocity(args) => velocity::run(args, global),
        Command::Backtest(backtest) => backtest.run(global),
        Command::Demo => demo::run(global),
        Command::Completions { shell } => completions::run(*shell),
    };
    out.print(&output?)
}
