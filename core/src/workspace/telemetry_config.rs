//! The telemetry settings of a workspace.

use super::Workspace;
use crate::error::{Error, ErrorKind, Result};
use crate::telemetry::{Overrides, TelemetryConfig, TelemetrySettings, write_consent};

impl Workspace {
    /// Returns the settings for recording and export that result from the config files, the environment and the options
    /// of this handle. The files are read again with every call.
    ///
    /// Errors: `Corrupt` for a damaged config file, `InvalidInput` for a setting of the wrong type.
    pub fn telemetry_config(&self) -> Result<TelemetryConfig> {
        self.access().database().check_open()?;
        let settings = TelemetrySettings::from_configs(&self.shared().configs.load()?)?;
        Ok(settings.with_overrides(Overrides {
            off_by_environment: self.settings.export.off_by_environment,
            off_by_handle: self.settings.export.off_by_handle,
            config_file: self.settings.own_config.as_deref(),
        }))
    }

    /// Opts out of remote export, in the `config.json` beside the database; `strict` also stops local recording. An
    /// existing strict opt-out remains in effect. Returns the new settings.
    ///
    /// Nothing else in the file is changed. A damaged file is `Corrupt`, and one with a setting of the wrong type is
    /// `InvalidInput`; both stay as they are. Concurrent changes of other programs are kept, or `Conflict` if they do
    /// not end. `Storage` for a read-only handle, `Unsupported` for an in-memory database, which has no config file.
    pub fn opt_out(&self, strict: bool) -> Result<TelemetryConfig> {
        self.write_consent(true, strict.then_some(true))
    }

    /// Undoes an opt-out, including a strict one: records are kept, and may be exported.
    ///
    /// Errors: as [`Workspace::opt_out`].
    pub fn opt_in(&self) -> Result<TelemetryConfig> {
        self.write_consent(false, Some(false))
    }

    fn write_consent(&self, opt_out: bool, strict: Option<bool>) -> Result<TelemetryConfig> {
        self.access().outside("changing the settings")?.check_open()?;
        if self.settings.is_read_only {
            let message =
                "this handle only reads: open the workspace without readOnly to change its settings";
            return Err(Error::new(ErrorKind::Storage, message));
        }
        let Some(file) = &self.settings.own_config else {
            let message = "an in-memory database has no config file: pass the settings in the option config";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        write_consent(file, self.access().database().path(), opt_out, strict)?;
        self.telemetry_config()
    }
}
