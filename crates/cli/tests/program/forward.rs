//! `listen --forward`: what the application gets, and what the sender gets.

use std::net::TcpListener;

use serde_json::json;

use crate::application::Application;
use crate::http::{exchange, request};
use crate::program::{ITEM, JOHN_SMITH, Listen, run};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn a_request_is_passed_on_byte_for_byte() {
    let answer =
        "HTTP/1.1 202 Accepted\r\nX-One: 1\r\nX-One: 2\r\nContent-Length: 5\r\n\r\n\u{e9}\r\n!";
    let application = Application::answering(&[answer]);
    let mut listen = Listen::start(&["--forward", &application.url]);
    let body = b"{\r\n  \"a\": \"\xff\xfe\0\"\r\n}\r\n\r\n";
    let headers =
        ["Host: provider.example", JOHN_SMITH, "X-Two: a", "X-Two: b", "X-Two: \u{e9}", "X-None:"];
    let target = "POST /musement?a=%2f%20+b&&c=[1]|;x=%zz&a";
    let got = exchange(listen.receive(), request(target, &headers, body));
    assert_eq!(got.status, 202);
    let one: Vec<_> = got.headers.iter().filter(|(name, _)| name == "x-one").collect();
    assert_eq!(one.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(got.body, "\u{e9}\r\n!".as_bytes());

    let came = application.next();
    let end = came.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert_eq!(&came[end + 4..], body);
    let head = String::from_utf8(came[..end].to_vec()).unwrap();
    let mut lines: Vec<String> = head.split("\r\n").map(str::to_owned).collect();
    assert_eq!(lines[0], format!("{target} HTTP/1.1"));
    lines[1..].sort_by_key(|line| line.split(':').next().unwrap().to_ascii_lowercase());
    let expected = [
        "authorization: Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==".to_owned(),
        format!("content-length: {}", body.len()),
        format!("host: {}", application.url.strip_prefix("http://").unwrap()),
        "x-none: ".to_owned(),
        "x-two: a".to_owned(),
        "x-two: b".to_owned(),
        "x-two: \u{e9}".to_owned(),
    ];
    assert_eq!(lines[1..], expected);

    let line = listen.next();
    assert_eq!(line["requests"][0]["target"], target.strip_prefix("POST ").unwrap());
    let shown = &line["requests"][0]["answer"];
    assert_eq!((&shown["from"], &shown["status"]), (&json!("application"), &json!(202)));
    assert_eq!(shown["body"], json!({ "bytes": 5, "text": "\u{e9}\r\n!" }));
}

#[test]
fn a_body_in_chunks_keeps_its_bytes() {
    let application = Application::answering(&[OK]);
    let listen = Listen::start(&["--forward", &application.url]);
    let chunks = "POST /musement HTTP/1.1\r\nHost: x\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\
                  Keep-Alive: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\n2\r\nbc\r\n0\r\n\r\n";
    assert_eq!(exchange(listen.receive(), chunks).status, 200);
    let host = application.url.strip_prefix("http://").unwrap();
    let expected =
        format!("POST /musement HTTP/1.1\r\ncontent-length: 5\r\nhost: {host}\r\n\r\na\r\nbc");
    assert_eq!(application.next_text(), expected);
}

#[test]
fn the_sender_gets_what_the_application_answers() {
    for (answer, status, outcome, provider) in [
        (OK, 200, "accepted", "delivered"),
        (
            "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno",
            500,
            "failed",
            "tries again after 1 min (assumed; the wait is not documented): 500 is not a \
             confirmation",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            302,
            "failed",
            "tries again after 1 min (assumed; the wait is not documented): 302 is not a \
             confirmation",
        ),
    ] {
        let application = Application::answering(&[answer, OK]);
        let mut listen = Listen::start(&["--forward", &application.url]);
        assert_eq!(listen.post_item(&[], ITEM).status, status);
        let line = listen.next();
        assert_eq!((&line["outcome"], &line["provider"]), (&json!(outcome), &json!(provider)));
        application.next();
        assert!(application.is_quiet(), "a redirect was followed");
    }
}

#[test]
fn an_application_that_is_dead_is_a_sentence_and_no_success() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut listen = Listen::start(&["--forward", &format!("http://{closed}")]);
    let sentence = format!("nothing listens at {closed}: is your server running?");
    let got = listen.post_item(&[], ITEM);
    assert_eq!((got.status, got.text()), (502, format!("{sentence}\n")));
    let line = listen.next();
    assert_eq!((&line["outcome"], &line["advice"]), (&json!("failed"), &json!(sentence)));
    assert_eq!(line["requests"][0]["answer"]["from"], "order-webhooks");

    let breaks = Application::answering(&[""]);
    let mut listen = Listen::start(&["--forward", &breaks.url]);
    assert_eq!(listen.post_item(&[], ITEM).status, 502);
    let line = listen.next();
    let advice = line["advice"].as_str().unwrap();
    assert!(advice.starts_with("no answer from 127.0.0.1:"), "{advice}");
}

