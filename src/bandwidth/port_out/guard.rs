//! An answer within the deadline, whatever the handler does.
//!
//! Each handler runs on a thread of its own, because it may block its thread, and
//! what blocks a thread of the server's runtime stops everything that shares it.
//! A semaphore bounds how many run at once.
//!
//! The route's own future receives the question and waits for a place. From then
//! on a task watches the handler, so that it goes on to its end and its report
//! when the server drops the route's future.

use std::error::Error;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use crate::answer::Answer;
use crate::bandwidth::port_out::survive::{Survives, survive};
use crate::bandwidth::{PortOutAnswer, PortOutFailure, PortOutValidationRequest, PortOutWebhook};
use crate::log;
use crate::rejection::Rejection;
use crate::webhook::{Pending, Verified, source};

/// A place for each handler that may run.
pub(super) type Places = Semaphore;

type AnyError = Box<dyn Error + Send + Sync>;

/// What a handler comes to.
type Verdict = Result<PortOutAnswer, AnyError>;

/// What a handler's thread sends: the verdict, or the code and the message of its
/// failure.
type Handled = Result<PortOutAnswer, (&'static str, String)>;

/// Starts the reporter's thread, and looks for the timer, at the route: before any
/// question.
///
/// # Panics
///
/// Inside a runtime without a timer, where no question would reach its handler.
#[cfg(any(feature = "axum", feature = "actix"))]
pub(crate) fn prepare(webhook: &PortOutWebhook) {
    if Handle::try_current().is_ok() {
        drop(sleep(Duration::ZERO));
    }
    if let Some(reports) = &webhook.reports {
        reports.start();
    }
}

/// Guards one question. Dropped before its answer is given, it reports that.
pub(crate) struct Guard {
    webhook: PortOutWebhook,
    runtime: Handle,
    deadline: Instant,
    /// Whether the sender has shown who it is.
    proven: bool,
    /// Whether the question is answered or a failure is told.
    settled: bool,
}

impl Guard {
    /// Guards a question whose head has just come.
    pub(crate) fn new(webhook: PortOutWebhook) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(webhook.deadline()).unwrap_or(now);
        Self { webhook, runtime: Handle::current(), deadline, proven: false, settled: false }
    }

    /// The head as it was decided, or nothing if that panics.
    pub(crate) fn check_head<'w>(
        &mut self,
        check: impl FnOnce() -> Result<Pending<'w, PortOutWebhook>, Rejection>,
    ) -> Option<Result<Pending<'w, PortOutWebhook>, Rejection>> {
        let head = survive(check)?;
        self.proven = head.is_ok();
        Some(head)
    }

    /// The question, or the answer to one that is refused.
    pub(crate) async fn receive(
        &mut self,
        receiving: impl Future<Output = Result<Verified<PortOutWebhook>, Rejection>>,
    ) -> Result<Verified<PortOutWebhook>, Response<Bytes>> {
        match Survives::new(receiving).await {
            Some(Ok(request)) => Ok(request),
            Some(Err(rejection)) => {
                let response = rejection.to_response();
                self.settled = true;
                if rejection.status() == StatusCode::OK {
                    self.log_verdict("guard", &self.webhook.otherwise);
                }
                if !rejection.is_challenge() {
                    self.report(PortOutFailure::Refused(rejection));
                }
                Err(response)
            }
            None => Err(self.panicked()),
        }
    }

    /// The answer when the question could not be received. The body's time limit
    /// panics without a timer.
    pub(crate) fn panicked(&mut self) -> Response<Bytes> {
        let panicked = PortOutFailure::HandlerPanicked;
        self.fails(if has_timer() { panicked } else { PortOutFailure::NoTimer });
        self.webhook.otherwise(None).to_response()
    }

    /// Asks the handler the question that was received, and answers before the
    /// deadline.
    ///
    /// `ask` takes the question and gives what is to be called on a thread of its
    /// own. When the deadline passes it is not started or polled any more.
    pub(crate) async fn ask<A, H, F>(
        mut self,
        request: Verified<PortOutWebhook>,
        ask: impl FnOnce(Verified<PortOutWebhook>) -> A,
    ) -> Response<Bytes>
    where
        A: Future<Output = Result<H, AnyError>>,
        H: FnOnce() -> F + Send + 'static,
        F: Future<Output = Verdict> + Send + 'static,
    {
        let question = request.event().clone();
        let started = Arc::new(AtomicBool::new(false));
        let verdict = match self.start(request, ask, &started).await {
            Ok(verdict) => verdict,
            Err(failure) => {
                self.fails(failure);
                return self.webhook.otherwise(&question).to_response();
            }
        };
        let webhook = self.webhook.clone();
        let runtime = self.runtime.clone();
        let asked = question.clone();
        let watching = async move {
            let answer = self.watch(verdict, &asked, &started).await;
            (self, answer)
        };
        match runtime.spawn(log::in_span(watching)).await {
            Ok((mut guard, answer)) => {
                guard.settled = true;
                answer.to_response()
            }
            // The guard is dropped, and it has told so.
            Err(_) => webhook.otherwise(&question).to_response(),
        }
    }

    /// Waits for a place, and starts the handler.
    async fn start<A, H, F>(
        &self,
        request: Verified<PortOutWebhook>,
        ask: impl FnOnce(Verified<PortOutWebhook>) -> A,
        started: &Arc<AtomicBool>,
    ) -> Result<oneshot::Receiver<Handled>, PortOutFailure>
    where
        A: Future<Output = Result<H, AnyError>>,
        H: FnOnce() -> F + Send + 'static,
        F: Future<Output = Verdict> + Send + 'static,
    {
        if !has_timer() {
            return Err(PortOutFailure::NoTimer);
        }
        let asking = Survives::new(async {
            let handler = ask(request).await.map_err(PortOutFailure::HandlerFailed)?;
            let places = Arc::clone(&self.webhook.places);
            let place = places.acquire_owned().await;
            Ok((handler, place.map_err(|_| PortOutFailure::HandlerNotAsked)?))
        });
        let Ok(asked) = timeout_at(self.deadline, asking).await else {
            return Err(PortOutFailure::HandlerNotAsked);
        };
        let (handler, place) = asked.unwrap_or(Err(PortOutFailure::HandlerPanicked))?;
        let (sender, verdict) = oneshot::channel();
        let thread = HandlerThread {
            webhook: self.webhook.clone(),
            runtime: self.runtime.clone(),
            deadline: self.deadline,
            started: Arc::clone(started),
            verdict: sender,
            _place: place,
        };
        let asked = log::in_span(Survives::new(async move { handler().await }));
        let named = thread::Builder::new().name("port-out".to_owned());
        match survive(|| named.spawn(move || thread.run(asked))) {
            Some(Ok(_)) => Ok(verdict),
            Some(Err(error)) => {
                survive(|| log::thread_refused(&error));
                Err(PortOutFailure::HandlerNotAsked)
            }
            None => Err(PortOutFailure::HandlerPanicked),
        }
    }

    /// The handler's verdict, or at the deadline the one for failures.
    async fn watch(
        &mut self,
        mut verdict: oneshot::Receiver<Handled>,
        question: &PortOutValidationRequest,
        started: &AtomicBool,
    ) -> Answer {
        let given = if let Ok(given) = timeout_at(self.deadline, &mut verdict).await {
            given.ok()
        } else {
            verdict.close();
            // It may have come in this moment.
            verdict.try_recv().ok()
        };
        match given {
            Some(Ok(answer)) => {
                self.log_verdict("handler", &answer);
                return answer.answer(question);
            }
            // The handler's thread reports it.
            Some(Err((code, failure))) => {
                self.settled = true;
                self.log(code, &failure);
            }
            None if started.load(Ordering::Relaxed) => self.fails(PortOutFailure::HandlerLate),
            None => self.fails(PortOutFailure::HandlerNotAsked),
        }
        self.webhook.otherwise(question)
    }

    /// Tells the reporter and the log why the handler gave no answer.
    fn fails(&mut self, failure: PortOutFailure) {
        self.settled = true;
        let (code, shown) = (failure.code(), failure.to_string());
        self.report(failure);
        self.log(code, &shown);
    }

    fn report(&self, failure: PortOutFailure) {
        report(&self.webhook, &self.runtime, failure);
    }

    /// The log's subscriber is the user's, and may panic.
    fn log(&self, code: &'static str, failure: &impl Display) {
        survive(|| log::answered_without_handler(source(&self.webhook), code, failure));
        self.log_verdict("guard", &self.webhook.otherwise);
    }

    fn log_verdict(&self, by: &'static str, verdict: &PortOutAnswer) {
        let codes = match verdict {
            PortOutAnswer::Allow => None,
            PortOutAnswer::Deny(denial) => {
                let codes: Vec<_> =
                    denial.reasons().map(|reason| reason.code().to_string()).collect();
                Some(codes.join(" "))
            }
        };
        survive(|| log::port_out_answered(source(&self.webhook), by, codes.as_deref()));
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.settled {
            self.report(PortOutFailure::CutOff { proven: self.proven });
            survive(|| log::port_out_cut_off(source(&self.webhook)));
        }
    }
}

