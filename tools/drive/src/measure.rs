//! How many deliveries are kept in a second, beside what one would write by hand, and
//! what workers and settled rows cost.

use std::time::Instant;

use fixtures::servers::Server;
use order_webhooks_inbox::Inbox;
use order_webhooks_inbox::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use order_webhooks_inbox::sqlx::{
    self, AssertSqlSafe, Connection as _, PgConnection, QueryBuilder, SqliteConnection,
};
use tempfile::TempDir;

use crate::process::{Process, Role};
use crate::{Options, Store, audit, send};

/// What runs while deliveries are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A server that accepts and keeps nothing.
    Http,
    /// Rows that are written by hand, 64 in a statement, one statement after the other.
    Rows,
    Inbox,
    /// With a worker whose handler takes so many milliseconds, in the receiver's process.
    Same(u64),
    /// In another process.
    Other(u64),
    Million,
}

const PHASES: [(Phase, &str); 8] = [
    (Phase::Http, "HTTP without a store"),
    (Phase::Rows, "rows by hand, 64 in a statement"),
    (Phase::Inbox, "inbox"),
    (Phase::Same(20), "inbox, handlers of 20 ms in the same process"),
    (Phase::Same(2000), "inbox, handlers of 2 s in the same process"),
    (Phase::Other(20), "inbox, handlers of 20 ms in another process"),
    (Phase::Other(2000), "inbox, handlers of 2 s in another process"),
    (Phase::Million, "inbox, with a million settled rows"),
];

/// What a phase came to: deliveries a second, the p99 of an answer in milliseconds, and how
/// many were not accepted.
#[derive(Clone, Copy, Default)]
struct Figure {
    rate: f64,
    p99: f64,
    refused: usize,
}

pub(crate) async fn measure(options: &Options) {
    let engine = (options.store != Store::Sqlite).then(Server::postgres);
    let bouncer = match (&engine, options.store) {
        (Some(engine), Store::Pgbouncer) => Some(Server::pgbouncer(engine)),
        _ => None,
    };
    let stores = Stores { server: bouncer.as_ref().or(engine.as_ref()), engine: engine.as_ref() };
    let million = stores.fresh().await;
    fill(&million.queue).await;

    let mut figures = vec![Vec::new(); PHASES.len()];
    for round in 0..options.rounds {
        for (at, (phase, name)) in PHASES.iter().enumerate() {
            let fresh = stores.fresh().await;
            let place = if *phase == Phase::Million { &million } else { &fresh };
            let figure = run(*phase, place, round, options).await;
            eprintln!("{name}: {:.0}/s, p99 {:.1} ms", figure.rate, figure.p99);
            figures[at].push(figure);
        }
    }

    println!(
        "| {} deliveries, {} at once | deliveries/s | p99 | × alone | p99 × alone | refused |",
        options.deliveries, options.at_once
    );
    println!("|---|---|---|---|---|---|");
    let alone = &figures[2];
    for (at, (phase, name)) in PHASES.iter().enumerate() {
        let figure = &figures[at];
        let ratio = |of: fn(&Figure) -> f64| {
            median(figure.iter().zip(alone).map(|(it, alone)| of(it) / of(alone)).collect())
        };
        let (rate, p99) = (ratio(|it| it.rate), ratio(|it| it.p99));
        let ratios = match phase {
            Phase::Http | Phase::Rows => "| |".to_owned(),
            _ => format!("{rate:.2} | {p99:.2} |"),
        };
        println!(
            "| {name} | {:.0} | {:.1} ms | {ratios} {} |",
            median(figure.iter().map(|it| it.rate).collect()),
            median(figure.iter().map(|it| it.p99).collect()),
            figure.iter().map(|it| it.refused).sum::<usize>(),
        );
    }
    let by_hand = figures[0].iter().zip(&figures[1]).zip(alone);
    let by_hand =
        by_hand.map(|((http, rows), inbox)| inbox.rate * (1.0 / http.rate + 1.0 / rows.rate));
    println!("\ninbox × (HTTP without a store + rows by hand): {:.2}", median(by_hand.collect()));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

struct Stores<'a> {
    /// The one that is asked, which may be `PgBouncer`.
    server: Option<&'a Server>,
    engine: Option<&'a Server>,
}

/// A queue and a shop that nobody has used.
struct Place {
    queue: String,
    shop: String,
    _folder: TempDir,
}

impl Stores<'_> {
    async fn fresh(&self) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let file = |name| format!("sqlite:{}", folder.path().join(name).display());
        let (queue, shop) = if let (Some(server), Some(engine)) = (self.server, self.engine) {
            let name = format!("measure{:x}", fastrand::u64(..));
            let address = format!("postgres://inbox@127.0.0.1:{}/postgres", engine.port);
            let mut connection = PgConnection::connect(&address).await.unwrap();
            let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
            sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
            let mut address = format!("postgres://inbox@127.0.0.1:{}/{name}", server.port);
            if server.port != engine.port {
                address.push_str("?statement-cache-capacity=0");
            }
            (address.clone(), address)
        } else {
            (file("inbox.db"), file("shop.db"))
        };
        audit::prepare(&shop).await;
        Place { queue, shop, _folder: folder }
    }
}

