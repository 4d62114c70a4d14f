//! Keys and revisions of every event, and what they say about two of them.

use order_webhooks::bandwidth::Notification;
use order_webhooks::client::musement::Order;
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::OrderStatusUpdate;
use order_webhooks::testing::Random;
use order_webhooks::tracking::Standing::{Newer, Older, Same, Unknown};
use order_webhooks::tracking::{Key, Revision, Standing, Tracked};

use fixtures::samples::ORDER_ITEM;

const ITEM: &str = "11045e18-e3ca-42e1-acb4-0d5be75036fd";

/// The documented sample with another item, version and status.
fn musement(item: &str, version: u64, status: &str) -> OrderItemUpdate {
    let body = ORDER_ITEM.replace(ITEM, item).replace("\"22\"", &format!("\"{version}\""));
    let body = body.replace("\"OK\"", &format!("\"{status}\""));
    OrderItemUpdate::parse_unverified(body.as_bytes()).unwrap()
}

fn porterbuddy(fields: &str) -> OrderStatusUpdate {
    OrderStatusUpdate::parse_unverified(format!("{{{fields}}}").as_bytes()).unwrap()
}

fn bandwidth(elements: &str) -> Notification {
    let body = format!("<Notification>{elements}</Notification>");
    Notification::parse_unverified(body.as_bytes()).unwrap()
}

/// The other way round, every answer is the opposite one.
#[track_caller]
fn stands<A: Tracked, B: Tracked>(this: &A, that: &B, standing: Standing) {
    let opposite = match standing {
        Newer => Older,
        Older => Newer,
        Same => Same,
        Unknown => Unknown,
    };
    assert_eq!((this.compare(that), that.compare(this)), (standing, opposite));
    // What a store keeps says the same as the events themselves.
    let [this, that] = [(this.key(), this.revision()), (that.key(), that.revision())];
    let stored = |(key, revision): &(Key, Revision)| {
        let key: Key = key.to_string().parse().unwrap();
        let revision: Revision = revision.to_string().parse().unwrap();
        (key, revision)
    };
    assert_eq!((stored(&this), stored(&that)), (this.clone(), that.clone()));
    if this.0 == that.0 {
        assert_eq!(this.1.compare(&that.1), standing);
    }
}

#[test]
fn musement_counts_the_updates_of_an_item() {
    let update = musement(ITEM, 22, "OK");
    assert_eq!(update.key().as_str(), format!("musement.item:{ITEM}"));
    assert_eq!(update.revision().to_string(), "n00000000000000000022");
    stands(&update, &update, Same);
    stands(&update, &musement(&ITEM.to_uppercase(), 22, "OK"), Same);
    stands(&musement(ITEM, 23, "KO"), &update, Newer);
    stands(&musement(ITEM, 9, "PENDING"), &update, Older);
    stands(&musement(ITEM, u64::MAX, "REFUNDED"), &update, Newer);
    let mut unversioned = update.clone();
    unversioned.order_item_version = None;
    assert_eq!(unversioned.key(), update.key());
    stands(&unversioned, &update, Unknown);
    stands(&unversioned, &unversioned, Unknown);
    stands(&musement("3e2ff1ac-1c1c-4c0c-b7e8-7a3a2b9b2d11", 23, "OK"), &update, Unknown);
}

#[test]
fn a_polled_musement_item_is_the_same_thing_and_has_no_version() {
    let order = format!(
        r#"{{"status":"OK","items":[{{"uuid":"{ITEM}","status":"OK"}},{{"status":"OK"}},{{"status":"KO"}}]}}"#
    );
    let order = Order::parse_unverified(order.as_bytes()).unwrap();
    let [item, nameless, other] = &order.items[..] else { panic!() };
    assert_eq!(item.key(), musement(ITEM, 22, "OK").key());
    stands(item, &musement(ITEM, 22, "OK"), Unknown);
    stands(item, item, Unknown);
    assert!(nameless.key().as_str().starts_with("musement.item:sha256="));
    assert_ne!(nameless.key(), other.key());
}

