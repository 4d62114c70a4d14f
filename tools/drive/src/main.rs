//! Loads the inbox, kills its processes and its engine, and audits what was applied.
//!
//! ```text
//! cargo run --release -p drive -- --store postgres --seed 1 --deliveries 100000
//! ```
//!
//! Two receivers and two workers share one inbox. Every delivery is sent twice, in a
//! shuffled order. Every few seconds one of the four is killed or paused; with
//! `--store postgres` or `pgbouncer` the server is crashed as well, and with `jetstream` a
//! node of three is killed, or the leader is cut off for a while. In the end the tables
//! of the shop are read: every thing has to be in the state of its newest revision, nothing
//! may be applied twice, and nothing that was answered 200 may be missing.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it stops at what goes wrong")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "small numbers"
)]

mod audit;
mod measure;
mod process;
mod send;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};
use fixtures::servers::{Cluster, Server};
use tokio::time::sleep;

use crate::process::{Process, Role};

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where the queue is, and the shop's tables.
    #[arg(long, global = true, default_value = "sqlite")]
    store: Store,
    /// The same seed gives the same deliveries in the same order, and the same kills.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many deliveries there are. Each is sent twice; to measure, once.
    #[arg(long, global = true, default_value_t = 2_000)]
    deliveries: usize,
    /// How long a handler works before it begins its transaction, in milliseconds.
    #[arg(long, default_value_t = 5)]
    handler: u64,
    /// How often something is killed, paused or crashed, in seconds. 0: never.
    #[arg(long, default_value_t = 3.0)]
    kill_every: f64,
    /// How many are sent at once.
    #[arg(long, global = true, default_value_t = 64)]
    at_once: usize,
    /// How many workers there are.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// How often each figure is taken: its median is shown.
    #[arg(long, global = true, default_value_t = 3)]
    rounds: usize,
    /// Run as a part of it: this is for the program itself.
    #[arg(long, hide = true, num_args = 4)]
    part: Option<Vec<String>>,
}

#[derive(Subcommand)]
enum Command {
    /// Measures how many deliveries are kept in a second.
    Measure,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
    Pgbouncer,
    Jetstream,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(part) = &options.part {
        let [role, queue, shop, port] = &part[..] else { return ExitCode::FAILURE };
        process::run(role, queue, shop, port.parse().unwrap(), options.handler).await;
        return ExitCode::SUCCESS;
    }
    if options.command.is_some() {
        measure::measure(&options).await;
        return ExitCode::SUCCESS;
    }
    if drive(&options).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn drive(options: &Options) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let engine = (options.store != Store::Sqlite).then(Server::postgres);
    let bouncer = match (&engine, options.store) {
        (Some(engine), Store::Pgbouncer) => Some(Server::pgbouncer(engine)),
        _ => None,
    };
    let cluster = (options.store == Store::Jetstream).then(Cluster::nats);
    let (mut queue, shop) = match bouncer.as_ref().or(engine.as_ref()) {
        None => {
            let file = |name| format!("sqlite:{}", folder.path().join(name).display());
            (file("inbox.db"), file("shop.db"))
        }
        Some(server) => {
            let port = server.port;
            let address =
                format!("postgres://inbox@127.0.0.1:{port}/postgres?statement-cache-capacity=0");
            (address.clone(), address)
        }
    };
    if let Some(cluster) = &cluster {
        queue = cluster.addresses().join(",");
    }
    audit::prepare(&shop).await;

    let mut random = fastrand::Rng::with_seed(options.seed);
    let mut processes = Vec::new();
    let roles = [Role::Receiver; 2].into_iter().chain(vec![Role::Worker; options.workers]);
    for role in roles {
        processes.push(Process::start(role, &queue, &shop, options.handler));
    }
    let ports: Vec<u16> = processes.iter().filter_map(Process::port).collect();
    send::wait_for(&ports).await;

    let begun = Instant::now();
    let things = options.deliveries.div_ceil(50).max(1);
    let mut deliveries: Vec<send::Delivery> =
        (0..options.deliveries).map(|number| send::Delivery::new(number, things)).collect();
    deliveries.extend_from_within(..);
    random.shuffle(&mut deliveries);
    let sending = tokio::spawn(send::all(deliveries, ports, options.at_once));

    let mut kills = Kills {
        every: options.kill_every,
        random,
        last: Instant::now(),
        count: 0,
        engine: engine.as_ref(),
        cluster: cluster.as_ref(),
    };
    while !sending.is_finished() {
        kills.maybe(&mut processes).await;
    }
    let sent = sending.await.unwrap();
    let kept = begun.elapsed();
    // The kills go on while the rest is worked on.
    // Several times: a leader that was cut off can answer for a moment when it is back.
    let mut looks = 0;
    while looks < 10 {
        kills.maybe(&mut processes).await;
        looks = if audit::is_done(&queue, &shop).await { looks + 1 } else { 0 };
    }
    println!(
        "seed {}: {} deliveries sent twice in {:.1} s and settled after {:.1} s, {} kills; {} of {} were accepted",
        options.seed,
        options.deliveries,
        kept.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        kills.count,
        sent.accepted.len(),
        options.deliveries,
    );
    println!("answers took {:?} (p50), {:?} (p99), {:?} at most", sent.p50, sent.p99, sent.slowest);
    drop(processes);
    let faults = audit::faults(&queue, &shop, &sent.accepted, things).await;
    for fault in &faults {
        println!("WRONG: {fault}");
    }
    if faults.is_empty() {
        println!("every thing is in its newest state, nothing twice, nothing lost");
    }
    faults.is_empty()
}

struct Kills<'a> {
    every: f64,
    random: fastrand::Rng,
    last: Instant,
    count: usize,
    engine: Option<&'a Server>,
    cluster: Option<&'a Cluster>,
}

impl Kills<'_> {
    async fn maybe(&mut self, processes: &mut [Process]) {
        sleep(Duration::from_millis(100)).await;
        if self.every <= 0.0 || self.last.elapsed().as_secs_f64() < self.every {
            return;
        }
        self.count += 1;
        let victim = self.random.usize(..processes.len());
        match (self.random.u8(..4), self.engine, self.cluster) {
            (0, _, Some(cluster)) => self.node(cluster).await,
            (0, Some(engine), None) => engine.crash(),
            (1, Some(engine), Some(_)) if self.random.u8(..4) == 0 => engine.crash(),
            (0 | 1, ..) => processes[victim].pause(self.random.u64(1..20)).await,
            _ => processes[victim].kill(),
        }
        self.last = Instant::now();
    }

    async fn node(&mut self, cluster: &Cluster) {
        let leader = audit::leader(cluster).await;
        match (self.random.u8(..3), leader) {
            (0, Some(leader)) => {
                cluster.signal(leader, "-STOP");
                sleep(Duration::from_secs(self.random.u64(1..20))).await;
                cluster.signal(leader, "-CONT");
            }
            (1, Some(leader)) => cluster.kill(leader),
            _ => cluster.kill(self.random.usize(..3)),
        }
    }
}
