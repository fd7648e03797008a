//! Reading a caller's JSON object field by field, with errors that name the field.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::number::MAX_SAFE_INTEGER;
use crate::time::Timestamp;

/// The fields of one input object. Names are camelCase; snake_case is read as the same name. A null
/// counts as absent.
pub(crate) struct Fields<'a> {
    values: BTreeMap<Cow<'a, str>, &'a Value>,
}

impl<'a> Fields<'a> {
    /// Takes an object whose fields are all among `known`: a misspelt field would silently be lost.
    pub(crate) fn new(what: &str, input: &'a Value, known: &[&str]) -> Result<Self> {
        let Value::Object(object) = input else {
            return Err(Error::invalid(what, kind_of(input), "an object"));
        };
        let mut values = BTreeMap::new();
        for (name, value) in object {
            let camel = camel_case(name);
            if !known.contains(&camel.as_ref()) {
                return Err(Error::invalid(
                    name,
                    "an unknown field",
                    &format!("one of {}", known.join(", ")),
                ));
            }
            if !value.is_null() && values.insert(camel, value).is_some() {
                return Err(Error::invalid(name, "the same field twice", "each field once"));
            }
        }
        Ok(Self { values })
    }

    /// Reads `other` as another name of `name`.
    pub(crate) fn alias(mut self, other: &str, name: &'static str) -> Result<Self> {
        if let Some(value) = self.values.remove(other)
            && let Some(given) = self.values.insert(name.into(), value)
            && given != value
        {
            return Err(Error::invalid(
                other,
                self::given(value),
                &format!("the same as {name}, or one of the two alone"),
            ));
        }
        Ok(self)
    }

    /// The value as it is, for a field that may be of several types.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.values.get(name).copied()
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        self.read(name, "text", |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<String> {
        self.text(name)?.ok_or_else(|| Error::invalid(name, "nothing", "text"))
    }

    /// A whole number; one that is written with a fraction of zero (`3.0`) counts as whole.
    pub(crate) fn whole(&self, name: &str) -> Result<Option<i64>> {
        self.read(name, "a whole number up to 2^53-1", |value| {
            value.as_i64().or_else(|| {
                let number = value.as_f64()?;
                (number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64).then_some(number as i64)
            })
        })
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>> {
        self.read(name, "a number", Value::as_f64)
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.read(name, "true or false", Value::as_bool)
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.read(name, "an array of texts", |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>> {
        self.read(name, "an object", |value| value.as_object().cloned())
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        self.text(name)?.map(|text| Timestamp::read_field(name, &text)).transpose()
    }

    fn read<T>(&self, name: &str, allowed: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.values.get(name) else { return Ok(None) };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(Error::invalid(name, given(value), allowed)),
        }
    }
}

/// Reads each element of an array; an error says which one it is about, as `noun` calls it.
pub(crate) fn list<T>(
    what: &str,
    noun: &str,
    input: &Value,
    read: impl Fn(&Value) -> Result<T>,
) -> Result<Vec<T>> {
    let Value::Array(values) = input else {
        return Err(Error::invalid(what, kind_of(input), "an array of objects"));
    };
    let read_one = |(index, value)| {
        read(value).map_err(|error| match values.len() {
            1 => error,
            many => error.context(format_args!("{noun} {} of {many}", index + 1)),
        })
    };
    values.iter().enumerate().map(read_one).collect()
}

/// The value as an error shows it: structures by their kind alone, since they may hold anything.
pub(crate) fn given(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
        scalar => scalar.to_string(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn camel_case(name: &str) -> Cow<'_, str> {
    if !name.contains('_') {
        return Cow::Borrowed(name);
    }
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    Cow::Owned(camel)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KNOWN: &[&str] = &["tokensPrompt", "promptTokens", "jobId"];

    #[test]
    fn both_spellings_and_aliases_are_one_field() {
        for input in [
            json!({"tokensPrompt": 3}),
            json!({"tokens_prompt": 3.0}),
            json!({"promptTokens": 3, "jobId": null}),
        ] {
            let fields =
                Fields::new("usage", &input, KNOWN).unwrap().alias("promptTokens", "tokensPrompt").unwrap();
            assert_eq!(fields.whole("tokensPrompt").unwrap(), Some(3));
            assert_eq!(fields.text("jobId").unwrap(), None);
        }
    }

    #[test]
    fn an_error_in_a_list_says_which_element_it_is_about() {
        let whole = |value: &Value| Fields::new("usage", value, KNOWN)?.whole("tokensPrompt");
        let read = |input: Value| list("usages", "record", &input, whole);
        assert_eq!(read(json!([{"tokensPrompt": 1}, {}])).unwrap(), [Some(1), None]);
        let error = read(json!([{}, {"tokensPrompt": "x"}])).unwrap_err();
        assert_eq!(error.field(), Some("tokensPrompt"));
        assert!(error.message().starts_with("record 2 of 2: tokensPrompt: got"), "{error}");
        assert!(read(json!([[]])).unwrap_err().message().starts_with("usage: got an array"));
        assert_eq!(read(json!({})).unwrap_err().field(), Some("usages"));
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_names_the_field() {
        for (input, field) in [
            (json!({"tokenPrompt": 3}), "tokenPrompt"),
            (json!({"tokensPrompt": 3, "tokens_prompt": 3}), "tokens_prompt"),
            (json!([]), "usage"),
        ] {
            assert_eq!(Fields::new("usage", &input, KNOWN).err().unwrap().field(), Some(field));
        }
        let fields = json!({"tokensPrompt": "true", "jobId": ["a", 1]});
        let fields = Fields::new("usage", &fields, KNOWN).unwrap();
        assert_eq!(fields.boolean("tokensPrompt").unwrap_err().field(), Some("tokensPrompt"));
        assert_eq!(fields.texts("jobId").unwrap_err().field(), Some("jobId"));
        let two = json!({"tokensPrompt": 3, "promptTokens": 4});
        assert!(Fields::new("usage", &two, KNOWN).unwrap().alias("promptTokens", "tokensPrompt").is_err());
        let two = json!({"tokensPrompt": 3, "promptTokens": {"a": "secret"}});
        let error = Fields::new("usage", &two, KNOWN).unwrap().alias("promptTokens", "tokensPrompt").err();
        assert!(!error.unwrap().message().contains("secret"));
        for value in [json!(1.5), json!("3"), json!(true), json!(1e19), json!({"a": "secret"})] {
            let input = json!({"tokensPrompt": value});
            let error = Fields::new("usage", &input, KNOWN).unwrap().whole("tokensPrompt").unwrap_err();
            assert_eq!(error.field(), Some("tokensPrompt"));
            assert!(!error.message().contains("secret"));
        }
    }
}
