//! The options of a handle.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::definition::{Definition, Described, FieldType, Kind, Record, record};
use crate::error::{Error, ErrorKind, Result};
use crate::id::IdSource;
use crate::migration;
use crate::notice::DATABASE;
use crate::paths::Environment;
use crate::sqlite::host::HostConnection;
use crate::sqlite::{
    ConnectOptions, Database, IN_MEMORY, Synchronous, Watch, connect_or_create, is_corruption, schema_version,
};
use crate::time::Clock;

/// The options of a [`Workspace`](crate::Workspace) or the [`Global`](crate::Global) database: set those that differ
/// from the defaults, then call one of the `open` methods.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use std::time::Duration;
///
/// use mcoda_core::{Clock, Workspace};
///
/// let workspace = Workspace::options()
///     .workspace_id("shop")
///     .busy_timeout(Duration::from_secs(5))
///     .clock(Clock::fixed("2026-03-20T12:00:00Z".parse()?))
///     .open_db(":memory:")?;
/// assert_eq!(workspace.id(), "shop");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "options open nothing until one of the `open` methods is called"]
pub struct Options {
    pub(crate) workspace_id: Option<String>,
    pub(crate) config: Option<Map<String, Value>>,
    pub(crate) json_log: JsonLogPlace,
    pub(crate) clock: Clock,
    pub(crate) ids: IdSource,
    pub(crate) environment: Environment,
    pub(crate) busy_timeout: Duration,
    pub(crate) call_timeout: Option<Duration>,
    pub(crate) query_bytes: usize,
    pub(crate) no_telemetry: bool,
    pub(crate) null_as_absent: bool,
    read_only: bool,
    existing_only: bool,
    synchronous: Synchronous,
}

/// The location of the JSON log.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) enum JsonLogPlace {
    /// Beside the database of a workspace; none for a database that is opened by its file.
    #[default]
    Usual,
    Off,
    In(PathBuf),
}

impl Described for JsonLogPlace {
    const KIND: Kind = Kind::LogPlace;
}

impl FieldType for JsonLogPlace {
    fn from_value(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Bool(true) => Ok(Self::Usual),
            Value::Bool(false) => Ok(Self::Off),
            Value::String(folder) => Ok(Self::In(folder.into())),
            _ => Err(Error::invalid(name, "another value", "true, false or the path of a folder")),
        }
    }

    fn absent(_name: &str) -> Result<Self> {
        Ok(Self::Usual)
    }
}

record! {
    /// The options of opening a database. An absent option has its default.
    #[derive(Debug)]
    pub(crate) struct OpenOptions("options", "camelCase"): input {
        /// The workspace id that is stored in new records and used in queries. Default: the id in `workspace.json`,
        /// which a new workspace of a root gets; else the path of the root, or of the file's folder, unless the database has
        /// no rows of that path and those of one other id: then that one.
        pub(crate) workspace_id: Option<String>,
        /// Settings in the format of `config.json`, which override those of the files. Default: none.
        pub(crate) config: Option<Map<String, Value>>,
        /// Whether remote export is off for this handle. Default: false.
        pub(crate) no_telemetry: Option<bool>,
        /// Whether `token_usage.json` is written, or the folder in which it is written. Default: true for a root; a
        /// database file has no log unless a folder is given.
        pub(crate) json_log: Option<JsonLogPlace>,
        /// Which failures a commit survives: `normal` a crash, `full` a power failure too. Default: `normal`.
        pub(crate) synchronous: Option<Synchronous>,
        /// How long to wait for other writers, in milliseconds, 0 or more. Default: 30000.
        pub(crate) busy_timeout_ms: Option<i64>,
        /// Whether the handle only reads: nothing is created, migrated or written. Default: false.
        pub(crate) read_only: Option<bool>,
        /// Whether a missing database is `NotFound` instead of being created. Default: false.
        pub(crate) existing_only: Option<bool>,
        /// The environment variables for this handle as long as it is open: text under the names `HOME`, `USERPROFILE`,
        /// `MCODA_CONFIG`, `MCODA_DISABLE_DB` and `MCODA_TELEMETRY`; other names are ignored. Default: those of the
        /// process (in Node, `process.env`) when the handle is opened.
        pub(crate) environment: Option<Map<String, Value>>,
        /// The longest duration of a call, including waiting, in milliseconds, above 0: beyond it the call is
        /// `Cancelled`, unless it has begun to write. Default: no limit.
        pub(crate) call_timeout_ms: Option<i64>,
        /// The largest result of one `query` in memory, in bytes, 1 or more. Default: 536870912 (512 MiB).
        pub(crate) query_bytes: Option<i64>,
        /// Whether NULL in the database is null in results where it is otherwise an empty object or list (`metadata`,
        /// `payload`, `runContext`, `agentIds`, `taskIds`), and whether a new job's `processedItems` and a new task run's
        /// `storyPointsAtRun` are NULL if they are not given, as in mcoda's TypeScript packages. Default: false.
        pub(crate) null_as_absent: Option<bool>,
    }
}

