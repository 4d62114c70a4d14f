//! Porterbuddy's order webhook: the documented sample.

use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Allowlist, PeerAddress, Reason, WebhookExt as _};
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

/// Whoever has the key still has to come from the right address, if there is a list.
#[test]
fn the_address_counts_beside_the_signature() {
    let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY))
        .with_senders(Allowlist::new(["203.0.113.7"]).unwrap());
    for (address, refused) in [
        ([203, 0, 113, 7], None),
        ([203, 0, 113, 8], Some(Reason::AddressRefused([203, 0, 113, 8].into()))),
    ] {
        let mut request = http::Request::post("/")
            .header("x-porterbuddy-hmac-SHA256", ORDER_STATUS_SIGNATURE)
            .body(ORDER_STATUS)
            .unwrap();
        request.extensions_mut().insert(PeerAddress(address.into()));
        let outcome = webhook.verify(request).err().map(|rejection| rejection.reason().clone());
        assert_eq!(outcome, refused);
    }
}
