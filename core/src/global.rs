//! The handle of the user's global database.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::migration;
use crate::options::Options;
use crate::paths::{self, ConfigSources, DATABASE_FILE, Locations};
use crate::session::{Session, Shared};
use crate::sqlite::{IN_MEMORY, OpenTransaction};
use crate::transaction::{self, Handle, Transaction};

/// The user's global database, `.mcoda/mcoda.db` in the home folder: agents, and the usage of their calls outside of
/// any project. It has no JSON log. Its calls are those of a [`Session`].
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{Global, TokenUsage};
///
/// let global = Global::open_db(":memory:")?; // Global::open() opens the user's own
/// global.record_token_usage(&TokenUsage { tokens_prompt: Some(120), ..TokenUsage::default() })?;
/// assert_eq!(global.token_usage(&Default::default())?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Global {
    session: Session,
}

impl Options {
    /// Opens the user's global database, `.mcoda/mcoda.db` in the home folder, and creates what is missing.
    pub fn open_global(self) -> Result<Global> {
        let locations = Locations::new(&self.environment)?;
        let file = locations.global_folder().join(DATABASE_FILE);
        locations.refuse_planted(locations.global_folder())?;
        Global::assemble(&file, self)
    }

    /// Opens the global database in this file, and creates what is missing.
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
        let user = Locations::new(&options.environment).ok();
        let global_config = user.as_ref().map(|own| own.global_config().to_owned());
        let database = options.open_database(file, migration::DatabaseKind::Global)?;
        let shared = Shared {
            workspace_id: None,
            own_folder: None,
            log: None,
            configs: ConfigSources { files: global_config.into_iter().collect(), given: options.config },
            global_database: None,
            user,
            clock: options.clock,
            ids: options.ids,
            busy_timeout: options.busy_timeout,
            null_as_absent: options.null_as_absent,
        };
        Ok(Self { session: Session::new(database, shared) })
    }

    /// As [`Workspace::transaction`](crate::Workspace::transaction).
    pub fn transaction<T>(&self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        transaction::run(self, work)
    }

    /// As [`Workspace::begin`](crate::Workspace::begin).
    pub fn begin(&self, limit: Option<Duration>) -> Result<Transaction<Self>> {
        transaction::begin(self, limit, Some(std::thread::current().id()))
    }
}

impl Deref for Global {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Handle for Global {
    fn within(&self, transaction: &Arc<OpenTransaction>) -> Self {
        Self { session: self.session.within(transaction) }
    }
}
