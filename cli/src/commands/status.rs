//! `mcodactl status`

use mcoda_core::StatusEventsQuery;
use mcoda_core::report::{printable, render_status_events};

use crate::csv;
use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::open;
use crate::out::{self, Output};
use crate::usage_flags::TimeFlags;

/// The flags of `status`.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// The task's id or key
    task: String,
    #[command(flatten)]
    time: TimeFlags,
}

impl Status {
    /// Shows the status of a task and its history.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        let format = global.format(&[Format::Table, Format::Json, Format::Csv])?;
        let workspace = open::existing_workspace(global)?;
        let query = StatusEventsQuery {
            task: Some(self.task.clone()),
            since: self.time.since.clone(),
            until: self.time.until.clone(),
            now: None,
            time_zone: None,
        };
        let events = workspace.status_events(&query)?;
        match format {
            Format::Json => Output::json(&events),
            Format::Csv => Ok(Output::Data(csv::table(&events)?)),
            _ => {
                let Some(task) = workspace.tasks().get(&self.task)? else {
                    return Err(Failure::failed(format_args!("there is no task {:?} any more", self.task)));
                };
                let timeline = if events.is_empty() {
                    let any = self.time.since.is_none() && self.time.until.is_none();
                    format!("No status change {}.\n", if any { "is recorded" } else { "in this time span" })
                } else {
                    render_status_events(&events, out::width())
                };
                let (key, title) = (printable(&task.key), printable(&task.title));
                Ok(Output::Text(format!("{key}: {title}\nStatus: {}\n\n{timeline}", printable(&task.status))))
            }
        }
    }
}
