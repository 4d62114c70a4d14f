//! Sends webhooks to a URL, the way their providers do.
//!
//! ```text
//! cargo run --example axum_server
//! cargo run --example send -- notification http://127.0.0.1:3000/bandwidth/notifications
//! cargo run --example send -- --help
//! ```
#![allow(clippy::print_stderr, reason = "a program for the terminal")]

mod args;
mod deliveries;
mod http1;
mod print;

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use order_webhooks::testing::{Delivery, Next, Verdict};

use args::How;
use http1::Target;
use print::Printer;

fn main() -> ExitCode {
    let words = std::env::args().skip(1);
    match run(words, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("send: {error}\nsend: --help says more");
            ExitCode::from(2)
        }
    }
}

/// Does what the command line says; whether everything was delivered.
pub(crate) fn run(
    words: impl Iterator<Item = String>,
    out: &mut dyn Write,
) -> Result<bool, String> {
    let Some(args) = args::parse(words)? else {
        out.write_all(args::HELP.as_bytes()).map_err(|error| error.to_string())?;
        return Ok(true);
    };
    let target = Target::of(&args.url)?;
    let deliveries = deliveries::deliveries(&args)?;
    let count = deliveries.len();
    let mut printer = Printer::new(out, &args.how);
    let sent = (1..).zip(deliveries).filter_map(|(number, delivery)| {
        printer.title(number, count);
        send(&args.how, &target, delivery, &mut printer).then_some(())
    });
    let delivered = sent.count();
    if count > 1 {
        printer.line(&format!("{delivered} of {count} delivered"));
    }
    Ok(delivered == count)
}

/// Sends one delivery, as far as the options let it go; whether it arrived.
fn send(how: &How, target: &Target, mut delivery: Delivery, printer: &mut Printer<'_>) -> bool {
    let time_allowed = how.timeout.unwrap_or(delivery.time_allowed());
    let mut answers = Vec::new();
    while let Some(request) = delivery.request() {
        printer.request(target, &request);
        let next = match http1::exchange(target, &request, time_allowed) {
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