/// The options in the form of the bindings.
impl Record for Options {
    const DEFINITION: &'static Definition = OpenOptions::DEFINITION;
}

impl Options {
    pub(crate) fn new() -> Self {
        Self {
            workspace_id: None,
            config: None,
            json_log: JsonLogPlace::Usual,
            clock: Clock::default(),
            ids: IdSource::default(),
            environment: Environment::of_process(),
            busy_timeout: Duration::from_secs(30),
            call_timeout: None,
            query_bytes: 512 << 20,
            no_telemetry: false,
            null_as_absent: false,
            read_only: false,
            existing_only: false,
            synchronous: Synchronous::Normal,
        }
    }

    /// Reads options from a JSON object with camelCase or snake_case names: `workspaceId`, `config`, `noTelemetry`,
    /// `jsonLog` (`true`, `false`, or the path of a folder), `synchronous` (`"normal"` or `"full"`), `busyTimeoutMs`,
    /// `readOnly`, `existingOnly`, `environment` (the variables by their names), `callTimeoutMs`, `queryBytes` and
    /// `nullAsAbsent`. Absent options have their defaults.
    pub fn from_json(input: &Value) -> Result<Self> {
        let given = OpenOptions::from_json(input)?;
        let mut options = Self::new();
        options.workspace_id = given.workspace_id;
        options.config = given.config;
        options.no_telemetry = given.no_telemetry.unwrap_or_default();
        options.null_as_absent = given.null_as_absent.unwrap_or_default();
        options.read_only = given.read_only.unwrap_or_default();
        options.existing_only = given.existing_only.unwrap_or_default();
        options.json_log = given.json_log.unwrap_or_default();
        options.synchronous = given.synchronous.unwrap_or_default();
        if let Some(variables) = &given.environment {
            options.environment = Environment::from_variables(variables)?;
        }
        if let Some(millis) = given.busy_timeout_ms {
            let millis = u64::try_from(millis).map_err(|_| {
                Error::invalid("busyTimeoutMs", millis, "a whole number of milliseconds, 0 or more")
            })?;
            options.busy_timeout = Duration::from_millis(millis);
        }
        if let Some(millis) = given.call_timeout_ms {
            let limit = u64::try_from(millis).ok().filter(|limit| *limit > 0);
            let limit = limit.ok_or_else(|| {
                Error::invalid("callTimeoutMs", millis, "a whole number of milliseconds above 0")
            })?;
            options.call_timeout = Some(Duration::from_millis(limit));
        }
        if let Some(bytes) = given.query_bytes {
            let limit = usize::try_from(bytes).ok().filter(|limit| *limit > 0);
            options.query_bytes = limit
                .ok_or_else(|| Error::invalid("queryBytes", bytes, "a whole number of bytes, 1 or more"))?;
        }
        Ok(options)
    }

