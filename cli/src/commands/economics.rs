//! `mcodactl economics`

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mcoda_core::report::render_economics;
use mcoda_core::{EconomicsDimension, EconomicsQuery};

use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::no_match::no_match;
use crate::open;
use crate::out::{self, Output};
use crate::period::{ALL_TIME, period};
use crate::usage_flags::CallFlags;

/// The flags of `economics`.
#[derive(Debug, clap::Args)]
pub struct Economics {
    /// What to group by, several separated by commas; the columns have this order [default: agent,model]
    #[arg(long, value_name = "DIMENSION,…", value_delimiter = ',', value_parser = dimension())]
    group_by: Vec<EconomicsDimension>,
    #[command(flatten)]
    calls: CallFlags,
}

impl Economics {
    /// Shows the cost of finished work.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let workspace = open::existing_workspace(global)?;
        if format == Format::Json {
            let economics = workspace.economics(&self.query())?;
            if economics.rows.is_empty() {
                open::note_other_workspaces(&workspace)?;
            }
            return Output::json(&economics);
        }
        let report = workspace.economics_report(&self.query())?;
        let table = if report.economics.rows.is_empty() {
            open::note_other_workspaces(&workspace)?;
            no_match(&workspace, &self.calls, None)?
        } else {
            render_economics(&report.economics, out::width())
        };
        let period = period(&self.calls.time, ALL_TIME, &report.period);
        Ok(Output::Text(table + &out::wrapped(&period)))
    }

    fn query(&self) -> EconomicsQuery {
        let calls = &self.calls;
        EconomicsQuery {
            group_by: self.group_by.clone(),
            project_key: calls.project.clone(),
            epic_key: calls.epic.clone(),
            agent: calls.agent.clone(),
            model: calls.model.clone(),
            provider: calls.provider.clone(),
            since: calls.time.since.clone(),
            until: calls.time.until.clone(),
            time_zone: calls.time_zone.clone(),
            now: None,
        }
    }
}

fn dimension() -> impl TypedValueParser<Value = EconomicsDimension> {
    PossibleValuesParser::new(EconomicsDimension::ALL.iter().map(|dimension| dimension.name()))
        .try_map(|name| EconomicsDimension::from_name(&name))
}
