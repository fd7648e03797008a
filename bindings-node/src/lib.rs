//! The native part of the npm package `@mcoda/native`: queues calls for a thread of each handle and brings
//! their replies back to the event loop. Names, types and errors of JavaScript are the package's business.
#![allow(unsafe_code, reason = "what #[napi] generates talks to Node's C interface")]

// Without unwinding a panic would end the host's process: nothing could be caught at the border.
#[cfg(not(panic = "unwind"))]
compile_error!("this crate has to be built with panic = \"unwind\"");

mod arguments;
mod engine;
mod reply;
mod rows;
mod table;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use mcoda_core::calls::Target;
use mcoda_core::{Environment, catch_panic};
use napi::Env;
use napi::bindgen_prelude::Function;
use napi_derive::napi;

use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::reply::{Failure, Replies, Settled};
use crate::rows::Rows;
use crate::worker::{Worker, Workers};

/// What a function replies, as JSON, or what went wrong.
#[napi(object, object_from_js = false)]
pub struct Computed {
    /// The answer.
    pub json: Option<String>,
    /// What went wrong; there is no answer then.
    pub failure: Option<Failure>,
}

/// Calls a function of the package at once: `name` says which, `json` is the array of its arguments.
#[napi]
pub fn compute(name: String, json: String) -> Computed {
    let call = |arguments: Arguments| Ok(Target::Library.call(&name, arguments.all())?.to_json()?);
    let work = || Ok(Arguments::read(&json).and_then(call));
    match catch_panic(work).map_err(Failure::from).flatten() {
        Ok(answer) => Computed { json: Some(answer), failure: None },
        Err(failure) => Computed { json: None, failure: Some(failure) },
    }
}

/// The names of the environment variables that opening a database looks at.
#[napi]
pub fn environment_variables() -> Vec<&'static str> {
    Environment::VARIABLES.to_vec()
}

/// Brings the replies to the calls of all handles back to one JavaScript environment.
#[napi]
pub struct Dispatcher {
    replies: Arc<Replies>,
    workers: Arc<Workers>,
}

#[napi]
impl Dispatcher {
    /// `settle` gets the number of each call with either its answer as JSON or what went wrong.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        #[napi(ts_arg_type = "(call: number, json: string | null, failure: Failure | null) => void")]
        settle: Function<'_, Settled, ()>,
    ) -> napi::Result<Self> {
        let workers = Arc::new(Workers::default());
        // Nobody hears what an environment that ends still waits for.
        env.add_env_cleanup_hook(workers.clone(), |workers| workers.give_up())?;
        Ok(Self { replies: Arc::new(Replies::new(&settle)?), workers })
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

    /// Begins to open a handle, as the call with this number: `name` says what and how, `json` is the array
    /// of its path and options. Calls may be made once that has succeeded.
    #[napi]
    pub fn open(&self, call: i64, name: String, json: String) -> Handle {
        let worker = Arc::new(Worker::new(self.replies.clone()));
        self.workers.add(&worker);
        worker.submit(call, move |worker| {
            let opened = Arguments::read(&json).and_then(|arguments| Engine::open(&name, &arguments));
            if opened.is_err() {
                worker.leave();
            }
            worker.opened(opened?)
        });
        Handle { worker, workers: Arc::clone(&self.workers) }
    }

    /// Makes a call that needs no database on a thread of its own, as the call with this number. The handle is there to
    /// give it up.
    #[napi]
    pub fn work(&self, call: i64, name: String, json: String) -> Handle {
        let worker = Arc::new(Worker::new(self.replies.clone()));
        self.workers.add(&worker);
        worker.submit(call, move |worker| {
            worker.leave();
            let arguments = Arguments::read(&json)?;
            Ok(Target::Library.call(&name, arguments.all())?.to_json()?)
        });
        Handle { worker, workers: Arc::clone(&self.workers) }
    }
}

/// One open database. Its calls are made one after the other, on a thread of its own.
#[napi]
pub struct Handle {
    worker: Arc<Worker>,
    workers: Arc<Workers>,
}

#[napi]
impl Handle {
    /// Queues the call with this number: `name` says which, `json` is the array of its arguments.
    #[napi]
    pub fn call(&self, call: i64, name: String, json: String) {
        if let Ok(engine) = self.worker.engine() {
            engine.announce(&name);
        }
        self.worker.submit(call, move |worker| {
            let arguments = Arguments::read(&json)?;
            let answer = worker.engine()?.call(&name, &arguments);
            if name == "rollback" || (answer.is_ok() && ["close", "commit"].contains(&&*name)) {
                worker.leave();
            }
            answer
        });
    }

    /// Queues beginning a transaction, as the call with this number; with a time limit in milliseconds or the
    /// engine's own. Calls of the transaction may be made once that has succeeded: they have a thread of their own,
    /// so none of them waits behind calls of this handle, which wait for the transaction.
    #[napi]
    pub fn begin(&self, call: i64, limit_ms: Option<f64>) -> Handle {
        let worker = Arc::new(Worker::new(self.worker.replies()));
        self.workers.add(&worker);
        let transaction = Arc::clone(&worker);
        self.worker.submit(call, move |worker| {
            let limit =
                limit_ms.map(|millis| Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX));
            transaction.opened(worker.engine()?.begin(limit)?)
        });
        Handle { worker, workers: Arc::clone(&self.workers) }
    }

    /// Queues asking for token usage, whose rows come chunk by chunk, as the call with this number: `json` is the
    /// array of the query.
    #[napi]
    pub fn token_usage(&self, call: i64, json: String) -> Rows {
        Rows::open(&self.worker, call, json)
    }

    /// Gives up the call with this number. True where its answer need not be waited for: it had not begun,
    /// or was opening the handle. Another one that is under way is asked to stop, and replies.
    #[napi]
    pub fn cancel(&self, call: i64) -> bool {
        self.worker.cancel(call)
    }
}

/// Garbage collection takes a handle that nobody can reach: its calls are still made.
impl Drop for Handle {
    fn drop(&mut self) {
        self.worker.leave();
    }
}
