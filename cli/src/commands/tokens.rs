//! `mcodactl tokens`

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mcoda_core::definition::Record;
use mcoda_core::report::render_tokens_table;
use mcoda_core::{Dimension, TokenUsageQuery, TokenUsageSummaryRow, Workspace};

use crate::csv;
use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::open;
use crate::out::{Out, Output};
use crate::usage_flags::UsageFlags;
use crate::watch::Watch;

/// The flags of `tokens`.
#[derive(Debug, clap::Args)]
pub struct Tokens {
    #[command(flatten)]
    usage: UsageFlags,
    /// What to add up by, several separated by commas [default: project,command,agent]
    #[arg(long, value_name = "DIMENSION,…", value_delimiter = ',', value_parser = dimension())]
    group_by: Vec<Dimension>,
    /// The time zone whose days count, for example Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    #[command(flatten)]
    watch: Watch,
}

impl Tokens {
    /// Shows usage and cost.
    pub fn run(&self, global: &GlobalArgs, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Table, Format::Json, Format::Csv])?;
        let workspace = open::existing_workspace(global)?;
        let query = TokenUsageQuery { time_zone: self.time_zone.clone(), ..self.usage.query() };
        self.watch.run(out, || {
            let rows = workspace.token_usage_summary(&query, &self.group_by)?;
            if rows.is_empty() {
                open::note_other_workspaces(&workspace)?;
            }
            self.output(&workspace, &rows, format)
        })
    }

    fn output(
        &self,
        workspace: &Workspace,
        rows: &[TokenUsageSummaryRow],
        format: Format,
    ) -> Result<Output, Failure> {
        match format {
            Format::Json => Output::json(&rows),
            Format::Csv => self.csv(rows),
            _ if rows.is_empty() => self.nothing(workspace),
            _ => Ok(Output::Text(render_tokens_table(rows, &self.group_by))),
        }
    }

    /// With an empty table it would be unknown whether the workspace has any records.
    fn nothing(&self, workspace: &Workspace) -> Result<Output, Failure> {
        let text = if !workspace.telemetry_config()?.local_recording {
            "No token usage matches, and none is recorded: the telemetry settings are strict (mcodactl telemetry \
             show).\n"
        } else if self.usage.query().since.is_none() {
            "No token usage matches. Without --since, only the last 7 days are included.\n"
        } else {
            "No token usage matches.\n"
        };
        Ok(Output::Text(text.to_owned()))
    }

    fn csv(&self, rows: &[TokenUsageSummaryRow]) -> Result<Output, Failure> {
        let group_by = if self.group_by.is_empty() { Dimension::DEFAULT } else { &self.group_by };
        let grouped = Dimension::ALL.iter().filter(|dimension| group_by.contains(dimension));
        let grouped: Vec<&str> = grouped.map(|dimension| dimension.field()).collect();
        let fields = TokenUsageSummaryRow::DEFINITION.all_fields();
        let columns: Vec<&str> =
            fields.flat_map(|field| if field.is_flat { grouped.clone() } else { vec![field.json] }).collect();
        Ok(Output::Data(csv::header(&columns) + &csv::rows(&columns, rows)?))
    }
}

fn dimension() -> impl TypedValueParser<Value = Dimension> {
    PossibleValuesParser::new(Dimension::ALL.iter().map(|dimension| dimension.name()))
        .try_map(|name| Dimension::from_name(&name))
}
