//! `order-webhooks replay`: sends kept deliveries once more, signed again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _};
use std::time::Duration;

use clap::Args;
use http::Uri;
use order_webhooks::envelope::Envelope;
use order_webhooks::testing::{Next, Verdict};
use tokio::time::{MissedTickBehavior, interval};

use crate::client::Client;
use crate::secrets::{SecretArgs, Secrets};
use crate::terminal::{self, printable};
use crate::webhooks::{Kind, PathArgs, url};

/// Send kept deliveries once more, signed again, in their order
///
/// Reads envelopes, one JSON object a line, as an inbox exports them. Each is sent to its
/// webhook's path below the URL with the credentials or the signature of its sender, and the
/// next one follows when the answer is there.
#[derive(Args)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{AFTER_HELP}\n\n{}", crate::secrets::HELP))]
pub(crate) struct ReplayArgs {
    /// The file of envelopes; - for the standard input
    file: String,
    #[arg(value_parser = url, help = "Where your server is, such as http://127.0.0.1:3000")]
    url: Uri,
    #[command(flatten)]
    paths: PathArgs,
    /// Send at most so many a second
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// Begin with this line of the file
    #[arg(long, value_name = "LINE", default_value_t = 1)]
    from: usize,
    /// Go on after a delivery that fails, and count them
    #[arg(long)]
    keep_going: bool,
    #[command(flatten)]
    secrets: SecretArgs,
}

const AFTER_HELP: &str = "\
Examples:
  order-webhooks replay set-aside.jsonl http://127.0.0.1:3000
  order-webhooks replay - http://127.0.0.1:3000 --rate 20 --keep-going < kept.jsonl

A line is such as
  {\"webhook\":\"porterbuddy.order\",\"verified_at\":\"2026-07-01T12:00:00Z\",\"body\":\"{…}\"}

The exit status is 0 if every delivery was delivered, 1 if one was not, and 2 if the command
line or the file is wrong.";

/// Sends every line; whether everything was delivered.
pub(crate) async fn run(args: ReplayArgs) -> Result<bool, String> {
    let secrets = Secrets::open(&args.secrets)?;
    let client = Client::to(&args.url)?;
    let mut pace = args.rate.map(|rate| {
        let mut pace = interval(Duration::from_secs(1) / rate);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pace
    });
    let mut progress =
        Progress { delivered: 0, failed: 0, on_terminal: io::stderr().is_terminal() };
    let mut lines = 0_usize;
    for (number, line) in (1_usize..).zip(open(&args.file)?.lines()) {
        lines = number;
        let line = line.map_err(|error| format!("{}: line {number}: {error}", args.file))?;
        if number < args.from || line.trim().is_empty() {
            continue;
        }
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        let wrong = |why: String| format!("{}: line {number}: {}", args.file, printable(&why));
        let envelope: Envelope = serde_json::from_str(&line)
            .map_err(|error| wrong(format!("not an envelope: {error}")))?;
        match send(&client, &args, &secrets, &envelope).await.map_err(wrong)? {
            Ok(()) => progress.delivered += 1,
            Err(why) => {
                progress.failed += 1;
                progress.clear();
                let name = printable(envelope.webhook());
                terminal::error(&format!("line {number}: {name}: {}", printable(&why)));
                if !args.keep_going {
                    progress.ended();
                    let how = format!("Stopped. Go on with --from {number}, or with --keep-going.");
                    terminal::error(&how);
                    return Ok(false);
                }
            }
        }
        progress.show();
    }
    if lines < args.from.saturating_sub(1) {
        return Err(format!(
            "{} has {lines} lines: none is left with --from {}",
            args.file, args.from
        ));
    }
    progress.ended();
    Ok(progress.failed == 0)
}

/// Sends one; why the provider would not count it as delivered.
async fn send(
    client: &Client,
    args: &ReplayArgs,
    secrets: &Secrets,
    envelope: &Envelope,
) -> Result<Result<(), String>, String> {
    let name = envelope.webhook();
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let kind = kind.ok_or_else(|| format!("no webhook of this program is called {name}"))?;
    let base = args.url.to_string();
    let url = format!("{}{}", base.trim_end_matches('/'), args.paths.of(kind));
    let url = url.parse().map_err(|_| format!("{url} is not a URL"))?;
    let mut delivery = kind.sender(url, secrets)?.delivery(envelope.body());
    while let Some(request) = delivery.request() {
        let next = match client.exchange(request, delivery.time_allowed()).await {
            Ok(response) => delivery.answered(&response),
            Err(trouble) => return Ok(Err(trouble.to_string())),
        };
        match next {
            Next::RepeatWithCredentials => {}
            Next::TryAgain { because, .. } => return Ok(Err(because.to_string())),
            next => {
                let delivered = delivery.verdict().is_some_and(Verdict::is_delivered);
                return Ok(if delivered { Ok(()) } else { Err(next.to_string()) });
            }
        }
    }
    Ok(Ok(()))
}

fn open(file: &str) -> Result<Box<dyn BufRead>, String> {
    if file == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = File::open(file).map_err(|error| format!("{file}: {error}"))?;
    Ok(Box::new(BufReader::new(opened)))
}

/// How far it is, on one line of a terminal that is written anew.
struct Progress {
    delivered: u64,
    failed: u64,
    on_terminal: bool,
}

impl Progress {
    fn counts(&self) -> String {
        format!("{} delivered, {} not delivered", self.delivered, self.failed)
    }

    fn show(&self) {
        if self.on_terminal {
            terminal::progress(&self.counts());
        }
    }

    fn clear(&self) {
        if self.on_terminal {
            terminal::progress("");
        }
    }

    fn ended(&self) {
        self.clear();
        terminal::line(&self.counts());
    }
}
