//! Musement's order item webhook: the documented sample.

use order_webhooks::musement::OrderItemWebhook;
use serde_json::Value;

use fixtures::deliver::outcome;
use fixtures::law::{Law, row, so_if};
use fixtures::samples::{JOHN_SMITH, ORDER_ITEM, john_smith};

const AS_IT_CAME: &str = "the event, every value as it came";

pub(crate) const LAW: Law = Law {
    title: "Musement, order items",
    rows: &[row(
        "the documented sample, with the documented credentials",
        AS_IT_CAME,
        "Musement, \"Order item webhook\"",
        |cases| {
            let headers = [("authorization", JOHN_SMITH.as_bytes())];
            let webhook = OrderItemWebhook::new(john_smith());
            let event = outcome(&webhook, &headers, ORDER_ITEM.as_bytes()).unwrap();
            let event = serde_json::to_value(event).unwrap();
            assert_eq!(event.as_object().unwrap().len(), 10);
            let came: Value = serde_json::from_str(ORDER_ITEM).unwrap();
            let so = so_if(event == came, AS_IT_CAME, &event);
            cases.of("sample", so);
        },
    )],
};

#[test]
fn the_documented_sample_is_an_event() {
    LAW.holds();
}
