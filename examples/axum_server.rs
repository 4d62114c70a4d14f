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

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use common::{Records, STOPS_WITHIN, Webhooks, keep, report};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use order_webhooks::Rejection;
use order_webhooks::axum::{Verified, port_out, receive};
use order_webhooks::bandwidth::{
    self, NotificationWebhook, PortOutAnswer, PortOutWebhook, SubscriptionWebhook,
};
use order_webhooks::musement::{self, OrderItemWebhook};
use order_webhooks::porterbuddy::{self, OrderWebhook};
use tokio::net::TcpListener;
use tokio::signal;

/// The time for the head of a request, as actix-web has it by default.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

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

/// Serves until the process is asked to stop, and then answers what is under way.
///
/// `axum::serve` has no time limit for heads and none for its graceful stop: half
/// a head would keep its connection, and the process, for as long as the sender
/// likes.
async fn serve(listener: TcpListener, app: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let connections = GracefulShutdown::new();
    let mut stopped = std::pin::pin!(stopped());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: connections end meanwhile.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connections.watch(connection));
    }
    drop(listener);
    let _ = tokio::time::timeout(STOPS_WITHIN, connections.shutdown()).await;
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
        tracing::error!("a notification is lost: it will not be sent again");
    }
    Ok(bandwidth::Receipt::Accepted)
}

async fn on_subscription(
    delivery: Result<Verified<SubscriptionWebhook>, Rejection>,
) -> Result<bandwidth::Receipt, Rejection> {
    let update = delivery.inspect_err(report::<SubscriptionWebhook>)?;
    if keep(&update).is_err() {
        tracing::error!("an update is lost: whether it will be sent again is not documented");
    }
    Ok(bandwidth::Receipt::Accepted)
}

/// Ends when the process is asked to stop.
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
