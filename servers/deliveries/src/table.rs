//! The deliveries, and the answer that each of them has to get.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};

use crate::answer::Answer;

/// One delivery.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: &'static str,
    pub request: Request<Bytes>,
    pub answer: Answer,
    /// The answer where the server sees one line, `a, b`, of a header that came
    /// twice: its gateway or its `fetch` has joined them.
    pub if_joined: Option<Answer>,
}

/// In the extensions of a request: over a connection its body comes in chunks,
/// without a length before it.
#[derive(Debug, Clone)]
pub(crate) struct InChunks;

/// The same: the server answers before it has read all of it, and closes the
/// connection, which may be all that the sender sees.
#[derive(Debug, Clone)]
pub(crate) struct MayBeCut;

const ORDER_ITEM: &str = include_str!("../../../tests/data/musement/order-item.json");
const ORDER: &str = include_str!("../../../tests/data/porterbuddy/order-status.json");
const NOTIFICATION: &str = include_str!("../../../tests/data/bandwidth/order-notification.xml");
const UPDATE: &str = include_str!("../../../tests/data/bandwidth/subscription-update.json");
const PORT_OUT: &str = include_str!("../../../tests/data/bandwidth/port-out.xml");

/// `JohnSmith` and `Swordfish`, Musement's documented sample.
const MUSEMENT: &str = "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==";
/// `bandwidth-user` and `bandwidth-password`.
const BANDWIDTH: &str = "Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";
/// `x` and `y`.
const WRONG: &str = "Basic eDp5";

const X_PORTERBUDDY: HeaderName = HeaderName::from_static("x-porterbuddy-hmac-sha256");
/// `openssl dgst -sha256 -hmac porterbuddy-api-key -binary | base64`, of `ORDER`.
const SIGNATURE: &str = "Ax1l0B3lO6KF7BPCwU3fa1p4L4CAMdd3UQjwzDOUp0E=";
/// The same of `BROKEN`.
const SIGNATURE_OF_BROKEN: &str = "c2cu7CACwt+rfbUxGAlPJ2+o6GPw3i8FQFTU+n2ZtbM=";
const X_BANDWIDTH: HeaderName = HeaderName::from_static("x-bandwidth-signature-sha-256");
/// The same of `UPDATE` and of `BROKEN`, with `bandwidth-secret`.
const SIGNATURE_OF_UPDATE: &str = "LOJk9X7qQ7fW19ARnyumpJnjcn334PJHwPgb4SI7VQ0=";
const SIGNATURE_OF_BROKEN_UPDATE: &str = "Pmrl5Hac68xTUWH0/usaQ+o2P5m5P8EigSYH5+C9ugw=";
/// Of `ORDER` with `another-key`.
const FORGED: &str = "gqDsEwgplXow6ClY9iRuYtahN4aNZVQeh0gfPN8n3lY=";

/// Neither JSON nor XML.
const BROKEN: &str = "{\"orderId\":";

/// Every delivery, in the order in which they are sent.
pub fn table() -> Vec<Row> {
    [musement(), porterbuddy(), notifications(), subscriptions(), port_outs()].concat()
}

fn musement() -> Vec<Row> {
    let bare = |body| post("/musement", body);
    let genuine = || bare(ORDER_ITEM).with(AUTHORIZATION, MUSEMENT);
    vec![
        row("Musement, genuine", genuine(), Answer::empty(200)),
        row("Musement, bare", bare(ORDER_ITEM), Answer::challenge()),
        row(
            "Musement, wrong credentials",
            bare(ORDER_ITEM).with(AUTHORIZATION, WRONG),
            Answer::challenge(),
        ),
        row(
            "Musement, another scheme",
            bare(ORDER_ITEM).with(AUTHORIZATION, "Bearer x"),
            Answer::challenge(),
        ),
        row(
            "Musement, right credentials twice",
            genuine().with(AUTHORIZATION, MUSEMENT),
            Answer::empty(400),
        )
        .if_joined(Answer::challenge()),
        row(
            "Musement, wrong and right credentials",
            bare(ORDER_ITEM).with(AUTHORIZATION, WRONG).with(AUTHORIZATION, MUSEMENT),
            Answer::empty(400),
        )
        .if_joined(Answer::challenge()),
        row("Musement, broken", genuine().of(BROKEN), Answer::empty(400)),
        row("Musement, no body", genuine().of(""), Answer::empty(400)),
        row("Musement, the longest", genuine().of(padded(ORDER_ITEM, MIB)), Answer::empty(200)),
        row("Musement, too large", genuine().of(padded(ORDER_ITEM, MIB + 1)), Answer::empty(413)),
        row(
            "Musement, too large and not authentic",
            bare("").with(AUTHORIZATION, WRONG).of(padded(ORDER_ITEM, 2 * MIB)),
            Answer::challenge(),
        ),
        row("Musement, in chunks", genuine().in_chunks(), Answer::empty(200)),
        row(
            "Musement, the longest, in chunks",
            genuine().of(padded(ORDER_ITEM, MIB)).in_chunks(),
            Answer::empty(200),
        ),
        row(
            "Musement, too large, in chunks",
            genuine().of(padded(ORDER_ITEM, MIB + 1)).in_chunks(),
            Answer::empty(413),
        ),
        row(
            "Musement, longer than what is read",
            genuine().of(padded(ORDER_ITEM, 9 * MIB)).may_be_cut(),
            Answer::empty(413),
        ),
        row(
            "Musement, longer than what is read, in chunks",
            genuine().of(padded(ORDER_ITEM, 9 * MIB)).in_chunks().may_be_cut(),
            Answer::empty(413),
        ),
        row("Musement, afterwards", genuine(), Answer::empty(200)),
        row("Musement, encoded", genuine().with(CONTENT_ENCODING, "gzip"), Answer::empty(415)),
        row("Musement, GET", genuine().of("").by(Method::GET), Answer::only_post()),
        row("Musement, PUT", genuine().by(Method::PUT), Answer::only_post()),
    ]
}

