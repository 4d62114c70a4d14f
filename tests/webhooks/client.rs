//! The requests to the APIs, byte for byte, and what is made of its answers.

use std::fmt::Write as _;

use http::{Request, Response};
use order_webhooks::client::{RequestError, ResponseErrorKind, musement, porterbuddy};
use order_webhooks::musement::OrderItemStatus;
use order_webhooks::porterbuddy::{OrderStatus, OrderStatusUpdate};
use order_webhooks::tracking::{Standing, Tracked};
use uuid::Uuid;

use fixtures::samples::secret;

const ORDER: &str = "8e9e5c6e-ea7d-4934-8753-f00954f30d00";
const ITEM: &str = "11045e18-e3ca-42e1-acb4-0d5be75036fd";

fn musement() -> musement::Api {
    musement::Api::new("https://api.example.com/api/v3/", "acme", &secret("Swordfish")).unwrap()
}

fn porterbuddy() -> porterbuddy::Api {
    porterbuddy::Api::new(&secret("Swordfish")).unwrap()
}

/// The request as a client writes it.
fn written(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}", request.method(), request.uri());
    for (name, value) in request.headers() {
        write!(text, "\n{name}: {}", value.to_str().unwrap()).unwrap();
    }
    assert!(request.body().is_empty());
    text
}

fn answer(status: u16, body: &str) -> Response<String> {
    Response::builder().status(status).body(body.to_owned()).unwrap()
}

#[test]
fn the_requests_to_musement() {
    let (order, item) = (Uuid::try_parse(ORDER).unwrap(), Uuid::try_parse(ITEM).unwrap());
    let headers = "x-musement-application: acme\nx-musement-version: 3.4.0\n\
                   authorization: Bearer Swordfish";
    assert_eq!(
        written(&musement().order(order)),
        format!("GET https://api.example.com/api/v3/orders/{ORDER}\n{headers}")
    );
    assert_eq!(
        written(&musement().request_notification(order, item)),
        format!(
            "POST https://api.example.com/api/v3/orders/{ORDER}/items/{ITEM}/notifications\n{headers}"
        )
    );
}

#[test]
fn the_requests_to_porterbuddy() {
    let test = porterbuddy::Api::at(porterbuddy::Api::TEST, &secret("Swordfish")).unwrap();
    for (request, url) in [
        (porterbuddy().order_status("394326"), "https://api.porterbuddy.com/order/394326/status"),
        (
            porterbuddy().order_status_by_order_reference("order 1"),
            "https://api.porterbuddy.com/order/order-reference/order%201/status",
        ),
        (
            porterbuddy().order_status_by_tms_reference("TMS-4711"),
            "https://api.porterbuddy.com/order/tms-reference/TMS-4711/status",
        ),
        (test.order_status("394326"), "https://api.porterbuddy-test.com/order/394326/status"),
    ] {
        assert_eq!(written(&request.unwrap()), format!("GET {url}\nx-api-key: Swordfish"));
    }
}

#[test]
fn an_id_leads_to_no_other_resource() {
    let api = porterbuddy();
    for id in ["", ".", "..", "a/b", "../../admin", "1/status", "a\\b", "a\r\nx: y", "é\0", " "] {
        assert_eq!(api.order_status(id).unwrap_err(), RequestError::Id, "{id}");
        let by_reference = api.order_status_by_order_reference(id);
        assert_eq!(by_reference.unwrap_err(), RequestError::Id, "{id}");
        let by_reference = api.order_status_by_tms_reference(id);
        assert_eq!(by_reference.unwrap_err(), RequestError::Id, "{id}");
    }
    let long = "9".repeat(65_536);
    assert_eq!(api.order_status(&long).unwrap_err(), RequestError::Id);
    let encoded = api.order_status("1?x=y#z%2e").unwrap();
    assert_eq!(
        encoded.uri().to_string(),
        "https://api.porterbuddy.com/order/1%3Fx%3Dy%23z%252e/status"
    );
}

#[test]
fn what_cannot_be_configured() {
    use RequestError::{BaseUrl, HeaderValue};
    for (base, application, token, error) in [
        ("http://api.example.com", "acme", "token", BaseUrl),
        ("api.example.com", "acme", "token", BaseUrl),
        ("https://api.example.com", "", "token", HeaderValue),
        ("https://api.example.com", " ", "token", HeaderValue),
        ("https://api.example.com", "acme\n", "token", HeaderValue),
        ("https://api.example.com", "acme", "token\r\nx: y", HeaderValue),
    ] {
        let refused = musement::Api::new(base, application, &secret(token));
        assert_eq!(refused.unwrap_err(), error);
    }
    let refused = porterbuddy::Api::new(&secret("key\nx"));
    assert_eq!(refused.unwrap_err(), HeaderValue);
}

