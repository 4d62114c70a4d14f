//! Deliveries, and the answer that each has to get.

use std::time::Duration;

use super::*;

#[test]
fn documented_deliveries_reach_the_handler_as_typed_events() {
    let surprising = "SOMETHING_NEW";
    holds(
        &defaults(),
        vec![
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
    holds(
        &defaults(),
        vec![
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
        let (case, status) =
            if is_right { ("right credentials, and no event", 400) } else { (case, status) };
        cases.push((case, head.clone(), Refused(status)));
        cases.push((case, head.body("<not XML"), Refused(status)));
    }
    holds(&defaults(), cases);
}

#[test]
fn a_large_first_request_is_read_before_it_is_answered() {
    let large = "x".repeat(8_000_000);
    holds(
        &defaults(),
        vec![
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
    holds(&defaults(), cases);
}

#[test]
fn an_encoded_body_is_refused_and_not_inflated() {
    let encoded = |value: &'static str| musement(ORDER_ITEM).header("Content-Encoding", value);
    holds(
        &defaults(),
        vec![
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
    holds(
        &Webhooks::within(limits),
        vec![
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

fn broken() -> [(&'static str, Request, Outcome); 5] {
    let cut = &ORDER_ITEM[..ORDER_ITEM.len() / 2];
    [
        ("musement", musement(cut), Refused(400)),
        ("musement, empty", musement(""), Refused(400)),
        ("porterbuddy", porterbuddy(ORDER_STATUS_AS_PRINTED), Refused(400)),
        ("notifications", notification("<Notification>"), Refused(400)),
        ("notifications, empty", notification(""), Refused(400)),
    ]
}

#[test]
fn a_verified_body_that_does_not_parse_is_refused() {
    holds(&defaults(), broken());
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
    let delivered = || Delivered("musement.order_item", order_item());
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
