//! One event for each delivery, behind the feature `tracing`; nothing without it.
#![cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "there is no log"))]

use crate::rejection::Rejection;

pub(crate) fn verified(webhook: &'static str, body_bytes: usize) {
    #[cfg(feature = "tracing")]
    tracing::info!(webhook, body_bytes, "delivery verified");
}

/// The reason names no value that the sender sent, so it can be logged whole. A
/// challenge is a normal step of a delivery and is logged below the others.
pub(crate) fn refused<B>(webhook: &'static str, rejection: Rejection<B>) -> Rejection<B> {
    #[cfg(feature = "tracing")]
    {
        let status = rejection.status().as_u16();
        let reason = rejection.reason();
        if rejection.is_challenge() {
            tracing::debug!(webhook, status, "credentials asked for");
        } else {
            tracing::warn!(webhook, status, %reason, "delivery refused");
        }
    }
    rejection
}

/// A handler without an answer is answered for; someone should look into why.
#[cfg(all(any(feature = "axum", feature = "actix"), feature = "bandwidth"))]
pub(crate) fn handler_failed(webhook: &'static str, failure: &impl std::fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::error!(webhook, %failure, "handler answered for");
}
