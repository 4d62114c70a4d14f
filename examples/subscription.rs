//! A service looks after its subscription when it starts: is it there, does it
//! call the right URL, and does it last long enough? It runs against a stand-in
//! of Bandwidth's API on loopback.
//!
//! ```sh
//! cargo run --example subscription
//! ```
//!
//! In your service, call `look_after` at start-up and then once a day, with an HTTP
//! client of yours in place of `Stand::send`.

#![allow(clippy::print_stdout, reason = "what happens is the point of the example")]
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "the stand-in is a toy")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get};
use order_webhooks::bandwidth::{NotificationWebhook, OrderType};
use order_webhooks::client::bandwidth::{Callback, Dashboard, Expiry, NextStep, Subscription};
use order_webhooks::{BasicAuth, Credentials};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Error = Box<dyn std::error::Error>;

/// Look again before a subscription has less time left than this.
const MARGIN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let stand = Stand::open().await?;
    let dashboard = Dashboard::new("9900000", &Credentials::new("api-user", "api-password")?)?;

    // One value makes the webhook and the subscription, so both know one password.
    let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
    let _webhook = NotificationWebhook::new(BasicAuth::from(&credentials));
    let callback = Callback::new("https://shop.example/bandwidth", credentials)?;
    let wanted = Subscription::to_orders(OrderType::PortIns, callback, Expiry::TEN_YEARS);

    for start in 1..=3 {
        println!("start {start}: {:?}", look_after(&wanted, &dashboard, &stand).await?);
        stand.time_passes(start);
    }
    Ok(())
}

/// Does what is to be done, and says what it was.
async fn look_after(
    wanted: &Subscription,
    dashboard: &Dashboard,
    stand: &Stand,
) -> Result<NextStep, Error> {
    let there = Dashboard::subscriptions(&stand.send(dashboard.list()).await?)?;
    let step = wanted.next_step(&there, MARGIN);
    let old = match &step {
        NextStep::Nothing => return Ok(step),
        NextStep::Create => None,
        // If your account serves several services, ask here whether it is yours.
        NextStep::Renew { id } | NextStep::Change { id } => Some(id),
    };
    // The new one first, so that nothing is missed.
    Dashboard::subscription_id(&stand.send(dashboard.create(wanted)).await?)?;
    if let Some(id) = old {
        Dashboard::deleted(&stand.send(dashboard.delete(id)).await?)?;
    }
    Ok(step)
}

/// A stand-in of the API that keeps subscriptions in memory: id and seconds left.
struct Stand {
    address: std::net::SocketAddr,
    kept: Kept,
}

type Kept = Arc<Mutex<Vec<(usize, u64)>>>;

impl Stand {
    async fn open() -> Result<Self, Error> {
        let kept = Kept::default();
        let path = "/api/accounts/9900000/subscriptions";
        let app = Router::new()
            .route(path, get(list).post(create))
            .route(&format!("{path}/{{id}}"), delete(remove))
            .with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, kept })
    }

    /// Nothing happens between the first two starts, and years before the third.
    fn time_passes(&self, start: u32) {
        if start == 2 {
            self.kept.lock().unwrap().iter_mut().for_each(|(_, left)| *left = 3_600);
        }
    }

    /// The least of an HTTP client.
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, Error> {
        let (parts, body) = request.into_parts();
        let mut head =
            format!("{} {} HTTP/1.1\r\nhost: localhost\r\n", parts.method, parts.uri.path());
        for (name, value) in &parts.headers {
            head.extend([name.as_str(), ": ", value.to_str()?, "\r\n"]);
        }
        let length = body.len().to_string();
        head.extend(["content-length: ", &length, "\r\nconnection: close\r\n\r\n"]);
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?;
        let mut response = http::Response::builder().status(status);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            response = response.header(name, value);
        }
        Ok(response.body(body.as_bytes().to_vec())?)
    }
}

async fn list(State(kept): State<Kept>) -> String {
    let kept = kept.lock().unwrap();
    let all = kept.iter().map(|(id, left)| {
        format!(
            "<Subscription><SubscriptionId>s-{id}</SubscriptionId><OrderType>portins</OrderType>\
             <CallbackSubscription><URL>\"https://shop.example/bandwidth\"</URL>\
             <Expiry>{left}</Expiry><Status>200 OK</Status><CallbackCredentials>\
             <BasicAuthentication><Username>bandwidth-user</Username></BasicAuthentication>\
             </CallbackCredentials></CallbackSubscription></Subscription>"
        )
    });
    let all: String = all.collect();
    format!("<SubscriptionsResponse><Subscriptions>{all}</Subscriptions></SubscriptionsResponse>")
}

async fn create(State(kept): State<Kept>, body: axum::body::Bytes) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    let Ok(subscription) = Subscription::parse_unverified(&body) else {
        return (StatusCode::BAD_REQUEST, headers);
    };
    let left = match subscription.expiry() {
        Expiry::After(time) => time.as_secs(),
        Expiry::OneDay => 86_400,
    };
    let mut kept = kept.lock().unwrap();
    let id = kept.last().map_or(1, |(id, _)| id + 1);
    kept.push((id, left));
    headers.insert("location", format!("/subscriptions/s-{id}").parse().unwrap());
    (StatusCode::CREATED, headers)
}

async fn remove(State(kept): State<Kept>, Path(id): Path<String>) -> StatusCode {
    kept.lock().unwrap().retain(|(kept, _)| format!("s-{kept}") != id);
    StatusCode::OK
}
