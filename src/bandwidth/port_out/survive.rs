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
