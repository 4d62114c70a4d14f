//! Receives the documented deliveries of every webhook, the way each provider
//! sends them, and prints what came of each.
//!
//! ```text
//! cargo run --example demo
//! ```
//!
//! The receiver listens on a loopback port that the system chooses; nothing
//! leaves the machine. The exit status is 0 only if every row came out as it
//! should.
#![allow(clippy::print_stdout, reason = "a table is the point of the example")]

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::post;
use order_webhooks::axum::{Verified, port_out};
use order_webhooks::bandwidth::{
    self, DenialReason, EventType, Notification, NotificationWebhook, OrderNotification, OrderType,
    PortOutValidationRequest, PortOutWebhook, Subscriber, SubscriptionWebhook, TelephoneNumber,
};
use order_webhooks::musement::{OrderItemStatus, OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatus, OrderStatusUpdate, OrderWebhook};
use order_webhooks::{
    BasicAuth, ConfigError, Credentials, Extract, Reason, Receipt, Rejection, Secret,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ORDER_ITEM: &str = include_str!("../tests/data/musement/order-item.json");
const ORDER_STATUS: &str = include_str!("../tests/data/porterbuddy/order-status.json");
const AS_PRINTED: &str = include_str!("../tests/data/porterbuddy/order-status-as-printed.json");
const ORDER: &str = include_str!("../tests/data/bandwidth/order-notification.xml");
const NOTE: &str = include_str!("../tests/data/bandwidth/note-notification.xml");
const EVENT: &str = include_str!("../tests/data/bandwidth/event-notification.xml");
const PORT_OUT: &str = include_str!("../tests/data/bandwidth/port-out.xml");
const V2: &str = include_str!("../tests/data/bandwidth/subscription-update.json");

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let log = Log::default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = receiver(log.clone())?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    println!("The receiver listens on http://{address}\n");

    let mut rows = Vec::new();
    for delivery in deliveries()? {
        let outcome = send(address, &delivery, &log).await?;
        rows.push(Row { delivery, outcome });
    }
    print(&rows);
    let good = rows.iter().all(Row::is_as_expected);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

// What is delivered, and what has to come of it

struct Delivery {
    sender: &'static str,
    sent: &'static str,
    path: &'static str,
    proof: Proof,
    body: String,
    expected: Outcome,
}

/// How a sender shows who it is.
enum Proof {
    /// Credentials with the first request.
    UpFront(Credentials),
    /// Credentials once they are asked for.
    Asked(Credentials),
    /// A signature in this header.
    Signed(&'static str, String),
}

/// The columns of the table that depend on the receiver.
#[derive(PartialEq)]
struct Outcome {
    authenticity: String,
    answer: String,
    event: String,
}

fn outcome(authenticity: &str, answer: &str, event: &str) -> Outcome {
    Outcome { authenticity: authenticity.into(), answer: answer.into(), event: event.into() }
}

fn deliveries() -> Result<Vec<Delivery>, Box<dyn Error>> {
    let mut all = musement()?;
    all.extend(porterbuddy()?);
    all.extend(bandwidth_notifications()?);
    all.extend(bandwidth_port_outs()?);
    all.extend(bandwidth_v2()?);
    Ok(all)
}

fn musement() -> Result<Vec<Delivery>, ConfigError> {
    let delivery = |sent, password, body: &str, expected| {
        let proof = Proof::UpFront(Credentials::new("JohnSmith", password)?);
        let body = body.to_owned();
        Ok(Delivery { sender: "Musement", sent, path: "/musement", proof, body, expected })
    };
    let (right, wrong) = ("right credentials", "wrong credentials");
    let unknown = ORDER_ITEM.replace("\"OK\"", "\"ON_HOLD\"");
    let damaged = ORDER_ITEM.replace("order_item_status", "status");
    let item = "item 11045e18 is OK, version 22";
    let unknown_item = "item 11045e18 is ON_HOLD (unknown), version 22";
    let missing = "none: order_item_status: missing";
    let refused = "none: credentials refused: not the expected ones";
    [
        delivery("an order item", "Swordfish", ORDER_ITEM, outcome(right, "200", item)),
        delivery("an unknown status", "Swordfish", &unknown, outcome(right, "200", unknown_item)),
        delivery("forged", "Marlin", ORDER_ITEM, outcome(wrong, "401", refused)),
        delivery("damaged: no status", "Swordfish", &damaged, outcome(right, "400", missing)),
    ]
    .into_iter()
    .collect()
}

fn porterbuddy() -> Result<Vec<Delivery>, ConfigError> {
    let delivery = |sent, key, body: &str, expected| {
        let signature = OrderWebhook::new(&Secret::new(key)?).signature().sign(body.as_bytes());
        let proof = Proof::Signed("x-porterbuddy-hmac-SHA256", signature);
        let body = body.to_owned();
        Ok(Delivery { sender: "Porterbuddy", sent, path: "/porterbuddy", proof, body, expected })
    };
    let (right, wrong) = ("right signature", "wrong signature");
    let key = "porterbuddy-api-key";
    let unknown = ORDER_STATUS.replace("canceled", "at_the_door");
    let order = "order 394326 is cancelled";
    let unknown_order = "order 394326 is at_the_door (unknown)";
    let comma = "none: trailing comma at byte 201";
    let refused = "none: the signature does not match the body";
    [
        delivery("an order", key, ORDER_STATUS, outcome(right, "200", order)),
        delivery("an unknown status", key, &unknown, outcome(right, "200", unknown_order)),
        delivery("forged", "another-key", ORDER_STATUS, outcome(wrong, "403", refused)),
        delivery("damaged: a comma too many", key, AS_PRINTED, outcome(right, "400", comma)),
    ]
    .into_iter()
    .collect()
}

fn bandwidth(
    sent: &'static str,
    path: &'static str,
    password: &str,
    body: &str,
    expected: Outcome,
) -> Result<Delivery, ConfigError> {
    let proof = Proof::Asked(Credentials::new("bandwidth-user", password)?);
    Ok(Delivery { sender: "Bandwidth", sent, path, proof, body: body.to_owned(), expected })
}

fn bandwidth_notifications() -> Result<Vec<Delivery>, ConfigError> {
    let delivery = |sent, password, body: &str, expected| {
        bandwidth(sent, "/bandwidth/notifications", password, body, expected)
    };
    let delivered = |event| outcome("asked, then right", "401, 200", event);
    let password = "bandwidth-password";
    let unknown = ORDER.replace(">orders<", ">satellites<").replace("COMPLETE", "IN_ORBIT");
    let damaged: String = ORDER.chars().take(200).collect();
    let unknown_order = "satellites (unknown) IN_ORBIT (unknown), 1 number";
    let end = "none: unexpected end of the document at byte 200";
    let refused = "none: credentials refused: not the expected ones";
    [
        delivery("an order", password, ORDER, delivered("orders COMPLETE, 1 number")),
        delivery("a note on an order", password, NOTE, delivered("a note on portins FOC")),
        delivery("an event", password, EVENT, delivered("MESSAGING_LOST, 1 number")),
        delivery("an unknown order type", password, &unknown, delivered(unknown_order)),
        delivery("forged", "Marlin", ORDER, outcome("asked, then wrong", "401, 401", refused)),
        delivery("damaged: cut", password, &damaged, outcome("asked, then right", "401, 400", end)),
    ]
    .into_iter()
    .collect()
}

fn bandwidth_port_outs() -> Result<Vec<Delivery>, ConfigError> {
    let delivery = |sent, body: &str, answer, event| {
        let expected = outcome("asked, then right", answer, event);
        bandwidth(sent, "/bandwidth/port-out", "bandwidth-password", body, expected)
    };
    let wrong_pin = PORT_OUT.replace("1111", "2222");
    let damaged: String = PORT_OUT.chars().take(200).collect();
    let asked = "may some_pon take 2 numbers?";
    [
        delivery("a port-out", PORT_OUT, "401, 200 allowed", asked),
        delivery("a port-out, wrong PIN", &wrong_pin, "401, 200 denied 7513", asked),
        delivery("a port-out, damaged", &damaged, "401, 200 denied 7598", "none: not asked"),
    ]
    .into_iter()
    .collect()
}

fn bandwidth_v2() -> Result<Vec<Delivery>, ConfigError> {
    let delivery = |sent, key, expected| {
        let webhook = SubscriptionWebhook::<Value>::new(&Secret::new(key)?);
        let signature = webhook.signature().sign(V2.as_bytes());
        let proof = Proof::Signed("X-Bandwidth-Signature-SHA-256", signature);
        let (sender, path, body) = ("Bandwidth", "/bandwidth/v2", V2.to_owned());
        Ok(Delivery { sender, sent, path, proof, body, expected })
    };
    let update = "JSON with eventType, nested, orderType";
    let refused = "none: the signature does not match the body";
    [
        delivery("an update, v2", "bandwidth-secret", outcome("right signature", "200", update)),
        delivery("forged, v2", "another-key", outcome("wrong signature", "403", refused)),
    ]
    .into_iter()
    .collect()
}

// The receiver

/// What the handlers were given, one line each.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Clone, FromRef)]
struct App {
    musement: OrderItemWebhook,
    porterbuddy: OrderWebhook,
    notifications: NotificationWebhook,
    v2: SubscriptionWebhook,
    log: Log,
}

fn receiver(log: Log) -> Result<Router, ConfigError> {
    let bandwidth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
    let subscriber = Subscriber::new("777", ["2223331000", "2223331001"])?.with_pin("1111")?;
    let port_outs = PortOutWebhook::new(bandwidth.clone(), DenialReason::InvalidRequest.into());
    let (subscriber, judged) = (Arc::new(subscriber), log.clone());
    let judge = move |request: Verified<PortOutWebhook>| {
        judged.add(request.described());
        let answer = subscriber.judge(&request);
        async { answer }
    };
    Ok(Router::new()
        .route("/musement", post(on::<OrderItemWebhook>))
        .route("/porterbuddy", post(on::<OrderWebhook>))
        .route("/bandwidth/notifications", post(on::<NotificationWebhook>))
        .route("/bandwidth/v2", post(on::<SubscriptionWebhook>))
        .route("/bandwidth/port-out", port_out(port_outs, judge))
        .with_state(App {
            musement: OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?),
            porterbuddy: OrderWebhook::new(&Secret::new("porterbuddy-api-key")?),
            notifications: NotificationWebhook::new(bandwidth),
            v2: SubscriptionWebhook::new(&Secret::new("bandwidth-secret")?),
            log,
        }))
}

async fn on<W: Extract<Event: Describe>>(
    State(log): State<Log>,
    delivery: Result<Verified<W>, Rejection>,
) -> Result<Receipt, Rejection> {
    match delivery {
        Ok(verified) => {
            log.add(verified.described());
            Ok(Receipt::Accepted)
        }
        Err(rejection) => {
            log.add(match rejection.reason() {
                Reason::Unparsable(error) => format!("none: {error}"),
                reason => format!("none: {reason}"),
            });
            Err(rejection)
        }
    }
}

/// An event in a few words.
trait Describe {
    fn described(&self) -> String;
}

impl Describe for OrderItemUpdate {
    fn described(&self) -> String {
        let status = marked(&self.order_item_status, OrderItemStatus::KNOWN);
        let id = self.order_item_uuid.as_fields().0;
        format!("item {id:08x} is {status}, version {}", self.order_item_version)
    }
}

impl Describe for OrderStatusUpdate {
    fn described(&self) -> String {
        format!("order {} is {}", self.order_id, marked(&self.order_status, OrderStatus::KNOWN))
    }
}

impl Describe for Notification {
    fn described(&self) -> String {
        match self {
            Self::Order(order) => {
                format!("{}, {}", what_and_where(order), count(&order.completed_telephone_numbers))
            }
            Self::Note(note) => format!("a note on {}", what_and_where(&note.order)),
            Self::Event(event) => {
                let what = marked(&event.event_type, EventType::KNOWN);
                format!("{what}, {}", count(&event.impacted_telephone_numbers))
            }
            _ => "something else".to_owned(),
        }
    }
}

fn what_and_where(order: &OrderNotification) -> String {
    let what = order.order_type.as_ref().map(|what| marked(what, OrderType::KNOWN));
    let status = order.status.as_ref().map(|status| marked(status, bandwidth::OrderStatus::KNOWN));
    format!("{} {}", what.unwrap_or_default(), status.unwrap_or_default())
}

impl Describe for PortOutValidationRequest {
    fn described(&self) -> String {
        let pon = self.pon().unwrap_or("someone");
        format!("may {pon} take {}?", count(self.telephone_numbers()))
    }
}

impl Describe for Value {
    fn described(&self) -> String {
        let mut names: Vec<_> = self.as_object().into_iter().flat_map(|map| map.keys()).collect();
        names.sort();
        let names: Vec<_> = names.into_iter().map(String::as_str).collect();
        format!("JSON with {}", names.join(", "))
    }
}

fn count(numbers: &[TelephoneNumber]) -> String {
    let plural = if numbers.len() == 1 { "" } else { "s" };
    format!("{} number{plural}", numbers.len())
}

/// A word of a provider, and whether it is one that its documentation lists.
fn marked<T: PartialEq + std::fmt::Display>(word: &T, known: &[T]) -> String {
    if known.contains(word) { word.to_string() } else { format!("{word} (unknown)") }
}

// The senders

/// Sends a delivery as its provider does, and tells what came of it.
async fn send(to: SocketAddr, delivery: &Delivery, log: &Log) -> io::Result<Outcome> {
    let mut answers = Vec::new();
    let proof = match &delivery.proof {
        Proof::UpFront(credentials) => credentials_header(credentials),
        Proof::Asked(credentials) => {
            answers.push(request(to, delivery, "").await?);
            if answers.iter().all(Response::asks_for_credentials) {
                credentials_header(credentials)
            } else {
                String::new()
            }
        }
        Proof::Signed(header, signature) => format!("{header}: {signature}\r\n"),
    };
    log.take();
    answers.push(request(to, delivery, &proof).await?);
    let refused = answers.last().is_some_and(|last| matches!(last.status, 401 | 403));
    let right = if refused { "wrong" } else { "right" };
    Ok(Outcome {
        authenticity: match &delivery.proof {
            Proof::UpFront(_) => format!("{right} credentials"),
            Proof::Asked(_) => format!("asked, then {right}"),
            Proof::Signed(..) => format!("{right} signature"),
        },
        answer: answers.iter().map(Response::described).collect::<Vec<_>>().join(", "),
        event: log.take().pop().unwrap_or("none: not asked".to_owned()),
    })
}

fn credentials_header(credentials: &Credentials) -> String {
    let value = credentials.authorization();
    format!("Authorization: {}\r\n", value.to_str().unwrap_or_default())
}

struct Response {
    status: u16,
    text: String,
}

impl Response {
    /// Bandwidth gives up after a 401 without this header.
    fn asks_for_credentials(&self) -> bool {
        let challenge = "www-authenticate: basic realm=\"";
        self.status == 401 && self.text.to_ascii_lowercase().contains(challenge)
    }

    fn described(&self) -> String {
        let element = |name: &str| {
            let (_, rest) = self.text.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
        };
        match (element("Portable"), element("Code")) {
            (Some("true"), None) => format!("{} allowed", self.status),
            (Some("false"), Some(code)) => format!("{} denied {code}", self.status),
            _ => self.status.to_string(),
        }
    }
}

/// One request on a connection of its own.
async fn request(to: SocketAddr, delivery: &Delivery, proof: &str) -> io::Result<Response> {
    let Delivery { path, body, .. } = delivery;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{proof}\r\n{body}"
    );
    let mut connection = TcpStream::connect(to).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    connection.read_to_string(&mut text).await?;
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Response { status: status.ok_or(io::ErrorKind::InvalidData)?, text })
}

