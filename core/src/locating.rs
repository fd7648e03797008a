//! The workspaces in the user's global folder.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value};

use crate::definition::record;
use crate::error::{Error, Result};
use crate::notice::WORKSPACE;
use crate::paths::{self, DATABASE_FILE, Environment, Locations, TOKEN_LOG_FILE, WorkspaceFile, beside};
use crate::repository::workspace_ids;
use crate::sorting::sort_by;
use crate::sqlite::{FileView, View, is_locked};
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
    let folders = folders(&locations)?;
    let mut found: Vec<_> = folders.iter().map(|folder| workspace_in(folder, &locations)).collect();
    sort_by(&mut found, |one, other| (other.last_used, &one.folder).cmp(&(one.last_used, &other.folder)));
    Ok(found)
}

/// The folder of the workspace of the project at `root`: the one that its path names, or, while that has no database, the one
/// of the path that the project had before it was renamed. It gets the name of the new path, unless somebody has it open, the
/// caller only reads, or the old path is only out of sight: in a container, for example, which mounts the project elsewhere.
pub(crate) fn folder_of(root: &Path, locations: &Locations, only_reads: bool) -> Result<PathBuf> {
    let own = locations.workspace_folder(root)?;
    if !lacks_database(&own) {
        return Ok(own);
    }
    let Some((before, old_root)) = renamed_from(root, &own, locations) else { return Ok(own) };
    let may_rename = !only_reads && Path::new(&old_root).parent().is_some_and(Path::is_dir);
    if may_rename && take_over(&before, &own, root, locations) {
        return Ok(own);
    }
    // Another process may have taken it over meanwhile.
    Ok(if lacks_database(&before) { own } else { before })
}

/// The folder of a workspace whose root is gone, and was the folder that is at `root` now, and that root. Several, where the
/// project was renamed while it had a workspace open, are told apart by their use.
fn renamed_from(root: &Path, own: &Path, locations: &Locations) -> Option<(PathBuf, String)> {
    let identity = paths::folder_identity(root)?;
    let was_here = |folder: PathBuf| {
        if folder == own || lacks_database(&folder) {
            return None;
        }
        let file = WorkspaceFile::read(&folder)
            .ok()
            .filter(|file| file.root_identity.as_ref() == Some(&identity))?;
        let root = root_among(&file.former_ids, &folder, locations).filter(|root| is_gone(root))?;
        Some((folder, root))
    };
    let found = folders(locations).ok()?.into_iter().filter_map(was_here);
    found.max_by_key(|(folder, _)| last_used(folder))
}

/// Gives the folder `before` the name `own`, and returns whether it could.
fn take_over(before: &Path, own: &Path, root: &Path, locations: &Locations) -> bool {
    // Whoever has the database open has a lock on this file. A handle that only reads leaves the file there.
    let index = beside(&before.join(DATABASE_FILE), "-shm");
    let is_in_use = !matches!(index.try_exists(), Ok(false)) && is_locked(&index) != Some(false);
    if is_in_use || locations.refuse_planted(before).is_err() || std::fs::rename(before, own).is_err() {
        return false;
    }
    log::info!(target: WORKSPACE, "{}: is now {}, after its project", before.display(), own.display());
    let noted = paths::sync_folder(own).and_then(|()| WorkspaceFile::set_root(own, root));
    if let Err(error) = noted {
        log::warn!(target: WORKSPACE, "{}: the new root cannot be noted: {error}", own.display());
    }
    true
}

/// What to do about the workspaces of roots with the name of this one that are gone: the project may have been moved, and a new
/// workspace does not have its history. Empty where there are none.
pub(crate) fn left_behind(root: &Path, locations: &Locations) -> Vec<String> {
    let Ok(own) = locations.workspace_folder(root) else { return Vec::new() };
    let name = |folder: &Path| {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.rsplit_once('-').map(|(name, _)| name.to_owned())
    };
    let advice = |folder: PathBuf| {
        let found = workspace_in(&folder, locations);
        let root = found.root.filter(|root| is_gone(root))?;
        // A workspace without any rows has an id, too.
        let is_used = ids_in(&folder.join(DATABASE_FILE)).is_ok_and(|ids| !ids.is_empty());
        is_used.then(|| {
            let [folder, own] = [&folder, &own].map(|folder| folder.display().to_string());
            format!(
                "the workspace of {root:?}, which is gone, has records: if the project was moved from there, put its \
                 folder {folder:?} in the place of {own:?} while nobody has it open"
            )
        })
    };
    let folders = folders(locations).unwrap_or_default().into_iter();
    folders.filter(|folder| *folder != own && name(folder) == name(&own)).filter_map(advice).collect()
}

fn is_gone(root: &str) -> bool {
    !Path::new(root).is_dir()
}

pub(crate) fn lacks_database(folder: &Path) -> bool {
    // If that cannot be seen, opening it says why.
    matches!(folder.join(DATABASE_FILE).try_exists(), Ok(false))
}

/// The folders of all workspaces.
fn folders(locations: &Locations) -> Result<Vec<PathBuf>> {
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
            found.push(path);
        }
    }
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
        root_exists: root.as_deref().map(|root| !is_gone(root)),
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
