//! What is written is read.

use order_webhooks::ParseError;
use order_webhooks::bandwidth::{Notification, PortOutValidationRequest};
use order_webhooks::client::porterbuddy::OrderRequest;
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::OrderStatusUpdate;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use fixtures::samples::ORDER_REQUEST;

fn timestamp() -> impl Strategy<Value = String> {
    "20[0-9]{2}-(0[1-9]|1[0-2])-([01][1-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
}

/// What a provider may write where a time is documented.
fn any_time() -> impl Strategy<Value = String> {
    let offset = select(vec!["Z", "+0000", "+02:00", "-0330", "", ".32538Z", ".705"]);
    let time = (timestamp(), offset).prop_map(|(time, offset)| time + offset);
    prop_oneof![4 => time, 1 => "20[0-9]{2}-(0[1-9]|1[0-2])-([01][1-9]|2[0-8])Z?", 1 => ".{0,40}"]
}

/// What is written is read as the same, as a body and from a queue.
fn comes_back<T>(
    event: &T,
    parse: impl Fn(&[u8]) -> Result<T, ParseError>,
) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let written = serde_json::to_vec(event).unwrap();
    prop_assert_eq!(&parse(&written).unwrap(), event);
    prop_assert_eq!(&serde_json::from_slice::<T>(&written).unwrap(), event);
    Ok(())
}

fn uuid() -> impl Strategy<Value = String> {
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
}

/// Text as XML can hold it, without white space at its ends.
fn xml_text() -> impl Strategy<Value = String> {
    "[!-~é€🚚]([ -~\t\n\ré€🚚\u{85}\u{2028}]{0,30}[!-~é€🚚])?"
}

/// The slow and obvious way: every character as a reference.
fn escaped(text: &str) -> String {
    text.chars().map(|character| format!("&#{};", u32::from(character))).collect()
}

fn element(name: &str, text: &Option<String>) -> String {
    text.as_ref().map_or(String::new(), |text| format!("<{name}>{}</{name}>", escaped(text)))
}

fn list(name: &str, numbers: &[String]) -> String {
    let numbers: String = numbers
        .iter()
        .map(|number| format!("<TelephoneNumber>{}</TelephoneNumber>", escaped(number)))
        .collect();
    format!("<{name}>{numbers}</{name}>")
}

fn maybe(text: impl Strategy<Value = String>) -> impl Strategy<Value = Option<String>> {
    prop::option::of(text)
}

fn without_null(mut value: Value) -> Value {
    value.as_object_mut().unwrap().retain(|_, value| !value.is_null() && *value != json!([]));
    value
}

