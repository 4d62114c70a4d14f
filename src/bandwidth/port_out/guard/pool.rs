//! Threads of the crate's own, on which a port-out's handler and reporter run.
//!
//! A handler may block its thread, and what blocks a thread of the server's
//! runtime takes everything along that shares it: a runtime of one thread
//! completely, and the pool for blocking work as soon as it is full. So each
//! poll of a handler happens here. One that waits takes no thread; one that
//! blocks takes one, up to the pool's number.
//!
//! The state of a task (woken, running, cancelled, done) is `async-task`'s; what
//! is left to write is the queue, and when a thread starts and ends.

use std::collections::VecDeque;
use std::future::Future;
use std::mem;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use async_task::{FallibleTask, Runnable};
use tokio::runtime::Handle;

use crate::log;

/// A thread that has nothing to do for this long ends, unless it is the last.
const IDLE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

/// Starts threads as they are needed, and ends when it is dropped.
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Runnable>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// What a future that panicked comes to.
#[derive(Debug)]
pub(crate) struct Panicked;

impl Pool {
    /// A pool of at most so many threads. The first one starts now, so that it
    /// is there when the system refuses more.
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        let pool = Self(Arc::new(Shared {
            most: most.get(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }));
        pool.0.start(pool.0.lock());
        pool
    }

    /// Runs a future on the pool's threads, inside this runtime.
    ///
    /// It ends when the task is dropped: it is not polled any more then, and a
    /// thread of the pool drops it. Nothing of it leaves the pool but its output.
    pub(crate) fn spawn<F>(
        &self,
        runtime: Handle,
        future: F,
    ) -> FallibleTask<Result<F::Output, Panicked>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        let inside = Inside { runtime, future: Some(Box::pin(log::in_span(future))) };
        let (runnable, task) = async_task::spawn(inside, move |runnable| shared.push(runnable));
        runnable.schedule();
        task.fallible()
    }

    /// Starts a thread for what is ready, if one was refused before.
    pub(crate) fn tend(&self) {
        let state = self.0.lock();
        if !state.ready.is_empty() {
            self.0.grow(state);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// Nothing of a user's runs while the lock is held, so it is never poisoned.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(self: &Arc<Self>, runnable: Runnable) {
        let mut state = self.lock();
        state.ready.push_back(runnable);
        self.grow(state);
    }

    /// Every thread that waits takes one of what is ready; the rest needs more.
    fn grow(self: &Arc<Self>, state: MutexGuard<'_, State>) {
        if state.ready.len() <= state.idle {
            drop(state);
            self.changed.notify_one();
        } else if state.threads < self.most {
            self.start(state);
        }
    }

    fn start(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        state.threads = state.threads.saturating_add(1);
        drop(state);
        let shared = Arc::clone(self);
        let named = thread::Builder::new().name("order-webhooks".to_owned());
        if let Err(error) = named.spawn(move || shared.work()) {
            let mut state = self.lock();
            state.threads = state.threads.saturating_sub(1);
            log::thread_refused(&error);
        }
    }

    fn work(&self) {
        while let Some(runnable) = self.next() {
            // What a future does wrong is caught inside; this is for the rest.
            survive(|| runnable.run());
        }
    }

    /// What is ready next, or `None` when this thread is to end.
    fn next(&self) -> Option<Runnable> {
        let mut state = self.lock();
        loop {
            if let Some(runnable) = state.ready.pop_front() {
                return Some(runnable);
            }
            if state.closed {
                break;
            }
            state.idle = state.idle.saturating_add(1);
            let waited = self.changed.wait_timeout(state, IDLE);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle = state.idle.saturating_sub(1);
            if timeout.timed_out() && state.ready.is_empty() && state.threads > 1 {
                break;
            }
        }
        state.threads = state.threads.saturating_sub(1);
        None
    }
}

/// A future that is polled and dropped inside a runtime, and whose panics stay
/// in it: those of a poll, of its drop, and of what it panicked with.
struct Inside<F> {
    runtime: Handle,
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Inside<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { runtime, future } = &mut *self;
        let Some(running) = future else { return Poll::Ready(Err(Panicked)) };
        let _entered = runtime.enter();
        let polled = survive(|| running.as_mut().poll(cx));
        if matches!(polled, Some(Poll::Pending)) {
            return Poll::Pending;
        }
        survive(|| drop(future.take()));
        match polled {
            Some(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Some(Poll::Pending) | None => Poll::Ready(Err(Panicked)),
        }
    }
}

impl<F> Drop for Inside<F> {
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        survive(|| drop(self.future.take()));
    }
}

