//! Describes a provider that the crate does not know, and receives its webhook
//! with axum: a body signature in hex behind `sha256=`, and a small JSON object.
//!
//! ```text
//! cargo run --example custom_provider
//!
//! body='{"sku":"FANCYSNEAKER43","level":7}'
//! signature=$(printf %s "$body" | openssl dgst -sha256 -hmac acme-key -r | cut -d' ' -f1)
//! curl -H "X-Acme-Signature: sha256=$signature" -d "$body" http://127.0.0.1:3000/acme
//! ```
//!
//! Environment: `ADDR`, by default `127.0.0.1:3000`, and `ACME_KEY`, by default
//! `acme-key`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a server that prints is the point of the example"
)]

use std::{env, error::Error};

use axum::{Router, routing::post};
use http::HeaderName;
use order_webhooks::axum::Verified;
use order_webhooks::{Head, ParseError, Reason, Receipt, auth::BodySignature, webhook};
use order_webhooks::{
    Secret, Webhook,
    auth::{Signature, SignatureEncoding},
};
use serde::Deserialize;

// The provider, from here

/// How many of an article are in stock.
#[derive(Deserialize)]
struct StockLevel {
    sku: String,
    level: u32,
}

#[derive(Clone)]
struct StockWebhook(BodySignature);

impl StockWebhook {
    fn new(key: &Secret) -> Self {
        let header = HeaderName::from_static("x-acme-signature");
        Self(BodySignature::new(header, SignatureEncoding::Hex, key).with_prefix("sha256="))
    }
}

impl Webhook for StockWebhook {
    const NAME: &'static str = "acme.stock";
    type Event = StockLevel;
    type Proof = Signature;
    type Receipt = Receipt;

    fn check_head(&self, head: &Head<'_>) -> Result<Signature, Reason> {
        self.0.read(head)
    }

    fn check_body(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
        self.0.verify(signature, body)
    }

    fn parse(&self, body: &[u8]) -> Result<StockLevel, ParseError> {
        webhook::json(body)
    }
}

// to here.

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = Secret::new(env::var("ACME_KEY").unwrap_or("acme-key".into()))?;
    let app = Router::new().route("/acme", post(on_stock)).with_state(StockWebhook::new(&key));
    let address = env::var("ADDR").unwrap_or("127.0.0.1:3000".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn on_stock(stock: Verified<StockWebhook>) -> Receipt {
    println!("{} of {:?} in stock", stock.level, stock.sku);
    Receipt::Accepted
}
