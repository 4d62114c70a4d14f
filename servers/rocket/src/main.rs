//! A receiver in Rocket, over `order_webhooks::body`.
//!
//! Rocket has its own types for requests and responses. So a delivery is a data
//! guard here, and an answer a responder.

use std::future::{Future, pending};
use std::io::{self, Cursor};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Response};
use http_body_util::channel::{Channel, Sender};
use order_webhooks::bandwidth::{NotificationWebhook, PortOutWebhook, V2Webhook};
use order_webhooks::body::{self, port_out};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::webhook::{Answer, Extract};
use order_webhooks::{Reason, Rejection, Verified};
use rocket::data::{ByteUnit, Data, FromData, Outcome};
use rocket::http::{Method, Status};
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::route::{self, BoxFuture, Route};
use rocket::{Build, Rocket, post, routes};
use shop::Webhooks;
use tokio::io::AsyncReadExt as _;

#[rocket::launch]
fn launch() -> _ {
    serve(rocket::build(), Webhooks::new().expect("the sample secrets are not empty"))
}

fn serve(rocket: Rocket<Build>, webhooks: Webhooks) -> Rocket<Build> {
    let paths = ["/musement", "/porterbuddy", "/notifications", "/subscriptions", "/port-outs"];
    rocket
        .manage(webhooks.musement)
        .manage(webhooks.porterbuddy)
        .manage(webhooks.notifications)
        .manage(webhooks.subscriptions)
        .manage(webhooks.port_outs)
        .mount("/", routes![on_order_item, on_order, on_notification, on_update])
        .mount("/", [Route::new(Method::Post, "/port-outs", on_port_out)])
        .mount("/", paths.into_iter().flat_map(refuse_other_methods).collect::<Vec<_>>())
}

type Received<W> = Result<Delivery<W>, Rejection>;

#[post("/musement", data = "<delivery>")]
fn on_order_item(delivery: Received<OrderItemWebhook>) -> Reply {
    Reply::to(delivery, shop::on_order_item)
}

#[post("/porterbuddy", data = "<delivery>")]
fn on_order(delivery: Received<OrderWebhook>) -> Reply {
    Reply::to(delivery, shop::on_order)
}

#[post("/notifications", data = "<delivery>")]
fn on_notification(delivery: Received<NotificationWebhook>) -> Reply {
    Reply::to(delivery, shop::on_notification)
}

#[post("/subscriptions", data = "<delivery>")]
fn on_update(delivery: Received<V2Webhook>) -> Reply {
    Reply::to(delivery, shop::on_update)
}

fn on_port_out<'r>(request: &'r Request<'_>, data: Data<'r>) -> BoxFuture<'r> {
    Box::pin(async move {
        let reply = match request.rocket().state::<PortOutWebhook>() {
            Some(webhook) => {
                let (asked, feed) = over_http(request, data);
                beside(feed, port_out(webhook, asked, async |asked| shop::judge(&asked))).await
            }
            None => refusal(Reason::Unconfigured).to_response(),
        };
        route::Outcome::from(request, Reply(reply))
    })
}

/// Rocket answers 404 to a method that has no route; a webhook says 405.
fn refuse_other_methods(path: &str) -> Vec<Route> {
    use Method::{Delete, Get, Head, Options, Patch, Put};
    fn refuse<'r>(request: &'r Request<'_>, _: Data<'r>) -> BoxFuture<'r> {
        let reply = Reply(refusal(Reason::Method).to_response());
        Box::pin(async { route::Outcome::from(request, reply) })
    }
    [Get, Head, Put, Patch, Delete, Options].map(|method| Route::new(method, path, refuse)).into()
}

/// A delivery of the webhook that Rocket manages.
struct Delivery<W: Extract>(Verified<W>);

#[rocket::async_trait]
impl<'r, W: Extract> FromData<'r> for Delivery<W> {
    type Error = Rejection;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let received = match request.rocket().state::<W>() {
            Some(webhook) => {
                let (delivery, feed) = over_http(request, data);
                beside(feed, body::receive(webhook, delivery)).await
            }
            None => Err(refusal(Reason::Unconfigured)),
        };
        match received {
            Ok(delivery) => Outcome::Success(Self(delivery)),
            Err(refused) => Outcome::Error((Status::new(refused.status().as_u16()), refused)),
        }
    }
}

/// The request as one of the `http` crate, and what feeds its body.
fn over_http<'r>(
    request: &Request<'_>,
    data: Data<'r>,
) -> (http::Request<Channel<Bytes, io::Error>>, impl Future<Output = ()> + use<'r>) {
    let (sender, body) = Channel::new(1);
    let mut same = http::Request::new(body);
    *same.method_mut() = http::Method::POST;
    for header in request.headers().iter() {
        let name = HeaderName::try_from(header.name().as_str());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(header.value().as_bytes())) {
            same.headers_mut().append(name, value);
        }
    }
    (same, feed(sender, data))
}

/// Gives on the body in pieces. The webhook has its own bounds.
async fn feed(mut sender: Sender<Bytes, io::Error>, data: Data<'_>) {
    let mut data = data.open(ByteUnit::max_value());
    loop {
        let mut piece = BytesMut::with_capacity(16 * 1024);
        match data.read_buf(&mut piece).await {
            Ok(0) => return,
            Ok(_) if sender.send_data(piece.freeze()).await.is_ok() => {}
            Ok(_) => return,
            Err(error) => return sender.abort(error),
        }
    }
}

/// What this comes to, while that runs.
async fn beside<T>(feed: impl Future<Output = ()>, answer: impl Future<Output = T>) -> T {
    tokio::select! {
        answer = answer => answer,
        never = async { feed.await; pending().await } => never,
    }
}

fn refusal(reason: Reason) -> Rejection {
    Rejection::new(reason)
}

struct Reply(Response<Bytes>);

impl Reply {
    fn to<W: Extract, R: Into<Answer>>(received: Received<W>, handler: fn(&W::Event) -> R) -> Self {
        Self(match received {
            Ok(Delivery(delivery)) => handler(&delivery).into().to_response(),
            Err(refused) => refused.to_response(),
        })
    }
}

impl<'r> Responder<'r, 'static> for Reply {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let (head, body) = self.0.into_parts();
        let mut reply = rocket::Response::build();
        reply.status(Status::new(head.status.as_u16()));
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            reply.raw_header_adjoin(name.as_str().to_owned(), value);
        }
        reply.sized_body(body.len(), Cursor::new(body)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocket::Config;
    use rocket::fairing::AdHoc;
    use rocket::futures::channel::oneshot;
    use std::net::SocketAddr;

    #[rocket::async_test]
    async fn the_table_over_loopback() {
        let (tell, port) = oneshot::channel();
        let liftoff = AdHoc::on_liftoff("its port", |rocket| {
            Box::pin(async { tell.send(rocket.config().port).unwrap() })
        });
        let rocket = rocket::custom(Config { port: 0, ..Config::debug_default() }).attach(liftoff);
        tokio::spawn(serve(rocket, Webhooks::new().unwrap()).launch());
        let address = SocketAddr::from(([127, 0, 0, 1], port.await.unwrap()));
        deliveries::check(deliveries::table(), deliveries::over(address)).await;
    }
}
