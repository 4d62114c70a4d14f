//! The senders against applications of axum, tower and actix-web, in memory.

use std::convert::Infallible;
use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actix_web::{App, test::init_service, web};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::middleware::map_request;
use axum::routing::post;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use order_webhooks::bandwidth::{
    DenialReason, NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::testing::{self, Delivery, DeliveryPolicy, Failure, Forgery, Sender, Verdict};
use order_webhooks::tower::VerifyLayer;
use order_webhooks::{
    Allowlist, BasicAuth, Credentials, PeerAddress, Receipt, Secret, Verified, WebhookExt as _,
    webhook::Extract,
};
use tower::service_fn;

use fixtures::samples::ORDER_ITEM;

#[derive(Clone)]
struct Webhooks {
    musement: OrderItemWebhook,
    porterbuddy: OrderWebhook,
    notifications: NotificationWebhook,
    port_out: PortOutWebhook,
    v2: V2Webhook,
}

fn credentials() -> Credentials {
    Credentials::new("u", "p:q").unwrap()
}

fn key() -> Secret {
    Secret::new("key").unwrap()
}

fn webhooks() -> Webhooks {
    let auth = BasicAuth::from(&credentials());
    Webhooks {
        musement: OrderItemWebhook::new(auth.clone()),
        porterbuddy: OrderWebhook::new(&key()),
        notifications: NotificationWebhook::new(auth.clone()),
        port_out: PortOutWebhook::new(auth.clone(), DenialReason::InvalidRequest.into())
            .with_deadline(Duration::from_millis(300))
            .unwrap(),
        v2: V2Webhook::new(&key()).with_senders(auth),
    }
}

async fn axum_on<W: Extract>(_: order_webhooks::axum::Verified<W>) -> Receipt {
    Receipt::Accepted
}

async fn actix_on<W: Extract>(_: order_webhooks::actix::Verified<W>) -> Receipt {
    Receipt::Accepted
}

/// A PIN that is missing fails the handler, and 2222 stalls it.
async fn judge(request: Verified<PortOutWebhook>) -> Result<PortOutAnswer, &'static str> {
    match request.pin.as_deref() {
        Some("1111") => Ok(PortOutAnswer::Allow),
        Some("2222") => pending().await,
        Some(_) => Ok(PortOutAnswer::deny(DenialReason::PinInvalid)),
        None => Err("no PIN"),
    }
}

fn router() -> Router {
    fn route<W: Extract>(webhook: W) -> axum::routing::MethodRouter {
        post(axum_on::<W>).with_state(webhook)
    }
    let webhooks = webhooks();
    Router::new()
        .route("/musement", route(webhooks.musement))
        .route("/porterbuddy", route(webhooks.porterbuddy))
        .route("/notifications", route(webhooks.notifications))
        .route("/port-out", order_webhooks::axum::port_out(webhooks.port_out, judge))
        .route("/v2", route(webhooks.v2))
}

/// Every documented event of every webhook, from its own sender.
fn genuine() -> Vec<Delivery> {
    let musement = Sender::musement("/musement".parse().unwrap(), &credentials());
    let porterbuddy = Sender::porterbuddy("/porterbuddy".parse().unwrap(), &key());
    let notifications = Sender::notifications("/notifications".parse().unwrap(), &credentials());
    let bare = notifications.clone().without_bare_body();
    let v2 = Sender::subscription_v2("/v2".parse().unwrap(), &key())
        .with_credentials_when_asked(&credentials());
    let mut all: Vec<_> =
        testing::musement::order_item_updates().iter().map(|e| musement.delivery(e)).collect();
    all.extend(
        testing::porterbuddy::order_status_updates().iter().map(|e| porterbuddy.delivery(e)),
    );
    all.extend(testing::bandwidth::order_notifications().iter().map(|e| notifications.delivery(e)));
    all.push(notifications.delivery(&testing::bandwidth::note_notification()));
    all.push(bare.delivery(&testing::bandwidth::event_notification()));
    all.push(
        notifications
            .delivery(&testing::bandwidth::in_e164(testing::bandwidth::order_notification())),
    );
    all.push(v2.delivery(&testing::bandwidth::v2_placeholder()));
    all
}

