//! Checks a database by its path, even if it cannot be opened.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::check::{self, CheckOptions, CheckReport, Subject};
use crate::definition::record;
use crate::error::{Error, Result};
use crate::locating;
use crate::migration::DatabaseKind;
use crate::options::{JsonLogPlace, Options};
use crate::paths::{
    self, CONFIG_FILE, DATABASE_FILE, Environment, Locations, TOKEN_LOG_FILE, WORKSPACE_FILE, WorkspaceFile,
};
use crate::sqlite::{FileView, IN_MEMORY, View};

record! {
    /// How thorough a check of a path is, and what belongs to the database there.
    #[derive(Debug)]
    pub(crate) struct CheckPathOptions("options", "camelCase"): input {
        /// Whether each index is compared with its table, too, which takes several times as long. Default: false.
        pub(crate) full: Option<bool>,
        /// How long the check may take, in milliseconds, above 0. What is not examined by then is a finding. Default: no
        /// limit.
        pub(crate) time_limit_ms: Option<i64>,
        /// The workspace's id. Default: that of `workspace.json`, else the path of the root, or of the file's folder.
        pub(crate) workspace_id: Option<String>,
        /// Whether `token_usage.json` is examined, or the folder that it is in. Default: true, beside the database,
        /// where there is one.
        pub(crate) json_log: Option<JsonLogPlace>,
        /// The environment that holds for this check, as of the options to open a database with.
        pub(crate) environment: Option<Map<String, Value>>,
    }
}

/// Checks the database at `path`, which is a database file or the root folder of a project.
pub(crate) fn check_path(path: &Path, given: CheckPathOptions) -> Result<CheckReport> {
    let how = CheckOptions { full: given.full, time_limit_ms: given.time_limit_ms };
    let mut options = Options::new();
    options.workspace_id = given.workspace_id;
    options.json_log = given.json_log.unwrap_or_default();
    if let Some(variables) = &given.environment {
        options.environment = Environment::from_variables(variables)?;
    }
    if path.is_dir() { options.check(path, &how) } else { options.check_db(path, &how) }
}

impl Options {
    /// Examines the workspace of the project at `root` as [`Session::check`](crate::Session::check) does, without
    /// opening it: if it is damaged, has a newer schema, or does not exist, there are findings, too. If nobody has it
    /// open, no file is locked, created or rebuilt. Of the options, only the workspace's id, the place of the JSON log,
    /// and the environment are used.
    ///
    /// Errors: `InvalidInput`; `Storage` without a home folder; `Cancelled`.
    pub fn check(self, root: impl AsRef<Path>, how: &CheckOptions) -> Result<CheckReport> {
        let root = paths::absolute(root.as_ref())?;
        let folder = locating::folder_of(&root, &Locations::new(&self.environment)?, true)?;
        self.check_file(&folder.join(DATABASE_FILE), Some(DatabaseKind::Workspace), &root, how)
    }

    /// Examines the database in this file, a workspace's or the global one, as [`Options::check`] does.
    pub fn check_db(self, file: impl AsRef<Path>, how: &CheckOptions) -> Result<CheckReport> {
        let file = file.as_ref();
        if file.as_os_str() == IN_MEMORY {
            return Err(Error::invalid(
                "path",
                IN_MEMORY,
                "the path of a file, or of a project's root folder",
            ));
        }
        let file = paths::absolute(file)?;
        let folder = file.parent().unwrap_or(&file).to_owned();
        self.check_file(&file, None, &folder, how)
    }

    fn check_file(
        self,
        database: &Path,
        expected: Option<DatabaseKind>,
        named: &Path,
        how: &CheckOptions,
    ) -> Result<CheckReport> {
        let folder = database.parent().unwrap_or(database);
        let user = Locations::new(&self.environment).ok();
        let log_folder = match self.json_log {
            JsonLogPlace::Usual => {
                Some(folder.to_owned()).filter(|folder| folder.join(TOKEN_LOG_FILE).exists())
            }
            JsonLogPlace::Off => None,
            JsonLogPlace::In(folder) => Some(paths::absolute(&folder)?),
        };
        let own = [CONFIG_FILE, WORKSPACE_FILE].map(|name| folder.join(name));
        let global_config = user.as_ref().map(|user| user.global_config().to_owned());
        let mut settings: Vec<PathBuf> = global_config.into_iter().chain(own).collect();
        settings.dedup();
        let stated_id = self.workspace_id.or_else(|| written_id(folder));
        let default_id = named.display().to_string();
        let subject = Subject {
            view: View::File(FileView::of(database)),
            database,
            expected,
            workspace_id: Some(stated_id.as_deref().unwrap_or(&default_id)),
            is_default_id: stated_id.is_none(),
            log_folder: log_folder.as_deref(),
            user: user.as_ref(),
            settings,
            is_turned_off: self.environment.disable_db,
        };
        check::check(&subject, how)
    }
}

/// The id that `workspace.json` names. A file that cannot be read is reported by another examination.
fn written_id(folder: &Path) -> Option<String> {
    WorkspaceFile::read(folder).ok()?.id
}
