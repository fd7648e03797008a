//! `mcodactl estimate`

use mcoda_core::report::render_estimate;

use crate::failure::Failure;
use crate::flags::{Format, Global, Question};
use crate::open;
use crate::out::{Answer, Out};
use crate::watch::Watch;

/// The flags of `estimate`.
#[derive(Debug, clap::Args)]
pub struct Estimate {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    watch: Watch,
}

impl Estimate {
    /// Says what is left and when it will be done.
    pub fn run(&self, global: &Global, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let workspace = open::existing_workspace(global)?;
        let options = self.question.options();
        self.watch.run(out, || {
            let estimate = workspace.estimate(&options)?;
            match format {
                Format::Json => Answer::json(&estimate),
                _ => Ok(Answer::Text(render_estimate(&estimate))),
            }
        })
    }
}
