//! Whether the config files can be read.

use super::finding::{Finding, Severity};
use super::subject::Subject;
use crate::error::{ErrorKind, Result};
use crate::paths;

/// A missing file is not an error. A file that cannot be read prevents the workspace from being opened.
pub(super) fn examine(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let unreadable = |path: &std::path::PathBuf| {
        let error = paths::read_object(path).err()?;
        let code =
            if error.kind() == ErrorKind::Corrupt { "damaged_settings" } else { "unreadable_settings" };
        Some(Finding::new(
            Severity::Error,
            code,
            path.display(),
            error.message(),
            "repair the file by hand, or move it away: settings that are missing have defaults",
        ))
    };
    Ok(subject.settings.iter().filter_map(unreadable).collect())
}
