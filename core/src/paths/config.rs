//! The config files, as layers of which the more special ones hold.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::json_file::read_object;
use crate::error::{Error, Result};
use crate::input::given;

/// One layer of configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where it comes from, for error messages.
    pub(crate) source: String,
    values: Map<String, Value>,
}

impl Config {
    /// A layer from a JSON value; anything but an object is an empty layer.
    #[cfg(test)]
    pub(crate) fn new(source: &str, value: &Value) -> Self {
        Self { source: source.to_owned(), values: value.as_object().cloned().unwrap_or_default() }
    }

    /// The object under this name, where there is one.
    pub(crate) fn part(&self, name: &str) -> Result<Option<&Map<String, Value>>> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(part)) => Ok(Some(part)),
            Some(other) => Err(Error::invalid(name, given(other), "an object")),
        }
    }
}

/// Where the layers of a handle's configuration come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConfigSources {
    /// The files, the more general ones first.
    pub(crate) files: Vec<PathBuf>,
    /// What the host gave when it opened the handle.
    pub(crate) given: Option<Map<String, Value>>,
}

impl ConfigSources {
    /// Reads the files anew: a user may change them while the host runs.
    pub(crate) fn load(&self) -> Result<Vec<Config>> {
        let mut configs = Vec::new();
        for file in &self.files {
            if let Some(values) = read_object(file)? {
                configs.push(Config { source: file.display().to_string(), values });
            }
        }
        if let Some(values) = self.given.clone() {
            configs.push(Config { source: "config".to_owned(), values });
        }
        Ok(configs)
    }
}
