//! Code of others that may panic: handlers, reporters, and what they leave behind.

use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Does this, and goes on if it panics. What it panics with may panic again when
/// it is dropped; what comes of that is left in memory.
pub(super) fn survive<T>(act: impl FnOnce() -> T) -> Option<T> {
    let payload = match catch_unwind(AssertUnwindSafe(act)) {
        Ok(done) => return Some(done),
        Err(payload) => payload,
    };
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(again);
    }
    None
}

/// A future whose panics stay in it: those of a poll, of its drop, and of what it
/// panicked with. Then it gives `None`.
pub(super) struct Survives<F>(Option<Pin<Box<F>>>);

impl<F> Survives<F> {
    pub(super) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for Survives<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(running) = &mut self.0 else { return Poll::Ready(None) };
        match survive(|| running.as_mut().poll(cx)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(output)) => {
                survive(|| drop(self.0.take()));
                Poll::Ready(Some(output))
            }
            None => {
                survive(|| drop(self.0.take()));
                Poll::Ready(None)
            }
        }
    }
}

impl<F> Drop for Survives<F> {
    fn drop(&mut self) {
        survive(|| drop(self.0.take()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Awkward;

    impl Drop for Awkward {
        fn drop(&mut self) {
            std::panic::panic_any(Awkward);
        }
    }

    /// Whatever it does when it is polled, it panics when it is dropped.
    struct AwkwardFuture(fn() -> Poll<u8>);

    impl Future for AwkwardFuture {
        type Output = u8;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
            (self.0)()
        }
    }

    impl Drop for AwkwardFuture {
        fn drop(&mut self) {
            std::panic::panic_any(Awkward);
        }
    }

    #[test]
    fn a_future_that_panics_is_dropped_without_a_panic() {
        type Step = fn() -> Poll<u8>;
        let polls: [(Step, _); 3] = [
            (|| Poll::Pending, Poll::Pending),
            (|| Poll::Ready(7), Poll::Ready(Some(7))),
            (|| std::panic::panic_any(Awkward), Poll::Ready(None)),
        ];
        for (poll, polled) in polls {
            let mut survives = Survives::new(AwkwardFuture(poll));
            let mut context = Context::from_waker(std::task::Waker::noop());
            assert_eq!(Pin::new(&mut survives).poll(&mut context), polled);
            drop(survives);
        }
    }

    #[test]
    fn whatever_it_is_a_panic_ends_with_itself() {
        assert_eq!(survive(|| 7), Some(7));
        assert_eq!(survive(|| panic!("on purpose")), None::<()>);
        assert_eq!(survive(|| std::panic::panic_any(Awkward)), None::<()>);
    }
}
