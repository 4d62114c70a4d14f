//! What the terminal shows.

use std::fmt::Write as _;
use std::io::{self, Write};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use order_webhooks::testing::Next;

use super::args::How;

/// Where it is printed, and how much.
pub(crate) struct Printer<'p> {
    out: &'p mut dyn Write,
    show_secrets: bool,
    quiet: bool,
}

impl<'p> Printer<'p> {
    pub(crate) fn new(out: &'p mut dyn Write, how: &How) -> Self {
        Self { out, show_secrets: how.show_secrets, quiet: how.quiet }
    }

    /// Prints a line; whoever has closed the output does not want it.
    pub(crate) fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    fn detail(&mut self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    pub(crate) fn title(&mut self, number: usize, count: usize) {
        if count > 1 {
            self.detail(&format!("-- delivery {number} of {count}"));
        }
    }

    pub(crate) fn request(&mut self, request: &Request<Bytes>) {
        self.detail(&format!("> {} {}", request.method(), request.uri()));
        for (name, value) in request.headers() {
            let value = self.value(value);
            self.detail(&format!("> {name}: {value}"));
        }
        self.body('>', request.body());
    }

    pub(crate) fn response(&mut self, response: &Response<Bytes>) {
        self.detail(&format!("< {}", response.status()));
        for (name, value) in response.headers() {
            let value = self.value(value);
            self.detail(&format!("< {name}: {value}"));
        }
        self.body('<', response.body());
    }

    pub(crate) fn no_answer(&mut self, error: &io::Error) {
        self.detail(&format!("< no answer: {error}"));
    }

    pub(crate) fn next(&mut self, next: &Next) {
        self.detail(&format!("= {next}\n"));
    }

    /// All that is printed of a delivery if little is asked for.
    pub(crate) fn summary(&mut self, answers: &[String], next: &Next) {
        if self.quiet {
            self.line(&format!("{}: {next}", answers.join(", ")));
        }
    }

    /// The scheme of hidden credentials stays, the rest does not.
    fn value(&self, value: &HeaderValue) -> String {
        let text: String = value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
        if self.show_secrets || !value.is_sensitive() {
            return printable(&text);
        }
        match text.split_once(' ') {
            Some((scheme, _)) => format!("{} (hidden)", printable(scheme)),
            None => format!("({} characters hidden)", text.len()),
        }
    }

    fn body(&mut self, mark: char, body: &Bytes) {
        if body.is_empty() {
            return;
        }
        self.detail(&mark.to_string());
        for text in String::from_utf8_lossy(body).lines() {
            self.detail(&format!("{mark} {}", printable(text)));
        }
    }
}

/// Text from strangers, one line of it, fit for a terminal.
fn printable(text: &str) -> String {
    let mut printable = String::new();
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
