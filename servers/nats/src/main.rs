//! The inbox of `servers/inbox` over NATS JetStream: any number of receivers
//! and workers, with no state in either.
//!
//! ```text
//! nats-server -js &
//! cargo run -p inbox-nats
//! ```
//!
//! Environment: `NATS_URL` are the nodes, `nats://127.0.0.1:4222` if it is not
//! given, with commas between them; `NATS_REPLICAS` is 3 in a cluster. The rest is
//! as in `servers/inbox`.
#![allow(dead_code, reason = "the examples share more than each of them uses")]

#[path = "../../../examples/common/mod.rs"]
mod common;
#[path = "../../inbox/src/inbox/mod.rs"]
mod inbox;
mod jetstream;
#[path = "../../inbox/src/server.rs"]
mod server;

use std::error::Error;
use std::sync::Arc;

use crate::inbox::{Chain, Inbox, Rules, StoreError};
use crate::jetstream::{JetStream, Settings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _log = common::log()?;
    let inbox = open().await.map_err(|error| Chain(&*error).to_string())?;
    server::run(Arc::new(inbox)).await
}

async fn open() -> Result<Inbox, StoreError> {
    Ok(Inbox::new(JetStream::open(Settings::from_env()?, Rules::default()).await?))
}