async fn run(phase: Phase, place: &Place, round: usize, options: &Options) -> Figure {
    let Place { queue, shop, .. } = place;
    let start = |role, handler| Process::start(role, queue, shop, handler);
    let (receiver, _worker) = match phase {
        Phase::Rows => return rows(queue, options.deliveries).await,
        Phase::Http => (start(Role::Bare, 0), None),
        Phase::Inbox | Phase::Million => (start(Role::Receiver, 0), None),
        Phase::Same(handler) => (start(Role::Both, handler), None),
        Phase::Other(handler) => (start(Role::Receiver, 0), Some(start(Role::Worker, handler))),
    };
    let ports: Vec<u16> = receiver.port().into_iter().collect();
    send::wait_for(&ports).await;
    // Each thing has fifty versions.
    let things = options.deliveries.div_ceil(50).max(1);
    let first = round * options.deliveries;
    let deliveries = |count: usize| -> Vec<send::Delivery> {
        (first..first + count).map(|number| send::Delivery::new(number, things)).collect()
    };
    send::all(deliveries(1_000.min(options.deliveries)), ports.clone(), options.at_once).await;

    let begun = Instant::now();
    let sent = send::all(deliveries(options.deliveries), ports, options.at_once).await;
    let rate = sent.accepted.len() as f64 / begun.elapsed().as_secs_f64();
    let refused = options.deliveries - sent.accepted.len();
    Figure { rate, p99: sent.p99.as_secs_f64() * 1e3, refused }
}

/// What one would write without the inbox.
async fn rows(queue: &str, deliveries: usize) -> Figure {
    const TABLE: &str = "CREATE TABLE kept (id TEXT PRIMARY KEY, webhook TEXT NOT NULL,
        key TEXT NOT NULL, revision TEXT NOT NULL, body BYTEA NOT NULL, verified_at BIGINT NOT NULL)";
    const INSERT: &str = "INSERT INTO kept (id, webhook, key, revision, body, verified_at) ";
    let body = vec![b'x'; 386];
    let groups = deliveries.div_ceil(64);
    let key = |number: usize| format!("musement.order_item:11045e18-e3ca-42e1-acb4-{number:012x}");
    let mut times = Vec::new();
    let elapsed;
    if queue.starts_with("sqlite") {
        let options: SqliteConnectOptions = queue.parse().unwrap();
        let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut connection).await.unwrap();
        let begun = Instant::now();
        for group in 0..groups {
            let begun = Instant::now();
            let mut insert = QueryBuilder::new(INSERT);
            insert.push_values(group * 64..group * 64 + 64, |mut row, number| {
                row.push_bind(format!("{number:032x}")).push_bind("musement.order_item");
                row.push_bind(key(number)).push_bind("n00000000000000000001");
                row.push_bind(&body[..]).push_bind(0_i64);
            });
            insert.build().execute(&mut connection).await.unwrap();
            times.push(begun.elapsed());
        }
        elapsed = begun.elapsed();
    } else {
        let mut connection = PgConnection::connect(queue).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut connection).await.unwrap();
        let begun = Instant::now();
        for group in 0..groups {
            let begun = Instant::now();
            let numbers = group * 64..group * 64 + 64;
            let mut transaction = connection.begin().await.unwrap();
            let insert = sqlx::query(AssertSqlSafe(format!(
                "{INSERT} SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],
                $5::bytea[], $6::bigint[])"
            )));
            let insert = insert
                .persistent(false)
                .bind(numbers.clone().map(|number| format!("{number:032x}")).collect::<Vec<_>>())
                .bind(vec!["musement.order_item"; 64])
                .bind(numbers.map(key).collect::<Vec<_>>())
                .bind(vec!["n00000000000000000001"; 64])
                .bind(vec![&body[..]; 64])
                .bind(vec![0_i64; 64]);
            insert.execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
            times.push(begun.elapsed());
        }
        elapsed = begun.elapsed();
    }
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
    Figure { rate: (groups * 64) as f64 / elapsed.as_secs_f64(), p99, refused: 0 }
}

/// Puts a million settled deliveries into a queue.
async fn fill(queue: &str) {
    const COLUMNS: &str = "INSERT INTO order_webhooks_delivery
        (id, webhook, key, revision, rank, body, verified_at, state, attempt, settled_at)";
    Inbox::open(queue).await.unwrap();
    if queue.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(queue).await.unwrap();
        let fill = AssertSqlSafe(format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
            {COLUMNS} SELECT printf('%032x', i), 'musement.order_item', 'settled:' || i,
            'n00000000000000000001', 'n00000000000000000001', CAST(printf('%0386d', i) AS BLOB),
            i, 'applied', 1, unixepoch() * 1000000 FROM n; PRAGMA wal_checkpoint(TRUNCATE)"
        ));
        sqlx::raw_sql(fill).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(queue).await.unwrap();
        let fill = AssertSqlSafe(format!(
            "{COLUMNS} SELECT lpad(to_hex(i), 32, '0'), 'musement.order_item', 'settled:' || i,
            'n00000000000000000001', 'n00000000000000000001',
            convert_to(lpad(i::text, 386, '0'), 'UTF8'), i, 'applied', 1,
            (extract(epoch FROM now()) * 1000000)::bigint FROM generate_series(1, 1000000) i"
        ));
        sqlx::raw_sql(fill).execute(&mut connection).await.unwrap();
        sqlx::raw_sql("VACUUM ANALYZE order_webhooks_delivery")
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await.unwrap();
    }
}
