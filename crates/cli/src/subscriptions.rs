//! `order-webhooks subscriptions`: Bandwidth's v1 subscriptions of an account.

use std::time::Duration;

use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use http::{HeaderValue, Request, Response, StatusCode};
use order_webhooks::bandwidth::{EventType, OrderType};
use order_webhooks::client::ResponseError;
use order_webhooks::client::bandwidth::{
    Callback, Dashboard, NextStep, NumberFormat, Subscription, SubscriptionState, Topic,
};
use order_webhooks::{Credentials, client::bearer};

use crate::client::Client;
use crate::secrets::{SecretArgs, Secrets};
use crate::terminal::{line, message, printable};

/// List, create, renew and delete Bandwidth's subscriptions
///
/// These are v1 subscriptions, of which Bandwidth sends notifications of orders and events.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SubscriptionsArgs {
    #[command(subcommand)]
    action: Action,
}

const AFTER_HELP: &str = "\
Examples:
  order-webhooks subscriptions list --account 9900000
  order-webhooks subscriptions ensure --account 9900000 --orders portins \\
    --url https://shop.example/bandwidth --dry-run
  order-webhooks subscriptions delete --account 9900000 SUBSCRIPTION_ID

The user of the API is BANDWIDTH_API_USERNAME with BANDWIDTH_API_PASSWORD, or a token in
BANDWIDTH_API_TOKEN: in a --secrets file, in the environment, or from --prompt.";

#[derive(Subcommand)]
enum Action {
    /// Show the subscriptions of the account, of all its services
    #[command(after_help = "Example:\n  order-webhooks subscriptions list --account 9900000")]
    List(Api),
    /// Make sure that a subscription is there: create it, or replace the one that is yours
    ///
    /// A subscription is yours if it is about the same and calls the same URL, or the one of
    /// --moved-from. Others are not touched. Run it again at any time: if all is as wanted,
    /// nothing is sent.
    #[command(after_help = ENSURE_HELP)]
    Ensure(Box<Ensure>),
    /// Delete one subscription
    #[command(
        after_help = "Example:\n  order-webhooks subscriptions delete --account 9900000 SUBSCRIPTION_ID"
    )]
    Delete {
        #[command(flatten)]
        api: Api,
        /// The id, as `list` shows it
        id: String,
    },
}

const ENSURE_HELP: &str = "\
Example:
  order-webhooks subscriptions ensure --account 9900000 --orders portins \\
    --url https://shop.example/bandwidth

The credentials that Bandwidth will show at the URL are BANDWIDTH_USERNAME and
BANDWIDTH_PASSWORD, the same that your server asks for. They have to be set: the samples are
not taken here.";

#[derive(Args)]
struct Api {
    /// The id of the account
    #[arg(long)]
    account: String,
    #[arg(long = "api", value_name = "URL", default_value = Dashboard::PRODUCTION)]
    #[arg(help = format!("The base URL of the API; that of the test system is {}", Dashboard::TEST))]
    base: String,
    /// Print the requests with their secrets hidden, and send none
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    secrets: SecretArgs,
}