/// Porterbuddy waits 10 s, and so does `listen`.
#[test]
fn an_application_that_hangs_is_a_sentence_too() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hanging.local_addr().unwrap());
    let mut listen = Listen::start(&["--forward", &url]);
    let body = r#"{"orderId":"1","orderStatus":"ready"}"#;
    let answer = exchange(listen.receive(), request("POST /porterbuddy", &["Host: x"], body));
    let sentence = "no answer within 10s: does your handler hang?";
    assert_eq!((answer.status, answer.text()), (502, format!("{sentence}\n")));
    assert_eq!(listen.next()["advice"], sentence);
}

/// The application asks for the credentials itself; its challenge reaches the sender.
#[test]
fn the_challenge_of_the_application_is_part_of_one_delivery() {
    let challenge = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"mine\"\r\n\
                     Content-Length: 0\r\n\r\n";
    let application = Application::answering(&[challenge, OK]);
    let mut listen = Listen::start(&["--forward", &application.url]);
    let sent = run(&["send", "notification", &listen.url("/bandwidth/notifications"), "--quiet"]);
    assert_eq!(sent.stdout, b"401, 200: delivered\n");
    let line = listen.next();
    assert_eq!((&line["statuses"], &line["outcome"]), (&json!([401, 200]), &json!("accepted")));
    assert_eq!(application.next().len() + 67, application.next().len());
}

#[test]
fn an_application_without_a_challenge_loses_the_delivery() {
    let application = Application::answering(&[OK]);
    let mut listen = Listen::start(&["--forward", &application.url]);
    let sent = run(&["send", "notification", &listen.url("/bandwidth/notifications"), "--quiet"]);
    assert_eq!(sent.status.code(), Some(1));
    let line = listen.next();
    assert_eq!(line["outcome"], "failed");
    let provider = "lost: the request without credentials was answered 200 instead of 401 and a \
                    challenge";
    assert_eq!(line["provider"], provider);
}

#[test]
fn an_application_with_other_secrets_is_noticed() {
    let application = Application::answering(&[OK]);
    let mut listen = Listen::start(&["--forward", &application.url]);
    run(&["send", "musement", &listen.url("/musement"), "--forge"]);
    let line = listen.next();
    assert_eq!((&line["outcome"], &line["delivered"]), (&json!("refused"), &json!(true)));
    let advice = "Your application has accepted what this program refuses: they have different \
                  secrets.";
    assert_eq!(line["advice"], advice);
}

/// A refused port-out is answered with a denial, by both.
#[test]
fn a_denial_of_a_refused_port_out_is_no_sign_of_other_secrets() {
    let denial = "<PortOutValidationResponse><Portable>false</Portable><Errors><Error>\
                  <Code>7598</Code></Error></Errors></PortOutValidationResponse>";
    let length = denial.len();
    let denial = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n{denial}"
    );
    let challenge = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"mine\"\r\n\
                     Content-Length: 0\r\n\r\n";
    let application = Application::answering(&[challenge, &denial]);
    let forwarding = Listen::start(&["--forward", &application.url]);
    for mut listen in [forwarding, Listen::start(&[])] {
        run(&["send", "port-out", &listen.url("/bandwidth/port-out"), "--forge"]);
        let line = listen.next();
        assert_eq!((&line["outcome"], &line["delivered"]), (&json!("refused"), &json!(true)));
        let advice = line["advice"].as_str().unwrap();
        assert!(advice.starts_with("Compare the user name and the password"), "{advice}");
    }
}

#[test]
fn a_kept_delivery_is_sent_again_after_a_fix() {
    let application =
        Application::answering(&["HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", OK]);
    let mut listen = Listen::start(&["--forward", &application.url]);
    assert_eq!(listen.post_item(&["X-Two: a", "X-Two: b"], ITEM).status, 500);
    assert_eq!(listen.next()["outcome"], "failed");
    let answer = listen.again(1);
    assert_eq!((answer.status, answer.json()["id"].as_u64()), (200, Some(2)));
    let line = listen.next();
    assert_eq!((&line["outcome"], &line["again"]), (&json!("accepted"), &json!(1)));
    assert_eq!(application.next(), application.next());
}
