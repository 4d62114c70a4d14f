//! The engine under the inbox: a cluster of NATS, or one PostgreSQL.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use async_nats::jetstream;
use tokio::time::sleep;

use crate::Failure;
use crate::process::Process;

pub(crate) enum Engine {
    Nats {
        nodes: Vec<Process>,
        url: String,
    },
    /// PostgreSQL is started by the script.
    Postgres {
        url: String,
        crash: String,
        data: String,
    },
}

impl Engine {
    /// Three nodes, each with the others as its routes.
    pub(crate) fn nats(server: &Path, folder: &Path) -> Result<Self, Failure> {
        let ports: Vec<[u16; 2]> =
            (0..3).map(|_| Ok([free_port()?, free_port()?])).collect::<Result<_, Failure>>()?;
        let routes: Vec<String> =
            ports.iter().map(|[_, route]| format!("nats-route://127.0.0.1:{route}")).collect();
        let mut nodes = Vec::new();
        for (n, [port, route]) in ports.iter().enumerate() {
            let path = folder.join(format!("node-{n}"));
            let config = format!(
                "server_name: node-{n}\nlisten: 127.0.0.1:{port}\njetstream {{ store_dir: \"{}\" }}\n\
                 cluster {{ name: inbox, listen: 127.0.0.1:{route}, routes: {routes:?} }}\n",
                path.display()
            );
            let file = folder.join(format!("node-{n}.conf"));
            std::fs::write(&file, config)?;
            let log = folder.join(format!("node-{n}.log"));
            let mut node = Process::new(server, log).arg("-c").arg(file);
            node.start()?;
            nodes.push(node);
        }
        let urls: Vec<String> =
            ports.iter().map(|[port, _]| format!("nats://127.0.0.1:{port}")).collect();
        Ok(Self::Nats { nodes, url: urls.join(",") })
    }

    pub(crate) fn postgres() -> Result<Self, Failure> {
        let var = |name| std::env::var(name).map_err(|_| format!("{name} is not set"));
        let (url, crash) = (var("DATABASE_URL")?, var("DATABASE_CRASH")?);
        Ok(Self::Postgres { url, crash, data: var("POSTGRES_DATA")? })
    }

    /// What a process of the inbox has to know.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Nats { url, .. } => {
                vec![("NATS_URL", url.clone()), ("NATS_REPLICAS", "3".into())]
            }
            Self::Postgres { url, .. } => vec![("DATABASE_URL", url.clone())],
        }
    }

    /// Kills a node, and starts it again after a while.
    pub(crate) async fn kill(&mut self, node: usize, away: Duration) -> Result<(), Failure> {
        match self {
            Self::Nats { nodes, .. } => {
                let count = nodes.len();
                let Some(node) = nodes.get_mut(node % count) else { return Ok(()) };
                node.kill()?;
                sleep(away).await;
                node.start()
            }
            Self::Postgres { crash, .. } => {
                let crash = crash.clone();
                let crashed = tokio::task::spawn_blocking(move || {
                    Command::new("sh").args(["-c", &crash]).output()
                });
                let output = crashed.await??;
                if output.status.success() { Ok(()) } else { Err("PostgreSQL is gone".into()) }
            }
        }
    }

    /// Stops the leader of the stream, as if it were cut off from everybody, and
    /// lets it go on later, as if it knew nothing of it.
    pub(crate) async fn cut_off(&self, long: Duration) -> Result<String, Failure> {
        match self {
            Self::Nats { nodes, url } => {
                let leader = leader(url).await?;
                let number = leader.strip_prefix("node-").and_then(|n| n.parse::<usize>().ok());
                let node = number.and_then(|n| nodes.get(n)).ok_or("no such node")?;
                node.signal("-STOP")?;
                sleep(long).await;
                node.signal("-CONT")?;
                Ok(leader)
            }
            Self::Postgres { data, .. } => {
                let postmaster = std::fs::read_to_string(format!("{data}/postmaster.pid"))?;
                let postmaster = postmaster.lines().next().ok_or("no process")?.to_owned();
                let all = format!("{postmaster} $(pgrep -P {postmaster})");
                let signal = |signal: &str| {
                    Command::new("sh").args(["-c", &format!("kill {signal} {all}")]).status()
                };
                signal("-STOP")?;
                sleep(long).await;
                signal("-CONT")?;
                Ok("the server".into())
            }
        }
    }
}

async fn leader(url: &str) -> Result<String, Failure> {
    let servers: Vec<&str> = url.split(',').collect();
    let context = jetstream::new(async_nats::connect(servers).await?);
    let info = context.get_stream("inbox_deliveries").await?.get_info().await?;
    let cluster = info.cluster.ok_or("not a cluster")?;
    Ok(cluster.leader.ok_or("no leader")?)
}

/// Not one of those that the system gives to outgoing connections: it stays free
/// while its process is killed and started again.
pub(crate) fn free_port() -> Result<u16, Failure> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16;
    for _ in 0..20_000 {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + first.wrapping_add(next.wrapping_mul(7)) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is free".into())
}
