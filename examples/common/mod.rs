//! What the example servers share: the configuration, and the lines that
//! they print.
//!
//! Nothing here waits for who reads the output. A reader that stops reading would
//! otherwise stop the answers as soon as its pipe is full.

pub(crate) mod connections;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use order_webhooks::bandwidth::{
    DenialReason, NotificationWebhook, PortOutAnswer, PortOutFailure, PortOutWebhook, Subscriber,
    Subscribers, V2Webhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Limits, Rejection, Secret, Verified, Webhook};
use serde::Serialize;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The webhooks, as the environment configures them.
#[derive(Clone)]
pub(crate) struct Webhooks {
    pub(crate) musement: OrderItemWebhook,
    pub(crate) porterbuddy: OrderWebhook,
    pub(crate) notifications: NotificationWebhook,
    pub(crate) port_out: PortOutWebhook,
    pub(crate) v2: V2Webhook,
}

impl Webhooks {
    pub(crate) fn from_env() -> Result<Self, Box<dyn Error>> {
        let musement = BasicAuth::new(
            &var("MUSEMENT_USERNAME", "JohnSmith")?,
            &var("MUSEMENT_PASSWORD", "Swordfish")?,
        )?;
        let porterbuddy = Secret::new(var("PORTERBUDDY_API_KEY", "porterbuddy-api-key")?)?;
        let bandwidth = BasicAuth::new(
            &var("BANDWIDTH_USERNAME", "bandwidth-user")?,
            &var("BANDWIDTH_PASSWORD", "bandwidth-password")?,
        )?;
        let secret = Secret::new(var("BANDWIDTH_SECRET", "bandwidth-secret")?)?;
        let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
        let limits = limits()?;
        Ok(Self {
            musement: OrderItemWebhook::new(musement).with_limits(limits),
            porterbuddy: OrderWebhook::new(&porterbuddy).with_limits(limits),
            notifications: NotificationWebhook::new(bandwidth.clone()).with_limits(limits),
            port_out: PortOutWebhook::new(bandwidth, otherwise)
                .with_limits(limits)
                .with_reporter(report_port_out),
            v2: V2Webhook::new(&secret).with_limits(limits),
        })
    }
}

/// `BODY_LIMIT` is the longest body in bytes.
fn limits() -> Result<Limits, Box<dyn Error>> {
    let default = Limits::default();
    let bytes = var("BODY_LIMIT", &default.body_bytes().to_string())?;
    let bytes = bytes.parse().map_err(|_| "BODY_LIMIT is not a number of bytes")?;
    Ok(Limits::new(bytes, default.body_time())?)
}

/// Binds `ADDR`, and says so.
pub(crate) fn listen() -> Result<TcpListener, Box<dyn Error>> {
    let listener = TcpListener::bind(var("ADDR", "127.0.0.1:3000")?)?;
    listener.set_nonblocking(true)?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(listener)
}

fn var(name: &str, default: &str) -> Result<String, Box<dyn Error>> {
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Ok(default.to_owned()),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8").into()),
    }
}

/// How long the server takes to answer what is under way when it is stopped.
pub(crate) const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// What is logged if `LOG` does not say it: warnings, and where a server listens. The
/// crate's own log would tell every delivery once more; `LOG=info` shows both.
const SHOWN: &str = "warn,order_webhooks=off,axum_server=info,actix_server::common=info";

/// Logs to the standard error, from a thread of its own: what its reader does not
/// take is lost, and counted. Keep the guard until the end of the program.
pub(crate) fn log() -> Result<WorkerGuard, Box<dyn Error>> {
    let (lines, guard) =
        NonBlockingBuilder::default().lossy(true).buffered_lines_limit(10_000).finish(io::stderr());
    let lost = lines.error_counter();
    let writer = Counting { lines, lost, told: AtomicUsize::new(0) };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let lines = lines.without_time().with_level(false).with_target(false);
    let shown: Targets = var("LOG", SHOWN)?.parse()?;
    tracing_subscriber::registry().with(lines.with_filter(shown)).try_init()?;
    // A panic is a line of the log, too.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(guard)
}

/// Says, before the next line, how many were lost so far.
struct Counting {
    lines: NonBlocking,
    lost: ErrorCounter,
    told: AtomicUsize,
}

