//! Stored text, made safe to print.

/// The replacement of characters that are invisible or unsafe.
const REPLACEMENT: char = '\u{fffd}';
const JOINER: char = '\u{200d}';

/// `text` as one line that is safe to print. Titles, keys and ids may come from anybody: they must not control the
/// terminal, reorder the surrounding text, or contain invisible characters.
///
/// Tabs, line feeds and carriage returns become spaces. `U+FFFD` replaces other control characters, which start the
/// escape sequences of terminals, and characters that are invisible or set the direction of text: Unicode's
/// `Default_Ignorable_Code_Point` (among them bidirectional overrides, isolates and marks, zero-width characters, soft
/// hyphens, tags and variation selectors), the separators `U+2028` and `U+2029`, and interlinear annotations. A joiner
/// between two emoji, and a variation selector after one, are kept; joiners between letters, as in Persian and some
/// Indic texts, are not. Combining marks are kept.
///
/// This is for display. Programs get the exact stored text.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = Before::Other;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        let (c, kind) = match c {
            '\t' | '\n' | '\r' => (' ', Before::Other),
            JOINER if before != Before::Other && next.is_some_and(is_emoji) => (c, Before::Other),
            '\u{fe0e}' | '\u{fe0f}' if before == Before::Emoji => (c, Before::SelectedEmoji),
            // A keycap: 1️⃣
            '\u{fe0f}' if next == Some('\u{20e3}') => (c, Before::Other),
            c if is_unseen(c) => (REPLACEMENT, Before::Other),
            c if is_emoji(c) => (c, Before::Emoji),
            c => (c, Before::Other),
        };
        shown.push(c);
        before = kind;
    }
    shown
}

/// Whether a joiner or a variation selector may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Emoji,
    SelectedEmoji,
    Other,
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
        // Default_Ignorable_Code_Point of Unicode 16, DerivedCoreProperties.txt. The property is stable: only code
        // points in its reserved ranges are still to be assigned.
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The blocks that contain Unicode's emoji, and single ones outside of them. All of their characters are visible, so
/// including characters that are not emoji is harmless.
fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
        | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}' | '\u{2934}' | '\u{2935}'
        | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_or_is_unseen_is_left() {
        let ranges: [(u32, u32); 28] = [
            (0x00, 0x08),
            (0x0b, 0x0c),
            (0x0e, 0x1f),
            (0x7f, 0x9f),
            (0xad, 0xad),
            (0x34f, 0x34f),
            (0x61c, 0x61c),
            (0x115f, 0x1160),
            (0x17b4, 0x17b5),
            (0x180b, 0x180f),
            (0x200b, 0x200f),
            (0x2028, 0x202e),
            (0x2060, 0x206f),
            (0x3164, 0x3164),
            (0xfe00, 0xfe0f),
            (0xfeff, 0xfeff),
            (0xffa0, 0xffa0),
            (0xfff0, 0xfffb),
            (0x1bca0, 0x1bca3),
            (0x1d173, 0x1d17a),
            (0xe0000, 0xe0000),
            (0xe0001, 0xe0001),
            (0xe0002, 0xe001f),
            (0xe0020, 0xe007f),
            (0xe0080, 0xe00ff),
            (0xe0100, 0xe01ef),
            (0xe01f0, 0xe0ffe),
            (0xe0fff, 0xe0fff),
        ];
        for c in ranges.into_iter().flat_map(|(first, last)| (first..=last).filter_map(char::from_u32)) {
            assert_eq!(printable(&format!("a{c}b")), "a\u{fffd}b", "U+{:04X}", u32::from(c));
            assert_eq!(printable(&c.to_string()), "\u{fffd}", "U+{:04X}", u32::from(c));
        }
        assert_eq!(printable("a\tb\r\nc"), "a b  c");
        assert_eq!(printable("\u{1b}[2J\u{1b}]0;t\u{7}"), "\u{fffd}[2J\u{fffd}]0;t\u{fffd}");
    }

    #[test]
    fn what_is_seen_stays_as_it_is() {
        let texts = [
            "",
            "Grüße, 日本語, עברית",
            "e\u{301} q\u{323}\u{307}",
            "हिन्दी",
            "👩‍👩‍👧 👩🏽‍💻 ❤️ 🏳️‍🌈 1️⃣ 🇩🇪",
            "\u{fffd} → ✓",
        ];
        for text in texts {
            assert_eq!(printable(text), text);
            assert_eq!(printable(&printable(text)), text);
        }
    }

    #[test]
    fn joiners_and_selectors_are_left_only_where_they_make_an_emoji() {
        for (text, shown) in [
            ("a\u{200d}b", "a\u{fffd}b"),
            ("👩\u{200d}", "👩\u{fffd}"),
            ("👩\u{200d}\u{200d}👧", "👩\u{fffd}\u{fffd}👧"),
            ("👩\u{200d}a", "👩\u{fffd}a"),
            ("a\u{200d}👩", "a\u{fffd}👩"),
            ("❤\u{fe0f}\u{fe0f}\u{fe0e}", "❤\u{fe0f}\u{fffd}\u{fffd}"),
            ("a\u{fe0f}b", "a\u{fffd}b"),
            ("👩\u{200b}👧", "👩\u{fffd}👧"),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
    }
}
