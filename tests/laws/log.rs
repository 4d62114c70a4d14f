//! What the log says of a delivery, with nothing of the delivery in it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use fixtures::log::Log;
use fixtures::samples::{ORDER_ITEM, PORT_OUT, PORTERBUDDY_KEY, U_PQ, secret, u_pq};
use order_webhooks::auth::{BodySignature, SignatureEncoding};
use order_webhooks::bandwidth::{DenialReason, NotificationWebhook, PortOutWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::signed::{SignedEvent, SignedWebhook};
use order_webhooks::{Allowlist, PeerAddress, Reason, Rejection, Webhook, WebhookExt as _};

const SIGNATURE: http::HeaderName = http::HeaderName::from_static("x-signature");

#[derive(serde::Deserialize)]
struct Own;

impl SignedEvent for Own {
    const NAME: &'static str = "own";
}

const UPDATE: &str = r#"{"orderId":"1","orderStatus":"ready"}"#;

#[test]
fn a_delivery_is_one_event_with_nothing_of_it_inside() {
    let musement = OrderItemWebhook::new(u_pq());
    let porterbuddy = OrderWebhook::new(&secret(PORTERBUDDY_KEY)).with_instance("oslo");
    let port_out = PortOutWebhook::new(u_pq(), DenialReason::InvalidRequest.into());
    let signature = porterbuddy.signature().sign(UPDATE.as_bytes());
    let own = BodySignature::new(SIGNATURE, SignatureEncoding::Hex, &secret("k"));
    let signed = SignedWebhook::<Own>::new(own);
    let v2 = V2Webhook::<()>::new(&secret("k")).with_instance("numbers");

    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        fn deliver<W: Webhook>(webhook: &W, header: (&str, &str), body: &'static str) {
            let request = http::Request::post("/").header(header.0, header.1).body(body).unwrap();
            let _ = webhook.verify(request);
        }
        deliver(&musement, ("authorization", U_PQ), "\"moved to Elm Street\"");
        deliver(&musement, ("authorization", "Basic dTpwYXNzd29yZA=="), "");
        deliver(&musement, ("x-authorization", U_PQ), "");
        deliver(&porterbuddy, ("x-porterbuddy-hmac-sha256", &signature), UPDATE);
        deliver(&porterbuddy, ("x-porterbuddy-hmac-sha256", &signature), "{}");
        let two_pins = "<PortOutValidationRequest><Pin>1111</Pin><Pin>2222</Pin>";
        deliver(&port_out, ("authorization", U_PQ), two_pins);
        // Each webhook can be given a name, and one of your own has none unless you say so.
        deliver(&signed, ("x-signature", "00"), "");
        deliver(&v2, ("x-signature", ""), "");
        deliver(&NotificationWebhook::new(u_pq()).with_instance("fax"), ("x", ""), "");
        deliver(&musement.with_instance("rome"), ("x", ""), "");
        deliver(&port_out.with_instance("ny"), ("x", ""), "");
    });
    #[rustfmt::skip]
    let lines = [
        "WARN delivery refused webhook=musement.order_item code=unparsable status=400 reason=the body does not parse: not an object at line 1 column 1",
        "WARN delivery refused webhook=musement.order_item code=credentials_mismatch status=401 reason=credentials refused: not the expected ones",
        "DEBUG credentials asked for webhook=musement.order_item code=challenged status=401",
        "INFO delivery verified webhook=porterbuddy.order instance=oslo code=verified body_bytes=37",
        "WARN delivery refused webhook=porterbuddy.order instance=oslo code=signature_mismatch status=403 reason=the signature does not match the body",
        "WARN delivery refused webhook=bandwidth.port_out code=unparsable status=200 reason=the body does not parse: Pin: given twice at line 1 column 42",
        "WARN delivery refused webhook=own code=signature_malformed status=403 reason=the signature is malformed",
        "WARN delivery refused webhook=bandwidth.v2 instance=numbers code=signature_missing status=403 reason=no signature",
        "DEBUG credentials asked for webhook=bandwidth.notification instance=fax code=challenged status=401",
        "DEBUG credentials asked for webhook=musement.order_item instance=rome code=challenged status=401",
        "DEBUG credentials asked for webhook=bandwidth.port_out instance=ny code=challenged status=401",
    ];
    assert_eq!(log.take(), lines);
}

