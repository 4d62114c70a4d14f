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
//! `BANDWIDTH_PASSWORD`, `BANDWIDTH_SECRET` and `BODY_LIMIT`, in bytes.
#![allow(clippy::print_stderr, reason = "a server that prints is the point of the example")]

mod common;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::any;
use common::{Subscribers, Webhooks, keep, report};
use order_webhooks::Rejection;
use order_webhooks::axum::{Verified, port_out};
use order_webhooks::bandwidth::{self, NotificationWebhook, PortOutWebhook, SubscriptionWebhook};
use order_webhooks::musement::{self, OrderItemWebhook};
use order_webhooks::porterbuddy::{self, OrderWebhook};
use tokio::signal;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let webhooks = Webhooks::from_env()?;
    let subscribers = Arc::new(Subscribers::sample()?);
    let on_port_out = move |request: Verified<PortOutWebhook>| {
        let subscribers = Arc::clone(&subscribers);
        async move { subscribers.judge(&request) }
    };
    // `any`, so that the webhook itself refuses another method than POST, and
    // the refusal is reported like every other.
    let app = Router::new()
        .route("/musement", any(on_order_item))
        .route("/porterbuddy", any(on_order))
        .route("/bandwidth/notifications", any(on_notification))
        .route("/bandwidth/port-out", port_out(webhooks.port_out.clone(), on_port_out))
        .route("/bandwidth/v2", any(on_subscription))
        .with_state(App { webhooks });
    let listener = tokio::net::TcpListener::from_std(common::listen()?)?;
    axum::serve(listener, app).with_graceful_shutdown(stopped()).await?;
    Ok(())
}

#[derive(Clone)]
struct App {
    webhooks: Webhooks,
}

impl FromRef<App> for OrderItemWebhook {
    fn from_ref(app: &App) -> Self {
        app.webhooks.musement.clone()
    }
}

impl FromRef<App> for OrderWebhook {
    fn from_ref(app: &App) -> Self {
        app.webhooks.porterbuddy.clone()
    }
}

impl FromRef<App> for SubscriptionWebhook {
    fn from_ref(app: &App) -> Self {
        app.webhooks.v2.clone()
    }
}

impl FromRef<App> for NotificationWebhook {
    fn from_ref(app: &App) -> Self {
        app.webhooks.notifications.clone()
    }
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

/// Ends when the process is asked to stop; deliveries under way are answered.
async fn stopped() {
    #[cfg(unix)]
    {
        let terminate = signal::unix::signal(signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = signal::ctrl_c().await;
}
