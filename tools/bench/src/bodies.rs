//! The bodies, and what stock parsers make of them.

use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// Musement's documented sample.
pub const MUSEMENT: &str = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;

/// Porterbuddy's documented sample, without its trailing comma.
pub const PORTERBUDDY: &str = r#"{"orderId":"394326","orderStatus":"canceled","pickupDate":"2023-02-13","pickupTime":"2023-02-13T15:00:00+02:00","statusUpdatedAt":"2021-06-08T12:16:40.32538Z","orderReference":"order-12345"}"#;

/// Bandwidth's documented port-out request.
pub const PORT_OUT: &str = include_str!("../../../tests/data/bandwidth/port-out.xml");

/// Bandwidth's documented order notification with this many numbers, on one
/// line or indented.
pub fn bandwidth(numbers: usize, indented: bool) -> String {
    let (line, deeper, deepest) = if indented { ("\n  ", "\n    ", "\n  ") } else { ("", "", "") };
    let mut xml = String::from(r#"<?xml version="1.0"?><Notification>"#);
    for (name, text) in [
        ("SubscriptionId", "390-f-42-89-40"),
        ("OrderType", "orders"),
        ("OrderId", "c5d8d076-345c-45d7-87b3-803a35cca89b"),
        ("CustomerOrderId", "2020-08-26-3"),
        ("Status", "COMPLETE"),
        ("Message", "Created a new number order for some numbers"),
    ] {
        xml += &format!("{line}<{name}>{text}</{name}>");
    }
    xml += line;
    xml += "<CompletedTelephoneNumbers>";
    for number in 0..numbers {
        let number = 2_223_331_000 + number as u64;
        xml += &format!("{deeper}<TelephoneNumber>{number}</TelephoneNumber>");
    }
    xml += deepest;
    xml += "</CompletedTelephoneNumbers>";
    for (name, text) in [
        ("LastModifiedDate", "2023-09-12T15:11:31.705Z"),
        ("ActualFocDate", "2023-09-12T00:00:00Z"),
    ] {
        xml += &format!("{line}<{name}>{text}</{name}>");
    }
    xml + if indented { "\n</Notification>" } else { "</Notification>" }
}

// What a handler would be given without the crate: the derive of serde, with
// the formats that `time` and `uuid` come with.
time::serde::format_description!(
    basic_offset,
    OffsetDateTime,
    "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory][offset_minute]"
);
time::serde::format_description!(calendar_date, Date, "[year]-[month]-[day]");

#[derive(Deserialize)]
#[allow(dead_code, reason = "they are here to be read")]
pub struct StockMusement<'a> {
    order_id: &'a str,
    order_uuid: Uuid,
    #[serde(with = "basic_offset")]
    order_created: OffsetDateTime,
    #[serde(with = "basic_offset")]
    order_updated: OffsetDateTime,
    order_version: &'a str,
    order_item_uuid: Uuid,
    #[serde(with = "basic_offset")]
    order_item_created: OffsetDateTime,
    #[serde(with = "basic_offset")]
    order_item_updated: OffsetDateTime,
    order_item_version: &'a str,
    order_item_status: StockMusementStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StockMusementStatus {
    Pending,
    Ok,
    Ko,
    RefundStarted,
    Refunded,
    CancellationError,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "they are here to be read")]
pub struct StockPorterbuddy<'a> {
    order_id: String,
    order_status: StockPorterbuddyStatus,
    #[serde(default, with = "calendar_date::option")]
    pickup_date: Option<time::Date>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pickup_time: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    status_updated_at: Option<OffsetDateTime>,
    order_reference: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StockPorterbuddyStatus {
    Ready,
    InDelivery,
    Delivered,
    #[serde(alias = "canceled")]
    Cancelled,
    Received,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "they are here to be read")]
pub struct StockBandwidth {
    subscription_id: String,
    order_type: Option<String>,
    order_id: Option<String>,
    customer_order_id: Option<String>,
    status: Option<String>,
    message: Option<String>,
    completed_telephone_numbers: Option<StockNumbers>,
    // The formats of `time` cannot be read from an element.
    last_modified_date: Option<String>,
    actual_foc_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "they are here to be read")]
pub struct StockNumbers {
    #[serde(default)]
    telephone_number: Vec<String>,
}
