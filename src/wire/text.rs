//! Text from strangers, made fit to print.

use std::borrow::Cow;

/// The text with its control characters escaped, so that it can neither break a
/// line of a log nor command a terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unprintable(character) {
            escaped.extend(character.escape_debug());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Control characters, and those that reorder or split the text around them.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_control_characters_are_escaped() {
        for (text, printed) in [
            ("", ""),
            ("COMPLETE", "COMPLETE"),
            ("a \"quoted\" café", "a \"quoted\" café"),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\0"),
            ("\u{85}", "\\u{85}"),
            ("\u{202E}txt", "\\u{202e}txt"),
        ] {
            assert_eq!(printable(text), printed);
        }
    }
}
