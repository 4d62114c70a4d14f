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
//!
//! The senders are those of the feature `testing`.
#![allow(clippy::print_stdout, reason = "a table is the point of the example")]

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRef, State};
use axum::routing::post;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use order_webhooks::axum::{Verified, port_out};
use order_webhooks::bandwidth::{
    self, DenialReason, EventType, Json, Notification, NotificationWebhook, OrderNotification,
    OrderType, PortOutValidationRequest, PortOutWebhook, Subscriber, TelephoneNumber, V2Webhook,
};
use order_webhooks::musement::{OrderItemStatus, OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatus, OrderStatusUpdate, OrderWebhook};
use order_webhooks::{
    Accepted, BasicAuth, ConfigError, Credentials, Reason, Rejection, Secret, testing,
    webhook::Extract,
};
use serde_json::Value;
use testing::{Forgery, Next, Sender, Verdict};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

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
    for delivery in deliveries(&format!("http://{address}"))? {
        let outcome = send(&delivery, &log).await?;
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
    shows: Shows,
    machine: testing::Delivery,
    expected: Outcome,
}

/// How a sender shows who it is.
enum Shows {
    /// Credentials with the first request.
    Credentials,
    /// Credentials once they are asked for.
    CredentialsWhenAsked,
    /// A signature of the body.
    Signature,
}

/// The columns of the table that depend on the receiver.
#[derive(PartialEq)]
struct Outcome {
    authenticity: String,
    answer: String,
    event: String,
    then: String,
}

fn outcome(authenticity: &str, answer: &str, event: &str, then: &str) -> Outcome {
    let [authenticity, answer, event, then] =
        [authenticity, answer, event, then].map(str::to_owned);
    Outcome { authenticity, answer, event, then }
}

const DELIVERED: &str = "delivered";
const AGAIN: &str = "tries again";
const LOST: &str = "lost";

type Deliveries = Result<Vec<Delivery>, Box<dyn Error>>;

fn deliveries(base: &str) -> Deliveries {
    let mut all = musement(format!("{base}/musement").parse()?)?;
    all.extend(porterbuddy(&format!("{base}/porterbuddy").parse()?)?);
    all.extend(bandwidth_notifications(&format!("{base}/bandwidth/notifications").parse()?)?);
    all.extend(bandwidth_port_outs(format!("{base}/bandwidth/port-out").parse()?)?);
    all.extend(bandwidth_v2(&format!("{base}/bandwidth/v2").parse()?)?);
    Ok(all)
}

fn musement(url: Uri) -> Deliveries {
    let sender = Sender::musement(url, &Credentials::new("JohnSmith", "Swordfish")?);
    let delivery = |sent, machine, expected| {
        let (sender, shows) = ("Musement", Shows::Credentials);
        Delivery { sender, sent, shows, machine, expected }
    };
    let (right, wrong) = ("right credentials", "wrong credentials");
    let order = sender.delivery(ORDER_ITEM);
    let unknown = sender.delivery(&ORDER_ITEM.replace("\"OK\"", "\"ON_HOLD\""));
    let damaged = sender.delivery(&ORDER_ITEM.replace("order_item_status", "status"));
    let forged = order.clone().forged(Forgery::Wrong);
    let item = "item 11045e18 is OK, version 22";
    let unknown_item = "item 11045e18 is ON_HOLD (unknown), version 22";
    let missing = "none: order_item_status: missing at line 12 column 1";
    let refused = "none: credentials refused: not the expected ones";
    Ok(vec![
        delivery("an order item", order, outcome(right, "200", item, DELIVERED)),
        delivery("an unknown status", unknown, outcome(right, "200", unknown_item, DELIVERED)),
        delivery("forged", forged, outcome(wrong, "401", refused, AGAIN)),
        delivery("damaged: no status", damaged, outcome(right, "400", missing, AGAIN)),
    ])
}

fn porterbuddy(url: &Uri) -> Deliveries {
    let sender = Sender::porterbuddy(url.clone(), &Secret::new("porterbuddy-api-key")?);
    let stranger = Sender::porterbuddy(url.clone(), &Secret::new("another-key")?);
    let delivery = |sent, machine, expected| {
        let (sender, shows) = ("Porterbuddy", Shows::Signature);
        Delivery { sender, sent, shows, machine, expected }
    };
    let (right, wrong) = ("right signature", "wrong signature");
    let order = sender.delivery(ORDER_STATUS);
    let unknown = sender.delivery(&ORDER_STATUS.replace("canceled", "at_the_door"));
    let (forged, as_printed) = (stranger.delivery(ORDER_STATUS), sender.delivery(AS_PRINTED));
    let text = "order 394326 is cancelled";
    let unknown_text = "order 394326 is at_the_door (unknown)";
    let comma = "none: trailing comma at line 8 column 1";
    let refused = "none: the signature does not match the body";
    Ok(vec![
        delivery("an order", order, outcome(right, "200", text, DELIVERED)),
        delivery("an unknown status", unknown, outcome(right, "200", unknown_text, DELIVERED)),
        delivery("forged", forged, outcome(wrong, "403", refused, AGAIN)),
        delivery("damaged: a comma too many", as_printed, outcome(right, "400", comma, AGAIN)),
    ])
}

