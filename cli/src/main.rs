//! The program `mcodactl`. It is a library as well, so that `cargo xtask generate` can write its manual pages.

use std::process::ExitCode;

fn main() -> ExitCode {
    mcoda_cli::main()
}
