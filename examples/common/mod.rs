//! What the two example servers share: the configuration, and the lines that
//! they print.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::TcpListener;

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Limits, Rejection, Secret, Verified, Webhook};
use serde::Serialize;

/// The webhooks, as the environment configures them.
#[derive(Clone)]
pub(crate) struct Webhooks {
    pub(crate) musement: OrderItemWebhook,
    pub(crate) porterbuddy: OrderWebhook,
    pub(crate) notifications: NotificationWebhook,
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
        let limits = limits()?;
        Ok(Self {
            musement: OrderItemWebhook::new(musement).with_limits(limits),
            porterbuddy: OrderWebhook::new(&porterbuddy).with_limits(limits),
            notifications: NotificationWebhook::new(bandwidth).with_limits(limits),
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
    eprintln!("listening on http://{}", listener.local_addr()?);
    Ok(listener)
}

fn var(name: &str, default: &str) -> Result<String, Box<dyn Error>> {
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Ok(default.to_owned()),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8").into()),
    }
}

/// Prints a delivery as one line of JSON. This is where a real server would
/// store it.
pub(crate) fn keep<W: Webhook<Event: Serialize>>(delivery: &Verified<W>) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a, E> {
        webhook: &'static str,
        event: &'a E,
    }
    let mut line = serde_json::to_vec(&Line { webhook: W::NAME, event: delivery.event() })?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}

/// Prints why a delivery was refused.
///
/// Where the sender is proven and only the body does not parse, this is where a
/// real server would store [`Rejection::verified_body`]: it may never come again.
pub(crate) fn report<W: Webhook>(rejection: &Rejection) {
    let kept = rejection.verified_body().map(|body| format!(" ({} bytes verified)", body.len()));
    let status = rejection.status().as_u16();
    eprintln!("{}: {status}, {rejection}{}", W::NAME, kept.unwrap_or_default());
}
