//! Published advisories of comparable libraries, each tried on this crate: a row
//! has the advisory, the library, what it did, and what comes of it here.
//!
//! Some are about the time that a comparison takes, which no outcome shows;
//! `tools/timing.sh` measures it: CVE-2018-6596 (django-anymail), CVE-2022-43411
//! and CVE-2022-43412 (Jenkins plugins), CVE-2024-45052 (Fides), CVE-2024-47178
//! (basic-auth-connect), CVE-2026-47783 (memcached), GHSA-c35v-qwqg-87jc
//! (express-basic-auth). How much work a body makes is counted in
//! `tests/linear.rs`; here it is only read.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::format_collect, reason = "a test may be slow")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use order_webhooks::axum::Verified;
use order_webhooks::bandwidth::{Notification, PortOutValidationRequest, Subscriber};
use order_webhooks::musement::{Order, OrderItemUpdate, OrderItemWebhook, Receipt};
use order_webhooks::porterbuddy::{OrderRequest, OrderStatusUpdate, OrderWebhook};
use order_webhooks::{BasicAuth, ConfigError, Credentials, Head, ParseError, Receive as _, Secret};
use tower::ServiceExt as _;

const SIGNED: &str = r#"{"orderId":"1","orderStatus":"ready"}"#;

fn porterbuddy() -> OrderWebhook {
    OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap())
}

/// How a delivery with these signatures is refused.
#[track_caller]
fn refused(signatures: &[&[u8]]) -> String {
    let headers: Vec<_> =
        signatures.iter().map(|value| ("x-porterbuddy-hmac-sha256", *value)).collect();
    let webhook = porterbuddy();
    let pending = webhook.authenticate(&Head::new("POST", &&headers[..]));
    let rejection = pending.and_then(|pending| pending.verify(Bytes::from(SIGNED))).unwrap_err();
    assert_eq!(rejection.verified_body(), None);
    format!("{} {rejection}", rejection.status().as_u16())
}

/// - RUSTSEC-2024-0010, svix: the comparison ended with the shorter of the two.
#[test]
fn the_beginning_of_a_signature_is_none() {
    let signature = porterbuddy().signature().sign(SIGNED.as_bytes());
    for length in 0..signature.len() {
        let beginning = signature.get(..length).unwrap();
        assert_eq!(refused(&[beginning.as_bytes()]), "403 the signature is malformed");
    }
}

/// - CVE-2025-53548, @clerk/backend: deliveries that were not signed well were
///   taken for signed ones.
/// - GHSA-pwfr-8pq7-x9qv, @octokit/webhooks: a signature that could not be
///   verified ended the process.
#[test]
fn a_signature_that_cannot_be_verified_is_refused() {
    let of_another_body = porterbuddy().signature().sign(b"{}");
    let other = OrderWebhook::new(&Secret::new("another").unwrap());
    let of_another_key = other.signature().sign(SIGNED.as_bytes());
    let right = porterbuddy().signature().sign(SIGNED.as_bytes());
    let long = "A".repeat(100_000);
    for (signatures, outcome) in [
        (&[of_another_body.as_bytes()][..], "403 the signature does not match the body"),
        (&[of_another_key.as_bytes()], "403 the signature does not match the body"),
        (&[], "403 no signature"),
        (&[b"undefined"], "403 the signature is malformed"),
        (&[b"sha256="], "403 the signature is malformed"),
        (&[b"\xff\x00\r\n"], "403 the signature is malformed"),
        (&[long.as_bytes()], "403 the signature is malformed"),
        (
            &[right.as_bytes(), right.as_bytes()],
            "400 header x-porterbuddy-hmac-sha256 given more than once",
        ),
    ] {
        assert_eq!(refused(signatures), outcome);
    }
}

