//! Layout of documentation for other languages.

/// The paragraphs of a doc comment, without leading blanks; the lines of a paragraph are joined.
pub fn paragraphs(doc: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in doc.lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(line);
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// The text in lines of at most `width` characters.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The text with each non-empty line indented.
pub fn indented(text: &str, by: usize) -> String {
    let blanks = " ".repeat(by);
    text.lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{blanks}{line}\n") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_paragraph_are_joined_and_rewrapped() {
        let found = paragraphs(" One\n two.\n\n Three.\n");
        assert_eq!(found, ["One two.", "Three."]);
        assert_eq!(wrapped("aa bb ccc d", 5), ["aa bb", "ccc d"]);
        assert_eq!(wrapped("longest word", 3), ["longest", "word"]);
    }
}
