//! The command line.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};
use http::Uri;
use order_webhooks::testing::Forgery;

/// Send a webhook to a URL, the way its provider does.
#[derive(Parser)]
#[command(name = "send", disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) webhook: Webhook,
}

const AFTER_HELP: &str = "\
`send <WEBHOOK> --help` has the options of a webhook.

The exit status is 0 if every delivery was delivered, 1 if one was not, and 2 if
the command line is wrong. A forged delivery that is refused was not delivered.
A port-out is delivered if Bandwidth takes the answer as it was meant.";

#[derive(Subcommand)]
pub(crate) enum Webhook {
    /// An order item update: JSON, credentials in the first request
    Musement {
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        who: MusementCredentials,
    },
    /// An order status update: JSON, signed
    Porterbuddy {
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        which: Which,
        /// The key of the signature
        #[arg(long, env = "PORTERBUDDY_API_KEY", default_value = "porterbuddy-api-key")]
        #[arg(hide_env_values = true)]
        key: String,
    },
    /// A Bandwidth notification: XML, credentials when asked
    #[command(alias = "notifications")]
    Notification {
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        what: Notification,
        #[command(flatten)]
        who: BandwidthCredentials,
    },
    /// A Bandwidth port-out validation: XML, credentials when asked; the answer
    /// is read and judged
    PortOut {
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        what: PortOut,
        #[command(flatten)]
        who: BandwidthCredentials,
    },
    /// A Bandwidth v2 subscription: JSON, signed. Its schema is not available to
    /// us: use --body
    V2 {
        #[command(flatten)]
        how: How,
        /// Send this body, as it is; - for the standard input
        #[arg(long, value_name = "FILE")]
        body: Option<String>,
        /// The secret of the signature
        #[arg(long, env = "BANDWIDTH_SECRET", default_value = "bandwidth-secret")]
        #[arg(hide_env_values = true)]
        key: String,
        /// Credentials to show when asked, beside the signature
        #[arg(long, requires = "password")]
        username: Option<String>,
        #[arg(long, requires = "username")]
        password: Option<String>,
    },
}

impl Webhook {
    pub(crate) fn how(&self) -> &How {
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
pub(crate) struct Which {
    /// The status, such as OK or delivered, or any other text
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// One delivery for every documented status
    #[arg(long)]
    pub(crate) all: bool,
    /// Send this body, as it is; - for the standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<String>,
}

#[derive(Args)]
#[group(skip)]
pub(crate) struct Notification {
    /// The order type, such as portins
    #[arg(long = "type", value_name = "TYPE", conflicts_with_all = ["event", "body"])]
    pub(crate) order_type: Option<String>,
    /// A note on an order
    #[arg(long, conflicts_with_all = ["event", "status", "all", "body"])]
    pub(crate) note: bool,
    /// Numbers that lost their messaging
    #[arg(long, conflicts_with_all = ["status", "all", "body"])]
    pub(crate) event: bool,
    /// The numbers in E.164, such as +12223331000
    #[arg(long, conflicts_with = "body")]
    pub(crate) e164: bool,
    #[command(flatten)]
    pub(crate) which: Which,
}

#[derive(Args)]
#[group(skip)]
pub(crate) struct PortOut {
    /// The PIN. This and the following are left out if they are empty
    #[arg(long)]
    pub(crate) pin: Option<String>,
    /// The account number
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// The ZIP code
    #[arg(long)]
    pub(crate) zip: Option<String>,
    /// The subscriber's name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The purchase order number
    #[arg(long)]
    pub(crate) pon: Option<String>,
    /// The telephone numbers, with commas in between
    #[arg(long)]
    pub(crate) numbers: Option<String>,
    /// Send this body, as it is; - for the standard input
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["pin", "account", "zip", "name", "pon", "numbers"])]
    pub(crate) body: Option<String>,
}

#[derive(Args)]
pub(crate) struct MusementCredentials {
    #[arg(long, env = "MUSEMENT_USERNAME", default_value = "JohnSmith")]
    #[arg(hide_env_values = true)]
    pub(crate) username: String,
    #[arg(long, env = "MUSEMENT_PASSWORD", default_value = "Swordfish")]
    #[arg(hide_env_values = true)]
    pub(crate) password: String,
}

#[derive(Args)]
pub(crate) struct BandwidthCredentials {
    #[arg(long, env = "BANDWIDTH_USERNAME", default_value = "bandwidth-user")]
    #[arg(hide_env_values = true)]
    pub(crate) username: String,
    #[arg(long, env = "BANDWIDTH_PASSWORD", default_value = "bandwidth-password")]
    #[arg(hide_env_values = true)]
    pub(crate) password: String,
    /// Leave the body out of requests without credentials
    #[arg(long)]
    pub(crate) no_bare_body: bool,
}

#[derive(Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct How {
    /// Such as <http://127.0.0.1:3000/musement>; https as well
    #[arg(value_parser = url)]
    pub(crate) url: Uri,
    /// Send it this many times
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    pub(crate) repeat: usize,
    /// Send about every second one twice
    #[arg(long)]
    pub(crate) double: bool,
    /// Send them in another order
    #[arg(long)]
    pub(crate) reorder: bool,
    /// Record each, and send the recording once more afterwards
    #[arg(long)]
    pub(crate) replay: bool,
    /// Send it without the right proof [wrong if no kind is given]
    #[arg(long, value_name = "KIND", num_args = 0..=1, default_missing_value = "wrong")]
    #[arg(value_parser = PossibleValuesParser::new(FORGERIES.map(|kind| kind.0)).map(forgery))]
    pub(crate) forge: Option<Forgery>,
    /// Damage the body after it is signed
    #[arg(long)]
    pub(crate) damage: bool,
    /// The seed of --double, --reorder and --damage
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// After a failed try, wait this long and not the provider's time, and go on;
    /// without it, stop there
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) retry: Option<Duration>,
    /// Wait this long for an answer, and not the provider's time
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Print credentials and signatures
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Print one line for each delivery
    #[arg(long)]
    pub(crate) quiet: bool,
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

fn url(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|_| "not a URL")?;
    match (url.scheme_str(), url.authority()) {
        (Some("http" | "https"), Some(host)) if host.as_str().contains('@') => {
            Err("credentials are not taken from the URL: use --username and --password".into())
        }
        (Some("http" | "https"), Some(_)) => Ok(url),
        _ => Err("it does not start with http:// or https:// and a host".into()),
    }
}
