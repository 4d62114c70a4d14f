//! What brings a server's head and body in, and carries the response out.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "body")]
pub mod body;
#[cfg(any(feature = "axum", feature = "actix"))]
mod route;
#[cfg(feature = "tower")]
pub mod tower;
