//! Whole requests through axum and actix, in the process and without a socket,
//! beside the same handler without the crate.
#![allow(missing_docs, clippy::unwrap_used)]

use actix_web::{App, test, web};
use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use divan::Bencher;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Receipt, Secret, actix, axum as extract};
use tower::ServiceExt as _;

const BODY: &str = include_str!("../tests/data/porterbuddy/order-status.json");
const HEADER: &str = "x-porterbuddy-hmac-sha256";

fn main() {
    divan::main();
}

fn webhook() -> OrderWebhook {
    OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap())
}

async fn bytes(body: Bytes) -> Receipt {
    drop(body);
    Receipt::Accepted
}

#[divan::bench(args = ["with", "without"])]
fn axum(bencher: Bencher<'_, '_>, handler: &str) {
    async fn verified(update: extract::Verified<OrderWebhook>) -> Receipt {
        drop(update);
        Receipt::Accepted
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = Router::new()
        .route("/with", post(verified))
        .route("/without", post(bytes))
        .with_state(webhook());
    let signature = webhook().signature().sign(BODY.as_bytes());
    bencher
        .with_inputs(|| {
            let request = http::Request::post(format!("/{handler}"));
            let request = request.header(HEADER, &signature).body(axum::body::Body::from(BODY));
            (app.clone(), request.unwrap())
        })
        .bench_values(|(app, request)| {
            let response = runtime.block_on(app.oneshot(request)).unwrap();
            assert_eq!(response.status(), 200);
        });
}

#[divan::bench(args = ["with", "without"])]
fn actix(bencher: Bencher<'_, '_>, handler: &str) {
    async fn verified(update: actix::Verified<OrderWebhook>) -> Receipt {
        drop(update);
        Receipt::Accepted
    }
    let runtime = actix_web::rt::System::new();
    let app = App::new()
        .app_data(webhook())
        .route("/with", web::post().to(verified))
        .route("/without", web::post().to(bytes));
    let app = runtime.block_on(test::init_service(app));
    let signature = webhook().signature().sign(BODY.as_bytes());
    bencher
        .with_inputs(|| {
            let request = test::TestRequest::post().uri(&format!("/{handler}"));
            request.insert_header((HEADER, &*signature)).set_payload(BODY).to_request()
        })
        .bench_local_values(|request| {
            let response = runtime.block_on(test::call_service(&app, request));
            assert_eq!(response.status(), 200);
        });
}
