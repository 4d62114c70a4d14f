//! Telling the reporter of a port-out what went wrong, beside everything else.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::runtime::Handle;

use crate::bandwidth::PortOutFailure;
use crate::bandwidth::port_out::survive::survive;
use crate::log;

/// The function that failures are reported to.
type Reporter = Box<dyn Fn(PortOutFailure) + Send + Sync>;

/// So many of each kind wait for the reporter; what comes then is counted only.
const WAITING: usize = 256;

/// The reports of one webhook: two queues, and one thread that ends when it is
/// dropped.
///
/// Forged questions have a queue of their own, so that no number of them holds
/// up the reports about a proven sender.
pub(super) struct Reports(Arc<Inner>);

struct Inner {
    reporter: Reporter,
    queues: Mutex<Queues>,
    changed: Condvar,
}

#[derive(Default)]
struct Queues {
    proven: VecDeque<PortOutFailure>,
    forged: VecDeque<PortOutFailure>,
    missed_proven: u64,
    missed_forged: u64,
    /// The runtime of the last failure: the reporter may use it.
    runtime: Option<Handle>,
    has_thread: bool,
    closed: bool,
}

impl Reports {
    pub(super) fn new(reporter: Reporter) -> Self {
        Self(Arc::new(Inner { reporter, queues: Mutex::default(), changed: Condvar::new() }))
    }

    /// Starts the thread, unless it runs. One that the system refuses is asked for
    /// again with the next report.
    pub(super) fn start(&self) {
        let mut queues = self.0.lock();
        if queues.has_thread {
            return;
        }
        let inner = Arc::clone(&self.0);
        let named = thread::Builder::new().name("port-out-report".to_owned());
        match named.spawn(move || inner.tell_all()) {
            Ok(_) => queues.has_thread = true,
            Err(error) => {
                drop(queues);
                survive(|| log::thread_refused(&error));
            }
        }
    }

