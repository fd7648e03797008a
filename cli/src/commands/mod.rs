//! One file for each command: from its flags to the text that it prints.

mod demo;
mod estimate;
mod init;
pub mod record;
mod record_from;
pub mod transition;
mod velocity;

use serde::Serialize;

use crate::args::{Args, Command};
use crate::failure::Failure;

/// Does what the command line asks for, and says what to print.
pub fn run(args: &Args) -> Result<String, Failure> {
    let global = &args.global;
    match &args.command {
        Command::Init => init::run(global),
        Command::Record(record) => record.run(global),
        Command::Transition(transition) => transition.run(global),
        Command::Velocity(question) => velocity::run(question, global),
        Command::Estimate(question) => estimate::run(question, global),
        Command::Demo => demo::run(global),
    }
}

/// The engine's answer as JSON, laid out for people too.
fn json(answer: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(answer).map_err(Failure::failed)?;
    Ok(text + "\n")
}