/// Does this, and goes on if it panics. What it panics with may panic again when
/// it is dropped; what comes of that is left in memory.
pub(crate) fn survive<T>(act: impl FnOnce() -> T) -> Option<T> {
    let payload = match catch_unwind(AssertUnwindSafe(act)) {
        Ok(done) => return Some(done),
        Err(payload) => payload,
    };
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(again);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Barrier, Weak, mpsc};

    fn pool(most: usize) -> Pool {
        Pool::new(NonZeroUsize::new(most).unwrap())
    }

    fn threads(pool: &Pool) -> usize {
        pool.0.lock().threads
    }

    #[tokio::test]
    async fn what_waits_takes_no_thread_and_what_blocks_takes_one() {
        let pool = pool(3);
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let wait = async { tokio::time::sleep(Duration::from_millis(50)).await };
                pool.spawn(Handle::current(), wait)
            })
            .collect();
        for task in waiting {
            assert!(task.await.unwrap().is_ok());
        }
        assert!(threads(&pool) <= 3);

        let together = Arc::new(Barrier::new(3));
        let blocking: Vec<_> = (0..3)
            .map(|_| {
                let together = Arc::clone(&together);
                pool.spawn(Handle::current(), async move { together.wait() })
            })
            .collect();
        for task in blocking {
            assert!(task.await.unwrap().is_ok());
        }
        assert!(threads(&pool) <= 3, "and so three met");
    }

    #[tokio::test]
    async fn a_thread_that_is_idle_is_taken_before_another_one_is_started() {
        let pool = pool(3);
        for _ in 0..10 {
            while pool.0.lock().idle == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(pool.spawn(Handle::current(), async {}).await.unwrap().is_ok());
        }
        assert_eq!(threads(&pool), 1);
    }

    /// As it is left when the system has refused a thread.
    #[tokio::test]
    async fn what_is_ready_and_has_no_thread_gets_one_when_it_is_tended() {
        let (most, state) = (1, Mutex::default());
        let pool = Pool(Arc::new(Shared { most, state, changed: Condvar::new() }));
        let (runnable, task) = async_task::spawn(async { 7 }, drop);
        pool.0.lock().ready.push_back(runnable);
        pool.tend();
        assert_eq!(task.await, 7);
    }

    #[tokio::test]
    async fn of_threads_that_have_nothing_to_do_one_stays() {
        let pool = pool(3);
        let together = Arc::new(Barrier::new(3));
        let blocking = [(); 3].map(|()| {
            let together = Arc::clone(&together);
            pool.spawn(Handle::current(), async move { together.wait() })
        });
        for task in blocking {
            assert!(task.await.unwrap().is_ok());
        }
        while threads(&pool) > 1 {
            tokio::time::sleep(IDLE / 10).await;
        }
        tokio::time::sleep(IDLE * 3 / 2).await;
        assert_eq!(threads(&pool), 1);
    }

    #[tokio::test]
    async fn a_dropped_pool_does_what_is_ready_and_ends_its_threads() {
        let pool = pool(1);
        let (go_on, waits) = mpsc::channel();
        let blocks = pool.spawn(Handle::current(), async move { waits.recv() });
        let ready = pool.spawn(Handle::current(), async { 7 });
        let shared: Weak<Shared> = Arc::downgrade(&pool.0);
        drop(pool);
        go_on.send(()).unwrap();
        assert!(blocks.await.unwrap().is_ok());
        assert_eq!(ready.await.unwrap().unwrap(), 7);
        while shared.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn what_is_dropped_before_its_turn_does_not_run() {
        let pool = pool(1);
        let (go_on, waits) = mpsc::channel::<()>();
        let blocks = pool.spawn(Handle::current(), async move { waits.recv() });
        let (ran, runs) = mpsc::channel();
        drop(pool.spawn(Handle::current(), async move { ran.send(()) }));
        drop(go_on);
        assert!(blocks.await.unwrap().is_ok());
        assert_eq!(runs.recv(), Err(mpsc::RecvError), "it is dropped, and has not run");
    }

    #[test]
    fn whatever_it_is_a_panic_ends_with_itself() {
        struct Awkward;
        impl Drop for Awkward {
            fn drop(&mut self) {
                std::panic::panic_any(Awkward);
            }
        }
        assert_eq!(survive(|| 7), Some(7));
        assert_eq!(survive(|| panic!("on purpose")), None::<()>);
        assert_eq!(survive(|| std::panic::panic_any(Awkward)), None::<()>);
    }
}
