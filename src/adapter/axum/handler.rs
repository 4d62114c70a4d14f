//! What can handle the deliveries of a route.

use std::future::Future;

use ::axum::extract::FromRequestParts;
use ::axum::response::{IntoResponse as _, Response};
use http::request::Parts;

use crate::adapter::route::FromDelivery;
use crate::webhook::Webhook;

/// An async function that takes up to eight extractors and, last, the delivery:
/// `Verified<W>`, or `Result<Verified<W>, Rejection>` to see refused deliveries
/// too.
///
/// The extractors are those that take no body, such as `State`, `Path` and
/// `Extension`. `T` is what the function takes, and `S` the router's state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot handle the deliveries of `{W}`",
    label = "is no handler of `{W}`",
    note = "a handler is an async function whose last argument is `Verified<{W}>`, after up to eight extractors",
    note = "`State<X>` is an extractor if the router's state is `X`, or has `#[derive(FromRef)]` and a field of that type",
    note = "its future must be `Send`: it holds no `Rc` and no guard of a lock while it waits"
)]
pub trait Handler<W: Webhook, T, S>: Clone + Send + Sync + 'static {
    /// What the function returns.
    type Output;
    /// What it takes of the delivery.
    #[doc(hidden)]
    type Delivery: FromDelivery<W>;

    /// Takes what the function wants out of the request, and calls it.
    #[doc(hidden)]
    fn call(
        self,
        parts: Parts,
        state: S,
        delivery: Self::Delivery,
    ) -> impl Future<Output = Result<Self::Output, Response>> + Send;
}

macro_rules! handler_of {
    ($($extractor:ident)*) => {
        #[allow(non_snake_case, unused_mut, unused_variables, reason = "one macro for any number")]
        impl<F, Fut, W, D, S, $($extractor,)*> Handler<W, ($($extractor,)* D,), S> for F
        where
            F: Fn($($extractor,)* D) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future + Send,
            W: Webhook,
            D: FromDelivery<W>,
            S: Send + Sync,
            $($extractor: FromRequestParts<S> + Send,)*
        {
            type Output = Fut::Output;
            type Delivery = D;

            async fn call(
                self,
                mut parts: Parts,
                state: S,
                delivery: D,
            ) -> Result<Self::Output, Response> {
                $(
                    let $extractor = $extractor::from_request_parts(&mut parts, &state).await;
                    let $extractor = $extractor.map_err(|refused| refused.into_response())?;
                )*
                Ok(self($($extractor,)* delivery).await)
            }
        }
    };
}

handler_of!();
handler_of!(A);
handler_of!(A B);
handler_of!(A B C);
handler_of!(A B C E);
handler_of!(A B C E G);
handler_of!(A B C E G H);
handler_of!(A B C E G H I);
handler_of!(A B C E G H I J);
