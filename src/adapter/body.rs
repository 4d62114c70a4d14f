//! Reading a body within its bounds, in bytes and in time.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use tokio::time::timeout;

use crate::limits::Limits;
use crate::rejection::{Reason, Rejection};
use crate::webhook::{Pending, Verified, Webhook};

/// A body as it arrives from a server.
pub(super) trait Chunks {
    /// The next piece, `None` after the last one, or that there will be none.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>>;

    /// The length that the sender declared, in bytes.
    fn declared(&self) -> Option<u64>;
}

/// The connection ended before the body did.
pub(super) struct Broken;

/// Goes on from a decided head: reads the body, whatever was decided, and then
/// checks it or gives the rejection.
///
/// A server that answers over an unread body loses deliveries: many senders
/// write all of it before they read, and one that waits for `100 Continue` gets
/// it only from a server that reads.
pub(super) async fn receive<W: Webhook>(
    limits: Limits,
    head: Result<Pending<'_, W>, Rejection>,
    body: impl Chunks,
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
async fn read(mut body: impl Chunks, kept: usize, limits: Limits) -> Result<Bytes, Reason> {
    let drained = limits.drained_bytes();
    let too_large = Reason::TooLarge { limit: limits.body_bytes() };
    if body.declared().is_some_and(|declared| declared > drained as u64) {
        return Err(too_large);
    }
    let complete = async {
        let mut whole = Whole::default();
        let mut length = 0_usize;
        while let Some(chunk) = poll_fn(|cx| body.poll_chunk(cx)).await {
            let chunk = chunk.map_err(|Broken| Reason::Incomplete)?;
            length = length.saturating_add(chunk.len());
            if length > drained {
                break;
            } else if length > kept {
                whole = Whole::default();
            } else {
                whole.push(chunk);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::time::Duration;

    #[derive(Default)]
    struct Pieces {
        declared: Option<u64>,
        left: VecDeque<Result<&'static [u8], ()>>,
        endless: bool,
    }

    impl Chunks for Pieces {
        fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
            match self.left.pop_front() {
                None if self.endless => Poll::Pending,
                None => Poll::Ready(None),
                Some(Ok(piece)) => Poll::Ready(Some(Ok(Bytes::from_static(piece)))),
                Some(Err(())) => Poll::Ready(Some(Err(Broken))),
            }
        }

        fn declared(&self) -> Option<u64> {
            self.declared
        }
    }

    fn pieces<const N: usize>(pieces: [&'static [u8]; N]) -> Pieces {
        Pieces { left: pieces.into_iter().map(Ok).collect(), ..Pieces::default() }
    }

    async fn read_up_to_4(body: impl Chunks) -> Result<Bytes, Reason> {
        read(body, 4, Limits::new(4, Duration::from_secs(1)).unwrap()).await
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
    async fn what_is_too_large_is_read_up_to_8_mebibytes() {
        let mut body = pieces([ALMOST_8_MIB, b"1", b"2", b"3"]);
        let body_ref = &mut body;
        assert_eq!(read_up_to_4(ByRef(body_ref)).await, TOO_LARGE);
        assert_eq!(body.left.len(), 1, "the piece that passes the bound is the last one read");
    }

    #[tokio::test]
    async fn a_length_beyond_that_is_not_read_at_all() {
        let mut body = Pieces { declared: Some(8 * 1024 * 1024 + 1), ..pieces([b"1"]) };
        assert_eq!(read_up_to_4(ByRef(&mut body)).await, TOO_LARGE);
        assert_eq!(body.left.len(), 1);
        let mut lie = Pieces { declared: Some(8 * 1024 * 1024), ..pieces([b"1"]) };
        assert_eq!(read_up_to_4(ByRef(&mut lie)).await, Ok(Bytes::from_static(b"1")));
    }

    #[tokio::test]
    async fn a_connection_that_ends_leaves_nothing() {
        let mut body = pieces([b"12"]);
        body.left.push_back(Err(()));
        assert_eq!(read_up_to_4(body).await, Err(Reason::Incomplete));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_too_slow() {
        let body = Pieces { endless: true, ..pieces([b"12"]) };
        let limit = Duration::from_secs(1);
        assert_eq!(read_up_to_4(body).await, Err(Reason::TooSlow { limit }));
    }

    struct ByRef<'p>(&'p mut Pieces);

    impl Chunks for ByRef<'_> {
        fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
            self.0.poll_chunk(cx)
        }

        fn declared(&self) -> Option<u64> {
            self.0.declared()
        }
    }
}
