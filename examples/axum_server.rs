//! Receives every webhook with axum and prints each verified event as a line of
//! JSON; `examples/actix_server.rs` is the same server in actix-web.
//!
//! ```text
//! cargo run --example axum_server
//! curl -u JohnSmith:Swordfish http://127.0.0.1:3000/musement --data-binary @update.json
//! ```
//!
//! Environment, each with a sample as its default: `ADDR`, `MUSEMENT_USERNAME`,
//! `MUSEMENT_PASSWORD`, `PORTERBUDDY_API_KEY`, `BANDWIDTH_USERNAME`,
//! `BANDWIDTH_PASSWORD`, `BANDWIDTH_SECRET`, `BODY_LIMIT` in bytes, and `LOG`, such
//! as `info` or `order_webhooks=debug`.

mod common;
#[path = "common/serve.rs"]
mod serve;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use common::{Records, Webhooks, keep, report};
use order_webhooks::axum::{Verified, port_out, receive};
use order_webhooks::bandwidth::{NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Accepted, Receipt, Rejection};
use serve::serve;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _log = common::log()?;
    let webhooks = Webhooks::from_env()?;
    let app = Router::new()
        .route("/musement", receive(webhooks.musement, on_order_item))
        .route("/porterbuddy", receive(webhooks.porterbuddy, on_order))
        .route("/bandwidth/notifications", receive(webhooks.notifications, on_notification))
        .route("/bandwidth/port-out", port_out(webhooks.port_out, on_port_out))
        .route("/bandwidth/v2", receive(webhooks.v2, on_subscription))
        .with_state(Arc::new(Records::sample()?));
    serve(TcpListener::from_std(common::listen()?)?, app).await;
    common::flush();
    Ok(())
}

/// What is asked, and what the answer is, is printed; a customer's data is not.
async fn on_port_out(
    State(subscribers): State<Arc<Records>>,
    request: Verified<PortOutWebhook>,
) -> std::io::Result<PortOutAnswer> {
    subscribers.judge(&request)
}

async fn on_order_item(
    delivery: Result<Verified<OrderItemWebhook>, Rejection>,
) -> Result<Receipt, Box<dyn Error + Send + Sync>> {
    keep(&delivery.inspect_err(report::<OrderItemWebhook>)?)?;
    Ok(Receipt::Accepted)
}

async fn on_order(
    delivery: Result<Verified<OrderWebhook>, Rejection>,
) -> Result<Receipt, Box<dyn Error + Send + Sync>> {
    keep(&delivery.inspect_err(report::<OrderWebhook>)?)?;
    Ok(Receipt::Accepted)
}

/// Bandwidth never sends again: an error here is a notification that is lost.
async fn on_notification(
    delivery: Result<Verified<NotificationWebhook>, Rejection>,
) -> Result<Accepted, Box<dyn Error + Send + Sync>> {
    keep(&delivery.inspect_err(report::<NotificationWebhook>)?)?;
    Ok(Accepted)
}

async fn on_subscription(
    delivery: Result<Verified<V2Webhook>, Rejection>,
) -> Result<Accepted, Box<dyn Error + Send + Sync>> {
    keep(&delivery.inspect_err(report::<V2Webhook>)?)?;
    Ok(Accepted)
}
