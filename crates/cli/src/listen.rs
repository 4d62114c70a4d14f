//! `order-webhooks listen`: receives all webhooks, and shows what came.

mod curl;
mod deliveries;
mod forward;
mod page;
mod print;
mod receive;
mod view;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};

use clap::Args;
use http::Uri;
use tokio::net::TcpListener;

use crate::secrets::{SecretArgs, Secrets};
use crate::webhooks::{PathArgs, Webhooks, url};
use deliveries::Deliveries;
use forward::Forward;
use print::Printer;
use receive::Receiver;

/// Receive all webhooks, and see them in the terminal and on a page
///
/// Point a provider at it through a tunnel, or send samples with `order-webhooks send`.
#[derive(Args)]
#[command(after_help = AFTER_HELP, after_long_help = after_long_help())]
pub(crate) struct ListenArgs {
    /// Receive at this address; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:3000", value_parser = address)]
    addr: SocketAddr,
    /// Show the page at this address
    ///
    /// An address that is not loopback needs the token of the run for reading, too: open the
    /// page as it is printed.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3001", value_parser = address)]
    page: SocketAddr,
    /// Another name under which the page is opened, such as dev.example:3001
    #[arg(long, value_name = "HOST")]
    page_host: Vec<String>,
    /// Pass each request on to your application, byte for byte
    ///
    /// The path and the query are added to this URL. The sender gets your application's answer.
    #[arg(long, value_name = "URL", value_parser = url)]
    forward: Option<Uri>,
    #[command(flatten)]
    paths: PathArgs,
    /// Approve port-outs, instead of denying them with 7598
    #[arg(long, conflicts_with = "forward")]
    allow_port_outs: bool,
    /// Keep this many MiB of deliveries; the oldest go first
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(8..))]
    memory: u16,
    /// Print JSON: a first line `ready` with the addresses, then a line a delivery
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    secrets: SecretArgs,
}

const AFTER_HELP: &str = "\
Examples:
  order-webhooks listen
  order-webhooks listen --forward http://127.0.0.1:8000
  order-webhooks listen --addr 127.0.0.1:0 --page 127.0.0.1:0 --json";

fn after_long_help() -> String {
    format!("{AFTER_HELP}\n\n{}", crate::secrets::HELP)
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an IP address and a port, such as 127.0.0.1:3000".to_owned())
}

pub(crate) async fn run(args: ListenArgs) -> Result<(), String> {
    let secrets = Secrets::open(&args.secrets)?;
    let webhooks = Webhooks::new(&secrets, &args.paths, args.allow_port_outs)?;
    let listener = bind(args.addr, "--addr").await?;
    let page = bind(args.page, "--page").await?;
    let address = local(&listener)?;
    let forward = args.forward.map(Forward::new).transpose()?;
    let deliveries = Deliveries::new(usize::from(args.memory) << 20);
    let (printer, ids) = mpsc::channel();
    let receiver = Arc::new(Receiver {
        address,
        webhooks,
        forward,
        deliveries,
        json: args.json,
        printer: Mutex::new(Some(printer)),
    });
    let page_address = local(&page)?;
    let guard = page::Guard::new(page_address, &args.page_host)?;
    let stopped = asked_to_stop()?;
    print::ready(&receiver, &guard.url());
    let printer = Printer::start(Arc::clone(&receiver), ids);
    tokio::select! {
        ended = receive::serve(listener, Arc::clone(&receiver)) => ended.map_err(|error| broken(&error))?,
        ended = page::serve(page, Arc::clone(&receiver), guard) => ended.map_err(|error| broken(&error))?,
        () = stopped => {}
    }
    receiver.end();
    printer.end().await;
    Ok(())
}

fn broken(error: &io::Error) -> String {
    format!("the server has ended: {error}")
}

async fn bind(address: SocketAddr, option: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is in use: stop the program that uses it, or choose another address with \
             {option}"
        ),
        _ => format!("{address}: {error}: choose another address with {option}"),
    })
}

fn local(listener: &TcpListener) -> Result<SocketAddr, String> {
    listener.local_addr().map_err(|error| error.to_string())
}

/// Ends with Ctrl-C or a SIGTERM, of which none is missed from the call on.
#[cfg(unix)]
fn asked_to_stop() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| format!("no signals: {error}"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_stop() -> Result<impl Future<Output = ()>, String> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
