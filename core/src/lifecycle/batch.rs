//! Many transitions as one.

use rusqlite::Connection;
use serde_json::Value;

use super::context::TransitionContext;
use super::transition::{self, Transition, WriteContext};
use crate::definition::{Definition, Described, Field, Input, InputList, Presence, Record};
use crate::error::Result;
use crate::input::{self, Fields};

/// One transition of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskTransition {
    /// The task, by id or key.
    pub task: String,
    /// Its new status; any word is accepted.
    pub to_status: String,
    /// Details of the transition.
    pub context: TransitionContext,
}

impl TaskTransition {
    /// The transition of a task to a status, without details.
    pub fn new(task: impl Into<String>, to_status: impl Into<String>) -> Self {
        Self { task: task.into(), to_status: to_status.into(), context: TransitionContext::default() }
    }
}

impl Record for TaskTransition {
    const DEFINITION: &'static Definition = &Definition {
        name: "TaskTransition",
        noun: "transition",
        doc: "One transition of a batch: the task, its new status, and details.\n",
        is_snake_case: false,
        base: Some(TransitionContext::DEFINITION),
        fields: &[
            Field { doc: " The task, by id or key; required.\n", ..field("task", "task") },
            Field {
                doc: " Its new status, for example `in_progress`; required. Any word is accepted.\n",
                ..field("to_status", "toStatus")
            },
        ],
    };
}

const fn field(name: &'static str, json: &'static str) -> Field {
    Field {
        name,
        json,
        aliases: &[],
        kind: <String as Described>::KIND,
        presence: Presence::Required,
        bound: None,
        is_flat: false,
        is_left_out: false,
        doc: "",
    }
}

impl Input for TaskTransition {
    fn read(input: &Value) -> Result<Self> {
        let mut fields = Fields::new(Self::DEFINITION, input)?;
        let context = TransitionContext::from_fields(&mut fields)?;
        Ok(Self { context, task: fields.next()?, to_status: fields.next()? })
    }
}

impl InputList for TaskTransition {
    const NOUN: &'static str = "transition";

    fn read_list(input: &Value) -> Result<Vec<Self>> {
        input::list("transitions", Self::NOUN, input, Self::read)
    }
}

/// Changes the statuses in their order, within the caller's write transaction. An error names the transition.
pub(crate) fn record_all(
    tx: &Connection,
    transitions: &[TaskTransition],
    write_context: WriteContext<'_>,
) -> Result<Vec<Transition>> {
    let one = |(index, step): (usize, &TaskTransition)| {
        // Histories hold the words of other programs.
        let context = TransitionContext { allow_unknown_status: true, ..step.context.clone() };
        transition::record(tx, &step.task, &step.to_status, &context, write_context)
            .map_err(|error| error.in_list(TaskTransition::NOUN, index, transitions.len()))
    };
    transitions.iter().enumerate().map(one).collect()
}
