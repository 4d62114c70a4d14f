use super::*;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use crate::limits::Limits;
use crate::rejection::Reason;

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
    read(body, 4, 0, limits()).await.map_err(|(reason, _)| reason)
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

/// What is asked for of a refused body is given, whatever refuses it.
#[tokio::test(start_paused = true)]
async fn the_beginning_of_a_refused_body_is_given() {
    let too_large = || Reason::TooLarge { limit: 4 };
    let too_slow = || Reason::TooSlow { limit: Duration::from_secs(1) };
    let cut_short = |mut body: Pieces| {
        body.left.push_back(Err(()));
        body
    };
    let endless = |body| Pieces { endless: true, ..body };
    let declared = |body| Pieces { declared: Some(u64::MAX), ..body };
    let cases: [(Pieces, usize, usize, Reason, &[u8]); 11] = [
        (pieces([b"12345"]), 4, 3, too_large(), b"123"),
        (pieces([b"12345"]), 4, 8, too_large(), b"12345"),
        (pieces([b"1", b"2345", b"67"]), 4, 3, too_large(), b"123"),
        (pieces([b"1", b"2345", b"67", b"89"]), 4, 8, too_large(), b"12345678"),
        (pieces([b"12", b"34", b"5"]), 0, 3, too_large(), b"123"),
        (pieces([b"12345", ALMOST_8_MIB, b"6"]), 4, 3, too_large(), b"123"),
        (cut_short(pieces([b"12"])), 4, 3, Reason::Incomplete, b"12"),
        (cut_short(pieces([b"1234"])), 4, 3, Reason::Incomplete, b"123"),
        (endless(pieces([b"12"])), 4, 3, too_slow(), b"12"),
        (declared(endless(pieces([b"1", b"234"]))), 4, 3, too_large(), b"123"),
        (declared(endless(pieces([b"1"]))), 4, 0, too_large(), b""),
    ];
    for (position, (body, most, beginning, reason, expected)) in cases.into_iter().enumerate() {
        let refused = read(body, most, beginning, limits()).await.unwrap_err();
        assert_eq!(refused, (reason, Bytes::from_static(expected)), "{position}");
    }
}

/// Otherwise only bodies that come late would show that the server is set up wrongly.
#[test]
fn without_a_timer_no_body_is_read() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let read = std::panic::AssertUnwindSafe(|| runtime.block_on(read_up_to_4(pieces([b"1"]))));
    let panic = std::panic::catch_unwind(read).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("enable_time"));
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
        let refused = read(body, kept, 0, limits()).await.unwrap_err();
        assert_eq!(refused, (Reason::TooLarge { limit: 4 }, Bytes::new()));
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
    use crate::bandwidth::{DenialReason, PortOutAnswer, PortOutValidationRequest};

    let auth = crate::BasicAuth::new("u", "p:q").unwrap();
    let webhook = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
    let question = "<PortOutValidationRequest><PON>p</PON><TelephoneNumbers><TelephoneNumber>\
                    2223331000</TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>";
    let allowed = "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>true</Portable>\
                   <PON>p</PON></PortOutValidationResponse>";
    let asked = PortOutValidationRequest::parse_unverified(question.as_bytes()).unwrap();
    let denied = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(&asked);
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
        assert_eq!((response.status().as_u16(), &**response.body()), (status, answer.as_bytes()));
    }
}
