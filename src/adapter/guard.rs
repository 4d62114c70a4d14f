//! An answer within the deadline, whatever the handler does.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use crate::answer::Answer;
use crate::bandwidth::{IntoPortOutAnswer, PortOutFailure, PortOutWebhook};
use crate::log;
use crate::rejection::Rejection;
use crate::webhook::{Verified, Webhook as _};

/// Receives a question, asks the handler, and answers before the deadline that
/// started when the head arrived.
///
/// The handler runs on a thread of its own out of the runtime's pool for
/// blocking work: one that panics, waits for ever, or blocks its thread without
/// ever waiting takes nothing along that the answer needs.
pub(super) async fn answer<H, F>(
    webhook: &PortOutWebhook,
    received: impl Future<Output = Result<Verified<PortOutWebhook>, Rejection>>,
    handler: H,
) -> Result<Answer, Rejection>
where
    H: FnOnce(Verified<PortOutWebhook>) -> F + Send + 'static,
    F: Future<Output: IntoPortOutAnswer> + Send + 'static,
{
    let head_came = Instant::now();
    let request = match received.await {
        Ok(request) => request,
        Err(rejection) => {
            if !rejection.is_challenge() {
                report(webhook, || PortOutFailure::Refused(rejection.clone()));
            }
            return Err(rejection);
        }
    };
    let left = webhook.deadline().saturating_sub(head_came.elapsed());
    let pon = request.pon().map(str::to_owned);
    let runtime = Handle::current();
    let verdict = spawn_blocking(move || {
        let asked = async move { handler(request).await.into_port_out_answer() };
        runtime.block_on(async { timeout(left, asked).await })
    });
    let failure = match timeout(left, verdict).await {
        Ok(Ok(Ok(Some(answer)))) => return Ok(answer.answer(pon.as_deref())),
        Ok(Ok(Ok(None))) => PortOutFailure::HandlerFailed,
        Ok(Err(_)) => PortOutFailure::HandlerPanicked,
        Ok(Ok(Err(_))) | Err(_) => PortOutFailure::HandlerLate,
    };
    log::handler_failed(PortOutWebhook::NAME, &failure);
    report(webhook, || failure);
    Ok(webhook.otherwise(pon.as_deref()))
}

/// The report must not take the answer along either.
fn report(webhook: &PortOutWebhook, failure: impl FnOnce() -> PortOutFailure) {
    if let Some(reporter) = webhook.reporter() {
        let failure = failure();
        spawn_blocking(move || reporter(failure));
    }
}
