use super::*;

fn callback() -> Callback {
    let credentials = Credentials::new("bandwidth-user", "<&>").unwrap();
    Callback::new("https://shop.example/hook?a=1&b=2", credentials).unwrap()
}

fn subscription() -> Subscription {
    let expiry = Expiry::After(Duration::from_secs(3_122_064_000));
    Subscription::to_orders(OrderType::PortIns, callback(), expiry).with_order_id("order-1")
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
    let read = Subscription::parse_unverified(XML.as_bytes()).unwrap();
    assert_eq!(*read.topic(), Topic::Orders(OrderType::PortIns));
    assert_eq!(read.order_id(), Some("order-1"));
    assert_eq!(read.callback().url(), "https://shop.example/hook?a=1&b=2");
    assert_eq!(read.expiry(), Expiry::After(Duration::from_secs(3_122_064_000)));
    assert_eq!(read.callback().credentials().unwrap().password().expose(), b"<&>");
    assert_eq!((read.number_format(), read.callback().public_key()), (None, None));
    assert_eq!(read.to_xml(), XML);
}

#[test]
fn a_key_and_a_number_format() {
    let callback = callback().with_public_key("QUJD");
    let subscription = Subscription::to_orders(OrderType::PortIns, callback, Expiry::TEN_YEARS)
        .with_number_format(NumberFormat::E164);
    let xml = subscription.to_xml();
    assert!(xml.contains("<Expiry>315360000</Expiry>"), "{xml}");
    assert!(
        xml.contains("</BasicAuthentication><PublicKey>QUJD</PublicKey></CallbackCredentials>")
    );
    assert!(xml.ends_with("<NumberFormat>E164</NumberFormat></Subscription>"), "{xml}");
    let read = Subscription::parse_unverified(xml.as_bytes()).unwrap();
    assert_eq!(read.number_format(), Some(&NumberFormat::E164));
    assert_eq!(read.callback().public_key(), Some("QUJD"));
    assert_eq!(read.to_xml(), xml);
    assert_eq!(NumberFormat::KNOWN.len(), 2);
}

/// Without credentials and without an expiry, which are decisions with names.
#[test]
fn the_least_of_a_subscription() {
    let callback = Callback::without_credentials("http://a").unwrap();
    let least = Subscription::to_events(EventType::MessagingLost, callback, Expiry::OneDay);
    let xml = "<?xml version=\"1.0\"?><Subscription><EventType>MESSAGING_LOST</EventType>\
               <CallbackSubscription><URL>http://a</URL></CallbackSubscription></Subscription>";
    assert_eq!(least.to_xml(), xml);
    let read = Subscription::parse_unverified(xml.as_bytes()).unwrap();
    assert_eq!((read.to_xml().as_str(), read.expiry()), (xml, Expiry::OneDay));
    assert!(read.callback().credentials().is_none());
}

#[test]
fn what_is_not_a_subscription() {
    let url = "<OrderType>a</OrderType><CallbackSubscription><URL>http://a</URL>";
    let pair = |pair: &str| {
        format!(
            "{url}<CallbackCredentials><BasicAuthentication>{pair}</BasicAuthentication>\
             </CallbackCredentials></CallbackSubscription>"
        )
    };
    for (inside, message) in [
        (String::new(), "OrderType: missing"),
        (
            format!("<EventType>b</EventType>{url}</CallbackSubscription>"),
            "EventType: not alone beside OrderType",
        ),
        ("<OrderType>a</OrderType>".into(), "URL: missing"),
        ("<OrderType>a</OrderType><CallbackSubscription/>".into(), "URL: missing"),
        (
            "<OrderType>a</OrderType><CallbackSubscription><URL>ftp://a</URL>\
             </CallbackSubscription>"
                .into(),
            "URL: not an http or https URL",
        ),
        (
            format!("{url}<Expiry>1.5</Expiry></CallbackSubscription>"),
            "Expiry: not a number of seconds",
        ),
        (
            format!("{url}<Expiry>99999999999999999999</Expiry></CallbackSubscription>"),
            "Expiry: not a number of seconds",
        ),
        (pair("<Password>p</Password>"), "Username: missing"),
        (pair("<Username>u</Username>"), "Password: missing"),
        (
            pair("<Username>u:v</Username><Password>p</Password>"),
            "BasicAuthentication: not a username and a password that Basic can carry",
        ),
    ] {
        let body = format!("<Subscription>{inside}</Subscription>");
        let error = Subscription::parse_unverified(body.as_bytes()).unwrap_err();
        let column = body.len() - "</Subscription>".len() + 1;
        assert_eq!(error.to_string(), format!("{message} at line 1 column {column}"), "{body}");
    }
    for url in ["", "shop.example", "https://", "https://a b", "javascript:alert(1)"] {
        let error = Callback::without_credentials(url).unwrap_err();
        let message = "the URL must start with https:// or http:// and have no white space";
        assert_eq!(error.to_string(), message, "{url}");
    }
}

#[test]
fn debug_shows_no_credentials() {
    assert_eq!(
        format!("{:?}", subscription()),
        "Subscription { topic: Orders(PortIns), order_id: Some(\"order-1\"), \
         callback: Callback { credentials: Some(Credentials(redacted)), .. }, \
         expiry: After(3122064000s), number_format: None }"
    );
}
