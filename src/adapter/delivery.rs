//! What a handler at a route takes of its delivery.

use crate::rejection::Rejection;
use crate::webhook::{Extract, Verified, Webhook};

/// What a handler takes: `Verified<W>`, or `Result<Verified<W>, Rejection>` to
/// see refused deliveries too. A port-out that is refused is answered without
/// its handler.
pub trait Delivery<W: Webhook>: Sized + Send {
    /// # Errors
    ///
    /// The rejection, if the handler does not take it.
    #[doc(hidden)]
    fn of(received: Result<Verified<W>, Rejection>) -> Result<Self, Rejection>;
}

impl<W: Webhook> Delivery<W> for Verified<W> {
    fn of(received: Result<Verified<W>, Rejection>) -> Result<Self, Rejection> {
        received
    }
}

impl<W: Extract> Delivery<W> for Result<Verified<W>, Rejection> {
    fn of(received: Result<Verified<W>, Rejection>) -> Result<Self, Rejection> {
        Ok(received)
    }
}
