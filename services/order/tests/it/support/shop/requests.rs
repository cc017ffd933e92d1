//! Requests to a shop, and their responses.

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use super::{Person, Shop};

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Shop {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, person: &Person, path: &str) -> Answer {
        let request =
            Request::get(path).header("authorization", format!("Bearer {}", person.token));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn place(&self, person: &Person, key: &str, body: &Value) -> Answer {
        self.send(post(person, key, body)).await
    }
}

pub fn post(person: &Person, key: &str, body: &Value) -> Request<Body> {
    post_to("/api/v1/orders", person, key, body)
}

fn post_to(path: &str, person: &Person, key: &str, body: &Value) -> Request<Body> {
    Request::post(path)
        .header("authorization", format!("Bearer {}", person.token))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A body with these items.
pub fn order_of(items: &[(&str, u32)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    json!({ "items": items, "shipping_address": address() })
}

pub fn address() -> Value {
    json!({ "name": "Ada", "line1": "12 Square", "city": "London", "postal_code": "SW1Y", "country": "gb" })
}

impl Answer {
    /// The status and the code of a problem.
    pub fn refusal(&self) -> (u16, &str) {
        (
            self.status.as_u16(),
            self.body["code"].as_str().unwrap_or_default(),
        )
    }

    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }

    pub fn uuid(&self) -> Uuid {
        self.id().strip_prefix("ord_").unwrap().parse().unwrap()
    }

    pub fn replayed(&self) -> bool {
        self.headers
            .get("idempotent-replayed")
            .is_some_and(|value| value == "true")
    }

    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect()
    }
}
