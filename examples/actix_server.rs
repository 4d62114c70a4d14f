//! Receives every webhook with actix-web and prints each verified event as a
//! line of JSON; `examples/axum_server.rs` is the same server in axum.
//!
//! ```text
//! cargo run --example actix_server
//! curl -u JohnSmith:Swordfish http://127.0.0.1:3000/musement --data-binary @update.json
//! ```
//!
//! Environment, each with a sample as its default: `ADDR`, `MUSEMENT_USERNAME`,
//! `MUSEMENT_PASSWORD`, `PORTERBUDDY_API_KEY`, `BANDWIDTH_USERNAME`,
//! `BANDWIDTH_PASSWORD`, `BANDWIDTH_SECRET` and `BODY_LIMIT`, in bytes.
#![allow(clippy::print_stderr, reason = "a server that prints is the point of the example")]

mod common;

use std::error::Error;
use std::sync::Arc;

use actix_web::{App, HttpServer, web};
use common::{Subscribers, Webhooks, keep, report};
use order_webhooks::Rejection;
use order_webhooks::actix::{Verified, port_out};
use order_webhooks::bandwidth::{self, NotificationWebhook, PortOutWebhook, SubscriptionWebhook};
use order_webhooks::musement::{self, OrderItemWebhook};
use order_webhooks::porterbuddy::{self, OrderWebhook};

// The server stops on Ctrl-C and SIGTERM by itself, and answers the deliveries
// under way.
#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let webhooks = Webhooks::from_env()?;
    let subscribers = Arc::new(Subscribers::sample()?);
    let on_port_out = move |request: Verified<PortOutWebhook>| {
        let subscribers = Arc::clone(&subscribers);
        async move { subscribers.judge(&request) }
    };
    // `web::to`, so that the webhook itself refuses another method than POST,
    // and the refusal is reported like every other.
    let app = move || {
        App::new()
            .app_data(webhooks.musement.clone())
            .app_data(webhooks.porterbuddy.clone())
            .app_data(webhooks.notifications.clone())
            .app_data(webhooks.v2.clone())
            .route("/musement", web::to(on_order_item))
            .route("/porterbuddy", web::to(on_order))
            .route("/bandwidth/notifications", web::to(on_notification))
            .route("/bandwidth/port-out", port_out(webhooks.port_out.clone(), on_port_out.clone()))
            .route("/bandwidth/v2", web::to(on_subscription))
    };
    HttpServer::new(app).listen(common::listen()?)?.run().await?;
    Ok(())
}

async fn on_order_item(
    delivery: Result<Verified<OrderItemWebhook>, Rejection>,
) -> Result<musement::Receipt, Rejection> {
    let update = delivery.inspect_err(report::<OrderItemWebhook>)?;
    Ok(match keep(&update) {
        Ok(()) => musement::Receipt::Accepted,
        Err(_) => musement::Receipt::TryAgain,
    })
}

async fn on_order(
    delivery: Result<Verified<OrderWebhook>, Rejection>,
) -> Result<porterbuddy::Receipt, Rejection> {
    let update = delivery.inspect_err(report::<OrderWebhook>)?;
    Ok(match keep(&update) {
        Ok(()) => porterbuddy::Receipt::Accepted,
        Err(_) => porterbuddy::Receipt::TryAgain,
    })
}

async fn on_notification(
    delivery: Result<Verified<NotificationWebhook>, Rejection>,
) -> Result<bandwidth::Receipt, Rejection> {
    let notification = delivery.inspect_err(report::<NotificationWebhook>)?;
    if keep(&notification).is_err() {
        eprintln!("a notification is lost: it will not be sent again");
    }
    Ok(bandwidth::Receipt::Accepted)
}

async fn on_subscription(
    delivery: Result<Verified<SubscriptionWebhook>, Rejection>,
) -> Result<bandwidth::Receipt, Rejection> {
    let update = delivery.inspect_err(report::<SubscriptionWebhook>)?;
    if keep(&update).is_err() {
        eprintln!("an update is lost: whether it will be sent again is not documented");
    }
    Ok(bandwidth::Receipt::Accepted)
}
