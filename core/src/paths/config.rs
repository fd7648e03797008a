//! Config files, as layers; later layers override earlier ones.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::json_file::read_object;
use crate::error::{Error, Result};
use crate::input::given;

/// One layer of configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Its origin, for error messages.
    pub(crate) source: String,
    values: Map<String, Value>,
}

impl Config {
    /// A layer from a JSON value; anything but an object is an empty layer.
    #[cfg(test)]
    pub(crate) fn new(source: &str, value: &Value) -> Self {
        Self { source: source.to_owned(), values: value.as_object().cloned().unwrap_or_default() }
    }

    /// The object under this name, if any.
    pub(crate) fn part(&self, name: &str) -> Result<Option<&Map<String, Value>>> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(part)) => Ok(Some(part)),
            Some(other) => Err(Error::invalid(name, given(other), "an object")),
        }
    }
}

/// The layers of a handle's configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConfigSources {
    /// The files, from general to specific.
    pub(crate) files: Vec<PathBuf>,
    /// The option `config` of the handle.
    pub(crate) given: Option<Map<String, Value>>,
}

impl ConfigSources {
    /// Reads the files again: a user may change them while the host runs.
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
