//! The table as the events that AWS makes of requests, through what
//! `lambda_http::run` does with them, to the JSON that AWS makes a response of.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service as _};
use serde_json::{Value, json};

use super::*;

/// What stands before the function.
#[derive(Clone, Copy, PartialEq)]
enum Front {
    /// A load balancer with multi-value headers switched on.
    LoadBalancer,
    /// API Gateway's REST API.
    RestApi,
    /// API Gateway's HTTP API, or a function URL.
    HttpApi,
}
use Front::{HttpApi, LoadBalancer, RestApi};

impl Front {
    fn event(self, request: &http::Request<Bytes>) -> Value {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let headers = |values: fn(Vec<&str>) -> Value| -> Value {
            let names = request.headers().keys();
            let of = |name| request.headers().get_all(name).iter().map(|v| v.to_str().unwrap());
            names.map(|name| (name.to_string(), values(of(name).collect()))).collect()
        };
        let all = |values: Vec<&str>| json!(values);
        let last = |values: Vec<&str>| json!(values.last());
        let joined = |values: Vec<&str>| json!(values.join(","));
        let mut event = match self {
            LoadBalancer => json!({
                "requestContext": { "elb": { "targetGroupArn": "arn:aws:elb" } },
                "httpMethod": method,
                "path": path,
                "multiValueHeaders": headers(all),
            }),
            RestApi => json!({
                "resource": "/{proxy+}",
                "requestContext": { "stage": "prod", "path": path, "httpMethod": method },
                "httpMethod": method,
                "path": path,
                "headers": headers(last),
                "multiValueHeaders": headers(all),
            }),
            HttpApi => json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": path,
                "rawQueryString": "",
                "headers": headers(joined),
                "requestContext": { "stage": "$default", "http": { "method": method, "path": path } },
            }),
        };
        event["isBase64Encoded"] = json!(true);
        event["body"] = json!(BASE64_STANDARD.encode(request.body()));
        event
    }

    async fn send(self, request: http::Request<Bytes>) -> Response<Bytes> {
        let webhooks = Webhooks::new().unwrap();
        let mut function = Adapter::from(service_fn(|request| answer(&webhooks, request)));
        let payload: LambdaRequest = serde_json::from_value(self.event(&request)).unwrap();
        let given = function.call(LambdaEvent::new(payload, Context::default())).await.unwrap();
        response_of(&serde_json::to_value(given).unwrap())
    }
}

/// What AWS sends of the function's answer.
fn response_of(given: &Value) -> Response<Bytes> {
    assert_eq!(given["isBase64Encoded"], false, "text goes as text");
    let body = given["body"].as_str().unwrap_or_default().to_owned();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = given["statusCode"].to_string().parse().unwrap();
    let mut headers = HeaderMap::new();
    let many = given["multiValueHeaders"].as_object().into_iter().flatten();
    for (name, values) in many {
        for value in values.as_array().unwrap() {
            let name: http::HeaderName = name.parse().unwrap();
            headers.append(name, value.as_str().unwrap().parse().unwrap());
        }
    }
    let one = given["headers"].as_object().into_iter().flatten();
    for (name, value) in one {
        let name: http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.as_str().unwrap().parse().unwrap());
    }
    *response.headers_mut() = headers;
    response
}

#[tokio::test]
async fn the_table_behind_a_load_balancer() {
    deliveries::check(deliveries::table(), async |request| LoadBalancer.send(request).await).await;
}

#[tokio::test]
async fn the_table_behind_an_http_api_which_joins_repeated_headers() {
    let rows = deliveries::joined(deliveries::table());
    deliveries::check(rows, async |request| HttpApi.send(request).await).await;
}

#[tokio::test]
async fn the_table_behind_a_rest_api_but_for_repeated_headers() {
    let mut rows = deliveries::table();
    rows.retain(|row| row.if_joined.is_none());
    deliveries::check(rows, async |request| RestApi.send(request).await).await;
}

/// `lambda_http` keeps the last of a REST API's repeated headers, so the webhook
/// cannot see that there were two: it decides by that one.
#[tokio::test]
async fn a_rest_api_gives_the_last_of_a_repeated_header() {
    let row = deliveries::table().into_iter().find(|row| row.name == "Musement, genuine");
    let genuine = row.unwrap().request;
    let mut twice = genuine.clone();
    twice.headers_mut().append(AUTHORIZATION, "Basic eDp5".parse().unwrap());
    assert_eq!(RestApi.send(twice).await.status(), 401);
    let mut twice = genuine;
    let right = twice.headers_mut().insert(AUTHORIZATION, "Basic eDp5".parse().unwrap());
    twice.headers_mut().append(AUTHORIZATION, right.unwrap());
    assert_eq!(RestApi.send(twice).await.status(), 200);
}
