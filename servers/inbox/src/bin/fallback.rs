//! Asks Musement and Porterbuddy about orders whose deliveries were lost, and
//! puts the answers into the same inbox as the deliveries. Revisions keep both
//! in order.
//!
//! ```text
//! cargo run -p inbox --bin fallback
//! ```
//!
//! Some changes are never sent, so poll for them even if every delivery
//! arrives: Musement notifies standard activity products only, no gifts and
//! other special products, and its newer guide does not list `REFUND_STARTED`
//! as a trigger.
//!
//! The providers are stand-ins on a loopback address that have lost some
//! deliveries. The program ends by itself.
#![allow(clippy::print_stdout, reason = "what happens is the point of the example")]
#![allow(dead_code, reason = "the examples share more than each of them uses")]

#[path = "../client.rs"]
mod client;
#[path = "../../../../examples/common/mod.rs"]
mod common;
#[path = "../inbox/mod.rs"]
mod inbox;
#[path = "../server.rs"]
mod server;
#[path = "../sql/mod.rs"]
mod sql;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::{get, post};
use common::Webhooks;
use inbox::{Delivery, Inbox, Rules, StoreError};
use order_webhooks::client::{musement, porterbuddy};
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{Credentials, Secret, Tracked};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _log = common::log()?;
    let file = std::env::temp_dir().join(format!("order-webhooks-{}.db", std::process::id()));
    let reconciled = match file.to_str() {
        Some(path) => reconcile(path).await,
        None => Err("the temporary directory is not UTF-8".into()),
    };
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.clone().into_os_string();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
    Ok(reconciled.map_err(|error| error.to_string())?)
}

async fn reconcile(path: &str) -> Result<(), StoreError> {
    let inbox = Arc::new(Inbox::new(sql::Sqlite::open(path, Rules::default())?));
    let webhooks = Webhooks::from_env().map_err(|error| error.to_string())?;
    let server = serve(server::router(webhooks.clone(), Arc::clone(&inbox))).await?;
    let musement = serve(musement_api(server)).await?;
    let porterbuddy = serve(porterbuddy_api()).await?;

    // What the webhooks brought. Of each order, a later delivery was lost.
    deliver_item(server, ITEM_PENDING).await?;
    deliver_order(server, &webhooks.porterbuddy, ORDER_READY).await?;
    while inbox.settle().await? > 0 {}

    // Porterbuddy answers with what the webhook would have said, revision and all.
    let api_key = Secret::new("porterbuddy-api-key")?;
    let fallback = porterbuddy::Api::at(&format!("http://{porterbuddy}"), &api_key)?;
    let known = OrderStatusUpdate::parse_unverified(ORDER_READY.as_bytes())?;
    println!("porterbuddy, by webhook: {}", state(&inbox, &known).await?);
    let answer = send(fallback.order_status(&known.order_id)?).await?;
    let body = answer.body().clone();
    let update = porterbuddy::Api::read_order_status(answer)?;
    inbox.keep(Delivery::asked_for::<OrderWebhook>(&update, &body)).await?;
    while inbox.settle().await? > 0 {}
    println!("porterbuddy, asked for:  {}", state(&inbox, &known).await?);

    // Deliveries that were only late change nothing any more.
    deliver_order(server, &webhooks.porterbuddy, ORDER_DELIVERED).await?;
    deliver_order(server, &webhooks.porterbuddy, ORDER_IN_DELIVERY).await?;
    while inbox.settle().await? > 0 {}
    let last = state(&inbox, &known).await?;
    println!("porterbuddy, in the end: {last}");
    expect(&last, "delivered")?;

    // Musement's answer has no version. Where it says something new, the webhook
    // is asked for, which has one.
    let token = Secret::new("token-of-the-partner-api")?;
    let fallback = musement::Api::new(&format!("http://{musement}"), "acme", &token)?;
    let known = OrderItemUpdate::parse_unverified(ITEM_PENDING.as_bytes())?;
    println!("musement, by webhook:    {}", state(&inbox, &known).await?);
    let order = musement::Api::read_order(send(fallback.order(known.order_uuid)).await?)?;
    for item in &order.items {
        let Some(uuid) = item.uuid else { continue };
        let known_status = inbox.store.state(&item.key()).await?;
        if known_status.as_deref() == Some(item.status.as_str()) {
            continue;
        }
        println!("musement, asked for:     {}", item.status);
        let request = fallback.request_notification(known.order_uuid, uuid);
        musement::Api::read_notification_requested(send(request).await?)?;
    }
    while inbox.settle().await? > 0 {}
    let last = state(&inbox, &known).await?;
    println!("musement, in the end:    {last}");
    expect(&last, "OK")
}

