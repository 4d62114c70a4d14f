//! The example servers with senders and readers that do not do their part.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "common/sender.rs"]
mod sender;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sender::{Connection, Request};

const ORDER_ITEM: &str = include_str!("data/musement/order-item.json");
const PORT_OUT: &str = include_str!("data/bandwidth/port-out.xml");

const MUSEMENT: &str = "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==";
const BANDWIDTH: &str = "Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";

const SERVERS: [&str; 3] = ["axum_server", "actix_server", "inbox"];

/// A server whose output nobody reads after the first line.
struct Server {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
    _unread: (ChildStdout, BufReader<ChildStderr>),
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Server {
    fn start(name: &str) -> Self {
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let path = path.join("examples").join(name);
        assert!(path.exists(), "run `cargo build --examples` before this test alone");
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("servers-{}-{next}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let mut command = Command::new(path);
        command.env("DATABASE", folder.join("inbox.db")).env_remove("DATABASE_URL");
        command.env("ADDR", "127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = process.stdout.take().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect(&line);
        let address = address.parse().unwrap();
        Self { process, address, folder, _unread: (stdout, stderr) }
    }

    fn asked_to_stop(&mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Some thousand lines, for a pipe that holds about a thousand.
#[test]
fn a_reader_that_does_not_read_stops_no_answer() {
    for name in SERVERS {
        let server = Server::start(name);
        let forged = Request::post("/musement").header("Authorization", "Basic eDp5").body("{}");
        let genuine = Request::post("/musement").header("Authorization", MUSEMENT).body(ORDER_ITEM);
        let mut connection = Connection::open(server.address);
        for _ in 0..3_000 {
            let response = connection.send(&forged.clone().keeping_the_connection());
            assert_eq!(response.status, 401, "{name}");
            let response = connection.send(&genuine.clone().keeping_the_connection());
            assert!([200, 503].contains(&response.status), "{name}: {}", response.status);
        }
        let port_out = Request::post("/bandwidth/port-out").header("Authorization", BANDWIDTH);
        let response = Connection::open(server.address).send(&port_out.body(PORT_OUT));
        // The inbox has no place for a port-out.
        let expected = if name == "inbox" { 404 } else { 200 };
        assert_eq!(response.status, expected, "{name}");
    }
}

/// Half a head gives neither its connection nor the process a long life.
#[test]
fn half_heads_do_not_stay() {
    for name in SERVERS {
        let mut server = Server::start(name);
        let half = || {
            let mut connection = Connection::open(server.address);
            connection.write(b"POST /musement HTTP/1.1\r\nHost: x\r\nX-Y: ").unwrap();
            connection
        };
        let halves: Vec<_> = (0..200).map(|_| half()).collect();
        let started = Instant::now();
        for mut half in halves {
            // Nothing, or a 408; and then the end.
            while half.response(false).is_some() {}
        }
        assert!(started.elapsed() < Duration::from_secs(15), "{name}: {:?}", started.elapsed());

        let _half = half();
        server.asked_to_stop();
        let started = Instant::now();
        while server.process.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < Duration::from_secs(15), "{name} goes on");
            thread::sleep(Duration::from_millis(50));
        }
    }
}
