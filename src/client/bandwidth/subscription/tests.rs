use super::*;
use crate::bandwidth::{EventType, OrderType};

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";

fn credentials(username: &str) -> Credentials {
    Credentials::new(username, "<&>").unwrap()
}

fn callback() -> Callback {
    Callback::new("https://shop.example/hook?a=1&b=2", credentials("bandwidth-user")).unwrap()
}

fn to_port_ins(callback: Callback) -> Subscription {
    Subscription::to_orders(OrderType::PortIns, callback, Subscription::TEN_YEARS).unwrap()
}

#[test]
fn everything_is_written_in_the_documented_order() {
    let key = STANDARD.encode(CERTIFICATE);
    let whole = to_port_ins(callback().with_public_key(&key).unwrap())
        .with_order_id("order-1")
        .unwrap()
        .with_number_format(NumberFormat::E164)
        .moved_from("https://old.example");
    assert_eq!(
        whole.to_xml(),
        format!(
            "<?xml version=\"1.0\"?><Subscription><OrderType>portins</OrderType>\
             <OrderId>order-1</OrderId><CallbackSubscription>\
             <URL>https://shop.example/hook?a=1&amp;b=2</URL><Expiry>315360000</Expiry>\
             <CallbackCredentials><BasicAuthentication><Username>bandwidth-user</Username>\
             <Password>&lt;&amp;&gt;</Password></BasicAuthentication>\
             <PublicKey>{key}</PublicKey></CallbackCredentials></CallbackSubscription>\
             <NumberFormat>E164</NumberFormat></Subscription>"
        )
    );
    let callback = Callback::without_credentials("http://a").unwrap();
    let expiry = Duration::from_secs(4_283_455_101);
    let least = Subscription::to_events(EventType::MessagingLost, callback, expiry).unwrap();
    assert_eq!(
        least.to_xml(),
        "<?xml version=\"1.0\"?><Subscription><EventType>MESSAGING_LOST</EventType>\
         <CallbackSubscription><URL>http://a</URL><Expiry>4283455101</Expiry>\
         </CallbackSubscription></Subscription>"
    );
}

#[test]
fn a_callback_has_credentials_or_a_key_or_neither() {
    let key = STANDARD.encode(CERTIFICATE);
    let bare = || Callback::without_credentials("http://a").unwrap();
    for (callback, expected) in [
        (bare(), String::new()),
        (
            Callback::new("http://a", credentials("u")).unwrap(),
            "<CallbackCredentials><BasicAuthentication><Username>u</Username><Password>&lt;&amp;&gt;\
             </Password></BasicAuthentication></CallbackCredentials>"
                .into(),
        ),
        (
            bare().with_public_key(&key).unwrap(),
            format!("<CallbackCredentials><PublicKey>{key}</PublicKey></CallbackCredentials>"),
        ),
    ] {
        let subscription = to_port_ins(callback);
        assert_eq!(subscription.expiry(), Subscription::TEN_YEARS);
        let xml = subscription.to_xml();
        let (_, credentials) = xml.split_once("</Expiry>").unwrap();
        assert_eq!(credentials, expected + "</CallbackSubscription></Subscription>");
    }
}

#[test]
fn the_urls_that_bandwidth_can_call() {
    use SubscriptionError::{Port, Url, UserInUrl};
    for (url, expected) in [
        ("https://shop.example", Ok(())),
        ("https://shop.example/hook?a=1", Ok(())),
        ("HTTPS://shop.example/hook", Ok(())),
        ("Http://shop.example", Ok(())),
        ("http://shop.example:80", Ok(())),
        ("https://shop.example:443/", Ok(())),
        ("https://shop.example:1024", Ok(())),
        ("https://shop.example:65535", Ok(())),
        ("https://[2001:db8::1]:8443/", Ok(())),
        ("https://shop.example:0", Err(Port)),
        ("https://shop.example:81", Err(Port)),
        ("https://shop.example:1023", Err(Port)),
        ("https://shop.example:65536", Err(Port)),
        ("https://shop.example:", Err(Port)),
        ("https://user:pass@shop.example", Err(UserInUrl)),
        ("https://user@shop.example/", Err(UserInUrl)),
        ("", Err(Url)),
        ("shop.example", Err(Url)),
        ("shop.example/hook", Err(Url)),
        ("/hook", Err(Url)),
        ("https://", Err(Url)),
        ("https:///hook", Err(Url)),
        ("https://:443", Err(Url)),
        ("https://a b", Err(Url)),
        ("https://a/b c", Err(Url)),
        ("https://a/b\n", Err(Url)),
        ("https://a/b#c", Err(Url)),
        ("ftp://a", Err(Url)),
        ("javascript:alert(1)", Err(Url)),
    ] {
        assert_eq!(Callback::without_credentials(url).map(drop), expected, "{url}");
        assert_eq!(Callback::new(url, credentials("u")).map(drop), expected, "{url}");
    }
}

