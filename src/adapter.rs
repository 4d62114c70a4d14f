//! What brings a server's head and body in, and carries the response out.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(any(feature = "axum", feature = "actix", feature = "tower"))]
mod body;
#[cfg(all(any(feature = "axum", feature = "actix"), feature = "bandwidth"))]
mod guard;
#[cfg(feature = "tower")]
mod http_body;
#[cfg(feature = "tower")]
mod peer;
#[cfg(feature = "tower")]
pub mod tower;
