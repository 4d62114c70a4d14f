//! Nothing secret shows, and nothing that was sent.

use order_webhooks::bandwidth::{
    DenialReason, NotificationWebhook, PortOutWebhook, SubscriptionWebhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Credentials, Rejection, Secret};
use proptest::prelude::*;
use proptest::sample::select;

use crate::deliver;

/// Everything of a rejection that a log or the sender could get.
fn shown<B>(rejection: &Rejection<B>) -> String {
    let mut shown =
        format!("{rejection} {rejection:?} {rejection:#?} {:?}", rejection.to_response());
    shown += &String::from_utf8_lossy(rejection.to_response().body());
    let mut source = std::error::Error::source(rejection);
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A word that stands in the key, in the credentials, in what is presented
    /// and in every value of the body is in no rejection.
    #[test]
    fn no_rejection_shows_what_is_secret_or_sent(
        word in "[A-Z][a-z]{4}[0-9]{7}",
        template in select(vec![
            // Each breaks somewhere, or is another document than is due.
            "%", "\"%\"", "[\"%\"]", "{\"orderId\":%}", "{\"orderId\":\"%\"}", "{\"orderId\":\"%",
            "{\"orderId\":[\"%\"],\"orderStatus\":1}", "{\"orderId\":\"%\",\"orderStatus\":\"%\",}",
            "{\"orderId\":\"%\",\"orderStatus\":\"%\",\"pickupTime\":\"%\"}",
            "{\"orderId\":\"%\",\"orderStatus\":\"%\",\"pickupDate\":\"%\"}",
            "{\"order_id\":\"%\",\"order_uuid\":\"%\"}", "{\"\\u%\":1}", "{\"x\":\"\\ud800%\"}",
            "{\"%@example.org\":tru}", "{\"x\":{\"% %\":[%]}}",
            "<Notification><Status>%</Status></Notification>", "<Notification>%",
            "<Notification a=\"%\" a=\"%\"/>", "<Notification><Status>&%;</Status></Notification>",
            "<Notification><Status>&#%;</Status></Notification>", "<!DOCTYPE % SYSTEM \"%\">",
            "<Notification><LastModifiedDate>%</LastModifiedDate></Notification>",
            "<Notification><%></Notification>", "<Notification><!--%--%--></Notification>",
            "<Notification><?xml %?></Notification>", "<?xml version=\"%\"?><Notification/>",
            "<?xml version=\"1.0\" encoding=\"%\"?><Notification/>", "<Notification/>%",
            "<PortOutValidationRequest><Pin>%</Pin><ZipCode>%</ZipCode></PortOutValidationRequest>",
            "<PortOutValidationRequest><Pin>%</Pin><AccountNumber>%<x/></AccountNumber>",
            "<PortOutValidationRequest><SubscriberName>%</SubscriberName>\u{1}",
        ]),
        presented in select(vec!["Basic %", "%", "Basic %:%", "Digest %", "Basic %=="]),
    ) {
        let body = template.replace('%', &word).into_bytes();
        let presented = presented.replace('%', &word);
        let credentials = Credentials::new(&word, &word).unwrap();
        let right = credentials.authorization();
        let key = Secret::new(&*word).unwrap();
        let porterbuddy = OrderWebhook::new(&key);
        let v2 = SubscriptionWebhook::<Vec<u8>>::new(&key);
        let signature = porterbuddy.signature().sign(&body);

        let mut all = String::new();
        for value in [right.as_bytes(), presented.as_bytes()] {
            let headers: [(&str, &[u8]); 1] = [("authorization", value)];
            let auth = || BasicAuth::from(&credentials);
            let twice = [headers[0], headers[0]];
            for headers in [&headers[..], &twice] {
                let musement = OrderItemWebhook::new(auth());
                all += &deliver(&musement, headers, &body).err().map_or(String::new(), |r| shown(&r));
                let bandwidth = NotificationWebhook::new(auth());
                all += &deliver(&bandwidth, headers, &body).err().map_or(String::new(), |r| shown(&r));
                let port_out = PortOutWebhook::new(auth(), DenialReason::InvalidRequest.into());
                all += &deliver(&port_out, headers, &body).err().map_or(String::new(), |r| shown(&r));
            }
        }
        for value in [signature.as_bytes(), presented.as_bytes()] {
            let headers = [("x-porterbuddy-hmac-sha256", value), ("x-bandwidth-signature-sha-256", value)];
            all += &deliver(&porterbuddy, &headers, &body).err().map_or(String::new(), |r| shown(&r));
            all += &deliver(&v2, &headers, &body).err().map_or(String::new(), |r| shown(&r));
        }
        let base64 = right.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        for secret in [&word, &base64, &signature] {
            prop_assert!(!all.contains(secret.as_str()), "{} in {}", secret, all);
        }
        prop_assert!(all.contains("401") && all.contains("403"));
    }
}