/// - CVE-2026-45363, ruby-jwt: an empty key verified what was signed with none.
/// - CVE-2026-49852, joserfc: the same.
/// - CVE-2026-44699, `LibJWT`: a key of another kind became an empty one.
/// - GHSA-8wpc-h4q6-8fxv, fast-jwt: with an empty key, nothing was verified.
#[test]
fn there_is_no_empty_secret() {
    assert_eq!(Secret::new("").unwrap_err(), ConfigError::EmptySecret);
    assert!(BasicAuth::new("", "Swordfish").is_err());
    assert!(BasicAuth::new("JohnSmith", "").is_err());
    assert!(Credentials::new("JohnSmith", "").is_err());
    assert_eq!(Subscriber::new("", ["2223331000"]).unwrap_err(), ConfigError::EmptySecret);
}

/// - GHSA-c967-2652-gfjm and GHSA-hcw2-2r9c-gc6p, `CasaOS`: an unknown user was
///   answered otherwise than a wrong password.
#[test]
fn an_answer_does_not_tell_which_part_was_wrong() {
    let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish").unwrap());
    let answer = |credentials: &str| {
        let credentials = credentials.split_once(':').unwrap();
        let header = Credentials::new(credentials.0, credentials.1).unwrap().authorization();
        let headers = [("authorization", header.as_bytes())];
        let rejection = webhook.authenticate(&Head::new("POST", &headers)).unwrap_err();
        (rejection.to_string(), format!("{:?}", rejection.to_response()))
    };
    assert_eq!(answer("JohnSmith:x"), answer("x:Swordfish"));
    assert_eq!(answer("JohnSmith:x"), answer("x:x"));
    assert_eq!(answer("x:x").0, "credentials refused: not the expected ones");
}

