use super::*;
use crate::bandwidth::OrderType;
use crate::client::bandwidth::{Callback, Expiry};

fn dashboard() -> Dashboard {
    let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
    Dashboard::new("9900000", &credentials).unwrap()
}

fn response(status: u16, location: &str, body: &'static str) -> Response<&'static str> {
    Response::builder().status(status).header("location", location).body(body).unwrap()
}

#[test]
fn the_request() {
    let callback = Callback::without_credentials("https://a/b").unwrap();
    let subscription = Subscription::to_orders(OrderType::Orders, callback, Expiry::OneDay);
    let request = dashboard().create(&subscription);
    assert_eq!(request.method(), "POST");
    let uri = "https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions";
    assert_eq!(request.uri(), uri);
    let headers = request.headers();
    assert_eq!(headers["authorization"], "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
    assert_eq!(headers["content-type"], "application/xml");
    assert_eq!(headers["accept"], "application/xml");
    assert_eq!(headers.len(), 3);
    assert_eq!(*request.body(), subscription.to_xml().as_bytes());
    assert!(!format!("{request:?}").contains("U3dvcmRmaXNo"));
}

#[test]
fn an_account_id_cannot_leave_its_place_in_the_path() {
    let credentials = Credentials::new("u", "p").unwrap();
    for id in ["", "../1", "1/2", "1?a", "1#", "%2e", " 1"] {
        let error = Dashboard::new(id, &credentials).unwrap_err();
        let message = "the account id must be letters, digits and hyphens";
        assert_eq!(error.to_string(), message, "{id}");
    }
}

#[test]
fn the_id_is_the_end_of_the_location() {
    for location in [
        "https://dashboard.bandwidth.com/api/accounts/1/subscriptions/390-f-42e89-40",
        "/accounts/1/subscriptions/390-f-42e89-40/",
        "390-f-42e89-40?x=1",
    ] {
        let id = Dashboard::subscription_id(&response(201, location, ""));
        assert_eq!(id.as_deref(), Ok("390-f-42e89-40"), "{location}");
    }
}

#[test]
fn a_failure_is_told_as_bandwidth_tells_it() {
    let nested = "<SubscriptionResponse><ResponseStatus><ErrorCode>12104</ErrorCode>\
                  <Description>The URL is\nnot valid</Description></ResponseStatus>\
                  </SubscriptionResponse>";
    let listed = "<Errors><Error><Code>1</Code><Description>a</Description></Error>\
                  <Error><Code>2</Code><Description>b</Description></Error></Errors>";
    let refused = "the dashboard answered ";
    for (status, location, body, message) in [
        (400, "", nested, "400 12104 The URL is\\nnot valid"),
        (400, "/s-1", listed, "400 1 a"),
        (401, "", "", "401"),
        (500, "", "<a><Code>7</Code><b", "500 7"),
        (201, "", "", "201"),
        (200, "/s-1", "", "200"),
    ] {
        let error = Dashboard::subscription_id(&response(status, location, body)).unwrap_err();
        assert_eq!(error.to_string(), format!("{refused}{message}"));
    }
}

#[test]
fn listing_and_deleting() {
    let uri = "https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions";
    let list = dashboard().list();
    assert_eq!((list.method().as_str(), list.uri().to_string().as_str()), ("GET", uri));
    for (id, path) in [("390-f", "390-f"), ("../1?a#b", "..%2F1%3Fa%23b"), ("é 1", "%C3%A9%201")] {
        let delete = dashboard().delete(id);
        assert_eq!(delete.method(), "DELETE");
        assert_eq!(delete.uri().to_string(), format!("{uri}/{path}"));
        assert_eq!(delete.headers()["authorization"], "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
    }
    for status in [200, 202, 204, 404] {
        assert_eq!(Dashboard::deleted(&response(status, "", "")), Ok(()), "{status}");
    }
    for status in [302, 401, 403, 500] {
        let error = Dashboard::deleted(&response(status, "", "")).unwrap_err();
        assert_eq!(error.to_string(), format!("the dashboard answered {status}"));
    }
}

#[test]
fn a_list_that_cannot_be_read() {
    let error = Dashboard::subscriptions(&response(200, "", "<a><b></a>")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the dashboard answered 200, and the body does not parse: \
         an end tag of another element at line 1 column 7"
    );
    let error = Dashboard::subscriptions(&response(403, "", "<a><Code>7</Code></a>")).unwrap_err();
    assert_eq!(error.to_string(), "the dashboard answered 403 7");
}
