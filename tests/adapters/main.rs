//! The same cases against real servers: axum, actix-web, and the tower layer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
mod server;

use std::time::Duration;

use common::samples::{
    BANDWIDTH_KEY, BANDWIDTH_USER, CHALLENGE, JOHN_SMITH, ORDER_ITEM, ORDER_NOTIFICATION,
    ORDER_STATUS, ORDER_STATUS_AS_PRINTED, ORDER_STATUS_SIGNATURE, PORTERBUDDY_KEY,
    SUBSCRIPTION_UPDATE, V_IN_HEX, X_Y, john_smith, secret,
};
use common::sender::{Connection, Request, Response};
use order_webhooks::bandwidth::SubscriptionWebhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Allowlist, Limits, Reason};
use serde_json::{Value, json};
use server::{Handled, Webhooks};

fn musement(body: &str) -> Request {
    Request::post("/musement").header("Authorization", JOHN_SMITH).body(body)
}

fn porterbuddy(body: &str) -> Request {
    porterbuddy_signed(&sign(PORTERBUDDY_KEY, body), body)
}

fn porterbuddy_signed(signature: &str, body: &str) -> Request {
    Request::post("/porterbuddy").header("x-porterbuddy-hmac-SHA256", signature).body(body)
}

fn notification(body: &str) -> Request {
    Request::post("/notifications").header("Authorization", BANDWIDTH_USER).body(body)
}

fn update_signed(key: &str, body: &str) -> Request {
    let webhook = SubscriptionWebhook::<Value>::new(&secret(key));
    let signature = webhook.signature().sign(body.as_bytes());
    Request::post("/v2").header("X-Bandwidth-Signature-SHA-256", signature).body(body)
}

fn sign(key: &str, body: &str) -> String {
    OrderWebhook::new(&secret(key)).signature().sign(body.as_bytes())
}

/// The documented sample as an event: under the provider's names, as it came.
fn order_item() -> Value {
    serde_json::from_str(ORDER_ITEM).unwrap()
}

fn order_status(status: &str) -> Value {
    let mut event: Value = serde_json::from_str(ORDER_STATUS).unwrap();
    event["orderStatus"] = json!(status);
    event
}

fn order_notification(status: &str) -> Value {
    json!({
        "SubscriptionId": "3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11",
        "OrderType": "orders",
        "CustomerOrderId": "customer-order-1",
        "Status": status,
        "CompletedTelephoneNumbers": ["2223331000"],
        "LastModifiedDate": "2023-09-12T15:11:31.705Z",
        "ActualFocDate": "2023-09-12T00:00:00Z",
    })
}

/// The sample with as many spaces behind it as make it this long.
fn padded(sample: &str, length: usize) -> String {
    [sample, &" ".repeat(length - sample.len())].concat()
}

fn defaults() -> Webhooks {
    Webhooks::within(Limits::default())
}

