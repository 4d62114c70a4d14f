//! What every store has to do.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::Revision;
use order_webhooks_inbox::{Delivery, Error, Inbox, sqlx};
use sqlx::Pool;
use sqlx::pool::PoolOptions;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::stores::{BehindPgBouncer, OnJetStream, OnPostgres, OnSqlite, Store};
use crate::{counts, keep, keep_version, quick, settled, undated, while_working};

macro_rules! cases {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(<super::OnSqlite as super::Store>::new().await).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs the package postgresql"]
            async fn $name() {
                super::$name(<super::OnPostgres as super::Store>::new().await).await;
            })*
        }

        mod behind_pgbouncer {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs the packages postgresql and pgbouncer"]
            async fn $name() {
                super::$name(<super::BehindPgBouncer as super::Store>::new().await).await;
            })*
        }

        mod on_jetstream {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs the package postgresql, and nats-server"]
            async fn $name() {
                super::$name(<super::OnJetStream as super::Store>::new().await).await;
            })*
        }
    };
}

cases! {
    each_version_is_applied_once_and_in_order
    a_duplicate_is_absorbed
    an_undated_delivery_keeps_the_known_date
    a_failing_delivery_is_overtaken
    it_is_set_aside_listed_and_tried_again
    a_cause_may_be_any_text
    a_panic_is_a_failure
    an_endless_handler_is_stopped
    an_unreadable_delivery_is_set_aside_at_once
    what_a_failed_handler_wrote_is_not_seen
    a_handler_without_a_transaction_is_noted
    a_crash_after_the_commit_applies_nothing_twice
    a_worker_that_was_overtaken_can_commit_nothing
    two_workers_never_have_one_thing
    many_versions_of_one_thing_hold_up_nobody
    fifteen_thousand_versions_of_one_thing_hold_up_nobody
    more_things_than_handlers_hold_up_nobody
    what_a_dead_worker_had_is_not_forgotten
    the_clock_is_set_back_by_an_hour
    nobody_waits_for_a_handler
    a_cancelled_begin_leaves_no_transaction
    a_cancelled_begin_leaves_the_only_connection_free
    a_worker_stops_when_its_handlers_are_done
    what_is_settled_is_deleted_in_time
    sixteen_start_at_once
    a_newer_version_of_the_tables
    a_database_that_is_away_costs_no_tries
}

/// Applies a delivery as a shop would.
async fn apply<S: Store>(delivery: Delivery<S::DB>) -> Result<(), Error> {
    let state = String::from_utf8_lossy(delivery.envelope().body()).into_owned();
    let mut tx = delivery.begin().await?;
    S::write(&mut tx, delivery.key(), &state).await?;
    tx.commit().await
}

fn rows(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(key, state)| (format!("thing:{key}"), (*state).to_owned())).collect()
}

async fn each_version_is_applied_once_and_in_order<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    for version in [3, 1, 2] {
        keep_version(&inbox, "a", version).await;
    }
    while_working(inbox.work(store.shop(), apply::<S>), settled(&inbox)).await;
    assert_eq!(store.written().await, rows(&[("a", "1"), ("a", "2"), ("a", "3")]));

    // Late, or again.
    for version in [2, 3] {
        keep_version(&inbox, "a", version).await;
    }
    while_working(inbox.work(store.shop(), apply::<S>), settled(&inbox)).await;
    assert_eq!(store.written().await.len(), 3);
}

async fn a_duplicate_is_absorbed<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    for _ in 0..3 {
        keep_version(&inbox, "a", 1).await;
    }
    let calls = AtomicUsize::new(0);
    let work = inbox.work(store.shop(), async |delivery| {
        calls.fetch_add(1, Ordering::Relaxed);
        apply::<S>(delivery).await
    });
    while_working(work, settled(&inbox)).await;
    assert_eq!(store.written().await, rows(&[("a", "1")]));
    assert_eq!(calls.into_inner(), 1, "no handler sees a stale delivery");
}

async fn an_undated_delivery_keeps_the_known_date<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let scenario = async {
        for (revision, body) in
            [(Revision::counted(5), "5"), (undated("x"), "x"), (Revision::counted(4), "4")]
        {
            keep(&inbox, "a", revision, body).await;
            settled(&inbox).await;
        }
    };
    while_working(inbox.work(store.shop(), apply::<S>), scenario).await;
    assert_eq!(store.written().await, rows(&[("a", "5"), ("a", "x")]));
}

