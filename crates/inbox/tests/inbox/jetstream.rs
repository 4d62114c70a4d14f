//! What only a stream does.

use std::time::Duration;

use order_webhooks::tracking::Revision;
use order_webhooks_inbox::async_nats::HeaderMap;
use order_webhooks_inbox::async_nats::jetstream::stream::DiscardPolicy;
use order_webhooks_inbox::{Delivery, Error, Inbox, JetStream, Settings, sqlx};
use tokio::time::sleep;

use crate::stores::{OnJetStream, OnPostgres, Store};
use crate::{counts, keep_version, quick, settled, try_keep, while_working};

/// Applies a delivery as a shop would.
async fn apply(delivery: Delivery<sqlx::Postgres>) -> Result<(), Error> {
    let state = String::from_utf8_lossy(delivery.envelope().body()).into_owned();
    let mut tx = delivery.begin().await?;
    OnPostgres::write(&mut tx, delivery.key(), &state).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql, and nats-server"]
async fn on_jetstream_a_receiver_needs_no_postgres() {
    let store = OnJetStream::new().await;
    let receiver = {
        let client = store.context().await.client();
        let nowhere = "postgres://inbox@127.0.0.1:1/nowhere".parse().unwrap();
        JetStream::new(client, nowhere).with_stream(store.name())
    };
    let receiver = Inbox::jetstream(receiver, quick()).await.unwrap();
    for version in [2, 1] {
        keep_version(&receiver, "a", version).await;
    }
    drop(receiver);
    let inbox = store.inbox(quick()).await;
    assert_eq!(counts(&inbox).await, (2, 0), "they are in the stream alone");
    while_working(inbox.work(store.shop(), apply), settled(&inbox)).await;
    assert_eq!(store.written().await.last().unwrap().1, "2");
    assert_eq!(store.stream().await.cached_info().state.messages, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql, and nats-server"]
async fn on_jetstream_a_message_that_is_moved_twice_is_one_delivery() {
    let store = OnJetStream::new().await;
    let inbox = store.inbox(quick()).await;
    keep_version(&inbox, "a", 1).await;
    let stream = store.stream().await;
    let first = stream.get_raw_message(1).await.unwrap();
    // Its acknowledgement was lost, and it was published again.
    let again = store.context().await;
    let published = again.publish_with_headers(first.subject, first.headers, first.payload).await;
    published.unwrap().await.unwrap();
    while_working(inbox.work(store.shop(), apply), settled(&inbox)).await;
    assert_eq!(store.number("SELECT count(*) FROM order_webhooks_delivery").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql, and nats-server"]
async fn on_jetstream_a_message_that_is_no_delivery_holds_up_nobody() {
    let store = OnJetStream::new().await;
    let inbox = store.inbox(quick()).await;
    let stream = store.stream().await;
    let subject = stream.cached_info().config.subjects[0].replace('*', "x");
    let context = store.context().await;
    let published = context.publish_with_headers(subject.clone(), HeaderMap::new(), "{}".into());
    published.await.unwrap().await.unwrap();
    keep_version(&inbox, "a", 1).await;
    let applied = async {
        while store.written().await.is_empty() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    while_working(inbox.work(store.shop(), apply), applied).await;
    let status = inbox.status().await.unwrap();
    let waits = status.iter().find(|it| it.webhook == subject).map(|it| it.waiting);
    assert_eq!(waits, Some(1), "it stays in the stream: {status:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql, and nats-server"]
async fn on_jetstream_a_full_stream_refuses_and_drops_nothing() {
    let store = OnJetStream::new().await;
    let mut settings = quick();
    settings.patience = Duration::from_millis(900);
    let inbox = store.inbox(settings).await;
    let mut config = store.stream().await.cached_info().config.clone();
    config.max_messages = 3;
    store.context().await.update_stream(config).await.unwrap();
    for version in 1..=3 {
        keep_version(&inbox, "a", version).await;
    }
    let refused = try_keep(&inbox, "a", Revision::counted(4), "4").await.unwrap_err();
    let Error::NotKept { last: Some(last), .. } = &refused else { panic!("{refused:?}") };
    assert!(format!("{last:?}").contains("maximum messages exceeded"), "{last:?}");
    assert_eq!(counts(&inbox).await, (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql, and nats-server"]
async fn on_jetstream_a_stream_that_could_lose_a_delivery_is_refused() {
    let store = OnJetStream::new().await;
    let open = async |options: JetStream| Inbox::jetstream(options, Settings::default()).await;
    open(store.options().await.with_replicas(1)).await.unwrap();
    let refused = open(store.options().await).await.unwrap_err();
    let Error::Durability(text) = refused else { panic!("{refused:?}") };
    assert!(text.ends_with("has replicas: 1, and 3 are asked for"), "{text}");

    let mut config = store.stream().await.cached_info().config.clone();
    config.discard = DiscardPolicy::Old;
    store.context().await.update_stream(config).await.unwrap();
    let refused = open(store.options().await.with_replicas(1)).await.unwrap_err();
    let Error::Durability(text) = refused else { panic!("{refused:?}") };
    assert!(text.ends_with("discards old messages when it is full"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql, and nats-server"]
async fn on_jetstream_reconnects_leave_one_consumer() {
    let store = OnJetStream::new().await;
    let client = store.context().await.client();
    let tables = store.address().parse().unwrap();
    let options = JetStream::new(client.clone(), tables).with_stream(store.name());
    let inbox = Inbox::jetstream(options, quick()).await.unwrap();
    let scenario = async {
        for _ in 0..1000 {
            client.force_reconnect().await.unwrap();
            sleep(Duration::from_millis(2)).await;
        }
        for version in 1..=5 {
            keep_version(&inbox, "a", version).await;
        }
        settled(&inbox).await;
    };
    while_working(inbox.work(store.shop(), apply), scenario).await;
    let info = store.stream().await.get_info().await.unwrap();
    assert_eq!((info.state.consumer_count, info.state.messages), (1, 0));
    assert_eq!(store.written().await.last().unwrap().1, "5");
}

/// The leader of the stream is killed, or is cut off and wakes up later.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql, and nats-server"]
async fn on_jetstream_a_leader_is_lost() {
    let store = OnJetStream::alone().await;
    let mut settings = quick();
    settings.patience = Duration::from_secs(20);
    let inbox = store.inbox(settings).await;
    let leader = async || {
        let stream = store.context().await.get_stream(store.name()).await.ok()?;
        let leader = stream.cached_info().cluster.as_ref()?.leader.clone()?;
        leader.strip_prefix("node-")?.parse::<usize>().ok()
    };
    let scenario = async {
        for round in 0..4 {
            let leader = loop {
                if let Some(leader) = leader().await {
                    break leader;
                }
                sleep(Duration::from_millis(100)).await;
            };
            if round % 2 == 0 {
                store.cluster.kill(leader);
            } else {
                store.cluster.signal(leader, "-STOP");
            }
            for version in 1..=20 {
                keep_version(&inbox, "a", round * 20 + version).await;
            }
            if round % 2 == 1 {
                store.cluster.signal(leader, "-CONT");
            }
        }
        while store.written().await.last().is_none_or(|row| row.1 != "80") {
            sleep(Duration::from_millis(50)).await;
        }
    };
    while_working(inbox.work(store.shop(), apply), scenario).await;
    let written: Vec<u64> =
        store.written().await.into_iter().map(|row| row.1.parse().unwrap()).collect();
    assert!(written.windows(2).all(|two| two[0] < two[1]), "{written:?}");
}
