//! The handle of the user's global database.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::Result;
use crate::id::IdSource;
use crate::migration;
use crate::options::Options;
use crate::paths::{self, ConfigSources, DATABASE_FILE, Locations};
use crate::sqlite::{Database, IN_MEMORY, SqlParams, Table};
use crate::telemetry::{
    self, AgentContext, Asked, Dimension, Home, ImportSummary, Recorded, RecordedResponse, Recorder,
    TokenUsage, TokenUsageCursor, TokenUsageQuery, TokenUsageRow, TokenUsageSummaryRow,
};
use crate::time::Clock;

/// The user's own database, `.mcoda/mcoda.db` in the home folder: agents, and what their calls outside of
/// any project cost. There is no JSON log beside it.
#[derive(Debug)]
pub struct Global {
    database: Arc<Database>,
    configs: ConfigSources,
    clock: Clock,
    ids: IdSource,
    busy_timeout: Duration,
}

impl Options {
    /// Opens the user's global database, `.mcoda/mcoda.db` in the home folder; what is missing is created.
    pub fn open_global(self) -> Result<Global> {
        let locations = Locations::new(&self.environment)?;
        let file = locations.global_folder().join(DATABASE_FILE);
        Global::assemble(&file, self)
    }

    /// Opens the global database in this file; what is missing is created.
    pub fn open_global_db(self, file: impl AsRef<Path>) -> Result<Global> {
        let file = file.as_ref();
        let file = if file.as_os_str() == IN_MEMORY { file.to_owned() } else { paths::absolute(file)? };
        Global::assemble(&file, self)
    }
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

    fn assemble(file: &Path, options: Options) -> Result<Self> {
        options.check_exists(file)?;
        let global_config =
            Locations::new(&options.environment).ok().map(|own| own.global_config().to_owned());
        Ok(Self {
            database: Arc::new(options.open_database(file, migration::Kind::Global)?),
            configs: ConfigSources { files: global_config.into_iter().collect(), given: options.config },
            clock: options.clock,
            ids: options.ids,
            busy_timeout: options.busy_timeout,
        })
    }

    /// The database file.
    pub fn database_path(&self) -> &Path {
        self.database.path()
    }

    /// Records what one agent call cost. The agent and the command run, where told, must exist in this
    /// database; fields of the backlog (job, task, project …) are `InvalidInput` here.
    pub fn record_token_usage(&self, usage: &TokenUsage) -> Result<Recorded> {
        self.recorder().record_one(usage)
    }

    /// Records many calls in one transaction: all of them or none.
    pub fn record_token_usages(&self, usages: &[TokenUsage]) -> Result<Vec<Recorded>> {
        self.recorder().record(usages)
    }

    /// Reads what came back from an agent and records it: a response body, the events of a stream, or an
    /// agent's transcript, as [`extract_usage`](crate::extract_usage) reads them. Each call and each model that
    /// worked for it becomes a record; an answer that tells no usage becomes none, and is no error.
    ///
    /// A record's id is made of the provider's id of the message, the response or the session, so that a retry
    /// or a replay counts once. Of two versions of one answer the last wins: this call updates its own record,
    /// which [`Global::record_token_usage`] never does. An answer without an id is a new one each time, unless
    /// the context gives a `response_id`.
    ///
    /// Errors: as [`Global::record_token_usage`], and nothing is written then.
    pub fn record_agent_response(&self, body: &str, context: &AgentContext) -> Result<RecordedResponse> {
        self.recorder().record_response(body, context)
    }

    /// Reads bodies and lines of JSON to the end and records them as
    /// [`Global::record_agent_response`] does, in memory that does not grow with the input: a file of answers, or
    /// a transcript. What has no id is known by its text and by how often it came before, so reading a file
    /// again, or one that has grown, adds nothing twice. `progress` is told now and then how many bytes were
    /// read.
    ///
    /// Each thousand lines are one transaction: an error leaves what was recorded before, and reading the
    /// input again goes on from there.
    pub fn record_agent_stream(
        &self,
        input: impl BufRead,
        context: &AgentContext,
        mut progress: impl FnMut(u64),
    ) -> Result<ImportSummary> {
        self.recorder().import(input, context, &mut progress)
    }

    /// Records what a file holds, as [`Global::record_agent_stream`] does.
    ///
    /// Errors: as there, and `Storage` where the file cannot be read.
    pub fn record_agent_file(&self, file: impl AsRef<Path>, context: &AgentContext) -> Result<ImportSummary> {
        self.recorder().import_file(file.as_ref(), context)
    }

    /// What single agent calls cost, in the order of time; calls of the same moment in the order in which
    /// they were recorded, those whose time cannot be read last. Only calls in this database are seen,
    /// not those of the workspaces.
    ///
    /// Errors: `InvalidInput` for a bound or a page that is none, and for the filters of the backlog
    /// (project, job, task), which this database knows nothing of.
    pub fn token_usage(&self, query: &TokenUsageQuery) -> Result<Vec<TokenUsageRow>> {
        self.database.read(|tx| telemetry::token_usage(&self.asked(tx, query)))
    }

    /// [`Global::token_usage`] row by row, in memory that depends little on how many there are.
    ///
    /// Errors: as [`Global::token_usage`].
    pub fn token_usage_cursor(&self, query: &TokenUsageQuery) -> Result<TokenUsageCursor> {
        let database = Arc::clone(&self.database);
        self.database.read(|tx| TokenUsageCursor::new(database, &self.asked(tx, query)))
    }

    /// What agent calls cost, added up by groups in the order in which these first appear in time. An
    /// empty `group_by` stands for [`Dimension::DEFAULT`]; project, job and task are null here.
    ///
    /// Errors: as [`Global::token_usage`].
    pub fn token_usage_summary(
        &self,
        query: &TokenUsageQuery,
        group_by: &[Dimension],
    ) -> Result<Vec<TokenUsageSummaryRow>> {
        self.database.read(|tx| telemetry::token_usage_summary(&self.asked(tx, query), group_by))
    }

    /// Answers one SQL statement that only reads, in one unchanging state of the database.
    ///
    /// Errors: `InvalidInput` for what is not one such statement, for two columns of one name (name them
    /// with `AS`), and for parameters that do not fit it.
    pub fn query(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.database.select(sql, params)
    }

    /// Copies the database as it is now into a new file, for its owner alone, and onto the disk. Other calls of
    /// this handle wait for that; other handles and processes go on. Nothing is ever overwritten.
    ///
    /// Errors: `Conflict` where there is something at `path`, or a file of a database that was there (`-wal` behind
    /// its name …); `InvalidInput` for the name of such a file, or of another one of this library's beside the
    /// database; `Storage` where it cannot be written.
    pub fn backup_to(&self, path: impl AsRef<Path>) -> Result<()> {
        self.database.backup_to(path.as_ref())
    }

    /// Closes the database after the calls that are under way. Closing twice is not an error.
    pub fn close(&self) -> Result<()> {
        self.database.close()
    }

    fn asked<'a>(&self, tx: &'a Connection, query: &'a TokenUsageQuery) -> Asked<'a> {
        Asked { tx, home: Home::Global, agents: None, now: self.clock.now(), query }
    }

    fn recorder(&self) -> Recorder<'_> {
        Recorder {
            home: Home::Global,
            database: &self.database,
            log: None,
            configs: &self.configs,
            clock: self.clock,
            ids: &self.ids,
            busy_timeout: self.busy_timeout,
        }
    }
}
