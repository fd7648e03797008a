//! Text that is to fit a number of columns of a terminal.

use unicode_width::UnicodeWidthStr;

const ELLIPSIS: &str = "…";
const JOINER: char = '\u{200d}';

/// `text` in at most `width` columns: where it is longer, `…` stands for its middle, since names often differ at their ends.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let left = width.saturating_sub(ELLIPSIS.width());
    let head = head(text, left.div_ceil(2));
    // What the head leaves free, the tail may have.
    let tail = tail(&text[head.len()..], left - head.width());
    format!("{head}{ELLIPSIS}{tail}")
}

/// The longest beginning of at most `width` columns that does not end within a sequence of emoji.
fn head(text: &str, width: usize) -> &str {
    let ends = text.char_indices().map(|(place, _)| place).take_while(|place| *place <= 8 * (width + 1));
    let mut found = "";
    for end in ends {
        let (part, rest) = text.split_at(end);
        if part.width() <= width && !part.ends_with(JOINER) && !continues(rest) {
            found = part;
        }
    }
    found
}

/// The longest end of at most `width` columns that does not begin within a sequence of emoji.
fn tail(text: &str, width: usize) -> &str {
    let mut found = "";
    for (start, _) in text.char_indices().rev() {
        let (before, part) = text.split_at(start);
        if part.width() > width {
            break;
        }
        if !before.ends_with(JOINER) && !continues(part) {
            found = part;
        }
    }
    found
}

/// Whether the text begins with a character that belongs to the one before: a joiner, a variation selector, an accent.
fn continues(text: &str) -> bool {
    let first = text.chars().next().map_or(0, char::len_utf8);
    first > 0 && text[..first].width() == 0
}

/// `line`, broken at blanks into lines of at most `width` columns of a terminal, each with its `\n`. A longer word stays whole.
/// Without a width it is one line.
#[must_use]
pub fn wrap(line: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return format!("{line}\n") };
    let mut text = String::with_capacity(line.len() + 8);
    let mut used = 0;
    for word in line.split(' ') {
        let own = word.width();
        if used > 0 && used + 1 + own > width {
            text.push('\n');
            used = 0;
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text += word;
        used += own;
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        for (text, width, short) in [
            ("claude-sonnet-4-5-20250929", 12, "claude…50929"),
            ("claude", 6, "claude"),
            ("claude", 5, "cl…de"),
            ("日本語のプロジェクト", 9, "日本…クト"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日…語"),
            ("ab", 1, "…"),
            ("👩\u{200d}👩\u{200d}👧 family", 5, "👩\u{200d}👩\u{200d}👧…ly"),
            ("a👩\u{200d}👩\u{200d}👧b", 3, "a…b"),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 3, "e\u{301}…e\u{301}"),
        ] {
            let found = shorten(text, width);
            assert_eq!(found, short, "{text} in {width}");
            assert!(found.width() <= width, "{found}");
        }
    }

    #[test]
    fn a_sentence_is_broken_between_words() {
        assert_eq!(wrap("one two three", Some(7)), "one two\nthree\n");
        assert_eq!(wrap("one two three", Some(3)), "one\ntwo\nthree\n", "a long word stays whole");
        assert_eq!(wrap("日本 語", Some(6)), "日本\n語\n");
        assert_eq!(wrap("one two three", None), "one two three\n");
        assert_eq!(wrap("", Some(3)), "\n");
    }
}
