//! A receiver in poem, over `order_webhooks::tower`.

use std::convert::Infallible;
use std::error::Error;
use std::future::ready;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use order_webhooks::body::port_out;
use order_webhooks::tower::{Verified, VerifyLayer};
use order_webhooks::webhook::{Answer, Extract};
use poem::endpoint::TowerCompatExt as _;
use poem::listener::TcpListener;
use poem::{Endpoint, Route, Server};
use shop::Webhooks;
use tower::{Layer as _, service_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(Webhooks::new()?);
    Ok(Server::new(TcpListener::bind("127.0.0.1:3000")).run(app).await?)
}

fn app(webhooks: Webhooks) -> Route {
    let port_outs = service_fn(move |request| {
        let webhook = webhooks.port_outs.clone();
        async move {
            let answer = port_out(&webhook, request, async |asked| shop::judge(&asked)).await;
            Ok::<_, Infallible>(answer.map(Full::new))
        }
    });
    Route::new()
        .at("/musement", receive(webhooks.musement, shop::on_order_item))
        .at("/porterbuddy", receive(webhooks.porterbuddy, shop::on_order))
        .at("/notifications", receive(webhooks.notifications, shop::on_notification))
        .at("/subscriptions", receive(webhooks.subscriptions, shop::on_update))
        .at("/port-outs", port_outs.compat())
}

fn receive<W, R>(webhook: W, handler: fn(&W::Event) -> R) -> impl Endpoint
where
    W: Extract<Event: Clone + Sync>,
    R: Into<Answer> + 'static,
{
    let verified = service_fn(move |request: Request<Full<Bytes>>| {
        let answer = match request.extensions().get::<Verified<W>>() {
            Some(delivery) => handler(delivery).into(),
            None => Answer::empty(StatusCode::INTERNAL_SERVER_ERROR),
        };
        ready(Ok::<_, Infallible>(answer.to_response().map(Full::new)))
    });
    VerifyLayer::new(webhook).layer(verified).compat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::listener::{Acceptor as _, Listener as _};

    #[tokio::test]
    async fn the_table_over_loopback() {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let app = app(Webhooks::new().unwrap());
        tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
        deliveries::check(deliveries::table(), deliveries::over(address)).await;
    }
}
