//! Receive on every server whose requests have a body of the `http-body` crate:
//! hyper and what is built on it.
//!
//! It does what the adapters do. It checks the head, reads the body within its
//! limits in bytes and in time, whatever came out, and gives a [`Verified`]
//! delivery or a [`Rejection`] with the response to send. It needs a tokio
//! runtime with its timer.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use order_webhooks::{BasicAuth, body::receive, musement::OrderItemWebhook};
//!
//! /// What hyper's `service_fn` calls, with `hyper::body::Incoming` for `B`.
//! async fn on_request<B: http_body::Body>(
//!     webhook: OrderItemWebhook,
//!     request: Request<B>,
//! ) -> Response<Bytes> {
//!     match receive(&webhook, request).await {
//!         Ok(update) => {
//!             println!("{} is now {}", update.order_item_uuid, update.order_item_status);
//!             Response::new(Bytes::new())
//!         }
//!         Err(rejection) => rejection.to_response(),
//!     }
//! }
//! # let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
//! # let _ = on_request(webhook, Request::new(http_body_util::Full::<Bytes>::default()));
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```

#[cfg(feature = "bandwidth")]
use std::future::ready;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf as _, Bytes, BytesMut};
use http::Request;
#[cfg(feature = "bandwidth")]
use http::Response;
use http::request::Parts;
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

#[cfg(feature = "bandwidth")]
use crate::adapter::guard::{self, Guard};
#[cfg(feature = "bandwidth")]
use crate::bandwidth::{IntoPortOutAnswer, PortOutWebhook};
use crate::head::Head;
use crate::head::PeerAddress;
use crate::limits::Limits;
#[cfg(feature = "bandwidth")]
use crate::log;
use crate::rejection::{Reason, Rejection};
use crate::webhook::{Extract, Pending, Receive as _, Webhook};

pub use crate::webhook::Verified;

/// Receives a delivery: checks its head, reads its body, and verifies it; see
/// the [module](self) for an example.
///
/// A webhook with an `Allowlist` takes the sender's address from the
/// [`PeerAddress`](crate::PeerAddress) of the request's extensions.
///
/// # Errors
///
/// The rejection, which has the response to send. The body has been read by
/// then, because many senders write their whole request before they read.
pub async fn receive<W, B>(webhook: &W, request: Request<B>) -> Result<Verified<W>, Rejection>
where
    W: Extract,
    B: Body,
{
    receive_any(webhook, request).await
}

/// Answers a port-out with this handler, in time and in every case.
///
/// The handler runs on threads of the webhook and has until its deadline. If it
/// fails, panics or is not done by then, the sender gets the verdict that the
/// webhook was built with. (A program built with `panic = "abort"` ends at a
/// panic and answers nothing.)
///
/// Call it with clones of one webhook: they share their threads.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
/// use order_webhooks::body::{Verified, port_out};
///
/// async fn judge(request: Verified<PortOutWebhook>) -> PortOutAnswer {
///     match request.pin() {
///         Some("2222") => PortOutAnswer::Allow,
///         Some(_) => PortOutAnswer::deny(DenialReason::PinInvalid),
///         None => PortOutAnswer::deny(DenialReason::PinMissing),
///     }
/// }
///
/// /// What hyper's `service_fn` calls, with `hyper::body::Incoming` for `B`.
/// async fn on_request<B>(webhook: PortOutWebhook, request: Request<B>) -> Response<Bytes>
/// where
///     B: http_body::Body<Data: Send, Error: Send> + Send + 'static,
/// {
///     port_out(&webhook, request, judge).await
/// }
/// # use order_webhooks::BasicAuth;
/// # let auth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
/// # let webhook = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
/// # let _ = on_request(webhook, Request::new(http_body_util::Full::<Bytes>::default()));
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[cfg(feature = "bandwidth")]
pub async fn port_out<B, H, F>(
    webhook: &PortOutWebhook,
    request: Request<B>,
    handler: H,
) -> Response<Bytes>
where
    B: Body<Data: Send, Error: Send> + Send + 'static,
    H: FnOnce(Verified<PortOutWebhook>) -> F + Send + 'static,
    F: Future<Output: IntoPortOutAnswer> + Send + 'static,
{
    let guard = Guard::new(webhook.clone());
    let task = {
        let webhook = webhook.clone();
        tokio::spawn(log::in_span(async move {
            let received = receive_any(&webhook, request).await;
            let ask = |request| {
                ready(Ok(move || async move { handler(request).await.into_port_out_answer() }))
            };
            guard.answer(received, ask).await
        }))
    };
    match guard::answer_of(webhook, task).await {
        Ok(answer) => answer.to_response(),
        Err(rejection) => rejection.to_response(),
    }
}

async fn receive_any<W: Webhook, B: Body>(
    webhook: &W,
    request: Request<B>,
) -> Result<Verified<W>, Rejection> {
    let (parts, body) = request.into_parts();
    receive_parts(webhook, &parts, body).await
}

pub(super) async fn receive_parts<W: Webhook>(
    webhook: &W,
    parts: &Parts,
    body: impl Body,
) -> Result<Verified<W>, Rejection> {
    let head = Head::of_parts(parts);
    let pending = webhook.authenticate(&match peer_of(&parts.extensions) {
        Some(peer) => head.with_peer(peer),
        None => head,
    });
    read_and_verify(webhook.limits(), pending, body).await
}

/// Goes on from a decided head: reads the body, whatever was decided, and then
/// checks it or gives the rejection.
///
/// A server that answers over an unread body loses deliveries: many senders
/// write all of it before they read, and one that waits for `100 Continue` gets
/// it only from a server that reads.
pub(super) async fn read_and_verify<W: Webhook>(
    limits: Limits,
    head: Result<Pending<'_, W>, Rejection>,
    body: impl Body,
) -> Result<Verified<W>, Rejection> {
    match head {
        Ok(pending) => match read(body, limits.body_bytes(), limits).await {
            Ok(body) => pending.verify(body),
            Err(reason) => Err(pending.fail(reason)),
        },
        Err(rejection) => {
            let _dropped = read(body, 0, limits).await;
            Err(rejection)
        }
    }
}

/// Reads a body to its end and keeps it if it has at most `kept` bytes.
async fn read(body: impl Body, kept: usize, limits: Limits) -> Result<Bytes, Reason> {
    let drained = limits.drained_bytes();
    let too_large = Reason::TooLarge { limit: limits.body_bytes() };
    if body.size_hint().lower() > drained as u64 {
        return Err(too_large);
    }
    let complete = async {
        let mut body = pin!(body);
        let mut whole = Whole::default();
        let mut length = 0_usize;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return Err(Reason::Incomplete) };
            // Anything but data is a trailer, and says nothing about the body.
            let Ok(mut data) = frame.into_data() else { continue };
            length = length.saturating_add(data.remaining());
            if length > drained {
                break;
            } else if length > kept {
                whole = Whole::default();
            } else {
                whole.push(data.copy_to_bytes(data.remaining()));
            }
        }
        if length > kept { Err(too_large) } else { Ok(whole.into_bytes()) }
    };
    let mut complete = pin!(complete);
    // Most bodies come with their head, and need no timer.
    if let Poll::Ready(body) = poll_fn(|cx| Poll::Ready(complete.as_mut().poll(cx))).await {
        return body;
    }
    let limit = limits.body_time();
    timeout(limit, complete).await.unwrap_or(Err(Reason::TooSlow { limit }))
}

/// The pieces so far. Most bodies come in one, which is kept without a copy.
#[derive(Default)]
struct Whole {
    first: Bytes,
    rest: BytesMut,
}

impl Whole {
    fn push(&mut self, chunk: Bytes) {
        if self.first.is_empty() {
            self.first = chunk;
            return;
        }
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}

/// The server's own word first, and then axum's of the connection.
fn peer_of(extensions: &http::Extensions) -> Option<IpAddr> {
    let given = PeerAddress::of(extensions);
    #[cfg(feature = "axum")]
    let given = given.or_else(|| {
        let info = extensions.get::<::axum::extract::ConnectInfo<std::net::SocketAddr>>();
        info.map(|info| info.0.ip())
    });
    given
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Context;
    use std::time::Duration;

    use http_body::{Frame, SizeHint};
    use tokio::time::Instant;

    #[derive(Default)]
    struct Pieces {
        declared: Option<u64>,
        left: VecDeque<Result<Bytes, ()>>,
        endless: bool,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = ();

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, ()>>> {
            match self.left.pop_front() {
                None if self.endless => Poll::Pending,
                piece => Poll::Ready(piece.map(|piece| piece.map(Frame::data))),
            }
        }

        fn size_hint(&self) -> SizeHint {
            self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
        }
    }

    fn pieces<const N: usize>(pieces: [&'static [u8]; N]) -> Pieces {
        let left = pieces.into_iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        Pieces { left, ..Pieces::default() }
    }

    fn limits() -> Limits {
        Limits::new(4, Duration::from_secs(1)).unwrap()
    }

    async fn read_up_to_4(body: impl Body) -> Result<Bytes, Reason> {
        read(body, 4, limits()).await
    }

    static ALMOST_8_MIB: &[u8] = &[0; 8 * 1024 * 1024 - 1];

    const TOO_LARGE: Result<Bytes, Reason> = Err(Reason::TooLarge { limit: 4 });

    #[tokio::test]
    async fn a_body_of_the_limit_is_kept_and_one_byte_more_is_not() {
        for (body, outcome) in [
            (pieces([]), Ok(Bytes::new())),
            (pieces([b"1234"]), Ok(Bytes::from_static(b"1234"))),
            (pieces([b"", b"12", b"", b"3", b"4"]), Ok(Bytes::from_static(b"1234"))),
            (pieces([b"12345"]), TOO_LARGE),
            (pieces([b"1234", b"5"]), TOO_LARGE),
            (pieces([b"12345", b"", b"6"]), TOO_LARGE),
        ] {
            assert_eq!(read_up_to_4(body).await, outcome);
        }
    }

    #[tokio::test]
    async fn trailers_are_no_part_of_a_body() {
        let body = http_body_util::Full::new(Bytes::from_static(b"12"));
        let body = body.with_trailers(async { Some(Ok(http::HeaderMap::new())) });
        assert_eq!(read_up_to_4(body).await, Ok(Bytes::from_static(b"12")));
    }

    #[tokio::test]
    async fn what_is_too_large_is_read_up_to_8_mebibytes() {
        let mut body = pieces([ALMOST_8_MIB, b"1", b"2", b"3"]);
        assert_eq!(read_up_to_4(&mut body).await, TOO_LARGE);
        assert_eq!(body.left.len(), 1, "the piece that passes the bound is the last one read");
    }

    #[tokio::test]
    async fn a_length_beyond_that_is_not_read_at_all() {
        let mut body = Pieces { declared: Some(8 * 1024 * 1024 + 1), ..pieces([b"1"]) };
        assert_eq!(read_up_to_4(&mut body).await, TOO_LARGE);
        assert_eq!(body.left.len(), 1);
        let mut lie = Pieces { declared: Some(8 * 1024 * 1024), ..pieces([b"1"]) };
        assert_eq!(read_up_to_4(&mut lie).await, Ok(Bytes::from_static(b"1")));
    }

    #[tokio::test]
    async fn a_connection_that_ends_leaves_nothing() {
        let mut body = pieces([b"12"]);
        body.left.push_back(Err(()));
        assert_eq!(read_up_to_4(body).await, Err(Reason::Incomplete));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_too_slow_after_its_time_and_not_later() {
        let started = Instant::now();
        let body = Pieces { endless: true, ..pieces([b"12"]) };
        let limit = Duration::from_secs(1);
        assert_eq!(read_up_to_4(body).await, Err(Reason::TooSlow { limit }));
        assert!((limit..limit * 2).contains(&started.elapsed()), "{:?}", started.elapsed());
    }

    /// A piece of a kibibyte that counts itself while it is in memory.
    struct Piece(Arc<AtomicUsize>);

    impl AsRef<[u8]> for Piece {
        fn as_ref(&self) -> &[u8] {
            &[b'x'; 1_024]
        }
    }

    impl Drop for Piece {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    struct Counted {
        pieces: usize,
        in_memory: Arc<AtomicUsize>,
        /// How many were in memory when the last one was asked for.
        at_last: Arc<AtomicUsize>,
    }

    impl Counted {
        fn new(pieces: usize) -> (Self, Arc<AtomicUsize>) {
            let at_last = Arc::default();
            (Self { pieces, in_memory: Arc::default(), at_last: Arc::clone(&at_last) }, at_last)
        }
    }

    impl Body for Counted {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.at_last.store(self.in_memory.load(Ordering::Relaxed), Ordering::Relaxed);
            let Some(left) = self.pieces.checked_sub(1) else { return Poll::Ready(None) };
            self.pieces = left;
            self.in_memory.fetch_add(1, Ordering::Relaxed);
            let piece = Bytes::from_owner(Piece(Arc::clone(&self.in_memory)));
            Poll::Ready(Some(Ok(Frame::data(piece))))
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_not_kept_while_it_is_drained() {
        for kept in [0, 1_024, 4_096] {
            let (body, at_last) = Counted::new(10_000);
            assert_eq!(read(body, kept, limits()).await, TOO_LARGE);
            assert_eq!(at_last.load(Ordering::Relaxed), 0, "of {kept} bytes that may be kept");
        }
    }

    #[cfg(feature = "musement")]
    #[tokio::test]
    async fn what_is_not_authenticated_is_not_kept_while_it_is_drained() {
        let auth = crate::BasicAuth::new("u", "p:q").unwrap();
        let webhook = crate::musement::OrderItemWebhook::new(auth);
        for (credentials, kept) in [("Basic eDp5", 0), ("Basic dTpwOnE=", 1)] {
            let (body, at_last) = Counted::new(1);
            let request = Request::post("/").header("authorization", credentials).body(body);
            receive(&webhook, request.unwrap()).await.unwrap_err();
            assert_eq!(at_last.load(Ordering::Relaxed), kept, "{credentials}");
        }
    }

    #[cfg(feature = "bandwidth")]
    #[tokio::test]
    async fn a_port_out_is_answered_by_its_handler_or_by_the_verdict() {
        use crate::bandwidth::{DenialReason, PortOutAnswer};

        let auth = crate::BasicAuth::new("u", "p:q").unwrap();
        let webhook = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
        let question = "<PortOutValidationRequest><PON>p</PON><TelephoneNumbers><TelephoneNumber>\
                        2223331000</TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>";
        let allowed = "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>true</Portable>\
                       <PON>p</PON></PortOutValidationResponse>";
        let denied = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(None);
        for (credentials, status, answer) in [
            (Some("Basic dTpwOnE="), 200, allowed),
            (Some("Basic eDp5"), 200, &denied),
            (None, 401, ""),
        ] {
            let mut request = Request::post("/");
            if let Some(credentials) = credentials {
                request = request.header("authorization", credentials);
            }
            let request = request.body(http_body_util::Full::new(Bytes::from(question))).unwrap();
            let handler = async |_: Verified<PortOutWebhook>| PortOutAnswer::Allow;
            let response = port_out(&webhook, request, handler).await;
            assert_eq!(
                (response.status().as_u16(), &**response.body()),
                (status, answer.as_bytes())
            );
        }
    }
}
