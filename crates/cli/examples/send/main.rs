//! Sends webhooks to a URL, the way their providers do.
//!
//! ```text
//! cargo run --example axum_server
//! cargo run -p order-webhooks-cli --example send -- notification http://127.0.0.1:3000/bandwidth/notifications
//! cargo run -p order-webhooks-cli --example send -- --help
//! ```
//!
//! The command line is read by `clap`, which the benches need anyway: each webhook
//! has its own options, and one that is unknown or would be ignored is refused.
#![allow(clippy::print_stderr, reason = "a program for the terminal")]

mod args;
mod client;
mod deliveries;
mod print;

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use order_webhooks::testing::{Delivery, Next, Verdict};

use args::{CommandLine, How};
use clap::Parser as _;
use clap::error::ErrorKind;
use print::Printer;

fn main() -> ExitCode {
    let words = std::env::args().skip(1);
    match run(words, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{}", error.trim_end());
            ExitCode::from(2)
        }
    }
}

/// Does what the command line says; whether everything was delivered.
pub(crate) fn run(
    words: impl Iterator<Item = String>,
    out: &mut dyn Write,
) -> Result<bool, String> {
    let line = std::iter::once("send".to_owned()).chain(words);
    let webhook = match CommandLine::try_parse_from(line) {
        Ok(line) => line.webhook,
        Err(help) if help.kind() == ErrorKind::DisplayHelp => {
            write!(out, "{help}").map_err(|error| error.to_string())?;
            return Ok(true);
        }
        Err(wrong) => return Err(wrong.to_string()),
    };
    let how = webhook.how();
    let deliveries = deliveries::deliveries(&webhook)?;
    let count = deliveries.len();
    let mut printer = Printer::new(out, how);
    let sent = (1..).zip(deliveries).filter_map(|(number, delivery)| {
        printer.title(number, count);
        send(how, delivery, &mut printer).then_some(())
    });
    let delivered = sent.count();
    if count > 1 {
        printer.line(&format!("{delivered} of {count} delivered"));
    }
    Ok(delivered == count)
}

/// Sends one delivery, as far as the options let it go; whether it arrived.
fn send(how: &How, mut delivery: Delivery, printer: &mut Printer<'_>) -> bool {
    let time_allowed = how.timeout.unwrap_or_else(|| delivery.time_allowed());
    let mut answers = Vec::new();
    while let Some(request) = delivery.request() {
        printer.request(&request);
        let next = match client::exchange(request, time_allowed) {
            Ok(response) => {
                printer.response(&response);
                answers.push(response.status().as_u16().to_string());
                delivery.answered(&response)
            }
            Err(error) => {
                printer.no_answer(&error);
                answers.push("no answer".into());
                delivery.unanswered()
            }
        };
        printer.next(&next);
        match (&next, how.retry) {
            (Next::TryAgain { .. }, Some(wait)) => thread::sleep(wait),
            (Next::TryAgain { .. }, None) | (Next::Ended(_), _) => printer.summary(&answers, &next),
            _ => {}
        }
        if matches!(next, Next::TryAgain { .. }) && how.retry.is_none() {
            break;
        }
    }
    delivery.verdict().is_some_and(Verdict::is_delivered)
}
