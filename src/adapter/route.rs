//! What a route does around its handler, on every server alike.

use std::future::Future;
use std::mem;
use std::panic::resume_unwind;
use std::thread;

use bytes::Bytes;
use http::Response;
use tokio::task::JoinHandle;

use crate::answer::{Answer, IntoReceipt};
use crate::log;
use crate::rejection::Rejection;
use crate::webhook::{Extract, Verified, Webhook, source};

/// What a handler takes as its last argument: `Verified<W>`, or
/// `Result<Verified<W>, Rejection>` to see refused deliveries too. A port-out
/// that is refused is answered without its handler.
pub trait FromDelivery<W: Webhook>: Sized + Send {
    /// The argument, and the rejection if the handler is called for a refused
    /// delivery.
    ///
    /// # Errors
    ///
    /// The rejection, if the handler does not take it.
    #[doc(hidden)]
    fn from_delivery(
        received: Result<Verified<W>, Rejection>,
    ) -> Result<(Self, Option<Rejection>), Rejection>;
}

impl<W: Webhook> FromDelivery<W> for Verified<W> {
    fn from_delivery(
        received: Result<Verified<W>, Rejection>,
    ) -> Result<(Self, Option<Rejection>), Rejection> {
        received.map(|verified| (verified, None))
    }
}

impl<W: Extract> FromDelivery<W> for Result<Verified<W>, Rejection> {
    fn from_delivery(
        received: Result<Verified<W>, Rejection>,
    ) -> Result<(Self, Option<Rejection>), Rejection> {
        let refused = received.as_ref().err().cloned();
        Ok((received, refused))
    }
}

/// Runs the handler of a delivery and makes the answer out of what it returns.
/// `R` is the response of an extractor that refused.
///
/// A delivery that was refused is answered as its rejection says, whatever the
/// handler returns: nobody but a proven sender gets a receipt.
pub(super) async fn answer<W: Extract, R>(
    webhook: &W,
    refused: Option<Rejection>,
    handler: impl Future<Output = Result<impl IntoReceipt<W::Receipt>, R>>,
) -> Result<Response<Bytes>, R> {
    let source = source(webhook);
    let unfinished = Unfinished(source);
    let returned = handler.await.map(IntoReceipt::into_receipt);
    mem::forget(unfinished);
    if let Ok(Err(error)) = &returned {
        // The handler of a refused delivery gives back its rejection, which is logged.
        let is_logged = refused.is_some() && error.is::<Rejection>();
        if !is_logged {
            log::handler_failed(source, &**error);
        }
    }
    let is_proven = |rejection: &Rejection| rejection.verified_body().is_some();
    let answer = match (returned, refused) {
        (Ok(Ok(receipt)), None) => receipt.into(),
        (Ok(Ok(receipt)), Some(rejection)) if is_proven(&rejection) => receipt.into(),
        (_, Some(rejection)) => return Ok(rejection.to_response()),
        (Ok(Err(_)), None) => Answer::not_accepted(),
        (Err(refused_by_extractor), None) => return Err(refused_by_extractor),
    };
    log::answered(source, answer.status());
    Ok(answer.to_response())
}

/// A handler that was called and has not returned.
struct Unfinished<'w>(log::Source<'w>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            log::handler_panicked(self.0);
        } else {
            log::handler_cut_off(self.0);
        }
    }
}

/// The answer of a handler that runs as a task of its own. If it panics, so does
/// this, as it would without the task.
pub(super) async fn of_task<R>(
    task: JoinHandle<Result<Response<Bytes>, R>>,
) -> Result<Response<Bytes>, R> {
    match task.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(answer) => answer,
        Err(Ok(panic)) => resume_unwind(panic),
        // The runtime is shutting down.
        Err(Err(_)) => Ok(Answer::not_accepted().to_response()),
    }
}
