//! What the tests over real connections share: the servers, and a sender that
//! decides about every byte it writes.

pub(crate) mod sender;
pub(crate) mod server;
