//! The calls of all languages: each with its name, parameters, errors, documentation and code.
//!
//! A binding that has a call's name and its arguments as JSON needs only [`Target::call`]. `cargo xtask generate`
//! writes the methods, types and documentation of the bindings from the table.

mod argument;
mod batch;
#[cfg(feature = "arrow")]
mod columns;
mod held;
mod macros;
mod reply;
mod table;

use serde_json::Value;

pub use argument::{Param, ParamKind};
pub use held::Held;
pub use reply::{OF_ONE_WORKSPACE, Reply, json_of};
pub use table::CALLS;

pub use crate::sqlite::EndReason;

use crate::definition::{Definition, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::global::Global;
use crate::session::Session;
use crate::workspace::Workspace;

/// The field of a record that has rows.
const ROWS: &str = "rows";

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its name, for example `tasks.create_many`; the part before the dot is its repository.
    pub name: &'static str,
    /// Its name in camelCase, for example `tasks.createMany`.
    pub json: &'static str,
    /// Its receiver.
    pub owner: Owner,
    /// Its parameters, in their order.
    pub params: &'static [Param],
    /// What it returns.
    pub returns: Kind,
    /// Whether it may return nothing, if there is no such entity.
    pub may_return_nothing: bool,
    /// Its specific errors. Any call of a handle may also fail with `Closed`, `Busy`, `Storage` or `Corrupt`.
    pub errors: &'static [ErrorKind],
    /// Its documentation, as Markdown. Empty without the feature `docs`.
    pub doc: &'static str,
    run: fn(&Target<'_>, &[Value]) -> Result<Reply>,
}

/// The receiver of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// None: it needs no database.
    Library,
    /// Any open database.
    Session,
    /// A workspace.
    Workspace,
}

/// The receiver of a call.
#[derive(Debug, Clone, Copy)]
pub enum Target<'h> {
    /// No database.
    Library,
    /// A workspace, or a transaction of one.
    Workspace(&'h Workspace),
    /// The global database, or a transaction of it.
    Global(&'h Global),
}

impl Target<'_> {
    /// Makes the call with this name, in snake_case or camelCase (`tasks.createMany`). `arguments` are in the order of
    /// its parameters; omitted ones at the end are absent.
    ///
    /// Errors: those of the call; `InvalidInput` for an unknown name, and for invalid arguments.
    pub fn call(&self, name: &str, arguments: &[Value]) -> Result<Reply> {
        let call = Call::named(name)?;
        call.check_count(arguments)?;
        self.as_one_call(|| {
            let reply = (call.run)(self, arguments)?.with_null_as_absent(self.null_as_absent());
            let others = self.others_if(reply.is_empty)?;
            Ok(reply.with_other_workspaces(others))
        })
    }

    /// What an empty result says besides: the ids of other workspaces, if the database has rows of them only.
    fn others_if(&self, is_empty: bool) -> Result<Vec<String>> {
        match self {
            Self::Workspace(workspace) if is_empty => workspace.unseen_workspaces(),
            _ => Ok(Vec::new()),
        }
    }

    fn null_as_absent(&self) -> bool {
        self.session().is_ok_and(|session| session.shared().null_as_absent)
    }

    fn as_one_call<T>(&self, work: impl FnOnce() -> T) -> T {
        match self {
            Self::Library => work(),
            Self::Workspace(workspace) => workspace.as_one_call(work),
            Self::Global(global) => global.as_one_call(work),
        }
    }

    fn session(&self) -> Result<&Session> {
        match self {
            Self::Workspace(workspace) => Ok(workspace),
            Self::Global(global) => Ok(global),
            Self::Library => Err(lacks("no database has")),
        }
    }

    fn workspace(&self) -> Result<&Workspace> {
        match self {
            Self::Workspace(workspace) => Ok(workspace),
            Self::Global(_) => Err(lacks("the global database does not have")),
            Self::Library => Err(lacks("no database has")),
        }
    }
}

fn lacks(who: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("call: {who} this call: make it on a workspace"))
}

