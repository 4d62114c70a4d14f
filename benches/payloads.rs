//! Bodies into events, and events into answers, beside stock parsers.
#![allow(missing_docs, clippy::unwrap_used, clippy::wildcard_imports, clippy::struct_field_names)]

use std::borrow::Cow;

use divan::{Bencher, black_box};
use order_webhooks::bandwidth::{
    Notification, OrderStatus, OrderType, PortOutValidationRequest, Subscriber, TelephoneNumber,
};
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::tracking::Timestamp;
use order_webhooks::{BasicAuth, Head, Secret, Webhook, WebhookExt as _};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

const MUSEMENT: &[u8] = include_bytes!("../tests/data/musement/order-item.json");
const PORTERBUDDY: &[u8] = include_bytes!("../tests/data/porterbuddy/order-status.json");
const PORT_OUT: &[u8] = include_bytes!("../tests/data/bandwidth/port-out.xml");
const NUMBERS: [usize; 3] = [1, 1_000, 100_000];

fn main() {
    divan::main();
}

/// The documented order notification, with this many numbers.
fn notification(numbers: usize) -> String {
    let sample = include_str!("../tests/data/bandwidth/order-notification.xml");
    let number = "<TelephoneNumber> 2223331000 </TelephoneNumber>";
    sample.replace(number, &number.repeat(numbers))
}

#[divan::bench_group]
mod json {
    use super::*;

    time::serde::format_description!(
        basic,
        OffsetDateTime,
        "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory][offset_minute]"
    );
    time::serde::format_description!(day, Date, "[year]-[month]-[day]");

    /// What serde derives, with the formats of `time` and `uuid`.
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct StockMusement<'a> {
        order_id: &'a str,
        order_uuid: Uuid,
        #[serde(with = "basic")]
        order_created: OffsetDateTime,
        #[serde(with = "basic")]
        order_updated: OffsetDateTime,
        order_version: &'a str,
        order_item_uuid: Uuid,
        #[serde(with = "basic")]
        order_item_created: OffsetDateTime,
        #[serde(with = "basic")]
        order_item_updated: OffsetDateTime,
        order_item_version: &'a str,
        order_item_status: &'a str,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    struct StockPorterbuddy<'a> {
        order_id: String,
        order_status: &'a str,
        #[serde(default, with = "day::option")]
        pickup_date: Option<time::Date>,
        #[serde(default, with = "time::serde::rfc3339::option")]
        pickup_time: Option<OffsetDateTime>,
        #[serde(default, with = "time::serde::rfc3339::option")]
        status_updated_at: Option<OffsetDateTime>,
        order_reference: Option<String>,
    }

    #[divan::bench]
    fn musement() -> OrderItemUpdate {
        OrderItemUpdate::parse_unverified(black_box(MUSEMENT)).unwrap()
    }

    #[divan::bench]
    fn musement_by_serde_json(bencher: Bencher<'_, '_>) {
        bencher.bench(|| {
            serde_json::from_slice::<StockMusement<'_>>(black_box(MUSEMENT)).unwrap().order_uuid
        });
    }

    #[divan::bench]
    fn porterbuddy() -> OrderStatusUpdate {
        OrderStatusUpdate::parse_unverified(black_box(PORTERBUDDY)).unwrap()
    }

    #[divan::bench]
    fn porterbuddy_by_serde_json(bencher: Bencher<'_, '_>) {
        bencher.bench(|| {
            serde_json::from_slice::<StockPorterbuddy<'_>>(black_box(PORTERBUDDY)).unwrap().order_id
        });
    }
}

#[divan::bench_group]
mod deliveries {
    use super::*;

    fn deliver<W: Webhook>(webhook: &W, request: &http::Request<&'static [u8]>) -> W::Event {
        let pending = webhook.authenticate(&Head::from(black_box(request))).unwrap();
        pending.verify(black_box(*request.body())).unwrap().into_event()
    }

    #[divan::bench]
    fn musement(bencher: Bencher<'_, '_>) {
        let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish").unwrap());
        let request = http::Request::post("/musement")
            .header("authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")
            .body(MUSEMENT)
            .unwrap();
        bencher.bench(|| deliver(&webhook, &request));
    }

