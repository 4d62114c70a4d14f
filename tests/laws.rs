//! What holds of the whole crate.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use order_webhooks::bandwidth::{DenialReason, NotificationWebhook, PortOutWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Receive as _, Secret, Webhook};
use tracing::field::{Field, Visit};

/// The floors of the crate, from the lowest. A file imports from lower floors
/// and from its own module.
const FLOORS: [&[&str]; 10] = [
    &["error"],
    &["secret", "limits", "answer"],
    &["rejection"],
    &["head"],
    &["auth", "forwarded", "log", "wire", "fallback"],
    &["tracking"],
    &["webhook"],
    &["musement", "porterbuddy", "bandwidth"],
    &["adapter", "envelope"],
    &["testing", "guide"],
];

/// The floors that nothing asynchronous, no I/O and no clock may be on.
const CORE: usize = 7;

fn floor(module: &str) -> usize {
    let floor = FLOORS.iter().position(|floor| floor.contains(&module));
    floor.unwrap_or_else(|| panic!("`{module}` has no floor"))
}

/// Every file of the crate but its root: the module it is in, where it is, and
/// its lines before the unit tests.
fn sources() -> Vec<(String, PathBuf, Vec<String>)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let of_tests = |path: &Path| path.components().any(|part| part.as_os_str() == "tests");
    files
        .retain(|path| !of_tests(path) && !path.ends_with("lib.rs") && !path.ends_with("tests.rs"));
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = module.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
        let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
        (module, path, lines.map(str::to_owned).collect())
    };
    files.into_iter().map(read).collect()
}

#[test]
fn a_file_imports_from_lower_floors_only() {
    let mut imports = 0;
    for (module, path, lines) in sources() {
        for line in lines {
            for after in line.split("crate::").skip(1) {
                let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                let imported = after.split(end).next().unwrap();
                imports += 1;
                let allowed = imported == module || floor(imported) < floor(&module);
                assert!(allowed, "{} imports {imported}: {line}", path.display());
            }
        }
    }
    assert!(imports > 100, "the test reads the imports");
}

#[test]
fn the_core_knows_no_runtime_no_io_and_no_clock() {
    let foreign = [
        "async ",
        ".await",
        "tokio",
        "axum::",
        "actix_web",
        "std::net::Tcp",
        "std::fs",
        "std::io",
        "std::thread",
        "std::env",
        "Instant",
        "SystemTime",
        "::now()",
    ];
    for (module, path, lines) in sources().into_iter().filter(|(m, ..)| floor(m) <= CORE) {
        for line in lines {
            let found = foreign.iter().find(|word| line.contains(*word));
            assert_eq!(found, None, "{} ({module}): {line}", path.display());
        }
    }
}

/// Whatever is public goes from thread to thread, as servers need it.
#[test]
fn what_is_public_is_send_and_sync() {
    use order_webhooks::{
        Allowlist, ConfigError, Credentials, Limits, ParseError, Reason, Rejection, Verified,
        auth::{BodySignature, Signature},
        bandwidth::{self, SubscriptionWebhook},
        fallback::FallbackError,
        musement, porterbuddy,
        tracking::{Key, Revision},
        webhook::Answer,
    };
    fn both<T: Send + Sync>() {}
    both::<(Allowlist, BasicAuth, BodySignature, Credentials, Secret, Signature, Limits)>();
    both::<(ConfigError, ParseError, Reason, Rejection, Answer, FallbackError)>();
    both::<(OrderItemWebhook, Verified<OrderItemWebhook>, musement::Fallback)>();
    both::<(OrderWebhook, Verified<OrderWebhook>, porterbuddy::Fallback)>();
    both::<(NotificationWebhook, Verified<NotificationWebhook>)>();
    both::<(PortOutWebhook, Verified<PortOutWebhook>, bandwidth::Subscriber)>();
    both::<(SubscriptionWebhook, Verified<SubscriptionWebhook>)>();
    both::<(bandwidth::Subscription, bandwidth::Dashboard, bandwidth::PortOutAnswer)>();
    both::<(Key, Revision, porterbuddy::OrderRequest)>();
}