fn porterbuddy() -> Vec<Row> {
    let bare = || post("/porterbuddy", ORDER);
    let genuine = || bare().with(X_PORTERBUDDY, SIGNATURE);
    vec![
        row("Porterbuddy, genuine", genuine(), Answer::empty(200)),
        row("Porterbuddy, in chunks", genuine().in_chunks(), Answer::empty(200)),
        row("Porterbuddy, no signature", bare(), Answer::empty(403)),
        row("Porterbuddy, forged", bare().with(X_PORTERBUDDY, FORGED), Answer::empty(403)),
        row("Porterbuddy, no base64", bare().with(X_PORTERBUDDY, "x"), Answer::empty(403)),
        row(
            "Porterbuddy, one more byte",
            genuine().of(padded(ORDER, ORDER.len() + 1)),
            Answer::empty(403),
        ),
        row(
            "Porterbuddy, signed twice",
            genuine().with(X_PORTERBUDDY, SIGNATURE),
            Answer::empty(400),
        )
        .if_joined(Answer::empty(403)),
        row(
            "Porterbuddy, broken",
            bare().with(X_PORTERBUDDY, SIGNATURE_OF_BROKEN).of(BROKEN),
            Answer::empty(400),
        ),
        row("Porterbuddy, too large", genuine().of(padded(ORDER, MIB + 1)), Answer::empty(413)),
        row("Porterbuddy, encoded", genuine().with(CONTENT_ENCODING, "gzip"), Answer::empty(415)),
        row("Porterbuddy, GET", genuine().of("").by(Method::GET), Answer::only_post()),
    ]
}

fn notifications() -> Vec<Row> {
    let bare = |body| post("/notifications", body).with(CONTENT_TYPE, "application/xml");
    let genuine = || bare(NOTIFICATION).with(AUTHORIZATION, BANDWIDTH);
    vec![
        // The dance: asked, and then with credentials.
        row("Bandwidth, asked", bare(NOTIFICATION), Answer::challenge()),
        row("Bandwidth, then genuine", genuine(), Answer::empty(200)),
        row("Bandwidth, asked without a body", bare(""), Answer::challenge()),
        row("Bandwidth, then genuine again", genuine(), Answer::empty(200)),
        row(
            "Bandwidth, wrong credentials",
            bare(NOTIFICATION).with(AUTHORIZATION, WRONG),
            Answer::challenge(),
        ),
        row(
            "Bandwidth, credentials twice",
            genuine().with(AUTHORIZATION, BANDWIDTH),
            Answer::empty(400),
        )
        .if_joined(Answer::challenge()),
        row("Bandwidth, broken", genuine().of(BROKEN), Answer::empty(400)),
        row(
            "Bandwidth, too large",
            genuine().of(padded(NOTIFICATION, MIB + 1)),
            Answer::empty(413),
        ),
        row("Bandwidth, encoded", genuine().with(CONTENT_ENCODING, "gzip"), Answer::empty(415)),
        row("Bandwidth, GET", genuine().of("").by(Method::GET), Answer::only_post()),
    ]
}

