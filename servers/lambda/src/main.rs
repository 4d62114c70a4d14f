//! A receiver in AWS Lambda, over `order_webhooks::body`.
//!
//! Put an Application Load Balancer before it, with multi-value headers switched on.
//! API Gateway renames `WWW-Authenticate`, so behind it Bandwidth never sends the
//! credentials of a notification or a port-out; `docs/servers.md` says what works.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use lambda_http::{Error, Request, RequestExt as _, service_fn};
use order_webhooks::body::{self, port_out};
use order_webhooks::webhook::{Answer, Extract};
use shop::Webhooks;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let webhooks = Webhooks::new()?;
    lambda_http::run(service_fn(|request| answer(&webhooks, request))).await
}

async fn answer(webhooks: &Webhooks, request: Request) -> Result<Response<Full<Bytes>>, Error> {
    let answer = match request.raw_http_path() {
        "/musement" => receive(&webhooks.musement, request, shop::on_order_item).await,
        "/porterbuddy" => receive(&webhooks.porterbuddy, request, shop::on_order).await,
        "/notifications" => receive(&webhooks.notifications, request, shop::on_notification).await,
        "/subscriptions" => receive(&webhooks.subscriptions, request, shop::on_update).await,
        "/port-outs" => {
            port_out(&webhooks.port_outs, request, async |asked| shop::judge(&asked)).await
        }
        _ => Answer::empty(StatusCode::NOT_FOUND).to_response(),
    };
    Ok(answer.map(Full::new))
}

async fn receive<W: Extract, R: Into<Answer>>(
    webhook: &W,
    request: Request,
    handler: fn(&W::Event) -> R,
) -> Response<Bytes> {
    match body::receive(webhook, request).await {
        Ok(delivery) => handler(&delivery).into().to_response(),
        Err(rejection) => rejection.to_response(),
    }
}

#[cfg(test)]
mod tests;
