//! The command line of `send`.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use http::Uri;
use order_webhooks::testing::Forgery;

use crate::secrets::SecretArgs;
use crate::webhooks::url;

/// Send a webhook to a URL, the way its provider does
///
/// It shows its credentials or its signature as the provider does, waits for the answer as
/// long as the provider does, and says what the provider makes of it.
#[derive(Args)]
#[command(disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(crate) struct SendArgs {
    #[command(subcommand)]
    pub(super) webhook: Webhook,
}

const AFTER_HELP: &str = "\
`order-webhooks send <WEBHOOK> --help` has the options of a webhook.

Examples:
  order-webhooks send musement http://127.0.0.1:3000/musement --status CANCELED
  order-webhooks send porterbuddy http://127.0.0.1:3000/porterbuddy --all --double --reorder
  order-webhooks send port-out http://127.0.0.1:3000/bandwidth/port-out --pin 0000
  order-webhooks send notification http://127.0.0.1:3000/bandwidth/notifications --forge

The exit status is 0 if every delivery was delivered, 1 if one was not, and 2 if the command
line is wrong. A forged delivery that is refused was not delivered. A port-out is delivered
if Bandwidth takes the answer as it was meant.";

/// An example, and where the secrets come from.
macro_rules! example {
    ($example:literal) => {
        format!("Example:\n  order-webhooks send {}\n\n{}", $example, crate::secrets::HELP)
    };
}

#[derive(Subcommand)]
pub(super) enum Webhook {
    /// An order item update: JSON, credentials in the first request
    #[command(after_help = example!("musement http://127.0.0.1:3000/musement --all"))]
    Musement {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        how: How,
    },
    /// An order status update: JSON, signed
    #[command(after_help = example!("porterbuddy http://127.0.0.1:3000/porterbuddy --status canceled"))]
    Porterbuddy {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        how: How,
    },
    /// A Bandwidth notification: XML, credentials when asked
    #[command(alias = "notifications")]
    #[command(after_help = example!("notification http://127.0.0.1:3000/bandwidth/notifications --type portins --status FOC"))]
    Notification {
        #[command(flatten)]
        what: Notification,
        #[command(flatten)]
        bare: Bare,
        #[command(flatten)]
        how: How,
    },
    /// A Bandwidth port-out validation: XML, credentials when asked; the answer
    /// is read and judged
    #[command(after_help = example!("port-out http://127.0.0.1:3000/bandwidth/port-out --pin 0000 --numbers 2223331000"))]
    PortOut {
        #[command(flatten)]
        what: PortOut,
        #[command(flatten)]
        bare: Bare,
        #[command(flatten)]
        how: How,
    },
    /// A Bandwidth v2 subscription: JSON, signed. Its schema is not available to
    /// us: use --body
    #[command(after_help = example!("v2 http://127.0.0.1:3000/bandwidth/v2 --body update.json"))]
    V2 {
        /// Send this body, as it is; - for the standard input
        #[arg(long, value_name = "FILE")]
        body: Option<String>,
        /// Show credentials when asked, beside the signature
        #[arg(long)]
        credentials: bool,
        #[command(flatten)]
        how: How,
    },
}

impl Webhook {
    pub(super) fn how(&self) -> &How {
        match self {
            Self::Musement { how, .. }
            | Self::Porterbuddy { how, .. }
            | Self::Notification { how, .. }
            | Self::PortOut { how, .. }
            | Self::V2 { how, .. } => how,
        }
    }
}

#[derive(Args)]
#[group(multiple = false)]
pub(super) struct Which {
    /// The status, such as OK or delivered, or any other text
    #[arg(long)]
    pub(super) status: Option<String>,
    /// One delivery for every documented status
    #[arg(long)]
    pub(super) all: bool,
    /// Send this body, as it is; - for the standard input
    #[arg(long, value_name = "FILE")]
    pub(super) body: Option<String>,
}

#[derive(Args)]
#[group(skip)]
pub(super) struct Notification {
    /// The order type, such as portins
    #[arg(long = "type", value_name = "TYPE", conflicts_with_all = ["event", "body"])]
    pub(super) order_type: Option<String>,
    /// A note on an order
    #[arg(long, conflicts_with_all = ["event", "status", "all", "body"])]
    pub(super) note: bool,
    /// Numbers that lost their messaging
    #[arg(long, conflicts_with_all = ["status", "all", "body"])]
    pub(super) event: bool,
    /// The numbers in E.164, such as +12223331000
    #[arg(long, conflicts_with = "body")]
    pub(super) e164: bool,
    #[command(flatten)]
    pub(super) which: Which,
}

#[derive(Args)]
#[group(skip)]
pub(super) struct PortOut {
    /// The PIN. This and the following are left out if they are empty
    #[arg(long)]
    pub(super) pin: Option<String>,
    /// The account number
    #[arg(long)]
    pub(super) account: Option<String>,
    /// The ZIP code
    #[arg(long)]
    pub(super) zip: Option<String>,
    /// The subscriber's name
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The purchase order number
    #[arg(long)]
    pub(super) pon: Option<String>,
    /// The telephone numbers, with commas in between
    #[arg(long)]
    pub(super) numbers: Option<String>,
    /// Send this body, as it is; - for the standard input
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["pin", "account", "zip", "name", "pon", "numbers"])]
    pub(super) body: Option<String>,
}

#[derive(Args)]
pub(super) struct Bare {
    /// Leave the body out of requests without credentials
    #[arg(long)]
    pub(super) no_bare_body: bool,
}

#[derive(Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct How {
    #[arg(value_parser = url, help = "Where to send it, such as http://127.0.0.1:3000/hook")]
    pub(super) url: Uri,
    /// Send it this many times
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) repeat: u32,
    /// Send each one twice
    #[arg(long)]
    pub(super) double: bool,
    /// Send them in another order: those of --all, for example
    #[arg(long)]
    pub(super) reorder: bool,
    /// Record each, and send the recording once more afterwards
    #[arg(long)]
    pub(super) replay: bool,
    /// Send it without the right proof [wrong if no kind is given]
    #[arg(long, value_name = "KIND", num_args = 0..=1, default_missing_value = "wrong")]
    #[arg(value_parser = PossibleValuesParser::new(FORGERIES.map(|kind| kind.0)).map(forgery))]
    pub(super) forge: Option<Forgery>,
    /// Damage the body after it is signed
    #[arg(long)]
    pub(super) damage: bool,
    /// The seed of --reorder and --damage
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Try again after a failure, and wait this long in place of the provider's time;
    /// without it, stop at the first failure
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) retry: Option<Duration>,
    /// Wait this long for an answer, in place of the provider's time
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) timeout: Option<Duration>,
    /// Print one line for each delivery
    #[arg(long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) secrets: SecretArgs,
}

const FORGERIES: [(&str, Forgery); 4] = [
    ("missing", Forgery::Missing),
    ("wrong", Forgery::Wrong),
    ("malformed", Forgery::Malformed),
    ("repeated", Forgery::Repeated),
];

#[allow(clippy::needless_pass_by_value, reason = "clap gives it so")]
fn forgery(kind: String) -> Forgery {
    let found = FORGERIES.iter().find(|(name, _)| *name == kind);
    found.map_or(Forgery::Wrong, |(_, forgery)| *forgery)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a time".to_owned())
}
