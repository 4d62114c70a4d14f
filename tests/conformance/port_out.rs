//! Port-outs. Whatever becomes of an authenticated one, the answer is a 200 with
//! a `<PortOutValidationResponse>`; anything else would approve it.

use order_webhooks::bandwidth::{
    AcceptableValues, Denial, DenialReason, PortOutAnswer, PortOutValidationRequest,
    PortOutWebhook, Subscriber, Subscribers,
};
use order_webhooks::{BasicAuth, Head, Limits, Reason, Receive as _, Rejection};
use serde_json::json;
use std::time::Duration;

use crate::{CHALLENGE, Headers, deliver};

const SAMPLE: &[u8] = include_bytes!("../data/bandwidth/port-out.xml");
const AUTHORIZED: Headers<'_> = &[("authorization", b"Basic dTpw")];

fn webhook() -> PortOutWebhook {
    let limits = Limits::new(4_096, Duration::from_secs(1)).unwrap();
    let auth = BasicAuth::new("u", "p").unwrap();
    PortOutWebhook::new(auth, DenialReason::InvalidRequest.into()).with_limits(limits)
}

/// A denial with 7598, and the PON and the numbers if they could be read.
fn denied(pon: &str, numbers: &str) -> String {
    let values = match numbers {
        "" => String::new(),
        numbers => format!("<AcceptableValues>{numbers}</AcceptableValues>"),
    };
    format!(
        "<?xml version=\"1.0\"?><PortOutValidationResponse><Portable>false</Portable>{pon}<Errors>\
         <Error><Code>7598</Code><Description>Invalid request</Description></Error></Errors>\
         {values}</PortOutValidationResponse>"
    )
}

#[track_caller]
fn check_denial(rejection: &Rejection, pon: &str, numbers: &str) {
    let response = rejection.to_response();
    assert_eq!(response.status(), 200);
    assert_eq!(rejection.status(), 200);
    assert_eq!(str::from_utf8(response.body()).unwrap(), denied(pon, numbers));
    let headers: Vec<_> = response.headers().iter().collect();
    assert_eq!(headers.len(), 1);
    assert_eq!(response.headers()["content-type"], "application/xml");
}

fn wrapped(elements: &str) -> Vec<u8> {
    format!("<PortOutValidationRequest>{elements}</PortOutValidationRequest>").into_bytes()
}

#[test]
fn what_does_not_parse_is_denied() {
    let number = "<TelephoneNumbers><TelephoneNumber>1</TelephoneNumber></TelephoneNumbers>";
    let pon = "<PON>some_pon</PON>";
    let two_numbers = number
        .replace("</TelephoneNumbers>", "<TelephoneNumber>1</TelephoneNumber></TelephoneNumbers>");
    let two_roots = [SAMPLE, SAMPLE].concat();
    let sample_numbers = "<TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber>\
                          <TelephoneNumber>2223331001</TelephoneNumber></TelephoneNumbers>";
    let long = wrapped(&format!("{pon}{}", " ".repeat(4_096)));
    for (body, why, shown, numbers) in [
        (&b""[..], "unexpected end of the document at line 1 column 1", "", ""),
        (b"{}", "text outside the root element at line 1 column 1", "", ""),
        (b"\xff\xfe", "encoding is not UTF-8 at line 1 column 1", "", ""),
        (b"<!DOCTYPE a>", "document type declarations are refused at line 1 column 1", "", ""),
        (b"<Notification/>", "the root element is <Notification> at line 1 column 1", "", ""),
        (&wrapped(""), "TelephoneNumber: missing at line 1 column 27", "", ""),
        (&wrapped(pon), "TelephoneNumber: missing at line 1 column 46", pon, ""),
        (
            &wrapped(&format!("{pon}<TelephoneNumbers/>")),
            "TelephoneNumber: missing at line 1 column 65",
            pon,
            "",
        ),
        (
            &wrapped(&format!(
                "{pon}<TelephoneNumbers><TelephoneNumber> </TelephoneNumber></TelephoneNumbers>"
            )),
            "TelephoneNumber: missing at line 1 column 119",
            pon,
            "",
        ),
        (
            &wrapped(&format!("{pon}{number}{number}")),
            "TelephoneNumbers: given twice at line 1 column 119",
            pon,
            &two_numbers,
        ),
        (&wrapped(&format!("{pon}<Pin/><Pin/>")), "Pin: given twice at line 1 column 52", pon, ""),
        (
            &wrapped(&format!("{pon}{number}<x></y>")),
            "an end tag of another element at line 1 column 122",
            pon,
            number,
        ),
        // Of two PONs neither can be trusted to be right; the first goes back.
        (
            &wrapped(&format!("{pon}<PON>b</PON>{number}")),
            "PON: given twice at line 1 column 46",
            pon,
            number,
        ),
        (
            &wrapped("<PON>&e;</PON>"),
            "PON: an entity that is not predefined at line 1 column 32",
            "",
            "",
        ),
        (&wrapped("<PON><a/></PON>"), "PON: not text at line 1 column 32", "", ""),
        (&two_roots, "a second root element at line 1 column 363", pon, sample_numbers),
    ] {
        let rejection = deliver(&webhook(), "POST", AUTHORIZED, body).unwrap_err();
        assert_eq!(rejection.to_string(), format!("the body does not parse: {why}"));
        check_denial(&rejection, shown, numbers);
        assert_eq!(rejection.verified_body().unwrap(), body);
    }
    for (headers, body, why) in [
        (AUTHORIZED, &long[..], "the body is longer than 4096 bytes"),
        (&[AUTHORIZED[0], ("content-encoding", b"gzip")][..], SAMPLE, "the body is encoded"),
    ] {
        let rejection = deliver(&webhook(), "POST", headers, body).unwrap_err();
        assert_eq!(rejection.to_string(), why);
        check_denial(&rejection, "", "");
        assert_eq!(rejection.verified_body(), None);
    }
    let limit = Duration::from_secs(1);
    for reason in [Reason::TooLarge { limit: 4_096 }, Reason::TooSlow { limit }, Reason::Incomplete]
    {
        let webhook = webhook();
        let pending = webhook.authenticate(&Head::new("POST", &AUTHORIZED)).unwrap();
        check_denial(&pending.fail(reason), "", "");
    }
}

