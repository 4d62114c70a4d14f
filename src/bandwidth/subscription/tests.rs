use super::*;

fn subscription() -> Subscription {
    Subscription::to_orders(OrderType::PortIns, "https://shop.example/hook?a=1&b=2")
        .unwrap()
        .with_order_id("order-1")
        .with_expiry(Duration::from_secs(3_122_064_000))
        .with_credentials(Credentials::new("bandwidth-user", "<&>").unwrap())
}

const XML: &str = "<?xml version=\"1.0\"?><Subscription><OrderType>portins</OrderType>\
    <OrderId>order-1</OrderId><CallbackSubscription>\
    <URL>https://shop.example/hook?a=1&amp;b=2</URL><Expiry>3122064000</Expiry>\
    <CallbackCredentials><BasicAuthentication><Username>bandwidth-user</Username>\
    <Password>&lt;&amp;&gt;</Password></BasicAuthentication></CallbackCredentials>\
    </CallbackSubscription></Subscription>";

#[test]
fn it_is_written_in_the_documented_order_and_read_back() {
    assert_eq!(subscription().to_xml(), XML);
    let read = Subscription::parse(XML.as_bytes()).unwrap();
    assert_eq!(*read.topic(), Topic::Orders(OrderType::PortIns));
    assert_eq!(read.order_id(), Some("order-1"));
    assert_eq!(read.url(), "https://shop.example/hook?a=1&b=2");
    assert_eq!(read.expiry(), Some(Duration::from_secs(3_122_064_000)));
    assert_eq!(read.credentials().unwrap().password().expose(), b"<&>");
    assert_eq!(read.to_xml(), XML);
}

#[test]
fn the_least_of_a_subscription() {
    let least = Subscription::to_events(EventType::MessagingLost, "http://a").unwrap();
    let xml = "<?xml version=\"1.0\"?><Subscription><EventType>MESSAGING_LOST</EventType>\
               <CallbackSubscription><URL>http://a</URL></CallbackSubscription></Subscription>";
    assert_eq!(least.to_xml(), xml);
    assert_eq!(Subscription::parse(xml.as_bytes()).unwrap().to_xml(), xml);
}

#[test]
fn what_is_not_a_subscription() {
    let callback = "<CallbackSubscription><URL>http://a</URL></CallbackSubscription>";
    for (inside, message) in [
        (String::new(), "OrderType: missing at byte 14"),
        (
            format!("<OrderType>a</OrderType><EventType>b</EventType>{callback}"),
            "EventType: not alone beside OrderType at byte 126",
        ),
        ("<OrderType>a</OrderType>".into(), "CallbackSubscription: missing at byte 38"),
        ("<OrderType>a</OrderType><CallbackSubscription/>".into(), "URL: missing at byte 38"),
        (
            "<OrderType>a</OrderType><CallbackSubscription><URL>ftp://a</URL>\
             </CallbackSubscription>"
                .into(),
            "URL: not an http or https URL at byte 60",
        ),
        (
            "<OrderType>a</OrderType><CallbackSubscription><URL>http://a</URL><Expiry>1.5\
             </Expiry></CallbackSubscription>"
                .into(),
            "Expiry: not a number of seconds at byte 79",
        ),
        (
            "<OrderType>a</OrderType><CallbackSubscription><URL>http://a</URL>\
             <CallbackCredentials><BasicAuthentication><Username>u:v</Username><Password>p\
             </Password></BasicAuthentication></CallbackCredentials></CallbackSubscription>"
                .into(),
            "BasicAuthentication: not a username and a password that Basic can carry at byte 100",
        ),
    ] {
        let body = format!("<Subscription>{inside}</Subscription>");
        let error = Subscription::parse(body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message, "{body}");
    }
    for url in ["", "shop.example", "https://", "https://a b", "javascript:alert(1)"] {
        let error = Subscription::to_orders(OrderType::Orders, url).unwrap_err();
        assert_eq!(error, ConfigError::InvalidUrl, "{url}");
    }
}

#[test]
fn debug_shows_no_credentials() {
    assert_eq!(
        format!("{:?}", subscription()),
        "Subscription { topic: Orders(PortIns), order_id: Some(\"order-1\"), \
         expiry: Some(3122064000s), credentials: Some(Credentials(redacted)), .. }"
    );
}