#[test]
fn a_username_has_at_most_100_characters() {
    for (username, expected) in [
        ("u".repeat(100), Ok(())),
        ("u".repeat(101), Err(SubscriptionError::Username)),
        ("é".repeat(90), Ok(())),
    ] {
        let made = Callback::new("https://a", credentials(&username));
        assert_eq!(made.map(drop), expected, "{username}");
    }
}

#[test]
fn an_expiry_is_whole_seconds() {
    for (expiry, expected) in [
        (Duration::from_secs(1), Ok(())),
        (Subscription::ONE_DAY, Ok(())),
        (Duration::from_secs(u64::MAX), Ok(())),
        (Duration::ZERO, Err(SubscriptionError::Expiry)),
        (Duration::from_millis(500), Err(SubscriptionError::Expiry)),
        (Duration::from_millis(1_500), Err(SubscriptionError::Expiry)),
        (Duration::from_nanos(1_000_000_001), Err(SubscriptionError::Expiry)),
    ] {
        let orders = Subscription::to_orders(OrderType::PortIns, callback(), expiry);
        assert_eq!(orders.map(drop), expected, "{expiry:?}");
        let events = Subscription::to_events(EventType::MessagingLost, callback(), expiry);
        assert_eq!(events.map(drop), expected, "{expiry:?}");
    }
}

#[test]
fn a_subscription_to_one_thing_does_not_become_one_to_all() {
    for (word, expected) in [
        ("8684b1c8-7d41", Ok(())),
        ("", Err(SubscriptionError::Topic)),
        (" ", Err(SubscriptionError::Topic)),
        ("\n", Err(SubscriptionError::Topic)),
        ("a ", Err(SubscriptionError::Topic)),
        ("a\0b", Err(SubscriptionError::Topic)),
    ] {
        let one_day = Subscription::ONE_DAY;
        let with_id = to_port_ins(callback()).with_order_id(word);
        assert_eq!(with_id.map(drop), expected, "{word:?}");
        let orders = Subscription::to_orders(OrderType::from(word), callback(), one_day);
        assert_eq!(orders.map(drop), expected, "{word:?}");
        let events = Subscription::to_events(EventType::from(word), callback(), one_day);
        assert_eq!(events.map(drop), expected, "{word:?}");
    }
}

#[test]
fn a_public_key_is_the_base64_of_a_pem_file() {
    let private = CERTIFICATE.replace("CERTIFICATE", "PRIVATE KEY");
    let both = format!("{CERTIFICATE}{private}");
    let chain = CERTIFICATE.repeat(2);
    for (text, is_key) in [
        (STANDARD.encode(CERTIFICATE), true),
        (STANDARD.encode(CERTIFICATE.replace('\n', "\r\n")), true),
        (STANDARD.encode(chain), true),
        (STANDARD.encode(CERTIFICATE.replace("CERTIFICATE", "PUBLIC KEY")), true),
        (STANDARD.encode(private), false),
        (STANDARD.encode(both), false),
        (STANDARD.encode("-----BEGIN CERTIFICATE-----\nQUJD\n"), false),
        (STANDARD.encode("-----BEGIN CERTIFICATE-----\nQUJD\n-----END PUBLIC KEY-----"), false),
        (STANDARD.encode(b"\xff"), false),
        (CERTIFICATE.to_owned(), false),
        ("QUJD".to_owned(), false),
        (String::new(), false),
    ] {
        let expected = if is_key { Ok(()) } else { Err(SubscriptionError::PublicKey) };
        assert_eq!(callback().with_public_key(&text).map(drop), expected, "{text}");
    }
}

#[test]
fn debug_shows_no_credentials() {
    assert_eq!(
        format!("{:?}", to_port_ins(callback())),
        "Subscription { topic: Orders(PortIns), order_id: None, \
         callback: Callback { credentials: Some(Credentials(redacted)), .. }, \
         expiry: 315360000s, number_format: None, .. }"
    );
}