/// What has to come of a request.
enum Outcome {
    /// 200, and the handler has this event.
    Delivered(&'static str, Value),
    /// This status, and no handler has seen anything.
    Refused(u16),
}
use Outcome::{Delivered, Refused};

/// Runs the cases against every server.
#[track_caller]
fn check(webhooks: &Webhooks, cases: &[(&str, Request, Outcome)]) {
    for server in server::all(webhooks) {
        for (case, request, outcome) in cases {
            let case = format!("{case}, in {}", server.name);
            let response = server.send(request);
            tells_nothing(&response, &case);
            let handled = server.handled();
            match outcome {
                Refused(status) => {
                    assert_eq!((response.status, handled), (*status, vec![]), "{case}");
                }
                Delivered(webhook, event) => {
                    assert_eq!(response.status, 200, "{case}");
                    let [Handled::Event { webhook: by, event: given, .. }] = &handled[..] else {
                        panic!("{case}: {handled:?}");
                    };
                    assert_eq!((by, given), (webhook, event), "{case}");
                }
            }
        }
    }
}

/// A response has a status, and the challenge of a 401 or the method of a 405:
/// no body and no header that says more.
#[track_caller]
fn tells_nothing(response: &Response, case: &str) {
    assert_eq!(response.body, b"", "{case}");
    for (name, _) in &response.headers {
        let usual = ["content-length", "date", "connection", "www-authenticate", "allow"];
        assert!(usual.contains(&&**name), "{case}: {name}");
    }
    let challenge: &[&str] = if response.status == 401 { &[CHALLENGE] } else { &[] };
    assert_eq!(response.values("www-authenticate"), challenge, "{case}");
    let allow: &[&str] = if response.status == 405 { &["POST"] } else { &[] };
    assert_eq!(response.values("allow"), allow, "{case}");
}

#[test]
fn documented_deliveries_reach_the_handler_as_typed_events() {
    let surprising = "SOMETHING_NEW";
    check(
        &defaults(),
        &[
            ("Musement", musement(ORDER_ITEM), Delivered("musement.order_item", order_item())),
            (
                "Musement, unknown status",
                musement(&ORDER_ITEM.replace("\"OK\"", "\"SOMETHING_NEW\"")),
                Delivered("musement.order_item", {
                    let mut event = order_item();
                    event["order_item_status"] = json!(surprising);
                    event
                }),
            ),
            (
                "Porterbuddy, signed by OpenSSL",
                porterbuddy_signed(ORDER_STATUS_SIGNATURE, ORDER_STATUS),
                Delivered("porterbuddy.order", order_status("cancelled")),
            ),
            (
                "Porterbuddy, unknown status",
                porterbuddy(&ORDER_STATUS.replace("canceled", surprising)),
                Delivered("porterbuddy.order", order_status(surprising)),
            ),
            (
                "Bandwidth",
                notification(ORDER_NOTIFICATION),
                Delivered("bandwidth.notification", order_notification("COMPLETE")),
            ),
            (
                "Bandwidth, unknown status",
                notification(&ORDER_NOTIFICATION.replace("COMPLETE", surprising)),
                Delivered("bandwidth.notification", order_notification(surprising)),
            ),
            (
                "Bandwidth, as one Java client labels it",
                notification(ORDER_NOTIFICATION)
                    .header("Content-Type", "text/xml; charset=ISO-8859-1"),
                Delivered("bandwidth.notification", order_notification("COMPLETE")),
            ),
            (
                "Bandwidth, v2",
                update_signed(BANDWIDTH_KEY, SUBSCRIPTION_UPDATE),
                Delivered("bandwidth.v2", serde_json::from_str(SUBSCRIPTION_UPDATE).unwrap()),
            ),
            (
                "in chunks",
                musement("").chunked(ORDER_ITEM),
                Delivered("musement.order_item", order_item()),
            ),
            (
                "signed, in chunks",
                porterbuddy_signed(ORDER_STATUS_SIGNATURE, "").chunked(ORDER_STATUS),
                Delivered("porterbuddy.order", order_status("cancelled")),
            ),
            (
                "an encoding that is none",
                musement(ORDER_ITEM).header("Content-Encoding", "identity"),
                Delivered("musement.order_item", order_item()),
            ),
        ],
    );
}

#[test]
fn what_is_not_authentic_never_reaches_the_handler() {
    let forged = sign("another-key", ORDER_STATUS);
    let unauthenticated = |path| Request::post(path).body(ORDER_ITEM);
    check(
        &defaults(),
        &[
            ("no credentials", unauthenticated("/musement"), Refused(401)),
            (
                "wrong credentials",
                unauthenticated("/musement").header("Authorization", X_Y),
                Refused(401),
            ),
            (
                "credentials for another provider",
                unauthenticated("/musement").header("Authorization", BANDWIDTH_USER),
                Refused(401),
            ),
            (
                "another scheme",
                unauthenticated("/musement").header("Authorization", "Bearer x"),
                Refused(401),
            ),
            (
                "credentials in Latin-1",
                unauthenticated("/musement").header("Authorization", b"Basic \xE9"),
                Refused(401),
            ),
            (
                "credentials of 8 KiB",
                unauthenticated("/musement")
                    .header("Authorization", format!("Basic {:A<8192}", "")),
                Refused(401),
            ),
            (
                "right credentials twice",
                musement(ORDER_ITEM).header("Authorization", JOHN_SMITH),
                Refused(400),
            ),
            (
                "right and wrong credentials",
                musement(ORDER_ITEM).header("Authorization", X_Y),
                Refused(400),
            ),
            ("no signature", Request::post("/porterbuddy").body(ORDER_STATUS), Refused(403)),
            (
                "no signature, but credentials",
                Request::post("/porterbuddy")
                    .header("Authorization", JOHN_SMITH)
                    .body(ORDER_STATUS),
                Refused(403),
            ),
            ("forged", porterbuddy_signed(&forged, ORDER_STATUS), Refused(403)),
            ("an empty signature", porterbuddy_signed("", ORDER_STATUS), Refused(403)),
            (
                "a signature cut short",
                porterbuddy_signed(&ORDER_STATUS_SIGNATURE[..20], ORDER_STATUS),
                Refused(403),
            ),
            ("a signature in hex", porterbuddy_signed(V_IN_HEX, ORDER_STATUS), Refused(403)),
            (
                "a body with one more line break",
                porterbuddy_signed(ORDER_STATUS_SIGNATURE, &format!("{ORDER_STATUS}\n")),
                Refused(403),
            ),
            (
                "a signature in Latin-1",
                Request::post("/porterbuddy")
                    .header(
                        "x-porterbuddy-hmac-sha256",
                        [&[0xE9], &ORDER_STATUS_SIGNATURE.as_bytes()[1..]].concat(),
                    )
                    .body(ORDER_STATUS),
                Refused(403),
            ),
            (
                "the right signature twice",
                porterbuddy_signed(ORDER_STATUS_SIGNATURE, ORDER_STATUS)
                    .header("X-Porterbuddy-HMAC-SHA256", ORDER_STATUS_SIGNATURE),
                Refused(400),
            ),
            ("v2, no signature", Request::post("/v2").body(SUBSCRIPTION_UPDATE), Refused(403)),
            ("v2, forged", update_signed("another-key", SUBSCRIPTION_UPDATE), Refused(403)),
            (
                "v2, two signatures",
                update_signed(BANDWIDTH_KEY, SUBSCRIPTION_UPDATE)
                    .header("x-bandwidth-signature-sha-256", ORDER_STATUS_SIGNATURE),
                Refused(400),
            ),
            ("v2, no JSON", update_signed(BANDWIDTH_KEY, "<Notification/>"), Refused(400)),
            (
                "a length shorter than the body",
                porterbuddy_signed(ORDER_STATUS_SIGNATURE, ORDER_STATUS)
                    .declaring(ORDER_STATUS.len() - 1),
                Refused(403),
            ),
        ],
    );
}

#[test]
fn the_challenge_goes_by_its_table_with_and_without_a_body() {
    let right: &[&str] = &[BANDWIDTH_USER];
    let table: [(&str, &[&str], u16); 6] = [
        ("no credentials", &[], 401),
        ("right credentials", right, 200),
        ("wrong credentials", &[X_Y], 401),
        ("another scheme", &["Digest username=\"bandwidth-user\""], 401),
        ("credentials twice", &[BANDWIDTH_USER, BANDWIDTH_USER], 400),
        ("two credentials", &[X_Y, BANDWIDTH_USER], 400),
    ];
    let mut cases = Vec::new();
    for (case, credentials, status) in table {
        let head = credentials.iter().fold(Request::post("/notifications"), |request, value| {
            request.header("Authorization", *value)
        });
        let delivered = || Delivered("bandwidth.notification", order_notification("COMPLETE"));
        let is_right = credentials == right;
        let outcome = || if is_right { delivered() } else { Refused(status) };
        cases.push((case, head.clone().body(ORDER_NOTIFICATION), outcome()));
        cases.push((case, head.clone().chunked(ORDER_NOTIFICATION), outcome()));
        // Without a body there is nothing to deliver.
        cases.push((case, head.clone(), Refused(if is_right { 400 } else { status })));
        cases.push((case, head.body("<not XML"), Refused(if is_right { 400 } else { status })));
    }
    check(&defaults(), &cases);
}

/// A sender that waits for `100 Continue` gets it, or its answer, in every state
/// of the challenge.
#[test]
fn a_sender_that_waits_to_continue_is_not_left_waiting() {
    let expecting = || Request::post("/notifications").header("Expect", "100-continue");
    for server in server::all(&defaults()) {
        for (credentials, status) in [(None, 401), (Some(X_Y), 401), (Some(BANDWIDTH_USER), 200)] {
            let request = expecting().body(ORDER_NOTIFICATION);
            let request = match credentials {
                Some(value) => request.header("Authorization", value),
                None => request,
            };
            let mut connection = Connection::open(server.address);
            connection.write(&request.head()).unwrap();
            let interim = connection.response(false).expect("an interim response");
            assert_eq!(interim.status, 100, "{credentials:?}, in {}", server.name);
            connection.write(&request.written_body()).unwrap();
            let response = connection.final_response(false).expect("a response");
            assert_eq!(response.status, status, "{credentials:?}, in {}", server.name);
        }
    }
}

/// Most clients write all of the first request and repeat it on the same
/// connection, which is theirs only if the server has read the body.
#[test]
fn the_challenge_and_the_delivery_share_a_connection() {
    for server in server::all(&defaults()) {
        for length in [ORDER_NOTIFICATION.len(), 100_000, 1024 * 1024] {
            let body = padded(ORDER_NOTIFICATION, length);
            let first = Request::post("/notifications").body(&*body).keeping_the_connection();
            let second = notification(&body);
            let mut connection = Connection::open(server.address);
            assert_eq!(connection.send(&first).status, 401, "{length}, in {}", server.name);
            assert_eq!(connection.send(&second).status, 200, "{length}, in {}", server.name);
            assert_eq!(server.handled().len(), 1, "{length}, in {}", server.name);
        }
    }
}

#[test]
fn a_large_first_request_is_read_before_it_is_answered() {
    let large = "x".repeat(8_000_000);
    check(
        &defaults(),
        &[
            ("unauthenticated", Request::post("/notifications").body(&*large), Refused(401)),
            ("unsigned", Request::post("/porterbuddy").body(&*large), Refused(403)),
            ("another method", Request::new("PUT", "/musement").body(&*large), Refused(405)),
            ("too large", notification(&large), Refused(413)),
        ],
    );
}

#[test]
fn another_method_than_post_is_refused_and_told_which_is_allowed() {
    let mut cases = Vec::new();
    for path in ["/musement", "/porterbuddy", "/notifications"] {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "PROPFIND"] {
            let request = Request::new(method, path).header("Authorization", JOHN_SMITH);
            cases.push((method, request, Refused(405)));
        }
    }
    check(&defaults(), &cases);
}

