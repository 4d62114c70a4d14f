//! A receiver in a Cloudflare Worker, over the `worker` crate and the two steps of
//! `order_webhooks::WebhookExt`.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use order_webhooks::webhook::Answer;
use order_webhooks::{Head, Limits, Reason, Webhook, WebhookExt as _};
use shop::Webhooks;
use worker::js_sys::Function;
use worker::wasm_bindgen::JsCast as _;
use worker::wasm_bindgen::prelude::{Closure, JsValue};
use worker::{Body, Context, Delay, Env, HttpRequest, event};

static WEBHOOKS: LazyLock<Webhooks> =
    LazyLock::new(|| Webhooks::new().expect("the sample secrets are not empty"));

#[event(fetch)]
async fn fetch(
    request: HttpRequest,
    _env: Env,
    _context: Context,
) -> worker::Result<Response<Full<Bytes>>> {
    let webhooks = &*WEBHOOKS;
    let answer = match request.uri().path() {
        "/musement" => receive(&webhooks.musement, request, shop::on_order_item).await,
        "/porterbuddy" => receive(&webhooks.porterbuddy, request, shop::on_order).await,
        "/notifications" => receive(&webhooks.notifications, request, shop::on_notification).await,
        "/subscriptions" => receive(&webhooks.subscriptions, request, shop::on_update).await,
        "/port-outs" => {
            receive(&webhooks.port_outs, request, |asked| {
                let question = asked.clone();
                match attempt(move || shop::judge(&question)) {
                    Some(verdict) => verdict.answer(asked),
                    None => webhooks.port_outs.otherwise(asked),
                }
            })
            .await
        }
        _ => Answer::empty(StatusCode::NOT_FOUND).to_response(),
    };
    Ok(answer.map(Full::new))
}

async fn receive<W: Webhook, R: Into<Answer>>(
    webhook: &W,
    request: Request<Body>,
    handler: impl FnOnce(&W::Event) -> R,
) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    let pending = webhook.authenticate(&Head::from(&head));
    // The body comes first, whatever the head is: many senders write all of their
    // request before they read the answer.
    let body = read(body, webhook.limits()).await;
    let delivery = match (pending, body) {
        (Ok(pending), Ok(body)) => pending.verify(body),
        (Ok(pending), Err(reason)) => Err(pending.fail(reason)),
        (Err(rejection), body) => {
            Err(webhook.refuse_with_body(rejection, &body.unwrap_or_default()))
        }
    };
    match delivery {
        Ok(delivery) => handler(&delivery).into().to_response(),
        Err(rejection) => rejection.to_response(),
    }
}

/// Reads the body, and keeps as much as shows that it is too large.
async fn read(mut body: Body, limits: Limits) -> Result<Bytes, Reason> {
    let reading = pin!(async {
        let (mut kept, mut read) = (BytesMut::new(), 0_usize);
        while read <= limits.drained_bytes() {
            let Some(frame) = body.frame().await else { break };
            let data = frame.map_err(|_| Reason::Incomplete)?.into_data().unwrap_or_default();
            read = read.saturating_add(data.len());
            let room = limits.body_bytes().saturating_add(1).saturating_sub(kept.len());
            kept.extend_from_slice(data.get(..room).unwrap_or(&data));
        }
        Ok(kept.freeze())
    });
    match select(reading, pin!(Delay::from(limits.body_time()))).await {
        Either::Left((body, _)) => body,
        Either::Right(_) => Err(Reason::TooSlow { limit: limits.body_time() }),
    }
}

/// Calls the handler through JavaScript, which can catch a panic where Rust cannot: in
/// WebAssembly a panic is a trap, and a trap is an exception of JavaScript's.
fn attempt<T: 'static>(handler: impl FnOnce() -> T + 'static) -> Option<T> {
    let slot = Rc::new(RefCell::new(None));
    let result = Rc::clone(&slot);
    let closure = Closure::once(move || *result.borrow_mut() = Some(handler()));
    let function: &Function = closure.as_ref().unchecked_ref();
    function.call0(&JsValue::NULL).ok()?;
    slot.take()
}
