//! `order-webhooks send`: sends webhooks to a URL, the way their providers do.

mod args;
mod deliveries;
mod print;

use order_webhooks::testing::{Delivery, Next, Verdict};

use crate::client::Client;
use crate::terminal;
use args::How;
pub(crate) use args::SendArgs;
use print::Printer;

/// Sends what the command line says; whether everything was delivered.
pub(crate) async fn run(args: SendArgs) -> Result<bool, String> {
    let how = args.webhook.how();
    let deliveries = deliveries::deliveries(&args.webhook)?;
    let (client, printer) = (Client::to(&how.url)?, Printer::new(how));
    let (count, mut delivered) = (deliveries.len(), 0_usize);
    for (number, delivery) in (1..).zip(deliveries) {
        printer.title(number, count);
        if send(&client, how, delivery, &printer).await {
            delivered = delivered.saturating_add(1);
        }
    }
    if count > 1 {
        terminal::line(&format!("{delivered} of {count} delivered"));
    }
    Ok(delivered == count)
}

/// Sends one delivery, as far as the options let it go; whether it arrived.
async fn send(client: &Client, how: &How, mut delivery: Delivery, printer: &Printer) -> bool {
    let time_allowed = how.timeout.unwrap_or_else(|| delivery.time_allowed());
    let mut answers = Vec::new();
    while let Some(request) = delivery.request() {
        printer.request(&request);
        let next = match client.exchange(request, time_allowed).await {
            Ok(response) => {
                printer.response(&response);
                answers.push(response.status().as_u16().to_string());
                delivery.answered(&response)
            }
            Err(error) => {
                printer.no_answer(&error);
                answers.push("no answer".to_owned());
                delivery.unanswered()
            }
        };
        printer.next(&next);
        match (&next, how.retry) {
            (Next::TryAgain { .. }, Some(wait)) => tokio::time::sleep(wait).await,
            (Next::TryAgain { .. }, None) => {
                printer.summary(&answers, &next);
                printer.stopped();
                break;
            }
            (Next::Ended(_), _) => printer.summary(&answers, &next),
            _ => {}
        }
    }
    delivery.verdict().is_some_and(Verdict::is_delivered)
}
