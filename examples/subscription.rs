//! A service looks after its subscription at Bandwidth: is it there, is it as it
//! should be, and does it last long enough? It runs against a stand-in of
//! Bandwidth's API on loopback.
//!
//! ```sh
//! cargo run --example subscription --features client,axum
//! ```
//!
//! In your service, call `look_after` at start-up and then once a day, with
//! `Dashboard::PRODUCTION` as the base URL.

#![allow(clippy::print_stdout, reason = "what happens is the point of the example")]
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a toy")]

mod client;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use client::{http_client, send, serve};
use http::HeaderName;
use order_webhooks::bandwidth::{NotificationWebhook, OrderType};
use order_webhooks::client::bandwidth::{Callback, Dashboard, NextStep, Subscription};
use order_webhooks::{BasicAuth, Credentials};
use ureq::Agent;

type Error = Box<dyn std::error::Error>;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn main() -> Result<(), Error> {
    let stand_in = StandIn::start()?;
    let http = http_client();
    let api_user = Credentials::new("api-user", "api-password")?;
    let dashboard = Dashboard::new(&stand_in.base, "9900000", api_user.authorization())?;

    // One value makes the webhook and the subscription, so both have one password.
    let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
    let _webhook = NotificationWebhook::new(BasicAuth::from(&credentials));
    let callback = Callback::new("https://orders.example/bandwidth", credentials)?;
    let wanted = Subscription::to_orders(OrderType::PortIns, callback, Subscription::TEN_YEARS)?;

    let step = look_after(&http, &dashboard, &wanted, Duration::MAX)?;
    println!("the first start:      {step:?}");
    let step = look_after(&http, &dashboard, &wanted, 7 * DAY)?;
    println!("a day later:          {step:?}");
    stand_in.show_an_old_list_once();
    let step = look_after(&http, &dashboard, &wanted, 7 * DAY)?;
    println!("two starts at once:   {step:?}");
    stand_in.let_it_end_in_an_hour();
    let step = look_after(&http, &dashboard, &wanted, 7 * DAY)?;
    println!("ten years later:      {step:?}");
    let step = look_after(&http, &dashboard, &wanted, Duration::MAX)?;
    println!("a start, always:      {step:?}");

    // The service is switched off for good. This is never a part of the upkeep.
    let there = Dashboard::read_list(send(&http, dashboard.list())?)?;
    if let Some(ours) = wanted.find(&there) {
        Dashboard::read_deleted(send(&http, dashboard.delete(&ours.id)?)?)?;
    }
    println!("what is left:         {}", stand_in.urls().join(" "));
    Ok(())
}

/// Does what has to be done, and says what it was. At start-up the margin is
/// [`Duration::MAX`], because nobody can see whether the password there is yours.
fn look_after(
    http: &Agent,
    dashboard: &Dashboard,
    wanted: &Subscription,
    mut margin: Duration,
) -> Result<NextStep, Error> {
    for _attempt in 0..2 {
        let there = Dashboard::read_list(send(http, dashboard.list())?)?;
        let step = wanted.next_step(&there, margin);
        let done = match &step {
            NextStep::Create => {
                Dashboard::read_created(send(http, dashboard.create(wanted))?).map(drop)
            }
            NextStep::Replace { id } => {
                Dashboard::read_replaced(send(http, dashboard.replace(id, wanted)?)?)
            }
            _ => Ok(()),
        };
        match done {
            Ok(()) => return Ok(step),
            // Somebody was faster: it is there by now, or gone. Look again, and
            // replace what is ours.
            Err(error) if [409, 404].contains(&error.status().as_u16()) => margin = Duration::MAX,
            Err(error) => {
                let said = Dashboard::explain(&error).unwrap_or_default();
                return Err(format!("{error}: {said}").into());
            }
        }
    }
    Err("a subscription to the same is there, and it is not ours".into())
}