#[test]
fn porterbuddy_says_when_the_status_changed() {
    let first = r#""orderId":"394326","orderStatus":"ready","pickupTime":"2023-02-13T15:00:00+02:00","statusUpdatedAt":"2021-06-08T12:16:40.32538Z""#;
    let update = porterbuddy(first);
    assert_eq!(update.key().as_str(), "porterbuddy.order:394326");
    assert!(update.revision().to_string().starts_with("t2021-06-08T12:16:40.325380000Z/"));
    stands(&update, &update, Same);
    for (change, to, standing) in [
        // The same, written in another way or with fields that nobody reads.
        ("40.32538Z", "40.325380Z", Same),
        ("2023-02-13T15:00:00+02:00", "2023-02-13T13:00Z", Same),
        ("2023-02-13T15:00:00+02:00", "2023-02-13T15:00:00", Unknown),
        ("2021-06-08T12:16:40.32538Z", "2021-06-08T14:16:40.32538+02:00", Same),
        ("\"orderId\"", "\"driver\":{},\"orderId\"", Same),
        // Another time.
        ("40.32538Z", "40.32539Z", Newer),
        ("40.32538Z", "40.325379Z", Older),
        ("2021-06-08T12", "2021-06-08T13", Newer),
        // The same time and something else: which was first?
        ("ready", "in_delivery", Unknown),
        ("T15:00", "T16:00", Unknown),
        ("\"orderId\"", "\"orderReference\":\"order-12345\",\"orderId\"", Unknown),
        ("\"orderId\"", "\"tmsReference\":\"TMS-4711\",\"orderId\"", Unknown),
        ("\"orderId\"", "\"pickupDate\":\"2023-02-13\",\"orderId\"", Unknown),
        // No time, no time with an offset, or another order.
        ("40.32538Z", "40.32538", Unknown),
        ("2021-06-08T12:16:40.32538Z", "2021-06-09", Unknown),
        (",\"statusUpdatedAt\":\"2021-06-08T12:16:40.32538Z\"", "", Unknown),
        ("394326", "394327", Unknown),
    ] {
        let changed = first.replace(change, to);
        assert_ne!(changed, first);
        stands(&porterbuddy(&changed), &update, standing);
    }
    // The two spellings are one status.
    let spelled = |status| porterbuddy(&first.replace("ready", status));
    stands(&spelled("canceled"), &spelled("cancelled"), Same);
    let without = porterbuddy(r#""orderId":"394326","orderStatus":"ready""#);
    stands(&without, &without, Unknown);
}

#[test]
fn hostile_ids_make_harmless_keys() {
    let update = porterbuddy(r#""orderId":"a b\u0000\n:%é","orderStatus":"ready""#);
    assert_eq!(update.key().as_str(), "porterbuddy.order:a%20b%00%0A%3A%25%C3%A9");
    let long = "9".repeat(100_000);
    let update = porterbuddy(&format!(r#""orderId":"{long}","orderStatus":"ready""#));
    assert_eq!(update.key().as_str().len(), "porterbuddy.order:sha256=".len() + 64);
    let other = porterbuddy(&format!(r#""orderId":"{long}9","orderStatus":"ready""#));
    assert_ne!(update.key(), other.key());
}

const ORDER: &str = "<SubscriptionId>s-1</SubscriptionId><OrderType>portins</OrderType>\
    <OrderId>0f3a</OrderId><Status>FOC</Status><Message>m</Message><CompletedTelephoneNumbers>\
    <TelephoneNumber>2223331000</TelephoneNumber></CompletedTelephoneNumbers>\
    <LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>";

#[test]
fn bandwidth_says_when_an_order_changed() {
    let notification = bandwidth(ORDER);
    assert_eq!(notification.key().as_str(), "bandwidth.order:0f3a");
    stands(&notification, &notification, Same);
    for (change, to, standing) in [
        // The same, in another order, padded, or told by another subscription.
        ("s-1", "s-2", Same),
        (
            "<Status>FOC</Status><Message>m</Message>",
            "<Message>m</Message><Status> FOC </Status>",
            Same,
        ),
        ("<OrderId>", "<Unknown/><OrderId>", Same),
        ("31.705Z", "31.706Z", Newer),
        ("15:11:31.705Z", "15:11:31.704Z", Older),
        // The same time and something else: which was first?
        ("FOC", "COMPLETE", Unknown),
        ("<Message>m</Message>", "", Unknown),
        ("2223331000", "2223331001", Unknown),
        // No time, another order, no order.
        ("<LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>", "", Unknown),
        ("0f3a", "0f3b", Unknown),
        ("<OrderId>0f3a</OrderId>", "", Unknown),
    ] {
        let changed = ORDER.replace(change, to);
        assert_ne!(changed, ORDER);
        stands(&bandwidth(&changed), &notification, standing);
    }
}

#[test]
fn a_bandwidth_order_without_id_is_a_thing_of_its_own() {
    // The documented sample has the customer's id only, which may be of many orders.
    let sample = |customer, status| {
        bandwidth(&format!(
            "<SubscriptionId>s-1</SubscriptionId><OrderType>orders</OrderType>\
             <CustomerOrderId>{customer}</CustomerOrderId><Status>{status}</Status>\
             <LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>"
        ))
    };
    let notification = sample("Anna Berg", "COMPLETE");
    assert!(notification.key().as_str().starts_with("bandwidth.notification:sha256="));
    stands(&notification, &notification, Same);
    stands(&notification, &sample("Anna Berg", "PARTIAL"), Unknown);
    stands(&notification, &sample("Berta Berg", "COMPLETE"), Unknown);
}

#[test]
fn every_bandwidth_note_is_a_thing_of_its_own() {
    let noted = |note: &str, at: &str| {
        bandwidth(&format!("{ORDER}<Note>{note}</Note>").replace("31.705Z", at))
    };
    let note = noted("called the customer", "31.705Z");
    assert!(note.key().as_str().starts_with("bandwidth.note:sha256="));
    stands(&note, &note, Same);
    // Not one of these replaces the note, so none may be taken for an old one.
    stands(&note, &noted("called again", "31.705Z"), Unknown);
    stands(&note, &noted("called the customer", "31.704Z"), Unknown);
    stands(&note, &bandwidth(ORDER), Unknown);
    // What comes with a note about the order is comparable.
    let Notification::Note(newer) = noted("called the customer", "31.800Z") else { panic!() };
    stands(&newer.order, &bandwidth(ORDER), Newer);
}

#[test]
fn bandwidth_events_cannot_be_ordered() {
    let event = |subscription, number| {
        bandwidth(&format!(
            "<SubscriptionId>{subscription}</SubscriptionId><EventType>MESSAGING_LOST</EventType>\
             <ImpactedTelephoneNumbers><TelephoneNumber>{number}</TelephoneNumber>\
             </ImpactedTelephoneNumbers>"
        ))
    };
    let lost = event("s-1", "2223331000");
    assert!(lost.key().as_str().starts_with("bandwidth.event:sha256="));
    // It can happen to a number again.
    assert_eq!(lost.key(), event("s-1", "2223331000").key());
    stands(&lost, &lost, Unknown);
    stands(&lost, &event("s-1", "2223331001"), Unknown);
    assert_ne!(lost.key(), event("s-1", "2223331001").key());
    // Another subscription tells of the same.
    assert_eq!(lost.key(), event("s-2", "+12223331000").key());
}

#[test]
fn shuffled_and_doubled_the_newest_revision_is_what_is_applied() {
    const STATUSES: [&str; 6] = ["PENDING", "OK", "KO", "REFUND_STARTED", "REFUNDED", "OK"];
    for seed in 0..5 {
        let mut random = Random::new(seed);
        let items: Vec<String> =
            (0..100).map(|item| format!("11045e18-e3ca-42e1-acb4-{item:012x}")).collect();
        let mut deliveries: Vec<_> = (0..5_000)
            .map(|n| (n % 100, 1 + n / 100))
            .map(|(item, version)| (item, version, STATUSES[(item + version) % 6]))
            .flat_map(|delivery| [delivery; 2])
            .collect();
        for last in (1..deliveries.len()).rev() {
            deliveries.swap(last, random.below(last + 1));
        }
        assert_eq!(deliveries.len(), 10_000);
        let mut applied = std::collections::HashMap::new();
        for (item, version, status) in deliveries {
            let update = musement(&items[item], version as u64, status);
            let known = applied.get(&update.key());
            let standing = known.map_or(Newer, |known: &OrderItemUpdate| update.compare(known));
            assert_ne!(standing, Unknown);
            if standing == Newer {
                applied.insert(update.key(), update);
            }
        }
        assert_eq!(applied.len(), 100);
        for (n, item) in items.iter().enumerate() {
            let newest = musement(item, 50, STATUSES[(n + 50) % 6]);
            assert_eq!(applied[&newest.key()], newest);
        }
    }
}
