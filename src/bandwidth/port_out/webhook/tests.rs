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
        (format!("{without_number}{}", "x".repeat(limit)), Some("p")),
    ] {
        let response = webhook().verify(request(&body)).unwrap_err().to_response();
        assert_eq!(response.status(), 200, "{body:.40}");
        assert_eq!(response.headers()["content-type"], "application/xml");
        assert_eq!(*response.body(), denied(pon), "{body:.40}");
    }
}

/// Refused in whatever way, a question gets its PON and its numbers back.
#[test]
fn what_can_be_read_of_a_refused_question_is_in_the_answer() {
    let question = "<PortOutValidationRequest><PON>p</PON><Pin>1</Pin><TelephoneNumbers>\
                    <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>";
    let whole = format!("{question}</PortOutValidationRequest>");
    let cut_short = request(question.to_owned());
    let mut encoded = request(whole.clone());
    encoded.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    let mut forged = request(whole.clone());
    forged.headers_mut().insert("authorization", "Basic eDp5".parse().unwrap());
    let twice = request(format!("{question}<Pin/></PortOutValidationRequest>"));
    let long = request(format!("{whole}{}", " ".repeat(webhook().limits().body_bytes())));
    let asked = PortOutValidationRequest::parse_unverified(whole.as_bytes()).unwrap();
    let expected = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(&asked);
    for refused in [cut_short, encoded, forged, twice, long] {
        let rejection = webhook().verify(refused).unwrap_err();
        assert_eq!(*rejection.to_response().body(), expected, "{rejection}");
    }
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
    let asked = PortOutValidationRequest::parse_unverified(genuine.as_bytes()).unwrap();
    let answered = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(&asked);
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
        assert_eq!(*response.body(), answered, "{shown:?}");
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
        (Duration::ZERO, ConfigError::ZeroLimit),
        (seconds(30), ConfigError::DeadlineTooLong),
        (seconds(31), ConfigError::DeadlineTooLong),
    ] {
        assert_eq!(webhook().with_deadline(deadline).unwrap_err(), error);
    }
    let webhook = webhook().with_deadline(seconds(3)).unwrap();
    assert_eq!(webhook.deadline(), seconds(3));
    assert_eq!(webhook.limits().body_time(), seconds(3));
}
