//! A database on which JavaScript runs its own SQL: `@mcoda/native/sqlite`.

mod reply;
mod spool;
mod stream;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcoda_core::catch_panic;
use mcoda_core::host::{HostDatabase, HostError, HostMode, HostParams, HostResult, Large, RowChunk};
use napi::Env;
use napi::bindgen_prelude::{Function, Uint8Array};
use napi_derive::napi;

use self::reply::{SqlAnswer, SqlReplies, SqlReply, SqlSettled};
use self::stream::Stream;
use crate::loop_time::PER_TURN;
use crate::queue::{KeepOpen, Queue, Queues};
use crate::slot::Slot;

/// Brings the replies to the calls of all databases back to one JavaScript environment.
#[napi]
pub struct SqlDispatcher {
    replies: Arc<SqlReplies>,
    queues: Arc<Queues>,
}

#[napi]
impl SqlDispatcher {
    /// `settle` gets the number of each call with its rows as JSON, the values that JSON cannot represent, and the error.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        #[napi(
            ts_arg_type = "(call: number, json: string, beside: SqlBeside | null, failure: SqlFailure | null) => void"
        )]
        settle: Function<'_, SqlSettled, ()>,
    ) -> napi::Result<Self> {
        Ok(Self { queues: Queues::of(&env)?, replies: Arc::new(SqlReplies::new(&settle)?) })
    }

    /// Keeps the process alive for replies that are still to come.
    #[napi(js_name = "ref")]
    pub fn hold(&self, env: Env) -> napi::Result<()> {
        self.replies.hold(&env)
    }

    /// Lets the process end.
    #[napi(js_name = "unref")]
    pub fn release(&self, env: Env) -> napi::Result<()> {
        self.replies.release(&env)
    }

    /// Begins to open a database file, as the call with this number. With `exact`, whole numbers beyond 2^53-1 come as
    /// digits; otherwise a call that finds one fails.
    #[napi]
    pub fn open(&self, call: i64, file: String, writes: bool, creates: bool, exact: bool) -> SqlDatabase {
        let connection = Arc::<Slot<HostDatabase>>::default();
        let opened = Arc::clone(&connection);
        let queue = Queue::new(move || {
            // An error means that it was closed before.
            opened.take().map(|database| database.close());
        });
        self.queues.add(&queue);
        let large = if exact { Large::Exact } else { Large::Refused };
        let database = SqlDatabase {
            keep_open: KeepOpen::new(&queue),
            queue,
            connection,
            replies: Arc::clone(&self.replies),
            large,
            streams: Arc::default(),
        };
        let (queue, connection) = (Arc::clone(&database.queue), Arc::clone(&database.connection));
        database.submit(call, move || {
            let opened = HostDatabase::open(&file, HostMode { writes, creates });
            if opened.is_err() {
                queue.leave();
            }
            let opened = opened?;
            connection.put(opened);
            Ok(SqlReply::default())
        });
        database
    }
}

type Streams = Arc<Mutex<HashMap<i64, Arc<Stream>>>>;

/// One database. Its calls run in the order in which they are made, on a thread that it has while there are calls.
#[napi]
pub struct SqlDatabase {
    queue: Arc<Queue>,
    keep_open: Arc<KeepOpen>,
    connection: Arc<Slot<HostDatabase>>,
    replies: Arc<SqlReplies>,
    large: Large,
    streams: Streams,
}

#[napi]
impl SqlDatabase {
    /// Queues running all statements, as the call with this number.
    #[napi]
    pub fn exec(&self, call: i64, sql: String) {
        self.ask(call, move |database| database.exec(&sql).map(|()| SqlReply::default()));
    }

    /// Queues running the first statement. The reply is a row with `lastID` and `changes`.
    #[napi]
    pub fn run(&self, call: i64, sql: String, params: Option<String>, blobs: Option<Vec<Uint8Array>>) {
        let blobs = copied(blobs);
        self.ask(call, move |database| Ok(reply::changes(database.run(&sql, &read(params, blobs)?)?)));
    }

    /// Queues running the first statement up to its first row.
    #[napi]
    pub fn get(&self, call: i64, sql: String, params: Option<String>, blobs: Option<Vec<Uint8Array>>) {
        let (blobs, large) = (copied(blobs), self.large);
        self.ask(call, move |database| {
            let row = database.first(&sql, &read(params, blobs)?, large)?;
            Ok(SqlReply::last(row.unwrap_or_default()))
        });
    }

    /// As `get`, on this thread, if that takes no time worth mentioning: the statement only reads, nobody else has the database,
    /// and no call is pending. Returns null, and has changed nothing, if the call must be queued instead.
    #[napi]
    pub fn get_now(&self, sql: String, params: Option<String>) -> Option<SqlAnswer> {
        let database = self.connection.get()?;
        let work = || {
            let params = match read(params, Vec::new()) {
                Ok(params) => params,
                Err(error) => return Some(Err(error)),
            };
            let row = database.first_at_once(&sql, &params, self.large, PER_TURN)?;
            Some(row.map(|row| SqlReply::last(row.unwrap_or_default())))
        };
        let work = || guarded(|| Ok(work())).unwrap_or_else(|panic| Some(Err(panic)));
        self.queue.run_now(self.replies.loop_time(), work).map(SqlAnswer::from)
    }