async fn a_failing_delivery_is_overtaken<S: Store>(store: S) {
    let mut settings = quick();
    // What is overtaken is not tried again at all.
    settings.first_pause = Duration::from_secs(3600);
    settings.longest_pause = settings.first_pause;
    let inbox = store.inbox(settings).await;
    let failed = Notify::new();
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        if **delivery.envelope().body() == *b"1" || **delivery.envelope().body() == *b"x" {
            failed.notify_one();
            return Err("not today".into());
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(apply::<S>(delivery).await?)
    });
    let scenario = async {
        for (thing, first, second) in [
            ("a", (Revision::counted(1), "1"), (Revision::counted(2), "2")),
            ("b", (undated("x"), "x"), (undated("y"), "y")),
        ] {
            keep(&inbox, thing, first.0, first.1).await;
            failed.notified().await;
            keep(&inbox, thing, second.0, second.1).await;
            settled(&inbox).await;
        }
    };
    while_working(work, scenario).await;
    assert_eq!(store.written().await, rows(&[("a", "2"), ("b", "y")]));
    let stale = "SELECT count(*) FROM order_webhooks_delivery WHERE state = 'stale'";
    assert_eq!((counts(&inbox).await, store.number(stale).await), ((0, 0), 2));
}

async fn it_is_set_aside_listed_and_tried_again<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let is_mended = AtomicBool::new(false);
    let calls = AtomicUsize::new(0);
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        if delivery.key() == "thing:a" && !is_mended.load(Ordering::Relaxed) {
            calls.fetch_add(1, Ordering::Relaxed);
            return Err("no such order".into());
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(apply::<S>(delivery).await?)
    });
    let scenario = async {
        keep_version(&inbox, "a", 1).await;
        keep_version(&inbox, "b", 1).await;
        keep_version(&inbox, "c", 1).await;
        settled(&inbox).await;
        let aside = inbox.set_aside(0, 10).await.unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 3);
        let [it] = &aside[..] else { panic!("{aside:?}") };
        assert_eq!(
            (&*it.key, it.failures, it.cause.as_deref()),
            ("thing:a", 2, Some("no such order"))
        );
        let line = serde_json::to_string(&it.envelope).unwrap();
        let expected = Envelope::new("test.thing", "1", time::OffsetDateTime::UNIX_EPOCH);
        assert_eq!(serde_json::from_str::<Envelope>(&line).unwrap(), expected);
        assert!(inbox.set_aside(it.number, 10).await.unwrap().is_empty());

        is_mended.store(true, Ordering::Relaxed);
        assert_eq!(inbox.try_again(&[it.number, 999]).await.unwrap(), 1);
        settled(&inbox).await;
        assert_eq!(counts(&inbox).await, (0, 0));

        is_mended.store(false, Ordering::Relaxed);
        keep_version(&inbox, "a", 2).await;
        settled(&inbox).await;
        let it = inbox.set_aside(0, 10).await.unwrap().remove(0);
        assert_eq!(inbox.drop_set_aside(&[it.number, 999]).await.unwrap(), 1);
        assert_eq!(counts(&inbox).await, (0, 0));
    };
    while_working(work, scenario).await;
    let mut written = store.written().await;
    written.sort();
    assert_eq!(written, rows(&[("a", "1"), ("b", "1"), ("c", "1")]));
}

async fn a_cause_may_be_any_text<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        if delivery.key() == "thing:a" {
            return Err("\0'); DROP TABLE order_webhooks_delivery; --\"\\{},\u{1f4e6}".into());
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(apply::<S>(delivery).await?)
    });
    let scenario = async {
        keep_version(&inbox, "a", 1).await;
        keep_version(&inbox, "b", 1).await;
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    let aside = inbox.set_aside(0, 10).await.unwrap();
    let causes: Vec<_> = aside.iter().map(|it| it.cause.as_deref()).collect();
    let cause = "\u{fffd}'); DROP TABLE order_webhooks_delivery; --\"\\{},\u{1f4e6}";
    assert_eq!(causes, [Some(cause)]);
    assert_eq!(store.written().await, rows(&[("b", "1")]));
}

