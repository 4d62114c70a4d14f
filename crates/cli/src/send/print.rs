//! What the terminal shows.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use order_webhooks::testing::Next;

use crate::client::NoAnswer;
use crate::send::args::How;
use crate::terminal::{self, message};

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

    fn message(&self, mark: char, first: &str, headers: &HeaderMap, body: &[u8]) {
        for text in message(first, headers, body) {
            self.detail(format!("{mark} {text}").trim_end());
        }
    }

    pub(super) fn request(&self, request: &Request<Bytes>) {
        let first = format!("{} {}", request.method(), request.uri());
        self.message('>', &first, request.headers(), request.body());
    }

    pub(super) fn response(&self, response: &Response<Bytes>) {
        let first = response.status().to_string();
        self.message('<', &first, response.headers(), response.body());
    }

    /// With --quiet, too: nothing else says what to look at.
    pub(super) fn no_answer(&self, error: &NoAnswer) {
        if self.quiet {
            terminal::error(&format!("order-webhooks: {error}"));
        }
        self.detail(&format!("< {error}"));
    }

    /// The provider goes on, and this program does not.
    pub(super) fn stopped(&self) {
        self.detail(
            "Stopped here. The provider would go on: give --retry SECONDS to do the same.\n",
        );
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
}
