//! The guides: how to do what people come for. In the repository they are the
//! files of `docs`.

/// Port-outs: how a number is not given away.
#[doc = include_str!("../docs/port-outs.md")]
pub mod port_outs {}

/// Testing a handler of yours.
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

/// Behind a proxy: addresses, errors of the proxy, client certificates.
#[doc = include_str!("../docs/proxy.md")]
pub mod proxy {}

/// Hyper, tower and every other server.
#[doc = include_str!("../docs/servers.md")]
pub mod servers {}

/// A webhook for a provider that the crate does not know.
#[doc = include_str!("../docs/provider.md")]
pub mod provider {}

/// What a refused sender gets, and what is refused.
#[doc = include_str!("../docs/conformance.md")]
pub mod conformance {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
