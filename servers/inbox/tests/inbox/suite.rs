//! What every store of the inbox has to do, whatever it is made of.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use order_webhooks::bandwidth::{Notification, NotificationWebhook};
use order_webhooks::envelope::Envelope;
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::tracking::Key;
use order_webhooks::{Tracked, Webhook as _};
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::inbox::{Delivery, Inbox, Rules, Trouble, state_of};

/// A place for one test, and the store that is tried in it.
pub(crate) trait Bed: Send + Sync + 'static {
    fn new() -> impl Future<Output = Self> + Send;

    /// A receiver or a worker of the same inbox as the others of this bed.
    fn open(&self, rules: Rules) -> impl Future<Output = Inbox> + Send;

    /// Crashes the engine under the store, and starts it again.
    fn crash(&self) {}
}

/// The cases, each a test of its own.
macro_rules! suite {
    ($bed:ty $(, $ignored:literal)?) => {
        suite! { @cases $bed, [$(#[ignore = $ignored])?],
            a_duplicate_is_absorbed_and_what_is_stale_is_not_applied
            what_cannot_be_told_is_applied_in_the_order_in_which_it_came
            a_date_that_is_known_is_kept_when_an_undated_update_comes
            notes_and_events_are_never_too_old
            a_body_that_does_not_parse_is_set_aside_for_a_person
            what_can_never_be_applied_holds_up_no_other
            what_fails_once_is_applied_the_next_time
            what_was_kept_is_there_after_the_server_is_gone
            a_burst_loses_nothing
            many_versions_of_one_thing_hold_up_no_other
            what_is_settled_and_old_is_forgotten_and_still_known
            shuffled_and_doubled_the_newest_revision_is_what_is_applied
            a_crash_of_the_engine_loses_nothing
        }
    };
    (@cases $bed:ty, $attributes:tt, $($case:ident)*) => {
        $(suite! { @case $bed, $attributes, $case })*
    };
    (@case $bed:ty, [$($attribute:tt)*], $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $($attribute)*
        async fn $case() {
            $crate::suite::$case::<$bed>().await;
        }
    };
}
pub(crate) use suite;

/// Impatient, so that a test does not wait for minutes.
pub(crate) fn rules() -> Rules {
    Rules { tries: 3, pause: Duration::from_millis(50), ..Rules::default() }
}

/// Works until nothing waits. Gives how often a worker had something to do.
async fn settle(inbox: &Inbox) -> usize {
    let started = Instant::now();
    let mut rounds = 0_usize;
    while inbox.store.waiting().await.unwrap() > 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not come to an end");
        if inbox.settle().await.unwrap() > 0 { rounds += 1 } else { pause().await }
    }
    rounds
}

async fn pause() {
    sleep(Duration::from_millis(10)).await;
}

async fn state(inbox: &Inbox, key: &Key) -> Option<String> {
    inbox.store.state(key).await.unwrap()
}

/// The states that a worker has applied, one after the other.
#[derive(Clone, Default)]
struct Applied(Arc<Mutex<Vec<String>>>);

impl Applied {
    fn by(inbox: &mut Inbox) -> Self {
        let applied = Self::default();
        let log = applied.clone();
        inbox.apply = Arc::new(move |envelope| {
            let state = state_of(envelope)?;
            log.0.lock().unwrap().push(state.clone());
            Ok(state)
        });
        applied
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

pub(crate) fn musement(item: usize, version: usize, status: &str) -> (Delivery, Key) {
    let body = format!(
        r#"{{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-{item:012x}","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"{version}","order_item_status":"{status}"}}"#
    );
    let update = OrderItemUpdate::parse_unverified(body.as_bytes()).unwrap();
    (Delivery::asked_for::<OrderItemWebhook>(&update, body.as_bytes()), update.key())
}

fn porterbuddy(status: &str, updated_at: Option<&str>) -> (Delivery, Key) {
    let updated_at = updated_at.map(|at| format!(r#","statusUpdatedAt":"{at}""#));
    let updated_at = updated_at.unwrap_or_default();
    let body = format!(r#"{{"orderId":"394326","orderStatus":"{status}"{updated_at}}}"#);
    let update = OrderStatusUpdate::parse_unverified(body.as_bytes()).unwrap();
    (Delivery::asked_for::<OrderWebhook>(&update, body.as_bytes()), update.key())
}

fn bandwidth(elements: &str) -> (Delivery, Key) {
    let body =
        format!("<Notification><SubscriptionId>s-1</SubscriptionId>{elements}</Notification>");
    let notification = Notification::parse_unverified(body.as_bytes()).unwrap();
    let key = notification.key();
    (Delivery::asked_for::<NotificationWebhook>(&notification, body.as_bytes()), key)
}

pub(crate) async fn a_duplicate_is_absorbed_and_what_is_stale_is_not_applied<B: Bed>() {
    let bed = B::new().await;
    let mut inbox = bed.open(rules()).await;
    let applied = Applied::by(&mut inbox);
    for version in [22, 23, 22, 21, 23] {
        inbox.keep(musement(1, version, &format!("S{version}")).0).await.unwrap();
    }
    assert_eq!(inbox.store.waiting().await.unwrap(), 3);
    settle(&inbox).await;
    assert_eq!(applied.take(), ["S22", "S23"]);
    let (delivery, key) = musement(1, 23, "S23");
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("S23"));
    // Long after it was applied, too.
    inbox.keep(delivery).await.unwrap();
    settle(&inbox).await;
    assert!(applied.take().is_empty());
    assert_eq!(state(&inbox, &musement(2, 1, "").1).await, None);
}

pub(crate) async fn what_cannot_be_told_is_applied_in_the_order_in_which_it_came<B: Bed>() {
    let bed = B::new().await;
    let inbox = bed.open(rules()).await;
    let (ready, key) = porterbuddy("ready", None);
    let (cancelled, _) = porterbuddy("cancelled", None);
    for delivery in [&ready, &ready, &cancelled, &ready] {
        inbox.keep(delivery.clone()).await.unwrap();
    }
    settle(&inbox).await;
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("ready"));
    // It may have happened again.
    inbox.keep(cancelled).await.unwrap();
    settle(&inbox).await;
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("cancelled"));
    inbox.keep(ready).await.unwrap();
    inbox.keep(porterbuddy("delivered", Some("2021-06-08T12:16:40Z")).0).await.unwrap();
    settle(&inbox).await;
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("delivered"));
}

pub(crate) async fn a_date_that_is_known_is_kept_when_an_undated_update_comes<B: Bed>() {
    for one_by_one in [true, false] {
        let bed = B::new().await;
        let inbox = bed.open(rules()).await;
        let (newest, key) = porterbuddy("delivered", Some("2021-06-08T12:10:00Z"));
        let undated = porterbuddy("in_delivery", None).0;
        let older = porterbuddy("ready", Some("2021-06-08T12:05:00Z")).0;
        for delivery in [newest, undated, older] {
            inbox.keep(delivery).await.unwrap();
            if one_by_one {
                settle(&inbox).await;
            }
        }
        settle(&inbox).await;
        assert_eq!(state(&inbox, &key).await.as_deref(), Some("in_delivery"));
        inbox.keep(porterbuddy("cancelled", Some("2021-06-08T12:11:00Z")).0).await.unwrap();
        settle(&inbox).await;
        assert_eq!(state(&inbox, &key).await.as_deref(), Some("cancelled"));
    }
}

pub(crate) async fn notes_and_events_are_never_too_old<B: Bed>() {
    let bed = B::new().await;
    let mut inbox = bed.open(rules()).await;
    let applied = Applied::by(&mut inbox);
    let order = "<OrderId>0f3a</OrderId><Status>COMPLETE</Status>";
    let at = |second| format!("<LastModifiedDate>2023-09-12T15:11:{second}Z</LastModifiedDate>");
    let (newest, key) = bandwidth(&format!("{order}{}", at(31)));
    let event = "<EventType>MESSAGING_LOST</EventType>";
    inbox.keep(newest).await.unwrap();
    inbox.keep(bandwidth(&format!("{order}<Note>second</Note>{}", at(30))).0).await.unwrap();
    inbox.keep(bandwidth(&format!("{order}<Note>first</Note>{}", at(29))).0).await.unwrap();
    inbox.keep(bandwidth(&format!("{order}{}", at(28))).0).await.unwrap();
    inbox.keep(bandwidth(event).0).await.unwrap();
    settle(&inbox).await;
    inbox.keep(bandwidth(event).0).await.unwrap();
    settle(&inbox).await;
    let mut applied = applied.take();
    applied.sort();
    assert_eq!(applied, ["COMPLETE", "MESSAGING_LOST", "MESSAGING_LOST", "note", "note"]);
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("COMPLETE"));
}

pub(crate) async fn a_body_that_does_not_parse_is_set_aside_for_a_person<B: Bed>() {
    let bed = B::new().await;
    let inbox = bed.open(rules()).await;
    let body = br#"{"orderId":true}"#.to_vec();
    let envelope = Envelope::new(OrderWebhook::NAME, body, OffsetDateTime::now_utc());
    inbox.keep(Delivery::without_key(envelope)).await.unwrap();
    let (ready, key) = porterbuddy("ready", None);
    inbox.keep(ready).await.unwrap();
    settle(&inbox).await;
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("ready"));
    let aside = inbox.store.set_aside().await.unwrap();
    assert_eq!(aside.len(), 1);
    assert!(aside[0].key.starts_with("porterbuddy.order:sha256="), "{aside:?}");
    assert!(aside[0].cause.starts_with("order"), "{aside:?}");
}

