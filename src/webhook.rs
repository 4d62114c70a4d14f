//! What you implement for a webhook of your own, and the steps from a delivery
//! to an event.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use serde::de::DeserializeOwned;

use crate::answer::Accepted;
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::log;
use crate::rejection::{Reason, Rejection};
use crate::wire::json;

pub use crate::answer::{Answer, IntoReceipt};
pub use crate::error::{ParseErrorKind, Position};
pub use crate::head::Headers;

/// The rules of one endpoint: who may send, what the body is, which answer
/// means what.
///
/// The webhooks of this crate implement it, and so can yours for another
/// provider; every adapter then works with it. A webhook is a plain value,
/// built once at start-up and cheap to clone.
///
/// You write the three steps that differ from provider to provider.
/// [`WebhookExt`] calls them in their order: every webhook has it, and none can
/// change it.
///
/// ```
/// use order_webhooks::auth::{BodySignature, Signature};
/// use order_webhooks::webhook::ParseErrorKind;
/// use order_webhooks::{Head, ParseError, Reason, Receipt, Webhook};
///
/// #[derive(Clone)]
/// struct StockWebhook(BodySignature);
///
/// impl Webhook for StockWebhook {
///     const NAME: &'static str = "acme.stock";
///     type Event = u32;
///     type Proof = Signature;
///     type Receipt = Receipt;
///
///     fn check_head(&self, head: &Head<'_>) -> Result<Signature, Reason> {
///         self.0.read(head)
///     }
///
///     fn check_body(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
///         self.0.verify(signature, body)
///     }
///
///     fn parse(&self, body: &[u8]) -> Result<u32, ParseError> {
///         let text = std::str::from_utf8(body).ok().and_then(|text| text.parse().ok());
///         text.ok_or(ParseError::new(ParseErrorKind::Invalid("a stock level".into())))
///     }
/// }
/// ```
pub trait Webhook: Clone + Send + Sync + 'static {
    /// The name in logs: provider and event, `musement.order_item`.
    const NAME: &'static str;

    /// What a verified body becomes.
    type Event: Send + 'static;

    /// What [`check_head`](Self::check_head) passes on to
    /// [`check_body`](Self::check_body): a [`Signature`] that is claimed and
    /// not yet checked, or `()` if the head has settled it.
    ///
    /// [`Signature`]: crate::auth::Signature
    type Proof: Send;

    /// What a handler returns to tell the sender what became of the delivery.
    ///
    /// It is [`Receipt`](crate::Receipt) for a provider that sends a delivery
    /// again, and [`Accepted`] for one that never does. A type of
    /// your own needs `From<Accepted>` and `Into<Answer>`.
    type Receipt: 'static;

    /// Whether the sender sends each delivery once only, whatever the answer is.
    ///
    /// The handler of such a delivery runs as a task of its own on the routes of
    /// the axum and the actix adapter: it goes on to its end if the sender closes
    /// the connection, or if a timeout of the server's drops the request.
    const SENT_ONCE: bool = false;

    /// Checks what the head alone can decide.
    ///
    /// # Errors
    ///
    /// The reason to refuse the delivery, such as [`Reason::SignatureMissing`], or to
    /// ask for credentials.
    fn check_head(&self, head: &Head<'_>) -> Result<Self::Proof, Reason>;

    /// Checks the body's bytes as they came.
    ///
    /// # Errors
    ///
    /// The reason to refuse the delivery, such as [`Reason::SignatureMismatch`].
    fn check_body(&self, proof: &Self::Proof, body: &[u8]) -> Result<(), Reason>;

    /// Turns the bytes of a verified body into the event.
    ///
    /// # Errors
    ///
    /// What is wrong with the body, and where: `orderId: missing at line 1 column 2`.
    fn parse(&self, body: &[u8]) -> Result<Self::Event, ParseError>;

    /// The bounds within which a body is read.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// The name of this webhook in logs, beside that of its type, to tell two
    /// accounts of one provider apart.
    fn instance(&self) -> Option<&str> {
        None
    }

    /// How many bytes of a refused body the adapters keep for
    /// [`answer_instead`](Self::answer_instead). The rest is read and dropped.
    const KEPT_OF_REFUSED: usize = 0;

    /// The answer to a refused POST, if it is not the usual one. Only a
    /// provider that takes an error status for a decision needs it. It is not
    /// called for a [challenge](Reason::Challenged).
    ///
    /// `body` is what has come of the body, or its beginning. **Nobody has verified
    /// it**, unless the reason is [`Reason::Unparsable`].
    fn answer_instead(&self, reason: &Reason, body: &[u8]) -> Option<Answer> {
        let _ = (reason, body);
        None
    }
}

