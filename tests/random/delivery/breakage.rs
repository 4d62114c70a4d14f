//! Receivers that break a provider's rule, and what the provider does then.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use order_webhooks::Credentials;
use order_webhooks::testing::{
    Failure, Next, Random, Report, Sender, Verdict, bandwidth, doubled, musement, reordered,
};

fn sender(of: impl Fn(http::Uri, &Credentials) -> Sender) -> Sender {
    of("/hook".parse().unwrap(), &Credentials::new("u", "p").unwrap())
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

/// Answers a request without credentials by this 401, and others by this.
fn asking(
    challenge: &[(&str, &str)],
    then: impl Fn() -> Response<Bytes>,
) -> impl Fn(Request<Bytes>) -> Option<Response<Bytes>> {
    move |request| {
        let shown = request.headers().contains_key("authorization");
        Some(if shown { then() } else { response(401, challenge, "") })
    }
}

const CHALLENGE: &[(&str, &str)] = &[("WWW-Authenticate", "Basic realm=\"x\"")];
const XML: &[(&str, &str)] = &[("Content-Type", "application/xml")];

fn port_out(body: &'static str) -> Report {
    let delivery = sender(Sender::port_out).delivery(&bandwidth::port_out_request());
    delivery.run(asking(CHALLENGE, move || response(200, XML, body)))
}

#[test]
fn without_a_challenge_a_notification_is_lost_and_a_port_out_approved_at_once() {
    let notification = sender(Sender::notifications).delivery(&bandwidth::order_notification());
    for challenge in [&[][..], &[("WWW-Authenticate", "Digest realm=\"x\"")]] {
        let not_asked = Failure::NotAsked(http::StatusCode::UNAUTHORIZED);
        let report = notification.clone().run(asking(challenge, || response(200, &[], "")));
        assert_eq!(report.verdict, Verdict::Lost(not_asked.clone()));
        assert_eq!(report.statuses(), [Some(401)]);

        let port_out = sender(Sender::port_out).delivery(&bandwidth::port_out_request());
        let report = port_out.run(asking(challenge, || response(200, XML, "")));
        assert_eq!(report.verdict, Verdict::PortOutFailedOpen(not_asked));
        assert_eq!(report.statuses(), [Some(401)]);
    }
}

/// Bandwidth repeats what was answered by a 401, and nothing else.
#[test]
fn a_challenge_with_another_status_asks_for_nothing() {
    for status in [200, 403, 407] {
        let mut notification =
            sender(Sender::notifications).delivery(&bandwidth::order_notification());
        let next = notification.answered(&response(status, CHALLENGE, ""));
        let not_asked = Failure::NotAsked(status.try_into().unwrap());
        assert_eq!(next, Next::Ended(Verdict::Lost(not_asked)), "{status}");
    }
}

#[test]
fn a_delivery_tells_how_often_it_has_failed() {
    let mut update = sender(Sender::musement).delivery(&musement::order_item_update());
    assert_eq!(update.failed_tries(), 0);
    for tries in 1..=2 {
        let next = update.answered(&response(503, &[], ""));
        assert!(matches!(next, Next::TryAgain { .. }), "{next}");
        assert_eq!(update.failed_tries(), tries);
    }
    let shown = format!("{update:?}");
    assert!(shown.starts_with("Delivery { sender: Sender {"), "{shown}");
    assert!(shown.ends_with(", verdict: None, failed_tries: 2, .. }"), "{shown}");
}

/// A delivery that has failed, waited and shown its credentials can start again as new.
#[test]
fn a_delivery_that_is_restarted_has_everything_before_it() {
    let first = sender(Sender::port_out).delivery(&bandwidth::port_out_request());
    let mut delivery = first.clone();
    assert!(matches!(delivery.unanswered(), Next::TryAgain { .. }));
    assert_eq!(delivery.answered(&response(401, CHALLENGE, "")), Next::RepeatWithCredentials);
    assert!(delivery.request().unwrap().headers().contains_key("authorization"));
    assert_ne!((delivery.failed_tries(), delivery.elapsed()), (0, Duration::ZERO));

    let again = delivery.restarted();
    assert_eq!((again.failed_tries(), again.elapsed()), (0, Duration::ZERO));
    let request = again.request().unwrap();
    assert!(!request.headers().contains_key("authorization"));
    assert_eq!(request.headers(), first.request().unwrap().headers());
    delivery = first.replayed();
    assert!(delivery.request().unwrap().headers().contains_key("authorization"));
}

#[test]
fn a_report_reads_as_what_happened() {
    let update = sender(Sender::musement).delivery(&musement::order_item_update());
    let mut answers = [None, Some(204), Some(200)].into_iter();
    let report = update.run(|_| answers.next().flatten().map(|status| response(status, &[], "")));
    assert_eq!(
        report.to_string(),
        "after 0 s: no answer, tries again after 1 min (assumed; the wait is not documented): there \
         was no answer\n\
         after 1 min: 204, tries again after 2 min (assumed; the wait is not documented): 204 is not \
         a confirmation\n\
         after 3 min: 200, delivered\n"
    );
    let last = report.exchanges.last().unwrap();
    let shown = "Exchange { at: 180s, status: Some(200), next: Ended(Delivered), .. }";
    assert_eq!(format!("{last:?}"), shown);
}

#[test]
fn only_200_confirms_to_musement_and_to_bandwidth() {
    for status in [200, 201, 202, 204, 302, 400, 500] {
        let mut update = sender(Sender::musement).delivery(&musement::order_item_update());
        let next = update.answered(&response(status, &[], ""));
        let confirmed = next == Next::Ended(Verdict::Delivered);
        assert_eq!(confirmed, status == 200, "{status}: {next}");
        assert_eq!(matches!(next, Next::TryAgain { .. }), status != 200);

        let notification = sender(Sender::notifications).delivery(&bandwidth::event_notification());
        let report = notification.run(asking(CHALLENGE, || response(status, &[], "")));
        assert_eq!(report.verdict.is_delivered(), status == 200, "{report}");
        assert_eq!(report.exchanges.len(), 2, "a notification is never sent again");
    }
}

#[test]
fn a_port_out_fails_open() {
    let denied = "<PortOutValidationResponse><Portable>false</Portable><Errors><Error>\
                  <Code>7513</Code></Error></Errors></PortOutValidationResponse>";
    assert!(port_out(denied).verdict.is_delivered());
    for body in [
        "<PortOutValidationResponse><Portable>false</Portable><Errors><Error><Code>7599</Code>\
         </Error></Errors></PortOutValidationResponse>",
        "<PortOutValidationResponse><Portable>false</Portable></PortOutValidationResponse>",
        "<PortOutValidationResponse><Portable>false</Portable><Errors><Error><Code>42</Code>\
         </Error></Errors></PortOutValidationResponse>",
        "{\"portable\":false}",
        "",
    ] {
        let report = port_out(body);
        assert!(matches!(report.verdict, Verdict::PortOutFailedOpen(_)), "{body}: {report}");
        assert_eq!(report.exchanges.len(), 2, "it is approved at once");
    }
}

/// An error status is an answer to Bandwidth. Only silence makes it ask again.
#[test]
fn a_port_out_is_asked_again_only_after_silence() {
    let delivery = sender(Sender::port_out).delivery(&bandwidth::port_out_request());
    for status in [201, 204, 302, 400, 401, 403, 413, 429, 500, 503] {
        let report = delivery.clone().run(asking(CHALLENGE, || response(status, CHALLENGE, "")));
        let open = Verdict::PortOutFailedOpen(Failure::Status(status.try_into().unwrap()));
        assert_eq!((report.verdict, report.exchanges.len()), (open, 2), "{status}");
    }
    for status in [200, 400, 403, 500, 503] {
        let report = delivery.clone().run(|_| Some(response(status, XML, "")));
        let open = Verdict::PortOutFailedOpen(Failure::NotAsked(status.try_into().unwrap()));
        assert_eq!((report.verdict, report.exchanges.len()), (open, 1), "{status}");
    }
    let report = delivery.run(|_| None::<Response<Bytes>>);
    let minutes: Vec<_> = report.exchanges.iter().map(|at| at.at.as_secs() / 60).collect();
    assert_eq!(minutes, [0, 5, 10, 15, 20, 25, 30, 35, 40]);
    assert_eq!(report.verdict, Verdict::PortOutFailedOpen(Failure::NoAnswer));
}

#[test]
fn wrong_credentials_are_shown_once_per_try() {
    let notification = sender(Sender::notifications).delivery(&bandwidth::order_notification());
    let report = notification.run(|_| Some(response(401, CHALLENGE, "")));
    assert_eq!(report.statuses(), [Some(401), Some(401)]);
    let refused = Failure::Status(http::StatusCode::UNAUTHORIZED);
    assert_eq!(report.verdict, Verdict::Lost(refused));
}

/// A shop that keeps the newest version ends in the same state, however deliveries are
/// doubled and reordered.
#[test]
fn doubled_and_reordered_deliveries_can_be_repeated_by_their_seed() {
    let sender = sender(Sender::musement);
    let versions = |seed| -> Vec<String> {
        let updates = musement::order_item_updates();
        let deliveries = updates.iter().map(|update| sender.delivery(update)).collect();
        let mut random = Random::new(seed);
        let deliveries = reordered(doubled(deliveries, &mut random), &mut random);
        let body = |request: Request<Bytes>| String::from_utf8_lossy(request.body()).into_owned();
        deliveries.iter().map(|delivery| body(delivery.request().unwrap())).collect()
    };
    assert_eq!(versions(1), versions(1));
    assert_ne!(versions(1), versions(2));
    let mut all = versions(1);
    assert!(all.len() > 6 && !all.is_sorted());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 6, "nothing is lost");
}
