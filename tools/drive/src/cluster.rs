//! Sends to several receivers while processes are killed.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Failure;
use crate::audit;
use crate::client::Client;
use crate::delivery::{Delivery, Random, Senders};
use crate::engine::{Engine, free_port};
use crate::process::Process;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(long, default_value = "nats")]
    store: Store,
    /// The program of the inbox.
    #[arg(long)]
    inbox: PathBuf,
    /// The program of the engine, for NATS.
    #[arg(long, default_value = "nats-server")]
    nats_server: PathBuf,
    /// An empty folder for everything that the processes keep and say.
    #[arg(long)]
    folder: PathBuf,
    #[arg(long, default_value_t = 100_000)]
    deliveries: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds between two rounds of kills: a node, a receiver and a worker each.
    #[arg(long, default_value_t = 5.0)]
    kill_every: f64,
    #[arg(long, default_value_t = 2)]
    receivers: usize,
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// How many deliveries are on their way at once.
    #[arg(long, default_value_t = 64)]
    at_once: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Store {
    Nats,
    Postgres,
}

/// Versions of each thing. A bucket of NATS remembers 64 of them, which the audit reads.
const VERSIONS: u64 = 50;

/// How often a provider sends a delivery that was not accepted.
const TRIES: u32 = 6;

/// What the senders know when all is sent.
#[derive(Default)]
struct Answers {
    accepted: HashSet<Delivery>,
    counts: HashMap<String, u64>,
    longest: Duration,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut random = Random(arguments.seed);
    let deliveries = shuffled(arguments.deliveries, &mut random);
    let engine = match arguments.store {
        Store::Nats => Engine::nats(&arguments.nats_server, &arguments.folder)?,
        Store::Postgres => Engine::postgres()?,
    };
    let environment = engine.environment();
    let (mut receivers, mut addresses) = (Vec::new(), Vec::new());
    for n in 0..arguments.receivers {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let receiver = inbox(&arguments, &environment, &format!("receiver-{n}"));
        receivers.push(receiver.env("ROLE", "receiver").env("ADDR", address.to_string()));
        addresses.push(address);
    }
    let mut workers: Vec<Process> = (0..arguments.workers)
        .map(|n| inbox(&arguments, &environment, &format!("worker-{n}")).env("ROLE", "worker"))
        .collect();
    for process in receivers.iter_mut().chain(&mut workers) {
        process.start()?;
    }
    for address in &addresses {
        ready(*address).await?;
    }
    println!(
        "{} deliveries, doubled and shuffled with seed {}, to {} receivers with {} workers",
        arguments.deliveries, arguments.seed, arguments.receivers, arguments.workers
    );

