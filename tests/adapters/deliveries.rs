//! Deliveries, and the answer that each has to get.

use std::time::Duration;

use super::*;

#[test]
fn documented_deliveries_reach_the_handler_as_typed_events() {
    let mut new_item = order_item();
    new_item["order_item_status"] = json!("NEW");
    let new = |sample: &str, old: &str| sample.replace(old, "NEW");
    let update = serde_json::from_str(SUBSCRIPTION_UPDATE).unwrap();
    let as_java_labels_it = ("Content-Type", "text/xml; charset=ISO-8859-1");
    #[rustfmt::skip]
    let table = [
        ("Musement", musement(ORDER_ITEM), item(order_item())),
        ("Musement, unknown status", musement(&new(ORDER_ITEM, "OK")), item(new_item)),
        ("Musement, in chunks", musement("").chunked(ORDER_ITEM), item(order_item())),
        ("Musement, not encoded", encoded("identity"), item(order_item())),
        ("Porterbuddy, by OpenSSL", signed(ORDER_STATUS_SIGNATURE, ORDER_STATUS), order("cancelled")),
        ("Porterbuddy, unknown status", porterbuddy(&new(ORDER_STATUS, "canceled")), order("NEW")),
        ("Porterbuddy, in chunks", signed(ORDER_STATUS_SIGNATURE, "").chunked(ORDER_STATUS), order("cancelled")),
        ("Bandwidth", notification(ORDER_NOTIFICATION), notified("COMPLETE")),
        ("Bandwidth, unknown status", notification(&new(ORDER_NOTIFICATION, "COMPLETE")), notified("NEW")),
        ("Bandwidth, as Java labels it", with(notification(ORDER_NOTIFICATION), as_java_labels_it), notified("COMPLETE")),
        ("Bandwidth, v2", update_signed(BANDWIDTH_KEY, SUBSCRIPTION_UPDATE), Delivered("bandwidth.v2", update)),
    ];
    holds(&defaults(), table);
}

#[test]
fn what_is_not_authentic_never_reaches_the_handler() {
    const AUTHORIZATION: &str = "Authorization";
    let bare = || Request::post("/musement").body(ORDER_ITEM);
    let shown = |value: &[u8]| bare().header(AUTHORIZATION, value);
    let unsigned = || Request::post("/porterbuddy").body(ORDER_STATUS);
    let by_porterbuddy = || signed(ORDER_STATUS_SIGNATURE, ORDER_STATUS);
    let latin_1 = [b"\xE9", &ORDER_STATUS_SIGNATURE.as_bytes()[1..]].concat();
    let by_bandwidth = || update_signed(BANDWIDTH_KEY, SUBSCRIPTION_UPDATE);
    let another = ("x-bandwidth-signature-sha-256", ORDER_STATUS_SIGNATURE);
    #[rustfmt::skip]
    let table = [
        ("no credentials", bare(), 401),
        ("wrong credentials", shown(X_Y.as_bytes()), 401),
        ("credentials for another provider", shown(BANDWIDTH_USER.as_bytes()), 401),
        ("another scheme", shown(b"Bearer x"), 401),
        ("credentials in Latin-1", shown(b"Basic \xE9"), 401),
        ("credentials of 8 KiB", shown(format!("Basic {:A<8192}", "").as_bytes()), 401),
        ("right credentials twice", with(musement(ORDER_ITEM), (AUTHORIZATION, JOHN_SMITH)), 400),
        ("right and wrong credentials", with(musement(ORDER_ITEM), (AUTHORIZATION, X_Y)), 400),
        ("no signature", unsigned(), 403),
        ("no signature, but credentials", with(unsigned(), (AUTHORIZATION, JOHN_SMITH)), 403),
        ("forged", signed(&sign("another-key", ORDER_STATUS), ORDER_STATUS), 403),
        ("an empty signature", signed("", ORDER_STATUS), 403),
        ("a signature cut short", signed(&ORDER_STATUS_SIGNATURE[..20], ORDER_STATUS), 403),
        ("a signature in hex", signed(V_IN_HEX, ORDER_STATUS), 403),
        ("a signature in Latin-1", unsigned().header("x-porterbuddy-hmac-sha256", latin_1), 403),
        ("one more line break", signed(ORDER_STATUS_SIGNATURE, &format!("{ORDER_STATUS}\n")), 403),
        ("a length shorter than the body", by_porterbuddy().declaring(ORDER_STATUS.len() - 1), 403),
        ("the right signature twice", with(by_porterbuddy(), ("X-Porterbuddy-HMAC-SHA256", ORDER_STATUS_SIGNATURE)), 400),
        ("v2, no signature", Request::post("/v2").body(SUBSCRIPTION_UPDATE), 403),
        ("v2, forged", update_signed("another-key", SUBSCRIPTION_UPDATE), 403),
        ("v2, two signatures", with(by_bandwidth(), another), 400),
        ("v2, no JSON", update_signed(BANDWIDTH_KEY, "<Notification/>"), 400),
    ];
    refused(&defaults(), table);
}

