//! The functions that open databases, with the options as keyword arguments.

use mcoda_core::Options;
use mcoda_core::definition::{Field, Record};

use super::docs::{docstring, in_one, lines_of, section};
use super::method::keywords;
use super::{module, types};
use crate::File;
use crate::markdown::indented;

/// Options that the global database does not have.
const OF_WORKSPACES: &[&str] = &["workspace_id", "json_log"];

/// A method that opens a database.
struct Opener {
    name: &'static str,
    native: &'static str,
    /// The name of its path parameter, and the documentation of that.
    path: Option<(&'static str, &'static str)>,
    doc: &'static str,
    is_global: bool,
}

pub fn files() -> Vec<File> {
    let mut body = String::from("\n\nH = TypeVar(\"H\", bound=Handle)\n");
    let root = "The project's folder. Its database is in the user's ``.mcoda`` folder.";
    let workspace = [
        Opener {
            name: "open",
            native: "open_workspace",
            path: Some(("root", root)),
            doc: "Opens the workspace of the project whose root folder is ``root``.",
            is_global: false,
        },
        Opener {
            name: "open_db",
            native: "open_workspace_db",
            path: Some(("path", "The file.")),
            doc: "Opens the workspace database in this file (``:memory:``: a new in-memory database).",
            is_global: false,
        },
    ];
    let global = [
        Opener {
            name: "open",
            native: "open_global",
            path: None,
            doc: "Opens ``.mcoda/mcoda.db`` in the home folder, and creates what is missing.",
            is_global: true,
        },
        Opener {
            name: "open_db",
            native: "open_global_db",
            path: Some(("path", "The file.")),
            doc: "Opens the global database in this file, and creates what is missing.",
            is_global: true,
        },
    ];
    body += &class("OpensWorkspace", "The functions that open a workspace.", &workspace);
    body += &class("OpensGlobal", "The functions that open the global database.", &global);
    vec![module("bindings-python/python/mcoda/_opening.py", "Opening databases.", &[], &body)]
}

fn class(name: &str, doc: &str, openers: &[Opener]) -> String {
    let methods: String = openers.iter().map(method).collect();
    format!(
        "\n\nclass {name}(Handle):\n    \"\"\"{doc}\"\"\"\n\n    __slots__ = ()\n{}",
        indented(&methods, 4)
    )
}

fn method(opener: &Opener) -> String {
    let is_of_it = |field: &&Field| !(opener.is_global && OF_WORKSPACES.contains(&field.name));
    let options: Vec<&Field> = Options::DEFINITION.all_fields().filter(is_of_it).collect();
    let mut parts = vec!["cls: type[H]".to_owned()];
    parts.extend(opener.path.map(|(name, _)| format!("{name}: StrPath")));
    parts.push("options: Fields = NO_FIELDS".to_owned());
    if opener.path.is_none() {
        parts.push("/".to_owned());
    }
    parts.push("*".to_owned());
    parts
        .extend(options.iter().map(|field| format!("{}: {} | None = None", field.name, types::input(field))));
    let parts: String = parts.iter().map(|part| format!("    {part},\n")).collect();
    let mut entries: Vec<(String, String)> =
        opener.path.iter().map(|(name, doc)| ((*name).to_owned(), (*doc).to_owned())).collect();
    entries.push(("options".to_owned(), "A mapping of the fields below.".to_owned()));
    entries.extend(options.iter().map(|field| (field.name.to_owned(), in_one(field.doc))));
    let mut lines = lines_of(&[opener.doc.to_owned()], 8);
    lines.extend(section("Args", &entries, 8));
    let path = opener.path.map_or_else(String::new, |(name, _)| format!("{name}, "));
    let native = opener.native;
    let body = format!(
        "{}\n{}return cls._of(_mcoda.Handle.{native}({path}options, keywords))",
        docstring(&lines, 8),
        keywords(options.iter().copied())
    );
    format!("\n@classmethod\ndef {}(\n{parts}) -> H:\n{}", opener.name, indented(&body, 4))
}
