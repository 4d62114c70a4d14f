//! A receiver as a module of `wasm32-unknown-unknown`, over the two steps of
//! `order_webhooks::WebhookExt`. It has no runtime, no I/O and no clock: `module.rs`
//! is its side towards the host, and `worker.mjs` is such a host, as short as a
//! Worker's `fetch` can be.

mod module;

use bytes::Bytes;
use http::{Response, StatusCode};
use order_webhooks::webhook::Answer;
use order_webhooks::{Head, WebhookExt};
use shop::Webhooks;

/// Answers a delivery. `stand_by` takes the answer that is sent if this panics.
pub fn answer(
    webhooks: &Webhooks,
    path: &str,
    head: &Head<'_>,
    body: &[u8],
    stand_by: impl Fn(Answer),
) -> Response<Bytes> {
    match path {
        "/musement" => receive(&webhooks.musement, head, body, shop::on_order_item),
        "/porterbuddy" => receive(&webhooks.porterbuddy, head, body, shop::on_order),
        "/notifications" => receive(&webhooks.notifications, head, body, shop::on_notification),
        "/subscriptions" => receive(&webhooks.subscriptions, head, body, shop::on_update),
        "/port-outs" => receive(&webhooks.port_outs, head, body, |asked| {
            stand_by(webhooks.port_outs.otherwise(asked));
            shop::judge(asked).answer(asked)
        }),
        _ => Answer::empty(StatusCode::NOT_FOUND).to_response(),
    }
}

fn receive<W: WebhookExt, R: Into<Answer>>(
    webhook: &W,
    head: &Head<'_>,
    body: &[u8],
    handler: impl FnOnce(&W::Event) -> R,
) -> Response<Bytes> {
    let pending = match webhook.authenticate(head) {
        Ok(pending) => pending,
        Err(rejection) => return webhook.refuse_with_body(rejection, body).to_response(),
    };
    match pending.verify(body) {
        Ok(delivery) => handler(&delivery).into().to_response(),
        Err(rejection) => rejection.to_response(),
    }
}
