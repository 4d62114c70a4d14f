//! Porterbuddy's order webhook: the documented sample.

use order_webhooks::porterbuddy::OrderWebhook;
use serde_json::{Value, json};

use fixtures::deliver::outcome;
use fixtures::samples::{
    ORDER_STATUS, ORDER_STATUS_AS_PRINTED, ORDER_STATUS_SIGNATURE, PORTERBUDDY_KEY, secret,
};

fn of_porterbuddy(body: &str, signature: &str) -> Result<Value, String> {
    let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
    let headers = [("x-porterbuddy-hmac-SHA256", signature.as_bytes())];
    let event = outcome(&webhook, &headers, body.as_bytes())?;
    Ok(serde_json::to_value(event).unwrap())
}

/// Signed by OpenSSL. The sample has `canceled`, and the list of statuses `cancelled`.
#[test]
fn the_documented_sample_is_an_event() {
    let mut expected: Value = serde_json::from_str(ORDER_STATUS).unwrap();
    expected["orderStatus"] = json!("cancelled");
    assert_eq!(of_porterbuddy(ORDER_STATUS, ORDER_STATUS_SIGNATURE), Ok(expected));
}

/// The page has a comma too many.
#[test]
fn the_sample_as_it_is_printed_is_refused() {
    let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
    let signature = webhook.signature().sign(ORDER_STATUS_AS_PRINTED.as_bytes());
    assert_eq!(
        of_porterbuddy(ORDER_STATUS_AS_PRINTED, &signature).unwrap_err(),
        "400 the body does not parse: trailing comma at line 8 column 1"
    );
}
