//! What `listen` prints. A thread of its own does it, because a terminal that is
//! halted, or a pipe that nobody reads, must not keep a sender waiting.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;

use crate::listen::deliveries::{Delivery, Outcome};
use crate::listen::receive::Receiver;
use crate::listen::view::{self, Detail};
use crate::secrets::Source;
use crate::terminal::{Colour, coloured, json_line, line, printable};
use crate::webhooks::{Kind, Route};

/// A line of `--json`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'l> {
    Ready { receive: String, page: &'l str, forward: Option<String>, webhooks: Vec<At> },
    Delivery(&'l Detail<'l>),
    Skipped { count: u64 },
}

/// Where a webhook is.
#[derive(Serialize)]
struct At {
    webhook: &'static str,
    url: String,
    secrets: String,
}

/// Says where it listens, once it does.
pub(super) fn ready(receiver: &Receiver, page: &str) {
    let Receiver { address, webhooks, forward, json, .. } = receiver;
    let forward = forward.as_ref().map(|forward| forward.base().to_string());
    if *json {
        let at = |Route { kind, path, source, .. }: &Route| At {
            webhook: kind.name(),
            url: format!("http://{address}{path}"),
            secrets: source.to_string(),
        };
        return line(&json_line(&Line::Ready {
            receive: format!("http://{address}"),
            page,
            forward,
            webhooks: webhooks.routes().iter().map(at).collect(),
        }));
    }
    line(&format!("Receiving at http://{address}"));
    for Route { kind, path, source, .. } in webhooks.routes() {
        let secrets = match source {
            Source::Sample => coloured("sample secrets", Colour::Yellow),
            source => format!("secrets from the {source}"),
        };
        line(&format!("  {path:<25} {:<24} {secrets}", kind.name()));
    }
    match forward {
        Some(url) => line(&format!("Forwarding to {url}")),
        None => line("For development: deliveries are kept in memory, and forgotten at the end."),
    }
    line(&format!("Page: {page}"));
    line("Press Ctrl-C to end.\n");
}

/// Prints the deliveries with these ids. What is no longer kept when its turn comes
/// is counted.
pub(super) struct Printer {
    ended: oneshot::Receiver<()>,
}

impl Printer {
    pub(super) fn start(receiver: Arc<Receiver>, ids: mpsc::Receiver<u64>) -> Self {
        let (ending, ended) = oneshot::channel();
        thread::spawn(move || {
            let mut missed = 0_u64;
            for id in ids {
                let Some(kept) = receiver.deliveries.get(id) else {
                    missed = missed.saturating_add(1);
                    continue;
                };
                if missed > 0 {
                    skipped(&receiver, std::mem::take(&mut missed));
                }
                delivery(&receiver, &kept);
            }
            let _ = ending.send(());
        });
        Self { ended }
    }

    /// Waits until all is printed, or a second, if nobody reads.
    pub(super) async fn end(self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.ended).await;
    }
}

fn skipped(receiver: &Receiver, count: u64) {
    if receiver.json {
        return line(&json_line(&Line::Skipped { count }));
    }
    line(&format!("({count} deliveries were not printed: the output was not read in time)"));
}

/// A line for a delivery, and one on what to do about it.
fn delivery(receiver: &Receiver, delivery: &Delivery) {
    if receiver.json {
        let detail = view::detail(delivery, &receiver.webhooks, &receiver.base());
        return line(&json_line(&Line::Delivery(&detail)));
    }
    let last = delivery.last();
    let at = last.at.time();
    let time = format!("{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second());
    let name = delivery.kind.map_or_else(|| last.head.uri.path(), |kind| kind.name());
    let statuses: Vec<String> =
        delivery.exchanges().map(|exchange| exchange.answer.status().as_str().to_owned()).collect();
    let outcome = delivery.outcome();
    let colour = match outcome {
        Outcome::Accepted => Colour::Green,
        Outcome::Challenged => Colour::Yellow,
        _ => Colour::Red,
    };
    let again = delivery.again.map(|id| format!(" (#{id} again)")).unwrap_or_default();
    let what = match &last.reason {
        Some(reason) => format!("{}: {reason}", reason.code()),
        None => last.summary.clone(),
    };
    line(&format!(
        "{time} #{}{again} {} {} {} {}",
        delivery.id,
        printable(name),
        statuses.join(", "),
        coloured(outcome.word(), colour),
        printable(&what),
    ));
    // The answer to a port-out says more than that it was accepted.
    let is_news = last.forwarded || last.trouble.is_some() || delivery.kind == Some(Kind::PortOut);
    if let Some(next) = last.next.as_ref().filter(|_| is_news) {
        line(&format!("          for the provider: {}", printable(&next.to_string())));
    }
    if let Some(advice) = view::what_to_do(delivery) {
        line(&coloured(&format!("          {}", printable(&advice)), Colour::Faint));
    }
}
