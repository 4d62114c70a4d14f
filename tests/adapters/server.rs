//! The same endpoints in axum, in actix-web, with hyper's own connections and behind
//! the tower layer, each on a port of the system's choosing.
//!
//! `/musement`, `/porterbuddy`, `/notifications` and `/v2` take verified deliveries
//! only. But for the layer `/kept/musement` and so on take the rejection too.
//! The header `X-Test-Peer` becomes the `PeerAddress` of a request, as a
//! middleware behind a proxy would do it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use actix_web::Responder;
use axum::response::IntoResponse;
use bytes::Bytes;
use order_webhooks::bandwidth::{NotificationWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{
    Accepted, Limits, PeerAddress, Reason, Rejection, Verified, WebhookExt as _,
    webhook::{Answer, Extract},
};
use serde::Serialize;
use serde_json::Value;

use fixtures::samples::{BANDWIDTH_KEY, PORTERBUDDY_KEY, bandwidth_user, john_smith, secret};
use fixtures::sender::{Connection, Request, Response};

/// What the endpoints expect.
#[derive(Clone)]
pub(crate) struct Webhooks {
    pub(crate) musement: OrderItemWebhook,
    pub(crate) porterbuddy: OrderWebhook,
    pub(crate) notifications: NotificationWebhook,
    pub(crate) v2: V2Webhook,
}

impl Webhooks {
    pub(crate) fn within(limits: Limits) -> Self {
        Self {
            musement: OrderItemWebhook::new(john_smith()).with_limits(limits),
            porterbuddy: OrderWebhook::new(&secret(PORTERBUDDY_KEY)).with_limits(limits),
            notifications: NotificationWebhook::new(bandwidth_user()).with_limits(limits),
            v2: V2Webhook::new(&secret(BANDWIDTH_KEY)).with_limits(limits),
        }
    }
}

/// What a handler was given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Handled {
    Event { webhook: &'static str, event: Value, body: Bytes },
    Refused { reason: Reason, verified_body: Option<Bytes> },
}

/// What the handlers of one server were given so far.
#[derive(Clone, Default)]
pub(crate) struct Record(Arc<Mutex<Vec<Handled>>>);

impl Record {
    fn take(&self) -> Vec<Handled> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn event<W: Extract<Event: Serialize>>(&self, delivery: &Verified<W>) {
        let event = serde_json::to_value(delivery.event()).unwrap();
        let body = delivery.body().clone();
        self.0.lock().unwrap().push(Handled::Event { webhook: W::NAME, event, body });
    }

    fn rejection(&self, rejection: &Rejection) {
        let reason = rejection.reason().clone();
        let verified_body = rejection.verified_body().cloned();
        self.0.lock().unwrap().push(Handled::Refused { reason, verified_body });
    }
}

/// A webhook that the handlers of every server here can take.
trait Accept: Extract<Event: Serialize, Receipt: IntoResponse + Responder> {}

impl<W: Extract<Event: Serialize, Receipt: IntoResponse + Responder>> Accept for W {}

pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    record: Record,
}

impl Server {
    pub(crate) fn send(&self, request: &Request) -> Response {
        Connection::open(self.address).send(request)
    }

    /// What the handlers were given since the last call.
    pub(crate) fn handled(&self) -> Vec<Handled> {
        self.record.take()
    }

    fn start(name: &'static str, serve: impl FnOnce(TcpListener, Record) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, record) = (listener.local_addr().unwrap(), Record::default());
        let theirs = record.clone();
        thread::spawn(move || serve(listener, theirs));
        Self { name, address, record }
    }
}

/// Every server, with these webhooks.
pub(crate) fn all(webhooks: &Webhooks) -> [Server; 4] {
    let [axum, actix, hyper] = with_rejections(webhooks);
    [axum, actix, hyper, in_tower::start(webhooks.clone())]
}

/// The servers whose handlers can take a rejection.
pub(crate) fn with_rejections(webhooks: &Webhooks) -> [Server; 3] {
    let webhooks = || webhooks.clone();
    [in_axum::start(webhooks()), in_actix::start(webhooks()), in_hyper::start(webhooks())]
}

