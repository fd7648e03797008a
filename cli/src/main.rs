//! `mcodactl`: record agent calls and task moves, and ask how fast the work goes and when it will be done.
//!
//! It parses arguments, calls the engine and prints; the engine knows everything else.

mod args;
mod commands;
mod csv;
mod failure;
mod flags;
mod open;
mod out;
mod record_flags;
mod usage_flags;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as ClapError;
use mcoda_core::report::printable;

use args::Args;
use failure::Failure;
use out::{Answer, Out};

fn main() -> ExitCode {
    // A fault of ours is one line too, not a backtrace.
    std::panic::set_hook(Box::new(|fault| {
        say(&format!("this is a fault of mcodactl, please report it: {fault}"));
    }));
    match std::panic::catch_unwind(run) {
        Ok(Ok(()) | Err(Failure::ReaderGone)) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            say(failure.message());
            ExitCode::from(failure.exit_code())
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// Does what the command line asks for.
fn run() -> Result<(), Failure> {
    match Args::try_parse() {
        Ok(args) => commands::run(&args, &mut Out::new(args.global.no_color)),
        Err(error) if matches!(error.kind(), ClapError::DisplayHelp | ClapError::DisplayVersion) => {
            Out::new(true).answer(&Answer::Text(error.to_string()))
        }
        Err(error) => Err(Failure::from_clap(&error)),
    }
}

/// Writes one line to stderr; where even that fails, the exit code must do.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "mcodactl: {}", printable(message));
}
