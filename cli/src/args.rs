//! The command line.

use clap::{ColorChoice, Parser, Subcommand};
use clap_complete::Shell;

use crate::commands::{
    doctor, economics, estimate, export, forecast, job, record, status, telemetry, tokens, transition,
    workspaces,
};
use crate::flags::{EstimateArgs, GlobalArgs};

/// Record the usage of AI agents and the status of tasks; query usage and cost, velocity and estimates.
#[derive(Debug, Parser)]
#[command(name = "mcodactl", version, color = ColorChoice::Never, arg_required_else_help = false)]
pub struct Args {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or migrate the workspace database, and print its path
    Init,
    /// Record the usage of one agent call or of many
    Record(Box<record::Record>),
    /// Change the status of a task
    Transition(transition::Transition),
    /// Sum up usage and cost
    Tokens(tokens::Tokens),
    /// List and inspect jobs
    #[command(subcommand, arg_required_else_help = false)]
    Job(job::Job),
    /// Show the status changes of a task as a timeline
    Status(status::Status),
    /// Show what a completed story point and task cost, by agent and model
    Economics(economics::Economics),
    /// Show the velocity of each lane
    Velocity(EstimateArgs),
    /// Show the remaining work and when it will be done
    Estimate(estimate::Estimate),
    /// Show when the work will be done, with probabilities
    Forecast(forecast::Forecast),
    /// Show how accurate forecasts would have been in this workspace
    Backtest(forecast::Backtest),
    /// Export every agent call, or every status change, as JSON lines or CSV
    Export(export::Export),
    /// Show or change whether usage is recorded and may be exported
    #[command(subcommand, arg_required_else_help = false)]
    Telemetry(telemetry::Telemetry),
    /// Check a database and the files beside it for faults, and say what to do; nothing is changed
    Doctor(doctor::Doctor),
    /// List the workspaces in the home folder, with the root, the id and the last use of each
    Workspaces,
    /// Give the rows of a workspace another workspace id, after a project was moved
    Relocate(workspaces::Relocate),
    /// Copy the write-ahead log into the database file and empty it
    Checkpoint,
    /// Run the sample backlog of a web shop through an agent pipeline and show the results
    Demo,
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}
