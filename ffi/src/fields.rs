//! The handles that a caller fills in field by field: records, contexts and options.
//!
//! They hold the same object that the JSON calls read, so the engine has one reader, which checks every value when
//! the handle is used.

use std::ffi::c_char;

use serde_json::{Map, Value};

use crate::error::{Result, mcoda_error};
use crate::input::{optional_text, parse};

/// An object under construction, and the names of its fields by their numbers.
pub(crate) struct Fields {
    names: &'static [(i32, &'static str)],
    values: Map<String, Value>,
}

impl Fields {
    pub(crate) fn new(names: &'static [(i32, &'static str)]) -> Self {
        Self { names, values: Map::new() }
    }

    pub(crate) fn filled(names: &'static [(i32, &'static str)], values: &Value) -> Self {
        Self { names, values: values.as_object().cloned().unwrap_or_default() }
    }

    /// What the engine reads.
    pub(crate) fn to_json(&self) -> Value {
        Value::Object(self.values.clone())
    }

    /// Sets a field to text; NULL makes it absent.
    pub(crate) unsafe fn set_text(&mut self, field: i32, value: *const c_char) -> Result<()> {
        let name = self.name(field)?;
        self.set(name, optional_text(name, value)?.map(Value::from));
        Ok(())
    }

    /// Sets a field to what the JSON text says; NULL makes it absent.
    pub(crate) unsafe fn set_json(&mut self, field: i32, value: *const c_char) -> Result<()> {
        let name = self.name(field)?;
        let value = optional_text(name, value)?.map(|text| parse(name, text)).transpose()?;
        self.set(name, value);
        Ok(())
    }

    pub(crate) fn set_int(&mut self, field: i32, value: i64) -> Result<()> {
        self.set(self.name(field)?, Some(value.into()));
        Ok(())
    }

    /// JSON has no words for NaN and the infinities. Their text is something that the engine refuses.
    pub(crate) fn set_real(&mut self, field: i32, value: f64) -> Result<()> {
        let value = if value.is_finite() { Value::from(value) } else { Value::from(value.to_string()) };
        self.set(self.name(field)?, Some(value));
        Ok(())
    }

    pub(crate) fn set_bool(&mut self, field: i32, value: bool) -> Result<()> {
        self.set(self.name(field)?, Some(value.into()));
        Ok(())
    }

    fn set(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => self.values.insert(name.to_owned(), value),
            None => self.values.remove(name),
        };
    }

    fn name(&self, field: i32) -> Result<&'static str> {
        let found = self.names.iter().find(|(number, _)| *number == field);
        found.map(|(_, name)| *name).ok_or_else(|| {
            let last = self.names.last().map_or(0, |(number, _)| *number);
            let allowed = format!("a field from 1 to {last}, those that this version knows");
            mcoda_error::invalid("field", &field.to_string(), &allowed)
        })
    }
}
