//! What sends the deliveries and looks at the answers.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::answer::Answer;
use crate::table::Row;

/// Sends every delivery and compares every answer, then says which of them
/// differ.
pub async fn check(rows: Vec<Row>, send: impl AsyncFn(Request<Bytes>) -> Response<Bytes>) {
    let mut wrong = String::new();
    let all = rows.len();
    for Row { name, request, answer, .. } in rows {
        let got = Answer::from(send(request).await);
        if got != answer {
            wrong += &format!("{name}:\n  got      {got:?}\n  expected {answer:?}\n");
        }
    }
    assert!(wrong.is_empty(), "of {all} deliveries\n{wrong}");
}

/// Sends over loopback, and keeps the connection where the server does.
pub fn over(address: SocketAddr) -> impl AsyncFn(Request<Bytes>) -> Response<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    async move |request: Request<Bytes>| {
        let (mut head, body) = request.into_parts();
        head.uri = format!("http://{address}{}", head.uri).parse().expect("a URL");
        let request = Request::from_parts(head, Full::new(body));
        let response = client.request(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        Response::from_parts(head, body)
    }
}
