//! Reads a body within its limits.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::limits::Limits;
use crate::rejection::Reason;

/// Reads a body to its end and gives it if it has at most `most` bytes, or else
/// why it is refused and its beginning.
pub(super) async fn read(
    body: impl Body,
    most: usize,
    beginning: usize,
    limits: Limits,
) -> Result<Bytes, (Reason, Bytes)> {
    let mut kept = Kept::default();
    let read = {
        let mut reading = pin!(read_into(&mut kept, body, most, beginning, limits));
        // A port-out is answered even without a timer, with what its body says.
        let mut at_once = Poll::Pending;
        if beginning > 0 {
            at_once = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
        }
        match at_once {
            Poll::Ready(read) => read,
            // Without a timer this panics whether the body is there already or not.
            Poll::Pending => {
                let limit = limits.body_time();
                timeout(limit, reading).await.unwrap_or(Err(Reason::TooSlow { limit }))
            }
        }
    };
    match read {
        Ok(()) => Ok(kept.into_bytes()),
        Err(reason) => {
            kept.cut(beginning);
            Err((reason, kept.into_bytes()))
        }
    }
}

/// Reads a body, however long it takes. Of one that is refused it keeps at least the
/// beginning.
async fn read_into(
    kept: &mut Kept,
    body: impl Body,
    most: usize,
    beginning: usize,
    limits: Limits,
) -> Result<(), Reason> {
    let mut body = pin!(body);
    let drained = limits.drained_bytes();
    // It is not read to its end in any case.
    let endless = body.size_hint().lower() > drained as u64;
    let mut length = 0_usize;
    while length <= drained && !(endless && length >= beginning) {
        let Some(frame) = body.frame().await else { break };
        let Ok(frame) = frame else { return Err(Reason::Incomplete) };
        // Anything but data is a trailer, and says nothing about the body.
        let Ok(mut data) = frame.into_data() else { continue };
        length = length.saturating_add(data.remaining());
        let mut taken = data.remaining();
        if length > most {
            kept.cut(beginning);
            taken = taken.min(beginning.saturating_sub(kept.bytes().len()));
        }
        if taken > 0 {
            kept.push(data.copy_to_bytes(taken));
        }
    }
    if length > most || endless {
        return Err(Reason::TooLarge { limit: limits.body_bytes() });
    }
    Ok(())
}

/// The pieces so far. Most bodies come in one, which is kept without a copy.
#[derive(Default)]
struct Kept {
    first: Bytes,
    rest: BytesMut,
}

impl Kept {
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

    fn bytes(&self) -> &[u8] {
        if self.rest.is_empty() { &self.first } else { &self.rest }
    }

    /// Keeps no more than this, and frees the rest.
    fn cut(&mut self, most: usize) {
        let whole = self.bytes();
        if let Some(beginning) = whole.get(..most).filter(|_| whole.len() > most) {
            *self = Self { first: Bytes::copy_from_slice(beginning), rest: BytesMut::new() };
        }
    }

    fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}
