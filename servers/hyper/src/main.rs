//! A receiver in plain hyper, over `order_webhooks::body`.

use std::convert::Infallible;
use std::error::Error;
use std::io;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use order_webhooks::body::{self, port_out};
use order_webhooks::webhook::{Answer, Extract};
use shop::Webhooks;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Ok(serve(listener, Webhooks::new()?).await?)
}

async fn serve(listener: TcpListener, webhooks: Webhooks) -> io::Result<()> {
    let service = service_fn(move |request| {
        let webhooks = webhooks.clone();
        async move { Ok::<_, Infallible>(answer(&webhooks, request).await.map(Full::new)) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service.clone()));
    }
}

async fn answer(webhooks: &Webhooks, request: Request<Incoming>) -> Response<Bytes> {
    match request.uri().path() {
        "/musement" => receive(&webhooks.musement, request, shop::on_order_item).await,
        "/porterbuddy" => receive(&webhooks.porterbuddy, request, shop::on_order).await,
        "/notifications" => receive(&webhooks.notifications, request, shop::on_notification).await,
        "/subscriptions" => receive(&webhooks.subscriptions, request, shop::on_update).await,
        "/port-outs" => {
            port_out(&webhooks.port_outs, request, async |asked| shop::judge(&asked)).await
        }
        _ => Answer::empty(StatusCode::NOT_FOUND).to_response(),
    }
}

async fn receive<W: Extract, R: Into<Answer>>(
    webhook: &W,
    request: Request<Incoming>,
    handler: fn(&W::Event) -> R,
) -> Response<Bytes> {
    match body::receive(webhook, request).await {
        Ok(delivery) => handler(&delivery).into().to_response(),
        Err(rejection) => rejection.to_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_table_over_loopback() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Webhooks::new().unwrap()));
        deliveries::check(deliveries::table(), deliveries::over(address)).await;
    }
}