pub(crate) async fn what_can_never_be_applied_holds_up_no_other<B: Bed>() {
    let bed = B::new().await;
    let mut inbox = bed.open(rules()).await;
    inbox.apply = Arc::new(|envelope| match state_of(envelope)? {
        state if state == "PANIC" => panic!("as a handler may"),
        state if state == "FAIL" => Err(Trouble::Now("the warehouse says no".into())),
        state => Ok(state),
    });
    inbox.keep(musement(1, 1, "FAIL").0).await.unwrap();
    inbox.keep(musement(2, 1, "PANIC").0).await.unwrap();
    inbox.keep(musement(1, 2, "OK").0).await.unwrap();
    inbox.keep(musement(3, 1, "OK").0).await.unwrap();
    // Both others are applied before the first is tried again.
    let known = async |item| state(&inbox, &musement(item, 1, "").1).await;
    while inbox.store.waiting().await.unwrap() > 2 {
        inbox.settle().await.unwrap();
    }
    assert_eq!(known(1).await.as_deref(), Some("OK"));
    assert_eq!(known(3).await.as_deref(), Some("OK"));
    settle(&inbox).await;
    // The first is older than what is known by now, the second is for a person.
    let aside = inbox.store.set_aside().await.unwrap();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(
        (&*aside[0].key, &*aside[0].cause),
        (musement(2, 1, "").1.as_str(), "the handler panicked")
    );
    assert_eq!(known(2).await, None);
    // A newer one of the same thing may do better.
    inbox.keep(musement(2, 2, "KO").0).await.unwrap();
    settle(&inbox).await;
    assert_eq!(known(2).await.as_deref(), Some("KO"));
}

