//! Asks Porterbuddy and Musement about orders that have been silent for too long,
//! because deliveries can be lost for good. Revisions keep what was asked for
//! and what was delivered in order.
//!
//! ```sh
//! cargo run --example poll --features client,axum
//! ```
//!
//! The providers are stand-ins on loopback. Here a map holds the state of the
//! orders; in your service it is a table of your database.

#![allow(clippy::print_stdout, reason = "what happens is the point of the example")]

mod client;

use std::collections::HashMap;

use axum::Router;
use axum::routing::{get, post};
use client::{http_client, send, serve};
use order_webhooks::Secret;
use order_webhooks::client::{musement, porterbuddy};
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::OrderStatusUpdate;
use order_webhooks::tracking::Tracked;
use order_webhooks::tracking::{Applied, Decision, Key, decide};
use ureq::Agent;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let http = http_client();
    let mut orders = Orders::default();

    // The webhook brought this. The next deliveries were lost.
    let ready = OrderStatusUpdate::parse_unverified(READY.as_bytes())?;
    orders.apply("delivery-1", &ready, ready.order_status.as_str());
    ask_porterbuddy(&http, &mut orders, &ready.order_id)?;
    // A delivery that was only late changes nothing any more.
    let late = OrderStatusUpdate::parse_unverified(IN_DELIVERY.as_bytes())?;
    orders.apply("delivery-2", &late, late.order_status.as_str());

    let pending = OrderItemUpdate::parse_unverified(PENDING.as_bytes())?;
    orders.apply("delivery-3", &pending, pending.order_item_status.as_str());
    ask_musement(&http, &orders, &pending)
}

/// Porterbuddy answers with what the webhook would have said, revision and all.
fn ask_porterbuddy(http: &Agent, orders: &mut Orders, order_id: &str) -> Result<(), Error> {
    let stand_in = Router::new().route("/order/394326/status", get(|| async { DELIVERED }));
    let key = Secret::new("porterbuddy-api-key")?;
    let api = porterbuddy::Api::at(&serve(stand_in)?, &key)?;
    let answer = send(http, api.order_status(order_id)?)?;
    let update = porterbuddy::Api::read_order_status(answer)?;
    orders.apply("answer-1", &update, update.order_status.as_str());
    Ok(())
}

/// Musement's answer has no version, so it cannot be put in order. Where it differs
/// from what is known, ask for the webhook, which has one.
fn ask_musement(http: &Agent, orders: &Orders, known: &OrderItemUpdate) -> Result<(), Error> {
    let stand_in = Router::new().route("/orders/{order}", get(|| async { ORDER })).route(
        "/orders/{order}/items/{item}/notifications",
        post(|| async { println!("musement will send the webhook again") }),
    );
    let token = Secret::new("token-of-the-partner-api")?;
    let api = musement::Api::new(&serve(stand_in)?, "acme", &token)?;
    let order = musement::Api::read_order(send(http, api.order(known.order_uuid))?)?;
    for item in &order.items {
        let Some(uuid) = item.uuid else { continue };
        if orders.status(&item.key()) != Some(item.status.as_str()) {
            let request = api.request_notification(known.order_uuid, uuid);
            musement::Api::read_notification_requested(send(http, request)?)?;
        }
    }
    Ok(())
}

/// What is known of each order.
#[derive(Default)]
struct Orders(HashMap<Key, (Applied<&'static str>, String)>);

impl Orders {
    /// `delivery` is the id of the message, by which a second try is recognised.
    fn apply(&mut self, delivery: &'static str, update: &impl Tracked, status: &str) {
        let key = update.key();
        let new = Applied { revision: update.revision(), delivery };
        match decide(self.0.get(&key).map(|(applied, _)| applied), new) {
            Decision::Apply(applied) => {
                println!("{key}: {status}");
                self.0.insert(key, (applied, status.to_owned()));
            }
            Decision::Stale => println!("{key}: {status} is old news"),
        }
    }

    fn status(&self, key: &Key) -> Option<&str> {
        self.0.get(key).map(|(_, status)| status.as_str())
    }
}

const READY: &str =
    r#"{"orderId":"394326","orderStatus":"ready","statusUpdatedAt":"2021-06-08T12:16:40.32538Z"}"#;
const IN_DELIVERY: &str = r#"{"orderId":"394326","orderStatus":"in_delivery","statusUpdatedAt":"2021-06-08T13:01:07.5Z"}"#;
const DELIVERED: &str =
    r#"{"orderId":"394326","orderStatus":"delivered","statusUpdatedAt":"2021-06-08T14:40:00.1Z"}"#;
const PENDING: &str = r#"{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_version":"22","order_item_status":"PENDING"}"#;
const ORDER: &str = r#"{"status":"OK","items":[{"uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","status":"OK","vouchers":[]}]}"#;
