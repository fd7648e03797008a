//! Parsing a caller's JSON object field by field, with errors that name the field.

use std::borrow::Cow;

use serde_json::Value;

use crate::definition::{Definition, Field, FieldType, camel_case, is_same_name};
use crate::error::{Error, Result};
use crate::number::MAX_SAFE_INTEGER;

/// The fields of one input object. Names are camelCase; snake_case names are accepted. A null counts as absent.
pub(crate) struct Fields<'a> {
    /// The values in the order of the record's fields, each with the name under which it was given.
    values: std::vec::IntoIter<(&'static Field, Option<(&'a str, &'a Value)>)>,
}

impl<'a> Fields<'a> {
    /// Takes an object whose fields must all be defined: a misspelt field would silently be lost.
    pub(crate) fn new(record: &Definition, input: &'a Value) -> Result<Self> {
        let Value::Object(object) = input else {
            return Err(Error::invalid(record.noun, kind_of(input), "an object"));
        };
        let mut values = Vec::with_capacity(record.fields.len());
        values.extend(record.all_fields().map(|field| (field, None)));
        // Most objects have their fields in the order of the record: each is found behind the one before it.
        let mut start = 0;
        for (name, value) in object {
            let places = || (start..values.len()).chain(0..start);
            let found = places().find(|index| values[*index].0.json == name).or_else(|| {
                let spelling = Spelling::of(name);
                places().find(|index| spelling.names(values[*index].0))
            });
            start = found.map_or(0, |index| index + 1);
            let Some((field, place)) = found.and_then(|index| values.get_mut(index)) else {
                let allowed = format!("one of {}", names(record).join(", "));
                return Err(Error::invalid(name, "an unknown field", &allowed));
            };
            match place {
                _ if value.is_null() => {}
                None => *place = Some((name.as_str(), value)),
                Some(first) => refuse_second(field, *first, (name, value))?,
            }
        }
        Ok(Self { values: values.into_iter() })
    }

    /// Reads the next field of the record.
    pub(crate) fn next<T: FieldType>(&mut self) -> Result<T> {
        match self.values.next() {
            Some((field, Some((_, value)))) => T::from_value(field.json, value),
            Some((field, None)) => T::absent(field.json),
            None => T::absent("field"),
        }
    }
}

/// A name as it was given and in camelCase, which is compared with many fields.
struct Spelling<'a> {
    given: &'a str,
    camel: Cow<'a, str>,
}

impl<'a> Spelling<'a> {
    fn of(given: &'a str) -> Self {
        Self { given, camel: camel_case(given) }
    }

    fn names(&self, field: &Field) -> bool {
        let is_it = |name: &str| name == self.given || name == self.camel;
        is_it(field.json) || field.aliases.iter().any(|alias| is_it(alias))
    }
}

/// Two spellings of one name are an error. An alias may have the same value.
fn refuse_second(field: &Field, first: (&str, &Value), second: (&str, &Value)) -> Result<()> {
    let is_alias = |name: &str| !is_same_name(name, field.json);
    if is_alias(first.0) == is_alias(second.0) {
        return Err(Error::invalid(second.0, "the same field twice", "each field once"));
    }
    if first.1 == second.1 {
        return Ok(());
    }
    let (alias, value) = if is_alias(first.0) { first } else { second };
    let allowed = format!("the same value as {}, or only one of the two", field.json);
    Err(Error::invalid(alias, given(value), &allowed))
}

/// All JSON names of a record's fields.
fn names(record: &Definition) -> Vec<&'static str> {
    record
        .all_fields()
        .flat_map(|field| std::iter::once(field.json).chain(field.aliases.iter().copied()))
        .collect()
}

/// An integer; a number with a fraction of zero (`3.0`) is accepted.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64).then_some(number as i64)
    })
}

