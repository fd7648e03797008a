//! The `telemetry` part of the config files.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::definition::record;
use crate::error::{Error, Result};
use crate::input::given;
use crate::paths::{Config, edit_part};

record! {
    /// The settings in effect for recording and remote export.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
    #[non_exhaustive]
    pub struct TelemetryConfig("config", "camelCase"): {
        /// Whether token usage is recorded locally. `false` with `strict`.
        pub local_recording: bool,
        /// Whether records may be sent to an endpoint. `false` with `optOut`, with `MCODA_TELEMETRY=off`, and for a
        /// handle that was opened with `noTelemetry`. This version exports nothing in any case.
        pub remote_export: bool,
        /// `telemetry.optOut` of the config files.
        pub opt_out: bool,
        /// `telemetry.strict` of the config files.
        pub strict: bool,
        /// Whether `MCODA_TELEMETRY=off` turns remote export off.
        #[serde(default)]
        pub off_by_environment: bool,
        /// Whether this handle turns remote export off (`noTelemetry`).
        #[serde(default)]
        pub off_by_handle: bool,
        /// `telemetry.endpoint` of the config files: the destination of exported records.
        #[serde(default)]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub endpoint: Option<String>,
        /// The file that `opt_out` and `opt_in` write; absent for an in-memory database.
        #[serde(default)]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub config_path: Option<String>,
    }
}

/// The settings of the config files.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TelemetrySettings {
    strict: bool,
    opt_out: bool,
    endpoint: Option<String>,
}

/// Overrides of the config files for remote export.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overrides<'a> {
    pub(crate) off_by_environment: bool,
    pub(crate) off_by_handle: bool,
    pub(crate) config_file: Option<&'a Path>,
}

/// Whether nothing is recorded locally. Recording reads no other setting: an invalid setting of the export must not
/// lose a record.
pub(crate) fn is_strict(configs: &[Config]) -> Result<bool> {
    let mut strict = false;
    each(configs, |telemetry| {
        strict = boolean(telemetry, "strict")?.unwrap_or(strict);
        Ok(())
    })?;
    Ok(strict)
}

impl TelemetrySettings {
    /// From configs, general ones first: later ones override earlier ones. A value of the wrong type is an error:
    /// guessing could record or send data against the user's choice.
    pub(crate) fn from_configs(configs: &[Config]) -> Result<Self> {
        let mut settings = Self::default();
        each(configs, |telemetry| settings.apply(telemetry))?;
        Ok(settings)
    }

    fn apply(&mut self, telemetry: &Map<String, Value>) -> Result<()> {
        self.strict = boolean(telemetry, "strict")?.unwrap_or(self.strict);
        // `optedOut` is an older name.
        let opted_out = boolean(telemetry, "optedOut")?;
        self.opt_out = match (boolean(telemetry, "optOut")?, opted_out) {
            (None, None) => self.opt_out,
            (now, before) => now == Some(true) || before == Some(true),
        };
        match telemetry.get("endpoint") {
            None | Some(Value::Null) => {}
            Some(Value::String(endpoint)) => self.endpoint = Some(endpoint.clone()),
            Some(_) => return Err(Error::invalid("telemetry.endpoint", "another value", "text")),
        }
        Ok(())
    }

    pub(crate) fn with_overrides(self, overrides: Overrides<'_>) -> TelemetryConfig {
        TelemetryConfig {
            local_recording: !self.strict,
            remote_export: !(self.opt_out || overrides.off_by_environment || overrides.off_by_handle),
            opt_out: self.opt_out,
            strict: self.strict,
            off_by_environment: overrides.off_by_environment,
            off_by_handle: overrides.off_by_handle,
            endpoint: self.endpoint,
            config_path: overrides.config_file.map(|file| file.display().to_string()),
        }
    }
}

/// Writes the choice into a config file. Everything else in the file keeps its exact text. `strict` of `None` keeps a
/// strict setting.
pub(crate) fn write_consent(file: &Path, database: &Path, opt_out: bool, strict: Option<bool>) -> Result<()> {
    edit_part(file, Some(database), "telemetry", |telemetry| {
        // Invalid settings are not overwritten.
        TelemetrySettings::default().apply(telemetry)?;
        let mut changes = vec![("optOut", opt_out.into())];
        if telemetry.contains_key("optedOut") {
            changes.push(("optedOut", opt_out.into()));
        }
        let strict = strict.unwrap_or(telemetry.get("strict") == Some(&Value::Bool(true)));
        changes.push(("strict", strict.into()));
        Ok(changes)
    })
}

fn each(configs: &[Config], mut visit: impl FnMut(&Map<String, Value>) -> Result<()>) -> Result<()> {
    for config in configs {
        let part = config.part("telemetry").and_then(|part| part.map_or(Ok(()), &mut visit));
        part.map_err(|error| error.context(&config.source))?;
    }
    Ok(())
}

fn boolean(telemetry: &Map<String, Value>, name: &str) -> Result<Option<bool>> {
    match telemetry.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(other) => Err(Error::invalid(&format!("telemetry.{name}"), given(other), "true or false")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(configs: &[Value]) -> Result<TelemetrySettings> {
        let configs: Vec<Config> = configs.iter().map(|value| Config::new("test", value)).collect();
        let settings = TelemetrySettings::from_configs(&configs)?;
        assert_eq!(is_strict(&configs)?, settings.strict);
        Ok(settings)
    }

    #[test]
    fn the_more_specific_config_takes_precedence() {
        let strict = |configs: &[Value]| settings(configs).unwrap().strict;
        assert!(!strict(&[json!({})]));
        assert!(strict(&[json!({"telemetry": {"strict": true}}), json!({"telemetry": {}})]));
        assert!(!strict(&[json!({"telemetry": {"strict": true}}), json!({"telemetry": {"strict": false}})]));
        let out = |configs: &[Value]| settings(configs).unwrap().opt_out;
        assert!(out(&[json!({"telemetry": {"optOut": true}}), json!({})]));
        assert!(out(&[json!({"telemetry": {"optedOut": true}})]));
        assert!(!out(&[json!({"telemetry": {"optOut": true}}), json!({"telemetry": {"optOut": false}})]));
    }

    #[test]
    fn text_is_not_taken_for_a_boolean() {
        for (telemetry, field) in [
            (json!({"strict": "false"}), "telemetry.strict"),
            (json!({"optOut": 1}), "telemetry.optOut"),
            (json!({"optedOut": "no"}), "telemetry.optedOut"),
            (json!({"endpoint": {"url": "x"}}), "telemetry.endpoint"),
        ] {
            let error = settings(&[json!({"telemetry": telemetry})]).unwrap_err();
            assert_eq!(error.field(), Some(field));
        }
        assert!(settings(&[json!({"telemetry": true})]).is_err());
    }

    #[test]
    fn an_invalid_export_setting_does_not_stop_recording() {
        let config = Config::new("test", &json!({"telemetry": {"optOut": "yes", "strict": false}}));
        assert!(!is_strict(&[config]).unwrap());
    }
}
