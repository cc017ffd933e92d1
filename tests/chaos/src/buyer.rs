//! Buyers. Each request is repeated with its key until its outcome is known, as a good client does, and written down.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// A client waits no longer for one answer; the services give up sooner.
const PATIENCE: Duration = Duration::from_secs(12);
/// Between two tries.
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
    /// For good, with this code.
    Refused(String),
    /// Nobody knows yet what became of it.
    Unknown,
}

/// A line of the journal.
#[derive(Clone, Debug)]
pub struct Entry {
    pub buyer: Uuid,
    pub key: String,
    pub items: Vec<Item>,
    pub outcome: Outcome,
    /// Answers that a client must never see, such as a 500.
    pub faults: Vec<String>,
}

/// One answer, or none.
#[derive(Clone, Debug)]
pub enum Answer {
    Placed(Uuid),
    Refused(String),
    /// Nothing was done, or nobody knows: the same request again.
    Again,
    /// What no client should see.
    Fault(String),
}

impl Buyer {
    /// The request; `method` is a payment method.
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

    /// One try.
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

    /// Tries at one of `urls` after the other until the outcome is known or `until` has come.
    pub async fn insist(
        &self,
        client: &Client,
        urls: &[String],
        wish: Wish,
        until: Instant,
    ) -> Entry {
        let Wish {
            key,
            items,
            method,
            errand,
        } = wish;
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
        if let (Outcome::Placed(order), Some(errand)) = (&entry.outcome, errand) {
            let faults = self.run_errand(client, urls, &entry.key, *order, errand, until);
            entry.faults.extend(faults.await);
        }
        entry
    }

    /// Whoever was told of an order finds it, wherever they ask.
    async fn look(&self, client: &Client, urls: &[String], order: Uuid) -> Option<String> {
        let url = urls.last()?;
        let request = client.get(format!("{url}/api/v1/orders/{order}"));
        let answer = request
            .bearer_auth(&self.token)
            .timeout(PATIENCE)
            .send()
            .await;
        let missing = answer.is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND);
        missing.then(|| format!("{order} was acknowledged and is not there"))
    }

    /// Tries until there is an answer that says more than "later"; what no client should see is returned.
    async fn run_errand(
        &self,
        client: &Client,
        urls: &[String],
        key: &str,
        order: Uuid,
        errand: Errand,
        until: Instant,
    ) -> Option<String> {
        let (path, body) = match &errand {
            Errand::Cancel => (format!("/api/v1/orders/{order}/cancel"), json!({})),
            Errand::Pay(method) => {
                let body = json!({ "order_id": order, "payment_method": method });
                ("/api/v1/payments".to_owned(), body)
            }
        };
        for url in urls.iter().cycle() {
            let request = client.post(format!("{url}{path}")).bearer_auth(&self.token);
            let request = request.header("Idempotency-Key", format!("{key}-errand"));
            if let Ok(response) = request.timeout(PATIENCE).json(&body).send().await {
                match response.status().as_u16() {
                    429 | 503 => {}
                    // Too late to cancel, or somebody has paid: that is an answer.
                    200..=299 | 409 => return None,
                    other => {
                        let text = response.text().await.unwrap_or_default();
                        return Some(format!("{errand:?}: {other}: {text}"));
                    }
                }
            }
            if Instant::now() > until {
                break;
            }
            sleep(PAUSE).await;
        }
        Some(format!("{errand:?} was never answered"))
    }
}

/// What somebody wants to order.
#[derive(Clone, Debug)]
pub struct Wish {
    pub key: String,
    pub items: Vec<Item>,
    pub method: Option<String>,
    /// What they do as soon as they have their order.
    pub errand: Option<Errand>,
}

#[derive(Clone, Debug)]
pub enum Errand {
    Cancel,
    /// With this method.
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

/// The UUID behind the prefix.
pub fn id_of(body: &Value) -> Option<Uuid> {
    body["id"].as_str()?.rsplit('_').next()?.parse().ok()
}
