//! Text for a terminal. Nothing that somebody else wrote may control it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

/// Text of others, as one line that is safe to print: what a terminal could obey
/// (control characters, escapes, marks that turn the direction of writing) is
/// shown as `\u{1b}` or `\n`.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => printable.push(character),
            _ => {
                let _ = write!(printable, "{}", character.escape_debug());
            }
        }
    }
    printable
}

/// A line of JSON with the true text. JSON escapes only some control characters,
/// so the others are written as `\u009b` here.
pub(crate) fn json_line(value: &serde_json::Value) -> String {
    let text = value.to_string();
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_graphic() || character == ' ' || character.is_alphanumeric() {
            line.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
    }
    line
}

/// Prints a line. Whoever has closed the output does not want it.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a line to the standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes this line of the terminal anew; an empty text clears it.
pub(crate) fn progress(text: &str) {
    let mut terminal = io::stderr().lock();
    let _ = write!(terminal, "\r\x1b[2K{text}");
    let _ = terminal.flush();
}

#[derive(Clone, Copy)]
pub(crate) enum Colour {
    Green = 32,
    Yellow = 33,
    Red = 31,
    Faint = 2,
}

/// The text in this colour, where the output is a terminal that may have colours.
pub(crate) fn coloured(text: &str, colour: Colour) -> String {
    let allowed = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if allowed && io::stdout().is_terminal() {
        format!("\x1b[{}m{text}\x1b[0m", colour as u8)
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_control_character_is_printed() {
        for (text, expected) in [
            ("plain 'é' \"\\\"", "plain 'é' \"\\\""),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\0"),
            ("\u{9b}31m \u{7f} \u{202e}abc \u{200b}", "\\u{9b}31m \\u{7f} \\u{202e}abc \\u{200b}"),
        ] {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn json_keeps_the_text_and_controls_nothing() {
        let text = "\x1b[2J é \u{9b} \u{7f} \u{202e} \u{1f600} \"\\";
        let line = json_line(&json!({ "text": text }));
        assert!(line.chars().all(|character| !character.is_control()), "{line}");
        assert!(!line.contains('\u{202e}'), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read, json!({ "text": text }));
    }
}
