//! Why there is no answer, and the exit code that says so.

use std::fmt::Display;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// It does, but it could not be done.
    Failed(String),
    /// Who reads the answer has had enough, for example `head`. That is no fault.
    ReaderGone,
}

impl Failure {
    /// The flags do not fit together.
    pub fn usage(message: &str) -> Self {
        Self::Usage(message.to_owned())
    }

    /// Something outside of the engine failed.
    pub fn failed(message: impl Display) -> Self {
        Self::Failed(message.to_string())
    }

    /// clap's report without its usage text, as one line.
    pub fn from_clap(error: &clap::Error) -> Self {
        let report = error.to_string();
        let lines = report.lines().map(str::trim);
        let told = lines.take_while(|line| !["Usage:", "For more"].iter().any(|end| line.starts_with(end)));
        let mut message = String::new();
        for line in told.filter(|line| !line.is_empty()) {
            let separator = match line {
                _ if message.is_empty() => "",
                _ if line.starts_with("tip:") => "; ",
                _ => " ",
            };
            message += separator;
            message += line.trim_start_matches("error: ");
        }
        Self::Usage(format!("{message} (see --help)"))
    }

    /// What is wrong and what to do.
    pub fn message(&self) -> &str {
        match self {
            Self::Usage(message) | Self::Failed(message) => message,
            Self::ReaderGone => "nobody reads the answer",
        }
    }

    /// 2 for a wrong command line, 1 for everything else that is a fault.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ReaderGone => 0,
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

impl From<mcoda_core::Error> for Failure {
    fn from(error: mcoda_core::Error) -> Self {
        Self::failed(error)
    }
}
