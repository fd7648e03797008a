//! `mcodactl tokens`

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mcoda_core::definition::Record;
use mcoda_core::report::render_tokens_report;
use mcoda_core::{Dimension, TokenUsageQuery, TokenUsageSummaryRow, Workspace};

use crate::csv;
use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::no_match::no_match;
use crate::open;
use crate::out::{self, Out, Output};
use crate::period::period;
use crate::usage_flags::UsageFlags;
use crate::watch::Watch;

/// The flags of `tokens`.
#[derive(Debug, clap::Args)]
pub struct Tokens {
    /// What to add up by, several separated by commas; the columns have this order [default: project,command,agent]
    #[arg(long, value_name = "DIMENSION,…", value_delimiter = ',', value_parser = dimension())]
    group_by: Vec<Dimension>,
    #[command(flatten)]
    usage: UsageFlags,
    #[command(flatten)]
    watch: Watch,
}

impl Tokens {
    /// Shows usage and cost.
    pub fn run(&self, global: &GlobalArgs, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Table, Format::Json, Format::Csv])?;
        let workspace = open::existing_workspace(global)?;
        let query = self.usage.query(&workspace)?;
        self.watch.run(out, || match format {
            Format::Json => Output::json(&self.rows(&workspace, &query)?),
            Format::Csv => self.csv(&self.rows(&workspace, &query)?),
            _ => self.table(&workspace, &query),
        })
    }

    fn rows(
        &self,
        workspace: &Workspace,
        query: &TokenUsageQuery,
    ) -> Result<Vec<TokenUsageSummaryRow>, Failure> {
        let rows = workspace.token_usage_summary(query, &self.group_by)?;
        if rows.is_empty() {
            open::note_other_workspaces(workspace)?;
        }
        Ok(rows)
    }

    fn table(&self, workspace: &Workspace, query: &TokenUsageQuery) -> Result<Output, Failure> {
        let report = workspace.token_usage_report(query, &self.group_by)?;
        if report.rows.is_empty() {
            open::note_other_workspaces(workspace)?;
        }
        let table = if !report.rows.is_empty() {
            render_tokens_report(&report, out::width())
        } else if report.total.calls > 0 {
            "This page has no groups.\n".to_owned()
        } else if workspace.telemetry_config()?.local_recording {
            no_match(workspace, &self.usage.calls, self.usage.command.as_deref())?
        } else {
            "No calls match, and none are recorded: the telemetry settings are strict (mcodactl telemetry show).\n"
                .to_owned()
        };
        let period = period(&self.usage.calls.time, "Last 7 days", &report.period);
        Ok(Output::Text(table + &out::wrapped(&period)))
    }

    fn csv(&self, rows: &[TokenUsageSummaryRow]) -> Result<Output, Failure> {
        let group_by = Dimension::of_query(&self.group_by);
        let grouped: Vec<&str> = group_by.iter().map(|dimension| dimension.field()).collect();
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
