use http::Response;

use super::*;
use crate::auth::Credentials;
use crate::bandwidth::{EventType, OrderType};
use crate::client::bandwidth::{Callback, Dashboard, Expiry};

const LIST: &str = include_str!("../../../../tests/data/bandwidth/subscriptions.xml");
const ONE: &str = include_str!("../../../../tests/data/bandwidth/subscription.xml");

fn read(body: &str) -> Vec<SubscriptionState> {
    Dashboard::subscriptions(&Response::new(body)).unwrap()
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
    assert_eq!(read("<a><Subscription><OrderType>x</OrderType></Subscription></a>"), []);
}

fn wanted(username: Option<&str>) -> Subscription {
    let callback = match username {
        Some(name) => Callback::new("https://a/b", Credentials::new(name, "p").unwrap()),
        None => Callback::without_credentials("https://a/b"),
    };
    Subscription::to_orders(OrderType::PortIns, callback.unwrap(), Expiry::TEN_YEARS)
}

fn there() -> SubscriptionState {
    SubscriptionState {
        id: "s".into(),
        topic: Some(Topic::Orders(OrderType::PortIns)),
        order_id: None,
        url: Some("https://a/b".into()),
        time_left: Some(Duration::from_secs(100)),
        username: Some("u".into()),
        public_key: None,
        number_format: None,
        last_answer: None,
    }
}

#[test]
fn the_next_step() {
    type Edit = fn(&mut SubscriptionState);
    let (renew, change) = (NextStep::Renew { id: "s".into() }, NextStep::Change { id: "s".into() });
    let table: [(Edit, NextStep); 14] = [
        (|_| {}, NextStep::Nothing),
        (|s| s.last_answer = Some("500".into()), NextStep::Nothing),
        (|s| s.number_format = Some(NumberFormat::Legacy), NextStep::Nothing),
        (|s| s.time_left = Some(Duration::from_secs(61)), NextStep::Nothing),
        (|s| s.time_left = Some(Duration::from_secs(60)), renew.clone()),
        (|s| s.time_left = None, renew),
        (|s| s.url = Some("https://a/c".into()), change.clone()),
        (|s| s.url = None, change.clone()),
        (|s| s.username = Some("v".into()), change.clone()),
        (|s| s.username = None, change.clone()),
        (|s| s.number_format = Some(NumberFormat::E164), change.clone()),
        (|s| s.public_key = Some("k".into()), change),
        (|s| s.topic = Some(Topic::Orders(OrderType::Orders)), NextStep::Create),
        (|s| s.order_id = Some("o".into()), NextStep::Create),
    ];
    for (position, (edit, step)) in table.into_iter().enumerate() {
        let mut state = there();
        edit(&mut state);
        let next = wanted(Some("u")).next_step(&[state], Duration::from_secs(60));
        assert_eq!(next, step, "{position}");
    }
    assert_eq!(wanted(None).next_step(&[], Duration::ZERO), NextStep::Create);
    // A subscription with credentials, where none are wanted.
    let next = wanted(None).next_step(&[there()], Duration::ZERO);
    assert_eq!(next, NextStep::Change { id: "s".into() });
    let callback = Callback::without_credentials("https://a/b").unwrap().with_public_key("k");
    let keyed = Subscription::to_orders(OrderType::PortIns, callback, Expiry::TEN_YEARS);
    for (there_is, step) in [
        (None, NextStep::Nothing),
        (Some("k"), NextStep::Nothing),
        (Some("other"), NextStep::Change { id: "s".into() }),
    ] {
        let public_key = there_is.map(str::to_owned);
        let state = SubscriptionState { username: None, public_key, ..there() };
        assert_eq!(keyed.next_step(&[state], Duration::ZERO), step, "{there_is:?}");
    }
    let of_order = wanted(Some("u")).with_order_id("o");
    assert_eq!(of_order.next_step(&[there()], Duration::ZERO), NextStep::Create);
}

#[test]
fn of_several_the_best_counts() {
    let ends = SubscriptionState { id: "ends".into(), time_left: None, ..there() };
    let other = SubscriptionState { id: "other".into(), url: None, ..there() };
    let next = |there: &[SubscriptionState]| wanted(Some("u")).next_step(there, Duration::ZERO);
    assert_eq!(next(&[other.clone(), ends.clone(), there()]), NextStep::Nothing);
    assert_eq!(next(&[other.clone(), ends]), NextStep::Renew { id: "ends".into() });
    assert_eq!(next(&[other]), NextStep::Change { id: "other".into() });
}

#[test]
fn debug_shows_neither_url_nor_username() {
    assert_eq!(
        format!("{:?}", there()),
        "SubscriptionState { id: \"s\", topic: Some(Orders(PortIns)), order_id: None, \
         time_left: Some(100s), number_format: None, last_answer: None, .. }"
    );
}