fn report(webhook: &PortOutWebhook, runtime: &Handle, failure: PortOutFailure) {
    match &webhook.reports {
        Some(reports) => reports.tell(runtime, failure),
        // A handler's error may panic when it is dropped.
        None => drop(survive(|| drop(failure))),
    }
}

/// Without tokio's timer neither a body nor a handler has a time limit.
fn has_timer() -> bool {
    survive(|| drop(sleep(Duration::ZERO))).is_some()
}

/// What runs one handler.
struct HandlerThread {
    webhook: PortOutWebhook,
    runtime: Handle,
    deadline: Instant,
    started: Arc<AtomicBool>,
    verdict: oneshot::Sender<Handled>,
    /// It is held until the handler is gone, so that one which blocks costs a place
    /// for as long.
    _place: OwnedSemaphorePermit,
}

impl HandlerThread {
    /// Runs the handler until nobody waits for its verdict any more. What it leaves
    /// behind is dropped here, too, because that may block as well.
    fn run(mut self, asked: impl Future<Output = Option<Verdict>>) {
        // `None` if nobody waits for the verdict, `Some(None)` if the handler panicked.
        let verdict = survive(|| {
            self.runtime.block_on(async {
                let mut asked = pin!(asked);
                if Instant::now() >= self.deadline {
                    return None;
                }
                poll_fn(|cx| {
                    if self.verdict.poll_closed(cx).is_ready() {
                        return Poll::Ready(None);
                    }
                    self.started.store(true, Ordering::Relaxed);
                    asked.as_mut().poll(cx).map(Some)
                })
                .await
            })
        });
        let Some(verdict) = verdict.unwrap_or(Some(None)) else { return };
        let failure = match verdict {
            Some(Ok(answer)) => return drop(self.verdict.send(Ok(answer))),
            Some(Err(error)) => PortOutFailure::HandlerFailed(error),
            None => PortOutFailure::HandlerPanicked,
        };
        match self.verdict.send(Err((failure.code(), failure.to_string()))) {
            Ok(()) => report(&self.webhook, &self.runtime, failure),
            Err(_) => drop(survive(|| drop(failure))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::BasicAuth;

    /// Runs a handler that allows, and says whether it started and what came of it.
    async fn run(left: Duration, waited_for: bool) -> (bool, Option<Handled>) {
        let (sender, verdict) = oneshot::channel();
        let mut verdict = Some(verdict).filter(|_| waited_for);
        let started = Arc::new(AtomicBool::new(false));
        let webhook = PortOutWebhook::new(BasicAuth::new("u", "p").unwrap(), PortOutAnswer::Allow);
        let place = Arc::clone(&webhook.places).acquire_owned().await.unwrap();
        let thread = HandlerThread {
            webhook,
            runtime: Handle::current(),
            deadline: Instant::now().checked_add(left).unwrap(),
            started: Arc::clone(&started),
            verdict: sender,
            _place: place,
        };
        let asked = Survives::new(async { Ok(PortOutAnswer::Allow) });
        thread::spawn(move || thread.run(asked)).join().unwrap();
        let verdict = verdict.as_mut().and_then(|verdict| verdict.try_recv().ok());
        (started.load(Ordering::Relaxed), verdict)
    }

    #[tokio::test]
    async fn a_handler_starts_before_its_deadline_and_while_it_is_waited_for() {
        let minute = Duration::from_secs(60);
        let allowed = Some(Ok(PortOutAnswer::Allow));
        assert_eq!(run(minute, true).await, (true, allowed));
        assert_eq!(run(Duration::ZERO, true).await, (false, None), "the deadline itself");
        assert_eq!(run(minute, false).await, (false, None), "it is answered already");
    }

    /// A thread that has not come to its handler at the deadline has not asked it.
    #[tokio::test]
    async fn what_is_told_at_the_deadline_is_whether_the_handler_was_asked() {
        for (started, told) in [(true, "handler_late"), (false, "handler_not_asked")] {
            let (sender, reports) = std::sync::mpsc::channel();
            let webhook =
                PortOutWebhook::new(BasicAuth::new("u", "p").unwrap(), PortOutAnswer::Allow)
                    .with_reporter(move |failure| sender.send(failure.code()).unwrap())
                    .with_deadline(Duration::from_millis(1))
                    .unwrap();
            let (_sender, verdict) = oneshot::channel();
            let question = PortOutValidationRequest::default();
            let started = AtomicBool::new(started);
            Guard::new(webhook).watch(verdict, &question, &started).await;
            assert_eq!(reports.recv_timeout(Duration::from_secs(10)), Ok(told));
        }
    }
}