async fn a_panic_is_a_failure<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        let mut tx = delivery.begin().await?;
        S::write(&mut tx, delivery.key(), "half").await?;
        assert!(delivery.key() != "thing:a", "a bug");
        tx.commit().await
    });
    let scenario = async {
        keep_version(&inbox, "a", 1).await;
        keep_version(&inbox, "b", 1).await;
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    let aside = inbox.set_aside(0, 10).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].cause.as_deref(), Some("the handler panicked"));
    assert_eq!(store.written().await, rows(&[("b", "half")]));
}

async fn an_endless_handler_is_stopped<S: Store>(store: S) {
    let mut settings = quick();
    settings.time_limit = Duration::from_millis(200);
    settings.at_once = 2;
    let inbox = store.inbox(settings).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        // Of two things with a transaction open, and of one without.
        match delivery.key() {
            "thing:a" => pending().await,
            "thing:b" => {
                let mut tx = delivery.begin().await?;
                S::write(&mut tx, delivery.key(), "half").await?;
                pending().await
            }
            _ => apply::<S>(delivery).await,
        }
    });
    let scenario = async {
        for thing in ["a", "b", "c", "d", "e"] {
            keep_version(&inbox, thing, 1).await;
        }
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    let mut written = store.written().await;
    written.sort();
    assert_eq!(written, rows(&[("c", "1"), ("d", "1"), ("e", "1")]));
    let aside = inbox.set_aside(0, 10).await.unwrap();
    let causes: Vec<_> = aside.iter().map(|it| (it.key.as_str(), it.cause.as_deref())).collect();
    let cause = Some("the handler did not end within 200ms");
    let mut causes = causes;
    causes.sort_unstable();
    assert_eq!(causes, [("thing:a", cause), ("thing:b", cause)]);
}

async fn an_unreadable_delivery_is_set_aside_at_once<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let calls = AtomicUsize::new(0);
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        calls.fetch_add(1, Ordering::Relaxed);
        delivery.open()?;
        apply::<S>(delivery).await
    });
    let scenario = async {
        keep_version(&inbox, "a", 1).await;
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    let aside = inbox.set_aside(0, 10).await.unwrap();
    assert_eq!(aside.len(), 1);
    let cause = "the delivery cannot be read: no webhook is called test.thing";
    assert_eq!(aside[0].cause.as_deref(), Some(cause));
    assert_eq!(calls.into_inner(), 1);
}

async fn what_a_failed_handler_wrote_is_not_seen<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let tries = AtomicUsize::new(0);
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        let mut tx = delivery.begin().await?;
        S::write(&mut tx, delivery.key(), "written").await?;
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(sqlx::Error::RowNotFound.into());
        }
        tx.commit().await
    });
    let scenario = async {
        keep_version(&inbox, "a", 1).await;
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    assert_eq!(store.written().await, rows(&[("a", "written")]));
    assert_eq!(tries.into_inner(), 2);
}

async fn a_handler_without_a_transaction_is_noted<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let calls = AtomicUsize::new(0);
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        calls.fetch_add(1, Ordering::Relaxed);
        if delivery.key() == "thing:b" {
            let tx = delivery.begin().await?;
            tx.rollback().await?;
        }
        Ok::<_, Error>(())
    });
    let scenario = async {
        for thing in ["a", "a", "b", "b"] {
            keep_version(&inbox, thing, 1).await;
            settled(&inbox).await;
        }
    };
    while_working(work, scenario).await;
    assert_eq!(calls.into_inner(), 2);
}

async fn a_crash_after_the_commit_applies_nothing_twice<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    keep(&inbox, "a", undated("x"), "x").await;
    while_working(inbox.work(store.shop(), apply::<S>), settled(&inbox)).await;
    // The queue as it would be, had the worker died before it settled the delivery.
    store
        .change(
            "UPDATE order_webhooks_delivery SET state = 'waiting', running = 1, settled_at = NULL;
            INSERT INTO order_webhooks_thing (key, due, held) VALUES ('thing:a', 0, 1)",
        )
        .await;
    while_working(inbox.work(store.shop(), apply::<S>), settled(&inbox)).await;
    assert_eq!(store.written().await, rows(&[("a", "x")]));
    let applied = "SELECT count(*) FROM order_webhooks_delivery WHERE state = 'applied'";
    assert_eq!(store.number(applied).await, 1);
}