impl<'a> MakeWriter<'a> for Counting {
    type Writer = NonBlocking;

    fn make_writer(&'a self) -> NonBlocking {
        let mut lines = self.lines.clone();
        let lost = self.lost.dropped_lines();
        if self.told.swap(lost, Ordering::Relaxed) != lost {
            let _ = lines.write_all(format!("{lost} lines of this log are lost\n").as_bytes());
        }
        lines
    }
}

/// Prints a delivery as one line of JSON. This is where a real server would
/// store it.
pub(crate) fn keep<W: Webhook<Event: Serialize>>(delivery: &Verified<W>) -> io::Result<()> {
    print_line(W::NAME, delivery.event())
}

fn print_line<E: Serialize>(webhook: &'static str, event: &E) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a, E> {
        webhook: &'static str,
        event: &'a E,
    }
    let mut line = serde_json::to_vec(&Line { webhook, event })?;
    line.push(b'\n');
    PRINTER.try_send(Print::Line(line)).map_err(io::Error::other)
}

enum Print {
    Line(Vec<u8>),
    Told(std::sync::mpsc::Sender<()>),
}

/// The thread that prints. When a thousand lines wait for it, the next one is an
/// error: the sender is told to try again.
static PRINTER: LazyLock<SyncSender<Print>> = LazyLock::new(|| {
    let (printer, prints) = sync_channel(1_000);
    thread::spawn(move || {
        for print in prints {
            match print {
                Print::Line(line) => {
                    let mut stdout = io::stdout().lock();
                    let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
                }
                Print::Told(told) => drop(told.send(())),
            }
        }
    });
    printer
});

/// Waits until every line is printed, but not for a reader that does not read.
pub(crate) fn flush() {
    let (told, all_printed) = channel();
    if PRINTER.try_send(Print::Told(told)).is_ok() {
        let _ = all_printed.recv_timeout(Duration::from_secs(1));
    }
}

/// Logs why a delivery was refused.
///
/// Where the sender is proven and only the body does not parse, this is where a
/// real server would store [`Rejection::verified_body`]: it may never come again.
pub(crate) fn report<W: Webhook>(rejection: &Rejection) {
    let kept = rejection.verified_body().map(|body| format!(" ({} bytes verified)", body.len()));
    let status = rejection.status().as_u16();
    tracing::warn!("{}: {status}, {rejection}{}", W::NAME, kept.unwrap_or_default());
}

fn report_port_out(failure: PortOutFailure) {
    match failure {
        PortOutFailure::Refused(rejection) => report::<PortOutWebhook>(&rejection),
        failure => tracing::error!("{}: {failure}", PortOutWebhook::NAME),
    }
}

/// The customers whose numbers may be asked for. A real server finds them in its
/// database.
pub(crate) struct Records(Subscribers);

impl Records {
    /// The customer of the documented sample, and another one.
    pub(crate) fn sample() -> Result<Self, Box<dyn Error>> {
        let records = [
            ("777", "1111", "62025", ["2223331000", "2223331001"]),
            ("0555", "0222", "02154", ["2223332000", "2223332001"]),
        ];
        let records = records.into_iter().map(|(account, pin, zip_code, numbers)| {
            Subscriber::new(account, numbers)?.with_pin(pin)?.with_zip_code(zip_code)
        });
        Ok(Self(Subscribers::new(records.collect::<Result<Vec<_>, _>>()?)?))
    }

    /// The verdict, which is printed without anything of the customer's.
    pub(crate) fn judge(&self, request: &Verified<PortOutWebhook>) -> io::Result<PortOutAnswer> {
        let answer = self.0.judge(request);
        let (verdict, codes) = match &answer {
            PortOutAnswer::Allow => ("allow", Vec::new()),
            PortOutAnswer::Deny(denial) => {
                ("deny", denial.reasons().map(DenialReason::code).collect())
            }
        };
        let event = serde_json::json!({
            "PON": request.pon.as_deref(),
            "TelephoneNumbers": request.telephone_numbers.len(),
            "verdict": verdict,
            "codes": codes,
        });
        print_line(PortOutWebhook::NAME, &event)?;
        Ok(answer)
    }
}
