//! A run of the program.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

use crate::http::{Answer, exchange, request};

/// What the program takes from the environment.
const VARIABLES: [&str; 9] = [
    "MUSEMENT_USERNAME",
    "MUSEMENT_PASSWORD",
    "PORTERBUDDY_API_KEY",
    "BANDWIDTH_USERNAME",
    "BANDWIDTH_PASSWORD",
    "BANDWIDTH_SECRET",
    "BANDWIDTH_API_USERNAME",
    "BANDWIDTH_API_PASSWORD",
    "BANDWIDTH_API_TOKEN",
];

/// The program with these words, and none of the machine's secrets.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_order-webhooks"));
    command.args(words).stdin(Stdio::null());
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Runs the program to its end.
pub(crate) fn run(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// `order-webhooks listen`, until the test ends.
pub(crate) struct Listen {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// The first line of `--json`.
    pub(crate) first_line: String,
    pub(crate) ready: Value,
}

impl Listen {
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::of(command(&[&["listen", "--json", "--addr", "127.0.0.1:0"], words].concat()), words)
    }

    pub(crate) fn of(mut command: Command, words: &[&str]) -> Self {
        if !words.contains(&"--page") {
            command.args(["--page", "127.0.0.1:0"]);
        }
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first_line = lines.next().unwrap().unwrap();
        let ready = serde_json::from_str(&first_line).unwrap();
        Self { process, lines, first_line, ready }
    }

    pub(crate) fn next_line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// The next line, which is a delivery.
    pub(crate) fn next(&mut self) -> Value {
        serde_json::from_str(&self.next_line()).unwrap()
    }

    /// Where deliveries go.
    pub(crate) fn receive(&self) -> SocketAddr {
        let url = self.ready["receive"].as_str().unwrap();
        url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.receive())
    }

    /// Where the page is.
    pub(crate) fn page(&self) -> SocketAddr {
        let url = self.ready["page"].as_str().unwrap();
        let authority = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
        authority.parse().unwrap()
    }

    /// Sends an order item update of Musement.
    pub(crate) fn post_item(&self, headers: &[&str], body: impl AsRef<[u8]>) -> Answer {
        let headers =
            [&["Host: x", JOHN_SMITH, "Content-Type: application/json"], headers].concat();
        exchange(self.receive(), request("POST /musement", &headers, body))
    }

    /// Reads from the page as the page itself does.
    pub(crate) fn read(&self, path: &str) -> Answer {
        let host = format!("Host: {}", self.page());
        exchange(self.page(), request(&format!("GET {path}"), &[&host], ""))
    }

    /// The token of the run, as it stands in the page.
    pub(crate) fn token(&self) -> String {
        let page = self.read("/").text();
        let rest = page.split_once(r#""token":""#).unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    }

    /// Sends a delivery again, as the page does.
    pub(crate) fn again(&self, id: u64) -> Answer {
        let (page, token) = (self.page(), self.token());
        let headers = [
            format!("Host: {page}"),
            format!("Origin: http://{page}"),
            format!("X-Order-Webhooks-Token: {token}"),
        ];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        exchange(page, request(&format!("POST /deliveries/{id}/again"), &headers, ""))
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as Ctrl-C does; what it printed until then, and its exit status.
    pub(crate) fn interrupt(mut self) -> (Vec<String>, Option<i32>) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let lines = self.lines.by_ref().map(Result::unwrap).collect();
        (lines, self.process.wait().unwrap().code())
    }
}

impl Drop for Listen {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) const JOHN_SMITH: &str = "Authorization: Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==";

pub(crate) const BANDWIDTH_USER: &str =
    "Authorization: Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";

pub(crate) const ITEM: &str = r#"{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_status":"OK"}"#;
