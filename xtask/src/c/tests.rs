//! The data about calls that the tests of the C library need.

use mcoda_core::calls::{Call, ParamKind};

use super::WRITTEN;
use super::calls::{On, exports, gives_text, name};
use crate::File;

pub fn files() -> Vec<File> {
    vec![("tests/c/calls.h", header()), ("tests/c/calls.json", signatures())]
}

/// The exports, grouped by their parameters, for the program that runs the shared test vectors.
fn header() -> String {
    let mut text = format!("{WRITTEN}\n\n");
    for (table, on) in [("free", On::Nothing), ("call", On::Workspace), ("global", On::Global)] {
        for count in 0..=3 {
            let of_kind: Vec<_> = exports()
                .filter(|(call, own)| {
                    *own == on && call.params.len() == count && !gives_text(call) && is_text(call)
                })
                .collect();
            if of_kind.is_empty() {
                continue;
            }
            let handle = match on {
                On::Nothing => "",
                On::Workspace => "mcoda_workspace *, ",
                On::Global => "mcoda_global *, ",
            };
            let texts = "const char *, ".repeat(count);
            text += &format!(
                "static const struct {{\n    const char *name;\n    mcoda_code (*call)({handle}{texts}mcoda_string **, mcoda_error **);\n}} {table}s{count}[] = {{\n"
            );
            for (call, on) in of_kind {
                text += &format!("    {{\"{}\", {}}},\n", call.name, name(call, on));
            }
            text += "};\n";
        }
    }
    text
}

/// Whether all parameters of a call are text.
fn is_text(call: &Call) -> bool {
    call.params.iter().all(|param| !matches!(param.kind, ParamKind::Boolean))
}

/// The kinds of the parameters of each call: t for text, j for JSON, b for an agent's response, f for true or false.
fn signatures() -> String {
    let mut lines: Vec<String> = Vec::new();
    for call in mcoda_core::calls::CALLS {
        let letters: String = call
            .params
            .iter()
            .map(|param| match param.kind {
                ParamKind::Text | ParamKind::Word(..) | ParamKind::Path | ParamKind::Time => 't',
                ParamKind::Body => 'b',
                ParamKind::Boolean => 'f',
                _ => 'j',
            })
            .collect();
        lines.push(format!("  \"{}\": \"{letters}\"", call.name));
    }
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}
