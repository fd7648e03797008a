//! `mcodactl completions`

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Args;
use crate::failure::Failure;
use crate::out::Output;

/// Prints the script with which a shell completes `mcodactl` commands.
pub fn run(shell: Shell) -> Result<Output, Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "mcodactl", &mut script);
    String::from_utf8(script).map(Output::Data).map_err(Failure::failed)
}
