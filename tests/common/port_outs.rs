//! Port-outs that are answered without a handler: the same questions for the plain
//! webhook, for axum, for actix-web and for hyper.

use std::time::Duration;

use order_webhooks::Limits;
use order_webhooks::bandwidth::{DenialReason, PortOutWebhook};

use super::samples::{BANDWIDTH_USER, PORT_OUT, X_Y, bandwidth_user};

/// Denies with 7598 what it cannot ask a handler, and reads 4,096 bytes.
pub(crate) fn webhook() -> PortOutWebhook {
    PortOutWebhook::new(bandwidth_user(), DenialReason::InvalidRequest.into())
        .with_limits(Limits::new(4_096, Duration::from_secs(10)).unwrap())
}

/// A question, why no handler is asked, and the answer.
pub(crate) struct Question {
    pub(crate) kind: Kind,
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) why: &'static str,
    pub(crate) status: u16,
    /// The answer that is given instead of the handler's.
    pub(crate) answer: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bare,
    OtherMethod,
    Refused,
    NotRead,
    Broken,
}

/// A denial with 7598, and the PON and the numbers if they could be read.
pub(crate) fn denied(pon: &str, numbers: &str) -> String {
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

pub(crate) fn wrapped(elements: &str) -> Vec<u8> {
    format!("<PortOutValidationRequest>{elements}</PortOutValidationRequest>").into_bytes()
}

/// Every question that no handler is asked.
pub(crate) fn questions() -> Vec<Question> {
    let mut all = vec![
        asked(Kind::Bare, &[], PORT_OUT, "asked for credentials"),
        asked(Kind::OtherMethod, &[BANDWIDTH_USER], PORT_OUT, "the method is not POST"),
    ];
    all[0].status = 401;
    (all[1].method, all[1].status) = ("PUT", 405);
    for question in &mut all {
        question.answer.clear();
    }
    for (values, why) in [
        (&[X_Y][..], "credentials refused: not the expected ones"),
        (&["Basic dQ=="], "credentials refused: malformed"),
        (&[""], "credentials refused: another scheme than Basic"),
        (&["Bearer x"], "credentials refused: another scheme than Basic"),
        (&[BANDWIDTH_USER, BANDWIDTH_USER], "header authorization given more than once"),
        (&[X_Y, BANDWIDTH_USER], "header authorization given more than once"),
    ] {
        all.push(asked(Kind::Refused, values, PORT_OUT, why));
    }
    let long = "x".repeat(5_000);
    all.push(asked(Kind::NotRead, &[BANDWIDTH_USER], &long, "the body is longer than 4096 bytes"));
    let padded = format!("{PORT_OUT}{}", " ".repeat(4_096));
    all.push(asked(
        Kind::NotRead,
        &[BANDWIDTH_USER],
        &padded,
        "the body is longer than 4096 bytes",
    ));
    for body in [PORT_OUT, "\x1f"] {
        let mut encoded = asked(Kind::NotRead, &[BANDWIDTH_USER], body, "the body is encoded");
        encoded.headers.push(("Content-Encoding", b"gzip".to_vec()));
        all.push(encoded);
    }
    all.extend(broken());
    all
}

fn asked(kind: Kind, credentials: &[&str], body: impl AsRef<[u8]>, why: &'static str) -> Question {
    let header = |value: &&str| ("Authorization", value.as_bytes().to_vec());
    Question {
        kind,
        method: "POST",
        headers: credentials.iter().map(header).collect(),
        body: body.as_ref().to_vec(),
        why,
        status: 200,
        answer: denied("", ""),
    }
}

/// Bodies that are no question, why, and the PON and the numbers that go back.
fn broken() -> Vec<Question> {
    let number = "<TelephoneNumbers><TelephoneNumber>1</TelephoneNumber></TelephoneNumbers>";
    let pon = "<PON>some_pon</PON>";
    let two_numbers = &number
        .replace("</TelephoneNumbers>", "<TelephoneNumber>1</TelephoneNumber></TelephoneNumbers>");
    let two_roots = PORT_OUT.repeat(2);
    let sample_numbers = "<TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber>\
                          <TelephoneNumber>2223331001</TelephoneNumber></TelephoneNumbers>";
    let external = "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>";
    let cut = "<PortOutValidationRequest><PIN>";
    let table: Vec<(Vec<u8>, &'static str, &str, &str)> = vec![
        (b"".into(), "unexpected end of the document at line 1 column 1", "", ""),
        (b"{}".into(), "text outside the root element at line 1 column 1", "", ""),
        (b"not XML".into(), "text outside the root element at line 1 column 1", "", ""),
        (b"\xff\xfe".into(), "encoding is not UTF-8 at line 1 column 1", "", ""),
        (
            b"<!DOCTYPE a>".into(),
            "document type declarations are refused at line 1 column 1",
            "",
            "",
        ),
        (external.into(), "document type declarations are refused at line 1 column 1", "", ""),
        (
            b"<Notification/>".into(),
            "the root element is <Notification> at line 1 column 1",
            "",
            "",
        ),
        (cut.into(), "unexpected end of the document at line 1 column 32", "", ""),
        (wrapped(""), "TelephoneNumber: missing at line 1 column 27", "", ""),
        (wrapped(pon), "TelephoneNumber: missing at line 1 column 46", pon, ""),
        (
            wrapped(&format!("{pon}<TelephoneNumbers/>")),
            "TelephoneNumber: missing at line 1 column 65",
            pon,
            "",
        ),
        (
            wrapped(&format!(
                "{pon}<TelephoneNumbers><TelephoneNumber> </TelephoneNumber></TelephoneNumbers>"
            )),
            "TelephoneNumber: missing at line 1 column 119",
            pon,
            "",
        ),
        (
            wrapped(&format!("{pon}{number}{number}")),
            "TelephoneNumbers: given twice at line 1 column 119",
            pon,
            two_numbers,
        ),
        (wrapped(&format!("{pon}<Pin/><Pin/>")), "Pin: given twice at line 1 column 52", pon, ""),
        (
            wrapped(&format!("{pon}{number}<x></y>")),
            "an end tag of another element at line 1 column 122",
            pon,
            number,
        ),
        // Of two PONs neither can be trusted to be right; the first goes back.
        (
            wrapped(&format!("{pon}<PON>b</PON>{number}")),
            "PON: given twice at line 1 column 46",
            pon,
            number,
        ),
        (
            wrapped("<PON>&e;</PON>"),
            "PON: an entity that is not predefined at line 1 column 32",
            "",
            "",
        ),
        (wrapped("<PON><a/></PON>"), "PON: not text at line 1 column 32", "", ""),
        (two_roots.into(), "a second root element at line 1 column 363", pon, sample_numbers),
    ];
    table
        .into_iter()
        .map(|(body, why, pon, numbers)| {
            let mut question = asked(Kind::Broken, &[BANDWIDTH_USER], body, why);
            question.answer = denied(pon, numbers);
            question
        })
        .collect()
}
