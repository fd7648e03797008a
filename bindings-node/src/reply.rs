//! The result of a call, and how it gets from a handle's thread to JavaScript.

use std::sync::Arc;

use mcoda_core::calls::{Reply, json_of};
use mcoda_core::{Columns, ErrorKind};
use napi::bindgen_prelude::{FnArgs, Function, Uint8Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use napi_derive::napi;
use serde::Serialize;

use crate::loop_time::LoopTime;

/// The error of a call.
#[napi(object, object_from_js = false)]
#[derive(Debug)]
pub struct Failure {
    /// `InvalidInput`, `NotFound`, …
    pub kind: String,
    /// `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, …
    pub code: String,
    /// One line that says what is wrong and what to do.
    pub message: String,
    /// The JSON name of the invalid input field, where one field is at fault.
    pub field: Option<String>,
    /// The underlying cause, where it is known.
    pub detail: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: String) -> Self {
        Self {
            kind: format!("{kind:?}"),
            code: format!("MCODA_{}", kind.name()),
            message,
            field: None,
            detail: None,
        }
    }
}

impl Failure {
    /// A fault of the package itself.
    pub(crate) fn fault(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorKind::Internal, format!("a fault of @mcoda/native, please report it: {what}"))
    }
}

impl From<mcoda_core::Error> for Failure {
    fn from(error: mcoda_core::Error) -> Self {
        Self {
            field: error.field().map(str::to_owned),
            detail: error.detail(),
            ..Self::new(error.kind(), error.message().to_owned())
        }
    }
}

/// How long the pieces are in which a result crosses, in bytes: a small part of the 20 ms for which a result may hold the event loop.
pub(crate) const PIECE: usize = 64 * 1024;

/// A call's result, or its error.
pub(crate) type Outcome = Result<Answer, Failure>;

/// A call's result.
pub(crate) struct Answer {
    content: Content,
    /// The ids of other workspaces, if it is empty because of them.
    other_workspaces: Vec<String>,
}

enum Content {
    /// JSON in pieces, the first one first.
    Json(Vec<String>),
    /// An Arrow IPC stream.
    Arrow(Vec<u8>),
}

impl Answer {
    /// The rows as an Arrow IPC stream.
    pub(crate) fn arrow((columns, other_workspaces): (Columns, Vec<String>)) -> Outcome {
        Ok(Self { content: Content::Arrow(columns.to_ipc()?), other_workspaces })
    }
}

impl From<Vec<String>> for Answer {
    fn from(pieces: Vec<String>) -> Self {
        Self { content: Content::Json(pieces), other_workspaces: Vec::new() }
    }
}

/// The result of a call of the engine.
pub(crate) fn answer(reply: &Reply) -> Outcome {
    let other_workspaces = reply.other_workspaces().to_vec();
    Ok(Answer { content: Content::Json(reply.to_json_pieces(PIECE)?), other_workspaces })
}

pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    Ok(json_of(value)?)
}

/// The pieces of a result behind its first one.
#[napi]
pub struct Pieces(std::vec::IntoIter<String>);

#[napi]
impl Pieces {
    /// The next piece, or null at the end.
    #[napi]
    pub fn next(&mut self) -> Option<String> {
        self.0.next()
    }
}

/// The arguments of `settle`.
pub(crate) type Settled =
    FnArgs<(i64, Option<String>, Option<Failure>, Option<Pieces>, Option<Vec<String>>, Option<Uint8Array>)>;

/// Calls `settle` on the thread of its JavaScript environment. It is weak: waiting for it keeps no process
/// alive, unless it is held.
type Settle = ThreadsafeFunction<(i64, Outcome), (), Settled, Status, false, true>;

/// Sends replies to JavaScript, for all handles of an environment.
pub(crate) struct Replies {
    settle: Settle,
    loop_time: Arc<LoopTime>,
}

impl Replies {
    pub(crate) fn new(settle: &Function<'_, Settled, ()>) -> napi::Result<Self> {
        let builder = settle.build_threadsafe_function::<(i64, Outcome)>().weak::<true>();
        let loop_time = Arc::<LoopTime>::default();
        let own = Arc::clone(&loop_time);
        let settle = builder.build_callback(move |context| {
            own.turned();
            let (call, outcome) = context.value;
            Ok(FnArgs::from(match outcome {
                Ok(Answer { content, other_workspaces }) => {
                    let other_workspaces = (!other_workspaces.is_empty()).then_some(other_workspaces);
                    match content {
                        Content::Json(pieces) => {
                            let mut pieces = pieces.into_iter();
                            let first = pieces.next();
                            let rest = (pieces.len() > 0).then_some(Pieces(pieces));
                            (call, first, None, rest, other_workspaces, None)
                        }
                        Content::Arrow(bytes) => {
                            (call, None, None, None, other_workspaces, Some(bytes.into()))
                        }
                    }
                }
                Err(failure) => (call, None, Some(failure), None, None, None),
            }))
        })?;
        Ok(Self { settle, loop_time })
    }

    /// The time of the loop that receives the replies.
    pub(crate) fn loop_time(&self) -> &LoopTime {
        &self.loop_time
    }

    /// Sends from any thread. An environment that has ended receives nothing.
    pub(crate) fn send(&self, call: i64, outcome: Outcome) {
        self.settle.call((call, outcome), ThreadsafeFunctionCallMode::NonBlocking);
    }

    pub(crate) fn hold(&self, env: &Env) -> napi::Result<()> {
        hold(env, self.settle.handle.get_raw())
    }

    pub(crate) fn release(&self, env: &Env) -> napi::Result<()> {
        release(env, self.settle.handle.get_raw())
    }
}

/// Keeps the process alive for a function that other threads call. It lives as long as whoever has it.
pub(crate) fn hold(env: &Env, function: sys::napi_threadsafe_function) -> napi::Result<()> {
    // SAFETY: `env` is that of the running call, so this is the thread on which the function was made,
    // and the function lives as long as the environment or its owner.
    check(unsafe { sys::napi_ref_threadsafe_function(env.raw(), function) })
}

/// Takes [`hold`] back.
pub(crate) fn release(env: &Env, function: sys::napi_threadsafe_function) -> napi::Result<()> {
    // SAFETY: as in `hold`.
    check(unsafe { sys::napi_unref_threadsafe_function(env.raw(), function) })
}

fn check(status: sys::napi_status) -> napi::Result<()> {
    match Status::from(status) {
        Status::Ok => Ok(()),
        status => Err(napi::Error::new(
            status,
            "the function that receives replies cannot be referenced or released",
        )),
    }
}
