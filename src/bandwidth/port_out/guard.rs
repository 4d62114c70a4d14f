//! An answer within the deadline, whatever the handler does.

pub(super) mod pool;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use self::pool::{Pool, survive};
use crate::answer::Answer;
use crate::bandwidth::port_out::report::Reports;
use crate::bandwidth::{PortOutAnswer, PortOutFailure, PortOutWebhook};
use crate::log;
use crate::rejection::Rejection;
use crate::webhook::{Verified, Webhook as _};

/// What a handler comes to.
pub(crate) type Verdict = Result<PortOutAnswer, Box<dyn Error + Send + Sync>>;

/// What guards the handlers of one webhook, shared by its clones.
pub(crate) struct Guard {
    webhook: PortOutWebhook,
    shared: Arc<Shared>,
    head_came: Instant,
}

struct Shared {
    places: Arc<Semaphore>,
    handlers: Pool,
    reports: Option<Reports>,
}

impl Shared {
    fn of(webhook: &PortOutWebhook) -> Arc<Self> {
        webhook.shared(|| {
            let most = webhook.most_at_once();
            Self {
                places: Arc::new(Semaphore::new(most.get().min(Semaphore::MAX_PERMITS))),
                handlers: Pool::new(most),
                reports: webhook.reporter().map(Reports::new),
            }
        })
    }

    fn report(&self, runtime: Handle, failure: PortOutFailure) {
        match &self.reports {
            Some(reports) => reports.tell(runtime, failure),
            // A handler's error may panic when it is dropped.
            None => drop(survive(|| drop(failure))),
        }
    }
}

/// Starts what a webhook's handlers run on: at the route, before any question.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn prepare(webhook: &PortOutWebhook) {
    drop(Shared::of(webhook));
}

impl Guard {
    /// Guards one question, whose head has just come.
    pub(crate) fn new(webhook: PortOutWebhook) -> Self {
        let shared = Shared::of(&webhook);
        Self { webhook, shared, head_came: Instant::now() }
    }

    /// Asks the handler the question that was received, and answers before the
    /// deadline.
    ///
    /// `ask` takes the question and gives what is to be called on a thread of the
    /// pool. When the deadline passes it is over: it is not started or polled any
    /// more.
    pub(crate) async fn answer<A, H, F>(
        self,
        received: Result<Verified<PortOutWebhook>, Rejection>,
        ask: impl FnOnce(Verified<PortOutWebhook>) -> A,
    ) -> Result<Answer, Rejection>
    where
        A: Future<Output = Result<H, Box<dyn Error + Send + Sync>>>,
        H: FnOnce() -> F + Send + 'static,
        F: Future<Output = Verdict> + Send + 'static,
    {
        let Self { webhook, shared, head_came } = self;
        let runtime = Handle::current();
        let request = match received {
            Ok(request) => request,
            Err(rejection) => {
                if !rejection.is_challenge() {
                    shared.report(runtime, PortOutFailure::Refused(rejection.clone()));
                }
                return Err(rejection);
            }
        };
        let question = request.event().clone();
        let started = Arc::new(AtomicBool::new(false));
        let verdict = async {
            let handler = ask(request).await?;
            // It is held until the handler's future is gone, so that one which
            // blocks costs a place for as long.
            let place = Arc::clone(&shared.places).acquire_owned().await?;
            let starts = Arc::clone(&started);
            let asked = async move {
                let _place = place;
                starts.store(true, Ordering::Relaxed);
                handler().await
            };
            match shared.handlers.spawn(runtime.clone(), asked).await {
                Some(Ok(verdict)) => verdict,
                Some(Err(pool::Panicked)) | None => Err(PortOutFailure::HandlerPanicked.into()),
            }
        };
        shared.handlers.tend();
        let left = webhook.deadline().saturating_sub(head_came.elapsed());
        let failure = match timeout(left, verdict).await {
            Ok(Ok(answer)) => return Ok(answer.answer(&question)),
            Ok(Err(error)) => PortOutFailure::of_handler(error),
            Err(_) if started.load(Ordering::Relaxed) => PortOutFailure::HandlerLate,
            Err(_) => PortOutFailure::HandlerNotAsked,
        };
        log::handler_failed(PortOutWebhook::NAME, &failure);
        shared.report(runtime, failure);
        Ok(webhook.otherwise(&question))
    }
}

/// The answer of a guard that runs as a task of its own, so that it goes on to
/// its end and its report when the sender leaves, on every server alike.
pub(crate) async fn answer_of(
    webhook: &PortOutWebhook,
    task: JoinHandle<Result<Answer, Rejection>>,
) -> Result<Answer, Rejection> {
    match task.await {
        Ok(answer) => answer,
        Err(failed) => {
            let failure = PortOutFailure::HandlerPanicked;
            log::handler_failed(PortOutWebhook::NAME, &failure);
            Shared::of(webhook).report(Handle::current(), failure);
            survive(|| drop(failed));
            Ok(webhook.otherwise(None))
        }
    }
}

#[cfg(test)]
#[cfg(feature = "axum")]
mod tests {
    use super::*;
    use crate::BasicAuth;
    use crate::adapter::axum;

    fn webhook() -> PortOutWebhook {
        PortOutWebhook::new(BasicAuth::new("u", "p:q").unwrap(), PortOutAnswer::Allow)
    }

    #[test]
    fn a_route_has_its_threads_before_any_question() {
        let webhook = webhook();
        let handler = async |_: Verified<PortOutWebhook>| PortOutAnswer::Allow;
        let _route: ::axum::routing::MethodRouter<()> = axum::port_out(webhook.clone(), handler);
        let made = webhook.shared::<Shared>(|| panic!("there are none yet"));
        assert_eq!(made.places.available_permits(), webhook.most_at_once().get());
    }
}
