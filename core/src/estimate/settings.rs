//! The `velocity` part of the config files.

use serde_json::{Map, Value};

use super::lane::{Lane, PerLane};
use super::options::EstimateOptions;
use crate::error::{Error, Result};
use crate::input::given;
use crate::paths::Config;

/// Story points per hour of each lane, and the weight of history in `mixed` mode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct VelocitySettings {
    pub(super) sp_per_hour: PerLane<f64>,
    pub(super) alpha: f64,
}

const DEFAULT_SP_PER_HOUR: f64 = 15.0;
const DEFAULT_ALPHA: f64 = 0.5;

impl VelocitySettings {
    /// From configs, general ones first: later ones override earlier ones.
    pub(crate) fn from_configs(configs: &[Config]) -> Result<Self> {
        let mut settings =
            Self { sp_per_hour: PerLane::from_fn(|_| DEFAULT_SP_PER_HOUR), alpha: DEFAULT_ALPHA };
        for config in configs {
            settings.apply(config).map_err(|error| error.context(&config.source))?;
        }
        Ok(settings)
    }

    fn apply(&mut self, config: &Config) -> Result<()> {
        let Some(velocity) = config.part("velocity")? else { return Ok(()) };
        let speeds = &mut self.sp_per_hour;
        for (name, value) in [
            ("implementationSpPerHour", &mut speeds.implementation),
            ("reviewSpPerHour", &mut speeds.review),
            ("qaSpPerHour", &mut speeds.qa),
            ("alpha", &mut self.alpha),
        ] {
            if let Some(number) = number(velocity, name)? {
                *value = number;
            }
        }
        if !(0.0..=1.0).contains(&self.alpha) {
            return Err(Error::invalid("velocity.alpha", self.alpha, "a number from 0 to 1"));
        }
        Ok(())
    }

    /// The velocities with the call's overrides: first for all lanes, then for each lane.
    pub(super) fn overridden(&self, options: &EstimateOptions) -> PerLane<f64> {
        PerLane::from_fn(|lane| {
            let own = match lane {
                Lane::Implementation => options.sp_per_hour_implementation,
                Lane::Review => options.sp_per_hour_review,
                Lane::Qa => options.sp_per_hour_qa,
            };
            own.or(options.sp_per_hour_all).unwrap_or(*self.sp_per_hour.of(lane))
        })
    }
}

fn number(velocity: &Map<String, Value>, name: &str) -> Result<Option<f64>> {
    match velocity.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) => Ok(Some(number)),
            None => Err(Error::invalid(&format!("velocity.{name}"), given(value), "a number")),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(configs: &[Value]) -> Result<VelocitySettings> {
        let configs: Vec<Config> = configs.iter().map(|value| Config::new("test", value)).collect();
        VelocitySettings::from_configs(&configs)
    }

    #[test]
    fn call_over_workspace_over_global_over_default() {
        let found = settings(&[
            json!({"velocity": {"reviewSpPerHour": 12, "qaSpPerHour": 8}}),
            json!({"velocity": {"qaSpPerHour": 9, "alpha": 0.4}}),
        ])
        .unwrap();
        assert_eq!(found.sp_per_hour, PerLane { implementation: 15.0, review: 12.0, qa: 9.0 });
        assert_eq!(found.alpha, 0.4);
        let options = EstimateOptions {
            sp_per_hour_all: Some(6.0),
            sp_per_hour_qa: Some(3.0),
            ..EstimateOptions::default()
        };
        assert_eq!(found.overridden(&options), PerLane { implementation: 6.0, review: 6.0, qa: 3.0 });
    }

    #[test]
    fn values_of_the_wrong_type_are_errors() {
        for (config, field) in [
            (json!({"velocity": {"qaSpPerHour": "8"}}), "velocity.qaSpPerHour"),
            (json!({"velocity": {"alpha": 1.5}}), "velocity.alpha"),
            (json!({"velocity": []}), "velocity"),
        ] {
            assert_eq!(settings(&[config]).unwrap_err().field(), Some(field));
        }
    }
}
