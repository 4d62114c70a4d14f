//! Receives every webhook that wants no verdict into a store, and works on what
//! is stored: nothing is lost, nothing is applied twice or out of order.
//!
//! ```text
//! cargo run --example inbox
//! curl -u JohnSmith:Swordfish http://127.0.0.1:3000/musement --data-binary @update.json
//! ```
//!
//! Environment: `DATABASE` is the file of a SQLite database, `inbox.db` if it is
//! not given; `DATABASE_URL` is a PostgreSQL database instead,
//! `postgres://user:password@localhost/inbox`, for any number of replicas. The
//! rest is as in `examples/axum_server.rs`. `docs/inbox.md` says why it is done
//! as it is.
#![allow(clippy::print_stderr, reason = "a server that prints is the point of the example")]
#![allow(dead_code, reason = "the examples share more than each of them uses")]

mod common;
#[path = "inbox/mod.rs"]
mod inbox;
#[path = "inbox/server.rs"]
mod server;

use std::error::Error;
use std::sync::Arc;

use common::Webhooks;
use inbox::{Inbox, Store};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let webhooks = Webhooks::from_env()?;
    let inbox = Arc::new(Inbox::new(Store::from_env().await.map_err(|error| error.to_string())?));
    let listener = tokio::net::TcpListener::from_std(common::listen()?)?;
    let app = server::router(webhooks, Arc::clone(&inbox));
    // The worker can be anywhere that sees the store. It and the server can be
    // stopped at any moment, so neither waits for anything when told to stop.
    tokio::select! {
        served = axum::serve(listener, app).into_future() => served?,
        () = inbox.work() => {}
    }
    Ok(())
}
