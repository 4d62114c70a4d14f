//! The server of the inbox: verify, keep, and only then answer.

#[path = "overload/places.rs"]
mod places;
#[path = "../../../examples/common/serve.rs"]
mod serve;

use std::error::Error;
use std::future::pending;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use order_webhooks::axum::{Verified, receive};
use order_webhooks::bandwidth::{NotificationWebhook, V2Webhook};
use order_webhooks::envelope::Envelope;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Accepted, Receipt, Rejection, Tracked, Webhook};
use time::OffsetDateTime;

use self::places::Places;
use crate::common::{self, Webhooks, report};
use crate::inbox::{Chain, Delivery, Inbox, Role};

/// Receives, works, or does both. When the process is told to stop, it answers what
/// is under way. A worker can be stopped at any moment.
pub(crate) async fn run(inbox: Arc<Inbox>) -> Result<(), Box<dyn Error>> {
    let role = Role::from_env();
    if role.works {
        let worker = Arc::clone(&inbox);
        tokio::spawn(async move { worker.work().await });
        let cleaner = Arc::clone(&inbox);
        tokio::spawn(async move { cleaner.clean().await });
    }
    if !role.receives {
        return pending().await;
    }
    let listener = tokio::net::TcpListener::from_std(common::listen()?)?;
    serve::serve(listener, router(Webhooks::from_env()?, inbox)).await;
    Ok(())
}

/// How many deliveries are read and kept at once. With bodies of at most 1 MiB, this
/// bounds the memory, however slow the store is. Others wait unread, or come again.
const PLACES: usize = 1_024;

/// A port-out has no place here: its sender waits for a verdict, not for a
/// receipt. `examples/axum_server.rs` has one.
pub(crate) fn router(webhooks: Webhooks, inbox: Arc<Inbox>) -> Router {
    let places = Places::new(PLACES);
    Router::new()
        .route("/musement", places.musement(receive(webhooks.musement, on_order_item)))
        .route("/porterbuddy", places.porterbuddy(receive(webhooks.porterbuddy, on_order)))
        .route(
            "/bandwidth/notifications",
            places.notifications(receive(webhooks.notifications, on_notification)),
        )
        .route("/bandwidth/v2", places.notifications(receive(webhooks.v2, on_subscription)))
        .with_state(inbox)
}

/// Musement sends again until it sees a 200.
async fn on_order_item(
    State(inbox): State<Arc<Inbox>>,
    delivery: Result<Verified<OrderItemWebhook>, Rejection>,
) -> Result<Receipt, Rejection> {
    let is_kept = keep::<OrderItemWebhook>(&inbox, tracked(delivery)?).await;
    Ok(if is_kept { Receipt::Accepted } else { Receipt::TryAgain })
}

/// Porterbuddy tries twice more, soon. Then the order has to be asked for.
async fn on_order(
    State(inbox): State<Arc<Inbox>>,
    delivery: Result<Verified<OrderWebhook>, Rejection>,
) -> Result<Receipt, Rejection> {
    let is_kept = keep::<OrderWebhook>(&inbox, tracked(delivery)?).await;
    Ok(if is_kept { Receipt::Accepted } else { Receipt::TryAgain })
}

async fn on_notification(
    State(inbox): State<Arc<Inbox>>,
    delivery: Result<Verified<NotificationWebhook>, Rejection>,
) -> Result<Accepted, Box<dyn Error + Send + Sync>> {
    let is_kept = keep::<NotificationWebhook>(&inbox, tracked(delivery)?).await;
    bandwidth_receipt(is_kept)
}

async fn on_subscription(
    State(inbox): State<Arc<Inbox>>,
    delivery: Result<Verified<V2Webhook>, Rejection>,
) -> Result<Accepted, Box<dyn Error + Send + Sync>> {
    let delivery = match delivery {
        Ok(delivery) => Delivery::without_key(Envelope::of(&delivery, OffsetDateTime::now_utc())),
        Err(rejection) => unreadable::<V2Webhook>(rejection)?,
    };
    let is_kept = keep::<V2Webhook>(&inbox, delivery).await;
    bandwidth_receipt(is_kept)
}

/// What is to be kept of a delivery, or its refusal.
fn tracked<W: Webhook<Event: Tracked>>(
    delivery: Result<Verified<W>, Rejection>,
) -> Result<Delivery, Rejection> {
    match delivery {
        Ok(delivery) => Ok(Delivery::of(&delivery)),
        Err(rejection) => unreadable::<W>(rejection),
    }
}

/// A body that does not parse is kept all the same, and then its delivery is as
/// good as any: it would parse no better the next time.
fn unreadable<W: Webhook>(rejection: Rejection) -> Result<Delivery, Rejection> {
    report::<W>(&rejection);
    Delivery::of_rejected::<W>(&rejection).ok_or(rejection)
}

async fn keep<W: Webhook>(inbox: &Inbox, delivery: Delivery) -> bool {
    let kept = inbox.keep(delivery).await;
    if let Err(error) = &kept {
        tracing::error!("{}: a delivery is not kept: {}", W::NAME, Chain(&**error));
    }
    kept.is_ok()
}

/// Bandwidth sends no notification again, whatever it is answered, but it shows
/// the answer beside the subscription: there, a 503 tells what a 200 would hide.
fn bandwidth_receipt(is_kept: bool) -> Result<Accepted, Box<dyn Error + Send + Sync>> {
    if is_kept { Ok(Accepted) } else { Err("the delivery is lost: ask for its order".into()) }
}