/// The answer without any server, and what a handler would have been given. A
/// request whose length is a lie can only come over a connection.
pub(crate) fn plain(webhooks: &Webhooks, request: &Request) -> Option<(Response, Vec<Handled>)> {
    fn receive<W: Accept>(
        webhook: &W,
        request: http::Request<Bytes>,
        record: &Record,
    ) -> http::Response<Bytes> {
        match webhook.verify(request) {
            Ok(delivery) => {
                record.event(&delivery);
                Answer::from(Accepted).to_response()
            }
            Err(rejection) => rejection.to_response(),
        }
    }
    let mut request = request.to_http()?;
    let value = request.headers().get("x-test-peer").map(|value| value.to_str().unwrap());
    let peer = test_peer(value).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    request.extensions_mut().insert(PeerAddress(peer));
    let record = Record::default();
    let response = match request.uri().path() {
        "/musement" => receive(&webhooks.musement, request, &record),
        "/porterbuddy" => receive(&webhooks.porterbuddy, request, &record),
        "/notifications" => receive(&webhooks.notifications, request, &record),
        "/v2" => receive(&webhooks.v2, request, &record),
        path => panic!("{path}"),
    };
    let shown = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    let headers = response.headers().iter().map(shown).collect();
    let (status, body) = (response.status().as_u16(), response.body().to_vec());
    let handled = record.take();
    Some((Response { status, headers, body }, handled))
}

fn test_peer(value: Option<&str>) -> Option<IpAddr> {
    value.map(|value| value.parse().unwrap())
}

mod in_axum {
    use super::*;
    use axum::Router;
    use axum::extract::{FromRef, State};
    use axum::middleware::map_request;
    use axum::routing::any;

    #[derive(Clone)]
    pub(super) struct App {
        webhooks: Webhooks,
        record: Record,
    }

    macro_rules! part {
        ($field:ident: $webhook:ty) => {
            impl FromRef<App> for $webhook {
                fn from_ref(app: &App) -> Self {
                    app.webhooks.$field.clone()
                }
            }
        };
    }

    part!(musement: OrderItemWebhook);
    part!(porterbuddy: OrderWebhook);
    part!(notifications: NotificationWebhook);
    part!(v2: V2Webhook);

    impl FromRef<App> for Record {
        fn from_ref(app: &App) -> Self {
            app.record.clone()
        }
    }

    async fn on<W: Accept>(State(record): State<Record>, delivery: Verified<W>) -> W::Receipt {
        record.event(&delivery);
        Accepted.into()
    }

    async fn kept<W: Accept>(
        State(record): State<Record>,
        delivery: Result<Verified<W>, Rejection>,
    ) -> Result<W::Receipt, Rejection> {
        record.event(&delivery.inspect_err(|rejection| record.rejection(rejection))?);
        Ok(Accepted.into())
    }

    pub(super) fn start(webhooks: Webhooks) -> Server {
        Server::start("axum", move |listener, record| {
            let app = Router::new()
                .route("/musement", any(on::<OrderItemWebhook>))
                .route("/porterbuddy", any(on::<OrderWebhook>))
                .route("/notifications", any(on::<NotificationWebhook>))
                .route("/v2", any(on::<V2Webhook>))
                .route("/kept/musement", any(kept::<OrderItemWebhook>))
                .route("/kept/porterbuddy", any(kept::<OrderWebhook>))
                .route("/kept/notifications", any(kept::<NotificationWebhook>))
                .with_state(App { webhooks, record });
            serve(listener, app);
        })
    }

    pub(super) fn serve(listener: TcpListener, app: Router) {
        let app = app.layer(map_request(async |mut request: http::Request<_>| {
            let value = request.headers().get("x-test-peer").map(|value| value.to_str().unwrap());
            if let Some(peer) = test_peer(value) {
                request.extensions_mut().insert(PeerAddress(peer));
            }
            request
        }));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    }
}

mod in_tower {
    use super::*;
    use axum::Extension;
    use axum::Router;
    use axum::routing::{MethodRouter, any};
    use order_webhooks::tower::VerifyLayer;

    fn layered<W: Accept<Event: Clone + Sync>>(webhook: W) -> MethodRouter {
        async fn on<W: Accept<Event: Clone + Sync>>(
            Extension(record): Extension<Record>,
            Extension(delivery): Extension<Verified<W>>,
            body: Bytes,
        ) -> W::Receipt {
            assert_eq!(body, delivery.body(), "the service gets the body again");
            record.event(&delivery);
            Accepted.into()
        }
        any(on::<W>).layer(VerifyLayer::new(webhook))
    }

