//! The native part of the npm package `@mcoda/native`: queues the calls of each handle for a thread, and sends their replies to
//! the event loop. The package itself defines the names, types and errors of JavaScript.
#![allow(unsafe_code, reason = "what #[napi] generates talks to Node's C interface")]

// Without unwinding a panic would end the host's process, since nothing could be caught at the boundary.
#[cfg(not(panic = "unwind"))]
compile_error!("this crate has to be built with panic = \"unwind\"");

mod arguments;
mod engine;
mod loop_time;
mod queue;
mod reply;
mod rows;
mod slot;
mod sqlite;
mod table;
mod threads;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use mcoda_core::calls::Target;
use mcoda_core::{Environment, ErrorKind, catch_panic};
use napi::Env;
use napi::bindgen_prelude::Function;
use napi_derive::napi;

use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::queue::Queues;
use crate::reply::{Failure, Replies, Settled};
use crate::rows::Rows;
use crate::sqlite::SqlDatabase;
use crate::worker::Worker;

/// A result as JSON, or an error.
#[napi(object, object_from_js = false)]
pub struct Computed {
    /// The result. Absent where there is an error.
    pub json: Option<String>,
    /// The error.
    pub failure: Option<Failure>,
}

/// Runs a function of the package on the calling thread: `name` identifies it, `json` is the array of its arguments.
#[napi]
pub fn compute(name: String, json: String) -> Computed {
    let call = |arguments: Arguments| Ok(Target::Library.call(&name, arguments.all())?.to_json()?);
    let work = || Ok(Arguments::read(&json).and_then(call));
    computed(catch_panic(work).map_err(Failure::from).flatten())
}

fn computed(done: Result<String, Failure>) -> Computed {
    match done {
        Ok(json) => Computed { json: Some(json), failure: None },
        Err(failure) => Computed { json: None, failure: Some(failure) },
    }
}

/// The names of the environment variables that opening a database reads.
#[napi]
pub fn environment_variables() -> Vec<&'static str> {
    Environment::VARIABLES.to_vec()
}

/// Sends the replies to the calls of all handles to one JavaScript environment.
#[napi]
pub struct Dispatcher {
    replies: Arc<Replies>,
    queues: Arc<Queues>,
}

#[napi]
impl Dispatcher {
    /// `settle` receives the number of each call with either its result as JSON or its error. Of a large result it receives
    /// the first piece, and the others as `rest`. If a result is empty because the database has rows of other workspaces
    /// only, it receives their ids. Instead of JSON, a call of [`Handle::arrow`] has an Arrow IPC stream.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        #[napi(
            ts_arg_type = "(call: number, json: string | null, failure: Failure | null, rest: Pieces | null, otherWorkspaceIds: string[] | null, arrow: Uint8Array | null) => void"
        )]
        settle: Function<'_, Settled, ()>,
    ) -> napi::Result<Self> {
        Ok(Self { queues: Queues::of(&env)?, replies: Arc::new(Replies::new(&settle)?) })
    }

    /// Keeps the process alive for pending replies.
    #[napi(js_name = "ref")]
    pub fn hold(&self, env: Env) -> napi::Result<()> {
        self.replies.hold(&env)
    }

    /// Lets the process end.
    #[napi(js_name = "unref")]
    pub fn release(&self, env: Env) -> napi::Result<()> {
        self.replies.release(&env)
    }

    /// Starts to open a handle, as the call with this number: `name` identifies what is opened and how, `json` is the array
    /// of its path and options. Calls may be made once that has succeeded.
    #[napi]
    pub fn open(&self, call: i64, name: String, json: String) -> Handle {
        let worker = Arc::new(Worker::new(self.replies.clone()));
        self.queues.add(worker.queue());
        worker.submit(call, move |worker| {
            let opened = Arguments::read(&json).and_then(|arguments| Engine::open(&name, &arguments));
            if opened.is_err() {
                worker.leave();
            }
            worker.opened(opened?)
        });
        Handle { worker, queues: Arc::clone(&self.queues) }
    }

    /// Begins to open a workspace in a database of the host, as the call with this number. Its calls run on the connection
    /// of that database, in order with the database's own. `json` is the array of the options.
    #[napi]
    pub fn over(&self, call: i64, database: &SqlDatabase, json: String) -> Handle {
        let worker = Arc::new(Worker::over(database.keep_open(), self.replies.clone()));
        let host = database.opened();
        worker.submit(call, move |worker| {
            let host = host.get().ok_or_else(|| {
                if host.is_closed() {
                    Failure::new(ErrorKind::Closed, "the database was closed: open a new one".to_owned())
                } else {
                    Failure::fault("the database is not open yet")
                }
            })?;
            worker.opened(Engine::over(&host, &Arguments::read(&json)?)?)
        });
        Handle { worker, queues: Arc::clone(&self.queues) }
    }

    /// Makes a call that needs no database on a thread of its own, as the call with this number. The handle is there to
    /// give it up.
    #[napi]
    pub fn work(&self, call: i64, name: String, json: String) -> Handle {
        let worker = Arc::new(Worker::new(self.replies.clone()));
        self.queues.add(worker.queue());
        worker.submit(call, move |worker| {
            worker.leave();
            let arguments = Arguments::read(&json)?;
            reply::answer(&Target::Library.call(&name, arguments.all())?)
        });
        Handle { worker, queues: Arc::clone(&self.queues) }
    }
}

