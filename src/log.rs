//! One event for each delivery, behind the feature `tracing`; nothing without it.
#![cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "there is no log"))]

#[cfg(any(feature = "tracing", feature = "actix"))]
use crate::rejection::Reason;
use crate::rejection::Rejection;

pub(crate) fn verified(webhook: &'static str, body_bytes: usize) {
    #[cfg(feature = "tracing")]
    tracing::info!(webhook, body_bytes, "delivery verified");
}

/// The reason names no value that the sender sent, so it can be logged whole. A
/// challenge is a normal step of a delivery and is logged below the others; what
/// refuses everybody is a mistake in the configuration and is logged above them.
pub(crate) fn refused(webhook: &'static str, rejection: Rejection) -> Rejection {
    #[cfg(feature = "tracing")]
    {
        let status = rejection.status().as_u16();
        let reason = rejection.reason();
        match reason {
            Reason::Challenged(_) => tracing::debug!(webhook, status, "credentials asked for"),
            Reason::AddressUnknown => tracing::error!(
                webhook,
                status,
                "delivery refused: the server gives no address of its senders, so nobody is \
                 allowed; in axum serve `into_make_service_with_connect_info::<SocketAddr>()`, \
                 and behind a proxy put a `PeerAddress` into the extensions of each request"
            ),
            reason => tracing::warn!(webhook, status, %reason, "delivery refused"),
        }
    }
    rejection
}

/// The mistake is in the server, and no delivery gets through before it is mended.
#[cfg(feature = "actix")]
pub(crate) fn unconfigured(webhook: &'static str) -> Rejection {
    #[cfg(feature = "tracing")]
    tracing::error!(
        webhook,
        status = 500,
        "delivery refused: the app has no data of this webhook's type; give the webhook itself to \
         `App::app_data`, not inside another type, or use the route `actix::receive(webhook, \
         handler)`"
    );
    Rejection::new(Reason::Unconfigured)
}

/// The crate answers in place of a handler without an answer; someone should
/// look into why.
#[cfg(all(feature = "body", feature = "bandwidth"))]
pub(crate) fn answered_without_handler(webhook: &'static str, failure: &impl std::fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::error!(webhook, %failure, "answered without the handler");
}

/// Without another thread a blocked handler keeps the others waiting.
#[cfg(all(feature = "body", feature = "bandwidth"))]
pub(crate) fn thread_refused(error: &impl std::fmt::Display) {
    #[cfg(feature = "tracing")]
    tracing::error!(%error, "the system gives no thread for handlers");
}

/// The future inside the span that this is called in, wherever it is polled.
#[cfg(any(feature = "axum", feature = "actix", all(feature = "body", feature = "bandwidth")))]
pub(crate) fn in_span<F: Future>(future: F) -> impl Future<Output = F::Output> {
    #[cfg(feature = "tracing")]
    let future = tracing::Instrument::in_current_span(future);
    future
}

/// The handler has returned, and this is what its sender is told.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn answered(webhook: &'static str, status: http::StatusCode) {
    #[cfg(feature = "tracing")]
    tracing::info!(webhook, status = status.as_u16(), "delivery answered");
}

/// The handler has returned an error.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn handler_failed(webhook: &'static str, error: &(dyn std::error::Error + 'static)) {
    #[cfg(feature = "tracing")]
    tracing::error!(webhook, error, "handler failed");
}

/// The handler has panicked.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn handler_panicked(webhook: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::error!(webhook, "handler panicked");
}

/// The handler's request was dropped before the handler had returned.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn handler_cut_off(webhook: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::error!(webhook, "handler cut off: the sender left, or a layer of the server gave up");
}
