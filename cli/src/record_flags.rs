//! The fields of one record as flags. They come from the record's definition, so a new field is a new flag.

use std::str::FromStr;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, Command};
use mcoda_core::definition::{Bound, Definition, Field, Kind, Record};
use mcoda_core::{AgentContext, Timestamp, TokenUsage, Workspace};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::flags::{JsonObject, json_object};

/// Flags whose names differ from their fields. In the others, the suffixes `_id` and `_name` are dropped: `--agent`.
const NAMES: [(&str, &str); 2] = [("user_story_id", "story"), ("cost_estimate", "cost")];

const ONE_RECORD_ALONE: &str =
    "--from reads ids, tokens, costs and times from the responses: omit their flags";

/// The fields of one record that the flags set.
#[derive(Debug, Clone, Default)]
pub struct RecordFlags(Map<String, Value>);

impl RecordFlags {
    /// Whether no flag is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The record. Its task may be named by id or key.
    pub fn usage(&self, workspace: &Workspace) -> Result<TokenUsage, Failure> {
        Ok(TokenUsage::from_json(&self.with_task_id(workspace)?)?)
    }

    /// The context of the responses in a file, which have their own ids, numbers and times.
    pub fn context(&self, workspace: &Workspace) -> Result<AgentContext, Failure> {
        let is_known = |name: &String| {
            let field = AgentContext::DEFINITION.all_fields().find(|field| field.json == name);
            field.is_some_and(|field| matches!(field.kind, Kind::Text | Kind::Object))
        };
        if !self.0.keys().all(is_known) {
            return Err(Failure::usage(ONE_RECORD_ALONE));
        }
        Ok(AgentContext::from_json(&self.with_task_id(workspace)?)?)
    }

    /// An unknown task is left for the engine to refuse.
    fn with_task_id(&self, workspace: &Workspace) -> Result<Value, Failure> {
        let mut fields = self.0.clone();
        if let Some(Value::String(task)) = fields.get_mut("taskId")
            && let Some(found) = workspace.tasks().get(task)?
        {
            *task = found.id;
        }
        Ok(Value::Object(fields))
    }
}

/// The fields that are flags. `--workspace-id` is a flag of every command.
fn fields() -> impl Iterator<Item = &'static Field> {
    let record: &'static Definition = TokenUsage::DEFINITION;
    record.all_fields().filter(|field| field.name != "workspace_id")
}

impl clap::Args for RecordFlags {
    fn augment_args(command: Command) -> Command {
        fields().fold(command.next_help_heading("One record"), |command, field| command.arg(flag(field)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for RecordFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let given = fields().filter_map(|field| Some((field.json.to_owned(), value(matches, field)?)));
        self.0.extend(given);
        Ok(())
    }
}

fn flag(field: &'static Field) -> Arg {
    let (value_name, parser) = match field.kind {
        Kind::Whole => ("N", clap::value_parser!(i64).into()),
        Kind::Number if field.name.starts_with("duration") => ("TIME", ValueParser::new(f64::from_str)),
        Kind::Number => ("AMOUNT", ValueParser::new(f64::from_str)),
        Kind::Time => ("TIMESTAMP", ValueParser::new(Timestamp::from_str)),
        Kind::Object => ("JSON", ValueParser::new(json_object)),
        _ if field.name.ends_with("id") => ("ID", ValueParser::string()),
        _ => ("NAME", ValueParser::string()),
    };
    Arg::new(field.name)
        .long(name(field))
        .value_name(value_name)
        .value_parser(parser)
        .allow_negative_numbers(matches!(field.bound, Some(Bound::Count | Bound::NonNegative)))
        .help(help(field))
}

fn name(field: &Field) -> String {
    let named = NAMES.iter().find(|(own, _)| *own == field.name);
    let short = field.name.strip_suffix("_id").or_else(|| field.name.strip_suffix("_name"));
    named.map_or_else(|| short.unwrap_or(field.name), |(_, name)| name).replace('_', "-")
}

/// The first sentence of the field's documentation.
fn help(field: &Field) -> String {
    let text = field.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.split(". ").next().unwrap_or_default().trim_end_matches('.').replace('`', "");
    if field.name == "task_id" { format!("{text}; by id or key") } else { text }
}

fn value(matches: &ArgMatches, field: &Field) -> Option<Value> {
    Some(match field.kind {
        Kind::Whole => (*matches.get_one::<i64>(field.name)?).into(),
        // JSON has no NaN and no infinity; as text, the engine rejects them with the name of the field.
        Kind::Number => match *matches.get_one::<f64>(field.name)? {
            number if number.is_finite() => number.into(),
            number => number.to_string().into(),
        },
        Kind::Time => matches.get_one::<Timestamp>(field.name)?.to_string().into(),
        Kind::Object => Value::Object(matches.get_one::<JsonObject>(field.name)?.0.clone()),
        _ => matches.get_one::<String>(field.name)?.clone().into(),
    })
}
