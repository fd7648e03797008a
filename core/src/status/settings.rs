//! The part `statuses` of the config files: further statuses, each with the lane in which its tasks count.

use std::collections::BTreeMap;

use super::{NAMES, nearest, normalised};
use crate::error::{Error, Result};
use crate::input::given;
use crate::paths::Config;

/// Where the tasks with a status count, in the order in which tasks get there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StatusLane {
    Implementation,
    Review,
    Qa,
    Done,
}

/// A status that a caller gives for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusWord(pub(crate) String);

/// The statuses that a host adds to those of the pipeline.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StatusSettings {
    lanes: BTreeMap<String, StatusLane>,
}

impl StatusSettings {
    /// From configs, general ones first: later ones override earlier ones.
    pub(crate) fn from_configs(configs: &[Config]) -> Result<Self> {
        let mut settings = Self::default();
        for config in configs {
            settings.apply(config).map_err(|error| error.context(&config.source))?;
        }
        Ok(settings)
    }

    fn apply(&mut self, config: &Config) -> Result<()> {
        let Some(statuses) = config.part("statuses")? else { return Ok(()) };
        for (word, lane) in statuses {
            let field = format!("statuses.{word}");
            let name = normalised(word).into_owned();
            if name.is_empty() || name.contains(char::is_control) {
                return Err(Error::invalid(
                    "statuses",
                    format_args!("{word:?}"),
                    "names on one line that are not blank",
                ));
            }
            if NAMES.contains(&&*name) {
                let allowed = "a name that is not one of the pipeline's statuses, whose lanes are fixed";
                return Err(Error::invalid(&field, given(lane), allowed));
            }
            let lane = match lane.as_str() {
                Some("implementation") => StatusLane::Implementation,
                Some("review") => StatusLane::Review,
                Some("qa") => StatusLane::Qa,
                Some("done") => StatusLane::Done,
                _ => return Err(Error::invalid(&field, given(lane), "implementation, review, qa or done")),
            };
            self.lanes.insert(name, lane);
        }
        Ok(())
    }

    /// The lane of a further status, by its name as stored.
    pub(super) fn lane(&self, stored: &str) -> Option<StatusLane> {
        if self.lanes.is_empty() { None } else { self.lanes.get(&*normalised(stored)).copied() }
    }

    /// Refuses a status that is neither one of the pipeline nor a further one.
    pub(crate) fn check(&self, field: &str, status: &str) -> Result<()> {
        let name = normalised(status);
        if NAMES.contains(&&*name) || self.lanes.contains_key(&*name) {
            return Ok(());
        }
        let further = || self.lanes.keys().map(String::as_str);
        let guess = nearest(status, further());
        // The older name of one of them is accepted, and not recommended.
        let known = NAMES.iter().copied().filter(|name| *name != "ready_to_review").chain(further());
        let known = known.collect::<Vec<_>>().join(", ");
        let meant = guess.map(|guess| format!(" (did you mean {guess:?}?)")).unwrap_or_default();
        let allowed = format!(
            "a known status{meant}: {known}; further ones are named under statuses in config.json, and \
             allowUnknownStatus takes any"
        );
        Err(Error::invalid(field, format_args!("{status:?}"), &allowed))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settings(configs: &[Value]) -> Result<StatusSettings> {
        let configs: Vec<Config> = configs.iter().map(|value| Config::new("test", value)).collect();
        StatusSettings::from_configs(&configs)
    }

    #[test]
    fn later_files_override_earlier_ones_word_by_word() {
        let found = settings(&[
            json!({"statuses": {"Parked": "implementation", "in_qa": "review"}}),
            json!({"statuses": {"in_qa": "qa"}}),
        ])
        .unwrap();
        assert_eq!(found.lane(" PARKED "), Some(StatusLane::Implementation));
        assert_eq!(found.lane("in_qa"), Some(StatusLane::Qa));
        assert_eq!(found.lane("parkd"), None);
        assert!(found.check("toStatus", "parked").is_ok());
        assert!(found.check("toStatus", "parkd").unwrap_err().message().contains("\"parked\""));
    }

    #[test]
    fn unusable_entries_are_errors_that_name_them() {
        for (config, field) in [
            (json!({"statuses": {"parked": "nowhere"}}), "statuses.parked"),
            (json!({"statuses": {"parked": 1}}), "statuses.parked"),
            (json!({"statuses": {"Completed": "qa"}}), "statuses.Completed"),
            (json!({"statuses": {"  ": "qa"}}), "statuses"),
            (json!({"statuses": ["parked"]}), "statuses"),
        ] {
            assert_eq!(settings(&[config]).unwrap_err().field(), Some(field));
        }
    }
}
