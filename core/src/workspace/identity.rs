//! The ids of workspaces in a database, for projects that were moved or that share one.

use super::Workspace;
use crate::error::{Error, Result};
use crate::paths::WorkspaceFile;
use crate::repository::workspace_ids::{self, KnownWorkspace, Relocated};

impl Workspace {
    /// Lists the workspaces whose rows are in the database, by id. Usually it is this one alone.
    pub fn workspace_ids(&self) -> Result<Vec<KnownWorkspace>> {
        self.access().read(|tx| workspace_ids::list(tx, Some(self.id())))
    }

    /// Gives all rows of the workspace `old` in this database to the workspace `new`, in one transaction, and returns how
    /// many there were in each table: the records of usage, the jobs and the command runs. If `workspace.json` beside the
    /// database names `old`, it names `new` from then on. The JSON log `token_usage.json` is not changed: its entries keep
    /// the old id. A retry of a record that states the old id is a `Conflict` afterwards.
    ///
    /// Errors: `NotFound` for an `old` of which the database has no rows, and for a `new` that is neither the id of this
    /// handle nor in the database; `InvalidInput` if both are the same, and for an `old` that is the id of this handle, which
    /// would lose sight of its rows: open it with the new id as `workspace_id`. `Unsupported` within a transaction.
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{TokenUsage, Workspace};
    ///
    /// let workspace = Workspace::options().workspace_id("shop").open_db(":memory:")?;
    /// let usage = TokenUsage { workspace_id: Some("/old/shop".into()), ..TokenUsage::default() };
    /// workspace.record_token_usage(&usage)?;
    /// assert_eq!(workspace.relocate("/old/shop", "shop")?.token_usage, 1);
    /// assert_eq!(workspace.token_usage(&Default::default())?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn relocate(&self, old: &str, new: &str) -> Result<Relocated> {
        self.access().outside("relocate")?;
        let own = self.id();
        for (field, id) in [("oldId", old), ("newId", new)] {
            if id.trim().is_empty() {
                return Err(Error::invalid(field, "blank text", "the id of a workspace"));
            }
        }
        if old == new {
            return Err(Error::invalid("newId", format_args!("{new:?}"), "another id than oldId"));
        }
        if old == own {
            let allowed = "the id of another workspace: open this one with the new id as workspaceId first";
            return Err(Error::invalid("oldId", format_args!("{old:?}, the id of this handle"), allowed));
        }
        let mut done = self.access().write(|tx| {
            for (field, id) in [("oldId", old), ("newId", new)] {
                if id != own && !workspace_ids::has(tx, id)? {
                    return Err(Error::not_found(field, "workspace in this database with id", id));
                }
            }
            workspace_ids::relocate(tx, old, new)
        })?;
        if let Some(folder) = &self.shared().own_folder {
            done.workspace_file = WorkspaceFile::replace(folder, old, new)?;
        }
        Ok(done)
    }

    /// The ids of other workspaces in the database, if it has no rows of this one: then a result is empty because the
    /// project was moved, or opened with another id, and not because nothing was recorded. Empty otherwise.
    ///
    /// For the bindings, which say so with an empty result.
    #[doc(hidden)]
    pub fn unseen_workspaces(&self) -> Result<Vec<String>> {
        self.access().read(|tx| workspace_ids::unseen(tx, self.id()))
    }

    /// Sentences, if this handle began a new workspace, and the user has those of projects of the same name that are gone: of
    /// each, what to do if the project was moved from there. Empty otherwise.
    ///
    /// For the bindings, which warn.
    #[doc(hidden)]
    pub fn left_behind(&self) -> &[String] {
        &self.settings.left_behind
    }
}
