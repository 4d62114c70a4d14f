//! The servers of the examples, and the programs that end by themselves: what they
//! print, and how they stand senders and readers that do not do their part.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use order_webhooks::auth::{BodySignature, SignatureEncoding};
use order_webhooks::porterbuddy::OrderWebhook;

use fixtures::samples::{
    BANDWIDTH_USER, EVENT_NOTIFICATION, JOHN_SMITH, ORDER_ITEM, PORT_OUT, PORTERBUDDY_KEY, X_Y,
    secret,
};
use fixtures::sender::{Connection, Request, Response};

fn example(name: &str) -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let path = path.join("examples").join(name);
    assert!(path.exists(), "run `cargo build --examples` before this test alone");
    Command::new(path)
}

/// A server that runs until the test ends.
struct Server {
    process: Child,
    address: SocketAddr,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

const SERVERS: [&str; 2] = ["axum_server", "actix_server"];

impl Server {
    fn start(name: &str) -> Self {
        let mut command = example(name);
        command.env("ADDR", "127.0.0.1:0").env("BODY_LIMIT", "2000");
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut stderr = BufReader::new(process.stderr.take().unwrap()).lines();
        let line = stderr.next().unwrap().unwrap();
        let address = line.strip_prefix("listening on http://").expect(&line);
        Self { address: address.parse().unwrap(), process, stdout, stderr }
    }

    #[track_caller]
    fn answers(&self, request: Request, body: impl Into<Vec<u8>>, status: u16) {
        let response = Connection::open(self.address).send(&request.body(body));
        assert_eq!(response.status, status);
    }

    #[track_caller]
    fn prints(&mut self, line: &str) {
        assert_eq!(self.stdout.next().unwrap().unwrap(), line);
    }

    #[track_caller]
    fn reports(&mut self, line: &str) {
        assert_eq!(self.stderr.next().unwrap().unwrap(), line);
    }

