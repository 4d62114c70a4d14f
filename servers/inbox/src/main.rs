//! Receives every webhook but the port-out into a store, and works on what is
//! stored: nothing is lost, nothing is applied twice or out of order.
//!
//! ```text
//! cargo run -p inbox
//! curl -u JohnSmith:Swordfish http://127.0.0.1:3000/musement --data-binary @tests/data/musement/order-item.json
//! ```
//!
//! Environment: `DATABASE` is the file of a SQLite database, `inbox.db` if it is
//! not given; `DATABASE_URL` is a PostgreSQL database instead,
//! `postgres://user:password@localhost/inbox`, for any number of replicas. The
//! `ROLE` is `receiver` or `worker` for a process that does one of the two, and
//! `RETENTION_DAYS` says how long what is settled is kept. The rest is as in
//! `examples/axum_server.rs`. `docs/inbox.md` says why it is done as it is.
#![allow(dead_code, reason = "the examples share more than each of them uses")]

#[path = "../../../examples/common/mod.rs"]
mod common;
mod inbox;
mod server;
mod sql;

use std::error::Error;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _log = common::log()?;
    let inbox = sql::from_env().await.map_err(|error| inbox::Chain(&*error).to_string())?;
    server::run(Arc::new(inbox)).await
}
