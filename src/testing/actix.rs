//! A sender against an actix-web application, in memory; feature `actix`.

use std::net::{IpAddr, SocketAddr};

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::TestRequest;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tokio::time::timeout;

use crate::testing::delivery::Delivery;
use crate::testing::report::Report;

impl Delivery {
    /// Runs the delivery to its end against what
    /// `actix_web::test::init_service(app)` gives, without a network.
    ///
    /// The waits between tries take no time. An answer that is later than
    /// [`time_allowed`](Self::time_allowed), by the clock of tokio, does not
    /// count, and neither does a body that breaks off. An error that leaves the
    /// application is answered as actix-web answers it.
    ///
    /// ```
    /// use actix_web::{App, test, web};
    /// use order_webhooks::actix::Verified;
    /// use order_webhooks::musement::OrderItemWebhook;
    /// use order_webhooks::testing::{Sender, Verdict, musement};
    /// use order_webhooks::{BasicAuth, Credentials, Receipt};
    ///
    /// async fn on_update(_: Verified<OrderItemWebhook>) -> Receipt {
    ///     Receipt::Accepted
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials = Credentials::new("JohnSmith", "Swordfish")?;
    /// let webhook = OrderItemWebhook::new(BasicAuth::from(&credentials));
    /// let app = App::new().app_data(webhook).route("/musement", web::to(on_update));
    ///
    /// let sender = Sender::musement("/musement".parse()?, &credentials);
    /// let delivery = sender.delivery(&musement::order_item_update());
    /// let report = delivery.run_on_actix(&test::init_service(app).await).await;
    /// assert_eq!(report.verdict, Verdict::Delivered, "{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_on_actix<S, B>(mut self, app: &S) -> Report
    where
        S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        let mut exchanges = Vec::new();
        while let Some(request) = self.request() {
            let sent = converted(&request, self.address());
            let response = timeout(self.time_allowed(), call(app, sent)).await;
            exchanges.push(self.exchanged(request, response.ok().flatten()));
        }
        Report::new(&self, exchanges)
    }
}

async fn call<S, B>(app: &S, request: actix_http::Request) -> Option<Response<Bytes>>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    match app.call(request).await {
        Ok(response) => answer(response.into_parts().1).await,
        Err(error) => answer(error.error_response()).await,
    }
}

/// actix-web has the `http` crate's previous version, so everything is copied.
fn converted(request: &Request<Bytes>, address: Option<IpAddr>) -> actix_http::Request {
    let mut test = TestRequest::post().uri(&request.uri().to_string());
    for (name, value) in request.headers() {
        test = test.append_header((name.as_str(), value.as_bytes()));
    }
    if let Some(address) = address {
        test = test.peer_addr(SocketAddr::new(address, 0));
    }
    test.set_payload(request.body().clone()).to_request()
}

async fn answer<B: MessageBody>(from: actix_web::HttpResponse<B>) -> Option<Response<Bytes>> {
    let status = StatusCode::from_u16(from.status().as_u16()).ok()?;
    let (head, body) = from.into_parts();
    let mut response = Response::new(to_bytes(body).await.ok()?);
    *response.status_mut() = status;
    for (name, value) in head.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        response.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(response)
}
