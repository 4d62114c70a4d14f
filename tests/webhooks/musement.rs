//! Musement's order item webhook: the documented sample.

use order_webhooks::musement::OrderItemWebhook;
use serde_json::Value;

use fixtures::deliver::outcome;
use fixtures::samples::{JOHN_SMITH, ORDER_ITEM, john_smith};

/// With the documented credentials. Every value is as it came.
#[test]
fn the_documented_sample_is_an_event() {
    let headers = [("authorization", JOHN_SMITH.as_bytes())];
    let webhook = OrderItemWebhook::new(john_smith());
    let event = outcome(&webhook, &headers, ORDER_ITEM.as_bytes()).unwrap();
    let event = serde_json::to_value(event).unwrap();
    assert_eq!(event.as_object().unwrap().len(), 10);
    assert_eq!(event, serde_json::from_str::<Value>(ORDER_ITEM).unwrap());
}
