//! Colours for a terminal.

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const GREEN: &str = "\u{1b}[32m";
const PLAIN: &str = "\u{1b}[0m";

/// Adds colours to a text of this module, for a terminal: table headers are bold, rules are dim, and the filled parts
/// of bars are green. Without the escape sequences the text is unchanged. The caller decides whether to use colours
/// (terminal, `NO_COLOR`).
#[must_use]
pub fn in_color(text: &str) -> String {
    let mut colored = String::with_capacity(text.len() + text.len() / 8);
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if is_rule(line) {
            colored += &format!("{DIM}{line}{PLAIN}");
        } else if lines.peek().is_some_and(|next| is_rule(next.trim_end_matches('\n'))) {
            colored += &format!("{BOLD}{line}{PLAIN}");
        } else {
            colored += &bar(line);
        }
        colored += end;
    }
    colored
}

/// The line under a header: `-----+----`.
fn is_rule(line: &str) -> bool {
    !line.is_empty() && line.split("-+-").all(|part| part.bytes().all(|byte| byte == b'-'))
}

/// A line with a bar, `[####----]`, in colours; any other line is unchanged.
fn bar(line: &str) -> String {
    let parts = line.split_once('[').and_then(|(before, rest)| {
        let (bar, after) = rest.split_once(']')?;
        let filled = bar.trim_end_matches('-');
        let is_bar = !bar.is_empty() && filled.bytes().all(|byte| byte == b'#');
        is_bar.then(|| (before, filled, &bar[filled.len()..], after))
    });
    parts.map_or_else(
        || line.to_owned(),
        |(before, filled, rest, after)| format!("{before}[{GREEN}{filled}{PLAIN}{rest}]{after}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_rules_and_bars_are_colored_and_nothing_else_changes() {
        let text = "Tasks: 4\n\nLANE | SP\n-----+---\nQA   |  1\ndone  [##--]  50.0 %  2 of 4\nnote [x]\n";
        let colored = in_color(text);
        for part in [
            "\u{1b}[1mLANE | SP\u{1b}[0m\n",
            "\u{1b}[2m-----+---\u{1b}[0m\n",
            "[\u{1b}[32m##\u{1b}[0m--]",
            "\nnote [x]\n",
        ] {
            assert!(colored.contains(part), "{part:?} {colored:?}");
        }
        assert_eq!([BOLD, DIM, GREEN, PLAIN].iter().fold(colored, |text, code| text.replace(code, "")), text);
        assert_eq!(in_color(""), "");
    }
}
