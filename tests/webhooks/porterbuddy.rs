//! Porterbuddy's order webhook: the documented sample.

use order_webhooks::porterbuddy::OrderWebhook;
use serde_json::{Value, json};

use fixtures::deliver::outcome;
use fixtures::law::{Law, row, so_if};
use fixtures::samples::{
    ORDER_STATUS, ORDER_STATUS_AS_PRINTED, ORDER_STATUS_SIGNATURE, PORTERBUDDY_KEY, secret,
};

const PAGE: &str = "Porterbuddy, \"Order webhook\"";
const ONE_STATUS: &str = "the event, its status `cancelled`, all else as it came";

pub(crate) const LAW: Law = Law {
    title: "Porterbuddy, orders",
    rows: &[
        row(
            "the documented sample, signed by OpenSSL; its `canceled` has one l, the list of statuses two",
            ONE_STATUS,
            PAGE,
            |cases| {
                let event = of_porterbuddy(ORDER_STATUS, ORDER_STATUS_SIGNATURE).unwrap();
                let mut expected: Value = serde_json::from_str(ORDER_STATUS).unwrap();
                expected["orderStatus"] = json!("cancelled");
                let so = so_if(event == expected, ONE_STATUS, &event);
                cases.of("sample", so);
            },
        ),
        row(
            "the sample as it is printed, with a comma too many",
            "400 the body does not parse: trailing comma at line 8 column 1",
            PAGE,
            |cases| {
                let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
                let signature = webhook.signature().sign(ORDER_STATUS_AS_PRINTED.as_bytes());
                let outcome = of_porterbuddy(ORDER_STATUS_AS_PRINTED, &signature);
                cases.of("as printed", outcome.unwrap_err());
            },
        ),
    ],
};

fn of_porterbuddy(body: &str, signature: &str) -> Result<Value, String> {
    let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
    let headers = [("x-porterbuddy-hmac-SHA256", signature.as_bytes())];
    let event = outcome(&webhook, &headers, body.as_bytes())?;
    Ok(serde_json::to_value(event).unwrap())
}

#[test]
fn the_documented_sample_is_an_event() {
    LAW.holds();
}
