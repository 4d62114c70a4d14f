//! The handler of the README, tested without a network.

use axum::Router;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::testing::{Forgery, Sender, Verdict, musement};
use order_webhooks::{
    BasicAuth, Credentials, Receipt,
    axum::{Verified, receive},
};

async fn on_update(_: Verified<OrderItemWebhook>) -> Receipt {
    Receipt::Accepted
}

#[tokio::test]
async fn only_genuine_updates_are_delivered() -> Result<(), Box<dyn std::error::Error>> {
    let credentials = Credentials::new("JohnSmith", "Swordfish")?;
    let webhook = OrderItemWebhook::new(BasicAuth::from(&credentials));
    let app: Router = Router::new().route("/musement", receive(webhook, on_update));
    let sender = Sender::musement("/musement".parse()?, &credentials);
    let genuine = sender.delivery(&musement::order_item_update());
    let forged = genuine.clone().forged(Forgery::Wrong);
    let report = genuine.run_on(app.clone()).await;
    assert_eq!(report.verdict, Verdict::Delivered, "{report}");
    let report = forged.run_on(app).await;
    assert_ne!(report.verdict, Verdict::Delivered, "{report}");
    Ok(())
}