#[test]
fn an_encoded_body_is_refused_and_not_inflated() {
    let encoded = |value: &'static str| musement(ORDER_ITEM).header("Content-Encoding", value);
    check(
        &defaults(),
        &[
            ("gzip", encoded("gzip"), Refused(415)),
            ("GZIP", encoded("GZIP"), Refused(415)),
            ("br", encoded("br"), Refused(415)),
            ("two encodings", encoded("identity, gzip"), Refused(415)),
            ("two headers", encoded("identity").header("Content-Encoding", "gzip"), Refused(415)),
            (
                "gzip, signed",
                porterbuddy(ORDER_STATUS).header("Content-Encoding", "gzip"),
                Refused(415),
            ),
            (
                "gzip, unauthenticated",
                Request::post("/musement").header("Content-Encoding", "gzip").body(ORDER_ITEM),
                Refused(401),
            ),
        ],
    );
}

#[test]
fn a_body_of_the_limit_is_taken_and_one_byte_more_is_not() {
    const LIMIT: usize = 1_000;
    let limits = Limits::new(LIMIT, Duration::from_secs(10)).unwrap();
    let (most, more) = (padded(ORDER_ITEM, LIMIT), padded(ORDER_ITEM, LIMIT + 1));
    let (most_xml, more_xml) =
        (padded(ORDER_NOTIFICATION, LIMIT), padded(ORDER_NOTIFICATION, LIMIT + 1));
    let delivered = || Delivered("musement.order_item", order_item());
    check(
        &Webhooks::within(limits),
        &[
            ("the limit", musement(&most), delivered()),
            ("one byte more", musement(&more), Refused(413)),
            ("the limit, in chunks", musement("").chunked(&*most), delivered()),
            ("one byte more, in chunks", musement("").chunked(&*more), Refused(413)),
            (
                "the limit, signed",
                porterbuddy(&padded(ORDER_STATUS, LIMIT)),
                Delivered("porterbuddy.order", order_status("cancelled")),
            ),
            ("one byte more, signed", porterbuddy(&padded(ORDER_STATUS, LIMIT + 1)), Refused(413)),
            (
                "the limit, of XML",
                notification(&most_xml),
                Delivered("bandwidth.notification", order_notification("COMPLETE")),
            ),
            ("one byte more, of XML", notification(&more_xml), Refused(413)),
            ("one byte more, unsigned", Request::post("/porterbuddy").body(&*more), Refused(403)),
            (
                "one byte more, unauthenticated",
                Request::post("/musement").body(&*more),
                Refused(401),
            ),
        ],
    );
}

