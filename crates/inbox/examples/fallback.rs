//! Asks Musement and Porterbuddy about orders whose deliveries were lost, and
//! puts the answers into the same inbox as the deliveries. Revisions keep both
//! in order.
//!
//! ```text
//! cargo run -p order-webhooks-inbox --features sqlite --example fallback
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

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::{get, post};
use order_webhooks::axum::receive;
use order_webhooks::client::{musement, porterbuddy};
use order_webhooks::envelope::{Envelope, Event};
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::tracking::{Key, Tracked};
use order_webhooks::{BasicAuth, Credentials, Secret, Webhook};
use order_webhooks_inbox::sqlx::{self, Sqlite, SqlitePool};
use order_webhooks_inbox::{Delivery, Inbox};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| format!("sqlite:{}?mode=rwc", folder.path().join(name).display());
    let shop = SqlitePool::connect(&file("shop.db")).await?;
    let table = "CREATE TABLE orders (key TEXT PRIMARY KEY, state TEXT NOT NULL)";
    sqlx::query(table).execute(&shop).await?;
    let inbox = Inbox::open(&file("inbox.db")).await?;
    tokio::select! {
        ended = inbox.work(&shop, apply) => Ok(ended?),
        reconciled = reconcile(&inbox, &shop) => reconciled,
    }
}

/// What the shop does with what it hears or reads.
async fn apply(delivery: Delivery<Sqlite>) -> Result<(), BoxError> {
    let state = match delivery.open()? {
        Event::OrderItem(update) => update.order_item_status.to_string(),
        Event::Order(update) => update.order_status.to_string(),
        _ => return Ok(()),
    };
    let mut tx = delivery.begin().await?;
    let order = sqlx::query("INSERT OR REPLACE INTO orders (key, state) VALUES ($1, $2)");
    order.bind(delivery.key()).bind(state).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

async fn reconcile(inbox: &Inbox, shop: &SqlitePool) -> Result<(), BoxError> {
    let items = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
    let orders = OrderWebhook::new(&Secret::new("porterbuddy-api-key")?);
    let app = Router::new()
        .route("/musement", receive(items, inbox.keeper()))
        .route("/porterbuddy", receive(orders.clone(), inbox.keeper()));
    let server = serve(app).await?;
    let musement = serve(musement_api(server)).await?;
    let porterbuddy = serve(porterbuddy_api()).await?;

    // What the webhooks brought. Of each order, a later delivery was lost.
    deliver_item(server, ITEM_PENDING).await?;
    deliver_order(server, &orders, ORDER_READY).await?;

    // Porterbuddy answers with what the webhook would have said, revision and all.
    let api_key = Secret::new("porterbuddy-api-key")?;
    let fallback = porterbuddy::Api::at(&format!("http://{porterbuddy}"), &api_key)?;
    let known = OrderStatusUpdate::parse_unverified(ORDER_READY.as_bytes())?;
    println!("porterbuddy, by webhook: {}", state(inbox, shop, &known.key()).await?);
    let answer = send(fallback.order_status(&known.order_id)?).await?;
    let body = answer.body().clone();
    let update = porterbuddy::Api::read_order_status(answer)?;
    let envelope = Envelope::new(OrderWebhook::NAME, body, OffsetDateTime::now_utc());
    inbox.keep_as(update.key(), update.revision(), envelope).await?;
    println!("porterbuddy, asked for:  {}", state(inbox, shop, &known.key()).await?);

    // Deliveries that were only late change nothing any more.
    deliver_order(server, &orders, ORDER_DELIVERED).await?;
    deliver_order(server, &orders, ORDER_IN_DELIVERY).await?;
    let last = state(inbox, shop, &known.key()).await?;
    println!("porterbuddy, in the end: {last}");
    expect(&last, "delivered")?;

    // Musement's answer has no version. Where it says something new, the webhook
    // is asked for, which has one.
    let token = Secret::new("token-of-the-partner-api")?;
    let fallback = musement::Api::new(&format!("http://{musement}"), "acme", &token)?;
    let known = OrderItemUpdate::parse_unverified(ITEM_PENDING.as_bytes())?;
    println!("musement, by webhook:    {}", state(inbox, shop, &known.key()).await?);
    let order = musement::Api::read_order(send(fallback.order(known.order_uuid)).await?)?;
    for item in &order.items {
        let Some(uuid) = item.uuid else { continue };
        if state(inbox, shop, &item.key()).await? == item.status.as_str() {
            continue;
        }
        println!("musement, asked for:     {}", item.status);
        let request = fallback.request_notification(known.order_uuid, uuid);
        musement::Api::read_notification_requested(send(request).await?)?;
    }
    let last = state(inbox, shop, &known.key()).await?;
    println!("musement, in the end:    {last}");
    expect(&last, "OK")
}

/// The state of an order, when the worker has nothing left to do.
async fn state(inbox: &Inbox, shop: &SqlitePool, key: &Key) -> Result<String, BoxError> {
    while inbox.status().await?.iter().any(|webhook| webhook.waiting > 0) {
        sleep(Duration::from_millis(10)).await;
    }
    let state = sqlx::query_scalar("SELECT state FROM orders WHERE key = $1").bind(key.as_str());
    Ok(state.fetch_optional(shop).await?.unwrap_or_else(|| "not known".to_owned()))
}

fn expect(last: &str, expected: &str) -> Result<(), BoxError> {
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

async fn serve(app: Router) -> Result<SocketAddr, BoxError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn deliver_item(server: SocketAddr, body: &'static str) -> Result<(), BoxError> {
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
) -> Result<(), BoxError> {
    let request = Request::post(format!("http://{server}/porterbuddy"))
        .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
        .body(body.into())?;
    accepted(&send(request).await?)
}

fn accepted(response: &Response<Bytes>) -> Result<(), BoxError> {
    match response.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("the delivery was answered {status}").into()),
    }
}

/// Sends it with the HTTP client of the examples, in the place of yours.
async fn send(request: Request<Vec<u8>>) -> Result<Response<Bytes>, BoxError> {
    let answer = spawn_blocking(|| exchange(request));
    answer.await?
}

/// A blocking HTTP client, in the place of yours.
fn exchange(request: Request<Vec<u8>>) -> Result<Response<Bytes>, BoxError> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let mut response = ureq::Agent::from(config).run(request)?;
    let body = response.body_mut().read_to_vec()?;
    Ok(response.map(|_| body.into()))
}
