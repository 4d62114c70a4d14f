//! The HTTP client of the examples and of their tests: `ureq`, which is small,
//! blocks, speaks `https` and takes the requests of the `http` crate.
//!
//! It sends what it is given and nothing of its own: no header that names it, no
//! second try, no redirect. A provider does the same.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// An answer that is longer is an error.
const LONGEST: u64 = 4 * 1024 * 1024;

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .user_agent("")
        .accept("")
        .accept_encoding("");
    config.build().into()
});

/// Sends the request on a connection of its own and reads the answer, all within
/// this time.
pub(crate) fn exchange(
    request: Request<impl AsRef<[u8]>>,
    time_allowed: Duration,
) -> io::Result<Response<Bytes>> {
    let (head, body) = request.into_parts();
    let request = Request::from_parts(head, body.as_ref());
    let request = AGENT.configure_request(request).timeout_global(Some(time_allowed)).build();
    let mut response = AGENT.run(request).map_err(ureq::Error::into_io)?;
    let body = response.body_mut().with_config().limit(LONGEST).read_to_vec();
    let body = body.map_err(ureq::Error::into_io)?;
    Ok(response.map(|_| body.into()))
}
