//! What sends the deliveries and looks at the answers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::Poll;

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::answer::Answer;
use crate::table::{InChunks, MayBeCut, Row};

/// Sends every delivery and compares every answer, then says which of them
/// differ.
pub async fn check(rows: Vec<Row>, send: impl AsyncFn(Request<Bytes>) -> Response<Bytes>) {
    let mut wrong = String::new();
    let all = rows.len();
    for Row { name, request, answer, .. } in rows {
        let response = send(request).await;
        if response.extensions().get::<MayBeCut>().is_some() {
            continue;
        }
        let got = Answer::from(response);
        if got != answer {
            wrong += &format!("{name}:\n  got      {got:?}\n  expected {answer:?}\n");
        }
    }
    assert!(wrong.is_empty(), "of {all} deliveries\n{wrong}");
}

/// Sends over loopback, and keeps the connection where the server does.
pub fn over(address: SocketAddr) -> impl AsyncFn(Request<Bytes>) -> Response<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    async move |request: Request<Bytes>| {
        let (mut head, body) = request.into_parts();
        head.uri = format!("http://{address}{}", head.uri).parse().expect("a URL");
        let may_be_cut = head.extensions.get::<MayBeCut>().is_some();
        let body = match head.extensions.get::<InChunks>() {
            Some(_) => Either::Left(in_chunks(body)),
            None => Either::Right(Full::new(body)),
        };
        let response = match client.request(Request::from_parts(head, body)).await {
            Err(_) if may_be_cut => {
                let mut cut = Response::default();
                cut.extensions_mut().insert(MayBeCut);
                return cut;
            }
            response => response.expect("an answer"),
        };
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        Response::from_parts(head, body)
    }
}

/// A body that does not say how long it is.
fn in_chunks(
    body: Bytes,
) -> StreamBody<impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Send> {
    let mut rest = body;
    StreamBody::new(stream::poll_fn(move |_| {
        let chunk = rest.split_to(rest.len().min(10_000));
        Poll::Ready((!chunk.is_empty()).then(|| Ok(Frame::data(chunk))))
    }))
}