async fn a_worker_that_was_overtaken_can_commit_nothing<S: Store>(store: S) {
    // The one that has the slow handler has no room for another.
    let mut settings = quick();
    settings.at_once = 1;
    let inbox = store.inbox(settings.clone()).await;
    let slow = Notify::new();
    let is_first = AtomicBool::new(true);
    let outcomes = Mutex::new(Vec::new());
    let handler = async |delivery: Delivery<S::DB>| {
        if is_first.swap(false, Ordering::Relaxed) {
            slow.notified().await;
            let lost = apply::<S>(delivery).await;
            outcomes.lock().unwrap().push(format!("{lost:?}"));
            return lost;
        }
        apply::<S>(delivery).await
    };
    let scenario = async {
        keep(&inbox, "a", undated("x"), "x").await;
        while is_first.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(5)).await;
        }
        // The first worker has not been heard of for too long.
        store.change("UPDATE order_webhooks_thing SET due = 0").await;
        settled(&inbox).await;
        keep(&inbox, "a", undated("y"), "y").await;
        settled(&inbox).await;
        slow.notify_one();
        while outcomes.lock().unwrap().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let other = store.inbox(settings).await;
    let scenario = while_working(other.work(store.shop(), &handler), scenario);
    while_working(inbox.work(store.shop(), &handler), scenario).await;
    assert_eq!(store.written().await, rows(&[("a", "x"), ("a", "y")]));
    assert_eq!(*outcomes.lock().unwrap(), ["Err(Lost)"]);
}

async fn two_workers_never_have_one_thing<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let busy = Mutex::new(HashMap::<String, u32>::new());
    let together = AtomicUsize::new(0);
    let handler = async |delivery: Delivery<S::DB>| {
        let key = delivery.key().to_owned();
        {
            let mut busy = busy.lock().unwrap();
            let count = busy.entry(key.clone()).or_default();
            *count += 1;
            together.fetch_add(usize::from(*count > 1), Ordering::Relaxed);
        }
        sleep(Duration::from_millis(2)).await;
        let applied = apply::<S>(delivery).await;
        *busy.lock().unwrap().get_mut(&key).unwrap() -= 1;
        applied
    };
    let scenario = async {
        for round in 0..20 {
            let things = [format!("a{round}"), format!("b{round}")];
            for thing in &things {
                tokio::join!(keep_version(&inbox, thing, 1), keep_version(&inbox, thing, 2));
            }
            settled(&inbox).await;
        }
    };
    let workers: [Inbox; 3] =
        [store.inbox(quick()).await, store.inbox(quick()).await, store.inbox(quick()).await];
    let [one, two, three] = workers.each_ref().map(|inbox| inbox.work(store.shop(), &handler));
    let scenario = while_working(one, while_working(two, while_working(three, scenario)));
    while_working(inbox.work(store.shop(), &handler), scenario).await;
    assert_eq!(together.into_inner(), 0);
    let written = store.written().await;
    let newest: HashMap<_, _> = written.into_iter().collect();
    assert_eq!(newest.len(), 40);
    assert!(newest.values().all(|state| state == "2"), "{newest:?}");
}

async fn many_versions_of_one_thing_hold_up_nobody<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let kept = (1..=256).map(|version| keep_version(&inbox, "a", version));
    futures_util::future::join_all(kept).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        if **delivery.envelope().body() == *b"7" {
            return Err(Error::Closed);
        }
        apply::<S>(delivery).await
    });
    let scenario = async {
        keep_version(&inbox, "b", 1).await;
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    let written = store.written().await;
    let place = written.iter().position(|row| row.0 == "thing:b").unwrap();
    assert!(place < 20, "it waited for {place} versions of another thing");
    let a: Vec<u64> =
        written.iter().filter(|row| row.0 == "thing:a").map(|row| row.1.parse().unwrap()).collect();
    assert!(a.is_sorted(), "{a:?}");
    assert_eq!((a.len(), a.last()), (255, Some(&256)));
    assert_eq!(counts(&inbox).await, (0, 0), "the one that failed was overtaken");
}

