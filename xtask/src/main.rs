//! `cargo xtask generate` writes the code of the bindings that is derived from the engine's records and calls. With
//! `--check` it writes nothing, and fails if a file is not up to date. `cargo xtask public-api` does the same for the list of
//! the engine's public API.

mod c;
mod calls;
mod definitions;
mod man;
mod markdown;
mod node;
mod notices;
mod prices;
mod prices_patterns;
mod public_api;
mod python;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A generated file: its path from the root of the repository, and its text.
type File = (&'static str, String);
/// One whose name is generated, too.
type NamedFile = (String, String);

fn main() -> ExitCode {
    if public_api::is_rustdoc() {
        return public_api::rustdoc();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        ["generate"] => files().and_then(|files| write(&files)),
        ["generate", "--check"] => files().and_then(|files| check(&files)),
        ["public-api"] => public_api::file().and_then(|file| write(file.as_slice())),
        ["public-api", "--check"] => public_api::file().and_then(|file| check(file.as_slice())),
        _ => Err("usage: cargo xtask generate|public-api [--check]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn files() -> Result<Vec<NamedFile>, String> {
    let files =
        [c::files(), python::files(), node::files(), vec![notices::file()?, prices::file()?]].concat();
    let named = files.into_iter().map(|(path, text)| (path.to_owned(), text));
    Ok(named.chain(man::files()?).collect())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn write(files: &[(impl AsRef<str>, String)]) -> Result<(), String> {
    for (path, text) in files {
        let path = path.as_ref();
        let file = root().join(path);
        if std::fs::read_to_string(&file).is_ok_and(|before| before == *text) {
            continue;
        }
        std::fs::write(&file, text).map_err(|error| format!("{path}: {error}"))?;
        println!("{path}");
    }
    Ok(())
}

fn check(files: &[(impl AsRef<str>, String)]) -> Result<(), String> {
    let is_stale =
        |path: &str, text: &str| !std::fs::read_to_string(root().join(path)).is_ok_and(|now| now == text);
    let files = files.iter().map(|(path, text)| (path.as_ref(), text));
    let stale: Vec<&str> = files.filter(|(path, text)| is_stale(path, text)).map(|(path, _)| path).collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "not up to date: {}: run cargo xtask generate, or public-api for the list of that",
        stale.join(", ")
    ))
}
