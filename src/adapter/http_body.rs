//! Bodies of the `http-body` crate, which axum and tower services use.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::http_body::Body;
use bytes::{Buf as _, Bytes};

use crate::adapter::body::{Broken, Chunks};

pub(super) struct HttpBody<B>(pub(super) B);

impl<B: Body + Unpin> Chunks for HttpBody<B> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.0).poll_frame(cx)) else {
                return Poll::Ready(None);
            };
            let Ok(frame) = frame else { return Poll::Ready(Some(Err(Broken))) };
            // Anything but data is a trailer, and says nothing about the body.
            if let Ok(mut data) = frame.into_data() {
                let chunk = data.copy_to_bytes(data.remaining());
                return Poll::Ready(Some(Ok(chunk)));
            }
        }
    }

    fn declared(&self) -> Option<u64> {
        self.0.size_hint().exact()
    }
}
