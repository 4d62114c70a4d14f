use super::*;

fn envelope(webhook: &str, body: &[u8]) -> Envelope {
    let at = Timestamp::from("2021-06-08T14:16:41.5+02:00").to_offset_date_time().unwrap();
    Envelope::new(webhook, body.to_vec(), at)
}

#[test]
#[cfg(feature = "musement")]
fn the_line_is_stable_and_comes_back() {
    for (body, line) in [
        (
            b"{\"orderId\":\n\"1\"}".as_slice(),
            r#"{"webhook":"a.b","verified_at":"2021-06-08T12:16:41.5Z","body":"{\"orderId\":\n\"1\"}"}"#,
        ),
        (b"", r#"{"webhook":"a.b","verified_at":"2021-06-08T12:16:41.5Z","body":""}"#),
        (
            b"\xff\x00",
            r#"{"webhook":"a.b","verified_at":"2021-06-08T12:16:41.5Z","body_base64":"/wA="}"#,
        ),
    ] {
        let envelope = envelope("a.b", body);
        assert_eq!((envelope.webhook(), &**envelope.body()), ("a.b", body));
        assert_eq!(serde_json::to_string(&envelope).unwrap(), line);
        assert_eq!(serde_json::from_str::<Envelope>(line).unwrap(), envelope);
    }
}

#[test]
#[cfg(feature = "musement")]
fn a_line_with_more_fields_is_read_and_one_with_less_is_not() {
    let read = |line: &str| serde_json::from_str::<Envelope>(line);
    let at = r#""webhook":"a.b","verified_at":"2021-06-08T12:16:41Z""#;
    assert!(read(&format!(r#"{{{at},"body":"","of_a_later_version":1}}"#)).is_ok());
    for (line, message) in [
        (format!("{{{at}}}"), "there is not one body"),
        (format!(r#"{{{at},"body":"","body_base64":""}}"#), "there is not one body"),
        (format!(r#"{{{at},"body_base64":"wA"}}"#), "body_base64 is not base64"),
        (
            r#"{"webhook":"a.b","verified_at":"soon","body":""}"#.to_owned(),
            "verified_at is not a timestamp",
        ),
    ] {
        let error = read(&line).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
#[cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
fn the_names_of_the_webhooks_are_stable() {
    let open = |webhook, body: &str| envelope(webhook, body.as_bytes()).open().unwrap();
    let item = r#"{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_status":"OK","order_id":"1","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22"}"#;
    assert!(matches!(open("musement.order_item", item), Event::OrderItem(_)));
    let order = r#"{"orderId":"394326","orderStatus":"ready"}"#;
    assert!(matches!(open("porterbuddy.order", order), Event::Order(_)));
    let notification =
        "<Notification><SubscriptionId>s</SubscriptionId><OrderId>o</OrderId></Notification>";
    assert!(matches!(open("bandwidth.notification", notification), Event::Notification(_)));
    let port_out = "<PortOutValidationRequest><TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>";
    assert!(matches!(open("bandwidth.port_out", port_out), Event::PortOut(_)));
    assert!(matches!(open("bandwidth.v2", "{}"), Event::V2(_)));
}

#[test]
#[cfg(feature = "porterbuddy")]
fn what_cannot_be_opened_says_why() {
    let message = |webhook, body: &[u8]| envelope(webhook, body).open().unwrap_err().to_string();
    assert_eq!(message("acme.stock\n", b"7"), "no webhook is called acme.stock\\n");
    assert!(message("porterbuddy.order", b"{}").starts_with("orderId: missing"));
}

#[test]
fn your_own_comes_first_and_the_body_does_not_show() {
    let envelope = envelope("acme.stock", b"secret");
    let event = envelope.open_with(|name, body| Some(Ok((name.len(), body.len()))));
    assert!(matches!(event, Ok(Event::Own((10, 6)))));
    let shown = format!("{envelope:?}");
    let at = "2021-06-08 12:16:41.5 +00:00:00";
    assert_eq!(shown, format!("Envelope {{ webhook: \"acme.stock\", verified_at: {at}, .. }}"));
}

#[test]
#[cfg(feature = "porterbuddy")]
fn a_proven_body_that_cannot_be_read_is_kept_and_no_other_is() {
    use crate::WebhookExt as _;

    let webhook = OrderWebhook::new(&crate::Secret::new("key").unwrap());
    let signature = webhook.signature().sign(b"{}");
    let at = OffsetDateTime::UNIX_EPOCH;
    let rejected = |signature: &str| {
        let request = http::Request::post("/").header("x-porterbuddy-hmac-sha256", signature);
        let rejection = webhook.verify(request.body(Bytes::from("{}")).unwrap()).unwrap_err();
        Envelope::of_rejected::<OrderWebhook>(&rejection, at)
    };
    assert_eq!(rejected(&signature), Some(Envelope::new("porterbuddy.order", "{}", at)));
    assert_eq!(rejected("forged"), None);
}

#[test]
fn a_time_that_has_no_text_is_the_nearest_that_has() {
    let of = |at| Envelope::new("a", "", at);
    let first = Timestamp::from("0000-01-01T00:00:00Z").to_offset_date_time().unwrap();
    let last = Timestamp::from("9999-12-31T23:59:59.999999999Z").to_offset_date_time().unwrap();
    let west = time::UtcOffset::from_hms(-2, 0, 0).unwrap();
    for (at, kept) in [
        (first, first),
        (last, last),
        (first.replace_year(-1).unwrap(), first),
        (first.replace_offset(-west), first),
        (last.replace_offset(west), last),
    ] {
        let line = serde_json::to_string(&of(at)).unwrap();
        assert_eq!(of(at).verified_at(), kept);
        assert_eq!(serde_json::from_str::<Envelope>(&line).unwrap(), of(at));
    }
}

/// The schema of v2 is not known: what is received opens again.
#[test]
#[cfg(feature = "bandwidth")]
fn every_json_document_of_v2_opens_again() {
    let webhook = V2Webhook::new(&crate::Secret::new("key").unwrap());
    for body in [
        r#"{"a":1,"a":2}"#,
        r#"[{"a":1}]"#,
        "7",
        "\"x\"",
        "null",
        "1e999999",
        r#""\ud800""#,
        "\u{feff} {} \0\u{1a}\u{a0}",
    ] {
        let received = webhook.parse(body.as_bytes()).unwrap();
        let opened = envelope("bandwidth.v2", body.as_bytes()).open();
        assert_eq!(opened, Ok(Event::V2(received)), "{body}");
    }
    for body in ["", "{", "{}{}", "\u{feff}", "nul"] {
        let refused = webhook.parse(body.as_bytes()).unwrap_err();
        let opened = envelope("bandwidth.v2", body.as_bytes()).open();
        assert_eq!(opened, Err(OpenError::Unparsable(refused)), "{body}");
    }
}
