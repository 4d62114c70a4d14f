//! Webhooks of other providers that sign JSON, against senders that sign the same way.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Response;
use order_webhooks::auth::{BodySignature, SignatureEncoding, SignedPart, SignedTime};
use order_webhooks::signed::{SignedEvent, SignedWebhook};
use order_webhooks::testing::{DeliveryPolicy, Forgery, Sender, Verdict};
use order_webhooks::{BasicAuth, Limits, Reason, Secret, WebhookExt as _};

const TOLERANCE: Duration = Duration::from_secs(300);

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Order {
    id: u64,
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Line {
    sku: String,
}

impl SignedEvent for Order {
    const NAME: &'static str = "acme.order";
}

const ORDER: &str = r#"{"id":7,"lines":[{"sku":"a"}],"unknown":{}}"#;

fn clock(seconds: u64) -> impl Fn() -> SystemTime {
    move || UNIX_EPOCH + Duration::from_secs(seconds)
}

fn signature(header: &str, encoding: SignatureEncoding) -> BodySignature {
    BodySignature::new(header.parse().unwrap(), encoding, &Secret::new("key").unwrap())
}

/// As each provider signs at this time.
fn providers(now: u64) -> [BodySignature; 4] {
    let dot = SignedPart::Text(".");
    let in_list = SignedPart::Time(SignedTime::in_list("t=", TOLERANCE, clock(now)));
    let header = "webhook-timestamp".parse().unwrap();
    let in_header = SignedPart::Time(SignedTime::in_header(header, TOLERANCE, clock(now)));
    let id = SignedPart::Header("webhook-id".parse().unwrap());
    [
        signature("X-Hub-Signature-256", SignatureEncoding::Hex).with_prefix("sha256="),
        signature("X-Shopify-Hmac-SHA256", SignatureEncoding::Base64),
        signature("Stripe-Signature", SignatureEncoding::Hex)
            .with_prefix("v1=")
            .in_list(',')
            .before_body([in_list, dot.clone()]),
        signature("webhook-signature", SignatureEncoding::Base64)
            .with_prefix("v1,")
            .in_list(' ')
            .before_body([id, dot.clone(), in_header, dot]),
    ]
}

fn sender(signature: BodySignature) -> Sender {
    let sender = Sender::new("/".parse().unwrap(), DeliveryPolicy::UNDOCUMENTED);
    sender.signing(signature).with_header("webhook-id", "msg_1").unwrap()
}

#[test]
fn what_each_provider_signs_is_delivered_and_no_forgery_is() {
    for signature in providers(1000) {
        let webhook = SignedWebhook::<Order>::new(signature.clone());
        let run = |delivery: order_webhooks::testing::Delivery| {
            let report = delivery.run(|request| match webhook.verify(request) {
                Ok(_) => Some(Response::new(Bytes::new())),
                Err(rejection) => Some(rejection.to_response()),
            });
            report.verdict
        };
        let delivery = sender(signature).delivery(ORDER);
        assert_eq!(run(delivery.clone()), Verdict::Delivered, "{webhook:?}");
        for forgery in Forgery::ALL {
            let verdict = run(delivery.clone().forged(forgery));
            assert_ne!(verdict, Verdict::Delivered, "{forgery:?} {webhook:?}");
        }
        let verified = webhook.verify(delivery.request().unwrap()).unwrap();
        assert_eq!(*verified, Order { id: 7, lines: vec![Line { sku: "a".into() }] });
    }
}

/// A recorded delivery is refused once its time is past, if a time is signed.
#[test]
fn a_replay_expires() {
    let later = providers(1301);
    for ((signature, later), expires) in
        providers(1000).into_iter().zip(later).zip([false, false, true, true])
    {
        let recorded = sender(signature).delivery(ORDER).request().unwrap();
        let replayed = SignedWebhook::<Order>::new(later).verify(recorded);
        let reason = replayed.err().map(|rejection| rejection.reason().clone());
        assert_eq!(reason, expires.then_some(Reason::Expired));
    }
}

#[test]
fn a_body_that_does_not_parse_is_refused_with_the_place() {
    let [signature, ..] = providers(1000);
    let webhook = SignedWebhook::<Order>::new(signature.clone());
    for (body, message) in [
        ("", "unexpected end of the document at line 1 column 1"),
        (
            r#"{"id":7,"lines":[{"sku":1}]}"#,
            "lines[0].sku: not what is expected at line 1 column 25",
        ),
        (r#"{"id":7,"lines":[],}"#, "trailing comma at line 1 column 20"),
    ] {
        let rejection = webhook
            .verify(sender(signature.clone()).delivery(body).request().unwrap())
            .unwrap_err();
        let expected = format!("the body does not parse: {message}");
        assert_eq!((rejection.status().as_u16(), rejection.reason().to_string()), (400, expected));
        assert_eq!(rejection.verified_body().map(|body| &**body), Some(body.as_bytes()));
    }
}

#[test]
fn a_body_is_read_up_to_the_limit_of_its_webhook() {
    let [signature, ..] = providers(1000);
    let limit = ORDER.len() - 1;
    for (most, reason) in [(ORDER.len(), None), (limit, Some(Reason::TooLarge { limit }))] {
        let limits = Limits::new(most, Duration::from_secs(1)).unwrap();
        let webhook = SignedWebhook::<Order>::new(signature.clone()).with_limits(limits);
        let request = sender(signature.clone()).delivery(ORDER).request().unwrap();
        let refused = webhook.verify(request).err().map(|rejection| rejection.reason().clone());
        assert_eq!(refused, reason, "{most}");
    }
}

#[test]
fn credentials_can_be_asked_for_as_well() {
    let [signature, ..] = providers(1000);
    let webhook = SignedWebhook::<Order>::new(signature.clone())
        .with_senders(BasicAuth::new("u", "p:q").unwrap());
    let request = sender(signature).delivery(ORDER).request().unwrap();
    assert_eq!(webhook.verify(request.clone()).unwrap_err().status(), 401);
    let mut request = request;
    request.headers_mut().insert("authorization", "Basic dTpwOnE=".parse().unwrap());
    assert!(webhook.verify(request).is_ok());
}

#[test]
fn debug_shows_no_key() {
    let [_, _, stripe, standard] = providers(1000);
    assert_eq!(
        format!("{stripe:?}"),
        "BodySignature { header: \"stripe-signature\", encoding: Hex, keys: 1, .. }"
    );
    assert_eq!(
        format!("{standard:?}"),
        "BodySignature { header: \"webhook-signature\", encoding: Base64, keys: 1, .. }"
    );
    let time = SignedTime::in_list("t=", TOLERANCE, clock(1000));
    let shown = "SignedTime { place: List(\"t=\"), tolerance: 300s, .. }";
    assert_eq!(format!("{time:?}"), shown);
}
