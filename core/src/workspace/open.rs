//! Opening a workspace: its database, id, settings and log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Export, Settings, Workspace};
use crate::error::{Error, Result};
use crate::host::HostDatabase;
use crate::id::IdSource;
use crate::locating;
use crate::migration;
use crate::notice::{JSON_LOG, WORKSPACE};
use crate::options::{JsonLogPlace, Options};
use crate::paths::{self, CONFIG_FILE, ConfigSources, DATABASE_FILE, Environment, Locations, WorkspaceFile};
use crate::repository::workspace_ids::{self, Known};
use crate::session::{Session, Shared};
use crate::sqlite::{Database, IN_MEMORY};
use crate::telemetry::JsonLog;
use crate::time::check_clock;

impl Options {
    /// Opens the workspace of the project at `root`, and creates what is missing. A project whose root was renamed keeps its
    /// workspace.
    pub fn open(self, root: impl AsRef<Path>) -> Result<Workspace> {
        let root = paths::absolute(root.as_ref())?;
        let locations = Locations::new(&self.environment)?;
        let (folder, left_behind) = if self.environment.disable_db {
            (locations.workspace_folder(&root)?, Vec::new())
        } else {
            let folder = locating::folder_of(&root, &locations, self.is_read_only())?;
            let is_new = locating::lacks_database(&folder);
            (folder, if is_new { locating::left_behind(&root, &locations) } else { Vec::new() })
        };
        self.check_exists(&folder.join(DATABASE_FILE)).map_err(|error| {
            let message = [error.message()].into_iter().chain(left_behind.iter().map(String::as_str));
            Error::new(error.kind(), message.collect::<Vec<_>>().join("; "))
        })?;
        if !self.is_read_only() {
            paths::create_folder(&folder)?;
        }
        locations.refuse_planted(&folder)?;
        let location = WorkspaceLocation {
            database: folder.join(DATABASE_FILE),
            default_id: root.display().to_string(),
            user: Some(locations),
            usual_log: Some(folder.clone()),
            folder: Some(folder),
            root: Some(root),
            left_behind,
        };
        location.open(self)
    }

    /// Opens the workspace database in this file, and creates what is missing. `:memory:` is an in-memory database that
    /// lives as long as the handle.
    pub fn open_db(self, file: impl AsRef<Path>) -> Result<Workspace> {
        let file = file.as_ref();
        let is_in_memory = file.as_os_str() == IN_MEMORY;
        let database = if is_in_memory { file.to_owned() } else { paths::absolute(file)? };
        self.check_exists(&database)?;
        let folder = database.parent().filter(|_| !is_in_memory).map(Path::to_owned);
        WorkspaceLocation::of_file(database, folder, &self.environment).open(self)
    }

    /// Opens the workspace in the database that a host has open. Its calls run on the host's connection, and are part of
    /// the transaction that the host has open there. Creates what is missing. There is no JSON log unless a folder is
    /// given. Closing the workspace leaves the host's database open; closing the database closes the workspace.
    ///
    /// Errors: `Unsupported` if foreign keys are off on the connection, or if the schema must be migrated and the host has
    /// a transaction open; `InvalidInput` for `synchronous` and `read_only`, which the host decides.
    #[doc(hidden)]
    #[doc(hidden)]
    pub fn open_over(self, host: &HostDatabase) -> Result<Workspace> {
        let database = host.connection().path().to_owned();
        let folder = database.parent().filter(|_| !host.connection().is_in_memory()).map(Path::to_owned);
        let location = WorkspaceLocation::of_file(database, folder, &self.environment);
        let workspace = location.open_with(self, |options, _| {
            options.database_over(host.connection(), migration::DatabaseKind::Workspace)
        })?;
        host.register(&workspace);
        Ok(workspace)
    }
}

/// The location of a workspace.
struct WorkspaceLocation {
    database: PathBuf,
    /// The folder of the database; none in memory.
    folder: Option<PathBuf>,
    /// The project's root. Its folder is this workspace's alone, so its id is written there; a database that is opened by
    /// its file may be one of several in its folder.
    root: Option<PathBuf>,
    default_id: String,
    /// The user's folders; none without a home folder.
    user: Option<Locations>,
    /// The default folder of the JSON log.
    usual_log: Option<PathBuf>,
    /// What to do about workspaces that may have the history of this new one.
    left_behind: Vec<String>,
}

impl WorkspaceLocation {
    /// Of a database that is opened by its file, which needs no home folder and has no log of its own.
    fn of_file(database: PathBuf, folder: Option<PathBuf>, environment: &Environment) -> Self {
        Self {
            default_id: folder.as_ref().unwrap_or(&database).display().to_string(),
            user: Locations::new(environment).ok(),
            usual_log: None,
            root: None,
            left_behind: Vec::new(),
            folder,
            database,
        }
    }

