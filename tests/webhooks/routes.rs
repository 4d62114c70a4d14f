//! Webhooks that stand at their routes in an app which exists already, and bodies
//! of any server.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{BasicAuth, Limits, Receipt, Rejection, Verified, body};

use fixtures::samples::{ORDER_ITEM, PORT_OUT};

/// What the app had before: how many orders it knows.
#[derive(Clone, Default)]
struct Db(Arc<AtomicUsize>);

impl Db {
    fn count(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn of_today(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// `printf a:p | base64`, and with b.
const A: &str = "Basic YTpw";
const B: &str = "Basic Yjpw";

fn webhook(user: &str) -> OrderItemWebhook {
    OrderItemWebhook::new(BasicAuth::new(user, "p").unwrap())
}

fn port_outs() -> PortOutWebhook {
    PortOutWebhook::new(BasicAuth::new("a", "p").unwrap(), DenialReason::InvalidRequest.into())
}

/// The path, the credentials, the status, and how many orders the app knows then.
const ORDERS: [(&str, Option<&str>, u16, usize); 8] = [
    ("/musement/a", Some(A), 200, 1),
    ("/musement/a", Some(B), 401, 1),
    ("/musement/b", Some(B), 200, 2),
    ("/musement/b", Some(A), 401, 2),
    ("/musement/b", None, 401, 2),
    ("/either", Some(A), 200, 3),
    // Its handler sees refused deliveries, too.
    ("/either", Some(B), 401, 4),
    ("/port-out", Some(A), 200, 5),
];

mod in_axum {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::extract::{Path, State};
    use order_webhooks::axum::{port_out, receive};
    use tower::ServiceExt as _;

    async fn on_update(State(db): State<Db>, _: Verified<OrderItemWebhook>) -> Receipt {
        db.count();
        Receipt::Accepted
    }

    async fn on_either(
        State(db): State<Db>,
        Path(()): Path<()>,
        delivery: Result<Verified<OrderItemWebhook>, Rejection>,
    ) -> Result<Receipt, Rejection> {
        db.count();
        delivery.map(|_| Receipt::Accepted)
    }

    async fn on_port_out(State(db): State<Db>, _: Verified<PortOutWebhook>) -> PortOutAnswer {
        db.count();
        PortOutAnswer::Allow
    }

    #[tokio::test]
    async fn webhooks_stand_at_routes_beside_a_state() {
        let db = Db::default();
        let app: Router = Router::new()
            .route("/musement/a", receive(webhook("a"), on_update))
            .route("/musement/b", receive(webhook("b"), on_update))
            .route("/either", receive(webhook("a"), on_either))
            .route("/port-out", port_out(port_outs(), on_port_out))
            .with_state(db.clone());
        for (path, credentials, status, known) in ORDERS {
            let body = if path == "/port-out" { PORT_OUT } else { ORDER_ITEM };
            let request = Request::post(path).header("x", "y");
            let request = match credentials {
                Some(value) => request.header("authorization", value),
                None => request,
            };
            let request = request.body(Body::from(body)).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            assert_eq!((response.status().as_u16(), db.of_today()), (status, known), "{path}");
            let body = to_bytes(response.into_body(), 10_000).await.unwrap();
            let allowed = body.windows(4).any(|text| text == b"true");
            assert_eq!(allowed, path == "/port-out");
        }
    }
}

mod in_actix {
    use super::*;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, HttpRequest, web};
    use order_webhooks::actix::{port_out, receive};

    async fn on_update(db: web::Data<Db>, _: Verified<OrderItemWebhook>) -> Receipt {
        db.count();
        Receipt::Accepted
    }

    async fn on_either(
        db: web::Data<Db>,
        _: HttpRequest,
        delivery: Result<Verified<OrderItemWebhook>, Rejection>,
    ) -> Result<Receipt, Rejection> {
        db.count();
        delivery.map(|_| Receipt::Accepted)
    }

    async fn on_port_out(db: web::Data<Db>, _: Verified<PortOutWebhook>) -> PortOutAnswer {
        db.count();
        PortOutAnswer::Allow
    }

    #[actix_web::test]
    async fn webhooks_stand_at_routes_beside_data() {
        let db = Db::default();
        let app = App::new()
            .app_data(web::Data::new(db.clone()))
            .route("/musement/a", receive(webhook("a"), on_update))
            .route("/musement/b", receive(webhook("b"), on_update))
            .route("/either", receive(webhook("a"), on_either))
            .route("/port-out", port_out(port_outs(), on_port_out));
        let app = init_service(app).await;
        for (path, credentials, status, known) in ORDERS {
            let body = if path == "/port-out" { PORT_OUT } else { ORDER_ITEM };
            let request = TestRequest::post().uri(path).set_payload(body);
            let request = match credentials {
                Some(value) => request.insert_header(("authorization", value)),
                None => request,
            };
            let response = call_service(&app, request.to_request()).await;
            assert_eq!((response.status().as_u16(), db.of_today()), (status, known), "{path}");
            let body = read_body(response).await;
            let allowed = body.windows(4).any(|text| text == b"true");
            assert_eq!(allowed, path == "/port-out");
        }
    }
}

/// One call gives what an adapter gives: the 401 and the 413 of a large body, too.
#[tokio::test]
async fn any_body_is_received_by_one_call() {
    let limits = Limits::new(2_000, std::time::Duration::from_secs(1)).unwrap();
    let webhook = webhook("a").with_limits(limits);
    let large = "x".repeat(2_001);
    for (credentials, body, status) in [
        (Some(A), ORDER_ITEM, 200),
        (Some(A), "{}", 400),
        (Some(A), &large, 413),
        (Some(B), &large, 401),
        (None, ORDER_ITEM, 401),
    ] {
        let mut request = Request::new(Full::new(Bytes::from(body.to_owned())));
        *request.method_mut() = http::Method::POST;
        if let Some(value) = credentials {
            request.headers_mut().insert("authorization", value.parse().unwrap());
        }
        let answered = match body::receive(&webhook, request).await {
            Ok(update) => {
                assert_eq!(update.body(), ORDER_ITEM);
                Response::new(Bytes::new())
            }
            Err(rejection) => rejection.to_response(),
        };
        assert_eq!(answered.status(), status, "{credentials:?}: {body:.10}");
    }
}

/// The layer takes hyper's own body, and the service behind it has the bytes.
#[tokio::test]
async fn the_layer_takes_what_hyper_gives() {
    use hyper::server::conn::http1;
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;
    use order_webhooks::tower::VerifyLayer;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tower::{Layer as _, service_fn};

    let inner = service_fn(async |request: Request<Full<Bytes>>| {
        let verified = request.extensions().get::<Verified<OrderItemWebhook>>().unwrap();
        Ok::<_, Infallible>(Response::new(Full::new(verified.body().clone())))
    });
    let service = TowerToHyperService::new(VerifyLayer::new(webhook("a")).layer(inner));
    let (mut client, server) = tokio::io::duplex(10_000);
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), service));
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nauthorization: {A}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        ORDER_ITEM.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(ORDER_ITEM.as_bytes()).await.unwrap();
    let mut response = String::new();
    client.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.ends_with(ORDER_ITEM), "{response}");
}
