//! Port-outs. Whatever becomes of an authenticated one, the answer is a 200 with
//! a `<PortOutValidationResponse>`; anything else would approve it. The questions
//! that no handler is asked go over servers, too (`tests/port_outs`).

use std::time::Duration;

use order_webhooks::bandwidth::{
    AcceptableValues, Denial, DenialReason, PortOutAnswer, PortOutValidationRequest,
    PortOutWebhook, Subscriber, Subscribers,
};
use order_webhooks::{Head, Reason, Rejection, WebhookExt as _};
use serde_json::json;

use fixtures::deliver::{Headers, deliver};
use fixtures::port_outs::{Kind, denied, questions, webhook, wrapped};
use fixtures::samples::{BANDWIDTH_USER, CHALLENGE, PORT_OUT, u_p};

const AUTHORIZED: Headers<'_> = &[("authorization", BANDWIDTH_USER.as_bytes())];

/// 401 and 405 are the only other statuses than 200; the verdict is the chosen one. What
/// could be read of a broken body goes back.
#[test]
fn a_question_without_a_handler_is_answered() {
    for question in questions() {
        let headers: Vec<_> =
            question.headers.iter().map(|(name, value)| (*name, &value[..])).collect();
        let rejection = deliver(&webhook(), question.method, &headers, &question.body).unwrap_err();
        let why = rejection.to_string();
        assert_eq!(why.strip_prefix("the body does not parse: ").unwrap_or(&why), question.why);
        let kept = (question.kind == Kind::Broken).then_some(&question.body[..]);
        assert_eq!(rejection.verified_body().map(|body| &body[..]), kept);
        answers(&rejection, question.status, &question.answer);
    }
}

/// What an adapter finds of the body.
#[test]
fn a_question_that_does_not_come_is_answered() {
    let limit = Duration::from_secs(1);
    for reason in [Reason::TooLarge { limit: 4_096 }, Reason::TooSlow { limit }, Reason::Incomplete]
    {
        let webhook = webhook();
        let pending = webhook.authenticate(&Head::new("POST", &AUTHORIZED)).unwrap();
        answers(&pending.fail(reason), 200, &denied("", ""));
    }
}

#[track_caller]
fn answers(rejection: &Rejection, status: u16, body: &str) {
    let response = rejection.to_response();
    assert_eq!(response.status(), status);
    assert_eq!(rejection.status(), status);
    assert_eq!(str::from_utf8(response.body()).unwrap(), body);
    let headers: Vec<_> =
        response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let expected = match status {
        401 => ("www-authenticate", CHALLENGE),
        405 => ("allow", "POST"),
        _ => ("content-type", "application/xml"),
    };
    assert_eq!(headers, [(expected.0, expected.1.as_bytes())]);
}

/// CVE-2017-11427, python-saml: text ended at a comment.
#[test]
fn text_in_pieces_is_read_whole() {
    let request = wrapped(
        "<Pin>0111<!-- -->2</Pin><AccountNumber>a<?p?>b</AccountNumber><TelephoneNumbers>\
         <TelephoneNumber>2223<![CDATA[331]]>000</TelephoneNumber></TelephoneNumbers>",
    );
    let request = PortOutValidationRequest::parse_unverified(&request).unwrap();
    assert_eq!(request.pin.as_deref(), Some("01112"));
    assert_eq!(request.account_number.as_deref(), Some("ab"));
    assert_eq!(request.telephone_numbers[0].as_str(), "2223331000");
}

/// CVE-2022-39353, xmldom: several roots were one document.
#[test]
fn two_documents_are_no_question() {
    let note = "<Notification><SubscriptionId>s</SubscriptionId></Notification>";
    for (body, why) in [
        (
            format!("{PORT_OUT}{note}"),
            format!("a second root element at line 1 column {}", PORT_OUT.len() + 1),
        ),
        (
            format!("{note}{PORT_OUT}"),
            "the root element is <Notification> at line 1 column 1".to_owned(),
        ),
    ] {
        let error = PortOutValidationRequest::parse_unverified(body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), why);
    }
}

#[test]
fn a_number_is_the_same_in_every_spelling() {
    let unknown = PortOutAnswer::deny(DenialReason::TelephoneNumberUnknown);
    for (number, is_ours) in [
        ("+12223331000", true),
        ("2223331000", true),
        ("222-333-1000", true),
        ("  2223331000\r\n ", true),
        ("(222)333-1000", true),
        // Digits outside ASCII, and one digit more.
        ("2223331000\u{ff11}", false),
        ("222333100\u{ff10}", false),
        ("\u{0662}223331000", false),
        ("22233310000", false),
    ] {
        let expected = if is_ours { &PortOutAnswer::Allow } else { &unknown };
        for answer in judged(number) {
            assert_eq!(codes(&answer), codes(expected), "{}", number.escape_debug());
        }
    }
}

fn codes(answer: &PortOutAnswer) -> Option<Vec<u16>> {
    match answer {
        PortOutAnswer::Allow => None,
        PortOutAnswer::Deny(denial) => Some(denial.reasons().map(DenialReason::code).collect()),
    }
}

