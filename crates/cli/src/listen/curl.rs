//! A delivery as a command for a POSIX shell that sends it again. It is complete
//! once its `$VAR`s are set, and holds no secret.

use std::fmt::Write as _;

use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST,
    HeaderName, PROXY_AUTHORIZATION, TRANSFER_ENCODING, USER_AGENT,
};

use crate::listen::deliveries::Exchange;
use crate::webhooks::Kind;

/// What curl writes itself.
const OF_THE_CONNECTION: [HeaderName; 5] =
    [HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING, EXPECT];

/// What curl adds unless it is told not to.
const ADDED: [HeaderName; 3] = [ACCEPT, CONTENT_TYPE, USER_AGENT];

/// Whether the value of this header is not shown.
pub(super) fn is_secret(name: &HeaderName) -> bool {
    let words = ["signature", "hmac", "token", "secret", "password", "api-key", "auth"];
    [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name)
        || name == "set-cookie"
        || (name != "www-authenticate" && words.iter().any(|word| name.as_str().contains(word)))
}

/// The command that sends this request to the receiver at `base`, such as
/// `http://127.0.0.1:3000`.
pub(super) fn command(kind: Option<Kind>, exchange: &Exchange, base: &str) -> String {
    let Exchange { head, body, .. } = exchange;
    let signature = kind.and_then(Kind::signature);
    let mut command = String::new();
    let _ = writeln!(command, "body() {{ printf {}; }}", printf(body));
    let url = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = word(format!("{base}{url}").as_bytes());
    let _ = write!(
        command,
        "body | curl -i --globoff --path-as-is -X {} {url}",
        word(head.method.as_str().as_bytes())
    );
    for (name, value) in &head.headers {
        if OF_THE_CONNECTION.contains(name) {
            continue;
        }
        command.push_str(" \\\n  ");
        let variables = kind.map(Kind::variables).unwrap_or_default();
        if signature == Some(name.as_str()) {
            let _ = write!(
                command,
                "-H \"{name}: $(body | openssl dgst -sha256 -hmac \"{variables}\" -binary | base64)\""
            );
        } else if name == AUTHORIZATION && signature.is_none() && kind.is_some() {
            let _ = write!(command, "-u \"{variables}\"");
        } else if is_secret(name) {
            let _ = write!(command, "-H \"{name}: ${}\"", variable(name));
        } else if value.is_empty() {
            let _ = write!(command, "-H '{name};'");
        } else {
            let line = [name.as_str().as_bytes(), b": ", value.as_bytes()].concat();
            let _ = write!(command, "-H {}", word(&line));
        }
    }
    for name in ADDED.iter().filter(|name| !head.headers.contains_key(*name)) {
        let _ = write!(command, " \\\n  -H '{name}:'");
    }
    command.push_str(" \\\n  --data-binary @-\n");
    command
}

/// `x-api-key` as the name of a variable: `X_API_KEY`.
fn variable(name: &HeaderName) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.as_str().chars().map(letter).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// The arguments that make the shell's `printf` write these bytes.
fn printf(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(is_plain) => format!("%s {}", quoted(text)),
        _ => octal(bytes),
    }
}

/// One word of a shell that is these bytes, of which none is NUL or a line break.
fn word(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(is_plain) => quoted(text),
        _ => format!("\"$(printf {})\"", octal(bytes)),
    }
}

/// What can stand between quotes. Other control characters could be lost on the
/// way through a clipboard, or obeyed by the terminal that they are pasted into.
fn is_plain(character: char) -> bool {
    character == '\n'
        || (!character.is_control() && character.escape_debug().len() == 1)
        || matches!(character, '"' | '\'' | '\\')
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn octal(bytes: &[u8]) -> String {
    let mut format = String::from("'");
    for byte in bytes {
        match byte {
            b'%' => format.push_str("%%"),
            b'\'' | b'\\' => {
                let _ = write!(format, "\\{byte:03o}");
            }
            b' '..=b'~' => format.push(char::from(*byte)),
            _ => {
                let _ = write!(format, "\\{byte:03o}");
            }
        }
    }
    format.push('\'');
    format
}
