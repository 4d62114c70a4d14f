//! Whole requests over loopback: with the crate, with the same work by hand, and
//! with a handler that takes the bytes and looks at nothing.
//!
//! Sixteen connections have their requests written before the first answer is
//! read, all on one thread, so that the server is busy and the sender costs it
//! nothing. No HTTP client does that, so the bytes are written here.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use axum::Router;
use axum::body::to_bytes;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Receipt, Secret, actix, axum as extract, webhook::Extract};
use tokio::time::timeout;

use crate::bodies::{self, MUSEMENT, PORTERBUDDY, StockMusement, StockPorterbuddy};
use crate::by_hand::{self, Signer};
use crate::measure::{median, thread_time};

pub const SENDERS: usize = 16;
const ROUNDS: usize = 201;
/// Within which a body is read, by hand as with the crate.
const LIMIT: usize = 1 << 20;
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The processor time of the server for one request, the median of the rounds.
pub struct Cost {
    pub work: &'static str,
    pub with: f64,
    pub to_by_hand: f64,
    pub to_bytes: f64,
}

const KEY: &str = "porterbuddy-api-key";
const MUSEMENT_USER: (&str, &str) = ("JohnSmith", "Swordfish");
const BANDWIDTH_USER: (&str, &str) = ("bandwidth-user", "bandwidth-password");
const SIGNATURE: &str = "x-porterbuddy-hmac-sha256";

/// The deliveries: M, P, and B with one number.
static DELIVERIES: LazyLock<[Delivery; 3]> = LazyLock::new(|| {
    let basic = |(username, password): (&str, &str)| {
        format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
    };
    let signature = Signer::new(KEY).sign(PORTERBUDDY.as_bytes());
    [
        Delivery::new("M", ("authorization", basic(MUSEMENT_USER)), MUSEMENT.to_owned()),
        Delivery::new("P", (SIGNATURE, signature), PORTERBUDDY.to_owned()),
        Delivery::new("B", ("authorization", basic(BANDWIDTH_USER)), bodies::bandwidth(1, false)),
    ]
});

struct Delivery {
    work: &'static str,
    proof: (&'static str, String),
    body: String,
}

impl Delivery {
    fn new(work: &'static str, proof: (&'static str, String), body: String) -> Self {
        Self { work, proof, body }
    }

    fn request(&self, path: &str) -> Vec<u8> {
        let (name, value) = &self.proof;
        format!(
            "POST /{}/{path} HTTP/1.1\r\nhost: hooks.example.com\r\nuser-agent: axios/0.21.4\r\n\
             accept: */*\r\ncontent-type: application/json\r\n{name}: {value}\r\n\
             content-length: {}\r\n\r\n{}",
            self.work,
            self.body.len(),
            self.body
        )
        .into_bytes()
    }
}

/// What a handler checks and reads without the crate: whether it takes the request.
trait ByHand: Send + Sync + 'static {
    fn takes<'a>(&self, header: impl Fn(&'static str) -> Option<&'a [u8]>, body: &[u8]) -> bool;
}

struct Musement;
struct Porterbuddy(Signer);
struct Bandwidth;

impl ByHand for Musement {
    fn takes<'a>(&self, header: impl Fn(&'static str) -> Option<&'a [u8]>, body: &[u8]) -> bool {
        let (username, password) = MUSEMENT_USER;
        header("authorization").is_some_and(|it| by_hand::authorized(it, username, password))
            && serde_json::from_slice::<StockMusement<'_>>(body).map(black_box).is_ok()
    }
}

impl ByHand for Porterbuddy {
    fn takes<'a>(&self, header: impl Fn(&'static str) -> Option<&'a [u8]>, body: &[u8]) -> bool {
        header(SIGNATURE).is_some_and(|value| self.0.verify(value, body))
            && serde_json::from_slice::<StockPorterbuddy<'_>>(body).map(black_box).is_ok()
    }
}

impl ByHand for Bandwidth {
    fn takes<'a>(&self, header: impl Fn(&'static str) -> Option<&'a [u8]>, body: &[u8]) -> bool {
        let (username, password) = BANDWIDTH_USER;
        header("authorization").is_some_and(|it| by_hand::authorized(it, username, password))
            && by_hand::notification(body).map(black_box).is_some()
    }
}

fn musement() -> OrderItemWebhook {
    OrderItemWebhook::new(BasicAuth::new(MUSEMENT_USER.0, MUSEMENT_USER.1).unwrap())
}

fn porterbuddy() -> OrderWebhook {
    OrderWebhook::new(&Secret::new(KEY).unwrap())
}

fn bandwidth() -> NotificationWebhook {
    NotificationWebhook::new(BasicAuth::new(BANDWIDTH_USER.0, BANDWIDTH_USER.1).unwrap())
}

/// The value of a header that is there once.
macro_rules! once {
    ($headers:expr) => {
        |name| {
            let mut values = $headers.get_all(name).into_iter();
            let value = values.next()?;
            values.next().is_none().then(|| value.as_bytes())
        }
    };
}

