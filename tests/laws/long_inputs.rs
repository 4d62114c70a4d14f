//! Work is linear in the input: half a megabyte of whatever form is read or
//! refused at once. `tests/costs` counts the work of the same forms and more.

use super::xml::{END, MESSAGE_AT, START, bare, quickly, with};
use fixtures::law::{Cases, Law, row};
use serde_json::Value;

const TABLE: &str = "CONFORMANCE, XML";
const QUICK: &str = "read, below 50 ms as it is shipped";
const TOO_DEEP: &str = "nested too deeply";

pub(crate) const LAW: Law = Law {
    title: "Law 6, work is linear: 500 KB of anything",
    rows: &[
        row("50,000 attributes", QUICK, "RUSTSEC-2026-0194, quick-xml: quadratic", |cases| {
            attributes(cases, " a", "=''");
            attributes(cases, " a", "='b'");
        }),
        row("50,000 `xmlns:`", QUICK, "RUSTSEC-2026-0195, quick-xml: without a limit", |cases| {
            attributes(cases, " xmlns:n", "=''");
            attributes(cases, " xmlns:p", "='u'");
        }),
        row("10,000 telephone numbers", QUICK, TABLE, |cases| {
            let numbers = "<TelephoneNumber>2223331000</TelephoneNumber>".repeat(10_000);
            let list = format!("<CompletedTelephoneNumbers>{numbers}</CompletedTelephoneNumbers>");
            let event = quickly(&with(&list)).unwrap();
            let count = event["CompletedTelephoneNumbers"].as_array().unwrap().len();
            cases.of("numbers", if count == 10_000 { QUICK } else { "not all of them" });
        }),
        row(
            "70,000 comments, 120,000 elements, a name of 250,000 characters",
            QUICK,
            TABLE,
            |cases| {
                unread(cases, &"<!---->".repeat(70_000));
                unread(cases, &"<a/>".repeat(120_000));
                let name = "n".repeat(250_000);
                unread(cases, &format!("<{name}></{name}>"));
            },
        ),
        row("100,000 references, 500,000 `]`", QUICK, TABLE, |cases| {
            text(cases, &"&amp;".repeat(100_000), &"&".repeat(100_000));
            let brackets = "]".repeat(500_000);
            text(cases, &brackets, &brackets);
            text(cases, &format!("<![CDATA[{brackets}]]>"), &brackets);
        }),
        row(
            "much white space, and many `]>`",
            QUICK,
            "CVE-2024-41123, REXML: quadratic",
            |cases| {
                let ends = "]>".repeat(1_000);
                text(cases, &format!("{}{ends}", " ".repeat(500_000)), &ends);
            },
        ),
        row("many `<`, `0` and `%>`", TOO_DEEP, "CVE-2024-39908, REXML: quadratic", |cases| {
            let content = format!("<Message>{}</Message>", "<0%>".repeat(125_000));
            let why =
                format!("Message: nested too deeply at line 1 column {}", MESSAGE_AT + 126 * 4 + 1);
            refused(cases, &content, &why);
        }),
        row(
            "200 elements deep, with attributes of one local name in each",
            TOO_DEEP,
            "CVE-2024-43398, REXML: quadratic",
            |cases| {
                let content = "<a x='1' p:x='2'>".repeat(200);
                let at = START.len() + 127 * "<a x='1' p:x='2'>".len();
                refused(cases, &content, &format!("nested too deeply at line 1 column {}", at + 1));
            },
        ),
        row("100,000 elements deep", TOO_DEEP, TABLE, |cases| {
            let content = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
            let at = START.len() + 127 * 3;
            refused(cases, &content, &format!("nested too deeply at line 1 column {}", at + 1));
        }),
    ],
};

fn read(outcome: Result<Value, String>, expected: &Value) -> String {
    match outcome {
        Ok(event) if event == *expected => QUICK.to_owned(),
        Ok(event) => format!("{event:.200}"),
        Err(refused) => refused,
    }
}

/// Elements that are not read.
fn unread(cases: &mut Cases, elements: &str) {
    cases.of(format!("{elements:.40}"), read(quickly(&with(elements)), &bare()));
}

fn attributes(cases: &mut Cases, before: &str, after: &str) {
    let all: Vec<_> = (0..50_000).map(|n| format!("{before}{n}{after}")).collect();
    unread(cases, &format!("<a{}/>", all.concat()));
}

fn text(cases: &mut Cases, content: &str, expected: &str) {
    let mut event = bare();
    event["Message"] = expected.into();
    let body = format!("{START}<Message>{content}</Message>{END}");
    cases.of(format!("{content:.40}"), read(quickly(&body), &event));
}

fn refused(cases: &mut Cases, content: &str, why: &str) {
    let refused = quickly(&with(content)).unwrap_err();
    cases.of(format!("{content:.40}"), if refused == why { TOO_DEEP } else { &refused });
}

#[test]
fn half_a_megabyte_is_read_or_refused_at_once() {
    LAW.holds();
}
