//! Requests to auth, each from an address of its own, so that no limit by address is met.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::http::{Connection, Whole};

/// The first address of the clients.
const CLIENTS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

pub struct Sender {
    runtime: Runtime,
    connection: Connection,
    clients: u32,
}

impl Sender {
    pub fn try_new(port: u16) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            runtime,
            connection: Connection::new(port),
            clients: CLIENTS.to_bits(),
        })
    }

    /// An address that no request has come from.
    pub fn client(&mut self) -> Ipv4Addr {
        self.clients += 1;
        Ipv4Addr::from_bits(self.clients)
    }

    pub fn post(&mut self, path: &str, body: &str) -> Result<Whole> {
        let client = self.client();
        self.post_from(client, path, body)
    }

    pub fn post_from(&mut self, client: Ipv4Addr, path: &str, body: &str) -> Result<Whole> {
        self.send(&post(client, path, body))
    }

    pub fn delete(&mut self, path: &str, token: &str) -> Result<Whole> {
        let client = self.client();
        self.send(&format!(
            "DELETE /api/v1/{path} HTTP/1.1\r\nhost: shop.localhost\r\nx-forwarded-for: {client}\r\nauthorization: Bearer {token}\r\n\r\n"
        ))
    }

    pub fn send(&mut self, request: &str) -> Result<Whole> {
        let exchange = self.connection.exchange_whole(request.as_bytes());
        let whole = self.runtime.block_on(exchange);
        whole.context("auth did not answer")
    }
}

pub fn post(client: Ipv4Addr, path: &str, body: &str) -> String {
    format!(
        "POST /api/v1/{path} HTTP/1.1\r\nhost: shop.localhost\r\nx-forwarded-for: {client}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An object of texts.
pub fn json(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), serde_json::Value::from(*value)));
    serde_json::Value::Object(fields.collect()).to_string()
}
