//! `mcodactl`: records the usage of agents and the status of tasks; queries usage, velocity and estimates.
//!
//! It parses arguments, calls the engine and prints; everything else is in the engine. It is a library, so that
//! `python -m mcoda` is the same program, and `cargo xtask generate` can write its manual pages.

mod args;
mod commands;
mod csv;
mod failure;
mod flags;
mod no_match;
mod open;
mod out;
mod period;
mod record_flags;
mod usage_flags;
mod watch;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;

use clap::error::ErrorKind as ClapError;
use clap::{CommandFactory, Parser};

use args::Args;
use failure::Failure;
use out::{Out, Output, print_note};

/// Runs the command line, and returns the exit code of the process: 0, 1 for an error, 2 for an invalid command line.
/// The first argument is the name of the program. It is meant to be all that the process does: the handler of panics that
/// it sets is that of the process.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    // A panic, which is a bug of mcodactl, is reported on one line, without a backtrace.
    std::panic::set_hook(Box::new(|panic| {
        print_note(&format!("this is a bug in mcodactl, please report it: {panic}"));
    }));
    match std::panic::catch_unwind(AssertUnwindSafe(|| run(args))) {
        Ok(Ok(()) | Err(Failure::BrokenPipe)) => 0,
        Ok(Err(failure)) => {
            print_note(failure.message());
            failure.exit_code()
        }
        Err(_) => 1,
    }
}

/// The description of the command line, from which the manual pages are made.
pub fn command() -> clap::Command {
    Args::command()
}

/// Parses the command line and runs the command.
fn run(args: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    match Args::try_parse_from(args) {
        Ok(args) => commands::run(&args, &mut Out::new(args.global.no_color)),
        Err(error) if matches!(error.kind(), ClapError::DisplayHelp | ClapError::DisplayVersion) => {
            Out::new(true).print(&Output::Text(error.to_string()))
        }
        Err(error) => Err(Failure::from_clap(&error)),
    }
}
