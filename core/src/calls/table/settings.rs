//! The settings of a workspace, and its id.

use crate::calls::Call;
use crate::calls::macros::calls;
use crate::repository::{KnownWorkspace, Relocated};
use crate::telemetry::TelemetryConfig;

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
    /// Returns the settings for recording and export that result from the config files, the environment and the options
    /// of the handle. The files are read again with every call.
    Workspace "telemetry_config"() -> TelemetryConfig [InvalidInput, Corrupt] |workspace| workspace.telemetry_config();

    /// Opts out of remote export, in the `config.json` beside the database. Nothing else in the file is changed, and a
    /// damaged file stays as it is. An existing strict opt-out remains in effect. Returns the new settings.
    Workspace "opt_out"(
        /// Whether to stop local recording as well.
        strict: bool,
    ) -> TelemetryConfig [InvalidInput, Corrupt, Storage, Unsupported] |workspace| workspace.opt_out(strict);

    /// Undoes an opt-out, including a strict one: records are kept, and may be exported. Returns the new settings.
    Workspace "opt_in"() -> TelemetryConfig [InvalidInput, Corrupt, Storage, Unsupported] |workspace| {
        workspace.opt_in()
    };

    /// Lists the workspaces whose rows are in the database, by id. Usually it is this one alone; several may share a
    /// database, and a project that was moved may have rows under two ids.
    Workspace "workspace_ids"() -> Vec<KnownWorkspace> [] |workspace| workspace.workspace_ids();

    /// Gives all rows of a workspace in this database another workspace id, in one transaction, and returns how many there
    /// were in each table. If `workspace.json` beside the database names the old id, it names the new one from then on. The
    /// JSON log `token_usage.json` is not changed: its entries keep the old id. `NotFound` for an old id of which the database
    /// has no rows, and for a new one that is neither the id of the handle nor in the database. `InvalidInput` if the old id
    /// is that of the handle: open it with the new id first.
    Workspace "relocate"(
        /// The id that the rows have.
        old_id: String,
        /// The id that they get.
        new_id: String,
    ) -> Relocated [InvalidInput, NotFound, Conflict, Unsupported] |workspace| {
        workspace.relocate(&old_id, &new_id)
    };
};
