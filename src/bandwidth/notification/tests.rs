use super::*;
use serde_json::json;

#[track_caller]
fn parse(body: &str) -> Result<Notification, String> {
    Notification::parse_unverified(body.as_bytes()).map_err(|error| error.to_string())
}

#[track_caller]
fn json(body: &str) -> serde_json::Value {
    serde_json::to_value(parse(body).unwrap()).unwrap()
}

const ORDER: &str = "<?xml version=\"1.0\"?><Notification><SubscriptionId>s-1</SubscriptionId>\
    <OrderType>portins</OrderType><OrderId>o-1</OrderId><CustomerOrderId>c-1</CustomerOrderId>\
    <Status>FOC</Status><Message>Done &amp; dusted</Message><CompletedTelephoneNumbers>\
    <TelephoneNumber> 2223331000 </TelephoneNumber><TelephoneNumber>2223331001\
    </TelephoneNumber></CompletedTelephoneNumbers>\
    <LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>\
    <ActualFocDate>2023-09-12T00:00:00Z</ActualFocDate></Notification>";

#[test]
fn an_order_with_everything_in_it() {
    let Notification::Order(order) = parse(ORDER).unwrap() else { panic!("not an order") };
    let time = |text| timestamp_of(text);
    let expected = OrderNotification {
        subscription_id: "s-1".into(),
        order_type: Some(OrderType::PortIns),
        order_id: Some("o-1".into()),
        customer_order_id: Some("c-1".into()),
        status: Some(OrderStatus::Foc),
        message: Some("Done & dusted".into()),
        completed_telephone_numbers: vec!["2223331000".into(), "2223331001".into()],
        last_modified_date: time("2023-09-12T15:11:31.705Z"),
        actual_foc_date: time("2023-09-12T00:00:00Z"),
    };
    assert_eq!(order, expected);
}

fn timestamp_of(text: &str) -> Option<OffsetDateTime> {
    crate::wire::time::parse(text)
}

#[test]
fn it_serialises_under_the_names_of_the_elements() {
    let expected = json!({
        "SubscriptionId": "s-1",
        "OrderType": "portins",
        "OrderId": "o-1",
        "CustomerOrderId": "c-1",
        "Status": "FOC",
        "Message": "Done & dusted",
        "CompletedTelephoneNumbers": ["2223331000", "2223331001"],
        "LastModifiedDate": "2023-09-12T15:11:31.705Z",
        "ActualFocDate": "2023-09-12T00:00:00Z",
    });
    assert_eq!(json(ORDER), expected);
}

#[test]
fn a_note_and_an_event() {
    let note = "<Notification><SubscriptionId>s-1</SubscriptionId><Note>Call back</Note>\
                <OrderId>o-1</OrderId><OrderType>portins</OrderType></Notification>";
    let expected = json!({
        "Note": "Call back", "SubscriptionId": "s-1", "OrderId": "o-1", "OrderType": "portins",
    });
    assert_eq!(json(note), expected);
    assert!(matches!(parse(note), Ok(Notification::Note(_))));

    let event = "<Notification><EventType>MESSAGING_LOST</EventType><SubscriptionId>s-1\
                 </SubscriptionId><ImpactedTelephoneNumbers><TelephoneNumber>2223331000\
                 </TelephoneNumber></ImpactedTelephoneNumbers></Notification>";
    let expected = EventNotification {
        subscription_id: "s-1".into(),
        event_type: EventType::MessagingLost,
        impacted_telephone_numbers: vec!["2223331000".into()],
    };
    assert_eq!(parse(event), Ok(Notification::Event(expected)));
}

#[test]
fn lists_and_padding_and_unknown_elements_do_not_matter() {
    let spread = ORDER
        .replace("<Status>", "\r\n\t<New><Status>x</Status></New>\r\n<Status>\r\n\t ")
        .replace(
            "</TelephoneNumber><TelephoneNumber>",
            "</TelephoneNumber><!-- and --><Other/><TelephoneNumber>",
        );
    assert_ne!(spread, ORDER);
    assert_eq!(parse(&spread), parse(ORDER));
}

#[test]
fn a_word_of_tomorrow_keeps_its_text() {
    let body = ORDER.replace("FOC<", "FOC_LATER<").replace("portins", "portins2");
    let Ok(Notification::Order(order)) = parse(&body) else { panic!("not an order") };
    assert_eq!(order.status, Some(OrderStatus::Other("FOC_LATER".into())));
    assert_eq!(order.order_type, Some(OrderType::Other("portins2".into())));
}

#[test]
fn what_is_not_a_notification() {
    for (body, message) in [
        ("<Notification/>", "SubscriptionId: missing at byte 0"),
        ("<Notification><SubscriptionId/></Notification>", "SubscriptionId: missing at byte 31"),
        (
            "<Notification><Status/><Status>FOC</Status></Notification>",
            "Status: given twice at byte 23",
        ),
        ("<Notification><Status><b/></Status></Notification>", "Status: not text at byte 22"),
        (
            "<Notification><LastModifiedDate>yesterday</LastModifiedDate></Notification>",
            "LastModifiedDate: not a timestamp with an offset at byte 14",
        ),
        ("<Notifications/>", "the root element is <Notifications> at byte 0"),
    ] {
        assert_eq!(parse(body), Err(message.to_owned()));
    }
}

#[test]
fn debug_shows_no_customer_data() {
    let note = ORDER.replace("</Notification>", "<Note>PIN 1111</Note></Notification>");
    let shown = format!("{:?}", parse(&note).unwrap());
    for hidden in ["1111", "2223331000", "dusted"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(shown.starts_with("Note(NoteNotification { order: OrderNotification {"), "{shown}");
}