/// A stand-in of the API. It keeps the subscriptions, id and document, in memory.
struct StandIn {
    base: String,
    kept: Kept,
}

type Kept = Arc<Mutex<Account>>;

struct Account {
    subscriptions: Vec<(String, String)>,
    /// How many of them the next list has.
    listed: usize,
}

/// The subscription of another service that the account has, too.
const OF_BILLING: &str = "<OrderType>portins</OrderType><CallbackSubscription>\
    <URL>https://billing.example/hook</URL><Expiry>60</Expiry></CallbackSubscription>";

impl StandIn {
    fn start() -> Result<Self, Error> {
        let of_billing = ("s-0".to_owned(), OF_BILLING.to_owned());
        let account = Account { subscriptions: vec![of_billing], listed: usize::MAX };
        let kept = Kept::new(Mutex::new(account));
        let path = "/api/accounts/9900000/subscriptions";
        let app = axum::Router::new()
            .route(path, get(list).post(create))
            .route(&format!("{path}/{{id}}"), put(replace).delete(remove))
            .with_state(Arc::clone(&kept));
        Ok(Self { base: format!("{}/api", serve(app)?), kept })
    }

    fn let_it_end_in_an_hour(&self) {
        for (_, document) in &mut self.kept.lock().unwrap().subscriptions {
            *document = document.replace("<Expiry>315360000<", "<Expiry>3600<");
        }
    }

    /// The next list is one of before our subscription was there, so it seems to be
    /// missing: another instance of the service creates it between list and request.
    fn show_an_old_list_once(&self) {
        self.kept.lock().unwrap().listed = 1;
    }

    fn urls(&self) -> Vec<String> {
        let there = &self.kept.lock().unwrap().subscriptions;
        there.iter().map(|(_, document)| element(document, "URL").to_owned()).collect()
    }
}

fn element<'a>(document: &'a str, name: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("<{name}>")).unwrap_or_default();
    rest.split('<').next().unwrap_or_default()
}

async fn list(State(kept): State<Kept>) -> String {
    let mut account = kept.lock().unwrap();
    let listed = std::mem::replace(&mut account.listed, usize::MAX);
    let all = account.subscriptions.iter().take(listed).map(|(id, document)| {
        // Bandwidth returns no password.
        let shown = document.replace(element(document, "Password"), "");
        format!("<Subscription><SubscriptionId>{id}</SubscriptionId>{shown}</Subscription>")
    });
    let all: String = all.collect();
    format!("<SubscriptionsResponse><Subscriptions>{all}</Subscriptions></SubscriptionsResponse>")
}

async fn create(
    State(kept): State<Kept>,
    document: String,
) -> Result<(StatusCode, [(HeaderName, String); 1]), StatusCode> {
    let there = &mut kept.lock().unwrap().subscriptions;
    let target = |document| (element(document, "OrderType"), element(document, "URL"));
    if there.iter().any(|(_, there)| target(there) == target(&document)) {
        return Err(StatusCode::CONFLICT);
    }
    let id = format!("s-{}", there.len());
    let location = format!("/api/accounts/9900000/subscriptions/{id}");
    there.push((id, inside(&document)));
    Ok((StatusCode::CREATED, [(http::header::LOCATION, location)]))
}

async fn replace(State(kept): State<Kept>, Path(id): Path<String>, document: String) -> StatusCode {
    let there = &mut kept.lock().unwrap().subscriptions;
    match there.iter_mut().find(|(kept, _)| *kept == id) {
        Some((_, there)) => *there = inside(&document),
        None => return StatusCode::NOT_FOUND,
    }
    StatusCode::OK
}

async fn remove(State(kept): State<Kept>, Path(id): Path<String>) {
    kept.lock().unwrap().subscriptions.retain(|(kept, _)| *kept != id);
}

/// What is in the root element.
fn inside(document: &str) -> String {
    let (_, rest) = document.split_once("<Subscription>").unwrap_or_default();
    rest.replace("</Subscription>", "")
}
