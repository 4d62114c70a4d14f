//! The HTTP client. It sends what it is given: no redirect is followed, nothing is
//! tried twice, and each request has a connection of its own.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::terminal::printable;

/// An answer that is longer is an error.
const LONGEST: usize = 4 * 1024 * 1024;

#[derive(Clone)]
pub(crate) struct Client(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Client {
    /// A client for URLs like this one. The certificates of the system count, and so
    /// does one of your own there; without TLS none is needed.
    pub(crate) fn to(url: &Uri) -> Result<Self, String> {
        let provider = rustls::crypto::ring::default_provider();
        let builder = HttpsConnectorBuilder::new();
        let builder = if url.scheme() == Some(&Scheme::HTTPS) {
            builder.with_provider_and_native_roots(provider).map_err(|error| {
                format!("the certificates of the system cannot be read: {error}")
            })?
        } else {
            let tls = ClientConfig::builder_with_provider(provider.into())
                .with_safe_default_protocol_versions()
                .map_err(|error| error.to_string())?;
            builder.with_tls_config(
                tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
            )
        };
        let connector = builder.https_or_http().enable_http1().build();
        let mut client = legacy::Client::builder(TokioExecutor::new());
        client.pool_max_idle_per_host(0).retry_canceled_requests(false);
        Ok(Self(client.build(connector)))
    }

    /// Sends the request and reads the answer, all within this time.
    pub(crate) async fn exchange(
        &self,
        request: Request<Bytes>,
        time_allowed: Duration,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let url = request.uri().clone();
        let sent = async {
            let response = self.0.request(request.map(Full::new)).await;
            let (head, body) = response.map_err(|error| NoAnswer::of(&url, &error))?.into_parts();
            let body = Limited::new(body, LONGEST).collect().await;
            let body = body.map_err(|error| NoAnswer::of(&url, &*error))?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        let late = NoAnswer::Late(time_allowed);
        tokio::time::timeout(time_allowed, sent).await.unwrap_or(Err(late))
    }
}

/// Why there is no answer. `Display` says it as a sentence, with what to look at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// Nothing listens there.
    Refused(String),
    Late(Duration),
    Other(String),
}

impl NoAnswer {
    fn of(url: &Uri, error: &(dyn Error + 'static)) -> Self {
        let host = url.authority().map(ToString::to_string).unwrap_or_default();
        let mut cause = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        if io == Some(io::ErrorKind::ConnectionRefused) {
            return Self::Refused(host);
        }
        Self::Other(printable(&format!("no answer from {host}: {cause}")))
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(host) => write!(f, "nothing listens at {host}: is your server running?"),
            Self::Late(time) => write!(f, "no answer within {time:?}: does your handler hang?"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Error for NoAnswer {}
