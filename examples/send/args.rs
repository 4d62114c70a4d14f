//! The command line.

use std::env::{self, VarError};
use std::time::Duration;

use http::Uri;
use order_webhooks::testing::Forgery;

pub(crate) const HELP: &str = "\
Send a webhook to a URL, the way its provider does.

usage: send <webhook> <url> [options]
   or: cargo run --example send -- <webhook> <url> [options]

webhooks:
  musement        an order item update: JSON, credentials in the first request
  porterbuddy     an order status update: JSON, signed
  notification    a Bandwidth order notification: XML, credentials when asked
  port-out        a Bandwidth port-out validation: XML, credentials when asked;
                  the answer is read and judged
  v2              a Bandwidth v2 subscription: JSON, signed, and if --username
                  or --password is given, with credentials when asked. Its
                  schema is not documented: use --body

The URL is http://host:port/path. https is not spoken.

what to send:
  --status S          the status: OK, delivered, COMPLETE, or any other text
  --type T            notification: the order type, such as portins [orders]
  --note              notification: a note on an order
  --event             notification: numbers that lost their messaging
  --all               one delivery for every documented status
  --pin P --account A --zip Z --name N --pon P --numbers N,N
                      port-out: these values; an empty one is left out
  --body FILE         this body, as it is; - for the standard input

how to send it:
  --repeat N          N times [1]
  --double            about every second one twice
  --reorder           in another order
  --replay            record it, and send the recording once more afterwards
  --forge [KIND]      without the right proof: missing, wrong, malformed or
                      repeated [wrong]
  --damage            damage the body after it is signed
  --seed N            the seed of --double, --reorder and --damage [1]
  --no-bare-body      leave the body out of requests without credentials
  --retry SECONDS     after a failed try, wait this long instead of the
                      provider's time, and go on; without it, stop there
  --timeout SECONDS   wait this long for an answer, not the provider's time

who sends it; without the option, an environment variable, and without that
the default of the example servers:
  --username U        MUSEMENT_USERNAME [JohnSmith]
                      BANDWIDTH_USERNAME [bandwidth-user]
  --password P        MUSEMENT_PASSWORD [Swordfish]
                      BANDWIDTH_PASSWORD [bandwidth-password]
  --key K             PORTERBUDDY_API_KEY [porterbuddy-api-key]
                      BANDWIDTH_SECRET [bandwidth-secret]

what to print:
  --show-secrets      show credentials and signatures
  --quiet             print one line for each delivery
  --help              print this

The exit status is 0 if every delivery was delivered, 1 if one was not, and 2 if
the command line is wrong. A forged delivery that is refused was not delivered.
A port-out is delivered if Bandwidth takes the answer as it was meant.
";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Webhook {
    Musement,
    Porterbuddy,
    Notification,
    PortOut,
    V2,
}

#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct What {
    pub(crate) status: Option<String>,
    pub(crate) order_type: Option<String>,
    pub(crate) note: bool,
    pub(crate) event: bool,
    pub(crate) all: bool,
    pub(crate) pin: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) zip: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) pon: Option<String>,
    pub(crate) numbers: Option<String>,
    pub(crate) body: Option<String>,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct How {
    pub(crate) repeat: usize,
    pub(crate) double: bool,
    pub(crate) reorder: bool,
    pub(crate) replay: bool,
    pub(crate) forge: Option<Forgery>,
    pub(crate) damage: bool,
    pub(crate) seed: u64,
    pub(crate) bare_body: bool,
    pub(crate) retry: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) show_secrets: bool,
    pub(crate) quiet: bool,
}

#[derive(Default)]
pub(crate) struct Who {
    username: Option<String>,
    password: Option<String>,
    key: Option<String>,
}

pub(crate) struct Args {
    pub(crate) webhook: Webhook,
    pub(crate) url: Uri,
    pub(crate) what: What,
    pub(crate) how: How,
    pub(crate) who: Who,
}

