//! Buyers. Each request is repeated with its key until its outcome is known, as a good client does, and logged.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// The time that a client waits for one response; the services give up sooner.
const PATIENCE: Duration = Duration::from_secs(12);
/// The time between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub struct Buyer {
    pub id: Uuid,
    pub token: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    pub sku: String,
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Placed(Uuid),
    /// Finally refused, with this code.
    Refused(String),
    /// The outcome is not known yet.
    Unknown,
}

/// An entry of the journal.
#[derive(Clone, Debug)]
pub struct Entry {
    pub buyer: Uuid,
    pub key: String,
    pub items: Vec<Item>,
    pub outcome: Outcome,
    /// Responses that a client must never get, such as a 500.
    pub faults: Vec<String>,
}

/// The result of one attempt.
#[derive(Clone, Debug)]
pub enum Answer {
    Placed(Uuid),
    Refused(String),
    /// Nothing was done, or the outcome is unknown: the same request has to be repeated.
    Again,
    /// A response that no client should get.
    Fault(String),
}

impl Buyer {
    /// The request for an order; `method` is a payment method.
    pub fn order(
        &self,
        client: &Client,
        url: &str,
        key: &str,
        items: &[Item],
        method: Option<&str>,
    ) -> RequestBuilder {
        let request = client.post(format!("{url}/api/v1/orders"));
        request
            .bearer_auth(&self.token)
            .header("Idempotency-Key", key)
            .timeout(PATIENCE)
            .json(&order_body(items, method))
    }

    /// Sends a request once.
    pub async fn try_once(&self, request: RequestBuilder) -> Answer {
        let Ok(response) = request.send().await else {
            return Answer::Again;
        };
        let status = response.status();
        let Ok(body) = response.json::<Value>().await else {
            return Answer::Again;
        };
        read(status, &body)
    }

    /// Sends an order to one of `urls` after the other until the outcome is known or `until` has come.
    pub async fn insist(
        &self,
        client: &Client,
        urls: &[String],
        order: NewOrder,
        until: Instant,
    ) -> Entry {
        let NewOrder {
            key,
            items,
            method,
            follow_up,
        } = order;
        let mut entry = Entry {
            buyer: self.id,
            key,
            items,
            outcome: Outcome::Unknown,
            faults: Vec::new(),
        };
        for url in urls.iter().cycle() {
            let request = self.order(client, url, &entry.key, &entry.items, method.as_deref());
            match self.try_once(request).await {
                Answer::Placed(id) => entry.outcome = Outcome::Placed(id),
                Answer::Refused(code) => entry.outcome = Outcome::Refused(code),
                Answer::Again => {}
                Answer::Fault(fault) => entry.faults.push(fault),
            }
            if entry.outcome != Outcome::Unknown || Instant::now() > until {
                break;
            }
            sleep(PAUSE).await;
        }
        if let Outcome::Placed(order) = &entry.outcome {
            entry.faults.extend(self.look(client, urls, *order).await);
        }
        if let (Outcome::Placed(order), Some(follow_up)) = (&entry.outcome, follow_up) {
            let faults = self.follow_up(client, urls, &entry.key, *order, follow_up, until);
            entry.faults.extend(faults.await);
        }
        entry
    }

    /// Reads an acknowledged order from another process, where it must exist.
    async fn look(&self, client: &Client, urls: &[String], order: Uuid) -> Option<String> {
        let url = urls.last()?;
        let request = client.get(format!("{url}/api/v1/orders/{order}"));
        let answer = request
            .bearer_auth(&self.token)
            .timeout(PATIENCE)
            .send()
            .await;
        let missing = answer.is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND);
        missing.then(|| format!("{order} was acknowledged and does not exist"))
    }

    /// Sends the follow-up until it is answered; returns a response that no client should get.
    async fn follow_up(
        &self,
        client: &Client,
        urls: &[String],
        key: &str,
        order: Uuid,
        follow_up: FollowUp,
        until: Instant,
    ) -> Option<String> {
        let (path, body) = match &follow_up {
            FollowUp::Cancel => (format!("/api/v1/orders/{order}/cancel"), json!({})),
            FollowUp::Pay(method) => {
                let body = json!({ "order_id": order, "payment_method": method });
                ("/api/v1/payments".to_owned(), body)
            }
        };
        for url in urls.iter().cycle() {
            let request = client.post(format!("{url}{path}")).bearer_auth(&self.token);
            let request = request.header("Idempotency-Key", format!("{key}-follow-up"));
            if let Ok(response) = request.timeout(PATIENCE).json(&body).send().await {
                match response.status().as_u16() {
                    429 | 503 => {}
                    // A 409 is final: it is too late to cancel, or the order is paid already.
                    200..=299 | 409 => return None,
                    other => {
                        let text = response.text().await.unwrap_or_default();
                        return Some(format!("{follow_up:?}: {other}: {text}"));
                    }
                }
            }
            if Instant::now() > until {
                break;
            }
            sleep(PAUSE).await;
        }
        Some(format!("{follow_up:?} was never answered"))
    }
}

/// An order to place.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub key: String,
    pub items: Vec<Item>,
    pub method: Option<String>,
    /// The buyer's next request once the order is placed.
    pub follow_up: Option<FollowUp>,
}

#[derive(Clone, Debug)]
pub enum FollowUp {
    Cancel,
    /// A payment with this method.
    Pay(String),
}

pub fn order_body(items: &[Item], method: Option<&str>) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|item| json!({ "sku": item.sku, "quantity": item.quantity }))
        .collect();
    let mut body = json!({
        "items": items,
        "shipping_address": {
            "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB",
        },
    });
    if let Some(method) = method {
        body["payment_method"] = method.into();
    }
    body
}

fn read(status: StatusCode, body: &Value) -> Answer {
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    match status {
        StatusCode::CREATED => id_of(body).map_or_else(
            || Answer::Fault(format!("a 201 without an id: {body}")),
            Answer::Placed,
        ),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Answer::Again,
        StatusCode::CONFLICT if code == "idempotency_key_in_use" => Answer::Again,
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => Answer::Refused(code),
        other => Answer::Fault(format!("{other}: {body}")),
    }
}

/// The UUID after the prefix of the id.
pub fn id_of(body: &Value) -> Option<Uuid> {
    body["id"].as_str()?.rsplit('_').next()?.parse().ok()
}
