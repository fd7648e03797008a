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
    for name in parameter_enums() {
        let number = format!("{name}_number");
        config.export.exclude.push(number.clone());
        config.export.rename.insert(number, name.clone());
        config.export.include.push(name);
    }
    let bindings = cbindgen::Builder::new().with_config(config).with_crate(folder()).generate().unwrap();
    let mut text = Vec::new();
    bindings.write(&mut text);
    with_type_checks(&String::from_utf8(text).unwrap())
}

/// The enums of which an export takes a constant: those that have a type `…_number` beside them.
fn parameter_enums() -> Vec<String> {
    let files = std::fs::read_dir(folder().join("src")).unwrap();
    let mut names: Vec<_> = files
        .flat_map(|file| {
            let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let types = source.lines().filter_map(|line| line.strip_prefix("pub type "));
            types
                .filter_map(|line| line.strip_suffix("_number = i32;"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    names.sort();
    names
}

/// Adds macros with which a constant of the wrong enum does not compile in C, as it does not in C++.
///
/// In C a constant of an enum is an int, and an int goes for every enum. So each constant becomes a macro that casts it
/// to its enum, and each function with such a parameter one that chooses by the argument's type, in which another enum
/// is no choice. With C23 the int is compatible with the enum, so naming both would be an error. Microsoft's compiler
/// takes every enum for an int, so it has no such macros.
fn with_type_checks(header: &str) -> String {
    let enums = parameter_enums();
    let mut text = "
// Type checks for C, as C++ has them: a constant of another enum than that of the parameter does not compile.
#if !defined(__cplusplus) && defined(__GNUC__) && __STDC_VERSION__ >= 201112L
#if __STDC_VERSION__ >= 202311L
#define MCODA_OF_TYPE(type, value) _Generic((value), enum type: (type)(value))
#else
#define MCODA_OF_TYPE(type, value) _Generic((value), enum type: (type)(value), int: (type)(value))
#endif
"
    .to_owned();
    for name in &enums {
        let (_, rest) = header.split_once(&format!("enum {name}\n")).unwrap();
        let (body, _) = rest.split_once("};").unwrap();
        let constants = body.lines().filter_map(|line| line.trim().split_once(" = "));
        for (constant, _) in constants.filter(|(constant, _)| constant.starts_with("MCODA_")) {
            text += &format!("#define {constant} ((enum {name}){constant})\n");
        }
    }
    for declaration in promises(header).iter().filter(|promise| promise.contains('(')) {
        let (head, parameters) = declaration.trim_end_matches(')').split_once('(').unwrap();
        let function = head.split([' ', '*']).next_back().unwrap();
        let split = |parameter: &str| {
            let (kind, name) = parameter.rsplit_once([' ', '*']).unwrap_or(("", parameter));
            (kind.to_owned(), name.to_owned())
        };
        let parameters: Vec<_> = parameters.split(", ").map(split).collect();
        let is_checked = |(kind, _): &(String, String)| enums.contains(kind);
        if parameters.iter().any(is_checked) {
            let names = parameters.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
            let arguments: Vec<_> = parameters
                .iter()
                .map(|parameter| match parameter {
                    (kind, name) if is_checked(parameter) => format!("MCODA_OF_TYPE({kind}, {name})"),
                    (_, name) => name.clone(),
                })
                .collect();
            text += &format!("#define {function}({names}) \\\n    {function}({})\n", arguments.join(", "));
        }
    }
    text += "#endif\n\n";
    let end = header.rfind("#endif").unwrap();
    format!("{}{text}{}", &header[..end], &header[end..])
}

/// What a compiled program relies on: every declaration and every number, each in one line. An enum in a parameter is
/// passed as `int32_t`.
fn abi(header: &str) -> BTreeSet<String> {
    let enums = parameter_enums();
    let as_numbers = |promise: String| {
        let parameter = |text: &str| match text.split_once(' ') {
            Some((kind, name)) if enums.iter().any(|own| own == kind) => format!("int32_t {name}"),
            _ => text.to_owned(),
        };
        let Some((head, parameters)) = promise.split_once('(') else { return promise };
        format!("{head}({}", parameters.split(", ").map(parameter).collect::<Vec<_>>().join(", "))
    };
    promises(header).into_iter().map(as_numbers).collect()
}

/// Every declaration and every number of a header, each in one line.
fn promises(header: &str) -> BTreeSet<String> {
    let code =
        header.lines().map(|line| line.split("//").next().unwrap()).filter(|line| !line.starts_with('#'));
    let code = code.filter(|line| !line.starts_with("    mcoda_") || !line.contains("MCODA_OF_TYPE("));
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
/// version is the one in its name.
#[test]
#[allow(clippy::disallowed_methods, reason = "the variable belongs to this test, not to the library")]
fn nothing_that_programs_rely_on_changes() {
    let file = folder().join(format!("tests/abi_{}.txt", MCODA_ABI_VERSION));
    let now = abi(&generated());
    assert!(now.len() > 150, "the header could not be parsed");
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
        "write_out",
        "write_required_out",
        "write_json",
        "write_text",
        "write_reply",
        "make",
        "free",
        "or_default_on_panic",
        "Text::borrow",
        "WORKSPACES.write_out",
        "GLOBALS.write_out",
        "CURSORS.write_out",
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
