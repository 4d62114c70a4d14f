//! An application behind `--forward`: a socket that answers one connection after
//! another with fixed bytes and keeps what came.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub(crate) struct Application {
    pub(crate) url: String,
    /// How many connections it answers.
    pub(crate) count: usize,
    came: mpsc::Receiver<Vec<u8>>,
}

impl Application {
    /// Answers so many connections. An empty answer closes the connection.
    pub(crate) fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let count = answers.len();
        let (sender, came) = mpsc::channel();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                sender.send(read(&mut stream)).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { url, count, came }
    }

    /// The next request, to the last byte.
    pub(crate) fn next(&self) -> Vec<u8> {
        self.came.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// Whether no other request has come.
    pub(crate) fn is_quiet(&self) -> bool {
        self.came.recv_timeout(Duration::from_millis(300)).is_err()
    }

    /// The next request as text, its lines of the head in lower case and sorted.
    pub(crate) fn next_text(&self) -> String {
        let bytes = self.next();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<String> = head.lines().map(lower_case_name).collect();
        lines[1..].sort();
        format!("{}\r\n\r\n{body}", lines.join("\r\n"))
    }
}

fn lower_case_name(line: &str) -> String {
    match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
        None => line.to_owned(),
    }
}

/// A request to its end, as its `Content-Length` says.
fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return bytes;
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request is cut short");
        bytes.extend_from_slice(&buffer[..read]);
    }
}
