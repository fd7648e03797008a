//! `mcodactl estimate`

use mcoda_core::report::render_estimate;

use crate::failure::Failure;
use crate::flags::{EstimateArgs, Format, GlobalArgs};
use crate::open;
use crate::out::{Out, Output};
use crate::watch::Watch;

/// The flags of `estimate`.
#[derive(Debug, clap::Args)]
pub struct Estimate {
    #[command(flatten)]
    args: EstimateArgs,
    #[command(flatten)]
    watch: Watch,
}

impl Estimate {
    /// Says what is left and when it will be done.
    pub fn run(&self, global: &GlobalArgs, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let workspace = open::existing_workspace(global)?;
        let options = self.args.options();
        self.watch.run(out, || {
            let estimate = workspace.estimate(&options)?;
            match format {
                Format::Json => Output::json(&estimate),
                _ => Ok(Output::Text(render_estimate(&estimate))),
            }
        })
    }
}
