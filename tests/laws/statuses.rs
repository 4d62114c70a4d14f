//! Every reason has its status and its words, and the response says no more.

use std::error::Error as _;
use std::time::Duration;

use http::StatusCode;
use http::header::AUTHORIZATION;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{ParseError, Reason, Rejection, webhook::Answer, webhook::ParseErrorKind};

use crate::{deliver, refusal};
use fixtures::samples::{ORDER_ITEM, U_P, u_p};

fn challenge() -> http::HeaderValue {
    u_p().challenge().clone()
}

/// The response has the status, the challenge of a 401, the method of a 405, and
/// nothing more.
#[test]
fn every_reason_has_its_code_its_status_and_its_words() {
    let unparsable = ParseError::new(ParseErrorKind::Missing).in_field("orderId");
    let limit = Duration::from_millis(1_500);
    for (reason, code, status, words) in [
        (Reason::Method, "method", 405, "the method is not POST"),
        (Reason::Challenged(challenge()), "challenged", 401, "asked for credentials"),
        (
            Reason::CredentialsScheme(challenge()),
            "credentials_scheme",
            401,
            "credentials refused: another scheme than Basic",
        ),
        (
            Reason::CredentialsMalformed(challenge()),
            "credentials_malformed",
            401,
            "credentials refused: malformed",
        ),
        (
            Reason::CredentialsMismatch(challenge()),
            "credentials_mismatch",
            401,
            "credentials refused: not the expected ones",
        ),
        (
            Reason::RepeatedHeader(AUTHORIZATION),
            "repeated_header",
            400,
            "header authorization given more than once",
        ),
        (Reason::SignatureMissing, "signature_missing", 403, "no signature"),
        (Reason::SignatureMalformed, "signature_malformed", 403, "the signature is malformed"),
        (
            Reason::SignatureMismatch,
            "signature_mismatch",
            403,
            "the signature does not match the body",
        ),
        (Reason::Expired, "expired", 403, "the signature has expired"),
        (
            Reason::AddressUnknown,
            "address_unknown",
            403,
            "the server does not give the sender's address",
        ),
        (
            Reason::AddressMissing,
            "address_missing",
            403,
            "no proxy has written the sender's address",
        ),
        (
            Reason::AddressRefused([203, 0, 113, 8].into()),
            "address_refused",
            403,
            "the sender's address is not allowed",
        ),
        (Reason::Encoded, "encoded", 415, "the body is encoded"),
        (Reason::TooLarge { limit: 7 }, "too_large", 413, "the body is longer than 7 bytes"),
        (Reason::TooSlow { limit }, "too_slow", 408, "the body did not come within 1.5s"),
        (Reason::Incomplete, "incomplete", 400, "the body is incomplete"),
        (
            Reason::Unparsable(unparsable),
            "unparsable",
            400,
            "the body does not parse: orderId: missing",
        ),
        (Reason::Unconfigured, "unconfigured", 500, "no webhook is configured for this handler"),
    ] {
        let rejection = Rejection::new(reason.clone());
        assert_eq!((reason.code(), &*reason.to_string()), (code, words));
        assert_eq!(rejection.to_string(), words);
        assert_eq!(rejection.reason(), &reason);
        assert_eq!(rejection.status(), status, "{words}");
        assert_eq!(reason.challenge().cloned(), (status == 401).then(challenge), "{words}");
        assert_eq!(rejection.is_challenge(), words == "asked for credentials");
        assert_eq!(rejection.verified_body(), None);
        assert_eq!(rejection.clone().into_verified_body(), None);

        let response = rejection.to_response();
        let shown = format!("{:?} {:?}", response.headers(), response.body());
        let expected = match status {
            401 => r#"{"www-authenticate": "Basic realm=\"webhooks\", charset=\"UTF-8\""} b"""#,
            405 => r#"{"allow": "POST"} b"""#,
            500 => {
                r#"{"content-type": "text/plain"} b"no webhook is configured for this handler\n""#
            }
            403 if reason == Reason::AddressUnknown => {
                r#"{"content-type": "text/plain"} b"the server does not give the sender's address\n""#
            }
            403 if reason == Reason::AddressMissing => {
                r#"{"content-type": "text/plain"} b"no proxy has written the sender's address\n""#
            }
            _ => r#"{} b"""#,
        };
        assert_eq!((response.status().as_u16(), &*shown), (status, expected), "{words}");
    }
}

/// RFC 9110, section 15.5.6. The method is looked at first.
#[test]
fn another_method_than_post_is_refused() {
    let webhook = OrderItemWebhook::new(u_p());
    let body = ORDER_ITEM.as_bytes();
    let methods =
        ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "POSTS", ""];
    for method in methods {
        for headers in [&[("authorization", U_P.as_bytes())][..], &[]] {
            let rejection = deliver(&webhook, method, headers, body).unwrap_err();
            assert_eq!(refusal(&rejection, body), "405 the method is not POST", "{method}");
        }
    }
}

/// Path, line and column, and our words; no `source()` says it again.
#[test]
fn an_error_says_where_and_what() {
    let error =
        ParseError::new(ParseErrorKind::Missing).in_field("orderId").at_offset(br#"{"orderId""#, 3);
    let rejection = Rejection::new(Reason::Unparsable(error.clone()));
    assert!(rejection.source().is_none() && error.source().is_none());
    assert_eq!(*error.kind(), ParseErrorKind::Missing);
    let said = "the body does not parse: orderId: missing at line 1 column 4";
    assert_eq!(rejection.to_string(), said);
}

#[test]
fn an_answer_has_a_status_a_type_and_a_body() {
    let empty = Answer::empty(StatusCode::ACCEPTED);
    assert_eq!((empty.status(), &empty.body()[..]), (StatusCode::ACCEPTED, &b""[..]));
    assert_eq!(empty.to_response().status(), 202);
    assert!(empty.to_response().headers().is_empty());
    let full =
        Answer::with_body(StatusCode::OK, http::HeaderValue::from_static("text/plain"), "body");
    assert_eq!((full.status(), &full.body()[..]), (StatusCode::OK, &b"body"[..]));
    assert_eq!(full.to_response().headers()["content-type"], "text/plain");
    assert_eq!(full.to_response().body(), "body");
    assert_ne!(full, empty);
    assert_eq!(full.clone(), full);
}