/// Bandwidth approves on a 4xx, so whoever shows an `Authorization` gets the
/// chosen verdict. It says nothing about a number.
#[test]
fn refused_credentials_get_the_chosen_verdict() {
    for (headers, reason) in [
        (
            &[("authorization", &b"Basic dTpx"[..])][..],
            "credentials refused: not the expected ones",
        ),
        (&[("authorization", b"Basic dQ==")], "credentials refused: malformed"),
        (&[("authorization", b"Bearer x")], "credentials refused: another scheme than Basic"),
        (&[AUTHORIZED[0], AUTHORIZED[0]], "header authorization given more than once"),
    ] {
        let rejection = deliver(&webhook(), "POST", headers, SAMPLE).unwrap_err();
        assert_eq!(rejection.to_string(), reason);
        assert_eq!(rejection.verified_body(), None);
        check_denial(&rejection, "", "");
    }
}

#[test]
fn a_bare_request_is_asked_and_another_method_refused() {
    for (method, headers, status, reason) in [
        ("GET", AUTHORIZED, 405, "the method is not POST"),
        ("POST", &[][..], 401, "asked for credentials"),
    ] {
        let rejection = deliver(&webhook(), method, headers, SAMPLE).unwrap_err();
        assert_eq!(rejection.to_string(), reason);
        let response = rejection.to_response();
        assert_eq!((response.status().as_u16(), &response.body()[..]), (status, &b""[..]));
        let challenge = response.headers().get("www-authenticate");
        assert_eq!(challenge.is_some_and(|value| value == CHALLENGE), status == 401);
    }
}

#[test]
fn zeros_stay() {
    let body = wrapped(
        "<Pin> 0011 </Pin><AccountNumber>007</AccountNumber><ZipCode>02154</ZipCode>\
         <TelephoneNumbers><TelephoneNumber>0123456789</TelephoneNumber></TelephoneNumbers>",
    );
    let request = deliver(&webhook(), "POST", AUTHORIZED, &body).unwrap();
    assert_eq!(request.pin(), Some("0011"));
    assert_eq!(request.account_number(), Some("007"));
    assert_eq!(request.zip_code(), Some("02154"));
    assert_eq!(request.telephone_numbers()[0].as_str(), "0123456789");
    assert_eq!(request.irregular_elements().count(), 0);
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
fn an_answer_means_what_it_says_whatever_is_in_it() {
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
            "TelephoneNumbers": [hostile],
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
        assert_eq!(read_back(&denied), ("false".to_owned(), kept.clone(), codes));
        let allowed = PortOutAnswer::Allow.to_xml(&request);
        assert_eq!(read_back(&allowed), ("true".to_owned(), kept, Vec::new()));
    }
}

/// Every code that can be said is one that Bandwidth recognises, and a denial
/// has at least one.
#[test]
fn every_denial_has_a_recognised_code() {
    for reason in DenialReason::ALL {
        let (portable, pon, codes) = read_back(&PortOutAnswer::from(reason).to_xml(None));
        assert_eq!((&*portable, pon), ("false", None));
        let [code] = &codes[..] else { panic!("{codes:?}") };
        assert!(matches!(code.parse().unwrap(), 7510..=7519 | 7598), "{code}");
    }
}

#[test]
fn debug_shows_the_pon_and_no_customer_data() {
    let request = PortOutValidationRequest::parse_unverified(SAMPLE).unwrap();
    let shown = format!("{request:?}");
    assert_eq!(
        shown,
        "PortOutValidationRequest { pon: Some(\"some_pon\"), telephone_numbers: 2, .. }"
    );
}

/// "Failure to return any data may be considered to be equivalent to approving".
#[test]
fn every_denial_of_a_request_that_was_read_carries_a_value() {
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

/// In whatever way a number is written, it is the customer's.
#[test]
fn one_number_in_every_spelling() {
    let subscriber = Subscriber::new("777", ["2223331000"]).unwrap();
    let subscribers =
        Subscribers::new([Subscriber::new("777", ["+12223331000"]).unwrap()]).unwrap();
    let judge = |number: &str| {
        let body = wrapped(&format!(
            "<AccountNumber>777</AccountNumber><TelephoneNumbers><TelephoneNumber>{number}\
             </TelephoneNumber></TelephoneNumbers>"
        ));
        let request = deliver(&webhook(), "POST", AUTHORIZED, &body).unwrap();
        [subscriber.judge(&request), subscribers.judge(&request)]
    };
    for number in
        ["+12223331000", "2223331000", "222-333-1000", "  2223331000\r\n ", "(222)333-1000"]
    {
        assert_eq!(judge(number), [PortOutAnswer::Allow, PortOutAnswer::Allow], "{number}");
    }
    // Digits outside ASCII are no digits.
    for number in ["2223331000\u{ff11}", "222333100\u{ff10}", "\u{0662}223331000", "22233310000"] {
        for answer in judge(number) {
            let PortOutAnswer::Deny(denial) = answer else { panic!("{number}") };
            let reasons: Vec<_> = denial.reasons().collect();
            assert_eq!(reasons, [DenialReason::TelephoneNumberUnknown], "{number}");
        }
    }
}
