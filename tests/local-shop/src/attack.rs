//! What strangers and one rude customer send: each of these took a shop down, or slowed it to a tenth, before it was
//! answered for. Tests send them in a row, benchmarks beside the orders of others.

use access::Role;
use anyhow::Result;
use strum::VariantArray;
use uuid::Uuid;

use crate::{Tokens, Workload};

#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Attack {
    /// JSON that unfolds when it is read, to every service.
    Bombs,
    /// Bodies of a megabyte, where nothing takes one.
    Bodies,
    /// Orders of one product under two names, of more units than a line may have.
    Poison,
    /// 200 cancellations of one order at a time.
    Intents,
    /// Searches that no index answers.
    Searches,
    /// Long paths and methods that do not exist: each was a label of its own.
    Paths,
}

/// What an attack needs to know of the shop.
pub struct Target<'a> {
    pub tokens: &'a Tokens,
    /// A product, by both of its names.
    pub sku: &'a str,
    pub product: Uuid,
    /// An order, and its customer.
    pub order: Uuid,
    pub customer: Uuid,
    /// Another customer, who is rude.
    pub stranger: Uuid,
}

/// Requests that some connections to one service send in turn.
pub struct Volley {
    pub service: Workload,
    pub connections: usize,
    /// Requests a second, all connections together.
    pub rate: f64,
    pub requests: Vec<String>,
}

/// The private name by which `serde_json` recognises text that is to be parsed on its own.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
/// As deep as one parse goes.
const LEVELS: usize = 120;
const UNFOLDINGS: usize = 7;
const BODY_BYTES: usize = 1024 * 1024;
/// The most units that a line may have.
const MOST_UNITS: u32 = 10_000;

impl Attack {
    pub const ALL: &[Self] = Self::VARIANTS;

    pub fn volleys(self, target: &Target<'_>) -> Result<Vec<Volley>> {
        let tokens = target.tokens;
        Ok(match self {
            Self::Bombs => {
                let vendor = tokens.sign(target.stranger, &[Role::Vendor])?;
                let customer = tokens.sign(target.stranger, &[Role::Customer])?;
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
                let token = tokens.sign(target.stranger, &[Role::Customer])?;
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

/// A private `RawValue` within itself: each is parsed on its own, with room for as many levels again.
fn bomb() -> String {
    let (open, close) = ("[".repeat(LEVELS), "]".repeat(LEVELS));
    let mut text = format!("{open}{close}");
    for _ in 0..UNFOLDINGS {
        // Quoted once more each time, so that its backslashes double.
        let quoted = serde_json::Value::String(text);
        text = format!("{open}{{\"{RAW_VALUE}\":{quoted}}}{close}");
    }
    // NUL: what holds it was read as a whole to look for its place.
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
