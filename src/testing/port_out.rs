//! What Bandwidth makes of the answer to a port-out validation.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::error::{ParseError, ParseErrorKind};
use crate::testing::verdict::{Failure, Verdict};
use crate::wire::xml::Reader;

/// Reads a 200 as Bandwidth would. It knows nothing of what the receiver meant
/// to write.
pub(super) fn judge(headers: &HeaderMap, body: &[u8]) -> Result<Verdict, Failure> {
    if !is_xml(headers) {
        return Err(Failure::MediaType);
    }
    let answer = read(body).map_err(Failure::Invalid)?;
    if answer.portable {
        return Ok(Verdict::PortOutAllowed);
    }
    let recognised = |code: &String| code.parse().ok().filter(|&code| is_recognised(code));
    let codes: Vec<u16> = answer.codes.iter().filter_map(recognised).collect();
    if codes.is_empty() || answer.codes.iter().any(|code| code == FATAL) {
        return Err(Failure::Codes(answer.codes));
    }
    Ok(Verdict::PortOutDenied {
        cancelled: codes.iter().any(|code| (7516..=7518).contains(code)),
        codes,
        acceptable_values: answer.acceptable_values,
    })
}

/// "Fatal error in processing": the port-out succeeds.
const FATAL: &str = "7599";

fn is_recognised(code: u16) -> bool {
    matches!(code, 7510..=7519 | 7598)
}

fn is_xml(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    let essence = value.and_then(|value| value.split(|byte| *byte == b';').next());
    let essence = essence.unwrap_or_default().trim_ascii().to_ascii_lowercase();
    essence == b"application/xml" || essence == b"text/xml"
}

/// What Bandwidth looks at.
#[derive(Default)]
struct Answer {
    portable: bool,
    codes: Vec<String>,
    acceptable_values: bool,
}

fn read(body: &[u8]) -> Result<Answer, ParseError> {
    let mut reader = Reader::open(body, "PortOutValidationResponse")?;
    let mut answer = Answer::default();
    let mut portable = None;
    while let Some(name) = reader.child()? {
        match name {
            "Portable" if portable.is_some() => {
                return Err(reader.error(ParseErrorKind::Repeated).in_field("Portable"));
            }
            "Portable" => {
                portable = Some(reader.text().map_err(|error| error.in_field("Portable"))?);
            }
            "Errors" => read_codes(&mut reader, &mut answer.codes)?,
            "AcceptableValues" => answer.acceptable_values |= has_a_value(&mut reader)?,
            _ => reader.skip()?,
        }
    }
    let at_the_end = |kind| reader.error(kind).in_field("Portable");
    answer.portable = match portable.as_deref() {
        Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(at_the_end(ParseErrorKind::Invalid("true or false".into()))),
        None => return Err(at_the_end(ParseErrorKind::Missing)),
    };
    reader.finish()?;
    Ok(answer)
}

fn read_codes(reader: &mut Reader<'_>, codes: &mut Vec<String>) -> Result<(), ParseError> {
    while let Some(name) = reader.child()? {
        if name != "Error" {
            reader.skip()?;
            continue;
        }
        while let Some(name) = reader.child()? {
            match name {
                "Code" => codes.push(reader.text()?.into_owned()),
                _ => reader.skip()?,
            }
        }
    }
    codes.retain(|code| !code.is_empty());
    Ok(())
}