pub fn axum() -> Vec<Cost> {
    async fn with<W: Extract>(update: extract::Verified<W>) -> Receipt {
        black_box(&*update);
        Receipt::Accepted
    }
    async fn bytes(body: Bytes) -> Receipt {
        black_box(body);
        Receipt::Accepted
    }
    fn routes<W: Extract>(work: &str, webhook: W, by_hand: impl ByHand) -> Router {
        let by_hand = Arc::new(by_hand);
        let hand = async move |request: axum::extract::Request| {
            let (head, body) = request.into_parts();
            let body = match timeout(TIME_LIMIT, to_bytes(body, LIMIT)).await {
                Ok(Ok(body)) => body,
                Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE,
                Err(_) => return StatusCode::REQUEST_TIMEOUT,
            };
            let taken = by_hand.takes(once!(&head.headers), &body);
            if taken { StatusCode::OK } else { StatusCode::FORBIDDEN }
        };
        Router::new()
            .route(&format!("/{work}/with"), post(with::<W>).with_state(webhook))
            .route(&format!("/{work}/by-hand"), post(hand))
            .route(&format!("/{work}/bytes"), post(bytes))
    }
    let (listener, address) = listen();
    std::thread::spawn(|| {
        let app = routes("M", musement(), Musement)
            .merge(routes("P", porterbuddy(), Porterbuddy(Signer::new(KEY))))
            .merge(routes("B", bandwidth(), Bandwidth))
            .route("/time", get(async || thread_time().to_string()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            listener.set_nonblocking(true).unwrap();
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    compare(address)
}

pub fn actix() -> Vec<Cost> {
    async fn with<W: Extract>(update: actix::Verified<W>) -> Receipt {
        black_box(&*update);
        Receipt::Accepted
    }
    async fn bytes(body: Bytes) -> Receipt {
        black_box(body);
        Receipt::Accepted
    }
    async fn hand<H: ByHand>(
        by_hand: web::Data<H>,
        request: HttpRequest,
        body: web::Payload,
    ) -> HttpResponse {
        let body = match timeout(TIME_LIMIT, body.to_bytes_limited(LIMIT)).await {
            Ok(Ok(Ok(body))) => body,
            Ok(Ok(Err(_))) => return HttpResponse::BadRequest().finish(),
            Ok(Err(_)) => return HttpResponse::PayloadTooLarge().finish(),
            Err(_) => return HttpResponse::RequestTimeout().finish(),
        };
        if by_hand.takes(once!(request.headers()), &body) {
            HttpResponse::Ok().finish()
        } else {
            HttpResponse::Forbidden().finish()
        }
    }
    fn routes<W: Extract, H: ByHand>(
        app: &mut web::ServiceConfig,
        work: &str,
        webhook: W,
        by_hand: H,
    ) {
        app.app_data(webhook)
            .app_data(web::Data::new(by_hand))
            .route(&format!("/{work}/with"), web::post().to(with::<W>))
            .route(&format!("/{work}/by-hand"), web::post().to(hand::<H>))
            .route(&format!("/{work}/bytes"), web::post().to(bytes));
    }
    let (listener, address) = listen();
    std::thread::spawn(|| {
        actix_web::rt::System::new().block_on(async {
            let app = || {
                App::new()
                    .configure(|app| {
                        routes(app, "M", musement(), Musement);
                        routes(app, "P", porterbuddy(), Porterbuddy(Signer::new(KEY)));
                        routes(app, "B", bandwidth(), Bandwidth);
                    })
                    .route("/time", web::get().to(async || thread_time().to_string()))
            };
            let server = HttpServer::new(app).workers(1).listen(listener).unwrap();
            server.run().await.unwrap();
        });
    });
    compare(address)
}

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn compare(address: SocketAddr) -> Vec<Cost> {
    let mut clients: Vec<_> = (0..SENDERS).map(|_| TcpStream::connect(address).unwrap()).collect();
    for client in &clients {
        client.set_nodelay(true).unwrap();
    }
    DELIVERIES.iter().map(|delivery| compare_one(&mut clients, delivery)).collect()
}

fn compare_one(clients: &mut [TcpStream], delivery: &Delivery) -> Cost {
    let requests = ["with", "by-hand", "bytes"].map(|path| delivery.request(path));
    // The first round warms up.
    let rounds: Vec<[f64; 3]> = (0..=ROUNDS)
        .map(|round| {
            let mut costs = [0.0; 3];
            for turn in 0..3 {
                let which = (round + turn) % 3;
                costs[which] = cost(clients, &requests[which]);
            }
            costs
        })
        .skip(1)
        .collect();
    let of = |value: fn(&[f64; 3]) -> f64| median(rounds.iter().map(value).collect());
    Cost {
        work: delivery.work,
        with: of(|[with, ..]| *with),
        to_by_hand: of(|[with, by_hand, _]| with / by_hand),
        to_bytes: of(|[with, _, bytes]| with / bytes),
    }
}

/// The processor time of the server's thread for one request.
fn cost(clients: &mut [TcpStream], request: &[u8]) -> f64 {
    let times = 384 / clients.len();
    let server = server_time(&mut clients[0]);
    for _ in 0..times {
        for client in &mut *clients {
            client.write_all(request).unwrap();
        }
        for client in &mut *clients {
            let answer = answer(client);
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
    }
    (server_time(&mut clients[0]) - server) / (times * clients.len()) as f64
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
