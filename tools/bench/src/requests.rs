//! Whole requests over loopback, with and without the crate.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use actix_web::{App, HttpServer, web};
use axum::Router;
use axum::routing::{get, post};
use bytes::Bytes;
use order_webhooks::porterbuddy::{OrderWebhook, Receipt};
use order_webhooks::{Secret, actix, axum as extract};

use crate::bodies::PORTERBUDDY;
use crate::delivery::signed;
use crate::measure::{median, thread_time};

/// As many as a busy endpoint has open.
const CONNECTIONS: usize = 16;
const ROUNDS: usize = 201;

/// The processor time of one request, in nanoseconds: with the extractor, and
/// with a handler that takes the bytes; and the median of the rounds' ratios.
pub struct Cost {
    pub with: f64,
    pub without: f64,
    pub ratio: f64,
}

fn webhook() -> OrderWebhook {
    OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap())
}

pub fn axum() -> Cost {
    async fn with(update: extract::Verified<OrderWebhook>) -> Receipt {
        std::hint::black_box(&*update);
        Receipt::Accepted
    }
    async fn without(body: Bytes) -> Receipt {
        std::hint::black_box(body);
        Receipt::Accepted
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(|| {
        let app = Router::new()
            .route("/with", post(with))
            .route("/without", post(without))
            .route("/time", get(async || thread_time().to_string()))
            .with_state(webhook());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            listener.set_nonblocking(true).unwrap();
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    compare(address)
}

pub fn actix() -> Cost {
    async fn with(update: actix::Verified<OrderWebhook>) -> Receipt {
        std::hint::black_box(&*update);
        Receipt::Accepted
    }
    async fn without(body: Bytes) -> Receipt {
        std::hint::black_box(body);
        Receipt::Accepted
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(|| {
        actix_web::rt::System::new().block_on(async {
            let app = || {
                App::new()
                    .app_data(webhook())
                    .route("/with", web::post().to(with))
                    .route("/without", web::post().to(without))
                    .route("/time", web::get().to(async || thread_time().to_string()))
            };
            let server = HttpServer::new(app).workers(1).listen(listener).unwrap();
            server.run().await.unwrap();
        });
    });
    compare(address)
}

fn compare(address: SocketAddr) -> Cost {
    let mut clients: Vec<_> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
    for client in &clients {
        client.set_nodelay(true).unwrap();
    }
    let requests = ["/with", "/without"].map(|path| {
        let request = signed(&webhook()).body(()).unwrap();
        let mut bytes = format!("POST {path} HTTP/1.1\r\n").into_bytes();
        for (name, value) in request.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(PORTERBUDDY.as_bytes());
        bytes
    });
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let mut costs = [0.0; 2];
        for turn in 0..2 {
            let which = (round + turn) % 2;
            costs[which] = cost(&mut clients, &requests[which]);
        }
        // The first round warms up.
        if round > 0 {
            with.push(costs[0]);
            without.push(costs[1]);
            ratios.push(costs[0] / costs[1]);
        }
    }
    Cost { with: median(with), without: median(without), ratio: median(ratios) }
}

fn cost(clients: &mut [TcpStream], request: &[u8]) -> f64 {
    const TIMES: usize = 24;
    let start = server_time(&mut clients[0]);
    for _ in 0..TIMES {
        for client in &mut *clients {
            client.write_all(request).unwrap();
        }
        for client in &mut *clients {
            assert!(answer(client).starts_with("HTTP/1.1 200 "));
        }
    }
    (server_time(&mut clients[0]) - start) / (TIMES * clients.len()) as f64
}

fn server_time(client: &mut TcpStream) -> f64 {
    client.write_all(b"GET /time HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let answer = answer(client);
    answer.rsplit_once("\r\n\r\n").unwrap().1.parse().unwrap()
}

/// One answer, which is short and comes with its length.
fn answer(client: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let length = client.read(&mut piece).unwrap();
        assert!(length > 0, "the server hung up");
        answer.extend_from_slice(&piece[..length]);
        let text = std::str::from_utf8(&answer).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let declared = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == declared.unwrap().parse::<usize>().unwrap() {
            return text.to_owned();
        }
    }
}