/// A stranger, a proxy's header that is missing, and a server that gives no address.
#[test]
fn the_log_tells_why_an_address_is_refused() {
    let webhook = OrderItemWebhook::new(Allowlist::new(["203.0.113.7"]).unwrap());
    let log = Log::default();
    #[rustfmt::skip]
    let table = [
        (Some(PeerAddress([203, 0, 113, 8].into())), "WARN delivery refused WEBHOOK code=address_refused \
            status=403 reason=the sender's address is not allowed address=203.0.113.8"),
        (Some(PeerAddress::UNKNOWN), "ERROR delivery refused: it did not come through as many proxies as are \
            configured, or they write another header WEBHOOK code=address_missing status=403 \
            reason=no proxy has written the sender's address"),
        (None, "ERROR delivery refused: the server gives no address of its senders, so nobody is allowed; in axum \
            serve `into_make_service_with_connect_info::<SocketAddr>()`, and behind a proxy add a \
            `SetPeerAddressLayer` WEBHOOK code=address_unknown status=403 \
            reason=the server does not give the sender's address"),
    ];
    for (peer, line) in table {
        let mut request = http::Request::post("/").body("").unwrap();
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        tracing::subscriber::with_default(log.clone(), || webhook.verify(request).unwrap_err());
        assert_eq!(log.take(), [line.replace("WEBHOOK", "webhook=musement.order_item")]);
    }
}

/// What the handler's sender is told, and why it is not what the handler said.
#[tokio::test]
async fn the_receipt_is_an_event_and_so_is_a_failure() {
    use axum::extract::Extension;
    use axum::{Router, body::Body};
    use order_webhooks::{Receipt, Verified, axum::receive};
    use tower::ServiceExt as _;

    type Update = Verified<OrderItemWebhook>;
    let accepts = async |_: Update| Receipt::Accepted;
    let tries_again = async |_: Update| Receipt::TryAgain;
    let fails = async |_: Update| Err::<Receipt, _>("the database is away");
    // A rejection, but not that of this delivery: of another webhook's, perhaps.
    let fails_otherwise = async |_: Update| Err::<Receipt, _>(Rejection::new(Reason::Expired));
    let misses = async |_: Extension<u32>, _: Update| Receipt::Accepted;
    let waits = async |_: Update| std::future::pending::<Receipt>().await;
    let panics = async |_: Update| -> Receipt { panic!("on purpose") };
    let webhook = || OrderItemWebhook::new(u_pq());
    let app: Router = Router::new()
        .route("/accepts", receive(webhook(), accepts))
        .route("/tries-again", receive(webhook(), tries_again))
        .route("/fails", receive(webhook(), fails))
        .route("/fails-otherwise", receive(webhook(), fails_otherwise))
        .route("/misses", receive(webhook(), misses))
        .route("/waits", receive(webhook(), waits))
        .route("/panics", receive(webhook(), panics));
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    // The rejection that a handler gives back is logged already.
    let gives_back = async |update: Result<Update, Rejection>| update.map(|_| Receipt::Accepted);
    let refused = http::Request::post("/").header("authorization", "Basic eDp5");
    let refused = refused.body(Body::from(ORDER_ITEM)).unwrap();
    let gives_back = Router::new().route("/", receive(webhook(), gives_back));
    assert_eq!(gives_back.oneshot(refused).await.unwrap().status(), 401);
    let line = "WARN delivery refused webhook=musement.order_item code=credentials_mismatch \
                status=401 reason=credentials refused: not the expected ones";
    assert_eq!(log.take(), [line]);
    #[rustfmt::skip]
    let table = [
        ("/accepts", &["INFO delivery answered WEBHOOK code=accepted status=200"][..]),
        ("/tries-again", &["INFO delivery answered WEBHOOK code=not_accepted status=503"]),
        ("/fails", &[
            "ERROR handler failed WEBHOOK code=handler_failed error=the database is away",
            "INFO delivery answered WEBHOOK code=not_accepted status=503",
        ]),
        ("/fails-otherwise", &[
            "ERROR handler failed WEBHOOK code=handler_failed error=the signature has expired",
            "INFO delivery answered WEBHOOK code=not_accepted status=503",
        ]),
        ("/misses", &["WARN extractor refused a verified delivery WEBHOOK code=extractor_refused status=500"]),
        ("/waits", &["ERROR handler cut off: the sender left, or a layer of the server gave up WEBHOOK code=handler_cut_off"]),
        ("/panics", &["ERROR handler panicked WEBHOOK code=handler_panicked"]),
    ];
    for (path, lines) in table {
        let request = http::Request::post(path).header("authorization", U_PQ);
        let call = app.clone().oneshot(request.body(Body::from(ORDER_ITEM)).unwrap());
        let call = tokio::time::timeout(Duration::from_millis(20), call);
        let _ = to_its_end_or_panic(call).await;
        let verified =
            format!("INFO delivery verified WEBHOOK code=verified body_bytes={}", ORDER_ITEM.len());
        let lines = [&[&*verified], lines].concat().join("\n");
        let logged = log.take().join("\n");
        assert_eq!(logged.replace("webhook=musement.order_item", "WEBHOOK"), lines, "{path}");
    }
}

/// Polls a future to its end, or to its panic.
async fn to_its_end_or_panic<F: Future>(future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    std::future::poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
    })
    .await
}