    /// Takes a report, or counts it. Nobody waits for the reporter.
    pub(super) fn tell(&self, runtime: &Handle, failure: PortOutFailure) {
        let mut queues = self.0.lock();
        let not_taken = queues.take(failure);
        queues.runtime = Some(runtime.clone());
        drop(queues);
        self.0.changed.notify_one();
        survive(|| drop(not_taken));
        self.start();
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

impl Inner {
    /// Nothing of a user's runs while the lock is held, so it is never poisoned.
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what there is and what comes, until there is nobody who could report.
    fn tell_all(&self) {
        let mut queues = self.lock();
        loop {
            if let Some(failure) = queues.next() {
                let runtime = queues.runtime.clone();
                drop(queues);
                let entered = runtime.as_ref().map(Handle::enter);
                survive(|| (self.reporter)(failure));
                drop(entered);
                queues = self.lock();
            } else if queues.closed {
                return;
            } else {
                queues = self.changed.wait(queues).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Queues {
    /// Gives back what there is no room for.
    fn take(&mut self, failure: PortOutFailure) -> Option<PortOutFailure> {
        let (queue, missed) = if failure.is_of_a_proven_sender() {
            (&mut self.proven, &mut self.missed_proven)
        } else {
            (&mut self.forged, &mut self.missed_forged)
        };
        if queue.len() < WAITING {
            queue.push_back(failure);
            return None;
        }
        *missed = missed.saturating_add(1);
        Some(failure)
    }

    fn next(&mut self) -> Option<PortOutFailure> {
        if let Some(failure) = self.proven.pop_front() {
            return Some(failure);
        }
        let (proven, forged) = (self.missed_proven, self.missed_forged);
        if proven > 0 || forged > 0 {
            (self.missed_proven, self.missed_forged) = (0, 0);
            return Some(PortOutFailure::Missed { proven, forged });
        }
        self.forged.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::rejection::{Reason, Rejection};

    fn forged() -> PortOutFailure {
        PortOutFailure::Refused(Rejection::new(Reason::Method))
    }

    fn unparsable() -> PortOutFailure {
        PortOutFailure::Refused(Rejection::new(Reason::Incomplete))
    }

    /// Reports to this, and the reports that come out.
    fn reports(told: impl Fn(PortOutFailure) + Send + Sync + 'static) -> Reports {
        Reports::new(Box::new(told))
    }

    fn runtime() -> Handle {
        tokio::runtime::Handle::current()
    }

    /// A reporter that panics at each report is told the next one all the same.
    #[tokio::test]
    async fn a_panic_of_the_reporter_ends_one_report() {
        let (sender, told) = mpsc::channel();
        let reports = reports(move |failure| {
            sender.send(failure.to_string()).unwrap();
            panic!("on purpose");
        });
        for _ in 0..3 {
            reports.tell(&runtime(), unparsable());
            let next = told.recv_timeout(Duration::from_secs(10));
            assert_eq!(next.as_deref(), Ok("the body is incomplete"));
        }
    }

    /// The reporter is inside the runtime of the question, as a handler is.
    #[tokio::test]
    async fn the_reporter_can_use_the_runtime() {
        let (sender, told) = mpsc::channel();
        let reports = reports(move |failure| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(failure.to_string()).unwrap() });
        });
        reports.tell(&runtime(), unparsable());
        let next = tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(10)));
        assert_eq!(next.await.unwrap().as_deref(), Ok("the body is incomplete"));
    }

    /// A report that finds no room is dropped there, and may panic at that.
    #[tokio::test]
    async fn a_report_without_room_that_panics_harms_nobody() {
        #[derive(Debug, thiserror::Error)]
        #[error("awkward")]
        struct Awkward;
        impl Drop for Awkward {
            fn drop(&mut self) {
                std::panic::panic_any("on purpose");
            }
        }
        let (go_on, waits) = mpsc::channel::<()>();
        let (sender, told) = mpsc::channel();
        let waits = Mutex::new(waits);
        let reports = reports(move |failure| {
            let _ = waits.lock().unwrap().recv();
            sender.send(failure.to_string()).unwrap();
        });
        // One may be with the reporter, and the others fill the queue.
        for _ in 0..=WAITING {
            reports.tell(&runtime(), unparsable());
        }
        reports.tell(&runtime(), PortOutFailure::HandlerFailed(Box::new(Awkward)));
        reports.tell(&runtime(), PortOutFailure::HandlerFailed(Box::new(Awkward)));
        drop(go_on);
        drop(reports);
        let told: Vec<_> = told.iter().collect();
        let missed = told.iter().filter(|told| told.contains("of proven senders")).count();
        assert!(told.len() > WAITING, "{}", told.len());
        assert_eq!(missed, 1, "what had no room is counted");
    }

    /// As it is left when the system has refused the thread.
    #[tokio::test]
    async fn what_had_no_thread_is_told_with_the_next_report() {
        let (sender, told) = mpsc::channel();
        let reports = reports(move |failure| sender.send(failure.to_string()).unwrap());
        reports.0.lock().take(PortOutFailure::HandlerLate);
        reports.tell(&runtime(), unparsable());
        let mut both = [(); 2].map(|()| told.recv_timeout(Duration::from_secs(10)).unwrap());
        both.sort_unstable();
        assert_eq!(both, ["the body is incomplete", "the handler was not done by the deadline"]);
    }

    #[tokio::test]
    async fn the_thread_starts_once_tells_what_is_left_and_ends() {
        let (sender, told) = mpsc::channel();
        let reports = reports(move |_| sender.send(std::thread::current().id()).unwrap());
        reports.start();
        reports.start();
        for _ in 0..10 {
            reports.tell(&runtime(), unparsable());
        }
        drop(reports);
        // It ends when the thread has dropped the reporter, and the sender with it.
        let threads: Vec<_> = told.iter().collect();
        assert_eq!(threads.len(), 10);
        assert!(threads.iter().all(|thread| *thread == threads[0]));
    }

    #[tokio::test]
    async fn the_thread_ends_while_it_waits_for_reports() {
        let (sender, told) = mpsc::channel();
        let reports = reports(move |failure| sender.send(failure.to_string()).unwrap());
        reports.tell(&runtime(), unparsable());
        let long = Duration::from_secs(10);
        assert_eq!(told.recv_timeout(long).as_deref(), Ok("the body is incomplete"));
        // Time enough to come to its wait.
        std::thread::sleep(Duration::from_millis(100));
        drop(reports);
        assert_eq!(told.recv_timeout(long), Err(mpsc::RecvTimeoutError::Disconnected));
    }

    fn rest(queues: &mut Queues) -> Vec<String> {
        std::iter::from_fn(|| queues.next()).map(|failure| failure.to_string()).collect()
    }

    #[test]
    fn proven_senders_come_first_and_what_has_no_room_is_counted_apart() {
        for (too_many_proven, too_many_forged) in [(2, 3), (2, 0), (0, 3)] {
            let mut queues = Queues::default();
            for _ in 0..WAITING + too_many_forged {
                queues.take(forged());
            }
            for _ in 0..WAITING + too_many_proven {
                queues.take(unparsable());
            }
            let told = rest(&mut queues);
            assert_eq!(told.len(), WAITING * 2 + 1);
            assert!(told[..WAITING].iter().all(|told| told == "the body is incomplete"));
            let missed = format!(
                "failures not reported one by one: {too_many_proven} of proven senders, \
                 {too_many_forged} others"
            );
            assert_eq!(told[WAITING], missed);
            assert!(told[WAITING + 1..].iter().all(|told| told == "the method is not POST"));
            assert_eq!(rest(&mut queues), Vec::<String>::new(), "told once");
        }
    }
}