/// The steps from a delivery to an event. Every [`Webhook`] has them.
///
/// The crate implements it for all webhooks, and nobody else can, so no webhook
/// can leave out a check.
///
/// ```
/// # #[cfg(feature = "porterbuddy")] {
/// use order_webhooks::{Head, Secret, WebhookExt, porterbuddy::OrderWebhook};
///
/// let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key")?);
/// let body = br#"{"orderId":"394326","orderStatus":"ready"}"#;
/// let headers = [("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body))];
///
/// let pending = webhook.authenticate(&Head::new("POST", &headers))?;
/// // Your server reads the body here.
/// let update = pending.verify(body)?;
/// assert_eq!(update.order_id, "394326");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait WebhookExt: Webhook + sealed::Sealed {
    /// Checks the head. A server that reads the body afterwards calls this
    /// first, and then [`Pending::verify`].
    ///
    /// Read the body before you answer, whatever comes out; the adapters do.
    ///
    /// # Errors
    ///
    /// The rejection, which has the response to send: for another method than POST,
    /// credentials that are missing or wrong, a signature that is missing or
    /// malformed, a header that comes twice.
    fn authenticate(&self, head: &Head<'_>) -> Result<Pending<'_, Self>, Rejection>;

    /// The rejection of a head, once its body has come: [`verify`](Self::verify) and
    /// the adapters do this, and so does a server that calls
    /// [`authenticate`](Self::authenticate) itself.
    ///
    /// The answer to a refused port-out has the PON and the numbers of the question,
    /// as far as they stand in `body`. For other webhooks nothing changes.
    #[must_use]
    fn refuse_with_body(&self, rejection: Rejection, body: &[u8]) -> Rejection;

    /// Checks a complete request, head and body.
    ///
    /// ```
    /// # #[cfg(feature = "porterbuddy")] {
    /// use order_webhooks::{Secret, WebhookExt, porterbuddy::OrderWebhook};
    ///
    /// let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key")?);
    /// let request = http::Request::post("/porterbuddy").body(r#"{"orderId":"1"}"#)?;
    /// let rejection = webhook.verify(request).unwrap_err();
    /// assert_eq!(rejection.to_response().status(), 403);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The rejection, which has the response to send: for every reason of
    /// [`authenticate`](Self::authenticate), a signature of another body, and a body
    /// that does not parse.
    fn verify<B: AsRef<[u8]>>(
        &self,
        request: http::Request<B>,
    ) -> Result<Verified<Self, B>, Rejection>;
}

/// Reads a body of JSON as a type of yours, for [`Webhook::parse`].
///
/// ```
/// use order_webhooks::webhook;
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Stock {
///     level: u32,
/// }
///
/// let stock: Stock = webhook::json(br#"{"level":7}"#)?;
/// assert_eq!(stock.level, 7);
/// let error = webhook::json::<Stock>(br#"{"level":"many"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "level: not what is expected at line 1 column 15");
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
///
/// # Errors
///
/// What is wrong, the path to the field, and the line and column: for a body that is
/// not UTF-8 or not JSON, for a field that is missing, and for a value that the type
/// does not take. The error shows nothing that the body holds but the names of fields.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    json::value(body)
}