    fn asked_to_stop(&mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_demo_comes_out_as_it_should() {
    let output = example("demo").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{table}");
    assert!(!table.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn a_subscription_is_created_once_replaced_when_it_ends_and_alone_deleted() {
    let output = example("subscription").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "the first start:      Create\n\
         a day later:          Nothing\n\
         two starts at once:   Replace { id: \"s-1\" }\n\
         ten years later:      Replace { id: \"s-1\" }\n\
         a start, always:      Replace { id: \"s-1\" }\n\
         what is left:         https://billing.example/hook\n"
    );
}

#[test]
fn polling_brings_what_was_lost() {
    let output = example("poll").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "porterbuddy.order:394326: ready\n\
         porterbuddy.order:394326: delivered\n\
         porterbuddy.order:394326: in_delivery is old news\n\
         musement.item:11045e18-e3ca-42e1-acb4-0d5be75036fd: PENDING\n\
         musement will send the webhook again\n"
    );
}

/// The lines of both servers are the same.
#[test]
fn the_servers_print_events_and_report_rejections() {
    let basic = |path, value: &'static str| Request::post(path).header("Authorization", value);
    let (musement, bandwidth) = (JOHN_SMITH, BANDWIDTH_USER);
    let order = r#"{"orderId":"1","orderStatus":"\u001b[2J"}"#;
    let key = secret(PORTERBUDDY_KEY);
    let signature = OrderWebhook::new(&key).signature().sign(order.as_bytes());
    for name in ["axum_server", "actix_server"] {
        let mut server = Server::start(name);

        server.answers(basic("/musement", musement), ORDER_ITEM, 200);
        server.prints(concat!(
            r#"{"webhook":"musement.order_item","event":{"order_id":"13459345","#,
            r#""order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","#,
            r#""order_created":"2018-12-10T13:12:40+0000","#,
            r#""order_updated":"2018-12-10T13:12:40+0000","order_version":"16","#,
            r#""order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","#,
            r#""order_item_created":"2018-12-10T13:12:40+0000","#,
            r#""order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","#,
            r#""order_item_status":"OK"}}"#,
        ));
        server.answers(basic("/musement", bandwidth), ORDER_ITEM, 401);
        server.reports("musement.order_item: 401, credentials refused: not the expected ones");
        server.answers(Request::new("GET", "/musement"), "", 405);
        server.reports("musement.order_item: 405, the method is not POST");
        server.answers(basic("/musement", musement), "x".repeat(2_001), 413);
        server.reports("musement.order_item: 413, the body is longer than 2000 bytes");

        let signed =
            || Request::post("/porterbuddy").header("x-porterbuddy-hmac-SHA256", &*signature);
        server.answers(signed(), order, 200);
        server.prints(
            r#"{"webhook":"porterbuddy.order","event":{"orderId":"1","orderStatus":"\u001b[2J"}}"#,
        );
        server.answers(signed(), "", 403);
        server.reports("porterbuddy.order: 403, the signature does not match the body");

        let path = "/bandwidth/notifications";
        server.answers(Request::post(path), EVENT_NOTIFICATION, 401);
        server.reports("bandwidth.notification: 401, asked for credentials");
        server.answers(basic(path, bandwidth), EVENT_NOTIFICATION, 200);
        server.prints(concat!(
            r#"{"webhook":"bandwidth.notification","event":{"#,
            r#""SubscriptionId":"3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11","#,
            r#""EventType":"MESSAGING_LOST","ImpactedTelephoneNumbers":["2223331000"]}}"#,
        ));
        server.answers(basic(path, bandwidth), "<Notification>", 400);
        server.reports(
            "bandwidth.notification: 400, the body does not parse: unexpected end of the document \
             at line 1 column 15 (14 bytes verified)",
        );
    }
}

/// What a port-out is asked with is a customer's, and in no line.
#[test]
fn the_servers_print_port_outs_without_customer_data() {
    let path = "/bandwidth/port-out";
    for name in ["axum_server", "actix_server"] {
        let mut server = Server::start(name);
        let asked = || Request::post(path).header("Authorization", BANDWIDTH_USER);
        for body in [PORT_OUT.to_owned(), PORT_OUT.replace("1111", "8642")] {
            server.answers(asked(), body, 200);
            let line = server.stdout.next().unwrap().unwrap();
            assert!(line.starts_with(r#"{"webhook":"bandwidth.port_out","#), "{line}");
            for data in ["1111", "8642", "777", "62025", "Subscriber Name", "2223331000"] {
                assert!(!line.contains(data), "{line}");
            }
        }
    }
}

#[test]
fn a_provider_of_ones_own_is_received() {
    let mut server = Server::start("custom_provider");
    let header = http::HeaderName::from_static("x-acme-signature");
    let key = secret("acme-key");
    let signed = BodySignature::new(header, SignatureEncoding::Hex, &key).with_prefix("sha256=");
    let body = r#"{"sku":"FANCYSNEAKER43","level":7}"#;
    server.answers(Request::post("/acme"), body, 403);
    let signature = signed.sign(body.as_bytes());
    server.answers(Request::post("/acme").header("X-Acme-Signature", signature), body, 200);
    server.prints(r#"7 of "FANCYSNEAKER43" in stock"#);
}

/// Some thousand lines, for a pipe that holds about a thousand.
#[cfg(unix)]
#[test]
fn a_reader_that_does_not_read_stops_no_answer() {
    for name in SERVERS {
        let server = Server::start(name);
        let forged = Request::post("/musement").header("Authorization", X_Y).body("{}");
        let genuine =
            Request::post("/musement").header("Authorization", JOHN_SMITH).body(ORDER_ITEM);
        let mut connection = Connection::open(server.address);
        for _ in 0..3_000 {
            let response = connection.send(&forged.clone().keeping_the_connection());
            assert_eq!(response.status, 401, "{name}");
            let response = connection.send(&genuine.clone().keeping_the_connection());
            assert!([200, 503].contains(&response.status), "{name}: {}", response.status);
        }
        let port_out = Request::post("/bandwidth/port-out").header("Authorization", BANDWIDTH_USER);
        let response = Connection::open(server.address).send(&port_out.body(PORT_OUT));
        assert_eq!(response.status, 200, "{name}");
    }
}

/// What a server answers before the route is an approval, and so is no answer. These
/// are the ways in which senders, and proxies before them, use a connection.
#[test]
fn every_connection_on_which_a_port_out_comes_is_answered() {
    const A_WHILE: Duration = Duration::from_secs(6);
    type Way = fn(&mut Connection, &Request, &Request) -> Option<Response>;
    let asked = || Request::post("/bandwidth/port-out").header("Authorization", BANDWIDTH_USER);
    let question = || asked().body(PORT_OUT).keeping_the_connection();
    let bare = || Request::post("/bandwidth/port-out").body(PORT_OUT).keeping_the_connection();
    let ways: [(&str, Way); 7] = [
        ("half-closed", |connection, question, _| {
            connection.write(&question.head()).unwrap();
            connection.write(&question.written_body()).unwrap();
            connection.end_of_writing();
            connection.final_response(false)
        }),
        ("opened a while before", |connection, question, _| {
            thread::sleep(A_WHILE);
            Some(connection.send(question))
        }),
        ("half a head, and then the rest", |connection, question, _| {
            let head = question.head();
            let (first, rest) = head.split_at(20);
            connection.write(first).unwrap();
            thread::sleep(A_WHILE);
            connection.write(rest).unwrap();
            connection.write(&question.written_body()).unwrap();
            connection.final_response(false)
        }),
        ("a slow head", |connection, question, _| {
            for bytes in question.head().chunks(24) {
                connection.write(bytes).unwrap();
                thread::sleep(Duration::from_secs(1));
            }
            connection.write(&question.written_body()).unwrap();
            connection.final_response(false)
        }),
        ("asked for credentials a while before", |connection, question, bare| {
            assert_eq!(connection.send(bare).status, 401);
            thread::sleep(A_WHILE);
            Some(connection.send(question))
        }),
        ("kept a while after an answer", |connection, question, _| {
            assert_eq!(connection.send(question).status, 200);
            thread::sleep(A_WHILE);
            Some(connection.send(question))
        }),
        ("a chunk that is none", |connection, question, _| {
            connection.write(&question.clone().chunked("").head()).unwrap();
            connection.write(b"zz\r\n").unwrap();
            connection.final_response(false)
        }),
    ];
    for name in ["axum_server", "actix_server"] {
        let server = Server::start(name);
        let address = server.address;
        thread::scope(|scope| {
            for (what, way) in ways {
                for _ in 0..10 {
                    let (question, bare) = (question(), bare());
                    scope.spawn(move || {
                        let mut connection = Connection::open(address);
                        let response = way(&mut connection, &question, &bare);
                        let response = response.unwrap_or_else(|| panic!("{name}: {what}"));
                        assert_eq!(response.status, 200, "{name}: {what}");
                        let answer = String::from_utf8(response.body).unwrap();
                        let allowed = answer.contains("<Portable>true</Portable>");
                        assert_eq!(allowed, what != "a chunk that is none", "{name}: {answer}");
                    });
                }
            }
        });
    }
}

/// Connections in which nothing is answered may stay, but not more than some: the one
/// that has waited the longest is closed, without an answer, and a new one is served.
#[test]
fn half_heads_are_bounded_in_number() {
    for name in ["axum_server", "actix_server"] {
        let server = Server::start(name);
        let half = |_| {
            let mut connection = Connection::open(server.address);
            connection.write(b"POST /musement HTTP/1.1\r\nHost: x\r\nX-Y: ").unwrap();
            connection
        };
        let asked = || Request::post("/bandwidth/port-out").header("Authorization", BANDWIDTH_USER);
        let mut first: Vec<_> = (0..100).map(half).collect();
        // Two workers of actix-web take them in; after this they have.
        thread::sleep(Duration::from_millis(500));
        let later: Vec<_> = (0..500).map(half).collect();
        server.answers(asked(), PORT_OUT, 200);
        for half in &mut first {
            assert_eq!(half.response(false), None, "{name}");
        }
        drop(later);
    }
}

/// Half a head does not keep the process from its end.
#[cfg(unix)]
#[test]
fn a_server_stops_with_half_a_head() {
    for name in SERVERS {
        let mut server = Server::start(name);
        let mut half = Connection::open(server.address);
        half.write(b"POST /musement HTTP/1.1\r\nHost: x\r\nX-Y: ").unwrap();
        server.asked_to_stop();
        let started = Instant::now();
        while server.process.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < Duration::from_secs(15), "{name} goes on");
            thread::sleep(Duration::from_millis(50));
        }
    }
}
