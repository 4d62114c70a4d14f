//! The payload of a request, and what becomes of it if it is not read.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{HttpMessage as _, HttpRequest};
use bytes::Bytes;
use futures_core::Stream as _;
use http_body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// A payload as a body of the `http-body` crate.
pub(super) struct ActixBody {
    payload: Payload,
    request: HttpRequest,
    ended: bool,
}

impl ActixBody {
    pub(super) fn new(payload: Payload, request: HttpRequest) -> Self {
        Self { payload, request, ended: false }
    }
}

impl Body for ActixBody {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        let chunk = Pin::new(&mut self.payload).poll_next(cx);
        chunk.map(|chunk| {
            self.ended = !matches!(chunk, Some(Ok(_)));
            chunk.map(|chunk| chunk.map(Frame::data))
        })
    }

    fn size_hint(&self) -> SizeHint {
        let declared = self.request.headers().get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse().ok());
        declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// What a request leaves unread is read and dropped by actix-http without a
/// bound, if nobody holds the payload when the response is sent. If somebody
/// does, the connection is closed after the response. So it is held until then.
impl Drop for ActixBody {
    fn drop(&mut self) {
        // Outside of a runtime there is no connection any more.
        if self.ended || Handle::try_current().is_err() {
            return;
        }
        let payload = self.payload.take();
        let (request_ends, ended) = oneshot::channel::<()>();
        self.request.extensions_mut().insert(Unread(request_ends));
        actix_web::rt::spawn(async move {
            let _ = ended.await;
            sleep(UNREAD_IS_HELD).await;
            drop(payload);
        });
    }
}

/// In a request's extensions, it ends with the request.
struct Unread(#[allow(dead_code, reason = "it is there to be dropped")] oneshot::Sender<()>);

/// The response is sent when its request has ended; a body of some length takes
/// a moment.
const UNREAD_IS_HELD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_web::test::TestRequest;

    use super::*;

    /// A server that shuts down may drop a request after its runtime.
    #[test]
    fn a_body_can_be_dropped_outside_of_a_runtime() {
        drop(ActixBody::new(Payload::None, TestRequest::default().to_http_request()));
    }

    #[actix_web::test]
    async fn a_body_is_held_if_it_was_not_read_to_its_end() {
        for (reads, is_held) in [(0, true), (1, true), (2, false)] {
            let (mut sender, payload) = actix_http::h1::Payload::create(false);
            sender.feed_data(Bytes::from_static(b"1"));
            sender.feed_eof();
            let request = TestRequest::default().to_http_request();
            let mut body = ActixBody::new(Payload::from(payload), request.clone());
            for _ in 0..reads {
                poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            }
            drop(body);
            assert_eq!(request.extensions().contains::<Unread>(), is_held, "{reads}");
        }
    }

    /// While its handler runs, and for the second in which the response is sent.
    #[actix_web::test]
    async fn an_unread_body_is_held_for_a_second_after_its_request() {
        tokio::time::pause();
        let (sender, payload) = actix_http::h1::Payload::create(false);
        let request = TestRequest::default().to_http_request();
        drop(ActixBody::new(Payload::from(payload), request.clone()));
        sleep(Duration::from_secs(60)).await;
        assert!(!sender.is_dropped(), "the handler still runs");
        drop(request);
        sleep(Duration::from_millis(900)).await;
        assert!(!sender.is_dropped(), "the response is being sent");
        sleep(Duration::from_millis(200)).await;
        assert!(sender.is_dropped());
    }
}
