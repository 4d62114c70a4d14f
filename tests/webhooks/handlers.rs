//! What a sender gets for each thing that a handler can return, and what becomes
//! of a handler whose sender leaves.

use std::error::Error;
use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fixtures::samples::{ORDER_ITEM, u_p};
use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{Accepted, Receipt, Rejection, Verified, Webhook};
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::Instrument as _;

/// `printf u:p | base64`, and with another password.
const RIGHT: Option<&str> = Some("Basic dTpw");
const WRONG: Option<&str> = Some("Basic dTpx");

const UNREADABLE: &str = "{}";

type Returned = Result<Receipt, Box<dyn Error + Send + Sync>>;

fn accepted(_: Result<Verified<OrderItemWebhook>, Rejection>) -> Returned {
    Ok(Receipt::Accepted)
}

fn try_again(_: Result<Verified<OrderItemWebhook>, Rejection>) -> Returned {
    Ok(Receipt::TryAgain)
}

fn error(_: Result<Verified<OrderItemWebhook>, Rejection>) -> Returned {
    Err("the database is away".into())
}

fn rejection(delivery: Result<Verified<OrderItemWebhook>, Rejection>) -> Returned {
    delivery?;
    Ok(Receipt::Accepted)
}

type Handler = fn(Result<Verified<OrderItemWebhook>, Rejection>) -> Returned;

/// The handler, the credentials, the body, and the status of the answer.
const ANSWERS: [(Handler, Option<&str>, &str, u16); 16] = [
    (accepted, RIGHT, ORDER_ITEM, 200),
    (try_again, RIGHT, ORDER_ITEM, 503),
    (error, RIGHT, ORDER_ITEM, 503),
    (rejection, RIGHT, ORDER_ITEM, 200),
    // Whoever has not proven who it is gets no receipt.
    (accepted, WRONG, ORDER_ITEM, 401),
    (try_again, WRONG, ORDER_ITEM, 401),
    (error, WRONG, ORDER_ITEM, 401),
    (rejection, WRONG, ORDER_ITEM, 401),
    (accepted, None, ORDER_ITEM, 401),
    (try_again, None, ORDER_ITEM, 401),
    (error, None, ORDER_ITEM, 401),
    (rejection, None, ORDER_ITEM, 401),
    // The handler may have kept the body of a proven sender.
    (accepted, RIGHT, UNREADABLE, 200),
    (try_again, RIGHT, UNREADABLE, 503),
    (error, RIGHT, UNREADABLE, 400),
    (rejection, RIGHT, UNREADABLE, 400),
];

fn musement() -> OrderItemWebhook {
    OrderItemWebhook::new(u_p())
}

fn notifications() -> NotificationWebhook {
    NotificationWebhook::new(u_p())
}

const NOTIFICATION: &str = "<Notification><Status>COMPLETE</Status></Notification>";

/// What a handler that waits tells of itself.
#[derive(Clone, Default)]
struct Steps {
    started: Arc<Notify>,
    go_on: Arc<Notify>,
    done: Arc<Notify>,
}

impl Steps {
    async fn handle<R>(self, receipt: R) -> R {
        self.started.notify_one();
        self.go_on.notified().await;
        self.done.notify_one();
        receipt
    }

    /// Calls, leaves when the handler has started, and says whether the handler
    /// came to its end all the same.
    async fn goes_on_without(&self, call: impl Future) -> bool {
        {
            let (mut call, mut started) = (pin!(call), pin!(self.started.notified()));
            poll_fn(|cx| {
                assert!(call.as_mut().poll(cx).is_pending());
                started.as_mut().poll(cx)
            })
            .await;
        }
        self.go_on.notify_one();
        timeout(Duration::from_millis(300), self.done.notified()).await.is_ok()
    }
}

/// The span that a handler runs in.
async fn span() -> Option<&'static str> {
    tokio::task::yield_now().await;
    tracing::Span::current().metadata().map(tracing::Metadata::name)
}

mod in_axum {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use order_webhooks::axum::receive;
    use tower::ServiceExt as _;

    fn request(credentials: Option<&str>, body: &'static str) -> http::Request<Body> {
        let mut request = http::Request::post("/");
        if let Some(value) = credentials {
            request = request.header("authorization", value);
        }
        request.body(Body::from(body)).unwrap()
    }

    #[tokio::test]
    async fn each_outcome_has_its_answer() {
        for (handler, credentials, body, status) in ANSWERS {
            let on_update = move |delivery: Result<_, _>| ready(handler(delivery));
            let app: Router = Router::new().route("/", receive(musement(), on_update));
            let response = app.oneshot(request(credentials, body)).await.unwrap();
            assert_eq!(response.status(), status, "{credentials:?} {body}");
            let challenged = response.headers().contains_key("www-authenticate");
            assert_eq!(challenged, status == 401);
        }
    }

