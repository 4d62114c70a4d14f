//! Sends to one receiver as fast as it answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::Failure;
use crate::client::Client;
use crate::delivery::{Delivery, Senders};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    address: SocketAddr,
    #[arg(long, default_value_t = 64)]
    connections: u64,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Deliveries a second over all connections, if not as many as possible.
    #[arg(long)]
    rate: Option<f64>,
    /// The number of the first delivery, so that no two runs send the same.
    #[arg(long, default_value_t = 0)]
    first: u64,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(arguments.first));
    let senders = Senders::new()?;
    let started = Instant::now();
    let until = started + Duration::from_secs_f64(arguments.seconds);
    let mut tasks = JoinSet::new();
    for n in 0..arguments.connections {
        let mut client = Client::new(arguments.address);
        let (next, senders) = (Arc::clone(&next), senders.clone());
        let pause = arguments.rate.map(|rate| arguments.connections as f64 / rate);
        let offset = n as f64 / arguments.connections as f64;
        tasks.spawn(async move {
            let (mut times, mut failed) = (Vec::new(), 0_u64);
            let mut turn = offset;
            while Instant::now() < until {
                let mut sent = Instant::now();
                if let Some(pause) = pause {
                    // What waits for its turn to be sent counts as waiting.
                    sent = started + Duration::from_secs_f64(turn * pause);
                    turn += 1.0;
                    sleep_until(sent.into()).await;
                }
                // Musement's only, each of another item.
                let thing = 3 * next.fetch_add(1, Ordering::Relaxed);
                let request = senders.request(Delivery { thing, version: 1 })?;
                match client.send(request).await {
                    Ok(status) if status == 200 => times.push(sent.elapsed()),
                    _ => failed += 1,
                }
            }
            Ok::<_, Failure>((times, failed))
        });
    }
    let (mut times, mut failed) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (some, failures) = done??;
        times.extend(some);
        failed += failures;
    }
    let took = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |per_mille: usize| {
        let time = times.get(times.len() * per_mille / 1_000).or(times.last());
        time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    println!(
        "{} {:.0} {:.2} {:.2} {:.2} {failed}",
        arguments.connections,
        times.len() as f64 / took,
        at(500),
        at(990),
        at(999)
    );
    Ok(())
}
