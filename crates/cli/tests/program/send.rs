//! What `send` puts on the wire, and what it says of the answers. The names of
//! headers are compared in lower case, as HTTP does.

use std::io::Read as _;
use std::net::TcpListener;
use std::thread;

use crate::application::Application;
use crate::program::{command, run, text};

/// Sends to an application; whether all was delivered, what was printed, and what
/// was sent.
#[track_caller]
fn send(application: &Application, webhook: &str, options: &str) -> (bool, String, Vec<String>) {
    let options: Vec<&str> = options.split_whitespace().collect();
    send_with(application, webhook, &options)
}

#[track_caller]
fn send_with(
    application: &Application,
    webhook: &str,
    options: &[&str],
) -> (bool, String, Vec<String>) {
    let url = format!("{}/hook?a=b", application.url);
    let ended = run(&[&["send", webhook, &url], options].concat());
    let host = application.url.strip_prefix("http://").unwrap();
    let no_answer = format!("order-webhooks: no answer from {host}: ");
    let is_quiet = text(&ended.stderr).is_empty();
    assert!(is_quiet || text(&ended.stderr).starts_with(&no_answer), "{ended:?}");
    let sent = (0..application.count).map(|_| application.next_text()).collect();
    (ended.status.success(), text(&ended.stdout).to_owned(), sent)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const CHALLENGE: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"webhooks\", \
                         charset=\"UTF-8\"\r\nContent-Length: 0\r\n\r\n";
const BARE_401: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

fn request(application: &Application, headers: &[&str], body: &str) -> String {
    let host = format!("host: {}", application.url.strip_prefix("http://").unwrap());
    let mut headers = [headers, &[&*host]].concat();
    headers.sort_unstable();
    format!("POST /hook?a=b HTTP/1.1\r\n{}\r\n\r\n{body}", headers.join("\r\n"))
}

#[test]
fn musement_shows_its_credentials_at_once() {
    let application = Application::answering(&[OK]);
    let (delivered, printed, sent) = send(&application, "musement", "");
    let body = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;
    let headers = [
        "content-type: application/json",
        "content-length: 386",
        "authorization: Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==",
    ];
    assert_eq!(sent, [request(&application, &headers, body)]);
    assert!(delivered);
    assert!(printed.contains("\n> authorization: Basic (hidden)\n"), "{printed}");
    assert!(printed.ends_with("\n< 200 OK\n< content-length: 0\n= delivered\n\n"), "{printed}");
}

/// The signature is that of `openssl dgst -sha256 -hmac porterbuddy-api-key`.
#[test]
fn porterbuddy_signs_its_body() {
    let application = Application::answering(&["HTTP/1.1 204 No Content\r\n\r\n"]);
    let (delivered, printed, sent) = send(&application, "porterbuddy", "");
    let body = r#"{"orderId":"394326","orderStatus":"delivered","pickupDate":"2023-02-13","pickupTime":"2023-02-13T15:00:00+02:00","statusUpdatedAt":"2023-02-13T13:16:40.32538Z","orderReference":"order-12345"}"#;
    let headers = [
        "content-type: application/json",
        "content-length: 191",
        "x-porterbuddy-hmac-sha256: aj1DsJ3VYnOqWmTOGkvUIb2YsB04D7KAdLDwVhE/d04=",
    ];
    assert_eq!(sent, [request(&application, &headers, body)]);
    assert!(delivered, "every status from 200 to 299 counts");
    assert!(printed.contains("> x-porterbuddy-hmac-sha256: (hidden)"), "{printed}");
}

#[test]
fn bandwidth_asks_first_and_repeats_itself_with_credentials() {
    let body = "<?xml version=\"1.0\"?><Notification>\
                <SubscriptionId>b7d4f4f8-1f3c-4a8e-9a5c-6c7b0f0e2d11</SubscriptionId>\
                <OrderType>portins</OrderType>\
                <OrderId>8f3a1c52-6f5e-4a0e-8d8c-2b1f4d9e7a60</OrderId>\
                <CustomerOrderId>shop-order-7</CustomerOrderId><Status>FOC</Status>\
                <Message>portins order is FOC</Message>\
                <LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>\
                <ActualFocDate>2023-09-12T00:00:00Z</ActualFocDate></Notification>";
    for (options, first) in [("", body), ("--no-bare-body", "")] {
        let application = Application::answering(&[CHALLENGE, OK]);
        let options = format!("--type portins --status FOC {options}");
        let (delivered, printed, sent) = send(&application, "notification", &options);
        let length = |body: &str| format!("content-length: {}", body.len());
        let xml = "content-type: application/xml";
        let basic = "authorization: Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";
        assert_eq!(
            sent,
            [
                request(&application, &[xml, &length(first)], first),
                request(&application, &[xml, &length(body), basic], body),
            ]
        );
        assert!(delivered);
        assert!(printed.contains("\n= repeats the request with credentials\n"), "{printed}");
    }
}

#[test]
fn a_port_out_is_judged_by_its_answer() {
    let body = "<?xml version=\"1.0\"?><PortOutValidationRequest><PON>some_pon</PON>\
                <Pin>0111</Pin><AccountNumber>777</AccountNumber>\
                <SubscriberName>Subscriber Name</SubscriberName><TelephoneNumbers>\
                <TelephoneNumber>2223331009</TelephoneNumber></TelephoneNumbers>\
                </PortOutValidationRequest>";
    for (code, ends, delivered) in [
        (
            7513,
            "= port-out denied: 7513 (exception), without acceptable values, so Bandwidth may approve it\n\n",
            true,
        ),
        (
            7599,
            "= port-out approved although nobody allowed it: the denial has no code that Bandwidth recognises: `7599`\n\n",
            false,
        ),
    ] {
        let answer = format!(
            "<PortOutValidationResponse><Portable>false</Portable><Errors><Error>\
             <Code>{code}</Code></Error></Errors></PortOutValidationResponse>"
        );
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nTransfer-Encoding: chunked";
        let (one, two) = answer.split_at(20);
        let chunks = format!("14\r\n{one}\r\n{:x};x=y\r\n{two}\r\n0\r\n\r\n", two.len());
        let application = Application::answering(&[CHALLENGE, &format!("{head}\r\n\r\n{chunks}")]);
        let options = ["--pin", "0111", "--zip", "", "--numbers", "2223331009"];
        let (arrived, printed, sent) = send_with(&application, "port-out", &options);
        assert_eq!(arrived, delivered);
        assert!(printed.ends_with(ends), "{printed}");
        let headers = [
            "content-type: application/xml",
            "content-length: 272",
            "authorization: Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk",
        ];
        assert_eq!(sent[1], request(&application, &headers, body));
    }
}

/// The signature is that of `openssl dgst -sha256 -hmac bandwidth-secret`.
#[test]
fn a_v2_subscription_signs_and_may_be_asked_for_credentials() {
    let file = std::env::temp_dir().join(format!("order-webhooks-send-{}", std::process::id()));
    std::fs::write(&file, r#"{"status":"COMPLETE"}"#).unwrap();
    let body = format!("--body {}", file.display());
    let signature = "x-bandwidth-signature-sha-256: VnpYJ1Yp0ZPuGZC/wo9SDwWawiQKiiWoTr1igj+i/Fg=";
    let (delivered, _, sent) = send(&Application::answering(&[OK]), "v2", &body);
    assert!(delivered);
    assert!(sent[0].contains(signature), "{}", sent[0]);
    assert!(!sent[0].contains("authorization"), "{}", sent[0]);

    let options = format!("{body} --credentials");
    let (delivered, _, sent) = send(&Application::answering(&[CHALLENGE, OK]), "v2", &options);
    std::fs::remove_file(&file).unwrap();
    assert!(delivered);
    assert!(sent.iter().all(|request| request.contains(signature)), "{sent:?}");
    assert!(!sent[0].contains("authorization"), "{}", sent[0]);
    assert!(
        sent[1].contains("authorization: Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk\r\n"),
        "{}",
        sent[1]
    );
}

#[test]
fn it_says_what_the_provider_does_next() {
    let no_content = "HTTP/1.1 204 No Content\r\n\r\n";
    for (webhook, options, answers, expected) in [
        (
            "musement",
            "",
            &[no_content][..],
            "204: tries again after 1 min (assumed; the wait is not documented): \
             204 is not a confirmation",
        ),
        ("musement", "--retry 0", &[no_content, OK], "204, 200: delivered"),
        ("musement", "--retry 0", &["", OK], "no answer, 200: delivered"),
        (
            "notification",
            "",
            &[BARE_401],
            "401: lost: the 401 has no `WWW-Authenticate: Basic realm=\"…\"`",
        ),
        (
            "notification",
            "--forge",
            &[CHALLENGE, CHALLENGE],
            "401, 401: lost: 401 is not a confirmation",
        ),
        (
            "notification",
            "--forge missing",
            &[CHALLENGE],
            "401: lost: asked for credentials, and the sender has none",
        ),
        (
            "notification",
            "",
            &[OK],
            "200: lost: the request without credentials was answered 200 instead of 401 and a \
             challenge",
        ),
        (
            "port-out",
            "--retry 0",
            &[BARE_401],
            "401: port-out approved although nobody allowed it: the 401 has no \
             `WWW-Authenticate: Basic realm=\"…\"`",
        ),
        ("port-out", "", &[""], "no answer: tries again after 5 min: there was no answer"),
    ] {
        let options = format!("{options} --quiet");
        let (delivered, printed, sent) = send(&Application::answering(answers), webhook, &options);
        assert_eq!(printed, format!("{expected}\n"), "{webhook}");
        assert_eq!(sent.len(), answers.len());
        assert_eq!(delivered, expected.ends_with(": delivered"));
    }
}

#[test]
fn every_status_can_be_sent_at_once_doubled_and_replayed() {
    let answers = [OK; 5];
    let (delivered, printed, sent) =
        send(&Application::answering(&answers), "porterbuddy", "--all --quiet");
    assert!(delivered);
    assert!(printed.ends_with("5 of 5 delivered\n"), "{printed}");
    for (status, request) in
        ["received", "ready", "in_delivery", "delivered", "cancelled"].iter().zip(&sent)
    {
        assert!(request.contains(&format!(r#""orderStatus":"{status}""#)), "{request}");
    }
    let (_, printed, sent) =
        send(&Application::answering(&[OK; 2]), "porterbuddy", "--double --quiet");
    assert!(printed.ends_with("2 of 2 delivered\n"), "{printed}");
    assert_eq!(sent[0], sent[1]);
    let options = "--status canceled --repeat 2 --replay --reorder --seed 7";
    let (_, _, sent) = send(&Application::answering(&[OK; 4]), "porterbuddy", options);
    assert!(sent.iter().all(|request| request == &sent[0]));
    assert!(sent[0].contains(r#""orderStatus":"canceled""#));
}

/// An option that is unknown, or that would be ignored, is refused.
#[test]
fn a_wrong_command_line_says_what_is_wrong() {
    for (words, error) in [
        ("", "Usage: order-webhooks send <COMMAND>"),
        ("musement", "<URL>"),
        ("fedex http://localhost/", "unrecognized subcommand 'fedex'"),
        ("musement /hook", "a URL starts with http:// or https:// and a host"),
        ("musement localhost/hook", "a URL starts with http:// or https:// and a host"),
        ("musement ftp://localhost/", "a URL starts with http:// or https:// and a host"),
        ("musement http://localhost/ more", "unexpected argument 'more'"),
        ("musement http://localhost/ --frobnicate", "unexpected argument '--frobnicate'"),
        ("musement http://localhost/ --status", "a value is required for '--status <STATUS>'"),
        ("musement http://localhost/ --repeat x", "invalid value 'x' for '--repeat <TIMES>'"),
        ("musement http://localhost/ --repeat 0", "invalid value '0' for '--repeat <TIMES>'"),
        ("notification http://localhost/ --all --type x", "--all sends nothing"),
        ("musement http://localhost/ --retry -1", "unexpected argument '-1'"),
        ("musement http://localhost/ --retry=-1", "not a time"),
        ("musement http://localhost/ --forge none", "invalid value 'none' for '--forge"),
        ("musement http://localhost/ --pin 1", "unexpected argument '--pin'"),
        ("musement http://localhost/ --no-bare-body", "unexpected argument '--no-bare-body'"),
        ("musement http://localhost/ --all --status OK", "cannot be used with '--status"),
        ("notification http://localhost/ --note --status OK", "cannot be used with '--status"),
        ("notification http://localhost/ --event --type x", "cannot be used with '--type"),
        ("port-out http://localhost/ --pin 1 --body -", "cannot be used with '--body"),
        ("musement http://localhost/ --password x", "unexpected argument '--password'"),
        ("musement http://u:p@localhost/", "credentials are not taken from the URL"),
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        let ended = run(&[&["send"], &words[..]].concat());
        assert_eq!(ended.status.code(), Some(2), "{words:?}");
        assert!(text(&ended.stderr).contains(error), "{words:?}: {}", text(&ended.stderr));
    }
}

/// The receiver's end of a TLS handshake is left out: that it begins is enough.
#[test]
fn https_is_spoken() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/hook", listener.local_addr().unwrap());
    let hello = thread::spawn(move || {
        let mut first = [0; 3];
        listener.accept().unwrap().0.read_exact(&mut first).unwrap();
        first
    });
    let sent = run(&["send", "musement", &url, "--quiet"]);
    assert_eq!(sent.status.code(), Some(1));
    assert_eq!(hello.join().unwrap()[..2], [22, 3], "a handshake of TLS");
    let printed = text(&sent.stdout);
    assert!(printed.starts_with("no answer: tries again after 1 min"), "{printed}");
}

/// As in a container without certificates.
#[test]
fn certificates_are_needed_for_https_only() {
    let application = Application::answering(&[OK]);
    for (url, status, error) in [
        (application.url.as_str(), 0, ""),
        (
            "https://127.0.0.1:1/",
            2,
            "order-webhooks: the certificates of the system cannot be read",
        ),
    ] {
        let mut sending = command(&["send", "musement", url]);
        sending.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere");
        let ended = sending.output().unwrap();
        assert_eq!(ended.status.code(), Some(status), "{url}");
        assert!(text(&ended.stderr).starts_with(error), "{}", text(&ended.stderr));
    }
}
