//! What the example `send` puts on the wire, and what it says of the answers. A raw
//! socket stands in for the receiver; the names of headers are compared in lower
//! case, as HTTP does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

#[path = "../examples/send/main.rs"]
#[allow(dead_code, reason = "its main function is the example's")]
mod example;

/// Answers one connection after another with these bytes, and gives what came.
/// An empty answer closes the connection.
struct Recorder {
    address: String,
    recorded: thread::JoinHandle<Vec<String>>,
}

impl Recorder {
    fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let recorded = thread::spawn(move || {
            let one = |answer: String| {
                let (mut stream, _) = listener.accept().unwrap();
                let request = read(&mut stream);
                stream.write_all(answer.as_bytes()).unwrap();
                request
            };
            answers.into_iter().map(one).collect()
        });
        Self { address, recorded }
    }

    /// Runs the example; what it returned, printed, and sent.
    #[track_caller]
    fn run(self, webhook: &str, options: &str) -> (bool, String, Vec<String>) {
        let url = format!("http://{}/hook?a=b", self.address);
        let mut printed = Vec::new();
        let delivered = run(&format!("{webhook} {url} {options}"), &mut printed).unwrap();
        (delivered, String::from_utf8(printed).unwrap(), self.recorded.join().unwrap())
    }
}

fn run(words: &str, out: &mut dyn Write) -> Result<bool, String> {
    example::run(words.split_whitespace().map(str::to_owned), out)
}

/// A request to its end, as its `Content-Length` says.
fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines: Vec<_> = head.lines().map(lower_case_name).collect();
            let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                lines.get_mut(1..).unwrap().sort();
                return format!("{}\r\n\r\n{body}", lines.join("\r\n"));
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request is cut short");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

