//! The handle or transaction behind an object of a binding.

use std::thread::ThreadId;
use std::time::Duration;

use super::Target;
use crate::error::{Error, Result};
use crate::global::Global;
use crate::session::Session;
use crate::sqlite::{EndReason, OpenTransaction};
use crate::transaction::{Transaction, begin};
use crate::workspace::Workspace;

/// A handle, or a transaction of one: the receiver of calls.
#[derive(Debug)]
pub enum Held {
    /// A workspace.
    Workspace(Workspace),
    /// The global database.
    Global(Global),
    /// A transaction of a workspace.
    WorkspaceTransaction(Transaction<Workspace>),
    /// A transaction of the global database.
    GlobalTransaction(Transaction<Global>),
}

impl Held {
    /// The receiver of calls.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        match self {
            Self::Workspace(workspace) => Target::Workspace(workspace),
            Self::WorkspaceTransaction(workspace) => Target::Workspace(workspace),
            Self::Global(global) => Target::Global(global),
            Self::GlobalTransaction(global) => Target::Global(global),
        }
    }

    /// The common part of both databases, for what JSON cannot represent.
    #[must_use]
    pub fn session(&self) -> &Session {
        match self {
            Self::Workspace(workspace) => workspace,
            Self::WorkspaceTransaction(workspace) => workspace,
            Self::Global(global) => global,
            Self::GlobalTransaction(global) => global,
        }
    }

    /// Begins a transaction. `Unsupported` within one. `thread` makes its calls, if it is known: if that thread waits
    /// for its own transaction, the wait fails; other threads wait for its end.
    pub fn begin(&self, limit: Option<Duration>, thread: Option<ThreadId>) -> Result<Self> {
        match self {
            Self::Workspace(workspace) => begin(workspace, limit, thread).map(Self::WorkspaceTransaction),
            Self::WorkspaceTransaction(workspace) => {
                begin(&**workspace, limit, thread).map(Self::WorkspaceTransaction)
            }
            Self::Global(global) => begin(global, limit, thread).map(Self::GlobalTransaction),
            Self::GlobalTransaction(global) => begin(&**global, limit, thread).map(Self::GlobalTransaction),
        }
    }

    /// Commits the transaction, as [`Transaction::commit`] does.
    pub fn commit(&self) -> Result<bool> {
        match self {
            Self::WorkspaceTransaction(transaction) => transaction.commit(),
            Self::GlobalTransaction(transaction) => transaction.commit(),
            Self::Workspace(_) | Self::Global(_) => Err(no_transaction()),
        }
    }

    /// Rolls the transaction back, as [`Transaction::rollback`] does.
    pub fn rollback(&self) -> Result<()> {
        match self {
            Self::WorkspaceTransaction(transaction) => transaction.rollback(),
            Self::GlobalTransaction(transaction) => transaction.rollback(),
            Self::Workspace(_) | Self::Global(_) => return Err(no_transaction()),
        }
        Ok(())
    }

    /// Rolls the transaction back for a host that enforces its limit or closes its handle, and returns the error of its
    /// later calls.
    pub fn roll_back_because(&self, why: EndReason) -> Error {
        self.transaction().map_or_else(no_transaction, |transaction| transaction.roll_back(why))
    }

    /// Stops the running call of the transaction, and lets no other one begin. Does not wait:
    /// [`Held::roll_back_because`] ends the transaction.
    pub fn request_rollback(&self, why: EndReason) {
        if let Some(transaction) = self.transaction() {
            transaction.request_rollback(why);
        }
    }

    /// The time limit of the transaction, counted from its beginning.
    pub fn limit(&self) -> Option<Duration> {
        self.transaction().and_then(OpenTransaction::limit)
    }

    fn transaction(&self) -> Option<&OpenTransaction> {
        match self {
            Self::WorkspaceTransaction(transaction) => Some(transaction.opened()),
            Self::GlobalTransaction(transaction) => Some(transaction.opened()),
            Self::Workspace(_) | Self::Global(_) => None,
        }
    }

    /// Closes the handle, or rolls the transaction back.
    pub fn end(&self) -> Result<()> {
        match self {
            Self::Workspace(workspace) => workspace.close(),
            Self::Global(global) => global.close(),
            transaction => transaction.rollback(),
        }
    }
}

fn no_transaction() -> Error {
    Error::invalid("transaction", "a handle", "a transaction")
}
