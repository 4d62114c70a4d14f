//! Whole requests over loopback, with and without the crate.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use axum::Router;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderName;
use order_webhooks::porterbuddy::{OrderWebhook, Receipt};
use order_webhooks::{Secret, actix, axum as extract};
use sha2::Sha256;

use crate::bodies::{PORTERBUDDY, StockPorterbuddy};
use crate::delivery::signed;
use crate::measure::{median, process_time, thread_time};

/// As many as a busy endpoint has open, all kept alive.
const CONNECTIONS: usize = 16;
const ROUNDS: usize = 201;
const PATHS: [&str; 3] = ["/with", "/without", "/by-hand"];

/// The processor time of one request, in nanoseconds, with the extractor and as
/// a multiple of that of two other handlers: the medians of the rounds.
pub struct Cost {
    /// Server and sender, and the kernel for both.
    pub both: Side,
    /// The server's thread alone.
    pub server: Side,
}

pub struct Side {
    pub with: f64,
    /// A handler that takes the bytes and looks at nothing.
    pub to_without: f64,
    /// A handler that does the same work by hand.
    pub to_by_hand: f64,
}

fn webhook() -> OrderWebhook {
    OrderWebhook::new(&Secret::new(KEY).unwrap())
}

const KEY: &str = "porterbuddy-api-key";
const HEADER: HeaderName = HeaderName::from_static("x-porterbuddy-hmac-sha256");

/// What a handler does without the crate, with the key prepared.
fn by_hand(signature: Option<&[u8]>, body: &[u8]) -> bool {
    static PREPARED: LazyLock<Hmac<Sha256>> =
        LazyLock::new(|| Hmac::new_from_slice(KEY.as_bytes()).unwrap());
    let mut digest = [0; 32];
    let Some(Ok(32)) = signature.map(|value| STANDARD.decode_slice(value, &mut digest)) else {
        return false;
    };
    PREPARED.clone().chain_update(body).verify_slice(&digest).is_ok()
        && serde_json::from_slice::<StockPorterbuddy<'_>>(std::hint::black_box(body)).is_ok()
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
    async fn hand(headers: http::HeaderMap, body: Bytes) -> http::StatusCode {
        let signature = headers.get(HEADER).map(http::HeaderValue::as_bytes);
        if by_hand(signature, &body) { http::StatusCode::OK } else { http::StatusCode::FORBIDDEN }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(|| {
        let app = Router::new()
            .route("/with", post(with))
            .route("/without", post(without))
            .route("/by-hand", post(hand))
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
    async fn hand(request: HttpRequest, body: Bytes) -> HttpResponse {
        let signature = request.headers().get(HEADER.as_str()).map(|value| value.as_bytes());
        if by_hand(signature, &body) { HttpResponse::Ok() } else { HttpResponse::Forbidden() }
            .into()
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
                    .route("/by-hand", web::post().to(hand))
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
    let requests = PATHS.map(|path| {
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
    // The first round warms up.
    let rounds: Vec<[[f64; 2]; 3]> = (0..=ROUNDS)
        .map(|round| {
            let mut costs = [[0.0; 2]; 3];
            for turn in 0..3 {
                let which = (round + turn) % 3;
                costs[which] = cost(&mut clients, &requests[which]);
            }
            costs
        })
        .skip(1)
        .collect();
    let side = |side: usize| {
        let over = |other: Option<usize>| {
            let value = |costs: &[[f64; 2]; 3]| {
                costs[0][side] / other.map_or(1.0, |other| costs[other][side])
            };
            median(rounds.iter().map(value).collect())
        };
        Side { with: over(None), to_without: over(Some(1)), to_by_hand: over(Some(2)) }
    };
    Cost { both: side(0), server: side(1) }
}

/// The processor time of one request: of both sides, and of the server.
fn cost(clients: &mut [TcpStream], request: &[u8]) -> [f64; 2] {
    const TIMES: usize = 24;
    let server = server_time(&mut clients[0]);
    let both = process_time();
    for _ in 0..TIMES {
        for client in &mut *clients {
            client.write_all(request).unwrap();
        }
        for client in &mut *clients {
            assert!(answer(client).starts_with("HTTP/1.1 200 "));
        }
    }
    let both = process_time() - both;
    let server = server_time(&mut clients[0]) - server;
    [both, server].map(|time| time / (TIMES * clients.len()) as f64)
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
