//! JSON and XML into events.

use order_webhooks::bandwidth::Notification;
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::OrderStatusUpdate;
use quick_xml::events::Event;

use crate::bodies::{MUSEMENT, PORTERBUDDY, StockBandwidth, StockMusement, StockPorterbuddy};
use crate::by_hand;
use crate::measure::Way;

pub fn musement() -> Vec<Way<'static>> {
    let body = MUSEMENT.as_bytes();
    vec![
        Way::new("ours", || OrderItemUpdate::parse_unverified(body).unwrap()),
        Way::new("serde_json, typed", || {
            serde_json::from_slice::<StockMusement<'_>>(body).unwrap()
        }),
        Way::new("serde_json, Value", || {
            serde_json::from_slice::<serde_json::Value>(body).unwrap()
        }),
    ]
}

pub fn porterbuddy() -> Vec<Way<'static>> {
    let body = PORTERBUDDY.as_bytes();
    vec![
        Way::new("ours", || OrderStatusUpdate::parse_unverified(body).unwrap()),
        Way::new("serde_json, typed", || {
            serde_json::from_slice::<StockPorterbuddy<'_>>(body).unwrap()
        }),
        Way::new("serde_json, Value", || {
            serde_json::from_slice::<serde_json::Value>(body).unwrap()
        }),
    ]
}

pub fn xml(body: &str) -> Vec<Way<'_>> {
    vec![
        Way::new("quick-xml, counting", || counted(body)),
        Way::new("ours", || Notification::parse_unverified(body.as_bytes()).unwrap()),
        Way::new("by hand", || by_hand::notification(body.as_bytes()).unwrap()),
        Way::new("roxmltree", || {
            let tree = roxmltree::Document::parse(body).unwrap();
            tree.descendants().filter(|node| node.is_element()).count()
        }),
        Way::new("quick-xml, serde", || quick_xml::de::from_str::<StockBandwidth>(body).unwrap()),
    ]
}

/// The least that can be done with quick-xml.
pub fn counted(body: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(body);
    let mut starts = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(_) => starts += 1,
            Event::Eof => return starts,
            _ => {}
        }
    }
}