    let started = Instant::now();
    let sent = Arc::new(AtomicUsize::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let chaos = disturb(Chaos {
        engine,
        receivers,
        workers,
        random: Random(arguments.seed ^ 0x5EED),
        every: Duration::from_secs_f64(arguments.kill_every),
        sent: Arc::clone(&sent),
        half: deliveries.len() / 2,
        over: Arc::clone(&over),
    });
    // Killing waits for the process. The senders do not wait for it.
    let runtime = tokio::runtime::Handle::current();
    let chaos = tokio::task::spawn_blocking(move || runtime.block_on(chaos));
    let total = deliveries.len();
    let answers = send_all(deliveries, addresses, arguments.at_once, sent).await?;
    let took = started.elapsed();
    over.store(true, Ordering::Relaxed);
    let (engine, _processes) = chaos.await??;

    println!(
        "{total} sent in {:.1} s: {:.0} a second",
        took.as_secs_f64(),
        total as f64 / took.as_secs_f64()
    );
    println!(
        "answers: {:?}, the longest took {:.2} s",
        answers.counts,
        answers.longest.as_secs_f64()
    );
    println!(
        "accepted: {} of {} deliveries; their senders know of {} others that they were not",
        answers.accepted.len(),
        arguments.deliveries,
        arguments.deliveries - answers.accepted.len() as u64
    );
    let settled = Instant::now();
    let found = audit::read(&engine).await?;
    println!("nothing waits, {:.1} s after the last answer", settled.elapsed().as_secs_f64());
    audit::compare(&answers.accepted, &found)
}

/// All deliveries twice, in any order.
fn shuffled(count: u64, random: &mut Random) -> Vec<Delivery> {
    let one = |n| Delivery { thing: n / VERSIONS, version: 1 + n % VERSIONS };
    let mut deliveries: Vec<Delivery> = (0..count).chain(0..count).map(one).collect();
    random.shuffle(&mut deliveries);
    deliveries
}

fn inbox(arguments: &Arguments, environment: &[(&'static str, String)], name: &str) -> Process {
    let process = Process::new(&arguments.inbox, arguments.folder.join(format!("{name}.log")));
    environment.iter().fold(process, |process, (name, value)| process.env(name, value))
}

async fn ready(address: SocketAddr) -> Result<(), Failure> {
    for _ in 0..600 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err("a receiver does not start".into())
}

async fn send_all(
    deliveries: Vec<Delivery>,
    receivers: Vec<SocketAddr>,
    at_once: usize,
    sent: Arc<AtomicUsize>,
) -> Result<Answers, Failure> {
    let deliveries = Arc::new(deliveries);
    let answers = Arc::new(Mutex::new(Answers::default()));
    let senders = Senders::new()?;
    let mut tasks = JoinSet::new();
    for n in 0..at_once {
        let mut clients: Vec<Client> = receivers.iter().map(|at| Client::new(*at)).collect();
        let (deliveries, sent) = (Arc::clone(&deliveries), Arc::clone(&sent));
        let (answers, senders) = (Arc::clone(&answers), senders.clone());
        tasks.spawn(async move {
            let mut random = Random(n as u64);
            while let Some(delivery) = deliveries.get(sent.fetch_add(1, Ordering::Relaxed)) {
                send(*delivery, &mut clients, &senders, &answers, &mut random).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut answers))
}

/// Sends as the provider does: again after a failure, to whatever receiver, or never.
async fn send(
    delivery: Delivery,
    clients: &mut [Client],
    senders: &Senders,
    answers: &Mutex<Answers>,
    random: &mut Random,
) -> Result<(), Failure> {
    let tries = if delivery.comes_again() { TRIES } else { 1 };
    for pause in 0..tries {
        let receiver = random.below(clients.len());
        let Some(client) = clients.get_mut(receiver) else { continue };
        let started = Instant::now();
        let answer = client.send(senders.request(delivery)?).await;
        {
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            let answer =
                answer.as_ref().map_or("none".to_owned(), |status| status.as_str().to_owned());
            *answers.counts.entry(answer).or_default() += 1;
            answers.longest = answers.longest.max(started.elapsed());
        }
        if answer.is_ok_and(|status| status == 200) {
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.accepted.insert(delivery);
            return Ok(());
        }
        sleep(Duration::from_millis(100 << pause)).await;
    }
    Ok(())
}

struct Chaos {
    engine: Engine,
    receivers: Vec<Process>,
    workers: Vec<Process>,
    random: Random,
    every: Duration,
    sent: Arc<AtomicUsize>,
    /// When this many are sent, the leader is cut off.
    half: usize,
    over: Arc<AtomicBool>,
}

/// Kills a node, a receiver and a worker again and again, pauses one of the
/// latter two now and then, and cuts the leader off once.
async fn disturb(mut chaos: Chaos) -> Result<(Engine, Vec<Process>), Failure> {
    let (mut rounds, mut pauses, mut is_cut) = (0, 0, false);
    let mut next = Instant::now() + chaos.every;
    while !chaos.over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(50)).await;
        if !is_cut && chaos.sent.load(Ordering::Relaxed) > chaos.half {
            is_cut = true;
            match chaos.engine.cut_off(Duration::from_secs(6)).await {
                Ok(leader) => println!("cut off for 6 s: {leader}"),
                Err(error) => {
                    println!("no leader to cut off, tried again: {error}");
                    is_cut = false;
                }
            }
        }
        if Instant::now() < next {
            continue;
        }
        next = Instant::now() + chaos.every;
        rounds += 1;
        for processes in [&mut chaos.receivers, &mut chaos.workers] {
            let victim = chaos.random.below(processes.len());
            let Some(process) = processes.get_mut(victim) else { continue };
            if chaos.random.below(4) == 0 {
                pauses += 1;
                process.signal("-STOP")?;
                sleep(Duration::from_millis(3_500)).await;
                process.signal("-CONT")?;
            } else {
                process.kill()?;
                sleep(Duration::from_millis(100)).await;
                process.start()?;
            }
        }
        let node = chaos.random.below(3);
        chaos.engine.kill(node, Duration::from_millis(500)).await?;
    }
    println!("{rounds} rounds of kills, {pauses} of them with a pause instead of a kill");
    let processes = chaos.receivers.into_iter().chain(chaos.workers).collect();
    Ok((chaos.engine, processes))
}