pub(crate) async fn what_fails_once_is_applied_the_next_time<B: Bed>() {
    let bed = B::new().await;
    let mut inbox = bed.open(rules()).await;
    let failed = Mutex::new(false);
    inbox.apply = Arc::new(move |envelope| {
        if std::mem::replace(&mut *failed.lock().unwrap(), true) {
            return state_of(envelope);
        }
        Err(Trouble::Now("not yet".into()))
    });
    let (delivery, key) = musement(1, 1, "OK");
    inbox.keep(delivery).await.unwrap();
    settle(&inbox).await;
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("OK"));
    assert!(inbox.store.set_aside().await.unwrap().is_empty());
}

pub(crate) async fn what_was_kept_is_there_after_the_server_is_gone<B: Bed>() {
    let bed = B::new().await;
    let inbox = bed.open(rules()).await;
    let (delivery, key) = musement(1, 1, "OK");
    inbox.keep(delivery).await.unwrap();
    drop(inbox);
    let inbox = bed.open(rules()).await;
    settle(&inbox).await;
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("OK"));
}

pub(crate) async fn a_burst_loses_nothing<B: Bed>() {
    let bed = B::new().await;
    let inbox = Arc::new(bed.open(rules()).await);
    let mut burst = JoinSet::new();
    for item in 0..2_000 {
        let inbox = Arc::clone(&inbox);
        burst.spawn(async move { inbox.keep(musement(item, 1, "OK").0).await });
    }
    while let Some(kept) = burst.join_next().await {
        kept.unwrap().unwrap();
    }
    assert_eq!(inbox.store.waiting().await.unwrap(), 2_000);
}

pub(crate) async fn many_versions_of_one_thing_hold_up_no_other<B: Bed>() {
    const VERSIONS: usize = 15_000;
    let bed = B::new().await;
    let inbox = Arc::new(bed.open(rules()).await);
    let mut kept = JoinSet::new();
    for version in 1..=VERSIONS {
        let inbox = Arc::clone(&inbox);
        kept.spawn(async move { inbox.keep(musement(1, version, "OK").0).await });
        if kept.len() == 500 {
            kept.join_next().await.unwrap().unwrap().unwrap();
        }
    }
    while let Some(kept) = kept.join_next().await {
        kept.unwrap().unwrap();
    }
    let (other, key) = musement(2, 1, "OK");
    inbox.keep(other).await.unwrap();
    // A worker takes as many at a time as ever, whatever they are about.
    let rounds = settle(&inbox).await;
    let batches = VERSIONS.div_ceil(usize::from(rules().batch));
    assert!(rounds <= 2 * batches, "{rounds} rounds for {batches} batches");
    assert_eq!(state(&inbox, &key).await.as_deref(), Some("OK"));
}