async fn more_things_than_handlers_hold_up_nobody<S: Store>(store: S) {
    let mut settings = quick();
    settings.at_once = 2;
    let inbox = store.inbox(settings).await;
    for thing in ["a", "c", "d"] {
        let kept = (1..=300).map(|version| keep_version(&inbox, thing, version));
        futures_util::future::join_all(kept).await;
    }
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        sleep(Duration::from_millis(5)).await;
        apply::<S>(delivery).await
    });
    let scenario = async {
        while store.written().await.is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        keep_version(&inbox, "b", 1).await;
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    let written = store.written().await;
    let place = written.iter().position(|row| row.0 == "thing:b").unwrap();
    assert!(place < 700, "it waited for {place} versions of other things");
}

async fn fifteen_thousand_versions_of_one_thing_hold_up_nobody<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    for thousand in 0..15 {
        let versions = thousand * 1_000 + 1..=(thousand + 1) * 1_000;
        let kept = versions.map(|version| keep_version(&inbox, "a", version));
        futures_util::future::join_all(kept).await;
    }
    keep_version(&inbox, "b", 1).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        if **delivery.envelope().body() == *b"7" {
            return Err(Error::Closed);
        }
        apply::<S>(delivery).await
    });
    let written = while_working(work, async {
        loop {
            let written = store.written().await;
            if written.len() > 100 && written.iter().any(|row| row.0 == "thing:b") {
                return written;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    let (b, a): (Vec<_>, Vec<_>) =
        written.await.into_iter().enumerate().partition(|(_, row)| row.0 == "thing:b");
    assert!(matches!(&b[..], [(place, _)] if *place < S::BEFORE), "{b:?}");
    let a: Vec<u64> = a.iter().map(|(_, row)| row.1.parse().unwrap()).collect();
    let expected: Vec<u64> = (1..).filter(|version| *version != 7).take(a.len()).collect();
    assert_eq!(a, expected, "in order, and the one that fails was overtaken");
}

async fn what_a_dead_worker_had_is_not_forgotten<S: Store>(store: S) {
    let mut settings = quick();
    settings.at_once = 1;
    let inbox = store.inbox(settings).await;
    keep_version(&inbox, "a", 1).await;
    let taken = Notify::new();
    let work = inbox.work(store.shop(), async |_| {
        taken.notify_one();
        pending::<Result<(), Error>>().await
    });
    while_working(work, taken.notified()).await;
    // The worker is no more, and its time is over. Others wait, too.
    let microseconds = "UPDATE order_webhooks_thing SET due = due - 15000000";
    store.change(microseconds).await;
    for thing in 0..100 {
        keep_version(&inbox, &format!("b{thing}"), 1).await;
    }
    while_working(inbox.work(store.shop(), apply::<S>), settled(&inbox)).await;
    let written = store.written().await;
    let place = written.iter().position(|row| row.0 == "thing:a").unwrap();
    assert!(place < 10, "it waited for {place} others");
}

async fn the_clock_is_set_back_by_an_hour<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let fail = AtomicBool::new(true);
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        if fail.swap(false, Ordering::Relaxed) {
            // What is stored is an hour ahead now.
            return Err(Error::Closed);
        }
        apply::<S>(delivery).await
    });
    let scenario = async {
        keep_version(&inbox, "a", 1).await;
        while fail.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(5)).await;
        }
        let hour = "UPDATE order_webhooks_thing SET due = due + 3600000000;
            UPDATE order_webhooks_delivery SET due = due + 3600000000 WHERE due > 0";
        store.change(hour).await;
        keep_version(&inbox, "b", 1).await;
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    assert_eq!(store.written().await.len(), 2);
}