fn port_out() -> Sender {
    Sender::port_out("/port-out".parse().unwrap(), &credentials())
}

fn denied(verdict: &Verdict) -> Option<&[u16]> {
    if let Verdict::PortOutDenied { codes, .. } = verdict { Some(codes) } else { None }
}

#[tokio::test]
async fn every_documented_event_is_delivered_to_axum() {
    let deliveries = genuine();
    assert_eq!(deliveries.len(), 6 + 5 + 83 + 4);
    for delivery in deliveries {
        let report = delivery.clone().run_on(router()).await;
        assert_eq!(report.verdict, Verdict::Delivered, "{report}");
        let report = delivery.replayed().run_on(router()).await;
        assert_eq!((report.verdict, report.exchanges.len()), (Verdict::Delivered, 1));
    }
}

#[tokio::test]
async fn no_forgery_is_delivered_to_axum() {
    for delivery in genuine() {
        for forgery in Forgery::ALL {
            let report = delivery.clone().forged(forgery).run_on(router()).await;
            assert!(!report.verdict.is_delivered(), "{forgery:?}: {report}");
        }
    }
}

#[actix_web::test]
async fn actix_gives_the_same_verdicts() {
    let webhooks = webhooks();
    let app = App::new()
        .app_data(webhooks.musement.clone())
        .app_data(webhooks.porterbuddy.clone())
        .app_data(webhooks.notifications.clone())
        .app_data(webhooks.v2.clone())
        .route("/musement", web::post().to(actix_on::<OrderItemWebhook>))
        .route("/porterbuddy", web::post().to(actix_on::<OrderWebhook>))
        .route("/notifications", web::post().to(actix_on::<NotificationWebhook>))
        .route("/v2", web::post().to(actix_on::<V2Webhook>))
        .route("/port-out", order_webhooks::actix::port_out(webhooks.port_out.clone(), judge));
    let app = init_service(app).await;
    let mut deliveries = genuine();
    let with_pin = |pin| port_out().delivery(&asked_with_pin(pin));
    deliveries.extend([Some("1111"), Some("3333"), None].map(with_pin));
    let forged = |delivery: &Delivery| Forgery::ALL.map(|forgery| delivery.clone().forged(forgery));
    let forged: Vec<_> = deliveries.iter().step_by(7).flat_map(forged).collect();
    deliveries.extend(forged);
    for delivery in deliveries {
        let actix = delivery.clone().run_on_actix(&app).await;
        let axum = delivery.run_on(router()).await;
        assert_eq!(actix.verdict, axum.verdict, "{actix}{axum}");
        assert_eq!(actix.statuses(), axum.statuses());
        for (actix, axum) in actix.exchanges.iter().zip(&axum.exchanges) {
            let body =
                |exchange: &testing::Exchange| exchange.response.clone().unwrap().into_body();
            assert_eq!(body(actix), body(axum));
        }
    }
}

/// Whoever has no credentials is asked for them, and gets no further: no alarm, not
/// even for a port-out.
#[tokio::test]
async fn a_stranger_without_credentials_is_challenged() {
    let notifications = Sender::notifications("/notifications".parse().unwrap(), &credentials());
    let notification = notifications.delivery(&testing::bandwidth::order_notification());
    for delivery in [notification, port_out().delivery(&testing::bandwidth::port_out_request())] {
        let report = delivery.forged(Forgery::Missing).run_on(router()).await;
        assert_eq!(report.verdict, Verdict::Lost(testing::Failure::NoCredentials), "{report}");
        assert_eq!(report.statuses(), [Some(401)]);
    }
}

fn asked_with_pin(pin: Option<&str>) -> order_webhooks::bandwidth::PortOutValidationRequest {
    let mut request = testing::bandwidth::port_out_request();
    request.pin = pin.map(str::to_owned);
    request
}

