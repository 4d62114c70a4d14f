//! What the two example servers share: the configuration, and the lines that
//! they print.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::TcpListener;

use order_webhooks::bandwidth::{
    DenialReason, NotificationWebhook, PortOutAnswer, PortOutFailure, PortOutWebhook, Subscriber,
    SubscriptionWebhook, TelephoneNumber,
};
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
    pub(crate) port_out: PortOutWebhook,
    pub(crate) v2: SubscriptionWebhook,
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
            v2: SubscriptionWebhook::new(&secret).with_limits(limits),
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

fn report_port_out(failure: PortOutFailure) {
    match failure {
        PortOutFailure::Refused(rejection) => report::<PortOutWebhook>(&rejection),
        failure => eprintln!("{}: {failure}", PortOutWebhook::NAME),
    }
}

/// The subscribers whose numbers can be asked for, by number.
pub(crate) struct Subscribers(Vec<([&'static str; 2], Subscriber)>);

impl Subscribers {
    pub(crate) fn sample() -> Result<Self, Box<dyn Error>> {
        let record = |account, pin, zip_code, numbers: [&'static str; 2]| {
            let subscriber = Subscriber::new(account, numbers)?.with_pin(pin)?;
            Ok::<_, Box<dyn Error>>((numbers, subscriber.with_zip_code(zip_code)?))
        };
        Ok(Self(vec![
            record("777", "1111", "62025", ["2223331000", "2223331001"])?,
            record("0555", "0222", "02154", ["2223332000", "2223332001"])?,
        ]))
    }

    /// Answers a question by the record of its first number, and prints the
    /// verdict. What the question and the record say of the customer is not
    /// printed.
    pub(crate) fn judge(&self, request: &Verified<PortOutWebhook>) -> io::Result<PortOutAnswer> {
        let first = request.telephone_numbers().first().map(TelephoneNumber::as_str);
        let record = self.0.iter().find(|(numbers, _)| first.is_some_and(|n| numbers.contains(&n)));
        let answer = match record {
            Some((_, subscriber)) => subscriber.judge(request),
            None => DenialReason::TelephoneNumberUnknown.into(),
        };
        let (verdict, codes) = match &answer {
            PortOutAnswer::Allow => ("allow", Vec::new()),
            PortOutAnswer::Deny(denial) => {
                ("deny", denial.reasons().map(DenialReason::code).collect())
            }
        };
        let event = serde_json::json!({
            "PON": request.pon(),
            "TelephoneNumbers": request.telephone_numbers().len(),
            "verdict": verdict,
            "codes": codes,
        });
        print_line(PortOutWebhook::NAME, &event)?;
        Ok(answer)
    }
}