fn subscriptions() -> Vec<Row> {
    let bare = || post("/subscriptions", UPDATE).with(CONTENT_TYPE, "application/json");
    let genuine = || bare().with(X_BANDWIDTH, SIGNATURE_OF_UPDATE);
    vec![
        row("Bandwidth v2, genuine", genuine(), Answer::empty(200)),
        row("Bandwidth v2, in chunks", genuine().in_chunks(), Answer::empty(200)),
        row("Bandwidth v2, no signature", bare(), Answer::empty(403)),
        row("Bandwidth v2, forged", bare().with(X_BANDWIDTH, SIGNATURE), Answer::empty(403)),
        row(
            "Bandwidth v2, one more byte",
            genuine().of(padded(UPDATE, UPDATE.len() + 1)),
            Answer::empty(403),
        ),
        row(
            "Bandwidth v2, broken",
            bare().with(X_BANDWIDTH, SIGNATURE_OF_BROKEN_UPDATE).of(BROKEN),
            Answer::empty(400),
        ),
        row("Bandwidth v2, GET", genuine().of("").by(Method::GET), Answer::only_post()),
    ]
}

fn port_outs() -> Vec<Row> {
    let bare = |body| post("/port-outs", body).with(CONTENT_TYPE, "application/xml");
    let asks = |body| bare(body).with(AUTHORIZATION, BANDWIDTH);
    let with = |value| bare(PORT_OUT).with(AUTHORIZATION, value);
    let unread = || Answer::unread(None);
    let refused = || Answer::denied("some_pon", 7598, "Invalid request");
    let other_pin = PORT_OUT.replace("<Pin>1111<", "<Pin>0111<");
    let no_pin = PORT_OUT.replace("<Pin>1111</Pin>", "");
    let panics = PORT_OUT.replace("some_pon", "panic");
    let no_number = "<PortOutValidationRequest><PON>p1</PON></PortOutValidationRequest>";
    vec![
        row("port-out, asked", bare(PORT_OUT), Answer::challenge()),
        row("port-out, then allowed", asks(PORT_OUT), Answer::allowed("some_pon")),
        row("port-out, in chunks", asks(PORT_OUT).in_chunks(), Answer::allowed("some_pon")),
        row(
            "port-out, wrong PIN",
            asks("").of(other_pin),
            Answer::denied("some_pon", 7513, "PIN invalid"),
        ),
        row(
            "port-out, no PIN",
            asks("").of(no_pin),
            Answer::denied("some_pon", 7512, "PIN required"),
        ),
        row(
            "port-out, the handler panics",
            asks("").of(panics),
            Answer::denied("panic", 7598, "Invalid request"),
        ),
        row("port-out, after a panic", asks(PORT_OUT), Answer::allowed("some_pon")),
        row("port-out, wrong credentials", with(WRONG), refused()),
        row("port-out, another scheme", with("Bearer x"), refused()),
        row(
            "port-out, credentials twice",
            asks(PORT_OUT).with(AUTHORIZATION, BANDWIDTH),
            refused(),
        )
        .if_joined(refused()),
        row("port-out, broken", asks(BROKEN), unread()),
        row("port-out, no body", asks(""), unread()),
        row("port-out, no number", asks(no_number), Answer::unread(Some("p1"))),
        row("port-out, too large", asks("").of(padded(PORT_OUT, MIB + 1)), refused()),
        row("port-out, encoded", asks(PORT_OUT).with(CONTENT_ENCODING, "gzip"), refused()),
        row("port-out, GET", asks("").by(Method::GET), Answer::only_post()),
    ]
}

const MIB: usize = 1024 * 1024;

/// The sample with as many spaces behind it as make it this long.
fn padded(sample: &str, length: usize) -> String {
    [sample, &" ".repeat(length - sample.len())].concat()
}

fn row(name: &'static str, request: Request<Bytes>, answer: Answer) -> Row {
    Row { name, request, answer, if_joined: None }
}

impl Row {
    fn if_joined(self, answer: Answer) -> Self {
        Self { if_joined: Some(answer), ..self }
    }
}

fn post(path: &'static str, body: &'static str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::from_static(body.as_bytes()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().expect("a path");
    request
}

/// Changes of a request, one after another.
trait Change {
    fn with(self, name: HeaderName, value: &'static str) -> Self;
    fn of(self, body: impl Into<Bytes>) -> Self;
    fn by(self, method: Method) -> Self;
    fn in_chunks(self) -> Self;
    fn may_be_cut(self) -> Self;
}

impl Change for Request<Bytes> {
    fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers_mut().append(name, HeaderValue::from_static(value));
        self
    }

    fn of(mut self, body: impl Into<Bytes>) -> Self {
        *self.body_mut() = body.into();
        self
    }

    fn by(mut self, method: Method) -> Self {
        *self.method_mut() = method;
        self
    }

    fn in_chunks(mut self) -> Self {
        self.extensions_mut().insert(InChunks);
        self
    }

    fn may_be_cut(mut self) -> Self {
        self.extensions_mut().insert(MayBeCut);
        self
    }
}

/// The same deliveries where repeated headers come joined.
pub fn joined(rows: Vec<Row>) -> Vec<Row> {
    let rows = rows.into_iter();
    rows.map(|row| Row { answer: row.if_joined.clone().unwrap_or(row.answer), ..row }).collect()
}