impl Call {
    /// The call with this name, in snake_case or camelCase.
    ///
    /// Errors: `InvalidInput` if there is none.
    pub fn named(name: &str) -> Result<&'static Self> {
        let found = CALLS.iter().find(|call| call.name == name || call.json == name);
        found.ok_or_else(|| {
            Error::invalid("call", format_args!("{name:?}"), "the name of a call, for example tasks.create")
        })
    }

    /// The record of the rows that the call returns; `None` if it returns none, or those of a statement.
    #[must_use]
    pub fn rows(&self) -> Option<&'static Definition> {
        match self.returns {
            Kind::List(Kind::Record(row)) => Some(row),
            // A record that has rows beside their total.
            Kind::Record(record) => record.all_fields().find_map(|field| match field.kind {
                Kind::List(Kind::Record(row)) if field.name == ROWS => Some(*row),
                _ => None,
            }),
            _ => None,
        }
    }

    fn check_count(&self, arguments: &[Value]) -> Result<()> {
        if arguments.len() > self.params.len() {
            let given = format!("{} for {}", arguments.len(), self.name);
            return Err(Error::invalid("arguments", given, &format!("at most {}", self.params.len())));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::telemetry::{TokenUsage, TokenUsageQuery};

    #[test]
    fn names_are_unique_and_found_in_both_spellings() {
        for call in CALLS {
            assert_eq!(Call::named(call.name).unwrap().name, call.name);
            assert_eq!(CALLS.iter().filter(|other| other.name == call.name).count(), 1, "{}", call.name);
        }
        assert_eq!(Call::named("tasks.createMany").unwrap().name, "tasks.create_many");
        assert_eq!(Call::named("commandRuns.get").unwrap().name, "command_runs.get");
        assert_eq!(Call::named("tasks.none").unwrap_err().field(), Some("call"));
    }

    #[test]
    #[cfg(feature = "docs")]
    fn every_call_and_parameter_says_what_it_is() {
        for call in CALLS {
            assert!(!call.doc.trim().is_empty(), "{}", call.name);
            for param in call.params {
                assert!(!param.doc.trim().is_empty(), "{}({})", call.name, param.name);
            }
        }
    }

    #[test]
    fn null_and_empty_are_told_apart_where_that_is_asked_for() {
        for null_as_absent in [false, true] {
            let options = Workspace::options().null_as_absent(null_as_absent);
            let workspace = options.open_db(":memory:").unwrap();
            let insert = "INSERT INTO projects (id, key, metadata_json, created_at, updated_at) VALUES
                ('1', 'A', NULL, '', ''), ('2', 'B', '{}', '', ''), ('3', 'C', '{\"a\":{}}', '', '')";
            workspace.access().write(|tx| Ok(tx.execute(insert, [])?)).unwrap();
            workspace.record_token_usage(&TokenUsage::default()).unwrap();
            let absent = if null_as_absent { json!(null) } else { json!({}) };

            let target = Target::Workspace(&workspace);
            let metadata_of = |rows: Value| -> Vec<Value> {
                rows.as_array().unwrap().iter().map(|row| row["metadata"].clone()).collect()
            };
            let projects = target.call("projects.list", &[]).unwrap();
            let expected = [absent.clone(), json!({}), json!({"a": {}})];
            assert_eq!(metadata_of(projects.to_value()), expected);
            assert_eq!(metadata_of(serde_json::from_str(&projects.to_json().unwrap()).unwrap()), expected);
            let mut cursor = workspace.token_usage_cursor(&TokenUsageQuery::default()).unwrap();
            assert_eq!(metadata_of(Reply::next_rows(&mut cursor, 9).unwrap().to_value()), [absent]);
            let read = workspace.projects().list().unwrap();
            assert_eq!(
                read.iter().map(|row| row.metadata.is_null()).collect::<Vec<_>>(),
                [true, false, false]
            );
        }
    }

    #[test]
    fn an_unsuitable_value_is_refused_by_name() {
        let workspace = Workspace::open_db(":memory:").unwrap();
        let target = Target::Workspace(&workspace);
        let refused = |name: &str, arguments: &[Value]| target.call(name, arguments).unwrap_err();
        assert_eq!(refused("projects.list", &[json!(1)]).field(), Some("arguments"));
        assert_eq!(refused("projects.get", &[]).field(), Some("key"));
        assert_eq!(refused("projects.get", &[json!(7)]).field(), Some("key"));
        assert_eq!(refused("projects.ensure", &[]).field(), Some("project"));
        let global = Global::open_db(":memory:").unwrap();
        let error = Target::Global(&global).call("tasks.list", &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(target.call("tasks.list", &[]).unwrap().to_value(), json!([]));
    }
}
