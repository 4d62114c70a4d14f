//! Sends deliveries as Musement would, and notes which were answered 200.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use order_webhooks::Credentials;
use tokio::time::{sleep, timeout};

/// A version of a thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Delivery {
    pub(crate) thing: usize,
    pub(crate) version: usize,
}

impl Delivery {
    pub(crate) fn new(number: usize, things: usize) -> Self {
        Self { thing: number % things, version: number / things + 1 }
    }

    fn body(self) -> String {
        let Self { thing, version } = self;
        format!(
            r#"{{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_status":"{version}",
            "order_item_uuid":"11045e18-e3ca-42e1-acb4-{thing:012x}","order_item_version":{version}}}"#
        )
    }
}

pub(crate) struct Sent {
    pub(crate) accepted: HashSet<Delivery>,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) slowest: Duration,
}

pub(crate) async fn wait_for(ports: &[u16]) {
    for port in ports {
        while tokio::net::TcpStream::connect(("127.0.0.1", *port)).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Sends each once, to the receivers in turn. A refused connection is tried again for a
/// while, as a proxy would; an answer is final.
pub(crate) async fn all(deliveries: Vec<Delivery>, ports: Vec<u16>, at_once: usize) -> Sent {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let authorization = Credentials::new("JohnSmith", "Swordfish").unwrap().authorization();
    let waiting = Arc::new(Mutex::new(deliveries));
    let accepted = Arc::new(Mutex::new(HashSet::new()));
    let times = Arc::new(Mutex::new(Vec::new()));
    let senders = (0..at_once).map(|sender| {
        let (client, authorization, ports) = (client.clone(), authorization.clone(), ports.clone());
        let (waiting, accepted, times) = (waiting.clone(), accepted.clone(), times.clone());
        tokio::spawn(async move {
            let mut turn = sender;
            loop {
                let Some(delivery) = waiting.lock().unwrap().pop() else { return };
                for _ in 0..20 {
                    turn += 1;
                    let port = ports[turn % ports.len()];
                    let request = Request::post(format!("http://127.0.0.1:{port}/musement"))
                        .header(AUTHORIZATION, authorization.clone())
                        .body(delivery.body().into())
                        .unwrap();
                    let begun = Instant::now();
                    let answer = async {
                        let answer = client.request(request).await.ok()?;
                        let status = answer.status();
                        answer.into_body().collect().await.ok()?;
                        Some(status)
                    };
                    match timeout(Duration::from_secs(10), answer).await {
                        Ok(Some(StatusCode::OK)) => {
                            times.lock().unwrap().push(begun.elapsed());
                            accepted.lock().unwrap().insert(delivery);
                            break;
                        }
                        Ok(Some(_)) => break,
                        _ => sleep(Duration::from_millis(50)).await,
                    }
                }
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    let mut times = std::mem::take(&mut *times.lock().unwrap());
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 1000).copied().unwrap_or_default();
    let (p50, p99, slowest) = (at(500), at(990), times.last().copied().unwrap_or_default());
    let accepted = std::mem::take(&mut *accepted.lock().unwrap());
    Sent { accepted, p50, p99, slowest }
}
