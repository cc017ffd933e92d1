//! Requests with any method and any headers.

use axum::{body::Body, http::Request};
use serde_json::Value;

use super::shop::{Answer, Person, Shop};

impl Shop {
    /// Sends JSON, or nothing for `null`.
    pub async fn ask(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", person.token));
        if !body.is_null() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    /// The vendor of a product, able to log in.
    pub fn vendor_of(&self, sku: &str) -> Person {
        self.person_with(self.product.vendor_of(sku), &[access::Role::Vendor])
    }
}
