//! One event for each delivery, behind the feature `tracing`; nothing without it.
#![cfg_attr(
    not(feature = "tracing"),
    allow(clippy::extra_unused_type_parameters, reason = "there is nothing to name a webhook in")
)]

use crate::rejection::Rejection;
use crate::webhook::Webhook;

#[cfg(feature = "tracing")]
pub(crate) fn verified<W: Webhook>(body_bytes: usize) {
    tracing::info!(webhook = W::NAME, body_bytes, "delivery verified");
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn verified<W: Webhook>(_body_bytes: usize) {}

/// The reason names no value that the sender sent, so it can be logged whole. A
/// challenge is a normal step of a delivery and is logged below the others.
pub(crate) fn refused<W: Webhook, B>(rejection: Rejection<B>) -> Rejection<B> {
    #[cfg(feature = "tracing")]
    {
        let status = rejection.status().as_u16();
        let reason = rejection.reason();
        if rejection.is_challenge() {
            tracing::debug!(webhook = W::NAME, status, "credentials asked for");
        } else {
            tracing::warn!(webhook = W::NAME, status, %reason, "delivery refused");
        }
    }
    rejection
}

/// A handler without an answer is answered for; someone should look into why.
#[cfg(all(any(feature = "axum", feature = "actix"), feature = "bandwidth"))]
pub(crate) fn handler_failed<W: Webhook>(failure: &impl std::fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::error!(webhook = W::NAME, %failure, "handler answered for");
    #[cfg(not(feature = "tracing"))]
    let _ = failure;
}