async fn state(inbox: &Inbox, event: &impl Tracked) -> Result<String, StoreError> {
    Ok(inbox.store.state(&event.key()).await?.unwrap_or_else(|| "not known".to_owned()))
}

fn expect(last: &str, expected: &str) -> Result<(), StoreError> {
    if last == expected { Ok(()) } else { Err(format!("{last} instead of {expected}").into()) }
}

const ORDER_READY: &str =
    r#"{"orderId":"394326","orderStatus":"ready","statusUpdatedAt":"2021-06-08T12:16:40.32538Z"}"#;
const ORDER_IN_DELIVERY: &str = r#"{"orderId":"394326","orderStatus":"in_delivery","statusUpdatedAt":"2021-06-08T13:01:07.5Z"}"#;
const ORDER_DELIVERED: &str =
    r#"{"orderId":"394326","orderStatus":"delivered","statusUpdatedAt":"2021-06-08T14:40:00.1Z"}"#;
const ITEM_PENDING: &str = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"PENDING"}"#;
const ITEM_OK: &str = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:14:02+0000","order_version":"17","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:14:02+0000","order_item_version":"23","order_item_status":"OK"}"#;
const ORDER: &str = r#"{"status":"OK","items":[{"uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","status":"OK","vouchers":[]}]}"#;

/// Stands in for Porterbuddy.
fn porterbuddy_api() -> Router {
    let order = |Path(id): Path<String>| async move {
        if id == "394326" { Ok(ORDER_DELIVERED) } else { Err(StatusCode::NOT_FOUND) }
    };
    Router::new().route("/order/{id}/status", get(order))
}

/// Stands in for Musement, which sends the webhook when it is asked to.
fn musement_api(server: SocketAddr) -> Router {
    let notify = move || async move {
        match deliver_item(server, ITEM_OK).await {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::BAD_GATEWAY,
        }
    };
    Router::new()
        .route("/orders/{order}", get(|| async { ORDER }))
        .route("/orders/{order}/items/{item}/notifications", post(notify))
}

async fn serve(app: Router) -> Result<SocketAddr, StoreError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn deliver_item(server: SocketAddr, body: &'static str) -> Result<(), StoreError> {
    let authorization = Credentials::new("JohnSmith", "Swordfish")?.authorization();
    let request = Request::post(format!("http://{server}/musement"))
        .header(header::AUTHORIZATION, authorization)
        .body(body.into())?;
    accepted(&send(request).await?)
}

async fn deliver_order(
    server: SocketAddr,
    webhook: &OrderWebhook,
    body: &'static str,
) -> Result<(), StoreError> {
    let request = Request::post(format!("http://{server}/porterbuddy"))
        .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
        .body(body.into())?;
    accepted(&send(request).await?)
}

fn accepted(response: &Response<Bytes>) -> Result<(), StoreError> {
    match response.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("the delivery was answered {status}").into()),
    }
}

/// Sends it with the HTTP client of the examples, in the place of yours.
async fn send(request: Request<Vec<u8>>) -> Result<Response<Bytes>, StoreError> {
    let answer = spawn_blocking(|| client::exchange(request, Duration::from_secs(10)));
    Ok(answer.await??)
}