    /// The workspace id. Default: the id in `workspace.json` beside the database, which a new workspace of a root gets; else
    /// the path of the project's root, or of the database's folder if the database is opened by its file. If the database
    /// has no rows of that path and those of one other id, the project was moved, and that id is used.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = Some(id.into());
        self
    }

    /// Settings in the format of `config.json` (`velocity`, `telemetry`), which override those of the files.
    pub fn config(mut self, config: Map<String, Value>) -> Self {
        self.config = Some(config);
        self
    }

    /// Disables the JSON log.
    pub fn without_json_log(mut self) -> Self {
        self.json_log = JsonLogPlace::Off;
        self
    }

    /// Writes the JSON log `token_usage.json` into this folder. Default: the folder of the workspace; no log for a
    /// database that is opened by its file.
    pub fn json_log_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.json_log = JsonLogPlace::In(folder.into());
        self
    }

    /// Turns remote export off for this handle. This version exports nothing; the option is reserved for versions that
    /// do. Default: `false`.
    pub fn no_telemetry(mut self, no_telemetry: bool) -> Self {
        self.no_telemetry = no_telemetry;
        self
    }

    /// Which failures a commit survives. Default: [`Synchronous::Normal`].
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long to wait for other writers before a call fails with `Busy`. Default: 30 seconds.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// The longest duration of a call, including waiting, before it fails with `Cancelled`; a call that has begun to
    /// write is completed. A Rust method with several steps, each in its own transaction, has this limit for each step;
    /// [`CancelToken::with_limit`](crate::CancelToken::with_limit) limits one call. Default: no limit.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = Some(limit);
        self
    }

    /// The largest result of one [`Session::query`](crate::Session::query) in memory, in bytes. Default: 512 MiB.
    pub fn query_bytes(mut self, limit: usize) -> Self {
        self.query_bytes = limit.max(1);
        self
    }

    /// Results tell NULL from empty: what is NULL in the database is null in the results of [`calls`](crate::calls) where it
    /// is otherwise an empty object or list (records in Rust tell in any case: [`Nullable`](crate::Nullable)). A new job's
    /// `processed_items` and a new task run's `story_points_at_run` are NULL if they are not given, instead of 0 and the
    /// points of the task. So do mcoda's TypeScript packages. Default: `false`.
    pub fn null_as_absent(mut self, null_as_absent: bool) -> Self {
        self.null_as_absent = null_as_absent;
        self
    }

    /// Only reads: nothing is created, migrated or written. Default: `false`.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Opens only an existing database: a missing one is `NotFound` instead of being created. Default: `false`.
    pub fn existing_only(mut self, existing_only: bool) -> Self {
        self.existing_only = existing_only;
        self
    }

    /// The clock from which the current time is taken. Default: the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The source of ids for new rows. Default: random UUIDs of version 7.
    pub fn ids(mut self, ids: IdSource) -> Self {
        self.ids = ids;
        self
    }

    /// The environment variables, which determine the location of the user's files and what is turned off. They apply
    /// as long as the handle is open. Default: those of the process when these options were created.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Whether the handle is read-only.
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Refuses a missing database if none may be created.
    pub(crate) fn check_exists(&self, file: &Path) -> Result<()> {
        let may_be_missing = self.environment.disable_db || !(self.existing_only || self.read_only);
        if may_be_missing || file.as_os_str() == IN_MEMORY || file.try_exists().unwrap_or(true) {
            // If its existence cannot be checked, opening it reports the problem.
            return Ok(());
        }
        let message = format!(
            "there is no database {}: check the path, or create it first (mcodactl init)",
            file.display()
        );
        Err(Error::new(ErrorKind::NotFound, message))
    }

    /// Uses the database that a host has open, on its connection, and migrates it.
    pub(crate) fn database_over(
        &self,
        host: &HostConnection,
        kind: migration::DatabaseKind,
    ) -> Result<Database> {
        if self.environment.disable_db {
            return Ok(Database::turned_off(host.path()));
        }
        if self.synchronous != Synchronous::default() {
            let allowed = "nothing: run PRAGMA synchronous on the database below the workspace";
            return Err(Error::invalid("synchronous", "a value", allowed));
        }
        if self.read_only && !host.is_read_only() {
            let allowed = "nothing: open the database below the workspace read-only";
            return Err(Error::invalid("readOnly", "true", allowed));
        }
        let watch = Watch::of_thread();
        let migrated = host.prepare(self.busy_timeout, migration::VERSION, &watch, |connection, wait| {
            if host.is_read_only() {
                return migration::refuse_other_kind(connection, kind);
            }
            if schema_version(connection)? >= migration::VERSION {
                return migration::migrate(connection, kind, self.clock.now(), wait);
            }
            if !connection.is_autocommit() {
                let message = "the database has a transaction open, and its schema must be migrated first: open the \
                               workspace before the transaction begins";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            migration::migrate(connection, kind, self.clock.now(), wait)
        });
        migrated.map_err(|error| error.about_file(host.path()))?;
        Ok(Database::over(host, self.busy_timeout).bounded(self.call_timeout, self.query_bytes))
    }

    /// Opens the database file and, unless it is read-only, migrates it.
    pub(crate) fn open_database(&self, file: &Path, kind: migration::DatabaseKind) -> Result<Database> {
        if self.environment.disable_db {
            return Ok(Database::turned_off(file));
        }
        let options = ConnectOptions {
            read_only: self.read_only,
            busy_timeout: self.busy_timeout,
            synchronous: self.synchronous,
            newest_schema: migration::VERSION,
        };
        let content = || {
            log::info!(target: DATABASE, "{}: created as a {} database", file.display(), kind.name());
            migration::new_database(kind, self.clock.now())
        };
        let open = || {
            let connection = connect_or_create(file, &options, Some(&content))?;
            if self.read_only {
                migration::refuse_other_kind(&connection, kind)?;
            } else {
                let watch = Watch::of_thread();
                migration::migrate(&connection, kind, self.clock.now(), &options.wait_policy(&watch))?;
            }
            Ok(Database::new(file, connection, &options)?.bounded(self.call_timeout, self.query_bytes))
        };
        // Opening is tried twice: damage persists, a transient read error does not.
        let opened = open().or_else(|error| if is_corruption(&error) { open() } else { Err(error) });
        opened.map_err(|error: Error| error.about_file(file))
    }
}
