//! Access to the call table for the generators.

use mcoda_core::calls::{CALLS, Call, Owner, Param, ParamKind};
use mcoda_core::definition::{Definition, Field};

use crate::markdown::paragraphs;

/// The calls of a receiver that belong to no repository.
pub fn of(owner: Owner) -> impl Iterator<Item = &'static Call> {
    CALLS.iter().filter(move |call| call.owner == owner && repository(call).is_none())
}

/// The repository of a call, for example `command_runs`.
pub fn repository(call: &Call) -> Option<&'static str> {
    call.name.split_once('.').map(|(repository, _)| repository)
}

/// The names of the repositories, in their order.
pub fn repositories() -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in CALLS.iter().filter_map(repository) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The calls of a repository.
pub fn of_repository(name: &str) -> impl Iterator<Item = &'static Call> {
    CALLS.iter().filter(move |call| repository(call) == Some(name))
}

/// `CommandRuns` for `command_runs`.
pub fn class_name(repository: &str) -> String {
    let capitalized = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    repository.split('_').map(capitalized).collect()
}

/// A call's name without its repository.
pub fn own_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The call whose result the parameter takes, according to its documentation.
pub fn returner(param: &Param) -> Option<&'static Call> {
    let doc = paragraphs(param.doc).join(" ");
    let (name, _) = doc.strip_prefix("The result of `")?.split_once("`.")?;
    CALLS.iter().find(|call| call.name == name)
}

/// The field of another call's input that a parameter repeats, if it also takes the result of that call.
pub fn repeated_field(params: &[Param], param: &Param) -> Option<&'static Field> {
    let taken = params.iter().filter_map(returner).flat_map(|call| call.params);
    let records = taken.filter_map(|param| match param.kind {
        ParamKind::Record(record) => Some(record),
        _ => None,
    });
    records.flat_map(Definition::all_fields).find(|field| field.name == param.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_a_class() {
        assert_eq!(class_name("command_runs"), "CommandRuns");
        assert_eq!(class_name("tasks"), "Tasks");
    }

    #[test]
    fn a_parameter_names_the_call_that_returned_it() {
        let call = Call::named("render_tokens_table").unwrap();
        let [rows, group_by] = call.params else { panic!("it takes rows and dimensions") };
        assert_eq!(returner(rows).unwrap().name, "token_usage_summary");
        assert!(returner(group_by).is_none());
        assert_eq!(repeated_field(call.params, group_by).unwrap().name, "group_by");
    }
}