proptest! {
    /// Whatever is in its fields, and from whatever format it comes.
    #[test]
    fn musement_comes_back(
        (order, item) in (uuid(), uuid()),
        status in prop_oneof![select(vec!["OK", "KO", "PENDING"]).prop_map(str::to_owned), ".{0,30}"],
        id in maybe(prop_oneof!["[0-9]{1,30}", ".{0,30}"]),
        versions in prop::collection::vec(maybe(any::<u64>().prop_map(|n| n.to_string())), 2),
        times in prop::collection::vec(maybe(any_time()), 4),
    ) {
        let written = without_null(json!({
            "order_id": id,
            "order_uuid": order,
            "order_created": times[0],
            "order_updated": times[1],
            "order_version": versions[0],
            "order_item_uuid": item,
            "order_item_created": times[2],
            "order_item_updated": times[3],
            "order_item_version": versions[1],
            "order_item_status": status,
        }));
        let update = OrderItemUpdate::parse_unverified(written.to_string().as_bytes()).unwrap();
        prop_assert_eq!(serde_json::to_value(&update).unwrap(), written.clone());
        comes_back(&update, OrderItemUpdate::parse_unverified)?;
        prop_assert_eq!(serde_json::from_value::<OrderItemUpdate>(written).unwrap(), update);
    }

    #[test]
    fn porterbuddy_comes_back(
        (id, status) in (".{0,20}", "[a-z_]{0,10}"),
        (reference, tms_reference) in (maybe(".{0,20}"), maybe(".{0,20}")),
        date in maybe(any_time()),
        pickup in maybe(any_time()),
        updated in maybe(any_time()),
    ) {
        let written = without_null(json!({
            "orderId": id,
            "orderStatus": status,
            "pickupDate": date,
            "pickupTime": pickup,
            "statusUpdatedAt": updated,
            "orderReference": reference,
            "tmsReference": tms_reference,
        }));
        prop_assume!(status != "canceled" && !id.trim().is_empty());
        let update = OrderStatusUpdate::parse_unverified(written.to_string().as_bytes()).unwrap();
        prop_assert_eq!(serde_json::to_value(&update).unwrap(), written.clone());
        comes_back(&update, OrderStatusUpdate::parse_unverified)?;
        prop_assert_eq!(serde_json::from_value::<OrderStatusUpdate>(written).unwrap(), update);
    }

    #[test]
    fn a_notification_is_read_as_it_was_written(
        subscription in xml_text(),
        texts in prop::collection::vec(maybe(xml_text()), 6),
        time in maybe(timestamp()),
        numbers in prop::collection::vec(xml_text(), 0..40),
        order in any::<u64>(),
    ) {
        let [order_type, order_id, customer_id, status, message, note] = &texts[..] else {
            unreachable!()
        };
        let time = time.map(|time| time + "Z");
        let mut elements = vec![
            element("SubscriptionId", &Some(subscription.clone())),
            element("OrderType", order_type),
            element("OrderId", order_id),
            element("CustomerOrderId", customer_id),
            element("Status", status),
            element("Message", message),
            element("Note", note),
            element("LastModifiedDate", &time),
            list("CompletedTelephoneNumbers", &numbers),
        ];
        // Elements come in any order.
        let length = elements.len();
        elements.rotate_left(usize::try_from(order % 9).unwrap());
        elements.swap(0, usize::try_from(order / 9 % 9).unwrap());
        prop_assert_eq!(elements.len(), length);
        let body = format!("<Notification>{}</Notification>", elements.concat());
        let notification = Notification::parse_unverified(body.as_bytes()).unwrap();
        let expected = without_null(json!({
            "SubscriptionId": subscription,
            "OrderType": order_type,
            "OrderId": order_id,
            "CustomerOrderId": customer_id,
            "Status": status,
            "Message": message,
            "Note": note,
            "LastModifiedDate": time,
            "CompletedTelephoneNumbers": numbers,
        }));
        prop_assert_eq!(serde_json::to_value(&notification).unwrap(), expected);
    }

    #[test]
    fn a_port_out_comes_back(
        texts in prop::collection::vec(maybe(xml_text()), 5),
        numbers in prop::collection::vec(xml_text(), 1..10),
    ) {
        let names = ["PON", "Pin", "AccountNumber", "ZipCode", "SubscriberName"];
        let elements: String = names.iter().zip(&texts).map(|(name, text)| element(name, text)).collect();
        let body = format!(
            "<PortOutValidationRequest>{elements}{}</PortOutValidationRequest>",
            list("TelephoneNumbers", &numbers)
        );
        let request = PortOutValidationRequest::parse_unverified(body.as_bytes()).unwrap();
        let read = [
            request.pon.as_deref(),
            request.pin.as_deref(),
            request.account_number.as_deref(),
            request.zip_code.as_deref(),
            request.subscriber_name.as_deref(),
        ];
        prop_assert_eq!(read.map(|text| text.map(str::to_owned)).to_vec(), texts);
        let read: Vec<_> =
            request.telephone_numbers.iter().map(|number| number.as_str().to_owned()).collect();
        prop_assert_eq!(read, numbers);
        let again = PortOutValidationRequest::parse_unverified(request.to_xml().as_bytes());
        prop_assert_eq!(again.unwrap(), request);
    }

    /// Whatever stands in the place of one of its values: it is refused, or it
    /// comes back.
    #[test]
    fn an_order_request_comes_back_or_is_refused(place in any::<Index>(), value in any_json()) {
        let mut request: Value = serde_json::from_str(ORDER_REQUEST).unwrap();
        let mut pointers = Vec::new();
        pointers_of(&request, String::new(), &mut pointers);
        *request.pointer_mut(place.get(&pointers[..]).as_str()).unwrap() = value;
        if let Ok(read) = OrderRequest::parse_unverified(request.to_string().as_bytes()) {
            prop_assert_eq!(OrderRequest::parse_unverified(read.to_json().as_bytes()).unwrap(), read);
        }
    }
}

fn pointers_of(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, value)| pointers_of(value, format!("{at}/{name}"), pointers));
        }
        Value::Array(values) => {
            let numbered = values.iter().enumerate();
            numbered.for_each(|(n, value)| pointers_of(value, format!("{at}/{n}"), pointers));
        }
        _ => {}
    }
    pointers.push(at);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no others", |number| number.is_finite())
            .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(vec!["600", "+1", "2023-02-13T10:00+02:00", "", "1e999"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