/// Nobody waits for what is too much by its own word, or reads more than 8 MiB of
/// what has no length.
#[test]
fn a_body_without_bounds_is_answered_before_its_end() {
    let limits = Limits::new(1_000, Duration::from_secs(600)).unwrap();
    let declared = |request: Request| request.declaring(usize::MAX / 4);
    let endless = |request: Request| request.chunked(b" ".repeat(8 * 1024 * 1024 + 1));
    for server in server::all(&Webhooks::within(limits)) {
        for (case, request, status) in [
            ("declared", declared(musement("")), 413),
            ("declared, unauthenticated", declared(Request::post("/musement")), 401),
            ("endless", endless(musement("")), 413),
            ("endless, unauthenticated", endless(Request::post("/notifications")), 401),
        ] {
            let mut connection = Connection::open(server.address);
            connection.write(&request.head()).unwrap();
            let body = request.written_body();
            // All but the chunk that would end it.
            connection.write(&body[..body.len().saturating_sub(5)]).unwrap();
            let response = connection.final_response(false).expect("an answer");
            tells_nothing(&response, case);
            assert_eq!(response.status, status, "{case}, in {}", server.name);
            assert_eq!(server.handled(), vec![], "{case}, in {}", server.name);
        }
    }
}

/// The deadline is for the whole body: a byte now and then does not move it.
#[test]
fn a_slow_body_is_answered_at_the_deadline() {
    let limits = Limits::new(1_000, Duration::from_millis(300)).unwrap();
    for server in server::all(&Webhooks::within(limits)) {
        for (case, request, status) in [
            ("authenticated", musement(ORDER_ITEM), 408),
            ("signed", porterbuddy(ORDER_STATUS), 408),
            ("unauthenticated", Request::post("/musement").body(ORDER_ITEM), 401),
        ] {
            let mut connection = Connection::open(server.address);
            // One byte more is declared than ever comes.
            let body = request.written_body();
            let request = request.declaring(body.len() + 1);
            connection.write(&request.head()).unwrap();
            let response = connection.response_while_writing(&body).expect("an answer");
            tells_nothing(&response, case);
            assert_eq!(response.status, status, "{case}, in {}", server.name);
            assert_eq!(server.handled(), vec![], "{case}, in {}", server.name);
        }
    }
}