    fn open(self, options: Options) -> Result<Workspace> {
        self.open_with(options, |options, file| {
            options.open_database(file, migration::DatabaseKind::Workspace)
        })
    }

    fn open_with(
        self,
        options: Options,
        open_database: impl FnOnce(&Options, &Path) -> Result<Database>,
    ) -> Result<Workspace> {
        let stated_id = self.stated_id(&options)?;
        let log_folder = match &options.json_log {
            _ if options.is_read_only() => None,
            JsonLogPlace::Usual => self.usual_log.clone(),
            JsonLogPlace::Off => None,
            JsonLogPlace::In(folder) => Some(paths::absolute(folder)?),
        };
        if let Some(folder) = &log_folder {
            paths::create_folder(folder)?;
            paths::refuse_open_folder(folder)?;
        }
        let user_config = self.user.as_ref().map(|user| user.global_config().to_owned());
        let own_config = self.folder.as_ref().map(|folder| folder.join(CONFIG_FILE));
        let settings = Settings {
            own_config: own_config.clone(),
            export: Export {
                off_by_environment: options.environment.telemetry_off,
                off_by_handle: options.no_telemetry,
            },
            is_read_only: options.is_read_only(),
            left_behind: self.left_behind.clone(),
        };
        let database = open_database(&options, &self.database)?;
        let id = match stated_id {
            Some(id) => id,
            None => self.found_id(&database)?,
        };
        let shared = Shared {
            workspace_id: Some(id),
            own_folder: self.folder.filter(|_| !options.is_read_only()),
            log: log_folder.map(|folder| JsonLog::new(&folder).of(&self.database)),
            configs: ConfigSources {
                files: user_config.into_iter().chain(own_config).collect(),
                given: options.config,
            },
            global_database: self.user.as_ref().map(|user| user.global_folder().join(DATABASE_FILE)),
            user: self.user,
            clock: options.clock,
            ids: options.ids,
            busy_timeout: options.busy_timeout,
            null_as_absent: options.null_as_absent,
        };
        for advice in &settings.left_behind {
            log::warn!(target: WORKSPACE, "{}: created, but {advice}", database.path().display());
        }
        let workspace = Workspace { session: Session::new(database, shared), settings: Arc::new(settings) };
        // Records that a process committed and did not log before it died.
        if let Some(error) = workspace.recorder().complete_log(None, &[], false).error {
            log::warn!(target: JSON_LOG, "earlier records cannot be added, and stay queued: {error}");
        }
        Ok(workspace)
    }

    /// The given id, or else that of `workspace.json`, or else a new one for a workspace that has no database yet.
    fn stated_id(&self, options: &Options) -> Result<Option<String>> {
        if let Some(id) = &options.workspace_id {
            return match id.trim().is_empty() {
                true => Err(Error::invalid("workspaceId", "blank text", "an id that is not blank")),
                false => Ok(Some(id.clone())),
            };
        }
        let Some(folder) = &self.folder else { return Ok(Some(self.default_id.clone())) };
        let written = WorkspaceFile::read(folder)?.id;
        let Some(root) = self.root.as_ref().filter(|_| written.is_none()) else { return Ok(written) };
        let is_new = !options.is_read_only() && matches!(self.database.try_exists(), Ok(false));
        if !is_new || check_clock().is_err() {
            return Ok(None);
        }
        let created_at = options.clock.now().to_string();
        WorkspaceFile::create(folder, &IdSource::default().next(), root, Some(created_at)).map(Some)
    }

    /// The id of a workspace whose database has been there without a `workspace.json`: the path of the root or the
    /// folder. If the database has no rows of it, and those of one other id, the workspace was moved: its id is the other
    /// one. That is written down, since from now on others may record under another id.
    fn found_id(&self, database: &Database) -> Result<String> {
        // Whoever created the database a moment ago wrote the file before.
        let written = self.folder.as_deref().map(WorkspaceFile::read).transpose()?.and_then(|file| file.id);
        if let Some(id) = written {
            return Ok(id);
        }
        if database.is_turned_off() {
            return Ok(self.default_id.clone());
        }
        match database.read_on_writer(|tx| workspace_ids::look(tx, &self.default_id))? {
            Known::OwnOrNone | Known::Others => Ok(self.default_id.clone()),
            Known::OneOther(id) => {
                let file = self.database.display();
                log::info!(target: WORKSPACE, "{file}: has only rows of the workspace {id:?}, whose id is used");
                match (&self.folder, &self.root) {
                    (Some(folder), Some(root)) if !database.is_read_only() => {
                        WorkspaceFile::create(folder, &id, root, None)
                    }
                    _ => Ok(id),
                }
            }
        }
    }
}
