//! What is known of one provider or agent, behind one trait: how its fields are known, what they mean, and which of
//! its lines are of the same work.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;

/// Where a source's fields stand. What stands in an earlier place covers what stands in a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The body as a whole: a usage object in it is a part of what is reported.
    Body,
    /// A usage object, under one of many names or by itself.
    Usage,
    /// The body, where no usage object in it is read.
    Rest,
}

/// One provider or agent.
pub(crate) trait Source: Sync {
    /// Its name in the table of sources, unique.
    fn name(&self) -> &'static str;

    /// Where its fields stand.
    fn place(&self) -> Place {
        Place::Usage
    }

    /// Whether the fields are its own. `usage` is the body unless the place is [`Place::Usage`].
    fn detect(&self, _body: &Body<'_>, _usage: Fields<'_>) -> bool {
        false
    }

    /// What the fields mean: one usage for each model, the one that was asked first. Empty where no value is one.
    fn read(&self, _body: &Body<'_>, _usage: Fields<'_>) -> Vec<ParsedUsage> {
        Vec::new()
    }

    /// What this line, or the body in it, is to the lines around it. `None` where it is not of this source, or a
    /// call like any other.
    fn work(&self, _line: Fields<'_>) -> Option<Work> {
        None
    }
}

/// What a line is to the lines around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Work {
    pub(crate) role: Role,
    /// The agent whose run it belongs to.
    pub(crate) agent: &'static str,
    /// The agent's name of the run, where the line has it.
    pub(crate) session: Option<String>,
    /// What the call is known by; else the provider's id.
    pub(crate) key: Option<String>,
    /// Whether it may be a copy of a call that another agent made.
    pub(crate) is_copy: bool,
    /// The span in which it was made. What is reported of one call twice has the same one.
    pub(crate) within: Option<String>,
    /// Whether the count is of no use where calls of the session are known: it holds these again.
    pub(crate) gives_way: bool,
    /// Whether the count begins with its own work, where the source says so.
    pub(crate) began_anew: Option<bool>,
}

impl Work {
    pub(crate) fn new(role: Role, agent: &'static str, session: Option<&str>) -> Self {
        Self { role, agent, session: session.map(str::to_owned), ..Self::default() }
    }

    /// Whether what it belongs to is a trace or a message, which is no session.
    pub(crate) fn is_named_by_trace(&self) -> bool {
        ["trace", "langfuse-trace", "opencode"].contains(&self.agent)
    }

    pub(crate) fn known_by(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }
}

/// The part that a line has in the work of its run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// A call, or a version of one.
    #[default]
    Call,
    /// A call of a run that may end with a count of all of them.
    Part,
    /// The count of all calls of the run since its process began.
    Process,
    /// The count of all calls of the run since the last such line.
    Run,
    /// The count of all calls of the session since its beginning.
    Session,
    /// A piece of an answer that has no id, whose counts are those of the answer so far.
    Piece {
        /// Whether the answer ends with it.
        is_last: bool,
        /// Whether it has nothing but counts, which may be those of the answer that has just ended.
        is_count_alone: bool,
    },
    /// What other lines report, too.
    Repeated,
    /// Reports no usage, but what the lines after it belong to.
    Context,
}
