//! Errors of a command, and their exit codes.

use std::fmt::Display;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line is invalid.
    Usage(String),
    /// The command failed.
    Failed(String),
    /// The reader has closed the pipe, as `head` does. This is not an error.
    BrokenPipe,
}

impl Failure {
    /// The flags are invalid in combination.
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
        let report = lines.take_while(|line| !["Usage:", "For more"].iter().any(|end| line.starts_with(end)));
        let mut message = String::new();
        for line in report.filter(|line| !line.is_empty()) {
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

    /// The message: what is wrong, and how to fix it.
    pub fn message(&self) -> &str {
        match self {
            Self::Usage(message) | Self::Failed(message) => message,
            Self::BrokenPipe => "the reader closed the pipe",
        }
    }

    /// 2 for an invalid command line, 1 for all other errors.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

/// The flags and arguments whose names are not those of the engine's fields.
const FLAGS: &[(&str, &str)] = &[
    ("since", "--since"),
    ("until", "--until"),
    ("timeZone", "--time-zone"),
    ("projectKey", "--project"),
    ("epicKey", "--epic"),
    ("storyKey", "--story"),
    ("page", "--page"),
    ("pageSize", "--page-size"),
    ("windowTasks", "--velocity-window"),
    ("spPerHourAll", "--sp-per-hour"),
    ("spPerHourImplementation", "--sp-per-hour-implementation"),
    ("spPerHourReview", "--sp-per-hour-review"),
    ("spPerHourQa", "--sp-per-hour-qa"),
    ("toStatus", "STATUS"),
    ("expectedFrom", "--expected-from"),
];

impl From<mcoda_core::Error> for Failure {
    /// The message, with the flag in place of the engine's field.
    fn from(error: mcoda_core::Error) -> Self {
        let message = error.to_string();
        let in_flags = FLAGS.iter().find_map(|(field, flag)| {
            let rest = message.strip_prefix(field)?;
            rest.starts_with(": ").then(|| format!("{flag}{rest}"))
        });
        let message = in_flags.unwrap_or(message);
        Self::Failed(message.replace("allowUnknownStatus takes any", "--allow-unknown-status takes any"))
    }
}