/// One open database. Its calls run one after the other, on a thread that it has while there are calls.
#[napi]
pub struct Handle {
    worker: Arc<Worker>,
    queues: Arc<Queues>,
}

#[napi]
impl Handle {
    /// Queues the call with this number: `name` identifies it, `json` is the array of its arguments.
    #[napi]
    pub fn call(&self, call: i64, name: String, json: String) {
        if let Ok(engine) = self.worker.engine() {
            engine.announce(&name);
        }
        self.worker.submit(call, move |worker| {
            let arguments = Arguments::read(&json)?;
            if name == "close" && worker.is_closed() {
                return Ok(vec!["null".to_owned()].into());
            }
            let outcome = worker.engine()?.call(&name, &arguments);
            if name == "rollback" || (outcome.is_ok() && ["close", "commit"].contains(&&*name)) {
                worker.leave();
            }
            outcome
        });
    }

    /// Makes a call whose result is short on this thread, if that takes no time worth mentioning: nobody else has the database,
    /// and no call is pending. Returns null, and has changed nothing, if the call must be queued instead.
    #[napi]
    pub fn call_now(&self, name: String, json: String) -> Option<Computed> {
        let done = self.worker.run_now(|engine| match Arguments::read(&json) {
            Ok(arguments) => engine.call_now(&name, &arguments),
            Err(failure) => Some(Err(failure)),
        });
        done.map(computed)
    }

    /// Queues the call with this number, which returns rows: its reply is an Arrow IPC stream.
    #[napi]
    pub fn arrow(&self, call: i64, name: String, json: String) {
        self.worker.submit(call, move |worker| worker.engine()?.arrow(&name, &Arguments::read(&json)?));
    }

    /// Queues beginning a transaction, as the call with this number, with a time limit in milliseconds or the
    /// engine's default. Calls of the transaction may be made once that has succeeded. They have a queue of their own:
    /// calls of this handle wait for the transaction, and its calls must not wait behind them.
    #[napi]
    pub fn begin(&self, call: i64, limit_ms: Option<f64>) -> Handle {
        let worker = Arc::new(Worker::new(self.worker.replies()));
        self.queues.add(worker.queue());
        let transaction = Arc::clone(&worker);
        self.worker.submit(call, move |worker| {
            let limit =
                limit_ms.map(|millis| Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX));
            transaction.opened(worker.engine()?.begin(limit)?)
        });
        Handle { worker, queues: Arc::clone(&self.queues) }
    }

    /// Queues a query of token usage, whose rows are fetched a chunk at a time, as the call with this number: `json` is the
    /// array of the query.
    #[napi]
    pub fn token_usage(&self, call: i64, json: String) -> Rows {
        Rows::open(&self.worker, call, json)
    }

    /// Cancels the call with this number. Returns true where no reply follows: the call had not started, or was
    /// opening the handle. Any other running call is requested to stop, and replies.
    #[napi]
    pub fn cancel(&self, call: i64) -> bool {
        self.worker.cancel(call)
    }
}

/// Garbage collection drops an unreachable handle. Its queued calls are still made.
impl Drop for Handle {
    fn drop(&mut self) {
        self.worker.leave();
    }
}
