use http::Response;

use super::*;
use crate::client::bandwidth::Dashboard;

const LIST: &str = include_str!("../../../../tests/data/bandwidth/subscriptions.xml");
const ONE: &str = include_str!("../../../../tests/data/bandwidth/subscription.xml");

fn read(body: &str) -> Vec<SubscriptionState> {
    Dashboard::read_list(Response::new(body)).unwrap()
}

#[test]
fn the_samples_of_the_specification() {
    let one = read(ONE);
    let expected = SubscriptionState {
        id: "390-f-42e89-40".into(),
        topic: Some(Topic::Orders(OrderType::Orders)),
        order_id: Some("8684b1c8-7d41-4877-bfc2-6bd8ea4dc89f".into()),
        url: Some("http://mycallbacks.com".into()),
        time_left: Some(Duration::from_secs(3600)),
        username: Some("uname".into()),
        public_key: Some("QUJDREVGRw==".into()),
        number_format: None,
        last_answer: Some("200 OK".into()),
    };
    assert_eq!(one, [expected]);
    let list = read(LIST);
    let topics: Vec<_> = list.iter().map(|state| state.topic.clone()).collect();
    assert_eq!(
        topics,
        [
            Some(Topic::Orders(OrderType::PortIns)),
            Some(Topic::Events(EventType::MessagingLost)),
            None,
        ]
    );
    assert_eq!(list[0].url.as_deref(), Some("https://shop.example/hook"));
    assert_eq!(list[0].time_left, Some(Duration::from_secs(86_399)));
    assert_eq!(list[1].number_format, Some(NumberFormat::E164));
    assert_eq!(list[1].last_answer, None);
    assert_eq!(list[2].url, None);
}

#[test]
fn whatever_it_is_wrapped_in() {
    let state = "<Subscription><SubscriptionId>s</SubscriptionId></Subscription>";
    for body in [
        state.to_owned(),
        format!("<a>{state}</a>"),
        format!("<a><b>x<c/></b><d><e>{state}</e></d><f/></a>"),
    ] {
        let ids: Vec<_> = read(&body).into_iter().map(|state| state.id).collect();
        assert_eq!(ids, ["s"], "{body}");
    }
    assert_eq!(read(&format!("<a>{state}<b>{state}</b>{state}</a>")).len(), 3);
    assert_eq!(read("<SubscriptionsResponse/>"), []);
    let without_id = "<Subscriptions><Subscription><URL>x</URL></Subscription></Subscriptions>";
    assert_eq!(read(without_id), []);
}

/// Read as an empty list, each would make `next_step` create a second subscription.
#[test]
fn what_is_no_list_is_not_an_empty_one() {
    for (body, error) in [
        ("<html><body>Sign in</body></html>", "the root element is <html> at line 1 column 1"),
        ("<Errors><Error/></Errors>", "the root element is <Errors> at line 1 column 1"),
        (
            "<!doctype html><html></html>",
            "document type declarations are refused at line 1 column 1",
        ),
        ("<html><br></html>", "an end tag of another element at line 1 column 11"),
        ("{\"error\":\"down\"}", "text outside the root element at line 1 column 1"),
        ("", "unexpected end of the document at line 1 column 1"),
        (
            "<SubscriptionsResponse><Subscription><SubscriptionId>s</SubscriptionId></Subscription>",
            "unexpected end of the document at line 1 column 87",
        ),
    ] {
        let refused = Dashboard::read_list(Response::new(body)).unwrap_err();
        assert_eq!(refused.to_string(), format!("the answer does not parse: {error}"), "{body}");
    }
}

#[test]
fn the_first_text_counts_and_what_cannot_be_read_is_absent() {
    let body = "<a><Subscription><SubscriptionId/><SubscriptionId>s</SubscriptionId>\
                <SubscriptionId>t</SubscriptionId><NumberFormat>OTHER</NumberFormat>\
                <CallbackSubscription><Expiry>1.5</Expiry><Status>READY</Status>\
                <Other><URL>https://other</URL></Other></CallbackSubscription>\
                <EmailSubscription><Email>a@b</Email></EmailSubscription></Subscription></a>";
    let state = SubscriptionState {
        id: "s".into(),
        last_answer: Some("READY".into()),
        ..SubscriptionState::default()
    };
    assert_eq!(read(body), [state]);
}

#[test]
fn debug_shows_no_url_username_or_answer() {
    let one = read(ONE);
    assert_eq!(
        format!("{:?}", one[0]),
        "SubscriptionState { id: \"390-f-42e89-40\", topic: Some(Orders(Orders)), \
         order_id: Some(\"8684b1c8-7d41-4877-bfc2-6bd8ea4dc89f\"), time_left: Some(3600s), \
         number_format: None, .. }"
    );
}
