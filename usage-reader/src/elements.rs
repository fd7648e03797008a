//! The texts of a document's elements. They identify elements without ids also after the document has grown.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::fields::Object;
use crate::names::{self, LIST, WRAPPER};
use crate::usage_projection;

/// The maximum depth of wrappers.
const DEEPEST: u8 = 12;

/// The text of each of these objects, which were read from an array in `source`. `None` if there is no such array.
pub(crate) fn texts<'a>(source: &'a str, objects: &[Object]) -> Option<Vec<&'a str>> {
    of_object(source.trim(), objects, DEEPEST)
}

fn of_object<'a>(text: &'a str, objects: &[Object], depth: u8) -> Option<Vec<&'a str>> {
    let depth = depth.checked_sub(1)?;
    let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).ok()?;
    fields.iter().find_map(|(name, value)| match value.get().as_bytes().first()? {
        b'[' if names::is(name, LIST) => {
            let mut found = Vec::new();
            flatten(value.get(), depth, &mut found)?;
            are(&found, objects).then_some(found)
        }
        b'{' if names::is(name, WRAPPER) => of_object(value.get(), objects, depth),
        _ => None,
    })
}

/// The objects in the array, and in the arrays in it.
fn flatten<'a>(text: &'a str, depth: u8, found: &mut Vec<&'a str>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let values: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    for value in values {
        match value.get().as_bytes().first() {
            Some(b'{') => found.push(value.get()),
            Some(b'[') => flatten(value.get(), depth, found)?,
            _ => {}
        }
    }
    Some(())
}

/// Whether the objects were read from these texts. They may have inherited further fields.
fn are(texts: &[&str], objects: &[Object]) -> bool {
    let is = |(text, object): (&&str, &Object)| {
        let read = usage_projection::read(text);
        read.is_some_and(|read| read.iter().all(|(name, value)| object.get(name) == Some(value)))
    };
    let ends = |all: usize| [0, all.saturating_sub(1)];
    texts.len() == objects.len()
        && ends(texts.len()).iter().all(|at| texts.get(*at).zip(objects.get(*at)).is_some_and(is))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_texts_are_those_of_the_array_with_these_objects() {
        let source = r#"{"requests":[{"model":"a"},{"model":"b"}],"result":{"responses":[[{"usage":{"n":1},"text":"x"}],{"usage":{"n":2}}]}}"#;
        let expected = vec![r#"{"usage":{"n":1},"text":"x"}"#, r#"{"usage":{"n":2}}"#];
        let mut read: Vec<Object> = expected.iter().filter_map(|text| usage_projection::read(text)).collect();
        assert_eq!(texts(source, &read), Some(expected.clone()));
        read[0].insert("id".into(), json!("from around"));
        assert_eq!(texts(source, &read), Some(expected));
        assert_eq!(texts(source, &read[1..]), None);
        assert_eq!(texts("{\"responses\":[", &read), None);
        assert_eq!(texts(source, &[]), None);
    }
}
