//! A delivery to a public webhook, head first and without a server, and what
//! becomes of it: the event, or the status and the reason of the refusal.

use bytes::Bytes;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use order_webhooks::{Head, Reason, Receive as _, Rejection, Verified, Webhook};

use super::samples::CHALLENGE;

pub(crate) type Headers<'a> = &'a [(&'a str, &'a [u8])];

pub(crate) const ACCEPTED: &str = "accepted";

/// What becomes of a POST, with the refusal as `status reason`.
#[track_caller]
pub(crate) fn outcome<W: Webhook>(
    webhook: &W,
    headers: Headers<'_>,
    body: &[u8],
) -> Result<W::Event, String> {
    match deliver(webhook, "POST", headers, body) {
        Ok(verified) => {
            assert_eq!(verified.body(), body);
            Ok(verified.into_event())
        }
        Err(rejection) => Err(refusal(&rejection, body)),
    }
}

/// The same; of an event it is told that there is one.
#[track_caller]
pub(crate) fn said<W: Webhook>(webhook: &W, headers: Headers<'_>, body: &[u8]) -> String {
    outcome(webhook, headers, body).map_or_else(|refused| refused, |_| ACCEPTED.to_owned())
}

pub(crate) fn deliver<W: Webhook>(
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
pub(crate) fn refusal(rejection: &Rejection, body: &[u8]) -> String {
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
    format!("{} {rejection}", rejection.status().as_u16())
}
