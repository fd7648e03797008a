//! What a binding has open, behind one of its objects.

use std::time::Duration;

use super::Target;
use crate::error::{Error, Result};
use crate::global::Global;
use crate::session::Session;
use crate::transaction::Transaction;
use crate::workspace::Workspace;

/// A handle, or a transaction of one: what calls are made on, whatever it is.
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
    /// What calls are made on.
    pub fn target(&self) -> Target<'_> {
        match self {
            Self::Workspace(workspace) => Target::Workspace(workspace),
            Self::WorkspaceTransaction(workspace) => Target::Workspace(workspace),
            Self::Global(global) => Target::Global(global),
            Self::GlobalTransaction(global) => Target::Global(global),
        }
    }

    /// What both kinds of database have, for what JSON has no form for.
    pub fn session(&self) -> &Session {
        match self {
            Self::Workspace(workspace) => workspace,
            Self::WorkspaceTransaction(workspace) => workspace,
            Self::Global(global) => global,
            Self::GlobalTransaction(global) => global,
        }
    }

    /// Begins a transaction. `Unsupported` within one.
    pub fn begin(&self, limit: Option<Duration>) -> Result<Self> {
        match self {
            Self::Workspace(workspace) => workspace.begin(limit).map(Self::WorkspaceTransaction),
            Self::WorkspaceTransaction(workspace) => workspace.begin(limit).map(Self::WorkspaceTransaction),
            Self::Global(global) => global.begin(limit).map(Self::GlobalTransaction),
            Self::GlobalTransaction(global) => global.begin(limit).map(Self::GlobalTransaction),
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
