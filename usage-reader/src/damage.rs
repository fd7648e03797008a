//! What can still be read of damaged text: objects of lenient writers, and the records around one that was cut off or
//! overwritten in part.

use serde_json::value::RawValue;

use crate::documents::{Piece, payload};
use crate::usage_projection;

/// The complete objects in damaged text: those on its first line, and the ones that begin on later lines. The elements of
/// an array over several lines have the same indentation, which is the smallest of all objects in them.
pub(crate) fn recovered(text: &str, in_array: bool, see: &mut dyn FnMut(Piece<'_>)) {
    let Some((first, rest)) = text.split_once('\n') else { return spliced(text, in_array, see) };
    spliced(first, in_array, see);
    let indentation = |line: &str| {
        let content = line.trim_start_matches(BLANK);
        content.starts_with('{').then(|| line.len() - content.len())
    };
    let least = rest.split('\n').filter_map(indentation).min();
    let (mut start, mut at) = (0, 0);
    for line in rest.split_inclusive('\n') {
        if least.is_some() && indentation(line) == least {
            element(&rest[start..at], see);
            start = at;
        }
        at += line.len();
    }
    element(&rest[start..], see);
}

/// Reports the object that the text is, or else those of its lines that are objects.
fn element(text: &str, see: &mut dyn FnMut(Piece<'_>)) {
    if see_alone(text, see) {
        return;
    }
    for line in text.split('\n').filter_map(payload) {
        see_alone(line, see);
    }
}

/// Reports the object at the beginning of the text if nothing but the end of an array follows it.
fn see_alone(text: &str, see: &mut dyn FnMut(Piece<'_>)) -> bool {
    let text = text.trim_start_matches(BLANK);
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    if !text.starts_with('{') || !matches!(values.next(), Some(Ok(_))) {
        return false;
    }
    let (object, behind) = text.split_at(values.byte_offset());
    let is_alone = behind.chars().all(|one| BLANK.contains(&one) || matches!(one, ',' | ']'));
    let read = if is_alone { usage_projection::read(object) } else { None };
    read.map(|read| see(Piece::Object(read, object))).is_some()
}

/// What may be between the elements of an array. A file system fills a write that it has lost with zeros.
const BLANK: [char; 5] = [' ', '\t', '\r', '\n', '\0'];

/// The complete records in a line that begins with a damaged one: what was written after an interrupted write, and the
/// other elements of an array. A record begins where no value is allowed, or with the same first name as the damaged one,
/// and extends to the end of the line or to the next element.
fn spliced(line: &str, in_array: bool, see: &mut dyn FnMut(Piece<'_>)) {
    /// The maximum number of positions to try in vain, so that the time is bounded whatever the line contains.
    const TRIES: usize = 64;
    let line = line.trim_end_matches(BLANK);
    let own = first_name(line);
    let (mut from, mut tries) = (1, 0);
    while let Some(at) = line.get(from..).and_then(|rest| rest.find("{\"")).map(|at| from + at) {
        from = at + 1;
        let text = &line[at..];
        let is_value = line[..at].trim_end().ends_with([':', ',', '[']);
        if is_value && first_name(text) != own {
            continue;
        }
        if tries == TRIES {
            return;
        }
        tries += 1;
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let Some(Ok(_)) = values.next() else { continue };
        let end = values.byte_offset();
        let behind = text[end..].trim_start_matches(BLANK);
        let is_element = || match behind.strip_prefix(',') {
            Some(next) => next.trim_start().starts_with("{\"") && first_name(next) == own,
            None => behind == "]",
        };
        if (!is_value || behind.is_empty() || (in_array && is_element()))
            && let Some(object) = usage_projection::read(&text[..end])
        {
            see(Piece::Object(object, &text[..end]));
            from = at + end;
            tries -= 1;
        }
    }
}

fn first_name(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The beginning of the next record after other text at `from`: if the line begins with a record, an object that is no
/// value of a damaged one, else one directly behind another.
pub(crate) fn next_record(text: &str, from: usize) -> Option<usize> {
    let begins_with_record = text.starts_with('{') && from > 0;
    let is_record = |at: &usize| {
        let before = text[from..*at].trim_end_matches(BLANK);
        if begins_with_record {
            let behind_name = before.strip_suffix(':').is_some_and(|name| name.trim_end().ends_with('"'));
            !behind_name && !before.ends_with([',', '['])
        } else {
            before.trim_end_matches([',', ' ', '\0']).ends_with('}')
        }
    };
    text[from..].match_indices("{\"").map(|(at, _)| from + at).find(is_record)
}

/// Corrects JSON from lenient writers: invalid numbers become null, control characters become blanks, and unnecessary
/// backslashes are removed.
pub(crate) fn repaired(text: &str) -> String {
    const NO_NUMBERS: &[&str] = &["NaN", "-Infinity", "Infinity"];
    let mut repaired = String::with_capacity(text.len());
    let (mut rest, mut in_string) = (text, false);
    while let Some(character) = rest.chars().next() {
        let behind = &rest[character.len_utf8()..];
        if !in_string && let Some(number) = NO_NUMBERS.iter().find(|number| rest.starts_with(**number)) {
            repaired.push_str("null");
            rest = &rest[number.len()..];
            continue;
        }
        rest = behind;
        match character {
            '"' => in_string = !in_string,
            '\\' if in_string => {
                let escaped = behind.chars().next();
                let is_code =
                    |digits: &str| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let is_escape = match escaped {
                    Some('u') => behind.get(1..5).is_some_and(is_code),
                    Some(escaped) => "\"\\/bfnrt".contains(escaped),
                    None => false,
                };
                if let Some(escaped) = escaped.filter(|_| is_escape) {
                    repaired.push(character);
                    repaired.push(escaped);
                    rest = &behind[escaped.len_utf8()..];
                }
                continue;
            }
            _ if in_string && character < ' ' => {
                repaired.push(' ');
                continue;
            }
            _ => {}
        }
        repaired.push(character);
    }
    repaired
}
