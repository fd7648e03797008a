//! `mcodactl estimate`

use mcoda_core::EstimateOptions;
use mcoda_core::report::render_estimate;

use crate::failure::Failure;
use crate::flags::{EstimateArgs, ForecastArgs, Format, GlobalArgs};
use crate::open;
use crate::out::{self, Out, Output};
use crate::watch::Watch;

/// The flags of `estimate`.
#[derive(Debug, clap::Args)]
pub struct Estimate {
    #[command(flatten)]
    args: EstimateArgs,
    #[command(flatten)]
    forecast: ForecastArgs,
    /// Skip the forecast, which reads the whole history; the ETAs come from a schedule
    #[arg(long, conflicts_with_all = ["by", "trials", "seed", "calendar"])]
    no_forecast: bool,
    #[command(flatten)]
    watch: Watch,
}

impl Estimate {
    /// Shows the remaining work and when it will be completed.
    pub fn run(&self, global: &GlobalArgs, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let workspace = open::existing_workspace(global)?;
        let options = EstimateOptions {
            forecast: Some(!self.no_forecast),
            ..self.forecast.add_to(self.args.options())
        };
        self.watch.run(out, || {
            let estimate = workspace.estimate(&options)?;
            match format {
                Format::Json => Output::json(&estimate),
                _ => Ok(Output::Text(render_estimate(&estimate, out::width()))),
            }
        })
    }
}