fn bandwidth(sent: &'static str, machine: testing::Delivery, expected: Outcome) -> Delivery {
    let (sender, shows) = ("Bandwidth", Shows::CredentialsWhenAsked);
    Delivery { sender, sent, shows, machine, expected }
}

fn bandwidth_credentials() -> Result<Credentials, ConfigError> {
    Credentials::new("bandwidth-user", "bandwidth-password")
}

fn bandwidth_notifications(url: &Uri) -> Deliveries {
    let sender = Sender::notifications(url.clone(), &bandwidth_credentials()?);
    let bare = sender.clone().without_bare_body();
    let delivered = |event| outcome("asked, then right", "401, 200", event, DELIVERED);
    let refused = "none: credentials refused: not the expected ones";
    let refused = outcome("asked, then wrong", "401, 401", refused, LOST);
    let end = "none: unexpected end of the document at line 6 column 6";
    let cut_short = outcome("asked, then right", "401, 400", end, LOST);
    let order = sender.delivery(ORDER);
    let forged = order.clone().forged(Forgery::Wrong);
    let unknown = ORDER.replace(">orders<", ">satellites<").replace("COMPLETE", "IN_ORBIT");
    let unknown_order = "satellites (unknown) IN_ORBIT (unknown), 1 number";
    let cut: String = ORDER.chars().take(200).collect();
    Ok(vec![
        bandwidth("an order", order, delivered("orders COMPLETE, 1 number")),
        bandwidth("a note on an order", sender.delivery(NOTE), delivered("a note on portins FOC")),
        bandwidth("an event", bare.delivery(EVENT), delivered("MESSAGING_LOST, 1 number")),
        bandwidth("an unknown order type", sender.delivery(&unknown), delivered(unknown_order)),
        bandwidth("forged", forged, refused),
        bandwidth("damaged: cut", sender.delivery(&cut), cut_short),
    ])
}

fn bandwidth_port_outs(url: Uri) -> Deliveries {
    let sender = Sender::port_out(url, &bandwidth_credentials()?);
    let delivery = |sent, body: &str, event, then| {
        let expected = outcome("asked, then right", "401, 200", event, then);
        bandwidth(sent, sender.delivery(body), expected)
    };
    let wrong_pin = PORT_OUT.replace("1111", "2222");
    let damaged: String = PORT_OUT.chars().take(200).collect();
    let asked = "may some_pon take 2 numbers?";
    Ok(vec![
        delivery("a port-out", PORT_OUT, asked, "port-out approved"),
        delivery("a port-out, wrong PIN", &wrong_pin, asked, "port-out denied: 7513"),
        delivery("a port-out, damaged", &damaged, "none: not asked", "port-out denied: 7598"),
    ])
}

fn bandwidth_v2(url: &Uri) -> Deliveries {
    let delivery = |sent, key, expected| {
        let sender = Sender::subscription_v2(url.clone(), &Secret::new(key)?);
        let (machine, shows) = (sender.delivery(V2), Shows::Signature);
        Ok(Delivery { sender: "Bandwidth", sent, shows, machine, expected })
    };
    let update = "JSON with eventType, nested, orderType";
    let refused = "none: the signature does not match the body";
    let right = outcome("right signature", "200", update, DELIVERED);
    let wrong = outcome("wrong signature", "403", refused, LOST);
    [
        delivery("an update, v2", "bandwidth-secret", right),
        delivery("forged, v2", "another-key", wrong),
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
    v2: V2Webhook,
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
        .route("/bandwidth/v2", post(on::<V2Webhook>))
        .route("/bandwidth/port-out", port_out(port_outs, judge))
        .with_state(App {
            musement: OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?),
            porterbuddy: OrderWebhook::new(&Secret::new("porterbuddy-api-key")?),
            notifications: NotificationWebhook::new(bandwidth),
            v2: V2Webhook::new(&Secret::new("bandwidth-secret")?),
            log,
        }))
}