/// - CVE-2018-1000089, django-anymail: reports of errors showed the secret.
/// - CVE-2024-51753, authkit-remix: tokens went to the console when debugging.
/// - GHSA-wp76-cf2j-rqq7, Headscale: tokens went to the log.
#[test]
fn what_is_printed_shows_no_secret() {
    let secret = Secret::new("Swordfish").unwrap();
    let auth = BasicAuth::new("JohnSmith", "Swordfish").unwrap();
    let request = Request::post("/").header("authorization", "Basic eDpTd29yZGZpc2g=").body("");
    let rejection = OrderItemWebhook::new(auth.clone()).receive(request.unwrap()).unwrap_err();
    let shown = format!(
        "{secret:?} {auth:?} {:?} {:?} {rejection:?} {rejection} {:?}",
        OrderItemWebhook::new(auth.clone()),
        OrderWebhook::new(&secret),
        rejection.to_response(),
    );
    for part in ["Swordfish", "JohnSmith", "eDpTd29yZ"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

/// A body in pieces, without a length. It breaks off where it has a `None`.
struct Pieces(Vec<Option<Bytes>>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(self.0.pop().map(|piece| match piece {
            Some(piece) => Ok(Frame::data(piece)),
            None => Err(std::io::ErrorKind::ConnectionReset.into()),
        }))
    }
}

fn pieces(count: usize) -> Vec<Option<Bytes>> {
    vec![Some(Bytes::from(vec![b' '; 64 * 1024])); count]
}

/// The limit is 1 MiB, 16 of the pieces.
///
/// - RUSTSEC-2022-0055, axum-core: there was no limit without configuration.
/// - CVE-2025-59139, Hono: a `Content-Length` next to chunks was believed.
/// - CVE-2026-44456, Hono: the handler ran before a body in chunks was counted.
/// - CVE-2026-54288, Hono: a `Content-Length` that said too little was believed.
/// - GHSA-x9ff-22gv-65f4, Echo: what was left of a body that could not be read
///   was handled as if it were the whole.
#[tokio::test]
async fn a_body_is_whole_and_within_the_limit_or_not_delivered() {
    let delivered = Arc::new(AtomicUsize::new(0));
    let count = delivered.clone();
    let handler = async move |_: Verified<OrderItemWebhook>| {
        count.fetch_add(1, Ordering::Relaxed);
        Receipt::Accepted
    };
    let auth = BasicAuth::new("JohnSmith", "Swordfish").unwrap();
    let app: Router =
        Router::new().route("/", any(handler)).with_state(OrderItemWebhook::new(auth.clone()));
    let sample = include_str!("data/musement/order-item.json");
    let broken = vec![None, Some(Bytes::from(sample))];
    for (advisory, framing, body, status) in [
        ("none", &[][..], vec![Some(Bytes::from(sample))], 200),
        ("RUSTSEC-2022-0055", &[("content-length", "1114112")], pieces(17), 413),
        (
            "CVE-2025-59139",
            &[("content-length", "10"), ("transfer-encoding", "chunked")],
            pieces(17),
            413,
        ),
        ("CVE-2026-44456", &[("transfer-encoding", "chunked")], pieces(17), 413),
        ("CVE-2026-54288", &[("content-length", "10")], pieces(17), 413),
        ("GHSA-x9ff-22gv-65f4", &[("transfer-encoding", "chunked")], broken, 400),
    ] {
        let mut request =
            Request::post("/").header("authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
        for (name, value) in framing {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::new(Pieces(body))).unwrap();
        let response: Result<Response<Body>, Infallible> = app.clone().oneshot(request).await;
        assert_eq!(response.unwrap().status(), status, "{advisory}");
        assert_eq!(delivered.load(Ordering::Relaxed), 1, "{advisory}");
    }
}

fn notification(content: &str) -> String {
    format!("<Notification><SubscriptionId>s</SubscriptionId>{content}</Notification>")
}

/// The message of a notification, or why there is none.
fn message(document: &str) -> Result<String, String> {
    match Notification::parse_unverified(document.as_bytes()) {
        Ok(Notification::Order(order)) => Ok(order.message.unwrap_or_default()),
        Ok(other) => Ok(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Customer data is compared as the whole text, and a document is one tree.
#[test]
fn xml_means_one_thing() {
    let request = "<PortOutValidationRequest><Pin>0111<!-- -->2</Pin><AccountNumber>a<?p?>b\
                   </AccountNumber><TelephoneNumbers><TelephoneNumber>2223<![CDATA[331]]>000\
                   </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>";
    let parsed = PortOutValidationRequest::parse_unverified(request.as_bytes()).unwrap();
    let number = parsed.telephone_numbers().first().map(|number| number.as_str().to_owned());
    let read = (parsed.pin(), parsed.account_number(), number.as_deref());
    let whole = (Some("01112"), Some("ab"), Some("2223331000"));
    assert_eq!(read, whole, "CVE-2017-11427, python-saml: text ended at a comment");

    let two = format!("{}{request}", notification(""));
    let refused = |document: &str| {
        PortOutValidationRequest::parse_unverified(document.as_bytes())
            .map_err(|error: ParseError| error.to_string())
            .unwrap_err()
    };
    let one = "the root element is <Notification> at line 1 column 1";
    assert_eq!(refused(&two), one, "CVE-2022-39353, xmldom: several roots were one document");
    let two = format!("{request}{}", notification(""));
    let second = format!("a second root element at line 1 column {}", request.len() + 1);
    assert_eq!(refused(&two), second, "CVE-2022-39353, xmldom, the other way round");
}

#[test]
fn no_entity_is_declared() {
    let declared =
        |entity: &str, content: &str| format!("<!DOCTYPE a [{entity}]>{}", notification(content));
    for (advisory, document) in [
        (
            "CVE-2016-10127, pysaml2: external entities were fetched",
            declared(r#"<!ENTITY e SYSTEM "file:///etc/passwd">"#, "<Message>&e;</Message>"),
        ),
        (
            "CVE-2023-34104, fast-xml-parser: names of entities became patterns",
            declared(r#"<!ENTITY (a+)+$ "x">"#, "<Message>aaaaaaaaaaaaaaaaaaaa!</Message>"),
        ),
        (
            "CVE-2024-41946, REXML: entities were expanded without an end",
            declared(
                r#"<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">"#,
                &format!("<Message>{}</Message>", "&c;".repeat(1_000)),
            ),
        ),
    ] {
        let refused = Err("document type declarations are refused at line 1 column 1".to_owned());
        assert_eq!(message(&document), refused, "{advisory}");
    }
    let undeclared = message(&notification("<Message>&e;</Message>"));
    assert_eq!(
        undeclared,
        Err("Message: an entity that is not predefined at line 1 column 58".to_owned())
    );
}

/// Half a megabyte each. `tests/linear.rs` counts the work of the same forms.
#[test]
fn long_xml_is_read_or_refused() {
    let spaces = " ".repeat(500_000);
    let prefixes: String = (0..40_000).map(|n| format!(" xmlns:p{n}='u'")).collect();
    let attributes: String = (0..50_000).map(|n| format!(" a{n}='b'")).collect();
    let deep: String = (0..200).map(|_| "<a x='1' p:x='2'>").collect();
    for (advisory, content, outcome) in [
        (
            "CVE-2024-39908, REXML: many `<`, `0` and `%>`",
            format!("<Message>{}</Message>", "<0%>".repeat(125_000)),
            Err("Message: nested too deeply at line 1 column 562"),
        ),
        (
            "CVE-2024-41123, REXML: much white space and many `]>`",
            format!("<Message>{spaces}{}</Message>", "]>".repeat(1_000)),
            Ok("]>".repeat(1_000)),
        ),
        (
            "CVE-2024-43398, REXML: attributes of one local name, again and again",
            deep,
            Err("nested too deeply"),
        ),
        (
            "RUSTSEC-2026-0194, quick-xml: many attributes of one element",
            format!("<a{attributes}/>"),
            Ok(String::new()),
        ),
        (
            "RUSTSEC-2026-0195, quick-xml: many declared prefixes",
            format!("<a{prefixes}/>"),
            Ok(String::new()),
        ),
    ] {
        match (message(&notification(&content)), outcome) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{advisory}"),
            (Err(read), Err(expected)) => assert!(read.contains(expected), "{advisory}: {read}"),
            (read, _) => panic!("{advisory}: {read:.100?}"),
        }
    }
}

/// - CVE-2023-1370, json-smart: lists in lists until the stack was full.
/// - CVE-2023-34615, `JSONUtil`: the same.
/// - CVE-2026-29062, jackson-core: the limit did not hold for every kind of input.
/// - CVE-2026-54592, Oj: there was no limit, and the place was kept in a table
///   of a hundred.
#[test]
fn deep_json_is_refused_or_stepped_over() {
    type Parse = fn(&[u8]) -> Result<(), ParseError>;
    let readers: [(&str, Parse); 4] = [
        ("musement", |body| OrderItemUpdate::parse_unverified(body).map(drop)),
        ("porterbuddy", |body| OrderStatusUpdate::parse_unverified(body).map(drop)),
        ("order", |body| Order::parse_unverified(body).map(drop)),
        ("order request", |body| OrderRequest::parse_unverified(body).map(drop)),
    ];
    for (name, parse) in readers {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]"), ("[[],", "]")] {
            for depth in [1_000, 100_000] {
                let open = format!(r#"{{"other":{}"#, open.repeat(depth));
                let error = parse(open.as_bytes()).unwrap_err().to_string();
                assert!(error.starts_with("unexpected end of the document"), "{name}: {error}");
                // An event reads past it, and finds nothing else.
                let closed = format!("{open}0{}}}", close.repeat(depth));
                let error = parse(closed.as_bytes()).unwrap_err().to_string();
                let what = if name == "order request" { "nested too deeply" } else { "missing" };
                assert!(error.contains(what), "{name}: {error}");
            }
        }
    }
}