fn has_a_value(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    let mut any = false;
    while let Some(name) = reader.child()? {
        match name {
            "Pin" | "AccountNumber" | "ZipCode" | "SubscriberName" | "TelephoneNumber" => {
                any |= !reader.text()?.is_empty();
            }
            "TelephoneNumbers" => any |= has_a_value(reader)?,
            _ => reader.skip()?,
        }
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn judged(media_type: &'static str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        match judge(&headers, body.as_bytes()) {
            Ok(verdict) => verdict.to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    fn answer(inside: &str) -> String {
        format!("<PortOutValidationResponse>{inside}</PortOutValidationResponse>")
    }

    fn denial(codes: &[&str]) -> String {
        let errors: Vec<_> =
            codes.iter().map(|code| ["<Error><Code>", code, "</Code></Error>"].concat()).collect();
        let errors = errors.concat();
        answer(&format!(
            "<Portable>false</Portable><PON>p</PON><Errors>{errors}</Errors>\
             <AcceptableValues><Pin>2222</Pin></AcceptableValues>"
        ))
    }

    #[test]
    fn the_table_of_codes() {
        for (codes, verdict) in [
            (&["7510"][..], "port-out denied: 7510 (exception)"),
            (&["7515"], "port-out denied: 7515 (exception)"),
            (&["7516"], "port-out denied: 7516 (cancelled)"),
            (&["7517"], "port-out denied: 7517 (cancelled)"),
            (&["7518"], "port-out denied: 7518 (cancelled)"),
            (&["7519"], "port-out denied: 7519 (exception)"),
            (&["7598"], "port-out denied: 7598 (exception)"),
            (&[" 7513\n", "7516"], "port-out denied: 7513 7516 (cancelled)"),
            (&["42", "7513", "7520", "x"], "port-out denied: 7513 (exception)"),
        ] {
            assert_eq!(judged("application/xml", &denial(codes)), verdict);
        }
        for (codes, ends) in [
            (&["7599"][..], ": `7599`"),
            (&["7509", "7520", "7597"], ": `7509`, `7520`, `7597`"),
            (&["7513", "7599"], ": `7513`, `7599`"),
            (&["x\u{9b}"], ": `x\\u{9b}`"),
            (&[""], ""),
            (&[], ""),
        ] {
            let failure = format!("the denial has no code that Bandwidth recognises{ends}");
            assert_eq!(judged("application/xml", &denial(codes)), failure);
        }
    }

    #[test]
    fn a_denial_without_a_value_may_be_an_approval() {
        let full = denial(&["7513"]);
        for empty in ["", "<AcceptableValues/>", "<AcceptableValues></AcceptableValues>"] {
            let values = "<AcceptableValues><Pin>2222</Pin></AcceptableValues>";
            assert_eq!(
                judged("application/xml", &full.replace(values, empty)),
                "port-out denied: 7513 (exception), without acceptable values, so Bandwidth may \
                 approve it"
            );
        }
    }

    /// One value is enough, wherever it stands.
    #[test]
    fn a_denial_with_a_value_is_one() {
        let full = denial(&["7513"]);
        let number = "<TelephoneNumbers><TelephoneNumber>1</TelephoneNumber></TelephoneNumbers>";
        for values in [
            number,
            &format!("{number}<Pin/>"),
            "<Pin>1</Pin><TelephoneNumbers/>",
            "<AccountNumber>1</AccountNumber><Pin/>",
            "<Unknown><Pin/></Unknown><ZipCode>1</ZipCode>",
            "<SubscriberName>A</SubscriberName>",
        ] {
            let verdict = judged("application/xml", &full.replace("<Pin>2222</Pin>", values));
            assert_eq!(verdict, "port-out denied: 7513 (exception)", "{values}");
        }
    }

    #[test]
    fn what_is_no_answer_approves() {
        let allow = answer("<Portable>true</Portable><PON>p</PON>");
        let allowed = "port-out approved, as the receiver answered";
        assert_eq!(judged("application/xml", &allow), allowed);
        assert_eq!(judged("Text/XML; charset=utf-8", &allow), allowed);
        let not_xml = "the answer is not `application/xml`";
        assert_eq!(judged("application/json", &allow), not_xml);
        assert_eq!(judged("", &allow), not_xml);
        let twice = answer("<Portable>false</Portable><Portable>true</Portable>");
        for (body, why) in [
            (answer(""), "Portable: missing"),
            (answer("<Portable>no</Portable>"), "Portable: not true or false at line 1 column 51"),
            (twice, "Portable: given twice at line 1 column"),
            ("<Portable>true</Portable>".into(), "the root element is <Portable>"),
            (allow[..80].into(), "unexpected end of the document"),
            (String::new(), "unexpected end of the document"),
        ] {
            let verdict = judged("application/xml", &body);
            assert!(verdict.starts_with(&format!("the answer is invalid: {why}")), "{verdict}");
        }
    }
}
