//! The list of the engine's public API for Rust hosts. A change of the list is a change that hosts see.
//!
//! It is derived from rustdoc's JSON, which only a nightly toolchain writes. `RUSTC_BOOTSTRAP` enables it in this
//! toolchain, but only for rustdoc: for rustc it would recompile all dependencies. So this program is started in place
//! of rustdoc, and starts rustdoc with the variable.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::File;

const LIST: &str = "core/public-api.txt";

/// The version of rustdoc's JSON that `public-api` reads. Another toolchain may write another version.
const FORMAT: u64 = 57;

/// Set when this program is started in place of rustdoc.
const AS_RUSTDOC: &str = "MCODA_XTASK_AS_RUSTDOC";

/// Whether this program was started in place of rustdoc.
#[allow(clippy::disallowed_methods, reason = "the variable belongs to this program")]
pub fn is_rustdoc() -> bool {
    std::env::var_os(AS_RUSTDOC).is_some()
}

/// Runs rustdoc with the arguments of this program.
pub fn rustdoc() -> ExitCode {
    let status =
        Command::new("rustdoc").args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The list; `None` if the toolchain's JSON has another version.
pub fn file() -> Result<Option<File>, String> {
    let json = rustdoc_json()?;
    let text = std::fs::read_to_string(&json).map_err(|error| format!("{}: {error}", json.display()))?;
    let format =
        serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())?["format_version"].as_u64();
    if format != Some(FORMAT) {
        eprintln!(
            "SKIPPED: {LIST}: this toolchain's rustdoc writes JSON of version {format:?}, not {FORMAT}"
        );
        return Ok(None);
    }
    let api = public_api::Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .map_err(|error| error.to_string())?;
    let items: Vec<String> = api.items().map(ToString::to_string).collect();
    Ok(Some((LIST, without_methods_of_traits(&items))))
}

/// The engine's documentation as JSON, with its default features.
fn rustdoc_json() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let arguments = ["rustdoc", "--quiet", "--package", "mcoda-core", "--lib", "--"];
    let status = Command::new("cargo")
        .args(arguments)
        .args(["-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTDOC", program)
        .env(AS_RUSTDOC, "1")
        .current_dir(crate::root())
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("cargo rustdoc failed".to_owned());
    }
    let metadata = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(crate::root())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let metadata: Value = serde_json::from_slice(&metadata.stdout).map_err(|error| error.to_string())?;
    let target = metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
    Ok(Path::new(target).join("doc/mcoda_core.json"))
}

/// One item per line. The methods of an implemented trait are left out, since the trait's name implies them.
fn without_methods_of_traits(items: &[String]) -> String {
    let mut text = String::new();
    let mut implementing = None;
    for item in items {
        if item.starts_with("impl") {
            implementing = item.split_once(" for ").map(|(_, own)| format!("{}::", without_generics(own)));
        } else if implementing.as_ref().is_some_and(|own| without_generics(item).contains(own)) {
            continue;
        }
        text += item;
        text.push('\n');
    }
    text
}

/// `Transaction` for `Transaction<H> where H: Handle`.
fn without_generics(item: &str) -> String {
    let (mut depth, mut text) = (0, String::new());
    for letter in item.split(" where ").next().unwrap_or_default().chars() {
        match letter {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ if depth == 0 => text.push(letter),
            _ => (),
        }
    }
    text
}