#[derive(Args)]
struct Ensure {
    #[command(flatten)]
    api: Api,
    /// Where Bandwidth sends to
    #[arg(long)]
    url: String,
    #[command(flatten)]
    about: About,
    /// Only about this order, and until it is final
    #[arg(long, value_name = "ID")]
    order_id: Option<String>,
    /// The URL that it called before it moved
    #[arg(long, value_name = "URL")]
    moved_from: Option<String>,
    /// How long it lasts, in days
    #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Renew it when it has less than this left, in days
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    margin: u32,
    /// How it writes telephone numbers
    #[arg(long)]
    numbers: Option<Numbers>,
    /// Without credentials: for a server that checks addresses
    #[arg(long)]
    no_credentials: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct About {
    /// The type of the orders, such as portins
    #[arg(long, value_name = "TYPE")]
    orders: Option<String>,
    #[arg(long, value_name = "TYPE", help = "The type of the events, such as MESSAGING_LOST")]
    events: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Numbers {
    Legacy,
    E164,
}

const DAY: u64 = 86_400;

/// Does what the command line says; whether Bandwidth did it.
pub(crate) async fn run(args: SubscriptionsArgs) -> Result<bool, String> {
    match args.action {
        Action::List(api) => {
            let dashboard = api.dashboard()?;
            if api.dry_run {
                return Ok(print([dashboard.list()]));
            }
            Ok(done(list(&client(&dashboard)?, &dashboard).await.map(|states| {
                let now: Vec<String> = states.iter().map(described).collect();
                if now.is_empty() { "There are none.".to_owned() } else { now.join("\n") }
            })))
        }
        Action::Delete { api, id } => {
            let dashboard = api.dashboard()?;
            let request = dashboard.delete(&id).map_err(|error| error.to_string())?;
            if api.dry_run {
                return Ok(print([request]));
            }
            let answer = send(&client(&dashboard)?, request).await;
            let deleted =
                answer.and_then(|answer| Dashboard::read_deleted(answer).map_err(refused));
            Ok(done(deleted.map(|()| format!("Deleted {}", printable(&id)))))
        }
        Action::Ensure(ensure) => {
            let dashboard = ensure.api.dashboard()?;
            let credentials = ensure.credentials()?;
            if ensure.api.dry_run {
                let hidden = credentials.as_ref().map(hidden).transpose()?;
                let wanted = ensure.wanted(hidden)?;
                let replace =
                    dashboard.replace("ID", &wanted).map_err(|error| error.to_string())?;
                line("# First, what is there:");
                print([dashboard.list()]);
                line("# If none is yours:");
                print([dashboard.create(&wanted)]);
                line("# If one is yours, and not as wanted:");
                return Ok(print([replace]));
            }
            let wanted = ensure.wanted(credentials)?;
            let margin = Duration::from_secs(u64::from(ensure.margin) * DAY);
            Ok(done(look_after(&client(&dashboard)?, &dashboard, &wanted, margin).await))
        }
    }
}

fn client(dashboard: &Dashboard) -> Result<Client, String> {
    Client::to(dashboard.list().uri())
}

/// Creates or replaces what is wanted, and says what was done.
async fn look_after(
    client: &Client,
    dashboard: &Dashboard,
    wanted: &Subscription,
    margin: Duration,
) -> Result<String, String> {
    let there = list(client, dashboard).await?;
    let id = match wanted.next_step(&there, margin) {
        NextStep::Nothing => {
            let id = wanted.find(&there).map(|ours| printable(&ours.id)).unwrap_or_default();
            return Ok(format!("{id} is there, as wanted"));
        }
        NextStep::Replace { id } => id,
        _ => {
            let answer = send(client, dashboard.create(wanted)).await?;
            let error = match Dashboard::read_created(answer) {
                Ok(id) => return Ok(format!("Created {}", printable(&id))),
                Err(error) => error,
            };
            if error.response().status() != StatusCode::CONFLICT {
                return Err(refused(error));
            }
            // It was created in between.
            let there = list(client, dashboard).await?;
            wanted.find(&there).map(|ours| ours.id.clone()).ok_or_else(|| refused(error))?
        }
    };
    let request = dashboard.replace(&id, wanted).map_err(|error| error.to_string())?;
    Dashboard::read_replaced(send(client, request).await?).map_err(refused)?;
    Ok(format!("Replaced {}", printable(&id)))
}

async fn list(client: &Client, dashboard: &Dashboard) -> Result<Vec<SubscriptionState>, String> {
    Dashboard::read_list(send(client, dashboard.list()).await?).map_err(refused)
}

async fn send(client: &Client, request: Request<Vec<u8>>) -> Result<Response<Bytes>, String> {
    let answer = client.exchange(request.map(Bytes::from), Duration::from_secs(30)).await;
    answer.map_err(|trouble| trouble.to_string())
}

/// What Bandwidth said, and what to do about it.
#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn refused(error: ResponseError) -> String {
    let said = Dashboard::explain(&error).map(|said| format!(": {said}")).unwrap_or_default();
    let advice = match error.response().status().as_u16() {
        401 | 403 => ". Check BANDWIDTH_API_USERNAME and its password, or BANDWIDTH_API_TOKEN",
        404 => ". Check --account and --api",
        _ => "",
    };
    format!("Bandwidth has refused it: {error}{said}{advice}")
}

fn done(outcome: Result<String, String>) -> bool {
    match outcome {
        Ok(text) => {
            line(&text);
            true
        }
        Err(error) => {
            crate::terminal::error(&format!("order-webhooks: {error}"));
            false
        }
    }
}

fn print<const N: usize>(requests: [Request<Vec<u8>>; N]) -> bool {
    for request in requests {
        let first = format!("{} {}", request.method(), request.uri());
        for text in message(&first, request.headers(), request.body()) {
            line(&text);
        }
        line("");
    }
    true
}

/// A subscription, in a line.
fn described(state: &SubscriptionState) -> String {
    let topic = match &state.topic {
        Some(Topic::Orders(order_type)) => order_type.to_string(),
        Some(Topic::Events(event_type)) => event_type.to_string(),
        _ => "unknown".to_owned(),
    };
    let order = state.order_id.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
    let url = state.url.as_deref().unwrap_or("no URL");
    let left = match state.time_left {
        Some(left) => format!("{} days left", left.as_secs() / DAY),
        None => "unknown time left".to_owned(),
    };
    let last = state.last_answer.as_ref().map(|said| format!(", last answer {said}"));
    let id = &state.id;
    printable(&format!("{id}  {topic}{order}  {url}  {left}{}", last.unwrap_or_default()))
}

/// The same user with a password that can be shown.
fn hidden(credentials: &Credentials) -> Result<Credentials, String> {
    let username = String::from_utf8_lossy(credentials.username().expose()).into_owned();
    Credentials::new(&username, "(hidden)").map_err(|error| error.to_string())
}

impl Api {
    fn dashboard(&self) -> Result<Dashboard, String> {
        let authorization = if self.dry_run {
            HeaderValue::from_static("Basic (hidden)")
        } else {
            let secrets = Secrets::open(&self.secrets)?;
            match secrets.api_token()? {
                Some(token) => bearer(&token).map_err(|error| error.to_string())?,
                None => secrets.api_user()?.authorization(),
            }
        };
        let dashboard = Dashboard::new(&self.base, &self.account, authorization);
        dashboard.map_err(|error| error.to_string())
    }
}

impl Ensure {
    fn credentials(&self) -> Result<Option<Credentials>, String> {
        if self.no_credentials {
            return Ok(None);
        }
        Secrets::open(&self.api.secrets)?.bandwidth_set().map(Some)
    }

    fn wanted(&self, credentials: Option<Credentials>) -> Result<Subscription, String> {
        let callback = match credentials {
            Some(credentials) => Callback::new(&self.url, credentials),
            None => Callback::without_credentials(&self.url),
        };
        let callback = callback.map_err(|error| error.to_string())?;
        let expiry = Duration::from_secs(u64::from(self.days) * DAY);
        let wanted = match (&self.about.orders, &self.about.events) {
            (_, Some(events)) => {
                Subscription::to_events(EventType::from(&**events), callback, expiry)
            }
            (orders, None) => {
                let orders = orders.as_deref().unwrap_or_default();
                Subscription::to_orders(OrderType::from(orders), callback, expiry)
            }
        };
        let mut wanted = wanted.map_err(|error| error.to_string())?;
        if let Some(id) = &self.order_id {
            wanted = wanted.with_order_id(id).map_err(|error| error.to_string())?;
        }
        if let Some(url) = &self.moved_from {
            wanted = wanted.moved_from(url);
        }
        Ok(match self.numbers {
            Some(Numbers::Legacy) => wanted.with_number_format(NumberFormat::Legacy),
            Some(Numbers::E164) => wanted.with_number_format(NumberFormat::E164),
            None => wanted,
        })
    }
}
