//! What only a connection shows: interim answers, bodies that are slow, cut, endless
//! or longer than declared, and what handlers are given.

use std::time::Duration;

use super::*;

/// A sender that waits for `100 Continue` gets it, or its answer, in every state
/// of the challenge.
#[test]
fn a_sender_that_waits_to_continue_is_not_left_waiting() {
    let expecting = || Request::post("/notifications").header("Expect", "100-continue");
    for server in server::all(&defaults()) {
        for (credentials, status) in [(None, 401), (Some(X_Y), 401), (Some(BANDWIDTH_USER), 200)] {
            let request = expecting().body(ORDER_NOTIFICATION);
            let request = match credentials {
                Some(value) => request.header("Authorization", value),
                None => request,
            };
            let mut connection = Connection::open(server.address);
            connection.write(&request.head()).unwrap();
            let interim = connection.response(false).expect("an interim response");
            assert_eq!(interim.status, 100, "{credentials:?}, in {}", server.name);
            connection.write(&request.written_body()).unwrap();
            let response = connection.final_response(false).expect("a response");
            assert_eq!(response.status, status, "{credentials:?}, in {}", server.name);
        }
    }
}

/// Most clients write all of the first request and repeat it on the same
/// connection, which is theirs only if the server has read the body.
#[test]
fn the_challenge_and_the_delivery_share_a_connection() {
    for server in server::all(&defaults()) {
        for length in [ORDER_NOTIFICATION.len(), 100_000, 1024 * 1024] {
            let body = padded(ORDER_NOTIFICATION, length);
            let first = Request::post("/notifications").body(&*body).keeping_the_connection();
            let second = notification(&body);
            let mut connection = Connection::open(server.address);
            assert_eq!(connection.send(&first).status, 401, "{length}, in {}", server.name);
            assert_eq!(connection.send(&second).status, 200, "{length}, in {}", server.name);
            assert_eq!(server.handled().len(), 1, "{length}, in {}", server.name);
        }
    }
}

/// Nobody waits for what is too much by its own word, or reads more than 8 MiB of
/// what has no length.
#[test]
fn a_body_without_bounds_is_answered_before_its_end() {
    let limits = Limits::new(1_000, Duration::from_secs(600)).unwrap();
    let declared = |request: Request| request.declaring(usize::MAX / 4);
    let endless = |request: Request| request.chunked(b" ".repeat(8 * 1024 * 1024 + 1));
    for server in server::all(&Webhooks::within(limits)) {
        for (case, request, status) in [
            ("declared", declared(musement("")), 413),
            ("declared, unauthenticated", declared(Request::post("/musement")), 401),
            ("endless", endless(musement("")), 413),
            ("endless, unauthenticated", endless(Request::post("/notifications")), 401),
        ] {
            let mut connection = Connection::open(server.address);
            connection.write(&request.head()).unwrap();
            let body = request.written_body();
            // All but the chunk that would end it.
            connection.write(&body[..body.len().saturating_sub(5)]).unwrap();
            let response = connection.final_response(false).expect("an answer");
            tells_nothing(&response, case);
            assert_eq!(response.status, status, "{case}, in {}", server.name);
            assert_eq!(server.handled(), vec![], "{case}, in {}", server.name);
        }
    }
}

/// The deadline is for the whole body: a byte now and then does not move it.
#[test]
fn a_slow_body_is_answered_at_the_deadline() {
    let limits = Limits::new(1_000, Duration::from_millis(300)).unwrap();
    for server in server::all(&Webhooks::within(limits)) {
        for (case, request, status) in [
            ("authenticated", musement(ORDER_ITEM), 408),
            ("signed", porterbuddy(ORDER_STATUS), 408),
            ("unauthenticated", Request::post("/musement").body(ORDER_ITEM), 401),
        ] {
            let mut connection = Connection::open(server.address);
            // One byte more is declared than ever comes.
            let body = request.written_body();
            let request = request.declaring(body.len() + 1);
            connection.write(&request.head()).unwrap();
            let response = connection.response_while_writing(&body).expect("an answer");
            tells_nothing(&response, case);
            assert_eq!(response.status, status, "{case}, in {}", server.name);
            assert_eq!(server.handled(), vec![], "{case}, in {}", server.name);
        }
    }
}

#[test]
fn a_body_that_breaks_off_is_not_delivered() {
    for server in server::all(&defaults()) {
        for request in [
            musement(ORDER_ITEM).declaring(ORDER_ITEM.len() + 1),
            notification(ORDER_NOTIFICATION).declaring(ORDER_NOTIFICATION.len() + 1),
            porterbuddy(ORDER_STATUS).declaring(ORDER_STATUS.len() + 1),
        ] {
            let mut connection = Connection::open(server.address);
            connection.write(&request.head()).unwrap();
            connection.write(&request.written_body()).unwrap();
            connection.end_of_writing();
            // Whether there is an answer is up to the server: nobody may be left to read it.
            let answer = connection.final_response(false).map(|response| response.status);
            assert!(matches!(answer, None | Some(400)), "{answer:?}, in {}", server.name);
            assert_eq!(server.handled(), vec![], "in {}", server.name);
        }
        assert_eq!(server.send(&musement(ORDER_ITEM)).status, 200, "in {}", server.name);
    }
}

