//! Processes that are killed, that end themselves, or whose disk is full. This test
//! program runs itself again as such a process.

use std::env;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use order_webhooks::tracking::Revision;
use order_webhooks_inbox::sqlx::SqlitePool;
use order_webhooks_inbox::sqlx::sqlite::SqliteConnectOptions;
use order_webhooks_inbox::{Delivery, Error, Inbox, Settings, sqlx};
use tokio::time::sleep;

use crate::stores::{OnSqlite, SHOP, Store};
use crate::{counts, keep, keep_version, quick, undated, while_working};

/// Runs the test of this name as a process, in a folder that has the inbox.
fn again(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &format!("process::{name}"), "--ignored", "--nocapture"]);
    command.env("INBOX_FOLDER", folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

struct Child {
    inbox: Inbox,
    shop: SqlitePool,
}

/// The inbox of the process that was started by [`again`].
async fn child() -> Child {
    let folder = env::var("INBOX_FOLDER").expect("another test runs this as a process");
    let mut settings = quick();
    settings.at_once = 4;
    let inbox = Inbox::open_with(&format!("sqlite:{folder}/inbox.db"), settings).await.unwrap();
    let options = SqliteConnectOptions::new().filename(format!("{folder}/shop.db"));
    let shop =
        SqlitePool::connect_with(options.busy_timeout(Duration::from_secs(20))).await.unwrap();
    sqlx::query(SHOP).execute(&shop).await.unwrap();
    Child { inbox, shop }
}

/// Whoever died has its things no longer.
const FREE: &str = "UPDATE order_webhooks_thing SET due = 0";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of a_handler_that_ends_the_process_is_set_aside_alone"]
async fn working_until_it_aborts() {
    let Child { inbox, shop } = child().await;
    let worker = inbox.clone();
    let work = worker.work(&shop, async |delivery: Delivery<sqlx::Sqlite>| {
        if delivery.key() == "thing:bad" {
            sleep(Duration::from_millis(50)).await;
            std::process::abort();
        }
        // The neighbours are being worked on when it does.
        sleep(Duration::from_millis(200)).await;
        let mut tx = delivery.begin().await?;
        OnSqlite::write(&mut tx, delivery.key(), "done").await?;
        tx.commit().await
    });
    while_working(work, async {
        while counts(&inbox).await.0 > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_ends_the_process_is_set_aside_alone() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    for thing in ["a", "b", "bad", "c"] {
        keep_version(&inbox, thing, 1).await;
    }
    let mut ends = 0;
    loop {
        let status = again("working_until_it_aborts", store.folder.path()).status().unwrap();
        if status.success() {
            break;
        }
        ends += 1;
        assert!(ends < 10, "it is never set aside");
        store.change(FREE).await;
    }
    assert!(ends >= 3, "{ends}");
    let aside = inbox.set_aside(0, 10).await.unwrap();
    let aside: Vec<_> =
        aside.iter().map(|it| (&*it.key, it.failures, it.cause.as_deref())).collect();
    let cause = Some("the process ended while the handler ran");
    assert_eq!(aside, [("thing:bad", 3, cause)]);
    let failures = "SELECT sum(failures) FROM order_webhooks_delivery WHERE state = 'applied'";
    assert_eq!(store.number(failures).await, 0, "its neighbours show no failure");
    assert_eq!(store.written().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of two_processes_that_are_killed_lose_nothing"]
async fn keeping_and_working() {
    let Child { inbox, shop } = child().await;
    let worker = inbox.clone();
    let work = worker.work(&shop, async |delivery: Delivery<sqlx::Sqlite>| {
        let state = String::from_utf8_lossy(delivery.envelope().body()).into_owned();
        let mut tx = delivery.begin().await?;
        OnSqlite::write(&mut tx, delivery.key(), &state).await?;
        tx.commit().await
    });
    let keeping = async {
        for number in 0.. {
            let body = format!("{}-{number}", std::process::id());
            let revision = if number % 2 == 0 { undated(&body) } else { Revision::counted(1) };
            keep(&inbox, &body, revision, &body).await;
            // The test counts what was acknowledged.
            let acknowledged = format!("{}/acknowledged", env::var("INBOX_FOLDER").unwrap());
            let mut file =
                std::fs::OpenOptions::new().create(true).append(true).open(acknowledged).unwrap();
            std::io::Write::write_all(&mut file, format!("thing:{body}\n").as_bytes()).unwrap();
        }
    };
    while_working(work, keeping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_are_killed_lose_nothing() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    for round in 0..5 {
        let [mut process, mut other] =
            [(); 2].map(|()| again("keeping_and_working", store.folder.path()).spawn().unwrap());
        let acknowledged = store.folder.path().join("acknowledged");
        let enough = |text: String| text.lines().count() > (round + 1) * 50;
        while !std::fs::read_to_string(&acknowledged).is_ok_and(enough) {
            assert!(process.try_wait().unwrap().is_none(), "it ended by itself");
            sleep(Duration::from_millis(10)).await;
        }
        for process in [&mut process, &mut other] {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
    store.change(FREE).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<sqlx::Sqlite>| {
        let state = String::from_utf8_lossy(delivery.envelope().body()).into_owned();
        let mut tx = delivery.begin().await?;
        OnSqlite::write(&mut tx, delivery.key(), &state).await?;
        tx.commit().await
    });
    while_working(work, crate::settled(&inbox)).await;

    let mut written: Vec<String> = store.written().await.into_iter().map(|row| row.0).collect();
    written.sort();
    let all = written.len();
    written.dedup();
    assert_eq!(written.len(), all, "something was applied twice");
    let acknowledged = std::fs::read_to_string(store.folder.path().join("acknowledged")).unwrap();
    let lost: Vec<_> = acknowledged
        .lines()
        .filter(|key| written.binary_search_by(|written| (**written).cmp(key)).is_err())
        .collect();
    assert_eq!(lost, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of no_delivery_waits_for_a_handler"]
async fn working_slowly() {
    let Child { inbox, shop } = child().await;
    let handler = Duration::from_millis(env::var("INBOX_HANDLER").unwrap().parse().unwrap());
    slowly(&inbox, &shop, handler).await.unwrap();
}

async fn slowly(inbox: &Inbox, shop: &SqlitePool, handler: Duration) -> Result<(), Error> {
    let work = inbox.work(shop, async |delivery: Delivery<sqlx::Sqlite>| {
        let mut tx = delivery.begin().await?;
        OnSqlite::write(&mut tx, delivery.key(), "done").await?;
        sleep(handler).await;
        tx.commit().await
    });
    work.await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_delivery_waits_for_a_handler() {
    for (handler, elsewhere) in [(20, false), (20, true), (2_000, false), (2_000, true)] {
        let store = OnSqlite::new().await;
        let inbox = store.inbox(quick()).await;
        for number in 0..20 {
            keep_version(&inbox, &format!("slow{number}"), 1).await;
        }
        let mut times = Vec::new();
        let keeping = async {
            // Until a handler has begun its transaction.
            let begun = "SELECT count(*) FROM order_webhooks_delivery WHERE attempt > 0";
            while store.number(begun).await == 0 {
                sleep(Duration::from_millis(20)).await;
            }
            for version in 0..200 {
                let begun = Instant::now();
                keep_version(&inbox, "a", version).await;
                times.push(begun.elapsed());
            }
        };
        if elsewhere {
            let mut process = again("working_slowly", store.folder.path());
            let mut process = process.env("INBOX_HANDLER", handler.to_string()).spawn().unwrap();
            keeping.await;
            process.kill().unwrap();
            process.wait().unwrap();
        } else {
            while_working(slowly(&inbox, store.shop(), Duration::from_millis(handler)), keeping)
                .await;
        }
        times.sort_unstable();
        let p99 = times[times.len() * 99 / 100];
        assert!(p99 < Duration::from_millis(500), "{handler} ms, {elsewhere}: {p99:?}");
    }
}

/// Keeps until the disk is full, and exits with 7 if it was told so.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of a_full_disk_is_told_and_lost_is_nothing"]
async fn keeping_until_the_disk_is_full() {
    let folder = env::var("INBOX_FOLDER").unwrap();
    let mut settings = Settings::default();
    settings.patience = Duration::from_millis(500);
    let inbox = Inbox::open_with(&format!("sqlite:{folder}/inbox.db"), settings).await.unwrap();
    let body = "x".repeat(50_000);
    for number in 0..100 {
        let envelope = order_webhooks::envelope::Envelope::new(
            "test.thing",
            body.clone(),
            time::OffsetDateTime::UNIX_EPOCH,
        );
        let key = order_webhooks::tracking::Key::new("thing", &number.to_string());
        match inbox.keep_as(key, Revision::counted(1), envelope).await {
            Ok(()) => std::fs::write(format!("{folder}/kept-{number}"), "").unwrap(),
            Err(Error::NotKept { last: Some(_), .. }) => std::process::exit(7),
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_lost_is_nothing() {
    let store = OnSqlite::new().await;
    let process = again("keeping_until_the_disk_is_full", store.folder.path());
    // No file of it can be longer than a mebibyte, in blocks of 512 bytes.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh"]);
    limited.arg(process.get_program()).args(process.get_args());
    limited.env("INBOX_FOLDER", store.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let status: ExitStatus = limited.status().unwrap();
    assert_eq!(status.code(), Some(7), "{status}");
    let kept = std::fs::read_dir(store.folder.path()).unwrap().flatten();
    let kept = kept.filter(|file| file.file_name().to_string_lossy().starts_with("kept-")).count();
    assert!(kept > 5, "{kept}");
    let inbox = store.inbox(quick()).await;
    let there = usize::try_from(counts(&inbox).await.0).unwrap();
    // One more may be there that its sender was told is not.
    assert!(there >= kept, "{there} of {kept}");
}
