//! The page, and what it asks for.
//!
//! A page of a stranger in the same browser can send requests here, under a name
//! that it makes point to this machine. So one layer in front of the routes takes
//! the `Host`s of the page and no other, on every path; a POST needs the page's own
//! origin and the token of the run; and no header lets another origin read.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router, ServiceExt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::{Stream, StreamExt as _};
use tower_layer::Layer as _;

use crate::listen::deliveries::Delivery;
use crate::listen::receive::Receiver;
use crate::listen::view;
use crate::webhooks::{Kind, Route};

const PAGE: &str = include_str!("page.html");

/// How many deliveries a list has.
const LISTED: usize = 200;

const TOKEN: HeaderName = HeaderName::from_static("x-order-webhooks-token");

/// Who may ask.
pub(super) struct Guard {
    address: SocketAddr,
    hosts: Vec<String>,
    token: String,
    /// Whether reading needs the token, too.
    reading_needs_token: bool,
}

impl Guard {
    pub(super) fn new(address: SocketAddr, other_hosts: &[String]) -> Result<Self, String> {
        let mut hosts = vec![address.to_string()];
        hosts.extend(
            ["127.0.0.1", "[::1]", "localhost"].map(|name| format!("{name}:{}", address.port())),
        );
        for host in other_hosts {
            host.parse::<Authority>().map_err(|_| format!("--page-host {host} is not a host"))?;
            hosts.push(host.to_ascii_lowercase());
        }
        let reading_needs_token = !address.ip().is_loopback();
        Ok(Self { address, hosts, token: random()?, reading_needs_token })
    }

    /// Where the page is, to open it.
    pub(super) fn url(&self) -> String {
        if self.reading_needs_token {
            format!("http://{}/?token={}", self.address, self.token)
        } else {
            format!("http://{}/", self.address)
        }
    }

    fn cookie(&self) -> String {
        format!("order-webhooks-{}", self.address.port())
    }

    fn is_token(&self, token: &[u8]) -> bool {
        self.token.as_bytes().ct_eq(token).into()
    }

    /// The host of the page that this request was made for, if it is one.
    fn host(&self, request: &Request) -> Option<&str> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = hosts.next()?.to_str().ok()?;
        let in_target = request.uri().authority().map_or(host, Authority::as_str);
        if hosts.next().is_some() || !in_target.eq_ignore_ascii_case(host) {
            return None;
        }
        self.hosts.iter().map(String::as_str).find(|known| known.eq_ignore_ascii_case(host))
    }

    fn may_read(&self, headers: &HeaderMap) -> bool {
        if !self.reading_needs_token {
            return true;
        }
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(|value| value.split(';')).map(str::trim);
        let name = self.cookie();
        cookies.any(|cookie| {
            let value = cookie.strip_prefix(&name).and_then(|rest| rest.strip_prefix('='));
            value.is_some_and(|value| self.is_token(value.as_bytes()))
        })
    }

    /// Whether a request that changes something is the page's own.
    fn is_own(&self, host: &str, headers: &HeaderMap) -> bool {
        let one = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            values.next().filter(|_| values.next().is_none()).map(HeaderValue::as_bytes)
        };
        let origin = format!("http://{host}");
        one(&ORIGIN).is_some_and(|value| value.eq_ignore_ascii_case(origin.as_bytes()))
            && one(&TOKEN).is_some_and(|token| self.is_token(token))
    }
}

/// 128 bits that nobody can guess, in letters.
fn random() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system has no random: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[derive(Clone)]
struct Shared {
    receiver: Arc<Receiver>,
    guard: Arc<Guard>,
}

pub(super) async fn serve(
    listener: TcpListener,
    receiver: Arc<Receiver>,
    guard: Guard,
) -> io::Result<()> {
    let shared = Shared { receiver, guard: Arc::new(guard) };
    let routes = Router::new()
        .route("/", get(page))
        .route("/deliveries", get(list))
        .route("/deliveries/{id}", get(detail))
        .route("/deliveries/{id}/again", post(again))
        .route("/events", get(events))
        .with_state(shared.clone());
    // In front of the router, and not `Router::layer`, which is behind it.
    let app = from_fn_with_state(shared.guard, guarded).layer(routes);
    axum::serve(listener, ServiceExt::<Request>::into_make_service(app)).await
}

/// What a person reads who opens the page in another way than the terminal says.
const REFUSED: &str = "Open the page as `order-webhooks listen` prints it. Another name of this \
                       machine needs --page-host.\n";

