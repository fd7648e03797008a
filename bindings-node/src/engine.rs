//! The database or transaction behind a handle, and its calls.

use std::time::Duration;

use mcoda_core::calls::{EndReason, Held, Target};
use mcoda_core::host::HostDatabase;
use mcoda_core::{Columns, Options, TokenUsageCursor, TokenUsageQuery, at_once};
use serde::Serialize;
use serde_json::json as object;

use crate::arguments::Arguments;
use crate::loop_time::PER_TURN;
use crate::reply::{Answer, Failure, Outcome, answer, json};
use crate::table;

/// The database or transaction behind a handle.
pub(crate) struct Engine(Held);

impl Engine {
    pub(crate) fn open(name: &str, arguments: &Arguments) -> Result<Self, Failure> {
        let options = Options::from_json(&arguments.options(1))?;
        Ok(Self(match name {
            "Workspace.open" => Held::Workspace(options.open(arguments.text(0)?)?),
            "Workspace.openDb" => Held::Workspace(options.open_db(arguments.text(0)?)?),
            "Global.open" => Held::Global(options.open_global()?),
            "Global.openDb" => Held::Global(options.open_global_db(arguments.text(0)?)?),
            _ => return Err(Failure::fault(format_args!("{name:?} opens nothing"))),
        }))
    }

    /// Opens a workspace in the database that a host has open.
    pub(crate) fn over(host: &HostDatabase, arguments: &Arguments) -> Result<Self, Failure> {
        let options = Options::from_json(&arguments.options(0))?;
        Ok(Self(Held::Workspace(options.open_over(host)?)))
    }

    /// Begins a transaction, with a time limit or the engine's own.
    pub(crate) fn begin(&self, limit: Option<Duration>) -> mcoda_core::Result<Self> {
        // Its calls come from the thread that it gets.
        self.0.begin(limit, None).map(Self)
    }

    /// What the handle knows about itself without a query.
    pub(crate) fn about(&self) -> Outcome {
        let id = match self.0.target() {
            Target::Workspace(workspace) => Some(workspace.id()),
            Target::Global(_) | Target::Library => None,
        };
        one(&object!({
            "id": id,
            "databasePath": self.0.session().database_path().to_string_lossy(),
            "limitMs": self.0.limit().map(|limit| limit.as_secs_f64() * 1000.0),
        }))
    }

    pub(crate) fn is_transaction(&self) -> bool {
        !matches!(self.0, Held::Workspace(_) | Held::Global(_))
    }

    /// Closes the database, or rolls the transaction back.
    pub(crate) fn close(&self) -> mcoda_core::Result<()> {
        self.0.end()
    }

    /// Acts before the call's turn in the queue comes: ending a transaction stops its running call, and closing a handle
    /// stops a running call that only reads.
    pub(crate) fn announce(&self, name: &str) {
        match why(name) {
            Some(why) => self.0.request_rollback(why),
            None if name == "close" => self.0.session().stop_reading(),
            None => {}
        }
    }

    pub(crate) fn token_usage_cursor(&self, query: &TokenUsageQuery) -> mcoda_core::Result<TokenUsageCursor> {
        self.0.session().token_usage_cursor(query)
    }

    pub(crate) fn call(&self, name: &str, arguments: &Arguments) -> Outcome {
        match name {
            "query" => self.query(arguments),
            "close" => one(&self.0.end()?),
            "commit" => one(&self.0.commit()?),
            _ => match why(name) {
                Some(why) => Err(self.0.roll_back_because(why).into()),
                None => answer(&self.0.target().call(name, arguments.all())?),
            },
        }
    }

    /// Makes a call on the thread of the event loop; `None` if it would take too long there, and has changed nothing.
    pub(crate) fn call_now(&self, name: &str, arguments: &Arguments) -> Option<Result<String, Failure>> {
        let call = || self.0.target().call(name, arguments.all())?.to_json();
        Some(at_once(PER_TURN, call)?.map_err(Failure::from))
    }

    /// The rows that a call returns, as an Arrow IPC stream.
    pub(crate) fn arrow(&self, name: &str, arguments: &Arguments) -> Outcome {
        Answer::arrow(match name {
            "query" => {
                let (sql, params) = (arguments.text(0)?, table::params(arguments)?);
                (Columns::Sql(self.0.session().query_columns(sql, &params)?), Vec::new())
            }
            _ => self.0.target().columns(name, arguments.all())?,
        })
    }

    /// JSON cannot represent some values of SQL.
    fn query(&self, arguments: &Arguments) -> Outcome {
        let (sql, params) = (arguments.text(0)?, table::params(arguments)?);
        table::pieces(&self.0.session().query(sql, &params)?).map(Into::into)
    }
}

/// A result that is always short.
fn one(value: &impl Serialize) -> Outcome {
    json(value).map(|json| vec![json].into())
}

/// Why a call with this name ends a transaction. The call fails with the error that all other calls fail with from then
/// on.
fn why(name: &str) -> Option<EndReason> {
    match name {
        "rollback" => Some(EndReason::Requested),
        "expire" => Some(EndReason::Limit),
        "leave" => Some(EndReason::HandleClosed),
        _ => None,
    }
}
