//! Whether token usage is recorded, and whether records may be sent away.

use super::Workspace;
use crate::error::{Error, ErrorKind, Result};
use crate::telemetry::{Surroundings, TelemetryConfig, TelemetrySettings, choose};

impl Workspace {
    /// What the config files, the environment and the options of this handle say about recording and export.
    /// The files are read anew with every call.
    ///
    /// Errors: `Corrupt` for a damaged config file, `InvalidInput` for a setting of the wrong type.
    pub fn telemetry_config(&self) -> Result<TelemetryConfig> {
        self.access().database().check_open()?;
        let settings = TelemetrySettings::from_configs(&self.shared().configs.load()?)?;
        Ok(settings.in_surroundings(Surroundings {
            off_by_environment: self.settings.export.off_by_environment,
            off_by_handle: self.settings.export.off_by_handle,
            config_file: self.settings.own_config.as_deref(),
        }))
    }

    /// Opts out of sending records away, in the `config.json` beside the database; `strict` also stops
    /// recording them here. A strict setting that holds already stays. Answers what holds now.
    ///
    /// Nothing else in the file changes. One that is damaged is `Corrupt` and one with a setting of the wrong
    /// type is `InvalidInput`; both stay as they are. What other programs write meanwhile is kept, and `Conflict`
    /// where they do not stop. `Storage` for a handle that only reads, `Unsupported`
    /// for a database in memory, which has no config file.
    pub fn opt_out(&self, strict: bool) -> Result<TelemetryConfig> {
        self.choose(true, strict.then_some(true))
    }

    /// Takes an opting-out back, a strict one too: records are kept, and may be sent away.
    ///
    /// Errors: as [`Workspace::opt_out`].
    pub fn opt_in(&self) -> Result<TelemetryConfig> {
        self.choose(false, Some(false))
    }

    fn choose(&self, opt_out: bool, strict: Option<bool>) -> Result<TelemetryConfig> {
        self.access().outside("changing the settings")?.check_open()?;
        if self.settings.is_read_only {
            let message =
                "this handle only reads: open the workspace without readOnly to change its settings";
            return Err(Error::new(ErrorKind::Storage, message));
        }
        let Some(file) = &self.settings.own_config else {
            let message = "a database in memory has no config file: give the settings as the option config";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        choose(file, self.access().database().path(), opt_out, strict)?;
        self.telemetry_config()
    }
}
