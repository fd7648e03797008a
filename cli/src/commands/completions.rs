//! `mcodactl completions`

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Args;
use crate::failure::Failure;
use crate::out::Answer;

/// The script by which a shell completes `mcodactl` command lines.
pub fn run(shell: Shell) -> Result<Answer, Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "mcodactl", &mut script);
    String::from_utf8(script).map(Answer::Data).map_err(Failure::failed)
}
