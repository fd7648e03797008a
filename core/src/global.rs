//! The handle of the user's global database.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::id::IdSource;
use crate::migration;
use crate::options::Options;
use crate::paths::{self, ConfigSources, DATABASE_FILE, Locations};
use crate::sqlite::{Database, IN_MEMORY};
use crate::telemetry::{self, Home, Prepared, Recorded, TelemetrySettings, TokenUsage};
use crate::time::Clock;

/// The user's own database, `.mcoda/mcoda.db` in the home folder: agents, and what their calls outside of
/// any project cost. There is no JSON log beside it.
#[derive(Debug)]
pub struct Global {
    database: Database,
    configs: ConfigSources,
    clock: Clock,
    ids: IdSource,
}

impl Global {
    /// Opens the global database, with the default options.
    pub fn open() -> Result<Self> {
        Options::new().open_global()
    }

    /// Opens the global database in `file`, with the default options.
    pub fn open_db(file: impl AsRef<Path>) -> Result<Self> {
        Options::new().open_global_db(file)
    }

    pub(crate) fn open_with(options: Options) -> Result<Self> {
        let locations = Locations::new(&options.environment)?;
        let file = locations.global_folder().join(DATABASE_FILE);
        Self::assemble(&file, options)
    }

    pub(crate) fn open_db_with(file: &Path, options: Options) -> Result<Self> {
        let file = if file.as_os_str() == IN_MEMORY { file.to_owned() } else { paths::absolute(file)? };
        Self::assemble(&file, options)
    }

    fn assemble(file: &Path, options: Options) -> Result<Self> {
        let global_config =
            Locations::new(&options.environment).ok().map(|own| own.global_config().to_owned());
        Ok(Self {
            database: options.open_database(file, migration::migrate_global)?,
            configs: ConfigSources { files: global_config.into_iter().collect(), given: options.config },
            clock: options.clock,
            ids: options.ids,
        })
    }

    /// The database file.
    pub fn database_path(&self) -> &Path {
        self.database.path()
    }

    /// Records what one agent call cost. The agent and the command run, where told, must exist in this
    /// database; fields of the backlog (job, task, project …) are `InvalidInput` here.
    pub fn record_token_usage(&self, usage: &TokenUsage) -> Result<Recorded> {
        let mut recorded = self.record_token_usages(std::slice::from_ref(usage))?;
        recorded.pop().ok_or_else(|| Error::new(ErrorKind::Internal, "a record got no outcome"))
    }

    /// Records many calls in one transaction: all of them or none.
    pub fn record_token_usages(&self, usages: &[TokenUsage]) -> Result<Vec<Recorded>> {
        self.database.check_open()?;
        let now = self.clock.now();
        let batch = Prepared::batch(usages, Home::Global, &self.ids, now)?;
        if TelemetrySettings::from_configs(&self.configs.load()?)?.strict {
            return Ok(batch.iter().map(|one| one.outcome(false, false, false)).collect());
        }
        let duplicates =
            self.database.write(|tx| telemetry::insert_all(tx, &batch, Home::Global, false, now))?;
        let outcome = |(one, duplicate): (&Prepared, bool)| one.outcome(true, duplicate, false);
        Ok(batch.iter().zip(duplicates).map(outcome).collect())
    }

    /// Closes the database after the calls that are under way. Closing twice is not an error.
    pub fn close(&self) -> Result<()> {
        self.database.close()
    }
}
