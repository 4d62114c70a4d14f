//! Half a megabyte of whatever form is read or refused. That the work is linear is
//! counted in `tests/costs`.

use super::xml::{END, MESSAGE_AT, START, bare, event, refused, with};

/// `count` attributes of different names.
fn attributes(before: &str, after: &str) -> String {
    let all: Vec<_> = (0..50_000).map(|n| format!("{before}{n}{after}")).collect();
    format!("<a{}/>", all.concat())
}

#[test]
fn much_that_is_not_read_does_not_matter() {
    let name = "n".repeat(250_000);
    for elements in [
        // RUSTSEC-2026-0194, quick-xml: quadratic.
        attributes(" a", "=''"),
        attributes(" a", "='b'"),
        // RUSTSEC-2026-0195, quick-xml: without a limit.
        attributes(" xmlns:n", "=''"),
        attributes(" xmlns:p", "='u'"),
        "<!---->".repeat(70_000),
        "<a/>".repeat(120_000),
        format!("<{name}></{name}>"),
    ] {
        assert_eq!(event(with(&elements)), Ok(bare()), "{elements:.40}");
    }
}

#[test]
fn much_text_is_read() {
    let brackets = "]".repeat(500_000);
    let ends = "]>".repeat(1_000);
    for (content, text) in [
        (&"&amp;".repeat(100_000), &"&".repeat(100_000)),
        (&"a<![CDATA[b]]>".repeat(35_000), &"ab".repeat(35_000)),
        (&brackets, &brackets),
        (&format!("<![CDATA[{brackets}]]>"), &brackets),
        // CVE-2024-41123, REXML: quadratic.
        (&format!("{}{ends}", " ".repeat(500_000)), &ends),
    ] {
        let read = event(format!("{START}<Message>{content}</Message>{END}")).unwrap();
        assert!(read["Message"] == **text, "{content:.40}");
    }
    let numbers = "<TelephoneNumber>2223331000</TelephoneNumber>".repeat(10_000);
    let list = format!("<CompletedTelephoneNumbers>{numbers}</CompletedTelephoneNumbers>");
    let read = event(with(&list)).unwrap();
    assert_eq!(read["CompletedTelephoneNumbers"].as_array().unwrap().len(), 10_000);
}

#[test]
fn much_nesting_is_refused() {
    let element = "<a x='1' p:x='2'>";
    let content = format!("<Message>{}</Message>", "<0%>".repeat(125_000));
    for (content, field, at) in [
        // CVE-2024-39908, REXML: quadratic.
        (content, "Message: ", MESSAGE_AT + 126 * 4),
        // CVE-2024-43398, REXML: quadratic.
        (element.repeat(200), "", START.len() + 127 * element.len()),
        ("<a>".repeat(100_000) + &"</a>".repeat(100_000), "", START.len() + 127 * 3),
    ] {
        let expected = refused(&format!("{field}nested too deeply"), at);
        assert_eq!(event(with(&content)), expected, "{content:.40}");
    }
}
