//! Telling the reporter of a port-out what went wrong, beside everything else.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

use crate::bandwidth::port_out::failure::{PortOutFailure, Reporter};
use crate::bandwidth::port_out::guard::pool::{Pool, survive};

/// So many of each kind wait for the reporter; what comes then is counted only.
const WAITING: usize = 256;

/// The reports of one webhook: two queues and one thread.
///
/// Forged questions have a queue of their own, so that no number of them holds
/// up the reports about a proven sender.
pub(crate) struct Reports {
    reporter: Reporter,
    queues: Arc<Mutex<Queues>>,
    thread: Pool,
}

#[derive(Default)]
struct Queues {
    proven: VecDeque<PortOutFailure>,
    forged: VecDeque<PortOutFailure>,
    missed_proven: u64,
    missed_forged: u64,
    telling: bool,
}

impl Reports {
    pub(crate) fn new(reporter: Reporter) -> Self {
        Self { reporter, queues: Arc::default(), thread: Pool::new(NonZeroUsize::MIN) }
    }

    /// Takes a report, or counts it. Nobody waits for the reporter.
    pub(crate) fn tell(&self, runtime: Handle, failure: PortOutFailure) {
        let mut queues = lock(&self.queues);
        let not_taken = queues.take(failure);
        let told_already = std::mem::replace(&mut queues.telling, true);
        drop(queues);
        survive(|| drop(not_taken));
        if told_already {
            self.thread.tend();
            return;
        }
        let (reporter, queues) = (Arc::clone(&self.reporter), Arc::clone(&self.queues));
        let telling = async move {
            while let Some(failure) = next(&queues) {
                survive(|| reporter(failure));
            }
        };
        self.thread.spawn(runtime, telling).detach();
    }
}

fn lock(queues: &Mutex<Queues>) -> MutexGuard<'_, Queues> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next(queues: &Mutex<Queues>) -> Option<PortOutFailure> {
    let mut queues = lock(queues);
    let next = queues.next();
    queues.telling = next.is_some();
    next
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
    use super::*;
    use crate::rejection::{Reason, Rejection};

    fn forged() -> PortOutFailure {
        PortOutFailure::Refused(Rejection::new(Reason::Method))
    }

    fn unparsable() -> PortOutFailure {
        PortOutFailure::Refused(Rejection::new(Reason::Incomplete))
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