#[test]
fn a_body_that_breaks_off_is_not_delivered() {
    for server in server::all(&defaults()) {
        for request in [
            musement(ORDER_ITEM).declaring(ORDER_ITEM.len() + 1),
            notification(ORDER_NOTIFICATION).declaring(ORDER_NOTIFICATION.len() + 1),
            porterbuddy(ORDER_STATUS).declaring(ORDER_STATUS.len() + 1),
        ] {
            let mut connection = Connection::open(server.address);
            connection.write(&request.head()).unwrap();
            connection.write(&request.written_body()).unwrap();
            connection.end_of_writing();
            // Whether there is an answer is up to the server: nobody may be left to read it.
            let answer = connection.final_response(false).map(|response| response.status);
            assert!(matches!(answer, None | Some(400)), "{answer:?}, in {}", server.name);
            assert_eq!(server.handled(), vec![], "in {}", server.name);
        }
        assert_eq!(server.send(&musement(ORDER_ITEM)).status, 200, "in {}", server.name);
    }
}

/// Verified, and not an event: the sender gets a 400, and a handler that takes
/// the rejection has the body.
#[test]
fn a_verified_body_that_does_not_parse_is_kept() {
    let cut = &ORDER_ITEM[..ORDER_ITEM.len() / 2];
    let broken = [
        ("musement", musement(cut)),
        ("musement, empty", musement("")),
        ("porterbuddy", porterbuddy(ORDER_STATUS_AS_PRINTED)),
        ("notifications", notification("<Notification>")),
        ("notifications, empty", notification("")),
    ];
    let refused: Vec<_> =
        broken.iter().map(|(case, request)| (*case, request.clone(), Refused(400))).collect();
    check(&defaults(), &refused);
    for server in server::with_rejections(&defaults()) {
        for (case, request) in &broken {
            let response = server.send(&request.clone().kept());
            assert_eq!(response.status, 400, "{case}, in {}", server.name);
            tells_nothing(&response, case);
            let handled = server.handled();
            let [Handled::Refused { reason: Reason::Unparsable(_), verified_body }] = &handled[..]
            else {
                panic!("{case}, in {}: {handled:?}", server.name);
            };
            assert_eq!(verified_body.as_deref(), Some(&*request.written_body()), "{case}");
        }
    }
}