    #[divan::bench]
    fn porterbuddy(bencher: Bencher<'_, '_>) {
        let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap());
        let request = http::Request::post("/porterbuddy")
            .header("x-porterbuddy-hmac-sha256", webhook.signature().sign(PORTERBUDDY))
            .body(PORTERBUDDY)
            .unwrap();
        bencher.bench(|| deliver(&webhook, &request));
    }

    /// From the bytes of the request to those of the answer.
    #[divan::bench]
    fn port_out_denied(bencher: Bencher<'_, '_>) {
        let subscriber = Subscriber::new("777", ["2223331000", "2223331001"]).unwrap();
        let subscriber = subscriber.with_pin("2222").unwrap();
        bencher.bench(|| {
            let request = PortOutValidationRequest::parse_unverified(black_box(PORT_OUT)).unwrap();
            subscriber.judge(&request).to_xml(&request)
        });
    }
}

#[divan::bench_group]
mod xml {
    use super::*;

    #[divan::bench(args = NUMBERS)]
    fn notification(bencher: Bencher<'_, '_>, numbers: usize) {
        let body = super::notification(numbers);
        bencher.bench(|| Notification::parse_unverified(black_box(body.as_bytes())).unwrap());
    }

    /// What a good engineer would write for this document alone.
    #[derive(Default)]
    #[allow(dead_code)]
    struct ByHand {
        subscription_id: String,
        order_type: Option<OrderType>,
        order_id: String,
        customer_order_id: String,
        status: Option<OrderStatus>,
        message: String,
        numbers: Vec<TelephoneNumber>,
        last_modified: Option<Timestamp>,
        actual_foc: Option<Timestamp>,
    }

    fn by_hand(body: &[u8]) -> Result<ByHand, Box<dyn std::error::Error>> {
        let mut reader = quick_xml::Reader::from_str(str::from_utf8(body)?);
        reader.config_mut().expand_empty_elements = true;
        let mut document = ByHand::default();
        let (mut depth, mut roots) = (0_u32, 0_u32);
        let mut text = Cow::Borrowed("");
        loop {
            match reader.read_event()? {
                Event::Start(start) => {
                    depth = depth.wrapping_add(1);
                    if depth > 128 {
                        return Err("too deep".into());
                    }
                    if depth == 1 {
                        roots = roots.wrapping_add(1);
                        if start.name().as_ref() != "Notification" || roots > 1 {
                            return Err("not a notification".into());
                        }
                    }
                    text = Cow::Borrowed("");
                }
                Event::Text(piece) if text.is_empty() => text = piece.xml10_content(),
                Event::Text(piece) => text.to_mut().push_str(&piece.xml10_content()),
                Event::CData(piece) => text.to_mut().push_str(&piece.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                    Some(c) => text.to_mut().push(c),
                    None => text.to_mut().push_str(
                        resolve_xml_entity(&reference).ok_or("an entity that is not predefined")?,
                    ),
                },
                Event::End(end) => {
                    let value = text.trim();
                    match (depth, end.name().as_ref()) {
                        (2, "SubscriptionId") => document.subscription_id = value.into(),
                        (2, "OrderType") => document.order_type = Some(value.into()),
                        (2, "OrderId") => document.order_id = value.into(),
                        (2, "CustomerOrderId") => document.customer_order_id = value.into(),
                        (2, "Status") => document.status = Some(value.into()),
                        (2, "Message") => document.message = value.into(),
                        (2, "LastModifiedDate") => document.last_modified = Some(value.into()),
                        (2, "ActualFocDate") => document.actual_foc = Some(value.into()),
                        (3, "TelephoneNumber") => document.numbers.push(value.into()),
                        _ => {}
                    }
                    depth = depth.wrapping_sub(1);
                    text = Cow::Borrowed("");
                }
                Event::DocType(_) => return Err("a document type".into()),
                Event::Eof if depth == 0 && roots == 1 => return Ok(document),
                Event::Eof => return Err("cut short".into()),
                _ => {}
            }
        }
    }

    #[divan::bench(args = NUMBERS)]
    fn quick_xml_by_hand(bencher: Bencher<'_, '_>, numbers: usize) {
        let body = super::notification(numbers);
        bencher.bench(|| by_hand(black_box(body.as_bytes())).unwrap());
    }

    #[divan::bench(args = NUMBERS)]
    fn quick_xml_counting_events(bencher: Bencher<'_, '_>, numbers: usize) {
        let body = super::notification(numbers);
        bencher.bench(|| {
            let mut reader = quick_xml::Reader::from_str(black_box(&body));
            let mut events = 0_usize;
            while !matches!(reader.read_event().unwrap(), Event::Eof) {
                events = events.wrapping_add(1);
            }
            events
        });
    }
}
