//! Receives every webhook with actix-web and prints each verified event as a
//! line of JSON; `examples/axum_server.rs` is the same server in axum.
//!
//! ```text
//! cargo run --example actix_server
//! curl -u JohnSmith:Swordfish http://127.0.0.1:3000/musement -d @tests/data/musement/order-item.json
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

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpServer, web};
use common::connections::{Connection, Connections, KEPT_FOR};
use common::{Records, STOPS_WITHIN, Webhooks, keep, report};
use order_webhooks::actix::{Verified, port_out, receive};
use order_webhooks::bandwidth::{NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Accepted, Receipt, Rejection};

// The server stops on Ctrl-C and SIGTERM by itself, and answers what is under way.
#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _log = common::log()?;
    let webhooks = Webhooks::from_env()?;
    let subscribers = web::Data::new(Records::sample()?);
    let app = move || {
        let webhooks = webhooks.clone();
        App::new()
            .wrap(from_fn(answering))
            .app_data(subscribers.clone())
            .route("/musement", receive(webhooks.musement, on_order_item))
            .route("/porterbuddy", receive(webhooks.porterbuddy, on_order))
            .route("/bandwidth/notifications", receive(webhooks.notifications, on_notification))
            .route("/bandwidth/port-out", port_out(webhooks.port_out, on_port_out))
            .route("/bandwidth/v2", receive(webhooks.v2, on_subscription))
    };
    let connections = Connections::default();
    let server = HttpServer::new(app)
        // By default a head that takes longer than 5 s, and a connection that waits as
        // long for its first request, is answered with a 408.
        .client_request_timeout(Duration::ZERO)
        .keep_alive(KEPT_FOR)
        .on_connect(move |stream, data| {
            let stream = stream.downcast_ref::<actix_web::rt::net::TcpStream>();
            if let Some(Ok(connection)) = stream.map(|stream| connections.opened(stream)) {
                data.insert(connection);
            }
        })
        .shutdown_timeout(STOPS_WITHIN.as_secs());
    server.listen(common::listen()?)?.run().await?;
    common::flush();
    Ok(())
}

/// Says of the connection that its request is being answered.
async fn answering(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let _answering = request.request().conn_data::<Arc<Connection>>().map(Connection::answers);
    next.call(request).await
}

/// What is asked, and what the answer is, is printed; a customer's data is not.
async fn on_port_out(
    subscribers: web::Data<Records>,
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
