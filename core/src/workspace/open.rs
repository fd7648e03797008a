//! Opening a workspace: its database, id, settings and log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{Export, Settings, Workspace};
use crate::error::{Error, ErrorKind, Result};
use crate::host::HostDatabase;
use crate::migration;
use crate::options::{JsonLogPlace, Options};
use crate::paths::{self, CONFIG_FILE, ConfigSources, DATABASE_FILE, Environment, Locations, WORKSPACE_FILE};
use crate::session::{Session, Shared};
use crate::sqlite::{Database, IN_MEMORY};
use crate::telemetry::JsonLog;

impl Options {
    /// Opens the workspace of the project at `root`, and creates what is missing.
    pub fn open(self, root: impl AsRef<Path>) -> Result<Workspace> {
        let root = paths::absolute(root.as_ref())?;
        let locations = Locations::new(&self.environment)?;
        let folder = locations.workspace_folder(&root)?;
        self.check_exists(&folder.join(DATABASE_FILE))?;
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
    default_id: String,
    /// The user's folders; none without a home folder.
    user: Option<Locations>,
    /// The default folder of the JSON log.
    usual_log: Option<PathBuf>,
}

impl WorkspaceLocation {
    /// Of a database that is opened by its file, which needs no home folder and has no log of its own.
    fn of_file(database: PathBuf, folder: Option<PathBuf>, environment: &Environment) -> Self {
        Self {
            default_id: folder.as_ref().unwrap_or(&database).display().to_string(),
            user: Locations::new(environment).ok(),
            usual_log: None,
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
        let id = self.workspace_id(&options)?;
        let log_folder = match &options.json_log {
            _ if options.is_read_only() => None,
            JsonLogPlace::Usual => self.usual_log,
            JsonLogPlace::Off => None,
            JsonLogPlace::In(folder) => Some(paths::absolute(folder)?),
        };
        if let Some(folder) = &log_folder {
            paths::create_folder(folder)?;
            paths::refuse_open_folder(folder)?;
        }
        let user_config = self.user.as_ref().map(|user| user.global_config().to_owned());
        let own_config = self.folder.map(|folder| folder.join(CONFIG_FILE));
        let settings = Settings {
            own_config: own_config.clone(),
            export: Export {
                off_by_environment: options.environment.telemetry_off,
                off_by_handle: options.no_telemetry,
            },
            is_read_only: options.is_read_only(),
        };
        let database = open_database(&options, &self.database)?;
        let shared = Shared {
            workspace_id: Some(id),
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
        };
        let workspace = Workspace { session: Session::new(database, shared), settings: Arc::new(settings) };
        // Records that a process committed and did not log before it died.
        workspace.recorder().complete_log(&[], false);
        Ok(workspace)
    }

    /// The given id, or else that of `workspace.json` beside the database, or else the default.
    fn workspace_id(&self, options: &Options) -> Result<String> {
        if let Some(id) = &options.workspace_id {
            return if id.trim().is_empty() {
                Err(Error::invalid("workspaceId", "blank text", "an id that is not blank"))
            } else {
                Ok(id.clone())
            };
        }
        let Some(folder) = &self.folder else { return Ok(self.default_id.clone()) };
        let file = folder.join(WORKSPACE_FILE);
        match paths::read_object(&file)?.and_then(|mut object| object.remove("id")) {
            None | Some(Value::Null) => Ok(self.default_id.clone()),
            Some(Value::String(id)) if !id.trim().is_empty() => Ok(id),
            Some(_) => {
                let message =
                    format!("{}: id must be text that is not blank: repair the file", file.display());
                Err(Error::new(ErrorKind::Corrupt, message))
            }
        }
    }
}
