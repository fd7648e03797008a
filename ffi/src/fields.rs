//! The handles that a caller fills in field by field: records, contexts and options.
//!
//! They hold the same object that the JSON calls read, so the engine has one reader, which checks every value when
//! the handle is used.

use std::ffi::c_char;

use serde_json::{Map, Value};

use crate::error::{Result, mcoda_error};
use crate::input::{optional_text, parse};

/// A type of value that a field is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Int,
    Real,
    Bool,
    Json,
}

impl Type {
    /// The value in an error, and the end of the setter's name.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "set_text"),
            Self::Int => ("a whole number", "set_int"),
            Self::Real => ("a number", "set_real"),
            Self::Bool => ("true or false", "set_bool"),
            Self::Json => ("JSON", "set_json"),
        }
    }
}

/// A field's number, its JSON name and its type. A field that takes values of two types is in a table twice.
pub(crate) type Field = (i32, &'static str, Type);

/// An object under construction, and the fields that it may have.
pub(crate) struct Fields {
    known: &'static [Field],
    /// The object that the engine reads.
    json: Value,
}

impl Fields {
    pub(crate) fn new(known: &'static [Field]) -> Self {
        Self { known, json: Value::Object(Map::new()) }
    }

    pub(crate) fn filled(known: &'static [Field], values: &Value) -> Self {
        Self { known, json: Value::Object(values.as_object().cloned().unwrap_or_default()) }
    }

    /// Makes every field absent.
    pub(crate) fn clear(&mut self) {
        self.values().clear();
    }

    /// The object that the engine reads.
    pub(crate) fn json(&self) -> &Value {
        &self.json
    }

    fn values(&mut self) -> &mut Map<String, Value> {
        if !self.json.is_object() {
            self.json = Value::Object(Map::new());
        }
        match &mut self.json {
            Value::Object(values) => values,
            _ => unreachable!("it has just been made an object"),
        }
    }

    /// Sets a field to text; NULL makes it absent.
    pub(crate) unsafe fn set_text(&mut self, field: i32, value: *const c_char) -> Result<()> {
        let name = self.name(field, Type::Text)?;
        self.set(name, optional_text(name, value)?.map(Value::from));
        Ok(())
    }

    /// Sets a field to the value of a JSON text; NULL makes it absent.
    pub(crate) unsafe fn set_json(&mut self, field: i32, value: *const c_char) -> Result<()> {
        let name = self.name(field, Type::Json)?;
        let value = optional_text(name, value)?.map(|text| parse(name, text)).transpose()?;
        self.set(name, value);
        Ok(())
    }

    pub(crate) fn set_int(&mut self, field: i32, value: i64) -> Result<()> {
        self.set(self.name(field, Type::Int)?, Some(value.into()));
        Ok(())
    }

    /// JSON cannot express NaN and the infinities. The engine refuses their text.
    pub(crate) fn set_real(&mut self, field: i32, value: f64) -> Result<()> {
        let value = if value.is_finite() { Value::from(value) } else { Value::from(value.to_string()) };
        self.set(self.name(field, Type::Real)?, Some(value));
        Ok(())
    }

    pub(crate) fn set_bool(&mut self, field: i32, value: bool) -> Result<()> {
        self.set(self.name(field, Type::Bool)?, Some(value.into()));
        Ok(())
    }

    fn set(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => self.values().insert(name.to_owned(), value),
            None => self.values().shift_remove(name),
        };
    }

    /// The JSON name of a field that takes a value of this type.
    fn name(&self, field: i32, given: Type) -> Result<&'static str> {
        let mut allowed = Vec::new();
        for (_, name, own) in self.known.iter().filter(|(number, ..)| *number == field) {
            if *own == given {
                return Ok(name);
            }
            let (value, setter) = own.words();
            allowed.push((name, format!("{value} ({setter})")));
        }
        let Some((name, _)) = allowed.first() else { return Err(self.unknown(field)) };
        let (value, setter) = given.words();
        let types: Vec<_> = allowed.iter().map(|(_, text)| text.as_str()).collect();
        Err(mcoda_error::invalid(name, &format!("{value} ({setter})"), &types.join(" or ")))
    }

    fn unknown(&self, field: i32) -> mcoda_error {
        let last = self.known.iter().map(|(number, ..)| *number).max().unwrap_or(0);
        let allowed = format!("a field from 1 to {last}, those that this version knows");
        mcoda_error::invalid("field", &field.to_string(), &allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{estimate_options, options, token_usage, transition_context};

    const ALL: [&[Field]; 4] =
        [options::FIELDS, token_usage::FIELDS, transition_context::FIELDS, estimate_options::FIELDS];
    const TYPES: [Type; 5] = [Type::Text, Type::Int, Type::Real, Type::Bool, Type::Json];

    /// Sets a field to a value of a type that is valid as such.
    fn set(fields: &mut Fields, field: i32, value: Type) -> Result<()> {
        // SAFETY: the texts end with NUL and live as long as the program.
        unsafe {
            match value {
                Type::Text => fields.set_text(field, c"text".as_ptr()),
                Type::Int => fields.set_int(field, 1),
                Type::Real => fields.set_real(field, 1.5),
                Type::Bool => fields.set_bool(field, true),
                Type::Json => fields.set_json(field, c"{}".as_ptr()),
            }
        }
    }

    #[test]
    fn a_setter_refuses_a_field_of_another_type() {
        for known in ALL {
            for (field, name, _) in known {
                for given in TYPES {
                    let mut fields = Fields::new(known);
                    let is_allowed = known.contains(&(*field, name, given));
                    let result = set(&mut fields, *field, given);
                    assert_eq!(result.is_ok(), is_allowed, "{name} {given:?}");
                    assert_eq!(fields.json().get(name).is_some(), is_allowed, "{name} {given:?}");
                }
            }
        }
    }

    #[test]
    fn an_error_names_the_field_the_value_and_the_allowed_types() {
        let message = |known, field, given| {
            let error = set(&mut Fields::new(known), field, given).unwrap_err();
            (error.field().unwrap().to_owned(), error.message().to_owned())
        };
        assert_eq!(
            message(token_usage::FIELDS, 1, Type::Int),
            ("id".to_owned(), "id: got a whole number (set_int); expected text (set_text)".to_owned())
        );
        let log = "jsonLog: got JSON (set_json); expected text (set_text) or true or false (set_bool)";
        assert_eq!(message(options::FIELDS, 4, Type::Json), ("jsonLog".to_owned(), log.to_owned()));
        let unknown = "field: got 13; expected a field from 1 to 12, those that this version knows";
        assert_eq!(message(options::FIELDS, 13, Type::Bool), ("field".to_owned(), unknown.to_owned()));
    }

    #[test]
    fn a_cleared_handle_has_no_field() {
        let mut fields = Fields::new(token_usage::FIELDS);
        set(&mut fields, 17, Type::Int).map_err(|error| error.message().to_owned()).unwrap();
        fields.clear();
        assert_eq!(*fields.json(), Value::Object(Map::new()));
    }
}
