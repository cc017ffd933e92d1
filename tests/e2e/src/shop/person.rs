//! A user with a token: a vendor who sells, or a customer who buys.

use anyhow::{Context as _, Result};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    Answer, Shop,
    cluster::unique,
    wait::{self, seconds},
};

/// An account and its access token.
#[derive(Clone)]
pub struct Person {
    pub shop: Shop,
    pub email: String,
    pub id: String,
    pub token: String,
}

/// The body of an order for one product.
pub fn order_of(sku: &str, quantity: u32) -> Value {
    json!({
        "items": [{ "sku": sku, "quantity": quantity }],
        "shipping_address": {
            "name": "Ann Example", "line1": "1 Long Lane", "city": "Leeds", "postal_code": "LS1 1AA", "country": "GB",
        },
    })
}

/// The id and the SKU of a product.
#[derive(Clone, Debug)]
pub struct Product {
    pub id: String,
    pub sku: String,
}

impl Person {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.shop.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// Puts a new product on sale with this number of units.
    pub async fn sells(&self, name: &str, price: &str, units: u32) -> Result<Product> {
        let sku = unique("E2E").to_uppercase();
        let body = json!({ "sku": sku, "name": name, "price": price, "status": "active" });
        let request = self
            .request(Method::POST, "/api/v1/products")
            .header("Idempotency-Key", unique("key"));
        let answer = Answer::of(request.json(&body)).await?.expect(201)?;
        let id = answer.json()?["id"]
            .as_str()
            .context("a product without id")?
            .to_owned();
        self.stocks(&sku, units).await?;
        Ok(Product { id, sku })
    }

    /// Sets the units on hand.
    pub async fn stocks(&self, sku: &str, units: u32) -> Result<()> {
        let request = self.request(Method::PUT, &format!("/api/v1/inventory/{sku}"));
        let request = request
            .header("Idempotency-Key", unique("key"))
            .header("If-Match", "*");
        Answer::of(request.json(&json!({ "on_hand": units })))
            .await?
            .expect(200)?;
        Ok(())
    }

    /// Sends an order with this idempotency key, and returns the response whatever its status.
    pub async fn tries_to_order(&self, sku: &str, quantity: u32, key: &str) -> Result<Answer> {
        let body = order_of(sku, quantity);
        let request = self
            .request(Method::POST, "/api/v1/orders")
            .header("Idempotency-Key", key);
        Answer::of(request.json(&body)).await
    }

    /// Orders, waits until the order is confirmed, and returns the order.
    pub async fn orders(&self, sku: &str, quantity: u32) -> Result<Value> {
        let answer = self
            .tries_to_order(sku, quantity, &unique("key"))
            .await?
            .expect(201)?;
        let id = answer.json()?["id"]
            .as_str()
            .context("an order without id")?
            .to_owned();
        self.confirmed(&id).await
    }

    pub async fn confirmed(&self, id: &str) -> Result<Value> {
        wait::until(
            format!("order {id} is confirmed"),
            seconds(30),
            async || {
                let order = self
                    .get(&format!("/api/v1/orders/{id}"))
                    .await?
                    .expect(200)?
                    .json()?;
                anyhow::ensure!(
                    order["status"] == "confirmed",
                    "its status is {}",
                    order["status"]
                );
                Ok(order)
            },
        )
        .await
    }

    /// The available units of a product.
    pub async fn available(&self, product: &Product) -> Result<i64> {
        let body = self
            .get(&format!("/api/v1/products/{}", product.id))
            .await?
            .expect(200)?
            .json()?;
        body["inventory"]["available"]
            .as_i64()
            .with_context(|| format!("no inventory.available in {body}"))
    }
}
