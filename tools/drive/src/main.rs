//! Delivers to the inbox while its processes are killed, and measures it. The
//! scripts in `tools/inbox` call it.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod audit;
mod by_hand;
mod client;
mod cluster;
mod delivery;
mod engine;
mod load;
mod process;

use clap::{Parser, Subcommand};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Sends to several receivers while processes are killed, and looks what became of it.
    Cluster(cluster::Arguments),
    /// Sends to one receiver as fast as it answers.
    Load(load::Arguments),
    /// Writes the same to a store by hand.
    ByHand(by_hand::Arguments),
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    match Arguments::parse().what {
        What::Cluster(arguments) => cluster::run(arguments).await,
        What::Load(arguments) => load::run(arguments).await,
        What::ByHand(arguments) => by_hand::run(arguments).await,
    }
}
