//! What a handle has open, and how calls are made on it.

use std::time::Duration;

use mcoda_core::calls::Target;
use mcoda_core::{Global, Options, TokenUsageCursor, TokenUsageQuery, Transaction, Workspace};
use serde_json::json as object;

use crate::arguments::Arguments;
use crate::reply::{Failure, Outcome, json};
use crate::table;

/// What a handle has open.
pub(crate) enum Engine {
    Workspace(Workspace),
    Global(Global),
    WorkspaceTransaction(Transaction<Workspace>),
    GlobalTransaction(Transaction<Global>),
}

impl Engine {
    pub(crate) fn open(name: &str, arguments: &Arguments) -> Result<Self, Failure> {
        let options = Options::from_json(&arguments.options(1))?;
        Ok(match name {
            "Workspace.open" => Self::Workspace(options.open(arguments.text(0)?)?),
            "Workspace.openDb" => Self::Workspace(options.open_db(arguments.text(0)?)?),
            "Global.open" => Self::Global(options.open_global()?),
            "Global.openDb" => Self::Global(options.open_global_db(arguments.text(0)?)?),
            _ => return Err(Failure::fault(format_args!("nothing is opened by {name:?}"))),
        })
    }

    /// Begins a transaction, with a time limit or the engine's own.
    pub(crate) fn begin(&self, limit: Option<Duration>) -> Result<Self, Failure> {
        match self {
            Self::Workspace(workspace) => Ok(Self::WorkspaceTransaction(workspace.begin(limit)?)),
            Self::Global(global) => Ok(Self::GlobalTransaction(global.begin(limit)?)),
            _ => Err(Failure::fault("a transaction begins on a handle")),
        }
    }

    /// What the handle says about itself without asking the database.
    pub(crate) fn about(&self) -> Outcome {
        let (id, path) = match self.target() {
            Target::Workspace(workspace) => (Some(workspace.id()), workspace.database_path()),
            Target::Global(global) => (None, global.database_path()),
            Target::Library => return Err(Failure::fault("a handle has a database")),
        };
        json(&object!({"id": id, "databasePath": path.to_string_lossy()}))
    }

    /// Closes the database, or rolls the transaction back.
    pub(crate) fn close(&self) -> mcoda_core::Result<()> {
        match self {
            Self::Workspace(workspace) => workspace.close(),
            Self::Global(global) => global.close(),
            Self::WorkspaceTransaction(transaction) => {
                transaction.rollback();
                Ok(())
            }
            Self::GlobalTransaction(transaction) => {
                transaction.rollback();
                Ok(())
            }
        }
    }

    pub(crate) fn token_usage_cursor(&self, query: &TokenUsageQuery) -> mcoda_core::Result<TokenUsageCursor> {
        match self {
            Self::Workspace(workspace) => workspace.token_usage_cursor(query),
            Self::Global(global) => global.token_usage_cursor(query),
            Self::WorkspaceTransaction(transaction) => transaction.token_usage_cursor(query),
            Self::GlobalTransaction(transaction) => transaction.token_usage_cursor(query),
        }
    }

    pub(crate) fn call(&self, name: &str, arguments: &Arguments) -> Outcome {
        match (self, name) {
            (_, "query") => self.query(arguments),
            (_, "close" | "rollback") => json(&self.close()?),
            (Self::WorkspaceTransaction(transaction), "commit") => json(&transaction.commit()?),
            (Self::GlobalTransaction(transaction), "commit") => json(&transaction.commit()?),
            _ => Ok(self.target().call(name, arguments.all())?.to_json()?),
        }
    }

    /// JSON has no form for some values of SQL.
    fn query(&self, arguments: &Arguments) -> Outcome {
        let (sql, params) = (arguments.text(0)?, table::params(arguments)?);
        let table = match self.target() {
            Target::Workspace(workspace) => workspace.query(sql, &params)?,
            Target::Global(global) => global.query(sql, &params)?,
            Target::Library => return Err(Failure::fault("a handle has a database")),
        };
        table::json(&table)
    }

    fn target(&self) -> Target<'_> {
        match self {
            Self::Workspace(workspace) => Target::Workspace(workspace),
            Self::Global(global) => Target::Global(global),
            Self::WorkspaceTransaction(transaction) => Target::Workspace(transaction),
            Self::GlobalTransaction(transaction) => Target::Global(transaction),
        }
    }
}