/// Bandwidth, "Portout Validation Webhook".
#[test]
fn every_reason_has_a_code() {
    for reason in DenialReason::ALL {
        let (portable, pon, codes) = read_back(&PortOutAnswer::from(reason).to_xml(None));
        assert_eq!((&*portable, pon), ("false", None));
        let [code] = &codes[..] else { panic!("{codes:?}") };
        assert!(matches!(code.parse().unwrap(), 7510..=7519 | 7598), "{code}");
    }
}

/// The verdict of a subscriber and of a table of them on this number.
fn judged(number: &str) -> [PortOutAnswer; 2] {
    let subscriber = Subscriber::new("777", ["2223331000"]).unwrap();
    let subscribers =
        Subscribers::new([Subscriber::new("777", ["+12223331000"]).unwrap()]).unwrap();
    let body = wrapped(&format!(
        "<AccountNumber>777</AccountNumber><TelephoneNumbers><TelephoneNumber>{number}\
         </TelephoneNumber></TelephoneNumbers>"
    ));
    let request = deliver(&webhook(), "POST", AUTHORIZED, &body).unwrap();
    [subscriber.judge(&request), subscribers.judge(&request)]
}

/// Bandwidth: "failure to return any data may be considered to be equivalent to approving".
#[test]
fn every_denial_carries_a_value() {
    let number =
        "<TelephoneNumbers><TelephoneNumber>+12223331000</TelephoneNumber></TelephoneNumbers>";
    let request = PortOutValidationRequest::parse_unverified(&wrapped(number)).unwrap();
    let subscriber = || Subscriber::new("777", ["2223331001"]).unwrap();
    let subscribers = Subscribers::new([subscriber()]).unwrap();
    let bare = DenialReason::ALL.into_iter().map(PortOutAnswer::from);
    for denied in bare.chain([subscriber().judge(&request), subscribers.judge(&request)]) {
        let xml = denied.to_xml(&request);
        let document = roxmltree::Document::parse(&xml).unwrap();
        let mut nodes = document.descendants();
        let values = nodes.find(|node| node.has_tag_name("AcceptableValues")).unwrap();
        let told: Vec<_> = values
            .descendants()
            .filter(roxmltree::Node::is_text)
            .filter_map(|node| node.text())
            .collect();
        assert_eq!(told, ["+12223331000"], "{xml}");
    }
}

/// What is in the answer, read back by another XML reader: whether the number
/// is portable, the PON, and the codes.
fn read_back(xml: &str) -> (String, Option<String>, Vec<String>) {
    let document = roxmltree::Document::parse(xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "PortOutValidationResponse");
    let child = |name: &str| {
        let mut named = root.children().filter(|child| child.has_tag_name(name));
        let first = named.next().map(|child| child.text().unwrap_or_default().to_owned());
        assert_eq!(named.next(), None, "{name} twice");
        first
    };
    let codes = document.descendants().filter(|node| node.has_tag_name("Code"));
    let codes = codes.map(|code| code.text().unwrap().to_owned()).collect();
    (child("Portable").unwrap(), child("PON"), codes)
}

/// No PON and no acceptable value can turn a denial into something else.
#[test]
fn hostile_text_changes_no_verdict() {
    for hostile in [
        "</PON><Portable>true</Portable><PON>",
        "]]>",
        "<![CDATA[",
        "-->",
        "&",
        "&lt;",
        "\"'",
        "\0\x1b\u{fffe}",
        "a\r\nb",
        "",
    ] {
        let request: PortOutValidationRequest = serde_json::from_value(json!({
            "PON": hostile,
            "TelephoneNumbers": [hostile, "2223331000"],
        }))
        .unwrap();
        // XML cannot hold these at all.
        let kept = hostile.replace(['\0', '\x1b', '\u{fffe}'], "\u{fffd}");
        let values = AcceptableValues::new()
            .with_pin(hostile)
            .with_account_number(hostile)
            .with_zip_code(hostile)
            .with_subscriber_name(hostile)
            .with_telephone_numbers([hostile.into()]);
        let denial = Denial::new(DenialReason::PinInvalid)
            .and(DenialReason::CustomerMismatch)
            .accepting(values);
        let denied = PortOutAnswer::from(denial).to_xml(&request);
        let kept = Some(kept).filter(|pon| !pon.is_empty());
        let codes = vec!["7513".to_owned(), "7519".to_owned()];
        let expected = ("false".to_owned(), kept.clone(), codes);
        assert_eq!(read_back(&denied), expected, "{denied}");
        let allowed = PortOutAnswer::Allow.to_xml(&request);
        let expected = ("true".to_owned(), kept, Vec::new());
        assert_eq!(read_back(&allowed), expected, "{allowed}");
    }
}

/// What is asked for elsewhere, if no adapter is used.
#[test]
fn a_port_out_is_answered_otherwise() {
    let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
    let webhook = PortOutWebhook::new(u_p(), otherwise.clone());
    let request = PortOutValidationRequest::parse_unverified(PORT_OUT.as_bytes()).unwrap();
    assert_eq!(webhook.otherwise(&request), otherwise.answer(&request));
    assert_eq!(webhook.otherwise(None), otherwise.answer(None));
}
