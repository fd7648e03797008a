//! The committed header is the one that the sources make.

#![allow(clippy::unwrap_used, reason = "a test ends where it does not find what it needs")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

include!("../src/abi.rs");

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn committed() -> PathBuf {
    folder().join("../include/mcoda.h")
}

fn generated() -> String {
    let mut config = cbindgen::Config::from_file(folder().join("cbindgen.toml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let statuses: String = mcoda_core::TaskStatus::ALL
        .iter()
        .map(|status| format!("\n#define MCODA_STATUS_{} \"{status}\"", status.name().to_uppercase()))
        .collect();
    config.after_includes = Some(format!(
        "\n// The version of the library that this header came with.\n#define MCODA_VERSION \"{version}\"\n\
         \n// The statuses of tasks. A workspace may name further ones in its config.json.{statuses}"
    ));
    let bindings = cbindgen::Builder::new().with_config(config).with_crate(folder()).generate().unwrap();
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).unwrap()
}

/// What a compiled program relies on: every declaration and every number, each in one line.
fn promises(header: &str) -> BTreeSet<String> {
    let code =
        header.lines().map(|line| line.split("//").next().unwrap()).filter(|line| !line.starts_with('#'));
    let code = code.skip_while(|line| !line.starts_with("enum ")).collect::<Vec<_>>().join(" ");
    let mut promises = BTreeSet::new();
    for part in code.split([';', '{', '}']) {
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        if part.contains('(') {
            promises.insert(part);
        } else {
            promises.extend(
                part.split(", ")
                    .filter(|number| number.contains(" = "))
                    .map(|n| n.trim_end_matches(',').to_owned()),
            );
        }
    }
    promises
}

/// `make header` adds what is new to the list. What is in it may not go or change as long as the ABI's
/// version is the one that its name tells.
#[test]
#[allow(clippy::disallowed_methods, reason = "the variable belongs to this test, not to the library")]
fn nothing_that_programs_rely_on_changes() {
    let file = folder().join(format!("tests/abi_{}.txt", MCODA_ABI_VERSION));
    let now = promises(&generated());
    assert!(now.len() > 150, "the header was not understood");
    let before: BTreeSet<String> =
        std::fs::read_to_string(&file).unwrap_or_default().lines().map(str::to_owned).collect();
    let gone: Vec<_> = before.difference(&now).collect();
    assert!(gone.is_empty(), "programs that were built before rely on {gone:?}");
    if std::env::var_os("MCODA_WRITE_HEADER").is_some() {
        std::fs::write(&file, now.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    } else {
        assert_eq!(before, now, "run `make header` and commit {}", file.display());
    }
}

/// `make header` sets the variable.
#[test]
#[allow(clippy::disallowed_methods, reason = "the variable belongs to this test, not to the library")]
fn the_header_is_what_the_sources_say() {
    let generated = generated();
    if std::env::var_os("MCODA_WRITE_HEADER").is_some() {
        std::fs::write(committed(), &generated).unwrap();
    }
    let committed = std::fs::read_to_string(committed()).unwrap();
    let differs = generated.lines().zip(committed.lines()).find(|(new, old)| new != old);
    assert!(
        generated == committed,
        "run `make header` and commit include/mcoda.h; it differs at {differs:?}"
    );
}

/// Every source file, and the functions that it exports with their bodies.
fn exports() -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder().join("src")).unwrap();
    let mut exports = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for export in source.split("#[unsafe(no_mangle)]\n").skip(1) {
            let end = export.find("\n}\n").unwrap();
            let (_, rest) = export.split_once("extern \"C\" fn ").unwrap();
            let name = rest.split_once('(').unwrap().0.to_owned();
            exports.push((name, export[..end].to_owned()));
        }
    }
    exports
}

#[test]
fn every_export_runs_within_the_panic_boundary() {
    const BOUNDARIES: &[&str] = &[
        "call",
        "give",
        "give_wanted",
        "answer",
        "reply",
        "text_reply",
        "make",
        "free",
        "quietly",
        "Text::lend",
        "WORKSPACES.give",
        "GLOBALS.give",
        "CURSORS.give",
    ];
    /// They read a constant and can do nothing that panics.
    const CONSTANTS: &[&str] = &["mcoda_version", "mcoda_abi_version", "mcoda_code_name"];
    let exports = exports();
    assert!(exports.len() > 80, "the sources were not found");
    for (name, text) in exports {
        let (_, body) = text.split_once("{\n").unwrap();
        let called: String = body.split('(').next().unwrap().split_whitespace().collect();
        let called = called.trim_start_matches("crate::").trim_start_matches("boundary::");
        assert!(CONSTANTS.contains(&&*name) || BOUNDARIES.contains(&called), "{name} begins with {called}");
    }
}

#[test]
fn the_header_declares_every_export_and_says_from_which_threads_it_may_be_called() {
    let header = std::fs::read_to_string(committed()).unwrap();
    let sources: BTreeSet<String> = exports().into_iter().map(|(name, _)| name).collect();
    let mut declared = BTreeSet::new();
    // A declaration ends with `;` and stands below its comment.
    for part in header.split(";\n") {
        let comment: String = part.lines().filter(|line| line.starts_with("//")).collect();
        let code: String = part.lines().filter(|line| !line.starts_with("//")).collect();
        let Some((head, _)) = code.split_once('(') else { continue };
        let Some(name) = head.split([' ', '*']).next_back().filter(|name| name.starts_with("mcoda_")) else {
            continue;
        };
        assert!(comment.contains("Threads:"), "{name}: {comment}");
        declared.insert(name.to_owned());
    }
    assert_eq!(declared, sources);
}
