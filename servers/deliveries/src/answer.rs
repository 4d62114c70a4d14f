//! The whole of an answer, as far as a sender looks at it.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE};
use http::{HeaderMap, Response};

/// The whole of an answer: what a test compares, and prints if it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub www_authenticate: Vec<String>,
    pub allow: Vec<String>,
    pub content_type: Vec<String>,
    pub body: String,
}

impl Answer {
    /// This status, and nothing else.
    pub fn empty(status: u16) -> Self {
        let none = Vec::new;
        Self {
            status,
            www_authenticate: none(),
            allow: none(),
            content_type: none(),
            body: String::new(),
        }
    }

    /// The answer that asks for credentials.
    pub fn challenge() -> Self {
        let challenge = r#"Basic realm="webhooks", charset="UTF-8""#.to_owned();
        Self { www_authenticate: vec![challenge], ..Self::empty(401) }
    }

    /// The answer to another method than POST.
    pub fn only_post() -> Self {
        Self { allow: vec!["POST".to_owned()], ..Self::empty(405) }
    }

    /// A port-out that is allowed.
    pub fn allowed(pon: &str) -> Self {
        Self::to_port_out(&format!("<Portable>true</Portable><PON>{pon}</PON>"))
    }

    /// A port-out that could not be read, except perhaps for its PON.
    pub fn unread(pon: Option<&str>) -> Self {
        let pon = pon.map_or(String::new(), |pon| format!("<PON>{pon}</PON>"));
        let error = error(7598, "Invalid request");
        Self::to_port_out(&format!("<Portable>false</Portable>{pon}{error}"))
    }

    /// The sample of a port-out, with this PON, denied with this code. A denial
    /// without a value may count as an approval, so the numbers go back.
    pub fn denied(pon: &str, code: u16, description: &str) -> Self {
        let error = error(code, description);
        Self::to_port_out(&format!(
            "<Portable>false</Portable><PON>{pon}</PON>{error}<AcceptableValues>\
             <TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber>\
             <TelephoneNumber>2223331001</TelephoneNumber></TelephoneNumbers></AcceptableValues>"
        ))
    }

    fn to_port_out(inside: &str) -> Self {
        let root = "PortOutValidationResponse";
        let body = format!("<?xml version=\"1.0\"?><{root}>{inside}</{root}>");
        Self { content_type: vec!["application/xml".to_owned()], body, ..Self::empty(200) }
    }
}

impl From<Response<Bytes>> for Answer {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            www_authenticate: values(&head.headers, &WWW_AUTHENTICATE),
            allow: values(&head.headers, &ALLOW),
            content_type: values(&head.headers, &CONTENT_TYPE),
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

fn error(code: u16, description: &str) -> String {
    format!(
        "<Errors><Error><Code>{code}</Code><Description>{description}</Description></Error></Errors>"
    )
}

fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