/// Nobody sees from outside whose answer to a port-out it is: the status is always 200.
#[tokio::test]
async fn the_verdict_on_a_port_out_is_an_event() {
    use axum::{Router, body::Body};
    use order_webhooks::axum::port_out;
    use order_webhooks::{Verified, bandwidth::PortOutAnswer};
    use tower::ServiceExt as _;

    const LITTLE: Duration = Duration::from_millis(300);
    type Question = Verified<PortOutWebhook>;
    let webhook = PortOutWebhook::new(u_pq(), DenialReason::InvalidRequest.into());
    let allows = async |_: Question| PortOutAnswer::Allow;
    let denies = async |_: Question| PortOutAnswer::deny(DenialReason::PinInvalid);
    let fails = async |_: Question| Err::<PortOutAnswer, _>("the database is away");
    let waits = async |_: Question| std::future::pending::<PortOutAnswer>().await;
    let app: Router = Router::new()
        .route("/allows", port_out(webhook.clone(), allows))
        .route("/denies", port_out(webhook.clone(), denies))
        .route("/fails", port_out(webhook.clone(), fails))
        .route("/waits", port_out(webhook.with_deadline(LITTLE).unwrap(), waits));
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let verified =
        format!("INFO delivery verified WEBHOOK code=verified body_bytes={}", PORT_OUT.len());
    #[rustfmt::skip]
    let table = [
        ("/allows", U_PQ, &[&*verified, "INFO port-out answered WEBHOOK code=allowed by=handler"][..]),
        ("/denies", U_PQ, &[&verified, "INFO port-out answered WEBHOOK code=denied by=handler denial=7513"]),
        ("/fails", U_PQ, &[
            &verified,
            "ERROR answered without the handler WEBHOOK code=handler_failed failure=the handler failed",
            "INFO port-out answered WEBHOOK code=denied by=guard denial=7598",
        ]),
        ("/waits", U_PQ, &[
            &verified,
            "ERROR answered without the handler WEBHOOK code=handler_late failure=the handler was not done by the deadline",
            "INFO port-out answered WEBHOOK code=denied by=guard denial=7598",
        ]),
        ("/allows", "Basic eDp5", &[
            "WARN delivery refused WEBHOOK code=credentials_mismatch status=200 reason=credentials refused: not the expected ones",
            "INFO port-out answered WEBHOOK code=denied by=guard denial=7598",
        ]),
    ];
    for (path, credentials, lines) in table {
        let request = http::Request::post(path).header("authorization", credentials);
        let request = request.body(Body::from(PORT_OUT)).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 200);
        let logged = log.take().join("\n").replace("webhook=bandwidth.port_out", "WEBHOOK");
        assert_eq!(logged, lines.join("\n"), "{path}");
    }
}

/// Its body does not come, and the server gives its request up.
#[tokio::test]
async fn a_port_out_that_is_cut_off_is_an_event() {
    use std::pin::Pin;
    use std::task::Context;

    use http_body::{Body, Frame};
    use order_webhooks::{Verified, bandwidth::PortOutAnswer};

    struct NeverComes;
    impl Body for NeverComes {
        type Data = bytes::Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<bytes::Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    let webhook = PortOutWebhook::new(u_pq(), DenialReason::InvalidRequest.into());
    let allows = async |_: Verified<PortOutWebhook>| PortOutAnswer::Allow;
    let request = http::Request::post("/").header("authorization", U_PQ).body(NeverComes).unwrap();
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let answer = order_webhooks::body::port_out(&webhook, request, allows);
    assert!(tokio::time::timeout(Duration::from_millis(20), answer).await.is_err());
    let line = "ERROR port-out not answered: the sender left, or a layer of the server gave up \
                webhook=bandwidth.port_out code=handler_cut_off";
    assert_eq!(log.take(), [line]);
}

/// A layer that logs headers shows credentials, unless another one marks them before.
#[tokio::test]
async fn headers_are_logged_without_credentials_if_they_are_marked() {
    use axum::{Router, body::Body};
    use order_webhooks::{Receipt, Verified, axum::receive};
    use tower::ServiceExt as _;
    use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
    use tower_http::trace::{DefaultMakeSpan, TraceLayer};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().with_writer(move || writer.clone());
    let log = log.with_max_level(tracing::Level::DEBUG).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(log);
    let accepts = async |_: Verified<OrderItemWebhook>| Receipt::Accepted;
    let spans = DefaultMakeSpan::new().include_headers(true);
    let app: Router = Router::new()
        .route("/", receive(OrderItemWebhook::new(u_pq()), accepts))
        .layer(TraceLayer::new_for_http().make_span_with(spans));
    let marks = SetSensitiveRequestHeadersLayer::new([http::header::AUTHORIZATION]);
    for (app, shown) in [(app.clone(), true), (app.layer(marks), false)] {
        let request = http::Request::post("/").header("authorization", U_PQ);
        let response = app.oneshot(request.body(Body::from(ORDER_ITEM)).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        let logged = String::from_utf8(std::mem::take(&mut *lines.0.lock().unwrap())).unwrap();
        assert!(logged.contains("delivery verified"), "{logged}");
        assert_eq!(logged.contains("dTpwOnE="), shown, "{logged}");
        assert_eq!(logged.contains("Sensitive"), !shown, "{logged}");
    }
}
