use super::*;
use crate::auth::Credentials;
use crate::bandwidth::OrderType;
use crate::client::bandwidth::Callback;
use crate::secret::Secret;

const LIST: &str = "https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions";

fn dashboard() -> Dashboard {
    let api_user = Credentials::new("JohnSmith", "Swordfish").unwrap();
    Dashboard::new(Dashboard::PRODUCTION, "9900000", api_user.authorization()).unwrap()
}

fn subscription() -> Subscription {
    let callback = Callback::without_credentials("https://a/b").unwrap();
    Subscription::to_orders(OrderType::Orders, callback, Subscription::ONE_DAY).unwrap()
}

fn answer(status: u16, location: &str, body: &'static str) -> Response<&'static str> {
    Response::builder().status(status).header("location", location).body(body).unwrap()
}

#[test]
fn the_requests() {
    let one = format!("{LIST}/s-1");
    let xml = subscription().to_xml();
    for (request, method, uri, body) in [
        (dashboard().list(), "GET", LIST, ""),
        (dashboard().create(&subscription()), "POST", LIST, &*xml),
        (dashboard().replace("s-1", &subscription()).unwrap(), "PUT", &*one, &*xml),
        (dashboard().delete("s-1").unwrap(), "DELETE", &*one, ""),
    ] {
        assert_eq!((request.method().as_str(), &*request.uri().to_string()), (method, uri));
        assert_eq!(request.body(), body.as_bytes());
        let headers = request.headers();
        assert_eq!(headers["authorization"], "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
        assert!(headers["authorization"].is_sensitive());
        assert_eq!(headers["accept"], "application/xml");
        let content_type = (!body.is_empty()).then_some("application/xml");
        assert_eq!(headers.get("content-type").map(|value| value.to_str().unwrap()), content_type);
    }
}

#[test]
fn base_and_authorization_are_the_callers() {
    let token = client::bearer(&Secret::new("token").unwrap()).unwrap();
    for (base, uri) in [
        (Dashboard::TEST, "https://test.dashboard.bandwidth.com/api/accounts/1/subscriptions"),
        (
            "https://api.bandwidth.com/api/v2/",
            "https://api.bandwidth.com/api/v2/accounts/1/subscriptions",
        ),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/accounts/1/subscriptions"),
    ] {
        let list = Dashboard::new(base, "1", token.clone()).unwrap().list();
        assert_eq!(list.uri(), uri);
        assert_eq!(list.headers()["authorization"], "Bearer token");
    }
    let plain = HeaderValue::from_static("Bearer token");
    let list = Dashboard::new(Dashboard::TEST, "1", plain.clone()).unwrap().list();
    assert!(list.headers()["authorization"].is_sensitive());
    for (base, account, authorization, error) in [
        ("http://dashboard.bandwidth.com/api", "1", "Bearer t", RequestError::BaseUrl),
        (Dashboard::TEST, "", "Bearer t", RequestError::Id),
        (Dashboard::TEST, "../1", "Bearer t", RequestError::Id),
        (Dashboard::TEST, "1/2", "Bearer t", RequestError::Id),
        (Dashboard::TEST, "1", "", RequestError::HeaderValue),
    ] {
        let refused = Dashboard::new(base, account, HeaderValue::from_static(authorization));
        assert_eq!(refused.unwrap_err(), error, "{base} {account} {authorization}");
    }
}

#[test]
fn an_id_leads_to_no_other_resource() {
    let long = "9".repeat(65_536);
    for id in ["", ".", "..", "a/b", "../../2/subscriptions/s-1", "a\\b", "s-1\r\n", " ", &long] {
        assert_eq!(dashboard().delete(id).unwrap_err(), RequestError::Id);
        assert_eq!(dashboard().replace(id, &subscription()).unwrap_err(), RequestError::Id);
    }
    let encoded = dashboard().delete("a?b#c%2e").unwrap();
    assert_eq!(encoded.uri().to_string(), format!("{LIST}/a%3Fb%23c%252e"));
}

#[test]
fn the_id_is_the_end_of_the_location() {
    for (location, id) in [
        (&*format!("{LIST}/390-f-42e89-40"), Some("390-f-42e89-40")),
        ("/accounts/1/subscriptions/390-f-42e89-40/", Some("390-f-42e89-40")),
        ("/accounts/1/subscriptions/390-f?x=1#y", Some("390-f")),
        ("/accounts/1/subscriptions/a%20b", Some("a b")),
        ("/accounts/1/subscriptions/", None),
        ("/accounts/1/subscriptions//", None),
        ("/accounts/1/subscriptions", None),
        ("/accounts/1/subscriptions/%2e%2e", None),
        ("/accounts/1/subscriptions/a/b", None),
        ("390-f-42e89-40", None),
        ("", None),
    ] {
        let read = Dashboard::read_created(answer(201, location, ""));
        let read = read.map_err(|error| error.kind().clone());
        assert_eq!(read, id.map(str::to_owned).ok_or(ResponseErrorKind::NoId), "{location}");
    }
}

#[test]
fn what_is_an_answer_to_what() {
    let kind = |error: ResponseError<_>| match error.kind() {
        ResponseErrorKind::Status(status) => status.as_u16(),
        _ => 0,
    };
    for (status, list, created, replaced, deleted) in [
        (200, true, false, true, true),
        (201, false, true, true, true),
        (204, false, false, true, true),
        (302, false, false, false, false),
        (401, false, false, false, false),
        (404, false, false, false, true),
        (409, false, false, false, false),
        (500, false, false, false, false),
    ] {
        let answer = || answer(status, "/subscriptions/s-1", "<SubscriptionsResponse/>");
        let expected = |is_answer| if is_answer { Ok(()) } else { Err(status) };
        let read = Dashboard::read_list(answer()).map(|there| assert_eq!(there, []));
        assert_eq!(read.map_err(kind), expected(list), "list {status}");
        let read = Dashboard::read_created(answer()).map(|id| assert_eq!(id, "s-1"));
        assert_eq!(read.map_err(kind), expected(created), "create {status}");
        let read = Dashboard::read_replaced(answer());
        assert_eq!(read.map_err(kind), expected(replaced), "replace {status}");
        let read = Dashboard::read_deleted(answer());
        assert_eq!(read.map_err(kind), expected(deleted), "delete {status}");
    }
    let error = Dashboard::read_list(answer(200, "", "<a><b></a>")).unwrap_err();
    assert!(matches!(error.kind(), ResponseErrorKind::Unparsable(_)), "{error}");
}

#[test]
fn a_refusal_is_explained_as_bandwidth_does() {
    let nested = "<SubscriptionResponse><ResponseStatus><ErrorCode>12104</ErrorCode>\
                  <Description>The URL is\nnot valid</Description></ResponseStatus>\
                  </SubscriptionResponse>";
    let listed = "<Errors><Error><Code>1</Code><Description>a</Description></Error>\
                  <Error><Code>2</Code><Description>b</Description></Error></Errors>";
    for (body, explained) in [
        (nested, Some("12104 The URL is\\nnot valid")),
        (listed, Some("1 a")),
        ("<a><Code>7</Code><b", Some("7")),
        ("<a><Description>d</Description></a>", Some("d")),
        ("<a/>", None),
        ("{}", None),
        ("", None),
    ] {
        let error = Dashboard::read_created(answer(400, "", body)).unwrap_err();
        assert_eq!(error.to_string(), "the answer has the status 400");
        assert_eq!(Dashboard::explain(&error).as_deref(), explained, "{body}");
    }
}
