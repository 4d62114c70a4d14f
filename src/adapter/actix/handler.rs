//! What can handle the deliveries of a route.

use std::future::Future;

use actix_web::{FromRequest, HttpRequest};

use crate::adapter::route::FromDelivery;
use crate::webhook::Webhook;

/// An async function that takes up to eight extractors and, last, the delivery:
/// `Verified<W>`, or `Result<Verified<W>, Rejection>` to see refused deliveries
/// too.
///
/// The extractors are those that take no body, such as `web::Data`, `web::Path`
/// and `HttpRequest`. `T` is what the function takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot handle the deliveries of `{W}`",
    label = "is no handler of `{W}`",
    note = "a handler is an async function whose last argument is `Verified<{W}>`, after up to eight extractors such as `web::Data<X>`"
)]
pub trait Handler<W: Webhook, T>: Clone + 'static {
    /// What the function returns.
    type Output;
    /// The future that it returns.
    type Future: Future<Output = Self::Output> + 'static;
    /// What it takes of the delivery.
    #[doc(hidden)]
    type Delivery: FromDelivery<W>;
    /// What its extractors take out of a request.
    #[doc(hidden)]
    type Extracted;

    /// Takes what the function wants out of the request.
    #[doc(hidden)]
    fn extract(
        request: &HttpRequest,
    ) -> impl Future<Output = Result<Self::Extracted, actix_web::Error>>;

    #[doc(hidden)]
    fn call(self, extracted: Self::Extracted, delivery: Self::Delivery) -> Self::Future;
}

macro_rules! handler_of {
    ($($extractor:ident)*) => {
        #[allow(non_snake_case, unused_variables, reason = "one macro for any number")]
        impl<F, Fut, W, D, $($extractor,)*> Handler<W, ($($extractor,)* D,)> for F
        where
            F: Fn($($extractor,)* D) -> Fut + Clone + 'static,
            Fut: Future + 'static,
            W: Webhook,
            D: FromDelivery<W>,
            $($extractor: FromRequest,)*
        {
            type Output = Fut::Output;
            type Future = Fut;
            type Delivery = D;
            type Extracted = ($($extractor,)*);

            async fn extract(request: &HttpRequest) -> Result<Self::Extracted, actix_web::Error> {
                Ok(($($extractor::extract(request).await.map_err(Into::into)?,)*))
            }

            fn call(self, ($($extractor,)*): Self::Extracted, delivery: D) -> Fut {
                self($($extractor,)* delivery)
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
