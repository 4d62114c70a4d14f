use super::*;
use serde_json::json;

use crate::tracking::Standing;

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
    let expected = OrderNotification {
        subscription_id: Some("s-1".into()),
        order_type: Some(OrderType::PortIns),
        order_id: Some("o-1".into()),
        customer_order_id: Some("c-1".into()),
        status: Some(OrderStatus::Foc),
        message: Some("Done & dusted".into()),
        telephone_numbers: vec!["2223331000".into(), "2223331001".into()],
        last_modified_date: Some("2023-09-12T15:11:31.705Z".into()),
        actual_foc_date: Some("2023-09-12T00:00:00Z".into()),
    };
    assert_eq!(order, expected);
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
    assert_eq!(serde_json::to_value(OrderNotification::default()).unwrap(), json!({}));
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
        subscription_id: Some("s-1".into()),
        event_type: EventType::MessagingLost,
        telephone_numbers: vec!["2223331000".into()],
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
fn an_unknown_word_keeps_its_text() {
    let body = ORDER.replace("FOC<", "FOC_LATER<").replace("portins", "portins2");
    let Ok(Notification::Order(order)) = parse(&body) else { panic!("not an order") };
    assert_eq!(order.status, Some(OrderStatus::Other("FOC_LATER".into())));
    assert_eq!(order.order_type, Some(OrderType::Other("portins2".into())));
}

/// "Order Webhook" and the specification print all of these; a notification is sent
/// once.
#[test]
fn a_date_in_any_form_keeps_its_text() {
    for date in [
        "2023-09-12T15:11:31.705Z",
        "2015-03-25",
        "2014-03-25 12:55:11.0",
        "2021-06-30Z",
        "2015-02-25 00:00:00",
        "12/09/2023",
        "1694531491",
        "yesterday",
    ] {
        let body = ORDER.replace("2023-09-12T15:11:31.705Z", date);
        let Ok(Notification::Order(order)) = parse(&body) else { panic!("{date}") };
        let kept = order.last_modified_date.unwrap();
        assert_eq!((kept.as_str(), kept.to_string().as_str()), (date, date));
        assert_eq!(json(&body)["LastModifiedDate"], date);
    }
}

#[test]
fn nothing_is_required_but_the_root() {
    for body in [
        "<Notification/>",
        "<Notification><SubscriptionId/><Status></Status><LastModifiedDate/></Notification>",
        "<Notification><Status><b/></Status><CompletedTelephoneNumbers/></Notification>",
        "<Notification><CompletedTelephoneNumbers>2223331000</CompletedTelephoneNumbers>\
         </Notification>",
    ] {
        let empty = Notification::Order(OrderNotification::default());
        assert_eq!(parse(body), Ok(empty), "{body}");
        assert_eq!(json(body), json!({}));
    }
    let event = parse("<Notification><EventType>X</EventType></Notification>").unwrap();
    assert_eq!(event.subscription_id(), None);
    assert_eq!(
        parse("<Notifications/>"),
        Err("the root element is <Notifications> at line 1 column 1".to_owned())
    );
}

#[test]
fn of_an_element_given_twice_the_first_is_taken() {
    let body = ORDER.replace(
        "</Notification>",
        "<Status>COMPLETE</Status><OrderId/><LastModifiedDate>x</LastModifiedDate></Notification>",
    );
    assert_eq!(parse(&body), parse(ORDER));
    let body = ORDER.replace("<Status>", "<Status/><Status> </Status><Status>");
    assert_eq!(parse(&body), parse(ORDER));
}

/// Newer pages print the one list, older ones the other.
#[test]
fn the_numbers_of_an_event_are_read_under_both_names_in_order_and_none_twice() {
    let list = |name: &str, numbers: &[&str]| {
        let numbers: Vec<_> = numbers
            .iter()
            .map(|number| format!("<TelephoneNumber>{number}</TelephoneNumber>"))
            .collect();
        format!("<{name}>{}</{name}>", numbers.concat())
    };
    let (impacted, completed) = ("ImpactedTelephoneNumbers", "CompletedTelephoneNumbers");
    for (lists, expected) in [
        (list(impacted, &["2223331000"]), &["2223331000"][..]),
        (list(completed, &["2223331000"]), &["2223331000"]),
        (
            list(completed, &["2223331001", "2223331000"])
                + &list(impacted, &["+12223331000", "2223331002", "2223331001"])
                + &list(completed, &["2223331003"]),
            &["2223331001", "2223331000", "2223331002", "2223331003"],
        ),
    ] {
        let body =
            format!("<Notification>{lists}<EventType>MESSAGING_LOST</EventType></Notification>");
        assert_eq!(json(&body)[impacted], json!(expected));
        assert!(parse(&body).unwrap().order().is_none());
    }
}