    /// Queues running the first statement. The reply contains the first rows; `more` gets the others, if any. Calls behind
    /// one that `yields` do not wait until all of its rows were requested: the remaining ones are stored temporarily.
    #[napi]
    pub fn rows(
        &self,
        call: i64,
        sql: String,
        params: Option<String>,
        blobs: Option<Vec<Uint8Array>>,
        yields: bool,
    ) {
        let (blobs, large) = (copied(blobs), self.large);
        let stream = Arc::new(Stream::new(call, yields));
        self.streams().insert(call, Arc::clone(&stream));
        let (queue, connection) = (Arc::clone(&self.queue), Arc::clone(&self.connection));
        let (replies, streams) = (Arc::clone(&self.replies), Arc::clone(&self.streams));
        let produce = move || {
            let outcome = guarded(|| {
                let sink = |chunk: RowChunk| stream.deliver(chunk, &queue, &replies);
                opened(&connection)?.rows(&sql, &read(params, blobs)?, large, sink)
            });
            if stream.finish(outcome, &replies) {
                lock(&streams).remove(&call);
            }
        };
        if let Err(error) = self.queue.submit(None, produce) {
            self.streams().remove(&call);
            self.replies.send(call, Err(no_thread(&error)));
        }
    }

    /// Requests the next rows of the call `of`, as the call with this number.
    #[napi]
    pub fn more(&self, call: i64, of: i64) {
        let Some(stream) = self.streams().get(&of).cloned() else {
            // Not an empty reply: that would mean that there are no more rows.
            return self.replies.send(call, Err(HostError::internal("the rows of this call were released")));
        };
        let is_spooled = stream.is_spooled();
        let (replies, streams) = (Arc::clone(&self.replies), Arc::clone(&self.streams));
        let take = move || {
            if stream.take(call, &replies) {
                lock(&streams).remove(&of);
            }
        };
        if !is_spooled {
            take();
            // The producer may be waiting for space.
            return self.queue.notify();
        }
        // The event loop must not wait for a file.
        if let Err(error) = self.queue.submit(None, take) {
            self.replies.send(call, Err(no_thread(&error)));
        }
    }

    /// Releases the rows of the call `of`.
    #[napi]
    pub fn stop(&self, of: i64) {
        if let Some(stream) = self.streams().remove(&of) {
            stream.stop(&self.replies);
            self.queue.notify();
        }
    }

    /// Queues setting how long calls wait for other connections, in milliseconds.
    #[napi]
    pub fn set_busy_timeout(&self, call: i64, millis: u32) {
        self.ask(call, move |database| {
            database.set_busy_timeout(Duration::from_millis(millis.into())).map(|()| SqlReply::default())
        });
    }

    /// Ends the running call with `SQLITE_INTERRUPT`. Queued calls are not affected.
    #[napi]
    pub fn interrupt(&self) {
        // It is opening, or closed.
        let Some(database) = self.connection.get() else { return };
        database.interrupt();
    }

    /// Queues closing the database, as the call with this number. Ends calls that yield and have more rows.
    #[napi]
    pub fn close(&self, call: i64) {
        let queue = Arc::clone(&self.queue);
        self.ask(call, move |database| {
            database.close()?;
            queue.leave();
            Ok(SqlReply::default())
        });
        self.streams().values().for_each(|stream| stream.close());
        self.queue.notify();
    }
}

impl SqlDatabase {
    /// Keeps the database open.
    pub(crate) fn keep_open(&self) -> Arc<KeepOpen> {
        Arc::clone(&self.keep_open)
    }

    /// The database, from when it is open until it is closed.
    pub(crate) fn opened(&self) -> Arc<Slot<HostDatabase>> {
        Arc::clone(&self.connection)
    }

    fn ask(&self, call: i64, work: impl FnOnce(&HostDatabase) -> HostResult<SqlReply> + Send + 'static) {
        let connection = Arc::clone(&self.connection);
        self.submit(call, move || work(&*opened(&connection)?));
    }

    fn submit(&self, call: i64, work: impl FnOnce() -> HostResult<SqlReply> + Send + 'static) {
        let replies = Arc::clone(&self.replies);
        if let Err(error) = self.queue.submit(None, move || replies.send(call, guarded(work))) {
            self.replies.send(call, Err(no_thread(&error)));
        }
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<i64, Arc<Stream>>> {
        lock(&self.streams)
    }
}

fn lock(streams: &Streams) -> MutexGuard<'_, HashMap<i64, Arc<Stream>>> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}

fn opened(connection: &Slot<HostDatabase>) -> HostResult<Arc<HostDatabase>> {
    let database = connection.get();
    database.ok_or_else(|| {
        if connection.is_closed() {
            HostError::closed()
        } else {
            HostError::internal("the database is not open")
        }
    })
}

/// Converts a panic to an error.
fn guarded<T>(work: impl FnOnce() -> HostResult<T>) -> HostResult<T> {
    catch_panic(|| Ok(work()))?
}

/// The caller may change the bytes after the call is made.
fn copied(blobs: Option<Vec<Uint8Array>>) -> Vec<Vec<u8>> {
    blobs.unwrap_or_default().iter().map(|blob| blob.to_vec()).collect()
}

fn read(params: Option<String>, blobs: Vec<Vec<u8>>) -> HostResult<HostParams> {
    let Some(params) = params else { return Ok(HostParams::default()) };
    let params = serde_json::from_str(&params).map_err(|error| HostError::internal(error.to_string()))?;
    HostParams::from_json(&params, blobs)
}

fn no_thread(error: &std::io::Error) -> HostError {
    HostError::internal(format!("the system gives no thread for the call; close databases: {error}"))
}