async fn nobody_waits_for_a_handler<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        let mut tx = delivery.begin().await?;
        S::write(&mut tx, delivery.key(), "done").await?;
        sleep(Duration::from_secs(2)).await;
        tx.commit().await
    });
    let scenario = async {
        for thing in 0..4 {
            keep_version(&inbox, &format!("slow{thing}"), 1).await;
        }
        sleep(Duration::from_millis(200)).await;
        let mut slowest = Duration::ZERO;
        for version in 0..100 {
            let begun = Instant::now();
            keep_version(&inbox, "a", version).await;
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    };
    let slowest = while_working(work, scenario).await;
    // The handlers have their transactions for two seconds.
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

async fn a_cancelled_begin_leaves_no_transaction<S: Store>(store: S) {
    cancelled(&store, store.shop()).await;
}

async fn a_cancelled_begin_leaves_the_only_connection_free<S: Store>(store: S) {
    let options = store.shop().connect_options().as_ref().clone();
    let pool = PoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    cancelled(&store, &pool).await;
}

/// A thousand tries end while they begin, or in their transaction.
async fn cancelled<S: Store>(store: &S, shop: &Pool<S::DB>) {
    let mut settings = quick();
    settings.time_limit = Duration::from_millis(1);
    settings.tries = 40;
    settings.longest_pause = settings.first_pause;
    let inbox = store.inbox(settings).await;
    let work = inbox.work(shop, async |delivery: Delivery<S::DB>| {
        // The limit ends it at any of these places.
        sleep(Duration::from_micros(fastrand::u64(0..1000))).await;
        let mut tx = delivery.begin().await?;
        S::write(&mut tx, "half", "half").await?;
        sleep(Duration::from_micros(fastrand::u64(0..500))).await;
        pending::<Result<(), Error>>().await
    });
    let scenario = async {
        for thing in 0..25 {
            keep_version(&inbox, &thing.to_string(), 1).await;
        }
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    assert_eq!(counts(&inbox).await, (0, 25));
    assert_eq!(store.written().await, []);
    // A transaction that was left open would keep everybody else from writing.
    for thing in 0..25 {
        keep_version(&inbox, &thing.to_string(), 2).await;
    }
    let inbox = store.inbox(quick()).await;
    while_working(inbox.work(shop, apply::<S>), settled(&inbox)).await;
    assert_eq!(store.written().await.len(), 25);
}

async fn a_worker_stops_when_its_handlers_are_done<S: Store>(store: S) {
    let mut settings = quick();
    settings.at_once = 1;
    let inbox = store.inbox(settings).await;
    keep_version(&inbox, "a", 1).await;
    keep_version(&inbox, "b", 1).await;
    let stopped = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        inbox.stop();
        sleep(Duration::from_millis(50)).await;
        apply::<S>(delivery).await
    });
    stopped.await.unwrap();
    assert_eq!(store.written().await.len(), 1);
    let state = "SELECT count(*) FROM order_webhooks_delivery WHERE state = 'applied'";
    assert_eq!(store.number(state).await, 1, "what was done is settled");
    assert_eq!(counts(&inbox).await, (1, 0));
}

async fn what_is_settled_is_deleted_in_time<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<S::DB>| {
        if delivery.key() == "thing:bad" { Err(Error::Closed) } else { apply::<S>(delivery).await }
    });
    let scenario = async {
        for thing in ["a", "b", "bad"] {
            keep_version(&inbox, thing, 1).await;
        }
        settled(&inbox).await;
    };
    while_working(work, scenario).await;
    keep_version(&inbox, "waits", 1).await;
    assert_eq!(inbox.prune().await.unwrap(), 0);
    let mut forever = quick();
    forever.retention = Duration::MAX;
    let forever = store.inbox(forever).await;
    assert_eq!(forever.prune().await.unwrap(), 0);
    drop(forever);
    let week = "UPDATE order_webhooks_delivery SET settled_at = settled_at - 7 * 86400000000 - 1
        WHERE key = 'thing:a'";
    store.change(week).await;
    assert_eq!(inbox.prune().await.unwrap(), 1);
    assert_eq!(counts(&inbox).await, (1, 1));

    // What was applied stays known.
    keep_version(&inbox, "a", 1).await;
    while_working(inbox.work(store.shop(), apply::<S>), settled(&inbox)).await;
    assert_eq!(store.written().await.iter().filter(|row| row.0 == "thing:a").count(), 1);
}

async fn sixteen_start_at_once<S: Store>(store: S) {
    let starts = (0..16).map(|_| async {
        let inbox = store.inbox(quick()).await;
        inbox.stop();
        inbox.work(store.shop(), apply::<S>).await.unwrap();
        inbox
    });
    let inboxes = futures_util::future::join_all(starts).await;
    keep_version(&inboxes[0], "a", 1).await;
    let versions = "SELECT count(*) FROM order_webhooks_tables WHERE version = 1";
    assert!(store.number(versions).await >= 1);
}

