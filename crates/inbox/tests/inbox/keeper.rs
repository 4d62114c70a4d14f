//! The keeper behind the routes of axum and actix-web.

use std::fs;
use std::time::Duration;

use actix_web::test::init_service;
use axum::Router;
use order_webhooks::bandwidth::{NotificationWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::testing::{Forgery, Sender, Verdict, bandwidth, musement};
use order_webhooks::tracking::Tracked as _;
use order_webhooks::{BasicAuth, Credentials, Secret, WebhookExt as _};
use order_webhooks_inbox::{Inbox, sqlx};

use crate::stores::{OnSqlite, Store};
use crate::{counts, quick};

fn credentials() -> Credentials {
    Credentials::new("JohnSmith", "Swordfish").unwrap()
}

fn router(inbox: &Inbox) -> Router {
    let items = OrderItemWebhook::new(BasicAuth::from(&credentials()));
    let orders = OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap());
    let notifications = NotificationWebhook::new(BasicAuth::from(&credentials()));
    Router::new()
        .route("/musement", order_webhooks::axum::receive(items, inbox.keeper()))
        .route("/porterbuddy", order_webhooks::axum::receive(orders, inbox.keeper()))
        .route("/bandwidth", order_webhooks::axum::receive(notifications, inbox.keeper()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_of_axum_keeps_and_answers() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let update = musement::order_item_update();
    let sender = Sender::musement("/musement".parse().unwrap(), &credentials());
    let report = sender.delivery(&update).run_on(router(&inbox)).await;
    assert_eq!(report.verdict, Verdict::Delivered, "{report}");

    let kept: (String, String, String) =
        sqlx::query_as("SELECT webhook, key, revision FROM order_webhooks_delivery")
            .fetch_one(&sqlx::SqlitePool::connect(store.address()).await.unwrap())
            .await
            .unwrap();
    let expected = ("musement.order_item", update.key().to_string(), update.revision().to_string());
    assert_eq!((&*kept.0, kept.1, kept.2), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_delivery_is_refused_and_not_kept() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let sender = Sender::musement("/musement".parse().unwrap(), &credentials());
    let delivery = sender.delivery(&musement::order_item_update()).forged(Forgery::Wrong);
    let report = delivery.run_on(router(&inbox)).await;
    assert!(!report.verdict.is_delivered(), "{report}");
    assert_eq!(counts(&inbox).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_body_that_cannot_be_read_is_kept() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap());
    let body = "{\"orderId\":";
    let request = http::Request::post("/porterbuddy")
        .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
        .body(body)
        .unwrap();
    assert!(webhook.verify(request.clone()).is_err());
    let response =
        tower::ServiceExt::oneshot(router(&inbox), request.map(axum::body::Body::from)).await;
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!(counts(&inbox).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_is_not_accepted() {
    let store = OnSqlite::new().await;
    let mut settings = quick();
    settings.patience = Duration::from_millis(200);
    let inbox = store.inbox(settings).await;
    // Neither the file nor its folder can be had.
    fs::remove_dir_all(store.folder.path()).unwrap();
    let item = Sender::musement("/musement".parse().unwrap(), &credentials());
    let notification = Sender::notifications("/bandwidth".parse().unwrap(), &credentials());
    for delivery in [
        item.delivery(&musement::order_item_update()),
        notification.delivery(&bandwidth::order_notification()),
    ] {
        let report = delivery.run_on(router(&inbox)).await;
        assert!(matches!(report.verdict, Verdict::Lost(_)), "{report}");
        assert_eq!(report.statuses().last(), Some(&Some(503)), "{report}");
    }
}

#[actix_web::test]
async fn a_route_of_actix_keeps_and_answers() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let webhook = OrderItemWebhook::new(BasicAuth::from(&credentials()));
    let route = order_webhooks::actix::receive(webhook, inbox.keeper());
    let app = init_service(actix_web::App::new().route("/musement", route)).await;
    let sender = Sender::musement("/musement".parse().unwrap(), &credentials());
    let report = sender.delivery(&musement::order_item_update()).run_on_actix(&app).await;
    assert_eq!(report.verdict, Verdict::Delivered, "{report}");
    assert_eq!(counts(&inbox).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_can_be_a_task() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let (pool, worker) = (store.shop().clone(), inbox.clone());
    let task = tokio::spawn(async move {
        worker
            .work(&pool, async |delivery| {
                let tx = delivery.begin().await?;
                tx.commit().await
            })
            .await
    });
    crate::keep_version(&inbox, "a", 1).await;
    crate::settled(&inbox).await;
    inbox.stop();
    task.await.unwrap().unwrap();
}

#[test]
fn what_is_public_is_send_and_sync() {
    fn is_send_and_sync<T: Send + Sync + 'static>() {}
    is_send_and_sync::<Inbox>();
    is_send_and_sync::<order_webhooks_inbox::Error>();
    is_send_and_sync::<order_webhooks_inbox::Delivery<sqlx::Sqlite>>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_without_keys_is_kept_by_its_content() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let secret = Secret::new("the-secret-of-the-subscription").unwrap();
    let webhook: V2Webhook = V2Webhook::new(&secret);
    let route = order_webhooks::axum::receive(webhook, inbox.keeper_by_content());
    let app = Router::new().route("/v2", route);
    let sender = Sender::subscription_v2("/v2".parse().unwrap(), &secret);
    for _ in 0..2 {
        let delivery = sender.delivery(&bandwidth::v2_placeholder());
        assert_eq!(delivery.run_on(app.clone()).await.verdict, Verdict::Delivered);
    }
    let things = "SELECT count(DISTINCT key) FROM order_webhooks_delivery";
    assert_eq!((counts(&inbox).await, store.number(things).await), ((2, 0), 1));
}