fn lower_case_name(line: &str) -> String {
    match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
        None => line.to_owned(),
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const CHALLENGE: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"webhooks\", \
                         charset=\"UTF-8\"\r\nContent-Length: 0\r\n\r\n";
const BARE_401: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

fn request(address: &str, headers: &[&str], body: &str) -> String {
    let host = format!("host: {address}");
    let mut headers = [headers, &[&*host]].concat();
    headers.sort_unstable();
    format!("POST /hook?a=b HTTP/1.1\r\n{}\r\n\r\n{body}", headers.join("\r\n"))
}

#[test]
fn musement_shows_its_credentials_at_once() {
    let recorder = Recorder::answering(&[OK]);
    let address = recorder.address.clone();
    let (delivered, printed, sent) = recorder.run("musement", "");
    let body = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;
    let headers = [
        "content-type: application/json",
        "content-length: 386",
        "authorization: Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==",
    ];
    assert_eq!(sent, [request(&address, &headers, body)]);
    assert!(delivered);
    assert!(printed.contains("\n> authorization: Basic (hidden)\n"), "{printed}");
    assert!(printed.ends_with("\n< 200 OK\n< content-length: 0\n= delivered\n\n"), "{printed}");
}

/// The signature is that of `openssl dgst -sha256 -hmac porterbuddy-api-key`.
#[test]
fn porterbuddy_signs_its_body() {
    let recorder = Recorder::answering(&["HTTP/1.1 204 No Content\r\n\r\n"]);
    let address = recorder.address.clone();
    let (delivered, printed, sent) = recorder.run("porterbuddy", "--show-secrets");
    let body = r#"{"orderId":"394326","orderStatus":"delivered","pickupDate":"2023-02-13","pickupTime":"2023-02-13T15:00:00+02:00","statusUpdatedAt":"2023-02-13T13:16:40.32538Z","orderReference":"order-12345"}"#;
    let headers = [
        "content-type: application/json",
        "content-length: 191",
        "x-porterbuddy-hmac-sha256: aj1DsJ3VYnOqWmTOGkvUIb2YsB04D7KAdLDwVhE/d04=",
    ];
    assert_eq!(sent, [request(&address, &headers, body)]);
    assert!(delivered, "every status from 200 to 299 counts");
    assert!(printed.contains(headers[2]), "{printed}");
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
        let recorder = Recorder::answering(&[CHALLENGE, OK]);
        let address = recorder.address.clone();
        let options = format!("--type portins --status FOC {options}");
        let (delivered, printed, sent) = recorder.run("notification", &options);
        let length = |body: &str| format!("content-length: {}", body.len());
        let xml = "content-type: application/xml";
        let basic = "authorization: Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";
        assert_eq!(
            sent,
            [
                request(&address, &[xml, &length(first)], first),
                request(&address, &[xml, &length(body), basic], body),
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
        let recorder = Recorder::answering(&[CHALLENGE, &format!("{head}\r\n\r\n{chunks}")]);
        let options = format!("--pin 0111 --zip {EMPTY} --numbers 2223331009");
        let url = format!("http://{}/hook", recorder.address);
        let words = format!("port-out {url} {options}");
        let words = words.split_whitespace().map(|word| word.replace(EMPTY, ""));
        let mut printed = Vec::new();
        assert_eq!(example::run(words, &mut printed), Ok(delivered));
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.ends_with(ends), "{printed}");
        let sent = recorder.recorded.join().unwrap();
        assert!(sent[1].ends_with(&format!("\r\n\r\n{body}")), "{}", sent[1]);
    }
}

const EMPTY: &str = "(empty)";

/// The signature is that of `openssl dgst -sha256 -hmac bandwidth-secret`.
#[test]
fn a_v2_subscription_signs_and_may_be_asked_for_credentials() {
    let file = std::env::temp_dir().join(format!("order-webhooks-send-{}", std::process::id()));
    std::fs::write(&file, r#"{"status":"COMPLETE"}"#).unwrap();
    let body = format!("--body {}", file.display());
    let signature = "x-bandwidth-signature-sha-256: VnpYJ1Yp0ZPuGZC/wo9SDwWawiQKiiWoTr1igj+i/Fg=";
    let (delivered, _, sent) = Recorder::answering(&[OK]).run("v2", &body);
    assert!(delivered);
    assert!(sent[0].contains(signature), "{}", sent[0]);
    assert!(!sent[0].contains("authorization"), "{}", sent[0]);

    let options = format!("{body} --username u --password p:q");
    let (delivered, _, sent) = Recorder::answering(&[CHALLENGE, OK]).run("v2", &options);
    std::fs::remove_file(&file).unwrap();
    assert!(delivered);
    assert!(sent.iter().all(|request| request.contains(signature)), "{sent:?}");
    assert!(!sent[0].contains("authorization"), "{}", sent[0]);
    assert!(sent[1].contains("\r\nauthorization: Basic dTpwOnE=\r\n"), "{}", sent[1]);
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
        ("notification", "--forge missing", &[CHALLENGE], "401: lost: 401 is not a confirmation"),
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
        ("port-out", "", &[""], "no answer: tries again after 5 min: there was no answer in time"),
    ] {
        let options = format!("{options} --quiet");
        let (delivered, printed, sent) = Recorder::answering(answers).run(webhook, &options);
        assert_eq!(printed, format!("{expected}\n"), "{webhook}");
        assert_eq!(sent.len(), answers.len());
        assert_eq!(delivered, expected.ends_with(": delivered"));
    }
}

#[test]
fn every_status_can_be_sent_at_once_doubled_and_replayed() {
    let answers = [OK; 6];
    let (delivered, printed, sent) =
        Recorder::answering(&answers).run("porterbuddy", "--all --quiet");
    assert!(delivered);
    assert!(printed.ends_with("6 of 6 delivered\n"), "{printed}");
    for (status, request) in
        ["received", "ready", "in_delivery", "delivered", "cancelled", "canceled"].iter().zip(&sent)
    {
        assert!(request.contains(&format!(r#""orderStatus":"{status}""#)), "{request}");
    }
    let options = "--status canceled --repeat 2 --replay --reorder --seed 7";
    let (_, _, sent) = Recorder::answering(&[OK; 4]).run("porterbuddy", options);
    assert!(sent.iter().all(|request| request == &sent[0]));
    assert!(sent[0].contains(r#""orderStatus":"canceled""#));
}

/// An option that is unknown, or that would be ignored, is refused.
#[test]
fn a_wrong_command_line_says_what_is_wrong() {
    for (words, error) in [
        ("", "Usage: send <COMMAND>"),
        ("musement", "<URL>"),
        ("fedex http://localhost/", "unrecognized subcommand 'fedex'"),
        ("musement /hook", "it does not start with http:// or https:// and a host"),
        ("musement ftp://localhost/", "it does not start with http:// or https:// and a host"),
        ("musement http://localhost/ more", "unexpected argument 'more'"),
        ("musement http://localhost/ --frobnicate", "unexpected argument '--frobnicate'"),
        ("musement http://localhost/ --status", "a value is required for '--status <STATUS>'"),
        ("musement http://localhost/ --repeat x", "invalid value 'x' for '--repeat <TIMES>'"),
        ("musement http://localhost/ --retry -1", "unexpected argument '-1'"),
        ("musement http://localhost/ --retry=-1", "not a time"),
        ("musement http://localhost/ --forge none", "invalid value 'none' for '--forge"),
        ("musement http://localhost/ --pin 1", "unexpected argument '--pin'"),
        ("musement http://localhost/ --no-bare-body", "unexpected argument '--no-bare-body'"),
        ("musement http://localhost/ --all --status OK", "cannot be used with '--status"),
        ("notification http://localhost/ --note --status OK", "cannot be used with '--status"),
        ("notification http://localhost/ --event --type x", "cannot be used with '--type"),
        ("port-out http://localhost/ --pin 1 --body -", "cannot be used with '--body"),
        ("v2 http://localhost/ --username u", "--password <PASSWORD>"),
        ("musement http://u:p@localhost/", "use --username and --password"),
    ] {
        let wrong = run(words, &mut Vec::new()).unwrap_err();
        assert!(wrong.contains(error), "{words}: {wrong}");
    }
    for words in ["--help", "port-out --help"] {
        let mut help = Vec::new();
        assert_eq!(run(words, &mut help), Ok(true));
        assert!(String::from_utf8(help).unwrap().contains("Usage: send"));
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
    let mut printed = Vec::new();
    let delivered = run(&format!("musement {url} --quiet"), &mut printed);
    assert_eq!(delivered, Ok(false));
    assert_eq!(hello.join().unwrap()[..2], [22, 3], "a handshake of TLS");
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.starts_with("no answer: tries again after 1 min"), "{printed}");
}