pub(crate) async fn what_is_settled_and_old_is_forgotten_and_still_known<B: Bed>() {
    let bed = B::new().await;
    let mut inbox = bed.open(rules()).await;
    let applied = Applied::by(&mut inbox);
    inbox.keep(musement(1, 2, "OK").0).await.unwrap();
    settle(&inbox).await;
    inbox.keep(musement(2, 1, "OK").0).await.unwrap();
    applied.take();
    assert_eq!(inbox.store.forget(Duration::from_secs(3_600)).await.unwrap(), 0);
    assert_eq!(inbox.store.forget(Duration::ZERO).await.unwrap(), 1);
    // What waits is not forgotten, and what is old is still told.
    inbox.keep(musement(1, 2, "OK").0).await.unwrap();
    inbox.keep(musement(1, 1, "PENDING").0).await.unwrap();
    settle(&inbox).await;
    assert_eq!(applied.take(), ["OK"]);
    assert_eq!(state(&inbox, &musement(1, 1, "").1).await.as_deref(), Some("OK"));
}

/// `SplitMix64`, the sort of generator that needs no crate.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

pub(crate) async fn shuffled_and_doubled_the_newest_revision_is_what_is_applied<B: Bed>() {
    const STATUSES: [&str; 5] = ["PENDING", "OK", "KO", "REFUND_STARTED", "REFUNDED"];
    let status = |item: usize, version: usize| STATUSES[(item + version) % 5];
    let mut seed = 5;
    let mut deliveries: Vec<_> =
        (0..5_000).map(|n| (n % 100, 1 + n / 100)).flat_map(|delivery| [delivery; 2]).collect();
    for last in (1..deliveries.len()).rev() {
        deliveries.swap(last, usize::try_from(random(&mut seed)).unwrap() % (last + 1));
    }

    // Two that share the store, as replicas do.
    let bed = B::new().await;
    let tried = Arc::new(Mutex::new(HashSet::new()));
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let mut inbox = bed.open(rules()).await;
        let tried = Arc::clone(&tried);
        inbox.apply = Arc::new(move |envelope| {
            tried.lock().unwrap().insert(envelope.body().clone());
            state_of(envelope)
        });
        replicas.push(Arc::new(inbox));
    }
    let workers: Vec<_> = replicas
        .iter()
        .map(|inbox| {
            let inbox = Arc::clone(inbox);
            tokio::spawn(async move { inbox.work().await })
        })
        .collect();
    // As many at a time as a server would have.
    for at_a_time in deliveries.chunks(100) {
        let mut kept = JoinSet::new();
        for &(item, version) in at_a_time {
            let inbox = Arc::clone(&replicas[usize::from(random(&mut seed) & 1 == 0)]);
            let delivery = musement(item, version, status(item, version)).0;
            kept.spawn(async move { inbox.keep(delivery).await });
        }
        while let Some(kept) = kept.join_next().await {
            kept.unwrap().unwrap();
        }
    }
    let inbox = &replicas[0];
    let started = Instant::now();
    while inbox.store.waiting().await.unwrap() > 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not come to an end");
        pause().await;
    }
    workers.iter().for_each(tokio::task::JoinHandle::abort);

    assert!(tried.lock().unwrap().len() < 5_000, "nothing was stale");
    assert!(inbox.store.set_aside().await.unwrap().is_empty());
    for item in 0..100 {
        let (_, key) = musement(item, 50, "");
        assert_eq!(state(inbox, &key).await.as_deref(), Some(status(item, 50)));
    }
}

pub(crate) async fn a_crash_of_the_engine_loses_nothing<B: Bed>() {
    let bed = Arc::new(B::new().await);
    // How long a busy machine needs to start the engine again is not what is tested.
    let patience = Duration::from_secs(30);
    let inbox = Arc::new(bed.open(Rules { patience, ..rules() }).await);
    let mut kept = JoinSet::new();
    for item in 0..400 {
        let inbox = Arc::clone(&inbox);
        kept.spawn(async move {
            sleep(Duration::from_millis(item as u64 * 2)).await;
            inbox.keep(musement(item, 1, "OK").0).await
        });
    }
    sleep(Duration::from_millis(200)).await;
    let crash = Arc::clone(&bed);
    tokio::task::spawn_blocking(move || crash.crash()).await.unwrap();
    while let Some(kept) = kept.join_next().await {
        kept.unwrap().unwrap();
    }
    let worker = Arc::clone(&inbox);
    let worker = tokio::spawn(async move { worker.work().await });
    let started = Instant::now();
    while !matches!(inbox.store.waiting().await, Ok(0)) {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not come to an end");
        pause().await;
    }
    worker.abort();
    for item in 0..400 {
        let (_, key) = musement(item, 1, "");
        assert_eq!(state(&inbox, &key).await.as_deref(), Some("OK"), "{item}");
    }
}
