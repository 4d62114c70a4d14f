//! What the log says of a delivery: one event, with nothing of the delivery in it.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use order_webhooks::bandwidth::{DenialReason, PortOutWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Webhook, WebhookExt as _};
use tracing::field::{Field, Visit};

use fixtures::samples::{PORTERBUDDY_KEY, U_PQ, secret, u_pq};

/// A log that keeps its events as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Line(String);
        impl Visit for Line {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                write!(self.0, " {}={value:?}", field.name()).unwrap();
            }
        }
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

#[test]
fn a_delivery_is_one_event_in_the_log_with_nothing_of_it_inside() {
    let auth = u_pq();
    let musement = OrderItemWebhook::new(auth.clone());
    let porterbuddy = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
    let port_out = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
    let signature = porterbuddy.signature().sign(br#"{"orderId":"1","orderStatus":"ready"}"#);

    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        fn deliver<W: Webhook>(webhook: &W, header: (&str, &str), body: &'static str) {
            let request = http::Request::post("/").header(header.0, header.1).body(body).unwrap();
            let _ = webhook.verify(request);
        }
        deliver(&musement, ("authorization", U_PQ), "\"moved to Elm Street\"");
        deliver(&musement, ("authorization", "Basic dTpwYXNzd29yZA=="), "");
        deliver(&musement, ("x-authorization", U_PQ), "");
        deliver(
            &porterbuddy,
            ("x-porterbuddy-hmac-sha256", &signature),
            r#"{"orderId":"1","orderStatus":"ready"}"#,
        );
        deliver(
            &porterbuddy,
            ("x-porterbuddy-hmac-sha256", &signature),
            r#"{"orderId":"2","orderStatus":"ready"}"#,
        );
        deliver(
            &port_out,
            ("authorization", U_PQ),
            "<PortOutValidationRequest><Pin>1111</Pin><Pin>2222</Pin></PortOutValidationRequest>",
        );
    });
    let expected = [
        "WARN message=delivery refused webhook=\"musement.order_item\" status=400 \
         reason=the body does not parse: not an object at line 1 column 1",
        "WARN message=delivery refused webhook=\"musement.order_item\" status=401 \
         reason=credentials refused: not the expected ones",
        "DEBUG message=credentials asked for webhook=\"musement.order_item\" status=401",
        "INFO message=delivery verified webhook=\"porterbuddy.order\" body_bytes=37",
        "WARN message=delivery refused webhook=\"porterbuddy.order\" status=403 \
         reason=the signature does not match the body",
        "WARN message=delivery refused webhook=\"bandwidth.port_out\" status=200 \
         reason=the body does not parse: Pin: given twice at line 1 column 42",
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
}

/// Nobody sees from outside that an answer is not the handler's.
#[tokio::test]
async fn an_answer_instead_of_the_handlers_is_an_error_in_the_log() {
    use axum::{Router, body::Body};
    use order_webhooks::{Verified, bandwidth::PortOutAnswer};
    use tower::ServiceExt as _;

    let auth = u_pq();
    let webhook = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
    let handler =
        async |_: Verified<PortOutWebhook>| Err::<PortOutAnswer, _>("the database is away");
    let app: Router = Router::new().route("/", order_webhooks::axum::port_out(webhook, handler));
    let body = "<PortOutValidationRequest><PON>some-pon</PON><TelephoneNumbers>\
                <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>\
                </PortOutValidationRequest>";
    let request = http::Request::post("/").header("authorization", U_PQ).body(Body::from(body));

    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let response = app.oneshot(request.unwrap()).await.unwrap();
    drop(guard);
    assert_eq!(response.status(), 200);
    let expected = [
        "INFO message=delivery verified webhook=\"bandwidth.port_out\" body_bytes=154",
        "ERROR message=answered without the handler webhook=\"bandwidth.port_out\" failure=the handler failed",
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
}