/// A log that keeps its events as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Line(String);
        impl Visit for Line {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                write!(self.0, " {}={value:?}", field.name()).unwrap();
            }
        }
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

/// `u` and `p:q`
const RIGHT: &str = "Basic dTpwOnE=";

#[test]
fn a_delivery_is_one_event_in_the_log_with_nothing_of_it_inside() {
    let auth = BasicAuth::new("u", "p:q").unwrap();
    let musement = OrderItemWebhook::new(auth.clone());
    let porterbuddy = OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap());
    let port_out = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
    let signature = porterbuddy.signature().sign(br#"{"orderId":"1","orderStatus":"ready"}"#);

    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        fn deliver<W: Webhook>(webhook: &W, header: (&str, &str), body: &'static str) {
            let request = http::Request::post("/").header(header.0, header.1).body(body).unwrap();
            let _ = webhook.receive(request);
        }
        deliver(&musement, ("authorization", RIGHT), "\"moved to Elm Street\"");
        deliver(&musement, ("authorization", "Basic dTpwYXNzd29yZA=="), "");
        deliver(&musement, ("x-authorization", RIGHT), "");
        deliver(
            &porterbuddy,
            ("x-porterbuddy-hmac-sha256", &signature),
            r#"{"orderId":"1","orderStatus":"ready"}"#,
        );
        deliver(
            &porterbuddy,
            ("x-porterbuddy-hmac-sha256", &signature),
            r#"{"orderId":"2","orderStatus":"ready"}"#,
        );
        deliver(
            &port_out,
            ("authorization", RIGHT),
            "<PortOutValidationRequest><Pin>1111</Pin><Pin>2222</Pin></PortOutValidationRequest>",
        );
    });
    let expected = [
        "WARN message=delivery refused webhook=\"musement.order_item\" status=400 \
         reason=the body does not parse: not an object at line 1 column 1",
        "WARN message=delivery refused webhook=\"musement.order_item\" status=401 \
         reason=credentials refused: not the expected ones",
        "DEBUG message=credentials asked for webhook=\"musement.order_item\" status=401",
        "INFO message=delivery verified webhook=\"porterbuddy.order\" body_bytes=37",
        "WARN message=delivery refused webhook=\"porterbuddy.order\" status=403 \
         reason=the signature does not match the body",
        "WARN message=delivery refused webhook=\"bandwidth.port_out\" status=200 \
         reason=the body does not parse: Pin: given twice at line 1 column 42",
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
}

/// Nobody sees from outside that an answer is not the handler's.
#[cfg(feature = "axum")]
#[tokio::test]
async fn an_answer_instead_of_the_handlers_is_an_error_in_the_log() {
    use axum::{Router, body::Body};
    use order_webhooks::{Verified, bandwidth::PortOutAnswer};
    use tower::ServiceExt as _;

    let auth = BasicAuth::new("u", "p:q").unwrap();
    let webhook = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
    let handler =
        async |_: Verified<PortOutWebhook>| Err::<PortOutAnswer, _>("the database is away");
    let app: Router = Router::new().route("/", order_webhooks::axum::port_out(webhook, handler));
    let body = "<PortOutValidationRequest><PON>some-pon</PON><TelephoneNumbers>\
                <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>\
                </PortOutValidationRequest>";
    let request = http::Request::post("/").header("authorization", RIGHT).body(Body::from(body));

    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let response = app.oneshot(request.unwrap()).await.unwrap();
    drop(guard);
    assert_eq!(response.status(), 200);
    let expected = [
        "INFO message=delivery verified webhook=\"bandwidth.port_out\" body_bytes=154",
        "ERROR message=answered without the handler webhook=\"bandwidth.port_out\" failure=the handler failed",
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
}

#[test]
fn the_root_of_the_crate_is_a_tour_and_not_a_place_for_code() {
    let root = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    assert!(root.unwrap().lines().count() < 100);
}