#[tokio::test]
async fn port_outs_are_judged() {
    for (pin, allowed, codes) in [
        (Some("1111"), true, None),
        (Some("3333"), false, Some(&[7513][..])),
        (None, false, Some(&[7598])),
        (Some("2222"), false, Some(&[7598])),
    ] {
        let request = asked_with_pin(pin);
        let report = port_out().delivery(&request).run_on(router()).await;
        assert_eq!(report.verdict == Verdict::PortOutAllowed, allowed, "{report}");
        assert_eq!(denied(&report.verdict), codes, "{report}");
        assert_eq!(report.exchanges.len(), 2);
    }
    let report = port_out().delivery("not XML").run_on(router()).await;
    assert_eq!(denied(&report.verdict), Some(&[7598][..]));
}

/// A receiver without the library: what is too late for the provider is no
/// answer, and nobody waits for it with a paused clock.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_late_is_none() {
    for (seconds, verdict) in [
        (9, Verdict::Delivered),
        (11, Verdict::Lost(Failure::NoAnswer)),
        (1_000_000, Verdict::Lost(Failure::NoAnswer)),
    ] {
        let slow = service_fn(move |_: Request<_>| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let porterbuddy = Sender::porterbuddy("/".parse().unwrap(), &key());
        let report = porterbuddy.delivery("{}").run_on(slow).await;
        assert_eq!(report.verdict, verdict);
    }
    let broken = service_fn(|_: Request<_>| async { Err::<Response<Body>, _>("broken") });
    let report = port_out().delivery("").run_on(broken).await;
    let open = Verdict::PortOutFailedOpen(Failure::NoAnswer);
    assert_eq!((report.verdict, report.exchanges.len()), (open, 9));
}

#[tokio::test]
async fn a_service_of_another_body_and_a_delivery_on_another_thread() {
    let inner = service_fn(|request: Request<Full<Bytes>>| async move {
        let verified = request.extensions().get::<Verified<OrderItemWebhook>>().is_some();
        Ok::<_, Infallible>(Response::new(Body::from(verified.to_string())))
    });
    let service = tower::Layer::layer(&VerifyLayer::new(webhooks().musement), inner);
    let musement = Sender::musement("/".parse().unwrap(), &credentials());
    let delivery = musement.delivery(&testing::musement::order_item_update());
    let run = delivery.run_on_bodies::<Body, _, _>(service);
    let report = tokio::spawn(run).await.unwrap();
    assert_eq!(report.verdict, Verdict::Delivered);
    let answer = report.exchanges.first().and_then(|exchange| exchange.response.clone());
    assert_eq!(answer.unwrap().body(), "true");
}

/// The address of a sender counts in memory as it does over a network: it is the
/// connection's, and no middleware is needed.
#[actix_web::test]
async fn a_receiver_can_check_the_address() {
    let address: IpAddr = "203.0.113.7".parse().unwrap();
    let webhook = OrderItemWebhook::new(Allowlist::new(["203.0.113.7"]).unwrap());
    let app = App::new()
        .app_data(webhook.clone())
        .route("/", web::post().to(actix_on::<OrderItemWebhook>));
    let app = init_service(app).await;
    let router = Router::new().route("/", post(axum_on::<OrderItemWebhook>)).with_state(webhook);
    let musement =
        Sender::new("/".parse().unwrap(), testing::musement::POLICY).from_address(address);
    let delivery = musement.delivery(&testing::musement::order_item_update());
    let forged = Forgery::ALL.map(|forgery| (delivery.clone().forged(forgery), 403));
    for (delivery, status) in [(delivery, 200)].into_iter().chain(forged) {
        let actix = delivery.clone().run_on_actix(&app).await;
        assert_eq!(actix.exchanges.first().and_then(testing::Exchange::status), Some(status));
        let axum = delivery.run_on(router.clone()).await;
        assert_eq!(axum.statuses(), actix.statuses());
    }
}

