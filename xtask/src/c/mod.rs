//! The generated code of the C library: the fields of the handles that callers fill in, and the calls that take and
//! return JSON.

mod calls;
mod cpp;
mod fields;
mod tests;

use std::io::Write;
use std::process::{Command, Stdio};

use crate::File;

pub const WRITTEN: &str =
    "// Written by `cargo xtask generate` from the definitions in core; changes belong there.";

pub fn files() -> Vec<File> {
    let mut files = fields::files();
    files.extend([calls::file(), cpp::file()]);
    files.extend(tests::files());
    files
}

/// The text as rustfmt formats it, so that it passes the same checks as handwritten code.
fn formatted(text: &str) -> String {
    let root = crate::root();
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(&root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt belongs to the toolchain");
    let mut input = rustfmt.stdin.take().expect("it was requested");
    input.write_all(text.as_bytes()).expect("rustfmt reads all of it");
    drop(input);
    let output = rustfmt.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "rustfmt refused generated code:\n{text}");
    String::from_utf8(output.stdout).expect("rustfmt writes UTF-8")
}

/// Documentation with C names: errors by their codes.
fn in_c(text: &str) -> String {
    mcoda_core::ErrorKind::ALL.iter().fold(text.to_owned(), |text, kind| {
        text.replace(&format!("`{kind:?}`"), &format!("`MCODA_{}`", kind.name()))
    })
}

/// A doc comment of these paragraphs.
fn doc(paragraphs: &[String]) -> String {
    let lines = paragraphs.iter().map(|paragraph| {
        let lines = crate::markdown::wrapped(paragraph, 106);
        lines.iter().map(|line| format!("/// {line}\n")).collect::<String>()
    });
    lines.collect::<Vec<_>>().join("///\n")
}