/// Reads the command line; `None` asks for help.
pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Option<Args>, String> {
    let mut words = words.peekable();
    let (mut what, mut who) = (What::default(), Who::default());
    let mut how = How {
        repeat: 1,
        double: false,
        reorder: false,
        replay: false,
        forge: None,
        damage: false,
        seed: 1,
        bare_body: true,
        retry: None,
        timeout: None,
        show_secrets: false,
        quiet: false,
    };
    let mut given = Vec::new();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--status" => what.status = Some(value()?),
            "--type" => what.order_type = Some(value()?),
            "--note" => what.note = true,
            "--event" => what.event = true,
            "--all" => what.all = true,
            "--pin" => what.pin = Some(value()?),
            "--account" => what.account = Some(value()?),
            "--zip" => what.zip = Some(value()?),
            "--name" => what.name = Some(value()?),
            "--pon" => what.pon = Some(value()?),
            "--numbers" => what.numbers = Some(value()?),
            "--body" => what.body = Some(value()?),
            "--repeat" => how.repeat = number(&word, &value()?)?,
            "--double" => how.double = true,
            "--reorder" => how.reorder = true,
            "--replay" => how.replay = true,
            "--forge" => {
                how.forge = Some(Forgery::Wrong);
                if let Some(kind) = words.peek().and_then(|kind| forgery(kind)) {
                    how.forge = Some(kind);
                    words.next();
                }
            }
            "--damage" => how.damage = true,
            "--seed" => how.seed = number(&word, &value()?)?,
            "--no-bare-body" => how.bare_body = false,
            "--retry" => how.retry = Some(seconds(&word, &value()?)?),
            "--timeout" => {
                how.timeout = Some(seconds(&word, &value()?)?).filter(|time| !time.is_zero());
            }
            "--username" => who.username = Some(value()?),
            "--password" => who.password = Some(value()?),
            "--key" => who.key = Some(value()?),
            "--show-secrets" => how.show_secrets = true,
            "--quiet" => how.quiet = true,
            option if option.starts_with("--") => return Err(format!("unknown option {option}")),
            _ => given.push(word),
        }
    }
    let Ok([webhook, url]) = <[String; 2]>::try_from(given) else {
        return Err("a webhook and a URL are needed, and nothing else".into());
    };
    let webhook = match webhook.as_str() {
        "musement" => Webhook::Musement,
        "porterbuddy" => Webhook::Porterbuddy,
        "notification" | "notifications" => Webhook::Notification,
        "port-out" => Webhook::PortOut,
        "v2" => Webhook::V2,
        other => return Err(format!("unknown webhook {other}")),
    };
    what.fits(webhook)?;
    let url = url
        .parse()
        .map_err(|_| format!("`{url}` is not a URL such as http://127.0.0.1:3000/musement"))?;
    Ok(Some(Args { webhook, url, what, how, who }))
}

fn forgery(kind: &str) -> Option<Forgery> {
    Some(match kind {
        "missing" => Forgery::Missing,
        "wrong" => Forgery::Wrong,
        "malformed" => Forgery::Malformed,
        "repeated" => Forgery::Repeated,
        _ => return None,
    })
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{option}: `{text}` is not a number"))
}

fn seconds(option: &str, text: &str) -> Result<Duration, String> {
    let seconds = number(option, text)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{option}: `{text}` is not a time"))
}

impl What {
    /// An option that would be ignored is a mistake.
    fn fits(&self, webhook: Webhook) -> Result<(), String> {
        let orders = [Webhook::Notification];
        let port_outs = [Webhook::PortOut];
        let statuses = [Webhook::Musement, Webhook::Porterbuddy, Webhook::Notification];
        let options: [(&str, bool, &[Webhook]); 11] = [
            ("--status", self.status.is_some(), &statuses),
            ("--all", self.all, &statuses),
            ("--type", self.order_type.is_some(), &orders),
            ("--note", self.note, &orders),
            ("--event", self.event, &orders),
            ("--pin", self.pin.is_some(), &port_outs),
            ("--account", self.account.is_some(), &port_outs),
            ("--zip", self.zip.is_some(), &port_outs),
            ("--name", self.name.is_some(), &port_outs),
            ("--pon", self.pon.is_some(), &port_outs),
            ("--numbers", self.numbers.is_some(), &port_outs),
        ];
        for (option, given, webhooks) in options {
            if given && !webhooks.contains(&webhook) {
                return Err(format!("{option} does not go with this webhook"));
            }
            if given && self.body.is_some() {
                return Err(format!("{option} does not go with --body"));
            }
        }
        let chosen = [self.note, self.event, self.all, self.status.is_some()];
        if chosen.iter().filter(|chosen| **chosen).count() > 1 {
            return Err("only one of --status, --note, --event and --all".into());
        }
        Ok(())
    }
}

impl Who {
    /// Username and password, as given, from the environment, or by default.
    pub(crate) fn credentials(&self, provider: &str) -> Result<(String, String), String> {
        let (username, password) = match provider {
            "MUSEMENT" => ("JohnSmith", "Swordfish"),
            _ => ("bandwidth-user", "bandwidth-password"),
        };
        Ok((
            var(self.username.as_ref(), &format!("{provider}_USERNAME"), username)?,
            var(self.password.as_ref(), &format!("{provider}_PASSWORD"), password)?,
        ))
    }

    /// The key of a signature.
    pub(crate) fn key(&self, name: &str, default: &str) -> Result<String, String> {
        var(self.key.as_ref(), name, default)
    }

    pub(crate) fn gives_credentials(&self) -> bool {
        self.username.is_some() || self.password.is_some()
    }
}

fn var(given: Option<&String>, name: &str, default: &str) -> Result<String, String> {
    match (given, env::var(name)) {
        (Some(given), _) => Ok(given.clone()),
        (None, Ok(value)) => Ok(value),
        (None, Err(VarError::NotPresent)) => Ok(default.to_owned()),
        (None, Err(VarError::NotUnicode(_))) => Err(format!("{name} is not UTF-8")),
    }
}
