use axum::{Router, routing::post};
use order_webhooks::{
    BasicAuth,
    axum::Verified,
    musement::{OrderItemWebhook, Receipt},
};
use tower::ServiceExt as _;

const BODY: &str = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;

async fn on_update(update: Verified<OrderItemWebhook>) -> Receipt {
    assert_eq!(serde_json::to_string(update.event()).unwrap(), BODY);
    Receipt::Accepted
}

#[tokio::test]
async fn axum() {
    let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish").unwrap());
    let app = Router::new().route("/musement", post(on_update)).with_state(webhook);
    for (auth, status) in [("Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==", 200), ("Basic x", 401)] {
        let request = http::Request::post("/musement")
            .header("authorization", auth)
            .body(BODY.to_owned())
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
    }
}
