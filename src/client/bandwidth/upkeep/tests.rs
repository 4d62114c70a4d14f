use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::auth::Credentials;
use crate::bandwidth::{EventType, OrderType};
use crate::client::bandwidth::{Callback, NumberFormat, Topic};

const MINUTE: Duration = Duration::from_secs(60);

fn wanted(callback: Callback) -> Subscription {
    Subscription::to_orders(OrderType::PortIns, callback, Subscription::TEN_YEARS).unwrap()
}

fn with_password() -> Callback {
    Callback::new("https://a.example/b", Credentials::new("u", "p").unwrap()).unwrap()
}

fn there() -> SubscriptionState {
    SubscriptionState {
        id: "s".into(),
        topic: Some(Topic::Orders(OrderType::PortIns)),
        url: Some("https://a.example/b".into()),
        time_left: Some(Duration::from_secs(100)),
        username: Some("u".into()),
        ..SubscriptionState::default()
    }
}

fn replace(id: &str) -> NextStep {
    NextStep::Replace { id: id.into() }
}

#[test]
fn what_is_there_decides() {
    type Edit = fn(&mut SubscriptionState);
    let table: [(&str, Edit, NextStep); 20] = [
        ("as wanted", |_| {}, NextStep::Nothing),
        ("its server answers 500", |s| s.last_answer = Some("500".into()), NextStep::Nothing),
        (
            "any format, where none is wanted",
            |s| s.number_format = Some(NumberFormat::E164),
            NextStep::Nothing,
        ),
        ("61 s left", |s| s.time_left = Some(Duration::from_secs(61)), NextStep::Nothing),
        ("60 s left", |s| s.time_left = Some(MINUTE), replace("s")),
        ("no expiry", |s| s.time_left = None, replace("s")),
        ("another user", |s| s.username = Some("v".into()), replace("s")),
        ("no user", |s| s.username = None, replace("s")),
        ("a key", |s| s.public_key = Some("k".into()), replace("s")),
        ("another spelling", |s| s.url = Some("HTTPS://A.example:443/b".into()), NextStep::Nothing),
        ("another path", |s| s.url = Some("https://a.example/c".into()), NextStep::Create),
        (
            "another case of the path",
            |s| s.url = Some("https://a.example/B".into()),
            NextStep::Create,
        ),
        ("no URL at all", |s| s.url = Some("https://a example/b".into()), NextStep::Create),
        ("another query", |s| s.url = Some("https://a.example/b?c".into()), NextStep::Create),
        ("another port", |s| s.url = Some("https://a.example:8443/b".into()), NextStep::Create),
        ("another scheme", |s| s.url = Some("http://a.example/b".into()), NextStep::Create),
        ("no URL, as one by e-mail", |s| s.url = None, NextStep::Create),
        (
            "another order type",
            |s| s.topic = Some(Topic::Orders(OrderType::Orders)),
            NextStep::Create,
        ),
        (
            "an event type",
            |s| s.topic = Some(Topic::Events(EventType::MessagingLost)),
            NextStep::Create,
        ),
        ("one order only", |s| s.order_id = Some("o".into()), NextStep::Create),
    ];
    for (name, edit, step) in table {
        let mut state = there();
        edit(&mut state);
        assert_eq!(wanted(with_password()).next_step(&[state], MINUTE), step, "{name}");
    }
    assert_eq!(wanted(with_password()).next_step(&[], MINUTE), NextStep::Create);
    assert_eq!(wanted(with_password()).next_step(&[there()], Duration::MAX), replace("s"));
}

#[test]
fn what_is_wanted_decides() {
    let open = || Callback::without_credentials("https://a.example/b").unwrap();
    let key = STANDARD.encode("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----");
    let keyed = || wanted(with_password().with_public_key(&key).unwrap());
    let e164 = || wanted(with_password()).with_number_format(NumberFormat::E164);
    let state = |key: Option<&str>, number_format| SubscriptionState {
        public_key: key.map(str::to_owned),
        number_format,
        ..there()
    };
    for (name, wanted, state, step) in [
        ("no credentials", wanted(open()), state(None, None), replace("s")),
        ("a key that is not told", keyed(), state(None, None), NextStep::Nothing),
        ("the key", keyed(), state(Some(&key), None), NextStep::Nothing),
        ("another key", keyed(), state(Some("other"), None), replace("s")),
        ("a format that is not told", e164(), state(None, None), NextStep::Nothing),
        ("the format", e164(), state(None, Some(NumberFormat::E164)), NextStep::Nothing),
        ("another format", e164(), state(None, Some(NumberFormat::Legacy)), replace("s")),
        (
            "one order only",
            wanted(with_password()).with_order_id("o").unwrap(),
            state(None, None),
            NextStep::Create,
        ),
    ] {
        assert_eq!(wanted.next_step(&[state], MINUTE), step, "{name}");
    }
}

#[test]
fn another_service_of_the_account_is_left_alone() {
    let at = |url: &str| wanted(Callback::without_credentials(url).unwrap());
    let state = |id: &str, url: &str, left| SubscriptionState {
        id: id.into(),
        url: Some(url.into()),
        username: None,
        time_left: Some(Duration::from_secs(left)),
        ..there()
    };
    let (orders, billing) = ("https://orders.example/hook", "https://billing.example/hook");
    let both = [state("o", orders, 10), state("b", billing, 1_000)];
    assert_eq!(at(orders).next_step(&both, MINUTE), replace("o"));
    assert_eq!(at(billing).next_step(&both, MINUTE), NextStep::Nothing);
    assert_eq!(at(billing).next_step(&both[..1], MINUTE), NextStep::Create);
    assert_eq!(at("https://new.example").next_step(&both, MINUTE), NextStep::Create);
}

#[test]
fn a_move_takes_the_old_subscription_along() {
    let moved = wanted(with_password()).moved_from("https://old.example");
    let old =
        SubscriptionState { id: "old".into(), url: Some("https://old.example/".into()), ..there() };
    let others = SubscriptionState { topic: Some(Topic::Orders(OrderType::Orders)), ..old.clone() };
    assert_eq!(moved.next_step(std::slice::from_ref(&old), MINUTE), replace("old"));
    assert_eq!(moved.next_step(&[old.clone(), there()], MINUTE), NextStep::Nothing);
    assert_eq!(moved.next_step(&[others], MINUTE), NextStep::Create);
    assert_eq!(wanted(with_password()).next_step(&[old], MINUTE), NextStep::Create);
}

#[test]
fn of_several_the_best_is_kept() {
    let named = |id: &str| SubscriptionState { id: id.into(), ..there() };
    let soon = SubscriptionState { time_left: Some(Duration::from_secs(5)), ..named("soon") };
    let sooner = SubscriptionState { time_left: None, ..named("sooner") };
    let other = SubscriptionState { username: None, ..named("other") };
    let wanted = wanted(with_password());
    let next = |there: &[SubscriptionState]| wanted.next_step(there, MINUTE);
    assert_eq!(next(&[named("good"), soon.clone(), other.clone()]), NextStep::Nothing);
    assert_eq!(next(&[soon.clone(), sooner.clone(), other.clone()]), replace("soon"));
    assert_eq!(next(&[other.clone(), sooner.clone()]), replace("sooner"));
    assert_eq!(next(&[other]), replace("other"));
    assert_eq!(wanted.find(&[sooner, soon]).map(|state| &*state.id), Some("soon"));
    assert_eq!(wanted.find(&[]), None);
}
