//! The events of the log, behind the feature `tracing`; nothing without it.
//! `docs/logging.md` lists them. Each has the fields `webhook` and `code`.
#![cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "there is no log"))]

#[cfg(any(feature = "tracing", feature = "actix"))]
use crate::rejection::Reason;
use crate::rejection::Rejection;

/// Whose event it is.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "there is no log"))]
pub(crate) struct Source<'w> {
    /// The name of the webhook's type.
    pub(crate) webhook: &'static str,
    /// The name that this one was given.
    pub(crate) instance: Option<&'w str>,
}

/// An event of the one target, with the fields that every event has.
#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $source:expr, $code:expr, $($rest:tt)+) => {
        tracing::event!(
            target: "order_webhooks",
            tracing::Level::$level,
            webhook = $source.webhook,
            instance = $source.instance,
            code = $code,
            $($rest)+
        )
    };
}

pub(crate) fn verified(source: Source<'_>, body_bytes: usize) {
    #[cfg(feature = "tracing")]
    event!(INFO, source, "verified", body_bytes, "delivery verified");
}

/// The reason names no value that the sender sent, so it can be logged whole. A
/// challenge is a normal step of a delivery and is logged below the others; what
/// refuses everybody is a mistake in the configuration and is logged above them.
pub(crate) fn refused(source: Source<'_>, rejection: Rejection) -> Rejection {
    #[cfg(feature = "tracing")]
    {
        let status = rejection.status().as_u16();
        let reason = rejection.reason();
        let code = reason.code();
        match reason {
            Reason::Challenged(_) => event!(DEBUG, source, code, status, "credentials asked for"),
            Reason::AddressUnknown => event!(
                ERROR,
                source,
                code,
                status,
                %reason,
                "delivery refused: the server gives no address of its senders, so nobody is \
                 allowed; in axum serve `into_make_service_with_connect_info::<SocketAddr>()`, \
                 and behind a proxy add a `SetPeerAddressLayer`"
            ),
            Reason::AddressMissing => event!(
                ERROR,
                source,
                code,
                status,
                %reason,
                "delivery refused: it did not come through as many proxies as are configured, or \
                 they write another header"
            ),
            Reason::AddressRefused(address) => {
                event!(WARN, source, code, status, %reason, %address, "delivery refused");
            }
            Reason::Unconfigured => event!(
                ERROR,
                source,
                code,
                status,
                %reason,
                "delivery refused: give the webhook itself to `App::app_data`, not inside another \
                 type, or use the route `actix::receive(webhook, handler)`"
            ),
            reason => event!(WARN, source, code, status, %reason, "delivery refused"),
        }
    }
    rejection
}

/// The mistake is in the server, and no delivery gets through before it is mended.
#[cfg(feature = "actix")]
pub(crate) fn unconfigured(webhook: &'static str) -> Rejection {
    refused(Source { webhook, instance: None }, Rejection::new(Reason::Unconfigured))
}

/// The handler has returned, and this is what its sender is told.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn answered(source: Source<'_>, status: http::StatusCode) {
    #[cfg(feature = "tracing")]
    {
        let code = if status.is_success() { "accepted" } else { "not_accepted" };
        event!(INFO, source, code, status = status.as_u16(), "delivery answered");
    }
}

/// An extractor of the handler's has answered in its place.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn extractor_refused(source: Source<'_>, status: u16) {
    #[cfg(feature = "tracing")]
    event!(WARN, source, "extractor_refused", status, "extractor refused a verified delivery");
}

/// The handler has returned an error.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn handler_failed(source: Source<'_>, error: &(dyn std::error::Error + 'static)) {
    #[cfg(feature = "tracing")]
    event!(ERROR, source, "handler_failed", error, "handler failed");
}

/// The handler has panicked.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn handler_panicked(source: Source<'_>) {
    #[cfg(feature = "tracing")]
    event!(ERROR, source, "handler_panicked", "handler panicked");
}

/// The handler's request was dropped before the handler had returned.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn handler_cut_off(source: Source<'_>) {
    #[cfg(feature = "tracing")]
    event!(
        ERROR,
        source,
        "handler_cut_off",
        "handler cut off: the sender left, or a layer of the server gave up"
    );
}

/// A port-out is answered: by its handler, or in its place. `denial` has the codes
/// of a denial, and nothing for an approval.
#[cfg(all(feature = "body", feature = "bandwidth"))]
pub(crate) fn port_out_answered(source: Source<'_>, by: &'static str, denial: Option<&str>) {
    #[cfg(feature = "tracing")]
    {
        let code = if denial.is_some() { "denied" } else { "allowed" };
        event!(INFO, source, code, by, denial, "port-out answered");
    }
}

/// A port-out was dropped before its answer was given.
#[cfg(all(feature = "body", feature = "bandwidth"))]
pub(crate) fn port_out_cut_off(source: Source<'_>) {
    #[cfg(feature = "tracing")]
    event!(
        ERROR,
        source,
        "handler_cut_off",
        "port-out not answered: the sender left, or a layer of the server gave up"
    );
}

/// The crate answers in place of a handler without an answer; someone should
/// look into why.
#[cfg(all(feature = "body", feature = "bandwidth"))]
pub(crate) fn answered_without_handler(
    source: Source<'_>,
    code: &'static str,
    failure: &impl std::fmt::Display,
) {
    #[cfg(feature = "tracing")]
    event!(ERROR, source, code, %failure, "answered without the handler");
}

/// Without another thread a blocked handler keeps the others waiting.
#[cfg(all(feature = "body", feature = "bandwidth"))]
pub(crate) fn thread_refused(error: &impl std::fmt::Display) {
    let source = Source { webhook: "bandwidth.port_out", instance: None };
    #[cfg(feature = "tracing")]
    event!(ERROR, source, "thread_refused", %error, "the system gives no thread for handlers");
}

/// The future inside the span that this is called in, wherever it is polled.
#[cfg(any(feature = "axum", feature = "actix", all(feature = "body", feature = "bandwidth")))]
pub(crate) fn in_span<F: Future>(future: F) -> impl Future<Output = F::Output> {
    #[cfg(feature = "tracing")]
    let future = tracing::Instrument::in_current_span(future);
    future
}