    pub(super) fn start(webhooks: Webhooks) -> Server {
        Server::start("tower", move |listener, record| {
            let app = Router::new()
                .route("/musement", layered(webhooks.musement))
                .route("/porterbuddy", layered(webhooks.porterbuddy))
                .route("/notifications", layered(webhooks.notifications))
                .route("/v2", layered(webhooks.v2))
                .layer(Extension(record));
            in_axum::serve(listener, app);
        })
    }
}

mod in_actix {
    use super::*;
    use actix_web::dev::Service as _;
    use actix_web::{App, HttpMessage as _, HttpServer, web};

    async fn on<W: Accept>(record: web::Data<Record>, delivery: Verified<W>) -> W::Receipt {
        record.event(&delivery);
        Accepted.into()
    }

    async fn kept<W: Accept>(
        record: web::Data<Record>,
        delivery: Result<Verified<W>, Rejection>,
    ) -> Result<W::Receipt, Rejection> {
        record.event(&delivery.inspect_err(|rejection| record.rejection(rejection))?);
        Ok(Accepted.into())
    }

    pub(super) fn start(webhooks: Webhooks) -> Server {
        Server::start("actix", move |listener, record| {
            let app = move || {
                App::new()
                    .app_data(web::Data::new(record.clone()))
                    .app_data(webhooks.musement.clone())
                    .app_data(webhooks.porterbuddy.clone())
                    .app_data(web::Data::new(webhooks.notifications.clone()))
                    .app_data(webhooks.v2.clone())
                    .route("/musement", web::to(on::<OrderItemWebhook>))
                    .route("/porterbuddy", web::to(on::<OrderWebhook>))
                    .route("/notifications", web::to(on::<NotificationWebhook>))
                    .route("/v2", web::to(on::<V2Webhook>))
                    .route("/kept/musement", web::to(kept::<OrderItemWebhook>))
                    .route("/kept/porterbuddy", web::to(kept::<OrderWebhook>))
                    .route("/kept/notifications", web::to(kept::<NotificationWebhook>))
                    .wrap_fn(|request, service| {
                        let value = request.headers().get("x-test-peer");
                        let peer = test_peer(value.map(|value| value.to_str().unwrap()));
                        if let Some(peer) = peer {
                            request.extensions_mut().insert(PeerAddress(peer));
                        }
                        service.call(request)
                    })
            };
            let server = HttpServer::new(app).workers(1).disable_signals().listen(listener);
            actix_web::rt::System::new().block_on(server.unwrap().run()).unwrap();
        })
    }
}

mod in_hyper {
    use super::*;
    use http_body_util::Full;
    use hyper::body::Incoming;
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioIo, TokioTimer};
    use order_webhooks::body;

    async fn on<W: Accept>(
        webhook: &W,
        request: http::Request<Incoming>,
        record: &Record,
    ) -> http::Response<Bytes> {
        let kept = request.uri().path().starts_with("/kept/");
        match body::receive(webhook, request).await {
            Ok(delivery) => {
                record.event(&delivery);
                Answer::from(Accepted).to_response()
            }
            Err(rejection) => {
                if kept {
                    record.rejection(&rejection);
                }
                rejection.to_response()
            }
        }
    }

    async fn answer(
        webhooks: &Webhooks,
        request: http::Request<Incoming>,
        record: &Record,
    ) -> http::Response<Bytes> {
        let path = request.uri().path().to_owned();
        match path.trim_start_matches("/kept") {
            "/musement" => on(&webhooks.musement, request, record).await,
            "/porterbuddy" => on(&webhooks.porterbuddy, request, record).await,
            "/notifications" => on(&webhooks.notifications, request, record).await,
            "/v2" => on(&webhooks.v2, request, record).await,
            path => panic!("{path}"),
        }
    }

    async fn serve(listener: TcpListener, webhooks: Webhooks, record: Record) {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            let (webhooks, record) = (webhooks.clone(), record.clone());
            let service = service_fn(move |mut request: http::Request<Incoming>| {
                let (webhooks, record) = (webhooks.clone(), record.clone());
                async move {
                    let value = request.headers().get("x-test-peer");
                    let told = test_peer(value.map(|value| value.to_str().unwrap()));
                    request.extensions_mut().insert(PeerAddress(told.unwrap_or(peer.ip())));
                    let response = answer(&webhooks, request, &record).await;
                    Ok::<_, std::convert::Infallible>(response.map(Full::new))
                }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            let http = http.timer(TokioTimer::new());
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    }

    pub(super) fn start(webhooks: Webhooks) -> Server {
        Server::start("hyper", move |listener, record| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, webhooks, record));
        })
    }
}
