//! Environment variables: the only module that reads those of the process.

use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::input::given;

/// The environment variables that the library uses, read once.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{Environment, Workspace};
///
/// // A test must not read the config files of the user.
/// let environment = Environment { home: None, ..Environment::default() };
/// let workspace = Workspace::options().environment(environment).open_db(":memory:")?;
/// assert!(workspace.telemetry_config()?.config_path.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The user's home folder: `HOME`, else `USERPROFILE`, else the platform's.
    pub home: Option<PathBuf>,
    /// `MCODA_CONFIG`: the global config file, if it is not `config.json` in the global folder.
    pub config: Option<PathBuf>,
    /// `MCODA_DISABLE_DB=1`: token usage goes to the JSON log only; all other calls are refused.
    pub disable_db: bool,
    /// `MCODA_TELEMETRY=off`: no record is exported.
    pub telemetry_off: bool,
}

impl Environment {
    /// All variables that are read.
    pub const VARIABLES: [&str; 5] = [HOME, USERPROFILE, CONFIG, DISABLE_DB, TELEMETRY];

    /// Reads the variables of this process.
    pub fn of_process() -> Self {
        Self { home: process_home(), ..Self::default() }.with(of_process)
    }

    /// Reads the variables of an environment other than the process's, for example that of a host's thread. `variables`
    /// contains text under the names of [`Environment::VARIABLES`]; other names are ignored, and null is absent. If
    /// neither these variables nor the process's name a home folder, the platform's is used: an environment without a
    /// home folder, in a process that has one, must not use it.
    ///
    /// `InvalidInput` for a value that is not text, and for a path that lost bytes in its conversion to text.
    pub fn from_variables(variables: &Map<String, Value>) -> Result<Self> {
        for name in Self::VARIABLES {
            let refuse = |given: &dyn std::fmt::Display, allowed| {
                Err(Error::invalid(&format!("environment.{name}"), given, allowed))
            };
            match variables.get(name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if !text.contains(['\u{fffd}', '\0']) => {}
                Some(Value::String(text)) => return refuse(&format!("{text:?}"), "text that is valid UTF-8"),
                Some(other) => return refuse(&given(other), "text"),
            }
        }
        let process_has_one = [HOME, USERPROFILE].into_iter().any(|name| folder(of_process(name)).is_some());
        let home = if process_has_one { None } else { process_home() };
        let value = |name: &str| variables.get(name).and_then(Value::as_str).map(OsString::from);
        Ok(Self { home, ..Self::default() }.with(value))
    }

    /// The values of the variables. If they name no home folder, the current one is kept.
    fn with(self, value: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            home: folder(value(HOME)).or_else(|| folder(value(USERPROFILE))).or(self.home),
            config: folder(value(CONFIG)),
            disable_db: value(DISABLE_DB).is_some_and(|value| value == "1"),
            telemetry_off: value(TELEMETRY).is_some_and(|value| value.eq_ignore_ascii_case("off")),
        }
    }
}

const HOME: &str = "HOME";
const USERPROFILE: &str = "USERPROFILE";
const CONFIG: &str = "MCODA_CONFIG";
const DISABLE_DB: &str = "MCODA_DISABLE_DB";
const TELEMETRY: &str = "MCODA_TELEMETRY";

fn folder(value: Option<OsString>) -> Option<PathBuf> {
    value.filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn of_process(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn process_home() -> Option<PathBuf> {
    std::env::home_dir()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn read(variables: Value) -> Result<Environment> {
        Environment::from_variables(variables.as_object().unwrap())
    }

    #[test]
    fn given_variables_replace_those_of_the_process() {
        let given = read(json!({"HOME": "", "USERPROFILE": "/home/ada", "MCODA_CONFIG": "/etc/m.json",
                                "MCODA_DISABLE_DB": "1", "MCODA_TELEMETRY": "OFF", "PATH": 7}));
        let given = given.unwrap();
        assert_eq!(given.home.as_deref(), Some(Path::new("/home/ada")));
        assert_eq!(given.config.as_deref(), Some(Path::new("/etc/m.json")));
        assert!(given.disable_db && given.telemetry_off);
        let other = read(json!({"HOME": "/home/eve", "USERPROFILE": "/home/ada", "MCODA_TELEMETRY": null}));
        let other = other.unwrap();
        assert_eq!(other.home.as_deref(), Some(Path::new("/home/eve")));
        assert!(other.config.is_none() && !other.disable_db && !other.telemetry_off);
    }

    #[test]
    fn an_environment_without_a_home_does_not_get_that_of_the_process() {
        if folder(of_process(HOME)).or(folder(of_process(USERPROFILE))).is_some() {
            assert_eq!(read(json!({})).unwrap().home, None);
        } else {
            assert_eq!(read(json!({})).unwrap().home, process_home());
        }
    }

    #[test]
    fn a_value_that_is_not_valid_text_is_refused_by_its_name() {
        for name in Environment::VARIABLES {
            for value in [json!(1), json!(true), json!({}), json!("/home/\u{fffd}"), json!("a\0b")] {
                let error = read(json!({ name: value })).unwrap_err();
                assert_eq!(error.field(), Some(&*format!("environment.{name}")), "{error}");
            }
        }
    }
}