// The table

struct Row {
    delivery: Delivery,
    outcome: Outcome,
}

impl Row {
    fn is_as_expected(&self) -> bool {
        self.outcome == self.delivery.expected
    }

    fn cells(&self) -> [&str; 5] {
        let Outcome { authenticity, answer, event } = &self.outcome;
        [self.delivery.sender, self.delivery.sent, authenticity, answer, event]
    }
}

fn print(rows: &[Row]) {
    let titles = ["sender", "what was sent", "authenticity", "answer", "typed event"];
    let cells = || rows.iter().map(Row::cells).chain([titles]);
    let width = |column: usize| {
        let lengths = cells().filter_map(|cells| cells.get(column).map(|cell| cell.len()));
        lengths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let line = |cells: [&str; 5]| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let colours = io::stdout().is_terminal();
    let coloured = |text: &str, code| {
        if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    };
    println!("       {}", coloured(&line(titles), 1));
    for row in rows {
        if row.is_as_expected() {
            println!("{}     {}", coloured("ok", 32), line(row.cells()));
        } else {
            println!("{}  {}", coloured("WRONG", 31), line(row.cells()));
            let Outcome { authenticity, answer, event } = &row.delivery.expected;
            println!("       expected: {authenticity}; {answer}; {event}");
        }
    }
    let wrong = rows.iter().filter(|row| !row.is_as_expected()).count();
    match wrong {
        0 => println!("\nAll {} deliveries came out as they should.", rows.len()),
        _ => println!("\n{wrong} of {} deliveries did not come out as they should.", rows.len()),
    }
}
