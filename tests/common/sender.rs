//! A sender that writes bytes to a connection and reads what comes back: what no
//! HTTP client sends, such as a length that is a lie, a body byte by byte, or a head
//! alone. What a client can send goes through `examples/client`.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// How long a response may take before a test calls it missing.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Body,
    declared: Option<usize>,
    last: bool,
}

#[derive(Clone)]
enum Body {
    Whole(Vec<u8>),
    Chunked(Vec<u8>),
}

impl Request {
    pub(crate) fn new(method: &'static str, path: &'static str) -> Self {
        let (headers, body) = (Vec::new(), Body::Whole(Vec::new()));
        let path = path.to_owned();
        Self { method, path, headers, body, declared: None, last: true }
    }

    pub(crate) fn post(path: &'static str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Whole(body.into());
        self
    }

    /// Sends the body in a hundred chunks at the most, and does not declare
    /// its length.
    pub(crate) fn chunked(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Chunked(body.into());
        self
    }

    /// Declares this length, whatever the body's is.
    pub(crate) fn declaring(mut self, length: usize) -> Self {
        self.declared = Some(length);
        self
    }

    /// Goes to the handler that takes rejections too.
    pub(crate) fn kept(mut self) -> Self {
        self.path.insert_str(0, "/kept");
        self
    }

    /// Leaves the connection open for the next request.
    pub(crate) fn keeping_the_connection(mut self) -> Self {
        self.last = false;
        self
    }

    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: localhost\r\n", self.method, self.path);
        match &self.body {
            Body::Whole(body) => {
                let length = self.declared.unwrap_or(body.len());
                write!(head, "Content-Length: {length}\r\n").unwrap();
            }
            Body::Chunked(_) => head += "Transfer-Encoding: chunked\r\n",
        }
        if self.last {
            head.push_str("Connection: close\r\n");
        }
        let mut head = head.into_bytes();
        for (name, value) in &self.headers {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        head
    }

    pub(crate) fn written_body(&self) -> Vec<u8> {
        match &self.body {
            Body::Whole(body) => body.clone(),
            Body::Chunked(body) => {
                let mut written = Vec::new();
                for chunk in body.chunks(body.len().div_ceil(100).max(1)) {
                    written.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    written.extend([chunk, b"\r\n"].concat());
                }
                written.extend(b"0\r\n\r\n");
                written
            }
        }
    }

    /// The request as a server hands it on, unless its length is a lie.
    pub(crate) fn to_http(&self) -> Option<http::Request<bytes::Bytes>> {
        let mut request = http::Request::builder().method(self.method).uri(&*self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, &value[..]);
        }
        let (Body::Whole(body) | Body::Chunked(body)) = &self.body;
        let request = request.body(body.clone().into()).unwrap();
        self.declared.is_none().then_some(request)
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

/// A response, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The values under this name, in lower case.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| &**value).collect()
    }
}

pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    pub(crate) fn end_of_writing(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Writes the whole request, and only then reads.
    pub(crate) fn send(&mut self, request: &Request) -> Response {
        self.write(&request.head()).unwrap();
        self.write(&request.written_body()).expect("the server reads all of the body");
        self.final_response(request.is_head()).expect("the server answers")
    }

    /// The next response that is not an interim one; `None` if the connection
    /// ends first.
    pub(crate) fn final_response(&mut self, to_head: bool) -> Option<Response> {
        loop {
            let response = self.response(to_head)?;
            if response.status >= 200 {
                return Some(response);
            }
        }
    }

    /// The final response, read while these bytes are written one by one.
    pub(crate) fn response_while_writing(&mut self, bytes: &[u8]) -> Option<Response> {
        let mut writer = Self(self.0.try_clone().unwrap());
        let bytes = bytes.to_vec();
        thread::spawn(move || {
            for byte in bytes {
                if writer.write(&[byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
        });
        self.final_response(false)
    }

    /// The next response, interim ones too.
    pub(crate) fn response(&mut self, to_head: bool) -> Option<Response> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte()?);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut response = Response { status, headers, body: Vec::new() };
        let length = response.values("content-length").first().map_or(0, |n| n.parse().unwrap());
        if !to_head {
            for _ in 0..length {
                response.body.push(self.byte()?);
            }
        }
        Some(response)
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.0.read(&mut byte) {
            Ok(0) => None,
            Ok(_) => Some(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer: {error}"),
        }
    }
}
