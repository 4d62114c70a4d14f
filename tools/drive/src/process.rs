//! A receiver or a worker, as a process that can be killed.

use std::env;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::routing::MethodRouter;
use order_webhooks::axum::{Verified, receive};
use order_webhooks::envelope::Event;
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::{BasicAuth, Receipt};
use order_webhooks_inbox::sqlx::{Connection, Pool};
use order_webhooks_inbox::{Database, Delivery, Error, Inbox, Tx};
use tokio::time::sleep;

use crate::audit;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Receiver,
    Worker,
    /// Both in one process.
    Both,
    /// Receives, and keeps nothing.
    Bare,
}

pub(crate) struct Process {
    role: Role,
    arguments: Vec<String>,
    port: u16,
    child: Child,
}

impl Process {
    pub(crate) fn start(role: Role, queue: &str, shop: &str, handler: u64) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let name = match role {
            Role::Receiver => "receiver",
            Role::Worker => "worker",
            Role::Both => "both",
            Role::Bare => "bare",
        };
        let arguments =
            ["--handler", &handler.to_string(), "--part", name, queue, shop, &port.to_string()];
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let child = spawn(&arguments);
        Self { role, arguments, port, child }
    }

    pub(crate) fn port(&self) -> Option<u16> {
        (self.role != Role::Worker).then_some(self.port)
    }

    /// Kills it, and starts it again.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.arguments);
    }

    /// Stops it for some seconds: a worker may lose what it has.
    pub(crate) async fn pause(&mut self, seconds: u64) {
        let signal = |signal: &str| {
            let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
            assert!(sent.unwrap().success());
        };
        signal("-STOP");
        sleep(Duration::from_secs(seconds)).await;
        signal("-CONT");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(arguments: &[String]) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

pub(crate) fn webhook() -> OrderItemWebhook {
    OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish").unwrap())
}

pub(crate) async fn run(role: &str, queue: &str, shop: &str, port: u16, handler: u64) {
    if role == "bare" {
        return serve(port, receive(webhook(), accept)).await;
    }
    let inbox = loop {
        // The engine may be starting again.
        match audit::open(queue, shop).await {
            Ok(inbox) => break inbox,
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    };
    match role {
        "receiver" => serve(port, receive(webhook(), inbox.keeper())).await,
        "both" => {
            let receiving = serve(port, receive(webhook(), inbox.keeper()));
            tokio::join!(receiving, work_in(&inbox, shop, handler));
        }
        _ => work_in(&inbox, shop, handler).await,
    }
}

async fn serve(port: u16, route: MethodRouter) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, Router::new().route("/musement", route)).await.unwrap();
}

async fn accept(_: Verified<OrderItemWebhook>) -> Receipt {
    Receipt::Accepted
}

async fn work_in(inbox: &Inbox, shop: &str, handler: u64) {
    if shop.starts_with("sqlite") {
        let pool = audit::sqlite(shop);
        work(inbox, &pool, handler, async |tx, update| audit::apply_sqlite(tx, update).await).await;
    } else {
        let pool = audit::postgres(shop);
        work(inbox, &pool, handler, async |tx, update| audit::apply_postgres(tx, update).await)
            .await;
    }
}

async fn work<DB: Database>(
    inbox: &Inbox,
    pool: &Pool<DB>,
    handler: u64,
    apply: impl AsyncFn(&mut Tx<DB>, &OrderItemUpdate) -> Result<(), Error>,
) where
    DB::Connection: Connection,
{
    loop {
        let worked = inbox
            .work(pool, async |delivery: Delivery<DB>| {
                let Event::OrderItem(update) = delivery.open()? else { return Ok(()) };
                sleep(Duration::from_millis(handler)).await;
                let mut tx = delivery.begin().await?;
                apply(&mut tx, &update).await?;
                tx.commit().await
            })
            .await;
        // The engine may be starting again.
        drop(worked);
        sleep(Duration::from_millis(100)).await;
    }
}