/// `with_limits` and `with_instance`, which every webhook of this crate has, for its
/// `impl` block: they set its fields `limits` and `instance`.
#[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
macro_rules! limits_and_instance {
    () => {
        /// Reads bodies within these bounds.
        #[must_use]
        pub fn with_limits(mut self, limits: $crate::limits::Limits) -> Self {
            self.limits = limits;
            self
        }

        /// Gives the webhook a name of its own in logs, such as that of the account:
        /// the field `instance`.
        #[must_use]
        pub fn with_instance(mut self, instance: impl Into<std::sync::Arc<str>>) -> Self {
            self.instance = Some(instance.into());
            self
        }
    };
}

#[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
pub(crate) use limits_and_instance;

mod sealed {
    pub trait Sealed {}

    impl<W: super::Webhook> Sealed for W {}
}

impl<W: Webhook> WebhookExt for W {
    fn authenticate(&self, head: &Head<'_>) -> Result<Pending<'_, Self>, Rejection> {
        if head.method() != "POST" {
            return Err(log::refused(source(self), Rejection::new(Reason::Method)));
        }
        match self.check_head(head) {
            Ok(proof) => Ok(Pending { webhook: self, proof, encoded: is_encoded(head) }),
            Err(challenge @ Reason::Challenged(_)) => {
                Err(log::refused(source(self), Rejection::new(challenge)))
            }
            Err(reason) => Err(refuse(self, reason, b"")),
        }
    }

    fn verify<B: AsRef<[u8]>>(
        &self,
        request: http::Request<B>,
    ) -> Result<Verified<Self, B>, Rejection> {
        match self.authenticate(&Head::from(&request)) {
            Ok(pending) => pending.verify(request.into_body()),
            Err(rejection) => Err(self.refuse_with_body(rejection, request.body().as_ref())),
        }
    }

    fn refuse_with_body(&self, rejection: Rejection, body: &[u8]) -> Rejection {
        if matches!(rejection.reason(), Reason::Challenged(_) | Reason::Method) {
            return rejection;
        }
        let answer = self.answer_instead(rejection.reason(), body);
        rejection.answered(answer)
    }
}

/// A rejection without a verified body.
fn refuse<W: Webhook>(webhook: &W, reason: Reason, body: &[u8]) -> Rejection {
    let answer = webhook.answer_instead(&reason, body);
    log::refused(source(webhook), Rejection::new(reason).answered(answer))
}

/// Whose events these are in the log.
pub(crate) fn source<W: Webhook>(webhook: &W) -> log::Source<'_> {
    log::Source { webhook: W::NAME, instance: webhook.instance() }
}

/// Bodies are verified as they came and never inflated.
fn is_encoded(head: &Head<'_>) -> bool {
    match head.header(&CONTENT_ENCODING) {
        Ok(None) => false,
        Ok(Some(value)) => !value.trim_ascii().eq_ignore_ascii_case(b"identity"),
        Err(_) => true,
    }
}

/// A delivery whose head is accepted and whose body is still to come: what
/// [`WebhookExt::authenticate`] gives. [`servers`](crate::guide::servers) has an
/// example.
#[must_use = "the delivery is neither accepted nor refused before its body is checked"]
pub struct Pending<'w, W: Webhook> {
    webhook: &'w W,
    proof: W::Proof,
    encoded: bool,
}

impl<'w, W: Webhook> Pending<'w, W> {
    /// Checks the complete body, and parses it once it is verified.
    ///
    /// # Errors
    ///
    /// The rejection to answer with. It has a copy of the body if the sender is
    /// proven and only the parsing failed.
    pub fn verify<B: AsRef<[u8]>>(self, body: B) -> Result<Verified<W, B>, Rejection> {
        let bytes = body.as_ref();
        let limit = self.webhook.limits().body_bytes();
        if self.encoded {
            return Err(self.fail_after(Reason::Encoded, bytes));
        }
        if bytes.len() > limit {
            return Err(self.fail_after(Reason::TooLarge { limit }, bytes));
        }
        if let Err(reason) = self.webhook.check_body(&self.proof, bytes) {
            return Err(self.fail_after(reason, bytes));
        }
        match self.webhook.parse(bytes) {
            Ok(event) => {
                log::verified(source(self.webhook), bytes.len());
                Ok(Verified { event, body })
            }
            Err(error) => {
                let reason = Reason::Unparsable(error);
                let answer = self.webhook.answer_instead(&reason, bytes);
                let rejection = Rejection::new(reason).answered(answer).keeping(bytes);
                Err(log::refused(source(self.webhook), rejection))
            }
        }
    }

