//! The `telemetry` part of the config files.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::paths::Config;

/// What the config files say about recording.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct TelemetrySettings {
    /// Nothing is recorded locally.
    pub(crate) strict: bool,
}

impl TelemetrySettings {
    /// From configs, the more general ones first: what a later one says holds.
    /// A value of the wrong type is an error: guessing could record what somebody forbade.
    pub(crate) fn from_configs(configs: &[Config]) -> Result<Self> {
        let mut settings = Self::default();
        for config in configs {
            settings.apply(config).map_err(|error| error.context(&config.source))?;
        }
        Ok(settings)
    }

    fn apply(&mut self, config: &Config) -> Result<()> {
        let Some(telemetry) = config.part("telemetry")? else { return Ok(()) };
        match telemetry.get("strict") {
            None | Some(Value::Null) => {}
            Some(Value::Bool(strict)) => self.strict = *strict,
            Some(other) => return Err(Error::invalid("telemetry.strict", other, "true or false")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn strict(configs: &[Value]) -> Result<bool> {
        let configs: Vec<Config> = configs.iter().map(|value| Config::new("test", value)).collect();
        Ok(TelemetrySettings::from_configs(&configs)?.strict)
    }

    #[test]
    fn the_more_special_config_holds() {
        assert!(!strict(&[json!({})]).unwrap());
        assert!(strict(&[json!({"telemetry": {"strict": true}}), json!({"telemetry": {}})]).unwrap());
        assert!(
            !strict(&[json!({"telemetry": {"strict": true}}), json!({"telemetry": {"strict": false}})])
                .unwrap()
        );
    }

    #[test]
    fn text_is_not_taken_for_a_boolean() {
        let error = strict(&[json!({"telemetry": {"strict": "false"}})]).unwrap_err();
        assert_eq!(error.field(), Some("telemetry.strict"));
        assert!(strict(&[json!({"telemetry": true})]).is_err());
    }
}
