//! Inputs, and the outcome that each must have, as tables: a file a section.
//!
//! Every case goes through a public webhook, head first. Its outcome is the
//! event, or the status and the reason of the refusal. What needs a connection
//! (a body that is slow or longer than declared) is tested over the servers.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::large_stack_arrays,
    clippy::panic
)]

mod basic;
mod json;
mod leaks;
mod port_out;
mod signature;
mod table;
mod transport;
mod xml;

use bytes::Bytes;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use order_webhooks::{Head, Reason, Receive as _, Rejection, Verified, Webhook};

const CHALLENGE: &str = r#"Basic realm="webhooks", charset="UTF-8""#;

type Headers<'a> = &'a [(&'a str, &'a [u8])];

/// What becomes of a POST, with the refusal as `status reason`.
#[track_caller]
fn outcome<W: Webhook>(webhook: &W, headers: Headers<'_>, body: &[u8]) -> Result<W::Event, String> {
    match deliver(webhook, "POST", headers, body) {
        Ok(verified) => {
            assert_eq!(verified.body(), body);
            Ok(verified.into_event())
        }
        Err(rejection) => {
            check_rejection(&rejection, body);
            Err(format!("{} {rejection}", rejection.status().as_u16()))
        }
    }
}

fn deliver<W: Webhook>(
    webhook: &W,
    method: &str,
    headers: Headers<'_>,
    body: &[u8],
) -> Result<Verified<W>, Rejection> {
    webhook.authenticate(&Head::new(method, &headers))?.verify(Bytes::copy_from_slice(body))
}

/// What holds for every refusal: the sender gets a status, the challenge of a
/// 401, the `Allow` of a 405 and nothing more. The body is kept if, and only
/// if, the sender is proven.
#[track_caller]
fn check_rejection(rejection: &Rejection, body: &[u8]) {
    let response = rejection.to_response();
    assert_eq!(response.status(), rejection.status());
    assert_eq!(response.body(), "");
    let shown = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.clone(), value.to_str().unwrap().to_owned())
    };
    let headers: Vec<_> = response.headers().iter().map(shown).collect();
    match response.status().as_u16() {
        401 => assert_eq!(headers, [(WWW_AUTHENTICATE, CHALLENGE.to_owned())]),
        405 => assert_eq!(headers, [(ALLOW, "POST".to_owned())]),
        _ => assert!(headers.is_empty(), "{headers:?}"),
    }
    let proven = matches!(rejection.reason(), Reason::Unparsable(_));
    assert_eq!(rejection.verified_body().map(Bytes::as_ref), proven.then_some(body));
}
