//! The program `mcodactl`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mcoda_cli::main(std::env::args_os()).into()
}
