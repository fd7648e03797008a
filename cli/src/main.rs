//! `mcodactl`: record agent calls and task moves, and ask how fast the work goes and when it will be done.
//!
//! It parses arguments, calls the engine and prints; the engine knows everything else.

mod args;
mod commands;
mod failure;
mod flags;
mod open;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as ClapError;

use args::Args;
use failure::Failure;

fn main() -> ExitCode {
    // A fault of ours is one line too, not a backtrace.
    std::panic::set_hook(Box::new(|fault| {
        say(&format!("this is a fault of mcodactl, please report it: {fault}"));
    }));
    let done = std::panic::catch_unwind(|| answer().and_then(|text| print(&text)));
    match done {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            say(failure.message());
            ExitCode::from(failure.exit_code())
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// What the command line asks for.
fn answer() -> Result<String, Failure> {
    match Args::try_parse() {
        Ok(args) => commands::run(&args),
        Err(error) if matches!(error.kind(), ClapError::DisplayHelp | ClapError::DisplayVersion) => {
            Ok(error.to_string())
        }
        Err(error) => Err(Failure::from_clap(&error)),
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    // Ids and statuses come from whoever wrote them; an escape sequence must not reach the terminal.
    let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Who reads has had enough, for example `head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::failed(format!("cannot write the answer: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes one line to stderr; where even that fails, the exit code must do.
fn say(message: &str) {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(std::io::stderr(), "mcodactl: {line}");
}