/// What is not verified is not kept, whatever the handler takes.
#[test]
fn a_body_that_is_not_verified_is_not_kept() {
    let refused = [
        (Request::post("/musement").body(ORDER_ITEM), 401),
        (Request::post("/notifications").body(ORDER_NOTIFICATION), 401),
        (porterbuddy_signed(&sign("another-key", ORDER_STATUS), ORDER_STATUS), 403),
        (musement(ORDER_ITEM).header("Content-Encoding", "gzip"), 415),
        (Request::new("GET", "/musement"), 405),
    ];
    for server in server::with_rejections(&defaults()) {
        for (request, status) in &refused {
            let response = server.send(&request.clone().kept());
            assert_eq!(response.status, *status, "in {}", server.name);
            tells_nothing(&response, server.name);
            let handled = server.handled();
            let [Handled::Refused { verified_body: None, .. }] = &handled[..] else {
                panic!("{status}, in {}: {handled:?}", server.name);
            };
        }
    }
}

/// The body as it came stays beside the event.
#[test]
fn the_handler_has_the_bytes_as_they_came() {
    for server in server::all(&defaults()) {
        for request in
            [musement(ORDER_ITEM), porterbuddy(ORDER_STATUS), notification(ORDER_NOTIFICATION)]
        {
            server.send(&request);
            let handled = server.handled();
            let [Handled::Event { body, .. }] = &handled[..] else { panic!("{handled:?}") };
            assert_eq!(*body, request.written_body(), "in {}", server.name);
        }
    }
}