async fn a_newer_version_of_the_tables<S: Store>(store: S) {
    // A stream opens without its tables, and a question needs them.
    counts(&store.inbox(quick()).await).await;
    store.change("UPDATE order_webhooks_tables SET version = 2").await;
    let inbox = store.inbox(quick()).await;
    keep_version(&inbox, "a", 1).await;
    store.change("UPDATE order_webhooks_tables SET version = 3").await;
    let refused = async { store.open(quick()).await?.status().await };
    let refused = refused.await.unwrap_err();
    assert!(matches!(&refused, Error::Schema { found: 3, known: 1 }), "{refused:?}");
}

async fn a_database_that_is_away_costs_no_tries<S: Store>(store: S) {
    let inbox = store.inbox(quick()).await;
    let scenario = async {
        keep_version(&inbox, "a", 1).await;
        settled(&inbox).await;
        store.change_shop("ALTER TABLE order_webhooks_applied RENAME TO away").await;
        keep_version(&inbox, "a", 2).await;
        while store.number("SELECT max(attempt) FROM order_webhooks_delivery").await < 6 {
            sleep(Duration::from_millis(10)).await;
        }
        store.change_shop("ALTER TABLE away RENAME TO order_webhooks_applied").await;
        settled(&inbox).await;
    };
    while_working(inbox.work(store.shop(), apply::<S>), scenario).await;
    assert_eq!(store.written().await, rows(&[("a", "1"), ("a", "2")]));
    assert_eq!(store.number("SELECT max(failures) FROM order_webhooks_delivery").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql"]
async fn on_postgres_a_short_timeout_is_found() {
    let store = OnPostgres::new().await;
    let inbox = store.inbox(quick()).await;
    assert_eq!(inbox.check().await.unwrap(), []);
    assert_eq!(inbox.check_pool(store.shop()).await.unwrap(), []);
    let database = store.address().rsplit('/').next().unwrap().split('?').next().unwrap();
    let short = "SET idle_in_transaction_session_timeout = '3s'";
    store.change(&format!("ALTER DATABASE {database} {short}")).await;
    let pool = sqlx::PgPool::connect(store.address()).await.unwrap();
    let findings = inbox.check_pool(&pool).await.unwrap();
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["short_timeout"], "{findings:?}");
}

/// Deliveries without a version or a date are applied as they came, so only one worker at a
/// time puts them in order.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql"]
async fn on_postgres_what_came_first_is_in_order_first() {
    let store = OnPostgres::new().await;
    let inboxes = [store.inbox(quick()).await, store.inbox(quick()).await];
    store.change("INSERT INTO order_webhooks_thing (key, due) VALUES ('thing:a', 0)").await;
    let mut other = store.shop().begin().await.unwrap();
    let lock = sqlx::raw_sql("SELECT FROM order_webhooks_thing FOR UPDATE");
    lock.execute(&mut *other).await.unwrap();
    // The first worker that puts in order waits for `a`, and has `k` in hand.
    keep_version(&inboxes[0], "a", 1).await;
    keep(&inboxes[0], "k", undated("1"), "1").await;
    let [one, two] = &inboxes;
    let work = async {
        let (one, two) = (
            one.work(store.shop(), apply::<OnPostgres>),
            two.work(store.shop(), apply::<OnPostgres>),
        );
        tokio::try_join!(one, two).map(drop)
    };
    let scenario = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'";
        while store.number(waiting).await == 0 {
            sleep(Duration::from_millis(10)).await;
        }
        keep(one, "k", undated("2"), "2").await;
        // Both look in this time.
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(store.written().await, []);
        other.rollback().await.unwrap();
        settled(one).await;
    };
    while_working(work, scenario).await;
    let mut written = store.written().await;
    written.retain(|row| row.0 == "thing:k");
    assert_eq!(written, rows(&[("k", "1"), ("k", "2")]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package postgresql"]
async fn on_postgres_bodies_are_read_whatever_the_server_writes() {
    let store = OnPostgres::new().await;
    let database = store.address().rsplit('/').next().unwrap().split('?').next().unwrap();
    store.change(&format!("ALTER DATABASE {database} SET bytea_output = 'escape'")).await;
    let inbox = store.inbox(quick()).await;
    keep(&inbox, "a", Revision::counted(1), "\\ \u{e9}").await;
    while_working(inbox.work(store.shop(), apply::<OnPostgres>), settled(&inbox)).await;
    assert_eq!(store.written().await, rows(&[("a", "\\ \u{e9}")]));
}
