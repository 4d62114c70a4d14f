//! The program `order-webhooks`: see, send and replay order webhooks.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "only lengths of what is in memory and times of one run are added"
)]

mod client;
mod listen;
mod replay;
mod secrets;
mod send;
mod subscriptions;
mod terminal;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// See, send and replay the order webhooks of Musement, Porterbuddy and Bandwidth
#[derive(Parser)]
#[command(name = "order-webhooks", version, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Example, in two terminals:
  order-webhooks listen
  order-webhooks send musement http://127.0.0.1:3000/musement";

#[derive(Subcommand)]
enum Command {
    Listen(listen::ListenArgs),
    Send(send::SendArgs),
    Replay(replay::ReplayArgs),
    Subscriptions(subscriptions::SubscriptionsArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Listen(args) => listen::run(args).await.map(|()| true),
        Command::Send(args) => send::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Subscriptions(args) => subscriptions::run(args).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::error(&format!("order-webhooks: {error}"));
            ExitCode::from(2)
        }
    }
}
