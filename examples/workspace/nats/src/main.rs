//! The inbox of `examples/inbox.rs` over NATS JetStream: any number of receivers
//! and workers, with no state in either.
//!
//! ```text
//! nats-server -js &
//! cargo run --manifest-path examples/workspace/Cargo.toml -p inbox-nats
//! ```
//!
//! Environment: `NATS_URL` are the nodes, `nats://127.0.0.1:4222` if it is not
//! given, with commas between them; `NATS_REPLICAS` is 3 in a cluster. The rest is
//! as in `examples/inbox.rs`.
#![allow(dead_code, reason = "the examples share more than each of them uses")]

#[path = "../../../common/mod.rs"]
mod common;
#[path = "../../../inbox/mod.rs"]
mod inbox;
mod jetstream;
#[path = "../../../inbox/server.rs"]
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