/// The word of the server's own middleware goes before the connection's address.
#[test]
fn addresses_are_the_middlewares_and_otherwise_the_connections() {
    let only = |address| OrderItemWebhook::new(Allowlist::new([address]).unwrap());
    let auth = john_smith();
    let both =
        |address| OrderItemWebhook::new(Allowlist::new([address]).unwrap().with(auth.clone()));
    let bare = || Request::post("/musement").body(ORDER_ITEM);
    let via = |peer: &'static str, request: Request| request.header("X-Test-Peer", peer);
    let claims = |peer: &'static str| {
        let request = bare().header("Forwarded", format!("for={peer}"));
        request.header("X-Forwarded-For", peer).header("X-Real-IP", peer)
    };
    let delivered = || Delivered("musement.order_item", order_item());
    for (musement_webhook, cases) in [
        (
            only("127.0.0.1"),
            vec![
                ("the connection's, allowed", bare(), delivered()),
                ("the middleware's, refused", via("203.0.113.7", bare()), Refused(403)),
                ("what the sender says is no matter", claims("203.0.113.7"), delivered()),
                ("nobody's", via("0.0.0.0", bare()), Refused(403)),
            ],
        ),
        (
            only("203.0.113.0/24"),
            vec![
                ("the connection's, refused", bare(), Refused(403)),
                ("what the sender says lets nobody in", claims("203.0.113.7"), Refused(403)),
                ("the middleware's, allowed", via("203.0.113.7", bare()), delivered()),
                ("the middleware's, mapped", via("::ffff:203.0.113.7", bare()), delivered()),
                ("the middleware's, next to it", via("203.0.114.7", bare()), Refused(403)),
            ],
        ),
        (
            both("203.0.113.7"),
            vec![
                ("neither", bare(), Refused(403)),
                ("credentials only", musement(ORDER_ITEM), Refused(403)),
                ("address only", via("203.0.113.7", bare()), Refused(401)),
                ("both", via("203.0.113.7", musement(ORDER_ITEM)), delivered()),
            ],
        ),
    ] {
        check(&Webhooks { musement: musement_webhook, ..defaults() }, &cases);
    }
}

/// What has no webhook, or a webhook without the addresses that it checks, lets
/// nobody in, and says what to do about it in the log only.
#[tokio::test]
async fn a_mistake_in_the_configuration_is_loud() {
    use actix_web::{App, HttpResponse, test, web};
    use tower::ServiceExt as _;

    struct State {
        _webhook: OrderItemWebhook,
    }
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());

    let webhook = OrderItemWebhook::new(john_smith());
    let handler = async |_: order_webhooks::actix::Verified<OrderItemWebhook>| HttpResponse::Ok();
    let hidden = web::Data::new(State { _webhook: webhook });
    tokio::task::LocalSet::new()
        .run_until(async {
            let app = App::new().app_data(hidden).route("/musement", web::to(handler));
            let app = test::init_service(app).await;
            let request = test::TestRequest::post().uri("/musement").to_request();
            let response = test::call_service(&app, request).await;
            assert_eq!(response.status(), 500);
            assert_eq!(test::read_body(response).await, "");
        })
        .await;
    let said = log.take();
    assert!(said.contains("ERROR") && said.contains("musement.order_item"), "{said}");
    assert!(said.contains("`App::app_data`"), "{said}");

    let handler = async |_: order_webhooks::axum::Verified<OrderItemWebhook>| ();
    let allowed = Allowlist::new(["127.0.0.1"]).unwrap();
    let app = axum::Router::new()
        .route("/musement", axum::routing::post(handler))
        .with_state(OrderItemWebhook::new(allowed));
    let request = http::Request::post("/musement").body(axum::body::Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), 403);
    let said = log.take();
    assert!(said.contains("ERROR") && said.contains("musement.order_item"), "{said}");
    assert!(said.contains("into_make_service_with_connect_info"), "{said}");
}

#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// A sender that never ends its body finds the connection at its end: nobody goes
/// on reading for it. In actix-web the end comes `client_disconnect_timeout` after
/// the answer, 1 s by default.
#[test]
fn a_body_without_end_ends_the_connection() {
    let endless = |server: &server::Server, head: Request| {
        let mut connection = Connection::open(server.address);
        connection.write(&head.head()).unwrap();
        let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat();
        let started = std::time::Instant::now();
        while connection.write(&chunk).is_ok() {
            assert!(started.elapsed() < Duration::from_secs(15), "in {}", server.name);
        }
    };
    let head = || Request::post("/musement").chunked("").keeping_the_connection();
    for server in server::all(&defaults()) {
        endless(&server, head());
        endless(&server, head().header("Authorization", JOHN_SMITH));
    }
    for server in server::with_rejections(&defaults()) {
        endless(&server, head().kept());
    }
}

/// `post`, as in the quick start, refuses another method by itself.
#[tokio::test]
async fn the_405_of_axum_has_its_allow_too() {
    use tower::ServiceExt as _;
    let app: axum::Router = axum::Router::new().route("/", axum::routing::post(async || ()));
    let request = http::Request::get("/").body(axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
}
