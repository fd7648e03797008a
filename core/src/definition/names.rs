//! The names of fields: snake_case in Rust and SQL, camelCase in JSON.

use std::borrow::Cow;

/// The length of the camelCase name.
pub(crate) const fn camel_length(snake: &str) -> usize {
    let bytes = snake.as_bytes();
    let (mut from, mut length) = (0, 0);
    while from < bytes.len() {
        if bytes[from] != b'_' {
            length += 1;
        }
        from += 1;
    }
    length
}

/// The camelCase name, at compile time: `N` is [`camel_length`].
pub(crate) const fn camel_bytes<const N: usize>(snake: &str) -> [u8; N] {
    let bytes = snake.as_bytes();
    let mut camel = [0; N];
    let (mut from, mut to) = (0, 0);
    while from < bytes.len() {
        if bytes[from] == b'_' {
            from += 1;
            camel[to] = bytes[from].to_ascii_uppercase();
        } else {
            camel[to] = bytes[from];
        }
        from += 1;
        to += 1;
    }
    camel
}

/// Concatenates two texts at compile time: `N` is the sum of their lengths.
pub(crate) const fn joined_bytes<const N: usize>(first: &str, second: &str) -> [u8; N] {
    let (first, second) = (first.as_bytes(), second.as_bytes());
    let mut joined = [0; N];
    let mut to = 0;
    while to < N {
        joined[to] = if to < first.len() { first[to] } else { second[to - first.len()] };
        to += 1;
    }
    joined
}

/// Text that was computed at compile time.
pub(crate) const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a name is not UTF-8"),
    }
}

/// Whether a record's JSON names are those of Rust.
pub(crate) const fn is_snake_case(case: &str) -> bool {
    matches!(case.as_bytes(), b"snake_case")
}

/// A name in camelCase; one without `_` is unchanged.
#[must_use]
pub fn camel_case(name: &str) -> Cow<'_, str> {
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

/// Whether a caller's name, in camelCase or snake_case, matches this one.
pub(crate) fn is_same_name(given: &str, camel: &str) -> bool {
    given == camel || (given.contains('_') && camel_case(given) == camel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_at_compile_time_and_at_run_time() {
        const LENGTH: usize = camel_length("user_story_id");
        const NAME: [u8; LENGTH] = camel_bytes("user_story_id");
        assert_eq!(std::str::from_utf8(&NAME), Ok("userStoryId"));
        assert_eq!(camel_case("user_story_id"), "userStoryId");
        assert_eq!(joined_bytes::<13>("metadata", "_json"), *b"metadata_json");
    }

    #[test]
    fn both_spellings_are_one_name() {
        assert!(is_same_name("userStoryId", "userStoryId") && is_same_name("user_story_id", "userStoryId"));
        assert!(!is_same_name("user_storyid", "userStoryId") && !is_same_name("userstoryid", "userStoryId"));
    }
}
