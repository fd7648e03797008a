//! `cargo xtask generate` writes the code of the bindings that is derived from the engine's records and calls. With
//! `--check` it writes nothing, and fails if a file is not up to date.

mod c;
mod calls;
mod definitions;
mod markdown;
mod node;
mod notices;
mod prices;
mod prices_patterns;
mod python;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A generated file: its path from the root of the repository, and its text.
type File = (&'static str, String);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        ["generate"] => generate(),
        ["generate", "--check"] => check(),
        _ => Err("usage: cargo xtask generate [--check]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn files() -> Result<Vec<File>, String> {
    Ok([c::files(), python::files(), node::files(), vec![notices::file()?, prices::file()?]].concat())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn generate() -> Result<(), String> {
    for (path, text) in files()? {
        let file = root().join(path);
        if std::fs::read_to_string(&file).is_ok_and(|before| before == text) {
            continue;
        }
        std::fs::write(&file, text).map_err(|error| format!("{path}: {error}"))?;
        println!("{path}");
    }
    Ok(())
}

fn check() -> Result<(), String> {
    let is_stale =
        |(path, text): &File| !std::fs::read_to_string(root().join(path)).is_ok_and(|now| now == *text);
    let stale: Vec<&str> = files()?.iter().filter(|file| is_stale(file)).map(|(path, _)| *path).collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("not what the definitions say: {}: run cargo xtask generate", stale.join(", ")))
}
