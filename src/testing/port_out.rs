//! What Bandwidth makes of the answer to a port-out validation.

use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::bandwidth::PortOutValidationResponse;
use crate::error::{ParseError, ParseErrorKind};
use crate::testing::verdict::{Failure, Verdict};

/// A port-out that the receiver denied with codes that Bandwidth recognises; see
/// [`Verdict::PortOutDenied`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denied {
    /// The codes, as they stand in the answer: 7510 to 7519, and 7598.
    pub codes: Vec<u16>,
    /// What happens to the port-out.
    pub effect: DenialEffect,
}

/// What a denial does to a port-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenialEffect {
    /// It goes into the state "exception" and can be put right by the winning
    /// carrier.
    Exception,
    /// It is cancelled: a number is not recognised (7516) or not active (7518),
    /// or there are too many (7517). That one such code among others cancels is
    /// an assumption.
    Cancelled,
}

/// Why a port-out happens although nobody allowed it; see
/// [`Verdict::PortOutFailedOpen`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailedOpen {
    /// No try got a 200; this is how the last one failed.
    NoAnswer(Failure),
    /// The media type is not that of XML. That Bandwidth insists on it is an
    /// assumption.
    MediaType,
    /// The body is not a `PortOutValidationResponse` that says `true` or
    /// `false`.
    Invalid(ParseError),
    /// It is a denial, and has no code.
    NoCode,
    /// It is a denial with a code that Bandwidth does not recognise, or 7599.
    /// That one such code among good ones is enough is an assumption.
    UnknownCode(String),
}

/// Reads a 200 as Bandwidth would. It knows nothing of what the receiver meant
/// to write.
pub(super) fn judge(headers: &HeaderMap, body: &[u8]) -> Verdict {
    if !is_xml(headers) {
        return Verdict::PortOutFailedOpen(FailedOpen::MediaType);
    }
    match read(body) {
        Err(error) => Verdict::PortOutFailedOpen(FailedOpen::Invalid(error)),
        Ok((true, _)) => Verdict::PortOutAllowed,
        Ok((false, codes)) => match recognised(&codes) {
            Ok(codes) if codes.is_empty() => Verdict::PortOutFailedOpen(FailedOpen::NoCode),
            Ok(codes) => {
                let cancels = codes.iter().any(|code| (7516..=7518).contains(code));
                let effect =
                    if cancels { DenialEffect::Cancelled } else { DenialEffect::Exception };
                Verdict::PortOutDenied(Denied { codes, effect })
            }
            Err(unknown) => Verdict::PortOutFailedOpen(FailedOpen::UnknownCode(unknown)),
        },
    }
}

fn is_xml(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    let essence = value.and_then(|value| value.split(|byte| *byte == b';').next());
    let essence = essence.unwrap_or_default().trim_ascii().to_ascii_lowercase();
    essence == b"application/xml" || essence == b"text/xml"
}

fn recognised(codes: &[String]) -> Result<Vec<u16>, String> {
    let known = |code: &String| match code.parse() {
        Ok(number @ (7510..=7519 | 7598)) => Ok(number),
        _ => Err(code.clone()),
    };
    codes.iter().map(known).collect()
}

/// What `Portable` says, and the text of every `Code`.
fn read(body: &[u8]) -> Result<(bool, Vec<String>), ParseError> {
    let (response, end) = PortOutValidationResponse::read(body)?;
    let fault = |kind| ParseError::new(kind).in_field("Portable").at_offset(body, end);
    let portable = match response.portable.as_deref() {
        Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(fault(ParseErrorKind::Invalid("true or false".into()))),
        None => return Err(fault(ParseErrorKind::Missing)),
    };
    Ok((portable, response.errors.into_iter().filter_map(|error| error.code).collect()))
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for code in &self.codes {
            write!(f, "{code} ")?;
        }
        f.write_str(match self.effect {
            DenialEffect::Exception => "(exception)",
            DenialEffect::Cancelled => "(cancelled)",
        })
    }
}

impl fmt::Display for FailedOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(failure) => failure.fmt(f),
            Self::MediaType => f.write_str("the answer is not `application/xml`"),
            Self::Invalid(error) => write!(f, "the answer is invalid: {error}"),
            Self::NoCode => f.write_str("the denial has no code"),
            Self::UnknownCode(code) => {
                write!(f, "the denial has the code `{}`", crate::wire::text::printable(code))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn judged(media_type: &'static str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        judge(&headers, body.as_bytes()).to_string()
    }

    fn answer(inside: &str) -> String {
        format!("<PortOutValidationResponse>{inside}</PortOutValidationResponse>")
    }

    fn denial(codes: &[&str]) -> String {
        let errors: Vec<_> =
            codes.iter().map(|code| ["<Error><Code>", code, "</Code></Error>"].concat()).collect();
        let errors = errors.concat();
        answer(&format!("<Portable>false</Portable><PON>p</PON><Errors>{errors}</Errors>"))
    }

    const OPEN: &str = "port-out approved although nobody allowed it: ";

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
        ] {
            assert_eq!(judged("application/xml", &denial(codes)), verdict);
        }
        for (codes, why) in [
            (&["7599"][..], "the denial has the code `7599`"),
            (&["7509"], "the denial has the code `7509`"),
            (&["7520"], "the denial has the code `7520`"),
            (&["7597"], "the denial has the code `7597`"),
            (&["7513", "7599"], "the denial has the code `7599`"),
            (&["x\u{9b}"], "the denial has the code `x\\u{9b}`"),
            (&[""], "the denial has no code"),
            (&[], "the denial has no code"),
        ] {
            assert_eq!(judged("application/xml", &denial(codes)), format!("{OPEN}{why}"));
        }
    }

    #[test]
    fn what_is_no_answer_approves() {
        let allow = answer("<Portable>true</Portable><PON>p</PON>");
        let allowed = "port-out approved, as the receiver answered";
        assert_eq!(judged("application/xml", &allow), allowed);
        assert_eq!(judged("Text/XML; charset=utf-8", &allow), allowed);
        let not_xml = format!("{OPEN}the answer is not `application/xml`");
        assert_eq!(judged("application/json", &allow), not_xml);
        assert_eq!(judged("", &allow), not_xml);
        let twice = answer("<Portable>false</Portable><Portable>true</Portable>");
        for (body, why) in [
            (answer(""), "Portable: missing"),
            (answer("<Portable>no</Portable>"), "Portable: not true or false at line 1 column 51"),
            (twice, "Portable: given twice at line 1 column 54"),
            ("<Portable>true</Portable>".into(), "the root element is <Portable>"),
            (allow[..80].into(), "unexpected end of the document"),
            (String::new(), "unexpected end of the document"),
        ] {
            let verdict = judged("application/xml", &body);
            let expected = format!("{OPEN}the answer is invalid: {why}");
            assert!(verdict.starts_with(&expected), "{verdict}");
        }
    }
}
