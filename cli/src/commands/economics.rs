//! `mcodactl economics`

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mcoda_core::report::render_economics;
use mcoda_core::{EconomicsDimension, EconomicsQuery};

use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::open;
use crate::out::Output;
use crate::usage_flags::TimeFlags;

/// The flags of `economics`.
#[derive(Debug, clap::Args)]
pub struct Economics {
    /// What to group by, several separated by commas [default: agent,model]
    #[arg(long, value_name = "DIMENSION,…", value_delimiter = ',', value_parser = dimension())]
    group_by: Vec<EconomicsDimension>,
    /// Only calls of the project with this key
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    /// Only calls of the epic with this key
    #[arg(long, value_name = "KEY")]
    epic: Option<String>,
    /// Only calls of this agent
    #[arg(long, value_name = "SLUG|ID")]
    agent: Option<String>,
    /// Only calls of this model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Only calls of this provider
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    #[command(flatten)]
    time: TimeFlags,
    /// The time zone of the weeks, for example Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

impl Economics {
    /// Shows the cost of finished work.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let query = EconomicsQuery {
            group_by: self.group_by.clone(),
            project_key: self.project.clone(),
            epic_key: self.epic.clone(),
            agent: self.agent.clone(),
            model: self.model.clone(),
            provider: self.provider.clone(),
            since: self.time.since.clone(),
            until: self.time.until.clone(),
            time_zone: self.time_zone.clone(),
            now: None,
        };
        let workspace = open::existing_workspace(global)?;
        let economics = workspace.economics(&query)?;
        if economics.rows.is_empty() {
            open::note_other_workspaces(&workspace)?;
        }
        match format {
            Format::Json => Output::json(&economics),
            _ if economics.rows.is_empty() => Ok(Output::Text("No calls match.\n".to_owned())),
            _ => Ok(Output::Text(render_economics(&economics))),
        }
    }
}

fn dimension() -> impl TypedValueParser<Value = EconomicsDimension> {
    PossibleValuesParser::new(EconomicsDimension::ALL.iter().map(|dimension| dimension.name()))
        .try_map(|name| EconomicsDimension::from_name(&name))
}
