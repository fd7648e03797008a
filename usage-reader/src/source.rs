//! The trait of a source, which is one provider or agent: how its fields are recognised, what they mean, and which of
//! its lines belong together.

use crate::body::Body;
use crate::call::Channel;
use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;

/// Where the fields of a source are. A field in an earlier place includes those in later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The body as a whole, which may report more than a usage object in it.
    Body,
    /// A usage object, under one of many names or on its own.
    Usage,
    /// The body, if no usage object in it was read.
    Rest,
}

/// One provider or agent.
pub(crate) trait Source: Sync {
    /// Its unique name in the table of sources.
    fn name(&self) -> &'static str;

    /// Where its fields are.
    fn place(&self) -> Place {
        Place::Usage
    }

    /// Whether the fields belong to this source. `usage` is the body unless the place is [`Place::Usage`].
    fn detect(&self, _body: &Body<'_>, _usage: Fields<'_>) -> bool {
        false
    }

    /// The meaning of the fields: one usage for each model, the requested one first. Empty if no value is valid.
    fn read(&self, _body: &Body<'_>, _usage: Fields<'_>) -> Vec<ParsedUsage> {
        Vec::new()
    }

    /// How this line, or the body in it, relates to the lines around it. `None` if it is not from this source, or is an
    /// independent call.
    fn work(&self, _line: Fields<'_>) -> Option<Work> {
        None
    }
}

/// How a line relates to the lines around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Work {
    pub(crate) role: Role,
    /// The agent whose run the line belongs to.
    pub(crate) agent: &'static str,
    /// The agent's name of the run, if the line has it.
    pub(crate) session: Option<String>,
    /// The key of the call; if absent, the provider's id.
    pub(crate) key: Option<String>,
    /// Whether it may be a copy of a call that another agent made.
    pub(crate) is_copy: bool,
    /// The span in which the call was made. Two reports of the same call have the same span.
    pub(crate) within: Option<String>,
    /// The span around that one.
    pub(crate) around: Option<String>,
    /// Whether calls of the session replace the count, because it counts them again.
    pub(crate) gives_way: bool,
    /// Whether the count starts at 0 with its own work, if the source reports that.
    pub(crate) began_anew: Option<bool>,
    /// The channel of the line, if its agent reports each call by another one as well.
    pub(crate) channel: Option<Channel>,
}

impl Work {
    pub(crate) fn new(role: Role, agent: &'static str, session: Option<&str>) -> Self {
        Self { role, agent, session: session.map(str::to_owned), ..Self::default() }
    }

    /// Whether the session is actually a trace or a message.
    pub(crate) fn is_named_by_trace(&self) -> bool {
        ["trace", "langfuse-trace", "langsmith-trace", "opencode"].contains(&self.agent)
    }

    pub(crate) fn by(self, channel: Channel) -> Self {
        Self { channel: Some(channel), ..self }
    }

    pub(crate) fn known_by(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }
}

/// The role of a line in its run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// A call, or a version of one.
    #[default]
    Call,
    /// A call of a run whose end may report the sum of its calls.
    Part,
    /// The count of all calls of the run since its process began.
    Process,
    /// The count of all calls of the run since the last such line.
    Run,
    /// The count of all calls of the session since its beginning.
    Session,
    /// A piece of a response without an id; its counts are cumulative within the response.
    Piece {
        /// Whether this is the last piece of the response.
        is_last: bool,
        /// Whether it has only counts, which may belong to the response that has just ended.
        is_count_alone: bool,
    },
    /// Usage that other lines report as well.
    Repeated,
    /// No usage, but context for the lines after it.
    Context,
}