/// What is not verified is not kept, whatever the handler takes.
#[test]
fn a_body_that_is_not_verified_is_not_kept() {
    let refused = [
        (Request::post("/musement").body(ORDER_ITEM), 401),
        (Request::post("/notifications").body(ORDER_NOTIFICATION), 401),
        (signed(&sign("another-key", ORDER_STATUS), ORDER_STATUS), 403),
        (musement(ORDER_ITEM).header("Content-Encoding", "gzip"), 415),
        (Request::new("GET", "/musement"), 405),
    ];
    for server in server::with_rejections(&defaults()) {
        for (request, status) in &refused {
            let response = server.send(&request.clone().kept());
            assert_eq!(response.status, *status, "in {}", server.name);
            tells_nothing(&response, server.name);
            let handled = server.handled();
            let [Handled::Refused { verified_body: None, .. }] = &handled[..] else {
                panic!("{status}, in {}: {handled:?}", server.name);
            };
        }
    }
}

/// The body as it came stays beside the event.
#[test]
fn the_handler_has_the_bytes_as_they_came() {
    for server in server::all(&defaults()) {
        for request in
            [musement(ORDER_ITEM), porterbuddy(ORDER_STATUS), notification(ORDER_NOTIFICATION)]
        {
            server.send(&request);
            let handled = server.handled();
            let [Handled::Event { body, .. }] = &handled[..] else { panic!("{handled:?}") };
            assert_eq!(*body, request.written_body(), "in {}", server.name);
        }
    }
}

/// What has no webhook, or a webhook without the addresses that it checks, lets
/// nobody in, and says what to do about it in the log only.
#[tokio::test]
async fn a_mistake_in_the_configuration_is_loud() {
    use actix_web::{App, HttpResponse, test, web};
    use tower::ServiceExt as _;

    struct State {
        _webhook: OrderItemWebhook,
    }
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());

    let webhook = OrderItemWebhook::new(john_smith());
    let handler = async |_: order_webhooks::actix::Verified<OrderItemWebhook>| HttpResponse::Ok();
    let hidden = web::Data::new(State { _webhook: webhook });
    tokio::task::LocalSet::new()
        .run_until(async {
            let app = App::new().app_data(hidden).route("/musement", web::to(handler));
            let app = test::init_service(app).await;
            let request = test::TestRequest::post().uri("/musement").to_request();
            let response = test::call_service(&app, request).await;
            assert_eq!(response.status(), 500);
            let body = test::read_body(response).await;
            assert_eq!(body, "no webhook is configured for this handler\n");
        })
        .await;
    let said = log.take();
    assert!(said.contains("ERROR") && said.contains("musement.order_item"), "{said}");
    assert!(said.contains("`App::app_data`"), "{said}");

    let handler = async |_: order_webhooks::axum::Verified<OrderItemWebhook>| ();
    let allowed = Allowlist::new(["127.0.0.1"]).unwrap();
    let app = axum::Router::new()
        .route("/musement", axum::routing::post(handler))
        .with_state(OrderItemWebhook::new(allowed));
    let request = http::Request::post("/musement").body(axum::body::Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), 403);
    let said = log.take();
    assert!(said.contains("ERROR") && said.contains("musement.order_item"), "{said}");
    assert!(said.contains("into_make_service_with_connect_info"), "{said}");
}

#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// A sender that never ends its body finds the connection at its end: nobody goes
/// on reading for it. In actix-web the end comes `client_disconnect_timeout` after
/// the answer, 1 s by default.
#[test]
fn a_body_without_end_ends_the_connection() {
    let endless = |server: &server::Server, head: Request| {
        let mut connection = Connection::open(server.address);
        connection.write(&head.head()).unwrap();
        let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat();
        let started = std::time::Instant::now();
        while connection.write(&chunk).is_ok() {
            assert!(started.elapsed() < Duration::from_secs(15), "in {}", server.name);
        }
    };
    let head = || Request::post("/musement").chunked("").keeping_the_connection();
    for server in server::all(&defaults()) {
        endless(&server, head());
        endless(&server, head().header("Authorization", JOHN_SMITH));
    }
    for server in server::with_rejections(&defaults()) {
        endless(&server, head().kept());
    }
}

/// `post`, as in the quick start, refuses another method by itself.
#[tokio::test]
async fn the_405_of_axum_has_its_allow_too() {
    use tower::ServiceExt as _;
    let app: axum::Router = axum::Router::new().route("/", axum::routing::post(async || ()));
    let request = http::Request::get("/").body(axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
}