async fn on<W: Extract<Event: Describe>>(
    State(log): State<Log>,
    delivery: Result<Verified<W>, Rejection>,
) -> Result<Accepted, Rejection> {
    match delivery {
        Ok(verified) => {
            log.add(verified.described());
            Ok(Accepted)
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
        let version = self.order_item_version.map_or("unknown".to_owned(), |n| n.to_string());
        format!("item {id:08x} is {status}, version {version}")
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
                format!("{}, {}", what_and_where(order), count(&order.telephone_numbers))
            }
            Self::Note(note) => format!("a note on {}", what_and_where(&note.order)),
            Self::Event(event) => {
                let what = marked(&event.event_type, EventType::KNOWN);
                format!("{what}, {}", count(&event.telephone_numbers))
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
        let pon = self.pon.as_deref().unwrap_or("someone");
        format!("may {pon} take {}?", count(&self.telephone_numbers))
    }
}

impl Describe for Json {
    fn described(&self) -> String {
        let value: Value = self.read().unwrap_or_default();
        let mut names: Vec<_> = value.as_object().into_iter().flat_map(|map| map.keys()).collect();
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

// The way there and back

/// Sends a delivery as its provider does, up to its first failed try, and tells
/// what came of it.
async fn send(sent: &Delivery, log: &Log) -> Result<Outcome, Box<dyn Error>> {
    let mut delivery = sent.machine.clone();
    let mut statuses = Vec::new();
    let then = loop {
        let request = delivery.request().ok_or("the delivery has ended")?;
        log.take();
        let wait = delivery.time_allowed();
        let answer = timeout(wait, exchange(request)).await??;
        statuses.push(answer.status().as_u16());
        match delivery.answered(&answer) {
            Next::RepeatWithCredentials => {}
            next => break next,
        }
    };
    let refused = statuses.last().is_some_and(|last| matches!(last, 401 | 403));
    let right = if refused { "wrong" } else { "right" };
    let answer: Vec<_> = statuses.iter().map(u16::to_string).collect();
    Ok(Outcome {
        authenticity: match sent.shows {
            Shows::Credentials => format!("{right} credentials"),
            Shows::CredentialsWhenAsked => format!("asked, then {right}"),
            Shows::Signature => format!("{right} signature"),
        },
        answer: answer.join(", "),
        event: log.take().pop().unwrap_or("none: not asked".to_owned()),
        then: in_short(&then),
    })
}

/// Sends a request on a connection of its own, as a small HTTP client does.
async fn exchange(request: Request<Bytes>) -> Result<Response<Bytes>, Box<dyn Error>> {
    let (mut head, body) = request.into_parts();
    let host = head.uri.authority().ok_or("no host in the URL")?.to_string();
    head.headers.insert(HOST, HeaderValue::from_str(&host)?);
    head.uri = head.uri.path().parse()?;
    let stream = TcpStream::connect(host).await?;
    let (mut connection, io) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(io);
    let answer = connection.send_request(Request::from_parts(head, Full::new(body))).await?;
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

/// What the provider does next, without the reasons.
fn in_short(next: &Next) -> String {
    match next {
        Next::TryAgain { .. } => AGAIN.to_owned(),
        Next::Ended(Verdict::Lost(_)) => LOST.to_owned(),
        Next::Ended(Verdict::PortOutAllowed) => "port-out approved".to_owned(),
        Next::Ended(Verdict::PortOutDenied { codes, .. }) => {
            let codes: Vec<_> = codes.iter().map(u16::to_string).collect();
            format!("port-out denied: {}", codes.join(", "))
        }
        next => next.to_string(),
    }
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

    fn cells(&self) -> [&str; 6] {
        let Outcome { authenticity, answer, event, then } = &self.outcome;
        [self.delivery.sender, self.delivery.sent, authenticity, answer, event, then]
    }
}

fn print(rows: &[Row]) {
    let titles =
        ["sender", "what was sent", "authenticity", "answer", "typed event", "for the provider"];
    let cells = || rows.iter().map(Row::cells).chain([titles]);
    let width = |column: usize| {
        let lengths = cells().filter_map(|cells| cells.get(column).map(|cell| cell.len()));
        lengths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let line = |cells: [&str; 6]| {
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
            let Outcome { authenticity, answer, event, then } = &row.delivery.expected;
            println!("       expected: {authenticity}; {answer}; {event}; {then}");
        }
    }
    let wrong = rows.iter().filter(|row| !row.is_as_expected()).count();
    match wrong {
        0 => println!("\nAll {} deliveries came out as they should.", rows.len()),
        _ => println!("\n{wrong} of {} deliveries did not come out as they should.", rows.len()),
    }
}
