//! Handlers that keep what their route receives, and answer.

use std::error::Error as StdError;

use futures_util::future::BoxFuture;
use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::Tracked;
use order_webhooks::tracking::{ContentDigest, Key, Revision};
use order_webhooks::webhook::Verified;
use order_webhooks::{Accepted, Rejection, Webhook};
use time::OffsetDateTime;

use crate::error::Error;
use crate::inbox::Inbox;
use crate::queue::New;

type BoxError = Box<dyn StdError + Send + Sync>;

/// What [`Inbox::keeper`] returns: a handler for `order_webhooks::axum::receive` and
/// `order_webhooks::actix::receive`.
pub trait Keeper<W: Webhook>:
    Fn(Result<Verified<W>, Rejection>) -> BoxFuture<'static, Result<W::Receipt, BoxError>>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<W: Webhook, F> Keeper<W> for F where
    F: Fn(Result<Verified<W>, Rejection>) -> BoxFuture<'static, Result<W::Receipt, BoxError>>
        + Clone
        + Send
        + Sync
        + 'static
{
}

impl Inbox {
    /// A handler for the routes of `order-webhooks` that keeps each delivery and answers.
    ///
    /// A delivery that is kept is accepted. If it is not kept in time, the handler fails:
    /// Musement and Porterbuddy are answered 503 and send again. Bandwidth is, too, and
    /// does not: the log says so as an error. A body that is verified and cannot be read
    /// is kept all the same, and a worker sets it aside.
    ///
    /// A port-out cannot be kept: its sender waits for a verdict.
    #[must_use]
    pub fn keeper<W>(&self) -> impl Keeper<W>
    where
        W: Webhook<Event: Tracked, Receipt: From<Accepted>>,
    {
        let inbox = self.clone();
        move |delivery| -> BoxFuture<'static, _> {
            let inbox = inbox.clone();
            Box::pin(async move {
                let delivery: Verified<W> = match delivery {
                    Ok(delivery) => delivery,
                    Err(rejection) => return inbox.keep_rejected::<W>(rejection).await,
                };
                let kept = inbox.keep(&delivery);
                drop(delivery);
                accepted::<W>(kept.await)
            })
        }
    }

    /// [`keeper`](Self::keeper) for a webhook whose events are not [`Tracked`], such as
    /// Bandwidth's v2 webhook. Every delivery is a thing of its own, unless its body
    /// is the same as another's.
    #[must_use]
    pub fn keeper_by_content<W>(&self) -> impl Keeper<W>
    where
        W: Webhook<Receipt: From<Accepted>>,
    {
        let inbox = self.clone();
        move |delivery| -> BoxFuture<'static, _> {
            let inbox = inbox.clone();
            Box::pin(async move {
                let delivery: Verified<W> = match delivery {
                    Ok(delivery) => delivery,
                    Err(rejection) => return inbox.keep_rejected::<W>(rejection).await,
                };
                let new = by_content(Envelope::of(&delivery, OffsetDateTime::now_utc()));
                drop(delivery);
                accepted::<W>(inbox.put(new).await)
            })
        }
    }

    async fn keep_rejected<W: Webhook<Receipt: From<Accepted>>>(
        &self,
        rejection: Rejection,
    ) -> Result<W::Receipt, BoxError> {
        match Envelope::of_rejected::<W>(&rejection, OffsetDateTime::now_utc()) {
            Some(envelope) => accepted::<W>(self.put(by_content(envelope)).await),
            None => Err(rejection.into()),
        }
    }
}

fn accepted<W: Webhook<Receipt: From<Accepted>>>(
    kept: Result<(), Error>,
) -> Result<W::Receipt, BoxError> {
    kept.map(|()| Accepted.into()).map_err(Into::into)
}

fn by_content(envelope: Envelope) -> New {
    let content = ContentDigest::of(envelope.body());
    let key = Key::of_digest(envelope.webhook(), &content);
    New::of(key, Revision::unordered(content), envelope)
}
