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
use fixtures::law::{Cases, Law, row, shown, so_if};
use fixtures::port_outs::{Kind, denied, questions, webhook, wrapped};
use fixtures::samples::{BANDWIDTH_USER, CHALLENGE, PORT_OUT, u_p};

const AUTHORIZED: Headers<'_> = &[("authorization", BANDWIDTH_USER.as_bytes())];

const TABLE: &str = "CONFORMANCE, Port-outs";
const DENIED: &str = "200, `Portable` false, 7598: the verdict that was chosen";
const READ: &str = "one piece, as it was written";
const OURS: &str = "the same number to `Subscriber` and to `Subscribers`";
const NOT_OURS: &str = "7510, another number";
const CARRIES: &str = "a denial with the number in `AcceptableValues`";
const MEANT: &str = "the same verdict, codes and PON, read by another reader";

pub(crate) const LAW: Law = Law {
    title: "Bandwidth, port-outs: every POST that shows an `Authorization` is answered",
    rows: &[
        row("no `Authorization`", "401 with the challenge, no body", TABLE, |cases| {
            of(cases, Kind::Bare);
        }),
        row(
            "another method than POST",
            "405 with `Allow: POST`, no body",
            "DESIGN, Port-out answers",
            |cases| of(cases, Kind::OtherMethod),
        ),
        row(
            "wrong or malformed credentials, another scheme, `Authorization` twice",
            DENIED,
            TABLE,
            |cases| of(cases, Kind::Refused),
        ),
        row("right credentials, a body that is too large or encoded", DENIED, TABLE, |cases| {
            of(cases, Kind::NotRead);
        }),
        row("… that is too large, too slow or cut short on the way", DENIED, TABLE, |cases| {
            let limit = Duration::from_secs(1);
            for reason in
                [Reason::TooLarge { limit: 4_096 }, Reason::TooSlow { limit }, Reason::Incomplete]
            {
                let webhook = webhook();
                let pending = webhook.authenticate(&Head::new("POST", &AUTHORIZED)).unwrap();
                let shown = reason.to_string();
                cases.of(shown, verdict(&pending.fail(reason), &denied("", "")));
            }
        }),
        row(
            "… that is broken in any way: what could be read of it goes back",
            DENIED,
            TABLE,
            |cases| of(cases, Kind::Broken),
        ),
        row(
            "PIN, account and number in pieces: comments, CDATA, instructions",
            READ,
            "CVE-2017-11427, python-saml: text ended at a comment",
            |cases| {
                let request = wrapped(
                    "<Pin>0111<!-- -->2</Pin><AccountNumber>a<?p?>b</AccountNumber><TelephoneNumbers>\
                 <TelephoneNumber>2223<![CDATA[331]]>000</TelephoneNumber></TelephoneNumbers>",
                );
                let request = PortOutValidationRequest::parse_unverified(&request).unwrap();
                let number = request
                    .telephone_numbers
                    .first()
                    .map(order_webhooks::bandwidth::TelephoneNumber::as_str);
                for (read, whole) in [
                    (request.pin.as_deref(), "01112"),
                    (request.account_number.as_deref(), "ab"),
                    (number, "2223331000"),
                ] {
                    cases.of(whole, so_if(read == Some(whole), READ, format!("{read:?}")));
                }
            },
        ),
        row(
            "two documents in one, in either order",
            "400 the first root counts, and the second is refused",
            "CVE-2022-39353, xmldom: several roots were one document",
            |cases| {
                let note = "<Notification><SubscriptionId>s</SubscriptionId></Notification>";
                let behind =
                    format!("a second root element at line 1 column {}", PORT_OUT.len() + 1);
                let before = "the root element is <Notification> at line 1 column 1".to_owned();
                for (body, why) in
                    [(format!("{PORT_OUT}{note}"), behind), (format!("{note}{PORT_OUT}"), before)]
                {
                    let error =
                        PortOutValidationRequest::parse_unverified(body.as_bytes()).unwrap_err();
                    let is_so = error.to_string() == why;
                    cases.of(
                        why,
                        so_if(is_so, "400 the first root counts, and the second is refused", error),
                    );
                }
            },
        ),
        row(
            "`+12223331000`, `2223331000`, `222-333-1000`, `(222)333-1000`, padded",
            OURS,
            TABLE,
            |cases| {
                let spellings = [
                    "+12223331000",
                    "2223331000",
                    "222-333-1000",
                    "  2223331000\r\n ",
                    "(222)333-1000",
                ];
                for number in spellings {
                    let answers = judged(number);
                    let allowed = answers == [PortOutAnswer::Allow, PortOutAnswer::Allow];
                    cases.of(number.escape_debug(), so_if(allowed, OURS, format!("{answers:?}")));
                }
            },
        ),
        row("digits outside ASCII, a digit more", NOT_OURS, TABLE, |cases| {
            let others =
                ["2223331000\u{ff11}", "222333100\u{ff10}", "\u{0662}223331000", "22233310000"];
            for number in others {
                for answer in judged(number) {
                    let PortOutAnswer::Deny(denial) = answer else { panic!("{number}") };
                    let reasons: Vec<_> = denial.reasons().collect();
                    let unknown = reasons == [DenialReason::TelephoneNumberUnknown];
                    cases.of(number, so_if(unknown, NOT_OURS, format!("{reasons:?}")));
                }
            }
        }),
        row(
            "every denial that the crate makes from a request that was read",
            CARRIES,
            "Bandwidth: \"failure to return any data may be considered to be equivalent to approving\"",
            every_denial_carries_a_value,
        ),
        row(
            "every reason, without a request",
            "one code of 7510 to 7519 and 7598",
            "Bandwidth, \"Portout Validation Webhook\"",
            |cases| {
                for reason in DenialReason::ALL {
                    let (portable, pon, codes) =
                        read_back(&PortOutAnswer::from(reason).to_xml(None));
                    assert_eq!((&*portable, pon), ("false", None));
                    let [code] = &codes[..] else { panic!("{codes:?}") };
                    let known = matches!(code.parse().unwrap(), 7510..=7519 | 7598);
                    cases.of(code, so_if(known, "one code of 7510 to 7519 and 7598", code));
                }
            },
        ),
        row(
            "a PON, PIN or name with `</PON><Portable>true</Portable>`, `]]>`, `&`, NUL",
            MEANT,
            "DESIGN, Port-out answers",
            hostile_texts,
        ),
    ],
};

