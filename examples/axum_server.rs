//! Receives every webhook with axum and prints each verified event as a line of
//! JSON; `examples/actix_server.rs` is the same server in actix-web.
//!
//! ```text
//! cargo run --example axum_server
//! curl -u JohnSmith:Swordfish http://127.0.0.1:3000/musement -d @tests/data/musement/order-item.json
//! ```
//!
//! Environment, each with a sample as its default: `ADDR`, `MUSEMENT_USERNAME`,
//! `MUSEMENT_PASSWORD`, `PORTERBUDDY_API_KEY`, `BANDWIDTH_USERNAME`,
//! `BANDWIDTH_PASSWORD`, `BANDWIDTH_SECRET`, `BODY_LIMIT` in bytes, and `LOG`, such
//! as `info` or `order_webhooks=debug`.

mod common;

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use common::connections::{Connections, KEPT_FOR};
use common::{Records, STOPS_WITHIN, Webhooks, keep, report};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use order_webhooks::axum::{Verified, port_out, receive};
use order_webhooks::bandwidth::{NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Accepted, Receipt, Rejection};
use tokio::net::TcpListener;
use tokio::signal;

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

/// Serves until the process is asked to stop, and then answers what is under way.
///
/// `axum::serve` has no settings for any of this:
///
/// - A sender that has sent everything may close its half of the connection. Hyper
///   drops its request then, without an answer, unless `half_close` is set.
/// - Half a head would keep its connection for as long as the sender likes. Hyper's
///   time limit for heads counts while a connection is idle, too, so it has to be
///   longer than senders keep connections; [`Connections`] bounds their number.
/// - A stop waits for every connection, however long that takes.
async fn serve(listener: TcpListener, app: Router) {
    let mut http = http1::Builder::new();
    http.half_close(true).timer(TokioTimer::new()).header_read_timeout(KEPT_FOR);
    let (connections, graceful) = (Connections::default(), GracefulShutdown::new());
    let mut stopped = pin!(stopped());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        let opened = accepted.and_then(|(stream, _)| Ok((connections.opened(&stream)?, stream)));
        let Ok((connection, stream)) = opened else {
            // Out of file descriptors, most likely: connections end meanwhile.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let app = TowerToHyperService::new(app.clone());
        let service = service_fn(move |request| {
            let (answering, answer) = (connection.answers(), app.call(request));
            async move {
                let _answering = answering;
                answer.await
            }
        });
        tokio::spawn(graceful.watch(http.serve_connection(TokioIo::new(stream), service)));
    }
    drop(listener);
    let _ = tokio::time::timeout(STOPS_WITHIN, graceful.shutdown()).await;
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
