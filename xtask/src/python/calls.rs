//! The methods of handles and repositories, and the functions of the package.

use mcoda_core::calls::{Call, Owner};

use super::docs::docstring;
use super::method::{Method, Place, of_call};
use super::module;
use crate::File;
use crate::calls::{class_name, of, of_repository, repositories};
use crate::markdown::indented;

pub fn files() -> Vec<File> {
    vec![functions(), handles(), repository_classes()]
}

fn functions() -> File {
    let names: Vec<String> = of(Owner::Library).map(|call| call.name.to_owned()).collect();
    let body: String =
        of(Owner::Library).map(|call| format!("\n\n{}", of_call(call, Place::Module))).collect();
    let doc = "The calls that need no database.";
    module("bindings-python/python/mcoda/_functions.py", doc, &names, &body)
}

fn handles() -> File {
    let mut body = String::from("\n\nclass SessionCalls(Caller):\n");
    body += "    \"\"\"The calls of every open database.\"\"\"\n\n    __slots__ = ()\n";
    for call in of(Owner::Session) {
        body += &format!("\n{}", of_call(call, Place::Handle));
        if call.name == "token_usage" {
            body += &format!("\n{}", row_by_row(call));
        }
    }
    body += "\n\nclass WorkspaceCalls(SessionCalls):\n";
    body += "    \"\"\"The calls of a workspace.\"\"\"\n\n    __slots__ = ()\n";
    for repository in repositories() {
        let class = class_name(repository);
        let doc = docstring(&[format!("The {}.", words(repository))], 8);
        let property = format!(
            "\n@property\ndef {repository}(self) -> {class}:\n    {doc}\n    return {class}(self._native)\n"
        );
        body += &indented(&property, 4);
    }
    for call in of(Owner::Workspace) {
        body += &format!("\n{}", of_call(call, Place::Handle));
    }
    module("bindings-python/python/mcoda/_calls.py", "The calls of open databases.", &[], &body)
}

/// The call that lists token usage, as an iterator.
fn row_by_row(call: &'static Call) -> String {
    let record = call.params.first().map_or("", |param| param.name);
    let doc = [
        "``token_usage`` row by row, with 16 bytes of memory per row besides one chunk.",
        "The call determines the rows and their order: rows that are recorded later are not returned. The handle is \
         free for other calls between the rows.",
    ];
    let raises = [
        (
            "InvalidInputError",
            "An invalid value; the message names the field, the value given and the values allowed.",
        ),
        ("NotFoundError", "A referenced entity does not exist."),
        ("ClosedError", "The handle was closed in the meantime."),
        ("ConflictError", "The database was rebuilt (``VACUUM``) or migrated in the meantime: query again."),
        ("UnsupportedError", "In a transaction."),
    ];
    let method = Method {
        name: "iter_token_usage",
        place: Place::Handle,
        params: call.params,
        returns: "Iterator[TokenUsageRow]".to_owned(),
        body: vec![format!(
            "return self._rows(self._native.token_usage_cursor({record}, keywords, timeout=timeout), timeout)"
        )],
        doc: doc.map(str::to_owned).to_vec(),
        raises: raises.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
        example: "iter_token_usage",
    };
    method.text()
}

fn repository_classes() -> File {
    let names: Vec<String> = repositories().into_iter().map(class_name).collect();
    let mut body = String::new();
    for name in repositories() {
        let doc = docstring(&[format!("The {} of a workspace.", words(name))], 4);
        body += &format!("\n\nclass {}(Repository):\n    {doc}\n\n    __slots__ = ()\n", class_name(name));
        for call in of_repository(name) {
            body += &format!("\n{}", of_call(call, Place::Repository));
        }
    }
    let doc = "The tables that a host fills.";
    module("bindings-python/python/mcoda/_repositories.py", doc, &names, &body)
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use mcoda_core::calls::CALLS;

    #[test]
    fn every_example_belongs_to_a_call() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings-python/examples");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".txt").unwrap().to_owned();
            assert!(name == "iter_token_usage" || CALLS.iter().any(|call| call.name == name), "{name}");
        }
    }
}