/// Parses each element of an array; an error names the element, as `noun`.
pub(crate) fn list<T>(
    what: &str,
    noun: &str,
    input: &Value,
    read: impl Fn(&Value) -> Result<T>,
) -> Result<Vec<T>> {
    let Value::Array(values) = input else {
        return Err(Error::invalid(what, kind_of(input), "an array of objects"));
    };
    let read_one = |(index, value)| read(value).map_err(|error| error.in_list(noun, index, values.len()));
    values.iter().enumerate().map(read_one).collect()
}

/// The value as shown in errors: structures only by their type, since they may contain anything.
pub(crate) fn given(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
        scalar => scalar.to_string(),
    }
}

pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::definition::record;

    record! {
        #[derive(Debug, PartialEq)]
        pub struct Sample("usage", "camelCase"): input list("usages", "record") {
            pub tokens_prompt: Option<i64> | "promptTokens",
            pub job_id: Option<String>,
            pub is_last: bool,
            pub names: Vec<String>,
            pub metadata: Map<String, Value>,
        }
    }

    fn refused(input: Value) -> Error {
        Sample::from_json(&input).unwrap_err()
    }

    #[test]
    fn both_spellings_and_aliases_are_one_field() {
        for input in [
            json!({"tokensPrompt": 3}),
            json!({"tokens_prompt": 3.0}),
            json!({"promptTokens": 3, "jobId": null}),
            json!({"promptTokens": 3, "tokens_prompt": 3}),
            json!({"prompt_tokens": 3, "tokens_prompt": null}),
        ] {
            let sample = Sample::from_json(&input).unwrap();
            assert_eq!((sample.tokens_prompt, sample.job_id), (Some(3), None), "{input}");
        }
    }

    #[test]
    fn an_error_in_a_list_says_which_element_it_is_about() {
        let read = |input: Value| Sample::list_from_json(&input);
        let prompts: Vec<_> = read(json!([{"tokensPrompt": 1}, {}]))
            .unwrap()
            .into_iter()
            .map(|one| one.tokens_prompt)
            .collect();
        assert_eq!(prompts, [Some(1), None]);
        let error = read(json!([{}, {"tokensPrompt": "x"}])).unwrap_err();
        assert_eq!(error.field(), Some("tokensPrompt"));
        assert!(error.message().starts_with("record 2 of 2: tokensPrompt: got"), "{error}");
        assert!(read(json!([[]])).unwrap_err().message().starts_with("usage: got an array"));
        assert_eq!(read(json!({})).unwrap_err().field(), Some("usages"));
    }

    #[test]
    fn an_unsuitable_value_is_an_error_that_names_the_field() {
        for (input, field) in [
            (json!({"tokenPrompt": 3}), "tokenPrompt"),
            (json!({"tokensPrompt": 3, "tokens_prompt": 3}), "tokens_prompt"),
            (json!({"promptTokens": 3, "prompt_tokens": 3}), "prompt_tokens"),
            (json!({"tokensPrompt": 3, "promptTokens": 4}), "promptTokens"),
            (json!({"isLast": "true"}), "isLast"),
            (json!({"names": ["a", 1]}), "names"),
            (json!([]), "usage"),
        ] {
            assert_eq!(refused(input.clone()).field(), Some(field), "{input}");
        }
        let listed = "expected one of tokensPrompt, promptTokens, jobId, isLast, names, metadata";
        assert!(refused(json!({"x": 1})).message().contains(listed));
    }

    #[test]
    fn errors_show_no_contents_of_objects_or_lists() {
        let two = json!({"tokensPrompt": 3, "promptTokens": {"a": "secret"}});
        assert!(!refused(two).message().contains("secret"));
        for value in [json!(1.5), json!("3"), json!(true), json!(1e19), json!({"a": "secret"})] {
            let error = refused(json!({"tokensPrompt": value}));
            assert_eq!(error.field(), Some("tokensPrompt"));
            assert!(!error.message().contains("secret"));
        }
    }
}
