//! One exchange over HTTP/1.1, on a connection of its own (RFC 9112).

use std::fmt::Write as _;
use std::io::{self, BufRead as _, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};

/// An answer that is longer is cut here.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Where to connect to, and what to say in `Host`.
pub(crate) struct Target {
    address: String,
    host: String,
}

impl Target {
    /// Takes `http://host:port/path`.
    pub(crate) fn of(url: &Uri) -> Result<Self, String> {
        match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(scheme) if *scheme == Scheme::HTTPS => {
                return Err("https is not spoken here: send to the http port behind it".into());
            }
            _ => return Err(format!("`{url}` does not start with http://")),
        }
        let authority = url.authority().ok_or("the URL has no host")?;
        if authority.as_str().contains('@') {
            return Err(
                "credentials are not taken from the URL: use --username and --password".into()
            );
        }
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self {
            address: format!("{}:{port}", authority.host()),
            host: authority.as_str().to_owned(),
        })
    }
}

/// The head of the request as it goes over the wire.
pub(crate) fn head<B>(target: &Target, request: &Request<B>) -> Vec<(String, HeaderValue)> {
    let host = HeaderValue::from_str(&target.host).unwrap_or(HeaderValue::from_static(""));
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (spelled(name), value.clone()));
    std::iter::once(("Host".to_owned(), host))
        .chain(headers)
        .chain([("Connection".to_owned(), HeaderValue::from_static("close"))])
        .collect()
}

pub(crate) fn request_line<B>(request: &Request<B>) -> String {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    format!("{} {path} HTTP/1.1", request.method())
}

/// The name as the provider spells it. To HTTP the case means nothing.
fn spelled(name: &HeaderName) -> String {
    match name.as_str() {
        "x-porterbuddy-hmac-sha256" => "x-porterbuddy-hmac-SHA256".into(),
        "x-bandwidth-signature-sha-256" => "X-Bandwidth-Signature-SHA-256".into(),
        name => {
            let words: Vec<_> = name.split('-').map(capitalised).collect();
            words.join("-")
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// Sends the request and reads the answer, all within this time.
pub(crate) fn exchange(
    target: &Target,
    request: &Request<bytes::Bytes>,
    time_allowed: Duration,
) -> io::Result<Response<bytes::Bytes>> {
    let until = Instant::now().checked_add(time_allowed).ok_or(ErrorKind::InvalidInput)?;
    let mut line = Line { stream: connect(target, time_allowed)?, until };
    let mut sent = request_line(request).into_bytes();
    sent.extend_from_slice(b"\r\n");
    for (name, value) in head(target, request) {
        sent.extend_from_slice(name.as_bytes());
        sent.extend_from_slice(b": ");
        sent.extend_from_slice(value.as_bytes());
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(b"\r\n");
    sent.extend_from_slice(request.body());
    // A server may answer and close before it has read everything.
    let written = line.write_all(&sent);
    match read(&mut line) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(written.err().unwrap_or(error))
        }
        answer => answer,
    }
}

fn connect(target: &Target, time_allowed: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for address in target.address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, time_allowed) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A connection with a deadline.
struct Line {
    stream: TcpStream,
    until: Instant,
}

impl Line {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.until.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(ErrorKind::TimedOut.into()),
            left => Ok(Some(left)),
        }
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

fn read(line: &mut impl Read) -> io::Result<Response<bytes::Bytes>> {
    let mut line = io::BufReader::new(line.take(LONGEST));
    loop {
        let (status, headers) = read_head(&mut line)?;
        // 100 and 103 come before the answer.
        if !status.is_informational() {
            let body = read_body(&mut line, status, &headers)?;
            let mut response = Response::new(body.into());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            return Ok(response);
        }
    }
}

fn read_line(from: &mut impl io::BufRead) -> io::Result<String> {
    let mut text = Vec::new();
    from.take(65_536).read_until(b'\n', &mut text)?;
    if text.pop() != Some(b'\n') {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    text.pop_if(|byte| *byte == b'\r');
    Ok(text.iter().map(|byte| char::from(*byte)).collect())
}

fn read_head(from: &mut impl io::BufRead) -> io::Result<(StatusCode, HeaderMap)> {
    let first = read_line(from)?;
    let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| invalid("the answer is not HTTP/1"))?;
    let mut headers = HeaderMap::new();
    loop {
        let header = read_line(from)?;
        if header.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) =
            header.split_once(':').ok_or_else(|| invalid("a header without a colon"))?;
        let name = name.parse::<HeaderName>().map_err(|_| invalid("a header without a name"))?;
        let bytes: Vec<u8> = value.trim().chars().filter_map(|c| u8::try_from(c).ok()).collect();
        let value = HeaderValue::from_bytes(&bytes).map_err(|_| invalid("a header value"))?;
        headers.append(name, value);
    }
}

fn read_body(
    from: &mut impl io::BufRead,
    status: StatusCode,
    headers: &HeaderMap,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(body);
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        loop {
            let size = read_line(from)?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| invalid("a chunk without its size"))?;
            if size as u64 > LONGEST {
                return Err(invalid("a chunk is too long"));
            }
            let mut chunk = vec![0; size];
            from.read_exact(&mut chunk)?;
            body.append(&mut chunk);
            read_line(from)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    let Some(length) = headers.get(CONTENT_LENGTH) else {
        from.read_to_end(&mut body)?;
        return Ok(body);
    };
    let length = length.to_str().ok().and_then(|length| length.parse::<u64>().ok());
    let length = length.ok_or_else(|| invalid("the length is not a number"))?;
    from.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(body)
}

/// Text from strangers, one line of it, fit for a terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::new();
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => printable.push(character),
            _ => {
                let _ = write!(printable, "{}", character.escape_debug());
            }
        }
    }
    printable
}