/// An address cannot come twice: a repeated delivery comes from the right one if
/// it repeats another proof.
#[test]
fn where_a_forgery_comes_from() {
    let address: IpAddr = "203.0.113.7".parse().unwrap();
    let wrong: IpAddr = "192.0.2.1".parse().unwrap();
    let musement = Sender::musement("/".parse().unwrap(), &credentials());
    let porterbuddy = Sender::porterbuddy("/".parse().unwrap(), &key());
    let nobody = Sender::new("/".parse().unwrap(), testing::musement::POLICY);
    for (sender, repeated) in [(musement, address), (porterbuddy, address), (nobody, wrong)] {
        let delivery = sender.from_address(address).delivery("{}");
        for (forgery, expected) in [
            (Forgery::Missing, None),
            (Forgery::Wrong, Some(wrong)),
            (Forgery::Malformed, Some(wrong)),
            (Forgery::Repeated, Some(repeated)),
        ] {
            let request = delivery.clone().forged(forgery).request().unwrap();
            let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
            assert_eq!(connection.map(|info| info.0.ip()), expected, "{forgery:?}");
        }
    }
}

/// Bandwidth asks with the body or without it, and proves itself with it.
#[test]
fn the_first_request_of_a_challenge_can_be_without_its_body() {
    let sender = Sender::notifications("/".parse().unwrap(), &credentials());
    for (sender, first) in [(sender.clone(), "<a/>"), (sender.without_bare_body(), "")] {
        let asked = sender.delivery("<a/>").request().unwrap();
        assert_eq!(*asked.body(), first);
        assert_eq!(asked.headers()["content-length"], first.len().to_string());
    }
}

/// Behind a proxy the connection is the proxy's, and the sender stands in a header.
/// A test of it passes only if there is a middleware that looks there.
#[tokio::test]
async fn a_missing_middleware_is_noticed() {
    let webhook = OrderItemWebhook::new(Allowlist::new(["203.0.113.7"]).unwrap());
    let bare = Router::new().route("/", post(axum_on::<OrderItemWebhook>)).with_state(webhook);
    let proxied = bare.clone().layer(map_request(async |mut request: Request<Body>| {
        let header = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
        if let Some(address) = header.and_then(|value| value.parse().ok()) {
            request.extensions_mut().insert(PeerAddress(address));
        }
        request
    }));
    let sender = Sender::new("/".parse().unwrap(), testing::musement::POLICY)
        .with_header("x-forwarded-for", "203.0.113.7")
        .unwrap()
        .from_address("127.0.0.1".parse().unwrap());
    let delivery = sender.delivery(&testing::musement::order_item_update());
    let request = delivery.request().unwrap();
    assert_eq!(request.headers().get("x-forwarded-for").unwrap(), "203.0.113.7");
    for (app, status) in [(proxied, 200), (bare, 403)] {
        let report = delivery.clone().run_on(app).await;
        assert_eq!(report.exchanges.first().and_then(testing::Exchange::status), Some(status));
    }
    assert!(sender.clone().with_header("no name", "x").is_err());
    assert!(sender.with_header("x-forwarded-for", "\r\n").is_err());
}

/// A provider of one's own, put together from its parts.
#[tokio::test]
async fn a_webhook_of_ones_own_has_a_sender_too() {
    let webhook = V2Webhook::<serde_json::Value>::new(&key());
    let sender = Sender::new("/".parse().unwrap(), DeliveryPolicy::UNDOCUMENTED)
        .signing(webhook.signature().clone());
    let report = sender
        .delivery(r#"{"a":1}"#)
        .run(|request| webhook.verify(request).ok().map(|_| Response::new(bytes::Bytes::new())));
    assert_eq!(report.verdict, Verdict::Delivered);
}

/// tower lets a service be called only after it said that it is ready; a clone of
/// it has not said so.
#[tokio::test]
async fn the_layer_calls_the_service_that_was_ready() {
    use tower::{Layer as _, Service as _};

    let inner = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Bytes::new()))
    });
    let inner = tower::limit::ConcurrencyLimit::new(inner, 1);
    let webhook = OrderItemWebhook::new(BasicAuth::from(&credentials()));
    let mut layered = VerifyLayer::new(webhook).layer(inner);
    let request = Request::post("/").header("authorization", credentials().authorization());
    let request = request.body(Full::<Bytes>::from(ORDER_ITEM)).unwrap();
    let ready = tower::ServiceExt::<Request<Full<Bytes>>>::ready(&mut layered).await.unwrap();
    let response = ready.call(request).await.unwrap();
    assert_eq!(response.status(), 200);
}
