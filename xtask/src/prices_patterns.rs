//! Converts the few regular expressions of the price table to rules, so that the library needs no regex engine. They
//! consist of literal text, digits, and alternatives, which are expanded.

/// "No segment of the name is `tts`": a look-ahead, so it is not expanded.
const NOT_SPEECH: &str = "^(?!.*-[tT][tT][sS](?:$|-))";
/// "No slash follows the first segment", at the start of a pattern.
const NO_SLASH: &str = "^(?![^/]+/)";

/// The rule for an expression; an error if its syntax is not supported here.
pub fn rule_of_pattern(pattern: &str) -> Result<String, String> {
    if pattern == NOT_SPEECH {
        return Ok("! |2 *-tts- $-tts".into());
    }
    if let Some(rest) = pattern.strip_prefix(NO_SLASH) {
        return Ok(format!("&2 ! */ {}", alternatives(rest)?));
    }
    match pattern.strip_prefix('^') {
        Some(rest) => alternatives(rest),
        None => Err(format!("no rule for the expression {pattern}")),
    }
}

fn alternatives(pattern: &str) -> Result<String, String> {
    let (pattern, sign) = match pattern.strip_suffix('$') {
        Some(whole) => (whole, '#'),
        None => (pattern, '%'),
    };
    let mut rest = pattern;
    let texts = sequence(&mut rest).filter(|_| rest.is_empty());
    let texts = texts.ok_or_else(|| format!("no rule for the expression {pattern}"))?;
    let rules: Vec<String> = texts.iter().map(|text| format!("{sign}{text}")).collect();
    Ok(match &rules[..] {
        [one] => one.clone(),
        several => format!("|{} {}", several.len(), several.join(" ")),
    })
}

/// All texts of a sequence up to the end, `|` or `)`, with `#` for a digit.
fn sequence(rest: &mut &str) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    while let Some(first) = rest.chars().next().filter(|first| !matches!(first, '|' | ')')) {
        let parts = part(rest, first)?;
        texts = texts.iter().flat_map(|text| parts.iter().map(move |part| format!("{text}{part}"))).collect();
    }
    Some(texts)
}

fn part(rest: &mut &str, first: char) -> Option<Vec<String>> {
    if let Some(inside) = rest.strip_prefix("(?:") {
        *rest = inside;
        return group(rest);
    }
    if let Some(digit) = rest.strip_prefix(r"\d") {
        *rest = digit;
        let Some((count, after)) = digit.strip_prefix('{').and_then(|digit| digit.split_once('}')) else {
            return Some(vec!["#".into()]);
        };
        *rest = after;
        return Some(vec!["#".repeat(count.parse().ok()?)]);
    }
    if let Some((choices, after)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        *rest = after;
        let is_plain = !choices.starts_with('^') && !choices.contains('\\') && !choices[1..].contains('-');
        return is_plain.then(|| choices.chars().map(String::from).collect());
    }
    let escaped = rest.strip_prefix('\\');
    let literal = escaped.map_or(Some(first), |escaped| escaped.chars().next())?;
    let is_literal = match escaped {
        Some(_) => literal.is_ascii_punctuation(),
        None => literal.is_ascii_alphanumeric() || "-_/:@=".contains(literal),
    };
    *rest = escaped.unwrap_or(rest).get(literal.len_utf8()..)?;
    // Repetition of the preceding element is not supported.
    let is_repeated = rest.starts_with(['*', '+', '?', '{']);
    (is_literal && !is_repeated && literal != '#').then(|| vec![literal.to_string()])
}

fn group(rest: &mut &str) -> Option<Vec<String>> {
    let mut texts = sequence(rest)?;
    while let Some(next) = rest.strip_prefix('|') {
        *rest = next;
        texts.extend(sequence(rest)?);
    }
    *rest = rest.strip_prefix(')')?;
    if let Some(optional) = rest.strip_prefix('?') {
        *rest = optional;
        texts.push(String::new());
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_rules() {
        for (pattern, rule) in [
            (r"^a-\d{4}-\d{2}$", "#a-####-##"),
            (r"^o[134]", "|3 %o1 %o3 %o4"),
            (r"^c-2\.5\[fast=true\]$", "#c-2.5[fast=true]"),
            (r"^a[-@]\d$", "|2 #a-# #a@#"),
            (r"^(?![^/]+/)(?:l-)?(?:a|b(?:c|d))", "&2 ! */ |6 %l-a %l-bc %l-bd %a %bc %bd"),
        ] {
            assert_eq!(rule_of_pattern(pattern).as_deref(), Ok(rule), "{pattern}");
        }
        for unknown in ["a", "^a+", "^a.b", r"^\w", "^[a-z]", "^[^a]", "^(a)", r"^a\d+", "^a|b"] {
            assert!(rule_of_pattern(unknown).is_err(), "{unknown}");
        }
    }
}
