//! The HTTP client of the examples, and a server for their stand-ins of an API.

#![allow(clippy::unwrap_used, reason = "a stand-in is a toy")]

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use http::{Request, Response};
use ureq::Agent;

/// It follows no redirect, so that a key or a token goes nowhere else, and every
/// status is an answer.
pub(crate) fn http_client() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_secs(30)));
    config.build().into()
}

/// Sends the request, and reads an answer of at most a mebibyte.
pub(crate) fn send(
    http: &Agent,
    request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, ureq::Error> {
    let (head, body) = http.run(request)?.into_parts();
    let body = body.into_with_config().limit(1024 * 1024).read_to_vec()?;
    Ok(Response::from_parts(head, body))
}

/// Serves the stand-in on a thread of its own, and returns its base URL.
pub(crate) fn serve(app: axum::Router) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let base = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    Ok(base)
}
