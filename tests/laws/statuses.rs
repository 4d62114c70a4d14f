//! Every reason has its status and its words, and the response says no more.

use std::error::Error as _;
use std::time::Duration;

use http::StatusCode;
use http::header::AUTHORIZATION;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{ParseError, Reason, Rejection, webhook::Answer, webhook::ParseErrorKind};

use crate::{Headers, deliver, refusal};
use fixtures::law::{Law, row};
use fixtures::samples::{CHALLENGE, ORDER_ITEM, U_P, u_p};

const DESIGN: &str = "DESIGN, law 10";

pub(crate) const LAW: Law = Law {
    title: "Law 10, one status for each reason",
    rows: &[
        row(
            "another method than POST, whatever the credentials are",
            "405 the method is not POST",
            "RFC 9110, 15.5.6, with `Allow: POST`",
            |cases| {
                cases.of("Reason", answered(&Reason::Method));
                let webhook = OrderItemWebhook::new(u_p());
                let authorized: Headers<'_> = &[("authorization", U_P.as_bytes())];
                let methods = [
                    "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "POSTS",
                    "",
                ];
                for method in methods {
                    for headers in [authorized, &[]] {
                        let rejection =
                            deliver(&webhook, method, headers, ORDER_ITEM.as_bytes()).unwrap_err();
                        assert_eq!(*rejection.reason(), Reason::Method, "{method}");
                        cases.of(method, refusal(&rejection, ORDER_ITEM.as_bytes()));
                    }
                }
            },
        ),
        row("no credentials", "401 asked for credentials", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::Challenged(challenge())));
        }),
        row(
            "credentials of another scheme",
            "401 credentials refused: another scheme than Basic",
            DESIGN,
            |cases| {
                cases.of("Reason", answered(&Reason::CredentialsScheme(challenge())));
            },
        ),
        row("malformed credentials", "401 credentials refused: malformed", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::CredentialsMalformed(challenge())));
        }),
        row(
            "wrong credentials",
            "401 credentials refused: not the expected ones",
            DESIGN,
            |cases| {
                cases.of("Reason", answered(&Reason::CredentialsMismatch(challenge())));
            },
        ),
        row(
            "a header that comes twice",
            "400 header authorization given more than once",
            DESIGN,
            |cases| {
                cases.of("Reason", answered(&Reason::RepeatedHeader(AUTHORIZATION)));
            },
        ),
        row("no signature", "403 no signature", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::SignatureMissing));
        }),
        row("a malformed signature", "403 the signature is malformed", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::SignatureMalformed));
        }),
        row("a wrong signature", "403 the signature does not match the body", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::SignatureMismatch));
        }),
        row("a signature of another time", "403 the signature has expired", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::Expired));
        }),
        row("no address", "403 the sender's address is not known", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::AddressUnknown));
        }),
        row("another address", "403 the sender's address is not allowed", DESIGN, |cases| {
            cases.of("Reason", answered(&Reason::AddressRefused));
        }),
        row("an encoded body", "415 the body is encoded", "RFC 9110, 15.5.16", |cases| {
            cases.of("Reason", answered(&Reason::Encoded));
        }),
        row(
            "a body beyond the limit",
            "413 the body is longer than 7 bytes",
            "RFC 9110, 15.5.14",
            |cases| {
                cases.of("Reason", answered(&Reason::TooLarge { limit: 7 }));
            },
        ),
        row(
            "a body that does not come in time",
            "408 the body did not come within 1.5s",
            "RFC 9110, 15.5.9",
            |cases| {
                cases.of(
                    "Reason",
                    answered(&Reason::TooSlow { limit: Duration::from_millis(1_500) }),
                );
            },
        ),
        row("a body that breaks off", "400 the body is incomplete", "RFC 9112, 8", |cases| {
            cases.of("Reason", answered(&Reason::Incomplete));
        }),
        row(
            "a body that is no event",
            "400 the body does not parse: orderId: missing",
            DESIGN,
            |cases| {
                let error = ParseError::new(ParseErrorKind::Missing).in_field("orderId");
                cases.of("Reason", answered(&Reason::Unparsable(error)));
            },
        ),
        row(
            "a handler without a webhook",
            "500 no webhook is configured for this handler",
            DESIGN,
            |cases| {
                cases.of("Reason", answered(&Reason::Unconfigured));
            },
        ),
        row(
            "the message of an error: path, line and column, our words, and no `source()` that says it again",
            "the body does not parse: orderId: missing at line 1 column 4",
            "CONFORMANCE, JSON; STYLE, 17",
            |cases| {
                let error = ParseError::new(ParseErrorKind::Missing)
                    .in_field("orderId")
                    .at_offset(br#"{"orderId""#, 3);
                let rejection = Rejection::new(Reason::Unparsable(error.clone()));
                assert!(rejection.source().is_none());
                assert!(error.source().is_none());
                assert_eq!(*error.kind(), ParseErrorKind::Missing);
                cases.of("orderId", rejection.to_string());
            },
        ),
    ],
};

fn challenge() -> http::HeaderValue {
    u_p().challenge().clone()
}

/// What is answered for this reason: nothing but the status, the challenge of a 401
/// and the method of a 405.
fn answered(reason: &Reason) -> String {
    let status = reason.status().as_u16();
    let expected = (status == 401).then(challenge);
    assert_eq!(reason.challenge().cloned(), expected, "{reason}");

    let rejection = Rejection::new(reason.clone());
    assert_eq!(rejection.status(), status);
    assert_eq!(rejection.to_string(), reason.to_string());
    assert_eq!(rejection.reason(), reason);
    assert_eq!(rejection.is_challenge(), matches!(reason, Reason::Challenged(_)));
    assert_eq!(rejection.verified_body(), None);
    assert_eq!(rejection.clone().into_verified_body(), None);

    let response = rejection.to_response();
    assert_eq!(response.status(), status);
    assert_eq!(response.body(), "");
    let of = |name| response.headers().get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(of("www-authenticate"), if status == 401 { vec![CHALLENGE] } else { vec![] });
    assert_eq!(of("allow"), if status == 405 { vec!["POST"] } else { vec![] });
    assert_eq!(response.headers().len(), usize::from(status == 401 || status == 405));
    format!("{status} {reason}")
}

#[test]
fn every_reason_has_its_status_and_its_words() {
    LAW.holds();
}

#[test]
fn answers() {
    let empty = Answer::empty(StatusCode::ACCEPTED);
    assert_eq!((empty.status(), &empty.body()[..]), (StatusCode::ACCEPTED, &b""[..]));
    assert_eq!(empty.to_response().status(), 202);
    assert!(empty.to_response().headers().is_empty());
    let full = Answer::with_body(StatusCode::OK, "text/plain", "body");
    assert_eq!((full.status(), &full.body()[..]), (StatusCode::OK, &b"body"[..]));
    assert_eq!(full.to_response().headers()["content-type"], "text/plain");
    assert_eq!(full.to_response().body(), "body");
    assert_ne!(full, empty);
    assert_eq!(full.clone(), full);
}
