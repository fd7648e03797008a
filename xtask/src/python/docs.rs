//! The documentation of definitions as docstrings.

use std::collections::BTreeMap;

use mcoda_core::ErrorKind;
use mcoda_core::calls::CALLS;

use super::WIDTH;
use crate::definitions;
use crate::markdown::{paragraphs, wrapped};

/// The errors, by their names in the Rust documentation.
pub const ERRORS: &[(ErrorKind, &str)] = &[
    (
        ErrorKind::InvalidInput,
        "An invalid value; the message names the field, the value given and the values allowed.",
    ),
    (ErrorKind::NotFound, "A referenced entity does not exist."),
    (ErrorKind::Conflict, "An existing row or file conflicts with the call."),
    (ErrorKind::Storage, "A file cannot be read or written."),
    (ErrorKind::Corrupt, "A damaged file."),
    (ErrorKind::Unsupported, "Not possible with this database, or in a transaction."),
];

/// The paragraphs of a doc comment, in Python's terms.
pub fn python(doc: &str) -> Vec<String> {
    paragraphs(doc).iter().map(|paragraph| paragraph_of(paragraph)).collect()
}

/// The same as one paragraph.
pub fn in_one(doc: &str) -> String {
    python(doc).join(" ")
}

fn paragraph_of(text: &str) -> String {
    let names = snake_case_names();
    without_links(text).split_inclusive(". ").map(|sentence| sentence_of(sentence, &names)).collect()
}

fn sentence_of(sentence: &str, names: &BTreeMap<&str, &str>) -> String {
    let is_about_json = sentence.contains("JSON") || sentence.contains("metadata");
    let mut python = String::new();
    for (index, part) in sentence.split('`').enumerate() {
        if index % 2 == 0 {
            python.push_str(&prose(part));
            continue;
        }
        python.push_str(&match part {
            "true" => "True".to_owned(),
            "false" => "False".to_owned(),
            "null" => "None".to_owned(),
            name if ERRORS.iter().any(|(kind, _)| format!("{kind:?}") == name) => format!("``{name}Error``"),
            name => match names.get(name) {
                Some(snake) if !is_about_json => format!("``{snake}``"),
                _ => format!("``{name}``"),
            },
        });
    }
    python.replace('\\', "\\\\")
}

/// Replaces null, which Python does not have.
fn prose(text: &str) -> String {
    let mut prose = String::new();
    for word in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let (head, tail) =
            word.split_at(word.trim_end_matches(|letter: char| !letter.is_alphanumeric()).len());
        prose.push_str(if head.eq_ignore_ascii_case("null") { "None" } else { head });
        prose.push_str(tail);
    }
    prose
}

/// The text without the targets of links.
fn without_links(text: &str) -> String {
    let (mut plain, mut rest, mut is_code) = (String::new(), text, false);
    while let Some(letter) = rest.chars().next() {
        is_code ^= letter == '`';
        if letter == '['
            && !is_code
            && let Some(end) = rest.find(']')
        {
            plain.push_str(&rest[1..end]);
            rest = &rest[end + 1..];
            if rest.starts_with('(')
                && let Some(end) = rest.find(')')
            {
                rest = &rest[end + 1..];
            }
            continue;
        }
        plain.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    plain
}

/// The Python names of fields and parameters, by their JSON names if these differ.
fn snake_case_names() -> BTreeMap<&'static str, &'static str> {
    let fields = definitions::all().into_iter().flat_map(|definition| definition.all_fields());
    let params = CALLS.iter().flat_map(|call| call.params);
    let names =
        fields.map(|field| (field.json, field.name)).chain(params.map(|param| (param.json, param.name)));
    names.filter(|(json, name)| json != name).collect()
}

/// A docstring of these paragraphs and lines, without indentation.
pub fn docstring(lines: &[String], indentation: usize) -> String {
    let text = lines.join("\n");
    let end = if text.ends_with('"') { " " } else { "" };
    let is_short = lines.len() == 1 && text.chars().count() + indentation + 6 <= WIDTH;
    if is_short { format!("\"\"\"{text}{end}\"\"\"") } else { format!("\"\"\"{text}\n\"\"\"") }
}

/// Paragraphs as lines, with an empty one between them.
pub fn lines_of(paragraphs: &[String], indentation: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        // The opening quotes are on the first line.
        lines.extend(wrapped(paragraph, WIDTH - indentation - 3));
    }
    lines
}

/// A section such as `Args:`: a title, and what it says about each name.
pub fn section(title: &str, entries: &[(String, String)], indentation: usize) -> Vec<String> {
    if entries.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), format!("{title}:")];
    for (name, text) in entries {
        let wrapped = wrapped(&format!("{name}: {text}"), WIDTH - indentation - 8);
        lines.extend(wrapped.iter().enumerate().map(|(index, line)| {
            let blanks = if index == 0 { 4 } else { 8 };
            format!("{}{line}", " ".repeat(blanks))
        }));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_use_the_terms_of_python() {
        assert_eq!(
            python(" [`Session::close`] and [dimensions](Dimension).\n"),
            ["``Session::close`` and dimensions."]
        );
        assert_eq!(
            in_one(" `false`, or null.\n\n `NotFound`: `epicId`."),
            "False, or None. ``NotFoundError``: ``epic_id``."
        );
        assert_eq!(in_one(" In JSON it is `epicId`."), "In JSON it is ``epicId``.");
    }

    #[test]
    fn a_docstring_is_short_where_it_can_be() {
        assert_eq!(docstring(&["One.".to_owned()], 4), "\"\"\"One.\"\"\"");
        assert_eq!(docstring(&["One.".to_owned(), "Two.".to_owned()], 4), "\"\"\"One.\nTwo.\n\"\"\"");
        assert_eq!(docstring(&["Say \"so\"".to_owned()], 4), "\"\"\"Say \"so\" \"\"\"");
    }
}
