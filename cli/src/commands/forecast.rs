//! `mcodactl forecast` and `mcodactl backtest`

use mcoda_core::report::{render_backtest, render_forecast};

use crate::failure::Failure;
use crate::flags::{EstimateArgs, ForecastArgs, Format, GlobalArgs};
use crate::open;
use crate::out::{self, Out, Output};
use crate::watch::Watch;

/// The flags of `forecast`.
#[derive(Debug, clap::Args)]
pub struct Forecast {
    #[command(flatten)]
    args: EstimateArgs,
    #[command(flatten)]
    forecast: ForecastArgs,
    #[command(flatten)]
    watch: Watch,
}

impl Forecast {
    /// Prints the forecast of an estimate.
    pub fn run(&self, global: &GlobalArgs, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let workspace = open::existing_workspace(global)?;
        let options = self.forecast.add_to(self.args.options());
        self.watch.run(out, || {
            let estimate = workspace.estimate(&options)?;
            match format {
                Format::Json => Output::json(&estimate.forecast),
                _ => Ok(Output::Text(render_forecast(&estimate, out::width()))),
            }
        })
    }
}

/// The flags of `backtest`.
#[derive(Debug, clap::Args)]
pub struct Backtest {
    #[command(flatten)]
    args: EstimateArgs,
    #[command(flatten)]
    forecast: ForecastArgs,
}

impl Backtest {
    /// Compares forecasts for earlier times with what happened.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let workspace = open::existing_workspace(global)?;
        let backtest = workspace.backtest(&self.forecast.add_to(self.args.options()))?;
        match format {
            Format::Json => Output::json(&backtest),
            _ => Ok(Output::Text(render_backtest(&backtest, out::width()))),
        }
    }
}
