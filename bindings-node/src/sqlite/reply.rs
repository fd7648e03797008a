//! The result of a call on a host's database, and its transport to JavaScript.

use std::sync::Arc;

use mcoda_core::host::{HostChanges, HostError, HostResult, RowChunk};
use napi::bindgen_prelude::{Buffer, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status};
use napi_derive::napi;

use crate::loop_time::LoopTime;
use crate::reply::{hold, release};

/// An error.
#[napi(object, object_from_js = false)]
pub struct SqlFailure {
    /// `SQLITE_CONSTRAINT`, …
    pub code: String,
    /// The number of the code.
    pub errno: i32,
    /// The message.
    pub text: String,
}

/// What accompanies the JSON of some rows.
#[napi(object, object_from_js = false)]
pub struct SqlBeside {
    /// The values that JSON cannot represent: an array of `[row, name, kind, value]`.
    pub exact: Option<String>,
    /// The blobs.
    pub blobs: Option<Vec<Buffer>>,
    /// Whether there may be more rows.
    pub more: bool,
}

/// Rows with what accompanies them, or an error.
#[napi(object, object_from_js = false)]
pub struct SqlAnswer {
    /// The rows. Empty where there is an error.
    pub json: String,
    /// What accompanies them.
    pub beside: Option<SqlBeside>,
    /// The error.
    pub failure: Option<SqlFailure>,
}

impl From<HostResult<SqlReply>> for SqlAnswer {
    fn from(outcome: HostResult<SqlReply>) -> Self {
        match outcome {
            Ok(SqlReply { rows, more }) => {
                let RowChunk { json, exact, blobs } = rows;
                let beside = (more || !exact.is_empty()).then(|| SqlBeside {
                    exact: (!exact.is_empty()).then_some(exact),
                    blobs: (!blobs.is_empty()).then(|| blobs.into_iter().map(Buffer::from).collect()),
                    more,
                });
                Self { json, beside, failure: None }
            }
            Err(HostError { code, errno, text }) => {
                let failure = Some(SqlFailure { code: code.to_owned(), errno, text });
                Self { json: String::new(), beside: None, failure }
            }
        }
    }
}

/// Some rows, possibly none.
#[derive(Default)]
pub(super) struct SqlReply {
    pub(super) rows: RowChunk,
    pub(super) more: bool,
}

impl SqlReply {
    /// The last rows.
    pub(super) fn last(rows: RowChunk) -> Self {
        Self { rows, more: false }
    }
}

/// The result of `run`, as a row. Rowids that a JavaScript number cannot represent exactly are digits.
pub(super) fn changes(HostChanges { last_id, changes }: HostChanges) -> SqlReply {
    let is_exact = last_id.unsigned_abs() < 1 << 53;
    let (given, exact) = if is_exact {
        (last_id.to_string(), String::new())
    } else {
        ("null".to_owned(), format!(r#"[[0,"lastID","integer","{last_id}"]]"#))
    };
    let json = format!(r#"[{{"lastID":{given},"changes":{changes}}}]"#);
    SqlReply::last(RowChunk { json, exact, blobs: Vec::new() })
}

/// The arguments of `settle`.
pub(super) type SqlSettled = FnArgs<(i64, String, Option<SqlBeside>, Option<SqlFailure>)>;

type Settle = ThreadsafeFunction<(i64, HostResult<SqlReply>), (), SqlSettled, Status, false, true>;

/// The transport that all databases of an environment share.
pub(super) struct SqlReplies {
    settle: Settle,
    loop_time: Arc<LoopTime>,
}

impl SqlReplies {
    pub(super) fn new(settle: &Function<'_, SqlSettled, ()>) -> napi::Result<Self> {
        let builder = settle.build_threadsafe_function::<(i64, HostResult<SqlReply>)>().weak::<true>();
        let loop_time = Arc::<LoopTime>::default();
        let own = Arc::clone(&loop_time);
        let settle = builder.build_callback(move |context| {
            own.turned();
            let (call, outcome) = context.value;
            let SqlAnswer { json, beside, failure } = outcome.into();
            Ok(FnArgs::from((call, json, beside, failure)))
        })?;
        Ok(Self { settle, loop_time })
    }

    /// The time of the loop that receives the replies.
    pub(super) fn loop_time(&self) -> &LoopTime {
        &self.loop_time
    }

    /// From any thread. Does nothing if the environment has ended.
    pub(super) fn send(&self, call: i64, outcome: HostResult<SqlReply>) {
        self.settle.call((call, outcome), ThreadsafeFunctionCallMode::NonBlocking);
    }

    pub(super) fn hold(&self, env: &Env) -> napi::Result<()> {
        hold(env, self.settle.handle.get_raw())
    }

    pub(super) fn release(&self, env: &Env) -> napi::Result<()> {
        release(env, self.settle.handle.get_raw())
    }
}
