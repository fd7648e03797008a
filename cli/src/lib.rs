//! `mcodactl`: records the usage of agents and the status of tasks; queries usage, velocity and estimates.
//!
//! It parses arguments, calls the engine and prints; everything else is in the engine.

mod args;
mod commands;
mod csv;
mod failure;
mod flags;
mod open;
mod out;
mod period;
mod record_flags;
mod usage_flags;
mod watch;

use std::process::ExitCode;

use clap::error::ErrorKind as ClapError;
use clap::{CommandFactory, Parser};

use args::Args;
use failure::Failure;
use out::{Out, Output, print_note};

/// The program: parses the command line, runs the command and reports an error. Returns the exit code.
pub fn main() -> ExitCode {
    // A panic, which is a bug of mcodactl, is reported on one line, without a backtrace.
    std::panic::set_hook(Box::new(|panic| {
        print_note(&format!("this is a bug in mcodactl, please report it: {panic}"));
    }));
    match std::panic::catch_unwind(run) {
        Ok(Ok(()) | Err(Failure::BrokenPipe)) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            print_note(failure.message());
            ExitCode::from(failure.exit_code())
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// The description of the command line, from which the manual pages are made.
pub fn command() -> clap::Command {
    Args::command()
}

/// Parses the command line and runs the command.
fn run() -> Result<(), Failure> {
    match Args::try_parse() {
        Ok(args) => commands::run(&args, &mut Out::new(args.global.no_color)),
        Err(error) if matches!(error.kind(), ClapError::DisplayHelp | ClapError::DisplayVersion) => {
            Out::new(true).print(&Output::Text(error.to_string()))
        }
        Err(error) => Err(Failure::from_clap(&error)),
    }
}
