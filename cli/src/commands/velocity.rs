//! `mcodactl velocity`

use mcoda_core::report::render_velocity;

use crate::failure::Failure;
use crate::flags::{EstimateArgs, Format, GlobalArgs};
use crate::open;
use crate::out::{self, Output};

/// Shows the velocity of each lane.
pub fn run(args: &EstimateArgs, global: &GlobalArgs) -> Result<Output, Failure> {
    let format = global.format(&[Format::Table, Format::Json])?;
    let velocity = open::existing_workspace(global)?.velocity(&args.options())?;
    match format {
        Format::Json => Output::json(&velocity),
        _ => Ok(Output::Text(render_velocity(&velocity, out::width()))),
    }
}
