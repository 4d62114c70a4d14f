//! What the terminal shows.

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use order_webhooks::testing::Next;

use crate::client::NoAnswer;
use crate::send::args::How;
use crate::terminal::{self, printable};

/// How much is printed.
pub(super) struct Printer {
    quiet: bool,
}

impl Printer {
    pub(super) fn new(how: &How) -> Self {
        Self { quiet: how.quiet }
    }

    fn detail(&self, text: &str) {
        if !self.quiet {
            terminal::line(text);
        }
    }

    pub(super) fn title(&self, number: usize, count: usize) {
        if count > 1 {
            self.detail(&format!("-- delivery {number} of {count}"));
        }
    }

    pub(super) fn request(&self, request: &Request<Bytes>) {
        self.detail(&format!("> {} {}", request.method(), request.uri()));
        for (name, value) in request.headers() {
            let value = Self::value(value);
            self.detail(&format!("> {name}: {value}"));
        }
        self.body('>', request.body());
    }

    pub(super) fn response(&self, response: &Response<Bytes>) {
        self.detail(&format!("< {}", response.status()));
        for (name, value) in response.headers() {
            let value = Self::value(value);
            self.detail(&format!("< {name}: {value}"));
        }
        self.body('<', response.body());
    }

    pub(super) fn no_answer(&self, error: &NoAnswer) {
        self.detail(&format!("< no answer: {error}"));
    }

    pub(super) fn next(&self, next: &Next) {
        self.detail(&format!("= {next}\n"));
    }

    /// All that is printed of a delivery if little is asked for.
    pub(super) fn summary(&self, answers: &[String], next: &Next) {
        if self.quiet {
            terminal::line(&format!("{}: {next}", answers.join(", ")));
        }
    }

    /// The scheme of hidden credentials stays, the rest does not.
    fn value(value: &HeaderValue) -> String {
        let text: String = value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
        if !value.is_sensitive() {
            return printable(&text);
        }
        match text.split_once(' ') {
            Some((scheme, _)) => format!("{} (hidden)", printable(scheme)),
            None => format!("({} characters hidden)", text.len()),
        }
    }

    fn body(&self, mark: char, body: &Bytes) {
        if body.is_empty() {
            return;
        }
        self.detail(&mark.to_string());
        for text in String::from_utf8_lossy(body).lines() {
            self.detail(&format!("{mark} {}", printable(text)));
        }
    }
}
