//! The sender's address out of a proxy's header, by the layer of each framework.

use std::num::NonZeroUsize;

use http::HeaderName;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{Allowlist, Receipt, Verified};

use fixtures::samples::ORDER_ITEM;

const HEADER: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Two proxies of ours, and senders from one address. The lines of the header, and
/// the status.
const REQUESTS: [(&[&str], u16); 6] = [
    (&["203.0.113.7, 10.0.0.1"], 200),
    (&["203.0.113.7", "10.0.0.1"], 200),
    (&["203.0.113.8, 10.0.0.1"], 403),
    // What the sender itself writes stands further left.
    (&["203.0.113.7, 203.0.113.8, 10.0.0.1"], 403),
    (&["203.0.113.7"], 403),
    (&[], 403),
];

fn webhook() -> OrderItemWebhook {
    OrderItemWebhook::new(Allowlist::new(["203.0.113.7"]).unwrap())
}

fn two() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

async fn on_update(_: Verified<OrderItemWebhook>) -> Receipt {
    Receipt::Accepted
}

#[tokio::test]
async fn in_axum() {
    use axum::{Router, body::Body};
    use order_webhooks::{axum::receive, tower::SetPeerAddressLayer};
    use tower::ServiceExt as _;

    let app: Router = Router::new()
        .route("/", receive(webhook(), on_update))
        .layer(SetPeerAddressLayer::new(HEADER, two()));
    for (lines, status) in REQUESTS {
        let mut request = http::Request::post("/");
        for line in lines {
            request = request.header(HEADER, *line);
        }
        let request = request.body(Body::from(ORDER_ITEM)).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), status, "{lines:?}");
    }
}

#[actix_web::test]
async fn in_actix() {
    use actix_web::{App, test};
    use order_webhooks::actix::{SetPeerAddress, receive};

    let app = App::new()
        .route("/", receive(webhook(), on_update))
        .wrap(SetPeerAddress::new(HEADER, two()));
    let app = test::init_service(app).await;
    for (lines, status) in REQUESTS {
        let mut request = test::TestRequest::post().uri("/").set_payload(ORDER_ITEM);
        for line in lines {
            request = request.append_header(("x-forwarded-for", *line));
        }
        // The proxy connects, and its own address is of no matter.
        let request = request.peer_addr("203.0.113.7:80".parse().unwrap()).to_request();
        let response = test::call_service(&app, request).await;
        assert_eq!(response.status().as_u16(), status, "{lines:?}");
    }
}

/// What docs/proxy.md warns of: these are what the sender itself has written.
#[actix_web::test]
async fn what_frameworks_read_first_is_the_senders_word() {
    let (sender, proxy) = ("203.0.113.7", "192.0.2.1");
    for name in ["forwarded", "x-forwarded-for"] {
        let entry = |address| match name {
            "forwarded" => format!("for={address}"),
            _ => String::from(address),
        };
        let (own, added) = (entry(sender), entry(proxy));
        let request = actix_web::test::TestRequest::post()
            .append_header((name, own.clone()))
            .append_header((name, added.clone()))
            .to_http_request();
        assert_eq!(request.connection_info().realip_remote_addr(), Some(sender), "{name}");
        let request = http::Request::post("/").header(name, &own).header(name, added);
        assert_eq!(request.body(()).unwrap().headers()[name], own, "{name}");
    }
}
