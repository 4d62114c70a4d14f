//! A proven sender is heard: what is missing, odd or unknown is no reason to lose
//! what was sent. What the providers document and do is in the docs of the fields.

use serde_json::{Value, json};

use super::json::{PROVIDERS, Provider, fields, in_one_line, musement, object, porterbuddy};
use super::xml::{self, START, bare, event, with};
use fixtures::law::{Cases, Law, row};
use fixtures::samples::ORDER_ITEM;

const TABLE: &str = "CONFORMANCE, JSON";
const LAW_7: &str = "DESIGN, law 7";
const SAME: &str = "the same event";
const WITH_FFFD: &str = "the event, with U+FFFD there";
const WITHOUT: &str = "the event without the field";

pub(crate) const JSON: Law = Law {
    title: "Law 7, a proven sender is heard: JSON",
    rows: &[
        row(
            "CRLF, tabs, in one line, backwards, escapes, white space around",
            SAME,
            TABLE,
            |cases| {
                for provider in PROVIDERS {
                    let line = in_one_line(provider.sample);
                    let mut backwards = fields(provider.sample);
                    backwards.reverse();
                    for body in [
                        line.clone(),
                        provider.sample.replace('\n', "\r\n"),
                        provider.sample.replace("  ", "\t\t"),
                        object(backwards.iter().map(|(_, field)| field.as_str())),
                        line.replace("\"order", r#""\u006frder"#).replace("12", r"\u00312"),
                        format!("\n\t {line} \r\n"),
                    ] {
                        cases.of(&body, provider.gives(&body, &provider.event(), SAME));
                    }
                }
            },
        ),
        row("a BOM before it: dropped after verification", SAME, "RFC 8259, 8.1", |cases| {
            for provider in PROVIDERS {
                for marks in ["\u{feff}", "\u{feff}\u{feff}"] {
                    let body = format!("{marks}{}", provider.sample);
                    cases.of("BOM", provider.gives(&body, &provider.event(), SAME));
                }
            }
        }),
        row("NUL, Ctrl-Z, white space of any kind after it", SAME, LAW_7, |cases| {
            for provider in PROVIDERS {
                for after in ["\0", "\0\0\0", "\r\n\u{1a}", "\u{a0}", "\u{b}\u{c}\u{2028}\u{3000}"]
                {
                    let body = format!("{}{after}", provider.sample);
                    cases.of(after.escape_debug(), provider.gives(&body, &provider.event(), SAME));
                }
            }
        }),
        row("a lone surrogate in a text that is optional", WITH_FFFD, LAW_7, |cases| {
            optional(cases, |provider, name, without| {
                let (body, _) = provider.with(name, r#""2018\ud800""#);
                let mut expected = without.clone();
                if !name.ends_with("version") {
                    expected[name] = json!("2018\u{fffd}");
                }
                vec![(body.clone(), provider.gives(&body, &expected, WITH_FFFD))]
            });
        }),
        row("an optional field that is missing, null, of another type", WITHOUT, TABLE, |cases| {
            optional(cases, |provider, name, without| {
                let values = ["null", "true", "[]", "{}", "[1e999,\"\\ud800\"]", "{\"a\":[{}]}"];
                let mut bodies: Vec<_> =
                    values.iter().map(|value| provider.with(name, value).0).collect();
                bodies.push(provider.without(name));
                let gives = |body| provider.gives(body, without, WITHOUT);
                bodies.iter().map(|body| (body.clone(), gives(body))).collect()
            });
        }),
        row(
            "… or text that is not the date that it should be",
            "the event, with the text",
            TABLE,
            |cases| {
                optional(cases, |provider, name, without| {
                    odd_texts(provider, name, without, false)
                });
            },
        ),
        row("… or text that is not the number that it should be", WITHOUT, TABLE, |cases| {
            optional(cases, |provider, name, without| odd_texts(provider, name, without, true));
        }),
        row(
            "a number for text, and text for a number",
            "the same value",
            "a public handler of Musement's; Porterbuddy's order request",
            |cases| {
                numbers(cases, |as_number, as_text, _, _| {
                    if as_number == as_text {
                        "the same value".to_owned()
                    } else {
                        as_number.to_string()
                    }
                });
            },
        ),
        row(
            "an order id `12345678901234567890`, of 50 digits, `-7`, `1.50`, `-0`, `1e999999`",
            "kept exactly, never rounded",
            TABLE,
            |cases| {
                numbers(cases, |event, _, name, number| {
                    let is_kept = !name.ends_with("version") || number.parse::<u64>().is_ok();
                    let kept = if is_kept { json!(number) } else { Value::Null };
                    let read = event.get(name).unwrap_or(&Value::Null);
                    if *read == kept {
                        "kept exactly, never rounded".into()
                    } else {
                        read.to_string()
                    }
                });
            },
        ),
        row(
            "anything that is JSON in a field that is not read: `1e999999`, 100,000 deep, a lone surrogate",
            SAME,
            TABLE,
            |cases| {
                let deep = "[".repeat(100_000) + &"]".repeat(100_000);
                let objects = "{\"\":".repeat(100_000) + "0" + &"}".repeat(100_000);
                let surrogates = [r#""\ud800""#, r#"{"\udc00":[{"a":1,"a":2}]}"#, r#""\u0000""#];
                for value in ["1e999999", "-0", &deep, &objects].iter().chain(&surrogates) {
                    for provider in PROVIDERS {
                        let line = in_one_line(provider.sample);
                        let body = line.replacen('{', &format!(r#"{{"ignored":{value},"#), 1);
                        cases.of(
                            format!("{value:.40}"),
                            provider.gives(&body, &provider.event(), SAME),
                        );
                    }
                }
            },
        ),
        row("a field that is not read, twice; names in another case", SAME, LAW_7, |cases| {
            for provider in PROVIDERS {
                let more = r#","x":1,"x":2,"":3,"":4,"ORDER_ID":5,"orderid":6,"ORDER_ID":7}"#;
                let body = in_one_line(provider.sample).trim_end_matches('}').to_owned() + more;
                cases.of(&body, provider.gives(&body, &provider.event(), SAME));
            }
        }),
        row("a status that is not documented", "`Other`, with its text", LAW_7, |cases| {
            let [body, _] = [&in_one_line(ORDER_ITEM), ""];
            let update = musement(body.replace("\"OK\"", "\"SOMETHING_NEW\"").as_bytes()).unwrap();
            cases.of("Musement", other(&update.order_item_status));
            let body = r#"{"orderId":"1","orderStatus":"SOMETHING_NEW"}"#;
            cases.of("Porterbuddy", other(&porterbuddy(body.as_bytes()).unwrap().order_status));
        }),
    ],
};

fn other(status: &impl std::fmt::Debug) -> String {
    match format!("{status:?}").as_str() {
        r#"Other("SOMETHING_NEW")"# => "`Other`, with its text".to_owned(),
        shown => shown.to_owned(),
    }
}

/// What is made of each optional field, told by this function, which has the event
/// without it.
fn optional(cases: &mut Cases, of: impl Fn(&Provider, &str, &Value) -> Vec<(String, String)>) {
    for provider in PROVIDERS {
        for name in provider.names(false) {
            let mut without = provider.event();
            without.as_object_mut().unwrap().remove(&name);
            for (body, outcome) in of(&provider, &name, &without) {
                cases.of(body, outcome);
            }
        }
    }
}

/// Text is kept as it came, except for a count, which is none.
fn odd_texts(
    provider: &Provider,
    name: &str,
    without: &Value,
    of_counts: bool,
) -> Vec<(String, String)> {
    let is_count = name.ends_with("version");
    let texts = ["", "soon", "2018-12-10", "2018-12-10T13:12:40", "-1", "v1", "\u{663}"];
    let of = |text: &&str| {
        let (body, _) = provider.with(name, &format!("\"{text}\""));
        let mut kept = without.clone();
        if !is_count {
            kept[name] = json!(text);
        }
        let so = if is_count { WITHOUT } else { "the event, with the text" };
        let outcome = provider.gives(&body, &kept, so);
        (body, outcome)
    };
    if is_count == of_counts { texts.iter().map(of).collect() } else { Vec::new() }
}

/// The event with a number, with the number as text, the field and the number.
fn numbers(cases: &mut Cases, outcome: impl Fn(&Value, &Value, &str, &str) -> String) {
    const LONG: &str = "12345678901234567890123456789012345678901234567890";
    for provider in PROVIDERS {
        let names = fields(provider.sample).into_iter().map(|(name, _)| name);
        for name in names.filter(|name| !name.ends_with("uuid")) {
            let numbers = ["0", "22", "12345678901234567890", LONG, "-7", "1.50", "-0", "1e999999"];
            for number in numbers {
                let [as_number, as_text] =
                    [number.to_owned(), format!("\"{number}\"")].map(|value| {
                        (provider.read)(provider.with(&name, &value).0.as_bytes()).unwrap()
                    });
                cases.of(format!("{name}: {number}"), outcome(&as_number, &as_text, &name, number));
            }
        }
    }
}

#[test]
fn what_is_odd_in_json_is_no_reason_to_refuse() {
    JSON.holds();
}

const XML_TABLE: &str = "CONFORMANCE, XML";
const VALUES: &str = "the same values";
const NO_MATTER: &str = "no matter";

pub(crate) const XML: Law = Law {
    title: "Law 7, a proven sender is heard: XML",
    rows: &[
        row(
            "`<Notification/>`, empty elements, elements in the place of text",
            "an event with nothing in it",
            "DESIGN, law 7: nothing is required but the root",
            |cases| {
                for body in [
                    "<Notification/>",
                    "<Notification></Notification>",
                    "<Notification><SubscriptionId/><Status></Status><LastModifiedDate/></Notification>",
                    "<Notification><Status><b/></Status><CompletedTelephoneNumbers/></Notification>",
                    "<Notification><CompletedTelephoneNumbers>2223331000</CompletedTelephoneNumbers>\
                 </Notification>",
                ] {
                    cases.of(body, xml::gives(body, &json!({}), "an event with nothing in it"));
                }
                for name in NAMES {
                    let body = format!("<Notification><{name}/></Notification>");
                    cases.of(&body, xml::gives(&body, &json!({}), "an event with nothing in it"));
                }
            },
        ),
        row(
            "a single element twice, in a notification",
            "the first is taken",
            XML_TABLE,
            |cases| {
                for name in NAMES {
                    let of = |elements: &str| format!("<Notification>{elements}</Notification>");
                    let once = event(of(&format!("<{name}>1</{name}>"))).unwrap();
                    assert_eq!(once[name], "1");
                    for twice in [
                        format!("<{name}>1</{name}><{name}>2</{name}>"),
                        format!("<{name}>1</{name}><x/><{name}/>"),
                        format!("<{name}/><{name} a=''> </{name}><{name}>1</{name}>"),
                        format!("<{name}><a>0</a></{name}><{name}>1</{name}>"),
                    ] {
                        cases.of(&twice, xml::gives(of(&twice), &once, "the first is taken"));
                    }
                }
            },
        ),
        row(
            "a date that is none",
            "the event, with the text",
            "Bandwidth prints all of these forms",
            |cases| {
                for date in [
                    "never",
                    "yesterday",
                    "2023-09-12",
                    "2023-09-12T15:11:31",
                    "2023-02-30T00:00:00Z",
                    "2014-03-25 12:55:11.0",
                    "2015-02-25 00:00:00",
                    "2021-06-30Z",
                    "12/09/2023",
                    "1694531491",
                ] {
                    for name in ["LastModifiedDate", "ActualFocDate"] {
                        let mut expected = bare();
                        expected[name] = json!(date);
                        let body = with(&format!("<{name}>{date}</{name}>"));
                        cases.of(date, xml::gives(body, &expected, "the event, with the text"));
                    }
                }
            },
        ),
        row("a number in any form", "the event, with the text", XML_TABLE, |cases| {
            let numbers = ["2223331000", "+12223331000", "222-333-1000", "none"];
            let mut expected = bare();
            expected["CompletedTelephoneNumbers"] = json!(numbers);
            let body = with(&completed(&numbers.map(number)));
            cases.of(&body, xml::gives(&body, &expected, "the event, with the text"));
        }),
        row(
            "pretty-printed, CRLF, padded text, attributes, comments, stray text",
            VALUES,
            XML_TABLE,
            layouts,
        ),
        row("`<CompletedTelephoneNumbers><TelephoneNumbers>`", "the numbers", XML_TABLE, |cases| {
            let mut expected = bare();
            expected["CompletedTelephoneNumbers"] = json!(["1", "2"]);
            for list in [
                "<TelephoneNumbers>1</TelephoneNumbers><TelephoneNumbers>2</TelephoneNumbers>",
                "<TelephoneNumbers><TelephoneNumber>1</TelephoneNumber><TelephoneNumber>2\
                 </TelephoneNumber></TelephoneNumbers>",
            ] {
                let body = with(&completed(&[list.to_owned()]));
                cases.of(list, xml::gives(body, &expected, "the numbers"));
            }
        }),
        row("`&#55357;&#56877;`, two halves of a pair", "one character", XML_TABLE, |cases| {
            for pair in ["&#55357;&#56877;", "&#xD83D;&#xDE2D;", "&#xd83d;&#56877;"] {
                let read = xml::message(pair);
                cases.of(pair, if read == "\u{1f62d}" { "one character" } else { &read });
            }
        }),
        row("lists interleaved with other elements", "both complete", XML_TABLE, |cases| {
            let elements = "<CompletedTelephoneNumbers><TelephoneNumber>1</TelephoneNumber><X/>\
                            <TelephoneNumber>2</TelephoneNumber><Y><TelephoneNumber>no\
                            </TelephoneNumber></Y><TelephoneNumber>3</TelephoneNumber>\
                            </CompletedTelephoneNumbers>";
            let order = event(with(&format!("<Z/>{elements}<Status>COMPLETE</Status>"))).unwrap();
            cases.of(
                "one list",
                complete(&order["CompletedTelephoneNumbers"], &json!(["1", "2", "3"])),
            );
            let event = event(with(
                "<ImpactedTelephoneNumbers><TelephoneNumber>1</TelephoneNumber>\
                 </ImpactedTelephoneNumbers><EventType>MESSAGING_LOST</EventType>\
                 <CompletedTelephoneNumbers><TelephoneNumber>2</TelephoneNumber>\
                 </CompletedTelephoneNumbers>",
            ));
            let numbers = &event.unwrap()["ImpactedTelephoneNumbers"];
            cases.of("two lists", complete(numbers, &json!(["1", "2"])));
        }),
        row(
            "attributes, comments, processing instructions of any shape",
            NO_MATTER,
            XML_TABLE,
            |cases| {
                for elements in [
                    "<a b='1' b='2'/>",
                    "<a b=1 c d='<' e='&x;'/>",
                    "<a b='1'c='2'></a>",
                    "<!-- -- --->",
                    "<!--\0\x0c-->",
                    "<1/><-/>",
                    "<?p'?><?xml version='1.0'?><?XML?>",
                    "]]>",
                ] {
                    cases.of(elements, xml::gives(with(elements), &bare(), NO_MATTER));
                }
            },
        ),
        row("`&e;`, `&`, `&amp`, where it is not read", NO_MATTER, XML_TABLE, |cases| {
            for entity in ["&e;", "&nbsp;", "&Amp;", "&a.b;", "&xxe;"] {
                let places =
                    ["<Ignored>&e;</Ignored>", "<Ignored a='&e;'/>", "<!--&e;-->", "<?p &e;?>"];
                for place in places {
                    let elements = place.replace("&e;", entity);
                    cases.of(&elements, xml::gives(with(&elements), &bare(), NO_MATTER));
                }
            }
            for content in ["a & b", "&amp", "&#33", "1&"] {
                let elements = format!("<X>{content}</X>");
                cases.of(&elements, xml::gives(with(&elements), &bare(), NO_MATTER));
            }
        }),
        row(
            "`<n:Status xmlns:n=\"…\">`: a name is compared as it is written",
            "another element",
            XML_TABLE,
            |cases| {
                for elements in [
                    "<n:Status xmlns:n=\"urn:x\">COMPLETE</n:Status>",
                    "<n:Status>COMPLETE</n:Status>",
                    "<status>COMPLETE</status>",
                    "<Status.>COMPLETE</Status.>",
                ] {
                    cases.of(elements, xml::gives(with(elements), &bare(), "another element"));
                }
            },
        ),
        row("a default namespace", "changes no name", XML_TABLE, |cases| {
            let mut expected = bare();
            expected["Status"] = json!("COMPLETE");
            let body = with("<Status xmlns=\"urn:x\">COMPLETE</Status>");
            cases.of(&body, xml::gives(&body, &expected, "changes no name"));
            let body = with("");
            let body = format!("<Notification xmlns='urn:x'>{}", body.split_once('>').unwrap().1);
            cases.of(&body, xml::gives(&body, &bare(), "changes no name"));
        }),
        row(
            "`a&amp;b`, `&#33;`, `&lt;`, `é` and `&#xE9;`",
            "in one piece, resolved",
            XML_TABLE,
            |cases| {
                pieces(
                    cases,
                    &[
                        ("a&amp;b", "a&b"),
                        ("&#33;", "!"),
                        ("&#x21;", "!"),
                        ("&lt;&gt;&amp;&apos;&quot;", "<>&'\""),
                        ("&amp;amp;", "&amp;"),
                        ("&#38;#33;", "&#33;"),
                        ("a]]b", "a]]b"),
                        ("é&#233;&#xE9;", "ééé"),
                        ("&#x10FFFF;", "\u{10ffff}"),
                        ("a&#13;b", "a\rb"),
                    ],
                );
            },
        ),
        row(
            "`12<!--c--><![CDATA[34]]>`",
            "in one piece, resolved",
            "CVE-2017-11427, python-saml: text ended at a comment",
            |cases| {
                pieces(
                    cases,
                    &[
                        ("12<!--c--><![CDATA[34]]>", "1234"),
                        ("<![CDATA[12]]><![CDATA[34]]>", "1234"),
                        ("1<?pi ?>2<!-- & < -->3", "123"),
                        ("<![CDATA[a&amp;b<c>]]>", "a&amp;b<c>"),
                    ],
                );
            },
        ),
        row(
            "white space around text, and line ends in it",
            "in one piece, resolved",
            "XML 1.0, 2.11",
            |cases| {
                pieces(cases, &[("  padded\t\r\n", "padded"), ("a\r\nb\rc\nd", "a\nb\nc\nd")]);
            },
        ),
        row(
            "`&#0;`, `&#xD800;`, `&#;`, a raw form feed: what XML has not",
            "U+FFFD in its place",
            "XML 1.0, 2.2; the policy of the crate",
            |cases| {
                for reference in [
                    "&#0;",
                    "&#1;",
                    "&#xB;",
                    "&#xD800;",
                    "&#xDFFF;",
                    "&#xFFFE;",
                    "&#x110000;",
                    "&#;",
                    "&#x;",
                    "&#99999999999999999999;",
                    "&#x1000000000;",
                    "\x0c",
                    "\0",
                    "\x01",
                    "\u{ffff}",
                    "\x1b",
                ] {
                    let read = xml::message(&format!("a{reference}b"));
                    let so = if read == "a\u{fffd}b" { "U+FFFD in its place" } else { &read };
                    cases.of(reference.escape_debug(), so);
                }
            },
        ),
        row(
            "a BOM, or `encoding=` of anything over ASCII",
            "the same event",
            "ASCII is the same in all of them",
            |cases| {
                cases.of("BOM", xml::gives(format!("\u{feff}{}", with("")), &bare(), SAME));
                for label in
                    ["ISO-8859-1", "latin1", "windows-1252", "UTF-16", "utf8", "", "UTF-8", "utf-8"]
                {
                    let body = format!("<?xml version='1.0' encoding='{label}'?>{}", with(""));
                    cases.of(label, xml::gives(body, &bare(), SAME));
                }
            },
        ),
        row("NUL, Ctrl-Z, white space of any kind after it", SAME, XML_TABLE, |cases| {
            for after in ["\0", "\0\0\0", "\r\n\u{1a}", "\u{a0}", "\u{b}\u{c}\u{2028}\u{3000}"] {
                let body = with("") + after;
                cases.of(after.escape_debug(), xml::gives(body, &bare(), SAME));
            }
        }),
        row("a label of UTF-8 over `é`", "the same event", "WHATWG Encoding, 4.2", |cases| {
            let mut expected = bare();
            expected["Message"] = json!("é");
            for label in [
                "UTF-8",
                "utf-8",
                "utf8",
                "UTF8",
                "unicode-1-1-utf-8",
                "unicode11utf8",
                "unicode20utf8",
                "x-unicode20utf8",
            ] {
                let body = with("<Message>é</Message>");
                let body = format!("<?xml version='1.0' encoding='{label}'?>{body}");
                cases.of(label, xml::gives(body, &expected, SAME));
            }
        }),
    ],
};

const NAMES: [&str; 10] = [
    "SubscriptionId",
    "OrderType",
    "OrderId",
    "CustomerOrderId",
    "Status",
    "Message",
    "Note",
    "EventType",
    "LastModifiedDate",
    "ActualFocDate",
];

fn number(number: &str) -> String {
    format!("<TelephoneNumber>{number}</TelephoneNumber>")
}

fn completed(numbers: &[String]) -> String {
    format!("<CompletedTelephoneNumbers>{}</CompletedTelephoneNumbers>", numbers.concat())
}

fn complete(list: &Value, expected: &Value) -> String {
    if list == expected { "both complete".to_owned() } else { list.to_string() }
}

fn pieces(cases: &mut Cases, texts: &[(&str, &str)]) {
    for (content, text) in texts {
        let read = xml::message(content);
        cases.of(content, if read == *text { "in one piece, resolved" } else { &read });
    }
}

/// However the same values are laid out, they are the same.
fn layouts(cases: &mut Cases) {
    let expected = json!({
        "SubscriptionId": "s",
        "OrderType": "orders",
        "Status": "COMPLETE",
        "Message": "m n",
        "CompletedTelephoneNumbers": ["2223331000", "2223331001"],
        "LastModifiedDate": "2023-09-12T15:11:31.705Z",
    });
    let lines = [
        "<OrderType>orders</OrderType>",
        "<Status>COMPLETE</Status>",
        "<Message>m n</Message>",
        "<CompletedTelephoneNumbers>",
        "<TelephoneNumber>2223331000</TelephoneNumber>",
        "<TelephoneNumber>2223331001</TelephoneNumber>",
        "</CompletedTelephoneNumbers>",
        "<LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>",
    ];
    let padded = lines.concat().replace('>', "> ").replace("</", "\t\r\n</").replace("> <", "><");
    let attributes = lines.concat().replace("Status>", "Status  >").replacen(
        "Status  >",
        "Status a='>' b=\"'\">",
        1,
    );
    let split = lines.concat().replace("2223331000", "222<!-- -->333<![CDATA[1000]]>");
    for elements in [
        lines.concat(),
        lines.join("\n"),
        lines.join("\r\n\t "),
        padded,
        attributes,
        split,
        lines.join("<!-- c --><?p i?>"),
        lines.join("<Unknown><Status>no</Status></Unknown>"),
        lines.join("stray &amp; text"),
    ] {
        cases.of(&elements, xml::gives(with(&elements), &expected, VALUES));
    }
    assert!(with("").starts_with(START));
}

#[test]
fn what_is_odd_in_xml_is_no_reason_to_refuse() {
    XML.holds();
}
