//! The cost of a body is linear in its length, whoever wrote it.
//!
//! Heap allocations are counted and, where valgrind is installed, instructions:
//! `cargo test --test costs -- --ignored`. Neither depends on how fast or how busy the
//! machine is.

use std::process::Command;

use allocation_counter::measure;
use order_webhooks::auth::{BodySignature, SignatureEncoding};
use order_webhooks::bandwidth::{Notification, PortOutValidationRequest};
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::OrderStatusUpdate;

use fixtures::samples::{john_smith, secret};

/// The work on a body, and how a body of about this many bytes is made.
struct Case {
    name: &'static str,
    work: fn(&[u8]),
    body: fn(usize) -> String,
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { name: "verification", work: verify, body: |n| "x".repeat(n) },
    Case { name: "credentials of the right form", work: check, body: |n| format!("Basic {}", "eDp5".repeat(n / 4)) },
    Case { name: "credentials of spaces", work: check, body: |n| format!("Basic {}", " ".repeat(n)) },

    Case { name: "json: a long status", work: json, body: |n| item(&"x".repeat(n), "") },
    Case { name: "json: a status of escapes", work: json, body: |n| item(&r"\u00e9".repeat(n / 6), "") },
    Case { name: "json: a status of two-byte characters", work: json, body: |n| item(&"é".repeat(n / 2), "") },
    Case { name: "json: escapes in many unread fields", work: json, body: |n| item("OK", &r#","\n":"\n""#.repeat(n / 10)) },
    Case { name: "json: many unread fields", work: json, body: |n| item("OK", &r#","x":"y""#.repeat(n / 8)) },
    Case { name: "json: many unread objects", work: json, body: |n| item("OK", &r#","x":{"y":[1]}"#.repeat(n / 14)) },
    Case { name: "json: a long list", work: json, body: |n| item("OK", &format!(r#","x":[1{}]"#, ",1".repeat(n / 2))) },
    Case { name: "json: lists just deep enough", work: json, body: |n| item("OK", &format!(r#","x":{}1{}"#, "[".repeat(100), "]".repeat(100)).repeat(n / 206)) },
    Case { name: "json: too deep", work: json, body: |n| "[".repeat(n) },
    Case { name: "json: too deep in a field", work: json, body: |n| item("OK", &format!(r#","x":{}"#, r#"{"a":"#.repeat(n / 5))) },
    Case { name: "json: a long number", work: json, body: |n| item("OK", &format!(r#","x":{}"#, "1".repeat(n))) },
    Case { name: "json: a long fraction", work: json, body: |n| item("OK", &format!(r#","x":0.{}"#, "1".repeat(n))) },
    Case { name: "json: a long exponent", work: json, body: |n| item("OK", &format!(r#","x":1e{}"#, "1".repeat(n))) },
    Case { name: "json: a long key", work: json, body: |n| item("OK", &format!(r#","{}":1"#, "k".repeat(n))) },
    Case { name: "json: white space", work: json, body: |n| item("OK", &" \n".repeat(n / 2)) },
    Case { name: "json: lines, and then a mistake", work: json, body: |n| format!("{}x", item("OK", &"\n".repeat(n))) },
    Case { name: "json: many fields, and then a mistake", work: json, body: |n| item("OK", &format!("{},", r#","x":{"y":[1]}"#.repeat(n / 14))) },
    Case { name: "json: a string without an end", work: json, body: |n| format!(r#"{{"order_id":"{}"#, "x".repeat(n)) },
    Case { name: "json: backslashes without an end", work: json, body: |n| format!(r#"{{"order_id":"{}"#, r"\\".repeat(n / 2)) },
    Case { name: "json: a long time", work: json, body: |n| format!(r#"{{"orderId":"1","orderStatus":"ready","statusUpdatedAt":"2021-06-08T12:16:40.{}Z"}}"#, "3".repeat(n)) },

    Case { name: "xml: numbers", work: xml, body: |n| numbers(&"<TelephoneNumber>2223331000</TelephoneNumber>".repeat(n / 45)) },
    Case { name: "xml: numbers, indented", work: xml, body: |n| numbers(&"\n    <TelephoneNumber> 2223331000 </TelephoneNumber>".repeat(n / 52)) },
    Case { name: "xml: numbers that need a second look", work: xml, body: |n| numbers(&"<TelephoneNumber a='b'>&#50;<!---->3</TelephoneNumber >".repeat(n / 54)) },
    Case { name: "xml: unknown elements", work: xml, body: |n| numbers(&"<a><b/>c</a>".repeat(n / 12)) },
    Case { name: "xml: unknown elements of many names", work: xml, body: |n| numbers(&(0..n / 12).map(|i| format!("<a{i:07}/>")).collect::<String>()) },
    Case { name: "xml: deep, and again", work: xml, body: |n| numbers(&format!("{}{}", "<a>".repeat(100), "</a>".repeat(100)).repeat(n / 700)) },
    Case { name: "xml: too deep", work: xml, body: |n| "<a>".repeat(n / 3) },
    Case { name: "xml: long text", work: xml, body: |n| message(&"x".repeat(n)) },
    Case { name: "xml: references", work: xml, body: |n| message(&"&amp;".repeat(n / 5)) },
    Case { name: "xml: numeric references", work: xml, body: |n| message(&"&#233;".repeat(n / 6)) },
    Case { name: "xml: a long reference", work: xml, body: |n| message(&format!("&#{}33;", "0".repeat(n))) },
    Case { name: "xml: a long entity", work: xml, body: |n| message(&format!("&{};", "a".repeat(n))) },
    Case { name: "xml: carriage returns", work: xml, body: |n| message(&"x\r".repeat(n / 2)) },
    Case { name: "xml: brackets", work: xml, body: |n| message(&"]".repeat(n)) },
    Case { name: "xml: text in small pieces", work: xml, body: |n| message(&"a<![CDATA[b]]><!---->".repeat(n / 21)) },
    Case { name: "xml: a long CDATA section", work: xml, body: |n| message(&format!("<![CDATA[{}]]>", "]]\r".repeat(n / 3))) },
    Case { name: "xml: white space", work: xml, body: |n| message(&" ".repeat(n)) },
    Case { name: "xml: white space around a reference", work: xml, body: |n| message(&format!("{0}&#32;{0}", " ".repeat(n / 2))) },
    Case { name: "xml: a long comment", work: xml, body: |n| numbers(&format!("<!--{}-->", "- ".repeat(n / 2))) },
    Case { name: "xml: many instructions", work: xml, body: |n| numbers(&"<?a b?>".repeat(n / 7)) },
    Case { name: "xml: many declarations", work: xml, body: |n| format!("{}{}", "<?xml encoding='x'?>".repeat(n / 20), numbers("")) },
    Case { name: "xml: a long attribute", work: xml, body: |n| numbers(&format!("<a b='{}'/>", "&lt;".repeat(n / 4))) },
    Case { name: "xml: as many attributes as there can be", work: xml, body: |n| numbers(&attributes(64).repeat(n / 520)) },
    Case { name: "xml: too many attributes", work: xml, body: |n| numbers(&attributes(n / 8)) },
    Case { name: "xml: a long name", work: xml, body: |n| numbers(&format!("<{0}></{0}>", "a".repeat(n / 2))) },
    Case { name: "xml: a long name in two-byte characters", work: xml, body: |n| numbers(&format!("<{0}></{0}>", "é".repeat(n / 4))) },
    Case { name: "xml: a tag without an end", work: xml, body: |n| numbers(&format!("<{}", "a ".repeat(n / 2))) },
    Case { name: "xml: a comment without an end", work: xml, body: |n| numbers(&format!("<!--{}", "x".repeat(n))) },
    Case { name: "xml: a CDATA section without an end", work: xml, body: |n| message(&format!("<![CDATA[{}", "]]".repeat(n / 2))) },
    Case { name: "xml: another root", work: xml, body: |n| format!("<{}/>", "a".repeat(n)) },
    Case { name: "xml: numbers to port out", work: port_out, body: |n| format!("<PortOutValidationRequest><TelephoneNumbers>{}</TelephoneNumbers></PortOutValidationRequest>", "<TelephoneNumber>2223331000</TelephoneNumber>".repeat(n / 45)) },
];

fn item(status: &str, more: &str) -> String {
    format!(
        r#"{{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"{status}"{more}}}"#
    )
}

fn numbers(content: &str) -> String {
    format!(
        "<Notification><SubscriptionId>1</SubscriptionId><CompletedTelephoneNumbers>{content}\
         </CompletedTelephoneNumbers></Notification>"
    )
}

fn message(content: &str) -> String {
    format!(
        "<Notification><SubscriptionId>1</SubscriptionId><Message>{content}</Message></Notification>"
    )
}

fn attributes(count: usize) -> String {
    let attributes: String = (0..count).map(|at| format!(" a{at:02}='b'")).collect();
    format!("<a{attributes}/>")
}

fn verify(body: &[u8]) {
    let header = http::HeaderName::from_static("x-signature");
    let key = secret("key");
    let signed = BodySignature::new(header, SignatureEncoding::Base64, &key);
    let headers = [("x-signature", signed.sign(body))];
    let signature = signed.read(&order_webhooks::Head::new("POST", &headers)).unwrap();
    signed.verify(&signature, body).unwrap();
}

fn check(value: &[u8]) {
    let auth = john_smith();
    let _ = std::hint::black_box(auth.check(value));
}

/// An error is written as well, as a log would write it.
fn outcome<T>(parsed: Result<T, order_webhooks::ParseError>) {
    drop(std::hint::black_box(parsed.map_err(|error| error.to_string())));
}

fn json(body: &[u8]) {
    outcome(OrderItemUpdate::parse_unverified(body));
    outcome(OrderStatusUpdate::parse_unverified(body));
}

fn xml(body: &[u8]) {
    outcome(Notification::parse_unverified(body));
}

fn port_out(body: &[u8]) {
    outcome(PortOutValidationRequest::parse_unverified(body));
}

/// The lengths that are compared: each is twice the one before.
const LENGTHS: [usize; 3] = [1 << 15, 1 << 16, 1 << 17];

/// What a doubling adds doubles with it, and does not grow four times as it
/// would if the work were quadratic.
#[track_caller]
fn assert_linear(name: &str, counted: [u64; 3], negligible: u64) {
    let [first, second, third] = counted;
    let (added, then) = (second.saturating_sub(first), third.saturating_sub(second));
    assert!(then <= added.saturating_mul(5) / 2 + negligible, "{name}: {counted:?}");
}

#[test]
fn the_heap_gives_in_proportion() {
    for Case { name, work, body } in CASES {
        let given = LENGTHS.map(|length| {
            let body = body(length);
            measure(|| work(body.as_bytes()))
        });
        assert_linear(name, given.map(|given| given.bytes_total), 1 << 10);
        assert_linear(name, given.map(|given| given.count_total), 16);
        let most = given[2].bytes_max;
        // The most is for the places of the entries of an object that is refused, in a
        // list while it grows: 16 bytes for a key and 16 for a value, of 8 bytes in the body.
        assert!(most <= 13 * LENGTHS[2] as u64, "{name}: {most} bytes at once");
    }
}

const CASE: &str = "LINEAR_CASE";

#[test]
#[ignore = "needs valgrind, and a minute"]
fn instructions_are_in_proportion() {
    for (number, case) in CASES.iter().enumerate() {
        let counted = LENGTHS.map(|length| instructions(number, length));
        println!("{}: {counted:?}", case.name);
        // One for every two bytes: an early refusal, and what differs from run to run.
        assert_linear(case.name, counted, 1 << 15);
    }
}

/// The instructions of one case, and of the start of a process, in a process of
/// its own.
fn instructions(case: usize, length: usize) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "linear::one_case", "--ignored", "--test-threads=1"])
        .env(CASE, format!("{case} {length}"))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let counted = told.lines().find_map(|line| line.split_once("Collected : "));
    counted.unwrap_or_else(|| panic!("{told}")).1.trim().parse().unwrap()
}

#[test]
#[ignore = "called by `instructions`"]
fn one_case() {
    let Ok(asked) = std::env::var(CASE) else { return };
    let (case, length) = asked.split_once(' ').unwrap();
    let Case { work, body, .. } = &CASES[case.parse::<usize>().unwrap()];
    work(body(length.parse().unwrap()).as_bytes());
}
