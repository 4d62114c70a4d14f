//! The guides, one page for each task. In the repository they are the files of
//! `docs`.

// A page names its links at its end, for readers of the repository. Here they are
// named first, because of two definitions the first one counts.

/// Answer port-outs: what is promised, what answers before the route, and how to be
/// there.
///
/// [proxy]: crate::guide::proxy
/// [servers]: crate::guide::servers
/// [testing]: crate::guide::testing
///
#[doc = include_str!("../docs/port-outs.md")]
pub mod port_outs {}

/// Test a handler, with senders that behave as the providers do.
///
/// [provider]: crate::guide::provider
///
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

/// Run behind a proxy: addresses, the proxy's own errors, client certificates.
#[doc = include_str!("../docs/proxy.md")]
pub mod proxy {}

/// Receive in hyper, tower and every other server.
#[doc = include_str!("../docs/servers.md")]
pub mod servers {}

/// Subscribe at Bandwidth: from the credentials to the renewal.
#[cfg(feature = "client")]
#[doc = include_str!("../docs/subscriptions.md")]
pub mod subscriptions {}

/// Receive from GitHub, Stripe, Shopify, or anyone else.
///
/// [secrets]: crate::guide::secrets
/// [testing]: crate::guide::testing
///
#[doc = include_str!("../docs/provider.md")]
pub mod provider {}

/// Load secrets, change them without a gap, and refuse to start without them.
#[doc = include_str!("../docs/secrets.md")]
pub mod secrets {}

/// Read the log, and count what happens.
#[doc = include_str!("../docs/logging.md")]
pub mod logging {}

/// See what is refused, and what a refused sender gets.
///
/// [port-outs]: crate::guide::port_outs
///
#[doc = include_str!("../docs/conformance.md")]
pub mod conformance {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