#[test]
fn an_answer_of_musement() {
    let body = format!(
        r#"{{"identifier":"MUS1","uuid":"{ORDER}","status":"OK","customer":{{"email":"a@example.com"}},
            "items":[{{"uuid":"{ITEM}","status":"OK","vouchers":[{{"url":"https://example.com/v"}}]}},
                     {{"uuid":null,"status":"ON_HOLD","vouchers":null,"quantity":2}}]}}"#
    );
    let order = musement::Api::read_order(answer(200, &body)).unwrap();
    assert_eq!(order.status, "OK");
    let [item, other] = &order.items[..] else { panic!() };
    assert_eq!(item.uuid, Some(Uuid::try_parse(ITEM).unwrap()));
    assert_eq!(item.status, OrderItemStatus::Ok);
    assert_eq!(item.vouchers, Some(serde_json::json!([{"url": "https://example.com/v"}])));
    let shown = format!("OrderItem {{ uuid: Some({ITEM}), status: Ok, .. }}");
    assert_eq!(format!("{item:?}"), shown);
    assert_eq!(other.uuid, None);
    assert_eq!(other.status, OrderItemStatus::Other("ON_HOLD".into()));
    assert_eq!(other.vouchers, None);
}

#[test]
fn an_answer_of_porterbuddy_is_the_same_as_the_webhook() {
    let body = r#"{"orderId":"394326","orderStatus":"delivered",
        "statusUpdatedAt":"2021-06-08T12:16:40.32538Z"}"#;
    let polled = porterbuddy::Api::read_order_status(answer(200, body)).unwrap();
    assert_eq!(polled.order_status, OrderStatus::Delivered);
    let received = OrderStatusUpdate::parse_unverified(body.replace('\n', "").as_bytes());
    assert_eq!(polled.compare(&received.unwrap()), Standing::Same);
}

#[test]
fn hostile_answers_are_errors_that_keep_the_answer() {
    let deep = format!("{{\"status\":\"OK\",\"items\":[],\"x\":{}", "[".repeat(500_000));
    for (body, message) in [
        ("", "unexpected end of the document at line 1 column 1"),
        ("null", "not an object at line 1 column 1"),
        ("[]", "not an object at line 1 column 1"),
        ("<html></html>", "not JSON at line 1 column 1"),
        ("{}", "status: missing at line 1 column 2"),
        (r#"{"status":"OK"}"#, "items: missing at line 1 column 15"),
        (r#"{"status":[],"items":[]}"#, "status: not what is expected at line 1 column 12"),
        (r#"{"status":"OK","items":{}}"#, "items: not what is expected at line 1 column 23"),
        (r#"["OK",[]]"#, "not an object at line 1 column 1"),
        (
            r#"{"status":"OK","items":[["OK"]]}"#,
            "items[0]: not what is expected at line 1 column 30",
        ),
        (r#"{"status":"OK","items":[{}]}"#, "items[0].status: missing at line 1 column 26"),
        (r#"{"status":"OK","items":[],"status":"KO"}"#, "status: given twice at line 1 column 34"),
        (r#"{"status":"\ud800","items":[]}"#, "status: lone surrogate at line 1 column 18"),
        (r#"{"status":"OK","items":[]}x"#, "text after the document at line 1 column 27"),
        (&deep, "unexpected end of the document at line 1 column 500031"),
    ] {
        let error = musement::Api::read_order(answer(200, body)).unwrap_err();
        let ResponseErrorKind::Unparsable(parse) = error.kind() else { panic!() };
        assert_eq!(parse.to_string(), message, "{body:.60}");
        assert_eq!(error.to_string(), format!("the answer does not parse: {message}"));
        assert!(std::error::Error::source(&error).is_none());
        assert_eq!(error.into_response().into_body(), body);
    }
    let raw = Response::new(&b"{\"orderId\":\"\xff\"}"[..]);
    let error = porterbuddy::Api::read_order_status(raw).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer does not parse: encoding is not UTF-8 at line 1 column 13"
    );
}

/// What is not needed is no reason to lose an answer.
#[test]
fn what_is_odd_in_an_answer_is_left_out() {
    for odd in ["null", "5", "\"x\"", "[]", "{\"a\":[]}"] {
        let body = format!(
            r#"{{"x":["\ud800",1e999],"status":"OK","items":[{{"uuid":{odd},"status":"OK"}}]}}"#
        );
        let order = musement::Api::read_order(answer(200, &body)).unwrap();
        assert_eq!((order.items[0].uuid, &order.items[0].status), (None, &OrderItemStatus::Ok));
    }
}

#[test]
fn only_200_is_an_answer() {
    let musement_body = r#"{"status":"OK","items":[]}"#;
    let porterbuddy_body = r#"{"orderId":"1","orderStatus":"ready"}"#;
    for status in [201, 202, 204, 206, 301, 304, 400, 401, 403, 404, 429, 500, 503, 599] {
        let message = format!("the answer has the status {status}");
        let error = musement::Api::read_order(answer(status, musement_body)).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.response().body(), musement_body);
        assert_eq!(
            format!("{error:?}"),
            format!("ResponseError {{ kind: Status({status}), status: {status}, .. }}")
        );
        let answer = answer(status, porterbuddy_body);
        let error = porterbuddy::Api::read_order_status(answer).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_notification_is_requested_with_any_2xx() {
    for status in [200, 201, 202, 204] {
        musement::Api::read_notification_requested(answer(status, "what it says")).unwrap();
    }
    for status in [302, 404, 409, 503] {
        let error = musement::Api::read_notification_requested(answer(status, ""));
        let kind = error.unwrap_err().kind().clone();
        assert_eq!(kind, ResponseErrorKind::Status(status.try_into().unwrap()));
    }
}
