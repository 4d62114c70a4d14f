//! Text for a terminal. Nothing that somebody else wrote may control it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

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

/// A message of HTTP, line by line: its first line, its headers with their secrets
/// hidden, and its body.
pub(crate) fn message(first: &str, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
    let headers = headers.iter().map(|(name, value)| format!("{name}: {}", shown(name, value)));
    let mut lines: Vec<String> = std::iter::once(printable(first)).chain(headers).collect();
    if !body.is_empty() {
        lines.push(String::new());
        lines.extend(String::from_utf8_lossy(body).lines().map(printable));
    }
    lines
}

/// The value of a header. Of hidden credentials the scheme stays.
fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if !value.is_sensitive() && !is_secret(name) {
        return printable(&text);
    }
    match text.split_once(' ').filter(|_| *name == AUTHORIZATION) {
        Some((scheme, _)) => format!("{} (hidden)", printable(scheme)),
        None => "(hidden)".to_owned(),
    }
}

/// Whether the value of this header is not shown.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    let words = ["signature", "hmac", "token", "secret", "password", "api-key", "auth", "cookie"];
    *name != WWW_AUTHENTICATE && words.iter().any(|word| name.as_str().contains(word))
}

/// A line of JSON with the true text. JSON escapes only some control characters,
/// so the others are written as `\u009b` here.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    // It fails only where a key is not text, and all of them are.
    let text = serde_json::to_string(value).unwrap_or_default();
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

    #[test]
    fn which_headers_are_secret() {
        for (name, secret) in [
            ("authorization", true),
            ("cookie", true),
            ("set-cookie", true),
            ("x-bandwidth-signature-sha-256", true),
            ("x-amz-security-token", true),
            ("x-api-key", true),
            ("www-authenticate", false),
            ("content-type", false),
        ] {
            assert_eq!(is_secret(&HeaderName::from_static(name)), secret, "{name}");
        }
    }
}
