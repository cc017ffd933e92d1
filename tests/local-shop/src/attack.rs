//! Attacks by anonymous clients and by a customer: each of them stopped a shop, or slowed it to a tenth, before it was prevented.
//! Tests send them one after the other, benchmarks beside the orders of others.

use access::Role;
use anyhow::Result;
use strum::VariantArray;
use uuid::Uuid;

use crate::{Tokens, Workload};

#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Attack {
    /// JSON that expands when it is parsed, to every service.
    Bombs,
    /// Bodies of a megabyte to routes that accept none of that size.
    Bodies,
    /// Orders with one product under two names, and together more units than a line may have.
    Poison,
    /// 200 cancellations of one order at a time.
    Intents,
    /// Searches that cannot use an index.
    Searches,
    /// Long paths and methods that do not exist, each of which used to become a label of metrics.
    Paths,
}

/// The objects of the shop that attacks use.
pub struct Target<'a> {
    pub tokens: &'a Tokens,
    /// A product, by its SKU and its id.
    pub sku: &'a str,
    pub product: Uuid,
    /// An order and its customer.
    pub order: Uuid,
    pub customer: Uuid,
    /// Another customer, who attacks.
    pub attacker: Uuid,
}

/// Requests that several connections to one service send in turn.
pub struct Volley {
    pub service: Workload,
    pub connections: usize,
    /// Requests per second of all connections together.
    pub rate: f64,
    pub requests: Vec<String>,
}

/// The private name by which `serde_json` recognizes text that is to be parsed separately.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
/// The depth of nesting that one parse accepts.
const LEVELS: usize = 120;
const EXPANSIONS: usize = 7;
const BODY_BYTES: usize = 1024 * 1024;
/// The most units that a line may have.
const MOST_UNITS: u32 = 10_000;

impl Attack {
    pub const ALL: &[Self] = Self::VARIANTS;

    pub fn volleys(self, target: &Target<'_>) -> Result<Vec<Volley>> {
        let tokens = target.tokens;
        Ok(match self {
            Self::Bombs => {
                let vendor = tokens.sign(target.attacker, &[Role::Vendor])?;
                let customer = tokens.sign(target.attacker, &[Role::Customer])?;
                let body = bomb();
                let at = |service, path, token: Option<&str>| {
                    volley(service, 4, 20.0, vec![post(path, token, &body)])
                };
                vec![
                    at(Workload::Auth, "auth/login", None),
                    at(Workload::Product, "products", Some(&vendor)),
                    at(Workload::Order, "orders", Some(&customer)),
                ]
            }
            Self::Bodies => {
                let body = " ".repeat(BODY_BYTES);
                let requests = vec![post("nowhere", None, &body), post("orders", None, &body)];
                vec![volley(Workload::Order, 200, 40.0, requests)]
            }
            Self::Poison => {
                let token = tokens.sign(target.attacker, &[Role::Customer])?;
                let (sku, product) = (target.sku, target.product);
                let body = format!(
                    r#"{{"items":[{{"sku":"{sku}","quantity":{MOST_UNITS}}},{{"product_id":"{product}","quantity":{MOST_UNITS}}}]}}"#
                );
                let requests = vec![post("orders", Some(&token), &body)];
                vec![volley(Workload::Order, 4, 500.0, requests)]
            }
            Self::Intents => {
                let token = tokens.sign(target.customer, &[Role::Customer])?;
                let path = format!("orders/{}/cancel", target.order);
                let requests = vec![post(&path, Some(&token), "{}")];
                vec![volley(Workload::Order, 200, 1_000.0, requests)]
            }
            Self::Searches => {
                let queries = [
                    "q=zq",
                    "q=%25%25%25",
                    "q=--",
                    "sort=-price&page=90&limit=100",
                ];
                let requests = queries.map(|query| bare("GET", &format!("products?{query}")));
                vec![volley(Workload::Product, 24, 500.0, requests.into())]
            }
            Self::Paths => {
                let long = "x".repeat(4_000);
                let requests = (0..1_000)
                    .map(|number| bare(&format!("M{number}"), &format!("{number}/{long}")))
                    .collect();
                vec![volley(Workload::Product, 8, 500.0, requests)]
            }
        })
    }
}

fn volley(service: Workload, connections: usize, rate: f64, requests: Vec<String>) -> Volley {
    Volley {
        service,
        connections,
        rate,
        requests,
    }
}

/// A private `RawValue` that contains others: each is parsed separately, with a new limit of levels.
fn bomb() -> String {
    let (open, close) = ("[".repeat(LEVELS), "]".repeat(LEVELS));
    let mut text = format!("{open}{close}");
    for _ in 0..EXPANSIONS {
        // The text is quoted once more each time, which doubles its backslashes.
        let quoted = serde_json::Value::String(text);
        text = format!("{open}{{\"{RAW_VALUE}\":{quoted}}}{close}");
    }
    // A text with NUL used to be parsed as a whole to find the position.
    format!(r#"{{"email":"\u0000","more":{text}}}"#)
}

fn post(path: &str, token: Option<&str>, body: &str) -> String {
    let authorization = token.map_or_else(String::new, |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    format!(
        "POST /api/v1/{path} HTTP/1.1\r\nhost: shop.localhost\r\n{authorization}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn bare(method: &str, path: &str) -> String {
    format!("{method} /api/v1/{path} HTTP/1.1\r\nhost: shop.localhost\r\n\r\n")
}
