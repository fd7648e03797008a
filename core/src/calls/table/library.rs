//! Calls without a database: extracting usage, and looking for databases.

use std::path::PathBuf;

use crate::calls::Call;
use crate::calls::argument::{Body, OrEmpty};
use crate::calls::macros::calls;
use crate::check::CheckReport;
use crate::checking::{CheckPathOptions, check_path};
use crate::locating::{FoundWorkspace, WorkspacesOptions, workspaces_by};
use crate::telemetry::{TokenUsage, extract_usage, extract_usages};

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
    /// Extracts the usage from a response of a provider or an agent, as one record: the sum of its calls. Unexpected
    /// content is never an error: impossible values are skipped, and a body without usage yields an empty record.
    Library "extract_usage"(
        /// A response body, its `usage` object, the events of a stream, or a transcript.
        body: Body,
        /// The provider, if the format alone does not determine the meaning of a number.
        provider: Option<String>,
    ) -> TokenUsage [] |_library| Ok(extract_usage(&body.0, provider.as_deref()));

    /// Extracts the usage from a response of a provider or an agent, one record per model, in the order in which the
    /// models first appear. Their sum is the result of `extract_usage`. Empty if no usage is reported.
    Library "extract_usages"(
        /// A response body, its `usage` object, the events of a stream, or a transcript.
        body: Body,
        /// The provider, if the format alone does not determine the meaning of a number.
        provider: Option<String>,
    ) -> Vec<TokenUsage> [] |_library| Ok(extract_usages(&body.0, provider.as_deref()));

    /// Examines a database by its path, without opening it, as `check` examines an open one: also one that is damaged, of
    /// a newer schema, or not there. Nothing is written, created or repaired, and nobody is locked out.
    Library "check_path"(
        /// The database file, or the root folder of a project.
        path: PathBuf,
        /// How thorough, and what belongs to the database.
        options: OrEmpty<CheckPathOptions>,
    ) -> CheckReport [InvalidInput, Storage] |_library| check_path(&path, options.0);

    /// Lists the workspaces in the user's global folder, `.mcoda/workspaces` in the home folder, with the root of the
    /// project, the id and the last use of each, the last used first. Nothing is written, and nobody is locked out.
    Library "workspaces"(
        /// Where to look. Absent: in the home folder of the process.
        options: OrEmpty<WorkspacesOptions>,
    ) -> Vec<FoundWorkspace> [InvalidInput, Storage] |_library| workspaces_by(options.0);
};