    /// Refuses the delivery because its body could not be read:
    /// [`Reason::TooLarge`], [`Reason::TooSlow`] or [`Reason::Incomplete`].
    #[must_use]
    pub fn fail(self, reason: Reason) -> Rejection {
        self.fail_after(reason, b"")
    }

    /// The same, after this much of the body.
    pub(crate) fn fail_after(self, reason: Reason, body: &[u8]) -> Rejection {
        refuse(self.webhook, reason, body)
    }

    /// The webhook whose delivery this is.
    #[must_use]
    pub fn webhook(&self) -> &'w W {
        self.webhook
    }
}

impl<W: Webhook> fmt::Debug for Pending<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("webhook", &W::NAME).finish_non_exhaustive()
    }
}

/// A delivery whose sender is proven: the event, and the body's bytes as they
/// came.
///
/// Only verification makes one. It dereferences to the event. `Debug` shows
/// neither event nor body. In axum and actix-web it is an extractor.
///
/// ```
/// # #[cfg(feature = "musement")] {
/// use order_webhooks::{Verified, musement::OrderItemWebhook};
///
/// fn on_update(update: Verified<OrderItemWebhook>) {
///     println!("{} is now {}", update.order_item_uuid, update.order_item_status);
///     let (event, body) = update.into_parts();
///     println!("{} bytes about order {}", body.len(), event.order_uuid);
/// }
/// # }
/// ```
pub struct Verified<W: Webhook, B = Bytes> {
    event: W::Event,
    body: B,
}

impl<W: Webhook, B> Verified<W, B> {
    /// The event.
    #[must_use]
    pub fn event(&self) -> &W::Event {
        &self.event
    }

    /// The event, by value.
    #[must_use]
    pub fn into_event(self) -> W::Event {
        self.event
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &B {
        &self.body
    }

    /// Event and body, by value.
    #[must_use]
    pub fn into_parts(self) -> (W::Event, B) {
        (self.event, self.body)
    }
}

impl<W: Webhook, B> Deref for Verified<W, B> {
    type Target = W::Event;

    fn deref(&self) -> &W::Event {
        &self.event
    }
}

impl<W: Webhook<Event: Clone>, B: Clone> Clone for Verified<W, B> {
    fn clone(&self) -> Self {
        Self { event: self.event.clone(), body: self.body.clone() }
    }
}

impl<W: Webhook, B> fmt::Debug for Verified<W, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("webhook", &W::NAME).finish_non_exhaustive()
    }
}

/// A webhook that extractors, routes and layers take: its sender takes an error,
/// or no answer at all, for a failed delivery.
///
/// Every webhook is one whose [`Receipt`](Webhook::Receipt) becomes a complete
/// [`Answer`]. That of a port-out does not, because its answer depends on the
/// question, and because an error gives a number away.
#[diagnostic::on_unimplemented(
    message = "a verified delivery of `{Self}` cannot be extracted",
    note = "a port-out is received with `port_out(webhook, handler)`, which answers even if the handler fails",
    note = "the `Receipt` of a webhook of your own is `order_webhooks::Receipt` or `order_webhooks::Accepted`"
)]
pub trait Extract: Webhook<Receipt: Into<Answer> + From<Accepted>> {}

#[diagnostic::do_not_recommend]
impl<W: Webhook<Receipt: Into<Answer> + From<Accepted>>> Extract for W {}
