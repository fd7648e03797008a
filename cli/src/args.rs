//! The command line.

use clap::{ColorChoice, Parser, Subcommand};
use clap_complete::Shell;

use crate::commands::{doctor, estimate, export, job, record, status, telemetry, tokens, transition};
use crate::flags::{Global, Question};

/// Record what AI agents cost and how tasks move, and ask how fast the work goes and when it will be done.
#[derive(Debug, Parser)]
#[command(name = "mcodactl", version, color = ColorChoice::Never, arg_required_else_help = false)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the workspace database, or bring it up to date, and say where it is
    Init,
    /// Record what an agent call cost, or many of them
    Record(Box<record::Record>),
    /// Move a task to a status
    Transition(transition::Transition),
    /// Ask what was spent
    Tokens(tokens::Tokens),
    /// Ask about jobs
    #[command(subcommand, arg_required_else_help = false)]
    Job(job::Job),
    /// Show the moves of a task as a timeline
    Status(status::Status),
    /// Ask how fast each lane works
    Velocity(Question),
    /// Ask what is left and when it will be done
    Estimate(estimate::Estimate),
    /// Write every single agent call, or every move of a task, as JSON lines or as CSV
    Export(export::Export),
    /// Show or change whether usage is recorded and may be sent away
    #[command(subcommand, arg_required_else_help = false)]
    Telemetry(telemetry::Telemetry),
    /// Examine a database and what lies beside it, changing nothing: what is wrong, how bad it is, and what to do
    Doctor(doctor::Doctor),
    /// Copy the write-ahead log into the database file and empty it
    Checkpoint,
    /// Play a small web shop's backlog through an agent pipeline and show what can be asked about it
    Demo,
    /// Print the script by which a shell completes mcodactl's command lines
    Completions {
        /// The shell
        shell: Shell,
    },
}