#[test]
fn every_question_is_answered() {
    LAW.holds();
}

/// The questions of this kind, to the plain webhook.
fn of(cases: &mut Cases, kind: Kind) {
    for question in questions().iter().filter(|question| question.kind == kind) {
        let headers: Vec<_> =
            question.headers.iter().map(|(name, value)| (*name, &value[..])).collect();
        let rejection = deliver(&webhook(), question.method, &headers, &question.body).unwrap_err();
        let why = rejection.to_string();
        let read = why.strip_prefix("the body does not parse: ");
        assert_eq!(read.unwrap_or(&why), question.why);
        let kept = (kind == Kind::Broken).then_some(&question.body[..]);
        assert_eq!(rejection.verified_body().map(|body| &body[..]), kept);
        assert_eq!(rejection.to_response().status(), question.status);
        cases.of(shown(&question.body), verdict(&rejection, &question.answer));
    }
}

/// What the answer is, if it is this one.
fn verdict(rejection: &Rejection, answer: &str) -> String {
    let response = rejection.to_response();
    assert_eq!(response.status(), rejection.status());
    assert_eq!(str::from_utf8(response.body()).unwrap(), answer);
    let headers: Vec<_> = response.headers().iter().collect();
    assert_eq!(headers.len(), 1);
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    match response.status().as_u16() {
        200 => {
            assert_eq!(header("content-type"), Some("application/xml"));
            DENIED.to_owned()
        }
        401 if header("www-authenticate") == Some(CHALLENGE) => {
            "401 with the challenge, no body".to_owned()
        }
        405 if header("allow") == Some("POST") => "405 with `Allow: POST`, no body".to_owned(),
        _ => format!("{response:?}"),
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

fn every_denial_carries_a_value(cases: &mut Cases) {
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
        cases.of(format!("{denied:?}"), so_if(told == ["+12223331000"], CARRIES, &xml));
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
fn hostile_texts(cases: &mut Cases) {
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
        cases.of(hostile.escape_debug(), so_if(read_back(&denied) == expected, MEANT, &denied));
        let allowed = PortOutAnswer::Allow.to_xml(&request);
        let expected = ("true".to_owned(), kept, Vec::new());
        cases.of(hostile.escape_debug(), so_if(read_back(&allowed) == expected, MEANT, &allowed));
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
