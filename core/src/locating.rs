//! The workspaces in the user's global folder.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value};

use crate::definition::record;
use crate::error::{Error, Result};
use crate::paths::{DATABASE_FILE, Environment, Locations, TOKEN_LOG_FILE, WorkspaceFile, beside};
use crate::repository::workspace_ids;
use crate::sorting::sort_by;
use crate::sqlite::{FileView, View};
use crate::time::Timestamp;

record! {
    /// Where to look for workspaces.
    #[derive(Debug)]
    pub(crate) struct WorkspacesOptions("options", "camelCase"): input {
        /// The environment variables that name the home folder, as when a database is opened. Default: those of the process.
        pub(crate) environment: Option<Map<String, Value>>,
    }
}

record! {
    /// A workspace in the user's global folder.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct FoundWorkspace("foundWorkspace", "camelCase"): {
        /// The folder with its database, in `.mcoda/workspaces`.
        pub folder: String,
        /// The root folder of its project. The folder has only the hash of it, so it is known where the workspace's file or
        /// its rows name it. After a move of the folder, none is known.
        pub root: Option<String>,
        /// Whether the root is a folder now. Null where the root is unknown.
        pub root_exists: Option<bool>,
        /// Its id; null if it has none yet, or if its rows have several and no file says which.
        pub id: Option<String>,
        /// When its database or its JSON log was last written to.
        pub last_used: Option<Timestamp>,
        /// Why its id is unknown, if it could not be read.
        pub problem: Option<String>,
    }
}

/// The call of the bindings.
pub(crate) fn workspaces_by(options: WorkspacesOptions) -> Result<Vec<FoundWorkspace>> {
    workspaces(&match options.environment {
        Some(variables) => Environment::from_variables(&variables)?,
        None => Environment::of_process(),
    })
}

/// Lists the workspaces in the user's global folder, `.mcoda/workspaces` in the home folder, the last used first. Nothing is
/// written, and nobody is locked out.
///
/// Errors: `Storage` without a home folder, and if the folder cannot be read.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{Environment, Workspace, workspaces};
///
/// # let home = tempfile::tempdir().unwrap();
/// # let root = home.path().join("shop");
/// let environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
/// let workspace = Workspace::options().environment(environment.clone()).open(&root)?;
/// let found = workspaces(&environment)?;
/// assert_eq!(found[0].id.as_deref(), Some(workspace.id()));
/// assert_eq!(found[0].root.as_deref(), root.to_str());
/// # Ok(())
/// # }
/// ```
pub fn workspaces(environment: &Environment) -> Result<Vec<FoundWorkspace>> {
    let locations = Locations::new(environment)?;
    let folder = locations.workspaces_folder();
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::storage("read", &folder, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::storage("read", &folder, error))?.path();
        if path.is_dir() {
            found.push(workspace_in(&path, &locations));
        }
    }
    sort_by(&mut found, |one, other| (other.last_used, &one.folder).cmp(&(one.last_used, &other.folder)));
    Ok(found)
}

/// A folder that cannot be read is in the list as well.
fn workspace_in(folder: &Path, locations: &Locations) -> FoundWorkspace {
    let mut problem = None;
    let mut note = |error: Error| problem = Some(error.message().to_owned());
    let file = WorkspaceFile::read(folder).map_err(&mut note).unwrap_or_default();
    let named: Vec<String> = file.id.iter().cloned().chain(file.former_ids).collect();
    let mut root = root_among(&named, folder, locations);
    let mut id = file.id;
    if (id.is_none() || root.is_none()) && folder.join(DATABASE_FILE).exists() {
        let known = ids_in(&folder.join(DATABASE_FILE)).map_err(&mut note).unwrap_or_default();
        root = root.or_else(|| root_among(&known, folder, locations));
        id = id.or_else(|| match &*known {
            [only] => Some(only.clone()),
            several => several.iter().find(|id| root.as_ref() == Some(id)).cloned(),
        });
    }
    FoundWorkspace {
        folder: folder.display().to_string(),
        root_exists: root.as_ref().map(|root| Path::new(root).is_dir()),
        root,
        id,
        last_used: last_used(folder),
        problem,
    }
}

/// The path whose workspace is in this folder. Former default ids are paths of roots.
fn root_among(paths: &[String], folder: &Path, locations: &Locations) -> Option<String> {
    let is_root = |path: &&String| {
        Path::new(path).is_absolute()
            && locations.workspace_folder(Path::new(path)).is_ok_and(|own| own == folder)
    };
    paths.iter().find(is_root).cloned()
}

fn ids_in(database: &Path) -> Result<Vec<String>> {
    let known =
        View::File(FileView::of(database)).read(|connection| workspace_ids::list(connection, None))?;
    Ok(known.into_iter().map(|known| known.id).collect())
}

/// When one of the files that records go to was last written.
fn last_used(folder: &Path) -> Option<Timestamp> {
    let database = folder.join(DATABASE_FILE);
    let files: [PathBuf; 3] = [beside(&database, "-wal"), database, folder.join(TOKEN_LOG_FILE)];
    let written = files.iter().filter_map(|file| file.metadata().ok()?.modified().ok()).max()?;
    let millis = written.duration_since(UNIX_EPOCH).ok()?.as_millis();
    Timestamp::from_millis(i64::try_from(millis).ok()?)
}