    #[tokio::test]
    async fn what_is_sent_once_is_handled_to_its_end() {
        let steps = Steps::default();
        let theirs = steps.clone();
        let once = move |_: Verified<NotificationWebhook>| theirs.clone().handle(Accepted);
        let theirs = steps.clone();
        let again = move |_: Verified<OrderItemWebhook>| theirs.clone().handle(Receipt::Accepted);
        let app: Router = Router::new()
            .route("/", receive(notifications(), once))
            .route("/again", receive(musement(), again));
        let call = app.clone().oneshot(request(RIGHT, NOTIFICATION));
        assert!(steps.goes_on_without(call).await);
        let mut request = request(RIGHT, ORDER_ITEM);
        *request.uri_mut() = "/again".parse().unwrap();
        assert!(!steps.goes_on_without(app.oneshot(request)).await);
    }

    #[tokio::test]
    async fn a_handler_runs_inside_the_span_of_its_request() {
        async fn on_any<W: Webhook<Receipt: From<Accepted>>>(_: Verified<W>) -> W::Receipt {
            assert_eq!(span().await, Some("request"));
            Accepted.into()
        }
        let _log = tracing::subscriber::set_default(tracing_subscriber::registry());
        let app: Router = Router::new()
            .route("/", receive(notifications(), on_any))
            .route("/again", receive(musement(), on_any));
        for (path, body) in [("/", NOTIFICATION), ("/again", ORDER_ITEM)] {
            let mut request = request(RIGHT, body);
            *request.uri_mut() = path.parse().unwrap();
            let call = app.clone().oneshot(request).instrument(tracing::info_span!("request"));
            assert_eq!(call.await.unwrap().status(), 200, "{path}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_the_servers_to_see() {
        async fn on_any<W: Webhook>(_: Verified<W>) -> W::Receipt {
            panic!("on purpose")
        }
        let app: Router = Router::new()
            .route("/", receive(notifications(), on_any))
            .route("/again", receive(musement(), on_any));
        let once = app.clone().oneshot(request(RIGHT, NOTIFICATION));
        assert!(tokio::spawn(once).await.unwrap_err().is_panic());
        let mut request = request(RIGHT, ORDER_ITEM);
        *request.uri_mut() = "/again".parse().unwrap();
        assert!(tokio::spawn(app.oneshot(request)).await.unwrap_err().is_panic());
    }
}

mod in_actix {
    use super::*;
    use actix_web::dev::Service as _;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, rt};
    use order_webhooks::actix::receive;

    fn request(path: &str, credentials: Option<&str>, body: &'static str) -> TestRequest {
        let request = TestRequest::post().uri(path).set_payload(body);
        match credentials {
            Some(value) => request.insert_header(("authorization", value)),
            None => request,
        }
    }

    #[actix_web::test]
    async fn each_outcome_has_its_answer() {
        for (handler, credentials, body, status) in ANSWERS {
            let on_update = move |delivery: Result<_, _>| ready(handler(delivery));
            let app = init_service(App::new().route("/", receive(musement(), on_update))).await;
            let response = app.call(request("/", credentials, body).to_request()).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{credentials:?} {body}");
            let challenged = response.headers().contains_key("www-authenticate");
            assert_eq!(challenged, status == 401);
        }
    }

    #[actix_web::test]
    async fn what_is_sent_once_is_handled_to_its_end() {
        let steps = Steps::default();
        let theirs = steps.clone();
        let once = move |_: Verified<NotificationWebhook>| theirs.clone().handle(Accepted);
        let theirs = steps.clone();
        let again = move |_: Verified<OrderItemWebhook>| theirs.clone().handle(Receipt::Accepted);
        let app = App::new()
            .route("/", receive(notifications(), once))
            .route("/again", receive(musement(), again));
        let app = init_service(app).await;
        let call = app.call(request("/", RIGHT, NOTIFICATION).to_request());
        assert!(steps.goes_on_without(call).await);
        let call = app.call(request("/again", RIGHT, ORDER_ITEM).to_request());
        assert!(!steps.goes_on_without(call).await);
    }

    #[actix_web::test]
    async fn a_handler_runs_inside_the_span_of_its_request() {
        async fn on_any<W: Webhook<Receipt: From<Accepted>>>(_: Verified<W>) -> W::Receipt {
            assert_eq!(span().await, Some("request"));
            Accepted.into()
        }
        let _log = tracing::subscriber::set_default(tracing_subscriber::registry());
        let app = App::new()
            .route("/", receive(notifications(), on_any::<NotificationWebhook>))
            .route("/again", receive(musement(), on_any::<OrderItemWebhook>));
        let app = init_service(app).await;
        for (path, body) in [("/", NOTIFICATION), ("/again", ORDER_ITEM)] {
            let call = app.call(request(path, RIGHT, body).to_request());
            let call = call.instrument(tracing::info_span!("request"));
            assert_eq!(call.await.unwrap().status().as_u16(), 200, "{path}");
        }
    }

    #[actix_web::test]
    async fn a_panic_is_the_servers_to_see() {
        async fn on_any<W: Webhook>(_: Verified<W>) -> W::Receipt {
            panic!("on purpose")
        }
        let app = App::new()
            .route("/", receive(notifications(), on_any::<NotificationWebhook>))
            .route("/again", receive(musement(), on_any::<OrderItemWebhook>));
        let app = init_service(app).await;
        for (path, body) in [("/", NOTIFICATION), ("/again", ORDER_ITEM)] {
            let call = app.call(request(path, RIGHT, body).to_request());
            assert!(rt::spawn(call).await.unwrap_err().is_panic(), "{path}");
        }
    }
}
