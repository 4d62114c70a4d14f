//! A request passed on to an application, byte for byte.

use bytes::Bytes;
use http::header::{
    CONNECTION, EXPECT, HOST, HeaderMap, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{Request, Response, Uri};
use std::time::Duration;

use crate::client::{Client, NoAnswer};

/// What belongs to one connection, and not to the message (RFC 9110, section
/// 7.6.1). `Expect` is done with, because the whole body is there.
const OF_THE_CONNECTION: [HeaderName; 6] =
    [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, EXPECT];

/// Where requests are passed on to.
pub(super) struct Forward {
    base: Uri,
    client: Client,
}

impl Forward {
    pub(super) fn new(base: Uri) -> Result<Self, String> {
        if base.query().is_some() {
            return Err("--forward takes a URL without a query: each request brings its own".into());
        }
        let client = Client::to(&base)?;
        Ok(Self { base, client })
    }

    pub(super) fn base(&self) -> &Uri {
        &self.base
    }

    /// Sends path, query, headers and body as they came, and gives the answer as
    /// it comes. A redirect is an answer.
    pub(super) async fn pass_on(
        &self,
        head: &Parts,
        body: Bytes,
        time_allowed: Duration,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let url = format!("{}{target}", self.base.to_string().trim_end_matches('/'));
        let url: Uri = url.parse().map_err(|_| NoAnswer::Other(format!("{url} is not a URL")))?;
        let mut request = Request::new(body);
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = url;
        *request.headers_mut() = of_the_message(&head.headers);
        request.headers_mut().remove(HOST);
        let mut response = self.client.exchange(request, time_allowed).await?;
        *response.headers_mut() = of_the_message(response.headers());
        Ok(response)
    }
}

fn of_the_message(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<HeaderName> = named
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_THE_CONNECTION) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
    headers
}
