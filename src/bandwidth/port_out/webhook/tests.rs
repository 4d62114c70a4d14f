use super::*;
use crate::auth::BasicAuth;
use crate::bandwidth::DenialReason;
use crate::webhook::WebhookExt as _;

fn webhook() -> PortOutWebhook {
    let auth = BasicAuth::new("u", "p:q").unwrap();
    PortOutWebhook::new(auth, PortOutAnswer::deny(DenialReason::InvalidRequest))
}

fn denied(pon: Option<&str>) -> String {
    let pon = pon.map(str::to_owned);
    let request = PortOutValidationRequest { pon, ..Default::default() };
    PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(&request)
}

fn request<B>(body: B) -> http::Request<B> {
    let request = http::Request::post("/").header("authorization", "Basic dTpwOnE=");
    request.body(body).unwrap()
}

#[test]
fn every_body_that_is_no_question_is_answered() {
    let limit = webhook().limits().body_bytes();
    let without_number = "<PortOutValidationRequest><PON>p</PON></PortOutValidationRequest>";
    for (body, pon) in [
        (String::new(), None),
        ("not XML".to_owned(), None),
        ("<Notification/>".to_owned(), None),
        ("<!DOCTYPE a><PortOutValidationRequest/>".to_owned(), None),
        (without_number.to_owned(), Some("p")),
        ("x".repeat(limit + 1), None),
    ] {
        let response = webhook().verify(request(&body)).unwrap_err().to_response();
        assert_eq!(response.status(), 200, "{body:.40}");
        assert_eq!(response.headers()["content-type"], "application/xml");
        assert_eq!(*response.body(), denied(pon), "{body:.40}");
    }
    let mut encoded = request("<PortOutValidationRequest/>");
    encoded.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    let response = webhook().verify(encoded).unwrap_err().to_response();
    assert_eq!((response.status().as_u16(), response.body()), (200, &denied(None).into()));
}

/// What can be read of a request before it breaks is in the answer.
#[test]
fn a_broken_body_is_answered_with_its_numbers() {
    let body = "<PortOutValidationRequest><PON>p</PON><TelephoneNumbers>\
                <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers><Pin/><Pin/>";
    let response = webhook().verify(request(body)).unwrap_err().to_response();
    let answer = String::from_utf8_lossy(response.body());
    assert!(answer.contains("<PON>p</PON>"), "{answer}");
    assert!(answer.contains("<AcceptableValues><TelephoneNumbers><TelephoneNumber>2223331000<"));
}

#[test]
fn a_body_that_did_not_come_is_answered() {
    let headers = [("authorization", "Basic dTpwOnE=")];
    for reason in [Reason::TooSlow { limit: Duration::from_secs(10) }, Reason::Incomplete] {
        let webhook = webhook();
        let pending = webhook.authenticate(&Head::new("POST", &headers)).unwrap();
        let response = pending.fail(reason).to_response();
        assert_eq!((response.status().as_u16(), response.body()), (200, &denied(None).into()));
    }
}

#[test]
fn refused_credentials_are_answered_and_missing_ones_are_asked_for() {
    let genuine = include_str!("../../../../tests/data/bandwidth/port-out.xml");
    for shown in [
        &["Basic eDp5"][..],
        &["Basic dQ=="],
        &["Bearer x"],
        &[""],
        &["Basic dTpwOnE=", "Basic dTpwOnE="],
    ] {
        let mut refused = request(genuine);
        refused.headers_mut().clear();
        for value in shown {
            refused.headers_mut().append("authorization", value.parse().unwrap());
        }
        let rejection = webhook().verify(refused).unwrap_err();
        assert_eq!(rejection.verified_body(), None);
        let response = rejection.to_response();
        assert_eq!(response.status(), 200, "{shown:?}");
        assert_eq!(*response.body(), denied(None), "{shown:?}");
    }
    let mut none = request(genuine);
    none.headers_mut().clear();
    let response = webhook().verify(none).unwrap_err().to_response();
    assert_eq!(response.status(), 401);
    assert!(response.body().is_empty());
    assert!(response.headers().contains_key("www-authenticate"));
    let mut get = request(genuine);
    *get.method_mut() = http::Method::GET;
    assert_eq!(webhook().verify(get).unwrap_err().to_response().status(), 405);
}

#[test]
fn a_refused_address_is_answered() {
    let webhook = PortOutWebhook::new(
        crate::Allowlist::new(["203.0.113.7"]).unwrap(),
        PortOutAnswer::deny(DenialReason::InvalidRequest),
    );
    let response = webhook.verify(request("")).unwrap_err().to_response();
    assert_eq!((response.status().as_u16(), response.body()), (200, &denied(None).into()));
}

#[test]
fn the_verdict_is_the_one_that_was_chosen() {
    let auth = BasicAuth::new("u", "p:q").unwrap();
    let response = PortOutWebhook::new(auth, PortOutAnswer::Allow).verify(request("x"));
    let allowed = PortOutAnswer::Allow.to_xml(None);
    assert_eq!(*response.unwrap_err().to_response().body(), allowed);
}

#[test]
fn the_deadline_is_before_bandwidth_stops_to_listen() {
    let seconds = Duration::from_secs;
    assert_eq!(webhook().deadline(), seconds(25));
    for (deadline, error) in [
        (Duration::ZERO, InvalidDeadline::Zero),
        (seconds(30), InvalidDeadline::TooLate),
        (seconds(31), InvalidDeadline::TooLate),
    ] {
        assert_eq!(webhook().with_deadline(deadline).unwrap_err(), error);
    }
    let webhook = webhook().with_deadline(seconds(3)).unwrap();
    assert_eq!(webhook.deadline(), seconds(3));
    assert_eq!(webhook.limits().body_time(), seconds(3));
}
