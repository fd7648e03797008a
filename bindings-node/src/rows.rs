//! The rows of a query, a chunk at a time.

use std::sync::{Arc, Mutex, PoisonError};

use mcoda_core::calls::Reply;
use mcoda_core::{TokenUsageCursor, TokenUsageQuery};
use napi_derive::napi;

use crate::arguments::Arguments;
use crate::reply::{answer, json};
use crate::worker::Worker;

/// The maximum number of rows of a chunk.
const CHUNK: usize = 256;

/// Rows of token usage, fetched on demand. Between chunks the handle is free for other calls.
#[napi]
pub struct Rows {
    worker: Arc<Worker>,
    cursor: Arc<Mutex<Option<TokenUsageCursor>>>,
}

impl Rows {
    /// Queues the query as the call with this number.
    pub(crate) fn open(worker: &Arc<Worker>, call: i64, arguments: String) -> Self {
        let rows = Self { worker: worker.clone(), cursor: Arc::default() };
        let cursor = rows.cursor.clone();
        worker.submit(call, move |worker| {
            let query = TokenUsageQuery::from_json(&Arguments::read(&arguments)?.options(0))?;
            let opened = worker.engine()?.token_usage_cursor(&query)?;
            *cursor.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
            json(&()).map(|json| vec![json].into())
        });
        rows
    }
}

#[napi]
impl Rows {
    /// Queues fetching the next rows as the call with this number. An empty result is the end.
    #[napi]
    pub fn next(&self, call: i64) {
        let cursor = self.cursor.clone();
        self.worker.submit(call, move |_| {
            let mut cursor = cursor.lock().unwrap_or_else(PoisonError::into_inner);
            match cursor.as_mut() {
                Some(cursor) => answer(&Reply::next_rows(cursor, CHUNK)?),
                None => Ok(vec!["[]".to_owned()].into()),
            }
        });
    }

    /// Frees the memory, unless a call is running; garbage collection does it then.
    #[napi]
    pub fn close(&self) {
        if let Ok(mut cursor) = self.cursor.try_lock() {
            *cursor = None;
        }
    }
}
