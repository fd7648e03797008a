//! The shared vectors, `tests/vectors/*.json`, through the Rust API.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod calls;
mod matching;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use calls::Handle;
use matching::{difference, substituted};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");

fn main() {
    let arguments = Arguments::from_args();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(VECTORS).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let trials = files.iter().flat_map(|file| {
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let cases = vectors["cases"].as_array().unwrap().clone();
        cases.into_iter().map(move |case| {
            let name = format!("{stem}::{}", case["name"].as_str().unwrap());
            Trial::test(name, move || run(&case).map_err(Failed::from))
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// Makes the calls of one case in order.
fn run(case: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("mcoda.db");
    if let Some(fixture) = case["fixture"].as_str() {
        std::fs::copy(Path::new(VECTORS).join("fixtures").join(format!("{fixture}.db")), &database).unwrap();
    }
    let mut saved =
        serde_json::Map::from_iter([("folder".to_owned(), folder.path().to_str().unwrap().into())]);
    let mut options = substituted(&case["open"], &saved);
    let mut handle = Handle::open(&case["handle"], &database, &options);
    for (number, step) in (1..).zip(case["steps"].as_array().unwrap()) {
        let place =
            |what: String| format!("step {number}, {}: {what}", step["call"].as_str().unwrap_or("reopen"));
        if let Some(on_top) = step["reopen"].as_object() {
            on_top.iter().for_each(|(name, value)| options[name] = value.clone());
            handle = Handle::open(&case["handle"], &database, &options);
            continue;
        }
        let arguments = substituted(&step["args"], &saved);
        let before = handle.state();
        let result =
            handle.call(step["call"].as_str().unwrap(), arguments.as_array().map_or(&[], Vec::as_slice));
        match (result, &step["error"]) {
            (Ok(result), Value::Null) => {
                if let Some(expected) = step.get("expect") {
                    let tolerance = if step["exact"] == true { 0.0 } else { 1e-9 };
                    difference(&result, &substituted(expected, &saved), tolerance, "result")
                        .map_err(place)?;
                }
                if let Some(name) = step["save"].as_str() {
                    saved.insert(name.to_owned(), result);
                }
            }
            (Ok(result), expected) => return Err(place(format!("returned {result}, expected {expected}"))),
            (Err(error), Value::Null) => return Err(place(format!("failed: {error}"))),
            (Err(error), expected) => {
                matching::error(&error, expected).map_err(place)?;
                if handle.state() != before {
                    return Err(place("failed, and changed something".to_owned()));
                }
            }
        }
    }
    Ok(())
}
