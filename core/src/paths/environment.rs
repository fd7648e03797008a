//! The environment: the only place that reads the process's variables.

use std::path::PathBuf;

/// What the process's environment says, read once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The user's home folder: `HOME`, else `USERPROFILE`, else the platform's.
    pub home: Option<PathBuf>,
    /// `MCODA_CONFIG`: the global config file, where it is not `config.json` in the global folder.
    pub config: Option<PathBuf>,
    /// `MCODA_DISABLE_DB=1`: token usage goes to the JSON log alone, everything else is refused.
    pub disable_db: bool,
    /// `MCODA_TELEMETRY=off`: no record is sent anywhere.
    pub telemetry_off: bool,
}

impl Environment {
    /// Reads the variables of this process.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_process() -> Self {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            home: folder("HOME").or_else(|| folder("USERPROFILE")).or_else(std::env::home_dir),
            config: folder("MCODA_CONFIG"),
            disable_db: std::env::var_os("MCODA_DISABLE_DB").is_some_and(|value| value == "1"),
            telemetry_off: std::env::var_os("MCODA_TELEMETRY")
                .is_some_and(|value| value.eq_ignore_ascii_case("off")),
        }
    }
}
