//! Whole deliveries, from a head and a body to an event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use order_webhooks::bandwidth::{PortOutValidationRequest, Subscriber};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Head, Secret, Webhook, WebhookExt as _};
use sha2::{Digest as _, Sha256};

use crate::bodies::{MUSEMENT, PORT_OUT, PORTERBUDDY, StockMusement, StockPorterbuddy};
use crate::measure::Way;
use crate::parse;

pub fn musement() -> Vec<Way<'static>> {
    let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish").unwrap());
    let request = Request::post("/musement")
        .header("host", "hooks.example.com")
        .header("user-agent", "GuzzleHttp/6.5.5 curl/7.64.0 PHP/7.4.33")
        .header("authorization", format!("Basic {}", STANDARD.encode("JohnSmith:Swordfish")))
        .header("content-type", "application/json")
        .header("content-length", MUSEMENT.len())
        .body(())
        .unwrap();
    vec![
        Way::new("ours", move || received(&webhook, &request, MUSEMENT)),
        Way::new("serde_json, typed", || {
            serde_json::from_slice::<StockMusement<'_>>(MUSEMENT.as_bytes()).unwrap()
        }),
    ]
}

pub fn porterbuddy() -> Vec<Way<'static>> {
    let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap());
    let request = Request::post("/porterbuddy")
        .header("host", "hooks.example.com")
        .header("user-agent", "axios/0.21.4")
        .header("accept", "application/json, text/plain, */*")
        .header("content-type", "application/json")
        .header("content-length", PORTERBUDDY.len())
        .header("x-porterbuddy-hmac-sha256", webhook.signature().sign(PORTERBUDDY.as_bytes()))
        .body(())
        .unwrap();
    vec![
        Way::new("ours", move || received(&webhook, &request, PORTERBUDDY)),
        Way::new("sha2", || Sha256::digest(PORTERBUDDY)),
        Way::new("serde_json, typed", || {
            serde_json::from_slice::<StockPorterbuddy<'_>>(PORTERBUDDY.as_bytes()).unwrap()
        }),
    ]
}

/// From the bytes of a request to those of a denial.
pub fn port_out() -> Vec<Way<'static>> {
    let subscriber = Subscriber::new("777", ["2223331000", "2223331001"]).unwrap();
    let subscriber = subscriber.with_pin("2222").unwrap().with_zip_code("62025").unwrap();
    vec![
        Way::new("quick-xml, counting", || parse::counted(PORT_OUT)),
        Way::new("ours", move || {
            let request = PortOutValidationRequest::parse_unverified(PORT_OUT.as_bytes()).unwrap();
            subscriber.judge(&request).to_xml(&request)
        }),
    ]
}

fn received<W: Webhook>(webhook: &W, request: &Request<()>, body: &'static str) -> W::Event {
    let pending = webhook.authenticate(&Head::from(request)).unwrap();
    pending.verify(body.as_bytes()).unwrap().into_event()
}
