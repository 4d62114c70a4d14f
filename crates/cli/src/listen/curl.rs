//! A delivery as a command for a POSIX shell that sends it again. It is complete
//! once its `$VAR`s are set, and holds no secret.

use std::fmt::Write as _;

use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderName,
    TRANSFER_ENCODING, USER_AGENT,
};
use http::request::Parts;

use crate::terminal::is_secret;
use crate::webhooks::Kind;

/// What curl writes itself.
const OF_THE_CONNECTION: [HeaderName; 5] =
    [HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING, EXPECT];

/// What curl adds unless it is told not to.
const ADDED: [HeaderName; 3] = [ACCEPT, CONTENT_TYPE, USER_AGENT];

/// The command that sends this request to the receiver at `base`, such as
/// `http://127.0.0.1:3000`.
pub(super) fn command(kind: Option<Kind>, head: &Parts, body: &[u8], base: &str) -> String {
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

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::process::Command;

    use http::{HeaderValue, Request};

    use super::*;

    fn head(target: &str, headers: &[(&'static str, &[u8])]) -> Parts {
        let mut request = Request::post(target).body(()).unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append(*name, value);
        }
        request.into_parts().0
    }

    /// Runs the command in a shell where `curl` prints its arguments, one a line, and
    /// then what it is given, and where `openssl` signs with its arguments.
    fn run(command: &str) -> Vec<u8> {
        let stubs = "curl() { for word; do printf '%s\\n' \"$word\"; done; cat; }\n\
                     openssl() { cat >/dev/null; printf '%s ' \"$@\"; }\n\
                     base64() { cat; }\n";
        let mut shell = Command::new("sh");
        shell.args(["-euc", &format!("{stubs}{command}")]);
        shell.env("MUSEMENT_USERNAME", "u").env("MUSEMENT_PASSWORD", "p'\"$(x)");
        shell.env("PORTERBUDDY_API_KEY", "a key").env("X_API_KEY", "y");
        let output = shell.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        output.stdout
    }

    #[test]
    fn a_shell_reads_back_what_was_sent() {
        for body in [
            &b""[..],
            b"plain",
            b"it's 100% \"$HOME\" `id` $(id) \\n \\\\",
            b"@/etc/passwd",
            b"-n two\nlines\n\n",
            b"\r\n\t\x1b[2J\0\x7f",
            b"\xff\xfe it's 100% \\",
            "\u{202e}\u{9b}\u{e9}\u{1f600}".as_bytes(),
        ] {
            let headers: [(&str, &[u8]); 4] = [
                ("x-note", b"it's \"$HOME\" `id` \\ %s"),
                ("x-note", b"\xe9\t!"),
                ("x-none", b""),
                ("x-api-key", b"a secret"),
            ];
            let command = command(None, &head("/a?b='c'&d=$(id)", &headers), body, "http://h:1");
            assert!(!command.contains("a secret"), "{command}");
            assert!(!command.replace('\n', "").chars().any(char::is_control), "{command:?}");
            let words: [&[u8]; 11] = [
                b"-i\n--globoff\n--path-as-is\n-X\nPOST\nhttp://h:1/a?b='c'&d=$(id)\n",
                b"-H\nx-note: it's \"$HOME\" `id` \\ %s\n",
                b"-H\nx-note: \xe9\t!\n",
                b"-H\nx-none;\n",
                b"-H\nx-api-key: y\n",
                b"-H\naccept:\n",
                b"-H\ncontent-type:\n",
                b"-H\nuser-agent:\n",
                b"--data-binary\n",
                b"@-\n",
                body,
            ];
            assert_eq!(run(&command), words.concat(), "{command}");
        }
    }

    #[test]
    fn what_proves_the_sender_comes_from_variables() {
        let basic: (&str, &[u8]) = ("authorization", b"Basic c2VjcmV0");
        let signed: (&str, &[u8]) = ("x-porterbuddy-hmac-sha256", b"c2VjcmV0");
        for (kind, header, expected) in [
            (Kind::Musement, basic, "-u\nu:p'\"$(x)\n"),
            (
                Kind::Porterbuddy,
                signed,
                "-H\nx-porterbuddy-hmac-sha256: dgst -sha256 -hmac a key -binary \n",
            ),
        ] {
            let command = command(Some(kind), &head("/", &[header]), b"{}", "http://h:1");
            assert!(!command.contains("c2VjcmV0"), "{command}");
            let printed = String::from_utf8(run(&command)).unwrap();
            assert!(printed.contains(expected), "{printed}");
        }
    }
}