fn refused() -> Response {
    (StatusCode::FORBIDDEN, REFUSED).into_response()
}

async fn guarded(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.host(&request) {
        None => refused(),
        Some(host) => {
            let is_reading = [Method::GET, Method::HEAD].contains(request.method());
            let headers = request.headers();
            if let Some(token) = given_token(&guard, &request) {
                opened(&guard, token)
            } else if guard.may_read(headers) && (is_reading || guard.is_own(host, headers)) {
                next.run(request).await
            } else {
                refused()
            }
        }
    };
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    response.headers_mut().entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}

/// The token of the link that the terminal shows, on the page itself.
fn given_token<'r>(guard: &Guard, request: &'r Request) -> Option<&'r str> {
    let is_page = guard.reading_needs_token && request.uri().path() == "/";
    request.uri().query().filter(|_| is_page)?.strip_prefix("token=")
}

/// Keeps the token in a cookie, and takes it out of the address bar.
fn opened(guard: &Guard, token: &str) -> Response {
    if !guard.is_token(token.as_bytes()) {
        return refused();
    }
    let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict", guard.cookie());
    (StatusCode::SEE_OTHER, [(LOCATION, "/".to_owned()), (SET_COOKIE, cookie)]).into_response()
}

async fn page(State(shared): State<Shared>) -> Response {
    let Ok(nonce) = random() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let Receiver { webhooks, forward, .. } = &*shared.receiver;
    let routes: Vec<Value> = webhooks
        .routes()
        .iter()
        .map(|Route { kind, path, source, .. }| {
            json!({ "webhook": kind.name(), "path": path, "secrets": source.to_string() })
        })
        .collect();
    let settings = json!({
        "token": shared.guard.token,
        "receive": format!("http://{}", shared.receiver.address),
        "forward": forward.as_ref().map(|forward| forward.base().to_string()),
        "routes": routes,
        "listed": LISTED,
    });
    // JSON inside a script ends at no `<`.
    let settings = settings.to_string().replace('<', "\\u003c");
    let html = PAGE.replace("NONCE", &nonce).replace("SETTINGS", &settings);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    ([(CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

#[derive(Deserialize)]
struct Wanted {
    before: Option<u64>,
    webhook: Option<String>,
    outcome: Option<String>,
}

impl Wanted {
    fn has(&self, delivery: &Delivery) -> bool {
        let name = delivery.kind.map_or("", Kind::name);
        self.webhook.as_deref().is_none_or(|wanted| wanted == name)
            && self.outcome.as_deref().is_none_or(|wanted| wanted == delivery.outcome().word())
    }
}

async fn list(State(shared): State<Shared>, Query(wanted): Query<Wanted>) -> Json<Value> {
    let deliveries = &shared.receiver.deliveries;
    let found = deliveries.newest(wanted.before, LISTED, |delivery| wanted.has(delivery));
    let (kept, came) = deliveries.counts();
    let list: Vec<_> = found.iter().map(view::row).collect();
    Json(json!({ "deliveries": list, "kept": kept, "came": came }))
}

async fn detail(State(shared): State<Shared>, Path(id): Path<u64>) -> Response {
    let Receiver { deliveries, webhooks, .. } = &*shared.receiver;
    match deliveries.get(id) {
        Some(delivery) => {
            Json(view::detail(&delivery, webhooks, &shared.receiver.base())).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Sends a kept delivery once more. It takes an id and nothing else, so it can be
/// sent nowhere else.
async fn again(State(shared): State<Shared>, Path(id): Path<u64>) -> Response {
    let Some(delivery) = shared.receiver.deliveries.get(id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let again = shared.receiver.send_again(&delivery).await;
    Json(view::row(&again)).into_response()
}

async fn events(
    State(shared): State<Shared>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = BroadcastStream::new(shared.receiver.deliveries.changes());
    let events = changes.filter_map(move |change| {
        let event = Event::default();
        Some(Ok(match change {
            Ok(id) => {
                let delivery = shared.receiver.deliveries.get(id)?;
                event.json_data(view::row(&delivery)).unwrap_or_default()
            }
            // More has come than was read: the page asks for the list.
            Err(BroadcastStreamRecvError::Lagged(_)) => event.event("reload").data("reload"),
        }))
    });
    let hello = tokio_stream::once(Ok(Event::default().event("reload").data("reload")));
    Sse::new(hello.chain(events)).keep_alive(KeepAlive::default())
}