#[test]
fn the_challenge_goes_by_its_table_with_and_without_a_body() {
    let mut cases = Vec::new();
    for (case, credentials, status) in [
        ("no credentials", &[][..], 401),
        ("right credentials", &[BANDWIDTH_USER], 200),
        ("wrong credentials", &[X_Y], 401),
        ("another scheme", &["Digest username=\"bandwidth-user\""], 401),
        ("credentials twice", &[BANDWIDTH_USER, BANDWIDTH_USER], 400),
        ("two credentials", &[X_Y, BANDWIDTH_USER], 400),
    ] {
        let post = Request::post("/notifications");
        let head = credentials.iter().fold(post, |head, it| head.header("Authorization", *it));
        let whole =
            [head.clone().body(ORDER_NOTIFICATION), head.clone().chunked(ORDER_NOTIFICATION)];
        let nothing = [head.clone(), head.body("<not XML")];
        let right = status == 200;
        for request in whole {
            let outcome = if right { notified("COMPLETE") } else { Refused(status) };
            cases.push((case, request, outcome));
        }
        // Nothing can be delivered of these.
        for request in nothing {
            cases.push((case, request, Refused(if right { 400 } else { status })));
        }
    }
    holds(&defaults(), cases);
}

#[test]
fn a_large_first_request_is_read_before_it_is_answered() {
    let large = "x".repeat(8_000_000);
    let table = [
        ("unauthenticated", Request::post("/notifications").body(&*large), 401),
        ("unsigned", Request::post("/porterbuddy").body(&*large), 403),
        ("another method", Request::new("PUT", "/musement").body(&*large), 405),
        ("too large", notification(&large), 413),
    ];
    refused(&defaults(), table);
}

#[test]
fn another_method_than_post_is_refused_and_told_which_is_allowed() {
    let mut cases = Vec::new();
    for path in ["/musement", "/porterbuddy", "/notifications"] {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "PROPFIND"] {
            let request = Request::new(method, path).header("Authorization", JOHN_SMITH);
            cases.push((method, request, 405));
        }
    }
    refused(&defaults(), cases);
}

#[test]
fn an_encoded_body_is_refused_and_not_inflated() {
    let gzip = ("Content-Encoding", "gzip");
    let table = [
        ("gzip", encoded("gzip"), 415),
        ("GZIP", encoded("GZIP"), 415),
        ("br", encoded("br"), 415),
        ("two encodings", encoded("identity, gzip"), 415),
        ("two headers", with(encoded("identity"), gzip), 415),
        ("gzip, signed", with(porterbuddy(ORDER_STATUS), gzip), 415),
        ("gzip, unauthenticated", with(Request::post("/musement").body(ORDER_ITEM), gzip), 401),
    ];
    refused(&defaults(), table);
}

#[test]
fn a_body_of_the_limit_is_taken_and_one_byte_more_is_not() {
    let within = Webhooks::within(Limits::new(1_000, Duration::from_secs(10)).unwrap());
    let (most, more) = (padded(ORDER_ITEM, 1_000), padded(ORDER_ITEM, 1_001));
    let table = [
        ("JSON", musement(&most), item(order_item())),
        ("in chunks", musement("").chunked(&*most), item(order_item())),
        ("signed", porterbuddy(&padded(ORDER_STATUS, 1_000)), order("cancelled")),
        ("XML", notification(&padded(ORDER_NOTIFICATION, 1_000)), notified("COMPLETE")),
    ];
    holds(&within, table);
    let table = [
        ("JSON", musement(&more), 413),
        ("in chunks", musement("").chunked(&*more), 413),
        ("signed", porterbuddy(&padded(ORDER_STATUS, 1_001)), 413),
        ("XML", notification(&padded(ORDER_NOTIFICATION, 1_001)), 413),
        ("unsigned", Request::post("/porterbuddy").body(&*more), 403),
        ("unauthenticated", Request::post("/musement").body(&*more), 401),
    ];
    refused(&within, table);
}

fn broken() -> [(&'static str, Request, u16); 5] {
    [
        ("musement", musement(&ORDER_ITEM[..ORDER_ITEM.len() / 2]), 400),
        ("musement, empty", musement(""), 400),
        ("porterbuddy", porterbuddy(ORDER_STATUS_AS_PRINTED), 400),
        ("notifications", notification("<Notification>"), 400),
        ("notifications, empty", notification(""), 400),
    ]
}

#[test]
fn a_verified_body_that_does_not_parse_is_refused() {
    refused(&defaults(), broken());
}

/// A handler that takes the rejection has the body.
#[test]
fn a_verified_body_that_does_not_parse_is_kept() {
    for server in server::with_rejections(&defaults()) {
        for (case, request, _) in &broken() {
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
    let delivered = || item(order_item());
    for (musement, cases) in [
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
        holds(&Webhooks { musement, ..defaults() }, cases);
    }
}