/// `CompletedTelephoneNumbers` are the numbers that were attempted.
#[test]
fn what_was_attempted_is_done_as_the_status_says() {
    use OrderStatus as S;
    let numbers: Vec<TelephoneNumber> = vec!["2223331000".into(), "2223331001".into()];
    let order = |status| OrderNotification {
        status,
        telephone_numbers: numbers.clone(),
        ..OrderNotification::default()
    };
    for status in OrderStatus::KNOWN {
        let done = match status {
            S::Complete | S::Completed | S::AdjustedComplete => Some(&numbers[..]),
            S::Failed | S::Cancelled => Some(&[][..]),
            _ => None,
        };
        assert_eq!(order(Some(status.clone())).completed_telephone_numbers(), done, "{status}");
    }
    assert_eq!(order(Some("DONE".into())).completed_telephone_numbers(), None);
    assert_eq!(order(None).completed_telephone_numbers(), None);
}

#[test]
fn orders_and_notes_share_the_order() {
    let note = ORDER.replace("</Notification>", "<Note>Call back</Note></Notification>");
    let (order, note) = (parse(ORDER).unwrap(), parse(&note).unwrap());
    let (Notification::Order(expected), Notification::Note(_)) = (&order, &note) else { panic!() };
    assert_eq!([order.order(), note.order()], [Some(expected); 2]);
    assert_eq!([order.subscription_id(), note.subscription_id()], [Some("s-1"); 2]);
    let event = parse("<Notification><EventType>e</EventType></Notification>").unwrap();
    assert_eq!((event.order(), event.subscription_id()), (None, None));
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

mod round_trips {
    use proptest::prelude::*;

    use super::super::*;
    use crate::tracking::Timestamp;

    /// Text that a document gives back: no white space at its ends, no character
    /// that XML cannot hold, not empty.
    fn text() -> impl Strategy<Value = String> {
        "[!-~é\u{1F600}][ -~\t\n\ré]{0,12}[!-~]"
    }

    fn numbers() -> impl Strategy<Value = Vec<TelephoneNumber>> {
        let number = "\\+?[0-9]{10}".prop_map(|number| TelephoneNumber::from(&*number));
        prop::collection::btree_set(number, 0..4).prop_map(Vec::from_iter)
    }

    fn date() -> impl Strategy<Value = Option<Timestamp>> {
        let date = prop_oneof!["20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:00:00(\\.[0-9]{3})?Z", text()];
        prop::option::of(date.prop_map(|date| Timestamp::from(&*date)))
    }

    prop_compose! {
        fn order()(
            subscription_id in prop::option::of(text()),
            order_type in prop::option::of(text().prop_map(|word| OrderType::from(&*word))),
            order_id in prop::option::of(text()),
            customer_order_id in prop::option::of(text()),
            status in prop::option::of(prop::sample::select(OrderStatus::KNOWN)),
            message in prop::option::of(text()),
            telephone_numbers in numbers(),
            last_modified_date in date(),
            actual_foc_date in date(),
        ) -> OrderNotification {
            OrderNotification {
                subscription_id,
                order_type,
                order_id,
                customer_order_id,
                status,
                message,
                telephone_numbers,
                last_modified_date,
                actual_foc_date,
            }
        }
    }

    fn notification() -> impl Strategy<Value = Notification> {
        prop_oneof![
            order().prop_map(Notification::Order),
            (text(), order())
                .prop_map(|(note, order)| Notification::Note(NoteNotification { note, order })),
            (prop::option::of(text()), text(), numbers()).prop_map(
                |(subscription_id, event_type, telephone_numbers)| {
                    Notification::Event(EventNotification {
                        subscription_id,
                        event_type: EventType::from(&*event_type),
                        telephone_numbers,
                    })
                }
            ),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(notification in notification()) {
            let xml = notification.to_xml();
            let read = Notification::parse_unverified(xml.as_bytes());
            prop_assert_eq!(read.as_ref(), Ok(&notification));
            prop_assert!(roxmltree::Document::parse(&xml).is_ok(), "{}", xml);
            let json = serde_json::to_string(&notification).unwrap();
            prop_assert_eq!(serde_json::from_str::<Notification>(&json).unwrap(), notification);
        }
    }
}

/// The schema of 2026 calls the numbers in a list `TelephoneNumbers`.
#[test]
fn numbers_in_elements_of_either_name() {
    for list in [
        "<TelephoneNumbers>2223331000</TelephoneNumbers><TelephoneNumbers>2223331001\
         </TelephoneNumbers>",
        "<TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber><TelephoneNumber>\
         2223331001</TelephoneNumber></TelephoneNumbers>",
        "<TelephoneNumber>2223331000</TelephoneNumber><TelephoneNumbers>2223331001\
         </TelephoneNumbers>",
        "<TelephoneNumbers/><TelephoneNumbers> 2223331000 <!-- --></TelephoneNumbers>\
         <TelephoneNumbers><x/><TelephoneNumber>2223331001</TelephoneNumber></TelephoneNumbers>",
    ] {
        let body = format!(
            "<Notification><CompletedTelephoneNumbers>{list}</CompletedTelephoneNumbers>\
             <Status>COMPLETE</Status></Notification>"
        );
        let expected = json!({
            "Status": "COMPLETE",
            "CompletedTelephoneNumbers": ["2223331000", "2223331001"],
        });
        assert_eq!(json(&body), expected, "{list}");
    }
}

#[test]
fn two_offsets_of_one_moment_are_the_same_notification() {
    let order = |body: &str| match parse(body) {
        Ok(Notification::Order(order)) => order,
        other => panic!("{other:?}"),
    };
    let first = order(ORDER);
    for (from, to) in [
        ("2023-09-12T15:11:31.705Z", "2023-09-12T17:11:31.705+02:00"),
        ("2023-09-12T00:00:00Z", "2023-09-11T17:00:00-0700"),
        ("2023-09-12T00:00:00Z", "2023-09-12T00:00:00.000Z"),
        ("2223331000", "+12223331000"),
        ("s-1", "s-2"),
    ] {
        assert!(ORDER.contains(from));
        let second = order(&ORDER.replace(from, to));
        assert_eq!(second.compare(&first), Standing::Same, "{to}");
        let [first, second] = [&first, &second]
            .map(|order| NoteNotification { note: "n".into(), order: order.clone() });
        assert_eq!(second.key(), first.key(), "{to}");
    }
    for (from, to) in [
        ("2023-09-12T00:00:00Z", "2023-09-12T00:00:01Z"),
        ("2223331000", "2223331002"),
        ("FOC", "COMPLETE"),
        ("dusted", "rusted"),
        ("c-1", "c-2"),
    ] {
        let second = order(&ORDER.replace(from, to));
        assert_eq!(second.compare(&first), Standing::Unknown, "{to}");
    }
}

/// What happened once and is told by two subscriptions is one thing.
#[test]
fn an_event_is_the_same_thing_whichever_subscription_tells_it() {
    let event = |subscription: &str, numbers: &str| {
        let body = format!(
            "<Notification><SubscriptionId>{subscription}</SubscriptionId><EventType>\
             MESSAGING_LOST</EventType><ImpactedTelephoneNumbers><TelephoneNumber>{numbers}\
             </TelephoneNumber></ImpactedTelephoneNumbers></Notification>"
        );
        parse(&body).unwrap().key()
    };
    assert_eq!(event("s-1", "2223331000"), event("s-2", "+12223331000"));
    assert_ne!(event("s-1", "2223331000"), event("s-1", "2223331001"));
}

/// An empty id would make one thing of all orders without an id.
#[test]
fn an_empty_order_id_is_no_key() {
    let with = |id: &str, status| OrderNotification {
        order_id: Some(id.into()),
        status: Some(status),
        ..Default::default()
    };
    let key = with("", OrderStatus::Complete).key();
    assert!(key.as_str().starts_with("bandwidth.notification:sha256="), "{key}");
    assert_ne!(key, with(" ", OrderStatus::Failed).key());
    assert_eq!(with("1", OrderStatus::Failed).key().as_str(), "bandwidth.order:1");
}

/// From a queue it is what it would be from XML.
#[test]
fn json_with_an_empty_text_is_what_an_empty_element_is() {
    for (json, xml) in [
        (r#"{"Note":"","OrderId":"1"}"#, "<Note/><OrderId>1</OrderId>"),
        (r#"{"EventType":"","OrderId":"1"}"#, "<EventType/><OrderId>1</OrderId>"),
        (r#"{"EventType":"","Note":"n"}"#, "<EventType/><Note>n</Note>"),
        ("{}", ""),
    ] {
        let xml = format!("<Notification>{xml}</Notification>");
        assert_eq!(serde_json::from_str::<Notification>(json).unwrap(), parse(&xml).unwrap());
    }
    for json in ["{}", r#"{"EventType":""}"#, r#"{"EventType":" "}"#, r#"{"EventType":null}"#] {
        assert!(serde_json::from_str::<EventNotification>(json).is_err(), "{json}");
    }
}
